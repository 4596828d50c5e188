"""The curve of a table: points as a function of the one measure that it reads.

In: a scale whose table reads one number, its weight, and an outlook. Out: its pieces from the lowest value of the measure to the highest: where a piece lies, the row, and
the points at its two ends (limits, where an end is open), with the way it runs between them. None where the points depend on anything else;
`NotTold` where it cannot be told which way a formula runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from indicator_rules import interval
from indicator_rules.exact import Exact, add
from indicator_rules.expression import Arithmetic, Call, Negative, Node, Number
from indicator_rules.interval import Span
from indicator_rules.lower import WEIGHT
from indicator_rules.partial.outlook import RecordOutlook
from indicator_rules.partial.possible import possible
from indicator_rules.partial.regions import Region, Regions
from indicator_rules.plan import Points, Scale, Slot
from indicator_rules.stage import NONE


class Piece(NamedTuple):
    """Points over one stretch of the measure."""

    where: Span
    row: str
    start: Exact
    end: Exact
    """Points at the lower and the upper end."""

    @property
    def trend(self) -> int:
        """1 rising, −1 falling, 0 level."""
        return (self.end > self.start) - (self.end < self.start)


class Jump(NamedTuple):
    """Points that change at one value of the measure."""

    at: Exact
    before: Exact
    after: Exact
    rows: tuple[str, str]

    @property
    def size(self) -> Exact:
        return add(max(self.before, self.after), -min(self.before, self.after))


class Curve(NamedTuple):
    """All pieces, in the order of the measure."""

    slot: Slot
    pieces: tuple[Piece, ...]

    @property
    def jumps(self) -> tuple[Jump, ...]:
        """Where two neighbouring pieces do not meet."""
        found = []
        for one, other in pairwise(self.pieces):
            at = other.where.low if other.where.low is not None else one.where.high
            if one.end != other.start and at is not None:
                found.append(Jump(at, one.end, other.start, (one.row, other.row)))
        return tuple(found)

    @property
    def steps(self) -> tuple[tuple[int, Exact | None], ...]:
        """Each way that the points go, piece by piece and jump by jump, and where."""
        within = [(piece.trend, piece.where.low) for piece in self.pieces if piece.trend]
        between = [((jump.after > jump.before) - (jump.after < jump.before), jump.at) for jump in self.jumps]
        return (*within, *between)

    @property
    def direction(self) -> int:
        """The way from one end to the other."""
        first, last = self.pieces[0].start, self.pieces[-1].end
        return (last > first) - (last < first)

    @property
    def is_monotone(self) -> bool:
        """Whether more of the measure never does what less of it does not."""
        return len({way for way, _ in self.steps}) <= 1


class NotTold(Exception):
    """A table of one measure whose formulas cannot be told to rise or fall."""


def curve(scale: Scale, weight: Exact, outlook: RecordOutlook) -> Curve | None:
    """The curve of `scale`; None if it reads anything but one number. Raises `NotTold`, and `TooManyRegions`."""
    slot = only_number(scale)
    if slot is None:
        return None
    pieces: list[Piece] = []
    weighed = outlook.weighing(Span.point(weight))
    for region in Regions(scale.head)(weighed):
        where = region.given[slot.formula].span
        if where is None or region.row == NONE:  # no such number, or no points for it at all
            continue
        piece = _piece(scale, region, slot.formula, where, weighed)
        if piece is None:
            return None
        pieces.append(piece)
    return Curve(slot, tuple(pieces)) if len(pieces) > 1 and _in_order(pieces) else None


def only_number(scale: Scale) -> Slot | None:
    """The number that the table of `scale` reads, if it reads one and nothing else."""
    slots = [slot for slot in scale.head.slots if not slot.is_flag]
    return slots[0] if len(slots) == 1 and not slots[0].codes and not scale.parts else None


def in_shares(scale: Scale) -> bool:
    """Whether every award is a share of the weight in force: another weight then scales the points, and changes nothing else."""
    return all(_degree(row.award.formula) in (1, None) for row in scale.head.table.rows if isinstance(row.award, Points))


def _degree(node: Node) -> int | None:
    """The power of the weight that a formula goes with, −1 for none; None for 0, which goes with any."""
    match node:
        case Number():
            return None if node.value == 0 else 0
        case Negative():
            return _degree(node.operand)
        case Call(function="min" | "max" | "abs"):
            return _same([_degree(argument) for argument in node.arguments])
        case Arithmetic():
            left, right = _degree(node.left), _degree(node.right)
            if node.sign in "+-":
                return _same([left, right])
            if left is None:
                return None
            if right is None or -1 in (left, right):
                return None if node.sign == "*" and right is None else -1
            power = left + right if node.sign == "*" else left - right
            return power if power >= 0 else -1
    return 1 if node == WEIGHT else -1 if any(part == WEIGHT for part in node.walk()) else 0


def _same(degrees: Sequence[int | None]) -> int | None:
    found = {one for one in degrees if one is not None}
    return -1 if len(found) > 1 else next(iter(found), None)


def _in_order(pieces: Sequence[Piece]) -> bool:
    ends = [(one.where.high, other.where.low) for one, other in pairwise(pieces)]
    return all(high is not None and low is not None and high <= low for high, low in ends)


def _piece(scale: Scale, region: Region, x: Node, where: Span, outlook: RecordOutlook) -> Piece | None:
    row = None if region.row == NONE else scale.head.table.rows[region.row]
    if row is None or not isinstance(row.award, Points):
        return None
    inside = outlook.narrowed(region.given)
    way = trend(row.award.formula, x, inside)
    found = possible(row.award.formula, inside)
    if way is None or found.span is None or found.absent:
        raise NotTold
    clamped = interval.smallest([interval.largest([found.span, Span.point(0)]), outlook.weight])
    low, high = clamped.low, clamped.high
    if low is None or high is None or (way == 0 and low != high):
        raise NotTold
    return Piece(where, row.id, *((low, high) if way >= 0 else (high, low)))


def trend(node: Node, x: Node, outlook: RecordOutlook) -> int | None:
    """How a formula goes with `x`: 1 never falls, −1 never rises, 0 stays; None where that cannot be told."""
    if node == x:
        return 1
    if all(part != x for part in node.walk()):
        found = possible(node, outlook).span
        return 0 if found is not None and found.is_point else None
    match node:
        case Negative():
            inner = trend(node.operand, x, outlook)
            return None if inner is None else -inner
        case Call(function="floor" | "ceil" | "min" | "max" | "rounded"):
            return _agreed([trend(argument, x, outlook) for argument in node.arguments])
        case Arithmetic():
            left, right = trend(node.left, x, outlook), trend(node.right, x, outlook)
            if left is None or right is None:
                return None
            if node.sign in "+-":
                return _agreed([left, right if node.sign == "+" else -right])
            signs = _sign(node.left, outlook), _sign(node.right, outlook)
            if None in signs:
                return None
            # A product goes with each factor as the sign of the other says; a quotient with its divisor the other way round.
            turned = right if node.sign == "*" else -right
            return _agreed([left * (signs[1] or 0), turned * (signs[0] or 0)])
    return None


def _agreed(ways: Sequence[int | None]) -> int | None:
    if None in ways:
        return None
    found = {way for way in ways if way}
    return None if len(found) > 1 else next(iter(found), 0)


def _sign(node: Node, outlook: RecordOutlook) -> int | None:
    """1 never negative, −1 never positive, 0 always 0."""
    span = possible(node, outlook).span
    if span is None:
        return None
    if span.is_point and span.low == 0:
        return 0
    if span.low is not None and span.low >= 0:
        return 1
    return -1 if span.high is not None and span.high <= 0 else None
