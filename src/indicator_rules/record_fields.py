"""The kinds of value that a record's fields hold, each read exactly or refused with a message-catalogue code.

In: what TOML, JSON, a spreadsheet or Python code gives (text, numbers, dates). Out: immutable exact values. Guaranteed: no
float survives (one is read by its shortest repr), every number is finite, below `exact.LARGEST` and without trailing
zeros, every text is stripped, not empty and of bounded length. Refusals are `PydanticCustomError`s whose type is the problem's code
and whose context is its values; `validation` turns them into problems.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Any, Literal, NoReturn, Self, TypeAlias, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from indicator_rules import quantity
from indicator_rules.exact import exact, to_decimal
from indicator_rules.json_form import AlsoWritten
from indicator_rules.kept import Kept
from indicator_rules.quantity import Direction, Quantity, QuantityError

Kind: TypeAlias = Literal["project", "department", "transfer"]
ProjectType: TypeAlias = Literal["new", "continuing", "one-off", "recurring"]
MoneyUnit: TypeAlias = Literal["元", "千元", "万元", "亿元"]
FundSource: TypeAlias = Literal["central", "provincial", "municipal", "county", "carried-over", "other"]
Category: TypeAlias = Literal[
    "output", "output.quantity", "output.quality", "output.timeliness", "output.cost",
    "cost", "cost.economic", "cost.social", "cost.ecological",
    "benefit", "benefit.economic", "benefit.social", "benefit.ecological", "benefit.sustainable",
    "satisfaction",
]  # fmt: skip
CATEGORIES: tuple[Category, ...] = get_args(Category)

_KINDS = {"项目": "project", "项目支出": "project", "部门": "department", "部门整体": "department", "部门整体支出": "department", "单位整体": "department",
          "单位整体支出": "department", "转移支付": "transfer", "专项转移支付": "transfer"}  # fmt: skip
_PROJECT_TYPES = {"新增": "new", "新增项目": "new", "延续": "continuing", "延续项目": "continuing", "一次性": "one-off", "一次性项目": "one-off",
                  "经常性": "recurring", "经常性项目": "recurring"}  # fmt: skip
SOURCES = {"中央": "central", "省": "provincial", "省级": "provincial", "市": "municipal", "市级": "municipal", "县": "county", "县级": "county", "区": "county",
            "区县": "county", "县区": "county", "区级": "county", "上年结转": "carried-over", "结转": "carried-over", "其他": "other", "其他资金": "other"}  # fmt: skip
_DIRECTIONS = {"≥": ">=", "≤": "<=", "＝": "=", "＞": ">", "＜": "<", "==": "=", "正向": ">=", "反向": "<=", "定性": "qualitative", "不低于": ">=", "不超过": "<=", "等于": "=", "大于": ">",
               "小于": "<", "时限": "by-date"}  # fmt: skip
_PARTS = {"数量": "quantity", "质量": "quality", "时效": "timeliness", "成本": "cost", "经济": "economic", "社会": "social", "生态": "ecological",
          "生态环境": "ecological", "可持续": "sustainable", "可持续影响": "sustainable", "满意度": "satisfaction", "服务对象满意度": "satisfaction",
          "产出": "output", "效益": "benefit"}  # fmt: skip
_WHOLE = {"产出成本": "output.cost", "满意度/服务对象满意度": "satisfaction"}
_LEVEL_ONE = {"output": "output.", "cost": "cost.", "benefit": "benefit.", "satisfaction": ""}


_CATEGORY_NAMES = {
    "output": "产出", "output.quantity": "产出/数量", "output.quality": "产出/质量", "output.timeliness": "产出/时效", "output.cost": "产出/成本",
    "cost": "成本", "cost.economic": "成本/经济成本", "cost.social": "成本/社会成本", "cost.ecological": "成本/生态环境成本",
    "benefit": "效益", "benefit.economic": "效益/经济效益", "benefit.social": "效益/社会效益", "benefit.ecological": "效益/生态效益",
    "benefit.sustainable": "效益/可持续影响", "satisfaction": "满意度",
}  # fmt: skip


def category_label(path: str, lang: str) -> str:
    """What a category is called."""
    return _CATEGORY_NAMES.get(path, path) if lang == "zh" else path


def refuse(code: str, **values: object) -> NoReturn:
    """Raise the pydantic error that carries a problem code and its values (a template never sees user text)."""
    raise PydanticCustomError(code, code, values)


def describe(value: object) -> str:
    """A value as messages quote it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value) if abs(value) < 10**60 else "…"
    return quantity.shown(str(value)) if isinstance(value, (str, float, Decimal, date, Quantity)) else "…"


