"""Fills in a form that `template` made, as a clerk would: by what its cells are for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.workbook.workbook import Workbook


def cell_of(book: Workbook, name: str) -> Any:
    """The cell that carries a name."""
    sheet, _, area = str(book.defined_names[name].attr_text).rpartition("!")
    return book[sheet.strip("'")][area.replace("$", "").partition(":")[0]]


def value(typed: Any) -> Any:
    return {True: "是", False: "否"}[typed] if isinstance(typed, bool) else float(typed) if isinstance(typed, Decimal) else typed


def fill(form: Path, record: Mapping[str, Any], filled: Path) -> list[str]:
    """`record` (plain data, as TOML says it) typed into the form; the key paths that the form has no cell for."""
    book = openpyxl.load_workbook(form)
    missing: list[str] = []

    def put(name: str, typed: Any) -> None:
        if name in book.defined_names:
            cell = cell_of(book, name)
            cell.value = value(typed)
            if isinstance(typed, str):
                cell.data_type = "s"
            assert not cell.protection.locked, name
        else:
            missing.append(name)

    def walk(prefix: str, data: Mapping[str, Any]) -> None:
        for key, inner in data.items():
            if isinstance(inner, Mapping):
                walk(f"{prefix}.{key}", inner)
            else:
                put(f"{prefix}.{key}", inner)

    def row(section: str, position: int, path: str, typed: Any) -> None:
        name = f"ir.column.{section}.{path}"
        if name not in book.defined_names:
            missing.append(name)
            return
        head = cell_of(book, name)
        cell = head.offset(row=position + 1)
        cell.value = value(typed)
        if isinstance(typed, str):
            cell.data_type = "s"
        assert not cell.protection.locked

    ids: list[str] = []
    for section in ("funds", "goals", "indicators"):
        for position, entry in enumerate(record.get(section, ())):
            flat = {**entry, **{f"counts.{key}": count for key, count in entry.get("counts", {}).items()}}
            for key, typed in flat.items():
                if key != "counts":
                    row(section, position, f"{section}._row.{key}", typed)
            if section == "indicators":
                ids.append(str(entry.get("id", f"i{position + 1}")))
    for name in ("subject", "budget", "answers", "narrative"):
        walk(f"ir.{name}", record.get(name, {}))
    for name in ("declared", "assessments", "not_applicable", "deductions"):
        given = dict(record.get(name, {}))
        entries = given.pop("indicators", {})
        walk(f"ir.{name}", given)
        for identity, typed in entries.items():
            for key, inner in typed.items() if isinstance(typed, Mapping) else (("", typed),):
                row("indicators", ids.index(identity), f"{name}.indicators._row" + (f".{key}" if key else ""), inner)
    book.save(filled)
    return missing


__all__ = ["date", "fill"]
