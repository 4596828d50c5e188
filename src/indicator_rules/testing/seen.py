"""What a check of a law says: what it saw, that it saw nothing wrong (None), or that there was nothing to see (`REFUSED`)."""

from typing import Any, Final, NamedTuple, TypeAlias

from indicator_rules.errors import RecordError
from indicator_rules.evaluation import Evaluation
from indicator_rules.exact import Exact, divide
from indicator_rules.plan import Plan
from indicator_rules.rules import Rules
from indicator_rules.testing.material import RecordData

REFUSED: Final = object()
"""The record cannot be scored, or the law has nothing to say of it."""


class Narrowed(NamedTuple):
    """What was seen, and the records of an example that it was seen in."""

    seen: str
    records: tuple[RecordData, ...]


Seen: TypeAlias = "str | Narrowed | object | None"


def evaluated(rules: Rules, record: Any) -> Evaluation | None:
    try:
        return rules.evaluate(record)
    except RecordError:
        return None


def lifted(plan: Plan, *stages: str) -> Exact:
    """How far rounding may lift a number."""
    digits = [rounding.digits for stage in stages if (rounding := getattr(plan.rounding, stage)) is not None]
    return divide(1, int(10 ** min(digits))) if digits else 0
