"""How points came about, as data: the steps from what was typed to the points, each in words and with its exact value.

A `Derivation` is frozen and holds its texts in both languages; `str()` gives it in the language in force, `as_dict()` as plain data. It is made on
demand (`Evaluation.explain`) and is never part of `Evaluation.as_dict`, which stays byte for byte what it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Literal, TypeAlias

from indicator_rules import messages
from indicator_rules.exact import Exact, to_text
from indicator_rules.messages import Language

Kind: TypeAlias = Literal[
    "weight", "input", "lookup", "measure", "row", "rating", "award", "item", "part", "entry", "combine", "absent",
    "clamp", "deduction", "rounding", "points", "next", "wording", "clause", "group", "rescale", "adjustment", "total", "grade",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `path` is the key path of what is read (in the record) or applied (in the ruleset); `value` what it comes to."""

    kind: Kind
    texts: Mapping[Language, str]
    path: str = ""
    typed: str | None = None
    """The value as it was typed."""
    value: str | None = None
    """The value exactly: `7/9`, `9.26`, `2023-11-30`."""
    steps: tuple[Step, ...] = ()
    """Of an entry, a part or an item: its own steps."""

    def text(self, lang: Language | None = None) -> str:
        """The step in words."""
        return self.texts[lang or messages.language()]

    def __str__(self) -> str:
        return self.text()

    def as_dict(self) -> dict[str, Any]:
        """The step as plain data; keys that say nothing are left out."""
        facts = {"path": self.path, "typed": self.typed, "value": self.value}
        below = [step.as_dict() for step in self.steps]
        return {
            "step": self.kind,
            "text": dict(self.texts),
            **{k: v for k, v in facts.items() if v},
            **({"steps": below} if below else {}),
        }


@dataclass(frozen=True, slots=True)
class Derivation:
    """How the points of a criterion, or total and grade (`id` is then `total`), came about."""

    id: str
    labels: Mapping[Language, str]
    sentences: Mapping[Language, str]
    exact_points: Exact | None
    exact_lost: Exact
    steps: tuple[Step, ...]

    @property
    def sentence(self) -> str:
        """What was lost, why, and by which clause, in one sentence; empty where nothing was lost."""
        return self.sentences[messages.language()]

    def text(self, lang: Language | None = None) -> str:
        """Every step on its line, the steps of an entry or part set in; then the sentence."""
        lang = lang or messages.language()
        lines = [self.labels[lang], *(f"  {line}" for step in self.steps for line in _lines(step, lang))]
        return "\n".join([*lines, *([f"  → {self.sentences[lang]}"] if self.sentences[lang] else [])])

    def __str__(self) -> str:
        return self.text()

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain data; numbers are exact texts."""
        return {
            "id": self.id,
            "label": dict(self.labels),
            "points": None if self.exact_points is None else to_text(self.exact_points),
            "lost": to_text(self.exact_lost),
            "sentence": dict(self.sentences),
            "steps": [step.as_dict() for step in self.steps],
        }

    def _repr_html_(self) -> str:
        lang = messages.language()
        sentence = f"<p>{escape(self.sentences[lang])}</p>" if self.sentences[lang] else ""
        return f"<p><b>{escape(self.labels[lang])}</b></p>{_list(self.steps, lang)}{sentence}"


def _lines(step: Step, lang: Language) -> Iterator[str]:
    yield step.texts[lang]
    for below in step.steps:
        yield from (f"  {line}" for line in _lines(below, lang))


def _list(steps: tuple[Step, ...], lang: Language) -> str:
    items = "".join(f"<li>{escape(step.texts[lang])}{_list(step.steps, lang)}</li>" for step in steps)
    return f"<ul>{items}</ul>" if items else ""
