"""Prove: questions about every record that a ruleset could ever be given, answered from its tables.

In: one ruleset and a limit of time. Out: `Answer`s. What is proved comes from intervals that hold for all records (`partial`, `curve`); what is refuted, and every
grade that can be reached, comes with records that the engine scored. Where a proof does not hold for every record, its sentence says for which. A criterion over entries is looked at
entry by entry, since no way to combine entries turns their order round. What neither way decides, or not in time, is undecided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

from indicator_rules.errors import RecordError
from indicator_rules.evaluate import Evaluator
from indicator_rules.evaluation import Evaluation
from indicator_rules.exact import Exact, add, to_text
from indicator_rules.messages import Phrase, Words
from indicator_rules.partial.any_record import AnyRecord
from indicator_rules.partial.partial import Partial
from indicator_rules.partial.regions import TooManyRegions
from indicator_rules.partial.result import PartialEvaluation
from indicator_rules.plan import Criterion, EntryKind, Plan, Scale
from indicator_rules.probing.probes import Probe, Survey
from indicator_rules.proving.curve import Curve, Jump, NotTold, curve, in_shares, only_number
from indicator_rules.proving.proof import ORDINARY, SECONDS, Answer, Question
from indicator_rules.proving.witness import Search, Witness
from indicator_rules.record import EvaluationRecord
from indicator_rules.time_limit import OutOfTime, limited

__all__ = ["Prover", "prove", "scales"]


def prove(
    evaluator: Evaluator,
    jump: Exact | None = None,
    seconds: float | None = SECONDS,
    surveyed: Callable[[], Survey] | None = None,
) -> tuple[Answer, ...]:
    """Bounds of the total, each grade, the direction of each curve and, if `jump` is given, that no slope ends in a jump of more points.

    What is not decided within `seconds` (None: no limit) is undecided.
    """
    with limited(seconds):
        prover = Prover(evaluator, surveyed)
        answers = [prover.bounds(), *prover.grades(), *prover.monotone()]
        return tuple(answers if jump is None else [*answers, *prover.jumps(jump)])


class _Asked(NamedTuple):
    """A table that reads one number, and its curve; None where that could not be told."""

    criterion: Criterion
    path: str
    weight: Exact
    scale: Scale
    measure: str
    curve: Curve | None

    @property
    def weighed(self) -> object:
        """The weight that the answer holds for, as far as it can be another."""
        return Words((Phrase("prove.at-weight"), to_text(self.weight), Phrase("prove.closed")))


class Prover:
    """One ruleset under question."""

    def __init__(self, evaluator: Evaluator, surveyed: Callable[[], Survey] | None = None) -> None:
        self.evaluator, self.plan = evaluator, evaluator.plan
        self.search = Search([evaluator], surveyed=surveyed)
        self.out_of_time = self.search.out_of_time

    @cached_property
    def everything(self) -> PartialEvaluation | None:
        """What is possible for any record; None where there are too many ways, or no time."""
        try:
            return Partial(self.evaluator).over(AnyRecord(self.plan))
        except RecordError:
            return None
        except OutOfTime:
            self.out_of_time = True
            return None

    def undecided(self, question: Question, subject: str, values: Mapping[str, object]) -> Answer:
        return Answer(question, subject, "undecided", values, out_of_time=self.out_of_time)

    # --------------------------------------------------------------------------------------------------- total and grades

    def bounds(self) -> Answer:
        """Whether every total lies between 0 and its ceiling."""
        ceiling = self.plan.full_score if self.plan.total_at_most is None else self.plan.total_at_most
        values: dict[str, object] = {"ceiling": to_text(ceiling)}
        highest = self.search.highest
        if highest is not None and highest.total > ceiling:
            record = self.search.confirmed(highest).record
            return Answer("bounds", "", "refuted", {**values, "total": to_text(highest.total)}, (record,))
        whole = None if self.everything is None else self.everything.span
        if whole is not None and whole.low is not None and whole.low >= 0 and whole.high is not None and whole.high <= ceiling:
            return Answer("bounds", "", "proved", values | ORDINARY)
        return self.undecided("bounds", "", values)

    def grades(self) -> Iterator[Answer]:
        """Whether each grade can be reached."""
        for position, label in enumerate(self.plan.grade_labels):
            witness = self.search.found.get((position,))
            subject = f"grades.{position}"
            values: dict[str, object] = {"grade": label}
            if witness is not None:
                total = {"total": to_text(witness.total)}
                record = self.search.confirmed(witness).record
                yield Answer("grade-reachable", subject, "proved", values | total, (record,))
            elif self.everything is not None and position not in self.everything.positions:
                yield Answer("grade-reachable", subject, "refuted", values | ORDINARY)
            else:
                yield self.undecided("grade-reachable", subject, values)

    # -------------------------------------------------------------------------------------------------------------- curves

    @cached_property
    def asked(self) -> list[_Asked]:
        """The tables that read one number, by key path."""
        found = []
        for criterion, kind, scale in scales(self.plan):
            path = f"criteria.{criterion.id}" + (f".entries.{kind}" if kind is not None else "")
            outlook = AnyRecord(self.plan) if kind is None else AnyRecord(self.plan).inside(kind)
            slot = only_number(scale)
            if slot is None:
                continue
            weight = self.weights(criterion)[0]
            made = None
            try:
                made = curve(scale, weight, outlook)
                if made is None:
                    continue
            except OutOfTime:
                self.out_of_time = True
            except (NotTold, TooManyRegions):
                pass
            found.append(_Asked(criterion, path, weight, scale, str(slot.formula), made))
        return found

    def weights(self, criterion: Criterion) -> list[Exact]:
        """The weights that the ruleset can give a criterion, as far as they are more than 0."""
        sets = [dict(weights).get(criterion.id) for weights in self.plan.weights]
        found = [weight for weight in (criterion.weight.default, *sets) if weight]
        return list(dict.fromkeys(found)) or [1]

    def is_for_any_weight(self, asked: _Asked) -> bool:
        """Whether the shape of a curve is the same for all weights that there can be."""
        criterion = asked.criterion
        heir = any(other.not_applicable.criterion == criterion.id for other in self.plan.criteria)
        fixed = criterion.entries is None and not criterion.weight.from_record and not heir and len(self.weights(criterion)) == 1
        return fixed or in_shares(asked.scale)

    def monotone(self) -> Iterator[Answer]:
        """Whether the points of each curve go one way only."""
        for asked in self.asked:
            made, values = asked.curve, {"label": asked.criterion.label, "measure": asked.measure}
            if made is None:
                yield self.undecided("monotone", asked.path, values)
                continue
            if made.is_monotone:
                weight = "" if self.is_for_any_weight(asked) else asked.weighed
                yield Answer("monotone", asked.path, "proved", values | {"weight": weight})
                continue
            wanted = made.direction or made.steps[0][0]
            pair = next((pair for pair in self.pairs(asked, made) if pair.change * wanted < 0), None)
            if pair is None:
                yield self.undecided("monotone", asked.path, values)
            else:
                at = {"at": to_text(next(at for way, at in made.steps if way != wanted) or 0)}
                yield Answer("monotone", asked.path, "refuted", values | at, self.told(pair))

    def pairs(self, asked: _Asked, made: Curve) -> Iterator[_Pair]:
        """Any two probes of one table that differ in its measure."""
        places = []
        for probe in self.search.probes:
            if probe.table == asked.path and (found := self.search.scored_probe(probe)) is not None:
                place = _place(found.evaluations[0], asked, made, probe)
                places += [] if place is None else [place]
        for one, other in combinations(sorted(places, key=lambda place: place.x), 2):
            if one.x < other.x:
                yield _Pair(one, other)

    def told(self, pair: _Pair) -> tuple[EvaluationRecord, ...]:
        """The records of a pair, scored by the engine itself."""
        witnesses = [Witness(place.evaluation.record, (place.evaluation,)) for place in (pair.low, pair.high)]
        return tuple(self.search.confirmed(witness).record for witness in witnesses)

    def jumps(self, most: Exact) -> Iterator[Answer]:
        """Whether slopes meet their neighbours, or miss them by at most `most` points. Steps between level rows are what a rubric says in so many words."""
        for asked in self.asked:
            values = {"label": asked.criterion.label, "most": to_text(most)}
            if asked.curve is None:
                yield self.undecided("no-jump", asked.path, values)
                continue
            worst = max(undeclared(asked.curve), key=lambda jump: jump.size, default=None)
            if worst is None or worst.size <= most:
                weight = "" if worst is None and self.is_for_any_weight(asked) else asked.weighed
                yield Answer("no-jump", asked.path, "proved", values | {"weight": weight})
                continue
            across = [pair for pair in self.pairs(asked, asked.curve) if pair.crosses(worst) and pair.size > most]
            if not across:
                yield self.undecided("no-jump", asked.path, values)
                continue
            nearest = min(across, key=lambda pair: pair.high.x - pair.low.x)
            told = {name: to_text(getattr(worst, name)) for name in ("at", "before", "after", "size")}
            yield Answer("no-jump", asked.path, "refuted", values | told, self.told(nearest))


class _Place(NamedTuple):
    """One record on a curve."""

    x: Exact
    points: Exact
    row: str
    evaluation: Evaluation


class _Pair(NamedTuple):
    """Two records of one curve, that with less of the measure first."""

    low: _Place
    high: _Place

    @property
    def change(self) -> Exact:
        """How far the points rise; a penalty's points are what it takes off."""
        return add(self.high.points, -self.low.points)

    @property
    def size(self) -> Exact:
        """How far they lie apart."""
        return max(self.change, -self.change)

    def crosses(self, jump: Jump) -> bool:
        """Whether one lies on either side of a jump, each on the piece that ends there."""
        return self.low.x <= jump.at <= self.high.x and (self.low.row, self.high.row) == jump.rows


