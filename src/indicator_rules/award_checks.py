"""Laws of awards: what a row may give, wherever it is written.

In: a `Spec` of right shape. Out: problems with key paths. Shares and points are compared where they are constants, exactly.
"""

from __future__ import annotations

from collections.abc import Iterator

from indicator_rules.errors import KeyPath, Problem
from indicator_rules.exact import Exact, exact, to_text
from indicator_rules.scale_checks import awards, constant, problem, scales
from indicator_rules.spec import Criterion, Spec
from indicator_rules.spec_fields import Amount, Award, MoveTo
from indicator_rules.spec_scales import (
    Bands,
    Checklist,
    Deduct,
    Discretionary,
    OwnScale,
    Parts,
    Scale,
    Shared,
)


def _awards_of(spec: Spec) -> Iterator[tuple[KeyPath, OwnScale, Award]]:
    for path, scale in scales(spec):
        for inside, award in awards(scale):
            yield (*path, *inside), scale, award


def awards_have_a_form_that_fits(spec: Spec) -> Iterator[Problem]:
    """Deductions and checklist items give fixed amounts, a discretionary scale a range, and only a band a line."""
    for path, scale, award in _awards_of(spec):
        if award.from_ is not None and not isinstance(scale, Bands):
            yield problem("award-line-misplaced", path)
        elif award.is_range and isinstance(scale, Deduct | Checklist):
            yield problem("award-not-fixed", path, kind=scale.kind)
        elif not award.is_range and isinstance(scale, Discretionary):
            yield problem("award-not-a-range", path, kind=scale.kind)


def interpolated_awards_lie_between_two_cuts(spec: Spec) -> Iterator[Problem]:
    """A line needs the band's own cut and that of the band above."""
    for path, scale in scales(spec):
        if isinstance(scale, Bands):
            for place, band in enumerate(scale.bands):
                if band.award.from_ is not None and place in (0, len(scale.bands) - 1):
                    yield problem("award-line-misplaced", (*path, "bands", place, "award"))


def _ends(award: Award) -> Iterator[tuple[KeyPath, Amount]]:
    """The amounts that an award names, with their keys as written."""
    if award.share is not None or award.points is not None:
        yield (), Amount(share=award.share, points=award.points)
    for key in ("at_least", "above", "at_most", "below", "from_", "to"):
        amount: Amount | None = getattr(award, key)
        if amount is not None:
            yield (key.removesuffix("_"),), amount


def awards_lie_within_the_weight(spec: Spec) -> Iterator[Problem]:
    """Shares from 0 to 100 %, points not below 0."""
    for path, _, award in _awards_of(spec):
        for key, amount in _ends(award):
            share, points = constant(amount.share), constant(amount.points)
            if (share is not None and not 0 <= share <= 1) or (points is not None and points < 0):
                yield problem("award-outside-weight", (*path, *key), text=amount.share or amount.points)


def points_do_not_pass_the_weight(spec: Spec) -> Iterator[Problem]:
    """Points above the most that a weight can be are never reached; of a shared scale, the most that any of its criteria weighs."""
    most: dict[KeyPath, tuple[OwnScale, Exact]] = {}
    for name, criterion in spec.criteria.items():
        weight = _most_weight(spec, name)
        for path, scale in _scales_of(spec, name, criterion):
            known = most.get(path, (scale, weight))[1]
            most[path] = scale, max(weight, known)
    for path, (scale, weight) in most.items():
        if isinstance(scale, Deduct):
            continue
        for inside, award in awards(scale):
            for key, amount in _ends(award):
                points = constant(amount.points)
                if points is not None and points > weight:
                    place: KeyPath = (*path, *inside, *key)
                    yield problem("award-above-weight", place, "warning", text=amount.points, weight=to_text(weight))


def _scales_of(spec: Spec, name: str, criterion: Criterion) -> Iterator[tuple[KeyPath, OwnScale]]:
    """The scales of a criterion and of its entries, parts too, shared ones where they are written."""
    kinds = ("quantitative", "qualitative", "dated")
    waiting: list[tuple[KeyPath, Scale | None]] = [
        (("criteria", name, "scale"), criterion.scale),
        *((("criteria", name, "entries", kind), getattr(criterion.entries, kind, None)) for kind in kinds),
    ]
    seen = set[KeyPath]()
    while waiting:
        path, scale = waiting.pop()
        if isinstance(scale, Shared):
            path, scale = ("scales", scale.use), spec.scales.get(scale.use)
        if scale is None or isinstance(scale, Shared) or path in seen:
            continue
        seen.add(path)
        yield path, scale
        if isinstance(scale, Parts):
            waiting += [((*path, "parts", place, "scale"), part.scale) for place, part in enumerate(scale.parts)]


def _most_weight(spec: Spec, name: str, below: frozenset[str] = frozenset()) -> Exact:
    """The most that a criterion can weigh: in any set of weights, with all that is moved to it. What the record decides without a bound is at most
    the full score. `below`: the criteria that its own weight is moved to (in a circle, which another check tells)."""
    weight = spec.criteria[name].weight
    found = [exact(weight.default), *(exact(one.weights[name]) for one in spec.weight_sets.values() if name in one.weights)]
    if weight.from_record:
        found.append(exact(spec.ruleset.full_score if weight.max is None else weight.max))
    moved = (
        _most_weight(spec, other, below | {name})
        for other, criterion in spec.criteria.items()
        if isinstance(treatment := criterion.not_applicable, MoveTo) and treatment.move_to == name and other not in below | {name}
    )
    return exact(max(found) + sum(moved))


def ranges_run_upward(spec: Spec) -> Iterator[Problem]:
    """The low end of a range lies below the high end, or is the same if both belong to it."""
    for path, _, award in _awards_of(spec):
        if not award.is_range:
            continue
        low, high = award.at_least or award.above, award.at_most or award.below
        assert low is not None
        assert high is not None
        for form in ("share", "points"):
            low_text, high_text = getattr(low, form), getattr(high, form)
            least, most = constant(low_text), constant(high_text)
            empty = award.above is not None or award.below is not None
            if least is not None and most is not None and (least > most or (empty and least == most)):
                yield problem("range-reversed", path, low=low_text, high=high_text)
