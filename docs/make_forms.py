"""The forms of the clerk's guide: `python docs/make_forms.py` writes docs/forms anew, from docs/examples/zhanjiang-2023.toml.

`filled.xlsx` says what the record says; `mistakes.xlsx` has two slips that people make.
"""

# ruff: noqa: INP001  (a script, in a folder of pages)

from __future__ import annotations

import sys
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import indicator_rules as ir  # noqa: E402
from forms.filling import cell_of, fill  # noqa: E402
from indicator_rules.excel.form_labels import KINDS, category_choices  # noqa: E402
from indicator_rules.excel.form_sheet import fit  # noqa: E402

FORMS = ROOT / "docs" / "forms"


def main() -> None:
    record = tomllib.loads((ROOT / "docs" / "examples" / "zhanjiang-2023.toml").read_text(encoding="utf-8"), parse_float=Decimal)
    record = _as_a_clerk_types(record)
    filled = FORMS / "filled.xlsx"
    filled.write_bytes(ir.load("zhanjiang-etdz-project@2023").template("zh"))
    missing = fill(filled, record, filled)
    assert missing == [], missing
    book = openpyxl.load_workbook(filled)
    _as_high_as_needed(book["绩效指标"])
    book.save(filled)
    cell_of(book, "ir.subject.name").value = "信访工作经费"
    cell_of(book, "ir.budget.unit").value = None
    cell_of(book, "ir.budget.spent").value = "一百多万"
    book.save(FORMS / "mistakes.xlsx")


def _as_a_clerk_types(record: dict[str, Any]) -> dict[str, Any]:
    """In Chinese, and without ids: the rows of a form have theirs by their order."""
    ids = {entry["id"]: f"i{place}" for place, entry in enumerate(record["indicators"], start=1)}
    entries = [{**entry, "category": category_choices([entry["category"]], "zh")[0]} for entry in record["indicators"]]
    for entry in entries:
        del entry["id"]
    subject = {**record["subject"], "kind": KINDS[record["subject"]["kind"]]}
    return {**_renamed(record, ids), "indicators": entries, "subject": subject}


def _renamed(data: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    """With the new ids of entries where one is a key."""
    return {ids.get(key, key): _renamed(inner, ids) if isinstance(inner, dict) else inner for key, inner in data.items()}


def _as_high_as_needed(ws: Any) -> None:
    """Rows as Excel makes them while somebody types."""
    for row in range(1, ws.max_row + 1):
        if any(cell.value and not cell.protection.locked for cell in ws[row]):
            fit(ws, row)


if __name__ == "__main__":
    main()
