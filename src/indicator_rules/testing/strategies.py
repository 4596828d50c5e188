"""Hypothesis strategies from a ruleset: records that it can score, on and beside its cuts.

In: `Rules`. Out: strategies of plain records (`RecordData`) that print themselves as TOML, to be pasted into a case. Everything is drawn
directly, nothing is rejected; every choice begins with what the neutral record holds, so that examples shrink to a complete record with
full marks that differs in what matters alone.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import strategies as st

from indicator_rules.errors import RulesetError
from indicator_rules.probing.pieces import Data, put
from indicator_rules.probing.trial import Field
from indicator_rules.rules import Rules
from indicator_rules.testing.generate import random_ruleset
from indicator_rules.testing.material import Draw, Material, RecordData, RulesetData, material_of


def records(rules: Rules) -> st.SearchStrategy[RecordData]:
    """Records of all kinds: every field that the ruleset reads holds what the neutral record has, a value on or beside a cut, any other value, or nothing."""
    material = material_of(rules)
    return _composed(material.record)


def boundary_records(rules: Rules) -> st.SearchStrategy[RecordData]:
    """Records that stand on an edge: exactly on a cut, one step beside it, at the ends of a range, something absent or not applicable, a row that
    cannot be told to hold (unknown). Up to three edges at once, the rest neutral."""
    material = material_of(rules)
    if not material.survey.probes:
        return records(rules)
    known = st.sampled_from(material.survey.probes)
    unknown = list(material.unknown())
    edge = st.one_of(known, known, known, st.sampled_from(unknown)) if unknown else known
    edges = st.lists(edge, min_size=1, max_size=3)

    def laid(draw: Draw) -> RecordData:
        data: Data = material.survey.base
        for probe in draw(edges):
            data = probe.on(data)
        return RecordData(_linked(data))

    return _composed(laid)


def _linked(data: Data) -> Data:
    """Without what is given to entries that another edge took out: no record may say that."""
    given = data.get("assessments", {}).get("indicators", {})
    there = {row["id"] for row in data.get("indicators", ())}
    if given.keys() <= there:
        return data
    kept = {name: pick for name, pick in given.items() if name in there}
    return {**data, "assessments": {**data["assessments"], "indicators": kept}}


def _composed(drawn: Callable[[Draw], Any]) -> st.SearchStrategy[Any]:
    """A strategy of what `drawn` draws. What comes of `map` hypothesis prints as the call that made it, and not as TOML."""
    return st.composite(drawn)()


def pairs(rules: Rules, criterion: str) -> st.SearchStrategy[tuple[RecordData, RecordData]]:
    """Two records that differ in one thing that `criterion` reads; the same one twice where it reads nothing. Raises KeyError for a
    criterion that the ruleset does not have."""
    material = material_of(rules)
    fields = material.read_by(criterion)
    if not fields:
        return _composed(lambda draw: (record := draw(records(rules)), record))
    return _composed(lambda draw: draw(_changes(rules, material, fields))[1:])


def changes(rules: Rules) -> st.SearchStrategy[tuple[Field, RecordData, RecordData]]:
    """A field that the ruleset reads, and two records that differ in it."""
    material = material_of(rules)
    fields = [one for one, values in material.values.items() if len(values) > 1]
    if not fields:
        return _composed(lambda draw: (Field(("subject", "name"), "choice"), record := draw(records(rules)), record))
    return _changes(rules, material, fields)


def sweeps(rules: Rules, criterion: str) -> st.SearchStrategy[list[RecordData]]:
    """Records that differ in one thing that `criterion` reads, one for each value that is worth trying."""
    material = material_of(rules)
    fields = material.read_by(criterion)
    if not fields:
        return records(rules).map(lambda record: [record])
    drawn = st.tuples(_kept(rules), st.sampled_from(fields))
    return drawn.map(lambda two: [_put(two[0], two[1], value) for value in material.values[two[1]]])


def _kept(rules: Rules) -> st.SearchStrategy[RecordData]:
    """What stays the same while one field changes: mostly the neutral record, or near it."""
    return st.one_of(st.just(RecordData(rules.survey.base)), boundary_records(rules), records(rules))


def _changes(rules: Rules, material: Material, fields: list[Field]) -> st.SearchStrategy[tuple[Field, RecordData, RecordData]]:
    kept = _kept(rules)

    def drawn(draw: Draw) -> tuple[Field, RecordData, RecordData]:
        record = draw(kept)
        one = draw(st.sampled_from(fields))
        record = record if _has(record, one) else RecordData(material.survey.base)
        values = material.values[one]
        first = draw(st.integers(0, len(values) - 1))
        second = (first + draw(st.integers(1, max(1, len(values) - 1)))) % len(values)
        return one, _put(record, one, values[first]), _put(record, one, values[second])

    return _composed(drawn)


def rulesets() -> st.SearchStrategy[RulesetData]:
    """Valid rulesets with all that the language can say, as plain data for `Rules.from_data`."""
    return _composed(lambda draw: _valid(draw(st.randoms(use_true_random=False))))


def _valid(rng: Any) -> RulesetData:
    data = random_ruleset(rng)
    try:
        Rules.from_data(data, engine="plain")
    except RulesetError:  # 1 of 400: a condition too complex for a table, which only the compiler can tell
        data = random_ruleset(Random(0))  # noqa: S311  # reproducible, not secret
    return RulesetData(data)


def _put(record: RecordData, one: Field, value: Any) -> RecordData:
    """The record with another value in one field; an entry that the record lacks stays away."""
    return RecordData(put(dict(record), one.path, value)) if "indicators" in record or one.path[0] != "indicators" else record


def _has(record: RecordData, one: Field) -> bool:
    """Whether the record has the entry that a field is of."""
    name = one.path[1] if one.path[0] == "indicators" else one.path[2] if one.path[:2] == ("assessments", "indicators") else None
    return name is None or any(row["id"] == name for row in record.get("indicators", ()))
