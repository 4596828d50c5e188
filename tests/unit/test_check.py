"""The laws of `check`, at their edges; that each is broken by some file stands in `test_invalid`."""

from __future__ import annotations

from decimal import Decimal, localcontext
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from indicator_rules.checks import CHECKS, check
from indicator_rules.errors import Where, path_text
from indicator_rules.link import link
from indicator_rules.parse import parse, parse_data
from indicator_rules.scale_checks import constant

RULESETS = sorted((Path(__file__).parents[2] / "rulesets").glob("*/*.toml"))


def ruleset(**tables: Any) -> dict[str, Any]:
    """A valid ruleset with some of its tables replaced."""
    return {
        "schema": 1,
        "ruleset": {"family": "x", "edition": "1", "title": "例", "applies": {"years": [2023]}, "status": "example"},
        "criteria": {"a": {"label": "甲", "weight": 100, "scale": {"kind": "discretionary"}}},
        "grades": [{"label": "优", "at_least": 90}, {"label": "差"}],
        **tables,
    }


def with_scale(**scale: Any) -> dict[str, Any]:
    return ruleset(criteria={"a": {"label": "甲", "weight": 100, "scale": scale}})


def found(data: dict[str, Any]) -> list[tuple[str, str]]:
    spec, problems = parse_data(data)
    assert spec is not None, [str(problem) for problem in problems]
    return [(path_text(problem.where.path).removeprefix("criteria.a."), problem.code) for problem in check(spec, "x.toml")]


@pytest.mark.parametrize("path", RULESETS, ids=lambda path: f"{path.parent.name}@{path.stem}")
def test_a_shipped_ruleset_has_neither_problems_nor_warnings(path: Path) -> None:
    spec, problems = parse(path.read_bytes(), str(path))
    assert problems == []
    assert spec is not None
    assert check(spec) == []
    assert link(spec)[1] == []


def test_the_smallest_ruleset_is_sound_and_problems_carry_the_file() -> None:
    assert found(ruleset()) == []
    spec, _ = parse_data(ruleset(grades=[{"label": "优", "at_least": 90}]))
    assert spec is not None
    assert [str(problem.where) for problem in check(spec, "x.toml")] == ["x.toml: grades[0].at_least"]


def test_every_law_has_a_docstring_and_a_name_of_its_own() -> None:
    assert len({law.__name__ for law in CHECKS}) == len(CHECKS)
    assert all(law.__doc__ for law in CHECKS)


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("90%", "9/10"),
        ("-(2 + 3) * 4", "-20"),
        ("1 / 3", "1/3"),
        ("20万元", "200000"),
        ("1 / 0", None),
        ("year", None),
        ("1 +", None),
    ],
)
def test_constants_are_worked_out_exactly(formula: str, value: str | None) -> None:
    found = constant(formula)
    assert (None if found is None else str(found)) == value


def bands(*cuts: tuple[str, Any] | None) -> dict[str, Any]:
    rows = [{"award": "0%"} if cut is None else {cut[0]: cut[1], "award": "50%"} for cut in cuts]
    return ruleset(criteria={"a": {"label": "甲", "weight": 100, "measure": "year", "scale": {"kind": "bands", "bands": rows}}})


