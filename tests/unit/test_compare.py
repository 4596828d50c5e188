"""Compare: each kind of change where it is told, what it does to records, and the command."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pydantic import BaseModel

import indicator_rules as ir
from indicator_rules import messages, spec, spec_fields, spec_scales
from indicator_rules.cli.commands import commands
from indicator_rules.cli.terminal import columns
from indicator_rules.comparison import text as comparison_text
from indicator_rules.comparison.comparison import Change
from indicator_rules.comparison.wording import key_name
from indicator_rules.meaning import same_meaning
from indicator_rules.spec_fields import Model

ROOT = Path(__file__).parents[2]
ZHANJIANG = ROOT / "rulesets" / "zhanjiang-etdz-project" / "2023.toml"
EXAMPLE = ROOT / "docs" / "examples" / "zhanjiang-2023.toml"
RULES = """schema = 1
[ruleset]
family = "own"
edition = "1"
title = "办法"
applies = { years = { from = 2020 } }
full_score = 100
status = "example"
rounding = { points = "0.01 half-up" }
[inputs.times]
label = "违规次数"
type = "count"
[inputs.quality]
label = "质量等次"
type = "choice"
choices = ["好", "中", "差"]
[measures.rate]
label = "执行率"
value = "全年执行数 / 全年预算数"
[scales.line]
kind = "proportional"
pass_line = "60%"
[groups.process]
label = "过程"
[criteria.execution]
label = { zh = "预算执行", en = "execution" }
group = "process"
weight = 20
measure = "rate"
scale = { kind = "proportional", full_at = 1, pass_line = "60%" }
[criteria.conduct]
label = "规范性"
group = "process"
weight = 30
measure = "times"
scale = { kind = "bands", bands = [
    { above = 5, award = 0 }, { above = 1, award = "50%" }, { award = "100%" },
] }
[criteria.quality]
label = "质量"
weight = 20
measure = "quality"
scale = { kind = "levels", levels = [{ label = "好", award = "100%" }, { label = "中", award = "60%" }, { label = "差", award = 0 }] }
[criteria.ready]
label = "资料"
weight = 20
scale = { kind = "checklist", items = [
    { id = "a", label = "预算", when = "present(budget.initial)", gate = true },
    { id = "b", label = "支出", when = "rate > 0" },
] }
[criteria.use]
label = "使用"
weight = 10
measure = "rate"
scale = { use = "line" }
[[grades]]
label = "优"
at_least = 90
[[grades]]
label = "良"
at_least = 80
[[grades]]
label = "差"
[adjustments.misuse]
label = "挪用"
when = "times > 9"
then = { grade_at_most = "差" }
[findings.late]
when = "rate < 50%"
message = "执行偏低"
"""


def changed(*changes: tuple[str, str]) -> str:
    text = RULES
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def compared(*changes: tuple[str, str]) -> ir.Comparison:
    return ir.compare(ir.load(RULES, engine="plain"), ir.load(changed(*changes), engine="plain"))


def only(*changes: tuple[str, str]) -> Change:
    found = compared(*changes).changes
    assert len(found) == 1, [one.as_dict("en") for one in found]
    return found[0]


def said(change: Change) -> tuple[Any, ...]:
    data = change.as_dict("zh")
    return tuple(data[key] for key in ("kind", "path", "label", "aspect", "old", "new"))


RATE_LINE = ('full_at = 1, pass_line = "60%"', 'full_at = 1, pass_line = "50%"')


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (RATE_LINE, ("threshold", "criteria.execution.scale.pass_line", "预算执行", "及格线", "60%", "50%")),
        (("full_at = 1,", "full_at = 0.95,"), ("threshold", "criteria.execution.scale.full_at", "预算执行", "满分线", "100%", "95%")),
        (("above = 1,", "above = 2,"), ("threshold", "criteria.conduct.scale.bands[1].above", "规范性", "第 2 行：起点（不含）", "1", "2")),
        (('{ label = "中", award = "60%" }', '{ label = "中", award = "70%" }'), ("award", "criteria.quality.scale.levels[1].award", "质量", "中：给分", "得分值的 60%", "得分值的 70%")),
        (('when = "rate > 0"', 'when = "rate > 1%"'), ("condition", "criteria.ready.scale.items[1].when", "资料", "支出：条件", "rate > 0", "rate > 1%")),
        (("全年执行数 / 全年预算数", "全年执行数 / 年初预算数"), ("formula", "measures.rate.value", "执行率", "公式", "全年执行数 / 全年预算数", "全年执行数 / 年初预算数")),
        (("at_least = 80", "at_least = 75"), ("threshold", "grades[1].at_least", "等级", "良：起点（含）", "80", "75")),
        (('"0.01 half-up"', '"0.1 half-up"'), ("rounding", "ruleset.rounding.points", "全表", "舍入：评分指标得分", "0.01 half-up", "0.1 half-up")),
        (("times > 9", "times > 5"), ("condition", "adjustments.misuse.when", "挪用", "条件", "times > 9", "times > 5")),
        (('kind = "proportional"\npass_line = "60%"', 'kind = "proportional"\npass_line = "70%"'), ("threshold", "scales.line.pass_line", "共用标准 line", "及格线", "60%", "70%")),
        (('measure = "times"\nscale', 'measure = "times"\nabsent = "zero"\nscale'), ("setting", "criteria.conduct.absent", "规范性", "缺数据时", "不能计分", "按 0 分计")),
        (("rate < 50%", "rate < 40%"), ("condition", "findings.late.when", "提示 late", "条件", "rate < 50%", "rate < 40%")),
        (('label = "规范性"', 'label = "行为规范"'), ("label", "criteria.conduct.label", "行为规范", "名称", "规范性", "行为规范")),
    ],
)  # fmt: skip
def test_each_kind_of_change_is_told_once_at_its_key_path(change: tuple[str, str], expected: tuple[Any, ...]) -> None:
    assert said(only(change)) == expected


@pytest.mark.parametrize(
    ("change", "criteria"),
    [
        (RATE_LINE, ("execution",)),
        (("全年执行数 / 全年预算数", "全年执行数 / 年初预算数"), ("execution", "ready", "use")),
        (('pass_line = "60%"\n[groups', 'pass_line = "70%"\n[groups'), ("use",)),
        (('"0.01 half-up"', '"0.1 half-up"'), ("execution", "conduct", "quality", "ready", "use")),
        (("at_least = 80", "at_least = 75"), ()),
    ],
)
def test_a_change_names_the_criteria_that_it_can_move(change: tuple[str, str], criteria: tuple[str, ...]) -> None:
    found = only(change)
    assert found.scores
    assert found.criteria == criteria


@pytest.mark.parametrize(
    "changes",
    [
        [("full_at = 1,", 'full_at = "100%",')],
        [("full_at = 1,", "full_at = 1, zero_at = 0,")],
        [("full_at = 1,", 'full_at = "0.5 + 50%",')],
        [('measure = "rate"\nscale = { use', 'measure = "全年执行数 / 全年预算数"\nscale = { use')],
        [('scale = { use = "line" }', 'scale = { kind = "proportional", pass_line = 0.6 }'),
         ('[scales.line]\nkind = "proportional"\npass_line = "60%"\n', "")],
        [('above = 1, award = "50%"', "above = 1, award = 15")],
        [('value = "全年执行数', 'value = "budget.spent')],
        [("at_least = 90", 'at_least = "100 * 90%"')],
    ],
)  # fmt: skip
def test_another_way_of_writing_is_no_change(changes: list[tuple[str, str]]) -> None:
    found = compared(*changes)
    assert [said(one) for one in found.changes] == []
    assert found.same_meaning
    assert set(found.same.values()) == {True}


def test_a_criterion_under_another_id_is_renamed_and_not_gone() -> None:
    assert said(only(("[criteria.conduct]", "[criteria.behaviour]")))[:3] == ("renamed", "criteria.behaviour", "规范性")
    found = compared(("[criteria.conduct]", "[criteria.behaviour]"), ('label = "规范性"', 'label = "行为规范性"'))
    assert [one.kind for one in found.changes] == ["renamed", "label"]


def test_what_only_one_has_is_added_or_gone() -> None:
    new = '\n[criteria.more]\nlabel = "公示"\nweight = 5\nscale = { kind = "discretionary" }\n[[grades]]\nlabel = "优"'
    found = compared(("weight = 30", "weight = 25"), ('\n[[grades]]\nlabel = "优"', new)).changes
    assert [(one.kind, one.path, one.criteria) for one in found] == [
        ("weight", ("criteria", "conduct", "weight", "default"), ("conduct",)),
        ("added", ("criteria", "more"), ("more",)),
    ]
    back = ir.compare(changed(("weight = 30", "weight = 25"), ('\n[[grades]]\nlabel = "优"', new)), RULES).changes
    assert [one.kind for one in back] == ["weight", "gone"]
    assert back[1].criteria == ("more",)


def test_a_series_says_what_it_holds() -> None:
    """The text of its type has a place for that: without it, comparing ended in a traceback."""
    count, series = (
        '[inputs.times]\nlabel = "违规次数"\ntype = "count"',
        '[inputs.spending]\nlabel = "支出"\ntype = "series"\nof = "amount"\n',
    )
    added = next(one for one in compared((count, series + count)).changes if one.kind == "added")
    assert added.new is not None
    assert (added.new.zh, added.new.en) == ("按日期的金额", "amount by date")
    kinds = ir.load(RULES.replace(count, series + count), engine="plain")
    flat = ir.load(
        RULES.replace(count, series.replace("series", "amount").replace('of = "amount"\n', "") + count), engine="plain"
    )
    assert "按日期的数值" in {one.new.zh for one in ir.compare(flat, kinds).changes if one.new is not None}


def test_a_band_put_in_between_is_one_change() -> None:
    found = only(("{ above = 1, award", '{ above = 3, award = "20%" }, { above = 1, award'))
    assert (found.kind, found.new) == ("added", found.new)
    assert found.new is not None
    assert found.new.zh == "> 3：得分值的 20%"


def test_the_order_of_items_counts_only_where_one_is_a_gate() -> None:
    a, b = (
        '{ id = "a", label = "预算", when = "present(budget.initial)", gate = true },',
        '{ id = "b", label = "支出", when = "rate > 0" },',
    )
    swapped = RULES.replace(f"{a}\n    {b}", f"{b}\n    {a}")
    assert swapped != RULES
    assert [one.kind for one in ir.compare(RULES, swapped).changes] == ["order"]
    plain, plain_swapped = (text.replace(", gate = true", "") for text in (RULES, swapped))
    assert ir.compare(plain, plain_swapped).changes == ()


def test_what_no_key_says_is_told_as_another_meaning() -> None:
    """A criterion whose plan differs is never passed over, even if every key that people read is the same."""
    old, new = ir.load(RULES), ir.load(changed(RATE_LINE))
    same = same_meaning(old.plan, new.plan)
    assert not same
    assert same.total
    assert [name for name, equal in same.criteria.items() if not equal] == ["execution"]


def test_lines_are_those_of_both_files(tmp_path: Path) -> None:
    old, new = tmp_path / "old.toml", tmp_path / "new.toml"
    old.write_text(RULES, encoding="utf-8")
    new.write_text("# 新\n\n" + changed(RATE_LINE), encoding="utf-8")
    (found,) = ir.compare(old, new).changes
    line = next(place for place, text in enumerate(RULES.splitlines(), 1) if "full_at = 1" in text)
    assert found.old_where is not None
    assert found.new_where is not None
    assert (found.old_where.line, found.new_where.line) == (line, line + 2)


def test_families_are_compared_only_when_asked() -> None:
    other = changed(('family = "own"', 'family = "other"'))
    with pytest.raises(ir.RulesetError) as refused:
        ir.compare(RULES, other)
    assert [problem.code for problem in refused.value.problems] == ["families-differ"]
    assert ir.compare(RULES, other, across=True).changes == ()


def test_every_shipped_ruleset_is_the_same_as_itself() -> None:
    for entry in ir.Catalog.builtin().entries:
        found = ir.compare(entry.name, entry.name)
        assert found.changes == ()
        assert found.same_meaning


def models() -> Iterator[type[BaseModel]]:
    for model in (one for module in (spec, spec_fields, spec_scales) for one in vars(module).values()):
        if isinstance(model, type) and issubclass(model, BaseModel) and model not in (BaseModel, Model):
            yield model


def test_every_key_of_the_language_has_a_name_in_both_languages() -> None:
    loose = {"schema_", "family", "edition", "coexists_with", "kind", "use", "zh", "en", "ruleset", "sources", "inputs", "measures", "scales",
             "lookups", "groups", "criteria", "adjustments", "findings", "above", "below", "to", "move_to"}  # fmt: skip
    for model in models():
        for name in set(model.model_fields) - loose:
            assert key_name(model.__name__, name).zh != name, (model.__name__, name)


# ------------------------------------------------------------------------------------------------------------------ records


def record(name: str, spent: float = 100, times: int = 0, **more: Any) -> dict[str, Any]:
    answers = {"times": times, "quality": "好", **more}
    budget = {"unit": "万元", "initial": 100, "adjusted": 100, "spent": spent}
    return {"subject": {"name": name, "kind": "project", "year": 2023}, "budget": budget, "answers": answers}


def test_the_impact_counts_points_grades_and_what_only_one_can_score() -> None:
    refused = record("丁")
    del refused["answers"]["times"]
    records = [record("甲"), record("乙", times=2), record("丙", spent=65, times=2), refused, {"subject": {"name": "戊"}}]
    more = ('when = "times > 9"\n', 'when = "times > 9"\nabsent = "skip"\n')
    new = changed(("above = 1,", "above = 2,"), more, ('measure = "times"\nscale', 'measure = "times"\nabsent = "zero"\nscale'))
    impact = ir.compare(RULES, new, records).impact
    assert impact is not None
    assert [one.name for one in impact.scored] == ["甲", "乙", "丙"]
    assert [one.moved for one in impact.scored] == [0, 15, 15]
    assert impact.mean == 10
    assert impact.flips == {("良", "优"): 1, ("差", "良"): 1}
    assert [one.name for one in impact.winners()] == ["丙", "乙"]  # as far as each other: by name
    assert impact.losers() == ()
    (moved,) = impact.criteria
    assert (moved.new, moved.records, moved.mean, moved.lowest, moved.highest) == ("conduct", 2, 10, 0, 15)
    assert [one.name for one in impact.only_new] == ["丁"]
    assert [problem.code for problem in impact.only_new[0].old_problems] == ["value-absent", "adjustment-undecided"]
    (neither,) = impact.neither
    assert neither.old_problems == neither.new_problems != ()


def test_three_thousand_records_cost_what_their_evaluation_costs() -> None:
    old, new = ir.load(RULES, engine="plain"), ir.load(changed(RATE_LINE), engine="plain")
    records = [ir.read_record(record(f"项目{place}", spent=place % 120)) for place in range(3000)]
    start = time.perf_counter()
    for rules in (old, new):
        for one in records:
            rules.evaluate(one)
    alone = time.perf_counter() - start
    start = time.perf_counter()
    impact = ir.compare(old, new, records).impact
    assert impact is not None
    assert len(impact.scored) == 3000
    assert impact.criteria[0].records == 300 - 50  # 50 to 59 万元, of which nothing was earned before
    assert time.perf_counter() - start < 3 * alone + 1


# ------------------------------------------------------------------------------------------------------------- the command


def run(*args: str | Path) -> Result:
    result = CliRunner().invoke(commands, [*map(str, args)])
    messages.use_language(None)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def officer(tmp_path: Path) -> Path:
    """The Zhanjiang rubric of another year, three things changed."""
    text = ZHANJIANG.read_text(encoding="utf-8")
    start = text.index("[criteria.budget_execution]")
    edited = (
        text[start:]
        .replace('kind = "proportional"', 'kind = "proportional"\npass_line = "60%"', 1)
        .replace("weight = 5", "weight = 6", 1)
    )
    text = text[:start] + edited.replace("weight = 5", "weight = 4", 1)
    path = tmp_path / "2024.toml"
    path.write_text(text.replace("at_least = 90", "at_least = 92", 1), encoding="utf-8")
    return path


def test_an_officer_reads_what_changed_and_in_which_line(tmp_path: Path) -> None:
    result = run("compare", "zhanjiang-etdz-project@2023", officer(tmp_path), "--records", EXAMPLE, "--lang", "zh")
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["预算执行率", "分值", "5", "6", "296", "→", "296"] in lines
    assert ["及格线", "—", "60%", "303", "→", "305"] in lines
    assert ["支出规范性", "分值", "5", "4"] in [line[:4] for line in lines]
    assert ["等级", "优：起点（含）", "90", "92"] in [line[:4] for line in lines]
    assert not any("budget_execution" in word for line in lines for word in line)


def test_the_formats_say_the_same(tmp_path: Path) -> None:
    path = officer(tmp_path)
    data = json.loads(run("compare", ZHANJIANG, path, "--format", "json", "--lang", "en").stdout)
    assert [change["old"] for change in data["changes"]] == ["5", None, "5", "90"]
    assert data["impact"] is None
    page = run("compare", ZHANJIANG, path, "--format", "md", "--lang", "en").stdout
    assert "| Budget execution rate | weight | 5 | 6 | 296 → 296 |" in page
    target = tmp_path / "page.md"
    assert run("compare", ZHANJIANG, path, "--format", "md", "--lang", "en", "-o", target).exit_code == 0
    assert target.read_text(encoding="utf-8") == page
    assert (
        comparison_text.text(ir.compare(ZHANJIANG, path), "en", columns=columns())
        == run("compare", ZHANJIANG, path, "--lang", "en").stdout
    )


def test_what_cannot_be_compared_is_a_problem(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("[ruleset", encoding="utf-8")
    result = run("compare", broken, tmp_path / "none.toml")
    assert result.exit_code == 1
    assert "[toml-syntax]" in result.stderr
    assert "[file-not-found]" in result.stderr
    result = run("compare", "guangshui-project", "mof-framework")
    assert result.exit_code == 1
    assert "[families-differ]" in result.stderr
    assert run("compare", "guangshui-project", "mof-framework", "--across").exit_code == 0


# -------------------------------------------------------------------------------------------------------------- sensitivity


def firm(records: list[dict[str, Any]], **steps: Any) -> Any:
    return ir.load(RULES, engine="plain").sensitivity(records, **steps)


def test_a_weight_moves_and_the_others_make_room() -> None:
    """规范性 30 → 31.5 and 28.5: the others × 68.5/70 and 71.5/70. With half its marks lost, 85 becomes 84.25 and 85.75."""
    found = firm([record("乙", times=2)], weights="5%", thresholds="0", grades="0")
    moved = {(one.criterion, one.new): one for one in found.variants}
    assert len(moved) == 10
    assert moved["conduct", Fraction(63, 2)].widest == moved["conduct", Fraction(57, 2)].widest == Fraction(3, 4)
    assert (found.records[0].total, found.records[0].lowest, found.records[0].highest) == (
        85,
        Fraction("84.25"),
        Fraction("85.75"),
    )
    assert found.flipping == ()


def test_a_cut_moves_in_its_own_unit_and_the_flip_is_named() -> None:
    found = firm([record("乙", times=2)], weights="0", thresholds="2%", grades="0")
    moved = {(".".join(map(str, one.path[1:])), one.new): one for one in found.variants}
    assert set(moved) == {
        ("execution.scale.full_at", Fraction("0.98")), ("execution.scale.full_at", Fraction("1.02")),
        ("execution.scale.pass_line", Fraction("0.58")), ("execution.scale.pass_line", Fraction("0.62")),
        ("use.scale.full_at", Fraction("0.98")), ("use.scale.full_at", Fraction("1.02")),
        ("use.scale.pass_line", Fraction("0.58")), ("use.scale.pass_line", Fraction("0.62")),
        ("conduct.scale.bands.0.above", 4), ("conduct.scale.bands.0.above", 6),
        ("conduct.scale.bands.1.above", 0), ("conduct.scale.bands.1.above", 2),
    }  # fmt: skip
    (flip,) = moved["conduct.scale.bands.1.above", 2].flips
    assert (flip.record, flip.old, flip.new) == (0, "良", "优")
    assert found.records[0].grades == {"优": 1}


def test_a_cut_of_the_grades_moves_by_points_of_100() -> None:
    found = firm([record("乙", times=2)], weights="0", thresholds="0", grades="6")
    assert [(one.kind, one.old, one.new, one.grades) for one in found.variants] == [
        ("grade", 90, 84, {("良", "优"): 1}),
        ("grade", 90, 96, {}),
        ("grade", 80, 74, {}),
        ("grade", 80, 86, {("良", "差"): 1}),
    ]
    found = firm([record("乙")], weights="0", thresholds="0", grades="10")
    assert [(one.old, one.new) for one in found.variants] == [(90, 100), (80, 70)]
    assert [one.reason for one in found.unmoved] == ["order", "order"]


def test_variants_are_what_the_text_changed_by_hand_gives() -> None:
    """Data changed, never text: the same as the ruleset written so."""
    subject = record("乙", spent=59, times=2)
    found = firm([subject], weights="0", thresholds="2%", grades="0")
    by_hand = ir.load(changed(('full_at = 1, pass_line = "60%"', 'full_at = 1, pass_line = "58%"'))).evaluate(subject)
    base = ir.load(RULES).evaluate(subject)
    variant = next(
        one for one in found.variants if one.path[1:] == ("execution", "scale", "pass_line") and one.new == Fraction("0.58")
    )
    assert by_hand.exact_total is not None
    assert base.exact_total is not None
    assert variant.widest == Fraction(by_hand.exact_total) - base.exact_total == Fraction("11.8")


def test_samples_are_repeated_by_their_seed() -> None:
    records = [record("乙", times=2), record("丙", spent=61, times=1)]
    one, again, other = (firm(records, samples=20, seed=seed) for seed in (1, 1, 2))
    assert one.to_json() == again.to_json() != other.to_json()
    assert sum(variant.kind == "sample" for variant in one.variants) == 20
    assert len({variant.widest for variant in one.variants if variant.kind == "sample"}) > 10


def test_a_weight_that_the_record_states_moves_for_that_record() -> None:
    """甲 states 55 in place of 30: 55 → 57.75, and its other 70 points make room. 乙 states nothing: 30 → 31.5."""
    rules = RULES.replace('weight = 30\nmeasure = "times"', 'weight = 30\nindicators = "output"\nwithout_weights = "equal"', 1)
    start, end = rules.index('scale = { kind = "bands"'), rules.index("[criteria.quality]")
    rules = rules[:start] + 'entries.quantitative = { kind = "proportional" }\n' + rules[end:]
    rules = rules.replace('rounding = { points = "0.01 half-up" }\n', "").replace(
        "weight = 30\n", "weight = { default = 30, from_record = true }\n"
    )
    entry = {"id": "a", "category": "output.quantity", "name": "次数", "target": "10次", "actual": "9次"}
    found = ir.load(rules, engine="plain").sensitivity(
        [record("甲") | {"indicators": [entry | {"weight": 55}]}, record("乙") | {"indicators": [entry]}],
        weights="5%", thresholds="0", grades="0",
    )  # fmt: skip
    moved = {(one.criterion, one.new): one for one in found.variants}
    assert [one.total for one in found.records] == [Fraction("119.5"), 97]
    # 甲: 0.9 × 57.75 + 70 × 67.25/70 − 119.5, 乙: 0.9 × 31.5 + 68.5 − 97
    assert moved["conduct", Fraction("31.5")].widest == Fraction("119.5") - (Fraction("51.975") + Fraction("67.25"))
    assert found.unmoved == ()


@pytest.mark.parametrize("step", ["-1%", "100%", "x", Decimal("NaN")])
def test_a_step_is_a_share(step: Any) -> None:
    with pytest.raises(ValueError, match="weights"):
        firm([record("甲")], weights=step)


def test_the_command_tells_how_firm_grades_are(tmp_path: Path) -> None:
    rules, good, bad = tmp_path / "own.toml", tmp_path / "a.json", tmp_path / "b.json"
    rules.write_text(RULES, encoding="utf-8")
    good.write_text(json.dumps(record("乙", times=2)), encoding="utf-8")
    bad.write_text("{}", encoding="utf-8")
    result = run("sensitivity", rules, good, bad, "--samples", "5", "--lang", "zh")
    assert result.exit_code == 0, result.output
    assert "共试 31 种变动" in result.stdout
    assert ["规范性", "第", "2", "行：起点（不含）", "1", "2", "良", "→", "优", "1", "15"] in [
        line.split() for line in result.stdout.splitlines()
    ]
    assert "[missing-key]" in result.stdout
    assert json.loads(run("sensitivity", rules, good, "--format", "json").stdout)["variants_run"] == 26
    assert run("sensitivity", rules, bad).exit_code == 1
    assert run("sensitivity", rules, good, "--weights", "abc").exit_code == 2
    assert run("sensitivity", rules, good, "--samples", "-3").exit_code == 2
