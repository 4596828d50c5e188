"""Exact numbers: the only arithmetic that scores are made of.

In: decimals, integers and fractions. Out: `Exact`, an `int` where the value is whole (the common case, and several times
faster) and a `Fraction` otherwise. Nothing here, or above, ever holds a float. Public results are `Decimal` where the
value has a finite decimal expansion and `Fraction` where it has not (250/27 points, when a ruleset does not round).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal, TypeAlias

Exact: TypeAlias = int | Fraction
RoundingMode: TypeAlias = Literal["half-up", "half-even", "down", "up"]
ROUNDING_MODES: tuple[RoundingMode, ...] = ("half-up", "half-even", "down", "up")

LARGEST = 10**15
"""Numbers from files stay below this: enough for any budget in 元, small enough to print and to compare."""

MOST_DECIMALS = 12
"""Decimal places accepted from files."""


def exact(value: int | Decimal | Fraction) -> Exact:
    """The same number as an `Exact`: an `int` if it is whole. NaN and infinities raise `ValueError`.

    >>> exact(Decimal("143.10")), exact(Decimal("7.0"))
    (Fraction(1431, 10), 7)
    """
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"not a finite number: {value}")
        numerator, denominator = value.as_integer_ratio()
        return numerator if denominator == 1 else Fraction(numerator, denominator)
    return value.numerator if value.denominator == 1 else value


def divide(part: Exact, whole: Exact) -> Exact:
    """`part / whole`; `whole` must not be 0.

    >>> divide(6, 4), divide(6, 3)
    (Fraction(3, 2), 2)
    """
    if type(part) is not int or type(whole) is not int:
        (a, b), (c, d) = part.as_integer_ratio(), whole.as_integer_ratio()
        part, whole = a * d, b * c
    quotient, remainder = divmod(part, whole)
    return Fraction(part, whole) if remainder else quotient


def multiply(left: Exact, right: Exact) -> Exact:
    """`left × right`, whole again where it is whole.

    >>> multiply(10, Fraction(1, 5)), multiply(10, Fraction(7, 9))
    (2, Fraction(70, 9))
    """
    if type(left) is int and type(right) is int:
        return left * right
    (a, b), (c, d) = left.as_integer_ratio(), right.as_integer_ratio()
    return divide(a * c, b * d)


def add(left: Exact, right: Exact) -> Exact:
    """`left + right`, whole again where it is whole."""
    if type(left) is int and type(right) is int:
        return left + right
    (a, b), (c, d) = left.as_integer_ratio(), right.as_integer_ratio()
    return divide(a * d + c * b, b * d)


def smaller(left: Exact, right: Exact) -> Exact:
    """The smaller of two numbers, without the detours of comparing fractions."""
    (a, b), (c, d) = left.as_integer_ratio(), right.as_integer_ratio()
    return left if a * d <= c * b else right


def within(value: Exact, low: Exact, high: Exact) -> Exact:
    """`value`, or the end of `low` … `high` that it lies beyond.

    >>> within(12, 0, 10), within(Fraction(-1, 2), 0, 10), within(Fraction(10, 3), 0, Fraction(10, 3))
    (10, 0, Fraction(10, 3))
    """
    a, b = value.as_integer_ratio()
    c, d = low.as_integer_ratio()
    if a * d < c * b:
        return low
    c, d = high.as_integer_ratio()
    return high if a * d > c * b else value


def add_all(values: Iterable[Exact]) -> Exact:
    """The sum, reduced once at the end: several times faster than adding fractions one by one.

    >>> add_all([3, Fraction(1, 2), 4, Fraction(1, 2)])
    8
    """
    whole, numerator, denominator = 0, 0, 1
    for value in values:
        if type(value) is int:
            whole += value
            continue
        part, parts = value.as_integer_ratio()
        if parts == denominator:
            numerator += part
        else:
            numerator, denominator = numerator * parts + part * denominator, denominator * parts
    return divide(whole * denominator + numerator, denominator) if numerator else whole


@dataclass(frozen=True, slots=True)
class Rounding:
    """How a number is rounded: to `digits` decimal places, in one of four modes."""

    digits: int
    mode: RoundingMode

    def __call__(self, value: Exact) -> Exact:
        """`value` rounded; half-up is away from zero (Excel's ROUND), down is toward zero (截尾).

        >>> Rounding(2, "half-up")(Fraction(250, 27))
        Fraction(463, 50)
        >>> Rounding(2, "down")(Fraction(9685, 1000)), Rounding(0, "half-up")(Fraction(-5, 2))
        (Fraction(242, 25), -3)
        """
        if type(value) is int:
            return value
        scale = 10**self.digits
        numerator, denominator = value.as_integer_ratio()
        whole, rest = divmod(abs(numerator) * scale, denominator)
        if rest and self._goes_up(whole, rest, denominator):
            whole += 1
        return divide(whole if numerator >= 0 else -whole, scale)

    def _goes_up(self, whole: int, rest: int, denominator: int) -> bool:
        if self.mode == "up":
            return True
        if self.mode == "down":
            return False
        if 2 * rest == denominator:
            return self.mode == "half-up" or whole % 2 == 1
        return 2 * rest > denominator

    def __str__(self) -> str:
        step = "1" if self.digits == 0 else "0." + "0" * (self.digits - 1) + "1"
        return f"{step} {self.mode}"


def decimal_places(value: Exact) -> int | None:
    """How many decimal places `value` needs, or None if no number of them is enough (1/3)."""
    denominator, twos, fives = value.denominator, 0, 0
    while denominator % 2 == 0:
        denominator //= 2
        twos += 1
    while denominator % 5 == 0:
        denominator //= 5
        fives += 1
    return max(twos, fives) if denominator == 1 else None


def to_decimal(value: Exact) -> Decimal | Fraction:
    """The number as people hold it: a `Decimal` without trailing zeros, or a `Fraction` that no decimal equals.

    >>> to_decimal(Fraction(463, 50)), to_decimal(10), to_decimal(Fraction(250, 27))
    (Decimal('9.26'), Decimal('10'), Fraction(250, 27))
    """
    if isinstance(value, int):
        return Decimal(value)
    places = decimal_places(value)
    if places is None:
        return value
    digits = tuple(map(int, str(abs(int(value * 10**places)))))
    return Decimal((int(value < 0), digits, -places))


def to_text(value: Exact) -> str:
    """The number exactly, as text: `9.26`, `10`, or `250/27` where no decimal equals it."""
    number = to_decimal(value)
    return format(number, "f") if isinstance(number, Decimal) else str(number)


def to_percent(value: Exact, digits: int = 2) -> str:
    """A ratio for people to read: 7/9 is `77.78%`. For display only; it rounds.

    >>> to_percent(Fraction(7, 9)), to_percent(1)
    ('77.78%', '100%')
    """
    return to_text(Rounding(digits, "half-up")(exact(Fraction(value) * 100))) + "%"


def from_text(text: str) -> Exact:
    """Inverse of `to_text`."""
    return exact(Fraction(text))
