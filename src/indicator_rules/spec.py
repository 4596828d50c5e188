"""The ruleset as written: what a TOML file says, key by key, and nothing about what it means.

In: plain data from a TOML file. Out: `Spec`, frozen; every key known, every value of the right shape, every default filled in.
Formulas are still text, names are not looked up, weights are not summed: that is `check` and `link`. The key names are the
language that policy officers write (docs/language.md), so each field here is one documented key.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from indicator_rules.json_form import AlsoWritten
from indicator_rules.spec_fields import (
    MOST_CHOICES,
    MOST_CRITERIA,
    MOST_ROWS,
    NUMBER_FORM,
    TEXT_FORM,
    CategoryPath,
    Combine,
    Formula,
    Id,
    IfAbsent,
    IfNotApplicable,
    Model,
    Name,
    Number,
    Stage,
    Text,
    Word,
)
from indicator_rules.spec_scales import Scale


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
    directions: dict[CategoryPath, Literal[">=", "<=", "="]] = Field({"output.cost": "<=", "cost": "<="})
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

    is_: Annotated[tuple[Word, ...], Field(max_length=MOST_CHOICES), TEXT_FORM] = Field((), alias="is")
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
    weight: Annotated[Weight, BeforeValidator(_weight), NUMBER_FORM]
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
