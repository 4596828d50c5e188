"""Check: what has to hold inside a `Spec` before any name in it is looked up.

In: a `Spec` of right shape. Out: every problem of meaning that needs no look-up of names, with key paths. Each law is a function named for what it
says, which yields what breaks it; `CHECKS` is the table of them, those of scales (`scale_checks`) too. A warning is given where scoring stays
well-defined.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from indicator_rules import messages
from indicator_rules.award_checks import (
    awards_have_a_form_that_fits,
    awards_lie_within_the_weight,
    interpolated_awards_lie_between_two_cuts,
    points_do_not_pass_the_weight,
    ranges_run_upward,
)
from indicator_rules.errors import KeyPath, Problem, Where
from indicator_rules.exact import Exact, add_all, exact, to_text
from indicator_rules.record_fields import CATEGORIES, suggestion
from indicator_rules.scale_checks import (
    Check,
    checklist_awards_all_or_none,
    checklist_awards_make_full_marks,
    checklist_items_differ,
    constant,
    constant_cut,
    cut_points_descend,
    cuts_descend,
    deduct_is_complete,
    first_match_otherwise_stands_last,
    levels_stand_best_first,
    needed,
    parts_fit_together,
    pass_line_lies_between_the_ends,
    plain,
    problem,
    proportional_ends_differ,
    repeats,
    scales,
    shared_scales_are_used,
    tree,
    unread,
)
from indicator_rules.spec import Completion, Spec, Weight
from indicator_rules.spec_fields import MoveTo
from indicator_rules.spec_scales import Levels
from indicator_rules.syntax import NOT_NAMES

DEEPEST_GROUP = 5
"""Levels of groups: the standard columns of a rubric print two, and criteria are the third."""


def check(spec: Spec, file: str = "") -> list[Problem]:
    """All problems of meaning that `spec` has by itself."""
    return [problem.at(file=file) for law in CHECKS for problem in law(spec)]


def weights_sum_to_full_score(spec: Spec) -> Iterator[Problem]:
    """The weights of the scored criteria, and those of each weight set in their place, add up to `full_score`; a group with a
    weight of its own stands for what is below it."""
    full = exact(spec.ruleset.full_score)
    own = {name: criterion.weight.default for name, criterion in spec.criteria.items() if criterion.role == "score"}
    whole = _whole(spec, own)
    if whole != full:
        yield problem("weights-sum", ("criteria",), sum=to_text(whole), full_score=to_text(full))
    for name, weight_set in spec.weight_sets.items():
        total = _whole(spec, {criterion: weight_set.weights.get(criterion, weight) for criterion, weight in own.items()})
        if total != full:
            yield problem("weights-sum", ("weight_sets", name, "weights"), sum=to_text(total), full_score=to_text(full))


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
            yield problem("number-negative", path, text=plain(number))


def full_score_and_caps_are_above_zero(spec: Spec) -> Iterator[Problem]:
    """`full_score`, and the weight (the cap) of a bonus or penalty that no weight set puts in force."""
    if spec.ruleset.full_score <= 0:
        yield problem("number-not-above", ("ruleset", "full_score"), text=plain(spec.ruleset.full_score), limit=0)
    for name, criterion in spec.criteria.items():
        replaced = any(name in weight_set.weights for weight_set in spec.weight_sets.values())
        if criterion.role != "score" and criterion.weight.default == 0 and not replaced:
            yield problem("number-not-above", ("criteria", name, "weight"), text="0", limit=0)


def weights_lie_within_their_bounds(spec: Spec) -> Iterator[Problem]:
    """The default lies between `min` and `max`."""
    for name, criterion in spec.criteria.items():
        weight, path = criterion.weight, ("criteria", name, "weight")
        if weight.min is not None and weight.max is not None and weight.min > weight.max:
            yield problem("range-reversed", (*path, "min"), low=plain(weight.min), high=plain(weight.max))
        elif weight.min is not None and weight.default < weight.min:
            yield problem("number-below", path, text=plain(weight.default), limit=plain(weight.min))
        elif weight.max is not None and weight.default > weight.max:
            yield problem("number-above", path, text=plain(weight.default), limit=plain(weight.max))


def grades_descend(spec: Spec) -> Iterator[Problem]:
    """Grades stand best first; the lowest takes every total that is left. Their cuts are constants."""
    yield from cuts_descend(("grades",), spec.grades, "grades-hole")
    for place, grade in enumerate(spec.grades):
        yield from constant_cut(("grades", place), grade)


def lookup_cuts_are_constant(spec: Spec) -> Iterator[Problem]:
    """A row of a look-up has texts, one cut, or neither; only the last may fit always."""
    for name, lookup in spec.lookups.items():
        for place, row in enumerate(lookup.rows):
            path: KeyPath = ("lookups", name, "rows", place)
            given = [key for key in ("is_", "at_least", "above") if getattr(row, key)]
            if len(given) > 1:
                yield problem("cut-twice", path)
            elif not given and place < len(lookup.rows) - 1:
                yield problem("row-always-holds", path, after=len(lookup.rows) - 1 - place)
            if set(row.values) != set(lookup.rows[0].values):
                missing = set(row.values) ^ set(lookup.rows[0].values)
                yield problem("lookup-values-differ", (*path, "values"), text=", ".join(sorted(missing)))
            yield from constant_cut(path, row)


def labels_differ(spec: Spec) -> Iterator[Problem]:
    """Levels, grades and choices are told apart by their labels."""
    rows: list[tuple[KeyPath, KeyPath, list[str]]] = [(("grades",), ("label",), [grade.label.zh for grade in spec.grades])]
    for path, scale in scales(spec):
        if isinstance(scale, Levels):
            rows.append(((*path, "levels"), ("label",), [level.label.zh for level in scale.levels]))
    rows += [(("inputs", name, "choices"), (), list(asked.choices)) for name, asked in spec.inputs.items()]
    for above, below, labels in rows:
        for place in repeats(labels):
            yield problem("repeated-label", (*above, place, *below), text=labels[place])


def weight_set_without_condition_stands_last(spec: Spec) -> Iterator[Problem]:
    """It is always in force: no set after it ever is."""
    for place, (name, weight_set) in enumerate(spec.weight_sets.items(), start=1):
        if weight_set.when is None and place < len(spec.weight_sets):
            yield problem("row-always-holds", ("weight_sets", name), after=len(spec.weight_sets) - place)


def groups_have_no_cycle(spec: Spec) -> Iterator[Problem]:
    """Each group leads up to one without parent, in few steps."""
    parents = {name: group.parent for name, group in spec.groups.items() if group.parent in spec.groups}
    for name in spec.groups:
        above = _chain(name, parents)
        if above[-1] == name:
            yield problem("group-cycle", ("groups", name, "parent"), text=" → ".join((name, *above)))
        elif len(set(above)) == len(above) == DEEPEST_GROUP:
            yield problem("groups-too-deep", ("groups", name, "parent"), limit=DEEPEST_GROUP)


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
    yield from (problem("group-empty", ("groups", name), "warning", text=name) for name in spec.groups if name not in used)


def move_to_leads_to_scored_criteria(spec: Spec) -> Iterator[Problem]:
    """Weight moves to a scored criterion, and never in a circle."""
    to = {name: t.move_to for name, criterion in spec.criteria.items() if isinstance(t := criterion.not_applicable, MoveTo)}
    for name, target in to.items():
        path = ("criteria", name, "not_applicable", "move_to")
        chain = _chain(name, to)
        if target != name and chain[-1] == name:
            yield problem("move-to-cycle", path, text=" → ".join((name, *chain)))
        elif target in spec.criteria and spec.criteria[target].role != "score":
            yield problem("move-to-not-scored", path, text=target)


def keys_of_criteria_are_read(spec: Spec) -> Iterator[Problem]:
    """A key that goes with entries, or with a scored criterion, stands only there."""
    for name, criterion in spec.criteria.items():
        path, given = ("criteria", name), criterion.model_fields_set
        if criterion.indicators is None:
            yield from (unread(path, key, "indicators") for key in _OF_ENTRIES if key in given)
        elif criterion.indicators == ():
            yield problem("list-too-short", (*path, "indicators"), length=0, limit=1)
        elif criterion.entry_weights == "equal" and "without_weights" in given:
            yield unread(path, "without_weights", 'entry_weights = "record"')
        if criterion.role != "score" and "not_applicable" in given:
            yield unread(path, "not_applicable", 'role = "score"')
        yield from _weight_keys((*path, "weight"), criterion.weight, over_entries=criterion.indicators is not None)


_OF_ENTRIES = ("entries", "per", "entry_weights", "without_weights", "combine", "entry_absent", "completion")


def _weight_keys(path: KeyPath, weight: Weight, *, over_entries: bool) -> Iterator[Problem]:
    if weight.from_record and not over_entries:
        yield unread(path, "from_record", "indicators")
    if not weight.from_record:
        yield from (unread(path, bound, "from_record = true") for bound in ("min", "max") if getattr(weight, bound) is not None)


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
        if typed is None or tree(typed) is None:
            continue
        value = constant(typed)
        if value is None:
            yield problem("cut-not-constant", (*path, "decay_zero_at"), text=typed)
        elif value <= 1:
            yield problem("number-not-above", (*path, "decay_zero_at"), text=typed, limit=1)


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
            yield problem("indicators-scored-twice", path, "warning", text=", ".join(twice), other=taken[twice[0]])
        taken |= dict.fromkeys((category for category in below if category not in taken), name)


def choices_are_given_for_choice_inputs(spec: Spec) -> Iterator[Problem]:
    """At least two, and only there."""
    for name, asked in spec.inputs.items():
        path = ("inputs", name)
        if asked.type == "choice" and "choices" not in asked.model_fields_set:
            yield needed(path, "choices", 'type = "choice"')
        elif asked.type == "choice" and len(asked.choices) < 2:
            yield problem("list-too-short", (*path, "choices"), length=len(asked.choices), limit=2)
        elif asked.type != "choice" and "choices" in asked.model_fields_set:
            yield unread(path, "choices", 'type = "choice"')
        for place, choice in enumerate(asked.choices):
            if not choice.strip():
                yield problem("text-empty", (*path, "choices", place))


def series_say_what_they_hold(spec: Spec) -> Iterator[Problem]:
    """Amounts, numbers or counts; nothing else has `of`."""
    for name, asked in spec.inputs.items():
        if asked.type == "series" and asked.of is None:
            yield needed(("inputs", name), "of", 'type = "series"')
        elif asked.type != "series" and "of" in asked.model_fields_set:
            yield unread(("inputs", name), "of", 'type = "series"')


def ids_can_stand_in_formulas(spec: Spec) -> Iterator[Problem]:
    """Ids of inputs, measures and look-ups are none of the words that a formula reads as something else."""
    for table in ("inputs", "measures", "lookups"):
        yield from (problem("id-reserved", (table, name), text=name) for name in getattr(spec, table) if name in NOT_NAMES)


def applies_to_something(spec: Spec) -> Iterator[Problem]:
    """Some year, and some kind of subject."""
    applies, path = spec.ruleset.applies, ("ruleset", "applies")
    years = applies.years
    if not years.only and years.from_ is None and years.to is None:
        yield problem("years-none", (*path, "years"))
    elif years.from_ is not None and years.to is not None and years.from_ > years.to:
        yield problem("range-reversed", (*path, "years"), low=years.from_, high=years.to)
    if not applies.subjects:
        yield problem("list-too-short", (*path, "subjects"), length=0, limit=1)


def editions_are_named_in_full(spec: Spec) -> Iterator[Problem]:
    """`coexists_with` holds `family@edition`."""
    for place, name in enumerate(spec.ruleset.coexists_with):
        if not re.fullmatch(r"[a-z][a-z0-9-]*@[0-9A-Za-z][0-9A-Za-z.-]*", name):
            yield problem("coexists-form", ("ruleset", "coexists_with", place), text=name)


def status_is_explained(spec: Spec) -> Iterator[Problem]:
    """Rules that are not the official text say what is documented and what was chosen."""
    if spec.ruleset.status in ("adapted", "reconstructed") and spec.ruleset.notes is None:
        yield problem("status-needs-notes", ("ruleset", "status"), text=spec.ruleset.status)


def waivers_name_laws(spec: Spec) -> Iterator[Problem]:
    """What is waived is a law, or a finding of lint, that there is."""
    laws = (
        [key.partition(".")[2] for key in messages.catalogue() if key.startswith(("laws.", "problems.lint-"))]
        if spec.waivers
        else []
    )
    for name in spec.waivers:
        if name not in laws:
            yield problem("waiver-unknown", ("waivers", name), text=name, known=", ".join(laws))


CHECKS: tuple[Check, ...] = (
    waivers_name_laws,
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
    series_say_what_they_hold,
    ids_can_stand_in_formulas,
    applies_to_something,
    editions_are_named_in_full,
    status_is_explained,
)
"""Every law, in the order in which problems are told; those of a file are then sorted by line."""
