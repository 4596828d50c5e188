"""The computed side of an audit: a record scored as far as it can be (docs/semantics.md), whatever is wrong with it.

In: an evaluator and a record. Out: an `Evaluation`, the criteria that could not be scored, every problem (none is raised), the range that a rule
leaves to a person, and what would follow from somebody's points in place of the rule's. Nothing here scores by itself: the stages, the sums
and the grade are those of `evaluate.Run`.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import NamedTuple

from indicator_rules.completion import EntryFacts
from indicator_rules.entries import Members
from indicator_rules.errors import Problem
from indicator_rules.evaluate import Evaluator, Run
from indicator_rules.evaluation import Evaluation
from indicator_rules.exact import Exact
from indicator_rules.facts import Facts
from indicator_rules.record import EvaluationRecord
from indicator_rules.score import ScaleRunner
from indicator_rules.stage import NONE
from indicator_rules.value import Absent


class Span(NamedTuple):
    """The points that a rule leaves to a person."""

    low: Exact
    high: Exact
    low_open: bool
    high_open: bool

    def holds(self, points: Exact, tolerance: Exact) -> bool:
        """Whether `points` are inside; an end that is not included forgives nothing but what tolerance forgives elsewhere."""
        above = points > self.low if self.low_open else points >= self.low - tolerance
        below = points < self.high if self.high_open else points <= self.high + tolerance
        return above and below


class Following(NamedTuple):
    """What follows from somebody's points in place of the rule's: total and grade, and the problems that still matter then."""

    result: Evaluation
    found: tuple[Problem, ...]


class Attempt:
    """A record scored as far as it can be, with its problems."""

    def __init__(self, evaluator: Evaluator, record: EvaluationRecord) -> None:
        self.evaluator, self.plan, self.record = evaluator, evaluator.plan, record
        self._run = run = Run(evaluator, record)
        self._refused = tuple(run.refused)
        """Problems that keep something from being scored."""
        self.result = run.evaluation()
        """The evaluation; what could not be scored counts as 0 in it, so read `criteria`, `total` and `grade_label` here instead."""
        self.found = (*run.answers_refused, *(problem for _, problem in run.refused))
        """Every problem."""
        self.failed = run.failed
        """Criteria that could not be scored."""
        self.criteria = {result.id: result for result in run.results}
        """The criteria by id, those that could not be scored too."""

    @property
    def total(self) -> Exact | None:
        """The total; None where something that it needs could not be scored."""
        return None if self._refused or self._run.answers_refused else self.result.exact_total

    @property
    def grade_label(self) -> str | None:
        """The grade, under the same condition."""
        return None if self.found else self.result.grade

    def members_of(self, criterion: str) -> Members | None:
        """The entries of a criterion; None for one that has none by its nature."""
        return self._run.members.get(criterion)

    def following(self, claimed: Mapping[str, Exact], total: Exact | None = None) -> Following:
        """The total and grade that the rules make of `claimed` points; with `total`, the grade of that. The rule's own problems with what is
        claimed do not matter then, nor do answers of a wrong type: whoever claims points has read them otherwise."""
        run = self._run
        results = [result._replace(exact_points=claimed[result.id]) if result.id in claimed else result for result in run.results]
        found = [problem for criterion, problem in self._refused if criterion not in claimed]
        return Following(run.evaluation(tuple(results), total), tuple(found))

    # -------------------------------------------------------------------------------------------------------------- ranges

    def span(self, criterion: str, entry: str | None = None) -> Span | None:
        """The range of points that the row hit leaves to a person; None where it leaves none."""
        result = self.criteria[criterion]
        if result.row in ("not_applicable", "out_of_force"):
            return None
        runner = next(one for one in self.evaluator.runners if one.id == criterion)
        facts = copy(self._run.facts)
        if runner.entries is None:
            facts.weight = result.exact_weight
            return _span(runner.scale, self._run.chosen[runner.first], facts) if entry is None else None
        known = next((one for one in result.entries if one.id == entry), None)
        ready = None if known is None else runner.entries.kinds.get(known.kind)
        if known is None or ready is None:
            return None
        facts.weight = known.exact_weight
        facts.entry = EntryFacts(
            known.indicator,
            self.record.subject.year,
            runner.entries.settings,
            self.record.assessments.indicators.get(known.id, ()),
            self.plan.rounding.measure,
            known.exact_weight,
        )
        return _span(ready.scale, ready.stage.run(facts)[0], facts)


def _span(scale: ScaleRunner, place: int, facts: Facts) -> Span | None:
    """The range that the row at `place` leaves to a person."""
    award = None if place == NONE else scale.rows[place].range
    if award is None:
        return None
    low, high = award.low(facts), award.high(facts)
    if isinstance(low, Absent) or isinstance(high, Absent):
        return None
    return Span(low, high, award.award.low_open, award.award.high_open)
