"""What was lost, in one sentence: numbers, rule and clause, and how far it is to the next row.

In: an evaluation, one of its criteria, a language. Out: a sentence for an audit file, or the empty text where nothing was lost. Everything is read from the
plan and the record again; the points are those of the evaluation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import cached_property

from indicator_rules import messages
from indicator_rules.evaluation import CriterionResult, EntryResult, Evaluation
from indicator_rules.exact import Exact, add, divide, exact, multiply
from indicator_rules.explaining.distance import Nearest, magnitude, nearest, number
from indicator_rules.explaining.explain import Explainer, is_truth, number_text
from indicator_rules.explaining.units import WHOLE, Amounts, Unit, Units
from indicator_rules.expression import Aggregate, Arithmetic, Call, Node, Ref
from indicator_rules.lower import COMPLETION, WEIGHT
from indicator_rules.messages import Language
from indicator_rules.plan import Leaf, Part, Points, Range, Scale, Slot
from indicator_rules.score import combined
from indicator_rules.spec import Citation
from indicator_rules.table import Bound
from indicator_rules.value import Absent, Series, Value

Read = Callable[[Node, Exact], Value]
_FUNCTION = re.compile(r"\b(min|max|floor|ceil|abs|count|sum|months_late|years_late|value_at)\(")


class Speaker(Explainer):
    """Says why, with units and distances, for one evaluation in one language."""

    def __init__(self, evaluation: Evaluation, lang: Language) -> None:
        super().__init__(evaluation, lang)
        self.units, self.amounts = Units(evaluation.plan), Amounts(evaluation.record, lang)
        self.measures = {measure.id: measure for measure in evaluation.plan.measures}

    def tell(self, key: str, **values: object) -> str:
        return messages.text(f"loss.{key}", values, self.lang)

    @cached_property
    def known_entries(self) -> dict[str, str]:
        """Entry → the unit of its values: `元`, `%` or a counter."""
        found = {}
        for entry in self.evaluation.record.indicators:
            value = entry.target if entry.target is not None and entry.target.unit else entry.actual
            found[entry.id] = (value.unit if value is not None else None) or entry.unit or ""
        return found

    # ------------------------------------------------------------------------------------------------------ values and formulas

    def unit(self, node: Node) -> Unit:
        return self.units.of(node)

    def is_ratio(self, formula: Node) -> bool:
        return self.unit(formula) == "ratio" if not is_truth(formula) else False

    def valued(self, node: Node, value: Value, own: str = "") -> str:
        """A value with the unit that the formula gives."""
        if isinstance(value, Series):
            return self.listed([f"{day.isoformat()} {number_text(point)}" for day, point in value.points])
        if isinstance(value, date) or number(value) is None:
            return self.value(value)
        return self.amounts.value(number(value) or 0, self.unit(node), own)

    def cut(self, slot: Slot, bound: Bound) -> str:
        return super().cut(slot, bound) if slot.codes else self.amounts.value(bound.cut, self.unit(slot.formula))

    def put_in(self, formula: Node, read: Read, weight: Exact, own: str = "") -> str | None:
        """A formula with values, in their units, for what it reads; None where something is absent."""
        missing = False

        def change(part: Node) -> str | None:
            nonlocal missing
            if part == WEIGHT:
                return number_text(weight)
            if isinstance(part, Ref | Aggregate) or (
                isinstance(part, Call) and part.function in ("first_of", "present", "value_at")
            ):
                value = read(part, weight)
                missing = missing or isinstance(value, Absent)
                return self.valued(part, value, own)
            return None

        text = self.said(formula, change)
        return None if missing else text

    def words_of(self, formula: Node, read: Read, weight: Exact) -> str:
        """A formula in words; of `first_of` only what was there."""

        def change(part: Node) -> str | None:
            if isinstance(part, Call) and part.function == "first_of":
                found = next((one for one in part.arguments if not isinstance(read(one, weight), Absent)), part.arguments[0])
                words = self.words_of(found, read, weight)
                return f"({words})" if isinstance(found, Arithmetic) else words
            return None

        return self.said(formula, change)

    def said(self, formula: Node, change: Callable[[Node], str | None]) -> str:
        """A formula in which `change` says some parts; labels for names, words for functions."""
        written = self.spelt(formula, lambda part: change(part) or (self.named(part) if isinstance(part, Ref) else None))
        return _FUNCTION.sub(lambda found: messages.text(f"step.function-{found[1]}", {}, self.lang) + "(", written)

    def named(self, ref: Ref) -> str:
        return self.labels.get(ref.path) or self.label(str(ref).removeprefix("lookups."))

    # --------------------------------------------------------------------------------------------------------------------- rows

    def why(self, leaf: Leaf, row: str, read: Read, weight: Exact, own: str = "") -> Iterator[str]:
        """Values, row and formula of one table, in this order."""
        award = leaf.row(row).award
        yield from (self.told(slot, read, weight, own) for slot in self.decisive(leaf, row))
        yield self.hit(leaf, row)
        if isinstance(award, Range):
            ends = [number(read(end, weight)) for end in (award.low, award.high)]
            low, high = (
                self.words(end) if value is None else number_text(value)
                for end, value in zip((award.low, award.high), ends, strict=True)
            )
            yield self.say("range", low=low, high=high)
        elif (
            isinstance(award, Points) and award.formula != WEIGHT and any(isinstance(part, Ref) for part in award.formula.walk())
        ):
            words, numbers = self.words_of(award.formula, read, weight), self.put_in(award.formula, read, weight, own)
            value = number(read(award.formula, weight))
            parts = [words, *([] if numbers is None else [numbers]), *([] if value is None else [number_text(value)])]
            yield self.say("formula", formula=" = ".join(dict.fromkeys(parts)))

    def decisive(self, leaf: Leaf, row: str) -> list[Slot]:
        """The slots that chose the row; all of them for a row that takes what is left."""
        asked = {bound.slot for guard in leaf.row(row).guards for bound in guard}
        slots = [slot for slot in leaf.slots if not slot.is_flag]
        return [slot for slot in slots if slot.name in asked] or slots

    def told(self, slot: Slot, read: Read, weight: Exact, own: str = "") -> str:
        """What a slot holds: `rate = spent ÷ budget = 143.1 ÷ 159 = 90%`."""
        value = read(slot.formula, weight)
        name = self.words_of(slot.formula, read, weight) if slot.name == str(slot.formula) else self.label(slot.name)
        formula = slot.formula
        if is_truth(formula) and not isinstance(formula, Ref):
            return name + self.colon(self.value(value))
        if isinstance(formula, Ref) and formula.path.startswith("measures."):
            formula = self.measures[formula.path.removeprefix("measures.")].formula
        parts = [name, self.valued(slot.formula, value, own)]
        if not isinstance(formula, Ref) and not is_truth(formula) and not isinstance(value, Absent | str):
            numbers = self.put_in(formula, read, weight, own)
            words = self.words_of(formula, read, weight)
            parts[1:1] = [text for text in (words, numbers) if text is not None and text != parts[-1]]
        return " = ".join(dict.fromkeys(parts))

    # ----------------------------------------------------------------------------------------------------------------- distances

    def nearest(self, leaf: Leaf, read: Read, weight: Exact, *, penalty: bool = False) -> Nearest | None:
        return nearest(leaf, lambda node: read(node, weight), weight, penalty=penalty)

    def next(self, leaf: Leaf, found: Nearest, own: str = "") -> str:
        """How far it is to the next row that gives more."""
        unit = self.unit(found.base)
        labelled = next(
            (label.text(self.lang) for scale in self.scales if scale.head is leaf if (label := scale.label(found.row))), ""
        )
        known = {"full": "full", "none": "none", "part": "part-row"}
        row = (
            self.tell(known[found.row])
            if found.row in known
            else self.row_name(found.row) + (f"“{labelled}”" if labelled else "")
        )
        distance, side = found.distance, found.side
        if side and unit in WHOLE and found.value.denominator == 1:
            distance, side = distance.__floor__() + 1, 0
        way = "up" if found.is_up else "down"
        far, cut = self.amounts.distance(distance, unit, own), self.amounts.value(found.cut, unit, own)
        key = way if not side else f"{way}-strict" if distance else f"at-strict-{way}"
        return self.tell(key, row=row, distance=far, cut=cut)

    def own_distance(self, entry: EntryResult, cut: Exact) -> str | None:
        """How far the actual value of an entry is from where its completion reaches `cut`, in its own unit; None where completion is not the
        plain ratio of the two.
        """
        indicator = self.evaluation.record.indicator_by_id[entry.id]
        target, actual = indicator.target, indicator.actual
        if target is None or isinstance(entry.completion, Absent | str) or self.evaluation.plan.rounding.measure is not None:
            return None
        if entry.kind == "dated":
            if actual is None or actual.kind != "date" or entry.completion == 1:
                return None
            year = self.evaluation.record.subject.year
            due, done = target.in_year(year).latest, actual.in_year(year).latest
            if due is None or done is None:
                return None
            return self.tell("late", days=self.amounts.distance((done - due).days, "days"))
        numbers = self.entry_numbers(entry)
        share = number(entry.completion)
        if numbers is None or share is None or share >= cut:
            return None
        has, wanted = numbers
        if cut != 1:  # elsewhere than at the target, the way there is known only where completion is the plain ratio
            if has <= 0 or wanted <= 0 or share not in (divide(has, wanted), divide(wanted, has)):
                return None
            wanted = multiply(wanted, cut) if divide(has, wanted) == share else divide(wanted, cut)
        apart = self.amounts.in_own(magnitude(add(has, -wanted)), self.known_entries[entry.id], apart=True)
        return None if has == wanted else self.tell("own-up" if has < wanted else "own-down", distance=apart)

    def entry_numbers(self, entry: EntryResult) -> tuple[Exact, Exact] | None:
        """Actual value and target, where both are numbers."""
        indicator = self.evaluation.record.indicator_by_id[entry.id]
        counts, target, actual = indicator.counts, indicator.target, indicator.actual
        if target is None or target.kind != "number" or target.number is None:
            return None
        if counts is not None:
            return (divide(counts.satisfied, counts.surveyed), target.number) if counts.surveyed else None
        return None if actual is None or actual.number is None or actual.kind != "number" else (actual.number, target.number)

    # ---------------------------------------------------------------------------------------------------------------- sentences

    def sentence(self, result: CriterionResult) -> str:
        """Why `result` lost points; empty if it lost none."""
        if result.exact_lost <= 0:
            return ""
        raw = None if result.row == "absent" else self.before_rounding(result)
        rounded = "" if raw is None or raw == abs(result.exact_points) else self.tell("rounded", points=number_text(raw))
        return self.tell(
            "penalty" if result.criterion.role == "penalty" else "criterion",
            label=result.criterion.label.text(self.lang),
            why=self.listed([*self.because(result)]),
            points=number_text(result.exact_points),
            weight=number_text(result.exact_weight),
            lost=number_text(result.exact_lost),
            rounded=rounded,
            clause=self.clause(result.criterion.source),
        )

    def before_rounding(self, result: CriterionResult) -> Exact | None:
        """What the table or the absence gave, less what was taken off by hand; None where it was combined."""
        leaf, rules = result.criterion.scale.head, result.criterion.entries
        if rules is not None and result.entries and not (rules.per_goal and self.evaluation.record.goals):
            points, weights = [one.exact_points for one in result.entries], [one.exact_weight for one in result.entries]
            whole = combined(rules.combine, points, weights, result.exact_weight)
            return None if isinstance(whole, Absent) else max(0, exact(min(whole, result.exact_weight)) - result.deducted)
        if result.entries or result.items or result.row in ("absent", "not_applicable", "entries"):
            return None
        award = leaf.row(result.row).award
        if not isinstance(award, Points):
            return None
        found = number(self.evaluation.detail(result.id).read(award.formula, result.exact_weight))
        if found is None:
            return None
        return max(0, exact(min(max(found, 0), result.exact_weight)) - result.deducted)

    def clause(self, source: Citation | None, key: str = "loss.clause") -> str:
        """By which document and clause."""
        if source is None:
            return ""
        clause = self.tell("clause-of", clause=source.clause) if source.clause else ""
        return messages.text(key, {"document": self.evaluation.plan.source(source.ref), "clause": clause}, self.lang)

    def because(self, result: CriterionResult) -> Iterator[str]:
        """What led to the points."""
        scale, weight, record = result.criterion.scale, result.exact_weight, self.evaluation.record
        if result.row == "absent":
            yield self.say("absent", treatment=self.treatment(scale.absent))
            yield from self.missing(result)
        elif result.entries:
            yield self.entries(result)
        elif result.items:
            read = self.evaluation.detail(result.id).read
            yield self.tell("semicolon").join(self.items(result, read))
        elif result.exact_lost - result.deducted > 0:
            read = self.evaluation.detail(result.id).read
            yield from self.why(scale.head, result.row, read, weight)
            yield from (self.rating(rating) for rating in record.assessments.criteria.get(result.id, ()))
            found = self.nearest(scale.head, read, weight, penalty=result.criterion.role == "penalty")
            if found is not None:
                yield self.next(scale.head, found)
        if result.deducted:
            yield self.by_hand(record.deductions.criteria[result.id])

    def missing(self, result: CriterionResult) -> Iterator[str]:
        """The places of the record that would have to be filled."""
        values = self.evaluation.detail(result.id).values.values()
        paths = dict.fromkeys(path for value in values if isinstance(value, Absent) for path in value.paths)
        if paths:
            labels = [self.labels.get(path.replace("answers.", "inputs.")) or path for path in paths]
            yield self.tell("missing", paths=self.listed(labels))

    def items(self, result: CriterionResult, read: Read) -> Iterator[str]:
        """Items not met, and parts that fell short."""
        for part, item in zip(result.criterion.scale.parts, result.items, strict=True):
            label = part.label.text(self.lang)
            weight = self.part_weight(part, item.row, read, result.exact_weight)
            lost = add(weight, -item.exact_points)
            if lost <= 0:
                continue
            if part.weight is None:
                yield self.tell("item", label=label, row=self.row_name(item.row), lost=number_text(lost))
            else:
                why = self.listed(list(self.part(part, item.row, read, weight)))
                yield self.tell("part", label=label, why=why, points=number_text(item.exact_points), weight=number_text(weight))

    def part(self, part: Part, row: str, read: Read, weight: Exact) -> Iterator[str]:
        """What led to the points of a part."""
        if row == "absent":
            yield self.say("absent", treatment=self.treatment(part.scale.absent))
        elif part.scale.parts:
            yield self.row_name(row)
        else:
            yield from self.why(part.scale.head, row, read, weight)
            found = self.nearest(part.scale.head, read, weight)
            if found is not None:
                yield self.next(part.scale.head, found)

    def part_weight(self, part: Part, row: str, read: Read, whole: Exact) -> Exact:
        """What a part, or an item if it is met, is worth."""
        met = next((one.award for one in part.scale.head.table.rows if one.id == "met"), None)
        formula = part.weight if part.weight is not None else met.formula if isinstance(met, Points) else None
        return (None if formula is None else number(read(formula, whole))) or 0

    # ------------------------------------------------------------------------------------------------------------------ entries

    def entries(self, result: CriterionResult) -> str:
        """Each entry that fell short, and how they were combined."""
        rules = result.criterion.entries
        short = [self.entry_why(result, entry) for entry in result.entries if self.fell_short(entry)]
        if len(result.entries) == 1 and short:
            return self.tell(
                "entry-alone", name=result.entries[0].name, facts=self.listed(list(self.entry_facts(result, result.entries[0])))
            )
        alike = len({entry.exact_weight for entry in result.entries}) == 1
        how: str = "equal" if rules is None or (rules.combine == "weighted" and alike) else rules.combine
        if rules is not None and rules.per_goal and self.evaluation.record.goals:
            how = "goals"
        combine = self.tell(f"combine-{how}", count=len(result.entries))
        told = self.tell("semicolon").join(short)
        return self.tell("entries", entries=told, combine=combine) if short else combine

    def entry_why(self, result: CriterionResult, entry: EntryResult) -> str:
        """One entry: target, actual, completion, row, distance, points."""
        facts = self.listed(list(self.entry_facts(result, entry)))
        weight = number_text(entry.exact_weight)
        return self.tell("entry", name=entry.name, facts=facts, points=number_text(entry.exact_points), weight=weight)

    def entry_facts(self, result: CriterionResult, entry: EntryResult) -> Iterator[str]:
        record, rules, scale = self.evaluation.record, result.criterion.entries, self.scale_of(result, entry)
        indicator = record.indicator_by_id[entry.id]
        counts = indicator.counts
        if entry.target:
            yield self.say("target", text=entry.target)
        if entry.actual or counts is not None:
            yield self.say("actual", text=entry.actual or f"{counts.satisfied}/{counts.surveyed}" if counts else entry.actual)
        if isinstance(entry.completion, Absent):
            if indicator.level is None:
                yield messages.text(f"absent.{entry.completion.reason.removeprefix('absent.')}", {}, self.lang)
        elif entry.kind == "dated":
            yield from [] if entry.completion == 1 else [self.say("overdue")]
        elif (share := number(entry.completion)) is not None:
            yield self.say("completion", share=self.amounts.value(share, "ratio"))
        if indicator.level and not (scale is not None and scale.levels):
            yield f"{self.labels['level']} {indicator.level}"
        if entry.row == "absent" and rules is not None:
            yield self.say("absent", treatment=self.treatment(rules.absent))
        elif scale is not None:
            yield from self.entry_row(result, entry, scale)
        yield from (self.rating(rating) for rating in record.assessments.indicators.get(entry.id, ()))
        if entry.id in record.deductions.indicators:
            yield self.by_hand(record.deductions.indicators[entry.id])

    def entry_row(self, result: CriterionResult, entry: EntryResult, scale: Scale) -> Iterator[str]:
        """The row that an entry hit, and how far it is to the next."""
        if entry.row not in ("part", "full", "zero"):
            yield self.hit(scale.head, entry.row)
        read = self.evaluation.detail(result.id, entry.id).read
        found = None if entry.kind == "qualitative" else self.nearest(scale.head, read, entry.exact_weight)
        if found is not None:
            own = self.own_distance(entry, found.cut) if found.base == COMPLETION and not found.side else None
            if own is None or entry.row not in ("part", "zero"):
                yield self.next(scale.head, found, self.known_entries[entry.id])
            if own is not None:
                yield own
