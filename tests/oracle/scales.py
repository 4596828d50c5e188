"""Section 6 of docs/semantics.md: what a scale gives. Every scale is a function to an `Outcome`, or None for absent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor

from indicator_rules import expression as ast
from indicator_rules.record_parts import Rating
from indicator_rules.spec import Spec
from indicator_rules.spec_fields import Amount, Award
from indicator_rules.spec_scales import (
    Band,
    Bands,
    Checklist,
    Deduct,
    Discretionary,
    FirstMatch,
    Item,
    Levels,
    OwnScale,
    Part,
    Parts,
    Proportional,
    Shared,
)
from oracle.combining import clamped, combined, treated
from oracle.completion import mean, same_text
from oracle.rounding import rounded
from oracle.values import Place, Value, all_of, number, number_of, parse, truth_of, value_of


@dataclass(frozen=True)
class Outcome:
    row: str
    points: Fraction


class ProblemError(Exception):
    """ "a problem of the record": the thing being scored has no points at all."""


@dataclass(frozen=True)
class Scored:
    """What a scale is applied to: a criterion or an entry."""

    place: Place
    weight: Fraction
    """w, the weight in force"""
    value: Value
    """x, the measure"""
    key: str
    """Where its assessment is: `criteria.x` or `indicators.x`"""
    penalty: bool = False
    has_measure: bool = False
    in_parts: bool = False
    """Whether it is a part, which reads "its own scale and measure" and nothing that a person gave."""

    @property
    def measure(self) -> Fraction | None:
        return number(self.value)

    @property
    def ratings(self) -> tuple[Rating, ...]:
        kind, _, name = self.key.partition(".")
        return tuple(getattr(self.place.world.record.assessments, kind).get(name, ()))


def apply(scale: OwnScale, scored: Scored) -> Outcome | None:
    """ "The result of one scale is clamped to [0, w]." """
    outcome = unclamped(scale, scored)
    return None if outcome is None else replace(outcome, points=clamped(outcome.points, scored.weight))


def own_scale(scale: OwnScale | Shared, spec: Spec) -> OwnScale:
    """The scale itself, where one is used by its name."""
    if isinstance(scale, Shared):
        scale = spec.scales[scale.use]
        assert not isinstance(scale, Shared)
    return scale


def unclamped(scale: OwnScale, scored: Scored) -> Outcome | None:
    match scale:
        case Proportional():
            return proportional(scale, scored)
        case Bands():
            return bands(scale, scored)
        case Deduct():
            return miss(scale, scored) if scale.per == "miss" else deduct(scale, scored)
        case Checklist():
            return checklist(scale, scored)
        case Levels():
            return levels(scale, scored)
        case FirstMatch():
            return first_match(scale, scored)
        case Discretionary():
            return awarded("assessed", scale.award, scored)
        case Parts():
            return composite(scale, scored)
    raise AssertionError(f"no such scale: {scale!r}")


# ----------------------------------------------------------------------------------------------------------------- awards


def awarded(row: str, award: Award, scored: Scored) -> Outcome | None:
    points = picked(award, scored) if award.is_range else fixed(award, scored)
    return None if points is None else Outcome(row, points)


def fixed(award: Award | Amount, scored: Scored) -> Fraction | None:
    """ "A share s means s × w points." "In an award, `weight` is the weight in force." """
    place = replace(scored.place, weight=scored.weight)
    if award.points is not None:
        return number_of(award.points, place)
    assert award.share is not None
    share = number_of(award.share, place)
    return None if share is None else share * scored.weight


def picked(award: Award, scored: Scored) -> Fraction | None:
    """ "the points come from the assessment (share × w, or points; several raters: the mean by their weights). None given: absent. Outside
    the range: a problem of the record." """
    picks = [pick for pick in (points_of(rating, scored) for rating in scored.ratings) if pick is not None]
    if not picks or len(picks) < len(scored.ratings):
        return None
    if scored.weight == 0:
        return Fraction(0)  # "where w is 0, any pick is 0 points"
    points = mean(picks, scored.ratings)
    inside = within(award, points, scored)
    if inside is False:
        raise ProblemError(scored.key)
    return points if inside else None


def points_of(rating: Rating, scored: Scored) -> Fraction | None:
    if rating.points is not None:
        return Fraction(rating.points)
    return None if rating.share is None else Fraction(rating.share) * scored.weight


def within(award: Award, points: Fraction, scored: Scored) -> bool | None:
    held: list[bool | None] = []
    for end in ("at_least", "above", "at_most", "below"):
        limit: Amount | None = getattr(award, end)
        if limit is not None:
            bound = fixed(limit, scored)
            tests = None if bound is None else {"at_least": points >= bound, "above": points > bound, "at_most": points <= bound}
            held.append(None if tests is None or bound is None else tests.get(end, points < bound))
    return all_of(held)


