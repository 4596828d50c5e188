"""The laws of scoring as items of a suite: their names, and each tried on a ruleset.

In: rules, the name of a law. Out: on how many records it was tried, or why it does not hold. Needs the extra `testing` (hypothesis); without it there are no laws to try, and
`are_here` says so.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from indicator_rules.rules import Rules

if TYPE_CHECKING:
    from indicator_rules.testing import Broken, Outcome

EXAMPLES = 20
"""Records for each law: what somebody waits for at the terminal. `assert_laws` looks longer."""


def are_here() -> bool:
    """Whether laws can be tried: the extra `testing` is installed."""
    return find_spec("hypothesis") is not None


def law_names() -> tuple[str, ...]:
    """The laws that can be tried here."""
    if not are_here():
        return ()
    from indicator_rules.testing import LAWS

    return tuple(LAWS)


def waived(rules: Rules, law: str) -> str | None:
    """Why the ruleset does not keep a law, if it says so."""
    return dict(rules.spec.waivers).get(law)


def tried(rules: Rules, law: str) -> Outcome | Broken:
    """How a law came out for `rules`; on no example at all, where it has nothing to say of them."""
    from indicator_rules.testing import LAWS, run

    return run(LAWS[law], rules, EXAMPLES)
