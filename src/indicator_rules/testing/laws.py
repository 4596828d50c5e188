"""The laws of scoring, as a table: each a name, a sentence in the message catalogue (`laws.<name>`), the examples it is about and a check.

In: `Rules`. Out: a `LawBroken` that says the law, the record as TOML and what was seen. Each law can be run alone; a ruleset waives one by
naming it under `[waivers]` with a reason. A check gives what it saw if the law does not hold, None if it does, and `REFUSED` where the
record cannot be scored. (A law about partial evaluation, that its range holds the completed total, belongs here once there is one.)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, NamedTuple, TypeAlias

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st

from indicator_rules import messages
from indicator_rules import spec as written
from indicator_rules.condition import constant
from indicator_rules.errors import RecordError
from indicator_rules.evaluation import CriterionResult, Evaluation
from indicator_rules.exact import Exact, to_text
from indicator_rules.expression import Node, Number, Ref, replaced
from indicator_rules.hitting import compare
from indicator_rules.plan import Criterion, Leaf, Plan, Points, Range, Scale
from indicator_rules.probes import Probe
from indicator_rules.record import EvaluationRecord
from indicator_rules.rules import Rules
from indicator_rules.score import treated
from indicator_rules.stage import FIRST_ROWS
from indicator_rules.syntax import parse
from indicator_rules.testing.rescaled import FACTOR, rescaled
from indicator_rules.testing.strategies import RecordData, boundary_records, changes, pairs, records, survey_of
from indicator_rules.toml_text import to_toml
from indicator_rules.trial import Field, Trial, sites

REFUSED: Final = object()
Seen: TypeAlias = "str | object | None"
Examples: TypeAlias = Callable[[Rules], "st.SearchStrategy[Any] | None"]


@dataclass(frozen=True)
class Law:
    """One law. `examples` gives None for a ruleset that it has nothing to say about."""

    name: str
    examples: Examples
    check: Callable[[Rules, Any], Seen]

    def text(self, lang: messages.Language | None = None) -> str:
        """The law as a sentence."""
        return messages.text(f"laws.{self.name}", {}, lang)


class Broken(NamedTuple):
    """A law that does not hold: the smallest example found, and what was seen."""

    law: Law
    example: Any
    seen: str

    def describe(self) -> str:
        """The law, its sentence, the records as TOML, and what was seen."""
        lines = [messages.text("testing.broken", {"name": self.law.name}), self.law.text(), ""]
        for record in _records_in(self.example):
            lines += [f"# {messages.text('testing.record')}", to_toml(record).strip(), ""]
        return "\n".join([*lines, f"{messages.text('testing.seen')}: {self.seen}"])


class LawBroken(AssertionError):
    """One or more laws do not hold; the message says which, with a record for each."""

    def __init__(self, broken: Iterable[Broken]) -> None:
        self.broken = tuple(broken)
        super().__init__("\n\n".join(one.describe() for one in self.broken))


class Outcome(NamedTuple):
    """A law that held: on how many examples it could be tested, or why it was waived."""

    law: str
    examples: int
    waived: str | None = None


def assert_laws(rules: Rules, laws: Iterable[str] | None = None, *, max_examples: int = 40) -> tuple[Outcome, ...]:
    """Test every law that `rules` does not waive, or those named. Repeatable: the same ruleset gives the same examples.

    Raises: LawBroken with every law that does not hold. KeyError for a law that there is not.
    """
    outcomes: list[Outcome] = []
    broken: list[Broken] = []
    waivers = dict(rules.spec.waivers)
    for name in LAWS if laws is None else laws:
        law = LAWS[name]
        if laws is None and name in waivers:
            outcomes.append(Outcome(name, 0, waivers[name]))
            continue
        found = run(law, rules, max_examples)
        (broken if isinstance(found, Broken) else outcomes).append(found)  # type: ignore[arg-type, attr-defined]
    if broken:
        raise LawBroken(broken)
    return tuple(outcomes)


def run(law: Law, rules: Rules, max_examples: int = 40) -> Outcome | Broken:
    """One law on one ruleset."""
    strategy = law.examples(rules)
    if strategy is None:
        return Outcome(law.name, 0)
    tested = 0
    last: Broken | None = None

    def test(example: Any) -> None:
        nonlocal tested, last
        seen = law.check(rules, example)
        tested += seen is not REFUSED
        if isinstance(seen, str):
            last = Broken(law, example, seen)
            raise LawBroken([last])

    how = settings(
        max_examples=max_examples,
        derandomize=True,
        database=None,
        deadline=None,
        verbosity=Verbosity.quiet,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    try:
        how(given(strategy)(test))()
    except LawBroken:
        if last is None:
            raise
        return last
    return Outcome(law.name, tested)


def _records_in(example: Any) -> list[RecordData]:
    if isinstance(example, dict):
        return [RecordData(example)]
    return [one for part in example if isinstance(part, dict | list | tuple) for one in _records_in(part)]


def _evaluated(rules: Rules, record: Any) -> Evaluation | None:
    try:
        return rules.evaluate(record)
    except RecordError:
        return None


def _any_record(rules: Rules) -> st.SearchStrategy[RecordData]:
    return st.one_of(boundary_records(rules), records(rules))


# ------------------------------------------------------------------------------------------------------------ single records


def bounds(rules: Rules, record: RecordData) -> Seen:
    found = _evaluated(rules, record)
    if found is None:
        return REFUSED
    for result in found.criteria:
        step = _step(rules.plan, "points", "entry_points")
        low, high = (-result.exact_weight - step, 0) if result.criterion.role == "penalty" else (0, result.exact_weight + step)
        if not low <= result.exact_points <= high:
            return f"{result.code}: {to_text(result.exact_points)} / {to_text(result.exact_weight)}"
        for entry in result.entries:
            if not 0 <= entry.exact_points <= entry.exact_weight + _step(rules.plan, "entry_points"):
                return f"{result.id} {entry.id}: {to_text(entry.exact_points)} / {to_text(entry.exact_weight)}"
    total, most = found.exact_total, rules.plan.total_at_most
    if total is not None and (total < 0 or (most is not None and total > most + _step(rules.plan, "total"))):
        return f"total: {to_text(total)}"
    return None


def _step(plan: Plan, *stages: str) -> Exact:
    """How far rounding may lift a number."""
    digits = [rounding.digits for stage in stages if (rounding := getattr(plan.rounding, stage)) is not None]
    return Fraction(1, 10 ** min(digits)) if digits else 0


def one_row(rules: Rules, record: RecordData) -> Seen:
    found = _evaluated(rules, record)
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
    found = _evaluated(rules, record)
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
    found = _evaluated(rules, record)
    if found is None:
        return REFUSED
    text = found.to_json()
    again = _evaluated(rules, json.loads(text, parse_float=Decimal)["record"])
    if again is None:
        return "refused"
    return None if again.to_json() == text else _first_difference(text, again.to_json())


def _first_difference(one: str, other: str) -> str:
    lines = zip(one.splitlines(), other.splitlines(), strict=False)
    return next((f"{a.strip()} ≠ {b.strip()}" for a, b in lines if a != b), "…")


def provenance(rules: Rules, record: RecordData) -> Seen:
    found = _evaluated(rules, record)
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
    plan = replace(rules.plan, criteria=rules.plan.criteria[::-1], groups=rules.plan.groups[::-1])
    turned = type(rules)(rules.spec, rules.ruleset, plan, (), engine=rules.engine)
    backwards = {**record, **({"indicators": record["indicators"][::-1]} if "indicators" in record else {})}
    return _same(_evaluated(rules, record), _evaluated(turned, backwards))


def scale(rules: Rules, record: RecordData) -> Seen:
    smaller = rescaled(rules, record)
    if smaller is None:
        return REFUSED
    return _same(_evaluated(rules, record), _evaluated(*smaller), FACTOR)


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


# ------------------------------------------------------------------------------------------------------------- several records


def many(rules: Rules, given_records: list[RecordData]) -> Seen:
    together = list(rules.evaluate_all(given_records))
    alone = [_outcome(rules, record) for record in given_records]
    if len(together) != len(alone):
        return f"{len(together)} ≠ {len(alone)}"
    for one, (place, other) in zip(together, enumerate(alone, 1), strict=True):
        told = _told(one)
        if told != other:
            return f"{place}: {told} ≠ {other}"
    return None


def _outcome(rules: Rules, record: RecordData) -> str:
    try:
        return _told(rules.evaluate(record))
    except RecordError as error:
        return _told(error)


def _told(found: Evaluation | RecordError) -> str:
    if isinstance(found, RecordError):
        return ", ".join(sorted({problem.code for problem in found.problems}))
    points = ", ".join(f"{one.code} {to_text(one.exact_points)}" for one in found.criteria)
    return f"{points}; {found.total} {found.grade}"


class _Run(NamedTuple):
    """A scale that runs in one direction: of a criterion, or (`kind`) of its entries."""

    criterion: str
    kind: str
    slot: str
    rises: bool


def _runs(rules: Rules) -> list[_Run]:
    """The scales of one measure that say in which direction they run."""
    found = []
    for site in sites(rules.plan):
        criterion = site.criterion
        if criterion is None or site.scale is None:
            continue
        path = ("criteria", criterion.id, "scale") if site.kind is None else ("criteria", criterion.id, "entries", site.kind)
        slots = [slot for slot in site.leaf.slots if not slot.is_flag]
        is_head = site.key in (f"criteria.{criterion.id}", ".".join(path))
        up = _is_rising(rules.ruleset.scales.get(path), site.scale) if len(slots) == 1 and is_head else None
        if up is not None:
            found.append(_Run(criterion.id, site.kind or "", slots[0].name, up != (criterion.role == "penalty")))
    return found


def _is_rising(scale: written.OwnScale | None, made: Scale) -> bool | None:
    """Whether more is better; None for a scale that does not say."""
    if isinstance(scale, written.Proportional):
        return not any(bound.operator == "<=" for guard in made.head.row("full").guards for bound in guard)
    if isinstance(scale, written.Deduct) and scale.per != "miss":
        return scale.per in ("under", "missing")
    if isinstance(scale, written.Bands):
        fixed = [scale.bands[place].award for place in (0, -1)]
        if all(award.share is not None or award.points is not None for award in fixed):
            top, low = (_fixed(made, place) for place in (0, -1))
            return None if top is None or low is None else top >= low
    return None


def _fixed(made: Scale, place: int) -> Exact | None:
    """What a row gives of a weight of 1000, where that is fixed."""
    rows = [row for row in made.head.table.rows if row.id not in FIRST_ROWS]
    award = rows[place].award
    if not isinstance(award, Points):
        return None
    return constant(replaced(award.formula, lambda node: Number(1000) if node == Ref("weight") else None))


def _criterion_pairs(rules: Rules) -> st.SearchStrategy[Any] | None:
    found = _runs(rules)
    return st.sampled_from(found).flatmap(lambda one: st.tuples(st.just(one), pairs(rules, one.criterion))) if found else None


def monotone(rules: Rules, example: tuple[_Run, tuple[RecordData, RecordData]]) -> Seen:
    one, (left, right) = example
    before, after = _evaluated(rules, left), _evaluated(rules, right)
    if before is None or after is None:
        return REFUSED
    tested = False
    here, there = _standings(before, one), _standings(after, one)
    for name in here.keys() & there.keys():
        (x1, p1, w1), (x2, p2, w2) = sorted((here[name], there[name]), key=lambda point: point[0])
        if w1 != w2 or x1 == x2:
            continue
        tested = True
        if not (p1 <= p2 if one.rises else p1 >= p2):
            return f"{one.criterion} {name}: {one.slot} {to_text(x1)} → {to_text(p1)}; {to_text(x2)} → {to_text(p2)}"
    return None if tested else REFUSED


def _standings(found: Evaluation, one: _Run) -> dict[str, tuple[Exact, Exact, Exact]]:
    """Measure, points and weight of a criterion, or of each of its entries; without those that a person picks or that are absent."""
    result = found[one.criterion]
    if not one.kind:
        value = found.detail(one.criterion).values.get(one.slot)
        return _point("", result.criterion.scale, result.row, value, result.exact_points, result.exact_weight)
    points: dict[str, tuple[Exact, Exact, Exact]] = {}
    entries = result.criterion.entries
    for entry in result.entries:
        if entry.kind == one.kind and one.slot == "completion" and entries is not None:
            made = dict(entries.scales)[entry.kind]
            points |= _point(entry.id, made, entry.row, entry.completion, entry.exact_points, entry.exact_weight)
    return points


def _point(
    name: str, made: Scale, row: str, value: object, points: Exact, weight: Exact
) -> dict[str, tuple[Exact, Exact, Exact]]:
    if row in (*FIRST_ROWS, "out_of_force") or isinstance(made.head.row(row).award, Range):
        return {}
    return {name: (value, points, weight)} if isinstance(value, int | Fraction) else {}


def locality(rules: Rules, example: tuple[Field, RecordData, RecordData]) -> Seen:
    changed_field, one, other = example
    before, after = _evaluated(rules, one), _evaluated(rules, other)
    if before is None or after is None:
        return REFUSED
    readers = _readers(rules.plan, changed_field, one)
    for a in before.criteria:
        b = after[a.id]
        if a.id not in readers and (a.exact_points, a.row, a.exact_weight) != (b.exact_points, b.row, b.exact_weight):
            return f"{'.'.join(changed_field.path)}: {a.code} {to_text(a.exact_points)} ≠ {b.code} {to_text(b.exact_points)}"
    return None


def _readers(plan: Plan, one: Field, record: RecordData) -> set[str]:
    """The criteria that read a field, in whatever way."""
    trial = Trial(plan, record)
    rows = list(trial.rows) or [None]
    weight_sets = plan.weight_sets.slots if plan.weight_sets is not None else ()
    if any(one in trial.fields(slot.formula, None) for slot in weight_sets):
        return {criterion.id for criterion in plan.criteria}
    found: set[str] = set()
    for criterion in plan.criteria:
        nodes = list(_nodes(criterion))
        own_entry = one.path[0] == "indicators" and criterion.entries is not None
        if own_entry or any(one in trial.fields(node, row) for node in nodes for row in rows) or one.path[-1] == criterion.id:
            found |= {criterion.id, criterion.not_applicable.criterion}
    return found


def _nodes(criterion: Criterion) -> Iterable[Node]:
    """Every formula of a criterion."""
    scales = [criterion.scale, *(scale for _, scale in (criterion.entries.scales if criterion.entries is not None else ()))]
    leaves = [leaf for scale in scales for leaf in scale.leaves] + ([criterion.applies] if criterion.applies is not None else [])
    for leaf in leaves:
        yield from (slot.formula for slot in leaf.slots)
        for row in leaf.table.rows:
            if isinstance(row.award, Points):
                yield row.award.formula
            elif isinstance(row.award, Range):
                yield from (row.award.low, row.award.high)
    yield from (part.weight for scale in scales for part in scale.parts if part.weight is not None)


# -------------------------------------------------------------------------------------------------------------------- probes


def _edges(rules: Rules) -> st.SearchStrategy[Any] | None:
    """A probe on a cut of a continuous scale, and one beside it."""
    found = survey_of(rules)
    kinds = {name: slope for name, slope in _slopes(rules).items()}
    on = {(one.table, one.slot, one.cut): one for one in found.probes if one.edge == "at"}
    beside = [one for one in found.probes if one.edge in ("below", "above") and one.table.removeprefix("criteria.") in kinds]
    examples = [(on[key], one) for one in beside if (key := (one.table, one.slot, one.cut)) in on]
    return (
        st.sampled_from(examples).map(lambda two: (two[0], *(RecordData(one.on(found.base)) for one in two)))
        if examples
        else None
    )


def _slopes(rules: Rules) -> dict[str, Exact]:
    """Criterion → the most points that one unit of its measure can be worth, as a share of the weight (or in points); continuous scales only."""
    slopes: dict[str, Exact] = {}
    for criterion in rules.plan.criteria:
        scale = rules.ruleset.scales.get(("criteria", criterion.id, "scale"))
        if isinstance(scale, written.Proportional) and scale.pass_line is None and not scale.inverse:
            full, zero = constant(parse(scale.full_at)), constant(parse(scale.zero_at or "0"))
            if full is not None and zero is not None and full != zero:
                slopes[criterion.id] = Fraction(1) / abs(Fraction(full) - Fraction(zero))
        elif isinstance(scale, written.Deduct) and scale.partial_step == "pro-rata" and scale.per != "miss":
            step = constant(parse(scale.step))
            if step:
                slopes[criterion.id] = 100 / Fraction(step)
    return slopes


def continuity(rules: Rules, example: tuple[Probe, RecordData, RecordData]) -> Seen:
    probe, on, beside = example
    name = probe.table.removeprefix("criteria.")
    found = [_evaluated(rules, record) for record in (on, beside)]
    run_of = _Run(name, "", probe.slot, True)
    standings = [_standings(one, run_of).get("") for one in found if one is not None]
    if len(standings) < 2 or standings[0] is None or standings[1] is None:
        return REFUSED
    one, other = standings[0], standings[1]
    scale = rules.ruleset.scales["criteria", name, "scale"]
    worth = _slopes(rules)[name]
    if isinstance(scale, written.Deduct):
        points = Fraction(scale.points.points) if scale.points.points is not None and _is_plain(scale.points.points) else one[2]
        worth = worth / 100 * points
    else:
        worth = worth * one[2]
    allowed = abs(one[0] - other[0]) * worth + _step(rules.plan, "points")
    if abs(one[1] - other[1]) <= allowed:
        return None
    return f"{name}: {probe.slot} {to_text(one[0])} → {to_text(one[1])}; {to_text(other[0])} → {to_text(other[1])}"


def _is_plain(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def _absences(rules: Rules) -> st.SearchStrategy[Any] | None:
    found = survey_of(rules)
    own = {f"criteria.{one.id}": one.id for one in rules.plan.criteria}
    examples = [
        (own[one.table], RecordData(one.on(found.base))) for one in found.probes if one.edge == "absent" and one.table in own
    ]
    return st.sampled_from(examples) if examples else None


def absence(rules: Rules, example: tuple[str, RecordData]) -> Seen:
    name, record = example
    criterion = next(one for one in rules.plan.criteria if one.id == name)
    treatment = criterion.scale.absent
    try:
        result: CriterionResult = rules.evaluate(record)[name]
    except RecordError as error:
        blamed = any(_label(problem.values.get("label")) is criterion.label for problem in error.problems)
        return None if blamed == (treatment.kind == "error") else f"{name}: absent = {treatment}; {error}"
    given = treated(treatment, result.exact_weight)
    if given is not None and rules.plan.rounding.points is not None:
        given = rules.plan.rounding.points(given)
    if result.row == "out_of_force":
        return REFUSED
    signed = -given if given is not None and criterion.role == "penalty" else given
    return None if result.row == "absent" and result.exact_points == signed else f"{result!r}; absent = {treatment}"


def _label(label: object) -> object:
    return label.parts[0] if isinstance(label, messages.Words) else label


LAWS: dict[str, Law] = {
    law.name: law
    for law in (
        Law("bounds", _any_record, bounds),
        Law("monotone", _criterion_pairs, monotone),
        Law("one-row", _any_record, one_row),
        Law("locality", changes, locality),
        Law("order", _any_record, order),
        Law("scale", _any_record, scale),
        Law("continuity", _edges, continuity),
        Law("absence", _absences, absence),
        Law("grade", _any_record, grade),
        Law("many", lambda rules: st.lists(_any_record(rules), min_size=1, max_size=4), many),
        Law("json", _any_record, json_again),
        Law("provenance", _any_record, provenance),
    )
}
"""Name → law, in the order in which they are tested."""