@pytest.mark.parametrize(
    ("cuts", "codes"),
    [
        ([("at_least", "90%"), ("at_least", "60%"), None], []),
        ([("at_least", "90%"), ("above", "60%"), None], []),
        # From the top: above 0, then 0 itself, then below.
        ([("above", 0), ("at_least", 0), None], []),
        ([("at_least", 0), ("above", 0), None], ["cut-points-order"]),
        ([("above", 0), ("above", 0), None], ["cut-points-order"]),
        ([("at_least", 0), ("at_least", 0), None], ["cut-points-order"]),
        ([("at_least", "1/3"), ("at_least", "0.333333"), None], []),
        ([("at_least", "0.333333"), ("at_least", "1/3"), None], ["cut-points-order"]),
        ([("at_least", "90%"), ("at_least", "year / 3000"), ("at_least", "60%"), None], []),
        ([("at_least", "60%"), ("at_least", "year / 3000"), ("at_least", "90%"), None], ["cut-points-order"]),
        ([("at_least", -1), ("at_least", -2), None], []),
        ([None], []),
        ([None, None], ["cut-missing"]),
        ([("at_least", 1)], ["last-band-has-cut"]),
    ],
)
def test_cuts_descend(cuts: list[tuple[str, Any] | None], codes: list[str]) -> None:
    assert [code for _, code in found(bands(*cuts))] == codes


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        ({}, []),
        ({"full_at": 0}, [("scale.full_at", "proportional-ends-equal")]),
        ({"full_at": 0, "zero_at": 10}, []),
        ({"full_at": "year", "zero_at": "year"}, [("scale.zero_at", "proportional-ends-equal")]),
        ({"full_at": "year", "zero_at": "year + 1"}, []),
        ({"pass_line": "60%"}, []),
        ({"pass_line": 1}, []),
        ({"pass_line": "101%"}, [("scale.pass_line", "pass-line-past-full")]),
        ({"pass_line": 0}, [("scale.pass_line", "pass-line-idle")]),
        ({"full_at": 5, "zero_at": 10, "pass_line": 8}, []),
        ({"full_at": 5, "zero_at": 10, "pass_line": 4}, [("scale.pass_line", "pass-line-past-full")]),
        ({"full_at": 5, "zero_at": 10, "pass_line": 10}, [("scale.pass_line", "pass-line-idle")]),
        ({"inverse": True, "full_at": 5, "pass_line": 8}, []),
        ({"inverse": True, "full_at": 5, "pass_line": 4}, [("scale.pass_line", "pass-line-past-full")]),
        ({"inverse": True, "full_at": -5}, [("scale.full_at", "number-not-above")]),
        ({"inverse": True, "zero_at": 9}, [("scale.zero_at", "key-not-read")]),
    ],
)
def test_proportional_has_two_ends(scale: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert found(with_scale(kind="proportional", **scale)) == expected


@pytest.mark.parametrize(
    ("scale", "codes"),
    [
        ({"per": "over", "at": 1, "partial_step": "whole"}, []),
        ({"per": "under", "at": 1, "partial_step": "none", "step": 2, "at_most": "50%"}, []),
        ({"per": "over", "at": 1}, ["key-needed"]),
        ({"per": "under"}, ["key-needed", "key-needed"]),
        ({"per": "missing", "at": 3}, []),
        ({"per": "missing"}, ["key-needed"]),
        ({"per": "occurrence"}, []),
        ({"per": "period", "at": 1, "partial_step": "pro-rata"}, []),
        ({"per": "occurrence", "when": "year > 2000"}, ["key-not-read"]),
        ({"per": "miss", "when": "year > 2000"}, []),
        ({"per": "miss"}, ["key-needed"]),
        ({"per": "miss", "when": "year > 2000", "step": 2, "at": 1}, ["key-not-read", "key-not-read"]),
        ({"per": "occurrence", "step": 0}, ["number-not-above"]),
    ],
)
def test_deduct_has_the_keys_that_it_needs_and_no_others(scale: dict[str, Any], codes: list[str]) -> None:
    assert [code for _, code in found(with_scale(kind="deduct", points=1, **scale))] == codes


@pytest.mark.parametrize(
    ("award", "codes"),
    [
        ("0%", []),
        ("100%", []),
        ("100.01%", ["award-outside-weight"]),
        ("-1%", ["award-outside-weight"]),
        (0, []),
        (-1, ["award-outside-weight"]),
        (100, []),
        ("year / 3000", []),
        ({"points": "50 + 51"}, ["award-above-weight"]),
        ({"at_least": "60%", "below": "80%"}, []),
        ({"at_least": "60%", "at_most": "60%"}, []),
        ({"at_least": "60%", "below": "60%"}, ["range-reversed"]),
        ({"above": 60, "at_most": 60}, ["range-reversed"]),
        ({"at_least": "60%", "at_most": "120%"}, ["award-outside-weight"]),
        ({"at_least": "60%", "at_most": 10}, []),
        ({"from": "60%", "to": "80%"}, ["award-line-misplaced"]),
    ],
)
def test_awards_lie_between_nothing_and_the_weight(award: Any, codes: list[str]) -> None:
    assert [code for _, code in found(with_scale(kind="first_match", rows=[{"award": award}]))] == codes


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_line_needs_a_cut_above_and_one_below(place: int) -> None:
    data = bands(("at_least", 4), ("at_least", 3), ("at_least", 2), None)
    data["criteria"]["a"]["scale"]["bands"][place]["award"] = {"from": "10%", "to": "20%"}
    wrong = [(f"scale.bands[{place}].award", "award-line-misplaced")]
    assert found(data) == (wrong if place in (0, 3) else [])


def items(*awards: Any, **scale: Any) -> dict[str, Any]:
    rows = [
        {"id": f"i{place}", "label": "要点", "when": "year > 2000", **({} if award is None else {"award": award})}
        for place, award in enumerate(awards)
    ]
    return with_scale(kind="checklist", items=rows, **scale)


@pytest.mark.parametrize(
    ("awards", "codes"),
    [
        ([None, None, None], []),
        (["50%", "50%"], []),
        (["1 / 3", "1 / 3", "1 / 3"], []),
        (["33.3%", "33.3%", "33.3%"], ["checklist-sum"]),
        ([60, "40%"], []),
        ([60, "50%"], ["checklist-sum"]),
        ([{"points": "year / 100"}, 10], []),
        ([50, None], ["checklist-awards-some"]),
        ([{"at_least": 1, "at_most": 2}, 50], ["award-not-fixed"]),
    ],
)
def test_items_have_awards_that_make_the_weight(awards: list[Any], codes: list[str]) -> None:
    assert [code for _, code in found(items(*awards))] == codes


def test_the_awards_of_a_subtractive_checklist_are_free() -> None:
    assert found(items("20%", "20%", mode="subtractive")) == []


def criteria(**weights: Any) -> dict[str, Any]:
    return {name: {"label": name, "weight": weight, "scale": {"kind": "discretionary"}} for name, weight in weights.items()}


def test_weights_sum_to_full_score_in_each_weight_set_too() -> None:
    sets = {"s": {"label": "甲", "when": "year > 2000", "weights": {"a": 30, "b": 70}}, "t": {"label": "乙", "weights": {"b": 0}}}
    assert found(ruleset(criteria=criteria(a=40, b=60), weight_sets=sets)) == [("weight_sets.t.weights", "weights-sum")]


def test_bonus_and_penalty_stand_beside_the_full_score() -> None:
    data = ruleset(criteria=criteria(a=100, b=5, c=5))
    data["criteria"]["b"]["role"], data["criteria"]["c"]["role"] = "bonus", "penalty"
    assert found(data) == []
    data["criteria"]["c"]["weight"] = 0
    assert found(data) == [("criteria.c.weight", "number-not-above")]
    data["criteria"]["c"]["not_applicable"] = "zero"
    assert ("criteria.c.not_applicable", "key-not-read") in found(data)


def test_weights_are_added_up_exactly() -> None:
    assert found(ruleset(criteria=criteria(a=0.1, b=0.2, c=99.7))) == []


def test_groups_may_be_five_deep_and_not_in_a_circle() -> None:
    groups: dict[str, Any] = {"g1": {"label": "1"}} | {f"g{n}": {"label": "n", "parent": f"g{n - 1}"} for n in range(2, 6)}
    data = ruleset(groups=groups)
    data["criteria"]["a"]["group"] = "g5"
    assert found(data) == []
    groups["g1"]["parent"] = "g1"
    assert found(data) == [("groups.g1.parent", "group-cycle")]


def test_weight_moves_along_a_chain_but_not_round() -> None:
    data = ruleset(criteria=criteria(a=20, b=30, c=50))
    data["criteria"]["a"]["not_applicable"] = {"move_to": "b"}
    data["criteria"]["b"]["not_applicable"] = {"move_to": "c"}
    assert found(data) == []
    data["criteria"]["c"]["not_applicable"] = {"move_to": "b"}
    assert found(data) == [(f"criteria.{name}.not_applicable.move_to", "move-to-cycle") for name in "bc"]


def test_a_category_below_one_that_is_scored_is_scored_twice() -> None:
    def over(*categories: str) -> dict[str, Any]:
        return {"label": "x", "weight": 50, "indicators": list(categories), "entries": {"dated": {"kind": "proportional"}}}

    assert found(ruleset(criteria={"b": over("output.cost", "cost"), "c": over("output.quantity")})) == []
    assert found(ruleset(criteria={"b": over("output.cost"), "c": over("output")})) == [
        ("criteria.c.indicators", "indicators-scored-twice")
    ]
    assert found(ruleset(criteria={"b": over("output"), "c": over()})) == [("criteria.c.indicators", "list-too-short")]


@pytest.mark.parametrize(
    ("years", "codes"),
    [
        ([2023], []),
        (2023, []),
        ({"from": 2020}, []),
        ({"from": 2020, "to": 2020}, []),
        ([], ["years-none"]),
        ({}, ["years-none"]),
    ],
)
def test_a_ruleset_applies_to_some_year(years: Any, codes: list[str]) -> None:
    data = ruleset()
    data["ruleset"]["applies"] = {"years": years}
    assert [code for _, code in found(data)] == codes


def test_warnings_are_given_where_scoring_stays_well_defined() -> None:
    data = ruleset(groups={"g": {"label": "组"}})
    data["criteria"]["a"]["scale"] = {"kind": "first_match", "rows": [{"award": 101}]}
    spec, _ = parse_data(data)
    assert spec is not None
    assert [(problem.code, problem.severity) for problem in check(spec)] == [
        ("award-above-weight", "warning"),
        ("group-empty", "warning"),
    ]


def test_weights_are_summed_exactly_whatever_the_precision_of_decimals() -> None:
    thirds: dict[str, dict[str, Any]] = {
        name: {"label": name, "weight": "33.33", "scale": {"kind": "discretionary"}} for name in "abc"
    }
    data = ruleset(criteria={name: {**row, "weight": Decimal(row["weight"])} for name, row in thirds.items()})
    data["ruleset"]["full_score"] = Decimal("99.99")
    with localcontext(prec=2):
        assert found(data) == []
        data["ruleset"]["full_score"] = Decimal(999_999_999_999_999)
        assert found(data) == [("criteria", "weights-sum")]


@pytest.mark.parametrize(
    ("table", "most"),
    [("measures", 200), ("inputs", 500), ("groups", 100), ("findings", 200), ("adjustments", 100), ("sources", 200)],
)
def test_tables_are_bounded(table: str, most: int) -> None:
    rows = {
        "measures": {"label": "量", "value": 1},
        "inputs": {"label": "问", "type": "yes-no"},
        "groups": {"label": "组"},
        "findings": {"when": "true", "message": "提示"},
        "adjustments": {"label": "扣", "when": "true", "then": {"veto": True}},
        "sources": {"title": "文"},
    }
    assert parse_data(ruleset(**{table: {f"x{n}": rows[table] for n in range(most)}}))[1] == []
    problems = parse_data(ruleset(**{table: {f"x{n}": rows[table] for n in range(most + 1)}}))[1]
    assert [(problem.code, problem.where.path) for problem in problems] == [("list-too-long", (table,))]


def test_the_longest_chain_of_measures_is_linked() -> None:
    chain = {f"m{n}": {"label": f"量{n}", "value": f"m{n + 1} + 1"} for n in range(199)}
    spec, _ = parse_data(ruleset(measures={**chain, "m199": {"label": "末", "value": "year"}}))
    assert spec is not None
    assert link(spec)[1] == []


def test_a_huge_integer_is_refused_at_once() -> None:
    data = ruleset()
    data["criteria"]["a"]["weight"] = 16**100_000
    data["grades"][0]["at_least"] = -(16**100_000)
    assert {problem.code for problem in parse_data(data)[1]} == {"number-too-large"}


def test_labels_and_choices_have_no_outer_blanks() -> None:
    asked = {"label": " 问 ", "type": "choice", "choices": [" 甲 ", "乙\u3000"]}
    spec, _ = parse_data(ruleset(inputs={"x": asked}, grades=[{"label": {"zh": " 优", "en": "A "}}]))
    assert spec is not None
    assert (str(spec.inputs["x"].label), spec.inputs["x"].choices) == ("问", ("甲", "乙"))
    assert (spec.grades[0].label.text("zh"), spec.grades[0].label.text("en")) == ("优", "A")


def test_none_in_data_is_a_key_that_is_not_there() -> None:
    adjustment = {"label": "扣", "when": "true", "then": {"deduct": None}}
    assert [problem.code for problem in parse_data(ruleset(adjustments={"x": adjustment}))[1]] == ["effect-not-one"]
    adjustment["then"] = {"deduct": None, "bonus": 1}
    assert parse_data(ruleset(adjustments={"x": adjustment}))[1] == []
    criterion = {"label": "甲", "weight": 100, "indicators": "output", "entries": {"dated": None}}
    spec, _ = parse_data(ruleset(criteria={"a": criterion}))
    assert spec is not None
    assert [problem.code for problem in link(spec)[1]] == ["entries-missing"]


@pytest.mark.parametrize("name", ["and", "or", "not", "in", "of", "where", "true", "false", "entries"])
def test_words_of_formulas_are_no_ids(name: str) -> None:
    assert found(ruleset(measures={name: {"label": "量", "value": 1}})) == [(f"measures.{name}", "id-reserved")]
    assert found(ruleset(inputs={name: {"label": "问", "type": "yes-no"}})) == [(f"inputs.{name}", "id-reserved")]


@pytest.mark.parametrize(("ends", "codes"), [("1.5", []), ("1", ["number-not-above"]), ("abs(2)", ["cut-not-constant"])])
def test_a_decay_ends_above_the_target(ends: str, codes: list[str]) -> None:
    assert [code for _, code in found(ruleset(completion={"at_most": "decay", "decay_zero_at": ends}))] == codes


def test_a_shared_scale_is_used_by_a_criterion_or_a_used_scale() -> None:
    part = {"id": "p", "label": "分项", "measure": "year", "scale": {"use": "inner"}}
    scales = {"outer": {"kind": "parts", "parts": [part]}, "inner": {"kind": "proportional"}}
    data = ruleset(scales=scales)
    assert found(data) == [("scales.outer", "scale-unused"), ("scales.inner", "scale-unused")]
    data["criteria"]["a"]["scale"] = {"use": "outer"}
    assert found(data) == []


def test_thousands_of_problems_of_shape_are_told_in_a_moment() -> None:
    rows = {f"x{n}": {"label": 1, "weight": "x", "scale": 3} for n in range(200)}
    rows |= {f"é{n}": {"label": []} for n in range(5000)}
    begun = perf_counter()
    assert len(parse_data(ruleset(criteria=rows, findings={f"f{n}": {} for n in range(3000)}))[1]) >= 1
    assert perf_counter() - begun < 10


def test_a_long_line_of_rows_is_located_in_a_moment() -> None:
    rows = ", ".join(f'{{ label = "甲{n}", award = true }}' for n in range(10_000))
    begun = perf_counter()
    problems = parse(f"schema = 1\ncriteria.a.scale = {{ kind = 'levels', levels = [{rows}] }}".encode(), "x.toml")[1]
    assert len(problems) > 2
    assert perf_counter() - begun < 20


def above_weight(**tables: Any) -> list[str]:
    return [path for path, code in found(ruleset(**tables)) if code == "award-above-weight"]


def graded(award: int) -> dict[str, Any]:
    return {"kind": "bands", "bands": [{"at_least": "60%", "award": award}, {"award": 0}]}


@pytest.mark.parametrize(("award", "told"), [(40, []), (41, ["scale.bands[0].award"])])
def test_an_award_is_above_the_weight_only_if_it_is_above_all_that_the_weight_can_be(award: int, told: list[str]) -> None:
    one = {"label": "甲", "weight": 10, "measure": "执行率", "scale": graded(award)}
    other = {"label": "乙", "weight": 90, "scale": {"kind": "discretionary"}}
    sets = {"big": {"label": "大", "weights": {"a": 40, "b": 60}}}
    assert above_weight(criteria={"a": one, "b": other}, weight_sets=sets) == told
    moved = {**other, "weight": 30, "not_applicable": {"move_to": "a"}}
    rest = {**other, "label": "丙", "weight": 60}
    assert above_weight(criteria={"a": one, "b": moved, "c": rest}) == told
    open_ = {**one, "weight": {"default": 10, "from_record": True, "max": 40}, "indicators": "output"}
    entries = {key: part for key, part in open_.items() if key not in ("measure", "scale")} | {
        "entries": {"quantitative": graded(award)}
    }
    path = [text.replace("scale", "entries.quantitative") for text in told]
    assert above_weight(criteria={"a": entries, "b": other}) == path


def test_an_award_of_a_shared_scale_or_of_a_part_is_held_against_the_weight_too() -> None:
    criteria = {
        name: {"label": name, "weight": weight, "measure": "执行率", "scale": {"use": "s"}}
        for name, weight in (("a", 30), ("b", 70))
    }
    assert above_weight(criteria=criteria, scales={"s": graded(70)}) == []
    assert above_weight(criteria=criteria, scales={"s": graded(71)}) == ["scales.s.bands[0].award"]
    parts = {"kind": "parts", "parts": [{"id": "x", "label": "x", "measure": "执行率", "scale": graded(101)}]}
    told = above_weight(criteria={"a": {"label": "甲", "weight": 100, "scale": parts}})
    assert told == ["scale.parts[0].scale.bands[0].award"]


def test_weights_moved_in_a_circle_are_weighed_once() -> None:
    criteria = {
        name: {"label": name, "weight": 50, "measure": "执行率", "scale": graded(101), "not_applicable": {"move_to": to}}
        for name, to in (("a", "b"), ("b", "a"))
    }
    assert set(above_weight(criteria=criteria)) == {"scale.bands[0].award", "criteria.b.scale.bands[0].award"}


def test_a_category_in_chinese_is_answered_with_its_path() -> None:
    data = ruleset(
        criteria={"a": {"label": "甲", "weight": 100, "indicators": "满意度指标", "entries": {"quantitative": graded(1)}}}
    )
    (problem,) = parse_data(data)[1]
    assert (problem.code, problem.values["suggestion"]) == ("category-unknown", "satisfaction")


def test_the_place_in_a_text_is_its_line_and_column() -> None:
    assert str(Where(line=100, column=2)) == "100:2"
    assert str(Where("x.toml", line=100, column=2)) == "x.toml:100:2"
