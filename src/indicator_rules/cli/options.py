"""What several commands take and do: options, the files that are named, the ruleset for a record.

In: what a person typed. Out: files, rules, problems with their places. Commands stand in `cli`, `cli_audit` and `cli_test`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from indicator_rules import messages
from indicator_rules.cli.terminal import say
from indicator_rules.errors import Problem, ProblemsError, RecordError, RulesetError, Where

if TYPE_CHECKING:
    from indicator_rules.catalog import Catalog
    from indicator_rules.reading import Reading
    from indicator_rules.results.results import Scored
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


def a_date(_ctx: click.Context, parameter: click.Parameter, text: str | None) -> date | None:
    """A day, as `2023-11-30`."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise click.UsageError(say("not-a-date", text=parameter.opts[0])) from None


year_option = click.option("--year", type=click.IntRange(1990, 2200), metavar="YEAR", help="help-year")


mapping_option = click.option("--mapping", metavar="FILE", callback=typed, help="help-mapping")
rulesets_option = click.option(
    "--rulesets",
    "folders",
    multiple=True,
    type=click.Path(),
    metavar="DIR",
    envvar="INDICATOR_RULES_PATH",
    callback=typed,
    help="help-rulesets",
)
"""Folders of one's own; in the environment variable they are parted as in PATH."""


def catalog_of(folders: Sequence[str]) -> Catalog:
    """The library's rulesets and those in `folders`. Raises `RulesetError` for a folder that is not there."""
    from indicator_rules.catalog import Catalog

    return Catalog.builtin() + Catalog(folders) if folders else Catalog.builtin()


def record_files(records: Sequence[str], *, tables: bool = False) -> list[Path]:
    """The files of `records`; rulesets in a folder are passed over. Raises `RecordError` for a folder without any record."""
    from indicator_rules import reading
    from indicator_rules.catalog import is_ruleset

    found = {name: reading.record_files([name], tables=tables) for name in records}
    for name, files in found.items():
        if Path(name).is_dir():
            found[name] = [file for file in files if not is_ruleset(file)]
    empty = [name for name, files in found.items() if not files]
    if empty:
        raise RecordError([Problem("no-records-in-folder", Where(name)) for name in empty])
    return list(dict.fromkeys(file for files in found.values() for file in files))


def ruleset_files(name: str, catalog: Catalog) -> list[Path]:
    """The files that a name, a path or a folder stands for. Raises `RulesetError`."""
    from indicator_rules.catalog import is_name
    from indicator_rules.suite.suite import rulesets_in

    if Path(name).is_dir():
        return rulesets_in(Path(name))
    return [catalog.entry(name).path] if is_name(name) and not Path(name).exists() else [Path(name)]


def readings(records: Sequence[str], mapping: str | None) -> tuple[list[Path], Iterable[Reading], bool]:
    """The files of `records`, each record in them, and whether one file was named that holds just one."""
    from indicator_rules.reading import read

    files = record_files(records, tables=mapping is not None)
    found: Iterable[Reading] = read(files, mapping)
    if len(records) > 1 or files != [Path(records[0])]:
        return files, found, False
    found = list(found)
    return files, found, len(found) == 1


def scored(
    found: Iterable[Reading], ruleset: str | None, year: int | None, engine: str | None, catalog: Catalog
) -> Iterator[Scored]:
    """Each record scored, or refused, with what is wrong with it or with its ruleset."""
    from indicator_rules.results.results import Scored, not_scored

    for one in found:
        read = one
        try:
            rules = rules_for(read, ruleset, year, engine, catalog)
            read = read.answering(rules.plan.questions)
            evaluation = rules.evaluate(read)
            result = Scored(read, evaluation, (*read.problems, *not_scored(read, evaluation)))
        except ProblemsError as error:
            more = read.besides(error.problems) if read.found is not None else ()
            result = Scored(read, None, (*error.problems, *more))
        yield result


def rules_for(reading: Reading, ruleset: str | None, year: int | None, engine: str | None, catalog: Catalog) -> Rules:
    """The ruleset named, in the edition for the year; else the one that the form was made for, or that applies to the record."""
    from indicator_rules.catalog import load

    record = reading.record
    try:
        if ruleset is not None:
            return load(ruleset, record.subject.year if year is None else year, engine, catalog)
        return catalog.for_record(reading, year, engine)
    except RulesetError as error:
        if ruleset is not None:
            raise
        raise RulesetError(
            problem if problem.where.file else problem.at(file=reading.file) for problem in error.problems
        ) from None
    except ImportError as error:
        raise click.UsageError(say("no-engine", text=engine)) from error


def dumped(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"
