"""Which things of two rulesets are the same thing: by id, else by label, else by a like label with the same content.

In: two tables of a spec, keyed by id. Out: pairs of ids, in the order of the new table, what is gone at the end. A thing whose id went and that
came back under another one is renamed, not gone and added.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import TypeAlias, TypeVar

from pydantic import BaseModel

Thing = TypeVar("Thing", bound=BaseModel)
Pairs: TypeAlias = tuple[tuple[str | None, str | None], ...]

_LIKE = 0.6
"""How alike two labels are, 0 to 1, of things that are otherwise equal."""


def pairs(old: Mapping[str, Thing], new: Mapping[str, Thing]) -> Pairs:
    """Ids of what is the same in `old` and `new`; None on the side that lacks it."""
    found = {name: name for name in new if name in old}
    for fits in (_same_label, _like):
        for name in (name for name in new if name not in found):
            left = [other for other in old if other not in found.values() and fits(old[other], new[name])]
            # Two that fit equally well say nothing.
            if len(left) == 1:
                found[name] = left[0]
    gone = [(name, None) for name in old if name not in found.values()]
    return (*((found.get(name), name) for name in new), *gone)


def _label(thing: BaseModel) -> str:
    """What people know it by."""
    return next((str(text) for key in ("label", "title", "message") if (text := getattr(thing, key, None)) is not None), "")


def _same_label(one: BaseModel, other: BaseModel) -> bool:
    return _label(one) == _label(other) != ""


def _like(one: BaseModel, other: BaseModel) -> bool:
    """Alike in name and equal in what they do."""
    alike = SequenceMatcher(None, _label(one), _label(other), autojunk=False).ratio() >= _LIKE
    return alike and _content(one) == _content(other)


_SAID = {"label", "title", "message", "definition", "points_to_check", "text", "evidence_required", "notes", "source"}


def _content(thing: BaseModel) -> Mapping[str, object]:
    content = {name: getattr(thing, name) for name in type(thing).model_fields if name not in _SAID}
    # A criterion with the same scale and another weight is still that criterion.
    content.pop("weight", None)
    return content


def aligned(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int | None, int | None]]:
    """Positions of rows that correspond, in order, told by what each asks: equal ones where possible, else those between two that are
    equal, one by one.
    """
    found: list[tuple[int | None, int | None]] = []
    for _, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        both = min(old_to - old_from, new_to - new_from)
        found += [(old_from + place, new_from + place) for place in range(both)]
        found += [(place, None) for place in range(old_from + both, old_to)]
        found += [(None, place) for place in range(new_from + both, new_to)]
    return found
