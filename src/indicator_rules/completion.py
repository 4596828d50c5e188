"""完成率 of an entry: its target and actual → how far the target was reached (docs/semantics.md, section 5).

In: an indicator of the record, and what the ruleset says where the common rule leaves a choice. Out: `EntryFacts`, what formulas over entries
read. Guaranteed: exact; absent with the reason where no number is right; never 1 for a target that was missed, except where the ratio
itself is 1 or more (a `>=` by more decimals than anyone typed does not exist: numbers are exact).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Literal, NamedTuple

from indicator_rules.attainment import same_unit
from indicator_rules.condition import constant
from indicator_rules.exact import Exact, Rounding, add_all, divide, exact, multiply
from indicator_rules.quantity import Direction, Quantity, QuantityError
from indicator_rules.record_fields import CATEGORIES
from indicator_rules.record_parts import Counts, Indicator, Rating
from indicator_rules.spec import Completion
from indicator_rules.syntax import parse
from indicator_rules.value import Absent, Value

Note = Literal["strict-at-equality", "same-text"]


class Settings(NamedTuple):
    """`Completion` of a ruleset, made ready: `directions` has every category that one of the ruleset's paths covers."""

    spec: Completion
    directions: Mapping[str, Direction]
    decay_zero_at: Exact

    @staticmethod
    def of(spec: Completion) -> Settings:
        longest_last = sorted(spec.directions.items(), key=lambda pair: len(pair[0]))
        directions = {category: sign for path, sign in longest_last for category in categories_below((path,))}
        zero = constant(parse(spec.decay_zero_at))
        return Settings(spec, directions, 2 if zero is None else zero)


