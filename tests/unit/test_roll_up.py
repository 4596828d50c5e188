"""Several units' records as one: absolute values are added, relative values weighted by money."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import indicator_rules as ir

RULES = ir.load("mof-project-self-evaluation@2020")


def unit(name: str, spent: object = 100, *indicators: dict[str, Any], **parts: Any) -> ir.EvaluationRecord:
    """A unit with a budget in 万元."""
    return ir.read_record(
        {
            "subject": {"name": name, "kind": "project", "year": 2023},
            "budget": {"unit": "万元", "adjusted": 400} | ({} if spent is None else {"spent": spent}),
            "indicators": list(indicators),
            **parts,
        }
    )


def entry(target: object = None, actual: object = None, **fields: Any) -> dict[str, Any]:
    values = {"target": target, "actual": actual}
    return {
        "category": "产出/数量",
        "name": "培训人数",
        **{key: value for key, value in values.items() if value is not None},
        **fields,
    }


def problems(*records: ir.EvaluationRecord, **options: Any) -> list[tuple[str, str]]:
    with pytest.raises(ir.RecordError) as caught:
        ir.roll_up(records, **options)
    for problem in caught.value.problems:
        assert problem.describe("zh")
        assert problem.describe("en")
    return [(problem.code, str(problem.where)) for problem in caught.value.problems]


def values(first: dict[str, Any], second: dict[str, Any], money: tuple[object, object] = (300, 100)) -> tuple[str, str]:
    """Target and actual of the entry that two units have."""
    (rolled,) = ir.roll_up([unit("甲", money[0], first), unit("乙", money[1], second)]).indicators
    return str(rolled.target or ""), str(rolled.actual or "")


@pytest.mark.parametrize(
    ("first", "second", "target", "actual"),
    [
        (entry("50人", "60人"), entry("50人", "40人"), "100人", "100人"),
        (entry("≥50人", "60人"), entry("≥70人", "40人"), "≥120人", "100人"),
        (entry("≥50人", 60), entry(70, "40人"), "≥120人", "100人"),
        (entry(50, 60, unit="人"), entry("70人", "40人"), "120人", "100人"),
        (entry(1.5, 2, unit="万元"), entry("2千元", "1元"), "17000元", "20001元"),
        (entry("9-10次", "9次"), entry("3-5次", "4次"), "12-15次", "13次"),
        (entry("1000年", 1000), entry("1023年", "1023"), "2,023年", "2023"),
        (entry(10.5, 1), entry(2012.61, 2), "2,023.11", "3"),
        # relative: (0.95 × 300 + 0.75 × 100) ÷ 400 = 0.9; (0.96 × 300 + 0.76 × 100) ÷ 400 = 0.91
        (entry("90%", "95%"), entry("90%", "75%"), "90%", "90%"),
        (entry("≥96%", "95%"), entry("≥76%", "75%"), "≥91%", "90%"),
        (entry("≤250元/人", "200元/人"), entry("≤210元/人", "240元/人"), "≤240元/人", "210元/人"),
        (entry("85%-95%", "90%"), entry("85%-99%", "90%"), "85-96%", "90%"),
        # absent is not zero
        (entry("50人", "60人"), entry("50人"), "100人", ""),
        # dates: the latest; words: kept where equal
        (entry("2023年6月底前", date(2023, 5, 1)), entry("2023-07-15", "2023-04-30"), "2023-07-15", "2023-05-01"),
        (entry("6月底前", "5月"), entry("11月底前", "4月"), "11月底前", "5月"),
        (entry("长期", "长期"), entry("长期", "短期"), "长期", ""),
        (entry("5人", 5, direction="定性"), entry("5人", 6, direction="定性"), "5人", ""),
    ],
)
def test_values_of_two_units_with_3_to_1_of_the_money(first: Any, second: Any, target: str, actual: str) -> None:
    assert values(first, second) == (target, actual)


def test_a_mean_that_no_decimal_holds_has_twelve_decimals() -> None:
    # (1 × 200 + 0.5 × 100) ÷ 300 = 5/6
    assert values(entry("90%", "100%"), entry("90%", "50%"), (200, 100)) == ("90%", "83.333333333333%")


def test_a_unit_without_money_does_not_move_the_mean() -> None:
    assert values(entry("90%", "81%"), entry("90%", "100%"), (300, 0)) == ("90%", "81%")


def test_equal_percentages_ask_for_no_money() -> None:
    assert values(entry("90%", "80%"), entry("90%", "80%"), (None, None)) == ("90%", "80%")


def test_another_amount_may_weigh() -> None:
    records = [
        unit("甲", 1, entry("90%", "100%"), budget={"unit": "万元", "initial": 1}),
        unit("乙", 1, entry("90%", "60%"), budget={"unit": "元", "initial": 30_000}),
    ]
    assert str(ir.roll_up(records, by="initial").indicators[0].actual) == "70%"
    with pytest.raises(ValueError, match="not an amount"):
        ir.roll_up(records, by="money")


def test_money_is_added_in_the_unit_in_common_else_in_yuan() -> None:
    first = unit("甲", 60.5, funds=[{"source": "省级", "spent": 10, "adjusted": 1}, {"source": "市级", "spent": 50}])
    second = unit("乙", "0.25", funds=[{"source": "省级", "spent": 2}])
    rolled = ir.roll_up([first, second])
    assert rolled.budget is not None
    assert rolled.budget.unit == "万元"
    assert (rolled.budget.spent, rolled.budget.adjusted) == (Decimal("60.75"), Decimal(800))
    assert rolled.budget.received is None
    assert [str(row.source) for row in rolled.funds] == ["provincial", "municipal"]
    assert [(row.spent, row.adjusted) for row in rolled.funds] == [(Decimal(12), None), (Decimal(50), None)]
    assert {row.unit for row in rolled.funds} == {"万元"}
    third = unit("丙", budget={"unit": "元", "spent": 5})
    both = ir.roll_up([first, third]).budget
    assert both is not None
    assert both.unit == "元"
    assert (both.spent, both.adjusted) == (Decimal(605_005), None)
    nothing = ir.read_record({"subject": {"name": "丁", "kind": "project", "year": 2023}})
    assert ir.roll_up([first, nothing]).budget is None


def test_counts_are_added() -> None:
    first = entry("≥90%", counts={"satisfied": 174, "surveyed": 200})
    second = entry("≥90%", counts={"satisfied": 9, "surveyed": 10})
    rolled = ir.roll_up([unit("甲", 1, first), unit("乙", 1, second)]).indicators[0]
    assert rolled.counts is not None
    assert (rolled.counts.satisfied, rolled.counts.surveyed, rolled.actual) == (183, 210, None)
    lacking = ir.roll_up([unit("甲", 1, first), unit("乙", 1, entry("≥90%"))]).indicators[0]
    assert (lacking.counts, lacking.actual) == (None, None)
    assert problems(unit("甲", 1, first), unit("乙", 1, entry("≥90%", "95%"))) == [
        ("roll-up-values", "indicators.培训人数.counts")
    ]


def test_only_units_that_have_an_entry_count_for_it() -> None:
    other = entry("5场", "4场", name="场次")
    third = unit("丙", 1, entry("7人", "7人", id="x"), not_applicable={"indicators": {"x": "没有学员"}})
    rolled = ir.roll_up([unit("甲", 1, entry("50人", "60人")), unit("乙", 1, other, entry("1人", "2人")), third])
    assert [(one.id, one.name, str(one.actual)) for one in rolled.indicators] == [
        ("i1", "培训人数", "62人"),
        ("i1-2", "场次", "4场"),
    ]
    assert rolled.not_applicable.indicators == {}


def test_what_applies_to_no_unit_does_not_apply() -> None:
    reasons = [{"criteria": {"a": why, why: why}, "indicators": {"i1": why}} for why in ("x", "y")]
    rolled = ir.roll_up(unit(name, 1, entry("5人"), not_applicable=why) for name, why in zip("甲乙", reasons, strict=True))
    assert rolled.not_applicable.criteria == {"a": "甲：x；乙：y"}
    assert rolled.not_applicable.indicators == {"i1": "甲：x；乙：y"}
    assert str(rolled.indicators[0].target) == "5人"


def test_what_is_no_number_is_kept_where_equal() -> None:
    first = unit(
        "甲",
        1,
        entry("长期", level="达成", weight=5, reason="雨"),
        answers={"a": True, "b": 1, "c": "是"},
        narrative={"method": "m"},
    )
    second = unit("乙", 1, entry("长期", level="部分达成", weight=5), answers={"a": 1, "b": 1, "d": 0}, narrative={"method": "m"})
    rolled = ir.roll_up([first, second])
    (only,) = rolled.indicators
    assert (only.level, only.weight, only.reason) == (None, Decimal(5), "甲：达成，雨；乙：部分达成")
    assert rolled.answers == {"b": 1}  # true is not 1
    assert rolled.narrative.method == "m"
    assert rolled.subject.name == "甲等2个"
    assert ir.roll_up([first, second], name="全市").subject.name == "全市"
    yuan = unit("乙", 1, answers={"b": 1}, budget={"unit": "元"})
    assert ir.roll_up([first, yuan]).answers == {}  # 1万元 is not 1元


def test_links_between_entries_follow_their_new_ids() -> None:
    def one(name: str, whole: str, part: str) -> ir.EvaluationRecord:
        rows = [entry("5人", "5人", id=whole), entry("2人", "1人", id=part, name="其中：老人", part_of=whole)]
        picks = {"indicators": {part: {"share": "80%"}}}
        return unit(name, 1, *rows, assessments=picks, assumed=[f"indicators.{part}.actual", "budget.spent"])

    rolled = ir.roll_up([one("甲", "a", "b"), one("乙", "b", "a")])
    assert [(row.id, row.part_of) for row in rolled.indicators] == [("a", None), ("b", "a")]
    assert rolled.assessments.indicators["b"][0].share == Decimal("0.8")
    assert rolled.assumed == ("budget.spent", "indicators.b.actual")


def test_what_one_unit_does_not_evidence_is_assumed_of_all() -> None:
    first = unit(
        "甲",
        1,
        entry("5人", "5人", reason="雨"),
        answers={"a": 1, "b": 1},
        assumed=["indicators.i1.actual", "answers.a", "answers.b"],
    )
    second = unit("乙", 1, entry("5人", "5人"), answers={"a": 1})
    rolled = ir.roll_up([first, second])
    assert rolled.assumed == ("answers.a", "indicators.i1.actual")
    assert rolled.indicators[0].reason == "甲：雨"


@pytest.mark.parametrize(
    ("first", "second", "money", "expected"),
    [
        (entry("5人"), entry("5次"), 1, [("roll-up-units", "target")]),
        (entry("5"), entry("5%"), 1, [("roll-up-units", "target")]),
        (entry("≥5人"), entry("≤5人"), 1, [("roll-up-directions", "direction")]),
        (entry("5人", "5人"), entry("5人", "4-5人"), 1, [("roll-up-values", "actual")]),
        (entry("5%", "5%"), entry("6%", "6%"), 0, [("roll-up-money", "target"), ("roll-up-money", "actual")]),
        (entry("5%", "5%"), entry("5%", "6%"), None, [("roll-up-money", "actual")]),
        (entry("5-6%"), entry("6-7%"), None, [("roll-up-money", "target")]),
        (entry("6月"), entry("2月29日"), 1, [("quantity-date-not-real", "target")]),
        (entry("999999999999999"), entry("1"), 1, [("roll-up-not-written", "target")]),
    ],
)
def test_values_that_are_no_one_value_are_refused(first: Any, second: Any, money: Any, expected: list[tuple[str, str]]) -> None:
    found = problems(unit("甲", money, first), unit("乙", money, second))
    assert found == [(code, f"indicators.培训人数.{field}") for code, field in expected]


def test_records_that_are_not_of_one_year_and_kind_are_refused() -> None:
    assert problems() == [("roll-up-empty", "")]
    other = ir.read_record({"subject": {"name": "部门", "kind": "department", "year": 2022}})
    assert problems(unit("甲"), other) == [("roll-up-years", "subject.year"), ("roll-up-kinds", "subject.kind")]
    twice = unit("乙", 1, entry("5人"), entry("6人"))
    assert problems(unit("甲"), twice) == [("roll-up-repeated", "indicators.培训人数")]
    vast = unit("甲", "999999999999999")
    assert problems(vast, vast) == [("quantity-too-large", "budget.spent")]


# ------------------------------------------------------------------------------------------------------------------- laws


def full(name: str, adjusted: int, people: int, passed: int, day: int) -> ir.EvaluationRecord:
    """A record that scores: money, a number, a percentage, a date and a survey."""
    return unit(
        name,
        None,
        entry("≥100人", people, weight=20),
        entry("≥90%", f"{passed}%", name="合格率", category="质量指标", weight=20),
        entry("2023-06-15", date(2023, 6, day), name="完成时间", category="时效指标", weight=10),
        entry("80%", f"{passed}%", name="知晓率", category="社会效益"),
        entry("≥90%", counts={"satisfied": passed, "surveyed": 100}, name="满意度", category="满意度"),
        budget={"unit": "万元", "adjusted": adjusted, "spent": adjusted},
    )


UNITS = st.builds(full, st.just("某单位"), st.integers(1, 10**6), st.integers(0, 300), st.integers(0, 100), st.integers(1, 30))


def scores(record: ir.EvaluationRecord) -> dict[str, object]:
    result = RULES.evaluate(record)
    return {"total": result.total, "grade": result.grade, **{one.id: one.points for one in result.criteria}}


@given(UNITS)
def test_one_record_is_itself(one: ir.EvaluationRecord) -> None:
    assert ir.roll_up([one]).canonical() == one.canonical()
    renamed = ir.roll_up([one], name="另一个")
    assert renamed.subject.name == "另一个"
    assert scores(renamed) == scores(one)


@given(UNITS, st.integers(2, 5))
def test_equal_units_score_together_as_each(one: ir.EvaluationRecord, times: int) -> None:
    assert scores(ir.roll_up([one] * times)) == scores(one)


@given(st.lists(UNITS, min_size=2, max_size=5).flatmap(lambda units: st.tuples(st.just(units), st.permutations(units))))
def test_the_order_of_records_does_not_matter(orders: tuple[list[ir.EvaluationRecord], list[ir.EvaluationRecord]]) -> None:
    first, second = map(ir.roll_up, orders)
    assert first.canonical() == second.canonical()
    assert scores(first) == scores(second)


@given(st.lists(UNITS, min_size=2, max_size=5))
def test_the_rolled_up_record_reads_back_as_itself(units: list[ir.EvaluationRecord]) -> None:
    rolled = ir.roll_up(units)
    assert ir.read_record(rolled.model_dump(mode="json", exclude_none=True)).canonical() == rolled.canonical()
