"""Section 1 of docs/semantics.md: values, formulas and names.

A value is a `Fraction`, a truth, a text, a date, or None for absent; an unknown truth is None as well.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor
from typing import TypeAlias

from indicator_rules import expression as ast
from indicator_rules import syntax
from indicator_rules.quantity import Quantity
from indicator_rules.record import EvaluationRecord
from indicator_rules.record_parts import Indicator
from indicator_rules.spec import Completion, Lookup, LookupRow, Spec
from oracle.rounding import rounded

Dated: TypeAlias = tuple[tuple[date, Fraction], ...]
Value: TypeAlias = Fraction | bool | str | date | Quantity | Dated | None

MONEY: dict[str, Fraction] = {"元": Fraction(1), "千元": Fraction(10**3), "万元": Fraction(10**4), "亿元": Fraction(10**8)}
AMOUNTS = ("expected", "initial", "added", "adjusted", "released", "received", "spent", "carried_in", "carried_out")
CHINESE = {
    "预期投入": "budget.expected",
    "年初预算": "budget.initial",
    "年初预算数": "budget.initial",
    "本年追加": "budget.added",
    "全年预算数": "budget.adjusted",
    "指标下达": "budget.released",
    "实际到位": "budget.received",
    "实际支出": "budget.spent",
    "全年执行数": "budget.spent",
    "上年结转": "budget.carried_in",
    "年末结余": "budget.carried_out",
    "评价年度": "year",
    "指标权重合计": "total_weight",
    "评价对象类型": "subject.kind",
    "项目性质": "subject.project_type",
    "地区": "subject.region",
    "主管部门": "subject.department",
    "实施单位": "subject.unit",
    "截止日": "subject.as_of",
}
"""Section 1, names: "each also by its Chinese label". """
CHINESE_OF_ENTRY = {
    "完成率": "completion",
    "实际完成值": "actual",
    "年度指标值": "target",
    "年初指标值": "initial_target",
    "上年值": "prior",
    "指标权重": "weight",
    "指标名称": "name",
    "指标类别": "category",
    "达成程度": "level",
    "计量单位": "unit",
    "偏差原因": "reason",
    "佐证": "evidence",
    "指标编号": "id",
    "所属指标": "part_of",
    "核心指标": "key",
    "调查份数": "counts",
}

parse = lru_cache(maxsize=None)(syntax.parse)


@dataclass
class World:
    """One ruleset and one record, what has been read of them so far, and what was found."""

    spec: Spec
    record: EvaluationRecord
    complete: Callable[[Indicator, Completion, Fraction | None, World], Fraction | None]
    """Section 5, given from outside so that formulas and completion may call one another."""
    findings: set[str] = field(default_factory=set)
    measures: dict[str, Value] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for table in (self.spec.inputs, self.spec.measures):
            for name, item in table.items():
                self.labels[item.label.zh] = name
                self.labels.setdefault(item.label.en or name, name)


@dataclass(frozen=True)
class Place:
    """Where a formula stands: in the record as a whole, or at one entry; and the weight in force, in an award."""

    world: World
    entry: Indicator | None = None
    completion: Completion | None = None
    entry_weight: Fraction | None = None
    """Weight in force of the entry: what its assessment's points are divided by."""
    about: Place | None = None
    """Inside an aggregate: where the whole formula stands, if at an entry."""
    weight: Fraction | None = None
    """ "In an award, `weight` is the weight in force." """


def value_of(formula: str, place: Place) -> Value:
    """The value of a formula as written."""
    return value(parse(formula), place)


def number_of(formula: str, place: Place) -> Fraction | None:
    """The same where only a number will do."""
    return number(value_of(formula, place))


def truth_of(formula: str, place: Place) -> bool | None:
    """The same where only a truth will do; None is unknown."""
    return truth(value_of(formula, place))


def number(found: Value) -> Fraction | None:
    return found if isinstance(found, Fraction) else None


def truth(found: Value) -> bool | None:
    return found if isinstance(found, bool) else None


