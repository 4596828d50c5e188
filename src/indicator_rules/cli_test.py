"""The command `indicator-rules test`: rulesets checked, their worked cases run, and what these cover.

In: folders, files and names of rulesets. Out: text; problems on standard error. Exit code 0 if all of it holds; 1 if a ruleset has errors, a case
comes out otherwise, a law does not hold, or less is covered than asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from indicator_rules.cli_options import catalog_of, common, ruleset_files, rulesets_option, typed
from indicator_rules.terminal import DONE, PROBLEMS, Command, show, tell, write

if TYPE_CHECKING:
    from indicator_rules.rules import Rules
    from indicator_rules.suite import CaseResult, SuiteResult

EVERYTHING = 100


@click.command("test", cls=Command, help="help-test")
@click.argument("rulesets", nargs=-1, required=True, metavar="RULESET...", callback=typed)
@click.option("--at-least", type=click.IntRange(0, 100), default=EVERYTHING, metavar="PERCENT", help="help-at-least")
@click.option("--update-cases", is_flag=True, help="help-update-cases")
@click.option("--engine", type=click.Choice(["durable-rules", "plain"]), help="help-engine")
@rulesets_option
@common
def test(rulesets: tuple[str, ...], at_least: int, update_cases: bool, engine: str | None, folders: tuple[str, ...]) -> int:
    from indicator_rules import suite
    from indicator_rules.suite_text import say

    catalog = catalog_of(folders)
    files = list(dict.fromkeys(file for name in rulesets for file in ruleset_files(name, catalog)))
    failed = cases = 0
    for file in files:
        result = suite.run(file, engine)
        cases += len(result.cases)
        failed += not _told(result, at_least, update=update_cases)
    lost = suite.strays(files)
    tell(lost)
    if len(files) > 1:
        show(say("summary", rulesets=len(files), cases=cases, failed=failed) + "\n")
    return PROBLEMS if failed or lost else DONE


def _told(result: SuiteResult, least: int, *, update: bool) -> bool:
    """Say how a ruleset came out; whether it is fine."""
    from indicator_rules.suite_laws import law_names
    from indicator_rules.suite_text import coverage_line, no_cases, say, uncovered_lines

    tell(result.problems)
    if result.rules is None or result.coverage is None:
        show(say("invalid", file=result.path) + "\n")
        return False
    failing = [case for case in result.cases if not case.passed]
    lines = [say("head", file=result.path, count=len(result.cases), failed=len(failing))]
    if not result.cases:
        lines.append("  " + no_cases(result.path))
    show("\n".join(lines) + "\n")
    left = sum(not _told_case(case, update=update) for case in failing)
    left += sum(not _told_law(result.rules, law) for law in law_names())
    left += _told_proofs(result.rules)
    short = min(result.coverage.percent) < least
    show(f"  {coverage_line(result.coverage)}{say('below', least=least) if short else ''}\n")
    for line in uncovered_lines(result.rules, result.coverage):
        show(f"    {line}\n")
    return not (left or short)


def _told_law(rules: Rules, law: str) -> bool:
    """Say so if a law does not hold that the ruleset does not waive."""
    from indicator_rules.suite_laws import broken, waived
    from indicator_rules.suite_text import say

    found = None if waived(rules, law) is not None else broken(rules, law)
    if found is not None:
        show(f"    {say('law-broken', text=found)}\n")
    return found is None


def _told_proofs(rules: Rules) -> int:
    """Say what is refuted and what is undecided of all records; how much is refuted."""
    from indicator_rules.suite_proofs import refuted_and_undecided

    refuted, undecided = refuted_and_undecided(rules)
    show("".join(f"    {mark} {answer}\n" for mark, answers in (("×", refuted), ("?", undecided)) for answer in answers))
    return len(refuted)


def _told_case(result: CaseResult, *, update: bool) -> bool:
    """Say how a failing case came out; whether it is fine now that it is rewritten."""
    from indicator_rules.case_update import updated
    from indicator_rules.suite_text import case_lines, say

    title = "" if result.case is None else result.case.title
    show("  " + say("case", file=result.path, title=title).rstrip() + "\n")
    show("".join(f"      {line}\n" for line in case_lines(result)))
    if not update:
        return False
    text = updated(result)
    if text is None:
        show("    " + say("not-updatable", file=result.path) + "\n")
        return False
    write(Path(result.path), text)
    show("    " + say("updated", file=result.path) + "\n")
    return True
