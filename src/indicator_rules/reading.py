"""Records from files: TOML, JSON, or data already in memory.

In: a path, a mapping, or a record. Out: an `EvaluationRecord`, or `RecordError` with every problem that could be found, each with its
file, key path, line and column. Nothing else is raised for anything that a file can hold.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from pydantic import ValidationError

from indicator_rules.errors import Problem, RecordError, Where
from indicator_rules.files import content
from indicator_rules.record import EvaluationRecord
from indicator_rules.validation import decode, locate, problems_of

RecordSource: TypeAlias = str | os.PathLike[str] | Mapping[str, Any] | EvaluationRecord
_FORMATS: dict[str, Literal["toml", "json"]] = {".toml": "toml", ".json": "json"}


def read_record(source: RecordSource) -> EvaluationRecord:
    """The record that `source` holds: a path to a .toml or .json file, a mapping of the same shape, or a record as it is.

    Raises: RecordError with all problems.
    """
    if isinstance(source, EvaluationRecord):
        return source
    if isinstance(source, Mapping):
        return _validated(source, "", None)
    if not isinstance(source, str | os.PathLike):
        raise RecordError([Problem("record-not-understood", Where(), {"text": _shown(source)})])
    path = Path(source)
    written, kind = _content(path)
    data, problems = decode(written, str(path), kind)
    if problems:
        raise RecordError(problems)
    return _validated(data, str(path), written)


def record_files(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """The record files that `paths` name: files as given, folders searched to the bottom for .toml and .json, sorted.

    A path that is not there is kept, so that reading it says so.
    """
    files: list[Path] = []
    for path in map(Path, paths):
        inside = (
            (file for file in path.rglob("*") if file.suffix.lower() in _FORMATS and file.is_file()) if path.is_dir() else (path,)
        )
        files += sorted(inside)
    return list(dict.fromkeys(files))


def record_sources(records: Iterable[RecordSource] | RecordSource) -> list[RecordSource]:
    """Each record by itself: one or several, where a path of a folder stands for the record files in it."""
    if isinstance(records, str | os.PathLike | Mapping | EvaluationRecord):
        records = [records]
    found: list[RecordSource] = []
    for one in records:
        found += record_files([one]) if isinstance(one, str | os.PathLike) else [one]
    return found


def _validated(data: object, file: str, written: bytes | None) -> EvaluationRecord:
    try:
        return EvaluationRecord.model_validate(data)
    except ValidationError as error:
        problems = problems_of(error, file, data, EvaluationRecord)
    raise RecordError(problems if written is None else locate(problems, written))


def _content(path: Path) -> tuple[bytes, Literal["toml", "json"]]:
    """The bytes of a record file and its format."""
    data = content(path, RecordError)
    known = _FORMATS.get(path.suffix.lower())
    if known is None:
        values = {"text": path.suffix or path.name, "known": ", ".join(_FORMATS)}
        raise RecordError([Problem("unknown-suffix", Where(str(path)), values)])
    return data, known


def _shown(thing: object) -> str:
    """The beginning of what was given; an int of thousands of digits has no text."""
    try:
        return str(thing)[:60]
    except ValueError:
        return "…"
