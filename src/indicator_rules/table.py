"""Decision tables: the one form that every scoring shape is written in.

A `Table` is an ordered tuple of rows. A row hits when one of its guards does; a guard is a conjunction of bounds on named
slots (a slot is one measured value). `FIRST` takes the topmost row that hits, `UNIQUE` promises that at most one does. A row whose
condition can be unknown also carries `refuted`: the guards of its negation. Neither hit nor refuted is unknown
(Kleene): in a FIRST table that makes the table absent unless a higher row hit; in a UNIQUE table unless another row hits.
Rows named `not_applicable` and `absent` stand first and win.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias, TypeVar

from indicator_rules.exact import Exact, to_text

Operator: TypeAlias = Literal[">=", ">", "<=", "<", "="]
HitPolicy: TypeAlias = Literal["UNIQUE", "FIRST"]
Award = TypeVar("Award", covariant=True)

MOST_GUARDS = 16
"""Conjunctions in one row."""
MOST_TERMS = 8
"""Terms in one conjunction, as the engine counts them (an equality is two)."""


@dataclass(frozen=True, slots=True)
class Bound:
    """`slot ⋈ cut`; false where the slot has no value."""

    slot: str
    operator: Operator
    cut: Exact

    def __str__(self) -> str:
        return f"{self.slot} {self.operator} {to_text(self.cut)}"


Guard: TypeAlias = tuple[Bound, ...]
"""A conjunction; the empty one always holds."""


@dataclass(frozen=True, slots=True)
class Row(Generic[Award]):
    """One line of a table. `guards` are alternatives; no guard at all never hits."""

    id: str
    guards: tuple[Guard, ...]
    award: Award
    refuted: tuple[Guard, ...] | None = None
    """Guards of the negation, where the condition can be unknown; None where it cannot."""


@dataclass(frozen=True, slots=True)
class Table(Generic[Award]):
    """Rows under one hit policy. `id` is the key path of what it decides."""

    id: str
    policy: HitPolicy
    rows: tuple[Row[Award], ...]


def guards_text(guards: tuple[Guard, ...]) -> str:
    """Guards as printed in a plan: `x >= 0.8 and x < 0.9 or y = 1`; `always` for the empty guard."""
    if not guards:
        return "never"
    return " or ".join(" and ".join(str(bound) for bound in guard) or "always" for guard in guards)
