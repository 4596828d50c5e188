"""Tables of many records by a mapping: one a row, or rows that share a key; amounts in their units; nothing dropped."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

import indicator_rules as ir
from indicator_rules.cli.commands import commands
from indicator_rules.excel.mapping import FieldMapping, is_field, read_mapping
from indicator_rules.excel.mapping_guess import guess
from indicator_rules.reading import read

PROJECTS: list[list[Any]] = [
    ["2023年度项目汇总表"],
    ["单位：元"],
    ["序号", "项目编码", "项目名称", "年初预算数", "全年预算数（万元）", "全年执行数", "是否完成", "联系人"],
    [1, "P001", "甲", 1_590_000, 159, "1,431,500.00", "是", "张某"],
    [2, "P002", "乙", 100, None, 50, "否", "李某"],
]
ENTRIES: list[list[Any]] = [
    ["项目编码", "一级指标", "二级指标", "三级指标", "年度指标值", "实际完成值", "分值", "得分"],
    ["P002", "产出指标", "数量指标", "印册", "9本", "7本", 30, 20],
    ["P001", "产出指标", "数量指标", "采购", "9次", "7次", 30, 20],
    ["P001", "满意度指标", None, "满意度", "≥90%", 0.95, 10, 10],
]
MAPPING = """
schema = 1
key = "项目编码"
[constants]
"subject.kind" = "项目"
"subject.year" = 2023
[[sheets]]
sheet = "项目"
ignore = ["序号"]
[sheets.columns]
"项目编码" = "subject.code"
"项目名称" = "subject.name"
"年初预算数" = { field = "budget.initial", unit = "元" }
"全年预算数（万元）" = { field = "budget.adjusted", unit = "万元" }
"全年执行数" = { field = "budget.spent", unit = "元" }
"是否完成" = "answers.project_completed"
[[sheets]]
sheet = "指标"
[sheets.columns]
"一级指标" = "indicators.*.category.1"
"二级指标" = "indicators.*.category.2"
"三级指标" = "indicators.*.name"
"年度指标值" = "indicators.*.target"
"实际完成值" = "indicators.*.actual"
"分值" = "indicators.*.weight"
"得分" = "declared.indicators.*"
"""


def workbook(path: Path, **sheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
            for cell in sheet[sheet.max_row]:
                if isinstance(cell.value, float) and cell.value < 1:
                    cell.number_format = "0%"
    book.save(path)
    return path


def mapping(tmp_path: Path, text: str) -> Path:
    (tmp_path / "mapping.toml").write_text(text, encoding="utf-8")
    return tmp_path / "mapping.toml"


def codes(tmp_path: Path, text: str) -> list[tuple[str, int | None]]:
    with pytest.raises(ir.RecordError) as error:
        read_mapping(mapping(tmp_path, text))
    assert all(one.describe("zh") and one.describe("en") for one in error.value.problems)
    return [(one.code, one.where.line) for one in error.value.problems]


def test_projects_and_their_indicators_are_joined_by_key(tmp_path: Path) -> None:
    file = workbook(tmp_path / "many.xlsx", 项目=PROJECTS, 指标=ENTRIES)
    first, second = ir.read(file, mapping(tmp_path, MAPPING))
    assert [(one.source, one.record.subject.name) for one in (first, second)] == [(f"{file}:P001", "甲"), (f"{file}:P002", "乙")]
    budget = first.record.budget
    assert budget is not None
    assert [budget.amount(name) for name in ("initial", "adjusted", "spent")] == [1_590_000, 1_590_000, 1_431_500]
    found: list[Any] = [(one.category, one.name, str(one.actual), one.weight) for one in first.record.indicators]
    assert found == [
        ("output.quantity", "采购", "7次", 30), ("satisfaction", "满意度", "95%", 10),
    ]  # fmt: skip
    assert first.record.declared is not None
    assert first.record.declared.indicators == {"i1": 20, "i2": 10}
    assert first.record.answers == {"project_completed": "是"}
    assert [(one.code, one.where.cell) for one in first.problems] == [("mapping-heading-unknown", "H3")]
    assert second.problems == ()


def test_csv_files_of_one_folder_are_the_sheets(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    for name, rows in (
        ("项目", PROJECTS),
        ("指标", [[*row[:5], "95%" if row[5] == 0.95 else row[5], *row[6:]] for row in ENTRIES]),
    ):
        text = "".join(",".join('"' + str("" if value is None else value) + '"' for value in row) + "\r\n" for row in rows)
        (exports / f"{name}.csv").write_bytes(text.encode("gb18030"))
    workbook(tmp_path / "many.xlsx", 项目=PROJECTS, 指标=ENTRIES)
    by_csv = list(ir.read(exports, mapping(tmp_path, MAPPING)))
    by_xlsx = list(ir.read(tmp_path / "many.xlsx", tmp_path / "mapping.toml"))
    assert [one.record for one in by_csv] == [one.record for one in by_xlsx]


def test_one_row_a_project_with_indicators_side_by_side(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["项目", "预算（元）", "支出（元）", "培训目标（场）", "培训完成（场）", "满意人数", "调查人数"],
        ["甲", 100_000, 90_000, 10, "８", 174, 200],
        ["乙", 100_000, 90_000, None, None, 1, 2],
    ]
    text = """
