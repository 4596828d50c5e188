"""The laws of scoring as items of a suite: their names, and each tried on a ruleset.

In: rules, the name of a law. Out: why it does not hold, or None. Needs the extra `testing`; without it there are no laws to try.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from indicator_rules.rules import Rules


def law_names() -> tuple[str, ...]:
    """The laws that can be tried here."""
    testing = _testing()
    return () if testing is None else tuple(testing.LAWS)


def waived(rules: Rules, law: str) -> str | None:
    """Why the ruleset does not keep a law, if it says so."""
    reason = dict(getattr(rules.spec, "waivers", {})).get(law)
    return None if reason is None else str(reason)


def broken(rules: Rules, law: str) -> str | None:
    """What shows that a law does not hold of `rules`; None if it holds."""
    testing = _testing()
    if testing is None:
        return None
    found = testing.run(testing.LAWS[law], rules)
    return str(found.describe()) if isinstance(found, testing.Broken) else None


def _testing() -> Any:
    """The module of laws, imported when asked for: it brings hypothesis along."""
    try:
        module = import_module("indicator_rules.testing")
    except ImportError:
        return None
    return module if hasattr(module, "LAWS") else None
