"""Figures by date: read in a record, typed in a ruleset, taken at a day by `value_at`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

import indicator_rules as ir
from indicator_rules import rubric
from indicator_rules.errors import path_text
from indicator_rules.record import EvaluationRecord
from indicator_rules.value import Series

SUBJECT = {"name": "示例", "kind": "project", "year": 2023}
SPENDING = [
    {"date": date(2023, 3, 31), "value": "20万元"},
    {"date": "2023-06-30", "value": 45},
    {"date": "2023年12月31日", "value": Decimal("98.5")},
]
RULES = """
schema = 1
[ruleset]
family = "example"
edition = "1"
title = "例"
applies = { years = [2023] }
status = "example"
[inputs.spending]
label = "支出进度"
type = "series"
of = "OF"
[inputs.handed_in]
label = "报送日期"
type = "date"
[measures.half_year]
label = "半年执行率"
value = "FORMULA"
[criteria.half_year]
label = "半年执行率"
weight = 100
measure = "half_year"
scale = { kind = "proportional", full_at = "50%" }
[[grades]]
label = "合格"
at_least = 60
[[grades]]
label = "不合格"
"""


def rules(formula: str = "value_at(spending, date(year, 6, 30)) / 全年预算数", of: str = "amount") -> ir.Rules:
    return ir.Rules.from_text(RULES.replace("FORMULA", formula).replace("OF", of))


def record(spending: Any = SPENDING, **answers: Any) -> EvaluationRecord:
    given = answers if spending is None else {"spending": spending, **answers}
    return EvaluationRecord.model_validate({"subject": SUBJECT, "budget": {"unit": "万元", "adjusted": 100}, "answers": given})


def problems(given: EvaluationRecord, under: ir.Rules) -> list[tuple[str, str, str]]:
    with pytest.raises(ir.RecordError) as refused:
        under.evaluate(given)
    found = [(one, getattr(one.values.get("kind", ""), "key", "")) for one in refused.value.problems]
    return [(one.code, path_text(one.where.path), kind.removeprefix("rubric.type-")) for one, kind in found]


@pytest.mark.parametrize(
    ("day", "number"),
    [
        ("2023-03-30", None), ("2023-03-31", 20), ("2023-04-01", 20), ("2023-06-29", 20), ("2023-06-30", 45), ("2023-07-01", 45),
        ("2023-12-30", 45), ("2023-12-31", Fraction(197, 2)), ("2024-12-31", Fraction(197, 2)),
    ],
)  # fmt: skip
def test_the_value_at_a_day_is_the_latest_not_after_it(day: str, number: Fraction | None) -> None:
    under = rules(f"value_at(支出进度, {day}) / 全年预算数")
    if number is None:
        assert problems(record(), under) == [("value-absent", "answers.spending", "")]
        return
    assert under.evaluate(record()).exact_total == min(Fraction(100), 2 * Fraction(number))


def test_a_series_or_a_day_that_is_absent_makes_the_value_absent() -> None:
    assert problems(record(None), rules()) == [("value-absent", "answers.spending", "")]
    assert problems(record(), rules("value_at(spending, 报送日期) / 全年预算数")) == [("value-absent", "answers.handed_in", "")]
    assert rules("first_of(value_at(spending, 报送日期), 50万元) / 全年预算数").evaluate(record()).exact_total == 100


def test_present_asks_for_the_series_itself() -> None:
    under = rules("count(entries where present(spending)) + 0.5")
    assert under.evaluate(record(None)).exact_total == 100


@pytest.mark.parametrize(
    ("of", "value", "kind"),
    [
        ("amount", "45次", "amount"),
        ("count", Decimal("1.5"), "count"),
        ("count", -1, "count"),
        ("number", "20万元", "number"),
        ("amount", "有", "amount"),
    ],
)
def test_a_value_of_another_kind_is_refused_where_it_stands(of: str, value: Any, kind: str) -> None:
    spending = [{"date": "2023-01-31", "value": 0}, {"date": "2023-06-30", "value": value}]
    formula = "value_at(spending, 2023-06-30)" + (" / 全年预算数" if of == "amount" else "")
    assert problems(record(spending), rules(formula, of)) == [("answer-type", "answers.spending[1].value", kind)]


def test_one_value_is_no_series_and_a_series_is_no_single_value() -> None:
    assert problems(record(45), rules()) == [("answer-type", "answers.spending", "series")]
    under = rules("months_late(handed_in, 2023-01-31) + value_at(spending, 2023-06-30) / 全年预算数")
    assert problems(record(handed_in=SPENDING), under) == [("answer-type", "answers.handed_in", "date")]


@pytest.mark.parametrize(
    "typed",
    [
        "2023-03-31 20万元；2023-06-30 45；2023年12月31日 98.5",
        "2023-12-31：98.5万元\n2023-03-31: 20\n\n2023-06-30  45 ",
        "2023-03-31，20;2023-06-30，45",
    ],
)
def test_a_series_may_be_typed_as_text(typed: str) -> None:
    assert rules().evaluate(record(typed)).exact_total == rules().evaluate(record(SPENDING)).exact_total
    assert rules().evaluate(record("2023-06-30 20万元")).exact_total == 40


@pytest.mark.parametrize(
    "typed", ["45万元", "2023-06-30", "2023-06-30 很多", "2023 45", "2023-06-30 45；2023-06-30 46", "；", "半年 45"]
)
def test_a_text_that_is_no_series_is_refused_in_the_words_of_the_reader(typed: str) -> None:
    assert problems(record(typed), rules()) == [("answer-series", "answers.spending", "series")]
    with pytest.raises(ir.RecordError) as refused:
        rules().evaluate(record(typed))
    assert "按日期的金额" in refused.value.problems[0].message("zh")
    assert "amount by date" in refused.value.problems[0].message("en")


def test_no_type_is_named_in_english_in_a_chinese_sentence() -> None:
    with pytest.raises(ir.RecordError) as refused:
        rules("value_at(spending, 2023-06-30)", "count").evaluate(record([{"date": "2023-06-30", "value": -1}]))
    assert refused.value.problems[0].message("zh") == "答案 `-1` 的类型不对，应为：个数"


def test_a_series_survives_json_and_has_one_digest() -> None:
    read = record()
    again = EvaluationRecord.model_validate_json(read.model_dump_json())
    assert again == read
    assert again.canonical() == read.canonical()
    assert '"spending":[{"date":"2023-03-31","value":"20万元"},{"date":"2023-06-30","value":45}' in read.canonical()
    assert EvaluationRecord.model_validate(read.model_dump()) == read
    assert (
        record([{"date": "2023-01-31", "value": Decimal("1.00")}]).canonical()
        == record([{"date": "2023-01-31", "value": 1}]).canonical()
    )


def test_inputs_say_what_a_series_holds() -> None:
    (field,) = [one for one in rules().inputs() if one.path == "answers.spending"]
    assert (field.type, field.of, field.read_by) == ("series", "amount", ("half_year",))
    assert "按日期的金额" in rubric.inputs_text(rules().inputs(), "zh")
    assert "amount by date" in rubric.inputs_text(rules().inputs(), "en")


def test_of_goes_with_series_only() -> None:
    text = RULES.replace("FORMULA", "0.5")
    assert [(one.code, path_text(one.where.path)) for one in ir.check(text.replace('of = "OF"', "").encode())] == [
        ("key-needed", "inputs.spending")
    ]
    other = text.replace('type = "series"', 'type = "amount"').replace("OF", "count")
    assert [(one.code, path_text(one.where.path)) for one in ir.check(other.encode())] == [("key-not-read", "inputs.spending.of")]


@pytest.mark.parametrize(
    "formula",
    [
        "spending",
        "first_of(spending, spending)",
        "spending = spending",
        "-spending",
        "max(spending, 1)",
        "count(entries where spending)",
    ],
)
def test_a_series_is_no_value_by_itself(formula: str) -> None:
    with pytest.raises(ir.RulesetError) as refused:
        rules(formula)
    assert {problem.code for problem in refused.value.problems} == {"series-alone"}


def test_rolled_up_only_where_all_agree_in_unit_too() -> None:
    same = [record(), record()]
    assert ir.roll_up(same, by="spent", name="合").answers == record().answers
    other = EvaluationRecord.model_validate(
        {"subject": SUBJECT, "budget": {"unit": "元", "adjusted": 1}, "answers": {"spending": SPENDING}}
    )
    assert ir.roll_up([record(), other], by="spent", name="合").answers == {}


def test_at() -> None:
    assert Series(()).at(date(2023, 1, 1)) is None
