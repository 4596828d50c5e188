"""Every built-in ruleset keeps the laws of scoring, so do random ones, and each law can fail."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
import tomli
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import indicator_rules as ir
from indicator_rules import messages
from indicator_rules.evaluation import Evaluation, Source
from indicator_rules.plan import Treatment
from indicator_rules.rules import Rules
from indicator_rules.testing import LAWS, LawBroken, assert_laws, boundary_records, pairs, records, rulesets
from indicator_rules.testing.generate import random_ruleset
from indicator_rules.testing.strategies import _linked
from indicator_rules.toml_text import to_toml

ROOT = Path(__file__).parent.parent
BUILT_IN = sorted((ROOT / "rulesets").glob("*/*.toml"))

EXAMPLE = """
schema = 1
[ruleset]
family = "law"
edition = "1"
title = "law"
applies = { years = [2023] }
status = "example"
total_at_most = 100
[measures.rate]
label = "率"
value = "budget.spent / budget.adjusted"
[inputs.sound]
label = "制度健全"
type = "yes-no"
[inputs.faults]
label = "违规次数"
type = "count"
[criteria.rate]
label = "率"
weight = 40
measure = "rate"
scale = { kind = "proportional" }
[criteria.sound]
label = "制度"
weight = 20
scale = { kind = "checklist", items = [{ id = "sound", label = "健全", when = "sound" }] }
absent = "zero"
[criteria.outputs]
label = "产出"
weight = 40
indicators = "output"
entries.quantitative = { kind = "bands", bands = [{ at_least = "90%", award = "100%" }, { at_least = "60%", award = "50%" }, { award = 0 }] }
[adjustments.faults]
label = "违规"
when = "faults > 0"
then = { grade_at_most = "差" }
[[grades]]
label = "优"
at_least = 90
[[grades]]
label = "差"
"""


@pytest.mark.parametrize("path", BUILT_IN, ids=lambda path: f"{path.parent.name}@{path.stem}")
def test_a_built_in_ruleset_keeps_the_laws(path: Path) -> None:
    tested = assert_laws(Rules.from_path(path), max_examples=15)
    assert {outcome.law for outcome in tested} == set(LAWS)
    assert all(
        outcome.examples for outcome in tested if outcome.law in ("bounds", "one-row", "order", "many", "json", "provenance")
    )


@pytest.mark.parametrize("seed", [0, 12, 19])
def test_a_random_ruleset_keeps_the_laws_that_do_not_depend_on_what_it_says(seed: int) -> None:
    """A random rubric may well give less for more, or jump; whoever writes such a one waives the law."""
    rules = Rules.from_data(random_ruleset(Random(seed)))
    assert_laws(
        rules,
        ["bounds", "one-row", "locality", "order", "scale", "grade", "many", "partial", "json", "provenance"],
        max_examples=15,
    )


def test_the_example_keeps_the_laws() -> None:
    tested = {outcome.law: outcome.examples for outcome in assert_laws(Rules.from_text(EXAMPLE))}
    assert list(tested) == list(LAWS)
    assert all(tested.values()), tested


# ----------------------------------------------------------------------------------------------------------- each law can fail


class Wrong(Rules):
    """Rules whose evaluations are changed on their way out."""

    change: Callable[[Evaluation], Evaluation]

    def evaluate(self, record: Any, **how: Any) -> Any:
        found = super().evaluate(record, **how)
        return type(self).change(found) if isinstance(found, Evaluation) else found


def wrong(change: Callable[[Evaluation], Evaluation]) -> Rules:
    class Changed(Wrong):
        pass

    Changed.change = staticmethod(change)
    return Changed.from_text(EXAMPLE)


def points(name: str, of: Callable[[Evaluation], Any]) -> Callable[[Evaluation], Evaluation]:
    def change(found: Evaluation) -> Evaluation:
        return replace(
            found, criteria=tuple(one._replace(exact_points=of(found)) if one.id == name else one for one in found.criteria)
        )

    return change


def falling(found: Evaluation) -> Evaluation:
    """The more is spent, the fewer points."""
    return points("rate", lambda found: 40 - found["rate"].exact_points)(found) if found["rate"].row == "part" else found


def jumping(found: Evaluation) -> Evaluation:
    """A point less as soon as anything is missing."""
    return points("rate", lambda found: max(0, found["rate"].exact_points - 1))(found) if found["rate"].row == "part" else found


def other_row(found: Evaluation) -> Evaluation:
    return replace(found, criteria=tuple(one._replace(row="zero") if one.id == "rate" else one for one in found.criteria))


def elsewhere(source: Source) -> Any:
    """The same source, but of another ruleset."""
    other = {"family": "law", "edition": "1", "ruleset": "sha256:0"}
    return SimpleNamespace(groups=source.groups, findings=source.findings, detail=source.detail, provenance=lambda: other)


CHANGES: dict[str, Callable[[Evaluation], Evaluation]] = {
    "bounds": points("rate", lambda found: found["rate"].exact_weight + 1),
    "monotone": falling,
    "one-row": other_row,
    "locality": points("sound", lambda found: min(20, len(str(found.record.budget)) % 20)),
    "order": points("rate", lambda found: [one.id for one in found.criteria].index("rate")),
    "scale": points("rate", lambda found: 3),
    "continuity": jumping,
    "absence": points("sound", lambda found: 20),
    "grade": lambda found: replace(found, grade_position=0),
    "partial": lambda found: replace(found, exact_total=1000),
    "provenance": lambda found: replace(found, source=elsewhere(found.source)),
}


@pytest.mark.parametrize("law", CHANGES)
def test_a_law_fails_for_an_evaluator_that_breaks_it(law: str) -> None:
    rules = wrong(CHANGES[law])
    with pytest.raises(LawBroken) as broken:
        assert_laws(rules, [law])
    (one,) = broken.value.broken
    assert one.law is LAWS[law]
    assert one.law.text("zh") in messages.text(f"laws.{law}", {}, "zh")
    assert "\n[record.subject]\n" in str(broken.value)


def test_what_scores_otherwise_together_breaks_many() -> None:
    class Batched(Rules):
        def evaluate_all(self, given_records: Any) -> Any:
            return list(super().evaluate_all(given_records))[::-1]

    with pytest.raises(LawBroken, match="many"):
        assert_laws(Batched.from_text(EXAMPLE), ["many"])


def test_an_evaluation_that_remembers_breaks_json() -> None:
    class Remembering(Rules):
        calls = 0

        def evaluate(self, record: Any, **how: Any) -> Any:
            type(self).calls += 1
            return points("rate", lambda found: self.calls % 40)(super().evaluate(record))

    with pytest.raises(LawBroken, match="json"):
        assert_laws(Remembering.from_text(EXAMPLE), ["json"])


def test_every_law_is_shown_to_fail() -> None:
    assert set(CHANGES) | {"many", "json"} == set(LAWS)


def test_the_page_lists_the_laws_as_the_catalogue_words_them() -> None:
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `") and line.split("`")[1] in LAWS]
    assert rows == [f"| `{law.name}` | {law.text('en')} | {law.text('zh')} |" for law in LAWS.values()]
    assert f"print(len(tested))  # {len(LAWS)}" in page


# --------------------------------------------------------------------------------------- rulesets that break a law themselves

UNEVEN = EXAMPLE.replace(
    'award = "100%" }, { at_least = "60%", award = "50%" }', 'award = "100%" }, { at_least = "60%", award = "0%" }'
).replace("{ award = 0 }", '{ award = "40%" }')


def test_a_rubric_that_gives_less_for_more_breaks_monotone() -> None:
    with pytest.raises(LawBroken) as broken:
        assert_laws(Rules.from_text(UNEVEN))
    (one,) = broken.value.broken
    assert one.law.name == "monotone"
    assert "[outputs] i1: " in one.seen


def test_the_record_of_a_broken_law_is_toml_that_breaks_it_again() -> None:
    rules = Rules.from_text(UNEVEN)
    with pytest.raises(LawBroken) as broken:
        assert_laws(rules, ["monotone"])
    for record in str(broken.value).split("# ")[1:]:
        text = record.partition("\n")[2]
        text = text[: text.index("\n\n" + messages.text("testing.seen"))] if messages.text("testing.seen") in text else text
        rules.evaluate(tomli.loads(text, parse_float=Decimal)["record"])


PENALTY = EXAMPLE.replace(
    "[[grades]]",
    """[criteria.late]
