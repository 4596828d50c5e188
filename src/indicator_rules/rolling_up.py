"""Several units' records as one (汇总): absolute values are added, relative values weighted by money.

In: records of one evaluation year and kind of subject, and the budget amount that weighs. Out: a new `EvaluationRecord`, to be scored like any
other, or `RecordError` with everything that keeps the records from being one. What the new record holds is section 12 of `docs/semantics.md`.
Guaranteed: nothing absent becomes zero, and no value stands in the result that the records do not give; sums are exact, and a mean is exact
unless twelve decimals cannot hold it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias, TypeVar

from pydantic import ValidationError

from indicator_rules import quantity
from indicator_rules.attainment import same_unit
from indicator_rules.errors import KeyPath, Problem, RecordError, Where
from indicator_rules.exact import MOST_DECIMALS, Exact, Rounding, add_all, decimal_places, divide, exact, multiply, to_decimal
from indicator_rules.quantity import Quantity, QuantityError
from indicator_rules.record import EvaluationRecord
from indicator_rules.record_parts import Amounts, Indicator
from indicator_rules.uncut import uncut
from indicator_rules.validation import problems_of

_Value = TypeVar("_Value")
_Key: TypeAlias = tuple[str, str]
_SIGNS = {">=": "≥", "<=": "≤", "=": "=", ">": ">", "<": "<"}
_PROSE = 10_000
_NAME = 480


@uncut()
def roll_up(records: Iterable[EvaluationRecord], *, by: str = "spent", name: str | None = None) -> EvaluationRecord:
    """One record of what `records` hold together; percentages are weighted by the budget amount `by`.

    `name` is that of the new subject. One record alone is itself. Raises RecordError with all problems, ValueError for a `by` that is no
    amount of a budget.
    """
    if by not in Amounts.NAMES:
        raise ValueError(f"not an amount of a budget: {by!r}; one of {', '.join(Amounts.NAMES)}")
    given = tuple(records)
    problems = list(_not_one(given))
    if problems:
        raise RecordError(problems)
    merger = _Merger(given, by)
    data = merger.data(name)
    if merger.problems:
        raise RecordError(merger.problems)
    try:
        return EvaluationRecord.model_validate(data)
    except ValidationError as error:
        raise RecordError(problems_of(error, "", data, EvaluationRecord)) from None


def _not_one(records: Sequence[EvaluationRecord]) -> Iterator[Problem]:
    """Why `records` are not about one year and one kind of subject."""
    if not records:
        yield Problem("roll-up-empty", Where())
    years = sorted({record.subject.year for record in records})
    if len(years) > 1:
        yield Problem("roll-up-years", Where("", ("subject", "year")), {"text": ", ".join(map(str, years))})
    kinds = sorted({record.subject.kind for record in records})
    if len(kinds) > 1:
        yield Problem("roll-up-kinds", Where("", ("subject", "kind")), {"text": ", ".join(kinds)})


def _same(values: Sequence[_Value]) -> _Value | None:
    """The value that all have, or None. A truth is no number."""
    first = values[0]
    return first if all(type(value) is type(first) and value == first for value in values) else None


def _in_all(tables: Sequence[Mapping[str, _Value]]) -> dict[str, _Value]:
    """The rows that all tables have, with the same value."""
    found = {key: _same([table[key] for table in tables]) for key in tables[0] if all(key in table for table in tables)}
    return {key: value for key, value in found.items() if value is not None}


def _is_bare(answer: object) -> bool:
    """Whether it holds a number without a unit of its own."""
    figures = [point.value for point in answer] if isinstance(answer, tuple) else [answer]
    return any(isinstance(figure, Decimal) for figure in figures)


def _sum(values: Sequence[Exact | None]) -> Exact | None:
    """The sum; absent if any is."""
    there = [value for value in values if value is not None]
    return add_all(there) if len(there) == len(values) else None


def _amounts(rows: Sequence[Amounts]) -> dict[str, Any]:
    """Amounts added up, in the rows' own unit if they have one in common, else in 元."""
    unit = _same([getattr(row, "unit", None) for row in rows]) or "元"
    factor = quantity.money_factor(unit) or 1
    sums = {name: _sum([row.amount(name) for row in rows]) for name in Amounts.NAMES}
    return {"unit": unit, **{name: to_decimal(divide(value, factor)) for name, value in sums.items() if value is not None}}