def suggestion(text: str, known: Any) -> dict[str, str]:
    """`{"suggestion": …}` for the nearest known name, or nothing."""
    close = difflib.get_close_matches(text, list(known), n=1) if len(text) <= 100 else ()
    return {"suggestion": close[0]} if close else {}


@dataclass(slots=True)
class Suggestions:
    """`suggestion`, for the first problems only: thousands of slips looked up among thousands of names would take minutes."""

    left: int = 20

    def __call__(self, text: str, known: Any) -> dict[str, str]:
        self.left -= 1
        return suggestion(text, known) if self.left >= 0 else {}


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def no_control_characters(text: str) -> str:
    """`text`, refused if it holds what no page can show; line ends and tabs are left to prose."""
    if found := _CONTROL.search(text):
        refuse("text-control-character", text=f"U+{ord(found[0]):04X}")
    return text


def _on_one_line(text: str) -> str:
    if found := re.search(r"[\t\n\r]", text):
        refuse("text-control-character", text=f"U+{ord(found[0]):04X}")
    return no_control_characters(text)


def is_unicode(text: str) -> bool:
    """Whether `text` can be written to a file (half a surrogate pair cannot)."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def is_printable(text: str) -> bool:
    """Whether `text` is Unicode without control characters other than line ends and tabs."""
    return is_unicode(text) and not _CONTROL.search(text)


# --- numbers ----------------------------------------------------------------------------------------------------------


def read_number(value: object) -> Decimal:
    """An exact number from a number or its bare text."""
    if isinstance(value, float):
        value = Decimal(float.__repr__(value))  # a numpy float prints itself otherwise
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        refuse("expected-number", text=describe(value))
    try:
        return quantity.number_of(value)
    except QuantityError as error:
        refuse(error.code, **error.values)


def _not_negative(value: object) -> Decimal:
    number = read_number(value)
    if number < 0:
        refuse("number-negative", text=format(number, "f"))
    return number


def _share(value: object) -> Decimal:
    """A share of the weight: 0.8, or `80%`."""
    if isinstance(value, str) and quantity.normalise(value).endswith("%"):
        # Not Decimal's own division, which rounds to the precision that the caller has set.
        value = to_decimal(exact(Fraction(read_number(quantity.normalise(value)[:-1])) / 100))
    number = read_number(value)
    if not 0 <= number <= 1:
        refuse("share-out-of-range", text=format(number, "f"))
    return number


def _whole(value: object) -> int:
    number = read_number(value)
    if number != int(number):
        refuse("expected-whole-number", text=describe(value))
    if number < 0:
        refuse("number-negative", text=format(number, "f"))
    return int(number)


def _year(value: object) -> int:
    number = _whole(value)
    if not 1990 <= number <= 2200:
        refuse("year-out-of-range", text=str(number))
    return number


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        refuse("expected-yes-no", text=describe(value))
    return value


_number_schema = WithJsonSchema({"type": ["number", "string"]})
_decimal_text = PlainSerializer(lambda value: format(value, "f"), return_type=str, when_used="json")
Number = Annotated[Decimal, PlainValidator(read_number), _decimal_text, _number_schema]
NotNegative = Annotated[
    Decimal, PlainValidator(_not_negative), _decimal_text, WithJsonSchema({"type": ["number", "string"], "minimum": 0})
]
Share = Annotated[
    Decimal, PlainValidator(_share), _decimal_text, WithJsonSchema({"type": ["number", "string"], "minimum": 0, "maximum": 1})
]
Count = Annotated[int, PlainValidator(_whole), WithJsonSchema({"type": "integer"})]
Year = Annotated[int, PlainValidator(_year), WithJsonSchema({"type": "integer", "minimum": 1990, "maximum": 2200})]
Boolean = Annotated[bool, PlainValidator(_boolean), WithJsonSchema({"type": "boolean"})]

# --- dates and texts ----------------------------------------------------------------------------------------------------


def read_date(value: object) -> date:
    """A day, from a TOML date or text such as `2023-06-30`."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        text = value.strip()
        try:
            read = quantity.parse(text)
        except QuantityError as error:
            refuse(error.code if error.code == "quantity-date-not-real" else "date-unreadable", text=quantity.shown(text))
        if read.latest is not None and read.latest == read.earliest:
            return read.latest
        refuse("date-unreadable", text=quantity.shown(text))
    refuse("expected-date", text=describe(value))


