"""The command `indicator-rules test`: rulesets checked, their worked cases run, the laws of scoring tried, and what the cases cover.

In: folders, files and names of rulesets; cases and folders of them, of which nothing else is asked. Out: text; problems on standard error; cases rewritten or written, where asked for. Exit code 0 if all of it
holds; 1 if a ruleset has errors, a case comes out otherwise, a law does not hold, or less is covered than asked for.
"""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from indicator_rules.cli.options import catalog_of, common, ruleset_files, rulesets_option, typed
from indicator_rules.cli.terminal import DONE, PROBLEMS, Command, columns, show, tell, write

if TYPE_CHECKING:
    from indicator_rules.rules import Rules
    from indicator_rules.suite.suite import CaseResult, SuiteResult

EVERYTHING = 100


class _Wanted(NamedTuple):
    """What was asked for."""

    at_least: int
    update_cases: bool
    write_cases: bool
    laws: bool


@click.command("test", cls=Command, help="help-test")
@click.argument("rulesets", nargs=-1, required=True, metavar="RULESET...", callback=typed)
@click.option("--at-least", type=click.IntRange(0, 100), default=EVERYTHING, metavar="PERCENT", help="help-at-least")
@click.option("--write-cases", is_flag=True, help="help-write-cases")
@click.option("--update-cases", is_flag=True, help="help-update-cases")
@click.option("--no-laws", is_flag=True, help="help-no-laws")
@click.option("--engine", type=click.Choice(["durable-rules", "plain"]), help="help-engine")
@rulesets_option
@common
def test(
    rulesets: tuple[str, ...],
    at_least: int,
    write_cases: bool,
    update_cases: bool,
    no_laws: bool,
    engine: str | None,
    folders: tuple[str, ...],
) -> int:
    from indicator_rules.suite import suite
    from indicator_rules.suite.text import say

    catalog = catalog_of(folders)
    some: dict[Path, list[Path]] = {}
    for case in (case for name in rulesets for case in suite.named_cases(Path(name))):
        some.setdefault(suite.ruleset_of(case) or case, []).append(case)
    whole = [name for name in rulesets if not suite.named_cases(Path(name))]
    files = list(dict.fromkeys(file for name in whole for file in ruleset_files(name, catalog)))
    wanted = _Wanted(at_least, update_cases, write_cases, not no_laws)
    failed = cases = 0
    results = chain(
        (suite.run(file, engine) for file in files), (suite.run_some(file, named, engine) for file, named in some.items())
    )
    for result in results:
        cases += len(result.cases)
        failed += not _told(result, wanted)
    lost = suite.strays(files)
    tell(lost)
    if len(files) + len(some) > 1:
        show(say("summary", rulesets=len(files) + len(some), cases=cases, failed=failed) + "\n")
    return PROBLEMS if failed or lost else DONE


def _told(result: SuiteResult, wanted: _Wanted) -> bool:
    """Say how a ruleset came out; whether it is fine."""
    from indicator_rules.suite.text import no_cases, say

    tell(result.problems)
    if result.rules is None:
        show(say("invalid", file=result.path) + "\n")
        return False
    failing = [case for case in result.cases if not case.passed]
    lines = [say("head", file=result.path, count=len(result.cases), failed=len(failing))]
    if not result.cases:
        lines.append("  " + no_cases(result.path))
    show("\n".join(lines) + "\n")
    left = sum(not _told_case(case, update=wanted.update_cases) for case in failing)
    if result.coverage is None:
        return not left
    left += _told_laws(result.rules) if wanted.laws else 0
    left += _told_proofs(result.rules)
    if wanted.write_cases:
        result = _written(result)
    return _told_coverage(result, wanted.at_least) and not left


def _told_laws(rules: Rules) -> int:
    """Say which laws hold; how many do not that the ruleset does not waive."""
    from indicator_rules.suite.laws import are_here, law_names, tried, waived
    from indicator_rules.suite.text import law_lines, say

    if not are_here():
        show(f"  {say('no-laws')}\n")
        return 0
    from indicator_rules.testing import Broken

    left_out = [law for law in law_names() if waived(rules, law) is not None]
    found = {law: tried(rules, law) for law in law_names() if law not in left_out}
    broken = [one for one in found.values() if isinstance(one, Broken)]
    silent = [law for law, one in found.items() if not (isinstance(one, Broken) or one.examples)]
    line = say("laws", count=len(found) - len(silent), broken=len(broken))
    for key, names in (("laws-silent", silent), ("laws-waived", left_out)):
        line += say(key, names=", ".join(names)) if names else ""
    show(f"  {line}\n" + "".join(f"    {line}\n" for one in broken for line in law_lines(rules, one)))
    return len(broken)


def _told_coverage(result: SuiteResult, least: int) -> bool:
    """Say what the cases cover and who checked them; whether it is enough."""
    from indicator_rules.suite.text import coverage_line, say, unchecked_line, uncovered_lines

    if result.rules is None or result.coverage is None:
        raise AssertionError(result)
    short = min(result.coverage.percent) < least
    lines = [coverage_line(result.coverage) + (say("below", least=least) if short else "")]
    lines += [f"  {line}" for line in uncovered_lines(result.rules, result.coverage, result.path)]
    lines += [unchecked_line(result)] if result.unchecked else []
    show("".join(f"  {line}\n" for line in lines))
    return not short


def _written(result: SuiteResult) -> SuiteResult:
    """Cases written for what is not covered; the ruleset with them."""
    from indicator_rules.suite.case_writing import written_cases
    from indicator_rules.suite.suite import run_cases
    from indicator_rules.suite.text import say

    if result.rules is None or result.coverage is None:
        raise AssertionError(result)
    texts = written_cases(result.path, result.rules, result.coverage)
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, text)
    folder = next((path.parent for path in texts), result.path.parent)
    show(f"  {say('wrote', count=len(texts), folder=folder) if texts else say('nothing-to-write')}\n")
    return run_cases(result.path, result.rules, result.problems) if texts else result


def _told_proofs(rules: Rules) -> int:
    """Say what is refuted and what is undecided of all records; how much is refuted."""
    from indicator_rules.suite.proofs import refuted_and_undecided

    refuted, undecided = refuted_and_undecided(rules)
    show("".join(f"    {mark} {answer}\n" for mark, answers in (("×", refuted), ("?", undecided)) for answer in answers))
    return len(refuted)


def _wrapped(text: str) -> str:
    """A reason for points, under the case, no wider than the terminal; what goes on stands below what it goes on from."""
    from indicator_rules.render import wrap

    indent = " " * (6 + len(text) - len(text.lstrip()))
    first, *rest = wrap(text, columns() - len(indent) - 2)
    return f"{indent}{first}\n" + "".join(f"{indent}  {line}\n" for line in rest)


def _told_case(result: CaseResult, *, update: bool) -> bool:
    """Say how a failing case came out; whether it is fine now that it is rewritten."""
    from indicator_rules.suite.case_update import updated
    from indicator_rules.suite.text import case_lines, say

    title = "" if result.case is None else result.case.title
    show("  " + say("case", file=result.path, title=title).rstrip() + "\n")
    show("".join(_wrapped(line) for line in case_lines(result)))
    if not update:
        return False
    text = updated(result)
    if text is None:
        show("    " + say("not-updatable", file=result.path) + "\n")
        return False
    write(Path(result.path), text)
    show("    " + say("updated", file=result.path) + "\n")
    return True
