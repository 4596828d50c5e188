"""Plain data as TOML, for people to read and to load again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any


def to_toml(data: Mapping[str, Any], at: str = "") -> str:
    """Tables two levels deep as `[a.b]`, lists of tables as `[[a]]`, the rest in place; all of it in the table `at`."""
    return "\n".join(_lines(data, (), f"{at}." if at else "")) + "\n"


def _lines(data: Mapping[str, Any], path: tuple[str, ...], at: str) -> Iterator[str]:
    tables = {key: value for key, value in data.items() if isinstance(value, Mapping) and value and len(path) < 2}
    rows = {
        key: value
        for key, value in data.items()
        if not path and isinstance(value, list) and value and isinstance(value[0], Mapping)
    }
    if (path or at) and (len(tables) + len(rows) < len(data) or not data):
        yield f"\n[{(at + '.'.join(path)).removesuffix('.')}]"
    for key, value in data.items():
        if key not in tables and key not in rows:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in tables.items():
        yield from _lines(value, (*path, key), at)
    for key, items in rows.items():
        for item in items:
            yield f"\n[[{at}{key}]]"
            yield from (f"{_key(name)} = {_value(value)}" for name, value in item.items())


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text if "." in text else text + ".0"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + " }"
    return "[" + ", ".join(map(_value, value)) + "]"


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else json.dumps(key)
