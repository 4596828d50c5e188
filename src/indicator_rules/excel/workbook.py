"""Spreadsheets as plain cells: .xlsx and .csv in, texts, exact numbers, dates and truths out.

In: a path. Out: a `Workbook` of sheets, each a sparse grid of cells with its merged areas, and the defined names; or `RecordError`. Guaranteed: nothing is
run or followed (no formula, macro, link, entity), a formula counts as the value saved with it, no float survives (15 digits are kept, as Excel
shows), and size is bounded before memory is: bytes packed and unpacked, cells, sheets. A cell means what Excel shows of it: 0.95 as a percentage
is `95%`, the first of November as a month is `2023年11月`. A cell that cannot be read is an `Unreadable`, a problem only for whoever needs it.
"""

from __future__ import annotations

import csv
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path, PurePosixPath
from typing import IO, Any, Literal, NamedTuple, NoReturn, Self, TypeAlias
from xml.etree import ElementTree as ET
from xml.parsers import expat

from indicator_rules.errors import Problem, RecordError, Where
from indicator_rules.files import content

WORKBOOKS = (".xlsx", ".xlsm", ".csv")
LARGEST_FILE = 50 * 1024 * 1024
LARGEST_UNPACKED = 500 * 1024 * 1024
MOST_CELLS = 3_000_000
MOST_SHEETS = 500
MOST_AREAS = 100_000
LONGEST_TEXT = 100_000
_OLD = (".xls", ".et", ".ods", ".xlsb", ".wps", ".numbers")


class Unreadable(NamedTuple):
    """A cell whose value cannot be known: `code` and `values` are those of a `Problem`."""

    code: str
    values: Mapping[str, object]


Value: TypeAlias = str | Decimal | bool | date | Unreadable


class Area(NamedTuple):
    """A rectangle of cells, from 1, ends included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet. `rows`: row → column → what the cell holds, from 1 and in order, without blank rows and cells."""

    name: str
    rows: Mapping[int, Mapping[int, Value]]
    merged: tuple[Area, ...] = ()
    hidden: bool = False

    def value(self, row: int, column: int) -> Value | None:
        """What a cell holds."""
        return self.rows.get(row, {}).get(column)

    @property
    def count(self) -> int:
        """How many cells hold something."""
        return sum(map(len, self.rows.values()))


@dataclass(frozen=True, slots=True)
class Workbook:
    """A spreadsheet file. `names`: defined name → sheet and area, for those that stand for one area."""

    file: str
    sheets: tuple[Sheet, ...]
    names: Mapping[str, tuple[str, Area]] = field(default_factory=dict)


def address(row: int, column: int) -> str:
    """A cell as Excel calls it.

    >>> address(7, 28)
    'AB7'
    """
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def read_workbook(path: str | Path) -> Workbook:
    """The sheets of a .xlsx or .csv file. Raises: RecordError."""
    path = Path(path)
    where = Where(str(path))
    suffix = path.suffix.lower()
    if suffix in _OLD:
        raise RecordError([Problem("workbook-old-format", where, {"text": suffix})])
    data = content(path, RecordError, LARGEST_FILE)
    if suffix not in WORKBOOKS:
        raise RecordError([Problem("unknown-suffix", where, {"text": suffix or path.name, "known": ", ".join(WORKBOOKS)})])
    if len(data) > LARGEST_FILE:
        raise RecordError([Problem("file-too-large", where, {"limit": f"{LARGEST_FILE // 1024 // 1024} MB"})])
    try:
        return _csv(data, path) if suffix == ".csv" else _Package(data, str(path)).workbook()
    except _RefusedError as error:
        raise RecordError([Problem(error.code, where, error.values)]) from None


class _RefusedError(Exception):
    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code, self.values = code, values


# --- csv ----------------------------------------------------------------------------------------------------------------


