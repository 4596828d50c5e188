"""Ratios whose two sides read the same place, such as 实际支出 ÷ (实际支出 + 年末结余).

In: numerator and denominator, and what each thing that they read can be. Out: a span that holds every value of the ratio, or None where the sides share
nothing that is open. Both sides are taken as sums of multiples; N ÷ D = k + (N − kD) ÷ D, with the k that makes something shared drop out of
N − kD, or the same turned over. Exact where all that is shared drops out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from indicator_rules import interval
from indicator_rules.exact import Exact, divide, multiply
from indicator_rules.expression import Arithmetic, Negative, Node, Number
from indicator_rules.interval import Span, common

Sum: TypeAlias = Mapping[Node | None, Exact]
"""A sum of multiples: by what is multiplied; the constant under None."""


def ratio(numerator: Node, denominator: Node, span_of: Callable[[Node], Span | None]) -> Span | None:
    """What the ratio can be, where its sides share something open."""
    above, below = _sum(numerator), _sum(denominator)
    if not (above.keys() & below.keys()) - {None}:
        return None  # before anything is worked out: quotients inside quotients would double the work at each level
    spans = {node: span for node in {*above, *below} if node is not None and (span := span_of(node)) is not None}
    shared = [node for node in above if node in below and node in spans and not spans[node].is_point]
    if len(spans) < len({*above, *below} - {None}):
        return None
    found: Span | None = None
    for factor in dict.fromkeys(divide(above[node], below[node]) for node in shared):
        rest = interval.quotients(_value(_less(above, factor, below), spans), _value(below, spans))
        turned = _turned(above, below, divide(1, factor), spans)
        for one in (None if rest is None else interval.plus(Span.point(factor), rest), turned):
            found = one if found is None else found if one is None else common(found, one) or found
    return found


def _turned(above: Sum, below: Sum, factor: Exact, spans: Mapping[Node, Span]) -> Span | None:
    """N ÷ D by way of D ÷ N, and 0 where N can be 0."""
    own = _value(above, spans)
    rest = interval.quotients(_value(_less(below, factor, above), spans), own)
    turned = None if rest is None else interval.quotients(Span.point(1), interval.plus(Span.point(factor), rest))
    parts = [*([] if turned is None else [turned]), *([Span.point(0)] if 0 in own else [])]
    return interval.hull(parts) if parts else None


def _sum(node: Node) -> Sum:
    """`node` as a sum of multiples; what is no sum is one thing, taken once."""
    match node:
        case Number():
            return {None: node.value}
        case Negative():
            return _less({}, 1, _sum(node.operand))
        case Arithmetic(sign="+" | "-"):
            return _less(_sum(node.left), -1 if node.sign == "+" else 1, _sum(node.right))
        case (
            Arithmetic(sign="*", left=Number() as number, right=other)
            | Arithmetic(sign="*", left=other, right=Number() as number)
        ):
            return _less({}, -number.value, _sum(other))
        case Arithmetic(sign="/", left=other, right=Number() as number) if number.value != 0:
            return _less({}, divide(-1, number.value), _sum(other))
    return {node: 1}


def _less(one: Sum, factor: Exact, other: Sum) -> Sum:
    """`one` − `factor` × `other`, without what drops out."""
    keys = dict.fromkeys([*one, *other])
    found = {key: one.get(key, 0) - multiply(factor, other.get(key, 0)) for key in keys}
    return {key: value for key, value in found.items() if value != 0}


def _value(parts: Sum, spans: Mapping[Node, Span]) -> Span:
    """What a sum can be."""
    total = Span.point(parts.get(None, 0))
    for node, factor in parts.items():
        if node is not None:
            total = interval.plus(total, interval.times(spans[node], Span.point(factor)))
    return total
