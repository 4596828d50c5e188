"""How a sheet of a form looks: titles, headings, cells to fill in with their checks, notes, paper.

In: an openpyxl sheet and what stands where. Out: the same sheet, written. Nothing here knows what a cell is for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from indicator_rules import messages
from indicator_rules.cell_text import cell_text, is_taken_for_more
from indicator_rules.excel.form_fields import FieldKind
from indicator_rules.excel.workbook import address
from indicator_rules.messages import Language
from indicator_rules.render import width

_INK, _HEAD, _LABEL, _CLOSED = "1F2937", "D9E2EC", "F0F4F8", "E5E7EB"
_FONT = "宋体"
_SINGLE, _HIGHEST = 20, 400
"""Heights of a row of one line, and of the highest that is made, in points."""


class Input(NamedTuple):
    """What may be typed into a cell."""

    kind: FieldKind | str
    choices: tuple[str, ...] = ()
    signed: bool = False


class Choices:
    """Drop-down lists, on a hidden sheet: a list in the check itself may have no more than 255 characters."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.lists: dict[tuple[str, ...], str] = {}
        self.ws = book.create_sheet("_choices")
        self.ws.sheet_state = "hidden"

    def reference(self, choices: tuple[str, ...]) -> str:
        """Where a list stands."""
        if choices not in self.lists:
            column = len(self.lists) + 1
            for row, choice in enumerate(choices, start=1):
                text(self.ws.cell(row, column), choice)
            letters = address(1, column)[:-1]
            self.lists[choices] = f"'_choices'!${letters}$1:${letters}${len(choices)}"
        return self.lists[choices]

    def finish(self) -> None:
        """To the end of the workbook, out of the way."""
        self.ws.protection.sheet = True
        self.book.move_sheet(self.ws, offset=len(self.book.sheetnames))


def text(cell: Any, value: str) -> None:
    """A text that stays one: `=100%` is no formula."""
    value = cell_text(value)
    cell.value = value
    if value:
        cell.data_type = "s"
    if is_taken_for_more(value):
        cell.quotePrefix = True


def named(book: Any, name: str, ws: Any, area: tuple[int, int, int, int]) -> None:
    """Give an area a name that the reader knows it by."""
    from openpyxl.workbook.defined_name import DefinedName

    corners = [address(area[0], area[1]), address(area[2], area[3])]
    absolute = ["$" + corner.rstrip("0123456789") + "$" + corner.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for corner in corners]
    sheet = ws.title.replace("'", "''")
    book.defined_names[name] = DefinedName(name, attr_text=f"'{sheet}'!{':'.join(dict.fromkeys(absolute))}", hidden=True)


def grow(ws: Any, row: int, height: float) -> None:
    """Give a row a height to begin with: unlike one that openpyxl sets, it grows with what is typed into the row."""
    from openpyxl.worksheet.dimensions import RowDimension

    class Growing(RowDimension):
        @property
        def customHeight(self) -> bool:  # noqa: N802  openpyxl's name
            return False

    ws.row_dimensions[row] = Growing(ws, index=row, ht=height)


def fit(ws: Any, row: int) -> None:
    """As high as the longest cell of a row needs, merged ones left out: no program works it out for a file that it did not write."""
    merged = {(area.min_row, area.min_col) for area in ws.merged_cells.ranges if area.max_col > area.min_col}
    lines = 1
    for cell in ws[row]:
        if isinstance(cell.value, str) and (row, cell.column) not in merged:
            size = ws.column_dimensions[cell.column_letter].width
            lines = max(lines, sum(math.ceil((width(part) + 1) / size) or 1 for part in cell.value.split("\n")))
    grow(ws, row, max(_SINGLE, min(_HIGHEST, lines * 13.5 + 6)))


