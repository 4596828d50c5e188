"""Scenarios: how look-ups, applicability and weight sets can come out together, when some of what they read is open.

In: a plan and an outlook. Out: every combination that some record can come to, each with its weights, and with the outlook narrowed to it: what decided a
scenario is known in it. `RecordError` where there are too many to be looked through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

from indicator_rules.entries import Members, Register
from indicator_rules.errors import RecordError
from indicator_rules.exact import Exact
from indicator_rules.partial.outlook import RecordOutlook
from indicator_rules.partial.regions import MOST_REGIONS, Region, Regions, TooManyRegions
from indicator_rules.plan import Choice, Criterion, Leaf, Lookup, Plan
from indicator_rules.refusals import too_many
from indicator_rules.stage import NONE
from indicator_rules.total import Weights

MOST_SCENARIOS = 256
Way = TypeVar("Way")


class Scenario(NamedTuple):
    """One way for look-ups, applicability and weights to come out."""

    outlook: RecordOutlook
    members: Mapping[str, Members]
    weights: Mapping[str, Exact]


class Scenarios:
    """The tables that decide them, made ready."""

    def __init__(self, plan: Plan, register: Register) -> None:
        self.weights, self.register = Weights(plan), register
        self.lookups = [(lookup, Regions(lookup.leaf)) for lookup in plan.lookups]
        self.applies = [(one, Regions(one.applies)) for one in plan.criteria if one.applies is not None]
        self.weight_sets = None if plan.weight_sets is None else Regions(plan.weight_sets)

    def __call__(self, outlook: RecordOutlook) -> list[Scenario]:
        """Look-ups, then what applies, then the weight set."""
        not_applicable = set(outlook.not_applicable)
        members = self.register.members(outlook.record, not_applicable)
        ways = [outlook.without(not_applicable)]
        for lookup, regions in self.lookups:
            ways = _split(ways, regions, partial(_looking_up, lookup))
        for criterion, regions in self.applies:
            ways = _split(ways, regions, partial(_applying, criterion))
        if self.weight_sets is None:
            return [self.scenario(way, NONE, members) for way in ways]
        found = []
        for way in ways:
            for region in looked_through(self.weight_sets, way):
                chosen = position(self.weight_sets.leaf, region.row)
                if chosen is not None:
                    found.append(self.scenario(way.narrowed(region.given), chosen, members))
        return _few(found, outlook)

    def scenario(self, outlook: RecordOutlook, weight_set: int, members: Mapping[str, Members]) -> Scenario:
        """The weights of one way."""
        weights = self.weights.in_force(set(outlook.not_applicable), weight_set, members)
        return Scenario(outlook, members, weights)


Change = Callable[[RecordOutlook, int], RecordOutlook | None]
"""What a row of a table makes of an outlook; None if no record that hits it is scored."""


def _split(ways: Sequence[RecordOutlook], regions: Regions, change: Change) -> list[RecordOutlook]:
    """Every way, in every region of a table."""
    found = []
    for way in ways:
        changed = [change(way.narrowed(region.given), region.row) for region in looked_through(regions, way)]
        found += [one for one in changed if one is not None]
    return _few(found, ways[0]) if found else []


def _few(ways: list[Way], outlook: RecordOutlook) -> list[Way]:
    if len(ways) > MOST_SCENARIOS:
        raise RecordError([too_many(outlook.record, MOST_SCENARIOS, sorted(outlook.touched))])
    return ways


def looked_through(regions: Regions, outlook: RecordOutlook) -> list[Region]:
    """The regions of a table that decides on more than points. Raises `RecordError`."""
    try:
        return list(regions(outlook))
    except TooManyRegions:
        raise RecordError([too_many(outlook.record, MOST_REGIONS, sorted(outlook.touched))]) from None


def _looking_up(lookup: Lookup, way: RecordOutlook, row: int) -> RecordOutlook:
    return way.looking_up(lookup.id, position(lookup.leaf, row))


def _applying(criterion: Criterion, way: RecordOutlook, row: int) -> RecordOutlook | None:
    """Unknown applicability is a problem of the record, unless that says by itself that the criterion does not apply."""
    if criterion.id in way.not_applicable:
        return way
    chosen = position(criterion.applies, row)
    return None if chosen is None else way if chosen else way.without({criterion.id})


def position(leaf: Leaf | None, row: int) -> int | None:
    """The position that a row of `leaf` chooses; None if it chooses nothing."""
    award = leaf.table.rows[row].award if leaf is not None and row != NONE else None
    return award.position if isinstance(award, Choice) else None
