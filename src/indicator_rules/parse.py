"""Parse: the text of a ruleset file → `Spec`.

In: bytes or text of TOML (of JSON, if the file is named so), or plain data of the same shape. Out: the `Spec`, or None and every
problem of shape that could be found. Guaranteed: nothing is raised, whatever the text; each problem has the key path that the user
wrote and, for a file, line and column. What the rules mean is not looked at: that is `check` and `link`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from indicator_rules import messages
from indicator_rules.errors import KeyPath, Problem, Where
from indicator_rules.record_fields import CATEGORIES, category_path, suggestion
from indicator_rules.spec import Spec
from indicator_rules.uncut import uncut
from indicator_rules.validation import DEEPEST, decode, locate, problems_of

_FORMS = {
    r"^[a-z][a-z0-9_]{0,59}$": "id-form",
    r"^[a-z][a-z0-9-]{0,79}$": "family-form",
    r"^[0-9A-Za-z][0-9A-Za-z.-]{0,39}$": "edition-form",
    r"^[a-z]+(\.[a-z]+)*$": "category-unknown",
}
"""The patterns of `spec`, and the problem of a text that does not match."""

_SHORT = {
    "weight": "not-a-number",
    **dict.fromkeys(("label", "title", "message"), "expected-text"),
    "years": "years-not-understood",
    **dict.fromkeys(("award", "points", "at_least", "above", "at_most", "below", "from", "to"), "award-not-understood"),
}
"""Keys that are mostly written as a bare value: asking for a table there would mislead."""

_BRANCH_MISSED = ("expected-table", "expected-list", "expected-text", "expected-number", "unknown-choice")
"""What each branch of a union says of a value that another branch is for."""


def parse(source: bytes | str, file: str = "") -> tuple[Spec | None, list[Problem]]:
    """The ruleset that `source` spells, or None and its problems, in file order."""
    content = source.encode(errors="surrogatepass") if isinstance(source, str) else source
    data, problems = decode(content, file, "json" if file.lower().endswith(".json") else "toml")
    if problems:
        return None, problems
    spec, problems = parse_data(data, file)
    return spec, locate(problems, content)


@uncut()
def parse_data(data: Mapping[str, Any], file: str = "") -> tuple[Spec | None, list[Problem]]:
    """The same from plain data; a float is taken as the decimal that it prints, and None as a key that is not there."""
    try:
        plain = _plain(data)
    except _TooDeepError:
        return None, [Problem("nested-too-deep", Where(file), {"limit": DEEPEST})]
    if "subject" in plain and not {"schema", "ruleset", "criteria"} & plain.keys():
        return None, [Problem("ruleset-is-record", Where(file, ("subject",)))]
    try:
        return Spec.model_validate(plain), []
    except ValidationError as error:
        found = problems_of(error, file, plain, Spec)
    return None, list(_in_words_of_rulesets(found, plain))


class _TooDeepError(Exception):
    pass


def _plain(value: Any, depth: int = 0) -> Any:
    if depth > DEEPEST:
        raise _TooDeepError
    if isinstance(value, Mapping):
        return {key: _plain(item, depth + 1) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    return Decimal(float.__repr__(value)) if isinstance(value, float) else value


def _in_words_of_rulesets(problems: list[Problem], data: Any) -> Iterator[Problem]:
    """The problems, each said once and in terms of the language that policy officers write."""
    told: set[KeyPath] = set()
    better = _said_better(problems)
    for problem in problems:
        path = problem.where.path
        if problem.code == "list-too-short" and len(_at(data, path)) >= int(str(problem.values["limit"])):
            continue  # its rows are refused one by one; the list itself is long enough
        if problem.code in _BRANCH_MISSED and (path in told or path in better):
            continue
        told.add(path)
        yield _in_our_words(problem, data)


def _said_better(problems: list[Problem]) -> set[KeyPath]:
    """The places at which, or inside which, some problem says more than that a union's other branch is missed."""
    inside = {path[:length] for path in {problem.where.path for problem in problems} for length in range(len(path))}
    return inside | {problem.where.path for problem in problems if problem.code not in _BRANCH_MISSED}


def _in_our_words(problem: Problem, data: Any) -> Problem:
    path, code, values = problem.where.path, problem.code, problem.values
    text = str(values.get("text", ""))
    last = path[-1] if path else ""
    if path == ("schema",):
        return Problem("schema-unknown", problem.where, {"text": text}) if code == "unknown-choice" else problem
    if code == "text-malformed" and values["pattern"] in _FORMS:
        form = _FORMS[str(values["pattern"])]
        meant = category_path(text) if form == "category-unknown" else None  # 满意度指标, as records say it
        near = {"suggestion": meant} if meant else suggestion(text.lower(), CATEGORIES) if form == "category-unknown" else {}
        return Problem(form, problem.where, {"text": text, **near})
    if code == "unknown-choice" and isinstance(_at(data, path), Mapping):
        return _scale_kind(problem, values)
    if code == "no-known-form":
        return Problem("scale-kind-missing", problem.where, {"kinds": messages.choices(_KINDS)})
    if code == "expected-table" and last in _SHORT:
        return Problem(_SHORT[str(last)], problem.where, {"text": text})
    return problem


def _scale_kind(problem: Problem, values: Mapping[str, object]) -> Problem:
    path = (*problem.where.path, "kind")
    return Problem("scale-kind-unknown", Where(problem.where.file, path), {**values, "choices": messages.choices(_KINDS)})


_KINDS = ("proportional", "bands", "deduct", "checklist", "levels", "first_match", "discretionary", "parts")


def _at(data: Any, path: KeyPath) -> Any:
    for part in path:
        data = data[part]
    return data
