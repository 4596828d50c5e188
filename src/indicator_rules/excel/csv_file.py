"""One .csv file as a workbook of one sheet.

In: its bytes. Out: a `Workbook`, or `RefusedError`. Every cell is a text: what a number is, is for whoever needs one.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from indicator_rules.excel.workbook import MOST_CELLS, RefusedError, Sheet, Value, Workbook, cell_content


def read_csv(data: bytes, path: Path) -> Workbook:
    """Excel in Chinese saves GB 18030, other programs UTF-8; with a mark, UTF-16 too. Separated by comma, tab or semicolon."""
    written = _decoded(data)
    head = written[: written.find("\n") + 1] or written
    separator = max(",\t;，", key=head.count)
    rows: dict[int, dict[int, Value]] = {}
    left = MOST_CELLS
    try:
        for row, values in enumerate(csv.reader(io.StringIO(written, newline=""), delimiter=separator, strict=False), start=1):
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


def _decoded(data: bytes) -> str:
    if b"\0" in data[:2000] and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise RefusedError("workbook-damaged", reason="NUL")
    for encoding in ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RefusedError("workbook-encoding")
