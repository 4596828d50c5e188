"""The formula language: text → tree. Total, without loops, bounded in size; never `eval`.

In: a formula such as `实际支出 / first_of(全年预算数, 年初预算) >= 90%`. Out: a tree of frozen nodes, each knowing where in the text
it began; `str(node)` writes it back. What names mean, which units fit and what values come out is not known here.

    expression  = conjunction { ("or" | "或") conjunction }
    conjunction = negation { ("and" | "且") negation }
    negation    = ("not" | "非") negation | comparison
    comparison  = sum { (">=" | ">" | "<=" | "<" | "=" | "!=") sum } | sum ["not"] "in" "(" sum { "," sum } ")"
    sum         = product { ("+" | "-") product }
    product     = sign { ("*" | "/") sign }
    sign        = "-" sign | primary
    primary     = number [unit] | date | text | name | function "(" … ")" | "(" expression ")" | "true" | "false"
    aggregate   = ("count" | "sum" | "min" | "max") "(" [ sum "of" ] "entries" [ "(" text { "," text } ")" ] [ "where" expression ] ")"
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NoReturn, cast

from indicator_rules.exact import LARGEST, MOST_DECIMALS, Exact, exact
from indicator_rules.expression import (
    NAME,
    RESERVED,
    WORDS,
    Aggregate,
    And,
    Arithmetic,
    Call,
    Compare,
    Comparison,
    Date,
    Name,
    Negative,
    Node,
    Not,
    Number,
    OneOf,
    Or,
    Text,
    Truth,
    Unit,
)

DEEPEST = 40
"""Parentheses inside parentheses that a formula may have."""


DEEPEST_TREE = 100
"""Operations inside operations, parenthesised or not (`a + b + c` are two): so that walking a tree never overflows the stack."""


UNITS: dict[str, tuple[Exact, Unit]] = {
    "%": (exact(Decimal("0.01")), ""),
    "个百分点": (exact(Decimal("0.01")), ""),
    "百分点": (exact(Decimal("0.01")), ""),
    "元": (1, "money"),
    "千元": (1_000, "money"),
    "万元": (10_000, "money"),
    "亿元": (100_000_000, "money"),
    "天": (1, ""),
    "日": (1, ""),
}


COMPARISONS = (">=", ">", "<=", "<", "=", "!=")


FUNCTIONS: dict[str, tuple[int, int]] = {
    "first_of": (1, 10),
    "present": (1, 1),
    "min": (1, 10),
    "max": (1, 10),
    "abs": (1, 1),
    "floor": (1, 1),
    "ceil": (1, 1),
    "date": (3, 3),
    "months_late": (2, 2),
    "years_late": (2, 2),
    "value_at": (2, 2),
}
"""Functions and how many arguments each takes."""


AGGREGATES = ("count", "sum", "min", "max")


class FormulaError(Exception):
    """The text is not a formula. `code` and `values` make the problem; `at` is where in the text, from 0."""

    def __init__(self, code: str, at: int, **values: str) -> None:
        super().__init__(code)
        self.code, self.at, self.values = code, at, values


_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<date>\d{{4}}-\d{{2}}-\d{{2}}(?!\d))
    | (?P<number>\d+(?:\.\d+)?)\s*(?P<unit>%|个百分点|百分点|千元|万元|亿元|元|天|日)?
    | (?P<name>{NAME})
    | `(?P<quoted>[^`]+)`
    | '(?P<text>[^']*)' | "(?P<text2>[^"]*)" | “(?P<text3>[^”]*)” | ‘(?P<text4>[^’]*)’
    | (?P<sign>>=|<=|!=|==|<>|[-+*/()=<>,])
    )""",
    re.VERBOSE,
)


_FULL_WIDTH = str.maketrans("（），％×÷≥≤≠＞＜＝＋－＊／；０１２３４５６７８９．", "(),%*/\0\1\2><=+-*/;0123456789.")


_NEARLY = {"并且": "且", "而且": "且", "或者": "或"}
"""What people write for a word of the language."""
_LONG = {"\0": ">=", "\1": "<=", "\2": "!="}


