"""Why a criterion has the points that it has, in words: the row hit, the formula with its numbers, the entries that fell short.

In: an evaluation, one of its criteria, a language. Out: sentences, in the order in which they are worth reading; none for a criterion that
simply got full marks. Everything is read from the plan and the record; nothing is scored again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from indicator_rules import messages
from indicator_rules.evaluation import CriterionResult, EntryResult, Evaluation
from indicator_rules.exact import Exact, Rounding, decimal_places, exact, to_percent, to_text
from indicator_rules.expression import Arithmetic, Call, Compare, Node, Number, OneOf, Ref, replaced
from indicator_rules.messages import Language
from indicator_rules.plan import Award, Leaf, Plan, Points, Range, Scale, Slot, Treatment
from indicator_rules.record_parts import Deduction, Rating
from indicator_rules.scope import ENTRY_FIELDS, RECORD_FIELDS
from indicator_rules.table import Bound, Guard
from indicator_rules.value import Absent, Value, value_text

_SIGNS = {">=": "≥", "<=": "≤", "!=": "≠", "*": "×", "/": "÷", "-": "−"}
_TURNED = {">=": "≤", ">": "<"}
_DECIMALS = 4


def number_text(value: Exact) -> str:
    """A number for people: exactly where four decimals are enough, else rounded and marked as such."""
    places = decimal_places(value)
    if places is not None and places <= _DECIMALS:
        return to_text(value)
    return "≈" + to_text(Rounding(_DECIMALS, "half-up")(value))


class Words:
    """Rows, guards and formulas of a plan as people read them, in one language."""

    def __init__(self, plan: Plan, lang: Language) -> None:
        self.plan, self.lang = plan, lang
        self.labels = names(plan, lang)
        self.scales = list(_scales(plan))
        self.ratios = {measure.id for measure in plan.measures if is_ratio(measure.formula)}

    def say(self, key: str, **values: object) -> str:
        return messages.text(f"explain.{key}", values, self.lang)

    def hit(self, leaf: Leaf, row: str) -> str:
        """A row by its name, and its condition if it has one worth saying."""
        name = self.row_name(row)
        if row.partition("_")[0] not in ("band", "row", "level"):
            return name
        labelled = next(
            (label.text(self.lang) for scale in self.scales if scale.head is leaf for label in [scale.label(row)] if label), ""
        )
        if labelled:
            return f"{name}“{labelled}”"
        guards = leaf.row(row).guards
        slots = {slot.name: slot for slot in leaf.slots}
        condition = self.say("or").join(self.guard(guard, slots) for guard in guards if guard)
        return self.say("hit", row=name, condition=condition) if condition else name

    def row_name(self, row: str) -> str:
        kind, _, place = row.partition("_")
        return self.say(f"row-{kind}", place=place) if place.isdecimal() else self.say(f"row-{row.replace('_', '-')}")

    # ------------------------------------------------------------------------------------------------- formulas and their values

    def guard(self, guard: Guard, slots: Mapping[str, Slot]) -> str:
        """Bounds as a person writes them: 60% ≤ rate < 80%."""
        by_slot: dict[str, list[Bound]] = {}
        for bound in guard:
            by_slot.setdefault(bound.slot, []).append(bound)
        return self.say("and").join(self.bounds(slots[name], bounds) for name, bounds in by_slot.items())

    def bounds(self, slot: Slot, bounds: list[Bound]) -> str:
        name = self.words(slot.formula) if slot.name == str(slot.formula) else self.label(slot.name)
        if is_truth(slot.formula):
            return f"{name} = {self.say('yes' if bounds[0].operator == '>=' else 'no')}"
        if len(bounds) == 2 and bounds[0].operator in _TURNED and bounds[1].operator in ("<", "<="):
            low, high = bounds
            high_sign = _SIGNS.get(high.operator, high.operator)
            return f"{self.cut(slot, low)} {_TURNED[low.operator]} {name} {high_sign} {self.cut(slot, high)}"
        return self.say("and").join(f"{name} {_SIGNS.get(one.operator, one.operator)} {self.cut(slot, one)}" for one in bounds)

    def cut(self, slot: Slot, bound: Bound) -> str:
        if slot.codes:
            return slot.codes[bound.cut - 1] if isinstance(bound.cut, int) and 0 < bound.cut <= len(slot.codes) else "—"
        return self.value(bound.cut, ratio=self.is_ratio(slot.formula))

    def given(self, slot: Slot, value: Value) -> str:
        name = self.words(slot.formula) if slot.name == str(slot.formula) else self.label(slot.name)
        return f"{name} = {self.value(value, ratio=self.is_ratio(slot.formula))}"

    def value(self, value: Value, *, ratio: bool = False) -> str:
        """A value as a person writes it."""
        if isinstance(value, Absent):
            return self.say("missing")
        if isinstance(value, bool):
            return self.say("yes" if value else "no")
        if isinstance(value, str | date):
            return value_text(value) or ""
        return to_percent(value, 4 if -1 < 100 * value < 1 else 2) if ratio else number_text(value)

    def is_ratio(self, formula: Node) -> bool:
        if isinstance(formula, Ref) and formula.path.startswith("measures."):
            return formula.path.removeprefix("measures.") in self.ratios
        return is_ratio(formula)

    def words(self, formula: Node) -> str:
        """A formula with labels for names."""
        return self.written(formula, lambda ref: self.labels.get(ref.path) or self.label(str(ref)))

    def numbers(self, formula: Node, values: Mapping[str, Value]) -> str | None:
        """A formula with values for names; None if some are not known or not numbers."""
        known: dict[str, str] = {}
        for part in formula.walk():
            if isinstance(part, Ref):
                value = values.get("weight" if part.path == "weight" else _slot(part, values))
                if value is None or isinstance(value, Absent | str | date | bool):
                    return None
                known[part.path] = self.value(value, ratio=self.is_ratio(part))
        return self.written(formula, lambda ref: known[ref.path])

    def written(self, formula: Node, name: Callable[[Ref], str]) -> str:
        return self.spelt(formula, lambda part: name(part) if isinstance(part, Ref) else None)

    def spelt(self, formula: Node, say: Callable[[Node], str | None]) -> str:
        """A formula with what `say` gives for a part in place of it."""

        def change(part: Node) -> Node | None:
            if isinstance(part, Call) and part.function == "rounded":
                return replaced(part.arguments[0], change)
            text = say(part)
            return None if text is None else _Said(text)

        return _spaced(str(replaced(formula, change)))

    def label(self, name: str) -> str:
        return self.labels.get(name, name)

    def listed(self, parts: list[str]) -> str:
        return self.say("comma").join(parts)

    def colon(self, text: str | None) -> str:
        return self.say("colon") + (text or "")


class Explainer(Words):
    """Says why, for one evaluation in one language."""

    def __init__(self, evaluation: Evaluation, lang: Language) -> None:
        super().__init__(evaluation.plan, lang)
        self.evaluation = evaluation

    def reasons(self, result: CriterionResult) -> list[str]:
        """Why `result` is not simply full marks."""
        record, said = self.evaluation.record, []
        if result.row == "not_applicable":
            why = record.not_applicable.criteria.get(result.id)
            treatment = self.treatment(self.not_applicable(result))
            said.append(self.say("not-applicable", reason=why or self.say("by-rule"), treatment=treatment))
        elif result.row == "out_of_force":
            said.append(self.say("out-of-force"))
        elif result.row == "absent":
            said.append(self.say("absent", treatment=self.treatment(result.criterion.scale.absent)))
        elif result.exact_lost - result.deducted > 0 and not (result.entries or result.items):
            said += self.row(result)
        said += [self.say("item", label=item.label, row=self.row_name(item.row)) for item in result.items if item.row != "met"]
        said += [self.entry(result, entry) for entry in result.entries if self.fell_short(entry)]
        if result.deducted:
            said.append(self.by_hand(record.deductions.criteria[result.id]))
        source = result.criterion.source
        if result.exact_lost > 0 and source is not None and source.clause:
            said.append(self.say("clause", clause=source.clause, source=self.evaluation.plan.source(source.ref)))
        return said

    # ------------------------------------------------------------------------------------------------------------------ rows

    def row(self, result: CriterionResult) -> Iterator[str]:
        """The row hit, what it is worth, and the values that chose it."""
        leaf = result.criterion.scale.head
        values = self.evaluation.detail(result.id).values
        award = leaf.row(result.row).award
        yield self.hit(leaf, result.row)
        yield from self.award(award, {**values, "weight": result.exact_weight})
        yield from (self.rating(rating) for rating in self.evaluation.record.assessments.criteria.get(result.id, ()))
        said = {str(part) for part in award.formula.walk()} if isinstance(award, Points) else set()
        told = [self.given(slot, values[slot.name]) for slot in leaf.slots if slot.name in values and slot.name not in said]
        if told:
            yield self.say("values", values=self.listed(told))

    def award(self, award: Award, values: Mapping[str, Value]) -> Iterator[str]:
        """The formula of the points, in words and then in numbers."""
        if isinstance(award, Range):
            low, high = self.numbers(award.low, values), self.numbers(award.high, values)
            yield self.say("range", low=low or self.words(award.low), high=high or self.words(award.high))
        elif isinstance(award, Points) and award.formula not in (Ref("weight"), Number(0)):
            numbers = self.numbers(award.formula, values)
            words = self.words(award.formula)
            yield self.say("formula", formula=words if numbers in (None, words) else f"{words} = {numbers}")

    def rating(self, rating: Rating) -> str:
        picked = rating.level or (to_percent(exact(rating.share)) if rating.share is not None else rating.points)
        why = self.colon(rating.reason) if rating.reason else ""
        return self.say("rating", by=rating.by or self.say("rater"), picked=picked, why=why)

    def not_applicable(self, result: CriterionResult) -> Treatment:
        """What was done: a criterion that does not apply either takes no weight over."""
        stated = result.criterion.not_applicable
        moved = stated.kind == "move_to" and self.evaluation[stated.criterion].row == "not_applicable"
        return Treatment("rescale") if moved else stated

    def treatment(self, treatment: Treatment) -> str:
        """What is done instead of scoring."""
        target = next((one.label.text(self.lang) for one in self.evaluation.plan.criteria if one.id == treatment.criterion), "")
        return self.say(f"treatment-{treatment.kind.replace('_', '-')}", points=number_text(treatment.points), criterion=target)

    def by_hand(self, deduction: Deduction) -> str:
        """Points taken off by hand."""
        points = number_text(exact(deduction.points))
        return self.say("by-hand", points=points, why=self.colon(deduction.reason) if deduction.reason else "")

    # --------------------------------------------------------------------------------------------------------------- entries

    def fell_short(self, entry: EntryResult) -> bool:
        return entry.exact_points < entry.exact_weight or entry.row == "absent"

    def entry(self, result: CriterionResult, entry: EntryResult) -> str:
        """An entry that was not fully reached: target, actual, how far, what it earned and why."""
        record = self.evaluation.record
        counts = record.indicator_by_id[entry.id].counts
        actual = entry.actual or ("—" if counts is None else f"{counts.satisfied}/{counts.surveyed}")
        parts = [self.say("target", text=entry.target or "—"), self.say("actual", text=actual)]
        if isinstance(entry.completion, Absent):
            parts.append(messages.text(f"absent.{entry.completion.reason.removeprefix('absent.')}", {}, self.lang))
        elif isinstance(entry.completion, date | str):
            parts.append(str(entry.completion))
        elif entry.kind == "dated":
            parts += [] if entry.completion >= 1 else [self.say("overdue")]
        else:
            parts.append(self.say("completion", share=to_percent(entry.completion)))
        scale = self.scale_of(result, entry)
        if entry.row == "absent" and result.criterion.entries is not None:
            parts.append(self.say("absent", treatment=self.treatment(result.criterion.entries.absent)))
        elif scale is not None and entry.row not in ("part", "full"):
            parts.append(self.hit(scale.head, entry.row))
        parts += [self.rating(rating) for rating in record.assessments.indicators.get(entry.id, ())]
        if entry.id in record.deductions.indicators:
            parts.append(self.by_hand(record.deductions.indicators[entry.id]))
        parts.append(self.say("earned", points=number_text(entry.exact_points), weight=number_text(entry.exact_weight)))
        why = record.indicator_by_id[entry.id].reason
        return entry.name + self.colon(self.listed([*parts, *([self.say("reason", text=why)] if why else [])]))

    def scale_of(self, result: CriterionResult, entry: EntryResult) -> Scale | None:
        entries = result.criterion.entries
        return None if entries is None else next((scale for kind, scale in entries.scales if kind == entry.kind), None)


@dataclass(frozen=True, slots=True)
class _Said(Node):
    """A name as it is to be read."""

    text: str

    def __str__(self) -> str:
        return self.text


def _slot(ref: Ref, values: Mapping[str, Value]) -> str:
    """The slot that holds what `ref` stands for; a second slot of one name is numbered."""
    name = str(ref)
    return name if name in values else f"{name}~2"


def names(plan: Plan, lang: Language) -> dict[str, str]:
    """What formulas call things → what people call them."""
    labels = {"weight": messages.text("explain.weight", {}, lang), "level": messages.text("explain.level", {}, lang)}
    if lang == "zh":
        fields = {path.removeprefix("entry."): given for path, (given, _) in (RECORD_FIELDS | ENTRY_FIELDS).items()}
        labels = {path: given[0] for path, given in fields.items() if given} | labels
    labels |= {f"measures.{measure.id}": measure.label.text(lang) for measure in plan.measures}
    labels |= {f"inputs.{question.id}": question.label.text(lang) for question in plan.questions}
    # Slots are named without the section, where that says enough.
    short = {path.partition(".")[2]: label for path, label in labels.items() if path.startswith(("measures.", "inputs."))}
    return short | labels


def _scales(plan: Plan) -> Iterator[Scale]:
    for criterion in plan.criteria:
        yield criterion.scale
        if criterion.entries is not None:
            yield from (scale for _, scale in criterion.entries.scales)


def is_truth(formula: Node) -> bool:
    if isinstance(formula, Ref):
        return formula.kind == "truth"
    return isinstance(formula, Compare | OneOf) or (isinstance(formula, Call) and formula.function == "present")


def is_ratio(formula: Node) -> bool:
    """Whether people read the value of `formula` as a percentage."""
    match formula:
        case Ref():
            return formula.path == "entry.completion"
        case Arithmetic():
            return formula.sign == "/"
        case Call():
            return formula.function in ("first_of", "min", "max") and any(map(is_ratio, formula.arguments))
    return False


def _spaced(formula: str) -> str:
    return re.sub(r" (>=|<=|!=|[*/-]) ", lambda sign: f" {_SIGNS[sign[1]]} ", formula)
