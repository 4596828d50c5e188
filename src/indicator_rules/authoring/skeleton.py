"""A table of criteria as a ruleset to go on from: every criterion, group and weight of it, with the words of the table kept.

In: a `RubricTable`, family, edition, year. Out: a `Draft`, or `RulesetError`. Guaranteed: the ruleset has no errors; a rule that `rule_words` does not read is left to a
person (`discretionary`) and is on the list of what is left to do; so is every rule that was read, and everything else that the table does not say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import tomlkit

from indicator_rules.authoring.draft import Draft, note, placed, ruleset_path
from indicator_rules.authoring.rubric_table import TEXTS, RubricTable, TableGrade, TableRow, weights
from indicator_rules.authoring.rule_words import Reading, reading
from indicator_rules.errors import Problem, RulesetError, Where
from indicator_rules.exact import exact, to_text
from indicator_rules.rules import check

_CUSTOMARY = (TableGrade("优", "≥", "90%"), TableGrade("良", "≥", "80%"), TableGrade("中", "≥", "60%"), TableGrade("差", "", ""))
"""Shares of the full score."""


def skeleton(table: RubricTable, family: str, edition: str, year: int) -> Draft:
    """The draft. Raises `RulesetError`."""
    path = ruleset_path(family, edition)
    writer = _Writer(table, str(path))
    text = writer.text(family, edition, year)
    found = [problem for problem in check(text.encode("utf-8"), str(path)) if problem.severity == "error"]
    if found:
        raise RulesetError(found)
    written = text.encode("utf-8")
    return Draft(path, {path: written}, placed(writer.todo, str(path), written))


class _Writer:
    def __init__(self, table: RubricTable, file: str) -> None:
        self.table, self.file = table, file
        self.todo: list[Problem] = list(table.problems)
        self.full_score = weights(table.rows)
        self.groups: dict[tuple[str, ...], str] = {}
        for row in table.rows:
            for depth in range(len(row.groups)):
                self.groups.setdefault(row.groups[: depth + 1], f"group_{len(self.groups) + 1}")

    def left(self, code: str, path: tuple[str, ...], **values: object) -> str:
        """Put something on the list; the comment to go with it."""
        self.todo.append(Problem(code, Where(self.file, path), values, "warning"))
        return f"  # {note(self.todo[-1])}"

    def text(self, family: str, edition: str, year: int) -> str:
        if not self.full_score:
            raise RulesetError([Problem("table-without-weights", self.table.where)])
        return "\n".join([*self.header(family, edition, year), *self.all_groups(), *self.criteria(), *self.grades()]) + "\n"

    def header(self, family: str, edition: str, year: int) -> Iterator[str]:
        title = self.table.title or f"{family} {edition}"
        full = to_text(exact(self.full_score))
        yield "schema = 1"
        yield "\n[ruleset]"
        yield f"family = {_value(family)}"
        yield f"edition = {_value(edition)}"
        yield f"title = {_value(title)}" + self.left("draft-title", ("ruleset", "title"), text=title)
        yield f"applies = {{ years = [{year}] }}" + self.left("draft-applies", ("ruleset", "applies"), year=year)
        yield f"full_score = {full}" + (
            "" if self.full_score == 100 else self.left("draft-full-score", ("ruleset", "full_score"), sum=full)
        )
        yield 'status = "example"' + self.left("draft-status-new", ("ruleset", "status"))
        if self.table.notes:
            notes = "\n".join(self.table.notes)
            yield f"notes = {_value(notes)}" + self.left("draft-notes", ("ruleset", "notes"))
        yield "# [sources.x]" + self.left("draft-sources-new", ("ruleset",))

    def all_groups(self) -> Iterator[str]:
        for labels, name in self.groups.items():
            yield f"\n[groups.{name}]"
            yield f"label = {_value(labels[-1])}"
            if len(labels) > 1:
                yield f'parent = "{self.groups[labels[:-1]]}"'

    def criteria(self) -> Iterator[str]:
        for number, row in enumerate(self.table.rows, start=1):
            name = f"criterion_{number}"
            rule = None
            if row.weight is not None and row.weight > 0:
                rule = reading(row.texts.get("text", ""), "\n".join(row.texts.get(key, "") for key in TEXTS[:2]), row.weight)
            yield from self.criterion(name, row, rule)

    def criterion(self, name: str, row: TableRow, rule: Reading | None) -> Iterator[str]:
        at = ("criteria", name)
        if rule is not None and rule.counted:
            yield f"\n[inputs.{name}_count]"
            yield f"label = {_value(_asked(row, rule))}"
            yield 'type = "count"'
        elif rule is not None:
            yield f"\n[measures.{name}_rate]"
            yield f"label = {_value(f'{row.label}：{rule.label}'[:500])}"
            yield f"value = {_value(rule.measure)}"
        yield f"\n[criteria.{name}]"
        yield f"label = {_value(row.label)}"
        if row.groups:
            yield f'group = "{self.groups[row.groups]}"'
        if row.role != "score":
            yield f'role = "{row.role}"'
        if row.weight is None:
            yield "weight = 0" + self.left("draft-weight", (*at, "weight"), label=row.label)
        else:
            yield f"weight = {to_text(exact(row.weight))}"
        for key in TEXTS:
            if row.texts.get(key):
                yield f"{key} = {_value(row.texts[key])}"
        if rule is None:
            yield 'scale = { kind = "discretionary" }' + self.left("draft-rule", (*at, "scale"), label=row.label)
            return
        told = self.left("draft-rule-read", (*at, "scale"), label=row.label)
        yield f'measure = "{name}_{"count" if rule.counted else "rate"}"'
        if "bands" in rule.scale:
            yield "[criteria." + name + ".scale]" + told
            yield 'kind = "bands"'
            yield "bands = [\n" + "".join(f"    {_value(band)},\n" for band in rule.scale["bands"]) + "]"
        else:
            yield f"scale = {_value(rule.scale)}" + told

    def grades(self) -> Iterator[str]:
        given = self.table.grades or _CUSTOMARY
        told = "" if self.table.grades else self.left("draft-grades", ("grades",))
        yield ""
        for place, grade in enumerate(given):
            yield "[[grades]]" + (told if place == 0 else "")
            yield f"label = {_value(grade.label)}"
            if grade.sign:
                cut = self.cut(grade.cut)
                yield f"{'at_least' if grade.sign == '≥' else 'above'} = {cut}"

    def cut(self, text: str) -> str:
        """A cut of the grades: customary ones are shares of the full score."""
        if self.table.grades:
            return _value(text) if text.endswith("%") else text
        return to_text(exact(self.full_score * Decimal(text.rstrip("%")) / 100))


def _asked(row: TableRow, rule: Reading) -> str:
    return (row.label + "：" + (rule.label + " " if rule.label else "") + "次数")[:500]


_BLOCK = re.compile(r'[^\\\x00-\x08\x0b-\x1f\x7f"]*')


def _value(value: Any) -> str:
    """A value as TOML; a text of several lines as such."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, Decimal):
        return to_text(exact(value))
    if "\n" in value and _BLOCK.fullmatch(value):
        return f'"""\n{value}"""'
    return tomlkit.string(value).as_string()
