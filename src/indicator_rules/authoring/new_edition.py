"""Next year's edition of a ruleset, to go on from: the file and its worked cases, with what makes it another edition changed.

In: a ruleset file, family, edition, year. Out: a `Draft`, or `RulesetError`. Guaranteed: comments, order and layout stay; nothing changes but family, edition, years, title, status, date of
issue and `coexists_with`; the cases are the same bytes, so what they expect still holds.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

import tomli
import tomlkit
from tomlkit.exceptions import TOMLKitError

from indicator_rules.authoring.draft import Draft, note, placed, ruleset_path, years_of
from indicator_rules.errors import Problem, RulesetError, Where
from indicator_rules.files import content
from indicator_rules.rules import Rules

_BOM = "\ufeff"
_MOST_CASES = 5000


def new_edition(file: Path, family: str, edition: str, year: int | None) -> Draft:
    """The draft; without a year, that which `edition` names, else the years stay. Raises `RulesetError`."""
    rules = Rules.from_path(file)
    path = ruleset_path(family, edition)
    try:
        text = content(file, RulesetError).decode("utf-8").removeprefix(_BOM)
        edit = _Edit(text, str(path), rules, family, edition, years_of(edition) if year is None else year)
        new = tomlkit.dumps(edit.document)
        held = tomli.loads(new, parse_float=Decimal) == edit.wanted
    except (TOMLKitError, KeyError, TypeError, ValueError):  # tomlkit reads less than tomli does
        held = False
    if not held:
        raise RulesetError([Problem("draft-not-copied", Where(str(file)))])
    cases = dict(_cases(file, path))
    written = new.encode("utf-8")
    todo = [*edit.todo, *edit.elsewhere(new)]
    if cases:
        values = {"count": len(cases), "year": ", ".join(map(str, edit.old_years)) or "—"}
        todo.append(Problem("draft-cases", Where(str(path.parent / "cases" / path.stem)), values, "warning"))
    return Draft(path, {**cases, path: written}, placed(todo, str(path), written))


def _cases(file: Path, path: PurePosixPath) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Everything in the folder of worked cases."""
    folder = file.parent / "cases" / file.stem
    found = sorted(one for one in folder.rglob("*") if one.is_file()) if folder.is_dir() else []
    if len(found) > _MOST_CASES:
        raise RulesetError([Problem("table-too-many", Where(str(folder)), {"limit": _MOST_CASES})])
    for one in found:
        yield path.parent / "cases" / path.stem / PurePosixPath(*one.relative_to(folder).parts), content(one, RulesetError)


class _Edit:
    """The document with its changes; `wanted` is the plain data that it then has to hold."""

    def __init__(self, text: str, file: str, rules: Rules, family: str, edition: str, year: int | None) -> None:
        self.document, self.wanted = tomlkit.parse(text), tomli.loads(text, parse_float=Decimal)
        self.file, self.todo = file, list[Problem]()
        header = rules.spec.ruleset
        years = header.applies.years
        self.old_years = years.only or tuple(one for one in (years.from_, years.to) if one is not None)
        self.old_edition = header.edition
        self.set(("ruleset", "family"), family)
        self.set(("ruleset", "edition"), edition)
        self.title(edition)
        if year is not None:
            self.set(("ruleset", "applies", "years"), [year])
        self.mark("draft-years", ("ruleset", "applies", "years"), year=", ".join(map(str, [year] if year else self.old_years)))
        for key, code in (("issued", "draft-removed-issued"), ("coexists_with", "draft-removed-coexists-with")):
            if key in self.wanted["ruleset"]:
                self.remove(key, code)
        if header.status != "example":
            self.set(("ruleset", "status"), "example")
        self.mark("draft-status", ("ruleset", "status"), text=header.status)
        for name in rules.spec.sources:
            self.mark("draft-source", ("sources", name, "title"), text=rules.spec.sources[name].title)

    def table(self, path: tuple[str, ...], root: Any) -> Any:
        for key in path[:-1]:
            root = root[key]
        return root

    def set(self, path: tuple[str, ...], value: Any) -> None:
        if self.table(path, self.wanted)[path[-1]] == value:
            return
        self.table(path, self.wanted)[path[-1]] = copy.copy(value)
        self.table(path, self.document)[path[-1]] = value

    def title(self, edition: str) -> None:
        """The year of the old edition in the title becomes that of the new one."""
        given = self.wanted["ruleset"]["title"]
        for path, text in (
            [(("ruleset", "title"), given)]
            if isinstance(given, str)
            else [(("ruleset", "title", key), given[key]) for key in given]
        ):
            if years_of(self.old_edition) and years_of(edition):
                self.set(path, re.sub(_year(self.old_edition).pattern + _NOT_CITED, edition, text))
        self.mark("draft-title", ("ruleset", "title"), text=given if isinstance(given, str) else given.get("zh", ""))

    def remove(self, key: str, code: str) -> None:
        """What was of the old edition alone."""
        value = self.wanted["ruleset"].pop(key)
        del self.document["ruleset"][key]
        shown = ", ".join(value) if isinstance(value, list) else str(value)
        self.todo.append(Problem(code, Where(self.file, ("ruleset",)), {"text": shown}, "warning"))

    def mark(self, code: str, path: tuple[str, ...], **values: object) -> None:
        """Put something on the list, and a comment beside it: of a key inside `{ … }`, beside the whole."""
        problem = Problem(code, Where(self.file, path), values, "warning")
        self.todo.append(problem)
        item: Any = self.document
        for key in path:
            below = item[key]
            if isinstance(item, tomlkit.items.InlineTable):
                break
            item = below
        old = item.trivia.comment.lstrip("# ").strip() if hasattr(item, "trivia") else ""
        item.comment(f"{old}；{note(problem)}" if old else note(problem))

    def elsewhere(self, new: str) -> Iterator[Problem]:
        """Where the years of the old edition still stand, comments too."""
        years = sorted({str(year) for year in self.old_years} | ({self.old_edition} if years_of(self.old_edition) else set()))
        for year in years:
            lines = [number for number, line in enumerate(new.splitlines(), start=1) if _year(year).search(line)]
            if lines:
                shown = ", ".join(map(str, lines[:20])) + ("…" if len(lines) > 20 else "")
                yield Problem("draft-year-elsewhere", Where(self.file), {"year": year, "lines": shown}, "warning")


_NOT_CITED = r"(?!\s*年?\s*[〕］\]】]|\s*年?\s*[)）]\s*第?[0-9]+\s*号)"
"""The year in 财预〔2021〕101号 is that of a document, whatever the edition."""


def _year(year: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\d){year}(?!\d)")
