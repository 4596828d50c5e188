"""A record in the making, from cells: each value goes to its field, each field remembers its cell.

In: cells with the field that each is for (`put`, `add_row`). Out: a `Form`: plain data of the shape that records are written in, key path → cell, and
problems. Guaranteed: a cell is kept, or is in a problem with its sheet and address; blank marks (— / 无) are nothing, not text. Nothing is validated
here beyond what cells alone can be wrong in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

from indicator_rules import quantity
from indicator_rules.errors import KeyPath, Problem, Where
from indicator_rules.exact import exact, to_decimal
from indicator_rules.excel.form_fields import FieldKind, kind_of
from indicator_rules.excel.form_words import Layout, answer_to, in_words
from indicator_rules.excel.workbook import Unreadable, Value, address
from indicator_rules.messages import Phrase, Words
from indicator_rules.plan import Question
from indicator_rules.quantity import QuantityError, money_factor
from indicator_rules.record_fields import category_path

_LETTERS = {"indicators": "i", "goals": "g"}
_NOTHING = {"—", "-", "--", "——", "―", "/", "\\", "…", "……", "...", "无", "－", "／", "***", "N/A", "n/a"}
_TRUE = ("是", "√", "✓", "✔", "☑", "■", "核心", "核心指标", "Y", "y", "yes", "true")
_FALSE = ("否", "×", "✗", "□", "N", "no", "false")

_NOTE = re.compile(r"\s*(?:备?注|(?:填表|填报)?说明)\s*[:：0-9]")


class Place(NamedTuple):
    """A cell."""

    sheet: str
    row: int
    column: int

    def where(self, file: str, path: KeyPath = ()) -> Where:
        return Where(file, path, sheet=self.sheet, cell=address(self.row, self.column))


class Cell(NamedTuple):
    """What a cell holds, and where it stands."""

    value: Value | None
    place: Place


@dataclass(frozen=True, slots=True)
class Form:
    """A record as a spreadsheet says it, not validated yet."""

    file: str
    name: str
    """Which of the file's records: the sheet, or the sheet and its row; empty if there is but one."""
    data: dict[str, Any]
    places: Mapping[KeyPath, Place]
    problems: tuple[Problem, ...]
    ruleset: str = ""
    """The ruleset that the form was made for, `family@edition`; empty for a published form."""

    layout: Layout = "published"
    spare: tuple[tuple[Cell, ...], ...] = ()
    """Cells that were not understood, next to one another."""
    asked: Mapping[str, Question] = field(default_factory=dict)
    """The questions of the ruleset in force, by id."""
    home: Place | None = None
    """Where to look for what the form has no cell for: the row of a table, the first free row of a published form."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Sheet → file, where several files are read as one."""

    @property
    def label(self) -> str:
        """Key and name of a record of a table; empty for a form, which is known by its sheet."""
        subject = str(self.data.get("subject", {}).get("name", ""))
        own = "" if "!" in self.name else self.name  # a row says no more than its cells
        return " ".join(dict.fromkeys(filter(None, (own, subject)))) if self.layout == "table" else ""

    def named(self, problem: Problem) -> Problem:
        """A problem with its file and record, where there are several."""
        if self.layout != "table":
            return problem
        return problem.at(file=self.files.get(problem.where.sheet, self.file), record=self.label)

    def answering(self, questions: Iterable[Question]) -> Form:
        """The form as a ruleset that asks these questions understands it: a label beside a value may be a question and its answer."""
        asked = {one.id: one for one in questions}
        form = replace(self, asked=asked)
        data, places, spare = {**self.data, "answers": dict(self.data.get("answers", {}))}, dict(self.places), []
        for run in self.spare:
            rest = list(run)
            for label, value, cells in _labelled(run):
                name = answer_to(label, asked) if cells[0] in rest else None
                if name is not None and name not in data["answers"] and not isinstance(value.value, Unreadable):
                    data["answers"][name] = value.value
                    places["answers", name] = value.place
                    rest = [one for one in rest if one not in cells]
            spare += [tuple(rest)] if rest else []
        if not data["answers"] or tuple(spare) == self.spare:
            return form
        problems = [one for one in self.problems if one.code != "form-cell-not-placed"] + list(not_placed(self.file, spare))
        return replace(form, data=data, places=places, spare=tuple(spare), problems=tuple(problems))

    def located(self, problems: Iterable[Problem]) -> list[Problem]:
        """Problems with the cells of their key paths, or of the nearest that the form has; in the order of the form."""
        placed = [one if one.where.cell else one.at(file=self.file, **self._cell(one)) for one in problems]
        return sorted((in_words(self.named(one), self) for one in placed), key=self._order)

    def besides(self, problems: Iterable[Problem]) -> Iterator[Problem]:
        """What the reading said, but for what one of `problems`, found later, takes back."""
        unshared = any(problem.code == "form-weight-not-shared" for problem in problems)
        return (one for one in self.problems if not (unshared and one.code == "form-weight-shared"))

    def _cell(self, problem: Problem) -> dict[str, str]:
        path = problem.where.path
        place = self._place(self._by_position(path), problem.code)
        if place is None and (self.layout == "table" or path[:1] == ("answers",)):
            place = self.home
        if place is None:
            return {"sheet": next((place.sheet for place in self.places.values()), "")}
        return {"sheet": place.sheet, "cell": address(place.row, place.column)}

    def _place(self, paths: Sequence[KeyPath], code: str) -> Place | None:
        """The cell of the first of `paths` that has one, or else of the nearest above it."""
        for path in paths:
            if path in self.places:
                if code.startswith("entry-weights") and (shared := self.places.get((*path[:-1], "part_of"))):
                    return shared
                return self.places[path]
        for path in paths:
            for length in range(len(path), _LEAST.get(str(path[0]), 1) - 1, -1):
                near = (place for key, place in self.places.items() if key[:length] == path[:length])
                found = self.places.get(path[:length]) or next(near, None)
                if found is not None:
                    return found
        return None

    def _by_position(self, path: KeyPath) -> list[KeyPath]:
        """A path, and where else to look: what is to be given for an entry is looked for beside its actual value."""
        if "indicators" in path[:-1] and path[0] != "indicators":  # of an entry by its id
            wanted = path[path.index("indicators") + 1]
            rows = enumerate(self.data.get("indicators", ()), start=1)
            row = next((place for place, entry in rows if wanted == entry.get("id", f"i{place}")), None)
            own = [key for key in self.places if key[: len(path)] == path][:1]
            return [path, *own] + ([] if row is None else [("indicators", row - 1, "actual"), ("indicators", row - 1)])
        if path[:1] == ("indicators",) and path[2:] == ("level",):
            return [path, (*path[:2], "actual"), path]
        return [path] if path else []

    def _order(self, problem: Problem) -> tuple[int, int, int]:
        sheets = list(dict.fromkeys(place.sheet for place in self.places.values()))
        match = re.fullmatch(r"([A-Z]+)([0-9]+)(?::.*)?", problem.where.cell)
        sheet = sheets.index(problem.where.sheet) if problem.where.sheet in sheets else len(sheets)
        return (sheet, int(match[2]), len(match[1])) if match else (sheet, 0, 0)