# ---------------------------------------------------------------------------------------------------- scales of a number


def constant(formula: str, place: Place) -> Fraction | None:
    """The number, if the formula reads nothing."""
    node = parse(formula)
    if any(isinstance(part, ast.Name | ast.Aggregate) for part in node.walk()):
        return None
    return number_of(formula, place)


def proportional(scale: Proportional, scored: Scored) -> Outcome | None:
    """ "f = `full_at`, z = `zero_at` (default 0), p = `pass_line`. Lower is better if `inverse`, or if f and z are constants and f < z." """
    x, place, w = scored.measure, scored.place, scored.weight
    zero_at = "0" if scale.zero_at is None else scale.zero_at
    fixed_f, fixed_z = constant(scale.full_at, place), constant(zero_at, place)
    falling = scale.inverse or (fixed_f is not None and fixed_z is not None and fixed_f < fixed_z)
    # "Lower is better: every sign turned round."
    sign = -1 if falling else 1
    f = number_of(scale.full_at, place)
    if x is None or f is None:
        return None
    if sign * x >= sign * f:
        return Outcome("full", w)
    if scale.pass_line is not None:
        p = number_of(scale.pass_line, place)
        if p is None:
            return None
        if sign * x < sign * p:
            return Outcome("below_pass", Fraction(0))
    if scale.inverse:
        return None if x == 0 else Outcome("part", w * f / x)
    z = number_of(zero_at, place)
    if z is None:
        return None
    if sign * x <= sign * z:
        return Outcome("zero", Fraction(0))
    return None if f == z else Outcome("part", w * (x - z) / (f - z))


def bands(scale: Bands, scored: Scored) -> Outcome | None:
    """ "`band_1` … from the top: the first whose cut holds (`at_least`: x ≥ cut, `above`: x > cut), the last always." """
    x, upper = scored.measure, None
    if x is None:
        return None
    for place, band in enumerate(scale.bands, 1):
        text = band.at_least if band.at_least is not None else band.above
        if text is None:
            return awarded(f"band_{place}", band.award, scored)
        cut = number_of(text, scored.place)
        if cut is None:
            return None
        if x > cut or (band.at_least is not None and x == cut):
            if band.award.from_ is None:
                return awarded(f"band_{place}", band.award, scored)
            assert upper is not None
            points = line(band, x, cut, upper, scored)
            return None if points is None else Outcome(f"band_{place}", points)
        upper = cut
    return None


def line(band: Band, x: Fraction, cut: Fraction, upper: Fraction, scored: Scored) -> Fraction | None:
    """ "from + (to − from)(x − cut) ÷ (upper cut − cut)" """
    assert band.award.from_ is not None
    assert band.award.to is not None
    low, high = fixed(band.award.from_, scored), fixed(band.award.to, scored)
    if low is None or high is None or upper == cut:
        return None
    return low + (high - low) * (x - cut) / (upper - cut)


def deduct(scale: Deduct, scored: Scored) -> Outcome | None:
    """ "d = x − at (`over`, `occurrence`, `period`; `at` is 0 for the last two if not given) or at − x (`under`, `missing`)." """
    x, at = scored.measure, Fraction(0) if scale.at is None else number_of(scale.at, scored.place)
    if x is None or at is None:
        return None
    d = at - x if scale.per in ("under", "missing") else x - at
    if d <= 0:
        return Outcome("none", Fraction(0) if scored.penalty else scored.weight)
    step, each = number_of(scale.step, scored.place), fixed(scale.points, scored)
    if step is None or step == 0 or each is None:
        return None
    return taken_off(each * steps(scale, d / step), scale, scored)


def steps(scale: Deduct, count: Fraction) -> Fraction:
    """ "rounded down (`partial_step = "none"`), up (`whole`) or not (`pro-rata`); `missing`, `occurrence` and `period` without: up" """
    if scale.partial_step == "pro-rata":
        return count
    return Fraction(floor(count) if scale.partial_step == "none" else ceil(count))


def taken_off(deduction: Fraction, scale: Deduct, scored: Scored) -> Outcome | None:
    """ "w − min(`at_most`, …)"; "In a criterion of role `penalty` the result is the deduction itself"."""
    if scale.at_most is not None:
        most = fixed(scale.at_most, scored)
        if most is None:
            return None
        deduction = min(most, deduction)
    return Outcome("deducted", deduction if scored.penalty else scored.weight - deduction)


def miss(scale: Deduct, scored: Scored) -> Outcome | None:
    """ "`miss`: `deducted` when `when` is true → w − points; `none` when false; unknown: absent." """
    assert scale.when is not None
    held = truth_of(scale.when, scored.place)
    if held is None:
        return None
    if not held:
        return Outcome("none", Fraction(0) if scored.penalty else scored.weight)
    points = fixed(scale.points, scored)
    return None if points is None else taken_off(points, scale, scored)


