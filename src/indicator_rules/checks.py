"""Check: what has to hold inside a `Spec` before any name in it is looked up.

In: a `Spec` of right shape. Out: every problem of meaning that needs no look-up of names, with key paths. Each function below is
named for the law that it checks and yields what breaks it; `CHECKS` is the table of them. Cuts, shares and points are compared where they
are constants, exactly; a formula that only the record can decide is left alone. A warning is given where scoring stays well-defined.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Protocol, TypeAlias

from indicator_rules.errors import KeyPath, Problem, Severity, Where
from indicator_rules.exact import Exact, add_all, divide, exact, to_percent, to_text
from indicator_rules.expression import NOT_NAMES, Arithmetic, FormulaError, Negative, Node, Number, parse
from indicator_rules.record_fields import CATEGORIES, suggestion
from indicator_rules.spec import (
    Amount,
    Award,
    Bands,
    Checklist,
    Completion,
    Criterion,
    Deduct,
    Discretionary,
    FirstMatch,
    Item,
    Levels,
    MoveTo,
    OwnScale,
    Parts,
    Proportional,
    Scale,
    Shared,
    Spec,
    Weight,
)

DEEPEST_GROUP = 5
"""Levels of groups: the standard columns of a rubric print two, and criteria are the third."""

Check: TypeAlias = Callable[[Spec], Iterator[Problem]]


def check(spec: Spec, file: str = "") -> list[Problem]:
    """All problems of meaning that `spec` has by itself."""
    return [problem.at(file=file) for law in CHECKS for problem in law(spec)]


def _problem(code: str, path: KeyPath, severity: Severity = "error", **values: object) -> Problem:
    return Problem(code, Where(path=path), values, severity)


def _unread(path: KeyPath, key: str, goes_with: str) -> Problem:
    """A key that nothing reads is a slip, as an unknown key is."""
    return _problem("key-not-read", (*path, key), key=key, goes_with=goes_with)


def _needed(path: KeyPath, key: str, goes_with: str) -> Problem:
    return _problem("key-needed", path, key=key, goes_with=goes_with)


# --------------------------------------------------------------------------------------------------------------- constants


def _tree(text: str) -> Node | None:
    try:
        return parse(text)
    except FormulaError:  # `link` tells
        return None


def _value(node: Node | None) -> Exact | None:
    """What a tree of numbers gives; None if it has anything else in it."""
    match node:
        case Number():
            return node.value
        case Negative():
            value = _value(node.operand)
            return None if value is None else -value
        case Arithmetic():
            left, right = _value(node.left), _value(node.right)
            if left is None or right is None or (node.sign == "/" and right == 0):
                return None
            signs: dict[str, Callable[[], Exact]] = {
                "+": lambda: left + right,
                "-": lambda: left - right,
                "*": lambda: left * right,
                "/": lambda: divide(left, right),
            }
            return exact(signs[node.sign]())
    return None


def constant(text: str | None) -> Exact | None:
    """The number that a formula spells without reading anything, or None."""
    return None if text is None else _value(_tree(text))


# ------------------------------------------------------------------------------------------------------------------ places


def _scales(spec: Spec) -> Iterator[tuple[KeyPath, OwnScale]]:
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


def _awards(scale: OwnScale) -> Iterator[tuple[KeyPath, Award]]:
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


def _awards_of(spec: Spec) -> Iterator[tuple[KeyPath, OwnScale, Award]]:
    for path, scale in _scales(spec):
        for inside, award in _awards(scale):
            yield (*path, *inside), scale, award


# ----------------------------------------------------------------------------------------------------------------- weights


def weights_sum_to_full_score(spec: Spec) -> Iterator[Problem]:
    """The weights of the scored criteria, and those of each weight set in their place, add up to `full_score`; a group with a
    weight of its own stands for what is below it."""
    full = exact(spec.ruleset.full_score)
    own = {name: criterion.weight.default for name, criterion in spec.criteria.items() if criterion.role == "score"}
    whole = _whole(spec, own)
    if whole != full:
        yield _problem("weights-sum", ("criteria",), sum=to_text(whole), full_score=to_text(full))
    for name, weight_set in spec.weight_sets.items():
        total = _whole(spec, {criterion: weight_set.weights.get(criterion, weight) for criterion, weight in own.items()})
        if total != full:
            yield _problem("weights-sum", ("weight_sets", name, "weights"), sum=to_text(total), full_score=to_text(full))


def _whole(spec: Spec, weights: Mapping[str, Decimal]) -> Exact:
    """What the weights come to at the top: each counts unless a group above it has a weight, which then counts once."""
    counted: dict[str, Decimal] = {}
    free: list[Decimal] = []
    for name, weight in weights.items():
        heavy, group, seen = None, spec.criteria[name].group, set[str]()
        while group is not None and group in spec.groups and group not in seen:
            seen.add(group)
            heavy = group if spec.groups[group].weight is not None else heavy
            group = spec.groups[group].parent
        if heavy is None:
            free.append(weight)
        elif weight:
            counted[heavy] = spec.groups[heavy].weight or Decimal(0)
    return add_all(map(exact, (*free, *counted.values())))


def _plain(value: Decimal | int) -> str:
    return to_text(exact(value))


def numbers_are_not_negative(spec: Spec) -> Iterator[Problem]:
    """Weights, their bounds, ceilings and fixed points for the absent; `full_score` and a weight never replaced are above 0."""
    numbers: dict[KeyPath, object] = {("ruleset", "total_at_most"): spec.ruleset.total_at_most}
    for name, criterion in spec.criteria.items():
        path: KeyPath = ("criteria", name)
        numbers[*path, "weight"] = criterion.weight.default
        numbers |= {(*path, "weight", bound): getattr(criterion.weight, bound) for bound in ("min", "max")}
        numbers |= {(*path, key): getattr(criterion, key) for key in ("absent", "entry_absent", "not_applicable")}
    for name, weight_set in spec.weight_sets.items():
        numbers |= {("weight_sets", name, "weights", criterion): weight for criterion, weight in weight_set.weights.items()}
    numbers |= {("groups", name, "weight"): group.weight for name, group in spec.groups.items()}
    for path, number in numbers.items():
        if isinstance(number, Decimal) and number < 0:
            yield _problem("number-negative", path, text=_plain(number))


def full_score_and_caps_are_above_zero(spec: Spec) -> Iterator[Problem]:
    """`full_score`, and the weight (the cap) of a bonus or penalty that no weight set puts in force."""
    if spec.ruleset.full_score <= 0:
        yield _problem("number-not-above", ("ruleset", "full_score"), text=_plain(spec.ruleset.full_score), limit=0)
    for name, criterion in spec.criteria.items():
        replaced = any(name in weight_set.weights for weight_set in spec.weight_sets.values())
        if criterion.role != "score" and criterion.weight.default == 0 and not replaced:
            yield _problem("number-not-above", ("criteria", name, "weight"), text="0", limit=0)


def weights_lie_within_their_bounds(spec: Spec) -> Iterator[Problem]:
    """The default lies between `min` and `max`."""
    for name, criterion in spec.criteria.items():
        weight, path = criterion.weight, ("criteria", name, "weight")
        if weight.min is not None and weight.max is not None and weight.min > weight.max:
            yield _problem("range-reversed", (*path, "min"), low=_plain(weight.min), high=_plain(weight.max))
        elif weight.min is not None and weight.default < weight.min:
            yield _problem("number-below", path, text=_plain(weight.default), limit=_plain(weight.min))
        elif weight.max is not None and weight.default > weight.max:
            yield _problem("number-above", path, text=_plain(weight.default), limit=_plain(weight.max))


# -------------------------------------------------------------------------------------------------------------------- cuts


class _Cut(Protocol):
    @property
    def at_least(self) -> str | None: ...
    @property
    def above(self) -> str | None: ...


def cut_points_descend(spec: Spec) -> Iterator[Problem]:
    """Bands stand highest first, each but the last with one cut; so they leave no gap and do not overlap."""
    for path, scale in _scales(spec):
        if isinstance(scale, Bands):
            yield from _cuts_descend((*path, "bands"), scale.bands, "last-band-has-cut")


def grades_descend(spec: Spec) -> Iterator[Problem]:
    """Grades stand best first; the lowest takes every total that is left. Their cuts are constants."""
    yield from _cuts_descend(("grades",), spec.grades, "grades-hole")
    for place, grade in enumerate(spec.grades):
        yield from _constant_cut(("grades", place), grade)


def lookup_cuts_are_constant(spec: Spec) -> Iterator[Problem]:
    """A row of a look-up has texts, one cut, or neither; only the last may fit always."""
    for name, lookup in spec.lookups.items():
        for place, row in enumerate(lookup.rows):
            path: KeyPath = ("lookups", name, "rows", place)
            given = [key for key in ("is_", "at_least", "above") if getattr(row, key)]
            if len(given) > 1:
                yield _problem("cut-twice", path)
            elif not given and place < len(lookup.rows) - 1:
                yield _problem("row-always-holds", path, after=len(lookup.rows) - 1 - place)
            if set(row.values) != set(lookup.rows[0].values):
                missing = set(row.values) ^ set(lookup.rows[0].values)
                yield _problem("lookup-values-differ", (*path, "values"), text=", ".join(sorted(missing)))
            yield from _constant_cut(path, row)


def _constant_cut(path: KeyPath, row: _Cut) -> Iterator[Problem]:
    for key in ("at_least", "above"):
        typed: str | None = getattr(row, key)
        if typed is not None and _tree(typed) is not None and constant(typed) is None:
            yield _problem("cut-not-constant", (*path, key), text=typed)


def parts_fit_together(spec: Spec) -> Iterator[Problem]:
    """Parts differ in id, all or none have a weight, and nothing in them waits for a person: an assessment names the criterion."""
    for path, scale in _scales(spec):
        if not isinstance(scale, Parts):
            continue
        for place in _repeats(part.id for part in scale.parts):
            yield _problem("repeated-id", (*path, "parts", place, "id"), text=scale.parts[place].id)
        without = [place for place, part in enumerate(scale.parts) if part.weight is None]
        if 0 < len(without) < len(scale.parts):
            yield _problem("parts-weights-some", (*path, "parts", without[0]), text=scale.parts[without[0]].id)
        for place, part in enumerate(scale.parts):
            inner = spec.scales.get(part.scale.use) if isinstance(part.scale, Shared) else part.scale
            unmeasured = isinstance(inner, Levels) and part.measure is None
            if inner is not None and not isinstance(inner, Shared):
                picked = isinstance(inner, Discretionary) or any(award.is_range for _, award in _awards(inner))
                if picked or unmeasured:
                    yield _problem("parts-need-no-person", (*path, "parts", place, "scale"), text=part.id)


def _cuts_descend(path: KeyPath, rows: Sequence[_Cut], last_has_cut: str) -> Iterator[Problem]:
    before: tuple[Exact, bool, str] | None = None
    for place, row in enumerate(rows):
        given = [form for form in ("at_least", "above") if getattr(row, form) is not None]
        if place == len(rows) - 1:
            yield from (_problem(last_has_cut, (*path, place, form), text=getattr(row, form)) for form in given)
        elif len(given) != 1:
            yield _problem("cut-twice" if given else "cut-missing", (*path, place))
        else:
            typed: str = getattr(row, given[0])
            value = constant(typed)
            if value is None:
                continue
            # From the top, `above 0` (everything but 0) comes before `at_least 0`.
            closed = given[0] == "at_least"
            if before is not None and not (value < before[0] or (value == before[0] and closed and not before[1])):
                yield _problem("cut-points-order", (*path, place, given[0]), text=typed, before=before[2])
            before = value, closed, typed


def proportional_ends_differ(spec: Spec) -> Iterator[Problem]:
    """A line needs two ends; an inverse one has only the end for full marks, above 0."""
    for path, scale in _scales(spec):
        if not isinstance(scale, Proportional):
            continue
        full = constant(scale.full_at)
        if scale.inverse:
            if scale.zero_at is not None:
                yield _unread(path, "zero_at", "inverse = false")
            if full is not None and full <= 0:
                yield _problem("number-not-above", (*path, "full_at"), text=scale.full_at, limit=0)
        elif _same(scale.full_at, scale.zero_at or "0"):
            yield _problem("proportional-ends-equal", (*path, "zero_at" if scale.zero_at else "full_at"), text=scale.full_at)


def _same(one: str, other: str) -> bool:
    """Whether two formulas are sure to give the same."""
    value = constant(one)
    tree = _tree(one)
    return (value is not None and value == constant(other)) or (tree is not None and tree == _tree(other))


def pass_line_lies_between_the_ends(spec: Spec) -> Iterator[Problem]:
    """Beyond `full_at` it leaves nothing between full and none; at `zero_at` or beyond it says nothing."""
    for path, scale in _scales(spec):
        if not isinstance(scale, Proportional) or scale.pass_line is None:
            continue
        full, zero, line = constant(scale.full_at), constant(scale.zero_at or "0"), constant(scale.pass_line)
        if full is None or zero is None or line is None:
            continue
        sign = -1 if scale.inverse or full < zero else 1
        place = (*path, "pass_line")
        if sign * line > sign * full:
            yield _problem("pass-line-past-full", place, text=scale.pass_line, full_at=scale.full_at)
        elif not scale.inverse and sign * line <= sign * zero:
            yield _problem("pass-line-idle", place, "warning", text=scale.pass_line, zero_at=scale.zero_at or "0")


# ------------------------------------------------------------------------------------------------------------------ deduct


def deduct_is_complete(spec: Spec) -> Iterator[Problem]:
    """Each `per` has the keys that it needs and no others, and steps are above 0."""
    for path, scale in _scales(spec):
        if not isinstance(scale, Deduct):
            continue
        per = f'per = "{scale.per}"'
        needs, reads = _DEDUCT_KEYS[scale.per]
        given = scale.model_fields_set - {"kind", "per", "points"}
        yield from (_needed(path, key, per) for key in needs if key not in given)
        for key in sorted(given - {*needs, *reads}):
            others = [f'"{other}"' for other, keys in _DEDUCT_KEYS.items() if key in (*keys[0], *keys[1])]
            yield _unread(path, key, f"per = {' | '.join(others)}")
        step = constant(scale.step)
        if step is not None and step <= 0:
            yield _problem("number-not-above", (*path, "step"), text=scale.step, limit=0)


_DEDUCT_KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "over": (("at", "partial_step"), ("step", "at_most")),
    "under": (("at", "partial_step"), ("step", "at_most")),
    "missing": (("at",), ("step", "partial_step", "at_most")),
    "occurrence": ((), ("at", "step", "partial_step", "at_most")),
    "period": ((), ("at", "step", "partial_step", "at_most")),
    "miss": (("when",), ()),
}
"""`per` → the keys that it needs, and those that it may have."""

# ------------------------------------------------------------------------------------------------------------------ awards


def awards_have_a_form_that_fits(spec: Spec) -> Iterator[Problem]:
    """Deductions and checklist items give fixed amounts, a discretionary scale a range, and only a band a line."""
    for path, scale, award in _awards_of(spec):
        if award.from_ is not None and not isinstance(scale, Bands):
            yield _problem("award-line-misplaced", path)
        elif award.is_range and isinstance(scale, Deduct | Checklist):
            yield _problem("award-not-fixed", path, kind=scale.kind)
        elif not award.is_range and isinstance(scale, Discretionary):
            yield _problem("award-not-a-range", path, kind=scale.kind)


def interpolated_awards_lie_between_two_cuts(spec: Spec) -> Iterator[Problem]:
    """A line needs the band's own cut and that of the band above."""
    for path, scale in _scales(spec):
        if isinstance(scale, Bands):
            for place, band in enumerate(scale.bands):
                if band.award.from_ is not None and place in (0, len(scale.bands) - 1):
                    yield _problem("award-line-misplaced", (*path, "bands", place, "award"))


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
                yield _problem("award-outside-weight", (*path, *key), text=amount.share or amount.points)


