"""Slots: the facts of a record → the numbers that an engine is asked about.

In: the slots of some tables, and the closures of their formulas. Out: one closure that gives a number for each slot, or None where it has none: a truth is
1 or 0, a text its place among the slot's codes, a date a day number. A flag is 1 or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from fractions import Fraction
from itertools import takewhile
from typing import TypeAlias

from indicator_rules.completion import TOP_LEVEL
from indicator_rules.exact import Exact
from indicator_rules.expression import Call, Node, Ref
from indicator_rules.facts import Facts
from indicator_rules.measure import Readers
from indicator_rules.plan import Slot
from indicator_rules.value import Absent

SlotsReader: TypeAlias = Callable[[Facts], list[Exact | None]]
"""Works out what the engine is given for slots."""


def in_order(slots: Iterable[Slot]) -> list[Slot]:
    """Each slot once: answers first, which are read all at once; last the flags that only say whether another slot holds a number."""
    every = dict.fromkeys(slots)
    formulas = {slot.formula for slot in every}
    return sorted(every, key=lambda slot: (not slot.answer, _asked(slot) in formulas))


def _asked(slot: Slot) -> Node | None:
    """The number whose absence a slot flags, if it is such a flag."""
    match slot.formula:
        case Call(function="absent", arguments=(only,)) if _is_number(only):
            return only
    return None


def _is_number(formula: Node) -> bool:
    return isinstance(formula, Ref) and formula.kind in ("number", "truth")


def slots_reader(readers: Readers, slots: Sequence[Slot]) -> SlotsReader:
    """What the engine is given for each of `slots`; quickest as `in_order` puts them."""
    answers = [slot.answer for slot in takewhile(lambda slot: slot.answer, slots)]
    places = {slot.formula: place for place, slot in enumerate(slots)}
    about = [places[asked] for slot in slots if (asked := _asked(slot)) in places]
    if any(_asked(slot) not in places for slot in slots[len(slots) - len(about) :]):
        about = []  # in another order
    own = [slot_reader(readers, slot) for slot in slots[len(answers) : len(slots) - len(about)]]

    def values(facts: Facts) -> list[Exact | None]:
        found: list[Exact | None] = list(map(facts.inputs.get, answers)) if answers else []  # type: ignore[arg-type]
        # Before Python 3.12 a comprehension is a call of its own, and this runs for every entry.
        for read in own:
            found.append(read(facts))  # noqa: PERF401
        for place in about:
            found.append(1 if found[place] is None else None)
        return found

    return values


def slot_reader(readers: Readers, slot: Slot) -> Callable[[Facts], Exact | None]:
    """What the engine is given for `slot`: a number, or None."""
    special = _flag(readers, slot.formula)
    if special is not None:
        return special
    read = readers.reader(slot.formula)
    if _is_number(slot.formula):

        def number(facts: Facts) -> Exact | None:
            found = read(facts)
            return None if type(found) is Absent else found  # type: ignore[return-value]

        return number
    codes = {TOP_LEVEL: 1} | {text: position for position, text in enumerate(slot.codes, 1)}

    def value(facts: Facts) -> Exact | None:
        found = read(facts)
        kind = type(found)
        if kind is int or kind is Fraction:
            return found  # type: ignore[return-value]
        if kind is bool:
            return 1 if found else 0
        if isinstance(found, str):
            return codes.get(found, 0)
        return found.toordinal() if isinstance(found, date) else None

    return value


def _flag(readers: Readers, node: Node) -> Callable[[Facts], Exact | None] | None:
    """A flag, which is 1 or nothing, as every table has some; None for any other formula."""
    match node:
        case Ref() if node.path.startswith("not_applicable."):
            name = node.path.removeprefix("not_applicable.")
            return lambda facts: 1 if name in facts.not_applicable else None
        case Call(function="absent", arguments=(Ref() as ref,)) if ref.path.startswith("inputs."):
            name = ref.path.removeprefix("inputs.")
            return lambda facts: None if name in facts.inputs else 1
        case Call(function="absent", arguments=(only,)):
            read = readers.reader(only)
            return lambda facts: 1 if type(read(facts)) is Absent else None
    return None
