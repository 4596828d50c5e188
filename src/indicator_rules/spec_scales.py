"""The scales as written: one table of keys for each kind, and nothing about what they mean (docs/language.md, "Scales").

In: plain data below `scale`, `scales.x`, `entries.x` or a part. Out: a frozen `Scale`, every key known, every default filled in.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    Discriminator,
    Field,
    Tag,
)

from indicator_rules.spec_fields import MOST_ROWS, Amount, Award, Combine, Formula, Given, Id, IfAbsent, Model, Name


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
