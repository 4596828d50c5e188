"""Tables of many records, by a mapping of their headings (表头对照).

In: a mapping (`mapping.toml`, or data of the same shape) and a .xlsx or .csv file. Out: a `Form` for each record, in the order of the file: one a row, or the rows that
share a key. Guaranteed: a column is mapped, ignored or told; a row without its key is an error of its own; no amount is read without its unit.

The mapping: `key` (the heading that says which record a row belongs to), `constants` (field = value, for all records), `sheets`: `sheet`, `header` (row of the headings),
`ignore`, `columns` (heading = field, or `{ field, unit }`). A field is a key path of the record; `*` stands for the entry that the row is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from indicator_rules.errors import Problem, RecordError, Where
from indicator_rules.exact import exact, to_decimal
from indicator_rules.excel.form_fields import FIELDS, FieldKind, kind_of
from indicator_rules.excel.form_layout import Grid
from indicator_rules.excel.form_record import Cell, Form, FormRecord, Place, is_blank, shown
from indicator_rules.excel.read_workbook import read_workbook
from indicator_rules.excel.workbook import Sheet, Value, Workbook
from indicator_rules.files import content
from indicator_rules.quantity import QuantityError, money_factor, normalise, number_of
from indicator_rules.record_fields import Suggestions
from indicator_rules.validation import decode, locate, problems_of

ROWS_TO_SEARCH = 30
_FREE = re.compile(
    r"answers\.[^.]+|(?:declared|reviewed)\.(?:criteria\.[^.*]+|indicators\.[^.]+|total|grade|by)|assessments\.(?:criteria\.[^.*]+|indicators\.[^.]+)"
    r"\.(?:points|share|level|reason|by)|not_applicable\.(?:criteria\.[^.*]+|indicators\.[^.]+)|deductions\.(?:(?:criteria\.[^.*]+|indicators\.[^.]+)|total)"
    r"\.(?:points|reason)"
)
"""Fields whose last part is an id, and those that no form heads."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Model):
    """Where a column goes. `unit`: that of its bare numbers."""

    field: str
    unit: str | None = None


class SheetColumns(_Model):
    """The columns of one sheet. `sheet`: its name, or that of the .csv file; without it, the first that holds anything."""

    sheet: str | None = None
    header: Annotated[int, Field(ge=1, le=1000)] | None = None
    ignore: tuple[str, ...] = ()
    columns: dict[str, Annotated[Column, BeforeValidator(lambda value: {"field": value} if isinstance(value, str) else value)]]


class FieldMapping(_Model):
    """Which heading is which field."""

    schema_: Literal[1] = Field(1, alias="schema")
    key: str | None = None
    constants: dict[str, str | bool | Decimal | date] = {}
    sheets: Annotated[tuple[SheetColumns, ...], Field(min_length=1, max_length=100)]


def read_mapping(path: str | os.PathLike[str]) -> FieldMapping:
    """The mapping in a TOML file. Raises: RecordError with all problems."""
    where = Where(os.fspath(path))
    written = content(path, RecordError)
    data, problems = decode(written, where.file, "toml")
    if not problems:
        try:
            mapping = FieldMapping.model_validate(data)
        except ValidationError as error:
            problems = problems_of(error, where.file, data, FieldMapping)
        else:
            problems = list(_wrong(mapping, where.file))
            if not problems:
                return mapping
    raise RecordError(locate(problems, written))


def _wrong(mapping: FieldMapping, file: str) -> Iterator[Problem]:
    """Fields that no record has, and entries without a key to bring them together."""
    suggestion = Suggestions()
    given = [(("constants", path), path) for path in mapping.constants]
    for place, sheet in enumerate(mapping.sheets):
        given += [(("sheets", place, "columns", heading), column.field) for heading, column in sheet.columns.items()]  # type: ignore[misc]
    for path, field in given:
        if not is_field(field):
            yield Problem("mapping-field-unknown", Where(file, path), {"text": shown(field), **suggestion(field, FIELDS)})
        elif "*" in field and mapping.key is None:
            yield Problem("mapping-key-missing", Where(file, path), {"text": shown(field)})


