"""Which editions of a family stand for which records: overlaps and holes.

In: what the headers of ruleset files say. Out: problems, each at the header that it is about. Two editions of one family may be for the same records only
if both name each other in `coexists_with`; between the first and the last year that a family is for, no year is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Protocol

from indicator_rules.errors import Problem, Where
from indicator_rules.spec import Applies, Years

FIRST_YEAR, LAST_YEAR = 1990, 2100
"""The years that a ruleset can name."""


class Edition(Protocol):
    """What the header of one file says."""

    @property
    def path(self) -> Path: ...
    @property
    def family(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def applies(self) -> Applies: ...
    @property
    def coexists_with(self) -> tuple[str, ...]: ...


def overlaps_and_holes(editions: Iterable[Edition]) -> Iterator[Problem]:
    """Of each family."""
    families: dict[str, list[Edition]] = {}
    for edition in editions:
        families.setdefault(edition.family, []).append(edition)
    for family in families.values():
        for one, other in combinations(sorted(family, key=lambda edition: edition.name), 2):
            years = _years(one) & _years(other)
            if years and _same_records(one.applies, other.applies) and not coexist((one, other)):
                values = {"other": other.name, "years": spelt(years)}
                yield Problem("edition-overlaps", Where(str(one.path), ("ruleset", "applies")), values)
        yield from _holes(family)


def coexist(editions: Sequence[Edition]) -> bool:
    """Whether each of `editions` says of all others that they stand beside each other."""
    return all(one.name == other.name or other.name in one.coexists_with for one in editions for other in editions)


def _same_records(one: Applies, other: Applies) -> bool:
    return (
        one.evaluation == other.evaluation
        and one.jurisdiction == other.jurisdiction
        and bool(set(one.subjects) & set(other.subjects))
    )


def _holes(family: Sequence[Edition]) -> Iterator[Problem]:
    """Years between two editions that no edition is for, whatever the records."""
    covered = set[int]().union(*map(_years, family))
    missing = set(range(min(covered, default=0), max(covered, default=0))) - covered
    if missing:
        after = next(one for one in sorted(family, key=lambda one: min(_years(one))) if min(_years(one)) > min(missing))
        yield Problem("edition-missing", Where(str(after.path), ("ruleset", "applies")), {"years": spelt(missing)}, "warning")


def _years(edition: Edition) -> set[int]:
    return {year for year in range(FIRST_YEAR, LAST_YEAR + 1) if year in edition.applies.years}


def spelt(years: Iterable[int]) -> str:
    """Years as runs: `2021–2023, 2025`; `2023–` for all that follow."""
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ", ".join(_run(run[0], run[-1]) for run in runs)


def _run(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}–{'' if last == LAST_YEAR else last}"


def nearest(editions: Iterable[Edition], year: int) -> list[Edition]:
    """Of editions none of which is for `year`: the nearest before it and the nearest after it."""
    before = [edition for edition in editions if _last(edition.applies.years) < year]
    after = [edition for edition in editions if _first(edition.applies.years) > year]
    ends = [max(before, key=lambda one: _last(one.applies.years), default=None)]
    ends.append(min(after, key=lambda one: _first(one.applies.years), default=None))
    return [edition for edition in ends if edition is not None]


def _first(years: Years) -> int:
    return min(years.only) if years.only else years.from_ or FIRST_YEAR


def _last(years: Years) -> int:
    return max(years.only) if years.only else years.to or LAST_YEAR
