"""The command line. The bad input of every kind goes through it: exit code 1, each problem with its code, never a traceback."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from indicator_rules import messages, render
from indicator_rules.catalog import Catalog
from indicator_rules.cli.commands import commands

CHECKOUT = Path(__file__).parents[2]
EXAMPLE = CHECKOUT / "docs" / "examples" / "zhanjiang-2023.toml"
INVALID = CHECKOUT / "tests" / "invalid"
RULESETS = CHECKOUT / "rulesets"
ZHANJIANG = RULESETS / "zhanjiang-etdz-project" / "2023.toml"


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    yield
    messages.use_language(None)


def run(*args: str | Path, env: Mapping[str, str] | None = None) -> Result:
    result = CliRunner().invoke(commands, list(map(str, args)), env=env)
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def refused(*args: str | Path) -> str:
    """What is said on standard error by a run that ends with 1."""
    result = run(*args)
    assert result.exit_code == 1, result.output
    assert result.stderr
    return result.stderr


def changed(tmp_path: Path, *changes: tuple[str, str], name: str = "record.toml") -> Path:
    """The example with some texts replaced."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


# -------------------------------------------------------------------------------------------------------------- evaluate


def test_the_example_is_scored() -> None:
    result = run("evaluate", EXAMPLE)
    assert result.exit_code == 0
    assert "total 99.3 / 100 (99.26 before rounding)  grade 优" in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize(
    "args", [("--lang", "zh", "evaluate", EXAMPLE), ("evaluate", EXAMPLE, "--lang=zh"), ("evaluate", "--lang", "zh", EXAMPLE)]
)
def test_the_language_may_be_named_before_or_after_the_command(args: tuple[str | Path, ...]) -> None:
    assert "总分 99.3 / 100" in run(*args).stdout


def test_the_locale_picks_the_language() -> None:
    assert "总分" in run("evaluate", EXAMPLE, env={"LC_ALL": "zh_CN.UTF-8"}).stdout
    assert "total" in run("evaluate", EXAMPLE, env={"LC_ALL": "en_US.UTF-8"}).stdout


def test_json_is_that_of_the_evaluation() -> None:
    result = run("evaluate", EXAMPLE, "--format", "json")
    assert result.exit_code == 0
    assert result.stdout == Catalog.builtin().for_record(EXAMPLE).evaluate(EXAMPLE).to_json()
    assert json.loads(result.stdout)["total"] == "99.3"


@pytest.mark.parametrize("engine", ["plain", "durable-rules"])
def test_the_engine_is_named_in_the_result(engine: str) -> None:
    if engine == "durable-rules":
        pytest.importorskip("durable_rules_engine")
    data = json.loads(run("evaluate", EXAMPLE, "--format", "json", "--engine", engine).stdout)
    assert data["provenance"]["engine"].split()[0] == engine


def test_an_engine_that_is_not_installed_is_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    from indicator_rules import engine

    def missing() -> None:
        raise ImportError("durable_rules_engine")

    monkeypatch.setattr(engine, "_durable_engine", missing)
    from indicator_rules.catalog import _loaded

    _loaded.cache_clear()
    result = run("evaluate", EXAMPLE, "--engine", "durable-rules")
    assert result.exit_code == 2
    assert "--engine plain" in result.stderr


@pytest.mark.parametrize("name", ["zhanjiang-etdz-project", "zhanjiang-etdz-project@2023", ZHANJIANG])
def test_a_ruleset_is_named_by_family_edition_or_path(name: str | Path) -> None:
    assert "99.3" in run("evaluate", EXAMPLE, "--ruleset", name).stdout


def test_the_year_picks_the_edition(tmp_path: Path) -> None:
    record = tmp_path / "r.toml"
    record.write_text('[subject]\nname = "甲"\nkind = "project"\nyear = 2023\n', encoding="utf-8")
    family = "mof-project-self-evaluation"
    assert "project_completed" in refused("evaluate", record, "--ruleset", family)
    assert "project_completed" not in refused("evaluate", record, "--ruleset", family, "--year", "2020")
    assert "[no-edition-applies]" in refused("evaluate", record, "--ruleset", family, "--year", "2019")
    assert "[several-rulesets-apply]" in refused("evaluate", record)
    assert f"{record}: " in refused("evaluate", record, "--year", "1999")


