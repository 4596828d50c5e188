"""Every shipped ruleset: nothing wrong with it, every case as it says, every row and boundary of its tables covered by some case."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

import indicator_rules as ir
from indicator_rules.suite import suite
from indicator_rules.suite.case import read_case
from indicator_rules.suite.coverage import Observer
from indicator_rules.suite.text import case_lines

ROOT = Path(__file__).parent.parent
RULESETS = sorted(path for path in (ROOT / "rulesets").glob("*/*.toml"))
CASES = sorted((ROOT / "rulesets").glob("*/cases/*/*.toml"))


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


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parents[2].name}-{path.parent.name}-{path.stem}")
def test_a_case_comes_out_as_it_says(path: Path, engine: str) -> None:
    ruleset = suite.ruleset_of(path)
    assert ruleset is not None
    result = suite.run_case(path, observer(ruleset, engine))
    assert list(case_lines(result)) == []
    assert result.passed
    assert result.case is not None
    assert result.case.expected.problems or (result.case.expected.total is not None and result.case.expected.grade)


@cache
def observer(ruleset: Path, engine: str) -> Observer:
    return Observer(ir.Rules.from_path(ruleset, engine))


@pytest.mark.parametrize("path", RULESETS, ids=lambda path: f"{path.parent.name}@{path.stem}")
def test_the_cases_of_a_ruleset_cover_its_rows_and_boundaries(path: Path) -> None:
    coverage = suite.run(path).coverage
    assert coverage is not None
    assert [str(row) for row in coverage.uncovered_rows] == []
    assert [str(boundary) for boundary in coverage.uncovered_boundaries] == []


def test_the_same_record_scores_differently_under_the_two_editions() -> None:
    family = ROOT / "rulesets" / "mof-project-self-evaluation"
    cases = [read_case(family / "cases" / edition / "same-record.toml") for edition in ("2020", "2021")]
    assert cases[0].data == cases[1].data
    totals = [
        ir.Rules.from_path(family / f"{edition}.toml").evaluate(case.record()).total
        for edition, case in zip(("2020", "2021"), cases, strict=True)
    ]
    assert totals == [Decimal("81.45"), Decimal(69)]
