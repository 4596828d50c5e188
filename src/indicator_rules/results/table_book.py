"""Tables as a workbook, written row by row: many rows to a sheet, a heading on every page, A4 across.

In: for each sheet a title, headings and widths, then rows of texts and exact numbers. Out: the bytes of a .xlsx file. Guaranteed: a text is a text, whatever it
begins with, and stays one when somebody edits it; a number is right to 12 decimals; rows go to disk as they come, so memory does not grow with them;
a row is as high as its texts need.

Written here, without openpyxl: a table needs a tenth of what that can, and takes a seventh of its time.
"""

from __future__ import annotations

import io
import math
import re
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from html import escape
from typing import IO, Self, TypeAlias

from indicator_rules.cell_text import cell_number, cell_text, is_taken_for_more
from indicator_rules.exact import Exact
from indicator_rules.excel.workbook import address

MOST_ROWS = 1_000_000
"""Of a sheet; what comes then goes to a further one."""
LONGEST_TITLE = 31
Content: TypeAlias = "str | Exact | None"
Column: TypeAlias = "tuple[str, int]"
"""A heading, and how wide the column is."""
_HEAD, _TEXT, _QUOTED, _NUMBER = range(1, 5)
"""Styles of cells; 0 is that of cells that are not there, of which programs take no alignment."""
_LINE, _MOST_LINES = 14, 30
_IN_MEMORY = 1_000_000
"""Bytes of a sheet that are kept in memory before it goes to disk."""


class TableBook:
    """One workbook in the making: `table` for each sheet, then the `content`."""

    def __init__(self) -> None:
        self.sheets: list[_Sheet] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for sheet in self.sheets:
            sheet.stream.close()

    def table(self, title: str, columns: Sequence[Column], *, place: int | None = None) -> Table:
        """A new sheet, the last one or at a place."""
        return Table(self, title, columns, place)

    def content(self) -> bytes:
        """The bytes of the file."""
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
            for name, text in _parts(self.sheets).items():
                package.writestr(name, text)
            for number, sheet in enumerate(self.sheets, start=1):
                with package.open(f"xl/worksheets/sheet{number}.xml", "w") as part:
                    sheet.copy_to(part)
        return stream.getvalue()


class Table:
    """Rows below headings, on as many sheets as they take."""

    def __init__(self, book: TableBook, title: str, columns: Sequence[Column], place: int | None) -> None:
        self.book, self.title, self.columns = book, title, columns
        self.count = 0
        self.sheet = self._begin(place)

    def _begin(self, place: int | None) -> _Sheet:
        sheet = _Sheet(sheet_title(self.title, [one.title for one in self.book.sheets]), self.columns)
        self.book.sheets.insert(len(self.book.sheets) if place is None else place, sheet)
        return sheet

    def add(self, row: Sequence[Content]) -> None:
        """A row below."""
        if self.sheet.rows >= MOST_ROWS:
            self.sheet = self._begin(None)
        self.sheet.add(row)
        self.count += 1


class _Sheet:
    """One part of the file, from its first byte on."""

    def __init__(self, title: str, columns: Sequence[Column]) -> None:
        self.title = title
        self.letters = [address(1, place)[:-1] for place in range(1, len(columns) + 1)]
        self.sizes = [size for _, size in columns]
        self.rows = 0
        self.stream: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  closed with the book
        widths = "".join(
            f'<col min="{n}" max="{n}" width="{size}" customWidth="1"/>' for n, size in enumerate(self.sizes, start=1)
        )
        self.stream.write(f"{_SHEET_BEGINS}<cols>{widths}</cols><sheetData>".encode())
        self.add([heading for heading, _ in columns], heading=True)

    def add(self, row: Sequence[Content], *, heading: bool = False) -> None:
        self.rows += 1
        cells, lines = [], 1
        for letters, size, value in zip(self.letters, self.sizes, row, strict=True):
            if isinstance(value, str):
                text = cell_text(value)
                style = _HEAD if heading else _QUOTED if is_taken_for_more(text) else _TEXT
                cells.append(
                    f'<c r="{letters}{self.rows}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{escape(text, quote=False)}</t></is></c>'
                )
                if 2 * len(text) >= size or "\n" in text:
                    lines = max(lines, sum(math.ceil((_width(part) + 1) / size) for part in text.split("\n")))
            elif value is None:
                cells.append(f'<c r="{letters}{self.rows}" s="{_TEXT}"/>')
            else:
                number = value if isinstance(value, int) else format(cell_number(value), "f")
                cells.append(f'<c r="{letters}{self.rows}" s="{_NUMBER}"><v>{number}</v></c>')
        height = f' ht="{min(lines, _MOST_LINES) * _LINE + 2}"' if lines > 1 else ""
        self.stream.write(f'<row r="{self.rows}"{height}>{"".join(cells)}</row>'.encode())

    def copy_to(self, part: IO[bytes]) -> None:
        """The whole part; the rows stay, so that it can be asked for again."""
        self.stream.seek(0)
        while piece := self.stream.read(1 << 16):
            part.write(piece)
        part.write(f'</sheetData><autoFilter ref="{self.area}"/>{_SHEET_ENDS}'.encode())

    @property
    def area(self) -> str:
        return f"A1:{self.letters[-1]}{self.rows}"


