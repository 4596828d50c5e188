"""What a formula gives: an exact number, a truth, a text, a date, or `Absent` with the reason kept."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date
from typing import NamedTuple, TypeAlias

from indicator_rules.exact import Exact, to_text


class Absent(NamedTuple):
    """No value. Not zero, not false: nobody knows, or nothing fits.

    `reason` is a message code (`absent.not-given`, …); `paths` are the places in the record that would have to be filled.
    """

    reason: str
    paths: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"absent ({', '.join(self.paths) or self.reason})"


class Series(NamedTuple):
    """Numbers by date, earliest first; only `value_at` reads them."""

    points: tuple[tuple[date, Exact], ...]

    def at(self, day: date) -> Exact | None:
        """The latest number not after `day`; None before the first."""
        place = bisect_right(self.points, day, key=lambda point: point[0])
        return self.points[place - 1][1] if place else None


Value: TypeAlias = Exact | str | date | Absent
"""A truth is a `bool`, which is an `int`."""


def value_text(value: Value | None) -> str | None:
    """A value as plain text for JSON and printing; None for no value."""
    if value is None or isinstance(value, Absent):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    return value.isoformat() if isinstance(value, date) else to_text(value)
