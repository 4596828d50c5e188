"""A record is frozen, exact, closed to unknown keys, and one text for one meaning."""

from __future__ import annotations

import copy
import json
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from indicator_rules.errors import RecordError
from indicator_rules.reading import read_record
from indicator_rules.record import EvaluationRecord
from indicator_rules.record_fields import CATEGORIES, category_path
from indicator_rules.record_parts import Narrative

SUBJECT = {"name": "党政事务工作经费", "kind": "project", "year": 2023}


def record(**parts: Any) -> EvaluationRecord:
    return read_record({"subject": SUBJECT, **parts})


def entry(**fields: Any) -> dict[str, Any]:
    return {"category": "output.quantity", "name": "采购次数", **fields}


def problems(**parts: Any) -> list[tuple[str, str]]:
    with pytest.raises(RecordError) as caught:
        record(**parts)
    for problem in caught.value.problems:
        assert problem.message("zh")
        assert problem.message("en")
    return [(problem.code, str(problem.where)) for problem in caught.value.problems]


def test_the_least_record_has_a_name_a_kind_and_a_year() -> None:
    empty = record()
    assert (empty.budget, empty.indicators, empty.declared, empty.assessments.criteria) == (None, (), None, {})
    assert empty.canonical() == '{"subject":{"kind":"project","name":"党政事务工作经费","year":2023}}'


def test_chinese_forms_are_read() -> None:
    read = record(
        subject={**SUBJECT, "kind": "部门整体", "project_type": "延续"},
        budget={"unit": "亿元"},
        funds=[{"source": "中央", "spent": 1}],
        indicators=[entry(category="产出/数量", direction="≥", target=3)],
    )
    assert (read.subject.kind, read.subject.project_type) == ("department", "continuing")
    assert (read.funds[0].source, read.indicators[0].direction) == ("central", ">=")
    assert read.indicators[0].category == "output.quantity"


@pytest.mark.parametrize(
    ("text", "path"),
    [(path, path) for path in CATEGORIES]
    + [
        ("数量", "output.quantity"),
        ("数量指标", "output.quantity"),
        ("产出-质量", "output.quality"),
        ("产出指标／时效指标", "output.timeliness"),
        ("产出成本", "output.cost"),
        ("产出-成本", "output.cost"),
        ("成本", "cost"),
        ("成本指标", "cost"),
        ("经济成本指标", "cost.economic"),
        ("成本/社会", "cost.social"),
        ("生态环境成本", "cost.ecological"),
        ("效益", "benefit"),
        ("社会效益指标", "benefit.social"),
        ("效益-社会效益", "benefit.social"),
        ("可持续影响指标", "benefit.sustainable"),
        ("满意度", "satisfaction"),
        ("服务对象满意度指标", "satisfaction"),
        ("满意度/服务对象满意度", "satisfaction"),
        ("社会", None),
        ("效益/数量", None),
        ("output.size", None),
        ("", None),
        ("/", None),
    ],
)
def test_categories_have_one_path(text: str, path: Any) -> None:
    assert category_path(text) == path


def test_amounts_are_exact_and_in_yuan() -> None:
    budget = record(budget={"unit": "万元", "spent": 143.15, "received": "1,431.5", "added": -2}).budget
    assert budget is not None
    assert budget.amount("spent") == 1_431_500
    assert budget.amount("received") == 14_315_000
    assert budget.amount("added") == -20_000
    assert budget.amount("initial") is None
    jiao = record(budget={"unit": "元", "spent": Decimal("0.1")}).budget
    assert jiao is not None
    assert jiao.amount("spent") == Fraction(1, 10)
    with pytest.raises(KeyError):
        budget.amount("unit")


def test_a_changed_copy_reckons_anew() -> None:
    budget = record(budget={"unit": "万元", "spent": 1}).budget
    assert budget is not None
    assert budget.amount("spent") == 10_000
    assert budget.model_copy(update={"spent": Decimal(2)}).amount("spent") == 20_000
    assert copy.deepcopy(budget) == budget
    read = record(indicators=[entry(id="a"), entry(id="b", category="质量指标"), entry(id="c")])
    assert [*read.indicator_by_id] == ["a", "b", "c"]
    assert [[one.id for one in entries] for entries in read.by_category.values()] == [["a", "c"], ["b"]]
    fewer = read.model_copy(update={"indicators": read.indicators[1:]})
    assert [*fewer.indicator_by_id] == ["b", "c"]
    assert [[one.id for one in entries] for entries in fewer.by_category.values()] == [["b"], ["c"]]


