"""Lint of tables: rows that never hold, rows that others always take first, values for which no row is meant, conditions that decide nothing.

In: a linked ruleset and its plan. Out: findings. Each comes from one look through all regions of a table (`regions`): that a row is dead is said only if no
record can reach it; that a value falls through, only with such a value, and only where the table's conditions read different fields, so that
the value can be had.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from indicator_rules.any_record import AnyRecord
from indicator_rules.errors import KeyPath, Problem
from indicator_rules.exact import Exact
from indicator_rules.expression import Aggregate, Call, Node, Ref
from indicator_rules.lint_uses import Use, rows_key, uses
from indicator_rules.lint_words import Example, odd
from indicator_rules.messages import Phrase
from indicator_rules.plan import Award, Leaf, Plan
from indicator_rules.possible import Possible, possible
from indicator_rules.regions import Region, Regions, TooManyRegions
from indicator_rules.ruleset import Ruleset
from indicator_rules.spec import Bands, Checklist, Deduct, FirstMatch, Levels
from indicator_rules.stage import FIRST_ROWS, NONE
from indicator_rules.table import Row

NEVER, ALWAYS = Phrase("lint.never"), Phrase("lint.always")


class Lost(NamedTuple):
    """A row that holds and is not chosen: where, and the row that is."""

    given: Mapping[Node, Possible]
    winner: str


class Looked(NamedTuple):
    """What a look through a table found."""

    chosen: frozenset[str]
    """Rows that some record can hit."""
    lost: Mapping[str, Lost]
    """Rows that hold somewhere."""
    gap: Mapping[Node, Possible] | None
    """Values, all there, for which no row holds."""


def look(leaf: Leaf, outlook: AnyRecord) -> Looked:
    """All regions of a table. Raises `TooManyRegions`."""
    chosen: set[str] = set()
    lost: dict[str, Lost] = {}
    gap: Mapping[Node, Possible] | None = None
    rows = [row for row in leaf.table.rows if row.id not in FIRST_ROWS]
    independent = _independent(leaf, outlook.plan)
    cuts = {slot.formula: min(Regions(leaf).cuts[slot.name], default=0) for slot in leaf.slots}
    for region in Regions(leaf)(outlook):
        if region.row != NONE:
            winner = leaf.table.rows[region.row].id
            chosen.add(winner)
            if winner not in FIRST_ROWS:
                for row in rows:
                    if row.id != winner and row.id not in lost and _holds(row, region.values):
                        lost[row.id] = Lost(region.given, winner)
        elif gap is None and independent and _is_meant(region, cuts):
            gap = region.given
    return Looked(frozenset(chosen), lost, gap)


def _holds(row: Row[Award], values: Mapping[str, Exact | None]) -> bool:
    return any(all(_true(values[bound.slot], bound.operator, bound.cut) for bound in guard) for guard in row.guards)


def _true(value: Exact | None, operator: str, cut: Exact) -> bool:
    if value is None:
        return False
    return {">=": value >= cut, ">": value > cut, "<=": value <= cut, "<": value < cut, "=": value == cut}[operator]


def _is_meant(region: Region, cuts: Mapping[Node, Exact]) -> bool:
    """Whether the values are all there; one below 0 is not looked for where no cut is below 0."""
    for node, found in region.given.items():
        if not found.present or found.any_text:  # any other text is the record's slip, and told there
            return False
        high = found.span.high if found.span is not None else None
        if found.span is not None and cuts[node] >= 0 and high is not None and (high < 0 or (high == 0 and found.span.high_open)):
            return False
    return True


def _independent(leaf: Leaf, plan: Plan) -> bool:
    """Whether each field is read in one place of the table only: then every region holds some record."""
    read = [name for slot in leaf.slots if not slot.is_flag for name in _fields(slot.formula, plan)]
    return len(read) == len(set(read))


def _fields(node: Node, plan: Plan) -> Iterator[str]:
    measures = {f"measures.{measure.id}": measure.formula for measure in plan.measures}
    for part in node.walk():
        if isinstance(part, Ref):
            yield from _fields(measures[part.path], plan) if part.path in measures else (_field(part.path),)
        elif isinstance(part, Aggregate):
            yield "entries"
        elif isinstance(part, Call) and part.function == "present":
            yield "presence"


def _field(path: str) -> str:
    """Values of an entry hang together, and so do the parameters of a look-up."""
    section, _, rest = path.partition(".")
    return section if section == "entry" else f"{section}.{rest.partition('.')[0]}" if section == "lookups" else path


# ----------------------------------------------------------------------------------------------------------------- findings


def dead_rows_and_gaps(ruleset: Ruleset, plan: Plan) -> Iterator[Problem]:
    """Of all tables."""
    outlook = AnyRecord(plan)
    yield from _scales(list(uses(ruleset, plan)), outlook)
    for lookup in plan.lookups:
        yield from _told([lookup.leaf], outlook, ("lookups", lookup.id), "rows", gaps=True)
    if plan.weight_sets is not None:
        yield from _weight_sets(plan.weight_sets, outlook)
    for criterion in plan.criteria:
        if criterion.applies is not None:
            yield from _condition([criterion.applies], outlook, ("criteria", criterion.id, "applies_when"), "yes", "no")
    for adjustment in plan.adjustments:
        yield from _condition([adjustment.leaf], outlook, ("adjustments", adjustment.id, "when"), "apply", "skip")
    for finding in plan.findings:
        yield from _finding(finding.id, finding.when, outlook, for_entries=finding.for_entries)


def _scales(found: list[Use], outlook: AnyRecord) -> Iterator[Problem]:
    """A scale that is used in several places has a dead row only if it is dead in all of them."""
    by_place: dict[KeyPath, list[Use]] = {}
    for use in found:
        by_place.setdefault(use.at, []).append(use)
    for at, together in by_place.items():
        own = together[0].own
        inside = [(use, outlook if use.kind is None else outlook.inside(use.kind)) for use in together]
        match own:
            case Bands() | FirstMatch() | Levels():
                yield from _told(
                    [use.scale.head for use in together],
                    [one for _, one in inside],
                    at,
                    rows_key(own),
                    gaps=not isinstance(own, Bands),
                )
            case Checklist():
                for place in range(len(own.items)):
                    leaves = [use.scale.parts[place].scale.head for use in together]
                    yield from _condition(
                        leaves, [one for _, one in inside], (*at, "items", place, "when"), "met", "unmet", "gated"
                    )
            case Deduct():
                key: KeyPath = (*at, "when") if own.per == "miss" else at
                yield from _condition([use.scale.head for use in together], [one for _, one in inside], key, "deducted", "none")


def _looked(leaves: Sequence[Leaf], outlooks: AnyRecord | Sequence[AnyRecord]) -> list[Looked]:
    each = [outlooks] * len(leaves) if isinstance(outlooks, AnyRecord) else outlooks
    return [look(leaf, outlook) for leaf, outlook in zip(leaves, each, strict=True)]


def _told(
    leaves: Sequence[Leaf], outlooks: AnyRecord | Sequence[AnyRecord], at: KeyPath, key: str, *, gaps: bool
) -> Iterator[Problem]:
    """Rows that the ruleset spells out under `key`."""
    plan = (outlooks if isinstance(outlooks, AnyRecord) else outlooks[0]).plan
    try:
        looked = _looked(leaves, outlooks)
    except TooManyRegions:
        yield odd("lint-not-decided", at, "info")
        return
    for row in leaves[0].table.rows:
        if row.id in FIRST_ROWS or any(row.id in one.chosen for one in looked):
            continue
        path = (*at, key, _place(row.id))
        lost = next((one.lost[row.id] for one in looked if row.id in one.lost), None)
        if lost is None:
            yield odd("lint-row-unreachable", path, number=_place(row.id) + 1)
        else:
            example, winner = Example(plan, lost.given), _place(lost.winner) + 1
            yield odd("lint-row-shadowed", path, number=_place(row.id) + 1, winner=winner, example=example)
    gap = next((one.gap for one in looked if one.gap is not None), None) if gaps else None
    if gap is not None:
        yield odd("lint-gap", (*at, key), example=Example(plan, gap))


def _place(row: str) -> int:
    """The position of `band_3`, `row_3`, `level_3` among the rows as written."""
    return int(row.rpartition("_")[2]) - 1


def _weight_sets(leaf: Leaf, outlook: AnyRecord) -> Iterator[Problem]:
    try:
        found = look(leaf, outlook)
    except TooManyRegions:
        yield odd("lint-not-decided", ("weight_sets",), "info")
        return
    names = [row.id for row in leaf.table.rows]
    for number, row in enumerate(leaf.table.rows[:-1], start=1):
        lost = found.lost.get(row.id)
        if row.id in found.chosen:
            continue
        if lost is None:
            yield odd("lint-row-unreachable", ("weight_sets", row.id), number=number)
        else:
            winner, example = names.index(lost.winner) + 1, Example(outlook.plan, lost.given)
            yield odd("lint-row-shadowed", ("weight_sets", row.id), number=number, winner=winner, example=example)


def _condition(
    leaves: Sequence[Leaf], outlooks: AnyRecord | Sequence[AnyRecord], path: KeyPath, yes: str, *no: str
) -> Iterator[Problem]:
    """A condition that has to decide between two rows."""
    try:
        chosen = frozenset[str]().union(*(one.chosen for one in _looked(leaves, outlooks)))
    except TooManyRegions:
        yield odd("lint-not-decided", path, "info")
        return
    if yes not in chosen:
        yield odd("lint-condition-constant", path, outcome=NEVER)
    elif not chosen & {*no}:
        yield odd("lint-condition-constant", path, outcome=ALWAYS)


def _finding(name: str, when: Node, outlook: AnyRecord, *, for_entries: bool) -> Iterator[Problem]:
    """A finding is no table: its condition is looked at as a formula."""
    kinds: Iterable[AnyRecord] = [outlook]
    if for_entries:
        kinds = [outlook.inside("quantitative"), outlook.inside("qualitative"), outlook.inside("dated")]
    truths = frozenset[str | bool]().union(*(possible(when, one).words for one in kinds))
    if len(truths) == 1:
        outcome = ALWAYS if True in truths else NEVER
        yield odd("lint-condition-constant", ("findings", name, "when"), outcome=outcome)
