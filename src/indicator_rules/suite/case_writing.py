"""Suggested cases as files: whole records with the results computed, marked as not checked by anybody.

In: a ruleset's file, its rules and what its cases do not cover. Out: the text of one case file for each suggestion, by its path in the ruleset's folder of
cases; nothing there is overwritten. Each says in its title what it covers and in `checked = false` that a person has to work it out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from indicator_rules.evaluation import Evaluation
from indicator_rules.exact import Exact, to_decimal, to_text
from indicator_rules.rules import Rules
from indicator_rules.suite.coverage import Coverage
from indicator_rules.suite.covering import Suggestion, suggestions
from indicator_rules.suite.suite import CASES
from indicator_rules.suite.text import covered_lines, say
from indicator_rules.toml_text import to_toml


def written_cases(ruleset: Path, rules: Rules, coverage: Coverage) -> dict[Path, str]:
    """Path → text of a case for each suggestion."""
    folder = ruleset.parent / CASES / ruleset.stem
    names = (path for number in count(1) if not (path := folder / f"suggested-{number:02}.toml").exists())
    return {path: _text(rules, one) for path, one in zip(names, suggestions(rules, coverage), strict=False)}


def _text(rules: Rules, suggestion: Suggestion) -> str:
    covers = list(covered_lines(rules, suggestion.covers))
    title = covers[0] if len(covers) == 1 else say("suggested-title", first=covers[0], more=len(covers) - 1)
    head = [
        f"# {say('suggested-note')}",
        f"title = {json.dumps(title, ensure_ascii=False)}",
        "checked = false",
        'why = ""',
        "",
        f"# {say('suggested-covers')}",
        *(f"#   {line}" for line in covers),
    ]
    return "\n".join(head) + "\n" + to_toml({"expected": _expected(suggestion)}) + to_toml(suggestion.record, "record")


def _expected(suggestion: Suggestion) -> dict[str, Any]:
    found = suggestion.outcome
    if not isinstance(found, Evaluation):
        return {"problems": sorted({problem.code for problem in found.problems})}
    return dict(_results(found))


def _results(found: Evaluation) -> Iterator[tuple[str, Any]]:
    if found.exact_total is not None:
        yield "total", _points(found.exact_total)
    if found.grade is not None:
        yield "grade", found.grade
    yield "criteria", {one.id: _points(one.exact_points) for one in found.criteria}


def _points(value: Exact) -> Any:
    """Points as a case writes them: a number, or a fraction as text."""
    if isinstance(value, int):
        return value
    text = to_text(value)
    return text if "/" in text else to_decimal(value)