def test_funds_take_the_unit_of_the_budget() -> None:
    read = record(budget={"unit": "万元"}, funds=[{"source": "省", "spent": 1}, {"source": "其他", "spent": 1, "unit": "元"}])
    assert [row.amount("spent") for row in read.funds] == [10_000, 1]
    assert problems(funds=[{"source": "省", "spent": 1}]) == [("unit-missing", "funds[0]")]


def test_ids_go_by_position() -> None:
    read = record(
        goals=[{"planned": "甲"}, {"id": "second"}], indicators=[entry(), entry(id="x"), entry(goal="g1", part_of="i1")]
    )
    assert [goal.id for goal in read.goals] == ["g1", "second"]
    assert list(read.indicator_by_id) == ["i1", "x", "i3"]


def test_values_are_quantities_in_the_unit_of_the_entry() -> None:
    read = record(indicators=[entry(target="≥159", actual=143.15, prior="100万元", unit="万元", initial_target=date(2023, 1, 1))])
    first = read.indicators[0]
    assert [value and value.number for value in (first.target, first.actual, first.prior)] == [1_590_000, 1_431_500, 1_000_000]
    assert first.initial_target is not None
    assert first.initial_target.latest == date(2023, 1, 1)


def test_an_entry_may_say_that_its_values_are_words() -> None:
    assert problems(indicators=[entry(target="提升10%")]) == [("quantity-number-amid-words", "indicators[0].target")]
    read = record(indicators=[entry(target="提升10%\n以上", direction="定性")])
    assert read.indicators[0].target is not None
    assert read.indicators[0].target.kind == "text"


def test_one_rater_or_several() -> None:
    one = record(assessments={"criteria": {"a": {"share": "80%", "reason": "较好"}}})
    assert one.assessments.criteria["a"][0].share == Decimal("0.8")
    several = record(assessments={"criteria": {"a": [{"points": 3, "weight": 1, "by": "甲"}, {"level": "好", "weight": 2}]}})
    assert len(several.assessments.criteria["a"]) == 2


EVERYTHING = {
    "subject": {**SUBJECT, "code": "X1", "project_type": "new", "department": "甲", "unit": "乙", "region": "丙", "as_of": date(2023, 12, 31)},
    "budget": {"unit": "万元", "expected": 1, "initial": 2, "added": -1, "adjusted": 1, "released": 1, "received": 1, "spent": "0.50",
               "carried_in": 0, "carried_out": Decimal("0.1")},
    "funds": [{"source": "municipal", "name": "专项", "received": 1}],
    "goals": [{"id": "g1", "planned": "甲", "achieved": "乙", "weight": 10}],
    "indicators": [
        entry(direction=">=", initial_target="9次", target="≥95%", actual=Decimal("0.9"), prior="2023年11月底前", unit="次", weight=5, level="达成",
              counts={"satisfied": 9, "surveyed": 10}, goal="g1", key=True, basis="甲", reason="乙", evidence="丙"),
        entry(part_of="i1", target="长期"),
    ],
    "answers": {"approved": True, "count": 3, "rate": Decimal("0.95"), "level": "好"},
    "assessments": {"criteria": {"c": {"points": 3}}, "indicators": {"i1": [{"level": "好"}]}},
    "not_applicable": {"criteria": {"d": "没有资产"}, "indicators": {"i2": "未开展"}},
    "deductions": {"criteria": {"c": {"points": 1, "reason": "甲"}}, "total": {"points": 2}},
    "declared": {"criteria": {"c": 5}, "indicators": {"i1": 4}, "total": "99.30", "grade": "优", "by": "甲", "reasons": {"total": "乙"}},
    "reviewed": {"total": 98},
    "narrative": dict.fromkeys(Narrative.model_fields, "正文"),
    "assumed": ["answers.approved", "indicators.i1.actual", "budget.spent", "assessments.criteria.c", "funds.municipal.received", "goals.0.planned"],
}  # fmt: skip


