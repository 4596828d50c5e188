"""A form made for a ruleset, filled in as a clerk would, scores exactly as the record in TOML does."""

from __future__ import annotations

import io
import re
import sys
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import tomli
from openpyxl.utils import get_column_letter

import indicator_rules as ir
from forms import filling
from indicator_rules import messages
from indicator_rules.cli.commands import commands
from indicator_rules.reading import reading
from indicator_rules.render import width

CHECKOUT = Path(__file__).parents[2]
EXAMPLES = CHECKOUT / "docs" / "examples"
SHIPPED = sorted(entry.name for entry in ir.Catalog.builtin().entries)


OF_ANSWERS = """
schema = 1
[ruleset]
family = "papers"
edition = "1"
title = "档案"
status = "example"
full_score = 100
applies = { subjects = ["project"], years = 2023, jurisdiction = "某市", evaluation = "self" }
[inputs.papers]
label = "档案"
type = "choice"
choices = ["齐全", "部分", "没有"]
[criteria.papers]
label = "档案完整"
weight = 100
scale = { kind = "first_match", rows = [{ when = 'papers == "齐全"', award = "100%" }, { award = "0%" }] }
[[grades]]
label = "优"
at_least = 90
[[grades]]
label = "差"
"""


def data_of(path: Path) -> dict[str, Any]:
    return tomli.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def filled(tmp_path: Path, ruleset: str, data: dict[str, Any]) -> tuple[Path, list[str]]:
    (tmp_path / "blank.xlsx").write_bytes(ir.load(ruleset).template("zh"))
    return tmp_path / "filled.xlsx", filling.fill(tmp_path / "blank.xlsx", data, tmp_path / "filled.xlsx")


def scores(evaluation: ir.Evaluation) -> object:
    entries = [(one.id, entry.id, entry.points) for one in evaluation.criteria for entry in one.entries]
    return evaluation.total, evaluation.grade, [(one.id, one.points, one.weight) for one in evaluation.criteria], entries


def test_the_published_report_of_zhanjiang_from_its_form(tmp_path: Path) -> None:
    path, missing = filled(tmp_path, "zhanjiang-etdz-project@2023", data_of(EXAMPLES / "zhanjiang-2023.toml"))
    rules = ir.load("zhanjiang-etdz-project@2023")
    assert missing == []
    assert scores(rules.evaluate(path)) == scores(rules.evaluate(EXAMPLES / "zhanjiang-2023.toml"))
    assert str(rules.evaluate(path).total) == "99.3"
    assert reading(path).problems == ()


@pytest.mark.parametrize("ruleset", ["mof-project-self-evaluation@2021", "mof-project-self-evaluation@2020"])
def test_an_entry_of_every_kind_from_its_form(tmp_path: Path, ruleset: str) -> None:
    data = data_of(EXAMPLES / "mof-2023.toml")
    for name, ratings in data["assessments"]["indicators"].items():
        if isinstance(ratings, list):  # a form has one rater for each entry
            data["assessments"]["indicators"][name] = ratings[0]
    path, _ = filled(tmp_path, ruleset, data)
    rules = ir.load(ruleset)
    assert scores(rules.evaluate(path)) == scores(rules.evaluate({key: part for key, part in data.items() if key != "assumed"}))


def outcome(rules: ir.Rules, record: Any) -> object:
    """The scores, or the codes of the problems; those of a form have their cells, and may have words of their own."""
    try:
        return scores(rules.evaluate(record))
    except ir.RecordError as error:
        found = error.problems
    return sorted(
        (one.code.removeprefix("form-"), isinstance(record, dict) or bool(one.where.sheet and one.where.cell)) for one in found
    )


@pytest.mark.parametrize("ruleset", SHIPPED)
def test_every_shipped_case_scores_the_same_from_its_form(tmp_path: Path, ruleset: str) -> None:
    rules = ir.load(ruleset)
    family, _, edition = ruleset.partition("@")
    cases = sorted((CHECKOUT / "rulesets" / family / "cases" / edition).glob("*.toml"))
    tried = 0
    for case in cases[:4]:
        data = data_of(case)
        record = data.get("record", data)
        if any(isinstance(one, list) for part in record.get("assessments", {}).values() for one in part.values()):
            continue
        path, _ = filled(tmp_path, ruleset, record)
        plain = {key: part for key, part in record.items() if key not in ("assumed", "reviewed")}
        assert outcome(rules, path) == outcome(rules, plain), case.name
        tried += 1
    assert tried or not cases


