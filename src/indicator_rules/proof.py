"""Answers about all records of a ruleset: proved, refuted with a record that the engine confirms, or undecided. Never a guess."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from indicator_rules import messages
from indicator_rules.record import EvaluationRecord

Verdict = Literal["proved", "refuted", "undecided"]
VERDICTS: tuple[Verdict, ...] = ("proved", "refuted", "undecided")


@dataclass(frozen=True)
class Answer:
    """One question, answered."""

    question: str
    """`bounds`, `grade-reachable`, `monotone`, `no-jump`, `equivalent`, `grade-pair`."""
    subject: str
    """Key path of what is asked about (`criteria.x`, `grades`), or empty for the whole."""
    verdict: Verdict
    values: Mapping[str, object] = field(default_factory=dict)
    """What the sentence says."""
    records: tuple[EvaluationRecord, ...] = ()
    """Witnesses: one record, or two that contradict each other; for a grade that can be reached, one that reaches it."""

    def text(self, lang: messages.Language | None = None) -> str:
        """The question and what was found, in one sentence."""
        return messages.text(f"prove.{self.question}-{self.verdict}", {"subject": self.subject, **self.values}, lang)

    def __str__(self) -> str:
        return self.text()

    def as_dict(self) -> dict[str, Any]:
        """The answer as plain data; records as they are written in JSON."""
        return {
            "question": self.question,
            "subject": self.subject,
            "verdict": self.verdict,
            "text": {lang: self.text(lang) for lang in messages.LANGUAGES},
            "records": [json.loads(record.canonical()) for record in self.records],
        }
