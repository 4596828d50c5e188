"""The ruleset as written: what a TOML file says, key by key, and nothing about what it means.

In: plain data from a TOML file. Out: `Spec`, frozen; every key known, every value of the right shape, every default filled in.
Formulas are still text, names are not looked up, weights are not summed: that is `check` and `link`. The key names are the
language that policy officers write (docs/language.md), so each field here is one documented key.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    WithJsonSchema,
    field_validator,
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
_NUMBER = AlsoWritten({"type": "number", **_BELOW_LARGEST})
_TEXT = AlsoWritten({"type": "string", "minLength": 1, "maxLength": 500})
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


Name: TypeAlias = Annotated[Label, BeforeValidator(_label), _TEXT]

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


class Proportional(Model):
    """按比例: full at `full_at` or beyond, nothing at `zero_at` or beyond, a straight line between.

    `full_at` below `zero_at` means lower is better. `inverse`: `full_at / measure` past `full_at`, instead of the line
    (`zero_at` is not used). Worse than `pass_line`: nothing.
    """

    kind: Literal["proportional"]
    full_at: Formula = "1"
    zero_at: Formula | None = None
    pass_line: Formula | None = None
    inverse: bool = False


class Band(Model):
    """评分档: where it starts (`at_least` closed, `above` open) and what it gives; the lowest band has neither."""

    at_least: Formula | None = None
    above: Formula | None = None
    award: Given
    label: Name | None = None


class Bands(Model):
    """分档: cut points only, listed from the highest band to the lowest, so that neither gap nor overlap can be written."""

    kind: Literal["bands"]
    bands: Annotated[tuple[Band, ...], Field(min_length=1, max_length=MOST_ROWS)]


class Deduct(Model):
    """扣分: full marks less `points` (a number, or a share such as `"10%"`) for each step.

    `per`: `over` (measure above `at`), `under` and `missing` (below `at`), `occurrence` and `period` (above `at`, default 0): one
    deduction each `step`; `miss`: once, when `when` holds. `partial_step`: a part of a step counts `none`, `whole` or `pro-rata`.
    """

    kind: Literal["deduct"]
    per: Literal["over", "under", "missing", "occurrence", "period", "miss"]
    points: Given
    at: Formula | None = None
    step: Formula = "1"
    partial_step: Literal["none", "whole", "pro-rata"] | None = None
    at_most: Given | None = None
    when: Formula | None = None


class Item(Model):
    """核查要点: met when `when` holds. `gate`: if it is not met, the items after it earn nothing."""

    id: Id
    label: Name
    when: Formula
    award: Given | None = None
    gate: bool = False


class Checklist(Model):
    """要点核查: `additive`, the awards of met items are added up; `subtractive`, those of unmet items are taken off full marks.

    Items without `award` share the weight equally. `unknown`: an item whose condition cannot be decided makes the whole
    criterion absent (`absent`) or counts as not met (`unmet`).
    """

    kind: Literal["checklist"]
    mode: Literal["additive", "subtractive"] = "additive"
    items: Annotated[tuple[Item, ...], Field(min_length=1, max_length=MOST_ROWS)]
    unknown: Literal["absent", "unmet"] = "absent"


class Level(Model):
    """等次: a label that the record may carry, and what it gives."""

    label: Name
    award: Given


class Levels(Model):
    """按等次, best first. The label comes from the measure (a choice) or, for an entry, from its `level`."""

    kind: Literal["levels"]
    levels: Annotated[tuple[Level, ...], Field(min_length=1, max_length=MOST_ROWS)]


class Case(Model):
    """A row of `first_match`; without `when` it always holds."""

    when: Formula | None = None
    award: Given
    label: Name | None = None


class FirstMatch(Model):
    """按序判断: the first row whose condition holds."""

    kind: Literal["first_match"]
    rows: Annotated[tuple[Case, ...], Field(min_length=1, max_length=MOST_ROWS)]


class Discretionary(Model):
    """酌情: a person gives the points (`assessments`), inside the whole weight or the range stated."""

    kind: Literal["discretionary"]
    award: Given = Award(at_least=Amount(share="0"), at_most=Amount(share="1"))


class Part(Model):
    """分项: a part of a composite with a weight, a measure and a scale of its own.

    `weight`: a share of the whole (`"60%"`) or points; all or none of the parts have one (none: equal parts). `measure`: for an entry,
    完成率 if it is not given.
    """

    id: Id
    label: Name
    weight: Given | None = None
    measure: Formula | None = None
    scale: Scale
    absent: IfAbsent = "error"


class Parts(Model):
    """分项合成: each part is scored on its own, then combined (`sum` adds points, the others work on shares)."""

    kind: Literal["parts"]
    combine: Combine = "sum"
    parts: Annotated[tuple[Part, ...], Field(min_length=1, max_length=MOST_ROWS)]


class Shared(Model):
    """A scale written once under `[scales.x]` and used by name; `kind`, if given, has to agree."""

    kind: str | None = None
    use: Id


def _scale_kind(value: Any) -> str | None:
    if isinstance(value, Shared) or (isinstance(value, dict) and "use" in value):
        return "use"
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return kind if isinstance(kind, str) else None


OwnScale: TypeAlias = Proportional | Bands | Deduct | Checklist | Levels | FirstMatch | Discretionary | Parts
Scale: TypeAlias = Annotated[
    Annotated[Proportional, Tag("proportional")]
    | Annotated[Bands, Tag("bands")]
    | Annotated[Deduct, Tag("deduct")]
    | Annotated[Checklist, Tag("checklist")]
    | Annotated[Levels, Tag("levels")]
    | Annotated[FirstMatch, Tag("first_match")]
    | Annotated[Discretionary, Tag("discretionary")]
    | Annotated[Parts, Tag("parts")]
    | Annotated[Shared, Tag("use")],
    Discriminator(_scale_kind),
]

Part.model_rebuild()
Parts.model_rebuild()

# ------------------------------------------------------------------------------------------------------------- the tables


def _years(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return {"only": tuple(value)}
    return {"only": (value,)} if isinstance(value, int) else value


class Years(Model):
    """Evaluation years: a list, or `{ from = 2020, to = 2024 }` (either end may be open)."""

    only: tuple[Annotated[int, Field(ge=1990, le=2100, strict=True)], ...] = ()
    from_: Annotated[int, Field(ge=1990, le=2100, strict=True)] | None = Field(None, alias="from")
    to: Annotated[int, Field(ge=1990, le=2100, strict=True)] | None = None

    def __contains__(self, year: int) -> bool:
        if self.only:
            return year in self.only
        return (self.from_ is None or year >= self.from_) and (self.to is None or year <= self.to)


_YEAR = {"type": "integer", "minimum": 1990, "maximum": 2100}
_YEARS = AlsoWritten({"anyOf": [_YEAR, {"type": "array", "items": _YEAR}]})


class Applies(Model):
    """Which records the ruleset is for."""

    years: Annotated[Years, BeforeValidator(_years), _YEARS]
    jurisdiction: str = "全国"
    subjects: tuple[Literal["project", "department", "transfer"], ...] = ("project",)
    evaluation: Literal["self", "department", "fiscal", "ex-ante", "monitoring"] = "self"


class Stages(Model):
    """Rounding, stage by stage; a stage that is not listed does not round."""

    measure: Stage | None = None
    entry_weight: Stage | None = None
    entry_points: Stage | None = None
    points: Stage | None = None
    group: Stage | None = None
    total: Stage | None = None


class Completion(Model):
    """How 完成率 of an entry is worked out where the common rule leaves a choice (docs/semantics.md, section 5)."""

    same_text: Literal["met", "absent"] = "absent"
    """A qualitative actual that only repeats its target."""
    at_zero_target: Literal["absent", "zero"] = "absent"
    """A missed target that no ratio fits: the target is 0 or less, or the actual is negative."""
    at_equality: Literal["absent", "zero"] = "zero"
    """`>` or `<` with the actual equal to the target: not met."""
    at_most: Literal["ratio", "decay"] = "ratio"
    """≤ missed: target / actual, or a straight line down to 0 at `decay_zero_at` times the target."""
    decay_zero_at: Formula = "2"
    equal: Literal["absent", "zero", "ratio", "at-least"] = "absent"
    """= (or a range) missed: nothing known, 0, the smaller over the larger, or as ≥."""
    month_without_year: Literal["refuse", "evaluation-year"] = "refuse"
    directions: dict[CategoryPath, Literal[">=", "<=", "="]] = {"output.cost": "<=", "cost": "<="}
    """The sign meant where none is typed, by category (the longest that fits); ≥ otherwise."""


class Header(Model):
    """`[ruleset]`."""

    family: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,79}$")]
    edition: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.-]{0,39}$")]
    title: Name
    issued: date | None = None
    applies: Applies
    coexists_with: tuple[str, ...] = ()
    """Other editions that apply to the same records on purpose, as `family@edition`."""
    full_score: Number = Decimal(100)
    total_at_most: Number | None = None
    """Ceiling of the total; none if not stated (a bonus may pass `full_score`)."""
    status: Literal["official", "adapted", "reconstructed", "example"]
    notes: Text | None = None
    rounding: Stages = Stages()
    grade_on: Literal["rounded", "unrounded"] = "rounded"
    grade_by: Formula | None = None
    """What the grade is read from, where it is not the total: a measure, such as the share of targets met."""
    entry_weights_must_sum: bool = False


class Source(Model):
    """依据: a document."""

    title: str
    document: str | None = None
    issuer: str | None = None
    issued: date | None = None
    url: str | None = None
    notes: Text | None = None


class Citation(Model):
    """A clause of a source."""

    ref: Id
    clause: str | None = None


class Input(Model):
    """核查事项: a value that the record's `answers` hold."""

    label: Name
    type: Literal["yes-no", "choice", "count", "amount", "number", "date", "text", "series"]
    of: Literal["amount", "number", "count"] | None = None
    """What a series holds, date by date."""
    choices: Annotated[tuple[Word, ...], Field(max_length=MOST_CHOICES)] = ()
    notes: Text | None = None