_LEAST = {"answers": 2, "assessments": 3, "deductions": 2, "not_applicable": 3}
"""How much of a path has to agree before one place is near another: one answer is not near the next."""


def not_placed(file: str, runs: Iterable[Sequence[Cell]]) -> Iterator[Problem]:
    """A warning for each run of cells that were not understood."""
    for run in runs:
        first, last = run[0].place, run[-1].place
        area = address(first.row, first.column) + (f":{address(last.row, last.column)}" if last != first else "")
        texts = [in_cell(cell.value) for cell in run]
        plain = [text for text in texts if isinstance(text, str)]
        text = (
            shown(" | ".join(plain))
            if len(plain) == len(texts)
            else Words(tuple(part for one in texts for part in (" | ", one))[1:])
        )
        yield Problem("form-cell-not-placed", Where(file, sheet=first.sheet, cell=area), {"text": text}, "warning")


_Given: TypeAlias = tuple[str, Cell]
"""A field and the cell that is for it."""


@dataclass(slots=True)
class FormRecord:
    """Takes cells until `form` is asked for."""

    file: str
    name: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    places: dict[KeyPath, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    layout: Layout = "published"
    home: Place | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    def form(self) -> Form:
        form = Form(self.file, self.name, self.data, self.places, (), layout=self.layout, home=self.home, files=self.files)
        return replace(form, problems=tuple(map(form.named, self.problems)))

    def problem(self, code: str, place: Place, path: KeyPath = (), **values: object) -> None:
        self.problems.append(Problem(code, place.where(self.file, path), values))

    def warning(self, code: str, place: Place, **values: object) -> None:
        self.problems.append(Problem(code, place.where(self.file), values, "warning"))

    def put(self, path: str, cell: Cell, kind: FieldKind | None = None) -> bool:
        """A cell for a field that is no row's; whether it held anything. A blank one is remembered: a value may be missed there."""
        return self._set(tuple(path.split(".")), cell, kind or kind_of(path))

    def add_row(self, section: str, given: Iterable[_Given]) -> str | None:
        """A row of `section` (indicators, goals, funds); its id, or None if all its cells are blank."""
        listed = list(given)
        cells = {name: cell for name, cell in listed if _read(cell.value, kind_of(name)) is not None}
        if not cells:
            return None
        rows: list[dict[str, Any]] = self.data.setdefault(section, [])
        position = len(rows)
        row: dict[str, Any] = {}
        rows.append(row)
        self.places[section, position] = cells.get(f"{section}.*.name", next(iter(cells.values()))).place
        identity = cells.get(f"{section}.*.id")
        name = f"{_LETTERS[section]}{position + 1}" if section in _LETTERS else str(position)
        if identity is not None:
            name = str(_read(identity.value, "text"))
        self._category(position, cells)
        for path, cell in cells.items():
            self._set(_key_path(path, section, position, name), cell, kind_of(path))
        for path, cell in listed:  # blank: a value may be missed there
            self.places.setdefault(_key_path(path, section, position, name), cell.place)
        return name

    def put_entry(self, section: str, identity: str, parts: Sequence[str], cell: Cell, kind: FieldKind) -> None:
        """A cell for the row of `section` that is called `identity`; the row begins with the first that holds anything."""
        if _read(cell.value, kind) is None:
            return
        rows: list[dict[str, Any]] = self.data.setdefault(section, [])
        position = next((place for place, row in enumerate(rows) if row["id"] == identity), len(rows))
        if position == len(rows):
            rows.append({"id": identity})
            self.places[section, position] = cell.place
        self._set((section, position, *parts), cell, kind)

    def _category(self, position: int, cells: dict[str, Cell]) -> None:
        """一级 and 二级指标 as one category."""
        parts = [cells.pop(f"indicators.*.category.{level}", None) for level in (1, 2)]
        given = [part for part in parts if part is not None]
        if given and "indicators.*.category" not in cells:
            texts = [str(_read(part.value, "text")) for part in given]
            cells["indicators.*.category"] = Cell(category_text(*texts), given[-1].place)

    def _set(self, path: KeyPath, cell: Cell, kind: FieldKind) -> bool:
        self.places.setdefault(path, cell.place)
        if isinstance(cell.value, Unreadable):
            self.problem(cell.value.code, cell.place, path, **cell.value.values)
            return True
        value = _read(cell.value, kind)
        if value is None:
            return False
        if kind == "money":
            value = self._money(value)
        into: Any = self.data
        for part, below in pairwise(path):
            into = into[int(part)] if isinstance(into, list) else into.setdefault(part, [] if isinstance(below, int) else {})
        last = path[-1]
        if last in into and into[last] != value:
            self.problem("form-value-twice", cell.place, path, text=shown(value), first=shown(into[last]))
            return True
        into[last] = value
        self.places[path] = cell.place
        return True

    def _money(self, value: Any) -> Any:
        """`159万元` in a form whose unit is 元 is 1590000."""
        unit = self.data.get("budget", {}).get("unit")
        return in_unit(value, unit) if isinstance(value, str) and unit else value


def _key_path(path: str, section: str, position: int, name: str) -> KeyPath:
    """Where a field of a row is in the record: by position in its own list, by id elsewhere."""
    if path.startswith(f"{section}.*."):
        return (section, position, *path.split(".")[2:])
    return tuple(name if part == "*" else part for part in path.split("."))


def in_unit(value: str, unit: str) -> str | Decimal:
    """An amount of money typed with its unit, in `unit`; anything else as it is."""
    try:
        read = quantity.parse(value)
    except QuantityError:
        return value
    if read.kind != "number" or read.unit != "元" or read.number is None or read.direction is not None:
        return value
    number = to_decimal(exact(Fraction(read.number) / (money_factor(unit) or 1)))
    return number if isinstance(number, Decimal) else value


def _labelled(run: Sequence[Cell]) -> Iterator[tuple[str, Cell, tuple[Cell, ...]]]:
    """What may be a label and its value, and the cells that they are in: side by side, or in one cell (`项目已完成：是`)."""
    for label, value in pairwise(run):
        if isinstance(label.value, str):
            yield label.value, value, (label, value)
    for cell in run:
        if isinstance(cell.value, str) and (parts := re.fullmatch(r"([^:：|｜]+)[:：|｜](.+)", cell.value, re.DOTALL)):
            yield parts[1].strip(), Cell(parts[2].strip(), cell.place), (cell,)


def category_text(*parts: str) -> str:
    """The names of the levels above an entry as one category (产出/数量), with the words of local forms put straight."""
    levels = [re.sub(r"\([^()]*\)", "", quantity.normalise(part)) for part in parts]
    levels = [re.sub(r"^[0-9一二三四]{1,2}[、.]|[0-9.]+分?$", "", level) for level in levels]
    levels = [_LOCAL.get(level.removesuffix("指标"), level) for level in levels if level]
    whole = "/".join(dict.fromkeys(levels))
    if category_path(whole) is None and len(levels) > 1 and category_path(levels[-1]) is not None:
        return levels[-1]  # 效益/服务对象满意度: the second level says it all
    return whole


_LOCAL = {"进度": "时效", "环境": "生态", "环境效益": "生态效益", "社会公众或服务对象满意度": "满意度", "社会公众满意度": "满意度", "可持续": "可持续影响",
          "可持续影响力": "可持续影响", "服务对象满意": "满意度", "生态效益": "生态效益", "服务对象": "满意度", "项目产出": "产出", "项目效益": "效益", "效果": "效益"}  # fmt: skip


def shown(value: object) -> str:
    """A value as problems quote it."""
    return quantity.shown(format(value, "f") if isinstance(value, Decimal) else str(value))


def in_cell(value: object) -> str | Phrase:
    """What a cell shows, as problems quote it; of one whose value is not known, why."""
    return Phrase(f"problems.{value.code}", tuple(value.values.items())) if isinstance(value, Unreadable) else shown(value)


def is_blank(value: Value | None) -> bool:
    """Whether a cell holds nothing, or a mark that says so."""
    return value is None or (isinstance(value, str) and value in _NOTHING)


def is_note(value: Value | None) -> bool:
    """Whether a cell is what forms say to those who read them: `注：…`, `备注1 …`, `填表说明：…`."""
    return isinstance(value, str) and _NOTE.match(value) is not None


def _read(value: Value | None, kind: FieldKind) -> Any:
    """What a cell says for a field of this kind; None for nothing. What fits no field is left for the record to refuse."""
    if is_blank(value):
        return None if kind != "any" or value is None else value
    if kind == "text":
        return _as_text(value)
    if kind in ("number", "money") and isinstance(value, str):
        return re.sub(r"^=(?=[0-9])|(?<=[0-9])\s*分$", "", value)
    if kind == "year" and isinstance(value, str):
        found = re.fullmatch(r"((?:19|20)[0-9]{2})(?:年度?)?", quantity.normalise(value))
        return int(found[1]) if found else value
    if kind == "truth":
        return _as_truth(value)
    return _as_text(value) if kind == "quantity" and isinstance(value, bool) else value


def _as_text(value: Value | None) -> Any:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value


def _as_truth(value: Value | None) -> Any:
    if value == Decimal(1) or value in _TRUE:
        return True
    return False if value == Decimal(0) or value in _FALSE else value
