"""Forms and results in a spreadsheet program: what LibreOffice has opened and saved is read the same, and is printed on few pages.

Only where LibreOffice is installed (`soffice` on the PATH); what can be said without it is said in `test_template` and `test_results`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import tomli

import indicator_rules as ir
from forms import filling
from indicator_rules.authoring.notice import notice
from indicator_rules.authoring.notice_workbook import notice_workbook
from indicator_rules.reading import reading
from indicator_rules.results.form import results_form
from indicator_rules.results.results import Scored
from indicator_rules.results.workbook import results_workbook

OFFICE = shutil.which("soffice")
CHECKOUT = Path(__file__).parents[2]
RULESET = "zhanjiang-etdz-project@2023"
FILES = ("blank", "filled", "result", "many", "notice")

pytestmark = pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed here")


def converted(folder: Path, files: list[Path], suffix: str) -> Path:
    """The files as LibreOffice saves them, with a profile of its own."""
    out = folder / suffix
    profile = (folder / "profile").as_uri()
    command = [str(OFFICE), "--headless", f"-env:UserInstallation={profile}", "--convert-to", suffix, "--outdir", str(out)]
    subprocess.run([*command, *map(str, files)], check=True, capture_output=True, timeout=300)
    return out


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with each file as made, and below it as saved again and as printed."""
    folder = tmp_path_factory.mktemp("office")
    rules = ir.load(RULESET)
    data = tomli.loads((CHECKOUT / "docs" / "examples" / "zhanjiang-2023.toml").read_text(encoding="utf-8"), parse_float=Decimal)
    data["indicators"][1]["actual"] = "=7次"
    (folder / "blank.xlsx").write_bytes(rules.template("zh"))
    filling.fill(folder / "blank.xlsx", data, folder / "filled.xlsx")
    found = reading(folder / "filled.xlsx")
    one = Scored(found, rules.evaluate(found), found.problems)
    (folder / "result.xlsx").write_bytes(results_form(one, "zh"))
    (folder / "many.xlsx").write_bytes(results_workbook([one] * 20, "zh"))
    (folder / "notice.xlsx").write_bytes(notice_workbook(notice(rules.spec)))
    files = [folder / f"{name}.xlsx" for name in FILES]
    for suffix in ("xlsx", "pdf", "ods"):
        converted(folder, files, suffix)
    return folder


def counts(path: Path) -> dict[str, tuple[int, ...]]:
    """Of each sheet: drop-downs and checks, comments, cells to fill in, whether it is guarded."""
    found: dict[str, tuple[int, ...]] = {}
    for sheet in openpyxl.load_workbook(path).worksheets:
        cells: list[Any] = [cell for row in sheet.iter_rows() for cell in row]
        checks = sum(len(check.sqref.ranges) for check in sheet.data_validations.dataValidation)
        comments = sum(cell.comment is not None for cell in cells)
        found[sheet.title] = (checks, comments, sum(not cell.protection.locked for cell in cells), bool(sheet.protection.sheet))
    return found


def test_a_form_that_was_saved_again_scores_the_same(office: Path) -> None:
    rules = ir.load(RULESET)
    before, after = (rules.evaluate(path) for path in (office / "filled.xlsx", office / "xlsx" / "filled.xlsx"))
    assert str(after.total) == str(before.total) == "99.3"
    assert [repr(one) for one in after.criteria] == [repr(one) for one in before.criteria]
    assert reading(office / "xlsx" / "filled.xlsx").problems == ()


@pytest.mark.parametrize("name", ["blank", "result"])
def test_drop_downs_comments_and_protection_outlive_it(office: Path, name: str) -> None:
    assert counts(office / "xlsx" / f"{name}.xlsx") == counts(office / f"{name}.xlsx")
    books = [openpyxl.load_workbook(path) for path in (office / f"{name}.xlsx", office / "xlsx" / f"{name}.xlsx")]
    assert set(books[0].defined_names) == set(books[1].defined_names)


def test_a_table_of_results_keeps_its_texts_and_numbers(office: Path) -> None:
    books = [openpyxl.load_workbook(path) for path in (office / "many.xlsx", office / "xlsx" / "many.xlsx")]
    assert books[0].sheetnames == books[1].sheetnames
    for ours, theirs in zip(*(book.worksheets for book in books), strict=True):
        assert list(ours.values) == list(theirs.values)
        assert (theirs.print_title_rows, theirs.auto_filter.ref) == ("$1:$1", ours.auto_filter.ref)


def test_an_ods_is_refused_with_what_to_do(office: Path) -> None:
    with pytest.raises(ir.RecordError) as error:
        ir.read_record(office / "ods" / "filled.ods")
    assert [problem.code for problem in error.value.problems] == ["workbook-old-format"]
    assert error.value.problems[0].hint("zh")


@pytest.mark.parametrize(("name", "most"), [("blank", 11), ("filled", 11), ("result", 14), ("many", 14), ("notice", 5)])
def test_few_pages_are_printed(office: Path, name: str, most: int) -> None:
    """A sheet that is too wide for its paper takes two pages for each. Of many, the findings of twenty records take four."""
    printed = (office / "pdf" / f"{name}.pdf").read_bytes()
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= most
