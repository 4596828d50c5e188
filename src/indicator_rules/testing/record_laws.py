"""Laws of single evaluations, and of several compared: checks that look at a record whatever the scales in it are."""

import hashlib
import json
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from indicator_rules.errors import RecordError
from indicator_rules.evaluation import Evaluation
from indicator_rules.exact import Exact, to_text
from indicator_rules.plan import Leaf
from indicator_rules.probing.hitting import compare
from indicator_rules.probing.pieces import FieldPath, merged
from indicator_rules.probing.sites import sites
from indicator_rules.probing.trial import Trial
from indicator_rules.record import EvaluationRecord
from indicator_rules.rules import Rules
from indicator_rules.stage import FIRST_ROWS
from indicator_rules.testing.material import RecordData
from indicator_rules.testing.rescaled import FACTOR, rescaled
from indicator_rules.testing.seen import REFUSED, Seen, evaluated, lifted
from indicator_rules.testing.strategies import boundary_records, records


def bounds(rules: Rules, record: RecordData) -> Seen:
    found = evaluated(rules, record)
    if found is None:
        return REFUSED
    for result in found.criteria:
        step = lifted(rules.plan, "points", "entry_points")
        low, high = (-result.exact_weight - step, 0) if result.criterion.role == "penalty" else (0, result.exact_weight + step)
        if not low <= result.exact_points <= high:
            return f"{result.code}: {to_text(result.exact_points)} / {to_text(result.exact_weight)}"
        for entry in result.entries:
            if not 0 <= entry.exact_points <= entry.exact_weight + lifted(rules.plan, "entry_points"):
                return f"{result.id} {entry.id}: {to_text(entry.exact_points)} / {to_text(entry.exact_weight)}"
    total, most = found.exact_total, rules.plan.total_at_most
    if total is not None and (total < 0 or (most is not None and total > most + lifted(rules.plan, "total"))):
        return f"total: {to_text(total)}"
    return None


def one_row(rules: Rules, record: RecordData) -> Seen:
    found = evaluated(rules, record)
    if found is None:
        return REFUSED
    trial = Trial(rules.plan, record)
    for site in sites(rules.plan):
        criterion = site.criterion
        if criterion is None or site.scale is None or found[criterion.id].row in ("not_applicable", "out_of_force"):
            continue
        result = found[criterion.id]
        rows: list[tuple[str | None, str, Exact]]
        if site.kind is None:
            rows = [(None, result.row, result.exact_weight)] if site.scale is criterion.scale else []
        else:
            own = criterion.entries is not None and dict(criterion.entries.scales)[site.kind] is site.scale
            rows = [(entry.id, entry.row, entry.exact_weight) for entry in result.entries if own and entry.kind == site.kind]
        for entry, row, weight in rows:
            facts = trial.facts({}, site, entry, weight)
            values = {slot.name: trial.slot(site, slot.name, facts) for slot in site.leaf.slots}
            seen = _decided(site.key, site.leaf, values, row)
            if seen is not None:
                return seen
    return None


def _decided(key: str, leaf: Leaf, values: dict[str, Exact | None], row: str) -> str | None:
    """What is wrong with `row` as the answer of a table, if anything."""
    holding = [
        one.id
        for one in leaf.table.rows
        if one.id not in FIRST_ROWS
        and any(
            all((value := values[bound.slot]) is not None and compare(value, bound) for bound in guard) for guard in one.guards
        )
    ]
    shown = ", ".join(f"{name} = {to_text(value)}" for name, value in values.items() if value is not None)
    if leaf.table.policy == "UNIQUE" and len(holding) > 1:
        return f"{key}: {', '.join(holding)} ({shown})"
    if row not in FIRST_ROWS and (not holding or row != holding[0]):
        return f"{key}: {row}; {', '.join(holding) or '—'} ({shown})"
    return None


def grade(rules: Rules, record: RecordData) -> Seen:
    found = evaluated(rules, record)
    if found is None or found.exact_total is None:
        return REFUSED
    plan = rules.plan
    if any(slot.name != "total" for slot in plan.grades.slots):
        return REFUSED  # read from another measure
    total = found.exact_total if plan.grade_on == "rounded" else found.unrounded_total
    lowest = len(plan.grade_labels) - 1
    cuts = rules.spec.grades
    place = lowest
    for position, row in enumerate(plan.grades.table.rows[:-1]):
        bound = row.guards[0][0]
        if total is not None and (total > bound.cut or (cuts[position].at_least is not None and total == bound.cut)):
            place = position
            break
    for one in found.adjustments:
        place += one.adjustment.places if one.adjustment.effect == "grade_down" else 0
    for one in found.adjustments:
        if one.adjustment.effect == "grade_at_most":
            place = max(place, one.adjustment.places)
        elif one.adjustment.effect == "veto":
            place = lowest
    wanted = str(plan.grade_labels[min(place, lowest)])
    return None if found.grade == wanted else f"{to_text(found.exact_total)}: {found.grade} ≠ {wanted}"


def json_again(rules: Rules, record: RecordData) -> Seen:
    found = evaluated(rules, record)
    if found is None:
        return REFUSED
    text = found.to_json()
    again = evaluated(rules, json.loads(text, parse_float=Decimal)["record"])
    if again is None:
        return "refused"
    return None if again.to_json() == text else _first_difference(text, again.to_json())


