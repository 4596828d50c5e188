"""Where scales are used: what lint looks through.

In: a linked ruleset and its plan. Out: every use of a scale, parts of composites too, with the key path of the use and the one where it was written
(for a shared scale, under `scales`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from indicator_rules.errors import KeyPath
from indicator_rules.expression import Node
from indicator_rules.lower import COMPLETION
from indicator_rules.plan import Criterion, EntryKind, Plan, Scale
from indicator_rules.ruleset import Ruleset
from indicator_rules.spec_scales import Bands, FirstMatch, Levels, OwnScale, Parts, Shared


class Use(NamedTuple):
    """One use of a scale."""

    path: KeyPath
    """Where it is used."""
    at: KeyPath
    """Where it is written."""
    own: OwnScale
    scale: Scale
    criterion: Criterion
    kind: EntryKind | None
    """The kind of entry, for a scale over entries."""
    measure: Node | None
    """What it reads, as written."""


def uses(ruleset: Ruleset, plan: Plan) -> Iterator[Use]:
    """Every use, in the order of the file; a composite before its parts."""
    for criterion in plan.criteria:
        written = ruleset.spec.criteria[criterion.id]
        path: KeyPath = ("criteria", criterion.id)
        if criterion.entries is None:
            measure = ruleset.formulas.get((*path, "measure"))
            node = measure.node if measure is not None else None
            yield from _used(ruleset, (*path, "scale"), written.scale, None, criterion.scale, criterion, None, node)
        else:
            for kind, scale in criterion.entries.scales:
                spelt = getattr(written.entries, kind)
                yield from _used(ruleset, (*path, "entries", kind), spelt, None, scale, criterion, kind, COMPLETION)


def _used(
    ruleset: Ruleset,
    path: KeyPath,
    spelt: object,
    at: KeyPath | None,
    scale: Scale,
    criterion: Criterion,
    kind: EntryKind | None,
    measure: Node | None,
) -> Iterator[Use]:
    own = ruleset.scales[path]
    at = ("scales", spelt.use) if isinstance(spelt, Shared) else at or path
    yield Use(path, at, own, scale, criterion, kind, measure)
    if isinstance(own, Parts):
        for place, (written, part) in enumerate(zip(own.parts, scale.parts, strict=True)):
            inside: KeyPath = ("parts", place, "scale")
            formula = ruleset.formulas.get((*path, "parts", place, "measure"))
            read = measure if formula is None else formula.node
            yield from _used(ruleset, (*path, *inside), written.scale, (*at, *inside), part.scale, criterion, kind, read)


def rows_key(own: Bands | FirstMatch | Levels) -> str:
    """The key under which the rows of a scale are written."""
    return "bands" if isinstance(own, Bands) else "rows" if isinstance(own, FirstMatch) else "levels"
