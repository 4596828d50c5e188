"""Lint says only what holds: on random rulesets and records, no record hits a row called dead, reaches marks called out of reach or has a grade called so.

`INDICATOR_RULES_LINT="400x50"` runs more of them.
"""

from __future__ import annotations

import os
from fractions import Fraction
from random import Random

import pytest

from generate import random_record, random_ruleset
from indicator_rules import Evaluation, RecordError, Rules
from indicator_rules.errors import KeyPath, Problem

RULESETS, RECORDS = map(int, os.environ.get("INDICATOR_RULES_LINT", "60x20").split("x"))
DEAD = ("lint-row-unreachable", "lint-row-shadowed")
SHORT = ("lint-full-marks-unreachable", "lint-full-marks-not-held")


def rows_hit(result: Evaluation) -> set[KeyPath]:
    """The rows of bands, levels and first_match that were hit, by the key path of their use."""
    found: set[KeyPath] = set()
    for criterion in result.criteria:
        found.add(("criteria", criterion.id, "scale", *place(criterion.row)))
        found |= {("criteria", criterion.id, "entries", entry.kind, *place(entry.row)) for entry in criterion.entries}
    return found


def place(row: str) -> KeyPath:
    kind, _, number = row.rpartition("_")
    return ({"band": "bands", "level": "levels"}.get(kind, "rows"), int(number) - 1) if number.isdecimal() else (row,)


def contradictions(findings: list[Problem], result: Evaluation) -> list[str]:
    paths = {problem.where.path: problem.code for problem in findings}
    said = [str(path) for path in rows_hit(result) if paths.get(path) in DEAD]
    for criterion in result.criteria:
        full = not criterion.deducted and criterion.row not in ("absent", "not_applicable", "out_of_force")
        if full and Fraction(criterion.exact_points) >= Fraction(criterion.exact_weight) > 0:
            short = [("criteria", criterion.id, "scale")]
            said += [str(path) for path in short if paths.get(path) in SHORT]
    grades = [str(label) for label in result.plan.grade_labels] if hasattr(result, "plan") else []
    if result.grade in grades and paths.get(("grades", grades.index(str(result.grade)))) == "lint-grade-unreachable":
        said.append(f"grade {result.grade}")
    return said


@pytest.mark.parametrize("seed", range(RULESETS))
def test_no_record_contradicts_a_finding(seed: int) -> None:
    rng = Random(f"lint {seed}")
    data = random_ruleset(rng)
    rules = Rules.from_data(data)
    findings = rules.lint()
    for _ in range(RECORDS):
        try:
            result = rules.evaluate(random_record(rng, data))
        except RecordError:
            continue
        assert contradictions(findings, result) == [], [str(problem) for problem in findings]


def test_enough_is_said_to_be_worth_the_test() -> None:
    said = [
        problem.code for seed in range(RULESETS) for problem in Rules.from_data(random_ruleset(Random(f"lint {seed}"))).lint()
    ]
    assert {*DEAD, "lint-full-marks-unreachable", "lint-gap", "lint-condition-constant"} <= set(said)
