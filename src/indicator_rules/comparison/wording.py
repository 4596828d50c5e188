"""How a comparison says what a ruleset holds: any value of a spec as a short text in both languages.

In: a spec, a value of it. Out: `Told`. Scales and awards are said as the rubric says them; names of keys come from the catalogue.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from indicator_rules import messages, spec_scales
from indicator_rules import spec as written
from indicator_rules.comparison.comparison import Told
from indicator_rules.exact import exact, to_percent, to_text
from indicator_rules.rubric import Words
from indicator_rules.scale_checks import constant
from indicator_rules.spec import Spec
from indicator_rules.spec_fields import Award, Label, MoveTo


def both(key: str, **values: object) -> Told:
    """A text of the catalogue."""
    return Told(messages.text(f"compare.{key}", values, "zh"), messages.text(f"compare.{key}", values, "en"))


def key_name(model: str, key: str) -> Told:
    """What people call a key; the key itself, where nobody has named it."""
    spelt = key.rstrip("_").replace("_", "-")
    for name in (f"key-{model.lower()}-{spelt}", f"key-{spelt}"):
        if f"compare.{name}" in messages.catalogue():
            return both(name)
    return Told(key, key)


def _type(type_: str, of: str) -> Told:
    """The type of an input; `of` is what a series holds."""
    texts = ((lang, messages.text(f"rubric.type-{of}", {}, lang)) for lang in messages.LANGUAGES)
    return Told(*(messages.text(f"rubric.type-{type_}", {"of": text}, lang) for lang, text in texts))


def _plain(text: str) -> Told:
    return Told(text, text)


class Wording:
    """What one spec holds, in words."""

    def __init__(self, spec: Spec) -> None:
        self.spec, self.words = spec, (Words(spec, "zh"), Words(spec, "en"))

    def scale(self, scale: Any) -> Told:
        """评分标准 in words."""
        return self._of("scale", scale)

    def standard(self, criterion: written.Criterion) -> Told:
        """评分标准 of a whole criterion, from its scale."""
        return self._of("standard", criterion)

    def _of(self, name: str, value: Any) -> Told:
        return Told(*(" ".join(getattr(words, name)(value).split()) for words in self.words))

    def thing(self, thing: Any) -> Told:
        """Something that only one ruleset has."""
        match thing:
            case written.Criterion():
                said, weight = self.standard(thing), to_text(exact(thing.weight.default))
                return Told(f"{weight} 分；{said.zh}", f"{weight} points; {said.en}")
            case written.Measure():
                return self.value("value", thing.value)
            case written.Adjustment():
                effect = self.value("then", thing.then)
                return Told(f"{thing.when}：{effect.zh}", f"{thing.when}: {effect.en}")
            case written.WeightSet():
                labels = [(self.spec.criteria[name].label, to_text(exact(weight))) for name, weight in thing.weights.items()]
                zh = "，".join([*filter(None, [thing.when]), *(f"{label.zh} {weight}" for label, weight in labels)])
                return Told(
                    zh, ", ".join([*filter(None, [thing.when]), *(f"{label.text('en')} {weight}" for label, weight in labels)])
                )
            case written.FindingRule():
                return self.value("when", thing.when)
            case written.Input():
                return _type(thing.type, thing.of or "number")
        return self.value("label", getattr(thing, "label", None) or getattr(thing, "title", ""))

    def row(self, row: Any) -> Told:
        """A row of a scale, of the grades, of a look-up."""
        cut = f"≥ {row.at_least}" if getattr(row, "at_least", None) else f"> {row.above}" if getattr(row, "above", None) else ""
        when = getattr(row, "when", None) or ", ".join(getattr(row, "is_", ())) or cut
        award = getattr(row, "award", None)
        given = None if award is None else self.value("award", award)
        if isinstance(row, spec_scales.Part):
            given = self.scale(row.scale)
        if isinstance(row, written.LookupRow):
            given = Told(*[", ".join(f"{name} {value}" for name, value in row.values.items())] * 2)
        if given is None:
            return Told(when, when) if when else self.value("label", row.label)
        return Told(f"{when}：{given.zh}", f"{when}: {given.en}") if when else given

    def value(self, key: str, value: Any) -> Told:
        """The value of a key."""
        match value:
            case bool():
                return both("yes" if value else "no")
            case Decimal() | int():
                return _plain(to_text(exact(value)))
            case Label():
                return Told(value.text("zh"), value.text("en"))
            case Award():
                return self._of("award", value)
            case MoveTo():
                return self._of("treatment", value)
            case str() if f"compare.word-{value}" in messages.catalogue():
                return both(f"word-{value}")
            case str() if key == "measure" and value in self.spec.measures:
                return self.value("label", self.spec.measures[value].label)
            case written.Citation():
                source = self.spec.sources[value.ref]
                return _plain(" ".join(part for part in (source.document or source.title, value.clause) if part))
            case str():
                return self._word(key, value)
            case date():
                return _plain(value.isoformat())
            case tuple():
                parts = [self.value("", one) for one in value]
                return Told("、".join(one.zh for one in parts), ", ".join(one.en for one in parts))
            case _ if isinstance(value, _SCALES):
                return self.scale(value)
            case BaseModel():
                return self._table(value)
        return _plain(str(value))

    def _word(self, key: str, text: str) -> Told:
        """A text: a word of the language, a name, or a formula or sentence as it is."""
        if f"compare.word-{text}" in messages.catalogue():
            return both(f"word-{text}")
        if key == "type":
            return _type(text, "number")
        if key == "measure" and text in self.spec.measures:
            return self.value("label", self.spec.measures[text].label)
        if key in ("group", "parent"):
            return self.value("label", self.spec.groups[text].label)
        return _plain("100%" if key == "full_at" and text == "1" else " ".join(text.split()))

    def _table(self, table: BaseModel) -> Told:
        """Any other table: its keys and values."""
        parts = [
            (key_name(type(table).__name__, name), self.value(name, value))
            for name, value in ((name, getattr(table, name)) for name in type(table).model_fields)
            if value not in (None, ()) and name in table.model_fields_set
        ]
        return Told(
            "，".join(f"{key.zh} {value.zh}" for key, value in parts), ", ".join(f"{key.en} {value.en}" for key, value in parts)
        )

    @staticmethod
    def percent(told: Told) -> Told:
        """A plain number as a percentage; anything else as it is."""
        number = None if told.zh.endswith("%") else constant(told.zh)
        return told if number is None else Told(*[to_percent(number, 10)] * 2)


_SCALES = (spec_scales.Proportional, spec_scales.Bands, spec_scales.Deduct, spec_scales.Checklist, spec_scales.Levels, spec_scales.FirstMatch,
           spec_scales.Discretionary, spec_scales.Parts, spec_scales.Shared)  # fmt: skip
