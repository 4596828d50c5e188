"""Scoring one scale: the row that the engine chose → points (docs/semantics.md, sections 6 to 8).

In: a `Scale` of the plan, the rows chosen in its tables, and the record's facts. Out: points, clamped to [0, weight], or `Absent` with the
reason. A range is settled by what the record's assessments say; outside it is an `OutOfRange`, which becomes a problem.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from indicator_rules.completion import assessed_share
from indicator_rules.exact import Exact, add_all, multiply
from indicator_rules.expression import Aggregate, Number, Ref
from indicator_rules.lower import WEIGHT
from indicator_rules.measure import Facts, Readers, together
from indicator_rules.plan import Award, Points, Range, Scale, Slot, Treatment
from indicator_rules.record import Rating
from indicator_rules.stage import FIRST_ROWS, NONE
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
        if share is None or isinstance(share, Absent):
            return share or Absent("not-assessed")
        if isinstance(low, Absent) or isinstance(high, Absent):
            return together([end for end in (low, high) if isinstance(end, Absent)])
        picked = multiply(share, facts.weight)
        above = picked > low if self.award.low_open else picked >= low
        below = picked < high if self.award.high_open else picked <= high
        if not (above and below):
            raise OutOfRange(picked, low, high)
        return picked


class _Row(NamedTuple):
    """A row of a table made ready. At most one of `value`, `formula` and `range` is set; none, for a treatment or a checklist."""

    name: str
    full: bool
    value: Exact | None
    formula: Formula | None
    range: _Range | None
    by_weight: bool = True
    """Whether the points depend on nothing but the weight."""


Items: TypeAlias = tuple[tuple[str, Exact], ...]
"""Row and points of each item of a checklist."""
Score: TypeAlias = tuple[Exact | Absent, str, Items]
"""Points (clamped), the row of the head table, and the items."""


class ScaleRunner:
    """A scale made ready to score."""

    def __init__(self, scale: Scale, readers: Readers) -> None:
        self.scale = scale
        self.leaves = (scale.head, *scale.items)
        self.rows = [_ready(row.id, row.award, readers) for row in scale.head.table.rows]
        self.items = [[_ready(row.id, row.award, readers) for row in leaf.table.rows] for leaf in scale.items]
        self.item_names = [leaf.table.id.rpartition(".")[2] for leaf in scale.items]
        self.base = _ready("base", Points(scale.base if scale.base is not None else Number(0)), readers)
        by_weight = all(row.by_weight for row in (self.base, *(row for rows in self.items for row in rows)))
        self.outcomes: dict[tuple[Exact, ...], Score] | None = {} if by_weight else None
        """What a checklist came to for a weight and the rows chosen, where nothing else matters."""
        self._values = [
            (slot, readers.reader(slot.formula)) for leaf in self.leaves for slot in leaf.slots if slot.name not in FIRST_ROWS
        ]

    def score(self, facts: Facts, chosen: Sequence[int], ratings: Ratings) -> Score:
        """Score with `facts.weight` as the weight in force; `chosen` has a row for each of `leaves`. Raises `OutOfRange`."""
        position = chosen[0]
        if position == NONE:
            return self.missing(facts), "absent", ()
        row = self.rows[position]
        if row.full:
            return facts.weight, row.name, ()
        if row.value is not None:
            return _clamped(row.value, facts.weight), row.name, ()
        if row.formula is not None:
            found = row.formula(facts)
        elif row.range is not None:
            found = row.range.pick(facts, ratings)
        elif row.name == "checklist":
            return self.checked(facts, chosen)
        else:
            found = self.missing(facts)
        return (found, "absent", ()) if isinstance(found, Absent) else (_clamped(found, facts.weight), row.name, ())

    def checked(self, facts: Facts, chosen: Sequence[int]) -> Score:
        """Σ of the items' awards."""
        if self.outcomes is None or NONE in chosen:
            return self.added(facts, chosen)
        key = (facts.weight, *chosen)
        outcome = self.outcomes.get(key)
        if outcome is None:
            if len(self.outcomes) >= MOST_REMEMBERED:
                self.outcomes.clear()
            outcome = self.outcomes[key] = self.added(facts, chosen)
        return outcome

    def added(self, facts: Facts, chosen: Sequence[int]) -> Score:
        """The awards of the rows chosen, and of the base, added up."""
        found: list[tuple[str, Exact]] = []
        for rows, position in zip(([self.base], *self.items), (0, *chosen[1:]), strict=True):
            if position == NONE:
                return self.missing(facts), "absent", ()
            row = rows[position]
            earned = facts.weight if row.full else row.formula(facts) if row.formula is not None else row.value or 0
            if isinstance(earned, Absent):
                return earned, "absent", ()
            found.append((row.name, earned))
        return _clamped(add_all([earned for _, earned in found]), facts.weight), "checklist", tuple(found[1:])

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


def _clamped(points: Exact, weight: Exact) -> Exact:
    if points < 0:
        return 0
    return weight if points > weight else points


def _ready(name: str, award: Award, readers: Readers) -> _Row:
    match award:
        case Points(formula=Number() as number):
            return _Row(name, False, number.value, None, None)
        case Points():
            if award.formula == WEIGHT:
                return _Row(name, True, None, None, None)
            formula = readers.number(award.formula)
            alone = all(part == WEIGHT for part in award.formula.walk() if isinstance(part, Ref | Aggregate))
            return _Row(name, False, None, _by_weight(formula) if alone else formula, None, alone)
        case Range():
            return _Row(name, False, None, None, _Range(award, readers))
    return _Row(name, False, None, None, None)


def _by_weight(formula: Formula) -> Formula:
    """A formula that reads nothing but the weight, worked out once for each weight met."""
    known: dict[Exact, Exact | Absent] = {}

    def value(facts: Facts) -> Exact | Absent:
        found = known.get(facts.weight)
        if found is None:
            if len(known) >= MOST_REMEMBERED:
                known.clear()
            found = known[facts.weight] = formula(facts)
        return found

    return value


MOST_REMEMBERED = 64
"""Different weights (and rows chosen, of a checklist) for which an award is remembered."""
