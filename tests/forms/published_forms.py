"""Published self-evaluations as the workbooks that offices fill in: national, Hubei and Chongqing layouts, made from records."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

FIRST = {"output": "产出指标", "benefit": "效益指标", "satisfaction": "满意度指标", "cost": "成本指标"}
SECOND = {
    "output.quantity": "数量指标", "output.quality": "质量指标", "output.timeliness": "时效指标", "output.cost": "成本指标",
    "benefit.economic": "经济效益指标", "benefit.social": "社会效益指标", "benefit.ecological": "生态效益指标",
    "benefit.sustainable": "可持续影响指标", "satisfaction": "服务对象满意度指标", "cost.economic": "经济成本指标",
    "cost.social": "社会成本指标", "cost.ecological": "生态环境成本指标",
}  # fmt: skip


def fill(sheet: Worksheet, row: int, values: Iterable[Any]) -> None:
    for column, value in enumerate(values, start=1):
        if value is not None:
            cell = sheet.cell(row, column, value)
            if isinstance(value, str):
                cell.data_type = "s"  # `=100%` is text


def merge_runs(sheet: Worksheet, column: int, first: int, texts: list[str]) -> None:
    """Equal neighbours down a column as one merged cell, as forms print categories."""
    start = 0
    for place in range(1, len(texts) + 1):
        if place == len(texts) or texts[place] != texts[start]:
            for row in range(first + start + 1, first + place):
                sheet.cell(row, column).value = None
            if place - start > 1:
                sheet.merge_cells(start_row=first + start, end_row=first + place - 1, start_column=column, end_column=column)
            start = place


def national(record: dict[str, Any], path: Path, *, second: bool = True) -> None:
    """项目支出绩效自评表 of 财预〔2020〕10号."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "自评表"
    subject, budget, claims = record["subject"], record.get("budget", {}), record.get("declared", {})
    fill(sheet, 1, ["项目支出绩效自评表"])
    sheet.merge_cells("A1:J1")
    fill(sheet, 2, [f"（{subject['year']}年度）"])
    sheet.merge_cells("A2:J2")
    fill(sheet, 3, ["项目名称", None, subject["name"]])
    sheet.merge_cells("A3:B3")
    sheet.merge_cells("C3:J3")
    fill(sheet, 4, ["主管部门", None, subject.get("department"), None, None, "实施单位", None, subject.get("unit")])
    unit = budget.get("unit", "万元")
    fill(sheet, 5, [f"项目资金\n（{unit}）", None, None, "年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分"])
    sheet.merge_cells("A5:B9")
    score = claims.get("criteria", {}).get("budget_execution")
    fill(
        sheet,
        6,
        [None, None, "年度资金总额", budget.get("initial"), budget.get("adjusted"), budget.get("spent"), 10, 0.9003, score],
    )
    sheet["H6"].number_format = "0.00%"
    fill(
        sheet,
        7,
        [None, None, "其中：当年财政拨款", budget.get("initial"), budget.get("adjusted"), budget.get("spent"), "—", None, "—"],
    )
    fill(sheet, 8, [None, None, "      上年结转资金", None, None, None, "—", None, "—"])
    fill(sheet, 9, [None, None, "      其他资金", None, None, None, "—", None, "—"])
    fill(sheet, 10, ["年度总体目标", "预期目标", None, None, None, "实际完成情况"])
    fill(sheet, 11, [None, "完成全年任务。", None, None, None, "全部完成。"])
    sheet.merge_cells("A10:A11")
    sheet.merge_cells("B11:E11")
    sheet.merge_cells("F11:J11")
    heads = [
        "一级指标",
        *(["二级指标"] if second else []),
        "三级指标",
        "年度指标值",
        "实际完成值",
        "分值",
        "得分",
        "偏差原因分析及改进措施",
    ]
    fill(sheet, 13, ["绩\n效\n指\n标", *heads])
    entries = record["indicators"]
    sheet.merge_cells(start_row=13, end_row=13 + len(entries), start_column=1, end_column=1)
    for row, entry in enumerate(entries, start=14):
        points = claims.get("indicators", {}).get(entry.get("id", f"i{row - 13}"))
        level = [SECOND.get(entry["category"])] if second else []
        first = FIRST[entry["category"].partition(".")[0]]
        values = [entry.get("target"), entry.get("actual"), entry.get("weight"), points, entry.get("reason")]
        fill(sheet, row, [None, first, *level, f"指标{row - 13}：{entry['name']}", *values])
    for column in (2, 3) if second else (2,):
        merge_runs(sheet, column, 14, [str(sheet.cell(row, column).value) for row in range(14, 14 + len(entries))])
    last = 14 + len(entries)
    fill(
        sheet,
        last,
        ["总分", None, None, None, None, None, 100, claims.get("total")]
        if second
        else ["总分", None, None, None, None, 100, claims.get("total")],
    )
    fill(sheet, last + 2, ["注：1.得分一档最高不能超过该指标分值上限。"])
    book.save(path)


