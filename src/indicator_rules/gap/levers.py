"""Levers: the fields of a record that can still be, or could have been, otherwise, and what each may hold.

In: a plan, what it reads, a record. Out: a `Lever` for each field that the ruleset reads and that tells how things went: amounts received and spent, actual
values, answers, levels and picks by people, points taken off by hand. Never a lever: what says what the record is (subject, ids, categories,
what is not applicable) and what was settled beforehand (budgets, targets, weights, last year's values), since no later effort changes it. Numbers are moved on the grid of values
that people would type: as many decimals as the record has there, whole where things are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from indicator_rules import messages, quantity
from indicator_rules.answers import read_answers
from indicator_rules.comparison.comparison import Told
from indicator_rules.completion import Settings, categories_below, direction
from indicator_rules.exact import Exact, decimal_places, exact, to_decimal, to_text
from indicator_rules.expression import Ref
from indicator_rules.gap.typed import (
    Said,
    Typed,
    as_text,
    day,
    day_said,
    itself,
    number_in,
    points_said,
    share_said,
    with_suffix,
    yes_no,
)
from indicator_rules.inputs import InputField
from indicator_rules.plan import Criterion, Leaf, Plan, Question, Range, Scale
from indicator_rules.probing.pieces import FieldPath
from indicator_rules.probing.sites import is_truth
from indicator_rules.quantity import QuantityError
from indicator_rules.record import EvaluationRecord
from indicator_rules.record_parts import Deduction, Indicator, Rating
from indicator_rules.scope import ENTRY_FIELDS, RECORD_FIELDS

DURING_THE_YEAR = ("released", "received", "spent", "carried_out")
"""Amounts that come of the year; the others are settled before it, or by whoever decides on the budget."""
MOST_SEEDS = 80


@dataclass(frozen=True, slots=True, eq=False)
class Lever:
    """A field and what it may hold: one of `values`, or a number (of days, for a date) that is a multiple of `step`."""

    path: str
    field: FieldPath
    """Where a `Trial` puts what `held` gives."""
    label: Told
    criteria: tuple[str, ...]
    """Criteria that read it; none, if only adjustments do."""
    now: Any
    """One of `values`, or a number as typed; None for an empty field."""
    held: Callable[[Any], Any]
    said: Said
    values: tuple[Any, ...] = ()
    step: Exact = 0
    low: Exact | None = None
    high: Exact | None = None
    seeds: tuple[Exact, ...] = ()
    """Numbers at which something may turn."""
    by_person: bool = False
    """Whether it is somebody's judgement, not a fact."""

    @property
    def guess(self) -> Any:
        """A value to begin with: the first that is named, all that a person can give, what a number is compared with."""
        if self.values:
            return self.values[0]
        inside = [one // self.step * self.step for one in self.seeds if self.allows(one // self.step * self.step)]
        return exact(inside[-1 if self.by_person else 0]) if inside else self.low or 0

    def allows(self, number: Exact) -> bool:
        """Whether a number lies inside its bounds."""
        return (self.low is None or number >= self.low) and (self.high is None or number <= self.high)

    @property
    def judged(self) -> str:
        """What a person judges by it: a level and the pick inside it go together; otherwise the field is by itself."""
        return self.field[-2] if self.by_person and self.field[0] != "deductions" else self.path


def levers(plan: Plan, fields: Iterable[InputField], record: EvaluationRecord) -> tuple[Lever, ...]:
    """Every lever of `record`, in the order of the ruleset."""
    made = _Made(plan, tuple(fields), record)
    found = [*made.amounts(), *made.answers(), *made.entries(), *made.picks(), *made.deductions()]
    order = {criterion.id: place for place, criterion in enumerate(plan.criteria)}
    return tuple(sorted(found, key=lambda one: min((order[name] for name in one.criteria), default=len(order))))


class _Made:
    def __init__(self, plan: Plan, fields: tuple[InputField, ...], record: EvaluationRecord) -> None:
        self.plan, self.fields, self.record = plan, fields, record
        self.settings = Settings.of(plan.completion)
        self.given, _ = read_answers(plan.questions, record)
        self.questions = {question.id: question for question in plan.questions}
        self.criteria = {criterion.id: criterion for criterion in plan.criteria}
        self.away = set(record.not_applicable.criteria)

    # --------------------------------------------------------------------------------------------------- amounts and answers

    def amounts(self) -> Iterator[Lever]:
        """What came in and went out during the year, in the unit of the budget."""
        budget = self.record.budget
        if budget is None:
            return
        all_amounts = [exact(value) for name in budget.NAMES if (value := getattr(budget, name)) is not None]
        places = max([2 if budget.unit != "元" else 0, *(decimal_places(one) or 0 for one in all_amounts)])
        bases = [*all_amounts, *(one + other for one in all_amounts for other in all_amounts if one != other)]
        for one in self.fields:
            section, _, name = one.path.partition(".")
            if section == "budget" and name in DURING_THE_YEAR:
                value = getattr(budget, name)
                yield Lever(
                    one.path, ("budget", name), Told(RECORD_FIELDS[one.path][0][0], one.path), one.read_by,
                    None if value is None else exact(value), to_decimal, number_in(f" {budget.unit}", budget.unit),
                    step=Fraction(1, 10**places), low=0,
                    seeds=self.seeds(None if value is None else exact(value), bases, one.read_by),
                )  # fmt: skip

    def answers(self) -> Iterator[Lever]:
        """Answers that are yes or no, one of some choices, a number or a day."""
        for one in self.fields:
            section, _, name = one.path.partition(".")
            if section == "answers" and (lever := self.answer(one, self.questions[name])) is not None:
                yield lever

    def answer(self, one: InputField, question: Question) -> Lever | None:
        """The lever of one answer; None for texts and series, which nobody can guess."""
        path, label = ("answers", question.id), _label(question.label)
        now = self.given.get(question.id)
        match question.type:
            case "yes-no":
                return Lever(one.path, path, label, one.read_by, now, itself, yes_no, values=(True, False))
            case "choice":
                return Lever(one.path, path, label, one.read_by, now, itself, as_text, values=question.choices)
            case "date":
                days = now.toordinal() if isinstance(now, date) else None
                seeds = self.days(days, (), one.read_by)
                return Lever(one.path, path, label, one.read_by, days, day, day_said, step=1, low=1, high=3_000_000, seeds=seeds)
            case "count" | "amount" | "number":
                return self.number(one, question, path, label)
        return None

    def number(self, one: InputField, question: Question, path: FieldPath, label: Told) -> Lever | None:
        """The lever of a number that is answered."""
        held = self.record.answers.get(question.id)
        typed = Typed.of(held) if isinstance(held, str) else None
        if isinstance(held, str) and typed is None:
            return None
        now = typed.number if typed is not None else exact(held) if isinstance(held, Decimal) else None
        unit = self.record.budget.unit if question.type == "amount" and self.record.budget is not None else ""
        others = [exact(value) for value in self.record.answers.values() if isinstance(value, Decimal)]
        others += [exact(value) for value in self.given.values() if isinstance(value, int | Fraction)]
        places = (
            0 if question.type == "count" else max([2, *(decimal_places(other) or 0 for other in (now,) if other is not None)])
        )
        suffix = typed.suffix if typed is not None else ""
        return Lever(
            one.path, path, label, one.read_by, now, with_suffix(suffix), number_in(suffix or f" {unit}".rstrip(), suffix or unit),
            step=Fraction(1, 10**places), low=0 if question.type == "count" else None,
            seeds=self.seeds(now, others, one.read_by),
        )  # fmt: skip

    # --------------------------------------------------------------------------------------------------------------- entries

    def entries(self) -> Iterator[Lever]:
        """Actual values, levels and picks of the entries that some criterion reads."""
        for entry in self.record.indicators:
            readers = self.readers(entry)
            if not readers or entry.id in self.record.not_applicable.indicators:
                continue
            scales = list(self.scales(entry, readers))
            labels = [label for scale in scales for label in _levels(scale)]
            sign = direction(entry, self.settings)
            yield from self.level(entry, readers, labels)
            # A level may leave a range to pick from.
            if any(_leaves_a_range(scale) for scale in scales) or (sign == "qualitative" and not labels):
                yield from self.pick(("assessments", "indicators", entry.id), self.record.assessments.indicators.get(entry.id, ()),
                                     Told(entry.name, entry.name), readers, exact(entry.weight or 0))  # fmt: skip
            if sign == "by-date":
                yield from self.done_by(entry, readers)
            elif sign != "qualitative":
                yield from self.actual(entry, readers)

    def readers(self, entry: Indicator) -> tuple[str, ...]:
        """The criteria that read an entry: as one of theirs, or in a count or sum."""
        found: dict[str, None] = {}
        for one in self.fields:
            if (
                one.path == "indicators"
                and one.type == "entries"
                and (not one.label or entry.category in categories_below([one.label]))
            ):
                found |= dict.fromkeys(one.read_by)
        return tuple(name for name in found if name not in self.away)

    def scales(self, entry: Indicator, readers: Iterable[str]) -> Iterator[Scale]:
        """The scales by which an entry is scored."""
        for name in readers:
            entries = self.criteria[name].entries
            if entries is not None and entry.category in categories_below(entries.categories):
                sign = direction(entry, Settings.of(entries.completion))
                kind = {"by-date": "dated", "qualitative": "qualitative"}.get(sign, "quantitative")
                yield from (scale for own, scale in entries.scales if own == kind)

    def level(self, entry: Indicator, readers: tuple[str, ...], labels: Iterable[str]) -> Iterator[Lever]:
        """How far it was reached, in the words of the scale; as the record has it, or with the entry."""
        ratings = self.record.assessments.indicators.get(entry.id, ())
        known = tuple(dict.fromkeys(labels))
        if not known or len(ratings) > 1:
            return
        label = _of_entry(entry, "level")
        if entry.level is None and ratings:
            path: FieldPath = ("assessments", "indicators", entry.id, "level")
            now = ratings[0].level
        else:
            path, now = ("indicators", entry.id, "level"), entry.level
        yield Lever(".".join(path), path, label, readers, now, itself, as_text, values=known, by_person=True)

    def actual(self, entry: Indicator, readers: tuple[str, ...]) -> Iterator[Lever]:
        """What was reached, in the unit in which it is typed; of a survey, how many were satisfied."""
        if entry.counts is not None:
            counts = entry.counts
            share = [exact(Fraction(1)), *(self.target_ratio(entry))]
            yield Lever(
                f"indicators.{entry.id}.counts.satisfied", ("indicators", entry.id, "counts"), _of_entry(entry, "counts"), readers,
                counts.satisfied, lambda number: {"satisfied": int(number), "surveyed": counts.surveyed},
                lambda number: Told(f"{to_text(number)}/{counts.surveyed}", f"{to_text(number)}/{counts.surveyed}"),
                step=1, low=0, high=counts.surveyed, seeds=self.seeds(counts.satisfied, [one * counts.surveyed for one in share], readers),
            )  # fmt: skip
            return
        typed, like = Typed.of_quantity(entry.actual), Typed.of_quantity(entry.target)
        if (entry.actual is not None and typed is None) or like is None:
            return
        form = typed if typed is not None else like
        targets = [exact(Fraction(one) * like.factor / form.factor) for one in like.numbers]
        prior = [
            one for value in (entry.prior, entry.initial_target) if (found := Typed.of_quantity(value)) for one in found.numbers
        ]
        now = None if typed is None else typed.number
        whole = form.suffix not in ("", "%") and quantity.money_factor(form.suffix) is None
        default = 0 if whole or (not form.suffix and all(not -10 < one < 10 for one in targets)) else 2
        places = max([default, *(decimal_places(one) or 0 for one in (*targets, *([] if now is None else [now])))])
        unit = form.suffix or entry.unit or ""
        negative = any(one < 0 for one in (*targets, *([] if now is None else [now])))
        yield Lever(
            f"indicators.{entry.id}.actual", ("indicators", entry.id, "actual"), _of_entry(entry, "actual"), readers, now,
            with_suffix(form.suffix), number_in(unit, unit), step=Fraction(1, 10**places), low=None if negative else 0,
            seeds=self.seeds(now, [*targets, *prior], readers),
        )  # fmt: skip

    def target_ratio(self, entry: Indicator) -> list[Exact]:
        """The target of a survey as a ratio."""
        target = entry.target
        return [number for number in (target.number, target.high) if number is not None] if target is not None else []

    def done_by(self, entry: Indicator, readers: tuple[str, ...]) -> Iterator[Lever]:
        """The day on which it was done."""
        ends = []
        for value in (entry.actual, entry.target):
            try:
                latest = value.in_year(self.record.subject.year).latest if value is not None and value.kind == "date" else None
            except QuantityError:
                latest = None
            ends.append(None if latest is None else latest.toordinal())
        now, due = ends
        if due is None or (entry.actual is not None and now is None):
            return
        yield Lever(
            f"indicators.{entry.id}.actual", ("indicators", entry.id, "actual"), _of_entry(entry, "actual"), readers, now,
            day, day_said, step=1, low=1, high=3_000_000, seeds=self.days(now, (due,), readers),
        )  # fmt: skip

    # ------------------------------------------------------------------------------------------------- what people may judge

    def picks(self) -> Iterator[Lever]:
        """Points or levels that people give a criterion."""
        for criterion in self.plan.criteria:
            if criterion.entries is None and criterion.scale.by_person and criterion.id not in self.away:
                ratings = self.record.assessments.criteria.get(criterion.id, ())
                path = ("assessments", "criteria", criterion.id)
                if not ratings or (len(ratings) == 1 and ratings[0].level is not None):
                    yield from self.criterion_level(criterion, path, ratings[0].level if ratings else None)
                if _leaves_a_range(criterion.scale):
                    yield from self.pick(path, ratings, _label(criterion.label), (criterion.id,), criterion.weight.default)

    def criterion_level(self, criterion: Criterion, path: FieldPath, now: str | None) -> Iterator[Lever]:
        """The level that a person gives a criterion, where that is what it is scored by."""
        slots = [slot for scale in _scales(criterion.scale) if scale.levels for slot in scale.head.slots]
        labels = [
            code
            for slot in slots
            for code in slot.codes
            if isinstance(slot.formula, Ref) and slot.formula.path.startswith("assessed_level")
        ]
        if labels:
            values = tuple(dict.fromkeys(labels))
            name = (*path, "level")
            yield Lever(
                ".".join(name),
                name,
                _label(criterion.label),
                (criterion.id,),
                now,
                itself,
                as_text,
                values=values,
                by_person=True,
            )

    def pick(
        self, path: FieldPath, ratings: tuple[Rating, ...], label: Told, readers: tuple[str, ...], weight: Exact
    ) -> Iterator[Lever]:
        """What one person gives, in points or as a share; the picks of several people are theirs."""
        if len(ratings) > 1 or (ratings and ratings[0].level is not None):
            return
        points = ratings[0].points if ratings else None
        share = ratings[0].share if ratings else None
        in_points = points is not None or (share is None and path[1] == "criteria")
        now = points if in_points else share
        number = None if now is None else exact(now)
        step = Fraction(1, 10 ** max(1 if in_points else 2, 0 if number is None else decimal_places(number) or 0))
        top: Exact = weight if in_points else 1
        seeds = tuple(exact(Fraction(top * part, 20)) for part in range(21))
        field = (*path, "points" if in_points else "share")
        said = points_said if in_points else share_said
        yield Lever(".".join(field), field, label, readers, number, to_decimal, said, step=step, low=0, high=None if in_points else 1,
                    seeds=seeds, by_person=True)  # fmt: skip

    def deductions(self) -> Iterator[Lever]:
        """Points taken off by hand; fewer could be."""
        deducted = self.record.deductions
        found: list[tuple[FieldPath, Deduction, tuple[str, ...]]] = [
            (("deductions", "criteria", name), one, (name,)) for name, one in deducted.criteria.items() if name in self.criteria
        ]
        found += [
            (("deductions", "indicators", name), one, self.readers(self.record.indicator_by_id[name]))
            for name, one in deducted.indicators.items()
        ]
        if deducted.total is not None:
            found.append((("deductions", "total"), deducted.total, ()))
        for path, one, readers in found:
            now = exact(one.points)
            if now:
                zh, en = (messages.text("gap.deduction", {"label": self.title(path, lang)}, lang) for lang in messages.LANGUAGES)
                yield Lever(
                    ".".join((*path, "points")), (*path, "points"), Told(zh, en), readers, now, to_decimal, points_said,
                    step=Fraction(1, 10 ** max(1, decimal_places(now) or 0)), low=0, high=now, seeds=(0, now), by_person=True,
                )  # fmt: skip

    def title(self, path: FieldPath, lang: messages.Language) -> str:
        """Whose points were taken off."""
        if path[1] == "total":
            return messages.text("gap.total", {}, lang)
        return self.criteria[path[2]].label.text(lang) if path[1] == "criteria" else self.record.indicator_by_id[path[2]].name

    # ----------------------------------------------------------------------------------------------------------------- seeds

    def seeds(self, now: Exact | None, bases: Iterable[Exact], readers: Iterable[str]) -> tuple[Exact, ...]:
        """Numbers at which a table may turn: its cuts, by themselves and as shares of what the number is compared with."""
        cuts = self.cuts(readers)
        bases = list(dict.fromkeys(bases))
        found: dict[Exact, None] = dict.fromkeys([*bases, 0, 1, *cuts])
        found |= dict.fromkeys(exact(Fraction(base) * cut) for base in bases for cut in cuts)
        found |= dict.fromkeys(exact(Fraction(base) / cut) for base in bases for cut in cuts if cut)
        middle = now or next(iter(bases), 1) or 1
        found |= dict.fromkeys(
            exact(middle * Fraction(part, 20)) for part in (1, 5, 10, 15, 18, 19, 21, 22, 25, 30, 40, 60, 100, 200, 2000)
        )
        return tuple(sorted(found, key=lambda one: max(one - middle, middle - one)))[:MOST_SEEDS]

    def days(self, now: int | None, bases: Iterable[int], readers: Iterable[str]) -> tuple[Exact, ...]:
        """Days at which a table may turn."""
        bases = [*bases, *([] if now is None else [now]), date(self.record.subject.year, 12, 31).toordinal()]
        dates = [value.toordinal() for value in self.given.values() if isinstance(value, date)]
        cuts = [cut for cut in self.cuts(readers) if -3_000_000 < cut < 3_000_000]
        offsets = (0, 1, 7, 31, 100, 200, 366)
        found = dict.fromkeys(
            exact(base + side * away) for base in (*bases, *dates) for away in (*offsets, *cuts) for side in (1, -1)
        )
        return tuple(one for one in (*found, *cuts) if 1 <= one <= 3_000_000)[:MOST_SEEDS]

    def cuts(self, readers: Iterable[str]) -> list[Exact]:
        """What the tables of some criteria compare with; those of the adjustments, if no criterion reads the field."""
        leaves = [leaf for name in readers for leaf in _leaves(self.criteria[name])] + [one.leaf for one in self.plan.adjustments]
        found = [
            bound.cut
            for leaf in leaves
            for slots in [{slot.name for slot in leaf.slots if not (slot.codes or slot.is_flag or is_truth(slot.formula))}]
            for row in leaf.table.rows
            for guard in row.guards
            for bound in guard
            if bound.slot in slots
        ]
        return list(dict.fromkeys(found))[:12]


def _of_entry(entry: Indicator, name: str) -> Told:
    return Told(f"{entry.name}·{ENTRY_FIELDS[f'entry.{name}'][0][0]}", f"{entry.name} · {name}")


def _label(label: Any) -> Told:
    return Told(label.text("zh"), label.text("en"))


def _scales(scale: Scale) -> Iterator[Scale]:
    yield scale
    for part in scale.parts:
        yield from _scales(part.scale)


def _levels(scale: Scale) -> Iterator[str]:
    """The labels of a scale that reads levels, and of its parts."""
    for one in _scales(scale):
        if one.levels:
            yield from (code for slot in one.head.slots for code in slot.codes)


def _leaves_a_range(scale: Scale) -> bool:
    """Whether a person picks points from a range in it."""
    return any(isinstance(row.award, Range) for leaf in scale.leaves for row in leaf.table.rows)


def _leaves(criterion: Criterion) -> Iterator[Leaf]:
    yield from criterion.scale.leaves
    for _, scale in criterion.entries.scales if criterion.entries is not None else ():
        yield from scale.leaves