def value(node: ast.Node, place: Place) -> Value:
    match node:
        case ast.Number():
            return Fraction(node.value)
        case ast.Text() | ast.Date() | ast.Truth():
            return node.value
        case ast.Name():
            return name_value(node.text, place)
        case ast.Negative():
            operand = number(value(node.operand, place))
            return None if operand is None else -operand
        case ast.Arithmetic():
            return arithmetic(node.sign, value(node.left, place), value(node.right, place))
        case ast.Compare():
            return compare(node.operator, value(node.left, place), value(node.right, place))
        case ast.OneOf():
            asked = value(node.operand, place)
            return any_of([compare("=", asked, value(option, place)) for option in node.options])
        case ast.And():
            return all_of([truth(value(operand, place)) for operand in node.operands])
        case ast.Or():
            return any_of([truth(value(operand, place)) for operand in node.operands])
        case ast.Not():
            return negation(truth(value(node.operand, place)))
        case ast.Call():
            if node.function == "present" and isinstance(node.arguments[0], ast.Name):
                return present(node.arguments[0].text, place)
            return call(node.function, [value(argument, place) for argument in node.arguments])
        case ast.Aggregate():
            return aggregate(node, place)
    raise AssertionError(f"no such node: {node!r}")


def all_of(truths: Sequence[bool | None]) -> bool | None:
    """ "`and`, `or`, `not` are Kleene's": false if any is false, else unknown if any is, else true."""
    if any(item is False for item in truths):
        return False
    return None if any(item is None for item in truths) else True


def any_of(truths: Sequence[bool | None]) -> bool | None:
    return negation(all_of([negation(item) for item in truths]))


def negation(item: bool | None) -> bool | None:
    return None if item is None else not item


def arithmetic(sign: str, left: Value, right: Value) -> Value:
    """ "an arithmetic operation … with an absent operand is absent; so is division by zero"; "`date − date` is a number of days"."""
    if isinstance(left, date) and isinstance(right, date) and sign == "-":
        return Fraction((left - right).days)
    if not isinstance(left, Fraction) or not isinstance(right, Fraction):
        return None
    if sign == "+":
        return left + right
    if sign == "-":
        return left - right
    if sign == "*":
        return left * right
    return None if right == 0 else left / right


def compare(operator: str, left: Value, right: Value) -> bool | None:
    """ "A comparison with an absent operand is unknown." """
    if left is None or isinstance(left, Quantity) or type(left) is not type(right):
        return None
    if operator == "=":
        return left == right
    if operator == "!=":
        return left != right
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return ordered(operator, left < right, left == right)
    if isinstance(left, date) and isinstance(right, date):
        return ordered(operator, left < right, left == right)
    return None


def ordered(operator: str, less: bool, equal: bool) -> bool:
    return {"<": less, "<=": less or equal, ">": not less and not equal, ">=": not less}[operator]


def call(function: str, arguments: list[Value]) -> Value:
    if function == "first_of":
        # "`first_of` gives its first operand that is not absent"
        return next((argument for argument in arguments if argument is not None), None)
    if function == "present":
        # "`present(x)` is a truth, never unknown"
        return arguments[0] is not None
    if function == "date":
        return date_from(arguments)
    if function == "value_at":
        series, day = arguments
        # "the number of the latest date not after d; absent if there is none"
        known = [number for at, number in series if at <= day] if isinstance(series, tuple) and isinstance(day, date) else []
        return known[-1] if known else None
    if function in ("months_late", "years_late"):
        actual, due = arguments
        if not isinstance(actual, date) or not isinstance(due, date):
            return None
        return Fraction(periods_late(actual, due, 1 if function == "months_late" else 12))
    numbers = [argument for argument in arguments if isinstance(argument, Fraction)]
    if len(numbers) < len(arguments):
        return None  # "function with an absent operand is absent"; "`min` and `max` are absent if any operand is"
    if function == "min":
        return min(numbers)
    if function == "max":
        return max(numbers)
    if function == "abs":
        return abs(numbers[0])
    # "`floor` rounds toward −∞, `ceil` toward +∞"
    return Fraction({"floor": floor, "ceil": ceil}[function](numbers[0]))


