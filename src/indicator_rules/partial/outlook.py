"""What is known of a record and what is open: the side of partial evaluation that formulas read.

In: a plan, a record, and which of the record's empty places are open. Out: a `RecordOutlook`, which gives for every field a formula can name
what it can be: the value, if the record has it; anything of its type, or nothing, if it is open; nothing, if it is empty and not open. A value that
is there in one form (an actual value, say) is not open in another (counts). It keeps a note of the open places that were read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from fnmatch import fnmatchcase

from indicator_rules import interval, messages
from indicator_rules.answers import read_answers
from indicator_rules.completion import TOP_LEVEL, EntryFacts, Settings, agreed_level, categories_below
from indicator_rules.exact import Exact, exact
from indicator_rules.expression import Node, Ref
from indicator_rules.interval import COUNT, NOT_NEGATIVE, Span
from indicator_rules.messages import Language
from indicator_rules.partial.possible import LAST_DAY, NOTHING, TRUTHS, Entry, Possible, either, known, possible
from indicator_rules.plan import Plan
from indicator_rules.record import EvaluationRecord
from indicator_rules.record_fields import CATEGORIES
from indicator_rules.record_parts import Indicator
from indicator_rules.scope import ENTRY_FIELDS, RECORD_FIELDS, Type
from indicator_rules.value import Series

ANY_NUMBER = Possible((interval.ALL,))
ANY_DATE = Possible((Span(1, LAST_DAY, whole=True),))
ANY_TEXT = Possible(any_text=True)
BY_TYPE: Mapping[str, Possible] = {
    "yes-no": Possible(words=TRUTHS),
    "count": Possible((COUNT,)),
    "amount": ANY_NUMBER,
    "number": ANY_NUMBER,
    "date": ANY_DATE,
    "text": ANY_TEXT,
    "series": ANY_TEXT,
}
"""Answers by the type that is asked for."""


class RecordOutlook:
    """A record of which some places are open. `narrowed` gives one in which more is taken as given."""

    def __init__(self, plan: Plan, record: EvaluationRecord, is_open: Callable[[str], bool]) -> None:
        self.plan, self.record, self.is_open = plan, record, is_open
        self.rounding = plan.rounding.measure
        self.budget = record.budget.in_yuan if record.budget is not None else {}
        self.answers, self.problems = read_answers(plan.questions, record)
        self.questions = {question.id: question for question in plan.questions}
        self.measures = {measure.id: measure.formula for measure in plan.measures}
        self.lookups = {lookup.id: lookup for lookup in plan.lookups}
        self.entry: Entry | None = None
        self.this: Entry | None = None
        self.weight = Span.point(0)
        self.total = interval.ALL
        self.not_applicable = frozenset(record.not_applicable.criteria)
        self.looked_up: Mapping[str, int | None] = {}
        self.touched: set[str] = set()
        """Open places read so far."""
        self.taken: Mapping[Node, Possible] = {}
        """Formulas that are taken to give something, whatever they read."""
        self.measured: dict[str, tuple[Possible, frozenset[str]]] = {}
        own = Settings.of(plan.completion)
        self.missing = _without_entries(plan, record)
        """Categories of the criteria that have no entry at all."""
        self._entries = [self.of_entry(indicator, own) for indicator in record.indicators]

    # ------------------------------------------------------------------------------------------------------ other outlooks

    def narrowed(self, given: Mapping[Node, Possible]) -> RecordOutlook:
        """The same, with formulas taken to give what is said."""
        other = copy(self)
        other.taken = {**self.taken, **given}
        other.measured = {}
        return other

    def at(self, entry: Entry) -> RecordOutlook:
        """The same, inside an entry; what was taken to hold of another entry does not hold of this one."""
        other = copy(self)
        other.entry, other.this = entry, self.entry
        if self.entry is not None and self.taken:
            other.taken = {node: found for node, found in self.taken.items() if not _is_of_entry(node)}
        return other

    def weighing(self, weight: Span) -> RecordOutlook:
        """The same, with a weight in force."""
        other = copy(self)
        other.weight = weight
        return other

    def totalling(self, total: Span) -> RecordOutlook:
        """The same, with a total."""
        other = copy(self)
        other.total = total
        return other

    def without(self, criteria: Iterable[str]) -> RecordOutlook:
        """The same, with some criteria not applicable."""
        other = copy(self)
        other.not_applicable = self.not_applicable | frozenset(criteria)
        return other

    def looking_up(self, table: str, position: int | None) -> RecordOutlook:
        """The same, with the row of a look-up chosen."""
        other = copy(self)
        other.looked_up = {**self.looked_up, table: position}
        other.measured = {}
        return other

    @contextmanager
    def noting(self) -> Iterator[list[str]]:
        """The open places that are read meanwhile: in the list, in order, once it is left."""
        before = set(self.touched)
        noted: list[str] = []
        self.touched.clear()
        yield noted
        noted += sorted(self.touched)
        self.touched |= before

    # -------------------------------------------------------------------------------------------------------------- fields

    def given(self, node: Node) -> Possible | None:
        """What `node` is taken to be."""
        return self.taken.get(node)

    def entries(self, categories: tuple[str, ...]) -> Sequence[Entry] | None:
        """The entries; None where a criterion without any can still get some of `categories` (none: of any)."""
        asked = categories_below(categories) if categories else CATEGORIES
        return self._entries if self.missing.isdisjoint(asked) or not self.open("indicators") else None

    def open(self, path: str) -> bool:
        """Whether an empty place is open; a note is kept if it is."""
        if not self.is_open(path):
            return False
        self.touched.add(path)
        return True

    def field(self, ref: Ref) -> Possible:
        """What a name outside entries can be."""
        section, _, name = ref.path.partition(".")
        match section:
            case "budget":
                return self.amount(name)
            case "inputs":
                return self.answer(name)
            case "measures":
                return self.measure(name, is_number=ref.kind == "number")
            case "lookups":
                return self.parameter(name)
            case "weight":
                return Possible((self.weight,))
            case "total":
                return Possible((self.total,))
            case "year":
                return known(self.record.subject.year)
            case "total_weight":
                return self.total_weight()
            case "not_applicable":
                return known(1) if name in self.not_applicable else NOTHING
            case "assessed_level":
                return self.assessed_level(name)
        return self.of_subject(ref.path, name)

    def amount(self, name: str) -> Possible:
        """An amount of the budget, in 元."""
        value = self.budget.get(name)
        if value is not None:
            return known(value)
        anything = interval.ALL if name == "added" else NOT_NEGATIVE
        return Possible((anything,), absent=True) if self.open(f"budget.{name}") else NOTHING

    def answer(self, name: str) -> Possible:
        """An answer."""
        value = self.answers.get(name)
        if isinstance(value, Series):
            return ANY_TEXT  # there: nothing else is asked of it by itself
        if value is not None:
            return known(value)
        if not self.open(f"answers.{name}"):
            return NOTHING
        question = self.questions[name]
        if question.type == "choice":
            return Possible(words=frozenset(question.choices), absent=True)
        anything = BY_TYPE[question.type]
        return Possible(anything.spans, anything.words, anything.any_text, absent=True)

    def series(self, name: str) -> Series | Possible:
        """Figures by date, or what one of them can be."""
        value = self.answers.get(name)
        if isinstance(value, Series):
            return value
        return BY_TYPE[self.questions[name].of] if value is None and self.open(f"answers.{name}") else NOTHING

    def measure(self, name: str, *, is_number: bool) -> Possible:
        """A named measure, rounded wherever it is read."""
        found = self.measured.get(name)
        if found is None:
            with self.noting() as noted:
                value = possible(self.measures[name], self)
            found = self.measured[name] = self.rounded(value) if is_number else value, frozenset(noted)
        self.touched |= found[1]
        return found[0]

    def rounded(self, value: Possible) -> Possible:
        """A number rounded at the stage `measure`."""
        rounding = self.rounding
        if rounding is None:
            return value
        return Possible(tuple(interval.rounded(span, rounding) for span in value.spans), absent=value.absent)

    def parameter(self, path: str) -> Possible:
        """A parameter of a look-up, by the row chosen."""
        table, _, name = path.partition(".")
        position = self.looked_up.get(table)
        return NOTHING if position is None else possible(dict(self.lookups[table].values[position])[name], self)

    def total_weight(self) -> Possible:
        """Σ of the weights that entries have."""
        weights = [exact(entry.weight) for entry in self.record.indicators if entry.weight is not None]
        if self.entries(()) is None:
            return Possible((Span(sum(weights)),), absent=not weights)
        return known(sum(weights)) if weights else NOTHING

    def assessed_level(self, criterion: str) -> Possible:
        """The level that raters gave a criterion."""
        ratings = self.record.assessments.criteria.get(criterion, ())
        level = agreed_level(ratings)
        if level:
            return known(level)
        is_open = not ratings and self.open(f"assessments.criteria.{criterion}")
        return Possible(any_text=True, absent=True) if is_open else NOTHING

    def of_subject(self, path: str, name: str) -> Possible:
        """A field of the subject."""
        value = getattr(self.record.subject, name)
        if value is not None:
            return known(value)
        if not self.open(path):
            return NOTHING
        return _anything(RECORD_FIELDS[path][1])

    def of_entry(self, indicator: Indicator, settings: Settings, weight: Exact | None = None) -> EntryOutlook:
        """An entry read with a criterion's settings."""
        return EntryOutlook(self, indicator, settings, weight)