class EntryFacts:
    """One entry under evaluation. Attributes are the fields of `scope.ENTRY_FIELDS`."""

    __slots__ = ("completion", "direction", "indicator", "note", "ratings", "weight_in_force")

    def __init__(
        self,
        indicator: Indicator,
        year: int,
        settings: Settings,
        ratings: tuple[Rating, ...],
        rounding: Rounding | None,
        weight: Exact | None = None,
    ) -> None:
        """`weight` is the weight in force, where it is not the record's; `rounding` that of the stage `measure`."""
        self.indicator = indicator
        self.ratings = ratings
        self.note: Note | None = None
        attainment = indicator.attainment
        sign = self.direction = attainment.direction or settings.directions.get(indicator.category, ">=")
        self.weight_in_force: Value = self.weight if weight is None else weight
        completion: Exact | Absent
        if sign == "qualitative":
            completion = self._qualitative(attainment.same_text, settings)
        elif attainment.ratio is not None and sign != "by-date":
            completion = self._of_ratio(attainment.ratio, sign, settings)
        elif attainment.in_time is not None and sign == "by-date":
            completion = 1 if attainment.in_time else 0
        else:
            completion = self._completion(indicator.target, indicator.actual, year, settings)
        self.completion: Value = completion if rounding is None or isinstance(completion, Absent) else rounding(completion)

    @property
    def id(self) -> str:
        return self.indicator.id

    @property
    def category(self) -> str:
        return self.indicator.category

    @property
    def name(self) -> Value:
        return self.indicator.name

    @property
    def key(self) -> Value:
        return self.indicator.key

    @property
    def weight(self) -> Value:
        return self._given("weight") if self.indicator.weight is None else exact(self.indicator.weight)

    @property
    def level(self) -> Value:
        return self.indicator.level or self._given("level")

    @property
    def part_of(self) -> Value:
        """The id of the entry that it is a part of; the empty text, which no id is, if it is part of none."""
        return self.indicator.part_of or ""

    @property
    def reason(self) -> Value:
        return self.indicator.reason or self._given("reason")

    @property
    def evidence(self) -> Value:
        return self.indicator.evidence or self._given("evidence")

    @property
    def unit(self) -> Value:
        return self.indicator.unit or self._given("unit")

    @property
    def counts(self) -> Value:
        return self._given("counts") if self.indicator.counts is None else True

    @property
    def target(self) -> Value:
        return self._number("target", self.indicator.target)

    @property
    def initial_target(self) -> Value:
        return self._number("initial_target", self.indicator.initial_target)

    @property
    def prior(self) -> Value:
        return self._number("prior", self.indicator.prior)

    def typed(self, name: str) -> str | None:
        """A target or actual value as it was typed."""
        quantity: Quantity | None = getattr(self.indicator, name)
        return None if quantity is None else quantity.text

    @property
    def given_level(self) -> Value:
        """The level that a person gave, or `TOP_LEVEL` where only equal text is known."""
        if self.indicator.level is not None:
            return self.indicator.level
        level = agreed_level(self.ratings)
        if level is not None:
            return level or self._no("levels-differ", "level")
        if self.note == "same-text" and not self.ratings:
            return TOP_LEVEL
        return self._no("not-assessed", "level")

    def is_in(self, categories: tuple[str, ...]) -> bool:
        """Whether the entry's category is one of `categories` or below it."""
        own = self.category
        return any(own == path or own.startswith(path + ".") for path in categories)

    def _given(self, name: str) -> Absent:
        return Absent("not-given", (f"indicators.{self.id}.{name}",))

    def _number(self, name: str, quantity: Quantity | None) -> Exact | Absent:
        """The number of a quantity, for formulas; a date or text is not one."""
        if quantity is None:
            return self._given(name)
        return quantity.number if quantity.kind == "number" and quantity.number is not None else self._no("kinds-differ", name)

    def _no(self, reason: str, *names: str) -> Absent:
        return Absent(reason, tuple(f"indicators.{self.id}.{name}" for name in names or ("target", "actual")))

    @property
    def actual(self) -> Value:
        return self._reached(self.indicator.actual, self.indicator.counts)

    def _reached(self, actual: Quantity | None, counts: Counts | None) -> Exact | Absent:
        """The number reached: that of the survey, if there was one."""
        if counts is not None:
            return divide(counts.satisfied, counts.surveyed) if counts.surveyed else self._no("not-surveyed", "counts")
        return self._number("actual", actual)

    # ---------------------------------------------------------------------------------------------------------- completion

    def _completion(self, target: Quantity | None, actual: Quantity | None, year: int, settings: Settings) -> Exact | Absent:
        """Where the two values alone do not tell."""
        sign, counts = self.direction, self.indicator.counts
        if target is None:
            return self._given("target")
        if actual is None and counts is None:
            return self._given("actual")
        if sign == "by-date":
            return self._by_date(target, actual if counts is None else None, year, settings)
        if target.number is None or (target.kind == "range" and sign != "="):
            return self._no("kinds-differ")
        reached = self._reached(actual, counts)
        if isinstance(reached, Absent):
            return reached
        unit = "%" if counts is not None else actual.unit if actual is not None else None
        if not same_unit(target.unit, unit):
            return self._no("units-differ", "actual", "target")
        if target.kind == "range" and target.high is not None:
            return self._in_range(reached, target.number, target.high, settings)
        return self._compared(reached, target.number, sign, settings)

    def _qualitative(self, same_text: bool, settings: Settings) -> Exact | Absent:
        if same_text and settings.spec.same_text == "met":
            self.note = "same-text"
        share = assessed_share(self.ratings, self.weight_in_force) if self.ratings else None
        if share is not None:
            return share
        return 1 if self.note else self._no("not-assessed", "level")

    def _by_date(self, target: Quantity, actual: Quantity | None, year: int, settings: Settings) -> Exact | Absent:
        if actual is None or target.kind != "date" or actual.kind != "date":
            # What is at fault comes first: that is what people are told to look at.
            at_fault = ("actual", "target") if target.kind == "date" else ("target", "actual")
            return self._no("kinds-differ", *at_fault)
        due = target.latest or self._in_year("target", target, year, settings)
        done = actual.latest or self._in_year("actual", actual, year, settings)
        if isinstance(due, Absent):
            return due
        if isinstance(done, Absent):
            return done
        return 1 if done <= due else 0

    def _in_year(self, name: str, quantity: Quantity, year: int, settings: Settings) -> date | Absent:
        """The latest day of a month typed without a year."""
        if settings.spec.month_without_year == "refuse":
            return self._no("month-without-year", name)
        try:
            return quantity.in_year(year).latest or self._no("month-without-year", name)
        except QuantityError:
            return self._no("no-such-day", name)

    def _in_range(self, number: Exact, low: Exact, high: Exact, settings: Settings) -> Exact | Absent:
        if low <= number <= high:
            return 1
        if low <= 0 or number < 0:
            return self._or_absent("zero-target", settings.spec.at_zero_target)
        if settings.spec.equal == "at-least" and number > high:
            return 1
        return self._equal_missed(divide(number, low if number < low else high), settings)

    def _compared(self, number: Exact, target: Exact, sign: Direction, settings: Settings) -> Exact | Absent:
        if target <= 0 or number < 0:
            return 1 if _MET[sign](number, target) else self._or_absent("zero-target", settings.spec.at_zero_target)
        return self._of_ratio(divide(number, target), sign, settings)

    def _of_ratio(self, ratio: Exact, sign: Direction, settings: Settings) -> Exact | Absent:
        """Of actual ÷ target, neither below 0."""
        if sign == ">=":
            return ratio
        if sign in (">", "<") and ratio == 1:
            self.note = "strict-at-equality"
            return self._or_absent("at-equality", settings.spec.at_equality)
        if sign == ">":
            return ratio
        if _MET[sign](ratio, 1):
            return 1
        if sign == "=":
            return self._equal_missed(ratio, settings)
        if settings.spec.at_most == "decay":
            zero = settings.decay_zero_at
            return exact(max(Fraction(0), Fraction(zero - ratio) / (zero - 1)))
        return divide(1, ratio)

    def _equal_missed(self, ratio: Exact, settings: Settings) -> Exact | Absent:
        match settings.spec.equal:
            case "zero":
                return 0
            case "ratio":
                return ratio if ratio < 1 else divide(1, ratio)
            case "at-least":
                return ratio
        return self._no("equality-missed")

    def _or_absent(self, reason: str, treatment: Literal["absent", "zero"]) -> Exact | Absent:
        return 0 if treatment == "zero" else self._no(reason)


