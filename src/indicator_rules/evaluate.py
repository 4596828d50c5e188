"""Evaluate: plan and record → `Evaluation`. The order is that of docs/semantics.md.

    look-ups                    (a stage, if the ruleset has any)
    applicability, weight set   (a stage, if the ruleset has any)
    entries                     (a stage for each kind of entry, run for each entry)
    criteria and adjustments    (one stage; a shorter one where everything is applicable)
    total, then grade           (a stage)

Python works out measures, awards, sums and rounding between the stages; every choice of row, effect and grade is one that the engine hit.
In: a record that was read. Out: the evaluation, or `RecordError` with every problem at once (something needed is absent, an assessment is out
of its range). An `Evaluator` is made once for a plan; it holds no state of a record and is safe from many threads. A `Run` is one record
on its way; it raises nothing and can be looked into, whatever is wrong with the record.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from functools import cache, partial

from indicator_rules.answers import read_answers
from indicator_rules.completion import EntryFacts, Settings, agreed_level
from indicator_rules.criteria import CriterionRunner
from indicator_rules.derivation import Derivation
from indicator_rules.engine import Engine
from indicator_rules.entries import Members, Register
from indicator_rules.errors import Problem, RecordError, path_text
from indicator_rules.evaluation import AdjustmentResult, CriterionResult, Detail, Evaluation, Finding, GroupResult
from indicator_rules.exact import Exact
from indicator_rules.facts import Facts
from indicator_rules.findings import findings
from indicator_rules.measure import Readers, reading
from indicator_rules.plan import Choice, Leaf, Plan, Points, Range
from indicator_rules.record import EvaluationRecord
from indicator_rules.refusals import undecided, unknown_answers
from indicator_rules.score import ScaleRunner
from indicator_rules.slots import slots_reader
from indicator_rules.spec_fields import Label
from indicator_rules.stage import NONE, Stage
from indicator_rules.total import Adder, Totals, Weights
from indicator_rules.value import Absent

__all__ = ["Evaluator", "Run"]


class Evaluator:
    """A plan made ready to score records with one engine."""

    def __init__(self, plan: Plan, engine: Engine, provenance: Callable[[], Mapping[str, str]]) -> None:
        self.plan, self.engine, self.provenance = plan, engine, provenance
        self.prepare = cache(engine.prepare)
        """Equal rules share a matcher: entries of many criteria are scored alike, and one is faster than many."""
        self.readers = Readers({one.id: one.formula for one in plan.measures}, plan.lookups, plan.rounding.measure)
        self.settings = Settings.of(plan.completion)
        self.runners: list[CriterionRunner] = []
        for criterion in plan.criteria:
            first = self.runners[-1].last if self.runners else 0
            self.runners.append(CriterionRunner(criterion, plan, self.readers, self.stage, first))
        applies = [criterion.applies for criterion in plan.criteria if criterion.applies is not None]
        opening = [*applies, *([plan.weight_sets] if plan.weight_sets is not None else [])]
        self.looking_up = self.stage([lookup.leaf for lookup in plan.lookups]) if plan.lookups else None
        self.opening = self.stage(opening) if opening else None
        leaves = [leaf for runner in self.runners for leaf in runner.scale.leaves]
        self.adjustments_from = len(leaves)
        self._leaves = [*leaves, *(adjustment.leaf for adjustment in plan.adjustments)]
        self.where_all_apply = self.stage([leaf.where_all_apply() for leaf in self._leaves])
        self.where_some_do_not: Stage | None = None
        """Made when a record first needs it."""
        self.grading = self.stage([plan.grades])
        self.weights, self.adder = Weights(plan), Adder(plan)
        self.register = Register(plan.criteria)
        self.adjustment_points = [
            None if adjustment.points is None else self.readers.number(adjustment.points) for adjustment in plan.adjustments
        ]

    def stage(self, leaves: Sequence[Leaf]) -> Stage:
        return Stage(leaves, self.prepare, partial(slots_reader, self.readers))

    def main(self, not_applicable: Collection[str]) -> Stage:
        """The tables of criteria and adjustments. Most records leave nothing out: theirs do not ask about it."""
        if not not_applicable:
            return self.where_all_apply
        if self.where_some_do_not is None:  # two threads may both make it, and either will do
            self.where_some_do_not = self.stage(self._leaves)
        return self.where_some_do_not

    def entries_of(self, record: EvaluationRecord) -> tuple[EntryFacts, ...]:
        """Every entry of `record`, with the ruleset's own settings."""
        year, ratings = record.subject.year, record.assessments.indicators
        return tuple(
            EntryFacts(indicator, year, self.settings, ratings.get(indicator.id, ()), self.plan.rounding.measure)
            for indicator in record.indicators
        )

    def evaluate(self, record: EvaluationRecord) -> Evaluation:
        """Score `record`. Raises `RecordError`."""
        run = Run(self, record)
        evaluation = run.evaluation()
        if run.refused or run.answers_refused:
            raise RecordError(run.told_once())
        return evaluation


