"""The plan: a ruleset as a tree of decision tables, ready to run and to print.

Leaves are tables over slots (`Leaf`); a slot is one number worked out from the record. A criterion has a scale, which is one leaf, or a
leaf whose row leads on to the items of a checklist; or it has entries, with a scale for each kind of entry. Awards are formulas in
points, in which `weight` is the weight in force. Everything here is data: `str(plan)` shows all of it, the linter and prover read it,
`evaluate` runs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from indicator_rules.exact import Exact, to_text
from indicator_rules.expression import Call, Node, Ref
from indicator_rules.ruleset import MessagePart
from indicator_rules.spec import Applies, Citation, Completion, Source, Stages
from indicator_rules.spec_fields import Combine, Label
from indicator_rules.table import Guard, Row, Table, guards_text

EntryKind: TypeAlias = Literal["quantitative", "qualitative", "dated"]
Role: TypeAlias = Literal["score", "bonus", "penalty"]


@dataclass(frozen=True, slots=True)
class Slot:
    """A number that rows are matched on: a formula's value; a truth as 1 or 0, a text as its place in `codes` (from 1; 0 if
    it is none of them), a date as a day number."""

    name: str
    formula: Node
    codes: tuple[str, ...] = ()

    @property
    def is_flag(self) -> bool:
        """Whether it only says that something is absent or not applicable."""
        absent = isinstance(self.formula, Call) and self.formula.function == "absent"
        return absent or _reads(self, "not_applicable")

    @property
    def answer(self) -> str:
        """The input whose answer it is, if it is one, a number or a truth; else empty."""
        formula = self.formula
        if not isinstance(formula, Ref) or not _reads(self, "inputs") or formula.kind not in ("number", "truth"):
            return ""
        return formula.path.removeprefix("inputs.")

    def __str__(self) -> str:
        codes = f" [{', '.join(f'{n} {text}' for n, text in enumerate(self.codes, 1))}]" if self.codes else ""
        return f"{self.name}{codes}"


def _reads(slot: Slot, section: str) -> bool:
    """Whether a slot is a name of `section`."""
    return isinstance(slot.formula, Ref) and slot.formula.path.startswith(f"{section}.")


# ------------------------------------------------------------------------------------------------------------------ awards


@dataclass(frozen=True, slots=True)
class Points:
    """A formula that gives points."""

    formula: Node

    def __str__(self) -> str:
        return str(self.formula)


@dataclass(frozen=True, slots=True)
class Range:
    """Points that a person picks (`assessments`), between two formulas."""

    low: Node
    high: Node
    low_open: bool = False
    high_open: bool = False

    def __str__(self) -> str:
        return f"{'(' if self.low_open else '['}{self.low}, {self.high}{')' if self.high_open else ']'} as assessed"


@dataclass(frozen=True, slots=True)
class Treatment:
    """What is done instead of scoring: `error`, `full`, `zero`, `points`, `rescale` or `move_to`."""

    kind: Literal["error", "full", "zero", "points", "rescale", "move_to"]
    points: Exact = 0
    criterion: str = ""

    def __str__(self) -> str:
        return {"points": to_text(self.points), "move_to": f"weight to {self.criterion}"}.get(self.kind, self.kind)


@dataclass(frozen=True, slots=True)
class Descend:
    """Go on to the items or entries below."""

    def __str__(self) -> str:
        return "below"


@dataclass(frozen=True, slots=True)
class Choice:
    """The position of what was chosen: a weight set, a grade, or 1 and 0 for yes and no."""

    position: int
    text: str

    def __str__(self) -> str:
        return self.text


Award: TypeAlias = Points | Range | Treatment | Descend | Choice

# -------------------------------------------------------------------------------------------------------------------- tree


@dataclass(frozen=True, slots=True)
class Leaf:
    """A table and the slots that its rows read."""

    table: Table[Award]
    slots: tuple[Slot, ...]

    def row(self, name: str) -> Row[Award]:
        """The row called `name`."""
        return next(row for row in self.table.rows if row.id == name)

    def where_all_apply(self) -> Leaf:
        """The same table, rows in their places, for records in which no criterion is not applicable: nothing asks about that."""
        asking = {slot.name for slot in self.slots if _reads(slot, "not_applicable")}

        def others(guards: tuple[Guard, ...]) -> tuple[Guard, ...]:
            return tuple(guard for guard in guards if not any(bound.slot in asking for bound in guard))

        rows = tuple(
            replace(row, guards=others(row.guards), refuted=None if row.refuted is None else others(row.refuted))
            for row in self.table.rows
        )
        return Leaf(replace(self.table, rows=rows), tuple(slot for slot in self.slots if slot.name not in asking))


@dataclass(frozen=True, slots=True)
class Part:
    """An item of a checklist, or a part of a composite. `weight` is None for an item: the weight in force is that of the whole."""

    id: str
    label: Label
    scale: Scale
    weight: Node | None


@dataclass(frozen=True, slots=True)
class Scale:
    """How one thing is scored: a table, whose row may lead on to parts that are combined."""

    head: Leaf
    absent: Treatment
    parts: tuple[Part, ...] = ()
    combine: Combine = "sum"
    base: Node | None = None
    """What a checklist adds to: full marks, if unmet items are taken off."""
    levels: bool = False
    """Whether the rows are levels, told by their labels."""
    by_person: bool = False
    """Whether an assessment can matter: a range to pick from, or a level that a person gives."""
    labels: tuple[tuple[str, Label], ...] = ()
    """Row → its name, for rows that the ruleset names."""

    def label(self, row: str) -> Label | None:
        """The name that the ruleset gives a row."""
        return dict(self.labels).get(row)

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """Its table, then those of its parts, depth first."""
        return (self.head, *(leaf for part in self.parts for leaf in part.scale.leaves))


@dataclass(frozen=True, slots=True)
class Entries:
    """How the entries below some categories are scored and combined."""

    categories: tuple[str, ...]
    weights: Literal["record", "equal", "shared"]
    without_weights: Literal["equal", "error"]
    combine: Combine
    per_goal: bool
    absent: Treatment
    completion: Completion
    scales: tuple[tuple[EntryKind, Scale], ...]


@dataclass(frozen=True, slots=True)
class Weight:
    """分值: `default`, or the sum of the entries' weights if `from_record`."""

    default: Exact
    from_record: bool
    low: Exact | None
    high: Exact | None


