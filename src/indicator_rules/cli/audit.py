"""The command `indicator-rules audit`: computed, declared and reviewed points of records, and what does not agree.

In: files and folders. Out: text or JSON, problems on standard error. Exit code 0 whatever the differences; 1 if a record cannot be read or scored
in full, or its ruleset not be found.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from indicator_rules.cli.options import (
    catalog_of,
    common,
    dumped,
    mapping_option,
    readings,
    rules_for,
    rulesets_option,
    typed,
    year_option,
)
from indicator_rules.cli.terminal import DONE, PROBLEMS, Command, check_output, columns, say, show, tell, write
from indicator_rules.errors import Problem, ProblemsError

if TYPE_CHECKING:
    from indicator_rules.audit.result import Audit, Side
    from indicator_rules.catalog import Catalog
    from indicator_rules.reading import Reading

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
@mapping_option
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
    mapping: str | None,
) -> int:
    from indicator_rules.audit import text as audit_text

    catalog = catalog_of(folders)
    files, readable, single = readings(records, mapping)
    if output is not None:
        check_output(Path(output), files, ruleset, mapping)
    pages: list[str] = []
    code = DONE
    for file, found, problems in _audited(readable, ruleset, year, tolerance, between or SIDES, catalog):
        code = PROBLEMS if any(problem.severity == "error" for problem in problems) else code
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
    readable: Iterable[Reading],
    ruleset: str | None,
    year: int | None,
    tolerance: Decimal | None,
    sides: tuple[Side, ...],
    catalog: Catalog,
) -> Iterator[tuple[str, Audit | None, tuple[Problem, ...]]]:
    """Each record audited, or None with what is wrong; problems go to standard error, each once."""
    told: set[str] = set()
    for one in readable:
        reading = one
        found: Audit | None = None
        problems = reading.problems if reading.found is not None else ()
        try:
            rules = rules_for(reading, ruleset, year, None, catalog)
            reading = reading.answering(rules.plan.questions)
            problems = reading.problems
            found = rules.audit(reading, tolerance, sides)
            problems = (*problems, *found.problems)
        except ProblemsError as error:
            problems = (*problems, *error.problems)
        tell(problem for problem in problems if str(problem) not in told)
        told.update(map(str, problems))
        yield reading.source, found, problems


def _json(file: str, found: Audit | None, problems: tuple[Problem, ...], *, single: bool) -> str:
    if found is None:
        return dumped({"file": file, "problems": [problem.as_dict() for problem in problems]})
    data: dict[str, Any] = found.as_dict()
    return found.to_json() if single else json.dumps({"file": file, **data}, ensure_ascii=False, indent=2) + "\n"
