"""What crashes, hangs or misleads durable-rules 2.0.28, tried through the public API: refused with a problem, or answered as the plain engine does.

Ids are those of docs/decisions/0002-hazards-of-durable-rules.md. Each script runs in a process that is not this one: all in a row in one process, and those that it did
not come to (it crashed, hung) once more, each in its own. What needs threads, forks or signals is in `test_public_processes`; the fence itself
is tried from inside in `test_engine_hazards`.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("durable_rules_engine") is None,
    reason="durable-rules is not installed here: there is no C engine whose hazards could be tried",
)

PRELUDE = '''
import copy, datetime, decimal, gc, locale, sys, tempfile, threading, time, traceback
from pathlib import Path
import indicator_rules as ir

HEAD = {"family": "own", "edition": "1", "title": "t", "applies": {"years": {"from": 1990}}, "status": "example"}
GRADES = [{"label": "A", "at_least": 90}, {"label": "B"}]
KINDS = {"x": "number", "y": "number", "z": "number", "t": "text", "ok": "yes-no", "d": "date", "n": "count", "m": "amount"}

def ruleset(criteria, inputs=None, measures=None, **more):
    """Each criterion has weight 1 unless it says another; inputs as in KINDS."""
    criteria = {name: {"label": name, "weight": 1, **one} for name, one in criteria.items()}
    asked = {name: {"label": name, "type": kind} for name, kind in (KINDS if inputs is None else inputs).items()}
    named = {name: {"label": name, "value": value} for name, value in (measures or {}).items()}
    full = sum(one["weight"] for one in criteria.values())
    return {"schema": 1, "ruleset": {**HEAD, "full_score": full}, "inputs": asked, "measures": named, "criteria": criteria, "grades": GRADES, **more}

def when(condition, **more):
    return {"scale": {"kind": "first_match", "rows": [{"when": condition, "award": "100%"}, {"award": "0%"}]}, **more}

def bands(measure, *cuts, **more):
    rows = [{"at_least": cut, "award": f"{100 - place}%"} for place, cut in enumerate(cuts)]
    return {"measure": measure, "scale": {"kind": "bands", "bands": [*rows, {"award": "0%"}]}, **more}

def record(answers=None, **more):
    return {"subject": {"name": "s", "kind": "project", "year": 2023}, "answers": answers or {}, **more}

def made(data):
    return ir.Rules.from_data(data, engine="durable-rules"), ir.Rules.from_data(data, engine="plain")

def outcome(rules, given):
    try:
        result = rules.evaluate(given)
    except ir.RecordError as error:
        return sorted({problem.code for problem in error.problems})
    return {one.id: (str(one.points), one.row) for one in result.criteria}

def same(rules, *records):
    """What comes out of each record; durable-rules has to give what the plain engine does."""
    found = [outcome(rules[0], one) for one in records]
    assert rules[0].engine == "durable-rules" and found == [outcome(rules[1], one) for one in records], found
    return found

def points(rules, *records):
    return [{name: got[0] for name, got in one.items()} if isinstance(one, dict) else one for one in same(rules, *records)]

def codes(data):
    return {problem.code for problem in ir.check(data) if problem.severity == "error"}
'''

HAZARDS = {
    "H1 a session is dropped in which no rule fired": """
rules = made(ruleset({"a": bands("x", 3, 2, 1)}))
assert same(rules, record()) == [["value-absent"]]
del rules; gc.collect()
assert points(made(ruleset({"a": bands("x", 3)})), record({"x": 3}), record()) == [{"a": "1"}, ["value-absent"]]
""",
    "H2 division by zero": """
rules = made(ruleset({"a": bands("q", "90%")}, measures={"q": "x / y"}))
assert same(rules, record({"x": 95, "y": 0}), record({"x": "95.0", "y": "0.0"}), record({"x": 0, "y": 0})) == [["value-absent"]] * 3
assert points(rules, record({"x": -10**14, "y": -1}), record({"x": 95, "y": 100})) == [{"a": "1"}, {"a": "1"}]
assert same(made(ruleset({"a": bands("x / 0", "90%")})), record({"x": 1})) == [["value-absent"]]
""",
    "H3 512 first-conditions in one ruleset": """
