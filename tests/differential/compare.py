"""One comparison of the library with the oracle, and a report of a difference that can be pasted into a file and run again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from indicator_rules import Evaluation, RecordError, Rules
from indicator_rules.record import EvaluationRecord
from indicator_rules.toml_text import to_toml
from oracle import Refused, Verdict, judge

NOT_THE_ORACLES = ("answer-unused", "key-unused", "zero-target-unsigned", "not-for-record", "entry-unscored")
"""Findings about keys of the record that the ruleset does not know; the oracle leaves them to the library."""


def difference(rules: Rules, data: Mapping[str, Any], record_data: Mapping[str, Any]) -> str | None:
    """What the library and the oracle do not agree on, as a report; None if nothing."""
    record = EvaluationRecord.model_validate(record_data)
    expected = judge(rules.spec, record)
    try:
        found: Evaluation | RecordError = rules.evaluate(record)
    except RecordError as error:
        found = error
    lines = list(_differences(expected, found))
    if not lines:
        return None
    parts = [f"engine: {rules.engine}", *lines, "", "# --- ruleset", to_toml(data), "# --- record", to_toml(record_data)]
    return "\n".join([*parts, f"oracle:  {expected}", f"library: {_shown(found)}"])


def _differences(expected: Verdict | Refused, found: Evaluation | RecordError) -> Iterator[str]:
    """One line for each difference. Of refusals only that there is one: the library names places, the oracle names rules."""
    if isinstance(expected, Refused) or isinstance(found, RecordError):
        if not (isinstance(expected, Refused) and isinstance(found, RecordError)):
            yield f"refused by one only: oracle {expected}, library {_shown(found)}"
        return
    for name, (ours, theirs) in {key: (value, _facts(found)[key]) for key, value in _expected(expected).items()}.items():
        if ours != theirs:
            yield f"{name}: oracle {_pretty(ours)}, library {_pretty(theirs)}"


def _expected(verdict: Verdict) -> dict[str, object]:
    facts: dict[str, object] = {"total": verdict.total, "grade": verdict.grade, "findings": verdict.findings}
    facts |= {f"points of {name}": points for name, points in verdict.points.items()}
    facts |= {f"row of {name}": row for name, row in verdict.rows.items()}
    facts |= {
        f"entries of {name}": verdict.entries.get(name, []) if row in _WITH_ENTRIES else [] for name, row in verdict.rows.items()
    }
    return facts | {f"subtotal of {name}": points for name, points in verdict.groups.items()}


_WITH_ENTRIES = ("entries", "absent")


def _facts(found: Evaluation) -> dict[str, object]:
    """The same from the library, through what it makes public."""
    facts: dict[str, object] = {"total": _exact(found.total), "grade": found.grade, "findings": _findings(found)}
    for result in found.criteria:
        facts[f"points of {result.id}"] = _exact(result.points)
        facts[f"row of {result.id}"] = result.row
        facts[f"entries of {result.id}"] = [
            (entry.id, _exact(entry.points), entry.row) for entry in result.entries if entry.row != "not_applicable"
        ]
    return facts | {f"subtotal of {group.id}": _exact(group.points) for group in found.groups}


def _findings(found: Evaluation) -> set[str]:
    """`funds-disagree` names an amount: with or without `budget.` before it."""
    return {
        f"{finding.code}:{'budget.' if finding.code == 'funds-disagree' else ''}{finding.subject.removeprefix('budget.')}"
        for finding in found.findings
        if finding.code not in NOT_THE_ORACLES
    }


def _exact(number: Any) -> Fraction | None:
    return None if number is None else Fraction(number)


def _pretty(value: object) -> str:
    if isinstance(value, set):
        return "{" + ", ".join(sorted(map(str, value))) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(f"{item[0]} {item[1]} {item[2]}" for item in value) + "]"
    return str(value)


def _shown(found: Evaluation | RecordError) -> str:
    if isinstance(found, RecordError):
        return f"refused: {[(p.code, p.where.path, dict(p.values)) for p in found.problems]}"
    return "\n  ".join(f"{name}: {_pretty(value)}" for name, value in _facts(found).items())
