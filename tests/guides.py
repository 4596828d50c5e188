"""Guides (docs/guide-*.md): one story each, run from the top in one folder, and what they show is what comes out.

In a guide, a `bash` block is run line by line (a line that is to fail ends with `# 退出码 1`, `# exit code 1`); the `text` block after it is what it prints on both streams (a line `…`
stands for any lines); a `diff` block changes a file, any other block is one: the file named in its first line (`# 文件：PATH`), or in a comment above it (`<!-- file: PATH -->`,
`<!-- new file: PATH -->`). `python tests/guides.py` writes the outputs anew.
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
GUIDES = sorted((ROOT / "docs").glob("guide-*.md"))
_BLOCK = re.compile(
    r"(?:^<!-- (?:new )?file: (?P<above>\S+) -->\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
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
    """Do what the guide says in `folder`, where `docs` and `rulesets` are; every output that it shows. Raises AssertionError if a
    command ends otherwise than the guide says."""
    copied(folder)
    lang = "zh" if "zh-CN" in guide.name else "en"
    output = ""
    for block in _BLOCK.finditer(guide.read_text(encoding="utf-8")):
        kind, text = block["kind"], block["text"]
        named = _FILE.match(text)
        name = named[1] if named else block["above"]
        text = text[named.end() :] if named else text
        if kind == "bash":
            lines = text.replace("\\\n", " ").splitlines()
            assert not output.strip(), f"the guide does not say that this is seen:\n{output}"
            output = "".join(_run(line, folder, lang) for line in lines)
        elif kind == "text":
            yield Shown(*block.span("text"), text, output)
            output = ""
        elif kind == "diff":
            assert name, text
            _change(folder / name, text)
        elif name:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    assert not output.strip(), f"the guide does not say that this is seen:\n{output}"


def copied(folder: Path, only: str = "") -> None:
    """The documents, and the rulesets (those of the families named in `only`, if any is)."""
    shutil.copytree(ROOT / "docs", folder / "docs")
    families = [path.name for path in (ROOT / "rulesets").iterdir()]
    for name in [one for one in families if one in only] or families:
        shutil.copytree(ROOT / "rulesets" / name, folder / "rulesets" / name)


def _run(line: str, folder: Path, lang: str) -> str:
    wanted = int(match[1]) if (match := _FAILS.search(line)) else 0
    code, said = ran(line, folder, lang)
    assert code == wanted, f"{line}\n{code}\n{said}"
    return said


def ran(line: str, folder: Path, lang: str = "en") -> tuple[int, str]:
    """A command of ours, or one that copies files: its exit code, and what it says on both streams."""
    words = shlex.split(line, comments=True)
    if not words:
        return 0, ""
    if words[0].endswith("indicator-rules"):
        words[:1] = [sys.executable, "-c", "from indicator_rules.cli.commands import main; main()"]
    else:
        assert words[0] in ("cp", "mkdir"), f"a command that this test does not run: {line}"
    source = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    told = {"LC_ALL": {"en": "C.UTF-8", "zh": "zh_CN.UTF-8"}[lang], "PYTHONUTF8": "1", "COLUMNS": "100", "PYTHONPATH": source}
    done = subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, **told},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout


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