def test_a_full_record_survives_its_canonical_text_and_pydantic_json() -> None:
    read = read_record(EVERYTHING)
    again = read_record(json.loads(read.canonical(), parse_float=Decimal))
    assert again == read
    assert again.canonical() == read.canonical()
    dumped = read_record(read.model_dump(mode="json", exclude_none=True, exclude={"answers", "assumed"}))
    assert dumped.indicators == read.indicators
    assert dumped.declared == read.declared


def test_the_same_numbers_have_the_same_canonical_text() -> None:
    texts = {
        record(
            budget={"unit": "元", "spent": spent},
            answers={"n": spent},
            indicators=[entry(actual=spent, weight=spent)],
            declared={"total": spent},
        ).canonical()
        for spent in (1, 1.0, Decimal("1.00"), Decimal("1E0"))
    }
    assert len(texts) == 1
    assert (
        record(answers={"n": 1}).canonical() != record(answers={"n": "1"}).canonical() != record(answers={"n": True}).canonical()
    )


def test_key_order_does_not_matter() -> None:
    turned = {
        key: dict(reversed(value.items())) if isinstance(value, dict) else value for key, value in reversed(EVERYTHING.items())
    }
    assert read_record(turned).canonical() == read_record(EVERYTHING).canonical()


def test_a_record_is_frozen() -> None:
    with pytest.raises(ValidationError):
        record().subject = None  # type: ignore[misc, assignment]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"subjet": {}}, [("unknown-key", "subjet")]),
        ({"subject": {"name": "x", "kind": "project"}}, [("missing-key", "subject.year")]),
        ({"subject": {**SUBJECT, "year": 99}}, [("year-out-of-range", "subject.year")]),
        ({"subject": {**SUBJECT, "year": True}}, [("expected-number", "subject.year")]),
        ({"subject": {**SUBJECT, "year": 2023.5}}, [("expected-whole-number", "subject.year")]),
        ({"subject": {**SUBJECT, "kind": "projct"}}, [("unknown-choice", "subject.kind")]),
        ({"subject": {**SUBJECT, "name": " "}}, [("text-empty", "subject.name")]),
        ({"subject": {**SUBJECT, "name": "x" * 501}}, [("text-too-long", "subject.name")]),
        ({"subject": {**SUBJECT, "name": 5}}, [("expected-text", "subject.name")]),
        ({"subject": {**SUBJECT, "name": "\ud800"}}, [("text-not-unicode", "subject.name")]),
        ({"subject": {**SUBJECT, "as_of": "2023-02-30"}}, [("quantity-date-not-real", "subject.as_of")]),
        ({"subject": {**SUBJECT, "as_of": "2023年"}}, [("date-unreadable", "subject.as_of")]),
        ({"subject": {**SUBJECT, "as_of": 5}}, [("expected-date", "subject.as_of")]),
        ({"subject": []}, [("expected-table", "subject")]),
        ({"budget": {"spent": 1}}, [("missing-key", "budget.unit")]),
        ({"budget": {"unit": "美元"}}, [("unknown-choice", "budget.unit")]),
        ({"budget": {"unit": "元", "spent": -1}}, [("number-negative", "budget.spent")]),
        ({"budget": {"unit": "元", "spent": float("nan")}}, [("number-not-finite", "budget.spent")]),
        ({"budget": {"unit": "元", "spent": Decimal("-Infinity")}}, [("number-not-finite", "budget.spent")]),
        ({"budget": {"unit": "元", "spent": 10**15}}, [("quantity-too-large", "budget.spent")]),
        ({"budget": {"unit": "元", "spent": 10**5000}}, [("quantity-too-large", "budget.spent")]),
        ({"budget": {"unit": "元", "spent": "0.1234567890123"}}, [("quantity-too-precise", "budget.spent")]),
        ({"budget": {"unit": "元", "spent": "159万元"}}, [("number-unreadable", "budget.spent")]),
        ({"budget": {"unit": "元", "spent": True}}, [("expected-number", "budget.spent")]),
        ({"indicators": [entry(category="数目")]}, [("unknown-category", "indicators[0].category")]),
        ({"indicators": [entry(category=3)]}, [("expected-text", "indicators[0].category")]),
        ({"indicators": [entry(target="约3次")]}, [("quantity-approximate", "indicators[0].target")]),
        ({"indicators": [entry(target=True)]}, [("expected-quantity", "indicators[0].target")]),
        ({"indicators": [entry(target=10**14, unit="万元")]}, [("quantity-too-large", "indicators[0]")]),
        ({"indicators": [entry(key="yes")]}, [("expected-yes-no", "indicators[0].key")]),
        ({"indicators": [entry(id="指标")]}, [("bad-id", "indicators[0].id")]),
        ({"indicators": [entry(id="a"), entry(id="a")]}, [("repeated-id", "indicators[1].id")]),
        ({"indicators": [entry(id="i2"), entry()]}, [("repeated-id", "indicators[1].id")]),
        ({"indicators": [entry(goal="g9")]}, [("unknown-goal", "indicators[0].goal")]),
        ({"indicators": [entry(part_of="i9")]}, [("unknown-indicator", "indicators[0].part_of")]),
        ({"indicators": [entry(part_of="i1")]}, [("part-of-itself", "indicators[0].part_of")]),
        ({"indicators": [entry(counts={"satisfied": 3, "surveyed": 2})]}, [("counts-exceed-surveyed", "indicators[0].counts")]),
        ({"indicators": [entry(counts={"satisfied": -1, "surveyed": 2})]}, [("number-negative", "indicators[0].counts.satisfied")]),
        ({"indicators": [entry()] * 2001}, [("list-too-long", "indicators")]),
        ({"indicators": {"a": entry()}}, [("expected-list", "indicators")]),
        ({"answers": {"a": " "}}, [("text-empty", "answers.a")]),
        ({"answers": {"a": []}}, [("list-too-short", "answers.a")]),
        ({"answers": {"a": {}}}, [("expected-answer", "answers.a")]),
        ({"answers": {"a": [1]}}, [("expected-answer", "answers.a")]),
        ({"answers": {"a": [{"date": "2023-06-30", "value": 1}, 1]}}, [("expected-table", "answers.a[1]")]),
        ({"answers": {"a": [{"date": "2023-06-30"}]}}, [("missing-key", "answers.a[0].value")]),
        ({"answers": {"a": [{"date": "6月", "value": 1}]}}, [("date-unreadable", "answers.a[0].date")]),
        ({"answers": {"a": [{"date": "2023-06-30", "value": True}]}}, [("expected-number", "answers.a[0].value")]),
        ({"answers": {"a": [{"date": "2023-06-30", "value": 1, "unit": "元"}]}}, [("unknown-key", "answers.a[0].unit")]),
        ({"answers": {"a": [{"date": "2023-06-30", "value": 1}, {"date": "2023-06-29", "value": 1}]}}, [("series-order", "answers.a")]),
        ({"answers": {"a": [{"date": "2023-06-30", "value": 1}, {"date": "2023年6月30日", "value": 2}]}}, [("series-date-repeated", "answers.a")]),
        ({"assessments": {"criteria": {"a": {}}}}, [("assessment-needs-one", "assessments.criteria.a")]),
        ({"assessments": {"criteria": {"a": []}}}, [("assessment-needs-one", "assessments.criteria.a")]),
        ({"assessments": {"criteria": {"a": {"points": 1, "share": 1}}}}, [("assessment-needs-one", "assessments.criteria.a")]),
        ({"assessments": {"criteria": {"a": {"share": 2}}}}, [("share-out-of-range", "assessments.criteria.a.share")]),
        ({"assessments": {"criteria": {"a": [{"share": 2}]}}}, [("share-out-of-range", "assessments.criteria.a[0].share")]),
        ({"assessments": {"criteria": {"a": [{"points": 1, "weight": 1}, {"points": 1}]}}}, [("rater-weights", "assessments.criteria.a")]),
        ({"assessments": {"indicators": {"i1": {"points": 1}}}}, [("unknown-indicator", "assessments.indicators.i1")]),
        ({"not_applicable": {"indicators": {"i1": "x"}}}, [("unknown-indicator", "not_applicable.indicators.i1")]),
        ({"declared": {"indicators": {"i1": 1}}}, [("unknown-indicator", "declared.indicators.i1")]),
        ({"deductions": {"total": {"points": -1}}}, [("number-negative", "deductions.total.points")]),
        ({"assumed": ["answers.b"]}, [("unknown-path", "assumed[0]")]),
        ({"assumed": ["subject.canonical"]}, [("unknown-path", "assumed[0]")]),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_refused_with_its_place(parts: dict[str, Any], expected: Any) -> None:
    assert problems(**parts) == expected


