"""How an entry stands to its target, before any ruleset has a say."""

from __future__ import annotations

from fractions import Fraction

import pytest

from indicator_rules.attainment import Attainment, attainment, same_unit
from indicator_rules.quantity import Direction, parse


def got(target: str | None, actual: str | None, direction: Direction | None = None, *, surveyed: bool = False) -> Attainment:
    return attainment(direction, target and parse(target), actual and parse(actual), surveyed=surveyed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("target", "actual", "ratio"),
    [
        ("9次", "7次", Fraction(7, 9)),
        ("≥95%", "95%", 1),
        ("159万元", "1590000元", 1),
        ("100", "0", 0),
        ("100", "100份", 1),  # a bare number fits any counter,
        ("100", "100%", None),  # but neither %
        ("100", "100万元", None),  # nor money
        ("9次", "9场", None),
        ("0", "5", None),  # 0 is no denominator
        ("10", "-5", None),
        ("9-10次", "9次", None),  # a range is the ruleset's matter
        ("9次", None, None),
        (None, "9次", None),
    ],
)
def test_the_ratio_of_plain_numbers(target: str | None, actual: str | None, ratio: object) -> None:
    assert got(target, actual).ratio == ratio


def test_a_survey_counts_in_place_of_the_actual_value() -> None:
    assert got("90%", "95%", surveyed=True).ratio is None
    assert got("2023年11月底前", "2023年11月30日", surveyed=True).in_time is None
    assert not got("长期", "长期", surveyed=True).same_text


def test_dates_with_their_years_are_compared() -> None:
    assert got("2023年11月底前", "2023年11月30日").in_time is True
    assert got("2023年11月底前", "2023年12月1日").in_time is False
    assert got("11月底前", "2023年11月30日").in_time is None
    assert got("2023年11月底前", "7").in_time is None


def test_texts_are_equal_whatever_blanks_are_in_them() -> None:
    assert got("落实 三会一课", "落实三会一课").same_text
    assert not got("落实三会一课", "基本落实").same_text
    assert not got("7次", "7次").same_text


@pytest.mark.parametrize(
    ("target", "typed", "meant"),
    [
        ("≤3天", None, "<="),
        ("3天", None, None),  # the ruleset decides, by category
        ("3天", "<=", "<="),
        ("9-10次", None, "="),
        ("长期", None, "qualitative"),
        ("2023年11月底前", None, "by-date"),
        (None, None, None),
    ],
)
def test_the_sign_typed_or_meant(target: str | None, typed: Direction | None, meant: Direction | None) -> None:
    assert got(target, None, typed).direction == meant


def test_units_that_can_be_compared() -> None:
    assert same_unit("次", "次")
    assert same_unit(None, "次")
    assert not same_unit(None, "%")
    assert not same_unit("次", "场")
