"""A rubric that stands in a spreadsheet, read by its standard columns: 一级/二级/三级指标, 分值, 指标解释, 评价要点, 评分标准.

In: the path of a .xlsx or .csv file. Out: a `RubricTable`, or `RulesetError`. Guaranteed: nothing is made up. What stands in merged cells counts for all the rows
that they cover, an empty group cell continues the one above, and every row that is not understood is a problem with its cell.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from indicator_rules.errors import Problem, RecordError, RulesetError, Where
from indicator_rules.excel.read_workbook import read_workbook
from indicator_rules.excel.workbook import Sheet, Unreadable, Value, Workbook, address
from indicator_rules.spec_fields import LONGEST_TEXT, MOST_CRITERIA

_HEADINGS = {
    "weight": ("分值", "权重", "标准分", "满分", "分数", "标准分值", "指标分值", "权重分值", "分值权重", "weight"),
    "definition": ("指标解释", "指标说明", "指标内涵", "指标含义", "指标释义", "definition"),
    "points_to_check": ("评价要点", "评分要点", "考核要点", "评价内容", "考核内容", "points to check"),
    "text": ("评分标准", "评价标准", "评分细则", "计分标准", "评分办法", "评分规则", "计分方法", "评分方法", "考核标准", "scale"),
}
"""What a column is called, by the key of a criterion that it is written under."""
_LEVEL = re.compile(r"([一二三四五六])级指标|level ([1-6])")
_LEVELS = "一二三四五六"
_TOTALS = ("合计", "总计", "总分", "total")
_SUBTOTALS = ("小计", "subtotal")
_WEIGHT = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*分?\s*(\(.*\))?")
"""A number; in brackets may follow a remark, such as bounds."""
_ROLES = (
    ("bonus", re.compile(r"(?:加分，最多|bonus up to)\s*(.+)")),
    ("penalty", re.compile(r"(?:减分，最多|penalty up to)\s*(.+)")),
)
_GRADE = re.compile(r"([^\s≥>]{1,20})(?:\s*(≥|>)\s*([0-9]{1,4}(?:\.[0-9]{1,4})?%?))?")
_FARTHEST, _MOST_ROWS, _MOST_MERGED = 200, 5000, 1_000_000
"""Rows that may stand above the headings; rows below them; cells in merged areas."""
_LONGEST_LABEL = 500
TEXTS = ("definition", "points_to_check", "text")


@dataclass
class TableRow:
    """One criterion as the table has it. `weight` is None if its cell holds none; `texts`: key of a criterion → words."""

    groups: tuple[str, ...]
    label: str
    cell: str
    role: str = "score"
    weight: Decimal | None = None
    parts: int = 0
    """How many cells the weight was added up from."""
    texts: dict[str, str] = field(default_factory=dict)


class TableGrade(NamedTuple):
    label: str
    sign: str
    cut: str


@dataclass(frozen=True, slots=True)
class RubricTable:
    """What was read. `title` is empty if the sheet has none; `grades` too, if no line of the kind `等级：优 ≥ 90；…` was found.

    `notes`: the lines that are no criterion.
    """

    where: Where
    title: str
    rows: tuple[TableRow, ...]
    grades: tuple[TableGrade, ...]
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]


def rubric_table(path: str | Path) -> RubricTable:
    """The first sheet with the standard columns. Raises `RulesetError`."""
    try:
        book = read_workbook(path)
    except RecordError as error:
        raise RulesetError(error.problems) from None
    found = [(sheet, columns) for sheet in book.sheets if (columns := _columns(sheet)) is not None]
    if not found:
        raise RulesetError([_without_columns(book)])
    sheet, columns = found[0]
    others = [Problem("table-sheet-not-read", Where(book.file, sheet=one.name), {}, "warning") for one, _ in found[1:]]
    return _Reader(Where(book.file, sheet=sheet.name), sheet, columns, others).read()


class _Columns(NamedTuple):
    head: int
    levels: tuple[int, ...]
    """Columns of 一级指标, 二级指标 …"""
    weight: int
    texts: dict[str, int]


def _plain(value: Value | None) -> str:
    """A cell as text; numbers as they are written."""
    if value is None or isinstance(value, Unreadable):
        return ""
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return value if isinstance(value, str) else str(value)


def _heading(value: Value | None) -> str:
    """A heading without what varies: blanks, brackets (分值（分）), full width."""
    text = unicodedata.normalize("NFKC", _plain(value)).strip().lower()
    text = re.sub(r"\(.*?\)", "", text)
    return text if text.isascii() else re.sub(r"\s", "", text)


def _columns(sheet: Sheet) -> _Columns | None:
    """Where the standard columns stand: in the first row that has a weight and a level."""
    for row in list(sheet.rows)[:_FARTHEST]:
        heads = {column: _heading(value) for column, value in sheet.rows[row].items()}
        levels = {match[0]: column for column, text in heads.items() if (match := _LEVEL.fullmatch(text))}
        weights = [column for column, text in heads.items() if text in _HEADINGS["weight"]]
        if levels and weights:
            places = tuple(sorted(levels.values()))
            # 一级指标 | 分值 | 二级指标 | 分值: the weight of a criterion is the one right of its own column.
            right = [column for column in weights if column > places[-1]]
            texts = {key: column for key in TEXTS for column, text in heads.items() if text in _HEADINGS[key]}
            return _Columns(row, places, right[0] if right else weights[-1], texts)
    return None


def _without_columns(book: Workbook) -> Problem:
    """The row that has most of the headings, and what it lacks."""
    wanted = {"一级指标": ("一级指标", "level 1"), **{names[0]: names for names in _HEADINGS.values()}}
    most: set[str] = set()
    for sheet in book.sheets:
        for row in list(sheet.rows)[:_FARTHEST]:
            heads = {_heading(value) for value in sheet.rows[row].values()}
            most = max(most, {name for name, names in wanted.items() if heads & set(names)}, key=len)
    missing = "、".join(name for name in ("一级指标", "分值") if name not in most)
    return Problem("table-columns-missing", Where(book.file), {"text": missing, "known": "、".join(wanted)})


class _Reader:
    """Goes down the rows below the headings."""

    def __init__(self, where: Where, sheet: Sheet, columns: _Columns, problems: list[Problem]) -> None:
        self.where, self.sheet, self.columns, self.problems = where, sheet, columns, problems
        self.rows: list[TableRow] = []
        self.grades: tuple[TableGrade, ...] = ()
        self.notes: list[str] = []
        self.seen: dict[str, tuple[int, int]] = {}
        """The cell last read for the criterion at hand, by key."""
        self.owners: dict[tuple[int, int], str] = {}
        """Weight cell → cell of the criterion that has it."""
        self.total: tuple[Decimal, int] | None = None
        self.corner: dict[tuple[int, int], tuple[int, int]] = {}
        """Cell in a merged area → the corner that holds its value; only for the columns that are read."""
        used = {*columns.levels, columns.weight, *columns.texts.values()}
        last, merged = max(sheet.rows, default=0), 0
        for area in sheet.merged:
            for column in used.intersection(range(area.left, area.right + 1)):
                for row in range(area.top, min(area.bottom, last) + 1):
                    self.corner.setdefault((row, column), (area.top, area.left))
                    merged += 1
                if merged > _MOST_MERGED:
                    raise self.refused("table-too-many", limit=_MOST_MERGED)

    def at(self, row: int, column: int) -> tuple[tuple[int, int], str]:
        """The cell that a place belongs to, and its text."""
        corner = self.corner.get((row, column), (row, column))
        return corner, _plain(self.sheet.value(*corner))

    def problem(self, code: str, row: int, column: int, **values: object) -> None:
        self.problems.append(Problem(code, self.where, values, "warning").at(cell=address(row, column)))

    def refused(self, code: str, **values: object) -> RulesetError:
        return RulesetError([Problem(code, self.where, values)])

    def read(self) -> RubricTable:
        above = [_plain(value) for row, cells in self.sheet.rows.items() if row < self.columns.head for value in cells.values()]
        read = {*self.columns.levels, self.columns.weight, *self.columns.texts.values()}
        for column, value in self.sheet.rows[self.columns.head].items():
            if column not in read:
                self.problem("table-column-not-read", self.columns.head, column, text=_joined(_plain(value))[:60])
        rows = [row for row in self.sheet.rows if row > self.columns.head]
        if len(rows) > _MOST_ROWS:
            raise self.refused("table-too-many", limit=_MOST_ROWS)
        for row in rows:
            self.line(row)
        if self.total is not None:
            told, at = self.total
            summed = weights(self.rows)
            if told != summed:
                self.problem("table-total-differs", at, self.columns.weight, text=_plain(told), sum=_plain(summed))
        title, *rest = [text for text in above if text] or [""]
        self.notes[:0] = rest
        self.sizes(title)
        return RubricTable(self.where, _joined(title), tuple(self.rows), self.grades, tuple(self.notes), tuple(self.problems))

    def sizes(self, title: str) -> None:
        """Nothing is cut: what a ruleset cannot hold is refused. Raises `RulesetError`."""
        if len(self.rows) > MOST_CRITERIA:
            raise self.refused("table-too-many", limit=MOST_CRITERIA)
        if len(title) > _LONGEST_LABEL:
            raise self.refused("table-text-too-long", limit=LONGEST_TEXT, labels=_LONGEST_LABEL)
        if not self.rows:
            raise self.refused("table-empty")
        for row in self.rows:
            longest = max((len(label) for label in (*row.groups, row.label)), default=0)
            if longest > _LONGEST_LABEL or any(len(text) > LONGEST_TEXT for text in row.texts.values()):
                raise RulesetError(
                    [
                        Problem("table-text-too-long", self.where, {"limit": LONGEST_TEXT, "labels": _LONGEST_LABEL}).at(
                            cell=row.cell
                        )
                    ]
                )
        if len("\n".join(self.notes)) > LONGEST_TEXT:
            raise self.refused("table-text-too-long", limit=LONGEST_TEXT, labels=_LONGEST_LABEL)

    def line(self, row: int) -> None:
        cells = self.levels(row)
        (corner, weight), text = self.at(row, self.columns.weight), " ".join(_plain(v) for v in self.sheet.rows[row].values())
        first = self.corner.get((row, self.columns.levels[0]))
        if first is not None and first == corner:  # one cell over the whole width
            self.below(text, row, told=False)
        elif cells and _heading(cells[-1][1]) in _TOTALS:
            self.total = (Decimal(match[1]), row) if (match := _WEIGHT.fullmatch(weight)) else None
        elif cells and _heading(cells[-1][1]) in _SUBTOTALS:
            return
        elif not cells:
            self.goes_on(row, weight, text)
        elif self.rows and self.rows[-1].cell == address(*cells[-1][0]):
            self.add(self.rows[-1], row)
        elif not weight and not any(self.at(row, column)[1] for column in self.columns.texts.values()):
            self.below(text, row)
        else:
            *groups, (own, label) = cells
            self.rows.append(TableRow(tuple(_joined(label) for _, label in groups), _joined(label), address(*own)))
            self.seen = {}
            self.add(self.rows[-1], row)

    def levels(self, row: int) -> list[tuple[tuple[int, int], str]]:
        """The cells of the level columns, groups first and the criterion last; empty if the row begins none."""
        found: list[tuple[tuple[int, int], str]] = []
        for column in self.columns.levels:
            corner, text = self.at(row, column)
            if text and corner not in [one for one, _ in found]:
                found.append((corner, text))
            elif not text:
                found.append(((0, column), ""))
        own = max((place for place, (_, text) in enumerate(found) if text), default=-1)
        found = found[: own + 1]
        if not found or (len(found) == 1 and not found[0][1]):
            return []
        # An empty cell left of the criterion continues the group above it, as long as that is the same group.
        groups = self.rows[-1].groups if self.rows else ()
        for place, (corner, text) in enumerate(found[:-1]):
            same = all(_joined(one) == groups[at] for at, (_, one) in enumerate(found[:place])) if place < len(groups) else False
            if not text and same:
                found[place] = (corner, groups[place])
        return [one for one in found if one[1]]

    def add(self, row: TableRow, number: int) -> None:
        """What a row of the sheet says of a criterion; each cell once."""
        for key, column in (("weight", self.columns.weight), *self.columns.texts.items()):
            corner, text = self.at(number, column)
            value = self.sheet.value(*corner)
            if isinstance(value, Unreadable):
                self.problems.append(Problem(value.code, self.where, value.values, "warning").at(cell=address(*corner)))
            if not text or self.seen.get(key) == corner:
                continue
            self.seen[key] = corner
            if key == "weight":
                self.weight(row, corner, text)
            else:
                row.texts[key] = f"{row.texts[key]}\n{text}" if key in row.texts else text

    def weight(self, row: TableRow, corner: tuple[int, int], text: str) -> None:
        if self.owners.get(corner, row.cell) != row.cell:
            self.problem("table-weight-shared", *corner, text=text, label=row.label)
            return
        self.owners[corner] = row.cell
        plain = text
        for role, form in _ROLES:
            if match := form.fullmatch(text.strip()):
                row.role, plain = role, match[1]
        match = _WEIGHT.fullmatch(unicodedata.normalize("NFKC", plain).strip())
        if match is None:
            self.problem("table-weight-not-read", *corner, text=text[:60], label=row.label)
            return
        if match[2]:
            self.problem("table-weight-remark", *corner, text=match[2][:60], label=row.label)
        row.weight = (row.weight or Decimal(0)) + Decimal(match[1])
        row.parts += 1
        if row.parts > 1:
            self.problem("table-weights-added", *corner, label=row.label, text=_plain(row.weight))

    def goes_on(self, row: int, weight: str, text: str) -> None:
        """A row without any indicator: more words for the criterion above it."""
        if self.rows and not weight and any(self.at(row, column)[1] for column in self.columns.texts.values()):
            self.add(self.rows[-1], row)
        else:
            self.below(text, row)

    def below(self, text: str, row: int, *, told: bool = True) -> None:
        """A row that is no criterion: the grades, or something for people."""
        match = re.fullmatch(r"(?:等级|grades)\s*[:：]\s*(.+)", text.strip(), re.DOTALL)
        grades = tuple(_grades(re.split(r"\s*[；;]\s*", match[1]))) if match else ()
        if grades and not self.grades:
            self.grades = grades
        elif text.strip():
            self.notes.append(text.strip())
            if told:
                self.problem("table-row-not-read", row, self.columns.levels[0], text=_joined(text)[:60])


def _grades(parts: Sequence[str]) -> Iterator[TableGrade]:
    """The grades if all of them are understood."""
    found = [_GRADE.fullmatch(part.strip()) for part in parts]
    cuts = [bool(match and match[2]) for match in found]
    if len(found) > 1 and all(found) and cuts == [True] * (len(found) - 1) + [False]:
        yield from (TableGrade(match[1], match[2] or "", match[3] or "") for match in found if match)


def _joined(text: str) -> str:
    """A label in one line: a line break between Chinese characters is nothing, between Latin words a blank."""
    return re.sub(r"(?<=[!-~])\s*\n\s*(?=[!-~])", " ", text.strip()).replace("\n", "")


def weights(rows: Iterable[TableRow]) -> Decimal:
    """What the weights of role `score` sum to."""
    return sum((row.weight or Decimal(0) for row in rows if row.role == "score"), Decimal(0))