plain: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.decimals()
    | st.dates()
    | st.datetimes()
    | st.binary(max_size=3)
)
for _ in range(2):
    plain = plain | st.lists(plain, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), plain, max_size=3)


def read_or_refuse(data: dict[str, Any]) -> EvaluationRecord | RecordError:
    try:
        return read_record(data)
    except RecordError as error:
        return error


def paths(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path] + [deeper for key, value in below for deeper in paths(value, (*path, key))]


@given(st.sampled_from(paths(EVERYTHING)[1:]), plain, st.booleans())
def test_any_mutation_gives_a_record_or_problems(path: Any, value: Any, adds_key: bool) -> None:
    data = copy.deepcopy(EVERYTHING)
    at: Any = data
    for part in path[:-1]:
        at = at[part]
    if adds_key and isinstance(at, dict):
        at[str(value)[:5]] = value
    else:
        at[path[-1]] = value
    read = read_or_refuse(data)
    if isinstance(read, EvaluationRecord):
        assert json.loads(read.canonical())
        return
    assert read.problems
    for problem in read.problems:
        assert problem.describe("zh")
        assert problem.describe("en")


@given(st.dictionaries(st.sampled_from([*EVERYTHING, "x"]), plain))
def test_any_mapping_gives_a_record_or_problems(data: Any) -> None:
    assert isinstance(read_or_refuse(data), EvaluationRecord | RecordError)


