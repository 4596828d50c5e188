"""Lint of worked cases: rows that no case hits, so that nobody has ever seen them give what they should.

In: a linked ruleset, its plan, and evaluations of the cases. Out: findings. A row that no record can hit is not asked for (`lint_tables` tells of it); a
shared scale is asked for once, wherever it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from indicator_rules import messages
from indicator_rules.errors import KeyPath, Problem
from indicator_rules.evaluation import Evaluation
from indicator_rules.lint.tables import look
from indicator_rules.lint.uses import Use, rows_key, uses
from indicator_rules.lint.words import odd
from indicator_rules.messages import Language
from indicator_rules.partial.any_record import AnyRecord
from indicator_rules.partial.regions import TooManyRegions
from indicator_rules.plan import Leaf, Plan
from indicator_rules.ruleset import Ruleset
from indicator_rules.spec_scales import Bands, Checklist, FirstMatch, Levels
from indicator_rules.stage import FIRST_ROWS


@dataclass(frozen=True, slots=True)
class _Row:
    """A row in words."""

    id: str

    def text(self, lang: Language) -> str:
        kind, _, place = self.id.rpartition("_")
        key = f"explain.row-{kind}" if place.isdecimal() else f"explain.row-{self.id.replace('_', '-')}"
        return messages.text(key, {"place": place}, lang)


def rows_without_case(ruleset: Ruleset, plan: Plan, cases: Iterable[Evaluation]) -> Iterator[Problem]:
    """Every row of a scale that some record can hit and none of `cases` does."""
    hit: set[tuple[KeyPath, str]] = set()
    for case in cases:
        hit |= set(_rows_hit(case))
    outlook = AnyRecord(plan)
    wanted: dict[tuple[KeyPath, str], list[tuple[KeyPath, str]]] = {}
    for use in uses(ruleset, plan):
        if use.path.count("parts") > 1:  # an evaluation names the parts of a criterion, not those of its parts
            continue
        for path, place, leaf in _leaves(use):
            for row in _possible(leaf, outlook if use.kind is None else outlook.inside(use.kind)):
                wanted.setdefault((_at(place, use, row), row), []).append((path, row))
    for (place, row), uses_of_it in wanted.items():
        if not hit.intersection(uses_of_it):
            yield odd("lint-row-without-case", place, "info", row=_Row(row))


def _rows_hit(case: Evaluation) -> Iterator[tuple[KeyPath, str]]:
    for criterion in case.criteria:
        path: KeyPath = ("criteria", criterion.id)
        yield (*path, "scale"), criterion.row
        for position, (row, _) in enumerate(criterion.item_rows):
            yield (*path, "scale", position), row
        for entry in criterion.entries:
            yield (*path, "entries", entry.kind), entry.row


def _leaves(use: Use) -> Iterator[tuple[KeyPath, KeyPath, Leaf]]:
    """The tables of a use: how an evaluation names them, where they are written."""
    if isinstance(use.own, Checklist):
        if use.kind is None and "parts" not in use.path:
            for position, part in enumerate(use.scale.parts):
                yield (*use.path, position), (*use.at, "items", position), part.scale.head
    elif not use.scale.parts:
        if "parts" not in use.path:
            yield use.path, use.at, use.scale.head
        elif use.kind is None:
            yield (*use.path[:3], use.path[4]), use.at, use.scale.head


def _possible(leaf: Leaf, outlook: AnyRecord) -> list[str]:
    try:
        chosen = look(leaf, outlook).chosen
    except TooManyRegions:
        return []
    return [row.id for row in leaf.table.rows if row.id in chosen and row.id not in FIRST_ROWS]


def _at(place: KeyPath, use: Use, row: str) -> KeyPath:
    """Where a row is written, if it is; else its scale."""
    number = row.rpartition("_")[2]
    if not isinstance(use.own, Bands | FirstMatch | Levels):
        return place
    return (*place, rows_key(use.own), int(number) - 1)
