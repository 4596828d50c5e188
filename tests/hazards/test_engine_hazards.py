"""What crashes, hangs or misleads durable-rules, driven through our engine, each in a process of its own.

A script that dies by a signal, hangs, or prints anything but `ok` fails its test.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("durable_rules_engine") is None,
    reason="durable-rules is not installed here: there is no C engine whose hazards could be tried",
)

PRELUDE = """
import gc, os, random, resource, signal, sys, threading, time
from fractions import Fraction
from indicator_rules import durable_engine
from indicator_rules.durable_engine import DurableEngine
from indicator_rules.engine import PlainEngine
from indicator_rules.errors import EvaluationError

SLOTS = 25
CUTS = (Fraction(9, 10), Fraction(4, 5), Fraction(3, 5))

def bands(slots=SLOTS):
    high, middle, low = CUTS
    for slot in range(slots):
        yield ((slot, ">=", high),)
        yield ((slot, ">=", middle), (slot, "<", high))
        yield ((slot, ">=", low), (slot, "<", middle))
        yield ((slot, "<", low),)

def records(seed, count, slots=SLOTS):
    rng = random.Random(seed)
    choices = [None, 0, 1, *CUTS, *(cut - Fraction(1, 10**9) for cut in CUTS), Fraction(2, 3)]
    return [[rng.choice(choices) for _ in range(slots)] for _ in range(count)]

RULES = list(bands())
MATCHER = DurableEngine().prepare(SLOTS, RULES)
PLAIN = PlainEngine().prepare(SLOTS, RULES)
RECORDS = records(1, 60)
EXPECTED = [PLAIN.match(record) for record in RECORDS]

def wrong(count, matcher=MATCHER):
    size = len(RECORDS)
    return sum(sorted(matcher.match(RECORDS[i % size])) != EXPECTED[i % size] for i in range(count))

def memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
"""


def survives(script: str, timeout: float = 60) -> None:
    ran = subprocess.run([sys.executable, "-c", PRELUDE + script], capture_output=True, text=True, timeout=timeout, check=False)
    assert (ran.returncode, ran.stdout.strip()) == (0, "ok"), f"exit {ran.returncode}: {ran.stdout[-500:]}\n{ran.stderr[-2000:]}"


def test_eight_threads_share_one_matcher() -> None:
    survives("""
sys.setswitchinterval(1e-5)
faults = []
threads = [threading.Thread(target=lambda: faults.append(wrong(3_000))) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert faults == [0] * 8, faults
print("ok")
""")


def test_threads_that_come_and_go_leave_no_sessions_behind() -> None:
    survives("""
faults = []
for _ in range(20):
    threads = [threading.Thread(target=lambda: faults.append(wrong(2))) for _ in range(100)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
assert faults == [0] * 2_000, sum(faults)
assert all(len(part._copies) <= 2 for part in MATCHER._parts)
print("ok")
""")


def test_more_callers_at_once_than_an_engine_ruleset_has_sessions() -> None:
    survives("""
durable_engine.MOST_SESSIONS = 2
matcher = DurableEngine().prepare(SLOTS, RULES)
part = matcher._parts[0]
held = [part._idle.pop()] + [part._open() for _ in range(9)]
assert len(part._copies) == 5
assert wrong(60, matcher) == 0
part._idle.extend(held)
assert wrong(60, matcher) == 0
print("ok")
""")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_goes_on_matching_while_the_parent_does() -> None:
    survives("""
import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # fork beside threads is what is tried here
stop = False
def busy():
    while not stop: wrong(5)
threads = [threading.Thread(target=busy) for _ in range(3)]
for thread in threads: thread.start()
codes = []
for _ in range(12):
    child = os.fork()
    if not child:
        fresh = DurableEngine().prepare(SLOTS, RULES)
        bad = wrong(120) + wrong(60, fresh)
        del fresh
        os._exit(1 if bad else 0)
    bad = wrong(60)
    codes.append((os.waitpid(child, 0)[1], bad))
stop = True
for thread in threads: thread.join()
assert codes == [(0, 0)] * 12, codes
print("ok")
""")


def test_a_spawned_child_prepares_and_matches_for_itself(tmp_path: Path) -> None:
    path = tmp_path / "spawned.py"
    main = """
import multiprocessing

if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.map(wrong, [60, 60]) == [0, 0]
    print("ok")
"""
    path.write_text(PRELUDE + main, encoding="utf-8")
    ran = subprocess.run([sys.executable, path], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout.strip()) == (0, "ok"), ran.stderr[-2000:]


def test_the_interpreter_exits_while_daemon_threads_match() -> None:
    for _ in range(3):
        survives("""
def busy():
    matcher = DurableEngine().prepare(SLOTS, RULES)
    while True:
        wrong(5)
        wrong(5, matcher)
for _ in range(4): threading.Thread(target=busy, daemon=True).start()
time.sleep(0.15)
print("ok", flush=True)
""")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="interval timers are a POSIX thing")
def test_answers_stay_right_when_interrupts_strike_anywhere() -> None:
    survives("""
def strike(*_): raise KeyboardInterrupt
signal.signal(signal.SIGALRM, strike)
rng = random.Random(5)
struck = 0
for turn in range(1_500):
    try:
        signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-5, 6e-4))
        for record in RECORDS: MATCHER.match(record)
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        struck += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    assert sorted(MATCHER.match(RECORDS[turn % 60])) == EXPECTED[turn % 60]
assert struck > 1_000, struck
assert all(len(part._copies) < 4 for part in MATCHER._parts), [len(part._copies) for part in MATCHER._parts]
assert wrong(120) == 0
del MATCHER
gc.collect()
assert wrong(60, DurableEngine().prepare(SLOTS, RULES)) == 0
print("ok")
""")


@pytest.mark.parametrize("call", ["tell", "start", "proceed", "forget"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_exception_at_any_step_costs_one_answer_and_no_memory(call: str, moment: str) -> None:
    survives(f"""