schema = 1
[constants]
"subject.kind" = "项目"
"subject.year" = 2023
"budget.unit" = "万元"
"indicators.training.category" = "产出/数量"
"indicators.training.name" = "培训"
"indicators.people.category" = "满意度"
"indicators.people.name" = "满意度"
[[sheets]]
[sheets.columns]
"项目" = "subject.name"
"预算(元)" = { field = "budget.adjusted", unit = "元" }
"支出（元）" = { field = "budget.spent", unit = "元" }
"培训目标（场）" = { field = "indicators.training.target", unit = "场" }
"培训完成（场）" = { field = "indicators.training.actual", unit = "场" }
"满意人数" = "indicators.people.counts.satisfied"
"调查人数" = "indicators.people.counts.surveyed"
"""
    first, second = ir.read(workbook(tmp_path / "a.xlsx", 表=rows), mapping(tmp_path, text))
    assert [(one.id, one.category, str(one.target), str(one.actual)) for one in first.record.indicators] == [
        ("training", "output.quantity", "10场", "8场"), ("people", "satisfaction", "None", "None"),
    ]  # fmt: skip
    assert first.record.budget is not None
    assert (str(first.record.budget.adjusted), first.record.budget.unit) == ("10", "万元")
    assert [one.id for one in second.record.indicators] == ["people"]
    assert first.source.endswith("表!2")


def test_rows_that_say_different_things_or_lack_their_key_are_errors(tmp_path: Path) -> None:
    entries = [
        *ENTRIES,
        [None, "产出指标", "数量指标", "丙", "1次", "1次", 1, 1],
        ["P009", "产出指标", "数量指标", "丁", "1次", "1次", 1, 1],
    ]
    projects = [*PROJECTS, [3, "P001", "甲改名", None, None, None, None, None]]
    file = workbook(tmp_path / "many.xlsx", 项目=projects, 指标=entries)
    found = {one.name: one for one in ir.read(file, mapping(tmp_path, MAPPING))}
    assert [(one.code, one.where.cell) for one in found["P001"].problems if one.severity == "error"] == [
        ("form-value-twice", "C6")
    ]
    assert found["P002"].found is not None
    assert [one.code for one in found["P009"].problems] == ["mapping-key-only-there"]
    assert [(one.code, one.where.cell) for one in found["指标!5"].problems] == [("mapping-row-without-key", "A5")]


def test_a_mapping_that_does_not_hold_says_where(tmp_path: Path) -> None:
    assert codes(tmp_path, 'schema = 1\n[[sheets]]\n[sheets.columns]\n"甲" = "subject.nam"\n') == [("mapping-field-unknown", 4)]
    assert codes(tmp_path, 'schema = 1\n[[sheets]]\n[sheets.columns]\n"甲" = "indicators.*.name"\n') == [
        ("mapping-key-missing", 4)
    ]
    assert codes(tmp_path, "schema = 1\nshets = []\n") == [("missing-key", 1), ("unknown-key", 2)]
    assert codes(tmp_path, "schema = 2\nsheets = []\n")[0][0] == "unknown-choice"
    assert codes(tmp_path, "a") == [("toml-syntax", 1)]
    with pytest.raises(ir.RecordError) as error:
        read_mapping(tmp_path / "none.toml")
    assert [one.code for one in error.value.problems] == ["file-not-found"]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([["项目编码", "项目名称"], ["P1", "甲"]], "mapping-heading-missing"),
        ([[*PROJECTS[2], "项目名称"], [*PROJECTS[3], "甲"]], "mapping-heading-twice"),
        (PROJECTS[:3], "mapping-no-rows"),
    ],
)
def test_a_file_that_the_mapping_does_not_fit_is_refused_whole(tmp_path: Path, rows: list[list[Any]], code: str) -> None:
    file = workbook(tmp_path / "many.xlsx", 项目=rows, 指标=ENTRIES[:1])
    (found,) = ir.read(file, mapping(tmp_path, MAPPING))
    assert {one.code for one in found.problems} == {code}
    file = workbook(tmp_path / "other.xlsx", 别的=rows)
    (found,) = ir.read(file, tmp_path / "mapping.toml")
    assert [one.code for one in found.problems] == ["mapping-sheet-missing"]


def test_a_guess_reads_what_it_knows_and_lists_the_rest(tmp_path: Path) -> None:
    file = workbook(tmp_path / "many.xlsx", 项目=PROJECTS, 指标=ENTRIES)
    text, problems = guess(file)
    assert [(one.code, one.where.cell) for one in problems] == [
        ("mapping-heading-unknown", "G3"),
        ("mapping-heading-unknown", "H3"),
    ]
    guessed = list(ir.read(file, mapping(tmp_path, text)))
    (tmp_path / "mapping.toml").write_text(MAPPING.replace('"是否完成" = "answers.project_completed"', ""), encoding="utf-8")
    assert [one.record for one in guessed] == [one.record for one in ir.read(file, tmp_path / "mapping.toml")]


def test_a_table_without_any_known_heading_has_no_guess(tmp_path: Path) -> None:
    with pytest.raises(ir.RecordError) as error:
        guess(workbook(tmp_path / "a.xlsx", 表=[["子丑", "寅卯"], [1, 2]]))
    assert [one.code for one in error.value.problems] == ["mapping-no-headings"]


@pytest.mark.parametrize(
    ("field", "known"),
    [
        ("subject.name", True), ("budget.unit", True), ("indicators.*.target", True), ("indicators.i3.target", True), ("answers.done", True),
        ("declared.indicators.*", True), ("declared.criteria.outputs", True), ("assessments.indicators.*.share", True), ("narrative.problems", True),
        ("subject", False), ("indicators.*.tagret", False), ("answers", False), ("declared.criteria.*", False), ("", False), ("answers.a.b", False),
    ],
)  # fmt: skip
def test_which_fields_there_are(field: str, known: bool) -> None:
    assert is_field(field) is known


def test_three_thousand_records_are_read(tmp_path: Path) -> None:
    heads = [
        "项目编码",
        "项目名称",
        "年初预算数",
        "全年预算数（万元）",
        "全年执行数",
        "是否完成",
        *(f"附{place}" for place in range(24)),
    ]
    rows: list[list[Any]] = [
        [f"P{place:04}", f"项目{place}", place + 0.5, place, place, "是", *(place + 0.1 for _ in range(24))]
        for place in range(3000)
    ]
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("项目")
    for row in (heads, *rows):
        sheet.append(row)
    path = tmp_path / "many.xlsx"
    book.save(path)
    text = MAPPING.partition('[[sheets]]\nsheet = "指标"')[0]
    assert sum(one.found is not None for one in ir.read(path, mapping(tmp_path, text))) == 3000


HOSTILE = """
[constants]
"subject.kind" = "项目"
"subject.year" = 2023
"indicators.a.category" = "产出/数量"
"indicators.a.name" = "培训"
[[sheets]]
[sheets.columns]
"项目" = "subject.name"
"支出" = { field = "budget.spent", unit = "元" }
"目标" = "indicators.a.target"
"完成" = "indicators.a.actual"
"""


@pytest.mark.parametrize(
    ("spent", "target", "actual", "read"),
    [
        (90, "１０次", "７次", ("90", "10", "7")),
        ("９０，０００", "≥95%", (0.95, "0%"), ("90000", "19/20", "19/20")),
        (90, "2023年11月底前", date(2023, 11, 24), ("90", "None", "None")),
        (90, 45254, 45250, ("90", "45254", "45250")),  # a date as a number is a number
        ("=B3+1", "10次", "7次", "B2"),
        (date(2023, 11, 24), "10次", "7次", "B2"),
        (True, "10次", "7次", "B2"),
        ("一百", "10次", "7次", "B2"),
        (90, "10次", "=1/0", "D2"),
    ],
)
def test_a_row_is_read_or_refused_at_its_cell(tmp_path: Path, spent: Any, target: Any, actual: Any, read: Any) -> None:
    """Formulas, wrong types, dates as numbers, full-width digits; beside it a row that is right, and everything below merged."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (["项目", "支出", "目标", "完成"], ["甲", spent, target, None], ["乙", 80, "10次", "9次"]):
        sheet.append(row)
    value, shown_as = actual if isinstance(actual, tuple) else (actual, None)
    sheet["D2"] = value
    if shown_as is not None:
        sheet["D2"].number_format = shown_as
    for column in "ABCD":
        sheet.merged_cells.add(f"{column}10:{column}1048576")
    book.save(tmp_path / "table.xlsx")
    first, second = ir.read(tmp_path / "table.xlsx", mapping(tmp_path, HOSTILE))
    assert second.found is not None
    if isinstance(read, str):
        assert first.found is None
        assert [problem.where.cell for problem in first.problems if problem.severity == "error"] == [read]
        return
    assert first.found is not None, first.problems
    entry = first.record.indicators[0]
    budget = first.record.budget
    assert budget is not None
    assert (str(budget.amount("spent")), *(str(one and one.number) for one in (entry.target, entry.actual))) == read


