"""Scoring one scale: the row that the engine chose → points (docs/semantics.md, sections 6 to 8).

In: a `Scale` of the plan, the rows chosen in its tables, and the record's facts. Out: points, clamped to [0, weight], or `Absent` with the
reason. A range is settled by what the record's assessments say; outside it is an `OutOfRange`, which becomes a problem.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from indicator_rules.completion import assessed_share
from indicator_rules.exact import Exact
from indicator_rules.expression import Number
from indicator_rules.lower import WEIGHT
from indicator_rules.measure import Facts, Readers, together
from indicator_rules.plan import Award, Points, Range, Scale, Slot, Treatment
from indicator_rules.record import Rating
from indicator_rules.stage import NONE
from indicator_rules.value import Absent, Value

Formula: TypeAlias = Callable[[Facts], Exact | Absent]
Ratings: TypeAlias = tuple[Rating, ...]


class OutOfRange(Exception):
    """A person's pick outside the range that the rule allows."""

    def __init__(self, picked: Exact, low: Exact, high: Exact) -> None:
        super().__init__(picked, low, high)
        self.picked, self.low, self.high = picked, low, high


class _Range:
    """A range made ready."""

    def __init__(self, award: Range, readers: Readers) -> None:
        self.award = award
        self.low, self.high = readers.number(award.low), readers.number(award.high)

    def pick(self, facts: Facts, ratings: Ratings) -> Exact | Absent:
        """What was picked, checked."""
        share = assessed_share(ratings, facts.weight)
        low, high = self.low(facts), self.high(facts)
        if share is None:
            return Absent("not-assessed")
        if isinstance(low, Absent) or isinstance(high, Absent):
            return together([end for end in (low, high) if isinstance(end, Absent)])
        picked = share * facts.weight
        above = picked > low if self.award.low_open else picked >= low
        below = picked < high if self.award.high_open else picked <= high
        if not (above and below):
            raise OutOfRange(picked, low, high)
        return picked


_Compiled: TypeAlias = tuple[str, Formula | None, Exact | None, _Range | None]
"""Row id, and one of: a formula, a constant, a range; none of them for a treatment or a checklist."""


class ScaleRunner:
    """A scale made ready to score."""

    def __init__(self, scale: Scale, readers: Readers) -> None:
        self.scale = scale
        self.leaves = (scale.head, *scale.items)
        self.rows = [_compiled(row.id, row.award, readers) for row in scale.head.table.rows]
        self.items = [[_compiled(row.id, row.award, readers) for row in leaf.table.rows] for leaf in scale.items]
        self.item_names = [leaf.table.id.rpartition(".")[2] for leaf in scale.items]
        self.base = readers.number(scale.base) if scale.base is not None else None
        self._values = [
            (slot, readers.reader(slot.formula))
            for leaf in self.leaves
            for slot in leaf.slots
            if slot.name != "not_applicable" and not slot.name.startswith("absent(")
        ]

    def points(self, facts: Facts, chosen: Sequence[int], ratings: Ratings) -> tuple[Exact | Absent, str]:
        """Points and the row of the head table; `facts.weight` is the weight in force. `chosen`: a row for each of `leaves`."""
        row = chosen[0]
        if row == NONE:
            return self.missing(facts), "absent"
        name, formula, value, picked = self.rows[row]
        if value is None:
            if formula is not None:
                found = formula(facts)
            elif picked is not None:
                found = picked.pick(facts, ratings)
            elif self.items and name == "checklist":
                found = self.checked(facts, chosen[1:])
            else:
                return self.missing(facts), name
            if isinstance(found, Absent):
                return found, "absent"
            value = found
        weight = facts.weight
        return (value if 0 <= value <= weight else 0 if value < 0 else weight), name

    def checked(self, facts: Facts, chosen: Sequence[int]) -> Exact | Absent:
        """Σ of the items' awards."""
        total: Exact | Absent = 0 if self.base is None else self.base(facts)
        for _, row_points in self.item_points(facts, chosen):
            if isinstance(row_points, Absent):
                return self.missing(facts)
            if not isinstance(total, Absent):
                total += row_points
        return total

    def item_points(self, facts: Facts, chosen: Sequence[int]) -> list[tuple[str, Exact | Absent]]:
        """Row and points of each item."""
        found: list[tuple[str, Exact | Absent]] = []
        for rows, row in zip(self.items, chosen, strict=True):
            if row == NONE:
                found.append(("absent", Absent("not-given")))
                continue
            name, formula, value, _ = rows[row]
            found.append((name, value if value is not None else formula(facts) if formula is not None else 0))
        return found

    def values(self, facts: Facts) -> list[tuple[Slot, Value]]:
        """What the slots hold, worked out again: for explaining, not for scoring."""
        return [(slot, read(facts)) for slot, read in self._values]

    def missing(self, facts: Facts) -> Absent:
        """Why no row could be chosen."""
        absent = [value for _, value in self.values(facts) if isinstance(value, Absent)]
        return together(absent) if absent else Absent("not-met")


def treated(treatment: Treatment, weight: Exact) -> Exact | None:
    """The points that a treatment gives; None if it gives none (`error`, `rescale`, `move_to`)."""
    match treatment.kind:
        case "full":
            return weight
        case "zero":
            return 0
        case "points":
            return min(max(treatment.points, 0), weight)
    return None


def _compiled(name: str, award: Award, readers: Readers) -> _Compiled:
    match award:
        case Points(formula=Number() as number):
            return name, None, number.value, None
        case Points():
            full = award.formula == WEIGHT
            return name, (_weight if full else readers.number(award.formula)), None, None
        case Range():
            return name, None, None, _Range(award, readers)
    return name, None, None, None


def _weight(facts: Facts) -> Exact:
    return facts.weight