Day = Annotated[
    date,
    PlainValidator(read_date),
    PlainSerializer(lambda day: day.isoformat(), return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date"}),
]
_one_line, _prose = AfterValidator(_on_one_line), AfterValidator(no_control_characters)
Name = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=500), _one_line]
Prose = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=10_000), _prose]
Report = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=100_000), _prose]
_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}")


def _identifier(value: object) -> str:
    if not isinstance(value, str):
        refuse("expected-text", text=describe(value))
    if not _ID.fullmatch(value):
        refuse("bad-id", text=quantity.shown(value))
    return value


Id = Annotated[str, PlainValidator(_identifier), WithJsonSchema({"type": "string", "pattern": f"^{_ID.pattern}$"})]
"""ASCII letters, digits, `_` and `-`, at most 100: what an unquoted TOML key may hold."""


def read_answer(value: object) -> bool | Decimal | str | date:
    """An answer as it was given; the ruleset says later which type it must have."""
    if isinstance(value, bool) or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    if isinstance(value, (int, float, Decimal)):
        return read_number(value)
    if not isinstance(value, str):
        refuse("expected-answer", text=describe(value))
    if not value.strip():
        refuse("text-empty")
    if len(value) > 10_000:
        refuse("text-too-long", limit=10_000, length=len(value))
    if not is_unicode(value):
        refuse("text-not-unicode")
    return no_control_characters(value.strip())


Answer = Annotated[
    bool | Decimal | str | date,
    PlainValidator(read_answer),
    WithJsonSchema({"type": ["boolean", "number", "string"]}),
    PlainSerializer(lambda value: format(value, "f") if isinstance(value, Decimal) else value, when_used="json"),
]


def read_figure(value: object) -> Decimal | str:
    """A number, bare or as text with its unit (`45万元`); the ruleset says later what it has to be."""
    if not isinstance(text := read_answer(value), str):
        return read_number(value)
    try:
        return quantity.number_of(text)
    except QuantityError:
        return text


Figure = Annotated[
    Decimal | str,
    PlainValidator(read_figure),
    WithJsonSchema({"type": ["number", "string"]}),
    PlainSerializer(lambda value: format(value, "f") if isinstance(value, Decimal) else value, when_used="json"),
]

# --- choices ------------------------------------------------------------------------------------------------------------


def _choice(choices: tuple[str, ...], chinese: Mapping[str, str], code: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str):
            refuse("expected-text", text=describe(value))
        text = value.strip()
        if text in choices:
            return text
        if text in chinese:
            return chinese[text]
        refuse(code, text=quantity.shown(text), choices=", ".join(choices), **suggestion(text, [*choices, *chinese]))

    return read


def _read_category(value: object) -> str:
    if not isinstance(value, str):
        refuse("expected-text", text=describe(value))
    category = category_path(value)
    if category is None:
        refuse("unknown-category", text=quantity.shown(value), **suggestion(value.strip().lower(), CATEGORIES))
    return category


