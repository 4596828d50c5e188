"""Partial evaluation (阶段性评价): a record that is not complete yet → the totals and grades that are still possible.

In: an evaluator, a record, and which of its empty places are open (all, unless said). Out: a `PartialEvaluation`, or `RecordError` for what no
filling in can mend. What is open are values: entries, their weights, what is not applicable and manual deductions are as the record has them; only a
criterion that has no entry at all is open as a whole.
Guaranteed: whatever the open places are filled with, total and grade are among those given, or the record is refused. Exact as long as no open
place is read twice; `PartialEvaluation.shared` says which are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from indicator_rules import interval
from indicator_rules.errors import Problem, RecordError
from indicator_rules.evaluate import Evaluator
from indicator_rules.evaluation import AdjustmentResult, CriterionResult
from indicator_rules.exact import LARGEST, Exact
from indicator_rules.interval import Span
from indicator_rules.partial.criterion_reach import CriterionReach
from indicator_rules.partial.outlook import RecordOutlook, label_of, paths_matching
from indicator_rules.partial.possible import possible
from indicator_rules.partial.regions import Regions
from indicator_rules.partial.result import OpenInput, PartialCriterion, PartialEntry, PartialEvaluation
from indicator_rules.partial.scenarios import Scenario, Scenarios, looked_through, position
from indicator_rules.plan import Adjustment, Group, Plan
from indicator_rules.record import EvaluationRecord
from indicator_rules.total import Totals


class Partial:
    """A plan made ready to be looked at from an incomplete record."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator, self.plan = evaluator, evaluator.plan
        self.scenarios = Scenarios(self.plan, evaluator.register)
        self.criteria = [CriterionReach(criterion, evaluator) for criterion in self.plan.criteria]
        self.adjustments = [(one, Regions(one.leaf)) for one in self.plan.adjustments]
        self.grades = Regions(self.plan.grades)

    def evaluate(self, record: EvaluationRecord, open: Iterable[str]) -> PartialEvaluation:
        """What can still become of `record` when empty places are filled whose key path fits one of `open`. Raises `RecordError`."""
        is_open = paths_matching(open)
        outlook = RecordOutlook(self.plan, record, is_open)
        if outlook.problems:
            raise RecordError(outlook.problems)
        return self.over(outlook)

    def over(self, outlook: RecordOutlook) -> PartialEvaluation:
        """What can become of a record of which `outlook` tells. Raises `RecordError` where nothing can."""
        scenarios = self.scenarios(outlook)
        deciding = frozenset(outlook.touched)
        found = [one for scenario in scenarios if (one := outcome(self, scenario)) is not None]
        if not found:
            raise RecordError(self.lasting_problems(outlook.record, outlook.is_open))
        return merged(self, outlook.record, found, deciding)

    def lasting_problems(self, record: EvaluationRecord, is_open: Callable[[str], bool]) -> list[Problem]:
        """What is wrong with a record that no filling in can mend: the problems that it has now, less those that an open place can mend."""
        try:
            self.evaluator.evaluate(record)
        except RecordError as error:
            missing = [str(problem.values.get("missing", "")).split(", ") for problem in error.problems]
            lasting = [
                problem
                for problem, paths in zip(error.problems, missing, strict=True)
                if not any(map(is_open, filter(None, paths)))
            ]
            return lasting or list(error.problems)
        raise AssertionError(f"{record.subject.name} is scored as it is, and yet nothing was found possible")


class Adjusted(NamedTuple):
    """Whether an adjustment can apply, and whether it has to."""

    adjustment: Adjustment
    can: bool
    certain: bool
    span: Span | None
    """The points that it deducts, adds or sets as a bound."""


class Outcome(NamedTuple):
    """What one scenario comes to."""

    scenario: Scenario
    criteria: tuple[PartialCriterion, ...]
    touched: Mapping[str, tuple[str, ...]]
    """Adjustments, and `grade`: the open places that they read."""
    span: Span | None
    positions: frozenset[int]


