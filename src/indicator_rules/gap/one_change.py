"""Pulling a lever: the smallest move of one field with which a record is as wanted, and the value at which it does best.

In: a `Bench` (an evaluator and a record that can be changed), a lever, changes already made. Out: values, found by scoring. A number is tried wherever something may turn
(`Lever.seeds`) and, between a place that does and one that does not, halved on the grid of values that people type. Guaranteed: what is given was scored and is as wanted, and one
step of the grid less is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from pydantic import ValidationError

from indicator_rules.errors import RecordError
from indicator_rules.evaluate import Evaluator
from indicator_rules.evaluation import Evaluation
from indicator_rules.exact import LARGEST, Exact, multiply
from indicator_rules.gap.levers import Lever
from indicator_rules.gap.result import Bound
from indicator_rules.probing.trial import Trial
from indicator_rules.record import EvaluationRecord
from indicator_rules.time_limit import check_time

Pulled: TypeAlias = Mapping[Lever, Any]
"""Lever → value."""
Wish: TypeAlias = Callable[[Evaluation], bool]
Rank: TypeAlias = tuple[int, Exact, int]
CLIMBS = 40


class Found(NamedTuple):
    """A value, and how it is to be read if the field was empty."""

    value: Any
    bound: Bound


class Bench:
    """A record that can be changed and scored."""

    def __init__(self, evaluator: Evaluator, record: EvaluationRecord) -> None:
        self.evaluator, self.given = evaluator, record
        self.trial = Trial(evaluator.plan, record.model_dump(exclude_none=True))
        self.known: dict[frozenset[tuple[str, Any]], Evaluation | int] = {}

    def record(self, pulled: Pulled) -> EvaluationRecord:
        """The record with `pulled`. Raises `ValidationError` where it cannot hold that."""
        return self.trial.record({lever.field: lever.held(value) for lever, value in pulled.items()})

    def score(self, pulled: Pulled) -> Evaluation | int:
        """The evaluation; or the number of things that are wrong or missing."""
        key = frozenset((lever.path, value) for lever, value in pulled.items())
        if key not in self.known:
            check_time()
            try:
                self.known[key] = self.evaluator.evaluate(self.record(pulled))
            except RecordError as error:
                self.known[key] = sum(len(str(one.values.get("missing", "")).split(", ")) for one in error.problems)
            except ValidationError:
                self.known[key] = 10**6
        return self.known[key]

    def rank(self, pulled: Pulled) -> Rank:
        """How well a record does: scored at all, total, grade."""
        found = self.score(pulled)
        return (0, -found, 0) if isinstance(found, int) else rank(found)

    def meets(self, pulled: Pulled, wish: Wish) -> bool:
        """Whether the record can be scored, and is as wanted."""
        found = self.score(pulled)
        return not isinstance(found, int) and wish(found)

    # ----------------------------------------------------------------------------------------------------------- one lever

    def least(self, lever: Lever, given: Pulled, good: Callable[[Pulled], bool]) -> Found | None:
        """The smallest move of `lever` from `given` with which it is `good`."""
        if lever.values:
            value = next((value for value in _from_here(lever) if good({**given, lever: value})), None)
            if value is None:
                return None
            others = (one for one in lever.values if one != value)
            return Found(value, "any" if lever.now is None and all(good({**given, lever: one}) for one in others) else "this")
        at = lambda place: good({**given, lever: _number(lever, place)})
        found = _between(lever, at) if lever.now is None else _nearest(lever, at)
        return None if found is None else Found(_number(lever, found[0]), found[1])

    def best(self, lever: Lever, given: Pulled) -> Any:
        """The value with which the record does best, reached by the smallest move; None if nothing betters `given`."""
        start = self.rank(given)
        if lever.values:
            ranked = [(self.rank({**given, lever: value}), value) for value in lever.values]
            top = max(one for one, _ in ranked)
            return next(value for one, value in ranked if one == top) if top > start else None
        places = _places(lever)
        if not places:
            return None
        of: Callable[[int], Rank] = lambda place: self.rank({**given, lever: _number(lever, place)})
        ranks = [of(place) for place in places]
        at = max(range(len(places)), key=ranks.__getitem__)
        top, beside = ranks[at], [ranks[one] for one in (at - 1, at + 1) if 0 <= one < len(places)]
        if all(one < top for one in beside):  # no plateau: the top may lie between
            top = max(top, _climb(of, places[max(0, at - 1)], places[min(len(places) - 1, at + 1)]))
        if top <= start:
            return None
        found = self.least(lever, given, lambda pulled: self.rank(pulled) >= top)
        return _number(lever, places[at]) if found is None else found.value


def rank(found: Evaluation) -> Rank:
    """More points first, then the better grade."""
    position = len(found.plan.grade_labels) if found.grade_position is None else found.grade_position
    return 1, -1 if found.unrounded_total is None else found.unrounded_total, -position


def _from_here(lever: Lever) -> list[Any]:
    """The values that a field does not hold, the nearest first; for an empty one, the last of the list (levels and yes-no begin with the best)."""
    if lever.now not in lever.values:
        return list(reversed(lever.values))
    here = lever.values.index(lever.now)
    return sorted((one for one in lever.values if one != lever.now), key=lambda one: abs(lever.values.index(one) - here))


def _number(lever: Lever, place: int) -> Exact:
    return multiply(lever.step, place)


def _places(lever: Lever) -> list[int]:
    """Places on the grid beside and on every seed, in order."""
    found: set[int] = set()
    for seed in lever.seeds:
        below = seed // lever.step
        found |= {below, below if below * lever.step == seed else below + 1}
    return sorted(one for one in found if -LARGEST < one * lever.step < LARGEST and lever.allows(one * lever.step))


def _nearest(lever: Lever, good: Callable[[int], bool]) -> tuple[int, Bound] | None:
    """The good place nearest to what the field holds."""
    start = int(lever.now / lever.step)
    places = _places(lever)
    found = [
        place
        for side in ([one for one in places if one > start], [one for one in reversed(places) if one < start])
        if (place := _first(start, side, good)) is not None
    ]
    return (min(found, key=lambda place: abs(place - start)), "this") if found else None


def _first(start: int, places: list[int], good: Callable[[int], bool]) -> int | None:
    """The first good place on the way from `start`."""
    before = start
    for place in places:
        if good(place):
            return _halved(before, place, good)
        before = place
    return None


def _between(lever: Lever, good: Callable[[int], bool]) -> tuple[int, Bound] | None:
    """For an empty field: the edge of the good places, and on which side of it they lie."""
    places = _places(lever)
    fits = [good(place) for place in places]
    if not any(fits):
        return None
    if all(fits):
        return places[0], "any"
    if fits[-1]:
        last = max(at for at, fit in enumerate(fits) if not fit)
        return _halved(places[last], places[last + 1], good), "at-least"
    if fits[0]:
        first = fits.index(False)
        return _halved(places[first], places[first - 1], good), "at-most"
    first = fits.index(True)
    return _halved(places[first - 1], places[first], good), "this"


def _halved(bad: int, fine: int, good: Callable[[int], bool]) -> int:
    """The good place nearest to the bad one, `fine` being good."""
    while abs(fine - bad) > 1:
        middle = (bad + fine) // 2
        if good(middle):
            fine = middle
        else:
            bad = middle
    return fine


def _climb(of: Callable[[int], Rank], low: int, high: int) -> Rank:
    """The highest rank found between two places, for a curve with one top."""
    for _ in range(CLIMBS):
        if high - low < 3:
            break
        left, right = low + (high - low) // 3, high - (high - low) // 3
        if of(left) < of(right):
            low = left
        else:
            high = right
    return max(of(place) for place in range(low, min(high, low + 3) + 1))