def test_rows_put_in_and_sheets_renamed_do_no_harm(tmp_path: Path) -> None:
    data = data_of(EXAMPLES / "zhanjiang-2023.toml")
    extra = {"id": "more", "category": "产出/数量", "name": "新增", "target": "1次", "actual": "1次"}
    data["indicators"] = [extra, *data["indicators"], *({**extra, "id": f"more{place}"} for place in range(45))]
    path, _ = filled(tmp_path, "zhanjiang-etdz-project@2023", data)
    assert [one.id for one in ir.read_record(path).indicators] == [one["id"] for one in data["indicators"]]
    book = openpyxl.load_workbook(path)
    name = book.defined_names["ir.rows.indicators"]
    sheet = book[str(name.attr_text).partition("!")[0].strip("'")]
    area = str(name.attr_text).rpartition("!")[2].replace("$", "")
    last = int(area.rpartition(":")[2].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    for place, value in enumerate(["below", "产出/数量", "表下一行", None, "1次", "1次"], start=1):
        sheet.cell(last + 1, place).value = value
    sheet.cell(last, 30).value = "旁注"
    book.save(path)
    found = reading(path)
    assert found.record.indicators[-1].name == "表下一行"


def test_a_missing_answer_is_asked_for_at_its_cell(tmp_path: Path) -> None:
    data = data_of(EXAMPLES / "zhanjiang-2023.toml")
    del data["answers"]["supervision"]
    data["answers"]["misuse_count"] = "若干"
    path, _ = filled(tmp_path, "zhanjiang-etdz-project@2023", data)
    with pytest.raises(ir.RecordError) as error:
        ir.load("zhanjiang-etdz-project@2023").evaluate(path)
    book = openpyxl.load_workbook(path)
    for name in ("misuse_count", "supervision"):
        place = str(book.defined_names[f"ir.answers.{name}"].attr_text).replace("$", "").replace("'", "")
        assert place in {f"{one.where.sheet}!{one.where.cell}" for one in error.value.problems}


@pytest.mark.parametrize("ruleset", SHIPPED)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_form_is_for_paper_and_guards_its_headings(tmp_path: Path, ruleset: str, lang: Any) -> None:
    rules = ir.load(ruleset)
    (tmp_path / "blank.xlsx").write_bytes(rules.template(lang))
    book = openpyxl.load_workbook(tmp_path / "blank.xlsx")
    for sheet in book.worksheets:
        assert sheet.protection.sheet
        if sheet.sheet_state == "visible":
            setup: Any = sheet.sheet_properties.pageSetUpPr
            assert (sheet.page_setup.paperSize, sheet.page_setup.fitToWidth, setup.fitToPage) == (9, 1, True)
            assert sheet["A1"].protection.locked
            for check in sheet.data_validations.dataValidation:
                assert len(check.formula1 or "") <= 255
    names = set(book.defined_names)
    assert {f"ir.answers.{question.id}" for question in rules.plan.questions} <= names
    assert {one.path for one in rules.inputs() if one.path.startswith(("budget.", "subject."))} <= {
        name.removeprefix("ir.") for name in names
    }
    # An empty form says what is missing, at its cells, and nothing else.
    empty = reading(tmp_path / "blank.xlsx")
    assert {problem.code for problem in empty.problems} == {"form-field-missing"}
    assert all(problem.where.cell for problem in empty.problems)


A4_ACROSS = 149
"""Columns of the usual width, at 100 %, between the margins of a page."""


@pytest.mark.parametrize("ruleset", SHIPPED)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_form_can_be_read_on_paper(ruleset: str, lang: Any) -> None:
    """A sheet is made no smaller than 70 % (65 % in English, whose words are longer), headings come again on every page, and no text is cut off."""
    book = openpyxl.load_workbook(io.BytesIO(ir.load(ruleset).template(lang)))
    for sheet in book.worksheets[:-1]:
        sizes = {letters: dimension.width for letters, dimension in sheet.column_dimensions.items()}
        assert sum(sizes.values()) <= A4_ACROSS / (0.7 if lang == "zh" else 0.65), sheet.title
        merged = {area.coord.partition(":")[0]: area for area in sheet.merged_cells.ranges}
        for row in sheet.iter_rows():
            for cell in row:
                if not isinstance(cell.value, str):
                    continue
                area = merged.get(cell.coordinate)
                columns = range(area.min_col, area.max_col + 1) if area else [cell.column]
                room = sum(sizes[get_column_letter(column)] for column in columns)
                lines = sum(-(-width(part) // room) or 1 for part in cell.value.split("\n"))
                height = sheet.row_dimensions[cell.row].height
                assert height is not None
                assert height >= min(390, lines * 12), (sheet.title, cell.coordinate)
        if sheet.max_row > 30:
            assert sheet.print_title_rows or sheet.page_setup.fitToHeight == 1 or sheet.max_column == 1, sheet.title


def test_rows_to_fill_in_grow_with_what_is_typed() -> None:
    """A height that openpyxl sets stays as it is, and cuts off the second line of a text."""
    content = ir.load("zhanjiang-etdz-project@2023").template("zh")
    book = openpyxl.load_workbook(io.BytesIO(content))
    head = filling.cell_of(book, "ir.column.indicators.indicators._row.name")
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        text = package.read("xl/worksheets/sheet2.xml").decode()
    row = re.search(rf'<row r="{head.row + 1}"[^>]*>', text)
    assert row is not None
    assert "ht=" in row[0]
    assert "customHeight" not in row[0]


@pytest.mark.parametrize("ruleset", SHIPPED)
def test_a_form_in_english_is_in_english(tmp_path: Path, ruleset: str) -> None:
    """Labels, headings, choices and refusals; the texts of the ruleset, and the units of money, stay as they are."""
    rules = ir.load(ruleset)
    (tmp_path / "blank.xlsx").write_bytes(rules.template("en"))
    book = openpyxl.load_workbook(tmp_path / "blank.xlsx")
    labels = [filling.cell_of(book, name).value for name in book.defined_names if name.startswith("ir.column.")]
    for name in book.defined_names:
        if name.startswith(("ir.subject.", "ir.narrative.", "ir.budget.unit")):
            cell = filling.cell_of(book, name)
            beside = [cell.offset(column=-away).value for away in range(1, min(3, cell.column))]
            labels.append(next(value for value in beside if value))
    for sheet in book.worksheets[:-1]:
        labels += [sheet.title] + [check.error for check in sheet.data_validations.dataValidation]
    assert labels
    assert [label for label in labels if not str(label).isascii()] == []
    lists = [[cell.value for cell in column if cell.value] for column in book.worksheets[-1].iter_cols()]
    assert ["元", "千元", "万元", "亿元"] in lists
    assert ["project", "department", "transfer"] in lists
    assert ["是", "否"] not in lists


def test_a_form_in_english_is_read_with_its_choices(tmp_path: Path) -> None:
    data = data_of(EXAMPLES / "zhanjiang-2023.toml")
    rules = ir.load("zhanjiang-etdz-project@2023")
    (tmp_path / "blank.xlsx").write_bytes(rules.template("en"))
    data["answers"] = {
        name: ("no", "yes")[typed] if isinstance(typed, bool) else typed for name, typed in data["answers"].items()
    }
    filling.fill(tmp_path / "blank.xlsx", data, tmp_path / "filled.xlsx")
    assert scores(rules.evaluate(tmp_path / "filled.xlsx")) == scores(rules.evaluate(EXAMPLES / "zhanjiang-2023.toml"))
    empty = [problem.message("en") for problem in reading(tmp_path / "blank.xlsx").problems]
    assert "“Name” is not filled in, or was not found" in empty


def test_a_form_asks_for_a_series_too() -> None:
    """The text of its type has a place for what it holds: without it, the form ended in a traceback."""
    series = '[inputs.spending]\nlabel = "支出进度"\ntype = "series"\nof = "amount"\n'
    finding = '[findings.slow]\nwhen = "value_at(spending, 2023-06-30) < 20万元"\nmessage = "慢"\n'
    text = (CHECKOUT / "rulesets" / "zhanjiang-etdz-project" / "2023.toml").read_text(encoding="utf-8")
    book = openpyxl.load_workbook(io.BytesIO(ir.load(text + series + finding, engine="plain").template("zh")))
    cells = [str(cell.value) for row in book["核查事项"].iter_rows() for cell in row]
    assert "按日期的金额" in cells
    assert any("2023-06-30 45万元" in text for text in cells)


def test_whoever_has_no_openpyxl_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ir.RecordError) as error:
        ir.load("zhanjiang-etdz-project@2023").template()
    assert [problem.code for problem in error.value.problems] == ["excel-not-installed"]
    assert "indicator-rules[excel]" in error.value.problems[0].describe("zh")


# ------------------------------------------------------------------------------------------------------ the command line


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        commands.main([*arguments, "--lang", "zh"])
    return int(stopped.value.code or 0)


def test_a_clerk_makes_fills_in_and_scores_a_form(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("template", "zhanjiang-etdz-project") == 0
    assert capsys.readouterr().out == "已写入 自评表-zhanjiang-etdz-project@2023.xlsx\n"
    assert run("template", "zhanjiang-etdz-project") == 1
    assert "没有覆盖" in capsys.readouterr().err
    assert run("template", "zhanjiang-etdz-project", "-o", "a.xls") == 1
    assert run("template", "no-such-ruleset", "-o", "b.xlsx") == 1
    capsys.readouterr()
    filling.fill(Path("自评表-zhanjiang-etdz-project@2023.xlsx"), data_of(EXAMPLES / "zhanjiang-2023.toml"), Path("填好.xlsx"))
    assert run("evaluate", "填好.xlsx") == 0
    printed = capsys.readouterr()
    assert "99.3" in printed.out
    assert printed.err == ""
    assert run("audit", "填好.xlsx") == 0
    assert run("evaluate", "自评表-zhanjiang-etdz-project@2023.xlsx") == 1
    assert "项目!B4" in capsys.readouterr().err


def test_a_form_is_scored_by_the_ruleset_that_it_was_made_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = ir.load("mof-project-self-evaluation@2020")
    form, path = tmp_path / "form.xlsx", tmp_path / "filled.xlsx"
    data = data_of(EXAMPLES / "zhanjiang-2023.toml")
    langs: tuple[messages.Language, ...] = ("zh", "en")
    for lang in langs:
        form.write_bytes(made.template(lang))
        filling.fill(form, data, path)
        assert reading(path).form.ruleset == made.name  # type: ignore[union-attr]
        assert ir.Catalog.builtin().for_record(path).name == made.name
    for command in ("evaluate", "audit", "partial"):
        run(command, str(path))
        assert "several-rulesets-apply" not in capsys.readouterr().err
    run("evaluate", str(path), "--ruleset", "zhanjiang-etdz-project", "--format", "json")
    assert "mof-project-self-evaluation" not in capsys.readouterr().out


def test_a_form_of_a_ruleset_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = filled(tmp_path, "zhanjiang-etdz-project@2023", data_of(EXAMPLES / "zhanjiang-2023.toml"))[0]
    book = openpyxl.load_workbook(path)
    filling.cell_of(book, "ir.ruleset").value = "本表按规则集 our-own@2023.1 生成。"
    book.save(path)
    assert run("evaluate", str(path)) == 1
    told = capsys.readouterr().err
    assert "our-own@2023.1" in told
    assert "form-ruleset-not-found" in told
    assert run("evaluate", str(path), "--ruleset", "zhanjiang-etdz-project") == 0


def test_notes_below_the_table_of_indicators_are_no_indicators(tmp_path: Path) -> None:
    path = filled(tmp_path, "zhanjiang-etdz-project@2023", data_of(EXAMPLES / "zhanjiang-2023.toml"))[0]
    plain = reading(path).record
    book = openpyxl.load_workbook(path)
    head = filling.cell_of(book, "ir.column.indicators.indicators._row.name")
    for away, text in ((61, "说明：完成值以年末统计为准。"), (40, "备注：数据由实施单位提供"), (41, "2. 另见附件")):
        book["绩效指标"].cell(head.row + away, 1).value = text
    book.save(path)
    again = reading(path)
    assert again.record == plain
    rows = [head.row + away for away in (40, 41, 61)]
    assert [(problem.code, problem.where.cell) for problem in again.problems] == [
        ("form-cell-not-placed", f"A{row}") for row in rows
    ]
    name = book["绩效指标"].cell(head.row + 45, head.column)
    name.value = "某项产出"
    book.save(path)
    errors = [problem.code for problem in reading(path).problems if problem.severity == "error"]
    assert set(errors) == {"form-field-missing"}


@pytest.mark.parametrize("lang", messages.LANGUAGES)
@pytest.mark.parametrize("ruleset", SHIPPED)
def test_nothing_that_a_form_prints_itself_is_told_as_not_read(tmp_path: Path, ruleset: str, lang: messages.Language) -> None:
    (tmp_path / "blank.xlsx").write_bytes(ir.load(ruleset).template(lang))
    warnings = [problem for problem in reading(tmp_path / "blank.xlsx").problems if problem.severity != "error"]
    assert warnings == []


def test_whatever_is_written_beside_the_cells_of_a_form_is_told(tmp_path: Path) -> None:
    path = filled(tmp_path, "zhanjiang-etdz-project@2023", data_of(EXAMPLES / "zhanjiang-2023.toml"))[0]
    book = openpyxl.load_workbook(path)
    last = book["核查事项"].max_row
    written = {("项目", "D14"): "（不含上级资金）", ("项目", "A29"): "注：见附件", ("绩效指标", "AB9"): "存疑", ("核查事项", f"A{last + 2}"): "已核",
               ("核查事项", "G5"): "?", ("报告正文", "D5"): "待补"}  # fmt: skip
    for (sheet, cell), text in written.items():
        assert not book[sheet][cell].value, (sheet, cell)
        book[sheet][cell] = text
    book.create_sheet("附表").append(["另有说明"])
    book.save(path)
    told = [(one.code, one.where.sheet, one.where.cell) for one in reading(path).problems]
    places = [("form-cell-not-placed", sheet, cell) for sheet, cell in written]
    assert sorted(told) == sorted([*places, ("form-sheet-not-read", "附表", "")])


def test_a_category_merged_over_rows_is_that_of_each(tmp_path: Path) -> None:
    path = filled(tmp_path, "zhanjiang-etdz-project@2023", data_of(EXAMPLES / "zhanjiang-2023.toml"))[0]
    plain = reading(path).record
    book = openpyxl.load_workbook(path)
    sheet = book["绩效指标"]
    column = filling.cell_of(book, "ir.column.indicators.indicators._row.category").column
    row = filling.cell_of(book, "ir.column.indicators.indicators._row.category").row + 1
    assert sheet.cell(row, column).value == sheet.cell(row + 1, column).value
    sheet.merge_cells(start_row=row, end_row=row + 1, start_column=column, end_column=column)
    last = row + len(plain.indicators)
    sheet.merge_cells(start_row=last + 1, end_row=last + 4, start_column=column, end_column=column)
    book.save(path)
    assert reading(path).record == plain


@pytest.mark.parametrize(
    ("typed", "source", "name"),
    [
        ("当年财政拨款", "other", "当年财政拨款"),
        ("上年结转资金", "carried-over", "上年结转资金"),
        ("省级", "provincial", None),
        ("省级财政资金", "provincial", "省级财政资金"),
    ],
)
def test_a_source_of_funds_may_be_called_as_published_forms_print_it(
    tmp_path: Path, typed: str, source: str, name: str | None
) -> None:
    data = {**data_of(EXAMPLES / "zhanjiang-2023.toml"), "funds": [{"source": typed, "spent": Decimal(1)}]}
    path = filled(tmp_path, "zhanjiang-etdz-project@2023", data)[0]
    (fund,) = reading(path).record.funds
    assert (fund.source, fund.name) == (source, name)


def test_choices_are_told_as_the_form_offers_them(tmp_path: Path) -> None:
    data = data_of(EXAMPLES / "zhanjiang-2023.toml")
    data["funds"] = [{"source": "不明", "spent": Decimal(1)}]
    data["indicators"][0]["category"] = "产出数量"
    path = filled(tmp_path, "zhanjiang-etdz-project@2023", data)[0]
    told = [problem.message("zh") + str(problem.hint("zh")) for problem in reading(path).problems]
    assert "中央、省级、市级、县级、上年结转、其他" in told[0]
    assert not any(re.search("central|output", text) for text in told)


def test_choices_stand_in_print_and_a_sheet_that_nothing_reads_is_left_out(tmp_path: Path) -> None:
    rules = ir.Rules.from_text(OF_ANSWERS)
    (tmp_path / "form.xlsx").write_bytes(rules.template("zh"))
    book = openpyxl.load_workbook(tmp_path / "form.xlsx")
    assert "绩效指标" not in book.sheetnames
    texts = {cell.value for row in book["核查事项"].iter_rows() for cell in row}
    assert "选项：齐全、部分、没有" in texts
