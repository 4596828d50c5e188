"""The command `indicator-rules gap`: what would bring a record to a grade.

In: a record, a grade. Out: text or JSON. Exit code 0 whatever the answer; 1 if the record or the ruleset does not hold; 2 for a grade that the ruleset does not have.
"""

from __future__ import annotations

from pathlib import Path

import click

from indicator_rules.cli.options import catalog_of, common, rules_for, rulesets_option, seconds_option, typed, year_option
from indicator_rules.cli.terminal import DONE, Command, check_output, columns, deliver, say, tell


@click.command("gap", cls=Command, help="help-gap")
@click.argument("record", callback=typed)
@click.option("--to", "grade", required=True, metavar="GRADE", callback=typed, help="help-gap-to")
@click.option("--hypothetical", is_flag=True, help="help-hypothetical")
@seconds_option
@click.option("--ruleset", metavar="NAME", callback=typed, help="help-ruleset")
@rulesets_option
@year_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="help-format")
@click.option("-o", "--output", metavar="FILE", callback=typed, help="help-output")
@common
def gap(
    record: str,
    grade: str,
    hypothetical: bool,
    seconds: int,
    ruleset: str | None,
    folders: tuple[str, ...],
    year: int | None,
    form: str,
    output: str | None,
) -> int:
    from indicator_rules.gap import text as gap_text
    from indicator_rules.reading import reading

    file = Path(record)
    if output is not None:
        check_output(Path(output), record, ruleset)
    read = reading(file)
    rules = rules_for(read, ruleset, year, None, catalog_of(folders))
    read = read.answering(rules.plan.questions)
    try:
        found = rules.gap(read, grade, hypothetical=hypothetical, seconds=seconds)
    except ValueError:
        known = ", ".join(str(label) for label in rules.plan.grade_labels)
        raise click.UsageError(say("gap-no-grade", ruleset=rules.name, grade=grade, known=known)) from None
    tell(read.problems)
    text = found.to_json() if form == "json" else gap_text.text(found, columns=columns())
    deliver(text, output, as_json=form == "json")
    return DONE
