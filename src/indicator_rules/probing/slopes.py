"""Probes between probes: where points run along a slope, records that lie inside it and not only at its ends.

In: a plan and its probes. Out: for two neighbouring cuts of a table that are reached by one number of the record, probes with that number in between. No
row is promised, and the table may refuse it: whoever uses these scores them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

from indicator_rules.exact import Exact
from indicator_rules.expression import Ref
from indicator_rules.lower import WEIGHT
from indicator_rules.plan import Plan, Points
from indicator_rules.probing.pieces import Data
from indicator_rules.probing.probes import SIDES, Probe
from indicator_rules.probing.sites import Site, sites

PARTS = 8
"""Into how many parts a slope is divided."""


def between(plan: Plan, probes: Iterable[Probe]) -> Iterator[Probe]:
    """Probes on the slopes of `plan`."""
    sloped = {site.key for site in sites(plan) if _slopes(site)}
    # For each cut the probe that stands on it, or else the first beside it.
    groups: defaultdict[tuple[str, str], dict[Exact, Probe]] = defaultdict(dict)
    for probe in sorted(probes, key=lambda probe: probe.edge != "at"):
        if probe.table in sloped and probe.cut is not None and probe.edge in SIDES:
            groups[probe.table, probe.slot].setdefault(probe.cut, probe)
    for group in groups.values():
        for (_, one), (_, other) in pairwise(sorted(group.items())):
            for part in range(1, PARTS) if one.without == other.without else ():
                fragment, moved = _mixed(one.fragment, other.fragment, part)
                if moved == 1:
                    yield replace(one, fragment=fragment, row="", edge="inside", slot="", cut=None)


def _slopes(site: Site) -> bool:
    """Whether an award of the table reads more than the weight."""
    awards = [row.award.formula for row in site.leaf.table.rows if isinstance(row.award, Points)]
    return any(isinstance(part, Ref) and part != WEIGHT for formula in awards for part in formula.walk())


def _mixed(low: Any, high: Any, part: int) -> tuple[Any, int]:
    """`low` with the numbers that differ moved towards those of `high`, and how many did; −1 where anything else differs."""
    if low == high:
        return low, 0
    if isinstance(low, Mapping) and isinstance(high, Mapping) and low.keys() == high.keys():
        mixed: Data = {}
        moved = 0
        for key in low:
            mixed[key], found = _mixed(low[key], high[key], part)
            moved = -1 if -1 in (found, moved) else moved + found
        return mixed, moved
    if isinstance(low, list) and isinstance(high, list) and len(low) == len(high):
        rows = [_mixed(one, other, part) for one, other in zip(low, high, strict=True)]
        counts = [count for _, count in rows]
        return [row for row, _ in rows], -1 if -1 in counts else sum(counts)
    numbers = [Decimal(one) for one in (low, high) if isinstance(one, int | Decimal) and not isinstance(one, bool)]
    if len(numbers) < 2:
        return low, -1
    return numbers[0] + (numbers[1] - numbers[0]) * part / PARTS, 1