def _csv(data: bytes, path: Path) -> Workbook:
    """Excel in Chinese saves GB 18030, other programs UTF-8; with a mark, UTF-16 too. Separated by comma, tab or semicolon."""
    written = _decoded(data)
    head = written[: written.find("\n") + 1] or written
    separator = max(",\t;，", key=head.count)
    rows: dict[int, dict[int, Value]] = {}
    left = MOST_CELLS
    try:
        for row, values in enumerate(csv.reader(io.StringIO(written, newline=""), delimiter=separator, strict=False), start=1):
            cells: dict[int, Value] = {column: text for column, value in enumerate(values, start=1) if (text := _text(value))}
            if cells:
                rows[row] = cells
                left -= len(cells)
            if left < 0:
                raise _RefusedError("workbook-too-many-cells", limit=MOST_CELLS)
    except csv.Error as error:
        raise _RefusedError("workbook-damaged", reason=str(error)) from None
    if not rows:
        raise _RefusedError("file-empty")
    return Workbook(str(path), (Sheet(path.stem, rows),))


def _decoded(data: bytes) -> str:
    if b"\0" in data[:2000] and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise _RefusedError("workbook-damaged", reason="NUL")
    for encoding in ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _RefusedError("workbook-encoding")


# --- xlsx ---------------------------------------------------------------------------------------------------------------

_Kind: TypeAlias = Literal["number", "percent", "date", "month", "month-day", "time"]
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, ET.ParseError, expat.ExpatError,
    EOFError, KeyError, IndexError, ValueError, LookupError, OverflowError, RuntimeError, OSError,
)  # fmt: skip
"""What the standard library raises for a broken archive or broken XML (an encrypted one: RuntimeError)."""


class _Package:
    """The parts of one .xlsx file."""

    def __init__(self, data: bytes, file: str) -> None:
        self.data, self.file = data, file
        self.left = LARGEST_UNPACKED
        self.cells_left = MOST_CELLS

    def workbook(self) -> Workbook:
        if self.data[:4] == b"\xd0\xcf\x11\xe0":  # an OLE file: an old .xls by another name, or one with a password
            raise _RefusedError("workbook-locked")
        try:
            with zipfile.ZipFile(io.BytesIO(self.data)) as archive:
                self.archive = archive
                return self._workbook()
        except _RefusedError:
            raise
        except _DAMAGE as error:
            raise _RefusedError("workbook-damaged", reason=re.sub(r"\s+", " ", str(error))[:80] or type(error).__name__) from None

    def _workbook(self) -> Workbook:
        target = next((path for kind, path in self._relations("").values() if kind == "officeDocument"), None)
        if target is None:
            raise _RefusedError("workbook-damaged", reason="xl/workbook.xml")
        self.relations = self._relations(target)
        by_kind = dict(self.relations.values())
        root = self._tree(target)
        properties = _first(root, "workbookPr")
        self.epoch_1904 = properties is not None and properties.get("date1904") in ("1", "true")
        self.strings = self._strings(by_kind.get("sharedStrings"))
        self.kinds = self._kinds(by_kind.get("styles"))
        listed = [one for one in root.iter() if _local(one) == "sheet"]
        if len(listed) > MOST_SHEETS:
            raise _RefusedError("workbook-too-many-sheets", limit=MOST_SHEETS)
        sheets = []
        for one in listed:
            relation = next((value for key, value in one.attrib.items() if key.rpartition("}")[2] == "id"), "")
            kind, path = self.relations.get(relation, ("", ""))
            if kind == "worksheet":  # a chart on a sheet of its own holds no cells
                hidden = one.get("state", "visible") != "visible"
                sheets.append(_SheetReader(self, one.get("name", ""), hidden).read(path))
        return Workbook(self.file, tuple(sheets), _names(root))

    def _stream(self, path: str) -> _Counted:
        return _Counted(self.archive.open(path), self)

    def _tree(self, path: str) -> ET.Element:
        with self._stream(path) as stream:
            text = stream.read()
        _refuse_doctype(text[:65536])
        return ET.fromstring(text)  # noqa: S314 -- without a DOCTYPE there are no entities

    def _relations(self, path: str) -> dict[str, tuple[str, str]]:
        """Relation id → its kind and the part that it leads to; what lies outside the file is left out."""
        folder, name = PurePosixPath(path).parent, PurePosixPath(path).name
        found: dict[str, tuple[str, str]] = {}
        relations = f"{folder}/_rels/{name}.rels" if path else "_rels/.rels"
        for one in self._tree(relations):
            if one.get("TargetMode") != "External":
                target = one.get("Target", "")
                part = target.lstrip("/") if target.startswith("/") else _joined(folder if path else PurePosixPath(), target)
                found[one.get("Id", "")] = (one.get("Type", "").rpartition("/")[2], part)
        return found

    def _strings(self, path: str | None) -> list[str | None]:
        if path is None:
            return []
        return [_text(_rich(item)) for item in self.elements(path, "si")]

    def elements(self, path: str, *names: str) -> Iterator[ET.Element]:
        """The elements with these names, each whole, one after the other; forgotten when the next is asked for."""
        with self._stream(path) as stream:
            head = stream.read(65536)
            _refuse_doctype(head)
            parser: Any = ET.XMLPullParser(("end",))
            endings = tuple("}" + name for name in names)
            while head:
                parser.feed(head)
                for _, element in parser.read_events():
                    if element.tag.endswith(endings):
                        yield element
                        element.clear()
                head = stream.read(65536)
            parser.close()

    def kind(self, style: str) -> _Kind:
        """What the cell style numbered `style` makes of a number."""
        place = int(style)
        return self.kinds[place] if 0 <= place < len(self.kinds) else "number"

    def _kinds(self, path: str | None) -> list[_Kind]:
        """What each cell style makes of a number."""
        if path is None:
            return []
        root = self._tree(path)
        codes = {one.get("numFmtId", ""): one.get("formatCode", "") for one in root.iter() if _local(one) == "numFmt"}
        formats = _first(root, "cellXfs")
        return [_kind(one.get("numFmtId", "0"), codes) for one in formats] if formats is not None else []


