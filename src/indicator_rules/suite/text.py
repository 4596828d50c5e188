"""What the tests of a ruleset say, in words, for the command line and for pytest alike.

In: results of `suite`, a language. Out: lines of text. What differs is shown with the row hit and the reasons for the points; what is not
covered with its condition.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from indicator_rules import messages
from indicator_rules.exact import Exact, to_text
from indicator_rules.explaining.explain import Explainer, Words
from indicator_rules.messages import Language
from indicator_rules.plan import Adjustment, Choice, Criterion, Leaf, Plan
from indicator_rules.probing.pieces import flat
from indicator_rules.probing.probes import Probe
from indicator_rules.rules import Rules
from indicator_rules.suite.coverage import Boundary, Coverage, RowId, leaves
from indicator_rules.suite.covering import Token, covering
from indicator_rules.suite.suite import CASES, CaseResult, Difference, SuiteResult
from indicator_rules.table import Bound

if TYPE_CHECKING:
    from indicator_rules.testing import Broken

MOST_SHOWN = 10
"""Uncovered rows and boundaries that are listed; the others are counted."""


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


def uncovered_lines(rules: Rules, coverage: Coverage, ruleset: Path) -> Iterator[str]:
    """Rows and boundaries that no case covers, in words, the first `MOST_SHOWN`; what has to stand in a record that covers them, where one was found;
    and how to have such records written."""
    words = _CoverageWords(rules.plan, messages.language())
    missing: list[RowId | Boundary] = [*coverage.uncovered_rows, *coverage.uncovered_boundaries]
    probes = covering(rules, coverage)
    for one in missing[:MOST_SHOWN]:
        yield say("row" if isinstance(one, RowId) else "boundary", what=words.covered(one))
        for probe in probes.get(one, ()):
            yield f"  {_covered_by(probe)}"
        if one not in probes:
            yield f"  {say('no-record')}"
    if len(missing) > MOST_SHOWN:
        yield say("more", count=len(missing) - MOST_SHOWN)
    if probes:
        yield say("write-cases", count=len(probes), ruleset=ruleset)


def covered_lines(rules: Rules, covered: Iterable[Token]) -> Iterator[str]:
    """Rows, and values on and beside boundaries, in words."""
    words = _CoverageWords(rules.plan, messages.language())
    for one in covered:
        yield words.covered(one) if isinstance(one, RowId) else words.covered(*one)


def law_lines(rules: Rules, found: Broken) -> Iterator[str]:
    """A law that does not hold, and in what the records that show it differ from one with everything in order."""
    yield say("law-broken", text=messages.text("testing.broken", {"name": found.law.name}))
    yield f"  {found.law.text()}"
    yield f"  {messages.text('testing.seen')}: {found.seen}"
    base = flat(rules.survey.base)
    for place, record in enumerate(found.records, 1):
        held = flat(record)
        paths = [path for path in {**held, **base} if held.get(path) != base.get(path)]
        shown = [f"{'.'.join(path)} = {_inline(held[path]) if path in held else say('nothing')}" for path in paths[:MOST_SHOWN]]
        yield "  " + say("law-record", place=place, record=", ".join(shown) + (" ..." if len(paths) > MOST_SHOWN else ""))
    yield "  " + messages.text("testing.waive", {"name": found.law.name})


def _covered_by(probe: Probe) -> str:
    """What has to stand in a record that is otherwise in order, and what must not."""
    if probe.without:
        paths = ", ".join(".".join(path) for path in probe.without)
        return say("covered-by-and-without", paths=paths, record=_inline(probe.fragment))
    return say("covered-by", record=_inline(probe.fragment)) if probe.fragment else say("covered-by-any")


def _inline(data: object) -> str:
    """Plain data as TOML on one line."""
    if isinstance(data, Mapping):
        return "{ " + ", ".join(f"{_key(str(key))} = {_inline(value)}" for key, value in data.items()) + " }"
    if isinstance(data, list | tuple):
        return "[" + ", ".join(map(_inline, data)) + "]"
    if isinstance(data, bool):
        return str(data).lower()
    if isinstance(data, date):
        return data.isoformat()
    return json.dumps(data, ensure_ascii=False) if isinstance(data, str) else str(data)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def unchecked_line(result: SuiteResult) -> str:
    """The cases that no person has worked out yet."""
    names = [one.path.stem for one in result.unchecked]
    return say("unchecked", count=len(names), names=", ".join(names[:MOST_SHOWN]) + (" ..." if len(names) > MOST_SHOWN else ""))


def no_cases(ruleset: Path) -> str:
    """Where cases would have to be."""
    return say("no-cases", folder=ruleset.parent / CASES / ruleset.stem)


class _CoverageWords(Words):
    def __init__(self, plan: Plan, lang: Language) -> None:
        super().__init__(plan, lang)
        self.leaves = {leaf.table.id: leaf for leaf, _ in leaves(plan)}

    def covered(self, one: RowId | Boundary, value: Exact | None = None) -> str:
        """A row with its condition, a boundary with its cut (or the side on which `value` stands); and the table that it is of."""
        at = f"{self.owner(one.table)} [{one.table}]".lstrip()
        if isinstance(one, RowId):
            condition = self.condition(self.leaves[one.table], one.row)
            name = self.named(one)
            return f"{at} {say('row-when', row=name, condition=condition) if condition else name}"
        slot = next(slot for slot in self.leaves[one.table].slots if slot.name == one.slot)
        name = self.words(slot.formula) if slot.name == str(slot.formula) else self.label(slot.name)
        side = "on" if value is None or value == one.cut else "under" if value < one.cut else "over"
        return f"{at} {say(side, what=name, cut=self.cut(slot, Bound(slot.name, '=', one.cut)))}"

    def named(self, one: RowId) -> str:
        """A row's name: of a grade its label, of a row that its author named that name."""
        if one.table == "grades":
            award = self.leaves[one.table].row(one.row).award
            return str(self.plan.grade_labels[award.position].text(self.lang)) if isinstance(award, Choice) else one.row
        with suppress(KeyError):
            return self.row_name(one.row)
        return one.row

    def owner(self, table: str) -> str:
        """The label of the criterion or adjustment that a table is of."""
        section, _, rest = table.partition(".")
        owners: dict[str, Sequence[Criterion | Adjustment]] = {
            "criteria": self.plan.criteria,
            "adjustments": self.plan.adjustments,
        }
        name = rest.partition(".")[0]
        return next((one.label.text(self.lang) for one in owners.get(section, ()) if one.id == name), "")

    def condition(self, leaf: Leaf, row: str) -> str:
        slots = {slot.name: slot for slot in leaf.slots}
        return self.say("or").join(self.guard(guard, slots) for guard in leaf.row(row).guards if guard)
