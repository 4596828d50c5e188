"""Property tests for rulesets: strategies that draw records on and beside every cut, and the laws that any scoring should keep.

    from indicator_rules import Rules
    from indicator_rules.testing import assert_laws

    def test_my_rules_keep_the_laws():
        assert_laws(Rules.from_path("rules.toml"))

Needs the extra `testing` (hypothesis and pytest). docs/testing.md lists everything.
"""

from indicator_rules.testing.laws import LAWS, Broken, Law, LawBroken, Outcome, assert_laws, run
from indicator_rules.testing.material import RecordData, RulesetData
from indicator_rules.testing.proved import NotProved, assert_proved
from indicator_rules.testing.strategies import boundary_records, changes, pairs, records, rulesets

__all__ = [
    "LAWS",
    "Broken",
    "Law",
    "LawBroken",
    "NotProved",
    "Outcome",
    "RecordData",
    "RulesetData",
    "assert_laws",
    "assert_proved",
    "boundary_records",
    "changes",
    "pairs",
    "records",
    "rulesets",
    "run",
]