def points_do_not_pass_the_weight(spec: Spec) -> Iterator[Problem]:
    """Points above the weight can never be reached; where the weight is one number, that can be told."""
    for name, criterion, weight in _with_fixed_weight(spec):
        if isinstance(criterion.scale, Shared | Deduct | None):
            continue
        for inside, award in _awards(criterion.scale):
            for key, amount in _ends(award):
                points = constant(amount.points)
                if points is not None and points > weight:
                    place: KeyPath = ("criteria", name, "scale", *inside, *key)
                    yield _problem("award-above-weight", place, "warning", text=amount.points, weight=to_text(weight))


def _with_fixed_weight(spec: Spec) -> Iterator[tuple[str, Criterion, Exact]]:
    """Criteria whose weight neither the record nor a weight set nor a move changes."""
    moved_to = {treatment.move_to for other in spec.criteria.values() if isinstance(treatment := other.not_applicable, MoveTo)}
    replaced = {name for weight_set in spec.weight_sets.values() for name in weight_set.weights}
    for name, criterion in spec.criteria.items():
        if criterion.indicators is None and name not in moved_to | replaced:
            yield name, criterion, exact(criterion.weight.default)


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
                yield _problem("range-reversed", path, low=low_text, high=high_text)


# ------------------------------------------------------------------------------------------------------------ rows and labels