def _place(evaluation: Evaluation, asked: _Asked, made: Curve, probe: Probe) -> _Place | None:
    """Where a record stands on a curve; None if it is not on it."""
    result, entry = evaluation[asked.criterion.id], None
    points, row, sign = result.exact_points, result.row, -1 if asked.criterion.role == "penalty" else 1
    if asked.criterion.entries is not None:
        touched = {data["id"] for data in probe.fragment.get("indicators", ())}
        entries = [one for one in result.entries if one.id in touched and asked.path.endswith(f".{one.kind}")]
        if len(entries) != 1:
            return None
        entry, row, points = entries[0].id, entries[0].row, entries[0].exact_points
    x = evaluation.detail(asked.criterion.id, entry).values.get(made.slot.name if entry is None else str(made.slot.formula))
    if row in ("absent", "not_applicable", "out_of_force") or not isinstance(x, int | Fraction):
        return None
    return _Place(x, points * sign, row, evaluation)


def scales(plan: Plan) -> Iterator[tuple[Criterion, EntryKind | None, Scale]]:
    """Every scale that a criterion begins with, and the kind of entry that it is for."""
    for criterion in plan.criteria:
        if criterion.entries is None:
            yield criterion, None, criterion.scale
        else:
            for kind, scale in criterion.entries.scales:
                yield criterion, kind, scale


def undeclared(made: Curve) -> list[Jump]:
    """Jumps at the end of a slope that no pass line makes."""
    sloped = {piece.row for piece in made.pieces if piece.trend}
    return [jump for jump in made.jumps if sloped.intersection(jump.rows) and "below_pass" not in jump.rows]
