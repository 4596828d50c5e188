"""The rubric as the table of a notice, and new rulesets: out of an older edition, and out of a table. Round trips, and tables as offices have them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import tomli
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indicator_rules import messages
from indicator_rules.authoring.draft import Draft
from indicator_rules.authoring.new_edition import new_edition
from indicator_rules.authoring.notice import notice
from indicator_rules.authoring.notice_workbook import notice_workbook
from indicator_rules.authoring.rubric_table import rubric_table
from indicator_rules.authoring.rule_words import reading
from indicator_rules.authoring.skeleton import skeleton
from indicator_rules.catalog import Catalog, Entry, load
from indicator_rules.cli.commands import commands
from indicator_rules.errors import Problem, RulesetError
from indicator_rules.excel.read_workbook import read_workbook
from indicator_rules.rubric import Words
from indicator_rules.rules import Rules, check
from indicator_rules.spec import Spec
from indicator_rules.suite.suite import run as run_suite

ENTRIES = Catalog.builtin().entries
each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=[entry.name for entry in ENTRIES])
HEAD = ("一级指标", "二级指标", "三级指标", "分值", "指标解释", "评价要点", "评分标准")


@pytest.fixture(autouse=True)
def chinese(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    yield
    messages.use_language(None)


def run(*args: str | Path) -> Result:
    result = CliRunner().invoke(commands, list(map(str, args)))
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def codes(problems: Sequence[Problem]) -> list[str]:
    return [problem.code for problem in problems]


def saved(tmp_path: Path, rows: Sequence[Sequence[Any]], merged: Sequence[str] = (), name: str = "table.xlsx") -> Path:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(list(row))
    for area in merged:
        sheet.merge_cells(area)
    book.save(tmp_path / name)
    return tmp_path / name


def drafted(path: Path) -> tuple[Spec, Draft]:
    """The skeleton of a table: it has no errors, or this fails."""
    draft = skeleton(rubric_table(path), "test", "2025", 2025)
    written = draft.files[draft.ruleset]
    assert [problem for problem in check(written) if problem.severity == "error"] == []
    return Rules.from_bytes(written).spec, draft


def refusal(path: Path) -> list[str]:
    with pytest.raises(RulesetError) as refused:
        skeleton(rubric_table(path), "test", "2025", 2025)
    for problem in refused.value.problems:
        assert problem.describe("zh") != problem.describe("en")
    return codes(refused.value.problems)


def tree(spec: Spec, lang: messages.Language = "zh") -> list[tuple[Any, ...]]:
    words = Words(spec, lang)
    return [(tuple(words.groups(one)), one.label.text(lang), one.role, one.weight.default) for one in spec.criteria.values()]


# ------------------------------------------------------------------------------------------------------------- the notice


@each_entry
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_table_that_was_shown_is_read_as_the_same_rubric(entry: Entry, lang: messages.Language, tmp_path: Path) -> None:
    spec = load(entry.name).spec
    (tmp_path / "table.xlsx").write_bytes(notice_workbook(notice(spec, lang)))
    again, draft = drafted(tmp_path / "table.xlsx")
    # Weights that depend on a condition are several numbers, and said to be unread.
    sets = {name for one in spec.weight_sets.values() for name in one.weights}
    given = [
        (*row[:3], Decimal(0)) if name in sets and several(spec, name) else row
        for name, row in zip(spec.criteria, tree(spec, lang), strict=True)
    ]
    assert tree(again) == given
    assert codes(draft.todo).count("draft-weight") == sum(several(spec, name) for name in spec.criteria)
    for one, other in zip(notice(spec, lang).rows, again.criteria.values(), strict=True):
        texts = (other.definition or "", other.points_to_check or "", other.text or "")
        assert [text.split() for text in texts] == [text.split() for text in one.texts]
    assert [str(grade.label) for grade in again.grades] == [grade.label.text(lang) for grade in spec.grades]
    assert "draft-grades" not in codes(draft.todo) or spec.ruleset.grade_by


def several(spec: Spec, name: str) -> bool:
    base = spec.criteria[name].weight.default
    sets = spec.weight_sets.values()
    return any(name in one.weights for one in sets) and len({one.weights.get(name, base) for one in sets}) > 1


@each_entry
def test_the_sheet_is_for_paper_and_merges_each_group_once(entry: Entry, tmp_path: Path) -> None:
    table = notice(load(entry.name).spec, "zh")
    (tmp_path / "table.xlsx").write_bytes(notice_workbook(table))
    sheet = openpyxl.load_workbook(tmp_path / "table.xlsx").worksheets[0]
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows == "$3:$3"
    assert [cell.value for cell in sheet[3]] == list(HEAD)
    assert sheet["A1"].value == table.title
    cells = [value for row in sheet.iter_rows(min_row=4, values_only=True) for value in row]
    shown = [row.groups[0] for row in table.rows if row.groups]
    assert sum(value in shown for value in cells) == len([one for one, other in pairwise(["", *shown]) if one != other])


def test_a_text_is_never_a_formula(tmp_path: Path) -> None:
    data = tomli.loads(
        (Path(__file__).parents[2] / "rulesets/zhanjiang-etdz-project/2023.toml").read_text(encoding="utf-8"), parse_float=Decimal
    )
    signs = ["=1+1", "+1", "-1", "@sum", '=HYPERLINK("http://x")', "\t=1", "\r=1"]
    for sign, criterion in zip(signs, data["criteria"].values(), strict=False):
        criterion |= {"label": sign.strip(), "text": sign, "definition": sign, "points_to_check": sign}
    data["ruleset"] |= {"title": "=1", "notes": "=1\n@x"}
    data["groups"]["input"]["label"] = "=cmd|' /C calc'!A0"
    (tmp_path / "table.xlsx").write_bytes(notice_workbook(notice(Rules.from_data(data).spec, "zh")))
    for sheet in openpyxl.load_workbook(tmp_path / "table.xlsx").worksheets:
        assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "inlineStr", "n"}
        assert all(
            isinstance(cell.value, int | float)
            for row in sheet.iter_rows()
            for cell in row
            if cell.data_type == "n" and cell.value is not None
        )
    assert read_workbook(tmp_path / "table.xlsx").sheets[0].value(1, 1) == "=1"


def test_markdown_has_a_cell_for_each_column_whatever_is_in_them() -> None:
    data = tomli.loads(
        (Path(__file__).parents[2] / "rulesets/zhanjiang-etdz-project/2023.toml").read_text(encoding="utf-8"), parse_float=Decimal
    )
    next(iter(data["criteria"].values()))["text"] = "a | b\n<script>`x`*"
    page = notice(Rules.from_data(data).spec, "zh").markdown()
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 19 + 1
    assert {line.replace("\\|", "").count("|") for line in rows} == {8}
    assert "a \\| b<br>\\<script\\>\\`x\\`\\*" in page


def test_show_writes_each_format(tmp_path: Path) -> None:
    shown = json.loads(run("show", "zhanjiang-etdz-project", "--format", "json").stdout)
    assert shown["ruleset"] == "zhanjiang-etdz-project@2023"
    assert sum(Decimal(row["weight"]) for row in shown["rows"]) == Decimal(shown["total"]) == 100
    assert shown["rows"][0]["groups"] == ["投入", "目标设定"]
    assert shown["below"]["等级"] == ["优 ≥ 90；良 ≥ 80；中 ≥ 60；差"]
    assert "| 投入 | 目标设定 | 立项规范性 | 4 |" in run("show", "zhanjiang-etdz-project", "--format", "md").stdout
    assert (
        "| Input | Goal setting | Proper approval | 4 |"
        in run("show", "zhanjiang-etdz-project", "--format", "md", "--lang", "en").stdout
    )
    assert run("show", "zhanjiang-etdz-project", "--format", "xlsx").exit_code == 2
    assert run("show", "zhanjiang-etdz-project", "--format", "xlsx", "-o", tmp_path / "x.xlsx").stdout == ""
    assert run("show", "zhanjiang-etdz-project", "-o", tmp_path / "x.txt").exit_code == 0
    assert "倒推" in (tmp_path / "x.txt").read_text(encoding="utf-8")
    assert run("show", "zhanjiang-etdz-project", "--format", "md", "-o", tmp_path / "no" / "x.md").exit_code == 1


# --------------------------------------------------------------------------------------------------- out of an older edition


def test_the_number_of_a_document_keeps_its_year(tmp_path: Path) -> None:
    (entry,) = (one for one in ENTRIES if one.path.match("mof-project-self-evaluation/2021.toml"))
    text = entry.path.read_text(encoding="utf-8")
    (tmp_path / "2021.toml").write_text(text, encoding="utf-8")
    assert "〔2021〕" in tomli.loads(text)["ruleset"]["title"]["zh"]
    draft = new_edition(tmp_path / "2021.toml", "x", "2027", None)
    assert (
        tomli.loads(draft.files[draft.ruleset].decode())["ruleset"]["title"]["zh"] == tomli.loads(text)["ruleset"]["title"]["zh"]
    )
    for number in ("（2021）101号", "(2021)101号", "〔2021年〕101号"):
        (tmp_path / "2021.toml").write_text(text.replace("〔2021〕101号", number), encoding="utf-8")
        assert number in new_edition(tmp_path / "2021.toml", "x", "2027", None).files[draft.ruleset].decode()
    (tmp_path / "2021.toml").write_text(text.replace("〔2021〕101号", "2021年度"), encoding="utf-8")
    draft = new_edition(tmp_path / "2021.toml", "x", "2027", None)
    assert "2027年度" in tomli.loads(draft.files[draft.ruleset].decode())["ruleset"]["title"]["zh"]


@each_entry
def test_a_new_edition_differs_in_its_header_alone_and_its_cases_hold(entry: Entry, tmp_path: Path) -> None:
    draft = new_edition(entry.path, "next-family", "2027", None)
    written = draft.files[draft.ruleset].decode()
    old, new = (tomli.loads(text) for text in (entry.path.read_text(encoding="utf-8"), written))
    assert (new["ruleset"]["family"], new["ruleset"]["edition"]) == ("next-family", "2027")
    assert (new["ruleset"]["applies"]["years"], new["ruleset"]["status"]) == ([2027], "example")
    assert {key: value for key, value in new.items() if key != "ruleset"} == {
        key: value for key, value in old.items() if key != "ruleset"
    }
    changed = {key for key in old["ruleset"] if new["ruleset"].get(key) != old["ruleset"][key]}
    assert changed <= {"family", "edition", "title", "applies", "status", "issued", "coexists_with"}
    # Every comment is still there: each line of the old file begins a line of the new one, but for the header's.
    lines = entry.path.read_text(encoding="utf-8").splitlines()
    kept = {line.partition(" # ")[0].strip() for line in written.splitlines()} | {line.strip() for line in written.splitlines()}
    lost = [line for line in lines if line.strip() not in kept and line.partition(" # ")[0].strip() not in kept]
    assert len(lost) <= 7
    for path, content in draft.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    folder = entry.path.parent / "cases" / entry.path.stem
    cases = [path for path in draft.files if "cases" in path.parts]
    assert len(cases) == len([one for one in folder.rglob("*") if one.is_file()]) > 0
    assert all(draft.files[path] == (folder / path.name).read_bytes() for path in cases)
    results = run_suite(tmp_path / draft.ruleset).cases
    assert len(results) == len([path for path in cases if path.suffix == ".toml"])
    assert [(one.path.name, one.problems, one.differences) for one in results if not one.passed] == []


def test_what_is_left_to_do_is_told_and_stands_in_the_file(tmp_path: Path) -> None:
    result = run("new", "mof-project-self-evaluation", "2027", "--from", "mof-project-self-evaluation@2021", "-o", tmp_path)
    assert result.exit_code == 0
    file = tmp_path / "mof-project-self-evaluation" / "2027.toml"
    text = file.read_text(encoding="utf-8")
    assert "待核对：适用的评价年度 2027" in text
    assert "待核对：来历，原为 adapted；新办法印发后再改" in text
    assert text.count("是否仍然有效") == 3
    for said in ("旧版为 2021-08-18", "旧版为 mof-project-self-evaluation@2020", "旧年份 2021 还出现在第", "33 个算例原样复制"):
        assert said in result.stdout
    assert f"{file}:" in result.stdout
    assert run("check", file).exit_code == 0
    assert run("test", tmp_path).exit_code == 0
    # Nothing is overwritten.
    before = sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*"))
    again = run("new", "mof-project-self-evaluation", "2027", "--from", "mof-framework", "-o", tmp_path, "--lang", "en")
    assert again.exit_code == 1
    assert "[draft-exists]" in again.stderr
    assert before == sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*"))


def test_an_edition_that_is_no_year_keeps_the_years_unless_one_is_named(tmp_path: Path) -> None:
    entry = Catalog.builtin().entry("zhanjiang-etdz-project")
    for year, expected in ((None, [2023]), (2030, [2030])):
        draft = new_edition(entry.path, "x", "draft-1", year)
        assert tomli.loads(draft.files[draft.ruleset].decode())["ruleset"]["applies"]["years"] == expected


@pytest.mark.parametrize("form", ["dotted", "table", "crlf", "bom", "commented"])
def test_a_header_may_be_written_in_other_ways(form: str, tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "rulesets/zhanjiang-etdz-project/2023.toml").read_text(encoding="utf-8")
    applies = next(line for line in text.splitlines() if line.startswith("applies"))
    years = 'years = [2023]\njurisdiction = "湛江经开区"\n'
    wanted = {
        "dotted": text.replace(applies, 'applies.years = [2023]\napplies.jurisdiction = "湛江经开区"'),
        "table": text.replace(applies + "\n", "").replace("[completion]", f"[ruleset.applies]\n{years}\n[completion]"),
        "crlf": text.replace("\n", "\r\n"),
        "bom": "\ufeff" + text,
        "commented": text.replace(applies, applies + "  # 按通知第二条"),
    }[form]
    (tmp_path / "2023.toml").write_bytes(wanted.encode())
    draft = new_edition(tmp_path / "2023.toml", "y", "2024", None)
    written = draft.files[draft.ruleset].decode()
    assert Rules.from_bytes(draft.files[draft.ruleset]).spec.ruleset.applies.years.only == (2024,)
    assert "待核对：适用的评价年度 2024" in written
    assert form != "commented" or "# 按通知第二条；待核对：适用的评价年度 2024" in written
    assert form != "crlf" or written.count("\r\n") > 100


def test_only_a_ruleset_without_errors_is_copied(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("schema = 1", encoding="utf-8")
    for old in (tmp_path / "x.toml", tmp_path / "none.toml", tmp_path, "no-such-family"):
        result = run("new", "a", "2024", "--from", old, "-o", tmp_path / "out")
        assert result.exit_code == 1
        assert result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("a", "2024"), 2),
        (("a", "2024", "--from", "mof-framework", "--from-table", "x.xlsx"), 2),
        (("A/../b", "2024", "--from", "mof-framework"), 1),
        (("a", "../2024", "--from", "mof-framework"), 1),
        (("a", "2024", "--from-table", "none.xlsx"), 1),
        (("a", "2024", "--from-table", "old.xls"), 1),
        (("a", "2024", "--from", ""), 2),
        (("a", "2024", "--from", "mof-framework", "--year", "12"), 2),
    ],
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_wrong_usage_and_wrong_files_have_their_exit_codes(args: tuple[str, ...], code: int, lang: str, tmp_path: Path) -> None:
    result = run("new", *args, "-o", tmp_path / "out", "--lang", lang)
    assert result.exit_code == code
    assert result.stderr
    assert not (tmp_path / "out").exists()


# --------------------------------------------------------------------------------------------------------- out of a table

TABLE = [
    ("2025年项目支出绩效评价评分表",),
    HEAD,
    ("过程", "资金管理", "预算执行率", 10, "预算执行率=（实际支出资金/实际到位资金）×100%", "是否执行", "按执行率得分"),
    (None, None, "资金使用合规性", "5分", "是否合规", None, "每发现一处违规扣1分，扣完为止。"),
    (None, "组织实施", "制度执行", 5, None, "是否健全", "制度健全得2分，执行有效得3分"),
    ("产出", "数量", "完成数量", 80.5, None, None, "=完成率×分值"),
    ("合计", None, None, 100.5, None, None, None),
]
MERGED = ("A1:G1", "A3:A5", "B3:B4", "A7:C7")


@pytest.mark.parametrize("merged", [MERGED, ()], ids=["merged", "blank"])
def test_the_standard_columns_are_read(merged: Sequence[str], tmp_path: Path) -> None:
    rows = [list(row) for row in TABLE]
    rows[5][6] = "完成率×分值"
    spec, draft = drafted(saved(tmp_path, rows, merged))
    assert tree(spec) == [
        (("过程", "资金管理"), "预算执行率", "score", 10),
        (("过程", "资金管理"), "资金使用合规性", "score", 5),
        (("过程", "组织实施"), "制度执行", "score", 5),
        (("产出", "数量"), "完成数量", "score", Decimal("80.5")),
    ]
    assert spec.ruleset.title.zh == "2025年项目支出绩效评价评分表"
    assert (spec.ruleset.full_score, spec.ruleset.status) == (Decimal("100.5"), "example")
    assert [one.text for one in spec.criteria.values()] == [row[6] for row in rows[2:6]]
    kinds = [getattr(one.scale, "kind", "") for one in spec.criteria.values()]
    assert kinds == ["proportional", "deduct", "discretionary", "discretionary"]
    assert sorted(codes(draft.todo)) == [
        "draft-applies", "draft-full-score", "draft-grades", "draft-rule", "draft-rule", "draft-rule-read", "draft-rule-read", "draft-sources-new", "draft-status-new",
        "draft-title",
    ]  # fmt: skip
    text = draft.files[draft.ruleset].decode()
    for problem in draft.todo:
        assert problem.message() in text
        assert problem.severity == "warning"
    assert [grade.at_least for grade in spec.grades] == ["90.45", "80.4", "60.3", None]


def test_what_is_read_scores_as_the_words_say(tmp_path: Path) -> None:
    rows = [*TABLE[:5], ("产出", "数量", "完成数量", 80, None, None, "酌情"), ("合计", None, None, 100)]
    spec, draft = drafted(saved(tmp_path, rows, ("A1:G1",)))
    rules = Rules.from_bytes(draft.files[draft.ruleset])
    given = {name: {"points": 0} for name, one in spec.criteria.items() if getattr(one.scale, "kind", "") == "discretionary"}
    record: Mapping[str, Any] = {
        "subject": {"name": "x", "kind": "project", "year": 2025},
        "budget": {"unit": "万元", "received": 80, "spent": 60, "adjusted": 1000},
        "answers": {"criterion_2_count": 3},
        "assessments": {"criteria": {name: {**one, "reason": "x", "by": "y"} for name, one in given.items()}},
    }
    result = rules.evaluate(record)
    assert (result["criterion_1"].points, result["criterion_2"].points) == (Decimal("7.5"), Decimal(2))


def test_a_weight_column_for_each_level(tmp_path: Path) -> None:
    rows = [
        ("一级指标", "分值", "二级指标", "分值", "三级指标", "分值", "评分标准"),
        ("过程", 20, "管理", 20, "制度", 12, "甲"),
        (None, None, None, None, "执行", 8, "乙"),
    ]
    spec, draft = drafted(saved(tmp_path, rows))
    assert tree(spec) == [(("过程", "管理"), "制度", "score", 12), (("过程", "管理"), "执行", "score", 8)]
    assert spec.ruleset.title.zh == "test 2025"
    assert "draft-full-score" in codes(draft.todo)
    assert [problem.where.cell for problem in draft.todo if problem.code == "table-column-not-read"] == ["B1", "D1"]


def test_a_criterion_over_several_rows_keeps_all_of_its_words(tmp_path: Path) -> None:
    rows = [
        HEAD,
        ("过程", "管理", "制度", 60, "甲", "要点一", "标准一"),
        (None, None, None, 40, None, "要点二", "标准二"),
        (None, None, None, None, None, "要点三", None),
    ]
    spec, draft = drafted(saved(tmp_path, rows, ("C2:C3",)))
    (criterion,) = spec.criteria.values()
    assert (criterion.weight.default, criterion.points_to_check, criterion.text) == (
        Decimal(100),
        "要点一\n要点二\n要点三",
        "标准一\n标准二",
    )
    assert "table-weights-added" in codes(draft.todo)


def test_tables_as_offices_have_them(tmp_path: Path) -> None:
    """Each of these is told, with its cell; nothing is left out in silence."""
    rows = [
        HEAD,
        ("过程", "管理", "甲", 30, None, None, "a"),
        (None, None, "乙", None, None, None, "b"),
        (None, None, "丙", "30%左右", None, None, "c"),
        (None, None, "丁", "10（可调）", None, None, "d"),
        (None, None, None, None, None, None, None),
        ("注：本表自2025年起使用",),
        ("合计", None, None, 100),
    ]
    spec, draft = drafted(saved(tmp_path, rows, ("D2:D3",)))
    assert [one.weight.default for one in spec.criteria.values()] == [30, 0, 0, 10]
    found = {problem.code: problem.where.cell for problem in draft.todo if problem.where.cell}
    assert found == {
        "table-weight-shared": "D2",
        "table-weight-not-read": "D4",
        "table-weight-remark": "D5",
        "table-row-not-read": "A7",
        "table-total-differs": "D8",
    }
    assert codes(draft.todo).count("draft-weight") == 2
    assert spec.ruleset.notes == "注：本表自2025年起使用"


@pytest.mark.parametrize(
    ("rows", "merged", "code"),
    [
        ([("一级指标", "二级指标", "评分标准"), ("a", "b", "c")], (), "table-columns-missing"),
        ([("分值",), (5,)], (), "table-columns-missing"),
        ([()], (), "table-columns-missing"),
        ([HEAD], (), "table-empty"),
        ([HEAD, (), ()], (), "table-empty"),
        ([HEAD, ("a", "b", "c", 5)], ("A1:G2",), "table-columns-missing"),
        ([HEAD, ("a", "b", "c", 5)], ("A2:G9",), "table-empty"),
        ([HEAD, ("a", "b", "c", None, None, None, "x")], (), "table-without-weights"),
        ([HEAD, ("a", "b", "c", "=1+1", None, None, "x")], (), "table-without-weights"),
        ([HEAD, ("a", "b", "c", 0, None, None, "x")], (), "table-without-weights"),
        ([HEAD, *(("a", "b", f"c{n}", 1) for n in range(201))], (), "table-too-many"),
        ([HEAD, *(("a", "b", f"c{n}", 1) for n in range(5001))], (), "table-too-many"),
        ([HEAD, ("a", "b", "c" * 501, 1)], (), "table-text-too-long"),
        ([HEAD, ("a", "b", "c", 1, "x" * 20_001)], (), "table-text-too-long"),
    ],
)
def test_a_table_that_holds_no_rubric_is_refused(
    rows: Sequence[Sequence[Any]], merged: Sequence[str], code: str, tmp_path: Path
) -> None:
    assert refusal(saved(tmp_path, rows, merged)) == [code]


def test_a_second_table_is_told(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(saved(tmp_path, [HEAD, ("a", "b", "c", 100)]))
    book.create_sheet("另一张").append(list(HEAD))
    book.save(tmp_path / "two.xlsx")
    assert "table-sheet-not-read" in codes(drafted(tmp_path / "two.xlsx")[1].todo)


def test_csv_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(
        "一级指标,二级指标,三级指标,分值,评分标准\r\n过程,管理,制度,60,甲\r\n,,执行,40,乙\r\n".encode("gb18030")
    )
    spec, _ = drafted(tmp_path / "t.csv")
    assert tree(spec) == [(("过程", "管理"), "制度", "score", 60), (("过程", "管理"), "执行", "score", 40)]
    result = run("new", "a", "2025", "--from-table", tmp_path / "t.csv", "-o", tmp_path, "--lang", "en")
    assert result.exit_code == 0
    assert "to write: the scale of 制度; a person gives the points for the time being" in result.stdout
    assert run("check", tmp_path / "a").exit_code == 0
    assert run("new", "a", "draft", "--from-table", tmp_path / "t.csv", "-o", tmp_path).exit_code == 1


def test_merged_areas_over_one_another_cost_no_minute(tmp_path: Path) -> None:
    rows = [HEAD, ("a", "b", "c", 100), *([()] * 4000), ("x",)]
    areas = [f"A{n}:G5000" for n in range(3, 1200)]
    path = saved(tmp_path, rows)
    with zipfile.ZipFile(path) as archive:
        parts = {item: archive.read(item) for item in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    merges = "".join(f'<mergeCell ref="{area}"/>' for area in areas)
    parts[sheet] = parts[sheet].replace(b"</sheetData>", f"</sheetData><mergeCells>{merges}</mergeCells>".encode())
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert refusal(path) == ["table-too-many"]


CELLS = st.one_of(
    st.none(),
    st.integers(-5, 60),
    st.sampled_from(
        [
            "过程",
            "管理",
            "合计",
            "小计",
            "10分",
            "等级：优 ≥ 90；差",
            "5（1–9）",
            '"""',
            "\\",
            "a\nb",
            "'",
            "\x7f",
            "=1",
            "90%以上得5分，低于90%不得分",
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(CELLS, min_size=7, max_size=7), min_size=1, max_size=6),
    areas=st.lists(st.tuples(st.integers(2, 7), st.integers(0, 6), st.integers(0, 3), st.integers(0, 3)), max_size=3),
)
def test_any_table_is_a_ruleset_without_errors_or_refused(
    rows: list[list[Any]], areas: list[tuple[int, int, int, int]], tmp_path_factory: Any
) -> None:
    folder = tmp_path_factory.mktemp("any")
    merged = [
        f"{'ABCDEFG'[left]}{top}:{'ABCDEFG'[min(left + wide, 6)]}{top + high}" for top, left, high, wide in areas if high + wide
    ]
    path = saved(folder, [HEAD, *rows], merged)
    try:
        drafted(path)
    except RulesetError as error:
        refused = {code.partition("-")[0] for code in codes(error.problems)}
        assert refused <= {"table"}