class _Member:
    """An entry, and the record that it stands in."""

    def __init__(self, record: EvaluationRecord, entry: Indicator) -> None:
        self.record, self.entry = record, entry
        self.applies = entry.id not in record.not_applicable.indicators

    @property
    def key(self) -> _Key:
        return self.entry.category, self.entry.name

    @property
    def direction(self) -> str | None:
        """The direction as the record has it."""
        return self.entry.direction or (self.entry.target.direction if self.entry.target is not None else None)


class _Merger:
    """The data of the new record, and what keeps it from being made."""

    def __init__(self, records: Sequence[EvaluationRecord], by: str) -> None:
        self.records, self.by = records, by
        self.first = records[0]
        self.problems: list[Problem] = []
        self.groups: dict[_Key, list[_Member]] = {}
        self.ids: dict[_Key, str] = {}
        self.entries: dict[_Key, dict[str, Any]] = {}

    def data(self, name: str | None) -> Any:
        if len(self.records) == 1:
            subject = self.first.subject if name is None else {**_fields(self.first.subject), "name": name}
            return {**_fields(self.first), "subject": subject}
        self.match()
        budgets = [record.budget for record in self.records if record.budget is not None]
        one_unit = len({budget.unit for budget in budgets}) <= 1
        answers = _in_all([record.answers for record in self.records])
        data = {
            "subject": self.subject(name),
            "budget": _amounts(budgets) if len(budgets) == len(self.records) else None,
            "funds": self.funds(),
            "goals": _same([record.goals for record in self.records]) or (),
            "indicators": [self.entry(key, members) for key, members in self.groups.items()],
            # A bare amount is in the unit of the budget: the same number in two units is not the same answer.
            "answers": {key: value for key, value in answers.items() if one_unit or not _is_bare(value)},
            "assessments": self.by_name("assessments"),
            "not_applicable": self.not_applicable(),
            "deductions": {
                **self.by_name("deductions"),
                "total": _same([record.deductions.total for record in self.records]),
            },
            "narrative": {
                part: _same([getattr(record.narrative, part) for record in self.records])
                for part in type(self.first.narrative).model_fields
            },
        }
        return {**data, "assumed": self.assumed(data)}

    def problem(self, code: str, path: KeyPath, **values: object) -> None:
        self.problems.append(Problem(code, Where("", path), values))

    def match(self) -> None:
        """Entries of one category and name belong together."""
        for record in self.records:
            seen = set()
            for entry in record.indicators:
                member = _Member(record, entry)
                if member.key in seen:
                    self.problem("roll-up-repeated", ("indicators", entry.name), record=record.subject.name, text=entry.name)
                seen.add(member.key)
                self.groups.setdefault(member.key, []).append(member)
        taken: set[str] = set()
        for key, members in self.groups.items():
            own, number = members[0].entry.id, 1
            while (free := own if number == 1 else f"{own[:90]}-{number}") in taken:
                number += 1
            taken.add(free)
            self.ids[key] = free

    def subject(self, name: str | None) -> dict[str, object]:
        subjects = [record.subject for record in self.records]
        data: dict[str, object] = {
            field: _same([getattr(one, field) for one in subjects]) for field in type(subjects[0]).model_fields
        }
        data["name"] = name or data["name"] or f"{subjects[0].name[:_NAME]}等{len(subjects)}个"
        return data

    def funds(self) -> list[dict[str, Any]]:
        rows: dict[tuple[str, str | None], list[Amounts]] = {}
        for record in self.records:
            for row in record.funds:
                rows.setdefault((row.source, row.name), []).append(row)
        return [{"source": source, "name": name, **_amounts(found)} for (source, name), found in rows.items()]

    # --------------------------------------------------------------------------------------- what is kept where all agree

    def by_name(self, section: str) -> dict[str, Any]:
        """`criteria` and `indicators` of a section: what all records (that have the entry) say alike."""
        tables: list[Any] = [getattr(record, section) for record in self.records]
        indicators = {}
        for key, members in self.groups.items():
            found = [getattr(member.record, section).indicators.get(member.entry.id) for member in self.counted(members)]
            indicators[self.ids[key]] = _same(found)
        return {
            "criteria": _in_all([table.criteria for table in tables]),
            "indicators": {entry: value for entry, value in indicators.items() if value is not None},
        }

    def not_applicable(self) -> dict[str, dict[str, str]]:
        """What applies to no unit, with every unit's reason."""
        criteria: list[Mapping[str, str]] = [record.not_applicable.criteria for record in self.records]
        shared = [name for name in criteria[0] if all(name in table for table in criteria)]
        return {
            "criteria": {
                name: self.told([(record, record.not_applicable.criteria[name]) for record in self.records], len(self.records))
                for name in shared
            },
            "indicators": {
                self.ids[key]: self.told(
                    [(one.record, one.record.not_applicable.indicators[one.entry.id]) for one in members], len(members)
                )
                for key, members in self.groups.items()
                if not any(member.applies for member in members)
            },
        }

    def told(self, texts: Sequence[tuple[EvaluationRecord, str]], members: int) -> str:
        """One text where all the members say the same, else each text after the name of its subject."""
        same = _same([text for _, text in texts]) if len(texts) == members else None
        return same or "；".join(f"{record.subject.name}：{text}" for record, text in texts)[:_PROSE]

    def assumed(self, data: Mapping[str, Any]) -> list[str]:
        """What any unit does not evidence, as far as the new record holds it: amounts, answers, parts of entries."""
        paths = sorted({path for record in self.records for path in record.assumed})
        found = []
        for path in paths:
            section, _, name = path.partition(".")
            if section in ("budget", "answers") and (data[section] or {}).get(name) is not None:
                found.append(path)
        for key, members in self.groups.items():
            starts = [(member.record, f"indicators.{member.entry.id}.") for member in members]
            parts = {path[len(start) :] for record, start in starts for path in record.assumed if path.startswith(start)}
            entry = self.entries[key]
            found += [f"indicators.{self.ids[key]}.{part}" for part in sorted(parts) if entry.get(part) is not None]
        return found

    def counted(self, members: Sequence[_Member]) -> Sequence[_Member]:
        """Those to whom the entry applies; all, if it applies to none."""
        return [member for member in members if member.applies] or members

    # -------------------------------------------------------------------------------------------------------------- entries

    def entry(self, key: _Key, members: Sequence[_Member]) -> dict[str, Any]:
        """One entry of the new record."""
        counted = self.counted(members)
        entries = [member.entry for member in counted]

        def same(field: str) -> Any:
            return _same([getattr(entry, field) for entry in entries])

        data: dict[str, Any] = {"id": self.ids[key], "category": key[0], "name": key[1]}
        data |= {field: same(field) for field in ("unit", "weight", "level", "basis", "evidence")}
        data["key"] = bool(same("key"))
        data["goal"] = same("goal") if _same([record.goals for record in self.records]) else None
        data["part_of"] = self.parent(counted)
        data["reason"] = self.reason(counted)
        stated = sorted({member.direction for member in counted if member.direction is not None})
        if len(stated) > 1:
            self.problem("roll-up-directions", ("indicators", key[1], "direction"), text=", ".join(stated))
        data["direction"] = next((entry.direction for entry in entries if entry.direction is not None), None)
        if len(stated) <= 1:
            if not any(member.applies for member in members):
                data |= {name: same(name) for name in (*Indicator.VALUES, "counts")}
            else:
                data |= {name: self.value(name, counted, data["unit"]) for name in ("initial_target", "target", "prior")}
                data |= self.actual(counted, data["unit"])
        self.entries[key] = data
        return data

    def parent(self, members: Sequence[_Member]) -> str | None:
        """The entry that this one is a part of, if it is the same one in every record."""
        parents = [
            None if (of := member.entry.part_of) is None else _Member(member.record, member.record.indicator_by_id[of]).key
            for member in members
        ]
        same = _same(parents)
        return None if same is None else self.ids[same]

    def reason(self, members: Sequence[_Member]) -> str | None:
        """The units' reasons, and their levels where these differ."""
        said = []
        differ = _same([member.entry.level for member in members]) is None
        for member in members:
            parts = [member.entry.level if differ else None, member.entry.reason]
            said.append((member.record, "，".join(part for part in parts if part is not None)))
        given = [(record, text) for record, text in said if text]
        return self.told(given, len(members)) if given else None

    def actual(self, members: Sequence[_Member], unit: str | None) -> dict[str, Any]:
        """Counts added up where all have them, else the actual values."""
        counts = [member.entry.counts for member in members if member.entry.counts is not None]
        if not counts:
            return {"actual": self.value("actual", members, unit)}
        if len(counts) == len(members):
            satisfied, surveyed = sum(one.satisfied for one in counts), sum(one.surveyed for one in counts)
            return {"counts": {"satisfied": satisfied, "surveyed": surveyed}}
        if all(member.entry.counts is not None or member.entry.actual is not None for member in members):
            self.problem("roll-up-values", ("indicators", members[0].entry.name, "counts"))
        return {}

    def value(self, name: str, members: Sequence[_Member], entry_unit: str | None) -> Quantity | None:
        """Target or actual value of all together; absent if it is in any record."""
        found: list[Quantity] = [value for member in members if (value := getattr(member.entry, name)) is not None]
        if len(found) < len(members):
            return None
        if any(member.entry.direction == "qualitative" for member in members):
            return _same(found)  # numbers in a qualitative entry are words
        path = ("indicators", members[0].entry.name, name)
        if len({value.kind for value in found}) > 1:
            self.problem("roll-up-values", path)
            return None
        if found[0].kind == "text":
            return _same(found)
        if found[0].kind == "date":
            return self.last(found, path)
        units = sorted({value.unit or "" for value in found})
        if not all(same_unit(one.unit, other.unit) for one in found for other in found):
            self.problem("roll-up-units", path, text=", ".join(unit or "—" for unit in units))
            return None
        unit = next((value.unit for value in found if value.unit is not None), None)
        relative = unit is not None and (unit == "%" or "/" in unit)
        together: Callable[[Sequence[Exact]], Exact | None] = (
            (lambda numbers: self.mean(numbers, members, path)) if relative else add_all
        )
        number = together([value.number for value in found if value.number is not None])
        high = together([value.high for value in found if value.high is not None]) if found[0].kind == "range" else None
        if number is None:
            return None
        stated = {value.direction for value in found if value.direction is not None}
        direction = stated.pop() if len(stated) == 1 else None
        meant = Quantity("", found[0].kind, direction, _held(number, unit), None if high is None else _held(high, unit), unit)
        return self.written([*(value.text for value in found), *_texts(meant)], meant, entry_unit, path)

    def last(self, found: Sequence[Quantity], path: KeyPath) -> Quantity | None:
        """The latest date, as it was typed."""
        try:
            ends = [(value.in_year(self.first.subject.year).latest, value.text, value) for value in found]
        except QuantityError as error:
            self.problem(error.code, path, **error.values)
            return None
        return max(ends, key=lambda end: (str(end[0]), end[1]))[2]

    def mean(self, numbers: Sequence[Exact], members: Sequence[_Member], path: KeyPath) -> Exact | None:
        """The mean weighted by money, which is not asked for where all values are the same."""
        if len(set(numbers)) == 1:
            return numbers[0]
        money = [None if member.record.budget is None else member.record.budget.amount(self.by) for member in members]
        weights = [amount for amount in money if amount is not None and amount >= 0]
        whole = add_all(weights)
        if len(weights) < len(members) or whole == 0:
            unfit = [
                member.record.subject.name for member, amount in zip(members, money, strict=True) if not amount or amount < 0
            ]
            if not any(problem.where.path == path for problem in self.problems):
                self.problem("roll-up-money", path, by=self.by, text="、".join(unfit))
            return None
        return divide(add_all([multiply(number, weight) for number, weight in zip(numbers, weights, strict=True)]), whole)

    def written(self, texts: Sequence[str], meant: Quantity, entry_unit: str | None, path: KeyPath) -> Quantity | None:
        """The first of `texts` that reads back as what is meant."""
        for text in texts:
            try:
                read = quantity.parse(text)
                whole = read if entry_unit is None else read.with_unit(entry_unit)
            except QuantityError:
                continue
            if replace(whole, text="") == meant:
                return read
        self.problem("roll-up-not-written", path, text=quantity.shown(texts[-1]))
        return None


def _fields(part: Any) -> dict[str, Any]:
    return {name: getattr(part, name) for name in type(part).model_fields}


def _held(number: Exact, unit: str | None) -> Exact:
    """The number that its text can hold: `number`, or the nearest with twelve decimals as written (of a percentage, in %)."""
    factor = 100 if unit == "%" else 1
    written = multiply(number, factor)
    places = decimal_places(written)
    if places is None or places > MOST_DECIMALS:
        written = Rounding(MOST_DECIMALS, "half-up")(written)
    return exact(Fraction(written, factor))


def _texts(value: Quantity) -> Iterator[str]:
    """Ways to write it: with its unit or without (for one that the entry has), with commas or without (2023年 is a date, 2,023年 is not)."""
    factor = 100 if value.unit == "%" else 1
    ends = [to_decimal(multiply(end, factor)) for end in (value.number, value.high) if end is not None]
    for form in ("f", ",f"):
        for unit in (value.unit or "", ""):
            yield _SIGNS.get(value.direction or "", "") + "-".join(format(end, form) for end in ends) + unit
