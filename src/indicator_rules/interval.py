"""Intervals: exact arithmetic on ranges of numbers, for questions about more than one record.

A `Span` holds every number between two ends; an end may be open, or missing (no limit); `whole` says that only whole numbers are meant. The
result of an operation holds every number that the operation can give for numbers of its operands, and no end is wider than needed
while the operands vary independently. Dates are spans of day numbers. Nothing here is ever empty: `span` gives None for that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from indicator_rules.exact import Exact, Rounding, add, divide, exact, multiply, to_text


@dataclass(frozen=True, slots=True)
class Span:
    """The numbers between `low` and `high`; None is no limit, an open end is not itself held."""

    low: Exact | None = None
    high: Exact | None = None
    low_open: bool = False
    high_open: bool = False
    whole: bool = False

    @staticmethod
    def point(value: Exact) -> Span:
        """One number."""
        return Span(value, value, whole=value.denominator == 1)

    @property
    def is_point(self) -> bool:
        """Whether it holds one number only."""
        return self.low is not None and self.low == self.high

    def __contains__(self, value: Exact) -> bool:
        above = self.low is None or (value > self.low if self.low_open else value >= self.low)
        below = self.high is None or (value < self.high if self.high_open else value <= self.high)
        return above and below and (not self.whole or value.denominator == 1)

    def inside(self) -> Exact:
        """A number that it holds; the low end where that is held, else one as plain as can be had."""
        if self.low is not None and not self.low_open:
            return self.low
        if self.high is not None and not self.high_open:
            return self.high
        if self.low is None or self.high is None:
            return self.low + 1 if self.low is not None else self.high - 1 if self.high is not None else 0
        if self.whole:
            return math.floor(self.low) + 1
        return exact(Fraction(self.low + self.high) / 2)

    def __str__(self) -> str:
        if self.is_point and self.low is not None:
            return to_text(self.low)
        low = "(−∞" if self.low is None else f"{'(' if self.low_open else '['}{to_text(self.low)}"
        high = "∞)" if self.high is None else f"{to_text(self.high)}{')' if self.high_open else ']'}"
        return f"{low}, {high}"


ALL = Span()
NOT_NEGATIVE = Span(0)
COUNT = Span(0, whole=True)
RATIO = Span(0, 1)


def span(
    low: Exact | None, high: Exact | None, *, low_open: bool = False, high_open: bool = False, whole: bool = False
) -> Span | None:
    """The span between two ends, or None if that is empty."""
    if whole and low is not None:
        low, low_open = (math.floor(low) + 1 if low_open else math.ceil(low)), False
    if whole and high is not None:
        high, high_open = (math.ceil(high) - 1 if high_open else math.floor(high)), False
    if low is not None and high is not None and (low > high or (low == high and (low_open or high_open))):
        return None
    return Span(low, high, low is not None and low_open, high is not None and high_open, whole)


def common(one: Span, other: Span) -> Span | None:
    """What both hold."""
    low, high = max(_lower(one), _lower(other)), min(_upper(one), _upper(other))
    return span(low.value, high.value, low_open=low.open, high_open=high.open, whole=one.whole or other.whole)


def hull(parts: Iterable[Span]) -> Span:
    """The narrowest span that holds all of `parts` (at least one)."""
    found = list(parts)
    low, high = min(map(_lower, found)), max(map(_upper, found))
    return Span(low.value, high.value, low.open, high.open, all(part.whole for part in found))


def cut_up(whole: Span, cuts: Sequence[Exact]) -> Iterator[Span]:
    """`whole` in the order of the numbers, cut at each of `cuts` (ascending): the cuts themselves, and what is between them."""
    start: Exact | None = None
    for cut in cuts:
        for part in (Span(start, cut, True, True), Span.point(cut)):
            found = common(whole, replace(part, low_open=part.low is not None and part.low_open))
            if found is not None:
                yield found
        start = cut
    last = common(whole, Span(start, None, start is not None))
    if last is not None:
        yield last


# -------------------------------------------------------------------------------------------------------------- arithmetic


def plus(one: Span, other: Span) -> Span:
    """Sums."""
    low = None if one.low is None or other.low is None else add(one.low, other.low)
    high = None if one.high is None or other.high is None else add(one.high, other.high)
    low_open = low is not None and (one.low_open or other.low_open)
    high_open = high is not None and (one.high_open or other.high_open)
    return Span(low, high, low_open, high_open, one.whole and other.whole)


def negative(one: Span) -> Span:
    """Every number with its sign turned."""
    low = None if one.high is None else -one.high
    return Span(low, None if one.low is None else -one.low, one.high_open, one.low_open, one.whole)


def minus(one: Span, other: Span) -> Span:
    """Differences."""
    return plus(one, negative(other))


def times(one: Span, other: Span) -> Span:
    """Products."""
    ends = [_product(a, b) for a in (_lower(one), _upper(one)) for b in (_lower(other), _upper(other))]
    low, high = min(end.as_lower() for end in ends), max(end.as_upper() for end in ends)
    return Span(low.value, high.value, low.open, high.open, one.whole and other.whole)


def quotients(one: Span, other: Span) -> Span | None:
    """Quotients, as far as `other` holds anything but 0; None where it holds nothing else."""
    parts = [common(other, Span(None, 0, False, True)), common(other, Span(0, None, True))]
    found = [times(one, _reciprocals(part)) for part in parts if part is not None]
    return hull(found) if found else None


def smallest(parts: Sequence[Span]) -> Span:
    """The smallest of one number from each."""
    low, high = min(map(_lower, parts)), min(map(_upper, parts))
    return Span(low.value, high.value, low.open, high.open, all(part.whole for part in parts))


def largest(parts: Sequence[Span]) -> Span:
    """The largest of one number from each."""
    return negative(smallest([negative(part) for part in parts]))


def magnitudes(one: Span) -> Span:
    """Every number without its sign."""
    if one.low is not None and one.low >= 0:
        return one
    if one.high is not None and one.high <= 0:
        return negative(one)
    return replace(largest([one, negative(one)]), low=0, low_open=False)


def rounded(one: Span, rounding: Rounding) -> Span:
    """Every number rounded. Rounding never turns the order round, so the ends decide; an open end just short of a step does not reach it."""
    step = Fraction(1, 2 * 10**rounding.digits)
    low = None if one.low is None else rounding(_short_of(one.low, step) if one.low_open else one.low)
    high = None if one.high is None else rounding(_short_of(one.high, -step) if one.high_open else one.high)
    return Span(low, high, whole=one.whole or rounding.digits == 0)


def floors(one: Span, *, up: bool = False) -> Span:
    """Every number rounded down (or up) to a whole one."""
    if up:
        return negative(floors(negative(one)))
    low = None if one.low is None else math.floor(one.low)
    high = None if one.high is None else math.ceil(one.high) - 1 if one.high_open else math.floor(one.high)
    return Span(low, high, whole=True)


# -------------------------------------------------------------------------------------------------------------------- ends


class _Lower(NamedTuple):
    """A lower end, ordered: the smaller, the wider the span."""

    key: tuple[float, Exact, bool]
    value: Exact | None
    open: bool


class _Upper(NamedTuple):
    """An upper end, ordered: the larger, the wider the span."""

    key: tuple[float, Exact, bool]
    value: Exact | None
    open: bool


class _End(NamedTuple):
    """A product of two ends: a sign of infinity, or a number; open if it is not reached."""

    infinite: int
    value: Exact
    open: bool

    def as_lower(self) -> _Lower:
        return _Lower((self.infinite, self.value, self.open), None if self.infinite else self.value, self.open)

    def as_upper(self) -> _Upper:
        return _Upper((self.infinite, self.value, not self.open), None if self.infinite else self.value, self.open)


def _lower(one: Span) -> _Lower:
    if one.low is None:
        return _Lower((-1, 0, False), None, False)
    return _Lower((0, one.low, one.low_open), one.low, one.low_open)


def _upper(one: Span) -> _Upper:
    if one.high is None:
        return _Upper((1, 0, False), None, False)
    return _Upper((0, one.high, not one.high_open), one.high, one.high_open)


def _product(a: _Lower | _Upper, b: _Lower | _Upper) -> _End:
    zeros = [end for end in (a, b) if end.value == 0]
    if zeros:
        # 0 that is held gives 0 whatever the other is; 0 that is only approached gives 0 only approached.
        return _End(0, 0, all(end.open for end in zeros))
    sign = 1 if (_sign(a) > 0) == (_sign(b) > 0) else -1
    if a.value is None or b.value is None:
        return _End(sign, 0, False)
    return _End(0, multiply(a.value, b.value), a.open or b.open)


def _sign(end: _Lower | _Upper) -> int:
    if end.value is None:
        return 1 if isinstance(end, _Upper) else -1
    return 1 if end.value > 0 else -1


def _reciprocals(one: Span) -> Span:
    """1 ÷ every number; none of them is 0."""
    negative_part = one.high is not None and one.high <= 0
    low = 0 if one.high is None else None if one.high == 0 else divide(1, one.high)
    high = 0 if one.low is None else None if one.low == 0 else divide(1, one.low)
    low_open = one.high is None or (low is not None and one.high_open)
    high_open = one.low is None or (high is not None and one.low_open)
    if negative_part:
        return Span(low, high, low is not None and low_open, high_open)
    return Span(low, high, low_open, high is not None and high_open)


def _short_of(end: Exact, step: Fraction) -> Exact:
    """A number on the inner side of an open end, nearer to it than any other place where rounding steps."""
    return exact(end + step / 2) if (Fraction(end) / step).denominator == 1 else end
