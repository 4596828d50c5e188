"""The commands that are about spreadsheets: `indicator-rules template`, `indicator-rules mapping new`.

In: a ruleset, or a table of records. Out: a form to fill in, or a mapping to go on from. Neither overwrites a file.
"""

from __future__ import annotations

from pathlib import Path

import click

from indicator_rules.cli.options import catalog_of, common, record_files, rulesets_option, typed, year_option
from indicator_rules.cli.terminal import DONE, Command, Group, check_output, say, show, tell, write
from indicator_rules.errors import Problem, RecordError, Where


@click.command("template", cls=Command, help="help-template")
@click.argument("ruleset", callback=typed)
@click.option("-o", "--output", metavar="FILE", callback=typed, help="help-template-output")
@year_option
@rulesets_option
@common
def template(ruleset: str, output: str | None, year: int | None, folders: tuple[str, ...]) -> int:
    from indicator_rules.catalog import load

    rules = load(ruleset, year, catalog=catalog_of(folders))
    path = Path(output or f"自评表-{rules.name}.xlsx")
    _check_new(path, ".xlsx")
    write(path, rules.template())
    show(say("template-written", file=path) + "\n")
    return DONE


@click.group("mapping", cls=Group, help="help-mapping-group")
def mapping() -> None:
    pass


@mapping.command("new", help="help-mapping-new")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", callback=typed)
@click.option("-o", "--output", metavar="FILE", callback=typed, help="help-output")
@click.option("--ruleset", metavar="NAME", callback=typed, help="help-mapping-ruleset")
@rulesets_option
@common
def mapping_new(files: tuple[str, ...], output: str | None, ruleset: str | None, folders: tuple[str, ...]) -> int:
    from indicator_rules.catalog import load
    from indicator_rules.excel.mapping_guess import guess

    questions = () if ruleset is None else load(ruleset, catalog=catalog_of(folders)).plan.questions
    text, problems = guess(record_files(files, tables=True), questions)
    if output is None:
        show(text)
    else:
        _check_new(Path(output), ".toml")
        write(Path(output), text)
    tell(problems)
    return DONE


def _check_new(path: Path, suffix: str) -> None:
    """Nothing that somebody may have filled in is overwritten. Raises `RecordError`."""
    where = Where(str(path))
    if path.suffix.lower() != suffix:
        raise RecordError([Problem("unknown-suffix", where, {"text": path.suffix or path.name, "known": suffix})])
    check_output(path, ())
    if path.exists():
        raise RecordError([Problem("template-exists", where)])