def _without_entries(plan: Plan, record: EvaluationRecord) -> frozenset[str]:
    there = {entry.category for entry in record.indicators}
    covered = [categories_below(one.entries.categories) for one in plan.criteria if one.entries is not None]
    return frozenset().union(*(categories for categories in covered if categories.isdisjoint(there)))


def _is_of_entry(node: Node) -> bool:
    return any(isinstance(part, Ref) and part.path.startswith("entry.") for part in node.walk())


def _anything(kind: Type) -> Possible:
    if kind.choices:
        return Possible(words=frozenset(kind.choices), absent=True)
    anything = {"number": ANY_NUMBER, "date": ANY_DATE, "truth": BY_TYPE["yes-no"]}.get(kind.kind, ANY_TEXT)
    return Possible(anything.spans, anything.words, anything.any_text, absent=True)


class EntryOutlook:
    """One entry of which some values are open."""

    def __init__(self, outlook: RecordOutlook, indicator: Indicator, settings: Settings, weight: Exact | None = None) -> None:
        record = outlook.record
        ratings = record.assessments.indicators.get(indicator.id, ())
        self.outlook, self.indicator, self.settings = outlook, indicator, settings
        self.facts = EntryFacts(indicator, record.subject.year, settings, ratings, outlook.rounding, weight)

    # ---------------------------------------------------------------------------------------------------------- what is open

    def open(self, name: str) -> bool:
        """Whether the value `name` is empty and open."""
        indicator = self.indicator
        if name == "actual" and indicator.counts is not None:
            return False
        return getattr(indicator, name) is None and self.outlook.open(f"indicators.{indicator.id}.{name}")

    def assessable(self) -> bool:
        """Whether a person can still give points or a level: nobody has."""
        return not self.facts.ratings and self.outlook.open(f"assessments.indicators.{self.indicator.id}")

    def may_copy(self) -> bool:
        """Whether target and actual can still become the same text, where that is the top level."""
        if self.settings.spec.same_text != "met" or "qualitative" not in self.kinds():
            return False
        return self.open("target") | self.open("actual")

    def kinds(self) -> tuple[str, ...]:
        """The directions that it can have: its own, unless only an open target can tell; `>=` then gives all that any sign gives."""
        if self.indicator.direction is None and self.open("target"):
            return ("by-date", "qualitative", ">=")
        return (self.facts.direction,)

    # -------------------------------------------------------------------------------------------------------------- fields

    def typed(self, name: str) -> Possible:
        """Whether a value is typed (`present`)."""
        if name == "part_of":
            return known(self.indicator.part_of is not None)
        if self.open(name):
            return Possible(words=TRUTHS)
        counts = self.indicator.counts
        there = counts.surveyed > 0 if name == "actual" and counts is not None else self.facts.typed(name) is not None
        return known(there)

    def field(self, name: str) -> Possible:
        """What a field of the entry can be."""
        match name:
            case "completion":
                return self.completion()
            case "given_level":
                found = known(self.facts.given_level)
                if self.facts.note == "same-text" or not found.absent:
                    return found
                copied = self.may_copy() and not self.facts.ratings
                still = self.open("level") | self.assessable()
                return Possible(words=frozenset({TOP_LEVEL}) if copied else frozenset(), any_text=still, absent=True)
            case "target" | "actual" | "initial_target" | "prior":
                return Possible((interval.ALL,), absent=True) if self.open(name) else known(getattr(self.facts, name))
            case "level" | "reason" | "evidence":
                return Possible(any_text=True, absent=True) if self.open(name) else known(getattr(self.facts, name))
            case "counts":
                still = self.indicator.actual is None and self.open("actual")
                return Possible(words=frozenset({True}), absent=True) if still else known(self.facts.counts)
        return known(getattr(self.facts, name))

    def completion(self) -> Possible:
        """How far the target can be reached, by the entry's direction (docs/semantics.md, section 5)."""
        unset = [name for name in ("target", "actual") if self.open(name)]
        ways: list[Possible] = []
        for direction in self.kinds():
            if direction == "qualitative":
                ways.append(self._qualitative(unset))
            elif not unset:
                ways.append(known(self.facts.completion))
            elif direction == "by-date":
                ways.append(Possible((Span.point(0), Span.point(1)), absent=True))
            else:
                ways.append(self._numeric(direction))
        found = either(ways)
        return self.outlook.rounded(found) if unset else found

    def _qualitative(self, unset: Sequence[str]) -> Possible:
        found = known(self.facts.completion)
        if not found.absent:
            return found
        same = bool(unset) and self.may_copy()
        shares = (NOT_NEGATIVE,) if self.assessable() else ()
        return Possible((*shares, *((Span.point(1),) if same else ())), absent=True)

    def _numeric(self, direction: str) -> Possible:
        spec, target = self.settings.spec, self.indicator.target
        number = target.number if target is not None else None
        spans = [Span.point(0)] if spec.at_zero_target == "zero" and (number is None or number <= 0) else []
        if number is not None and number <= 0:
            spans.append(Span.point(1))
        elif direction in (">=", ">"):
            spans.append(NOT_NEGATIVE)
        elif direction in ("<=", "<"):
            to_zero = spec.at_most == "decay" or (direction == "<" and spec.at_equality == "zero")
            spans.append(Span(0, 1, low_open=not to_zero))
        else:
            # A negative actual value misses, too, where the ruleset says what that is worth.
            missed = {"zero": Span.point(0), "ratio": interval.RATIO, "at-least": NOT_NEGATIVE}.get(spec.equal)
            below = [Span.point(0)] if spec.at_zero_target == "zero" else []
            spans += [Span.point(1), *([] if missed is None else [missed]), *below]
        return Possible(tuple(spans), absent=True)


def paths_matching(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether a key path fits one of `patterns` (`indicators.*.actual`)."""
    wanted = tuple(patterns)
    return lambda path: any(fnmatchcase(path, pattern) for pattern in wanted)


def label_of(path: str, record: EvaluationRecord, plan: Plan, lang: Language = "zh") -> str:
    """An empty place in words."""
    section, _, rest = path.partition(".")
    if path in RECORD_FIELDS:
        return RECORD_FIELDS[path][0][0]
    if path == "indicators":
        return messages.text("partial.entries", {}, lang)
    if section == "answers":
        return next((question.label.text(lang) for question in plan.questions if question.id == rest), rest)
    if section == "assessments":
        kind, _, name = rest.partition(".")
        labels = {one.id: one.label.text(lang) for one in plan.criteria} if kind == "criteria" else {}
        entry = record.indicator_by_id.get(name) if kind == "indicators" else None
        return messages.text("partial.assessed", {"label": labels.get(name, name) if entry is None else entry.name}, lang)
    name, _, field = rest.partition(".")
    return f"{record.indicator_by_id[name].name}·{ENTRY_FIELDS[f'entry.{field}'][0][0]}"
