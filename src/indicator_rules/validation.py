"""From bytes and pydantic's findings to problems that a person can mend.

In: the bytes of a file (`decode`), or a pydantic `ValidationError` with the data that caused it (`problems_of`). Out: plain data, and
`Problem`s whose key path is what the user wrote: no tags of unions, no names of types, no positions in lists that the
user did not write. Guaranteed: numbers with a point arrive as `Decimal`; whatever pydantic reports becomes a problem with a
text in the catalogue, if only a general one; custom errors whose type has a hyphen are taken as our own codes.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, NoReturn, get_origin

import tomli
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from indicator_rules import messages
from indicator_rules.errors import KeyPath, Problem, Where
from indicator_rules.locate import locate as locate  # noqa: PLC0414 -- re-exported: decode, problems_of and locate go together
from indicator_rules.locate import repeated_json_keys
from indicator_rules.slips import json_slip, toml_slip

LARGEST_FILE = 10 * 1024 * 1024
DEEPEST = 100
LONGEST_INTEGER = 13_000
"""Bits of an integer, less than those of 4000 digits."""

# --- files to data ------------------------------------------------------------------------------------------------------


class _RefusedError(Exception):
    """A file that cannot be decoded, as the problem's code, its values and its place."""

    def __init__(self, code: str, line: int | None = None, column: int | None = None, **values: object) -> None:
        super().__init__(code)
        self.code, self.line, self.column, self.values = code, line, column, values


def decode(data: bytes, file: str, format: Literal["toml", "json"]) -> tuple[Any, list[Problem]]:
    """The data that a file holds, or None and the problems that keep it from being read."""
    try:
        text = _text(data)
        return (_from_toml(text) if format == "toml" else _from_json(text)), []
    except _RepeatedKeysError as error:
        return None, [Problem("repeated-key", Where(file, (), *place), {"key": key}) for key, place in error.keys]
    except _RefusedError as error:
        return None, [Problem(error.code, Where(file, (), error.line, error.column), error.values)]


