"""Cases of docs/semantics.md worked by hand: they hold the oracle, which holds the engines."""

# mypy: disable-error-code="comparison-overlap"
# A tuple with a Fraction equals one with an int.

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from indicator_rules.record import EvaluationRecord
from indicator_rules.spec import Spec
from oracle import Refused, Verdict, judge

Data = dict[str, Any]
PROPORTIONAL: Data = {"kind": "proportional"}


def ruleset(criteria: Data, **more: Any) -> Data:
    header = {
        "family": "hand",
        "edition": "1",
        "title": "手算",
        "status": "example",
        "applies": {"years": [2023]},
        "full_score": sum(_weight(item) for item in criteria.values() if item.get("role", "score") == "score"),
    }
    grades = [{"label": "优", "at_least": 90}, {"label": "良", "at_least": 80}, {"label": "中", "above": 60}, {"label": "差"}]
    inputs = {
        "x": {"label": "数值", "type": "number"},
        "yes": {"label": "已落实", "type": "yes-no"},
        "also": {"label": "已公开", "type": "yes-no"},
        "on": {"label": "完成日期", "type": "date"},
        "paid": {"label": "付款", "type": "amount"},
    }
    labelled = {name: {"label": name, **item} for name, item in criteria.items()}
    return (
        {"schema": 1, "inputs": inputs, "grades": grades, "criteria": labelled}
        | more
        | {"ruleset": header | more.get("ruleset", {})}
    )


def _weight(item: Data) -> Any:
    return item["weight"]["default"] if isinstance(item["weight"], dict) else item["weight"]


def record(**data: Any) -> EvaluationRecord:
    subject = {"name": "项目", "kind": "project", "year": 2023}
    return EvaluationRecord.model_validate({"subject": subject} | data)


def verdict(rules: Data, **data: Any) -> Verdict:
    result = judge(Spec.model_validate(rules), record(**data))
    assert isinstance(result, Verdict), result
    return result


def refused(rules: Data, **data: Any) -> set[str]:
    result = judge(Spec.model_validate(rules), record(**data))
    assert isinstance(result, Refused), result
    return result.reasons


def scored(scale: Data, x: Any = None, *, weight: Any = 10, **more: Any) -> tuple[str, Fraction]:
    """Row and points of one criterion whose measure is the answer `x`."""
    item = {"weight": weight, "scale": scale, "absent": "zero", **more.pop("criterion", {})}
    if x is not None:
        item["measure"] = "x"
        more["answers"] = {"x": x} | more.get("answers", {})
    result = verdict(ruleset({"a": item}, **more.pop("rules", {})), **more)
    return result.rows["a"], result.points["a"]


def value(formula: str, **data: Any) -> Fraction | None:
    """A number as the points of a bonus without limit, None if absent."""
    rules = ruleset(
        {"a": {"weight": 10**6, "measure": formula, "absent": "zero", "scale": {"kind": "proportional", "full_at": 10**6}}}
    )
    result = verdict(rules, **data)
    return None if result.rows["a"] == "absent" else result.points["a"]


def holds(formula: str, **data: Any) -> bool | None:
    """A truth as the row of a flat deduction, None if unknown."""
    rules = ruleset(
        {"a": {"weight": 10, "absent": "zero", "scale": {"kind": "deduct", "per": "miss", "points": 1, "when": formula}}}
    )
    return {"deducted": True, "none": False, "absent": None}[verdict(rules, **data).rows["a"]]


# --------------------------------------------------------------------------------------------------------------- 1 values


def test_division_by_zero_and_absent_operands_are_absent() -> None:
    assert value("x / 0", answers={"x": 1}) is None
    assert value("x + 1") is None
    assert value("first_of(x / 0, x, 5)", answers={"x": 3}) == 3
    assert value("max(3, x)") is None


def test_floor_goes_down_and_ceil_goes_up() -> None:
    # floor(-1.5) = -2, and -(-2) = 2; ceil(-1.5) = -1
    assert value("-floor(x)", answers={"x": Decimal("-1.5")}) == 2
    assert value("-ceil(x)", answers={"x": Decimal("-1.5")}) == 1


@pytest.mark.parametrize(
    ("actual", "due", "months", "years"),
    [
        (date(2023, 6, 30), date(2023, 6, 30), 0, 0),
        (date(2023, 7, 1), date(2023, 6, 30), 1, 1),  # one day late is one
        (date(2023, 7, 30), date(2023, 6, 30), 1, 1),
        (date(2023, 7, 31), date(2023, 6, 30), 2, 1),  # 06-30 plus a month is 07-30
        (date(2023, 2, 28), date(2023, 1, 31), 1, 1),  # clipped to the last of February
        (date(2023, 3, 1), date(2023, 1, 31), 2, 1),
        (date(2025, 2, 28), date(2024, 2, 29), 12, 1),  # clipped again
        (date(2025, 3, 1), date(2024, 2, 29), 13, 2),
    ],
)
def test_periods_late(actual: date, due: date, months: int, years: int) -> None:
    answers = {"on": actual}
    assert value(f"months_late(on, {due})", answers=answers) == months
    assert value(f"years_late(on, {due})", answers=answers) == years


def test_kleene_logic() -> None:
    # `also` is not answered: unknown.
    assert holds("yes and also", answers={"yes": False}) is False
    assert holds("yes and also", answers={"yes": True}) is None
    assert holds("yes or also", answers={"yes": True}) is True
    assert holds("yes or also", answers={"yes": False}) is None
    assert holds("not also") is None
    assert holds("present(also)") is False
    assert holds("x in (1, 2)", answers={"x": 2}) is True
    assert holds("0 < x < 2", answers={"x": 2}) is False
    assert holds("x / 0 > 1 or x = 2", answers={"x": 2}) is True


def test_aggregates_over_entries() -> None:
    entries = [
        {"category": "output.quantity", "name": "甲", "target": 10, "actual": 5, "weight": 3},
        {"category": "output.quality", "name": "乙", "target": 10, "actual": 10, "weight": 1},
        {"category": "benefit.social", "name": "丙", "target": 10, "weight": 6},
    ]
    assert value("count(entries)", indicators=entries) == 3
    assert value("count(entries('output') where completion >= 1)", indicators=entries) == 1
    assert value("count(entries where completion >= 1)", indicators=entries) is None  # 丙 is unknown
    assert value("sum(weight of entries)", indicators=entries) == 10
    assert value("total_weight", indicators=entries) == 10
    assert value("sum(actual of entries)", indicators=entries) is None
    assert value("min(completion of entries('output'))", indicators=entries) == Fraction(1, 2)
    assert value("sum(weight of entries('satisfaction'))", indicators=entries) == 0
    assert value("max(weight of entries('satisfaction'))", indicators=entries) is None


