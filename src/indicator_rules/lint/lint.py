"""Lint: what is odd about a ruleset that can be used.

In: a linked ruleset without errors and its plan; evaluations of worked cases, where there are any. Out: findings, warnings and infos, each with the key path
of what it is about. A finding is said only if it is proved (no record reaches a row, this very value falls through) or if the text speaks for itself; a
table too large to look through is called undecided. A ruleset silences one by its code, with a reason, under `[waivers]`.
"""

from __future__ import annotations

from collections.abc import Iterable

from indicator_rules.errors import Problem
from indicator_rules.evaluation import Evaluation
from indicator_rules.lint.cases import rows_without_case
from indicator_rules.lint.points import points
from indicator_rules.lint.tables import dead_rows_and_gaps
from indicator_rules.lint.writing import writing
from indicator_rules.plan import Plan
from indicator_rules.ruleset import Ruleset


def lint(ruleset: Ruleset, plan: Plan, file: str = "", cases: Iterable[Evaluation] | None = None) -> list[Problem]:
    """Every finding that is not waived, each once for its place."""
    found = [*dead_rows_and_gaps(ruleset, plan), *points(ruleset, plan), *writing(ruleset, plan)]
    if cases is not None:
        found += rows_without_case(ruleset, plan, cases)
    each: dict[tuple[object, ...], Problem] = {}
    for problem in found:
        if problem.code not in ruleset.spec.waivers:
            # A shared scale is looked at for each use of it, and told of once; rows that are not written out share the place of their scale.
            each.setdefault((problem.code, problem.where.path, problem.values.get("row")), problem.at(file=file))
    return list(each.values())