def test_folders_are_searched_and_rulesets_in_them_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    changed(tmp_path / "a" / "b", name="1.toml")
    changed(tmp_path / "a", name="2.toml")
    (tmp_path / "rules.toml").write_bytes(ZHANJIANG.read_bytes())
    (tmp_path / "readme.md").write_text("x", encoding="utf-8")
    result = run("evaluate", tmp_path)
    assert result.exit_code == 0
    assert result.stdout.count("total 99.3") == 2
    assert result.stdout.rstrip().endswith("2 scored, 0 refused; 优 2")


def test_a_refused_record_does_not_stop_the_others(tmp_path: Path) -> None:
    bad = changed(tmp_path, ("spent = 143.15", "spent = -1"))
    result = run("evaluate", EXAMPLE, bad, tmp_path / "missing.toml", EXAMPLE)
    assert result.exit_code == 1
    assert "[number-negative]" in result.stderr
    assert "[file-not-found]" in result.stderr
    assert result.stdout.count("total 99.3") == 1  # the same file twice is one record
    assert "1 scored, 2 refused; 优 1" in result.stdout


def test_json_of_several_records_is_a_list_in_their_order(tmp_path: Path) -> None:
    bad = changed(tmp_path, ("spent = 143.15", "spent = -1"))
    result = run("evaluate", bad, EXAMPLE, "--format", "json")
    assert result.exit_code == 1
    first, second = json.loads(result.stdout)
    assert first["file"] == str(bad)
    assert [problem["code"] for problem in first["problems"]] == ["number-negative"]
    assert second["file"] == str(EXAMPLE)
    assert second["total"] == "99.3"


def test_json_of_one_refused_record_is_its_problems(tmp_path: Path) -> None:
    bad = changed(tmp_path, ("spent = 143.15", "spent = -1"))
    result = run("evaluate", bad, "--format", "json")
    assert result.exit_code == 1
    assert set(json.loads(result.stdout)) == {"file", "problems"}


def test_a_wrong_ruleset_is_said_once_for_all_records(tmp_path: Path) -> None:
    records = [changed(tmp_path, name=f"{number}.toml") for number in range(3)]
    assert refused("evaluate", *records, "--ruleset", "nothing").count("[ruleset-not-found]") == 1
    assert refused("evaluate", *records, "--ruleset", INVALID / "weights-sum.toml").count("[weights-sum]") == 1


# ---------------------------------------------------------------------------------------------------------------- output


@pytest.mark.parametrize("form", ["text", "json"])
def test_output_to_a_file_is_what_the_screen_shows(tmp_path: Path, form: str) -> None:
    out = tmp_path / "out"
    result = run("evaluate", EXAMPLE, "--format", form, "-o", out)
    assert result.exit_code == 0
    assert result.output == ""
    assert out.read_text(encoding="utf-8").rstrip("\n") == run("evaluate", EXAMPLE, "--format", form).stdout.rstrip("\n")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_output_to_a_link_that_leads_back_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop.txt").symlink_to("loop.txt")
    done = run("evaluate", EXAMPLE, "-o", tmp_path / "loop.txt")
    assert (done.exit_code, "[output-not-written]" in done.stderr) == (1, True)
    assert (tmp_path / "loop.txt").is_symlink()


def test_output_keeps_the_mode_and_goes_through_a_link(tmp_path: Path) -> None:
    out, link = tmp_path / "out", tmp_path / "link"
    out.write_text("old", encoding="utf-8")
    out.chmod(0o640)
    link.symlink_to(out)
    assert run("evaluate", EXAMPLE, "-o", link).exit_code == 0
    assert link.is_symlink()
    assert stat.S_IMODE(out.stat().st_mode) == 0o640
    assert "99.3" in out.read_text(encoding="utf-8")


def test_output_to_a_device_is_written_not_replaced() -> None:
    assert run("evaluate", EXAMPLE, "-o", "/dev/null").exit_code == 0
    assert Path("/dev/null").is_char_device()


def test_nothing_scored_leaves_the_file_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("old", encoding="utf-8")
    assert "[file-not-found]" in refused("evaluate", tmp_path / "missing.toml", "-o", out)
    assert out.read_text(encoding="utf-8") == "old"


