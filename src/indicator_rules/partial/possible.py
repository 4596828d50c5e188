"""What a formula can still give, when some of what it reads is not known.

In: a linked formula and an `Outlook`, which says of every field what it can be. Out: a `Possible`: numbers and dates as spans, truths and texts as
sets, and whether the formula can be absent. Guaranteed: never too narrow. Exact as long as no open field is read twice on the way: operands
are taken to vary independently.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import product
from math import prod
from typing import Protocol

from indicator_rules import interval
from indicator_rules.completion import EntryFacts
from indicator_rules.exact import Exact, Rounding
from indicator_rules.expression import (
    Aggregate,
    And,
    Arithmetic,
    Call,
    Compare,
    Date,
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
from indicator_rules.interval import Span, common, hull
from indicator_rules.lateness import months_late, years_late
from indicator_rules.measure import TYPED
from indicator_rules.partial.ratios import ratio
from indicator_rules.value import Absent, Series, Value


@dataclass(frozen=True, slots=True)
class Possible:
    """The values that something can have; several spans, where what is between them is impossible."""

    spans: tuple[Span, ...] = ()
    """Numbers; dates by their day number."""
    words: frozenset[str | bool] = frozenset()
    """Truths and texts."""
    any_text: bool = False
    """Whether it can be any text at all."""
    absent: bool = False

    @property
    def span(self) -> Span | None:
        """All its numbers in one span."""
        return self.spans[0] if len(self.spans) == 1 else hull(self.spans) if self.spans else None

    @property
    def present(self) -> bool:
        """Whether it can have a value."""
        return bool(self.spans or self.words or self.any_text)


NOTHING = Possible(absent=True)
TRUTHS = frozenset({True, False})


def known(value: Value) -> Possible:
    """One value."""
    if isinstance(value, Absent):
        return NOTHING
    if isinstance(value, bool | str):
        return Possible(words=frozenset({value}))
    return Possible((Span.point(value.toordinal() if isinstance(value, date) else value),))


def either(parts: Iterable[Possible]) -> Possible:
    """What one of `parts` can be."""
    found = list(parts)
    return Possible(
        tuple(dict.fromkeys(span for part in found for span in part.spans)),
        frozenset().union(*(part.words for part in found)),
        any(part.any_text for part in found),
        any(part.absent for part in found),
    )


class Entry(Protocol):
    """An entry as far as it is known."""

    facts: EntryFacts

    def field(self, name: str) -> Possible: ...

    def typed(self, name: str) -> Possible: ...


class Outlook(Protocol):
    """What is known of a record, and what is open."""

    rounding: Rounding | None
    """Of the stage `measure`."""
    entry: Entry | None
    """The entry that a formula is read for."""
    this: Entry | None
    """Inside an aggregate, the entry that the whole formula is about."""

    def given(self, node: Node) -> Possible | None:
        """What `node` is taken to be, whatever it reads; None if nothing is."""

    def field(self, ref: Ref) -> Possible:
        """What a name outside entries can be: a field, an input, a measure, a parameter of a look-up, `weight`, `total`."""

    def series(self, name: str) -> Series | Possible:
        """Figures by date, or what one of them can be."""

    def entries(self, categories: tuple[str, ...]) -> Sequence[Entry] | None:
        """The entries; None if some of `categories` (none: of any) can still come in."""

    def at(self, entry: Entry) -> Outlook:
        """The same, inside an entry."""


def possible(node: Node, outlook: Outlook) -> Possible:
    """What `node` can give."""
    taken = outlook.given(node)
    if taken is not None:
        return taken
    match node:
        case Number() | Text() | Date() | Truth():
            return known(node.value)
        case Ref():
            if outlook.entry is not None and node.path.startswith("entry."):
                return outlook.entry.field(node.path.removeprefix("entry."))
            if outlook.this is not None and node.path.startswith("this."):
                return outlook.this.field(node.path.removeprefix("this."))
            return outlook.field(node)
        case Negative():
            return _numbers([possible(node.operand, outlook)], lambda spans: interval.negative(spans[0]))
        case Arithmetic():
            return _arithmetic(node, outlook)
        case Compare():
            return _compared(node.operator, possible(node.left, outlook), possible(node.right, outlook))
        case OneOf():
            operand = possible(node.operand, outlook)
            return _any_of([_compared("=", operand, possible(option, outlook)) for option in node.options])
        case Or():
            return _any_of([possible(operand, outlook) for operand in node.operands])
        case And():
            return _not(_any_of([_not(possible(operand, outlook)) for operand in node.operands]))
        case Not():
            return _not(possible(node.operand, outlook))
        case Call():
            return _called(node, outlook)
        case Aggregate():
            return _aggregated(node, outlook)
    raise AssertionError(node)


def _numbers(operands: Sequence[Possible], function: Callable[[list[Span]], Span | None]) -> Possible:
    """`function` of the operands' spans; absent if one can be, or if there is no result."""
    absent = any(operand.absent for operand in operands)
    spans = [operand.spans for operand in operands]
    if prod(map(len, spans)) > MOST_WAYS:
        spans = [(hull(several),) for several in spans]
    found = [function(list(way)) for way in product(*spans)]
    if not found:
        return NOTHING
    return Possible(tuple(dict.fromkeys(span for span in found if span is not None)), absent=absent or None in found)


