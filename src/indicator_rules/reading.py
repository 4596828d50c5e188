"""Records from files: TOML, JSON, spreadsheets, or data already in memory.

In: a path, a mapping, or a record. Out: an `EvaluationRecord`, or `RecordError` with every problem that could be found, each with its
file, key path, and line and column or sheet and cell. Nothing else is raised for anything that a file can hold. A `Reading` knows in addition where each
part of the record stands, for what is found later.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import ValidationError

from indicator_rules.errors import Problem, RecordError, Where
from indicator_rules.files import content
from indicator_rules.record import EvaluationRecord
from indicator_rules.uncut import uncut
from indicator_rules.validation import decode, locate, problems_of

if TYPE_CHECKING:
    from indicator_rules.excel.form_record import Form
    from indicator_rules.excel.mapping import FieldMapping
    from indicator_rules.plan import Question

RecordSource: TypeAlias = "str | os.PathLike[str] | Mapping[str, Any] | EvaluationRecord | Reading"
_FORMATS: dict[str, Literal["toml", "json"]] = {".toml": "toml", ".json": "json"}
_SHEETS = (".xlsx", ".xlsm")
_KNOWN = (*_FORMATS, *_SHEETS)


@dataclass(frozen=True, slots=True)
class Reading:
    """One record as it was read."""

    file: str
    """Empty for data from memory."""
    name: str
    """Which of the file's records: a sheet, or a sheet and a row; empty where the file has but one."""
    found: EvaluationRecord | None
    problems: tuple[Problem, ...]
    """Errors if there is no record; else warnings, such as cells of a form that were not understood."""
    written: bytes | None = None
    form: Form | None = None

    @property
    def record(self) -> EvaluationRecord:
        """The record. Raises: RecordError with all problems."""
        if self.found is None:
            raise RecordError(self.problems)
        return self.found

    @property
    def source(self) -> str:
        """The file, and which of its records."""
        return f"{self.file}:{self.name}" if self.name else self.file

    def answering(self, questions: Iterable[Question]) -> Reading:
        """The record as a ruleset that asks these questions reads it: on a published form, labels of its own may stand beside values."""
        if self.form is None or self.found is None:
            return self
        form = self.form.answering(questions)
        return replace(self, form=form) if form.data is self.form.data else _from_form(form)

    def besides(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """What is to be told beside `problems` found later: all but what one of them takes back."""
        return self.problems if self.form is None else tuple(self.form.besides(problems))

    def located(self, problems: Iterable[Problem]) -> list[Problem]:
        """Problems found later in this record, with their places in its file."""
        found = [problem.at(file=self.file) for problem in problems]
        if self.form is not None:
            return self.form.located(found)
        return found if self.written is None else locate(found, self.written)


def read_record(source: RecordSource) -> EvaluationRecord:
    """The record that `source` holds: a path to a .toml, .json or .xlsx file, a mapping of the same shape, or a record as it is.

    Raises: RecordError with all problems.
    """
    return source if isinstance(source, EvaluationRecord) else reading(source).record


def reading(source: RecordSource) -> Reading:
    """The one record that `source` holds, or what is wrong with it."""
    if isinstance(source, Reading):
        return source
    if isinstance(source, EvaluationRecord):
        return Reading("", "", source, ())
    if isinstance(source, Mapping):
        return _validated(source, "", None)
    if not isinstance(source, str | os.PathLike):
        return _refused("", [Problem("record-not-understood", Where(), {"text": _shown(source)})])
    found = list(_of_file(Path(source), None))
    if len(found) == 1:
        return found[0]
    names = ", ".join(one.name for one in found)
    return _refused(str(source), [Problem("form-several", Where(str(source)), {"count": len(found), "text": names})])


def read(
    sources: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    mapping: FieldMapping | str | os.PathLike[str] | None = None,
) -> Iterator[Reading]:
    """Every record in files and folders, one after the other: `Reading`s, those that cannot be read too.

    A workbook may hold several forms, one a sheet. With `mapping` (a file, or one read before), .xlsx and .csv files are tables of many records.

    Raises: RecordError if the mapping cannot be read.
    """
    from indicator_rules.excel.mapping import read_mapping

    headings = read_mapping(mapping) if isinstance(mapping, str | os.PathLike) else mapping
    listed = [sources] if isinstance(sources, str | os.PathLike) else sources
    return (one for file in record_files(listed, tables=headings is not None) for one in _of_file(file, headings))


def record_files(paths: Iterable[str | os.PathLike[str]], *, tables: bool = False) -> list[Path]:
    """The record files that `paths` name: files as given, folders searched to the bottom for .toml, .json and .xlsx, sorted.

    With `tables`, folders are searched for .xlsx and .csv alone. Files that Excel keeps while one is open (`~$…`) are passed over. A path that is not there,
    or a folder that may not be looked into, is kept, so that reading it says so.
    """
    wanted = (*_SHEETS, ".csv") if tables else _KNOWN
    files: list[Path] = []
    for path in map(Path, paths):
        inside = (
            (
                file
                for file in path.rglob("*")
                if file.suffix.lower() in wanted and not file.name.startswith("~$") and file.is_file()
            )
            if path.is_dir() and _may_be_listed(path)
            else (path,)
        )
        files += sorted(inside)
    return list(dict.fromkeys(files))


def _may_be_listed(folder: Path) -> bool:
    """Whether a folder can be looked into; else it would pass for one with nothing in it."""
    try:
        next(folder.iterdir(), None)
    except OSError:
        return False
    return True


def record_sources(records: Iterable[RecordSource] | RecordSource) -> Iterator[RecordSource]:
    """Each record by itself, when it is asked for: one or several, where a path of a folder stands for the record files in it."""
    if isinstance(records, str | os.PathLike | Mapping | EvaluationRecord | Reading):
        records = [records]
    for one in records:
        yield from record_files([one]) if isinstance(one, str | os.PathLike) else [one]


def _of_file(path: Path, headings: FieldMapping | None) -> Iterator[Reading]:
    """The records of one file; at least one reading, if only to say what is wrong."""
    suffix = path.suffix.lower()
    try:
        if headings is not None and suffix not in _FORMATS:
            from indicator_rules.excel.mapping import mapped

            yield from map(_from_form, mapped(path, headings))
        elif suffix in _SHEETS or suffix in (".xls", ".et", ".ods", ".xlsb", ".csv"):
            from indicator_rules.excel.form_workbook import forms

            yield from map(_from_form, forms(path))
        else:
            written, kind = _content(path)
            data, problems = decode(written, str(path), kind)
            yield _refused(str(path), problems) if problems else _validated(data, str(path), written)
    except RecordError as error:
        yield _refused(str(path), error.problems)


@uncut()
def _from_form(form: Form) -> Reading:
    """The record of a form; its problems stand beside those of the record."""
    errors = [problem for problem in form.problems if problem.severity == "error"]
    record: EvaluationRecord | None = None
    try:
        record = EvaluationRecord.model_validate(form.data) if form.data else None
    except ValidationError as error:
        told = {problem.where.path for problem in errors if problem.where.path}
        found = problems_of(error, form.file, form.data, EvaluationRecord)
        errors += form.located(problem for problem in found if problem.where.path not in told)
    warnings = [problem for problem in form.problems if problem.severity != "error"]
    return Reading(form.file, form.name, None if errors else record, (*errors, *warnings), form=form)


@uncut()
def _validated(data: object, file: str, written: bytes | None) -> Reading:
    if isinstance(data, Mapping) and "ruleset" in data and "subject" not in data:
        problems = [Problem("record-is-ruleset", Where(file, ("ruleset",)))]
        return _refused(file, problems if written is None else locate(problems, written))
    try:
        return Reading(file, "", EvaluationRecord.model_validate(data), (), written)
    except ValidationError as error:
        problems = problems_of(error, file, data, EvaluationRecord)
    return _refused(file, problems if written is None else locate(problems, written))


def _refused(file: str, problems: Iterable[Problem]) -> Reading:
    return Reading(file, "", None, tuple(problems))


def _content(path: Path) -> tuple[bytes, Literal["toml", "json"]]:
    """The bytes of a record file and its format."""
    data = content(path, RecordError)
    known = _FORMATS.get(path.suffix.lower())
    if known is None:
        values = {"text": path.suffix or path.name, "known": ", ".join(_KNOWN)}
        raise RecordError([Problem("unknown-suffix", Where(str(path)), values)])
    return data, known


def _shown(thing: object) -> str:
    """The beginning of what was given; an int of thousands of digits has no text."""
    try:
        return str(thing)[:60]
    except ValueError:
        return "…"
