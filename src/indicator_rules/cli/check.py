"""The commands `indicator-rules check` and `lint`: what is wrong with rulesets, and what is odd about those that can be used.

In: names, files or folders of rulesets. Out: as text, each problem with its line underlined on standard error and one line for each file on standard
output; as JSON or SARIF, everything as one document on standard output. Exit code 1 for an error (for `lint --strict`, for a warning too).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import click

from indicator_rules.cli.options import catalog_of, common, dumped, rulesets_option, typed
from indicator_rules.cli.terminal import DONE, PROBLEMS, Command, say, show, tell_with_lines
from indicator_rules.errors import Problem, ProblemsError, RecordError, RulesetError, Where

if TYPE_CHECKING:
    from indicator_rules.catalog import Catalog
    from indicator_rules.errors import Severity
    from indicator_rules.record import EvaluationRecord

Form: TypeAlias = Literal["text", "json", "sarif"]

_rulesets = click.argument("rulesets", nargs=-1, required=True, metavar="RULESET...", callback=typed)
_format = click.option("--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text", help="help-format")


class _Checked(NamedTuple):
    """A file (or a name that stands for none) and what was found in it."""

    file: str
    problems: tuple[Problem, ...]

    def count(self, severity: Severity) -> int:
        return sum(problem.severity == severity for problem in self.problems)


@click.command("check", cls=Command, help="help-check")
@_rulesets
@_format
@rulesets_option
@common
def check(rulesets: tuple[str, ...], form: Form, folders: tuple[str, ...]) -> int:
    from indicator_rules.rules import check as problems_of

    return _report(rulesets, problems_of, form, catalog_of(folders))


@click.command("lint", cls=Command, help="help-lint")
@_rulesets
@_format
@click.option("--strict", is_flag=True, help="help-strict")
@click.option("--cases", is_flag=True, help="help-lint-cases")
@rulesets_option
@common
def lint(rulesets: tuple[str, ...], form: Form, strict: bool, cases: bool, folders: tuple[str, ...]) -> int:
    from indicator_rules.rules import Rules

    def problems_of(file: Path) -> Iterable[Problem]:
        try:
            return Rules.from_path(file).lint(_case_records(file) if cases else None)
        except ProblemsError as error:
            return error.problems

    return _report(rulesets, problems_of, form, catalog_of(folders), strict=strict)


def _case_records(file: Path) -> list[EvaluationRecord]:
    """The records of the worked cases beside a ruleset; one that cannot be read shows nothing."""
    from indicator_rules.files import content
    from indicator_rules.reading import read_record
    from indicator_rules.validation import decode

    found: list[EvaluationRecord] = []
    for case in sorted((file.parent / "cases" / file.stem).glob("*.toml")):
        with contextlib.suppress(RecordError):
            data, problems = decode(content(case, RecordError), str(case), "toml")
            record = None if problems else data.get("record")
            if record is not None:
                found.append(read_record(case.parent / record if isinstance(record, str) else record))
    return found


def _report(
    names: Iterable[str], problems_of: Callable[[Path], Iterable[Problem]], form: Form, catalog: Catalog, *, strict: bool = False
) -> int:
    checked: list[_Checked] = []
    for one in _each(names, problems_of, catalog):
        checked.append(one)
        if form == "text":
            tell_with_lines(one.problems)
            if one.file:
                show(_summary(one) + "\n")
            if one.count("error") and _is_unread(one.file):
                show(say("check-stopped") + "\n")
    problems = [problem for one in checked for problem in one.problems]
    if form == "json":
        files = [
            {"file": one.file, **{f"{kind}s": one.count(kind) for kind in ("error", "warning", "info")}}
            for one in checked
            if one.file
        ]
        show(dumped({"files": files, "problems": [problem.as_dict() for problem in problems]}), as_json=True)
    elif form == "sarif":
        from indicator_rules.cli.sarif import sarif

        show(dumped(sarif(problems)), as_json=True)
    failing = ("error", "warning") if strict else ("error",)
    return PROBLEMS if any(problem.severity in failing for problem in problems) else DONE


def _each(names: Iterable[str], problems_of: Callable[[Path], Iterable[Problem]], catalog: Catalog) -> Iterable[_Checked]:
    for name in names:
        try:
            files = _ruleset_files(name, catalog)
        except RulesetError as error:
            yield _Checked("", error.problems)
            continue
        for file in files:
            yield _Checked(str(file), tuple(problems_of(file)))


def _is_unread(file: str) -> bool:
    """Whether the form of a file keeps its names, formulas and weights from being checked."""
    from indicator_rules.files import content
    from indicator_rules.parse import parse

    try:
        return parse(content(file, RulesetError), file)[0] is None
    except RulesetError:
        return False


def _summary(one: _Checked) -> str:
    file = Where(one.file)  # a name may hold what breaks a line
    if one.count("error"):
        return say("check-errors", file=file, count=one.count("error"))
    if not one.problems:
        return say("check-ok", file=file)
    counts = {"count": one.count("warning"), "infos": one.count("info")}
    return say("check-infos" if counts["infos"] else "check-warnings", file=file, **counts)


def _ruleset_files(name: str, catalog: Catalog) -> list[Path]:
    """The files that a name, a path or a folder stands for. Raises `RulesetError`."""
    from indicator_rules.catalog import is_name, ruleset_files

    if Path(name).is_dir():
        files = ruleset_files(name)
        if not files:
            raise RulesetError([Problem("no-rulesets-in-folder", Where(name))])
        return files
    return [catalog.entry(name).path] if is_name(name) and not Path(name).exists() else [Path(name)]
