"""A published self-evaluation form → a record in the making.

In: a sheet. Out: a `Form`, or None for a sheet that is no such form. Scores go to `declared`, weights into the entries, labels and texts to where the
record has them. What cannot be placed is a warning with sheet and cell, row by row: nothing is dropped silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from indicator_rules import quantity
from indicator_rules.excel.form_fields import AMOUNTS, CLAIMS, SUBJECT, TEXTS, by_heading, fund_source, heading, money_unit
from indicator_rules.excel.form_layout import EXECUTION_SCORE, Columns, Grid, is_heading, tables
from indicator_rules.excel.form_record import Cell, Form, FormRecord, Place, category_text, is_blank, is_note, not_placed, shown
from indicator_rules.excel.workbook import Sheet, Unreadable, Value
from indicator_rules.quantity import QuantityError, normalise
from indicator_rules.record_fields import category_path

_LABELS = by_heading(SUBJECT, CLAIMS, TEXTS)
_AMOUNTS = by_heading(AMOUNTS)
_TOTALS = ("总分", "合计", "总计", "自评总分", "得分合计", "总得分", "合计得分", "评分合计")
_WHOLE = (
    "年度资金总额",
    "资金总额",
    "总额",
    "合计",
    "年度财政资金总额",
    "预算资金总额",
    "年度总额",
    "总计",
    "年度金额",
    "财政资金总额",
)
_STRUCTURE = frozenset(
    [
        "绩效指标",
        "年度绩效指标",
        "项目资金",
        "预算执行情况",
        "年度总体目标",
        "年度总体目标完成情况",
        "绩效指标完成情况",
        "年度资金",
        "资金情况",
        "总体目标",
        "年度绩效目标",
        "项目基本情况",
        "基本情况",
        "基本信息",
        "年度预算执行情况",
        "预算资金执行情况",
        "资金执行情况",
        "年度绩效指标完成情况",
        "项目支出",
        "年度目标",
        "绩效目标",
        "项目资金情况",
        "年度绩效目标完成情况",
        "当年绩效指标",
        "自评结果",
    ]
)
"""What forms print beside their tables and says nothing of the project."""
_CRITERIA = re.compile(r"(?:项目)?(?:决策|过程|管理|投入|资金管理|组织实施|预算管理|绩效管理|履职)(?:指标)?")
"""First levels whose rows are criteria of a rubric, not indicators with a target."""
_EXECUTION = re.compile(r"(?:年度)?(?:预算|资金)(?:资金)?执行率?(?:情况)?(?:指标)?")
_GOAL = re.compile(r"(?:年度)?(?:绩效|总体)?目标([0-9]{1,2}|[一二三四五六七八九十])(?:\(([0-9.]+)分?\))?[:：]?(.*)", re.DOTALL)
_YEAR = re.compile(r"[(（]?\s*((?:19|20)[0-9]{2})\s*年度?\s*[)）]?")
_TITLE = re.compile("(?:自评|评价|绩效).{0,12}(?:表|报告)")
_PLACEHOLDER = re.compile(r"指标[0-9一二三四五六七八九]{0,2}[:：.]?|[….]+|")
_RATING = "assessments.indicators.*."
_VALUES = frozenset(f"indicators.*.{name}" for name in ("target", "actual", "initial_target", "weight"))
"""Fields without which a row below the total is none of an entry."""
_POINTS_IN_NAME = re.compile(r"\s*[(（]\s*([0-9]+(?:\.[0-9]+)?)\s*分\s*[)）]\s*$")


def read_form(file: str, sheet: Sheet) -> Form | None:
    """The form on a sheet; None if it has neither a table of indicators nor one of the budget."""
    grid = Grid.of(sheet)
    heads = tables(grid)
    if not any(table.section in ("indicators", "budget") for table in heads.values()):
        return None
    return _FormReader(file, grid, heads).read()


class _FormReader:
    """One walk down the rows. `used` holds the cells that were understood."""

    def __init__(self, file: str, grid: Grid, heads: dict[int, Columns]) -> None:
        self.grid, self.heads = grid, heads
        self.record = FormRecord(file, grid.sheet.name)
        self.used: set[tuple[int, int]] = set()
        self.spare: list[tuple[Cell, ...]] = []
        self.summed = False
        """Whether the total has been met: below it stand notes, unless a row says a target or an actual value."""
        self.goal: str | None = None
        self.levels: dict[int, Value | None] = {}
        """Column of 一级 or 二级指标 → what stands there, or above."""
        self.sharers: dict[tuple[int, int], str] = {}
        """Top left cell of a weight over several rows → the entry that has it."""

    def read(self) -> Form:
        self.subject()
        self.unit()
        table: Columns | None = None
        done = 0
        for row in self.grid.rows:
            if row <= done:
                continue
            if row in self.heads:
                table = self.heads[row]
                done = table.last
                self.headings(table)
                continue
            reader = {"budget": self.budget, "goals": self.goals, "indicators": self.indicator}.get(
                table.section if table else ""
            )
            if table is None or reader is None or not reader(row, table):
                table = None if table is None or table.section != "indicators" else table
                self.labels(row)
        self.without_unit()
        self.left_over()
        # An answer that is missed may be given in the first free row.
        home = Place(self.grid.sheet.name, max(self.grid.rows) + 1, 1)
        return replace(self.record.form(), spare=tuple(self.spare), home=home)

    # ------------------------------------------------------------------------------------------------------- what is known

    def cell(self, row: int, column: int) -> Cell:
        return Cell(self.grid.rows[row].get(column), Place(self.grid.sheet.name, row, column))

    def use(self, row: int, *columns: int) -> None:
        self.used |= {(row, column) for column in columns}

    def subject(self) -> None:
        """What the title says: year and kind."""
        for row, cells in list(self.grid.rows.items())[:12]:
            for column, value in cells.items():
                if not isinstance(value, str):
                    continue
                is_title = bool(_TITLE.search(value)) and len(value) < 80 and heading(value) not in _LABELS
                found = _YEAR.search(value) if is_title else _YEAR.fullmatch(value)
                if found and "year" not in self.record.data.get("subject", {}) and not self.after_label(row, column):
                    self.record.put("subject.year", Cell(found[1], self.cell(row, column).place))
                    self.use(row, column)
                if is_title:
                    self.use(row, column)
                    self.kind(value, row, column)
        if "kind" not in self.record.data.get("subject", {}):
            self.record.data.setdefault("subject", {})["kind"] = "项目"

    def after_label(self, row: int, column: int) -> bool:
        before = [one for one in self.grid.rows[row] if one < column]
        return bool(before) and self.grid.text(row, before[-1]) in _LABELS

    def kind(self, title: str, row: int, column: int) -> None:
        words = (("department", "部门整体|单位整体|整体支出"), ("transfer", "转移支付"), ("project", "项目"))
        found = next((kind for kind, word in words if re.search(word, title)), None)
        if found and "kind" not in self.record.data.get("subject", {}):
            self.record.put("subject.kind", Cell(found, self.cell(row, column).place))

    def unit(self) -> None:
        """The unit of money, which some heading names."""
        for row, column, value in (
            (row, column, value) for row, cells in self.grid.rows.items() for column, value in cells.items()
        ):
            unit = money_unit(value) if isinstance(value, str) and len(value) < 100 else None
            if unit is not None:
                self.record.put("budget.unit", Cell(unit, self.cell(row, column).place))
                if re.fullmatch(r"[(]?(?:金额)?(?:计量)?单位[:]?(?:人民币)?.{0,3}元[)]?", normalise(str(value))):
                    self.use(row, column)
                return

    def without_unit(self) -> None:
        """A budget without its unit says nothing, a unit without a budget neither."""
        budget = self.record.data.get("budget", {})
        if len(budget) > 1 and "unit" not in budget:
            place = next(place for path, place in self.record.places.items() if path[0] == "budget")
            self.record.problem("form-money-unit", place)
        if len(budget) < 2 or "unit" not in budget:
            self.record.data.pop("budget", None)
            self.record.data.pop("funds", None)

    # ------------------------------------------------------------------------------------------------------------- headings

    def headings(self, table: Columns) -> None:
        """Headings are understood, those of no field too if they are what forms print; a goal may head its own table."""
        self.levels = {}
        for row in range(table.first, table.last + 1):
            for column in self.grid.rows.get(row, {}):
                text = self.grid.text(row, column)
                if (
                    column in table.fields
                    or is_heading(text)
                    or text in _STRUCTURE
                    or money_unit(str(self.grid.rows[row][column]))
                ):
                    self.use(row, column)
                else:
                    self.goal_block(row, column)

    def goal_block(self, row: int, column: int) -> bool:
        """`年度绩效目标1（40分）`: the entries below belong to it."""
        value = self.grid.rows[row].get(column)
        found = _GOAL.fullmatch(normalise(value)) if isinstance(value, str) else None
        if found is None:
            return False
        self.use(row, column)
        place = self.cell(row, column).place
        cells = [
            ("goals.*.weight", Cell(found[2] and Decimal(found[2]), place)),
            ("goals.*.planned", Cell(found[3] or None, place)),
        ]
        after = [one for one in self.grid.rows[row] if one > column]
        if not found[3] and after and row not in self.heads and isinstance(self.grid.rows[row][after[0]], str):
            cells[1] = ("goals.*.planned", self.cell(row, after[0]))
            self.use(row, after[0])
        number = len(self.record.data.get("goals", ())) + 1
        self.goal = self.record.add_row("goals", [("goals.*.id", Cell(f"g{number}", place)), *cells])
        return True

    # --------------------------------------------------------------------------------------------------------------- tables

    def budget(self, row: int, table: Columns) -> bool:
        """A row of money: the whole, or one source of it."""
        cells = self.grid.rows[row]
        first = min(table.fields)
        names = [column for column in cells if column < first and isinstance(cells[column], str)]
        label = self.grid.text(row, names[-1]) if names else ""
        label = re.sub("^其中:?", "", label)
        given = [(table.fields[column], self.cell(row, column)) for column in cells if table.fields.get(column)]
        if not given and fund_source(label) is None:
            return False
        if label and label not in _WHOLE and fund_source(label) is None and label not in _STRUCTURE:
            return False
        self.use(row, *names, *(column for column in cells if column in table.fields))
        whole = label in _WHOLE or label in _STRUCTURE or "总额" in label or not label
        if whole:
            for path, cell in given:
                self.record.put(path, cell)
            return True
        scores = [cell for path, cell in given if path == EXECUTION_SCORE and not is_blank(cell.value)]
        amounts = [
            (path.replace("budget.", "funds.*."), cell)
            for path, cell in given
            if path != EXECUTION_SCORE and not is_blank(cell.value)
        ]
        for cell in scores:
            self.record.put(EXECUTION_SCORE, cell)
        if amounts:
            place = self.cell(row, names[-1]).place
            source = fund_source(label) or "其他"
            self.record.add_row(
                "funds", [("funds.*.source", Cell(source, place)), ("funds.*.name", Cell(label, place)), *amounts]
            )
        return True

    def goals(self, row: int, table: Columns) -> bool:
        cells = self.grid.rows[row]
        given = [(table.fields[column], self.cell(row, column)) for column in cells if table.fields.get(column)]
        if not given or any(self.grid.text(row, column) in _LABELS for column in cells):
            return False
        self.use(row, *(column for column in cells if column in table.fields))
        self.use(row, *(column for column in cells if self.grid.text(row, column) in _STRUCTURE))
        self.record.add_row("goals", given)
        return True

    def indicator(self, row: int, table: Columns) -> bool:
        """A row of the table of indicators: an entry, the total, the execution rate, or none of these."""
        cells = self.grid.rows[row]
        if self.total(row, table):
            self.summed = True
            return True
        if any(self.goal_block(row, column) for column in list(cells)[:2]):
            return True
        first = next(iter(cells))
        known = self.grid.text(row, first)
        if known in _LABELS or is_note(cells[first]) or all(column not in table.fields for column in cells):
            return False
        if self.summed and self.is_note_below(row, table):
            return False
        levels = self.categories(row, table)
        given = {
            path: self.cell(row, column) for column, path in reversed(list(table.fields.items())) if path and column in cells
        }
        given = {path: cell for path, cell in given.items() if ".category" not in path or path.endswith("category")}
        name = given.get("indicators.*.name")
        if name is None and "indicators.*.name" not in table.fields.values() and levels:
            name = given["indicators.*.name"] = Cell(levels[-1].value, levels[-1].place)
            levels = levels[:-1] or levels
        if _EXECUTION.fullmatch(category_text(*(str(level.value) for level in levels))) or (
            name and _EXECUTION.fullmatch(heading(str(name.value))) and not levels
        ):
            return self.execution(row, table, given)
        filled = {path: cell for path, cell in given.items() if not is_blank(cell.value)}
        self.ratings(row, table, filled)
        # Columns whose heading spans several may hold a second value: that one is left over.
        taken = {cell.place.column for cell in given.values()}
        spare = {column for column in cells if column in table.fields and table.fields[column] in given and column not in taken}
        spare |= {cell.place.column for path, cell in given.items() if path.startswith(_RATING) and path not in filled}
        self.use(row, *(column for column in cells if column in table.fields and column not in spare))
        if name is None or is_blank(name.value) or _PLACEHOLDER.fullmatch(str(name.value)):
            values = [path for path, cell in filled.items() if path != "indicators.*.name" and cell.value != Decimal(0)]
            if values or (levels and category_path(category_text(*(str(level.value) for level in levels))) is None):
                self.used -= {(row, column) for column in cells}
            return True
        unknown = {cell.place: cell.value for cell in (name, *levels) if isinstance(cell.value, Unreadable)}
        for place, value in unknown.items():  # neither what it is called nor what it belongs to can be guessed
            self.record.problem(value.code, place, (), **value.values)
        if not unknown:
            self.entry(row, table, filled, levels)
        return True

    def is_note_below(self, row: int, table: Columns) -> bool:
        """Whether a row below the total is no entry: it says neither target nor weight, or is of no known category and says but one of them."""
        cells = self.grid.rows[row]
        said = {table.fields.get(column, "") for column, value in cells.items() if not is_blank(value)}
        kinds = [str(cells[column]) for column in cells if table.fields.get(column, "").startswith("indicators.*.category")]
        known = not kinds or category_path(category_text(*kinds)) is not None
        return len(said & _VALUES) < (1 if known else 2)

    def ratings(self, row: int, table: Columns, filled: dict[str, Cell]) -> None:
        """得分率 of a row that says its points follows from them; a reason or a name without a rating has nothing to go with."""
        share = filled.get(_RATING + "share")
        if share is not None and "declared.indicators.*" in filled and not _in_words(filled):
            del filled[_RATING + "share"]
            self.use(row, share.place.column)
        if not {_RATING + "points", _RATING + "share"} & set(filled):
            for name in ("reason", "by"):
                filled.pop(_RATING + name, None)

    def entry(self, row: int, table: Columns, given: dict[str, Cell], levels: list[Cell]) -> None:
        name = given["indicators.*.name"]
        text = re.sub(r"^指标\s*[0-9]{1,2}\s*[:：.、]\s*", "", str(name.value))
        printed = _POINTS_IN_NAME.search(text)
        if printed and "indicators.*.weight" not in given:
            given["indicators.*.weight"] = Cell(Decimal(printed[1]), name.place)
            text = text[: printed.start()]
        given["indicators.*.name"] = Cell(text, name.place)
        if "indicators.*.category" not in given:
            category = category_text(*(str(level.value) for level in levels))
            if category_path(category) is None and any(_CRITERIA.fullmatch(category_text(str(level.value))) for level in levels):
                self.used -= {(row, column) for column in self.grid.rows[row] if column in table.fields}
                return
            if levels:
                given["indicators.*.category"] = Cell(category, levels[-1].place)
        if "indicators.*.initial_target" in given:  # not adjusted, where 调整指标值 is blank
            given.setdefault("indicators.*.target", given["indicators.*.initial_target"])
        self.words(given)
        if self.goal is not None:
            given["indicators.*.goal"] = Cell(self.goal, name.place)
        shared = self.weight_above(row, table)
        if shared in self.sharers:
            given["indicators.*.part_of"] = Cell(self.sharers[shared], Place(name.place.sheet, *shared))
        blank = [
            (path, Cell(None, Place(name.place.sheet, row, column)))
            for column, path in table.fields.items()
            if path.startswith("indicators.") and path not in given and ".category." not in path
        ]
        entry = self.record.add_row("indicators", [*given.items(), *blank])
        if shared is not None and shared not in self.sharers and entry is not None:
            self.sharers[shared] = entry
            self.record.warning("form-weight-shared", Place(name.place.sheet, *shared), text=shown(text))

    def words(self, given: dict[str, Cell]) -> None:
        """A target that reads as no quantity is a description, and the entry qualitative; said so, since a number may stand in it."""
        target = given.get("indicators.*.target")
        if target is None or not isinstance(target.value, str) or "indicators.*.direction" in given:
            return
        try:
            quantity.parse(target.value)
        except QuantityError:
            given["indicators.*.direction"] = Cell("qualitative", target.place)
            self.record.warning("form-read-as-words", target.place, text=shown(target.value))

    def weight_above(self, row: int, table: Columns) -> tuple[int, int] | None:
        """The top left cell of a 分值 or 得分 that covers several rows with different names, if this row is one of them."""
        column = next((column for column, path in table.fields.items() if path == "indicators.*.weight"), None)
        column = column or next((column for column, path in table.fields.items() if path == "declared.indicators.*"), None)
        if column is None:
            return None
        area = self.grid.area(row, column)
        return (area.top, area.left) if area.bottom > area.top else None

    def categories(self, row: int, table: Columns) -> list[Cell]:
        """一级 and 二级指标 of a row; a blank cell means what stands above it, as long as the level before it is the same."""
        found: list[Cell] = []
        changed = False
        for level in (1, 2):
            column = next((one for one, path in table.fields.items() if path == f"indicators.*.category.{level}"), None)
            if column is None:
                continue
            cell = self.grid.cell(row, column)
            if not is_blank(cell.value):
                changed = changed or cell.value != self.levels.get(column)
                self.levels[column] = cell.value
            elif changed:
                self.levels[column] = None
            if (value := self.levels.get(column)) is not None:
                found.append(Cell(value, cell.place))
        return found

    def total(self, row: int, table: Columns) -> bool:
        """总分."""
        cells = self.grid.rows[row]
        label = next((column for column in cells if self.grid.text(row, column) in _TOTALS), None)
        if label is None or any(table.fields.get(column) == "indicators.*.name" and column != label for column in cells):
            return False
        scores = [column for column, path in table.fields.items() if path == "declared.indicators.*" and column in cells]
        numbers = [column for column in cells if isinstance(cells[column], Decimal)]
        if "declared.indicators.*" not in table.fields.values() and len(numbers) == 1:
            scores = numbers
        if scores:
            self.record.put("declared.total", self.cell(row, scores[0]))
        weights = [column for column in cells if table.fields.get(column) == "indicators.*.weight"]
        self.use(row, label, *scores, *weights, *(column for column in cells if is_blank(cells[column])))
        return True

    def execution(self, row: int, table: Columns, given: dict[str, Cell]) -> bool:
        """预算执行率 among the indicators: its points; the rest follows from the budget."""
        if (score := given.get("declared.indicators.*")) is not None:
            self.record.put(EXECUTION_SCORE, score)
        if (reason := given.get("indicators.*.reason")) is not None:
            self.record.put("declared.reasons.criteria.budget_execution", reason)
        self.use(row, *(column for column in self.grid.rows[row] if column in table.fields))
        return True

    # --------------------------------------------------------------------------------------------------------------- labels

    def labels(self, row: int) -> None:
        """Labels with their values: to the right, or in the same cell after a colon."""
        cells = self.grid.rows[row]
        columns = list(cells)
        for place, column in enumerate(columns):
            if (row, column) in self.used or not isinstance(cells[column], str):
                continue
            text = self.grid.text(row, column)
            after = [one for one in columns[place + 1 :] if (row, one) not in self.used]
            if is_note(cells[column]):
                self.use(row, column)
                continue
            one = _LABELS.get(text) or (_AMOUNTS.get(text) if after and not isinstance(cells[after[0]], str) else None)
            if one is None:
                self.in_one_cell(row, column)
                continue
            if after and self.grid.text(row, after[0]) in _LABELS:
                after = []
            if one.path == "declared.total" and after and not _is_points(cells[after[0]]):
                continue
            self.use(row, column)
            if not after:  # blank: a value may be missed here
                beside = Place(self.grid.sheet.name, row, self.grid.area(row, column).right + 1)
                self.record.put(one.path, Cell(None, beside))
            if after and self.value(one.path, self.cell(row, after[0])):
                self.use(row, after[0])

    def in_one_cell(self, row: int, column: int) -> None:
        """`项目名称：某项目`; or what forms print and nobody fills in."""
        value = str(self.grid.rows[row][column])
        label, colon, rest = value.replace("：", ":", 1).partition(":")
        one = _LABELS.get(heading(label)) if colon and rest.strip() else None
        if (
            (one is not None and self.value(one.path, Cell(rest.strip(), self.cell(row, column).place)))
            or self.grid.text(row, column) in _STRUCTURE
            or self.goal_block(row, column)
        ):
            self.use(row, column)

    def value(self, path: str, cell: Cell) -> bool:
        """Whether a value went to its field."""
        if path == "subject.project_type" and isinstance(cell.value, str):
            return (choice := _checked(cell.value)) is not None and self.record.put(path, Cell(choice, cell.place))
        return self.record.put(path, cell) or is_blank(cell.value)

    def left_over(self) -> None:
        for row, cells in self.grid.rows.items():
            left = [column for column in cells if (row, column) not in self.used and not is_blank(cells[column])]
            for start, end in _runs(left, list(cells)):
                self.spare.append(tuple(self.cell(row, column) for column in left if start <= column <= end))
        self.record.problems += not_placed(self.record.file, self.spare)


def _in_words(filled: dict[str, Cell]) -> bool:
    """Whether an entry is rated by a person: it says so, or its target is words."""
    direction, target = (filled.get(f"indicators.*.{name}") for name in ("direction", "target"))
    if "indicators.*.level" in filled or (direction is not None and direction.value in ("定性", "qualitative")):
        return True
    target = target or filled.get("indicators.*.initial_target")
    if target is None or not isinstance(target.value, str):
        return False
    try:
        return quantity.parse(target.value).kind == "text"
    except QuantityError:
        return True


def _is_points(value: Any) -> bool:
    return isinstance(value, Decimal) or (isinstance(value, str) and bool(re.fullmatch(r"[0-9.]+\s*分?", normalise(value))))


def _checked(text: str) -> str | None:
    """延续 or 新增 from a cell of boxes (1.持续性项目☑ 2.新增性项目□), or from a plain word."""
    words = {"延续": "延续|持续|经常", "新增": "新增|新设", "一次性": "一次性"}
    marked = [part for part in re.split(r"[0-9]+[、.)]|\s{2,}|\n", text) if re.search("[☑√✓✔■]", part)] or [text]
    found = [name for name, word in words.items() if any(re.search(word, part) for part in marked)]
    return found[0] if len(found) == 1 and len(marked) == 1 else None


def _runs(left: list[int], columns: list[int]) -> Iterator[tuple[int, int]]:
    """Columns left over as runs that no understood cell interrupts."""
    start: int | None = None
    end = 0
    for column in columns:
        if column in left:
            start = column if start is None else start
            end = column
        elif start is not None:
            yield start, end
            start = None
    if start is not None:
        yield start, end