@dataclass(frozen=True, slots=True)
class Criterion:
    """One scored line. `scale.head` decides first: not applicable, absent, or how it is scored."""

    id: str
    label: Label
    group: str | None
    role: Role
    weight: Weight
    scale: Scale
    entries: Entries | None
    applies: Leaf | None
    not_applicable: Treatment
    source: Citation | None
    text: str | None = None
    """评分标准原文."""


@dataclass(frozen=True, slots=True)
class Group:
    """一级/二级指标."""

    id: str
    label: Label
    parent: str | None
    weight: Exact | None
    combine: Combine
    rescale: bool


@dataclass(frozen=True, slots=True)
class Lookup:
    """参数表: `leaf` chooses a row (`Choice`), `values` has that row's parameters."""

    id: str
    leaf: Leaf
    values: tuple[tuple[tuple[str, Node], ...], ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """A named formula; worked out when first read."""

    id: str
    label: Label
    formula: Node


@dataclass(frozen=True, slots=True)
class Adjustment:
    """加减分与否决: `leaf` chooses `apply` or `skip`."""

    id: str
    label: Label
    leaf: Leaf
    effect: Literal["deduct", "bonus", "total_at_most", "total_at_least", "grade_at_most", "grade_down", "veto"]
    points: Node | None
    places: int
    """Position of the best grade allowed (`grade_at_most`), or places down (`grade_down`)."""
    absent: Literal["error", "skip", "apply"]
    source: Citation | None


@dataclass(frozen=True, slots=True)
class Finding:
    """提示: given when its condition is true; for the record, or for each entry."""

    id: str
    for_entries: bool
    when: Node
    message: dict[str, tuple[MessagePart, ...]]


@dataclass(frozen=True, slots=True)
class Question:
    """An input: what the record's `answers` have to hold."""

    id: str
    label: Label
    type: str
    choices: tuple[str, ...]
    of: str = ""
    """What a series holds."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that an evaluation needs of a ruleset."""

    family: str
    edition: str
    title: Label
    applies: Applies
    sources: tuple[tuple[str, Source], ...]
    full_score: Exact
    total_at_most: Exact | None
    rounding: Stages
    grade_on: Literal["rounded", "unrounded"]
    entry_weights_must_sum: bool
    completion: Completion
    questions: tuple[Question, ...]
    lookups: tuple[Lookup, ...]
    measures: tuple[Measure, ...]
    groups: tuple[Group, ...]
    criteria: tuple[Criterion, ...]
    weight_sets: Leaf | None
    weights: tuple[tuple[tuple[str, Exact], ...], ...]
    """For each weight set, criterion → weight."""
    adjustments: tuple[Adjustment, ...]
    grades: Leaf
    grade_labels: tuple[Label, ...]
    findings: tuple[Finding, ...]
    counted: tuple[str, ...] = ()
    """Paths of categories whose entries formulas count."""

    def source(self, name: str) -> str:
        """A document by its number, or its title."""
        source = dict(self.sources)[name]
        return source.document or source.title

    def __str__(self) -> str:
        return "\n".join(_lines(self)) + "\n"


# ---------------------------------------------------------------------------------------------------------------- printing


def _lines(plan: Plan) -> Iterator[str]:
    yield f"plan {plan.family}@{plan.edition} {plan.title}: {to_text(plan.full_score)} points"
    stages = [f"{name} {stage}" for name, stage in plan.rounding if stage is not None]
    yield f"rounding: {', '.join(stages) or 'none'}; grade on the {plan.grade_on} total"
    for lookup in plan.lookups:
        yield from _table(f"lookup {lookup.id}", lookup.leaf, "")
        for position, values in enumerate(lookup.values):
            yield f"  row {position + 1}: " + ", ".join(f"{name} {value}" for name, value in values)
    for measure in plan.measures:
        yield f"measure {measure.id} {measure.label} = {measure.formula}"
    if plan.weight_sets is not None:
        yield from _table("weights", plan.weight_sets, "")
        for position, weights in enumerate(plan.weights):
            yield f"  set {position + 1}: " + ", ".join(f"{name} {to_text(weight)}" for name, weight in weights)
    yield "total = sum of"
    yield from _group(plan, None, "  ")
    for adjustment in plan.adjustments:
        amount = adjustment.points if adjustment.points is not None else adjustment.places or ""
        title = f"adjustment {adjustment.id} {adjustment.label} = {adjustment.effect} {amount}".rstrip()
        yield from _table(f"{title}, unknown: {adjustment.absent}", adjustment.leaf, "")
    yield from _table("grade", plan.grades, "")
    for finding in plan.findings:
        yield f"finding {finding.id} {'for each entry ' if finding.for_entries else ''}when {finding.when}"


def _group(plan: Plan, group: str | None, indent: str) -> Iterator[str]:
    for child in plan.groups:
        if child.parent == group:
            weight = f", weight {to_text(child.weight)}" if child.weight is not None else ""
            rescale = ", rescaled" if child.rescale else ""
            yield f"{indent}{child.id} {child.label}{weight}{rescale} = {child.combine} of"
            yield from _group(plan, child.id, indent + "  ")
    for criterion in plan.criteria:
        if criterion.group == group:
            yield from _criterion(criterion, indent)


def _criterion(criterion: Criterion, indent: str) -> Iterator[str]:
    weight = to_text(criterion.weight.default) + (" or the record's" if criterion.weight.from_record else "")
    role = "" if criterion.role == "score" else f" {criterion.role}"
    title = f"{criterion.id} {criterion.label}, weight {weight}{role}"
    if criterion.applies is not None:
        yield from _table(f"{title}, applies", criterion.applies, indent)
    yield from _scale(title, criterion.scale, indent)
    entries = criterion.entries
    if entries is not None:
        split = f"equal{'' if entries.weights == 'equal' else ' if the record has none'}"
        weights = (
            split if entries.weights == "equal" else f"record's ({split if entries.without_weights == 'equal' else 'needed'})"
        )
        yield f"{indent}  {entries.combine} of entries {', '.join(entries.categories)}; weights {weights}; absent: {entries.absent}"
        for kind, scale in entries.scales:
            yield from _scale(kind, scale, indent + "  ")


def _scale(title: str, scale: Scale, indent: str) -> Iterator[str]:
    yield from _table(f"{title}; absent: {scale.absent}", scale.head, indent)
    if scale.parts:
        yield f"{indent}  {scale.combine} of" + (f" {scale.base} and" if scale.base is not None else "")
        for part in scale.parts:
            weight = f", weight {part.weight}" if part.weight is not None else ""
            if part.weight is None and not part.scale.parts:
                yield from _table(f"{part.id} {part.label}", part.scale.head, indent + "    ")
            else:
                yield from _scale(f"{part.id} {part.label}{weight}", part.scale, indent + "    ")


def _table(title: str, leaf: Leaf, indent: str) -> Iterator[str]:
    yield f"{indent}{title} = {leaf.table.policy}"
    for slot in leaf.slots:
        if slot.codes or slot.name != str(slot.formula):
            yield f"{indent}  where {slot} is {slot.formula}"
    for row in leaf.table.rows:
        refuted = f" (unless unknown: {guards_text(row.refuted)})" if row.refuted is not None else ""
        yield f"{indent}  {row.id}: {guards_text(row.guards)}{refuted} -> {row.award}"
