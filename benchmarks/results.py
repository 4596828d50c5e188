"""A workbook of 3,000 records read, scored and written as results, beside openpyxl alone reading it: `python benchmarks/results.py [records]`.

Both in one process, in turns; the ratio is of medians. Nothing is judged, since a shared machine moves by a third.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import openpyxl

from indicator_rules import load, read
from indicator_rules.results.results import Scored
from indicator_rules.results.workbook import results_workbook

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
MAPPING = """
[constants]
"subject.kind" = "项目"
"subject.year" = 2023
"indicators.a.category" = "产出"
"indicators.a.name" = "培训人次"
"indicators.b.category" = "产出"
"indicators.b.name" = "培训场次"
[[sheets]]
[sheets.columns]
"项目" = "subject.name"
"预算（元）" = { field = "budget.adjusted", unit = "元" }
"支出（元）" = { field = "budget.spent", unit = "元" }
"人次目标" = "indicators.a.target"
"人次完成" = "indicators.a.actual"
"场次目标" = "indicators.b.target"
"场次完成" = "indicators.b.actual"
"""


def table(path: Path, records: int) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("项目")
    sheet.append(["项目", "预算（元）", "支出（元）", "人次目标", "人次完成", "场次目标", "场次完成"])
    for number in range(records):
        sheet.append(
            [f"项目{number}", 1_000_000, 600_000 + 130 * number % 400_000, 300, 200 + number % 120, 30, 20 + number % 15]
        )
    book.save(path)


def timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def main(records: int) -> None:
    folder = Path(tempfile.mkdtemp())
    table(folder / "all.xlsx", records)
    (folder / "rules.toml").write_text(RULESET, encoding="utf-8")
    (folder / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    rules = load(folder / "rules.toml")

    def ours() -> None:
        found = read(folder / "all.xlsx", folder / "mapping.toml")
        written = results_workbook((Scored(one, rules.evaluate(one), one.problems) for one in found), "zh")
        (folder / "results.xlsx").write_bytes(written)

    def theirs() -> None:
        for _ in openpyxl.load_workbook(folder / "all.xlsx", read_only=True).worksheets[0].iter_rows(values_only=True):
            pass

    def reading() -> None:
        assert all(one.found for one in read(folder / "all.xlsx", folder / "mapping.toml"))

    def scoring() -> None:
        for one in read(folder / "all.xlsx", folder / "mapping.toml"):
            rules.evaluate(one)

    calls = {"read, scored, written": ours, "read": reading, "read and scored": scoring, "openpyxl reads": theirs}
    times = {name: [timed(call) for _ in range(3)] for name, call in calls.items()}
    base = statistics.median(times["openpyxl reads"])
    for name, seconds in times.items():
        print(f"{name:24}{statistics.median(seconds):8.2f} s {statistics.median(seconds) / base:8.1f} ×")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000)
