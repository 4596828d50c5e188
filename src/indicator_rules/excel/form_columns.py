"""The columns of a form's tables: those that a ruleset can make use of, as narrow as their texts allow, so that a row fits on A4.

In: the plan of a ruleset, what its formulas read of an entry, a language. Out: `Column`s from left to right.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from indicator_rules import messages
from indicator_rules import plan as plans
from indicator_rules.excel.form_fields import FIELDS, Field
from indicator_rules.excel.form_labels import category_choices, choices, label
from indicator_rules.excel.form_sheet import Input
from indicator_rules.messages import Language
from indicator_rules.record_fields import CATEGORIES


class Column(NamedTuple):
    """A column of a table: its field, what heads it, how wide it is, over how many columns of the sheet it goes."""

    path: str
    label: str
    width: int
    input: Input
    span: int = 1


def field_input(one: Field, lang: Language) -> Input:
    """What may be typed for a field."""
    given = choices(one.path, lang)
    return Input("choice", given) if given else Input(one.kind)


def field_column(path: str, width: int, lang: Language, mark: str = "") -> Column:
    """The column of a field that records have."""
    text = label(path, lang) + mark
    return Column(path, text, wide_enough(text, width, lang), field_input(FIELDS[path], lang))


def wide_enough(text: str, width: int, lang: Language) -> int:
    """A width at which no English word of a heading is broken; Chinese may be broken anywhere."""
    return width if lang == "zh" else max(width, *(len(word) + 2 for word in text.split()))


def by_person(scale: plans.Scale) -> bool:
    """Whether a rule leaves something to a person."""
    return scale.by_person or any(by_person(part.scale) for part in scale.parts)


def entry_columns(plan: plans.Plan, reads: Collection[str], lang: Language) -> Iterator[Column]:
    """The table of indicators. `reads`: the fields of an entry that formulas read."""
    entries = [criterion.entries for criterion in plan.criteria if criterion.entries is not None]
    scales = [scale for one in entries for _, scale in one.scales]
    yield from _what(entries, reads, lang)
    if any(one.weights != "equal" for one in entries):
        yield _said("indicators.*.weight", "weight", 6, Input("number"), lang)
    levels = tuple(dict.fromkeys(str(name.text("zh")) for scale in scales if scale.levels for _, name in scale.labels))
    if levels or "level" in reads:
        yield field_column("indicators.*.level", 9, lang)._replace(input=Input("choice", levels) if levels else Input("text"))
    yield from _belonging(entries, reads, lang)
    # What is said in words is rated by a person wherever no rule does.
    if any(by_person(scale) for scale in scales) or any(kind == "qualitative" for one in entries for kind, _ in one.scales):
        base = "assessments.indicators.*."
        yield _said(base + "points", "assessed-points", 7, Input("number"), lang)
        yield _said(base + "share", "assessed-share", 7, Input("share"), lang)
        yield _said(base + "reason", "assessed-reason", 11, Input("text"), lang)
        yield _said(base + "by", "assessed-by", 7, Input("text"), lang)
    yield field_column("declared.indicators.*", 7, lang)._replace(input=Input("number", signed=True))
    yield field_column("indicators.*.reason", 14, lang)
    yield field_column("indicators.*.evidence", 11, lang)
    yield _said("deductions.indicators.*.points", "deducted", 6, Input("number"), lang)
    yield _said("deductions.indicators.*.reason", "deducted-reason", 9, Input("text"), lang)
    yield _said("not_applicable.indicators.*", "not-applicable", 9, Input("text"), lang)


def _what(entries: list[plans.Entries], reads: Collection[str], lang: Language) -> Iterator[Column]:
    """What an entry is: its name, target and actual value."""
    yield field_column("indicators.*.id", 7, lang)
    yield field_column("indicators.*.category", 15, lang, "*")._replace(
        input=Input("choice", category_choices(_categories(entries), lang))
    )
    yield field_column("indicators.*.name", 22, lang, "*")
    yield field_column("indicators.*.direction", 6, lang)
    if "initial_target" in reads:
        yield field_column("indicators.*.initial_target", 11, lang)
    yield field_column("indicators.*.target", 13, lang, "*")
    yield field_column("indicators.*.actual", 13, lang, "*")
    yield field_column("indicators.*.unit", 7, lang)
    if "prior" in reads:
        yield field_column("indicators.*.prior", 11, lang)


def _belonging(entries: list[plans.Entries], reads: Collection[str], lang: Language) -> Iterator[Column]:
    """Who was asked, and what an entry belongs to."""
    if "satisfaction" in _categories(entries):
        yield field_column("indicators.*.counts.satisfied", 7, lang)
        yield field_column("indicators.*.counts.surveyed", 7, lang)
    if any(one.per_goal for one in entries):
        yield field_column("indicators.*.goal", 7, lang)
    if any(one.weights == "shared" for one in entries):
        yield field_column("indicators.*.part_of", 7, lang)
    if "key" in reads:
        yield field_column("indicators.*.key", 6, lang)


def _categories(entries: list[plans.Entries]) -> list[str]:
    return [
        path
        for path in CATEGORIES
        if any(path == one or path.startswith(one + ".") for part in entries for one in part.categories)
    ]


def _said(path: str, key: str, width: int, given: Input, lang: Language) -> Column:
    """A column that is called otherwise than its field."""
    text = messages.text(f"form.column-{key}", {}, lang)
    return Column(path, text, wide_enough(text, width, lang), given)
