"""The parts of a record, one table each: subject, budget, funds, goals, indicators, assessments, claims, narrative.

In: plain data of one table. Out: a frozen part, every key known, every value exact; what is worked out of its fields is kept with it. How they hang
together, and what every field means: `record`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from indicator_rules import quantity
from indicator_rules import record_fields as fields
from indicator_rules.attainment import Attainment, attainment
from indicator_rules.exact import Exact, divide
from indicator_rules.frozen import Frozen
from indicator_rules.json_form import OneRow
from indicator_rules.kept import Kept
from indicator_rules.quantity import Quantity, QuantityError, money_factor
from indicator_rules.record_fields import (
    Answer,
    Boolean,
    CategoryField,
    Count,
    Day,
    DirectionField,
    Figure,
    Id,
    KindField,
    MoneyUnitField,
    Name,
    NotNegative,
    Number,
    Part,
    ProjectTypeField,
    Prose,
    QuantityField,
    Report,
    Share,
    SourceField,
    Year,
    refuse,
)

MOST_ENTRIES = 2000


class Subject(Part):
    """Who or what is evaluated, and for which year (评价对象)."""

    name: Name  # 名称
    kind: KindField  # 类型
    year: Year  # 评价年度, never the filing year
    code: Name | None = None  # 项目编码
    project_type: ProjectTypeField | None = None  # 项目性质
    department: Name | None = None  # 主管部门
    unit: Name | None = None  # 实施单位
    region: Name | None = None  # 地区
    as_of: Day | None = None  # 数据截止日


class Amounts(Part):
    """The amounts of money that rubrics tell apart; None stands for no other. Units: that of `unit`."""

    NAMES: ClassVar[tuple[str, ...]] = (
        "expected", "initial", "added", "adjusted", "released", "received", "spent", "carried_in", "carried_out",
    )  # fmt: skip

    expected: NotNegative | None = None  # 预期投入
    initial: NotNegative | None = None  # 年初预算
    added: Number | None = None  # 本年追加, may be negative
    adjusted: NotNegative | None = None  # 全年预算数(调整后)
    released: NotNegative | None = None  # 指标下达
    received: NotNegative | None = None  # 实际到位
    spent: NotNegative | None = None  # 实际支出
    carried_in: NotNegative | None = None  # 上年结转
    carried_out: NotNegative | None = None  # 年末结余

    @Kept
    def in_yuan(self) -> Mapping[str, Exact | None]:
        """Every amount by name, in 元; made once, as evaluation reads them often."""
        factor = money_factor(getattr(self, "unit", None) or "元") or 1
        amounts: dict[str, Exact | None] = {}
        for name in self.NAMES:
            value: Decimal | None = getattr(self, name)
            if value is None:
                amounts[name] = None
                continue
            numerator, denominator = value.as_integer_ratio()
            amounts[name] = divide(numerator * factor, denominator)
        return Frozen(amounts)

    def amount(self, name: str) -> Exact | None:
        """One amount in 元, or None where the record has none. Raises KeyError for a name that no amount has."""
        return self.in_yuan[name]


class Budget(Amounts):
    """The money of the subject in the year (预算)."""

    unit: MoneyUnitField  # 计量单位 of all amounts

    @model_validator(mode="after")
    def _reckoned(self) -> Self:
        """Amounts are worked out while the record is read; scoring finds them ready."""
        self.in_yuan  # noqa: B018
        return self


class Fund(Amounts):
    """The same amounts from one source (资金来源). After reading, `unit` is always set."""

    source: SourceField  # 来源
    name: Name | None = None  # 资金名称
    unit: MoneyUnitField | None = None  # 计量单位, that of the budget unless given


class Goal(Part):
    """An overall goal for the year (年度总体目标)."""

    id: Id
    planned: Prose | None = None  # 预期目标
    achieved: Prose | None = None  # 实际完成情况
    weight: NotNegative | None = None  # 权重


class Counts(Part):
    """How many of those surveyed were satisfied (调查份数)."""

    satisfied: Count  # 满意人数
    surveyed: Count  # 受调查人数

    @model_validator(mode="after")
    def _part_of_whole(self) -> Self:
        if self.satisfied > self.surveyed:
            refuse("counts-exceed-surveyed", satisfied=self.satisfied, surveyed=self.surveyed)
        return self


class Indicator(Part):
    """One performance indicator of the subject, with its target and what came of it (绩效指标)."""

    VALUES: ClassVar[tuple[str, ...]] = ("initial_target", "target", "actual", "prior")

    id: Id
    category: CategoryField  # 指标类别
    name: Name  # 指标名称
    direction: DirectionField | None = None  # 方向
    initial_target: QuantityField | None = None  # 年初目标值
    target: QuantityField | None = None  # 目标值
    actual: QuantityField | None = None  # 实际完成值
    prior: QuantityField | None = None  # 上年值
    unit: Name | None = None  # 计量单位
    weight: NotNegative | None = None  # 权重
    level: Name | None = None  # 达成程度
    counts: Counts | None = None  # 调查份数
    goal: Id | None = None  # 所属绩效目标块
    part_of: Id | None = None  # 所属指标
    key: Boolean = False  # 核心指标
    basis: Prose | None = None  # 设定依据
    reason: Prose | None = None  # 偏差原因
    evidence: Prose | None = None  # 佐证材料

    @model_validator(mode="before")
    @classmethod
    def _words_stay_words(cls, data: Any) -> Any:
        """An entry that says it is qualitative may hold numbers amid words."""
        if not isinstance(data, Mapping) or not fields.is_qualitative(data.get("direction")):
            return data
        read = dict(data)
        for name in cls.VALUES:
            text = read.get(name)
            if isinstance(text, str) and text.strip() and len(text) <= quantity.LONGEST and fields.is_printable(text):
                read[name] = quantity.plain_words(text)
        return read

    @model_validator(mode="after")
    def _one_direction(self) -> Self:
        typed = self.target.direction if self.target is not None and self.target.kind == "number" else None
        if self.direction is not None and typed is not None and typed != self.direction:
            refuse("direction-differs", text=self.direction, typed=typed)
        return self

    @Kept
    def attainment(self) -> Attainment:
        """How far it got, before any ruleset has a say."""
        return attainment(self.direction, self.target, self.actual, surveyed=self.counts is not None)

    @model_validator(mode="after")
    def _values_in_unit(self) -> Self:
        """`target = 159` with `unit = "万元"` is 1590000 元."""
        if self.unit is not None:
            for name in self.VALUES:
                value: Quantity | None = getattr(self, name)
                if value is not None and value.unit is None and value.number is not None:
                    try:
                        object.__setattr__(self, name, value.with_unit(self.unit))
                    except QuantityError as error:
                        refuse(error.code, **error.values)
        self.attainment  # noqa: B018 -- worked out while the record is read; scoring finds it ready
        return self


class Rating(Part):
    """What one person gives for a criterion or indicator inside the range that its rule allows (评价人评分)."""

    points: Number | None = None  # 得分
    share: Share | None = None  # 得分率
    level: Name | None = None  # 等次
    reason: Prose | None = None  # 理由
    by: Name | None = None  # 评价人
    weight: NotNegative | None = None  # 评价人权重

    @model_validator(mode="after")
    def _one_pick(self) -> Self:
        if sum(value is not None for value in (self.points, self.share, self.level)) != 1:
            refuse("assessment-needs-one")
        return self


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, (Mapping, Rating)) else value


def _raters(ratings: tuple[Rating, ...]) -> tuple[Rating, ...]:
    if not ratings:  # not min_length: pydantic counts only the rows that are valid, and would say this of a broken one
        refuse("assessment-needs-one")
    weights = [rating.weight for rating in ratings if rating.weight is not None]
    if weights and (len(weights) != len(ratings) or not any(weights)):
        refuse("rater-weights")
    return ratings


Ratings = Annotated[tuple[Rating, ...], Field(max_length=100), BeforeValidator(_as_list), AfterValidator(_raters), OneRow()]


class Assessments(Part):
    """Picks by criterion and by indicator; one rater is a list of one."""

    criteria: Annotated[Mapping[Id, Ratings], Field(max_length=MOST_ENTRIES), AfterValidator(Frozen)] = Frozen()
    indicators: Annotated[Mapping[Id, Ratings], Field(max_length=MOST_ENTRIES), AfterValidator(Frozen)] = Frozen()


class Reasons(Part):
    """Texts by criterion and by indicator."""

    criteria: Annotated[Mapping[Id, Prose], Field(max_length=MOST_ENTRIES), AfterValidator(Frozen)] = Frozen()
    indicators: Annotated[Mapping[Id, Prose], Field(max_length=MOST_ENTRIES), AfterValidator(Frozen)] = Frozen()


class NotApplicable(Reasons):
    """What does not apply to this subject, and why (不适用)."""


class Deduction(Part):
    """Points taken off by hand (人工扣分)."""

    points: NotNegative  # 扣分
    reason: Prose | None = None  # 理由


class Deductions(Part):
    """Points taken off by hand, from a criterion, an indicator or the total."""

    criteria: Annotated[Mapping[Id, Deduction], Field(max_length=MOST_ENTRIES), AfterValidator(Frozen)] = Frozen()
    indicators: Annotated[Mapping[Id, Deduction], Field(max_length=MOST_ENTRIES), AfterValidator(Frozen)] = Frozen()
    total: Deduction | None = None


class ClaimReasons(Reasons):
    """Why the claimed points are what they are."""

    total: Prose | None = None


class Claims(Part):
    """Points that somebody else arrived at (自评分、复核分); never an input to scoring."""

    criteria: Annotated[Mapping[Id, Number], Field(max_length=MOST_ENTRIES), AfterValidator(Frozen)] = Frozen()
    indicators: Annotated[Mapping[Id, Number], Field(max_length=MOST_ENTRIES), AfterValidator(Frozen)] = Frozen()
    total: Number | None = None  # 总分
    grade: Name | None = None  # 等级
    by: Name | None = None  # 何人
    reasons: ClaimReasons | None = None  # 理由


class Narrative(Part):
    """The parts of the written report (报告正文)."""

    overview: Report | None = None  # 概况
    organisation: Report | None = None  # 自评组织
    method: Report | None = None  # 方法
    allocation: Report | None = None  # 资金分配方式
    spending: Report | None = None  # 支出明细
    fund_management: Report | None = None  # 资金管理
    experience: Report | None = None  # 经验做法
    problems: Report | None = None  # 存在的问题
    deviations: Report | None = None  # 偏离原因
    improvements: Report | None = None  # 改进措施
    publication: Report | None = None  # 结果应用与公开


class Point(Part):
    """A figure as it stood on a day."""

    date: Day  # 日期
    value: Figure  # 数


def _in_order(points: tuple[Point, ...]) -> tuple[Point, ...]:
    if not points:  # not min_length: see `_raters`
        refuse("list-too-short", length=0, limit=1)
    for earlier, later in pairwise(points):
        if later.date <= earlier.date:
            code = "series-date-repeated" if later.date == earlier.date else "series-order"
            refuse(code, text=later.date.isoformat(), after=earlier.date.isoformat())
    return points


Series = Annotated[tuple[Point, ...], Field(max_length=400), AfterValidator(_in_order)]
"""Figures by date (按日期的数), earliest first."""


def _form(value: object) -> str:
    if not isinstance(value, (list, tuple)):
        return "one"
    return "series" if not value or any(isinstance(one, (Mapping, Point)) for one in value) else "one"


AnswerField = Annotated[Annotated[Series, Tag("series")] | Annotated[Answer, Tag("one")], Discriminator(_form)]