# ------------------------------------------------------------------------------------------------------ the command line


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        commands.main([*arguments, "--lang", "zh"])
    return int(stopped.value.code or 0)


def test_a_developer_guesses_a_mapping_and_scores_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(workbook(tmp_path / "many.xlsx", 项目=PROJECTS, 指标=ENTRIES))
    target = str(tmp_path / "guess.toml")
    assert run("mapping", "new", file, "-o", target) == 0
    assert "联系人" in capsys.readouterr().err
    assert run("mapping", "new", file, "-o", target) == 1
    assert run("mapping", "new", file) == 0
    assert 'key = "项目编码"' in capsys.readouterr().out
    assert run("mapping") == 2
    assert run("mapping", "new", "--help") == 0
    capsys.readouterr()
    assert run("evaluate", file, "--mapping", target, "--ruleset", "mof-project-self-evaluation@2020") == 1
    printed = capsys.readouterr()
    assert "many.xlsx:指标" in printed.err
    assert run("evaluate", file, "--mapping", str(tmp_path / "none.toml")) == 1
    assert run("audit", file, "--mapping", target, "--ruleset", "mof-project-self-evaluation@2020") == 1


def test_data_in_memory_is_a_mapping_too(tmp_path: Path) -> None:
    made = FieldMapping.model_validate(
        {"sheets": [{"columns": {"项目名称": "subject.name"}}], "constants": {"subject.kind": "项目", "subject.year": 2023}}
    )
    (tmp_path / "a.csv").write_text("项目名称\n甲\n乙\n", encoding="utf-8")
    assert [one.record.subject.name for one in read(tmp_path / "a.csv", made)] == ["甲", "乙"]


