"""The gap to a grade (差距分析): what is missing, which changes of a record would reach it, and what is out of reach. Frozen data.

Public numbers are `Decimal` (or `Fraction`, where no decimal is exact), attributes called `exact_…` hold the same as `Exact`. Values are told in the unit
that the record uses. Every proposal was confirmed: the record with its changes was read and scored anew, by the ruleset's own engine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, NamedTuple, TypeAlias

from indicator_rules import messages
from indicator_rules.comparison.comparison import Told
from indicator_rules.exact import Exact, add, to_decimal, to_text
from indicator_rules.record import EvaluationRecord

Amount: TypeAlias = Decimal | Fraction
Verdict: TypeAlias = Literal["reached", "reachable", "impossible", "not-found", "incomplete", "nothing-applicable", "out-of-time"]
"""reached: nothing is missing · reachable: there are proposals · impossible: whatever the fields that may change hold, the grade is worse (proved) ·
not-found: no proposal was found, and it could not be proved that there is none · incomplete: something has to be filled in that no value can be proposed for ·
nothing-applicable: the record has no total · out-of-time: the search was stopped before it was through."""
Why: TypeAlias = Literal["can-gain", "full", "not-applicable", "closed", "person", "fixed", "no-gain"]
"""can-gain: some change gains points · full: nothing is left to gain · not-applicable, or out of force · closed: fields that it reads could be otherwise, but hold
values already · person: only people's picks could change it, and they are made · fixed: it reads nothing that can change (budgets, targets, texts) ·
no-gain: no change of one field after another gains anything."""
Bound: TypeAlias = Literal["at-least", "at-most", "this", "any"]
"""How the value of an empty field is to be read, the other changes made: it, more, less, or anything."""


class Change(NamedTuple):
    """One field set to another value."""

    path: str
    """Its key path: `budget.spent`, `answers.x`, `indicators.i3.actual`; entries by id."""
    label: Told
    old: Told | None
    """None for an empty field."""
    new: Told
    value: Any
    """What the record would hold; for `….counts.satisfied`, the number alone."""
    bound: Bound
    by_person: bool
    """Whether it is somebody's judgement."""
    trend: int = 0
    """1 more, −1 less, of a number; 0 otherwise."""

    def as_dict(self, lang: messages.Language | None = None) -> dict[str, Any]:
        """The change as plain data."""
        lang = lang or messages.language()
        value = self.value if isinstance(self.value, bool | str | int) else str(self.value)
        return {
            "path": self.path,
            "label": self.label.text(lang),
            "old": None if self.old is None else self.old.text(lang),
            "new": self.new.text(lang),
            "value": value,
            "bound": self.bound,
            "by_person": self.by_person,
        }


class Moved(NamedTuple):
    """A criterion whose points a proposal changes."""

    id: str
    label: Told
    exact_before: Exact | None
    """None where the record cannot be scored as it is."""
    exact_after: Exact
    reading: str
    """What its measure comes to, or the completion of its only entry: `94.34%`; empty where it is not one ratio."""

    @property
    def gain(self) -> Amount:
        return to_decimal(add(self.exact_after, -(self.exact_before or 0)))

    def as_dict(self, lang: messages.Language | None = None) -> dict[str, Any]:
        """The criterion as plain data."""
        return {
            "id": self.id,
            "label": self.label.text(lang or messages.language()),
            "before": None if self.exact_before is None else to_text(self.exact_before),
            "after": to_text(self.exact_after),
            "reading": self.reading,
        }


@dataclass(frozen=True, slots=True)
class Proposal:
    """Changes with which the record has the grade, and what they do."""

    changes: tuple[Change, ...]
    moved: tuple[Moved, ...]
    exact_total: Exact
    grade: str
    changed: EvaluationRecord
    """The record with the changes."""

    @property
    def total(self) -> Amount:
        return to_decimal(self.exact_total)

    def as_dict(self, lang: messages.Language | None = None) -> dict[str, Any]:
        """The proposal as plain data."""
        return {
            "changes": [one.as_dict(lang) for one in self.changes],
            "criteria": [one.as_dict(lang) for one in self.moved],
            "total": to_text(self.exact_total),
            "grade": self.grade,
        }


