"""Every probe does what it says, and what has no probe cannot be reached."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import tomli

import test_shapes
from indicator_rules import RecordError, Rules
from indicator_rules.evaluation import Evaluation
from indicator_rules.plan import Choice, Plan
from indicator_rules.probing.neutral import neutral
from indicator_rules.probing.pieces import merged
from indicator_rules.probing.probes import Probe, Survey, survey
from indicator_rules.probing.solve import solve
from indicator_rules.toml_text import to_toml

ROOT = Path(__file__).parent.parent
BUILT_IN = sorted((ROOT / "rulesets").glob("*/*.toml"))
NAMES = [*(f"{path.parent.name}/{path.stem}" for path in BUILT_IN), *test_shapes.FILES]

UNREACHABLE = {
    # By day there is met or not: a completion of 0 or 1, nothing between.
    ("mof-project-self-evaluation/2020", "criteria.outputs.entries.dated", "part"),
    ("mof-project-self-evaluation/2020", "criteria.benefits.entries.dated", "part"),
    ("zhanjiang-etdz-project/2023", "criteria.timeliness.entries.dated", "part"),
    # The last weight set has no condition, so the criteria's own weights never count.
    ("mof-project-self-evaluation/2021", "weight_sets", "own"),
    # Below the pass line first.
    ("08-pass-line", "criteria.outputs.entries.quantitative", "zero"),
    # Both entries would have to be 0 at once.
    ("40-fixed-split", "criteria.performance.done", "zero"),
}
"""Rows without a probe."""


@cache
def rules_of(name: str) -> Rules:
    if "/" in name:
        return Rules.from_path(ROOT / "rulesets" / f"{name}.toml", engine="plain")
    return Rules.from_data(test_shapes.ruleset(test_shapes.FILES[name]), engine="plain")


@cache
def surveyed(name: str) -> Survey:
    return survey(rules_of(name).plan)


@pytest.mark.parametrize("name", NAMES)
def test_the_neutral_record_scores_in_full(name: str) -> None:
    """All but one: of two kinds of fund only one can be given at a time (43)."""
    result = rules_of(name).evaluate(neutral(rules_of(name).plan))
    assert [one.code for one in result.losses] == []
    away = [one.id for one in result.criteria if one.row in ("absent", "not_applicable")]
    assert away == (["publicity"] if name == "43-applicability" else [])


@pytest.mark.parametrize("name", NAMES)
def test_a_probe_hits_the_row_that_it_names(name: str) -> None:
    rules, found = rules_of(name), surveyed(name)
    for probe in found.probes:
        record = tomli.loads(to_toml(probe.on(found.base)), parse_float=Decimal)
        try:
            result = rules.evaluate(record)
        except RecordError:
            assert probe.row == "absent", str(probe)
            continue
        assert row_hit(rules.plan, result, probe, record) in (probe.row, None), str(probe)


def row_hit(plan: Plan, result: Evaluation, probe: Probe, record: dict[str, Any]) -> str | None:
    """The row that an evaluation tells; None for tables that leave no trace in it."""
    section, _, rest = probe.table.partition(".")
    if section == "adjustments":
        # What cannot be decided is skipped or applied, as the adjustment says.
        return probe.row if probe.row == "absent" else "apply" if any(one.id == rest for one in result.adjustments) else "skip"
    if section == "grades":
        places = [
            row.id
            for row in plan.grades.table.rows
            if isinstance(row.award, Choice) and row.award.position == result.grade_position
        ]
        return places[0]
    if section != "criteria":
        return None
    criterion, _, inside = rest.partition(".")
    own = result[criterion]
    if inside == "applies_when":
        return "no" if own.row == "not_applicable" else "yes"
    if not inside:
        return own.row
    if inside.startswith("entries."):
        kind, _, part = inside.removeprefix("entries.").partition(".")
        rows = {entry.row for entry in own.entries if entry.kind == kind and not part}
        return probe.row if probe.row in rows else next(iter(rows), None)
    items = {item.id: item.row for item in own.items}
    return items.get(inside)


@pytest.mark.parametrize("name", NAMES)
def test_every_row_that_can_be_reached_has_a_probe(name: str) -> None:
    """Of grades, those that the points of a shape can reach at all."""
    plan = rules_of(name).plan
    grades = plan.full_score < 100
    missing = {
        (name, one.table, one.row)
        for one in surveyed(name).unsolved
        if one.edge == "inside" and not (grades and one.table == "grades")
    }
    assert missing == {row for row in UNREACHABLE if row[0] == name}


@pytest.mark.parametrize("name", [name for name in NAMES if "/" in name])
def test_both_sides_of_every_cut_and_the_cut_itself_have_a_probe(name: str) -> None:
    """But for what nothing can be: less than nothing, or more than all that a share, a day met or a rate inside its range allows."""
    for one in surveyed(name).unsolved:
        if one.edge != "inside":
            assert (one.edge, one.cut) in (("below", 0), ("above", 1), ("below", 1)), one


def test_a_probe_says_its_edge() -> None:
    found = surveyed("zhanjiang-etdz-project/2023")
    probe = next(one for one in found.probes if one.table == "criteria.budget_execution" and one.edge == "at")
    assert str(probe).startswith("criteria.budget_execution.")
    assert probe.slot == "execution_rate"
    assert set(probe.fragment) == {"budget"}


def test_a_ratio_of_two_counts_has_a_probe_on_each_cut() -> None:
    text = """
