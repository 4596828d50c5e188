"""Audit (复核): computed, declared and reviewed points side by side, and what does not agree, classified and said in one sentence.

In: rules and a record, or (`audit_declared`) only a record. Out: an `Audit`. Nothing is raised for what a record holds: where a line cannot be
scored, the computed side has a gap and `problems` says why; sums, weights and grades are checked all the same. A difference up to `tolerance`
is none; every other one has exactly one code of `audit_result.Code`, and one that only repeats differences below it says so (`follows`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from itertools import combinations
from typing import Protocol

from indicator_rules.audit.checks import GRADE, TOTAL, Checks
from indicator_rules.audit.form import Claimant, Form, Line, form_of, plain_form, weight_of
from indicator_rules.audit.pair import Pair
from indicator_rules.audit.result import SIDES, Audit, Difference, Kind, Row, Shown, Side
from indicator_rules.audit.run import Attempt
from indicator_rules.evaluate import Evaluator
from indicator_rules.exact import Exact, exact
from indicator_rules.messages import Phrase
from indicator_rules.record import EvaluationRecord
from indicator_rules.record_parts import Indicator
from indicator_rules.spec import Spec, Stages
from indicator_rules.spec_fields import Label

__all__ = ["SIDES", "Audit", "Difference", "Row", "Side", "audit", "audit_declared"]

TOLERANCE = Decimal("0.005")


class Ready(Protocol):
    """What an audit needs of `Rules`."""

    @property
    def spec(self) -> Spec: ...
    @property
    def evaluator(self) -> Evaluator: ...
    @property
    def provenance(self) -> Mapping[str, str]: ...


def audit(rules: Ready, record: EvaluationRecord, tolerance: Decimal | int = TOLERANCE, sides: Sequence[Side] = SIDES) -> Audit:
    """`record` scored by `rules`, against what it declares and what a review gave: any two or all three of `sides`."""
    run = Attempt(rules.evaluator, record)
    form = form_of(run, rules.spec.sources)
    return _Comparison(record, form, run, exact(tolerance), sides).audit(rules.provenance)


def audit_declared(
    record: EvaluationRecord,
    *,
    full_score: Decimal | int = 100,
    weights: Mapping[str, Decimal | int | None] | None = None,
    covers: Mapping[str, Sequence[str]] | None = None,
    grades: Sequence[tuple[str, Decimal | int | None]] = (),
    complete: bool = True,
    tolerance: Decimal | int = TOLERANCE,
    sides: Sequence[Side] = ("declared", "reviewed"),
) -> Audit:
    """What can be checked without any ruleset: weights, sums, grades, points beyond their weight; declared against reviewed.

    `weights` of criteria (the record has those of entries), `covers`: criterion → categories of its entries, `grades`: (label, at least), best
    first, the last with None; `complete`: false where the form was published only in part.
    """
    form = plain_form(
        record,
        full_score=exact(full_score),
        weights={name: None if weight is None else exact(weight) for name, weight in (weights or {}).items()},
        covers=covers or {},
        grades=[(label, None if cut is None else exact(cut)) for label, cut in grades],
        complete=complete,
    )
    return _Comparison(record, form, None, exact(tolerance), [side for side in sides if side != "computed"]).audit({})


class _Comparison:
    """The sides of one record, line by line."""

    def __init__(
        self, record: EvaluationRecord, form: Form, run: Attempt | None, tolerance: Exact, sides: Sequence[Side]
    ) -> None:
        claims = {"declared": record.declared, "reviewed": record.reviewed}
        self.record, self.form, self.run, self.tolerance = record, form, run, tolerance
        self.claimants = {
            side: Claimant(side, found, form) for side in SIDES if side in sides and (found := claims.get(side)) is not None
        }
        self.sides = tuple(side for side in SIDES if side in self.claimants or (side == "computed" and side in sides))
        self.checks = Checks(record, form, run, tolerance)
        self.found: list[Difference] = []

    def audit(self, provenance: Mapping[str, str]) -> Audit:
        """Everything, in the order of the form; what is wrong with one side alone stands before what differs between two."""
        self.found += self.checks.weights()
        if "computed" in self.sides:
            self.found += self.checks.assessed()
        for claimant in self.claimants.values():
            for check in (self.checks.beyond, self.checks.sums, self.checks.grade):
                self.found += check(claimant)
        rows = tuple(self.rows())
        for left, right in combinations(self.sides, 2):
            self.found += Pair(self, rows, left, right).differences()
        problems = () if self.run is None or "computed" not in self.sides else tuple(self.run.found)
        return Audit(self.record, self.sides, self.tolerance, rows, tuple(self.found), problems, provenance)

    # ---------------------------------------------------------------------------------------------------------------- rows

    def rows(self) -> Iterator[Row]:
        """Every line, as a form prints them: groups above what is in them, the total and the grade last."""
        yield from self.branch("")
        for entry in self.form.loose:
            yield self.row("entry", entry.id, Label(zh=entry.name), "", weight_of(entry))
        for name in self.form.unknown:
            yield self.row("criterion", name, Label(zh=name), "", None)
        yield self.row("total", "total", TOTAL, "", self.form.full_score)
        yield self.row("grade", "grade", GRADE, "", None)

    def branch(self, group: str) -> Iterator[Row]:
        """The rows below a group."""
        for branch in self.form.groups:
            if branch.parent == group:
                yield self.row("group", branch.id, branch.label, group, None)
                yield from self.branch(branch.id)
        for line in self.form.lines:
            if line.group == group:
                yield self.row("criterion", line.id, line.label, group, line.weight)
                for entry in line.entries:
                    yield self.row("entry", entry.id, Label(zh=entry.name), line.id, self.entry_weight(line, entry))

    def row(self, kind: Kind, name: str, label: Label | Phrase, parent: str, weight: Exact | None) -> Row:
        return Row(kind, name, label, parent, weight, {side: self.value(side, kind, name, parent) for side in self.sides})

    def entry_weight(self, line: Line, entry: Indicator) -> Exact | None:
        scored = {} if self.run is None else {one.id: one.exact_weight for one in self.run.criteria[line.id].entries}
        return scored.get(entry.id, weight_of(entry))

    def value(self, side: Side, kind: Kind, name: str, parent: str) -> Shown:
        """What a side has on a line."""
        if side == "computed":
            return self.computed(kind, name, parent)
        claimant = self.claimants[side]
        match kind:
            case "entry":
                return claimant.entries.get(name)
            case "criterion":
                line = next((line for line in self.form.lines if line.id == name), None)
                return claimant.given.get(name) if line is None else claimant.criterion(line)
            case "group":
                return claimant.group(name)
            case "total":
                return claimant.total
        return None if claimant.grade is None else self.checks.named(claimant.grade) or claimant.grade

    def computed(self, kind: Kind, name: str, parent: str, *, unrounded: bool = False) -> Shown:
        """What the rules give; None where they cannot, or where there are none."""
        run = self.without_rounding if unrounded else self.run
        return None if run is None else _computed(run, self.form, kind, name, parent)

    @cached_property
    def without_rounding(self) -> Attempt | None:
        """The same record scored without any rounding; made where a difference has to be told from one of rounding."""
        if self.run is None:
            return None
        evaluator = self.run.evaluator
        plan = replace(evaluator.plan, rounding=Stages())
        return Attempt(Evaluator(plan, evaluator.engine, evaluator.provenance), self.record)


def _computed(run: Attempt, form: Form, kind: Kind, name: str, parent: str) -> Shown:
    """What the rules give; None where they cannot."""
    match kind:
        case "entry":
            scored = {} if parent not in run.criteria else {entry.id: entry for entry in run.criteria[parent].entries}
            entry = scored.get(name)
            return None if entry is None or (parent in run.failed and entry.row == "absent") else entry.exact_points
        case "criterion":
            return None if name in run.failed or name not in run.criteria else run.criteria[name].exact_points
        case "group":
            if run.failed & {line.id for line in form.below(name)}:
                return None
            return next(group.exact_points for group in run.result.groups if group.id == name)
        case "total":
            return run.total
    return run.grade_label