class _TopLevel(str):
    """Equal to no text but itself, so that nothing typed can pass for it."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


TOP_LEVEL = _TopLevel("top level")
"""Stands for the first level of whatever scale reads it."""

_MET = {
    ">=": lambda a, t: a >= t,
    "<=": lambda a, t: a <= t,
    ">": lambda a, t: a > t,
    "<": lambda a, t: a < t,
    "=": lambda a, t: a == t,
}


def direction(entry: Indicator, settings: Settings) -> Direction:
    """The sign that the entry means, typed or not."""
    return entry.attainment.direction or settings.directions.get(entry.category, ">=")


def categories_below(paths: Iterable[str]) -> frozenset[str]:
    """The categories that are one of `paths` or below it."""
    ways = tuple(path + "." for path in paths)
    return frozenset(category for category in CATEGORIES if (category + ".").startswith(ways))


def agreed_level(ratings: tuple[Rating, ...]) -> str | None:
    """The level that the raters gave; empty if they differ, or if only some gave one; None if nobody did."""
    levels = {rating.level for rating in ratings}
    if levels <= {None}:
        return None
    return (levels.pop() or "") if len(levels) == 1 else ""


def assessed_points(ratings: tuple[Rating, ...], weight: Exact) -> Exact | None:
    """What the raters gave, in points out of `weight`: the mean by their weights. None if nobody gave points or a share."""
    picked: list[tuple[Exact, Exact]] = []
    for rating in ratings:
        points = rating.points if rating.points is not None else rating.share
        if points is not None:
            given = exact(points) if rating.points is not None else multiply(exact(points), weight)
            picked.append((given, exact(rating.weight) if rating.weight is not None else 1))
    if not picked or len(picked) < len(ratings):
        return None
    return divide(add_all(multiply(points, own) for points, own in picked), add_all(own for _, own in picked))


def assessed_share(ratings: tuple[Rating, ...], weight: Value) -> Exact | Absent | None:
    """What the raters gave, as a share of `weight`: the mean by their weights. None if nobody gave points or a share; absent
    if points were given where there is no weight."""
    picked: list[tuple[Exact, Exact]] = []
    for rating in ratings:
        if rating.share is not None:
            share = exact(rating.share)
        elif rating.points is None:
            continue
        elif isinstance(weight, int | Fraction) and weight:
            share = divide(exact(rating.points), weight)
        else:
            return Absent("no-entry-weight")
        picked.append((share, exact(rating.weight) if rating.weight is not None else 1))
    if not picked:
        return None
    return divide(sum(share * weight for share, weight in picked), sum(weight for _, weight in picked))
