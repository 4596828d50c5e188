"""A small published form, for one thing at a time; and what reading it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl

import indicator_rules as ir
from forms.published_forms import fill
from indicator_rules.reading import reading
from indicator_rules.record import EvaluationRecord


def read(path: Path) -> tuple[EvaluationRecord, list[tuple[str, str]]]:
    found = reading(path)
    assert all(one.describe("zh") and one.describe("en") and one.where.file == str(path) for one in found.problems)
    return found.record, told(found.problems)


def told(problems: tuple[ir.Problem, ...]) -> list[tuple[str, str]]:
    return [(one.code, one.where.cell) for one in problems]


def form(tmp_path: Path, *rows: list[Any], merge: tuple[str, ...] = ()) -> Path:
    """A small form; its headings stand in the fifth row."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    head: list[list[Any]] = [
        ["项目支出绩效自评表（2023年度）"],
        ["项目名称", "某项目"],
        ["项目资金（万元）", None, "全年预算数", "全年执行数", "执行率", "得分"],
        [None, "年度资金总额", 10, 9, 0.9, 9],
    ]
    for row, values in enumerate([*head, *rows], start=1):
        fill(sheet, row, values)
    for area in merge:
        sheet.merge_cells(area)
    book.save(tmp_path / "form.xlsx")
    return tmp_path / "form.xlsx"


HEADS = ["一级指标", "二级指标", "三级指标", "年度指标值", "实际完成值", "分值", "得分", "偏差原因分析及改进措施"]
