"""Scoring one scale: the row that the engine chose → points (docs/semantics.md, sections 6 to 8).

In: a `Scale` of the plan, the rows chosen in its tables, and the record's facts. Out: points, clamped to [0, weight], or `Absent` with the
reason. A range is settled by what the record's assessments say; outside it is an `OutOfRange`, which becomes a problem. `decides` says which
rows leave nothing open but the weight, so that whoever scores many records can remember what they come to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from indicator_rules.completion import assessed_points
from indicator_rules.exact import Exact, add, add_all, divide, multiply, within
from indicator_rules.expression import Aggregate, Node, Number, Ref
from indicator_rules.facts import Facts
from indicator_rules.lower import WEIGHT
from indicator_rules.measure import Readers, together
from indicator_rules.plan import Award, Descend, Points, Range, Scale, Slot, Treatment
from indicator_rules.record_parts import Rating
from indicator_rules.spec_fields import Combine
from indicator_rules.stage import FIRST_ROWS, NONE
from indicator_rules.value import Absent, Value

Formula: TypeAlias = Callable[[Facts], Exact | Absent]
Ratings: TypeAlias = tuple[Rating, ...]


class UnknownLevel(Exception):
    """A label that the scale does not have."""

    def __init__(self, label: str, known: tuple[str, ...], formula: Node) -> None:
        super().__init__(label)
        self.label, self.known, self.formula = label, known, formula


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
        picked = assessed_points(ratings, facts.weight)
        low, high = self.low(facts), self.high(facts)
        if picked is None:
            return Absent("not-assessed")
        if isinstance(low, Absent) or isinstance(high, Absent):
            return together([end for end in (low, high) if isinstance(end, Absent)])
        if facts.weight == 0:
            return 0
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


Items: TypeAlias = tuple[tuple[str, Exact], ...]
"""Row and points of each item of a checklist, or part of a composite."""
Score: TypeAlias = tuple[Exact | Absent, str, Items]
"""Points (clamped), the row of the head table, and the items."""


class _Part(NamedTuple):
    """A part made ready: its tables are `leaves[first:last]` of the whole."""

    runner: ScaleRunner
    weight: Formula | None
    first: int
    last: int


class ScaleRunner:
    """A scale made ready to score."""

    def __init__(self, scale: Scale, readers: Readers, *, clamps: bool = True) -> None:
        self.scale, self.readers, self.clamps = scale, readers, clamps
        self.leaves = scale.leaves
        self.rows = [_ready(row.id, row.award, readers) for row in scale.head.table.rows]
        self.base = readers.number(scale.base) if scale.base is not None else None
        self.parts: list[_Part] = []
        place = 1
        for part in scale.parts:
            # Items of a checklist are parts of one application: what they give is clamped once, together.
            runner = ScaleRunner(part.scale, readers, clamps=part.weight is not None)
            weight = None if part.weight is None else _by_weight_alone(part.weight, readers)
            self.parts.append(_Part(runner, weight, place, place + len(runner.leaves)))
            place += len(runner.leaves)
        self._values = [(slot, readers.reader(slot.formula)) for leaf in self.leaves for slot in leaf.slots if not slot.is_flag]
        self._fixed = [_is_fixed(row.award, scale) for row in scale.head.table.rows]

    def decides(self, chosen: Sequence[int]) -> bool:
        """Whether these rows and the weight decide the points: no award reads anything else, nobody picks, nothing is unknown."""
        return NONE not in chosen and self._fixed[chosen[0]]

    def score(self, facts: Facts, chosen: Sequence[int], ratings: Ratings) -> Score:
        """Score with `facts.weight` as the weight in force; `chosen` has a row for each of `leaves`. Raises `OutOfRange`, `UnknownLevel`."""
        position = chosen[0]
        if position == NONE:
            if self.scale.levels:
                self.refuse_unknown_level(facts)
            return self.missing(facts), "absent", ()
        name, full, value, formula, choice = self.rows[position]
        if full:
            return facts.weight, name, ()
        items: Items = ()
        found: Exact | Absent
        if value is not None:
            found = value
        elif formula is not None:
            found = formula(facts)
        elif choice is not None:
            found = choice.pick(facts, ratings)
        elif self.parts and name not in FIRST_ROWS:
            found, items = self.combined(facts, chosen, ratings)
        else:
            found = self.missing(facts)
        if isinstance(found, Absent):
            return found, "absent", ()
        return within(found, 0, facts.weight) if self.clamps else found, name, items

    def combined(self, facts: Facts, chosen: Sequence[int], ratings: Ratings) -> tuple[Exact | Absent, Items]:
        """The parts scored one by one and combined; an absent part follows its own `absent` first."""
        whole = facts.weight
        rows: list[tuple[str, Exact]] = []
        weights: list[Exact] = []
        missing: list[Absent] = []
        for part in self.parts:
            weight = whole if part.weight is None else part.weight(facts)
            if isinstance(weight, Absent):
                missing.append(weight)
                continue
            facts.weight = weight
            points, row, _ = part.runner.score(facts, chosen[part.first : part.last], ratings)
            facts.weight = whole
            if isinstance(points, Absent):
                given = treated(part.runner.scale.absent, weight)
                if given is None:
                    missing.append(points)
                    continue
                points = given
            rows.append((row, points))
            weights.append(weight)
        if missing:
            return together(missing), ()
        found = combined(self.scale.combine, [points for _, points in rows], weights, whole)
        base = 0 if self.base is None else self.base(facts)
        if isinstance(found, Absent) or isinstance(base, Absent):
            return (found if isinstance(found, Absent) else base), ()
        return add(base, found), tuple(rows)

    def values(self, facts: Facts) -> list[tuple[Slot, Value]]:
        """What the slots hold, worked out again: for explaining, not for scoring."""
        return [(slot, read(facts)) for slot, read in self._values]

    def refuse_unknown_level(self, facts: Facts) -> None:
        """Raise `UnknownLevel` for a label that no row is for."""
        for slot, value in self.values(facts):
            if slot.name == "level" and isinstance(value, str):
                raise UnknownLevel(value, slot.codes, slot.formula)

    def missing(self, facts: Facts) -> Absent:
        """Why no row could be chosen."""
        absent = [value for _, value in self.values(facts) if isinstance(value, Absent)]
        return together(absent) if absent else Absent("not-met")


def combined(how: Combine, points: Sequence[Exact], weights: Sequence[Exact], whole: Exact) -> Exact | Absent:
    """Points and weights of parts → points out of `whole`; absent where a share of no weight would be needed."""
    if how == "sum":
        return add_all(points)
    if how == "weighted":
        total = add_all(weights)
        if total == 0:
            return Absent("no-entry-weight", ("indicators",))
        earned = add_all(points)
        return earned if total == whole else divide(multiply(earned, whole), total)
    if not points or not all(weights):
        return Absent("no-entry-weight", ("indicators",))
    shares = list(map(divide, points, weights))
    if how == "mean":
        return divide(multiply(add_all(shares), whole), len(shares))
    return multiply(max(shares) if how == "max" else min(shares), whole)


def treated(treatment: Treatment, weight: Exact) -> Exact | None:
    """The points that a treatment gives; None if it gives none (`error`, `rescale`, `move_to`)."""
    match treatment.kind:
        case "full":
            return weight
        case "zero":
            return 0
        case "points":
            return within(treatment.points, 0, weight)
    return None


def _ready(name: str, award: Award, readers: Readers) -> _Row:
    match award:
        case Points(formula=Number() as number):
            return _Row(name, False, number.value, None, None)
        case Points():
            if award.formula == WEIGHT:
                return _Row(name, True, None, None, None)
            return _Row(name, False, None, _by_weight_alone(award.formula, readers), None)
        case Range():
            return _Row(name, False, None, None, _Range(award, readers))
    return _Row(name, False, None, None, None)


def _by_weight_alone(node: Node, readers: Readers) -> Formula:
    """A formula; one that reads nothing but the weight is worked out once for each weight met."""
    formula = readers.number(node)
    if not _reads_weight_alone(node):
        return formula
    known: dict[Exact, Exact | Absent] = {}

    def value(facts: Facts) -> Exact | Absent:
        found = known.get(facts.weight)
        if found is None:
            if len(known) >= MOST_REMEMBERED:
                known.clear()
            found = known[facts.weight] = formula(facts)
        return found

    return value


def _reads_weight_alone(node: Node) -> bool:
    return all(part == WEIGHT for part in node.walk() if isinstance(part, Ref | Aggregate))


def _is_fixed(award: Award, scale: Scale) -> bool:
    """Whether a row of the head table of `scale` leaves nothing open but the weight."""
    match award:
        case Points():
            return _reads_weight_alone(award.formula)
        case Descend():
            nodes = [part.weight for part in scale.parts if part.weight is not None]
            nodes += [scale.base] if scale.base is not None else []
            heads = [(row.award, part.scale) for part in scale.parts for row in part.scale.head.table.rows]
            return all(map(_reads_weight_alone, nodes)) and all(_is_fixed(award, inside) for award, inside in heads)
    return not isinstance(award, Range)


MOST_REMEMBERED = 64
"""Different weights (and rows chosen) for which what they come to is remembered."""
