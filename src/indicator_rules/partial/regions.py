"""How a table can come out: its rows over all that its slots can be.

In: a leaf of a plan and an `Outlook`. Out: regions: what each slot is taken to be (an interval between two neighbouring cuts, a cut itself, one text, a
truth, nothing) and the row chosen there. On a region the choice cannot change, since rows compare slots with cuts and nothing else; so these are all
the ways there are. Rows are chosen as in scoring, by `stage`. Guaranteed: every row that some record can hit is in a region; a region
that no record reaches can be among them, where two slots read one field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import NamedTuple, cast

from indicator_rules.completion import TOP_LEVEL
from indicator_rules.engine import PlainEngine
from indicator_rules.errors import EvaluationError
from indicator_rules.exact import Exact
from indicator_rules.expression import Call, Node, Ref
from indicator_rules.facts import Facts
from indicator_rules.interval import cut_up
from indicator_rules.partial.possible import NOTHING, Outlook, Possible, possible
from indicator_rules.plan import Leaf, Slot
from indicator_rules.slots import SlotsReader
from indicator_rules.stage import Stage
from indicator_rules.time_limit import check_time

MOST_REGIONS = 5_000
"""Combinations of slots' parts; beyond it nothing is said."""


class TooManyRegions(Exception):
    """A table with more regions than can be looked through."""


class Region(NamedTuple):
    """One way for a table to come out."""

    row: int
    """The position of the row chosen, or `stage.NONE`."""
    given: Mapping[Node, Possible]
    """What the formulas of the slots are there."""
    values: Mapping[str, Exact | None]
    """A value of each slot that lies there."""


class _Part(NamedTuple):
    """Part of what one slot can be, and a value in it as the engine is told."""

    value: Exact | None
    formula: Possible


class Regions:
    """A leaf made ready to be looked through."""

    def __init__(self, leaf: Leaf) -> None:
        self.leaf = leaf
        bounds = [bound for row in leaf.table.rows for guard in (*row.guards, *(row.refuted or ())) for bound in guard]
        self.cuts = {slot.name: sorted({bound.cut for bound in bounds if bound.slot == slot.name}) for slot in leaf.slots}
        values = {slot.formula: slot for slot in leaf.slots if not slot.is_flag}
        self.followers = {slot: values.get(_asked(slot)) for slot in leaf.slots if _asked(slot) in values}
        """Flags that only say whether another slot is absent, and that slot."""
        self.stage = Stage([leaf], PlainEngine().prepare, _from_values)

    def __call__(self, outlook: Outlook) -> Iterator[Region]:
        """Every region. Raises `TooManyRegions`."""
        free = [slot for slot in self.leaf.slots if slot not in self.followers]
        axes = [self.parts(slot, outlook) for slot in free]
        if prod(map(len, axes)) > MOST_REGIONS:
            raise TooManyRegions(self.leaf.table.id)
        for parts in product(*axes):
            check_time()
            chosen = dict(zip(free, parts, strict=True))
            given = {slot.formula: part.formula for slot, part in chosen.items() if not slot.is_flag}
            values = {slot.name: part.value for slot, part in chosen.items()}
            for flag, followed in self.followers.items():
                values[flag.name] = 1 if followed is not None and values[followed.name] is None else None
            row = self.row(values)
            if row is not None:
                yield Region(row, given, values)

    def row(self, values: Mapping[str, Exact | None]) -> int | None:
        """The row chosen for some values of the slots; None for values that no record has together, as two rows of a UNIQUE table hit."""
        try:
            return self.stage.run(cast(Facts, values))[0]
        except EvaluationError:
            return None

    def parts(self, slot: Slot, outlook: Outlook) -> Sequence[_Part]:
        """What the slot can be, in parts on which no row's choice changes."""
        found = possible(slot.formula, outlook)
        parts: list[_Part] = []
        for span in found.spans:
            parts += [_Part(part.inside(), Possible((part,))) for part in cut_up(span, self.cuts[slot.name])]
        parts += _worded(slot, found)
        if found.absent:
            parts.append(_Part(None, NOTHING))
        return list(dict.fromkeys(parts))


def _worded(slot: Slot, found: Possible) -> Iterator[_Part]:
    """Truths, and texts by their codes; all texts without a code are one part."""
    codes: dict[str | bool, int] = {TOP_LEVEL: 1, **{text: position for position, text in enumerate(slot.codes, 1)}}
    for text, code in codes.items():
        if text in found.words or (found.any_text and text is not TOP_LEVEL):
            yield _Part(code, Possible(words=frozenset({text})))
    for truth in (True, False):
        if truth in found.words:
            yield _Part(int(truth), Possible(words=frozenset({truth})))
    others = frozenset(word for word in found.words if isinstance(word, str) and word not in codes)
    if others or found.any_text:
        yield _Part(0, Possible(words=others, any_text=found.any_text))


def _from_values(slots: Sequence[Slot]) -> SlotsReader:
    """Slots are read from a mapping of values here, not from a record's facts."""
    return lambda values: [cast("Mapping[str, Exact | None]", values)[slot.name] for slot in slots]


def _asked(slot: Slot) -> Node:
    """What an `absent` flag asks of; for other slots, something that no slot holds."""
    formula = slot.formula
    return formula.arguments[0] if isinstance(formula, Call) and formula.function == "absent" else Ref("")