label = "逾期"
role = "penalty"
weight = 5
measure = "faults"
scale = SCALE
[[grades]]""",
    1,
)


@pytest.mark.parametrize(
    ("scale", "holds"),
    [
        ('{ kind = "deduct", per = "occurrence", points = 2 }', True),
        ('{ kind = "deduct", per = "under", at = 3, step = 1, partial_step = "whole", points = 2 }', True),
        ('{ kind = "proportional", full_at = 3 }', True),
        # A share of the weight beside points: 4 against 20% of 5.
        ('{ kind = "bands", bands = [{ at_least = 3, award = 4 }, { at_least = 1, award = "60%" }, { award = "20%" }] }', True),
        ('{ kind = "bands", bands = [{ at_least = 3, award = 4 }, { at_least = 1, award = 0 }, { award = "20%" }] }', False),
    ],
)
def test_a_penalty_runs_in_the_direction_of_its_scale(scale: str, holds: bool) -> None:
    rules = Rules.from_text(PENALTY.replace("SCALE", scale))
    if holds:
        assert_laws(rules, ["monotone", "continuity"])
        return
    with pytest.raises(LawBroken, match=r"\[late\]"):
        assert_laws(rules, ["monotone"])


def test_entries_of_a_penalty_run_in_the_direction_of_their_scale() -> None:
    assert_laws(Rules.from_data(random_ruleset(Random(1009))), ["monotone"])


def test_a_law_is_waived_by_name_with_a_reason() -> None:
    rules = Rules.from_text(UNEVEN + '\n[waivers]\nmonotone = "低档是鼓励分"\n')
    waived = [outcome for outcome in assert_laws(rules) if outcome.waived is not None]
    assert [(outcome.law, outcome.waived) for outcome in waived] == [("monotone", "低档是鼓励分")]
    with pytest.raises(LawBroken):
        assert_laws(rules, ["monotone"])


def test_a_waiver_needs_a_law_and_a_reason() -> None:
    for text, code in (('linear = "x"', "waiver-unknown"), ('monotone = " "', "text-empty")):
        problems = ir.check(f"{EXAMPLE}\n[waivers]\n{text}\n".encode())
        assert [problem.code for problem in problems] == [code]


def test_a_ruleset_that_no_record_can_be_scored_by_keeps_no_law() -> None:
    never = EXAMPLE.replace('"faults > 0"', '"budget.spent / (budget.adjusted - budget.adjusted) > 1"')
    with pytest.raises(LawBroken) as broken:
        assert_laws(Rules.from_text(never), max_examples=5)
    assert str(broken.value) == messages.text("testing.never")


def test_a_comparison_tells_a_waiver_and_that_nothing_scores_otherwise() -> None:
    waived = Rules.from_text(EXAMPLE + '\n[waivers]\nmonotone = "低档是鼓励分"\n')
    found = ir.compare(Rules.from_text(EXAMPLE), waived)
    assert [(change.path, change.kind) for change in found.changes] == [(("waivers", "monotone"), "wording")]
    assert found.same_meaning


def test_waivers_are_printed_with_the_rubric() -> None:
    from indicator_rules.rubric import text

    rules = Rules.from_text(UNEVEN + '\n[waivers]\nmonotone = "低档是鼓励分"\n')
    assert "低档是鼓励分" in text(rules.spec, "zh")
    assert LAWS["monotone"].text("en").split(":", 1)[0] in " ".join(text(rules.spec, "en").split())


def test_another_treatment_of_what_is_absent_breaks_absence() -> None:
    rules = Rules.from_text(EXAMPLE)
    other = replace(rules.plan.criteria[1], scale=replace(rules.plan.criteria[1].scale, absent=Treatment("full")))
    plan = replace(rules.plan, criteria=(rules.plan.criteria[0], other, rules.plan.criteria[2]))

    class Lenient(Rules):
        def evaluate(self, record: Any, **how: Any) -> Any:
            return Rules(rules.spec, rules.ruleset, plan, ()).evaluate(record)

    with pytest.raises(LawBroken, match="absence"):
        assert_laws(Lenient.from_text(EXAMPLE), ["absence"])


# --------------------------------------------------------------------------------------------------------------- strategies

RULES = Rules.from_path(ROOT / "rulesets" / "zhanjiang-etdz-project" / "2023.toml")
quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@quick
@given(records(RULES) | boundary_records(RULES))
def test_a_record_drawn_is_one_and_reads_back_from_its_toml(record: Any) -> None:
    ir.EvaluationRecord.model_validate(record)
    assert tomli.loads(to_toml(record), parse_float=Decimal) == record
    assert tomli.loads(repr(record).strip('"'), parse_float=Decimal) == {"record": record}


@quick
@given(pairs(RULES, "budget_execution"))
def test_a_pair_differs_in_one_field(two: Any) -> None:
    one, other = two
    differing = [
        key for key in one["budget"].keys() | other["budget"].keys() if one["budget"].get(key) != other["budget"].get(key)
    ]
    assert len(differing) <= 1
    assert {**one, "budget": 0} == {**other, "budget": 0}


def drawn(strategy: st.SearchStrategy[Any], number: int = 60) -> list[Any]:
    """Examples of a strategy, always the same."""
    found: list[Any] = []
    how = settings(max_examples=number, database=None, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

    def keep(example: Any) -> None:
        found.append(example)

    how(given(strategy)(keep))()
    return found


def shape(number: int) -> Rules:
    """The ruleset of one of the shapes."""
    from test_shapes import FILES, ruleset

    return Rules.from_data(ruleset(next(data for data in FILES.values() if data["shape"]["number"] == number)))


def test_boundary_records_stand_where_a_condition_is_unknown_and_others_where_it_is_told() -> None:
    """Two facts together: with the first as the row wants it and the second not given, nobody can tell. The neutral record tells by the first."""
    text = EXAMPLE.replace('when = "faults > 0"', 'when = "faults > 0 and sound = false"')
    assert text != EXAMPLE
    seen = {
        (answers.get("faults", 0) > 0, "sound" in answers)
        for answers in (record.get("answers", {}) for record in drawn(boundary_records(Rules.from_text(text)), 300))
    }
    assert seen == {(one, other) for one in (True, False) for other in (True, False)}


def test_edges_laid_together_make_a_record() -> None:
    """One edge takes an entry out, another one says what an assessor gives it."""
    survey = RULES.survey
    out = [one for one in survey.probes if any(len(path) == 2 and path[0] == "indicators" for path in one.without)]
    given = [one for one in survey.probes if "indicators" in one.fragment.get("assessments", {})]
    laid = [other.on(one.on(survey.base)) for one in out for other in given]
    unlinked = 0
    for record in laid:
        try:
            ir.EvaluationRecord.model_validate(record)
        except ValidationError:
            unlinked += 1
        ir.EvaluationRecord.model_validate(_linked(record))
    assert unlinked


# Read in an award alone, a pick, a level that an assessor gives, a pick inside a level's range, entries that a record may lack, dates of a series.
@pytest.mark.parametrize("number", [5, 13, 25, 26, 27, 33, 38, 55, 57])
def test_a_pair_differs_and_moves_every_criterion(number: int) -> None:
    rules = shape(number)
    for criterion in rules.plan.criteria:
        two = drawn(pairs(rules, criterion.id))
        assert all(one != other for one, other in two)
        moved = False
        for one, other in two:
            with suppress(ir.RecordError):
                moved |= rules.evaluate(one)[criterion.id].exact_points != rules.evaluate(other)[criterion.id].exact_points
        assert moved, criterion.id


@pytest.mark.parametrize("seed", [1001, 1004, 1027])
def test_laws_hold_where_entries_are_dates_or_gone(seed: int) -> None:
    """What one record holds as a number another holds as a date; an entry taken out is asked nothing."""
    assert_laws(Rules.from_data(random_ruleset(Random(seed))), ["locality", "one-row"])


def test_pairs_of_no_criterion() -> None:
    with pytest.raises(KeyError):
        pairs(RULES, "nothing")


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(rulesets())
def test_rulesets_are_valid(data: Any) -> None:
    assert Rules.from_data(data).plan.family == "random-rules"


@pytest.mark.parametrize(
    ("strategy", "table"),
    [
        (records(RULES), "record.subject"),
        (boundary_records(RULES), "record.subject"),
        (pairs(RULES, "budget_execution"), "record.subject"),
        (rulesets(), "ruleset"),
    ],
)
def test_what_hypothesis_prints_of_a_failing_test_can_be_pasted(strategy: st.SearchStrategy[Any], table: str) -> None:
    @settings(max_examples=1, database=None, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(strategy)
    def fails(example: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as failed:
        fails()
    said = "\n".join(failed.value.__notes__)
    assert f"\n[{table}]\n" in said, said
    for text in said.split('"""')[1::2]:
        assert table.partition(".")[0] in tomli.loads(text, parse_float=Decimal)


