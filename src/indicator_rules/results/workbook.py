"""The results of many records as one workbook: how many and which grades, a row for each record, a row for each loss, and what is to be mended.

In: `Scored` records one after the other, a language. Out: the bytes of a .xlsx file. Points are numbers, exact but for fractions without end (12 decimals; of a loss, the
fraction stands beside as text); everything else is text, whatever it begins with. Rows go to disk as they come: memory hardly grows with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

from indicator_rules import messages
from indicator_rules.cell_text import cell_number
from indicator_rules.errors import Problem, Where, path_text
from indicator_rules.evaluation import Evaluation, Finding
from indicator_rules.exact import Exact, divide, to_text
from indicator_rules.messages import Language
from indicator_rules.plan import Plan
from indicator_rules.reading import Reading
from indicator_rules.record import EvaluationRecord
from indicator_rules.results.results import Scored, losses
from indicator_rules.results.table_book import Column, Content, Table, TableBook


def results_workbook(scored: Iterable[Scored], lang: Language | None = None) -> bytes:
    """The workbook of all results."""
    with ResultsWorkbook(lang) as results:
        for one in scored:
            results.add(one)
        return results.content()


class ResultsWorkbook:
    """One workbook in the making: `add` each record, then take the `content`."""

    def __init__(self, lang: Language | None = None) -> None:
        self.lang = lang or messages.language()
        self.book = TableBook()
        self.scored = self.refused = 0
        self.rulesets: dict[str, _Ruleset] = {}
        self.files: dict[str, str] = {}
        """Name of a file → the first that has it."""
        self.losses = self._table("sheet-losses", ("file", 25), ("subject", 18), ("criterion", 16), ("entry", 18), ("lost", 8), ("exact", 9), ("why", 56),
                                  ("clause", 38), ("code", 22))  # fmt: skip
        self.fixes = self._table("sheet-fixes", ("severity", 8), ("file", 25), ("subject", 18), ("sheet", 10), ("cell", 7), ("message", 44), ("hint", 36), ("place", 20),
                                 ("code", 20))  # fmt: skip
        self.told = self._table("sheet-findings", ("file", 25), ("subject", 20), ("entry", 20), ("sheet", 11), ("cell", 7), ("finding", 62),
                                ("code", 26))  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.book.__exit__(*error)

    def say(self, key: str, **values: object) -> str:
        return messages.text(f"results.{key}", values, self.lang)

    def _heads(self, *columns: tuple[str, int]) -> list[Column]:
        return [(self.say(f"column-{key}"), size) for key, size in columns]

    def _table(self, title: str, *columns: tuple[str, int], place: int | None = None) -> Table:
        return self.book.table(self.say(title), self._heads(*columns), place=place)

    # ------------------------------------------------------------------------------------------------------------- one by one

    def add(self, one: Scored) -> None:
        """A record, its losses and its problems."""
        for problem in one.problems:
            self.fixes.add(self._problem(one.reading, problem))
        if one.evaluation is None:
            self.refused += 1
            return
        self.scored += 1
        for finding in one.evaluation.findings:
            self.told.add(self._finding(one.reading, one.evaluation.record, finding))
        self._ruleset(one.evaluation.plan).add(self._source(one.reading), one.evaluation)
        for loss in losses(one.evaluation, self.lang):
            exact = None if cell_number(loss.exact_lost) == loss.exact_lost else to_text(loss.exact_lost)
            label = loss.result.criterion.label.text(self.lang)
            entry = loss.entry and loss.entry.name
            subject = one.evaluation.record.subject.name
            self.losses.add(
                (self._source(one.reading), subject, label, entry, loss.exact_lost, exact, loss.sentence, loss.clause, loss.code)
            )

    def _source(self, reading: Reading) -> str:
        """The file's name and which of its records; with its folder, where two files have one name."""
        path = Path(reading.file)
        first = self.files.setdefault(path.name, reading.file)
        name = path.name if first == reading.file else f"{path.parent.name}/{path.name}"
        return f"{name}:{reading.name}" if reading.name else name

    def _problem(self, reading: Reading, problem: Problem) -> Sequence[Content]:
        where = problem.where
        place = f"{where.line}:{where.column or 1}" if where.line is not None else ""
        path = " ".join(part for part in (place, path_text(where.path)) if part)
        # A problem of a ruleset, or of another file that is read with this one, has that file.
        of_record = where.file in ("", reading.file)
        source = self._source(reading) if of_record or where.record else Path(where.file).name
        severity, subject = self.say(f"severity-{problem.severity}"), where.record or _subject(reading)
        message, hint = problem.message(self.lang), problem.hint(self.lang)
        return (severity, source, subject, where.sheet, where.cell, message, hint, path, problem.code)

    def _finding(self, reading: Reading, record: EvaluationRecord, finding: Finding) -> Sequence[Content]:
        """What does not bear on the points: at the cell of the entry that it is about, where a form has one."""
        cell, sheet = "", ""
        if reading.form is not None and finding.subject:
            where = Where(reading.file, ("declared", "indicators", finding.subject))
            (placed,) = reading.form.located([Problem(finding.code, where, {}, "info")])
            cell, sheet = placed.where.cell, placed.where.sheet
        entry = record.indicator_by_id.get(finding.subject)
        about = finding.subject if entry is None else entry.name
        return (self._source(reading), record.subject.name, about, sheet, cell, finding.text(self.lang), finding.code)

    def _ruleset(self, plan: Plan) -> _Ruleset:
        name = f"{plan.family}@{plan.edition}"
        if name not in self.rulesets:
            columns = self._heads(("file", 25), ("subject", 20), ("unit", 16), ("year", 6), ("total", 8), ("grade", 6))
            columns += [(criterion.label.text(self.lang), 8) for criterion in plan.criteria]
            table = self.book.table(self.say("sheet-scores", ruleset=name), columns, place=len(self.rulesets))
            self.rulesets[name] = _Ruleset(name, plan, table, self.lang)
        return self.rulesets[name]

    # ------------------------------------------------------------------------------------------------------------------ all

    def content(self) -> bytes:
        """The bytes of the file."""
        summary = self._table("sheet-summary", ("ruleset", 44), ("what", 30), ("count", 14), place=0)
        summary.add((None, self.say("scored"), self.scored))
        summary.add((None, self.say("refused"), self.refused))
        summary.add((None, self.say("to-fix"), self.fixes.count))
        summary.add((None, self.say("told"), self.told.count))
        for ruleset in self.rulesets.values():
            for what, number in ruleset.summary():
                summary.add((ruleset.name, self.say(what), number))
            for label in ruleset.plan.grade_labels:
                summary.add((ruleset.name, label.text(self.lang), ruleset.grades[label.text(self.lang)]))
        return self.book.content()


