"""The whole derivation of a criterion's points: inputs → measures → row hit → formula → clamp, deduction, rounding → points.

In: an evaluation and one of its criteria (or none, for the total). Out: a `Derivation` with each step in both languages. Values are read again from the record as
scoring read them; the last step has the points of the evaluation itself.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from typing import TypeAlias

from indicator_rules import messages
from indicator_rules.derivation import Derivation, Kind, Step
from indicator_rules.evaluation import CriterionResult, EntryResult, Evaluation
from indicator_rules.exact import Exact, Rounding, add, divide, exact, to_percent, to_text
from indicator_rules.explaining.derive_total import derive_total
from indicator_rules.explaining.distance import magnitude, number
from indicator_rules.explaining.explain import is_truth, number_text
from indicator_rules.explaining.loss_text import Read, Speaker
from indicator_rules.expression import Aggregate, Node, Ref
from indicator_rules.lower import COMPLETION, WEIGHT
from indicator_rules.plan import Leaf, Part, Points, Range, Scale
from indicator_rules.score import combined
from indicator_rules.value import Absent, value_text

_Points: TypeAlias = Generator[Step, None, Exact | None]
"""Steps, and the points that they come to, if these can be worked out again."""


def derive(evaluation: Evaluation, criterion: str | None) -> Derivation:
    """How the points of `criterion` came about; without one, total and grade. Raises KeyError for an unknown criterion."""
    speakers = {lang: Speaker(evaluation, lang) for lang in messages.LANGUAGES}
    if criterion is None:
        return derive_total(evaluation, speakers)
    result = evaluation[criterion]
    return Derivation(
        result.id,
        {lang: result.criterion.label.text(lang) for lang in messages.LANGUAGES},
        {lang: speaker.sentence(result) for lang, speaker in speakers.items()},
        result.exact_points,
        result.exact_lost,
        tuple(_Deriver(evaluation, speakers, result).steps()),
    )


class _Deriver:
    """The steps of one criterion. What is read is told once, however often it is read."""

    def __init__(self, evaluation: Evaluation, speakers: dict[messages.Language, Speaker], result: CriterionResult) -> None:
        self.evaluation, self.plan, self.record = evaluation, evaluation.plan, evaluation.record
        self.speakers, self.result, self.criterion = speakers, result, result.criterion
        self.path = f"criteria.{result.id}"
        self.told: set[str] = set()

    def step(
        self,
        kind: Kind,
        say: Callable[[Speaker], str],
        path: str = "",
        exactly: Exact | str | None = None,
        *,
        typed: str | None = None,
        steps: Iterable[Step] = (),
    ) -> Step:
        texts = {lang: say(speaker) for lang, speaker in self.speakers.items()}
        text = exactly if isinstance(exactly, str | None) else to_text(exactly)
        return Step(kind, texts, path, typed, text, tuple(steps))

    def message(self, kind: Kind, key: str, path: str = "", exactly: Exact | str | None = None, **values: object) -> Step:
        """A step whose text needs nothing but numbers."""
        return self.step(kind, lambda speaker: messages.text(f"step.{key}", values, speaker.lang), path, exactly)

    # ---------------------------------------------------------------------------------------------------------------- criterion

    def steps(self) -> Iterator[Step]:
        result, weight = self.result, self.result.exact_weight
        yield self.message("weight", "weight", f"{self.path}.weight", weight, weight=number_text(weight))
        found: Exact | None = None
        if result.row in ("not_applicable", "out_of_force"):
            (first, *_) = (self.speakers[lang].reasons(result) for lang in messages.LANGUAGES)
            if first:
                yield self.step("absent", lambda speaker: speaker.reasons(result)[0], self.path)
        else:
            read = self.evaluation.detail(result.id).read
            if result.criterion.entries is not None:
                found = yield from self.entries()
            else:
                found = yield from self.scaled(self.criterion.scale, result.row, read, weight, self.path, result.items)
            yield from self.absence(result.row, self.criterion.scale, self.path)
            if result.row == "absent":
                found = None
        yield from self.finished(found)
        yield from self.authority()

    def finished(self, found: Exact | None) -> Iterator[Step]:
        """From what the scale gives to the points."""
        result, points = self.result, magnitude(self.result.exact_points)
        if result.deducted:
            given = self.record.deductions.criteria[result.id]
            yield self.step(
                "deduction", lambda speaker: speaker.by_hand(given), f"deductions.criteria.{result.id}", -result.deducted
            )
        before = None if found is None else add(found, -min(result.deducted, found))
        yield from self.rounded(self.plan.rounding.points, before, points)
        values = {"points": number_text(result.exact_points), "weight": number_text(result.exact_weight)}
        yield self.message("points", "points", self.path, result.exact_points, lost=number_text(result.exact_lost), **values)

    def authority(self) -> Iterator[Step]:
        """The rubric's own words, and the clause."""
        source = self.criterion.source
        if self.criterion.text:
            yield self.message("wording", "wording", f"{self.path}.text", text=self.criterion.text)
        if source is not None:
            yield self.step("clause", lambda speaker: speaker.clause(source, "step.clause"), f"sources.{source.ref}")

    def rounded(self, rounding: Rounding | None, before: Exact | None, after: Exact) -> Iterator[Step]:
        if rounding is None or before is None or before == after:
            return
        values = {"before": number_text(before), "value": number_text(after)}
        rule = messages.Phrase(f"step.mode-{rounding.mode}", (("digits", rounding.digits),))
        yield self.message("rounding", "rounding", "ruleset.rounding", after, rule=rule, **values)

    def absence(self, row: str, scale: Scale, path: str) -> Iterator[Step]:
        if row == "absent":
            yield self.step(
                "absent", lambda speaker: speaker.say("absent", treatment=speaker.treatment(scale.absent)), f"{path}.absent"
            )

    # -------------------------------------------------------------------------------------------------------------------- scale

    def scaled(
        self,
        scale: Scale,
        row: str,
        read: Read,
        weight: Exact,
        path: str,
        items: tuple[object, ...] = (),
        own: str = "",
        *,
        of: str = "",
    ) -> _Points:
        """What one scale read, the row that it hit, and what this gives; returns the points, if they can be worked out again."""
        leaf = scale.head
        yield from self.read(leaf, row, read, weight, own, of)
        if row == "absent":
            return None
        if scale.parts:
            return (yield from self.parts(scale, read, weight, path, self.result.item_rows if items else ()))
        yield self.step(
            "row", lambda speaker: messages.text("step.row", {"row": self.hit(speaker, leaf, row)}, speaker.lang), f"{path}.{row}"
        )
        return (yield from self.awarded(leaf, row, read, weight, own, of))

    def hit(self, speaker: Speaker, leaf: Leaf, row: str) -> str:
        """The row, its name, and its condition."""
        slots = {slot.name: slot for slot in leaf.slots}
        guards = [guard for guard in leaf.row(row).guards if guard]
        condition = speaker.say("or").join(speaker.guard(guard, slots) for guard in guards)
        text = speaker.hit(leaf, row)
        return text if not condition or condition in text else speaker.say("hit", row=text, condition=condition)

    def awarded(self, leaf: Leaf, row: str, read: Read, weight: Exact, own: str, of: str) -> _Points:
        """The formula with its numbers, and the bounds of the points."""
        award, raw = leaf.row(row).award, None
        if isinstance(award, Range):
            assessments = self.record.assessments
            ratings = (assessments.indicators if of else assessments.criteria).get(of or self.result.id, ())
            low, high = number(read(award.low, weight)), number(read(award.high, weight))
            if low is not None and high is not None:
                yield self.step("award", lambda s: s.say("range", low=number_text(low), high=number_text(high)))
            for rating in ratings:
                where = f"assessments.{'indicators' if of else 'criteria'}.{of or self.result.id}"
                yield self.step("rating", partial(Speaker.rating, rating=rating), where)
            return None
        if isinstance(award, Points):
            formula, raw = award.formula, number(read(award.formula, weight))
        if raw is None:
            return None
        key = "taken" if self.criterion.role == "penalty" else "award"

        def say(speaker: Speaker) -> str:
            words, numbers = speaker.words_of(formula, read, weight), speaker.put_in(formula, read, weight, own)
            value = number_text(raw)
            parts = list(dict.fromkeys(text for text in (words, numbers) if text is not None and text != value))
            if not parts:
                return messages.text("step.award-plain", {"value": value}, speaker.lang)
            return messages.text(f"step.{key}", {"formula": " = ".join(parts), "value": value}, speaker.lang)

        yield self.step("award", say, "", raw)
        kept = exact(min(max(raw, 0), weight))
        if kept != raw:
            yield self.message(
                "clamp", "clamp", "", kept, weight=number_text(weight), before=number_text(raw), value=number_text(kept)
            )
        nearest = self.speakers["zh"].nearest(leaf, read, weight, penalty=self.criterion.role == "penalty")
        if nearest is not None:
            value = number_text(nearest.points)
            yield self.step(
                "next", lambda s: messages.text("step.next", {"text": s.next(leaf, nearest, own), "points": value}, s.lang)
            )
        return kept

    def parts(self, scale: Scale, read: Read, weight: Exact, path: str, rows: tuple[tuple[str, Exact], ...]) -> _Points:
        """Each part or item with its own steps, then how they are combined."""
        weights: list[Exact] = []
        for part, (row, points) in zip(scale.parts, rows, strict=False):
            own = self.speakers["zh"].part_weight(part, row, read, weight) if part.weight is not None else weight
            weights.append(own)
            yield self.part(part, row, points, read, own, f"{path}.{part.id}")
        earned = [given for _, given in rows]
        base = None if scale.base is None else number(read(scale.base, weight))
        value = combined(scale.combine, earned, weights, weight) if earned else None
        if value is None or isinstance(value, Absent):
            return None
        value = exact(value + (base or 0))
        terms = [*([] if base is None else [base]), *earned]
        yield self.combination("sum" if base is not None else scale.combine, terms, weights, weight, value)
        return exact(min(max(value, 0), weight))

    def part(self, part: Part, row: str, points: Exact, read: Read, weight: Exact, path: str) -> Step:
        below = list(self.scaled(part.scale, row, read, weight, path)) if not part.scale.parts else []
        below += self.absence(row, part.scale, path)
        values = {"points": number_text(points), "weight": number_text(weight)}
        is_item = part.weight is None
        return self.step(
            "item" if is_item else "part",
            lambda speaker: messages.text(
                "step.item" if is_item else "step.part",
                {"label": part.label.text(speaker.lang), "row": speaker.row_name(row), **values},
                speaker.lang,
            ),
            path,
            points,
            steps=[step for step in below if not is_item or step.kind in ("input", "measure", "lookup", "row")],
        )

    def combination(self, how: str, terms: list[Exact], weights: list[Exact], weight: Exact, value: Exact) -> Step:
        """How points of parts or entries come together."""
        shares = [divide(one, own) for one, own in zip(terms, weights, strict=False) if own]
        total = sum(weights)
        if how == "weighted" and total == weight:
            how = "sum"
        added = " + ".join(f"({number_text(one)})" if one < 0 else number_text(one) for one in terms)
        values: dict[str, object] = {
            "terms": added,
            "weights": number_text(exact(total)),
            "weight": number_text(weight),
            "count": len(terms),
        }
        if how == "mean":
            values["terms"] = " + ".join(to_percent(share) for share in shares)
        elif how in ("max", "min"):
            values["share"] = to_percent(max(shares) if how == "max" else min(shares)) if shares else "0%"
        formula = messages.Phrase(f"step.{'added' if how == 'sum' else how}", tuple(values.items()))
        return self.message("combine", "combine", "", value, formula=formula, value=number_text(value))

    # ------------------------------------------------------------------------------------------------------------------ reading

    def read(self, leaf: Leaf, row: str, read: Read, weight: Exact, own: str, of: str) -> Iterator[Step]:
        """The inputs and measures that chose the row and that its award reads."""
        slots = [slot for slot in leaf.slots if not slot.is_flag]
        for slot in slots:
            yield from self.reads(slot.formula, read, weight, own, of)
            if not isinstance(slot.formula, Ref | Aggregate) and not is_truth(slot.formula):
                yield from self.measure(slot.formula, slot.name, "", read, weight, own)
        award = next((one.award for one in leaf.table.rows if one.id == row), None)
        for formula in (
            (award.formula,) if isinstance(award, Points) else (award.low, award.high) if isinstance(award, Range) else ()
        ):
            yield from self.reads(formula, read, weight, own, of)

    def reads(self, node: Node, read: Read, weight: Exact, own: str, of: str) -> Iterator[Step]:
        """What a formula reads, inputs before the measures that are worked out from them."""
        if isinstance(node, Aggregate):
            if str(node) not in self.told:
                yield from self.measure(node, str(node), "indicators", read, weight, own)
            return
        if not isinstance(node, Ref):
            for child in node.children():
                yield from self.reads(child, read, weight, own, of)
            return
        section, _, name = node.path.partition(".")
        if node in (WEIGHT, COMPLETION) or section in ("not_applicable", "assessed_level", "this"):
            return
        if self.was_told(node.path, of):
            return
        if section == "measures":
            formula = self.speakers["zh"].measures[name].formula
            yield from self.reads(formula, read, weight, own, of)
            yield from self.measure(formula, name, node.path, read, weight, own, ref=node)
        elif section != "entry" or name not in ("target", "actual", "given_level"):
            yield self.input(node, read, weight, own, of)

    def was_told(self, path: str, of: str) -> bool:
        key = f"{of}.{path}" if path.startswith("entry.") else path
        known = key in self.told
        self.told.add(key)
        return known

    def input(self, ref: Ref, read: Read, weight: Exact, own: str, of: str) -> Step:
        """One field of the record, with what was typed."""
        value = read(ref, weight)
        section, _, name = ref.path.partition(".")
        path = {"inputs": f"answers.{name}", "entry": f"indicators.{of}.{name}", "year": "subject.year"}.get(section, ref.path)
        typed = self.typed(section, name)
        is_lookup = section == "lookups"
        key = "lookup" if is_lookup else "input-absent" if isinstance(value, Absent) else "input" if typed else "input-same"

        def say(speaker: Speaker) -> str:
            values = {"label": speaker.named(ref), "value": speaker.valued(ref, value, own), "path": path, "typed": typed}
            return messages.text(f"step.{key}", values, speaker.lang)

        return self.step(
            "lookup" if is_lookup else "input",
            say,
            path,
            value_text(value) if not isinstance(value, tuple) else None,
            typed=typed,
        )

    def typed(self, section: str, name: str) -> str | None:
        """What the record says, as it was typed."""
        if section == "budget" and self.record.budget is not None:
            amount = getattr(self.record.budget, name, None)
            return None if amount is None else f"{amount}{self.record.budget.unit}"
        answer = self.record.answers.get(name) if section == "inputs" else None
        if answer is None or isinstance(answer, tuple):
            return None
        return str(answer).lower() if isinstance(answer, bool) else str(answer)

    def measure(
        self, formula: Node, name: str, path: str, read: Read, weight: Exact, own: str, ref: Ref | None = None
    ) -> Iterator[Step]:
        """A formula in words, with numbers, and its value."""
        self.told.add(name)
        value = read(ref or formula, weight)

        def say(speaker: Speaker) -> str:
            label = speaker.named(ref) if ref is not None else speaker.words_of(formula, read, weight)
            words, numbers = speaker.words_of(formula, read, weight), speaker.put_in(formula, read, weight, own)
            told = speaker.valued(formula, value, own)
            parts = list(dict.fromkeys(text for text in (words, numbers) if text is not None and text not in (told, label)))
            values = {"label": label, "formula": " = ".join(parts), "value": told}
            if isinstance(value, Absent):
                reason = messages.text(f"absent.{value.reason.removeprefix('absent.')}", {}, speaker.lang)
                key = "measure-absent" if words != label else "measure-absent-plain"
                return messages.text(f"step.{key}", {**values, "formula": words, "reason": reason}, speaker.lang)
            return messages.text("step.measure" if parts else "step.measure-plain", values, speaker.lang)

        yield self.step("measure", say, path, value_text(value))

    # ------------------------------------------------------------------------------------------------------------------ entries

    def entries(self) -> _Points:
        """Each entry with its own steps, then how they are combined."""
        rules, results = self.criterion.entries, self.result.entries
        for entry in results:
            values = {"points": number_text(entry.exact_points), "weight": number_text(entry.exact_weight), "name": entry.name}
            yield self.step(
                "entry",
                lambda speaker, values=values: messages.text("step.entry", values, speaker.lang),  # type: ignore[misc]
                f"indicators.{entry.id}",
                entry.exact_points,
                steps=list(self.entry(entry)),
            )
        if rules is None or not results:
            return None
        points, weights, weight = [e.exact_points for e in results], [e.exact_weight for e in results], self.result.exact_weight
        if rules.per_goal and self.record.goals:
            yield self.message(
                "combine", "combine-goals", "", self.result.exact_points, value=number_text(self.result.exact_points)
            )
            return None
        value = combined(rules.combine, points, weights, weight)
        if isinstance(value, Absent):
            return None
        yield self.combination(rules.combine, points, weights, weight, value)
        kept = min(value, weight)
        if kept != value:
            yield self.message(
                "clamp", "clamp", "", kept, weight=number_text(weight), before=number_text(value), value=number_text(kept)
            )
        return kept

    def entry(self, entry: EntryResult) -> Iterator[Step]:
        """What was typed, completion, row, formula, deduction, rounding of one entry."""
        indicator, path, weight = self.record.indicator_by_id[entry.id], f"indicators.{entry.id}", entry.exact_weight
        scale, counts = self.speakers["zh"].scale_of(self.result, entry), indicator.counts
        if entry.target is not None:
            yield self.step(
                "input",
                lambda s: messages.text("step.target", {"typed": entry.target}, s.lang),
                f"{path}.target",
                typed=entry.target,
            )
        actual = entry.actual or (None if counts is None else f"{counts.satisfied}/{counts.surveyed}")
        if actual is not None:
            where = f"{path}.{'actual' if entry.actual else 'counts'}"
            yield self.step("input", lambda s: messages.text("step.actual", {"typed": actual}, s.lang), where, typed=actual)
        if indicator.level is not None:
            yield self.step(
                "input",
                lambda s: messages.text("step.level", {"level": indicator.level}, s.lang),
                f"{path}.level",
                typed=indicator.level,
            )
        if not isinstance(entry.completion, Absent) or indicator.level is None:
            yield self.completion(entry)
        found: Exact | None = None
        if scale is not None:
            read = self.evaluation.detail(self.result.id, entry.id).read
            rows = f"{self.path}.entries.{entry.kind}"
            if not scale.parts:
                found = yield from self.scaled(
                    scale, entry.row, read, weight, rows, own=self.speakers["zh"].known_entries[entry.id], of=entry.id
                )
        rules = self.criterion.entries
        if entry.row == "absent" and rules is not None:
            yield self.step("absent", lambda s: s.say("absent", treatment=s.treatment(rules.absent)), f"{self.path}.entry_absent")
        given = self.record.deductions.indicators.get(entry.id)
        if given is not None:
            yield self.step("deduction", lambda s: s.by_hand(given), f"deductions.{path}", -exact(given.points))
        before = None if found is None else max(0, found - (exact(given.points) if given is not None else 0))
        yield from self.rounded(self.plan.rounding.entry_points, before, entry.exact_points)

    def completion(self, entry: EntryResult) -> Step:
        """How far the target was reached, with the division where it is one."""
        value, path = entry.completion, f"indicators.{entry.id}.completion"
        share = number(value)
        if isinstance(value, Absent) or share is None:
            reason = (
                messages.Phrase(f"absent.{value.reason.removeprefix('absent.')}") if isinstance(value, Absent) else str(value)
            )
            return self.message("measure", "completion-absent", path, reason=reason)
        numbers = self.speakers["zh"].entry_numbers(entry)
        own = self.speakers["zh"].known_entries[entry.id]
        for above, below in (numbers, numbers[::-1]) if numbers is not None else ():
            if above > 0 and below > 0 and divide(above, below) == share:
                return self.step(
                    "measure",
                    lambda s, a=above, b=below: messages.text(  # type: ignore[misc]
                        "step.completion-ratio",
                        {
                            "above": s.amounts.in_own(a, own),
                            "below": s.amounts.in_own(b, own),
                            "value": s.amounts.value(share, "ratio"),
                        },
                        s.lang,
                    ),
                    path,
                    share,
                )
        if entry.kind == "qualitative" and self.record.assessments.indicators.get(entry.id):
            return self.message("measure", "completion-assessed", path, share, value=to_percent(share))
        key = "completion-met" if share == 1 else "completion-missed" if share == 0 and entry.kind == "dated" else "completion"
        return self.message("measure", key, path, share, value=to_percent(share))
