"""Both engines against the definition: a rule holds if each of its terms does, compared as fractions."""

from __future__ import annotations

import importlib
import importlib.util
import operator as operators
import random
import sys
from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicator_rules.engine import ENGINES, Engine, PlainEngine, Rule, Values, default_engine, engine
from indicator_rules.errors import EvaluationError
from indicator_rules.exact import Exact, exact
from indicator_rules.table import MOST_TERMS, Operator

INSTALLED = importlib.util.find_spec("durable_rules_engine") is not None
NEEDS_DURABLE = pytest.mark.skipif(not INSTALLED, reason="durable-rules is not installed: only the plain engine is here to test")
BOTH = [pytest.param("plain"), pytest.param("durable-rules", marks=NEEDS_DURABLE)]
OPERATORS: tuple[Operator, ...] = (">=", ">", "<=", "<", "=")
HAIR = Fraction(1, 10**30)
SLOTS = 4

CUTS = st.one_of(
    st.sampled_from([0, 1, -1, exact(Fraction(9, 10)), exact(Fraction(3, 5)), Fraction(1, 3), -Fraction(22, 7), 10**15, 10**40]),
    st.integers(-(10**18), 10**18),
    st.fractions(-10, 10, max_denominator=40).map(exact),
    st.decimals(-100, 100, places=4).map(exact),
)


COMPARE = {">=": operators.ge, ">": operators.gt, "<=": operators.le, "<": operators.lt, "=": operators.eq}


def holding(rules: Sequence[Rule], values: Values) -> list[int]:
    """The definition, term by term."""

    def holds(slot: int, operator: Operator, cut: Exact) -> bool:
        value = values[slot]
        return value is not None and COMPARE[operator](Fraction(value), Fraction(cut))

    return [index for index, rule in enumerate(rules) if all(holds(*term) for term in rule)]


def check(chosen: Engine, rules: Sequence[Rule], records: Sequence[Values], slots: int = SLOTS) -> None:
    matcher = chosen.prepare(slots, rules)
    for values in records:
        hits = matcher.match(values)
        assert sorted(set(hits)) == holding(rules, values), values


@st.composite
def rules_and_records(draw: st.DrawFn) -> tuple[list[Rule], list[Values]]:
    cuts = draw(st.lists(CUTS, min_size=1, max_size=6))
    term = st.tuples(st.integers(0, SLOTS - 1), st.sampled_from(OPERATORS), st.sampled_from(cuts))
    rules = draw(st.lists(st.lists(term, max_size=4).map(tuple), max_size=12))
    near = [exact(Fraction(cut) + step) for cut in cuts for step in (0, HAIR, -HAIR, Fraction(1, 3), -1, 10**50, -(10**50))]
    value = st.one_of(st.none(), st.sampled_from(near), CUTS)
    return rules, draw(st.lists(st.tuples(*[value] * SLOTS), min_size=1, max_size=6))


@pytest.mark.parametrize("name", BOTH)
@settings(max_examples=250, deadline=None)
@given(case=rules_and_records())
def test_the_rules_hit_are_those_whose_terms_all_hold(name: str, case: tuple[list[Rule], list[Values]]) -> None:
    check(engine(name), *case)


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("cut", [0, 60, exact(Fraction(9, 10)), -Fraction(1, 8), Fraction(1, 3), 10**15, 2**53, 10**400])
def test_a_hair_beside_the_cut_is_not_the_cut(name: str, operator: Operator, cut: Exact) -> None:
    around = [exact(Fraction(cut) + step) for step in (0, HAIR, -HAIR, 1, -1, 10**500, -(10**500))]
    check(engine(name), [((0, operator, cut),)], [(value,) for value in [*around, None]], slots=1)


@pytest.mark.parametrize("name", BOTH)
def test_a_ratio_on_the_cut_reaches_it_where_floats_would_not(name: str) -> None:
    rules: list[Rule] = [((0, ">=", Fraction(9, 10)),), ((0, "<", Fraction(9, 10)),), ((0, "=", Fraction(9, 10)),)]
    assert sorted(engine(name).prepare(1, rules).match([Fraction(1431, 1590)])) == [0, 2]


@pytest.mark.parametrize("name", BOTH)
def test_no_rules_hit_nothing_and_the_empty_rule_always_holds(name: str) -> None:
    assert engine(name).prepare(0, []).match([]) == []
    assert sorted(engine(name).prepare(0, [(), ()]).match([])) == [0, 1]
    check(engine(name), [(), ((0, ">", 1),), ()], [(None,), (2,), (1,)], slots=1)


