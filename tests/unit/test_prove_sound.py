"""What is proved holds: random and built-in rulesets, changed in a few places, against many records."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from random import Random
from typing import Any

import pytest
import tomli

import indicator_rules as ir
from indicator_rules.evaluation import CriterionResult, Evaluation
from indicator_rules.exact import Exact, exact
from indicator_rules.probing.probes import survey
from indicator_rules.proving.curve import Curve
from indicator_rules.proving.difference import difference, rounded_apart
from indicator_rules.proving.proof import Answer
from indicator_rules.proving.prove import Prover
from indicator_rules.proving.two import equivalent, grade_pairs
from indicator_rules.reading import read_record
from indicator_rules.record import EvaluationRecord
from indicator_rules.testing.generate import random_record, random_ruleset
from unit.test_compare_meaning import loaded, mutated, scored

FIRST, LAST = map(int, os.environ.get("INDICATOR_RULES_PROVE", "0-2").split("-"))
RECORDS = 40
Data = dict[str, Any]


def builtin(rng: Random) -> tuple[Data, Data]:
    """Two built-in rulesets as data."""
    files = [entry.path for entry in ir.Catalog.builtin().entries]
    one, other = (tomli.loads(rng.choice(files).read_text(encoding="utf-8"), parse_float=Decimal) for _ in range(2))
    return one, other


def rulesets(rng: Random, seed: int) -> Iterator[Data]:
    """Random ones, and every third time a built-in one, all of them also changed."""
    data, other = builtin(rng) if seed % 3 == 0 else (random_ruleset(rng), random_ruleset(rng))
    yield data
    for _ in range(3):
        yield mutated(rng, data, other)


def records(rng: Random, every: Sequence[tuple[ir.Rules, Data]]) -> Iterator[EvaluationRecord]:
    """Probes of every ruleset, several at once, and random records."""
    for rules, data in every:
        found = survey(rules.plan)
        for probe in found.probes:
            yield read_record(probe.on(found.base))
        for _ in range(RECORDS):
            base = found.base
            for probe in rng.sample(found.probes, min(len(found.probes), rng.choice((2, 3, 5, 8)))):
                base = probe.on(base)
            try:
                yield read_record(base)
            except ir.RecordError:
                continue
        if "criteria" in data:
            yield from (read_record(random_record(rng, data)) for _ in range(RECORDS))


def is_ordinary(rules: ir.Rules, found: Evaluation) -> bool:
    """Whether a record calls nothing not applicable, has nothing deducted by hand and keeps to the weights of the ruleset."""
    record = found.record
    said = record.not_applicable, record.deductions
    if any(part != type(part)() for part in said):
        return False
    plain = rules.plan.weight_sets is None and all(one.not_applicable.kind != "move_to" for one in rules.plan.criteria)
    return all(_keeps_weight(one, plain=plain) for one in found.criteria)


def _keeps_weight(result: CriterionResult, *, plain: bool) -> bool:
    if plain and result.exact_weight != result.criterion.weight.default:
        return False
    if result.criterion.weight.from_record and result.exact_weight != result.criterion.weight.default:
        return False
    entries = result.criterion.entries
    return entries is None or entries.combine != "sum" or sum(one.exact_weight for one in result.entries) <= result.exact_weight


def questions(rules: ir.Rules) -> tuple[Prover, dict[tuple[str, str], Answer]]:
    prover = Prover(rules.evaluator)
    answers = [prover.bounds(), *prover.grades(), *prover.monotone(), *prover.jumps(0)]
    return prover, {(answer.question, answer.subject): answer for answer in answers}


@pytest.mark.parametrize("seed", range(FIRST, LAST))
def test_bounds_grades_and_curves_hold_for_records(seed: int) -> None:
    rng = Random(seed)
    for data in rulesets(rng, seed):
        rules = loaded(data)
        if rules is None:
            continue
        prover, answers = questions(rules)
        found = [one for record in records(rng, [(rules, data)]) if (one := scored(rules, record)) is not None]
        ordinary = [one for one in found if is_ordinary(rules, one)]
        ceiling = rules.plan.full_score if rules.plan.total_at_most is None else rules.plan.total_at_most
        for one in ordinary:
            total = one.exact_total
            if answers["bounds", ""].verdict == "proved" and total is not None:
                assert 0 <= total <= ceiling, (seed, total)
            if one.grade_position is not None:
                assert answers["grade-reachable", f"grades.{one.grade_position}"].verdict != "refuted", (seed, total, one.grade)
        holds_on_curves(prover, answers, ordinary)
        for answer in answers.values():
            assert_records(rules, answer)


def holds_on_curves(prover: Prover, answers: dict[tuple[str, str], Answer], found: Sequence[Evaluation]) -> None:
    """Of any two records, the one with more of a measure never gets what the curve does not allow."""
    for asked in prover.asked:
        answer = answers["monotone", asked.path]
        if asked.curve is None or answer.verdict != "proved":
            continue
        for by_value in standing(asked, asked.curve, found, any_weight=answer.values["weight"] == ""):
            for low, high in combinations(sorted(by_value), 2):
                changes = [after - before for before in by_value[low] for after in by_value[high]]
                wrong = [one for one in changes if (one * asked.curve.direction < 0 if asked.curve.direction else one)]
                assert not wrong, (asked.path, low, high, by_value[low], by_value[high])


def standing(asked: Any, curve: Curve, found: Sequence[Evaluation], *, any_weight: bool) -> Iterable[dict[Exact, set[Exact]]]:
    """For each weight: where records, or their entries, stand on a curve, and the points that they got there."""
    places: dict[Exact, dict[Exact, set[Exact]]] = {}
    for one in found:
        result = one[asked.criterion.id]
        scored: list[tuple[str | None, str, Exact, Exact]] = [(None, result.row, result.exact_weight, result.exact_points)]
        if asked.criterion.entries is not None:
            kind = asked.path.rpartition(".")[2]
            entries = [entry for entry in result.entries if entry.kind == kind]
            scored = [(entry.id, entry.row, entry.exact_weight, entry.exact_points) for entry in entries]
        for entry, row, weight, points in scored:
            value = one.detail(result.id, entry).values.get(curve.slot.name if entry is None else str(curve.slot.formula))
            at_weight = any_weight or weight == asked.weight
            if row not in ("absent", "not_applicable", "out_of_force") and isinstance(value, int | Fraction) and at_weight:
                places.setdefault(weight, {}).setdefault(exact(value), set()).add(max(points, -points))
    return places.values()


def assert_records(rules: ir.Rules, answer: Answer) -> None:
    """The records of an answer show what it says."""
    found = [rules.evaluate(record) for record in answer.records]
    if answer.question == "grade-reachable" and answer.verdict == "proved":
        assert f"grades.{found[0].grade_position}" == answer.subject
    if answer.question == "bounds" and answer.verdict == "refuted":
        total = found[0].exact_total
        assert (total or 0) > rules.plan.full_score
    if answer.question in ("monotone", "no-jump") and answer.verdict == "refuted":
        criterion = answer.subject.split(".")[1]
        assert len(found) == 2
        assert found[0][criterion] != found[1][criterion]


@pytest.mark.parametrize("seed", range(FIRST, LAST))
def test_differences_pairs_and_equivalence_hold_for_records(seed: int) -> None:
    rng = Random(seed)
    first, *others = rulesets(rng, seed)
    old = loaded(first)
    assert old is not None
    for data in others:
        new = loaded(data)
        if new is None:
            continue
        apart = difference(old.evaluator, new.evaluator)
        apart = None if apart is None else rounded_apart(apart, old.plan.rounding.total, new.plan.rounding.total)
        pairs = {answer.subject: answer for answer in grade_pairs(old.evaluator, new.evaluator)}
        alike = equivalent(old.evaluator, new.evaluator).verdict
        for record in records(rng, [(old, first), (new, data)]):
            before, after = scored(old, record), scored(new, record)
            if before is None or after is None:
                continue
            if alike == "proved":
                assert (before.exact_total, before.grade) == (after.exact_total, after.grade), seed
            if (
                before.exact_total is None
                or after.exact_total is None
                or not (is_ordinary(old, before) and is_ordinary(new, after))
            ):
                continue
            if apart is not None:
                assert exact(after.exact_total - before.exact_total) in apart, (
                    seed,
                    before.exact_total,
                    after.exact_total,
                    str(apart),
                )
            pair = pairs.get(f"grades.{before.grade_position}.{after.grade_position}")
            assert pair is None or pair.verdict != "refuted", (seed, str(pair))
        for subject, answer in pairs.items():
            if answer.verdict == "proved":
                positions = [rules.evaluate(answer.records[0]).grade_position for rules in (old, new)]
                assert subject == "grades.{}.{}".format(*positions)
