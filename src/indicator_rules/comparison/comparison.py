"""What differs between two rulesets, and what that does to records: frozen data.

A `Change` is one thing that somebody wrote differently and that means something else (or, where `scores` is false, only reads differently); a
`RecordImpact` is one record under both. Numbers are exact. Texts are in Chinese and English, those of a ruleset as it has them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, NamedTuple, TypeAlias

from indicator_rules import messages
from indicator_rules.errors import KeyPath, Problem, Where, path_text
from indicator_rules.exact import Exact, add_all, divide, exact, to_decimal, to_text
from indicator_rules.html_table import html_table
from indicator_rules.messages import Language

ChangeKind: TypeAlias = Literal[
    "added",
    "gone",
    "renamed",
    "moved",
    "label",
    "weight",
    "threshold",
    "award",
    "condition",
    "formula",
    "scale",
    "rounding",
    "setting",
    "order",
    "meaning",
    "wording",
]
"""added, gone: a thing, or a row of a scale · renamed: another id for the same thing · moved: into another group · label: its name · weight 分值 · threshold:
a cut 分界点 · award 给分 · condition: a truth formula · formula: any other · scale: another kind of scale, or entries in place of a scale · rounding ·
setting: any other key · order: of rows of which the first that holds counts · meaning: the tables differ in a way that no other change says · wording:
texts that no score depends on."""


class Told(NamedTuple):
    """A text in both languages."""

    zh: str
    en: str

    def text(self, lang: Language) -> str:
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `old` and `new` are what either says, None where it says nothing."""

    kind: ChangeKind
    subject: KeyPath
    """Key path of the thing that changed: `criteria.x`, `measures.y`, `grades`; in the new ruleset, unless it is gone."""
    label: Told
    """Its name."""
    path: KeyPath
    """Key path of the change, as the new ruleset has it (the old one, where it is gone)."""
    aspect: Told
    """What of it changed; empty for the thing as a whole."""
    old: Told | None
    new: Told | None
    old_where: Where | None
    new_where: Where | None
    criteria: tuple[str, ...]
    """Ids of the criteria whose points it can change (a criterion that is gone by its old id); none: total or grade alone, or nothing."""
    scores: bool
    """Whether points, total or grade can come out differently."""

    def as_dict(self, lang: Language | None = None) -> dict[str, Any]:
        """The change as plain data."""
        lang = lang or messages.language()
        return {
            "kind": self.kind,
            "subject": path_text(self.subject),
            "label": self.label.text(lang),
            "path": path_text(self.path),
            "aspect": self.aspect.text(lang),
            "old": None if self.old is None else self.old.text(lang),
            "new": None if self.new is None else self.new.text(lang),
            "old_line": None if self.old_where is None else self.old_where.line,
            "new_line": None if self.new_where is None else self.new_where.line,
            "criteria": list(self.criteria),
            "scores": self.scores,
        }


# ------------------------------------------------------------------------------------------------------------------ records


class Score(NamedTuple):
    """One record under one ruleset."""

    total: Exact | None
    grade: str | None
    points: Mapping[str, Exact]
    """Criterion → points."""


@dataclass(frozen=True, slots=True)
class RecordImpact:
    """One record under both rulesets; None where it cannot be scored, and then the problems say why."""

    name: str
    file: str
    old: Score | None
    new: Score | None
    old_problems: tuple[Problem, ...] = ()
    new_problems: tuple[Problem, ...] = ()

    @property
    def moved(self) -> Exact | None:
        """New total less old; None unless both have one."""
        if self.old is None or self.new is None or self.old.total is None or self.new.total is None:
            return None
        return exact(Fraction(self.new.total) - self.old.total)

    @property
    def grade_changed(self) -> bool:
        """Whether both give a grade, and not the same."""
        return self.old is not None and self.new is not None and self.old.grade != self.new.grade

    def as_dict(self) -> dict[str, Any]:
        """The record as plain data; numbers are exact texts."""
        return {
            "name": self.name,
            "file": self.file,
            "old": _score(self.old),
            "new": _score(self.new),
            "moved": None if self.moved is None else to_text(self.moved),
            "old_problems": [problem.as_dict() for problem in self.old_problems],
            "new_problems": [problem.as_dict() for problem in self.new_problems],
        }


def _score(score: Score | None) -> dict[str, Any] | None:
    if score is None:
        return None
    points = {name: to_text(points) for name, points in score.points.items()}
    return {"total": None if score.total is None else to_text(score.total), "grade": score.grade, "criteria": points}


class CriterionImpact(NamedTuple):
    """A criterion over all records that both rulesets score. `old`, `new`: its ids; None where a ruleset lacks it (and gives 0 points)."""

    old: str | None
    new: str | None
    label: Told
    records: int
    """How many have other points than before."""
    mean: Exact
    """Points moved, on average of all records."""
    lowest: Exact
    highest: Exact
    """The furthest any record moved down, and up."""

    def as_dict(self) -> dict[str, Any]:
        """The criterion as plain data."""
        numbers = {name: to_text(getattr(self, name)) for name in ("mean", "lowest", "highest")}
        return {
            "old": self.old,
            "new": self.new,
            "label": self.label.text(messages.language()),
            "records": self.records,
            **numbers,
        }


