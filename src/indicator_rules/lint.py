"""Lint: what is odd about a ruleset that can be used.

In: a linked ruleset without errors and its plan; worked cases, where there are any. Out: findings, warnings and infos, each with the key path of what it is about. A
finding is said only if it is proved (no record reaches a row, this very value falls through) or if the text speaks for itself; a table too large to look
through is called undecided.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from indicator_rules.errors import Problem
from indicator_rules.lint_points import points
from indicator_rules.lint_tables import dead_rows_and_gaps
from indicator_rules.lint_writing import writing
from indicator_rules.plan import Plan
from indicator_rules.ruleset import Ruleset


def lint(ruleset: Ruleset, plan: Plan, file: str = "") -> list[Problem]:
    """Every finding once, in the order of the key paths that they name."""
    found: dict[tuple[object, ...], Problem] = {}
    for problem in (*dead_rows_and_gaps(ruleset, plan), *points(ruleset, plan), *writing(ruleset, plan)):
        found.setdefault((problem.code, problem.where.path), replace(problem, where=replace(problem.where, file=file)))
    return _unless_waived(found.values(), ())


def _unless_waived(problems: Iterable[Problem], waived: Collection[str]) -> list[Problem]:
    return [problem for problem in problems if problem.code not in waived]
