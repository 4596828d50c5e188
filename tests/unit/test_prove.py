"""Prove: what is proved, refuted and undecided, with the records that show it; in tests, and at the command line."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import tomli
from click.testing import CliRunner, Result

import indicator_rules as ir
from indicator_rules.cli.commands import commands
from indicator_rules.comparing import equivalent, grade_pairs
from indicator_rules.proving.proof import Answer
from indicator_rules.testing import NotProved, assert_proved

ROOT = Path(__file__).parents[2]
ZHANJIANG = ROOT / "rulesets" / "zhanjiang-etdz-project" / "2023.toml"
SLOPE = {"kind": "proportional", "full_at": "90%", "zero_at": "50%"}
BANDS = [{"at_least": "90%", "award": "100%"}, {"at_least": "60%", "award": "50%"}, {"award": "0%"}]

PARABOLA = {"kind": "bands", "bands": [{"at_least": "0", "award": {"points": "x * (3 - x)"}}, {"award": "0%"}]}


def rules(scale: Mapping[str, Any] | None = None, **more: Any) -> ir.Rules:
    """A ruleset of two criteria, 60 by `scale` over a number `x`, and 40 by bands over `y`."""
    return ir.Rules.from_data(data(scale, **more), engine="plain")


def data(scale: Mapping[str, Any] | None = None, *, header: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    criteria = {
        "first": {"label": "甲", "weight": 60, "measure": "x", "scale": dict(scale or SLOPE)},
        "second": {"label": "乙", "weight": 40, "measure": "y", "scale": {"kind": "bands", "bands": BANDS}},
    }
    head = {
        "family": "own",
        "edition": "1",
        "title": "办法",
        "full_score": 100,
        "status": "example",
        "applies": {"years": {"from": 2020}},
    }
    return {
        "schema": 1,
        "ruleset": {**head, **(header or {})},
        "inputs": {name: {"label": f"数{name}", "type": "number"} for name in ("x", "y", "z")},
        "criteria": {**criteria, **more.pop("criteria", {})},
        "grades": more.pop("grades", [{"label": "优", "at_least": 90}, {"label": "良", "at_least": 60}, {"label": "差"}]),
        **more,
    }


def asked(found: tuple[Answer, ...], question: str, subject: str = "") -> Answer:
    return next(one for one in found if (one.question, one.subject) == (question, subject))


# ------------------------------------------------------------------------------------------------------------- total, grades


def test_a_plain_ruleset_is_proved() -> None:
    found = rules().prove(Decimal(0))
    assert {one.verdict for one in found} == {"proved"}
    assert [one.question for one in found] == ["bounds", *["grade-reachable"] * 3, *["monotone"] * 2, *["no-jump"] * 2]
    for one in found[1:4]:
        assert rules().evaluate(one.records[0]).grade == str(one.values["grade"])


def bonus(points: str) -> dict[str, Any]:
    return {"extra": {"label": "加分", "when": "z > 3", "then": {"bonus": points}, "absent": "skip"}}


def test_a_bonus_without_a_ceiling_leaves_the_bounds() -> None:
    own = rules(adjustments=bonus("5"))
    bounds = asked(own.prove(), "bounds")
    assert bounds.verdict == "refuted"
    assert own.evaluate(bounds.records[0]).total == 105
    assert "105" in bounds.text("en")
    capped = rules(header={"total_at_most": 100}, adjustments=bonus("5"))
    assert asked(capped.prove(), "bounds").verdict == "proved"


def test_a_bonus_that_can_be_negative_counts_as_one() -> None:
    # Without it, no total would be below 40: 甲 gives 24 or more and 乙 16 or more.
    floor = {"kind": "bands", "bands": [{"at_least": 1, "award": "100%"}, {"award": "40%"}]}
    own = data(
        floor,
        grades=[{"label": "优", "at_least": 90}, {"label": "良", "at_least": 40}, {"label": "差"}],
        adjustments=bonus("z - 10"),
    )
    own["criteria"]["second"]["scale"] = floor
    last = asked(ir.Rules.from_data(own, engine="plain").prove(), "grade-reachable", "grades.2")
    assert last.verdict != "refuted"
    del own["adjustments"]
    assert asked(ir.Rules.from_data(own, engine="plain").prove(), "grade-reachable", "grades.2").verdict == "refuted"


def test_a_grade_above_every_total_is_refuted_and_says_for_which_records() -> None:
    grades = [{"label": "特优", "above": 100}, {"label": "优", "at_least": 90}, {"label": "差"}]
    found = asked(rules(grades=grades).prove(), "grade-reachable", "grades.0")
    assert (found.verdict, found.records) == ("refuted", ())
    assert "leaving aside what a record itself calls not applicable" in found.text("en")
    assert "不计自报不适用" in found.text("zh")


def test_the_year_and_the_kind_are_open() -> None:
    by_year = {"kind": "first_match", "rows": [{"when": "year >= 2030", "award": "100%"}, {"when": "year < 2030", "award": "0%"}]}
    own = data(grades=[{"label": "优", "at_least": 90}, {"label": "差"}])
    own["criteria"]["first"] = {"label": "甲", "weight": 60, "scale": by_year}
    assert asked(ir.Rules.from_data(own, engine="plain").prove(), "grade-reachable", "grades.0").verdict == "proved"


# ------------------------------------------------------------------------------------------------------------------- curves


def test_points_that_rise_and_fall_are_refuted_by_two_records() -> None:
    scale = {
        "kind": "bands",
        "bands": [{"at_least": "90%", "award": "50%"}, {"at_least": "60%", "award": "100%"}, {"award": "0%"}],
    }
    own = rules(scale)
    found = asked(own.prove(), "monotone", "criteria.first")
    assert found.verdict == "refuted"
    low, high = found.records
    assert Decimal(str(low.answers["x"])) < Decimal(str(high.answers["x"]))
    assert own.evaluate(low)["first"].points > own.evaluate(high)["first"].points
    assert asked(own.prove(), "monotone", "criteria.second").verdict == "proved"


def test_a_table_with_a_gap_is_asked_too() -> None:
    """A number above 100% is in no row, and cannot be scored; below it points turn round all the same."""
    rows = [
        {"when": "0.9 <= x <= 1", "award": "100%"},
        {"when": "0.8 <= x < 0.9", "award": "40%"},
        {"when": "x < 0.8", "award": "70%"},
    ]
    first = {"label": "甲", "weight": 60, "scale": {"kind": "first_match", "rows": rows}}
    answer = asked(rules(criteria={"first": first}).prove(), "monotone", "criteria.first")
    assert answer.verdict == "refuted"
    assert len(answer.records) == 2
    rows[1]["award"], rows[2]["award"] = "70%", "40%"
    assert asked(rules(criteria={"first": first}).prove(), "monotone", "criteria.first").verdict == "proved"


def test_a_slope_that_ends_in_a_jump_is_refuted_by_records_beside_it() -> None:
    scale = {"kind": "proportional", "full_at": "90%", "zero_at": 0, "pass_line": "60%"}
    own = rules(scale)
    assert asked(own.prove(Decimal(0)), "no-jump", "criteria.first").verdict == "proved"  # the pass line is declared
    line = [{"at_least": "90%", "award": "100%"}, {"at_least": "60%", "award": {"from": "60%", "to": "80%"}}, {"award": "0%"}]
    own = rules({"kind": "bands", "bands": line})
    found = asked(own.prove(Decimal("11.9")), "no-jump", "criteria.first")
    assert (found.verdict, found.values["size"]) == ("refuted", "36")
    low, high = (own.evaluate(record)["first"].exact_points for record in found.records)
    assert high - low > Decimal("11.9")
    assert asked(own.prove(Decimal(36)), "no-jump", "criteria.first").verdict == "proved"


def test_a_formula_that_cannot_be_told_is_undecided_and_never_passed_over() -> None:
    found = rules(PARABOLA).prove(Decimal(1))
    assert asked(found, "monotone", "criteria.first").verdict == "undecided"
    assert asked(found, "no-jump", "criteria.first").verdict == "undecided"


def test_awards_in_points_are_proved_for_their_weight_alone() -> None:
    # With weight 60 points rise: 2, 30 (half); an entry of weight 3 gets 2, then 1.5.
    own = data()
    own["criteria"]["first"] = {
        "label": "甲", "weight": 60, "indicators": ["output.quantity"], "entry_weights": "equal",
        "entries": {"quantitative": {"kind": "bands", "bands": [{"at_least": 1, "award": "50%"}, {"award": {"points": 2}}]}},
    }  # fmt: skip
    found = asked(ir.Rules.from_data(own, engine="plain").prove(), "monotone", "criteria.first.entries.quantitative")
    assert found.verdict == "proved"
    assert "with the weight 60" in found.text("en")


# ------------------------------------------------------------------------------------------------------------- two rulesets


def test_rulesets_are_equivalent_or_a_record_says_otherwise() -> None:
    assert equivalent(rules(), data({**SLOPE, "full_at": "0.9"})).verdict == "proved"
    found = equivalent(rules(), data({**SLOPE, "full_at": "95%"}))
    assert found.verdict == "refuted"
    one, other = (own.evaluate(found.records[0]) for own in (rules(), rules({**SLOPE, "full_at": "95%"})))
    assert one.total != other.total


def test_other_grades_at_equal_totals_are_not_equivalent() -> None:
    grades = [{"label": "优", "at_least": 80}, {"label": "良", "at_least": 60}, {"label": "差"}]
    found = equivalent(rules(), rules(grades=grades))
    assert found.verdict == "refuted"
    assert rules().evaluate(found.records[0]).grade != rules(grades=grades).evaluate(found.records[0]).grade


def test_pairs_of_grades_are_shown_or_impossible() -> None:
    new = rules({**SLOPE, "full_at": "95%"})
    found = {one.subject: one for one in grade_pairs(rules(), new)}
    assert {name: one.verdict for name, one in found.items()} == {
        "grades.0.1": "proved", "grades.0.2": "refuted", "grades.1.0": "refuted",
        "grades.1.2": "proved", "grades.2.0": "refuted", "grades.2.1": "refuted",
    }  # fmt: skip
    record = found["grades.0.1"].records[0]
    assert (rules().evaluate(record).grade, new.evaluate(record).grade) == ("优", "良")


def test_what_is_proved_for_every_record_says_no_bound() -> None:
    grades = [{"label": "优", "at_least": 80}, {"label": "良", "at_least": 60}, {"label": "差"}]
    impossible = next(one for one in grade_pairs(rules(), rules(grades=grades)) if one.verdict == "refuted")
    assert "leaving aside" not in impossible.text("en")
    changed = next(one for one in grade_pairs(rules(), rules({**SLOPE, "full_at": "95%"})) if one.verdict == "refuted")
    assert "leaving aside" in changed.text("en")


def test_what_can_be_not_applicable_scales_differences_up() -> None:
    # With 乙 not applicable, 甲 has all 100 points: 9 points less of 60 are 15 of 100.
    own, new = data(), data({**SLOPE, "full_at": "1"})
    for one in (own, new):
        one["criteria"]["second"] |= {"applies_when": "z > 0", "not_applicable": "rescale"}
        one["grades"] = [{"label": "优", "at_least": 95}, {"label": "良", "at_least": 82}, {"label": "差"}]
    found = {one.subject: one for one in grade_pairs(own, new)}
    record = {"subject": {"name": "某项目", "kind": "project", "year": 2023}, "answers": {"x": Decimal("0.9"), "z": 0}}
    before, after = (ir.Rules.from_data(one, engine="plain").evaluate(record) for one in (own, new))
    assert (before.total, after.total) == (Decimal(100), Decimal(80))
    assert (before.grade, after.grade) == ("优", "差")
    assert found["grades.0.2"].verdict != "refuted"


def test_families_are_compared_only_when_that_is_said() -> None:
    other = data(header={"family": "another"})
    for call in (grade_pairs, equivalent):
        with pytest.raises(ir.RulesetError, match="families-differ"):
            call(rules(), other)
    assert equivalent(rules(), other, across=True).verdict == "proved"


# ------------------------------------------------------------------------------------------------------------ limit of time


def large(number: int = 60) -> ir.Rules:
    """Many criteria whose tables read many inputs each."""
    names = [f"x{place}" for place in range(200)]
    criteria = {}
    for one in range(number):
        rows = [
            {
                "when": " and ".join(f"{names[(one * 7 + part * 13 + row) % 200]} >= {row}" for part in range(6)),
                "award": f"{99 - row}%",
            }
            for row in range(20)
        ]
        criteria[f"c{one}"] = {
            "label": f"指标{one}",
            "weight": 1,
            "scale": {"kind": "first_match", "rows": [*rows, {"award": "0%"}]},
        }
    adjustments = {f"a{place}": {"label": f"调{place}", "when": f"x{place} > 5", "then": {"veto": True}} for place in range(100)}
    own = data(adjustments=adjustments)
    own |= {"inputs": {name: {"label": name, "type": "number"} for name in names}, "criteria": criteria}
    own["ruleset"]["full_score"] = number
    return ir.Rules.from_data(own, engine="plain")


def test_out_of_time_is_undecided_and_said() -> None:
    own = large()
    began = time.monotonic()
    found = own.prove(seconds=0.2)
    assert time.monotonic() - began < 30  # far from what it takes; what is asked is whether it ends
    assert {one.verdict for one in found} == {"undecided"}
    assert all(
        one.out_of_time and one.text("en").endswith("out of time") and one.text("zh").endswith("已到时限") for one in found
    )
    pairs = grade_pairs(own, own, seconds=0.2)
    assert not [one for one in pairs if one.verdict == "proved"]


# ---------------------------------------------------------------------------------------------------------------- in a test


def test_assert_proved() -> None:
    assert_proved(rules(), jump=Decimal(0))
    assert_proved(rules(), same_as=rules({**SLOPE, "full_at": "0.9"}))
    with pytest.raises(NotProved, match="105") as caught:
        assert_proved(rules(adjustments=bonus("5")))
    assert [one.question for one in caught.value.answers] == ["bounds"]
    assert_proved(rules(adjustments=bonus("5")), questions=["grade-reachable", "monotone"])
    undecided = rules(PARABOLA)
    for allowed in (0, 1):
        with pytest.raises(NotProved, match="undecided: "):
            assert_proved(undecided, undecided=allowed)
    assert_proved(undecided, undecided=2)
    with pytest.raises(ValueError, match="monoton"):
        assert_proved(rules(), questions=["monoton"])  # type: ignore[list-item]


# -------------------------------------------------------------------------------------------------------------- command line


def run(*words: object) -> Result:
    return CliRunner().invoke(commands, [str(word) for word in words])


@pytest.fixture
def slope(tmp_path: Path) -> Path:
    return written(tmp_path / "own.toml")


def written(path: Path, full_at: str = "90%", family: str = "own", cut: int = 90) -> Path:
    path.write_text(
        f"""schema = 1