rules = made(ruleset({f"c{i}": bands(f"x{i}", *range(9, 0, -1)) for i in range(60)}, {f"x{i}": "number" for i in range(60)}))
answers = {f"x{i}": i % 11 for i in range(60)}
(found,) = same(rules, record(answers))
assert len(found) == 60 and found["c10"][1] == "band_1"
""",
    "H4 names and conditions that mean the engine's own facts": """
names = ("sid", "id", "s", "state", "exception", "m", "all", "any", "run", "pri", "count", "c", "a", "f")
data = ruleset({name: when(f"not present({name})") if place % 2 else when(f"inputs.{name} = 1") for place, name in enumerate(names)}, dict.fromkeys(names, "number"))
problems = codes(data)
assert not problems, problems
given = record(dict.fromkeys(names, 1))
(found,) = points(made(data), given)
assert found == {name: "0" if place % 2 else "1" for place, name in enumerate(names)}, found
assert codes(ruleset({"a": when("")})) and codes(ruleset({"a": {"scale": {"kind": "first_match", "rows": []}}}))
""",
    "H5 L303 more than 64 conditions true of one record": """
data = ruleset({f"c{i}": {"scale": {"kind": "checklist", "items": [{"id": f"i{k}", "label": "i", "when": f"x >= {-k}"} for k in range(9)]}, "weight": 9} for i in range(40)})
(found,) = points(made(data), record({"x": 100}))
assert set(found.values()) == {"9"}
(found,) = points(made(data), record({"x": -4}))
assert set(found.values()) == {"5"}
""",
    "H6 no host, no timer threads": """
rules = made(ruleset({"a": bands("x", 3)}))
same(rules, record({"x": 3}))
assert threading.enumerate() == [threading.main_thread()]
assert not [name for name in sys.modules if name == "durable" or name.startswith("durable.")]
""",
    "H8 L314 texts of megabytes and deep nesting": """
rules = made(ruleset({"a": when("t = 'k'")}))
long = "k" * (9 * 2**20)
subject = {"name": long, "kind": "project", "year": 2023}
assert isinstance(same(rules, {**record({"t": "k"}), "subject": subject})[0], list)
for given in (record({"t": long}), record({long: "k"}), record({"t": "k"}, indicators=[{"id": long, "category": "output.quantity", "name": "n"}])):
    (found,) = same(rules, given)
    assert isinstance(found, list) and found, found
deep = "k"
for _ in range(50_000): deep = [deep]
(found,) = same(rules, record({"t": deep}))
assert isinstance(found, list)
del found
deep = None
assert codes(ruleset({"a": when("t = '" + long + "'")}))
assert codes(ruleset({"a": when("(" * 50_000 + "x = 1" + ")" * 50_000)}))
""",
    "H9 W2 L304 L113 many conditions over the same value": """
data = ruleset({f"c{i}": when(" and ".join(f"x >= {k}" for k in range(i % 8 + 1))) for i in range(60)})
(found,) = points(made(data), record({"x": 3}))
assert found == {f"c{i}": "1" if i % 8 <= 3 else "0" for i in range(60)}
assert "condition-too-complex" in codes(ruleset({"a": when(" and ".join(f"x >= {k}" for k in range(40)))}))
assert codes(ruleset({"a": when(" or ".join(f"x = {k}" for k in range(200)))}))
""",
    "W1 a condition on an absent value after a true one": """
rules = made(ruleset({"t": when("x >= 1"), "r": when("x > y"), "s": when("x > y or x >= 5")}))
assert points(rules, record({"x": 5, "y": 4})) == [{"t": "1", "r": "1", "s": "1"}]
assert same(rules, record({"x": 5})) == [["value-absent"]]
rules = made(ruleset({"t": when("x >= 1"), "s": when("x > y or x >= 5")}))
assert points(rules, record({"x": 5})) == [{"t": "1", "s": "1"}]
""",
    "W2 `or` counts once": """