class _Counted:
    """A part of the archive that stops when the whole has unpacked to too much; what the archive says of sizes is not believed."""

    def __init__(self, stream: IO[bytes], package: _Package) -> None:
        self.stream, self.package = stream, package

    def read(self, size: int = -1) -> bytes:
        most = self.package.left + 1
        data = self.stream.read(most if size < 0 else min(size, most))
        self.package.left -= len(data)
        if self.package.left < 0:
            raise _RefusedError("workbook-too-large", limit=f"{LARGEST_UNPACKED // 1024 // 1024} MB")
        return data

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()


def _refuse_doctype(head: bytes) -> None:
    """A DOCTYPE, the only way to entities, stands before the first element or nowhere."""

    class _Reached(Exception):
        pass

    def reached(*_: object) -> NoReturn:
        raise _Reached

    def doctype(*_: object) -> NoReturn:
        raise _RefusedError("workbook-damaged", reason="DOCTYPE")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = reached
    try:
        parser.Parse(head, False)
    except _Reached:
        return
    raise _RefusedError("workbook-damaged", reason="XML")


def _rising(keys: Iterable[int]) -> bool:
    before = 0
    for key in keys:
        if key < before:
            return False
        before = key
    return True


class _SheetReader:
    """One worksheet part → a `Sheet`."""

    def __init__(self, package: _Package, name: str, hidden: bool) -> None:
        self.package, self.name, self.hidden = package, name, hidden
        self.rows: dict[int, dict[int, Value]] = {}
        self.columns: dict[str, int] = {}
        """Letters seen → column."""

    def read(self, path: str) -> Sheet:
        merged: list[Area] = []
        row = 0
        for element in self.package.elements(path, "row", "mergeCell"):
            if _local(element) == "row":
                row = int(element.get("r") or row + 1)
                if len(element):
                    self._row(element, row)
            elif (area := _area(element.get("ref", ""))) is not None:
                merged.append(area)
                if len(merged) > MOST_AREAS:
                    raise _RefusedError("workbook-too-many-cells", limit=MOST_AREAS)
        # A file may have its rows and cells in any order.
        rows = self.rows if _rising(self.rows) else dict(sorted(self.rows.items()))
        rows = {row: cells if _rising(cells) else dict(sorted(cells.items())) for row, cells in rows.items()}
        return Sheet(self.name, rows, tuple(merged), self.hidden)

    def _row(self, element: ET.Element, row: int) -> None:
        column, value_of, columns = 0, self._value, self.columns
        cells: dict[int, Value] = self.rows.get(row, {})
        self.package.cells_left += len(cells)
        for one in element:
            reference = one.get("r")
            letters = reference.rstrip("0123456789") if reference else ""
            column = columns.get(letters) or self._column(letters) if letters else column + 1
            if len(one) and (value := value_of(one)) is not None:
                cells[column] = value
        if cells:
            self.rows[row] = cells
        self.package.cells_left -= len(cells)
        if self.package.cells_left < 0:
            raise _RefusedError("workbook-too-many-cells", limit=MOST_CELLS)

    def _column(self, letters: str) -> int:
        column = self.columns[letters] = _column(letters)
        return column

    def _value(self, cell: ET.Element) -> Value | None:
        typed: str | None = None
        formula: str | None = None
        kind = cell.get("t", "n")
        for part in cell:
            tag = part.tag
            if tag.endswith("}v"):
                typed = part.text
            elif tag.endswith("}f"):
                formula = part.text or ""
            elif tag.endswith("}is"):
                return _text(_rich(part))
        if kind == "s":
            return self.package.strings[int(typed)] if typed else None
        if formula and _CONSTANT.fullmatch(formula):
            return f"={formula}"  # a target of `=100%`, which Excel took for a formula
        if kind == "str":
            return _text(typed or "")
        if not typed:
            return Unreadable("cell-not-computed", {}) if formula is not None else None
        if kind == "n":
            style = cell.get("s")
            return self._number(typed, self.package.kind(style) if style else "number")
        if kind == "b":
            return typed.strip() in ("1", "true")
        if kind == "e":
            return Unreadable("cell-error", {"text": typed[:40]})
        if kind == "d":
            return date.fromisoformat(typed[:10])
        return _text(typed)

    def _number(self, typed: str, kind: _Kind) -> Value:
        try:
            number = Decimal(typed)
            if len(typed) > 15:
                number = Decimal(
                    format(float(typed), ".15g")
                )  # the file holds a binary number; 0.30000000000000004 is shown as 0.3
        except InvalidOperation:
            return Unreadable("cell-error", {"text": typed[:40]})
        if not number.is_finite() or number.adjusted() > 40 or number.adjusted() < -40:
            return Unreadable("cell-error", {"text": typed[:40]})
        if kind == "number":
            return number
        if kind == "percent":
            return _plain(number.scaleb(2)) + "%"
        return _day(number, kind, epoch_1904=self.package.epoch_1904)


