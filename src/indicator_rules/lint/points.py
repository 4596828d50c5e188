"""Lint of points: full marks that nobody can get, awards that only the limits of the weight hold back, full marks for nothing, grades out of reach.

In: a linked ruleset and its plan. Out: findings. What can be reached is worked out over all records (`reach`), never too narrow, so what is said to be
out of reach is; that an award goes past its weight is said only with values for which it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from indicator_rules import interval
from indicator_rules.errors import Problem
from indicator_rules.exact import Exact, to_percent, to_text
from indicator_rules.expression import Aggregate, Call, Node, Number, Ref
from indicator_rules.interval import Span
from indicator_rules.lint.uses import Use, rows_key, uses
from indicator_rules.lint.words import Example, Formula, odd, samples
from indicator_rules.lower import WEIGHT
from indicator_rules.messages import Phrase
from indicator_rules.partial.any_record import AnyRecord
from indicator_rules.partial.outlook import RecordOutlook
from indicator_rules.partial.possible import NOTHING, Possible, possible
from indicator_rules.partial.reach import Picks, ScaleReach
from indicator_rules.partial.regions import Region, Regions, TooManyRegions
from indicator_rules.plan import Criterion, Plan, Points, Range, Scale, Treatment
from indicator_rules.ruleset import Ruleset
from indicator_rules.scale_checks import with_fixed_weight
from indicator_rules.spec_scales import Bands, FirstMatch, Parts
from indicator_rules.stage import FIRST_ROWS, NONE

ANYTHING = Picks((), open=True)
REFUSED = Treatment("error")
NOT_THERE = Possible(words=frozenset({False}))


def points(ruleset: Ruleset, plan: Plan) -> Iterator[Problem]:
    """Of all criteria, and the grades."""
    outlook = AnyRecord(plan)
    fixed = {name for name, _, _ in with_fixed_weight(ruleset.spec)}
    best: dict[str, Span] = {}
    for use in uses(ruleset, plan):
        inside = outlook if use.kind is None else outlook.inside(use.kind)
        weight = _weight(use, fixed)
        if weight is None:
            continue
        if "parts" not in use.path:
            found = _reached(use, inside, weight, known=use.kind is None and use.criterion.id in fixed)
            if found is not None:
                if use.kind is None and use.criterion.id in fixed:
                    best[use.criterion.id] = found
                yield from _short(use, found, weight)
        yield from _beyond(use, inside, weight)
        yield from _full_for_nothing(use, inside, weight)
    yield from _treatments(ruleset)
    yield from _grades(ruleset, plan, outlook, best)


def _weight(use: Use, fixed: set[str]) -> Exact | None:
    """A weight to try a scale with: the criterion's, where it is one number; 1, where all awards are shares of whatever it is."""
    inner = "parts" in use.path
    if use.kind is None and use.criterion.id in fixed and not inner:
        return use.criterion.weight.default or None
    return 1 if _is_by_share(use.scale) else None


def _is_by_share(scale: Scale) -> bool:
    """Whether every award is a share of the weight, or nothing."""
    nodes: list[Node] = []
    for row in scale.head.table.rows:
        if isinstance(row.award, Points):
            nodes.append(row.award.formula)
        elif isinstance(row.award, Range):
            nodes += [row.award.low, row.award.high]
    shares = all(node == Number(0) or any(part == WEIGHT for part in node.walk()) for node in nodes)
    return shares and all(_is_by_share(part.scale) for part in scale.parts)


def _reached(use: Use, outlook: AnyRecord, weight: Exact, *, known: bool) -> Span | None:
    """The points that a scale can come to, rounded as they are. Where the weight is not `known`, neither is what rounding makes of a share of it."""
    found = ScaleReach(use.scale).reach(outlook, weight, ANYTHING, REFUSED).span
    stages = outlook.plan.rounding
    rounding = stages.points if use.kind is None else stages.entry_points
    if found is None or rounding is None:
        return found
    return interval.rounded(found, rounding) if known else None


