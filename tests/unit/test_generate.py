"""The generator says all that the language can say, and what it says is valid and can be scored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any, Literal, get_args, get_origin

import pytest
import tomli
from pydantic import BaseModel

from indicator_rules import spec as spec_tables
from indicator_rules import spec_fields, spec_scales
from indicator_rules.checks import check
from indicator_rules.link import link
from indicator_rules.record import EvaluationRecord
from indicator_rules.spec import Spec
from indicator_rules.spec_fields import Model
from indicator_rules.testing.generate import random_record, random_ruleset
from indicator_rules.toml_text import to_toml
from oracle import Verdict, judge

SEEDS = 200
RECORDS = 5

ROWS = {
    "full", "below_pass", "zero", "part", "band_1", "band_2", "band_3", "none", "deducted", "checklist", "level_1", "level_2", "level_3",
    "row_1", "row_2", "row_3", "assessed", "parts", "entries", "absent", "not_applicable", "out_of_force",
}  # fmt: skip
FINDINGS = {
    "entry-weights-equal", "entry-weights-sum", "weight-out-of-bounds", "weights-sum", "strict-at-equality", "same-text", "funds-disagree",
    "assessment-unused", "watch", "explain",
}  # fmt: skip


@cache
def rulesets() -> list[tuple[int, dict[str, Any], Spec]]:
    made = [(seed, random_ruleset(Random(seed))) for seed in range(SEEDS)]
    return [(seed, data, Spec.model_validate(data)) for seed, data in made]


def models(value: object) -> Iterator[BaseModel]:
    """Every table of a spec."""
    if isinstance(value, BaseModel):
        yield value
        for name in type(value).model_fields:
            yield from models(getattr(value, name))
    elif isinstance(value, dict | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from models(item)


def constructs() -> Counter[str]:
    """`Model.field` for each key that was written, and `Model.field=word` for each word of a closed set."""
    found: Counter[str] = Counter()
    for _, _, spec in rulesets():
        for model in models(spec):
            for name in model.model_fields_set:
                value = getattr(model, name)
                found[f"{type(model).__name__}.{name}"] += 1
                found[f"{type(model).__name__}.{name}={value}"] += isinstance(value, str)
    return found


def expected() -> set[str]:
    """The same for all that `spec` knows."""
    known: set[str] = set()
    for model in (one for module in (spec_tables, spec_fields, spec_scales) for one in vars(module).values()):
        if isinstance(model, type) and issubclass(model, BaseModel) and model not in (BaseModel, Model):
            for name, field in model.model_fields.items():
                known.add(f"{model.__name__}.{name}")
                known |= {f"{model.__name__}.{name}={word}" for word in words(field.annotation) if word != "official"}
    return known


def words(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from (word for word in get_args(annotation) if isinstance(word, str))
    elif get_origin(annotation) is not dict and get_origin(annotation) is not tuple:
        for part in get_args(annotation):
            yield from words(part)


NOT_VARIED = {"Header.status=adapted", "Header.status=reconstructed", "Input.type", "Shared.kind=None"}
"""Words that change no score and ask for other keys."""


def test_every_construct_of_the_language_occurs() -> None:
    missing = expected() - set(constructs()) - NOT_VARIED
    assert not missing, sorted(missing)


def test_rulesets_have_no_errors() -> None:
    for seed, _, spec in rulesets():
        problems = [*check(spec), *link(spec)[1]]
        errors = [(problem.code, problem.where.path, dict(problem.values)) for problem in problems if problem.severity == "error"]
        assert not errors, (seed, errors)


def test_records_are_read_and_most_are_scored() -> None:
    rows: Counter[str] = Counter()
    findings: Counter[str] = Counter()
    outcomes: Counter[bool] = Counter()
    for seed, data, spec in rulesets():
        rng = Random(seed)
        for _ in range(RECORDS):
            verdict = judge(spec, EvaluationRecord.model_validate(random_record(rng, data)))
            outcomes[isinstance(verdict, Verdict)] += 1
            if isinstance(verdict, Verdict):
                rows.update(verdict.rows.values())
                findings.update(finding.partition(":")[0] for finding in verdict.findings)
    print(f"scored: {outcomes[True]} of {outcomes.total()}")
    assert outcomes[True] > outcomes[False]
    assert not ROWS - set(rows), rows
    assert not FINDINGS - set(findings), findings


@pytest.mark.parametrize("seed", range(20))
def test_toml_reads_back(seed: int) -> None:
    data = random_ruleset(Random(seed))
    record = random_record(Random(seed), data)
    assert tomli.loads(to_toml(data), parse_float=Decimal) == data
    assert tomli.loads(to_toml(record), parse_float=Decimal) == record


def test_the_same_seed_gives_the_same() -> None:
    assert random_ruleset(Random(7)) == random_ruleset(Random(7))
