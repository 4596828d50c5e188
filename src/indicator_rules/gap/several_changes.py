"""Changes made together: what several levers do at their best, and the fewest of them that do what is wished.

In: a bench, the levers that may be pulled, what is wished, what the total has to reach. Out: `Gain`s, and sets of values. Found by sums of gains, each by itself, and
confirmed by scoring: what is given does what is wished, and nothing of it can be left out alone; a smaller set may exist where criteria depend on one another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from indicator_rules.evaluation import Evaluation
from indicator_rules.exact import Exact, add
from indicator_rules.gap.levers import Lever
from indicator_rules.gap.one_change import Bench, Pulled, Wish

MOST_SETS = 3000
"""Sets of groups of changes that are weighed against each other."""
MOST_TRIED = 6
"""Sets of one size that are scored."""
MOST_TUNED = 12
"""Changes of which each is tried as the last."""
MOST_PAIRED = 8
"""Fields of a criterion that are tried two at a time, where one alone does nothing (items behind a gate)."""


class Gain(NamedTuple):
    """What the levers that go together do at their best."""

    pulled: Pulled
    points: Exact
    criteria: frozenset[str]

    @property
    def is_fine(self) -> bool:
        """Whether it can be had by halves."""
        return any(lever.step for lever in self.pulled)


class Together:
    """The levers of one record that may be pulled."""

    def __init__(self, bench: Bench, free: Sequence[Lever], wish: Wish, needed: Callable[[Evaluation], Exact | None]) -> None:
        self.bench, self.free, self.wish, self.needed = bench, free, wish, needed

    def reached(self, pulled: Pulled) -> bool:
        """Whether the record with `pulled` is as wished."""
        return self.bench.meets(pulled, self.wish)

    def several(self, given: Pulled, gains: Sequence[Gain]) -> Pulled | None:
        """The fewest criteria, then the fewest points more than needed."""
        start = self.bench.score(given)
        needed = None if isinstance(start, int) else self.needed(start)
        if not isinstance(start, int) and needed is not None:
            for sets in self.by_size(gains, needed - (start.unrounded_total or 0)):
                fine = [one for chosen in sets if (one := self.trimmed(given, chosen)) is not None]
                if fine:
                    return min(fine, key=lambda pulled: (self.bench.rank(pulled)[:2], len(pulled)))
        found = self.trimmed(given, gains)
        if found is None:
            best = self.ascended(given, [lever for lever in self.free if lever not in given])
            changed = [Gain({lever: value}, 0, frozenset()) for lever, value in best.items() if lever not in given]
            found = self.trimmed(given, changed)
        return found

    def gains(self, given: Pulled) -> list[Gain]:
        """What every lever, with those that go together with it, does at its best."""
        start = self.bench.score(given)
        together: dict[str, list[Lever]] = {}
        for lever in self.free:
            if lever not in given:
                together.setdefault(lever.judged, []).append(lever)
        if isinstance(start, int):
            return []
        return [one for levers_of in together.values() if (one := self.gain(levers_of, given, start)) is not None]

    def gain(self, pulling: Sequence[Lever], given: Pulled, start: Evaluation) -> Gain | None:
        """What `one_change` does at its best; None if it does nothing good."""
        pulled = self.ascended(given, pulling)
        after = self.bench.score(pulled)
        if isinstance(after, int) or self.bench.rank(pulled) <= self.bench.rank(given):
            return None
        pairs = zip(start.criteria, after.criteria, strict=True)
        moved = frozenset(one.id for one, other in pairs if one.exact_points != other.exact_points)
        changed = {lever: value for lever, value in pulled.items() if lever not in given}
        return Gain(changed, add(after.unrounded_total or 0, -(start.unrounded_total or 0)), moved)

    def by_size(self, gains: Iterable[Gain], short: Exact) -> Iterator[list[list[Gain]]]:
        """Sets of gains whose points together should do, those of the fewest criteria first, those with the least to spare first."""
        groups: dict[frozenset[str], list[Gain]] = {}
        for one in gains:
            groups.setdefault(one.criteria, []).append(one)
        largest = sorted(groups.items(), key=lambda pair: -sum(one.points for one in pair[1]))[:16]
        weighed = 0
        found: dict[int, list[tuple[Exact, int, list[Gain]]]] = {}
        for size in range(1, len(largest) + 1):
            for chosen in combinations(largest, size):
                weighed += 1
                inside = [one for _, group in chosen for one in group]
                spare = sum(one.points for one in inside) - short
                if spare >= 0:
                    count = len(frozenset[str]().union(*(names for names, _ in chosen)))
                    fine = any(one.is_fine for one in inside)
                    found.setdefault(count, []).append((0 if fine else spare, len(inside), inside))
            if found or weighed > MOST_SETS:
                break
        for _, sets in sorted(found.items()):
            yield [inside for *_, inside in sorted(sets, key=lambda one: one[:2])[:MOST_TRIED]]

    def trimmed(self, given: Pulled, gains: Sequence[Gain]) -> Pulled | None:
        """`gains` without what is not needed, and the last change only as far as needed; None if they do not do."""
        left = {**given, **{lever: value for one in gains for lever, value in one.pulled.items()}}
        if not self.reached(left):
            return None
        for one in sorted(gains, key=lambda one: one.points):
            fewer = {lever: value for lever, value in left.items() if lever not in one.pulled}
            left = fewer if self.reached(fewer) else left
        tuned = [left]
        for lever in [lever for lever in left if lever not in given][:MOST_TUNED]:
            least = self.bench.least(lever, left, self.reached)
            tuned += [] if least is None else [{**left, lever: least.value}]
        return min(tuned, key=self.bench.rank)

    def ascended(self, given: Pulled, pulling: Sequence[Lever]) -> dict[Lever, Any]:
        """Each lever where the record does best, one after another; where that does no more, two at a time that go together or hold words."""
        pulled = dict(given)
        for _ in range(2 if len(pulling) <= MOST_PAIRED else 1):
            before = self.bench.rank(pulled)
            for lever in pulling:
                best = self.bench.best(lever, pulled)
                pulled |= {} if best is None else {lever: best}
            for one, other in self.pairs(pulling):
                for value in one.values:
                    tried = {**pulled, one: value}
                    best = self.bench.best(other, tried)
                    tried |= {} if best is None else {other: best}
                    pulled = max(pulled, tried, key=self.bench.rank)
            if self.bench.rank(pulled) == before or len(pulling) == 1:
                break
        return pulled

    def pairs(self, pulling: Sequence[Lever]) -> list[tuple[Lever, Lever]]:
        """Levers of which one alone may do nothing: a level and the pick in it, items behind a gate."""
        worded = [lever for lever in pulling if lever.values]
        kin = [(one, other) for one in worded for other in pulling if one is not other and one.judged == other.judged]
        return kin or (list(combinations(worded, 2)) if len(worded) <= MOST_PAIRED else [])
