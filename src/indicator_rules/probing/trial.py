"""A record on trial: some fields of a complete record changed → what formulas, slots and tables then give, without scoring all of it.

In: a plan and the plain data of a record that it scores. `Changes` say which fields hold what instead (`ABSENT`: nothing). Guaranteed: the
readers and tables are those that evaluation uses, so nothing here can differ from it; nothing is validated but what was changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any, Literal, NamedTuple, TypeAlias

from pydantic import BaseModel

from indicator_rules import engine as engines
from indicator_rules.answers import read_answers
from indicator_rules.completion import EntryFacts, Settings, agreed_level
from indicator_rules.exact import LARGEST, MOST_DECIMALS, Exact, exact, to_decimal
from indicator_rules.expression import Aggregate, Call, Node, Ref
from indicator_rules.facts import Facts
from indicator_rules.measure import Readers
from indicator_rules.plan import Choice, Leaf, Plan
from indicator_rules.probing.pieces import ABSENT, Data, FieldPath, changed, held
from indicator_rules.probing.sites import Site, reading, texts
from indicator_rules.record import EvaluationRecord
from indicator_rules.record_parts import Assessments, Budget, Deductions, Indicator, Point, Subject
from indicator_rules.scope import RECORD_FIELDS
from indicator_rules.slots import slot_reader, slots_reader
from indicator_rules.stage import NONE, Stage
from indicator_rules.time_limit import check_time

FieldKind: TypeAlias = Literal["money", "number", "not-negative", "count", "year", "date", "share", "choice"]
Changes: TypeAlias = Mapping[FieldPath, Any]


_SECTIONS: dict[str, type[BaseModel]] = {
    "subject": Subject,
    "budget": Budget,
    "assessments": Assessments,
    "deductions": Deductions,
}


class Field(NamedTuple):
    """A field of a record that a formula reads, and what it may hold: `values`, or numbers (days, for a date)."""

    path: FieldPath
    kind: FieldKind
    values: tuple[Any, ...] = ()

    def typed(self, number: Exact) -> Any:
        """`number` as the field would hold it; None where it cannot."""
        if self.kind == "date":
            return date.fromordinal(int(number)) if number == int(number) and 700_000 < number < 800_000 else None
        if self.kind in ("count", "year"):
            low, high = (1990, 2100) if self.kind == "year" else (0, 10**9)
            return int(number) if number == int(number) and low <= number <= high else None
        if (self.kind != "number" and number < 0) or (self.kind == "share" and number > 1) or not -LARGEST < number < LARGEST:
            return None
        decimal = to_decimal(exact(number))
        if not isinstance(decimal, Decimal) or -int(decimal.as_tuple().exponent) > MOST_DECIMALS:
            return None
        return int(decimal) if decimal == int(decimal) else decimal

    @staticmethod
    def number(held: Any) -> Exact | None:
        """What the field holds as a number."""
        if isinstance(held, date):
            return held.toordinal()
        return exact(held) if isinstance(held, int | Decimal) and not isinstance(held, bool) else None

    @property
    def is_entry(self) -> bool:
        """Whether it is an entry as a whole, which can be there or not."""
        return self.path[0] == "indicators" and len(self.path) == 2

    @property
    def steps(self) -> tuple[Exact, ...]:
        """Small steps that people would type, smallest first."""
        if self.kind in ("count", "year", "date"):
            return (1, 2, 3, 5, 10, 31, 100, 366)
        smallest = {"money": 1, "share": Fraction(1, 1000)}.get(self.kind, Fraction(1, 100))
        return tuple(smallest * 10**power for power in range(7))


class Trial:
    """A plan and a record to change."""

    def __init__(self, plan: Plan, base: Data) -> None:
        self.plan, self.base = plan, base
        self.readers = Readers({one.id: one.formula for one in plan.measures}, plan.lookups, plan.rounding.measure)
        self.settings = Settings.of(plan.completion)
        self.settings_of = {one.id: Settings.of(one.entries.completion) for one in plan.criteria if one.entries is not None}
        self.plain = engines.engine("plain")
        self.looking_up = self.stage([lookup.leaf for lookup in plan.lookups])
        self.questions = {question.id: question for question in plan.questions}
        self.texts = texts(plan)
        self._stages: dict[str, Stage] = {}
        self._slots: dict[Any, Any] = {}
        self._fields: dict[tuple[Node, str | None], tuple[Field, ...]] = {}
        self.over(base)

    def over(self, base: Data) -> None:
        """Change another record from now on."""
        self.base = base
        self.whole = EvaluationRecord.model_validate(base)
        self.rows = {row["id"]: row for row in base.get("indicators", ())}

    def stage(self, leaves: list[Leaf]) -> Stage:
        return Stage(leaves, self.plain.prepare, partial(slots_reader, self.readers))

    # --------------------------------------------------------------------------------------------------------------- records

    def held(self, path: FieldPath) -> Any:
        """What the base record holds at `path`."""
        return held(self.base, path)

    def record(self, changes: Changes) -> EvaluationRecord:
        """The base record with `changes`; only what they touch is read again."""
        touched: dict[str, dict[FieldPath, Any]] = {}
        for path, value in changes.items():
            touched.setdefault(path[0], {})[path[1:]] = value
        update: Data = {}
        for section, inside in touched.items():
            if section == "indicators":
                update[section] = self._entries_with(inside)
            elif section == "answers":
                data = self.base.get(section, {})
                for path, value in inside.items():
                    data = changed(data, path, value)
                names = {path[0] for path in inside}
                kept = {name: answer for name, answer in self.whole.answers.items() if name not in names}
                update[section] = kept | {name: _as_read(data[name]) for name in names if name in data}
            else:
                data = self.base.get(section, {})
                for path, value in inside.items():
                    # A pick has one form: another takes its place.
                    pick = section == "assessments" and len(path) == 3 and value is not ABSENT
                    at = path[:2] if section == "assessments" else path
                    data = changed(data, at, {path[2]: value} if pick else value)
                update[section] = _SECTIONS[section].model_validate(data)
        return self.whole.model_copy(update=update)

    def _entries_with(self, inside: Mapping[FieldPath, Any]) -> tuple[Indicator, ...]:
        """The entries with what `inside` says of them, by id and field; an id alone takes the entry away."""
        said: dict[str, Data] = {}
        for path, value in inside.items():
            said.setdefault(path[0], {})["".join(path[1:])] = value
        return tuple(
            self._entry(one, said[one.id]) if one.id in said else one
            for one in self.whole.indicators
            if "" not in said.get(one.id, {})
        )

    def _entry(self, entry: Indicator, own: Data) -> Indicator:
        row = {**self.rows[entry.id], **own}
        return Indicator.model_validate({key: value for key, value in row.items() if value is not ABSENT})

    # ----------------------------------------------------------------------------------------------------------------- facts

    def facts(self, changes: Changes, site: Site, entry: str | None = None, weight: Exact = 1) -> Facts:
        """The base record with `changes`, as the table of `site` reads it; `weight` is that in force."""
        check_time()
        facts = self._facts(record := self.record(changes))
        facts.weight = weight
        if entry is not None and site.criterion is not None and site.criterion.entries is not None:
            indicator = next((one for one in record.indicators if one.id == entry), None)
            if indicator is None:  # taken out, as something that is counted
                return facts
            settings, ratings = self.settings_of[site.criterion.id], record.assessments.indicators.get(entry, ())
            facts.entry = EntryFacts(
                indicator,
                record.subject.year,
                settings,
                ratings,
                self.plan.rounding.measure,
                exact(indicator.weight or 0) or weight,
            )
        return facts

    def _facts(self, record: EvaluationRecord) -> Facts:
        """A record, with answers and parameters looked up."""
        inputs, _ = read_answers(self.plan.questions, record)
        facts = Facts(record, inputs, self._entries)
        for criterion, ratings in record.assessments.criteria.items():
            level = agreed_level(ratings)
            if level:
                facts.assessed_levels[criterion] = level
        chosen = self.looking_up.run(facts) if self.plan.lookups else []
        for lookup, row in zip(self.plan.lookups, chosen, strict=True):
            award = lookup.leaf.table.rows[row].award if row >= 0 else None
            if isinstance(award, Choice):
                facts.looked_up[lookup.id] = award.position
        return facts

    def _entries(self, record: EvaluationRecord) -> tuple[EntryFacts, ...]:
        year, ratings = record.subject.year, record.assessments.indicators
        return tuple(
            EntryFacts(one, year, self.settings, ratings.get(one.id, ()), self.plan.rounding.measure) for one in record.indicators
        )

    def row(self, site: Site, facts: Facts) -> int:
        """The row that the table of `site` chooses; negative for none, and where the entry that it is for was taken out."""
        if site.kind is not None and facts.entry is None:
            return NONE
        stage = self._stages.get(site.key)
        if stage is None:
            stage = self._stages[site.key] = self.stage([site.leaf])
        return stage.run(facts)[0]

    def slot(self, site: Site, name: str, facts: Facts) -> Exact | None:
        """What a slot of the table of `site` holds."""
        if site.kind is not None and facts.entry is None:
            return None
        slot = next(one for one in site.leaf.slots if one.name == name)
        read = self._slots.get(slot)
        if read is None:
            read = self._slots[slot] = slot_reader(self.readers, slot)
        found: Exact | None = read(facts)
        return found

    # ---------------------------------------------------------------------------------------------------------------- fields

    def fields(self, node: Node, entry: str | None) -> tuple[Field, ...]:
        """The fields of the base record that a formula reads, through measures and look-ups; `entry` is the one at hand."""
        key = (node, entry)
        if key not in self._fields:
            found = dict.fromkeys(self._read(node, entry, set()))
            self._fields[key] = tuple(found)
        return self._fields[key]

    def _read(self, node: Node, entry: str | None, seen: set[str]) -> Iterator[Field]:
        for part in reading(node):
            if isinstance(part, Aggregate):
                inner = [one for one in (part.value, part.where) if one is not None]
                for row in self.rows.values():
                    if not part.categories or any(f"{row['category']}.".startswith(path + ".") for path in part.categories):
                        for one in inner:
                            yield from self._read(one, row["id"], seen)
                        yield Field(("indicators", row["id"]), "choice", (ABSENT,))
            elif isinstance(part, Call) and part.function == "value_at":
                yield from self._dated(*part.arguments)
            elif isinstance(part, Ref):
                yield from self._named(part, entry, seen)

    def _dated(self, of: Node, day: Node) -> Iterator[Field]:
        """The number of a series on the day that the base record gives."""
        found = self.readers.reader(day)(self._facts(self.whole))
        if isinstance(of, Ref) and isinstance(found, date):
            whole = self._answer(of.path.removeprefix("inputs."))
            yield whole._replace(path=(*whole.path, found.isoformat()))

    def _named(self, ref: Ref, entry: str | None, seen: set[str]) -> Iterator[Field]:
        section, _, name = ref.path.partition(".")
        match section:
            case "budget":
                yield Field(("budget", name), "number" if name == "added" else "money")
            case "inputs":
                if self.questions[name].type != "series":  # `value_at` reads those
                    yield self._answer(name)
            case "year":
                yield Field(("subject", "year"), "year")
            case "subject":
                yield self._subject(name)
            case "measures" | "lookups":
                if ref.path not in seen:
                    for formula in self.behind(section, name):
                        yield from self._read(formula, entry, {*seen, ref.path})
            case "entry":
                yield from self._of_entry(name, entry)
            case "total_weight":
                yield from (Field(("indicators", name, "weight"), "not-negative") for name in self.rows)
            case "total":
                yield Field(("deductions", "total", "points"), "not-negative")
            case "assessed_level":
                yield Field(("assessments", "criteria", name, "level"), "choice", self.texts)

    def behind(self, section: str, name: str) -> Iterator[Node]:
        """The formulas that a measure or a parameter stands for."""
        if section == "measures":
            yield next(one.formula for one in self.plan.measures if one.id == name)
            return
        table, _, column = name.partition(".")
        lookup = next(one for one in self.plan.lookups if one.id == table)
        yield from (slot.formula for slot in lookup.leaf.slots if not slot.is_flag)
        yield from (dict(row)[column] for row in lookup.values)

    def _answer(self, name: str) -> Field:
        question, path = self.questions[name], ("answers", name)
        match question.of or question.type:
            case "yes-no":
                return Field(path, "choice", (True, False))
            case "choice":
                return Field(path, "choice", question.choices)
            case "count":
                return Field(path, "count")
            case "amount":
                return Field(path, "number")
            case "date":
                return Field(path, "date")
            case "text":
                return Field(path, "choice", self.texts)
        return Field(path, "number")

    def _subject(self, name: str) -> Field:
        _, kind = RECORD_FIELDS[f"subject.{name}"]
        if kind.kind == "date":
            return Field(("subject", name), "date")
        return Field(("subject", name), "choice", kind.choices or self.texts)

    def _of_entry(self, name: str, entry: str | None) -> Iterator[Field]:
        if entry is None:
            return
        row, path = self.rows[entry], ("indicators", entry)
        if name == "completion" and row.get("direction") == "qualitative":
            yield Field(("assessments", "indicators", entry, "share"), "share")
        elif name in ("completion", "actual", "target", "initial_target", "prior"):
            for one in ("actual", "target") if name == "completion" else (name,):
                yield Field((*path, one), "date" if isinstance(row.get(one), date) else "number")
        elif name == "weight":
            yield Field((*path, "weight"), "not-negative")
        elif name == "key":
            yield Field((*path, "key"), "choice", (True, False))
        elif name == "counts":
            yield Field((*path, "counts"), "choice", ({"satisfied": 95, "surveyed": 100}, ABSENT))
        elif name in ("reason", "evidence"):
            yield Field((*path, name), "choice", (row.get(name) or "已说明", ABSENT))
        elif name in ("level", "given_level", "unit"):
            yield Field((*path, name.removeprefix("given_")), "choice", self.texts)


def _as_read(answer: Any) -> Any:
    """An answer as a record holds it."""
    if isinstance(answer, list):
        return tuple(Point.model_validate(point) for point in answer)
    return Decimal(answer) if type(answer) is int else answer
