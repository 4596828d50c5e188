"""Measures: a record → the values that rows are matched on and awards are worked out from.

`reader(formula)` turns a linked formula into a closure over `Facts`, once for each ruleset; `Facts` is one record under evaluation. An
absent operand makes the result `Absent` with its reason; nothing here raises for anything that a record can hold. Guaranteed:
exact, and the same for the same record.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from operator import attrgetter
from typing import TypeAlias, cast

from indicator_rules.completion import EntryFacts
from indicator_rules.exact import Exact, Rounding, add, add_all, divide, exact, multiply
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
from indicator_rules.facts import Facts
from indicator_rules.lateness import months_late, years_late
from indicator_rules.plan import Lookup
from indicator_rules.record_parts import Indicator
from indicator_rules.value import Absent, Series, Value

NOT_SENT = Absent("flag")
"""A flag that is not up."""


Reader: TypeAlias = Callable[[Facts], Value]
"""Works out a formula."""


class Readers:
    """Closures for the formulas of one ruleset; measures are worked out once for each record."""

    def __init__(self, measures: Mapping[str, Node], lookups: Sequence[Lookup], rounding: Rounding | None) -> None:
        self.rounding = rounding
        self.lookups = {lookup.id: lookup for lookup in lookups}
        self.measures: dict[str, Reader] = {}
        for name, formula in measures.items():
            self.measures[name] = self.reader(formula)

    def number(self, formula: Node) -> Callable[[Facts], Exact | Absent]:
        """A closure for a formula that gives a number."""
        return self.reader(formula)  # type: ignore[return-value]  # `link` has checked the type

    def reader(self, node: Node) -> Reader:
        """A closure for `node`."""
        match node:
            case Number() | Text() | Date() | Truth():
                value: Value = node.value
                return lambda facts: value
            case Ref():
                return self.ref(node.path)
            case Negative():
                return self.apply(lambda x: -x, node.operand)
            case Arithmetic():
                return self.arithmetic(node)
            case Compare():
                return self.compare(node)
            case OneOf():
                return self.reader(Or(tuple(Compare("=", node.operand, option) for option in node.options)))
            case And() | Or():
                return self.logic(node.operands, deciding=isinstance(node, Or))
            case Not():
                return self.apply(lambda x: not x, node.operand)
            case Call():
                return self.call(node)
            case Aggregate():
                return self.aggregate(node)
        raise AssertionError(node)

    # ---------------------------------------------------------------------------------------------------------------- names

    def ref(self, path: str) -> Reader:
        """A closure for a name."""
        section, _, name = path.partition(".")
        absent = Absent("not-given", (f"answers.{name}" if section == "inputs" else path,))
        match section:
            case "budget":
                return lambda facts: absent if (value := facts.budget.get(name)) is None else value
            case "inputs":
                # A series is read by `value_at`; here it is only there or not.
                return lambda facts: facts.inputs.get(name, absent)  # type: ignore[return-value]
            case "measures":
                return self.measure(name)
            case "lookups":
                return self.lookup(name)
            case "entry" | "this":
                return attrgetter(path)
            case "weight":
                return lambda facts: facts.weight
            case "total":
                return lambda facts: facts.total
            case "year":
                return lambda facts: facts.record.subject.year
            case "total_weight":
                return _total_weight
            case "not_applicable":
                return lambda facts: 1 if name in facts.not_applicable else NOT_SENT
            case "assessed_level":
                unassessed = Absent("not-assessed", (f"assessments.criteria.{name}",))
                return lambda facts: facts.assessed_levels.get(name, unassessed)
        return lambda facts: absent if (value := getattr(facts.record.subject, name)) is None else value

    def lookup(self, path: str) -> Reader:
        """A parameter: the formula of that name in the row chosen."""
        table, _, name = path.partition(".")
        rows = self.lookups[table]
        readers = [self.reader(dict(row)[name]) for row in rows.values]
        by = [self.reader(slot.formula) for slot in rows.leaf.slots if not slot.is_flag]

        def value(facts: Facts) -> Value:
            position = facts.looked_up.get(table)
            if position is not None:
                return readers[position](facts)
            missing = [found for read in by if isinstance(found := read(facts), Absent)]
            return together(missing) if missing else Absent("not-met")

        return value

    def measure(self, name: str) -> Reader:
        measures, rounding = self.measures, self.rounding

        def value(facts: Facts) -> Value:
            found = facts.measured.get(name)
            if found is None:
                found = measures[name](facts)
                if rounding is not None and not isinstance(found, Absent | str | bool | date):
                    found = rounding(found)
                facts.measured[name] = found
            return found

        return value

    # ----------------------------------------------------------------------------------------------------------- operations

    def apply(self, function: Callable[..., Value], *operands: Node) -> Reader:
        """`function` of the operands; absent if one of them is."""
        readers = [self.reader(operand) for operand in operands]
        if len(readers) == 1:
            (only,) = readers
            return lambda facts: value if isinstance(value := only(facts), Absent) else function(value)

        def value_of(facts: Facts) -> Value:
            values = [read(facts) for read in readers]
            missing = [value for value in values if isinstance(value, Absent)]
            return together(missing) if missing else function(*values)

        return value_of

    def arithmetic(self, node: Arithmetic) -> Reader:
        left, right = self.reader(node.left), self.reader(node.right)
        function = _ARITHMETIC[node.sign]
        if node.sign == "/":
            zero = Absent("divided-by-zero", tuple(dict.fromkeys(paths(node.right))))
            function = lambda a, b: divide(a, b) if b else zero

        def value(facts: Facts) -> Value:
            a, b = left(facts), right(facts)
            if type(a) is Absent or type(b) is Absent:
                return together([part for part in (a, b) if isinstance(part, Absent)])
            result = function(a, b)
            kind = type(result)
            if (kind is Fraction or kind is int) and _is_huge(result):  # type: ignore[arg-type]
                return Absent("number-too-large", tuple(dict.fromkeys(paths(node))))
            return result

        return value

    def compare(self, node: Compare) -> Reader:
        left, right, function = self.reader(node.left), self.reader(node.right), _COMPARE[node.operator]

        def value(facts: Facts) -> Value:
            a, b = left(facts), right(facts)
            if type(a) is Absent or type(b) is Absent:
                return together([part for part in (a, b) if isinstance(part, Absent)])
            return function(a, b)

        return value

    def logic(self, operands: tuple[Node, ...], *, deciding: bool) -> Reader:
        """Kleene's `or` (`deciding` True) or `and` (False): one operand with that value decides; else unknown if one is."""
        readers = [self.reader(operand) for operand in operands]

        def value(facts: Facts) -> Value:
            missing: list[Absent] = []
            for read in readers:
                found = read(facts)
                if isinstance(found, Absent):
                    missing.append(found)
                elif found is deciding:
                    return deciding
            return together(missing) if missing else not deciding

        return value

    def call(self, node: Call) -> Reader:
        function, arguments = node.function, node.arguments
        if function == "rounded":
            return self.apply(self.rounding or exact, *arguments)
        if function == "value_at":
            return self.value_at(*arguments)
        if function in _FUNCTIONS:
            return self.apply(_FUNCTIONS[function], *arguments)
        readers = [self.reader(argument) for argument in arguments]
        if function == "absent":
            return lambda facts: 1 if any(isinstance(read(facts), Absent) for read in readers) else NOT_SENT
        if function == "first_of":
            return lambda facts: _first([read(facts) for read in readers])
        (argument,), (only,) = arguments, readers  # `present`
        if isinstance(argument, Ref) and argument.path in TYPED:
            return _is_typed(argument.path)
        return lambda facts: not isinstance(only(facts), Absent)

    def value_at(self, of: Node, day: Node) -> Reader:
        """The latest number of a series not after a day."""
        too_early = Absent("before-first", tuple(paths(of)))

        def number(series: Series, day: date) -> Value:
            found = series.at(day)
            return too_early if found is None else found

        return self.apply(number, of, day)

    def aggregate(self, node: Aggregate) -> Reader:
        where = self.reader(node.where) if node.where is not None else None
        value = self.reader(node.value) if node.value is not None else None
        function = _AGGREGATES[node.function]

        def collected(facts: Facts) -> Value:
            outside, about = facts.entry, facts.this
            facts.this = outside
            found: list[Value] = []
            missing: list[Absent] = []
            for entry in facts.entries():
                if node.categories and not entry.is_in(node.categories):
                    continue
                facts.entry = entry
                counts = True if where is None else where(facts)
                if isinstance(counts, Absent):
                    missing.append(counts)
                elif counts:
                    item = 1 if value is None else value(facts)
                    if isinstance(item, Absent):
                        missing.append(item)
                    else:
                        found.append(item)
            facts.entry, facts.this = outside, about
            return together(missing) if missing else function(found)

        return collected


