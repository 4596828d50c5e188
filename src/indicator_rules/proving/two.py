"""Prove, for two rulesets: whether they score every record alike, and how they can grade one record differently.

In: two rulesets and a limit of time. Out: `Answer`s. Alike is proved from what the rulesets mean (`meaning`); that a pair of grades is impossible, from how far totals can lie
apart (`difference`) and the cuts of the grades; all else is shown by records that the engine scored, or undecided.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from indicator_rules import interval
from indicator_rules.evaluate import Evaluator
from indicator_rules.evaluation import Evaluation
from indicator_rules.exact import Exact, to_text
from indicator_rules.interval import Span
from indicator_rules.meaning import same_meaning
from indicator_rules.plan import Choice, Plan
from indicator_rules.probing.probes import TOTAL
from indicator_rules.proving.difference import difference, rounded_apart
from indicator_rules.proving.proof import ORDINARY, SECONDS, Answer
from indicator_rules.proving.witness import Search
from indicator_rules.spec_fields import Label
from indicator_rules.time_limit import OutOfTime, limited


def equivalent(old: Evaluator, new: Evaluator, seconds: float | None = SECONDS) -> Answer:
    """Whether two rulesets score every record alike."""
    with limited(seconds):
        if same_meaning(old.plan, new.plan).total and _score_alike(old.plan, new.plan):
            return Answer("equivalent", "", "proved")
        search = Search([old, new])
        labels = [plan.grade_labels for plan in (old.plan, new.plan)]
        graded = (one for grades, one in search.found.items() if _zh(labels[0], grades[0]) != _zh(labels[1], grades[1]))
        unlike = search.furthest or next(graded, None)
        if unlike is None:
            return Answer("equivalent", "", "undecided", out_of_time=search.out_of_time)
        one, other = search.confirmed(unlike).evaluations
        return Answer("equivalent", "", "refuted", {"old": _told(one), "new": _told(other)}, (unlike.record,))


def grade_pairs(old: Evaluator, new: Evaluator, seconds: float | None = SECONDS) -> tuple[Answer, ...]:
    """For every pair of different grades: a record that is graded the one way by `old` and the other by `new`, or that there is none."""
    with limited(seconds):
        apart, late = None, False
        try:
            apart = difference(old, new)
        except OutOfTime:
            late = True
        search = Search([old, new])
        pairs = [pair for pair in _pairs(old.plan, new.plan) if apart is None or not excluded(old.plan, new.plan, pair, apart)]
        found = dict(search.found)
        if search.fits and any(pair not in found for pair in pairs):
            # Where records that keep to the weights of both do not show it, any may.
            found = {**Search([old, new], fitting=False).found, **found}
    bound = {"bound": ""} if _score_alike(old.plan, new.plan) else ORDINARY
    answers = []
    for pair in _pairs(old.plan, new.plan):
        labels = old.plan.grade_labels[pair[0]], new.plan.grade_labels[pair[1]]
        values: dict[str, object] = {"old": labels[0], "new": labels[1]}
        subject = f"grades.{pair[0]}.{pair[1]}"
        witness = found.get(pair)
        if witness is not None:
            one, other = search.confirmed(witness).evaluations
            totals = {"old_total": _points(one), "new_total": _points(other)}
            answers.append(Answer("grade-pair", subject, "proved", values | totals, (witness.record,)))
        elif pair not in pairs:
            answers.append(Answer("grade-pair", subject, "refuted", values | {"apart": str(apart)} | bound))
        else:
            answers.append(Answer("grade-pair", subject, "undecided", values, out_of_time=late or search.out_of_time))
    return tuple(answers)


def _pairs(old: Plan, new: Plan) -> list[tuple[int, int]]:
    """The pairs of grades that are not the same grade."""
    every = product(range(len(old.grade_labels)), range(len(new.grade_labels)))
    return [(one, other) for one, other in every if old.grade_labels[one].zh != new.grade_labels[other].zh]


def _score_alike(old: Plan, new: Plan) -> bool:
    """Whether both have the same criteria, in the same meaning: these get the same points by every record."""
    same = same_meaning(old, new).criteria
    return all(same.values()) and len(same) == len(old.criteria) == len(new.criteria)


def excluded(old: Plan, new: Plan, pair: tuple[int, int], apart: Span) -> bool:
    """Whether totals as far apart as they can be never lie in these two grades."""
    ranges = grade_span(old, pair[0]), grade_span(new, pair[1])
    if ranges[0] is None or ranges[1] is None:
        return False
    read = [plan.rounding.total if plan.grade_on == "rounded" else None for plan in (old, new)]
    apart = rounded_apart(apart, *read)
    return interval.common(interval.minus(ranges[1], ranges[0]), apart) is None


def grade_span(plan: Plan, position: int) -> Span | None:
    """The totals that have a grade; None where something else is read, or where there are none."""
    if plan.grades.slots[0].formula != TOTAL:
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


def _zh(labels: Sequence[Label], position: int | None) -> str:
    return "" if position is None else labels[position].zh


def _told(evaluation: Evaluation) -> str:
    return f"{_points(evaluation)} {evaluation.grade or ''}".strip()


def _points(evaluation: Evaluation) -> str:
    return "—" if evaluation.exact_total is None else to_text(evaluation.exact_total)
