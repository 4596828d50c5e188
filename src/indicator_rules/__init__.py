"""Scoring rules of Chinese public budget performance evaluation, as TOML rulesets run by a rule engine.

    import indicator_rules as ir

    rules = ir.load("mof-project-self-evaluation@2020")
    result = rules.evaluate("record.toml")
    result.total, result.grade, result["budget_execution"].points, result.losses

`load` finds a ruleset by name, path or text; `Rules` scores records; `Evaluation` is the result; everything wrong with what a user wrote is
in `RulesetError.problems` or `RecordError.problems`, all at once. Names are imported when they are first asked for, so that importing the
package costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from indicator_rules.catalog import Catalog, load
    from indicator_rules.comparing import compare
    from indicator_rules.comparison.comparison import Comparison
    from indicator_rules.errors import EvaluationError, IndicatorRulesError, Problem, RecordError, RulesetError, Where
    from indicator_rules.evaluation import Evaluation
    from indicator_rules.messages import use_language
    from indicator_rules.partial.result import PartialEvaluation
    from indicator_rules.reading import Reading, read, read_record
    from indicator_rules.record import EvaluationRecord
    from indicator_rules.rolling_up import roll_up
    from indicator_rules.rules import Rules, check

__all__ = [
    "Catalog",
    "Comparison",
    "Evaluation",
    "EvaluationError",
    "EvaluationRecord",
    "IndicatorRulesError",
    "PartialEvaluation",
    "Problem",
    "Reading",
    "RecordError",
    "Rules",
    "RulesetError",
    "Where",
    "check",
    "compare",
    "load",
    "read",
    "read_record",
    "roll_up",
    "use_language",
]

_HOMES = {
    "catalog": ("Catalog", "load"),
    "comparing": ("compare",),
    "comparison.comparison": ("Comparison",),
    "errors": ("EvaluationError", "IndicatorRulesError", "Problem", "RecordError", "RulesetError", "Where"),
    "evaluation": ("Evaluation",),
    "messages": ("use_language",),
    "partial.result": ("PartialEvaluation",),
    "reading": ("Reading", "read", "read_record"),
    "record": ("EvaluationRecord",),
    "rolling_up": ("roll_up",),
    "rules": ("Rules", "check"),
}


def __getattr__(name: str) -> object:
    for module, names in _HOMES.items():
        if name in names:
            value: object = getattr(import_module(f"indicator_rules.{module}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module 'indicator_rules' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
