"""Spreadsheets become plain cells, whatever is in them; openpyxl writes them, and reads them the same."""

from __future__ import annotations

import io
import subprocess
import sys
import time
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicator_rules.errors import RecordError
from indicator_rules.excel import csv_file, xlsx_file, xlsx_package, xlsx_sheet
from indicator_rules.excel import read_workbook as read_workbook_module
from indicator_rules.excel.read_workbook import read_workbook
from indicator_rules.excel.workbook import Area, RefusedError, Unreadable, Workbook
from indicator_rules.excel.xlsx_file import read_xlsx

SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
READS = """
import re, sys
from indicator_rules.errors import RecordError
from indicator_rules.excel.read_workbook import read_workbook
try:
    said = f"{sum(sheet.count for sheet in read_workbook(sys.argv[1]).sheets)} cells"
except RecordError as error:
    said = error.problems[0].code
print(said, int(re.search("VmHWM:\\s*([0-9]+)", open("/proc/self/status").read())[1]) // 1024, sep="|")
"""


def saved(tmp_path: Path, **cells: Any) -> Path:
    """A workbook with these cells; a pair is a value and its number format."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for name, value in cells.items():
        sheet[name] = value[0] if isinstance(value, tuple) else value
        if isinstance(value, tuple):
            sheet[name].number_format = value[1]
    book.save(tmp_path / "book.xlsx")
    return tmp_path / "book.xlsx"


def with_part(path: Path, name: str, content: str | bytes) -> Path:
    """The same package with another part."""
    with zipfile.ZipFile(path) as archive:
        parts = {item: archive.read(item) for item in archive.namelist()}
    parts[name] = content.encode() if isinstance(content, str) else content
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for item, data in parts.items():
            archive.writestr(item, data)
    return path


def with_sheet(tmp_path: Path, rows: str) -> Path:
    return with_part(saved(tmp_path), "xl/worksheets/sheet1.xml", SHEET.format(rows))


def by_place(book: Workbook) -> dict[tuple[int, int], object]:
    return {(row, column): value for row, cells in book.sheets[0].rows.items() for column, value in cells.items()}


def cells(path: Path) -> dict[tuple[int, int], object]:
    return by_place(read_workbook(path))


def codes(path: Path) -> list[str]:
    with pytest.raises(RecordError) as refused:
        read_workbook(path)
    assert all(problem.describe(lang) for problem in refused.value.problems for lang in ("zh", "en"))
    return [problem.code for problem in refused.value.problems]


# ------------------------------------------------------------------------------------------------------------------ values


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("中文", "中文"),
        ("  　前后空白\u200b ", "前后空白"),
        ("２０２３年", "２０２３年"),
        (7, Decimal(7)),
        (0.1 + 0.2, Decimal("0.3")),
        (143.15, Decimal("143.15")),
        (1e-7, Decimal("1E-7")),
        (-5, Decimal(-5)),
        (True, True),
        ((0.95, "0.00%"), "95%"),
        ((0.29, "0%"), "29%"),
        ((1.005, "0.0%"), "100.5%"),
        ((0.95, '0.00" % "'), Decimal("0.95")),
        ((date(2023, 11, 24), "yyyy-mm-dd"), date(2023, 11, 24)),
        ((datetime(2023, 11, 24, 8, 30), "yyyy/m/d h:mm"), date(2023, 11, 24)),  # noqa: DTZ001
        ((date(2023, 11, 1), 'yyyy"年"m"月"'), "2023年11月"),
        ((date(2023, 11, 24), 'm"月"d"日"'), "11月24日"),
        ((date(2023, 11, 24), "[$-F800]dddd, mmmm dd, yyyy"), date(2023, 11, 24)),
        ((45254, "General"), Decimal(45254)),
        ((45254, "[红色]0"), Decimal(45254)),
        ((0.5, "h:mm"), "12:00"),
        ("=100%", "=100%"),
        ("=6", "=6"),
    ],
)
def test_a_cell_means_what_it_shows(tmp_path: Path, typed: object, read: object) -> None:
    assert cells(saved(tmp_path, B3=typed)) == {(3, 2): read}


def test_formulas_count_as_their_saved_values_and_are_never_worked_out(tmp_path: Path) -> None:
    rows = (
        '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1"><f>1+1</f></c><c r="C1" t="str"><f>"a"</f><v>甲</v></c>'
        '<c r="D1" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="E1" t="str"><f>""</f><v></v></c><c r="F1" t="b"><v>0</v></c>'
        '<c r="G1"><v>1e999</v></c><c r="H1"><v>NaN</v></c></row>'
    )
    assert cells(with_sheet(tmp_path, rows)) == {
        (1, 1): Decimal(2),
        (1, 2): Unreadable("cell-not-computed", {}),
        (1, 3): "甲",
        (1, 4): Unreadable("cell-error", {"text": "#DIV/0!"}),
        (1, 6): False,
        (1, 7): Unreadable("cell-error", {"text": "1e999"}),
        (1, 8): Unreadable("cell-error", {"text": "NaN"}),
    }


def test_cells_without_addresses_follow_one_another(tmp_path: Path) -> None:
    rows = '<row><c><v>1</v></c><c t="inlineStr"><is><r><t>甲</t></r><r><t>乙</t></r><rPh><t>x</t></rPh></is></c></row><row><c><v>2</v></c></row>'
    assert cells(with_sheet(tmp_path, rows)) == {(1, 1): Decimal(1), (1, 2): "甲乙", (2, 1): Decimal(2)}


def test_merged_areas_names_and_hidden_sheets_are_known(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "表 '一'"
    sheet["A1"] = "合并"
    sheet.merge_cells("A1:C2")
    book.create_sheet("藏").sheet_state = "hidden"
    book.defined_names["ir.x"] = openpyxl.workbook.defined_name.DefinedName("ir.x", attr_text="'表 ''一'''!$B$3:$D$9")
    book.defined_names["gone"] = openpyxl.workbook.defined_name.DefinedName("gone", attr_text="#REF!")
    book.save(tmp_path / "a.xlsx")
    read = read_workbook(tmp_path / "a.xlsx")
    assert [(one.name, one.hidden) for one in read.sheets] == [("表 '一'", False), ("藏", True)]
    assert read.sheets[0].merged == (Area(1, 1, 2, 3),)
    assert read.names == {"ir.x": ("表 '一'", Area(3, 2, 9, 4))}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_csv_as_excel_saves_it(tmp_path: Path, encoding: str, separator: str) -> None:
    path = tmp_path / "表.csv"
    path.write_bytes(f'项目{separator}"金额"\r\n甲{separator}"1{separator}5"\r\n\r\n'.encode(encoding))
    read = read_workbook(path)
    assert read.sheets[0].name == "表"
    assert by_place(read) == {(1, 1): "项目", (1, 2): "金额", (2, 1): "甲", (2, 2): f"1{separator}5"}


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"), max_size=20)


@settings(max_examples=50)
@given(
    st.lists(
        st.one_of(st.integers(-(10**14), 10**14), st.floats(-1e9, 1e9).map(lambda x: round(x, 4)), TEXTS, st.booleans()),
        max_size=12,
    )
)
def test_what_openpyxl_writes_is_read_as_openpyxl_reads_it(values: list[Any]) -> None:
    book = openpyxl.Workbook()
    for column, value in enumerate(values, start=1):
        cell = book.worksheets[0].cell(1, column)
        cell.value = value
        if isinstance(value, str):
            cell.data_type = "s"
    stream = io.BytesIO()
    book.save(stream)
    read = read_xlsx(stream.getvalue(), "x.xlsx")
    again = openpyxl.load_workbook(stream).worksheets[0]
    for column in range(1, len(values) + 1):
        theirs, ours = again.cell(1, column).value, read.sheets[0].value(1, column)
        if isinstance(theirs, str):
            assert ours == (theirs.replace("\r\n", "\n").strip().strip("\u200b\u200c\u200d\ufeff").strip() or None)
        else:
            assert (float(ours) if isinstance(ours, Decimal) else ours) == theirs


# ----------------------------------------------------------------------------------------------------------------- the fence


def test_a_bomb_is_stopped_by_what_it_unpacks_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_package, "LARGEST_UNPACKED", 20_000_000)
    path = with_part(saved(tmp_path), "xl/worksheets/sheet1.xml", SHEET.format(" " * 100_000_000))
    assert path.stat().st_size < 500_000
    started = time.perf_counter()
    assert codes(path) == ["workbook-too-large"]
    assert time.perf_counter() - started < 2


def test_blank_rows_are_nothing_however_many(tmp_path: Path) -> None:
    rows = "".join(f'<row r="{row}"><c r="A{row}" s="1"/></row>' for row in range(2, 200_002))
    path = with_sheet(tmp_path, '<row r="1"><c r="A1"><v>1</v></c></row>' + rows)
    assert cells(path) == {(1, 1): Decimal(1)}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is asked for in the way of Linux")
@pytest.mark.parametrize(
    ("part", "repeated", "times", "around", "said"),
    [
        ("worksheets/sheet1.xml", '<row ht="20"><c s="1"/></row>', 1_000_000, SHEET, "0 cells"),
        ("worksheets/sheet1.xml", "<row/>", 9_000_000, SHEET, "workbook-too-many-cells"),
        ("worksheets/sheet1.xml", "<c/>", 9_000_000, SHEET.format("<row>{}</row>"), "workbook-too-many-cells"),
        ("sharedStrings.xml", "<si/>", 9_000_000, f"<sst xmlns='{MAIN}'>{{}}</sst>", "workbook-too-many-cells"),
        ("worksheets/sheet1.xml", "<a>", 4_000_000, SHEET, "workbook-too-many-cells"),
        (
            "worksheets/sheet1.xml",
            f'<row><c t="inlineStr"><is><t>{"x" * 99_000}😀</t></is></c></row>',
            2_500,
            SHEET,
            "workbook-too-large",
        ),
        ("styles.xml", "<a/>", 9_000_000, f"<styleSheet xmlns='{MAIN}'>{{}}</styleSheet>", "workbook-too-large"),
    ],
    ids=[
        "a million blank rows",
        "nine million",
        "a row without end",
        "strings without end",
        "nothing is closed",
        "long texts",
        "styles without end",
    ],
)
def test_memory_is_bounded(tmp_path: Path, part: str, repeated: str, times: int, around: str, said: str) -> None:
    """Such files have a few hundred kilobytes."""
    path = with_part(saved(tmp_path), f"xl/{part}", around.format(repeated * times))
    if part == "sharedStrings.xml":  # openpyxl makes none for a blank sheet
        relations = zipfile.ZipFile(path).read("xl/_rels/workbook.xml.rels").decode()
        kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
        more = f'<Relationship Id="texts" Type="{kind}" Target="/xl/{part}"/></Relationships>'
        with_part(path, "xl/_rels/workbook.xml.rels", relations.replace("</Relationships>", more))
    assert path.stat().st_size < 3_000_000
    done = subprocess.run([sys.executable, "-c", READS, path], capture_output=True, text=True, timeout=300, check=True)
    outcome, megabytes = done.stdout.split("|")
    assert said in outcome
    assert int(megabytes) < 500


def test_one_cell_in_the_last_corner_costs_nothing(tmp_path: Path) -> None:
    assert cells(with_sheet(tmp_path, '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')) == {
        (1_048_576, 16_384): Decimal(1)
    }


def test_too_many_cells_or_sheets_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for reader in (csv_file, xlsx_sheet):
        monkeypatch.setattr(reader, "MOST_CELLS", 3)
    assert codes(saved(tmp_path, A1=1, B1=2, C1=3, D1=4)) == ["workbook-too-many-cells"]
    monkeypatch.setattr(xlsx_file, "MOST_SHEETS", 0)
    assert codes(saved(tmp_path, A1=1)) == ["workbook-too-many-sheets"]
    (tmp_path / "a.csv").write_text("a,b,c,d")
    assert codes(tmp_path / "a.csv") == ["workbook-too-many-cells"]


def test_entities_are_refused_before_they_are_read(tmp_path: Path) -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>' + SHEET.format('<row><c t="str"><v>&b;</v></c></row>')
    assert codes(with_part(saved(tmp_path), "xl/worksheets/sheet1.xml", laughs)) == ["workbook-damaged"]
    outside = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + SHEET.format('<row><c t="str"><v>&a;</v></c></row>')
    assert codes(with_part(saved(tmp_path), "xl/worksheets/sheet1.xml", outside)) == ["workbook-damaged"]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.xlsx", b"", "workbook-damaged"),
        ("a.xlsx", b"PK\x03\x04 no archive", "workbook-damaged"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "workbook-locked"),
        ("a.xls", b"\xd0\xcf\x11\xe0", "workbook-old-format"),
        ("a.et", b"", "workbook-old-format"),
        ("a.doc", b"", "unknown-suffix"),
        ("a.csv", b"", "file-empty"),
        ("a.csv", b"a,b\n\xff\xff\xff", "workbook-encoding"),
        ("a.csv", b"\x00\x00", "workbook-damaged"),
        ("none.xlsx", None, "file-not-found"),
    ],
)
def test_a_file_that_is_no_workbook_is_one_problem(tmp_path: Path, name: str, content: bytes | None, code: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert codes(tmp_path / name) == [code]


def test_folders_and_large_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert codes(tmp_path) == ["path-is-folder"]
    monkeypatch.setattr(read_workbook_module, "LARGEST_FILE", 100)
    assert codes(saved(tmp_path, A1=1)) == ["file-too-large"]


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml", "_rels/.rels", "xl/_rels/workbook.xml.rels"]
)
@pytest.mark.parametrize("content", ["", "<a", "<a/>", "<a><b></a>", "\0", '<?xml version="1.0" encoding="no-such"?><a/>'])
def test_broken_parts_never_raise_anything_else(tmp_path: Path, part: str, content: str) -> None:
    path = with_part(saved(tmp_path, A1=1, A2=("0.5", "0%")), part, content)
    try:
        read = read_workbook(path)
    except RecordError as error:
        found = [problem.code for problem in error.problems]
    else:
        found = ["workbook-damaged"] * bool(read.file)
    assert found == ["workbook-damaged"]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_damage_is_a_problem_or_a_workbook(data: st.DataObject) -> None:
    content = bytearray(_SAMPLE)
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_xlsx(bytes(content), "x.xlsx")
        code = "workbook-damaged"
    except RefusedError as error:
        code = error.code
    assert code in ("workbook-damaged", "workbook-too-large")


def _sample() -> bytes:
    book = openpyxl.Workbook()
    book.worksheets[0]["A1"] = "甲"
    book.worksheets[0]["B2"] = 0.5
    stream = io.BytesIO()
    book.save(stream)
    # Stored, so that damage reaches the parts and not only the packing.
    with zipfile.ZipFile(stream) as archive:
        parts = {item: archive.read(item) for item in archive.namelist()}
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w") as archive:
        for item, content in parts.items():
            archive.writestr(item, content)
    return plain.getvalue()


_SAMPLE = _sample()
