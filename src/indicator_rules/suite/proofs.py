"""The proofs of `prove` as one item of a suite.

In: rules. Out: the answers that a suite tells of: what is refuted, unless the ruleset waives the law of that name (`bounds`, `monotone`), and what is undecided.
"""

from __future__ import annotations

from indicator_rules.proving.proof import Answer
from indicator_rules.rules import Rules


def refuted_and_undecided(rules: Rules) -> tuple[tuple[Answer, ...], tuple[Answer, ...]]:
    """What has to be mended or waived, and what nobody knows."""
    found = [answer for answer in rules.prove() if answer.question not in rules.spec.waivers]
    return tuple(one for one in found if one.verdict == "refuted"), tuple(one for one in found if one.verdict == "undecided")