def hubei(record: dict[str, Any], path: Path) -> None:
    """湖北: execution 20, blocks of goals with points in their names, no column of weights: they stand behind the names."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    subject, budget, claims = record["subject"], record["budget"], record["declared"]
    fill(sheet, 1, [f"{subject['year']}年度{subject['name']}项目自评表"])
    sheet.merge_cells("A1:G1")
    fill(sheet, 2, ["单位名称：" + subject["unit"], None, None, None, None, "填报日期：2021年3月1日"])
    fill(sheet, 3, ["项目名称", None, subject["name"]])
    fill(sheet, 4, ["主管部门", None, None, None, "项目实施单位", subject["unit"]])
    fill(sheet, 5, ["项目属性", None, "1、持续性项目☑  2、新增性项目□"])
    fill(
        sheet,
        6,
        ["预算执行情况\n（万元）\n（20分）", None, None, "预算数（A）", "执行数（B）", "执行率（B/A）", "得分\n（20分*执行率）"],
    )
    sheet.merge_cells("A6:B7")
    fill(
        sheet, 7, [None, None, "年度财政资金总额", budget["adjusted"], budget["spent"], 1, claims["criteria"]["budget_execution"]]
    )
    sheet["F7"].number_format = "0%"
    row = 8
    for number, goal in enumerate(record["goals"], start=1):
        row += 1  # a blank row before each block
        fill(sheet, row, [f"年度绩效目标{number}（{goal['weight']}分）：按计划完成监测"])
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=7)
        fill(sheet, row + 1, ["一级指标", "二级指标", "三级指标", None, "年初目标值（A）", "实际完成值（B）", "得分"])
        sheet.merge_cells(start_row=row + 1, end_row=row + 1, start_column=3, end_column=4)
        row += 2
        for entry in (one for one in record["indicators"] if one["goal"] == goal["id"]):
            points = claims["indicators"][entry["id"]]
            second = SECOND[entry["category"]].replace("时效", "进度")
            name = f"{entry['name']}（{entry['weight']}分）"
            fill(
                sheet,
                row,
                [FIRST[entry["category"].partition(".")[0]], second, name, None, entry["target"], entry["actual"], points],
            )
            sheet.merge_cells(start_row=row, end_row=row, start_column=3, end_column=4)
            row += 1
    fill(sheet, row, ["总分", None, None, None, None, None, claims["total"]])
    fill(sheet, row + 1, ["偏差大或目标未完成原因分析", None, "无"])
    fill(sheet, row + 2, ["改进措施及结果应用方案", None, "继续加强监测。"])
    fill(sheet, row + 3, ["备注：1.预算执行情况口径：预算数为调整后财政资金总额（包括上年结余结转）。"])
    book.save(path)


def chongqing(record: dict[str, Any], path: Path) -> None:
    """重庆: 年初 and 调整指标值, sign and unit in columns of their own, a coefficient, core indicators."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "绩效自评"
    other = book.create_sheet("填表说明")
    other["A1"] = "本表由单位填报。"
    subject, claims = record["subject"], record["declared"]
    fill(sheet, 1, [f"{subject['year']}年度部门整体绩效自评表"])
    fill(sheet, 2, ["部门名称", subject["name"], None, "预算单位", subject["unit"], None, "联系人", "张某"])
    fill(
        sheet,
        3,
        ["预算执行情况（万元）", "年初预算数", "全年（调整）预算数", "全年执行数", "执行率（%）", "执行率权重", "执行率得分"],
    )
    fill(sheet, 4, [None, 100, 125, 95, 76, 10, claims["criteria"]["budget_execution"]])
    fill(sheet, 5, ["年初绩效目标", None, None, "全年（调整）绩效目标", None, "全年目标实际完成情况"])
    fill(sheet, 6, ["办好融媒体中心。", None, None, None, None, "已办好。"])
    heads = [
        "一级指标",
        "指标名称",
        "指标性质",
        "计量单位",
        "指标权重",
        "年初指标值",
        "调整指标值",
        "全年完成值",
        "得分系数（%）",
        "指标得分",
        "是否核心指标",
        "说明",
    ]
    fill(sheet, 8, heads)
    for row, entry in enumerate(record["indicators"], start=9):
        sign, number, unit = "", str(entry.get("target", "")), ""
        if number[:1] in "≥≤=":
            sign, number = number[:1], number[1:]
        digits = number.rstrip("次篇份%")
        unit = number[len(digits) :] or str(entry["actual"]).lstrip("0123456789.")
        actual = float(str(entry["actual"]).rstrip("次篇份%"))
        initial = float(digits) if digits else None
        first = FIRST[entry["category"].partition(".")[0]]
        points = claims["indicators"][entry["id"]]
        fill(
            sheet,
            row,
            [
                first,
                entry["name"],
                sign or None,
                unit,
                entry["weight"],
                initial,
                None,
                actual,
                100,
                points,
                "是" if entry.get("key") else "否",
            ],
        )
    fill(sheet, 9 + len(record["indicators"]), ["合计", None, None, None, 90, None, None, None, None, claims["total"]])
    book.save(path)
