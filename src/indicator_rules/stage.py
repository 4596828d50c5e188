"""A stage: several decision tables matched at once by an engine.

In: leaves of a plan and how their slots are read. Out, for each record: the position of the row chosen in every table, or `NONE`, where no
row could be chosen (a condition was unknown, or nothing fitted). Every choice is a row that the engine hit. Guaranteed: one row at most,
by the table's hit policy; a UNIQUE table hit twice is an `EvaluationError`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from indicator_rules.engine import Matcher, Rule
from indicator_rules.errors import EvaluationError
from indicator_rules.facts import Facts
from indicator_rules.plan import Award, Leaf, Slot
from indicator_rules.slots import SlotsReader, in_order
from indicator_rules.table import Guard, Row

NONE = -1
FIRST_ROWS = ("not_applicable", "absent")
"""Rows that stand before those of the scale and win, whatever the policy."""

Prepare: TypeAlias = Callable[[int, tuple[Rule, ...]], Matcher]
"""The number of slots and the rules over them → a matcher."""


class Stage:
    """Tables made ready for an engine. Safe from many threads."""

    def __init__(self, leaves: Sequence[Leaf], prepare: Prepare, read: Callable[[Sequence[Slot]], SlotsReader]) -> None:
        self.leaves = tuple(leaves)
        slots = in_order(slot for leaf in leaves for slot in leaf.slots)
        place_of = {slot: place for place, slot in enumerate(slots)}
        rules: list[Rule] = []
        self._hits: list[tuple[int, int]] = []
        """For each rule, its table and row; the row is negative (−1 − row) where the rule refutes it."""
        for position, leaf in enumerate(self.leaves):
            numbers = {slot.name: place_of[slot] for slot in leaf.slots}
            for place, row in enumerate(leaf.table.rows):
                for guard in row.guards:
                    rules.append(_rule(guard, numbers))
                    self._hits.append((position, place))
                for guard in row.refuted or ():
                    rules.append(_rule(guard, numbers))
                    self._hits.append((position, -1 - place))
        self._read = read(slots)
        self._matcher = prepare(len(slots), tuple(rules))
        self._unknowable: list[tuple[int, int, list[int]]] = []
        """Tables with rows that can be unknown, the first of these rows, and all of them."""
        for position, leaf in enumerate(self.leaves):
            places = [place for place, row in enumerate(leaf.table.rows) if row.refuted is not None]
            if places:
                self._unknowable.append((position, places[0], places))
        self._nothing = [NONE] * len(self.leaves)
        self._special = [_special_rows(leaf.table.rows) for leaf in self.leaves]

    def run(self, facts: Facts) -> list[int]:
        """The row chosen in each table, or `NONE`."""
        where, chosen = self._hits, self._nothing[:]
        refuted: list[tuple[int, int]] = []
        for rule in self._matcher.match(self._read(facts)):
            table, row = where[rule]
            if row < 0:
                refuted.append((table, -1 - row))
                continue
            before = chosen[table]
            if before < 0:
                chosen[table] = row
            elif before != row:
                self._settle(table, before, row, chosen)
        for table, first, places in self._unknowable:
            last = chosen[table]
            if last > first:  # something chosen, and something above it that may be unknown
                for place in places:
                    if place >= last:
                        break
                    if (table, place) not in refuted:
                        chosen[table] = NONE
                        break
        return chosen

    def _settle(self, table: int, one: int, other: int, chosen: list[int]) -> None:
        upper = min(one, other)
        if upper >= self._special[table] and self.leaves[table].table.policy == "UNIQUE":
            rows = self.leaves[table].table.rows
            raise EvaluationError(f"{self.leaves[table].table.id}: rows {rows[one].id} and {rows[other].id} both hit")
        chosen[table] = upper


def _special_rows(rows: Sequence[Row[Award]]) -> int:
    return sum(1 for row in rows if row.id in FIRST_ROWS)


def _rule(guard: Guard, numbers: dict[str, int]) -> Rule:
    return tuple((numbers[bound.slot], bound.operator, bound.cut) for bound in guard)
