"""What the columns and labels of forms are called: heading as printed → field of a record.

A field is a key path of the record as text; `*` stands for a row of a list or for its id: `indicators.*.target` is the target of an entry,
`declared.indicators.*` the points claimed for it. Headings are compared without blanks, signs, brackets and what stands in them.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, TypeAlias

from indicator_rules.quantity import normalise

FieldKind: TypeAlias = Literal["text", "number", "money", "quantity", "day", "year", "truth", "any"]

NOT_KEPT = ""
"""The field of a column that follows from others (完成率, 序号): known, and left to be computed."""


class Field(NamedTuple):
    """A place in a record that a form may fill. `headings`: what it is called, its own label first."""

    path: str
    kind: FieldKind
    headings: tuple[str, ...]

    @property
    def label(self) -> str:
        return self.headings[0]


def _fields(prefix: str, *rows: tuple[str, FieldKind, str]) -> tuple[Field, ...]:
    return tuple(Field(prefix + path, kind, tuple(headings.split())) for path, kind, headings in rows)


SUBJECT = _fields(
    "subject.",
    ("name", "text", "项目名称 评价对象名称 评价对象 部门名称 专项名称 转移支付名称 专项资金名称 项目名"),
    ("kind", "text", "评价对象类型 对象类型"),
    ("year", "year", "评价年度 年度 预算年度 自评年度 绩效年度 年份"),
    ("code", "text", "项目编码 项目代码 项目编号"),
    ("project_type", "text", "项目性质 项目属性"),
    ("department", "text", "主管部门 项目主管部门 主管部门及代码 中央主管部门 省级主管部门 主管单位 业务主管部门"),
    ("unit", "text", "实施单位 项目单位 项目实施单位 预算单位 填报单位 承担单位 使用单位 地方主管部门 单位名称 资金使用单位"),
    ("region", "text", "地区 所属地区 行政区划 区划 省市"),
    ("as_of", "day", "数据截止日 截止日 截止日期 基准日"),
)  # fmt: skip
AMOUNTS = _fields(
    "budget.",
    ("expected", "money", "预期投入"),
    ("initial", "money", "年初预算数 年初预算 年初预算金额 年初预算安排数 年初预算资金"),
    ("added", "money", "本年追加 追加 追加预算 本年追加预算 调整数"),
    ("adjusted", "money", "全年预算数 全年预算 调整后预算数 调整后预算 全年调整预算数 调整预算数 预算数 预算金额 全年预算金额"),
    ("released", "money", "指标下达 下达指标 指标下达数 下达资金"),
    ("received", "money", "实际到位 实际到位资金 到位资金 到位数 实际到位数 资金到位数"),
    ("spent", "money", "实际支出 全年执行数 执行数 全年执行 支出数 实际支出数 全年支出数 预算执行数 实际执行数 执行金额 全年支出"),
    ("carried_in", "money", "上年结转 上年结转数"),
    ("carried_out", "money", "年末结余 结余 结余数 年末结转结余 结转结余"),
)  # fmt: skip
FUNDS = _fields(
    "funds.*.",
    ("source", "text", "资金来源 来源"),
    ("name", "text", "资金名称"),
    ("unit", "text", "资金单位"),
) + tuple(Field(one.path.replace("budget.", "funds.*."), one.kind, one.headings) for one in AMOUNTS)
GOALS = _fields(
    "goals.*.",
    ("id", "text", "目标编号"),
    ("planned", "text", "预期目标 年初绩效目标 年初设定目标 全年绩效目标 年度目标 目标内容 绩效目标 总体目标 年初设定绩效目标"),
    ("achieved", "text", "实际完成情况 目标实际完成情况 全年目标实际完成情况 完成情况 全年实际完成情况 目标完成情况"),
    ("weight", "number", "目标权重"),
)  # fmt: skip
INDICATORS = _fields(
    "indicators.*.",
    ("id", "text", "指标编号 指标编码"),
    ("category", "text", "指标类别 指标类型 类别"),
    ("category.1", "text", "一级指标 一级指标名称"),
    ("category.2", "text", "二级指标 二级指标名称"),
    ("name", "text", "指标名称 三级指标 三级指标名称 指标内容 绩效指标名称 指标"),
    ("direction", "text", "指标方向 指标性质 方向 计算符号 符号 指标符号 运算符号"),
    ("initial_target", "quantity", "年初指标值 年初目标值 年初绩效指标值 年初值"),
    ("target", "quantity", ("年度指标值 指标值 目标值 年度目标值 调整指标值 调整后指标值 全年指标值 预期指标值 绩效指标值 计划指标值 计划值 "
     "年度绩效指标值 预期值 调整值 设定值 绩效目标值 全年目标值")),
    ("actual", "quantity", ("实际完成值 全年完成值 全年实际完成值 指标实际完成值 完成值 实际值 全年实际值 实际完成 实际完成情况 完成情况 实际完成指标值 "
     "实际完成指标 完成指标值")),
    ("prior", "quantity", "上年值 上年完成值 上年实际值 上年实际完成值"),
    ("unit", "text", "计量单位 度量单位 单位"),
    ("weight", "number", "权重 分值 指标权重 指标分值 指标分值权重 权重分值 标准分 满分"),
    ("level", "text", "达成程度 达成情况 达成等次 评价等次 等次 或等次"),
    ("counts.satisfied", "number", "满意人数 满意份数"),
    ("counts.surveyed", "number", "受调查人数 调查人数 调查份数 有效问卷"),
    ("goal", "text", "所属目标 所属绩效目标"),
    ("part_of", "text", "所属指标"),
    ("key", "truth", "核心指标 是否核心指标 是否核心"),
    ("basis", "text", "设定依据 指标值设置依据 指标值设定依据 指标设定依据 指标值依据"),
    ("reason", "text", ("偏差原因 偏差原因分析及改进措施 偏差原因分析 未完成原因 未完成原因分析 未完成原因及改进措施 偏差原因及改进措施 未完成原因和改进措施 "
     "未完成原因及拟采取的改进措施 偏差原因分析及整改措施 未完成原因分析及改进措施 原因分析 偏差说明 说明 备注")),
    ("evidence", "text", "佐证材料 佐证资料 佐证 证明材料 数据来源"),
)  # fmt: skip
INDICATOR_CLAIMS = _fields(
    "",
    ("declared.indicators.*", "number", "自评得分 得分 自评分 指标得分 自评分数 指标自评得分"),
    ("reviewed.indicators.*", "number", "复核得分 复核分 核定得分 评审得分 复评得分"),
)
RATINGS = _fields(
    "",
    ("assessments.indicators.*.points", "quantity", "评定得分 评定分"),
    ("assessments.indicators.*.share", "quantity", "或得分率 得分率 评定得分率"),
    ("assessments.indicators.*.reason", "text", "评定理由 评价理由"),
    ("assessments.indicators.*.by", "text", "评价人 评定人"),
    ("deductions.indicators.*.points", "number", "人工扣分"),
    ("deductions.indicators.*.reason", "text", "扣分理由 扣分原因"),
    ("not_applicable.indicators.*", "text", "不适用的原因 不适用原因 不适用"),
)
"""What a person says of an entry, as the columns of our own form are called."""
CLAIMS = _fields(
    "",
    ("declared.total", "number", "自评总分 总分 自评得分 总得分 自评总得分 自评分"),
    ("declared.grade", "text", "自评等级 自评结果等级 评价等级 等级 自评等次 评价等次 自评结论"),
    ("reviewed.total", "number", "复核总分 复核得分 复核分"),
    ("reviewed.grade", "text", "复核等级 复核等次"),
)
TEXTS = _fields(
    "narrative.",
    ("overview", "text", "项目概况 项目基本情况 概况"),
    ("organisation", "text", "自评工作组织情况 自评组织"),
    ("method", "text", "评价方法"),
    ("spending", "text", "支出明细"),
    ("fund_management", "text", "资金管理情况 资金管理"),
    ("experience", "text", "经验做法 主要经验及做法 主要经验做法"),
    ("problems", "text", "存在的问题 存在问题 主要问题 存在的主要问题"),
    ("deviations", "text", "偏离原因 偏差大或目标未完成原因分析 偏差原因分析 目标未完成原因分析 偏离绩效目标的原因 未完成原因分析"),
    ("improvements", "text", "改进措施 改进措施及结果应用方案 下一步改进措施 整改措施 拟采取的改进措施"),
    ("publication", "text", "结果应用与公开 结果应用 自评结果应用和公开情况"),
)  # fmt: skip
OF_TABLES = _fields(
    "",
    ("subject.name", "text", "项目 名称"),
    ("subject.code", "text", "编码 代码 编号 项目号"),
    ("subject.department", "text", "归口部门 归口管理部门 主管科室 归口科室"),
    ("subject.region", "text", "区县 县区 市县 县市区"),
    ("budget.initial", "money", "年初批复 年初批复数 批复预算 批复金额 年初安排 年初安排数"),
    ("budget.adjusted", "money", "调整后 年度预算 年度预算数 预算"),
    ("budget.spent", "money", "支付金额 支付数 实际支付 已支付 累计支付 支出金额 支出 执行"),
    ("budget.received", "money", "到位 到位金额"),
    ("budget.carried_out", "money", "结转 结转金额 年末结转 结余资金 结余金额"),
    ("indicators.*.target", "quantity", "目标 年度目标 年初目标"),
    ("indicators.*.actual", "quantity", "完成 完成数 实际 实际数"),
)
"""Shorter names of the same fields, plain enough in a table of many records; on a form they would be taken for what a form prints."""
DERIVED = frozenset(
    [
        "序号",
        "完成率",
        "指标完成率",
        "完成比例",
        "执行率",
        "预算执行率",
        "得分系数",
        "扣分",
        "执行率权重",
        "指标赋分规则",
        "指标权重合计",
        "未完成率",
        "偏差率",
        "偏离度",
        "全年执行率",
        "支出率",
    ]
)
"""Headings of columns that follow from others, or that the ruleset has to say."""

MONEY_UNIT = Field("budget.unit", "text", ("计量单位",))
FIELDS = {
    one.path: one for one in (*SUBJECT, MONEY_UNIT, *AMOUNTS, *FUNDS, *GOALS, *INDICATORS, *INDICATOR_CLAIMS, *CLAIMS, *TEXTS)
}


def heading(text: str) -> str:
    """A heading as they are compared: narrowed, without brackets, numbering and signs around it.

    >>> heading("　年初目标值（A）："), heading("全年(调整)预算数"), heading("三、存在的问题")
    ('年初目标值', '全年预算数', '存在的问题')
    """
    compact = re.sub(r"\([^()]*\)|\[[^\[\]]*\]|【[^】]*】", "", normalise(text))
    compact = re.sub(r"^(?:[(]?[一二三四五六七八九十]{1,2}[)、.]|[0-9]{1,2}[、.])", "", compact)
    return compact.strip(":：*★※/、,，;；.。-—\"'“”")


def by_heading(*groups: tuple[Field, ...]) -> dict[str, Field]:
    """Heading → field; what comes first keeps its name."""
    found: dict[str, Field] = {}
    for group in groups:
        for one in group:
            for name in one.headings:
                found.setdefault(heading(name), one)
    return found


def kind_of(path: str) -> FieldKind:
    """How the cells of a field are read; those that no form heads (answers, assessments) are kept as they are."""
    known = FIELDS.get(path)
    if known is not None:
        return known.kind
    last = path.rpartition(".")[2]
    if path.startswith(("answers.", "deductions.")) and last != "reason":
        return "any" if path.startswith("answers.") else "number"
    if path.startswith(("declared.", "reviewed.")) and ".reasons." not in path and last not in ("grade", "by"):
        return "number"
    return "quantity" if last in ("points", "share") else "number" if last == "weight" else "text"


_FUND = re.compile("财政|拨款|补助|结转|其他|其它|自筹|资金|贷款|上级|本级|预算|债券|收入")
_SOURCES = {"上年结转": "结转", "中央": "中央", "省级": "省|自治区|直辖市", "市级": "市", "县级": "县|区", "其他": ""}


def fund_source(text: str) -> str | None:
    """Where money comes from, by the name that a form prints for it; None if it is no name of a fund.

    >>> fund_source("省级财政资金"), fund_source("当年财政拨款"), fund_source("培训")
    ('省级', '其他', None)
    """
    if not _FUND.search(text):
        return None
    return next(name for name, words in _SOURCES.items() if re.search(words, text))


def money_unit(text: str) -> str | None:
    """The unit that a heading names: 项目资金（万元）, 单位：元.

    >>> money_unit("预算执行情况（万元）（20分）"), money_unit("金额单位：元"), money_unit("公里")
    ('万元', '元', None)
    """
    found = re.search(r"(?:[(:]|单位为?|以)((?:[千万]|亿)?元)(?:$|[),;，人])", normalise(text))
    return found[1] if found else None
