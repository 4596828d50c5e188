"""The form that an audit reads: its lines, and what each side claims on them.

In: a ruleset's plan with an attempt at the record, or nothing but the record. Out: the criteria with their entries, weights and clauses
(`Form`), and a side's points line by line (`Claimant`), summed up from entries where only these are given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from indicator_rules.audit.result import Clause, Side
from indicator_rules.audit.run import Attempt
from indicator_rules.completion import categories_below
from indicator_rules.exact import Exact, Rounding, RoundingMode, add_all, decimal_places, exact
from indicator_rules.plan import Criterion
from indicator_rules.record import EvaluationRecord
from indicator_rules.record_parts import Claims, Indicator
from indicator_rules.spec import Source
from indicator_rules.spec_fields import Label

MODES: tuple[RoundingMode, ...] = ("half-up", "down", "up")
"""Tried in this order: 8.62 → 9 may be up as well, and is read as half-up."""


class Line(NamedTuple):
    """A criterion as the form prints it."""

    id: str
    label: Label
    role: str
    weight: Exact | None
    entries: tuple[Indicator, ...]
    group: str
    clause: Clause | None
    optional: bool
    """Nobody has to claim it: not applicable, or of weight 0."""
    adds_up: bool
    """Whether its points are those of its entries added up."""


class Branch(NamedTuple):
    """A group."""

    id: str
    label: Label
    parent: str


@dataclass(frozen=True)
class Form:
    """All lines. `loose` are entries that stand under no criterion; `complete`: every line of the form is here."""

    lines: tuple[Line, ...]
    groups: tuple[Branch, ...]
    loose: tuple[Indicator, ...]
    full_score: Exact
    complete: bool
    grades: tuple[tuple[Label, Exact | None], ...]
    """Without a ruleset: label and cut (at least), best first."""
    unknown: tuple[str, ...] = ()
    """Ids that some side claims and that are neither a criterion nor a group."""

    def below(self, group: str) -> tuple[Line, ...]:
        """The criteria in `group`, deeper ones too."""
        inside = {group}
        while True:
            more = {branch.id for branch in self.groups if branch.parent in inside} - inside
            if not more:
                return tuple(line for line in self.lines if line.group in inside)
            inside |= more


def form_of(run: Attempt, sources: Mapping[str, Source]) -> Form:
    """The form that a ruleset makes of a record."""
    plan = run.plan
    lines = tuple(_line(run, criterion, sources) for criterion in plan.criteria)
    taken = {entry.id for line in lines for entry in line.entries}
    groups = tuple(Branch(group.id, group.label, group.parent or "") for group in plan.groups)
    known = {line.id for line in lines} | {group.id for group in groups}
    return Form(
        lines,
        groups,
        tuple(entry for entry in run.record.indicators if entry.id not in taken),
        plan.full_score,
        complete=True,
        grades=(),
        unknown=tuple(name for name in _claimed(run.record) if name not in known),
    )


def _line(run: Attempt, criterion: Criterion, sources: Mapping[str, Source]) -> Line:
    result, members = run.criteria[criterion.id], run.members_of(criterion.id)
    return Line(
        criterion.id,
        criterion.label,
        criterion.role,
        result.exact_weight,
        () if members is None else tuple(members.every),
        criterion.group or "",
        _clause(criterion, sources),
        result.row in ("not_applicable", "out_of_force"),
        criterion.entries is not None and criterion.entries.combine in ("weighted", "mean"),
    )


def _clause(criterion: Criterion, sources: Mapping[str, Source]) -> Clause | None:
    cited = criterion.source
    if cited is None:
        return None
    source = sources.get(cited.ref)
    return Clause(cited.ref, source.title if source else None, source.document if source else None, cited.clause)


def plain_form(
    record: EvaluationRecord,
    *,
    full_score: Exact,
    weights: Mapping[str, Exact | None],
    covers: Mapping[str, Sequence[str]],
    grades: Sequence[tuple[str, Exact | None]],
    complete: bool,
) -> Form:
    """The form that a record prints by itself: criteria are those that are weighed, cover entries, or are claimed."""
    names = dict.fromkeys([*weights, *covers, *_claimed(record)])
    lines: list[Line] = []
    taken: set[str] = set()
    for name in names:
        inside = categories_below(tuple(covers.get(name, ())))
        entries = tuple(entry for entry in record.indicators if entry.category in inside and entry.id not in taken)
        taken |= {entry.id for entry in entries}
        lines.append(Line(name, Label(zh=name), "score", weights.get(name), entries, "", None, optional=False, adds_up=True))
    loose = tuple(entry for entry in record.indicators if entry.id not in taken)
    cuts = tuple((Label(zh=label), cut) for label, cut in grades)
    return Form(tuple(lines), (), loose, full_score, complete=complete, grades=cuts)


def _claimed(record: EvaluationRecord) -> list[str]:
    """Ids of criteria that some side claims, each once."""
    sides = [claims for claims in (record.declared, record.reviewed) if claims is not None]
    return list(dict.fromkeys(name for claims in sides for name in claims.criteria))


class Claimant:
    """What one side claims."""

    def __init__(self, side: Side, claims: Claims, form: Form) -> None:
        self.side, self.claims, self.form = side, claims, form
        self.entries: dict[str, Exact] = {name: exact(points) for name, points in claims.indicators.items()}
        self.given: dict[str, Exact] = {name: exact(points) for name, points in claims.criteria.items()}
        self.cells = frozenset(self._cells(form))
        """Entries that share one weight, and that this side prints one number for: on the entry that has the weight."""
        for line in form.lines:
            if line.role == "penalty" and line.id in self.given:  # people write 2 as well as −2 for two points off
                self.given[line.id] = min(self.given[line.id], -self.given[line.id])
        self.total: Exact | None = None if claims.total is None else exact(claims.total)
        self.grade = claims.grade
        self.has_lines = bool(self.entries or self.given)
        points = [*self.entries.values(), *self.given.values()]
        self.digits = max((decimal_places(value) or 0 for value in points), default=0)
        """Decimal places that this side's lines use."""

    def _cells(self, form: Form) -> Iterator[str]:
        for entries in (*(line.entries for line in form.lines), form.loose):
            shared: dict[str, list[str]] = {}
            for other, leader in sharing(entries).items():
                shared.setdefault(leader, []).append(other)
            for leader, others in shared.items():
                if leader in self.entries and not any(other in self.entries for other in others):
                    yield from (leader, *others)

    def of_entry(self, entry: str) -> Exact | None:
        """What an entry adds to a sum: nothing, where its points are in the number of the one that it shares a weight with."""
        return self.entries.get(entry, 0 if entry in self.cells else None)

    def criterion(self, line: Line) -> Exact | None:
        """Its points: as given, else those of its entries added up; None if some entry has none."""
        return self.given.get(line.id, self.added(line.entries))

    def added(self, entries: Sequence[Indicator]) -> Exact | None:
        """Σ of the entries' points, less those that are not applicable and not claimed."""
        parts = [self.of_entry(entry.id) for entry in entries]
        return add_all([part for part in parts if part is not None]) if parts and None not in parts else None

    def group(self, group: str) -> Exact | None:
        """A subtotal: as given, else of its criteria; None if one has none."""
        given = self.group_given(group)
        return self.parts(group) if given is None else given

    def group_given(self, group: str) -> Exact | None:
        """What is claimed under a group's id, where that is no criterion's too."""
        return None if any(line.id == group for line in self.form.lines) else self.given.get(group)

    def parts(self, group: str) -> Exact | None:
        """Σ of the criteria in a group."""
        lines = [line for line in self.form.below(group) if line.role == "score"]
        parts = [0 if line.optional and self.criterion(line) is None else self.criterion(line) for line in lines]
        known = [part for part in parts if part is not None]
        return add_all(known) if known and len(known) == len(parts) else None

    def reason(self, kind: str, name: str) -> str | None:
        """Why a line is as claimed, if it is said."""
        reasons = self.claims.reasons
        if kind == "total":
            return None if reasons is None else reasons.total
        return None if reasons is None else (reasons.indicators if kind == "entry" else reasons.criteria).get(name)


def mode_of(value: Exact, claimed: Exact, digits: int) -> RoundingMode | None:
    """How `value` became `claimed`, if by rounding to `digits` decimal places; None if not."""
    return next((mode for mode in MODES if Rounding(digits, mode)(value) == claimed), None)


def weight_of(entry: Indicator) -> Exact | None:
    """The weight that the record prints for an entry."""
    return None if entry.weight is None else exact(entry.weight)


def sharing(entries: Sequence[Indicator]) -> dict[str, str]:
    """Entry without a weight → the one of `entries` whose weight cell it stands in."""
    holders = {entry.id for entry in entries if entry.weight is not None}
    return {entry.id: entry.part_of for entry in entries if entry.weight is None and entry.part_of in holders}


def weights_of(entries: Sequence[Indicator]) -> list[Exact | None]:
    """The weights that the record prints; 0 for an entry that shares the one of another."""
    shares = sharing(entries)
    return [0 if entry.id in shares else weight_of(entry) for entry in entries]
