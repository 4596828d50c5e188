"""Conditions as rows: a truth formula → the guards of its rows, over slots.

`when` goes to disjunctive form, one guard for each conjunction; `a ⋈ b` becomes a bound on `a − b` (or on `a`, where `b` is a constant);
texts, truths and dates become whole numbers; what is no interval (`!=`, `in`) becomes one truth, worked out beforehand. Kleene's logic is a De Morgan algebra, so pushing `not` inwards and distributing
`and` over `or` change no answer, unknown included: a condition is true when one of its guards holds, false when one of the
guards of its negation does, else unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import cast

from indicator_rules.exact import Exact, exact
from indicator_rules.expression import (
    And,
    Arithmetic,
    Call,
    Compare,
    Comparison,
    Negative,
    Node,
    Not,
    Number,
    OneOf,
    Or,
    Ref,
    Text,
    Truth,
)
from indicator_rules.plan import Slot
from indicator_rules.table import MOST_GUARDS, MOST_TERMS, Bound, Guard, Operator

_OPPOSITE: dict[Comparison, Comparison] = {">=": "<", "<": ">=", ">": "<=", "<=": ">", "=": "!=", "!=": "="}
_MIRROR: dict[Comparison, Comparison] = {">=": "<=", "<=": ">=", ">": "<", "<": ">", "=": "=", "!=": "!="}


class TooComplex(Exception):
    """More guards, or longer ones, than a row may have. Its arguments are the key path of the condition, where that is known."""


@dataclass(slots=True)
class Slots:
    """The slots of one leaf, made as its rows ask for them."""

    named: dict[str, Node] = field(default_factory=dict)
    codes: dict[str, list[str]] = field(default_factory=dict)

    def slot(self, node: Node, name: str = "") -> str:
        """The name of the slot whose value is `node`."""
        wanted = name or str(node)
        serial = 1
        name = wanted
        while self.named.setdefault(name, node) != node:
            serial += 1
            name = f"{wanted}~{serial}"
        return name

    def code(self, slot: str, text: str) -> int:
        """The number that stands for `text` in `slot`."""
        codes = self.codes.setdefault(slot, [])
        if text not in codes:
            codes.append(text)
        return codes.index(text) + 1

    def all(self) -> tuple[Slot, ...]:
        """The slots, in the order in which they were asked for."""
        return tuple(Slot(name, node, tuple(self.codes.get(name, ()))) for name, node in self.named.items())

    def compared(self, left: Node, operator: Operator, right: Node) -> Bound:
        """`left ⋈ right` for numbers, as one bound."""
        cut = constant(right)
        if cut is not None:
            return Bound(self.slot(left), operator, cut)
        return Bound(self.slot(Arithmetic("-", left, right)), operator, 0)


def constant(node: Node) -> Exact | None:
    """The number that a formula without names gives, or None."""
    match node:
        case Number():
            return node.value
        case Negative():
            value = constant(node.operand)
            return None if value is None else -value
        case Arithmetic():
            left, right = constant(node.left), constant(node.right)
            if left is None or right is None or (node.sign == "/" and right == 0):
                return None
            a, b = Fraction(left), Fraction(right)
            return exact({"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else a}[node.sign])
    return None


def guards(node: Node, slots: Slots, *, holds: bool = True) -> tuple[Guard, ...]:
    """Guards of the rows in which `node` is true (or, with `holds=False`, false). Raises `TooComplex`."""
    found = _guards(node, slots, holds)
    return tuple(dict.fromkeys(found))


def certain(node: Node) -> bool:
    """Whether `node` can never be unknown."""
    match node:
        case And() | Or():
            return all(certain(operand) for operand in node.operands)
        case Not():
            return certain(node.operand)
        case Call():
            return node.function == "present"
    return isinstance(node, Truth)


def _guards(node: Node, slots: Slots, holds: bool) -> list[Guard]:
    match node:
        case Not():
            return _guards(node.operand, slots, not holds)
        case And() | Or():
            parts = [_guards(operand, slots, holds) for operand in node.operands]
            return _every(parts) if isinstance(node, And) == holds else _checked([guard for part in parts for guard in part])
        case Truth():
            return [()] if node.value == holds else []
        case Compare():
            return _compare(node, slots, holds)
    return [(_truth(slots, node, holds),)]


def _every(parts: list[list[Guard]]) -> list[Guard]:
    """All conjunctions with one guard from each part."""
    result: list[Guard] = [()]
    for part in parts:
        result = _checked([tuple(dict.fromkeys((*left, *right))) for left in result for right in part])
    return result


def _checked(found: list[Guard]) -> list[Guard]:
    if len(found) > MOST_GUARDS or any(terms(guard) > MOST_TERMS for guard in found):
        raise TooComplex
    return found


def terms(guard: Guard) -> int:
    """How many terms the engine needs for a guard; an equality is two."""
    return sum(2 if bound.operator == "=" else 1 for bound in guard)


def _compare(node: Compare, slots: Slots, holds: bool) -> list[Guard]:
    operator = node.operator if holds else _OPPOSITE[node.operator]
    left, right = node.left, node.right
    if operator == "!=":
        # "Not equal" is no interval: one truth, worked out before, instead of two guards.
        return [(_truth(slots, Compare("=", left, right), holds=False),)]
    if isinstance(left, Text | Truth | Number) or constant(left) is not None:
        left, right, operator = right, left, _MIRROR[operator]
    if isinstance(right, Truth):
        return _guards(left, slots, right.value)
    if isinstance(right, Text):
        slot = slots.slot(left)
        return [(Bound(slot, "=", slots.code(slot, right.value)),)]
    if _has_order(left) or _has_order(right):
        return [(slots.compared(left, cast(Operator, operator), right),)]
    # Two texts or truths compared with each other: one truth.
    return [(_truth(slots, Compare("=", left, right), holds=True),)]


def _truth(slots: Slots, node: Node, holds: bool) -> Bound:
    """A truth is 1 or 0: one bound, where an equality would take the engine two."""
    return Bound(slots.slot(node), ">=", 1) if holds else Bound(slots.slot(node), "<", 1)


def _has_order(node: Node) -> bool:
    """Whether `node` is a number or date (`link` has checked that it is of one kind with the other side)."""
    match node:
        case Ref():
            return node.kind in ("number", "date")
        case Call():
            return _has_order(node.arguments[0]) if node.function == "first_of" else node.function != "present"
    return not isinstance(node, Text | Truth | Compare | OneOf | And | Or | Not)
