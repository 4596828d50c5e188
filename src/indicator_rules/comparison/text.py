"""A comparison for people: as text in columns for a terminal, or as Markdown for a document.

In: a comparison, a language, how many columns there are. Out: text, the same for the same input. What can change a score comes first; long texts of
a rubric are cut short (the data has them whole).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from indicator_rules import messages
from indicator_rules.comparison.comparison import Change, Comparison, Impact, RecordImpact, Score, Told
from indicator_rules.errors import Problem
from indicator_rules.exact import Exact
from indicator_rules.explaining.explain import number_text
from indicator_rules.messages import Language
from indicator_rules.render import COLUMNS, hanging, table
from indicator_rules.rubric import fit

_LONGEST = 60
"""Characters of a text that no score depends on."""


class Table(NamedTuple):
    """Rows under a heading; the first holds the heads of the columns. `numbers` stand on the right."""

    rows: list[tuple[str, ...]]
    numbers: tuple[int, ...] = ()


class Heading(NamedTuple):
    text: str


def text(comparison: Comparison, lang: Language | None = None, columns: int = COLUMNS) -> str:
    """`comparison` for a terminal."""
    return plain(_Page(comparison, lang or messages.language()).parts(), columns)


def markdown(comparison: Comparison, lang: Language | None = None) -> str:
    """`comparison` for a document."""
    return as_markdown(_Page(comparison, lang or messages.language()).parts())


def plain(parts: Iterable[Heading | Table | str], columns: int) -> str:
    """A page in columns."""
    lines: list[str] = []
    for part in parts:
        match part:
            case Heading():
                lines += ["", part.text] if lines else [part.text]
            case Table():
                sizes = fit(part.rows, max(columns, 80) - 2, widest=18)
                lines += ["  " + line for line in table(part.rows, sizes, numbers=part.numbers)]
            case _:
                lines += hanging("  · ", part, columns)
    return "\n".join(lines) + "\n"


def as_markdown(parts: Iterable[Heading | Table | str]) -> str:
    """The same page as Markdown."""
    blocks: list[str] = []
    for part in parts:
        match part:
            case Heading():
                blocks.append(f"{'##' if blocks else '#'} {_escaped(part.text)}")
            case Table():
                head, *rows = part.rows
                rule = "| " + " | ".join("---:" if place in part.numbers else "---" for place in range(len(head))) + " |"
                blocks.append("\n".join([_md(head), rule, *map(_md, rows)]))
            case _:
                # Lines that follow one another are one list.
                line = f"- {_escaped(part)}"
                if blocks[-1].startswith("- "):
                    blocks[-1] += f"\n{line}"
                else:
                    blocks.append(line)
    return "\n\n".join(blocks) + "\n"


def _md(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(_escaped, cells)) + " |"


def _escaped(text: str) -> str:
    for sign in "\\|<*_`":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())


class _Page:
    """A comparison as headings, tables and lines."""

    def __init__(self, comparison: Comparison, lang: Language) -> None:
        self.comparison, self.lang = comparison, lang

    def say(self, key: str, **values: object) -> str:
        return messages.text(f"compare.{key}", values, self.lang)

    def told(self, told: Told | None) -> str:
        return "—" if told is None else told.text(self.lang)

    def parts(self) -> Iterator[Heading | Table | str]:
        """The whole page."""
        one = self.comparison
        yield Heading(f"{one.old_name} → {one.new_name}")
        yield self.say("old", title=self.told(one.old_title))
        yield self.say("new", title=self.told(one.new_title))
        scoring = [change for change in one.changes if change.scores]
        others = [change for change in one.changes if not change.scores]
        yield Heading(self.say("scoring", count=len(scoring)) if scoring else self.say("no-scoring"))
        if scoring:
            yield self.table(scoring)
        if others:
            yield Heading(self.say("others", count=len(others)))
            yield self.table(others)
        if one.impact is not None:
            yield from self.impact(one.impact)

    def table(self, changes: Sequence[Change]) -> Table:
        """A change a row; what changed is named where its changes begin."""
        rows: list[tuple[str, ...]] = [tuple(self.say(f"column-{name}") for name in ("label", "aspect", "old", "new", "lines"))]
        above = None
        for change in changes:
            label = "" if change.subject == above else self.told(change.label)
            above = change.subject
            rows.append(
                (label, self.aspect(change), self.value(change, change.old), self.value(change, change.new), _lines(change))
            )
        return Table(rows)

    def aspect(self, change: Change) -> str:
        """What of it, and that it is new or gone."""
        aspect = change.aspect.text(self.lang)
        if change.kind in ("added", "gone"):
            return self.say(change.kind, aspect=aspect)
        return aspect

    def value(self, change: Change, told: Told | None) -> str:
        shown = self.told(told)
        if change.scores or len(shown) <= _LONGEST:
            return shown
        return shown[:_LONGEST] + "…"

    # --------------------------------------------------------------------------------------------------------------- impact

    def impact(self, impact: Impact) -> Iterator[Heading | Table | str]:
        """What it does to the records."""
        yield Heading(self.say("records", count=len(impact.records)))
        yield self.say(
            "records-scored",
            scored=len(impact.scored),
            old=len(impact.only_old),
            new=len(impact.only_new),
            neither=len(impact.neither),
        )
        if impact.scored:
            moved = sum(bool(one.moved) for one in impact.scored)
            yield self.say("totals-moved", count=moved, mean=_signed(impact.mean))
        if impact.flips:
            yield Heading(self.say("flips", count=sum(impact.flips.values())))
            head = tuple(self.say(f"column-{name}") for name in ("old-grade", "new-grade", "count"))
            yield Table([head, *((old, new, str(count)) for (old, new), count in impact.flips.items())], (2,))
        if impact.criteria:
            yield Heading(self.say("criteria-moved"))
            head = tuple(self.say(f"column-{name}") for name in ("label", "count", "mean", "lowest", "highest"))
            rows = [
                (self.told(one.label), str(one.records), *map(_signed, (one.mean, one.lowest, one.highest)))
                for one in impact.criteria
            ]
            yield Table([head, *rows], (1, 2, 3, 4))
        for key, records in (("losers", impact.losers()), ("winners", impact.winners())):
            if records:
                yield Heading(self.say(key))
                head = tuple(self.say(f"column-{name}") for name in ("record", "old", "new", "moved"))
                yield Table([head, *map(self.moved, records)], (3,))
        for key, found in (("only-old", impact.only_old), ("only-new", impact.only_new), ("neither", impact.neither)):
            if found:
                yield Heading(self.say(key, count=len(found)))
                for one in found:
                    yield from self.refused(one, one.new_problems if one.new is None else one.old_problems)

    def moved(self, one: RecordImpact) -> tuple[str, ...]:
        return (one.name, _score(one.old), _score(one.new), _signed(one.moved or 0))

    def refused(self, one: RecordImpact, problems: Sequence[Problem]) -> Iterator[str]:
        """A record that cannot be scored, and the first reason."""
        name = f"{one.name} ({one.file})" if one.file else one.name
        more = self.say("more-problems", count=len(problems) - 1) if len(problems) > 1 else ""
        yield self.say("refused", name=name, why=f"{problems[0].message(self.lang)} [{problems[0].code}]", more=more)


def _lines(change: Change) -> str:
    """Lines in the old and in the new file."""
    lines = ["—" if where is None or where.line is None else str(where.line) for where in (change.old_where, change.new_where)]
    return "" if lines == ["—", "—"] else " → ".join(lines)


def _score(score: Score | None) -> str:
    if score is None or score.total is None:
        return "—"
    return f"{number_text(score.total)} {score.grade or ''}".rstrip()


def _signed(value: Exact) -> str:
    return f"+{number_text(value)}" if value > 0 else number_text(value).replace("-", "−")
