"""How far the totals of two rulesets can lie apart for one record.

In: two plans. Out: a span that holds new total − old total for every record that says nothing about what is not applicable and in which weights are those that the
ruleset gives (entries' weights add up to their criterion's); None where that cannot be said (groups that are combined in another way than by sum, adjustments). Criteria that mean
the same differ by nothing; those with tables over the same measures are compared region by region, exactly where their awards are linear; any others may be
anything they can reach. What a ruleset itself can call not applicable scales the difference up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy

from indicator_rules import interval
from indicator_rules.errors import RecordError
from indicator_rules.evaluate import Evaluator
from indicator_rules.exact import Exact, Rounding, add, add_all, divide, multiply
from indicator_rules.expression import Arithmetic, Negative, Node, Number, Ref
from indicator_rules.interval import Span
from indicator_rules.lower import WEIGHT
from indicator_rules.meaning import Meaning, same_meaning
from indicator_rules.partial.any_record import AnyRecord
from indicator_rules.partial.partial import Partial
from indicator_rules.partial.possible import Possible, possible
from indicator_rules.partial.regions import Region, Regions, TooManyRegions
from indicator_rules.plan import Award, Criterion, EntryKind, Plan, Points, Scale, Treatment
from indicator_rules.proving.curve import in_shares
from indicator_rules.stage import NONE
from indicator_rules.time_limit import check_time

NOTHING = Span.point(0)


def difference(old: Evaluator, new: Evaluator) -> Span | None:
    """New total − old total, before the total is rounded."""
    same = same_meaning(old.plan, new.plan).criteria
    if not (_adds_up(old.plan) and _adds_up(new.plan)) or old.plan.total_at_most != new.plan.total_at_most:
        return None
    factor = _scaled_up(old.plan, new.plan, same)
    if factor is None:
        return None
    pair = _Pair(old, new)
    before = {criterion.id: criterion for criterion in old.plan.criteria}
    after = {criterion.id: criterion for criterion in new.plan.criteria}
    total = NOTHING
    try:
        for name in {**before, **after}:
            if not same.get(name):
                # Taken off by hand, or not applicable in both: that can only bring the two nearer to each other.
                total = interval.plus(total, interval.hull([NOTHING, pair.of(before.get(name), after.get(name))]))
    except RecordError:  # more ways than can be looked through
        return None
    return interval.times(total, factor)


def _adds_up(plan: Plan) -> bool:
    plain = all(group.combine == "sum" and group.weight is None and not group.rescale for group in plan.groups)
    return plain and not plan.adjustments and plan.rounding.group is None and plan.weight_sets is None


def _scaled_up(old: Plan, new: Plan, same: Mapping[str, bool]) -> Span | None:
    """What a difference of points is multiplied by where criteria that both rulesets can call not applicable leave the sum; None where the two may differ in that."""
    conditional = [{one.id: one for one in plan.criteria if one.applies is not None} for plan in (old, new)]
    if not any(conditional):
        return Span.point(1)
    weights = [add_all([one.weight.default for one in plan.criteria if one.role == "score"]) for plan in (old, new)]
    moved = any(one.not_applicable.kind == "move_to" for plan in (old, new) for one in plan.criteria)
    if weights[0] != weights[1] or moved or any(not same.get(name) for name in {**conditional[0], **conditional[1]}):
        return None
    leaving = [
        one.weight.default for one in conditional[1].values() if one.role == "score" and one.not_applicable.kind == "rescale"
    ]
    left = add(weights[1], -add_all(leaving))
    return Span(1, divide(weights[1], left)) if left > 0 else None


class _Pair:
    """Two plans, and all that a record of both can be."""

    def __init__(self, old: Evaluator, new: Evaluator) -> None:
        self.old, self.new = Partial(old), Partial(new)
        self.meanings = Meaning(old.plan, {}), Meaning(new.plan, {})
        self.outlooks: tuple[AnyRecord, AnyRecord] = AnyRecord(old.plan), AnyRecord(new.plan)

    def inside(self, kind: EntryKind | None) -> _Pair:
        """The same, inside an entry of a kind."""
        if kind is None:
            return self
        other = copy(self)
        other.outlooks = self.outlooks[0].inside(kind), self.outlooks[1].inside(kind)
        return other

    def of(self, old: Criterion | None, new: Criterion | None) -> Span:
        """New points − old points of one criterion."""
        if old is not None and new is not None and old.role == new.role:
            scales = _scales(old, new) if self.weighed_alike(old, new) else None
            if scales is not None:
                found = [
                    self.inside(kind).tables(one, other, old.weight.default, new.weight.default) for kind, one, other in scales
                ]
                if all(one is not None for one in found):
                    span = interval.hull([one for one in found if one is not None])
                    span = rounded_apart(span, self.old.plan.rounding.points, self.new.plan.rounding.points)
                    return interval.negative(span) if old.role == "penalty" else span
        return interval.minus(self.reach(self.new, 1, new), self.reach(self.old, 0, old))

    def reach(self, partial: Partial, side: int, criterion: Criterion | None) -> Span:
        """All points that a criterion can get; one that is not there gets none."""
        if criterion is None:
            return NOTHING
        ready = next(one for one in partial.criteria if one.criterion.id == criterion.id)
        scenarios = partial.scenarios(self.outlooks[side])
        spans = [ready.result(scenario)[1].span for scenario in scenarios]
        return interval.hull([NOTHING, *(span for span in spans if span is not None)])

    def weighed_alike(self, old: Criterion, new: Criterion) -> bool:
        """Whether entries, if that is what is scored, take the same parts of the weight, and no more than all of it, unrounded."""
        if old.entries is None or new.entries is None:
            return True
        stages = [(plan.rounding.entry_weight, plan.rounding.entry_points) for plan in (self.old.plan, self.new.plan)]
        rounded_weights = stages[0][0] is not None and old.entries.combine == "sum"
        return stages == [(stages[0][0], None)] * 2 and not rounded_weights

    def tables(self, old: Scale, new: Scale, old_weight: Exact, new_weight: Exact) -> Span | None:
        """Two scales of one table each, region by region; None where they cannot be compared so."""
        if old.parts or new.parts or old.absent != new.absent:
            return None
        before, after = self.outlooks
        spans: list[Span] = []
        try:
            for region in Regions(old.head)(before.weighing(Span.point(old_weight))):
                taken = {self.meanings[0].formula(node): value for node, value in region.given.items()}
                narrowed = after.weighing(Span.point(new_weight)).narrowed(self.carried(new, taken))
                for other in Regions(new.head)(narrowed):
                    spans += self.region(old, region, old_weight, new, other, new_weight)
        except (TooManyRegions, _NotTold):
            return None
        return interval.hull(spans) if spans else None

    def carried(self, new: Scale, taken: Mapping[Node, Possible]) -> dict[Node, Possible]:
        """What is known of the old slots, said of the new ones that mean the same."""
        nodes = [slot.formula for slot in new.head.slots if not slot.is_flag]
        return {node: taken[meant] for node in nodes if (meant := self.meanings[1].formula(node)) in taken}

    def region(
        self, old: Scale, region: Region, old_weight: Exact, new: Scale, other: Region, new_weight: Exact
    ) -> Iterator[Span]:
        """New award − old award in one region of both."""
        check_time()
        awards = _award(old, region), _award(new, other)
        if awards == (None, None):
            return
        if isinstance(awards[0], Treatment) and awards[0] == awards[1] and old_weight == new_weight:
            yield NOTHING
            return
        if not all(isinstance(award, Points) for award in awards):
            raise _NotTold
        one, two = (award.formula for award in awards if isinstance(award, Points))
        for node in [node for node, value in other.given.items() if value.span is not None]:
            twin = next((mine for mine in region.given if self.meanings[0].formula(mine) == self.meanings[1].formula(node)), None)
            lines = None if twin is None else linear(one, twin, old_weight), linear(two, node, new_weight)
            unclamped = self.unclamped(0, one, region, old_weight) and self.unclamped(1, two, other, new_weight)
            if lines[0] is not None and lines[1] is not None and unclamped:
                (slope, start), (new_slope, new_start) = lines[0], lines[1]
                x = other.given[node].span
                yield interval.plus(
                    interval.times(Span.point(add(new_slope, -slope)), x or NOTHING), Span.point(add(new_start, -start))
                )
                return
        yield interval.minus(
            self.points(1, new, two, other, new_weight),
            self.points(0, old, one, region, old_weight),
        )

    def unclamped(self, side: int, formula: Node, region: Region, weight: Exact) -> bool:
        """Whether an award needs no clamp."""
        found = possible(formula, self.outlooks[side].weighing(Span.point(weight)).narrowed(region.given)).span
        return found is not None and found.low is not None and found.low >= 0 and found.high is not None and found.high <= weight

    def points(self, side: int, scale: Scale, formula: Node, region: Region, weight: Exact) -> Span:
        """What an award can give in a region, clamped."""
        found = possible(formula, self.outlooks[side].weighing(Span.point(weight)).narrowed(region.given))
        if found.span is None or (found.absent and scale.absent.kind != "error"):
            raise _NotTold
        return interval.smallest([interval.largest([found.span, NOTHING]), Span.point(weight)])


class _NotTold(Exception):
    """An award that tables alone do not decide."""


def _award(scale: Scale, region: Region) -> Award | None:
    """The award of the row chosen, or what is done where there is none; None where no record is scored by the table."""
    award = None if region.row == NONE else scale.head.table.rows[region.row].award
    if award is None or isinstance(award, Treatment):
        return None if scale.absent.kind == "error" else scale.absent
    return award


def _scales(old: Criterion, new: Criterion) -> list[tuple[EntryKind | None, Scale, Scale]] | None:
    """The tables to be compared, and the kinds of entry that they are for; None where more than tables has changed."""
    if old.applies is not None or new.applies is not None:
        return None
    if old.entries is None and new.entries is None:
        return [(None, old.scale, new.scale)]
    if old.entries is None or new.entries is None or old.weight != new.weight:
        return None
    alike = ("categories", "weights", "without_weights", "per_goal", "absent", "completion")
    if any(getattr(old.entries, name) != getattr(new.entries, name) for name in alike):
        return None
    if {old.entries.combine, new.entries.combine} - {"sum", "weighted", "mean"} or old.entries.combine != new.entries.combine:
        return None
    before, after = dict(old.entries.scales), dict(new.entries.scales)
    if set(before) != set(after) or not all(_by_share(scale) for scale in (*before.values(), *after.values())):
        return None
    return [(kind, before[kind], after[kind]) for kind in before]


def _by_share(scale: Scale) -> bool:
    """Whether every award of an entry is a share of its weight, so that differences of entries add up to at most that of one with the whole weight."""
    return not scale.parts and in_shares(scale)


def linear(node: Node, x: Node, weight: Exact) -> tuple[Exact, Exact] | None:
    """Slope and start of a formula that is linear in `x` and reads nothing else but the weight; None for any other."""
    if node == x:
        return 1, 0
    match node:
        case Number():
            return 0, node.value
        case Ref():
            return (0, weight) if node == WEIGHT else None
        case Negative():
            inner = linear(node.operand, x, weight)
            return None if inner is None else (-inner[0], -inner[1])
        case Arithmetic():
            left, right = linear(node.left, x, weight), linear(node.right, x, weight)
            return None if left is None or right is None else _together(node.sign, left, right)
    return None


def _together(sign: str, left: tuple[Exact, Exact], right: tuple[Exact, Exact]) -> tuple[Exact, Exact] | None:
    if sign in "+-":
        turn = 1 if sign == "+" else -1
        return add(left[0], turn * right[0]), add(left[1], turn * right[1])
    if sign == "/":
        if right[0] != 0 or right[1] == 0:
            return None
        right, sign = (0, divide(1, right[1])), "*"
    if left[0] != 0 and right[0] != 0:
        return None
    factor, line = (left[1], right) if left[0] == 0 else (right[1], left)
    return multiply(line[0], factor), multiply(line[1], factor)


def rounded_apart(span: Span, old: Rounding | None, new: Rounding | None) -> Span:
    """How far two numbers can lie apart that lay apart by `span` before they were rounded: a step further, but the same rounding never turns
    their order round."""
    steps = [divide(1, 10**rounding.digits) for rounding in (old, new) if rounding is not None]
    if not steps or (span.is_point and span.low == 0 and old == new):
        return span
    wider = interval.plus(span, Span(-max(steps), max(steps)))
    if old != new:
        return interval.plus(wider, Span(-min(steps), min(steps)))
    if span.low is not None and span.low >= 0:
        wider = interval.common(wider, Span(0)) or wider
    if span.high is not None and span.high <= 0:
        wider = interval.common(wider, Span(None, 0)) or wider
    return wider
