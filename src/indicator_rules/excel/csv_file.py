"""One .csv file as a workbook of one sheet.

In: its bytes. Out: a `Workbook`, or `RefusedError`. Every cell is a text: what a number is, is for whoever needs one.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from indicator_rules.excel.workbook import MOST_CELLS, RefusedError, Sheet, Value, Workbook, cell_content


def read_csv(data: bytes, path: Path) -> Workbook:
    """Excel in Chinese saves GB 18030, other programs UTF-8; with a mark, UTF-16 too. Separated by comma, tab or semicolon."""
    if _ENDLESS.search(data):
        raise RefusedError("workbook-too-many-cells", limit=MOST_CELLS)
    written = io.TextIOWrapper(
        io.BytesIO(data), _encoding(data), newline=""
    )  # not as one text, which may take four times the bytes
    head = written.readline()
    separator = max(",\t;，", key=head.count)
    written.seek(0)
    rows: dict[int, dict[int, Value]] = {}
    left = MOST_CELLS
    try:
        for row, values in enumerate(csv.reader(written, delimiter=separator, strict=False), start=1):
            cells: dict[int, Value] = {
                column: text for column, value in enumerate(values, start=1) if (text := cell_content(value))
            }
            if cells:
                rows[row] = cells
                left -= len(cells)
            if left < 0:
                raise RefusedError("workbook-too-many-cells", limit=MOST_CELLS)
    except csv.Error as error:
        raise RefusedError("workbook-damaged", reason=str(error)) from None
    if not rows:
        raise RefusedError("file-empty")
    return Workbook(str(path), (Sheet(path.stem, rows),))


_ENDLESS = re.compile(rb"[^\n]{5000000}")
"""A line that is no row of a table, and would be a list of millions."""


def _encoding(data: bytes) -> str:
    """The encoding that the whole file can be read in."""
    if b"\0" in data[:2000] and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise RefusedError("workbook-damaged", reason="NUL")
    for encoding in ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030"):
        try:
            for _ in codecs.iterdecode(_pieces(data), encoding):
                pass
        except UnicodeDecodeError:
            continue
        return encoding
    raise RefusedError("workbook-encoding")


def _pieces(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), 1 << 20):
        yield data[start : start + (1 << 20)]