def test_numbers_do_not_depend_on_the_precision_of_decimals() -> None:
    picks = [{"share": "12.345%", "weight": Decimal("0.001")}, {"share": "0.98765", "weight": 999_999}]
    with localcontext(prec=2):
        ratings = record(assessments={"criteria": {"a": picks}}).assessments.criteria["a"]
    assert [rating.share for rating in ratings] == [Decimal("0.12345"), Decimal("0.98765")]
    assert problems(assessments={"criteria": {"a": [{"share": 1, "weight": 0}]}}) == [("rater-weights", "assessments.criteria.a")]


def test_huge_numbers_are_refused_at_once() -> None:
    assert problems(answers={"x": 16**100_000}) == [("quantity-too-large", "answers.x")]
    assert problems(indicators=[entry(target=-(16**100_000))]) == [("quantity-too-large", "indicators[0].target")]
    assert problems(answers={"x": Decimal("1." + "0" * 1_000_000 + "1")}) == [("quantity-too-precise", "answers.x")]


def test_links_that_lead_nowhere_are_told_in_a_moment() -> None:
    rows = [entry(id=f"row_{n}", goal=f"goal-{n}", part_of=f"row-{n}") for n in range(2000)]
    lost = {f"rov-{n}": "不适用" for n in range(2000)}
    begun = perf_counter()
    assert len(problems_only(indicators=rows, not_applicable={"indicators": lost})) == 6000
    assert perf_counter() - begun < 20
    assert problems(not_applicable={"indicators": {**lost, "x": "多"}}) == [("list-too-long", "not_applicable.indicators")]


def problems_only(**parts: Any) -> list[str]:
    with pytest.raises(RecordError) as caught:
        record(**parts)
    return [problem.code for problem in caught.value.problems]


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\x9b"])
def test_control_characters_are_refused_in_every_text(character: str) -> None:
    text = f"甲{character}乙"
    places: list[tuple[dict[str, Any], str]] = [
        ({"subject": {**SUBJECT, "name": text}}, "subject.name"),
        ({"answers": {"x": text}}, "answers.x"),
        ({"narrative": {"overview": text}}, "narrative.overview"),
        ({"indicators": [entry(actual=text)]}, "indicators[0].actual"),
        ({"indicators": [entry(direction="定性", actual=text)]}, "indicators[0].actual"),
        ({"not_applicable": {"criteria": {"a": text}}}, "not_applicable.criteria.a"),
    ]
    for parts, place in places:
        assert problems(**parts) == [("text-control-character", place)]


def test_long_prose_may_have_lines_and_tabs() -> None:
    assert record(narrative={"overview": "甲\r\n\t乙"}).narrative.overview == "甲\r\n\t乙"
    assert record(answers={"x": "甲\n乙"}).answers["x"] == "甲\n乙"