class CriterionGap(NamedTuple):
    """What one criterion could still gain, by changes of what it reads; points of a penalty are negative."""

    id: str
    label: Told
    exact_points: Exact
    exact_weight: Exact
    exact_best: Exact
    """Its points after the changes."""
    changes: tuple[Change, ...]
    why: Why

    @property
    def points(self) -> Amount:
        return to_decimal(self.exact_points)

    @property
    def can_gain(self) -> Amount:
        return to_decimal(self.exact_gain)

    @property
    def exact_gain(self) -> Exact:
        return add(self.exact_best, -self.exact_points)

    def as_dict(self, lang: messages.Language | None = None) -> dict[str, Any]:
        """The criterion as plain data."""
        return {
            "id": self.id,
            "label": self.label.text(lang or messages.language()),
            "points": to_text(self.exact_points),
            "weight": to_text(self.exact_weight),
            "can_gain": to_text(self.exact_gain),
            "changes": [one.as_dict(lang) for one in self.changes],
            "why": self.why,
        }


class Blocker(NamedTuple):
    """An adjustment in force with which no points lead to the grade; `cleared` is the change that ends it, if one does."""

    id: str
    label: Told
    effect: str
    cleared: Change | None

    def as_dict(self, lang: messages.Language | None = None) -> dict[str, Any]:
        """The adjustment as plain data."""
        return {
            "id": self.id,
            "label": self.label.text(lang or messages.language()),
            "effect": self.effect,
            "cleared": None if self.cleared is None else self.cleared.as_dict(lang),
        }


@dataclass(frozen=True, slots=True)
class Gap:
    """How far a record is from a grade under one ruleset."""

    subject: str
    year: int
    wanted: Told
    verdict: Verdict
    hypothetical: bool
    """Whether fields that hold something may change too."""
    grade: str | None
    """As the record is; None where it cannot be scored."""
    exact_total: Exact | None
    exact_needed: Exact | None
    """What the total has to reach, adjustments that move the grade down considered; None where the grade is not read from the total."""
    missing: tuple[tuple[str, Told], ...]
    """Key path and label of what has to be filled in before anything can be scored."""
    fillings: tuple[Change, ...]
    """Of these, the ones for which a value can be told: the least that will do, all others at their best. For `impossible` and `not-found`: the best."""
    blockers: tuple[Blocker, ...]
    singles: tuple[Proposal, ...]
    """Proposals of one change (beyond `fillings` and what ends `blockers`), each with the smallest move that reaches the grade."""
    several: Proposal | None
    """Where no single change does: the fewest criteria, then the fewest points more than needed; the last change only as far as needed."""
    criteria: tuple[CriterionGap, ...]
    provenance: Mapping[str, str]

    @property
    def total(self) -> Amount | None:
        return None if self.exact_total is None else to_decimal(self.exact_total)

    @property
    def needed(self) -> Amount | None:
        return None if self.exact_needed is None else to_decimal(self.exact_needed)

    @property
    def exact_short(self) -> Exact | None:
        """Points by which the total falls short."""
        if self.exact_total is None or self.exact_needed is None:
            return None
        return max(0, add(self.exact_needed, -self.exact_total))

    @property
    def short(self) -> Amount | None:
        return None if self.exact_short is None else to_decimal(self.exact_short)

    @property
    def proposals(self) -> tuple[Proposal, ...]:
        """All proposals."""
        return (*self.singles, *(() if self.several is None else (self.several,)))

    def __getitem__(self, criterion: str) -> CriterionGap:
        for one in self.criteria:
            if one.id == criterion:
                return one
        raise KeyError(criterion)

    def __repr__(self) -> str:
        return f"<Gap {self.subject} {self.grade} → {self.wanted.zh}: {self.verdict}>"

    def as_dict(self, lang: messages.Language | None = None) -> dict[str, Any]:
        """Everything as plain data; numbers are exact texts."""
        lang = lang or messages.language()
        numbers = {"total": self.exact_total, "needed": self.exact_needed, "short": self.exact_short}
        return {
            "subject": {"name": self.subject, "year": self.year},
            "wanted": self.wanted.text(lang),
            "verdict": self.verdict,
            "hypothetical": self.hypothetical,
            "grade": self.grade,
            **{name: None if number is None else to_text(number) for name, number in numbers.items()},
            "missing": [{"path": path, "label": label.text(lang)} for path, label in self.missing],
            "fillings": [one.as_dict(lang) for one in self.fillings],
            "blockers": [one.as_dict(lang) for one in self.blockers],
            "singles": [one.as_dict(lang) for one in self.singles],
            "several": None if self.several is None else self.several.as_dict(lang),
            "criteria": [one.as_dict(lang) for one in self.criteria],
            "provenance": dict(self.provenance),
        }

    def to_json(self, lang: messages.Language | None = None) -> str:
        """`as_dict` as JSON."""
        return json.dumps(self.as_dict(lang), ensure_ascii=False, indent=2) + "\n"