def checklist_awards_all_or_none(spec: Spec) -> Iterator[Problem]:
    """Items without award share the weight equally; among items with one that would mean nothing."""
    for path, scale in _checklists(spec):
        without = [place for place, item in enumerate(scale.items) if item.award is None]
        if 0 < len(without) < len(scale.items):
            yield _problem("checklist-awards-some", (*path, "items", without[0]), text=scale.items[without[0]].id)


def checklist_items_differ(spec: Spec) -> Iterator[Problem]:
    """No two items of a checklist have one id."""
    for path, scale in _checklists(spec):
        for place in _repeats(item.id for item in scale.items):
            yield _problem("repeated-id", (*path, "items", place, "id"), text=scale.items[place].id)


def checklist_awards_make_full_marks(spec: Spec) -> Iterator[Problem]:
    """The awards of an additive checklist add up to the weight, so that all items met is neither less nor more than full marks."""
    weights: dict[KeyPath, Exact] = {("criteria", name, "scale"): weight for name, _, weight in _with_fixed_weight(spec)}
    for path, scale in _checklists(spec):
        total = _share_of_all(scale.items, weights.get(path, 0)) if scale.mode == "additive" else None
        if total is not None and total != 1:
            yield _problem("checklist-sum", (*path, "items"), "warning", sum=to_percent(total))


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
    yield from ((path, scale) for path, scale in _scales(spec) if isinstance(scale, Checklist))