def _text(data: bytes) -> str:
    if len(data) > LARGEST_FILE:
        raise _RefusedError("file-too-large", limit=f"{LARGEST_FILE // 1024 // 1024} MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode(errors="replace")) + 1
        raise _RefusedError("file-not-utf8", line, column) from None
    if not text.strip():
        raise _RefusedError("file-empty")
    return text


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent beyond anything a Decimal can hold
        raise ValueError("too many digits") from None


def _from_toml(text: str) -> Any:
    try:
        data = tomli.loads(text, parse_float=_number)
    except tomli.TOMLDecodeError as error:
        _refuse_toml(error, text)
    except RecursionError:
        raise _RefusedError("nested-too-deep", limit=DEEPEST) from None
    except ValueError:  # Python's limit on the digits of an integer, or `_number`
        raise _RefusedError("number-too-long", *_first_long_number(text)) from None
    _check(data, text)
    return data


def _refuse_toml(error: tomli.TOMLDecodeError, text: str) -> NoReturn:
    reason = re.sub(r" \(at .*\)$", "", str(error))
    place = re.search(r"\(at line (\d+), column (\d+)\)$", str(error))
    lines = text.split("\n")
    line, column = (int(place[1]), int(place[2])) if place else (len(lines), len(lines[-1]) + 1)
    if reason.startswith("Invalid date"):
        typed = re.match(r"[0-9T:.+Z-]+", lines[line - 1][column - 1 :])
        raise _RefusedError("quantity-date-not-real", line, column, text=typed[0] if typed else "") from None
    raise _RefusedError("toml-syntax", line, column, reason=toml_slip(reason, text, line, column)) from None


class _RepeatedKeysError(Exception):
    def __init__(self, keys: list[tuple[str, tuple[int, int]]]) -> None:
        super().__init__()
        self.keys = keys


def _from_json(text: str) -> Any:
    repeated = False

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        read = dict(pairs)
        repeated = repeated or len(read) < len(pairs)
        return read

    def not_finite(word: str) -> NoReturn:
        words = re.finditer(r'"(?:\\.|[^"\\])*"|-?Infinity|NaN', text)  # texts are passed over
        place = next((found.start() for found in words if found[0] == word), None)
        raise _RefusedError("number-not-finite", *_place(text, place), text=word)

    try:
        data = json.loads(text, parse_float=_number, parse_constant=not_finite, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        reason = json_slip(error.msg, text, error.lineno, error.colno)
        raise _RefusedError("json-syntax", error.lineno, error.colno, reason=reason) from None
    except RecursionError:
        raise _RefusedError("nested-too-deep", limit=DEEPEST) from None
    except ValueError:
        raise _RefusedError("number-too-long", *_first_long_number(text)) from None
    _check(data, text)
    if repeated:
        raise _RepeatedKeysError(repeated_json_keys(text))
    return data


def _first_long_number(text: str) -> tuple[int | None, int | None]:
    match = re.search(r"0[xob][0-9A-Fa-f_]{3000,}|[0-9][0-9_]{3999,}|[0-9][0-9._]{0,99}[eE][+-]?[0-9_]{17,}", text)
    return _place(text, match.start() if match else None)


def _place(text: str, start: int | None) -> tuple[int | None, int | None]:
    """Line and column of a position."""
    if start is None:
        return None, None
    return text.count("\n", 0, start) + 1, start - (text.rfind("\n", 0, start) + 1) + 1


def _check(data: Any, text: str) -> None:
    """No deeper than `DEEPEST`, and neither half characters, which JSON escapes can smuggle in, nor long hexadecimal integers."""
    level: list[Any] = [data]
    for _ in range(DEEPEST + 1):
        if not level:
            return
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += [*value.keys(), *value.values()]
            elif isinstance(value, list):
                below += value
            elif isinstance(value, str) and not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
                raise _RefusedError("text-not-unicode")
            elif isinstance(value, int) and value.bit_length() > LONGEST_INTEGER:
                raise _RefusedError("number-too-long", *_first_long_number(text))
        level = below
    raise _RefusedError("nested-too-deep", limit=DEEPEST)


# --- pydantic's findings to problems ------------------------------------------------------------------------------------


def problems_of(error: ValidationError, file: str, data: Any, model: type[BaseModel] | None = None) -> list[Problem]:
    """Every finding of pydantic as a problem of ours; `model` is the class that was validated (for key paths and suggestions)."""
    problems: dict[tuple[str, KeyPath], Problem] = {}
    suggested = _Suggested()
    for found in error.errors(include_url=False):
        for problem in _translated(found, file, data, model, suggested):
            problems.setdefault((problem.code, problem.where.path), problem)
    return list(problems.values())


def _translated(
    found: ErrorDetails, file: str, data: Any, model: type[BaseModel] | None, suggested: _Suggested
) -> Iterator[Problem]:
    kind, context = found["type"], dict(found.get("ctx", {}))
    if kind == "record-links":
        yield from (Problem(code, Where(file, tuple(path)), values) for path, code, values in context["problems"])
        return
    path, known = _follow(found["loc"], data, model, keep_last=kind in ("missing", "extra_forbidden"))
    if kind == "extra_forbidden":
        key = str(found["loc"][-1])
        near = suggested(key, known)
        misplaced = not near and len(path) > 1 and key in _SchemaWalk(model).keys()  # noqa: SIM118 -- no mapping
        if misplaced and model is not None:
            rows = get_origin(model.model_fields[key].annotation) is tuple if key in model.model_fields else False
            yield Problem("key-misplaced", Where(file, path), {"key": key, "table": f"[[{key}]]" if rows else f"[{key}]"})
        else:
            yield Problem("unknown-key", Where(file, path), {"key": key, **near})
    elif kind == "missing":
        yield Problem("missing-key", Where(file, path), {"key": str(found["loc"][-1])})
    elif "-" in kind:
        if kind == "unknown-choice":
            context["choices"] = messages.choices(str(context["choices"]).split(", "))
        yield Problem(kind, Where(file, path), context)
    else:
        code, values = _plain(kind, found["input"], context, suggested)
        yield Problem(code, Where(file, path), values)


class _Suggested:
    """The nearest known name, for the first slips only and for none that is longer than names are: a hostile file has thousands."""

    def __init__(self) -> None:
        self.left = 20

    def __call__(self, text: str, known: Sequence[str]) -> dict[str, object]:
        self.left -= 1
        close = difflib.get_close_matches(text, known, n=1) if self.left >= 0 and len(text) <= 100 else ()
        return {"suggestion": close[0]} if close else {}


def _quoted(value: object) -> str:
    """User input as messages quote it: short, on one line, never a Python object."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) >= 10**60:
        return "…"
    if isinstance(value, (str, int, float, Decimal, date)):
        line = " ".join(str(value).split())
        return line if len(line) <= 60 else line[:59] + "…"
    return "{…}" if isinstance(value, Mapping) else "[…]" if isinstance(value, (list, tuple)) else "…"


_TYPES = {
    **dict.fromkeys(["model_type", "model_attributes_type", "dict_type", "mapping_type", "dataclass_type"], "expected-table"),
    **dict.fromkeys(["list_type", "tuple_type", "set_type", "frozen_set_type", "iterable_type"], "expected-list"),
    **dict.fromkeys(["string_type", "string_sub_type"], "expected-text"),
    **dict.fromkeys(["bool_type", "bool_parsing"], "expected-yes-no"),
    **dict.fromkeys(["int_type", "int_parsing", "int_from_float"], "expected-whole-number"),
    **dict.fromkeys(["decimal_type", "decimal_parsing", "float_type", "float_parsing"], "expected-number"),
    **dict.fromkeys(["date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"], "expected-date"),
    "string_unicode": "text-not-unicode",
    "finite_number": "number-not-finite",
    "int_parsing_size": "number-too-long",
    "recursion_loop": "nested-too-deep",
    "invalid_key": "bad-key",
    "union_tag_not_found": "no-known-form",
}
_LIMITS = {
    "greater_than_equal": ("number-below", "ge"),
    "greater_than": ("number-not-above", "gt"),
    "less_than_equal": ("number-above", "le"),
    "less_than": ("number-not-below", "lt"),
    "decimal_max_places": ("quantity-too-precise", "decimal_places"),
    "decimal_max_digits": ("quantity-too-large", "max_digits"),
    "decimal_whole_digits": ("quantity-too-large", "whole_digits"),
}


def _plain(kind: str, value: Any, context: Mapping[str, Any], suggested: _Suggested) -> tuple[str, dict[str, object]]:
    """Code and values of a finding of pydantic's own."""
    text = _quoted(value)
    if kind in _TYPES:
        return _TYPES[kind], {"text": text, "limit": DEEPEST}
    if kind in _LIMITS:
        code, limit = _LIMITS[kind]
        return code, {"text": text, "limit": str(context[limit])}
    if kind in ("literal_error", "enum", "union_tag_invalid"):
        choices = re.findall(r"'([^']*)'", str(context.get("expected_tags") or context.get("expected") or ""))
        text = _quoted(context.get("tag", value))
        return "unknown-choice", {"text": text, "choices": messages.choices(choices), **suggested(text, choices)}
    return _length(kind, value, context) or ("value-refused", {"text": text})


def _length(kind: str, value: Any, context: Mapping[str, Any]) -> tuple[str, dict[str, object]] | None:
    if kind == "string_pattern_mismatch":
        return "text-malformed", {"text": _quoted(value), "pattern": context["pattern"]}
    if kind == "string_too_short":
        return (
            ("text-empty", {})
            if context["min_length"] == 1
            else ("text-too-short", {"limit": context["min_length"], "text": _quoted(value)})
        )
    if kind == "string_too_long":
        return "text-too-long", {"limit": context["max_length"], "length": len(value) if isinstance(value, str) else ""}
    if kind == "too_short":
        return "list-too-short", {"limit": context["min_length"], "length": context["actual_length"]}
    if kind == "too_long":
        return "list-too-long", {"limit": context["max_length"], "length": _size(value, context)}
    return None


def _size(value: Any, context: Mapping[str, Any]) -> object:
    return len(value) if isinstance(value, (Sequence, Mapping)) else context.get("actual_length") or ""


# --- key paths ----------------------------------------------------------------------------------------------------------

_Schema = Mapping[str, Any]


def _follow(
    location: Sequence[str | int], data: Any, model: type[BaseModel] | None, *, keep_last: bool
) -> tuple[KeyPath, list[str]]:
    """The key path that the user wrote for a pydantic location, and the keys known at its last table.

    A location also names the branch of a union, and rows of a list that a validator made of a single table; the schema tells
    the first and the data the second.
    """
    walk = _SchemaWalk(model)
    path: list[str | int] = []
    for position, part in enumerate(location):
        is_last = position == len(location) - 1
        if walk.is_branch(part) and not (is_last and keep_last):
            walk.step(part)
            continue
        known = walk.keys()
        if _holds(data, part):
            path.append(part)
            data = data[part]
        elif is_last and keep_last and isinstance(data, Mapping):
            path.append(part)
        walk.step(part)
        if is_last:
            return tuple(path), known
    return tuple(path), walk.keys()


def _holds(data: Any, part: str | int) -> bool:
    if isinstance(data, Mapping):
        return part in data
    return isinstance(data, (list, tuple)) and isinstance(part, int) and 0 <= part < len(data)


class _SchemaWalk:
    """A walk down pydantic's core schema of a model, one part of a location at a time; lost (and harmless) when it ends."""

    def __init__(self, model: type[BaseModel] | None) -> None:
        self.definitions: dict[str, _Schema] = {}
        self.at: _Schema | None = self._open(model.__pydantic_core_schema__) if model is not None else None

    def _open(self, schema: Any) -> _Schema | None:
        """`schema` without what is wrapped around it."""
        while isinstance(schema, Mapping):
            kind = schema.get("type")
            if kind == "definitions":
                self.definitions |= {item["ref"]: item for item in schema["definitions"]}
                schema = schema["schema"]
            elif kind == "definition-ref":
                schema = self.definitions.get(schema["schema_ref"])
            elif kind in ("nullable", "default", "model", "model-field", "function-before", "function-after", "function-wrap"):
                schema = schema["schema"]
            elif kind in ("json-or-python", "lax-or-strict"):
                schema = schema["python_schema" if kind == "json-or-python" else "lax_schema"]
            else:
                return schema
        return None

    def is_branch(self, part: str | int) -> bool:
        """Whether `part` names a branch of a union rather than a key."""
        if self.at is None:
            return False
        return (self.at["type"] == "tagged-union" and part in self.at["choices"]) or self.at["type"] == "union"

    def keys(self) -> list[str]:
        """The keys that the table here may hold."""
        return list(self._fields()) if self.at is not None and self.at["type"] == "model-fields" else []

    def _fields(self) -> dict[str, _Schema]:
        assert self.at is not None
        return {str(field.get("validation_alias") or name): field for name, field in self.at["fields"].items()}

    def step(self, part: str | int) -> None:
        """Go down to `part`."""
        steps: dict[str, Callable[[_Schema], Any]] = {
            "model-fields": lambda _: self._fields().get(str(part)),
            "tagged-union": lambda schema: schema["choices"].get(part),
            "union": lambda schema: self._branch(schema, part),
            "dict": lambda schema: schema.get("values_schema"),
            "list": lambda schema: schema.get("items_schema"),
            "tuple": lambda schema: schema["items_schema"][0] if schema.get("items_schema") else None,
        }
        if self.at is not None:
            below = steps.get(self.at["type"])
            self.at = self._open(below(self.at)) if below else None

    def _branch(self, schema: _Schema, part: str | int) -> Any:
        for choice in schema["choices"]:
            branch, label = choice if isinstance(choice, tuple) else (choice, None)
            named = getattr(branch.get("cls"), "__name__", branch.get("type"))
            if part in (label, named):
                return branch
        return None
