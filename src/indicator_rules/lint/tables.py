"""Lint of tables: rows that never hold, rows that others always take first, values for which no row is meant, conditions that decide nothing.

In: a linked ruleset and its plan. Out: findings. Each comes from one look through all regions of a table (`regions`): that a row is dead is said only if no
record can reach it; that a value falls through, only with such a value, and only where the table's conditions read different fields, so that
the value can be had.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import NamedTuple

from indicator_rules.errors import KeyPath, Problem
from indicator_rules.exact import Exact, Rounding
from indicator_rules.expression import Aggregate, Call, Node, Number, Ref
from indicator_rules.interval import NOT_NEGATIVE, Span, common
from indicator_rules.lint.uses import Use, rows_key, uses
from indicator_rules.lint.words import Example, odd
from indicator_rules.messages import Phrase
from indicator_rules.partial.any_record import AnyRecord
from indicator_rules.partial.possible import Possible, possible
from indicator_rules.partial.regions import Region, Regions, TooManyRegions
from indicator_rules.plan import Award, Leaf, Plan
from indicator_rules.ruleset import Ruleset
from indicator_rules.spec_scales import Bands, Checklist, Deduct, FirstMatch, Levels
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
        if not _can_be(region, outlook):
            continue
        if region.row != NONE:
            winner = leaf.table.rows[region.row].id
            chosen.add(winner)
            if winner not in FIRST_ROWS:
                for row in rows:
                    if row.id != winner and row.id not in lost and _holds(row, region.values):
                        lost[row.id] = Lost(region.given, winner)
        elif gap is None and independent and _is_meant(region, cuts):
            gap = _had(region, outlook)
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
        if cuts[node] >= 0 and found.span is not None and common(found.span, NOT_NEGATIVE) is None:
            return False
    return True


def _can_be(region: Region, outlook: AnyRecord) -> bool:
    """Whether what is read through names does not contradict them (`状态 = 好` is no where the state is another)."""
    names = {node for node in region.given if isinstance(node, Ref)}
    derived = [node for node in region.given if _is_derived(node, names)]
    if not derived:
        return True
    known = outlook.narrowed({node: region.given[node] for node in names})
    return all(_overlap(possible(node, known), region.given[node]) for node in derived)


def _overlap(one: Possible, other: Possible) -> bool:
    if not other.present:
        return one.absent
    spans = any(common(here, there) is not None for here in one.spans for there in other.spans)
    return spans or bool(one.words & other.words) or one.any_text or other.any_text


def _had(region: Region, outlook: AnyRecord) -> Mapping[Node, Possible] | None:
    """Values in a region that some record has together: those of names are tried, what only reads these has to come out as the region says."""
    names = {node for node in region.given if isinstance(node, Ref)}
    read = {node: found for node, found in region.given.items() if _is_derived(node, names)}
    for given in islice(_trials(region.given, read), MOST_TRIALS):
        known = outlook.narrowed({node: given[node] for node in names})
        fits = all(_fits(possible(node, known), found) for node, found in read.items())
        if fits and all(_is_plain(found, outlook.rounding) for found in given.values()):
            return given
    return None


MOST_TRIALS = 500
"""Combinations of values that are tried in one region."""


def _trials(given: Mapping[Node, Possible], read: Collection[Node]) -> Iterator[Mapping[Node, Possible]]:
    """Values of all but what is `read` through others: one inside each span, and those at and beside the numbers that are asked about."""
    asked = [part.value for node in read for part in node.walk() if isinstance(part, Number)]
    choices: dict[Node, list[Possible]] = {}
    for node, found in given.items():
        if node in read:
            continue
        choices[node] = [found]
        if found.spans:
            span = found.spans[0]
            values = [span.inside(), *(value for number in asked for value in (number, number + 1, number - 1) if value in span)]
            choices[node] = [Possible((Span.point(value),)) for value in dict.fromkeys(values)]
    for values_of_all in product(*choices.values()):
        yield dict(zip(choices, values_of_all, strict=True))


def _is_derived(node: Node, names: Collection[Node]) -> bool:
    """Whether a formula reads nothing but `names`, at least one."""
    read = [part for part in node.walk() if isinstance(part, Ref | Aggregate)]
    return node not in names and bool(read) and all(part in names for part in read)


def _fits(found: Possible, wanted: Possible) -> bool:
    if found.spans:
        return found.span is not None and found.span.low is not None and any(found.span.low in span for span in wanted.spans)
    return found.words == wanted.words


def _is_plain(found: Possible, rounding: Rounding | None) -> bool:
    """Whether rounding can give the number (of what is not rounded, some are passed over)."""
    return rounding is None or all(rounding(span.inside()) == span.inside() for span in found.spans)


def _independent(leaf: Leaf, plan: Plan) -> bool:
    """Whether each field is read in one place of the table only, but for what is read through a name: then what a region says can be had."""
    nodes = [slot.formula for slot in leaf.slots if not slot.is_flag]
    names = {node for node in nodes if isinstance(node, Ref)}
    read = [name for node in nodes if not _is_derived(node, names) for name in _fields(node, plan)]
    return len(read) == len(set(read))


def _fields(node: Node, plan: Plan) -> Iterator[str]:
    measures = {f"measures.{measure.id}": measure.formula for measure in plan.measures}
    for part in node.walk():
        if isinstance(part, Ref):
            yield from _fields(measures[part.path], plan) if part.path in measures else (_field(part.path),)
        elif isinstance(part, Aggregate):
            # Sums and the like of entries are not looked into, so it is not known which of them can be had.
            yield from ("entries",) if part.function == "count" else ("entries", "entries")
        elif isinstance(part, Call) and part.function == "present":
            yield "presence"


def _field(path: str) -> str:
    """Values of an entry hang together, and so do the parameters of a look-up."""
    section, _, rest = path.partition(".")
    if path == "total_weight":
        return "entries"
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
