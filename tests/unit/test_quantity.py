"""Typed Chinese quantities are read exactly or refused with the reason."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indicator_rules import messages
from indicator_rules.exact import LARGEST, exact, to_text
from indicator_rules.quantity import LONGEST, Quantity, QuantityError, money_factor, number_of, parse, plain_words, unit_factor

NUMBERS = [
    # text, direction, number, unit
    ("≥95%", ">=", Fraction(19, 20), "%"),
    ("≥ 95 %", ">=", Fraction(19, 20), "%"),
    (">=95%", ">=", Fraction(19, 20), "%"),
    ("＞＝95％", ">=", Fraction(19, 20), "%"),
    ("不低于95%", ">=", Fraction(19, 20), "%"),
    ("不少于800篇", ">=", 800, "篇"),
    ("达到95%", ">=", Fraction(19, 20), "%"),
    ("至少3", ">=", 3, None),
    ("100份以上", ">=", 100, "份"),
    ("100%及以上", ">=", 1, "%"),
    ("95%（含）以上", ">=", Fraction(19, 20), "%"),
    ("95%（不含）以上", ">", Fraction(19, 20), "%"),
    ("≤3天", "<=", 3, "天"),
    ("≦3天", "<=", 3, "天"),
    ("3天以内", "<=", 3, "天"),
    ("7个工作日内", "<=", 7, "个工作日"),
    ("10元以下", "<=", 10, "元"),
    ("控制在5%以内", "<=", Fraction(1, 20), "%"),
    ("不超过100", "<=", 100, None),
    ("不高于5", "<=", 5, None),
    ("＞90%", ">", Fraction(9, 10), "%"),
    ("高于90分", ">", 90, "分"),
    ("超过5次", ">", 5, "次"),
    ("<3件", "<", 3, "件"),
    ("低于3件", "<", 3, "件"),
    ("小于3", "<", 3, None),
    ("=0件", "=", 0, "件"),
    ("等于0件", "=", 0, "件"),
    ("-30%", None, Fraction(-3, 10), "%"),
    ("−30%", None, Fraction(-3, 10), "%"),
    ("+5%", None, Fraction(1, 20), "%"),
    ("3‰", None, Fraction(3, 1000), "%"),
    ("159万元", None, 1_590_000, "元"),
    ("159 万元", None, 1_590_000, "元"),
    ("143.15万元", None, 1_431_500, "元"),
    ("6.47亿元", None, 647_000_000, "元"),
    ("3千元", None, 3000, "元"),
    ("￥1,590,000.00", None, 1_590_000, "元"),
    ("人民币159万元", None, 1_590_000, "元"),
    ("159元整", None, 159, "元"),
    ("50元/人", None, 50, "元/人"),
    ("5万元/年", None, 50_000, "元/年"),
    ("5万美元", None, 50_000, "美元"),
    ("5万", None, 50_000, None),
    ("1.2万人次", None, 12_000, "人次"),
    ("5千克", None, 5, "千克"),
    ("5千人", None, 5000, "人"),
    ("1,590,000.00", None, 1_590_000, None),
    ("１５９", None, 159, None),
    ("≥104㎡", ">=", 104, "㎡"),
    ("100m2", None, 100, "m2"),
    ("25TB", None, 25, "TB"),
    ("909.93小时", None, Fraction(90993, 100), "小时"),
    ("1年", None, 1, "年"),
    ("3个月", None, 3, "个月"),
    ("完成7个村", None, 7, "个村"),
    ("100%完成", None, 1, "%"),
    ("007", None, 7, None),
    ("-0", None, 0, None),
]


@pytest.mark.parametrize(("text", "direction", "number", "unit"), NUMBERS)
def test_numbers_are_read_exactly(text: str, direction: str | None, number: Any, unit: str | None) -> None:
    read = parse(text)
    assert (read.kind, read.direction, read.number, read.high, read.unit) == ("number", direction, number, None, unit)
    assert read.text == text


@pytest.mark.parametrize(
    ("text", "low", "high", "unit"),
    [
        ("9-10次", 9, 10, "次"),
        ("9～10次", 9, 10, "次"),
        ("9至10次", 9, 10, "次"),
        ("9次-10次", 9, 10, "次"),
        ("9——10次", 9, 10, "次"),
        ("9—10次之间", 9, 10, "次"),
        ("90%-95%", Fraction(9, 10), Fraction(19, 20), "%"),
        ("90-95%", Fraction(9, 10), Fraction(19, 20), "%"),
        ("3-5万元", 30_000, 50_000, "元"),
        ("3万-5万元", 30_000, 50_000, "元"),
        ("-30%--10%", Fraction(-3, 10), Fraction(-1, 10), "%"),
        ("5-5", 5, 5, None),
    ],
)
def test_ranges_have_both_ends(text: str, low: Any, high: Any, unit: str | None) -> None:
    read = parse(text)
    assert (read.kind, read.direction, read.number, read.high, read.unit) == ("range", None, low, high, unit)


@pytest.mark.parametrize(
    ("text", "earliest", "latest"),
    [
        ("2023-06-30", "2023-06-30", "2023-06-30"),
        ("2023/6/30", "2023-06-30", "2023-06-30"),
        ("2023.6.30", "2023-06-30", "2023-06-30"),
        ("2023年6月30日", "2023-06-30", "2023-06-30"),
        ("2023 年 6 月 30 日", "2023-06-30", "2023-06-30"),
        ("2023年11月", "2023-11-01", "2023-11-30"),
        ("2023-11", "2023-11-01", "2023-11-30"),
        ("2024年2月", "2024-02-01", "2024-02-29"),
        ("2023年", "2023-01-01", "2023-12-31"),
        ("2023年11月底前", None, "2023-11-30"),
        ("2023年11月底之前", None, "2023-11-30"),
        ("2023年11月底前完成", None, "2023-11-30"),
        ("2023年11月30日前", None, "2023-11-30"),
        ("≤2023年11月30日", None, "2023-11-30"),
        ("截至2023年11月底", None, "2023-11-30"),
        ("不晚于2023-11-30", None, "2023-11-30"),
        ("2023年12月前", None, "2023-11-30"),
        ("2023年1月以前", None, "2022-12-31"),
        ("2022年底之前", None, "2022-12-31"),
        ("2023年前", None, "2022-12-31"),
        ("于2023年11月完成", "2023-11-01", "2023-11-30"),
        ("2023年11月中旬", "2023-11-11", "2023-11-20"),
        ("2023年2月下旬", "2023-02-21", "2023-02-28"),
        ("2023年第三季度", "2023-07-01", "2023-09-30"),
        ("2023年三季度末", "2023-09-01", "2023-09-30"),
        ("2023年上半年", "2023-01-01", "2023-06-30"),
        ("2023年1-12月", "2023-01-01", "2023-12-31"),
        ("2023年1月至2024年3月", "2023-01-01", "2024-03-31"),
        ("2023年3月1日至6月30日", "2023-03-01", "2023-06-30"),
        ("2023-2024年", "2023-01-01", "2024-12-31"),
    ],
)
def test_dates_are_the_days_they_can_mean(text: str, earliest: str | None, latest: str) -> None:
    read = parse(text)
    assert (read.kind, read.direction, read.month, read.number) == ("date", "by-date", None, None)
    assert read.earliest == (date.fromisoformat(earliest) if earliest else None)
    assert read.latest == date.fromisoformat(latest)
    assert read.in_year(1999) is read


@pytest.mark.parametrize(
    ("text", "month", "latest_in_2023"),
    [
        ("7月", 7, "2023-07-31"),
        ("9月前", 9, "2023-08-31"),
        ("1月前", 1, "2022-12-31"),
        ("11月底前", 11, "2023-11-30"),
        ("11月30日前", 11, "2023-11-30"),
        ("年底前", 12, "2023-12-31"),
        ("上半年", 6, "2023-06-30"),
        ("第三季度前", 9, "2023-06-30"),
        ("1-11月", 11, "2023-11-30"),
    ],
)
def test_a_month_without_a_year_waits_for_one(text: str, month: int, latest_in_2023: str) -> None:
    read = parse(text)
    assert (read.kind, read.latest, read.month) == ("date", None, month)
    dated = read.in_year(2023)
    assert (dated.text, dated.latest, dated.month) == (text, date.fromisoformat(latest_in_2023), None)


def test_29_february_waits_for_a_leap_year() -> None:
    assert parse("2月29日").in_year(2024).latest == date(2024, 2, 29)
    with pytest.raises(QuantityError):
        parse("2月29日").in_year(2023)


@pytest.mark.parametrize(
    "text",
    [
        "长期",
        "落实三会一课",
        "一般",
        "一级",
        "十分满意",
        "不超过预算",
        "大于年度指标值",
        "完成7个村和3个社区",
        "每年3次",
        "1.完成改造；2.通过验收",
        "在项目计划完成时间内完成",
        "Ⅲ级",
        "节约用水",
        "零事故",
    ],
)
def test_plain_words_are_qualitative(text: str) -> None:
    assert parse(text) == Quantity(text, "text", "qualitative")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "quantity-empty"),
        ("  ", "quantity-empty"),
        ("/", "quantity-empty"),
        ("—", "quantity-empty"),
        ("约90%", "quantity-approximate"),
        ("85%左右", "quantity-approximate"),
        ("近90%", "quantity-approximate"),
        ("100多份", "quantity-approximate"),
        ("100余人", "quantity-approximate"),
        ("≈3", "quantity-approximate"),
        ("节约10%", "quantity-number-amid-words"),
        ("提升10%", "quantity-number-amid-words"),
        ("合格率≥95%", "quantity-number-amid-words"),
        ("全天候; ≥360天", "quantity-number-amid-words"),
        ("25TB; 100%覆盖", "quantity-number-amid-words"),
        ("61486人 (任务的180.84%)", "quantity-number-amid-words"),
        ("百分之95", "quantity-number-amid-words"),
        ("10±2", "quantity-number-amid-words"),
        ("未达到95分", "quantity-number-amid-words"),
        ("投入20万元", "quantity-number-amid-words"),
        ("3年内完成整治", "quantity-unreadable"),
        ("12,34", "quantity-unreadable"),
        ("1 590", "quantity-unreadable"),
        ("1e5", "quantity-unreadable"),
        (".5", "quantity-unreadable"),
        ("٣次", "quantity-unreadable"),
        ("三次", "quantity-chinese-numeral"),
        ("不少于三次", "quantity-chinese-numeral"),
        ("百分之九十五", "quantity-chinese-numeral"),
        ("≥目标值", "quantity-sign-without-number"),
        ("9/13", "quantity-fraction"),
        ("5%-3%", "quantity-range-reversed"),
        ("≥9-10次", "quantity-range-sign"),
        ("90%~95次", "quantity-range-units"),
        ("≥95%以下", "quantity-direction-conflict"),
        ("2023.11", "quantity-date-ambiguous"),
        ("2023-2024", "quantity-date-ambiguous"),
        ("2023-02-30", "quantity-date-not-real"),
        ("11月31日", "quantity-date-not-real"),
        ("2023年13月", "quantity-date-not-real"),
        ("2023年11月30日后", "quantity-date-sign"),
        ("≥2023年11月", "quantity-date-sign"),
        ("2023年12月至2023年1月", "quantity-range-reversed"),
        ("1" * 30, "quantity-too-large"),
        ("1" * 5000, "quantity-too-large"),
        (str(LARGEST), "quantity-too-large"),
        ("99999999999亿元", "quantity-too-large"),
        ("0." + "1" * 13, "quantity-too-precise"),
        ("长" * (LONGEST + 1), "quantity-too-long"),
    ],
)
def test_what_cannot_be_read_exactly_is_refused_with_the_reason(text: str, code: str) -> None:
    with pytest.raises(QuantityError) as caught:
        parse(text)
    assert caught.value.code == code
    for lang in messages.LANGUAGES:
        assert messages.text(f"problems.{code}", caught.value.values, lang)


def test_every_published_value_is_read_or_refused() -> None:
    file = Path(__file__).parents[3] / "shared" / "cases" / "published.jsonl"
    if not file.exists():
        pytest.skip("the published reports are kept outside the repository")
    refused = set()
    for line in file.read_text(encoding="utf-8").splitlines():
        for entry in json.loads(line)["indicators"]:
            for text in (entry["target"], entry["actual"]):
                try:
                    _ = text is None or parse(text).kind
                except QuantityError:
                    refused.add(text)
    assert refused == {"25TB; 100%覆盖", "61486人 (任务的180.84%)", "全天候; ≥360天", "提升10%", "85%左右"}


def test_typed_numbers_and_dates() -> None:
    assert parse(7).number == 7
    assert parse(Decimal("143.150")) == Quantity("143.15", "number", number=Fraction(2863, 20))
    assert parse(date(2023, 6, 30)) == parse("2023-06-30")
    for value in (
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("sNaN"),
        10**5000,
        Decimal("1e999999"),
        Decimal("1e-999999"),
        True,
    ):
        with pytest.raises(QuantityError):
            parse(value)
    assert parse(Decimal("0e999999")).number == 0


def test_a_typed_number_that_looks_like_a_month_reads_back_as_itself() -> None:
    typed = parse(Decimal("2023.11"))
    assert parse(typed.text) == typed


@pytest.mark.parametrize(("text", "unit", "number", "base"), [
    ("159", "万元", 1_590_000, "元"), ("≥95", "%", Fraction(19, 20), "%"), ("100以上", "份", 100, "份"), ("3", "万人次", 30_000, "人次"),
    ("3", "次（场）", 3, "次(场)"), ("159元", "万元", 159, "元"),
])  # fmt: skip
def test_a_unit_typed_elsewhere_is_read_into_a_bare_number(text: str, unit: str, number: Any, base: str | None) -> None:
    read = parse(text).with_unit(unit)
    assert (read.number, read.unit, read.direction) == (number, base, parse(text).direction)


def test_with_unit_scales_both_ends_of_a_range_and_leaves_words_and_dates() -> None:
    assert parse("3-5").with_unit("万元").high == 50_000
    assert parse("长期").with_unit("年") == parse("长期")
    assert parse("2023年").with_unit("年") == parse("2023年")


def test_money_factors() -> None:
    assert [money_factor(unit) for unit in ("元", "千元", "万元", "亿元", "次", "美元", "%")] == [
        1,
        1000,
        10**4,
        10**8,
        None,
        None,
        None,
    ]
    assert unit_factor("%") == (Fraction(1, 100), "%")


def test_plain_words_keep_whatever_they_hold() -> None:
    assert plain_words(" 提升10% ") == Quantity("提升10%", "text", "qualitative")


def test_bare_numbers() -> None:
    assert number_of("１,590.50") == Decimal("1590.5")
    for text in ("159万元", "≥3", "", "abc", "1/2"):
        with pytest.raises(QuantityError):
            number_of(text)


def test_canonical_numbers_have_one_spelling() -> None:
    assert parse("1.0").canonical() == parse("1.00").canonical() == parse(1).canonical() == Decimal(1)
    assert parse("≥95%").canonical() == "≥95%"


def read_or_refuse(text: str) -> Quantity | QuantityError:
    try:
        return parse(text)
    except QuantityError as error:
        return error


decimals = st.decimals(min_value=-(10**14), max_value=10**14, places=6, allow_nan=False, allow_infinity=False)
pieces = st.sampled_from(
    [
        *"0123456789.,-~至%‰万亿元次年月日底前第季度上下半约左右≥≤<>=()（含）/／ ",
        "不低于",
        "以上",
        "以内",
        "百分之",
        "完成",
        "三",
        "2023",
        "长期",
    ]
)


@given(st.text() | st.lists(pieces, max_size=12).map("".join))
@example("1-" * 5000)
@example("一" * 10_000)
@example("9" * 10_000)
@example("年-" * 5000)
@example("(1)" * 3000)
@example("1," * 5000)
def test_parse_raises_nothing_but_quantity_errors(text: str) -> None:
    read = read_or_refuse(text)
    if isinstance(read, QuantityError):
        assert messages.text(f"problems.{read.code}", read.values, "en")
        return
    assert parse(read.text) == read
    assert (read.number is not None) == (read.kind in {"number", "range"})
    if read.kind == "text":
        assert "≥" not in text or not any(character.isdecimal() for character in text)


@given(decimals)
def test_numbers_survive_being_typed(number: Any) -> None:
    assert parse(number).number == exact(number)
    assert parse(parse(number).text) == parse(number)
    assert parse(f"≥{number:,f}").number == exact(number)
    assert parse(f"{number:f}%").number == exact(Fraction(number) / 100)
    assert number_of(to_text(exact(number))) == number


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1)))
def test_dates_survive_being_typed(day: date) -> None:
    for text in (day.isoformat(), f"{day.year}年{day.month}月{day.day}日", f"{day.month}月{day.day}号"):
        read = parse(text).in_year(day.year)
        assert (read.earliest, read.latest) == (day, day)


def test_what_was_read_before_does_not_matter() -> None:
    assert parse(Decimal("2.0")).number == 2
    with pytest.raises(QuantityError):  # equal to it, and with too many digits
        parse(Decimal("2." + "0" * 120))
    assert parse(Decimal("2.00")).number == 2