def _first_difference(one: str, other: str) -> str:
    lines = zip(one.splitlines(), other.splitlines(), strict=False)
    return next((f"{a.strip()} ≠ {b.strip()}" for a, b in lines if a != b), "…")


def provenance(rules: Rules, record: RecordData) -> Seen:
    found = evaluated(rules, record)
    if found is None:
        return REFUSED
    canonical = rules.spec.model_dump_json(exclude_defaults=True, by_alias=True)
    wanted = {
        "ruleset": f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}",
        "record": f"sha256:{hashlib.sha256(EvaluationRecord.model_validate(record).canonical().encode()).hexdigest()}",
        "family": rules.plan.family,
        "edition": rules.plan.edition,
    }
    told = json.loads(found.to_json())["provenance"]
    return next((f"{key}: {told.get(key)} ≠ {value}" for key, value in wanted.items() if told.get(key) != value), None)


def order(rules: Rules, record: RecordData) -> Seen:
    backwards = {**record, **({"indicators": record["indicators"][::-1]} if "indicators" in record else {})}
    return _same(evaluated(rules, record), evaluated(_turned(rules), backwards))


@lru_cache(maxsize=16)
def _turned(rules: Rules) -> Rules:
    """The ruleset with its criteria and groups in the other order."""
    plan = replace(rules.plan, criteria=rules.plan.criteria[::-1], groups=rules.plan.groups[::-1])
    return type(rules)(rules.spec, rules.ruleset, plan, (), engine=rules.engine)


def scale(rules: Rules, record: RecordData) -> Seen:
    smaller = rescaled(rules, record)
    if smaller is None:
        return REFUSED
    return _same(evaluated(rules, record), evaluated(*smaller), FACTOR)


def _same(one: Evaluation | None, other: Evaluation | None, factor: Exact = 1) -> Seen:
    """Whether two evaluations agree, the second being `factor` times the first."""
    if one is None or other is None:
        return REFUSED if one is other else f"refused: {one is None} ≠ {other is None}"
    for a in one.criteria:
        b = other[a.id]
        if a.exact_points * factor != b.exact_points or a.row != b.row:
            return f"{a.code} {to_text(a.exact_points)} ≠ {b.code} {to_text(b.exact_points)}"
    if one.exact_total is None or other.exact_total is None:
        return None if one.exact_total is other.exact_total else "total"
    if one.exact_total * factor != other.exact_total:
        return f"total: {to_text(one.exact_total)} ≠ {to_text(other.exact_total)}"
    return None if one.grade == other.grade else f"grade: {one.grade} ≠ {other.grade}"


def many(rules: Rules, given_records: list[RecordData]) -> Seen:
    together = list(rules.evaluate_all(given_records))
    alone = [_outcome(rules, record) for record in given_records]
    if len(together) != len(alone):
        return f"{len(together)} ≠ {len(alone)}"
    for one, (place, other) in zip(together, enumerate(alone, 1), strict=True):
        told = _told(one)
        if told != other:
            return f"{place}: {told} ≠ {other}"
    return None if any(isinstance(one, Evaluation) for one in together) else REFUSED


def _outcome(rules: Rules, record: RecordData) -> str:
    try:
        return _told(rules.evaluate(record))
    except RecordError as error:
        return _told(error)


def any_record(rules: Rules) -> st.SearchStrategy[RecordData]:
    return st.one_of(boundary_records(rules), records(rules))


def thinned(rules: Rules) -> st.SearchStrategy[Any]:
    """A record, and the same with some of it not known yet."""

    def without(two: tuple[RecordData, list[int]]) -> tuple[RecordData, RecordData]:
        record, picks = two
        places = [(section, key) for section in ("budget", "answers") for key in record.get(section, {}) if key != "unit"]
        places += [("indicators", row["id"]) for row in record.get("indicators", ())]
        gone: list[FieldPath] = []
        for pick in picks if places else ():
            section, key = places[pick % len(places)]
            # What was said of an entry in one form is not open in another: all forms go together.
            values = [(section, key, name) for name in ("actual", "level", "counts")]
            gone += [*values, ("assessments", section, key)] if section == "indicators" else [(section, key)]
        return record, RecordData(merged(record, {}, tuple(gone)))

    return st.tuples(any_record(rules), st.lists(st.integers(0, 10_000), min_size=1, max_size=5)).map(without)


def partial(rules: Rules, two: tuple[RecordData, RecordData]) -> Seen:
    found = evaluated(rules, two[0])
    if found is None:
        return REFUSED
    try:
        still = rules.evaluate(two[1], partial=True)
    except RecordError:
        return REFUSED
    if found.exact_total is None:
        return None if still.can_be_none else "total: —"
    if still.span is None or found.exact_total not in still.span:
        return f"total: {to_text(found.exact_total)} ∉ {still.span}"
    return None if found.grade in still.grades else f"grade: {found.grade} ∉ {', '.join(still.grades)}"


def _told(found: Evaluation | RecordError) -> str:
    if isinstance(found, RecordError):
        return ", ".join(sorted({problem.code for problem in found.problems}))
    points = ", ".join(f"{one.code} {to_text(one.exact_points)}" for one in found.criteria)
    return f"{points}; {found.total} {found.grade}"