rules = made(ruleset({"a": when("x > 1 or x > 2 or x > 3"), "b": {"weight": 3, "scale": {"kind": "checklist", "items": [
    {"id": "i", "label": "i", "award": 1, "when": "x > 1 or x > 2"}, {"id": "j", "label": "j", "award": 2, "when": "x > 9 or y > 9"}]}}}))
assert points(rules, record({"x": 4, "y": 0})) == [{"a": "1", "b": "1"}]
""",
    "W3 both ends of a range count": """
rules = made(ruleset({"a": when("0.6 <= x < 0.8"), "b": when("x >= 1 and y >= 2")}))
assert points(rules, record({"x": 0.95, "y": 0}), record({"x": 0.6, "y": 0}), record({"x": 1, "y": 1})) == [{"a": "0", "b": "0"}, {"a": "1", "b": "0"}, {"a": "0", "b": "0"}]
""",
    "W4 divisions do not truncate": """
rules = made(ruleset({"a": bands("budget.spent / budget.initial", "90%"), "b": bands("x / y", "66.66%")}))
money = {"unit": "元", "initial": 100, "spent": 95}
assert points(rules, record({"x": 2, "y": 3}, budget=money)) == [{"a": "1", "b": "1"}]
""",
    "W5 a name that nothing has": """
assert codes(ruleset({"a": when("zz >= 1")})) and codes(ruleset({"a": bands("x.zz", 1)})) and codes(ruleset({"a": {**when("x = 1"), "measure": "m.k"}}))
""",
    "W6 not a number": """
rules = made(ruleset({"a": when("x >= 0"), "b": when("x != 5")}))
nan = [float("nan"), float("inf"), float("-inf"), decimal.Decimal("NaN"), decimal.Decimal("sNaN"), "nan", "inf"]
assert all(isinstance(found, list) for found in same(rules, *(record({"x": value}) for value in nan)))
folder = Path(tempfile.mkdtemp())
for name, text in (("r.toml", "[subject]\\nname='a'\\nkind='project'\\nyear=2023\\n[answers]\\nx = nan\\n"), ("r.json", '{"subject":{"name":"a","kind":"project","year":2023},"answers":{"x":NaN}}')):
    (folder / name).write_text(text)
    (found,) = same(rules, folder / name)
    assert isinstance(found, list)
assert codes(ruleset({"a": bands("x", float("nan"))}))
""",
    "W7 null": """
rules = made(ruleset({"a": when("x != 5"), "b": when("not present(x)")}))
for given in (record({"x": None}), record()):
    (found,) = same(rules, given)
    assert isinstance(found, list), found
assert points(made(ruleset({"b": when("not present(x)")})), record()) == [{"b": "1"}]
""",
    "W8 texts and truths for numbers": """
rules = made(ruleset({"a": when("x >= 5")}))
assert points(rules, record({"x": "10"}), record({"x": "4"})) == [{"a": "1"}, {"a": "0"}]
for value in ("", "abc", True, False, "true", [], {}, b"7"):
    (found,) = same(rules, record({"x": value}))
    assert isinstance(found, list), (value, found)
rules = made(ruleset({"a": when("ok")}))
assert isinstance(same(rules, record({"ok": "perhaps"}))[0], list) and isinstance(same(rules, record({"ok": 1}))[0], list)
""",
    "W9 W10 texts are equal or not, and have no order": """
rules = made(ruleset({"a": when("t = 'ab'"), "b": when("t != 'ab!'"), "c": when("t in ('ab', 'ab c')")}))
want = {"ab": "111", "ab!": "000", "ab c": "011", "AB": "010", "a": "010", "\\u00e1": "010", "a\\u0301": "010"}
for text, marks in want.items():
    assert points(rules, record({"t": text})) == [dict(zip("abc", marks))], text
