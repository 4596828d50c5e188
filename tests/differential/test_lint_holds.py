"""Lint says only what holds: on random rulesets and records, no record hits a row called dead, reaches marks called out of reach or has a grade called so.

`INDICATOR_RULES_LINT="400x50"` runs more of them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from fractions import Fraction
from random import Random

import pytest

from indicator_rules import Evaluation, RecordError, Rules
from indicator_rules.errors import KeyPath, Problem
from indicator_rules.lint.words import Example
from indicator_rules.partial.possible import Possible
from indicator_rules.plan import Plan
from indicator_rules.testing.generate import random_record, random_ruleset

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


def contradictions(plan: Plan, findings: list[Problem], result: Evaluation) -> list[str]:
    paths = {problem.where.path: problem.code for problem in findings}
    said = [str(path) for path in rows_hit(result) if paths.get(path) in DEAD]
    for criterion in result.criteria:
        full = not criterion.deducted and criterion.row not in ("absent", "not_applicable", "out_of_force")
        if full and Fraction(criterion.exact_points) >= Fraction(criterion.exact_weight) > 0:
            short = [("criteria", criterion.id, "scale")]
            said += [str(path) for path in short if paths.get(path) in SHORT]
    grades = [str(label) for label in plan.grade_labels]
    if result.grade in grades and paths.get(("grades", grades.index(result.grade))) == "lint-grade-unreachable":
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
        assert contradictions(rules.plan, findings, result) == [], [str(problem) for problem in findings]


def test_enough_is_said_to_be_worth_the_test() -> None:
    said = [
        problem.code for seed in range(RULESETS) for problem in Rules.from_data(random_ruleset(Random(f"lint {seed}"))).lint()
    ]
    assert {*DEAD, "lint-full-marks-unreachable", "lint-gap", "lint-condition-constant"} <= set(said)


HEAD = """schema = 1
[ruleset]
family = "own"
edition = "1"
title = "办法"
applies = { years = [2023] }
status = "example"
[inputs.n]
label = "件数"
type = "count"
[inputs.m]
label = "次数"
type = "count"
[inputs.y]
label = "完成"
type = "yes-no"
[inputs.c]
label = "状态"
type = "choice"
choices = ["好", "差"]
[[grades]]
label = "优"
[criteria.a]
label = "甲"
weight = 100
[criteria.a.scale]
kind = "first_match"
"""
ALL_RECORDS = [{"n": n, "m": m, "y": y, "c": c} for n in range(6) for m in range(6) for y in (True, False) for c in ("好", "差")]
"""Everything that counts up to 4 can tell apart."""


def random_condition(rng: Random) -> str:
    def term() -> str:
        number = f"{rng.choice('nm')} {rng.choice(('>=', '>', '<', '<=', '=', '!='))} {rng.randrange(5)}"
        return rng.choice((number, number, "y", "not y", "c = '好'", "c != '好'"))

    return rng.choice((" and ", " or ")).join(term() for _ in range(rng.randrange(1, 4)))


def test_dead_rows_and_gaps_are_told_if_and_only_if_they_are() -> None:
    """Small tables, tried with every record there is: the same rows are dead, and an example is one of the values that fall through."""
    gaps = dead = 0
    for seed in range(RULESETS):
        rng = Random(f"gaps {seed}")
        rows = [random_condition(rng) for _ in range(rng.randrange(2, 5))]
        text = ", ".join(f'{{ when = "{row}", award = {place} }}' for place, row in enumerate(rows))
        rules = Rules.from_text(f"{HEAD}rows = [{text}]\n")
        found = rules.lint()
        if "lint-not-decided" in {problem.code for problem in found}:
            continue
        findings = {problem.where.path[-1]: problem for problem in found if problem.code in (*DEAD, "lint-gap")}
        chosen: dict[str, list[Mapping[str, object]]] = {}
        for answers in ALL_RECORDS:
            record = {"subject": {"name": "甲", "kind": "project", "year": 2023}, "answers": answers}
            try:
                row = rules.evaluate(record)["a"].row
            except RecordError:
                row = "none"
            chosen.setdefault(row, []).append(answers)
        assert {place for place in range(len(rows)) if place in findings} == {
            place for place in range(len(rows)) if f"row_{place + 1}" not in chosen
        }, rows
        assert ("rows" in findings) == ("none" in chosen), rows
        dead += len(set(findings) - {"rows"})
        if "rows" in findings:
            gaps += 1
            example = findings["rows"].values["example"]
            assert isinstance(example, Example)
            said = {str(node): told(found) for node, found in example.given.items()}
            assert any(all(holds(answers, name, value) for name, value in said.items()) for answers in chosen["none"]), (
                rows,
                said,
            )
    assert gaps > 8
    assert dead > 3


def told(found: Possible) -> object:
    return found.spans[0].inside() if found.spans else next(iter(found.words))


def holds(answers: Mapping[str, object], name: str, value: object) -> bool:
    """Whether the answers fit what an example says of a name, or of `n = 3`."""
    if name in answers:
        return answers[name] == value or (isinstance(value, int) and value > 4 and isinstance(answers[name], int))
    left, _, right = name.partition(" = ")
    return (str(answers[left]) == right.strip("'")) == value