def test_money_is_in_yuan_and_amounts_in_the_unit_of_the_budget() -> None:
    budget = {"unit": "万元", "spent": Decimal("1.5"), "adjusted": 2}
    assert value("实际支出 / 1元", budget=budget) == 15000
    assert value("(paid + budget.spent) / 1元", budget=budget, answers={"paid": 2}) == 35000
    assert value("paid / 1元", budget=budget, answers={"paid": "3千元"}) == 3000
    assert value("budget.spent / 全年预算数", budget=budget) == Fraction(3, 4)


LOOKUPS: Data = {
    "by_region": {
        "label": "分地区参数",
        "by": "subject.region",
        "rows": [
            {"is": "东区", "values": {"rate": "90%", "most": 3}},
            {"is": ["西区", "开发区"], "values": {"rate": "80%", "most": "x + 1"}},
            {"values": {"rate": "50%", "most": 0}},
        ],
    },
    "by_size": {
        "label": "分规模参数",
        "by": "x",
        "rows": [{"at_least": 100, "values": {"points": 7}}, {"above": 10, "values": {"points": 5}}],
    },
}


def looked_up(formula: str, *, region: str | None = None, **data: Any) -> Fraction | None:
    item = {"weight": 100, "measure": formula, "absent": "zero", "scale": {"kind": "proportional", "full_at": 100}}
    subject = {"name": "项目", "kind": "project", "year": 2023} | ({"region": region} if region else {})
    result = verdict(ruleset({"a": item}, lookups=LOOKUPS), subject=subject, **data)
    return None if result.rows["a"] == "absent" else result.points["a"]


def test_lookups_by_text() -> None:
    assert looked_up("by_region.rate * 100", region="东区") == 90
    assert looked_up("by_region.most", region="开发区", answers={"x": 4}) == 5
    assert looked_up("by_region.most", region="开发区") is None  # its formula reads x
    assert looked_up("by_region.rate * 100", region="北区") == 50  # all the rest
    # not known above the row that always fits: that row is not taken
    assert looked_up("by_region.rate * 100") is None


@pytest.mark.parametrize(("x", "points"), [(101, 7), (100, 7), (99, 5), (11, 5), (10, None), (None, None)])
def test_lookups_by_number(x: int | None, points: int | None) -> None:
    # at_least 100 is closed, above 10 is open; below them no row fits
    assert looked_up("by_size.points", answers={} if x is None else {"x": x}) == points


# ------------------------------------------------------------------------------------------------------ 6 scales of numbers


def test_exact_points_and_rounding() -> None:
    # 25 / 27 of 10 points is 250/27 = 9.259259…; half-up to 0.01 is 9.26
    budget = {"unit": "元", "spent": 25, "adjusted": 27}
    item = {"weight": 10, "measure": "budget.spent / budget.adjusted", "scale": PROPORTIONAL}
    assert verdict(ruleset({"a": item}), budget=budget).total == Fraction(250, 27)
    rules = ruleset({"a": item}, ruleset={"rounding": {"points": "0.01 half-up"}})
    assert verdict(rules, budget=budget).total == Fraction(926, 100)


@pytest.mark.parametrize(
    ("stage", "expected"),
    [("1 half-up", 3), ("1 half-even", 2), ("1 down", 2), ("1 up", 3), ("0.1 up", Fraction(5, 2))],
)
def test_rounding_modes_of_two_and_a_half(stage: str, expected: Fraction) -> None:
    assert scored(PROPORTIONAL, Decimal("0.25"), rules={"ruleset": {"rounding": {"points": stage}}}) == ("part", expected)


def test_negative_measures_round_away_from_zero() -> None:
    # −0.25 rounded half-up to 0.1 is −0.3; d = 0 − (−0.3) = 0.3, three steps of 0.1
    scale = {"kind": "deduct", "per": "under", "at": 0, "points": 1, "step": "0.1", "partial_step": "none"}
    rounding = {"ruleset": {"rounding": {"measure": "0.1 half-up"}}}
    assert scored(scale, Decimal("-0.25"), rules=rounding) == ("deducted", 7)


def test_a_named_measure_is_rounded_wherever_it_is_read() -> None:
    measures = {"rate": {"label": "执行率", "value": "x"}}
    scale = {"kind": "first_match", "rows": [{"when": "rate < 50%", "award": 0}, {"when": "x < 50%", "award": 5}, {"award": 10}]}
    rules = {"measures": measures, "ruleset": {"rounding": {"measure": "0.01 half-up"}}}
    # 49.88 % is 50 % as the measure, and less as the answer
    assert scored(scale, answers={"x": Decimal("0.4988")}, rules=rules) == ("row_2", 5)


def test_proportional_rows() -> None:
    scale = {"kind": "proportional", "full_at": "90%", "zero_at": "50%", "pass_line": "60%"}
    assert scored(scale, Decimal("0.9")) == ("full", 10)
    # (0.7 − 0.5) ÷ (0.9 − 0.5) = 1/2
    assert scored(scale, Decimal("0.7")) == ("part", 5)
    assert scored(scale, Decimal("0.6")) == ("part", Fraction(5, 2))
    assert scored(scale, Decimal("0.59")) == ("below_pass", 0)
    assert scored({"kind": "proportional"}, Decimal(-1)) == ("zero", 0)


def test_proportional_lower_is_better() -> None:
    scale = {"kind": "proportional", "full_at": 1, "zero_at": 2}
    assert scored(scale, 1) == ("full", 10)
    assert scored(scale, Decimal("1.25")) == ("part", Fraction(15, 2))
    assert scored(scale, 2) == ("zero", 0)
    # f is not constant: higher is better, x = 1.5 ≥ 1
    assert scored({"kind": "proportional", "full_at": "year - 2022", "zero_at": 2}, Decimal("1.5")) == ("full", 10)
    inverse = {"kind": "proportional", "full_at": 3, "inverse": True, "pass_line": 6}
    assert scored(inverse, 4) == ("part", Fraction(30, 4))
    assert scored(inverse, 6) == ("part", 5)
    assert scored(inverse, 7) == ("below_pass", 0)


BANDS: Data = {
    "kind": "bands",
    "bands": [
        {"at_least": "90%", "award": "100%"},
        {"above": "80%", "award": {"from": "60%", "to": "100%"}},
        {"at_least": "60%", "award": 4},
        {"above": "0", "award": {"points": "weight / 5"}},
        {"at_least": "0", "award": 1},
        {"award": 0},
    ],
}


