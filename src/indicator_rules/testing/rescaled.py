"""A ruleset and a record with every weight and every number of points a tenth of what it was.

In: `Rules` and a record. Out: both made smaller, or None where a rule reads a weight as such (`total_weight`, the weight of an entry), which no
longer means the same. Shares, measures and cuts stay as they are; rounding moves one decimal on.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from indicator_rules.compile import compile_ruleset
from indicator_rules.errors import KeyPath
from indicator_rules.exact import Exact, Rounding
from indicator_rules.expression import Arithmetic, Node, Number, Ref, replaced
from indicator_rules.rules import Rules
from indicator_rules.ruleset import Formula, Ruleset
from indicator_rules.spec import Spec, Stages
from indicator_rules.spec_scales import OwnScale, Parts
from indicator_rules.testing.material import RecordData

FACTOR: Exact = Fraction(1, 10)
TENTH = Decimal("0.1")
_READS_WEIGHTS = ("entry.weight", "total_weight")


def rescaled(rules: Rules, record: RecordData) -> tuple[Rules, RecordData] | None:
    """The ruleset and the record, a tenth of the size."""
    made = _smaller(rules)
    return None if made is None else (made, _record(record))


@lru_cache(maxsize=16)
def _smaller(rules: Rules) -> Rules | None:
    """The ruleset, a tenth of the size."""
    if any(
        isinstance(part, Ref) and part.path in _READS_WEIGHTS
        for one in rules.ruleset.formulas.values()
        for part in one.node.walk()
    ):
        return None
    made = Ruleset(
        _spec(rules.spec),
        {path: _formula(path, one, rules.spec) for path, one in rules.ruleset.formulas.items()},
        {path: _scale(one) for path, one in rules.ruleset.scales.items()},
        rules.ruleset.measures,
        rules.ruleset.messages,
    )
    plan, problems = compile_ruleset(made)
    if problems:
        return None
    return type(rules)(made.spec, made, plan, (), engine=rules.engine)


def _formula(path: KeyPath, one: Formula, spec: Spec) -> Formula:
    """Points become a tenth; the `weight` that a formula reads is ten times what it finds."""
    share = path[-1] == "share"
    points = "points" in path and not share
    points = points or (path[0] == "adjustments" and path[2:3] == ("then",))
    points = points or (path[0] == "grades" and spec.ruleset.grade_by is None)
    node = replaced(one.node, _tenfold) if points or share else one.node
    return Formula(Arithmetic("*", node, Number(FACTOR)) if points else node, one.type)


def _tenfold(node: Node) -> Node | None:
    return Arithmetic("*", node, Number(10)) if node == Ref("weight") else None


def _scale(scale: OwnScale) -> OwnScale:
    """Parts with fixed points where something is absent."""
    if not isinstance(scale, Parts):
        return scale
    return scale.model_copy(
        update={"parts": tuple(part.model_copy(update={"absent": _tenth(part.absent)}) for part in scale.parts)}
    )


def _spec(spec: Spec) -> Spec:
    header = spec.ruleset
    rounding: dict[str, Any] = {
        stage: Rounding(one.digits + 1, one.mode) if one is not None and stage != "measure" else one
        for stage, one in header.rounding
    }
    criteria = {}
    for name, one in spec.criteria.items():
        weight = one.weight.model_copy(update={key: _tenth(getattr(one.weight, key)) for key in ("default", "min", "max")})
        treated = {key: _tenth(getattr(one, key)) for key in ("absent", "entry_absent", "not_applicable")}
        criteria[name] = one.model_copy(update={"weight": weight, **treated})
    return spec.model_copy(
        update={
            "ruleset": header.model_copy(
                update={
                    "full_score": _tenth(header.full_score),
                    "total_at_most": _tenth(header.total_at_most),
                    "rounding": Stages.model_construct(**rounding),
                }
            ),
            "criteria": criteria,
            "groups": {name: one.model_copy(update={"weight": _tenth(one.weight)}) for name, one in spec.groups.items()},
            "weight_sets": {
                name: one.model_copy(update={"weights": {key: _tenth(weight) for key, weight in one.weights.items()}})
                for name, one in spec.weight_sets.items()
            },
        }
    )


def _tenth(value: Any) -> Any:
    return value * TENTH if isinstance(value, Decimal) else value


def _record(record: RecordData) -> RecordData:
    """Weights of entries, points assessed and points deducted."""
    data = dict(record)
    if "indicators" in data:
        data["indicators"] = [_less(row, "weight") for row in data["indicators"]]
    for section in ("assessments", "deductions"):
        given = data.get(section)
        if isinstance(given, Mapping):
            data[section] = {
                key: _less(one, "points") if key == "total" else {name: _less(pick, "points") for name, pick in one.items()}
                for key, one in given.items()
            }
    return RecordData(data)


def _less(row: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {**row, **({key: Decimal(row[key]) * TENTH} if key in row else {})}
