"""A partial evaluation as text for a terminal: what is still possible, which criteria are not settled, and what to fill in next.

In: a `PartialEvaluation`, a language, how many columns there are. Out: text, the same for the same input.
"""

from __future__ import annotations

from collections.abc import Iterator

from indicator_rules import messages
from indicator_rules.explaining.explain import number_text
from indicator_rules.interval import Span
from indicator_rules.messages import Language
from indicator_rules.partial.outlook import label_of
from indicator_rules.partial.result import OpenInput, PartialEvaluation
from indicator_rules.render import COLUMNS, hanging, header, pad, width, wrap

_NAMED = 6
"""Open places that are named below a criterion; the list of inputs has all of them."""


def text(partial: PartialEvaluation, lang: Language | None = None, columns: int = COLUMNS) -> str:
    """`partial` for people to read."""
    return "\n".join(_Page(partial, lang or messages.language(), max(columns, 60)).lines()) + "\n"


class _Page:
    def __init__(self, partial: PartialEvaluation, lang: Language, columns: int) -> None:
        self.partial, self.plan, self.record, self.lang, self.columns = partial, partial.plan, partial.record, lang, columns
        self.labels = {one.id: one.criterion.label.text(lang) for one in partial.criteria}
        self.labels |= {one.id: one.label.text(lang) for one in partial.plan.adjustments}
        self.labels["grade"] = self.say("grade")
        self.unsettled = [criterion for criterion in partial.criteria if not criterion.settled]

    def say(self, key: str, **values: object) -> str:
        return messages.text(f"partial.{key}", values, self.lang)

    def lines(self) -> Iterator[str]:
        """The whole page."""
        yield from header(self.plan, self.record, self.partial.provenance, self.lang, self.columns)
        yield ""
        yield from self.outcome()
        if self.unsettled:
            yield ""
            yield from self.criteria()
        if self.partial.inputs:
            yield ""
            yield from self.inputs()
        if self.partial.shared:
            yield ""
            yield from hanging("", self.say("shared", places=self.places(self.partial.shared)), self.columns)

    def outcome(self) -> Iterator[str]:
        """The totals and grades that are still possible."""
        partial, full = self.partial, number_text(self.plan.full_score)
        grades = self.say("comma").join(self.plan.grade_labels[position].text(self.lang) for position in partial.positions)
        if partial.span is not None:
            key = "settled" if partial.settled else "possible"
            yield from hanging("", self.say(key, total=self.span(partial.span), full=full, grades=grades), self.columns)
        if partial.can_be_none:
            yield self.say("can-be-none")

    def span(self, span: Span) -> str:
        """The ends of what is possible; one that is only approached is marked."""
        if span.is_point:
            return number_text(span.low or 0)
        low, high = number_text(span.low or 0), number_text(span.high or 0)
        return self.say(
            "range",
            low=self.say("approached", number=low) if span.low_open else low,
            high=self.say("approached", number=high) if span.high_open else high,
        )

    def criteria(self) -> Iterator[str]:
        """The criteria that are not settled, each with what is open."""
        heads = (self.say("criterion", count=len(self.unsettled)), self.say("points"), self.say("weight"))
        rows = [(self.labels[one.id], self.span(one.span), number_text(one.exact_weight)) for one in self.unsettled]
        points, weights = (max(width(row[place]) for row in (heads, *rows)) + 2 for place in (1, 2))
        room = min(self.columns - points - weights, max(24, *(width(name) for name, *_ in rows)) + 2)

        def columns(name: str, span: str, weight: str) -> Iterator[str]:
            *above, last = wrap(name, room)
            yield from above
            yield pad(last, room) + pad(span, points, right=True) + pad(weight, weights, right=True)

        yield from columns(*heads)
        for criterion, row in zip(self.unsettled, rows, strict=True):
            yield from columns(*row)
            yield from hanging("    · ", self.say("open", places=self.places(criterion.open)), self.columns)

    def places(self, paths: tuple[str, ...]) -> str:
        """Open places in words, the first few of them."""
        named = [label_of(path, self.record, self.plan, self.lang) for path in paths[:_NAMED]]
        more = self.say("more", count=len(paths) - _NAMED) if len(paths) > _NAMED else ""
        return self.say("comma").join(named) + more

    def inputs(self) -> Iterator[str]:
        """What would decide, the largest spread first."""
        yield self.say("inputs", count=len(self.partial.inputs))
        for one in self.partial.inputs:
            label = label_of(one.path, self.record, self.plan, self.lang)
            yield from hanging("  · ", self.say("input", label=label, path=one.path, spread=self.spread(one)), self.columns)

    def spread(self, one: OpenInput) -> str:
        """How far an input can move the points, and of what."""
        readers = self.say("comma").join(self.labels[name] for name in one.criteria) or self.say("total")
        return self.say("spread", readers=readers, points=number_text(one.exact_spread))
