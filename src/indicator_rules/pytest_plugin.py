"""The pytest plugin: `pytest rulesets/` checks every ruleset below, runs its cases and laws, and measures what the cases cover.

In: the `.toml` files that pytest comes across. Out: for each that is a ruleset the items `check`, `case[name]`, `law[name]`, `proofs` and `coverage`; other
files are left alone, and nothing of the library is imported before the first ruleset. `indicator_rules = false` in the pytest settings
switches it off, `indicator_rules_laws = false` the laws; `--update-cases` rewrites what cases expect, after showing the difference. Items hold no state, so that xdist may deal them out
as it likes; cases are rewritten at the end, by the one process that reports.
"""

from __future__ import annotations

import tomllib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from indicator_rules.rules import Rules
    from indicator_rules.suite.coverage import Observer
    from indicator_rules.suite.suite import CaseResult

_UPDATED = "indicator_rules_updated"
_COVERAGE = "indicator_rules_coverage"
_READY = pytest.StashKey["dict[Path, Observer | _Failed]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("indicator-rules")
    group.addoption("--update-cases", action="store_true", help="rewrite what the cases of rulesets expect to what came out")
    parser.addini("indicator_rules", "collect rulesets (.toml files with a [ruleset] table) and their cases", "bool", True)
    parser.addini("indicator_rules_laws", "try the laws of scoring on each ruleset, which takes some seconds", "bool", True)
    parser.addini(
        "indicator_rules_at_least", "percent of rows and boundaries that the cases of a ruleset have to cover", default="100"
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix != ".toml" or not parent.config.getini("indicator_rules"):
        return None
    if _is_ruleset(file_path):
        return _RulesetFile.from_parent(parent, path=file_path)
    if _is_named(file_path, parent.session):
        from indicator_rules.suite.suite import ruleset_of

        ruleset = ruleset_of(file_path)
        if ruleset is not None:
            return _CaseFile.from_parent(parent, path=file_path, ruleset=ruleset)
    return None


def _is_named(path: Path, session: pytest.Session) -> bool:
    """Whether a file, or a folder that it is in up to one named `cases`, stands on the command line."""
    depth = next((place for place, folder in enumerate(path.parents) if folder.name == "cases"), None)
    return depth is not None and any(map(session.isinitpath, (path, *list(path.parents)[: depth + 1])))


def _is_ruleset(path: Path) -> bool:
    """Whether a file is one of our rulesets; one that cannot be read is, if worked cases stand beside it."""
    if "cases" in path.parts[-3:-1]:
        return False
    try:
        content = path.read_bytes()
    except OSError:
        return False
    if b"ruleset" not in content:
        return False
    try:
        data = tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return (path.parent / "cases" / path.stem).is_dir()
    return isinstance(data.get("ruleset"), dict) and ("schema" in data or "criteria" in data)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the cases cover; and the cases that are to be rewritten: shown, then rewritten."""
    if hasattr(terminalreporter.config, "workerinput"):  # one of xdist's workers: the process that reports does this
        return
    told: dict[str, list[Any]] = {_COVERAGE: [], _UPDATED: []}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "call":
                for name, value in report.user_properties:
                    told.get(name, []).append(value)
    if told[_COVERAGE]:
        terminalreporter.section("rulesets")
        for line in sorted(told[_COVERAGE]):
            terminalreporter.write_line(line)
    if told[_UPDATED]:
        terminalreporter.section("cases rewritten")
        for ruleset, case in sorted(told[_UPDATED]):
            for line in _rewritten(Path(ruleset), Path(case)):
                terminalreporter.write_line(line)


def _rewritten(ruleset: Path, case: Path) -> Iterator[str]:
    """The differences of a case; then it is rewritten."""
    from indicator_rules.cli.terminal import write
    from indicator_rules.errors import RecordError
    from indicator_rules.suite.case_update import updated
    from indicator_rules.suite.suite import run_case
    from indicator_rules.suite.text import say

    observer = _observer(ruleset)
    if isinstance(observer, _Failed):  # changed since it ran
        yield str(observer)
        return
    result = run_case(case, observer)
    yield _told(result)
    try:
        text = updated(result)
        if text is not None:
            write(case, text)
            yield say("updated", file=case)
    except RecordError as error:
        yield str(error)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What is skipped is told with the file of the ruleset, not with a line in here."""
    report = yield
    if isinstance(item, _Item) and report.skipped and isinstance(report.longrepr, tuple):
        report.longrepr = (str(item.path), None, report.longrepr[2])  # type: ignore[assignment]  # pytest takes no line, too
    return report


class _Failed(Exception):
    """What has to be said of a failing item; its text is all of the report."""


class _RulesetFile(pytest.File):
    """A ruleset, with its cases."""

    def collect(self) -> Iterator[pytest.Item]:
        from indicator_rules.suite.laws import are_here, law_names
        from indicator_rules.suite.suite import case_files

        yield _Check.from_parent(self, name="check")
        home = self.path.parent / "cases"
        for path in case_files(self.path):
            inside = path.relative_to(home).with_suffix("").as_posix().removeprefix(f"{self.path.stem}/")
            yield _CaseItem.from_parent(self, name=f"case[{inside}]", case=path)
        if self.config.getini("indicator_rules_laws"):
            names = law_names() if are_here() else ("",)
            for law in names:
                yield _LawItem.from_parent(self, name=f"law[{law}]" if law else "laws", law=law)
        yield _Proofs.from_parent(self, name="proofs")
        yield _Coverage.from_parent(self, name="coverage")

    @property
    def ruleset(self) -> Path:
        return self.path

    @property
    def observer(self) -> Observer:
        """The ruleset made ready, for all items that run in this process."""
        return _made_ready(self)


class _CaseFile(pytest.File):
    """One case, named on the command line."""

    def __init__(self, *, ruleset: Path, **more: Any) -> None:
        super().__init__(**more)
        self.ruleset = ruleset

    def collect(self) -> Iterator[pytest.Item]:
        yield _CaseItem.from_parent(self, name="case", case=self.path)

    @property
    def observer(self) -> Observer:
        return _made_ready(self)


def _made_ready(file: _RulesetFile | _CaseFile) -> Observer:
    """The ruleset of a file, read once in this process. What is wrong with it is told once, where all of its items run."""
    from indicator_rules.suite.text import say

    ready = file.session.stash.setdefault(_READY, {})
    if file.ruleset not in ready:
        ready[file.ruleset] = _observer(file.ruleset)
    found = ready[file.ruleset]
    if isinstance(found, _Failed):
        if any(isinstance(item, _Check) and item.path == file.ruleset for item in file.session.items):
            pytest.skip(say("see-check"))
        raise found
    return found


def _file_of(item: pytest.Item) -> _RulesetFile | _CaseFile:
    if not isinstance(item.parent, _RulesetFile | _CaseFile):
        raise TypeError(item.parent)
    return item.parent


def _rules_of(item: pytest.Item) -> Rules:
    return _file_of(item).observer.rules


def _observer(ruleset: Path) -> Observer | _Failed:
    from indicator_rules.errors import RulesetError
    from indicator_rules.rules import Rules
    from indicator_rules.suite.coverage import Observer
    from indicator_rules.suite.text import say

    try:
        return Observer(Rules.from_path(ruleset))
    except RulesetError as error:
        return _Failed(say("has-errors", count=len(error.problems), first=error.problems[0].describe()))


class _Item(pytest.Item):
    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return str(excinfo.value) if isinstance(excinfo.value, _Failed) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


class _Check(_Item):
    """The ruleset has no errors, and no case beside it is without one."""

    def runtest(self) -> None:
        from indicator_rules.render import problems_text
        from indicator_rules.rules import check
        from indicator_rules.suite.suite import strays

        problems = check(self.path)
        wrong = [*(problem for problem in problems if problem.severity == "error"), *strays([self.path])]
        if wrong:
            raise _Failed(problems_text(wrong))
        self.add_report_section("call", "warnings", problems_text(problems))


class _CaseItem(_Item):
    """A case comes out as it says."""

    def __init__(self, *, case: Path, **more: Any) -> None:
        super().__init__(**more)
        self.case = case

    def runtest(self) -> None:
        result = self.result()
        if result.passed:
            return
        if self.config.getoption("--update-cases"):
            from indicator_rules.suite.case_update import updated
            from indicator_rules.suite.text import say

            if updated(result) is not None:
                self.user_properties.append((_UPDATED, [str(_file_of(self).ruleset), str(self.case)]))
                return
            raise _Failed(f"{_told(result)}\n{say('not-updatable', file=self.case)}")
        raise _Failed(_told(result))

    def result(self) -> CaseResult:
        from indicator_rules.suite.suite import run_case

        return run_case(self.case, _file_of(self).observer)


def _told(result: CaseResult) -> str:
    from indicator_rules.suite.text import case_lines, say

    title = "" if result.case is None else result.case.title
    return "\n".join([say("case", file=result.path, title=title).rstrip(), *(f"    {line}" for line in case_lines(result))])


class _LawItem(_Item):
    """A law of scoring holds, unless the ruleset waives it."""

    def __init__(self, *, law: str, **more: Any) -> None:
        super().__init__(**more)
        self.law = law

    def runtest(self) -> None:
        from indicator_rules.suite.laws import are_here, tried, waived
        from indicator_rules.suite.text import say

        if not are_here():
            pytest.skip(say("no-laws"))
        from indicator_rules.testing import Broken

        rules = _rules_of(self)
        reason = waived(rules, self.law)
        if reason is not None:
            pytest.skip(say("waived", reason=reason))
        found = tried(rules, self.law)
        if isinstance(found, Broken):
            raise _Failed(found.describe())
        if not found.examples:
            pytest.skip(say("law-silent"))


class _Proofs(_Item):
    """Nothing is refuted that can be asked about all records."""

    def runtest(self) -> None:
        from indicator_rules.suite.proofs import refuted_and_undecided

        refuted, undecided = refuted_and_undecided(_rules_of(self))
        if refuted:
            raise _Failed("\n".join(map(str, refuted)))
        self.add_report_section("call", "undecided", "\n".join(map(str, undecided)))


class _Coverage(_Item):
    """The cases cover as many rows and boundaries as the settings ask for."""

    def runtest(self) -> None:
        from indicator_rules.suite.suite import run_cases
        from indicator_rules.suite.text import coverage_line, no_cases, say, unchecked_line, uncovered_lines

        rules = _rules_of(self)
        result = run_cases(self.path, rules)
        if result.coverage is None:
            raise AssertionError(result)
        line = coverage_line(result.coverage)
        told = f"{line}\n    {unchecked_line(result)}" if result.unchecked else line
        self.user_properties.append((_COVERAGE, f"{rules.name}: {told}"))
        least = _least(self.config)
        if min(result.coverage.percent) < least:
            lines = [line + say("below", least=least), *uncovered_lines(rules, result.coverage, self.path)]
            raise _Failed("\n".join(lines if result.cases else [no_cases(self.path), *lines]))


def _least(config: pytest.Config) -> int:
    text = str(config.getini("indicator_rules_at_least"))
    if not (text.isdecimal() and int(text) <= 100):
        raise pytest.UsageError(f"indicator_rules_at_least is a whole number between 0 and 100, not `{text}`")
    return int(text)