assert codes(ruleset({"a": when("t < 'ab'")}))
long = "x" * 65_536
assert all(isinstance(found, list) or found["a"][0] == "0" for found in same(rules, record({"t": long}), record({"t": long + "y"})))
""",
    "W11 W12 L204 large, tiny and precise numbers": """
cuts = (10**15 - 1, 10**14, 10**10, "0.000001", 0, -(10**14), 1 - 10**15)
rules = made(ruleset({"a": {"measure": "x", "scale": {"kind": "bands", "bands": [
    *({"at_least": decimal.Decimal(cut), "award": f"{100 - 10 * place}%"} for place, cut in enumerate(cuts)), {"award": "0%"}]}}}))
for cut in (2**53 + 1, 2**63, 2**70, 10**30): assert codes(ruleset({"a": bands("x", cut)}))
values = [decimal.Decimal(cut) for cut in cuts]
found = same(rules, *(record({"x": value}) for value in values))
assert [one["a"][1] for one in found] == [f"band_{place + 1}" for place in range(len(cuts))], found
found = same(rules, *(record({"x": value - decimal.Decimal("0.0000001")}) for value in values[:-1]))
assert [one["a"][1] for one in found] == [f"band_{place + 2}" for place in range(len(cuts) - 1)], found
odd = [1e-05, 1e16, 5e-324, 1e300, -1e300, 10**30, -(10**30), 2**63, 2**64, 10**400, decimal.Decimal("1e-30"), decimal.Decimal("1E+5")]
same(rules, *(record({"x": value}) for value in odd))
rules = made(ruleset({"a": when("x * y >= 10000000000 * 10000000000"), "b": when("x * y + 1 > 10000000000 * 10000000000")}))
assert points(rules, record({"x": 10**10, "y": 10**10}), record({"x": 10**10 - 1, "y": 10**10})) == [{"a": "1", "b": "1"}, {"a": "0", "b": "0"}]
""",
    "W13 lists of none and of several": """
entry = lambda i, actual: {"id": f"i{i}", "category": "output.quantity", "name": "n", "target": "10", "actual": actual}
rules = made(ruleset({"a": when("count(entries('output.quantity') where completion < 1) = 0"), "b": when("count(entries('output.quantity')) >= 2")}))
some = [entry(1, "10"), entry(2, "9")]
assert points(rules, record(), record(indicators=some), record(indicators=some[:1])) == [{"a": "1", "b": "0"}, {"a": "0", "b": "1"}, {"a": "1", "b": "0"}]
""",
    "W14 1, 1.0 and 1.00 are one number": """
rules = made(ruleset({"a": when("x = y"), "b": when("x = 1")}))
ones = [1, 1.0, decimal.Decimal("1.00"), "1", "100%"]
assert points(rules, *(record({"x": x, "y": y}) for x in ones for y in ones)) == [{"a": "1", "b": "1"}] * 25
assert points(rules, record({"x": decimal.Decimal("1.0000000001"), "y": 1})) == [{"a": "0", "b": "0"}]
""",
    "W15 names whose hashes collide": """
rules = made(ruleset({"a": bands("f6059", 1), "b": bands("f264602", 1)}, {"f6059": "number", "f264602": "number"}))
assert same(rules, record({"f264602": 1})) == [["value-absent"]]
assert points(rules, record({"f264602": 1, "f6059": 0})) == [{"a": "0", "b": "1"}]
""",
    "W16 W17 W26 subjects, ids and dotted names that the engine would take for one": """
rules = made(ruleset({"a": bands("x", 2, 1), "b": when("ok")}))
def one(name, x): return {**record({"x": x, "ok": True}), "subject": {"name": name, "kind": "project", "year": 2023}}
names = ("2024-P78638", "2024-P353702", "0", "", 'a"b', "a\\\\b", "a\\nb", "True")
records = [one(name, x) for x in (2, 0, 1, 2) for name in names]
found = same(rules, *records)
assert [entry["a"][1] for entry in found if isinstance(entry, dict)].count("band_1") == 2 * sum(isinstance(entry, dict) for entry in found[:8])
same(rules, *([one("s", 2), one("s", None), one("s", 0)] * 3))
assert points(rules, one("s", 0), one("s", 2), one("s", 2)) == [{"a": "0", "b": "1"}, {"a": "1", "b": "1"}, {"a": "1", "b": "1"}]
assert isinstance(same(rules, record({"x": {"y": 1}, "x.y": 2, "ok": True}))[0], list)
""",
    "W18 W20 no code of a user's own is ever run": """
