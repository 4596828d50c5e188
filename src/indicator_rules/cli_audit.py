"""The command `indicator-rules audit`: computed, declared and reviewed points of records, and what does not agree.

In: files and folders. Out: text or JSON, problems on standard error. Exit code 0 whatever the differences; 1 if a record cannot be read or scored
in full, or its ruleset not be found.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from indicator_rules.cli_options import (
    catalog_of,
    common,
    dumped,
    record_files,
    rules_for,
    rulesets_option,
    typed,
    year_option,
)
from indicator_rules.errors import Problem, ProblemsError
from indicator_rules.terminal import DONE, PROBLEMS, Command, check_output, columns, say, show, tell, write

if TYPE_CHECKING:
    from indicator_rules.audit_result import Audit, Side
    from indicator_rules.catalog import Catalog

SIDES: tuple[Side, ...] = ("computed", "declared", "reviewed")


def _tolerance(_ctx: click.Context, _parameter: click.Parameter, text: str | None) -> Decimal | None:
    """An exact number, 0 or more."""
    try:
        tolerance = None if text is None else Decimal(text)
    except InvalidOperation:
        tolerance = Decimal("NaN")
    if tolerance is not None and not (tolerance.is_finite() and 0 <= tolerance < 10**15 and tolerance == round(tolerance, 12)):
        raise click.UsageError(say("not-a-tolerance", text="--tolerance"))
    return tolerance


@click.command("audit", cls=Command, help="help-audit")
@click.argument("records", nargs=-1, required=True, metavar="RECORD...", callback=typed)
@click.option("--ruleset", metavar="NAME", callback=typed, help="help-ruleset")
@rulesets_option
@year_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="help-format")
@click.option("--tolerance", metavar="POINTS", callback=_tolerance, help="help-tolerance")
@click.option("--between", nargs=2, type=click.Choice(SIDES), help="help-between")
@click.option("-o", "--output", metavar="FILE", callback=typed, help="help-output")
@common
def audit(
    records: tuple[str, ...],
    ruleset: str | None,
    folders: tuple[str, ...],
    year: int | None,
    form: str,
    tolerance: Decimal | None,
    between: tuple[Side, Side] | None,
    output: str | None,
) -> int:
    from indicator_rules import audit_text

    catalog = catalog_of(folders)
    files = record_files(records)
    if output is not None:
        check_output(Path(output), files)
    single = len(records) == 1 and files == [Path(records[0])]
    pages: list[str] = []
    code = DONE
    for file, found, problems in _audited(files, ruleset, year, tolerance, between or SIDES, catalog):
        code = PROBLEMS if problems else code
        if form == "json":
            pages.append(_json(file, found, problems, single=single))
        elif found is not None:
            page = audit_text.text(found, columns=columns())
            pages.append(page if single else f"── {file} ──\n{page}")
    text = ("" if single else "\n").join(pages)
    if form == "json" and not single:
        text = "[\n" + ",\n".join(page.rstrip("\n") for page in pages) + "\n]\n"
    if output is None:
        show(text, as_json=form == "json")
    elif pages:
        write(Path(output), text)
    return code


def _audited(
    files: list[Path],
    ruleset: str | None,
    year: int | None,
    tolerance: Decimal | None,
    sides: tuple[Side, ...],
    catalog: Catalog,
) -> Iterator[tuple[Path, Audit | None, tuple[Problem, ...]]]:
    """Each record audited, or None with what is wrong; problems go to standard error, each once."""
    from indicator_rules.reading import read_record

    told: set[str] = set()
    for file in files:
        found: Audit | None = None
        try:
            rules = rules_for(file, read_record(file), ruleset, year, None, catalog)
            found = rules.audit(file, tolerance, sides)
            problems = found.problems
        except ProblemsError as error:
            problems = error.problems
        tell(problem for problem in problems if str(problem) not in told)
        told.update(map(str, problems))
        yield file, found, problems


def _json(file: Path, found: Audit | None, problems: tuple[Problem, ...], *, single: bool) -> str:
    if found is None:
        return dumped({"file": str(file), "problems": [problem.as_dict() for problem in problems]})
    data: dict[str, Any] = found.as_dict()
    return found.to_json() if single else json.dumps({"file": str(file), **data}, ensure_ascii=False, indent=2) + "\n"
