"""Rounding to decimal places, where section 9 and the stages of section 3, 4, 5 and 7 say so."""

from __future__ import annotations

from fractions import Fraction
from math import floor

from indicator_rules.spec_fields import Stage


def rounded(value: Fraction | None, stage: Stage | None) -> Fraction | None:
    """`value` at the stage's step; half-up is away from zero, down toward zero, up away from zero; no stage, no rounding."""
    if value is None or stage is None:
        return value
    scale = 10**stage.digits
    size = abs(value) * scale
    low = floor(size)
    rest = size - low
    if rest == Fraction(1, 2):
        up = {"half-up": True, "half-even": low % 2 == 1, "down": False, "up": True}[stage.mode]
    else:
        up = {"half-up": rest > Fraction(1, 2), "half-even": rest > Fraction(1, 2), "down": False, "up": rest > 0}[stage.mode]
    return Fraction(low + up, scale) * (-1 if value < 0 else 1)


def round_known(value: Fraction, stage: Stage | None) -> Fraction:
    """The same for a value that is there."""
    result = rounded(value, stage)
    assert result is not None
    return result
