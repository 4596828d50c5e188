"""What the random rulesets and records talk about."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, TypeAlias, TypeVar

Data: TypeAlias = dict[str, Any]
Item = TypeVar("Item")

INPUTS: dict[str, Data] = {
    "plan_made": {"label": "立项程序规范", "type": "yes-no"},
    "books_kept": {"label": {"zh": "账目清楚", "en": "books kept"}, "type": "yes-no"},
    "audited": {"label": "已审计", "type": "yes-no", "notes": "以审计报告为准"},
    "class": {"label": "项目类别", "type": "choice", "choices": ["甲类", "乙类", "丙类"]},
    "quality": {"label": "质量等次", "type": "choice", "choices": ["优秀", "良好", "一般"]},
    "times": {"label": "整改次数", "type": "count"},
    "missing_papers": {"label": "缺少材料数", "type": "count"},
    "misused": {"label": "违规金额", "type": "amount"},
    "coverage": {"label": "覆盖率", "type": "number"},
    "handed_in": {"label": "报送日期", "type": "date"},
    "accepted": {"label": "验收日期", "type": "date"},
    "remark": {"label": "核查意见", "type": "text"},
    "paid": {"label": "支出进度", "type": "series", "of": "amount"},
    "share_paid": {"label": "进度比例", "type": "series", "of": "number"},
    "visits": {"label": "累计走访", "type": "series", "of": "count"},
}
REGIONS = ("东区", "西区", "开发区")
REMARKS = ("通过", "退回")
MONEY_NAMES = (
    "budget.expected", "预期投入", "budget.initial", "年初预算数", "年初预算", "budget.adjusted", "全年预算数", "budget.released", "指标下达",
    "budget.received", "实际到位", "budget.spent", "实际支出", "全年执行数", "budget.carried_in", "上年结转", "budget.carried_out", "年末结余",
    "budget.added", "本年追加", "misused", "违规金额", "inputs.misused",
)  # fmt: skip
RATIO_CUTS = ("0", "50%", "0.6", "60%", "70%", "0.8", "80%", "85%", "90%", "95%", "98%", "1", "100%", "110%", "1.3", "1.5", "2")
COUNT_CUTS = ("0", "1", "2", "3", "4", "5", "8", "10", "2.5")
MONEY_CUTS = ("0", "5000元", "2千元", "1万元", "20万元", "100万元", "1.5万元", "0.01亿元")
DAYS = ("2023-06-30", "date(year, 6, 30)", "2023-01-31", "2024-02-29", "handed_in", "报送日期", "accepted", "截止日")
CATEGORIES = (
    "output.quantity", "output.quality", "output.timeliness", "output.cost", "cost.economic", "cost.social", "cost.ecological",
    "benefit.economic", "benefit.social", "benefit.ecological", "benefit.sustainable", "satisfaction", "output", "cost", "benefit",
)  # fmt: skip
SHARINGS: tuple[tuple[str | list[str], ...], ...] = (
    ("output", "benefit", "satisfaction"),
    (["output.quantity", "output.quality"], ["output.timeliness", "cost"], "benefit"),
    (["output", "cost"], ["benefit", "satisfaction"]),
    ("output.quantity", "output.quality", "output.timeliness"),
    (["output", "benefit", "satisfaction", "cost"],),
)
"""Categories for criteria over entries, without overlap."""


def chance(rng: Random, percent: int) -> bool:
    """True in `percent` of a hundred."""
    return rng.randrange(100) < percent


def some(rng: Random, items: Sequence[Item], most: int) -> list[Item]:
    """Up to `most` different items, in their order."""
    places = sorted(rng.sample(range(len(items)), rng.randint(0, min(most, len(items)))))
    return [items[place] for place in places]
