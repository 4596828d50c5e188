"""Spreadsheets read: .xlsx and .csv in, plain cells out.

In: a path. Out: a `Workbook` of sheets, each a sparse grid of cells with its merged areas, and the defined names; or `RecordError`. Guaranteed: nothing is
run or followed (no formula, macro, link, entity), a formula counts as the value saved with it, and size is bounded before memory is: bytes packed and
unpacked, cells, sheets. A cell means what the program shows of it: 0.95 as a percentage is `95%`, the first of November as a month is `2023年11月`.
"""

from __future__ import annotations

from pathlib import Path

from indicator_rules.errors import Problem, RecordError, Where
from indicator_rules.excel.csv_file import read_csv
from indicator_rules.excel.workbook import RefusedError, Workbook
from indicator_rules.excel.xlsx_file import read_xlsx
from indicator_rules.files import content

WORKBOOKS = (".xlsx", ".xlsm", ".csv")
LARGEST_FILE = 50 * 1024 * 1024
_OLD = (".xls", ".et", ".ods", ".xlsb", ".wps", ".numbers")


def read_workbook(path: str | Path) -> Workbook:
    """The sheets of a .xlsx or .csv file. Raises: RecordError."""
    path = Path(path)
    where = Where(str(path))
    suffix = path.suffix.lower()
    if suffix in _OLD:
        raise RecordError([Problem("workbook-old-format", where, {"text": suffix})])
    data = content(path, RecordError, LARGEST_FILE)
    if suffix not in WORKBOOKS:
        raise RecordError([Problem("unknown-suffix", where, {"text": suffix or path.name, "known": ", ".join(WORKBOOKS)})])
    if len(data) > LARGEST_FILE:
        raise RecordError([Problem("file-too-large", where, {"limit": f"{LARGEST_FILE // 1024 // 1024} MB"})])
    try:
        return read_csv(data, path) if suffix == ".csv" else read_xlsx(data, str(path))
    except RefusedError as error:
        raise RecordError([Problem(error.code, where, error.values)]) from None