class _Ruleset:
    """The records that one ruleset scored."""

    def __init__(self, name: str, plan: Plan, table: Table, lang: Language) -> None:
        self.name, self.plan, self.table, self.lang = name, plan, table, lang
        self.grades: Counter[str] = Counter()
        self.totals = 0
        self.sum: Exact = 0
        self.least: Exact | None = None
        self.most: Exact | None = None

    def add(self, source: str, evaluation: Evaluation) -> None:
        total, subject = evaluation.exact_total, evaluation.record.subject
        if total is not None:
            self.totals += 1
            self.sum += total
            self.least = total if self.least is None else min(self.least, total)
            self.most = total if self.most is None else max(self.most, total)
        position = evaluation.grade_position
        grade = None if position is None else self.plan.grade_labels[position].text(self.lang)
        self.grades.update([grade] if grade else [])
        points = (None if result.row == "out_of_force" else result.exact_points for result in evaluation.criteria)
        self.table.add((source, subject.name, subject.unit, subject.year, total, grade, *points))

    def summary(self) -> Iterable[tuple[str, Exact | None]]:
        """What can be said of all totals."""
        mean = divide(self.sum, self.totals) if self.totals else None
        return (("records", self.table.count), ("mean", mean), ("most", self.most), ("least", self.least))


def _subject(reading: Reading) -> str:
    """Who a record is about, as far as it says."""
    if reading.found is not None:
        return reading.found.subject.name
    return str(reading.form.data.get("subject", {}).get("name", "")) if reading.form is not None else ""
