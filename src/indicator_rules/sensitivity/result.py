"""How firm grades are: which small moves of a weight or a cut change them. Frozen data; numbers exact."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

from indicator_rules import messages
from indicator_rules.comparison.comparison import Told
from indicator_rules.errors import KeyPath, Problem, path_text
from indicator_rules.exact import Exact, to_percent, to_text
from indicator_rules.messages import Language

Kind: TypeAlias = Literal["weight", "threshold", "grade", "sample"]
"""weight: of a criterion, the others of its pool rescaled · threshold: a cut of a scale · grade: a cut of the grades · sample: all of
them at once, by chance."""


class Flip(NamedTuple):
    """A record whose grade a variant changes; `record` is its position."""

    record: int
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Variant:
    """The ruleset with one thing moved (or, in a sample, everything), and what came of it."""

    kind: Kind
    criterion: str
    """Id of the criterion; empty for grades and samples."""
    path: KeyPath
    label: Told
    aspect: Told
    old: Exact
    new: Exact
    """The number before and after, as the ruleset has it (a weight that a record states moves by the same part of itself); the serial number of a
    sample."""
    is_ratio: bool
    """Whether people read the number as a percentage."""
    flips: tuple[Flip, ...] = ()
    refused: tuple[int, ...] = ()
    """Positions of records that the variant cannot score: an assessment that no longer fits its weight."""
    widest: Exact = 0
    """The furthest that any total moved, up or down."""

    @property
    def grades(self) -> Mapping[tuple[str, str], int]:
        """(grade, grade in this variant) → records."""
        return dict(Counter((flip.old, flip.new) for flip in self.flips).most_common())

    def number(self, value: Exact) -> str:
        """`value` as it is read."""
        return to_percent(value, 4) if self.is_ratio else to_text(value)

    def as_dict(self, lang: Language | None = None) -> dict[str, Any]:
        """The variant as plain data."""
        lang = lang or messages.language()
        return {
            "kind": self.kind,
            "criterion": self.criterion or None,
            "path": path_text(self.path),
            "label": self.label.text(lang),
            "aspect": self.aspect.text(lang),
            "old": to_text(self.old),
            "new": to_text(self.new),
            "flips": [flip._asdict() for flip in self.flips],
            "refused": list(self.refused),
            "widest": to_text(self.widest),
        }


@dataclass(frozen=True, slots=True)
class RecordSensitivity:
    """One record over all variants; without a total where it cannot be scored, and then the problems say why."""

    name: str
    file: str
    total: Exact | None
    grade: str | None
    lowest: Exact | None = None
    highest: Exact | None = None
    grades: Mapping[str, int] | None = None
    """Grade → in how many variants it is that, where it is another one."""
    problems: tuple[Problem, ...] = ()

    @property
    def flips(self) -> int:
        """In how many variants the grade is another one."""
        return sum((self.grades or {}).values())

    def as_dict(self) -> dict[str, Any]:
        """The record as plain data."""
        numbers = {name: getattr(self, name) for name in ("total", "lowest", "highest")}
        return {
            "name": self.name,
            "file": self.file,
            **{name: None if number is None else to_text(number) for name, number in numbers.items()},
            "grade": self.grade,
            "grades": dict(self.grades or {}),
            "problems": [problem.as_dict() for problem in self.problems],
        }


class Unmoved(NamedTuple):
    """A weight or cut that was left where it is. `reason`: `alone` (nothing to rescale), `order` (it
    would pass another cut), `formula` (worked out from the record)."""

    label: Told
    aspect: Told
    reason: Literal["alone", "order", "formula"]

    def as_dict(self, lang: Language | None = None) -> dict[str, Any]:
        """What was left, as plain data."""
        lang = lang or messages.language()
        return {"label": self.label.text(lang), "aspect": self.aspect.text(lang), "reason": self.reason}


class Firmness(NamedTuple):
    """A criterion, or the grades, over all variants that move something of it."""

    label: Told
    variants: int
    flipping: int
    """How many of them change some grade."""
    flips: int
    """Grades changed, all variants and records together."""


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """All variants of one ruleset over some records."""

    ruleset: str
    steps: Mapping[str, Exact]
    """`weights` (a share), `thresholds` (a ratio), `grades` (points of 100); what is not there was not moved."""
    samples: int
    seed: int
    variants: tuple[Variant, ...]
    records: tuple[RecordSensitivity, ...]
    unmoved: tuple[Unmoved, ...]

    @property
    def flipping(self) -> tuple[Variant, ...]:
        """The variants that change some grade."""
        return tuple(variant for variant in self.variants if variant.flips)

    @property
    def criteria(self) -> tuple[Firmness, ...]:
        """By criterion, in the order of the ruleset, then the grades, then the samples."""
        found: dict[tuple[str, Told], list[Variant]] = {}
        for variant in self.variants:
            found.setdefault((variant.criterion, variant.label), []).append(variant)
        return tuple(
            Firmness(label, len(some), sum(bool(one.flips) for one in some), sum(len(one.flips) for one in some))
            for (_, label), some in found.items()
        )

    def as_dict(self, lang: Language | None = None) -> dict[str, Any]:
        """Everything as plain data; numbers are exact texts."""
        return {
            "ruleset": self.ruleset,
            "steps": {name: to_text(step) for name, step in self.steps.items()},
            "samples": self.samples,
            "seed": self.seed,
            "variants_run": len(self.variants),
            "variants_flipping": len(self.flipping),
            "criteria": [{**one._asdict(), "label": one.label.text(lang or messages.language())} for one in self.criteria],
            "variants": [variant.as_dict(lang) for variant in self.variants],
            "records": [record.as_dict() for record in self.records],
            "unmoved": [one.as_dict(lang) for one in self.unmoved],
        }

    def to_json(self, lang: Language | None = None) -> str:
        """`as_dict` as JSON."""
        return json.dumps(self.as_dict(lang), ensure_ascii=False, indent=2) + "\n"
