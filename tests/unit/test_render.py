from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import tomli

from indicator_rules import messages, render, rubric
from indicator_rules.catalog import Catalog, load
from indicator_rules.errors import Problem, RecordError, Where
from indicator_rules.evaluation import Evaluation
from indicator_rules.explaining.explain import Explainer, number_text
from indicator_rules.rules import Rules

CHECKOUT = Path(__file__).parents[2]
EXAMPLE = CHECKOUT / "docs" / "examples" / "zhanjiang-2023.toml"
CASES = sorted((CHECKOUT / "rulesets").glob("*/cases/*/*.toml"))
HEAD = """schema = 1
[ruleset]
family = "own"
edition = "1"
title = "办法"
applies = { years = { from = 2020 } }
status = "example"
[inputs.done]
label = "做完"
type = "yes-no"
[inputs.score]
label = "分数"
type = "number"
[measures.rate]
label = "执行率"
value = "budget.spent / budget.initial"
[[grades]]
label = "优"
at_least = 90
[[grades]]
label = "差"
"""


def ruleset(scale: str, more: str = "", *, measure: str = 'measure = "rate"', weight: int = 100) -> Rules:
    criterion = f'[criteria.a]\nlabel = "甲"\nweight = {weight}\n{measure}\n{more}\n[criteria.a.scale]\n{scale}\n'
    return load(HEAD + criterion)


def evaluated(rules: Rules, answers: Mapping[str, Any] | None = None, spent: int = 50, **more: Any) -> Evaluation:
    record = {
        "subject": {"name": "项目", "kind": "project", "year": 2023},
        "budget": {"unit": "元", "initial": 100, "spent": spent},
        "answers": answers or {},
        **more,
    }
    return rules.evaluate(record)


def reasons(evaluation: Evaluation, lang: messages.Language = "en") -> list[str]:
    return Explainer(evaluation, lang).reasons(evaluation.criteria[0])


# --------------------------------------------------------------------------------------------------------------- columns


@pytest.mark.parametrize(
    ("text", "columns"), [("", 0), ("abc", 3), ("指标", 4), ("a指b", 4), ("█░", 2), ("（）", 4), ("é", 1), ("e\u0301", 1)]
)
def test_width_counts_columns(text: str, columns: int) -> None:
    assert render.width(text) == columns


def test_pad_fills_up_on_either_side() -> None:
    assert render.pad("指标", 6) == "指标  "
    assert render.pad("指标", 6, right=True) == "  指标"


@pytest.mark.parametrize(
    ("text", "columns", "lines"),
    [
        ("", 10, [""]),
        ("政府采购次数", 6, ["政府采", "购次数"]),
        ("政府采购，次数", 8, ["政府采", "购，次数"]),
        ("one two three", 8, ["one two", "three"]),
        ("一二（三四）", 6, ["一二", "（三", "四）"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("一\n\n二", 10, ["一", "", "二"]),
    ],
)
def test_wrap_breaks_where_people_would(text: str, columns: int, lines: list[str]) -> None:
    assert render.wrap(text, columns) == lines


@pytest.mark.parametrize("columns", [60, 80, 100])
@pytest.mark.parametrize("lang", messages.LANGUAGES)
def test_no_line_is_wider_than_the_terminal(columns: int, lang: messages.Language) -> None:
    page = render.text(Catalog.builtin().for_record(EXAMPLE).evaluate(EXAMPLE), lang, columns)
    assert max(map(render.width, page.splitlines())) <= columns


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (10, "10"),
        (Fraction(463, 50), "9.26"),
        (Fraction(250, 27), "≈9.2593"),
        (Fraction(1, 100_000), "≈0"),
        (Fraction(-1, 3), "≈-0.3333"),
    ],
)
def test_numbers_are_exact_or_marked(value: int | Fraction, text: str) -> None:
    assert number_text(value) == text


# ------------------------------------------------------------------------------------------------------------------ page


def test_the_example_reads_as_a_clerk_would_want() -> None:
    page = render.text(Catalog.builtin().for_record(EXAMPLE).evaluate(EXAMPLE), "zh")
    assert "党政事务工作经费（2023 年度）" in page
    assert "总分 99.3 / 100（舍入前 99.26）  等级 优" in page
    assert re.search(r"数量指标 +9\.26 +10  █████████░ −0\.74", page)
    assert "政府采购次数：目标 9次，实际 7次，完成率 77.78%，得 ≈2.5926 分（满分 ≈3.3333）" in page
    assert "提示（6 条" in page
    assert "未见佐证（20 项" in page


@pytest.mark.parametrize("lang", messages.LANGUAGES)
def test_every_case_can_be_read_in_both_languages(lang: messages.Language) -> None:
    shown = 0
    for path in CASES:
        case = tomli.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        rules = load(path.parents[2] / f"{path.parent.name}.toml")
        try:
            result = rules.evaluate(case["record"])
        except RecordError:
            continue
        page = render.text(result, lang)
        assert page == render.text(result, lang)
        assert not re.search(r"\{\w+\}|None|Fraction|Decimal|Ref\(", page)
        for loss in result.losses:
            assert Explainer(result, lang).reasons(loss), loss.code
        shown += 1
    assert shown > 30


