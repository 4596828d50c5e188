"""The result of one record as a form (自评表): points on the form that it came from, or on a sheet of our own.

In: a `Scored` record, a language. Out: the bytes of a .xlsx file. A copy of the workbook is filled in where openpyxl can write all that is in it: computed points go to
the cells for points, a comment says why points were lost and what stood there. Else, and for records that came from no form, the sheet lists every criterion and entry.
In a copy, formulas are the values saved with them.

Raises: RecordError where openpyxl is not installed.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from indicator_rules import messages, quantity
from indicator_rules.cell_text import cell_number, cell_text
from indicator_rules.errors import KeyPath, Problem, RecordError, Where
from indicator_rules.evaluation import CriterionResult, Evaluation
from indicator_rules.exact import Exact, divide
from indicator_rules.excel.form_layout import Grid, tables
from indicator_rules.excel.form_named import COLUMN, PREFIX, ROW
from indicator_rules.excel.form_record import Form, Place
from indicator_rules.excel.form_sheet import FormSheet, let_grow, text
from indicator_rules.excel.read_workbook import read_workbook
from indicator_rules.excel.workbook import Workbook
from indicator_rules.explaining.explain import Explainer
from indicator_rules.findings import ENTRY_UNSCORED
from indicator_rules.messages import Language
from indicator_rules.quantity import QuantityError
from indicator_rules.results.results import Scored

_LOST = (
    "xl/drawings/drawing",
    "xl/media",
    "xl/vbaProject",
    "xl/externalLinks",
    "xl/ctrlProps",
    "xl/pivot",
    "xl/charts",
    "xl/embeddings",
)
"""Parts that openpyxl does not write back."""
LARGEST_COPIED = 100 * 1024 * 1024
"""Bytes unpacked."""
MOST_MERGED = 500_000
POINTS = "declared.indicators.*"


def results_form(scored: Scored, lang: Language | None = None) -> bytes:
    """The form of a record that was scored."""
    try:
        import openpyxl
    except ImportError:
        raise RecordError([Problem("excel-not-installed", Where())]) from None
    lang = lang or messages.language()
    assert scored.evaluation is not None
    copied = _copy(scored, scored.evaluation, lang)
    if copied is not None:
        return copied
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    _Sheet(book.create_sheet(_say("sheet-form", lang)), scored.evaluation, lang).write()
    return _saved(book)


def _saved(book: Any) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _say(key: str, lang: Language, **values: object) -> str:
    return messages.text(f"results.{key}", values, lang)


# ----------------------------------------------------------------------------------------------------------- a copy, filled in


def _copy(scored: Scored, evaluation: Evaluation, lang: Language) -> bytes | None:
    """The workbook of the record with points in it; None if there is none, or if it is not to be copied."""
    import openpyxl

    form, path = scored.reading.form, Path(scored.reading.file)
    if form is None or path.suffix.lower() != ".xlsx":
        return None
    known = read_workbook(path)
    if not _can_be_copied(path, known):
        return None
    places = score_places(form, known)
    try:
        book = openpyxl.load_workbook(path, data_only=True, keep_links=False)
        filled = [_put(book, places, *one) for one in _points(evaluation, lang)]
        for place, what, value in follow_ups(form, known, evaluation):
            _follow(book[place.sheet], place, what, value)
        for ws in book.worksheets:
            if ws.title in {place.sheet for place in form.places.values()}:
                let_grow(ws)
        _Sheet(book.create_sheet(_title(book, lang)), evaluation, lang).write()
        return _saved(book) if any(filled) else None
    except Exception:  # noqa: BLE001  openpyxl reads more of a file than we do, and raises whatever it meets there
        return None


def _can_be_copied(path: Path, known: Workbook) -> bool:
    """Whether openpyxl writes back all that is in a workbook, and can hold it: it makes a cell of every one that is merged away."""
    with zipfile.ZipFile(path) as package:
        lost = any(part.startswith(_LOST) for part in package.namelist())
        size = sum(part.file_size for part in package.infolist())
    areas = (area for sheet in known.sheets for area in sheet.merged)
    merged = sum((area.bottom - area.top + 1) * (area.right - area.left + 1) for area in areas)
    return not lost and size <= LARGEST_COPIED and merged <= MOST_MERGED


def score_places(form: Form, book: Workbook) -> dict[KeyPath, Place]:
    """Where a form has cells for points: key path below `declared` → cell, blank or not."""
    found = {path: place for path, place in form.places.items() if path[0] == "declared" and path[1:2] != ("reasons",)}
    sheets = {sheet.name: sheet for sheet in book.sheets}
    columns: dict[str, dict[int, int]] = {}
    """Sheet → row → the column for points, of the table that the row is in."""
    for name, (sheet, area) in book.names.items():
        if name == COLUMN + "indicators." + POINTS.replace("*", ROW):
            columns[sheet] = {area.top: area.left}
        elif name.startswith(PREFIX + "declared."):
            found.setdefault(tuple(name.removeprefix(PREFIX).split(".")), Place(sheet, area.top, area.left))
    for position, entry in enumerate(form.data.get("indicators", ()), start=1):
        place = form.places.get(("indicators", position - 1))
        if place is None:  # an entry that the mapping of a table adds
            continue
        if place.sheet not in columns:
            columns[place.sheet] = _columns(Grid.of(sheets[place.sheet]))
        heads = [row for row in columns[place.sheet] if row < place.row]
        if heads:
            column = columns[place.sheet][max(heads)]
            found.setdefault(("declared", "indicators", entry.get("id", f"i{position}")), Place(place.sheet, place.row, column))
    return found


def _columns(grid: Grid) -> dict[int, int]:
    """Row of headings → the column for points."""
    found = {}
    for row, table in tables(grid).items():
        column = next((column for column, path in table.fields.items() if path == POINTS), None)
        if table.section == "indicators" and column is not None:
            found[row] = column
    return found


def _points(evaluation: Evaluation, lang: Language) -> list[tuple[KeyPath, Exact | str, str]]:
    """What goes to a form: where, the points or the grade, and why points were lost."""
    explainer = Explainer(evaluation, lang)
    found: list[tuple[KeyPath, Exact | str, str]] = []
    for result in evaluation.criteria:
        why = "\n".join(explainer.reasons(result)) if result.exact_lost > 0 and not result.entries else ""
        found.append((("declared", "criteria", result.id), result.exact_points, why))
        for entry in result.entries:
            why = explainer.entry(result, entry) if explainer.fell_short(entry) else ""
            found.append((("declared", "indicators", entry.id), entry.exact_points, why))
    # What was not scored has no points, whatever the person wrote.
    found += [
        (("declared", "indicators", one.subject), "", one.text(lang)) for one in evaluation.findings if one.code == ENTRY_UNSCORED
    ]
    if evaluation.exact_total is not None and evaluation.grade_position is not None:
        found.append((("declared", "total"), evaluation.exact_total, ""))
        found.append((("declared", "grade"), evaluation.plan.grade_labels[evaluation.grade_position].text(lang), ""))
    return found


def _put(book: Any, places: dict[KeyPath, Place], path: KeyPath, value: Exact | str, why: str) -> bool:
    """Whether there is a cell for `value`; what stood in it goes to the comment."""
    place = places.get(path)
    if place is None:
        return False
    ws = book[place.sheet]
    cell = ws.cell(place.row, place.column)
    area = next((one for one in ws.merged_cells.ranges if cell.coordinate in one), None)
    cell = ws.cell(area.min_row, area.min_col) if area else cell
    before, after = cell.value, value if isinstance(value, str) else cell_number(value)
    notes = [why] if why else []
    if before not in (None, "") and _differs(before, after):
        notes.append(messages.text("results.before", {"text": str(before)[:60]}))
    if after == "":
        cell.value = None
    elif isinstance(after, str):
        text(cell, after)
    else:
        cell.value = after
        cell.number_format = _format(after)
    _comment(cell, "\n".join(notes))
    return True


def _format(points: Decimal) -> str:
    """How points are shown: 10/3 as 3.33, whatever else stands in the cell; what has no more than two decimals as it is."""
    return "General" if points == round(points, 2) else "0.00"


_FOLLOWING = ("得分系数", "得分率", "扣分")
"""Columns of published forms that are worked out from the points."""


def follow_ups(form: Form, book: Workbook, evaluation: Evaluation) -> Iterator[tuple[Place, str, Exact]]:
    """Cells that follow from the points of an entry, and what they have to say now: an old 80% beside new points would contradict them."""
    results = {entry.id: entry for result in evaluation.criteria for entry in result.entries}
    grids = {sheet.name: Grid.of(sheet) for sheet in book.sheets}
    heads = {
        name: {row: table for row, table in tables(grid).items() if table.section == "indicators"} for name, grid in grids.items()
    }
    rated = evaluation.record.assessments.indicators
    for position, given in enumerate(form.data.get("indicators", ()), start=1):
        name = given.get("id", f"i{position}")
        place, entry = form.places.get(("indicators", position - 1)), results.get(name)
        above = [] if place is None or form.layout != "published" else [row for row in heads[place.sheet] if row < place.row]
        if place is None or entry is None or not above:
            continue
        table, grid = heads[place.sheet][max(above)], grids[place.sheet]
        for column in grid.rows[place.row]:
            what = next(
                (text for row in range(table.first, table.last + 1) if (text := grid.text(row, column)) in _FOLLOWING), ""
            )
            if what == "扣分":
                yield Place(place.sheet, place.row, column), what, entry.exact_weight - entry.exact_points
            elif what and entry.exact_weight and not (what == "得分率" and name in rated):
                yield Place(place.sheet, place.row, column), what, divide(entry.exact_points, entry.exact_weight)


def _follow(ws: Any, place: Place, what: str, value: Exact) -> None:
    cell = ws.cell(place.row, place.column)
    before, after = cell.value, cell_number(value)
    if before in (None, "") or not _differs(_plain(before), after):
        return
    cell.value = after
    if "%" not in cell.number_format:
        cell.number_format = _format(after) if what == "扣分" or isinstance(before, int | float) else "0.00%"
    _comment(cell, messages.text("results.before", {"text": str(before)[:60]}))


def _plain(typed: object) -> object:
    """80% typed as text is 0.8."""
    text = str(typed).strip()
    try:
        return Decimal(text[:-1]) / 100 if text.endswith(("%", "％")) else typed
    except ArithmeticError:
        return typed


def _differs(before: object, after: object) -> bool:
    try:
        return Decimal(str(before)) != Decimal(str(after))
    except ArithmeticError:
        return str(before) != str(after)


def _comment(cell: Any, note: str) -> None:
    from openpyxl.comments import Comment

    if note:
        cell.comment = Comment(cell_text(note)[:2000], "indicator-rules", width=420, height=140)


def _title(book: Any, lang: Language) -> str:
    name = _say("sheet-form", lang)
    number = 2
    while name.casefold() in {title.casefold() for title in book.sheetnames}:
        name, number = f"{_say('sheet-form', lang)} ({number})", number + 1
    return name


# ---------------------------------------------------------------------------------------------------------------- our own sheet


class _Sheet:
    """Every group, criterion and entry in a row."""

    def __init__(self, ws: Any, evaluation: Evaluation, lang: Language) -> None:
        self.evaluation, self.lang = evaluation, lang
        self.explainer = Explainer(evaluation, lang)
        self.sheet = FormSheet(ws, (34, 16, 16, 9, 9, 70), None)

    def write(self) -> None:
        """The whole sheet."""
        sheet, evaluation, subject = self.sheet, self.evaluation, self.evaluation.record.subject
        sheet.title(messages.text("render.subject", {"name": subject.name, "year": subject.year}, self.lang))
        plan = evaluation.plan
        sheet.line(f"{plan.title.text(self.lang)} · {plan.family}@{plan.edition}")
        head = sheet.row
        for column, key in enumerate(("criterion", "target", "actual", "weight", "points", "why"), start=1):
            sheet.heading(head, column, _say(f"column-{key}", self.lang))
        sheet.row += 1
        self.tree(None, 0)
        if evaluation.exact_total is not None and evaluation.grade_position is not None:
            grade = plan.grade_labels[evaluation.grade_position].text(self.lang)
            self.row(_say("total", self.lang), plan.full_score, evaluation.exact_total, "")
            sheet.label(sheet.row, 1, _say("column-grade", self.lang))
            for column in range(2, 7):
                sheet.plain(sheet.row, column, grade if column == 5 else "", center=column == 5)
            sheet.row += 1
        if evaluation.findings:
            sheet.row += 1
            sheet.section(_say("findings", self.lang, count=len(evaluation.findings)))
            for finding in evaluation.findings:
                sheet.line(finding.text(self.lang))
        sheet.finish(frozen=head)
        sheet.ws.protection.sheet = False

    def tree(self, group: str | None, depth: int) -> None:
        for child in self.evaluation.groups:
            if child.group.parent == group:
                self.row("　" * depth + child.group.label.text(self.lang), child.exact_weight, child.exact_points, "")
                self.tree(child.id, depth + 1)
        for result in self.evaluation.criteria:
            if result.criterion.group == group:
                self.criterion(result, depth)

    def criterion(self, result: CriterionResult, depth: int) -> None:
        entries = [self.explainer.entry(result, entry) for entry in result.entries if self.explainer.fell_short(entry)]
        why = "\n".join(reason for reason in self.explainer.reasons(result) if reason not in entries)
        self.row("　" * depth + result.criterion.label.text(self.lang), result.exact_weight, result.exact_points, why)
        for entry in result.entries:
            why = self.explainer.entry(result, entry) if self.explainer.fell_short(entry) else ""
            words = (_typed(entry.target, entry.indicator.unit), _typed(entry.actual, entry.indicator.unit))
            self.row("　" * (depth + 1) + entry.name, entry.exact_weight, entry.exact_points, why, words)

    def row(self, label: str, weight: Exact, points: Exact, why: str, words: tuple[str, str] = ("", "")) -> None:
        """A line: what, target and actual value, weight, points, why."""
        sheet, row = self.sheet, self.sheet.row
        sheet.label(row, 1, label)
        for column, value in ((2, words[0]), (3, words[1]), (6, why)):
            sheet.plain(row, column, value)
        for column, number in ((4, weight), (5, points)):
            sheet.plain(row, column, "", center=True)
            shown = cell_number(number)
            sheet.ws.cell(row, column).value = shown
            sheet.ws.cell(row, column).number_format = _format(shown)
        if points < weight:
            _comment(sheet.ws.cell(row, 5), why)
        sheet.fit(row)
        sheet.row += 1


def _typed(text: str | None, unit: str | None) -> str:
    """A value as it was typed, with the unit that stands in a column of its own."""
    if not text or not unit:
        return text or ""
    try:
        read = quantity.parse(text)
    except QuantityError:
        return text
    return text + unit if read.number is not None and read.unit is None else text