for run in (lambda c: 1, "print(1)", print):
    assert codes({**ruleset({"a": when("x = 1")}), "run": run}) and codes(ruleset({"a": {**when("x = 1"), "run": run}}))
assert codes(ruleset({"a": when("__import__('os').system('true')")})) and codes(ruleset({"a": when("x.__class__ = 1")}))
""",
    "W19 the clock jumps": """
rules = made(ruleset({"a": bands("x", 2, 1), "b": when("ok")}))
real, turn = time.time, [0]
def jumping(): turn[0] += 1; return real() + 3_600 * turn[0] * (-1) ** turn[0]
time.time = jumping
for _ in range(200):
    assert points(rules, record({"x": 2, "ok": True}), record({"x": 0, "ok": False})) == [{"a": "1", "b": "1"}, {"a": "0", "b": "0"}]
""",
    "W21 data that rules are made of stays as it was": """
data = ruleset({"a": bands("x", 2, 1), "b": when("ok")})
before, given = copy.deepcopy(data), record({"x": 2, "ok": True})
for _ in range(3): assert points(made(data), given) == [{"a": "1", "b": "1"}]
assert data == before and given == record({"x": 2, "ok": True})
""",
    "W22 one bad record among many": """
rules = made(ruleset({"a": bands("x", 2, 1)}))
for one in rules:
    found = list(one.evaluate_all([record({"x": 2}), record({"x": "?"}), record(), record({"x": 0})]))
    assert [type(entry).__name__ for entry in found] == ["Evaluation", "RecordError", "RecordError", "Evaluation"]
""",
    "W23 L108 300 conditions that are the same": """
items = [{"id": f"i{k}", "label": "i", "award": 1, "when": "x >= 1"} for k in range(30)]
data = ruleset({f"c{i}": {"weight": 30, "scale": {"kind": "checklist", "items": items}} for i in range(20)})
(found,) = points(made(data), record({"x": 1}))
assert set(found.values()) == {"30"} and len(found) == 20
""",
    "W24 the topmost row wins, however many": """
rows = [{"when": f"x >= {k}", "award": f"{k}%"} for k in range(58, -1, -1)]
rules = made(ruleset({"a": {"weight": 100, "scale": {"kind": "first_match", "rows": [*rows, {"award": "0%"}]}}}))
assert points(rules, *(record({"x": k}) for k in (58, 57, 31, 1, 0, -1))) == [{"a": str(k)} for k in (58, 57, 31, 1, 0, 0)]
""",
    "W25 empty and garbled rules": """
for scale in ({}, {"kind": "bands", "bands": []}, {"kind": "checklist", "items": []}, {"kind": "first_match", "rows": []}, {"kind": "levels", "levels": []}, {"kind": "parts", "parts": []}, {"all": []}, {"$or": []}):
    assert codes(ruleset({"a": {"scale": scale}})), scale
for text in ("(x", "x and", "and", "()", "$or", "x >= 1 y >= 2", "x = = 1", "'", "matches(t, '(a')"):
    assert codes(ruleset({"a": when(text)})), text
assert codes({}) and codes(ruleset({})) and codes({**ruleset({"a": when("x = 1")}), "$or": []})
""",
    "L302 300 properties in one record": """
