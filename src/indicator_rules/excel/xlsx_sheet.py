"""One sheet of a .xlsx file.

In: its part, and what all sheets share (`Shared`). Out: a `Sheet`. No float survives: 15 digits are kept, as Excel shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from xml.etree import ElementTree as ET

from indicator_rules.excel.number_format import NumberKind, day_of, plain
from indicator_rules.excel.workbook import MOST_CELLS, Area, RefusedError, Sheet, Unreadable, Value
from indicator_rules.excel.xlsx_package import Package, local

MOST_AREAS = 100_000
_CONSTANT = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?%?")
CELL = r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})"
_AREA = re.compile(rf"{CELL}(?::{CELL})?")


@dataclass(slots=True)
class Shared:
    """What all sheets of a file share: texts, what each style makes of a number, where days begin, how many cells may still come."""

    strings: Sequence[str | None]
    kinds: Sequence[NumberKind]
    epoch_1904: bool
    cells_left: int = field(default_factory=lambda: MOST_CELLS)

    def kind(self, style: str) -> NumberKind:
        """What the cell style numbered `style` makes of a number."""
        place = int(style)
        return self.kinds[place] if 0 <= place < len(self.kinds) else "number"


class SheetReader:
    """One worksheet part → a `Sheet`."""

    def __init__(self, package: Package, shared: Shared, name: str, *, hidden: bool) -> None:
        self.package, self.shared, self.name, self.hidden = package, shared, name, hidden
        self.rows: dict[int, dict[int, Value]] = {}
        self.columns: dict[str, int] = {}
        """Letters seen → column."""

    def read(self, path: str) -> Sheet:
        merged: list[Area] = []
        row = 0
        for element in self.package.elements(path, "row", "mergeCell"):
            if local(element) == "row":
                row = int(element.get("r") or row + 1)
                if len(element):
                    self._row(element, row)
            elif (found := area(element.get("ref", ""))) is not None:
                merged.append(found)
                if len(merged) > MOST_AREAS:
                    raise RefusedError("workbook-too-many-cells", limit=MOST_AREAS)
        # A file may have its rows and cells in any order.
        rows = self.rows if _rising(self.rows) else dict(sorted(self.rows.items()))
        rows = {row: cells if _rising(cells) else dict(sorted(cells.items())) for row, cells in rows.items()}
        return Sheet(self.name, rows, tuple(merged), self.hidden)

    def _row(self, element: ET.Element, row: int) -> None:
        column, value_of, columns = 0, self._value, self.columns
        cells: dict[int, Value] = self.rows.get(row, {})
        self.shared.cells_left += len(cells)
        for one in element:
            reference = one.get("r")
            letters = reference.rstrip("0123456789") if reference else ""
            column = columns.get(letters) or self._column(letters) if letters else column + 1
            if len(one) and (value := value_of(one)) is not None:
                cells[column] = value
        if cells:
            self.rows[row] = cells
        self.shared.cells_left -= len(cells)
        if self.shared.cells_left < 0:
            raise RefusedError("workbook-too-many-cells", limit=MOST_CELLS)

    def _column(self, letters: str) -> int:
        column = self.columns[letters] = column_number(letters)
        return column

    def _value(self, cell: ET.Element) -> Value | None:
        typed: str | None = None
        formula: str | None = None
        kind = cell.get("t", "n")
        for part in cell:
            tag = part.tag
            if tag.endswith("}v"):
                typed = part.text
            elif tag.endswith("}f"):
                formula = part.text or ""
            elif tag.endswith("}is"):
                return self.package.text(rich_text(part))
        if kind == "s":
            return self.shared.strings[int(typed)] if typed else None
        if formula and _CONSTANT.fullmatch(formula):
            return f"={formula}"  # a target of `=100%`, which Excel took for a formula
        if kind == "str":
            return self.package.text(typed or "")
        if not typed:
            return Unreadable("cell-not-computed", {}) if formula is not None else None
        if kind == "n":
            style = cell.get("s")
            return self._number(typed, self.shared.kind(style) if style else "number")
        if kind == "b":
            return typed.strip() in ("1", "true")
        if kind == "e":
            return Unreadable("cell-error", {"text": typed[:40]})
        if kind == "d":
            return date.fromisoformat(typed[:10])
        return self.package.text(typed)

    def _number(self, typed: str, kind: NumberKind) -> Value:
        try:
            number = Decimal(typed)
            if len(typed) > 15:
                number = Decimal(
                    format(float(typed), ".15g")
                )  # the file holds a binary number; 0.30000000000000004 is shown as 0.3
        except InvalidOperation:
            return Unreadable("cell-error", {"text": typed[:40]})
        if not number.is_finite() or number.adjusted() > 40 or number.adjusted() < -40:
            return Unreadable("cell-error", {"text": typed[:40]})
        if kind == "number":
            return number
        if kind == "percent":
            return plain(number.scaleb(2)) + "%"
        return day_of(number, kind, epoch_1904=self.shared.epoch_1904)


def _rising(keys: Iterable[int]) -> bool:
    before = 0
    for key in keys:
        if key < before:
            return False
        before = key
    return True


def rich_text(item: ET.Element) -> str:
    """The text of a string, whatever its runs look like; readings above the characters (rPh) are none of it."""
    parts = []
    for one in item:
        name = local(one)
        if name == "t":
            parts.append(one.text or "")
        elif name == "r":
            parts += [part.text or "" for part in one if local(part) == "t"]
    return "".join(parts)


def column_number(letters: str) -> int:
    column = 0
    for letter in letters.upper():
        if not "A" <= letter <= "Z":
            raise RefusedError("workbook-damaged", reason=letters[:20])
        column = column * 26 + ord(letter) - 64
    return column


def area(text: str) -> Area | None:
    match = _AREA.fullmatch(text)
    if match is None:
        return None
    left, top = column_number(match[1]), int(match[2])
    return Area(top, left, int(match[4]), column_number(match[3])) if match[3] else Area(top, left, top, left)
