"""Workbooks of 3,000 records read, scored and written as results, beside openpyxl alone reading them: `python benchmarks/results.py [records]`.

Two tables: one of 7 columns, and one of 62 columns with ten indicators a record. All in one process, in turns; ratios are of medians. One target is judged,
with exit code 1 if it is missed: our reader takes no longer for the cells than openpyxl (`read_only`, its faster way).
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import openpyxl

from indicator_rules import Rules, load, read
from indicator_rules.excel.read_workbook import read_workbook
from indicator_rules.results.results import Scored
from indicator_rules.results.workbook import results_workbook

TARGET = 1.0
ROUNDS = 3
RULESET = """
schema = 1
[ruleset]
family = "bench-results"
edition = "1"
title = "四项"
applies = { years = [2023] }
status = "example"
[measures.rate]
label = "预算执行率"
value = "实际支出 / 全年预算数"
[criteria.execution]
label = "预算执行率"
weight = 40
measure = "rate"
scale = { kind = "proportional", pass_line = "60%" }
[criteria.output]
label = "产出"
weight = 60
indicators = "output"
without_weights = "equal"
entries.quantitative = { kind = "proportional" }
[[grades]]
label = "优"
at_least = 90
[[grades]]
label = "差"
"""


class Table(NamedTuple):
    """A table of projects, a row each, with so many indicators side by side and so many columns of text that nobody reads."""

    name: str
    indicators: int
    spare: int

    def headings(self) -> list[str]:
        entries = [f"{what}{number}" for number in range(self.indicators) for what in ("目标", "完成", "偏差原因")]
        return ["项目", "预算（元）", "支出（元）", *entries, *(f"备注{number}" for number in range(self.spare))]

    def row(self, record: int) -> list[object]:
        entries: list[object] = []
        for number in range(self.indicators):
            done = 200 + (record + 7 * number) % 120
            entries += [300, done, "任务量减少，已调整下年计划。" if done < 250 else None]
        return [f"项目{record}", 1_000_000, 600_000 + 130 * record % 400_000, *entries, *([f"说明{record % 50}"] * self.spare)]

    def mapping(self) -> str:
        numbers = range(self.indicators)
        constants = [f'"indicators.i{n}.category" = "产出"\n"indicators.i{n}.name" = "第{n + 1}项"' for n in numbers]
        columns = [f'"目标{n}" = "indicators.i{n}.target"\n"完成{n}" = "indicators.i{n}.actual"\n"偏差原因{n}" = "indicators.i{n}.reason"' for n in numbers]  # fmt: skip
        spare = ", ".join(f'"备注{number}"' for number in range(self.spare))
        lines = ["[constants]", '"subject.kind" = "项目"', '"subject.year" = 2023', *constants, "[[sheets]]", f"ignore = [{spare}]", "[sheets.columns]",
                 '"项目" = "subject.name"', '"预算（元）" = { field = "budget.adjusted", unit = "元" }', '"支出（元）" = { field = "budget.spent", unit = "元" }',
                 *columns]  # fmt: skip
        return "\n".join(lines)

    def write(self, folder: Path, records: int) -> None:
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet("项目")
        for row in (self.headings(), *map(self.row, range(records))):
            sheet.append(row)
        book.save(folder / "all.xlsx")
        (folder / "mapping.toml").write_text(self.mapping(), encoding="utf-8")


TABLES = (Table("7 columns, 2 indicators", 2, 0), Table("62 columns, 10 indicators", 10, 29))


def steps(folder: Path, rules: Rules) -> dict[str, Callable[[], object]]:
    """What is timed: openpyxl's two ways, our cells, and each step of ours with those before it."""
    path, mapping = folder / "all.xlsx", folder / "mapping.toml"

    def theirs() -> None:
        for _ in openpyxl.load_workbook(path, read_only=True).worksheets[0].iter_rows(values_only=True):
            pass

    def scored() -> Iterator[Scored]:
        for one in read(path, mapping):
            yield Scored(one, rules.evaluate(one), one.problems)

    return {
        "openpyxl, read_only": theirs,
        "openpyxl, as it comes": lambda: openpyxl.load_workbook(path),
        "cells": lambda: read_workbook(path),
        "+ records": lambda: [one.record for one in read(path, mapping)],
        "+ scores": lambda: list(scored()),
        "+ results written": lambda: (folder / "results.xlsx").write_bytes(results_workbook(scored(), "zh")),
    }


def timed(call: Callable[[], object]) -> float:
    """Seconds of the processor: what else the machine does is not counted."""
    began = time.process_time()
    call()
    return time.process_time() - began


def show(table: Table, times: dict[str, float]) -> bool:
    """One table's times; whether the target is missed."""
    base, whole = times["openpyxl, read_only"], times["+ results written"]
    missed = times["cells"] > TARGET * base
    print(f"{table.name}\n{'':24}{'seconds':>10}{'× openpyxl, read_only':>24}{'share of the whole':>22}")
    before = 0.0
    for name, seconds in times.items():
        share = f"{(seconds - before) / whole:22.0%}" if not name.startswith("openpyxl") else f"{'':22}"
        before = 0.0 if name.startswith("openpyxl") else seconds
        goal = f"  <= {TARGET:g}{'  MISSED' if missed else ''}" if name == "cells" else ""
        print(f"{name:24}{seconds:10.2f}{seconds / base:24.2f}{share}{goal}")
    return missed


def main(records: int) -> int:
    missed = False
    for table in TABLES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            table.write(folder, records)
            (folder / "rules.toml").write_text(RULESET, encoding="utf-8")
            calls = steps(folder, load(folder / "rules.toml"))
            rounds = [{name: timed(call) for name, call in calls.items()} for _ in range(ROUNDS)]
            missed |= show(table, {name: statistics.median(one[name] for one in rounds) for name in calls})
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000))
