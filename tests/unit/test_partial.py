"""Partial evaluation: what is open, what can come out, what would decide; on rulesets made for one question each."""

from __future__ import annotations

import json
from copy import deepcopy
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import tomli
from click.testing import CliRunner

from indicator_rules import PartialEvaluation, RecordError, Rules, messages
from indicator_rules.cli.commands import commands
from indicator_rules.expression import Arithmetic, Number, Ref
from indicator_rules.interval import Span
from indicator_rules.partial.outlook import RecordOutlook, paths_matching
from indicator_rules.partial.possible import known, possible
from indicator_rules.reading import read_record

ROOT = Path(__file__).parents[2]

RULES = """
schema = 1
[ruleset]
family = "a"
edition = "1"
title = "例"
issued = 2023-01-01
applies = { years = [2023], jurisdiction = "例", subjects = ["project"], evaluation = "self" }
full_score = 100
status = "example"
[inputs.open_year]
label = "是否跨年"
type = "yes-no"
[inputs.misused]
label = "违规次数"
type = "count"
[measures.rate]
label = "执行率"
value = "实际支出 / (实际支出 + 年末结余)"
[criteria.execution]
label = "预算执行率"
weight = 20
measure = "rate"
scale = { kind = "proportional" }
[criteria.outputs]
label = "产出"
weight = 80
indicators = "output"
entry_weights = "record"
without_weights = "equal"
combine = "weighted"
entries.quantitative = { kind = "proportional" }
entries.dated = { kind = "proportional" }
[[grades]]
label = "优"
at_least = 90
[[grades]]
label = "良"
at_least = 60
[[grades]]
label = "差"
"""

RECORD: dict[str, Any] = {
    "subject": {"name": "例", "kind": "project", "year": 2023},
    "budget": {"unit": "元", "spent": 50, "carried_out": 50},
    "indicators": [
        {"id": "a", "category": "output.quantity", "name": "甲", "target": "≥10", "actual": "10", "weight": 60},
        {"id": "b", "category": "output.quality", "name": "乙", "target": "≥10", "actual": "5", "weight": 20},
    ],
    "answers": {"open_year": False, "misused": 0},
}


def rules(more: str = "", *, old: str = "", new: str = "") -> Rules:
    assert old in RULES
    text = RULES.replace(old, new) if old else RULES
    return Rules.from_text(text + more, engine="plain")


def less(*paths: str) -> dict[str, Any]:
    """The record without some values."""
    record = deepcopy(RECORD)
    for path in paths:
        section, _, name = path.partition(".")
        if section == "indicators":
            entry, _, field = name.partition(".")
            next(one for one in record["indicators"] if one["id"] == entry).pop(field)
        else:
            record[section].pop(name)
    return record


def partial(record: dict[str, Any], ruleset: Rules | None = None, *places: str) -> PartialEvaluation:
    return (ruleset or rules()).evaluate(record, partial=True, open=places or ("*",))


# ------------------------------------------------------------------------------------------------------------ what comes out


def test_a_record_with_everything_given_is_settled_and_is_as_evaluated() -> None:
    whole, found = rules().evaluate(RECORD), partial(RECORD, None, "budget.spent")
    assert found.settled
    assert found.low == found.high == whole.total == 80
    assert found.grades == ("良",)
    assert found.inputs == ()
    assert [one.points for one in whole.criteria] == [one.low for one in found.criteria]


def test_an_entry_without_actual_value_moves_its_own_points_only() -> None:
    found = partial(less("indicators.b.actual"))
    assert found["outputs"].span == Span(60, 80)
    (entry,) = found["outputs"].entries
    assert (entry.id, entry.span, entry.exact_weight, entry.open) == ("b", Span(0, 20), 20, ("indicators.b.actual",))
    assert found.inputs[0].path == "indicators.b.actual"
    assert found.inputs[0].label == "乙·实际完成值"
    assert found.inputs[0].spread == 20
    assert found.grades == ("优", "良")


def test_spreads_are_those_of_the_entries_and_the_largest_comes_first() -> None:
    found = partial(less("indicators.a.actual", "indicators.b.actual", "budget.spent"))
    assert [(one.path, one.exact_spread) for one in found.inputs] == [
        ("indicators.a.actual", 60),
        ("budget.spent", 20),
        ("indicators.b.actual", 20),
    ]
    assert found.low == 0
    assert found.high == 100
    assert found.shared == ()


def test_a_ratio_that_reads_one_open_place_twice_stays_between_its_ends() -> None:
    assert partial(less("budget.spent"))["execution"].span == Span(0, 20, high_open=True)
    assert partial(less("budget.spent", "budget.carried_out"))["execution"].span == Span(0, 20)
    ruleset = rules(old="实际支出 / (实际支出 + 年末结余)", new="(年初预算数 - 实际支出) / 年初预算数")
    assert partial(less(), ruleset, "budget.initial")["execution"].span == Span(0, 20, high_open=True)


