"""The kinds of value that a ruleset's keys hold: formulas as text, numbers, names, treatments, awards.

In: what TOML gives. Out: frozen values of the right shape; what is not is refused with a message-catalogue code. The tables that
are made of them: `spec_scales` and `spec`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from indicator_rules.exact import (
    LARGEST,
    MOST_DECIMALS,
    ROUNDING_MODES,
    Rounding,
    RoundingMode,
    exact,
    to_decimal,
)
from indicator_rules.json_form import AlsoWritten

LONGEST_FORMULA = 1000
LONGEST_TEXT = 20_000
MOST_CRITERIA = 200
MOST_ROWS = 60
MOST_CHOICES = 200


class Model(BaseModel):
    """A table of the file: unknown keys refused, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


# ---------------------------------------------------------------------------------------------------------------- scalars


def _formula(value: Any) -> Any:
    """A formula may be typed as a bare number; both come out as text."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise PydanticCustomError("not-a-formula", "", {"text": str(value).lower()})
    if not isinstance(value, str):
        return format(_number(value), "f")
    if not value.strip():
        raise PydanticCustomError("formula-empty", "")
    if len(value) > LONGEST_FORMULA:
        raise PydanticCustomError("formula-too-long", "", {"limit": str(LONGEST_FORMULA)})
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise PydanticCustomError("not-a-number", "", {"text": str(value)})
    if isinstance(value, int) and abs(value) >= LARGEST:  # before it is printed or made a decimal, which may take minutes
        text = str(value)[:40] if abs(value) < 10**60 else "…"
        raise PydanticCustomError("number-too-large", "", {"text": text})
    number = Decimal(value)
    if not number.is_finite():
        raise PydanticCustomError("not-finite", "", {"text": str(value)})
    exponent = number.as_tuple().exponent
    if number.copy_abs() >= LARGEST or (isinstance(exponent, int) and -exponent > MOST_DECIMALS):
        raise PydanticCustomError("number-too-large", "", {"text": str(value)[:40]})
    # 1.0 and 1.00 are one number, also in digests.
    return to_decimal(exact(number))


def _label(value: Any) -> Any:
    return {"zh": value} if isinstance(value, str) else value


def _rounding(value: Any) -> Any:
    """`"0.01 half-up"`: a step that is a power of ten, and a mode."""
    if isinstance(value, str):
        step, _, mode = value.partition(" ")
        digits = {"0." + "0" * (n - 1) + "1": n for n in range(1, 9)} | {"1": 0}
        if step in digits and mode in ROUNDING_MODES:
            known: RoundingMode = mode
            return Rounding(digits[step], known)
    raise PydanticCustomError(
        "rounding-not-understood",
        "",
        {"text": str(value), "modes": ", ".join(ROUNDING_MODES)},
    )


_BELOW_LARGEST = {"exclusiveMinimum": -LARGEST, "exclusiveMaximum": LARGEST}
_FORMULA: dict[str, Any] = {"type": ["string", "number"], "pattern": r"\S", "maxLength": LONGEST_FORMULA, **_BELOW_LARGEST}
NUMBER_FORM = AlsoWritten({"type": "number", **_BELOW_LARGEST})
TEXT_FORM = AlsoWritten({"type": "string", "minLength": 1, "maxLength": 500})
Formula: TypeAlias = Annotated[
    str,
    BeforeValidator(_formula),
    WithJsonSchema(_FORMULA),
]
"""An expression; a bare number is one too."""
Number: TypeAlias = Annotated[
    Decimal,
    BeforeValidator(_number),
    WithJsonSchema({"type": "number", **_BELOW_LARGEST}),
]
Id: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
Word: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
"""A text that a record has to match: without outer blanks, as those of a record are."""
Stage: TypeAlias = Annotated[
    Rounding,
    BeforeValidator(_rounding),
    WithJsonSchema({"type": "string", "pattern": rf"^(1|0\.0{{0,7}}1) ({'|'.join(ROUNDING_MODES)})$"}),
]
CategoryPath: TypeAlias = Annotated[str, Field(pattern=r"^[a-z]+(\.[a-z]+)*$")]


class Label(Model):
    """A name in Chinese, and in English if given; written as plain text or `{ zh = …, en = … }`."""

    zh: Word
    en: Word | None = None

    def __str__(self) -> str:
        return self.zh

    def text(self, lang: str) -> str:
        """The name in `lang`, Chinese where there is no other."""
        return (self.en or self.zh) if lang == "en" else self.zh


Name: TypeAlias = Annotated[Label, BeforeValidator(_label), TEXT_FORM]

# ---------------------------------------------------------------------------------------------- absent and not applicable


class MoveTo(Model):
    """`{ move_to = "criterion" }`: the weight goes to another criterion."""

    move_to: Id


def _treatment(words: tuple[str, ...]) -> BeforeValidator:
    def read(value: Any) -> Any:
        if value in words or isinstance(value, MoveTo) or (isinstance(value, dict) and "move_to" in value and "rescale" in words):
            return value
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return _number(value)
        raise PydanticCustomError("treatment-unknown", "", {"text": str(value), "words": ", ".join(words)})

    return BeforeValidator(read)


IfAbsent: TypeAlias = Annotated[Literal["error", "full", "zero"] | Number, _treatment(("error", "full", "zero"))]
IfNotApplicable: TypeAlias = Annotated[
    Literal["rescale", "full", "zero"] | Number | MoveTo,
    _treatment(("rescale", "full", "zero")),
]


# ------------------------------------------------------------------------------------------------------- awards and scales


def _award(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("award-not-understood", "", {"text": str(value)})
    if isinstance(value, str):
        return {"share": value}
    if isinstance(value, int | Decimal):
        return {"points": value}
    return value


class Amount(Model):
    """An end of a range: a share of the weight (`"80%"`) or points (`4`)."""

    share: Formula | None = None
    points: Formula | None = None


_AMOUNT = AlsoWritten(_FORMULA)
End: TypeAlias = Annotated[Amount, BeforeValidator(_award), _AMOUNT]


_AWARD_FORMS = (
    *(("share",), ("points",), ("from", "to")),
    *((low, high) for low in ("at_least", "above") for high in ("at_most", "below")),
)


class Award(Model):
    """What a row gives. One of three forms:

    - `share`: part of the weight in force; written `"80%"`, or any formula that gives a ratio;
    - `points`: points; written `4`, or `{ points = "formula" }`;
    - a range that a person picks from (`assessments` in the record): `at_least` or `above` with `at_most` or `below`, each a
      share (`"80%"`) or points (`4`);
    - in a band, a line: `from` at this band's cut `to` the value at the next cut, each a share or points.
    """

    share: Formula | None = None
    points: Formula | None = None
    at_least: End | None = None
    above: End | None = None
    at_most: End | None = None
    below: End | None = None
    from_: End | None = Field(None, alias="from")
    to: End | None = None

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": list(keys)} for keys in _AWARD_FORMS]})

    @model_validator(mode="after")
    def _one_form(self) -> Award:
        forms = [
            self.share is not None,
            self.points is not None,
            (self.at_least is not None) + (self.above is not None) == 1
            and (self.at_most is not None) + (self.below is not None) == 1,
            self.from_ is not None and self.to is not None,
        ]
        given = len(self.model_fields_set)
        if sum(forms) != 1 or given != (1 if forms[0] or forms[1] else 2):
            raise PydanticCustomError(
                "award-not-understood",
                "",
                {"text": ", ".join(sorted(self.model_fields_set)) or "{}"},
            )
        return self

    @property
    def is_range(self) -> bool:
        """Whether a person picks inside it."""
        return self.at_least is not None or self.above is not None


Combine: TypeAlias = Literal["sum", "weighted", "mean", "max", "min"]
Given: TypeAlias = Annotated[Award, BeforeValidator(_award), _AMOUNT]
