"""Laws of scales: what has to hold inside each scale of a `Spec`, wherever it is written.

In: a `Spec` of right shape. Out: problems with key paths. Cuts, shares and points are compared where they are constants, exactly; a formula that only
the record can decide is left alone. What both these laws and those of `checks` need stands here, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Protocol, TypeAlias

from indicator_rules.condition import constant as constant_of
from indicator_rules.errors import KeyPath, Problem, Severity, Where
from indicator_rules.exact import Exact, divide, exact, to_percent, to_text
from indicator_rules.expression import Node
from indicator_rules.spec import Criterion, Spec
from indicator_rules.spec_fields import Award, MoveTo
from indicator_rules.spec_scales import (
    Bands,
    Checklist,
    Deduct,
    Discretionary,
    FirstMatch,
    Item,
    Levels,
    OwnScale,
    Parts,
    Proportional,
    Scale,
    Shared,
)
from indicator_rules.syntax import FormulaError, parse


def constant(text: str | None) -> Exact | None:
    """The number that a formula spells without reading anything, or None."""
    node = None if text is None else tree(text)
    return None if node is None else constant_of(node)


def falls(scale: Proportional) -> bool:
    """Whether lower is better: said by `inverse`, or by constant ends that run downward."""
    full, zero = constant(scale.full_at), constant(scale.zero_at or "0")
    return scale.inverse or (full is not None and zero is not None and full < zero)


Check: TypeAlias = Callable[[Spec], Iterator[Problem]]


def problem(code: str, path: KeyPath, severity: Severity = "error", **values: object) -> Problem:
    return Problem(code, Where(path=path), values, severity)


def unread(path: KeyPath, key: str, goes_with: str) -> Problem:
    """A key that nothing reads is a slip, as an unknown key is."""
    return problem("key-not-read", (*path, key), key=key, goes_with=goes_with)


def needed(path: KeyPath, key: str, goes_with: str) -> Problem:
    return problem("key-needed", path, key=key, goes_with=goes_with)


def tree(text: str) -> Node | None:
    try:
        return parse(text)
    except FormulaError:  # `link` tells
        return None


def scales(spec: Spec) -> Iterator[tuple[KeyPath, OwnScale]]:
    """Every scale where it is written, shared ones once; a composite, then its parts."""
    for name, scale in spec.scales.items():
        yield from _own(("scales", name), scale)
    for name, criterion in spec.criteria.items():
        yield from _own(("criteria", name, "scale"), criterion.scale)
        for kind in ("quantitative", "qualitative", "dated"):
            yield from _own(("criteria", name, "entries", kind), getattr(criterion.entries, kind, None))


def _own(path: KeyPath, scale: Scale | None) -> Iterator[tuple[KeyPath, OwnScale]]:
    if scale is None or isinstance(scale, Shared):
        return
    yield path, scale
    if isinstance(scale, Parts):
        for place, part in enumerate(scale.parts):
            yield from _own((*path, "parts", place, "scale"), part.scale)


def awards(scale: OwnScale) -> Iterator[tuple[KeyPath, Award]]:
    """Every award of a scale, with its path inside the scale."""
    match scale:
        case Bands():
            yield from ((("bands", place, "award"), band.award) for place, band in enumerate(scale.bands))
        case Levels():
            yield from ((("levels", place, "award"), level.award) for place, level in enumerate(scale.levels))
        case FirstMatch():
            yield from ((("rows", place, "award"), row.award) for place, row in enumerate(scale.rows))
        case Checklist():
            yield from ((("items", place, "award"), item.award) for place, item in enumerate(scale.items) if item.award)
        case Deduct():
            yield ("points",), scale.points
            if scale.at_most is not None:
                yield ("at_most",), scale.at_most
        case Discretionary():
            yield ("award",), scale.award


def plain(value: Decimal | int) -> str:
    return to_text(exact(value))


class _Cut(Protocol):
    @property
    def at_least(self) -> str | None: ...
    @property
    def above(self) -> str | None: ...


def cut_points_descend(spec: Spec) -> Iterator[Problem]:
    """Bands stand highest first, each but the last with one cut; so they leave no gap and do not overlap."""
    for path, scale in scales(spec):
        if isinstance(scale, Bands):
            yield from cuts_descend((*path, "bands"), scale.bands, "last-band-has-cut")


def constant_cut(path: KeyPath, row: _Cut) -> Iterator[Problem]:
    for key in ("at_least", "above"):
        typed: str | None = getattr(row, key)
        if typed is not None and tree(typed) is not None and constant(typed) is None:
            yield problem("cut-not-constant", (*path, key), text=typed)


def parts_fit_together(spec: Spec) -> Iterator[Problem]:
    """Parts differ in id, all or none have a weight, and nothing in them waits for a person: an assessment names the criterion."""
    for path, scale in scales(spec):
        if not isinstance(scale, Parts):
            continue
        for place in repeats(part.id for part in scale.parts):
            yield problem("repeated-id", (*path, "parts", place, "id"), text=scale.parts[place].id)
        without = [place for place, part in enumerate(scale.parts) if part.weight is None]
        if 0 < len(without) < len(scale.parts):
            yield problem("parts-weights-some", (*path, "parts", without[0]), text=scale.parts[without[0]].id)
        for place, part in enumerate(scale.parts):
            inner = spec.scales.get(part.scale.use) if isinstance(part.scale, Shared) else part.scale
            unmeasured = isinstance(inner, Levels) and part.measure is None
            if inner is not None and not isinstance(inner, Shared):
                picked = isinstance(inner, Discretionary) or any(award.is_range for _, award in awards(inner))
                if picked or unmeasured:
                    yield problem("parts-need-no-person", (*path, "parts", place, "scale"), text=part.id)


def cuts_descend(path: KeyPath, rows: Sequence[_Cut], last_has_cut: str) -> Iterator[Problem]:
    before: tuple[Exact, bool, str] | None = None
    for place, row in enumerate(rows):
        given = [form for form in ("at_least", "above") if getattr(row, form) is not None]
        if place == len(rows) - 1:
            yield from (problem(last_has_cut, (*path, place, form), text=getattr(row, form)) for form in given)
        elif len(given) != 1:
            yield problem("cut-twice" if given else "cut-missing", (*path, place))
        else:
            typed: str = getattr(row, given[0])
            value = constant(typed)
            if value is None:
                continue
            # From the top, `above 0` (everything but 0) comes before `at_least 0`.
            closed = given[0] == "at_least"
            if before is not None and not (value < before[0] or (value == before[0] and closed and not before[1])):
                yield problem("cut-points-order", (*path, place, given[0]), text=typed, before=before[2])
            before = value, closed, typed


def proportional_ends_differ(spec: Spec) -> Iterator[Problem]:
    """A line needs two ends; an inverse one has only the end for full marks, above 0."""
    for path, scale in scales(spec):
        if not isinstance(scale, Proportional):
            continue
        full = constant(scale.full_at)
        if scale.inverse:
            if scale.zero_at is not None:
                yield unread(path, "zero_at", "inverse = false")
            if full is not None and full <= 0:
                yield problem("number-not-above", (*path, "full_at"), text=scale.full_at, limit=0)
        elif _same(scale.full_at, scale.zero_at or "0"):
            yield problem("proportional-ends-equal", (*path, "zero_at" if scale.zero_at else "full_at"), text=scale.full_at)


def _same(one: str, other: str) -> bool:
    """Whether two formulas are sure to give the same."""
    value = constant(one)
    read = tree(one)
    return (value is not None and value == constant(other)) or (read is not None and read == tree(other))


def pass_line_lies_between_the_ends(spec: Spec) -> Iterator[Problem]:
    """Beyond `full_at` it leaves nothing between full and none; at `zero_at` or beyond it says nothing."""
    for path, scale in scales(spec):
        if not isinstance(scale, Proportional) or scale.pass_line is None:
            continue
        full, zero, line = constant(scale.full_at), constant(scale.zero_at or "0"), constant(scale.pass_line)
        if full is None or zero is None or line is None:
            continue
        sign = -1 if scale.inverse or full < zero else 1
        place = (*path, "pass_line")
        if sign * line > sign * full:
            yield problem("pass-line-past-full", place, text=scale.pass_line, full_at=scale.full_at)
        elif not scale.inverse and sign * line <= sign * zero:
            yield problem("pass-line-idle", place, "warning", text=scale.pass_line, zero_at=scale.zero_at or "0")


def deduct_is_complete(spec: Spec) -> Iterator[Problem]:
    """Each `per` has the keys that it needs and no others, and steps are above 0."""
    for path, scale in scales(spec):
        if not isinstance(scale, Deduct):
            continue
        per = f'per = "{scale.per}"'
        needs, reads = _DEDUCT_KEYS[scale.per]
        given = scale.model_fields_set - {"kind", "per", "points"}
        yield from (needed(path, key, per) for key in needs if key not in given)
        for key in sorted(given - {*needs, *reads}):
            others = [f'"{other}"' for other, keys in _DEDUCT_KEYS.items() if key in (*keys[0], *keys[1])]
            yield unread(path, key, f"per = {' | '.join(others)}")
        step = constant(scale.step)
        if step is not None and step <= 0:
            yield problem("number-not-above", (*path, "step"), text=scale.step, limit=0)


_DEDUCT_KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "over": (("at", "partial_step"), ("step", "at_most")),
    "under": (("at", "partial_step"), ("step", "at_most")),
    "missing": (("at",), ("step", "partial_step", "at_most")),
    "occurrence": ((), ("at", "step", "partial_step", "at_most")),
    "period": ((), ("at", "step", "partial_step", "at_most")),
    "miss": (("when",), ()),
}
"""`per` → the keys that it needs, and those that it may have."""


def with_fixed_weight(spec: Spec) -> Iterator[tuple[str, Criterion, Exact]]:
    """Criteria whose weight neither the record nor a weight set nor a move changes."""
    moved_to = {treatment.move_to for other in spec.criteria.values() if isinstance(treatment := other.not_applicable, MoveTo)}
    replaced = {name for weight_set in spec.weight_sets.values() for name in weight_set.weights}
    for name, criterion in spec.criteria.items():
        if criterion.indicators is None and name not in moved_to | replaced:
            yield name, criterion, exact(criterion.weight.default)


def checklist_awards_all_or_none(spec: Spec) -> Iterator[Problem]:
    """Items without award share the weight equally; among items with one that would mean nothing."""
    for path, scale in _checklists(spec):
        without = [place for place, item in enumerate(scale.items) if item.award is None]
        if 0 < len(without) < len(scale.items):
            yield problem("checklist-awards-some", (*path, "items", without[0]), text=scale.items[without[0]].id)


def checklist_items_differ(spec: Spec) -> Iterator[Problem]:
    """No two items of a checklist have one id."""
    for path, scale in _checklists(spec):
        for place in repeats(item.id for item in scale.items):
            yield problem("repeated-id", (*path, "items", place, "id"), text=scale.items[place].id)


def checklist_awards_make_full_marks(spec: Spec) -> Iterator[Problem]:
    """The awards of an additive checklist add up to the weight, so that all items met is neither less nor more than full marks."""
    weights: dict[KeyPath, Exact] = {("criteria", name, "scale"): weight for name, _, weight in with_fixed_weight(spec)}
    for path, scale in _checklists(spec):
        total = _share_of_all(scale.items, weights.get(path, 0)) if scale.mode == "additive" else None
        if total is not None and total != 1:
            yield problem("checklist-sum", (*path, "items"), "warning", sum=to_percent(total))


def _share_of_all(items: Sequence[Item], weight: Exact) -> Exact | None:
    """What share of the weight all items give together; None where that is not constant. `weight`: 0 if not known."""
    total: Exact = 0
    for item in items:
        share = constant(item.award.share) if item.award else None
        points = constant(item.award.points) if item.award and weight else None
        if share is None and points is None:
            return None
        total += share if share is not None else divide(points or 0, weight)
    return exact(total)


def _checklists(spec: Spec) -> Iterator[tuple[KeyPath, Checklist]]:
    yield from ((path, scale) for path, scale in scales(spec) if isinstance(scale, Checklist))


def repeats(names: Iterable[str]) -> Iterator[int]:
    """Positions of names that stood there before."""
    seen: set[str] = set()
    for place, name in enumerate(names):
        if name in seen:
            yield place
        seen.add(name)


def levels_stand_best_first(spec: Spec) -> Iterator[Problem]:
    """The top level is the one that a target met word for word has."""
    for path, scale in scales(spec):
        if isinstance(scale, Levels):
            for place, (upper, lower) in enumerate(pairwise(level.award for level in scale.levels), start=1):
                if any(_more(lower, upper, form) for form in ("share", "points")):
                    place_of = (*path, "levels", place, "award")
                    yield problem("levels-order", place_of, "warning", text=scale.levels[place].label.zh)


def _more(one: Award, other: Award, form: str) -> bool:
    most = [constant(getattr(award.at_most or award.below or award, form)) for award in (one, other)]
    return most[0] is not None and most[1] is not None and most[0] > most[1]


def first_match_otherwise_stands_last(spec: Spec) -> Iterator[Problem]:
    """A row without `when` always holds: no row after it is ever reached."""
    for path, scale in scales(spec):
        if isinstance(scale, FirstMatch):
            for place, row in enumerate(scale.rows[:-1]):
                if row.when is None:
                    yield problem("row-always-holds", (*path, "rows", place), after=len(scale.rows) - 1 - place)


def shared_scales_are_used(spec: Spec) -> Iterator[Problem]:
    """A shared scale that no criterion comes to is never looked into, so a slip in it would never be told."""
    used, waiting = set[str](), list[Scale | None]()
    for criterion in spec.criteria.values():
        waiting += [
            criterion.scale,
            *(getattr(criterion.entries, kind, None) for kind in ("quantitative", "qualitative", "dated")),
        ]
    while waiting:
        scale = waiting.pop()
        if isinstance(scale, Parts):
            waiting += [part.scale for part in scale.parts]
        elif isinstance(scale, Shared) and scale.use not in used:
            used.add(scale.use)
            waiting.append(spec.scales.get(scale.use))
    yield from (problem("scale-unused", ("scales", name), "warning", text=name) for name in spec.scales if name not in used)
