"""Worked cases in a user's own folder: found, run, told, rewritten; by the command line and by pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import tomli

from indicator_rules.errors import RecordError
from indicator_rules.rules import Rules
from indicator_rules.suite import suite
from indicator_rules.suite.case import read_case
from indicator_rules.suite.case_update import updated
from indicator_rules.suite.coverage import Observer
from indicator_rules.suite.text import case_lines

RULES = """
schema = 1
[ruleset]
family = "own"
edition = "1"
title = "示例"
applies = { years = { from = 1990 } }
full_score = 100
status = "example"
[inputs.rate]
label = "执行率"
type = "number"
[criteria.execution]
label = { zh = "预算执行率", en = "Execution" }
weight = 100
measure = "rate"
scale = { kind = "proportional" }
[[grades]]
label = "优"
at_least = 90
[[grades]]
label = "差"
"""
CASE = """# 手工核对
title = "一半"
why = "100 × 0.5 = 50"

[expected]  # 应得
total = {total}   # 总分
grade = "差"
criteria = {{ execution = {total} }}

[record.subject]
name = "示例"
kind = "project"
year = 2023
[record.answers]
rate = {rate}
"""


def case(total: object, rate: object) -> str:
    return CASE.format(total=total, rate=rate)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cases" / "mine").mkdir(parents=True)
    (tmp_path / "mine.toml").write_text(RULES, encoding="utf-8")
    (tmp_path / "cases" / "mine" / "half.toml").write_text(case(50, 0.5), encoding="utf-8")
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
    return path


def run(*words: str | Path, lang: str = "en", module: str = "indicator_rules.cli.commands") -> tuple[int, str]:
    """What a command says. Laws take seconds and are tried where they are what is tested (`test_case_writing`)."""
    if module != "pytest" and "--no-laws" not in words:
        words = (*words, "--no-laws")
    # On a CI machine pytest repeats whole messages in its summary.
    inherited = {key: value for key, value in os.environ.items() if key not in ("CI", "BUILD_NUMBER")}
    environment = {**inherited, "LC_ALL": {"en": "C.UTF-8", "zh": "zh_CN.UTF-8"}[lang], "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", module, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def run_pytest(*words: str | Path, lang: str = "en") -> tuple[int, str]:
    laws = [] if "indicator_rules_laws=true" in words else ["-o", "indicator_rules_laws=false"]
    return run("-p", "indicator_rules.pytest_plugin", "-p", "no:cacheprovider", *laws, *words, lang=lang, module="pytest")


# ---------------------------------------------------------------------------------------------------------------- finding


def test_cases_stand_in_a_folder_named_as_the_ruleset_or_beside_the_only_one(folder: Path) -> None:
    ruleset = folder / "mine.toml"
    loose = write(folder / "cases" / "loose.toml", case(50, 0.5))
    deep = write(folder / "cases" / "mine" / "more" / "deep.toml", case(50, 0.5))
    assert suite.case_files(ruleset) == [loose, folder / "cases" / "mine" / "half.toml", deep]
    assert suite.strays([ruleset]) == []
    other = write(folder / "other.toml", RULES)
    assert suite.ruleset_of(loose) is None
    assert [(problem.code, problem.where.file) for problem in suite.strays([ruleset, other])] == [
        ("case-without-ruleset", str(loose))
    ]
    assert suite.ruleset_of(folder / "elsewhere.toml") is None


# ---------------------------------------------------------------------------------------------------------------- reading


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (case(50, 0.5).replace("why =", "wy ="), "unknown-key", 3),
        (case('"fifty"', 0.5), "case-not-points", 6),
        (case("true", 0.5), "case-not-points", 6),
        (case('"1/0"', 0.5), "case-not-points", 6),
        (case("nan", 0.5), "case-not-points", 6),
        (case(50, 0.5).replace('grade = "差"', "grade = 3"), "expected-text", 7),
        (case(50, 0.5).replace('grade = "差"', 'problems = ["value-absent"]'), "case-problems-and-points", 7),
        (case(50, 0.5).replace("[record", "[recrd"), "missing-key", 1),
        ("x", "toml-syntax", 1),
    ],
)
def test_a_case_that_cannot_be_read_says_where(folder: Path, text: str, code: str, line: int) -> None:
    path = write(folder / "cases" / "mine" / "bad.toml", text)
    with pytest.raises(RecordError) as refused:
        read_case(path)
    assert (code, line) in [(problem.code, problem.where.line) for problem in refused.value.problems]
    for lang in ("zh", "en"):
        assert all(problem.describe(lang) for problem in refused.value.problems)
    (bad, half) = suite.run(folder / "mine.toml").cases
    assert f"[{code}]" in "\n".join(case_lines(bad))
    assert half.passed


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_case_that_is_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.toml")
    with pytest.raises(RecordError) as refused:
        read_case(tmp_path / "a.toml")
    assert [problem.code for problem in refused.value.problems] == ["path-is-device"]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (case(50, 0.5).replace("execution =", "exec =").replace("{ ", "{ "), "case-criterion-unknown", 8),
        (case(50, 0.5).replace("rate =", "rte ="), "value-absent", None),
        (case(50, 0.5).replace("year = 2023", "year = 1"), "year-out-of-range", 13),
        (case(50, '"half"'), "answer-type", 15),
    ],
)
def test_a_record_inside_a_case_is_refused_at_its_line(folder: Path, text: str, code: str, line: int | None) -> None:
    path = write(folder / "cases" / "mine" / "bad.toml", text)
    result = suite.run_case(path, Observer(Rules.from_path(folder / "mine.toml")))
    assert not result.passed
    found = {problem.code: problem.where for problem in result.problems}
    assert code in found
    assert found[code].file == str(path)
    assert line is None or found[code].line == line


def test_points_may_be_fractions_and_records_files_of_their_own(folder: Path) -> None:
    record = "[subject]\nname = 'a'\nkind = 'project'\nyear = 2023\n[answers]\nrate = '1/3'\n"
    write(folder / "record.toml", record.replace("'1/3'", "0.3"))
    path = write(
        folder / "cases" / "mine" / "file.toml",
        'record = "../../record.toml"\nexpected = { criteria = { execution = "60/2" } }\n',
    )
    assert suite.run_case(path, Observer(Rules.from_path(folder / "mine.toml"))).passed
    write(folder / "record.toml", record)
    result = suite.run_case(path, Observer(Rules.from_path(folder / "mine.toml")))
    assert {Path(problem.where.file).name for problem in result.problems} == {"record.toml"}


# ---------------------------------------------------------------------------------------------------------------- telling


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_difference_is_told_with_its_reason(folder: Path, lang: str) -> None:
    write(folder / "cases" / "mine" / "wrong.toml", case(60, 0.5))
    wanted = {
        "en": ["Execution [execution.part]: expected 60, got 50", "total: expected 60, got 50", "points = "],
        "zh": ["预算执行率 [execution.part]：应为 60，实为 50", "总分：应为 60，实为 50", "得分 = 分值"],
    }[lang]
    for code, said in (run("test", folder, lang=lang), run_pytest(folder, lang=lang)):
        assert code == 1
        assert [text for text in wanted if text not in said] == []


def test_what_was_to_be_refused_but_was_scored_is_a_difference(folder: Path) -> None:
    text = case(50, 0.5).replace("total = 50   # 总分\n", "").replace("criteria = { execution = 50 }\n", "")
    write(folder / "cases" / "mine" / "refused.toml", text.replace('grade = "差"', 'problems = ["value-absent"]'))
    code, said = run("test", folder)
    assert code == 1
    assert "problems: expected value-absent, got 50 (差)" in said


def test_coverage_has_a_threshold(folder: Path) -> None:
    code, said = run("test", folder)
    assert code == 1
    assert "boundary not covered: Execution [criteria.execution.scale] 执行率 = 1" in said
    assert "row not covered: [grades] 优 (total ≥ 90)" in said
    assert run("test", folder, "--at-least", "0")[0] == 0
    assert run("test", folder / "mine.toml", "--at-least", "0")[0] == 0
    assert run("test", folder, "--at-least", "101")[0] == 2
    assert run("test")[0] == 2
    for number, rate in enumerate(("0", "1", "0.9", "1.1", "0.89")):
        total = min(100, float(rate) * 100)
        text = case(f"{total:g}", rate).replace("差", "优" if total >= 90 else "差")
        write(folder / "cases" / "mine" / f"{number}.toml", text)
    code, said = run("test", folder)
    assert (code, "boundaries 100%" in said) == (0, True), said
    assert run_pytest(folder)[0] == 0


def test_a_ruleset_without_cases_or_with_errors_is_told(folder: Path, tmp_path: Path) -> None:
    write(folder / "new" / "fresh.toml", RULES)
    code, said = run("test", folder / "new")
    assert code == 1
    assert str(Path("new", "cases", "fresh")) in said
    write(folder / "mine.toml", RULES.replace("weight = 100", "weight = 90"))
    code, said = run("test", folder / "mine.toml")
    assert code == 1
    assert "has errors" in said
    code, said = run_pytest(folder / "mine.toml")
    assert code == 1
    assert "mine.toml::check" in said


# -------------------------------------------------------------------------------------------------------------- rewriting


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("how", ["command", "pytest", "xdist"])
def test_expected_values_are_rewritten_and_the_rest_is_kept(folder: Path, how: str, newline: str) -> None:
    path = write(folder / "cases" / "mine" / "half.toml", case("60.0", 0.5).replace("\n", newline))
    words: list[str | Path] = [folder, "--update-cases"]
    if how == "command":
        code, said = run("test", *words, "--at-least", "0")
    else:
        code, said = run_pytest(*words, "-o", "indicator_rules_at_least=0", *(["-n", "2"] if how == "xdist" else []))
    assert code == 0, said
    assert said.index("expected 60, got 50") < said.index("rewrote")
    assert path.read_bytes().decode() == case(50, 0.5).replace("\n", newline)
    assert run("test", folder, "--at-least", "0")[0] == 0


def test_a_case_that_expects_nothing_yet_is_filled_in(folder: Path) -> None:
    text = "record = { subject = { name = 'a', kind = 'project', year = 2023 }, answers = { rate = 0.25 } }  # 记录\n"
    path = write(folder / "cases" / "mine" / "half.toml", "\ufeff" + text)
    assert run("test", folder, "--at-least", "0")[0] == 1
    assert run("test", folder, "--at-least", "0", "--update-cases")[0] == 0
    new = path.read_bytes().decode()
    assert new.startswith("\ufeff" + text)
    assert tomli.loads(new[1:])["expected"] == {"total": 25, "grade": "差", "criteria": {"execution": 25}}


def test_a_person_looks_first_where_a_record_is_refused_now(folder: Path) -> None:
    path = write(folder / "cases" / "mine" / "half.toml", case(50, '"half"'))
    code, said = run("test", folder, "--at-least", "0", "--update-cases")
    assert code == 1
    assert "did not rewrite" in said
    assert "did not rewrite" in run_pytest(folder, "--update-cases")[1]
    assert path.read_text(encoding="utf-8") == case(50, '"half"')


def test_every_way_to_write_a_number_is_rewritten(folder: Path) -> None:
    observer = Observer(Rules.from_path(folder / "mine.toml"))
    forms = [
        "[expected]\ntotal = 7\n",
        "expected.total = 7\n",
        "expected = { total = 7 } # a\n",
        "[expected.criteria]\nexecution = 7\n[expected]\ntotal = 7\n",
        "expected.criteria.execution = 7_0\nexpected.total = 0x10\n",
    ]
    record = "[record.subject]\nname = 'a'\nkind = 'project'\nyear = 2023\n[record.answers]\nrate = '0.5'\n"
    for form in forms:
        path = write(folder / "cases" / "mine" / "half.toml", form + record)
        new = updated(suite.run_case(path, observer))
        assert new is not None
        assert new.endswith(record)
        write(path, new)
        assert suite.run_case(path, observer).passed


# ----------------------------------------------------------------------------------------------------------------- pytest


def test_pytest_collects_rulesets_and_nothing_else(folder: Path) -> None:
    write(folder / "pyproject.toml", "[tool.other]\nruleset = 1\n")
    write(folder / "foreign.toml", "[ruleset]\nname = 'of another tool'\n")
    write(folder / "record.toml", "[subject]\nname = 'ruleset'\n")
    code, said = run_pytest("--collect-only", "-q", folder)
    assert code == 0
    names = [line.rpartition("/")[2] for line in said.splitlines() if "::" in line and "::law[" not in line]
    assert names == ["mine.toml::check", "mine.toml::case[half]", "mine.toml::proofs", "mine.toml::coverage"]
    code, said = run_pytest("--collect-only", "-q", folder, "-o", "indicator_rules=false")
    assert "mine" not in said


def test_one_case_can_be_named(folder: Path) -> None:
    assert run_pytest(folder / "cases" / "mine" / "half.toml")[0] == 0
    assert run_pytest(f"{folder / 'mine.toml'}::case[half]")[0] == 0


def test_a_folder_of_cases_can_be_named_to_both_faces(folder: Path) -> None:
    write(folder / "cases" / "mine" / "more" / "quarter.toml", case(25, 0.25))
    write(folder / "cases" / "mine" / "wrong.toml", case(60, 0.5))
    for named, count, failed in (
        ("cases", 3, 1),
        ("cases/mine", 3, 1),
        ("cases/mine/more", 1, 0),
        ("cases/mine/half.toml", 1, 0),
    ):
        code, said = run("test", folder / named)
        assert (code, f"cases: {count}, not as expected: {failed}" in said) == (min(1, failed), True), said
        assert "covered by" not in said
    code, said = run_pytest(folder / "cases" / "mine", "-q")
    assert (code, "1 failed, 2 passed" in said) == (1, True), said
    assert suite.named_cases(folder) == suite.named_cases(folder / "mine.toml") == []


def test_errors_of_a_ruleset_are_told_once(folder: Path) -> None:
    write(folder / "mine.toml", RULES.replace("weight = 100", "weight = 90"))
    code, said = run_pytest(folder, "-rs", "-o", "indicator_rules_laws=true")
    assert code == 1
    assert said.count("[weights-sum]") == 1
    assert "1 failed" in said
    assert "mine.toml: the ruleset has errors: see `check`" in said
    code, said = run_pytest(f"{folder / 'mine.toml'}::case[half]")  # alone, nobody else tells
    assert (code, said.count("[weights-sum]")) == (1, 1)


def test_a_law_that_is_waived_or_has_nothing_to_try_is_skipped_with_the_file_and_the_reason(folder: Path) -> None:
    text = RULES.replace('scale = { kind = "proportional" }', 'scale = { kind = "bands", bands = [{ award = "100%" }] }')
    write(folder / "mine.toml", text + '[waivers]\nscale = "自定"\n')
    code, said = run_pytest(
        folder / "mine.toml", "-rs", "-o", "indicator_rules_laws=true", "-k", "law and (scale or continuity or bounds)"
    )
    assert (code, "1 passed, 2 skipped" in said) == (0, True), said
    assert "mine.toml: waived by the ruleset: 自定" in said
    assert "mine.toml: this law has nothing to try it on" in said
    assert "pytest_plugin.py" not in said


def test_what_covers_a_row_is_a_record_and_what_it_must_not_have_is_said_beside_it(tmp_path: Path) -> None:
    text = RULES.replace('scale = { kind = "proportional" }', 'scale = { kind = "levels", levels = LEVELS }').replace(
        'measure = "rate"\n', ""
    )
    levels = '[{ label = "好", award = { at_least = "80%", at_most = "100%" } }, { label = "差", award = { at_least = "0%", at_most = "50%" } }]'
    entries = 'indicators = "output"\nentry_weights = "equal"\nentries.qualitative = { kind = "levels", levels = LEVELS }'
    text = text.replace('scale = { kind = "levels", levels = LEVELS }', entries).replace("LEVELS", levels)
    write(tmp_path / "mine.toml", text)
    code, said = run("test", tmp_path)
    assert code == 1
    shown = [line.split(": ", 1) for line in said.splitlines() if "covers it: {" in line]
    assert shown
    assert all("without" not in tomli.loads(f"record = {record}")["record"] for _, record in shown)
    assert any("and without assessments.indicators.i1" in line for line, _ in shown)


def test_a_ruleset_that_does_not_parse_is_not_passed_over(folder: Path) -> None:
    write(folder / "mine.toml", RULES + "[[[")
    code, said = run_pytest(folder)
    assert code != 0
    assert "toml-syntax" in said


def test_other_runs_import_nothing_of_the_library(tmp_path: Path) -> None:
    write(
        tmp_path / "test_it.py",
        "import sys\ndef test_it():\n    assert 'indicator_rules.rules' not in sys.modules\n    assert 'pydantic' not in sys.modules\n",
    )
    code, said = run_pytest(tmp_path, "-p", "no:hypothesispytest")
    assert code == 0, said


def test_reasons_are_no_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    from indicator_rules.cli import test as command
    from indicator_rules.render import width

    monkeypatch.setattr(command, "columns", lambda: 80)
    text = "  " + "执行率 95% 在 90% 与 100% 之间，得分值的 80%；" * 8
    lines = command._wrapped(text).splitlines()
    assert len(lines) > 2
    assert all(width(line) <= 80 and line.startswith(" " * 8) for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