def reading(readers: Readers, facts: Facts) -> Callable[[Node, Exact], Value]:
    """A function that reads any formula from `facts`, with a weight in force: for explaining, not for scoring."""

    def read(formula: Node, weight: Exact) -> Value:
        facts.weight = weight
        return readers.reader(formula)(facts)

    return read


MOST_BITS = 4096
"""Size of a numerator or denominator: far beyond any rubric, and what keeps squares of squares of squares from growing for ever."""


def _is_huge(value: Exact) -> bool:
    return value.numerator.bit_length() > MOST_BITS or value.denominator.bit_length() > MOST_BITS


TYPED = tuple(f"{of}.{name}" for of in ("entry", "this") for name in (*Indicator.VALUES, "part_of"))
"""What is present when anything was typed: values that may be a number, a date, a range or words, and what is never absent."""


def _is_typed(path: str) -> Reader:
    of, _, name = path.partition(".")
    entry_of = cast("Callable[[Facts], EntryFacts | None]", attrgetter(of))

    def present(facts: Facts) -> Value:
        entry = entry_of(facts)
        if entry is None:
            return False
        counts = entry.indicator.counts
        if name == "actual" and counts is not None:
            return counts.surveyed > 0
        return getattr(entry.indicator, name) is not None

    return present


def together(missing: list[Absent]) -> Absent:
    """Several reasons as one: the first, and every place that would have to be filled."""
    if len(missing) == 1:
        return missing[0]
    return Absent(missing[0].reason, tuple(dict.fromkeys(path for part in missing for path in part.paths)))