# ------------------------------------------------------------------------------------------------------------ rules in words

SPELT = "预算执行率=（实际支出/全年预算数）×100%"


@pytest.mark.parametrize(
    ("words", "bands"),
    [
        ("90%（含）以上得5分，80%（含）-90%得3分，80%以下不得分", [("at_least", "90%", 5), ("at_least", "80%", 3), ("", "", 0)]),
        ("90%以上得5分，80%-90%得3分，低于80%的不得分", [("at_least", "90%", 5), ("at_least", "80%", 3), ("", "", 0)]),
        ("执行率≥95%得满分；90%（含）—95%得3分；不足90%不得分。", [("at_least", "95%", 5), ("at_least", "90%", 3), ("", "", 0)]),
        ("超过95%得满分；95%（含）以下得1分", [("above", "95%", 5), ("", "", 1)]),
    ],
)
def test_bands_whose_boundaries_are_settled_are_read(words: str, bands: list[tuple[str, str, int]]) -> None:
    found = reading(words, SPELT, Decimal(5))
    assert found is not None
    assert found.measure == "budget.spent / budget.adjusted"
    given = [next(((key, band[key]) for key in ("at_least", "above") if key in band), ("", "")) for band in found.scale["bands"]]
    assert [(*cut, band["award"]) for cut, band in zip(given, found.scale["bands"], strict=True)] == bands


