"""Every shipped ruleset: nothing wrong with it, every case as it says, every row of its tables hit by some case."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import tomli

import indicator_rules as ir
from indicator_rules.errors import path_text

ROOT = Path(__file__).parent.parent
RULESETS = sorted(path for path in (ROOT / "rulesets").glob("*/*.toml"))
CASES = sorted((ROOT / "rulesets").glob("*/cases/*/*.toml"))
EXPECTED = {"total", "grade", "criteria", "problems", "findings"}


def ruleset_of(case: Path) -> Path:
    return case.parents[2] / f"{case.parent.name}.toml"


def read(case: Path) -> dict[str, Any]:
    return tomli.loads(case.read_text(encoding="utf-8"), parse_float=Decimal)


@pytest.fixture(params=["durable-rules", "plain"])
def engine(request: pytest.FixtureRequest) -> str:
    if request.param == "durable-rules":
        pytest.importorskip("durable_rules_engine", reason="durable-rules is not installed here")
    return str(request.param)


@pytest.mark.parametrize("path", RULESETS, ids=lambda path: f"{path.parent.name}@{path.stem}")
def test_a_shipped_ruleset_has_neither_problems_nor_warnings(path: Path) -> None:
    assert [str(problem) for problem in ir.check(path)] == []


@pytest.mark.parametrize("path", RULESETS, ids=lambda path: f"{path.parent.name}@{path.stem}")
def test_a_shipped_ruleset_stands_where_its_name_says(path: Path) -> None:
    assert ir.Rules.from_path(path).name == f"{path.parent.name}@{path.stem}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parents[2].name}-{case.parent.name}-{case.stem}")
def test_a_case_comes_out_as_it_says(case: Path, engine: str) -> None:
    data = read(case)
    assert set(data) <= {"title", "why", "expected", "record"}
    assert set(data["expected"]) <= EXPECTED
    rules = ir.Rules.from_path(ruleset_of(case), engine=engine)
    record = case.parent / data["record"] if isinstance(data["record"], str) else data["record"]
    if "problems" in data["expected"]:
        with pytest.raises(ir.RecordError) as refused:
            rules.evaluate(record)
        assert sorted({problem.code for problem in refused.value.problems}) == sorted(data["expected"]["problems"])
        assert all(path_text(problem.where.path) for problem in refused.value.problems)
        return
    result = rules.evaluate(record)
    got = {name: result[name].points for name in data["expected"].get("criteria", {})}
    assert got == data["expected"].get("criteria", {})
    assert (result.total, result.grade) == (data["expected"]["total"], data["expected"]["grade"])
    given = {f"{finding.code}:{finding.subject}".removesuffix(":") for finding in result.findings}
    assert set(data["expected"].get("findings", [])) <= given


@pytest.mark.parametrize("path", RULESETS, ids=lambda path: f"{path.parent.name}@{path.stem}")
def test_each_row_of_each_table_is_hit_by_a_case(path: Path) -> None:
    """Rows of criteria and entries; `not_applicable` and `absent` only where the ruleset treats them specially."""
    rules = ir.Rules.from_path(path)
    hit: set[str] = set()
    for case in CASES:
        if ruleset_of(case) == path and "problems" not in (data := read(case))["expected"]:
            result = rules.evaluate(data["record"])
            for criterion in result.criteria:
                hit.add(criterion.code)
                hit |= {f"{criterion.id}.{entry.kind}.{entry.row}" for entry in criterion.entries}
                hit |= {f"{criterion.id}.{item.id}.{item.row}" for item in criterion.items}
    wanted: set[str] = set()
    for part in rules.plan.criteria:
        heads = [(part.id, part.scale)]
        if part.entries is not None:
            heads += [(f"{part.id}.{kind}", scale) for kind, scale in part.entries.scales]
        for name, scale in heads:
            wanted |= {f"{name}.{row.id}" for row in scale.head.table.rows if row.id not in ("not_applicable", "absent")}
            for child in scale.parts:
                wanted |= {f"{name}.{child.id}.{row.id}" for row in child.scale.head.table.rows if row.id != "absent"}
    assert sorted(wanted - hit) == sorted(UNHIT.get(rules.name, set()))


UNHIT: dict[str, set[str]] = {
    "mof-project-self-evaluation@2020": {"benefits.dated.part", "outputs.dated.part"},
    "zhanjiang-etdz-project@2023": {"timeliness.dated.part"},
}
"""Rows that no record can hit: a by-date completion is 1, 0 or absent, so a proportional scale has nothing between."""


def test_the_same_record_scores_differently_under_the_two_editions() -> None:
    family = ROOT / "rulesets" / "mof-project-self-evaluation"
    cases = [read(family / "cases" / edition / "same-record.toml") for edition in ("2020", "2021")]
    assert cases[0]["record"] == cases[1]["record"]
    totals = [
        ir.Rules.from_path(family / f"{edition}.toml").evaluate(case["record"]).total
        for edition, case in zip(("2020", "2021"), cases, strict=True)
    ]
    assert totals == [Decimal("81.45"), Decimal(69)]