def let_grow(ws: Any) -> None:
    """Rows of a sheet that somebody filled in, as high as their wrapped texts need; those that are high enough stay."""
    across = {(area.min_row, area.min_col): area for area in ws.merged_cells.ranges if area.min_row == area.max_row}
    inside = {cell for area in ws.merged_cells.ranges if area.min_row < area.max_row for cell in ((area.min_row, area.min_col),)}
    for row in range(1, min(ws.max_row, MOST_GROWN) + 1):
        height = ws.row_dimensions[row].height or _SINGLE
        needed = 0.0
        for cell in ws[row]:
            if isinstance(cell.value, str) and cell.alignment.wrap_text and (row, cell.column) not in inside:
                area = across.get((row, cell.column))
                columns = range(cell.column, (area.max_col if area else cell.column) + 1)
                size = sum(ws.column_dimensions[address(1, column)[:-1]].width for column in columns) * 0.95
                lines = sum(
                    math.ceil((width(part) + 1) * (cell.font.size or 11) / 10 / size) or 1 for part in cell.value.split("\n")
                )
                needed = max(needed, lines * (cell.font.size or 11) * 1.35 + 6)
        if needed > height:
            grow(ws, row, min(_HIGHEST, needed))


MOST_GROWN = 5000
"""Rows looked at: a sheet of a form has tens, a broken one a million."""


