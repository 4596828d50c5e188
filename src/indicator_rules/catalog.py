"""The catalogue of rulesets: the only reader of ruleset files. What there is, and which one is meant.

In: folders of ruleset files (the built-in ones, a user's own), and a name, a year or a record. Out: `Rules`, or `RulesetError` with what is
wrong and what to do about it. Only headers are read until a ruleset is picked; a picked file is read again once it changed on disk.
A broken file is a problem for whoever lists or picks it, and nobody else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from pydantic import ValidationError

from indicator_rules.applicability import coexist, nearest, overlaps_and_holes
from indicator_rules.errors import Problem, RulesetError, Where
from indicator_rules.files import content, reason
from indicator_rules.kept import Kept
from indicator_rules.locate import locate
from indicator_rules.messages import Phrase
from indicator_rules.quantity import shown
from indicator_rules.reading import RecordSource, reading
from indicator_rules.record_fields import suggestion
from indicator_rules.rules import Rules, check
from indicator_rules.spec import Applies, Header
from indicator_rules.spec_fields import Label
from indicator_rules.uncut import uncut
from indicator_rules.validation import decode

RulesetSource: TypeAlias = "str | bytes | PathLike[str] | Mapping[str, Any]"

_NAME = re.compile(r"(?P<family>[a-z][a-z0-9-]*)(?:@(?P<edition>[0-9A-Za-z][0-9A-Za-z.-]*))?")
_SUFFIXES = (".toml", ".json")
_CASES = "cases"
"""Folder of the worked cases beside the editions of a family: records, not rulesets."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the header of one ruleset file says."""

    path: Path
    family: str
    edition: str
    title: Label
    issued: date | None
    applies: Applies
    status: str
    coexists_with: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """`family@edition`."""
        return f"{self.family}@{self.edition}"


