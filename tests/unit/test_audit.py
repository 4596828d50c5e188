"""Audit: every class of difference, at and around its edge."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import indicator_rules as ir
from indicator_rules import messages
from indicator_rules.audit import text as audit_text
from indicator_rules.audit.audit import audit_declared
from indicator_rules.audit.form import mode_of
from indicator_rules.audit.result import Audit, Difference, Side
from indicator_rules.catalog import load
from indicator_rules.cli.commands import commands
from indicator_rules.rules import Rules

ROOT = Path(__file__).parents[2]
CASES = sorted((ROOT / "rulesets").glob("*/cases/*/*.toml"))
RULES = """schema = 1
[ruleset]
family = "own"
edition = "1"
title = "办法"
applies = { years = { from = 2020 } }
status = "example"
[sources.law]
title = "管理办法"
document = "财〔2020〕1号"
[groups.process]
label = { zh = "过程", en = "process" }
[criteria.execution]
label = { zh = "执行率", en = "execution" }
group = "process"
weight = 10
source = { ref = "law", clause = "附件1" }
measure = "全年执行数 / 全年预算数"
scale = { kind = "proportional" }
[criteria.team]
label = "管理"
group = "process"
weight = 10
scale = { kind = "discretionary", award = { at_least = 2, below = 8 } }
[criteria.outputs]
label = "产出"
weight = 80
indicators = "output"
source = { ref = "law" }
entries.quantitative = { kind = "proportional" }
entries.qualitative = { kind = "discretionary", award = { at_least = "50%", at_most = "100%" } }
[[grades]]
label = { zh = "优", en = "excellent" }
at_least = 90
[[grades]]
label = "良"
at_least = 80
[[grades]]
label = "差"
"""


def record(
    declared: Mapping[str, Any] | None = None,
    reviewed: Mapping[str, Any] | None = None,
    *,
    spent: float | str = 100,
    team: Any = 6,
    weights: tuple[Any, Any] = (40, 40),
    actual: str = "10次",
    **more: Any,
) -> dict[str, Any]:
    """execution 10 × spent ÷ 100, team as assessed, entries a (10 of 10) and b (`actual` of 10) of 40 points each."""
    entries = [
        {"id": name, "category": "output.quantity", "name": name, "target": "10次", "actual": done, "weight": weight}
        for name, done, weight in (("a", "10次", weights[0]), ("b", actual, weights[1]))
    ]
    return {
        "subject": {"name": "项目", "kind": "project", "year": 2023},
        "budget": {"unit": "元", "adjusted": 100, "spent": spent},
        "indicators": entries,
        "assessments": {} if team is None else {"criteria": {"team": {"points": team}}},
        **({} if declared is None else {"declared": declared}),
        **({} if reviewed is None else {"reviewed": reviewed}),
        **more,
    }


def claims(total: Any = None, grade: str | None = None, **lines: Any) -> dict[str, Any]:
    """Points of a and b are those of entries, all others of criteria."""
    found: dict[str, Any] = {"indicators": {name: lines.pop(name) for name in ("a", "b") if name in lines}, "criteria": lines}
    return found | ({} if total is None else {"total": total}) | ({} if grade is None else {"grade": grade})


def full(**changed: Any) -> dict[str, Any]:
    lines: dict[str, Any] = {"execution": 10, "team": 6, "a": 40, "b": 40, "total": 96, "grade": "优"} | changed
    return claims(**lines)


@pytest.fixture(scope="module")
def rules() -> Rules:
    return load(RULES)


def codes(audit: Audit) -> list[str]:
    return [f"{one.code} {one.id}" for one in audit.differences]


def only(audit: Audit, name: str) -> Difference:
    (found,) = [one for one in audit.differences if one.id == name]
    return found


# ---------------------------------------------------------------------------------------------------------- side by side


def test_sides_that_agree_have_no_difference(rules: Rules) -> None:
    audit = rules.audit(record(full(), full()))
    assert (audit.differences, audit.problems) == ((), ())
    assert audit.sides == ("computed", "declared", "reviewed")
    assert [row.id for row in audit.rows] == ["process", "execution", "team", "outputs", "a", "b", "total", "grade"]
    row = {row.id: dict(row.values) for row in audit.rows}
    assert row["process"] == {"computed": 16, "declared": 16, "reviewed": 16}
    assert row["outputs"] == {"computed": 80, "declared": 80, "reviewed": 80}
    assert row["grade"] == {"computed": "优", "declared": "优", "reviewed": "优"}


def test_without_claims_there_is_nothing_to_compare(rules: Rules) -> None:
    audit = rules.audit(record())
    assert (audit.sides, audit.differences) == (("computed",), ())


@pytest.mark.parametrize(
    ("sides", "found"),
    [
        (("computed", "declared"), ["computed-declared"]),
        (("computed", "reviewed"), []),
        (("declared", "reviewed"), ["declared-reviewed"]),
        (("reviewed", "declared"), ["declared-reviewed"]),
        (("computed", "declared", "reviewed"), ["computed-declared", "declared-reviewed"]),
    ],
)
def test_any_two_sides_can_be_compared(rules: Rules, sides: tuple[Side, ...], found: list[str]) -> None:
    audit = rules.audit(record(full(execution=7, total=93), full()), sides=sides)
    assert ["-".join(one.sides) for one in audit.differences if one.id == "execution"] == found
    assert audit.sides == tuple(side for side in ("computed", "declared", "reviewed") if side in sides)


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parents[2].name}-{path.stem}")
def test_the_computed_side_is_the_evaluation(case: Path) -> None:
    import tomli

    data = tomli.loads(case.read_text(encoding="utf-8"), parse_float=Decimal)
    rules = Rules.from_path(case.parents[2] / f"{case.parent.name}.toml")
    source = case.parent / data["record"] if isinstance(data["record"], str) else data["record"]
    audit = rules.audit(source)
    values = {(row.kind, row.id): row.values["computed"] for row in audit.rows}
    if "problems" in data["expected"]:
        assert {problem.code for problem in audit.problems} == set(data["expected"]["problems"])
        assert values["total", "total"] is values["grade", "grade"] is None
        return
    result = rules.evaluate(source)
    assert values["total", "total"] == result.exact_total
    assert values["grade", "grade"] == result.grade
    assert {one.id: one.exact_points for one in result.criteria} == {
        name: value for (kind, name), value in values.items() if kind == "criterion"
    }


# ------------------------------------------------------------------------------------------------------------- arithmetic


def test_points_that_the_rule_does_not_give(rules: Rules) -> None:
    audit = rules.audit(record(full(execution=7, total=93)))
    assert codes(audit) == ["arithmetic execution", "arithmetic process", "arithmetic total"]
    assert (
        only(audit, "execution").text("zh")
        == "执行率：按规则应得 10 分，自评 7 分，相差 3 分（依据：《管理办法》财〔2020〕1号附件1）"
    )
    assert only(audit, "execution").text("en") == (
        "execution: the rule gives 10, declared 7, 3 apart (source: 管理办法, 财〔2020〕1号, 附件1)"
    )
    assert only(audit, "process").follows == ("execution",)
    assert only(audit, "total").text("zh") == "总分：计算 96 分，自评 93 分，相差 3 分，由以下各项引起：执行率"


@pytest.mark.parametrize(("points", "found"), [("10.005", False), ("9.995", False), ("9.9949", True), ("9.99", True)])
def test_a_difference_up_to_the_tolerance_is_none(rules: Rules, points: str, found: bool) -> None:
    audit = rules.audit(record(claims(execution=Decimal(points), team=6, a=40, b=40, total=96, grade="优")))
    assert bool([one for one in audit.differences if one.id == "execution"]) is found


def test_the_tolerance_can_be_chosen(rules: Rules) -> None:
    own = record(full(execution=9, total=95))
    assert codes(rules.audit(own, Decimal(1))) == []
    assert "arithmetic execution" in codes(rules.audit(own, Decimal("0.99")))


def test_a_reason_does_not_change_a_rule(rules: Rules) -> None:
    said = full(execution=7, total=93) | {"reasons": {"criteria": {"execution": "拨款晚"}}}
    assert "所述理由“拨款晚”不在规则之内" in only(rules.audit(record(said)), "execution").text("zh")


def test_an_entry_is_the_cause_of_its_criterion_and_the_total(rules: Rules) -> None:
    audit = rules.audit(record(full(b=30, total=86, grade="良")))
    assert codes(audit) == ["arithmetic b", "arithmetic outputs", "arithmetic total", "arithmetic grade"]
    assert only(audit, "outputs").follows == ("b",)
    assert only(audit, "b").clause is not None
    assert only(audit, "grade").text("zh") == "等级：计算“优”，自评“良”，因总分不同"


def test_a_review_that_the_rule_settles(rules: Rules) -> None:
    audit = rules.audit(record(full(execution=7, total=93), full()), sides=("declared", "reviewed"))
    assert only(audit, "execution").text("zh").startswith("执行率：自评 7 分，复核 10 分，相差 3 分，按规则应得 10 分")


# --------------------------------------------------------------------------------------------------------------- rounding


@pytest.mark.parametrize(
    ("value", "claimed", "digits", "mode"),
    [
        ("8.62", "9", 0, "half-up"),
        ("7.2", "7", 0, "half-up"),
        ("8.5", "9", 0, "half-up"),
        ("8.5", "8", 0, "down"),
        ("9.8", "9", 0, "down"),
        ("19.994", "19", 0, "down"),
        ("9.685", "9.68", 2, "down"),
        ("9.685", "9.69", 2, "half-up"),
        ("9.684", "9.69", 2, "up"),
        ("7.2", "8", 0, "up"),
        ("9", "10", 0, None),
        ("9", "8", 0, None),
        ("9.01", "8", 0, None),
        ("9.01", "10.01", 0, None),
    ],
)
def test_rounding_within_one_step_is_told_apart(value: str, claimed: str, digits: int, mode: str | None) -> None:
    assert mode_of(Fraction(value), Fraction(claimed), digits) == mode


@pytest.mark.parametrize(
    ("spent", "points", "found"),
    [
        ("86.2", 9, "rounding"),  # 8.62
        ("99.97", 9, "rounding"),  # 9.997, down
        ("81", 9, "rounding"),  # 8.1, up
        ("80", 9, "arithmetic"),  # a whole step
        ("70", 9, "arithmetic"),
    ],
)
def test_a_form_of_whole_points_rounds(rules: Rules, spent: str, points: int, found: str) -> None:
    audit = rules.audit(record(full(execution=points, total=None), spent=spent))
    assert only(audit, "execution").code == found


def test_a_form_with_decimals_does_not_round_to_whole_points(rules: Rules) -> None:
    audit = rules.audit(record(full(execution=9, team=Decimal("6.5"), total=None), spent="86.2", team="6.5"))
    assert only(audit, "execution").code == "arithmetic"


def test_rounding_is_seen_through_the_rounding_of_the_rule() -> None:
    rules = load(RULES.replace('status = "example"', 'status = "example"\nrounding = { points = "0.01 half-up" }'))
    audit = rules.audit(record(full(execution=Decimal("9.68"), total=None), spent="96.85"))  # 9.685: the rule says 9.69
    assert only(audit, "execution").text("zh").startswith("执行率：计算 9.69 分，自评 舍去尾数为 9.68 分")


def test_a_total_takes_the_code_of_its_only_cause(rules: Rules) -> None:
    audit = rules.audit(record(full(execution=9, total=95), spent="86.2"))
    assert codes(audit) == ["rounding execution", "rounding process", "rounding total"]


def test_a_total_alone_may_be_rounded(rules: Rules) -> None:
    audit = rules.audit(record(claims(total=95, grade="优"), spent="86.2"))  # 94.62
    assert codes(audit) == ["rounding total"]
    assert "四舍五入为 95" in audit.differences[0].text("zh")


# ------------------------------------------------------------------------------------------------ ranges and their reasons


@pytest.mark.parametrize(
    ("points", "found"),
    [
        ("1.99", "outside-range"),
        ("2", "discretionary-without-reason"),
        ("7.99", "discretionary-without-reason"),
        ("8", "outside-range"),
    ],
)
def test_a_claim_is_inside_the_range_or_outside(rules: Rules, points: str, found: str) -> None:
    audit = rules.audit(record(full(team=Decimal(points), total=None)))
    assert only(audit, "team").code == found


def test_a_choice_with_a_reason_is_for_the_reviewer(rules: Rules) -> None:
    said = full(team=4, total=94) | {"reasons": {"criteria": {"team": "缺台账"}}}
    audit = rules.audit(record(said))
    assert only(audit, "team").code == "discretionary"
    assert only(audit, "team").text("en") == "管理: a person's choice, computed 6, declared 4, with the reason: 缺台账"


def test_the_raters_reason_counts(rules: Rules) -> None:
    own = record(full(team=4, total=94), team=None) | {"assessments": {"criteria": {"team": {"points": 6, "reason": "好"}}}}
    assert only(rules.audit(own), "team").code == "discretionary"


def test_a_choice_that_nobody_recorded(rules: Rules) -> None:
    audit = rules.audit(record(full(team=5, total=95), team=None))
    assert only(audit, "team").key == "chosen-unassessed-without-reason"
    assert [problem.code for problem in audit.problems] == ["value-absent"]


def test_an_assessment_outside_its_range(rules: Rules) -> None:
    audit = rules.audit(record(full(), team=9))
    found = only(audit, "team")
    assert (found.code, found.sides) == ("outside-range", ("computed",))
    assert found.text("zh") == "管理：评价人评定 9 分，超出规则允许评定的 2 至 8 分，不能计分"
    values = {row.id: row.values for row in audit.rows}
    assert values["team"]["computed"] is values["process"]["computed"] is values["total"]["computed"] is None
    assert (values["execution"]["computed"], values["outputs"]["computed"]) == (10, 80)


@pytest.mark.parametrize(("points", "found"), [("40.005", False), ("40.01", True), ("-0.005", False), ("-0.01", True)])
def test_points_beyond_the_weight(rules: Rules, points: str, found: bool) -> None:
    audit = rules.audit(record(full(b=Decimal(points), total=None)))
    assert only(audit, "b").code == "outside-range" if found else all(one.code != "outside-range" for one in audit.differences)


@pytest.mark.parametrize(
    ("points", "found"), [(20, "discretionary-without-reason"), ("19.99", "outside-range"), (40, "discretionary-without-reason")]
)
def test_the_range_of_an_entry(rules: Rules, points: Any, found: str) -> None:
    own = record(full(b=points, total=None))
    own["indicators"][1] |= {"direction": "qualitative"}
    own["assessments"]["indicators"] = {"b": {"points": 30}}
    assert only(rules.audit(own), "b").code == found


def test_reviewer_and_office_choose_differently(rules: Rules) -> None:
    said = full(team=4, total=94)
    audit = rules.audit(record(full(), said), sides=("declared", "reviewed"))
    assert only(audit, "team").code == "discretionary-without-reason"
    reasoned = said | {"reasons": {"criteria": {"team": "缺台账"}}}
    assert only(rules.audit(record(full(), reasoned), sides=("declared", "reviewed")), "team").code == "discretionary"


# --------------------------------------------------------------------------------------------------- weights, sums, grades


def test_scoring_goes_on_with_weights_that_do_not_sum(rules: Rules) -> None:
    audit = rules.audit(record(full(b=50, total=106), weights=(40, 50)))
    assert codes(audit)[:2] == ["weights outputs", "weights total"]
    assert (
        only_first(audit, "outputs").text("zh") == "产出：各项指标权重合计 90，与分值 80 不符（依据：《管理办法》财〔2020〕1号）"
    )
    assert {row.id: row.values["computed"] for row in audit.rows}["outputs"] == 80
    assert audit.problems == ()
    follow = [one for one in audit.differences if one.key == "weights-follow"]
    assert [(one.id, one.values["left"], one.values["right"]) for one in follow] == [("outputs", 80, 90)]


def only_first(audit: Audit, name: str) -> Difference:
    return next(one for one in audit.differences if one.id == name)


@pytest.mark.parametrize(("weight", "found"), [("40.005", False), ("40.006", True), ("39.99", True)])
def test_weights_have_the_same_tolerance(rules: Rules, weight: str, found: bool) -> None:
    audit = rules.audit(record(weights=(40, weight)))
    assert ("weights outputs" in codes(audit)) is found


def test_weights_of_a_goal() -> None:
    own = record(weights=(40, 30), goals=[{"id": "g1", "weight": 80}])
    for entry in own["indicators"]:
        entry["goal"] = "g1"
    audit = audit_declared(ir.read_record(own), weights={"execution": 10, "team": 20})
    assert codes(audit) == ["weights g1"]
    assert audit.differences[0].text("en") == "goal g1: the weights of its indicators come to 70, not to 80"


@pytest.mark.parametrize(
    ("total", "found"), [(96, []), ("96.005", []), ("96.4", ["sum total"]), (97, ["sum total"]), (100, ["sum total"])]
)
def test_parts_that_do_not_make_the_total(rules: Rules, total: Any, found: list[str]) -> None:
    audit = rules.audit(record(full(total=total)))
    assert codes(audit) == found


def test_a_total_that_is_its_parts_rounded(rules: Rules) -> None:
    audit = rules.audit(record(full(execution=Decimal("8.62"), total=95), spent="86.2"))
    assert codes(audit) == ["rounding total"]
    assert audit.differences[0].text("zh") == "总分：自评 95 分，各部分合计 94.62 分，四舍五入后相等"


def test_a_criterion_and_a_group_that_are_not_their_parts(rules: Rules) -> None:
    audit = rules.audit(record(full(outputs=70, process=15, total=86, grade="良")))
    assert [one.id for one in audit.differences if one.code == "sum" and one.sides == ("declared",)] == ["outputs", "process"]


def test_a_total_that_the_lines_cannot_reach() -> None:
    own = ir.read_record(record(claims(execution=10, a=40, total=91)))  # b is worth 40 more at most: 50 to 90
    assert codes(audit_declared(own, weights={"execution": 10}, full_score=90)) == ["sum total"]
    for total in (50, 90):
        fine = ir.read_record(record(claims(execution=10, a=40, total=total)))
        assert codes(audit_declared(fine, weights={"execution": 10}, full_score=90)) == []


def test_the_declared_total_goes_through_adjustments_and_rescaling() -> None:
    rules = load(RULES + '[adjustments.late]\nlabel = "逾期"\nwhen = "true"\nthen = { deduct = 5 }\n')
    assert codes(rules.audit(record(full(total=91)))) == []
    assert codes(rules.audit(record(full(total=96)))) == ["sum total"]
    own = record(claims(execution=10, a=40, b=40, total=95, grade="优"), not_applicable={"criteria": {"team": "无"}})
    assert codes(rules.audit(own)) == []  # 90 × 100 ÷ 90 − 5


@pytest.mark.parametrize(
    ("total", "grade", "found"),
    [
        (90, "优", []),
        (90, "excellent", []),
        (90, "良", ["grade grade"]),
        ("89.99", "优", ["grade grade"]),
        ("89.99", "良", []),
        (90, "甲", ["grade grade"]),
    ],
)
def test_a_grade_is_that_of_the_total(total: Any, grade: str, found: list[str]) -> None:
    own = ir.read_record(record({"total": total, "grade": grade}))
    rules = load(RULES)
    assert [code for code in codes(rules.audit(own, sides=("declared",))) if code.startswith("grade")] == found
    if grade != "excellent":
        bare = audit_declared(own, weights={"execution": 10, "team": 10}, grades=[("优", 90), ("良", 80), ("差", None)])
        assert codes(bare) == found


def test_a_veto_lowers_the_grade_of_the_declared_total() -> None:
    rules = load(RULES + '[adjustments.misuse]\nlabel = "挪用"\nwhen = "true"\nthen = { veto = true }\n')
    assert codes(rules.audit(record(full(grade="差")))) == []
    assert only(rules.audit(record(full())), "grade").text("zh") == "等级：自评“优”，总分 96 对应“差”"


def test_a_grade_by_the_unrounded_total() -> None:
    more = 'status = "example"\ngrade_on = "unrounded"\nrounding = { total = "1 half-up" }'
    rules = load(RULES.replace('status = "example"', more))
    own = record(claims(total=90, grade="良"), spent="36", team=6)  # 89.6: 90, and still 良
    assert codes(rules.audit(own)) == []


# ---------------------------------------------------------------------------------------------------------------- missing


def test_a_line_that_one_side_lacks(rules: Rules) -> None:
    declared = full(total=86)
    del declared["criteria"]["execution"]
    del declared["indicators"]["b"]
    audit = rules.audit(record(declared))
    assert [code for code in codes(audit) if code.startswith("missing")] == ["missing b", "missing execution"]
    assert only(audit, "execution").text("zh").startswith("执行率：计算 10，自评 无，一方没有得分")


def test_a_total_alone_misses_no_line(rules: Rules) -> None:
    assert codes(rules.audit(record(claims(total=96, grade="优")))) == []
    assert codes(rules.audit(record(claims(total=96)))) == ["missing grade"]
    assert codes(rules.audit(record(claims(grade="优")))) == ["missing total"]


def test_what_does_not_apply_need_not_be_claimed(rules: Rules) -> None:
    declared = claims(execution=10, a=40, b=40, total=100, grade="优")
    assert codes(rules.audit(record(declared, not_applicable={"criteria": {"team": "无"}}))) == []


def test_checks_go_on_where_scoring_cannot(rules: Rules) -> None:
    own = record(full(total=99, grade="良"), weights=(40, 50))
    del own["budget"]
    del own["indicators"][0]["actual"]
    audit = rules.audit(own)
    assert [problem.code for problem in audit.problems] == ["value-absent", "value-absent"]
    assert codes(audit) == [
        "weights outputs", "weights total", "sum total", "grade grade",
        "missing a", "arithmetic b", "missing execution", "missing total",
    ]  # fmt: skip
    values = {row.id: row.values["computed"] for row in audit.rows}
    assert (values["a"], values["b"], values["team"], values["outputs"], values["process"]) == (None, 50, 6, None, None)


def test_problems_keep_their_place_in_the_file(rules: Rules, tmp_path: Path) -> None:
    file = tmp_path / "r.toml"
    file.write_text(
        '[subject]\nname = "项目"\nkind = "project"\nyear = 2023\n[assessments.criteria.team]\npoints = 9\n', encoding="utf-8"
    )
    problems = rules.audit(file).problems
    assert ("assessment-out-of-range", 5) in [(problem.code, problem.where.line) for problem in problems]
    assert all(problem.where.file == str(file) for problem in problems)


# ----------------------------------------------------------------------------------------------------- penalties, bonuses


def test_a_penalty_is_claimed_either_way() -> None:
    more = """[criteria.faults]
