"""A ruleset and its worked cases: found in a folder, run, compared.

In: ruleset files and folders; a ruleset's cases stand in `cases/<its file name>/` beside it (or in `cases/`, where it is the only ruleset
there). Out: for each ruleset a `SuiteResult`: what is wrong with it, how each case came out (differences as data) and what the cases
cover. Nothing is raised for what a file holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from indicator_rules.catalog import is_ruleset, ruleset_files
from indicator_rules.errors import KeyPath, Problem, RecordError, RulesetError, Where
from indicator_rules.evaluation import Evaluation
from indicator_rules.exact import Exact
from indicator_rules.rules import Rules, check
from indicator_rules.suite.case import Case, read_case
from indicator_rules.suite.coverage import Coverage, Observer
from indicator_rules.validation import locate

CASES = "cases"


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that came out otherwise. `at` is its key path below `expected`."""

    at: KeyPath
    expected: Exact | str | tuple[str, ...] | None
    got: Exact | str | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How a case came out. `case` is None where its file cannot be read, `evaluation` where the record was refused."""

    path: Path
    case: Case | None = None
    evaluation: Evaluation | None = None
    problems: tuple[Problem, ...] = ()
    """What is wrong with the case, or with a record that should have been scored."""
    differences: tuple[Difference, ...] = ()

    @property
    def passed(self) -> bool:
        return not (self.problems or self.differences)


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """How a ruleset came out. `rules` is None where it has errors, its cases were not run then; `coverage` is None there, and where only some cases ran."""

    path: Path
    problems: tuple[Problem, ...]
    """Errors and warnings of the ruleset, and cases that belong to no ruleset."""
    rules: Rules | None
    cases: tuple[CaseResult, ...] = ()
    coverage: Coverage | None = None

    @property
    def is_valid(self) -> bool:
        return self.rules is not None and all(problem.severity != "error" for problem in self.problems)

    @property
    def unchecked(self) -> tuple[CaseResult, ...]:
        """Cases that came out as they say, which no person has worked out."""
        return tuple(one for one in self.cases if one.passed and one.case is not None and not one.case.checked)


# ---------------------------------------------------------------------------------------------------------------- finding


def rulesets_in(folder: Path) -> list[Path]:
    """The ruleset files of a folder. Raises `RulesetError` where there are none."""
    files = ruleset_files(folder)
    if not files:
        raise RulesetError([Problem("no-rulesets-in-folder", Where(str(folder)))])
    return files


def named_cases(path: Path) -> list[Path]:
    """The cases that a path inside a folder `cases` names: one, or those of a folder. Empty for any other path."""
    home = _home(path)
    files = [path] if path.is_file() else _below(path)
    return [file for file in files if home is not None and home in file.parents and ruleset_of(file) is not None]


def ruleset_of(case: Path) -> Path | None:
    """The ruleset that a file below a folder `cases` is a case of; None where there is none, or no telling which."""
    home = _home(case.parent)
    if home is None:
        return None
    inside = case.relative_to(home).parts[:-1]
    if inside:
        named = home.parent / f"{inside[0]}.toml"
        return named if is_ruleset(named) else None
    beside = [path for path in sorted(home.parent.glob("*.toml")) if is_ruleset(path)]
    return beside[0] if len(beside) == 1 else None


def case_files(ruleset: Path) -> list[Path]:
    """The files of a ruleset's cases, sorted."""
    return [path for path in _below(ruleset.parent / CASES) if ruleset_of(path) == ruleset]


def strays(rulesets: Iterable[Path]) -> list[Problem]:
    """Cases beside `rulesets` that belong to none of them: nobody would run them."""
    found: list[Problem] = []
    for home in dict.fromkeys(path.parent / CASES for path in rulesets):
        found += [Problem("case-without-ruleset", Where(str(path))) for path in _below(home) if ruleset_of(path) is None]
    return found


def _home(path: Path) -> Path | None:
    """The folder `cases` that a path is in, or is."""
    return next((folder for folder in (path, *path.parents) if folder.name == CASES), None)


