"""Ratios of what must stay fast, each side by side in one process: `python benchmarks/run.py [--quick] [--json]`.

Needs the extra `bench` (zen-engine, rule-engine) besides durable-rules. Numbers on a shared machine move by a third; only ratios are judged, and
of these the medians. A and B take turns, one record each. Records are read anew and evaluated once. Exit code 1 if a target is missed or an answer differs.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import peers
import workloads
from bare import bare_loop
from workloads import Workload

from indicator_rules import EvaluationRecord, Rules

BARE, IMPORT, PEER = 4.0, 1.5, 1.0
"""Targets: at most this many times the other side."""
GROWTH_MB = 2.0
UNWANTED = ("polars", "z3", "click", "hypothesis", "tree_sitter")
BESIDE = "import pydantic, tomli, durable.lang"
"""What indicator_rules stands on, imported alone."""


class Row(NamedTuple):
    """One comparison. Times in microseconds; `ratio` is the median of the ratios of neighbours."""

    what: str
    ours: float
    theirs: float
    ratio: float
    target: float | None

    @property
    def missed(self) -> bool:
        return self.target is not None and self.ratio > self.target


def timed(call: Callable[[], object]) -> float:
    began = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - began) / 1000


def compared(what: str, target: float | None, pairs: Iterator[tuple[Callable[[], object], Callable[[], object]]]) -> Row:
    """Both of each pair timed, one after the other, in turning order."""
    ours, theirs = [], []
    gc.disable()
    try:
        for number, (mine, other) in enumerate(pairs):
            if number % 2:
                ours.append(timed(mine))
                theirs.append(timed(other))
            else:
                theirs.append(timed(other))
                ours.append(timed(mine))
            if number % 500 == 0:
                gc.collect()
    finally:
        gc.enable()
    ratio = statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))
    return Row(what, statistics.median(ours), statistics.median(theirs), ratio, target)


def paired(workload: Workload, rounds: int, other: Callable[[int], Callable[[], object]], rules: Rules | None = None):
    """Evaluations of records read just before, each beside `other` of the record's number."""
    evaluate = (rules or workload.rules).evaluate
    for begin in range(0, rounds, 100):
        for place, record in enumerate(workload.records(100)):
            yield partial(evaluate, record), other(begin + place)


def engine_rows(make: Callable[[], Workload], rounds: int, target: float | None) -> list[Row]:
    """Against the bare loop, and for information the plain engine against it."""
    workload = make()
    loop, asserts, fired = bare_loop(make)
    plain = Rules(workload.rules.spec, workload.rules.ruleset, workload.rules.plan, (), engine="plain")
    what = f"{workload.name}: {{}} / bare loop ({asserts} asserts, {fired} rules fired)"
    return [
        compared(what.format("durable"), target, paired(workload, rounds, lambda _: loop)),
        compared(what.format("plain"), None, paired(workload, rounds, lambda _: loop, plain)),
    ]


def peer_rows(workload: Workload, rubric: peers.Rubric, rounds: int) -> list[Row]:
    """Against zen-engine and rule-engine, answers compared first."""
    records = workload.records(len(workload.data))
    inputs = [rubric.inputs(record) for record in records]
    engines = {
        "zen-engine, tables": peers.zen_tables(rubric),
        "zen-engine, expressions": peers.zen_expressions(rubric),
        "rule-engine": peers.rule_engine(rubric, inputs[0]),
    }
    for record, values in zip(records, inputs, strict=True):
        expected = peers.ours(workload.rules.evaluate(record))
        for name, evaluate in engines.items():
            found = peers.answer(rubric, evaluate(values))
            if found != expected:
                raise SystemExit(f"{workload.name}: {name} answers\n{found}\nand we\n{expected}")
    rows = []
    for name, evaluate in engines.items():
        other = lambda number, evaluate=evaluate: partial(evaluate, inputs[number % len(inputs)])
        rows.append(compared(f"{workload.name}: durable / {name}", PEER, paired(workload, rounds, other)))
    return rows


def import_row(rounds: int) -> Row:
    """Two fresh interpreters for each pair; what an empty one takes is not counted."""

    def run(code: str) -> float:
        program = f"import time; t = time.perf_counter_ns()\n{code}\nprint((time.perf_counter_ns() - t) / 1000)"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        return float(done.stdout)

    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(run("import indicator_rules"))
        theirs.append(run(BESIDE))
    ratio = statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))
    return Row(f"import indicator_rules / {BESIDE}", statistics.median(ours), statistics.median(theirs), ratio, IMPORT)


def unwanted_modules() -> list[str]:
    """Of those that importing the library must not load, the ones it does."""
    code = f"import indicator_rules, sys, json; print(json.dumps([n for n in {UNWANTED!r} if n in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def memory_growth(workload: Workload, number: int) -> float:
    """Megabytes that the process grows by in `number` evaluations, after as many as a tenth of them."""
    records: list[EvaluationRecord] = workload.records(50)

    def run(times: int) -> None:
        for place in range(times):
            workload.rules.evaluate(records[place % len(records)])

    run(number // 10)
    gc.collect()
    before = _resident()
    run(number)
    gc.collect()
    return _resident() - before


def _resident() -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="fewer rounds; memory over 20,000 evaluations")
    arguments.add_argument("--json", action="store_true", help="print JSON")
    given = arguments.parse_args()
    rounds, imports, evaluations = (600, 7, 20_000) if given.quick else (3000, 21, 100_000)
    zhanjiang = workloads.zhanjiang()
    growth = memory_growth(zhanjiang, evaluations)
    rows = [*engine_rows(workloads.zhanjiang, rounds, BARE), *engine_rows(workloads.bands, rounds, None)]
    missing = [name for name in ("zen", "rule_engine") if importlib.util.find_spec(name) is None]
    if not missing:
        bands = workloads.bands()
        rows += peer_rows(zhanjiang, peers.zhanjiang_rubric(zhanjiang), rounds // 2)
        rows += peer_rows(bands, peers.bands_rubric(), rounds // 2)
    rows.append(import_row(imports))
    unwanted = unwanted_modules()
    report(rows, growth, evaluations, unwanted, missing, as_json=given.json)
    return 1 if any(row.missed for row in rows) or growth > GROWTH_MB or unwanted else 0


def report(rows: list[Row], growth: float, evaluations: int, unwanted: list[str], missing: list[str], *, as_json: bool) -> None:
    """What was found, as a table or as JSON."""
    if as_json:
        memory: dict[str, Any] = {"evaluations": evaluations, "megabytes": growth}
        print(json.dumps({"rows": [row._asdict() for row in rows], "memory": memory, "unwanted": unwanted}, ensure_ascii=False))
        return
    print(f"{'':78} {'ours us':>9} {'theirs us':>9} {'ratio':>6}  target")
    for row in rows:
        goal = "" if row.target is None else f"<= {row.target}{'  MISSED' if row.missed else ''}"
        print(f"{row.what:78} {row.ours:9.0f} {row.theirs:9.0f} {row.ratio:6.2f}  {goal}")
    flag = "  MISSED" if growth > GROWTH_MB else ""
    print(f"memory over {evaluations} evaluations: {growth:+.2f} MB (at most {GROWTH_MB}){flag}")
    print(f"modules that `import indicator_rules` must not load: {', '.join(unwanted) or 'none loaded'}")
    if missing:
        print(f"not compared, not installed: {', '.join(missing)} (pip install '.[bench]')")


if __name__ == "__main__":
    sys.exit(main())
