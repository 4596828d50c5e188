"""Quantities as people type them in Chinese reports, read exactly or refused with the reason.

In: a text such as `≥95%`, `159万元`, `9-10次`, `2023年11月底前`, `长期`, or a typed number or date. Out: a `Quantity`, or
`QuantityError` with a message-catalogue code. Guaranteed: a number is the number that was typed (percent as a ratio, money in
元, 万 and 亿 multiplied out, anything else as it stands); nothing approximate is read as exact; a text that holds a sign,
a percentage or an amount of money beside other words is never taken for plain words.

Decided here, since usage leaves it open: `以上` `以下` `以内` include their number (民法典第1259条), `超过` `高于` `低于` do not; `达到` is ≥;
`9/13` is refused (a share or a day); `2023.11` and `2023-2024` without a unit are refused (a number or a date); 完成7个村和3个社区 is
plain words, since no one number could stand for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Literal, TypeAlias

from indicator_rules import date_text
from indicator_rules.exact import LARGEST, MOST_DECIMALS, Exact, decimal_places, exact, to_decimal, to_text

Direction: TypeAlias = Literal[">=", "<=", "=", ">", "<", "qualitative", "by-date"]
DIRECTIONS: tuple[Direction, ...] = (">=", "<=", "=", ">", "<", "qualitative", "by-date")
Kind: TypeAlias = Literal["number", "range", "date", "text"]
LONGEST = 10_000
"""Characters that a typed quantity (a long qualitative target, say) may have."""


class QuantityError(ValueError):
    """The text is no quantity that can be read exactly: `code` and `values` are those of a `Problem`."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code, values)
        self.code = code
        self.values: dict[str, object] = values


@dataclass(frozen=True, slots=True)
class Quantity:
    """One typed target or actual value. Units: `number` and `high` are ratios for %, 元 for money, else as typed."""

    text: str
    """As typed, without outer blanks."""
    kind: Kind
    direction: Direction | None = None
    """The sign or words typed with it; `by-date` for every date, `qualitative` for plain words, None if none."""
    number: Exact | None = None
    high: Exact | None = None
    """Upper end of a range, whose lower end is `number`."""
    unit: str | None = None
    """`%`, `元` for any money, else the counter typed (次, 份, 元/人 …)."""
    earliest: date | None = None
    latest: date | None = None
    """The days that a date text can mean; `earliest` None: any day up to `latest`."""
    month: int | None = None
    """Of a date typed without a year (then `latest` is None): the month in which it ends. See `in_year`."""

    def in_year(self, year: int) -> Quantity:
        """A date typed without a year as one of `year`; anything else as it is. `QuantityError` for 2月29日 in 2023."""
        if self.kind != "date" or self.latest is not None:
            return self
        return replace(_date(self.text, normalise(self.text), year), text=self.text)

    def with_unit(self, unit: str) -> Quantity:
        """A number or range typed without a unit, read in `unit` (`159` in 万元 is 1590000 元); anything else as it is."""
        if self.unit is not None or self.number is None:
            return self
        factor, counter = unit_factor(unit)
        high = None if self.high is None else _bounded(exact(Fraction(self.high * factor)), self.text)
        return replace(self, number=_bounded(exact(Fraction(self.number * factor)), self.text), high=high, unit=counter)

    def canonical(self) -> Decimal | str:
        """What digests are made of: a bare number as a number (`1.0` and `1.00` are the same), else the text as typed."""
        compact = normalise(self.text)
        return number_of(compact) if self.kind == "number" and _PLAIN.fullmatch(compact) else self.text

    def __str__(self) -> str:
        return self.text


def plain_words(text: str) -> Quantity:
    """`text` as a qualitative value whatever it holds, for entries that say so themselves."""
    return Quantity(_measured(text), "text", "qualitative")