@pytest.mark.parametrize(
    ("x", "row", "points"),
    [
        ("0.9", "band_1", 10),
        ("0.85", "band_2", 8),  # 6 + (10 − 6)(0.85 − 0.8) ÷ (0.9 − 0.8)
        ("0.8", "band_3", 4),  # open below
        ("0.6", "band_3", 4),
        ("0.59", "band_4", 2),
        ("0", "band_5", 1),  # exactly 0
        ("-0.01", "band_6", 0),
    ],
)
def test_edges_of_bands(x: str, row: str, points: int) -> None:
    assert scored(BANDS, Decimal(x)) == (row, points)


def test_only_the_cuts_that_are_needed_are_read() -> None:
    scale = {
        "kind": "bands",
        "bands": [{"at_least": 1, "award": 10}, {"at_least": "budget.spent / 1元", "award": 5}, {"award": 0}],
    }
    assert scored(scale, 1) == ("band_1", 10)
    assert scored(scale, 0) == ("absent", 0)


@pytest.mark.parametrize(("partial", "points"), [("none", 8), ("whole", 7), ("pro-rata", Fraction(15, 2))])
def test_partial_steps(partial: str, points: Fraction) -> None:
    # 2.5 steps of 5 % over 100 %
    scale = {"kind": "deduct", "per": "over", "at": 1, "points": 1, "step": "5%", "partial_step": partial}
    assert scored(scale, Decimal("1.125")) == ("deducted", points)


def test_deductions_have_limits() -> None:
    scale = {"kind": "deduct", "per": "occurrence", "points": "20%", "at_most": 5}
    assert scored(scale, 0) == ("none", 10)
    assert scored(scale, 2) == ("deducted", 6)
    assert scored(scale, 3) == ("deducted", 5)
    assert scored(scale | {"at_most": "100%"}, 9) == ("deducted", 0)
    # half a missing paper counts as a whole one without `partial_step`
    assert scored({"kind": "deduct", "per": "missing", "at": 9, "points": 1}, Decimal("8.5")) == ("deducted", 9)


def test_a_penalty_is_its_deduction() -> None:
    scale = {"kind": "deduct", "per": "occurrence", "points": 2}
    rules = ruleset(
        {
            "a": {"weight": 10, "measure": "x", "scale": PROPORTIONAL},
            "p": {"weight": 5, "role": "penalty", "measure": "x", "scale": scale},
        }
    )
    result = verdict(rules, answers={"x": 1})
    assert (result.points["p"], result.total) == (-2, 8)
    # 3 occurrences are 6 points, but no more than the weight
    assert verdict(rules, answers={"x": 3}).points["p"] == -5


# ------------------------------------------------------------------------------------------------ 6 scales of other things


def checklist(**options: Any) -> Data:
    items = [
        {"id": "one", "label": "一", "when": "yes", "award": 5, "gate": True},
        {"id": "two", "label": "二", "when": "also", "award": 3},
        {"id": "three", "label": "三", "when": "x > 0", "award": 2},
    ]
    return {"kind": "checklist", "items": items, **options}


def test_checklists() -> None:
    answers = {"yes": True, "also": False, "x": 1}
    assert scored(checklist(), answers=answers) == ("checklist", 7)
    assert scored(checklist(mode="subtractive"), answers=answers) == ("checklist", 7)
    # the gate is shut: two and three are not met, unknown or not
    assert scored(checklist(), answers={"yes": False, "x": 1}) == ("checklist", 0)
    assert scored(checklist(), answers={"yes": True, "x": 1}) == ("absent", 0)
    assert scored(checklist(unknown="unmet"), answers={"yes": True, "x": 1}) == ("checklist", 7)
    # a gate that is unknown opens nothing
    assert scored(checklist(unknown="unmet"), answers={"also": True, "x": 1}) == ("checklist", 0)


def test_items_without_award_share_the_weight() -> None:
    items = [{"id": f"i{place}", "label": "项", "when": when} for place, when in enumerate(("yes", "also", "x > 0"))]
    # 2 of 3 items: 20/3
    assert scored({"kind": "checklist", "items": items}, answers={"yes": True, "also": True, "x": 0}) == (
        "checklist",
        Fraction(20, 3),
    )


def test_first_match_stops_at_the_unknown() -> None:
    scale = {"kind": "first_match", "rows": [{"when": "also", "award": 9}, {"when": "yes", "award": "50%"}, {"award": 1}]}
    assert scored(scale, answers={"yes": True, "also": False}) == ("row_2", 5)
    assert scored(scale, answers={"yes": False, "also": False}) == ("row_3", 1)
    assert scored(scale, answers={"yes": True}) == ("absent", 0)
    assert scored({**scale, "rows": scale["rows"][:1]}, answers={"also": False}) == ("absent", 0)


LEVELS: Data = {
    "kind": "levels",
    "levels": [{"label": "好", "award": {"above": "80%", "at_most": "100%"}}, {"label": "差", "award": 2}],
}


def test_levels_and_ranges() -> None:
    def assessed(*ratings: Data) -> Data:
        return {"assessments": {"criteria": {"a": list(ratings)}}}

    rules = ruleset(
        {"a": {"weight": 10, "scale": {"kind": "discretionary", "award": LEVELS["levels"][0]["award"]}, "absent": "zero"}}
    )
    assert verdict(rules, **assessed({"share": "90%"})).points["a"] == 9
    # (9 × 7 + 10 × 3) ÷ 10
    assert verdict(rules, **assessed({"points": 9, "weight": 7}, {"share": 1, "weight": 3})).points["a"] == Fraction(93, 10)
    assert refused(rules, **assessed({"points": 8})) == {"criteria.a"}
    assert verdict(rules).rows["a"] == "absent"
    levels = ruleset({"a": {"weight": 10, "scale": LEVELS}})
    assert verdict(levels, **assessed({"level": "差"})).points["a"] == 2
    assert refused(levels, **assessed({"level": "优"})) == {"criteria.a"}


def composite(*parts: Data, **options: Any) -> Data:
    rows = [{"id": f"p{place}", "label": "分项", **part} for place, part in enumerate(parts, 1)]
    return {"kind": "parts", "parts": rows, **options}


OF_X: Data = {"measure": "x", "scale": PROPORTIONAL}
MET: Data = {"scale": {"kind": "first_match", "rows": [{"when": "yes", "award": "100%"}, {"award": "20%"}]}}


@pytest.mark.parametrize(
    ("combine", "points"),
    [
        ("sum", Fraction(34, 5)),  # 6 × 1 + 4 × 20 %
        ("weighted", Fraction(34, 5)),  # 6.8 ÷ 10 × 10
        ("mean", 6),  # (100 % + 20 %) ÷ 2
        ("max", 10),
        ("min", 2),
    ],
)
def test_composites(combine: str, points: Fraction) -> None:
    scale = composite(OF_X | {"weight": "60%"}, MET | {"weight": 4}, combine=combine)
    assert scored(scale, answers={"x": 1, "yes": False}) == ("parts", points)