@dataclass(frozen=True, slots=True)
class Impact:
    """What the changes do to records."""

    records: tuple[RecordImpact, ...]
    pairs: tuple[tuple[str | None, str | None, Told], ...]
    """Criteria: old id, new id, label."""

    @property
    def scored(self) -> tuple[RecordImpact, ...]:
        """Records that both rulesets give a total."""
        return tuple(one for one in self.records if one.moved is not None)

    @property
    def only_old(self) -> tuple[RecordImpact, ...]:
        """Records that only the old ruleset can score."""
        return tuple(one for one in self.records if one.old is not None and one.new is None)

    @property
    def only_new(self) -> tuple[RecordImpact, ...]:
        """Records that only the new ruleset can score."""
        return tuple(one for one in self.records if one.old is None and one.new is not None)

    @property
    def neither(self) -> tuple[RecordImpact, ...]:
        """Records that neither can score."""
        return tuple(one for one in self.records if one.old is None and one.new is None)

    @property
    def flips(self) -> Mapping[tuple[str, str], int]:
        """(old grade, new grade) → how many records, where they differ; the most frequent first."""
        found = Counter(
            (str(one.old and one.old.grade), str(one.new and one.new.grade)) for one in self.scored if one.grade_changed
        )
        return dict(found.most_common())

    @property
    def mean(self) -> Exact:
        """Points that the total moved, on average."""
        moved = [one.moved for one in self.scored if one.moved is not None]
        return divide(add_all(moved), len(moved)) if moved else 0

    def winners(self, most: int = 5) -> tuple[RecordImpact, ...]:
        """Records that gained most."""
        return self._furthest([one for one in self.scored if (one.moved or 0) > 0], most)

    def losers(self, most: int = 5) -> tuple[RecordImpact, ...]:
        """Records that lost most."""
        return self._furthest([one for one in self.scored if (one.moved or 0) < 0], most)

    def _furthest(self, records: Iterable[RecordImpact], most: int) -> tuple[RecordImpact, ...]:
        return tuple(sorted(records, key=lambda one: (-abs(Fraction(one.moved or 0)), one.file, one.name))[:most])

    @property
    def criteria(self) -> tuple[CriterionImpact, ...]:
        """Each criterion that moved for some record; the largest mean movement first."""
        found = [one for one in map(self._criterion, self.pairs) if one.records]
        return tuple(sorted(found, key=lambda one: -abs(Fraction(one.mean))))

    def _criterion(self, pair: tuple[str | None, str | None, Told]) -> CriterionImpact:
        old, new, label = pair
        moved = [
            exact(Fraction((new and one.new.points.get(new)) or 0) - ((old and one.old.points.get(old)) or 0))
            for one in self.scored
            if one.old is not None and one.new is not None
        ]
        mean = divide(add_all(moved), len(moved)) if moved else 0
        return CriterionImpact(old, new, label, sum(map(bool, moved)), mean, min([0, *moved]), max([0, *moved]))

    def as_dict(self) -> dict[str, Any]:
        """The impact as plain data."""
        return {
            "scored": len(self.scored),
            "only_old": len(self.only_old),
            "only_new": len(self.only_new),
            "neither": len(self.neither),
            "mean": str(to_decimal(self.mean)),
            "flips": [{"old": old, "new": new, "records": count} for (old, new), count in self.flips.items()],
            "criteria": [one.as_dict() for one in self.criteria],
            "records": [one.as_dict() for one in self.records],
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two rulesets side by side."""

    old_name: str
    new_name: str
    old_title: Told
    new_title: Told
    changes: tuple[Change, ...]
    same: Mapping[str, bool]
    """Criterion of both (by its new id) → whether it surely gives the same points for every record."""
    impact: Impact | None = None
    """None if no records were given."""

    @property
    def same_meaning(self) -> bool:
        """Whether the two surely score every record alike."""
        return not any(change.scores for change in self.changes)

    def of(self, criterion: str) -> tuple[Change, ...]:
        """The changes that can change the points of `criterion`."""
        return tuple(change for change in self.changes if change.scores and criterion in change.criteria)

    def as_dict(self, lang: Language | None = None) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "old": self.old_name,
            "new": self.new_name,
            "same_meaning": self.same_meaning,
            "changes": [change.as_dict(lang) for change in self.changes],
            "criteria_with_same_meaning": dict(self.same),
            "impact": None if self.impact is None else self.impact.as_dict(),
        }

    def _repr_html_(self) -> str:
        """The changes as a notebook shows them."""
        lang = messages.language()
        rows = [tuple(messages.text(f"notebook.{key}", {}, lang) for key in ("subject", "aspect", "old", "new"))]
        for change in self.changes:
            told = (None if one is None else one.text(lang) for one in (change.label, change.aspect, change.old, change.new))
            rows.append(tuple(text or "—" for text in told))
        return html_table(f"{self.old_name} → {self.new_name}", rows)

    def to_json(self, lang: Language | None = None) -> str:
        """`as_dict` as JSON."""
        return json.dumps(self.as_dict(lang), ensure_ascii=False, indent=2) + "\n"