def date_from(parts: list[Value]) -> date | None:
    if not all(isinstance(part, Fraction) and part.denominator == 1 for part in parts):
        return None
    year, month, day = (int(part) for part in parts if isinstance(part, Fraction))
    try:
        return date(year, month, day)
    except ValueError:
        return None


def periods_late(actual: date, due: date, months: int) -> int:
    """ "0 if actual ≤ due, else … the smallest n such that `due` plus n calendar months (day clipped to the month's last) is not
    before `actual`"; "`years_late` the same with years"."""
    n = 0
    while months_after(due, n * months) < actual:
        n += 1
    return n


def months_after(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def below(category: str, paths: Sequence[str]) -> bool:
    """Whether a category is one of `paths` or below it."""
    return any(category == path or category.startswith(path + ".") for path in paths)


def aggregate(node: ast.Aggregate, place: Place) -> Value:
    """ "`count(entries(…) where c)`: entries for which `c` is true; if `c` is unknown for some entry, the count is absent. `sum`, `min`,
    `max` over entries: the same, and absent if the value is absent for a counted entry; over no entry `sum` is 0 and `min`, `max` are
    absent." """
    places = [
        Place(place.world, entry, place.world.spec.completion, own_weight(entry), None if place.entry is None else place)
        for entry in place.world.record.indicators
        if not node.categories or below(entry.category, node.categories)
    ]
    chosen = [True if node.where is None else truth(value(node.where, at)) for at in places]
    if None in chosen:
        return None
    counted = [at for at, yes in zip(places, chosen, strict=True) if yes]
    if node.value is None:
        return Fraction(len(counted))
    values = [number(value(node.value, at)) for at in counted]
    numbers = [item for item in values if item is not None]
    if len(numbers) < len(values):
        return None
    if node.function == "sum":
        return sum(numbers, Fraction(0))
    return {"min": min, "max": max}[node.function](numbers) if numbers else None


def own_weight(entry: Indicator) -> Fraction | None:
    """The weight that the record gives the entry."""
    return None if entry.weight is None else Fraction(entry.weight)


# ------------------------------------------------------------------------------------------------------------------- names


def name_value(name: str, place: Place) -> Value:
    """ "Names: …; each also by its Chinese label. In an award, `weight` is the weight in force." """
    world = place.world
    if name in ("weight", "分值") and place.weight is not None:
        return place.weight
    of, _, field_of_this = name.partition(".")
    if of in ("this", "本指标"):
        # "`this.x`: the same of the entry that the whole formula is about"
        return name_value(field_of_this, replace(place.about or place, weight=None))
    inside = CHINESE_OF_ENTRY.get(name, name)
    if place.entry is not None and inside in CHINESE_OF_ENTRY.values():
        return entry_value(inside, place.entry, place)
    name = CHINESE.get(name) or world.labels.get(name) or name.removeprefix("inputs.").removeprefix("measures.")
    if name.startswith("budget."):
        return amount(world.record, name.removeprefix("budget."))
    if name == "year":
        return Fraction(world.record.subject.year)
    if name.startswith("subject."):
        about: str | date | None = getattr(world.record.subject, name.removeprefix("subject."))
        return about
    if name == "total_weight":
        return total_weight(world.record)
    if name in world.spec.measures:
        if name not in world.measures:
            # "A named measure is rounded at stage `measure`, wherever it is read."
            found = value_of(world.spec.measures[name].value, Place(world))
            stage = world.spec.ruleset.rounding.measure
            world.measures[name] = rounded(found, stage) if isinstance(found, Fraction) else found
        return world.measures[name]
    if name in world.spec.inputs:
        return answer(world, name)
    look_up, _, key = name.removeprefix("lookups.").partition(".")
    if look_up in world.spec.lookups:
        return looked_up(world.spec.lookups[look_up], key, world)
    raise AssertionError(f"no such name: {name}")


def present(name: str, place: Place) -> bool:
    """ "`present(x)` is a truth, never unknown"; "`part_of` … the empty text, which is not present" """
    found = name_value(name, place)
    return found is not None and found != ""


def looked_up(look_up: Lookup, key: str, world: World) -> Value:
    """ "the formula of that name in the first row of look-up x that fits its `by`. An absent `by` above the first row that always fits, or
    no row that fits: absent." """
    by = value_of(look_up.by, Place(world))
    for row in look_up.rows:
        fits = row_fits(row, by, world)
        if fits is None:
            return None
        if fits:
            return value_of(row.values[key], Place(world)) if key in row.values else None
    return None


def row_fits(row: LookupRow, by: Value, world: World) -> bool | None:
    """ "(`is`: equal to one of the texts; a cut: reached; neither: always)"; "an absent `by` makes every row with a condition unknown" """
    if row.is_:
        return any_of([compare("=", by, text) for text in row.is_])
    if row.at_least is not None:
        return compare(">=", by, value_of(row.at_least, Place(world)))
    return True if row.above is None else compare(">", by, value_of(row.above, Place(world)))


def amount(record: EvaluationRecord, name: str) -> Fraction | None:
    """ "Money is in 元." """
    typed = None if record.budget is None else getattr(record.budget, name)
    return None if typed is None or record.budget is None else Fraction(typed) * MONEY[record.budget.unit]


def total_weight(record: EvaluationRecord) -> Fraction | None:
    """ "`total_weight` (Σ of the weights that entries have; absent if none has one)" """
    weights = [own_weight(entry) for entry in record.indicators]
    known = [weight for weight in weights if weight is not None]
    return sum(known, Fraction(0)) if known else None


def answer(world: World, name: str) -> Value:
    """ "An input of type `amount`: a bare number is in the unit of the budget, a text such as 20万元 in its own." """
    given = world.record.answers.get(name)
    asked = world.spec.inputs[name]
    if isinstance(given, tuple):
        return tuple(
            (one.date, amount_answer(world.record, str(one.value)) if asked.of == "amount" else Fraction(one.value))
            for one in given
        )
    if asked.type == "amount" and given is not None:
        return amount_answer(world.record, str(given))
    if given is None or isinstance(given, bool | str | date):
        return given
    return Fraction(given)


def amount_answer(record: EvaluationRecord, typed: str) -> Fraction:
    for unit in sorted(MONEY, key=len, reverse=True):
        if typed.endswith(unit):
            return Fraction(typed.removesuffix(unit)) * MONEY[unit]
    return Fraction(typed) * MONEY[record.budget.unit if record.budget else "元"]


def entry_value(name: str, entry: Indicator, place: Place) -> Value:
    if name == "completion":
        table = place.completion or place.world.spec.completion
        return place.world.complete(entry, table, place.entry_weight, place.world)
    if name == "weight":
        return own_weight(entry)
    if name == "part_of":
        return entry.part_of or ""  # "the empty text if it is part of none"
    if name == "counts":
        return None if entry.counts is None else True
    if name == "actual" and entry.counts is not None:
        return share_satisfied(entry)
    found: str | bool | Quantity | None = getattr(entry, name)
    return quantity_value(found) if isinstance(found, Quantity) else found


def share_satisfied(entry: Indicator) -> Fraction | None:
    """Section 5: "The actual of an entry with `counts` is satisfied ÷ surveyed (absent if none was surveyed)." """
    if entry.counts is None or entry.counts.surveyed == 0:
        return None
    return Fraction(entry.counts.satisfied, entry.counts.surveyed)


def quantity_value(quantity: Quantity) -> Value:
    """A typed quantity in a formula: its number; a date, a text or a range is present, but no number and not to be compared."""
    return Fraction(quantity.number) if quantity.kind == "number" and quantity.number is not None else quantity
