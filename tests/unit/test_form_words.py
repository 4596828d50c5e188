"""What a clerk is told about a form: in the words of the form, at the cell that is at fault, with what to do there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

import indicator_rules as ir
from forms.small_form import HEADS, form, read
from indicator_rules.cli.commands import commands
from indicator_rules.excel.form_columns import entry_columns
from indicator_rules.excel.form_fields import heading
from indicator_rules.excel.form_layout import _INDICATOR_HEADS
from indicator_rules.reading import reading

OF_2020, OF_2021 = "mof-project-self-evaluation@2020", "mof-project-self-evaluation@2021"
ROWS: list[list[Any]] = [
    ["产出指标", "数量指标", "培训", "≥10场", "10场", 50, 50],
    ["效益指标", "社会效益指标", "收入", "≥10万元", "10万元", 30, 30],
    ["满意度指标", "服务对象满意度指标", "学员满意度", "≥90%", "95%", 10, 10],
]
TOTAL: list[Any] = ["总分", None, None, None, None, 100, 99]


def told(path: Path, ruleset: str) -> list[ir.Problem]:
    with pytest.raises(ir.RecordError) as error:
        ir.load(ruleset).evaluate(path)
    for one in error.value.problems:
        assert one.where.file == str(path)
        text = one.describe("zh").partition(": ")[2].rpartition("[")[0] + (one.hint("zh") or "")
        for word in ("answers.", "assessments", "direction =", "Unreadable", " level", "share", "points"):
            assert word not in one.message("zh") + (one.hint("zh") or ""), text
        assert one.describe("en")
    return list(error.value.problems)


def places(problems: list[ir.Problem]) -> list[tuple[str, str]]:
    return [(one.code, one.where.cell) for one in problems]


# ----------------------------------------------------------------------------------------------- answers on a published form


def test_an_answer_that_is_missing_is_asked_for_by_its_label_in_the_first_free_row(tmp_path: Path) -> None:
    problems = told(form(tmp_path, HEADS, *ROWS, TOTAL), OF_2021)
    assert places(problems) == [("form-value-absent", "A10")]
    assert "项目已完成 | 是" in str(problems[0].hint("zh"))


@pytest.mark.parametrize(
    "row",
    [
        ["项目已完成", "是"],
        ["项目是否完成", None, "是"],
        ["project_completed", "是"],
        ["填表人", "李四", "项目是否已完成", "是"],
        ["项目已完成：是"],
        ["项目已完成 | 是"],
    ],
)
def test_a_label_of_the_ruleset_beside_a_value_is_an_answer(tmp_path: Path, row: list[Any]) -> None:
    path = form(tmp_path, HEADS, *ROWS, TOTAL, row)
    rules = ir.load(OF_2021)
    assert rules.evaluate(path).record.answers == {"project_completed": "是"}
    assert rules.audit(path).problems == ()
    again = reading(path).answering(rules.plan.questions)
    assert [one.message("zh").partition("`")[2] for one in again.problems] == (["填表人 | 李四`"] if row[0] == "填表人" else [])


def test_an_answer_of_another_type_is_told_at_its_cell(tmp_path: Path) -> None:
    path = form(tmp_path, HEADS, *ROWS, TOTAL, ["项目已完成", "大概"])
    assert places(told(path, OF_2021)) == [("answer-type", "B10")]


def test_the_command_line_takes_such_answers_and_warns_of_them_no_more(tmp_path: Path) -> None:
    path = form(tmp_path, HEADS, *ROWS, TOTAL, ["项目已完成", "是"])
    done = CliRunner().invoke(commands, ["--lang", "zh", "evaluate", str(path), "--ruleset", OF_2021])
    assert (done.exit_code, done.stderr) == (0, "")


# ------------------------------------------------------------------------------------------------ ratings on a published form

IN_WORDS: list[Any] = ["效益指标", "可持续影响指标", "氛围", "持续提升", "基本达成", 10, 9, None]


def test_what_is_to_be_rated_is_told_at_the_actual_value_with_the_columns_to_add(tmp_path: Path) -> None:
    problems = told(form(tmp_path, HEADS, *ROWS[:2], IN_WORDS, ROWS[2], TOTAL), OF_2020)
    assert places(problems) == [("form-value-absent", "E8")]
    hint = str(problems[0].hint("zh"))
    assert all(word in hint for word in ("达成程度", "达成、部分达成、未达成", "评定得分", "得分率"))


@pytest.mark.parametrize(("head", "typed"), [("评定得分", 9), ("得分率", "90%"), ("或得分率", "90%")])
@pytest.mark.parametrize("level", ["达成程度", "评价等次"])
def test_the_columns_of_our_own_form_are_read_on_a_published_one(tmp_path: Path, head: str, typed: Any, level: str) -> None:
    heads = [*HEADS, level, head, "评定理由", "评价人", "佐证材料"]
    path = form(tmp_path, heads, *ROWS[:2], [*IN_WORDS, "达成", typed, "访谈", "王五", "照片"], ROWS[2], TOTAL)
    record, problems = read(path)
    assert problems == []
    (rating,) = record.assessments.indicators["i3"]
    assert (rating.reason, rating.by, record.indicators[2].level, record.indicators[2].evidence) == (
        "访谈",
        "王五",
        "达成",
        "照片",
    )
    result = ir.load(OF_2020).evaluate(path)
    assert [entry.points for one in result.criteria for entry in one.entries if entry.name == "氛围"] == [9]


def test_every_heading_of_the_table_of_our_own_form_is_known_on_a_published_one() -> None:
    for ruleset in (OF_2020, OF_2021, "hubei-project-self-evaluation@2020"):
        for column in entry_columns(ir.load(ruleset).plan, (), "zh"):
            assert heading(column.label) in _INDICATOR_HEADS, column.label


def test_a_rate_that_follows_from_the_points_is_no_rating(tmp_path: Path) -> None:
    rows = [[*row, *[None] * (8 - len(row)), "100%"] for row in ROWS]
    record, problems = read(form(tmp_path, [*HEADS, "得分率"], *rows, TOTAL))
    assert (record.assessments.indicators, problems) == ({}, [])


def test_points_off_and_reasons_why_not_applicable_are_read_from_columns(tmp_path: Path) -> None:
    rows = [[*ROWS[0], None, 2, "晚报", None], [*ROWS[1], None, None, None, "未开展"], ROWS[2]]
    record, problems = read(form(tmp_path, [*HEADS, "人工扣分", "扣分理由", "不适用的原因"], *rows, TOTAL))
    assert problems == []
    off = record.deductions.indicators["i1"]
    assert (str(off.points), off.reason) == ("2", "晚报")
    assert dict(record.not_applicable.indicators) == {"i2": "未开展"}


def test_a_name_without_a_rating_is_told_and_refuses_nothing(tmp_path: Path) -> None:
    record, problems = read(form(tmp_path, [*HEADS, "评价人"], [*ROWS[0], None, "王五"], *ROWS[1:], TOTAL))
    assert (record.assessments.indicators, problems) == ({}, [("form-cell-not-placed", "I6")])


# ------------------------------------------------------------------------------------------------------- cells and sentences


def test_a_formula_that_was_not_computed_is_told_in_words(tmp_path: Path) -> None:
    path = form(tmp_path, HEADS, *ROWS, TOTAL)
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["L7"] = "=A1"
    book.save(path)
    (problem,) = reading(path).problems
    assert "公式没有保存" in problem.message("zh")
    assert "Unreadable" not in problem.message("en")


def test_a_name_that_was_not_computed_is_an_error_of_its_cell(tmp_path: Path) -> None:
    path = form(tmp_path, HEADS, *ROWS, TOTAL)
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["C7"] = "=A1"
    book.save(path)
    assert [(one.code, one.where.cell) for one in reading(path).problems] == [("cell-not-computed", "C7")]


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ([["另附说明材料"], ["其他需要说明的问题", None, "馆舍扩建跨年实施"]], ["A10", "A11:C11"]),
        ([["另附说明材料"], [None, None, "馆舍扩建跨年实施"]], ["A10", "C11"]),
    ],
)
def test_rows_below_the_total_are_notes_unless_they_say_a_value(tmp_path: Path, rows: list[list[Any]], wanted: list[str]) -> None:
    record, problems = read(form(tmp_path, HEADS, *ROWS, TOTAL, *rows))
    assert len(record.indicators) == 3
    assert problems == [("form-cell-not-placed", cell) for cell in wanted]


def test_an_indicator_below_a_total_is_read(tmp_path: Path) -> None:
    record, _ = read(form(tmp_path, HEADS, *ROWS[:2], TOTAL, ROWS[2]))
    assert [one.name for one in record.indicators] == ["培训", "收入", "学员满意度"]


def test_a_weight_over_several_rows_is_told_once_where_the_rules_share_none(tmp_path: Path) -> None:
    rows = [ROWS[0], [None, None, "印册", "≥5本", "5本", None, None], *ROWS[1:], TOTAL]
    path = form(tmp_path, HEADS, *rows, merge=("F6:F7",))
    assert places(told(path, OF_2020)) == [("form-weight-not-shared", "F6")]
    done = CliRunner().invoke(commands, ["--lang", "zh", "evaluate", str(path), "--ruleset", OF_2020])
    assert done.stderr.count("分值单元格") == 2  # the message and its hint
    assert "form-weight-shared" not in done.stderr


@pytest.mark.parametrize(
    ("target", "actual", "cell", "words"),
    [
        ("2023年11月底前", "按时完成", "E6", "按时完成` 是文字"),
        ("2023年11月底前", "11月24日", "E6", "没有写年份"),
        ("11月底前", "2023年11月24日", "D6", "没有写年份"),
        ("2023年11月底前", "第三季度末", "E6", "没有写年份"),
        ("2023年11月底前", 45254, "E6", "45254` 是数"),
        ("≥10场", "2023年11月24日", "E6", ""),
        ("≥10场", None, "E6", ""),
        ("≥10场", "10万元", "E6", "单位不同"),
    ],
)
def test_the_cell_that_is_at_fault_is_named(tmp_path: Path, target: str, actual: Any, cell: str, words: str) -> None:
    rows = [["产出指标", "时效指标", "完成时间", target, actual, 50, 50], *ROWS[1:], TOTAL]
    problems = told(form(tmp_path, HEADS, *rows), OF_2020)
    assert [one.where.cell for one in problems] == [cell]
    assert words in problems[0].message("zh")


def test_a_bare_number_where_a_date_belongs_looks_like_one_of_excel(tmp_path: Path) -> None:
    rows = [["产出指标", "时效指标", "完成时间", "2023年11月底前", 45254, 50, 50], *ROWS[1:], TOTAL]
    (problem,) = told(form(tmp_path, HEADS, *rows), OF_2020)
    assert "2023-11-24" in str(problem.hint("zh"))


def test_what_does_not_agree_is_to_be_mended_and_not_said_to_be_inapplicable(tmp_path: Path) -> None:
    rows = [["产出指标", "数量指标", "采购", "10次", "7万元", 50, 50], *ROWS[1:], TOTAL]
    (problem,) = told(form(tmp_path, HEADS, *rows), OF_2020)
    assert "同样的单位" in str(problem.hint("zh"))
    assert "不适用" not in str(problem.hint("zh"))


@pytest.mark.parametrize("actual", ["118公里（其中硬化100公里）", "百分之百", "118.5公里（其中硬化100公里）"])
def test_hints_name_the_column_for_the_direction_and_no_key(tmp_path: Path, actual: str) -> None:
    rows = [["产出指标", "数量指标", "路", "120公里", actual, 50, 50], *ROWS[1:], TOTAL]
    (problem,) = told(form(tmp_path, HEADS, *rows), OF_2020)
    assert "指标方向" in str(problem.hint("zh"))