def _day(serial: Decimal, kind: _Kind, *, epoch_1904: bool) -> Value:
    """A date from its number of days, or the text that the cell shows where that is less than a day."""
    days = int(serial)
    if kind == "time" or (days == 0 and not epoch_1904):
        minutes = round((serial % 1) * 1440) % 1440
        return f"{minutes // 60:02}:{minutes % 60:02}"
    if not 0 <= days < 2_958_466:  # the year 10000
        return Unreadable("cell-error", {"text": _plain(serial)[:40]})
    # Excel has a 29 February 1900 that never was.
    start = date(1904, 1, 1) if epoch_1904 else date(1899, 12, 31) if days < 60 else date(1899, 12, 30)
    if days > (date(9999, 12, 31) - start).days:
        return Unreadable("cell-error", {"text": _plain(serial)[:40]})
    day = start + timedelta(days=days)
    if kind == "month":
        return f"{day.year}年{day.month}月"
    return f"{day.month}月{day.day}日" if kind == "month-day" else day


_BUILT_IN: dict[int, _Kind] = {
    9: "percent", 10: "percent", 16: "month-day", 17: "month", 27: "month", 36: "month", 50: "month", 52: "month", 57: "month",
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47, 55, 56), "time"),
    **dict.fromkeys((14, 15, 22, 28, 29, 30, 31, 51, 53, 54), "date"),
    58: "month-day",
}  # fmt: skip
"""The number formats that files do not spell out, those of Chinese versions among them."""


