"""What `check` prints: the line underlined, JSON, SARIF."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from indicator_rules.cli.commands import commands
from indicator_rules.cli.excerpt import excerpt
from indicator_rules.cli.sarif import sarif
from indicator_rules.errors import Problem, Where
from indicator_rules.rules import check

ROOT = Path(__file__).parents[2]
INVALID = ROOT / "tests" / "invalid"
SEVERAL = INVALID / "several-at-once.toml"
GOOD = ROOT / "rulesets" / "mof-framework" / "2020.toml"


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(commands, [*map(str, args), "--lang", "en"])


def underlined(line: str, column: int) -> str:
    """What stands above the marks."""
    shown = excerpt(Problem("file-empty", Where("a.toml", (), 1, column)), [line])
    _, marks = shown.splitlines()
    place = marks.index("^") - len("  1 | ")
    count = marks.count("^")
    columns = "".join(character * (2 if ord(character) > 0x2E80 else 1) for character in line)
    return columns[place : place + count]


@pytest.mark.parametrize(
    ("line", "column", "marked"),
    [
        ("pass_line = 60 # 及格", 1, "pass_line = 60"),
        ("[criteria.a.scale]", 2, "criteria.a.scale"),
        ("    { at_least = '90%', award = 1 },", 7, "at_least = '90%'"),
        ("a = 'x, # ]'  ", 1, "a = 'x, # ]'"),
        ('a = "\\", b", c = 1', 1, 'a = "\\", b", c = 1'[:11]),
        ("rows = [{ a = 1 }, { b = 2 }]", 1, "rows = [{ a = 1 }, { b = 2 }]"),
        ("rows = [{ a = 1 }, { b = 2 }]", 20, "{ b = 2 }"),
        ("x = [", 1, "x = ["),
    ],
)
def test_a_key_is_underlined_with_its_value(line: str, column: int, marked: str) -> None:
    assert underlined(line, column) == marked


def test_chinese_takes_two_columns() -> None:
    shown = excerpt(Problem("file-empty", Where("a.toml", (), 3, 13)), ["", "", "x = '实际支出', y = '支出'"])
    assert shown.splitlines()[1] == "    | " + " " * 16 + "^" * len("y = 'zhic'")


@pytest.mark.parametrize("where", [Where("a.toml"), Where("a.toml", (), 9, 1), Where("a.toml", (), 1, 900)])
def test_a_place_that_is_not_there_underlines_nothing(where: Where) -> None:
    assert "^" not in excerpt(Problem("file-empty", where), ["x = 1"])


def test_a_long_line_is_cut() -> None:
    shown = excerpt(Problem("file-empty", Where("a.toml", (), 1, 1)), ["x = '" + "长" * 1_000_000 + "'"])
    assert max(map(len, shown.splitlines())) < 200
    assert "…" in shown


def test_the_text_shows_each_line_with_its_mark() -> None:
    result = run("check", SEVERAL)
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    place = next(number for number, line in enumerate(lines) if "[unknown-key]" in line and "titel" in line)
    assert lines[place + 1].strip() == '9 | titel = "例" # <-'
    assert lines[place + 2].count("^") == len('titel = "x" ')


def test_json_has_every_problem_and_every_file() -> None:
    result = run("check", SEVERAL, GOOD, "--format", "json")
    data = json.loads(result.stdout)
    assert result.exit_code == 1
    assert result.stderr == ""
    assert [problem["code"] for problem in data["problems"]] == [problem.code for problem in check(SEVERAL)]
    assert all(problem["line"] and problem["column"] and problem["message"] for problem in data["problems"])
    assert data["files"] == [
        {"file": str(SEVERAL), "errors": 4, "warnings": 0, "infos": 0},
        {"file": str(GOOD), "errors": 0, "warnings": 0, "infos": 0},
    ]


TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
PLACE = {"type": "integer", "minimum": 1}
REGION = {"type": "object", "required": ["startLine"], "properties": {"startLine": PLACE, "startColumn": PLACE}}
PHYSICAL = {
    "type": "object",
    "required": ["artifactLocation"],
    "properties": {
        "artifactLocation": {
            "type": "object",
            "required": ["uri"],
            "properties": {"uri": {"type": "string", "format": "uri-reference"}},
        },
        "region": REGION,
    },
}
RESULT = {
    "type": "object",
    "required": ["message", "ruleId", "level", "ruleIndex"],
    "properties": {
        "message": TEXT,
        "level": {"enum": ["none", "note", "warning", "error"]},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "locations": {"type": "array", "items": {"type": "object", "properties": {"physicalLocation": PHYSICAL}}},
    },
}
RULE = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "shortDescription": TEXT}}
DRIVER = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "version": {"type": "string"},
        "rules": {"type": "array", "items": RULE, "uniqueItems": True},
    },
}
RUN = {
    "type": "object",
    "required": ["tool"],
    "properties": {
        "tool": {"type": "object", "required": ["driver"], "properties": {"driver": DRIVER}},
        "results": {"type": "array", "items": RESULT},
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "language": {"type": "string", "pattern": "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$"},
    },
}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {"version": {"const": "2.1.0"}, "runs": {"type": "array", "items": RUN}},
}
"""What SARIF 2.1.0 (its section 3) asks of the parts that are used here."""


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_sarif_is_sarif(lang: Any) -> None:
    problems = [problem for path in sorted(INVALID.glob("*.toml")) for problem in check(path)]
    data = sarif(problems, lang)
    assert [error.message for error in Draft202012Validator(SARIF).iter_errors(data)] == []
    (run_,) = data["runs"]
    assert len(run_["results"]) == len(problems)
    rules = run_["tool"]["driver"]["rules"]
    for result, problem in zip(run_["results"], problems, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == problem.code


def test_sarif_says_where() -> None:
    result = run("check", SEVERAL, "--format", "sarif")
    data = json.loads(result.stdout)
    first = data["runs"][0]["results"][0]["locations"][0]
    assert first["physicalLocation"]["artifactLocation"]["uri"] == SEVERAL.as_uri()
    assert first["physicalLocation"]["region"] == {"startLine": 6, "startColumn": 2}
    assert first["logicalLocations"] == [{"fullyQualifiedName": "ruleset.title", "kind": "member"}]


def test_sarif_of_a_relative_path_is_a_relative_uri() -> None:
    data = sarif([Problem("file-not-found", Where("rules/办法 1.toml"))], "en")
    (result,) = data["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "rules/%E5%8A%9E%E6%B3%95%201.toml"


def test_a_name_that_is_nothing_is_told_in_every_format() -> None:
    assert "[ruleset-not-found]" in run("check", "nothing").stderr
    for form in ("json", "sarif"):
        result = run("check", "nothing", "--format", form)
        assert result.exit_code == 1
        assert "ruleset-not-found" in result.stdout
