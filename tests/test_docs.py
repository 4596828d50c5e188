"""What the documents show works: every Python block and every command runs, every TOML block reads."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
import tomli

import indicator_rules as ir
from guides import GUIDES, play

ROOT = Path(__file__).parent.parent
STEPS = sorted((ROOT / "docs").glob("guide-test*.md"))
"""Read from top to bottom in one folder: their blocks are steps."""
DOCUMENTS = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted(set((ROOT / "docs").rglob("*.md")) - {*STEPS})]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SET_UP = "python3 -m venv"
"""The two set-up commands are run by CI, in a fresh environment."""


STEP = re.compile(r"(?:^<!-- (file|new file): (\S+) -->\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
"""What a step does is its kind: `bash` commands, the `text` that they print (`…` for what is left out), a `diff` of the file named, a file that is new."""


def blocks(kind: str) -> list[tuple[str, str]]:
    found = []
    for document in DOCUMENTS:
        if document in GUIDES and kind == "bash":
            continue  # run as a whole, below
        pieces = [text for language, text in BLOCK.findall(document.read_text(encoding="utf-8")) if language == kind]
        found += [(f"{document.name}-{number}", text) for number, text in enumerate(pieces, 1)]
    return found


PYTHON, SHELL, TOML = blocks("python"), blocks("bash"), blocks("toml")


@pytest.mark.parametrize("text", [text for _, text in PYTHON], ids=[name for name, _ in PYTHON])
def test_python_runs_and_prints_what_its_comments_say(text: str) -> None:
    done = subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    for expected in re.findall(r"^print\(.*\)  # (.+)$", text, re.MULTILINE):
        assert expected in done.stdout


@pytest.mark.parametrize("text", [text for _, text in SHELL], ids=[name for name, _ in SHELL])
def test_commands_run(text: str, tmp_path: Path) -> None:
    copied(tmp_path)
    for line in text.replace("\\\n", " ").splitlines():
        if not line.startswith(SET_UP):
            code, said = ran(line, tmp_path)
            assert code == 0, f"{line}\n{said}"


def copied(folder: Path) -> None:
    for name in ("docs", "rulesets"):
        shutil.copytree(ROOT / name, folder / name)


def ran(line: str, folder: Path, lang: str = "en") -> tuple[int, str]:
    """A command of ours, or one that copies files: its exit code, and what it says."""
    words = shlex.split(line, comments=True)
    if not words:
        return 0, ""
    if words[0].endswith("indicator-rules"):
        words[:1] = [sys.executable, "-c", "from indicator_rules.cli.commands import main; main()"]
    else:
        assert words[0] in ("cp", "mkdir"), f"a command that this test does not run: {line}"
    environment = {**os.environ, "LC_ALL": {"en": "C.UTF-8", "zh": "zh_CN.UTF-8"}[lang], "PYTHONUTF8": "1", "COLUMNS": "100"}
    done = subprocess.run(
        words,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
        check=False,
        env=environment,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("guide", STEPS, ids=lambda path: path.name)
def test_a_guide_works_from_top_to_bottom_and_shows_what_is_seen(guide: Path, tmp_path: Path) -> None:
    copied(tmp_path)
    lang = "zh" if "zh-CN" in guide.name else "en"
    said = ""
    code = 0
    for how, name, kind, text in STEP.findall(guide.read_text(encoding="utf-8")):
        if kind == "bash":
            assert said.strip() == "", f"nobody says that this is seen:\n{said}"
            for line in text.splitlines():
                code, more = ran(line, tmp_path, lang)
                said += more
                assert code in (0, 1), f"{line}\n{more}"
        elif kind == "text":
            assert shown(text) == [line for line in shown(text) if line in said.splitlines()], said
            assert "…" in text.splitlines() or text.strip() == said.strip()
            said = ""
        elif kind == "diff":
            lines = text.splitlines(keepends=True)
            old, new = ("".join(line[1:] for line in lines if line[0] in f" {sign}") for sign in "-+")
            content = (tmp_path / name).read_text(encoding="utf-8")
            assert content.count(old) == 1, f"{name} has not just one place for\n{old}"
            (tmp_path / name).write_text(content.replace(old, new), encoding="utf-8")
        else:
            assert (kind, how) == ("toml", "new file"), f"a step that this test does not know: {kind}"
            (tmp_path / name).write_text(text, encoding="utf-8")
    assert (code, said) == (0, ""), "a guide ends well"


def shown(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip() not in ("", "…")]


@pytest.mark.parametrize("guide", GUIDES, ids=[guide.name for guide in GUIDES])
def test_a_guide_shows_what_comes_out(guide: Path, tmp_path: Path) -> None:
    shown = list(play(guide, tmp_path))
    assert shown
    for one in shown:
        assert one.agrees(), f"`python tests/guides.py` writes what comes out now:\n{one.found}"


@pytest.mark.parametrize("text", [text for _, text in TOML], ids=[name for name, _ in TOML])
def test_toml_reads(text: str) -> None:
    assert tomli.loads(text)


def test_the_ruleset_and_the_case_of_the_language_guide_belong_together() -> None:
    ours = [tomli.loads(text, parse_float=Decimal) for name, text in TOML if name.startswith("language.md")]
    rules, case = ir.Rules.from_data(ours[0]), ours[-1]
    result = rules.evaluate(case["record"])
    assert (result.total, result.grade) == (case["expected"]["total"], case["expected"]["grade"])
    assert {name: result[name].points for name in case["expected"]["criteria"]} == case["expected"]["criteria"]


def test_the_glossary_knows_every_public_name() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert [name for name in ir.__all__ if name[0].isupper() and f"`{name}`" not in glossary] == []


def test_every_picture_that_a_page_shows_is_there_and_small() -> None:
    """`python docs/make_pictures.py` makes them."""
    shown = {
        document.parent / path
        for document in (*DOCUMENTS, *STEPS)
        for path in re.findall(r"!\[[^\]]+\]\(([^)\s]+\.png)\)", document.read_text(encoding="utf-8"))
    }
    made = set((ROOT / "docs" / "pictures").iterdir())
    assert shown == made
    assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in made)
    assert max(picture.stat().st_size for picture in made) < 150_000
    assert sum(picture.stat().st_size for picture in made) < 600_000
