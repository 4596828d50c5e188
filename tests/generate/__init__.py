"""Random rulesets and records: all that the language can say, and records that sit on its edges.

`random_ruleset(rng)` gives the plain data of a valid ruleset, `random_record(rng, ruleset)` that of a record for it. `rng` is a
`random.Random`, or what hypothesis's `st.randoms(use_true_random=False)` gives. `to_toml` prints either.
"""

from generate.records import random_record
from generate.rulesets import random_ruleset
from generate.toml import to_toml

__all__ = ["random_record", "random_ruleset", "to_toml"]
