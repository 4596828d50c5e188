"""The results of many records as one workbook: how many and which grades, a row for each record, a row for each loss, and what is to be mended.

In: `Scored` records one after the other, a language. Out: the bytes of a .xlsx file. Points are numbers, exact but for fractions without end (12 decimals; of a loss, the
fraction stands beside as text); everything else is text, whatever it begins with. Rows go to disk as they come: memory does not grow with them.

Raises: RecordError where openpyxl is not installed.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Self, TypeAlias

from indicator_rules import messages
from indicator_rules.cell_text import cell_number, cell_text, is_taken_for_more
from indicator_rules.errors import Problem, RecordError, Where, path_text
from indicator_rules.evaluation import Evaluation
from indicator_rules.exact import Exact, divide, to_text
from indicator_rules.excel.workbook import address
from indicator_rules.messages import Language
from indicator_rules.plan import Plan
from indicator_rules.reading import Reading
from indicator_rules.results.results import Scored, losses

MOST_ROWS = 1_000_000
"""Of a sheet; what comes then goes to a further one."""
LONGEST_TITLE = 31
Content: TypeAlias = "str | Exact | None"


def results_workbook(scored: Iterable[Scored], lang: Language | None = None) -> bytes:
    """The workbook of all results."""
    with ResultsWorkbook(lang) as results:
        for one in scored:
            results.add(one)
        return results.content()


class ResultsWorkbook:
    """One workbook in the making: `add` each record, then take the `content`."""

    def __init__(self, lang: Language | None = None) -> None:
        try:
            import openpyxl
        except ImportError:
            raise RecordError([Problem("excel-not-installed", Where())]) from None
        self.lang = lang or messages.language()
        self.book = openpyxl.Workbook(write_only=True)
        self.scored = self.refused = 0
        self.rulesets: dict[str, _Ruleset] = {}
        self.losses = _Table(self.book, self.say("sheet-losses"), *self._heads(
            ("file", 24), ("subject", 28), ("criterion", 24), ("entry", 24), ("lost", 8), ("exact", 10), ("why", 80), ("clause", 40), ("code", 28)))  # fmt: skip
        self.fixes = _Table(self.book, self.say("sheet-fixes"), *self._heads(
            ("severity", 8), ("file", 24), ("sheet", 16), ("cell", 10), ("message", 60), ("hint", 44), ("place", 30), ("code", 24)))  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Sheets that are given up half-way are closed, so that openpyxl does not complain when they go."""
        for ws in self.book.worksheets:
            if not ws.closed:
                ws.close()

    def say(self, key: str, **values: object) -> str:
        return messages.text(f"results.{key}", values, self.lang)

    def _heads(self, *columns: tuple[str, int]) -> tuple[list[str], list[int]]:
        return [self.say(f"column-{key}") for key, _ in columns], [size for _, size in columns]

    # ------------------------------------------------------------------------------------------------------------- one by one

    def add(self, one: Scored) -> None:
        """A record, its losses and its problems."""
        for problem in one.problems:
            self.fixes.add(_problem(problem, self.say(f"severity-{problem.severity}"), self.lang))
        if one.evaluation is None:
            self.refused += 1
            return
        self.scored += 1
        self._ruleset(one.evaluation.plan).add(one.reading, one.evaluation)
        for loss in losses(one.evaluation, self.lang):
            exact = None if cell_number(loss.exact_lost) == loss.exact_lost else to_text(loss.exact_lost)
            label = loss.result.criterion.label.text(self.lang)
            entry = loss.entry and loss.entry.name
            subject = one.evaluation.record.subject.name
            self.losses.add(
                (one.reading.source, subject, label, entry, loss.exact_lost, exact, loss.sentence, loss.clause, loss.code)
            )

    def _ruleset(self, plan: Plan) -> _Ruleset:
        name = f"{plan.family}@{plan.edition}"
        if name not in self.rulesets:
            labels = [criterion.label.text(self.lang) for criterion in plan.criteria]
            heads, sizes = self._heads(("file", 24), ("subject", 28), ("unit", 20), ("year", 6), ("total", 8), ("grade", 8))
            title = _title(self.say("sheet-scores", ruleset=name), self.book.sheetnames)
            table = _Table(self.book, title, heads + labels, sizes + [10] * len(labels), place=len(self.rulesets))
            self.rulesets[name] = _Ruleset(name, plan, table, self.lang)
        return self.rulesets[name]

    # ------------------------------------------------------------------------------------------------------------------ all

    def content(self) -> bytes:
        """The bytes of the file."""
        summary = _Table(
            self.book, self.say("sheet-summary"), *self._heads(("ruleset", 36), ("what", 24), ("count", 12)), place=0
        )
        summary.add((None, self.say("scored"), self.scored))
        summary.add((None, self.say("refused"), self.refused))
        summary.add((None, self.say("to-fix"), self.fixes.count))
        for ruleset in self.rulesets.values():
            for what, number in ruleset.summary():
                summary.add((ruleset.name, self.say(what), number))
            for label in ruleset.plan.grade_labels:
                summary.add((ruleset.name, label.text(self.lang), ruleset.grades[label.text(self.lang)]))
            ruleset.table.finish()
        for table in (summary, self.losses, self.fixes):
            table.finish()
        stream = io.BytesIO()
        self.book.save(stream)
        return stream.getvalue()