def _width(text: str) -> int:
    """About how many columns a text takes: a Chinese character has three bytes and takes two. (`render.width` is exact, and ten times as slow.)"""
    return (len(text) + len(text.encode())) // 2


def sheet_title(wanted: str, taken: Sequence[str]) -> str:
    """A name that a sheet may have: short, without signs that Excel refuses, and not given yet."""
    name = re.sub(r"[\[\]:*?/\\']", "-", cell_text(wanted))[:LONGEST_TITLE]
    known = {title.casefold() for title in taken}
    number = 2
    title = name
    while title.casefold() in known:
        end = f" ({number})"
        title, number = name[: LONGEST_TITLE - len(end)] + end, number + 1
    return title


# --- the parts of the package that are the same, or nearly so, whatever is in the sheets -----------------------------------

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEET_BEGINS = (
    f'{_XML}<worksheet xmlns="{_MAIN}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/>'
)
_SHEET_ENDS = (
    '<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.5" header="0.3" footer="0.3"/>'
    '<pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/>'
    "<headerFooter><oddFooter>&amp;C&amp;A  &amp;P / &amp;N</oddFooter></headerFooter></worksheet>"
)
_FONT = '<sz val="10"/><name val="宋体"/><charset val="134"/>'
_TOP = '<alignment vertical="top"/>'
_WRAPPED = '<alignment vertical="top" wrapText="1"/>'
_EDGE = '<{0} style="thin"><color rgb="FFD1D5DB"/></{0}>'
_EDGES = "".join(_EDGE.format(edge) for edge in ("left", "right", "top", "bottom"))
_XF = '<xf numFmtId="0" borderId="1" xfId="0" applyBorder="1" applyAlignment="1" '
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}"><fonts count="2"><font>{_FONT}</font><font><b/>{_FONT}</font></fonts>'
    '<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFD9E2EC"/></patternFill></fill></fills>'
    f'<borders count="2"><border><left/><right/><top/><bottom/><diagonal/></border><border>{_EDGES}<diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="5">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    f'{_XF}fontId="1" fillId="2" applyFont="1" applyFill="1"><alignment vertical="center" wrapText="1"/></xf>'
    f'{_XF}fontId="0" fillId="0">{_WRAPPED}</xf>'
    f'{_XF}fontId="0" fillId="0" quotePrefix="1">{_WRAPPED}</xf>'
    f'{_XF}fontId="0" fillId="0">{_TOP}</xf>'
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def _parts(sheets: Sequence[_Sheet]) -> Mapping[str, str]:
    numbers = range(1, len(sheets) + 1)
    parts = "".join(f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>' for n in numbers)
    leads = "".join(f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers)
    return {
        "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>{parts}</Types>',
        "_rels/.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": _workbook(sheets),
        "xl/_rels/workbook.xml.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{leads}'
        f'<Relationship Id="rId{len(sheets) + 1}" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": _STYLES,
    }


def _workbook(sheets: Sequence[_Sheet]) -> str:
    """The list of sheets, and for each the row that is printed on every page and the area that is filtered."""
    listed, names = [], []
    for place, sheet in enumerate(sheets):
        title = escape(sheet.title)
        listed.append(f'<sheet name="{title}" sheetId="{place + 1}" r:id="rId{place + 1}"/>')
        corner = re.sub(r"([A-Z]+)([0-9]+)", r"$\1$\2", sheet.area)
        for name, area, hidden in (("Print_Titles", "$1:$1", ""), ("_FilterDatabase", corner, ' hidden="1"')):
            names.append(
                f'<definedName name="_xlnm.{name}" localSheetId="{place}"{hidden}>\'{escape(sheet.title, quote=False)}\'!{area}</definedName>'
            )
    return (
        f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><bookViews><workbookView/></bookViews>'
        f"<sheets>{''.join(listed)}</sheets><definedNames>{''.join(names)}</definedNames></workbook>"
    )
