"""Guides (docs/guide-*.md): one story each, run from the top in one folder, and what they show is what comes out.

In a guide, a `bash` block is run line by line (a line that is to fail ends with `# 退出码 1`); the `text` block after it is what it prints on both streams (a line `…` stands for
any lines); a `diff` block changes the file named in its first line; a block with `# 文件：PATH` in its first line is that file. `python tests/guides.py` writes the outputs anew.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
GUIDES = sorted(set((ROOT / "docs").glob("guide-*.md")) - set((ROOT / "docs").glob("guide-test*.md")))
"""`guide-test` has its own reader in `test_docs`: it copies rulesets, and is in two languages."""
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (?:文件：|file: )(\S+)\n")
_FAILS = re.compile(r"# (?:退出码|exit code) (\d+)$")


class Shown(NamedTuple):
    """An output as the guide shows it and as it is; `start` and `end` say where it stands."""

    start: int
    end: int
    shown: str
    found: str

    def agrees(self) -> bool:
        parts = [re.escape(part) for part in re.split(r"^…\n", self.shown, flags=re.MULTILINE)]
        return re.fullmatch("(?:.*\n)*?".join(parts), self.found) is not None


def play(guide: Path, folder: Path) -> Iterator[Shown]:
    """Do what the guide says in `folder`, where `docs/examples` and `docs/forms` are; every output that it shows. Raises AssertionError if a command ends otherwise than the guide says."""
    for name in ("examples", "forms"):
        shutil.copytree(ROOT / "docs" / name, folder / "docs" / name)
    output = ""
    for block in _BLOCK.finditer(guide.read_text(encoding="utf-8")):
        kind, text = block.groups()
        named = _FILE.match(text)
        if kind == "bash":
            output = "".join(_run(line, folder) for line in text.replace("\\\n", " ").splitlines() if line.strip())
        elif kind == "text":
            yield Shown(*block.span(2), text, output)
        elif kind == "diff":
            assert named, text
            _change(folder / named[1], text[named.end() :])
        elif named:
            path = folder / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text[named.end() :], encoding="utf-8")


def _run(line: str, folder: Path) -> str:
    code = int(match[1]) if (match := _FAILS.search(line)) else 0
    words = shlex.split(line, comments=True)
    if not words:
        return ""
    assert words[0] == "indicator-rules", f"a guide runs only this library: {line}"
    words[:1] = [sys.executable, "-c", "from indicator_rules.cli.commands import main; main()"]
    source = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    settings = {**os.environ, "LC_ALL": "zh_CN.UTF-8", "COLUMNS": "100", "PYTHONIOENCODING": "utf-8", "PYTHONPATH": source}
    done = subprocess.run(
        words,
        cwd=folder,
        env=settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == code, f"{line}\n{done.returncode}\n{done.stdout}"
    return done.stdout


def _change(path: Path, diff: str) -> None:
    """Lines with `-` become those with `+`; what is there before must stand in the file once."""
    text = path.read_text(encoding="utf-8")
    lines = diff.splitlines(keepends=True)
    old = "".join(line[1:] for line in lines if line[0] in " -")
    new = "".join(line[1:] for line in lines if line[0] in " +")
    assert text.count(old) == 1, f"{path}: {old}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def renewed(guide: Path, folder: Path) -> str:
    """The guide with the outputs as they are now; those with a line `…` stay as they are."""
    text = guide.read_text(encoding="utf-8")
    for one in reversed(list(play(guide, folder))):
        if not one.agrees() and "…\n" not in one.shown:
            text = text[: one.start] + one.found + text[one.end :]
    return text


if __name__ == "__main__":
    for guide in GUIDES:
        with tempfile.TemporaryDirectory() as folder:
            guide.write_text(renewed(guide, Path(folder)), encoding="utf-8")
