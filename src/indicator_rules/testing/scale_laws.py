"""Laws of scales: how points follow the measure, what is read by whom, and what becomes of what is absent; with the examples they need."""

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

from hypothesis import strategies as st

from indicator_rules import messages, spec_scales
from indicator_rules.condition import constant
from indicator_rules.errors import RecordError
from indicator_rules.evaluation import CriterionResult, Evaluation
from indicator_rules.exact import Exact, to_text
from indicator_rules.explaining.explain import Words
from indicator_rules.expression import Node, Number, Ref, replaced
from indicator_rules.plan import Criterion, EntryKind, Plan, Points, Range, Scale
from indicator_rules.probing.confirming import blamed
from indicator_rules.probing.sites import Site, formulas, sites
from indicator_rules.probing.trial import Field, Trial
from indicator_rules.rules import Rules
from indicator_rules.score import treated
from indicator_rules.stage import FIRST_ROWS
from indicator_rules.syntax import parse
from indicator_rules.testing.material import RecordData
from indicator_rules.testing.seen import REFUSED, Narrowed, Seen, evaluated, lifted
from indicator_rules.testing.strategies import sweeps


class _Run(NamedTuple):
    """A scale that runs in one direction: of a criterion, or (`kind`) of its entries."""

    criterion: str
    kind: EntryKind | None
    slot: str
    rises: bool

    @property
    def path(self) -> tuple[str, ...]:
        """Key path of the scale."""
        return ("criteria", self.criterion, "entries", self.kind) if self.kind else ("criteria", self.criterion, "scale")


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
        weight = criterion.weight.default if site.kind is None else None
        up = _is_rising(rules.ruleset.scales.get(path), site.scale, weight) if len(slots) == 1 and is_head else None
        if up is not None:
            # A penalty takes off what its scale gives; a deduction is written as what is taken off in any case.
            turned = criterion.role == "penalty" and not isinstance(rules.ruleset.scales[path], spec_scales.Deduct)
            found.append(_Run(criterion.id, site.kind, slots[0].name, up != turned))
    return found


def _is_rising(scale: spec_scales.OwnScale | None, made: Scale, weight: Exact | None) -> bool | None:
    """Whether more is better; None for a scale that does not say. `weight` is None where only the record has it."""
    if isinstance(scale, spec_scales.Proportional):
        return not any(bound.operator == "<=" for guard in made.head.row("full").guards for bound in guard)
    if isinstance(scale, spec_scales.Deduct) and scale.per != "miss":
        return scale.per in ("under", "missing")
    if isinstance(scale, spec_scales.Bands):
        fixed = [scale.bands[place].award for place in (0, -1)]
        shares = {award.share is not None for award in fixed}
        said = all(award.share is not None or award.points is not None for award in fixed)
        if said and (weight is not None or len(shares) == 1):  # points and shares compare where the weight is known
            top, low = (_fixed(made, place, 1000 if weight is None else weight) for place in (0, -1))
            return None if top is None or low is None else top >= low
    return None


def _fixed(made: Scale, place: int, weight: Exact) -> Exact | None:
    """What a row gives of a weight, where that is fixed."""
    rows = [row for row in made.head.table.rows if row.id not in FIRST_ROWS]
    award = rows[place].award
    if not isinstance(award, Points):
        return None
    return constant(replaced(award.formula, lambda node: Number(weight) if node == Ref("weight") else None))


def swept(rules: Rules) -> st.SearchStrategy[Any] | None:
    found = _runs(rules)
    return st.sampled_from(found).flatmap(lambda one: st.tuples(st.just(one), sweeps(rules, one.criterion))) if found else None


def monotone(rules: Rules, example: tuple[_Run, list[RecordData]]) -> Seen:
    one, swept = example
    points: dict[tuple[str, Exact], list[tuple[Exact, Exact, RecordData]]] = {}
    for record in swept:
        found = evaluated(rules, record)
        for name, (x, earned, weight) in _standings(found, one).items() if found is not None else ():
            points.setdefault((name, weight), []).append((x, earned, record))
    tested = False
    for (name, _), given_points in points.items():
        for (x1, p1, left), (x2, p2, right) in pairwise(sorted(given_points, key=lambda point: point[0])):
            tested = tested or x1 != x2
            if x1 != x2 and not (p1 <= p2 if one.rises else p1 >= p2):
                return Narrowed(
                    f"{_named(rules, one, name)} {to_text(x1)} → {to_text(p1)}; {to_text(x2)} → {to_text(p2)}", (left, right)
                )
    return None if tested else REFUSED


def _named(rules: Rules, one: _Run, entry: str) -> str:
    """A scale and what it measures, as a law that does not hold names them."""
    label = next(criterion.label for criterion in rules.plan.criteria if criterion.id == one.criterion)
    lang = messages.language()
    inside = " ".join([label.text(lang), f"[{one.criterion}]", *([entry] if entry else [])])
    return f"{inside}: {Words(rules.plan, lang).label(one.slot)}"


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
            made = dict(entries.scales)[one.kind]
            # Of a penalty an entry says what it takes off; the criterion has the sign.
            earned = -entry.exact_points if result.criterion.role == "penalty" else entry.exact_points
            points |= _point(entry.id, made, entry.row, entry.completion, earned, entry.exact_weight)
    return points


def _point(
    name: str, made: Scale, row: str, value: object, points: Exact, weight: Exact
) -> dict[str, tuple[Exact, Exact, Exact]]:
    if row in (*FIRST_ROWS, "out_of_force") or isinstance(made.head.row(row).award, Range):
        return {}
    return {name: (value, points, weight)} if isinstance(value, int | Fraction) else {}