def test_examples_shrink_to_what_matters() -> None:
    """The smallest record of a budget spent in part is the neutral one but for one field."""
    from hypothesis import find

    from indicator_rules.probing.neutral import neutral

    def is_partly_spent(record: Any) -> bool:
        try:
            return RULES.evaluate(record)["budget_execution"].row == "part"
        except ir.RecordError:
            return False

    found = find(records(RULES), is_partly_spent, settings=settings(max_examples=500, database=None))
    base = neutral(RULES.plan)
    assert {key for key in found if found[key] != base.get(key)} == {"budget"}
    assert sum(found["budget"][key] != base["budget"][key] for key in found["budget"]) == 1


# ------------------------------------------------------------------------------- cuts, to the last decimal that can be typed

BANDS = """
schema = 1
[ruleset]
family = "law"
edition = "1"
title = "law"
applies = {{ years = {{ from = 2000 }} }}
status = "example"
[measures.rate]
label = "率"
value = "budget.spent / budget.adjusted"
[criteria.rate]
label = "率"
weight = 100
measure = "rate"
scale = {scale}
[[grades]]
label = "优"
at_least = 90
[[grades]]
label = "差"
"""
STEP = Decimal("0.000000000001")


def rate(rules: ir.Rules, spent: Decimal) -> ir.Evaluation:
    budget = {"unit": "元", "spent": spent, "adjusted": Decimal(1)}
    return rules.evaluate({"subject": {"name": "x", "kind": "project", "year": 2023}, "budget": budget})