def _repeats(names: Iterable[str]) -> Iterator[int]:
    """Positions of names that stood there before."""
    seen: set[str] = set()
    for place, name in enumerate(names):
        if name in seen:
            yield place
        seen.add(name)


def labels_differ(spec: Spec) -> Iterator[Problem]:
    """Levels, grades and choices are told apart by their labels."""
    rows: list[tuple[KeyPath, KeyPath, list[str]]] = [(("grades",), ("label",), [grade.label.zh for grade in spec.grades])]
    for path, scale in _scales(spec):
        if isinstance(scale, Levels):
            rows.append(((*path, "levels"), ("label",), [level.label.zh for level in scale.levels]))
    rows += [(("inputs", name, "choices"), (), list(asked.choices)) for name, asked in spec.inputs.items()]
    for above, below, labels in rows:
        for place in _repeats(labels):
            yield _problem("repeated-label", (*above, place, *below), text=labels[place])


def levels_stand_best_first(spec: Spec) -> Iterator[Problem]:
    """The top level is the one that a target met word for word has."""
    for path, scale in _scales(spec):
        if isinstance(scale, Levels):
            for place, (upper, lower) in enumerate(pairwise(level.award for level in scale.levels), start=1):
                if any(_more(lower, upper, form) for form in ("share", "points")):
                    place_of = (*path, "levels", place, "award")
                    yield _problem("levels-order", place_of, "warning", text=scale.levels[place].label.zh)