@pytest.mark.parametrize(
    ("words", "explained"),
    [
        ("90%以上得5分，80%-90%得3分，80%以下不得分", SPELT),  # 80% itself: in the band named or in 以下?
        ("90%以上得5分，80%-90%得3分，80%-70%得1分，低于70%不得分", SPELT),  # a range that runs the other way
        ("90%以上得5分，70%-80%得3分，低于70%不得分", SPELT),  # a hole
        ("90%以上得5分，低于90%不得分", ""),  # of what?
        ("90%以上得6分，低于90%不得分", SPELT),  # more than the weight
        ("90%以上得1分，低于90%得3分", SPELT),  # fewer points for more
        ("满意度90%以上得5分，满意度低于90%不得分", SPELT),  # another rate
        ("90%以上得5分，低于90%不得分，截留的不得分", SPELT),
        ("≥90%得5分，≥80%得3分，<80%得0分", SPELT),  # bands over one another
        ("按执行率得分，超过100%的酌情扣分", SPELT),
        ("按满意度得分", SPELT),
        ("按执行率得分", "执行率=实际支出/预算数×100%"),  # which budget?
        ("按执行率得分", SPELT + "；资金到位率=实际到位/年初预算数×100%"),
        ("每发现一处违规扣1分，情节严重的不得分", ""),
        ("每发现一处违规扣9分", ""),
        ("每低于1个百分点扣0.5分", SPELT),
        ("", SPELT),
    ],
)
def test_words_that_leave_a_choice_are_left_to_a_person(words: str, explained: str) -> None:
    assert reading(words, explained, Decimal(5)) is None
