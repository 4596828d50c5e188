"""Problems of a record that only scoring finds: something needed is absent, a pick is out of range, a condition cannot be decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from indicator_rules.errors import KeyPath, Problem, Where
from indicator_rules.exact import to_text
from indicator_rules.expression import Ref
from indicator_rules.facts import Facts
from indicator_rules.measure import Readers
from indicator_rules.messages import Phrase, Words
from indicator_rules.plan import Criterion, Leaf, Question
from indicator_rules.quantity import Quantity, parse, shown
from indicator_rules.record import EvaluationRecord
from indicator_rules.record_fields import suggestion
from indicator_rules.record_parts import Indicator
from indicator_rules.score import OutOfRange, UnknownLevel
from indicator_rules.spec_fields import Label
from indicator_rules.value import Absent


def absent_problem(criterion: Criterion, found: Absent, record: EvaluationRecord) -> Problem:
    """A criterion that cannot be scored."""
    paths = found.paths or (
        f"assessments.criteria.{criterion.id}" if found.reason == "not-assessed" else f"criteria.{criterion.id}",
    )
    return Problem("value-absent", Where("", _key_path(paths[0], record)), _values(criterion.label, found, paths))


def absent_entry(criterion: Criterion, entry: Indicator, found: Absent, record: EvaluationRecord) -> Problem:
    """An entry that cannot be scored."""
    paths = found.paths or (f"indicators.{entry.id}",)
    values = _values(Words((criterion.label, "·", entry.name)), found, paths)
    if found.reason == "units-differ" and entry.target is not None and entry.actual is not None:
        both = (("target", _typed(entry.target, entry.unit)), ("actual", _typed(entry.actual, entry.unit)))
        values["reason"] = Phrase(f"absent.{_BETWEEN}", both)
    if found.reason == "not-assessed" and criterion.entries is not None:
        scales = [scale for kind, scale in criterion.entries.scales if kind == "qualitative" and scale.levels]
        values["levels"] = (
            Words(tuple(part for scale in scales for _, label in scale.labels for part in ("、", label))[1:]) if scales else ""
        )
    if found.reason == "kinds-differ" and entry.target is not None and entry.actual is not None:
        values["reason"] = Phrase("absent.kinds-differ-between", tuple(_kinds(entry.target, entry.actual)))
        if day := _day(entry.target, entry.actual):
            values["how"] = Phrase("form.how-excel-date", (("text", entry.actual.text), ("day", day.isoformat())))
    return Problem("value-absent", Where("", _key_path(paths[0], record)), values)


_BETWEEN = "units-differ-between"


def _kinds(target: Quantity, actual: Quantity) -> Iterator[tuple[str, object]]:
    """Both values as they were typed, and what each is."""
    for name, given in (("target", target), ("actual", actual)):
        yield name, shown(given.text)
        yield f"{name}_kind", Phrase(f"form.kind-{given.kind}")


def _day(target: Quantity, actual: Quantity) -> date | None:
    """The day that a bare number stands for in Excel, where a date belongs: a date in a cell that has lost its format."""
    number = actual.number
    is_serial = target.kind == "date" and actual.kind == "number" and actual.unit is None and number is not None
    if not is_serial or number is None or number.denominator != 1 or not FIRST_DAY <= number <= LAST_DAY:
        return None
    return date(1899, 12, 30) + timedelta(days=int(number))


FIRST_DAY, LAST_DAY = 32_874, 73_050
"""1990 to 2099, as Excel numbers days."""


def _typed(given: Quantity, unit: str | None) -> str:
    """A quantity as it was typed; with the unit that stands elsewhere, as that was typed too: 20 in 万元 is no 20 元."""
    elsewhere = unit if unit and not given.text.endswith(unit) and parse(given.text).unit is None else None
    return shown(given.text) + (f" {elsewhere}" if elsewhere else "")


def _values(label: object, found: Absent, paths: Sequence[str]) -> dict[str, object]:
    return {"label": label, "reason": Phrase(f"absent.{found.reason}"), "missing": ", ".join(paths)}


def unknown_answers(problems: Iterable[Problem], questions: Iterable[Question], record: EvaluationRecord) -> list[Problem]:
    """Answers that nothing asks for, where one that is missing is called nearly so: most likely misspelt."""
    asked = {question.id for question in questions}
    missing = {str(one.where.path[1]) for one in problems if one.where.path[:1] == ("answers",) and len(one.where.path) == 2}
    near = (
        (name, suggestion(name, missing - record.answers.keys()))
        for name in sorted(record.answers.keys() - asked)[:MOST_LOOKED_AT]
    )
    return [Problem("answer-unknown", Where("", ("answers", name)), {"text": name, **known}) for name, known in near if known]


def undecided(code: str, leaf: Leaf, label: Label | None, facts: Facts, readers: Readers, found: Absent | None = None) -> Problem:
    """A condition that is unknown for this record."""
    missing = list(found.paths) if found is not None else []
    for slot in leaf.slots:
        value = readers.reader(slot.formula)(facts)
        if isinstance(value, Absent):
            missing += value.paths
    paths = tuple(dict.fromkeys(missing)) or ("subject",)
    return Problem(code, Where("", _key_path(paths[0], facts.record)), {"label": label or "", "missing": ", ".join(paths)})


def out_of_range(path: KeyPath, error: OutOfRange) -> Problem:
    """A pick that the rule does not allow."""
    values = {"text": to_text(error.picked), "low": to_text(error.low), "high": to_text(error.high)}
    return Problem("assessment-out-of-range", Where("", path), values)


def unknown_level(error: UnknownLevel, path: KeyPath) -> Problem:
    """A level that the scale does not have: where it was read, or at `path` if a person gave it."""
    reads = [part.path for part in error.formula.walk() if isinstance(part, Ref) and part.path.startswith("inputs.")]
    if reads:
        path = ("answers", reads[0].removeprefix("inputs."))
    return Problem("level-unknown", Where("", path), {"text": error.label, "known": ", ".join(error.known)})


def entry_weights(
    code: str, criterion: Criterion, record: EvaluationRecord, entries: Sequence[Indicator], **values: str
) -> Problem:
    """Weights of entries that are missing or do not sum."""
    first = next((entry for entry in entries if entry.weight is None), entries[0])
    path = _key_path(f"indicators.{first.id}.weight", record)
    return Problem(code, Where("", path), {"label": criterion.label, **values})


def too_many(record: EvaluationRecord, most: int, places: Sequence[str]) -> Problem:
    """More ways for a partial evaluation than can be looked through; `places` are what decides between them."""
    named = tuple(places[:MOST_NAMED]) or ("subject",)
    return Problem("partial-too-many", Where("", _key_path(named[0], record)), {"most": most, "missing": ", ".join(named)})


MOST_LOOKED_AT = 500
MOST_NAMED = 8
"""Open places that a problem names."""


def _key_path(path: str, record: EvaluationRecord) -> KeyPath:
    """A dotted path as the keys of a file: entries by position."""
    parts = path.split(".")
    if parts[0] == "indicators" and len(parts) > 1:
        for position, entry in enumerate(record.indicators):
            if entry.id == parts[1]:
                return ("indicators", position, *parts[2:])
    return tuple(parts)