def _more(one: Award, other: Award, form: str) -> bool:
    most = [constant(getattr(award.at_most or award.below or award, form)) for award in (one, other)]
    return most[0] is not None and most[1] is not None and most[0] > most[1]


def first_match_otherwise_stands_last(spec: Spec) -> Iterator[Problem]:
    """A row without `when` always holds: no row after it is ever reached."""
    for path, scale in _scales(spec):
        if isinstance(scale, FirstMatch):
            for place, row in enumerate(scale.rows[:-1]):
                if row.when is None:
                    yield _problem("row-always-holds", (*path, "rows", place), after=len(scale.rows) - 1 - place)


def weight_set_without_condition_stands_last(spec: Spec) -> Iterator[Problem]:
    """It is always in force: no set after it ever is."""
    for place, (name, weight_set) in enumerate(spec.weight_sets.items(), start=1):
        if weight_set.when is None and place < len(spec.weight_sets):
            yield _problem("row-always-holds", ("weight_sets", name), after=len(spec.weight_sets) - place)


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
    yield from (_problem("scale-unused", ("scales", name), "warning", text=name) for name in spec.scales if name not in used)


# ----------------------------------------------------------------------------------------------------------------- criteria


def groups_have_no_cycle(spec: Spec) -> Iterator[Problem]:
    """Each group leads up to one without parent, in few steps."""
    parents = {name: group.parent for name, group in spec.groups.items() if group.parent in spec.groups}
    for name in spec.groups:
        above = _chain(name, parents)
        if above[-1] == name:
            yield _problem("group-cycle", ("groups", name, "parent"), text=" → ".join((name, *above)))
        elif len(set(above)) == len(above) == DEEPEST_GROUP:
            yield _problem("groups-too-deep", ("groups", name, "parent"), limit=DEEPEST_GROUP)