NOT_NAMES = (*RESERVED, "entries", "this")
"""Words that a formula never reads as a name."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int
    unit: str = ""


def folded(text: str) -> str:
    """Full-width digits and operators as their half-width twins; `≥` stays one character."""
    return text.translate(_FULL_WIDTH)


def _tokens(text: str) -> Iterator[_Token]:
    plain = folded(text)
    position = 0
    while plain[position:].strip():
        start = position + len(plain[position:]) - len(plain[position:].lstrip())
        if plain[start] in _LONG:
            yield _Token("sign", _LONG[plain[start]], start)
            position = start + 1
            continue
        found = _TOKEN.match(plain, position)
        if not found:
            raise FormulaError("formula-character", start, text=text[start])
        kind = (found.lastgroup or "").rstrip("234")
        if found["number"] is not None:
            yield _Token("number", found["number"], start, found["unit"] or "")
        elif kind == "sign":
            yield _Token("sign", {"==": "=", "<>": "!="}.get(found["sign"], found["sign"]), start)
        elif kind in ("text", "quoted"):
            # Text is the user's own: taken from the original, not from the folded copy.
            begin, end = found.span(found.lastgroup or 0)
            yield _Token(kind, text[begin:end], start)
        elif kind == "name" and found["name"] in WORDS:
            yield _Token("word", WORDS[found["name"]], start)
        elif kind == "name" and found["name"] in RESERVED:
            yield _Token("word", found["name"], start)
        else:
            yield _Token(kind, found[found.lastgroup or 0], start)
        position = found.end()
    yield _Token("end", "", len(text))


class _Parser:
    """Recursive descent, one method a line of the grammar above."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(_tokens(text))
        self.position = 0
        self.depth = 0

    @property
    def now(self) -> _Token:
        return self.tokens[self.position]

    def take(self) -> _Token:
        token = self.now
        self.position += 1
        return token

    def accept(self, kind: str, *texts: str) -> _Token | None:
        return self.take() if self.now.kind == kind and self.now.text in texts else None

    def expect(self, kind: str, text: str) -> _Token:
        return self.accept(kind, text) or self.refuse(expected=text)

    def refuse(self, expected: str = "") -> NoReturn:
        token = self.now
        expected = expected or _NEARLY.get(token.text, "")
        hint = {"expected": expected} if expected else {}
        if token.kind == "end":
            raise FormulaError("formula-ends-early", token.at, **hint)
        raise FormulaError("formula-unexpected", token.at, text=token.text, **hint)

    def whole(self) -> Node:
        node = self.expression()
        if self.now.kind != "end":
            self.refuse()
        return node

    def expression(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise FormulaError("formula-too-deep", self.now.at, limit=str(DEEPEST))
        at, operands = self.now.at, [self.conjunction()]
        while self.accept("word", "or"):
            operands.append(self.conjunction())
        self.depth -= 1
        return operands[0] if len(operands) == 1 else Or(tuple(operands), at=at)

    def conjunction(self) -> Node:
        at, operands = self.now.at, [self.negation()]
        while self.accept("word", "and"):
            operands.append(self.negation())
        return operands[0] if len(operands) == 1 else And(tuple(operands), at=at)

    def negation(self) -> Node:
        signs: list[_Token] = []
        while token := self.accept("word", "not"):
            signs.append(token)
        node = self.comparison()
        for token in reversed(signs[-DEEPEST:] if len(signs) <= DEEPEST else self._too_deep()):
            node = Not(node, at=token.at)
        return node

    def _too_deep(self) -> list[_Token]:
        raise FormulaError("formula-too-deep", self.now.at, limit=str(DEEPEST))

    def comparison(self) -> Node:
        at, left = self.now.at, self.sum()
        if self.now.kind == "word" and self.now.text in ("in", "not"):
            negated = bool(self.accept("word", "not"))
            self.expect("word", "in")
            self.expect("sign", "(")
            node: Node = OneOf(left, self.items(), at=at)
            return Not(node, at=at) if negated else node
        parts: list[Node] = []
        while token := self.accept("sign", *COMPARISONS):
            right = self.sum()
            parts.append(Compare(cast(Comparison, token.text), left, right, at=at))
            left = right
        if not parts:
            return left
        return parts[0] if len(parts) == 1 else And(tuple(parts), at=at)

    def items(self) -> tuple[Node, ...]:
        nodes = [self.sum()]
        while self.accept("sign", ","):
            nodes.append(self.sum())
        self.expect("sign", ")")
        return tuple(nodes)

    def sum(self) -> Node:
        at, node = self.now.at, self.product()
        while token := self.accept("sign", "+", "-"):
            node = Arithmetic("+" if token.text == "+" else "-", node, self.product(), at=at)
        return node

    def product(self) -> Node:
        at, node = self.now.at, self.sign()
        while token := self.accept("sign", "*", "/"):
            node = Arithmetic("*" if token.text == "*" else "/", node, self.sign(), at=at)
        return node

    def sign(self) -> Node:
        signs: list[_Token] = []
        while token := self.accept("sign", "-"):
            signs.append(token)
        if len(signs) > DEEPEST:
            self._too_deep()
        node = self.primary()
        for token in reversed(signs):
            node = Negative(node, at=token.at)
        return node

    def primary(self) -> Node:
        token = self.now
        if token.kind == "number":
            return _number(self.take())
        if token.kind == "date":
            return _date(self.take())
        if token.kind == "text":
            return Text(self.take().text, at=token.at)
        if self.accept("word", "true") or self.accept("word", "false"):
            return Truth(token.text == "true", at=token.at)
        if self.accept("sign", "("):
            node = self.expression()
            self.expect("sign", ")")
            return node
        if token.kind in ("name", "quoted"):
            self.take()
            if token.kind == "name" and self.accept("sign", "("):
                return self.call(token)
            return Name(token.text, at=token.at)
        self.refuse()

    def call(self, name: _Token) -> Node:
        if name.text not in FUNCTIONS and name.text not in AGGREGATES:
            raise FormulaError("function-unknown", name.at, text=name.text)
        if name.text in AGGREGATES and self.now.kind == "name" and self.now.text == "entries":
            return self.aggregate(name, None)
        first = self.expression()
        if name.text in AGGREGATES and self.accept("word", "of"):
            return self.aggregate(name, first)
        if name.text not in FUNCTIONS:
            raise FormulaError("aggregate-form", name.at, text=name.text)
        arguments = [first]
        while self.accept("sign", ","):
            arguments.append(self.expression())
        self.expect("sign", ")")
        fewest, most = FUNCTIONS[name.text]
        if not fewest <= len(arguments) <= most:
            raise FormulaError("function-arguments", name.at, text=name.text, fewest=str(fewest), most=str(most))
        return Call(name.text, tuple(arguments), at=name.at)

    def aggregate(self, name: _Token, value: Node | None) -> Aggregate:
        """The rest of an aggregate, from `entries` on."""
        if not self.accept("name", "entries") or (value is None) != (name.text == "count"):
            raise FormulaError("aggregate-form", name.at, text=name.text)
        categories: tuple[str, ...] = ()
        if self.accept("sign", "("):
            paths = self.items()
            if not all(isinstance(path, Text) for path in paths):
                raise FormulaError("aggregate-form", name.at, text=name.text)
            categories = tuple(path.value for path in paths if isinstance(path, Text))
        where = self.expression() if self.accept("word", "where") else None
        self.expect("sign", ")")
        return Aggregate(name.text, value, categories, where, at=name.at)


def _number(token: _Token) -> Number:
    value = Decimal(token.text)
    exponent = value.as_tuple().exponent
    if value >= LARGEST or (isinstance(exponent, int) and -exponent > MOST_DECIMALS):
        raise FormulaError("number-too-large", token.at, text=token.text[:40])
    factor, unit = UNITS.get(token.unit, (1, ""))
    return Number(exact(Fraction(value) * factor), unit, token.text + token.unit, at=token.at)


def _date(token: _Token) -> Date:
    try:
        return Date(date.fromisoformat(token.text), at=token.at)
    except ValueError:
        raise FormulaError("date-impossible", token.at, text=token.text) from None


def parse(text: str) -> Node:
    """The formula that `text` spells; `FormulaError` if it spells none."""
    tree = _Parser(text).whole()
    _not_too_deep(tree)
    return tree


def _not_too_deep(tree: Node) -> None:
    """Level by level, since the tree may be too deep to recurse into."""
    level = [tree]
    for _ in range(DEEPEST_TREE + 1):
        level = [child for node in level for child in node.children()]
        if not level:
            return
    raise FormulaError("formula-too-deep", tree.at, limit=str(DEEPEST_TREE))
