"""Gap analysis on random rulesets and records: what is proposed gives the grade, one step less of a single change does not, and what is called impossible is never reached
by chance. `INDICATOR_RULES_GAP="300x4"` runs more of them.
"""

from __future__ import annotations

import os
import re
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from differential.gaps import applied
from differential.test_engine_equals_oracle import FIRST, load
from differential.test_partial_holds import Thinned
from indicator_rules import RecordError
from indicator_rules.exact import Exact, exact
from indicator_rules.gap.levers import Lever, levers
from indicator_rules.gap.one_change import Bench, Pulled
from indicator_rules.gap.result import Change, Gap
from indicator_rules.reading import read_record
from indicator_rules.rules import Rules
from indicator_rules.testing.generate import random_record, random_ruleset

RULESETS, RECORDS = map(int, os.environ.get("INDICATOR_RULES_GAP", "45x2").split("x"))
BEFORE = 5000
SEEN: dict[str, int] = {}


def holds(rules: Rules, data: dict[str, Any], grade: str, found: Gap, rng: Random) -> None:
    wanted = [str(label) for label in rules.plan.grade_labels].index(grade)
    record = read_record(data)
    SEEN[found.verdict] = SEEN.get(found.verdict, 0) + 1
    for proposal in found.proposals:
        for after in (rules.evaluate(applied(data, proposal.changes)), rules.evaluate(proposal.changed)):
            assert after.grade_position in range(wanted + 1), proposal.changes
    bench = Bench(rules.evaluator, record)
    every = {lever.path: lever for lever in levers(rules.plan, rules.inputs(), record)}

    def reached(pulled: Pulled) -> bool:
        return bench.meets(pulled, lambda one: one.grade_position in range(wanted + 1))

    for proposal in found.singles:
        change = proposal.changes[-1]
        if len(proposal.changes) == 1 and change.trend:
            lever = every[change.path]
            value = number_of(change)
            assert reached({lever: value})
            assert not reached({lever: value - change.trend * lever.step}), change
            SEEN["single"] = SEEN.get("single", 0) + 1
    if found.verdict == "impossible":
        for _ in range(10):
            free = [lever for lever in every.values() if (found.hypothetical or lever.now is None) and rng.randrange(2)]
            pulled = {lever: value for lever in free if (value := some_value(lever, rng)) is not None}
            assert not reached(pulled), pulled


def number_of(change: Change) -> Exact:
    """The number of a change, in the unit in which it is typed."""
    typed = re.match(r"[-0-9.]+", str(change.value))
    assert typed is not None, change
    return exact(Decimal(typed[0]))


def some_value(lever: Lever, rng: Random) -> Any:
    if lever.values:
        return rng.choice(lever.values)
    places = [seed // lever.step * lever.step for seed in lever.seeds]
    fine = [one for one in places if (lever.low is None or one >= lever.low) and (lever.high is None or one <= lever.high)]
    return rng.choice(fine) if fine else None


@pytest.mark.parametrize("seed", range(FIRST + BEFORE, FIRST + BEFORE + RULESETS))
def test_what_is_proposed_gives_the_grade(seed: int) -> None:
    rng = Random(seed)
    ruleset = random_ruleset(rng)
    rules = load(ruleset, "plain")
    for _ in range(RECORDS):
        data = random_record(rng, ruleset)
        for some in (data, Thinned(rng, data, ruleset).record):
            grade = str(rules.plan.grade_labels[rng.randrange(len(rules.plan.grade_labels))])
            for hypothetical in (False, True):
                try:
                    found = rules.gap(some, grade, hypothetical=hypothetical)
                except RecordError:
                    continue
                holds(rules, some, grade, found, rng)


def test_every_answer_was_seen() -> None:
    if os.environ.get("PYTEST_XDIST_WORKER") is None and SEEN:
        assert {"reached", "reachable", "impossible", "single"} <= SEEN.keys(), SEEN
