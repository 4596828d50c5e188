"""Changes that a gap analysis proposes, laid over a record as a person would type them."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from indicator_rules.gap.result import Change


def applied(data: dict[str, Any], changes: Iterable[Change]) -> dict[str, Any]:
    """`data`, as a TOML file holds it, with each change typed at its key path."""
    typed = deepcopy(data)
    for change in changes:
        section, *rest = change.path.split(".")
        if section == "indicators":
            place = next(at for at, row in enumerate(typed["indicators"], 1) if row.get("id", f"i{at}") == rest[0])
            below, rest = typed["indicators"][place - 1], rest[1:]
        else:
            below = typed.setdefault(section, {})
        for key in rest[:-1]:
            below = below.setdefault(key, {})
            if section == "assessments" and key == rest[-2]:
                below.clear()  # a pick has one form
        below[rest[-1]] = change.value
    return typed