def test_weights_of_parts() -> None:
    answers = {"x": Decimal("0.5"), "yes": True}
    # equal parts: 10 ÷ 2 each, 2.5 + 5
    assert scored(composite(OF_X, MET), answers=answers) == ("parts", Fraction(15, 2))
    # `weight` is that of the whole in a part's weight, and that of the part in its awards: 2.5 × 1/2 + min(7.5, 7.5 ÷ 3 + 1)
    third = {"kind": "first_match", "rows": [{"award": {"points": "weight / 3 + 1"}}]}
    scale = composite(OF_X | {"weight": {"points": "weight / 4"}}, {"weight": "75%", "scale": third})
    assert scored(scale, answers=answers) == ("parts", Fraction(19, 4))
    # 3 + 4 points of a weight of 7: `sum` leaves 3 points out of reach, `weighted` makes them the whole
    small = [MET | {"weight": 3}, MET | {"weight": 4}]
    assert scored(composite(*small), answers=answers) == ("parts", 7)
    assert scored(composite(*small, combine="weighted"), answers=answers) == ("parts", 10)
    # 8 + 7 is more than the whole
    assert scored(composite(MET | {"weight": 8}, MET | {"weight": 7}), answers=answers) == ("parts", 10)
    # a part of no weight has no share
    assert scored(composite(MET | {"weight": 0}, MET | {"weight": 7}, combine="mean"), answers=answers) == ("absent", 0)
    # the weight itself is not known
    unknown = composite(MET | {"weight": {"points": "budget.spent / 1元"}, "absent": "zero"}, MET | {"weight": 7})
    assert scored(unknown, answers=answers) == ("absent", 0)


def test_parts_are_clamped_and_may_be_absent() -> None:
    # 20 points asked of a part of 5
    greedy = {"scale": {"kind": "first_match", "rows": [{"award": 20}]}}
    assert scored(composite(greedy, MET), answers={"yes": False}) == ("parts", 6)
    for treatment, points in (("full", 6), ("zero", 1), (2, 3), (9, 6)):  # 9 is clamped to 5
        assert scored(composite(OF_X | {"absent": treatment}, MET), answers={"yes": False}) == ("parts", points)
    assert scored(composite(OF_X, MET), answers={"yes": False}) == ("absent", 0)


def test_composites_in_composites_round_their_measures() -> None:
    inner = composite(OF_X | {"weight": "50%"}, MET | {"weight": "50%"}, combine="min")
    scale = composite({"weight": "80%", "scale": inner}, OF_X | {"weight": "20%"})
    # x = 0.46 is read as 0.5: inner weighs 8, its shares are 50 % and 100 %, the smaller is 4 of 8; 2 × 50 % = 1
    rounding = {"ruleset": {"rounding": {"measure": "0.1 half-up"}}}
    assert scored(scale, answers={"x": Decimal("0.46"), "yes": True}, rules=rounding) == ("parts", 5)


def test_levels_in_parts_read_their_measure() -> None:
    levels = {"kind": "levels", "levels": [{"label": "东区", "award": "100%"}, {"label": "西区", "award": "40%"}]}
    rules = ruleset({"a": {"weight": 10, "absent": "zero", "scale": composite({"measure": "subject.region", "scale": levels})}})
    subject = {"name": "项目", "kind": "project", "year": 2023}
    assert verdict(rules, subject=subject | {"region": "西区"}).points["a"] == 4
    assert verdict(rules, subject=subject).rows["a"] == "absent"
    assert refused(rules, subject=subject | {"region": "北区"}) == {"criteria.a"}


# ----------------------------------------------------------------------------------------------------------- 5 completion


def completion(entry: Data, **options: Any) -> Fraction | None:
    """完成率 of one entry, None if absent."""
    item = {
        "weight": 100,
        "indicators": "output",
        "entry_absent": "zero",
        "entries": {kind: {"kind": "proportional", "full_at": 100} for kind in ("quantitative", "qualitative", "dated")},
    }
    rules = ruleset({"a": item}, completion=options)
    result = verdict(rules, indicators=[{"category": "output.quantity", "name": "甲", "weight": 100, **entry}])
    _, points, row = result.entries["a"][0]
    return None if row == "absent" else points


@pytest.mark.parametrize(
    ("target", "actual", "options", "expected"),
    [
        ("≥27次", "25次", {}, Fraction(25, 27)),
        ("≥100次", "130次", {}, Fraction(13, 10)),
        (">100次", "100次", {}, 0),
        (">100次", "100次", {"at_equality": "absent"}, None),
        (">100次", "90次", {}, Fraction(9, 10)),
        ("≤100天", "100天", {}, 1),
        ("≤100天", "125天", {}, Fraction(4, 5)),
        ("≤100天", "125天", {"at_most": "decay"}, Fraction(3, 4)),  # (2 − 1.25) ÷ (2 − 1)
        ("≤100天", "250天", {"at_most": "decay"}, 0),
        ("≤100天", "125天", {"at_most": "decay", "decay_zero_at": "1.5"}, Fraction(1, 2)),
        ("<100天", "100天", {}, 0),
        ("<100天", "125天", {}, Fraction(4, 5)),
        ("=4次", "4次", {}, 1),
        ("=4次", "5次", {}, None),
        ("=4次", "5次", {"equal": "zero"}, 0),
        ("=4次", "5次", {"equal": "ratio"}, Fraction(4, 5)),
        ("=4次", "5次", {"equal": "at-least"}, Fraction(5, 4)),
        ("=4次", "3次", {"equal": "at-least"}, Fraction(3, 4)),
        ("9-10次", "9次", {}, 1),
        ("9-10次", "12次", {"equal": "ratio"}, Fraction(5, 6)),
        ("9-10次", "6次", {"equal": "ratio"}, Fraction(2, 3)),
        ("9-10次", "12次", {"equal": "at-least"}, 1),
        ("3-3次", "4次", {"equal": "at-least"}, 1),  # a range all the same
        ("≤0次", "0次", {}, 1),
        ("≤0次", "1次", {}, None),
        ("≤0次", "1次", {"at_zero_target": "zero"}, 0),
        ("≥0次", "5次", {}, 1),
        ("≥5次", "-1次", {"at_zero_target": "zero"}, 0),
        (">0次", "0次", {"at_zero_target": "zero", "at_equality": "absent"}, 0),  # the zero target comes first
        ("≥95%", "95次", {}, None),
        ("≥95%", 95, {}, None),
        ("≥4次", 2, {}, Fraction(1, 2)),
        ("≥4万元", "2万元", {}, Fraction(1, 2)),
        ("≥4次", "已完成", {}, None),
        ("2023年11月底前", "2023年11月30日", {}, 1),
        ("2023年12月前", "2023年12月1日", {}, 0),
        ("11月底前", "2023年11月30日", {}, None),
        ("11月底前", "2023年11月30日", {"month_without_year": "evaluation-year"}, 1),
        ("有效 提升", "有效提升", {}, None),
        ("有效 提升", "有效提升", {"same_text": "met"}, 1),
        ("有效提升", "基本达成", {"same_text": "met"}, None),
    ],
)
def test_completion(target: str, actual: Any, options: Data, expected: Fraction | None) -> None:
    assert completion({"target": target, "actual": actual}, **options) == expected


