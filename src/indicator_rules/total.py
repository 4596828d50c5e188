"""Weights in force, subtotals and the total (docs/semantics.md, sections 2, 8 and 9)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from indicator_rules.entries import Members
from indicator_rules.evaluation import AdjustmentResult, CriterionResult, GroupResult
from indicator_rules.exact import Exact, add, add_all, divide, exact, multiply, smaller
from indicator_rules.plan import Group, Plan
from indicator_rules.record import EvaluationRecord
from indicator_rules.score import combined
from indicator_rules.spec import Combine
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


LEFT_OUT = ("rescale", "move_to")
"""Treatments of what is not applicable that take its weight out of the sum."""


class Adder:
    """The tree of groups made ready to add up. Places: of criteria, in the order of the ruleset; then of groups, deepest first."""

    def __init__(self, plan: Plan) -> None:
        self.rounding = plan.rounding.group
        self.groups = _deepest_first(plan.groups)
        below: defaultdict[str | None, list[int]] = defaultdict(list)
        self.extra: list[int] = []
        """Bonuses and penalties."""
        for place, criterion in enumerate(plan.criteria):
            (below[criterion.group] if criterion.role == "score" else self.extra).append(place)
        self.below: list[list[int]] = []
        """For each group, what is directly below it."""
        for place, group in enumerate(self.groups, len(plan.criteria)):
            self.below.append(below[group.id])
            below[group.parent].append(place)
        self.top = below[None]
        self.in_order = [self.groups.index(group) for group in plan.groups]

    def sums(self, results: Sequence[CriterionResult]) -> Sums:
        """Points and weights, added up group by group."""
        points = [result.exact_points for result in results]
        weights = [result.exact_weight for result in results]
        left_out: dict[int, Exact] = {
            place: result.exact_weight
            for place, result in enumerate(results)
            if result.row == "not_applicable" and result.criterion.not_applicable.kind in LEFT_OUT
        }
        done: list[GroupResult] = []
        for place, (group, below) in enumerate(zip(self.groups, self.below, strict=True), len(results)):
            found, weight = add_all([points[one] for one in below]), add_all([weights[one] for one in below])
            lost = add_all([left_out.get(one, 0) for one in below]) if left_out else 0
            if group.combine != "sum":
                found = _combined(group.combine, [(points[one], weights[one] - left_out.get(one, 0)) for one in below])
            if (group.rescale and lost) or group.weight is not None:
                found, weight, lost = _scaled(group, found, weight, lost)
            if self.rounding is not None:
                found = self.rounding(found)
            points.append(found)
            weights.append(weight)
            if lost:
                left_out[place] = lost
            done.append(GroupResult(group, found, weight))
        return Sums(
            tuple([done[place] for place in self.in_order]),
            add_all([points[one] for one in self.top]),
            add_all([weights[one] for one in self.top]),
            add_all([left_out.get(one, 0) for one in self.top]) if left_out else 0,
            add_all([points[one] for one in self.extra]) if self.extra else 0,
        )


def _combined(how: Combine, parts: Sequence[tuple[Exact, Exact]]) -> Exact:
    """Points and what is in force of the weights of parts, combined; a part with nothing in force does not count."""
    counted = [(points, weight) for points, weight in parts if weight]
    points, weights = [points for points, _ in counted], [weight for _, weight in counted]
    found = combined(how, points, weights, add_all(weights)) if counted else 0
    return 0 if isinstance(found, Absent) else found


def _scaled(group: Group, points: Exact, weight: Exact, left_out: Exact) -> tuple[Exact, Exact, Exact]:
    """Points, weight and weight left out of a group that rescales or has a weight of its own."""
    if group.rescale and left_out:
        if weight == left_out:
            points = 0
        else:
            points, left_out = divide(multiply(points, weight), weight - left_out), 0
    if group.weight is not None:
        if weight == 0:
            return 0, 0, 0
        points, left_out = divide(multiply(points, group.weight), weight), divide(multiply(left_out, group.weight), weight)
        weight = group.weight
    return points, weight, left_out


def _deepest_first(groups: Sequence[Group]) -> list[Group]:
    """The groups, each before the one that it is in."""
    parents = {group.id: group.parent for group in groups}

    def depth(name: str | None) -> int:
        return 0 if name is None else 1 + depth(parents[name])

    return sorted(groups, key=lambda group: -depth(group.id))


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
        total = add(total, sums.extra)
        given = [(one.adjustment.effect, one.exact_points) for one in adjustments if one.exact_points is not None]
        for effect, points in given:
            if effect in ("bonus", "deduct"):
                total = add(total, points if effect == "bonus" else -points)
        if record.deductions.total is not None:
            total = add(total, -exact(record.deductions.total.points))
        for effect, points in given:
            if effect == "total_at_least":
                total = max(total, points)
        for effect, points in given:
            if effect == "total_at_most":
                total = min(total, points)
        if total.numerator < 0:
            total = 0
        if plan.total_at_most is not None:
            total = smaller(total, plan.total_at_most)
        return Totals(total, total if plan.rounding.total is None else plan.rounding.total(total))


def rescaled(sums: Sums) -> Exact | None:
    """S × W ÷ (W − R); None if W − R is 0."""
    if sums.weight == sums.left_out:
        return None
    return sums.points if sums.left_out == 0 else divide(multiply(sums.points, sums.weight), sums.weight - sums.left_out)