class Measure(Model):
    """计量: how a value is worked out from the record."""

    label: Name
    value: Formula
    notes: Text | None = None


class Group(Model):
    """一级/二级指标: adds up what is below it.

    `weight`: what is below is normalised to it. `combine`: how the shares below become one. `rescale`: what does not apply is left out
    inside this group, not in the total.
    """

    label: Name
    parent: Id | None = None
    weight: Number | None = None
    combine: Combine = "sum"
    rescale: bool = False


class LookupRow(Model):
    """One class of a look-up: `is` (a text, or several) or a cut (`at_least`, `above`); neither, for all the rest."""

    is_: Annotated[tuple[Word, ...], Field(max_length=MOST_CHOICES), _TEXT] = Field((), alias="is")
    at_least: Formula | None = None
    above: Formula | None = None
    values: Annotated[dict[Id, Formula], Field(min_length=1, max_length=MOST_ROWS)]

    @field_validator("is_", mode="before")
    @classmethod
    def _one_text(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


class Lookup(Model):
    """参数表: parameters by class, read in formulas as `name.value`; the first row that fits."""

    label: Name
    by: Formula
    rows: Annotated[tuple[LookupRow, ...], Field(min_length=1, max_length=MOST_ROWS)]
    source: Citation | None = None


class Weight(Model):
    """分值: fixed, or taken from the record inside bounds."""

    default: Number
    from_record: bool = False
    min: Number | None = None
    max: Number | None = None


def _weight(value: Any) -> Any:
    return {"default": value} if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


class Entries(Model):
    """A scale for each kind of entry."""

    quantitative: Scale | None = None
    qualitative: Scale | None = None
    dated: Scale | None = None


class Criterion(Model):
    """评分指标: one scored line of the rubric."""

    label: Name
    group: Id | None = None
    role: Literal["score", "bonus", "penalty"] = "score"
    weight: Annotated[Weight, BeforeValidator(_weight), _NUMBER]
    definition: Text | None = None
    points_to_check: Text | None = None
    text: Text | None = None
    evidence_required: Text | None = None
    source: Citation | None = None
    applies_when: Formula | None = None
    measure: Formula | None = None
    scale: Scale | None = None
    indicators: CategoryPath | tuple[CategoryPath, ...] | None = None
    entries: Entries | None = None
    per: Literal["goal"] | None = None
    """`goal`: entries are scored goal block by goal block, and the blocks combined by the goals' weights."""
    entry_weights: Literal["record", "equal", "shared"] = "record"
    without_weights: Literal["equal", "error"] = "error"
    """What `entry_weights = "record"` does when no entry has a weight: split equally (and say so), or refuse."""
    combine: Combine = "weighted"
    entry_absent: IfAbsent = "error"
    completion: Completion | None = None
    absent: IfAbsent = "error"
    not_applicable: IfNotApplicable = "rescale"


class WeightSet(Model):
    """A set of weights that replaces those of the criteria when `when` holds; weight 0 puts a criterion out of force."""

    label: Name
    when: Formula | None = None
    weights: Annotated[dict[Id, Number], Field(max_length=MOST_CRITERIA)]


class Grade(Model):
    """等级, best first; the lowest has no cut."""

    label: Name
    at_least: Formula | None = None
    above: Formula | None = None


class Effect(Model):
    """What an adjustment does; exactly one key."""

    deduct: Formula | None = None
    bonus: Formula | None = None
    total_at_most: Formula | None = None
    total_at_least: Formula | None = None
    grade_at_most: Word | None = None
    grade_down: Annotated[int, Field(ge=1, le=10, strict=True)] | None = None
    veto: Literal[True] | None = None

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    @model_validator(mode="after")
    def _one_key(self) -> Effect:
        if len(self.model_fields_set) != 1:
            raise PydanticCustomError(
                "effect-not-one",
                "",
                {"text": ", ".join(sorted(self.model_fields_set)) or "{}"},
            )
        return self


class Adjustment(Model):
    """加减分与否决."""

    label: Name
    when: Formula
    then: Effect
    absent: Literal["error", "skip", "apply"] = "error"
    source: Citation | None = None


class FindingRule(Model):
    """提示: told to a reviewer, never part of the score. `{name}` places in `message` are formulas; `{x:%}` prints a ratio."""

    for_: Literal["record", "indicators"] = Field("record", alias="for")
    when: Formula
    message: Name


class Spec(Model):
    """A whole ruleset file."""

    schema_: Literal[1] = Field(alias="schema")
    ruleset: Header
    completion: Completion = Completion()
    sources: Annotated[dict[Id, Source], Field(max_length=200)] = Field(default_factory=dict)
    inputs: Annotated[dict[Id, Input], Field(max_length=500)] = Field(default_factory=dict)
    measures: Annotated[dict[Id, Measure], Field(max_length=200)] = Field(default_factory=dict)
    scales: Annotated[dict[Id, Scale], Field(max_length=100)] = Field(default_factory=dict)
    lookups: Annotated[dict[Id, Lookup], Field(max_length=50)] = Field(default_factory=dict)
    groups: Annotated[dict[Id, Group], Field(max_length=100)] = Field(default_factory=dict)
    criteria: Annotated[dict[Id, Criterion], Field(min_length=1, max_length=MOST_CRITERIA)]
    weight_sets: Annotated[dict[Id, WeightSet], Field(max_length=50)] = Field(default_factory=dict)
    grades: Annotated[tuple[Grade, ...], Field(min_length=1, max_length=20)]
    adjustments: Annotated[dict[Id, Adjustment], Field(max_length=100)] = Field(default_factory=dict)
    findings: Annotated[dict[Id, FindingRule], Field(max_length=200)] = Field(default_factory=dict)
    waivers: Annotated[dict[Annotated[str, Field(max_length=60)], Word], Field(max_length=50)] = Field(default_factory=dict)
    """豁免: laws of scoring (docs/testing.md) that this rubric does not keep, each with the reason."""