@lru_cache(256)  # the same few, in each of thousands of records
def category_path(text: str) -> Category | None:
    """The path of a category written as a path or in Chinese (产出/数量, 数量指标, 社会效益, 满意度); None if there is none such.

    Bare 成本 is the first-level 成本指标 (`cost`); that of 产出 is written 产出成本 or 产出/成本.
    """
    text = text.strip()
    if text in CATEGORIES:
        return text
    parts = [re.sub("指标$", "", part.strip()) for part in re.split(r"[-/—－／·.>、]+", text) if part.strip()]
    if not 1 <= len(parts) <= 3:
        return None
    if parts[0] in ("产出", "成本", "效益", "满意度") and len(parts) >= 2:
        top = _PARTS[parts[0]]
        child = _PARTS.get(re.sub("(效益|成本)$", "", parts[1]) or parts[1], "")
        path = top if child == top == "satisfaction" else _LEVEL_ONE[top] + child
        return path if path in CATEGORIES and child and len(parts) == 2 else None
    if len(parts) != 1:
        return None
    return _one_name(parts[0])


def _one_name(name: str) -> Category | None:
    if name in _WHOLE:
        return "output.cost"
    for ending, top in (("效益", "benefit"), ("成本", "cost")):
        stem = _PARTS.get(name.removesuffix(ending)) if name.endswith(ending) and name != ending else None
        if stem:
            path = f"{top}.{stem}"
            return path if path in CATEGORIES else None
    path = _PARTS.get(name, "")
    for candidate in (path, f"output.{path}", f"benefit.{path}" if path == "sustainable" else ""):
        if candidate in CATEGORIES:
            return candidate
    return None


def _in_chinese(words: Mapping[str, str]) -> AlsoWritten:
    return AlsoWritten({"enum": list(words)})


KindField = Annotated[Kind, BeforeValidator(_choice(get_args(Kind), _KINDS, "unknown-choice")), _in_chinese(_KINDS)]
ProjectTypeField = Annotated[
    ProjectType, BeforeValidator(_choice(get_args(ProjectType), _PROJECT_TYPES, "unknown-choice")), _in_chinese(_PROJECT_TYPES)
]
MoneyUnitField = Annotated[MoneyUnit, BeforeValidator(_choice(get_args(MoneyUnit), {}, "unknown-choice"))]
SourceField = Annotated[
    FundSource, BeforeValidator(_choice(get_args(FundSource), SOURCES, "unknown-choice")), _in_chinese(SOURCES)
]
DirectionField = Annotated[
    Direction, BeforeValidator(_choice(quantity.DIRECTIONS, _DIRECTIONS, "unknown-choice")), _in_chinese(_DIRECTIONS)
]
CategoryField = Annotated[
    Category,
    BeforeValidator(_read_category),
    AlsoWritten({"type": "string", "pattern": "数量|质量|时效|成本|效益|可持续|满意度|产出"}),
]


def is_qualitative(direction: object) -> bool:
    """Whether an entry says itself that its values are words."""
    return isinstance(direction, str) and direction.strip() in ("qualitative", "定性")


# --- quantities -----------------------------------------------------------------------------------------------------------


def read_quantity(value: object) -> Quantity:
    """A typed target or actual value (see `quantity.parse`)."""
    if isinstance(value, Quantity):
        return value
    if isinstance(value, float):
        value = Decimal(float.__repr__(value))  # a numpy float prints itself otherwise
    if isinstance(value, (bool, datetime)) or not isinstance(value, (str, int, Decimal, date)):
        refuse("expected-quantity", text=describe(value))
    if isinstance(value, str):
        if not is_unicode(value):
            refuse("text-not-unicode")
        no_control_characters(value)
    try:
        return quantity.parse(value)
    except QuantityError as error:
        refuse(error.code, **error.values)


QuantityField = Annotated[
    Quantity,
    PlainValidator(read_quantity),
    WithJsonSchema({"type": ["number", "string"]}),
    PlainSerializer(lambda value: value.text, return_type=str),
]


class Part(BaseModel):
    """What every part of a record is: frozen, and closed to keys that it does not know."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False, ignored_types=(Kept,)
    )

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy, which works out anew what was worked out from its fields."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied
