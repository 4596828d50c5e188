"""The engine: which rules hold of some values. A protocol, and the plain matcher that needs nothing but Python.

A rule is one guard (a conjunction of bounds) over numbered slots; `prepare` takes all rules of a stage and gives a matcher,
`match` takes the slots' values (None where a slot has none) and gives the indexes of the rules that hold, in any order (an
engine may tell one twice). Exactly these and no others, or `EvaluationError`. Both implementations give the same answers (tests/differential).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import cache
from typing import Protocol, TypeAlias

from indicator_rules.exact import Exact
from indicator_rules.table import Operator

Term: TypeAlias = tuple[int, Operator, Exact]
"""Slot number, operator, cut: `values[slot] ⋈ cut`; false where the slot has no value."""
Rule: TypeAlias = tuple[Term, ...]
"""A conjunction of terms; the empty rule always holds."""
Values: TypeAlias = Sequence[Exact | None]

ENGINES: tuple[str, ...] = ("durable-rules", "plain")
"""The names that `engine` knows."""

_COMPARE: dict[Operator, Callable[[int, int], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "=": operator.eq,
}


class Matcher(Protocol):
    """Rules made ready. Safe from many threads and after fork."""

    def match(self, values: Values) -> list[int]:
        """Indexes of the rules that hold of `values`."""
        ...


class Engine(Protocol):
    """A way to match rules; `name` is what an evaluation's provenance says."""

    name: str

    def prepare(self, slots: int, rules: Sequence[Rule]) -> Matcher:
        """A matcher for `rules` over `slots` values."""
        ...


class PlainEngine:
    """Compares every value to every cut, exactly; needs nothing but Python and keeps no state."""

    name = "plain"

    def prepare(self, slots: int, rules: Sequence[Rule]) -> Matcher:
        """A matcher for `rules` over `slots` values."""
        return _PlainMatcher(rules)


class _PlainMatcher:
    """`numerator / denominator ⋈ cut` is asked as a question about integers, several times faster than of fractions."""

    __slots__ = ("_rules",)

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(
            tuple((slot, _COMPARE[sign], cut.numerator, cut.denominator) for slot, sign, cut in rule) for rule in rules
        )

    def match(self, values: Values) -> list[int]:
        ratios = [None if value is None else (value.numerator, value.denominator) for value in values]
        hits: list[int] = []
        for index, rule in enumerate(self._rules):
            for slot, holds, cut_numerator, cut_denominator in rule:
                ratio = ratios[slot]
                if ratio is None or not holds(ratio[0] * cut_denominator, cut_numerator * ratio[1]):
                    break
            else:
                hits.append(index)
        return hits


def engine(name: str) -> Engine:
    """The engine called `name`: `durable-rules` or `plain`.

    `ValueError` for any other name, `ImportError` where durable-rules is asked for and not installed.
    """
    if name == PlainEngine.name:
        return PlainEngine()
    if name != "durable-rules":
        raise ValueError(f"unknown engine `{name}`: choose {' or '.join(f'`{known}`' for known in ENGINES)}")
    try:
        return _durable_engine()
    except ImportError as error:
        raise ImportError(
            'the engine `durable-rules` is not installed; run `pip install "indicator-rules[durable]"` '
            "(it needs Python below 3.13 and, where it has to be built, a C compiler), or use the engine `plain`"
        ) from error


@cache
def default_engine() -> Engine:
    """durable-rules where it is installed, the plain matcher elsewhere; the same engine on every call."""
    try:
        return _durable_engine()
    except ImportError:
        return PlainEngine()


def _durable_engine() -> Engine:
    """The one import that points upward: only whoever asks for durable-rules loads it."""
    from indicator_rules.durable_engine import DurableEngine

    return DurableEngine()
