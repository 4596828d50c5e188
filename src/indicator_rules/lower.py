"""Scales as decision tables: one function for each kind of scale, each the rows of its paragraph in docs/semantics.md, section 6.

In: a scale of a linked ruleset, at the key path of its use. Out: a `Scale` of the plan: its head table, which begins with the rows given
(`not_applicable`) and, where the scale reads a measure, `absent`; and for a checklist the tables of its items.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from indicator_rules import spec_scales
from indicator_rules.condition import Slots, TooComplex, certain, constant, guards
from indicator_rules.errors import KeyPath
from indicator_rules.exact import Exact, exact
from indicator_rules.expression import And, Arithmetic, Call, Negative, Node, Number, Ref, Sign
from indicator_rules.plan import Award, Descend, Leaf, Part, Points, Range, Scale, Treatment
from indicator_rules.ruleset import Ruleset
from indicator_rules.scale_checks import falls
from indicator_rules.spec_fields import Amount, Label, MoveTo
from indicator_rules.spec_fields import Award as Written
from indicator_rules.table import Bound, Guard, HitPolicy, Operator, Row, Table

WEIGHT = Ref("weight")
COMPLETION = Ref("entry.completion")
"""What a scale over entries reads, unless a part names another measure."""
NOTHING = Number(0)
ALWAYS: tuple[Guard, ...] = ((),)


def treatment(given: object) -> Treatment:
    """`absent` and `not_applicable` as written → what is done."""
    if isinstance(given, MoveTo):
        return Treatment("move_to", criterion=given.move_to)
    if isinstance(given, str):
        return Treatment(given)  # type: ignore[arg-type]  # the words of `IfAbsent` and `IfNotApplicable` are the kinds
    return Treatment("points", exact(given))  # type: ignore[arg-type]  # a Decimal, by `spec`


def head_rows(criterion: str, treatment: Treatment, slots: Slots) -> tuple[Row[Award], ...]:
    """The row of a criterion that is not applicable."""
    flag = slots.slot(Ref(f"not_applicable.{criterion}"), "not_applicable")
    return (Row("not_applicable", ((Bound(flag, "=", 1),),), treatment),)


def lower(
    ruleset: Ruleset,
    path: KeyPath,
    absent: Treatment,
    *,
    role: str,
    measure: Node | None,
    first: tuple[Row[Award], ...],
    slots: Slots,
) -> Scale:
    """The scale used at `path`, spelt out. Raises `condition.TooComplex`."""
    rounding = ruleset.spec.ruleset.rounding.measure
    if rounding is not None and measure is not None and ruleset.is_number(path) and not _is_rounded(measure):
        measure = Call("rounded", (measure,))
    return _Lowering(ruleset, path, absent, role, measure, first, slots).scale()


def _is_rounded(measure: Node) -> bool:
    """Named measures and 完成率 are rounded wherever they are read."""
    return isinstance(measure, Ref) and (measure.path.startswith("measures.") or measure.path == "entry.completion")


@dataclass(slots=True)
class _Lowering:
    ruleset: Ruleset
    path: KeyPath
    absent: Treatment
    role: str
    measure: Node | None
    first: tuple[Row[Award], ...]
    slots: Slots

    def scale(self) -> Scale:
        match self.ruleset.scales[self.path]:
            case spec_scales.Proportional() as scale:
                return self.proportional(scale)
            case spec_scales.Bands() as scale:
                return self.bands(scale)
            case spec_scales.Deduct() as scale:
                return self.miss(scale) if scale.per == "miss" else self.deduct(scale)
            case spec_scales.Checklist() as scale:
                return self.checklist(scale)
            case spec_scales.Levels() as scale:
                return self.levels(scale)
            case spec_scales.FirstMatch() as scale:
                return self.first_match(scale)
            case spec_scales.Parts() as scale:
                return self.composite(scale)
            case spec_scales.Discretionary() as scale:
                return self.leaf("FIRST", [Row("assessed", ALWAYS, self.award(scale.award, "award"))])

    # ------------------------------------------------------------------------------------------------------------ building

    def leaf(self, policy: HitPolicy, rows: list[Row[Award]], *, reads: Node | None = None) -> Scale:
        """A scale of one table; with `absent` before the other rows, where they are matched on the value `reads`."""
        first = self.first
        if reads is not None:
            flag = self.slots.slot(Call("absent", (reads,)), "absent")
            first = (*first, Row("absent", ((Bound(flag, "=", 1),),), self.absent))
        table = Table(".".join(map(str, self.path)), policy, (*first, *rows))
        return Scale(Leaf(table, self.slots.all()), self.absent, by_person=any(isinstance(row.award, Range) for row in rows))

    def node(self, *inside: str | int) -> Node:
        return self.ruleset.node(*self.path, *inside)

    def points(self, given: Written | Amount, *inside: str | int) -> Node:
        """A share or points as a formula in points."""
        if given.share is not None:
            return share_of_weight(self.node(*inside, "share"))
        return self.node(*inside, "points")

    def award(self, award: Written, *inside: str | int) -> Award:
        if not award.is_range:
            return Points(self.points(award, *inside))
        low, high = award.at_least or award.above, award.at_most or award.below
        if low is None or high is None:
            raise AssertionError(self.path)
        return Range(
            self.points(low, *inside, "at_least" if award.at_least else "above"),
            self.points(high, *inside, "at_most" if award.at_most else "below"),
            low_open=award.above is not None,
            high_open=award.below is not None,
        )

    @property
    def x(self) -> Node:
        if self.measure is None:
            raise AssertionError(self.path)
        return self.measure

    def when(self, operator: Operator, cut: Node) -> tuple[Guard, ...]:
        return ((self.slots.compared(self.x, operator, cut),),)

    def holds(self, inside: KeyPath, condition: Node, slots: Slots, *, holds: bool = True) -> tuple[Guard, ...]:
        """`condition.guards` of what is written at `inside`, which it names where they are too many."""
        try:
            return guards(condition, slots, holds=holds)
        except TooComplex:
            raise TooComplex(*self.path, *inside) from None

    def row(self, name: str, operator: str, cut: Node, award: Award) -> Row[Award]:
        """`x ⋈ cut → award` in a FIRST table; a cut worked out from the record can be absent, and then the row is unknown."""
        refuted = None if constant(cut) is not None else self.when(_OPPOSITE[_op(operator)], cut)
        return Row(name, self.when(_op(operator), cut), award, refuted)

    # -------------------------------------------------------------------------------------------------------------- scales

    def proportional(self, scale: spec_scales.Proportional) -> Scale:
        full = self.node("full_at")
        zero = self.node("zero_at") if scale.zero_at is not None else NOTHING
        reached, beyond, short = ("<=", ">=", ">") if falls(scale) else (">=", "<=", "<")
        rows: list[Row[Award]] = [self.row("full", reached, full, Points(WEIGHT))]
        if scale.pass_line is not None:
            rows.append(self.row("below_pass", short, self.node("pass_line"), Points(NOTHING)))
        if scale.inverse:
            part = share_of_weight(divided(full, self.x))
        else:
            rows.append(self.row("zero", beyond, zero, Points(NOTHING)))
            part = share_of_weight(divided(minus(self.x, zero), minus(full, zero)))
        rows.append(Row("part", self.when(_op(short), full), Points(part)))
        return self.leaf("FIRST", rows, reads=self.x)

    def bands(self, scale: spec_scales.Bands) -> Scale:
        """Constant cuts are in order: each value fits one band. Cuts worked out from the record need not be: the topmost wins."""
        cuts = [self.cut(scale, place) for place in range(len(scale.bands))]
        constant_cuts = all(cut is None or constant(cut[1]) is not None for cut in cuts)
        rows: list[Row[Award]] = []
        for place, cut in enumerate(cuts):
            name, above = f"band_{place + 1}", cuts[place - 1] if place else None
            award = self.band_award(scale.bands[place], place, cut and cut[1], above and above[1])
            if constant_cuts:
                bounds = [self.slots.compared(self.x, cut[0], cut[1])] if cut is not None else []
                bounds += [self.slots.compared(self.x, _OPPOSITE[above[0]], above[1])] if above is not None else []
                rows.append(Row(name, (tuple(bounds),), award))
            else:
                rows.append(Row(name, ALWAYS, award) if cut is None else self.row(name, cut[0], cut[1], award))
        made = self.leaf("UNIQUE" if constant_cuts else "FIRST", rows, reads=self.x)
        return replace(made, labels=_labels("band", (band.label for band in scale.bands)))

    def cut(self, scale: spec_scales.Bands, place: int) -> tuple[Operator, Node] | None:
        """Where a band begins; None for the lowest."""
        if scale.bands[place].at_least is not None:
            return ">=", self.node("bands", place, "at_least")
        return (">", self.node("bands", place, "above")) if scale.bands[place].above is not None else None

    def band_award(self, band: spec_scales.Band, place: int, lower: Node | None, upper: Node | None) -> Award:
        if band.award.from_ is None or band.award.to is None or lower is None or upper is None:
            return self.award(band.award, "bands", place, "award")
        start = self.points(band.award.from_, "bands", place, "award", "from_")
        end = self.points(band.award.to, "bands", place, "award", "to")
        way = divided(minus(self.x, lower), minus(upper, lower))
        return Points(plus(start, times(minus(end, start), way)))

    def deduct(self, scale: spec_scales.Deduct) -> Scale:
        at = self.node("at") if scale.at is not None else NOTHING
        under = scale.per in ("under", "missing")
        distance = minus(at, self.x) if under else minus(self.x, at)
        steps = divided(distance, self.node("step"))
        partial = scale.partial_step or "whole"
        if partial != "pro-rata":
            steps = Call("ceil" if partial == "whole" else "floor", (steps,))
        none, some = (">=", "<") if under else ("<=", ">")
        rows: list[Row[Award]] = [
            Row("none", self.when(_op(none), at), Points(self.less(NOTHING))),
            Row("deducted", self.when(_op(some), at), Points(self.less(self.deduction(scale, steps)))),
        ]
        return self.leaf("UNIQUE", rows, reads=self.x)

    def miss(self, scale: spec_scales.Deduct) -> Scale:
        condition = self.node("when")
        rows: list[Row[Award]] = [
            Row("none", self.holds(("when",), condition, self.slots, holds=False), Points(self.less(NOTHING))),
            Row("deducted", self.holds(("when",), condition, self.slots), Points(self.less(self.deduction(scale, Number(1))))),
        ]
        return self.leaf("UNIQUE", rows)

    def deduction(self, scale: spec_scales.Deduct, steps: Node) -> Node:
        lost = times(steps, self.points(scale.points, "points"))
        return lost if scale.at_most is None else Call("min", (lost, self.points(scale.at_most, "at_most")))

    def less(self, deduction: Node) -> Node:
        """Full marks less a deduction; for a penalty, the deduction itself."""
        return deduction if self.role == "penalty" else minus(WEIGHT, deduction)

    def checklist(self, scale: spec_scales.Checklist) -> Scale:
        gates: list[Node] = []
        parts: list[Part] = []
        for place, item in enumerate(scale.items):
            condition = self.node("items", place, "when")
            equal = share_of_weight(Number(exact(Fraction(1, len(scale.items)))))
            worth = equal if item.award is None else self.points(item.award, "items", place, "award")
            leaf = self.item(scale, place, condition, gates, worth)
            parts.append(Part(item.id, item.label, Scale(leaf, Treatment("error")), None))
            if item.gate:
                gates = [*gates, condition]
        head = self.leaf("FIRST", [Row("checklist", ALWAYS, Descend())])
        return replace(head, parts=tuple(parts), base=WEIGHT if scale.mode == "subtractive" else None)

    def composite(self, scale: spec_scales.Parts) -> Scale:
        """Parts, each lowered as a scale of its own."""
        parts: list[Part] = []
        for place, part in enumerate(scale.parts):
            inside: KeyPath = ("parts", place)
            formula = self.ruleset.formulas.get((*self.path, *inside, "measure"))
            measure = self.measure if formula is None else formula.node
            equal = share_of_weight(Number(exact(Fraction(1, len(scale.parts)))))
            weight = equal if part.weight is None else self.points(part.weight, *inside, "weight")
            absent = treatment(part.absent)
            made = lower(
                self.ruleset, (*self.path, *inside, "scale"), absent, role=self.role, measure=measure, first=(), slots=Slots()
            )
            parts.append(Part(part.id, part.label, made, weight))
        head = self.leaf("FIRST", [Row("parts", ALWAYS, Descend())])
        by_person = any(part.scale.by_person for part in parts)
        return replace(head, parts=tuple(parts), combine=scale.combine, by_person=by_person)

    def item(self, scale: spec_scales.Checklist, place: int, condition: Node, gates: list[Node], worth: Node) -> Leaf:
        """Met or unmet; an item whose gate is shut is unmet, and its row says why."""
        slots, inside = Slots(), ("items", place, "when")
        subtractive = scale.mode == "subtractive"
        won, lost = (Points(NOTHING), Points(Negative(worth))) if subtractive else (Points(worth), Points(NOTHING))
        rows: list[Row[Award]] = []
        if gates:
            shut = self.holds(inside, _all(gates), slots, holds=False)
            rows.append(Row("gated", shut, lost, None if _all_certain(gates) else self.holds(inside, _all(gates), slots)))
        met = self.holds(inside, _all([*gates, condition]), slots)
        rows.append(Row("met", met, won))
        if scale.unknown == "unmet":
            rows = [Row(row.id, row.guards, row.award) for row in rows]
            rows.append(Row("unmet", ALWAYS, lost))
        else:
            rows.append(Row("unmet", self.holds(inside, condition, slots, holds=False), lost))
        policy: HitPolicy = "FIRST" if gates or scale.unknown == "unmet" else "UNIQUE"
        return Leaf(Table(".".join((*map(str, self.path), scale.items[place].id)), policy, tuple(rows)), slots.all())

    def levels(self, scale: spec_scales.Levels) -> Scale:
        """The label as its place in the list. Over entries, and without a measure, it is the level given by a person."""
        of_entry = self.path[2] == "entries"
        given = self.measure in (None, COMPLETION)
        value: Node = Ref("entry.given_level" if of_entry else f"assessed_level.{self.path[1]}", "text") if given else self.x
        slot = self.slots.slot(value, "level")
        rows: list[Row[Award]] = [
            Row(
                f"level_{place + 1}",
                ((Bound(slot, "=", self.slots.code(slot, level.label.zh)),),),
                self.award(level.award, "levels", place, "award"),
            )
            for place, level in enumerate(scale.levels)
        ]
        made = self.leaf("UNIQUE", rows, reads=value)
        labels = _labels("level", (level.label for level in scale.levels))
        return replace(made, levels=True, by_person=made.by_person or given, labels=labels)

    def first_match(self, scale: spec_scales.FirstMatch) -> Scale:
        rows: list[Row[Award]] = []
        for place, case in enumerate(scale.rows):
            award = self.award(case.award, "rows", place, "award")
            if case.when is None:
                rows.append(Row(f"row_{place + 1}", ALWAYS, award))
                continue
            inside: KeyPath = ("rows", place, "when")
            node = self.node(*inside)
            last = place == len(scale.rows) - 1
            refuted = None if last or certain(node) else self.holds(inside, node, self.slots, holds=False)
            rows.append(Row(f"row_{place + 1}", self.holds(inside, node, self.slots), award, refuted))
        return replace(self.leaf("FIRST", rows), labels=_labels("row", (case.label for case in scale.rows)))


# ------------------------------------------------------------------------------------------------- formulas, kept readable


_OPPOSITE: dict[Operator, Operator] = {">=": "<", "<": ">=", ">": "<=", "<=": ">"}


def _labels(kind: str, labels: Iterable[Label | None]) -> tuple[tuple[str, Label], ...]:
    return tuple((f"{kind}_{place}", label) for place, label in enumerate(labels, 1) if label is not None)


def _op(text: str) -> Operator:
    return text  # type: ignore[return-value]  # spelt out in this module only


def _all(conditions: list[Node]) -> Node:
    return conditions[0] if len(conditions) == 1 else And(tuple(conditions))


def _all_certain(conditions: list[Node]) -> bool:
    return all(certain(condition) for condition in conditions)


def _folded(sign: Sign, left: Node, right: Node) -> Node:
    """`left sign right`, worked out where both are constants."""
    node = Arithmetic(sign, left, right)
    value = constant(node)
    return node if value is None else Number(value)


def plus(left: Node, right: Node) -> Node:
    return right if _is(left, 0) else left if _is(right, 0) else _folded("+", left, right)


def minus(left: Node, right: Node) -> Node:
    return left if _is(right, 0) else _folded("-", left, right)


def times(left: Node, right: Node) -> Node:
    if constant(left) is not None and constant(right) is not None:
        return _folded("*", left, right)
    if (_is(left, 0) and right == WEIGHT) or (_is(right, 0) and left == WEIGHT):
        return NOTHING
    return right if _is(left, 1) else left if _is(right, 1) else _folded("*", left, right)


def divided(left: Node, right: Node) -> Node:
    return left if _is(right, 1) else _folded("/", left, right)


def share_of_weight(share: Node) -> Node:
    return times(WEIGHT, share)


def _is(node: Node, value: Exact) -> bool:
    return constant(node) == value
