"""What proofs stand on: curves, differences, witnesses, probes inside slopes, the limit of time."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

import indicator_rules as ir
from indicator_rules.exact import Rounding
from indicator_rules.interval import Span
from indicator_rules.partial.any_record import AnyRecord
from indicator_rules.probing.probes import survey
from indicator_rules.probing.slopes import between
from indicator_rules.proving.curve import Curve, NotTold, curve, in_shares
from indicator_rules.proving.difference import difference, rounded_apart
from indicator_rules.proving.two import grade_span
from indicator_rules.proving.witness import Search
from indicator_rules.time_limit import OutOfTime, check_time, limited
from unit.test_prove import BANDS, PARABOLA, SLOPE, data, rules


def made(own: ir.Rules, criterion: int = 0) -> Curve:
    one = own.plan.criteria[criterion]
    found = curve(one.scale, one.weight.default, AnyRecord(own.plan))
    assert found is not None
    return found


# ------------------------------------------------------------------------------------------------------------------- curves


def test_a_slope_is_level_then_rises_then_is_level() -> None:
    found = made(rules())
    assert [piece.trend for piece in found.pieces if not piece.where.is_point] == [0, 1, 0]
    assert (found.jumps, found.direction, found.is_monotone) == ((), 1, True)
    assert [(piece.start, piece.end) for piece in found.pieces if piece.trend] == [(0, 60)]


def test_bands_jump_where_their_cuts_are() -> None:
    found = made(rules(), 1)
    assert [(jump.at, jump.before, jump.after, jump.size) for jump in found.jumps] == [
        (Fraction(3, 5), 0, 20, 20),
        (Fraction(9, 10), 20, 40, 20),
    ]
    assert found.is_monotone


def test_an_inverse_slope_falls() -> None:
    found = made(rules({"kind": "proportional", "full_at": 1, "inverse": True}))
    assert (found.direction, found.is_monotone) == (-1, True)


def test_a_formula_that_turns_round_is_not_told() -> None:
    with pytest.raises(NotTold):
        made(rules(PARABOLA))


def test_tables_that_read_more_than_a_number_have_no_curve() -> None:
    own = data()
    scale = {
        "kind": "first_match",
        "rows": [{"when": "x > 1 and y > 1", "award": "100%"}, {"when": "not (x > 1 and y > 1)", "award": "0%"}],
    }
    own["criteria"]["first"] = {"label": "甲", "weight": 60, "scale": scale}
    plan = ir.Rules.from_data(own, engine="plain").plan
    assert curve(plan.criteria[0].scale, 60, AnyRecord(plan)) is None


def test_shares_scale_with_the_weight_and_points_do_not() -> None:
    points = [{"at_least": "90%", "award": {"points": 5}}, {"award": "0%"}]
    assert in_shares(rules().plan.criteria[0].scale)
    assert in_shares(rules().plan.criteria[1].scale)
    assert not in_shares(rules({"kind": "bands", "bands": points}).plan.criteria[0].scale)


# -------------------------------------------------------------------------------------------------------------- differences


def apart(old: ir.Rules, new: ir.Rules) -> Span | None:
    return difference(old.evaluator, new.evaluator)


def test_what_means_the_same_lies_nowhere_apart() -> None:
    assert apart(rules(), rules()) == Span.point(0)


def test_slopes_lie_apart_as_far_as_they_do_where_they_do_most() -> None:
    found = apart(rules(), rules({**SLOPE, "full_at": "95%"}))
    assert found is not None
    # At 90 %: 60 against 40 ÷ 45 of it.
    assert (found.low, found.high) == (Fraction(-20, 3), 0)


def test_a_band_moved_lies_apart_by_its_step() -> None:
    moved = data()
    moved["criteria"]["second"]["scale"] = {"kind": "bands", "bands": [{**BANDS[0], "at_least": "85%"}, *BANDS[1:]]}
    found = apart(rules(), ir.Rules.from_data(moved, engine="plain"))
    assert found is not None
    assert (found.low, found.high) == (0, 20)


def entries(combine: str, full_at: str = "100%", **header: Any) -> ir.Rules:
    own = data(header=header)
    own["criteria"]["first"] = {
        "label": "甲", "weight": 60, "indicators": ["output.quantity"], "entry_weights": "equal", "combine": combine,
        "entries": {"quantitative": {"kind": "proportional", "full_at": full_at}},
    }  # fmt: skip
    return ir.Rules.from_data(own, engine="plain")


@pytest.mark.parametrize(
    ("combine", "header", "exact"),
    [
        ("weighted", {}, True),
        ("weighted", {"rounding": {"entry_points": "1 half-up"}}, False),
        ("sum", {}, True),
        ("sum", {"rounding": {"entry_weight": "1 half-up"}}, False),
        ("max", {}, False),
    ],
)
def test_entries_are_compared_by_their_shares_only_where_rounding_cannot_add_up(
    combine: str, header: dict[str, Any], exact: bool
) -> None:
    old, new = (entries(combine, full_at, **header) for full_at in ("100%", "80%"))
    found = apart(old, new)
    assert found is not None
    assert (found.low, found.high) == ((0, 12) if exact else (-60, 60))
    # Ninety entries of two thirds of a point each, all rounded: that is where it would add up.
    rows = [
        {"id": f"i{place}", "category": "output.quantity", "name": f"指标{place}", "direction": ">=", "target": 100, "actual": 70}
        for place in range(90)
    ]
    record = {"subject": {"name": "某项目", "kind": "project", "year": 2023}, "answers": {"y": Decimal(1)}, "indicators": rows}
    totals = [own.evaluate(record).exact_total for own in (old, new)]
    assert totals[0] is not None
    assert totals[1] is not None
    assert totals[1] - totals[0] in found


def test_a_treatment_in_full_counts_where_weights_differ() -> None:
    old, new = data(), data()
    for own, weight in ((old, 60), (new, 50)):
        own["criteria"]["first"] |= {"weight": weight, "absent": "full"}
    new["ruleset"]["full_score"] = 90
    found = apart(*(ir.Rules.from_data(own, engine="plain") for own in (old, new)))
    assert found is not None
    assert -10 in found


def test_groups_that_weigh_and_adjustments_are_not_said() -> None:
    weighed = data(groups={"all": {"label": "组", "weight": 100}})
    for criterion in weighed["criteria"].values():
        criterion["group"] = "all"
    assert apart(rules(), ir.Rules.from_data(weighed, engine="plain")) is None
    vetoed = data(adjustments={"no": {"label": "否决", "when": "z > 3", "then": {"veto": True}, "absent": "skip"}})
    assert apart(rules(), ir.Rules.from_data(vetoed, engine="plain")) is None


def test_rounding_moves_two_numbers_a_step_apart_and_never_past_each_other() -> None:
    cents, tens = Rounding(2, "half-up"), Rounding(1, "down")
    assert rounded_apart(Span(0, 1), cents, cents) == Span(0, Fraction(101, 100))
    assert rounded_apart(Span.point(0), cents, cents) == Span.point(0)
    found = rounded_apart(Span.point(0), cents, tens)
    assert (found.low, found.high) == (Fraction(-11, 100), Fraction(11, 100))


def test_totals_that_have_a_grade() -> None:
    plan = rules().plan
    assert [str(grade_span(plan, position)) for position in range(3)] == ["[90, ∞)", "[60, 90)", "[0, 60)"]
    by_measure = rules(header={"grade_by": "x"}).plan
    assert grade_span(by_measure, 0) is None


# ---------------------------------------------------------------------------------------------------------------- witnesses


def test_a_search_finds_every_grade_and_the_highest_total() -> None:
    search = Search([rules().evaluator])
    assert set(search.found) == {(0,), (1,), (2,)}
    assert search.highest is not None
    assert search.highest.total == 100
    for grades, witness in search.found.items():
        assert search.confirmed(witness).grades == grades


def test_probes_inside_a_slope_lie_between_its_ends() -> None:
    own = rules()
    found = [probe.fragment["answers"]["x"] for probe in between(own.plan, survey(own.plan).probes)]
    assert found == [Decimal("0.5") + Decimal("0.05") * part for part in range(1, 8)]


def test_two_rulesets_are_surveyed_once_where_they_mean_the_same() -> None:
    search = Search([rules().evaluator, rules({**SLOPE, "full_at": "95%"}).evaluator])
    of_second = [probe for probe in search.probes if probe.table == "criteria.second" and probe.row]
    assert len(of_second) == len(set(map(str, of_second)))
    assert search.furthest is not None
    assert search.furthest.apart == Fraction(20, 3)


# --------------------------------------------------------------------------------------------------------------- the limit


def test_a_limit_ends_and_an_inner_one_never_outlasts_it() -> None:
    check_time()
    with limited(None):
        check_time()
    with limited(0), pytest.raises(OutOfTime):
        check_time()
    with limited(0), limited(3600), pytest.raises(OutOfTime):
        check_time()
    check_time()