def test_where_the_direction_comes_from() -> None:
    # no sign typed: ≥; by category ≤; the entry's own wins
    assert completion({"target": 4, "actual": 2}) == Fraction(1, 2)
    assert completion({"category": "output.cost", "target": 4, "actual": 2}) == 1
    assert completion({"target": 4, "actual": 2}, directions={"output": ">=", "output.quantity": "<="}) == 1
    assert completion({"target": 4, "actual": 2, "direction": "<="}) == 1


def test_counts_stand_for_the_actual() -> None:
    counts = {"satisfied": 9, "surveyed": 10}
    assert completion({"target": "≥90%", "actual": "50%", "counts": counts}) == 1
    assert completion({"target": "≥90%", "counts": {"satisfied": 0, "surveyed": 0}}) is None


# ------------------------------------------------------------------------------------------------------------- 4 entries


def over_entries(**options: Any) -> Data:
    return {
        "weight": 10,
        "indicators": "output",
        "entries": {"quantitative": PROPORTIONAL},
        "entry_absent": "zero",
        "absent": "zero",
        **options,
    }


def entry(actual: Any, weight: Any = None, **more: Any) -> Data:
    row = {"category": "output.quantity", "name": "甲", "target": 10, "weight": weight, **more}
    return row | ({} if actual is None else {"actual": actual})


def test_combining_entries() -> None:
    rows = [entry(5, 6), entry(10, 4)]
    # 6 × 1/2 + 4 = 7 of 10
    assert verdict(ruleset({"a": over_entries()}), indicators=rows).points["a"] == 7
    # (1/2 + 1) ÷ 2 × 10
    assert verdict(ruleset({"a": over_entries(combine="mean")}), indicators=rows).points["a"] == Fraction(15, 2)
    assert verdict(ruleset({"a": over_entries(combine="max")}), indicators=rows).points["a"] == 10
    assert verdict(ruleset({"a": over_entries(combine="min")}), indicators=rows).points["a"] == 5


def test_equal_weights_are_rounded_and_shares_still_make_the_whole() -> None:
    # 10 ÷ 3 rounds to 3; Σ points 3 + 3 + 1.5 over Σ weight 9 is 5/6 of 10
    rules = ruleset({"a": over_entries(entry_weights="equal")}, ruleset={"rounding": {"entry_weight": "1 half-up"}})
    result = verdict(rules, indicators=[entry(10), entry(10), entry(5)])
    assert result.entries["a"][2] == ("i3", Fraction(3, 2), "part")
    assert result.points["a"] == Fraction(25, 3)


def test_entries_without_weights() -> None:
    rows = [entry(10), entry(5)]
    assert refused(ruleset({"a": over_entries()}), indicators=rows) == {"criteria.a"}
    result = verdict(ruleset({"a": over_entries(without_weights="equal")}), indicators=rows)
    assert (result.points["a"], result.findings) == (Fraction(15, 2), {"entry-weights-equal:a"})
    assert refused(ruleset({"a": over_entries(without_weights="equal")}), indicators=[entry(10, 5), entry(5)]) == {"criteria.a"}


def test_entry_weights_that_do_not_sum() -> None:
    rows = [entry(10, 4), entry(5, 4)]
    result = verdict(ruleset({"a": over_entries()}), indicators=rows)
    # 6 ÷ 8 of 10
    assert (result.points["a"], result.findings) == (Fraction(15, 2), {"entry-weights-sum:a"})
    assert refused(ruleset({"a": over_entries()}, ruleset={"entry_weights_must_sum": True}), indicators=rows) == {"criteria.a"}


def test_not_applicable_entries() -> None:
    rules = ruleset({"a": over_entries(not_applicable="full")})
    rows = [entry(10, 4), entry(5, 6)]
    result = verdict(rules, indicators=rows, not_applicable={"indicators": {"i2": "无"}})
    assert (result.points["a"], result.findings) == (10, set())
    everything = verdict(rules, indicators=rows, not_applicable={"indicators": {"i1": "无", "i2": "无"}})
    assert (everything.rows["a"], everything.points["a"]) == ("not_applicable", 10)
    assert verdict(rules).rows["a"] == "absent"


def test_absent_entries_and_manual_deductions() -> None:
    rows = [entry(None, 4), entry(10, 6)]
    result = verdict(
        ruleset({"a": over_entries(entry_absent=5)}),
        indicators=rows,
        deductions={"indicators": {"i1": {"points": 1}, "i2": {"points": 9}}},
    )
    # 5 is clamped to 4, less 1 is 3; 6 less 9 is 0
    assert result.entries["a"] == [("i1", 3, "absent"), ("i2", 0, "full")]
    assert result.points["a"] == 3
    assert refused(ruleset({"a": over_entries(entry_absent="error")}), indicators=rows) == {"indicators.i1"}


def test_weight_from_the_record() -> None:
    item = over_entries(weight={"default": 10, "from_record": True, "min": 5, "max": 12})
    result = verdict(ruleset({"a": item}), indicators=[entry(5, 6), entry(10, 4, id="e2"), entry(10, 4)])
    # 6 + 4 + 4 = 14 > 12; 3 + 8 of 14
    assert result.points["a"] == 11
    assert result.findings == {"weight-out-of-bounds:a", "weights-sum:"}


def test_entry_zero_weight_and_mean() -> None:
    rows = [entry(10, 0), entry(10, 10)]
    assert verdict(ruleset({"a": over_entries()}), indicators=rows).points["a"] == 10
    assert verdict(ruleset({"a": over_entries(combine="mean")}), indicators=rows).rows["a"] == "absent"