def locality(rules: Rules, example: tuple[Field, RecordData, RecordData]) -> Seen:
    changed_field, one, other = example
    before, after = evaluated(rules, one), evaluated(rules, other)
    if before is None or after is None:
        return REFUSED
    readers = _readers(rules.plan, changed_field, (one, other))
    for a in before.criteria:
        b = after[a.id]
        if a.id not in readers and (a.exact_points, a.row, a.exact_weight) != (b.exact_points, b.row, b.exact_weight):
            return f"{'.'.join(changed_field.path)}: {a.code} {to_text(a.exact_points)} ≠ {b.code} {to_text(b.exact_points)}"
    return None


def _readers(plan: Plan, one: Field, records: Iterable[RecordData]) -> set[str]:
    """The criteria that read a field in one of the records, in whatever way."""
    found: set[str] = set()
    # Of a series the day is not told apart: a number counts for the days after it, too.
    path = one.path[:2] if one.path[0] == "answers" else one.path
    for trial in (Trial(plan, record) for record in records):
        rows = list(trial.rows) or [None]

        def reads(node: Node, trial: Trial = trial, rows: Iterable[str | None] = rows) -> bool:
            return any(field.path[: len(path)] == path for row in rows for field in trial.fields(node, row))

        if plan.weight_sets is not None and any(map(reads, formulas(plan.weight_sets))):
            return {criterion.id for criterion in plan.criteria}
        for criterion in plan.criteria:
            given = one.path[0] == "assessments" and one.path[2] in (criterion.id, *trial.rows)
            own_entry = "indicators" in one.path[:2] and criterion.entries is not None
            if own_entry or given or any(map(reads, _nodes(criterion))):
                found |= {criterion.id, criterion.not_applicable.criterion}
    return found


def _nodes(criterion: Criterion) -> Iterable[Node]:
    """Every formula of a criterion."""
    scales = [criterion.scale, *(scale for _, scale in (criterion.entries.scales if criterion.entries is not None else ()))]
    leaves = [leaf for scale in scales for leaf in scale.leaves] + ([criterion.applies] if criterion.applies is not None else [])
    for leaf in leaves:
        yield from formulas(leaf)
    yield from (part.weight for scale in scales for part in scale.parts if part.weight is not None)


def _continuous(rules: Rules) -> dict[str, _Run]:
    """Table → scale, for those that have no jump: proportional without a pass line, and deductions pro rata."""
    found = {}
    for one in _runs(rules):
        scale = rules.ruleset.scales[one.path]
        line = isinstance(scale, spec_scales.Proportional) and scale.pass_line is None and not scale.inverse
        line = line or (isinstance(scale, spec_scales.Deduct) and scale.partial_step == "pro-rata")
        if line and _slope(scale, 1) is not None:
            found[f"criteria.{one.criterion}" + (f".entries.{one.kind}" if one.kind else "")] = one
    return found


def _slope(scale: spec_scales.OwnScale, weight: Exact) -> Exact | None:
    """How many points one unit of the measure is worth at most; None where only the record can tell."""
    if isinstance(scale, spec_scales.Proportional):
        full, zero = constant(parse(scale.full_at)), constant(parse(scale.zero_at or "0"))
        return None if full is None or zero is None or full == zero else abs(Fraction(weight) / (Fraction(full) - zero))
    if isinstance(scale, spec_scales.Deduct):
        points, step = constant(parse(scale.points.share or scale.points.points or "")), constant(parse(scale.step))
        if points is not None and step:
            return Fraction(points) * (weight if scale.points.share is not None else 1) / step
    return None


def edges(rules: Rules) -> st.SearchStrategy[Any] | None:
    """A continuous scale, and the records on one of its cuts and beside it."""
    found, continuous = rules.survey, _continuous(rules)
    on = {(one.table, one.slot, one.cut): one for one in found.probes if one.edge == "at"}
    examples = [
        (continuous[one.table], RecordData(on[key].on(found.base)), RecordData(one.on(found.base)))
        for one in found.probes
        if one.edge in ("below", "above") and one.table in continuous and (key := (one.table, one.slot, one.cut)) in on
    ]
    return st.sampled_from(examples) if examples else None


def continuity(rules: Rules, example: tuple[_Run, RecordData, RecordData]) -> Seen:
    one, *two = example
    on, beside = (evaluated(rules, record) for record in two)
    if on is None or beside is None:
        return REFUSED
    here, there = _standings(on, one), _standings(beside, one)
    for name in here.keys() & there.keys():
        (x1, p1, weight), (x2, p2, _) = here[name], there[name]
        slope = _slope(rules.ruleset.scales[one.path], weight) or 0
        if abs(Fraction(p1) - p2) > abs(Fraction(x1) - x2) * slope + lifted(rules.plan, "points", "entry_points"):
            return f"{_named(rules, one, name)} {to_text(x1)} → {to_text(p1)}; {to_text(x2)} → {to_text(p2)}"
    return None if here else REFUSED


def absences(rules: Rules) -> st.SearchStrategy[Any] | None:
    found = rules.survey
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
        own = Site(f"criteria.{name}", criterion.scale.head, criterion, criterion.scale)
        return None if blamed(error, own) == (treatment.kind == "error") else f"{name}: absent = {treatment}; {error}"
    given = treated(treatment, result.exact_weight)
    if given is not None and rules.plan.rounding.points is not None:
        given = rules.plan.rounding.points(given)
    if result.row == "out_of_force":
        return REFUSED
    signed = -given if given is not None and criterion.role == "penalty" else given
    return None if result.row == "absent" and result.exact_points == signed else f"{result!r}; absent = {treatment}"
