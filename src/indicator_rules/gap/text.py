"""The gap to a grade for people: what is missing, which changes would do, criterion by criterion.

In: a `Gap`, a language, how many columns there are. Out: text; the same for the same input.
"""

from __future__ import annotations

from collections.abc import Iterator

from indicator_rules import messages
from indicator_rules.comparison.text import Heading, Table, plain
from indicator_rules.exact import Exact
from indicator_rules.explaining.explain import number_text
from indicator_rules.gap.result import Change, CriterionGap, Gap, Moved, Proposal
from indicator_rules.messages import Language
from indicator_rules.render import COLUMNS


def text(found: Gap, lang: Language | None = None, columns: int = COLUMNS) -> str:
    """`found` for a terminal."""
    return plain(_Page(found, lang or messages.language()).parts(), columns)


class _Page:
    def __init__(self, found: Gap, lang: Language) -> None:
        self.found, self.lang, self.wanted = found, lang, found.wanted.text(lang)

    def say(self, key: str, **values: object) -> str:
        return messages.text(f"gap.{key}", values, self.lang)

    def parts(self) -> Iterator[Heading | Table | str]:
        """The whole page."""
        found = self.found
        yield Heading(self.say("title", subject=found.subject, year=found.year, grade=self.wanted))
        yield from self.standing()
        if found.missing and not found.fillings:
            yield Heading(self.say("missing"))
            yield from (self.say("missing-one", label=label.text(self.lang), path=path) for path, label in found.missing)
        if found.blockers:
            yield Heading(self.say("blockers"))
            for one in found.blockers:
                label = one.label.text(self.lang)
                stays = one.cleared is None
                yield (
                    self.say("blocker-stays", label=label)
                    if stays
                    else self.say("blocker", label=label, change=self.change(one.cleared))
                )
        if found.fillings:
            yield Heading(self.say("fillings" if self.enough() else "fillings-best"))
            yield from (
                self.say(f"fill-{one.bound}", label=one.label.text(self.lang), value=one.new.text(self.lang)) + self.person(one)
                for one in found.fillings
            )
        if found.singles:
            yield Heading(self.say("singles"))
            yield from (self.sentence(one) for one in found.singles)
        if found.several is not None:
            changes = found.several.changes
            key = "all-filled" if self.enough() else "several"
            yield Heading(self.say(key, count=len(changes), criteria=len(found.several.moved)))
            yield from map(self.change, changes)
            yield self.outcome(found.several)
        if found.criteria:
            yield Heading(self.say("criteria"))
            heads = tuple(self.say(f"column-{name}") for name in ("label", "points", "weight", "gain", "how"))
            yield Table([heads, *map(self.row, found.criteria)], (1, 2, 3))
        if found.verdict in ("impossible", "not-found") and not found.hypothetical:
            yield Heading(self.say("only-open"))

    def standing(self) -> Iterator[str]:
        """Where the record is, and what follows."""
        found = self.found
        numbers = {
            name: "—" if value is None else number_text(value)
            for name, value in (("total", found.exact_total), ("needed", found.exact_needed), ("short", found.exact_short))
        }
        if found.verdict in ("incomplete", "nothing-applicable"):
            yield self.say(found.verdict)
            return
        key = (
            "reached"
            if found.verdict == "reached"
            else "not-total"
            if found.exact_needed is None
            else "unscored"
            if found.grade is None
            else "short"
        )
        yield self.say(key, grade=found.grade or "—", wanted=self.wanted, **numbers)
        if found.verdict in ("impossible", "not-found", "out-of-time"):
            yield self.say(found.verdict, wanted=self.wanted)

    def enough(self) -> bool:
        """Whether the empty fields at their best are enough."""
        filled = {one.path for one in self.found.fillings}
        return any({change.path for change in one.changes} <= filled for one in self.found.proposals)

    def sentence(self, proposal: Proposal) -> str:
        """A proposal in one sentence."""
        changes = self.say("semicolon").join(map(self.change, proposal.changes))
        readings = [one.reading for one in proposal.moved if one.reading]
        if len(proposal.changes) == 1 and len(readings) == 1:
            changes += self.say("reading", reading=readings[0])
        moved = [one for one in proposal.moved if one.exact_before is not None]
        if len(moved) == 1:
            said = self.say("gained", criteria=moved[0].label.text(self.lang), changes=changes, gain=_gain(moved[0]))
        elif moved:
            said = self.say("comma").join([changes, *(self.gained(one) for one in moved)])
        else:
            said = self.say("grade-only", changes=changes)
        return said + self.say("semicolon") + self.outcome(proposal, brief=True)

    def outcome(self, proposal: Proposal, *, brief: bool = False) -> str:
        """Total and grade, and how the criteria got there."""
        total = self.say("outcome", total=number_text(proposal.exact_total), grade=proposal.grade)
        moved = [] if brief else [self.gained(one) for one in proposal.moved if one.exact_before is not None]
        return self.say("semicolon").join([*([self.say("comma").join(moved)] if moved else []), total])

    def gained(self, one: Moved) -> str:
        return self.say("gained-each", label=one.label.text(self.lang), gain=_gain(one))

    def change(self, one: Change | None) -> str:
        """A field from one value to another."""
        if one is None:
            return ""
        label, new = one.label.text(self.lang), one.new.text(self.lang)
        if one.old is None:
            return self.say("filled", label=label, new=new) + self.person(one)
        key = {1: "more", -1: "less"}.get(one.trend, "changed")
        return self.say(key, label=label, old=one.old.text(self.lang), new=new) + self.person(one)

    def person(self, one: Change) -> str:
        return self.say("person") if one.by_person else ""

    def row(self, one: CriterionGap) -> tuple[str, ...]:
        how = self.say("semicolon").join(map(self.change, one.changes)) if one.changes else self.say(f"why-{one.why}")
        gain = number_text(one.exact_gain) if one.exact_gain else "—"
        return one.label.text(self.lang), number_text(one.exact_points), number_text(one.exact_weight), gain, how


def _gain(one: Moved) -> str:
    gained: Exact = one.exact_after - (one.exact_before or 0)
    return f"+{number_text(gained)}" if gained >= 0 else number_text(gained).replace("-", "−")
