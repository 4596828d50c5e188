"""Published forms are read as they come: each number in its place, each problem at its cell, nothing dropped silently."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import tomli

import indicator_rules as ir
from forms.published_forms import chongqing, hubei, national
from forms.small_form import HEADS, form, read
from indicator_rules import messages
from indicator_rules.excel.form_fields import DERIVED, FIELDS, heading
from indicator_rules.excel.form_labels import label
from indicator_rules.record import EvaluationRecord

PUBLISHED = Path(__file__).parents[1] / "published"
NATIONAL = [
    "yn-yongde-mlzx-2022", "ah-huoqiu-kj-2022", "sc-zhongjiang-sl-2022", "he-langfang-sp-2019", "hb-ezhou-kx-2022", "hb-swfz-2020",
    "ah-chizhou-tx-2022", "ah-xiaoxian-zz-2023", "hb-xiangyang-zxyy-2021", "he-weichang-cs", "yn-changning-gxs-2022", "fj-ningde-rcyz-2023",
]  # fmt: skip
SAME = ("name", "category", "target", "actual", "weight", "goal", "reason")


def published(name: str) -> tuple[dict[str, Any], EvaluationRecord]:
    path = PUBLISHED / f"{name}.toml"
    return tomli.loads(path.read_text(encoding="utf-8"), parse_float=Decimal), ir.read_record(path)


# ------------------------------------------------------------------------------------------------------------ whole forms


@pytest.mark.parametrize("name", NATIONAL)
def test_the_national_form_says_what_the_record_says(tmp_path: Path, name: str) -> None:
    data, wanted = published(name)
    national(data, tmp_path / "form.xlsx")
    record, _ = read(tmp_path / "form.xlsx")
    subject = wanted.subject.model_copy(update={"region": None})
    assert record.subject == subject
    assert record.budget == wanted.budget
    for ours, theirs in zip(record.indicators, wanted.indicators, strict=True):
        assert {key: getattr(ours, key) for key in SAME if key != "goal"} == {
            key: getattr(theirs, key) for key in SAME if key != "goal"
        }
    assert (record.declared and record.declared.indicators) == ((wanted.declared and wanted.declared.indicators) or {})
    assert (record.declared and record.declared.total) == (wanted.declared and wanted.declared.total)


def test_a_national_form_is_scored_and_audited_as_its_record_is(tmp_path: Path) -> None:
    data, wanted = published("yn-yongde-mlzx-2022")
    national(data, tmp_path / "form.xlsx")
    rules = ir.load("mof-project-self-evaluation@2020")
    audits = [rules.audit(record) for record in (wanted, tmp_path / "form.xlsx")]
    assert next([str(one.gap) for one in audit.differences] for audit in audits) == [
        str(one.gap) for one in audits[1].differences
    ]
    assert audits[0].differences


def test_the_form_of_hubei_has_goal_blocks_and_points_in_names(tmp_path: Path) -> None:
    data, wanted = published("hb-huanggang-stbc-2020")
    hubei(data, tmp_path / "form.xlsx")
    record, problems = read(tmp_path / "form.xlsx")
    assert problems == [("form-cell-not-placed", "F2")]  # 填报日期
    weights: list[Any] = [(goal.id, goal.weight) for goal in record.goals]
    assert weights == [("g1", 40), ("g2", 40)]
    assert record.subject.project_type == "continuing"
    assert record.declared == wanted.declared
    assert record.narrative.improvements == "继续加强监测。"
    assert record.narrative.deviations is None  # 无
    for ours, theirs in zip(record.indicators, wanted.indicators, strict=True):
        assert {key: getattr(ours, key) for key in SAME} == {key: getattr(theirs, key) for key in SAME}


def test_the_form_of_chongqing_has_adjusted_targets_and_columns_of_signs(tmp_path: Path) -> None:
    data, wanted = published("cq-kxc-rmt-2021")
    chongqing(data, tmp_path / "form.xlsx")
    record, problems = read(tmp_path / "form.xlsx")
    assert problems == [("form-cell-not-placed", "G2:H2"), ("form-sheet-not-read", "")]  # 联系人; 填表说明
    assert (record.subject.kind, record.subject.name, record.subject.unit) == ("department", "部门整体支出", "融媒体中心")
    assert record.budget is not None
    assert [record.budget.amount(name) for name in ("initial", "adjusted", "spent")] == [1_000_000, 1_250_000, 950_000]
    assert record.declared is not None
    assert wanted.declared is not None
    assert (record.declared.indicators, record.declared.total) == (wanted.declared.indicators, wanted.declared.total)
    for ours, theirs in zip(record.indicators, wanted.indicators, strict=True):
        assert (ours.name, ours.weight, ours.key) == (theirs.name, theirs.weight, theirs.key)
        values = [(one and one.number, one and one.unit) for one in (ours.target, ours.actual)]
        assert values == [(one and one.number, one and one.unit) for one in (theirs.target, theirs.actual)]
        assert ours.initial_target == ours.target


def test_an_adjusted_target_goes_before_the_initial_one(tmp_path: Path) -> None:
    heads = [
        "一级指标",
        "指标名称",
        "指标性质",
        "计量单位",
        "指标权重",
        "年初指标值",
        "调整指标值",
        "全年完成值",
        "指标得分",
        "是否核心指标",
    ]
    path = form(
        tmp_path,
        heads,
        ["产出指标", "培训", "≥", "人", 10, 100, 80, 90, 10, "是"],
        ["产出指标", "印册", "≥", "本", 10, 100, None, 90, 9, "否"],
    )
    first, second = read(path)[0].indicators
    assert (str(first.initial_target), str(first.target), first.key) == ("100", "80", True)
    assert (str(second.initial_target), str(second.target), second.key) == ("100", "100", False)


# ------------------------------------------------------------------------------------------------------------------- tables


def test_categories_carry_on_down_merged_or_blank_cells_and_no_further(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["产出指标（50分）", "数量指标", "培训", "≥10场", "10场", 10, 10],
        [None, None, "印册", "≥10本", "10本", 10, 10],
        [None, "质量指标", "合格率", "≥90%", "95%", 10, 10],
        ["满意度指标（10分）", None, "学员满意度", "≥90%", "95%", 10, 10],
    ]
    record, problems = read(form(tmp_path, HEADS, *rows, merge=("A6:A8", "B6:B7")))
    assert [one.category for one in record.indicators] == ["output.quantity", "output.quantity", "output.quality", "satisfaction"]
    assert problems == []


def test_one_weight_over_several_rows_makes_parts(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["产出指标", "数量指标", "存储", "≥25个", "25个", 10, 10],
        [None, None, "布点", "≥5个", "5个", None, None],
        [None, None, "其他", "≥5个", "5个", 4, 4],
    ]
    record, problems = read(form(tmp_path, HEADS, *rows, merge=("F6:F7", "G6:G7")))
    assert [(one.weight, one.part_of) for one in record.indicators] == [(10, None), (None, "i1"), (4, None)]
    assert problems == [("form-weight-shared", "F6")]


def test_headings_may_span_columns_and_rows_and_come_in_any_order(tmp_path: Path) -> None:
    heads = ["得分", "绩效指标", None, "指标值", None, "完成值", "分值"]
    lower = [None, "一级指标", "指标名称", "年初指标值", "调整指标值"]
    row = [8, "产出-数量", "培训", "≥10场", "≥8场", "8场", 8]
    path = form(tmp_path, heads, lower, row, merge=("A5:A6", "B5:C5", "D5:E5", "F5:F6", "G5:G6"))
    (entry,) = read(path)[0].indicators
    found: Any = (entry.category, str(entry.target), str(entry.initial_target), str(entry.actual), entry.weight)
    assert found == (
        "output.quantity", "≥8场", "≥10场", "8场", 8,
    )  # fmt: skip


def test_the_execution_rate_may_stand_among_the_indicators(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["预算执行率（10分）", None, "预算执行率", "100%", "90%", 10, 9, "年底未支付"],
        ["产出指标", "数量指标", "培训", "≥10场", "10场", 90, 90],
        ["总分", None, None, None, None, 100, 99],
    ]
    record, problems = read(form(tmp_path, HEADS, *rows))
    assert record.declared is not None
    found: Any = (record.declared.criteria, record.declared.total)
    assert found == ({"budget_execution": 9}, 99)
    assert (len(record.indicators), problems) == (1, [])


def test_placeholders_and_blank_rows_are_no_indicators(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["产出指标", "数量指标", "指标1：培训", "≥10场", "10场", 10, 10],
        [None, None, "指标2：", None, None, 0, None],
        [],
        [None, "质量指标", "……", "—", "—"],
        [None, None, None, None, None, None, None],
        ["注：1.得分不超过分值。"],
    ]
    record, problems = read(form(tmp_path, HEADS, *rows))
    assert [one.name for one in record.indicators] == ["培训"]
    assert problems == []


def test_what_cannot_be_placed_is_told_with_its_cells(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["决策", "项目立项", "立项规范性", None, None, 5, 5],
        ["产出指标", "数量指标", "培训", "≥10场", "10场", 10, 10],
        [None, None, None, "≥5场", None, None, 3],
        ["填报人：张某", None, None, "联系电话", "123"],
    ]
    record, problems = read(form(tmp_path, HEADS, *rows))
    assert [one.name for one in record.indicators] == ["培训"]
    assert problems == [
        ("form-cell-not-placed", "A6:G6"),
        ("form-cell-not-placed", "D8:G8"),
        ("form-cell-not-placed", "A9:E9"),
    ]


def test_a_description_with_numbers_is_read_as_words_and_said_so(tmp_path: Path) -> None:
    record, problems = read(form(tmp_path, HEADS, ["效益指标", "社会效益指标", "素质", "提升10%", "提升10%", 10, 10]))
    assert record.indicators[0].direction == "qualitative"
    assert problems == [("form-read-as-words", "D6")]


def test_funds_keep_their_printed_names(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        [None, "其中：中央补助", 4, 4, None, "—"],
        [None, "      省级财政资金", 3, 3],
        [None, "上年结转资金", 3, 2],
        [None, "其他资金", None, None],
        HEADS,
        ["产出指标", "数量指标", "培训", "≥10场", "10场", 10, 10],
    ]
    record, problems = read(form(tmp_path, *rows))
    found: list[Any] = [(one.source, one.name, one.adjusted) for one in record.funds]
    assert found == [
        ("central", "中央补助", 4), ("provincial", "省级财政资金", 3), ("carried-over", "上年结转资金", 3),
    ]  # fmt: skip
    assert problems == []


@pytest.mark.parametrize(
    ("typed", "amount"), [("１０", 100_000), ("10万元", 100_000), ("100,000元", 100_000), ("1,000.50", 10_005_000)]
)
def test_amounts_are_read_as_people_type_them(tmp_path: Path, typed: str, amount: int) -> None:
    path = form(tmp_path, HEADS, ["产出指标", "数量指标", "培训", "≥10场", "10场", 10, 10])
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["C4"] = typed
    book.save(path)
    budget = read(path)[0].budget
    assert budget is not None
    assert budget.amount("adjusted") == amount


# ---------------------------------------------------------------------------------------------------------------- problems


def refused(path: Path) -> list[tuple[str, str]]:
    with pytest.raises(ir.RecordError) as error:
        ir.read_record(path)
    assert all(one.where.file == str(path) and one.describe("zh") and one.describe("en") for one in error.value.problems)
    return [(one.code, one.where.cell) for one in error.value.problems if one.severity == "error"]


def test_every_problem_names_its_cell(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["产出指标", "数量指标", "采购", "约10次", "7次", "十分", 10],
        ["产出指标", "数目指标", "采购", "10次", "7次", 10, "=1/0"],
        ["产出指标", "数量指标", "采购", "10次", "大约7次", -1, 10],
    ]
    path = form(tmp_path, HEADS, *rows)
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["G7"] = "=A1+1"
    book.save(path)
    assert refused(path) == [
        ("cell-not-computed", "G7"),
        ("number-unreadable", "F6"),
        ("unknown-category", "B7"),
        ("quantity-approximate", "E8"),
        ("number-negative", "F8"),
    ]


def test_a_problem_says_file_sheet_and_cell(tmp_path: Path) -> None:
    path = form(tmp_path, HEADS, ["产出指标", "数量指标", "采购", "10次", "约7次", 10, 10])
    with pytest.raises(ir.RecordError) as error:
        ir.read_record(path)
    (problem,) = error.value.problems
    assert str(problem.where) == f"{path}:Sheet!E6: indicators[0].actual"
    assert (problem.as_dict()["sheet"], problem.as_dict()["cell"], problem.as_dict()["line"]) == ("Sheet", "E6", None)


def test_what_is_found_when_scoring_names_its_cell_too(tmp_path: Path) -> None:
    path = form(tmp_path, HEADS, ["产出指标", "数量指标", "采购", "10次", "7万元", 10, 10])
    with pytest.raises(ir.RecordError) as error:
        ir.load("mof-project-self-evaluation@2020").evaluate(path)
    assert ("Sheet", "E6") in {(one.where.sheet, one.where.cell) for one in error.value.problems}
    assert all(one.where.file == str(path) for one in error.value.problems)


def test_units_that_differ_are_told_at_the_actual_value_in_the_words_of_the_form(tmp_path: Path) -> None:
    path = form(tmp_path, HEADS, ["产出指标", "数量指标", "采购", "10次", "7万元", 10, 10])
    with pytest.raises(ir.RecordError) as error:
        ir.load("mof-project-self-evaluation@2020").evaluate(path)
    (problem,) = [one for one in error.value.problems if one.where.cell == "E6"]
    assert problem.code == "form-value-absent"
    text = problem.message("zh") + (problem.hint("zh") or "")
    assert "`10次`" in text
    assert "`7万元`" in text
    assert "实际完成值、年度指标值" in text
    assert "不适用" not in text
    assert "indicators." not in text


def test_amounts_without_a_unit_are_refused(tmp_path: Path) -> None:
    path = form(tmp_path, HEADS, ["产出指标", "数量指标", "采购", "10次", "7次", 10, 10])
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["A3"] = "项目资金"
    book.save(path)
    assert refused(path) == [("form-money-unit", "C4")]


def test_a_form_without_name_or_year_or_categories_says_so(tmp_path: Path) -> None:
    path = form(tmp_path, ["指标名称", "指标值", "完成值"], ["采购", "10次", "7次"])
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["A1"] = "自评表"
    book.worksheets[0]["B2"] = None
    book.save(path)
    assert sorted(refused(path)) == [("form-field-missing", "A6"), ("form-field-missing", "B2"), ("form-field-missing", "B2")]


def test_a_workbook_without_a_form_or_with_several(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0]["A1"] = "随便写的"
    book.save(tmp_path / "none.xlsx")
    assert refused(tmp_path / "none.xlsx") == [("form-not-found", "")]
    one = openpyxl.load_workbook(form(tmp_path, HEADS, ["产出指标", "数量指标", "采购", "10次", "7次", 10, 10]))
    one.copy_worksheet(one.worksheets[0]).title = "乙"
    one.save(tmp_path / "two.xlsx")
    assert refused(tmp_path / "two.xlsx") == [("form-several", "")]
    assert [found.source for found in ir.read(tmp_path / "two.xlsx")] == [
        f"{tmp_path / 'two.xlsx'}:{name}" for name in ("Sheet", "乙")
    ]
    assert {found.record.subject.name for found in ir.read(tmp_path / "two.xlsx")} == {"某项目"}


def test_merged_everything_is_no_trouble(tmp_path: Path) -> None:
    path = form(tmp_path, HEADS, ["产出指标", "数量指标", "采购", "10次", "7次", 10, 10])
    book = openpyxl.load_workbook(path)
    for column in "ABCDEFGHIJ":
        book.worksheets[0].merged_cells.add(f"{column}20:{column}1048576")
    book.save(path)
    assert len(read(path)[0].indicators) == 1


def test_a_folder_of_forms_and_records_is_read_in_order(tmp_path: Path) -> None:
    form(tmp_path, HEADS, ["产出指标", "数量指标", "采购", "10次", "7次", 10, 10])
    (tmp_path / "a.toml").write_text((PUBLISHED / "yn-yongde-mlzx-2022.toml").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "~$form.xlsx").write_bytes(b"x")
    (tmp_path / "z.xlsx").write_bytes(b"x")
    assert [(Path(one.file).name, one.found is None) for one in ir.read(tmp_path)] == [
        ("a.toml", False),
        ("form.xlsx", False),
        ("z.xlsx", True),
    ]
    rules = ir.load("mof-project-self-evaluation@2020")
    by_folder, by_reading = (list(map(str, rules.evaluate_all(source))) for source in (tmp_path, ir.read(tmp_path)))
    assert by_folder == by_reading
    assert len(by_folder) == 3
    assert "form.xlsx:Sheet" in by_folder[1]


# --------------------------------------------------------------------------------------------------------------- headings


def test_no_two_fields_of_one_table_have_one_heading() -> None:
    for prefix in ("subject.", "budget.", "goals.", "funds.", "indicators.", "narrative."):
        names = [heading(name) for path, one in FIELDS.items() if path.startswith(prefix) for name in one.headings]
        assert len(names) == len(set(names)), prefix
    assert not {heading(one) for one in DERIVED} & {heading(name) for one in FIELDS.values() for name in one.headings}


def test_every_field_of_a_form_is_a_field_of_a_record() -> None:
    schema = EvaluationRecord.model_json_schema()["$defs"]
    owners = {"subject": "Subject", "budget": "Budget", "funds": "Fund", "goals": "Goal", "indicators": "Indicator", "narrative": "Narrative",
              "declared": "Claims", "reviewed": "Claims"}  # fmt: skip
    for path in FIELDS:
        section, *rest = path.replace("*.", "").split(".")
        assert rest[0] in schema[owners[section]]["properties"], path


def test_the_texts_of_the_form_are_in_both_languages() -> None:
    labels = {path: label(path, "zh") for path in FIELDS}
    assert labels == {path: one.label for path, one in FIELDS.items()}
    assert [path for path in FIELDS if not label(path, "en").isascii()] == []
    keys = [key for key in messages.catalogue() if key.startswith("form.")]
    assert len(keys) > 50
