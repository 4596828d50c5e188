"""Witnesses: synthetic records that come to given grades, under one ruleset or under two at once.

In: rulesets. Out: for every combination of grades that was found, a record that the engine gives exactly these grades. How: the neutral record is moved by
one probe at most of each cluster (those that touch one place of a record exclude each other); what a probe moves the totals by is measured once, sums are then looked through by dynamic
programming, and what looks right is scored. So nothing is claimed that was not scored; what is not found may still exist (`prove`, `impossible` say where it cannot).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import permutations
from typing import Any, NamedTuple, TypeAlias

from pydantic import ValidationError

from indicator_rules import engine as engines
from indicator_rules.errors import RecordError
from indicator_rules.evaluate import Evaluator
from indicator_rules.evaluation import Evaluation
from indicator_rules.exact import LARGEST, Exact, add, add_all, to_decimal
from indicator_rules.meaning import SameMeaning, same_meaning
from indicator_rules.plan import Choice, Plan
from indicator_rules.probing.hitting import compare
from indicator_rules.probing.pieces import Data, merged
from indicator_rules.probing.probes import TOTAL, Probe, Survey, survey
from indicator_rules.probing.sites import Site
from indicator_rules.probing.slopes import between
from indicator_rules.record import EvaluationRecord
from indicator_rules.time_limit import OutOfTime, check_time

Grades: TypeAlias = tuple[int | None, ...]
"""One position for each ruleset (best 0); None for no grade."""
Totals: TypeAlias = tuple[Exact, ...]

MOST_MOVES = 12
"""Moves of one cluster that are told apart in sums."""
MOST_SUMS = 4000
TRIES = 12
"""Sums that are scored for one combination of grades."""


class Witness(NamedTuple):
    """A record, and what it comes to."""

    record: EvaluationRecord
    evaluations: tuple[Evaluation, ...]

    @property
    def grades(self) -> Grades:
        return tuple(one.grade_position for one in self.evaluations)

    @property
    def total(self) -> Exact:
        """By the first ruleset; 0 where there is none."""
        return self.evaluations[0].exact_total or 0

    @property
    def fits(self) -> bool:
        """Whether the weights that the record gives make up the full score, by every ruleset."""
        weights = (
            add_all(one.exact_weight for one in found.criteria if one.criterion.role == "score") for found in self.evaluations
        )
        return all(weight == found.plan.full_score for weight, found in zip(weights, self.evaluations, strict=True))

    @property
    def apart(self) -> Exact:
        """How far the totals lie apart; more than any number of points where only one has a total."""
        totals = [one.exact_total for one in self.evaluations]
        present = [total for total in totals if total is not None]
        if len(present) < len(totals):
            return LARGEST if present else 0
        return add(max(present), -min(present))


class _Move(NamedTuple):
    """A probe that can be scored, and how far it moves each total."""

    probe: Probe
    by: Totals


class _Sum(NamedTuple):
    """Moves taken together: how far they move the totals, and the last of them with what came before."""

    by: Totals
    last: _Move | None = None
    before: _Sum | None = None

    def probes(self) -> Iterator[Probe]:
        """The probes taken."""
        at: _Sum | None = self
        while at is not None and at.last is not None:
            yield at.last.probe
            at = at.before


class Search:
    """Rulesets (one, or two to be compared), a record that all of them score, and the moves from it."""

    def __init__(
        self, evaluators: Sequence[Evaluator], *, fitting: bool = True, surveyed: Callable[[], Survey] | None = None
    ) -> None:
        """`fitting`: only records whose weights make up the full score of each ruleset, as long as there is one to begin with. `surveyed`: the survey of
        the first one, where somebody has it."""
        self.evaluators, self.fitting, self.surveyed = tuple(evaluators), fitting, surveyed
        self.plain: list[Evaluator] = []
        """What is tried is scored by the plain engine; what is claimed, by the evaluators' own."""
        self.probes: tuple[Probe, ...] = ()
        self.base: Data | None = None
        self.start: Totals | None = None
        self.found: dict[Grades, Witness] = {}
        self.furthest: Witness | None = None
        """Of two rulesets, the record whose totals lie farthest apart; None while all that was tried got the same."""
        self.highest: Witness | None = None
        """The record with the highest total, by the first ruleset."""
        self.clusters: list[list[_Move]] = []
        self.out_of_time = False
        self.fits = False
        """Whether the weights of the record to begin with make up the full score."""
        self._scored: dict[int, Witness | None] = {}
        try:
            self._prepare()
            self._look()
        except OutOfTime:
            self.out_of_time = True

    def _prepare(self) -> None:
        """The probes, the record to begin with, and how far each probe moves its totals."""
        for evaluator in self.evaluators:
            check_time()
            self.plain.append(Evaluator(evaluator.plan, engines.engine("plain"), dict))
        surveys = self._surveys()
        plans = [evaluator.plan for evaluator in self.evaluators]
        slopes = [probe for plan, one in zip(plans, surveys, strict=True) for probe in between(plan, one.probes)]
        self.probes = (*(probe for one in surveys for probe in one.probes if probe.table != "grades"), *slopes)
        # Those of the grades' table are left out: they move the total by a deduction, not by anything that is scored.
        self.base = self._base([one.base for one in surveys])
        if self.base is None:
            return
        if self.fits and all(self.base is not one.base for one in surveys):
            self.probes = tuple(map(_unweighed, self.probes))
        start = self.scored(self.base)
        assert start is not None
        self.start = self._totals(start.evaluations)
        self.keep(start)
        self.clusters = self._clusters()

    def _surveys(self) -> list[Survey]:
        """One for each ruleset; the second only of what the first does not have in the same meaning, if it scores the first one's record."""
        first, *others = self.evaluators
        surveys = [survey(first.plan) if self.surveyed is None else self.surveyed()]
        for other in others:
            if self.scored(surveys[0].base) is None:
                surveys.append(survey(other.plan))
            else:
                surveys.append(survey(other.plan, surveys[0].base, partial(_is_other, same_meaning(first.plan, other.plan))))
        return surveys

    def _look(self) -> None:
        """Go through sums of moves, and score what looks like grades that were not found yet; the highest sum, too."""
        if self.base is None or self.start is None:
            return
        looked_at: defaultdict[Grades, int] = defaultdict(int)
        sums = self._sums()
        self._try(self.base, max(sums, key=lambda one: one.by[0]))
        for candidate in sums:
            expected = self._expected(candidate.by)
            if expected not in self.found and looked_at[expected] < TRIES:
                looked_at[expected] += 1
                self._try(self.base, candidate)

    def _try(self, base: Data, candidate: _Sum) -> None:
        """Score a sum of moves."""
        for probe in candidate.probes():
            base = probe.on(base)
        witness = self.scored(base)
        if witness is not None:
            self.keep(witness)

    # ------------------------------------------------------------------------------------------------------------- records

    def _base(self, bases: Sequence[Data]) -> Data | None:
        """The first record, of those at hand, that all rulesets score: one of theirs, one filled up from the other's answers and amounts, or both in one;
        rather one whose weights make up the full score of each."""
        filled = [merged(_without_entries(other), base) for base, other in permutations(bases, 2)]
        together = [merged(other, base) for base, other in permutations(bases, 2)]
        scored = [(base, found) for base in (*bases, *filled, *together) if (found := self.scored(base)) is not None]
        weighed = [(base, self.scored(base)) for base, found in scored for base in (_weighed(base, found),)]
        fitting = next((base for base, found in (*scored, *weighed) if found is not None and found.fits), None)
        self.fits = fitting is not None and self.fitting
        return fitting if fitting is not None and self.fitting else scored[0][0] if scored else None

    def scored_probe(self, probe: Probe) -> Witness | None:
        """The base with one probe; scored once."""
        if id(probe) not in self._scored:
            self._scored[id(probe)] = None if self.base is None else self.scored(probe.on(self.base))
        return self._scored[id(probe)]

    def scored(self, data: Mapping[str, Any]) -> Witness | None:
        """The record scored under every ruleset, by the plain engine; None if one refuses it."""
        check_time()
        try:
            record = EvaluationRecord.model_validate(data)
            return Witness(record, tuple(evaluator.evaluate(record) for evaluator in self.plain))
        except (RecordError, ValidationError):
            return None

    def confirmed(self, witness: Witness) -> Witness:
        """The same, scored by the evaluators' own engine."""
        own = Witness(witness.record, tuple(evaluator.evaluate(witness.record) for evaluator in self.evaluators))
        if [one.exact_total for one in own.evaluations] != [one.exact_total for one in witness.evaluations]:
            raise AssertionError(witness.record.subject.name)
        return own

    def keep(self, witness: Witness) -> None:
        """The first witness of its grades stays, that with the highest total, and the one whose totals lie farthest apart. A record that changes what there is to get
        is none, unless the one to begin with does.
        """
        if self.fits and not witness.fits:
            return
        self.found.setdefault(witness.grades, witness)
        if self.highest is None or witness.total > self.highest.total:
            self.highest = witness
        if witness.apart and (self.furthest is None or witness.apart > self.furthest.apart):
            self.furthest = witness

    # --------------------------------------------------------------------------------------------------------------- moves

    def _clusters(self) -> list[list[_Move]]:
        """The moves, put together where they touch one place of a record: of these one at most is taken."""
        parents: dict[object, object] = {}

        def root(item: object) -> object:
            while parents.setdefault(item, item) != item:
                item = parents[item]
            return item

        moves: list[tuple[_Move, object]] = []
        for probe in self.probes:
            witness = self.scored_probe(probe)
            if witness is None:
                continue
            self.keep(witness)
            totals = self._totals(witness.evaluations)
            if totals is None or self.start is None:
                continue
            by = tuple(add(total, -start) for total, start in zip(totals, self.start, strict=True))
            places = _places(probe) or [probe.table]
            for place in places[1:]:
                parents[root(place)] = root(places[0])
            if any(by):
                moves.append((_Move(probe, by), places[0]))
        clusters: defaultdict[object, list[_Move]] = defaultdict(list)
        for move, place in moves:
            clusters[root(place)].append(move)
        return [_told_apart(cluster) for cluster in clusters.values()]

    @staticmethod
    def _totals(evaluations: Sequence[Evaluation]) -> Totals | None:
        totals = [one.exact_total for one in evaluations]
        return None if None in totals else tuple(total for total in totals if total is not None)

    def _sums(self) -> list[_Sum]:
        """One move, or none, from each cluster: sums that are told apart by the totals they lead to, coarsely where there are many."""
        states: dict[object, _Sum] = {None: _Sum(tuple(0 for _ in self.evaluators))}
        grain = 10
        for cluster in self.clusters:
            reached: dict[object, _Sum] = {}
            for state in states.values():
                check_time()
                for move in (None, *cluster):
                    new = state if move is None else _Sum(tuple(map(add, state.by, move.by)), move, state)
                    reached.setdefault(tuple(int(total * grain) for total in new.by), new)
            while len(reached) > MOST_SUMS and grain > 1:
                grain = max(1, grain // 2)
                reached = {tuple(int(total * grain) for total in one.by): one for one in reversed(list(reached.values()))}
            states = reached
        return list(states.values())

    def _expected(self, by: Totals) -> Grades:
        """The grades that the totals would give."""
        totals = (add(start, moved) for start, moved in zip(self.start or (), by, strict=True))
        return tuple(grade_of(evaluator.plan, max(0, total)) for evaluator, total in zip(self.evaluators, totals, strict=True))


def _is_other(same: SameMeaning, site: Site) -> bool:
    """Whether a table is one of a criterion that means something else in the two, or of what makes the total, where that does."""
    return not (same.total if site.criterion is None else same.criteria.get(site.criterion.id, False))


def grade_of(plan: Plan, total: Exact) -> int | None:
    """The position of the grade that a total has by itself; None where something else is read."""
    if plan.grades.slots[0].formula != TOTAL:
        return None
    for row in plan.grades.table.rows:
        if any(all(compare(total, bound) for bound in guard) for guard in row.guards) and isinstance(row.award, Choice):
            return row.award.position
    return None


def _places(probe: Probe) -> list[object]:
    """The places of a record that a probe touches."""
    found: list[object] = list(probe.without)
    for section, content in probe.fragment.items():
        if section == "indicators":
            found += [("indicators", row["id"]) for row in content]
        elif isinstance(content, Mapping):
            for key, value in content.items():
                if (section, key) == ("budget", "unit"):
                    continue
                found += [(section, key, name) for name in value] if section == "assessments" else [(section, key)]
    return found


def _weighed(data: Data, witness: Witness) -> Data:
    """The record with entries whose weights are scaled, criterion by criterion, to what the first ruleset that reads them has for it."""
    weights: dict[str, Decimal] = {}
    for evaluation in witness.evaluations:
        for result in evaluation.criteria:
            ids = [entry.id for entry in result.entries]
            rows = [row for row in data.get("indicators", ()) if row["id"] in ids and "weight" in row]
            given: list[Decimal] = [Decimal(row["weight"]) for row in rows]
            whole = to_decimal(result.criterion.weight.default)
            if (
                result.criterion.weight.from_record
                and any(given)
                and isinstance(whole, Decimal)
                and not weights.keys() & set(ids)
            ):
                parts = [round(one * whole / sum(given, Decimal(0)), 2) for one in given[:-1]]
                weights |= zip((row["id"] for row in rows), [*parts, whole - sum(parts, Decimal(0))], strict=True)
    rows = [{**row, "weight": weights.get(row["id"], row.get("weight"))} for row in data.get("indicators", ())]
    return (
        {**data, "indicators": [{key: value for key, value in row.items() if value is not None} for row in rows]}
        if rows
        else data
    )


def _unweighed(probe: Probe) -> Probe:
    """The same without weights of entries: those of the record to begin with are made to fit both rulesets."""
    rows = [{key: value for key, value in row.items() if key != "weight"} for row in probe.fragment.get("indicators", ())]
    return replace(probe, fragment={**probe.fragment, "indicators": rows}) if rows else probe


def _without_entries(data: Data) -> Data:
    """The record without its entries and what is said of them."""
    picks = {key: value for key, value in data.get("assessments", {}).items() if key != "indicators"}
    rest = {key: value for key, value in data.items() if key not in ("indicators", "assessments")}
    return {**rest, "assessments": picks} if picks else rest


def _told_apart(moves: Sequence[_Move]) -> list[_Move]:
    """One move for each distance, the extreme ones first, not more than can be looked through."""
    distinct = list({move.by: move for move in reversed(moves)}.values())
    distinct.sort(key=lambda move: move.by)
    if len(distinct) <= MOST_MOVES:
        return distinct
    across = sorted(distinct, key=lambda move: move.by[0] - move.by[-1])
    columns = (sorted(distinct, key=lambda move, place=place: move.by[place]) for place in range(1, len(distinct[0].by)))  # type: ignore[misc]
    ends = [move for column in (distinct, across, *columns) for move in (column[0], column[-1])]
    every = distinct[:: len(distinct) // MOST_MOVES + 1]
    return list({move.by: move for move in (*ends, *every)}.values())
