"""Problems as SARIF 2.1.0, the form in which code reviews and editors take what a checker found.

In: problems of any number of files. Out: plain data, ready for JSON. Guaranteed: every result has its rule; columns count characters from 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from indicator_rules import messages
from indicator_rules.errors import Problem, Severity, path_text

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}


def sarif(problems: Iterable[Problem], lang: messages.Language | None = None) -> dict[str, Any]:
    """One run with every problem as a result; texts in `lang`."""
    lang = lang or messages.language()
    found = list(problems)
    codes = list(dict.fromkeys(problem.code for problem in found))
    driver = {
        "name": "indicator-rules",
        "version": version("indicator-rules"),
        "rules": [_rule(code, lang) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "language": {"zh": "zh-CN", "en": "en"}[lang],
        "results": [_result(problem, codes.index(problem.code), lang) for problem in found],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str, lang: messages.Language) -> dict[str, Any]:
    """The sentence of a code, its places still open."""
    template = str(messages.catalogue()[f"problems.{code}"][lang])
    return {"id": code, "shortDescription": {"text": template}}


def _result(problem: Problem, rule: int, lang: messages.Language) -> dict[str, Any]:
    hint = problem.hint(lang)
    result: dict[str, Any] = {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": _LEVELS[problem.severity],
        "message": {"text": problem.message(lang) + (f" ({hint})" if hint else "")},
    }
    location: dict[str, Any] = {}
    where = problem.where
    if where.file:
        location["physicalLocation"] = {"artifactLocation": {"uri": _uri(where.file)}}
        if where.line is not None:
            region = {"startLine": where.line} | ({} if where.column is None else {"startColumn": where.column})
            location["physicalLocation"]["region"] = region
    if where.path:
        location["logicalLocations"] = [{"fullyQualifiedName": path_text(where.path), "kind": "member"}]
    return {**result, "locations": [location]} if location else result


def _uri(file: str) -> str:
    path = PurePath(file)
    return Path(file).as_uri() if path.is_absolute() else quote(path.as_posix())
