"""Rows as an HTML table: all that notebooks need. Every text is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

_RIGHT = ' style="text-align:right"'
_LEFT = ' style="text-align:left"'


def html_table(title: str, rows: Iterable[Sequence[str]], *, numbers: Sequence[int] = (), below: Iterable[str] = ()) -> str:
    """`rows` under `title`, the first one the head; the columns `numbers` stand on the right; then paragraphs."""
    head, *body = ["".join(_cell(tag, text, place in numbers) for place, text in enumerate(row)) for tag, row in _tagged(rows)]
    lines = "".join(f"<tr>{cells}</tr>" for cells in body)
    paragraphs = "".join(f"<p>{escape(text)}</p>" for text in below)
    return f"<p><b>{escape(title)}</b></p><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>{paragraphs}"


def _tagged(rows: Iterable[Sequence[str]]) -> Iterable[tuple[str, Sequence[str]]]:
    for place, row in enumerate(rows):
        yield ("td" if place else "th"), row


def _cell(tag: str, text: str, right: bool) -> str:
    return f"<{tag}{_RIGHT if right else _LEFT}>{escape(text)}</{tag}>"