class FormSheet:
    """A sheet that is written from the top down; `row` is the next one."""

    def __init__(self, ws: Any, widths: Sequence[int], choices: Choices | None, lang: Language = "zh") -> None:
        self.ws, self.widths, self.choices, self.row, self.lang = ws, list(widths), choices, 1, lang
        for column, size in enumerate(widths, start=1):
            ws.column_dimensions[address(1, column)[:-1]].width = size

    # ----------------------------------------------------------------------------------------------------------------- texts

    def title(self, value: str) -> None:
        self._across(value, size=15, bold=True, center=True)

    def line(self, value: str) -> None:
        """A line of text over the whole width."""
        self._across(value, size=10)

    def section(self, value: str) -> None:
        self._across(value, size=11, bold=True)

    def _across(self, value: str, *, size: int, bold: bool = False, center: bool = False) -> None:
        from openpyxl.styles import Alignment, Font

        cell = self.ws.cell(self.row, 1)
        text(cell, value)
        cell.font = Font(name=_FONT, size=size, bold=bold, color=_INK)
        cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center" if center else "left")
        self.merge(self.row, 1, len(self.widths))
        lines = math.ceil(width(value) * size / 10 / (sum(self.widths) * 0.95)) or 1
        self.ws.row_dimensions[self.row].height = max(18, lines * size * 1.5)
        self.row += 1

    def merge(self, row: int, first: int, last: int) -> None:
        if last > first:
            self.ws.merge_cells(start_row=row, end_row=row, start_column=first, end_column=last)

    def heading(self, row: int, column: int, value: str, note: str | None = None) -> None:
        self._cell(row, column, value, fill=_HEAD, bold=True, center=True, note=note)

    def label(self, row: int, column: int, value: str, note: str | None = None) -> None:
        self._cell(row, column, value, fill=_LABEL, note=note)

    def plain(self, row: int, column: int, value: str, *, center: bool = False) -> None:
        self._cell(row, column, value, center=center)

    def closed(self, row: int, column: int) -> None:
        """A cell that is not to be filled in."""
        self._cell(row, column, "", fill=_CLOSED)

    def _cell(
        self,
        row: int,
        column: int,
        value: str,
        *,
        fill: str = "",
        bold: bool = False,
        center: bool = False,
        note: str | None = None,
    ) -> None:
        from openpyxl.comments import Comment
        from openpyxl.styles import Alignment, Font, PatternFill

        cell = self.ws.cell(row, column)
        text(cell, value)
        cell.font = Font(name=_FONT, size=10, bold=bold, color=_INK)
        cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center" if center else "left")
        cell.border = _border()
        if fill:
            cell.fill = PatternFill("solid", fgColor=fill)
        if note:
            cell.comment = Comment(
                note[:2000], "indicator-rules", width=420, height=min(400, 40 + 18 * math.ceil(width(note[:2000]) / 50))
            )

    def fit(self, row: int) -> None:
        """As high as its longest cell needs."""
        fit(self.ws, row)

    # ---------------------------------------------------------------------------------------------------------------- inputs

    def inputs(self, area: tuple[int, int, int, int], given: Input, *, height: float = _SINGLE) -> None:
        """Cells to fill in; what is short stands in their middle, so that it does not touch the next cell's."""
        from openpyxl.styles import Alignment, Font, Protection

        side = "left" if given.kind in ("text", "quantity", "any") else "center"
        for row in range(area[0], area[2] + 1):
            if not self.ws.row_dimensions[row].height:
                grow(self.ws, row, height)
            for column in range(area[1], area[3] + 1):
                cell = self.ws.cell(row, column)
                cell.border = _border()
                cell.font = Font(name=_FONT, size=10)
                cell.protection = Protection(locked=False)
                cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal=side)
                cell.number_format = {"day": "yyyy-mm-dd", "text": "@", "quantity": "@", "share": "@", "choice": "@"}.get(
                    given.kind, "General"
                )
        check = self._check(given)
        if check is not None:
            check.add(":".join(dict.fromkeys((address(area[0], area[1]), address(area[2], area[3])))))
            self.ws.add_data_validation(check)

    def _check(self, given: Input) -> Any:
        """The check of an input; a free text has none."""
        from openpyxl.worksheet.datavalidation import DataValidation

        if given.kind == "choice" and given.choices and self.choices is not None:
            check = DataValidation(type="list", formula1=self.choices.reference(given.choices), allow_blank=True)
        elif given.kind in ("number", "money", "count"):
            kind: Any = "whole" if given.kind == "count" else "decimal"
            check = DataValidation(
                type=kind, operator="between", formula1="-1E+12" if given.signed else "0", formula2="1E+12", allow_blank=True
            )
        elif given.kind == "year":
            check = DataValidation(type="whole", operator="between", formula1="1990", formula2="2200", allow_blank=True)
        elif given.kind == "day":
            check = DataValidation(type="date", operator="between", formula1="32874", formula2="109939", allow_blank=True)
        else:
            return None
        check.showErrorMessage = True
        check.errorTitle = messages.text(f"form.refused-{given.kind}", {}, self.lang)
        check.error = messages.text(f"form.refused-{given.kind}-how", {}, self.lang)
        return check

    def finish(self, frozen: int, *, rows_may_be_added: bool = False, pages_high: int = 0) -> None:
        """Paper, frozen headings, protection without a password. `pages_high`: 0 for as many as it takes."""
        ws = self.ws
        ws.freeze_panes = address(frozen + 1, 1)
        ws.sheet_view.showGridLines = False
        ws.page_setup.paperSize = ws.PAPERSIZE_A4
        ws.page_setup.orientation = "landscape"
        ws.page_setup.fitToWidth, ws.page_setup.fitToHeight = 1, pages_high
        ws.sheet_properties.pageSetUpPr.fitToPage = True
        ws.print_title_rows = f"{frozen}:{frozen}" if frozen > 2 else None
        ws.print_options.horizontalCentered = True
        ws.page_margins.left = ws.page_margins.right = 0.4
        ws.page_margins.top = ws.page_margins.bottom = 0.5
        ws.oddFooter.center.text = "&A  &P / &N"
        guard = ws.protection
        guard.sheet = True
        guard.formatRows = guard.formatColumns = False  # these may be changed
        guard.insertRows = not rows_may_be_added


def _border() -> Any:
    from openpyxl.styles import Border, Side

    side = Side(style="thin", color="9CA3AF")
    return Border(left=side, right=side, top=side, bottom=side)
