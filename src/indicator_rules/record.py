"""The record (填报记录): everything that is known about one subject in one evaluation year.

In: plain data (from `reading`, or keyword arguments). Out: a frozen `EvaluationRecord`; unknown keys are refused, numbers are exact, and
absent is absent (None or empty), never zero. Guaranteed: ids are unique, `goal`, `part_of` and the keys of `assessments.indicators` and
the like name entries that exist, and `canonical()` is one text for one meaning (1.0 and 1.00 are the same number).

Fields (? may be absent; all texts are stripped; ✎ accepts the Chinese form too):
- subject 评价对象: name 名称, code? 项目编码, kind ✎ 类型 project|department|transfer, project_type? ✎ new 新增|continuing 延续|one-off 一次性|
  recurring 经常性, department? 主管部门, unit? 实施单位, region? 地区, year 评价年度, as_of? 截止日
- budget? 预算: unit 元|千元|万元|亿元, and amounts in it: expected? 预期投入, initial? 年初预算, added? 本年追加 (may be negative), adjusted? 全年预算数,
  released? 指标下达, received? 实际到位, spent? 实际支出, carried_in? 上年结转, carried_out? 年末结余
- funds[] 资金来源: source ✎ central|provincial|municipal|county|carried-over|other, name?, unit? (that of `budget` unless given), the same amounts
- goals[] 绩效目标块: id (default `g1`, `g2` … by position), planned? 预期目标, achieved? 完成情况, weight? 权重
- indicators[] 绩效指标: id (default `i1`, `i2` … by position), category ✎ 类别, name 名称, direction? ✎ 方向, initial_target? 年初目标值, target? 目标值,
  actual? 实际值, prior? 上年值 (`Quantity`s), unit? 计量单位 (read into values typed without one), weight? 权重, level? 达成程度,
  counts? 调查份数 {satisfied, surveyed}, goal? 所属目标 (id), part_of? 所属指标 (id), key 核心指标 (false), basis? 依据, reason? 偏差原因,
  evidence? 佐证. With direction `qualitative`, texts are not read as numbers.
- answers 核实结果: name → yes-no, number, text or date, or a list of {date 日期, value 数} (a number, or text with its unit), earliest first
- assessments 评价人评分: criteria, indicators: id → one table or a list of them: points|share|level (exactly one), reason?, by?, weight?
- not_applicable 不适用: criteria, indicators: id → reason
- deductions 扣分: criteria, indicators: id → {points, reason?}; total? {points, reason?}
- declared 自评分, reviewed 复核分: criteria, indicators: id → points; total?, grade?, by?, reasons {criteria, indicators: id → text; total?}
- narrative 报告正文: overview 概况, organisation 组织, method 方法, allocation 资金分配方式, spending 支出明细, fund_management 资金管理,
  experience 经验, problems 问题, deviations 偏离原因, improvements 改进措施, publication 应用公开 (each may be absent)
- assumed 未见佐证: key paths such as `answers.approved`, `indicators.i3.actual`, `budget.received`, `assessments.criteria.x`
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from indicator_rules import quantity
from indicator_rules import record_fields as fields
from indicator_rules.frozen import Frozen
from indicator_rules.kept import Kept
from indicator_rules.quantity import Quantity
from indicator_rules.record_fields import (
    Name,
    Part,
    refuse,
)
from indicator_rules.record_parts import (
    MOST_ENTRIES,
    AnswerField,
    Assessments,
    Budget,
    Claims,
    Deductions,
    Fund,
    Goal,
    Indicator,
    Narrative,
    NotApplicable,
    Subject,
)


class EvaluationRecord(Part):
    """Everything known about one subject in one evaluation year (填报记录)."""

    subject: Subject  # 评价对象
    budget: Budget | None = None  # 预算
    funds: Annotated[tuple[Fund, ...], Field(max_length=200)] = ()  # 资金来源
    goals: Annotated[tuple[Goal, ...], Field(max_length=100)] = ()  # 年度总体目标
    indicators: Annotated[tuple[Indicator, ...], Field(max_length=MOST_ENTRIES)] = ()  # 绩效指标
    answers: Annotated[Mapping[Name, AnswerField], Field(max_length=2000), AfterValidator(Frozen)] = Frozen()  # 评价要点核实结果
    assessments: Assessments = Assessments()  # 评价人评分
    not_applicable: NotApplicable = NotApplicable()  # 不适用
    deductions: Deductions = Deductions()  # 人工扣分
    declared: Claims | None = None  # 自评分
    reviewed: Claims | None = None  # 复核分
    narrative: Narrative = Narrative()  # 报告正文
    assumed: Annotated[tuple[Name, ...], Field(max_length=5000)] = ()  # 未见佐证

    @model_validator(mode="before")
    @classmethod
    def _ids_by_position(cls, data: Any) -> Any:
        """Goals and indicators without an id get `g1`, `i1` … by their place in the file."""
        if not isinstance(data, Mapping):
            return data
        read = dict(data)
        for key, letter in (("goals", "g"), ("indicators", "i")):
            rows = read.get(key)
            if isinstance(rows, (list, tuple)):
                read[key] = [
                    {"id": f"{letter}{position}", **row} if isinstance(row, Mapping) else row
                    for position, row in enumerate(rows, start=1)
                ]
        return read

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        for row in self.funds:
            if row.unit is None and self.budget is not None:
                object.__setattr__(self, "funds", tuple(self._with_unit(row) for row in self.funds))
                break
        problems = list(_broken_links(self))
        if problems:
            refuse("record-links", problems=problems)
        self.by_category  # noqa: B018 -- sorted while the record is read; scoring finds them so
        return self

    def _with_unit(self, row: Fund) -> Fund:
        return row.model_copy(update={"unit": self.budget.unit}) if row.unit is None and self.budget is not None else row

    @Kept
    def indicator_by_id(self) -> Mapping[str, Indicator]:
        """Entries by their ids."""
        return Frozen({entry.id: entry for entry in self.indicators})

    @Kept
    def by_category(self) -> Mapping[str, Sequence[Indicator]]:
        """Entries by their categories, in the order of the record."""
        found: dict[str, list[Indicator]] = {}
        for entry in self.indicators:
            found.setdefault(entry.category, []).append(entry)
        return Frozen({category: tuple(entries) for category, entries in found.items()})

    def canonical(self) -> str:
        """The record as JSON for digests: one text for one meaning. Absent fields are left out and keys are sorted."""
        return _json(self)


_Link = tuple[tuple[str | int, ...], str, dict[str, object]]


def _broken_links(record: EvaluationRecord) -> Iterator[_Link]:
    """Key path, code and values of everything that names what does not exist, or exists twice."""
    entries = [entry.id for entry in record.indicators]
    goals = [goal.id for goal in record.goals]
    suggestion = fields.Suggestions()
    yield from _repeats("indicators", entries)
    yield from _repeats("goals", goals)
    known, known_goals = set(entries), set(goals)
    for position, entry in enumerate(record.indicators):
        if entry.goal is not None and entry.goal not in known_goals:
            yield ("indicators", position, "goal"), "unknown-goal", {"text": entry.goal, **suggestion(entry.goal, goals)}
        if entry.part_of == entry.id:
            yield ("indicators", position, "part_of"), "part-of-itself", {"text": entry.id}
        elif entry.part_of is not None and entry.part_of not in known:
            yield (
                ("indicators", position, "part_of"),
                "unknown-indicator",
                {"text": entry.part_of, **suggestion(entry.part_of, entries)},
            )
    for path, keys in _keys_of_indicators(record):
        for key in keys:
            if key not in known:
                yield (*path, key), "unknown-indicator", {"text": key, **suggestion(key, entries)}
    if record.budget is None:
        yield from ((("funds", position), "unit-missing", {}) for position, row in enumerate(record.funds) if row.unit is None)
    rows: dict[int, Mapping[str, object]] = {}
    for position, path_text in enumerate(record.assumed):
        if not _resolves(record, path_text.split("."), rows):
            yield ("assumed", position), "unknown-path", {"text": quantity.shown(path_text)}


def _repeats(section: str, ids: Sequence[str]) -> Iterator[_Link]:
    seen: set[str] = set()
    for position, name in enumerate(ids):
        if name in seen:
            yield (section, position, "id"), "repeated-id", {"text": name}
        seen.add(name)


def _keys_of_indicators(record: EvaluationRecord) -> Iterator[tuple[tuple[str, ...], Mapping[str, object]]]:
    yield ("assessments", "indicators"), record.assessments.indicators
    yield ("not_applicable", "indicators"), record.not_applicable.indicators
    yield ("deductions", "indicators"), record.deductions.indicators
    for name, claims in (("declared", record.declared), ("reviewed", record.reviewed)):
        if claims is not None:
            yield (name, "indicators"), claims.indicators
            if claims.reasons is not None:
                yield (name, "reasons", "indicators"), claims.reasons.indicators


def _resolves(value: object, path: Sequence[str], rows: dict[int, Mapping[str, object]]) -> bool:
    """Whether `path` leads to something that the record holds; list rows are named by id (or source), or by position from 0. `rows` keeps the
    names of lists met before: thousands of paths may lead through thousands of entries."""
    for part in path:
        if isinstance(value, BaseModel):
            value = getattr(value, part, None) if part in type(value).model_fields else None
        elif isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, tuple):
            named = rows.get(id(value))
            if named is None:
                named = rows[id(value)] = _by_name(value)
            at = int(part) if part.isascii() and part.isdecimal() and len(part) < 6 else None
            value = named[part] if part in named else value[at] if at is not None and at < len(value) else None
        else:
            return False
        if value is None:
            return False
    return True


def _by_name(rows: tuple[object, ...]) -> dict[str, object]:
    """The first row of each id or source."""
    named: dict[str, object] = {}
    for row in rows:
        for name in (getattr(row, "id", None), getattr(row, "source", None)):
            if name is not None:
                named.setdefault(name, row)
    return named


def _json(value: object) -> str:
    """Canonical JSON. Numbers are written as numbers, digit by digit: they may be more exact than a float."""
    if isinstance(value, BaseModel):
        value = {name: getattr(value, name) for name in type(value).model_fields}
    if isinstance(value, Quantity):
        value = value.canonical()
    if isinstance(value, Mapping):
        pairs = ((key, _json(item)) for key, item in sorted(value.items()) if item is not None)
        return "{" + ",".join(f"{_json(key)}:{text}" for key, text in pairs if text not in ("{}", "[]")) + "}"
    if isinstance(value, tuple):
        return "[" + ",".join(map(_json, value)) + "]"
    if isinstance(value, Decimal):
        return format(value, "f")
    return json.dumps(value.isoformat() if isinstance(value, date) else value, ensure_ascii=False)