def test_qualitative_entries() -> None:
    item = over_entries(entries={"qualitative": LEVELS}, completion={"same_text": "met"})
    words = {"category": "output.quality", "name": "乙", "target": "长期", "actual": "长期", "weight": 10}
    result = verdict(ruleset({"a": item}), indicators=[words], assessments={"indicators": {"i1": {"share": "90%"}}})
    # no level, and the assessment has a share: the equal text says nothing
    assert (result.rows["a"], result.entries["a"]) == ("entries", [("i1", 0, "absent")])
    assert result.findings == {"same-text:i1"}
    result = verdict(ruleset({"a": item}), indicators=[words | {"level": "差"}])
    assert result.entries["a"] == [("i1", 2, "level_2")]
    flat = LEVELS | {"levels": [{"label": "好", "award": "90%"}, {"label": "差", "award": 2}]}
    result = verdict(ruleset({"a": item | {"entries": {"qualitative": flat}}}), indicators=[words])
    assert result.entries["a"] == [("i1", 9, "level_1")]


def test_sum_of_entries_is_not_made_the_whole() -> None:
    # 4 × 1/2 + 4 = 6 of weights that sum to 8, not to 10
    assert verdict(ruleset({"a": over_entries(combine="sum")}), indicators=[entry(5, 4), entry(10, 4)]).points["a"] == 6
    # 8 + 8 is more than the criterion's weight
    assert verdict(ruleset({"a": over_entries(combine="sum")}), indicators=[entry(10, 8), entry(10, 8)]).points["a"] == 10


def test_entries_rounded_up_do_not_pass_the_weight() -> None:
    rules = ruleset({"a": over_entries(entry_weights="equal", combine="sum")}, ruleset={"rounding": {"entry_weight": "1 up"}})
    # 10 ÷ 3 is rounded to 4, and 3 × 4 = 12
    assert verdict(rules, indicators=[entry(10)] * 3).points["a"] == 10


def test_parts_of_entries() -> None:
    parts = composite({"weight": "75%", "scale": PROPORTIONAL}, {"measure": "actual", "scale": {**PROPORTIONAL, "full_at": 20}})
    parts["parts"][1]["weight"] = "25%"
    rules = ruleset({"a": over_entries(entries={"quantitative": parts})})
    result = verdict(rules, indicators=[entry(5, 8), entry(10, 2)])
    # completion 1/2 of 6, actual 5/20 of 2; completion 1 of 1.5, actual 10/20 of 0.5
    assert result.entries["a"] == [("i1", Fraction(7, 2), "parts"), ("i2", Fraction(7, 4), "parts")]
    assert result.points["a"] == Fraction(21, 4)


def test_shared_cells() -> None:
    rules = ruleset({"a": over_entries(entry_weights="shared")})
    rows = [entry(10, 6, id="e1"), entry(5, part_of="e1"), entry(0, part_of="e1"), entry(5, 4)]
    result = verdict(rules, indicators=rows)
    # 6 ÷ 3 each: 2 + 1 + 0, and 4 × 1/2
    assert [points for _, points, _ in result.entries["a"]] == [2, 1, 0, 2]
    assert (result.points["a"], result.findings) == (5, set())
    # without the first of them, the cell is shared by the two that are left: 3 × 1/2 + 0 + 2 of 10
    result = verdict(rules, indicators=rows, not_applicable={"indicators": {"e1": "无"}})
    assert [points for _, points, _ in result.entries["a"]] == [Fraction(3, 2), 0, 2]
    # an entry with a weight of its own shares nothing: 6 ÷ 2 = 3 and 0, and its 2 × 1/2
    rows[1] = entry(5, 2, part_of="e1")
    result = verdict(rules, indicators=rows)
    assert [points for _, points, _ in result.entries["a"]] == [3, 1, 0, 2]
    assert result.findings == {"entry-weights-sum:a"}
    # part of one without a weight, or of one that is not the criterion's: no weight
    assert refused(rules, indicators=[entry(10, 10), entry(5, id="e2"), entry(5, part_of="e2")]) == {"criteria.a"}
    other = entry(10, 5, id="e3", category="benefit.social")
    assert refused(rules, indicators=[entry(10, 5), entry(5, part_of="e3"), other]) == {"criteria.a"}


def test_shared_cells_are_rounded_after_sharing() -> None:
    rules = ruleset({"a": over_entries(entry_weights="shared")}, ruleset={"rounding": {"entry_weight": "1 half-up"}})
    result = verdict(rules, indicators=[entry(10, 10, id="e1"), entry(10, part_of="e1"), entry(5, part_of="e1")])
    # 10 ÷ 3 → 3: 3 + 3 + 1.5 of 9, times 10
    assert result.points["a"] == Fraction(25, 3)


def test_weight_from_record_counts_shared_cells_once() -> None:
    item = over_entries(weight={"default": 10, "from_record": True}, entry_weights="shared")
    rows = [entry(10, 6, id="e1"), entry(5, part_of="e1"), entry(0, 8)]
    # 6 + 8 = 14: 3 + 1.5 + 0
    assert verdict(ruleset({"a": item}), indicators=rows).points["a"] == Fraction(9, 2)


def goals(*weights: Any) -> list[Data]:
    return [{"id": f"g{place}"} | ({} if weight is None else {"weight": weight}) for place, weight in enumerate(weights, 1)]


def test_goal_blocks() -> None:
    rules = ruleset({"a": over_entries(per="goal")})
    rows = [entry(10, 1, goal="g1"), entry(5, 3, goal="g1"), entry(5, 7, goal="g2")]
    # block 1 is 3/4 of 10: (1 + 1.5) ÷ 4 × 7.5 = 75/16; block 2 is 2.5: 3.5 ÷ 7 × 2.5 = 5/4. Σ 11 is not compared.
    result = verdict(rules, indicators=rows, goals=goals(30, 10))
    assert (result.points["a"], result.findings) == (Fraction(95, 16), set())
    # equally: 5 × 5/8 + 5 × 1/2
    assert verdict(rules, indicators=rows, goals=goals(None, None)).points["a"] == Fraction(45, 8)
    # a goal without entries is no block, with or without a weight
    assert verdict(rules, indicators=rows, goals=goals(30, 10, None)).points["a"] == Fraction(95, 16)
    assert verdict(rules, indicators=rows, goals=goals(30, None)).rows["a"] == "absent"
    assert verdict(rules, indicators=rows, goals=goals(0, 0)).rows["a"] == "absent"
    homeless = verdict(rules, indicators=[*rows, entry(5, 7)], goals=goals(30, 10))
    assert (homeless.rows["a"], homeless.entries) == ("absent", {})
    # no goals in the record: one block, and Σ 11 is compared
    result = verdict(rules, indicators=[row | {"goal": None} for row in rows])
    assert (result.points["a"], result.findings) == (Fraction(60, 11), {"entry-weights-sum:a"})


