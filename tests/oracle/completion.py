"""Section 5 of docs/semantics.md: 完成率 of an entry."""

from __future__ import annotations

from fractions import Fraction

from indicator_rules.quantity import Quantity, QuantityError
from indicator_rules.record_parts import Indicator, Rating
from indicator_rules.spec import Completion
from oracle.rounding import rounded
from oracle.values import Place, World, below, number_of, share_satisfied


def direction_of(entry: Indicator, table: Completion) -> str:
    """ "Direction: the entry's `direction`; else the one typed with the target; else `by-date` for a date, `qualitative` for text, `=` for
    a range; else `completion.directions` (longest category that fits); else ≥." """
    if entry.direction is not None:
        return entry.direction
    if entry.target is not None:
        if entry.target.direction is not None:
            return entry.target.direction
        if entry.target.kind != "number":
            return {"date": "by-date", "text": "qualitative", "range": "="}[entry.target.kind]
    fitting = [path for path in table.directions if below(entry.category, [path])]
    return table.directions[max(fitting, key=len)] if fitting else ">="


def completion_of(entry: Indicator, table: Completion, weight: Fraction | None, world: World) -> Fraction | None:
    """ "Completion is rounded at stage `measure`." """
    return rounded(raw_completion(entry, table, weight, world), world.spec.ruleset.rounding.measure)


def raw_completion(entry: Indicator, table: Completion, weight: Fraction | None, world: World) -> Fraction | None:
    direction = direction_of(entry, table)
    if direction == "qualitative":
        return qualitative(entry, table, weight, world)
    target, actual = in_year(entry.target, table, world), in_year(actual_of(entry), table, world)
    if target is None or actual is None:
        return None
    if direction == "by-date":
        return by_date(target, actual)
    return numeric(direction, target, actual, table, world)


def actual_of(entry: Indicator) -> Quantity | None:
    """ "The actual of an entry with `counts` is satisfied ÷ surveyed (absent if none was surveyed)." """
    if entry.counts is None:
        return entry.actual
    share = share_satisfied(entry)
    return None if share is None else Quantity("", "number", number=share, unit="%")


def in_year(quantity: Quantity | None, table: Completion, world: World) -> Quantity | None:
    """ "A month without a year takes the evaluation year if `month_without_year` says so, else it is absent." """
    if quantity is None or quantity.kind != "date" or quantity.latest is not None:
        return quantity
    if table.month_without_year == "refuse":
        return None
    try:
        return quantity.in_year(world.record.subject.year)
    except QuantityError:
        return None


def by_date(target: Quantity, actual: Quantity) -> Fraction | None:
    """ "met: … by-date: latest day of a ≤ latest day of t"; "by-date: 1 if met, else 0"."""
    if target.latest is None or actual.latest is None:
        return None
    return Fraction(1 if actual.latest <= target.latest else 0)


def same_units(target: str | None, actual: str | None) -> bool:
    """ "Two numbers whose units differ (money, %, or two different counters; a bare number fits any counter, but neither % nor money)
    give absent." """
    if target == actual:
        return True
    return None in (target, actual) and "%" not in (target, actual) and "元" not in (target, actual)


def numeric(direction: str, target: Quantity, actual: Quantity, table: Completion, world: World) -> Fraction | None:
    """The directions that need numbers, clause by clause."""
    if actual.kind != "number" or target.kind not in (("number", "range") if direction == "=" else ("number",)):
        return None
    if not same_units(target.unit, actual.unit):
        return None
    assert target.number is not None
    assert actual.number is not None
    a, t = Fraction(actual.number), Fraction(target.number)
    high = t if target.high is None else Fraction(target.high)
    met = {">=": a >= t, "<=": a <= t, ">": a > t, "<": a < t, "=": t <= a <= high}[direction]
    # "t ≤ 0 or a < 0 (for a range: low ≤ 0): 1 if met, else `at_zero_target` (0 or absent)"
    if t <= 0 or a < 0:
        return Fraction(1) if met else zero_or_absent(table.at_zero_target)
    # "> at a = t: `at_equality` (0 or absent)"; "but < at a = t: `at_equality`"
    if direction in "><" and a == t:
        return zero_or_absent(table.at_equality)
    if direction in (">=", ">"):
        return a / t  # "a ÷ t (may pass 1)"
    if met:
        return Fraction(1)
    if direction in ("<=", "<"):
        return overrun(a, t, table, world)
    return unequal(a, t, high if target.kind == "range" else None, table)