def _kind(number: str, codes: Mapping[str, str]) -> _Kind:
    code = codes.get(number)
    if code is None:
        return _BUILT_IN.get(int(number) if number.isdecimal() else 0, "number")
    shown = re.sub(
        r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]|General|G/通用格式', "", code.partition(";")[0], flags=re.IGNORECASE
    ).lower()
    if "%" in shown:
        return "percent"
    year, day = "y" in shown or ("e" in shown and "0" not in shown), "d" in shown
    if not (year or day or "h" in shown or "s" in shown or "m" in shown):
        return "number"
    if not year and not day:
        return "time" if "h" in shown or "s" in shown else "month-day"
    if year and day:
        return "date"
    return "month" if year and "m" in shown else "month-day" if day else "date"


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


# --- small parts of xlsx --------------------------------------------------------------------------------------------------

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_CONSTANT = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?%?")
_INVISIBLE = "\u200b\u200c\u200d\ufeff"


def _text(text: str) -> str | None:
    """A text without blanks around it, None if nothing is left."""
    if "_x" in text:
        text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.strip().strip(_INVISIBLE).strip()
    return text[:LONGEST_TEXT] or None


def _rich(item: ET.Element) -> str:
    """The text of a string, whatever its runs look like; readings above the characters (rPh) are none of it."""
    parts = []
    for one in item:
        name = _local(one)
        if name == "t":
            parts.append(one.text or "")
        elif name == "r":
            parts += [part.text or "" for part in one if _local(part) == "t"]
    return "".join(parts)


def _local(element: ET.Element) -> str:
    """The name without its namespace: there are two, of the standard's two editions."""
    tag: Any = element.tag
    return str(tag).rpartition("}")[2]


def _first(root: ET.Element, name: str) -> ET.Element | None:
    return next((one for one in root.iter() if _local(one) == name), None)


def _joined(folder: PurePosixPath, target: str) -> str:
    parts: list[str] = list(folder.parts)
    for part in target.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _column(letters: str) -> int:
    column = 0
    for letter in letters.upper():
        if not "A" <= letter <= "Z":
            raise _RefusedError("workbook-damaged", reason=letters[:20])
        column = column * 26 + ord(letter) - 64
    return column


_CELL = r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})"
_AREA = re.compile(rf"{_CELL}(?::{_CELL})?")
_NAMED = re.compile(rf"(?:'((?:[^']|'')+)'|([^'!\[\]]+))!({_CELL}(?::{_CELL})?)")


def _area(text: str) -> Area | None:
    match = _AREA.fullmatch(text)
    if match is None:
        return None
    left, top = _column(match[1]), int(match[2])
    return Area(top, left, int(match[4]), _column(match[3])) if match[3] else Area(top, left, top, left)


def _names(root: ET.Element) -> dict[str, tuple[str, Area]]:
    found: dict[str, tuple[str, Area]] = {}
    for one in root.iter():
        if _local(one) == "definedName" and (match := _NAMED.fullmatch((one.text or "").strip())):
            area = _area(match[3])
            if area is not None:
                found[one.get("name", "")] = ((match[1] or match[2]).replace("''", "'"), area)
    return found