def _chain(name: str, to: Mapping[str, str | None]) -> list[str]:
    """Where `name` leads, step by step, until nowhere or to a name met before (which then stands last); at least one item."""
    chain: list[str] = []
    seen = {name}
    at = to.get(name)
    while at is not None:
        chain.append(at)
        if at in seen:
            break
        seen.add(at)
        at = to.get(at)
    return chain or [""]


def groups_hold_criteria(spec: Spec) -> Iterator[Problem]:
    """A group that nothing is in adds up nothing."""
    used = {criterion.group for criterion in spec.criteria.values()} | {group.parent for group in spec.groups.values()}
    yield from (_problem("group-empty", ("groups", name), "warning", text=name) for name in spec.groups if name not in used)


def move_to_leads_to_scored_criteria(spec: Spec) -> Iterator[Problem]:
    """Weight moves to a scored criterion, and never in a circle."""
    to = {name: t.move_to for name, criterion in spec.criteria.items() if isinstance(t := criterion.not_applicable, MoveTo)}
    for name, target in to.items():
        path = ("criteria", name, "not_applicable", "move_to")
        chain = _chain(name, to)
        if target != name and chain[-1] == name:
            yield _problem("move-to-cycle", path, text=" → ".join((name, *chain)))
        elif target in spec.criteria and spec.criteria[target].role != "score":
            yield _problem("move-to-not-scored", path, text=target)