def zero_or_absent(choice: str) -> Fraction | None:
    return Fraction(0) if choice == "zero" else None


def overrun(a: Fraction, t: Fraction, table: Completion, world: World) -> Fraction | None:
    """ "Else t ÷ a, or with `at_most = "decay"` max(0, (z − a ÷ t) ÷ (z − 1)), z = `decay_zero_at`"."""
    if table.at_most == "ratio":
        return t / a
    z = number_of(table.decay_zero_at, Place(world))
    if z is None or z == 1:
        return None
    return max(Fraction(0), (z - a / t) / (z - 1))


def unequal(a: Fraction, low: Fraction, high: Fraction | None, table: Completion) -> Fraction | None:
    """ "Else `equal`: absent · 0 · the smaller of a, t over the larger · `at-least`: a ÷ t. A range (`high`): the same against its nearer
    end, and `at-least` above the range is 1." """
    if table.equal in ("absent", "zero"):
        return zero_or_absent(table.equal)
    if table.equal == "at-least":
        return Fraction(1) if high is not None and a > high else a / low
    nearer = low if high is None or a < low else high
    return min(a, nearer) / max(a, nearer)


def at_equality(entry: Indicator, table: Completion) -> bool:
    """Whether a strict sign meets its own target: "but > at a = t: …, and a finding" (not where t ≤ 0 came first)."""
    actual, target = actual_of(entry), entry.target
    if direction_of(entry, table) not in ("<", ">") or actual is None or target is None:
        return False
    if actual.kind != "number" or target.kind != "number" or not same_units(target.unit, actual.unit):
        return False
    return target.number is not None and target.number > 0 and actual.number == target.number


# ------------------------------------------------------------------------------------------------------------- qualitative


def qualitative(entry: Indicator, table: Completion, weight: Fraction | None, world: World) -> Fraction | None:
    """ "the share of the assessment `indicators.<id>` (points ÷ weight, or share), if it has one; else 1 if the texts of actual and target
    are equal (spaces apart) and `same_text = "met"`; else absent"."""
    ratings = world.record.assessments.indicators.get(entry.id, ())
    if any(rating.level is None for rating in ratings):
        return assessed_share(ratings, weight)
    return Fraction(1) if same_text(entry, table) else None


def same_text(entry: Indicator, table: Completion) -> bool:
    """Whether the equal text counts as met (and gives a finding)."""
    if direction_of(entry, table) != "qualitative" or table.same_text != "met" or entry.target is None or entry.actual is None:
        return False
    if entry.counts is not None or entry.target.kind != "text" or entry.actual.kind != "text":
        return False
    return "".join(entry.target.text.split()) == "".join(entry.actual.text.split())


def assessed_share(ratings: tuple[Rating, ...], weight: Fraction | None) -> Fraction | None:
    picks = [pick_share(rating, weight) for rating in ratings]
    known = [pick for pick in picks if pick is not None]
    return mean(known, ratings) if len(known) == len(picks) else None


def pick_share(rating: Rating, weight: Fraction | None) -> Fraction | None:
    if rating.share is not None:
        return Fraction(rating.share)
    if rating.points is None or weight is None or weight == 0:
        return None
    return Fraction(rating.points) / weight


def mean(picks: list[Fraction], ratings: tuple[Rating, ...]) -> Fraction:
    """Section 6: "several raters: the mean by their weights"; equal ones if none is given."""
    weights = [Fraction(1 if rating.weight is None else rating.weight) for rating in ratings]
    return sum((pick * weight for pick, weight in zip(picks, weights, strict=True)), Fraction(0)) / sum(weights)
