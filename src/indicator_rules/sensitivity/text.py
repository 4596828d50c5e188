"""Sensitivity for people: what was moved, which moves change a grade, and which records are near an edge.

In: a `Sensitivity`, a language, how many columns there are. Out: text, or Markdown; the same for the same input.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from indicator_rules import messages
from indicator_rules.comparison.text import Heading, Table, as_markdown, plain
from indicator_rules.exact import to_percent
from indicator_rules.explaining.explain import number_text
from indicator_rules.messages import Language
from indicator_rules.render import COLUMNS
from indicator_rules.sensitivity.result import RecordSensitivity, Sensitivity, Variant


def text(found: Sensitivity, lang: Language | None = None, columns: int = COLUMNS) -> str:
    """`found` for a terminal."""
    return plain(_Page(found, lang or messages.language()).parts(), columns)


def markdown(found: Sensitivity, lang: Language | None = None) -> str:
    """`found` for a document."""
    return as_markdown(_Page(found, lang or messages.language()).parts())


class _Page:
    def __init__(self, found: Sensitivity, lang: Language) -> None:
        self.found, self.lang = found, lang

    def say(self, key: str, **values: object) -> str:
        return messages.text(f"sensitivity.{key}", values, self.lang)

    def heads(self, *names: str) -> tuple[str, ...]:
        return tuple(self.say(f"column-{name}") for name in names)

    def parts(self) -> Iterator[Heading | Table | str]:
        """The whole page."""
        found = self.found
        scored = [one for one in found.records if one.total is not None]
        yield Heading(self.say("title", ruleset=found.ruleset))
        for name, step in found.steps.items():
            yield self.say(f"step-{name}", step=number_text(step) if name == "grades" else to_percent(step, 4))
        if found.samples:
            yield self.say("sampled", samples=found.samples, seed=found.seed)
        yield self.say("run", variants=len(found.variants), flipping=len(found.flipping), records=len(scored))
        refused = sum(bool(variant.refused) for variant in found.variants)
        if refused:
            yield self.say("refusing", count=refused)
        yield Heading(self.say("by-criterion"))
        rows = [(one.label.text(self.lang), str(one.variants), str(one.flipping), str(one.flips)) for one in found.criteria]
        yield Table([self.heads("label", "variants", "flipping", "flips"), *rows], (1, 2, 3))
        if self.told():
            yield Heading(self.say("which"))
            heads = self.heads("label", "aspect", "old", "new", "grades", "widest")
            yield Table([heads, *map(self.variant, self.told())], (5,))
        yield from self.records(scored)
        unscored = [one for one in found.records if one.total is None]
        if unscored:
            yield Heading(self.say("unscored", count=len(unscored)))
            for one in unscored:
                why = f"{one.problems[0].message(self.lang)} [{one.problems[0].code}]" if one.problems else self.say("nothing")
                name = one.name if one.file in ("", one.name) else f"{one.name} ({one.file})"
                yield self.say("refused", name=name, why=why)
        if found.unmoved:
            yield Heading(self.say("unmoved"))
            for left in found.unmoved:
                where = f"{left.label.text(self.lang)} {left.aspect.text(self.lang)}"
                yield self.say(f"unmoved-{left.reason}", what=where)

    def told(self) -> list[Variant]:
        """The variants to name one by one: a sample is a mixture that has no name."""
        return [variant for variant in self.found.flipping if variant.kind != "sample"]

    def variant(self, variant: Variant) -> tuple[str, ...]:
        grades = self.say("comma").join(f"{old} → {new} {count}" for (old, new), count in variant.grades.items())
        numbers = variant.number(variant.old), variant.number(variant.new)
        return (variant.label.text(self.lang), variant.aspect.text(self.lang), *numbers, grades, number_text(variant.widest))

    def records(self, scored: Sequence[RecordSensitivity]) -> Iterator[Heading | Table]:
        """Records whose grade is not firm."""
        loose = sorted((one for one in scored if one.flips), key=lambda one: (-one.flips, one.name))
        yield Heading(self.say("records", count=len(loose), scored=len(scored)))
        if loose:
            rows = [self.record(one) for one in loose]
            yield Table([self.heads("record", "total", "grade", "range", "flips", "becomes"), *rows], (4,))

    def record(self, one: RecordSensitivity) -> tuple[str, ...]:
        totals = [number_text(value) for value in (one.total, one.lowest, one.highest) if value is not None]
        becomes = self.say("comma").join(f"{grade} {count}" for grade, count in (one.grades or {}).items())
        return (one.name, totals[0], str(one.grade), f"{totals[1]}–{totals[2]}", str(one.flips), becomes)
