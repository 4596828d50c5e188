"""How fast `records(rules)` draws, beside hypothesis' own `builds` of the record model: `python benchmarks/strategies.py [ROUNDS]`.

Needs the extra `testing`. Both are drawn by hypothesis in one process, in turns, and nothing is done with what is drawn; of the ratios of neighbours the median is judged. The other side
is `builds(EvaluationRecord)` with the sections that the ruleset's records have: as many entries, the same answers. What hypothesis cannot infer from the model (names, amounts,
values that it takes) is registered with what is cheapest to draw: small integers and a choice of three texts. It knows no cut of the ruleset, and is not asked to. For
information the same with every field of the model that such strategies can fill. Exit code 1 if a target is missed.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from workloads import ROOT

from indicator_rules import EvaluationRecord, Rules
from indicator_rules.record_fields import CATEGORIES
from indicator_rules.record_parts import Amounts, Budget, Counts, Indicator, Narrative, Subject
from indicator_rules.testing import records

TARGET = 1.0
EXAMPLES = 40
NAMES = st.sampled_from(["甲", "乙", "丙"])
AMOUNTS = st.integers(0, 1_000_000)
ENTRY_VALUES = ("initial_target", "target", "actual", "prior")
SMALL = """
schema = 1
[ruleset]
family = "bench-small"
edition = "1"
title = "一项"
applies = { years = [2023] }
status = "example"
[criteria.execution]
label = "预算执行率"
weight = 100
measure = "实际支出 / 全年预算数"
scale = { kind = "proportional", pass_line = "60%" }
[[grades]]
label = "优"
at_least = 90
[[grades]]
label = "差"
"""


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def subjects() -> st.SearchStrategy[Subject]:
    texts = {name: maybe(NAMES) for name in ("code", "department", "unit", "region")}
    kinds = st.sampled_from(["project", "department", "transfer"])
    return st.builds(Subject, name=NAMES, kind=kinds, year=st.integers(2000, 2030), as_of=maybe(st.dates()), **texts)


def budgets() -> st.SearchStrategy[Budget]:
    return st.builds(Budget, unit=st.sampled_from(["元", "万元"]), **{name: maybe(AMOUNTS) for name in Amounts.NAMES})


def entries(number: int) -> st.SearchStrategy[list[Indicator]]:
    def entry(place: int) -> st.SearchStrategy[Indicator]:
        return st.builds(
            Indicator,
            id=st.just(f"i{place}"),
            category=st.sampled_from([one for one in CATEGORIES if "." in one]),
            name=NAMES,
            weight=maybe(AMOUNTS),
            level=maybe(NAMES),
            counts=maybe(st.builds(Counts, satisfied=st.integers(0, 100), surveyed=st.integers(100, 200))),
            reason=maybe(NAMES),
            evidence=maybe(NAMES),
            key=st.booleans(),
            **{name: maybe(AMOUNTS) for name in ENTRY_VALUES},
        )

    return st.tuples(*map(entry, range(number)))


def answers(rules: Rules) -> st.SearchStrategy[dict[str, Any]]:
    kinds: dict[str, st.SearchStrategy[Any]] = {"yes-no": st.booleans(), "date": st.dates(), "text": NAMES}
    drawn = {
        one.id: st.sampled_from(one.choices) if one.choices else kinds.get(one.of or one.type, AMOUNTS)
        for one in rules.plan.questions
    }
    return st.fixed_dictionaries({}, optional=drawn)


def built(rules: Rules) -> st.SearchStrategy[EvaluationRecord]:
    """Records with the sections that those of the ruleset have."""
    base = rules.survey.base
    sections: dict[str, st.SearchStrategy[Any]] = {"subject": subjects()}
    if "budget" in base:
        sections["budget"] = maybe(budgets())
    if "indicators" in base:
        sections["indicators"] = entries(len(base["indicators"]))
    if "answers" in base:
        sections["answers"] = answers(rules)
    return st.builds(EvaluationRecord, **sections)


def whole(rules: Rules) -> st.SearchStrategy[EvaluationRecord]:
    """The same, and the report."""
    narrative = st.builds(Narrative, **{name: maybe(NAMES) for name in Narrative.model_fields})
    return st.builds(
        EvaluationRecord,
        subject=subjects(),
        budget=maybe(budgets()),
        indicators=entries(len(rules.survey.base.get("indicators", ()))),
        answers=answers(rules),
        narrative=narrative,
        assumed=st.lists(NAMES, max_size=0),
    )


def drawn(strategy: st.SearchStrategy[Any]) -> float:
    """Microseconds for one example, among `EXAMPLES`; each time others are drawn."""

    def nothing(example: Any) -> None:
        pass

    how = settings(
        max_examples=EXAMPLES, database=None, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck)
    )
    test = how(given(strategy)(nothing))
    gc.collect()
    gc.disable()
    began = time.perf_counter_ns()
    test()
    taken = time.perf_counter_ns() - began
    gc.enable()
    return taken / 1000 / EXAMPLES


def compared(ours: st.SearchStrategy[Any], theirs: st.SearchStrategy[Any], rounds: int) -> tuple[float, float, float]:
    """Medians of both, and of the ratios of neighbours, in turning order."""
    mine, others = [], []
    for turn in range(-1, rounds):
        sides = [(mine, ours), (others, theirs)]
        for times, strategy in sides if turn % 2 else reversed(sides):
            taken = drawn(strategy)
            if turn >= 0:  # the first makes ready
                times.append(taken)
    ratio = statistics.median(a / b for a, b in zip(mine, others, strict=True))
    return statistics.median(mine), statistics.median(others), ratio


def main(rounds: int) -> int:
    rulesets = {
        "zhanjiang-etdz-project@2023": Rules.from_path(ROOT / "rulesets" / "zhanjiang-etdz-project" / "2023.toml"),
        "mof-project-self-evaluation@2021": Rules.from_path(ROOT / "rulesets" / "mof-project-self-evaluation" / "2021.toml"),
        "one criterion": Rules.from_text(SMALL),
    }
    missed = False
    print(f"{'':78} {'ours us':>9} {'theirs us':>9} {'ratio':>6}  target")
    for name, rules in rulesets.items():
        for what, make, target in (("builds, its sections", built, TARGET), ("builds, and the report", whole, None)):
            mine, other, ratio = compared(records(rules), make(rules), rounds)
            bad = target is not None and ratio > target
            missed |= bad
            goal = "" if target is None else f"<= {target}{'  MISSED' if bad else ''}"
            print(f"{f'{name}: records / {what}':78} {mine:9.0f} {other:9.0f} {ratio:6.2f}  {goal}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 21))
