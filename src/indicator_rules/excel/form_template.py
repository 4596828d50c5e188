"""A form to fill in for one ruleset, as an Excel workbook: what the ruleset reads, where it is to be written, and what each rule says.

In: a ruleset and its plan, a language. Out: the bytes of a .xlsx file, A4, headings protected (without a password), drop-downs where there is a choice. Every cell to fill in
carries a defined name (`form_named`), so reading it back is exact. Cells for targets and actual values are text cells: Excel leaves `9-10次`, `=100%` and `2023年11月`
as they are typed.

Raises: RecordError where openpyxl is not installed.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from indicator_rules import messages, rubric
from indicator_rules import plan as plans
from indicator_rules.errors import Problem, RecordError, Where
from indicator_rules.exact import to_text
from indicator_rules.excel.form_fields import AMOUNTS, FIELDS, FUNDS, GOALS, MONEY_UNIT, SUBJECT, TEXTS, Field
from indicator_rules.excel.form_named import COLUMN, PREFIX, ROW, ROWS, RULESET
from indicator_rules.excel.form_sheet import Choices, FormSheet, Input, named
from indicator_rules.expression import Ref
from indicator_rules.inputs import inputs
from indicator_rules.messages import Language
from indicator_rules.record_fields import CATEGORIES
from indicator_rules.ruleset import Ruleset
from indicator_rules.spec import Grade

MOST_PREPARED = {"funds": 6, "goals": 4, "indicators": 60}
KINDS = {"project": "项目", "department": "部门整体", "transfer": "转移支付"}
CATEGORY_NAMES = {
    "output": "产出", "output.quantity": "产出/数量", "output.quality": "产出/质量", "output.timeliness": "产出/时效", "output.cost": "产出/成本",
    "cost": "成本", "cost.economic": "成本/经济成本", "cost.social": "成本/社会成本", "cost.ecological": "成本/生态环境成本",
    "benefit": "效益", "benefit.economic": "效益/经济效益", "benefit.social": "效益/社会效益", "benefit.ecological": "效益/生态效益",
    "benefit.sustainable": "效益/可持续影响", "satisfaction": "满意度",
}  # fmt: skip
_CHOICES: dict[str, tuple[str, ...]] = {
    "subject.kind": tuple(KINDS.values()),
    "subject.project_type": ("新增", "延续", "一次性", "经常性"),
    "budget.unit": ("元", "千元", "万元", "亿元"),
    "funds.*.source": ("中央", "省级", "市级", "县级", "上年结转", "其他"),
    "indicators.*.direction": ("≥", "≤", "=", ">", "<", "定性", "时限"),
    "indicators.*.key": ("是",),
}


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


class _Column(NamedTuple):
    """A column of a table: its field, what heads it, how wide it is."""

    path: str
    label: str
    width: int
    input: Input


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
        self.indicators()
        if self.plan.questions:
            self.questions()
        self.criteria()
        self.report()
        self.notes()
        self.choices.finish()
        self.book.calculation.fullCalcOnLoad = False

    def sheet(self, key: str, widths: Sequence[int]) -> FormSheet:
        sheet = FormSheet(self.book.create_sheet(self.say(f"sheet-{key}")), widths, self.choices)
        sheet.title(self.spec.ruleset.title.text(self.lang))
        sheet.line(self.say("made-for", name=f"{self.plan.family}@{self.plan.edition}") + self.say(f"lead-{key}"))
        return sheet

    def name(self, field: str, sheet: FormSheet, row: int, column: int) -> None:
        named(self.book, PREFIX + field, sheet.ws, (row, column, row, column))

    def table(self, section: str, sheet: FormSheet, columns: Sequence[_Column], *, notes: dict[str, str] | None = None) -> None:
        """Headings and blank rows to fill in."""
        head = sheet.row
        for place, column in enumerate(columns, start=1):
            sheet.heading(head, place, column.label, (notes or {}).get(column.path))
            named(self.book, COLUMN + section + "." + column.path.replace("*", ROW), sheet.ws, (head, place, head, place))
        sheet.fit(head)
        last = head + MOST_PREPARED[section]
        for place, column in enumerate(columns, start=1):
            sheet.inputs((head + 1, place, last, place), column.input)
        named(self.book, ROWS + section, sheet.ws, (head + 1, 1, last, len(columns)))
        sheet.row = last + 2

    # --------------------------------------------------------------------------------------------------------------- sheets

    def project(self) -> None:
        """评价对象、预算、资金来源、总体目标."""
        sheet = self.sheet("project", (16, 16, *([11] * 9)))
        named(self.book, RULESET, sheet.ws, (2, 1, 2, 1))
        sheet.section(self.say("part-subject"))
        for place, one in enumerate(SUBJECT):
            column = 1 if place % 2 == 0 else 6
            self.pair(sheet, one, column, 4)
            sheet.row += place % 2
        kinds = self.spec.ruleset.applies.subjects
        if len(kinds) == 1:
            self.value_of(sheet, "subject.kind", KINDS[kinds[0]])
        if len(years := self.spec.ruleset.applies.years.only) == 1:
            self.value_of(sheet, "subject.year", years[0])
        sheet.row += 2
        sheet.section(self.say("part-budget"))
        self.pair(sheet, MONEY_UNIT, 1, 1)
        sheet.row += 1
        for place, label in enumerate((self.say("amounts"), ""), start=1):
            sheet.heading(sheet.row, place, label)
        for place, one in enumerate(AMOUNTS, start=3):
            sheet.heading(sheet.row, place, self.marked(one))
            sheet.inputs((sheet.row + 1, place, sheet.row + 1, place), Input("money", signed=one.path.endswith("added")))
            self.name(one.path, sheet, sheet.row + 1, place)
        sheet.fit(sheet.row)
        sheet.label(sheet.row + 1, 1, self.say("whole"))
        sheet.label(sheet.row + 1, 2, "")
        sheet.row += 3
        sheet.section(self.say("part-funds"))
        self.table("funds", sheet, [self.column(one) for one in FUNDS if one.path != "funds.*.unit"])
        sheet.section(self.say("part-goals"))
        self.table("goals", sheet, [self.column(one) for one in GOALS])
        sheet.finish(frozen=2)

    def value_of(self, sheet: FormSheet, path: str, value: str | int) -> None:
        """Fill in what the ruleset settles."""
        target = self.book.defined_names[PREFIX + path].attr_text.rpartition("!")[2].replace("$", "")
        sheet.ws[target] = value

    def pair(self, sheet: FormSheet, one: Field, column: int, width: int) -> None:
        """A label and the cell beside it."""
        sheet.label(sheet.row, column, self.marked(one))
        sheet.merge(sheet.row, column + 1, column + width)
        sheet.inputs((sheet.row, column + 1, sheet.row, column + width), self.input(one))
        self.name(one.path, sheet, sheet.row, column + 1)

    def marked(self, one: Field) -> str:
        """A label; with a star if the ruleset reads it."""
        needed = {"subject.name", "subject.kind", "subject.year", "budget.unit"}
        return one.label + ("*" if one.path in self.read_by or one.path in needed else "")

    def input(self, one: Field) -> Input:
        choices = _CHOICES.get(one.path)
        return Input("choice", choices) if choices else Input(one.kind)

    def column(self, one: Field, width: int = 12) -> _Column:
        return _Column(one.path, one.label, width, self.input(one))

    def indicators(self) -> None:
        """绩效指标, one row an entry, with the columns that the ruleset can make use of."""
        columns = list(self.entry_columns())
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
        )
        sheet.finish(frozen=head, rows_may_be_added=True)

    def entry_columns(self) -> Iterable[_Column]:
        entries = [criterion.entries for criterion in self.plan.criteria if criterion.entries is not None]
        scales = [scale for one in entries for _, scale in one.scales]
        # What is said in words is rated by a person wherever no rule does.
        by_person = any(_by_person(scale) for scale in scales) or any(
            kind == "qualitative" for one in entries for kind, _ in one.scales
        )
        categories = [
            path
            for path in CATEGORIES
            if any(path == one or path.startswith(one + ".") for part in entries for one in part.categories)
        ]
        levels = list(dict.fromkeys(str(label.text("zh")) for scale in scales if scale.levels for _, label in scale.labels))
        yield self.column(FIELDS["indicators.*.id"], 8)
        yield _Column(
            "indicators.*.category", "指标类别*", 14, Input("choice", tuple(CATEGORY_NAMES[path] for path in categories))
        )
        yield _Column("indicators.*.name", "指标名称*", 24, Input("text"))
        yield self.column(FIELDS["indicators.*.direction"], 7)
        if "initial_target" in self.entry_reads:
            yield self.column(FIELDS["indicators.*.initial_target"], 12)
        yield _Column("indicators.*.target", "年度指标值*", 14, Input("quantity"))
        yield _Column("indicators.*.actual", "实际完成值*", 14, Input("quantity"))
        yield self.column(FIELDS["indicators.*.unit"], 8)
        if "prior" in self.entry_reads:
            yield self.column(FIELDS["indicators.*.prior"], 12)
        if any(one.weights != "equal" for one in entries):
            yield _Column("indicators.*.weight", "分值", 7, Input("number"))
        if levels or "level" in self.entry_reads:
            yield _Column("indicators.*.level", "达成程度", 10, Input("choice", tuple(levels)) if levels else Input("text"))
        if "satisfaction" in categories:
            yield self.column(FIELDS["indicators.*.counts.satisfied"], 8)
            yield self.column(FIELDS["indicators.*.counts.surveyed"], 8)
        if any(one.per_goal for one in entries):
            yield self.column(FIELDS["indicators.*.goal"], 8)
        if any(one.weights == "shared" for one in entries):
            yield self.column(FIELDS["indicators.*.part_of"], 8)
        if "key" in self.entry_reads:
            yield self.column(FIELDS["indicators.*.key"], 7)
        if by_person:
            yield _Column("assessments.indicators.*.points", "评定得分", 8, Input("number"))
            yield _Column("assessments.indicators.*.share", "或得分率", 8, Input("share"))
            yield _Column("assessments.indicators.*.reason", "评定理由", 14, Input("text"))
            yield _Column("assessments.indicators.*.by", "评价人", 8, Input("text"))
        yield _Column("declared.indicators.*", "自评得分", 8, Input("number", signed=True))
        yield self.column(FIELDS["indicators.*.reason"], 18)
        yield self.column(FIELDS["indicators.*.evidence"], 14)
        yield _Column("deductions.indicators.*.points", "人工扣分", 7, Input("number"))
        yield _Column("deductions.indicators.*.reason", "扣分理由", 10, Input("text"))
        yield _Column("not_applicable.indicators.*", "不适用的原因", 10, Input("text"))

    def questions(self) -> None:
        """核查事项: what the rubric asks beside the indicators."""
        sheet = self.sheet("questions", (30, 16, 14, 34, 42))
        labels = {one.id: one.label.text(self.lang) for one in self.plan.criteria}
        texts = dict(zip(labels, rubric.rows(self.spec, self.lang), strict=True))
        head = sheet.row
        for place, key in enumerate(("question", "answer", "type", "meaning", "used-by"), start=1):
            sheet.heading(head, place, self.say(f"column-{key}"))
        for question in self.plan.questions:
            sheet.row += 1
            readers = self.read_by.get(f"answers.{question.id}", ())
            rules = "\n".join(f"{labels[one]}：{texts[one].standard}" for one in readers)
            sheet.label(sheet.row, 1, question.label.text(self.lang), rules)
            sheet.inputs((sheet.row, 2, sheet.row, 2), _answer(question))
            self.name(f"answers.{question.id}", sheet, sheet.row, 2)
            of = messages.text(f"rubric.type-{question.of}", {}, self.lang) if question.of else ""
            sheet.plain(sheet.row, 3, messages.text(f"rubric.type-{question.type}", {"of": of}, self.lang))
            sheet.plain(sheet.row, 4, self.spec.inputs[question.id].notes or "")
            sheet.plain(sheet.row, 5, self.say("comma").join(labels[one] for one in readers))
            sheet.fit(sheet.row)
        sheet.finish(frozen=head)

    def criteria(self) -> None:
        """各项指标: the rubric, what a person gives where a rule leaves it to one, and the points claimed."""
        sheet = self.sheet("criteria", (12, 18, 9, 44, 9, 9, 11, 14, 9, 9, 13, 8, 11, 12))
        keys = ("group", "criterion", "weight", "standard", "assessed-points", "assessed-share", "assessed-level", "assessed-reason", "assessed-by",
                "declared", "declared-reason", "deducted", "deducted-reason", "not-applicable")  # fmt: skip
        head = sheet.row
        for place, key in enumerate(keys, start=1):
            sheet.heading(head, place, self.say(f"column-{key}"))
        sheet.fit(head)
        for criterion, row in zip(self.plan.criteria, rubric.rows(self.spec, self.lang), strict=True):
            sheet.row += 1
            note = "\n".join(part for part in (row.definition, row.points_to_check) if part)
            sheet.plain(sheet.row, 1, " / ".join(part for part in (row.first, row.second) if part))
            sheet.label(sheet.row, 2, row.third, note)
            sheet.plain(sheet.row, 3, row.weight)
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
            sheet.label(sheet.row, 9, self.say(key))
            sheet.inputs((sheet.row, 10, sheet.row, 10), given)
            self.name(path, sheet, sheet.row, 10)
        sheet.finish(frozen=head)

    def person(self, sheet: FormSheet, criterion: plans.Criterion) -> None:
        """The cells for what a person gives, open only where the rule leaves something to one."""
        mine = criterion.entries is None and _by_person(criterion.scale)
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
            sheet.label(sheet.row, 1, one.label)
            sheet.inputs((sheet.row, 2, sheet.row, 2), Input("text"))
            self.name(one.path, sheet, sheet.row, 2)
            sheet.ws.row_dimensions[sheet.row].height = 60
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


def _by_person(scale: plans.Scale) -> bool:
    return scale.by_person or any(_by_person(part.scale) for part in scale.parts)


def _answer(question: plans.Question) -> Input:
    kinds = {"count": Input("count"), "amount": Input("any"), "number": Input("any"), "date": Input("day")}
    if question.type == "yes-no":
        return Input("choice", ("是", "否"))
    return Input("choice", question.choices) if question.type == "choice" else kinds.get(question.type, Input("text"))


def _grade(grade: Grade) -> str:
    cut = grade.at_least if grade.at_least is not None else grade.above
    return str(grade.label) + ("" if cut is None else f" {'≥' if grade.at_least is not None else '>'} {cut}")
