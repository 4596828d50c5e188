"""The points that a criterion can still get in one scenario (docs/semantics.md, sections 4, 7 and 8).

In: a criterion, and a scenario. Out: a `PartialCriterion`: the span of its points, the rows that can be hit, and the open places that it reads. Entries are
combined as in scoring, once with each entry at its lowest and once at its highest, since no combination turns the order round.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from indicator_rules import interval
from indicator_rules.completion import Settings
from indicator_rules.entries import KINDS, EntriesRunner, Members, Run
from indicator_rules.errors import Problem
from indicator_rules.evaluate import Evaluator
from indicator_rules.evaluation import EntryResult
from indicator_rules.exact import Exact, exact
from indicator_rules.facts import Facts
from indicator_rules.interval import Span
from indicator_rules.partial.outlook import EntryOutlook, RecordOutlook
from indicator_rules.partial.reach import Picks, Reach, ScaleReach
from indicator_rules.partial.result import PartialCriterion, PartialEntry
from indicator_rules.partial.scenarios import Scenario
from indicator_rules.plan import Criterion
from indicator_rules.record import EvaluationRecord
from indicator_rules.record_parts import Indicator
from indicator_rules.score import treated
from indicator_rules.value import Absent


class CriterionReach:
    """A criterion made ready."""

    def __init__(self, criterion: Criterion, evaluator: Evaluator) -> None:
        self.criterion, self.rounding = criterion, evaluator.plan.rounding.points
        self.scale = None if criterion.entries is not None else ScaleReach(criterion.scale)
        self.entries = None if criterion.entries is None else EntriesReach(criterion, evaluator)

    def result(self, scenario: Scenario) -> tuple[PartialCriterion, Reach]:
        """The points that it can still get in one scenario."""
        outlook, criterion = scenario.outlook, self.criterion
        weight = scenario.weights[criterion.id]
        entries: list[PartialEntry] = []
        with outlook.noting() as noted:
            reach = self.reach(outlook, scenario, weight, entries)
        span = reach.span or Span.point(0)
        return PartialCriterion(criterion, span, weight, tuple(sorted(reach.rows)), tuple(noted), tuple(entries)), reach

    def reach(self, outlook: RecordOutlook, scenario: Scenario, weight: Exact, entries: list[PartialEntry]) -> Reach:
        """What comes out; `entries` takes those that read an open place."""
        criterion = self.criterion
        if criterion.id in outlook.not_applicable:
            given = 0 if criterion.role != "score" else treated(criterion.not_applicable, weight) or 0
            return self.finished(Reach(Span.point(given), frozenset({"not_applicable"})), outlook.record)
        if weight == 0:
            return Reach(Span.point(0), frozenset({"out_of_force"}))
        if self.entries is not None:
            found = self.entries.reach(outlook, scenario.members[criterion.id], weight, entries)
        else:
            assert self.scale is not None
            path = f"assessments.criteria.{criterion.id}"
            ratings = outlook.record.assessments.criteria.get(criterion.id, ())
            picks = Picks(ratings, criterion.scale.by_person and not ratings and outlook.open(path))
            found = self.scale.reach(outlook, weight, picks)
        return self.finished(found, outlook.record)

    def finished(self, found: Reach, record: EvaluationRecord) -> Reach:
        """Manual deduction, rounding, and the sign of a penalty."""
        span = found.span
        if span is None:
            return found
        deduction = record.deductions.criteria.get(self.criterion.id)
        if deduction is not None:
            span = _less(span, exact(deduction.points))
        if self.rounding is not None:
            span = interval.rounded(span, self.rounding)
        return found._replace(span=interval.negative(span) if self.criterion.role == "penalty" else span)


def _less(span: Span, points: Exact) -> Span:
    return interval.largest([interval.minus(span, Span.point(points)), Span.point(0)])


class EntriesReach:
    """A criterion over entries made ready."""

    def __init__(self, criterion: Criterion, evaluator: Evaluator) -> None:
        assert criterion.entries is not None
        self.criterion, self.rules, self.plan = criterion, criterion.entries, evaluator.plan
        self.settings = Settings.of(criterion.entries.completion)
        self.kinds: dict[str, ScaleReach] = {kind: ScaleReach(scale) for kind, scale in criterion.entries.scales}
        self.by_person = {kind for kind, scale in criterion.entries.scales if scale.by_person}
        self.lowest, self.highest = (_AtEnd(criterion, evaluator, high=high) for high in (False, True))

    def reach(self, outlook: RecordOutlook, members: Members, weight: Exact, entries: list[PartialEntry]) -> Reach:
        """The points of the whole criterion; its entries are combined in order at both ends, since no combination turns the order round."""
        if not members.every and outlook.open("indicators"):
            return Reach(Span(min(0, weight), weight), frozenset({"entries", "absent"}), refused=True)
        run = EntriesRun(outlook, lambda indicator, own: self.entry(outlook, indicator, own))
        low, high = (runner.points(run, members, weight) for runner in (self.lowest, self.highest))
        if run.refused:  # weights of entries, which are as the record has them
            return Reach(None, frozenset({"absent"}), refused=True)
        entries += [found.entry for found in run.found.values() if found.entry.open]
        refused = any(found.reach.refused for found in run.found.values())
        spans = [found.reach.span for found in run.found.values() if found.reach.span is not None]
        if len(spans) < len(run.found):
            return Reach(None, frozenset({"absent"}), refused=True)
        if low is None or high is None:
            given = treated(self.criterion.scale.absent, weight)
            return Reach(None if given is None else Span.point(given), frozenset({"absent"}), refused or given is None)
        # An end that is only approached stays so through sums; the cap of a goal block may cut it off, and is then reached.
        sums_up = self.rules.combine in ("sum", "weighted", "mean") and not members.by_goal
        span = Span(
            low,
            high,
            sums_up and low < high and any(one.low_open for one in spans),
            sums_up and low < high < weight and any(one.high_open for one in spans),
        )
        return Reach(span, frozenset({"entries"}), refused)

    def entry(self, outlook: RecordOutlook, indicator: Indicator, weight: Exact) -> Reach:
        """The points of one entry."""
        record = outlook.record
        entry = EntryOutlook(outlook, indicator, self.settings, weight)
        ways = [self.of_kind(outlook, entry, KINDS.get(one, "quantitative"), weight) for one in entry.kinds()]
        spans = [way.span for way in ways if way.span is not None]
        if not spans:
            return Reach(None, frozenset({"absent"}), refused=True)
        span = interval.hull(spans)
        deduction = record.deductions.indicators.get(indicator.id)
        if deduction is not None:
            span = _less(span, exact(deduction.points))
        if self.plan.rounding.entry_points is not None:
            span = interval.rounded(span, self.plan.rounding.entry_points)
        return Reach(span, frozenset().union(*(way.rows for way in ways)), any(way.refused for way in ways))

    def of_kind(self, outlook: RecordOutlook, entry: EntryOutlook, kind: str, weight: Exact) -> Reach:
        """Scored with the scale of one kind."""
        ready = self.kinds.get(kind)
        if ready is None:
            given = treated(self.rules.absent, weight)
            return Reach(None if given is None else Span.point(given), frozenset({"absent"}), given is None)
        picks = Picks(entry.facts.ratings, kind in self.by_person and entry.assessable())
        return ready.reach(outlook.at(entry), weight, picks, self.rules.absent)


class _AtEnd(EntriesRunner):
    """Entries combined as in scoring, each at one end of what it can get."""

    def __init__(self, criterion: Criterion, evaluator: Evaluator, *, high: bool) -> None:
        super().__init__(criterion, evaluator.plan, evaluator.readers, evaluator.stage)
        self.high = high

    def points(self, run: EntriesRun, members: Members, weight: Exact) -> Exact | None:
        """The points of the criterion at this end; None if it is absent."""
        points, _ = self.score(run, members, weight)
        return None if isinstance(points, Absent) else points

    def entry(self, run: Run, indicator: Indicator, weight: Exact) -> EntryResult:
        """An entry at this end."""
        assert isinstance(run, EntriesRun)
        span = run.reach(indicator, weight).span
        points = 0 if span is None else (span.high if self.high else span.low) or 0
        return EntryResult(indicator, "", points, weight, "", 0)


class _Found(NamedTuple):
    entry: PartialEntry
    reach: Reach


class EntriesRun:
    """The entries of one criterion going through both ends."""

    def __init__(self, outlook: RecordOutlook, reach: Callable[[Indicator, Exact], Reach]) -> None:
        record = outlook.record
        self.outlook, self.record, self._reach = outlook, record, reach
        self.facts = Facts(record, {}, lambda _: ())
        self.year = record.subject.year
        self.entry_ratings, self.entry_deductions = record.assessments.indicators, record.deductions.indicators
        self.split_equally: set[str] = set()
        self.found: dict[str, _Found] = {}
        self.refused = False

    def refuse(self, _problem: Problem, _criterion: str) -> None:
        """Evaluating the record tells why."""
        self.refused = True

    def reach(self, indicator: Indicator, weight: Exact) -> Reach:
        """What one entry can get; looked for once."""
        if indicator.id not in self.found:
            with self.outlook.noting() as noted:
                reach = self._reach(indicator, weight)
            entry = PartialEntry(indicator.id, indicator.name, reach.span or Span.point(0), weight, tuple(noted))
            self.found[indicator.id] = _Found(entry, reach)
        return self.found[indicator.id].reach