@dataclass(frozen=True)
class Catalog:
    """Rulesets in some folders."""

    folders: tuple[Path, ...]
    files: tuple[Path, ...] = field(init=False)

    def __init__(self, folders: Iterable[str | PathLike[str]]) -> None:
        """Every `.toml` below `folders` that is a ruleset, or means to be one. Raises `RulesetError` for a folder that is not there."""
        paths = tuple(map(Path, folders))
        object.__setattr__(self, "folders", paths)
        object.__setattr__(self, "files", tuple(dict.fromkeys(file for path in paths for file in ruleset_files(path))))

    @classmethod
    def builtin(cls) -> Catalog:
        """The rulesets that come with the library."""
        return _builtin()

    def __add__(self, other: Catalog) -> Catalog:
        return Catalog((*self.folders, *other.folders))

    @Kept
    def _read(self) -> tuple[Entry | Path, ...]:
        return tuple(_entry(path) or path for path in self.files)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The rulesets whose headers can be read; by family, newest edition first."""
        known = [entry for entry in self._read if isinstance(entry, Entry)]
        families = sorted({entry.family for entry in known})
        return tuple(entry for family in families for entry in newest_first([one for one in known if one.family == family]))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the files whose headers cannot be read, and with how editions stand beside each other (a year that no edition of a
        family is for is a warning)."""
        return (*self._unreadable, *(_located(problem) for problem in overlaps_and_holes(self.entries)))

    @property
    def _unreadable(self) -> tuple[Problem, ...]:
        return tuple(problem for path in self._read if isinstance(path, Path) for problem in check(path))

    def select(
        self,
        *,
        family: str | None = None,
        edition: str | None = None,
        year: int | None = None,
        region: str | None = None,
        subject: str | None = None,
        evaluation: str | None = None,
        on: date | None = None,
    ) -> tuple[Entry, ...]:
        """The rulesets of a family or edition, for an evaluation year, a region (as a record names it), a kind of subject, a kind of
        evaluation, and issued by a day (those without a date of issue are not); all of them where nothing is said.
        """
        return tuple(
            entry
            for entry in self.entries
            if family in (None, entry.family)
            and edition in (None, entry.edition)
            and (year is None or year in entry.applies.years)
            and (region is None or specificity(entry.applies.jurisdiction, region) is not None)
            and (subject is None or subject in entry.applies.subjects)
            and evaluation in (None, entry.applies.evaluation)
            and (on is None or (entry.issued is not None and entry.issued <= on))
        )

    # ------------------------------------------------------------------------------------------------------------- choosing

    def find(self, name: str, year: int | None = None, engine: str | None = None) -> Rules:
        """The ruleset called `family@edition`, or the newest edition of `family` (that applies in `year`, if given).

        Raises: RulesetError if there is none, or if it has errors.
        """
        return _loaded(_Stamp.of(self.entry(name, year).path), engine)

    def entry(self, name: str, year: int | None = None) -> Entry:
        """What `find` would load."""
        match = _NAME.fullmatch(name)
        family, edition = (match["family"], match["edition"]) if match else (name, None)
        editions = [entry for entry in self.entries if entry.family == family]
        if edition is not None:
            editions = [entry for entry in editions if entry.edition == edition]
        if not editions:
            raise RulesetError([self._not_found(name), *self._unreadable])
        if edition is None and year is not None:
            editions = [entry for entry in editions if year in entry.applies.years] or _no_edition(family, year, editions)
        best = [entry for entry in editions if entry.edition == editions[0].edition]
        if len(best) > 1:
            known = ", ".join(str(entry.path) for entry in best)
            raise RulesetError([Problem("ruleset-twice", Where(), {"text": best[0].name, "known": known})])
        return best[0]

    def for_record(self, record: RecordSource, year: int | None = None, engine: str | None = None) -> Rules:
        """The ruleset that the form was made for (in its edition for `year`, if given), where `record` is a form that `template` made; else the
        one for self-evaluation that applies to `record`, by evaluation year (`year` overrides it), kind of subject and jurisdiction, where a
        closer jurisdiction goes before a wider one.

        Raises: RulesetError if none or several apply, or if it has errors; RecordError if the record cannot be read.
        """
        read = reading(record)
        if read.form is not None and read.form.ruleset:
            return self._made_for(read.form.ruleset, year, engine)
        subject = read.record.subject
        year = subject.year if year is None else year
        near: dict[int, list[Entry]] = {}
        for entry in self.entries:
            applies = entry.applies
            if year in applies.years and subject.kind in applies.subjects and applies.evaluation == "self":
                close = specificity(applies.jurisdiction, subject.region)
                if close is not None:
                    near.setdefault(close, []).append(entry)
        if not near:
            values = {"year": year, "kind": subject.kind, "region": subject.region or "—"}
            raise RulesetError([Problem("no-ruleset-applies", Where(), values), *self._unreadable])
        found = near[max(near)]
        if len(found) > 1:
            values = {"known": ", ".join(entry.name for entry in found)}
            undeclared = len({entry.family for entry in found}) == 1 and not coexist(found)
            code = (
                Problem("editions-overlap", Where(), values) if undeclared else Problem("several-rulesets-apply", Where(), values)
            )
            raise RulesetError([code])
        return _loaded(_Stamp.of(found[0].path), engine)

    def _made_for(self, name: str, year: int | None, engine: str | None) -> Rules:
        """The ruleset that a form names."""
        family = name.partition("@")[0]
        wanted = name if year is None else family
        if not any(wanted in (entry.name, entry.family) for entry in self.entries):
            raise RulesetError([Problem("form-ruleset-not-found", Where(), {"text": name}), *self._unreadable])
        return self.find(wanted, year, engine)

    def _not_found(self, name: str) -> Problem:
        family = name.partition("@")[0]
        known = [entry.name for entry in self.entries]
        same = [entry.name for entry in self.entries if entry.family == family]
        near = (
            {"suggestion": same[0]}
            if same
            else suggestion(name, [*dict.fromkeys(one.partition("@")[0] for one in known), *known])
        )
        advice = Phrase("advice.meant", tuple(near.items())) if near else Phrase("advice.list")
        return Problem("ruleset-not-found", Where(), {"text": shown(name), **near, "advice": advice})