def test_each_kind_of_row_says_why() -> None:
    half = '{ at_least = "90%", award = "100%" }, { at_least = "40%", award = "50%" }, { award = "0%" }'
    assert reasons(evaluated(ruleset('kind = "proportional"'))) == [
        "short of full marks: in proportion",
        "points = weight × 执行率 = 100 × 50%",
    ]
    assert reasons(evaluated(ruleset(f'kind = "bands"\nbands = [{half}]'))) == [
        "band 2 (40% ≤ 执行率 < 90%)",
        "points = weight × 50% = 100 × 50%",
        "with 执行率 = 50%",
    ]
    off = evaluated(ruleset('kind = "deduct"\nper = "under"\nat = "90%"\nstep = "10%"\npoints = 5\npartial_step = "none"'))
    assert off.criteria[0].points == 80
    assert reasons(off) == [
        "points taken off",
        "points = weight − (floor((90% − 执行率) ÷ 10%) × 5) = 100 − (floor((90% − 50%) ÷ 10%) × 5)",
    ]
    items = '[{ id = "x", label = "做完", when = "done" }, { id = "y", label = "花完", when = "rate >= 1" }]'
    assert reasons(evaluated(ruleset(f'kind = "checklist"\nitems = {items}', measure=""), {"done": True})) == [
        "item 花完: not met"
    ]


def test_assessments_deductions_and_what_does_not_apply_are_told() -> None:
    rules = ruleset('kind = "discretionary"', measure="")
    given = evaluated(rules, assessments={"criteria": {"a": {"share": "80%", "by": "张三", "reason": "还可以"}}})
    assert reasons(given) == ["as assessed", "assessed between 0 and 100", "张三 gave 80%: 还可以"]
    taken = evaluated(
        rules,
        assessments={"criteria": {"a": {"points": 100}}},
        deductions={"criteria": {"a": {"points": 3, "reason": "迟报"}}, "total": {"points": 1}},
    )
    assert reasons(taken) == ["3 points taken off by hand: 迟报"]
    page = render.text(taken, "en")
    assert "1 points taken off the total by hand" in page
    assert "total 96 / 100  grade 优" in page
    left_out = evaluated(rules, not_applicable={"criteria": {"a": "没有"}})
    assert reasons(left_out) == ["not applicable (没有): left out, the rest is scaled up"]
    assert "nothing applies" in render.text(left_out, "en")


MOVING = """
[groups.g]
label = "组"
[criteria.b]
label = "乙"
group = "g"
weight = 30
measure = "rate"
scale = { kind = "proportional" }
[criteria.c]
label = "丙"
group = "g"
weight = 50
measure = "rate"
scale = { kind = "proportional" }
"""


@pytest.mark.parametrize(
    ("left_out", "group", "line"),
    [
        ("a", "", None),  # its weight goes to b
        ("b", "", "100 ÷ 70"),
        ("ab", "", "100 ÷ 50"),  # b does not apply either: both weights are left out
        ("b", "rescale = true", None),  # made up for inside the group
        ("ab", "rescale = true", "100 ÷ 80"),
        ("b", "weight = 40", "60 ÷ 45"),  # 20 + 40, of which 30/80 × 40 = 15 are left out
    ],
)
def test_scaling_up_is_told_as_it_was_done(left_out: str, group: str, line: str | None) -> None:
    full = "full_score = 60\n" if group.startswith("weight") else ""
    more = MOVING.replace('label = "组"', f'label = "组"\n{group}')
    own = '[criteria.a]\nlabel = "甲"\nweight = 20\nnot_applicable = { move_to = "b" }\nmeasure = "rate"\nscale = { kind = "proportional" }\n'
    rules = load(HEAD.replace('status = "example"', f'status = "example"\n{full}') + own + more)
    given = evaluated(rules, not_applicable={"criteria": dict.fromkeys(left_out, "没有")})
    assert given.exact_total == (30 if full else 50)
    page = render.text(given, "en")
    assert ("scaled up by" in page) == (line is not None)
    assert line is None or f"scaled up by {line}" in page
    if "a" in left_out:
        moved = "its weight goes to 乙" if left_out == "a" else "left out, the rest is scaled up"
        assert reasons(given) == [f"not applicable (没有): {moved}"]


def test_absent_data_is_told_even_without_a_loss() -> None:
    rules = ruleset('kind = "proportional"', 'absent = "full"', measure='measure = "score"')
    result = evaluated(rules)
    assert result.criteria[0].points == 100
    assert reasons(result) == ["data is missing: full marks"]


def test_adjustments_show_their_effect_and_the_margin_follows() -> None:
    effects = """
[adjustments.late]
label = "迟报"
when = "true"
then = { deduct = "2" }
[adjustments.cap]
label = "封顶"
when = "true"
then = { grade_at_most = "差" }
"""
    rules = load(
        HEAD + '[criteria.a]\nlabel = "甲"\nweight = 100\nmeasure = "rate"\nscale = { kind = "proportional" }\n' + effects
    )
    page = render.text(evaluated(rules, spent=100), "en")
    assert "迟报: 2 points off" in page
    assert "封顶: the grade is at most 差" in page
    assert "total 98 / 100  grade 差" in page
    assert "an adjustment above lowers the grade" in page
    assert "8 points short of 优" in render.text(evaluated(rules, spent=84), "en")


