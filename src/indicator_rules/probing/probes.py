"""Probes: for every table of a plan, pieces of records that hit each of its rows and stand on and beside each of its cuts.

In: a plan. Out: `Probe`s, whose `fragment` is laid over the neutral record (`Probe.on`), and what no record was found for. Guaranteed: a probe was
evaluated and hits the row that it names; one whose edge is `absent` leaves its table without a row of its own (which may be a problem of the
record, if the ruleset says so). Nothing is dropped silently: rows and cuts without a probe are `unsolved`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, NamedTuple, TypeAlias

from pydantic import ValidationError

from indicator_rules import engine as engines
from indicator_rules.errors import RecordError
from indicator_rules.evaluate import Evaluator
from indicator_rules.exact import Exact, exact, to_text
from indicator_rules.expression import Ref
from indicator_rules.plan import Plan, Range
from indicator_rules.probing.confirming import blamed, hits
from indicator_rules.probing.hitting import Aim, Hitter
from indicator_rules.probing.neutral import entry_of, neutral
from indicator_rules.probing.pieces import ABSENT, Data, FieldPath, changed, held, merged
from indicator_rules.probing.sites import Site, is_truth, sites
from indicator_rules.probing.trial import Changes, Field, Trial
from indicator_rules.record import EvaluationRecord
from indicator_rules.stage import FIRST_ROWS
from indicator_rules.table import Bound

Edge: TypeAlias = Literal["at", "below", "above", "inside", "absent", "not_applicable"]
TOTAL = Ref("total")
SIDES: dict[Edge, int] = {"at": 0, "below": -1, "above": 1}


@dataclass(frozen=True, slots=True)
class Probe:
    """A piece of a record that is worth trying."""

    table: str
    """`criteria.x`, `criteria.x.<item>`, `criteria.x.entries.quantitative`, `criteria.x.applies_when`, `adjustments.x`, `lookups.x`, `weight_sets`, `grades`."""
    row: str
    """Id of the row that it hits; `absent` where the table is left without a row of its own."""
    edge: Edge
    fragment: Mapping[str, Any]
    """What the table reads, as plain data."""
    without: tuple[FieldPath, ...] = ()
    """Key paths that the record must not have; entries are named by id."""
    slot: str = ""
    """What stands at the edge (`at`, `below`, `above`): a slot of the table, or `assessment` for a pick inside a range."""
    cut: Exact | None = None

    def on(self, base: Mapping[str, Any]) -> Data:
        """The record: the probe laid over `base`, the neutral record as a rule."""
        return merged(base, self.fragment, self.without)

    def __str__(self) -> str:
        where = f" {self.slot} {self.edge} {to_text(self.cut)}" if self.cut is not None else f" {self.edge}"
        return f"{self.table}.{self.row}{where}"


class Unsolved(NamedTuple):
    """A row, or one side of a cut, that no record was found for."""

    table: str
    row: str
    edge: Edge
    slot: str = ""
    cut: Exact | None = None


@dataclass(frozen=True)
class Survey:
    """Everything found for one plan."""

    base: Data
    """The neutral record."""
    probes: tuple[Probe, ...]
    unsolved: tuple[Unsolved, ...]


def probes(plan: Plan) -> tuple[Probe, ...]:
    """Every probe of `plan`, table by table; to be laid over `neutral(plan)`."""
    return survey(plan).probes


def unsolved(plan: Plan) -> tuple[Unsolved, ...]:
    """The rows and cuts of `plan` that no record was found for: nothing can reach them, or no single field does."""
    return survey(plan).unsolved


def survey(plan: Plan, base: Data | None = None, wanted: Callable[[Site], bool] = lambda _: True) -> Survey:
    """The neutral record of `plan` (or `base`, a record that it scores), the probes of the tables `wanted`, and what is unsolved."""
    base = neutral(plan) if base is None else base
    visited = [site for site in sites(plan) if wanted(site)]
    try:
        surveyor = _Surveyor(plan, base)
    except RecordError:  # no record was found that everything can be scored of
        rows = ((site.key, row.id) for site in visited for row in site.leaf.table.rows if row.id not in FIRST_ROWS)
        return Survey(base, (), tuple(Unsolved(table, row, "inside") for table, row in rows))
    for site in visited:
        surveyor.visit(site)
    return Survey(base, tuple({id(one): one for one in surveyor.found.values()}.values()), tuple(surveyor.missing()))


@dataclass
class _Surveyor:
    plan: Plan
    base: Data
    found: dict[object, Probe] = field(default_factory=dict)
    wanted: dict[Unsolved, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.trial = Trial(self.plan, self.base)
        self.evaluator = Evaluator(self.plan, engines.engine("plain"), dict)
        self.neutral = self.evaluator.evaluate(self.trial.whole)

    # ---------------------------------------------------------------------------------------------------------------- tables

    def visit(self, site: Site) -> None:
        """Look for every row and cut of one table."""
        entry = entry_of(site, self.base)
        hitter = Hitter(self.trial, site, entry, self.weight(site, entry), self.total if _reads_total(site) else None)
        start = self.start(site)
        self.specials(site, hitter, entry)
        numbers = {slot.name: not slot.codes and not is_truth(slot.formula) for slot in site.leaf.slots}
        for place, row in enumerate(site.leaf.table.rows):
            if row.id in FIRST_ROWS:
                continue
            self.wanted[Unsolved(site.key, row.id, "inside")] = None
            for guard in row.guards:
                self.attempt(site, hitter, start, guard, place, "inside", None)
                for bound in guard:
                    edges: tuple[Edge, ...] = ("at", "below", "above") if numbers[bound.slot] else ("below",)
                    if site.leaf.slots and any(slot.name == bound.slot and slot.codes for slot in site.leaf.slots):
                        edges = ()
                    for edge in edges:
                        self.attempt(site, hitter, start, guard, place, edge, bound)

    def attempt(
        self, site: Site, hitter: Hitter, start: Changes, guard: tuple[Bound, ...], place: int, edge: Edge, bound: Bound | None
    ) -> None:
        """One edge of one guard; the row itself is hit where the edge lies inside."""
        if bound is None:
            aim = Aim(guard, None, 0)
            want: int | None = place
        else:
            side = SIDES[edge]
            if (site.key, bound.slot, bound.cut, edge) in self.found and not _holds(bound, side):
                return
            self.wanted[Unsolved(site.key, "", edge, bound.slot, bound.cut)] = None
            aim = Aim(tuple(one for one in guard if one != bound), bound, side)
            want = place if _holds(bound, side) else None
        for changes in hitter.search(aim, want, start):
            row = hitter.row(changes)
            if row >= 0 and self.settled(site, hitter, changes, row, edge, bound):
                return
            if row < 0 and bound is not None and want is None:
                # Beyond every row: the table has no answer, and the record may be refused.
                self.keep(site, hitter, changes, "absent", edge, bound.slot, bound.cut)

    def settled(self, site: Site, hitter: Hitter, changes: Changes, row: int, edge: Edge, bound: Bound | None) -> bool:
        """Keep what was found, if evaluation says so too; in a range, with what a person may pick."""
        chosen = site.leaf.table.rows[row]
        slot, cut = ("", None) if bound is None else (bound.slot, bound.cut)
        if not isinstance(chosen.award, Range):
            return self.keep(site, hitter, changes, chosen.id, edge, slot, cut)
        low, high = hitter.ends(chosen.award, changes)
        if low is None or high is None or site.criterion is None:
            return False
        path = ("assessments", *(("criteria", site.criterion.id) if hitter.entry is None else ("indicators", hitter.entry)))
        picks = list(_picks(chosen.award, low, high, hitter.weight))
        kept = [
            (place, self.keep(site, hitter, {**changes, path: pick}, chosen.id, *(at if bound is None else (edge, slot, cut))))
            for place, (pick, at) in enumerate(picks)
            if bound is None or place == 0
        ]
        return any(done for _, done in kept)

    def keep(self, site: Site, hitter: Hitter, changes: Changes, row: str, edge: Edge, slot: str, cut: Exact | None) -> bool:
        fragment, without = self.fragment(hitter, changes)
        probe = Probe(site.key, row, edge, fragment, without, slot, cut)
        key = (site.key, slot, cut, edge) if slot and slot != "assessment" else (site.key, row, edge, cut)
        if not self.holds(site, probe, hitter.entry):
            return False
        self.found.setdefault(key, probe)
        self.found.setdefault((*key, row), probe)
        return True

    def specials(self, site: Site, hitter: Hitter, entry: str | None) -> None:
        """Not applicable, and each way to leave the table without what it reads."""
        criterion = site.criterion
        if criterion is not None and site.scale is criterion.scale:
            fragment = {"not_applicable": {"criteria": {criterion.id: "不涉及"}}}
            self.keep_special(site, Probe(site.key, "not_applicable", "not_applicable", fragment), entry)
        if _reads_total(site):
            return
        below = [slot for leaf in site.scale.leaves for slot in leaf.slots] if site.scale is not None else []
        inside = dict.fromkeys(one for slot in below for one in self.trial.fields(slot.formula, entry))
        has_parts = site.scale is not None and bool(site.scale.parts)
        fields = [one for one in (inside if has_parts else hitter.fields()) if _can_be_absent(one)]
        # What a person picked and a series go as a whole; what an aggregate counts is there or not, never absent.
        whole = {"assessments": 3, "answers": 2}
        paths_read = list(dict.fromkeys(one.path[: whole.get(one.path[0])] for one in fields))
        removals: list[tuple[FieldPath, ...]] = [(path,) for path in paths_read]
        if len(paths_read) > 1:
            removals.append(tuple(paths_read))
        if criterion is not None and site.scale is criterion.scale and criterion.entries is not None:
            ids = [one.id for one in self.neutral[criterion.id].entries]
            picks = [("assessments", "indicators", name) for name in ids]
            removals = [(*(("indicators", name) for name in ids), *(path for path in picks if self.trial.held(path) is not None))]
        elif criterion is not None and site.scale is not None and site.scale.by_person:
            removals.append(
                (("assessments", "criteria", criterion.id) if entry is None else ("assessments", "indicators", entry),)
            )
        for paths in removals:
            if not paths or any(self.trial.held(path) is None for path in paths):
                continue
            is_entry = any(path[0] == "indicators" and len(path) == 2 for path in paths)
            fragment = {} if is_entry else self.fragment(hitter, dict.fromkeys(paths, ABSENT))[0]
            if not is_entry and not has_parts and not any(path[0] == "assessments" for path in paths):
                row = hitter.row(dict.fromkeys(paths, ABSENT))
                if row >= 0 and site.leaf.table.rows[row].id != "absent":
                    continue  # something else stands for it
            self.keep_special(site, Probe(site.key, "absent", "absent", fragment, paths), entry)

    def keep_special(self, site: Site, probe: Probe, entry: str | None) -> None:
        if self.holds(site, probe, entry):
            self.found.setdefault((probe.table, probe.edge, probe.without), probe)

    def missing(self) -> Iterator[Unsolved]:
        """What was wanted and not found; a row counts as found with any probe that hits it."""
        hit = {(probe.table, probe.row) for probe in self.found.values()}
        edges = {(probe.table, probe.slot, probe.cut, probe.edge) for probe in self.found.values()}
        for one in self.wanted:
            if (one.table, one.row) not in hit if one.edge == "inside" else (one.table, one.slot, one.cut, one.edge) not in edges:
                yield one

    # --------------------------------------------------------------------------------------------------------------- records

    def start(self, site: Site) -> Changes:
        """What makes the criterion of `site` applicable, where the neutral record does not."""
        criterion = site.criterion
        if criterion is None or criterion.applies is None or self.neutral[criterion.id].row != "not_applicable":
            return {}
        applies = Site(f"criteria.{criterion.id}.applies_when", criterion.applies, criterion)
        if applies.key == site.key:
            return {}
        hitter = Hitter(self.trial, applies, None, 1, None)
        for guard in criterion.applies.row("yes").guards:
            for changes in hitter.search(Aim(guard, None, 0), 0, {}):
                return changes
        return {}

    def weight(self, site: Site, entry: str | None) -> Exact:
        """The weight in force in the neutral record."""
        if site.criterion is None:
            return 1
        result = self.neutral[site.criterion.id]
        weight = next((one.exact_weight for one in result.entries if one.id == entry), result.exact_weight)
        return weight or site.criterion.weight.default

    def total(self, changes: Changes) -> Exact | None:
        """What the grade is read from."""
        try:
            found = self.evaluator.evaluate(self.trial.record(changes))
        except RecordError:
            return None
        return found.exact_total if self.plan.grade_on == "rounded" else found.unrounded_total

    def fragment(self, hitter: Hitter, changes: Changes) -> tuple[Data, tuple[FieldPath, ...]]:
        """All that the table reads, with `changes`; and what is to be left out."""
        values = {one.path: self.trial.held(one.path) for one in hitter.fields()} | dict(changes)
        data: Data = {}
        rows: dict[str, Data] = {}
        without: list[FieldPath] = []
        for path, value in values.items():
            if path[0] == "indicators" and len(path) == 2:
                rows.setdefault(path[1], dict(self.trial.rows[path[1]]))
            elif path[0] == "indicators":
                row = rows.setdefault(path[1], dict(self.trial.rows[path[1]]))
                row.pop(path[2], None)
                row |= {} if value is ABSENT else {path[2]: value}
            elif path[0] == "answers" and len(path) == 3:
                if path[:2] not in changes:  # one number of a series that is there
                    series = held(data, path[:2]) or self.trial.held(path[:2])
                    data = changed(changed(data, path[:2], series), path, value)
                continue
            elif value is not ABSENT:
                data = changed(data, path, value)
            if value is ABSENT and self.trial.held(path) is not None:
                without.append(path)
            if path[0] == "indicators" and value is ABSENT and len(path) == 2:
                rows.pop(path[1])
                pick = ("assessments", "indicators", path[1])
                without += [pick] if self.trial.held(pick) is not None else []
            if path[0] == "assessments" and len(path) == 4 and path in changes:
                without += [(*path[:3], key) for key in self.trial.held(path[:3]) or () if key != path[3]]
            if path[0] == "assessments" and isinstance(value, dict):
                without += [(*path, key) for key in self.trial.held(path) or () if key not in value]
        if "budget" in data:
            data["budget"] = {"unit": "元", **data["budget"]}
        return data | ({"indicators": list(rows.values())} if rows else {}), tuple(without)

    # ------------------------------------------------------------------------------------------------------------------ proof

    def holds(self, site: Site, probe: Probe, entry: str | None) -> bool:
        """Whether evaluation, too, hits the row."""
        try:
            found = self.evaluator.evaluate(EvaluationRecord.model_validate(probe.on(self.base)))
        except ValidationError:  # nothing is left of what a person picked
            return False
        except RecordError as error:
            return probe.row == "absent" and blamed(error, site)
        return hits(found, site, probe.row, entry)


def _holds(bound: Bound, side: int) -> bool:
    """Whether a place on `side` of the cut (0: on it) satisfies the bound."""
    return {">=": side >= 0, ">": side > 0, "<=": side <= 0, "<": side < 0, "=": side == 0}[bound.operator]


def _reads_total(site: Site) -> bool:
    return any(slot.formula == TOTAL for slot in site.leaf.slots)


def _can_be_absent(one: Field) -> bool:
    required = one.path in (("subject", "year"), ("subject", "kind")) or one.path[-1] in ("key", "category", "name")
    return not required and not one.is_entry


def _picks(award: Range, low: Exact, high: Exact, weight: Exact) -> Iterator[tuple[Data, tuple[Edge, str, Exact | None]]]:
    """What a person may pick: inside, and at (or just inside) each end."""
    if low == high:
        ends: Iterable[tuple[Exact, tuple[Edge, str, Exact | None]]] = [(low, ("inside", "", None))]
    else:
        step = min(Fraction(1, 100), Fraction(high - low) / 4)
        ends = [
            (Fraction(low + high) / 2, ("inside", "", None)),
            (low + step, ("above", "assessment", low)) if award.low_open else (low, ("at", "assessment", low)),
            (high - step, ("below", "assessment", high)) if award.high_open else (high, ("at", "assessment", high)),
        ]
    for number, at in ends:
        points = Field(("points",), "not-negative").typed(exact(Fraction(number)))
        if points is not None:
            yield {"points": points}, at
        elif weight:
            share = Field(("share",), "share").typed(exact(Fraction(number) / weight))
            if share is not None:
                yield {"share": share}, at
