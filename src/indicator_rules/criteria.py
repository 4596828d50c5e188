"""Scoring one criterion: the rows chosen in its tables → its result (docs/semantics.md, sections 3, 4, 7 and 8).

In: a record under evaluation, the weight in force, and the rows chosen in the criteria stage. Out: a `CriterionResult`; what keeps the criterion
from being scored is told to the run, and then it has 0 points. What rows and weight alone come to is remembered: arithmetic, never a match.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from indicator_rules.entries import EntriesRunner, Members
from indicator_rules.entries import Run as EntriesRun
from indicator_rules.evaluation import CriterionResult, EntryResult
from indicator_rules.exact import Exact, exact
from indicator_rules.measure import Readers
from indicator_rules.plan import Criterion, Leaf, Plan
from indicator_rules.record_parts import Deduction
from indicator_rules.refusals import absent_problem, out_of_range, unknown_level
from indicator_rules.score import MOST_REMEMBERED, Items, OutOfRange, Ratings, ScaleRunner, UnknownLevel, treated
from indicator_rules.stage import Stage
from indicator_rules.value import Absent


class Run(EntriesRun, Protocol):
    """What scoring a criterion needs of a record under evaluation."""

    members: Mapping[str, Members]
    ratings: Mapping[str, Ratings]
    deductions: Mapping[str, Deduction]


class CriterionRunner:
    """A criterion made ready: its tables are `leaves[first:last]` of the criteria stage."""

    def __init__(
        self, criterion: Criterion, plan: Plan, readers: Readers, stage: Callable[[Sequence[Leaf]], Stage], first: int
    ) -> None:
        self.criterion, self.id = criterion, criterion.id
        self.scale = ScaleRunner(criterion.scale, readers)
        self.entries = EntriesRunner(criterion, plan, readers, stage) if criterion.entries is not None else None
        self.first, self.last = first, first + len(self.scale.leaves)
        self.places = slice(self.first, self.last)
        self.rounding = plan.rounding.points
        self._known: dict[tuple[Exact, tuple[int, ...]], CriterionResult] = {}
        """What rows and weight came to, where these alone decide and nothing was taken off by hand."""

    def score(self, run: Run, weight: Exact, chosen: tuple[int, ...]) -> CriterionResult:
        """The result, from the rows chosen in all tables of the stage."""
        rows = chosen[self.places]
        if self.entries is None and self.id not in run.deductions:
            known = self._known.get((weight, rows))
            if known is not None:
                return known
        criterion, facts = self.criterion, run.facts
        if self.id in facts.not_applicable:
            given = 0 if criterion.role != "score" else treated(criterion.not_applicable, weight) or 0
            return self.finished(run, given, weight, "not_applicable")
        if weight == 0:
            return CriterionResult(criterion, 0, 0, "out_of_force")
        facts.weight = weight
        if self.entries is not None:
            found, entries = self.entries.score(run, run.members[self.id], weight)
            return self.settled(run, found, weight, "entries", entries)
        try:
            points, row, items = self.scale.score(facts, rows, run.ratings.get(self.id, ()))
        except OutOfRange as error:
            run.refuse(out_of_range(("assessments", "criteria", self.id), error), self.id)
            return CriterionResult(criterion, 0, weight, "absent")
        except UnknownLevel as error:
            run.refuse(unknown_level(error, ("assessments", "criteria", self.id)), self.id)
            return CriterionResult(criterion, 0, weight, "absent")
        result = self.settled(run, points, weight, row, items=items)
        if not isinstance(points, Absent) and not result.deducted and self.scale.decides(rows):
            self.remember(weight, rows, result)
        return result

    def remember(self, weight: Exact, rows: tuple[int, ...], result: CriterionResult) -> None:
        """Keep a result for the records to come."""
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[weight, rows] = result

    def settled(
        self,
        run: Run,
        found: Exact | Absent,
        weight: Exact,
        row: str,
        entries: tuple[EntryResult, ...] = (),
        items: Items = (),
    ) -> CriterionResult:
        """Apply `absent`, if that is what it came to."""
        if isinstance(found, Absent):
            row = "absent"
            points = treated(self.scale.scale.absent, weight)
            if points is None:
                run.refuse(absent_problem(self.criterion, found, run.record), self.id)
                return CriterionResult(self.criterion, 0, weight, row)
            found = points
        return self.finished(run, found, weight, row, entries, items)

    def finished(
        self,
        run: Run,
        points: Exact,
        weight: Exact,
        row: str,
        entries: tuple[EntryResult, ...] = (),
        items: Items = (),
    ) -> CriterionResult:
        """Manual deduction, rounding, and the sign of a penalty."""
        deducted: Exact = 0
        if self.id in run.deductions:
            deducted = exact(run.deductions[self.id].points)
            points = max(0, points - deducted)
        if self.rounding is not None and type(points) is not int:
            points = self.rounding(points)
        if self.criterion.role == "penalty":
            points = -points
        return CriterionResult(self.criterion, points, weight, row, entries, items, deducted)
