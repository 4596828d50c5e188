"""A form made by `form_template`, filled in: read by the defined names that it carries, so exactly.

In: a workbook with such names. Out: a `Form`. A name is `ir.` and a field (`ir.budget.spent`) for a cell, `ir.rows.indicators` for the rows of a table and
`ir.column.` and a field for a column of it (`*` written as `_row`). Excel keeps names in step when rows or columns are put in, and when a sheet is
renamed; a row that was put in below the table's end is read too, up to the next blank row.
"""

from __future__ import annotations

from indicator_rules.errors import Problem, Where
from indicator_rules.excel.form_fields import kind_of
from indicator_rules.excel.form_record import Cell, Form, FormRecord, Place, is_blank, shown
from indicator_rules.excel.workbook import Area, Sheet, Workbook, address

PREFIX = "ir."
RULESET = "ir.ruleset"
ROWS = "ir.rows."
COLUMN = "ir.column."
ROW = "_row"


def is_template(book: Workbook) -> bool:
    """Whether the workbook says by its names what its cells are."""
    return RULESET in book.names


def read_template(book: Workbook) -> Form:
    """The record that a filled-in form says."""
    record = FormRecord(book.file)
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
    return record.form()


def _table(record: FormRecord, section: str, sheet: Sheet, area: Area, named: dict[str, tuple[Sheet, Area]]) -> None:
    columns = {
        one.left: name.removeprefix(COLUMN + section + ".").replace(ROW, "*")
        for name, (of, one) in named.items()
        if name.startswith(COLUMN + section + ".") and of is sheet
    }
    row = area.top
    while row <= area.bottom or any(column in sheet.rows.get(row, {}) for column in columns):
        given = [(path, Cell(sheet.value(row, column), Place(sheet.name, row, column))) for column, path in columns.items()]
        record.add_row(section, given)
        for column, value in _outside(sheet, row, columns):
            where = Where(record.file, sheet=sheet.name, cell=address(row, column))
            record.problems.append(Problem("form-cell-not-placed", where, {"text": shown(value)}, "warning"))
        row += 1


def _outside(sheet: Sheet, row: int, columns: dict[int, str]) -> list[tuple[int, object]]:
    """What somebody wrote beside the table."""
    return [(column, value) for column, value in sheet.rows.get(row, {}).items() if column not in columns and not is_blank(value)]
