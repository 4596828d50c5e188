"""Dates as they are typed in Chinese reports: a text comes in, the span of days that it can mean goes out.

In: text already narrowed (`quantity.normalise`). Out: a `Span`, None where the text is no date at all, or `DateTextError` where it
is one that cannot be meant. Guaranteed: a day that does not exist is never moved to one that does, and a month without a
year never gets a year that the caller did not give.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta


class DateTextError(ValueError):
    """The text is a date that cannot be read; `code` is the message-catalogue code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Span:
    """The days that a date text can mean. Without a year, `latest` is None and `month` is the month in which it ends."""

    earliest: date | None
    latest: date | None
    month: int | None = None


LONGEST = 40
"""No date is longer than this; also what keeps reading a long text fast."""

_YEAR = r"(?P<year>(?:19|20|21)[0-9][0-9])"
_MONTH = r"(?P<month>[0-9]{1,2})"
_DAY = r"(?P<day>[0-9]{1,2})"
_QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_TEN_DAYS = {"上": (1, 10), "中": (11, 20), "下": (21, 31)}
_BY = r"(?P<by>以前|之前|前)"

# Each line is one way to name a stretch of days; `end` is 底/末, the last of it.
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        rf"{_YEAR}([-/.]){_MONTH}\2{_DAY}日?{_BY}?",
        rf"(?:{_YEAR}年)?{_MONTH}月{_DAY}[日号]{_BY}?",
        rf"{_YEAR}-{_MONTH}{_BY}?",
        rf"(?:{_YEAR}年)?{_MONTH}月(?P<ten>[上中下])旬",
        rf"(?:{_YEAR}年)?{_MONTH}月份?(?P<end>[底末])?(?:{_BY}|以?内)?",
        rf"(?:{_YEAR}年)?第?(?P<quarter>[一二三四1-4])季度(?P<end>[底末])?(?:{_BY}|以?内)?",
        rf"(?:{_YEAR}年)?(?P<half>[上下])半年(?P<end>[底末])?(?:{_BY}|以?内)?",
        rf"{_YEAR}?年(?P<end>[底末])(?:{_BY}|以?内)?",
        rf"{_YEAR}年度?(?:{_BY}|以?内)?",
    )
)
_LEAD = re.compile(r"(?P<lead>截止到|截止至|截至|截止|不晚于|不迟于|应于|于|在|≤)?(?P<rest>.*?)(?:完成)?", re.DOTALL)
_MONTHS = re.compile(rf"(?:{_YEAR}年)?(?P<first>[0-9]{{1,2}})月?(?:-|~|至|到)(?P<last>[0-9]{{1,2}})月")
_YEARS = re.compile(r"(?P<first>(?:19|20|21)[0-9][0-9])年?(?:-|~|至|到)(?P<last>(?:19|20|21)[0-9][0-9])年度?")
_FROM_TO = re.compile(r"(?P<first>.+?)(?:~|至|到|-)(?P<last>.*年.*|.*月.*|[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2})")
_AFTER = re.compile(r".*(?:[0-9]|[年月日号])(?:以后|之后|后|起|开始)")
_SIGNED = re.compile(r"[≥<>=](?P<rest>.*)")
_DAYS_OF_LEAP_YEAR = 2024


def read(text: str, year: int | None = None) -> Span | None:
    """The days that `text` can mean; `year` is what a month without a year may mean.

    >>> read("2023年12月前")
    Span(earliest=None, latest=datetime.date(2023, 11, 30), month=None)
    >>> read("落实三会一课") is None
    True
    """
    match = _LEAD.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        return None
    rest = match["rest"]
    span = _range(rest, year) or _single(rest, year)
    if span is None:
        _refuse_signed(text, year)
        return None
    return Span(None, span.latest, span.month) if match["lead"] and match["lead"] not in ("于", "在", "应于") else span


def _refuse_signed(text: str, year: int | None) -> None:
    """Only "by then" can be scored: not after a day, and not a day under a sign other than ≤."""
    signed = _SIGNED.fullmatch(text)
    after = _AFTER.fullmatch(text)
    if signed and _single(signed["rest"], year):
        raise DateTextError("quantity-date-sign")
    if after and _single(re.sub(r"(以后|之后|后|起|开始)$", "", text), year):
        raise DateTextError("quantity-date-sign")


def _range(text: str, year: int | None) -> Span | None:
    if match := _MONTHS.fullmatch(text):
        lead = f"{match['year']}年" if match["year"] else ""
        first, last = _single(f"{lead}{match['first']}月", year), _single(f"{lead}{match['last']}月", year)
    elif match := _YEARS.fullmatch(text):
        first, last = _single(f"{match['first']}年", year), _single(f"{match['last']}年", year)
    elif match := _FROM_TO.fullmatch(text):
        first = _single(match["first"], year)
        first_year = first.latest.year if first and first.latest else year
        last = _single(match["last"], first_year) if first else None
    else:
        return None
    if first is None or last is None:
        return None
    if first.latest is None or last.latest is None:
        if last.month is not None and first.month is not None and first.month > last.month:
            raise DateTextError("quantity-range-reversed")
        return Span(None, None, last.month)
    if first.earliest is None:
        return None
    if first.earliest > last.latest:
        raise DateTextError("quantity-range-reversed")
    return Span(first.earliest, last.latest)


def _single(text: str, year: int | None) -> Span | None:
    for shape in _SHAPES:
        match = shape.fullmatch(text)
        if match:
            return _meaning({key: value for key, value in match.groupdict().items() if value is not None}, year)
    return None


def _meaning(parts: dict[str, str], year: int | None) -> Span:
    stated = int(parts["year"]) if "year" in parts else year
    first, last = _bounds(parts, stated if stated is not None else _DAYS_OF_LEAP_YEAR)
    if stated is None:
        return Span(None, None, last.month)
    if "by" in parts and "day" not in parts and "end" not in parts:
        # 12月前 is before December begins; 11月底前 and 11月30日前 take their own day in, as official usage does.
        return Span(None, first - timedelta(days=1))
    return Span(None if "by" in parts else first, last)


def _bounds(parts: dict[str, str], year: int) -> tuple[date, date]:
    """First and last day; with 底 or 末, the first is that of the last month, as no nearer day can be told."""
    if "quarter" in parts:
        last_month = 3 * _QUARTERS[parts["quarter"]]
        return _months(year, last_month if "end" in parts else last_month - 2, last_month)
    if "half" in parts:
        last_month = 6 if parts["half"] == "上" else 12
        return _months(year, last_month if "end" in parts else last_month - 5, last_month)
    if "month" not in parts:
        return _months(year, 12 if "end" in parts else 1, 12)
    month = int(parts["month"])
    if "day" in parts:
        day = _day(year, month, int(parts["day"]))
        return day, day
    first, last = _months(year, month, month)
    if "ten" in parts:
        start, stop = _TEN_DAYS[parts["ten"]]
        return first.replace(day=start), first.replace(day=min(stop, last.day))
    return first, last


def _months(year: int, first: int, last: int) -> tuple[date, date]:
    start = _day(year, first, 1)
    _day(year, last, 1)
    return start, date(year, last, monthrange(year, last)[1])


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise DateTextError("quantity-date-not-real") from None
