"""The command `indicator-rules prove`: questions about every record of a ruleset.

In: a ruleset, perhaps another to be equivalent to. Out: text or JSON, and the witnesses as files. Exit code 1 if anything is refuted, as a test would; 0 if all is
proved or undecided.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path

import click

from indicator_rules.cli.options import catalog_of, common, dumped, rulesets_option, seconds_option, typed
from indicator_rules.cli.terminal import DONE, PROBLEMS, Command, check_output, columns, deliver, say
from indicator_rules.errors import Problem, RecordError, Where
from indicator_rules.files import reason
from indicator_rules.proving.proof import Answer


def _points(_ctx: click.Context, _parameter: click.Parameter, text: str | None) -> Decimal | None:
    """A number of points, 0 or more."""
    try:
        points = None if text is None else Decimal(text)
    except InvalidOperation:
        points = Decimal("NaN")
    if points is not None and not (points.is_finite() and 0 <= points < 10**9):
        raise click.UsageError(say("not-points", text="--jump"))
    return points


@click.command("prove", cls=Command, help="help-prove")
@click.argument("ruleset", callback=typed)
@click.option("--jump", metavar="POINTS", callback=_points, help="help-prove-jump")
@click.option("--same-as", metavar="RULESET", callback=typed, help="help-prove-same")
@click.option("--across", is_flag=True, help="help-across")
@seconds_option
@rulesets_option
@click.option("--records", "folder", metavar="DIR", callback=typed, help="help-prove-records")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="help-format")
@click.option("-o", "--output", metavar="FILE", callback=typed, help="help-output")
@common
def prove(
    ruleset: str,
    jump: Decimal | None,
    same_as: str | None,
    across: bool,
    seconds: int,
    folders: tuple[str, ...],
    folder: str | None,
    form: str,
    output: str | None,
) -> int:
    from indicator_rules.catalog import load
    from indicator_rules.comparing import equivalent
    from indicator_rules.proving import text as proof_text

    if output is not None:
        check_output(Path(output), ruleset, same_as)
    catalog = catalog_of(folders)
    rules = load(ruleset, catalog=catalog)
    other = None if same_as is None else load(same_as, catalog=catalog)
    answers = rules.prove(jump, seconds) if other is None else (equivalent(rules, other, across=across, seconds=seconds),)
    if form == "json":
        text = dumped({"ruleset": rules.name, "answers": [answer.as_dict() for answer in answers]})
    else:
        text = proof_text.text(rules.name, answers, columns=columns())
    if folder is not None:
        text += kept(answers, folder, quiet=form == "json")
    deliver(text, output, as_json=form == "json")
    return PROBLEMS if any(answer.verdict == "refuted" for answer in answers) else DONE


def kept(answers: tuple[Answer, ...], folder: str, *, quiet: bool) -> str:
    """Write the records of `answers` into a folder; a line that says so."""
    from indicator_rules import messages
    from indicator_rules.proving import text as proof_text

    try:
        count = proof_text.write_records(answers, Path(folder))
    except OSError as error:
        raise RecordError([Problem("output-not-written", Where(folder), {"reason": reason(error)})]) from None
    return "" if quiet else "\n" + messages.text("prove.written", {"folder": folder, "count": count}) + "\n"
