"""Weights in force, subtotals and the total (docs/semantics.md, sections 2, 8 and 9)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from indicator_rules.entries import Members
from indicator_rules.evaluation import AdjustmentResult, CriterionResult, GroupResult
from indicator_rules.exact import Exact, add_all, divide, exact
from indicator_rules.plan import Group, Plan
from indicator_rules.record import EvaluationRecord


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
    """The groups' subtotals, in the order of the ruleset; S and W of section 9; bonuses less penalties."""

    groups: tuple[GroupResult, ...]
    points: Exact
    weight: Exact
    extra: Exact


def sums(plan: Plan, deepest_first: Sequence[Group], results: Sequence[CriterionResult]) -> Sums:
    """Points and weights, added up."""
    points: defaultdict[str | None, list[Exact]] = defaultdict(list)
    weights: defaultdict[str | None, list[Exact]] = defaultdict(list)
    extra: list[Exact] = []
    for criterion, earned, weight, *_ in results:
        if criterion.role == "score":
            points[criterion.group].append(earned)
            weights[criterion.group].append(weight)
        else:
            extra.append(earned)
    rounding = plan.rounding.group
    done: dict[str, GroupResult] = {}
    for group in deepest_first:
        subtotal, whole = add_all(points[group.id]), add_all(weights[group.id])
        if rounding is not None:
            subtotal = rounding(subtotal)
        done[group.id] = GroupResult(group, subtotal, whole)
        points[group.parent].append(subtotal)
        weights[group.parent].append(whole)
    return Sums(tuple([done[group.id] for group in plan.groups]), add_all(points[None]), add_all(weights[None]), add_all(extra))


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
        results: Sequence[CriterionResult],
        adjustments: Sequence[AdjustmentResult],
    ) -> Totals:
        """From S to the total, in the order of section 9."""
        total = rescaled(sums, results)
        if total is None:
            return Totals(None, None)
        given = [(one.adjustment.effect, one.exact_points) for one in adjustments if one.exact_points is not None]
        total = add_all(
            [
                total,
                sums.extra,
                *[points for effect, points in given if effect == "bonus"],
                *[-points for effect, points in given if effect == "deduct"],
            ]
        )
        if record.deductions.total is not None:
            total -= exact(record.deductions.total.points)
        for effect, points in given:
            if effect == "total_at_least":
                total = max(total, points)
        for effect, points in given:
            if effect == "total_at_most":
                total = min(total, points)
        if total.numerator < 0:
            total = 0
        if plan.total_at_most is not None:
            total = min(total, plan.total_at_most)
        return Totals(total, total if plan.rounding.total is None else plan.rounding.total(total))


def rescaled(sums: Sums, results: Sequence[CriterionResult]) -> Exact | None:
    """S × W ÷ (W − R); None if W − R is 0."""
    not_applicable = [result for result in results if result.row == "not_applicable" and result.criterion.role == "score"]
    left_out = add_all(
        result.exact_weight for result in not_applicable if result.criterion.not_applicable.kind in ("rescale", "move_to")
    )
    if sums.weight == left_out:
        return None
    return sums.points if left_out == 0 else divide(sums.points * sums.weight, sums.weight - left_out)
