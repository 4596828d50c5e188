"""Problems are data: what is wrong, where, and what to do about it.

A `Problem` carries a code and the values that its sentence needs; the sentence itself, in Chinese and English, is in the
message catalogue (`messages`) and is made only when someone reads it. Passes collect problems and go on; whoever called
them raises one exception that holds all of them. A low score is not a problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from indicator_rules import messages

_UNPRINTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What a file's name may hold and a line of text may not: it could pass for a line of ours."""
KeyPath: TypeAlias = tuple[str | int, ...]
Severity: TypeAlias = Literal["error", "warning", "info"]


def path_text(path: KeyPath) -> str:
    """A key path as people write it: `criteria.execution.scale.bands[1]`; list positions count from 0."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


@dataclass(frozen=True, slots=True)
class Where:
    """A place in what the user wrote. `line` and `column` count from 1; both None until the file has been located.

    In a spreadsheet `sheet` and `cell` (`B7`) say the same; `record` says which of its many records it is, by key and name.
    """

    file: str = ""
    path: KeyPath = ()
    line: int | None = None
    column: int | None = None
    sheet: str = ""
    cell: str = ""
    record: str = ""

    def __str__(self) -> str:
        place = _UNPRINTED.sub(lambda found: f"\\u{ord(found[0]):04x}", self.file)
        if self.line is not None:
            place += (":" if place else "") + f"{self.line}" + (f":{self.column}" if self.column is not None else "")
        if self.sheet:
            place += (":" if place else "") + self.sheet + (f"!{self.cell}" if self.cell else "")
        if self.record:
            place += f"（{_UNPRINTED.sub(' ', self.record)}）"
        key = path_text(self.path)
        return f"{place}: {key}" if place and key else place or key


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that the author of a ruleset or record has to mend; to look at, for a warning; or to know, for an info."""

    code: str
    where: Where
    values: Mapping[str, object] = field(default_factory=dict)
    severity: Severity = "error"

    def message(self, lang: messages.Language | None = None) -> str:
        """What is wrong, in one sentence; `lang` defaults to the language in force."""
        return messages.text(f"problems.{self.code}", self.values, lang)

    def hint(self, lang: messages.Language | None = None) -> str | None:
        """What to do about it, if the catalogue knows."""
        return messages.hint(f"problems.{self.code}", self.values, lang)

    def at(self, **changes: Any) -> Problem:
        """The same problem with another file, path, line or column."""
        return replace(self, where=replace(self.where, **changes))

    def describe(self, lang: messages.Language | None = None) -> str:
        """Place, message, code and hint, as the command line prints them."""
        hint = self.hint(lang)
        text = f"{self.where}: {self.message(lang)} [{self.code}]" if str(self.where) else f"{self.message(lang)} [{self.code}]"
        return f"{text}; {hint}" if hint else text

    def as_dict(self, lang: messages.Language | None = None) -> dict[str, object]:
        """The problem as plain data, for JSON."""
        return {
            "code": self.code,
            "severity": self.severity,
            "file": self.where.file,
            "path": path_text(self.where.path),
            "line": self.where.line,
            "column": self.where.column,
            "sheet": self.where.sheet,
            "cell": self.where.cell,
            "record": self.where.record,
            "message": self.message(lang),
            "hint": self.hint(lang),
        }

    def __str__(self) -> str:
        return self.describe()


class IndicatorRulesError(Exception):
    """Base of every exception of this library."""


class ProblemsError(IndicatorRulesError):
    """Something that a user wrote does not hold; `problems` has all of it, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(problem.describe() for problem in self.problems)


class RulesetError(ProblemsError):
    """The rules are wrong, or no ruleset answers to the name, year or record asked for."""


class RecordError(ProblemsError):
    """The record cannot be read, or the ruleset needs something that it lacks."""


class EvaluationError(IndicatorRulesError):
    """A promise of ours broke (a table hit twice, an engine that lost a row): a bug, never the user's doing."""
