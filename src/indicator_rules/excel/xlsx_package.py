"""The parts of a .xlsx file, which is an archive of XML: unpacked within bounds, read without entities.

In: an open archive. Out: whole trees, elements one after the other, and which part leads to which; or `RefusedError`, or one of `DAMAGE`. What the archive
says of sizes is not believed: bytes are counted as they come.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, Any, NoReturn, Self
from xml.etree import ElementTree as ET
from xml.parsers import expat

from indicator_rules.excel.workbook import RefusedError, cell_content

LARGEST_UNPACKED = 500 * 1024 * 1024
LARGEST_TREE = 20 * 1024 * 1024
"""Of a part that is read as a whole: an element takes twenty times its bytes."""
MOST_ELEMENTS = 3_000_000
"""Of a part that is read one after the other: a blank one is left in memory of each that was read."""
MOST_TAGS = 1_500_000
"""Between the ends of two elements that are wanted: what is open stays in memory."""
MOST_TEXT = 60_000_000
"""Characters of all cells, each of up to four bytes."""
DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, ET.ParseError, expat.ExpatError,
    EOFError, KeyError, IndexError, ValueError, LookupError, OverflowError, RuntimeError, OSError,
)  # fmt: skip
"""What the standard library raises for a broken archive or broken XML (an encrypted one: RuntimeError)."""


class Package:
    """An archive and how much of it may still be unpacked."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.left = LARGEST_UNPACKED
        self.text_left = MOST_TEXT

    def stream(self, path: str) -> _Counted:
        return _Counted(self.archive.open(path), self)

    def tree(self, path: str) -> ET.Element:
        with self.stream(path) as stream:
            text = stream.read(LARGEST_TREE + 1)
        if len(text) > LARGEST_TREE:
            raise RefusedError("workbook-too-large", limit=f"{LARGEST_TREE // 1024 // 1024} MB")
        _refuse_doctype(text[:65536])
        return ET.fromstring(text)  # noqa: S314 -- without a DOCTYPE there are no entities

    def relations(self, path: str) -> dict[str, tuple[str, str]]:
        """Relation id → its kind and the part that it leads to; what lies outside the file is left out."""
        folder, name = PurePosixPath(path).parent, PurePosixPath(path).name
        found: dict[str, tuple[str, str]] = {}
        relations = f"{folder}/_rels/{name}.rels" if path else "_rels/.rels"
        for one in self.tree(relations):
            if one.get("TargetMode") != "External":
                target = one.get("Target", "")
                part = target.lstrip("/") if target.startswith("/") else _joined(folder if path else PurePosixPath(), target)
                found[one.get("Id", "")] = (one.get("Type", "").rpartition("/")[2], part)
        return found

    def text(self, typed: str) -> str | None:
        """What a cell holds, as long as all of them together do not hold too much."""
        found = cell_content(typed)
        if found is not None:
            self.text_left -= len(found)
            if self.text_left < 0:
                raise RefusedError("workbook-too-large", limit=f"{4 * MOST_TEXT // 1_000_000} MB")
        return found

    def elements(self, path: str, *names: str) -> Iterator[ET.Element]:
        """The elements with these names, each whole, one after the other; forgotten when the next is asked for."""
        with self.stream(path) as stream:
            head = stream.read(65536)
            _refuse_doctype(head)
            parser: Any = ET.XMLPullParser(("end",))
            endings = tuple("}" + name for name in names)
            done = tags = 0
            while head:
                tags += head.count(b"<")
                parser.feed(head)
                for _, element in parser.read_events():
                    if element.tag.endswith(endings):
                        yield element
                        element.clear()
                        done, tags = done + 1, 0
                if done > MOST_ELEMENTS or tags > MOST_TAGS:
                    raise RefusedError("workbook-too-many-cells", limit=MOST_ELEMENTS)
                head = stream.read(65536)
            parser.close()


class _Counted:
    """A part of the archive that stops when the whole has unpacked to too much; what the archive says of sizes is not believed."""

    def __init__(self, stream: IO[bytes], package: Package) -> None:
        self.stream, self.package = stream, package

    def read(self, size: int = -1) -> bytes:
        most = self.package.left + 1
        data = self.stream.read(most if size < 0 else min(size, most))
        self.package.left -= len(data)
        if self.package.left < 0:
            raise RefusedError("workbook-too-large", limit=f"{LARGEST_UNPACKED // 1024 // 1024} MB")
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
        raise RefusedError("workbook-damaged", reason="DOCTYPE")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = reached
    try:
        parser.Parse(head, False)
    except _Reached:
        return
    raise RefusedError("workbook-damaged", reason="XML")


def local(element: ET.Element) -> str:
    """The name without its namespace: there are two, of the standard's two editions."""
    tag: Any = element.tag
    return str(tag).rpartition("}")[2]


def first(root: ET.Element, name: str) -> ET.Element | None:
    return next((one for one in root.iter() if local(one) == name), None)


def _joined(folder: PurePosixPath, target: str) -> str:
    parts: list[str] = list(folder.parts)
    for part in target.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