class Run:
    """One record, scored criterion by criterion as far as it can be; `evaluation` adds up. What cannot be scored counts as 0."""

    def __init__(self, evaluator: Evaluator, record: EvaluationRecord) -> None:
        self.evaluator, self.plan, self.record = evaluator, evaluator.plan, record
        inputs, self.answers_refused = read_answers(self.plan.questions, record)
        self.refused: list[tuple[str | None, Problem]] = []
        """Every other problem, with the criterion that it keeps from being scored (None: none, or one whose applicability is unknown)."""
        self.failed: set[str] = set()
        """Criteria that could not be scored."""
        # Read once: a field of a record takes several times as long to read as one of ours.
        assessments, deductions = record.assessments, record.deductions
        self.year = record.subject.year
        self.ratings, self.entry_ratings = assessments.criteria, assessments.indicators
        self.deductions, self.entry_deductions = deductions.criteria, deductions.indicators
        self.facts = Facts(record, inputs, evaluator.entries_of)
        self.split_equally: set[str] = set()
        for criterion, ratings in self.ratings.items():
            level = agreed_level(ratings)
            if level:
                self.facts.assessed_levels[criterion] = level
        if evaluator.looking_up is not None:
            self.look_up(evaluator.looking_up)
        self.members: Mapping[str, Members] = self.find_members()
        self.chosen_set = NONE if evaluator.opening is None else self.open(evaluator.opening)
        weights = evaluator.weights.in_force(self.facts.not_applicable, self.chosen_set, self.members)
        self.chosen = tuple(evaluator.main(self.facts.not_applicable).run(self.facts))
        """The row of each table of criteria and adjustments."""
        self.results = tuple([runner.score(self, weights[runner.id], self.chosen) for runner in evaluator.runners])
        self.adjustments = self.adjust() if self.plan.adjustments else ()

    def evaluation(self, results: tuple[CriterionResult, ...] | None = None, total: Exact | None = None) -> Evaluation:
        """What the results come to; or what others in their place would, or with another total in place of theirs."""
        results = self.results if results is None else results
        totals = Totals.of(self.plan, self.record, self.evaluator.adder.total(results), self.adjustments)
        on = totals.rounded if self.plan.grade_on == "rounded" else totals.unrounded
        return Evaluation(
            self.plan,
            self.record,
            self.evaluator.engine.name,
            results,
            self.adjustments,
            totals.rounded,
            totals.unrounded,
            None if on is None else self.grade(on if total is None else total),
            self,
        )

    def refuse(self, problem: Problem, criterion: str) -> None:
        """Note what keeps a criterion from being scored."""
        self.refused.append((criterion, problem))
        self.failed.add(criterion)

    def undecided(self, code: str, leaf: Leaf, label: Label | None = None, found: Absent | None = None) -> None:
        """Note a condition that is unknown."""
        self.refused.append((None, undecided(code, leaf, label, self.facts, self.evaluator.readers, found)))

    def told_once(self) -> list[Problem]:
        """Every problem, less those that only say that an answer is absent which was refused."""
        refused = {path_text(problem.where.path[:2]) for problem in self.answers_refused}
        told = [
            problem
            for problem in (*self.answers_refused, *(problem for _, problem in self.refused))
            if problem.code != "value-absent" or not set(str(problem.values["missing"]).split(", ")) <= refused
        ]
        return told + unknown_answers(told, self.plan.questions, self.record)

    # --------------------------------------------------------------------------------------------- applicability and weights

    def look_up(self, stage: Stage) -> None:
        """Choose the rows of the look-ups; one without a row gives absent parameters."""
        for lookup, row in zip(self.plan.lookups, stage.run(self.facts), strict=True):
            award = lookup.leaf.table.rows[row].award if row != NONE else None
            if isinstance(award, Choice):
                self.facts.looked_up[lookup.id] = award.position

    def find_members(self) -> Mapping[str, Members]:
        """The entries of each criterion; what the record says is not applicable is noted."""
        said = self.record.not_applicable.criteria
        if said:
            self.facts.not_applicable.update(criterion.id for criterion in self.plan.criteria if criterion.id in said)
        return self.evaluator.register.members(self.record, self.facts.not_applicable)

    def open(self, stage: Stage) -> int:
        """Settle what is applicable; the position of the weight set in force, or −1 for the criteria's own weights."""
        rows = stage.run(self.facts)
        conditional = [criterion for criterion in self.plan.criteria if criterion.applies is not None]
        for criterion, row in zip(conditional, rows, strict=False):
            if criterion.applies is None:
                raise AssertionError(criterion.id)
            if row == NONE and criterion.id not in self.facts.not_applicable:
                self.undecided("applicability-undecided", criterion.applies, criterion.label)
                self.failed.add(criterion.id)
            elif row != NONE and _chosen(criterion.applies, row) == 0:
                self.facts.not_applicable.add(criterion.id)
        if self.plan.weight_sets is None:
            return NONE
        if rows[-1] == NONE:
            self.undecided("weight-set-undecided", self.plan.weight_sets)
            self.failed |= {criterion.id for criterion in self.plan.criteria}
            return NONE
        return _chosen(self.plan.weight_sets, rows[-1])

    # ------------------------------------------------------------------------------------------------- adjustments and grade

    def adjust(self) -> tuple[AdjustmentResult, ...]:
        """The adjustments that apply."""
        applied: list[AdjustmentResult] = []
        rows = self.chosen[self.evaluator.adjustments_from :]
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

    def grade(self, total: Exact) -> int | None:
        """The position of the grade of `total`, best 0; None where what grades are read from is absent."""
        self.facts.total = total
        (row,) = self.evaluator.grading.run(self.facts)
        award = self.plan.grades.table.rows[row].award if row != NONE else None
        if not isinstance(award, Choice):
            self.undecided("grade-undecided", self.plan.grades)
            return None
        position, lowest = award.position, len(self.plan.grade_labels) - 1
        for one in self.adjustments:
            if one.adjustment.effect == "grade_down":
                position += one.adjustment.places
        for one in self.adjustments:
            if one.adjustment.effect == "grade_at_most":
                position = max(position, one.adjustment.places)
            elif one.adjustment.effect == "veto":
                position = lowest
        return min(position, lowest)

    # ------------------------------------------------------------------------------------------------------------- on demand

    def groups(self, results: Sequence[CriterionResult]) -> tuple[GroupResult, ...]:
        """The subtotals of `results`."""
        return self.evaluator.adder.groups(results)

    def findings(self, results: Sequence[CriterionResult]) -> tuple[Finding, ...]:
        """What a reviewer should be told."""
        facts, readers, whole = copy(self.facts), self.evaluator.readers, self.evaluator.adder.total(results).weight
        return findings(self.plan, readers, facts, results, self.members, self.chosen_set, whole, self.split_equally)

    @property
    def provenance(self) -> Callable[[], Mapping[str, str]]:
        """Ruleset digest and the like, made on demand."""
        return self.evaluator.provenance

    def detail(self, result: CriterionResult, entry: str | None) -> Detail:
        """The award formula of a criterion (or of one of its entries) and the values read, worked out again for display."""
        runner = next(one for one in self.evaluator.runners if one.id == result.id)
        facts = copy(self.facts)
        if entry is not None and runner.entries is not None:
            weight = next((one.exact_weight for one in result.entries if one.id == entry), 0)
            return runner.entries.detail(facts, self.members[result.id], entry, weight)
        return detail_of(runner.scale, result.row, facts, result.exact_weight)

    def explain(self, evaluation: Evaluation, criterion: str | None) -> Derivation:
        """Every step to the points of a criterion, or to total and grade."""
        from indicator_rules.explaining.derive import derive

        return derive(evaluation, criterion)

    def html(self, evaluation: Evaluation) -> str:
        """The evaluation as a table for a notebook."""
        from indicator_rules.explaining.notebook import evaluation_html

        return evaluation_html(evaluation)


def detail_of(scale: ScaleRunner, row: str, facts: Facts, weight: Exact) -> Detail:
    """The formula of `row` and what the slots of its table hold."""
    facts.weight = weight
    award = next((one.award for one in scale.scale.head.table.rows if one.id == row), None)
    values = {slot.name: value for slot, value in scale.values(facts)}
    return Detail(str(award) if isinstance(award, Points | Range) else None, values, reading(scale.readers, facts))


def _chosen(leaf: Leaf, row: int) -> int:
    award = leaf.table.rows[row].award
    if not isinstance(award, Choice):
        raise AssertionError(leaf)
    return award.position
