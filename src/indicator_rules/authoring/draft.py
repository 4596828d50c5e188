"""A ruleset that somebody still has to finish: its files, and what is left to do.

Made by `new_edition` (from a ruleset) and `skeleton` (from a table). `todo` are problems of severity `warning`, each at its place in the new file; the same
sentences stand in the file as comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from indicator_rules.errors import Problem
from indicator_rules.locate import locate

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Draft:
    """`files`: path below the folder of rulesets → content; the ruleset is `ruleset`, and the last."""

    ruleset: PurePosixPath
    files: Mapping[PurePosixPath, bytes]
    todo: tuple[Problem, ...]


def ruleset_path(family: str, edition: str) -> PurePosixPath:
    """Where an edition stands below a folder of rulesets."""
    return PurePosixPath(family, f"{edition}.toml")


def years_of(edition: str) -> int | None:
    """The evaluation year that an edition's name gives, if it is a year."""
    return int(edition) if len(edition) == 4 and edition.isdecimal() and 1990 <= int(edition) <= 2200 else None


def note(problem: Problem) -> str:
    """What is left to do, as a comment of the file: one line, without characters that TOML has no place for."""
    return _CONTROL.sub("", " ".join(problem.message().split()))


def placed(todo: Iterable[Problem], file: str, written: bytes) -> tuple[Problem, ...]:
    """The list with the lines of the new file; what is about the file as a whole comes last."""
    found = list(todo)
    keyed = [problem for problem in found if problem.where.file == file and problem.where.path]
    others = [problem for problem in found if problem not in keyed]
    return (*locate(keyed, written), *others)
