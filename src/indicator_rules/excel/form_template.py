"""A form to fill in for one ruleset, as an Excel workbook: what the ruleset reads, where it is to be written, and what each rule says.

In: a ruleset and its plan, a language. Out: the bytes of a .xlsx file, A4, headings protected (without a password), drop-downs where there is a choice. Every cell to fill in
carries a defined name (`form_named`), so reading it back is exact. Cells for targets and actual values are text cells: Excel leaves `9-10次`, `=100%` and `2023年11月`
as they are typed.

Raises: RecordError where openpyxl is not installed.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from indicator_rules import messages, rubric
from indicator_rules import plan as plans
from indicator_rules.errors import Problem, RecordError, Where
from indicator_rules.exact import to_text
from indicator_rules.excel.form_columns import Column, by_person, entry_columns, field_column, field_input, wide_enough
from indicator_rules.excel.form_fields import AMOUNTS, FUNDS, GOALS, MONEY_UNIT, SUBJECT, TEXTS, Field
from indicator_rules.excel.form_labels import KINDS, YES_NO, label
from indicator_rules.excel.form_named import COLUMN, PREFIX, ROW, ROWS, RULESET
from indicator_rules.excel.form_sheet import Choices, FormSheet, Input, named
from indicator_rules.expression import Ref
from indicator_rules.inputs import inputs
from indicator_rules.messages import Language
from indicator_rules.ruleset import Ruleset
from indicator_rules.spec import Grade

MOST_PREPARED = {"funds": 6, "goals": 4, "indicators": 60}


def template(ruleset: Ruleset, plan: plans.Plan, lang: Language | None = None) -> bytes:
    """The form for a ruleset, ready to be saved as .xlsx."""
    try:
        import openpyxl
    except ImportError:
        raise RecordError([Problem("excel-not-installed", Where())]) from None
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    _Template(ruleset, plan, lang or messages.language(), book).write()
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


class _Template:
    """One workbook in the making."""

    def __init__(self, ruleset: Ruleset, plan: plans.Plan, lang: Language, book: Any) -> None:
        self.spec, self.plan, self.lang, self.book = ruleset.spec, plan, lang, book
        self.choices = Choices(book)
        self.read_by = {one.path: one.read_by for one in inputs(ruleset, plan)}
        refs = {part.path for formula in ruleset.formulas.values() for part in formula.node.walk() if isinstance(part, Ref)}
        self.entry_reads = {path.removeprefix("entry.") for path in refs if path.startswith("entry.")}

    def say(self, key: str, **values: object) -> str:
        return messages.text(f"form.{key}", values, self.lang)

    def write(self) -> None:
        self.project()
        if any(criterion.entries for criterion in self.plan.criteria) or any(
            path.startswith("indicators") for path in self.read_by
        ):
            self.indicators()  # a sheet that no rule reads would be filled in for nothing
        if self.plan.questions:
            self.questions()
        self.criteria()
        self.report()
        self.notes()
        self.choices.finish()
        self.book.calculation.fullCalcOnLoad = False

    def sheet(self, key: str, widths: Sequence[int]) -> FormSheet:
        sheet = FormSheet(self.book.create_sheet(self.say(f"sheet-{key}")), widths, self.choices, self.lang)
        sheet.title(self.spec.ruleset.title.text(self.lang))
        sheet.line(self.say("made-for", name=f"{self.plan.family}@{self.plan.edition}") + self.say(f"lead-{key}"))
        return sheet

    def name(self, field: str, sheet: FormSheet, row: int, column: int) -> None:
        named(self.book, PREFIX + field, sheet.ws, (row, column, row, column))

    def table(
        self,
        section: str,
        sheet: FormSheet,
        columns: Sequence[Column],
        *,
        notes: dict[str, str] | None = None,
        height: float = 20,
    ) -> None:
        """Headings and blank rows to fill in."""
        head, place = sheet.row, 1
        last = head + MOST_PREPARED[section]
        for column in columns:
            end = place + column.span - 1
            sheet.heading(head, place, column.label, (notes or {}).get(column.path))
            for row in range(head, last + 1 if end > place else head):
                sheet.merge(row, place, end)
            named(self.book, COLUMN + section + "." + column.path.replace("*", ROW), sheet.ws, (head, place, head, place))
            sheet.inputs((head + 1, place, last, end), column.input, height=height)
            place = end + 1
        sheet.fit(head)
        named(self.book, ROWS + section, sheet.ws, (head + 1, 1, last, place - 1))
        sheet.row = last + 2

    # --------------------------------------------------------------------------------------------------------------- sheets

    def project(self) -> None:
        """评价对象、预算、资金来源、总体目标."""
        sheet = self.sheet("project", (16, 16, *([11] * 9)))
        named(self.book, RULESET, sheet.ws, (2, 1, 2, 1))
        sheet.section(self.say("part-subject"))
        for place, one in enumerate(SUBJECT):
            if place % 2 == 0:
                self.pair(sheet, one, (1, 1), (2, 5))
            else:
                self.pair(sheet, one, (6, 7), (8, 11))
                sheet.fit(sheet.row)
                sheet.row += 1
        kinds = self.spec.ruleset.applies.subjects
        if len(kinds) == 1:
            self.value_of(sheet, "subject.kind", kinds[0] if self.lang == "en" else KINDS[kinds[0]])
        if len(years := self.spec.ruleset.applies.years.only) == 1:
            self.value_of(sheet, "subject.year", years[0])
        sheet.row += 2
        sheet.section(self.say("part-budget"))
        self.pair(sheet, MONEY_UNIT, (1, 1), (2, 2))
        sheet.row += 1
        for row, say, put in ((sheet.row, "amounts", sheet.heading), (sheet.row + 1, "whole", sheet.label)):
            put(row, 1, self.say(say))
            put(row, 2, "")
            sheet.merge(row, 1, 2)
        for place, one in enumerate(AMOUNTS, start=3):
            sheet.heading(sheet.row, place, self.marked(one))
            sheet.inputs((sheet.row + 1, place, sheet.row + 1, place), Input("money", signed=one.path.endswith("added")))
            self.name(one.path, sheet, sheet.row + 1, place)
        sheet.fit(sheet.row)
        sheet.row += 3
        sheet.section(self.say("part-funds"))
        self.table("funds", sheet, [field_column(one.path, 12, self.lang) for one in FUNDS if one.path != "funds.*.unit"])
        sheet.section(self.say("part-goals"))
        spans = {"goals.*.planned": 5, "goals.*.achieved": 4}
        goals = [field_column(one.path, 12, self.lang)._replace(span=spans.get(one.path, 1)) for one in GOALS]
        self.table("goals", sheet, goals, height=45)
        sheet.finish(frozen=2, pages_high=1)

    def value_of(self, sheet: FormSheet, path: str, value: str | int) -> None:
        """Fill in what the ruleset settles."""
        target = self.book.defined_names[PREFIX + path].attr_text.rpartition("!")[2].replace("$", "")
        sheet.ws[target] = value

    def pair(self, sheet: FormSheet, one: Field, label_at: tuple[int, int], cell_at: tuple[int, int]) -> None:
        """A label and the cell beside it, each from column to column."""
        sheet.label(sheet.row, label_at[0], self.marked(one))
        for column in range(label_at[0] + 1, label_at[1] + 1):
            sheet.label(sheet.row, column, "")
        sheet.merge(sheet.row, *label_at)
        sheet.merge(sheet.row, *cell_at)
        sheet.inputs((sheet.row, cell_at[0], sheet.row, cell_at[1]), field_input(one, self.lang))
        self.name(one.path, sheet, sheet.row, cell_at[0])

    def marked(self, one: Field) -> str:
        """A label; with a star if the ruleset reads it."""
        needed = {"subject.name", "subject.kind", "subject.year", "budget.unit"}
        return label(one.path, self.lang) + ("*" if one.path in self.read_by or one.path in needed else "")

    def indicators(self) -> None:
        """绩效指标, one row an entry, with the columns that the ruleset can make use of."""
        columns = list(entry_columns(self.plan, self.entry_reads, self.lang))
        sheet = self.sheet("indicators", [column.width for column in columns])
        rules = [
            row for row, criterion in zip(rubric.rows(self.spec, self.lang), self.plan.criteria, strict=True) if criterion.entries
        ]
        for row in rules:
            sheet.line(f"{row.third}（{row.weight}）：{row.standard}")
        sheet.row += 1
        head = sheet.row
        self.table(
            "indicators",
            sheet,
            columns,
            notes={"indicators.*.target": self.say("how-target"), "indicators.*.level": self.say("how-level")},
            height=18,  # all of them on two pages
        )
        sheet.finish(frozen=head, rows_may_be_added=True)

    def questions(self) -> None:
        """核查事项: what the rubric asks beside the indicators."""
        sheet = self.sheet("questions", (30, 16, 12, 34, 36))
        labels = {one.id: one.label.text(self.lang) for one in self.plan.criteria}
        texts = dict(zip(labels, rubric.rows(self.spec, self.lang), strict=True))
        head = sheet.row
        for place, key in enumerate(("question", "answer", "type", "meaning", "used-by"), start=1):
            sheet.heading(head, place, self.say(f"column-{key}"))
        sheet.fit(head)
        for question in self.plan.questions:
            sheet.row += 1
            readers = self.read_by.get(f"answers.{question.id}", ())
            rules = "\n".join(f"{labels[one]}：{texts[one].standard}" for one in readers)
            sheet.label(sheet.row, 1, question.label.text(self.lang), rules)
            sheet.inputs((sheet.row, 2, sheet.row, 2), _answer(question, self.lang))
            self.name(f"answers.{question.id}", sheet, sheet.row, 2)
            of = messages.text(f"rubric.type-{question.of}", {}, self.lang) if question.of else ""
            kind = messages.text(f"rubric.type-{question.type}", {"of": of}, self.lang)
            # On paper there is no list to choose from.
            sheet.plain(sheet.row, 3, f"{kind}：{self.say('comma').join(question.choices)}" if question.choices else kind)
            how = self.say("how-series") if question.type == "series" else None
            sheet.plain(sheet.row, 4, "\n".join(filter(None, (how, self.spec.inputs[question.id].notes))))
            sheet.plain(sheet.row, 5, self.say("comma").join(labels[one] for one in readers))
            sheet.fit(sheet.row)
        sheet.finish(frozen=head)

    def criteria(self) -> None:
        """各项指标: the rubric, what a person gives where a rule leaves it to one, and the points claimed."""
        heads = (("group", 12), ("criterion", 16), ("weight", 7), ("standard", 42), ("assessed-points", 7), ("assessed-share", 7), ("assessed-level", 8),
                 ("assessed-reason", 11), ("assessed-by", 7), ("declared", 7), ("declared-reason", 11), ("deducted", 6), ("deducted-reason", 9),
                 ("not-applicable", 9))  # fmt: skip
        labels = [self.say(f"column-{key}") for key, _ in heads]
        sheet = self.sheet(
            "criteria", [wide_enough(text, size, self.lang) for text, (_, size) in zip(labels, heads, strict=True)]
        )
        head = sheet.row
        for place, text in enumerate(labels, start=1):
            sheet.heading(head, place, text)
        sheet.fit(head)
        for criterion, row in zip(self.plan.criteria, rubric.rows(self.spec, self.lang), strict=True):
            sheet.row += 1
            note = "\n".join(part for part in (row.definition, row.points_to_check) if part)
            sheet.plain(sheet.row, 1, " / ".join(part for part in (row.first, row.second) if part))
            sheet.label(sheet.row, 2, row.third, note)
            sheet.plain(sheet.row, 3, row.weight, center=True)
            sheet.plain(sheet.row, 4, row.standard)
            self.person(sheet, criterion)
            for column, path, given in (
                (10, f"declared.criteria.{criterion.id}", Input("number", signed=True)),
                (11, f"declared.reasons.criteria.{criterion.id}", Input("text")),
                (12, f"deductions.criteria.{criterion.id}.points", Input("number")),
                (13, f"deductions.criteria.{criterion.id}.reason", Input("text")),
                (14, f"not_applicable.criteria.{criterion.id}", Input("text")),
            ):
                sheet.inputs((sheet.row, column, sheet.row, column), given)
                self.name(path, sheet, sheet.row, column)
            sheet.fit(sheet.row)
        for path, key, given in (
            ("declared.total", "declared-total", Input("number", signed=True)),
            ("declared.grade", "declared-grade", Input("choice", tuple(grade.label.zh for grade in self.spec.grades))),
            ("declared.by", "declared-by", Input("text")),
            ("deductions.total.points", "deducted-total", Input("number")),
            ("deductions.total.reason", "deducted-total-reason", Input("text")),
        ):
            sheet.row += 1
            sheet.label(sheet.row, 8, self.say(key))
            sheet.label(sheet.row, 9, "")
            sheet.merge(sheet.row, 8, 9)
            sheet.merge(sheet.row, 10, 12)
            sheet.inputs((sheet.row, 10, sheet.row, 12), given)
            self.name(path, sheet, sheet.row, 10)
        sheet.finish(frozen=head)

    def person(self, sheet: FormSheet, criterion: plans.Criterion) -> None:
        """The cells for what a person gives, open only where the rule leaves something to one."""
        mine = criterion.entries is None and by_person(criterion.scale)
        levels = tuple(str(label.text("zh")) for _, label in criterion.scale.labels) if criterion.scale.levels else ()
        base = f"assessments.criteria.{criterion.id}."
        given = (
            Input("number"),
            Input("share"),
            Input("choice", levels) if levels else Input("text"),
            Input("text"),
            Input("text"),
        )
        for place, (key, one) in enumerate(zip(("points", "share", "level", "reason", "by"), given, strict=True), start=5):
            if mine and (key != "level" or levels):
                sheet.inputs((sheet.row, place, sheet.row, place), one)
                self.name(base + key, sheet, sheet.row, place)
            else:
                sheet.closed(sheet.row, place)

    def report(self) -> None:
        """报告正文."""
        sheet = self.sheet("report", (18, 100))
        for one in TEXTS:
            sheet.label(sheet.row, 1, label(one.path, self.lang))
            sheet.inputs((sheet.row, 2, sheet.row, 2), Input("text"), height=60)
            self.name(one.path, sheet, sheet.row, 2)
            sheet.row += 1
        sheet.finish(frozen=2)

    def notes(self) -> None:
        """填表说明."""
        sheet = self.sheet("notes", (118,))
        for number in range(1, 9):
            sheet.line(self.say(f"note-{number}"))
        grades = self.say("comma").join(_grade(grade) for grade in self.spec.grades)
        sheet.line(self.say("note-grades", full=to_text(self.plan.full_score), grades=grades))
        for line in (self.spec.ruleset.notes or "").strip().splitlines():
            if line.strip():
                sheet.line(line.strip())
        sheet.finish(frozen=2)


def _answer(question: plans.Question, lang: Language) -> Input:
    kinds = {"count": Input("count"), "amount": Input("any"), "number": Input("any"), "date": Input("day")}
    if question.type == "yes-no":
        return Input("choice", YES_NO[lang])
    return Input("choice", question.choices) if question.type == "choice" else kinds.get(question.type, Input("text"))


def _grade(grade: Grade) -> str:
    cut = grade.at_least if grade.at_least is not None else grade.above
    return str(grade.label) + ("" if cut is None else f" {'≥' if grade.at_least is not None else '>'} {cut}")