def outcome(ready: Partial, scenario: Scenario) -> Outcome | None:
    """A scenario worked out; None if every record in it is refused."""
    found = [criterion.result(scenario) for criterion in ready.criteria]
    if any(reach.span is None for _, reach in found):
        return None
    criteria = tuple(criterion for criterion, _ in found)
    touched: dict[str, tuple[str, ...]] = {}
    adjustments = []
    for adjustment, regions in ready.adjustments:
        with scenario.outlook.noting() as noted:
            adjusted = _adjusted(adjustment, regions, scenario.outlook)
        if adjusted is None:
            return None
        touched[adjustment.id] = tuple(noted)
        adjustments.append(adjusted)
    span = _total(ready, scenario, criteria, adjustments)
    if span is None:
        return Outcome(scenario, criteria, touched, None, frozenset())
    with scenario.outlook.noting() as noted:
        positions = _grades(ready, scenario.outlook, span, adjustments)
    touched["grade"] = tuple(noted)
    rounding = ready.plan.rounding.total
    total = span if rounding is None else interval.rounded(span, rounding)
    return Outcome(scenario, criteria, touched, total, positions) if positions else None


def _adjusted(adjustment: Adjustment, regions: Regions, outlook: RecordOutlook) -> Adjusted | None:
    """Whether and how an adjustment applies; None if it cannot be decided by any filling in."""
    applies: set[bool] = set()
    spans: list[Span] = []
    for region in looked_through(regions, outlook):
        chosen = position(adjustment.leaf, region.row)
        if chosen is None and adjustment.absent == "error":
            continue
        if chosen == 1 or (chosen is None and adjustment.absent == "apply"):
            amount = None if adjustment.points is None else possible(adjustment.points, outlook.narrowed(region.given))
            if amount is not None and amount.span is None:
                continue
            spans += [] if amount is None or amount.span is None else [amount.span]
            applies.add(True)
        else:
            applies.add(False)
    if not applies:
        return None
    return Adjusted(adjustment, True in applies, applies == {True}, interval.hull(spans) if spans else None)


def _total(
    ready: Partial, scenario: Scenario, criteria: Sequence[PartialCriterion], adjustments: Sequence[Adjusted]
) -> Span | None:
    """The total before rounding: the order of section 9 once for the lowest and once for the highest, since no step turns the order round."""
    plan, record = ready.plan, scenario.outlook.record
    ends = []
    for high in (False, True):
        results = [
            CriterionResult(one.criterion, (one.span.high if high else one.span.low) or 0, one.exact_weight, _row(one))
            for one in criteria
        ]
        applied = [_at_end(one, high) for one in adjustments if one.can]
        totals = Totals.of(plan, record, ready.evaluator.adder.total(results), applied)
        if totals.unrounded is None:
            return None
        ends.append(totals.unrounded)
    low, high_end = ends
    # An end that is only approached stays so through sums; where anything is cut off, it may be reached.
    plain = not adjustments and plan.rounding.group is None and all(_sums_up(group) for group in plan.groups)
    low_open = plain and 0 < low < high_end and any(one.span.low_open for one in criteria)
    high_open = plain and low < high_end and plan.total_at_most is None and any(one.span.high_open for one in criteria)
    return Span(low, high_end, low_open, high_open)


def _row(criterion: PartialCriterion) -> str:
    return criterion.rows[0] if len(criterion.rows) == 1 else "open"


def _sums_up(group: Group) -> bool:
    return group.combine in ("sum", "weighted", "mean") and group.weight != 0


IDLE: Mapping[str, Exact | None] = {"deduct": 0, "bonus": 0, "total_at_least": -LARGEST, "total_at_most": LARGEST}
"""Effects on the total, and the amount with which each does nothing."""


def _at_end(adjusted: Adjusted, high: bool) -> AdjustmentResult:
    """An adjustment that can apply, with the amount that makes the total highest, or lowest; one that need not apply can do nothing, too."""
    span, effect = adjusted.span, adjusted.adjustment.effect
    if span is None:
        return AdjustmentResult(adjusted.adjustment, None)
    takes_high = (effect == "deduct") != high
    end = span.high if takes_high else span.low
    amount = end if end is not None else LARGEST if takes_high else -LARGEST
    idle = IDLE[effect]
    if not adjusted.certain and idle is not None:
        amount = max(amount, idle) if takes_high else min(amount, idle)
    return AdjustmentResult(adjusted.adjustment, amount)


def _grades(ready: Partial, outlook: RecordOutlook, total: Span, adjustments: Sequence[Adjusted]) -> frozenset[int]:
    """The positions that the grade can take, best 0."""
    plan = ready.plan
    rounding = plan.rounding.total if plan.grade_on == "rounded" else None
    read = outlook.totalling(total if rounding is None else interval.rounded(total, rounding))
    positions = {
        chosen for region in looked_through(ready.grades, read) if (chosen := position(plan.grades, region.row)) is not None
    }
    lowest = len(plan.grade_labels) - 1
    able = [one for one in adjustments if one.can]
    for one in able:
        if one.adjustment.effect == "grade_down":
            positions = _with(positions, {at + one.adjustment.places for at in positions}, one)
    for one in able:
        if one.adjustment.effect == "grade_at_most":
            positions = _with(positions, {max(at, one.adjustment.places) for at in positions}, one)
    for one in able:
        if one.adjustment.effect == "veto" and positions:
            positions = _with(positions, {lowest}, one)
    return frozenset(min(at, lowest) for at in positions)