MOST_WAYS = 16
"""Combinations of operands' spans that are kept apart."""


def _arithmetic(node: Arithmetic, outlook: Outlook) -> Possible:
    left, right = possible(node.left, outlook), possible(node.right, outlook)
    found = _numbers([left, right], lambda spans: _ARITHMETIC[node.sign](*spans))
    if node.sign != "/" or right.span is None or found.span is None:
        return found
    narrower = ratio(node.left, node.right, lambda part: possible(part, outlook).span)
    spans = found.spans if narrower is None else tuple(filter(None, (common(span, narrower) for span in found.spans)))
    return Possible(spans, absent=found.absent or 0 in right.span)


_ARITHMETIC: dict[str, Callable[[Span, Span], Span | None]] = {
    "+": interval.plus,
    "-": interval.minus,
    "*": interval.times,
    "/": interval.quotients,
}

# ------------------------------------------------------------------------------------------------------------------ truths

_HOLDS = {
    ">=": (Span(0), Span(None, 0, high_open=True)),
    ">": (Span(0, low_open=True), Span(None, 0)),
    "<=": (Span(None, 0), Span(0, low_open=True)),
    "<": (Span(None, 0, high_open=True), Span(0)),
}
"""Operator → where the difference lies if it holds, and if it does not."""


def _compared(operator: str, left: Possible, right: Possible) -> Possible:
    absent = left.absent or right.absent
    if not (left.present and right.present):
        return NOTHING
    if operator == "!=":
        return _not(_compared("=", left, right))
    truths: set[str | bool] = set()
    if left.spans and right.spans:
        if operator == "=":
            pairs = [(one, other) for one in left.spans for other in right.spans]
            truths |= {True} if any(common(one, other) is not None for one, other in pairs) else set()
            truths |= set() if all(one.is_point and one == other for one, other in pairs) else {False}
        else:
            for one in left.spans:
                for other in right.spans:
                    difference = interval.minus(one, other)
                    truths |= {
                        truth for truth, where in zip((True, False), _HOLDS[operator], strict=True) if common(difference, where)
                    }
    else:
        open_ended = left.any_text or right.any_text
        truths |= {True} if open_ended or left.words & right.words else set()
        truths |= set() if not open_ended and left.words == right.words and len(left.words) == 1 else {False}
    return Possible(words=frozenset(truths), absent=absent)


def _any_of(parts: Sequence[Possible]) -> Possible:
    """Kleene's `or`."""
    truths: set[str | bool] = set()
    if any(True in part.words for part in parts):
        truths.add(True)
    if all(False in part.words for part in parts):
        truths.add(False)
    unknown = any(part.absent for part in parts) and all(part.absent or False in part.words for part in parts)
    return Possible(words=frozenset(truths), absent=unknown)


def _not(part: Possible) -> Possible:
    return Possible(words=frozenset(not word for word in part.words), absent=part.absent)


# --------------------------------------------------------------------------------------------------------------- functions


def _called(node: Call, outlook: Outlook) -> Possible:
    function, arguments = node.function, node.arguments
    if function == "present":
        return _presence(arguments[0], outlook)
    if function == "value_at":
        return _value_at(arguments, outlook)
    parts = [possible(argument, outlook) for argument in arguments]
    match function:
        case "absent":
            up = any(part.absent for part in parts)
            return Possible((Span.point(1),) if up else (), absent=all(part.present for part in parts))
        case "first_of":
            return _first(parts)
        case "rounded":
            rounding = outlook.rounding
            return parts[0] if rounding is None else _numbers(parts, lambda spans: interval.rounded(spans[0], rounding))
        case "min":
            return _numbers(parts, interval.smallest)
        case "max":
            return _numbers(parts, interval.largest)
        case "abs":
            return _numbers(parts, lambda spans: interval.magnitudes(spans[0]))
        case "floor" | "ceil":
            return _numbers(parts, lambda spans: interval.floors(spans[0], up=function == "ceil"))
        case "months_late" | "years_late":
            return _numbers(parts, lambda spans: _late(months_late if function == "months_late" else years_late, *spans))
        case "date":
            return _date(parts)
    raise AssertionError(function)