def test_output_that_cannot_be_written_is_a_problem(tmp_path: Path) -> None:
    assert "[output-folder-missing]" in refused("evaluate", EXAMPLE, "-o", tmp_path / "none" / "out")
    assert "[path-is-folder]" in refused("evaluate", EXAMPLE, "-o", tmp_path)
    record = changed(tmp_path)
    before = record.read_bytes()
    assert "[output-is-input]" in refused("evaluate", record, "-o", record)
    assert record.read_bytes() == before


@pytest.mark.parametrize("command", [["evaluate"], ["audit"], ["partial"], ["gap", "--to", "优"], ["sensitivity"]])
def test_output_never_overwrites_the_ruleset_that_is_read(tmp_path: Path, command: list[str]) -> None:
    rules = tmp_path / "2023.toml"
    before = ZHANJIANG.read_bytes()
    rules.write_bytes(before)
    named = [rules, EXAMPLE] if command == ["sensitivity"] else [EXAMPLE, "--ruleset", rules]
    assert "[output-is-input]" in refused(*command, *named, "-o", rules)
    assert rules.read_bytes() == before


def test_a_disk_that_fails_is_a_problem_and_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    out.write_text("old", encoding="utf-8")

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert "(no space left on device) [output-not-written]" in refused("evaluate", EXAMPLE, "-o", out)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert out.read_text(encoding="utf-8") == "old"


# ------------------------------------------------------------------------------------------------- bad input: records


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("region =", "regoin =", "unknown-key"),
        ("year = 2023", 'year = "soon"', "number-unreadable"),
        ("kind = ", "kind = 3 #", "expected-text"),
        ("spent = 143.15", "spent = -143.15", "number-negative"),
        ("spent = 143.15", "spent = nan", "number-not-finite"),
        ("spent = 143.15", f"spent = {'9' * 30}", "quantity-too-large"),
        ("spent = 143.15", f"spent = {'9' * 5000}", "number-too-long"),
        ("spent = 143.15 ", "spent = 2023-02-30 ", "quantity-date-not-real"),
        ('actual = "7次"', 'actual = "2023年2月30日"', "quantity-date-not-real"),
        ("misuse_count = 0\n", "", "value-absent"),
        ('actual = "7次"', 'actual = "约7次"', "quantity-approximate"),
        ("misuse_count = 0\n", 'misuse_count = "none"\n', "answer-type"),
        ('"按要求申报"', '"按要求"', "answer-choice"),
    ],
)
def test_a_bad_record_is_a_problem_with_its_place(tmp_path: Path, old: str, new: str, code: str) -> None:
    record = changed(tmp_path, (old, new))
    told = refused("evaluate", record)
    (line,) = [line for line in told.splitlines() if f"[{code}]" in line]
    place = line.removeprefix(f"{record}:").split(":")
    assert line.startswith(f"{record}:")
    assert int(place[0]) > 0
    assert int(place[1]) > 0


def test_every_problem_of_a_record_is_told_in_one_run(tmp_path: Path) -> None:
    record = changed(tmp_path, ("region =", "regoin ="), ("spent = 143.15", "spent = -1"), ('actual = "7次"', 'actual = "约7次"'))
    told = refused("evaluate", record)
    assert [told.count(code) for code in ("[unknown-key]", "[number-negative]", "[quantity-approximate]")] == [1, 1, 1]
    assert "did you mean `region`?" in told


FILES: dict[str, tuple[bytes, str]] = {
    "not UTF-8": ("名称 = 1".encode("gb18030"), "file-not-utf8"),
    "binary": (bytes(range(256)) * 10, "file-not-utf8"),
    "empty": (b"", "file-empty"),
    "huge": (b"x = 1\n" * 2_000_000, "file-too-large"),
    "deep": (b"x = " + b"[" * 100_000, "nested-too-deep"),
    "deep and closed": (b"x = " + b"[" * 300 + b"]" * 300, "nested-too-deep"),
    "no TOML": (b"<html>", "toml-syntax"),
    "NUL": (b"\0", "toml-syntax"),
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("command", ["evaluate", "check", "show", "inputs", "evaluate --ruleset"])
def test_a_file_that_holds_no_data_is_a_problem_of_every_command(tmp_path: Path, command: str, kind: str) -> None:
    content, code = FILES[kind]
    path = tmp_path / "file.toml"
    path.write_bytes(content)
    name, *option = command.split()
    before: list[str | Path] = [EXAMPLE, *option] if option else []
    told = refused(name, *before, path)
    assert told.startswith(str(path))
    assert f"[{code}]" in told


@pytest.mark.parametrize("command", ["evaluate", "check", "show", "inputs", "evaluate --ruleset"])
@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("missing.toml", "file-not-found"),
        ("folder", "path-is-folder|no-records-in-folder|no-rulesets-in-folder"),
        ("a" * 300 + ".toml", "file-unreadable"),
        ("missing.toml/below.toml", "file-not-found|file-unreadable"),
    ],
)
def test_a_path_that_leads_to_no_file(tmp_path: Path, command: str, path: str, code: str) -> None:
    (tmp_path / "folder").mkdir()
    name, *option = command.split()
    before: list[str | Path] = [EXAMPLE, *option] if option else []
    told = refused(name, *before, tmp_path / path)
    assert any(f"[{one}]" in told for one in code.split("|"))


