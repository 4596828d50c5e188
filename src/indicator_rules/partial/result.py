"""The result of a partial evaluation: what is still possible, and what would decide it.

Public numbers are `Decimal` (or `Fraction`), like those of `Evaluation`. `low` and `high` are the ends of what can still come out; an end is
`open` if it is only approached.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

from indicator_rules import messages
from indicator_rules.exact import Exact, to_decimal, to_text
from indicator_rules.html_table import html_table
from indicator_rules.interval import Span
from indicator_rules.plan import Criterion, Plan
from indicator_rules.record import EvaluationRecord

Amount: TypeAlias = Decimal | Fraction


class OpenInput(NamedTuple):
    """An empty place of the record that can still make a difference."""

    path: str
    """Its key path: `budget.spent`, `indicators.i3.actual`, `assessments.criteria.x`."""
    label: str
    criteria: tuple[str, ...]
    """Criteria (and adjustments) that are not settled and read it."""
    exact_spread: Exact
    """Points between the ends of what reads it: of an entry, of a criterion, of the whole total."""

    @property
    def spread(self) -> Amount:
        return to_decimal(self.exact_spread)

    def as_dict(self) -> dict[str, Any]:
        """The input as plain data."""
        return {"path": self.path, "label": self.label, "criteria": list(self.criteria), "spread": to_text(self.exact_spread)}


class _Reach:
    """Points that something can still get, out of its weight."""

    span: Span
    exact_weight: Exact

    @property
    def low(self) -> Amount:
        return to_decimal(self.span.low or 0)

    @property
    def high(self) -> Amount:
        return to_decimal(self.span.high or 0)

    @property
    def weight(self) -> Amount:
        return to_decimal(self.exact_weight)

    @property
    def settled(self) -> bool:
        """Whether nothing can change its points any more."""
        return self.span.is_point


@dataclass(frozen=True, repr=False)
class PartialEntry(_Reach):
    """An entry of a criterion: the points that it can still get, out of its own weight."""

    id: str
    label: str
    span: Span
    exact_weight: Exact
    open: tuple[str, ...]
    """Key paths of the open places that it reads."""

    def __repr__(self) -> str:
        return f"<{self.id} {self.span}/{to_text(self.exact_weight)}>"

    def as_dict(self) -> dict[str, Any]:
        """The entry as plain data."""
        weight = to_text(self.exact_weight)
        return {"id": self.id, "label": self.label, "weight": weight, **ends(self.span), "open": list(self.open)}


@dataclass(frozen=True, repr=False)
class PartialCriterion(_Reach):
    """A criterion: the points that it can still get. Points of a penalty are negative."""

    criterion: Criterion
    span: Span
    exact_weight: Exact
    rows: tuple[str, ...]
    """Rows that can still be hit."""
    open: tuple[str, ...]
    """Key paths of the open places that it reads."""
    entries: tuple[PartialEntry, ...] = ()
    """For a criterion over entries: those of them that read an open place."""

    @property
    def id(self) -> str:
        return self.criterion.id

    @property
    def label(self) -> str:
        return self.criterion.label.text(messages.language())

    def __repr__(self) -> str:
        return f"<{self.id} {self.span}/{to_text(self.exact_weight)}>"

    def as_dict(self) -> dict[str, Any]:
        """The criterion as plain data."""
        return {
            "id": self.id,
            "label": str(self.criterion.label),
            "weight": to_text(self.exact_weight),
            **ends(self.span),
            "rows": list(self.rows),
            "open": list(self.open),
            **({"entries": [entry.as_dict() for entry in self.entries]} if self.entries else {}),
        }


@dataclass(frozen=True)
class PartialEvaluation:
    """What the score of a record can still become under one ruleset."""

    plan: Plan
    record: EvaluationRecord
    criteria: tuple[PartialCriterion, ...]
    """In the widest of the scenarios that are still possible (which criteria apply, which weights are in force)."""
    span: Span | None
    """The total; None if nothing can be applicable."""
    can_be_none: bool
    """Whether there can be no total, because nothing is applicable."""
    positions: tuple[int, ...]
    """Grades still possible, best first, by position."""
    inputs: tuple[OpenInput, ...]
    """Open places that make a difference, those with the largest spread first."""
    shared: tuple[str, ...]
    """Open places that more than one unsettled criterion, entry or adjustment reads: the ends may then be wider apart than any record gets them."""
    provenance: Mapping[str, str]

    @property
    def low(self) -> Amount | None:
        """The lowest total still possible."""
        return None if self.span is None else to_decimal(self.span.low or 0)

    @property
    def high(self) -> Amount | None:
        """The highest total still possible."""
        return None if self.span is None else to_decimal(self.span.high or 0)

    @property
    def grades(self) -> tuple[str, ...]:
        """Grades still possible, best first."""
        return tuple(str(self.plan.grade_labels[position]) for position in self.positions)

    @property
    def settled(self) -> bool:
        """Whether total and grade are certain."""
        return self.span is not None and self.span.is_point and len(self.positions) == 1 and not self.can_be_none

    def __getitem__(self, criterion: str) -> PartialCriterion:
        for result in self.criteria:
            if result.id == criterion:
                return result
        raise KeyError(criterion)

    def __repr__(self) -> str:
        return f"<PartialEvaluation {self.record.subject.name} {self.span} {'/'.join(self.grades)}>"

    def _repr_html_(self) -> str:
        """What is still possible, as a notebook shows it."""
        lang = messages.language()
        rows = [tuple(messages.text(f"notebook.{key}", {}, lang) for key in ("subject", "low", "high", "weight"))]
        rows += [(one.criterion.label.text(lang), str(one.low), str(one.high), str(one.weight)) for one in self.criteria]
        total = () if self.span is None else (messages.text("notebook.total", {"low": self.low, "high": self.high}, lang),)
        grades = messages.text(
            "notebook.grades", {"grades": "/".join(self.plan.grade_labels[one].text(lang) for one in self.positions)}, lang
        )
        return html_table(self.record.subject.name, rows, numbers=(1, 2, 3), below=(*total, grades))

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain data; numbers are exact texts."""
        return {
            "subject": {"name": self.record.subject.name, "year": self.record.subject.year},
            "total": None if self.span is None else ends(self.span),
            "can_be_none": self.can_be_none,
            "grades": list(self.grades),
            "criteria": [criterion.as_dict() for criterion in self.criteria],
            "inputs": [one.as_dict() for one in self.inputs],
            "shared": list(self.shared),
            "provenance": dict(self.provenance),
        }


def ends(span: Span) -> dict[str, Any]:
    """The ends of a span of points as plain data."""
    return {
        "low": to_text(span.low or 0),
        "high": to_text(span.high or 0),
        "low_open": span.low_open,
        "high_open": span.high_open,
    }
