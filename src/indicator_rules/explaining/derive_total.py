"""The derivation of total and grade: subtotals, rescaling, bonuses and penalties, adjustments, cap, rounding, cut.

In: an evaluation, and who says it in each language. Out: a `Derivation` called `total`; its sentences tell what was taken off the total and how far it is to the
next grade. Guaranteed: each step begins from the value that the one before it came to.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import NamedTuple

from indicator_rules import messages
from indicator_rules.derivation import Derivation, Kind, Step
from indicator_rules.evaluation import AdjustmentResult, Evaluation
from indicator_rules.exact import Exact, add, add_all, exact, to_text
from indicator_rules.explaining.explain import number_text
from indicator_rules.explaining.loss_text import Speaker
from indicator_rules.messages import Language
from indicator_rules.total import Adder, rescaled


class _Change(NamedTuple):
    """One change of the total on its way."""

    step: Step
    sentences: Mapping[Language, str]


def derive_total(evaluation: Evaluation, speakers: Mapping[Language, Speaker]) -> Derivation:
    """How total and grade came about."""
    changes = list(_Totals(evaluation, speakers).changes())
    sentences = {lang: "".join(_joined(change.sentences[lang] for change in changes)) for lang in messages.LANGUAGES}
    full, total = evaluation.plan.full_score, evaluation.exact_total
    lost = 0 if total is None else max(0, add(full, -total))
    labels = {lang: messages.text("step.total", {}, lang) for lang in messages.LANGUAGES}
    return Derivation("total", labels, sentences, total, lost, tuple(change.step for change in changes))


def _joined(sentences: Iterator[str]) -> Iterator[str]:
    told = [text for text in sentences if text]
    for place, text in enumerate(told):
        yield text if not place or not text[:1].isascii() else " " + text


class _Totals:
    """The steps in the order of section 9 and 10 of docs/semantics.md."""

    def __init__(self, evaluation: Evaluation, speakers: Mapping[Language, Speaker]) -> None:
        self.evaluation, self.plan, self.speakers = evaluation, evaluation.plan, speakers
        self.sums = Adder(evaluation.plan).total(evaluation.criteria)

    def change(
        self, kind: Kind, key: str, path: str = "", exactly: Exact | str | None = None, sentence: str = "", **values: object
    ) -> _Change:
        texts = {lang: messages.text(f"step.{key}", values, lang) for lang in messages.LANGUAGES}
        told = {lang: messages.text(f"loss.{sentence}", values, lang) if sentence else "" for lang in messages.LANGUAGES}
        return _Change(Step(kind, texts, path, None, exactly if isinstance(exactly, str | None) else to_text(exactly)), told)

    def changes(self) -> Iterator[_Change]:
        """Every step."""
        for group in self.evaluation.groups:
            values = {"points": number_text(group.exact_points), "weight": number_text(group.exact_weight)}
            yield self.change("group", "group", f"groups.{group.id}", group.exact_points, label=group.group.label, **values)
        total = rescaled(self.sums)
        if total is None:
            nothing = {lang: messages.text("render.no-total", {}, lang) for lang in messages.LANGUAGES}
            yield _Change(Step("total", nothing), nothing)
            return
        yield from self.summed(total)
        total = add(total, self.sums.extra)
        if self.sums.extra:
            yield self.change("total", "extra", "", total, value=f"{number_text(self.sums.extra)} → {number_text(total)}")
        before = yield from self.adjusted(total)
        yield from self.rounded(before)
        yield from self.graded()

    def summed(self, total: Exact) -> Iterator[_Change]:
        """The sum of what stands at the top, scaled up if something does not apply."""
        top = [group.exact_points for group in self.evaluation.groups if group.group.parent is None]
        top += [
            one.exact_points for one in self.evaluation.criteria if one.criterion.group is None and one.criterion.role == "score"
        ]
        terms, points, left_out = " + ".join(map(number_text, top)), number_text(self.sums.points), self.sums.left_out
        if add_all(top) == self.sums.points:
            yield self.change("total", "sum", "", self.sums.points, terms=terms, value=points)
        if left_out:
            whole, rest = number_text(self.sums.weight), number_text(add(self.sums.weight, -left_out))
            yield self.change("rescale", "rescale", "", total, points=points, whole=whole, rest=rest, value=number_text(total))

    def adjusted(self, total: Exact) -> Generator[_Change, None, Exact]:
        """Adjustments and what is taken off by hand, in the order in which they act; returns the total before rounding."""
        applied = self.evaluation.adjustments
        for one in applied:
            if one.adjustment.effect in ("bonus", "deduct"):
                points = one.exact_points or 0
                after = add(total, points if one.adjustment.effect == "bonus" else -points)
                yield self.adjustment(one, total, after, "deduct" if one.adjustment.effect == "deduct" and points else "")
                total = after
        by_hand = self.evaluation.record.deductions.total
        if by_hand is not None:
            off = exact(by_hand.points)
            total = add(total, -off)
            why = messages.Words((messages.Phrase("explain.colon"), by_hand.reason)) if by_hand.reason else ""
            found = self.change("deduction", "adjustment", "deductions.total", total, "by-hand", lost=number_text(off), why=why,
                label=messages.Phrase("render.off-total", (("points", number_text(off)), ("why", why))), effect="", value=number_text(total))  # fmt: skip
            yield found
        for effect, bound in (("total_at_least", max), ("total_at_most", min)):
            for one in applied:
                if one.adjustment.effect == effect and one.exact_points is not None:
                    after = bound(total, one.exact_points)
                    yield self.adjustment(one, total, after, "bounded" if after < total else "")
                    total = after
        total, cap = max(total, 0), self.plan.total_at_most
        if cap is not None and total > cap:
            values = {"before": number_text(total), "after": number_text(cap), "lost": number_text(add(total, -cap))}
            weight = {"weight": number_text(cap), "value": number_text(cap)}
            yield self.change("clamp", "clamp", "ruleset.total_at_most", cap, "capped", **values, **weight)
            total = cap
        return total

    def adjustment(self, one: AdjustmentResult, before: Exact, after: Exact, sentence: str) -> _Change:
        """An adjustment of the total."""
        adjustment, lost = one.adjustment, number_text(add(before, -after))
        texts, told = {}, {}
        for lang, speaker in self.speakers.items():
            effect, clause = self.effect(one, lang), speaker.clause(adjustment.source)
            values = {"label": adjustment.label, "effect": effect, "clause": clause, "lost": lost}
            values |= {"before": number_text(before), "after": number_text(after), "value": number_text(after)}
            texts[lang] = messages.text("step.adjustment", values, lang)
            told[lang] = messages.text(f"loss.{sentence}", values, lang) if sentence else ""
        return _Change(Step("adjustment", texts, f"adjustments.{adjustment.id}", None, to_text(after)), told)

    def effect(self, one: AdjustmentResult, lang: Language) -> str:
        adjustment = one.adjustment
        at_most = adjustment.effect == "grade_at_most"
        grade = self.plan.grade_labels[adjustment.places].text(lang) if at_most else ""
        points = "" if one.exact_points is None else number_text(one.exact_points)
        values = {"points": points, "grade": grade, "places": adjustment.places}
        return messages.text(f"render.effect-{adjustment.effect.replace('_', '-')}", values, lang)

    def rounded(self, before: Exact) -> Iterator[_Change]:
        """The rounding, and the total."""
        total, rounding = self.evaluation.exact_total, self.plan.rounding.total
        if total is None:
            return
        if rounding is not None and before != total:
            rule = messages.Phrase(f"step.mode-{rounding.mode}", (("digits", rounding.digits),))
            yield self.change(
                "rounding", "rounding", "ruleset.rounding", total, rule=rule, before=number_text(before), value=number_text(total)
            )
        yield self.change("total", "total-is", "", total, total=number_text(total), full=number_text(self.plan.full_score))

    def graded(self) -> Iterator[_Change]:
        """The cut reached, what adjustments did, and how far it is to the next grade."""
        evaluation, position = self.evaluation, self.evaluation.grade_position
        if position is None or evaluation.exact_total is None:
            return
        for one in evaluation.adjustments:
            if one.adjustment.effect in ("grade_at_most", "grade_down", "veto"):
                yield self.grade_adjustment(one)
        grade, margin = self.plan.grade_labels[position], evaluation.exact_margin
        on = evaluation.exact_total if self.plan.grade_on == "rounded" else evaluation.unrounded_total or 0
        guards = self.plan.grades.table.rows[position].guards
        cut = next(
            (bound for guard in guards for bound in guard if bound.operator in (">=", ">") and bound.slot == "total"), None
        )
        values: dict[str, object] = {"grade": grade, "total": number_text(on)}
        if cut is not None and on >= cut.cut:
            key = "step.grade-cut" if cut.operator == ">=" else "step.grade-above"
            phrase = messages.Phrase(key, (("total", number_text(on)), ("cut", number_text(cut.cut))))
            values["condition"] = phrase
        sentence = ""
        if margin is not None:
            better = self.plan.grades.table.rows[position - 1].guards[0][0].cut
            values |= {"better": self.plan.grade_labels[position - 1], "cut": number_text(better), "margin": number_text(margin)}
            sentence = "grade" if margin else "grade-held"
        yield self.change("grade", "grade" if "condition" in values else "grade-plain", "grades", grade.zh, sentence, **values)

    def grade_adjustment(self, one: AdjustmentResult) -> _Change:
        texts, told = {}, {}
        for lang, speaker in self.speakers.items():
            values = {
                "label": one.adjustment.label,
                "effect": self.effect(one, lang),
                "clause": speaker.clause(one.adjustment.source),
            }
            told[lang] = messages.text("loss.grade-adjusted", values, lang)
            texts[lang] = told[lang].rstrip("。.")
        return _Change(Step("adjustment", texts, f"adjustments.{one.adjustment.id}"), told)
