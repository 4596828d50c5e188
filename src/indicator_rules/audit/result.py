"""What an audit finds: lines side by side, and the differences between them.

A difference is data (code, line, sides, numbers, clause); its one sentence, Chinese or English, is made when somebody reads it. Immutable;
`to_json` is the same text for the same input, with exact numbers as texts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, NamedTuple, TypeAlias

from indicator_rules import messages
from indicator_rules.errors import Problem
from indicator_rules.exact import Exact, exact, to_decimal, to_text
from indicator_rules.explaining.explain import number_text
from indicator_rules.messages import Language, Phrase
from indicator_rules.record import EvaluationRecord
from indicator_rules.spec_fields import Label

Side: TypeAlias = Literal["computed", "declared", "reviewed"]
SIDES: tuple[Side, ...] = ("computed", "declared", "reviewed")
Kind: TypeAlias = Literal["entry", "criterion", "group", "goal", "total", "grade"]
Code: TypeAlias = Literal[
    "arithmetic",
    "rounding",
    "outside-range",
    "discretionary-without-reason",
    "discretionary",
    "weights",
    "sum",
    "grade",
    "missing",
]
"""arithmetic: not what the rule gives · rounding: the same number, rounded · outside-range: more or less than the rule lets a person give ·
discretionary-without-reason: a person's choice, and no reason · discretionary: a choice with its reason, for the reviewer to judge · weights:
printed weights do not add up · sum: parts do not add up · grade: not the grade of that total · missing: one side lacks it."""

Shown: TypeAlias = Exact | str | None
"""Points, the name of a grade, or nothing."""


class Clause(NamedTuple):
    """Where a rule is written."""

    ref: str
    title: str | None
    document: str | None
    clause: str | None

    def text(self, lang: Language) -> str:
        """As it ends a sentence."""
        named = [part for part in (self.title and f"《{self.title}》" if lang == "zh" else self.title, self.document) if part]
        where = ("" if lang == "zh" else ", ").join(named) or self.ref
        key = "clause" if self.clause else "clause-whole"
        return messages.text(f"audit.{key}", {"source": where, "clause": self.clause or ""}, lang)


class Row(NamedTuple):
    """One line of the form, as each side has it."""

    kind: Kind
    id: str
    label: Label | Phrase
    parent: str
    """The criterion of an entry, the group of a criterion or group."""
    exact_weight: Exact | None
    values: Mapping[Side, Shown]

    def as_dict(self) -> dict[str, Any]:
        """The line as plain data."""
        return {
            "kind": self.kind,
            "id": self.id,
            "label": label_text(self.label, "zh"),
            "parent": self.parent or None,
            "weight": None if self.exact_weight is None else to_text(self.exact_weight),
            **{side: _exactly(value) for side, value in self.values.items()},
        }


@dataclass(frozen=True)
class Difference:
    """One thing that does not agree. `key` is the sentence in the catalogue, a finer name than `code`."""

    code: Code
    kind: Kind
    id: str
    label: Label | Phrase
    sides: tuple[Side, ...]
    key: str
    values: Mapping[str, Shown] = field(default_factory=dict)
    """`left` and `right` are what the first and the second of `sides` have; others belong to the sentence."""
    clause: Clause | None = None
    follows: tuple[str, ...] = ()
    """Ids of the lines below that this comes from."""
    follow_labels: tuple[Label | Phrase, ...] = ()

    @property
    def exact_gap(self) -> Exact | None:
        """Right less left, where both are numbers."""
        left, right = self.values.get("left"), self.values.get("right")
        if left is None or right is None or isinstance(left, str) or isinstance(right, str):
            return None
        return exact(Fraction(right - left))

    @property
    def gap(self) -> object:
        """`exact_gap` as a `Decimal` (a `Fraction` where no decimal equals it)."""
        return None if self.exact_gap is None else to_decimal(self.exact_gap)

    def text(self, lang: Language | None = None) -> str:
        """The one sentence."""
        lang = lang or messages.language()
        values: dict[str, object] = {name: _told(value, lang) for name, value in self.values.items()}
        values |= {f"side{place}": Phrase(f"audit.side-{side}") for place, side in enumerate(self.sides)}
        gap = self.exact_gap
        values["gap"] = _told(None if gap is None else max(gap, -gap), lang)
        values["lines"] = messages.text("audit.list-comma", {}, lang).join(
            label_text(label, lang) for label in self.follow_labels
        )
        sentence = messages.text(f"audit.{self.key}", values | {"label": label_text(self.label, lang)}, lang)
        return sentence + (self.clause.text(lang) if self.clause is not None else "")

    def as_dict(self) -> dict[str, Any]:
        """The difference as plain data, with its sentence in both languages."""
        return {
            "code": self.code,
            "kind": self.kind,
            "id": self.id,
            "sides": list(self.sides),
            "detail": self.key,
            "values": {name: _exactly(value) for name, value in self.values.items()},
            "gap": None if self.exact_gap is None else to_text(self.exact_gap),
            "source": None if self.clause is None else self.clause._asdict(),
            "follows": list(self.follows),
            **{lang: self.text(lang) for lang in messages.LANGUAGES},
        }

    def __str__(self) -> str:
        return f"{self.text()} [{self.code}]"


@dataclass(frozen=True)
class Audit:
    """What two or three sides make of one record."""

    record: EvaluationRecord
    sides: tuple[Side, ...]
    """Those asked for that there are."""
    tolerance: Exact
    rows: tuple[Row, ...]
    differences: tuple[Difference, ...]
    problems: tuple[Problem, ...] = ()
    """Why the computed side has gaps."""
    provenance: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Audit {self.record.subject.name} {len(self.differences)} differences, {len(self.problems)} problems>"

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain data; numbers are exact texts."""
        return {
            "subject": {"name": self.record.subject.name, "year": self.record.subject.year},
            "sides": list(self.sides),
            "tolerance": to_text(self.tolerance),
            "rows": [row.as_dict() for row in self.rows],
            "differences": [difference.as_dict() for difference in self.differences],
            "problems": [problem.as_dict() for problem in self.problems],
            "provenance": dict(self.provenance),
        }

    def to_json(self) -> str:
        """`as_dict` as JSON: byte for byte the same for the same input and language."""
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=2) + "\n"


def _exactly(value: Shown) -> str | None:
    return value if value is None or isinstance(value, str) else to_text(value)


def _told(value: Shown, lang: Language) -> str:
    if value is None:
        return messages.text("audit.nothing", {}, lang)
    return value if isinstance(value, str) else number_text(value)


def label_text(label: Label | Phrase, lang: Language) -> str:
    return messages.text(label.key, {}, lang) if isinstance(label, Phrase) else label.text(lang)
