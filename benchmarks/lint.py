"""How long lint takes: `python benchmarks/lint.py`. The shipped rulesets, and one of 60 criteria of every kind of scale.

Prints seconds, the median of five; nothing is judged, since a shared machine moves by a third.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from indicator_rules import Rules

ROOT = Path(__file__).parents[1]
HEAD = """schema = 1
[ruleset]
family = "big"
edition = "1"
title = "六十项"
applies = { years = [2023] }
status = "example"
[measures.rate]
label = "执行率"
value = "实际支出 / first_of(全年预算数, 年初预算数)"
[[grades]]
label = "优"
at_least = 54
[[grades]]
label = "差"
"""
SCALES = (
    'measure = "rate"\nscale = { kind = "proportional", pass_line = "60%" }',
    'measure = "rate"\nscale = { kind = "bands", bands = [{ at_least = "95%", award = 1 }, { at_least = "80%", award = 0.5 }, { award = 0 }] }',
    'measure = "n{n}"\nscale = { kind = "deduct", per = "occurrence", points = 0.5 }',
    'scale = { kind = "checklist", items = [{ id = "a", label = "一", when = "y{n}" }, { id = "b", label = "二", when = "n{n} > 2 and rate > 0.5" }] }',
    'scale = { kind = "first_match", rows = [{ when = "y{n} and n{n} >= 5 and rate >= 0.9", award = 1 }, { when = "n{n} >= 3 or y{n}", award = 0.5 }, { award = 0 }] }',
    'indicators = "benefit"\nwithout_weights = "equal"\nentries.quantitative = { kind = "proportional" }',
)


def big() -> Rules:
    """60 criteria, ten of each scale."""
    text = HEAD.replace('title = "六十项"', 'title = "六十项"\nfull_score = 60')
    for n in range(60):
        text += f'[inputs.y{n}]\nlabel = "是{n}"\ntype = "yes-no"\n[inputs.n{n}]\nlabel = "数{n}"\ntype = "count"\n'
        text += f'[criteria.c{n}]\nlabel = "项{n}"\nweight = 1\n' + SCALES[n % len(SCALES)].replace("{n}", str(n)) + "\n"
    return Rules.from_text(text)


def seconds(rules: Rules) -> float:
    times = []
    for _ in range(5):
        began = time.perf_counter()
        rules.lint()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


if __name__ == "__main__":
    for path in sorted((ROOT / "rulesets").glob("*/*.toml")):
        shipped = Rules.from_path(path)
        print(f"{seconds(shipped):7.3f} s  {shipped.name} ({len(shipped.plan.criteria)} criteria)")
    print(f"{seconds(big()):7.3f} s  60 criteria of every kind of scale")
