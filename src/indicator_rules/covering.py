"""What would cover the rest: for rows and boundaries that no case covers, records that do.

In: rules, and what is not covered. Out: for each that a probe was found for, the pieces of records (laid over the neutral record) that cover it:
one for a row, those on the cut and beside it for a boundary. Guaranteed: each was evaluated and does. Where nothing is said, no single piece was
found; the row may be out of reach.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any, TypeAlias

from indicator_rules.coverage import Boundary, Coverage, Observer, RowId
from indicator_rules.errors import RecordError
from indicator_rules.exact import Exact
from indicator_rules.reading import read_record
from indicator_rules.rules import Rules

Pieces: TypeAlias = tuple[Mapping[str, Any], ...]


def covering(rules: Rules, coverage: Coverage) -> dict[RowId | Boundary, Pieces]:
    """Pieces of records for what `coverage` lacks."""
    rows, boundaries = set(coverage.uncovered_rows), set(coverage.uncovered_boundaries)
    if not (rows or boundaries):
        return {}
    found: dict[RowId | Boundary, Pieces] = {}
    stood: dict[Boundary, dict[Exact, Mapping[str, Any]]] = {}
    observer = Observer(rules)
    for base, probe in _probes(rules):
        observer.forget()
        with suppress(RecordError):
            observer.evaluate(read_record(probe.on(base)))
        without = [".".join(map(str, path)) for path in probe.without]
        piece = {**probe.fragment, **({"without": without} if without else {})}
        # A probe of the same table says it best.
        for row in rows & observer.hit:
            if row not in found or row.table.startswith(probe.table):
                found[row] = (piece,)
        for boundary in boundaries & observer.stood.keys():
            for value in observer.stood[boundary]:
                if value not in stood.setdefault(boundary, {}) or boundary.table.startswith(probe.table):
                    stood[boundary][value] = piece
    for boundary, pieces in stood.items():
        values = _fewest(observer, boundary, pieces)
        if values:
            found[boundary] = tuple({id(pieces[value]): pieces[value] for value in values}.values())
    return found


def _fewest(observer: Observer, boundary: Boundary, values: Collection[Exact]) -> tuple[Exact, ...]:
    """The cut and the values nearest to it that together cover it; none where they cannot."""
    below = max((value for value in values if value < boundary.cut), default=boundary.cut)
    above = min((value for value in values if value > boundary.cut), default=boundary.cut)
    for chosen in ((boundary.cut, below), (boundary.cut, above), (boundary.cut, below, above)):
        if boundary.cut in values and observer.is_covered(boundary, set(chosen)):
            return chosen
    return ()


def _probes(rules: Rules) -> Iterator[tuple[Any, Any]]:
    """The neutral record and each probe; none where this library comes without probes."""
    try:
        survey = import_module("indicator_rules.probes").survey(rules.plan)
    except ImportError:
        return
    for probe in survey.probes:
        yield survey.base, probe
