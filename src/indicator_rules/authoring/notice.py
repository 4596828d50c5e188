"""A ruleset as the table that goes with a notice (评分表): title, standard columns, groups, a total, and what has to be said below.

In: a spec, a language. Out: a `Notice`, which knows the same table as Markdown and as plain data; `notice_workbook` makes a sheet of it. Guaranteed: every
criterion has its row, in the order of the ruleset, with its weight and the words of its 评分标准.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from indicator_rules import messages
from indicator_rules.exact import exact, to_text
from indicator_rules.messages import Language
from indicator_rules.rubric import Words
from indicator_rules.spec import Spec

TEXTS = ("definition", "points_to_check", "standard")
"""The columns right of the weight, as `RubricRow` calls them."""


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One criterion. `groups`: labels of the groups above it, topmost first; `texts`: one for each of `TEXTS`."""

    id: str
    groups: tuple[str, ...]
    label: str
    weight: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """The table, in one language. `levels`: how many columns 一级指标, 二级指标 … it has; `below`: heading → lines."""

    name: str
    title: str
    lead: str
    levels: int
    headings: tuple[str, ...]
    rows: tuple[NoticeRow, ...]
    total: tuple[str, str]
    below: tuple[tuple[str, tuple[str, ...]], ...]

    def markdown(self) -> str:
        """The table as Markdown; a group is named where it begins."""
        lines = [f"# {_plain(self.title)}", "", _plain(self.lead), "", _line(self.headings)]
        lines.append("|" + " --- |" * len(self.headings))
        above: tuple[str, ...] = ()
        for row in self.rows:
            begun = next((place for place, pair in enumerate(zip(row.groups, above, strict=False)) if pair[0] != pair[1]), None)
            same = min(len(row.groups), len(above)) if begun is None else begun
            groups = ["" if place < same else label for place, label in enumerate(row.groups)]
            lines.append(_line([*groups, *[""] * (self.levels - 1 - len(groups)), row.label, row.weight, *row.texts]))
            above = row.groups
        lines.append(_line([self.total[0], *[""] * (self.levels - 1), self.total[1], *[""] * len(TEXTS)]))
        for heading, parts in self.below:
            lines += ["", f"**{_plain(heading)}**", "", *(f"- {_plain(part)}" for part in parts)]
        return "\n".join(lines) + "\n"

    def as_dict(self) -> dict[str, Any]:
        """The table as plain data, for JSON."""
        return {
            "ruleset": self.name,
            "title": self.title,
            "lead": self.lead,
            "headings": list(self.headings),
            "rows": [
                {
                    "criterion": row.id,
                    "groups": list(row.groups),
                    "label": row.label,
                    "weight": row.weight,
                    **dict(zip(TEXTS, row.texts, strict=True)),
                }
                for row in self.rows
            ],
            "total": self.total[1],
            "below": {heading: list(parts) for heading, parts in self.below},
        }


def notice(spec: Spec, lang: Language | None = None) -> Notice:
    """The table of `spec`."""
    lang = lang or messages.language()
    words = Words(spec, lang)

    def say(key: str, **values: object) -> str:
        return messages.text(f"notice.{key}", values, lang)

    rows = []
    for name, criterion in spec.criteria.items():
        row = words.row(criterion)
        texts = (row.definition, row.points_to_check, row.standard)
        rows.append(NoticeRow(name, tuple(words.groups(criterion)), row.third, row.weight, texts))
    levels = max(3, *(len(row.groups) + 1 for row in rows))
    header = spec.ruleset
    status = messages.text(f"status.{header.status}", {}, lang)
    return Notice(
        f"{header.family}@{header.edition}",
        header.title.text(lang),
        words.say("header", name=f"{header.family}@{header.edition}", status=status, jurisdiction=header.applies.jurisdiction),
        levels,
        (
            *(say(f"level-{number}") for number in range(1, levels + 1)),
            *(words.say(f"column-{key}") for key in ("weight", *TEXTS)),
        ),
        tuple(rows),
        (say("total"), to_text(exact(header.full_score))),
        tuple((heading, parts) for heading, parts in _below(words, say("groups"), say("notes")) if parts),
    )


def _below(words: Words, groups: str, notes: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    spec = words.spec
    own = (
        (group.label.text(words.lang), to_text(exact(group.weight))) for group in spec.groups.values() if group.weight is not None
    )
    yield _heading(groups), tuple(f"{label} {weight}" for label, weight in own)
    yield _heading(words.say("grades")), tuple(words.grades())
    yield _heading(words.say("adjustments")), tuple(words.adjustments())
    yield _heading(words.say("sources")), tuple(words.sources())
    yield _heading(notes), tuple(line.strip() for line in (spec.ruleset.notes or "").splitlines() if line.strip())


def _heading(text: str) -> str:
    return text.rstrip("： :")


def _plain(text: str) -> str:
    """`text` as Markdown shows it, in one line."""
    return re.sub(r"([\\|<>*_`\[\]])", r"\\\1", text).replace("\r", "").replace("\n", "<br>")


def _line(cells: tuple[str, ...] | list[str]) -> str:
    return "| " + " | ".join(map(_plain, cells)) + " |"