# ------------------------------------------------------------------------------------------------------ whose problem it is

OF_2021 = "mof-project-self-evaluation@2021"


def refusals(tmp_path: Path, source: Path) -> list[ir.Problem]:
    found = ir.load(OF_2021).evaluate_all(read(source, mapping(tmp_path, MAPPING)))
    return [one for error in found if isinstance(error, ir.RecordError) for one in error.problems]


def test_a_problem_of_a_record_has_its_row_its_key_and_its_name(tmp_path: Path) -> None:
    """Neither record says anything of satisfaction; there is no cell for it, so their rows are named."""
    entries = [*ENTRIES[:3], ["P002", "效益指标", "社会效益指标", "收入", "5万元", "5万元", 30, 20]]
    book = workbook(tmp_path / "a.xlsx", 项目=PROJECTS, 指标=entries)
    problems = refusals(tmp_path, book)
    assert {(one.where.record, one.where.sheet) for one in problems} == {("P001 甲", "指标"), ("P002 乙", "指标")}
    lines = [one.describe("zh") for one in problems]
    assert len(set(lines)) == len(lines)
    assert all("P001 甲" in line or "P002 乙" in line for line in lines)
    assert problems[0].as_dict()["record"] == problems[0].where.record


def test_what_has_no_column_is_told_at_the_first_cell_of_its_row(tmp_path: Path) -> None:
    text = MAPPING.replace('"是否完成" = "answers.project_completed"\n', "")
    book = workbook(tmp_path / "a.xlsx", 项目=PROJECTS, 指标=ENTRIES)
    found = ir.load(OF_2021).evaluate_all(read(book, mapping(tmp_path, text)))
    problems = [one for error in found if isinstance(error, ir.RecordError) for one in error.problems]
    asked = [one for one in problems if "项目已完成" in one.message("zh")]
    assert [(one.where.sheet, one.where.cell) for one in asked] == [("项目", "A4"), ("项目", "A5")]
    assert "加一列“项目已完成”" in str(asked[0].hint("zh"))


