"""The command line: `indicator-rules evaluate`, `partial`, `audit`, `test`, `compare`, `sensitivity`, `gap`, `check`, `lint`, `schema`, `list`, `show`, `inputs`,
`template`, `mapping`, `new`.

In: what a person typed, files and folders. Out: text or JSON on standard output, problems on standard error, and an exit code (`terminal`).
The rest of the library is imported when a command needs it, so that help and usage errors come at once.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from indicator_rules import messages
from indicator_rules.cli.audit import audit
from indicator_rules.cli.check import check, lint
from indicator_rules.cli.compare import compare
from indicator_rules.cli.excel import mapping as mapping_commands
from indicator_rules.cli.excel import template
from indicator_rules.cli.explain import EVERY_LOSS, explained
from indicator_rules.cli.gap import gap
from indicator_rules.cli.new import new
from indicator_rules.cli.options import (
    a_date,
    catalog_of,
    common,
    dumped,
    mapping_option,
    readings,
    rulesets_option,
    scored,
    typed,
    year_option,
)
from indicator_rules.cli.partial import partial
from indicator_rules.cli.prove import prove
from indicator_rules.cli.sensitivity import sensitivity
from indicator_rules.cli.terminal import DONE, PROBLEMS, USAGE, Group, check_output, columns, say, show, tell, write
from indicator_rules.cli.test import test
from indicator_rules.errors import RecordError

if TYPE_CHECKING:
    from datetime import date

    from indicator_rules.evaluation import Evaluation
    from indicator_rules.results.results import Scored
    from indicator_rules.rules import Rules

# ----------------------------------------------------------------------------------------------------------------- options


def _version(ctx: click.Context, _option: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"indicator-rules {version('indicator-rules')}")
        ctx.exit()


@click.group(cls=Group, help="help", invoke_without_command=True)
@common
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="help-version")
@click.pass_context
def commands(ctx: click.Context) -> int:
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        return USAGE
    return DONE


def main() -> None:
    """Entry point of `indicator-rules`."""
    commands.main()


# ---------------------------------------------------------------------------------------------------------------- evaluate


@commands.command(help="help-evaluate")
@click.argument("records", nargs=-1, required=True, metavar="RECORD...", callback=typed)
@click.option("--ruleset", metavar="NAME", callback=typed, help="help-ruleset")
@rulesets_option
@year_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="help-format")
@click.option("-o", "--output", metavar="FILE", callback=typed, help="help-evaluate-output")
@mapping_option
@click.option("--engine", type=click.Choice(["durable-rules", "plain"]), help="help-engine")
@click.option(
    "--explain", multiple=True, is_flag=False, flag_value=EVERY_LOSS, metavar="CRITERION", callback=typed, help="help-explain"
)
@common
def evaluate(
    records: tuple[str, ...],
    ruleset: str | None,
    folders: tuple[str, ...],
    year: int | None,
    form: str,
    output: str | None,
    explain: tuple[str, ...],
    **how: str | None,
) -> int:
    catalog = catalog_of(folders)
    files, found, single = readings(records, how["mapping"])
    if output is not None:
        check_output(Path(output), files, ruleset, how["mapping"])
        if Path(output).suffix.lower() == ".xlsx":
            from indicator_rules.cli.results import write_results

            if form == "json":
                raise click.UsageError(say("json-or-workbook"))
            listed = list(found)
            return write_results(Path(output), scored(listed, ruleset, year, how["engine"], catalog), len(listed), single=single)
    tally = _Tally()
    written: list[str] = []
    for source, result in _told(scored(found, ruleset, year, how["engine"], catalog)):
        first = tally.add(result)
        wanted = () if isinstance(result, RecordError) else explained(result, explain)
        if form == "json":
            page = _json(source, result, wanted, single=single)
        else:
            page = _page(source, result, wanted, first=first, single=single)
        # Each is shown when it is ready; a JSON list and a file are written whole at the end.
        if form == "json" or output is not None:
            written.append(page)
        else:
            show(page)
    text = "".join(written)
    if form == "json" and not single:
        text = "[\n" + ",\n".join(page.rstrip("\n") for page in written) + "\n]\n"
    elif form == "text" and not single:
        text += ("\n" if tally.scored else "") + tally.text() + "\n"
    if output is None:
        show(text, as_json=form == "json")
    elif tally.scored:
        write(Path(output), text)
    return PROBLEMS if tally.refused else DONE


class _Tally:
    """How many were scored, and with which grades."""

    def __init__(self) -> None:
        self.scored = self.refused = 0
        self.grades: Counter[str] = Counter()

    def add(self, result: Evaluation | RecordError) -> bool:
        """Count `result`; whether it is the first that was scored."""
        if isinstance(result, RecordError):
            self.refused += 1
            return False
        self.scored += 1
        self.grades.update([result.grade or "—"])
        return self.scored == 1

    def text(self) -> str:
        told = sorted(self.grades, key=lambda grade: (-self.grades[grade], grade))
        grades = (say("summary-grade", grade=grade, count=self.grades[grade]) for grade in told)
        return say("summary", scored=self.scored, refused=self.refused) + "".join(grades)


def _told(found: Iterable[Scored]) -> Iterator[tuple[str, Evaluation | RecordError]]:
    """Each record scored, or refused; what is wrong with it, or with its ruleset (said once), goes to standard error."""
    told: set[str] = set()
    for one in found:
        tell(problem for problem in one.problems if str(problem) not in told)
        told.update(map(str, one.problems))
        yield one.reading.source, RecordError(one.problems) if one.evaluation is None else one.evaluation


def _page(source: str, result: Evaluation | RecordError, explain: Sequence[str], *, first: bool, single: bool) -> str:
    from indicator_rules import render

    if isinstance(result, RecordError):
        return ""
    page = render.text(result, columns=columns()) + render.derivations(result, explain, columns=columns())
    return page if single else f"{'' if first else chr(10)}── {source} ──\n{page}"


def _json(source: str, result: Evaluation | RecordError, explain: Sequence[str], *, single: bool) -> str:
    if isinstance(result, RecordError):
        return dumped({"file": source, "problems": [problem.as_dict() for problem in result.problems]})
    text = result.to_json(explain)
    return text if single else f'{{\n  "file": {json.dumps(source, ensure_ascii=False)},{text[1:]}'


# -------------------------------------------------------------------------------------------------------------- other commands


commands.add_command(audit)
commands.add_command(partial)
commands.add_command(prove)
commands.add_command(test)
commands.add_command(template)
commands.add_command(mapping_commands)
commands.add_command(compare)
commands.add_command(sensitivity)
commands.add_command(gap)
commands.add_command(check)
commands.add_command(lint)
commands.add_command(new)


@commands.command("list", help="help-list")
@click.option("--family", metavar="NAME", callback=typed, help="help-family")
@year_option
@click.option("--region", metavar="PLACE", callback=typed, help="help-region")
@click.option("--subject", type=click.Choice(["project", "department", "transfer"]), help="help-subject")
@click.option(
    "--evaluation", type=click.Choice(["self", "department", "fiscal", "ex-ante", "monitoring"]), help="help-evaluation"
)
@click.option("--issued-by", "on", metavar="DATE", callback=a_date, help="help-issued-by")
@rulesets_option
@common
def list_(folders: tuple[str, ...], on: date | None, **wanted: Any) -> int:
    from indicator_rules.catalog import years_text
    from indicator_rules.render import table, width

    catalog = catalog_of(folders)
    lang = messages.language()
    rows = [tuple(say(f"list-{column}") for column in ("name", "years", "where", "status", "title"))]
    for entry in catalog.select(on=on, **wanted):
        status = messages.text(f"status.{entry.status}-short")
        rows.append((entry.name, years_text(entry.applies), entry.applies.jurisdiction, status, entry.title.text(lang)))
    sizes = [max(width(row[place]) for row in rows) for place in range(len(rows[0]))]
    sizes[-1] = max(30, min(sizes[-1], columns() - sum(sizes[:-1]) - 2 * (len(sizes) - 1)))
    show("".join(line + "\n" for line in table(rows, sizes)))
    tell(catalog.problems)
    return PROBLEMS if any(problem.severity == "error" for problem in catalog.problems) else DONE


@commands.command("show", help="help-show")
@click.argument("ruleset", callback=typed)
@click.option("--format", "form", type=click.Choice(["text", "xlsx", "md", "json"]), default="text", help="help-format")
@click.option("-o", "--output", metavar="FILE", callback=typed, help="help-output")
@year_option
@rulesets_option
@common
def show_(ruleset: str, form: str, output: str | None, year: int | None, folders: tuple[str, ...]) -> int:
    from indicator_rules.catalog import load

    if form == "xlsx" and output is None:
        raise click.UsageError(say("show-xlsx-output"))
    rules = load(ruleset, year, catalog=catalog_of(folders))
    if output is not None:
        check_output(Path(output), rules.file)
    page = _rubric(rules, form)
    if output is not None:
        write(Path(output), page)
    elif isinstance(page, str):
        show(page, as_json=form == "json")
    return DONE


def _rubric(rules: Rules, form: str) -> str | bytes:
    """The rubric table in one of the formats."""
    from indicator_rules import rubric
    from indicator_rules.authoring.notice import notice

    if form == "text":
        return rubric.text(rules.spec, columns=columns())
    table = notice(rules.spec)
    if form == "xlsx":
        from indicator_rules.authoring.notice_workbook import notice_workbook

        return notice_workbook(table)
    return table.markdown() if form == "md" else dumped(table.as_dict())


@commands.command(help="help-inputs")
@click.argument("ruleset", callback=typed)
@year_option
@rulesets_option
@common
def inputs(ruleset: str, year: int | None, folders: tuple[str, ...]) -> int:
    from indicator_rules import rubric
    from indicator_rules.catalog import load

    show(rubric.inputs_text(load(ruleset, year, catalog=catalog_of(folders)).inputs(), columns=columns()))
    return DONE


@commands.command(help="help-schema")
@click.argument("kind", type=click.Choice(["ruleset", "record"]))
@common
def schema(kind: Literal["ruleset", "record"]) -> int:
    from indicator_rules.schema import schema as schema_of

    show(dumped(schema_of(kind)), as_json=True)
    return DONE


if __name__ == "__main__":
    main()
