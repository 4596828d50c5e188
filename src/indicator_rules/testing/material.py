"""What there is to draw from for one ruleset: its fields, what each may hold, and records made of them.

In: `Rules`. Out: a `Material`, made once for each ruleset. Its fields are those that tables read, to choose a row or for the points, and what assessors give; the first value of
each is what the neutral record holds, so that examples shrink to that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeAlias

from hypothesis import strategies as st

from indicator_rules.exact import Exact, exact
from indicator_rules.plan import Range
from indicator_rules.probing.hitting import Hitter
from indicator_rules.probing.neutral import entry_of
from indicator_rules.probing.pieces import ABSENT, Data, FieldPath, flat, held, put
from indicator_rules.probing.probes import Probe
from indicator_rules.probing.sites import Site, formulas, sites
from indicator_rules.probing.trial import Field, Trial
from indicator_rules.rules import Rules
from indicator_rules.toml_text import to_toml

Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]
FEW = 3
"""Fewer values than this are made more, by numbers that people type."""


class RecordData(dict[str, Any]):
    """The plain data of a record; its `repr` is TOML that can be pasted into a case."""

    def __repr__(self) -> str:
        return f'"""\n{self.toml()}\n"""'

    def toml(self) -> str:
        """The tables of a case that hold the record."""
        return to_toml(self, "record").strip()


class RulesetData(RecordData):
    """The plain data of a ruleset, printed as its file."""

    def toml(self) -> str:
        return to_toml(self).strip()


@lru_cache(maxsize=16)
def material_of(rules: Rules) -> Material:
    return Material(rules)


class Material:
    """What there is to draw from for one ruleset."""

    def __init__(self, rules: Rules) -> None:
        self.plan, self.survey = rules.plan, rules.survey
        self.trial = Trial(self.plan, self.survey.base)
        self.hitters = [(site, self.hitter(site)) for site in sites(self.plan)]
        self.values: dict[Field, list[Any]] = {}
        self.paid: set[Field] = set()
        self.fields = {site.key: self.read(site, hitter) for site, hitter in self.hitters}
        self.pick()
        self.fill()
        self.changed = self.changing() if self.values else st.just([])
        optional = [one for one in self.values if _optional(one)]
        never: st.SearchStrategy[Any] = st.just([])
        self.absences = st.one_of(never, never, st.lists(st.sampled_from(optional), max_size=3)) if optional else never
        names = st.sampled_from([one.id for one in self.plan.criteria])
        self.left_out = st.one_of(never, never, st.lists(names, max_size=2))
        self.deducted = st.one_of(st.none(), st.none(), st.none(), st.tuples(names, st.sampled_from((1, Decimal("0.5"), 100))))
        self.where = st.sampled_from((4, 2, 1, 3, 0))
        self.more = st.sampled_from((0, 0, 0, 1, 2))
        self.picking = [(site, hitter) for site, hitter in self.hitters if site.scale is not None and _has_range(site)]

    def hitter(self, site: Site) -> Hitter:
        entry = entry_of(site, self.survey.base)
        weight: Exact = site.criterion.weight.default if site.criterion is not None else 1
        if entry is not None and "weight" in self.trial.rows[entry]:
            weight = exact(Decimal(self.trial.rows[entry]["weight"]))
        return Hitter(self.trial, site, entry, weight, None)

    def read(self, site: Site, hitter: Hitter) -> dict[Field, None]:
        """The fields that a table reads, for its choice or for the points; each has what the neutral record holds for its first value."""
        paid = [one for node in formulas(site.leaf) for one in self.trial.fields(node, hitter.entry)]
        self.paid |= set(paid)
        found = {one: None for one in (*hitter.fields(), *paid) if one.path[0] != "deductions" and not one.is_entry}
        for one in found:
            self.values.setdefault(one, [self.trial.held(one.path)])
        return found

    def pick(self) -> None:
        """What a person gives, wherever a probe changes nothing else."""
        was = flat(self.survey.base)
        for probe in self.survey.probes:
            new = [(path, value) for path, value in flat(probe.fragment).items() if was.get(path) != value]
            if probe.slot == "assessment" and len(new) == 1:
                path, value = new[0]
                one = Field(path, "share" if path[-1] == "share" else "not-negative")
                self.fields[probe.table][one] = None
                values = self.values.setdefault(one, [] if self.trial.held(path) is None else [self.trial.held(path)])
                if value not in values:
                    values.append(value)

    def fill(self) -> None:
        """The values of each field: those of probes, those that are known to matter, others where there are few, and nothing at all."""
        for probe in self.survey.probes:
            for one, values in self.values.items():
                value = held(probe.fragment, one.path)
                if value is not None and value not in values:
                    values.append(value)
        hitters = {one: hitter for site, hitter in self.hitters for one in self.fields[site.key]}
        for one, values in self.values.items():
            more = one.kind != "choice" and (
                one in self.paid or len(values) < FEW
            )  # probes stand on cuts; points run beyond them
            others = [one.typed(seed) for seed in hitters[one].seeds(one, {})] if more else []
            for value in (*one.values, *(other for other in others if other is not None), ABSENT):
                if value not in values and (value is not ABSENT or _optional(one)):
                    values.append(value)

    def unknown(self) -> Iterator[Probe]:
        """For each row, what hits it less one field that its table reads: with the others as they are, nobody can tell whether it holds."""
        for probe in self.survey.probes:
            if probe.edge == "inside" and probe.table in self.fields:
                read = {one.path for one in self.fields[probe.table] if _optional(one)}
                for path in flat(probe.fragment):
                    if path in read:
                        gone = path[:3] if path[0] == "assessments" else path  # what a person picked goes as a whole
                        yield replace(probe, row="absent", edge="absent", without=(*probe.without, gone))

    def changing(self) -> st.SearchStrategy[list[tuple[Field, Any]]]:
        """Fields and what they hold instead, later ones winning: a few or many."""
        known = st.sampled_from([(one, value) for one, values in self.values.items() for value in values if value is not ABSENT])
        numeric = [one for one in self.values if one.kind in ("money", "number", "not-negative", "count")]
        most = 2 * len(self.values)  # no field needs to be changed often: the last value wins
        few = st.lists(known, max_size=min(8, most))
        if not numeric:
            return few | st.lists(known, min_size=min(8, most // 2), max_size=min(40, most))
        free = st.tuples(st.sampled_from(numeric), st.integers(0, 2_000))
        typed = free.map(
            lambda drawn: (drawn[0], drawn[0].typed(drawn[1] if drawn[0].kind != "number" else Fraction(drawn[1], 100)))
        )
        one = st.one_of(known, known, known, typed)
        return few | st.lists(one, min_size=min(8, most // 2), max_size=min(40, most))

    def read_by(self, criterion: str) -> list[Field]:
        """The fields that a criterion's tables read."""
        if all(one.id != criterion for one in self.plan.criteria):
            raise KeyError(criterion)
        found: dict[Field, None] = {}
        for site, _ in self.hitters:
            if site.criterion is not None and site.criterion.id == criterion:
                found |= dict.fromkeys(one for one in self.fields[site.key] if len(self.values[one]) > 1)
        return list(found)

    def record(self, draw: Draw) -> RecordData:
        """One record."""
        data: Data = self.survey.base
        changes: dict[FieldPath, Any] = {}
        for one, value in draw(self.changed):
            changes[one.path] = value
        for one in draw(self.absences):
            changes[one.path] = ABSENT
        for path, value in changes.items():
            data = put(data, path, value)
        data = self.picks(draw, data, changes)
        data = self.copies(draw, data)
        left_out = draw(self.left_out)
        if left_out:
            data = {**data, "not_applicable": {"criteria": dict.fromkeys(left_out, "不涉及")}}
        deducted = draw(self.deducted)
        if deducted is not None:
            data = {**data, "deductions": {"criteria": {deducted[0]: {"points": deducted[1], "reason": "资料不全"}}}}
        return RecordData(data)

    def picks(self, draw: Draw, data: Data, changes: Mapping[FieldPath, Any]) -> Data:
        """A pick inside the range that applies, wherever one does."""
        for site, hitter in self.picking:
            row = hitter.row(changes)
            award = site.leaf.table.rows[row].award if row >= 0 else None
            if not isinstance(award, Range) or site.criterion is None:
                continue
            low, high = hitter.ends(award, changes)
            where = draw(self.where)
            if low is None or high is None:
                continue
            if low < high and ((award.low_open and where == 0) or (award.high_open and where == 4)):
                where = 2
            points = low + Fraction(high - low) * where / 4
            if hitter.entry is None:
                picked = Field((), "not-negative").typed(exact(points))
                path: FieldPath = ("assessments", "criteria", site.criterion.id, "points")
            else:  # entries beside it may take part of its weight: as a share it stays inside
                picked = Field((), "share").typed(exact(points / hitter.weight))
                path = ("assessments", "indicators", hitter.entry, "share")
            data = data if picked is None else put(data, path, picked)
        return data

    def copies(self, draw: Draw, data: Data) -> Data:
        """More entries beside those of the neutral record, which share their weights."""
        rows: list[Data] = []
        for row in data.get("indicators", ()):
            more = draw(self.more)
            own = [
                row,
                *({**row, "id": f"{row['id']}_{place}", "name": f"{row['name']}之{place + 1}"} for place in range(1, more + 1)),
            ]
            weight = row.get("weight")
            if more and weight is not None:
                each = (Decimal(weight) / (more + 1)).quantize(Decimal("0.01"))
                own = [{**one, "weight": each} for one in own]
                own[0]["weight"] = Decimal(weight) - each * more
            for one in own[1:]:
                if not isinstance(one.get("actual"), int | Decimal):
                    continue
                one["actual"] = draw(st.integers(0, 150))
            rows += own
        data = {**data, "indicators": rows} if rows else data
        given = data.get("assessments", {}).get("indicators", {})
        for row in rows:
            source = row["id"].partition("_")[0]
            if source in given and row["id"] not in given:
                data = put(data, ("assessments", "indicators", row["id"], *given[source]), next(iter(given[source].values())))
        return data


def _optional(one: Field) -> bool:
    return one.path not in (("subject", "year"), ("subject", "kind")) and one.path[-1] != "key"


def _has_range(site: Site) -> bool:
    return any(isinstance(row.award, Range) for row in site.leaf.table.rows)
