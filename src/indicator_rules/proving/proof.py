"""Answers about all records of a ruleset: proved, refuted with a record that the engine confirms, or undecided. Never a guess."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from indicator_rules import messages
from indicator_rules.record import EvaluationRecord

Verdict = Literal["proved", "refuted", "undecided"]
Question = Literal["bounds", "grade-reachable", "monotone", "no-jump", "equivalent", "grade-pair"]
VERDICTS: tuple[Verdict, ...] = ("proved", "refuted", "undecided")


SECONDS = 60
"""The limit of time, if none is said."""
ORDINARY = {"bound": messages.Phrase("prove.ordinary")}
"""What bounds, grades and differences are proved for."""


@dataclass(frozen=True)
class Answer:
    """One question, answered."""

    question: Question
    subject: str
    """Key path of what is asked about (`criteria.x`, `grades`), or empty for the whole."""
    verdict: Verdict
    values: Mapping[str, object] = field(default_factory=dict)
    """What the sentence says."""
    records: tuple[EvaluationRecord, ...] = ()
    """Witnesses: one record, or two that contradict each other; for a grade that can be reached, one that reaches it."""
    out_of_time: bool = False
    """Whether it is undecided because the time was over."""

    def text(self, lang: messages.Language | None = None) -> str:
        """The question and what was found, in one sentence."""
        text = messages.text(f"prove.{self.question}-{self.verdict}", {"subject": self.subject, **self.values}, lang)
        return text + messages.text("prove.out-of-time", lang=lang) if self.out_of_time else text

    def __str__(self) -> str:
        return self.text()

    def as_dict(self) -> dict[str, Any]:
        """The answer as plain data; records as they are written in JSON."""
        return {
            "question": self.question,
            "subject": self.subject,
            "verdict": self.verdict,
            "out_of_time": self.out_of_time,
            "text": {lang: self.text(lang) for lang in messages.LANGUAGES},
            "records": [json.loads(record.canonical(), parse_float=_number) for record in self.records],
        }


def _number(text: str) -> float | str:
    """A number of a JSON text; as text where a float would not keep it."""
    return float(text) if Decimal(repr(float(text))) == Decimal(text) else text
