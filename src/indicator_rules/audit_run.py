"""The computed side of an audit: a record scored as far as it can be (docs/semantics.md), whatever is wrong with it.

In: an evaluator, a record and, to follow what somebody claims, points in place of the rule's. Out: an `Evaluation`, the criteria and entries
that could not be scored, every problem (none is raised), and the range that a rule leaves to a person. Nothing here scores by itself: the
stages, the sums and the grade are those of `evaluate`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from indicator_rules.completion import EntryFacts
from indicator_rules.entries import Members
from indicator_rules.errors import Problem
from indicator_rules.evaluate import Evaluator, _Run, _Runner
from indicator_rules.evaluation import AdjustmentResult, CriterionResult, Evaluation
from indicator_rules.exact import Exact
from indicator_rules.plan import Leaf
from indicator_rules.record import EvaluationRecord
from indicator_rules.score import ScaleRunner
from indicator_rules.spec import Label
from indicator_rules.stage import NONE
from indicator_rules.total import Totals
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


class Attempt(_Run):
    """A run that keeps its problems instead of raising them."""

    def __init__(self, evaluator: Evaluator, record: EvaluationRecord) -> None:
        super().__init__(evaluator, record)
        self.found: list[Problem] = []
        """Every problem, once `result` is there."""
        self.failed: set[str] = set()
        """Criteria that could not be scored."""
        self._places: dict[str, list[int]] = {}

    @cached_property
    def result(self) -> Evaluation:
        """The evaluation; what could not be scored counts as 0 in it, so read `criteria`, `total` and `grade` here instead."""
        return self.evaluation()

    @cached_property
    def criteria(self) -> Mapping[str, CriterionResult]:
        """The criteria by id, those that could not be scored too."""
        return {result.id: result for result in self.result.criteria}

    @property
    def total(self) -> Exact | None:
        """The total; None where something that it needs could not be scored."""
        result = self.result
        return None if self.found else result.exact_total

    @property
    def grade_label(self) -> str | None:
        """The grade, under the same condition."""
        result = self.result
        return None if self.found else result.grade

    def members_of(self, criterion: str) -> Members | None:
        """The entries of a criterion; None for one that has none by its nature."""
        return self.members.get(criterion)

    # ------------------------------------------------------------------------------------------------ steps of a run, watched

    def criterion(self, runner: _Runner, weight: Exact, chosen: list[int]) -> CriterionResult:
        """One criterion; noted as failed if it brought up a problem."""
        before = len(self.problems)
        result = super().criterion(runner, weight, chosen)
        name = runner.criterion.id
        self._places[name] = chosen[runner.first : runner.last]
        if len(self.problems) > before:
            self.failed.add(name)
        return result

    def undecided(self, code: str, leaf: Leaf | None, label: Label | None = None, found: Absent | None = None) -> None:
        """A condition that is unknown: what hangs on it is not scored."""
        super().undecided(code, leaf, label, found)
        if code == "applicability-undecided":
            self.failed |= {one.id for one in self.plan.criteria if one.applies is leaf}
        elif code == "weight-set-undecided":
            self.failed |= {one.id for one in self.plan.criteria}

    def adjustments(self, rows: Sequence[int]) -> tuple[AdjustmentResult, ...]:
        """The last step that can bring up a problem: all are set aside here, before they would be raised."""
        applied = super().adjustments(rows)
        self.found = list(self.problems)
        self.problems.clear()
        return applied

    # -------------------------------------------------------------------------------------------------------------- ranges

    def span(self, criterion: str, entry: str | None = None) -> Span | None:
        """The range of points that the row hit leaves to a person; None where it leaves none."""
        result = self.criteria[criterion]
        if result.row in ("not_applicable", "out_of_force"):
            return None
        runner = next(one for one in self.evaluator.runners if one.criterion.id == criterion)
        if runner.entries is None:
            self.facts.weight = result.exact_weight
            places = self._places[criterion]
            return self._range(runner.scale, places[0]) if places and entry is None else None
        known = next((one for one in result.entries if one.id == entry), None)
        ready = None if known is None else runner.entries.kinds.get(known.kind)
        if known is None or ready is None:
            return None
        indicator, ratings = self.record.indicator_by_id[known.id], self.record.assessments.indicators.get(known.id, ())
        self.facts.weight = known.exact_weight
        self.facts.entry = EntryFacts(
            indicator, self.record.subject.year, runner.entries.settings, ratings, self.plan.rounding.measure, known.exact_weight
        )
        found = self._range(ready.scale, ready.stage.run(self.facts)[0])
        self.facts.entry = None
        return found

    def _range(self, scale: ScaleRunner, place: int) -> Span | None:
        award = None if place == NONE else scale.rows[place].range
        if award is None:
            return None
        low, high = award.low(self.facts), award.high(self.facts)
        if isinstance(low, Absent) or isinstance(high, Absent):
            return None
        return Span(low, high, award.award.low_open, award.award.high_open)


class Following(Attempt):
    """A run in which somebody's points stand in place of the rule's: the total and grade that follow from them."""

    def __init__(
        self, evaluator: Evaluator, record: EvaluationRecord, claimed: Mapping[str, Exact], total: Exact | None = None
    ) -> None:
        super().__init__(evaluator, record)
        self.claimed, self.claimed_total = claimed, total
        self.problems.clear()  # answers of a wrong type: whoever claims points has read them otherwise

    def criterion(self, runner: _Runner, weight: Exact, chosen: list[int]) -> CriterionResult:
        """The claim, where there is one; then the rule's own problems do not matter."""
        before = len(self.problems)
        result = super().criterion(runner, weight, chosen)
        points = self.claimed.get(runner.criterion.id)
        if points is None:
            return result
        del self.problems[before:]
        return result._replace(exact_points=points)

    def grade(self, totals: Totals, adjustments: tuple[AdjustmentResult, ...]) -> int:
        """The grade of the claimed total, where there is one."""
        total = self.claimed_total
        return super().grade(totals if total is None else Totals(total, total), adjustments)
