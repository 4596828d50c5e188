"""Names and types: what a name stands for, which units fit, and what is refused."""

from __future__ import annotations

import pytest

from indicator_rules.expression import Ref
from indicator_rules.scope import (
    DATE,
    ENTRY_FIELDS,
    MONEY,
    NUMBER,
    RECORD_FIELDS,
    TEXT,
    THING,
    TRUTH,
    UNSURE,
    Scope,
    Type,
)
from indicator_rules.syntax import FormulaError, parse


def record_scope() -> Scope:
    scope = Scope.of(RECORD_FIELDS)
    scope.add("inputs.approved", ("approved", "inputs.approved", "立项规范"), TRUTH)
    scope.add("inputs.state", ("state", "inputs.state", "申报情况"), Type("text", choices=("按时", "逾期", "未申报")))
    scope.add("measures.rate", ("rate", "measures.rate", "预算执行率"), NUMBER)
    return scope


SCOPE = record_scope()
ENTRY = SCOPE.inside_entry()


@pytest.mark.parametrize(
    ("formula", "kind"),
    [
        ("1", NUMBER),
        ("90%", NUMBER),
        ("20万元", MONEY),
        ("实际支出", MONEY),
        ("-实际支出", MONEY),
        ("实际支出 / 年初预算", NUMBER),
        ("实际支出 * 2", MONEY),
        ("实际支出 / 2", MONEY),
        ("实际支出 - 年初预算", MONEY),
        ("实际支出 - 0", MONEY),
        ("实际支出 > 0", TRUTH),
        ("实际支出 / 年初预算 + 5%", NUMBER),
        ("0 < 实际支出 <= 20万元", TRUTH),
        ("year + 1", NUMBER),
        ("截止日", DATE),
        ("截止日 - 2023-06-30", NUMBER),
        ("截止日 > date(year, 6, 30)", TRUTH),
        ("months_late(截止日, 2023-06-30) > 1", TRUTH),
        ("地区", TEXT),
        ("地区 = '湛江'", TRUTH),
        ("state in ('按时', '逾期')", TRUTH),
        ("subject.kind = 'project'", TRUTH),
        ("approved and not present(实际支出)", TRUTH),
        ("approved = true", TRUTH),
        ("first_of(全年预算数, 年初预算)", MONEY),
        ("min(rate, 100%)", NUMBER),
        ("floor(rate * 100)", NUMBER),
        ("count(entries('output') where completion < 1)", NUMBER),
        ("sum(weight of entries)", NUMBER),
        ("max(actual of entries)", UNSURE),
        ("first_of(state, '按时')", Type("text", choices=("按时", "逾期", "未申报", "按时"))),
    ],
)
def test_a_formula_gives_one_type(formula: str, kind: Type) -> None:
    assert SCOPE.resolve(parse(formula))[1] == kind


@pytest.mark.parametrize(
    ("formula", "kind"),
    [
        ("completion", NUMBER),
        ("weight", NUMBER),
        ("actual", UNSURE),
        ("actual / target", NUMBER),
        ("actual - 20万元", MONEY),
        ("actual >= 95%", TRUTH),
        ("key and present(reason)", TRUTH),
        ("present(counts)", TRUTH),
        ("counts", THING),
        ("完成率 < 1", TRUTH),
    ],
)
def test_a_formula_over_an_entry_gives_one_type(formula: str, kind: Type) -> None:
    assert ENTRY.resolve(parse(formula))[1] == kind


@pytest.mark.parametrize(
    ("formula", "code", "at"),
    [
        ("实际支出 + 90%", "unit-mismatch", 0),
        ("1 + 实际支出 / 年初预算 + 年初预算", "unit-mismatch", 0),
        ("实际支出 > 90", "unit-mismatch", 0),
        ("实际支出 * 年初预算", "unit-mismatch", 0),
        ("1 / 实际支出", "unit-mismatch", 0),
        ("first_of(全年预算数, rate)", "unit-mismatch", 16),
        ("实际支出 in (1万元, 2)", "unit-mismatch", 14),
        ("实际支出 + approved", "not-a-number-here", 7),
        ("-地区", "not-a-number-here", 1),
        ("abs(approved)", "not-a-number-here", 4),
        ("sum(name of entries)", "not-a-number-here", 4),
        ("实际支出 and approved", "not-a-condition", 0),
        ("not rate", "not-a-condition", 4),
        ("count(entries where weight)", "not-a-condition", 20),
        ("months_late(year, 截止日)", "not-a-date", 12),
        ("地区 = 3", "cannot-compare", 0),
        ("截止日 > 2023", "cannot-compare", 0),
        ("first_of(地区, 3)", "cannot-compare", 13),
        ("地区 >= '湛江'", "no-order", 0),
        ("approved > true", "no-order", 0),
        ("state = '按期'", "choice-unknown", 8),
        ("'按期' = state", "choice-unknown", 0),
        ("state in ('按时', '按期')", "choice-unknown", 16),
        ("count(entries('outputs'))", "category-unknown", 0),
        ("rate > nothing", "name-unknown", 7),
        ("completion < 1", "name-unknown", 0),
    ],
)
def test_what_has_no_meaning_is_refused_where_it_stands(formula: str, code: str, at: int) -> None:
    with pytest.raises(FormulaError) as refused:
        SCOPE.resolve(parse(formula))
    assert (refused.value.code, refused.value.at) == (code, at)