def _short(use: Use, found: Span, weight: Exact) -> Iterator[Problem]:
    """Full marks out of reach; a penalty need not be taken in full."""
    if (
        use.criterion.role == "penalty"
        or found.high is None
        or found.high > weight
        or (found.high == weight and not found.high_open)
    ):
        return
    shown = to_text(found.high) if use.kind is None and weight != 1 else to_percent(found.high)
    code = "lint-full-marks-not-held" if found.high == weight else "lint-full-marks-unreachable"
    yield odd(code, use.at, best=shown, weight=to_text(weight) if use.kind is None and weight != 1 else "100%")


# --------------------------------------------------------------------------------------------------------- past the weight


def _beyond(use: Use, outlook: AnyRecord, weight: Exact) -> Iterator[Problem]:
    """Rows written out whose formula gives more than the weight, or less than nothing."""
    if not isinstance(use.own, FirstMatch | Bands):
        return
    weighed = outlook.weighing(Span.point(weight))
    waiting = {
        row.id: row.award.formula for row in use.scale.head.table.rows if isinstance(row.award, Points) and _reads(row.award)
    }
    for region in _regions(use.scale, weighed) if waiting else ():
        row = use.scale.head.table.rows[region.row].id
        if row not in waiting:
            continue
        for given in samples({**_read(waiting[row], weighed), **region.given}):
            found = possible(waiting[row], weighed.narrowed(given)).span
            if found is not None and found.is_point and found.low is not None and not 0 <= found.low <= weight:
                place = (*use.at, rows_key(use.own), int(row.rpartition("_")[2]) - 1, "award")
                example = Example(outlook.plan, given)
                yield odd("lint-beyond-weight", place, "info", example=example, points=to_text(found.low), weight=to_text(weight))
                del waiting[row]
                break


def _reads(award: Points) -> bool:
    """Whether an award depends on the record."""
    return any(isinstance(part, Ref) and part != WEIGHT for part in award.formula.walk())


def _read(formula: Node, outlook: RecordOutlook) -> dict[Node, Possible]:
    """What the names in a formula can be, the weight aside."""
    of_others = {inner for part in formula.walk() if isinstance(part, Aggregate) for inner in part.walk()}
    names = [part for part in formula.walk() if isinstance(part, Ref) and part != WEIGHT and part not in of_others]
    return {name: found for name in names if (found := possible(name, outlook)).spans}


def _regions(scale: Scale, outlook: RecordOutlook) -> Iterator[Region]:
    """The regions in which a row of the scale's own is chosen; none of a table that has too many."""
    try:
        for region in Regions(scale.head)(outlook):
            if region.row != NONE and scale.head.table.rows[region.row].id not in FIRST_ROWS:
                yield region
    except TooManyRegions:
        return


# ------------------------------------------------------------------------------------------------------ full for nothing


def _full_for_nothing(use: Use, outlook: AnyRecord, weight: Exact) -> Iterator[Problem]:
    """A row that gives full marks when nothing is known at all."""
    asked = [slot.formula for slot in use.scale.head.slots if not slot.is_flag]
    if not isinstance(use.own, FirstMatch) or not asked:
        return
    nothing = outlook.narrowed({node: NOT_THERE if _asks_presence(node) else NOTHING for node in asked})
    for region in _regions(use.scale, nothing):
        row = use.scale.head.table.rows[region.row]
        if isinstance(row.award, Points):
            found = possible(row.award.formula, outlook.weighing(Span.point(weight))).span
            if found is not None and found.low is not None and found.low >= weight:
                yield odd("lint-absent-full", (*use.at, "rows", int(row.id.rpartition("_")[2]) - 1), "info")


def _asks_presence(node: Node) -> bool:
    return isinstance(node, Call) and node.function == "present"