def _presence(argument: Node, outlook: Outlook) -> Possible:
    if isinstance(argument, Ref) and argument.path in TYPED:
        of, _, name = argument.path.partition(".")
        entry = outlook.entry if of == "entry" else outlook.this
        if entry is not None:
            return entry.typed(name)
    found = possible(argument, outlook)
    return Possible(words=frozenset(truth for truth, can in ((True, found.present), (False, found.absent)) if can))


def _value_at(arguments: Sequence[Node], outlook: Outlook) -> Possible:
    """The figures of a series that can be the latest on one of the days that are possible."""
    of, day = arguments
    found, at = outlook.series(of.path.removeprefix("inputs.") if isinstance(of, Ref) else ""), possible(day, outlook)
    if isinstance(found, Possible):
        return Possible(found.spans, absent=True) if at.present and found.present else NOTHING
    spans: list[Span] = []
    absent = at.absent
    for span in at.spans:
        first, last = (_day(1 if span.low is None else span.low), _day(LAST_DAY if span.high is None else span.high))
        start = found.at(first)
        absent = absent or start is None
        figures = [figure for on, figure in found.points if first < on <= last]
        spans += [Span.point(figure) for figure in (figures if start is None else [start, *figures])]
    return Possible(tuple(dict.fromkeys(spans)), absent=absent)


def _first(parts: Sequence[Possible]) -> Possible:
    """The operands up to the first that cannot be absent."""
    reached: list[Possible] = []
    for part in parts:
        reached.append(Possible(part.spans, part.words, part.any_text))
        if not part.absent:
            return either(reached)
    return either([*reached, NOTHING])


LAST_DAY = date.max.toordinal()


def _late(late: Callable[[date, date], int], actual: Span, due: Span) -> Span:
    """Periods begun: the more, the later the one and the earlier the other."""
    least = 0 if actual.low is None or due.high is None else late(_day(actual.low), _day(due.high))
    most = None if actual.high is None or due.low is None else late(_day(actual.high), _day(due.low))
    return Span(least, most, whole=True)


def _day(number: Exact) -> date:
    return date.fromordinal(min(max(math.floor(number), 1), LAST_DAY))


def _date(parts: Sequence[Possible]) -> Possible:
    spans = [part.span for part in parts]
    absent = any(part.absent for part in parts)
    if not all(spans):
        return NOTHING
    if all(span is not None and span.is_point for span in spans):
        year, month, day = (span.low for span in spans if span is not None)
        try:
            found = known(date(int(year or 0), int(month or 0), int(day or 0)))
        except (ValueError, OverflowError):
            return NOTHING
        whole = all(Fraction(part or 0).denominator == 1 for part in (year, month, day))
        return Possible(found.spans, absent=absent) if whole else NOTHING
    return Possible((Span(1, LAST_DAY, whole=True),), absent=True)


def _aggregated(node: Aggregate, outlook: Outlook) -> Possible:
    """Entry by entry: each certainly counted, certainly not, or perhaps."""
    entries = outlook.entries(node.categories)
    if entries is None:
        return Possible((interval.COUNT if node.function == "count" else interval.ALL,), absent=True)
    always: list[Span] = []
    perhaps: list[Span] = []
    absent = False
    for entry in entries:
        if node.categories and not entry.facts.is_in(node.categories):
            continue
        inside = outlook.at(entry)
        counts = Possible(words=frozenset({True})) if node.where is None else possible(node.where, inside)
        absent = absent or counts.absent
        if True not in counts.words:
            continue
        item = Possible((Span.point(1),)) if node.value is None else possible(node.value, inside)
        absent = absent or item.absent
        if item.span is not None:
            (perhaps if False in counts.words else always).append(item.span)
        elif False not in counts.words and not counts.absent:
            return NOTHING
    return _collected(node.function, always, perhaps, absent)


def _collected(function: str, always: list[Span], perhaps: list[Span], absent: bool) -> Possible:
    if function in ("count", "sum"):
        total = Span.point(0)
        for part in always:
            total = interval.plus(total, part)
        for part in perhaps:
            total = interval.plus(total, hull([part, Span.point(0)]))
        return Possible((total,), absent=absent)
    if not always and not perhaps:
        return NOTHING
    choose = interval.smallest if function == "min" else interval.largest
    ways = [choose([*always, *perhaps])]
    if perhaps:
        ways += [choose(always)] if always else perhaps
    return Possible((hull(ways),), absent=absent or not always)
