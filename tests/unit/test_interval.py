"""Interval arithmetic: every result holds what its operands can give, and its ends are reached or approached."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from indicator_rules import interval
from indicator_rules.exact import Exact, Rounding
from indicator_rules.interval import Span, span

ENDS = st.sampled_from([None, -3, -2, -1, 0, Fraction(1, 2), 1, 2, 3])
NEAR = Fraction(1, 10**6)
FAR = 10**6


@st.composite
def spans(draw: st.DrawFn) -> Span:
    made = span(draw(ENDS), draw(ENDS), low_open=draw(st.booleans()), high_open=draw(st.booleans()))
    assume(made is not None)
    assert made is not None
    return made


def members(one: Span) -> list[Fraction]:
    """Numbers that it holds: its ends, or beside them; far out, where there is none; and some between."""
    wanted: list[Exact] = [Fraction(number, 4) for number in range(-16, 17)]
    wanted += [NEAR, -NEAR]
    wanted += [end + step for end in (one.low, one.high) if end is not None for step in (0, NEAR, -NEAR)]
    wanted += [-FAR] if one.low is None else []
    wanted += [FAR] if one.high is None else []
    return [Fraction(number) for number in wanted if number in one]


def is_hull(found: Span, values: Sequence[Fraction]) -> None:
    """`found` holds all of `values`, and each of its ends is reached, or come near to if it is open, or passed by far if there is none."""
    assert all(value in found for value in values), (found, [value for value in values if value not in found][:3])
    for end, is_open, extreme in ((found.low, found.low_open, min(values)), (found.high, found.high_open, max(values))):
        if end is None:
            assert abs(extreme) > 1000
        elif is_open:
            assert 0 < abs(extreme - end) < Fraction(1, 1000)
        else:
            assert extreme == end


@given(spans(), spans())
@pytest.mark.parametrize(
    ("operation", "function"),
    [
        (interval.plus, lambda a, b: a + b),
        (interval.minus, lambda a, b: a - b),
        (interval.times, lambda a, b: a * b),
        (lambda a, b: interval.smallest([a, b]), min),
        (lambda a, b: interval.largest([a, b]), max),
    ],
    ids=["plus", "minus", "times", "smallest", "largest"],
)
def test_of_two(
    operation: Callable[[Span, Span], Span], function: Callable[[Any, Any], Fraction], one: Span, other: Span
) -> None:
    is_hull(operation(one, other), [function(a, b) for a in members(one) for b in members(other)])


@given(spans(), spans())
def test_quotients(one: Span, other: Span) -> None:
    values = [a / b for a in members(one) for b in members(other) if b]
    found = interval.quotients(one, other)
    if found is None:
        assert not values
    else:
        is_hull(found, values)


@given(spans(), st.sampled_from(["half-up", "half-even", "down", "up"]), st.integers(0, 1))
def test_rounded(one: Span, mode: Any, digits: int) -> None:
    rounding = Rounding(digits, mode)
    is_hull(interval.rounded(one, rounding), [Fraction(rounding(value)) for value in members(one)])


@given(spans())
def test_of_one(one: Span) -> None:
    values = members(one)
    is_hull(interval.floors(one), [Fraction(math.floor(value)) for value in values])
    is_hull(interval.floors(one, up=True), [Fraction(math.ceil(value)) for value in values])
    is_hull(interval.magnitudes(one), [abs(value) for value in values])
    is_hull(interval.negative(one), [-value for value in values])
    assert one.inside() in one


@given(spans(), st.sets(st.sampled_from([-2, -1, 0, Fraction(1, 2), 1, 2]), max_size=4))
def test_cut_up_gives_each_number_one_part(one: Span, cuts: set[Exact]) -> None:
    parts = list(interval.cut_up(one, sorted(cuts)))
    for value in members(one):
        assert sum(value in part for part in parts) == 1
    for part in parts:
        assert part.inside() in part
        assert part.inside() in one


@given(spans(), spans())
def test_common_and_hull(one: Span, other: Span) -> None:
    both = interval.common(one, other)
    whole = interval.hull([one, other])
    for value in [*members(one), *members(other)]:
        assert (value in one and value in other) == (both is not None and value in both)
        assert value in whole


def test_whole_numbers_have_closed_ends() -> None:
    assert span(0, 3, low_open=True, high_open=True, whole=True) == Span(1, 2, whole=True)
    assert span(0, 1, low_open=True, high_open=True, whole=True) is None
    assert str(Span(Fraction(1, 2), None, low_open=True)) == "(0.5, ∞)"
