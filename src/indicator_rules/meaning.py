"""What a plan means, apart from how it is written: two plans have the same meaning if what is made here of them is equal.

In: plans. Out: for each criterion, and for what turns points into a total and a grade, whether the two mean the same. Measures and look-ups are put
in place of their names, constants worked out, rows named by what they ask; the order of what has no order does not count, and neither do
labels, sources and findings. Equal is sure: the two give the same points for every record. Not equal is not: two tables may be written
differently and still agree on every record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TypeAlias

from indicator_rules.condition import constant
from indicator_rules.exact import Exact
from indicator_rules.expression import Aggregate, Call, Node, Number, Ref, Text, replaced
from indicator_rules.plan import Award, Choice, Criterion, Entries, Leaf, Plan, Points, Range, Scale, Slot, Treatment
from indicator_rules.scale_checks import constant as constant_text
from indicator_rules.spec import Completion
from indicator_rules.table import Guard

Renamed: TypeAlias = Mapping[str, Mapping[str, str]]
"""Section (`criteria`, `inputs`, `groups`) → id in the old ruleset → id in the new one."""
_BY_NAME = ("not_applicable", "absent")
"""Rows that stand first and win, told by their names."""


@dataclass(frozen=True, slots=True)
class SameMeaning:
    """Where two plans mean the same. `criteria` holds those that both have, by the id in the new one."""

    criteria: Mapping[str, bool]
    total: bool
    """What makes a total and a grade of points: groups, adjustments, rounding, grades, which criteria there are; and which answers a
    record may give (others are refused)."""

    def __bool__(self) -> bool:
        return self.total and all(self.criteria.values())


def same_meaning(old: Plan, new: Plan, renamed: Renamed | None = None) -> SameMeaning:
    """Whether `old` and `new` mean the same, criterion by criterion; `renamed` says which ids stand for one another."""
    before, after = Meaning(old, renamed or {}), Meaning(new, {})
    ids = {before.id("criteria", criterion.id): criterion for criterion in old.criteria}
    criteria = {
        criterion.id: before.criterion(ids[criterion.id]) == after.criterion(criterion)
        for criterion in new.criteria
        if criterion.id in ids
    }
    return SameMeaning(criteria, before.total() == after.total())


@dataclass(slots=True)
class Meaning:
    """The meaning of one plan, piece by piece, as data that can be compared."""

    plan: Plan
    renamed: Renamed
    expanded: dict[str, Node] = field(default_factory=dict)

    def id(self, section: str, name: str) -> str:
        return self.renamed.get(section, {}).get(name, name)

    # ------------------------------------------------------------------------------------------------------------ formulas

    def formula(self, node: Node, weight: Exact | None = None) -> Node:
        """`node` with what its names stand for in their place; `weight` is that in force, where it is always the same."""
        shown = replaced(node, lambda part: self.put(part, weight))
        value = constant(shown)
        if value is not None:
            return Number(value)
        return replaced(shown, lambda part: None if (value := constant(part)) is None else Number(value))

    def put(self, node: Node, weight: Exact | None) -> Node | None:
        if isinstance(node, Call) and node.function == "rounded":
            return Call(f"rounded {self.plan.rounding.measure}", tuple(self.formula(one, weight) for one in node.arguments))
        if isinstance(node, Aggregate) and reads_facts(node) and "{" not in node.function:
            # Entries outside a criterion are read with the ruleset's own settings.
            return self.formula(replace(node, function=f"{node.function} {{{_text(_completion(self.plan.completion))}}}"), weight)
        if not isinstance(node, Ref):
            return None
        if node.path == "weight" and weight is not None:
            return Number(weight)
        section, _, name = node.path.partition(".")
        match section:
            case "measures":
                return self.measure(name)
            case "lookups":
                return self.lookup(name)
            case "inputs":
                asked = next(one for one in self.plan.questions if one.id == name)
                return Text(f"input {self.id('inputs', name)} {asked.type} {asked.of} {sorted(asked.choices)}")
            case "not_applicable" | "assessed_level":
                return Ref(f"{section}.{self.id('criteria', name)}", node.kind)
        return (
            Ref(f"{node.path} {self.plan.rounding.measure}", node.kind)
            if node.path in ("entry.completion", "this.completion")
            else None
        )

    def measure(self, name: str) -> Node:
        if name not in self.expanded:
            formula = next(one.formula for one in self.plan.measures if one.id == name)
            found = self.formula(formula)
            rounding = self.plan.rounding.measure
            self.expanded[name] = found if rounding is None else Call(f"rounded {rounding}", (found,))
        return self.expanded[name]

    def lookup(self, name: str) -> Node:
        """The table that decides and this parameter of each of its rows, as one text."""
        table, _, value = name.partition(".")
        lookup = next(one for one in self.plan.lookups if one.id == table)
        values = tuple(self.formula(dict(row)[value]) for row in lookup.values)
        rows = tuple(
            (self.guards(row.guards, lookup.leaf), values[row.award.position] if isinstance(row.award, Choice) else row.id)
            for row in lookup.leaf.table.rows
        )
        return Text(_text(rows))

    # -------------------------------------------------------------------------------------------------------------- tables

    def leaf(self, leaf: Leaf, weight: Exact | None = None) -> Hashable:
        """The rows; in no order where at most one can hit."""
        rows = [
            (
                row.id if row.id in _BY_NAME else "",
                self.guards(row.guards, leaf),
                None if row.refuted is None else self.guards(row.refuted, leaf),
                self.award(row.award, weight),
            )
            for row in leaf.table.rows
        ]
        return (leaf.table.policy, frozenset(rows) if leaf.table.policy == "UNIQUE" else tuple(rows))

    def guards(self, guards: tuple[Guard, ...], leaf: Leaf) -> Hashable:
        slots = {slot.name: slot for slot in leaf.slots}
        return frozenset(
            frozenset((self.formula(slots[one.slot].formula), one.operator, _cut(slots[one.slot], one.cut)) for one in guard)
            for guard in guards
        )

    def award(self, award: Award, weight: Exact | None) -> Hashable:
        match award:
            case Points():
                return self.formula(award.formula, weight)
            case Range():
                ends = self.formula(award.low, weight), self.formula(award.high, weight)
                return (*ends, award.low_open, award.high_open)
            case Treatment():
                return self.treatment(award)
        return award

    def treatment(self, treatment: Treatment) -> Hashable:
        return (treatment.kind, treatment.points, self.id("criteria", treatment.criterion))

    def scale(self, scale: Scale, weight: Exact | None = None) -> Hashable:
        parts = [
            (self.scale(part.scale, weight), None)
            if part.weight is None
            else (self.scale(part.scale), self.formula(part.weight, weight))
            for part in scale.parts
        ]
        labels = tuple(label.zh for _, label in scale.labels) if scale.levels else ()
        return (
            self.leaf(scale.head, weight),
            self.treatment(scale.absent),
            frozenset(Counter(parts).items()),
            scale.combine if parts else "",
            None if scale.base is None else self.formula(scale.base, weight),
            labels,
            scale.by_person,
        )

    # ------------------------------------------------------------------------------------------------------------ criteria

    def criterion(self, criterion: Criterion) -> Hashable:
        """All that the points of `criterion` come from."""
        weight = criterion.weight.default if self.is_fixed(criterion) else None
        return (
            criterion.role,
            self.in_force(criterion),
            self.scale(criterion.scale, weight),
            None if criterion.entries is None else self.entries(criterion.entries),
            None if criterion.applies is None else self.leaf(criterion.applies),
            self.treatment(criterion.not_applicable),
            self.plan.rounding.points,
        )

    def is_fixed(self, criterion: Criterion) -> bool:
        """Whether its weight is the same for every record."""
        moved = any(other.not_applicable.criterion == criterion.id for other in self.plan.criteria)
        in_set = any(name == criterion.id for weights in self.plan.weights for name, _ in weights)
        return not (criterion.weight.from_record or moved or in_set)

    def in_force(self, criterion: Criterion) -> Hashable:
        """Where its weight comes from: its own, weight sets, and criteria that leave theirs to it."""
        sets = None if self.plan.weight_sets is None else self.leaf(self.plan.weight_sets)
        own = tuple(dict(weights).get(criterion.id) for weights in self.plan.weights)
        left = frozenset(
            (
                self.id("criteria", other.id),
                self.in_force(other),
                None if other.applies is None else self.leaf(other.applies),
                frozenset() if other.entries is None else frozenset(other.entries.categories),
            )
            for other in self.plan.criteria
            if other.not_applicable.criterion == criterion.id
        )
        return (
            criterion.weight.default,
            criterion.weight.from_record,
            sets if any(one is not None for one in own) else None,
            own,
            left,
        )

    def entries(self, entries: Entries) -> Hashable:
        rounding = self.plan.rounding
        return (
            frozenset(entries.categories),
            (entries.weights, entries.without_weights if entries.weights != "equal" else "", entries.combine, entries.per_goal),
            self.treatment(entries.absent),
            _completion(entries.completion),
            frozenset((kind, self.scale(scale)) for kind, scale in entries.scales),
            (rounding.measure, rounding.entry_weight, rounding.entry_points),
            self.plan.entry_weights_must_sum,
        )

    # --------------------------------------------------------------------------------------------------------------- total

    def total(self) -> Hashable:
        """All that makes total and grade of the points of the criteria."""
        plan = self.plan
        groups = frozenset(
            (self.id("groups", one.id), self.id("groups", one.parent or ""), one.weight, one.combine, one.rescale)
            for one in plan.groups
        )
        places = frozenset((self.id("criteria", one.id), one.role, self.id("groups", one.group or "")) for one in plan.criteria)
        adjustments = [
            (
                one.effect,
                self.leaf(one.leaf),
                None if one.points is None else self.formula(one.points),
                one.places,
                one.absent,
            )
            for one in plan.adjustments
        ]
        return (
            (plan.full_score, plan.total_at_most, plan.rounding.group, plan.rounding.total, plan.grade_on),
            groups,
            places,
            frozenset(Counter(adjustments).items()),
            self.leaf(plan.grades),
            None if plan.weight_sets is None else self.leaf(plan.weight_sets),
            tuple(label.zh for label in plan.grade_labels),
            frozenset((self.id("inputs", one.id), one.type, one.of, frozenset(one.choices)) for one in plan.questions),
        )


_FACTS = {"entry.completion", "entry.actual", "entry.target", "entry.initial_target", "entry.prior"}


def reads_facts(node: Node) -> bool:
    """Whether `node` adds up what the settings of 完成率 decide."""
    return isinstance(node, Aggregate) and any(isinstance(part, Ref) and part.path in _FACTS for part in node.walk())


def _cut(slot: Slot, cut: Exact) -> Hashable:
    """The text that a number stands for, where it stands for one."""
    return slot.codes[int(cut) - 1] if slot.codes else cut


def _completion(completion: Completion) -> Hashable:
    falls = completion.at_most == "decay"
    settings = completion.model_dump(exclude={"decay_zero_at", "directions"})
    zero_at = constant_text(completion.decay_zero_at) if falls else None
    return (tuple(settings.items()), zero_at, frozenset(completion.directions.items()))


def _text(value: object) -> str:
    """A text that is the same for equal values, and for no others: sets have no order of their own."""
    if isinstance(value, Node):
        parts = (_text(getattr(value, part.name)) for part in fields(value) if part.compare)
        return f"{type(value).__name__}({', '.join(parts)})"
    if isinstance(value, frozenset):
        return "{" + ", ".join(sorted(map(_text, value))) + "}"
    return "(" + ", ".join(map(_text, value)) + ")" if isinstance(value, tuple) else repr(value)
