"""Values as they are typed: how a number stands in a record, with what behind it, and how it is told.

In: a text or quantity of a record. Out: `Typed`, and functions that turn a number on a lever into what a record holds and into words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, TypeAlias

from indicator_rules import messages, quantity
from indicator_rules.comparison.comparison import Told
from indicator_rules.exact import Exact, exact, to_decimal, to_text
from indicator_rules.quantity import Quantity, QuantityError

Said: TypeAlias = Callable[[Any], Told]


@dataclass(frozen=True, slots=True)
class Typed:
    """A number as it was typed, what stood behind it, and how many base units one of it is."""

    numbers: tuple[Exact, ...]
    suffix: str
    factor: Exact

    @property
    def number(self) -> Exact:
        return self.numbers[0]

    @staticmethod
    def of_quantity(value: Quantity | None) -> Typed | None:
        """How a target or actual value was typed; None for none, and for dates and words."""
        return None if value is None or value.kind not in ("number", "range") else Typed.of(value.text)

    @staticmethod
    def of(text: str) -> Typed | None:
        """How `text` was typed; None where it cannot be told."""
        compact = re.sub(r"(以上|以下|以内|之内|\(含\)|整|完成)+$", "", quantity.normalise(text))
        found = re.findall(r"[+-]?[0-9][0-9,]*(?:\.[0-9]+)?", compact)
        suffix = re.sub(r"^.*[0-9]", "", compact)
        try:
            read, one = quantity.parse(text), quantity.parse(f"1{suffix}")
        except QuantityError:
            return None
        if not found or one.number is None or read.number is None or not one.number:
            return None
        numbers = tuple(exact(Fraction(number) / one.number) for number in (read.number, read.high) if number is not None)
        return Typed(numbers, suffix, one.number)


def with_suffix(suffix: str) -> Callable[[Any], Any]:
    return lambda number: f"{to_text(number)}{suffix}" if suffix else to_decimal(number)


def number_in(zh: str, en: str) -> Said:
    return lambda number: Told(f"{to_text(number)}{zh}", f"{to_text(number)}{'' if en in ('', '%') else ' '}{en}")


def itself(value: Any) -> Any:
    return value


def as_text(value: Any) -> Told:
    return Told(f"“{value}”", f"“{value}”")


def yes_no(value: Any) -> Told:
    return Told(*(messages.text(f"explain.{'yes' if value else 'no'}", {}, lang) for lang in ("zh", "en")))


def day(number: Any) -> date:
    return date.fromordinal(int(number))


def day_said(number: Any) -> Told:
    return Told(day(number).isoformat(), day(number).isoformat())


def points_said(number: Any) -> Told:
    return Told(f"{to_text(number)} 分", f"{to_text(number)} points")


def share_said(number: Any) -> Told:
    return Told(*[to_text(exact(Fraction(number) * 100)) + "%"] * 2)