# ------------------------------------------------------------------------------------------------- scales of other things


def checklist(scale: Checklist, scored: Scored) -> Outcome | None:
    """ "An item is met if its `when` and that of every `gate` item before it are true. `additive`: Σ awards of met items. `subtractive`: w −
    Σ awards of items not met. An item that is unknown: the criterion is absent,
    or with `unknown = "unmet"` the item is not met." """
    gates: list[bool | None] = []
    counted: list[Fraction | None] = []
    for item in scale.items:
        own = truth_of(item.when, scored.place)
        met = all_of([*gates, own])
        if item.gate:
            gates.append(own)
        if met is None and scale.unknown == "absent":
            return None
        if bool(met) == (scale.mode == "additive"):
            counted.append(item_award(item, scale, scored))
    awards = [award for award in counted if award is not None]
    if len(awards) < len(counted):
        return None
    points = sum(awards, Fraction(0))
    return Outcome("checklist", points if scale.mode == "additive" else scored.weight - points)


def item_award(item: Item, scale: Checklist, scored: Scored) -> Fraction | None:
    """ "an item without award is worth w ÷ n" """
    return scored.weight / len(scale.items) if item.award is None else fixed(item.award, scored)


def levels(scale: Levels, scored: Scored) -> Outcome | None:
    """ "the row `level_n` whose label equals the value (a choice). … A label that the scale does not have: a problem of the record." """
    label = level_of(scale, scored)
    if label is None:
        return None
    for place, level in enumerate(scale.levels, 1):
        if level.label.zh == label:
            return awarded(f"level_{place}", level.award, scored)
    raise ProblemError(scored.key)


def level_of(scale: Levels, scored: Scored) -> str | None:
    """ "For an entry: its `level`, else the `level` of its assessment, else, where section 5 makes the equal text 1 and there is no
    assessment share or points, the top level. For a criterion without measure: the `level` of its assessment." """
    entry = scored.place.entry
    if isinstance(scored.value, str):
        return scored.value
    if scored.in_parts:
        return None
    if entry is not None and entry.level is not None:
        return entry.level
    if scored.has_measure and entry is None:
        return None
    assessed = {rating.level for rating in scored.ratings}
    if len(assessed) == 1 and None not in assessed:
        return assessed.pop()
    table = scored.place.completion or scored.place.world.spec.completion
    return scale.levels[0].label.zh if entry is not None and not assessed and same_text(entry, table) else None


def first_match(scale: FirstMatch, scored: Scored) -> Outcome | None:
    """ "`row_n`: the first whose `when` is true; an unknown one above it: absent; none true: absent." """
    for place, row in enumerate(scale.rows, 1):
        held = True if row.when is None else truth_of(row.when, scored.place)
        if held is None:
            return None
        if held:
            return awarded(f"row_{place}", row.award, scored)
    return None


# ------------------------------------------------------------------------------------------------------------- composites


def composite(scale: Parts, scored: Scored) -> Outcome | None:
    """ "one row `parts`. … absent: its own `absent` as in section 8 (`error`: the whole is absent). Then combined (section 4) into w."
    Every part is scored, also after one that makes the whole absent: it may be a problem of the record."""
    results: list[tuple[Fraction, Fraction] | None] = []
    for part in scale.parts:
        weight = part_weight(part, scale, scored)
        results.append(None if weight is None else part_result(part, weight, scored))
    known = [result for result in results if result is not None]
    points = combined(scale.combine, known, scored.weight) if len(known) == len(results) else None
    return None if points is None else Outcome("parts", points)


def part_weight(part: Part, scale: Parts, scored: Scored) -> Fraction | None:
    """ "A part's weight is what `weight` says (a share of w, or points; none has one: w ÷ number of parts)." """
    return scored.weight / len(scale.parts) if part.weight is None else fixed(part.weight, scored)


def part_result(part: Part, weight: Fraction, scored: Scored) -> tuple[Fraction, Fraction] | None:
    """ "It is scored with its own scale and measure and clamped to [0, its weight]" """
    inner = replace(scored, weight=weight, value=part_value(part, scored), in_parts=True)
    outcome = apply(own_scale(part.scale, scored.place.world.spec), inner)
    if outcome is not None:
        return outcome.points, weight
    return None if part.absent == "error" else (treated(part.absent, weight), weight)


def part_value(part: Part, scored: Scored) -> Value:
    """ "measure (rounded as in section 3; for an entry without one, `completion`)" """
    if part.measure is None:
        return None if scored.place.entry is None else value_of("completion", scored.place)
    value = value_of(part.measure, scored.place)
    return rounded(value, scored.place.world.spec.ruleset.rounding.measure) if isinstance(value, Fraction) else value
