"""A spreadsheet as plain cells: texts, exact numbers, dates and truths, by row and column.

Made by `read_workbook`, and by nothing else. No float is in it, no formula and no blank cell; what cannot be known is an `Unreadable`, a problem only
for whoever needs it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypeAlias

MOST_CELLS = 3_000_000
"""Of a file, whatever its kind."""
LONGEST_TEXT = 100_000


class Unreadable(NamedTuple):
    """A cell whose value cannot be known: `code` and `values` are those of a `Problem`."""

    code: str
    values: Mapping[str, object]


Value: TypeAlias = str | Decimal | bool | date | Unreadable


class Area(NamedTuple):
    """A rectangle of cells, from 1, ends included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet. `rows`: row → column → what the cell holds, from 1 and in order, without blank rows and cells."""

    name: str
    rows: Mapping[int, Mapping[int, Value]]
    merged: tuple[Area, ...] = ()
    hidden: bool = False

    def value(self, row: int, column: int) -> Value | None:
        """What a cell holds."""
        return self.rows.get(row, {}).get(column)

    @property
    def count(self) -> int:
        """How many cells hold something."""
        return sum(map(len, self.rows.values()))


@dataclass(frozen=True, slots=True)
class Workbook:
    """A spreadsheet file, or several of one folder as one.

    `names`: defined name → sheet and area, for those that stand for one area. `files`: sheet → file, where that is another one.
    """

    file: str
    sheets: tuple[Sheet, ...]
    names: Mapping[str, tuple[str, Area]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


def address(row: int, column: int) -> str:
    """A cell as Excel calls it.

    >>> address(7, 28)
    'AB7'
    """
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


class RefusedError(Exception):
    """A file that is refused as a whole: `code` and `values` are those of a `Problem`."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code, self.values = code, values


_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_INVISIBLE = "\u200b\u200c\u200d\ufeff"


def cell_content(text: str) -> str | None:
    """A text without blanks around it, None if nothing is left."""
    if "_x" in text:
        text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.strip().strip(_INVISIBLE).strip()
    return text[:LONGEST_TEXT] or None
