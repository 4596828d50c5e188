"""What would cover the rest: for rows and boundaries that no case covers, records that do.

In: rules, and what is not covered. Out: for each the probes that cover it (`covering`), and whole records that cover all of it together
(`suggestions`). Guaranteed: each was evaluated and does. Where nothing is said, no record was found; the row may be out of reach.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

from indicator_rules.errors import RecordError
from indicator_rules.evaluation import Evaluation
from indicator_rules.exact import Exact
from indicator_rules.probing.pieces import Data, flat
from indicator_rules.probing.probes import Probe
from indicator_rules.reading import read_record
from indicator_rules.rules import Rules
from indicator_rules.suite.coverage import Boundary, Coverage, Observer, RowId

MOST_AT_ONCE = 6
"""Things that one suggested record covers: more than that nobody would check by hand."""

Token: TypeAlias = RowId | tuple[Boundary, Exact]
"""A row, or a value that stands on a boundary or beside it."""
Outcome: TypeAlias = Evaluation | RecordError


@dataclass(frozen=True)
class Suggestion:
    """A record that covers what no case does."""

    record: Data
    outcome: Outcome
    covers: tuple[Token, ...]
    """Of a boundary, one side or the cut itself; other suggestions stand on the rest of it."""


def covering(rules: Rules, coverage: Coverage) -> dict[RowId | Boundary, tuple[Probe, ...]]:
    """The probes that cover what `coverage` lacks: one for a row, those on the cut and beside it for a boundary."""
    chosen = _chosen(rules, coverage)
    found: dict[RowId | Boundary, dict[int, Probe]] = {}
    for token, probe in chosen.items():
        found.setdefault(_what(token), {})[id(probe)] = probe
    return {one: tuple(probes.values()) for one, probes in found.items()}


def suggestions(rules: Rules, coverage: Coverage) -> list[Suggestion]:
    """Few whole records that cover what `coverage` lacks, each the neutral record with up to `MOST_AT_ONCE` probes that do not touch one another."""
    base = rules.survey.base
    tokens: dict[int, set[Token]] = {}
    probes: dict[int, Probe] = {}
    for token, probe in _chosen(rules, coverage).items():
        probes[id(probe)] = probe
        tokens.setdefault(id(probe), set()).add(token)
    observer = Observer(rules)
    left = list(probes)
    found = []
    while left:
        first, *others = left
        data, wanted, laid = probes[first].on(base), set(tokens[first]), [first]
        outcome, _ = _observed(observer, data)
        for name in others if isinstance(outcome, Evaluation) else ():
            if len(laid) == MOST_AT_ONCE:
                break
            if any(_touch(probes[name], probes[one], base) for one in laid):
                continue
            both, more = probes[name].on(data), wanted | tokens[name]
            tried, seen = _observed(observer, both)
            if isinstance(tried, Evaluation) and more <= seen:
                data, wanted, outcome = both, more, tried
                laid.append(name)
        left = [name for name in left if name not in laid]
        covers = tuple(token for name in laid for token in sorted(tokens[name], key=_rows_first))
        found.append(Suggestion(data, outcome, covers))
    return found


def _rows_first(token: Token) -> tuple[bool, str]:
    return not isinstance(token, RowId), str(token)


def _what(token: Token) -> RowId | Boundary:
    return token if isinstance(token, RowId) else token[0]


def _chosen(rules: Rules, coverage: Coverage) -> dict[Token, Probe]:
    """For each row, and for each value that a boundary needs, one probe; one of the same table says it best."""
    rows, boundaries = set(coverage.uncovered_rows), set(coverage.uncovered_boundaries)
    if not (rows or boundaries):
        return {}
    best: dict[Token, Probe] = {}
    observer, base = Observer(rules), rules.survey.base
    for probe in rules.survey.probes:
        outcome, seen = _observed(observer, probe.on(base))
        for token in seen:
            what = _what(token)
            if what not in rows and what not in boundaries:
                continue
            if token not in best or (isinstance(outcome, Evaluation) and _is_own(probe, what) and not _is_own(best[token], what)):
                best[token] = probe
    chosen: dict[Token, Probe] = {row: best[row] for row in coverage.uncovered_rows if row in best}
    for boundary in coverage.uncovered_boundaries:
        stood = [token[1] for token in best if not isinstance(token, RowId) and token[0] == boundary]
        chosen |= {(boundary, value): best[boundary, value] for value in _fewest(observer, boundary, stood)}
    return chosen


def _is_own(probe: Probe, what: RowId | Boundary) -> bool:
    return what.table.startswith(probe.table)


def _observed(observer: Observer, data: Data) -> tuple[Outcome, set[Token]]:
    """What becomes of a record, and what it covers or stands on."""
    observer.forget()
    outcome: Outcome
    try:
        outcome = observer.evaluate(read_record(data))
    except RecordError as error:
        outcome = error
    return outcome, {*observer.hit, *((boundary, value) for boundary, values in observer.stood.items() for value in values)}


def _fewest(observer: Observer, boundary: Boundary, values: Collection[Exact]) -> tuple[Exact, ...]:
    """The cut and the values nearest to it that together cover it; none where they cannot."""
    below = max((value for value in values if value < boundary.cut), default=boundary.cut)
    above = min((value for value in values if value > boundary.cut), default=boundary.cut)
    for chosen in ((boundary.cut, below), (boundary.cut, above), (boundary.cut, below, above)):
        if boundary.cut in values and observer.is_covered(boundary, set(chosen)):
            return chosen
    return ()


def _touch(one: Probe, other: Probe, base: Data) -> bool:
    """Whether a probe changes what the other one reads."""
    mine, theirs = flat(one.fragment), flat(other.fragment)
    was = flat(base)
    changes = {path for path, value in mine.items() if path not in was or was[path] != value} | set(one.without)
    back = {path for path, value in theirs.items() if path not in was or was[path] != value} | set(other.without)
    return not (changes.isdisjoint({*theirs, *other.without}) and back.isdisjoint({*mine, *one.without}))
