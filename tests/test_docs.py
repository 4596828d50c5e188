"""What the documents show works: every Python block and every command runs, every TOML block reads."""

from __future__ import annotations

import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
import tomli

import indicator_rules as ir
from guides import GUIDES, copied, play, ran

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SET_UP = "python3 -m venv"
"""The two set-up commands are run by CI, in a fresh environment."""


def blocks(kind: str) -> list[tuple[str, str]]:
    found = []
    for document in DOCUMENTS:
        if document in GUIDES and kind == "bash":
            continue  # gone through as a whole, below
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
    copied(tmp_path, text)  # each ruleset is tested by itself elsewhere
    for line in text.replace("\\\n", " ").splitlines():
        if not line.startswith(SET_UP):
            code, said = ran(line, tmp_path)
            assert code == 0, f"{line}\n{said}"


@pytest.mark.parametrize("guide", GUIDES, ids=[guide.name for guide in GUIDES])
def test_a_guide_works_from_top_to_bottom_and_shows_what_comes_out(guide: Path, tmp_path: Path) -> None:
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
        for document in DOCUMENTS
        for path in re.findall(r"!\[[^\]]+\]\(([^)\s]+\.png)\)", document.read_text(encoding="utf-8"))
    }
    made = set((ROOT / "docs" / "pictures").iterdir())
    assert shown == made
    assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in made)
    assert max(picture.stat().st_size for picture in made) < 150_000
    assert sum(picture.stat().st_size for picture in made) < 600_000
