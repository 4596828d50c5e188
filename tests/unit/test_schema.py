"""The JSON Schemas: everything that reads fits, and faults of form are refused."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import tomli
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from indicator_rules.cli.commands import commands
from indicator_rules.errors import RecordError
from indicator_rules.parse import parse
from indicator_rules.reading import read_record
from indicator_rules.schema import KINDS, Kind, schema

ROOT = Path(__file__).parents[2]
RULESETS = sorted((ROOT / "rulesets").glob("*/*.toml"))
RECORDS = [*sorted((ROOT / "docs" / "examples").glob("*.toml")), *sorted((ROOT / "tests" / "published").glob("*.toml"))]
RECORDS = [path for path in RECORDS if path.name != "expected.toml"]
CASES = sorted((ROOT / "rulesets").glob("*/cases/*/*.toml"))
INVALID = sorted((ROOT / "tests" / "invalid").glob("*.toml"))
INVALID_RECORDS = sorted((ROOT / "tests" / "invalid" / "records").glob("*.toml"))

NOT_SAID = {"not-finite"}
"""Faults of form that JSON Schema has no word for."""
BETWEEN_KEYS = {
    "assessment-needs-one", "counts-exceed-surveyed", "direction-differs", "part-of-itself", "rater-weights", "repeated-id", "unit-missing",
    "unknown-goal", "unknown-indicator", "unknown-path", "list-too-short", "series-date-repeated", "series-order",
}  # fmt: skip
"""Faults of a record between its keys."""
INSIDE_TEXTS = {
    *("date-unreadable", "number-not-finite", "number-unreadable", "text-empty", "text-control-character"),
    *("date-not-real", "share-out-of-range"),
}
"""Faults inside a text that a record reads as a number, a date or an amount; so are all codes that begin with `quantity-`."""


def plain(value: Any) -> Any:
    """TOML as JSON has it: dates are texts."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def read(path: Path) -> Any:
    return plain(tomli.loads(path.read_text(encoding="utf-8")))


def readable(path: Path) -> bool:
    """Whether there is data to look at, and none that the validator itself stumbles over when it words a message."""
    if path.stem == "number-of-hex-digits":
        return False
    try:
        read(path)
    except (tomli.TOMLDecodeError, ValueError, RecursionError):
        return False
    return True


VALIDATORS = {kind: Draft202012Validator(schema(kind), format_checker=Draft202012Validator.FORMAT_CHECKER) for kind in KINDS}


def faults(kind: Kind, data: Any) -> list[str]:
    return [
        f"{error.json_path}: {error.validator}" for error in VALIDATORS[kind].iter_errors(data)
    ]  # a message may print a huge number


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_one(kind: Kind) -> None:
    Draft202012Validator.check_schema(schema(kind))


@pytest.mark.parametrize("path", RULESETS, ids=lambda path: f"{path.parent.name}@{path.stem}")
def test_each_shipped_ruleset_fits(path: Path) -> None:
    assert faults("ruleset", read(path)) == []


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_each_record_fits(path: Path) -> None:
    assert faults("record", read(path)) == []


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parents[2].name}-{path.parent.name}-{path.stem}")
def test_the_record_of_each_case_fits(path: Path) -> None:
    record = read(path)["record"]
    assert faults("record", record if isinstance(record, dict) else read(path.parent / record)) == []


@pytest.mark.parametrize("path", [path for path in INVALID if readable(path)], ids=lambda path: path.stem)
def test_a_ruleset_is_refused_if_its_form_is_at_fault(path: Path) -> None:
    spec, problems = parse(path.read_bytes(), str(path))
    told = {problem.code for problem in problems} - NOT_SAID
    if spec is not None:
        assert faults("ruleset", read(path)) == []
    elif told:
        assert faults("ruleset", read(path))


@pytest.mark.parametrize("path", [path for path in INVALID_RECORDS if readable(path)], ids=lambda path: path.stem)
def test_a_record_is_refused_if_its_form_is_at_fault(path: Path) -> None:
    with pytest.raises(RecordError) as refused:
        read_record(path)
    codes = {problem.code for problem in refused.value.problems}
    if {code for code in codes - BETWEEN_KEYS - INSIDE_TEXTS if not code.startswith("quantity-")}:
        assert faults("record", read(path))


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_prints_the_schema(kind: Kind) -> None:
    result = CliRunner().invoke(commands, ["schema", kind])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == schema(kind)


def test_an_editor_is_told_what_a_key_is_for() -> None:
    criterion = schema("ruleset")["$defs"]["Criterion"]
    assert criterion["description"].startswith("评分指标")
    assert {"label", "weight", "scale"} <= set(criterion["properties"])
    assert criterion["additionalProperties"] is False
