"""The table of a notice as an Excel sheet: A4 landscape, groups in merged cells, headings on every page.

In: a `Notice`. Out: the bytes of a .xlsx file, or `RulesetError` where openpyxl is not installed. Guaranteed: a text is never a formula, whatever it begins with;
a weight that is a number is a number; and `table_reading` reads the same criteria, groups and weights from it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from typing import Any

from indicator_rules.authoring.notice import TEXTS, Notice
from indicator_rules.errors import Problem, RulesetError, Where
from indicator_rules.excel.form_sheet import text
from indicator_rules.excel.workbook import address
from indicator_rules.render import width

_LEVEL, _WEIGHT, _TEXT = 12, 9, (26, 32, 40)
_LONGEST = 32_767
"""Characters that a cell may have."""
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,8})?")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]")
"""What XML has no place for."""


def notice_workbook(notice: Notice) -> bytes:
    """The sheet. Raises `RulesetError`."""
    try:
        import openpyxl
    except ImportError:
        raise RulesetError([Problem("excel-not-installed", Where())]) from None
    book = openpyxl.Workbook()
    book.properties.title, book.properties.creator = _printable(notice.title), "indicator-rules"
    _Sheet(book.active, notice).write()
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def _printable(value: str) -> str:
    return _UNPRINTABLE.sub("", value.replace("\r\n", "\n"))[:_LONGEST]


class _Sheet:
    """Written from the top down."""

    def __init__(self, ws: Any, notice: Notice) -> None:
        self.ws, self.notice, self.row = ws, notice, 1
        self.widths = [_LEVEL] * notice.levels + [_WEIGHT, *_TEXT]
        for place, size in enumerate(self.widths, start=1):
            ws.column_dimensions[address(1, place)[:-1]].width = size

    def write(self) -> None:
        ws, notice = self.ws, self.notice
        ws.title = notice.headings[-1][:31]
        self.across(notice.title, size=16, center=True)
        self.across(notice.lead)
        for place, heading in enumerate(notice.headings, start=1):
            self.cell(place, heading, heading=True)
        head = self.row
        self.row += 1
        first = self.row
        for row in notice.rows:
            for place, value in enumerate((row.weight, *row.texts), start=notice.levels + 1):
                self.cell(place, value, center=place == notice.levels + 1)
            self.level(notice.levels, row.label)
            self.row += 1
        self.groups(first)
        self.level(1, notice.total[0], through=notice.levels)
        for place, value in enumerate((notice.total[1], *[""] * len(TEXTS)), start=notice.levels + 1):
            self.cell(place, value, center=True)
        self.row += 1
        for heading, parts in notice.below:
            for place, part in enumerate(parts):
                self.across(f"{heading}：{part}" if place == 0 else part)
        self.paper(head)

    def groups(self, first: int) -> None:
        """Each group as one cell, over its criteria; what has fewer levels than there are columns is as wide as those."""
        last_level = self.notice.levels
        for top, bottom, column, last, label in _areas(self.notice):
            self.row, through = first + top, last_level if last else column
            if last:  # the criterion's own cell, which begins where its groups end
                self.level(column, label, through=through)
                continue
            self.level(column, label)
            for row in range(first + top, first + bottom + 1):
                self.row = row
                self.frame(column)
            self.merge(first + top, column, first + bottom, column)
        self.row = first + len(self.notice.rows)

    def level(self, column: int, label: str, through: int | None = None) -> None:
        through = through or column
        self.cell(column, label, center=True)
        for place in range(column + 1, through + 1):
            self.cell(place, "")
        self.merge(self.row, column, self.row, through)

    def merge(self, top: int, left: int, bottom: int, right: int) -> None:
        if (top, left) != (bottom, right):
            self.ws.merge_cells(start_row=top, start_column=left, end_row=bottom, end_column=right)

    def frame(self, column: int) -> Any:
        from openpyxl.styles import Border, Side

        side = Side(style="thin", color="000000")
        cell = self.ws.cell(self.row, column)
        cell.border = Border(left=side, right=side, top=side, bottom=side)
        return cell

    def cell(self, column: int, value: str, *, heading: bool = False, center: bool = False) -> None:
        from openpyxl.styles import Alignment, Font, PatternFill

        cell = self.frame(column)
        if column == self.notice.levels + 1 and _NUMBER.fullmatch(value):
            cell.value = Decimal(value)
        else:
            text(cell, _printable(value))
        cell.font = Font(name="宋体", size=10, bold=heading)
        cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center" if heading or center else "left")
        if heading:
            cell.fill = PatternFill("solid", fgColor="E5E7EB")
        self.fit(value, self.widths[column - 1], 10)

    def across(self, value: str, *, size: int = 10, center: bool = False) -> None:
        from openpyxl.styles import Alignment, Font

        cell = self.ws.cell(self.row, 1)
        text(cell, _printable(value))
        cell.font = Font(name="宋体", size=size, bold=center)
        cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center" if center else "left")
        self.merge(self.row, 1, self.row, len(self.widths))
        self.fit(value, sum(self.widths), size)
        self.row += 1

    def fit(self, value: str, size: int, points: int) -> None:
        """As high as its longest cell needs: Excel does not work it out for a file that it did not write."""
        lines = sum(math.ceil(width(part) * points / 10 / (size * 0.95)) or 1 for part in value.split("\n"))
        before = self.ws.row_dimensions[self.row].height or 20
        self.ws.row_dimensions[self.row].height = min(400, max(before, lines * points * 1.35 + 6))

    def paper(self, head: int) -> None:
        ws = self.ws
        ws.freeze_panes = address(head + 1, 1)
        ws.sheet_view.showGridLines = False
        ws.page_setup.paperSize = ws.PAPERSIZE_A4
        ws.page_setup.orientation = "landscape"
        ws.page_setup.fitToWidth, ws.page_setup.fitToHeight = 1, 0
        ws.sheet_properties.pageSetUpPr.fitToPage = True
        ws.print_title_rows = f"{head}:{head}"
        ws.print_options.horizontalCentered = True
        ws.page_margins.left = ws.page_margins.right = 0.4
        ws.page_margins.top = ws.page_margins.bottom = 0.5
        ws.oddFooter.center.text = "&P / &N"


def _areas(notice: Notice) -> Iterator[tuple[int, int, int, bool, str]]:
    """Cells of the level columns: first row, last row (from 0), column (from 1), whether it is the criterion's own, label."""
    open_since: dict[int, int] = {}
    rows = [row.groups for row in notice.rows]
    for place, groups in enumerate(rows):
        for depth in range(len(groups)):
            path = groups[: depth + 1]
            if place == 0 or rows[place - 1][: depth + 1] != path:
                open_since[depth] = place
            if place + 1 == len(rows) or rows[place + 1][: depth + 1] != path:
                yield open_since[depth], place, depth + 1, False, groups[depth]
        if len(groups) + 1 < notice.levels:
            yield place, place, len(groups) + 1, True, notice.rows[place].label