def test_a_key_of_entries_alone_is_told_as_that(tmp_path: Path) -> None:
    book = workbook(
        tmp_path / "a.xlsx", 项目=PROJECTS, 指标=[*ENTRIES, ["P009", "产出指标", "数量指标", "丙", "约9本", "7本", 30, 20]]
    )
    (problem,) = [one for found in read(book, mapping(tmp_path, MAPPING)) if found.found is None for one in found.problems]
    assert (problem.code, problem.where.sheet, problem.where.cell) == ("mapping-key-only-there", "指标", "A5")
    assert "P009 只在工作表“指标”里有" in problem.message("zh")


def test_the_list_of_what_is_to_be_mended_says_whose_it_is(tmp_path: Path) -> None:
    book = workbook(tmp_path / "a.xlsx", 项目=PROJECTS, 指标=ENTRIES[:3])
    args = ["--lang", "zh", "evaluate", str(book), "--mapping", str(mapping(tmp_path, MAPPING)), "--ruleset", OF_2021]
    done = CliRunner().invoke(commands, [*args, "-o", str(tmp_path / "r.xlsx")])
    assert done.exit_code == 1
    heads, *rows = openpyxl.load_workbook(tmp_path / "r.xlsx")["待修改"].iter_rows(values_only=True)
    told = [dict(zip(map(str, heads), row, strict=True)) for row in rows]
    assert {row["文件"] for row in told if row["类别"] == "须改正"} == {"a.xlsx:P001", "a.xlsx:P002"}
    assert {row["评价对象"] for row in told if row["类别"] == "须改正"} == {"P001 甲", "P002 乙"}
    assert all(row["单元格"] for row in told)
    assert done.stderr.count("P002 乙") == len([row for row in told if row["评价对象"] == "P002 乙"])


def test_a_workbook_and_a_csv_file_of_one_folder_are_joined_and_each_is_named(tmp_path: Path) -> None:
    (tmp_path / "表").mkdir()
    workbook(tmp_path / "表" / "汇总.xlsx", 项目=PROJECTS)
    lines = [",".join("" if value is None else str(value) for value in row) for row in ENTRIES]
    (tmp_path / "表" / "指标.csv").write_text("\n".join(lines).replace("7次", "约7次"), encoding="utf-8")
    found = list(read(tmp_path / "表", mapping(tmp_path, MAPPING)))
    assert [one.name for one in found] == ["P001", "P002"]
    (problem,) = [one for one in found[0].problems if one.severity == "error"]
    assert (Path(problem.where.file).name, problem.where.cell) == ("指标.csv", "F3")
    assert found[1].record.indicators[0].name == "印册"


# ------------------------------------------------------------------------------------------------------------------ guesses

SUMMARY: list[list[Any]] = [
    ["2023年度项目绩效自评汇总表（单位：万元）"],
    ["序号", "项目代码", "项目", "归口部门", "项目单位", "区县", "年初批复", "调整后预算", "支付金额", "结转", "项目是否完成"],
    [1, "P001", "甲", "乡村振兴局", "甲乡", "甲县", 100, 90, 80, 10, "是"],
]
SHORT: list[list[Any]] = [
    ["项目代码", "指标类型", "指标名称", "目标", "完成", "满分", "偏差说明"],
    ["P001", "产出/数量", "培训", "≥10场", "9场", 50, "停电"],
]


def test_a_folder_of_tables_is_guessed_as_one_and_read(tmp_path: Path) -> None:
    folder = tmp_path / "表"
    folder.mkdir()
    workbook(folder / "汇总.xlsx", 项目汇总=SUMMARY)
    (folder / "指标.csv").write_text("\n".join(",".join(map(str, row)) for row in SHORT), encoding="utf-8")
    done = CliRunner().invoke(commands, ["--lang", "zh", "mapping", "new", str(folder), "--ruleset", OF_2021])
    assert done.exit_code == 0, done.output
    assert done.stderr == ""
    assert 'key = "项目代码"' in done.stdout
    (found,) = read(folder, mapping(tmp_path, done.stdout))
    record = found.record
    assert found.problems == ()
    assert (record.subject.name, record.subject.code, record.subject.region) == ("甲", "P001", "甲县")
    assert record.budget is not None
    amounts: Any = [getattr(record.budget, name) for name in ("initial", "adjusted", "spent", "carried_out")]
    assert (amounts, record.budget.unit) == ([100, 90, 80, 10], "万元")
    assert record.answers == {"project_completed": "是"}
    (entry,) = record.indicators
    assert (entry.name, str(entry.target), str(entry.actual), entry.reason) == ("培训", "≥10场", "9场", "停电")


def test_a_guess_without_a_ruleset_leaves_what_rulesets_ask(tmp_path: Path) -> None:
    _, problems = guess(workbook(tmp_path / "a.xlsx", 项目汇总=SUMMARY))
    assert [one.where.cell for one in problems] == ["K2"]
