"""Where a formula of one field takes a value: exact, by trying.

Measures are nearly all of the form (a·x + b) ÷ (c·x + d) in any one field, piece by piece (`min`, `max`, `first_of` and `abs` change
pieces), and three exact points settle such a piece. So a formula is tried at a few places, the piece through three neighbours is solved
exactly, and the answer is tried in its turn. Steps (`floor`, rounding) are halved until a place on the step is found. Guaranteed: what is
given was tried and is exact; what is not found is not claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import TypeAlias

from indicator_rules.exact import Exact

Formula: TypeAlias = Callable[[Exact], Exact | None]
"""The value at a place, None where there is none."""
Point: TypeAlias = tuple[Exact, Exact]

ROUNDS = 3
HALVINGS = 24


def solve(formula: Formula, value: Exact, seeds: Iterable[Exact]) -> Iterator[Exact]:
    """Places where `formula` is `value`, those at hand first."""
    tried: dict[Exact, Exact] = {}
    given: set[Exact] = set()

    def attempt(place: Exact) -> bool:
        if place in tried:
            return False
        found = formula(place)
        if found is not None:
            tried[place] = found
        return found == value and place not in given

    for seed in seeds:
        if attempt(seed):
            given.add(seed)
            yield seed
    for _ in range(ROUNDS):
        points = sorted(tried.items())
        for candidate in {one for one in _candidates(points, value) if one not in tried}:
            if attempt(candidate):
                given.add(candidate)
                yield candidate
        if given:
            return
    for low, high in _brackets(sorted(tried.items()), value):
        place = _halved(formula, value, low, high)
        if place is not None:
            yield place


def _candidates(points: list[Point], value: Exact) -> Iterator[Exact]:
    """Where the pieces through neighbours take `value`."""
    for one, two, three in zip(points, points[1:], points[2:], strict=False):
        found = _through(one, two, three, Fraction(value))
        if found is not None:
            yield found
    for (x1, y1), (x2, y2) in pairwise(points):
        if y1 != y2:
            yield _plain(x1 + (Fraction(value) - y1) * (x2 - x1) / (Fraction(y2) - y1))


def _through(one: Point, two: Point, three: Point, y: Fraction) -> Exact | None:
    """X at `y` on the curve (a·x + b) ÷ (c·x + d) through three points: their cross-ratio is that of the values."""
    (x1, y1), (x2, y2), (x3, y3) = one, two, three
    if len({y1, y2, y3}) < 3 or y == y3:
        return None
    ratio = (y - y1) * (y2 - y3) / ((y - y3) * (y2 - y1)) * (x2 - x1) / Fraction(x2 - x3)
    return None if ratio == 1 else _plain((x1 - ratio * x3) / (1 - ratio))


def _brackets(points: list[Point], value: Exact) -> Iterator[tuple[Exact, Exact]]:
    """Neighbours with `value` between them."""
    for (x1, y1), (x2, y2) in pairwise(points):
        if min(y1, y2) < value < max(y1, y2):
            yield x1, x2


def _halved(formula: Formula, value: Exact, low: Exact, high: Exact) -> Exact | None:
    """A place between, by halving; for formulas that go in steps."""
    at_low = formula(low)
    for _ in range(HALVINGS):
        middle = Fraction(low + high) / 2
        # Places that people could type; whole where the field is a count.
        middle = Fraction(round(middle)) if Fraction(high - low) > 2 else Fraction(round(middle * 10**6), 10**6)
        found = formula(_plain(middle))
        if found == value:
            return _plain(middle)
        if found is None or at_low is None or middle in (low, high):
            return None
        if (found < value) == (at_low < value):
            low = _plain(middle)
        else:
            high = _plain(middle)
    return None


def _plain(number: Fraction | int) -> Exact:
    return number.numerator if number.denominator == 1 else number
