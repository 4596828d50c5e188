"""The library as it is used from Python: loading, scoring one and many, inputs, threads and processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import indicator_rules as ir

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "zhanjiang-2023.toml"
RULESET = ROOT / "rulesets" / "zhanjiang-etdz-project" / "2023.toml"
SMALL = """
schema = 1
[ruleset]
family = "small"
edition = "1"
title = "小"
applies = { years = [2023] }
status = "example"
[inputs.approved]
label = "立项规范"
type = "yes-no"
[criteria.approval]
label = "立项规范性"
weight = 40
scale = { kind = "checklist", items = [{ id = "a", label = "立项规范", when = "立项规范" }] }
[criteria.execution]
label = "预算执行率"
weight = 60
measure = "实际支出 / 全年预算数"
scale = { kind = "proportional" }
[[grades]]
label = "优"
at_least = 90
[[grades]]
label = "差"
"""


def record(**changes: Any) -> dict[str, Any]:
    budget = {"unit": "万元", "adjusted": 3, "spent": 1} | changes.pop("budget", {})
    return {"subject": {"name": "x", "kind": "project", "year": 2023}, "budget": budget, "answers": {"approved": True}} | changes


def test_a_ruleset_loads_from_a_name_a_path_a_text_and_plain_data() -> None:
    import tomli

    assert ir.load("zhanjiang-etdz-project", year=2023).name == "zhanjiang-etdz-project@2023"
    assert ir.load("zhanjiang-etdz-project@2023").name == ir.load(str(RULESET)).name == ir.load(RULESET).name
    assert ir.load(SMALL).name == ir.Rules.from_data(tomli.loads(SMALL, parse_float=Decimal)).name == "small@1"


def test_the_example_of_the_project_scores_as_published() -> None:
    result = ir.load("zhanjiang-etdz-project", year=2023).evaluate(EXAMPLE)
    assert (result.total, result.grade) == (Decimal("99.3"), "优")
    assert result["quantity"].points == Decimal("9.26")
    assert [loss.id for loss in result.losses] == ["quantity"]
    assert len(result.criteria) == 19
    told = {f"{finding.code}:{finding.subject}" for finding in result.findings}
    assert told >= {
        "unexplained_shortfall:procurements",
        "spent_below_budget:",
        "released_over_received:",
        "satisfaction_without_counts:public_satisfaction",
        "same-text:party_building",
        "same-text:ideological_influence",
    }
    assert result.as_dict()["assumed"]["count"] == len(result.assumed) > 0


def test_a_number_that_no_decimal_equals_stays_exact() -> None:
    result = ir.load(SMALL).evaluate(record())
    assert result["execution"].points == 20
    assert result["execution"].share == Fraction(1, 3)
    assert result.as_dict()["criteria"][1]["share"] == "1/3"


def test_a_record_is_a_path_plain_data_or_a_record() -> None:
    rules = ir.load(SMALL)
    totals = {rules.evaluate(record()).total, rules.evaluate(ir.EvaluationRecord.model_validate(record())).total}
    assert totals == {Decimal(60)}


def test_everything_absent_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "record.toml"
    file.write_text(
        '[subject]\nname = "x"\nkind = "project"\nyear = 2023\n[budget]\nunit = "元"\nadjusted = 0\n', encoding="utf-8"
    )
    with pytest.raises(ir.RecordError) as refused:
        ir.load(SMALL).evaluate(file)
    found = {(problem.code, str(problem.where)) for problem in refused.value.problems}
    assert found == {("value-absent", f"{file}:1:2: answers.approved"), ("value-absent", f"{file}:5:2: budget.spent")} or all(
        code == "value-absent" for code, _ in found
    )
    assert {problem.where.path for problem in refused.value.problems} == {("answers", "approved"), ("budget", "spent")}


def test_absent_is_not_zero() -> None:
    rules = ir.load(SMALL)
    assert rules.evaluate(record(budget={"spent": 0})).total == 40
    with pytest.raises(ir.RecordError):
        rules.evaluate(record(budget={"spent": None}))


def test_many_records_give_a_result_or_their_problems_in_order_and_never_stop(tmp_path: Path) -> None:
    rules = ir.load(SMALL)
    found = list(rules.evaluate_all([record(), {"nonsense": 1}, tmp_path / "none.toml", record(answers={"approved": False})]))
    assert [getattr(one, "total", None) for one in found] == [60, None, None, 20]
    assert [one.problems[0].code for one in found if isinstance(one, ir.RecordError)][1] == "file-not-found"


def test_a_folder_of_records_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        (tmp_path / f"{name}.toml").write_text(
            "broken = " if name == "c" else EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8"
        )
    rules = ir.load("zhanjiang-etdz-project@2023")
    assert list(map(str, rules.evaluate_all([tmp_path, record()])))[:-1] == list(map(str, rules.evaluate_all(tmp_path)))
    found = list(rules.evaluate_all(tmp_path))
    assert [isinstance(one, ir.RecordError) for one in found] == [False, False, True]


def test_inputs_lists_each_field_that_the_ruleset_reads() -> None:
    found = {field.path: field for field in ir.load(SMALL).inputs()}
    assert set(found) == {"answers.approved", "budget.spent", "budget.adjusted"}
    assert found["answers.approved"].type == "yes-no"
    assert found["budget.spent"].read_by == ("execution",)
    assert {"indicators", "answers.approval_basis"} <= {field.path for field in ir.load(RULESET).inputs()}


def test_a_ruleset_with_faults_tells_all_of_them() -> None:
    broken = (
        SMALL.replace("weight = 40", "weight = 41")
        .replace("实际支出", "实际支岀")
        .replace('status = "example"', 'status = "exampel"')
    )
    with pytest.raises(ir.RulesetError) as refused:
        ir.load(broken)
    assert len(refused.value.problems) >= 1
    fewer = SMALL.replace("weight = 40", "weight = 41").replace("实际支出", "实际支岀")
    with pytest.raises(ir.RulesetError) as refused:
        ir.load(fewer)
    assert {problem.code for problem in refused.value.problems} == {"weights-sum", "name-unknown"}
    assert all(problem.where.line for problem in refused.value.problems)


def test_both_engines_give_the_same_json_but_for_their_name() -> None:
    pytest.importorskip("durable_rules_engine", reason="durable-rules is not installed here")
    texts = []
    for engine in ("durable-rules", "plain"):
        result = ir.load(RULESET, engine=engine).evaluate(EXAMPLE)
        data = result.as_dict()
        assert data["provenance"].pop("engine").startswith(engine)
        texts.append(data)
    assert texts[0] == texts[1]


def test_many_threads_share_one_ruleset() -> None:
    rules = ir.load(RULESET)
    read = ir.read_record(EXAMPLE)
    totals: list[Any] = []
    threads = [threading.Thread(target=lambda: totals.extend(rules.evaluate(read).total for _ in range(60))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert totals == [Decimal("99.3")] * 480


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_scores_with_the_parents_ruleset() -> None:
    script = f"""