@pytest.mark.parametrize(("sign", "on", "below"), [("at_least", 10, 5), ("above", 5, 5)])
@pytest.mark.parametrize("cut", ["90%", "0.333333", "1", "0"])
def test_a_threshold_is_as_written_and_one_step_less_is_not(sign: str, on: int, below: int, cut: str) -> None:
    """A value on a cut point belongs as written; the next smaller one that can be typed does not, the next larger one does."""
    rules = ir.Rules.from_text(
        BANDS.format(scale=f'{{ kind = "bands", bands = [{{ {sign} = "{cut}", award = 10 }}, {{ award = 5 }}] }}')
    )
    value = Decimal(cut.rstrip("%")) / (100 if cut.endswith("%") else 1)
    assert rate(rules, value)["rate"].points == on
    assert rate(rules, value + STEP)["rate"].points == 10
    if value > 0:
        assert rate(rules, value - STEP)["rate"].points == below


@pytest.mark.parametrize("total", ["89.9999999999", "90", "90.0000000001"])
def test_the_grade_is_read_from_the_total_as_written(total: str) -> None:
    """90 分 is 优; the next smaller number is not."""
    rules = ir.Rules.from_text(BANDS.format(scale='{ kind = "proportional" }'))
    result = rate(rules, Decimal(total) / 100)
    assert result.total == Decimal(total)
    assert result.grade == ("差" if total.startswith("89") else "优")
