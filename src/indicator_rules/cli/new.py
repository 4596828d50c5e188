"""The command `indicator-rules new`: a ruleset to go on from, out of an older edition or out of a rubric in a spreadsheet.

In: family, edition and where to begin. Out: the files, below a folder of rulesets, and on standard output what is left to do. No file is overwritten: if one of them
exists, none is written.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

from indicator_rules.cli.options import catalog_of, common, rulesets_option, typed
from indicator_rules.cli.terminal import DONE, Command, say, show, write
from indicator_rules.errors import Problem, RulesetError, Where
from indicator_rules.quantity import shown

if TYPE_CHECKING:
    from indicator_rules.authoring.draft import Draft
    from indicator_rules.catalog import Catalog

_FAMILY, _EDITION = re.compile(r"[a-z][a-z0-9-]{0,59}"), re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,39}")


@click.command("new", cls=Command, help="help-new")
@click.argument("family", callback=typed)
@click.argument("edition", callback=typed)
@click.option("--from", "old", metavar="RULESET", callback=typed, help="help-new-from")
@click.option("--from-table", "table", metavar="FILE", callback=typed, help="help-new-from-table")
@click.option("-o", "--output", metavar="DIR", default=".", callback=typed, help="help-new-output")
@click.option("--year", type=click.IntRange(1990, 2200), metavar="YEAR", help="help-new-year")
@rulesets_option
@common
def new(
    family: str, edition: str, old: str | None, table: str | None, output: str, year: int | None, folders: tuple[str, ...]
) -> int:
    if (old is None) == (table is None):
        raise click.UsageError(say("new-one-of"))
    wrong = [text for form, text in ((_FAMILY, family), (_EDITION, edition)) if not form.fullmatch(text)]
    if wrong:
        raise RulesetError([Problem("draft-name", Where(), {"text": shown(text)}) for text in wrong])
    if old is not None:
        draft = _of_edition(old, family, edition, year, catalog_of(folders))
    else:
        draft = _of_table(str(table), family, edition, year)
    folder = Path(output)
    _write(draft, folder)
    show(_summary(draft, folder))
    return DONE


def _of_edition(old: str, family: str, edition: str, year: int | None, catalog: Catalog) -> Draft:
    from indicator_rules.authoring.new_edition import new_edition
    from indicator_rules.catalog import is_name

    file = catalog.entry(old).path if is_name(old) and not Path(old).exists() else Path(old)
    return new_edition(file, family, edition, year)


def _of_table(table: str, family: str, edition: str, year: int | None) -> Draft:
    from indicator_rules.authoring.draft import years_of
    from indicator_rules.authoring.rubric_table import rubric_table
    from indicator_rules.authoring.skeleton import skeleton

    evaluated = years_of(edition) if year is None else year
    if evaluated is None:
        raise RulesetError([Problem("draft-year-needed", Where(), {"text": edition})])
    return skeleton(rubric_table(table), family, edition, evaluated)


def _write(draft: Draft, folder: Path) -> None:
    """All files, or none where one is in the way; the ruleset last. Raises `RulesetError`."""
    for place in (draft.ruleset, PurePosixPath(_cases_of(draft))):
        if (folder / place).exists():
            raise RulesetError([Problem("draft-exists", Where(str(folder / place)))])
    for path, content in draft.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        write(folder / path, content)


def _summary(draft: Draft, folder: Path) -> str:
    lines = [say("new-written", file=folder / draft.ruleset, count=len(draft.files)), ""]
    if draft.todo:
        lines.append(say("new-todo", count=len(draft.todo)))
    for number, problem in enumerate(draft.todo, start=1):
        where = problem.where
        # Places in the new files are below the folder; those of a table are where they are.
        mine = where.file in (str(draft.ruleset), _cases_of(draft))
        place = problem.at(file=str(folder / where.file), path=(), column=None).where if mine else where
        lines.append(f"{number:>3}. {place}: {problem.message()}")
    return "\n".join([*lines, "", say("new-next", file=folder / draft.ruleset)]) + "\n"


def _cases_of(draft: Draft) -> str:
    """The folder of the worked cases."""
    return str(draft.ruleset.parent / "cases" / draft.ruleset.stem)