def test_json_records_are_read_and_refused_alike(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    for content, code in (
        (b"{", "json-syntax"),
        (b'{"a": NaN}', "number-not-finite"),
        (b"", "file-empty"),
        (b"[]", "expected-table"),
    ):
        path.write_bytes(content)
        assert f"[{code}]" in refused("evaluate", path)
    assert "[unknown-suffix]" in refused("evaluate", CHECKOUT / "README.md")


# ------------------------------------------------------------------------------------------------- bad input: rulesets


@pytest.mark.parametrize(
    "name",
    [
        *("unknown-key", "expected-text", "weights-sum", "cut-points-order", "unit-mismatch", "name-unknown", "name-ambiguous"),
        *("grades-hole", "number-negative", "not-finite", "number-too-large", "date-not-real", "missing-key", "nested-too-deep"),
    ],
)
@pytest.mark.parametrize("lang", messages.LANGUAGES)
def test_a_bad_ruleset_is_checked_with_place_and_code(name: str, lang: str) -> None:
    path = INVALID / f"{name}.toml"
    expected = {line.split()[2] for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("### ")}
    told = refused("check", path, "--lang", lang)
    for code in expected:
        assert f"[{code}]" in told
    places = [line for line in told.splitlines() if not line.startswith("  ")]
    assert all(line.startswith(f"{path}:") for line in places)


def test_check_tells_all_and_goes_on() -> None:
    result = run("check", INVALID / "weights-sum.toml", "zhanjiang-etdz-project", "nothing", ZHANJIANG)
    assert result.exit_code == 1
    assert "[weights-sum]" in result.stderr
    assert "[ruleset-not-found]" in result.stderr
    good, bad = f"{ZHANJIANG}: ok", "weights-sum.toml: not ok, errors: "
    assert result.stdout.count(good) == 2
    assert bad in result.stdout


def test_check_of_a_folder_checks_the_rulesets_in_it() -> None:
    result = run("check", RULESETS)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == len(Catalog.builtin().entries)


def test_check_says_when_there_may_be_more(tmp_path: Path) -> None:
    """What cannot be read keeps names and sums from being looked at."""
    assert "mend these first" in run("check", INVALID / "unknown-key.toml").stdout
    assert "mend these first" not in run("check", INVALID / "weights-sum.toml").stdout
    assert "mend these first" not in run("check", tmp_path / "none.toml").stdout


def test_warnings_are_counted_and_do_not_fail(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    text = ZHANJIANG.read_text(encoding="utf-8")
    path.write_text(text + '\n[groups.idle]\nlabel = "空"\n', encoding="utf-8")
    result = run("check", path)
    assert result.exit_code == 0
    assert "ok, warnings: 1" in result.stdout
    assert "warning: " in result.stderr


# ------------------------------------------------------------------------------------------------------- other commands


def listed(*options: str) -> set[str]:
    result = run("list", *options)
    assert result.exit_code == 0
    return {entry.name for entry in Catalog.builtin().entries if entry.name in result.stdout}


def test_list_shows_what_is_asked_for() -> None:
    family = "mof-project-self-evaluation"
    assert listed("--family", family) == {f"{family}@2020", f"{family}@2021"}
    assert listed("--family", family, "--year", "2020") == {f"{family}@2020"}
    assert listed("--family", family, "--issued-by", "2021-08-17") == {f"{family}@2020"}
    assert listed("--region", "湖南省长沙市", "--subject", "department", "--year", "2018") == {"hunan-department@2016"}
    assert listed("--evaluation", "department") == {"mof-framework@2020"}
    assert run("list", "--issued-by", "today").exit_code == 2
    assert run("list", "--subject", "person").exit_code == 2


@pytest.mark.parametrize("lang", messages.LANGUAGES)
def test_list_shows_every_ruleset(lang: str) -> None:
    result = run("list", "--lang", lang)
    assert result.exit_code == 0
    assert all(entry.name in result.stdout for entry in Catalog.builtin().entries)
    assert max(map(render.width, result.stdout.splitlines())) <= 120


def test_show_and_inputs() -> None:
    assert "预算执行率" in run("show", "mof-project-self-evaluation", "--lang", "zh").stdout
    assert "@2020" in run("show", "mof-project-self-evaluation", "--year", "2020").stdout
    told = run("inputs", "zhanjiang-etdz-project").stdout
    assert "answers.misuse_count" in told
    assert "budget.received" in told
    assert "[ruleset-not-found]" in refused("show", "zhanjiang")
    assert "[no-edition-applies]" in refused("inputs", "zhanjiang-etdz-project", "--year", "2022")


def test_the_version() -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert result.stdout == f"indicator-rules {version('indicator-rules')}\n"


# ----------------------------------------------------------------------------------------------------------------- usage


@pytest.mark.parametrize(
    "args",
    [
        *([], ["nothing"], ["--nothing"], ["evaluate"], ["evaluate", ""], ["check"], ["show"], ["show", "a", "b"], ["list", "a"]),
        *(
            ["evaluate", "a", "--year", "x"],
            ["evaluate", "a", "--year", "1"],
            ["evaluate", "a", "--year"],
            ["evaluate", "a", "--format", "xml"],
        ),
        *(
            ["evaluate", "a", "--engine", "x"],
            ["evaluate", "a", "--nothing"],
            ["--lang", "fr", "list"],
            ["list", "--lang"],
            ["evaluate", "a", "--ruleset", ""],
        ),
    ],
)
@pytest.mark.parametrize("locale", ["zh_CN.UTF-8", "C.UTF-8"])
def test_wrong_usage_is_told_in_the_language_in_force(args: list[str], locale: str) -> None:
    result = run(*args, env={"LC_ALL": locale})
    assert result.exit_code == 2
    assert result.stdout == ""
    assert ("用法" in result.stderr) == locale.startswith("zh")


@pytest.mark.parametrize("args", [[], ["evaluate"], ["check"], ["list"], ["show"], ["inputs"]])
def test_help_is_in_the_language_in_force(args: list[str]) -> None:
    english, chinese = run(*args, "--help"), run("--lang", "zh", *args, "--help")
    assert english.exit_code == chinese.exit_code == 0
    assert english.stdout.isascii()
    assert "用法" in chinese.stdout
    assert "显示本说明" in chinese.stdout
    assert "Show this message" not in chinese.stdout + english.stdout


# ------------------------------------------------------------------------------------------------------------- processes


def start(*args: str | Path, **more: Any) -> subprocess.Popen[bytes]:
    env = {**os.environ, "LC_ALL": "C.UTF-8", **more.pop("env", {})}
    command = [sys.executable, "-m", "indicator_rules.cli.commands", *map(str, args)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, **more)


def ended(process: subprocess.Popen[bytes]) -> tuple[int, bytes, bytes]:
    out, err = process.communicate(timeout=60)
    assert b"Traceback" not in err
    return process.returncode, out, err


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "gbk"])
def test_a_terminal_that_lacks_characters_still_shows_the_rest(encoding: str) -> None:
    code, out, _ = ended(start("evaluate", EXAMPLE, "--lang", "zh", env={"PYTHONIOENCODING": encoding}))
    assert code == 0
    assert "99.3" in out.decode(encoding)
    assert "#########." in out.decode(encoding)
    code, out, _ = ended(start("evaluate", EXAMPLE, "--format", "json", env={"PYTHONIOENCODING": encoding}))
    assert json.loads(out.decode(encoding))["subject"]["name"] == "党政事务工作经费"
    assert ended(start("evaluate", "名称.toml", "--lang", "zh", env={"PYTHONIOENCODING": encoding}))[0] == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes of POSIX")
