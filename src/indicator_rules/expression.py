"""Formulas as trees: frozen nodes, each knowing where in the text it began; `str(node)` writes it back.

Literals hold exact values; names are as typed (`Name`) until they have been looked up (`Ref`). What names mean, which units fit and what values
come out is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any, Literal, TypeAlias

from indicator_rules.exact import Exact, to_text

Unit: TypeAlias = Literal["", "money"]
Comparison: TypeAlias = Literal[">=", ">", "<=", "<", "=", "!="]
Sign: TypeAlias = Literal["+", "-", "*", "/"]
NAME = r"[^\W\d]\w*(?:\.\w+)*"
"""A name that needs no backticks."""
WORDS = {"且": "and", "或": "or", "非": "not"}
RESERVED = ("and", "or", "not", "in", "of", "where", "true", "false", *WORDS)
"""Words that a name is not, without backticks."""


@dataclass(frozen=True, slots=True)
class Node:
    """Any part of a formula; `at` is its place in the text and does not count in comparison."""

    at: int = field(default=0, compare=False, kw_only=True)

    def children(self) -> Iterator[Node]:
        """The nodes directly below."""
        for part in fields(self):
            value = getattr(self, part.name)
            for item in value if isinstance(value, tuple) else (value,):
                if isinstance(item, Node):
                    yield item

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        for child in self.children():
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A literal; money is held in 元, percent as a ratio."""

    value: Exact
    unit: Unit = ""
    typed: str = field(default="", compare=False)

    def __str__(self) -> str:
        return self.typed or to_text(self.value)


@dataclass(frozen=True, slots=True)
class Text(Node):
    value: str

    def __str__(self) -> str:
        return f'"{self.value}"' if "'" in self.value else f"'{self.value}'"


@dataclass(frozen=True, slots=True)
class Date(Node):
    value: date

    def __str__(self) -> str:
        return self.value.isoformat()


@dataclass(frozen=True, slots=True)
class Truth(Node):
    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A field, measure or input, by id or by its Chinese label, as typed."""

    text: str

    def __str__(self) -> str:
        return self.text if re.fullmatch(NAME, self.text) and self.text not in RESERVED else f"`{self.text}`"


@dataclass(frozen=True, slots=True)
class Ref(Node):
    """A name that has been looked up: the key path of what it stands for (`budget.spent`, `measures.execution_rate`)."""

    path: str
    kind: Literal["number", "truth", "text", "date", "series", "thing"] = "number"

    def __str__(self) -> str:
        return self.path.removeprefix("measures.").removeprefix("inputs.").removeprefix("entry.")


@dataclass(frozen=True, slots=True)
class Negative(Node):
    operand: Node

    def __str__(self) -> str:
        return f"-{_inner(self.operand)}"


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    sign: Sign
    left: Node
    right: Node

    def __str__(self) -> str:
        return f"{_inner(self.left)} {self.sign} {_inner(self.right)}"


@dataclass(frozen=True, slots=True)
class Compare(Node):
    operator: Comparison
    left: Node
    right: Node

    def __str__(self) -> str:
        return f"{_inner(self.left)} {self.operator} {_inner(self.right)}"


@dataclass(frozen=True, slots=True)
class OneOf(Node):
    """`x in (a, b)`."""

    operand: Node
    options: tuple[Node, ...]

    def __str__(self) -> str:
        return f"{_inner(self.operand)} in ({', '.join(map(_inner, self.options))})"


@dataclass(frozen=True, slots=True)
class And(Node):
    operands: tuple[Node, ...]

    def __str__(self) -> str:
        return " and ".join(map(_inner, self.operands))


@dataclass(frozen=True, slots=True)
class Or(Node):
    operands: tuple[Node, ...]

    def __str__(self) -> str:
        return " or ".join(map(_inner, self.operands))


@dataclass(frozen=True, slots=True)
class Not(Node):
    operand: Node

    def __str__(self) -> str:
        return f"not {_inner(self.operand)}"


@dataclass(frozen=True, slots=True)
class Call(Node):
    function: str
    arguments: tuple[Node, ...]

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.arguments))})"


@dataclass(frozen=True, slots=True)
class Aggregate(Node):
    """`sum(actual of entries("output") where …)`; no category means all entries, `value` is None for `count`."""

    function: str
    value: Node | None
    categories: tuple[str, ...] = ()
    where: Node | None = None

    def __str__(self) -> str:
        value = f"{_inner(self.value)} of " if self.value is not None else ""
        paths = "(" + ", ".join(f"'{path}'" for path in self.categories) + ")" if self.categories else ""
        where = f" where {self.where}" if self.where is not None else ""
        return f"{self.function}({value}entries{paths}{where})"


def _inner(node: Node) -> str:
    simple = isinstance(node, Number | Text | Date | Truth | Name | Call | Aggregate) or not isinstance(node, _COMPOUND)
    return str(node) if simple else f"({node})"


_COMPOUND = (Arithmetic, Compare, OneOf, And, Or, Not, Negative)


def replaced(node: Node, change: Callable[[Node], Node | None]) -> Node:
    """The tree with every part that `change` gives something for replaced by that."""
    changed = change(node)
    if changed is not None:
        return changed
    parts: dict[str, Any] = {}
    for part in fields(node):
        value = getattr(node, part.name)
        if isinstance(value, Node):
            parts[part.name] = replaced(value, change)
        elif isinstance(value, tuple) and any(isinstance(item, Node) for item in value):
            parts[part.name] = tuple(replaced(item, change) if isinstance(item, Node) else item for item in value)
    return replace(node, **parts) if parts else node
