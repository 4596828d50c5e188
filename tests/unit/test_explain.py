"""Explanations: nothing lost without a sentence, numbers that add up, distances that are exact."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import tomli
from click.testing import CliRunner

import indicator_rules as ir
from indicator_rules import messages
from indicator_rules.cli.commands import commands
from indicator_rules.derivation import Derivation, Step
from indicator_rules.errors import RecordError
from indicator_rules.evaluation import Evaluation
from indicator_rules.exact import from_text
from indicator_rules.explaining.distance import nearest
from indicator_rules.explaining.explain import number_text
from test_shapes import RECORD, SHAPES, merged, read, ruleset

CHECKOUT = Path(__file__).parents[2]
EXAMPLE = CHECKOUT / "docs" / "examples" / "zhanjiang-2023.toml"
RULESETS = sorted((CHECKOUT / "rulesets").glob("*/*.toml"))
SPILT = re.compile(r"\{\w*\}|None|Fraction|Decimal|Ref\(|Label|Absent|=\s*[，,。]|：\s*[，。]|，，|  +\S*=")


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    messages.use_language("zh")
    yield
    messages.use_language(None)


def cases(rules: ir.Rules, folder: Path) -> Iterator[Evaluation]:
    for path in sorted(folder.glob("*.toml")):
        case = tomli.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        try:
            yield rules.evaluate(case["record"])
        except RecordError:
            continue


def shape_cases(path: Path) -> Iterator[Evaluation]:
    shape = read(path)
    rules = ir.Rules.from_data(ruleset(shape))
    for case in shape["cases"]:
        try:
            yield rules.evaluate(merged(RECORD, case.get("record", {})))
        except RecordError:
            continue


def steps(found: tuple[Step, ...]) -> Iterator[Step]:
    for step in found:
        yield step
        yield from steps(step.steps)


def looked_at(result: Evaluation) -> int:
    """Every criterion and the total; how many losses there were."""
    total = result.explain()
    assert total.exact_points == result.exact_total
    texts_are_whole(total)
    for one in result.criteria:
        found = result.explain(one.id)
        texts_are_whole(found)
        assert found.exact_points == one.exact_points
        assert found.steps[0].kind in ("weight", "absent")
        for lang in messages.LANGUAGES:
            assert bool(found.sentences[lang]) == (one.exact_lost > 0), one
        if one.exact_lost > 0:
            numbers_add_up(found, one.exact_points, one.exact_weight, one.exact_lost, penalty=one.criterion.role == "penalty")
            assert one.criterion.source is None or result.plan.source(one.criterion.source.ref) in found.sentences["zh"]
        if one.row not in ("absent", "not_applicable", "out_of_force"):
            points_come_from_the_steps(found, abs(one.exact_points), one.deducted)
    return len(result.losses)


def texts_are_whole(found: Derivation) -> None:
    json.dumps(found.as_dict())
    for lang in messages.LANGUAGES:
        assert not SPILT.search(found.sentences[lang]), found.sentences[lang]
        for step in steps(found.steps):
            assert step.texts[lang].strip()
            assert not re.search(r"\{\w*\}|None|Fraction|Decimal|Ref\(|Absent", step.texts[lang]), step.texts[lang]


def numbers_add_up(found: Derivation, points: Any, weight: Any, lost: Any, *, penalty: bool) -> None:
    assert penalty or points + lost == weight
    zh, en = found.sentences["zh"], found.sentences["en"]
    assert f"扣 {number_text(lost)} 分" in zh
    assert f"{number_text(lost)} " in en
    if not penalty:
        assert f"得 {number_text(points)}/{number_text(weight)} 分" in zh
        assert f"{number_text(points)} of {number_text(weight)} points" in en


def points_come_from_the_steps(found: Derivation, points: Any, deducted: Any) -> None:
    """The last number of the way is the points: what was awarded, kept, combined, taken off, rounded."""
    way = [step for step in found.steps if step.kind in ("award", "clamp", "combine", "rounding") and step.value is not None]
    if way and not deducted:
        assert from_text(way[-1].value or "") == points, str(found)


@pytest.mark.parametrize("path", RULESETS, ids=lambda path: f"{path.parent.name}@{path.stem}")
def test_every_case_of_every_ruleset_can_be_explained(path: Path) -> None:
    assert sum(map(looked_at, cases(ir.load(path), path.parent / "cases" / path.stem))) > 0


@pytest.mark.parametrize("path", SHAPES, ids=lambda path: path.stem)
def test_every_shape_can_be_explained(path: Path) -> None:
    for result in shape_cases(path):
        looked_at(result)


# ------------------------------------------------------------------------------------------------------- sentences, read aloud


def case(family: str, edition: str, name: str) -> Evaluation:
    folder = CHECKOUT / "rulesets" / family
    record = tomli.loads((folder / "cases" / edition / f"{name}.toml").read_text(encoding="utf-8"), parse_float=Decimal)["record"]
    return ir.load(folder / f"{edition}.toml").evaluate(record)


@pytest.mark.parametrize(
    ("family", "edition", "name", "criterion", "zh"),
    [
        (
            "mof-project-self-evaluation",
            "2020",
            "initial-budget",
            "budget_execution",
            (
                "预算执行率：预算执行率 = 实际支出 ÷ 年初预算数 = 60万元 ÷ 80万元 = 75%，未达满分线，按比例计分，"
                "得分 = 分值 × 预算执行率 = 10 × 75% = 7.5，距满分线还差 25 个百分点，得 7.5/10 分，扣 2.5 分，"
                "依据天长市2022年度项目支出绩效自评表“表注（预算资金执行率10分）”。"
            ),
        ),
        (
            "hunan-department",
            "2016",
            "added-20",
            "budget_added",
            (
                "预算控制率：预算控制率 = 本年追加 ÷ 年初预算数 = 200万元 ÷ 1000万元 = 20%，第 3 档“10%-20%（含）”，"
                "超出第 4 档“0-10%（含）”界限 10 个百分点，得 3/5 分，扣 2 分，"
                "依据湖南省部门整体支出绩效评价评分表（转载件）“预算控制率”。"
            ),
        ),
        (
            "hunan-department",
            "2016",
            "key-below-60",
            "key_spending_share",
            (
                "重点支出安排率：重点支出安排率 = 重点项目支出 ÷ 项目总支出 = 299.5万元 ÷ 500万元 = 59.9%，"
                "第 5 档（重点支出安排率 < 60%），距第 4 档还差 0.1 个百分点，得 0/5 分，扣 5 分，"
                "依据岳阳市科技局部门整体支出绩效评价评分表“重点支出安排率”。"
            ),
        ),
        (
            "mof-framework",
            "2020",
            "all-no",
            "approval_procedure",
            (
                "立项程序规范性：“按规定程序申请设立”不符合（扣 1 分）；“审批文件和材料合规”不符合（扣 1 分）；"
                "“经过论证评估和集体决策”不符合（扣 1 分），得 0/3 分，扣 3 分，"
                "依据财预〔2020〕10号“附件框架，立项程序规范性（分值为本文件自定）”。"
            ),
        ),
    ],
)
def test_sentences_of_the_built_in_rulesets(family: str, edition: str, name: str, criterion: str, zh: str) -> None:
    result = case(family, edition, name)
    assert result.explain(criterion).sentences["zh"] == zh


def test_the_example_stands_in_an_audit_file() -> None:
    result = ir.Catalog.builtin().for_record(EXAMPLE).evaluate(EXAMPLE)
    assert result.sentences[0] == (
        "数量指标：政府采购次数（目标 9次，实际 7次，完成率 77.78%，还差 2次）得 ≈2.5926/≈3.3333 分；3 项等权，"
        "得 9.26/10 分（舍入前 ≈9.2593），扣 0.74 分，依据党政事务工作经费项目支出绩效自评报告（2023年度）“所列指标第14项”。"
    )
    found = result.explain("quantity")
    kinds = [step.kind for step in found.steps]
    assert kinds == ["weight", "entry", "entry", "entry", "combine", "rounding", "points", "wording", "clause"]
    bought = found.steps[2]
    assert [(step.kind, step.path, step.typed, step.value) for step in bought.steps[:3]] == [
        ("input", "indicators.procurements.target", "9次", None),
        ("input", "indicators.procurements.actual", "7次", None),
        ("measure", "indicators.procurements.completion", None, "7/9"),
    ]
    assert (found.steps[4].value, found.steps[5].value) == ("250/27", "9.26")
    assert found.sentence == result.sentences[0]
    messages.use_language("en")
    assert "0.74 lost" in result.explain("quantity").sentence


# ------------------------------------------------------------------------------------------------------------------ own rules

HEAD = """schema = 1
[ruleset]
family = "own"
edition = "1"
title = "办法"
applies = { years = { from = 2020 } }
status = "example"
full_score = 10
rounding = { total = "0.1 half-up" }
[inputs.errors]
label = "差错数"
type = "count"
[inputs.cost]
label = "超支额"
type = "amount"
[inputs.done]
label = "完成日"
type = "date"
[inputs.fixed]
label = "已整改"
type = "yes-no"
[measures.rate]
label = "执行率"
value = "budget.spent / budget.initial"
[sources.rules]
title = "办法"
document = "财绩〔2023〕1号"
[[grades]]
label = "优"
at_least = 9
[[grades]]
label = "差"
"""


def scored(
    scale: str, measure: str, answers: Mapping[str, Any] | None = None, spent: str = "79.2", more: str = "", **record: Any
) -> Evaluation:
    read = f'measure = "{measure}"\n' if measure else ""
    rules = ir.load(
        f'{HEAD}[criteria.a]\nlabel = "甲"\nweight = 10\n{read}source = {{ ref = "rules", clause = "第三条" }}\n'
        f'{more}\n[criteria.a.scale]\n{scale}\n'
    )  # fmt: skip
    budget = {"unit": "万元", "initial": 100, "spent": Decimal(spent)}
    return rules.evaluate(
        {"subject": {"name": "某<b>项目", "kind": "project", "year": 2023}, "budget": budget, "answers": answers or {}, **record}
    )


BANDS = 'kind = "bands"\nbands = [{{ {0} = {1}, award = "100%" }}, {{ {0} = {2}, award = "60%" }}, {{ award = "0%" }}]'


@pytest.mark.parametrize(
    ("scale", "measure", "answers", "said"),
    [
        (BANDS.format("at_least", '"80%"', '"60%"'), "rate", {}, "距第 1 档还差 0.8 个百分点"),
        (BANDS.format("above", '"80%"', '"60%"'), "rate", {}, "超过 80% 才能进入第 1 档（还差 0.8 个百分点 以上）"),
        (BANDS.format("above", '"79.2%"', '"60%"'), "rate", {}, "须超过 79.2% 才能进入第 1 档"),
        (BANDS.format("at_least", "5", "2"), "errors", {"errors": 3}, "距第 1 档还差 2"),
        (BANDS.format("above", "5", "2"), "errors", {"errors": 3}, "距第 1 档还差 3"),
        (BANDS.format("at_least", '"50万元"', '"20万元"'), "cost", {"cost": "38.5万元"}, "距第 1 档还差 11.5万元"),
        (
            'kind = "deduct"\nper = "over"\nat = "0万元"\nstep = "1万元"\npoints = { points = 1 }\npartial_step = "whole"',
            "cost",
            {"cost": "2.5万元"},
            "超出不扣分界限 2.5万元",
        ),
        (
            'kind = "deduct"\nper = "over"\nat = 0\nstep = 5\npoints = { points = 1 }\npartial_step = "whole"',
            "done - date(2023, 6, 30)",
            {"done": "2023-07-12"},
            "超出不扣分界限 12 天",
        ),
        ('kind = "proportional"\nfull_at = "95%"', "rate", {}, "距满分线还差 15.8 个百分点"),
    ],
)
def test_distances_are_exact_and_in_the_unit_of_the_measure(scale: str, measure: str, answers: dict[str, Any], said: str) -> None:
    sentence = scored(scale, measure, answers).explain("a").sentences["zh"]
    assert f"，{said}，得 " in sentence
    assert sentence.endswith("，依据财绩〔2023〕1号“第三条”。")


def test_all_else_stays_as_it_is_on_the_way_to_the_next_row() -> None:
    rows = [
        '{ when = "fixed and rate >= 90%", award = "100%" }',
        '{ when = "not fixed and rate >= 85%", award = "70%" }',
        '{ award = "10%" }',
    ]
    scale = f'kind = "first_match"\nrows = [{", ".join(rows)}]'
    leaf = scored(scale, "", {"fixed": False}, more="").plan.criteria[0].scale.head
    for fixed, short in ((True, Fraction(108, 1000)), (False, Fraction(58, 1000))):
        result = scored(scale, "", {"fixed": fixed})
        read_value = result.detail("a").read
        found = nearest(leaf, lambda node, read=read_value: read(node, 10), 10)  # type: ignore[misc]
        assert found is not None
        assert found.distance == short


def test_deductions_penalties_and_the_total_are_told() -> None:
    by_hand = {"criteria": {"a": {"points": 1, "reason": "资料迟交"}}, "total": {"points": 2, "reason": "整改不力"}}
    result = scored('kind = "proportional"', "rate", {"errors": 1}, more="", deductions=by_hand)
    assert "人工扣 1 分：资料迟交，得 6.92/10 分，扣 3.08 分" in result.explain("a").sentences["zh"]
    assert (
        result.explain().sentences["zh"].startswith("人工扣总分 2 分：整改不力。总分 4.9，等级“差”，距“优”（9 分）还差 4.1 分。")
    )


def test_json_has_derivations_only_when_they_are_wanted() -> None:
    result = ir.Catalog.builtin().for_record(EXAMPLE).evaluate(EXAMPLE)
    plain = json.loads(result.to_json())
    explained = json.loads(result.to_json(["quantity", "total"]))
    assert [one["id"] for one in explained["derivations"]] == ["quantity", "total"]
    assert {key: value for key, value in explained.items() if key != "derivations"} == plain
    with pytest.raises(KeyError):
        result.to_json(["nothing"])


def test_a_notebook_is_shown_a_table_with_every_text_escaped() -> None:
    result = scored('kind = "proportional"', "rate")
    html = result._repr_html_()
    assert "某&lt;b&gt;项目" in html
    assert "<b>项目" not in html
    assert "距满分线还差 20.8 个百分点" in html
    assert "总分 7.9 / 10" in html
    assert "<li>" in result.explain("a")._repr_html_()
    old, new = (ir.load(name) for name in ("mof-project-self-evaluation@2020", "mof-project-self-evaluation@2021"))
    assert "<table>" in ir.compare(old, new)._repr_html_()
    partial = old.evaluate(CHECKOUT / "docs" / "examples" / "mof-2023.toml", partial=True)
    assert "等级仍可能为" in partial._repr_html_()


# ------------------------------------------------------------------------------------------------------------------- command


def run(*arguments: str) -> Any:
    return CliRunner().invoke(commands, ["evaluate", str(EXAMPLE), "--lang", "zh", *arguments])


def test_the_command_prints_what_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    asked = run("--explain", "quantity", "--explain", "total")
    assert "完成率 = 7次 ÷ 9次 = 77.78%" in asked.output
    assert "总分 99.3 / 100\n" in asked.output
    every = run("--explain")
    assert "\n数量指标\n" in every.output
    assert "\n产出\n" not in every.output
    assert json.loads(run("--format", "json", "--explain", "quantity").output)["derivations"][0]["points"] == "9.26"
    assert "derivations" not in json.loads(run("--format", "json").output)


def test_a_criterion_that_is_not_there_is_wrong_usage() -> None:
    result = run("--explain", "nothing")
    assert result.exit_code == 2
    assert "没有指标 `nothing`" in result.output
    assert "quantity" in result.output
