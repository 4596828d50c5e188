"""Laws of scoring, on random rulesets and records. Each test's docstring is the law."""

from __future__ import annotations

import copy
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pytest

import indicator_rules as ir
from indicator_rules.record import EvaluationRecord
from indicator_rules.testing.generate import random_record, random_ruleset

SEEDS = range(40)
RECORDS = 12


def scored(seed: int) -> list[tuple[dict[str, Any], dict[str, Any], ir.Evaluation]]:
    """Ruleset, record and evaluation, for the records that are not refused."""
    rng = Random(f"laws {seed}")
    data = random_ruleset(rng)
    rules = ir.Rules.from_data(data)
    found = []
    for _ in range(RECORDS):
        record = random_record(rng, data)
        try:
            found.append((data, record, rules.evaluate(EvaluationRecord.model_validate(record))))
        except ir.RecordError:
            continue
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_points_stay_inside_the_weight(seed: int) -> None:
    """0 ≤ points ≤ weight, and −weight ≤ points ≤ 0 for a penalty; so for entries. Rounding up may pass it by less than a step."""
    for data, _, result in scored(seed):
        rounding = data["ruleset"].get("rounding", {})
        slack = Fraction(1) if "points" in rounding or "entry_points" in rounding else Fraction(0)
        for criterion in result.criteria:
            points, weight = Fraction(criterion.exact_points), Fraction(criterion.exact_weight)
            low, high = (-weight - slack, 0) if criterion.criterion.role == "penalty" else (0, weight + slack)
            assert low <= points <= high
        assert result.total is None or result.total >= 0


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_criteria_does_not_matter(seed: int) -> None:
    """Criteria written in another order give the same points, total and grade."""
    found = scored(seed)
    if not found:
        pytest.skip("every record of this seed was refused")
    turned = copy.deepcopy(found[0][0])
    turned["criteria"] = dict(reversed(turned["criteria"].items()))
    rules = ir.Rules.from_data(turned)
    for _, record, result in found:
        again = rules.evaluate(record)
        assert (again.total, again.grade) == (result.total, result.grade)
        assert {one.id: one.points for one in again.criteria} == {one.id: one.points for one in result.criteria}


@pytest.mark.parametrize("seed", SEEDS)
def test_an_evaluation_is_repeatable_and_its_json_holds_its_record(seed: int) -> None:
    """The same input gives byte-identical JSON, and the record in it gives that JSON again."""
    import json

    found = scored(seed)[:3]
    rules = ir.Rules.from_data(found[0][0]) if found else None
    for _, record, result in found:
        assert rules is not None
        text = result.to_json()
        assert rules.evaluate(record).to_json() == text
        assert rules.evaluate(json.loads(text, parse_float=Decimal)["record"]).to_json() == text


BANDS = """
schema = 1
[ruleset]
family = "law"
edition = "1"
title = "law"
applies = {{ years = {{ from = 2000 }} }}
status = "example"
[measures.rate]
label = "率"
value = "budget.spent / budget.adjusted"
[criteria.rate]
label = "率"
weight = 100
measure = "rate"
scale = {scale}
[[grades]]
label = "优"
at_least = 90
[[grades]]
label = "差"
"""
STEP = Decimal("0.000000000001")


def rate(rules: ir.Rules, spent: Decimal) -> ir.Evaluation:
    budget = {"unit": "元", "spent": spent, "adjusted": Decimal(1)}
    return rules.evaluate({"subject": {"name": "x", "kind": "project", "year": 2023}, "budget": budget})


@pytest.mark.parametrize(("sign", "on", "below"), [("at_least", 10, 5), ("above", 5, 5)])
@pytest.mark.parametrize("cut", ["90%", "0.333333", "1", "0"])
def test_a_threshold_is_as_written_and_one_step_less_is_not(sign: str, on: int, below: int, cut: str) -> None:
    """A value on a cut point belongs as written; the next smaller one that can be typed does not, the next larger one does."""
    rules = ir.Rules.from_text(
        BANDS.format(scale=f'{{ kind = "bands", bands = [{{ {sign} = "{cut}", award = 10 }}, {{ award = 5 }}] }}')
    )
    value = Decimal(cut.rstrip("%")) / (100 if cut.endswith("%") else 1)
    assert rate(rules, value)["rate"].points == on
    assert rate(rules, value + STEP)["rate"].points == 10
    if value > 0:
        assert rate(rules, value - STEP)["rate"].points == below


@pytest.mark.parametrize(
    "scale",
    [
        '{ kind = "proportional" }',
        '{ kind = "proportional", pass_line = "60%", full_at = "95%" }',
        '{ kind = "bands", bands = [{ at_least = "90%", award = "100%" }, { at_least = "60%", award = { from = "50%", to = "90%" } }, { award = 0 }] }',
        '{ kind = "deduct", per = "under", at = "1", step = "5%", points = 7, partial_step = "whole" }',
        '{ kind = "deduct", per = "under", at = "1", step = "5%", points = 7, partial_step = "pro-rata", at_most = 60 }',
    ],
)
def test_a_better_measure_never_scores_less(scale: str) -> None:
    """Monotone: these scales rise with their measure."""
    rules = ir.Rules.from_text(BANDS.format(scale=scale))
    rng = Random(scale)
    values = sorted(
        {Decimal(rng.randrange(0, 1300)) / 1000 for _ in range(120)} | {Decimal(cut) / 100 for cut in (0, 60, 90, 95, 100)}
    )
    points = [rate(rules, value)["rate"].points for value in values]
    assert points == sorted(points)
    assert points[-1] == 100


@pytest.mark.parametrize("total", ["89.9999999999", "90", "90.0000000001"])
def test_the_grade_is_read_from_the_total_as_written(total: str) -> None:
    """90 分 is 优; the next smaller number is not."""
    rules = ir.Rules.from_text(BANDS.format(scale='{ kind = "proportional" }'))
    result = rate(rules, Decimal(total) / 100)
    assert result.total == Decimal(total)
    assert result.grade == ("差" if total.startswith("89") else "优")