def test_only_full_marks_fill_the_bar() -> None:
    rules = ruleset('kind = "proportional"')
    bars = {spent: render.bar(evaluated(rules, spent=spent).criteria[0]) for spent in (0, 9, 50, 99, 100)}
    assert {spent: bar.count("█") for spent, bar in bars.items()} == {0: 0, 9: 0, 50: 5, 99: 9, 100: 10}
    assert {len(bar) for bar in bars.values()} == {10}


def test_problems_are_told_with_their_place_and_code() -> None:
    where = Where("a.toml", ("x",), 3, 1)
    text = render.problems_text(
        [Problem("unknown-key", where, {"key": "x"}), Problem("unknown-key", where, {"key": "y"}, "warning")], "en"
    )
    assert text == "a.toml:3:1: x: unknown key `x` [unknown-key]\nwarning: a.toml:3:1: x: unknown key `y` [unknown-key]\n"


# ---------------------------------------------------------------------------------------------------------------- rubric


def test_rubric_rows_are_the_standard_columns() -> None:
    rows = rubric.rows(load("mof-project-self-evaluation@2021").spec, "zh")
    assert rows[0]._fields == ("first", "second", "third", "weight", "definition", "points_to_check", "standard")
    assert [row.third for row in rows] == ["预算执行率", "成本指标", "产出指标", "效益指标", "满意度指标"]
    assert rows[1].weight == "设成本指标 20；不设成本指标 0"
    assert rows[0].weight == "10"
    nested = rubric.rows(load("zhanjiang-etdz-project").spec, "zh")
    assert nested[0][:4] == ("投入", "目标设定", "立项规范性", "4")
    bounds = rubric.rows(load("mof-project-self-evaluation@2020").spec, "zh")
    assert bounds[1].weight == "50（40–60）"


@pytest.mark.parametrize(
    ("scale", "zh", "en"),
    [
        (
            'kind = "proportional"',
            "按执行率：达到 100% 得满分；其间按比例计分",
            "执行率: full marks at 100% or more; in proportion between",
        ),
        (
            'kind = "proportional"\nfull_at = "10%"\nzero_at = "30%"',
            "按执行率：不超过 10% 得满分；30% 及以上不得分；其间按比例计分",
            "执行率: full marks at 10% or less; nothing at 30% or more; in proportion between",
        ),
        (
            'kind = "bands"\nbands = [{ at_least = "90%", award = "100%" }, { above = "60%", award = { from = "60%", to = "90%" } }, { award = 0 }]',
            "按执行率：≥ 90%：得满分；> 60%：从 60% 到 90% 按比例；其余：不得分",
            "执行率: ≥ 90%: full marks; > 60%: from 60% to 90% in proportion; otherwise: nothing",
        ),
        (
            'kind = "deduct"\nper = "under"\nat = "90%"\nstep = "1%"\npoints = 2\nat_most = "50%"\npartial_step = "none"',
            "按执行率：低于 90% 的，每 1% 扣 2 分；不足一档不扣；最多扣分值的 50%",
            "执行率: for every 1% below 90%, 2 points off; a part of a step does not count; 50% of the weight off at most",
        ),
    ],
)
def test_a_scale_without_words_is_put_into_words(scale: str, zh: str, en: str) -> None:
    spec = ruleset(scale).spec
    assert rubric.rows(spec, "zh")[0].standard == zh
    assert rubric.rows(spec, "en")[0].standard == en


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        ('kind = "discretionary"', "由评价人在 0% 至 100% 之间评定"),
        ('kind = "deduct"\nper = "miss"\nwhen = "done"\npoints = 2', "done 时扣 2 分"),
        (
            'kind = "checklist"\nitems = [{ id = "x", label = "一", when = "done", gate = true }, { id = "y", label = "二", when = "done" }]',
            "符合的要点得分；一（前提，不符合则其后不得分）；二；各要点平分分值",
        ),
        (
            'kind = "first_match"\nrows = [{ when = "done", award = { at_least = "60%", below = "80%" } }, { label = "别的", award = 1 }]',
            "done：由评价人在 60% 至 80%（不含） 之间评定；别的：得 1 分",
        ),
    ],
)
def test_scales_without_a_measure_are_put_into_words(scale: str, words: str) -> None:
    assert rubric.rows(ruleset(scale, measure="").spec, "zh")[0].standard == words


@pytest.mark.parametrize("name", [entry.name for entry in Catalog.builtin().entries])
@pytest.mark.parametrize("lang", messages.LANGUAGES)
def test_rubrics_fit_the_terminal(name: str, lang: messages.Language) -> None:
    rules = load(name)
    for columns in (80, 100, 140):
        page = rubric.text(rules.spec, lang, columns)
        assert max(map(render.width, page.splitlines())) <= columns
        assert max(map(render.width, rubric.inputs_text(rules.inputs(), lang, columns).splitlines())) <= columns