inputs = {f"x{i}": "number" for i in range(300)}
data = ruleset({f"c{i}": {"weight": 2, "scale": {"kind": "checklist", "items": [{"id": "i", "label": "i", "when": f"x{2 * i} >= 1"}, {"id": "j", "label": "j", "when": f"x{2 * i + 1} >= 1"}]}} for i in range(150)}, inputs)
(found,) = points(made(data), record({name: place % 2 for place, name in enumerate(inputs)}))
assert set(found.values()) == {"1"} and len(found) == 150
""",
    "L1024 L309 thousands of subjects": """
rules = made(ruleset({"a": bands("x", 2, 1)}))
for turn in range(3_000):
    given = {**record({"x": turn % 3}), "subject": {"name": f'"subject\\\\{turn}', "kind": "project", "year": 2023}}
    assert str(rules[0].evaluate(given)["a"].row) == ("band_3", "band_2", "band_1")[turn % 3]
""",
    "L Decimal, dates and half characters": """
rules = made(ruleset({"a": when("d <= date(2023, 11, 30)"), "b": when("t = 'k'")}))
want = [{"a": "1", "b": "1"}, {"a": "0", "b": "1"}]
assert points(rules, record({"d": datetime.date(2023, 11, 30), "t": "k"}), record({"d": "2023-12-01", "t": "k"})) == want
assert isinstance(same(rules, record({"d": datetime.date(2023, 11, 30), "t": "\\ud800"}))[0], list)
assert isinstance(same(rules, record({"d": object(), "t": "k"}))[0], list)
""",
    "L locales with a decimal comma": """
for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "C.UTF-8"):
    try:
        locale.setlocale(locale.LC_ALL, name)
    except locale.Error:
        continue
    rules = made(ruleset({"a": bands("x", decimal.Decimal("0.9"))}))
    assert points(rules, record({"x": 0.9}), record({"x": decimal.Decimal("0.89999")})) == [{"a": "1"}, {"a": "0"}]
""",
    "the largest ruleset runs and the next larger one is a problem": """
from indicator_rules.spec_fields import (MOST_CRITERIA, MOST_ROWS)
inputs = {f"x{i}": "number" for i in range(MOST_CRITERIA)}
def large(criteria, rows): return ruleset({f"c{i}": {"weight": 60, "scale": {"kind": "checklist", "items": [{"id": f"i{k}", "label": "i", "award": 1, "when": f"x{i} >= {k}"} for k in range(rows)]}} for i in range(criteria)}, {name: inputs[name] for name in list(inputs)[:criteria]} if criteria <= MOST_CRITERIA else inputs)
assert codes(large(MOST_CRITERIA + 1, 1)) and codes(large(1, MOST_ROWS + 1))
data = large(MOST_CRITERIA, MOST_ROWS)
assert not codes(data)
(found,) = points(made(data), record({f"x{i}": i % 70 for i in range(MOST_CRITERIA)}))
assert found == {f"c{i}": str(min(i % 70 + 1, 60)) for i in range(MOST_CRITERIA)}
""",
}


EACH = """
    try:
        exec(compile(script, name, "exec"), dict(globals()))
        print("came through:", name, flush=True)
    except Exception:
        traceback.print_exc()
"""


def ran(names: list[str], timeout: float) -> tuple[set[str], str]:
    """The scripts that came through, and what the process said."""
    scripts = {name: HAZARDS[name] for name in names}
    command = [sys.executable, "-c", f"{PRELUDE}\nfor name, script in {scripts!r}.items():{EACH}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
        said, out = f"exit {done.returncode}\n{done.stderr[-3000:]}", done.stdout
    except subprocess.TimeoutExpired as late:
        said, out = "hangs", (late.stdout or b"").decode(errors="replace")
    return {name for name in names if f"came through: {name}\n" in out}, said


@pytest.fixture(scope="module")
def together() -> set[str]:
    """The scripts that came through in one process, up to the first that did not."""
    return ran(list(HAZARDS), 300)[0]


@pytest.mark.parametrize("name", HAZARDS)
def test_a_hazard_is_refused_or_answered_right(name: str, together: set[str]) -> None:
    if name not in together:
        came_through, said = ran([name], 120)
        assert came_through, said
