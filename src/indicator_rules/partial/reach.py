"""The points that a scale can still give (docs/semantics.md, section 6), when some of what it reads is open.

In: a `Scale` of the plan, an outlook and a weight. Out: a `Reach`: a span that holds all points that some record can get, the rows that
can be hit, and whether the record can also be refused. Each region of a table is scored by itself, so a jump at a cut is kept; what is combined of parts is
monotone in each part, so their ends decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from indicator_rules import interval
from indicator_rules.completion import assessed_points
from indicator_rules.exact import Exact, divide
from indicator_rules.expression import Aggregate, Node, Ref
from indicator_rules.interval import Span
from indicator_rules.partial.outlook import RecordOutlook
from indicator_rules.partial.possible import Possible, possible
from indicator_rules.partial.regions import Region, Regions, TooManyRegions
from indicator_rules.plan import Award, Part, Points, Range, Scale, Treatment
from indicator_rules.record_parts import Rating
from indicator_rules.score import treated
from indicator_rules.spec_fields import Combine
from indicator_rules.stage import NONE


class Reach(NamedTuple):
    """What can come out."""

    span: Span | None
    """Points; None if every record is refused."""
    rows: frozenset[str]
    refused: bool = False
    """Whether some record is refused (a value that is needed stays absent, a pick is out of range)."""


class Picks(NamedTuple):
    """What a person has said, or can still say."""

    ratings: tuple[Rating, ...]
    open: bool


class _Way(NamedTuple):
    """What one region gives."""

    span: Span | None
    row: str
    absent: bool = False
    refused: bool = False


class ScaleReach:
    """A scale made ready."""

    def __init__(self, scale: Scale, *, clamps: bool = True) -> None:
        self.scale, self.clamps = scale, clamps
        self.regions = Regions(scale.head)
        self.parts = [(part, ScaleReach(part.scale, clamps=part.weight is not None)) for part in scale.parts]
        slots = {slot.formula for slot in scale.head.slots}
        self.read = [_read(row.award, slots) for row in scale.head.table.rows]

    def reach(self, outlook: RecordOutlook, weight: Exact, picks: Picks, absent: Treatment | None = None) -> Reach:
        """Points out of `weight`; `absent` is what is done where nothing can be scored (the scale's own treatment, if not said)."""
        weighed = outlook.weighing(Span.point(weight))
        try:
            different = {self.told_apart(region): region for region in self.regions(weighed)}
            ways = [self.way(region, weighed, weight, picks) for region in different.values()]
        except TooManyRegions:
            rows = frozenset(row.id for row in self.scale.head.table.rows)
            ways = [_Way(Span(min(0, weight), max(0, weight)), row, absent=True) for row in rows]
        spans = [way.span for way in ways if way.span is not None]
        rows = frozenset(way.row for way in ways if way.span is not None)
        refused = any(way.refused for way in ways)
        if any(way.absent for way in ways):
            given = treated(self.scale.absent if absent is None else absent, weight)
            refused = refused or given is None
            spans += [] if given is None else [Span.point(given)]
            rows |= frozenset() if given is None else {"absent"}
        return Reach(interval.hull(spans) if spans else None, rows, refused)

    def told_apart(self, region: Region) -> tuple[object, ...]:
        """What makes a difference to the award: the row, and the slots that its formula reads."""
        if region.row == NONE:
            return (NONE, any(found.present for found in region.given.values()))
        read = self.read[region.row]
        return (region.row, *(found for node, found in region.given.items() if node in read))

    def way(self, region: Region, outlook: RecordOutlook, weight: Exact, picks: Picks) -> _Way:
        """What one region gives."""
        if region.row == NONE:
            unknown_level = self.scale.levels and any(found.present for found in region.given.values())
            return _Way(None, "absent", absent=not unknown_level, refused=unknown_level)
        row = self.scale.head.table.rows[region.row]
        inside = outlook.narrowed(region.given)
        found = self.award(row.award, inside, weight, picks)
        spans = [_clamped(span, weight) if self.clamps else span for span in found.span]
        return _Way(interval.hull(spans) if spans else None, row.id, found.absent, found.refused)

    def award(self, award: Award, outlook: RecordOutlook, weight: Exact, picks: Picks) -> _Award:
        match award:
            case Points():
                value = possible(award.formula, outlook)
                return _Award(value.spans, value.absent)
            case Range():
                return _picked(award, outlook, weight, picks)
            case Treatment():
                return _Award((), absent=True)
        return self.composed(outlook, weight, picks)

    def composed(self, outlook: RecordOutlook, whole: Exact, picks: Picks) -> _Award:
        """The parts, each by itself, and then combined."""
        scored: list[tuple[Span, Exact]] = []
        refused = absent = False
        for part, ready in self.parts:
            weights = _weight(part, outlook, whole)
            absent = absent or weights.absent
            if weights.span is None:
                return _Award((), absent=True)
            if not weights.span.is_point:  # weights that depend on the record: anything out of the whole
                return _Award((Span(0, whole),), absent=True)
            weight = weights.span.low or 0
            found = ready.reach(outlook, weight, picks)
            # A part that cannot be scored makes the whole absent.
            absent = absent or found.refused
            if found.span is None:
                return _Award((), absent=True, refused=refused)
            scored.append((found.span, weight))
        span = combined(self.scale.combine, scored, whole)
        if span is None:
            return _Award((), absent=True, refused=refused)
        if self.scale.base is not None:
            base = possible(self.scale.base, outlook)
            if base.span is None:
                return _Award((), absent=True)
            absent = absent or base.absent
            span = interval.plus(base.span, span)
        return _Award((span,), absent, refused)


def _read(award: Award, slots: set[Node]) -> set[Node]:
    """The slots' formulas that an award reads; all of them, where it reads something that reads on."""
    if isinstance(award, Treatment):
        return set()
    if isinstance(award, Points | Range):
        nodes = (award.formula,) if isinstance(award, Points) else (award.low, award.high)
        parts = [part for node in nodes for part in node.walk()]
        if not any(isinstance(part, Aggregate) or (isinstance(part, Ref) and part.path.startswith(READ_ON)) for part in parts):
            return slots.intersection(parts)
    return slots


READ_ON = ("measures.", "lookups.")
"""Names that stand for formulas."""


class _Award(NamedTuple):
    span: Sequence[Span]
    absent: bool = False
    refused: bool = False


def _weight(part: Part, outlook: RecordOutlook, whole: Exact) -> Possible:
    return Possible((Span.point(whole),)) if part.weight is None else possible(part.weight, outlook)


def _picked(award: Range, outlook: RecordOutlook, weight: Exact, picks: Picks) -> _Award:
    """Points that a person picks between two ends."""
    low, high = possible(award.low, outlook), possible(award.high, outlook)
    absent = low.absent or high.absent
    if low.span is None or high.span is None:
        return _Award((), absent=True)
    allowed = interval.span(low.span.low, high.span.high, low_open=award.low_open, high_open=award.high_open)
    given = assessed_points(picks.ratings, weight)
    if given is None:
        spans = (allowed,) if allowed is not None and picks.open else ()
        return _Award(spans, absent=True)
    if weight == 0:
        return _Award((Span.point(0),), absent)
    if allowed is None or given not in allowed:
        return _Award((), absent, refused=True)
    certain = interval.span(low.span.high, high.span.low, low_open=award.low_open, high_open=award.high_open)
    return _Award((Span.point(given),), absent, refused=certain is None or given not in certain)


def combined(how: Combine, parts: Sequence[tuple[Span, Exact]], whole: Exact) -> Span | None:
    """`score.combined` for points that are spans; None where it is absent."""
    if how == "sum":
        return _sum([span for span, _ in parts])
    weights = [weight for _, weight in parts]
    if how == "weighted":
        total = sum(weights)
        return None if total == 0 else _scaled(_sum([span for span, _ in parts]), divide(whole, total))
    if not parts or 0 in weights:
        return None
    shares = [_scaled(span, divide(whole, weight)) for span, weight in parts]
    if how == "mean":
        return _scaled(_sum(shares), divide(1, len(shares)))
    return interval.largest(shares) if how == "max" else interval.smallest(shares)


def _sum(spans: Sequence[Span]) -> Span:
    total = Span.point(0)
    for span in spans:
        total = interval.plus(total, span)
    return total


def _scaled(span: Span, factor: Exact) -> Span:
    return interval.times(span, Span.point(factor))


def _clamped(span: Span, weight: Exact) -> Span:
    return interval.smallest([interval.largest([span, Span.point(0)]), Span.point(weight)])
