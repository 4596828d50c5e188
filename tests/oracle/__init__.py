"""The reference interpreter: docs/semantics.md clause by clause, over `Spec` and `EvaluationRecord`, with `fractions.Fraction`.

As plain as possible and independent of the library: of that, only what a file says (`spec`, `record`, `quantity`) and how a formula
is spelled (`expression`) is used. A difference between this and an engine is a bug in one of them or in that page.
"""

from oracle.score import Refused, Verdict, judge

__all__ = ["Refused", "Verdict", "judge"]