def load(source: RulesetSource, year: int | None = None, engine: str | None = None, catalog: Catalog | None = None) -> Rules:
    """The ruleset that `source` is or names: `family` (the newest edition, that applies in `year` if given), `family@edition`, a path, TOML
    text (it has a line break), or plain data. Names are looked up in `catalog`, by default that of the library. `engine` is `durable-rules` or `plain`, by default whichever is installed.

    Raises: RulesetError with every problem.
    """
    if isinstance(source, Mapping):
        return Rules.from_data(source, engine)
    if isinstance(source, bytes):
        return Rules.from_bytes(source, "", engine)
    if isinstance(source, str) and "\n" in source:
        return Rules.from_text(source, "", engine)
    if isinstance(source, str) and is_name(source):
        return (catalog or Catalog.builtin()).find(source, year, engine)
    return _loaded(_Stamp.of(Path(source)), engine)


def is_name(text: str) -> bool:
    """Whether `text` names a ruleset (`family`, `family@edition`) and not a file: files have a suffix or a folder before them."""
    return _NAME.fullmatch(text) is not None and not text.lower().endswith(_SUFFIXES)


def newest_first(entries: Iterable[Entry]) -> list[Entry]:
    """Editions from the newest: by date of issue where all have one, else and then by edition (`2021.10` after `2021.9`)."""
    editions = list(entries)
    dated = all(entry.issued is not None for entry in editions)

    def age(entry: Entry) -> tuple[date, list[tuple[int, str]]]:
        parts = re.findall(r"\d+|\D+", entry.edition)
        natural = [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
        return (entry.issued if dated and entry.issued is not None else date.min), natural

    return sorted(editions, key=age, reverse=True)


# ----------------------------------------------------------------------------------------------------------------- files


def ruleset_files(folder: str | PathLike[str]) -> list[Path]:
    """The ruleset files below `folder`, sorted: every `.toml` but worked cases and files of another kind. A file that cannot be
    read counts as one, so that it is not passed over in silence. Raises `RulesetError` for a folder that is not there.
    """
    folder = Path(folder)
    where = Where(str(folder))
    try:
        if not folder.exists():
            raise RulesetError([Problem("file-not-found", where)])
        if folder.is_dir():
            next(folder.iterdir(), None)  # one that may not be looked into would pass for one with nothing in it
        found = sorted(path for path in folder.rglob("*.toml") if _CASES not in path.relative_to(folder).parts[:-1])
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise RulesetError([Problem("file-unreadable", where, {"reason": reason(error)})]) from None
    return [path for path in found if path.is_file() and (is_ruleset(path) or _data(_Stamp.of(path)) is None)]


def is_ruleset(path: Path) -> bool:
    """Whether a file is a ruleset, or means to be one."""
    data = _data(_Stamp.of(path)) if path.suffix.lower() == ".toml" else None
    return data is not None and ("ruleset" in data or "criteria" in data)


@uncut()
def _entry(path: Path) -> Entry | None:
    """The header of a file; None if it cannot be read."""
    data = _data(_Stamp.of(path))
    try:
        header = Header.model_validate((data or {}).get("ruleset"))
    except ValidationError:
        return None
    return Entry(
        path, header.family, header.edition, header.title, header.issued, header.applies, header.status, header.coexists_with
    )


def _located(problem: Problem) -> Problem:
    """A problem of a header, with its line."""
    try:
        return locate([problem], Path(problem.where.file).read_bytes())[0]
    except OSError:  # gone since it was read
        return problem


class _Stamp(NamedTuple):
    """A file, and what changes when the file does."""

    path: Path
    changed: int
    size: int

    @classmethod
    def of(cls, path: Path) -> _Stamp:
        try:
            stat = path.stat()
        except (OSError, ValueError):
            return cls(path, 0, 0)
        return cls(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=256)
def _data(stamp: _Stamp) -> dict[str, Any] | None:
    """The file as plain data; None if it is no TOML."""
    path = stamp.path
    try:
        written = content(path, RulesetError)
    except RulesetError:
        return None
    data, problems = decode(written, str(path), "toml")
    return None if problems else data


@lru_cache(maxsize=64)
def _loaded(stamp: _Stamp, engine: str | None) -> Rules:
    return Rules.from_path(stamp.path, engine)


@cache
def _builtin() -> Catalog:
    inside = Path(str(files("indicator_rules"))) / "rulesets"
    # An editable install is the source folder alone; the rulesets then stand at the top of the checkout.
    return Catalog([inside if inside.is_dir() else inside.parents[2] / "rulesets"])


def _no_edition(family: str, year: int, editions: list[Entry]) -> list[Entry]:
    near = ", ".join(f"{one.name} ({years_text(one.applies)})" for one in nearest(editions, year) or editions[:1])
    raise RulesetError([Problem("no-edition-applies", Where(), {"family": family, "year": year, "nearest": near})])


def years_text(applies: Applies) -> str:
    """The years that a ruleset is for: `2023`, `2020–2024`, `2020–`."""
    years = applies.years
    if years.only:
        return ", ".join(map(str, years.only))
    return f"{years.from_ or ''}–{years.to or ''}"


# ---------------------------------------------------------------------------------------------------------- jurisdictions

_NATIONWIDE = "全国"
_ENDS = "省市区县州盟旗"
_SEPARATORS = re.compile(r"[ /\-—·、,]+")
_PROVINCES = {
    short: short + ending
    for ending, names in {
        "省": "河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南 四川 贵州 云南 陕西 甘肃 青海 台湾",
        "市": "北京 天津 上海 重庆",
        "自治区": "内蒙古 西藏",
        "壮族自治区": "广西",
        "回族自治区": "宁夏",
        "维吾尔自治区": "新疆",
        "特别行政区": "香港 澳门",
    }.items()
    for short in names.split()
}
"""Short name → full name, of the provinces: the only places that are known by name. 吉林市, 海南州 and 河北区 are others, so only a whole part counts as short."""


def specificity(jurisdiction: str, region: str | None) -> int | None:
    """How close a ruleset's jurisdiction comes to a record's region: 0 for the whole country, more the further down it names it,
    None if it is elsewhere. Place names are compared as text, part by part (a part ends with 省, 市, 区, 县, 州, 盟 or 旗), with or
    without what lies above them; a part that is only the short name of a province is that province. Nothing else is guessed about geography.

    >>> specificity("全国", "广东省湛江市"), specificity("广东省", "广东省湛江市"), specificity("湛江市", "广东省湛江市")
    (0, 3, 6)
    >>> specificity("广东省湛江市", "湛江市"), specificity("广州市", "广东省湛江市"), specificity("湛江经开区", "湛江")
    (3, None, None)
    >>> specificity("湖北省", "湖北"), specificity("湖北", "湖北省武汉市"), specificity("河北", "天津市河北区")
    (3, 3, None)
    """
    rules, place = _place(jurisdiction), _place(region or "")
    if rules == _NATIONWIDE:
        return 0
    if not rules or not place:
        return None
    at = _part_at(rules, place)
    if at is not None:
        return at + len(rules)
    # The record leaves out what lies above: 湛江市 for 广东省湛江市.
    return len(place) if rules.endswith(place) and _part_at(place, rules) is not None else None


def _part_at(name: str, within: str) -> int | None:
    """Where `name` stands in `within` as whole parts."""
    at = within.find(name)
    while at >= 0:
        begins, ends = at == 0 or within[at - 1] in _ENDS, at + len(name) == len(within) or name[-1] in _ENDS
        if begins and (ends or at == 0):
            return at
        at = within.find(name, at + 1)
    return None


def _place(text: str) -> str:
    parts = _SEPARATORS.split(unicodedata.normalize("NFKC", text))
    return "".join(_PROVINCES.get(part, part) for part in parts)
