"""Hitting a row: which fields of the neutral record to change so that a table's slots stand where they should.

In: a table at its site, and an aim (bounds to hold, and perhaps one slot on or just beside its cut). Out: changes, nearest at hand first. Fields are changed
one by one, each once; a number is solved for exactly (`solve`), anything else is tried. In a FIRST table the rows above are then put out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice, pairwise
from typing import Any, NamedTuple

from indicator_rules.exact import Exact, divide
from indicator_rules.expression import Call
from indicator_rules.facts import Facts
from indicator_rules.plan import Range
from indicator_rules.probing.pieces import ABSENT, FieldPath
from indicator_rules.probing.sites import Site
from indicator_rules.probing.solve import solve
from indicator_rules.probing.trial import Changes, Field, Trial
from indicator_rules.table import Bound, Operator
from indicator_rules.value import Absent

DEEPEST = 5
"""Fields changed at once."""
MOST_MOVES = 8
"""Values of one field that are followed up."""
MOST_TRIALS = 500
_OPPOSITE: dict[Operator, tuple[Operator, ...]] = {">=": ("<",), "<": (">=",), ">": ("<=",), "<=": (">",), "=": ("<", ">")}


class Aim(NamedTuple):
    """Bounds to hold, and where the slot of `at` should be: on its cut (`side` 0), just below (−1) or just above (1)."""

    bounds: tuple[Bound, ...]
    at: Bound | None
    side: int


class _Goal(NamedTuple):
    """Where one slot should be."""

    slot: str
    bounds: tuple[Bound, ...]
    at: Exact | None
    side: int

    def met(self, value: Exact | None) -> bool:
        if value is None or not all(compare(value, bound) for bound in self.bounds):
            return False
        if self.at is None:
            return True
        return value == self.at if self.side == 0 else (value - self.at) * self.side > 0


def compare(value: Exact, bound: Bound) -> bool:
    """Whether `value` satisfies `bound`."""
    cut = bound.cut
    match bound.operator:
        case ">=":
            return value >= cut
        case ">":
            return value > cut
        case "<=":
            return value <= cut
        case "<":
            return value < cut
    return value == cut


@dataclass
class Hitter:
    """One table of the plan, to be hit."""

    trial: Trial
    site: Site
    entry: str | None
    weight: Exact
    total: Callable[[Changes], Exact | None] | None
    trials: int = field(default=0)
    start: Changes = field(default_factory=dict)

    def facts(self, changes: Changes) -> Facts:
        facts = self.trial.facts(changes, self.site, self.entry, self.weight)
        if self.total is not None:
            facts.total = self.total(changes) or 0
        return facts

    def row(self, changes: Changes) -> int:
        """The row that the table chooses; negative for none."""
        return self.trial.row(self.site, self.facts(changes))

    def ends(self, award: Range, changes: Changes) -> tuple[Exact | None, Exact | None]:
        """The ends of a range."""
        facts = self.facts(changes)
        low, high = (self.trial.readers.number(end)(facts) for end in (award.low, award.high))
        return (None if isinstance(low, Absent) else low), (None if isinstance(high, Absent) else high)

    def fields(self) -> list[Field]:
        """Every field that the table reads."""
        found: dict[Field, None] = {}
        for slot in self.site.leaf.slots:
            if not slot.is_flag:
                found |= dict.fromkeys(self.trial.fields(slot.formula, self.entry))
        return list(found)

    def search(self, aim: Aim, want: int | None, start: Changes) -> Iterator[Changes]:
        """Changes with which the aim is met and the row at `want` is hit (any, for None)."""
        self.trials, self.start = 0, start
        yield from islice(self._search(_goals(aim), want, start, frozenset(start), DEEPEST), MOST_MOVES)

    def _search(
        self, goals: Sequence[_Goal], want: int | None, changes: Changes, locked: frozenset[FieldPath], depth: int
    ) -> Iterator[Changes]:
        self.trials += 1
        facts = self.facts(changes)
        unmet = next((goal for goal in goals if not goal.met(self.trial.slot(self.site, goal.slot, facts))), None)
        if unmet is None:
            row = self.trial.row(self.site, facts)
            if want is None or row == want:
                yield changes
                return
            if depth and 0 <= row < want:
                put_out = [_with(goals, negated) for negated in self._put_out(row, facts)]
                # From the start, where one field may do all of it; else from here.
                for more in put_out if changes is not self.start else ():
                    yield from self._search(more, want, self.start, frozenset(self.start), depth - 1)
                for more in put_out:
                    yield from self._search(more, want, changes, locked, depth - 1)
            return
        if depth and self.trials < MOST_TRIALS:
            for path, value in self._moves(unmet, changes, locked):
                yield from self._search(goals, want, {**changes, path: value}, locked | {path}, depth - 1)

    def _put_out(self, row: int, facts: Facts) -> Iterator[Bound]:
        """Bounds that would make a row above stop to hit."""
        for guard in self.site.leaf.table.rows[row].guards:
            values = [self.trial.slot(self.site, bound.slot, facts) for bound in guard]
            if all(value is not None and compare(value, bound) for value, bound in zip(values, guard, strict=True)):
                for bound in guard:
                    for operator in _OPPOSITE[bound.operator]:
                        yield Bound(bound.slot, operator, bound.cut)

    # ----------------------------------------------------------------------------------------------------------------- moves

    def _moves(self, goal: _Goal, changes: Changes, locked: frozenset[FieldPath]) -> Iterator[tuple[FieldPath, Any]]:
        """Values of single fields that bring the slot where it should be; else, for the next field to go on from, others."""
        slot = next(one for one in self.site.leaf.slots if one.name == goal.slot)
        free = [one for one in self.trial.fields(slot.formula, self.entry) if one.path not in locked]
        others: list[tuple[FieldPath, Any]] = []
        for one in free:
            if one.kind != "choice":
                yield from ((one.path, one.typed(place)) for place in islice(self._places(goal, one, changes), MOST_MOVES))
            for value in one.values:
                if goal.met(self.value(goal.slot, {**changes, one.path: value})):
                    yield one.path, value
                else:
                    others.append((one.path, value))
        if any(isinstance(part, Call) and part.function == "present" for part in slot.formula.walk()):
            nothing = [(one.path, ABSENT) for one in free if one.path[0] != "subject"]
            yield from (move for move in nothing if goal.met(self.value(goal.slot, {**changes, move[0]: ABSENT})))
        # Where one field does not do, two may: one is put elsewhere, the other solved for.
        yield from others
        for one in free:
            if one.kind != "choice":
                yield from ((one.path, one.typed(seed)) for seed in self.seeds(one, changes)[:4] if one.typed(seed) is not None)

    def _places(self, goal: _Goal, one: Field, changes: Changes) -> Iterator[Exact]:
        """Numbers for one field with which the goal is met."""

        def formula(place: Exact) -> Exact | None:
            value = one.typed(place)
            return None if value is None else self.value(goal.slot, {**changes, one.path: value})

        seeds = self.seeds(one, changes)
        if goal.at is not None:
            roots = list(islice(solve(formula, goal.at, seeds), 3))
            if goal.side == 0:
                yield from (root for root in roots if goal.met(formula(root)))
                return
            yield from self._beside(goal, one, roots, formula)
            yield from sorted((seed for seed in seeds if goal.met(formula(seed))), key=lambda seed: _far(formula(seed), goal.at))
            return
        yield from (seed for seed in seeds if goal.met(formula(seed)))
        roots = [root for bound in goal.bounds for root in islice(solve(formula, bound.cut, seeds), 2)]
        between = [_half(low, high) for low, high in pairwise(roots)]
        between += [place.numerator // place.denominator for place in between]
        yield from (place for place in (*between, *roots) if goal.met(formula(place)))
        yield from self._beside(goal, one, roots, formula)

    def _beside(
        self, goal: _Goal, one: Field, roots: Sequence[Exact], formula: Callable[[Exact], Exact | None]
    ) -> Iterator[Exact]:
        """The nearest place on either side of each root, by steps that people type."""
        for root in roots:
            for step in one.steps:
                near = [place for place in (root - step, root + step) if goal.met(formula(place))]
                yield from near
                if near:
                    break

    def value(self, slot: str, changes: Changes) -> Exact | None:
        self.trials += 1
        return self.trial.slot(self.site, slot, self.facts(changes))

    def seeds(self, one: Field, changes: Mapping[FieldPath, Any]) -> list[Exact]:
        """Where to begin."""
        now = one.number(changes[one.path] if one.path in changes else self.trial.held(one.path))
        if one.kind == "date":
            middle = now if now is not None else 738_500
            return [middle + days for days in (0, -1, 1, -31, 31, -200, 200, -400, 400)]
        if one.kind == "year":
            return [(now or 2023) + years for years in (0, 1, -1, 2, -2)]
        if one.kind == "count":
            return [0, 1, 2, 3, 5, 10, 100]
        if one.kind == "share":
            return [1, 0, _half(0, 1), _half(0, _half(0, 1)), _half(_half(0, 1), 1)]
        around: list[Exact] = [now, _half(0, now), 2 * now, 3 * now, divide(9 * now, 10)] if now else []
        plain: list[Exact] = [0, 1, 2, 10, 100, 1_000_000]
        return list(
            dict.fromkeys(
                [*around, *(plain if one.kind != "money" else [0, 1, 10_000]), *([-1, -100] if one.kind == "number" else [])]
            )
        )


def _goals(aim: Aim) -> list[_Goal]:
    """One goal for each slot, that at the edge first."""
    slots = dict.fromkeys([*([aim.at.slot] if aim.at is not None else []), *(bound.slot for bound in aim.bounds)])
    return [
        _Goal(
            slot,
            tuple(bound for bound in aim.bounds if bound.slot == slot),
            aim.at.cut if aim.at is not None and aim.at.slot == slot else None,
            aim.side,
        )
        for slot in slots
    ]


def _with(goals: Sequence[_Goal], bound: Bound) -> list[_Goal]:
    """The goals, and one bound more."""
    own = next((goal for goal in goals if goal.slot == bound.slot), _Goal(bound.slot, (), None, 0))
    return [*(goal for goal in goals if goal is not own), own._replace(bounds=(*own.bounds, bound))]


def _half(low: Exact, high: Exact) -> Exact:
    return divide(low + high, 2)


def _far(value: Exact | None, cut: Exact | None) -> Fraction:
    return abs(Fraction(value or 0) - Fraction(cut or 0))