def test_only_what_is_open_can_be_filled() -> None:
    record = less("budget.spent", "indicators.b.actual")
    with pytest.raises(RecordError) as refused:
        partial(record, None, "indicators.*.actual")
    assert [problem.values["missing"] for problem in refused.value.problems] == ["budget.spent"]
    assert partial(record, None, "indicators.*.actual", "budget.*").low == 60
    with pytest.raises(RecordError):
        partial(record, None, "budget.*")


def test_what_no_filling_in_mends_is_raised() -> None:
    record = less("budget.spent")
    record["answers"]["misused"] = "三"
    with pytest.raises(RecordError) as refused:
        partial(record)
    assert [problem.code for problem in refused.value.problems] == ["answer-type"]


def test_a_criterion_without_entries_is_open_as_a_whole() -> None:
    record = less()
    record["indicators"] = []
    found = partial(record)
    assert found["outputs"].span == Span(0, 80)
    assert found["outputs"].open == ("indicators",)
    with pytest.raises(RecordError):
        partial(record, None, "budget.*")


def test_an_open_target_can_bring_any_direction() -> None:
    ruleset = rules('[completion]\ndirections = { output = "<=" }\n')
    record = less("indicators.a.target", "indicators.b.target")
    found = partial(record, ruleset)
    record["indicators"][0]["target"], record["indicators"][1]["target"] = "≥5", "≤1"
    got = ruleset.evaluate(record)["outputs"].exact_points
    assert got in found["outputs"].span


def test_an_end_that_is_only_approached_is_open_until_it_is_rounded() -> None:
    found = partial(less("budget.spent"))
    assert found.span == Span(60 + 10, 90, high_open=True)
    assert found.grades == ("良",)
    rounded = rules(old='status = "example"', new='status = "example"\nrounding = { total = "0.1 half-up" }')
    found = partial(less("budget.spent"), rounded)
    assert found.span == Span(70, 90)
    assert found.grades == ("优", "良")


# ------------------------------------------------------------------------------------------------ scenarios and adjustments


def test_applicability_that_is_open_gives_both_ways() -> None:
    ruleset = rules(old="[criteria.execution]\n", new='[criteria.execution]\napplies_when = "not open_year"\n')
    found = partial(less("answers.open_year"), ruleset)
    assert found.span == Span(80, Fraction(175, 2))
    assert found.inputs[0].path == "answers.open_year"
    assert found["execution"].rows == ("not_applicable", "part")
    with pytest.raises(RecordError) as refused:
        partial(less("answers.open_year"), ruleset, "budget.*")
    assert [problem.code for problem in refused.value.problems] == ["applicability-undecided"]


def test_nothing_may_be_applicable() -> None:
    text = RULES.replace("weight = 80", 'weight = 80\napplies_when = "not open_year"')
    text = text.replace("weight = 20", 'weight = 20\napplies_when = "not open_year"')
    found = partial(less("answers.open_year"), Rules.from_text(text, engine="plain"))
    assert found.can_be_none
    assert not found.settled
    assert found.span == Span(80, 80)


def test_a_weight_set_that_is_open_gives_both_weights() -> None:
    ruleset = rules('[weight_sets.other]\nlabel = "跨年"\nwhen = "open_year"\nweights = { execution = 60, outputs = 40 }\n')
    found = partial(less("answers.open_year"), ruleset)
    assert found.span == Span(65, 80)


CAP = '[adjustments.cap]\nlabel = "违规"\nwhen = "misused > 0"\nthen = { grade_at_most = "差" }\n'
DEDUCT = '[adjustments.off]\nlabel = "扣分"\nwhen = "misused > 0"\nthen = { deduct = "misused * 5" }\n'


def test_an_adjustment_that_is_possible_and_not_certain_leaves_both_grades() -> None:
    found = partial(less("answers.misused"), rules(CAP))
    assert found.span == Span(80, 80)
    assert found.grades == ("良", "差")
    assert not found.settled
    assert found.inputs[0].criteria == ("cap",)


def test_a_deduction_that_may_apply_lowers_the_low_end_only() -> None:
    found = partial(less("answers.misused"), rules(DEDUCT))
    assert found.span is not None
    assert (found.span.low, found.span.high) == (0, 80)


def test_points_of_bonus_and_penalty_are_added_with_their_signs() -> None:
    more = '[criteria.{0}]\nlabel = "{0}"\nrole = "{0}"\nweight = 5\nmeasure = "misused"\nscale = {1}\n'
    bonus = more.format("bonus", '{ kind = "proportional", full_at = 3 }')
    penalty = more.format("penalty", '{ kind = "deduct", per = "occurrence", points = 1, at_most = 5 }')
    found = partial(less("answers.misused"), rules(bonus + penalty))
    assert found["bonus"].span == Span(0, 5)
    assert str(found["penalty"].span) == "[-5, 0]"
    assert found.span == Span(75, 85)
    assert found.shared == ("answers.misused",)


