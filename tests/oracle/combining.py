"""What sections 4, 6 and 9 of docs/semantics.md share: parts made into a whole, and points for what is absent."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

ZERO = Fraction(0)


def combined(how: str, parts: Sequence[tuple[Fraction, Fraction]], whole: Fraction) -> Fraction | None:
    """4 "**Combining** parts with points and weights into a whole w: `sum`: Σ points; `weighted`: Σ points ÷ Σ weights × w (Σ weights 0:
    absent); `mean`, `max`, `min` of points ÷ weight, times w (a weight of 0, or no part: absent)." """
    points = sum((points for points, _ in parts), ZERO)
    if how == "sum":
        return points
    if how == "weighted":
        weights = sum((weight for _, weight in parts), ZERO)
        return None if weights == 0 else points / weights * whole
    if not parts or any(weight == 0 for _, weight in parts):
        return None
    shares = [points / weight for points, weight in parts]
    share = sum(shares, ZERO) / len(shares) if how == "mean" else {"max": max, "min": min}[how](shares)
    return share * whole


def clamped(points: Fraction, weight: Fraction) -> Fraction:
    return min(max(points, ZERO), weight)


def treated(treatment: str | Decimal, weight: Fraction) -> Fraction:
    """8 "`full`, the weight; `zero`, 0; a number, that many points, clamped to [0, w]" """
    if isinstance(treatment, str):
        return weight if treatment == "full" else ZERO
    return clamped(Fraction(treatment), weight)