import dataclasses
part = MATCHER._parts[0]
grown = []
for turn in range(300):
    session = part._idle.pop()
    real = getattr(session, {call!r})
    def fails(*arguments):
        if {moment!r} == "after": real(*arguments)
        raise RuntimeError("in the middle")
    part._idle.append(dataclasses.replace(session, {call}=fails))
    try:
        MATCHER.match(RECORDS[turn % 60])
        raise SystemExit("no exception came through")
    except RuntimeError:
        pass
    assert sorted(MATCHER.match(RECORDS[turn % 60])) == EXPECTED[turn % 60]
    grown.append(memory())
assert len(part._copies) == 1 and len(part._idle) == 1
assert grown[-1] - grown[20] < 8_000, (grown[20], grown[-1])
print("ok")
""")


def test_an_engine_that_loses_its_sentinel_or_fails_is_a_loud_error() -> None:
    survives("""
import dataclasses
part = MATCHER._parts[0]
def failing(): raise durable_engine._library.error("303")
for change in ({"start": lambda: None}, {"proceed": lambda: None}, {"start": failing}, {"proceed": lambda: '{"a":{"m":1}}'}):
    part._idle.append(dataclasses.replace(part._idle.pop(), **change))
    try:
        MATCHER.match(RECORDS[0])
        raise SystemExit("no error")
    except EvaluationError:
        pass
    assert wrong(60) == 0
print("ok")
""")


def test_matchers_that_are_dropped_give_their_memory_back() -> None:
    survives("""
rules = list(bands(15))
record = [1] * 15
sizes = []
for turn in range(1_500):
    matcher = DurableEngine().prepare(15, rules)
    assert len(matcher.match(record)) == 15
    if turn % 2: matcher.match([None] * 15)
    del matcher
    sizes.append(memory())
assert sizes[-1] - sizes[150] < 8_000, (sizes[150], sizes[-1])
assert wrong(60) == 0
print("ok")
""")


def test_a_long_run_of_matches_keeps_memory_flat() -> None:
    survives("""
assert wrong(2_000) == 0
before = memory()
assert wrong(30_000) == 0
assert memory() - before < 4_000, memory() - before
print("ok")
""")


def test_matchers_dropped_in_threads_while_others_match() -> None:
    survives("""
sys.setswitchinterval(1e-5)
faults = []
def churn():
    for _ in range(60):
        matcher = DurableEngine().prepare(SLOTS, RULES)
        faults.append(wrong(3, matcher))
threads = [threading.Thread(target=churn) for _ in range(4)] + [
    threading.Thread(target=lambda: faults.append(wrong(1_500))) for _ in range(2)
]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert not any(faults), faults
print("ok")
""")