schema = 1
[ruleset]
family = "counts"
edition = "1"
title = "counts"
applies = { years = [2023] }
status = "example"
[inputs.done]
label = "实际户数"
type = "count"
[inputs.planned]
label = "计划户数"
type = "count"
[criteria.a]
label = "甲"
weight = 100
measure = "done / planned"
scale = { kind = "bands", bands = [{ at_least = "90%", award = "100%" }, { at_least = "85.5%", award = "50%" }, { award = 0 }] }
[[grades]]
label = "优"
"""
    found = survey(Rules.from_text(text).plan)
    assert not found.unsolved
    assert {str(probe.edge) for probe in found.probes if probe.table == "criteria.a"} >= {"at", "below"}


def test_what_is_not_found_is_listed() -> None:
    text = """
schema = 1
[ruleset]
family = "dead"
edition = "1"
title = "dead"
applies = { years = [2023] }
status = "example"
[inputs.times]
label = "次数"
type = "count"
[criteria.a]
label = "甲"
weight = 100
scale = { kind = "first_match", rows = [{ when = "times >= 1", award = 50 }, { when = "times >= 3", award = 20 }, { award = 100 }] }
[[grades]]
label = "优"
"""
    found = survey(Rules.from_text(text).plan)
    assert [(one.row, one.edge) for one in found.unsolved if one.edge == "inside"] == [("row_2", "inside")]


def test_merged_lays_entries_by_id_and_leaves_out() -> None:
    base = {
        "budget": {"unit": "元", "spent": 1},
        "indicators": [{"id": "i1", "target": 1, "actual": 1}, {"id": "i2", "target": 2}],
    }
    fragment = {"budget": {"spent": 2}, "indicators": [{"id": "i2", "target": 3}, {"id": "i3", "target": 4}]}
    without = (("budget", "unit"), ("indicators", "i1", "actual"), ("indicators", "i3"))
    assert merged(base, fragment, without) == {
        "budget": {"spent": 2},
        "indicators": [{"id": "i1", "target": 1}, {"id": "i2", "target": 3}],
    }


@pytest.mark.parametrize(
    ("formula", "value", "place"),
    [
        (lambda x: 3 * x + 1, 10, 3),
        (lambda x: None if x == 0 else 10 / x if 10 % x else 10 // x, 5, 2),
        (lambda x: min(x, 5), 4, 4),
        (lambda x: x // 7, 9, 63),
        (lambda x: abs(x - 50), 7, 57),
    ],
)
def test_formulas_are_solved_exactly(formula: Any, value: int, place: int) -> None:
    from fractions import Fraction

    exact = list(solve(lambda x: formula(Fraction(x)), value, [0, 1, 2, 10, 100, 200]))
    assert exact
    assert all(formula(Fraction(found)) == value for found in exact)
    assert place in exact or value == formula(Fraction(place))


def test_what_has_no_place_is_not_given_one() -> None:
    assert list(solve(lambda x: min(x, 5), 6, [0, 1, 2, 10, 100])) == []
