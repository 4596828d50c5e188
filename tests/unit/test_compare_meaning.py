"""Comparison over random rulesets: whatever scores differently is told, and what is only written differently is not."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Mapping
from decimal import Decimal
from random import Random
from typing import Any

import pytest

import indicator_rules as ir
from indicator_rules.evaluation import Evaluation
from indicator_rules.record import EvaluationRecord
from indicator_rules.testing.generate import random_record, random_ruleset

ROUNDS, RECORDS = map(int, os.environ.get("INDICATOR_RULES_COMPARE", "60x50").split("x"))

Data = dict[str, Any]


def leaves(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every key of every table, and place of every list, with what holds it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inside in items:
        yield value, key
        yield from leaves(inside)


WORDS = (
    ("error", "zero", "full"), ("sum", "weighted", "mean", "max", "min"), ("record", "equal"), ("additive", "subtractive"),
    ("over", "under"), ("none", "whole", "pro-rata"), ("absent", "unmet"), ("absent", "zero"), ("met", "absent"), ("ratio", "decay"),
    ("skip", "apply"), ("rescale", "full", "zero"), ("rounded", "unrounded"), (">=", "<="),
)  # fmt: skip


def mutated(rng: Random, data: Data, other: Data) -> Data:
    """`data` with a few things changed: numbers, words, rows gone or swapped, pieces of another ruleset."""
    made = copy.deepcopy(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        held, key = rng.choice(list(leaves(made)))
        value = held[key]
        words = [word for some in WORDS if value in some for word in some if word != value] if isinstance(value, str) else []
        if isinstance(value, bool):
            held[key] = not value
        elif isinstance(value, int | Decimal):
            held[key] = value + rng.choice((1, -1, Decimal("0.5")))
        elif words:
            held[key] = rng.choice(words)
        elif isinstance(value, list) and len(value) > 1 and rng.random() < 0.7:
            rng.shuffle(value)
        elif isinstance(held, dict) and rng.random() < 0.4:
            del held[key]
        elif isinstance(value, str):
            same = [inside[name] for inside, name in leaves(other) if name == key and isinstance(inside[name], str)]
            held[key] = rng.choice(same) if same else value
        else:
            same = [inside[name] for inside, name in leaves(other) if name == key and type(inside[name]) is type(value)]
            held[key] = copy.deepcopy(rng.choice(same)) if same else value
    return made


def loaded(data: Data) -> ir.Rules | None:
    try:
        return ir.Rules.from_data(data, engine="plain")
    except ir.RulesetError:
        return None


def scored(rules: ir.Rules, record: EvaluationRecord) -> Evaluation | None:
    try:
        return rules.evaluate(record)
    except ir.RecordError:
        return None


def untold(found: ir.Comparison, old: Evaluation | None, new: Evaluation | None) -> list[str]:
    """What differs and is not told."""
    if old is None or new is None:
        return ["refused by one"] if (old is None) != (new is None) and found.same_meaning else []
    missing = []
    if found.same_meaning and (old.total, old.grade) != (new.total, new.grade):
        missing.append(f"total {old.total} {old.grade}, {new.total} {new.grade}")
    before = {result.id: result for result in old.criteria}
    for result in new.criteria:
        was = before.get(result.id)
        if was is None or (was.points, was.weight) == (result.points, result.weight):
            continue
        if not found.of(result.id):
            missing.append(f"{result.id}: {was.points} of {was.weight}, {result.points} of {result.weight}")
        if found.same[result.id]:
            missing.append(f"{result.id}: said to mean the same")
    return missing


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_whatever_scores_differently_is_told_where_it_matters(seed: int) -> None:
    rng = Random(seed)
    compared = 0
    while compared < 4:
        data = random_ruleset(rng)
        old = loaded(data)
        assert old is not None
        change = mutated(rng, data, random_ruleset(rng))
        new = loaded(change)
        if new is None:
            continue
        compared += 1
        found = ir.compare(old, new)
        for _ in range(RECORDS):
            record = EvaluationRecord.model_validate(random_record(rng, rng.choice((data, change))))
            missing = untold(found, scored(old, record), scored(new, record))
            assert missing == [], (seed, [one.as_dict("en") for one in found.changes])


def rewritten(value: Any, rng: Random) -> Any:
    """The same with tables in another order, and numbers that stand for a formula spelt otherwise."""
    if isinstance(value, dict):
        keys = list(value)
        rng.shuffle(keys)
        return {key: _spelt(key, rewritten(value[key], rng)) for key in keys}
    return [rewritten(one, rng) for one in value] if isinstance(value, list) else value


def _spelt(key: str, value: Any) -> Any:
    if key in ("full_at", "zero_at", "pass_line", "at", "step") and isinstance(value, int | Decimal):
        return f"{Decimal(value) * 100:f}%"
    return f"({value})" if key in ("when", "applies_when", "value") and isinstance(value, str) else value


ORDERED = ("weight_sets",)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_what_is_only_written_differently_is_no_change(seed: int) -> None:
    rng = Random(seed)
    data = random_ruleset(rng)
    other: Mapping[str, Any] = rewritten(data, rng) | {name: data[name] for name in ORDERED if name in data}
    found = ir.compare(ir.Rules.from_data(data, engine="plain"), ir.Rules.from_data(other, engine="plain"))
    assert [change.as_dict() for change in found.changes] == []
    assert all(found.same.values())
