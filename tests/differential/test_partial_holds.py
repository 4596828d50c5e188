"""Partial evaluation is never too narrow: whatever is taken out of a record, what the whole record got is among what is still possible.

Random rulesets × random records, each thinned out at random; `INDICATOR_RULES_PARTIAL="400x50"` runs more of them.
"""

from __future__ import annotations

import os
from copy import deepcopy
from random import Random
from typing import Any

import pytest

from differential.test_engine_equals_oracle import FIRST, load
from indicator_rules import Evaluation, RecordError, Rules
from indicator_rules.partial_result import PartialEvaluation
from indicator_rules.reading import read_record
from indicator_rules.testing.generate import random_record, random_ruleset

RULESETS, RECORDS = map(int, os.environ.get("INDICATOR_RULES_PARTIAL", "60x6").split("x"))
BEFORE = 1000
"""Other rulesets than those of the neighbouring test."""


def thinned(rng: Random, record: dict[str, Any]) -> dict[str, Any]:
    """The record without some of what can be open: amounts, fields of the subject, answers, values and picks."""
    some = deepcopy(record)
    often = rng.choice((10, 40, 90))

    def goes() -> bool:
        return rng.randrange(100) < often

    for section, keys in (("budget", set(some.get("budget", {})) - {"unit"}), ("answers", set(some.get("answers", {})))):
        for key in sorted(keys):
            if goes():
                del some[section][key]
    for key in ("project_type", "region", "department", "unit", "as_of"):
        if key in some["subject"] and goes():
            del some["subject"][key]
    picks = some.get("assessments", {})
    for key in sorted(picks.get("criteria", {})):
        if goes():
            del picks["criteria"][key]
    for position, entry in enumerate(some.get("indicators", [])):
        name = entry.get("id", f"i{position + 1}")
        for key in ("prior", "initial_target", "reason", "evidence"):
            if key in entry and goes():
                del entry[key]
        if goes():
            # What is said in one form is not open in another: all forms go together.
            for key in ("actual", "counts", "level"):
                entry.pop(key, None)
            picks.get("indicators", {}).pop(name, None)
            if goes() and "direction" in entry:
                entry.pop("target", None)
    some.pop("declared", None)
    some.pop("assumed", None)
    return some


def outside(whole: Evaluation, partial: PartialEvaluation) -> str | None:
    """What the whole record got and the partial evaluation says cannot be."""
    if whole.unrounded_total is None:
        return None if partial.can_be_none else "no total"
    if partial.span is None or whole.exact_total is None or whole.exact_total not in partial.span:
        return f"total {whole.exact_total} is not in {partial.span}"
    if whole.grade_position not in partial.positions:
        return f"grade {whole.grade_position} is not in {partial.positions}"
    for one, other in zip(whole.criteria, partial.criteria, strict=True):
        if one.exact_points not in other.span or one.row not in other.rows:
            return f"{one} {one.row} is not in {other} {other.rows}"
    return None


def still_possible(rules: Rules, record: dict[str, Any]) -> PartialEvaluation | None:
    """The partial evaluation, or None where it says that there are too many ways."""
    try:
        return rules.evaluate(record, partial=True)
    except RecordError as error:
        if {problem.code for problem in error.problems} == {"partial-too-many"}:
            return None
        raise


@pytest.mark.parametrize("seed", range(BEFORE + FIRST, BEFORE + FIRST + RULESETS))
def test_what_the_whole_record_got_is_still_possible(seed: int) -> None:
    rng = Random(seed)
    data = random_ruleset(rng)
    rules = load(data, "plain")
    for number in range(RECORDS):
        record = random_record(rng, data)
        less = thinned(rng, record)
        try:
            whole = rules.evaluate(read_record(record))
        except RecordError:
            continue
        partial = still_possible(rules, less)
        if partial is not None:
            report = outside(whole, partial)
            assert report is None, f"seed {seed}, record {number}: {report}"
