"""What the tests of a ruleset say, in words, for the command line and for pytest alike.

In: results of `suite`, a language. Out: lines of text. What differs is shown with the row hit and the reasons for the points; what is not
covered with its condition.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from indicator_rules import messages
from indicator_rules.coverage import Boundary, Coverage, RowId, leaves
from indicator_rules.covering import covering
from indicator_rules.exact import Exact, to_text
from indicator_rules.explain import Explainer, Words
from indicator_rules.messages import Language
from indicator_rules.plan import Leaf, Plan
from indicator_rules.rules import Rules
from indicator_rules.suite import CASES, CaseResult, Difference
from indicator_rules.table import Bound


def say(key: str, **values: object) -> str:
    """A text of the suite, in the language in force."""
    return messages.text(f"suite.{key}", values)


def case_lines(result: CaseResult) -> Iterator[str]:
    """Why a case did not come out as expected; nothing for one that did."""
    yield from (problem.describe() for problem in result.problems)
    for difference in result.differences:
        yield from _difference(result, difference)


def _difference(result: CaseResult, difference: Difference) -> Iterator[str]:
    what = difference.at[0]
    name = say(str(what)) if what != "criteria" else ""
    found = result.evaluation
    got = _shown(difference.got)
    if what == "criteria" and found is not None:
        criterion = found[str(difference.at[1])]
        name = say("criterion", label=criterion.label, code=criterion.code)
        yield say("difference", what=name, expected=_shown(difference.expected), got=got)
        reasons = Explainer(found, messages.language()).reasons(criterion)
        yield from (f"  {text}" for text in reasons or [say("row-hit", row=criterion.row)])
        return
    if what == "problems" and found is not None:
        got = say("scored", total=_shown(found.exact_total), grade=found.grade or "—")
    yield say("difference", what=name, expected=_shown(difference.expected), got=got)


def _shown(value: Exact | str | tuple[str, ...] | None) -> str:
    if value is None or value == ():
        return say("nothing")
    if isinstance(value, tuple):
        return ", ".join(value)
    return value if isinstance(value, str) else to_text(value)


def coverage_line(coverage: Coverage) -> str:
    """How much is covered, in one line."""
    rows, cuts = coverage.percent
    return say(
        "coverage",
        rows=rows,
        rows_covered=sum(coverage.rows.values()),
        rows_all=len(coverage.rows),
        cuts=cuts,
        cuts_covered=sum(coverage.boundaries.values()),
        cuts_all=len(coverage.boundaries),
    )


def uncovered_lines(rules: Rules, coverage: Coverage) -> Iterator[str]:
    """Each row and boundary that no case covers, in words; and what has to stand in a record that does, where one was found."""
    words = _CoverageWords(rules.plan, messages.language())
    records = covering(rules, coverage)
    missing: list[RowId | Boundary] = [*coverage.uncovered_rows, *coverage.uncovered_boundaries]
    for one in missing:
        yield words.uncovered_row(one) if isinstance(one, RowId) else words.uncovered_boundary(one)
        yield from (f"  {say('covered-by', record=_inline(piece))}" for piece in records.get(one, ()))


def _inline(data: object) -> str:
    """Plain data as TOML on one line."""
    if isinstance(data, Mapping):
        return "{ " + ", ".join(f"{_key(str(key))} = {_inline(value)}" for key, value in data.items()) + " }"
    if isinstance(data, list | tuple):
        return "[" + ", ".join(map(_inline, data)) + "]"
    if isinstance(data, bool):
        return str(data).lower()
    return json.dumps(data, ensure_ascii=False) if isinstance(data, str) else str(data)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def no_cases(ruleset: Path) -> str:
    """Where cases would have to be."""
    return say("no-cases", folder=ruleset.parent / CASES / ruleset.stem)


class _CoverageWords(Words):
    def __init__(self, plan: Plan, lang: Language) -> None:
        super().__init__(plan, lang)
        self.leaves = {leaf.table.id: leaf for leaf, _ in leaves(plan)}

    def uncovered_row(self, row: RowId) -> str:
        leaf = self.leaves[row.table]
        condition = self.condition(leaf, row.row)
        name = f"{row.row}（{condition}）" if self.lang == "zh" else f"{row.row} ({condition})"
        return say("row", at=row.table, row=name if condition else row.row)

    def condition(self, leaf: Leaf, row: str) -> str:
        slots = {slot.name: slot for slot in leaf.slots}
        return self.say("or").join(self.guard(guard, slots) for guard in leaf.row(row).guards if guard)

    def uncovered_boundary(self, boundary: Boundary) -> str:
        slot = next(slot for slot in self.leaves[boundary.table].slots if slot.name == boundary.slot)
        name = self.words(slot.formula) if slot.name == str(slot.formula) else self.label(slot.name)
        return say("boundary", at=boundary.table, slot=name, cut=self.cut(slot, Bound(slot.name, "=", boundary.cut)))
