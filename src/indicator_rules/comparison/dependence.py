"""What the points of a criterion depend on, in one ruleset: what it reads, through measures and look-ups too, and what decides its weight.

In: a linked ruleset. Out: sets of names such as `measures.rate`, `inputs.times`, `lookups.classes`, `scales.line`; `FACTS` for entries that are counted or
added up by their 完成率 and the like.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from indicator_rules import spec as written
from indicator_rules import spec_scales
from indicator_rules.expression import Ref
from indicator_rules.meaning import reads_facts
from indicator_rules.ruleset import Ruleset
from indicator_rules.spec import Spec
from indicator_rules.spec_fields import MoveTo

FACTS = "entries"


def readers(ruleset: Ruleset) -> dict[str, set[str]]:
    """Criterion → the names of what its points depend on."""
    spec = ruleset.spec
    below: dict[str, set[str]] = {}
    for path, formula in ruleset.formulas.items():
        refs = {_owner(part.path) for part in formula.node.walk() if isinstance(part, Ref)}
        refs |= {FACTS for part in formula.node.walk() if reads_facts(part)}
        below.setdefault(".".join(map(str, path[:2])), set()).update(refs)
    found: dict[str, set[str]] = {}
    for name, criterion in spec.criteria.items():
        # Its weight may come from another criterion, or from a weight set.
        left = [f"criteria.{other}" for other in spec.criteria if name in (other, *heirs(spec.criteria, other))]
        if any(name in weights.weights for weights in spec.weight_sets.values()):
            left += [f"weight_sets.{one}" for one in spec.weight_sets]
        reached: set[str] = set()
        while left:
            for one in below.get(left.pop(), set()) - reached:
                reached.add(one)
                left.append(one)
        found[name] = reached | {f"scales.{one}" for one in _shared_in(criterion, spec)}
    return found


def heirs(criteria: Mapping[str, written.Criterion], name: str) -> Iterator[str]:
    """Criteria that the weight of `name` may go to, in turn; never a circle, by `check`."""
    while isinstance(target := criteria[name].not_applicable, MoveTo):
        name = target.move_to
        yield name


def _shared_in(part: Any, spec: Spec) -> Iterator[str]:
    """Shared scales that a criterion uses, inside composites too."""
    if isinstance(part, spec_scales.Shared):
        yield part.use
        yield from _shared_in(spec.scales[part.use], spec)
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _shared_in(getattr(part, name), spec)
    elif isinstance(part, tuple):
        for one in part:
            yield from _shared_in(one, spec)


def _owner(path: str) -> str:
    """`lookups.x` of `lookups.x.value`."""
    return ".".join(path.split(".")[:2])