def test_goal_blocks_split_their_own_part_equally() -> None:
    rules = ruleset({"a": over_entries(per="goal", entry_weights="equal")})
    rows = [entry(10, goal="g1"), entry(5, goal="g1"), entry(0, goal="g2")]
    # block 1: 3 + 1.5 of 6; block 2: 0 of 4
    result = verdict(rules, indicators=rows, goals=goals(Decimal("0.6"), Decimal("0.4")))
    assert [points for _, points, _ in result.entries["a"]] == [3, Fraction(3, 2), 0]
    assert result.points["a"] == Fraction(9, 2)
    # a block with a weight of 0: Σ weights 0, absent
    assert verdict(rules, indicators=rows, goals=goals(1, 0)).rows["a"] == "absent"
    # every block is scored, also after an absent one
    assert len(verdict(rules, indicators=rows, goals=goals(0, 1)).entries["a"]) == 3


# --------------------------------------------------------------------------------------------- 2, 8, 9 weights and the total


def flat(weight: Any, **more: Any) -> Data:
    """A criterion that scores x of its weight."""
    return {"weight": weight, "measure": "x", "scale": PROPORTIONAL, **more}


HALF: Data = {"x": Decimal("0.5")}


def test_rescale() -> None:
    rules = ruleset({"a": flat(60), "b": flat(30), "c": flat(10)})
    result = verdict(rules, answers=HALF, not_applicable={"criteria": {"c": "无"}})
    # (30 + 15) × 100 ÷ (100 − 10) = 50
    assert (result.total, result.rows["c"], result.points["c"]) == (50, "not_applicable", 0)
    nothing = verdict(rules, answers=HALF, not_applicable={"criteria": dict.fromkeys("abc", "无")})
    assert (nothing.total, nothing.grade) == (None, None)


def test_move_to() -> None:
    rules = ruleset(
        {"a": flat(60, not_applicable={"move_to": "b"}), "b": flat(30), "c": flat(10, absent="full", measure="x / 0")}
    )
    result = verdict(rules, answers=HALF, not_applicable={"criteria": {"a": "无"}})
    # b weighs 90: 45, and c full: 10
    assert (result.points["b"], result.total) == (45, 55)
    both = verdict(rules, answers=HALF, not_applicable={"criteria": {"a": "无", "b": "无"}})
    # both are left out: 10 × 100 ÷ 10
    assert both.total == 100


def test_not_applicable_constants_and_unknown_applicability() -> None:
    rules = ruleset({"a": flat(5, not_applicable=8, applies_when="yes"), "b": flat(95)})
    assert verdict(rules, answers=HALF | {"yes": False}).points["a"] == 5  # clamped
    assert refused(rules, answers=HALF) == {"criteria.a"}


def test_weight_sets() -> None:
    sets = {
        "new": {"label": "新", "when": "yes", "weights": {"a": 100, "b": 0}},
        "old": {"label": "旧", "when": "also", "weights": {"a": 50, "b": 50}},
    }
    rules = ruleset({"a": flat(60), "b": flat(40, measure="x / 0")}, weight_sets=sets)
    result = verdict(rules, answers=HALF | {"yes": True})
    assert (result.rows["b"], result.points["a"]) == ("out_of_force", 50)
    assert refused(rules, answers=HALF | {"also": True}) == {"weight_sets"}
    assert refused(rules, answers=HALF | {"yes": False, "also": False}) == {"criteria.b"}


def test_groups_round_from_below() -> None:
    groups = {"top": {"label": "上"}, "low": {"label": "下", "parent": "top"}}
    criteria = {"a": flat(Decimal("0.7"), group="low"), "b": flat(Decimal("0.7"), group="top"), "c": flat(Decimal("98.6"))}
    result = verdict(ruleset(criteria, groups=groups, ruleset={"rounding": {"group": "0.1 up"}}), answers=HALF)
    # low 0.35 → 0.4; top 0.4 + 0.35 = 0.75 → 0.8; and 49.3
    assert result.groups == {"low": Fraction(4, 10), "top": Fraction(8, 10)}
    assert result.total == Fraction(501, 10)


def grouped(groups: Data, criteria: Data, *, full_score: int = 100, out: str = "") -> Verdict:
    """Criteria in groups, those in `out` not applicable; x is 1/2."""
    labelled = {name: {"label": name, **group} for name, group in groups.items()}
    rules = ruleset(criteria, groups=labelled, ruleset={"full_score": full_score})
    return verdict(rules, answers=HALF, not_applicable={"criteria": dict.fromkeys(out, "无")} if out else {})


def full(weight: Any, **more: Any) -> Data:
    """A criterion that always scores its weight."""
    return {"weight": weight, "scale": {"kind": "first_match", "rows": [{"award": "100%"}]}, **more}


def test_groups_with_weights() -> None:
    criteria = {"a": flat(30, group="g"), "b": full(20, group="g"), "c": flat(40)}
    result = grouped({"g": {"weight": 60}}, criteria)
    # g: 15 + 20 = 35 of 50 → × 60 ÷ 50 = 42; and 20
    assert (result.groups["g"], result.total, result.findings) == (42, 62, set())
    # without b: P = 15 × 1.2 = 18, R = 20 × 1.2 = 24; (18 + 20) × 100 ÷ 76 = 50
    result = grouped({"g": {"weight": 60}}, criteria, out="b")
    assert (result.groups["g"], result.total) == (18, 50)


def test_groups_that_rescale_inside() -> None:
    criteria = {"a": flat(30, group="g"), "b": full(20, group="g"), "c": full(50)}
    result = grouped({"g": {"rescale": True}}, criteria, out="b")
    # 15 × 50 ÷ 30 = 25, and 50; nothing is left to rescale
    assert (result.groups["g"], result.total) == (25, 75)
    # without the key: (15 + 50) × 100 ÷ 80
    assert grouped({"g": {}}, criteria, out="b").total == Fraction(325, 4)
    # nothing below applies: the group's weight is left out of the total, 50 × 100 ÷ 50
    result = grouped({"g": {"rescale": True}}, criteria, out="ab")
    assert (result.groups["g"], result.total) == (0, 100)
    # so with a weight of its own: W = 100 and R = 50 again
    assert grouped({"g": {"rescale": True, "weight": 50}}, criteria, out="ab").total == 100


def test_groups_with_nothing_in_force() -> None:
    criteria = {"a": flat(0, group="g"), "c": full(50)}
    result = grouped({"g": {"weight": 50}}, criteria)
    # W of g is 0: no points and no weight, and the total's weights are 50
    assert (result.groups["g"], result.total, result.findings) == (0, 50, {"weights-sum:"})


