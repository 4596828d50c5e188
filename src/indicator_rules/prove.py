"""Prove: questions about every record that a ruleset could ever be given, answered from its tables.

In: one ruleset, or two. Out: `Answer`s. What is proved comes from intervals that hold for all records (`partial`, `curve`, `difference`); what is refuted, and every
grade that can be reached, comes with a record that the engine scored. A criterion over entries is looked at entry by entry, since no way to combine entries turns their order
round; weights are those that the ruleset gives. What neither way decides is undecided.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import combinations, product

from indicator_rules import interval
from indicator_rules.curve import Curve, Jump, curve
from indicator_rules.difference import difference, rounded_apart
from indicator_rules.errors import RecordError
from indicator_rules.evaluate import Evaluator
from indicator_rules.evaluation import Evaluation
from indicator_rules.exact import Exact, to_text
from indicator_rules.interval import Span
from indicator_rules.meaning import same_meaning
from indicator_rules.open_record import open_outlook, open_record
from indicator_rules.partial import Partial
from indicator_rules.partial_result import PartialEvaluation
from indicator_rules.plan import Choice, Criterion, Plan, Scale
from indicator_rules.proof import Answer
from indicator_rules.record import EvaluationRecord
from indicator_rules.witness import Search, Witness


def prove(evaluator: Evaluator, jump: Exact | None = None) -> tuple[Answer, ...]:
    """Bounds of the total, each grade, the direction of each curve and, if `jump` is given, that no slope ends in a jump of more points."""
    prover = Prover(evaluator)
    answers = [prover.bounds(), *prover.grades(), *prover.monotone()]
    return tuple(answers if jump is None else [*answers, *prover.jumps(jump)])


class Prover:
    """One ruleset under question."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator, self.plan = evaluator, evaluator.plan
        self.search = Search([evaluator])

    @cached_property
    def everything(self) -> PartialEvaluation | None:
        """What is possible for any record; None where there are too many ways."""
        try:
            return Partial(self.evaluator).evaluate(open_record(self.plan), ["*"])
        except RecordError:
            return None

    # --------------------------------------------------------------------------------------------------- total and grades

    def bounds(self) -> Answer:
        """Whether every total lies between 0 and its ceiling."""
        ceiling = self.plan.full_score if self.plan.total_at_most is None else self.plan.total_at_most
        values = {"ceiling": to_text(ceiling)}
        above = max(self.search.witnesses().values(), key=_total, default=None)
        if above is not None and _total(above) > ceiling:
            return Answer("bounds", "", "refuted", {**values, "total": to_text(_total(above))}, (above.record,))
        whole = None if self.everything is None else self.everything.span
        sure = whole is not None and whole.low is not None and whole.low >= 0 and whole.high is not None and whole.high <= ceiling
        return Answer("bounds", "", "proved" if sure else "undecided", values)

    def grades(self) -> Iterator[Answer]:
        """Whether each grade can be reached."""
        for position, label in enumerate(self.plan.grade_labels):
            witness = self.search.witnesses().get((position,))
            subject = f"grades.{position}"
            values: dict[str, object] = {"grade": label}
            if witness is not None:
                total = {"total": to_text(_total(witness))}
                yield Answer("grade-reachable", subject, "proved", values | total, (witness.record,))
            else:
                excluded = self.everything is not None and position not in self.everything.positions
                yield Answer("grade-reachable", subject, "refuted" if excluded else "undecided", values)

    # -------------------------------------------------------------------------------------------------------------- curves

    @cached_property
    def curves(self) -> list[tuple[Criterion, str, Curve]]:
        """The tables that read one number, by key path."""
        outlook = open_outlook(self.plan)
        found = []
        for criterion, path, scale in scales(self.plan):
            made = curve(scale, criterion.weight.default, outlook)
            if made is not None:
                found.append((criterion, path, made))
        return found

    def monotone(self) -> Iterator[Answer]:
        """Whether the points of each curve go one way only."""
        for criterion, path, made in self.curves:
            values = {"label": criterion.label, "measure": str(made.slot.formula)}
            if made.is_monotone:
                yield Answer("monotone", path, "proved", values)
                continue
            against = next(at for way, at in made.steps if way != (made.direction or made.steps[0][0]))
            pair = self.contradiction(path, criterion, made)
            at = {"at": to_text(against or 0)}
            yield Answer("monotone", path, "undecided" if pair is None else "refuted", values | at, pair or ())

    def contradiction(self, path: str, criterion: Criterion, made: Curve) -> tuple[EvaluationRecord, ...] | None:
        """Three probes of one table whose points go up and down, less and less than that being two records: the pair that goes the wrong way."""
        scored = [
            (probe, found.evaluations[0])
            for probe in self.search.probes
            if probe.table == path and probe.slot == made.slot.name and (found := self.search.scored_probe(probe)) is not None
        ]
        wanted = made.direction or made.steps[0][0]
        for (one, first), (other, second) in combinations(scored, 2):
            if one.cut is None or other.cut is None:
                continue
            places = [(probe.cut or 0, ("below", "at", "above").index(probe.edge)) for probe in (one, other)]
            if places[0] == places[1]:
                continue
            (low, high) = (first, second) if places[0] < places[1] else (second, first)
            change = high[criterion.id].exact_points - low[criterion.id].exact_points
            if change * wanted * (-1 if criterion.role == "penalty" else 1) < 0:
                return low.record, high.record
        return None

    def jumps(self, most: Exact) -> Iterator[Answer]:
        """Whether slopes meet their neighbours, or miss them by at most `most` points. Steps between level rows are what a rubric says in so many words."""
        for criterion, path, made in self.curves:
            values = {"label": criterion.label, "most": to_text(most)}
            worst = max(undeclared(made), key=lambda jump: jump.size, default=None)
            if worst is None or worst.size <= most:
                yield Answer("no-jump", path, "proved", values)
                continue
            told = {
                "at": to_text(worst.at),
                "before": to_text(worst.before),
                "after": to_text(worst.after),
                "size": to_text(worst.size),
            }
            records = tuple(
                found.record
                for probe in self.search.probes
                if probe.table == path and probe.cut == worst.at and (found := self.search.scored_probe(probe)) is not None
            )
            yield Answer("no-jump", path, "refuted" if len(records) > 1 else "undecided", values | told, records[:2])