def _with(before: set[int], after: set[int], adjusted: Adjusted) -> set[int]:
    """Positions after an adjustment that has to apply, or can."""
    return after if adjusted.certain else before | after


def merged(ready: Partial, record: EvaluationRecord, found: Sequence[Outcome], deciding: frozenset[str]) -> PartialEvaluation:
    """All scenarios as one result."""
    criteria = tuple(map(_widest, zip(*(one.criteria for one in found), strict=True)))
    spans = [one.span for one in found if one.span is not None]
    span = interval.hull(spans) if spans else None
    readings = _readings(criteria, found, deciding if len(found) > 1 else frozenset(), span)
    return PartialEvaluation(
        plan=ready.plan,
        record=record,
        criteria=criteria,
        span=span,
        can_be_none=len(spans) < len(found),
        positions=tuple(sorted({at for one in found for at in one.positions})),
        inputs=_inputs(readings, record, ready.plan, span),
        shared=tuple(sorted(path for path, readers in readings.items() if len(readers) > 1)),
        provenance=ready.evaluator.provenance(),
    )


def _widest(column: Sequence[PartialCriterion]) -> PartialCriterion:
    """A criterion over all scenarios."""
    entries: dict[str, list[PartialEntry]] = {}
    for one in column:
        for entry in one.entries:
            entries.setdefault(entry.id, []).append(entry)
    return PartialCriterion(
        column[0].criterion,
        interval.hull([one.span for one in column]),
        max(one.exact_weight for one in column),
        tuple(sorted({row for one in column for row in one.rows})),
        _paths(column),
        tuple(
            replace(
                same[0],
                span=interval.hull([one.span for one in same]),
                exact_weight=max(one.exact_weight for one in same),
                open=_paths(same),
            )
            for same in entries.values()
        ),
    )


def _paths(column: Sequence[PartialCriterion | PartialEntry]) -> tuple[str, ...]:
    return tuple(sorted({path for one in column for path in one.open}))


class _Reading(NamedTuple):
    """Something that is not settled and reads an open place: a criterion, an entry of it, an adjustment, the choice of a scenario."""

    criterion: str
    """Id of the criterion or adjustment; empty for what decides on scenarios."""
    spread: Exact


def _readings(
    criteria: Sequence[PartialCriterion], found: Sequence[Outcome], deciding: frozenset[str], span: Span | None
) -> Mapping[str, Sequence[_Reading]]:
    """Open place → what reads it and is not settled; what decides on scenarios, adjustments or the grade can move the whole total."""
    whole = Span.point(0) if span is None else span
    readings: dict[str, list[_Reading]] = {path: [_Reading("", _spread(whole))] for path in sorted(deciding)}
    for criterion in criteria:
        if criterion.settled:
            continue
        of_entries = {path for entry in criterion.entries for path in entry.open}
        for entry in criterion.entries:
            for path in () if entry.settled else entry.open:
                readings.setdefault(path, []).append(_Reading(criterion.id, min(_spread(entry.span), _spread(criterion.span))))
        for path in criterion.open:
            if path not in of_entries:
                readings.setdefault(path, []).append(_Reading(criterion.id, _spread(criterion.span)))
    touched = {(name, path) for one in found for name, paths in one.touched.items() for path in paths}
    for name, path in sorted(touched):
        readings.setdefault(path, []).append(_Reading(name, _spread(whole)))
    return readings


def _inputs(
    readings: Mapping[str, Sequence[_Reading]], record: EvaluationRecord, plan: Plan, span: Span | None
) -> tuple[OpenInput, ...]:
    """The open places that can make a difference; none can move the total further than all of them together."""
    most: Exact = 0 if span is None else _spread(span)
    made = []
    for path, readers in readings.items():
        spread: Exact = min(most, sum(reader.spread for reader in readers))
        names = dict.fromkeys(reader.criterion for reader in readers if reader.criterion)
        made.append(OpenInput(path, label_of(path, record, plan), tuple(names), spread))
    return tuple(sorted(made, key=lambda one: (-one.exact_spread, one.path)))


def _spread(span: Span) -> Exact:
    return (span.high or 0) - (span.low or 0)
