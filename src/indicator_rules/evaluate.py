"""Evaluate: plan and record → `Evaluation`. The order is that of docs/semantics.md.

    look-ups                    (a stage, if the ruleset has any)
    applicability, weight set   (a stage, if the ruleset has any)
    entries                     (a stage for each kind of entry, run for each entry)
    criteria and adjustments    (one stage)
    total, then grade           (a stage)

Python works out measures, awards, sums and rounding between the stages; every choice of row, effect and grade is one that the engine hit.
In: a record that was read. Out: the evaluation, or `RecordError` with every problem at once (something needed is absent, an assessment is out
of its range). An `Evaluator` is made once for a plan; it holds no state of a record and is safe from many threads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import NamedTuple

from indicator_rules.answers import read_answers
from indicator_rules.completion import EntryFacts, Settings, agreed_level
from indicator_rules.engine import Engine
from indicator_rules.entries import EntriesRunner, Members, Register
from indicator_rules.errors import Problem, RecordError, path_text
from indicator_rules.evaluation import AdjustmentResult, CriterionResult, Detail, EntryResult, Evaluation
from indicator_rules.exact import Exact, exact
from indicator_rules.findings import findings
from indicator_rules.measure import Facts, Readers
from indicator_rules.plan import Choice, Criterion, Leaf, Plan, Points, Range
from indicator_rules.record import EvaluationRecord
from indicator_rules.refusals import absent_problem, out_of_range, undecided, unknown_level
from indicator_rules.score import OutOfRange, ScaleRunner, UnknownLevel, treated
from indicator_rules.spec import Label
from indicator_rules.stage import NONE, Stage
from indicator_rules.total import Totals, deepest_first, in_force, sums
from indicator_rules.value import Absent

__all__ = ["Evaluator"]


class _Runner(NamedTuple):
    """A criterion made ready. `first` is the place of its head table in the criteria stage."""

    criterion: Criterion
    scale: ScaleRunner
    entries: EntriesRunner | None
    first: int
    last: int


class Evaluator:
    """A plan made ready to score records with one engine."""

    def __init__(self, plan: Plan, engine: Engine, provenance: Callable[[], Mapping[str, str]]) -> None:
        self.plan, self.engine, self.provenance = plan, engine, provenance
        self.readers = Readers({one.id: one.formula for one in plan.measures}, plan.lookups, plan.rounding.measure)
        self.settings = Settings.of(plan.completion)
        self.runners = self._runners()
        applies = [criterion.applies for criterion in plan.criteria if criterion.applies is not None]
        opening = [*applies, *([plan.weight_sets] if plan.weight_sets is not None else [])]
        self.looking_up = self.stage([lookup.leaf for lookup in plan.lookups]) if plan.lookups else None
        self.opening = self.stage(opening) if opening else None
        leaves = [leaf for runner in self.runners for leaf in runner.scale.leaves]
        self.adjustments_from = len(leaves)
        self.main = self.stage([*leaves, *(adjustment.leaf for adjustment in plan.adjustments)])
        self.grading = self.stage([plan.grades])
        self.groups = deepest_first(plan)
        self.register = Register(plan.criteria)
        self.adjustment_points = [
            None if adjustment.points is None else self.readers.number(adjustment.points) for adjustment in plan.adjustments
        ]

    def stage(self, leaves: Sequence[Leaf]) -> Stage:
        return Stage(leaves, self.engine, self.readers.slot)

    def _runners(self) -> tuple[_Runner, ...]:
        runners, place = [], 0
        for criterion in self.plan.criteria:
            scale = ScaleRunner(criterion.scale, self.readers)
            entries = None
            if criterion.entries is not None:
                entries = EntriesRunner(criterion, self.plan, self.readers, self.stage)
            runners.append(_Runner(criterion, scale, entries, place, place + len(scale.leaves)))
            place += len(scale.leaves)
        return tuple(runners)

    def entries_of(self, record: EvaluationRecord) -> tuple[EntryFacts, ...]:
        """Every entry of `record`, with the ruleset's own settings."""
        year, ratings = record.subject.year, record.assessments.indicators
        return tuple(
            EntryFacts(indicator, year, self.settings, ratings.get(indicator.id, ()), self.plan.rounding.measure)
            for indicator in record.indicators
        )

    def evaluate(self, record: EvaluationRecord) -> Evaluation:
        """Score `record`. Raises `RecordError`."""
        return _Run(self, record).evaluation()


