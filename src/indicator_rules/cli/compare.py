"""The command `indicator-rules compare`: what changed between two rulesets, and what that does to records.

In: two rulesets, files and folders of records. Out: text, Markdown or JSON. Exit code 0 whatever the changes; 1 if a ruleset does not hold or cannot be
found. Records that cannot be scored are part of the answer.
"""

from __future__ import annotations

from pathlib import Path

import click

from indicator_rules.cli.options import catalog_of, common, dumped, record_files, rulesets_option, seconds_option, typed
from indicator_rules.cli.prove import kept
from indicator_rules.cli.terminal import DONE, Command, check_output, columns, deliver


@click.command("compare", cls=Command, help="help-compare")
@click.argument("old", callback=typed)
@click.argument("new", callback=typed)
@click.option("--records", multiple=True, metavar="PATH", callback=typed, help="help-compare-records")
@click.option("--across", is_flag=True, help="help-across")
@click.option("--witness", is_flag=True, help="help-compare-witness")
@seconds_option
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
    seconds: int,
    folder: str | None,
    form: str,
    output: str | None,
) -> int:
    from indicator_rules.catalog import is_name, load
    from indicator_rules.comparing import compare as compared
    from indicator_rules.comparing import grade_pairs
    from indicator_rules.comparison import text as comparison_text
    from indicator_rules.proving import text as proof_text

    files = record_files(records)
    if output is not None:
        check_output(Path(output), files, old, new)
    catalog = catalog_of(folders)
    before, after = (load(one, catalog=catalog) if folders and is_name(one) else one for one in (old, new))
    found = compared(before, after, files, across=across)
    asked = witness or folder is not None
    pairs = grade_pairs(before, after, across=across, seconds=seconds) if asked else ()
    match form:
        case "json":
            more = {"grade_pairs": [one.as_dict() for one in pairs]} if asked else {}
            text = dumped({**found.as_dict(), **more})
        case "md":
            text = comparison_text.markdown(found) + (proof_text.pairs_markdown(pairs) if asked else "")
        case _:
            text = comparison_text.text(found, columns=columns()) + (proof_text.pairs(pairs, columns=columns()) if asked else "")
    if folder is not None:
        text += kept(pairs, folder, quiet=form == "json")
    deliver(text, output, as_json=form == "json")
    return DONE