def paths(node: Node) -> list[str]:
    """Record paths that a formula reads directly."""
    return [
        f"answers.{part.path.removeprefix('inputs.')}" if part.path.startswith("inputs.") else part.path
        for part in node.walk()
        if isinstance(part, Ref)
    ]


def _first(values: list[Value]) -> Value:
    for value in values:
        if not isinstance(value, Absent):
            return value
    return together([value for value in values if isinstance(value, Absent)])


def _total_weight(facts: Facts) -> Value:
    weights = [exact(entry.weight) for entry in facts.record.indicators if entry.weight is not None]
    return sum(weights) if weights else Absent("not-given", ("indicators",))


def _difference(a: Value, b: Value) -> Value:
    if isinstance(a, date) and isinstance(b, date):
        return a.toordinal() - b.toordinal()
    return add(cast(Exact, a), -cast(Exact, b))


_ARITHMETIC: dict[str, Callable[..., Value]] = {
    "+": add,
    "-": _difference,
    "*": multiply,
    "/": divide,
}
_COMPARE: dict[str, Callable[..., bool]] = {
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


def _date(year: Exact, month: Exact, day: Exact) -> Value:
    try:
        return (
            date(int(year), int(month), int(day))
            if all(part == int(part) for part in (year, month, day))
            else Absent("no-such-day")
        )
    except (ValueError, OverflowError):
        return Absent("no-such-day")


_FUNCTIONS: dict[str, Callable[..., Value]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "floor": math.floor,
    "ceil": math.ceil,
    "date": _date,
    "months_late": months_late,
    "years_late": years_late,
}
_AGGREGATES: dict[str, Callable[[list[Value]], Value]] = {
    "count": len,
    "sum": lambda values: add_all(cast("list[Exact]", values)),
    "min": lambda values: min(cast("list[Exact]", values)) if values else Absent("no-entries", ("indicators",)),
    "max": lambda values: max(cast("list[Exact]", values)) if values else Absent("no-entries", ("indicators",)),
}