def test_too_many_ways_are_refused_in_words_at_their_place(tmp_path: Path) -> None:
    names = [f"q{number}" for number in range(9)]
    asked = "".join(f'[inputs.{name}]\nlabel = "{name}"\ntype = "yes-no"\n' for name in names)
    rows = "".join(
        f'[criteria.c{name}]\nlabel = "c{name}"\nrole = "bonus"\nweight = 1\napplies_when = "{name}"\nmeasure = "misused"\n'
        'scale = { kind = "proportional", full_at = 3 }\n'
        for name in names
    )
    ruleset, file = rules(asked + rows), tmp_path / "record.json"
    file.write_text(json.dumps(RECORD), encoding="utf-8")
    with pytest.raises(RecordError) as refused:
        ruleset.evaluate(file, partial=True)
    (problem,) = refused.value.problems
    assert (problem.code, problem.where.line) == ("partial-too-many", 1)
    assert "answers.q0" in str(problem.hint("zh"))
    assert "256" in problem.message("en")


# ---------------------------------------------------------------------------------------------------------- formulas, output


@pytest.mark.parametrize(
    ("formula", "spans"),
    [
        ("first_of(年初预算数, 3元) / 1元", (Span(0), Span(3, 3, whole=True))),
        ("min(年初预算数, 3元) / 1元", (Span(0, 3),)),
        ("(年初预算数 - 年初预算数) / 1元", (Span(),)),
        ("(年初预算数 + 实际到位) / 年初预算数", (Span(1),)),
        ("(实际到位 + 5元 - 年末结余) / (实际到位 + 5元)", (Span(-9, 1, high_open=True),)),
        ("count(entries where actual > 5)", (Span(1, 1, whole=True),)),
    ],
)
def test_what_a_formula_can_give(formula: str, spans: tuple[Span, ...]) -> None:
    ruleset = rules(old="实际支出 / (实际支出 + 年末结余)", new=formula)
    outlook = RecordOutlook(ruleset.plan, read_record(RECORD), paths_matching(["*"]))
    found = possible(next(one.formula for one in ruleset.plan.measures if one.id == "rate"), outlook)
    assert [str(span) for span in found.spans] == [str(span) for span in spans]


def test_as_dict_is_plain_and_exact() -> None:
    found = json.loads(json.dumps(partial(less("budget.spent", "indicators.b.actual")).as_dict()))
    assert found["total"] == {"low": "60", "high": "100", "low_open": False, "high_open": True}
    assert found["grades"] == ["优", "良"]
    assert found["criteria"][1]["entries"][0]["high"] == "20"
    assert found["inputs"][0] == {"path": "budget.spent", "label": "实际支出", "criteria": ["execution"], "spread": "20"}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_command_says_what_to_fill_in(lang: messages.Language, tmp_path: Path) -> None:
    ruleset, record = tmp_path / "rules.toml", tmp_path / "record.json"
    ruleset.write_text(RULES, encoding="utf-8")
    record.write_text(json.dumps(less("budget.spent", "indicators.b.actual")), encoding="utf-8")
    words = ["--lang", lang, "partial", str(record), "--ruleset", str(ruleset)]
    done = CliRunner().invoke(commands, words)
    assert done.exit_code == 0
    assert ("60～100（不含）（满分 100）" if lang == "zh" else "60–100 (not reached) of 100") in " ".join(done.output.split())
    assert done.output.index("budget.spent") < done.output.index("indicators.b.actual")
    assert "乙·实际完成值" in done.output
    settled = CliRunner().invoke(commands, [*words, "--open", "indicators.*"])
    assert settled.exit_code == 1
    assert "value-absent" in settled.stderr
    assert f"{record}:1" in settled.stderr
    record.write_text(json.dumps(RECORD), encoding="utf-8")
    done = CliRunner().invoke(commands, [*words, "--open", "budget.spent", "--format", "json", "-o", str(tmp_path / "out.json")])
    assert done.exit_code == 0
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["total"]["low"] == "80"
    assert ("已定" if lang == "zh" else "settled") in CliRunner().invoke(commands, [*words, "--open", "budget.spent"]).output


def test_a_built_in_ruleset_with_an_empty_record_says_everything_is_open() -> None:
    record = tomli.loads((ROOT / "docs" / "examples" / "zhanjiang-2023.toml").read_text(encoding="utf-8"))
    ruleset = Rules.from_path(ROOT / "rulesets" / "mof-framework" / "2020.toml", engine="plain")
    found = partial({"subject": record["subject"]}, ruleset)
    assert found.span is not None
    assert (found.span.low, found.span.high) == (0, 100)
    assert len(found.grades) == len(ruleset.plan.grade_labels)


def test_quotients_inside_quotients_take_no_longer_than_others() -> None:
    class Counted:
        taken = 0

        def given(self, node: Any) -> Any:
            self.taken += 1
            return known(1) if isinstance(node, Number | Ref) else None

    node: Any = Ref("inputs.a", "number")
    for _ in range(12):
        node = Arithmetic("/", node, Ref("inputs.b", "number"))
    outlook: Any = Counted()
    possible(node, outlook)
    assert outlook.taken < 100