def keys_of_criteria_are_read(spec: Spec) -> Iterator[Problem]:
    """A key that goes with entries, or with a scored criterion, stands only there."""
    for name, criterion in spec.criteria.items():
        path, given = ("criteria", name), criterion.model_fields_set
        if criterion.indicators is None:
            yield from (_unread(path, key, "indicators") for key in _OF_ENTRIES if key in given)
        elif criterion.indicators == ():
            yield _problem("list-too-short", (*path, "indicators"), length=0, limit=1)
        elif criterion.entry_weights == "equal" and "without_weights" in given:
            yield _unread(path, "without_weights", 'entry_weights = "record"')
        if criterion.role != "score" and "not_applicable" in given:
            yield _unread(path, "not_applicable", 'role = "score"')
        yield from _weight_keys((*path, "weight"), criterion.weight, over_entries=criterion.indicators is not None)


_OF_ENTRIES = ("entries", "per", "entry_weights", "without_weights", "combine", "entry_absent", "completion")


def _weight_keys(path: KeyPath, weight: Weight, *, over_entries: bool) -> Iterator[Problem]:
    if weight.from_record and not over_entries:
        yield _unread(path, "from_record", "indicators")
    if not weight.from_record:
        yield from (_unread(path, bound, "from_record = true") for bound in ("min", "max") if getattr(weight, bound) is not None)


def categories_exist(spec: Spec) -> Iterator[Problem]:
    """`indicators` and `completion.directions` name categories that a record can have."""
    places: list[tuple[KeyPath, str]] = []
    for name, criterion in spec.criteria.items():
        path = ("criteria", name)
        if isinstance(criterion.indicators, str):
            places.append(((*path, "indicators"), criterion.indicators))
        else:
            places += [((*path, "indicators", place), category) for place, category in enumerate(criterion.indicators or ())]
        places += _directions((*path, "completion"), criterion.completion)
    for place, category in (*places, *_directions(("completion",), spec.completion)):
        if category not in CATEGORIES:
            yield Problem("category-unknown", Where(path=place), {"text": category, **suggestion(category, CATEGORIES)})


def _directions(path: KeyPath, completion: Completion | None) -> list[tuple[KeyPath, str]]:
    return [((*path, "directions", category), category) for category in (completion.directions if completion else ())]


def decay_ends_above_the_target(spec: Spec) -> Iterator[Problem]:
    """`decay_zero_at` is a constant above 1: the line down to 0 begins at 1 times the target."""
    places: list[tuple[KeyPath, Completion | None]] = [(("completion",), spec.completion)]
    places += [(("criteria", name, "completion"), criterion.completion) for name, criterion in spec.criteria.items()]
    for path, completion in places:
        typed = completion.decay_zero_at if completion else None
        if typed is None or _tree(typed) is None:
            continue
        value = constant(typed)
        if value is None:
            yield _problem("cut-not-constant", (*path, "decay_zero_at"), text=typed)
        elif value <= 1:
            yield _problem("number-not-above", (*path, "decay_zero_at"), text=typed, limit=1)


def indicators_are_scored_once(spec: Spec) -> Iterator[Problem]:
    """Two scored criteria that take the same category score its entries twice."""
    taken: dict[str, str] = {}
    for name, criterion in spec.criteria.items():
        if criterion.role != "score" or criterion.indicators is None:
            continue
        wanted = (criterion.indicators,) if isinstance(criterion.indicators, str) else criterion.indicators
        below = [category for category in CATEGORIES if any(f"{category}.".startswith(f"{top}.") for top in wanted)]
        twice = [category for category in below if category in taken]
        if twice:
            path = ("criteria", name, "indicators")
            yield _problem("indicators-scored-twice", path, "warning", text=", ".join(twice), other=taken[twice[0]])
        taken |= dict.fromkeys((category for category in below if category not in taken), name)


