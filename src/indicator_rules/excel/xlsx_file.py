"""One .xlsx file as a workbook.

In: its bytes. Out: a `Workbook`, or `RefusedError`. Texts and styles are read first, since sheets refer to them by number.
"""

from __future__ import annotations

import io
import re
import zipfile
from xml.etree import ElementTree as ET

from indicator_rules.excel.number_format import NumberKind, number_kind
from indicator_rules.excel.workbook import Area, RefusedError, Workbook
from indicator_rules.excel.xlsx_package import DAMAGE, Package, first, local
from indicator_rules.excel.xlsx_sheet import CELL, Shared, SheetReader, area, rich_text

MOST_SHEETS = 500
_NAMED = re.compile(rf"(?:'((?:[^']|'')+)'|([^'!\[\]]+))!({CELL}(?::{CELL})?)")


def read_xlsx(data: bytes, file: str) -> Workbook:
    """The sheets and names of a file."""
    if data[:4] == b"\xd0\xcf\x11\xe0":  # an OLE file: an old .xls by another name, or one with a password
        raise RefusedError("workbook-locked")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _workbook(Package(archive), file)
    except RefusedError:
        raise
    except DAMAGE as error:
        raise RefusedError("workbook-damaged", reason=re.sub(r"\s+", " ", str(error))[:80] or type(error).__name__) from None


def _workbook(package: Package, file: str) -> Workbook:
    target = next((path for kind, path in package.relations("").values() if kind == "officeDocument"), None)
    if target is None:
        raise RefusedError("workbook-damaged", reason="xl/workbook.xml")
    relations = package.relations(target)
    by_kind = dict(relations.values())
    root = package.tree(target)
    properties = first(root, "workbookPr")
    epoch_1904 = properties is not None and properties.get("date1904") in ("1", "true")
    shared = Shared(_strings(package, by_kind.get("sharedStrings")), _kinds(package, by_kind.get("styles")), epoch_1904)
    listed = [one for one in root.iter() if local(one) == "sheet"]
    if len(listed) > MOST_SHEETS:
        raise RefusedError("workbook-too-many-sheets", limit=MOST_SHEETS)
    sheets = []
    for one in listed:
        relation = next((value for key, value in one.attrib.items() if key.rpartition("}")[2] == "id"), "")
        kind, path = relations.get(relation, ("", ""))
        if kind == "worksheet":  # a chart on a sheet of its own holds no cells
            hidden = one.get("state", "visible") != "visible"
            sheets.append(SheetReader(package, shared, one.get("name", ""), hidden=hidden).read(path))
    return Workbook(file, tuple(sheets), _names(root))


def _strings(package: Package, path: str | None) -> list[str | None]:
    """The texts that cells refer to."""
    return [] if path is None else [package.text(rich_text(item)) for item in package.elements(path, "si")]


def _kinds(package: Package, path: str | None) -> list[NumberKind]:
    """What each cell style makes of a number."""
    if path is None:
        return []
    root = package.tree(path)
    codes = {one.get("numFmtId", ""): one.get("formatCode", "") for one in root.iter() if local(one) == "numFmt"}
    formats = first(root, "cellXfs")
    return [number_kind(one.get("numFmtId", "0"), codes) for one in formats] if formats is not None else []


def _names(root: ET.Element) -> dict[str, tuple[str, Area]]:
    found: dict[str, tuple[str, Area]] = {}
    for one in root.iter():
        if local(one) == "definedName" and (match := _NAMED.fullmatch((one.text or "").strip())):
            named = area(match[3])
            if named is not None:
                found[one.get("name", "")] = ((match[1] or match[2]).replace("''", "'"), named)
    return found
