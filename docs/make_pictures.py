"""The pictures of the guides: `python docs/make_pictures.py` makes docs/pictures anew, from docs/forms.

Needs LibreOffice (`soffice`) and poppler (`pdftoppm`) on the PATH, and a Chinese font: Noto Serif CJK SC stands for 宋体, which is not free.
"""

# ruff: noqa: INP001, S603, S607  (a script, in a folder of pages; it runs two programs by their names)

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import openpyxl

import indicator_rules as ir
from indicator_rules.reading import reading
from indicator_rules.results.form import results_form
from indicator_rules.results.results import Scored
from indicator_rules.results.workbook import results_workbook

ROOT = Path(__file__).resolve().parent.parent
FORMS = Path("docs", "forms")  # as results are to name them: the script is run from the checkout
PICTURES = ROOT / "docs" / "pictures"
RULESET = "zhanjiang-etdz-project@2023"
DPI = 84
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><include ignore_missing="yes">/etc/fonts/fonts.conf</include>
<match target="pattern"><test name="family"><string>宋体</string></test>
<edit name="family" mode="assign" binding="strong"><string>Noto Serif CJK SC</string></edit></match></fontconfig>
"""


class Picture(NamedTuple):
    """The top of one sheet of a workbook, as it is printed. `height`: how much of the page, in inches."""

    name: str
    file: str
    sheet: str
    height: float


SHOWN = (
    Picture("form-project", "form.xlsx", "项目", 7.3),
    Picture("form-indicators", "filled.xlsx", "绩效指标", 5.85),
    Picture("result", "result.xlsx", "评分结果", 7.6),
    Picture("result-losses", "many.xlsx", "失分", 1.5),
    Picture("result-to-fix", "many.xlsx", "待修改", 1.5),
)


def main() -> None:
    """Every picture."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "fonts.conf").write_text(FONTS, encoding="utf-8")
        _workbooks(folder)
        for picture in SHOWN:
            _print(folder, picture)


def _workbooks(folder: Path) -> None:
    """The form, filled in, its result, and the results of several."""
    (folder / "form.xlsx").write_bytes(ir.load(RULESET).template("zh"))
    shutil.copy(FORMS / "filled.xlsx", folder)
    rules = ir.load(RULESET)
    filled, mistakes = (reading(FORMS / name) for name in ("filled.xlsx", "mistakes.xlsx"))
    one = Scored(filled, rules.evaluate(filled), filled.problems)
    (folder / "result.xlsx").write_bytes(results_form(one, "zh"))
    (folder / "many.xlsx").write_bytes(results_workbook([one, Scored(mistakes, None, mistakes.problems)], "zh"))


def _print(folder: Path, picture: Picture) -> None:
    """One sheet alone, so that it is the first page."""
    book = openpyxl.load_workbook(folder / picture.file)
    for sheet in book.worksheets:
        sheet.sheet_state = "visible" if sheet.title == picture.sheet else "hidden"
        sheet.oddFooter.center.text = None
    book.active = book[picture.sheet]
    stream = io.BytesIO()
    book.save(stream)
    (folder / f"{picture.name}.xlsx").write_bytes(stream.getvalue())
    environment = {**os.environ, "FONTCONFIG_FILE": str(folder / "fonts.conf")}
    office = ["soffice", "--headless", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--convert-to", "pdf"]
    subprocess.run(
        [*office, "--outdir", folder, folder / f"{picture.name}.xlsx"], check=True, env=environment, capture_output=True
    )
    cut = ["-x", "0", "-y", str(DPI // 3), "-W", str(int(11.7 * DPI)), "-H", str(int(picture.height * DPI))]
    target = PICTURES / picture.name
    subprocess.run(["pdftoppm", "-png", "-singlefile", "-r", str(DPI), *cut, folder / f"{picture.name}.pdf", target], check=True)


if __name__ == "__main__":
    main()