[ruleset]
family = "{family}"
edition = "1"
title = "办法"
full_score = 100
status = "example"
applies = {{ years = {{ from = 2020 }} }}
[inputs.x]
label = "完成率"
type = "number"
[criteria.first]
label = {{ zh = "甲", en = "first" }}
weight = 100
measure = "x"
scale = {{ kind = "proportional", full_at = "{full_at}", zero_at = "50%" }}
[[grades]]
label = "优"
at_least = {cut}
[[grades]]
label = "差"
""",
        encoding="utf-8",
    )
    return path


def test_the_command_answers_in_both_languages(slope: Path) -> None:
    zh, en = (run("prove", slope, "--jump", "0", "--lang", lang) for lang in ("zh", "en"))
    assert (zh.exit_code, en.exit_code) == (0, 0)
    assert "任何填报记录的总分都在 0 与 100 之间" in zh.output
    assert "已证明 5" in zh.output
    assert "5 proved, 0 refuted, 0 undecided" in en.output
    assert "no slope ends in a jump of more than 0 points" in " ".join(en.output.split())


def test_the_command_fails_when_something_is_refuted_and_writes_the_records(slope: Path, tmp_path: Path) -> None:
    other = written(tmp_path / "other.toml", "95%")
    done = run("prove", slope, "--same-as", other, "--format", "json", "--records", tmp_path / "found")
    assert done.exit_code == 1
    (answer,) = json.loads(done.output)["answers"]
    assert (answer["question"], answer["verdict"], answer["out_of_time"]) == ("equivalent", "refuted", False)
    (file,) = (tmp_path / "found").iterdir()
    totals = {ir.load(one).evaluate(file).total for one in (slope, other)}
    assert len(totals) == 2
    assert run("prove", slope, "--same-as", slope).exit_code == 0


def test_compare_writes_records_that_give_the_grades_told(slope: Path, tmp_path: Path) -> None:
    other = written(tmp_path / "other.toml", "95%")
    done = run("compare", slope, other, "--witness-records", tmp_path / "found", "--lang", "en")
    assert done.exit_code == 0
    assert "impossible" in done.output
    (file,) = (tmp_path / "found").iterdir()
    assert file.name == "grade-pair.grades.0.1.toml"
    assert tomli.loads(file.read_text(encoding="utf-8"))["subject"]["year"] == 2023
    assert [ir.load(one).evaluate(file).grade for one in (slope, other)] == ["优", "差"]
    as_json = json.loads(run("compare", slope, other, "--witness", "--format", "json").output)
    assert [one["verdict"] for one in as_json["grade_pairs"]] == ["proved", "refuted"]
    assert "grade_pairs" not in json.loads(run("compare", slope, other, "--format", "json").output)
    markdown = run("compare", slope, other, "--witness", "--format", "md", "--lang", "en").output
    assert "- found 优 before, 差 after" in markdown


def test_the_commands_refuse_other_families_and_bad_files(slope: Path, tmp_path: Path) -> None:
    other = written(tmp_path / "other.toml", family="another")
    broken = tmp_path / "broken.toml"
    broken.write_text("schema = 1\n[ruleset\n", encoding="utf-8")
    for words in (["compare", slope, other, "--witness"], ["prove", slope, "--same-as", other]):
        assert (run(*words).exit_code, "families-differ" in run(*words).output) == (1, True)
        assert run(*words, "--across").exit_code == 0
    for command in (["prove", broken], ["prove", slope, "--same-as", broken], ["compare", slope, broken, "--witness"]):
        done = run(*command)
        assert (done.exit_code, "Traceback" in done.output) == (1, False)
        assert "broken.toml" in done.output
    for option in (["--jump", "-1"], ["--jump", "x"], ["--seconds", "0"]):
        assert run("prove", slope, *option).exit_code == 2
    unwritten = run("prove", slope, "--records", slope)
    assert (unwritten.exit_code, "output-not-written" in unwritten.output) == (1, True)
    before = slope.read_bytes()
    assert run("prove", slope, "-o", slope).exit_code != 0
    assert slope.read_bytes() == before


def test_the_built_in_rulesets_are_all_answered() -> None:
    found = ir.Rules.from_path(ZHANJIANG).prove()
    assert {one.verdict for one in found} == {"proved"}