def is_field(path: str) -> bool:
    """Whether a record has such a field: `indicators.*.target`, `indicators.trainees.target`, `answers.done`."""
    general = re.sub(r"^(indicators|funds|goals)\.[^.]+\.", r"\1.*.", path)
    return (
        general in FIELDS
        or path == "budget.unit"
        or (path.startswith("subject.") and path in FIELDS)
        or bool(_FREE.fullmatch(path))
    )


# --- tables to records ------------------------------------------------------------------------------------------------------


def mapped(path: Path, mapping: FieldMapping) -> list[Form]:
    """The records of a file. Raises: RecordError if it cannot be read, or lacks a sheet or a heading that the mapping names."""
    book = _joined(path, mapping)
    return [] if book is None else _Tables(book, mapping).forms()


def _joined(path: Path, mapping: FieldMapping) -> Workbook | None:
    """The workbook; with the other files of its folder that have sheets of the mapping as one, read with the first (None for the others)."""
    book = read_workbook(path)
    names = [sheet.sheet for sheet in mapping.sheets]
    own = {sheet.name for sheet in book.sheets if sheet.rows}
    if len(names) < 2 or not own & set(names) or own >= {name for name in names if name is not None}:
        return book
    others = [
        book,
        *(read_workbook(other) for other in _beside(path, [name for name in names if name is not None and name not in own])),
    ]
    if names[0] is not None and names[0] not in own and any(names[0] in {one.name for one in other.sheets} for other in others):
        return None
    sheets = {sheet.name: (sheet, other.file) for other in reversed(others) for sheet in other.sheets if sheet.rows}
    files = {name: file for name, (_, file) in sheets.items() if file != book.file}
    return replace(book, sheets=tuple(sheet for sheet, _ in sheets.values()), files=files)


def _beside(path: Path, wanted: Sequence[str]) -> Iterator[Path]:
    """The files of the folder that hold sheets of these names: a .csv file is a sheet of its own name; of workbooks, all that can be read."""
    left = set(wanted)
    for other in sorted(path.parent.iterdir(), key=lambda one: (one.suffix.lower() != ".csv", one.name)):
        if other == path or other.name.startswith("~$") or not left:
            continue
        if other.suffix.lower() == ".csv" and other.stem in left:
            found = {other.stem}
        elif other.suffix.lower() in (".xlsx", ".xlsm"):
            found = left & _sheets_of(other)
        else:
            continue
        left -= found
        if found:
            yield other


def _sheets_of(path: Path) -> set[str]:
    """The sheets of a workbook; none of one that cannot be read, which is told where it is read itself."""
    try:
        return {sheet.name for sheet in read_workbook(path).sheets if sheet.rows}
    except RecordError:
        return set()


