"""Coverage: what counts as hit, and what as standing on a boundary."""

from __future__ import annotations

from typing import Any

import pytest

import indicator_rules as ir
from indicator_rules.record import EvaluationRecord
from indicator_rules.suite.coverage import Observer

RULES: dict[str, Any] = {
    "schema": 1,
    "ruleset": {
        "family": "own",
        "edition": "1",
        "title": "示例",
        "applies": {"years": {"from": 1990}},
        "full_score": 100,
        "status": "example",
    },
    "inputs": {
        "x": {"label": "甲", "type": "number"},
        "y": {"label": "乙", "type": "number"},
        "ok": {"label": "丙", "type": "yes-no"},
    },
    "grades": [{"label": "优", "at_least": 90}, {"label": "差"}],
}
BANDS = {
    "label": "分档",
    "weight": 100,
    "measure": "x",
    "scale": {
        "kind": "bands",
        "bands": [{"at_least": "90%", "award": "100%"}, {"above": "60%", "award": "50%"}, {"award": "0%"}],
    },
}
FIRST = {
    "label": "依次",
    "weight": 100,
    "scale": {
        "kind": "first_match",
        "rows": [{"when": "ok", "award": "100%"}, {"when": "x >= 2 and y >= 3", "award": "50%"}, {"award": "0%"}],
    },
}


def covered(criterion: dict[str, Any], *answers: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Rows and boundaries of the criterion that are covered."""
    observer = Observer(ir.Rules.from_data({**RULES, "criteria": {"a": criterion}}))
    for one in answers:
        record = {"subject": {"name": "示例", "kind": "project", "year": 2023}, "answers": one}
        try:
            observer.evaluate(EvaluationRecord.model_validate(record))
        except ir.RecordError:
            continue
    found = observer.coverage()
    prefix = "criteria.a.scale: "
    rows, cuts = ([str(one) for one, hit in part.items() if hit] for part in (found.rows, found.boundaries))
    return [row.removeprefix(prefix) for row in rows if row.startswith(prefix)], [
        cut.removeprefix(prefix) for cut in cuts if cut.startswith(prefix)
    ]


@pytest.mark.parametrize(
    ("values", "rows", "cuts"),
    [
        ([], [], []),
        ([0.9], ["band_1"], []),
        ([0.9, 0.89], ["band_1", "band_2"], ["x = 0.9"]),
        ([0.9, 0.95], ["band_1"], []),  # `at least`: the answer changes below
        ([0.9, 0.5], ["band_1", "band_3"], []),  # another cut lies between
        ([0.9, 0.6], ["band_1", "band_3"], []),  # 0.6 itself lies beyond the next cut
        ([0.6, 0.5], ["band_3"], []),  # `above`: the answer changes above
        ([0.6, 0.61], ["band_2", "band_3"], ["x = 0.6"]),
        ([0.6, 0.9, 0.7], ["band_1", "band_2", "band_3"], ["x = 0.6", "x = 0.9"]),
    ],
)
def test_a_boundary_wants_a_record_on_it_and_one_beside_it(values: list[float], rows: list[str], cuts: list[str]) -> None:
    assert covered(BANDS, *({"x": value} for value in values)) == (rows, sorted(cuts))


def test_the_rest_of_the_guard_has_to_hold() -> None:
    assert covered(FIRST, {"ok": False, "x": 2, "y": 3}, {"ok": False, "x": 1, "y": 3}) == (["row_2", "row_3"], ["x = 2"])
    assert covered(FIRST, {"ok": False, "x": 2, "y": 3}, {"ok": False, "x": 1, "y": 2}) == (["row_2", "row_3"], [])


def test_a_higher_row_hides_the_boundaries_below_it() -> None:
    assert covered(FIRST, {"ok": True, "x": 2, "y": 3}, {"ok": True, "x": 1, "y": 3}) == (["row_1"], [])


def test_a_truth_has_no_boundary_and_a_refused_record_hits_no_row() -> None:
    assert covered(FIRST, {"ok": True}, {"ok": False, "x": 0, "y": 0}) == (["row_1", "row_3"], [])
    assert covered(BANDS, {}) == ([], [])


def test_what_cannot_be_is_not_asked_for() -> None:
    dated = {"label": "时效", "weight": 100, "indicators": "output.timeliness", "entries": {"dated": {"kind": "proportional"}}}
    found = Observer(ir.Rules.from_data({**RULES, "criteria": {"a": dated}})).coverage()
    assert [row.row for row in found.rows] == ["full", "zero", "grade_1", "grade_2"]
    assert found.percent == (0, 0)


def test_an_evaluation_is_the_same_when_observed() -> None:
    rules = ir.load("zhanjiang-etdz-project@2023")
    record = ir.read_record("docs/examples/zhanjiang-2023.toml")
    assert Observer(rules).evaluate(record).as_dict() == rules.evaluate(record).as_dict()
