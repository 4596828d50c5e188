"""Suggested cases: what they cover, how they are written, and that nobody's work is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from indicator_rules.rules import Rules
from indicator_rules.suite import suite
from indicator_rules.suite.case import read_case
from indicator_rules.suite.case_writing import written_cases
from indicator_rules.suite.coverage import Observer
from indicator_rules.suite.covering import MOST_AT_ONCE, covering, suggestions

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A built-in ruleset in a folder of somebody's own, without cases."""
    path = tmp_path / "ours-2024.toml"
    shutil.copy(ROOT / "rulesets" / "mof-project-self-evaluation" / "2020.toml", path)
    return path


def ran(
    *words: object, module: str = "indicator_rules.cli.commands", lang: str = "en", path: Path | None = None
) -> tuple[int, str]:
    # On a CI machine pytest repeats whole messages in its summary.
    inherited = {key: value for key, value in os.environ.items() if key not in ("CI", "BUILD_NUMBER")}
    environment = {**inherited, "LC_ALL": {"en": "C.UTF-8", "zh": "zh_CN.UTF-8"}[lang], "PYTHONUTF8": "1"}
    if path is not None:
        environment["PYTHONPATH"] = os.pathsep.join([str(path), environment.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", module, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=environment)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def ran_pytest(*words: object, path: Path | None = None) -> tuple[int, str]:
    return ran("-p", "no:cacheprovider", "-p", "indicator_rules.pytest_plugin", "-rs", *words, module="pytest", path=path)


@pytest.mark.parametrize("name", ["mof-project-self-evaluation/2020", "guangshui-project/2021"])
def test_suggestions_cover_all_that_probes_cover(name: str) -> None:
    rules = Rules.from_path(ROOT / "rulesets" / f"{name}.toml")
    nothing = Observer(rules).coverage()
    found = suggestions(rules, nothing)
    observer = Observer(rules)
    from indicator_rules.reading import read_record

    for one in found:
        assert observer.evaluate(read_record(one.record)) == one.outcome
        assert 0 < len(one.covers) <= 3 * MOST_AT_ONCE
    covered = observer.coverage()
    assert covered.percent == (100, 100)
    assert set(covering(rules, nothing)) == {*nothing.rows, *nothing.boundaries}
    assert len(found) < len(nothing.rows) / 2
    assert suggestions(rules, covered) == []


def test_written_cases_pass_and_cover_and_are_marked(copied: Path) -> None:
    mine = copied.parent / "cases" / "ours-2024" / "suggested-02.toml"
    mine.parent.mkdir(parents=True)
    mine.write_text("# 别动\n" + next(iter(written(copied).values())), encoding="utf-8")
    before = mine.read_bytes()
    code, said = ran("test", copied, "--write-cases", "--no-laws")
    assert code == 0, said
    assert "cases written" in said
    assert "rows 100%" in said
    assert "boundaries 100%" in said
    assert mine.read_bytes() == before
    result = suite.run(copied)
    assert [case.path.name for case in result.cases if not case.passed] == []
    assert len(result.unchecked) == len(result.cases) > 5
    again = {path.name: path.read_bytes() for path in mine.parent.iterdir()}
    code, said = ran("test", copied, "--write-cases", "--no-laws")
    assert (code, "there is no case to write" in said) == (0, True)
    assert {path.name: path.read_bytes() for path in mine.parent.iterdir()} == again


def written(ruleset: Path) -> dict[Path, str]:
    rules = Rules.from_path(ruleset)
    return written_cases(ruleset, rules, suite.run_cases(ruleset, rules).coverage or Observer(rules).coverage())


def test_a_checked_case_is_no_longer_told(copied: Path) -> None:
    path, text = next(iter(written(copied).items()))
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    assert "nobody has checked by hand: 1: suggested-01" in ran("test", copied, "--no-laws")[1]
    path.write_text(text.replace("checked = false\n", ""), encoding="utf-8")
    assert read_case(path).checked
    assert "nobody has checked" not in ran("test", copied, "--no-laws")[1]


def test_a_boundary_that_only_refused_records_stand_on_is_a_case_that_wants_them_refused(tmp_path: Path) -> None:
    text = """
schema = 1
[ruleset]
family = "own"
edition = "1"
title = "示例"
applies = { years = { from = 1990 } }
status = "example"
[inputs.rate]
label = "率"
type = "number"
[criteria.a]
label = "甲"
weight = 100
scale = { kind = "first_match", rows = [{ when = "rate >= 50% and rate <= 80%", award = "100%" }] }
[[grades]]
label = "优"
"""
    path = tmp_path / "rules.toml"
    path.write_text(text, encoding="utf-8")
    texts = written(path)
    assert sum("problems = [" in one for one in texts.values()) >= 1
    for file, one in texts.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(one, encoding="utf-8")
    result = suite.run(path)
    assert result.coverage is not None
    assert result.coverage.percent == (100, 100)
    assert all(case.passed for case in result.cases)


def test_only_ten_are_listed_and_the_way_to_have_them_written_is_said(copied: Path) -> None:
    for lang, more, how in (("en", "... and 30 more", "--write-cases"), ("zh", "……另有 30 处", "--write-cases")):
        code, said = ran("test", copied, "--no-laws", lang=lang)
        assert code == 1
        assert more in said
        assert how in said
        assert said.count("\n") < 35


def test_laws_can_be_left_out_of_both_faces(copied: Path) -> None:
    assert "laws of scoring: tested: 13, broken: 0" in ran("test", copied, "--at-least", 0)[1]
    assert "laws of scoring" not in ran("test", copied, "--at-least", 0, "--no-laws")[1]
    assert ran_pytest("--collect-only", "-q", copied)[1].count("::law[") == 13
    assert "::law[" not in ran_pytest("--collect-only", "-q", copied, "-o", "indicator_rules_laws=false")[1]


def test_without_hypothesis_laws_are_said_to_be_untested(copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    # Found, but not there: what `find_spec` sees of a package that is not installed.
    (blocked / "sitecustomize.py").write_text(
        "import importlib.util as util\nfind = util.find_spec\n"
        "util.find_spec = lambda name, *more: None if name == 'hypothesis' else find(name, *more)\n"
        "import sys\nsys.modules['hypothesis'] = None\n",
        encoding="utf-8",
    )
    code, said = ran("test", copied, "--at-least", 0, path=blocked)
    assert code == 0, said
    assert "hypothesis is not installed" in said
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    code, said = ran_pytest(copied, "-o", "indicator_rules_at_least=0", path=blocked)
    assert code == 0, said
    assert "hypothesis is not installed" in said


UNEVEN = """kind = "bands"
bands = [{ at_least = "95%", award = "100%" }, { at_least = "80%", award = "8%" }, { award = "50%" }]
"""


def test_a_broken_law_is_told_by_both_faces_with_how_to_waive_it(copied: Path) -> None:
    text = copied.read_text(encoding="utf-8")
    head, found, rest = text.partition("[criteria.budget_execution.scale]\n")
    assert found
    copied.write_text(head + found + UNEVEN + rest.removeprefix('kind = "proportional"\n'), encoding="utf-8")
    faces = (ran("test", copied, "--at-least", 0), ran_pytest(copied, "-o", "indicator_rules_at_least=0", "-k", "law"))
    for code, said in faces:
        assert code == 1
        assert "law broken: monotone" in said
        assert 'under [waivers], monotone = "the reason"' in said
        assert "budget_execution" in said
    copied.write_text(copied.read_text(encoding="utf-8") + '\n[waivers]\nmonotone = "按文件"\n', encoding="utf-8")
    code, said = ran("test", copied, "--at-least", 0)
    assert code == 0, said
    assert "tested: 12, broken: 0; waived by the ruleset: monotone" in said
    code, said = ran_pytest(copied, "-o", "indicator_rules_at_least=0", "-k", "law")
    assert code == 0, said
    assert "按文件" in said


def test_with_xdist_everything_is_as_without(copied: Path) -> None:
    assert ran("test", copied, "--write-cases", "--no-laws")[0] == 0
    first = copied.parent / "cases" / "ours-2024" / "suggested-01.toml"
    right = first.read_text(encoding="utf-8")
    first.write_text(right.replace("\ntotal = ", "\ntotal = 1"), encoding="utf-8")
    code, said = ran_pytest("-n", "2", copied.parent)
    assert code == 1, said
    assert "expected 1" in said
    code, said = ran_pytest("-n", "2", copied.parent, "--update-cases", "-o", "indicator_rules_laws=false")
    assert code == 0, said
    assert first.read_text(encoding="utf-8") == right
    assert "nobody has checked by hand" in said
