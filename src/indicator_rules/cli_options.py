"""What several commands take and do: options, the files that are named, the ruleset for a record.

In: what a person typed. Out: files, rules, problems with their places. Commands stand in `cli` and `cli_audit`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from indicator_rules import messages
from indicator_rules.errors import Problem, RecordError, RulesetError, Where
from indicator_rules.terminal import say

if TYPE_CHECKING:
    from indicator_rules.record import EvaluationRecord
    from indicator_rules.rules import Rules


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--lang`, before or after the command; `Group.main` has read it."""
    choices = click.Choice(messages.LANGUAGES)
    return click.option("--lang", type=choices, expose_value=False, help="help-lang")(command)


def typed(ctx: click.Context, parameter: click.Parameter, names: Any) -> Any:
    """An empty name (a shell variable that is not set) is none, not the folder one stands in."""
    if "" in (names if isinstance(names, tuple) else (names,)):
        raise click.MissingParameter(ctx=ctx, param=parameter)
    return names


seconds_option = click.option("--seconds", type=click.IntRange(1, 86_400), default=60, metavar="N", help="help-seconds")
year_option = click.option("--year", type=click.IntRange(1990, 2200), metavar="YEAR", help="help-year")


def record_files(records: Sequence[str]) -> list[Path]:
    """The files of `records`; rulesets in a folder are passed over. Raises `RecordError` for a folder without any record."""
    from indicator_rules import reading
    from indicator_rules.catalog import is_ruleset

    found = {name: reading.record_files([name]) for name in records}
    for name, files in found.items():
        if Path(name).is_dir():
            found[name] = [file for file in files if not is_ruleset(file)]
    empty = [name for name, files in found.items() if not files]
    if empty:
        raise RecordError([Problem("no-records-in-folder", Where(name)) for name in empty])
    return list(dict.fromkeys(file for files in found.values() for file in files))


def rules_for(file: Path, record: EvaluationRecord, ruleset: str | None, year: int | None, engine: str | None) -> Rules:
    """The ruleset named, in the edition for the year; else the one that applies to the record."""
    from indicator_rules.catalog import Catalog, load

    try:
        if ruleset is not None:
            return load(ruleset, record.subject.year if year is None else year, engine)
        return Catalog.builtin().for_record(record, year, engine)
    except RulesetError as error:
        if ruleset is not None:
            raise
        raise RulesetError(problem if problem.where.file else problem.at(file=str(file)) for problem in error.problems) from None
    except ImportError as error:
        raise click.UsageError(say("no-engine", text=engine)) from error


def placed(error: RecordError, file: Path) -> list[Problem]:
    """The problems of a record that was scored from memory, with their places in its file."""
    from indicator_rules.rules import located

    try:
        content = file.read_bytes()
    except OSError:  # gone since it was read
        content = None
    return located([problem.at(file=str(file)) for problem in error.problems], content)


def dumped(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"
