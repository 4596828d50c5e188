"""`Rules`: one ruleset, ready to use. The object that users hold.

In: a TOML file, its text, or plain data. Out: spec, ruleset and plan together, or `RulesetError` with every problem at once. Scoring and the other
uses of a plan are methods here and are imported when first called. Immutable; safe from many threads and after fork.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal, overload

from indicator_rules import engine as engines
from indicator_rules.checks import check as check_spec
from indicator_rules.compile import compile_ruleset
from indicator_rules.engine import Engine
from indicator_rules.errors import Problem, RecordError, RulesetError
from indicator_rules.exact import exact
from indicator_rules.files import content
from indicator_rules.kept import Kept
from indicator_rules.link import link
from indicator_rules.parse import parse, parse_data
from indicator_rules.plan import Plan
from indicator_rules.reading import Reading, reading, record_sources
from indicator_rules.record import EvaluationRecord
from indicator_rules.ruleset import Ruleset
from indicator_rules.spec import Spec
from indicator_rules.uncut import uncut

if TYPE_CHECKING:
    from indicator_rules.audit.result import Audit, Side
    from indicator_rules.evaluate import Evaluator
    from indicator_rules.evaluation import Evaluation
    from indicator_rules.gap.result import Gap
    from indicator_rules.inputs import InputField
    from indicator_rules.messages import Language
    from indicator_rules.partial.partial import Partial
    from indicator_rules.partial.result import PartialEvaluation
    from indicator_rules.probing.probes import Survey
    from indicator_rules.proving.proof import Answer
    from indicator_rules.sensitivity.result import Sensitivity

    Record = EvaluationRecord | Mapping[str, Any] | str | os.PathLike[str] | Reading


class Rules:
    """A ruleset that has no errors."""

    def __init__(
        self,
        spec: Spec,
        ruleset: Ruleset,
        plan: Plan,
        problems: Iterable[Problem],
        file: str = "",
        engine: str | None = None,
        source: bytes | None = None,
    ) -> None:
        self.spec, self.ruleset, self.plan, self.file = spec, ruleset, plan, file
        self._source = source
        self.problems = tuple(problems)
        """Warnings."""
        self._engine: Engine = engines.default_engine() if engine is None else engines.engine(engine)

    @classmethod
    def from_path(cls, path: str | os.PathLike[str], engine: str | None = None) -> Rules:
        """The ruleset in a file. Raises `RulesetError`."""
        return cls.from_bytes(content(path, RulesetError), os.fspath(path), engine)

    @classmethod
    def from_text(cls, text: str, file: str = "", engine: str | None = None) -> Rules:
        """The ruleset that TOML text spells. Raises `RulesetError`."""
        return cls.from_bytes(text.encode("utf-8", "surrogatepass"), file, engine)

    @classmethod
    def from_bytes(cls, data: bytes, file: str = "", engine: str | None = None) -> Rules:
        spec, problems = parse(data, file)
        return cls._made(spec, problems, data, file, engine)

    @classmethod
    def from_data(cls, data: Mapping[str, Any], engine: str | None = None) -> Rules:
        """The ruleset that plain data says (what a TOML reader gives). Raises `RulesetError`."""
        spec, problems = parse_data(data)
        return cls._made(spec, problems, None, "", engine)

    @classmethod
    def _made(cls, spec: Spec | None, problems: list[Problem], data: bytes | None, file: str, engine: str | None) -> Rules:
        if spec is None:
            raise RulesetError(located(problems, data))
        ruleset, plan, found = _compiled(spec, file)
        found = located([*problems, *found], data)
        if plan is None or any(problem.severity == "error" for problem in found):
            raise RulesetError(found)
        return cls(spec, ruleset, plan, found, file, engine, data)

    @property
    def name(self) -> str:
        """`family@edition`."""
        return f"{self.plan.family}@{self.plan.edition}"

    @property
    def engine(self) -> str:
        """The name of the engine that matches the rows."""
        return self._engine.name

    @Kept
    def provenance(self) -> Mapping[str, str]:
        """Family, edition, status, digest of the ruleset, library version, engine and its version."""
        # Defaults are left out, so that a ruleset keeps its digest when the language grows.
        with uncut():
            canonical = self.spec.model_dump_json(exclude_defaults=True, by_alias=True)
        return {
            "family": self.plan.family,
            "edition": self.plan.edition,
            "status": self.spec.ruleset.status,
            "ruleset": f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}",
            "library": f"indicator-rules {version('indicator-rules')}",
            "engine": f"{self.engine} {getattr(self._engine, 'version', '')}".rstrip(),
        }

    @Kept
    def evaluator(self) -> Evaluator:
        """The plan made ready; made on first use."""
        from indicator_rules.evaluate import Evaluator

        return Evaluator(self.plan, self._engine, _Origin(self))

    @Kept
    def survey(self) -> Survey:
        """The neutral record and the probes of the plan; made on first use, which takes about a second."""
        from indicator_rules.probing.probes import survey

        return survey(self.plan)

    @Kept
    def looking_ahead(self) -> Partial:
        """The plan made ready for partial evaluation; made on first use."""
        from indicator_rules.partial.partial import Partial

        return Partial(self.evaluator)

    @overload
    def evaluate(self, record: Record, *, partial: Literal[False] = False) -> Evaluation: ...

    @overload
    def evaluate(self, record: Record, *, partial: Literal[True], open: Iterable[str] = ...) -> PartialEvaluation: ...

    def evaluate(self, record: Record, *, partial: bool = False, open: Iterable[str] = ("*",)) -> Evaluation | PartialEvaluation:
        """Score one record: an `EvaluationRecord`, plain data, the path of a TOML, JSON or Excel file, or a `Reading` of one.

        With `partial`, the record may be incomplete: then it gives the totals and grades still possible, and the inputs that would decide. `open` says
        which empty places can still be filled: key paths, `*` for any part (`indicators.*.actual`); all of them, if not said.

        Raises: RecordError with every problem of the record, if it cannot be read or lacks what the ruleset needs.
        """
        score: Callable[[EvaluationRecord], Evaluation | PartialEvaluation] = self.evaluator.evaluate
        if partial:
            score = lambda read: self.looking_ahead.evaluate(read, open)
        if isinstance(record, EvaluationRecord):
            return score(record)
        read = reading(record).answering(self.plan.questions)
        evaluated = read.record
        try:
            return score(evaluated)
        except RecordError as error:
            raise RecordError(read.located(error.problems)) from None

    def evaluate_all(self, records: Iterable[Record] | Record) -> Iterator[Evaluation | RecordError]:
        """Score many records, in order and without stopping: a record that cannot be scored gives its `RecordError` instead. The path of a
        folder stands for all record files in it.
        """
        for record in record_sources(records):
            try:
                yield self.evaluate(record)
            except RecordError as error:
                yield error

    def audit(
        self, record: Record, tolerance: Decimal | None = None, sides: Sequence[Side] = ("computed", "declared", "reviewed")
    ) -> Audit:
        """Computed, declared and reviewed points side by side, each difference beyond `tolerance` (0.005) classified.

        Raises: RecordError only for a record that cannot be read; what cannot be scored is in `Audit.problems`.
        """
        from indicator_rules.audit.audit import TOLERANCE, audit

        read = reading(record).answering(self.plan.questions)
        found = audit(self, read.record, TOLERANCE if tolerance is None else tolerance, sides)
        return replace(found, problems=tuple(read.located(found.problems))) if found.problems and read.file else found

    def template(self, lang: Language | None = None) -> bytes:
        """The Excel form to fill in for this ruleset, to be saved as .xlsx. Needs the extra `excel`.

        Raises: RecordError where that is not installed.
        """
        from indicator_rules.excel.form_template import template

        return template(self.ruleset, self.plan, lang)

    def lint(self, cases: Iterable[Record] | None = None) -> list[Problem]:
        """What is odd about the ruleset (warnings, infos), in file order: rows never reached, marks out of reach, things nobody reads; with
        `cases`, rows that none of these records hits, too. A case that cannot be scored hits none.
        """
        from indicator_rules.lint.lint import lint

        scored = None if cases is None else [case for case in self.evaluate_all(cases) if not isinstance(case, RecordError)]
        return located(lint(self.ruleset, self.plan, self.file, scored), self._source)

    def sensitivity(
        self,
        records: Iterable[Record] | Record,
        *,
        weights: Decimal | str = "5%",
        thresholds: Decimal | str = "1%",
        grades: Decimal | str = "1",
        samples: int = 0,
        seed: int = 0,
    ) -> Sensitivity:
        """Would the grades of `records` change if weights, cuts of scales and cuts of grades were a little different? docs/compare.md says
        how far each is moved. A step of 0 moves nothing; `samples` variants besides move everything at once, by chance.

        Raises: ValueError for a step that is not a number or is negative, or that is 1 or more for a share.
        """
        from indicator_rules.sensitivity.sensitivity import Given, sensitivity, steps_of

        steps = steps_of(weights=weights, thresholds=thresholds, grades=grades)
        given: list[Given] = []
        for source in record_sources(records):
            file = os.fspath(source) if isinstance(source, str | os.PathLike) else ""
            try:
                given.append(Given(file, reading(source).answering(self.plan.questions).record))
            except RecordError as error:
                given.append(Given(file, None, error.problems))
        return sensitivity(self, given, steps, samples, seed)

    def gap(self, record: Record, grade: str, *, hypothetical: bool = False, seconds: float | None = 60) -> Gap:
        """The smallest changes with which `record` would have `grade`, criterion by criterion, and what is out of reach. Empty fields may change; with
        `hypothetical` every value that tells how the year went. docs/gap.md says which. After `seconds` (None: never) the search stops.

        Raises: RecordError for a record that cannot be read or that no filling in can mend; ValueError for a grade that the ruleset does not have.
        """
        from indicator_rules.gap.gap import gap

        read = reading(record).answering(self.plan.questions)
        try:
            return gap(self, read.record, grade, hypothetical=hypothetical, seconds=seconds)
        except RecordError as error:
            raise RecordError(read.located(error.problems)) from None

    def prove(self, jump: Decimal | None = None, seconds: float | None = 60) -> tuple[Answer, ...]:
        """Answers about every record: bounds of the total, grades that can be reached, curves that go one way only and, if `jump` is given, no
        slope that ends in a jump of more points. Each proved, refuted with records that the engine scored, or undecided (what `seconds` are too few for, too).
        """
        from indicator_rules.proving.prove import prove

        return prove(self.evaluator, None if jump is None else exact(jump), seconds, lambda: self.survey)

    def inputs(self) -> tuple[InputField, ...]:
        """Every field of a record that the ruleset reads, in the order of first use."""
        from indicator_rules.inputs import inputs

        return inputs(self.ruleset, self.plan)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickled as what was written, and linked and compiled again in the process that reads it, once."""
        return _unpickled, (_Pickled(self.provenance["ruleset"], self.file, self.engine, self.spec, self.problems),)

    def __repr__(self) -> str:
        return f"<Rules {self.name}>"


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where evaluations come from: asked for its provenance, and, by a pickled evaluation, to score the record again."""

    rules: Rules

    def __call__(self) -> Mapping[str, str]:
        return self.rules.provenance

    def evaluate(self, record: EvaluationRecord) -> Evaluation:
        return self.rules.evaluator.evaluate(record)


@dataclass(frozen=True, slots=True)
class _Pickled:
    """A ruleset as it is pickled; the digest stands for all that was written."""

    digest: str
    file: str
    engine: str
    spec: Spec = field(compare=False)
    problems: tuple[Problem, ...] = field(compare=False)


@lru_cache(maxsize=64)
def _unpickled(source: _Pickled) -> Rules:
    ruleset, plan, _ = _compiled(source.spec, source.file)
    if plan is None:
        raise AssertionError(source.digest)
    return Rules(source.spec, ruleset, plan, source.problems, source.file, source.engine)


def check(source: str | os.PathLike[str] | bytes | Mapping[str, Any], file: str = "") -> list[Problem]:
    """Everything that is wrong with a ruleset (a path, TOML as bytes, or plain data), warnings too; in file order."""
    data: bytes | None = None
    if isinstance(source, Mapping):
        spec, problems = parse_data(source)
    else:
        try:
            data = source if isinstance(source, bytes) else content(source, RulesetError)
        except RulesetError as error:
            return list(error.problems)
        file = file or ("" if isinstance(source, bytes) else os.fspath(source))
        spec, problems = parse(data, file)
    found = [] if spec is None else _compiled(spec, file)[2]
    return located([*problems, *found], data)


def _compiled(spec: Spec, file: str) -> tuple[Ruleset, Plan | None, list[Problem]]:
    """Check, link and, if nothing stands in the way, compile."""
    problems = check_spec(spec, file)
    ruleset, found = link(spec, file)
    problems += found
    if any(problem.severity == "error" for problem in problems):
        return ruleset, None, problems
    plan, found = compile_ruleset(ruleset, file)
    return ruleset, plan, problems + found


def located(problems: list[Problem], data: bytes | None) -> list[Problem]:
    """Problems with line and column, in file order."""
    from indicator_rules.locate import locate

    placed = locate(problems, data) if data is not None and problems else problems
    return sorted(placed, key=lambda problem: (problem.where.line or 0, problem.where.column or 0))
