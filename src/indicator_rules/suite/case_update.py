"""What a case expects, rewritten to what came out.

In: a `CaseResult`. Out: the text of its file with the differing values of `expected` replaced, and its comments, order and layout as they
were; or None where a person has to look first: a record that is refused but was to be scored (or the other way round), or a case that cannot
be read. Guaranteed: nothing but `expected` differs, or `RecordError`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias

import tomli
import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array, Item

from indicator_rules.errors import KeyPath, Problem, RecordError, Where
from indicator_rules.exact import Exact, to_text
from indicator_rules.suite.suite import CaseResult

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_BOM = "\ufeff"

Value: TypeAlias = "Exact | str | tuple[str, ...] | None"


def updated(result: CaseResult) -> str | None:
    """The new text of the case's file. Raises `RecordError`."""
    changes = _changes(result)
    if result.case is None or not changes:
        return None
    text = result.case.content.decode("utf-8")
    try:
        new = _rewritten(text.removeprefix(_BOM), changes)
    except (TOMLKitError, KeyError, TypeError, ValueError):  # tomlkit reads less than tomli does
        new = ""
    before, after = _data(text), _data(new)
    if before.pop("expected", None) == after.pop("expected", None) or before != after:
        raise RecordError([Problem("case-not-updated", Where(str(result.path)))])
    return new if not text.startswith(_BOM) else _BOM + new


def _changes(result: CaseResult) -> Mapping[KeyPath, Value]:
    """What has to be written where, below `expected`."""
    found = result.evaluation
    if found is not None and [problem.code for problem in result.problems] == ["case-expects-nothing"]:
        changes: dict[KeyPath, Value] = {("total",): found.exact_total, ("grade",): found.grade}
        return changes | {("criteria", one.id): one.exact_points for one in found.criteria}
    refused = any(difference.at == ("problems",) for difference in result.differences)
    if result.problems or (refused and found is not None):
        return {}
    return {difference.at: difference.got for difference in result.differences}


def _rewritten(text: str, changes: Mapping[KeyPath, Value]) -> str:
    document = tomlkit.parse(text)
    for at, value in changes.items():
        table: Any = document
        for name in ("expected", *at[:-1]):
            if name not in table:
                table[name] = tomlkit.table()
            table = table[name]
        if value is None:
            table.pop(at[-1], None)
        else:
            table[at[-1]] = _item(value, table.get(at[-1]))
    return tomlkit.dumps(document)


def _item(value: Exact | str | tuple[str, ...], before: object) -> Item:
    """`value` as TOML; a list is laid out as the one before it was."""
    if isinstance(value, tuple):
        array = tomlkit.array()
        array.extend(value)
        return array.multiline(isinstance(before, Array) and "\n" in before.as_string())
    text = value if isinstance(value, str) else to_text(value)
    return tomlkit.value(text) if not isinstance(value, str) and _NUMBER.fullmatch(text) else tomlkit.string(text)


def _data(text: str) -> dict[str, Any]:
    return tomli.loads(text.removeprefix(_BOM), parse_float=Decimal)