@pytest.mark.parametrize("fields", [RECORD_FIELDS, {key.removeprefix("entry."): value for key, value in ENTRY_FIELDS.items()}])
def test_each_field_goes_by_its_path_and_by_its_chinese_labels(fields: dict[str, tuple[tuple[str, ...], Type]]) -> None:
    scope = SCOPE if fields is RECORD_FIELDS else ENTRY
    for path, (labels, kind) in fields.items():
        meant = {str(scope.resolve(parse(name))[0]) for name in (path, *labels)}
        assert len(meant) == 1, path
        assert scope.resolve(parse(path))[1] == kind


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("年初予算", "年初预算"),
        ("budget.spend", "budget.spent"),
        ("预算执行律", "预算执行率"),
        ("aproved", "approved"),
        ("xyz", None),
    ],
)
def test_a_misspelt_name_is_met_with_a_suggestion(typed: str, meant: str | None) -> None:
    with pytest.raises(FormulaError) as refused:
        SCOPE.resolve(parse(typed))
    assert refused.value.values.get("suggestion") == meant


def test_a_name_with_two_meanings_is_refused_and_either_full_name_is_taken() -> None:
    scope = record_scope()
    scope.add("inputs.rate", ("rate", "inputs.rate", "预算执行率"), NUMBER)
    for name in ("rate", "预算执行率"):
        with pytest.raises(FormulaError) as refused:
            scope.resolve(parse(name))
        assert refused.value.code == "name-ambiguous"
        assert refused.value.values["meanings"] == "measures.rate, inputs.rate"
    assert scope.resolve(parse("inputs.rate + measures.rate"))[1] == NUMBER


def test_inside_an_entry_its_own_fields_hide_others_and_the_record_stays_in_reach() -> None:
    scope = record_scope()
    scope.add("inputs.weight", ("weight", "inputs.weight"), MONEY)
    assert scope.resolve(parse("weight"))[1] == MONEY
    assert scope.inside_entry().resolve(parse("weight"))[1] == NUMBER
    assert scope.inside_entry().resolve(parse("实际支出"))[1] == MONEY
    assert scope.resolve(parse("weight"))[1] == MONEY


def test_in_an_award_weight_is_the_weight_in_force() -> None:
    with pytest.raises(FormulaError):
        SCOPE.resolve(parse("weight"))
    node, kind = SCOPE.with_weight().resolve(parse("分值 * 50%"))
    assert (str(node), kind) == ("weight * 50%", NUMBER)


def test_a_choice_field_knows_the_texts_that_are_possible() -> None:
    with pytest.raises(FormulaError) as refused:
        SCOPE.resolve(parse("项目性质 = 'newer'"))
    assert refused.value.values["suggestion"] == "new"


def test_an_aggregate_holds_no_other_aggregate() -> None:
    for text in ("sum(sum(weight of entries) of entries)", "count(entries where weight > max(weight of entries))"):
        with pytest.raises(FormulaError) as refused:
            SCOPE.resolve(parse(text))
        assert refused.value.code == "aggregate-nested"
    assert SCOPE.resolve(parse("sum(weight of entries) + sum(weight of entries)"))[1] == NUMBER
    assert ENTRY.resolve(parse("weight / sum(weight of entries)"))[1] == NUMBER


def test_this_is_the_entry_that_the_formula_is_about() -> None:
    """By itself `this.x` is `x`; inside an aggregate `x` is of the entry counted, `this.x` of the one outside."""
    assert ENTRY.resolve(parse("this.id = 本指标.指标编号"))[0] == ENTRY.resolve(parse("id = id"))[0]
    node, kind = ENTRY.resolve(parse("sum(actual of entries where part_of = this.id) - this.actual"))
    assert kind == UNSURE
    assert [part.path for part in node.walk() if isinstance(part, Ref)] == [
        "entry.actual",
        "entry.part_of",
        "this.id",
        "entry.actual",
    ]
    assert str(node) == "sum(actual of entries where part_of = this.id) - actual"


@pytest.mark.parametrize("text", ["this.id = 'a'", "本指标.指标编号 = 'a'", "count(entries where part_of = this.id)"])
def test_this_needs_an_entry(text: str) -> None:
    with pytest.raises(FormulaError) as refused:
        SCOPE.resolve(parse(text))
    assert refused.value.code == "this-without-entry"


def test_names_are_suggested_for_the_first_slips_only() -> None:
    scope = record_scope()
    suggested: list[str] = []
    for _ in range(30):
        with pytest.raises(FormulaError) as refused:
            scope.inside_entry().resolve(parse("rat"))
        suggested += [refused.value.values.get("suggestion", "")]
    assert suggested == ["rate"] * 20 + [""] * 10