import os, indicator_rules as ir
rules = ir.load({str(RULESET)!r}); record = ir.read_record({str(EXAMPLE)!r})
rules.evaluate(record)
children = []
for _ in range(4):
    child = os.fork()
    if child == 0:
        os._exit(0 if all(str(rules.evaluate(record).total) == "99.3" for _ in range(50)) else 1)
    children.append(child)
assert all(os.waitpid(child, 0)[1] == 0 for child in children)
assert str(rules.evaluate(record).total) == "99.3"
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_child_forked_while_another_thread_scores_does_not_wait_for_it() -> None:
    """What is worked out when first read must hold no lock meanwhile: the child has a copy of the lock and nobody who would release it."""
    script = f"""
import os, signal, threading, indicator_rules as ir
from indicator_rules import evaluation, record, record_parts
rules = ir.load({str(RULESET)!r}); read = ir.read_record({str(EXAMPLE)!r})
values = [value for owner in (record_parts.Amounts, record_parts.Indicator, record.EvaluationRecord, evaluation.Evaluation) for value in vars(owner).values()]
locks = [value.lock for value in values if getattr(value, "lock", None) is not None]
held, done = threading.Event(), threading.Event()
def hold():
    for lock in locks:
        lock.acquire()
    held.set()
    done.wait()
thread = threading.Thread(target=hold); thread.start(); held.wait()
child = os.fork()
if child == 0:
    signal.alarm(20)
    scored = rules.evaluate(read)
    os._exit(0 if scored.groups and scored.provenance and scored.findings is not None else 1)
status = os.waitpid(child, 0)[1]
done.set()
assert status == 0, status
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


def test_importing_brings_in_neither_the_command_line_nor_the_heavy_libraries() -> None:
    script = "import sys, indicator_rules; print([m for m in ('click', 'polars', 'z3', 'tree_sitter', 'hypothesis') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]"


def chain(count: int, formula: str) -> str:
    """A ruleset whose measures are each worked out from the one before: m0, m1 …"""
    measures = '[measures.m0]\nlabel = "m0"\nvalue = "budget.spent / budget.adjusted"\n'
    for n in range(1, count):
        measures += f'[measures.m{n}]\nlabel = "m{n}"\nvalue = "{formula.format(f"m{n - 1}")}"\n'
    return SMALL.replace("[criteria.approval]", measures + "[criteria.approval]").replace(
        "实际支出 / 全年预算数", f"m{count - 1}"
    )


def test_numbers_cannot_grow_for_ever() -> None:
    with pytest.raises(ir.RecordError) as refused:
        ir.load(chain(40, "{0} * {0}")).evaluate(record(budget={"spent": Decimal("2.123456789")}))
    assert [problem.code for problem in refused.value.problems] == ["value-absent"]


def test_inputs_follows_each_measure_once() -> None:
    assert {field.path for field in ir.load(chain(60, "{0} + {0}")).inputs()} >= {"budget.spent", "budget.adjusted"}


def test_nested_functions_are_read_once() -> None:
    text = SMALL.replace("实际支出 / 全年预算数", "abs(" * 38 + "实际支出 / 全年预算数" + ")" * 38)
    assert ir.load(text).evaluate(record())["execution"].points == 20


def test_details_and_findings_can_be_read_from_many_threads() -> None:
    result = ir.load(RULESET).evaluate(EXAMPLE)
    first = result.detail("quantity", "procurements")
    wrong: list[object] = []

    def read() -> None:
        told = [(result.detail("quantity", "procurements"), len(result.source.findings(result.criteria))) for _ in range(30)]
        wrong.extend(one for one in told if one != (first, len(result.findings)))

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_an_entry_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        ir.load(RULESET).evaluate(EXAMPLE).detail("quantity", "nobody")


def test_a_look_up_in_which_no_row_fits_is_refused_in_words() -> None:
    rules = ir.load("""schema = 1
