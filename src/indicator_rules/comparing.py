"""Compare: two rulesets → what changed, and what that does to records.

In: two rulesets (`Rules`, names, paths, text or data), records if any. Out: a `Comparison`. Raises `RulesetError` if either does not hold, or if they are of
different families and nobody said `across`; nothing is raised for what a record holds: the two sides of its `RecordImpact` say what is wrong.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from indicator_rules.catalog import RulesetSource, load
from indicator_rules.comparison.changes import changes
from indicator_rules.comparison.comparison import Change, Comparison, Impact, RecordImpact, Score, Told
from indicator_rules.comparison.pairing import Pairs
from indicator_rules.errors import Problem, RecordError, RulesetError, Where
from indicator_rules.locate import places
from indicator_rules.proving import two as prove_two
from indicator_rules.proving.proof import SECONDS, Answer
from indicator_rules.reading import Reading, RecordSource, reading, record_sources
from indicator_rules.rules import Rules

__all__ = ["compare", "equivalent", "grade_pairs"]


def compare(
    old: Rules | RulesetSource,
    new: Rules | RulesetSource,
    records: Iterable[RecordSource] | RecordSource = (),
    *,
    across: bool = False,
) -> Comparison:
    """What changed from `old` to `new`, and what that does to `records`: as `Rules.evaluate_all` takes them, files, folders or data.

    Raises: RulesetError if a ruleset has errors, or if the families differ and `across` is not said.
    """
    before, after = _both_loaded(old, new, across=across)
    found = changes(before, after)
    wanted = record_sources(records)
    return Comparison(
        old_name=before.name,
        new_name=after.name,
        old_title=_both(before),
        new_title=_both(after),
        changes=_with_lines(found.changes, before.file, after.file),
        same=found.same.criteria,
        impact=_impact(before, after, wanted, found.criteria) if wanted else None,
    )


def grade_pairs(
    old: Rules | RulesetSource, new: Rules | RulesetSource, *, across: bool = False, seconds: float | None = SECONDS
) -> tuple[Answer, ...]:
    """For every pair of different grades: a record that is graded the one way by `old` and the other by `new`, or that there is none.

    What is not decided within `seconds` (None: no limit) is undecided. Raises: RulesetError, as `compare`.
    """
    before, after = _both_loaded(old, new, across=across)
    return prove_two.grade_pairs(before.evaluator, after.evaluator, seconds)


def equivalent(
    old: Rules | RulesetSource, new: Rules | RulesetSource, *, across: bool = False, seconds: float | None = SECONDS
) -> Answer:
    """Whether two rulesets score every record alike; as `grade_pairs`."""
    before, after = _both_loaded(old, new, across=across)
    return prove_two.equivalent(before.evaluator, after.evaluator, seconds)


def _both_loaded(old: Rules | RulesetSource, new: Rules | RulesetSource, *, across: bool) -> tuple[Rules, Rules]:
    """Both rulesets, or the problems of both, or that they are of different families."""
    made: list[Rules] = []
    problems: list[Problem] = []
    for one in (old, new):
        try:
            made.append(one if isinstance(one, Rules) else load(one))
        except RulesetError as error:
            problems += error.problems
    if problems:
        raise RulesetError(problems)
    before, after = made
    if before.plan.family != after.plan.family and not across:
        raise RulesetError([Problem("families-differ", Where(), {"old": before.name, "new": after.name})])
    return before, after


def _both(rules: Rules) -> Told:
    title = rules.plan.title
    return Told(title.text("zh"), title.text("en"))


# -------------------------------------------------------------------------------------------------------------------- lines


def _with_lines(found: Sequence[Change], old: str, new: str) -> tuple[Change, ...]:
    """The changes with their lines in both files; without, where there is no file."""
    old_lines = _lines(old, [change.old_where for change in found])
    new_lines = _lines(new, [change.new_where for change in found])
    return tuple(
        replace(change, old_where=one, new_where=other) for change, one, other in zip(found, old_lines, new_lines, strict=True)
    )


def _lines(file: str, wheres: list[Where | None]) -> list[Where | None]:
    try:
        data = Path(file).read_bytes() if file else b""
    except OSError:  # gone since it was loaded
        data = b""
    if not data:
        return wheres
    found = places([where.path if where is not None else () for where in wheres], data, file)
    return [
        None if where is None else replace(where, line=line, column=column)
        for where, (line, column) in zip(wheres, found, strict=True)
    ]


# ------------------------------------------------------------------------------------------------------------------ records


def _impact(old: Rules, new: Rules, records: Sequence[RecordSource], criteria: Pairs) -> Impact:
    labels = [{one.id: one.label for one in rules.plan.criteria} for rules in (old, new)]
    pairs = []
    for one, other in criteria:
        label = labels[1][other] if other is not None else labels[0][str(one)]
        pairs.append((one, other, Told(label.text("zh"), label.text("en"))))
    return Impact(tuple(_record(old, new, record) for record in records), tuple(pairs))


def _record(old: Rules, new: Rules, source: RecordSource) -> RecordImpact:
    """One record under both; one that cannot be read is read no further."""
    file = os.fspath(source) if isinstance(source, str | os.PathLike) else ""
    try:
        read = reading(source)
        record = read.record
    except RecordError as error:
        return RecordImpact(Path(file).name, file, None, None, error.problems, error.problems)
    before, old_problems = _score(old, read)
    after, new_problems = _score(new, read)
    return RecordImpact(record.subject.name, file, before, after, old_problems, new_problems)


def _score(rules: Rules, read: Reading) -> tuple[Score | None, tuple[Problem, ...]]:
    try:
        result = rules.evaluate(read)
    except RecordError as error:
        return None, error.problems
    return Score(result.exact_total, result.grade, {one.id: one.exact_points for one in result.criteria}), ()
