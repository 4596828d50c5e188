"""Coverage: which rows of a ruleset's tables some records hit, and on which of their boundaries these records stand.

In: `Rules`, then records, one by one, through `Observer.evaluate`. Out: the evaluations, unchanged, and a `Coverage`: every row and every boundary
of the plan, and those that the records covered. A row is covered when it was chosen and gave the result; a boundary (a cut of a number or
date) when one record stands exactly on it and another beside it, with no other cut between, while the rest of the guard holds and no
higher row wins. Not counted: the rows `not_applicable` and `absent`, those without a guard, those that only lead on to items or entries, and of a by-date
completion (1 or 0) the rows that it cannot come to, and its boundaries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeAlias

from indicator_rules.engine import Engine
from indicator_rules.errors import RecordError
from indicator_rules.evaluate import Evaluator
from indicator_rules.evaluation import CriterionResult, Evaluation
from indicator_rules.exact import Exact, to_text
from indicator_rules.explaining.explain import is_truth
from indicator_rules.expression import Call, Node, Ref
from indicator_rules.facts import Facts
from indicator_rules.plan import Descend, Leaf, Plan, Scale, Slot
from indicator_rules.record import EvaluationRecord
from indicator_rules.rules import Rules
from indicator_rules.slots import SlotsReader, slots_reader
from indicator_rules.stage import FIRST_ROWS, NONE, Prepare, Stage
from indicator_rules.table import Bound, Operator

Values: TypeAlias = Mapping[str, Exact | None]
"""Slot → what it holds in one record."""


class RowId(NamedTuple):
    """A row of a table; `table` is a key path."""

    table: str
    row: str

    def __str__(self) -> str:
        return f"{self.table}: {self.row}"


class Boundary(NamedTuple):
    """A cut of one slot of a table, in whichever of its rows."""

    table: str
    slot: str
    cut: Exact

    def __str__(self) -> str:
        return f"{self.table}: {self.slot} = {to_text(self.cut)}"


@dataclass(frozen=True, slots=True)
class Coverage:
    """Rows and boundaries of a ruleset, in its order, and which of them are covered."""

    rows: Mapping[RowId, bool]
    boundaries: Mapping[Boundary, bool]

    @property
    def uncovered_rows(self) -> tuple[RowId, ...]:
        return tuple(row for row, covered in self.rows.items() if not covered)

    @property
    def uncovered_boundaries(self) -> tuple[Boundary, ...]:
        return tuple(boundary for boundary, covered in self.boundaries.items() if not covered)

    @property
    def percent(self) -> tuple[int, int]:
        """Rows and boundaries covered, in whole percent, rounded down: 100 is all of them."""
        return _percent(self.rows.values()), _percent(self.boundaries.values())


class Observer:
    """Scores records with `rules` and notes what each of them covers. Not for several threads."""

    def __init__(self, rules: Rules) -> None:
        plain = rules.evaluator
        self.rules, self.plan = rules, rules.plan
        self._evaluator = _Evaluator(rules.plan, plain.engine, plain.provenance)
        self.hit: set[RowId] = set()
        self.stood: defaultdict[Boundary, set[Exact]] = defaultdict(set)

    def evaluate(self, record: EvaluationRecord) -> Evaluation:
        """As `Rules.evaluate`. A record that is refused stands on boundaries, but no row gave its result. Raises `RecordError`."""
        for stage in self._evaluator.stages:
            stage.runs.clear()
        try:
            result = self._evaluator.evaluate(record)
        except RecordError:
            for run in (run for stage in self._evaluator.stages for runs in stage.runs for run in runs):
                self._stand(*run)
            raise
        for leaf, row, values in _runs(self._evaluator, result):
            self._stand(leaf, row, values)
            if row != NONE:
                self.hit.add(RowId(leaf.table.id, leaf.table.rows[row].id))
        return result

    def forget(self) -> None:
        """Begin anew."""
        self.hit.clear()
        self.stood.clear()

    def is_covered(self, boundary: Boundary, stood: set[Exact]) -> bool:
        """Whether values that stand on `stood` cover a boundary."""
        leaf = next(leaf for leaf, _ in leaves(self.plan) if leaf.table.id == boundary.table)
        cuts = next(found for slot, found in _cuts(leaf).items() if slot.name == boundary.slot)
        return _is_covered(boundary.cut, cuts[boundary.cut], stood, cuts)

    def coverage(self) -> Coverage:
        """What the records so far cover."""
        rows: dict[RowId, bool] = {}
        boundaries: dict[Boundary, bool] = {}
        for leaf, dated in leaves(self.plan):
            cuts = _cuts(leaf)
            for row in leaf.table.rows:
                if row.id in FIRST_ROWS or not row.guards or isinstance(row.award, Descend):
                    continue
                if not dated or row.id in _dated_rows(leaf):
                    rows[RowId(leaf.table.id, row.id)] = RowId(leaf.table.id, row.id) in self.hit
                if leaf.table.policy == "FIRST" and row.guards == ((),) and row.refuted is None:
                    break  # rows below one that always holds
            for slot, found in cuts.items():
                if dated and _is_completion(slot.formula):
                    continue
                for cut, operators in sorted(found.items()):
                    boundary = Boundary(leaf.table.id, slot.name, cut)
                    boundaries[boundary] = _is_covered(cut, operators, self.stood[boundary], found)
        return Coverage(rows, boundaries)

    def _stand(self, leaf: Leaf, chosen: int, values: Values) -> None:
        """Note on which boundaries of a table the values stand that were put to it."""
        table = leaf.table
        rows = table.rows
        if chosen != NONE and rows[chosen].id in FIRST_ROWS:
            return
        reads = {slot.name: _reads(slot) for slot in leaf.slots}
        ends = {slot.name for slot in _numbers(leaf)}
        last = len(rows) if chosen == NONE or table.policy == "UNIQUE" else chosen
        winner = set() if chosen == NONE else {path for guard in rows[chosen].guards for one in guard for path in reads[one.slot]}
        for place, row in enumerate(rows):
            for guard in row.guards:
                for bound in guard:
                    value = values[bound.slot]
                    if bound.slot not in ends or value is None or not _rest_holds(guard, bound.slot, values):
                        continue
                    # A higher row that wins over something else hides this one.
                    if place <= last or winner & reads[bound.slot]:
                        self.stood[Boundary(table.id, bound.slot, bound.cut)].add(value)


# -------------------------------------------------------------------------------------------------------------- observing


class _Stage(Stage):
    """A stage that keeps what it chose and what it was asked."""

    def __init__(self, leaves: Sequence[Leaf], prepare: Prepare, read: Callable[[Sequence[Slot]], SlotsReader]) -> None:
        super().__init__(leaves, prepare, read)
        self._slots = [([slot.name for slot in leaf.slots], read(leaf.slots)) for leaf in leaves]
        self.runs: list[list[tuple[Leaf, int, Values]]] = []

    def run(self, facts: Facts) -> list[int]:
        chosen = super().run(facts)
        values = [dict(zip(names, read(facts), strict=True)) for names, read in self._slots]
        self.runs.append(list(zip(self.leaves, chosen, values, strict=True)))
        return chosen


class _Evaluator(Evaluator):
    """An evaluator of stages that can be read afterwards."""

    def __init__(self, plan: Plan, engine: Engine, provenance: Callable[[], Mapping[str, str]]) -> None:
        self.stages: list[_Stage] = []
        super().__init__(plan, engine, provenance)

    def stage(self, leaves: Sequence[Leaf]) -> Stage:
        made = _Stage(leaves, self.prepare, partial(slots_reader, self.readers))
        self.stages.append(made)
        return made


_Run: TypeAlias = tuple[Leaf, int, Values]


def _runs(evaluator: _Evaluator, result: Evaluation) -> Iterator[_Run]:
    """Every table that had a say in `result`, with the row chosen."""
    for stage in (evaluator.looking_up, evaluator.opening, evaluator.grading):
        if isinstance(stage, _Stage):
            yield from (run for runs in stage.runs for run in runs)
    ran = [stage for stage in (evaluator.where_all_apply, evaluator.where_some_do_not) if isinstance(stage, _Stage)]
    (main,) = (runs for stage in ran for runs in stage.runs)
    yield from main[evaluator.adjustments_from :]
    for runner, found in zip(evaluator.runners, result.criteria, strict=True):
        if found.row not in ("not_applicable", "out_of_force"):
            yield from _counted(runner.criterion.scale, main[runner.first : runner.last], found.row)
        if runner.entries is not None:
            yield from _entries(runner.entries.kinds, found)


def _entries(kinds: Mapping[str, tuple[object, Stage]], found: CriterionResult) -> Iterator[_Run]:
    """The tables of the entries: those of one kind ran in the order of the results."""
    for kind, (_, stage) in kinds.items():
        scales = dict(found.criterion.entries.scales) if found.criterion.entries is not None else {}
        rows = [entry.row for entry in found.entries if entry.kind == kind]
        if isinstance(stage, _Stage) and len(rows) == len(stage.runs):
            for runs, row in zip(stage.runs, rows, strict=True):
                yield from _counted(scales[kind], runs, row)  # type: ignore[index]  # `kinds` has the same keys


def _counted(scale: Scale, runs: Sequence[_Run], row: str | None) -> Iterator[_Run]:
    """The table of a scale, and those of its parts if it led on to them. `row` is the one that gave the result; None where it is not told."""
    leaf, chosen, _ = runs[0]
    if chosen == NONE or (row is not None and leaf.table.rows[chosen].id != row):
        return
    yield runs[0]
    if leaf.table.rows[chosen].id in FIRST_ROWS:
        return
    place = 1
    for part in scale.parts:
        size = len(part.scale.leaves)
        yield from _counted(part.scale, runs[place : place + size], None)
        place += size


# ---------------------------------------------------------------------------------------------------- what there is to cover


def leaves(plan: Plan) -> Iterator[tuple[Leaf, bool]]:
    """Every table of a plan, and whether it is over by-date entries."""
    yield from ((lookup.leaf, False) for lookup in plan.lookups)
    yield from ((criterion.applies, False) for criterion in plan.criteria if criterion.applies is not None)
    if plan.weight_sets is not None:
        yield plan.weight_sets, False
    for criterion in plan.criteria:
        yield from ((leaf, False) for leaf in criterion.scale.leaves)
        for kind, scale in criterion.entries.scales if criterion.entries is not None else ():
            yield from ((leaf, kind == "dated") for leaf in scale.leaves)
    yield from ((adjustment.leaf, False) for adjustment in plan.adjustments)
    yield plan.grades, False


def _numbers(leaf: Leaf) -> tuple[Slot, ...]:
    """The slots that hold numbers or dates: those with boundaries."""
    return tuple(slot for slot in leaf.slots if not (slot.is_flag or slot.codes or is_truth(slot.formula)))


def _cuts(leaf: Leaf) -> dict[Slot, dict[Exact, set[Operator]]]:
    """For each slot with boundaries, its cuts and how they are asked about."""
    found: dict[Slot, dict[Exact, set[Operator]]] = {slot: {} for slot in _numbers(leaf)}
    slots = {slot.name: slot for slot in found}
    for row in leaf.table.rows:
        for bound in (bound for guard in row.guards for bound in guard):
            if bound.slot in slots:
                found[slots[bound.slot]].setdefault(bound.cut, set()).add(bound.operator)
    return found


def _is_covered(cut: Exact, operators: set[Operator], stood: set[Exact], cuts: Mapping[Exact, set[Operator]]) -> bool:
    """Whether values stand on `cut` and, on the side where the answer is another, beside it."""
    below = max((one for one in cuts if one < cut), default=None)
    above = min((one for one in cuts if one > cut), default=None)
    # The next cut itself is still beside this one if its own answer changes only beyond it.
    lowest = below is not None and not cuts[below] & {">", "<="}
    highest = above is not None and not cuts[above] & {">=", "<"}
    under = any(value < cut and (below is None or value > below or (lowest and value == below)) for value in stood)
    over = any(value > cut and (above is None or value < above or (highest and value == above)) for value in stood)
    if cut not in stood or ("=" in operators and not (under or over)):
        return False
    return (under or not operators & {">=", "<"}) and (over or not operators & {">", "<="})


_HOLDS: dict[Operator, Callable[[Exact, Exact], bool]] = {
    ">=": lambda value, cut: value >= cut,
    ">": lambda value, cut: value > cut,
    "<=": lambda value, cut: value <= cut,
    "<": lambda value, cut: value < cut,
    "=": lambda value, cut: value == cut,
}


def _rest_holds(guard: Sequence[Bound], slot: str, values: Values) -> bool:
    """Whether what a guard asks of the other slots holds, so that this one decides."""
    for bound in guard:
        value = values[bound.slot]
        if bound.slot != slot and (value is None or not _HOLDS[bound.operator](value, bound.cut)):
            return False
    return True


def _is_completion(formula: Node) -> bool:
    if isinstance(formula, Call) and formula.function == "rounded":
        return _is_completion(formula.arguments[0])
    return isinstance(formula, Ref) and formula.path == "entry.completion"


def _dated_rows(leaf: Leaf) -> set[str]:
    """The rows that a completion of 1 or of 0 can come to."""
    completion = {slot.name for slot in leaf.slots if _is_completion(slot.formula)}
    found = set()
    for value in (0, 1):
        for row in leaf.table.rows:
            fits = [
                guard
                for guard in row.guards
                if all(bound.slot not in completion or _HOLDS[bound.operator](value, bound.cut) for bound in guard)
            ]
            if fits:
                found.add(row.id)
            if leaf.table.policy == "FIRST" and any(guard and {bound.slot for bound in guard} <= completion for guard in fits):
                break
    return found


def _reads(slot: Slot) -> frozenset[str]:
    """The key paths that a slot's formula names."""
    return frozenset(part.path for part in slot.formula.walk() if isinstance(part, Ref))


def _percent(covered: Collection[bool]) -> int:
    return 100 * sum(covered) // len(covered) if covered else 100
