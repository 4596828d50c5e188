"""The result of scoring one record: numbers and row ids; texts are made when someone asks.

`Evaluation` and its parts are immutable. Public numbers are `Decimal` (or `Fraction`, where no decimal is exact); the attributes called
`exact_…` hold the same as `Exact`. A criterion that lost points is a `loss`, told by a stable code `criterion.row`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple, Protocol, TypeAlias

from indicator_rules import messages
from indicator_rules.derivation import Derivation
from indicator_rules.exact import Exact, divide, to_decimal, to_text
from indicator_rules.expression import Node
from indicator_rules.kept import Kept
from indicator_rules.plan import Adjustment, Criterion, Group, Plan
from indicator_rules.record import EvaluationRecord
from indicator_rules.record_fields import suggestion
from indicator_rules.record_parts import Indicator
from indicator_rules.value import Absent, Value, value_text

Amount: TypeAlias = Decimal | Fraction


class EntryResult(NamedTuple):
    """One entry of a criterion over entries."""

    indicator: Indicator
    kind: str
    exact_points: Exact
    exact_weight: Exact
    row: str
    completion: Value

    @property
    def id(self) -> str:
        return self.indicator.id

    @property
    def name(self) -> str:
        return self.indicator.name

    @property
    def target(self) -> str | None:
        """The target as it was typed."""
        return None if self.indicator.target is None else self.indicator.target.text

    @property
    def actual(self) -> str | None:
        """The actual value as it was typed."""
        return None if self.indicator.actual is None else self.indicator.actual.text

    def __repr__(self) -> str:
        return f"<{self.id}.{self.row} {to_text(self.exact_points)}/{to_text(self.exact_weight)}>"

    @property
    def points(self) -> Amount:
        return to_decimal(self.exact_points)

    @property
    def weight(self) -> Amount:
        return to_decimal(self.exact_weight)

    def as_dict(self) -> dict[str, Any]:
        """The entry as plain data."""
        return {
            "id": self.id,
            "name": self.name,
            "kind": self.kind,
            "target": self.target,
            "actual": self.actual,
            "completion": value_text(self.completion),
            "weight": to_text(self.exact_weight),
            "points": to_text(self.exact_points),
            "row": self.row,
        }


class ItemResult(NamedTuple):
    """One item of a checklist."""

    id: str
    label: str
    row: str
    exact_points: Exact

    def as_dict(self) -> dict[str, Any]:
        """The item as plain data."""
        return {"id": self.id, "label": self.label, "row": self.row, "points": to_text(self.exact_points)}


class CriterionResult(NamedTuple):
    """One criterion. Points of a penalty are negative."""

    criterion: Criterion
    exact_points: Exact
    exact_weight: Exact
    row: str
    entries: tuple[EntryResult, ...] = ()
    item_rows: tuple[tuple[str, Exact], ...] = ()
    """Row and points of each item of a checklist."""
    deducted: Exact = 0
    """Points taken off by hand."""

    @property
    def id(self) -> str:
        return self.criterion.id

    @property
    def label(self) -> str:
        return self.criterion.label.text(messages.language())

    @property
    def points(self) -> Amount:
        return to_decimal(self.exact_points)

    @property
    def weight(self) -> Amount:
        return to_decimal(self.exact_weight)

    @property
    def items(self) -> tuple[ItemResult, ...]:
        """The items of a checklist, or the parts of a composite."""
        parts = self.criterion.scale.parts
        return tuple(
            ItemResult(part.id, str(part.label), row, points) for part, (row, points) in zip(parts, self.item_rows, strict=False)
        )

    @property
    def share(self) -> Amount | None:
        """Points ÷ weight; None for a weight of 0."""
        return to_decimal(divide(self.exact_points, self.exact_weight)) if self.exact_weight else None

    @property
    def exact_lost(self) -> Exact:
        """What full marks would have given beyond these points; a bonus not earned is not lost, and neither is what does
        not apply."""
        if self.criterion.role == "bonus" or self.row in ("not_applicable", "out_of_force"):
            return 0
        return -self.exact_points if self.criterion.role == "penalty" else self.exact_weight - self.exact_points

    @property
    def lost(self) -> Amount:
        return to_decimal(self.exact_lost)

    @property
    def code(self) -> str:
        """`criterion.row`: stable between runs and releases."""
        return f"{self.criterion.id}.{self.row}"

    def __repr__(self) -> str:
        return f"<{self.code} {to_text(self.exact_points)}/{to_text(self.exact_weight)}>"

    def __str__(self) -> str:
        lost = to_text(self.exact_lost)
        return f"{self.label} [{self.code}] {to_text(self.exact_points)}/{to_text(self.exact_weight)} (−{lost})"


class GroupResult(NamedTuple):
    """A subtotal."""

    group: Group
    exact_points: Exact
    exact_weight: Exact

    def __repr__(self) -> str:
        return f"<{self.group.id} {to_text(self.exact_points)}/{to_text(self.exact_weight)}>"

    @property
    def id(self) -> str:
        return self.group.id

    @property
    def points(self) -> Amount:
        return to_decimal(self.exact_points)

    @property
    def weight(self) -> Amount:
        return to_decimal(self.exact_weight)


class AdjustmentResult(NamedTuple):
    """An adjustment that was applied; `exact_points` are those it deducted or added, or the bound it set."""

    adjustment: Adjustment
    exact_points: Exact | None

    @property
    def id(self) -> str:
        return self.adjustment.id

    def as_dict(self) -> dict[str, Any]:
        """The adjustment as plain data."""
        return {
            "id": self.id,
            "label": str(self.adjustment.label),
            "effect": self.adjustment.effect,
            "points": None if self.exact_points is None else to_text(self.exact_points),
        }


class Finding(NamedTuple):
    """Something a reviewer should be told; never part of the score. `subject` is the entry or criterion, or empty."""

    code: str
    subject: str
    texts: Mapping[str, str]

    def text(self, lang: messages.Language | None = None) -> str:
        """The sentence; in Chinese where there is no other."""
        return self.texts.get(lang or messages.language()) or self.texts["zh"]

    def __str__(self) -> str:
        return self.text()


@dataclass(frozen=True, slots=True)
class Detail:
    """How the points of a criterion came about."""

    formula: str | None
    values: Mapping[str, Value]
    """What the formula and the conditions of the row read."""
    read: Callable[[Node, Exact], Value] = field(repr=False, compare=False)
    """Any formula of the plan, as the criterion (or the entry) reads it with that weight."""


class Source(Protocol):
    """Where an evaluation came from: what it can be asked for beyond its points."""

    def groups(self, results: Sequence[CriterionResult]) -> tuple[GroupResult, ...]:
        """The subtotals of `results`."""
        ...

    def findings(self, results: Sequence[CriterionResult]) -> tuple[Finding, ...]:
        """What a reviewer should be told."""
        ...

    def detail(self, result: CriterionResult, entry: str | None) -> Detail:
        """How the points of a criterion, or of one of its entries, came about."""
        ...

    def explain(self, evaluation: Evaluation, criterion: str | None) -> Derivation:
        """Every step to the points of a criterion, or to total and grade."""
        ...

    def html(self, evaluation: Evaluation) -> str:
        """The evaluation as a table for a notebook."""
        ...

    @property
    def provenance(self) -> Callable[[], Mapping[str, str]]:
        """Ruleset digest and the like, made on demand. `Rules` gives one that can `evaluate` a record, too."""
        ...


@dataclass(frozen=True)
class Evaluation:
    """The score of one record under one ruleset."""

    plan: Plan
    record: EvaluationRecord
    engine: str
    criteria: tuple[CriterionResult, ...]
    adjustments: tuple[AdjustmentResult, ...]
    exact_total: Exact | None
    unrounded_total: Exact | None
    grade_position: int | None
    source: Source = field(repr=False, compare=False)
    """Asked for everything that is made on demand."""

    @Kept
    def groups(self) -> tuple[GroupResult, ...]:
        """The subtotals, in the order of the ruleset."""
        return self.source.groups(self.criteria)

    def __hash__(self) -> int:
        # A plan holds tables that have no hash; equal plans have one name.
        return hash((self.plan.family, self.plan.edition, self.record, self.exact_total, self.grade_position))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as ruleset and record, and scored again by whoever reads it: the same result, with all that is worked out on demand."""
        evaluate = getattr(self.source.provenance, "evaluate", None)
        if evaluate is None:
            raise TypeError("only an evaluation that Rules made can be pickled")
        return evaluate, (self.record,)

    @property
    def total(self) -> Amount | None:
        """总分; None if nothing was applicable."""
        return None if self.exact_total is None else to_decimal(self.exact_total)

    @property
    def grade(self) -> str | None:
        """等级; None if nothing was applicable."""
        return None if self.grade_position is None else str(self.plan.grade_labels[self.grade_position])

    @property
    def exact_margin(self) -> Exact | None:
        """Points by which what the grade is read from falls short of the next better cut; None in the best grade, where the
        total does not decide, or where an adjustment does."""
        read = self.exact_total if self.plan.grade_on == "rounded" else self.unrounded_total
        if read is None or not self.grade_position or self.plan.grades.slots[0].name != "total":
            return None
        return max(0, self.plan.grades.table.rows[self.grade_position - 1].guards[0][0].cut - read)

    @property
    def margin(self) -> Amount | None:
        """`exact_margin` as people hold it. 0 where the next grade asks for more than its cut (`above`)."""
        return None if self.exact_margin is None else to_decimal(self.exact_margin)

    @property
    def losses(self) -> tuple[CriterionResult, ...]:
        """Criteria that lost points, in the order of the ruleset."""
        return tuple(result for result in self.criteria if result.exact_lost > 0)

    @property
    def assumed(self) -> tuple[str, ...]:
        """What the record says its source does not evidence."""
        return self.record.assumed

    @Kept
    def findings(self) -> tuple[Finding, ...]:
        """What a reviewer should be told."""
        return self.source.findings(self.criteria)

    @Kept
    def provenance(self) -> Mapping[str, str]:
        """Family, edition, digests of ruleset and record, library version, engine."""
        digest = hashlib.sha256(self.record.canonical().encode()).hexdigest()
        return {**self.source.provenance(), "record": f"sha256:{digest}"}

    def __repr__(self) -> str:
        total = None if self.exact_total is None else to_text(self.exact_total)
        return f"<Evaluation {self.record.subject.name} {total} {self.grade}>"

    def __getitem__(self, criterion: str) -> CriterionResult:
        """The result of a criterion, by its id or, where that is no other's, its label."""
        for result in self.criteria:
            if result.id == criterion:
                return result
        labels = [(text, one) for one in self.criteria for text in {one.criterion.label.zh, one.criterion.label.en}]
        labelled = [result for label, result in labels if label is not None and label == criterion]
        if len(labelled) == 1:
            return labelled[0]
        known = [*(result.id for result in self.criteria), *(label for label, _ in labels if label is not None)]
        near = suggestion(str(criterion), known).get("suggestion")
        raise KeyError(criterion, f"did you mean {near!r}?") if near else KeyError(criterion)

    def detail(self, criterion: str, entry: str | None = None) -> Detail:
        """How the points of a criterion, or of one entry of it, came about."""
        return self.source.detail(self[criterion], entry)

    def explain(self, criterion: str | None = None) -> Derivation:
        """Every step to the points of a criterion, from what was typed; without one, to total and grade. Raises KeyError for a criterion that
        the ruleset does not have.
        """
        return self.source.explain(self, None if criterion is None else self[criterion].id)

    @property
    def sentences(self) -> tuple[str, ...]:
        """For each criterion that lost points one sentence (how many, why, by which clause), then one for what was taken off the total and
        for the grade, in the language in force.
        """
        told = (self.explain(criterion) for criterion in (*(loss.id for loss in self.losses), None))
        return tuple(derivation.sentence for derivation in told if derivation.sentence)

    def _repr_html_(self) -> str:
        return self.source.html(self)

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain data; numbers are exact texts. The same for the same ruleset and record."""
        return {
            "subject": {"name": self.record.subject.name, "year": self.record.subject.year},
            "total": None if self.exact_total is None else to_text(self.exact_total),
            "unrounded_total": None if self.unrounded_total is None else to_text(self.unrounded_total),
            "grade": self.grade,
            "to_next_grade": None if self.exact_margin is None else to_text(self.exact_margin),
            "criteria": [self._criterion(result) for result in self.criteria],
            "groups": [
                {
                    "id": group.id,
                    "label": str(group.group.label),
                    "parent": group.group.parent,
                    "weight": to_text(group.exact_weight),
                    "points": to_text(group.exact_points),
                }
                for group in self.groups
            ],
            "adjustments": [adjustment.as_dict() for adjustment in self.adjustments],
            "findings": [{"code": finding.code, "subject": finding.subject, **finding.texts} for finding in self.findings],
            "assumed": {"count": len(self.assumed), "paths": list(self.assumed)},
            "provenance": dict(self.provenance),
        }

    def _criterion(self, result: CriterionResult) -> dict[str, Any]:
        detail = self.source.detail(result, None)
        source = result.criterion.source
        return {
            "id": result.id,
            "label": str(result.criterion.label),
            "group": result.criterion.group,
            "role": result.criterion.role,
            "weight": to_text(result.exact_weight),
            "points": to_text(result.exact_points),
            "share": None if not result.exact_weight else to_text(divide(result.exact_points, result.exact_weight)),
            "lost": to_text(result.exact_lost),
            "row": result.row,
            "code": result.code if result.exact_lost > 0 else None,
            "formula": detail.formula,
            "values": {
                name: {"absent": value.reason, "paths": list(value.paths)} if isinstance(value, Absent) else value_text(value)
                for name, value in detail.values.items()
            },
            "deducted": to_text(result.deducted) if result.deducted else None,
            "source": None if source is None else {"ref": source.ref, "clause": source.clause},
            "entries": [entry.as_dict() for entry in result.entries],
            "items": [item.as_dict() for item in result.items],
        }

    def to_json(self, explain: Iterable[str] = ()) -> str:
        """`as_dict` and the record as JSON: byte for byte the same for the same input, and enough to evaluate it again. `explain` names criteria (`total`:
        total and grade) whose derivations are wanted, too. Raises KeyError for a criterion that the ruleset does not have.

        Numbers of the result are exact texts; those of the record are JSON numbers, digit by digit as they were read.
        """
        derivations = [self.explain(None if name == "total" else name).as_dict() for name in explain]
        data = {**self.as_dict(), **({"derivations": derivations} if derivations else {})}
        text = json.dumps(data, ensure_ascii=False, indent=2)
        return f'{text[:-2]},\n  "record": {self.record.canonical()}\n}}\n'