class _Run:
    """One record going through the stages."""

    def __init__(self, evaluator: Evaluator, record: EvaluationRecord) -> None:
        self.evaluator, self.plan, self.record = evaluator, evaluator.plan, record
        inputs, self.problems = read_answers(self.plan.questions, record)
        self.refused_answers = {path_text(problem.where.path[:2]) for problem in self.problems}
        self.facts = Facts(record, inputs, evaluator.entries_of)
        self.members: dict[str, Members] = {}
        self.split_equally: set[str] = set()
        self.ratings, self.deductions = record.assessments.criteria, record.deductions.criteria
        self.rounding = self.plan.rounding.points
        for criterion, ratings in self.ratings.items():
            level = agreed_level(ratings)
            if level:
                self.facts.assessed_levels[criterion] = level

    def evaluation(self) -> Evaluation:
        """The stages in order."""
        self.look_up()
        chosen_set = self.open()
        weights = in_force(self.plan, self.facts.not_applicable, chosen_set, self.members)
        chosen = self.evaluator.main.run(self.facts)
        results = tuple([self.criterion(runner, weights[runner.criterion.id], chosen) for runner in self.evaluator.runners])
        adjustments = self.adjustments(chosen[self.evaluator.adjustments_from :])
        added = sums(self.plan, self.evaluator.groups, results)
        totals = Totals.of(self.plan, self.record, added, adjustments)
        grade = None if totals.rounded is None else self.grade(totals, adjustments)
        if self.problems:
            raise RecordError(self.told_once())
        return Evaluation(
            plan=self.plan,
            record=self.record,
            engine=self.evaluator.engine.name,
            criteria=results,
            groups=added.groups,
            adjustments=adjustments,
            exact_total=totals.rounded,
            unrounded_total=totals.unrounded,
            grade_position=grade,
            provenance_of=self.evaluator.provenance,
            findings_of=lambda: findings(
                self.plan,
                self.evaluator.readers,
                copy(self.facts),
                results,
                self.members,
                chosen_set,
                added.weight,
                self.split_equally,
            ),
            details_of=self.detail,
        )

    def told_once(self) -> list[Problem]:
        """The problems, less those that only say that an answer is absent which was refused."""
        return [
            problem
            for problem in self.problems
            if problem.code != "value-absent" or not set(str(problem.values["missing"]).split(", ")) <= self.refused_answers
        ]

    # --------------------------------------------------------------------------------------------- applicability and weights

    def look_up(self) -> None:
        """Choose the rows of the look-ups; one without a row gives absent parameters."""
        if self.evaluator.looking_up is not None:
            for lookup, row in zip(self.plan.lookups, self.evaluator.looking_up.run(self.facts), strict=True):
                award = lookup.leaf.table.rows[row].award if row != NONE else None
                if isinstance(award, Choice):
                    self.facts.looked_up[lookup.id] = award.position

    def open(self) -> int:
        """Settle what is applicable; the position of the weight set in force, or −1 for the criteria's own weights."""
        said = self.record.not_applicable.criteria
        if said:
            self.facts.not_applicable.update(criterion.id for criterion in self.plan.criteria if criterion.id in said)
        self.members = self.evaluator.register.members(self.record, self.facts.not_applicable)
        if self.evaluator.opening is None:
            return NONE
        rows = self.evaluator.opening.run(self.facts)
        conditional = [criterion for criterion in self.plan.criteria if criterion.applies is not None]
        for criterion, row in zip(conditional, rows, strict=False):
            if row == NONE and criterion.id not in self.facts.not_applicable:
                self.undecided("applicability-undecided", criterion.applies, criterion.label)
            elif row != NONE and _chosen(criterion.applies, row) == 0:
                self.facts.not_applicable.add(criterion.id)
        if self.plan.weight_sets is None:
            return NONE
        if rows[-1] == NONE:
            self.undecided("weight-set-undecided", self.plan.weight_sets)
            return NONE
        return _chosen(self.plan.weight_sets, rows[-1])

    # -------------------------------------------------------------------------------------------------------------- criteria

    def criterion(self, runner: _Runner, weight: Exact, chosen: list[int]) -> CriterionResult:
        """Points of one criterion, from the rows chosen."""
        criterion, facts = runner.criterion, self.facts
        rows = chosen[runner.first : runner.last]
        if criterion.id in facts.not_applicable:
            given = 0 if criterion.role != "score" else treated(criterion.not_applicable, weight) or 0
            return self.finished(criterion, given, weight, "not_applicable")
        if weight == 0:
            return CriterionResult(criterion, 0, 0, "out_of_force")
        facts.weight = weight
        if runner.entries is not None:
            found, entries = runner.entries.score(self, self.members[criterion.id], weight)
            return self.settled(runner, found, weight, "entries", entries=entries)
        try:
            points, row, items = runner.scale.score(facts, rows, self.ratings.get(criterion.id, ()))
        except OutOfRange as error:
            self.problems.append(out_of_range(("assessments", "criteria", criterion.id), error))
            return CriterionResult(criterion, 0, weight, "absent")
        except UnknownLevel as error:
            self.problems.append(unknown_level(error, ("assessments", "criteria", criterion.id)))
            return CriterionResult(criterion, 0, weight, "absent")
        return self.settled(runner, points, weight, row, items=items)

    def settled(
        self,
        runner: _Runner,
        found: Exact | Absent,
        weight: Exact,
        row: str,
        *,
        entries: tuple[EntryResult, ...] = (),
        items: tuple[tuple[str, Exact], ...] = (),
    ) -> CriterionResult:
        """Apply `absent`, if that is what it came to."""
        criterion = runner.criterion
        if isinstance(found, Absent):
            row = "absent"
            points = treated(runner.scale.scale.absent, weight)
            if points is None:
                self.problems.append(absent_problem(criterion, found, self.record))
                return CriterionResult(criterion, 0, weight, row)
            found = points
        return self.finished(criterion, found, weight, row, entries, items)

    def finished(
        self,
        criterion: Criterion,
        points: Exact,
        weight: Exact,
        row: str,
        entries: tuple[EntryResult, ...] = (),
        items: tuple[tuple[str, Exact], ...] = (),
    ) -> CriterionResult:
        """Manual deduction, rounding, and the sign of a penalty."""
        deducted: Exact = 0
        if self.deductions and criterion.id in self.deductions:
            deducted = exact(self.deductions[criterion.id].points)
            points = max(0, points - deducted)
        if self.rounding is not None and type(points) is not int:
            points = self.rounding(points)
        if criterion.role == "penalty":
            points = -points
        return CriterionResult(criterion, points, weight, row, entries, items, deducted)

    def undecided(self, code: str, leaf: Leaf | None, label: Label | None = None, found: Absent | None = None) -> None:
        """Note a condition that is unknown."""
        if leaf is not None:
            self.problems.append(undecided(code, leaf, label, self.facts, self.evaluator.readers, found))

    # ------------------------------------------------------------------------------------------------- adjustments and grade

    def adjustments(self, rows: Sequence[int]) -> tuple[AdjustmentResult, ...]:
        """The adjustments that apply."""
        applied: list[AdjustmentResult] = []
        for adjustment, row, points in zip(self.plan.adjustments, rows, self.evaluator.adjustment_points, strict=True):
            if row == NONE:
                if adjustment.absent == "error":
                    self.undecided("adjustment-undecided", adjustment.leaf, adjustment.label)
                if adjustment.absent != "apply":
                    continue
            elif _chosen(adjustment.leaf, row) == 0:
                continue
            amount = None if points is None else points(self.facts)
            if isinstance(amount, Absent):
                self.undecided("adjustment-undecided", adjustment.leaf, adjustment.label, amount)
                continue
            applied.append(AdjustmentResult(adjustment, amount))
        return tuple(applied)

    def grade(self, totals: Totals, adjustments: tuple[AdjustmentResult, ...]) -> int:
        """The position of the grade, best 0."""
        on = totals.rounded if self.plan.grade_on == "rounded" else totals.unrounded
        self.facts.total = 0 if on is None else on
        (row,) = self.evaluator.grading.run(self.facts)
        lowest = len(self.plan.grade_labels) - 1
        award = self.plan.grades.table.rows[row].award if row != NONE else None
        if not isinstance(award, Choice):
            self.undecided("grade-undecided", self.plan.grades)
            return lowest
        position = award.position
        position += sum(one.adjustment.places for one in adjustments if one.adjustment.effect == "grade_down")
        for one in adjustments:
            if one.adjustment.effect == "grade_at_most":
                position = max(position, one.adjustment.places)
            elif one.adjustment.effect == "veto":
                position = lowest
        return min(position, lowest)

    # --------------------------------------------------------------------------------------------------------------- details

    def detail(self, result: CriterionResult, entry: str | None) -> Detail:
        """The award formula of a criterion (or of one of its entries) and the values read, worked out again for display."""
        runner = next(one for one in self.evaluator.runners if one.criterion.id == result.id)
        facts = copy(self.facts)
        if entry is not None and runner.entries is not None:
            return runner.entries.detail(facts, self.members[result.id], entry)
        return detail_of(runner.scale, result.row, facts, result.exact_weight)


def detail_of(scale: ScaleRunner, row: str, facts: Facts, weight: Exact) -> Detail:
    """The formula of `row` and what the slots of its table hold."""
    facts.weight = weight
    award = next((one.award for one in scale.scale.head.table.rows if one.id == row), None)
    values = {slot.name: value for slot, value in scale.values(facts)}
    return Detail(str(award) if isinstance(award, Points | Range) else None, values)


def _chosen(leaf: Leaf | None, row: int) -> int:
    award = leaf.table.rows[row].award if leaf is not None else None
    if not isinstance(award, Choice):
        raise AssertionError(leaf)
    return award.position
