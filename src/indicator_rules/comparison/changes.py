"""Changes: what two rulesets say differently, key by key, and mean differently.

In: two rulesets that have been linked and compiled. Out: `Change`s without lines. Things are matched by id or else by label (`pairing`), rows of scales by
what they ask; formulas are compared as trees with names looked up and constants worked out, scales where they are used, defaults as if
written. What is written otherwise and has the same meaning (`meaning`) is no change; what has another meaning is one in every case, if need be as
`meaning` alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

from pydantic import BaseModel

from indicator_rules import messages, spec_scales
from indicator_rules import spec as written
from indicator_rules.comparison.comparison import Change, ChangeKind, Told
from indicator_rules.comparison.dependence import FACTS, heirs, readers
from indicator_rules.comparison.pairing import Pairs, aligned, pairs
from indicator_rules.comparison.wording import Wording, both, key_name
from indicator_rules.condition import constant
from indicator_rules.errors import KeyPath, Where
from indicator_rules.expression import Node, Number, Ref, replaced
from indicator_rules.meaning import SameMeaning, same_meaning
from indicator_rules.plan import Plan
from indicator_rules.ruleset import Ruleset
from indicator_rules.spec import Spec
from indicator_rules.spec_fields import Amount, Award, Label, MoveTo


class Compared(Protocol):
    """What a comparison needs of `Rules`."""

    @property
    def spec(self) -> Spec: ...
    @property
    def ruleset(self) -> Ruleset: ...
    @property
    def plan(self) -> Plan: ...
    @property
    def file(self) -> str: ...


class Changes(NamedTuple):
    """What was found. `criteria`: pairs of ids."""

    changes: tuple[Change, ...]
    criteria: Pairs
    same: SameMeaning


def changes(old: Compared, new: Compared) -> Changes:
    """Every difference between `old` and `new`."""
    differ = _Differ(old, new)
    differ.all()
    same = same_meaning(old.plan, new.plan, differ.renamed)
    found = [judged for one in differ.found if (judged := _judged(one, same)) is not None]
    found += differ.unsaid(found, same)
    return Changes(tuple(change for change, _ in found), differ.pairs["criteria"], same)


_SECTIONS = ("groups", "criteria", "inputs", "measures", "lookups", "weight_sets", "adjustments", "findings", "sources")
_TOTAL = ("ruleset", "groups", "grades", "completion", "weight_sets", "adjustments", "inputs", "measures", "lookups")
"""Sections that the total or grade may depend on."""
_ABOUT = {"definition", "points_to_check", "text", "evidence_required", "notes", "message", "title", "document", "issuer", "url",
          "issued", "status", "source", "ref", "clause", "waivers"}  # fmt: skip
_KINDS: Mapping[str, ChangeKind] = {
    **dict.fromkeys(("default", "weight", "weights", "from_record", "min", "max"), "weight"),
    **dict.fromkeys(("full_at", "zero_at", "pass_line", "at_least", "above", "at", "step", "decay_zero_at", "is_"), "threshold"),
    **dict.fromkeys(("award", "points", "at_most"), "award"),
    **dict.fromkeys(("when", "applies_when"), "condition"),
    **dict.fromkeys(
        ("measure", "value", "values", "by", "grade_by", "deduct", "bonus", "total_at_most", "total_at_least"), "formula"
    ),
    **dict.fromkeys(("scale", "entries", "quantitative", "qualitative", "dated"), "scale"),
    **dict.fromkeys(_ABOUT, "wording"),
    "label": "label",
    "group": "moved",
    "parent": "moved",
}
_LOOSE = {"family", "edition", "title", "coexists_with", "schema_", "kind", "id"}
"""Keys that say which ruleset it is, or that are told otherwise."""
_SILENT = {"scale", "entries", "bands", "levels", "rows", "items", "parts"}
"""Keys that only hold others."""
_NAMED_ROWS = (spec_scales.Item, spec_scales.Part)
_Found = tuple[Change, bool]
"""A change, and whether the total or grade may depend on it apart from the criteria."""


class _Spot(NamedTuple):
    """A place in one ruleset: where its formulas are kept, and where it is written (a shared scale is written elsewhere)."""

    use: KeyPath
    at: KeyPath

    def below(self, *keys: str | int) -> _Spot:
        return _Spot((*self.use, *keys), (*self.at, *keys))


class _Here(NamedTuple):
    """A place in both rulesets, and how to tell it. A spot is None on the side that lacks it."""

    subject: KeyPath
    label: Told
    old: _Spot
    new: _Spot
    trail: tuple[Told, ...] = ()

    def below(self, *keys: str | int, told: Told | None = None) -> _Here:
        trail = (*self.trail, told) if told is not None else self.trail
        return self._replace(old=self.old.below(*keys), new=self.new.below(*keys), trail=trail)


@dataclass(slots=True)
class _Differ:
    old: Compared
    new: Compared
    found: list[_Found] = field(default_factory=list)
    pairs: dict[str, Pairs] = field(default_factory=dict)
    renamed: dict[str, dict[str, str]] = field(default_factory=dict)
    wording: tuple[Wording, Wording] = field(init=False)
    readers: tuple[dict[str, set[str]], dict[str, set[str]]] = field(init=False)
    shared: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """Shared scales that were compared → the criteria that use them."""

    def __post_init__(self) -> None:
        self.wording = Wording(self.old.spec), Wording(self.new.spec)
        for section in _SECTIONS:
            found = pairs(getattr(self.old.spec, section), getattr(self.new.spec, section))
            self.pairs[section] = found
            self.renamed[section] = {one: other for one, other in found if one is not None and other is not None and one != other}
        self.readers = readers(self.old.ruleset), readers(self.new.ruleset)

    # ------------------------------------------------------------------------------------------------------------- sections

    def all(self) -> None:
        """Everything, in the order in which people read a rubric."""
        self.header()
        for section in _SECTIONS:
            for one, other in self.pairs[section]:
                self.thing(section, one, other)
            if section == "criteria":
                self.plain("grades", "grades")
                self.plain("completion", "completion")
            if section == "weight_sets":
                self.order(section)
        self.plain("waivers", "waivers")

    def plain(self, section: str, name: str) -> None:
        """A part of the ruleset that has no ids."""
        spot = _Spot((section,), (section,))
        here = _Here((section,), key_name("", section), spot, spot)
        self.value(name, getattr(self.old.spec, name), getattr(self.new.spec, name), here)

    def header(self) -> None:
        spot = _Spot(("ruleset",), ("ruleset",))
        here = _Here(("ruleset",), key_name("", "ruleset"), spot, spot)
        self.model(self.old.spec.ruleset, self.new.spec.ruleset, here)

    def thing(self, section: str, one: str | None, other: str | None) -> None:
        """A criterion, measure, group … of both, or of one."""
        before = None if one is None else getattr(self.old.spec, section)[one]
        after = None if other is None else getattr(self.new.spec, section)[other]
        subject = (section, other or one or "")
        label = _label(after if after is not None else before, subject)
        spots = _Spot((section, one or ""), (section, one or "")), _Spot((section, other or ""), (section, other or ""))
        here = _Here(subject, label, *spots)
        if before is None or after is None:
            self.one_sided(here, before, after)
            return
        if one != other:
            self.add("renamed", here, Told(str(one), str(one)), Told(str(other), str(other)), "id")
        if section == "criteria":
            self.criterion(before, after, here)
        else:
            self.model(before, after, here)

    def one_sided(self, here: _Here, before: Any, after: Any) -> None:
        old = None if before is None else self.wording[0].thing(before)
        new = None if after is None else self.wording[1].thing(after)
        self.add("added" if before is None else "gone", here, old, new, "")

    def order(self, section: str) -> None:
        """Of weight sets the first that holds counts."""
        both_have = [(one, other) for one, other in self.pairs[section] if one is not None and other is not None]
        then = sorted(both_have, key=lambda pair: list(getattr(self.old.spec, section)).index(pair[0]))
        if then != both_have:
            names = [[str(getattr(side.spec, section)[pair[place]].label) for pair in some]
                     for place, side, some in ((0, self.old, then), (1, self.new, both_have))]  # fmt: skip
            spot = _Spot((section,), (section,))
            here = _Here((section,), key_name("", section), spot, spot)
            self.add("order", here, _plain("、".join(names[0])), _plain("、".join(names[1])), "order")

    def criterion(self, before: written.Criterion, after: written.Criterion, here: _Here) -> None:
        """A criterion of both. Entries in place of a scale are told as a whole."""
        skipped: set[str] = {"completion"}
        if (before.indicators is None) != (after.indicators is None):
            skipped |= {
                "measure",
                "scale",
                "indicators",
                "entries",
                "per",
                "entry_weights",
                "without_weights",
                "combine",
                "entry_absent",
            }
            old, new = self.wording[0].standard(before), self.wording[1].standard(after)
            self.add("scale", here.below("entries" if before.indicators is None else "scale"), old, new, "scale")
        elif before.completion is not None or after.completion is not None:
            old_completion = before.completion or self.old.spec.completion
            self.model(old_completion, after.completion or self.new.spec.completion, here.below("completion"))
        self.model(before, after, here, skipped)

    # --------------------------------------------------------------------------------------------------------------- values

    def model(self, old: BaseModel, new: BaseModel, here: _Here, skipped: Iterable[str] = ()) -> None:
        """Two tables of one kind, key by key."""
        for name in type(new).model_fields:
            if name not in skipped and (name not in _LOOSE or isinstance(new, written.Source)):
                value = getattr(new, name)
                silent = name in _SILENT or isinstance(value, written.Weight)
                told = None if silent else key_name(type(new).__name__, name)
                self.value(name, getattr(old, name), value, here.below(name, told=told))

    def value(self, name: str, old: Any, new: Any, here: _Here) -> None:
        if old is None and new is None:
            return
        if isinstance(old, _SCALES) and isinstance(new, _SCALES):
            self.scale(old, new, here)
        elif isinstance(old, tuple) and isinstance(new, tuple) and _has_rows(old or new):
            self.rows(old, new, here)
        elif isinstance(old, dict) and isinstance(new, dict):
            self.table(old, new, here)
        elif isinstance(new, _WHOLE) or isinstance(old, _WHOLE) or type(old) is not type(new) or not isinstance(new, BaseModel):
            self.leaf(name, old, new, here)
        else:
            self.model(old, new, here)

    def leaf(self, name: str, old: Any, new: Any, here: _Here) -> None:
        if self.meaning(name, old, here.old, 0) == self.meaning(name, new, here.new, 1):
            return
        shown = [None if value is None else self.wording[side].value(name, value) for side, value in ((0, old), (1, new))]
        kind = "rounding" if "rounding" in here.new.use else _KINDS.get(name, "setting")
        self.add(kind, here, *_alike(shown[0], shown[1]), name)

    def table(self, old: Mapping[str, Any], new: Mapping[str, Any], here: _Here) -> None:
        """Keys of which each has a value: weights of a set, parameters of a row, directions by category."""
        translate = self.renamed["criteria"] if here.new.use[0] == "weight_sets" else {}
        before = {translate.get(key, key): (key, value) for key, value in old.items()}
        for key in dict.fromkeys([*new, *before]):
            old_key, value = before.get(key, (key, None))
            label = (
                self.new.spec.criteria[key].label if here.new.use[0] == "weight_sets" and key in self.new.spec.criteria else None
            )
            inside = here.below(key, told=_plain(key) if label is None else _told(label))
            inside = inside._replace(old=here.old.below(old_key))
            self.leaf(str(here.new.use[-1]), value, new.get(key), inside)

    def rows(self, old: Sequence[Any], new: Sequence[Any], here: _Here) -> None:
        """Rows in order: bands, levels, cases, items, parts, grades, classes of a look-up."""
        if isinstance((old or new)[0], _NAMED_ROWS):
            ids = pairs({row.id: row for row in old}, {row.id: row for row in new})
            places = [
                (None if one is None else _place(old, one), None if other is None else _place(new, other)) for one, other in ids
            ]
            self.gates(old, new, places, here)
        else:
            asked = [[self.asked(row, here.old, old, 0) for row in old], [self.asked(row, here.new, new, 1) for row in new]]
            places = aligned(*asked)
        for before, after in places:
            row = new[after] if after is not None else old[before or 0]
            told = _row_name(row, after if after is not None else before or 0)
            inside = here._replace(
                old=here.old.below(before if before is not None else len(old)),
                new=here.new.below(after if after is not None else len(new)),
                trail=(*here.trail, told),
            )
            if before is None or after is None:
                shown = self.wording[after is not None].row(row)
                kind: ChangeKind = "gone" if after is None else "added"
                self.add(kind, inside, shown if after is None else None, None if after is None else shown, "row")
            else:
                self.model(old[before], new[after], inside)

    def asked(self, row: Any, spot: _Spot, rows: Sequence[Any], side: int) -> Hashable:
        """What a row asks: its label, or its condition or cut."""
        if isinstance(row, spec_scales.Level | written.Grade):
            return row.label.zh
        inside = spot.below(next(place for place, other in enumerate(rows) if other is row))
        names = ("is_", "at_least", "above", "when")
        return tuple(self.meaning(name, getattr(row, name, None), inside.below(name), side) for name in names)

    def gates(self, old: Sequence[Any], new: Sequence[Any], places: list[tuple[int | None, int | None]], here: _Here) -> None:
        """The order of items counts where one of them is a gate."""
        common = [(one, other) for one, other in places if one is not None and other is not None]
        if any(getattr(row, "gate", False) for row in (*old, *new)) and common != sorted(common):
            shown = [_plain("、".join(str(row.label) for row in some)) for some in (old, new)]
            self.add("order", here, shown[0], shown[1], "order")

    def scale(self, old: Any, new: Any, here: _Here) -> None:
        """A scale written in place, or a shared one; a shared one is compared once."""
        name = (old.use if isinstance(old, spec_scales.Shared) else "", new.use if isinstance(new, spec_scales.Shared) else "")
        criterion = here.subject[1] if here.subject[0] == "criteria" else ""
        before, after = self.own(old, self.old.spec), self.own(new, self.new.spec)
        old_spot, new_spot = here.old, here.new
        if name[0]:
            old_spot = old_spot._replace(at=("scales", name[0]))
        if name[1]:
            new_spot = new_spot._replace(at=("scales", name[1]))
        if name[0] and name[1]:
            if name in self.shared:
                self.shared[name].append(str(criterion))
                return
            self.shared[name] = [str(criterion)]
            here = here._replace(subject=("scales", name[1]), label=both("shared-scale", name=name[1]), trail=())
        here = here._replace(old=old_spot, new=new_spot)
        if type(before) is not type(after):
            shown = self.wording[0].scale(before), self.wording[1].scale(after)
            self.add("scale", here, *shown, "scale")
        else:
            self.model(before, after, here)

    def own(self, scale: Any, spec: Spec) -> Any:
        return spec.scales[scale.use] if isinstance(scale, spec_scales.Shared) else scale

    # -------------------------------------------------------------------------------------------------------------- meaning

    def meaning(self, name: str, value: Any, spot: _Spot, side: int) -> Hashable:
        """A value so that two that mean the same are equal."""
        formulas = (self.old, self.new)[side].ruleset.formulas
        if spot.use in formulas:
            return self.tree(formulas[spot.use].node, side)
        match value:
            case Award() | Amount():
                return tuple(
                    (key, self.meaning(key, getattr(value, key), spot.below(key), side)) for key in type(value).model_fields
                )
            case MoveTo():
                return ("move_to", self.id("criteria", value.move_to, side))
            case BaseModel():
                return tuple(
                    (key, self.meaning(key, getattr(value, key), spot.below(key), side)) for key in type(value).model_fields
                )
            case tuple():
                return frozenset(value)
            case str() if name in ("group", "parent"):
                return self.id("groups", value, side)
            case str() if name == "ref":
                return self.id("sources", value, side)
            case str():
                return " ".join(value.split())
        return value  # type: ignore[no-any-return]  # a number, a date, a truth or nothing

    def id(self, section: str, name: str, side: int) -> str:
        """The id that it has in the new ruleset."""
        return name if side else self.renamed[section].get(name, name)

    def tree(self, node: Node, side: int) -> Node:
        """A formula with constants worked out and names as in the new ruleset."""

        def put(part: Node) -> Node | None:
            value = constant(part)
            if value is not None:
                return Number(value)
            if not isinstance(part, Ref):
                return None
            section, _, name = part.path.partition(".")
            name, dot, rest = name.partition(".")
            known = section in ("measures", "inputs", "lookups")
            return Ref(f"{section}.{self.id(section, name, side)}{dot}{rest}", part.kind) if known else None

        return replaced(node, put)

    # -------------------------------------------------------------------------------------------------------------- telling

    def add(self, kind: ChangeKind, here: _Here, old: Told | None, new: Told | None, name: str) -> None:
        section = here.subject[0]
        gone_row = kind == "gone" and name == "row"
        path = here.old.at if kind == "gone" else here.new.at
        about = kind == "wording" or section in ("findings", "sources") or "source" in here.new.use
        is_label = kind == "label" and not (section == "grades" or "levels" in here.new.use)
        bounds = name in ("min", "max")  # of a weight: a finding, no more
        meant = not (about or is_label or bounds or "applies" in here.new.use)
        if kind == "renamed":
            meant = section in ("criteria", "inputs")
        elif kind in ("added", "gone") and not gone_row and name == "":
            meant = section in ("criteria", "groups", "inputs", "adjustments", "weight_sets")
        trail = (*here.trail, key_name("", name)) if name in (*_SILENT, "id", "order") else here.trail
        aspect = Told("：".join(one.zh for one in trail), ": ".join(one.en for one in trail))
        change = Change(
            kind=kind,
            subject=here.subject,
            label=here.label,
            path=_as_written(path),
            aspect=aspect,
            old=old,
            new=new,
            old_where=Where(self.old.file, _as_written(here.old.at)) if kind != "added" else None,
            new_where=Where(self.new.file, _as_written(here.new.at)) if kind != "gone" else None,
            criteria=self.touched(here, name) if meant else (),
            scores=meant,
        )
        self.found.append((change, section in _TOTAL or name in ("group", "role", "")))

    def unsaid(self, found: list[_Found], same: SameMeaning) -> list[_Found]:
        """What differs in meaning and is in no change that was told."""
        more: list[_Found] = []
        told = {criterion for change, _ in found if change.scores for criterion in change.criteria}
        for one, other in self.pairs["criteria"]:
            if one is not None and other is not None and not same.criteria[other] and other not in told:
                before, after = self.old.spec.criteria[one], self.new.spec.criteria[other]
                spots = [_Spot(("criteria", name), ("criteria", name)) for name in (one, other)]
                here = _Here(("criteria", other), _told(after.label), spots[0], spots[1])
                more.append(self.by_meaning(here, self.wording[0].standard(before), self.wording[1].standard(after), (other,)))
        if not same.total and not any(change.scores and total for change, total in found):
            spot = _Spot(("ruleset",), ("ruleset",))
            here = _Here(("ruleset",), key_name("", "ruleset"), spot, spot)
            more.append(self.by_meaning(here, None, None, ()))
        return more

    def by_meaning(self, here: _Here, old: Told | None, new: Told | None, criteria: tuple[str, ...]) -> _Found:
        where = Where(self.old.file, here.old.at), Where(self.new.file, here.new.at)
        change = Change(
            "meaning", here.subject, here.label, here.new.at, both("meaning"), old, new, *where, criteria, scores=True
        )
        return change, here.subject[0] == "ruleset"

    # -------------------------------------------------------------------------------------------------- what depends on what

    def touched(self, here: _Here, name: str) -> tuple[str, ...]:
        """Criteria whose points may change, in the order of the new ruleset, those that are gone at the end."""
        section, subject = here.subject[0], str(here.subject[-1])
        found: set[str] = set()
        for side, reads, spot in ((self.old, self.readers[0], here.old), (self.new, self.readers[1], here.new)):
            own = str(spot.use[1]) if len(spot.use) > 1 else ""
            criteria = side.spec.criteria
            match section:
                case "criteria":
                    some = {own, *heirs(criteria, own)} if own in criteria else set()
                case "scales":
                    some = {one for one in criteria if f"scales.{subject}" in reads.get(one, ())}
                case "measures" | "inputs" | "lookups":
                    some = {one for one in criteria if f"{section}.{own}" in reads[one]}
                case "completion":
                    some = {one for one, it in criteria.items() if it.indicators is not None and it.completion is None}
                    some |= {one for one in criteria if FACTS in reads[one]}
                case "weight_sets":
                    some = {one for weights in side.spec.weight_sets.values() for one in weights.weights}
                    some |= {heir for one in some for heir in heirs(criteria, one)}
                case "ruleset" if "rounding" in here.new.use and name in ("measure", "points"):
                    some = set(criteria)
                case "ruleset" if name in ("entry_weight", "entry_points", "entry_weights_must_sum"):
                    some = {one for one, it in criteria.items() if it.indicators is not None}
                case _:
                    some = set()
            found |= {self.id("criteria", one, int(side is self.new)) for one in some}
        order = [other or one for one, other in self.pairs["criteria"]]
        return tuple(str(one) for one in order if one in found)


_SCALES = (
    spec_scales.Proportional,
    spec_scales.Bands,
    spec_scales.Deduct,
    spec_scales.Checklist,
    spec_scales.Levels,
    spec_scales.FirstMatch,
    spec_scales.Discretionary,
    spec_scales.Parts,
    spec_scales.Shared,
)
_WHOLE = (Label, Award, Amount, MoveTo, written.Years, written.Citation, written.Effect)
"""Tables that are told as one."""


def _judged(found: _Found, same: SameMeaning) -> _Found | None:
    """A change that changes no meaning is only another way of writing: dropped, or told as one that no score depends on."""
    change, total = found
    stays = change.kind == "renamed" or (change.kind in ("added", "gone") and len(change.path) == 2)
    differs = (total and not same.total) or not all(same.criteria.get(one, False) for one in change.criteria)
    if not change.scores or stays or differs:
        return found
    return None if change.criteria and change.kind != "moved" else (replace(change, scores=False), total)


def _has_rows(rows: Sequence[Any]) -> bool:
    return bool(rows) and isinstance(rows[0], BaseModel)


def _place(rows: Sequence[Any], name: str) -> int:
    return next(place for place, row in enumerate(rows) if row.id == name)


def _as_written(path: KeyPath) -> KeyPath:
    """Keys as in the file."""
    return tuple(key.rstrip("_") if isinstance(key, str) else key for key in path)


def _plain(text: str) -> Told:
    return Told(text, text)


def _told(label: Label) -> Told:
    return Told(label.text("zh"), label.text("en"))


def _label(thing: Any, subject: KeyPath) -> Told:
    """What people call it."""
    label = getattr(thing, "label", None)
    if isinstance(label, Label):
        return _told(label)
    if isinstance(thing, written.Source):
        return _plain(thing.title)
    named = _plain(str(subject[-1]))
    return both(f"one-{subject[0]}", name=named.zh) if f"compare.one-{subject[0]}" in messages.catalogue() else named


def _row_name(row: Any, place: int) -> Told:
    label = getattr(row, "label", None)
    return _told(label) if isinstance(label, Label) else both("row", place=place + 1)


def _alike(old: Told | None, new: Told | None) -> tuple[Told | None, Told | None]:
    """Two texts of which one is a percentage are both."""
    if old is None or new is None or old.zh.endswith("%") == new.zh.endswith("%"):
        return old, new
    return Wording.percent(old), Wording.percent(new)