def parse(value: str | int | Decimal | date) -> Quantity:
    """The quantity that `value` means, or `QuantityError`. Never raises anything else for these types.

    >>> parse("≥95%").number, parse("159万元").number, parse("9-10次").high
    (Fraction(19, 20), 1590000, 10)
    >>> parse("2023年11月底前").latest, parse("落实三会一课").kind
    (datetime.date(2023, 11, 30), 'text')
    """
    if isinstance(value, str):
        return _parse_text(value)
    if isinstance(value, (bool, datetime)):
        raise QuantityError("quantity-unreadable", text=str(value))
    if isinstance(value, date):
        return Quantity(value.isoformat(), "date", "by-date", earliest=value, latest=value)
    return _number(value) if isinstance(value, int) else _parse_number(str(value))


def number_of(value: str | int | Decimal) -> Decimal:
    """A bare number (digits, thousands commas and a point, full-width too), or `QuantityError`. Without trailing zeros."""
    if isinstance(value, bool):
        raise QuantityError("number-unreadable", text=str(value).lower())
    if isinstance(value, str):
        compact = normalise(value)
        if not _PLAIN.fullmatch(compact):
            raise QuantityError("number-unreadable", text=shown(value))
        value = _decimal(compact, value)
    number = to_decimal(_checked(value))
    assert isinstance(number, Decimal)
    return number


def money_factor(unit: str) -> int | None:
    """How many 元 one of `unit` is (元, 千元, 万元, 亿元 …); None if it is no unit of money."""
    factor, counter = unit_factor(unit)
    return int(factor) if counter == "元" else None


@lru_cache(256)
def unit_factor(unit: str) -> tuple[Exact, str]:
    """A unit as the factor to its base unit and that base unit: 万元 is (10000, 元), % is (1/100, %), 次 is (1, 次)."""
    compact = normalise(unit)
    match = _UNIT_PARTS.fullmatch(compact)
    return (_factor(match), _base(match) or compact) if match else (1, compact)


