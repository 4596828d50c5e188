"""Weights in force, subtotals and the total (docs/semantics.md, sections 2, 8 and 9)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from indicator_rules.entries import Members
from indicator_rules.evaluation import AdjustmentResult, CriterionResult, GroupResult
from indicator_rules.exact import Exact, add_all, divide, exact, multiply
from indicator_rules.plan import Group, Plan
from indicator_rules.record import EvaluationRecord
from indicator_rules.score import combined
from indicator_rules.value import Absent


def in_force(plan: Plan, not_applicable: set[str], chosen_set: int, members: Mapping[str, Members]) -> dict[str, Exact]:
    """Criterion → weight, after the weight set chosen (−1: none), the record's weights, and weights moved."""
    weights = {criterion.id: criterion.weight.default for criterion in plan.criteria}
    chosen = dict(plan.weights[chosen_set]) if chosen_set >= 0 else {}
    weights |= chosen
    for criterion in plan.criteria:
        if criterion.weight.from_record and criterion.id not in chosen and criterion.id in members:
            recorded = members[criterion.id].recorded_weight
            if recorded is not None:
                weights[criterion.id] = recorded
    for criterion in plan.criteria if not_applicable else ():
        target = criterion.not_applicable.criterion
        if criterion.id in not_applicable and target and target not in not_applicable and criterion.role == "score":
            weights[target] += weights[criterion.id]
            weights[criterion.id] = 0
    return weights


class Sums(NamedTuple):
    """The groups' subtotals, in the order of the ruleset; S, W and R of section 9; bonuses less penalties."""

    groups: tuple[GroupResult, ...]
    points: Exact
    weight: Exact
    left_out: Exact
    extra: Exact


class _Sum(NamedTuple):
    """Points, weight and weight left out: of a criterion, a group, or all of them."""

    points: Exact
    weight: Exact
    left_out: Exact = 0


LEFT_OUT = ("rescale", "move_to")
"""Treatments of what is not applicable that take its weight out of the sum."""


def sums(plan: Plan, deepest_first: Sequence[Group], results: Sequence[CriterionResult]) -> Sums:
    """Points and weights, added up group by group."""
    below: defaultdict[str | None, list[_Sum]] = defaultdict(list)
    extra: list[Exact] = []
    for criterion, earned, weight, row, *_ in results:
        if criterion.role != "score":
            extra.append(earned)
        elif row == "not_applicable" and criterion.not_applicable.kind in LEFT_OUT:
            below[criterion.group].append(_Sum(earned, weight, weight))
        else:
            below[criterion.group].append(_Sum(earned, weight))
    rounding = plan.rounding.group
    done: dict[str, GroupResult] = {}
    for group in deepest_first:
        found = _added(below[group.id])
        if group.rescale or group.weight is not None or group.combine != "sum":
            found = _grouped(group, found, below[group.id])
        if rounding is not None:
            found = found._replace(points=rounding(found.points))
        done[group.id] = GroupResult(group, found.points, found.weight)
        below[group.parent].append(found)
    total = _added(below[None])
    return Sums(tuple([done[group.id] for group in plan.groups]), total.points, total.weight, total.left_out, add_all(extra))


def _added(parts: Sequence[_Sum]) -> _Sum:
    return _Sum(
        add_all([part.points for part in parts]),
        add_all([part.weight for part in parts]),
        add_all([part.left_out for part in parts if part.left_out]),
    )


def _grouped(group: Group, found: _Sum, parts: Sequence[_Sum]) -> _Sum:
    """A group that combines, rescales or weighs what is below it."""
    points, weight, left_out = found
    if group.combine != "sum":
        counted = [(part.points, part.weight - part.left_out) for part in parts if part.weight != part.left_out]
        whole = add_all([own for _, own in counted])
        combined_points = combined(group.combine, counted, whole) if counted else 0
        points = 0 if isinstance(combined_points, Absent) else combined_points
    if group.rescale and left_out:
        if weight == left_out:
            points = 0
        else:
            points, left_out = divide(multiply(points, weight), weight - left_out), 0
    if group.weight is not None:
        if weight == 0:
            return _Sum(0, 0)
        points, left_out = divide(multiply(points, group.weight), weight), divide(multiply(left_out, group.weight), weight)
        weight = group.weight
    return _Sum(points, weight, left_out)


def deepest_first(plan: Plan) -> list[Group]:
    """The groups, each before the one that it is in."""
    parents = {group.id: group.parent for group in plan.groups}

    def depth(name: str | None) -> int:
        return 0 if name is None else 1 + depth(parents[name])

    return sorted(plan.groups, key=lambda group: -depth(group.id))


class Totals(NamedTuple):
    """The total before and after rounding; None where nothing was applicable."""

    unrounded: Exact | None
    rounded: Exact | None

    @staticmethod
    def of(
        plan: Plan,
        record: EvaluationRecord,
        sums: Sums,
        adjustments: Sequence[AdjustmentResult],
    ) -> Totals:
        """From S to the total, in the order of section 9."""
        total = rescaled(sums)
        if total is None:
            return Totals(None, None)
        total += sums.extra
        given = [(one.adjustment.effect, one.exact_points) for one in adjustments if one.exact_points is not None]
        total += sum(points for effect, points in given if effect == "bonus")
        total -= sum(points for effect, points in given if effect == "deduct")
        if record.deductions.total is not None:
            total -= exact(record.deductions.total.points)
        for effect, points in given:
            if effect == "total_at_least":
                total = max(total, points)
        for effect, points in given:
            if effect == "total_at_most":
                total = min(total, points)
        total = max(total, 0)
        if plan.total_at_most is not None:
            total = min(total, plan.total_at_most)
        return Totals(total, total if plan.rounding.total is None else plan.rounding.total(total))


def rescaled(sums: Sums) -> Exact | None:
    """S × W ÷ (W − R); None if W − R is 0."""
    if sums.weight == sums.left_out:
        return None
    return sums.points if sums.left_out == 0 else divide(multiply(sums.points, sums.weight), sums.weight - sums.left_out)
