"""A ruleset with its meaning: the `Spec` and, for every formula in it, the tree with names looked up and its type.

Guaranteed by `link`: every formula of the spec is here under the key path of its use (a shared scale's formulas once for each
criterion that uses it), every reference leads somewhere, measures come in an order in which each follows what it reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from indicator_rules.errors import KeyPath
from indicator_rules.expression import Node
from indicator_rules.scope import Type
from indicator_rules.spec import Spec
from indicator_rules.spec_scales import OwnScale


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that means something."""

    node: Node
    type: Type


@dataclass(frozen=True, slots=True)
class MessagePart:
    """A piece of a finding's message: plain text, or a formula to be printed (as a ratio, if `percent`)."""

    text: str
    node: Node | None = None
    percent: bool = False


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A linked ruleset."""

    spec: Spec
    formulas: Mapping[KeyPath, Formula]
    scales: Mapping[KeyPath, OwnScale]
    """Key path of use (`criteria.x.scale`, `criteria.x.entries.dated`) → the scale, shared ones looked up."""
    measures: tuple[str, ...]
    """Ids of the measures, each after those it reads."""
    messages: Mapping[KeyPath, tuple[MessagePart, ...]]
    """Key path of a finding's message in one language → its pieces."""

    def node(self, *path: str | int) -> Node:
        """The tree of the formula at `path`."""
        return self.formulas[path].node

    def is_number(self, path: KeyPath) -> bool:
        """Whether the criterion or part whose scale is at `path` has a measure that gives a number."""
        owner = path[:-1] if path[-1] == "scale" else path[:2]
        measure = self.formulas.get((*owner, "measure"))
        return measure is not None and measure.type.kind == "number"