@pytest.mark.parametrize(
    ("combine", "points"),
    [
        ("sum", 35),
        ("weighted", 35),
        ("mean", Fraction(75, 2)),  # (1/2 + 1) ÷ 2 × 50
        ("max", 50),
        ("min", 25),
    ],
)
def test_groups_that_combine(combine: str, points: Fraction) -> None:
    criteria = {"a": flat(30, group="g"), "b": full(20, group="g"), "c": full(50)}
    assert grouped({"g": {"combine": combine}}, criteria).groups["g"] == points
    assert grouped({"g": {"combine": combine, "weight": 25}}, criteria, full_score=75).groups["g"] == points / 2


def test_groups_combine_what_applies() -> None:
    criteria = {"a": flat(30, group="g"), "b": full(20, group="g"), "z": full(0, group="g"), "c": full(50)}
    # b is left out wholly and z weighs nothing: a alone, 15 of 30; (15 + 50) × 100 ÷ 80
    result = grouped({"g": {"combine": "max"}}, criteria, out="b")
    assert (result.groups["g"], result.total) == (15, Fraction(325, 4))
    # rescaled inside: 15 × 50 ÷ 30
    assert grouped({"g": {"combine": "max", "rescale": True}}, criteria, out="b").groups["g"] == 25
    # none such: 0, and all of g is left out
    result = grouped({"g": {"combine": "max"}}, criteria, out="ab")
    assert (result.groups["g"], result.total) == (0, 100)


def test_groups_in_groups() -> None:
    groups = {"top": {"weight": 80, "combine": "mean"}, "low": {"parent": "top", "weight": 2, "rescale": True}}
    criteria = {
        "a": flat(6, group="low"),
        "b": full(4, group="low"),
        "d": full(8, group="top"),
        "c": full(20),
    }
    result = grouped(groups, criteria)
    # low: 3 + 4 = 7 of 10 → 1.4 of 2; top: (0.7 + 1) ÷ 2 × (2 + 8) = 8.5 of 10 → 68 of 80
    assert (result.groups, result.total) == ({"low": Fraction(7, 5), "top": 68}, 88)
    # low without b: 3 × 10 ÷ 6 = 5 of 10 → 1 of 2; top: (0.5 + 1) ÷ 2 × 10 → 60 of 80
    result = grouped(groups, criteria, out="b")
    assert (result.groups, result.total) == ({"low": 1, "top": 60}, 80)
    # low is left out wholly: d alone, 8 of 8; W = 10, R = 2 → × 8: 64 of 80, R = 16; (64 + 20) × 100 ÷ 84
    result = grouped(groups, criteria, out="ab")
    assert (result.groups, result.total) == ({"low": 0, "top": 64}, 100)


def test_grade_by_a_measure() -> None:
    grades = [{"label": "好", "at_least": "80%"}, {"label": "中", "above": "1 / 2"}, {"label": "差"}]
    rules = ruleset({"a": flat(100, measure="1")}, grades=grades, ruleset={"grade_by": "x"})
    found = {x: verdict(rules, answers={"x": Decimal(x)}).grade for x in ("0.8", "0.79", "0.5")}
    assert found == {"0.8": "好", "0.79": "中", "0.5": "差"}
    assert refused(rules) == {"grade_by"}
    # no total and no grade
    assert verdict(rules, not_applicable={"criteria": {"a": "无"}}).grade is None
    # cuts of the total may be formulas, too
    total = ruleset({"a": flat(100)}, grades=[{"label": "好", "at_least": "100 * 50%"}, {"label": "差"}])
    assert verdict(total, answers=HALF).grade == "好"


def adjusted(then: Data, **more: Any) -> Verdict:
    rules = ruleset({"a": flat(100)}, adjustments={"z": {"label": "调整", "when": "yes", "then": then}})
    return verdict(rules, answers={"x": Decimal("0.9"), "yes": True}, **more)


def test_adjustments() -> None:
    assert adjusted({"deduct": 10}).total == 80
    assert adjusted({"bonus": 15}).total == 105
    assert adjusted({"total_at_most": 79}).grade == "中"
    assert adjusted({"total_at_least": 95}).total == 95
    assert adjusted({"grade_down": 1}).grade == "良"
    assert adjusted({"grade_down": 9}).grade == "差"
    assert adjusted({"grade_at_most": "中"}).grade == "中"
    result = adjusted({"veto": True})
    assert (result.total, result.grade) == (90, "差")


def test_unknown_adjustments() -> None:
    def rules(absent: str) -> Data:
        return ruleset(
            {"a": flat(100)}, adjustments={"z": {"label": "调整", "when": "yes", "then": {"deduct": 10}, "absent": absent}}
        )

    assert refused(rules("error"), answers=HALF) == {"adjustments.z"}
    assert verdict(rules("skip"), answers=HALF).total == 50
    assert verdict(rules("apply"), answers=HALF).total == 40


def test_manual_deductions_stop_at_zero() -> None:
    rules = ruleset({"a": flat(10), "b": flat(90)})
    result = verdict(rules, answers=HALF, deductions={"criteria": {"a": {"points": 9}}, "total": {"points": 5}})
    assert (result.points["a"], result.total) == (0, 40)
    assert verdict(rules, answers=HALF, deductions={"total": {"points": 500}}).total == 0


@pytest.mark.parametrize(("on", "grade"), [("rounded", "优"), ("unrounded", "良")])
def test_which_total_the_grade_reads(on: str, grade: str) -> None:
    rules = ruleset({"a": flat(100)}, ruleset={"rounding": {"total": "1 half-up"}, "grade_on": on})
    assert verdict(rules, answers={"x": Decimal("0.895")}).grade == grade


# ----------------------------------------------------------------------------------------------------------- 11 findings


def test_findings() -> None:
    findings = {
        "short": {"for": "indicators", "when": "completion < 1 and not present(reason)", "message": "{name}"},
        "half": {"when": "x = 50%", "message": "一半"},
        "never": {"when": "also", "message": "不知"},
    }
    rows = [entry(5, 5), entry(5, 5, reason="雨"), entry(10, 5, target=">10")]
    rules = ruleset({"a": flat(90), "b": over_entries(weight=15, entry_weights="record")}, findings=findings)
    budget = {"unit": "万元", "spent": 5, "received": 3}
    funds = [{"source": "中央", "spent": 2, "received": 1}, {"source": "市", "spent": 2, "received": 2}]
    result = verdict(
        rules, answers=HALF, indicators=rows, budget=budget, funds=funds, assessments={"criteria": {"a": {"share": 1}}}
    )
    assert result.findings == {
        "short:i1", "short:i3", "half:", "strict-at-equality:i3", "funds-disagree:budget.spent", "assessment-unused:a",
    }  # fmt: skip
