"""Formulas: what each spelling means, that trees write themselves back, and that any text is refused in an orderly way."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indicator_rules.expression import (
    Aggregate,
    And,
    Arithmetic,
    Call,
    Compare,
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
)
from indicator_rules.syntax import COMPARISONS, DEEPEST, UNITS, FormulaError, parse

A, B, C = Name("a"), Name("b"), Name("c")
ONE, TWO, THREE = Number(1), Number(2), Number(3)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1 + 2 * 3", Arithmetic("+", ONE, Arithmetic("*", TWO, THREE))),
        ("1 - 2 - 3", Arithmetic("-", Arithmetic("-", ONE, TWO), THREE)),
        ("(1 - 2) - 3", Arithmetic("-", Arithmetic("-", ONE, TWO), THREE)),
        ("1 - (2 - 3)", Arithmetic("-", ONE, Arithmetic("-", TWO, THREE))),
        ("-a * b", Arithmetic("*", Negative(A), B)),
        ("- - a", Negative(Negative(A))),
        ("a or b and c", Or((A, And((B, C))))),
        ("a 或 b 且 非 c", Or((A, And((B, Not(C)))))),
        ("not a = 1", Not(Compare("=", A, ONE))),
        ("a < b < c", And((Compare("<", A, B), Compare("<", B, C)))),
        ("1 <= a and b", And((Compare("<=", ONE, A), B))),
        ("a == 1", Compare("=", A, ONE)),
        ("a <> 1", Compare("!=", A, ONE)),
        ("a ≥ 1 或 b ≠ 2", Or((Compare(">=", A, ONE), Compare("!=", B, TWO)))),
        ("（a＋１）×２", Arithmetic("*", Arithmetic("+", A, ONE), TWO)),
        ("a in ('x', 'y')", OneOf(A, (Text("x"), Text("y")))),
        ("a not in (1)", Not(OneOf(A, (ONE,)))),
        ("a = “达成”", Compare("=", A, Text("达成"))),
        ('a = "（甲）"', Compare("=", A, Text("（甲）"))),
        ("`预算（调整）`", Name("预算（调整）")),
        ("实际支出", Name("实际支出")),
        ("budget.spent", Name("budget.spent")),
        ("true", Truth(value=True)),
        ("2023-06-30", Date(date(2023, 6, 30))),
        ("2023 - 6", Arithmetic("-", Number(2023), Number(6))),
        ("90%", Number(Fraction(9, 10))),
        ("5个百分点", Number(Fraction(1, 20))),
        ("20 万元", Number(200_000, "money")),
        ("0.5亿元", Number(50_000_000, "money")),
        ("3天", Number(3)),
        ("max(a, b)", Call("max", (A, B))),
        ("max(a of entries)", Aggregate("max", A)),
        ("count(entries)", Aggregate("count", None)),
        ("count(entries('output', 'cost') where a)", Aggregate("count", None, ("output", "cost"), A)),
        ("sum(a * 2 of entries where b > 1)", Aggregate("sum", Arithmetic("*", A, TWO), (), Compare(">", B, ONE))),
        ("first_of(a, b, 0)", Call("first_of", (A, B, Number(0)))),
        ("\n a\t+\n b ", Arithmetic("+", A, B)),
    ],
)
def test_a_formula_means_one_tree(text: str, tree: Node) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        ("", "formula-ends-early", 0),
        ("a +", "formula-ends-early", 3),
        ("(a", "formula-ends-early", 2),
        ("a b", "formula-unexpected", 2),
        ("a +) b", "formula-unexpected", 3),
        ("a in ()", "formula-unexpected", 6),
        ("a = and", "formula-unexpected", 4),
        ("20万", "formula-unexpected", 2),
        ("a # b", "formula-character", 2),
        ("a.b.", "formula-character", 3),
        ("'a", "formula-character", 0),
        ("a ! b", "formula-character", 2),
        ("__import__('os')", "function-unknown", 0),
        ("eval(a)", "function-unknown", 0),
        ("1 + abs(a, b)", "function-arguments", 4),
        ("date(2023, 1)", "function-arguments", 0),
        ("count(a of entries)", "aggregate-form", 0),
        ("sum(entries)", "aggregate-form", 0),
        ("sum(a)", "aggregate-form", 0),
        ("count(entries(a))", "aggregate-form", 0),
        ("a > 2023-02-29", "date-impossible", 4),
        ("1000000000000000", "number-too-large", 0),
        ("0.0000000000001", "number-too-large", 0),
    ],
)
def test_what_is_not_a_formula_is_refused_where_it_goes_wrong(text: str, code: str, at: int) -> None:
    with pytest.raises(FormulaError) as refused:
        parse(text)
    assert (refused.value.code, refused.value.at) == (code, at)


@pytest.mark.parametrize(("text", "meant"), [("甲 并且 乙", "且"), ("甲 或者 乙", "或")])
def test_a_chinese_word_between_conditions_gets_the_word_of_the_language(text: str, meant: str) -> None:
    with pytest.raises(FormulaError) as refused:
        parse(text)
    assert refused.value.values["expected"] == meant


@pytest.mark.parametrize("nest", ["({})", "-{}", "not {}", "abs({})", "(a = {})"])
def test_nesting_is_bounded(nest: str) -> None:
    def nested(depth: int) -> str:
        text = "1"
        for _ in range(depth):
            text = nest.format(text)
        return text

    assert isinstance(parse(nested(DEEPEST - 2)), Node)
    with pytest.raises(FormulaError, match="formula-too-deep"):
        parse(nested(DEEPEST * 5))


@pytest.mark.parametrize("unit", UNITS)
def test_each_unit_multiplies(unit: str) -> None:
    factor, kind = UNITS[unit]
    assert parse(f"3{unit}") == Number(3 * factor, kind)


def test_nodes_know_where_they_began() -> None:
    tree = parse("实际支出 + 年初预算 * 2")
    assert [(str(node), node.at) for node in tree.walk() if isinstance(node, Name)] == [("实际支出", 0), ("年初预算", 7)]


# ----------------------------------------------------------------------------------------------------------- round trip

NUMBERS = st.builds(
    lambda digits, places, unit: parse(f"{digits / 10**places:.{places}f}{unit}"),
    st.integers(0, 10**6),
    st.integers(0, 3),
    st.sampled_from(["", *UNITS]),
)
NAMES = st.sampled_from(
    ["a", "budget.spent", "实际支出", "x_1", "预算 执行", "甲（乙）", "entries_", "notes", "origin", "指标1"]
).map(Name)
LEAVES = st.one_of(
    NUMBERS,
    NAMES,
    st.text(st.characters(exclude_characters="'", exclude_categories=["Cs"]), max_size=5).map(Text),
    st.dates(date(1900, 1, 1)).map(Date),
    st.booleans().map(Truth),
)


def branches(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    categories = st.lists(st.sampled_from(["output", "cost.social"]), max_size=2).map(tuple)
    return st.one_of(
        inner.map(Negative),
        inner.map(Not),
        st.builds(Arithmetic, st.sampled_from(["+", "-", "*", "/"]), inner, inner),
        st.builds(Compare, st.sampled_from(COMPARISONS), inner, inner),
        st.builds(OneOf, inner, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        several.map(And),
        several.map(Or),
        st.builds(Call, st.sampled_from(["first_of", "min", "max"]), several),
        st.builds(Call, st.sampled_from(["present", "abs", "floor", "ceil"]), st.tuples(inner)),
        st.builds(Aggregate, st.just("count"), st.none(), categories, st.none() | inner),
        st.builds(Aggregate, st.sampled_from(["sum", "min", "max"]), inner, categories, st.none() | inner),
    )


TREES: st.SearchStrategy[Node] = st.recursive(LEAVES, branches, max_leaves=8)


@given(TREES)
def test_a_tree_writes_itself_back(tree: Node) -> None:
    assert parse(str(tree)) == tree


PIECES = st.sampled_from([
    "a", "1", "90%", "20万元", "'x'", "(", ")", ",", "+", "-", "*", "/", "<", ">=", "≤", "and", "或", "not", "in", "of", "where", "entries",
    "count", "sum", "min", "max", "first_of", "present", "2023-06-30", "2023-13-01", "`", "'", "“", "。", "true", "．", "０",
])  # fmt: skip


@given(st.text(max_size=60) | st.lists(PIECES, max_size=20).map(" ".join) | st.lists(PIECES, max_size=20).map("".join))
@example("min(")
@example("\0")
@example("a" + "（" * 100)
def test_any_text_is_a_formula_or_a_formula_error(text: str) -> None:
    refused_at = 0
    try:
        assert str(parse(text))
    except FormulaError as error:
        refused_at = error.at
    assert 0 <= refused_at <= len(text)


def test_nested_functions_take_no_longer_than_their_text() -> None:
    assert isinstance(parse("min(" * 39 + "1" + ", 2)" * 39), Call)


@pytest.mark.parametrize("text", [" + ".join("x" * 101), " * ".join("x" * 101), "(" * 30 + " - ".join("x" * 70) + ") * 1" * 30])
def test_a_chain_as_deep_as_allowed_is_walked_and_written_back(text: str) -> None:
    tree = parse(text)
    assert str(tree).count("x") == text.count("x")
    assert sum(1 for _ in tree.walk()) > 100


@pytest.mark.parametrize(
    "text",
    [
        " + ".join("x" * 102),
        "/".join("x" * 500),
        "(" * 35 + " - ".join("x" * 70) + ") * 1" * 35,
        "1 < " + "+".join("x" * 246),
        "present(" + "+".join("x" * 200) + ")",
    ],
)
def test_a_chain_too_deep_to_walk_is_refused(text: str) -> None:
    with pytest.raises(FormulaError) as refused:
        parse(text)
    assert refused.value.code == "formula-too-deep"
