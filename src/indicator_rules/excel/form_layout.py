"""Where things stand on a self-evaluation form (项目支出绩效自评表) as offices publish it: the national layout and its local variations.

In: a sheet. Out: the rows that head a table, with the field of each column, and what merged cells cover. A table is known by its headings, wherever it
stands and in whatever order its columns come; a heading may stand over several columns or in two rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

from indicator_rules.excel.form_fields import (
    AMOUNTS,
    DERIVED,
    GOALS,
    INDICATOR_CLAIMS,
    INDICATORS,
    NOT_KEPT,
    RATINGS,
    by_heading,
    heading,
)
from indicator_rules.excel.form_record import Cell, Place
from indicator_rules.excel.workbook import Area, Sheet, Value

Section: TypeAlias = Literal["budget", "goals", "indicators"]
EXECUTION_SCORE = "declared.criteria.budget_execution"
"""The points of the budget rows: 预算执行率 has this id in the rulesets for such forms."""

_INDICATOR_HEADS = by_heading(INDICATORS, INDICATOR_CLAIMS, RATINGS)
_BUDGET_HEADS = by_heading(AMOUNTS)
_GOAL_HEADS = by_heading(GOALS)
_SCORES = frozenset(heading(name) for name in ("得分", "自评得分", "自评分", "执行率得分", "指标得分"))
_WEIGHTS = frozenset(heading(name) for name in ("分值", "权重", "标准分", "满分"))
_DERIVED = frozenset(map(heading, DERIVED))


class Columns(NamedTuple):
    """The headings of a table: column → field (`NOT_KEPT` for what follows from others), and the rows that they stand in."""

    section: Section
    first: int
    last: int
    fields: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Grid:
    """A sheet with its merged areas looked up."""

    sheet: Sheet
    rows: Mapping[int, Mapping[int, Value]]
    areas: Mapping[tuple[int, int], Area]
    """Every cell in use that lies in a merged area."""

    @staticmethod
    def of(sheet: Sheet) -> Grid:
        rows = sheet.rows
        bottom, right = max(rows, default=0), max((max(cells) for cells in rows.values()), default=0)
        areas: dict[tuple[int, int], Area] = {}
        left = 200_000  # cells looked up at most: areas may overlap in a broken file
        for area in sheet.merged:
            inside = Area(area.top, area.left, min(area.bottom, bottom), min(area.right, right))
            left -= max(0, inside.bottom - inside.top + 1) * max(0, inside.right - inside.left + 1)
            if left < 0:
                break
            for row in range(inside.top, inside.bottom + 1):
                for column in range(inside.left, inside.right + 1):
                    areas[row, column] = area
        return Grid(sheet, rows, areas)

    def area(self, row: int, column: int) -> Area:
        """The merged area of a cell, or the cell itself."""
        return self.areas.get((row, column)) or Area(row, column, row, column)

    def cell(self, row: int, column: int) -> Cell:
        """A cell; one that is merged away holds what its area shows."""
        if not self.areas:
            return Cell(self.rows.get(row, {}).get(column), Place(self.sheet.name, row, column))
        area = self.area(row, column)
        place = (row, column) if column in self.rows.get(row, {}) else (area.top, area.left)
        return Cell(self.sheet.value(*place), Place(self.sheet.name, *place))

    def text(self, row: int, column: int) -> str:
        value = self.rows.get(row, {}).get(column)
        return heading(value) if isinstance(value, str) else ""


def is_heading(text: str) -> bool:
    """Whether some table has such a column, this one or another."""
    return text in _INDICATOR_HEADS or text in _BUDGET_HEADS or text in _GOAL_HEADS or text in _DERIVED


def tables(grid: Grid) -> dict[int, Columns]:
    """First row of headings → the table that they head."""
    found: dict[int, Columns] = {}
    done = 0
    for row in grid.rows:
        if row > done and (columns := _columns(grid, row)) is not None:
            found[row], done = columns, columns.last
    return found


def _columns(grid: Grid, row: int) -> Columns | None:
    if any(isinstance(value, Decimal | date | bool) for value in grid.rows[row].values()):
        return None
    for section, heads in (("indicators", _INDICATOR_HEADS), ("budget", _BUDGET_HEADS), ("goals", _GOAL_HEADS)):
        last = max((grid.area(row, column).bottom for column in grid.rows[row] if grid.text(row, column) in heads), default=row)
        last = min(last, row + 3)
        fields = dict(_fields(grid, range(row, last + 1), section, {name: one.path for name, one in heads.items()}))
        if _is_table(section, fields.values()):
            return Columns(section, row, last, _one_target(fields) if section == "indicators" else fields)  # type: ignore[arg-type]
    return None


def _is_table(section: str, paths: Iterable[str]) -> bool:
    found = set(paths)
    if section == "indicators":
        names = {"indicators.*.name", "indicators.*.category", "indicators.*.category.1", "indicators.*.category.2"}
        values = {"indicators.*.target", "indicators.*.actual", "indicators.*.initial_target"}
        return bool(found & names) and bool(found & values) and len(found - {NOT_KEPT}) >= 3
    if section == "budget":
        return len(found - {NOT_KEPT, EXECUTION_SCORE}) >= 2
    return {"goals.*.planned", "goals.*.achieved"} <= found


def _fields(grid: Grid, rows: range, section: str, heads: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """Column → field, for every column that a known heading stands over; a lower heading goes before one above it."""
    taken: dict[str, Area] = {}
    found: dict[int, str] = {}
    for row in rows:
        for column in grid.rows.get(row, {}):
            text = grid.text(row, column)
            path = heads.get(text)
            if section == "budget" and text in _SCORES:
                path = EXECUTION_SCORE
            elif text in _DERIVED or (section == "budget" and text in _WEIGHTS):
                path = NOT_KEPT
            area = grid.area(row, column)
            if path is None or (path and path in taken and row == taken[path].top):
                continue
            taken[path] = area
            found |= dict.fromkeys(range(area.left, min(area.right, area.left + 50) + 1), path)
    yield from found.items()


def _one_target(fields: dict[int, str]) -> dict[int, str]:
    """年初指标值 is the target where the form has no other."""
    if "indicators.*.target" in fields.values():
        return fields
    return {column: path.replace("initial_target", "target") for column, path in fields.items()}
