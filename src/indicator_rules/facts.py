"""Facts: one record under evaluation, as formulas read it, and what has been worked out of it so far.

In: a record and its answers as values. Everything else is put in as the stages go: rows of look-ups, what is not applicable, the weight and the entry in
hand. No state outlives the record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from indicator_rules.completion import EntryFacts
from indicator_rules.exact import Exact
from indicator_rules.record import EvaluationRecord
from indicator_rules.value import Series, Value

NO_BUDGET: Mapping[str, Exact | None] = {}


class Facts:
    """One record under evaluation: what formulas read, and what has been worked out so far."""

    __slots__ = (
        "assessed_levels",
        "budget",
        "entry",
        "every_entry",
        "inputs",
        "looked_up",
        "measured",
        "not_applicable",
        "read_entries",
        "record",
        "this",
        "total",
        "weight",
    )

    def __init__(
        self,
        record: EvaluationRecord,
        inputs: dict[str, Value | Series],
        read_entries: Callable[[EvaluationRecord], tuple[EntryFacts, ...]],
    ) -> None:
        """`read_entries` must not lead back here: without a cycle a record's facts are freed as soon as nobody holds them."""
        self.record = record
        self.budget = record.budget.in_yuan if record.budget is not None else NO_BUDGET
        self.inputs = inputs
        self.read_entries = read_entries
        self.every_entry: tuple[EntryFacts, ...] | None = None
        self.measured: dict[str, Value] = {}
        self.looked_up: dict[str, int] = {}
        """Look-up → the position of the row chosen."""
        self.not_applicable: set[str] = set()
        self.assessed_levels: dict[str, str] = {}
        self.entry: EntryFacts | None = None
        self.this: EntryFacts | None = None
        """Inside an aggregate, the entry that the whole formula is about."""
        self.weight: Exact = 0
        self.total: Exact = 0

    def entries(self) -> tuple[EntryFacts, ...]:
        """Every entry of the record, with the ruleset's own settings: what aggregates count."""
        if self.every_entry is None:
            self.every_entry = self.read_entries(self.record)
        return self.every_entry
