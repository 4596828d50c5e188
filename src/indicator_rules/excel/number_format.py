"""What the format of a cell makes of a number: a percentage, a date, a month.

In: format codes of Excel, numbers of days. Out: which kind of number a format shows, and what a date cell shows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, TypeAlias

from indicator_rules.excel.workbook import Unreadable, Value

NumberKind: TypeAlias = Literal["number", "percent", "date", "month", "month-day", "time"]


def day_of(serial: Decimal, kind: NumberKind, *, epoch_1904: bool) -> Value:
    """A date from its number of days, or the text that the cell shows where that is less than a day."""
    days = int(serial)
    if kind == "time" or (days == 0 and not epoch_1904):
        minutes = round((serial % 1) * 1440) % 1440
        return f"{minutes // 60:02}:{minutes % 60:02}"
    if not 0 <= days < 2_958_466:  # the year 10000
        return Unreadable("cell-error", {"text": plain(serial)[:40]})
    # Excel has a 29 February 1900 that never was.
    start = date(1904, 1, 1) if epoch_1904 else date(1899, 12, 31) if days < 60 else date(1899, 12, 30)
    if days > (date(9999, 12, 31) - start).days:
        return Unreadable("cell-error", {"text": plain(serial)[:40]})
    day = start + timedelta(days=days)
    if kind == "month":
        return f"{day.year}年{day.month}月"
    return f"{day.month}月{day.day}日" if kind == "month-day" else day


_BUILT_IN: dict[int, NumberKind] = {
    9: "percent", 10: "percent", 16: "month-day", 17: "month", 27: "month", 36: "month", 50: "month", 52: "month", 57: "month",
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47, 55, 56), "time"),
    **dict.fromkeys((14, 15, 22, 28, 29, 30, 31, 51, 53, 54), "date"),
    58: "month-day",
}  # fmt: skip
"""The number formats that files do not spell out, those of Chinese versions among them."""


def number_kind(number: str, codes: Mapping[str, str]) -> NumberKind:
    code = codes.get(number)
    if code is None:
        return _BUILT_IN.get(int(number) if number.isdecimal() else 0, "number")
    shown = re.sub(
        r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]|General|G/通用格式', "", code.partition(";")[0], flags=re.IGNORECASE
    ).lower()
    if "%" in shown:
        return "percent"
    year, day = "y" in shown or ("e" in shown and "0" not in shown), "d" in shown
    if not (year or day or "h" in shown or "s" in shown or "m" in shown):
        return "number"
    if not year and not day:
        return "time" if "h" in shown or "s" in shown else "month-day"
    if year and day:
        return "date"
    return "month" if year and "m" in shown else "month-day" if day else "date"


def plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
