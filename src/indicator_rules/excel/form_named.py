"""A form made by `form_template`, filled in: read by the defined names that it carries, so exactly.

In: a workbook with such names. Out: a `Form`. A name is `ir.` and a field (`ir.budget.spent`) for a cell, `ir.rows.indicators` for the rows of a table and
`ir.column.` and a field for a column of it (`*` written as `_row`). Excel keeps names in step when rows or columns are put in, and when a sheet is
renamed; a row that was put in below the table's end is read too, up to the next blank row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from indicator_rules import messages
from indicator_rules.errors import Problem, Where
from indicator_rules.excel.form_fields import fund_source, kind_of
from indicator_rules.excel.form_labels import is_printed
from indicator_rules.excel.form_layout import Grid
from indicator_rules.excel.form_record import Cell, Form, FormRecord, Place, is_blank, is_note, not_placed
from indicator_rules.excel.workbook import Area, Sheet, Workbook
from indicator_rules.record_fields import SOURCES

PREFIX = "ir."
RULESET = "ir.ruleset"
ROWS = "ir.rows."
COLUMN = "ir.column."
ROW = "_row"


_EXPLAINING = frozenset(
    messages.text(key, {}, lang) for key in ("form.sheet-notes", "results.sheet-form") for lang in messages.LANGUAGES
)
"""Sheets that say how to fill in the form, or what came of it."""


def is_template(book: Workbook) -> bool:
    """Whether the workbook says by its names what its cells are."""
    return RULESET in book.names


def read_template(book: Workbook) -> Form:
    """The record that a filled-in form says."""
    record = FormRecord(book.file, layout="template")
    sheets = {sheet.name: sheet for sheet in book.sheets}
    named = {name: (sheets[sheet], area) for name, (sheet, area) in book.names.items() if sheet in sheets}
    order = [name for name in named if name == "ir.budget.unit"] + [name for name in named if name != "ir.budget.unit"]
    for name in order:
        sheet, area = named[name]
        if name.startswith(PREFIX) and not name.startswith((ROWS, COLUMN)) and name != RULESET:
            path = name.removeprefix(PREFIX)
            value = sheet.value(area.top, area.left)
            record.put(path, Cell(value, Place(sheet.name, area.top, area.left)), kind_of(path))
    for name in order:
        if name.startswith(ROWS):
            _table(record, name.removeprefix(ROWS), *named[name], named)
    for sheet in book.sheets:
        if any(of is sheet for of, _ in named.values()):
            record.problems += not_placed(record.file, ([cell] for cell in _stray(sheet, named, RULESET)))
        elif sheet.rows and not sheet.hidden and sheet.name not in _EXPLAINING:
            where = Where(record.file, sheet=sheet.name)
            record.problems.append(Problem("form-sheet-not-read", where, {"count": sheet.count}, "warning"))
    return replace(record.form(), ruleset=_made_for(book))


def _made_for(book: Workbook) -> str:
    """The ruleset that is named in the cell `ir.ruleset`, in a sentence of either language."""
    sheet, area = book.names[RULESET]
    value = next((one.value(area.top, area.left) for one in book.sheets if one.name == sheet), None)
    found = re.search(r"[a-z][a-z0-9-]*@[A-Za-z0-9.-]*[A-Za-z0-9]", value) if isinstance(value, str) else None
    return found[0] if found else ""


def _table(record: FormRecord, section: str, sheet: Sheet, area: Area, named: dict[str, tuple[Sheet, Area]]) -> None:
    columns = _columns(section, sheet, named)
    grid = Grid.of(sheet)
    row = area.top - 1
    while row < area.bottom or any(column in sheet.rows.get(row + 1, {}) for column in columns):
        row += 1
        if _is_note(sheet, row):
            continue
        given = [(path, Cell(sheet.value(row, column), Place(sheet.name, row, column))) for column, path in columns.items()]
        filled = [cell for _, cell in given if not is_blank(cell.value)]
        if section == "funds":
            given = _fund(given)
        record.add_row(section, [_completed(grid, path, cell) for path, cell in given] if filled else given)


def _fund(given: list[tuple[str, Cell]]) -> list[tuple[str, Cell]]:
    """A row of funds; a source called as published forms print it (当年财政拨款) keeps that as its name."""
    cells = dict(given)
    source = cells.get("funds.*.source")
    text = source.value if source is not None and isinstance(source.value, str) else ""
    known = None if text in SOURCES else fund_source(text)
    if source is None or known is None:
        return given
    cells["funds.*.source"] = Cell(known, source.place)
    if "funds.*.name" in cells and is_blank(cells["funds.*.name"].value):
        cells["funds.*.name"] = Cell(text, source.place)
    return list(cells.items())


def _columns(section: str, sheet: Sheet, named: dict[str, tuple[Sheet, Area]]) -> dict[int, str]:
    """Column → field, of a table."""
    return {
        one.left: name.removeprefix(COLUMN + section + ".").replace(ROW, "*")
        for name, (of, one) in named.items()
        if name.startswith(COLUMN + section + ".") and of is sheet
    }


def _is_note(sheet: Sheet, row: int) -> bool:
    """Whether a row of a table is a note, which may go on over several rows."""
    while row > 0:
        alone = [value for value in sheet.rows.get(row, {}).values() if not is_blank(value)]
        if len(alone) != 1:
            return False
        if is_note(alone[0]):
            return True
        row -= 1
    return False


def _completed(grid: Grid, path: str, cell: Cell) -> tuple[str, Cell]:
    """A category that one merged cell says for several rows."""
    if path != "indicators.*.category" or cell.value is not None:
        return path, cell
    return path, grid.cell(cell.place.row, cell.place.column)


def _stray(sheet: Sheet, named: dict[str, tuple[Sheet, Area]], ruleset: str) -> Iterator[Cell]:
    """What somebody wrote where the form has no cell for it: beside or below its cells and tables, or as a note among their rows."""
    mine = {name: area for name, (of, area) in named.items() if of is sheet}
    cells = {(area.top, area.left) for name, area in mine.items() if not name.startswith(ROWS)}
    tables = [(area, _columns(name.removeprefix(ROWS), sheet, named)) for name, area in mine.items() if name.startswith(ROWS)]
    first = min(area.top for area in mine.values())
    if ruleset in mine:  # this sheet is printed on all over
        first, own, right = 2, None, 0
    else:
        own, right = {column for _, column in cells}, max(sheet.rows.get(first - 1, sheet.rows.get(first, {1: ""})))
    last = max(area.bottom for area in mine.values())
    for row, values in sheet.rows.items():
        inside = next((columns for area, columns in tables if area.top <= row and (row <= area.bottom or own is not None)), None)
        for column, value in values.items():
            is_own = (row, column) in cells or (row <= first and column <= max(right, 1)) or is_blank(value)
            if is_own or (isinstance(value, str) and is_printed(value)):
                continue
            in_table = inside is not None and column in inside and not _is_note(sheet, row)
            printed = own is not None and inside is None and row <= last and column not in own and column <= right
            if not in_table and not printed:
                yield Cell(value, Place(sheet.name, row, column))