class _Tables:
    """The sheets of one workbook, being read."""

    def __init__(self, book: Workbook, mapping: FieldMapping) -> None:
        self.book, self.mapping = book, mapping
        self.records: dict[str, FormRecord] = {}
        self.strays: list[FormRecord] = []
        self.problems: list[Problem] = []
        columns = [column for sheet in mapping.sheets for column in sheet.columns.values()]
        unit = mapping.constants.get("budget.unit")
        first = next((one.unit for one in columns if one.unit and one.field.startswith(("budget.", "funds."))), None)
        self.unit = str(unit) if unit is not None else first
        """The unit that amounts are kept in."""
        self.has_budget = any(one.field.startswith("budget.") for one in columns)
        self.ratios: dict[Column, Fraction | None] = {}

    def forms(self) -> list[Form]:
        for columns in self.mapping.sheets:
            self.sheet(self._named(columns), columns)
        made = [*self.records.values(), *self.strays]
        if not made:
            raise RecordError([Problem("mapping-no-rows", Where(self.book.file))])
        for record in self.records.values():
            self.constants(record)
        self.alone()
        made[0].problems += self.problems
        return [record.form() for record in made]

    def alone(self) -> None:
        """A key that stands on sheets of entries alone leads to no project: told as that, not as a project without a name."""
        naming = {
            one.sheet for one in self.mapping.sheets if any(column.field == "subject.name" for column in one.columns.values())
        }
        if self.mapping.key is None or len(self.mapping.sheets) < 2 or not naming:
            return
        for record in self.records.values():
            sheet = record.home.sheet if record.home is not None else ""
            if "name" not in record.data.get("subject", {}) and record.home is not None and sheet not in naming:
                known = "、".join(one or "" for one in naming)
                record.problems = []
                record.problem(
                    "mapping-key-only-there", record.home, text=record.name, key=str(self.mapping.key), sheet=sheet, known=known
                )
                record.data = {}

    def _named(self, columns: SheetColumns) -> Sheet:
        found = next((sheet for sheet in self.book.sheets if sheet.rows and columns.sheet in (None, sheet.name)), None)
        if found is None and self.book.file.lower().endswith(".csv") and len(self.mapping.sheets) == 1:
            found = self.book.sheets[0]  # a .csv file has but one, whatever it is called
        if found is None:
            known = ", ".join(sheet.name for sheet in self.book.sheets)
            raise RecordError(
                [Problem("mapping-sheet-missing", Where(self.book.file), {"text": columns.sheet or "", "known": known})]
            )
        return found

    def sheet(self, sheet: Sheet, columns: SheetColumns) -> None:
        grid = Grid.of(sheet)
        wanted = {normalise(heading): column for heading, column in columns.columns.items()}
        key = normalise(self.mapping.key) if self.mapping.key is not None else None
        header = columns.header or _header(grid, {*wanted, *([key] if key else [])})
        heads = {column: normalise(str(value)) for column, value in grid.rows.get(header, {}).items() if not is_blank(value)}
        self.check(sheet, header, heads, wanted, key, {normalise(one) for one in columns.ignore})
        placed = {column: _Target.of(wanted[text]) for column, text in heads.items() if text in wanted}
        at_key = next((column for column, text in heads.items() if text == key), None)
        for row in grid.rows:
            if row > header and any(column in placed and not is_blank(value) for column, value in grid.rows[row].items()):
                self.row(grid, row, placed, at_key)

    def check(
        self,
        sheet: Sheet,
        header: int,
        heads: Mapping[int, str],
        wanted: Mapping[str, Column],
        key: str | None,
        ignored: set[str],
    ) -> None:
        """What the sheet lacks or has twice is an error of the file; what is neither mapped nor ignored is told."""
        texts = list(heads.values())
        file = self.book.file
        where = Where(file, sheet=sheet.name)
        lost = [text for text in (*wanted, *([key] if key else [])) if text not in texts]
        errors = [Problem("mapping-heading-missing", where, {"text": text}) for text in dict.fromkeys(lost)]
        errors += [Problem("mapping-heading-twice", where, {"text": text}) for text in wanted if texts.count(text) > 1]
        if errors:
            raise RecordError(errors)
        for column, text in heads.items():
            if text not in wanted and text != key and text not in ignored:
                place = Place(sheet.name, header, column).where(file)
                self.problems.append(Problem("mapping-heading-unknown", place, {"text": shown(text)}, "warning"))

    def row(self, grid: Grid, row: int, placed: Mapping[int, _Target], at_key: int | None) -> None:
        record = self.record(grid, row, at_key)
        rows: dict[str, list[tuple[str, Cell]]] = {}
        for column, target in placed.items():
            cell = grid.cell(row, column)
            if target.column.unit is not None:
                cell = Cell(self.with_unit(cell.value, target.column), cell.place)
            if target.of_row:
                rows.setdefault(target.section, []).append(
                    (target.column.field, Cell(cell.value, Place(grid.sheet.name, row, column)))
                )
            elif target.section:
                record.put_entry(target.section, target.entry, target.parts, cell, target.kind)
            else:
                record.put(target.column.field, cell, target.kind)
        for section, given in rows.items():
            record.add_row(section, given)

    def record(self, grid: Grid, row: int, at_key: int | None) -> FormRecord:
        """The record that a row belongs to."""
        sheet, file = grid.sheet.name, self.book.file
        if at_key is None:
            return self.started(f"{sheet}!{row}", grid, row)
        cell = grid.cell(row, at_key)
        if is_blank(cell.value) or not isinstance(cell.value, str | Decimal):
            stray = FormRecord(file, f"{sheet}!{row}", layout="table", files=self.book.files)
            stray.problem("mapping-row-without-key", Place(sheet, row, at_key), text=str(self.mapping.key))
            self.strays.append(stray)
            return FormRecord(file)
        key = shown(cell.value)
        return self.records.get(key) or self.started(key, grid, row)

    def started(self, name: str, grid: Grid, row: int) -> FormRecord:
        home = Place(grid.sheet.name, row, next(iter(grid.rows[row])))
        record = FormRecord(self.book.file, name, layout="table", home=home, files=self.book.files)
        self.records[name] = record
        if self.unit is not None and self.has_budget:
            record.data["budget"] = {"unit": self.unit}
        return record

    def constants(self, record: FormRecord) -> None:
        """What is the same for all; what a row says itself goes before it."""
        entries = {entry.get("id") for entry in record.data.get("indicators", ())}
        for path, value in self.mapping.constants.items():
            parts = path.split(".")
            into: Any = record.data
            if parts[0] in ("indicators", "goals", "funds"):
                into = next((entry for entry in record.data.get(parts[0], ()) if entry.get("id") == parts[1]), None)
                parts = parts[2:]
            elif parts[:2] == ["declared", "indicators"] and parts[2] not in entries:
                continue
            if into is not None:
                for part in parts[:-1]:
                    into = into.setdefault(part, {})
                into.setdefault(parts[-1], value)

    def with_unit(self, value: Value | None, target: Column) -> Value | None:
        """A bare number in the unit of its column; an amount of money in that of the budget."""
        if target.unit is None or not isinstance(value, str | Decimal) or is_blank(value):
            return value
        ratio = self.ratio(target)
        if ratio == 1 and isinstance(value, Decimal):
            return value
        try:
            number = value if isinstance(value, Decimal) else number_of(str(value))
        except QuantityError:
            return value
        if ratio is None:
            return format(number, "f") + target.unit
        return to_decimal(exact(Fraction(number) * ratio))  # type: ignore[return-value]

    def ratio(self, target: Column) -> Fraction | None:
        """How many of the budget's unit one of the column's unit is; None for what is no amount of a budget."""
        if target not in self.ratios:
            is_money = kind_of(re.sub(r"^(funds)\.[^.]+\.", r"\1.*.", target.field)) == "money"
            factors = money_factor(target.unit or "") or 1, money_factor(self.unit or target.unit or "") or 1
            self.ratios[target] = Fraction(*factors) if is_money else None
        return self.ratios[target]


class _Target(NamedTuple):
    """What a column is for. `section`: the list that it belongs to, if to one; `entry` and `parts`: which of it, and what of that."""

    column: Column
    of_row: bool
    section: str
    entry: str
    parts: tuple[str, ...]
    kind: FieldKind

    @staticmethod
    def of(column: Column) -> _Target:
        section, *rest = column.field.split(".")
        listed = section in _LISTS
        if "*" in rest:
            return _Target(column, True, section if listed else "indicators", "", (), "any")
        if not listed:
            return _Target(column, False, "", "", (), kind_of(column.field))
        return _Target(column, False, section, rest[0], tuple(rest[1:]), kind_of(".".join((section, "*", *rest[1:]))))


_LISTS = ("indicators", "funds", "goals")


def _header(grid: Grid, wanted: set[str]) -> int:
    """The row that holds most of the headings."""
    best, most = 1, 0
    for row, cells in list(grid.rows.items())[:ROWS_TO_SEARCH]:
        found = len({normalise(value) for value in cells.values() if isinstance(value, str)} & wanted)
        if found > most:
            best, most = row, found
    return best
