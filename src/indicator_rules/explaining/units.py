"""The unit in which people read a value: percent, money, days, pieces; and how far two values are apart, in that unit.

In: a formula of a plan; a record, for the unit of its money. Out: a `Unit`, and texts. Numbers are exact where four decimals are enough, and else said
to be rounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal, TypeAlias

from indicator_rules import messages
from indicator_rules.exact import Exact, Rounding, decimal_places, divide, exact, to_percent, to_text
from indicator_rules.expression import Aggregate, Arithmetic, Call, Negative, Node, Number, Ref
from indicator_rules.messages import Language
from indicator_rules.plan import Plan
from indicator_rules.quantity import unit_factor
from indicator_rules.record import EvaluationRecord

Unit: TypeAlias = Literal["ratio", "money", "days", "months", "years", "count", "number", "date", "own"]
"""`own`: that of the entry, whatever it is."""
WHOLE = ("days", "months", "years", "count", "date")
_INPUTS: Mapping[str, Unit] = {"amount": "money", "count": "count", "date": "date"}
_PLACES = 4


class Units:
    """Units of the formulas of one plan."""

    def __init__(self, plan: Plan) -> None:
        self.measures = {measure.id: measure.formula for measure in plan.measures}
        self.inputs = {one.id: _INPUTS.get(one.of if one.type == "series" else one.type, "number") for one in plan.questions}
        self.lookups = {
            f"{lookup.id}.{name}": formula for lookup in plan.lookups for row in lookup.values for name, formula in row
        }

    def of(self, node: Node) -> Unit:
        """The unit of what `node` gives."""
        match node:
            case Number():
                return "money" if node.unit == "money" else "ratio" if node.typed.endswith(("%", "％")) else "number"
            case Ref():
                return self.ref(node)
            case Negative():
                return self.of(node.operand)
            case Arithmetic():
                return self.arithmetic(node)
            case Call():
                return self.call(node)
            case Aggregate():
                return "count" if node.value is None else self.of(node.value)
        return "number"

    def ref(self, node: Ref) -> Unit:
        section, _, name = node.path.partition(".")
        if node.kind == "date":
            return "date"
        match section:
            case "measures":
                return self.of(self.measures[name])
            case "inputs":
                return self.inputs[name]
            case "lookups":
                return self.of(self.lookups[name])
            case "budget":
                return "money"
            case "entry" | "this":
                return {"completion": "ratio", "weight": "number"}.get(name, "own")  # type: ignore[return-value]
        return "number"

    def arithmetic(self, node: Arithmetic) -> Unit:
        left, right = self.of(node.left), self.of(node.right)
        match node.sign:
            case "-" if left == right == "date":
                return "days"
            case "+" | "-":
                return right if isinstance(node.left, Number) and left == "number" else left
            case "/":
                hundredfold = any(isinstance(part, Number) and part.value == 100 and not part.unit for part in node.left.walk())
                if left == right and not hundredfold:
                    return "ratio"
                return "money" if left == "money" and right != "money" else "number" if left == right else _kept(left, right)
        return "money" if "money" in (left, right) else _kept(left, right)

    def call(self, node: Call) -> Unit:
        match node.function:
            case "months_late":
                return "months"
            case "years_late":
                return "years"
            case "date":
                return "date"
        found = [self.of(part) for part in node.arguments if not isinstance(part, Number)]
        return found[0] if found else self.of(node.arguments[0])


def _kept(left: Unit, right: Unit) -> Unit:
    """A pure number or share keeps the unit of the other side."""
    known = [unit for unit in (left, right) if unit not in ("number", "ratio")]
    return known[0] if len(known) == 1 and known[0] in ("money", "own") else "number"


class Amounts:
    """Values and distances as texts, for one record in one language."""

    def __init__(self, record: EvaluationRecord, lang: Language) -> None:
        self.money_unit = record.budget.unit if record.budget is not None else "元"
        self.lang = lang

    def say(self, key: str, **values: object) -> str:
        return messages.text(f"unit.{key}", values, self.lang)

    def value(self, value: Exact, unit: Unit, own: str = "") -> str:
        """A value with its unit."""
        match unit:
            case "ratio":
                return to_percent(value, _PLACES if -1 < 100 * value < 1 else 2)
            case "money":
                return self.say("money", number=self.number(divide(value, unit_factor(self.money_unit)[0])), unit=self.money_unit)
            case "date":
                return date.fromordinal(int(value)).isoformat() if value.denominator == 1 and value >= 1 else to_text(value)
            case "own":
                return self.in_own(value, own)
            case "days" | "months" | "years":
                return self.distance(value, unit)
        return self.number(value)

    def in_own(self, value: Exact, own: str, *, apart: bool = False) -> str:
        """A value in the unit that an entry has: `元` for money, `%`, or a counter."""
        if own == "%":
            return self.distance(value, "ratio") if apart else self.value(value, "ratio")
        if own == "元":
            return self.value(value, "money")
        return self.say("money", number=self.number(value), unit=own) if own else self.number(value)

    def distance(self, value: Exact, unit: Unit, own: str = "") -> str:
        """How far two values are apart; a distance between dates is in days, one between percentages in percentage points."""
        match unit:
            case "ratio":
                return self.say("points", number=self.number(100 * value))
            case "money" | "own":
                return self.value(value, unit) if unit == "money" else self.in_own(value, own, apart=True)
            case "days" | "date":
                return self.say("days", number=self.number(value))
            case "months" | "years":
                return self.say(unit, number=self.number(value))
        return self.number(value)

    def number(self, value: Exact) -> str:
        """A number, exactly or with `about`."""
        places = decimal_places(exact(value))
        if places is not None and places <= _PLACES:
            return to_text(exact(value))
        rounded = Rounding(2, "half-up")(exact(value))
        return self.say("about", number=to_text(rounded)) if rounded else self.say("less", number="0.01")
