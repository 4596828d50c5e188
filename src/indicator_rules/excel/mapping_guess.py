"""A first mapping of a table, guessed from its headings.

In: .xlsx and .csv files of many records, which are read as one. Out: the text of a mapping.toml, which reads the file as far as the headings are known, and a warning for each
heading that is not. Nothing is guessed from values, but for the year in a title or a file name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from indicator_rules import messages
from indicator_rules.errors import Problem, RecordError, Where
from indicator_rules.excel.form_fields import (
    AMOUNTS,
    CLAIMS,
    DERIVED,
    FUNDS,
    INDICATOR_CLAIMS,
    INDICATORS,
    OF_TABLES,
    RATINGS,
    SUBJECT,
    TEXTS,
    by_heading,
    heading,
    money_unit,
)
from indicator_rules.excel.form_layout import Grid
from indicator_rules.excel.form_record import Place, is_blank
from indicator_rules.excel.form_words import answer_to
from indicator_rules.excel.read_workbook import read_workbook
from indicator_rules.excel.workbook import Sheet
from indicator_rules.plan import Question
from indicator_rules.quantity import normalise

_SHORT = {part: tuple(one for one in OF_TABLES if one.path.startswith(part)) for part in ("subject.", "budget.", "indicators.")}
_OF_RECORD = by_heading(SUBJECT, AMOUNTS, CLAIMS, TEXTS, _SHORT["subject."], _SHORT["budget."])
_OF_ENTRY = by_heading(
    INDICATORS, INDICATOR_CLAIMS, RATINGS, _SHORT["indicators."], SUBJECT, AMOUNTS, _SHORT["subject."], _SHORT["budget."]
)
_OF_FUND = by_heading(SUBJECT, FUNDS, _SHORT["subject."])
_DERIVED = frozenset(map(heading, DERIVED))


class _Table:
    """A sheet whose headings were found: column → (text as it stands, field or None)."""

    def __init__(self, sheet: Sheet, file: str = "", asked: Mapping[str, Question] | None = None) -> None:
        self.sheet, self.grid, self.file = sheet, Grid.of(sheet), file
        self.header = self._header()
        texts = {column: str(value) for column, value in self.grid.rows[self.header].items() if not is_blank(value)}
        known = {heading(text) for text in texts.values()}
        of_entry = {_OF_ENTRY[name].path for name in known if name in _OF_ENTRY}
        names = _OF_RECORD
        if "indicators.*.name" in of_entry and of_entry & {"indicators.*.target", "indicators.*.actual"}:
            names = _OF_ENTRY
        elif any(name in _OF_FUND and _OF_FUND[name].path == "funds.*.source" for name in known):
            names = _OF_FUND
        self.fields: dict[int, tuple[str, str | None]] = {}
        taken: set[str] = set()
        for column, text in texts.items():
            one = names.get(heading(text))
            wanted = one.path if one is not None else _answer(text, asked)
            path = wanted if wanted not in taken else None
            taken.add(path or "")
            self.fields[column] = (" ".join(text.split()), path)

    def _header(self) -> int:
        best, most = next(iter(self.grid.rows)), 0
        for row, cells in list(self.grid.rows.items())[:30]:
            texts = {heading(value) for value in cells.values() if isinstance(value, str)}
            found = sum(text in _OF_RECORD or text in _OF_ENTRY for text in texts)
            if found > most:
                best, most = row, found
        return best

    def above(self) -> list[str]:
        """The texts over the headings: a title, a unit."""
        return [str(value) for row in self.grid.rows if row < self.header for value in self.grid.rows[row].values()]


def guess(paths: Path | Sequence[Path], questions: Iterable[Question] = ()) -> tuple[str, list[Problem]]:
    """The text of a mapping for files read as one, and what it could not place. With `questions` of a ruleset, headings may be their labels.

    Raises: RecordError.
    """
    files = [paths] if isinstance(paths, Path) else list(paths)
    asked = {one.id: one for one in questions}
    books = [read_workbook(path) for path in files]
    tables = [_Table(sheet, book.file, asked) for book in books for sheet in book.sheets if sheet.rows and not sheet.hidden]
    tables = [table for table in tables if any(field for _, field in table.fields.values())]
    if not tables:
        raise RecordError([Problem("mapping-no-headings", Where(books[0].file))])
    # Records before what belongs to them: the first sheet says which there are.
    tables.sort(key=lambda table: any("*" in (field or "") for _, field in table.fields.values()))
    problems: list[Problem] = []
    lines = ["schema = 1", *_key(tables), "", *_constants(files[0], tables)]
    for table in tables:
        lines += ["", "[[sheets]]", f"sheet = {_quoted(table.sheet.name)}", f"header = {table.header}"]
        ignored = [text for text, field in table.fields.values() if field is None and heading(text) in _DERIVED]
        if ignored:
            lines.append(f"ignore = [{', '.join(map(_quoted, ignored))}]")
        lines.append("[sheets.columns]")
        for column, (text, field) in table.fields.items():
            place = Place(table.sheet.name, table.header, column).where(table.file)
            if field is not None:
                unit = _unit(text, field, table)
                target = _quoted(field) if unit is None else f"{{ field = {_quoted(field)}, unit = {_quoted(unit)} }}"
                lines.append(f"{_quoted(text)} = {target}")
            elif text not in ignored:
                lines.append(f'# {_quoted(text)} = ""   # {place.cell}: {messages.text("form.mapping-unknown")}')
                problems.append(Problem("mapping-heading-unknown", place, {"text": text}, "warning"))
    return "\n".join(lines) + "\n", problems


def _key(tables: list[_Table]) -> list[str]:
    """The heading that brings rows together, if there are entries or several sheets."""
    fields = [field or "" for table in tables for _, field in table.fields.values()]
    if len(tables) == 1 and not any("*" in field for field in fields):
        return []
    for wanted in ("subject.code", "subject.name"):
        for text, field in tables[0].fields.values():
            if field == wanted and all(
                normalise(text) in {normalise(one) for one, _ in table.fields.values()} for table in tables
            ):
                return [f"key = {_quoted(text)}   # {messages.text('form.mapping-key')}"]
    return [f'# key = ""   # {messages.text("form.mapping-key")}']


def _constants(path: Path, tables: list[_Table]) -> list[str]:
    fields = {field for table in tables for _, field in table.fields.values()}
    texts = [text for table in tables for text in (*table.above(), table.sheet.name)]
    lines = [f"[constants]   # {messages.text('form.mapping-constants')}"]
    if "subject.kind" not in fields:
        kind = (
            "部门整体"
            if any("部门整体" in text for text in texts)
            else "转移支付"
            if any("转移支付" in text for text in texts)
            else "项目"
        )
        lines.append(f'"subject.kind" = "{kind}"')
    if "subject.year" not in fields:
        year = next((found[0] for text in (*texts, path.stem) if (found := re.search(r"(?:19|20)[0-9]{2}(?![0-9])", text))), None)
        lines.append(f'"subject.year" = {year}' if year else f'# "subject.year" = 2023   # {messages.text("form.mapping-year")}')
    if any((field or "").startswith("budget.") for field in fields) and not any(
        _unit(text, field or "", table)
        for table in tables
        for text, field in table.fields.values()
        if (field or "").startswith("budget.")
    ):
        lines.append(f'# "budget.unit" = "万元"   # {messages.text("form.mapping-unit")}')
    return lines


def _unit(text: str, field: str, table: _Table) -> str | None:
    """The unit that a heading names, or a line above all of them."""
    if field.startswith(("budget.", "funds.")) and field != "funds.*.source" and not field.endswith(".name"):
        return money_unit(text) or next((unit for line in table.above() if (unit := money_unit(line))), None)
    found = re.search(r"\((%|‰)\)$", normalise(text))
    return found[1] if found and field.rpartition(".")[2] in ("target", "actual", "prior", "initial_target") else None


def _answer(text: str, asked: Mapping[str, Question] | None) -> str | None:
    """The answer that a heading is for, where a ruleset asks for one that is called so."""
    name = answer_to(text, asked) if asked else None
    return None if name is None else f"answers.{name}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
