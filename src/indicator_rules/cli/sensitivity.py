"""The command `indicator-rules sensitivity`: how firm grades are against small moves of weights and cuts.

In: a ruleset, files and folders of records. Out: text, Markdown or JSON. Exit code 0 whatever moves; 1 if the ruleset does not hold or cannot be
found, or no record can be scored.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click

from indicator_rules.cli.options import catalog_of, common, record_files, rulesets_option, typed, year_option
from indicator_rules.cli.terminal import DONE, PROBLEMS, Command, check_output, columns, deliver, say


def _share(_ctx: click.Context, parameter: click.Parameter, text: str) -> Decimal:
    """A percentage from 0 to below 100."""
    return _number(text.removesuffix("%"), parameter, 100) / 100 if text.endswith("%") else _number(text, parameter, 1)


def _points(_ctx: click.Context, parameter: click.Parameter, text: str) -> Decimal:
    return _number(text, parameter, 100)


def _number(text: str, parameter: click.Parameter, below: int) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not (number.is_finite() and 0 <= number < below and number == round(number, 12)):
        raise click.UsageError(say("not-a-step", text=parameter.opts[0], below=below))
    return number


def _whole(_ctx: click.Context, parameter: click.Parameter, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text[:7]) <= 100_000 and len(text) <= 6):
        raise click.UsageError(say("not-a-whole-number", text=parameter.opts[0]))
    return int(text)


@click.command("sensitivity", cls=Command, help="help-sensitivity")
@click.argument("ruleset", callback=typed)
@click.argument("records", nargs=-1, required=True, metavar="RECORD...", callback=typed)
@click.option("--weights", default="5%", metavar="SHARE", callback=_share, help="help-weights")
@click.option("--thresholds", default="1%", metavar="SHARE", callback=_share, help="help-thresholds")
@click.option("--grades", default="1", metavar="POINTS", callback=_points, help="help-grades")
@click.option("--samples", default="0", metavar="N", callback=_whole, help="help-samples")
@click.option("--seed", default="0", metavar="N", callback=_whole, help="help-seed")
@year_option
@rulesets_option
@click.option("--format", "form", type=click.Choice(["text", "json", "md"]), default="text", help="help-compare-format")
@click.option("-o", "--output", metavar="FILE", callback=typed, help="help-output")
@common
def sensitivity(
    ruleset: str,
    records: tuple[str, ...],
    year: int | None,
    folders: tuple[str, ...],
    form: str,
    output: str | None,
    **steps: Any,
) -> int:
    from indicator_rules.catalog import load
    from indicator_rules.sensitivity import text as sensitivity_text

    files = record_files(records)
    if output is not None:
        check_output(Path(output), files, ruleset)
    rules = load(ruleset, year, catalog=catalog_of(folders))
    found = rules.sensitivity(files, **steps)
    match form:
        case "json":
            text = found.to_json()
        case "md":
            text = sensitivity_text.markdown(found)
        case _:
            text = sensitivity_text.text(found, columns=columns())
    deliver(text, output, as_json=form == "json")
    return DONE if any(one.total is not None for one in found.records) else PROBLEMS
