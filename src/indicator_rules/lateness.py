"""How late something is: months and years begun since it was due (one day late is 1)."""

from __future__ import annotations

import calendar
from datetime import date


def months_late(actual: date, due: date) -> int:
    """Months begun since `due`: the smallest n ≥ 0 such that `due` and n months is not before `actual`."""
    months = max(0, (actual.year - due.year) * 12 + actual.month - due.month)
    return months if actual <= _later(due, months) else months + 1


def years_late(actual: date, due: date) -> int:
    """Years begun since `due`."""
    years = max(0, actual.year - due.year)
    return years if actual <= _later(due, 12 * years) else years + 1


def _later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
