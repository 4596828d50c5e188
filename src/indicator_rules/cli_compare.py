"""The command `indicator-rules compare`: what changed between two rulesets, and what that does to records.

In: two rulesets, files and folders of records. Out: text, Markdown or JSON. Exit code 0 whatever the changes; 1 if a ruleset does not hold or cannot be
found. Records that cannot be scored are part of the answer.
"""

from __future__ import annotations

from pathlib import Path

import click

from indicator_rules.cli_options import catalog_of, common, dumped, record_files, rulesets_option, typed
from indicator_rules.cli_prove import kept
from indicator_rules.proof import Answer
from indicator_rules.rules import Rules
from indicator_rules.terminal import DONE, Command, check_output, columns, show, write


@click.command("compare", cls=Command, help="help-compare")
@click.argument("old", callback=typed)
@click.argument("new", callback=typed)
@click.option("--records", multiple=True, metavar="PATH", callback=typed, help="help-compare-records")
@click.option("--across", is_flag=True, help="help-across")
@click.option("--witness", is_flag=True, help="help-compare-witness")
@click.option("--witness-records", "folder", metavar="DIR", callback=typed, help="help-prove-records")
@click.option("--format", "form", type=click.Choice(["text", "json", "md"]), default="text", help="help-compare-format")
@click.option("-o", "--output", metavar="FILE", callback=typed, help="help-output")
@rulesets_option
@common
def compare(
    old: str,
    new: str,
    records: tuple[str, ...],
    folders: tuple[str, ...],
    across: bool,
    witness: bool,
    folder: str | None,
    form: str,
    output: str | None,
) -> int:
    from indicator_rules import comparison_text, proof_text
    from indicator_rules.catalog import is_name, load
    from indicator_rules.comparing import compare as compared

    files = record_files(records)
    if output is not None:
        check_output(Path(output), [*files, Path(old), Path(new)])
    catalog = catalog_of(folders)
    before, after = (load(one, catalog=catalog) if folders and is_name(one) else one for one in (old, new))
    found = compared(before, after, files, across=across)
    pairs = _pairs(before, after) if witness or folder is not None else ()
    match form:
        case "json":
            text = (
                dumped({**found.as_dict(), "grade_pairs": [one.as_dict() for one in pairs]}) + "\n" if pairs else found.to_json()
            )
        case "md":
            text = comparison_text.markdown(found)
        case _:
            text = comparison_text.text(found, columns=columns())
    if pairs and form != "json":
        text += "\n" + proof_text.pairs(pairs, columns=columns())
    if folder is not None:
        text += kept(pairs, folder, quiet=form == "json")
    if output is None:
        show(text, as_json=form == "json")
    else:
        write(Path(output), text)
    return DONE


def _pairs(old: str | Rules, new: str | Rules) -> tuple[Answer, ...]:
    """For each pair of grades, a record that shows it, or that there is none."""
    from indicator_rules.catalog import load
    from indicator_rules.prove import grade_pairs

    before, after = (one if isinstance(one, Rules) else load(one) for one in (old, new))
    return grade_pairs(before.evaluator, after.evaluator)
