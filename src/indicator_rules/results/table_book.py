"""Tables as a workbook, written row by row: many rows to a sheet, a heading on every page, A4 across.

In: for each sheet a title, headings and widths, then rows of texts and exact numbers. Out: the bytes of a .xlsx file. Guaranteed: a text is a text, whatever it
begins with, and stays one when somebody edits it; a number is right to 12 decimals; rows go to disk as they come, and of those higher than one line only the height is kept;
a row is as high as its texts need. Raises: RecordError where XlsxWriter is not installed.
"""

from __future__ import annotations

import contextlib
import io
import math
import re
import tempfile
from collections.abc import Sequence
from typing import Any, Self, TypeAlias

from indicator_rules.cell_text import cell_number, is_taken_for_more, plain_text
from indicator_rules.errors import Problem, RecordError, Where
from indicator_rules.exact import Exact

MOST_ROWS = 1_000_000
"""Of a sheet; what comes then goes to a further one."""
LONGEST_TITLE = 31
Content: TypeAlias = "str | Exact | None"
Column: TypeAlias = "tuple[str, int]"
"""A heading, and how wide the column is."""
_LINE, _MOST_LINES = 14, 28
"""Of a row's height, in points; Excel takes 409 at most."""
_FONT = {"font_name": "宋体", "font_size": 10, "border": 1, "border_color": "#D1D5DB", "valign": "top"}
_AS_TYPED = {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}


class TableBook:
    """One workbook in the making: `table` for each sheet, then the `content`, once."""

    def __init__(self) -> None:
        try:
            import xlsxwriter
        except ImportError:
            raise RecordError([Problem("excel-not-installed", Where())]) from None
        self._stream = io.BytesIO()
        self._folder = tempfile.TemporaryDirectory()
        self.book = xlsxwriter.Workbook(self._stream, {"constant_memory": True, "tmpdir": self._folder.name, **_AS_TYPED})
        self.heading = self.book.add_format(_FONT | {"bold": True, "bg_color": "#D9E2EC", "text_wrap": True, "valign": "vcenter"})
        self.text = self.book.add_format(_FONT | {"text_wrap": True})
        self.quoted = self.book.add_format(_FONT | {"text_wrap": True, "quote_prefix": True})
        self.number = self.book.add_format(_FONT)
        self.rounded = self.book.add_format(_FONT | {"num_format": "0.00"})
        self.sheets: list[_Sheet] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """What was begun and given up leaves nothing behind: each sheet has a file of its own meanwhile."""
        with contextlib.suppress(Exception):
            self._close()
        self._folder.cleanup()

    def table(self, title: str, columns: Sequence[Column], *, place: int | None = None) -> Table:
        """A new sheet, the last one or at a place."""
        return Table(self, title, columns, place)

    def content(self) -> bytes:
        """The bytes of the file. Raises OSError where there is no room for what is written meanwhile."""
        for sheet in self.sheets:
            sheet.finish()
        # The order of the sheets; what is printed and filtered goes by their indexes.
        self.book.worksheets_objs[:] = [sheet.sheet for sheet in self.sheets]
        for place, sheet in enumerate(self.sheets):
            sheet.sheet.index = place
        self._close()
        return self._stream.getvalue()

    def _close(self) -> None:
        from xlsxwriter.exceptions import XlsxFileError

        if self.book.fileclosed:
            return
        try:
            self.book.close()
        except XlsxFileError as error:
            # Anew: the one inside holds the half-made archive, which closes itself, and has to while the stream is open.
            raise OSError(getattr(error.args[0], "errno", None), str(error)) from None
        finally:
            self.book.fileclosed = True


class Table:
    """Rows below headings, on as many sheets as they take."""

    def __init__(self, book: TableBook, title: str, columns: Sequence[Column], place: int | None) -> None:
        self.book, self.title, self.columns = book, title, columns
        self.count = 0
        self.sheet = self._begin(place)

    def _begin(self, place: int | None) -> _Sheet:
        sheet = _Sheet(self.book, sheet_title(self.title, [one.title for one in self.book.sheets]), self.columns)
        self.book.sheets.insert(len(self.book.sheets) if place is None else place, sheet)
        return sheet

    def add(self, row: Sequence[Content]) -> None:
        """A row below."""
        if self.sheet.rows >= MOST_ROWS:
            self.sheet = self._begin(None)
        self.sheet.add(row)
        self.count += 1


class _Sheet:
    """One sheet, its headings written."""

    def __init__(self, book: TableBook, title: str, columns: Sequence[Column]) -> None:
        self.book, self.title = book, title
        self.sizes = [size for _, size in columns]
        self.rows = 0
        self.sheet: Any = book.book.add_worksheet(title)
        self.sheet.set_landscape()
        self.sheet.set_paper(9)  # A4
        self.sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.5)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.repeat_rows(0)
        self.sheet.freeze_panes(1, 0)
        self.sheet.set_footer("&C&A  &P / &N")
        for place, size in enumerate(self.sizes):
            self.sheet.set_column(place, place, size)
        self.add([heading for heading, _ in columns], heading=True)

    def add(self, row: Sequence[Content], *, heading: bool = False) -> None:
        book, sheet, at, lines = self.book, self.sheet, self.rows, 1
        texts = [plain_text(value) if isinstance(value, str) else None for value in row]
        for text, size in zip(texts, self.sizes, strict=True):
            if text and (2 * len(text) >= size or "\n" in text):
                lines = max(lines, sum(math.ceil((_width(part) + 1) / size) for part in text.split("\n")))
        if lines > 1:  # before its cells: what is behind cannot be changed
            sheet.set_row(at, min(lines, _MOST_LINES) * _LINE + 2)
        for place, (value, text) in enumerate(zip(row, texts, strict=True)):
            if text:
                style = book.heading if heading else book.quoted if is_taken_for_more(text) else book.text
                if text.startswith("<r>"):  # XlsxWriter would take it for rich text of its own making and write it as it is
                    sheet.write_rich_string(at, place, text[:1], book.text, text[1:], style)
                else:
                    sheet.write_string(at, place, text, style)
            elif value is None or isinstance(value, str):
                sheet.write_blank(at, place, None, book.text)
            else:
                number = cell_number(value)  # 10/3 is shown as 3.33; the cell holds more
                sheet.write_number(at, place, number, book.number if number == round(number, 2) else book.rounded)
        self.rows += 1

    def finish(self) -> None:
        self.sheet.autofilter(0, 0, self.rows - 1, len(self.sizes) - 1)


def _width(text: str) -> int:
    """About how many columns a text takes: a Chinese character has three bytes and takes two. (`render.width` is exact, and ten times as slow.)"""
    return (len(text) + len(text.encode())) // 2


def sheet_title(wanted: str, taken: Sequence[str]) -> str:
    """A name that a sheet may have: short, without signs that Excel refuses, and not given yet."""
    name = re.sub(r"[\[\]:*?/\\']", "-", plain_text(wanted))
    if len(name) > LONGEST_TITLE:  # of a ruleset's name, the edition at the end says more than what stands before it
        before, at, edition = name.rpartition("@")
        end = f"…{at}{edition}" if at and len(edition) < LONGEST_TITLE // 2 else ""
        name = (before if end else name)[: LONGEST_TITLE - len(end)] + end
    known = {title.casefold() for title in taken}
    number = 2
    title = name
    while title.casefold() in known:
        end = f" ({number})"
        title, number = name[: LONGEST_TITLE - len(end)] + end, number + 1
    return title