class _Ruleset:
    """The records that one ruleset scored."""

    def __init__(self, name: str, plan: Plan, table: _Table, lang: Language) -> None:
        self.name, self.plan, self.table, self.lang = name, plan, table, lang
        self.grades: Counter[str] = Counter()
        self.totals = 0
        self.sum: Exact = 0
        self.least: Exact | None = None
        self.most: Exact | None = None

    def add(self, reading: Reading, evaluation: Evaluation) -> None:
        total, subject = evaluation.exact_total, evaluation.record.subject
        if total is not None:
            self.totals += 1
            self.sum += total
            self.least = total if self.least is None else min(self.least, total)
            self.most = total if self.most is None else max(self.most, total)
        position = evaluation.grade_position
        grade = None if position is None else self.plan.grade_labels[position].text(self.lang)
        self.grades.update([grade] if grade else [])
        points = (result.exact_points for result in evaluation.criteria)
        self.table.add((reading.source, subject.name, subject.unit, subject.year, total, grade, *points))

    def summary(self) -> Iterable[tuple[str, Exact | None]]:
        """What can be said of all totals."""
        mean = divide(self.sum, self.totals) if self.totals else None
        return (("records", self.table.count), ("mean", mean), ("most", self.most), ("least", self.least))


class _Table:
    """A sheet with headings, written from the top down."""

    def __init__(self, book: Any, title: str, heads: Sequence[str], sizes: Sequence[int], *, place: int | None = None) -> None:
        self.book, self.title, self.heads, self.sizes, self.place = book, title, heads, sizes, place
        self.count = self.rows = 0
        self.begin(title, place)

    def begin(self, title: str, place: int | None) -> None:
        """A new sheet."""
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Alignment, Font, PatternFill

        self.ws = self.book.create_sheet(title, place)
        for column, size in enumerate(self.sizes, start=1):
            self.ws.column_dimensions[address(1, column)[:-1]].width = size
        self.ws.freeze_panes = "A2"
        head = []
        for label in self.heads:
            cell = WriteOnlyCell(self.ws, cell_text(label))
            cell.data_type = "s"
            cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="D9E2EC")
            cell.alignment = Alignment(wrap_text=True, vertical="center")
            head.append(cell)
        self.ws.append(head)
        self.rows = 1

    def add(self, row: Sequence[Content]) -> None:
        """A row below."""
        if self.rows >= MOST_ROWS:
            self.finish()
            self.begin(_title(self.title, self.book.sheetnames), None)
        self.ws.append([self._cell(value) for value in row])
        self.rows += 1
        self.count += 1

    def _cell(self, value: Content) -> Any:
        if isinstance(value, str):
            text = cell_text(value)
            return _text_cell(self.ws, text) if is_taken_for_more(text) else text
        return value if value is None or isinstance(value, int) else cell_number(value)

    def finish(self) -> None:
        """What is known only at the end."""
        self.ws.auto_filter.ref = f"A1:{address(max(self.rows, 1), len(self.heads))}"


def _text_cell(ws: Any, text: str) -> Any:
    """A text that stays one, also when somebody edits the cell."""
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(ws, text)
    cell.data_type = "s"
    cell.quotePrefix = True
    return cell


def _problem(problem: Problem, severity: str, lang: Language) -> Sequence[Content]:
    where = problem.where
    place = f"{where.line}:{where.column or 1}" if where.line is not None else ""
    path = " ".join(part for part in (place, path_text(where.path)) if part)
    return (severity, where.file, where.sheet, where.cell, problem.message(lang), problem.hint(lang), path, problem.code)


def _title(wanted: str, taken: Sequence[str]) -> str:
    """A name that a sheet may have: short, without signs that Excel refuses, and not given yet."""
    name = re.sub(r"[\[\]:*?/\\']", "-", cell_text(wanted))[:LONGEST_TITLE]
    known = {title.casefold() for title in taken}
    number = 2
    title = name
    while title.casefold() in known:
        end = f" ({number})"
        title, number = name[: LONGEST_TITLE - len(end)] + end, number + 1
    return title
