"""Results as workbooks, opened again: points are those of the evaluation, texts are texts whatever they begin with."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import tomli
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

import indicator_rules as ir
from forms import filling
from forms.published_forms import national
from forms.small_form import HEADS, form
from indicator_rules import messages
from indicator_rules.cell_text import LONGEST, cell_number, cell_text
from indicator_rules.cli.commands import commands
from indicator_rules.cli.results import write_results
from indicator_rules.exact import exact
from indicator_rules.reading import reading
from indicator_rules.results.form import results_form
from indicator_rules.results.results import Scored, losses
from indicator_rules.results.table_book import sheet_title
from indicator_rules.results.workbook import ResultsWorkbook, results_workbook

CHECKOUT = Path(__file__).parents[2]
EXAMPLES = CHECKOUT / "docs" / "examples"
RULESET = "zhanjiang-etdz-project@2023"
HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "#N/A",
    "=cmd|' /C calc'!A0",
    "a\x00b\x1b[31m",
    "_x0041_",
    "<r>项目甲</r>",
    "<r>a & b</r>",
    '<r></r></is></c><c r="B3" t="str"><f>HYPERLINK(&quot;http://evil&quot;)</f><v>1</v></c><c t="inlineStr"><is><r></r>',
    "\ufffe",
    "=" + "长" * 40_000,
]


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    messages.use_language("zh")
    yield
    messages.use_language(None)


def data_of(name: str = "zhanjiang-2023") -> dict[str, Any]:
    return tomli.loads((EXAMPLES / f"{name}.toml").read_text(encoding="utf-8"), parse_float=Decimal)


def run(*args: str | Path) -> Result:
    result = CliRunner().invoke(commands, ["--lang", "zh", *map(str, args)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def scored(record: Any, ruleset: str = RULESET) -> Scored:
    found = reading(record)
    return Scored(found, ir.load(ruleset).evaluate(found), found.problems)


def rows(sheet: Any) -> list[dict[str, Any]]:
    heads, *body = sheet.iter_rows(values_only=True)
    return [dict(zip(heads, row, strict=True)) for row in body]


def number(cell: Any) -> Decimal:
    """A cell as Excel shows it: 15 digits."""
    return Decimal(format(cell, ".15g"))


def opened(content: bytes, path: Path) -> Any:
    path.write_bytes(content)
    return openpyxl.load_workbook(path)


def no_formula(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type in ("f", "e")]
    with zipfile.ZipFile(path) as package:
        assert not [name for name in package.namelist() if "sheets/" in name and b"<f>" in package.read(name)]


# ---------------------------------------------------------------------------------------------------------- cells


@given(st.text(st.characters(codec=None), max_size=50))
def test_any_text_can_be_written_and_stays_one(text: str) -> None:
    kept = cell_text(text)
    kept.encode("utf-8")
    openpyxl.Workbook().active.cell(1, 1).value = kept  # type: ignore[union-attr]
    assert len(kept.encode("utf-16-le")) <= 2 * LONGEST


@pytest.mark.parametrize("text", ["长" * 32_767, "😀" * 16_383])
def test_a_text_as_long_as_excel_holds_is_whole_and_a_longer_one_says_that_it_is_not(text: str) -> None:
    assert cell_text(text) == text
    longer = cell_text(text + "长长")
    assert longer.endswith("…")
    assert len(longer.encode("utf-16-le")) <= 2 * LONGEST


@given(st.fractions(-1000, 1000, max_denominator=10**6))
def test_a_number_is_right_to_12_decimals_and_excel_shows_it(value: Fraction) -> None:
    kept = cell_number(exact(value))
    assert abs(Fraction(kept) - value) <= Fraction(1, 2 * 10**12)
    assert Decimal(format(float(kept), ".15g")) == kept


def test_a_title_of_a_sheet_is_one_that_excel_takes() -> None:
    long = sheet_title("得分 a/b:c*d?[e]\\'" + "f" * 50, [])
    assert len(long) == 31
    assert not set(long) & set("/:*?[]\\'")
    assert sheet_title(long.upper(), [long, long[:-4] + " (2)"]) == (long[:-4] + " (3)").upper().replace(" (3)", " (3)")


# ----------------------------------------------------------------------------------------------------- many records


def many(tmp_path: Path) -> list[Path]:
    """Records that differ in what they spent and reached; one cannot be scored."""
    files = []
    for place in range(6):
        data = copy.deepcopy(data_of())
        data["subject"]["name"] = HOSTILE[place]
        data["indicators"][1]["actual"] = f"{place}次"
        if place == 5:
            del data["budget"]
        files.append(tmp_path / f"{place}.json")
        files[-1].write_text(json.dumps(data, default=str, ensure_ascii=False), encoding="utf-8")
    return files


def test_the_workbook_of_many_says_what_the_evaluations_say(tmp_path: Path) -> None:
    files = many(tmp_path)
    done = run("evaluate", *files, "--ruleset", RULESET, "-o", tmp_path / "r.xlsx")
    rules = ir.load(RULESET)
    results = [rules.evaluate(path) for path in files[:5]]
    assert done.exit_code in (0, 1)
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    assert book.sheetnames == ["汇总", f"得分 {RULESET}"[:31], "失分", "待修改", "提示"]
    points = rows(book.worksheets[1])
    for row, result in zip(points, results, strict=False):
        assert row["评价对象"] == cell_text(result.record.subject.name)
        assert row["等级"] == result.grade
        assert number(row["总分"]) == result.total
        for criterion in result.criteria:
            assert number(row[criterion.label]) == cell_number(criterion.exact_points)
    lost = rows(book["失分"])
    for path, result in zip(files, results, strict=False):
        mine = [row for row in lost if row["文件"] == path.name]
        known = list(losses(result, "zh"))
        assert [number(row["失分"]) for row in mine] == [cell_number(one.exact_lost) for one in known]
        assert sum((Fraction(one.exact_lost) for one in known), Fraction()) == sum(
            Fraction(one.exact_lost) for one in result.losses
        )
        exactly = [Fraction(row["准确值"] or str(row["失分"])) for row in mine]
        assert exactly == [Fraction(one.exact_lost) for one in known]
        assert all(row["失分原因"] and row["代码"] for row in mine)
    said = {(row["规则集"], row["项目"]): row["数"] for row in rows(book["汇总"])}
    assert said[None, "已评（份）"] + said[None, "未评（份）"] == 6
    totals = [Fraction(Decimal(str(row["总分"]))) for row in points]
    assert number(said[RULESET, "平均分"]) == cell_number(exact(sum(totals, Fraction()) / len(totals)))
    assert number(said[RULESET, "最高分"]) == max(map(number, (row["总分"] for row in points)))
    assert sum(said[RULESET, str(label)] for label in rules.plan.grade_labels) == len(points)
    no_formula(tmp_path / "r.xlsx")


def test_what_is_to_be_mended_has_its_cell(tmp_path: Path) -> None:
    (tmp_path / "blank.xlsx").write_bytes(ir.load(RULESET).template("zh"))
    done = run("evaluate", tmp_path / "blank.xlsx", EXAMPLES / "zhanjiang-2023.toml", "-o", tmp_path / "r.xlsx")
    assert done.exit_code == 1
    assert "已评 1 份，未评 1 份；结果已写入" in done.stdout
    fixes = rows(openpyxl.load_workbook(tmp_path / "r.xlsx")["待修改"])
    refused = reading(tmp_path / "blank.xlsx").problems
    assert [(row["文件"], row["工作表"], row["单元格"], row["代码"], row["问题"]) for row in fixes] == [
        ("blank.xlsx", one.where.sheet, one.where.cell, one.code, one.message("zh")) for one in refused
    ]
    assert {row["类别"] for row in fixes} == {"须改正"}
    assert all(one.describe("zh") in done.stderr for one in refused)


def test_findings_are_in_the_workbook(tmp_path: Path) -> None:
    example = EXAMPLES / "zhanjiang-2023.toml"
    wanted = [finding.text("zh") for finding in ir.load(RULESET).evaluate(example).findings]
    assert wanted
    run("evaluate", example, EXAMPLES / "mof-2023.toml", "--ruleset", RULESET, "-o", tmp_path / "many.xlsx")
    told = rows(openpyxl.load_workbook(tmp_path / "many.xlsx")["提示"])
    assert [row["提示"] for row in told if row["文件"] == example.name] == wanted
    run("evaluate", example, "-o", tmp_path / "one.xlsx")
    texts = [row[0].value for row in openpyxl.load_workbook(tmp_path / "one.xlsx").worksheets[0]]
    assert texts[-len(wanted) :] == wanted


def test_a_finding_is_at_the_cell_of_its_entry(tmp_path: Path) -> None:
    path = form(tmp_path, HEADS, ["产出指标", "数量指标", "培训", "≥95场", "95场", 50, 40], *FULL)
    one = scored(path, "mof-project-self-evaluation@2020")
    (told,) = rows(opened(results_workbook([one], "zh"), tmp_path / "r.xlsx")["提示"])
    assert (told["文件"], told["评价对象"], told["绩效指标"], told["单元格"]) == ("form.xlsx", "某项目", "满意度", "G8")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_name_is_a_text_in_both_kinds_of_results(tmp_path: Path, text: str) -> None:
    data = data_of()
    found = reading(data)
    subject = found.record.subject.model_copy(update={"name": text})
    evaluation = ir.load(RULESET).evaluate(found.record.model_copy(update={"subject": subject}))
    one = Scored(found, evaluation, (ir.Problem("unknown-key", ir.Where(text, sheet=text), {"key": text}, "warning"),))
    book = opened(results_workbook([one], "zh"), tmp_path / "many.xlsx")
    cell = book.worksheets[1]["B2"]
    assert (cell.value, cell.data_type) == (cell_text(text), "s")
    assert cell.quotePrefix or not text.startswith(("=", "+", "-", "@", "\t", "\r", "#"))
    assert book["待修改"]["D2"].value == cell_text(text)
    results = opened(results_form(one, "zh"), tmp_path / "one.xlsx")
    assert results.worksheets[0]["A1"].data_type == "s"
    no_formula(tmp_path / "many.xlsx")
    no_formula(tmp_path / "one.xlsx")


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    files = [tmp_path / folder / "a.json" for folder in ("甲", "乙")]
    for file in files:
        file.parent.mkdir()
        file.write_text(json.dumps(data_of(), default=str, ensure_ascii=False), encoding="utf-8")
    run("evaluate", *files, "--ruleset", RULESET, "-o", tmp_path / "r.xlsx")
    points = rows(openpyxl.load_workbook(tmp_path / "r.xlsx").worksheets[1])
    assert [row["文件"] for row in points] == ["a.json", "乙/a.json"]


def test_rows_beyond_a_sheet_go_to_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indicator_rules.results.table_book.MOST_ROWS", 3)
    one = scored(EXAMPLES / "zhanjiang-2023.toml")
    book = opened(results_workbook([one] * 5, "zh"), tmp_path / "r.xlsx")
    assert [sheet for sheet in book.sheetnames if sheet.startswith("失分")] == [
        "失分",
        "失分 (2)",
        "失分 (3)",
        "失分 (4)",
        "失分 (5)",
    ]
    found = [row for sheet in book if sheet.title.startswith("失分") for row in rows(sheet)]
    assert len(found) == 5 * len(list(losses(one.evaluation, "zh")))  # type: ignore[arg-type]


def test_a_workbook_given_up_half_way_leaves_nothing_open() -> None:
    results = ResultsWorkbook("zh")
    results.add(scored(EXAMPLES / "zhanjiang-2023.toml"))
    results.__exit__(KeyboardInterrupt)
    assert results.book.book.fileclosed


# ------------------------------------------------------------------------------------------------------- one record


def listed(sheet: Any) -> list[tuple[str, Decimal, Decimal]]:
    """Rows with a weight: the grade and the findings have none."""
    rows = sheet.iter_rows(min_row=4, values_only=True)
    return [(str(a).strip(), number(d), number(e)) for a, _, _, d, e, _ in rows if isinstance(d, int | float)]


def test_a_record_from_no_form_has_a_sheet_of_all_its_points(tmp_path: Path) -> None:
    assert run("evaluate", EXAMPLES / "zhanjiang-2023.toml", "-o", tmp_path / "r.xlsx").exit_code == 0
    result = ir.load(RULESET).evaluate(EXAMPLES / "zhanjiang-2023.toml")
    sheet = openpyxl.load_workbook(tmp_path / "r.xlsx").worksheets[0]
    found = listed(sheet)
    for criterion in result.criteria:
        assert (criterion.label, cell_number(criterion.exact_weight), cell_number(criterion.exact_points)) in found
        for entry in criterion.entries:
            assert (entry.name, cell_number(entry.exact_weight), cell_number(entry.exact_points)) in found
    assert found[-1] == ("总分", Decimal(100), Decimal("99.3"))
    noted = [row[0].value for row in sheet.iter_rows() if any(cell.comment for cell in row)]
    assert {str(label).strip() for label in noted} == {"数量指标", "政府采购次数"}


def test_a_form_made_for_the_ruleset_comes_back_filled_in(tmp_path: Path) -> None:
    (tmp_path / "blank.xlsx").write_bytes(ir.load(RULESET).template("zh"))
    filling.fill(tmp_path / "blank.xlsx", data_of(), tmp_path / "form.xlsx")
    before = (tmp_path / "form.xlsx").read_bytes()
    assert run("evaluate", tmp_path / "form.xlsx", "-o", tmp_path / "r.xlsx").exit_code == 0
    assert (tmp_path / "form.xlsx").read_bytes() == before
    result = ir.load(RULESET).evaluate(tmp_path / "form.xlsx")
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    assert number(filling.cell_of(book, "ir.declared.total").value) == result.total
    assert filling.cell_of(book, "ir.declared.grade").value == result.grade
    for criterion in result.criteria:
        if not criterion.entries:
            cell = filling.cell_of(book, f"ir.declared.criteria.{criterion.id}")
            assert number(cell.value) == cell_number(criterion.exact_points)
    again = ir.load(RULESET).evaluate(tmp_path / "r.xlsx")
    assert (again.total, again.grade) == (result.total, result.grade)
    claimed = again.record.declared
    assert claimed is not None
    for entry in (entry for criterion in result.criteria for entry in criterion.entries):
        assert exact(claimed.indicators[entry.id]) == exact(cell_number(entry.exact_points))
    no_formula(tmp_path / "r.xlsx")


def published(tmp_path: Path) -> tuple[Path, ir.Rules]:
    path = CHECKOUT / "tests" / "published" / "he-langfang-sp-2019.toml"
    data = tomli.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    data.setdefault("declared", {})["total"] = Decimal(90)
    national(data.get("record", data), tmp_path / "form.xlsx")
    return tmp_path / "form.xlsx", ir.load("mof-project-self-evaluation@2020")


def test_a_published_form_comes_back_with_points_and_what_it_said_before(tmp_path: Path) -> None:
    path, rules = published(tmp_path)
    result = rules.evaluate(path)
    assert run("evaluate", path, "--ruleset", rules.name, "-o", tmp_path / "r.xlsx").exit_code == 0
    again = reading(tmp_path / "r.xlsx").record
    assert again.declared is not None
    assert again.declared.total == result.total
    for criterion in result.criteria:
        for entry in criterion.entries:
            assert exact(again.declared.indicators[entry.id]) == exact(cell_number(entry.exact_points))
    old = reading(path).record.declared
    assert old is not None
    changed = [name for name, points in old.indicators.items() if again.declared.indicators[name] != points]
    notes = [
        cell.comment.text for row in openpyxl.load_workbook(tmp_path / "r.xlsx").worksheets[0] for cell in row if cell.comment
    ]
    assert len([note for note in notes if "原来填的是" in note]) >= len(changed)
    assert rules.evaluate(again).total == result.total


def test_points_are_shown_with_two_decimals_and_columns_that_follow_from_them_agree(tmp_path: Path) -> None:
    heads = [*HEADS, "得分系数", "扣分"]
    rows: list[list[Any]] = [
        ["产出指标", "数量指标", "培训", "≥30场", "20场", 50, 40, None, "80%", 10],
        ["效益指标", "社会效益指标", "收入", "≥10万元", "10万元", 30, 30, None, "100%", 0],
        ["满意度指标", "服务对象满意度指标", "满意度", "≥90%", "95%", 10, 10, None, 1, 0],
    ]
    path = form(tmp_path, heads, *rows)
    result = ir.load("mof-project-self-evaluation@2020").evaluate(path)
    sheet = opened(results_form(scored(path, "mof-project-self-evaluation@2020"), "zh"), tmp_path / "r.xlsx").worksheets[0]
    entry = next(entry for criterion in result.criteria for entry in criterion.entries if entry.name == "培训")
    assert number(sheet["G6"].value) == cell_number(entry.exact_points)
    assert sheet["G6"].number_format == "0.00"
    assert number(sheet["I6"].value) == cell_number(exact(Fraction(entry.exact_points) / 50))
    assert number(sheet["J6"].value) == cell_number(50 - entry.exact_points)
    assert "原来填的是 80%" in sheet["I6"].comment.text
    assert (sheet["I7"].value, sheet["I8"].value) == ("100%", 1)


def test_rows_of_a_copy_are_as_high_as_their_texts(tmp_path: Path) -> None:
    (tmp_path / "blank.xlsx").write_bytes(ir.load(RULESET).template("zh"))
    data = data_of()
    data["indicators"][0]["reason"] = (
        "因征地拆迁延误，工期顺延两个月，已制定赶工计划并报主管部门备案，预计次年三月完成全部工作量。"
    )
    filling.fill(tmp_path / "blank.xlsx", data, tmp_path / "form.xlsx")
    book = opened(results_form(scored(tmp_path / "form.xlsx"), "zh"), tmp_path / "r.xlsx")
    row = filling.cell_of(book, "ir.column.indicators.indicators._row.name").row + 1
    assert book["绩效指标"].row_dimensions[row].height > 60
    assert book["绩效指标"].row_dimensions[row + 30].height == 18


def test_a_unit_in_a_column_of_its_own_stands_beside_the_values(tmp_path: Path) -> None:
    heads = [*HEADS, "计量单位"]
    path = form(tmp_path, heads, ["产出指标", "数量指标", "培训", "≥95", "92", 50, 40, None, "%"], *FULL)
    book = opened(results_form(scored(path, "mof-project-self-evaluation@2020"), "zh"), tmp_path / "r.xlsx")
    texts = [[cell.value for cell in row[:3]] for row in book["评分结果"]]
    assert ["≥95%", "92%"] in [row[1:] for row in texts]
    assert any(row[0] == "等级" for row in texts)


FULL: list[list[Any]] = [
    ["效益指标", "社会效益指标", "收入", "≥10万元", "10万元", 30, 30],
    ["满意度指标", "服务对象满意度指标", "满意度", "≥90%", "95%", 10, 10],
]


def test_the_edition_stays_in_the_name_of_a_sheet() -> None:
    assert sheet_title("得分 mof-project-self-evaluation@2021", []) == "得分 mof-project-self-evalu…@2021"


def test_a_form_with_a_picture_is_not_copied_but_listed(tmp_path: Path) -> None:
    path, rules = published(tmp_path)
    with zipfile.ZipFile(path, "a") as package:
        package.writestr("xl/media/image1.png", b"")
    content = results_form(scored(path, rules.name), "zh")
    assert opened(content, tmp_path / "r.xlsx").sheetnames == ["评分结果"]


@pytest.mark.parametrize("area", ["AA200:XFD1048576"])
def test_a_form_that_would_fill_the_memory_is_not_copied(tmp_path: Path, area: str) -> None:
    path, rules = published(tmp_path)
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    more = f'<mergeCell ref="{area}"/></mergeCells>'.encode()
    assert b"</mergeCells>" in parts[sheet]
    parts[sheet] = parts[sheet].replace(b"</mergeCells>", more)
    with zipfile.ZipFile(path, "w") as package:
        for name, data in parts.items():
            package.writestr(name, data)
    assert opened(results_form(scored(path, rules.name), "zh"), tmp_path / "r.xlsx").sheetnames == ["评分结果"]


def test_a_part_that_openpyxl_cannot_read_leaves_the_sheet_of_our_own(tmp_path: Path) -> None:
    path, rules = published(tmp_path)
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    parts["xl/theme/theme1.xml"] = parts["docProps/core.xml"] = parts["docProps/app.xml"] = b"<!DOCTYPE a"
    with zipfile.ZipFile(path, "w") as package:
        for name, data in parts.items():
            package.writestr(name, data)
    assert "评分结果" in opened(results_form(scored(path, rules.name), "zh"), tmp_path / "r.xlsx").sheetnames


def test_a_formula_in_a_form_is_a_value_in_its_copy(tmp_path: Path) -> None:
    path, rules = published(tmp_path)
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["Z90"] = '=HYPERLINK("http://example.invalid")'
    book.save(path)
    opened(results_form(scored(path, rules.name), "zh"), tmp_path / "r.xlsx")
    no_formula(tmp_path / "r.xlsx")


# ------------------------------------------------------------------------------------------------- the command line


def test_one_record_that_is_refused_gets_its_list(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}", encoding="utf-8")
    assert run("evaluate", tmp_path / "a.json", "-o", tmp_path / "r.xlsx").exit_code == 1
    assert rows(openpyxl.load_workbook(tmp_path / "r.xlsx")["待修改"])


def test_json_is_no_workbook_and_whoever_has_no_openpyxl_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example = EXAMPLES / "zhanjiang-2023.toml"
    assert run("evaluate", example, "--format", "json", "-o", tmp_path / "r.xlsx").exit_code == 2
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    done = run("evaluate", example, "-o", tmp_path / "r.xlsx")
    assert done.exit_code == 1
    assert "excel-not-installed" in done.stderr
    assert not (tmp_path / "r.xlsx").exists()
    # The workbook of many is our own.
    run("evaluate", example, example.parent / "mof-2023.toml", "-o", tmp_path / "many.xlsx")
    assert (tmp_path / "many.xlsx").exists()


@pytest.mark.parametrize("lang", messages.LANGUAGES)
def test_both_languages(tmp_path: Path, lang: messages.Language) -> None:
    one = scored(EXAMPLES / "zhanjiang-2023.toml")
    contents = (results_workbook([one], lang), results_form(one, lang))
    names = [opened(content, tmp_path / "r.xlsx").sheetnames for content in contents]
    assert ("汇总" in names[0], "评分结果" in names[1]) == (lang == "zh", lang == "zh")


def test_the_forms_of_the_guide_say_what_the_example_says() -> None:
    forms = CHECKOUT / "docs" / "forms"
    ours, example = (ir.load(RULESET).evaluate(path) for path in (forms / "filled.xlsx", EXAMPLES / "zhanjiang-2023.toml"))
    assert [repr(one) for one in ours.criteria] == [repr(one) for one in example.criteria]
    assert {problem.where.cell for problem in reading(forms / "mistakes.xlsx").problems} == {"B11", "I13"}


def test_many_records_show_a_bar_on_a_terminal_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = scored(EXAMPLES / "zhanjiang-2023.toml")
    for terminal in (False, True):
        monkeypatch.setattr("sys.stderr.isatty", lambda shown=terminal: shown, raising=False)
        assert write_results(tmp_path / "r.xlsx", [one] * 3, 3, single=False) == 0
        assert ("100%" in capsys.readouterr().err) == terminal


def test_a_table_of_one_record_by_a_mapping_has_a_sheet_of_our_own(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["项目", "全年预算（元）", "支出（元）", "人次"], ["=甲", 100, 90, 9]):
        book.worksheets[0].append(row)
    book.worksheets[0]["A2"].data_type = "s"
    book.save(tmp_path / "table.xlsx")
    (tmp_path / "mapping.toml").write_text(
        """
        [constants]
        "subject.kind" = "项目"
        "subject.year" = 2023
        "indicators.a.category" = "产出/数量"
        "indicators.a.name" = "人次"
        "indicators.a.target" = "10人"
        [[sheets]]
        [sheets.columns]
        "项目" = "subject.name"
        "全年预算（元）" = { field = "budget.adjusted", unit = "元" }
        "支出（元）" = { field = "budget.spent", unit = "元" }
        "人次" = "indicators.a.actual"
        """,
        encoding="utf-8",
    )
    (tmp_path / "rules.toml").write_text(
        """
        schema = 1
        [ruleset]
        family = "one"
        edition = "1"
        title = "一项"
        applies = { years = [2023] }
        status = "example"
        [criteria.output]
        label = "产出"
        weight = 100
        indicators = "output"
        without_weights = "equal"
        entries.quantitative = { kind = "proportional" }
        [[grades]]
        label = "差"
        """,
        encoding="utf-8",
    )
    done = run("evaluate", tmp_path / "table.xlsx", "--mapping", tmp_path / "mapping.toml", "--ruleset", tmp_path / "rules.toml", "-o", tmp_path / "r.xlsx")  # fmt: skip
    assert done.exit_code == 0, done.stderr
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    assert book.sheetnames == ["评分结果"]
    assert book.worksheets[0]["A1"].value == "=甲（2023 年度）"
    no_formula(tmp_path / "r.xlsx")


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files here")
def test_a_disk_without_room_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "meanwhile").mkdir()
    (tmp_path / "in").mkdir()
    text = (EXAMPLES / "zhanjiang-2023.toml").read_text(encoding="utf-8")
    for number in range(60):
        (tmp_path / "in" / f"{number}.toml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "indicator_rules", "evaluate", str(tmp_path / "in"), "-o", str(tmp_path / "r.xlsx")]
    limited = ["bash", "-c", 'ulimit -f 8; exec "$@"', "bash", *command]
    environment = {**os.environ, "TMPDIR": str(tmp_path / "meanwhile"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(limited, capture_output=True, text=True, env=environment, timeout=120, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "output-not-written" in done.stderr
    assert list((tmp_path / "meanwhile").iterdir()) == []
    assert not (tmp_path / "r.xlsx").exists()


def test_an_entry_that_nobody_scores_loses_its_old_points_and_is_told_at_its_cell(tmp_path: Path) -> None:
    data = data_of()
    data["indicators"][0] |= {"category": "产出", "id": "i1"}
    data["declared"] = {"indicators": {"i1": 3}}
    (tmp_path / "blank.xlsx").write_bytes(ir.load(RULESET).template("zh"))
    filling.fill(tmp_path / "blank.xlsx", data, tmp_path / "form.xlsx")
    done = run("evaluate", tmp_path / "form.xlsx", "-o", tmp_path / "r.xlsx", "--lang", "zh")
    assert done.exit_code == 0
    (line,) = [one for one in done.stderr.splitlines() if "entry-unscored" in one]
    assert "类别为“产出”" in line
    found = reading(tmp_path / "form.xlsx")
    assert found.form is not None
    place = found.form.places["declared", "indicators", "i1"]
    cell = openpyxl.load_workbook(tmp_path / "r.xlsx")[place.sheet].cell(place.row, place.column)
    assert cell.value is None
    assert cell.comment is not None
    assert "没有计分" in cell.comment.text