label = "问题"
role = "penalty"
weight = 5
measure = "3"
scale = { kind = "deduct", per = "occurrence", points = 1 }
"""
    rules = load(RULES.replace("[[grades]]", more + "[[grades]]", 1))
    for points in (3, -3):
        assert codes(rules.audit(record(full(faults=points, total=93)))) == []
    assert "outside-range faults" in codes(rules.audit(record(full(faults=6, total=90))))


# ------------------------------------------------------------------------------------------------------------------ texts


def messy() -> dict[str, Any]:
    declared = full(execution=7, team=4, b="39.5", total=99, grade="良")
    return record(declared, claims(total=95, grade="优"), weights=(40, 50), actual="8次")


def test_every_sentence_is_there_in_both_languages(rules: Rules) -> None:
    for difference in rules.audit(messy()).differences:
        for lang in messages.LANGUAGES:
            text = difference.text(lang)
            assert text
            assert "{" not in text
            assert "\n" not in text
    assert {"zh", "en"} == set(messages.catalogue()["audit.arithmetic"])


def test_json_is_exact_and_always_the_same(rules: Rules) -> None:
    first, second = (rules.audit(messy()).to_json() for _ in range(2))
    assert first == second
    data = json.loads(first)
    assert data["sides"] == ["computed", "declared", "reviewed"]
    assert data["tolerance"] == "0.005"
    assert data["provenance"]["family"] == "own"
    execution = next(row for row in data["rows"] if row["id"] == "execution")
    assert execution == {
        "kind": "criterion", "id": "execution", "label": "执行率", "parent": "process", "weight": "10",
        "computed": "10", "declared": "7", "reviewed": None,
    }  # fmt: skip
    found = next(one for one in data["differences"] if one["id"] == "execution")
    assert (found["code"], found["gap"], found["values"]) == ("arithmetic", "-3", {"left": "10", "right": "7"})
    assert found["source"] == {"ref": "law", "title": "管理办法", "document": "财〔2020〕1号", "clause": "附件1"}
    assert set(found) >= {"zh", "en", "sides", "follows", "detail", "kind"}


@pytest.mark.parametrize("lang", messages.LANGUAGES)
@pytest.mark.parametrize("columns", [60, 100])
def test_the_page_fits_the_terminal(rules: Rules, lang: messages.Language, columns: int) -> None:
    from indicator_rules.render import width

    page = audit_text.text(rules.audit(messy()), lang, columns)
    assert max(map(width, page.splitlines())) <= columns
    assert ("不一致" if lang == "zh" else "differences (") in page


# ----------------------------------------------------------------------------------------------------------- command line


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(commands, [*map(str, words)], catch_exceptions=False)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "own.toml").write_text(RULES, encoding="utf-8")
    (tmp_path / "r.json").write_text(json.dumps(record(full(execution=7, total=93), full())), encoding="utf-8")
    return tmp_path / "own.toml", tmp_path / "r.json"


def test_differences_are_no_problems(files: tuple[Path, Path]) -> None:
    rules, own = files
    done = run("audit", own, "--ruleset", rules, "--lang", "zh")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "不一致（6 处）" in done.stdout
    assert "[计算不符] 执行率：按规则应得 10 分，自评 7 分" in done.stdout


def test_problems_are(files: tuple[Path, Path], tmp_path: Path) -> None:
    rules, _ = files
    own = record(full())
    del own["budget"]
    (tmp_path / "gap.json").write_text(json.dumps(own), encoding="utf-8")
    done = run("audit", tmp_path / "gap.json", "--ruleset", rules, "--lang", "en")
    assert done.exit_code == 1
    assert "[value-absent]" in done.stderr
    assert "1 problems: some lines cannot be scored" in done.stdout


def test_two_sides_and_a_tolerance(files: tuple[Path, Path]) -> None:
    rules, own = files
    done = run("audit", own, "--ruleset", rules, "--between", "declared", "reviewed", "--format", "json")
    data = json.loads(done.stdout)
    assert (done.exit_code, data["sides"]) == (0, ["declared", "reviewed"])
    assert {tuple(one["sides"]) for one in data["differences"]} == {("declared", "reviewed")}
    done = run("audit", own, "--ruleset", rules, "--tolerance", "3", "--format", "json")
    assert json.loads(done.stdout)["differences"] == []


@pytest.mark.parametrize("wrong", ["-1", "nan", "inf", "x", "1e400", "0.0000000000001"])
def test_a_tolerance_is_a_number(files: tuple[Path, Path], wrong: str) -> None:
    done = run("audit", files[1], f"--tolerance={wrong}", "--lang", "en")
    assert done.exit_code == 2
    assert "--tolerance is a number, 0 or more" in done.stderr


def test_wrong_sides_are_wrong_usage(files: tuple[Path, Path]) -> None:
    assert run("audit", files[1], "--between", "declared", "nobody").exit_code == 2
    assert run("audit", files[1], "--between", "declared").exit_code == 2


def test_several_records_and_a_file(files: tuple[Path, Path], tmp_path: Path) -> None:
    rules, own = files
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    done = run("audit", own, tmp_path / "broken.json", "--ruleset", rules, "--format", "json")
    assert done.exit_code == 1
    assert [("differences" in one, "problems" in one) for one in json.loads(done.stdout)] == [(True, True), (False, True)]
    out = tmp_path / "out.txt"
    assert run("audit", own, "--ruleset", rules, "-o", out, "--lang", "en").exit_code == 0
    assert "differences (6)" in out.read_text(encoding="utf-8")
    assert run("audit", own, "--ruleset", rules, "-o", own).exit_code == 1


def test_a_claim_under_a_name_that_is_both_criterion_and_group_is_the_criterions() -> None:
    rules = load(RULES.replace("[groups.process]", "[groups.execution]").replace('group = "process"', 'group = "execution"'))
    audit = rules.audit(record(full()))
    assert audit.differences == ()
    assert [row.values["declared"] for row in audit.rows if row.id == "execution"] == [16, 10]


def test_a_claim_that_no_rule_knows_is_missing_on_the_other_side(rules: Rules) -> None:
    own = record(full() | {"indicators": {"a": 40, "b": 40, "c": 5}})
    own["indicators"].append(
        {"id": "c", "category": "benefit.social", "name": "丙", "target": "1次", "actual": "1次", "weight": 5}
    )
    assert [code for code in codes(rules.audit(own)) if code.startswith("missing")] == ["missing c"]


def test_a_claim_under_an_unknown_id_is_not_passed_over(rules: Rules) -> None:
    declared = full()
    declared["criteria"]["exection"] = declared["criteria"].pop("execution")
    audit = rules.audit(record(declared, full()))
    assert [code for code in codes(audit) if code.startswith("missing")][:2] == ["missing execution", "missing exection"]


# ------------------------------------------------------------------------------------------------------------ shared weights

SHARED = RULES.replace('indicators = "output"', 'indicators = "output"\nentry_weights = "shared"')


def shared_record(declared: Mapping[str, Any], *, weight: int = 40, reviewed: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """wifi and storage share 40 points, 9 of 10 storages are there: 20 + 18; books has `weight`. Execution 10 and team 6 are declared too."""
    entries = [
        {"id": "wifi", "category": "output.quantity", "name": "WIFI", "target": "1套", "actual": "1套", "weight": 40, "goal": "g"},
        {"id": "storage", "category": "output.quantity", "name": "存储器", "target": "10台", "actual": "9台", "part_of": "wifi", "goal": "g"},
        {"id": "books", "category": "output.quantity", "name": "购书", "target": "10册", "actual": "10册", "weight": weight, "goal": "g"},
    ]  # fmt: skip
    claims = {"criteria": {"execution": 10, "team": 6}}
    return record() | {
        "goals": [{"id": "g", "weight": 80}],
        "indicators": entries,
        "declared": claims | {"indicators": declared},
        "reviewed": None if reviewed is None else claims | {"indicators": reviewed},
    }


def told(data: Mapping[str, Any], rules: str = SHARED) -> list[tuple[str, str]]:
    found = Rules.from_text(rules).audit(data)
    assert found.problems == ()
    return [(one.code, one.id) for one in found.differences if one.id not in ("total", "grade")]


def test_an_entry_that_shares_a_weight_has_no_difference_of_weight() -> None:
    assert told(shared_record({"wifi": 20, "storage": 18, "books": 40})) == []
    assert told(shared_record({"wifi": 20, "storage": 20, "books": 40})) == [("arithmetic", "storage"), ("arithmetic", "outputs")]


def test_weights_with_a_shared_one_are_added_up_all_the_same() -> None:
    """42 beside the shared 40: neither the criterion's 80 nor the goal's."""
    codes = told(shared_record({"wifi": 20, "storage": 18, "books": 42}, weight=42))
    assert [one for one in codes if one[0] == "weights"][:2] == [("weights", "outputs"), ("weights", "g")]


def test_one_number_for_all_that_share_a_weight_is_compared_with_their_criterion() -> None:
    assert told(shared_record({"wifi": 38, "books": 40})) == []
    assert told(shared_record({"wifi": 40, "books": 40})) == [("arithmetic", "outputs")]
    assert told(shared_record({"wifi": 41, "books": 40})) == [("outside-range", "wifi"), ("arithmetic", "outputs")]
    assert told(shared_record({"wifi": 38, "books": 40}, reviewed={"wifi": 20, "storage": 18, "books": 40})) == []


def test_entries_that_share_nothing_are_missing_as_before() -> None:
    assert ("missing", "books") in told(shared_record({"wifi": 20, "storage": 18}))
    assert ("missing", "wifi") in told(shared_record({"storage": 18, "books": 40}))