# ------------------------------------------------------------------------------------------------------- header and inputs


def choices_are_given_for_choice_inputs(spec: Spec) -> Iterator[Problem]:
    """At least two, and only there."""
    for name, asked in spec.inputs.items():
        path = ("inputs", name)
        if asked.type == "choice" and "choices" not in asked.model_fields_set:
            yield _needed(path, "choices", 'type = "choice"')
        elif asked.type == "choice" and len(asked.choices) < 2:
            yield _problem("list-too-short", (*path, "choices"), length=len(asked.choices), limit=2)
        elif asked.type != "choice" and "choices" in asked.model_fields_set:
            yield _unread(path, "choices", 'type = "choice"')
        for place, choice in enumerate(asked.choices):
            if not choice.strip():
                yield _problem("text-empty", (*path, "choices", place))


def ids_can_stand_in_formulas(spec: Spec) -> Iterator[Problem]:
    """Ids of inputs, measures and look-ups are none of the words that a formula reads as something else."""
    for table in ("inputs", "measures", "lookups"):
        yield from (_problem("id-reserved", (table, name), text=name) for name in getattr(spec, table) if name in NOT_NAMES)


def applies_to_something(spec: Spec) -> Iterator[Problem]:
    """Some year, and some kind of subject."""
    applies, path = spec.ruleset.applies, ("ruleset", "applies")
    years = applies.years
    if not years.only and years.from_ is None and years.to is None:
        yield _problem("years-none", (*path, "years"))
    elif years.from_ is not None and years.to is not None and years.from_ > years.to:
        yield _problem("range-reversed", (*path, "years"), low=years.from_, high=years.to)
    if not applies.subjects:
        yield _problem("list-too-short", (*path, "subjects"), length=0, limit=1)


def editions_are_named_in_full(spec: Spec) -> Iterator[Problem]:
    """`coexists_with` holds `family@edition`."""
    for place, name in enumerate(spec.ruleset.coexists_with):
        if not re.fullmatch(r"[a-z][a-z0-9-]*@[0-9A-Za-z][0-9A-Za-z.-]*", name):
            yield _problem("coexists-form", ("ruleset", "coexists_with", place), text=name)


def status_is_explained(spec: Spec) -> Iterator[Problem]:
    """Rules that are not the official text say what is documented and what was chosen."""
    if spec.ruleset.status in ("adapted", "reconstructed") and spec.ruleset.notes is None:
        yield _problem("status-needs-notes", ("ruleset", "status"), text=spec.ruleset.status)


CHECKS: tuple[Check, ...] = (
    weights_sum_to_full_score,
    numbers_are_not_negative,
    full_score_and_caps_are_above_zero,
    weights_lie_within_their_bounds,
    cut_points_descend,
    grades_descend,
    lookup_cuts_are_constant,
    parts_fit_together,
    proportional_ends_differ,
    pass_line_lies_between_the_ends,
    deduct_is_complete,
    awards_have_a_form_that_fits,
    interpolated_awards_lie_between_two_cuts,
    awards_lie_within_the_weight,
    points_do_not_pass_the_weight,
    ranges_run_upward,
    checklist_awards_all_or_none,
    checklist_items_differ,
    checklist_awards_make_full_marks,
    labels_differ,
    levels_stand_best_first,
    first_match_otherwise_stands_last,
    weight_set_without_condition_stands_last,
    shared_scales_are_used,
    groups_have_no_cycle,
    groups_hold_criteria,
    move_to_leads_to_scored_criteria,
    keys_of_criteria_are_read,
    categories_exist,
    decay_ends_above_the_target,
    indicators_are_scored_once,
    choices_are_given_for_choice_inputs,
    ids_can_stand_in_formulas,
    applies_to_something,
    editions_are_named_in_full,
    status_is_explained,
)
"""Every law, in the order in which problems are told; those of a file are then sorted by line."""
