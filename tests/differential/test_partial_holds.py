"""Partial evaluation is never too narrow: whatever is taken out of a record, what the whole record got is among what is still possible.

Random rulesets × random records, each thinned out at random; `INDICATOR_RULES_PARTIAL="400x50"` runs more of them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from copy import deepcopy
from random import Random
from typing import Any

import pytest

from differential.test_engine_equals_oracle import FIRST, load
from indicator_rules import Evaluation, RecordError, Rules
from indicator_rules.partial.result import PartialEvaluation
from indicator_rules.reading import read_record
from indicator_rules.record_fields import category_path
from indicator_rules.testing.generate import random_record, random_ruleset

RULESETS, RECORDS = map(int, os.environ.get("INDICATOR_RULES_PARTIAL", "60x6").split("x"))
BEFORE = 1000
"""Other rulesets than those of the neighbouring test."""


class Thinned:
    """A record without some of what can be open: amounts, fields of the subject, answers, values, picks, all entries of a criterion."""

    def __init__(self, rng: Random, record: dict[str, Any], ruleset: dict[str, Any]) -> None:
        self.rng, self.record, self.often = rng, deepcopy(record), rng.choice((10, 40, 90))
        self.open: list[str] = []
        """Key paths of what was taken out."""
        for section, keys in (("budget", set(record.get("budget", {})) - {"unit"}), ("answers", set(record.get("answers", {})))):
            for key in sorted(keys):
                self.take(self.record[section], key, f"{section}.{key}")
        for key in ("project_type", "region", "department", "unit", "as_of"):
            self.take(self.record["subject"], key, f"subject.{key}")
        self.picks = self.record.get("assessments", {})
        for key in sorted(self.picks.get("criteria", {})):
            self.take(self.picks["criteria"], key, f"assessments.criteria.{key}")
        for position, entry in enumerate(self.record.get("indicators", [])):
            self.thin_entry(entry, entry.get("id", f"i{position + 1}"))
        if rng.randrange(5) == 0 and not ({"not_applicable", "deductions", "assessments"} & set(self.record)):
            self.take_entries(ruleset)
        for key in ("declared", "assumed"):
            self.record.pop(key, None)

    def goes(self) -> bool:
        return self.rng.randrange(100) < self.often

    def take(self, table: dict[str, Any], key: str, path: str) -> None:
        """Take out one value, perhaps."""
        if key in table and self.goes():
            del table[key]
            self.open.append(path)

    def thin_entry(self, entry: dict[str, Any], name: str) -> None:
        own = f"indicators.{name}"
        for key in ("prior", "initial_target", "reason", "evidence"):
            self.take(entry, key, f"{own}.{key}")
        if not self.goes():
            return
        # What is said in one form is not open in another: all forms go together.
        for key in ("actual", "counts", "level"):
            entry.pop(key, None)
        self.picks.get("indicators", {}).pop(name, None)
        self.open += [f"{own}.actual", f"{own}.level", f"assessments.indicators.{name}"]
        self.take(entry, "target", f"{own}.target")

    def take_entries(self, ruleset: dict[str, Any]) -> None:
        """Take out all entries of some criterion, where its weight does not depend on them."""
        scored = [one for one in ruleset["criteria"].values() if "indicators" in one and not isinstance(one.get("weight"), dict)]
        entries = self.record.get("indicators", [])
        ids = [entry.get("id", f"i{position}") for position, entry in enumerate(entries, 1)]
        if not scored:
            return
        paths = self.rng.choice(scored)["indicators"]
        below = tuple(f"{path}." for path in ([paths] if isinstance(paths, str) else paths))
        kept = [(name, entry) for name, entry in zip(ids, entries, strict=True) if not category(entry).startswith(below)]
        self.record["indicators"] = [{**entry, "id": name} for name, entry in kept if entry.get("part_of") in (None, *dict(kept))]
        self.open.append("indicators")


def category(entry: dict[str, Any]) -> str:
    """The path of an entry's category, with a dot at the end."""
    return f"{category_path(entry['category'])}."


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


def still_possible(rules: Rules, record: dict[str, Any], places: Sequence[str]) -> PartialEvaluation | None:
    """The partial evaluation, or None where it says that there are too many ways."""
    try:
        return rules.evaluate(record, partial=True, open=places)
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
        try:
            whole = rules.evaluate(read_record(record))
        except RecordError:
            continue
        thinned = Thinned(rng, record, data)
        for places in (["*"], thinned.open):
            partial = still_possible(rules, thinned.record, places)
            if partial is not None:
                report = outside(whole, partial)
                assert report is None, f"seed {seed}, record {number}, open {places}: {report}"
