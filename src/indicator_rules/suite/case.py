"""A worked case (算例): a record and what has to come out of it.

In: a TOML file with `title`, `why`, `checked`, `expected` and `record` (a table, or the path of a record file beside it). Out: a `Case`, or `RecordError`
with every problem, each at its line. What is expected is points of criteria, total, grade and findings; or the codes of the problems for
which the record is refused. Points are exact: `9.26`, or `"10/3"` where no decimal is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from indicator_rules.errors import Problem, RecordError, Where
from indicator_rules.exact import Exact, exact
from indicator_rules.files import content
from indicator_rules.reading import read_record
from indicator_rules.record import EvaluationRecord
from indicator_rules.uncut import uncut
from indicator_rules.validation import decode, locate, problems_of

_RATIO = re.compile(r"-?[0-9]{1,30}/[0-9]{0,29}[1-9][0-9]{0,29}")


def _points(value: object) -> Exact:
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if isinstance(value, Decimal) and value.is_finite() and abs(value) < 10**30:
        return exact(value)
    if isinstance(value, str) and _RATIO.fullmatch(value):
        return exact(Fraction(value))
    raise PydanticCustomError("case-not-points", "not points", {"text": str(value)[:60]})


_Points = Annotated[Any, BeforeValidator(_points)]


class Expected(BaseModel):
    """What has to come out; None or empty for what the case does not say."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    total: _Points | None = None
    grade: str | None = None
    criteria: dict[str, _Points] = Field(default_factory=dict)
    findings: list[str] = Field(default_factory=list)
    problems: list[str] = Field(default_factory=list)

    @property
    def is_nothing(self) -> bool:
        return self == Expected()


class _CaseFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = ""
    why: str = ""
    checked: bool = True
    expected: Expected = Field(default_factory=Expected)
    record: dict[str, Any] | str


@dataclass(frozen=True, slots=True)
class Case:
    """One worked case, as its file says it."""

    path: Path
    title: str
    why: str
    checked: bool
    """Whether a person worked out what is expected; a suggested case (`case_writing`) says no."""
    expected: Expected
    data: Mapping[str, Any] | Path
    """The record as written, or the file that holds it."""
    content: bytes
    """The file of the case."""

    def record(self) -> EvaluationRecord:
        """The record. Raises `RecordError`; problems are at the lines of the file that holds it."""
        try:
            return read_record(self.data)
        except RecordError as error:
            raise RecordError(self.placed(error)) from None

    def placed(self, error: RecordError) -> list[Problem]:
        """The problems of the record, with their places in the file of the case (or in the record's own)."""
        if isinstance(self.data, Path):
            return [problem if problem.where.file else problem.at(file=str(self.data)) for problem in error.problems]
        inside = [problem.at(file=str(self.path), path=("record", *problem.where.path)) for problem in error.problems]
        return list(locate(inside, self.content))


@uncut()
def read_case(path: Path) -> Case:
    """The case in a file. Raises `RecordError`."""
    written = content(path, RecordError)
    data, problems = decode(written, str(path), "toml")
    if problems:
        raise RecordError(problems)
    try:
        read = _CaseFile.model_validate(data)
    except ValidationError as error:
        raise RecordError(locate(problems_of(error, str(path), data, _CaseFile), written)) from None
    if read.expected.problems and read.expected != Expected(problems=read.expected.problems):
        raise RecordError(locate([Problem("case-problems-and-points", Where(str(path), ("expected", "problems")))], written))
    record = path.parent / read.record if isinstance(read.record, str) else read.record
    return Case(path, read.title, read.why, read.checked, read.expected, record, written)
