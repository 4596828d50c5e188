"""The tables of a plan and where each is read; what formulas in them are made of.

In: a plan. Out: `Site`s in the order in which they are asked, under the keys that a ruleset's author would use, and the texts that conditions compare with.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from indicator_rules.expression import Aggregate, And, Call, Compare, Node, Not, OneOf, Or, Ref, Text, Truth
from indicator_rules.plan import Criterion, EntryKind, Leaf, Plan, Points, Range, Scale


class Site(NamedTuple):
    """A table of the plan, and where it is read: `key` is what a ruleset's author would call it."""

    key: str
    leaf: Leaf
    criterion: Criterion | None = None
    scale: Scale | None = None
    """Set for the table that a scale begins with."""
    kind: EntryKind | None = None
    """Kind of the entries that it is for."""


def sites(plan: Plan) -> Iterator[Site]:
    """Every table of `plan`, in the order in which they are asked."""
    for lookup in plan.lookups:
        yield Site(f"lookups.{lookup.id}", lookup.leaf)
    for criterion in plan.criteria:
        if criterion.applies is not None:
            yield Site(f"criteria.{criterion.id}.applies_when", criterion.applies, criterion)
    if plan.weight_sets is not None:
        yield Site("weight_sets", plan.weight_sets)
    for criterion in plan.criteria:
        yield from _of_scale(f"criteria.{criterion.id}", criterion.scale, criterion, None)
        if criterion.entries is not None:
            for kind, scale in criterion.entries.scales:
                yield from _of_scale(f"criteria.{criterion.id}.entries.{kind}", scale, criterion, kind)
    for adjustment in plan.adjustments:
        yield Site(f"adjustments.{adjustment.id}", adjustment.leaf)
    yield Site("grades", plan.grades)


def _of_scale(key: str, scale: Scale, criterion: Criterion, kind: EntryKind | None) -> Iterator[Site]:
    yield Site(key, scale.head, criterion, scale, kind)
    for part in scale.parts:
        yield from _of_scale(f"{key}.{part.id}", part.scale, criterion, kind)


def formulas(leaf: Leaf) -> Iterator[Node]:
    """Every formula of a table: those that choose the row, and those of the points."""
    yield from (slot.formula for slot in leaf.slots)
    for row in leaf.table.rows:
        if isinstance(row.award, Points):
            yield row.award.formula
        elif isinstance(row.award, Range):
            yield from (row.award.low, row.award.high)


def is_truth(node: Node) -> bool:
    """Whether a formula gives yes or no."""
    if isinstance(node, Call):
        return node.function == "present" or (node.function == "first_of" and is_truth(node.arguments[0]))
    return node.kind == "truth" if isinstance(node, Ref) else isinstance(node, And | Or | Not | Compare | OneOf | Truth)


def reading(node: Node) -> Iterator[Node]:
    """The parts of a formula, not into aggregates: what stands there is about other entries."""
    yield node
    if not isinstance(node, Aggregate):
        for child in node.children():
            yield from reading(child)


def texts(plan: Plan) -> tuple[str, ...]:
    """Every text that a condition compares with, and one that none does."""
    found: dict[str, None] = {}
    nodes: list[Node] = [one.formula for one in plan.measures]
    for site in sites(plan):
        for slot in site.leaf.slots:
            found |= dict.fromkeys(slot.codes)
            nodes.append(slot.formula)
    nodes += [node for lookup in plan.lookups for row in lookup.values for _, node in row]
    for node in nodes:
        for part in node.walk():
            if isinstance(part, Compare | OneOf):
                found |= dict.fromkeys(one.value for one in part.children() if isinstance(one, Text))
    return (*found, "其他情形")
