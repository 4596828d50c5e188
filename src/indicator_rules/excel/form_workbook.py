"""The forms in a workbook: those made by `form_template`, read by the names they carry, and published ones, read by their headings.

In: a path. Out: a `Form` for each record, sheet by sheet; or `RecordError` if the file cannot be read or holds no form. A sheet that is part of none is a
warning of the first form, if it holds anything.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from indicator_rules.errors import Problem, RecordError, Where
from indicator_rules.excel.form_named import is_template, read_template
from indicator_rules.excel.form_reading import read_form
from indicator_rules.excel.form_record import Form
from indicator_rules.excel.read_workbook import read_workbook
from indicator_rules.excel.workbook import Sheet, Workbook


def forms(path: Path) -> list[Form]:
    """Every form in a workbook. Raises: RecordError."""
    book = read_workbook(path)
    if is_template(book):
        return [read_template(book)]
    found: list[Form] = []
    spare: list[Sheet] = []
    for sheet in book.sheets:
        form = None if sheet.hidden or not sheet.rows else read_form(book.file, sheet)
        if form is not None:
            found.append(form)
        elif sheet.rows:
            spare.append(sheet)
    if not found:
        raise RecordError([_not_a_form(book)])
    unread = tuple(
        Problem("form-sheet-not-read", Where(book.file, sheet=sheet.name), {"count": sheet.count}, "warning") for sheet in spare
    )
    found[0] = replace(found[0], problems=(*found[0].problems, *unread))
    return [replace(found[0], name="")] if len(found) == 1 else found


def _not_a_form(book: Workbook) -> Problem:
    return Problem("form-not-found", Where(book.file))