def _treatments(ruleset: Ruleset) -> Iterator[Problem]:
    """`absent = "full"`, or as many points as the weight."""
    for name, criterion in ruleset.spec.criteria.items():
        for key in ("absent", "entry_absent"):
            given = getattr(criterion, key)
            full = given == "full" or (isinstance(given, Decimal) and key == "absent" and given >= criterion.weight.default)
            if full and criterion.role == "score":
                yield odd("lint-absent-full", ("criteria", name, key), "info")
        if isinstance(criterion.scale, Parts):
            for place, part in enumerate(criterion.scale.parts):
                if part.absent == "full":
                    yield odd("lint-absent-full", ("criteria", name, "scale", "parts", place, "absent"), "info")


# ------------------------------------------------------------------------------------------------------------------ grades


def _grades(ruleset: Ruleset, plan: Plan, outlook: AnyRecord, best: Mapping[str, Span]) -> Iterator[Problem]:
    """Grades that no record has: none of the totals (or of what `grade_by` gives) lies there."""
    by = ruleset.formulas.get(("ruleset", "grade_by"))
    if by is None:
        total = _totals(plan, best, outlook)
        if plan.grade_on == "rounded" and plan.rounding.total is not None:
            total = interval.rounded(total, plan.rounding.total)
        what: object = Phrase("lint.total")
        shown = total
    else:
        total = interval.ALL
        what, span = Formula(plan, by.node), possible(by.node, outlook).span
        if span is None:
            return
        shown = span
    given = {region.row for region in Regions(plan.grades)(outlook.totalling(total))}
    lowered = any(adjustment.effect in ("veto", "grade_at_most", "grade_down") for adjustment in plan.adjustments)
    for row in plan.grades.table.rows:
        if row.id in FIRST_ROWS or plan.grades.table.rows.index(row) in given:
            continue
        place = int(row.id.rpartition("_")[2]) - 1
        if place == 0 or not lowered:
            label = plan.grade_labels[place]
            yield odd("lint-grade-unreachable", ("grades", place), label=label, what=what, span=shown)


def _totals(plan: Plan, best: Mapping[str, Span], outlook: AnyRecord) -> Span:
    """From 0 to the most that a record can have when every criterion applies; no end where the record decides about weights."""
    if any(criterion.weight.from_record for criterion in plan.criteria):
        return interval.NOT_NEGATIVE
    if any(adjustment.effect == "total_at_least" for adjustment in plan.adjustments):
        return interval.NOT_NEGATIVE
    plain = not plan.weights and all(group.weight is None and group.combine == "sum" for group in plan.groups)
    scored = [criterion for criterion in plan.criteria if criterion.role == "score"]
    total = Span.point(0)
    for span in [_most(criterion, best) for criterion in scored] if plain else [Span(0, plan.full_score)]:
        total = interval.plus(total, span)
    for criterion in plan.criteria:
        if criterion.role == "bonus":
            total = interval.plus(total, Span(0, criterion.weight.default))
    for adjustment in plan.adjustments:
        if adjustment.effect == "bonus" and adjustment.points is not None:
            more = possible(adjustment.points, outlook).span
            if more is None or more.high is None:
                return interval.NOT_NEGATIVE
            total = interval.plus(total, Span(0, max(0, more.high)))
    if plan.total_at_most is not None and total.high is not None and total.high > plan.total_at_most:
        total = Span(0, plan.total_at_most)
    return Span(0, total.high, high_open=total.high_open)


def _most(criterion: Criterion, best: Mapping[str, Span]) -> Span:
    """What a scored criterion can give at most; its weight, where that was not worked out, or data that is missing gives points."""
    found = best.get(criterion.id)
    known = criterion.entries is None and found is not None and criterion.scale.absent.kind in ("error", "zero")
    if known and found is not None and found.high is not None and criterion.not_applicable.kind in ("rescale", "zero"):
        return Span(0, found.high, high_open=found.high_open)
    return Span(0, criterion.weight.default)
