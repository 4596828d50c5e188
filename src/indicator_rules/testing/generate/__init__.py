"""Random rulesets and records: all that the language can say, and records that sit on its edges.

`random_ruleset(rng)` gives the plain data of a valid ruleset, `random_record(rng, ruleset)` that of a record for it. `rng` is a
`random.Random`, or what hypothesis's `st.randoms(use_true_random=False)` gives.
"""

from indicator_rules.testing.generate.records import random_record
from indicator_rules.testing.generate.rulesets import random_ruleset

__all__ = ["random_record", "random_ruleset"]