[ruleset]
family = "own"
edition = "1"
title = "办法"
applies = { years = { from = 2020 } }
status = "example"
[lookups.size]
label = "规模"
by = "全年预算数"
rows = [{ at_least = "100万元", values = { line = "90%" } }]
[criteria.execution]
label = "执行率"
weight = 100
measure = "全年执行数 / 年初预算数"
scale = { kind = "proportional", full_at = "size.line" }
[[grades]]
label = "优"
""")
    subject = {"name": "甲", "kind": "project", "year": 2023}
    with pytest.raises(ir.RecordError) as refused:
        rules.evaluate({"subject": subject, "budget": {"unit": "万元", "initial": 10, "adjusted": 10, "spent": 9}})
    (problem,) = refused.value.problems
    assert problem.code == "value-absent"
    assert problem.describe("zh") != problem.describe("en")


def test_a_criterion_that_is_misspelt_is_named() -> None:
    found = ir.load(SMALL).evaluate(record())
    with pytest.raises(KeyError, match="did you mean 'execution'"):
        found["exection"]
    with pytest.raises(KeyError):
        found["qqq"]


def test_a_criterion_is_found_by_its_label_too() -> None:
    found = ir.load(SMALL).evaluate(record())
    assert found["预算执行率"] is found["execution"]
    assert found.explain("预算执行率") == found.explain("execution")
    with pytest.raises(KeyError, match="did you mean '预算执行率'"):
        found["预算执行"]
    both = SMALL.replace('label = "预算执行率"', 'label = { zh = "GDP", en = "GDP" }')
    assert ir.Rules.from_text(both).evaluate(record())["GDP"].id == "execution"
    twice = ir.Rules.from_text(SMALL.replace('label = "预算执行率"', 'label = "立项规范性"')).evaluate(record())
    with pytest.raises(KeyError):  # of two criteria
        twice["立项规范性"]


ENTRIES = SMALL.replace(
    '[[grades]]\nlabel = "优"',
    '[criteria.output]\nlabel = "数量"\nweight = 1\nindicators = "output.quantity"\nwithout_weights = "equal"\n'
    'entries.quantitative = { kind = "proportional" }\n[[grades]]\nlabel = "优"',
).replace("weight = 60", "weight = 59")


def unscored(rules: ir.Rules, *categories: str) -> list[str]:
    entries = [{"category": one, "name": one, "target": "2次", "actual": "1次"} for one in ("产出/数量", *categories)]
    return [
        finding.subject for finding in rules.evaluate(record(indicators=entries)).findings if finding.code == "entry-unscored"
    ]


def test_an_entry_that_nobody_scores_is_told() -> None:
    rules = ir.Rules.from_text(ENTRIES)
    assert unscored(rules) == []
    assert unscored(rules, "产出", "效益") == ["i2", "i3"]  # 产出 alone is not below 产出/数量
    counting = ENTRIES.replace('measure = "实际支出 / 全年预算数"', 'measure = "count(entries(\\"benefit\\")) / 2"')
    assert unscored(ir.Rules.from_text(counting), "产出", "效益") == ["i2"]
    assert unscored(ir.Rules.from_text(counting), "效益/社会效益") == []
    assert unscored(ir.Rules.from_text(SMALL), "效益") == []  # a ruleset that scores no entries
