"""Rules, records and evaluations go to other processes and come back the same; a record's tables cannot be written to."""

from __future__ import annotations

import copy
import json
import multiprocessing
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import indicator_rules as ir
from indicator_rules.frozen import Frozen
from indicator_rules.reading import read_record
from indicator_rules.record import EvaluationRecord

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "zhanjiang-2023.toml"
NAME = "zhanjiang-etdz-project@2023"


def again(thing: Any) -> Any:
    return pickle.loads(pickle.dumps(thing))


@pytest.mark.parametrize("engine", ["plain", "durable-rules"])
def test_rules_come_back_the_same_used_or_not(engine: str) -> None:
    if engine == "durable-rules":
        pytest.importorskip("durable_rules_engine", reason="durable-rules is not installed here")
    rules = ir.load(NAME, engine=engine)
    for _ in range(2):
        read = again(rules)
        assert (read.name, read.engine, read.file, read.problems) == (rules.name, engine, rules.file, rules.problems)
        assert str(read.plan) == str(rules.plan)
        assert dict(read.provenance) == dict(rules.provenance)
        assert read.evaluate(EXAMPLE).to_json() == rules.evaluate(EXAMPLE).to_json()  # the second time, of rules that were used


def test_rules_are_compiled_once_in_a_process() -> None:
    rules = ir.Rules.from_path(ROOT / "rulesets" / "zhanjiang-etdz-project" / "2023.toml")
    assert again(rules) is again(rules)


def test_rules_from_text_need_no_file() -> None:
    text = (ROOT / "rulesets" / "zhanjiang-etdz-project" / "2023.toml").read_text(encoding="utf-8")
    assert again(ir.Rules.from_text(text)).evaluate(EXAMPLE).total == ir.load(NAME).evaluate(EXAMPLE).total


def test_an_evaluation_comes_back_with_all_that_is_made_on_demand() -> None:
    evaluation = ir.load(NAME).evaluate(EXAMPLE)
    read = again(evaluation)
    assert read.to_json() == evaluation.to_json()
    assert read.findings == evaluation.findings
    assert [read.detail(one.id) for one in read.criteria] == [evaluation.detail(one.id) for one in evaluation.criteria]
    assert copy.deepcopy(evaluation).to_json() == evaluation.to_json()


def test_equal_evaluations_are_one_in_a_set() -> None:
    rules = ir.load(NAME)
    one = rules.evaluate(EXAMPLE)
    assert {one, rules.evaluate(EXAMPLE), again(one)} == {one}


def total(job: tuple[ir.Rules, Path]) -> ir.Evaluation:
    rules, record = job
    return rules.evaluate(record)


def test_other_processes_score_too() -> None:
    rules = ir.load(NAME)
    rules.evaluate(EXAMPLE)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        (found,) = pool.map(total, [(rules, EXAMPLE)])
    assert found.to_json() == rules.evaluate(EXAMPLE).to_json()


# ----------------------------------------------------------------------------------------------------------- read-only tables


CHANGES: list[Callable[[Any], object]] = [
    lambda table: table.__setitem__("x", 1),
    lambda table: table.__delitem__("a"),
    lambda table: table.update(x=1),
    lambda table: table.pop("a"),
    lambda table: table.popitem(),
    lambda table: table.clear(),
    lambda table: table.setdefault("x", 1),
    lambda table: table.__ior__({"x": 1}),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_record_is_frozen_all_the_way_down(change: Callable[[Any], object]) -> None:
    record = EvaluationRecord.model_validate(
        {
            "subject": {"name": "甲", "kind": "project", "year": 2023},
            "budget": {"unit": "元", "spent": 1},
            "indicators": [{"id": "a", "category": "output", "name": "a"}],
            "answers": {"a": True},
            "assessments": {"criteria": {"a": {"points": 1}}, "indicators": {"a": {"points": 1}}},
            "not_applicable": {"criteria": {"a": "x"}, "indicators": {"a": "x"}},
            "deductions": {"criteria": {"a": {"points": 1}}},
            "declared": {"criteria": {"a": 1}, "reasons": {"criteria": {"a": "x"}}},
        }
    )
    before = record.canonical()
    assert record.budget is not None
    assert record.declared is not None
    assert record.declared.reasons is not None
    tables: list[Any] = [
        record.answers, record.assessments.criteria, record.assessments.indicators, record.not_applicable.criteria,
        record.not_applicable.indicators, record.deductions.criteria, record.deductions.indicators, record.declared.criteria,
        record.declared.indicators, record.declared.reasons.criteria, record.budget.in_yuan, record.indicator_by_id,
    ]  # fmt: skip
    for table in tables:
        with pytest.raises(TypeError):
            change(table)
    assert record.canonical() == before


def test_a_record_with_frozen_tables_is_a_record_like_any_other() -> None:
    record = read_record(EXAMPLE)
    for read in (again(record), copy.deepcopy(record), copy.copy(record), record.model_copy(deep=True)):
        assert read == record
        assert hash(read) == hash(record)
        assert type(read.answers) is Frozen
    dumped = record.model_dump(mode="json")
    assert json.loads(record.model_dump_json()) == dumped
    assert type(dumped["answers"]) is dict
    assert EvaluationRecord.model_validate(record.model_dump()) == record
    assert (
        EvaluationRecord.model_validate(dumped).canonical()
        == EvaluationRecord.model_validate_json(record.model_dump_json()).canonical()
    )
    assert {**record.answers, "x": 1} != record.answers
