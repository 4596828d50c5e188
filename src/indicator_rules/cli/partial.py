"""The command `indicator-rules partial`: what is still possible for a record that is not complete, and what to fill in next.

In: one record file. Out: text or JSON, problems on standard error. Exit code 0 whatever is possible; 1 if the record cannot be read or can no
longer be scored, or its ruleset not be found.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from indicator_rules.cli.options import catalog_of, common, dumped, rules_for, rulesets_option, typed, year_option
from indicator_rules.cli.terminal import DONE, Command, check_output, columns, deliver, say, tell

if TYPE_CHECKING:
    from indicator_rules.rules import Rules


@click.command("partial", cls=Command, help="help-partial")
@click.argument("record", metavar="RECORD", callback=typed)
@click.option("--open", "places", multiple=True, metavar="PATH", callback=typed, help="help-open")
@click.option("--ruleset", metavar="NAME", callback=typed, help="help-ruleset")
@rulesets_option
@year_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="help-format")
@click.option("-o", "--output", metavar="FILE", callback=typed, help="help-output")
@common
def partial(
    record: str,
    places: tuple[str, ...],
    ruleset: str | None,
    folders: tuple[str, ...],
    year: int | None,
    form: str,
    output: str | None,
) -> int:
    from indicator_rules.partial import text as partial_text
    from indicator_rules.reading import reading

    file = Path(record)
    if output is not None:
        check_output(Path(output), record, ruleset)
    read = reading(file)
    rules = rules_for(read, ruleset, year, None, catalog_of(folders))
    read = read.answering(rules.plan.questions)
    _check_open(places, rules)
    found = rules.evaluate(read, partial=True, open=places or ("*",))
    tell(read.problems)
    page = dumped(found.as_dict()) if form == "json" else partial_text.text(found, columns=columns())
    deliver(page, output, as_json=form == "json")
    return DONE


def _check_open(places: tuple[str, ...], rules: Rules) -> None:
    """An answer that nobody asks for is open in vain: the record would pass for settled."""
    from indicator_rules.record_fields import suggestion

    asked = [f"answers.{question.id}" for question in rules.plan.questions]
    for place in places:
        if re.fullmatch(r"answers\.[^*?\[]*", place) and place not in asked:
            near = suggestion(place, asked)
            text = say("open-unknown", text=place, ruleset=rules.name)
            raise click.UsageError(text + (say("command-meant", **near) if near else ""))