@pytest.mark.parametrize("name", BOTH)
def test_a_slot_without_value_reaches_no_bound(name: str) -> None:
    rules: list[Rule] = [((slot, operator, 0),) for slot in range(3) for operator in OPERATORS]
    assert engine(name).prepare(3, rules).match([None, None, None]) == []
    check(engine(name), rules, [(None, 0, None), (0, None, 1)], slots=3)


@pytest.mark.parametrize("name", BOTH)
def test_equal_rules_hit_together_in_whatever_order_their_terms_are(name: str) -> None:
    rules: list[Rule] = [((0, ">=", 1), (1, "<", 5)), ((1, "<", 5), (0, ">=", 1)), ((0, ">=", 1), (0, ">=", 1), (1, "<", 5))]
    assert sorted(engine(name).prepare(2, rules).match([1, 4])) == [0, 1, 2]


@pytest.mark.parametrize("name", BOTH)
def test_hundreds_of_rules_over_hundreds_of_slots(name: str) -> None:
    rng = random.Random(20)
    slots = 150
    rules: list[Rule] = [
        tuple((rng.randrange(slots), rng.choice(OPERATORS), rng.randint(-5, 5)) for _ in range(rng.choice([1, 1, 2, 4])))
        for _ in range(700)
    ]
    records = [
        tuple(rng.choice([None, rng.randint(-6, 6), Fraction(rng.randint(-9, 9), 2)]) for _ in range(slots)) for _ in range(40)
    ]
    check(engine(name), rules, [*records, (None,) * slots], slots)


@pytest.mark.parametrize("name", BOTH)
def test_rules_that_all_hold_at_once_overflow_nothing(name: str) -> None:
    """One true first condition that fans out into many others once overflowed the engine's stack (error 303)."""
    fan: list[Rule] = [((0, ">=", 0), (slot, ">=", 0)) for slot in range(1, 120)]
    heap: list[Rule] = [((slot, ">=", cut),) for slot in range(120) for cut in (0, -1, -2, -3, -4)]
    check(engine(name), fan + heap, [(0,) * 120, (1,) * 120, (-2,) * 120], slots=120)


@NEEDS_DURABLE
def test_a_guard_that_is_too_long_for_the_engine_is_refused() -> None:
    terms: Rule = tuple((slot, ">=", 0) for slot in range(MOST_TERMS))
    check(engine("durable-rules"), [terms], [(0,) * MOST_TERMS, (-1,) * MOST_TERMS], slots=MOST_TERMS)
    with pytest.raises(EvaluationError):
        engine("durable-rules").prepare(MOST_TERMS, [(*terms[1:], (0, "=", 0))])


@NEEDS_DURABLE
def test_the_names_that_reach_the_engine_have_different_hashes() -> None:
    from indicator_rules import durable_engine as module

    def hashed(text: str) -> int:
        number = 0x811C9DC5
        for byte in text.encode():
            number = (number ^ byte) * 16777619 % 2**32
        return number

    properties = [*module._NAMES, module._SENTINEL, "sid", "id", "$s"]
    assert len({hashed(name) for name in properties}) == len(properties)
    assert len({hashed(str(number)) for number in range(module.MOST_SESSIONS)}) == module.MOST_SESSIONS
    assert module.MOST_RULES + 1 < 64


def test_an_unknown_engine_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="`plain`"):
        engine("drools")
    assert set(ENGINES) == {"durable-rules", "plain"}


def test_the_default_engine_is_durable_rules_where_it_is_installed() -> None:
    assert default_engine() is default_engine()
    assert default_engine().name == ("durable-rules" if INSTALLED else "plain")


def test_without_durable_rules_the_plain_engine_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "durable_rules_engine", None)
    monkeypatch.delitem(sys.modules, "indicator_rules.durable_engine", raising=False)
    default_engine.cache_clear()
    try:
        assert isinstance(default_engine(), PlainEngine)
        with pytest.raises(ImportError, match=r'pip install "indicator-rules\[durable\]"'):
            engine("durable-rules")
    finally:
        default_engine.cache_clear()


@NEEDS_DURABLE
def test_the_durable_engine_tells_its_version() -> None:
    module = importlib.import_module("indicator_rules.durable_engine")
    assert module.DurableEngine().version.split(".")[0] == "2"
