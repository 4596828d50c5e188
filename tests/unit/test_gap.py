"""Gap analysis: what is missing to a grade, which changes reach it, what is out of reach. Every proposal is typed into the record's own TOML and scored anew."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import tomli

import indicator_rules as ir
from differential.gaps import applied
from indicator_rules import RecordError
from indicator_rules.catalog import Catalog, load
from indicator_rules.cli.commands import commands
from indicator_rules.gap import text as gap_text
from indicator_rules.gap.result import Gap
from indicator_rules.rules import Rules

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs/examples/zhanjiang-2023.toml"

RULES = """
schema = 1
[ruleset]
family = "example-gap"
edition = "2023"
title = "示例"
issued = 2023-01-01
applies = { years = [2023], subjects = ["project"] }
full_score = 100
status = "example"
rounding = { points = "0.01 half-up", total = "0.1 half-up" }
%s
[inputs.approved]
label = "立项规范"
type = "yes-no"
[inputs.goals]
label = "目标明确"
type = "yes-no"
[inputs.misused]
label = "挪用次数"
type = "count"
[criteria.execution]
label = "预算执行率"
weight = 50
measure = "budget.spent / budget.initial"
absent = "error"
scale = { kind = "proportional" }
[criteria.approval]
label = "立项"
weight = 30
scale = { kind = "checklist", items = [{ id = "a", label = "规范", when = "approved" }, { id = "b", label = "明确", when = "goals" }] }
absent = "error"
[criteria.outputs]
label = "产出"
weight = 20
indicators = "output"
entry_weights = "equal"
combine = "weighted"
absent = "zero"
entries.quantitative = { kind = "proportional" }
%s
[[grades]]
label = "优"
at_least = 90
[[grades]]
label = "良"
at_least = 80
[[grades]]
label = "差"
"""
RECORD: dict[str, Any] = {
    "subject": {"name": "示例项目", "kind": "project", "year": 2023},
    "budget": {"unit": "万元", "initial": 150, "spent": Decimal("120.5")},
    "answers": {"approved": True, "goals": True, "misused": 0},
    "indicators": [{"id": "n", "category": "output.quantity", "name": "数量", "target": "≥10次", "actual": "9次"}],
}


def rules(adjustments: str = "", setting: str = "") -> Rules:
    return Rules.from_text(RULES % (setting, adjustments))


def record(**sections: Any) -> dict[str, Any]:
    data: dict[str, Any] = {**RECORD}
    for name, values in sections.items():
        if isinstance(values, dict):
            data[name] = {key: value for key, value in {**data.get(name, {}), **values}.items() if value is not None}
        else:
            data[name] = values
    return data


def checked(scored_by: Rules, data: dict[str, Any], grade: str, **how: Any) -> Gap:
    """The gap, each proposal of which was typed and scored."""
    found = scored_by.gap(data, grade, **how)
    for proposal in found.proposals:
        after = scored_by.evaluate(applied(data, proposal.changes))
        assert after.grade == proposal.grade
        assert after.exact_total == proposal.exact_total or scored_by.plan.grade_on == "unrounded"
    return found


def test_the_example_has_the_grade_already() -> None:
    found = Catalog.builtin().for_record(ir.read_record(EXAMPLE)).gap(EXAMPLE, "优", hypothetical=True)
    assert (found.verdict, str(found.total), str(found.short), len(found.proposals)) == ("reached", "99.3", "0", 0)


def test_only_empty_fields_may_change() -> None:
    found = checked(rules(), record(budget={"spent": 105}), "优")  # 35 + 30 + 18 = 83
    assert (found.verdict, found.grade, str(found.short)) == ("impossible", "良", "7")
    assert {one.id: one.why for one in found.criteria} == {"execution": "closed", "approval": "full", "outputs": "closed"}


def test_one_change_goes_no_further_than_needed() -> None:
    found = checked(rules(), record(budget={"spent": 105}), "优", hypothetical=True)
    (single,) = found.singles  # 42 of 50 points: 126, less what the total's rounding gives (89.95 is 90)
    (change,) = single.changes
    assert (change.path, change.old, change.new.zh, change.trend) == ("budget.spent", ("105 万元", "105 万元"), "125.84 万元", 1)
    assert single.moved[0].reading == "83.89%"
    assert rules().evaluate(record(budget={"spent": Decimal("125.84")})).grade == "优"
    assert rules().evaluate(record(budget={"spent": Decimal("125.83")})).grade == "良"
    text = gap_text.text(found, "zh")
    assert "预算执行率：实际支出由 105 万元 增至 125.84 万元（83.89%），得分 +6.95；总分 90" in text.replace("\n    ", "")


def test_several_changes_where_none_does_alone() -> None:
    data = record(budget={"spent": 75}, answers={"approved": False})  # 25 + 15 + 18 = 58
    found = checked(rules(), data, "优", hypothetical=True)
    assert not found.singles
    assert found.several is not None
    assert {change.path for change in found.several.changes} == {"budget.spent", "answers.approved"}
    spent = next(change for change in found.several.changes if change.path == "budget.spent")
    assert (spent.new.zh, str(found.several.total)) == (
        "125.84 万元",
        "90",
    )  # the answer as a whole, the money only as far as needed


def test_what_has_to_be_filled_in_first() -> None:
    data = record(budget={"spent": None}, answers={"goals": None})
    found = checked(rules(), data, "优")
    assert {path for path, _ in found.missing} == {"budget.spent", "answers.goals"}
    needs = {one.path: (one.new.zh, one.bound) for one in found.fillings}
    assert needs == {"budget.spent": ("125.84 万元", "at-least"), "answers.goals": ("是", "this")}
    assert found.verdict == "reachable"


def test_one_empty_field_asks_for_its_least() -> None:
    found = checked(rules(), record(budget={"spent": None}), "优")
    (single,) = found.singles
    assert single.changes[0].new.zh == "125.84 万元"


def test_what_no_value_can_be_proposed_for() -> None:
    found = rules().gap(record(budget={"initial": None}), "优", hypothetical=True)
    assert found.verdict == "incomplete"
    assert "budget.initial" in dict(found.missing)
    assert found.proposals == ()


VETO = '[adjustments.misuse]\nlabel = "挪用"\nwhen = "misused > 0"\nabsent = "skip"\nthen = { grade_at_most = "差" }\n'


def test_an_adjustment_in_the_way_is_told_first() -> None:
    data = record(budget={"spent": 150}, answers={"misused": 2})
    found = checked(rules(VETO), data, "优", hypothetical=True)
    (blocker,) = found.blockers
    assert blocker.cleared is not None
    assert (blocker.id, blocker.cleared.path, blocker.cleared.value) == ("misuse", "answers.misused", 0)
    assert [change.path for change in found.singles[0].changes] == ["answers.misused"]
    stays = checked(rules(VETO), data, "优")
    assert stays.blockers[0].cleared is None
    assert stays.verdict == "impossible"
    assert "得分再高也到不了" in gap_text.text(stays, "zh")


def test_an_adjustment_that_moves_the_grade_down_asks_for_more() -> None:
    data = record(budget={"spent": 120}, answers={"misused": 1})
    found = checked(rules(VETO.replace('grade_at_most = "差"', "grade_down = 1")), data, "良", hypothetical=True)
    assert found.needed == 90
    assert {proposal.changes[0].path for proposal in found.singles} == {"answers.misused", "budget.spent", "indicators.n.actual"}


def test_a_total_that_does_not_decide() -> None:
    by = rules(setting='grade_by = "budget.spent / budget.initial * 100"')
    found = checked(by, record(budget={"spent": 120}), "优", hypothetical=True)
    assert (found.needed, found.short, found.grade) == (None, None, "良")
    assert [(change.path, change.new.zh) for change in found.singles[0].changes] == [("budget.spent", "135 万元")]
    assert "等级不由总分决定" in gap_text.text(found, "zh")


def test_a_grade_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="特优"):
        rules().gap(record(), "特优")


def test_what_is_wrong_rather_than_missing() -> None:
    with pytest.raises(RecordError):
        rules().gap(record(answers={"approved": "也许"}), "优")


def test_targets_and_weights_are_not_changed() -> None:
    found = checked(rules(), record(budget={"spent": 75}, answers={"approved": False, "goals": False}), "优", hypothetical=True)
    paths = {change.path for one in found.criteria for change in one.changes}
    assert paths == {"budget.spent", "answers.approved", "answers.goals", "indicators.n.actual"}


def test_json_is_plain_and_the_same_twice() -> None:
    first, second = (rules().gap(record(), "优", hypothetical=True).to_json("zh") for _ in range(2))
    assert first == second
    assert json.loads(first)["verdict"] in ("reachable", "reached")


def cases() -> list[Any]:
    names = ("grade-", "published-", "same-record", "levels-", "deducted")
    files = [file for file in sorted(ROOT.glob("rulesets/*/cases/*/*.toml")) if file.stem.startswith(names)]
    return [pytest.param(file, id=f"{file.parts[-4]}-{file.stem}") for file in files]


@pytest.mark.parametrize("file", cases())
def test_shipped_cases(file: Path) -> None:
    data = tomli.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)["record"]
    scored_by = load(f"{file.parts[-4]}@{file.parts[-2]}")
    checked(scored_by, data, str(scored_by.plan.grade_labels[0]), hypothetical=True)


def published() -> list[Any]:
    return [
        pytest.param(file, id=file.stem) for file in sorted((ROOT / "tests/published").glob("*.toml")) if file.stem != "expected"
    ]


@pytest.mark.parametrize("file", published())
def test_published_records(file: Path) -> None:
    scored_by = load("mof-project-self-evaluation@2021")
    data = tomli.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
    for hypothetical in (False, True):
        try:
            found = checked(scored_by, data, "优", hypothetical=hypothetical)
        except RecordError:
            with pytest.raises(RecordError):
                scored_by.evaluate(data)
            continue
        assert gap_text.text(found, "zh")
        assert gap_text.text(found, "en")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        commands.main(["gap", str(EXAMPLE), "--to", "优", "--lang", "zh"])
    assert done.value.code == 0
    assert "已达到“优”" in capsys.readouterr().out
    output = tmp_path / "gap.json"
    with pytest.raises(SystemExit) as done:
        commands.main(["gap", str(EXAMPLE), "--to", "优", "--hypothetical", "--format", "json", "-o", str(output)])
    assert done.value.code == 0
    assert json.loads(output.read_text(encoding="utf-8"))["verdict"] == "reached"
    with pytest.raises(SystemExit) as done:
        commands.main(["gap", str(EXAMPLE), "--to", "特优", "--lang", "zh"])
    assert done.value.code == 2
    assert "没有等级“特优”" in capsys.readouterr().err


def test_a_search_that_is_stopped_says_so() -> None:
    rules = ir.load("mof-project-self-evaluation@2021")
    found = rules.gap(ROOT / "docs/examples/mof-2023.toml", "优", hypothetical=True, seconds=0)
    assert found.verdict == "out-of-time"
    assert "--seconds" in gap_text.text(found, "zh")