def _below(home: Path) -> list[Path]:
    return sorted(path for path in home.rglob("*.toml") if path.is_file()) if home.is_dir() else []


# ---------------------------------------------------------------------------------------------------------------- running


def run(ruleset: Path, engine: str | None = None) -> SuiteResult:
    """The ruleset checked, its cases run, and what they cover."""
    problems = check(ruleset)
    if any(problem.severity == "error" for problem in problems):
        return SuiteResult(ruleset, tuple(problems), None)
    return run_cases(ruleset, Rules.from_path(ruleset, engine), problems)


def run_cases(ruleset: Path, rules: Rules, problems: Iterable[Problem] = ()) -> SuiteResult:
    """The cases of a ruleset that is loaded already, run, and what they cover."""
    observer = Observer(rules)
    cases = tuple(run_case(path, observer) for path in case_files(ruleset))
    return SuiteResult(ruleset, tuple(problems), rules, cases, observer.coverage())


def run_some(ruleset: Path, cases: Iterable[Path], engine: str | None = None) -> SuiteResult:
    """Some of the cases of a ruleset, run; nothing is said of what they cover."""
    problems = check(ruleset)
    if any(problem.severity == "error" for problem in problems):
        return SuiteResult(ruleset, tuple(problems), None)
    rules = Rules.from_path(ruleset, engine)
    observer = Observer(rules)
    return SuiteResult(ruleset, tuple(problems), rules, tuple(run_case(case, observer) for case in cases))


def run_case(path: Path, observer: Observer) -> CaseResult:
    """One case, scored and compared."""
    try:
        case = read_case(path)
    except RecordError as error:
        return CaseResult(path, problems=error.problems)
    wrong = _wrong(case, observer)
    try:
        result = observer.evaluate(case.record())
    except RecordError as error:
        found = error.problems if all(problem.where.file for problem in error.problems) else case.placed(error)
        return _refused(case, [*wrong, *found])
    if wrong:
        return CaseResult(path, case, result, problems=tuple(wrong))
    return CaseResult(path, case, result, differences=tuple(_differences(case, result)))


def _wrong(case: Case, observer: Observer) -> list[Problem]:
    """A case that expects nothing, or something of criteria that there are none."""
    where = Where(str(case.path))
    found = [Problem("case-expects-nothing", where)] if case.expected.is_nothing else []
    known = [criterion.id for criterion in observer.plan.criteria]
    for name in case.expected.criteria:
        if name not in known:
            near = get_close_matches(name, known, 1)
            values = {"text": name, **({"suggestion": near[0]} if near else {})}
            found.append(Problem("case-criterion-unknown", replace(where, path=("expected", "criteria", name)), values))
    return list(locate(found, case.content)) if found else []


def _refused(case: Case, problems: Sequence[Problem]) -> CaseResult:
    if not case.expected.problems:
        return CaseResult(case.path, case, problems=tuple(problems))
    wanted, got = (tuple(sorted(set(codes))) for codes in (case.expected.problems, (problem.code for problem in problems)))
    return CaseResult(case.path, case, differences=() if wanted == got else (Difference(("problems",), wanted, got),))


def _differences(case: Case, result: Evaluation) -> Iterator[Difference]:
    expected = case.expected
    if expected.problems:
        yield Difference(("problems",), tuple(expected.problems), ())
    for name, points in expected.criteria.items():
        if result[name].exact_points != points:
            yield Difference(("criteria", name), points, result[name].exact_points)
    if expected.total is not None and result.exact_total != expected.total:
        yield Difference(("total",), expected.total, result.exact_total)
    if expected.grade is not None and result.grade != expected.grade:
        yield Difference(("grade",), expected.grade, result.grade)
    given = {f"{finding.code}:{finding.subject}".removesuffix(":") for finding in result.findings}
    if not given.issuperset(expected.findings):
        yield Difference(("findings",), tuple(expected.findings), tuple(text for text in expected.findings if text in given))