def scales(plan: Plan) -> Iterator[tuple[Criterion, str, Scale]]:
    """Every scale that a criterion begins with, by key path."""
    for criterion in plan.criteria:
        if criterion.entries is None:
            yield criterion, f"criteria.{criterion.id}", criterion.scale
        else:
            for kind, scale in criterion.entries.scales:
                yield criterion, f"criteria.{criterion.id}.entries.{kind}", scale


def undeclared(made: Curve) -> list[Jump]:
    """Jumps at the end of a slope that no pass line makes."""
    sloped = {piece.row for piece in made.pieces if piece.trend}
    return [jump for jump in made.jumps if sloped.intersection(jump.rows) and "below_pass" not in jump.rows]


def _total(witness: Witness) -> Exact:
    return witness.evaluations[0].exact_total or 0


# ------------------------------------------------------------------------------------------------------------ two rulesets


def equivalent(old: Evaluator, new: Evaluator) -> Answer:
    """Whether two rulesets score every record alike."""
    same = same_meaning(old.plan, new.plan)
    if same.total and all(same.criteria.values()) and len(same.criteria) == len(old.plan.criteria) == len(new.plan.criteria):
        return Answer("equivalent", "", "proved")
    search = Search([old, new])
    search.witnesses()
    if search.furthest is not None:
        one, other = search.furthest.evaluations
        return Answer("equivalent", "", "refuted", {"old": _told(one), "new": _told(other)}, (search.furthest.record,))
    return Answer("equivalent", "", "undecided")


def grade_pairs(old: Evaluator, new: Evaluator) -> tuple[Answer, ...]:
    """For every pair of different grades: a record that is graded the one way by `old` and the other by `new`, or that there is none."""
    found = Search([old, new]).witnesses()
    apart = difference(old, new)
    answers = []
    for pair in product(range(len(old.plan.grade_labels)), range(len(new.plan.grade_labels))):
        labels = old.plan.grade_labels[pair[0]], new.plan.grade_labels[pair[1]]
        if labels[0].zh == labels[1].zh:
            continue
        values: dict[str, object] = {"old": labels[0], "new": labels[1]}
        subject = f"grades.{pair[0]}.{pair[1]}"
        witness = found.get(pair)
        if witness is not None:
            one, other = witness.evaluations
            totals = {"old_total": _points(one), "new_total": _points(other)}
            answers.append(Answer("grade-pair", subject, "proved", values | totals, (witness.record,)))
        elif apart is not None and excluded(old.plan, new.plan, pair, apart):
            answers.append(Answer("grade-pair", subject, "refuted", values | {"apart": str(apart)}))
        else:
            answers.append(Answer("grade-pair", subject, "undecided", values))
    return tuple(answers)


def excluded(old: Plan, new: Plan, pair: tuple[int, int], apart: Span) -> bool:
    """Whether totals as far apart as they can be never lie in these two grades."""
    ranges = grade_span(old, pair[0]), grade_span(new, pair[1])
    if ranges[0] is None or ranges[1] is None:
        return False
    read = [plan.rounding.total if plan.grade_on == "rounded" else None for plan in (old, new)]
    apart = rounded_apart(apart, *read)
    return interval.common(interval.minus(ranges[1], ranges[0]), apart) is None


def grade_span(plan: Plan, position: int) -> Span | None:
    """The totals that have a grade; None where something else is read."""
    if plan.grades.slots[0].name != "total":
        return None
    found = [row for row in plan.grades.table.rows if isinstance(row.award, Choice) and row.award.position == position]
    span: Span | None = Span(0)
    for bound in found[0].guards[0] if found else ():
        if span is None:
            return None
        span = interval.common(span, _side(bound.operator, bound.cut))
    return span


def _side(operator: str, cut: Exact) -> Span:
    match operator:
        case ">=":
            return Span(cut)
        case ">":
            return Span(cut, low_open=True)
        case "<=":
            return Span(None, cut)
        case "<":
            return Span(None, cut, high_open=True)
    return Span.point(cut)


def _told(evaluation: Evaluation) -> str:
    return f"{_points(evaluation)} {evaluation.grade or ''}".strip()


def _points(evaluation: Evaluation) -> str:
    return "—" if evaluation.exact_total is None else to_text(evaluation.exact_total)


__all__: Sequence[str] = ("Prover", "equivalent", "grade_pairs", "prove")
