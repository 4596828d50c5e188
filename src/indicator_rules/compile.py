"""Compile: `Ruleset` → `Plan`. Each scale is sugar, and here it is spelt out as decision tables (docs/semantics.md, sections 2 to 10).

In: a linked ruleset without errors. Out: the plan, and problems of one kind only: a condition too complex for the rows of a table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from indicator_rules import spec as written
from indicator_rules import spec_scales
from indicator_rules.condition import Slots, TooComplex, certain, constant, guards
from indicator_rules.errors import KeyPath, Problem, Where
from indicator_rules.exact import exact
from indicator_rules.expression import Aggregate, Call, Node, Ref
from indicator_rules.lower import COMPLETION, head_rows, lower, treatment
from indicator_rules.plan import (
    Adjustment,
    Award,
    Choice,
    Criterion,
    Descend,
    Entries,
    Finding,
    Group,
    Leaf,
    Lookup,
    Measure,
    Plan,
    Question,
    Scale,
    Treatment,
    Weight,
)
from indicator_rules.record_fields import CATEGORIES
from indicator_rules.ruleset import Ruleset
from indicator_rules.spec_fields import Model
from indicator_rules.table import MOST_GUARDS, MOST_TERMS, Bound, Guard, HitPolicy, Row, Table

__all__ = ["compile_ruleset"]


def compile_ruleset(ruleset: Ruleset, file: str = "") -> tuple[Plan, list[Problem]]:
    """The plan of `ruleset`, and the conditions in it that no table can hold."""
    compiler = _Compiler(ruleset, file)
    return compiler.plan(), compiler.problems


@dataclass(slots=True)
class _Compiler:
    ruleset: Ruleset
    file: str
    problems: list[Problem] = field(default_factory=list)

    def too_complex(self, path: KeyPath) -> None:
        values = {"guards": MOST_GUARDS, "terms": MOST_TERMS}
        self.problems.append(Problem("condition-too-complex", Where(self.file, path), values))

    def plan(self) -> Plan:
        spec, header = self.ruleset.spec, self.ruleset.spec.ruleset
        return Plan(
            family=header.family,
            edition=header.edition,
            title=header.title,
            applies=header.applies,
            sources=tuple(spec.sources.items()),
            full_score=exact(header.full_score),
            total_at_most=None if header.total_at_most is None else exact(header.total_at_most),
            rounding=header.rounding,
            grade_on=header.grade_on,
            entry_weights_must_sum=header.entry_weights_must_sum,
            completion=spec.completion,
            questions=tuple(
                Question(name, asked.label, asked.type, asked.choices, asked.of or "") for name, asked in spec.inputs.items()
            ),
            measures=tuple(
                Measure(name, spec.measures[name].label, self.ruleset.node("measures", name, "value"))
                for name in self.ruleset.measures
            ),
            groups=tuple(
                Group(
                    name,
                    group.label,
                    group.parent,
                    None if group.weight is None else exact(group.weight),
                    group.combine,
                    group.rescale,
                )
                for name, group in spec.groups.items()
            ),
            lookups=tuple(self.lookup(name, lookup) for name, lookup in spec.lookups.items()),
            criteria=tuple(self.criterion(name, criterion) for name, criterion in spec.criteria.items()),
            weight_sets=self.weight_sets(),
            weights=tuple(
                tuple((name, exact(weight)) for name, weight in weights.weights.items()) for weights in spec.weight_sets.values()
            ),
            adjustments=tuple(self.adjustment(name, one) for name, one in spec.adjustments.items()),
            grades=self.grades(),
            grade_labels=tuple(grade.label for grade in spec.grades),
            findings=tuple(self.finding(name, one) for name, one in spec.findings.items()),
            counted=self.counted(),
        )

    def counted(self) -> tuple[str, ...]:
        """Categories of entries that formulas count, those of findings aside; without a category, all."""
        found: set[str] = set()
        for path, formula in self.ruleset.formulas.items():
            if path[0] != "findings":
                found.update(*(part.categories or CATEGORIES for part in formula.node.walk() if isinstance(part, Aggregate)))
        return tuple(sorted(found))

    # -------------------------------------------------------------------------------------------------------------- criteria

    def criterion(self, name: str, criterion: written.Criterion) -> Criterion:
        path: KeyPath = ("criteria", name)
        not_applicable = treatment(criterion.not_applicable)
        absent = treatment(criterion.absent)
        slots = Slots()
        first = head_rows(name, not_applicable, slots)
        if criterion.indicators is None:
            scale = self.scale(
                (*path, "scale"), absent, role=criterion.role, measure=self.measure_of(path), first=first, slots=slots
            )
            entries = None
        else:
            below: Row[Award] = Row("entries", ((),), Descend())
            scale = Scale(Leaf(Table(".".join(map(str, path)), "FIRST", (*first, below)), slots.all()), absent)
            entries = self.entries(path, criterion)
        weight = criterion.weight
        bounds = [None if end is None else exact(end) for end in (weight.min, weight.max)]
        return Criterion(
            id=name,
            label=criterion.label,
            group=criterion.group,
            role=criterion.role,
            weight=Weight(exact(weight.default), weight.from_record, bounds[0], bounds[1]),
            scale=scale,
            entries=entries,
            applies=None if criterion.applies_when is None else self.yes_or_no((*path, "applies_when")),
            not_applicable=not_applicable,
            source=criterion.source,
            text=criterion.text,
        )

    def measure_of(self, path: KeyPath) -> Node | None:
        formula = self.ruleset.formulas.get((*path, "measure"))
        return formula.node if formula else None

    def scale(
        self,
        path: KeyPath,
        absent: Treatment,
        *,
        role: str = "score",
        measure: Node | None,
        first: tuple[Row[Award], ...] = (),
        slots: Slots | None = None,
    ) -> Scale:
        try:
            return lower(self.ruleset, path, absent, role=role, measure=measure, first=first, slots=slots or Slots())
        except TooComplex as error:
            self.too_complex(_written_at(self.ruleset.spec, error.args or path))
            return Scale(Leaf(Table(".".join(map(str, path)), "FIRST", first), ()), absent)

    def entries(self, path: KeyPath, criterion: written.Criterion) -> Entries:
        indicators = criterion.indicators or ()
        absent = treatment(criterion.entry_absent)
        return Entries(
            categories=(indicators,) if isinstance(indicators, str) else indicators,
            weights=criterion.entry_weights,
            without_weights=criterion.without_weights,
            combine=criterion.combine,
            per_goal=criterion.per == "goal",
            absent=absent,
            completion=criterion.completion or self.ruleset.spec.completion,
            scales=tuple(
                (kind, self.scale((*path, "entries", kind), absent, role=criterion.role, measure=COMPLETION))
                for kind in ("quantitative", "qualitative", "dated")
                if getattr(criterion.entries, kind, None) is not None
            ),
        )

    # ------------------------------------------------------------------------------------------------------ everything else

    def yes_or_no(self, path: KeyPath, yes: str = "yes", no: str = "no") -> Leaf:
        """A table of two rows; no row hit means that the condition is unknown."""
        slots = Slots()
        node = self.ruleset.node(*path)
        rows: tuple[Row[Award], ...] = ()
        try:
            rows = (
                Row(yes, guards(node, slots), Choice(1, yes)),
                Row(no, guards(node, slots, holds=False), Choice(0, no)),
            )
        except TooComplex:
            self.too_complex(path)
        return Leaf(Table(".".join(map(str, path)), "UNIQUE", rows), slots.all())

    def weight_sets(self) -> Leaf | None:
        if not self.ruleset.spec.weight_sets:
            return None
        slots = Slots()
        rows: list[Row[Award]] = []
        for position, (name, weights) in enumerate(self.ruleset.spec.weight_sets.items()):
            award = Choice(position, weights.label.zh)
            if weights.when is None:
                rows.append(Row(name, ((),), award))
                continue
            node = self.ruleset.node("weight_sets", name, "when")
            try:
                refuted = None if certain(node) else guards(node, slots, holds=False)
                rows.append(Row(name, guards(node, slots), award, refuted))
            except TooComplex:
                self.too_complex(("weight_sets", name, "when"))
        rows.append(Row("own", ((),), Choice(-1, "own")))
        return Leaf(Table("weight_sets", "FIRST", tuple(rows)), slots.all())

    def lookup(self, name: str, lookup: written.Lookup) -> Lookup:
        """The first row that fits; `by` is a text or a number."""
        path: KeyPath = ("lookups", name)
        slots, by = Slots(), self.ruleset.node(*path, "by")
        rows: list[Row[Award]] = []
        flag = slots.slot(Call("absent", (by,)), "absent")
        rows.append(Row("absent", ((Bound(flag, "=", 1),),), Treatment("error")))
        values: list[tuple[tuple[str, Node], ...]] = []
        for place, row in enumerate(lookup.rows):
            inside: KeyPath = (*path, "rows", place)
            found: tuple[Guard, ...] = ((),)
            if row.is_:
                slot = slots.slot(by, "by")
                found = tuple((Bound(slot, "=", slots.code(slot, text)),) for text in row.is_)
            elif row.at_least is not None or row.above is not None:
                key = "at_least" if row.at_least is not None else "above"
                found = (
                    (
                        Bound(
                            slots.slot(by, "by"),
                            ">=" if key == "at_least" else ">",
                            constant(self.ruleset.node(*inside, key)) or 0,
                        ),
                    ),
                )
            rows.append(Row(f"row_{place + 1}", found, Choice(place, ", ".join(row.is_))))
            values.append(tuple((value, self.ruleset.node(*inside, "values", value)) for value in row.values))
        leaf = Leaf(Table(".".join(map(str, path)), "FIRST", tuple(rows)), slots.all())
        return Lookup(name, leaf, tuple(values))

    def adjustment(self, name: str, adjustment: written.Adjustment) -> Adjustment:
        path: KeyPath = ("adjustments", name)
        (effect,) = adjustment.then.model_fields_set
        formula = self.ruleset.formulas.get((*path, "then", effect))
        places = adjustment.then.grade_down or 0
        if adjustment.then.grade_at_most is not None:
            grades = [grade.label.zh for grade in self.ruleset.spec.grades]
            places = grades.index(adjustment.then.grade_at_most)
        return Adjustment(
            id=name,
            label=adjustment.label,
            leaf=self.yes_or_no((*path, "when"), "apply", "skip"),
            effect=effect,  # type: ignore[arg-type]  # the fields of `Effect` are the effects
            points=formula.node if formula else None,
            places=places,
            absent=adjustment.absent,
            source=adjustment.source,
        )

    def grades(self) -> Leaf:
        """Bands on the total."""
        slots = Slots()
        rows: list[Row[Award]] = []
        by = self.ruleset.formulas.get(("ruleset", "grade_by"))
        read = slots.slot(Ref("total") if by is None else by.node)
        if by is not None:
            rows.append(Row("absent", ((Bound(slots.slot(Call("absent", (by.node,)), "absent"), "=", 1),),), Treatment("error")))
        above: Bound | None = None
        for position, grade in enumerate(self.ruleset.spec.grades):
            guard = () if above is None else (above,)
            key = "at_least" if grade.at_least is not None else "above" if grade.above is not None else ""
            if key:
                cut = constant(self.ruleset.node("grades", position, key)) or 0
                guard = (Bound(read, ">=" if key == "at_least" else ">", cut), *guard)
                above = Bound(read, "<" if key == "at_least" else "<=", cut)
            rows.append(Row(f"grade_{position + 1}", (guard,), Choice(position, grade.label.zh)))
        policy: HitPolicy = "UNIQUE"
        return Leaf(Table("grades", policy, tuple(rows)), slots.all())

    def finding(self, name: str, finding: written.FindingRule) -> Finding:
        path: KeyPath = ("findings", name)
        message = {
            lang: parts for lang in ("zh", "en") if (parts := self.ruleset.messages.get((*path, "message", lang))) is not None
        }
        return Finding(name, finding.for_ == "indicators", self.ruleset.node(*path, "when"), message)


def _written_at(spec: written.Spec, path: KeyPath) -> KeyPath:
    """Where the part of a scale used at `path` is written: there, or under `scales`."""
    at: Any = spec
    found: KeyPath = ()
    for part in path:
        at = getattr(at, str(part)) if isinstance(at, Model) else at[part]
        found = (*found, part)
        if isinstance(at, spec_scales.Shared):
            found, at = ("scales", at.use), spec.scales[at.use]
    return found
