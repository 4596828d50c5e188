"""What an entry says of itself, before any ruleset has a say: its sign, and how its actual value stands to its target.

In: the values of an entry, as they were read. Out: an `Attainment`. Worked out while the record is read, when all of it is at hand, so that scoring
finds it ready. What is not plain from the two values alone is None: `completion` then says what the ruleset makes of it, or why there is nothing.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from indicator_rules.exact import Exact, divide
from indicator_rules.quantity import Direction, Quantity


class Attainment(NamedTuple):
    """How far an entry got."""

    direction: Direction | None
    """The sign that was typed, or that the form of the target means."""
    ratio: Exact | None
    """Actual ÷ target: of numbers in one unit, where the target is above 0 and the actual value is not below."""
    in_time: bool | None
    """Of dates typed with their years."""
    same_text: bool
    """Whether target and actual value are one text."""


def attainment(direction: Direction | None, target: Quantity | None, actual: Quantity | None, *, surveyed: bool) -> Attainment:
    """How `actual` stands to `target`; `direction` is what the entry says besides, `surveyed` whether a survey counts in place of `actual`."""
    ratio: Exact | None = None
    in_time: bool | None = None
    same_text = False
    if target is not None and actual is not None and target.kind == actual.kind and not surveyed:
        if target.kind == "text":
            same_text = target.text == actual.text or _squeezed(target.text) == _squeezed(actual.text)
        elif target.kind == "date":
            in_time = actual.latest <= target.latest if actual.latest is not None and target.latest is not None else None
        elif target.kind == "number" and same_unit(target.unit, actual.unit):
            ratio = _ratio(target.number, actual.number)
    return Attainment(direction or (None if target is None else _meant(target)), ratio, in_time, same_text)


def same_unit(left: str | None, right: str | None) -> bool:
    """Whether two numbers can be compared: a bare number fits any counter, but neither % nor money."""
    if left == right:
        return True
    return (left is None or right is None) and not {left, right} & {"%", "元"}


def _ratio(target: Exact | None, actual: Exact | None) -> Exact | None:
    return divide(actual, target) if target is not None and actual is not None and target > 0 and actual >= 0 else None


def _meant(target: Quantity) -> Direction | None:
    if target.direction is not None:
        return target.direction
    match target.kind:
        case "date":
            return "by-date"
        case "text":
            return "qualitative"
        case "range":
            return "="
    return None


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)
