"""Lint: for each finding a ruleset that has it and one that just has not; and none on what is shipped but what is meant."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import indicator_rules as ir
from indicator_rules.cli.commands import commands
from indicator_rules.errors import Problem, path_text

ROOT = Path(__file__).parents[2]

BASE = """schema = 1
[ruleset]
family = "own"
edition = "1"
title = "办法"
applies = { years = [2023] }
status = "example"
[inputs.done]
label = "做完"
type = "yes-no"
[inputs.late]
label = "已延期"
type = "yes-no"
[inputs.cases]
label = "办理件数"
type = "count"
[inputs.state]
label = "状态"
type = "choice"
choices = ["好", "中", "差"]
[measures.rate]
label = "执行率"
value = "实际支出 / 全年预算数"
[[grades]]
label = "优"
at_least = 90
[[grades]]
label = "差"
[findings.uses_all]
when = "done and late and cases > 3 and rate < 1 and state = '中'"
message = "都用到了"
"""
PLAIN = "scale = { kind = 'proportional' }"


def criterion(text: str, weight: str = "100", name: str = "a") -> str:
    return f'[criteria.{name}]\nlabel = "甲"\nweight = {weight}\n{text}\n'


def first(*rows: str, more: str = "") -> str:
    return criterion(f"scale = {{ kind = 'first_match', rows = [{', '.join(f'{{ {row} }}' for row in rows)}] }}\n{more}")


def bands(*rows: str, measure: str = "rate") -> str:
    return criterion(
        f"measure = '{measure}'\nscale = {{ kind = 'bands', bands = [{', '.join(f'{{ {row} }}' for row in rows)}] }}"
    )


def items(*conditions: str, more: str = "") -> str:
    listed = ", ".join(f"{{ id = 'i{place}', label = '{place}', when = \"{when}\" }}" for place, when in enumerate(conditions))
    return criterion(f"scale = {{ kind = 'checklist', items = [{listed}]{more} }}")


def entries(text: str, indicators: str = "output") -> str:
    return criterion(f"indicators = '{indicators}'\nwithout_weights = 'equal'\n{text}")


def measured(scale: str, measure: str = "rate") -> str:
    return criterion(f"measure = '{measure}'\nscale = {{ {scale} }}")


def found(text: str) -> list[Problem]:
    rules = ir.Rules.from_text(BASE + text)
    return rules.lint()


def codes(text: str) -> list[str]:
    return sorted({problem.code.removeprefix("lint-") for problem in found(text)})


LATE = """[inputs.overdue]
label = "逾期天数"
type = "count"
"""
DATES = """[inputs.finished]
label = "完成日"
type = "date"
[measures.months]
label = "晚了几个月"
value = "months_late(finished, 2023-11-30)"
"""
REGIONS = """[lookups.part]
label = "比例"
by = "{by}"
rows = [{rows}]
"""
USES_PART = first("when = 'rate >= part.x', award = '100%'", "award = '0%'")
SATISFACTION = criterion("indicators = 'satisfaction'\nwithout_weights = 'equal'\nentries.quantitative = {{ {scale} }}")


def lookup(by: str, *rows: str) -> str:
    return REGIONS.format(by=by, rows=", ".join(f"{{ {row} }}" for row in rows)) + USES_PART


WEIGHT_SETS = """[weight_sets.one]
label = "一"
when = "cases >= {one}"
weights = {{ a = 100 }}
[weight_sets.two]
label = "二"
when = "cases >= {two}"
weights = {{ a = 100 }}
"""

TABLE: list[tuple[str, str, str]] = [
    # (code, a ruleset that has it, one that just has not)
    (
        "row-unreachable",
        bands("at_least = '90%', award = '100%'", "at_least = 0, award = '50%'", "award = 0"),
        bands("at_least = '90%', award = '100%'", "above = 0, award = '50%'", "award = 0"),
    ),
    (
        "row-unreachable",
        first("when = 'cases > 2 and cases < 3', award = '50%'", "when = 'done', award = '100%'", "award = 0"),
        first("when = 'cases > 2 and cases < 4', award = '50%'", "when = 'done', award = '100%'", "award = 0"),
    ),
    ("row-unreachable", bands("at_least = -1, award = '100%'", "award = 0"), bands("at_least = '1%', award = '100%'", "award = 0")),
    (
        "row-shadowed",
        first("when = 'cases >= 3', award = '50%'", "when = 'cases >= 5', award = '100%'", "award = 0"),
        first("when = 'cases >= 5', award = '50%'", "when = 'cases >= 3', award = '100%'", "award = 0"),
    ),
    (
        "row-shadowed",
        first("when = 'cases >= 3', award = '100%'", "when = 'cases < 3', award = '50%'", "when = 'done', award = '20%'"),
        first("when = 'cases >= 3', award = '100%'", "when = 'cases < 2', award = '50%'", "when = 'done', award = '20%'", "award = 0"),
    ),
    (
        "row-shadowed",
        lookup("cases", "at_least = 3, values = { x = '40%' }", "at_least = 5, values = { x = '80%' }", "values = { x = 1 }"),
        lookup("cases", "at_least = 5, values = { x = '40%' }", "at_least = 3, values = { x = '80%' }", "values = { x = 1 }"),
    ),
    (
        "row-shadowed",
        items("done") + WEIGHT_SETS.format(one=1, two=2),
        items("done") + WEIGHT_SETS.format(one=2, two=1),
    ),
    (
        "gap",
        first("when = 'cases >= 5', award = '100%'", "when = 'cases < 4', award = 0"),
        first("when = 'cases >= 5', award = '100%'", "when = 'cases <= 4', award = 0"),
    ),
    (
        "gap",
        first("when = 'done and not late', award = '100%'", "when = 'not done', award = 0"),
        first("when = 'done and not late', award = '100%'", "when = 'not done or late', award = 0"),
    ),
    (
        "gap",
        criterion("measure = 'state'\nscale = { kind = 'levels', levels = [{ label = '好', award = '100%' }, { label = '中', award = 0 }] }"),
        criterion(
            "measure = 'state'\nscale = { kind = 'levels', levels = ["
            "{ label = '好', award = '100%' }, { label = '中', award = '50%' }, { label = '差', award = 0 }] }"
        ),
    ),
    (
        "gap",
        lookup("state", "is = ['好', '中'], values = { x = '40%' }"),
        lookup("state", "is = ['好', '中'], values = { x = '40%' }", "is = '差', values = { x = '50%' }"),
    ),
    ("condition-constant", items("cases >= 0", "done"), items("cases >= 1", "done")),
    ("condition-constant", items("cases < 0", "done"), items("cases < 1", "done")),
    ("condition-constant", items("rate > -1", "done"), items("rate > 0", "done")),
    (
        "condition-constant",
        items("done") + "[adjustments.x]\nlabel = '否'\nwhen = 'cases < 0'\nthen = { veto = true }\n",
        items("done") + "[adjustments.x]\nlabel = '否'\nwhen = 'cases = 0'\nthen = { veto = true }\n",
    ),
    (
        "condition-constant",
        items("done") + "[findings.x]\nwhen = 'cases >= 0 or done and not done'\nmessage = '有'\n",
        items("done") + "[findings.x]\nwhen = 'cases > 0 or done and not done'\nmessage = '有'\n",
    ),
    (
        "condition-constant",
        criterion("applies_when = 'cases >= 0'\nmeasure = 'rate'\n" + PLAIN),
        criterion("applies_when = 'cases >= 1'\nmeasure = 'rate'\n" + PLAIN),
    ),
    (
        "condition-constant",
        measured("kind = 'deduct', per = 'under', at = 0, points = 1, partial_step = 'none'", "cases"),
        measured("kind = 'deduct', per = 'under', at = 1, points = 1, partial_step = 'none'", "cases"),
    ),
    (
        "full-marks-unreachable",
        bands("at_least = '90%', award = 90", "award = 0"),
        bands("at_least = '90%', award = 100", "award = 0"),
    ),
    (
        "full-marks-unreachable",
        SATISFACTION.format(scale="kind = 'bands', bands = [{ at_least = 1, award = '90%' }, { award = 0 }]"),
        SATISFACTION.format(scale="kind = 'bands', bands = [{ at_least = 1, award = '100%' }, { award = 0 }]"),
    ),
    (
        "full-marks-unreachable",
        criterion(
            "scale = { kind = 'parts', combine = 'max', parts = ["
            "{ id = 'p', label = 'p', measure = 'rate', scale = { kind = 'bands', bands = [{ at_least = 1, award = '80%' }, { award = 0 }] } },"
            "{ id = 'q', label = 'q', measure = 'rate', scale = { kind = 'bands', bands = [{ at_least = 1, award = '90%' }, { award = 0 }] } }] }"
        ),
        criterion(
            "scale = { kind = 'parts', combine = 'max', parts = ["
            "{ id = 'p', label = 'p', measure = 'rate', scale = { kind = 'bands', bands = [{ at_least = 1, award = '80%' }, { award = 0 }] } },"
            "{ id = 'q', label = 'q', measure = 'rate', scale = { kind = 'proportional' } }] }"
        ),
    ),
    (
        "full-marks-not-held",
        criterion("scale = { kind = 'discretionary', award = { at_least = 0, below = '100%' } }"),
        criterion("scale = { kind = 'discretionary', award = { at_least = 0, at_most = '100%' } }"),
    ),
    (
        "beyond-weight",
        first("when = 'done', award = { points = 'cases * 10' }", "award = 0"),
        first("when = 'done', award = { points = 'min(cases * 10, 100)' }", "award = 0"),
    ),
    (
        "beyond-weight",
        first("when = 'rate > 50%', award = 'rate'", "award = 0"),
        first("when = 'rate > 50% and rate <= 1', award = 'rate'", "award = 0"),
    ),
    (
        "grade-unreachable",
        bands("at_least = '90%', award = 89", "award = 0"),
        bands("at_least = '90%', award = 90", "award = 0"),
    ),
    (
        "absent-full",
        criterion("measure = 'rate'\nabsent = 'full'\n" + PLAIN),
        criterion("measure = 'rate'\nabsent = 'zero'\n" + PLAIN),
    ),
    (
        "absent-full",
        criterion("measure = 'rate'\nabsent = 100\n" + PLAIN),
        criterion("measure = 'rate'\nabsent = 99\n" + PLAIN),
    ),
    (
        "absent-full",
        first("when = 'not present(cases)', award = '100%'", "when = 'cases > 1', award = '50%'", "award = 0"),
        first("when = 'not present(cases)', award = '50%'", "when = 'cases > 1', award = '100%'", "award = 0"),
    ),
    ("absent-full", entries("entry_absent = 'full'\nentries.quantitative = { kind = 'proportional' }"), entries("entries.quantitative = { kind = 'proportional' }")),
    (
        "input-unread",
        items("done") + "[inputs.idle]\nlabel = '没用'\ntype = 'count'\n",
        items("done", "idle > 0") + "[inputs.idle]\nlabel = '用'\ntype = 'count'\n",
    ),
    (
        "measure-unread",
        items("done") + "[measures.idle]\nlabel = '没用'\nvalue = 'cases * 2'\n",
        items("done", "idle > 3") + "[measures.idle]\nlabel = '用'\nvalue = 'cases * 2'\n",
    ),
    (
        "lookup-unread",
        items("done") + REGIONS.format(by="state", rows="{ values = { x = 1 } }"),
        lookup("state", "is = '好', values = { x = '50%' }", "values = { x = 1 }"),
    ),
    ("share-meant", measured("kind = 'proportional', pass_line = 60, full_at = 100"), measured("kind = 'proportional', pass_line = '60%', full_at = 1")),
    ("share-meant", bands("at_least = 90, award = '100%'", "award = 0"), bands("at_least = 1.2, award = '100%'", "award = 0")),
    ("share-meant", items("rate >= 90"), items("rate >= 90%")),
    ("share-meant", measured("kind = 'proportional', full_at = 60"), measured("kind = 'proportional', full_at = 60", "cases")),
    ("share-meant", entries("entries.quantitative = { kind = 'proportional', pass_line = 60, full_at = 100 }"), entries("entries.quantitative = { kind = 'proportional', pass_line = '60%' }")),
    (
        "step-meant",
        measured("kind = 'deduct', per = 'under', at = '95%', points = 1, partial_step = 'whole'"),
        measured("kind = 'deduct', per = 'under', at = '95%', points = 1, step = '1%', partial_step = 'whole'"),
    ),
    (
        "cost-sign",
        "[completion]\ndirections = { 'output.quality' = '=' }\n" + entries("entries.quantitative = { kind = 'proportional' }"),
        "[completion]\ndirections = { 'output.cost' = '<=' }\n" + entries("entries.quantitative = { kind = 'proportional' }"),
    ),
    (
        "cost-sign",
        "[completion]\ndirections = { 'output.cost' = '>=' }\n" + entries("entries.quantitative = { kind = 'proportional' }"),
        "[completion]\ndirections = { 'output.cost' = '>=' }\n" + entries("entries.quantitative = { kind = 'proportional' }", "benefit"),
    ),
    ("scale-rises", DATES + measured("kind = 'proportional', full_at = 3", "months"), DATES + measured("kind = 'proportional', full_at = 0, zero_at = 3", "months")),
    ("scale-rises", LATE + bands("above = 5, award = '100%'", "award = 0", measure="overdue"), LATE + bands("above = 5, award = 0", "award = '100%'", measure="overdue")),
    (
        "scale-rises",
        LATE + measured("kind = 'deduct', per = 'missing', at = 3, points = 1", "overdue"),
        LATE + measured("kind = 'deduct', per = 'over', at = 3, points = 1, partial_step = 'none'", "overdue"),
    ),
    (
        "awards-turn",
        bands("at_least = '90%', award = 3", "at_least = '80%', award = '100%'", "award = 0"),
        bands("at_least = '90%', award = '100%'", "at_least = '80%', award = 3", "award = 0"),
    ),
    (
        "awards-turn",
        bands("at_least = '90%', award = '100%'", "at_least = '80%', award = '60%'", "at_least = '60%', award = '80%'", "award = 0"),
        bands("at_least = '90%', award = '100%'", "at_least = '80%', award = '80%'", "at_least = '60%', award = '80%'", "award = 0"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("code", "odd", "plain"), TABLE, ids=[f"{code}-{place}" for place, (code, _, _) in enumerate(TABLE)])
def test_a_finding_is_given_where_it_holds_and_not_next_to_it(code: str, odd: str, plain: str) -> None:
    assert code in codes(odd)
    assert code not in codes(plain)


# --------------------------------------------------------------------------------------------------------- on what there is


@pytest.mark.parametrize("path", sorted((ROOT / "rulesets").glob("*/*.toml")), ids=lambda path: f"{path.parent.name}@{path.stem}")
def test_a_shipped_ruleset_has_no_finding_that_it_does_not_waive(path: Path) -> None:
    assert [str(problem) for problem in ir.Rules.from_path(path).lint()] == []


MEANT = {
    "05-absolute-rate": {"lint-beyond-weight"},  # 满意度 typed without its percent sign earns full marks
    "48-bonus-by-size": {"lint-beyond-weight"},  # below 100 % the bonus would be negative
}
"""Infos on shapes: true, and as the rubric has it."""


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "shapes").glob("*.toml")), ids=lambda path: path.stem)
def test_a_shape_has_no_finding(path: Path) -> None:
    """But that its few points are short of the grades, which are only there because every ruleset has some."""
    spec = importlib.util.spec_from_file_location("shapes_of_lint", ROOT / "tests" / "test_shapes.py")
    assert spec is not None
    assert spec.loader is not None
    shapes = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(shapes)
    findings = ir.Rules.from_data(shapes.ruleset(shapes.read(path))).lint()
    assert {problem.code for problem in findings} - {"lint-grade-unreachable"} == MEANT.get(path.stem, set())


# -------------------------------------------------------------------------------------------------- what a finding consists of


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("odd", [odd for _, odd, _ in TABLE], ids=[f"{code}-{place}" for place, (code, _, _) in enumerate(TABLE)])
def test_a_finding_reads_as_a_sentence_and_has_its_place(odd: str, lang: Any) -> None:
    lines = (BASE + odd).splitlines()
    for problem in found(odd):
        assert problem.severity in ("warning", "info")
        text = problem.describe(lang)
        assert "{" not in text.replace("{}", "")
        assert "object at" not in text
        assert problem.where.line is not None
        assert problem.where.column is not None
        assert lines[problem.where.line - 1][problem.where.column - 1 :]


def message(text: str, code: str, lang: Any = "zh") -> str:
    (problem,) = [problem for problem in found(text) if problem.code == f"lint-{code}"]
    return problem.message(lang)


def test_the_example_is_a_value_for_which_it_happens() -> None:
    gap = first("when = 'cases >= 5 and done', award = '100%'", "when = 'cases < 4', award = 0", "when = 'not done', award = 0")
    assert message(gap, "gap") == "有的取值没有一行适用：办理件数 = 4，做完 = 是"
    share = first("when = 'rate >= 90%', award = '100%'", "when = 'rate < 80%', award = 0")
    assert message(share, "gap", "en") == "no row is for these values: 执行率 = 80%"
    shadowed = first("when = 'cases >= 3', award = '50%'", "when = 'cases >= 5', award = '100%'", "award = 0")
    assert message(shadowed, "row-shadowed") == "第 2 行从不起作用：它成立时前面的行总已成立，如 办理件数 = 5 时用第 1 行"
    beyond = first("when = 'done', award = { points = 'cases * 30' }", "award = 0")
    assert "= 1000，" in message(beyond, "beyond-weight")


def test_fields_that_hang_together_are_not_said_to_fall_through() -> None:
    """`rate` and `实际支出` cannot be chosen freely: nothing is said, rather than something that may be wrong."""
    assert "gap" not in codes(first("when = 'rate >= 90%', award = '100%'", "when = '实际支出 < 10万元', award = 0"))


def test_a_value_below_zero_is_not_looked_for_where_no_cut_is() -> None:
    own = "[inputs.figure]\nlabel = '数'\ntype = 'number'\n"
    assert "gap" not in codes(own + first("when = 'figure >= 90%', award = '100%'", "when = '0 <= figure < 90%', award = 0"))
    assert "gap" in codes(own + first("when = 'figure >= 90%', award = '100%'", "when = '-1 <= figure < 90%', award = 0"))


def test_a_shared_scale_has_a_dead_row_only_if_it_is_dead_everywhere() -> None:
    shared = "[scales.s]\nkind = 'bands'\nbands = [{ at_least = 1, award = '100%' }, { at_least = '50%', award = '50%' }, { award = 0 }]\n"
    both = entries("entries.quantitative = { use = 's' }\nentries.dated = { use = 's' }")
    dated = entries("entries.dated = { use = 's' }\nentries.quantitative = { kind = 'proportional' }")
    assert "row-unreachable" not in codes(shared + both)
    (problem,) = [problem for problem in found(shared + dated) if problem.code == "lint-row-unreachable"]
    assert path_text(problem.where.path) == "scales.s.bands[1]"


def test_a_table_too_large_is_called_undecided() -> None:
    asked = "".join(f"[inputs.n{place}]\nlabel = '数{place}'\ntype = 'count'\n" for place in range(8))
    rows = [f"when = 'n{place} > 1 and n{place} < 9 and n{(place + 1) % 8} != 3', award = {place}" for place in range(8)]
    assert "not-decided" in codes(asked + first(*rows, "award = '100%'"))


def test_a_finding_is_waived_by_its_code_with_a_reason() -> None:
    odd = bands("at_least = '90%', award = 89", "award = 0")
    assert codes(odd) == ["full-marks-unreachable", "grade-unreachable"]
    assert codes(odd + "[waivers]\nlint-full-marks-unreachable = '满分另由加分凑足'\n") == ["grade-unreachable"]
    with pytest.raises(ir.RulesetError) as refused:
        codes(odd + "[waivers]\nlint-nothing = '没有这一项'\n")
    assert [problem.code for problem in refused.value.problems] == ["waiver-unknown"]


# ------------------------------------------------------------------------------------------------------------------- cases

CASES = bands("at_least = '90%', award = '100%'", "at_least = '50%', award = '50%'", "award = 0")
ANSWERS = {"done": True, "late": False, "cases": 1, "state": "好"}


def case(spent: int) -> dict[str, Any]:
    return {
        "subject": {"name": "甲", "kind": "project", "year": 2023},
        "budget": {"unit": "元", "adjusted": 100, "spent": spent},
        "answers": ANSWERS,
    }


def test_rows_that_no_case_hits_are_told_when_cases_are_given() -> None:
    rules = ir.Rules.from_text(BASE + CASES)
    assert rules.lint() == []
    told = rules.lint(cases=[case(95), case(10)])
    assert [(problem.code, path_text(problem.where.path), problem.severity) for problem in told] == [
        ("lint-row-without-case", "criteria.a.scale.bands[1]", "info")
    ]
    assert told[0].message("zh") == "没有算例走到这里：第 2 档"
    assert rules.lint(cases=[case(95), case(10), case(60)]) == []
    unreadable = {"subject": {"name": "甲", "kind": "project", "year": 2023}}
    assert len(rules.lint(cases=[unreadable])) == 3


def test_items_and_entries_are_asked_for_too() -> None:
    rules = ir.Rules.from_text(BASE + items("done", "not late"))
    told = rules.lint(cases=[case(1)])
    assert sorted(path_text(problem.where.path) for problem in told) == ["criteria.a.scale.items[0]", "criteria.a.scale.items[1]"]
    over = ir.Rules.from_text(BASE + entries("entries.quantitative = { kind = 'proportional', pass_line = '60%' }"))
    rows = {"full": "9次", "part": "7次"}
    for row, actual in rows.items():
        entry = {"id": "x", "category": "output.quantity", "name": "次数", "target": "9次", "actual": actual}
        told = over.lint(cases=[{**case(1), "indicators": [entry]}])
        assert len(told) == 2, row
        assert {path_text(problem.where.path) for problem in told} == {"criteria.a.entries.quantitative"}


# ------------------------------------------------------------------------------------------------------- the command line


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(commands, [*map(str, args), "--lang", "en"])


def test_the_command_ends_with_0_unless_it_is_strict(tmp_path: Path) -> None:
    warns, infos = tmp_path / "warns.toml", tmp_path / "infos.toml"
    warns.write_text(BASE + bands("at_least = '90%', award = 89", "award = 0"), encoding="utf-8")
    infos.write_text(BASE + criterion("measure = 'rate'\nabsent = 'full'\n" + PLAIN), encoding="utf-8")
    assert run("lint", warns).exit_code == run("lint", infos).exit_code == run("lint", infos, "--strict").exit_code == 0
    assert run("lint", warns, "--strict").exit_code == 1
    assert "warning: " in run("lint", warns).stderr
    assert "^^^^" in run("lint", warns).stderr
    assert "info: " in run("lint", infos).stderr
    assert "ok, warnings: 0, infos: 1" in run("lint", infos).stdout


def test_a_ruleset_with_errors_is_not_linted() -> None:
    result = run("lint", ROOT / "tests" / "invalid" / "weights-sum.toml")
    assert result.exit_code == 1
    assert "[weights-sum]" in result.stderr


def test_the_command_takes_folders_and_formats(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(BASE + criterion("measure = 'rate'\nabsent = 'full'\n" + PLAIN), encoding="utf-8")
    data = json.loads(run("lint", tmp_path, "--format", "json").stdout)
    assert [(problem["code"], problem["severity"]) for problem in data["problems"]] == [("lint-absent-full", "info")]
    (result,) = json.loads(run("lint", path, "--format", "sarif").stdout)["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("lint-absent-full", "note")


def test_the_cases_beside_a_ruleset_are_looked_at_on_demand(tmp_path: Path) -> None:
    path = tmp_path / "1.toml"
    path.write_text(BASE + CASES, encoding="utf-8")
    folder = tmp_path / "cases" / "1"
    folder.mkdir(parents=True)
    text = (
        '[record.subject]\nname = "甲"\nkind = "project"\nyear = 2023\n[record.budget]\nunit = "元"\nadjusted = 100\nspent = 95\n'
    )
    answers = '[record.answers]\ndone = true\nlate = false\ncases = 1\nstate = "好"\n'
    (folder / "a.toml").write_text(text + answers, encoding="utf-8")
    (folder / "b.toml").write_text("record = [", encoding="utf-8")
    assert "ok" in run("lint", path).stdout
    result = run("lint", path, "--cases", "--strict")
    assert result.exit_code == 0
    assert result.stderr.count("[lint-row-without-case]") == 2
    assert "lint-row-without-case" not in run("lint", ROOT / "rulesets" / "zhanjiang-etdz-project", "--cases").stderr


@pytest.mark.parametrize("line", ["first_of(60, 50%)", "max(60, 50%)", "first_of(60%, min(1, 60))"])
def test_a_bare_number_is_seen_among_those_that_a_function_picks_from(line: str) -> None:
    told = codes(measured(f'kind = "proportional", full_at = "100%", pass_line = "{line}"'))
    assert "share-meant" in told
    plain = line.replace("60%", "60").replace("60", "60%")
    assert "share-meant" not in codes(measured(f'kind = "proportional", full_at = "100%", pass_line = "{plain}"'))


def test_a_formula_may_count_entries_that_no_criterion_takes() -> None:
    text = """
schema = 1
[ruleset]
family = "counting"
edition = "1"
title = "t"
applies = { years = [2023] }
status = "example"
[criteria.a]
label = "甲"
weight = 100
measure = "min(completion of entries('benefit'))"
scale = { kind = "bands", bands = [{ at_least = "90%", award = "100%" }, { award = "50%" }] }
[[grades]]
label = "优"
"""
    assert [problem.code for problem in ir.load(text).lint() if "unreachable" in problem.code] == []
