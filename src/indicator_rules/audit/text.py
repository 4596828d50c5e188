"""An audit as text for a terminal: the lines with each side's points, then the differences.

In: an audit, a language, how many columns there are. Out: text, the same for the same input.
"""

from __future__ import annotations

from collections.abc import Iterator

from indicator_rules import messages
from indicator_rules.audit.result import Audit, Row, Shown, label_text
from indicator_rules.exact import to_text
from indicator_rules.explaining.explain import number_text
from indicator_rules.messages import Language
from indicator_rules.render import COLUMNS, hanging, pad, width, wrap

_NUMBER = 10
"""Columns of each side."""


def text(audit: Audit, lang: Language | None = None, columns: int = COLUMNS) -> str:
    """`audit` for people to read."""
    return "\n".join(_lines(audit, lang or messages.language(), max(columns, 60))) + "\n"


def _lines(audit: Audit, lang: Language, columns: int) -> Iterator[str]:
    subject = audit.record.subject
    yield _say(lang, "title", name=subject.name, year=subject.year)
    if "family" in audit.provenance:
        yield f"{audit.provenance['family']}@{audit.provenance['edition']}"
    yield ""
    names = [("  " * depth) + label_text(row.label, lang) for depth, row in _tree(audit)]
    room = min(columns - _NUMBER * (len(audit.sides) + 1), max(24, *map(width, names)) + 2)
    heads = [_say(lang, "weight"), *(_say(lang, f"side-{side}") for side in audit.sides)]
    yield from _columns(_say(lang, "line"), heads, room)
    for name, row in zip(names, audit.rows, strict=True):
        weight = "" if row.exact_weight is None else number_text(row.exact_weight)
        yield from _columns(name, [weight, *(_cell(row.values[side]) for side in audit.sides)], room)
    yield ""
    if len(audit.sides) < 2:
        yield _say(lang, "alone")
    if audit.problems:
        yield _say(lang, "incomplete", count=len(audit.problems))
    if audit.differences:
        yield _say(lang, "differences", count=len(audit.differences))
        for difference in audit.differences:
            code = messages.text(f"code.{difference.code}", {}, lang)
            yield from hanging("  · ", f"[{code}] {difference.text(lang)}", columns)
    elif len(audit.sides) > 1:
        yield _say(lang, "agreed", tolerance=to_text(audit.tolerance))


def _tree(audit: Audit) -> Iterator[tuple[int, Row]]:
    """Each line and how deep it stands."""
    depths: dict[tuple[str, str], int] = {}
    for row in audit.rows:
        above = ("criterion" if row.kind == "entry" else "group", row.parent)
        depth = depths[row.kind, row.id] = depths.get(above, -1) + 1 if row.parent else 0
        yield depth, row


def _columns(name: str, cells: list[str], room: int) -> Iterator[str]:
    """A name, in as many lines as it needs, and numbers on the right of the last."""
    indent = " " * (len(name) - len(name.lstrip()))
    *above, last = wrap(name.strip(), room - len(indent) - 1)
    yield from (indent + line for line in above)
    numbers = "".join(" " + cell if width(cell) >= _NUMBER else pad(cell, _NUMBER, right=True) for cell in cells)
    yield (pad(indent + last, room) + numbers).rstrip()


def _cell(value: Shown) -> str:
    return "—" if value is None else value if isinstance(value, str) else number_text(value)


def _say(lang: Language, key: str, **values: object) -> str:
    return messages.text(f"audit.{key}", values, lang)
