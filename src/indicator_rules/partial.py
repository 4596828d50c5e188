"""Partial evaluation (阶段性评价): a record that is not complete yet → the totals and grades that are still possible.

In: an evaluator, a record, and which of its empty places are open (all, unless said). Out: a `PartialEvaluation`, or `RecordError` for what no
filling in can mend. What is open are values: entries, their weights, what is not applicable and manual deductions are as the record has them; only a
criterion that has no entry at all is open as a whole.
Guaranteed: whatever the open places are filled with, total and grade are among those given, or the record is refused. Exact as long as no open
place is read twice; `PartialEvaluation.shared` says which are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from indicator_rules import interval
from indicator_rules.criterion_reach import CriterionReach
from indicator_rules.errors import Problem, RecordError, Where
from indicator_rules.evaluate import Evaluator
from indicator_rules.evaluation import AdjustmentResult, CriterionResult
from indicator_rules.exact import LARGEST, Exact
from indicator_rules.interval import Span
from indicator_rules.outlook import RecordOutlook, label_of, paths_matching
from indicator_rules.partial_result import OpenInput, PartialCriterion, PartialEvaluation
from indicator_rules.plan import Adjustment, Plan
from indicator_rules.possible import possible
from indicator_rules.record import EvaluationRecord
from indicator_rules.regions import Regions
from indicator_rules.scenarios import Scenario, Scenarios, looked_through, position
from indicator_rules.total import Totals, sums

MENDABLE = ("value-absent", "applicability-undecided", "weight-set-undecided", "adjustment-undecided", "grade-undecided")
"""Problems that filling in an open place can mend."""


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
        problems = self.lasting_problems(record)
        return self.over(RecordOutlook(self.plan, record, paths_matching(open)), problems)

    def over(self, outlook: RecordOutlook, problems: Sequence[Problem] = ()) -> PartialEvaluation:
        """What can become of a record of which `outlook` tells. Raises `RecordError` (`problems`, if there are any) where nothing can."""
        scenarios = self.scenarios(outlook)
        deciding = frozenset(outlook.touched)
        found = [one for scenario in scenarios if (one := outcome(self, scenario)) is not None]
        if not found:
            raise RecordError(list(problems) or [Problem("partial-impossible", Where())])
        return merged(self, outlook.record, found, deciding)

    def lasting_problems(self, record: EvaluationRecord) -> list[Problem]:
        """What is still missing; anything else that is wrong is raised at once."""
        try:
            self.evaluator.evaluate(record)
        except RecordError as error:
            lasting = [problem for problem in error.problems if problem.code not in MENDABLE]
            if lasting:
                raise RecordError(lasting) from None
            return list(error.problems)
        return []


class Adjusted(NamedTuple):
    """Whether an adjustment can apply, and whether it has to."""

    adjustment: Adjustment
    can: bool
    certain: bool
    span: Span | None
    """The points that it deducts, adds or sets as a bound."""

    @property
    def amounts(self) -> bool:
        """Whether it adds or deducts points; where it need not apply, 0 is among them."""
        return self.span is not None and self.adjustment.effect in ("bonus", "deduct")


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
    certain = applies == {True}
    if spans and not certain and adjustment.effect in ("bonus", "deduct"):
        spans.append(Span.point(0))
    return Adjusted(adjustment, True in applies, certain, interval.hull(spans) if spans else None)


LOWERS = ("deduct", "total_at_most")
"""Effects that make a total lower."""


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
        applied = [
            _at_end(one, high) for one in adjustments if one.certain or one.amounts or (one.can and _is_worse(one) != high)
        ]
        totals = Totals.of(plan, record, sums(plan, ready.evaluator.groups, results), applied)
        if totals.unrounded is None:
            return None
        ends.append(totals.unrounded)
    low, high_end = ends
    # An end that is only approached stays so through sums; where anything is cut off, it may be reached.
    plain = not adjustments and all(group.combine in ("sum", "weighted", "mean") for group in plan.groups)
    low_open = plain and 0 < low < high_end and any(one.span.low_open for one in criteria)
    high_open = plain and low < high_end and plan.total_at_most is None and any(one.span.high_open for one in criteria)
    return Span(low, high_end, low_open, high_open)


def _row(criterion: PartialCriterion) -> str:
    return criterion.rows[0] if len(criterion.rows) == 1 else "open"


def _is_worse(adjusted: Adjusted) -> bool:
    return adjusted.adjustment.effect in LOWERS


def _at_end(adjusted: Adjusted, high: bool) -> AdjustmentResult:
    """An adjustment with the amount that makes the total highest, or lowest."""
    span = adjusted.span
    if span is None:
        return AdjustmentResult(adjusted.adjustment, None)
    takes_high = (adjusted.adjustment.effect == "deduct") != high
    end = span.high if takes_high else span.low
    return AdjustmentResult(adjusted.adjustment, end if end is not None else LARGEST if takes_high else -LARGEST)


def _grades(ready: Partial, outlook: RecordOutlook, total: Span, adjustments: Sequence[Adjusted]) -> frozenset[int]:
    """The positions that the grade can take, best 0."""
    plan = ready.plan
    rounding = plan.rounding.total if plan.grade_on == "rounded" else None
    read = outlook.totalling(total if rounding is None else interval.rounded(total, rounding))
    positions = {
        chosen for region in looked_through(ready.grades, read) if (chosen := position(plan.grades, region.row)) is not None
    }
    return _moved(positions, [one for one in adjustments if one.can], len(plan.grade_labels) - 1)


def _moved(positions: set[int], adjustments: Sequence[Adjusted], lowest: int) -> frozenset[int]:
    """Down, then not above, then the veto: each applies, or (unless it has to) does not."""
    for effect in ("grade_down", "grade_at_most", "veto"):
        for one in adjustments:
            if one.adjustment.effect == effect:
                places = one.adjustment.places
                moved = {
                    lowest if effect == "veto" else at + places if effect == "grade_down" else max(at, places) for at in positions
                }
                positions = moved if one.certain else positions | moved
    return frozenset(min(at, lowest) for at in positions)


def merged(ready: Partial, record: EvaluationRecord, found: Sequence[Outcome], deciding: frozenset[str]) -> PartialEvaluation:
    """All scenarios as one result."""
    criteria = []
    for column in zip(*(one.criteria for one in found), strict=True):
        rows = tuple(sorted({row for one in column for row in one.rows}))
        touched = tuple(sorted({path for one in column for path in one.open}))
        weight = max(one.exact_weight for one in column)
        criteria.append(PartialCriterion(column[0].criterion, interval.hull([one.span for one in column]), weight, rows, touched))
    spans = [one.span for one in found if one.span is not None]
    span = interval.hull(spans) if spans else None
    positions = tuple(sorted({at for one in found for at in one.positions}))
    inputs = _inputs(record, ready.plan, criteria, found, deciding if len(found) > 1 else frozenset(), span)
    unsettled = [criterion for criterion in criteria if not criterion.settled]
    return PartialEvaluation(
        plan=ready.plan,
        record=record,
        criteria=tuple(criteria),
        span=span,
        can_be_none=len(spans) < len(found),
        positions=positions,
        inputs=inputs,
        shared=tuple(one.path for one in inputs if sum(one.path in criterion.open for criterion in unsettled) > 1),
        provenance=ready.evaluator.provenance(),
    )


def _inputs(
    record: EvaluationRecord,
    plan: Plan,
    criteria: Sequence[PartialCriterion],
    found: Sequence[Outcome],
    deciding: frozenset[str],
    span: Span | None,
) -> tuple[OpenInput, ...]:
    """The open places that can make a difference; what decides between scenarios can move the whole total."""
    whole: Exact = 0 if span is None else (span.high or 0) - (span.low or 0)
    readers: dict[str, list[str]] = {path: [] for path in deciding}
    spread: dict[str, Exact] = dict.fromkeys(deciding, whole)
    for criterion in criteria:
        for path in () if criterion.settled else criterion.open:
            readers.setdefault(path, []).append(criterion.id)
            spread[path] = min(whole, spread.get(path, 0) + (criterion.span.high or 0) - (criterion.span.low or 0))
    for one in found:
        for name, paths in one.touched.items():
            for path in paths:
                users = readers.setdefault(path, [])
                users += [] if name in users else [name]
                spread[path] = whole
    made = [OpenInput(path, label_of(path, record, plan), tuple(users), spread[path]) for path, users in readers.items()]
    return tuple(sorted(made, key=lambda one: (-one.exact_spread, one.path)))