def test_an_interrupt_ends_quietly(tmp_path: Path) -> None:
    for number in range(500):
        changed(tmp_path, name=f"{number}.toml")
    # Whoever runs the tests in the background has Ctrl-C ignored, and the child would inherit that.
    process = start("evaluate", tmp_path, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    assert process.stdout is not None
    assert process.stdout.readline()  # the first record is out, and hundreds are to come
    process.send_signal(signal.SIGINT)
    code, _, err = ended(process)
    assert (code, err.strip()) == (130, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes of POSIX")
def test_a_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    for number in range(50):
        changed(tmp_path, name=f"{number}.toml")
    process = start("evaluate", tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait(60) == 141


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX")
@pytest.mark.parametrize(("closed", "code"), [(">&-", 0), ("2>&-", 0), (">&- 2>&-", 0)])
def test_a_stream_that_the_shell_closed_is_no_traceback(closed: str, code: int) -> None:
    command = f"{sys.executable} -m indicator_rules evaluate {EXAMPLE} {closed}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False, text=True, timeout=60)
    assert "Traceback" not in done.stderr
    assert done.returncode == code


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_screen_sent_to_a_full_disk_is_told_as_that() -> None:
    command = f"{sys.executable} -m indicator_rules evaluate {EXAMPLE} --lang zh > /dev/full"
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr == "写不了文件（磁盘已满） [output-not-written]\n"


def test_the_entry_point_is_the_command_line() -> None:
    code, out, err = ended(start("evaluate", EXAMPLE))
    assert code == 0
    assert b"99.3" in out
    assert err == b""


def test_a_command_that_is_misspelt_is_named() -> None:
    assert "did you mean `check`?" in run("chekc").stderr
    assert "did you mean" not in run("qqqqqq").stderr


def test_an_option_that_is_misspelt_or_left_out_is_named() -> None:
    assert "did you mean `--ruleset`?" in run("evaluate", EXAMPLE, "--rulset", "a").stderr
    assert "--to GRADE is missing" in run("gap", EXAMPLE).stderr


def test_the_package_is_run_as_the_command_line_is() -> None:
    done = subprocess.run([sys.executable, "-m", "indicator_rules", "--version"], capture_output=True, check=True, text=True)
    assert done.stdout == f"indicator-rules {version('indicator-rules')}\n"


# -------------------------------------------------------------------------------------------- what a terminal would obey


def test_no_text_of_a_file_reaches_the_terminal_as_a_command(tmp_path: Path) -> None:
    """A ruleset's own texts, a file's name and what was typed: colours, cursor, bell and direction of writing are spelt out."""
    evil = "\\u001b[31m\\u0007\\u009b2J\\u202e"
    text = ZHANJIANG.read_text(encoding="utf-8")
    title = next(line for line in text.splitlines() if line.startswith("title = "))
    ruleset = tmp_path / "evil.toml"
    text = text.replace(title, f'title = "{evil}"').replace("立项规范性", f"{evil}立项规范性")
    ruleset.write_text(text, encoding="utf-8")
    plain = {"\x1b", "\x07", "\x9b", "\u202e", "\r"}
    for command in (("show", ruleset), ("evaluate", EXAMPLE, "--ruleset", ruleset)):
        said = run(*command)
        assert said.exit_code == 0, said.stderr
        assert plain & set(said.stdout + said.stderr) == set(), command
        assert evil in said.stdout, command
    told = run("evaluate", EXAMPLE, "--ruleset", ruleset, "--format", "json")
    assert plain & set(told.stdout) == set()
    assert any(one["label"].startswith("\x1b[31m\x07\x9b2J\u202e") for one in json.loads(told.stdout)["criteria"])
    assert "\x1b" not in refused("evaluate", tmp_path / "\x1b[31m.toml")
    assert "\x1b" not in run("evaluate", EXAMPLE, "--\x1b[31m").stderr


def test_an_explanation_is_asked_for_by_id_or_by_label() -> None:
    by_id = run("evaluate", EXAMPLE, "--lang", "zh", "--explain", "quantity").stdout
    assert run("evaluate", EXAMPLE, "--lang", "zh", "--explain", "数量指标").stdout == by_id
    assert run("evaluate", EXAMPLE, "--lang", "zh", "--explain", "Quantity").stdout == by_id


def test_an_open_answer_that_nobody_asks_for_is_wrong_usage() -> None:
    told = run("partial", EXAMPLE, "--open", "answers.misuse_cuont")
    assert told.exit_code == 2
    assert "has no input `answers.misuse_cuont`; did you mean `answers.misuse_count`?" in told.stderr
    assert run("partial", EXAMPLE, "--open", "answers.misuse*").exit_code == 0


def test_an_answer_that_is_misspelt_is_told_beside_the_one_that_is_missing(tmp_path: Path) -> None:
    told = refused("evaluate", changed(tmp_path, ("misuse_count =", "misuse_cuont =")))
    assert "answers.misuse_cuont: the ruleset asks no `misuse_cuont`" in told
    assert "did you mean `misuse_count`?" in told


def test_units_that_differ_are_shown_as_they_were_typed(tmp_path: Path) -> None:
    typed = [('target = "9次"', 'target = 9\nunit = "万元"'), ('actual = "7次"', 'actual = "70%以上"')]
    told = refused("evaluate", changed(tmp_path, *typed))
    assert "the target `9 万元` and the actual value `70%以上` have different units" in told


def test_words_where_only_numbers_are_scored_are_told_as_that(tmp_path: Path) -> None:
    typed = [('target = "100%"', 'target = "全部"'), ('actual = "100%"', 'actual = "全部"')]
    ruleset = tmp_path / "2023.toml"
    text = ZHANJIANG.read_text(encoding="utf-8").replace('entries.qualitative = { kind = "proportional" }\n', "")
    ruleset.write_text(text, encoding="utf-8")
    assert "no scale for qualitative indicators" in refused("evaluate", changed(tmp_path, *typed), "--ruleset", ruleset)


def test_a_file_name_is_never_a_line_of_its_own(tmp_path: Path) -> None:
    (told,) = refused("evaluate", tmp_path / "a\ntotal 100.toml").splitlines()
    assert "a\\u000atotal 100.toml" in told


def test_what_takes_no_room_is_spelt_out(tmp_path: Path) -> None:
    record = changed(tmp_path, ('actual = "7次"', 'actual = "7\u200b次"'))
    assert "`7\\u200b次`" in refused("evaluate", record)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="nothing is closed to whoever may do everything")
@pytest.mark.parametrize("command", ["evaluate", "check"])
def test_a_folder_that_may_not_be_looked_into_is_not_an_empty_one(tmp_path: Path, command: str) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    assert "(permission denied) [file-unreadable]" in refused(command, closed)


# ---------------------------------------------------------------------------------------------------- rulesets of one's own


@pytest.mark.parametrize("by", ["option", "variable"])
def test_folders_of_ones_own_are_searched_by_every_command(tmp_path: Path, by: str) -> None:
    own = tmp_path / "own" / "own-rules"
    own.mkdir(parents=True)
    (tmp_path / "more").mkdir()
    text = ZHANJIANG.read_text(encoding="utf-8").replace('family = "zhanjiang-etdz-project"', 'family = "own-rules"')
    (own / "2023.toml").write_text(text, encoding="utf-8")
    folders = [str(tmp_path / "own"), str(tmp_path / "more")]

    def ask(*args: str | Path, code: int = 0) -> Result:
        if by == "variable":
            result = run(*args, env={"INDICATOR_RULES_PATH": os.pathsep.join(folders)})
        else:
            result = run(*args, *(part for folder in folders for part in ("--rulesets", folder)))
        assert result.exit_code == code, result.stderr
        return result

    assert "own-rules@2023" in ask("list").stdout
    assert "zhanjiang-etdz-project@2023" in ask("list").stdout
    assert "own-rules@2023" in ask("show", "own-rules").stdout
    assert "answers." in ask("inputs", "own-rules@2023").stdout
    assert "own-rules" in ask("check", "own-rules").stdout
    assert "own-rules@2023" in ask("evaluate", EXAMPLE, "--ruleset", "own-rules").stdout
    assert ask("audit", EXAMPLE, "--ruleset", "own-rules").stdout
    told = ask("evaluate", EXAMPLE, code=1).stderr  # both are for this record
    assert "several-rulesets-apply" in told
    assert "own-rules@2023" in told


def test_without_the_option_nobody_knows_them_and_a_folder_has_to_be_there(tmp_path: Path) -> None:
    assert "ruleset-not-found" in refused("show", "own-rules")
    assert "file-not-found" in refused("list", "--rulesets", tmp_path / "none")
    assert run("list", env={"INDICATOR_RULES_PATH": ""}).exit_code == 0
    assert run("list", "--rulesets", "").exit_code == 2
