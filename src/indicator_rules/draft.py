"""A ruleset that somebody still has to finish: its files, and what is left to do.

Made by `new_edition` (from a ruleset) and `skeleton` (from a table). `todo` are problems of severity `warning`, each at its place in the new file; the same
sentences stand in the file as comments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from indicator_rules.errors import Problem


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
    """What is left to do, as a comment of the file."""
    return " ".join(problem.message().split())
