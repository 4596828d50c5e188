"""The acceptance list of the rule language: 58 shapes found in real rubrics, one file each in `tests/shapes`, with cases at their edges.

A file holds `shape` (number, title, quote, source, note), `rules` (the TOML that says it, laid over the defaults below) and `cases`: what goes into the
record, and the points, total, grade, problems and findings that have to come out, worked out by hand in `why`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import tomli

import indicator_rules as ir
from differential.compare import difference
from indicator_rules.record import EvaluationRecord
from indicator_rules.suite.coverage import Observer

ROOT = Path(__file__).parent.parent
SHAPES = sorted((ROOT / "tests" / "shapes").glob("*.toml"))
NUMBERS = list(range(1, 59))

SCALES = range(1, 30)
UNHIT: dict[int, set[str]] = {
    2: {"criteria.duration.entries.quantitative: zero"},  # target ÷ actual is above 0
    4: {"criteria.effects.entries.quantitative: part"},  # met or not
    8: {"criteria.outputs.entries.quantitative: zero"},  # below the pass line first
}
"""Rows that no record can hit, by shape."""

RULES: dict[str, Any] = {
    "schema": 1,
    "ruleset": {"edition": "1", "applies": {"years": {"from": 1990}}, "status": "example"},
    "grades": [
        {"label": "优", "at_least": 90},
        {"label": "良", "at_least": 80},
        {"label": "中", "at_least": 60},
        {"label": "差"},
    ],
}
RECORD: dict[str, Any] = {"subject": {"name": "示例", "kind": "project", "year": 2023}}


def read(path: Path) -> dict[str, Any]:
    return tomli.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` laid over `below`, table by table."""
    both = {**below, **above}
    for key in below.keys() & above.keys():
        if isinstance(below[key], Mapping) and isinstance(above[key], Mapping):
            both[key] = merged(below[key], above[key])
    return both


def ruleset(data: Mapping[str, Any]) -> dict[str, Any]:
    """The whole ruleset of a shape."""
    shape, rules = data["shape"], data["rules"]
    header = {"family": f"shape-{shape['number']:02}", "title": shape["title"], "full_score": full_score(rules)}
    return merged(merged(RULES, {"ruleset": header}), rules)


def full_score(rules: Mapping[str, Any]) -> Decimal:
    """Σ weights at the top: of the scored criteria, or of the highest group with a weight that they stand in."""
    groups, counted = rules.get("groups", {}), dict[str, Decimal]()
    for name, criterion in rules["criteria"].items():
        if criterion.get("role", "score") != "score":
            continue
        weight = criterion["weight"]
        top, value = name, weight["default"] if isinstance(weight, Mapping) else weight
        group = criterion.get("group")
        while group is not None:
            if "weight" in groups[group]:
                top, value = f"groups.{group}", groups[group]["weight"]
            group = groups[group].get("parent")
        counted[top] = Decimal(value)
    return sum(counted.values(), Decimal(0))


FILES = {path.stem: read(path) for path in SHAPES}
CASES = [
    pytest.param(data, case, id=f"{name}-{place}") for name, data in FILES.items() for place, case in enumerate(data["cases"], 1)
]


def exact(points: Any) -> Fraction:
    """A number as a case writes it; `"10/3"` where no decimal is exact."""
    return Fraction(str(points))


@pytest.fixture(params=["durable-rules", "plain"])
def engine(request: pytest.FixtureRequest) -> str:
    if request.param == "durable-rules":
        pytest.importorskip("durable_rules_engine", reason="durable-rules is not installed here")
    return str(request.param)


def test_every_shape_has_one_file_named_by_its_number() -> None:
    assert [data["shape"]["number"] for data in FILES.values()] == NUMBERS
    assert [name.partition("-")[0] for name in FILES] == [f"{number:02}" for number in NUMBERS]


@pytest.mark.parametrize("name", FILES)
def test_a_shape_file_says_what_it_has_to(name: str) -> None:
    data = FILES[name]
    assert set(data) == {"shape", "rules", "cases"}
    assert {"number", "title", "quote", "source"} <= set(data["shape"]) <= {"number", "title", "quote", "source", "note"}
    assert set(data["shape"]["title"]) == {"zh", "en"}
    text = (ROOT / "tests" / "shapes" / f"{name}.toml").read_text(encoding="utf-8")
    assert text.startswith(f"# {name[:2]} ")
    for case in data["cases"]:
        assert {"why"} < set(case) <= {"why", "points", "total", "grade", "problems", "findings", "record"}
        assert {"points", "total", "grade", "problems", "findings"} & set(case)
        assert set(case.get("points", {})) <= set(data["rules"]["criteria"])


@pytest.mark.parametrize("name", FILES)
def test_the_rules_of_a_shape_have_no_errors(name: str) -> None:
    problems = ir.check(ruleset(FILES[name]))
    assert [str(problem) for problem in problems if problem.severity == "error"] == []


@pytest.mark.parametrize(("data", "case"), CASES)
def test_a_case_comes_out_as_worked_out_by_hand(data: dict[str, Any], case: dict[str, Any], engine: str) -> None:
    rules = ir.Rules.from_data(ruleset(data), engine=engine)
    record = merged(RECORD, case.get("record", {}))
    if "problems" in case:
        with pytest.raises(ir.RecordError) as refused:
            rules.evaluate(record)
        assert {problem.code for problem in refused.value.problems} == set(case["problems"])
        return
    result = rules.evaluate(record)
    assert {name: exact(result[name].points) for name in case.get("points", {})} == {
        name: exact(points) for name, points in case.get("points", {}).items()
    }
    if "total" in case:
        assert result.total is not None
        assert exact(result.total) == exact(case["total"])
    if "grade" in case:
        assert result.grade == case["grade"]
    given = {f"{finding.code}:{finding.subject}".removesuffix(":") for finding in result.findings}
    assert set(case.get("findings", [])) <= given
    if "findings" in case:  # of its own findings a ruleset gives these and no others; the library's may come besides
        of_rules = {finding for finding in given if finding.partition(":")[0] in data["rules"].get("findings", {})}
        assert of_rules <= set(case["findings"])


@pytest.mark.parametrize(("data", "case"), CASES)
def test_the_oracle_agrees(data: dict[str, Any], case: dict[str, Any], engine: str) -> None:
    whole = ruleset(data)
    difference_found = difference(ir.Rules.from_data(whole, engine=engine), whole, merged(RECORD, case.get("record", {})))
    assert difference_found is None, difference_found


@pytest.mark.parametrize("name", [name for name, data in FILES.items() if data["shape"]["number"] in SCALES])
def test_each_row_of_a_shape_is_hit_by_a_case(name: str) -> None:
    """For the shapes that are about a scale; in the others a scale only stands for any."""
    data = FILES[name]
    rules = ir.Rules.from_data(ruleset(data))
    observer = Observer(rules)
    for case in data["cases"]:
        if "problems" not in case:
            observer.evaluate(EvaluationRecord.model_validate(merged(RECORD, case.get("record", {}))))
    unhit = {str(row) for row in observer.coverage().uncovered_rows if row.table.startswith("criteria.")}
    assert sorted(unhit) == sorted(UNHIT.get(data["shape"]["number"], set()))


def test_the_page_is_what_the_files_say() -> None:
    path = ROOT / "docs" / "make_rule_shapes.py"
    spec = importlib.util.spec_from_file_location("make_rule_shapes", path)
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    assert maker.PAGE.read_text(encoding="utf-8") == maker.page(), "run python docs/make_rule_shapes.py"