def shown(text: str) -> str:
    """`text` as messages quote it: on one line, and not too long."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:59] + "…"


# --- the grammar ------------------------------------------------------------------------------------------------------

_NARROW = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {ord("\u3000"): " "}
# Not NFKC: it would turn ㎡ into m2, and ² into a digit.
for _typed, _meant in zip("≧⩾≦⩽﹪−–—─﹣〜", "≥≥≤≤%-----~", strict=True):
    _NARROW[ord(_typed)] = _meant
_SIGNS = {">=": "≥", "=>": "≥", "<=": "≤", "=<": "≤", "==": "=", "¥": "", "￥": ""}

_AT_LEAST = "不低于|不少于|不小于|不得低于|不得少于|不得小于|大于等于|大于或等于|达到|达|至少|最低|最少"
_AT_MOST = "不超过|不得超过|不超|不高于|不得高于|不大于|不得大于|不多于|不得多于|小于等于|小于或等于|至多|最多|最高|控制在"
_ABOVE = "大于|高于|多于|超过|超"
_BELOW = "小于|低于|少于|不足|不满"
_WORDS: dict[str, Direction] = {
    **dict.fromkeys(["≥", *_AT_LEAST.split("|")], ">="),
    **dict.fromkeys(["≤", *_AT_MOST.split("|")], "<="),
    **dict.fromkeys([">", *_ABOVE.split("|")], ">"),
    **dict.fromkeys(["<", *_BELOW.split("|")], "<"),
    "=": "=",
    "等于": "=",
}
_SUFFIXES: dict[str, Direction] = {"以上": ">=", "以下": "<=", "以内": "<=", "之内": "<=", "内": "<="}
_DIRECTION = "|".join(sorted(map(re.escape, _WORDS), key=len, reverse=True))
_NUMBER = r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"
_MULTIPLIERS = {
    "万亿": 10**12,
    "千亿": 10**11,
    "百亿": 10**10,
    "亿": 10**8,
    "千万": 10**7,
    "百万": 10**6,
    "万": 10**4,
    "千": 10**3,
    "百": 100,
}
_MULTIPLIER = "万亿|千亿|百亿|亿|千万|百万|万|千(?![克瓦米伏赫卡帕焦字])|百(?=[元人份件次])"
_TIME = "年|个月|个?季度|周|天|日|个?小时|学时|课时|工时|分钟|秒|个?工作日|个?自然日"
_LETTERS = r"[A-Za-z]{1,6}[²³]?|m[23]|[㎡㎥㎏㎞㎜㎝℃]"
_FIRST = (
    "个次份人名位户家件项台套只条辆座栋间幢篇期场批册本部张幅组支艘架亩吨克斤米里升处宗起例笔届轮类种门首段块盏株棵头匹羽尾"
    "粒袋箱瓶桶车班校村镇县区所站点页字课卷集号片面把双对根枚节盘包公平立厘毫千兆瓦伏倍折级星层美港欧日英分度孔口眼台艘趟顿杯"
)
_STOP = "之内以前后左右上下约余多不及率到至或和等起止已均各未为占与每完"
_COUNTER = rf"(?!人民币)(?:元|{_TIME}|{_LETTERS}|[{_FIRST}](?:(?![{_STOP}])[\u4e00-\u9fff]){{0,4}})"
_UNIT = rf"(?:(?P<multiplier{{0}}>{_MULTIPLIER})?(?P<unit{{0}}>%|‰|(?:{_COUNTER})(?:/(?:{_COUNTER}))*)?)"
_UNIT_PARTS = re.compile(_UNIT.replace("{0}", "").replace("{{", "{").replace("}}", "}"))


def _amount(name: str) -> str:
    return rf"(?P<number{name}>{_NUMBER})" + _UNIT.replace("{0}", name)


_ONE = re.compile(
    rf"(?P<words>(?:{_DIRECTION})?)(?:完成|共计|合计|共|人民币)?{_amount('')}(?:整|人民币|完成)?"
    rf"(?:(?P<inclusive>\(不?含\)|及|或|\(不?含本数\))?(?P<suffix>{'|'.join(_SUFFIXES)}))?"
)
_TWO = re.compile(
    rf"(?P<words>(?:{_DIRECTION})?){_amount('1')}(?:-|~|至|到){_amount('2')}(?P<suffix>(?:{'|'.join(_SUFFIXES)}|之间)?)"
)
_PLAIN = re.compile(_NUMBER)
_FRACTION = re.compile(rf"(?:{_DIRECTION})?[0-9]+/[0-9]+{_UNIT.replace('{0}', '')}")
_YEAR_OR_NUMBER = re.compile(r"(?:19|20)[0-9][0-9](?:\.(?:0?[1-9]|1[0-2])|[-~](?:19|20)[0-9][0-9])")
_APPROXIMATE = re.compile(
    r"(?<![节预合公条违签契制])约(?:为|占|达)?[≥≤<>=]?[0-9]|(?:大概|将近|接近|大致)[0-9]|^(?:近|[≈~])[+-]?[0-9]|≈|[0-9][^0-9,;。]{0,8}(?:左右|上下)|[0-9][多余几]"
)
_EXACT_AMID_WORDS = re.compile(
    rf"[0-9](?:%|‰|万?亿?美?元)|[0-9][百千万亿]+(?:元|美元)|百分之|(?:{_DIRECTION})[0-9]|[0-9][^0-9,;。]{{0,8}}(?:以上|以下|以内|之内)|[≥≤±≠]"
)
_BEGINS_WITH_A_WORD = re.compile(
    r"(?:\([0-9]{1,2}\)|[0-9]{1,2}[、)]|[0-9]{1,2}\.|[(《“\"'\[【「①-⑳])*+[^\W\d_]"
)  # 1.完成… is a list, not a number
_NUMERAL = "[零一二两三四五六七八九十百千万亿]*[零一二两三四五六七八九十百][零一二两三四五六七八九十百千万亿]*"
_CHINESE_NUMERAL = re.compile(
    rf"(?:{_DIRECTION}){_NUMERAL}.{{0,6}}|{_NUMERAL}(?:[次个份人名户家件项台套篇场批册天年元倍成]|个月|人次|工作日)(?:{'|'.join(_SUFFIXES)})?|.*百分之{_NUMERAL}.*",
    re.DOTALL,
)


def normalise(text: str) -> str:
    """`text` narrowed for reading: half-width, one spelling a sign, no blanks except between digits."""
    narrow = text.strip().replace("——", "-").translate(_NARROW)
    narrow = re.sub(r"(?<=[0-9])\s+(?=[0-9])", "\0", narrow)
    narrow = re.sub(r"\s+", "", narrow).replace("\0", " ")
    for typed, sign in _SIGNS.items():
        narrow = narrow.replace(typed, sign)
    return narrow


def _number(value: int | Decimal) -> Quantity:
    return Quantity(_text_of(number := _checked(value)), "number", number=number)


@lru_cache(maxsize=1024)  # records say 100 over and over
def _parse_number(typed: str) -> Quantity:
    """By its digits: of two equal numbers one may have too many."""
    return _number(Decimal(typed))


@lru_cache(maxsize=1024)
def _parse_text(typed: str) -> Quantity:
    text = _measured(typed)
    compact = normalise(text)
    if not any(character.isalnum() for character in compact):
        raise QuantityError("quantity-empty", text=shown(text))
    if _YEAR_OR_NUMBER.fullmatch(compact):
        raise QuantityError("quantity-date-ambiguous", text=shown(text))
    if span := _span(text, compact, None):
        return Quantity(text, "date", "by-date", earliest=span.earliest, latest=span.latest, month=span.month)
    if match := _ONE.fullmatch(compact):
        return _one(text, match, money="¥" in text.translate(_NARROW) or "￥" in text or "人民币" in compact)
    if match := _TWO.fullmatch(compact):
        return _two(text, match)
    return _words(text, compact)


def _measured(text: str) -> str:
    if len(text) > LONGEST:
        raise QuantityError("quantity-too-long", text=shown(text), length=len(text), limit=LONGEST)
    if not (stripped := text.strip()):
        raise QuantityError("quantity-empty", text="")
    return stripped


def _span(text: str, compact: str, year: int | None) -> date_text.Span | None:
    try:
        return date_text.read(compact, year)
    except date_text.DateTextError as error:
        raise QuantityError(error.code, text=shown(text), year=year or "") from None


def _date(text: str, compact: str, year: int | None) -> Quantity:
    span = _span(text, compact, year)
    assert span is not None, "only called for text that has been read as a date"
    return Quantity(text, "date", "by-date", earliest=span.earliest, latest=span.latest, month=span.month)


def _one(text: str, match: re.Match[str], *, money: bool) -> Quantity:
    unit = _base(match)
    if money and unit is None:
        unit = "元"
    number = _bounded(exact(Fraction(_checked(_decimal(match["number"], text), text) * _factor(match))), text)
    return Quantity(text, "number", _typed_direction(text, match), number=number, unit=unit)


def _typed_direction(text: str, match: re.Match[str]) -> Direction | None:
    before = _WORDS.get(match["words"])
    after = _SUFFIXES.get(match["suffix"] or "")
    if after and "不含" in (match["inclusive"] or ""):
        after = ">" if after == ">=" else "<"
    if before and after and before != after:
        raise QuantityError("quantity-direction-conflict", text=shown(text))
    return before or after


def _two(text: str, match: re.Match[str]) -> Quantity:
    if match["words"] or match["suffix"] not in ("", "之间"):
        raise QuantityError("quantity-range-sign", text=shown(text))
    low, high = _decimal(match["number1"], text), _decimal(match["number2"], text)
    first, second = _base(match, "1"), _base(match, "2")
    if first not in (None, second):
        raise QuantityError("quantity-range-units", text=shown(text), first=first, second=second or "")
    # 3-5万元 is 3万元 to 5万元; 3万-5万元 carries its own 万; 3%-5% its own %.
    bare = match["multiplier1"] is None and first is None
    factor = _factor(match, "2")
    low_factor = factor if bare else _factor(match, "1")
    number = _bounded(exact(Fraction(_checked(low, text) * low_factor)), text)
    upper = _bounded(exact(Fraction(_checked(high, text) * factor)), text)
    if number > upper:
        raise QuantityError("quantity-range-reversed", text=shown(text))
    return Quantity(text, "range", None, number=number, high=upper, unit=second)


def _words(text: str, compact: str) -> Quantity:
    """What is neither a date nor wholly a number: plain words, or refused with the nearest reason."""
    quoted = shown(text)
    if not any(character.isdecimal() for character in compact):
        if len(compact) <= 40 and _CHINESE_NUMERAL.fullmatch(compact):
            raise QuantityError("quantity-chinese-numeral", text=quoted)
        if compact[0] in "≥≤<>=" or "≥" in compact or "≤" in compact:
            raise QuantityError("quantity-sign-without-number", text=quoted)
        return Quantity(text, "text", "qualitative")
    if _APPROXIMATE.search(compact):
        raise QuantityError("quantity-approximate", text=quoted)
    if _FRACTION.fullmatch(compact):
        raise QuantityError("quantity-fraction", text=quoted)
    if _EXACT_AMID_WORDS.search(compact):
        raise QuantityError("quantity-number-amid-words", text=quoted)
    if not _BEGINS_WITH_A_WORD.match(compact):
        raise QuantityError("quantity-unreadable", text=quoted)
    return Quantity(text, "text", "qualitative")


def _factor(match: re.Match[str], name: str = "") -> Exact:
    multiplier = _MULTIPLIERS.get(match[f"multiplier{name}"] or "", 1)
    hundredths = {"%": 100, "‰": 1000}.get(match[f"unit{name}"] or "")
    return exact(Fraction(multiplier, hundredths)) if hundredths else multiplier


def _base(match: re.Match[str], name: str = "") -> str | None:
    unit: str | None = match[f"unit{name}"]
    return "%" if unit == "‰" else unit


def _decimal(digits: str, text: str) -> Decimal:
    if len(digits) > 60:
        raise QuantityError("quantity-too-large", text=shown(text), limit=LARGEST)
    return Decimal(digits.replace(",", ""))


def _checked(value: int | Decimal, text: str | None = None) -> Exact:
    """The number, if it is finite and within what files may hold."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise QuantityError("number-not-finite", text=str(value))
        if abs(value.adjusted()) > 60 and value:
            large = value.adjusted() > 0
            code, limit = ("quantity-too-large", LARGEST) if large else ("quantity-too-precise", MOST_DECIMALS)
            raise QuantityError(code, text=shown(text or str(value)), limit=limit)
        if not value:
            return 0
        if len(value.as_tuple().digits) > 100:
            raise QuantityError("quantity-too-precise", text=shown(text or str(value)), limit=MOST_DECIMALS)
    elif abs(value) >= LARGEST:  # before printing it: Python refuses to print an integer of 5000 digits
        raise QuantityError("quantity-too-large", text=shown(text or _digits(value)), limit=LARGEST)
    number = _bounded(exact(value), text or str(value))
    places = decimal_places(number)
    if places is None or places > MOST_DECIMALS:
        raise QuantityError("quantity-too-precise", text=shown(text or str(value)), limit=MOST_DECIMALS)
    return number


def _digits(value: int) -> str:
    return str(value) if abs(value) < 10**60 else "…"


def _bounded(number: Exact, text: str) -> Exact:
    if not -LARGEST < number < LARGEST:
        raise QuantityError("quantity-too-large", text=shown(text), limit=LARGEST)
    return number


def _text_of(number: Exact) -> str:
    """A typed number as text that reads back as the same number (2023.11 alone could be a month)."""
    text = to_text(number)
    return f"{to_decimal(number):,f}" if _YEAR_OR_NUMBER.fullmatch(text) else text
