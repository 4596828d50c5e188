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
from indicator_rules.spec_fields import Combine
from indicator_rules.value import Absent


class Weights:
    """The weights of a plan made ready."""

    def __init__(self, plan: Plan) -> None:
        self.default = {criterion.id: criterion.weight.default for criterion in plan.criteria}
        self.sets = [dict(weights) for weights in plan.weights]
        self.from_record = [criterion.id for criterion in plan.criteria if criterion.weight.from_record]
        self.moving = [
            (criterion.id, criterion.not_applicable.criterion)
            for criterion in plan.criteria
            if criterion.not_applicable.criterion and criterion.role == "score"
        ]
        """Criteria whose weight goes to another one."""

    def in_force(self, not_applicable: set[str], chosen_set: int, members: Mapping[str, Members]) -> dict[str, Exact]:
        """Criterion → weight, after the weight set chosen (−1: none), the record's weights, and weights moved."""
        chosen = self.sets[chosen_set] if chosen_set >= 0 else {}
        weights = self.default | chosen
        for criterion in self.from_record:
            if criterion not in chosen and criterion in members:
                recorded = members[criterion].recorded_weight
                if recorded is not None:
                    weights[criterion] = recorded
        for criterion, target in self.moving if not_applicable else ():
            if criterion in not_applicable and target not in not_applicable:
                weights[target] = add(weights[target], weights[criterion])
                weights[criterion] = 0
        return weights


class Sum(NamedTuple):
    """Points, weight and weight left out (P, W and R of section 9); of the whole, also bonuses less penalties."""

    points: Exact
    weight: Exact
    left_out: Exact = 0
    extra: Exact = 0


LEFT_OUT = ("rescale", "move_to")
"""Treatments of what is not applicable that take its weight out of the sum."""


class Adder:
    """The tree of groups made ready to add up. Places: of criteria, in the order of the ruleset; then of groups, deepest first."""

    def __init__(self, plan: Plan) -> None:
        self.rounding = plan.rounding.group
        self.order = _deepest_first(plan.groups)
        self.in_plan = [self.order.index(group) for group in plan.groups]
        below: defaultdict[str | None, list[int]] = defaultdict(list)
        self.scored: list[int] = []
        self.extra: list[int] = []
        """Bonuses and penalties."""
        for place, criterion in enumerate(plan.criteria):
            (self.scored if criterion.role == "score" else self.extra).append(place)
            if criterion.role == "score":
                below[criterion.group].append(place)
        self.below: list[list[int]] = []
        """For each group, what is directly below it."""
        for place, group in enumerate(self.order, len(plan.criteria)):
            self.below.append(below[group.id])
            below[group.parent].append(place)
        self.top = below[None]
        self.plain = self.rounding is None and not any(
            group.rescale or group.weight is not None or group.combine != "sum" for group in plan.groups
        )
        """Whether groups only add up, so that the whole is the sum of the criteria."""

    def total(self, results: Sequence[CriterionResult]) -> Sum:
        """S, W and R of the whole."""
        extra = add_all([results[place].exact_points for place in self.extra]) if self.extra else 0
        if self.plain:
            counted = [results[place] for place in self.scored] if self.extra else results
            _, points, weights, rows, *_ = zip(*counted, strict=True) if counted else ((), (), (), ())
            left_out = add_all(map(_left_out, counted)) if "not_applicable" in rows else 0
            return Sum(add_all(points), add_all(weights), left_out, extra)
        own = list(map(_own, results))
        return _added([*own, *self._subtotals(own)], self.top)._replace(extra=extra)

    def groups(self, results: Sequence[CriterionResult]) -> tuple[GroupResult, ...]:
        """The subtotals, in the order of the ruleset."""
        found = self._subtotals(list(map(_own, results)))
        return tuple([GroupResult(self.order[place], found[place].points, found[place].weight) for place in self.in_plan])

    def _subtotals(self, own: Sequence[Sum]) -> list[Sum]:
        """Group by group, from the sums of the criteria."""
        sums = list(own)
        for group, below in zip(self.order, self.below, strict=True):
            found = _added(sums, below)
            if group.combine != "sum":
                found = found._replace(points=_combined(group.combine, [sums[place] for place in below]))
            if (group.rescale and found.left_out) or group.weight is not None:
                found = _scaled(group, found)
            if self.rounding is not None:
                found = found._replace(points=self.rounding(found.points))
            sums.append(found)
        return sums[len(own) :]


def _own(result: CriterionResult) -> Sum:
    return Sum(result.exact_points, result.exact_weight, _left_out(result))


def _left_out(result: CriterionResult) -> Exact:
    """The weight of a criterion that leaves the sum."""
    return result.exact_weight if result.row == "not_applicable" and result.criterion.not_applicable.kind in LEFT_OUT else 0


def _added(sums: Sequence[Sum], places: Sequence[int]) -> Sum:
    return Sum(
        add_all([sums[place].points for place in places]),
        add_all([sums[place].weight for place in places]),
        add_all([sums[place].left_out for place in places if sums[place].left_out]),
    )


def _combined(how: Combine, parts: Sequence[Sum]) -> Exact:
    """Points of parts combined, by what is in force of their weights; a part with nothing in force does not count."""
    counted = [(part.points, part.weight - part.left_out) for part in parts if part.weight != part.left_out]
    points, weights = [points for points, _ in counted], [weight for _, weight in counted]
    found = combined(how, points, weights, add_all(weights)) if counted else 0
    return 0 if isinstance(found, Absent) else found


def _scaled(group: Group, found: Sum) -> Sum:
    """The sum of a group that rescales or has a weight of its own."""
    points, weight, left_out, _ = found
    if group.rescale and left_out:
        if weight == left_out:
            points = 0
        else:
            points, left_out = divide(multiply(points, weight), weight - left_out), 0
    if group.weight is not None:
        if weight == 0:
            return Sum(0, 0)
        points, left_out = divide(multiply(points, group.weight), weight), divide(multiply(left_out, group.weight), weight)
        weight = group.weight
    return Sum(points, weight, left_out)


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
        sums: Sum,
        adjustments: Sequence[AdjustmentResult],
    ) -> Totals:
        """From S to the total, in the order of section 9."""
        total = rescaled(sums)
        if total is None:
            return Totals(None, None)
        if sums.extra:
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


def rescaled(sums: Sum) -> Exact | None:
    """S × W ÷ (W − R); None if W − R is 0."""
    if sums.weight == sums.left_out:
        return None
    return sums.points if sums.left_out == 0 else divide(multiply(sums.points, sums.weight), sums.weight - sums.left_out)
