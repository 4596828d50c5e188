"""Partial evaluation is not needlessly wide: with one value taken out of a case of a built-in ruleset, both ends of the total are reached.

Each amount, answer, actual value and pick is taken out by itself and filled in again with candidates: what it was times many factors, 0, huge, each
choice, nothing at all. The hull of the totals is then the span that was given, up to `NEAR`; wherever the place is read once only.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import tomli

from indicator_rules import RecordError, Rules
from indicator_rules.partial.result import PartialEvaluation
from indicator_rules.plan import Question
from indicator_rules.quantity import QuantityError, parse

ROOT = Path(__file__).parents[2] / "rulesets"
RULESETS = sorted(ROOT.glob("*/*.toml"))
NEAR = Fraction(1, 4)
"""Points that an end may be from what was reached: candidates lie beside the cuts that they are meant for, not on them."""
SHARES = [
    "0",
    "0.000001",
    "0.3",
    "0.4999",
    "0.5",
    "0.5999",
    "0.6",
    "0.6999",
    "0.7",
    "0.7999",
    "0.8",
    "0.8499",
    "0.85",
    "0.8999",
    "0.9",
    "0.9499",
    "0.95",
    "0.9999",
    "1",
]
FACTORS = [
    Decimal(one)
    for one in (
        *SHARES,
        *[
            "1.0001",
            "1.05",
            "1.1",
            "1.1001",
            "1.2",
            "1.2001",
            "1.3",
            "1.3001",
            "1.5",
            "1.5001",
            "2",
            "2.0001",
            "3",
            "10",
            "1000000",
        ],
    )
]
MOST_CASES = 1
"""Cases of each ruleset; any more tell little else."""


def cases(ruleset: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((ruleset.parent / "cases" / ruleset.stem).glob("*.toml")):
        case = tomli.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        if isinstance(case["record"], dict) and "problems" not in case["expected"]:
            yield case["record"]


def places(record: dict[str, Any], rules: Rules) -> Iterator[tuple[str, dict[str, Any], str, list[Any]]]:
    """Key path, the table and key that hold it, and what to fill in."""
    budget = record.get("budget", {})
    for key in sorted(set(budget) - {"unit"}):
        yield f"budget.{key}", budget, key, [*(budget[key] * factor for factor in FACTORS), Decimal("0.0001"), 1, 10**9]
    questions = {question.id: question for question in rules.plan.questions}
    answers = record.get("answers", {})
    for key in sorted(answers):
        yield f"answers.{key}", answers, key, list(of_answer(questions[key], answers[key]))
    picks = record.get("assessments", {}).get("criteria", {})
    for key in sorted(picks):
        yield f"assessments.criteria.{key}", picks, key, [{"share": Decimal(share)} for share in SHARES]
    for position, entry in enumerate(record.get("indicators", []), 1):
        if "actual" in entry and "counts" not in entry:
            yield f"indicators.{entry.get('id', f'i{position}')}.actual", entry, "actual", list(of_actual(entry))


def of_answer(question: Question, given: Any) -> Iterator[Any]:
    """Answers of the type that is asked for."""
    match question.type:
        case "yes-no":
            yield from (True, False)
        case "choice":
            yield from question.choices
        case "count":
            yield from range(30)
            yield 10**9
        case "date":
            yield from (given + timedelta(days=days) for days in (-4000, -400, -31, -1, 0, 1, 31, 62, 93, 186, 400, 4000))
        case "number":
            yield from (given * factor for factor in FACTORS)
            yield from (Decimal(share) for share in SHARES)
            yield from (-1, 10**9)
        case "amount":
            yield from (f"{amount}元" for amount in (0, 1, 10**4, 10**5, 10**6, 10**12))
        case _:
            yield given


def of_actual(entry: dict[str, Any]) -> Iterator[Any]:
    """Actual values about the target, in its unit."""
    target = entry.get("target")
    try:
        typed = parse(target) if isinstance(target, str) else None
    except QuantityError:
        return
    if isinstance(target, date) or (typed is not None and typed.kind == "date"):
        yield from ("1999-01-01", "2100-01-01")
    elif typed is None or typed.kind != "text":
        number = Decimal(str(target)) if typed is None else Decimal(typed.number.numerator) / typed.number.denominator  # type: ignore[union-attr]
        unit = "" if typed is None or typed.unit is None else typed.unit
        for factor in FACTORS:
            value = (number * factor * (100 if unit == "%" else 1)).quantize(Decimal("0.000001"))
            yield f"{value:f}{unit}"


def reached(rules: Rules, record: dict[str, Any], table: dict[str, Any], key: str, candidates: list[Any]) -> Iterator[Fraction]:
    """The totals that filling in gives."""
    before = table.pop(key)
    for candidate in (before, *candidates, None):
        table[key] = candidate
        if candidate is None:
            del table[key]
        try:
            found = rules.evaluate(record)
        except RecordError:
            continue
        if found.exact_total is not None:
            yield Fraction(found.exact_total)
    table.pop(key, None)


def too_wide(partial: PartialEvaluation, totals: list[Fraction]) -> str | None:
    """The ends that nothing came near."""
    assert partial.span is not None
    low, high = partial.span.low, partial.span.high
    assert low is not None
    assert high is not None
    assert all(total in partial.span for total in totals)
    if min(totals) - low > NEAR or high - max(totals) > NEAR:
        return f"{partial.span}, but reached [{float(min(totals))}, {float(max(totals))}]"
    return None


@pytest.mark.parametrize("ruleset", RULESETS, ids=lambda path: f"{path.parent.name}@{path.stem}")
def test_both_ends_are_reached(ruleset: Path) -> None:
    rules = Rules.from_path(ruleset, engine="plain")
    wide: dict[str, str] = {}
    for number, data in enumerate(list(cases(ruleset))[:MOST_CASES]):
        for path, table, key, candidates in places(record := deepcopy(data), rules):
            before = table[key]
            totals = list(reached(rules, record, table, key, candidates))
            if totals:
                partial = rules.evaluate(record, partial=True, open=[path])
                report = None if partial.shared else too_wide(partial, totals)
                if report is not None:
                    wide[f"case {number} {path}"] = report
            table[key] = before
    assert wide == {}
