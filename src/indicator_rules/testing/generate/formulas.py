"""Random formulas of each type, in English and Chinese names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Literal, TypeAlias

from indicator_rules.testing.generate.vocabulary import (
    COUNT_CUTS,
    DAYS,
    MONEY_CUTS,
    MONEY_NAMES,
    RATIO_CUTS,
    REGIONS,
    REMARKS,
    chance,
)

Sort: TypeAlias = Literal["ratio", "count", "money"]
CUTS: dict[Sort, tuple[str, ...]] = {"ratio": RATIO_CUTS, "count": COUNT_CUTS, "money": MONEY_CUTS}


@dataclass(frozen=True)
class Formulas:
    """A writer of formulas; `measures` are names (of look-ups, too) that may be used, by sort; `entry`: at an entry."""

    rng: Random
    measures: dict[str, Sort]
    entry: bool = False

    def pick(self, *texts: str) -> str:
        return self.rng.choice(texts)

    def at_entry(self) -> Formulas:
        return replace(self, entry=True)

    def number(self, sort: Sort, depth: int = 2) -> str:
        return {"ratio": self.ratio, "count": self.count, "money": self.money}[sort](depth)

    # ------------------------------------------------------------------------------------------------------------- numbers

    def money(self, depth: int = 2) -> str:
        """An amount."""
        known = [name for name, sort in self.measures.items() if sort == "money"]
        if known and chance(self.rng, 15):
            return self.rng.choice(known)
        if depth <= 0 or chance(self.rng, 50):
            return self.dated("paid", "支出进度", "inputs.paid") if chance(self.rng, 10) else self.pick(*MONEY_NAMES)
        a, b = self.money(depth - 1), self.money(depth - 1)
        return self.pick(
            f"{a} + {b}", f"{a} - ({b})", f"first_of({a}, {b})", f"max({a}, {b}, 0元)", f"min({a}, {b})", f"abs({a} - ({b}))",
            f"({a}) * {self.pick('2', '90%', '0.5')}", f"-({a})", f"first_of({a}, 0元)", f"({a}) / 2", f"ceil({a})",
        )  # fmt: skip

    def ratio(self, depth: int = 2) -> str:
        """A number that is mostly near 1."""
        known = [name for name, sort in self.measures.items() if sort == "ratio"]
        if known and chance(self.rng, 40):
            return self.rng.choice(known)
        if self.entry and chance(self.rng, 50):
            return self.pick("completion", "完成率")
        if chance(self.rng, 5):
            return self.dated("share_paid", "进度比例")
        if depth <= 0 or chance(self.rng, 50):
            return self.pick(
                "coverage", "覆盖率", "实际支出 / 全年预算数", "实际支出 / first_of(全年预算数, 年初预算)", "budget.spent / budget.adjusted",
                "实际到位 ÷ 预期投入", "inputs.coverage", "（实际支出－年末结余）／全年预算数", "budget.added / budget.initial",
                "1 - budget.carried_out / budget.adjusted", "本年追加 / 年初预算数",
                "count(entries where completion >= 1) / count(entries)", "count(entries('output') where 完成率 >= 90%) / count(entries('output'))",
                "min(completion of entries('benefit', 'satisfaction'))", "max(completion of entries where key)",
                "sum(weight * completion of entries) / total_weight", "sum(指标权重 of entries where completion >= 1) / sum(指标权重 of entries)",
            )  # fmt: skip
        a, b = self.ratio(depth - 1), self.ratio(depth - 1)
        return self.pick(
            f"first_of({a}, {b})", f"min({a}, {b})", f"max({a}, 0)", f"({a}) × 100%", f"abs({a} - 1)", f"({a}) / ({b})",
            f"({a} + {b}) / 2", f"first_of({a}, 90%)", f"-({a})", f"{a} - ({b})", f"floor(({a}) * 100) / 100", f"ceil(({a}) * 10) / 10",
            f"({self.money(1)}) / ({self.money(1)})",
        )  # fmt: skip

    def count(self, depth: int = 2) -> str:
        """A number that is mostly small and whole."""
        known = [name for name, sort in self.measures.items() if sort == "count"]
        if known and chance(self.rng, 40):
            return self.rng.choice(known)
        if chance(self.rng, 5):
            return self.dated("visits", "累计走访")
        if depth <= 0 or chance(self.rng, 60):
            return self.pick(
                "times", "整改次数", "缺少材料数", "missing_papers", "count(entries)", "count(entries where not present(reason))",
                "count(entries('output') where level = '部分达成')", "months_late(handed_in, date(year, 6, 30))",
                "months_late(验收日期, 2023-01-31)", "years_late(accepted, 报送日期)", "(accepted - handed_in) / 30", "year - 2022", "评价年度 - 2023",
                "count(entries where key and completion < 1)", "count(entries where present(part_of))", "count(entries where id in ('e1', 'i2'))", "count(entries where prior < actual)", "floor(coverage * 5)",
            )  # fmt: skip
        a, b = self.count(depth - 1), self.count(depth - 1)
        return self.pick(
            f"{a} + {b}", f"max({a}, {b})", f"first_of({a}, 0)", f"min({a}, 5)", f"{a} - ({b})", f"({a}) * 2", f"abs({a})"
        )

    def dated(self, *series: str) -> str:
        """A number of a series, at a day that may be one of its own, before its first, or absent."""
        return f"value_at({self.pick(*series)}, {self.pick(*DAYS)})"

    # -------------------------------------------------------------------------------------------------------------- truths

    def truth(self, depth: int = 2) -> str:
        """A condition; at most 16 conjunctions when spread out."""
        if depth <= 0 or chance(self.rng, 45):
            return self.leaf()
        a, b = self.truth(depth - 1), self.truth(depth - 1)
        return self.pick(f"({a}) and ({b})", f"({a}) or ({b})", f"({a}) 且 ({b})", f"({a}) 或 ({b})", f"not ({a})", f"非 ({a})")

    def leaf(self) -> str:
        """One comparison, or a truth by itself."""
        if self.entry and chance(self.rng, 35):
            return self.entry_leaf()
        if chance(self.rng, 50):
            return self.comparison()
        return self.pick(
            "plan_made", "立项程序规范", "账目清楚", "books_kept", "audited", "已审计 = true", "audited = false", "class = '甲类'",
            "项目类别 in ('甲类', '乙类')", "class not in ('丙类', '甲类')", "quality != “一般”", "present(misused)", "present(budget.added)",
            "not present(handed_in)", "handed_in <= 2023-06-30", "报送日期 < date(year, 7, 1)", "accepted - handed_in > 30天", "accepted > handed_in",
            "accepted = handed_in", "subject.kind = 'project'", "subject.project_type in ('new', 'continuing')", f"subject.region = '{REGIONS[0]}'",
            f"remark = '{REMARKS[0]}'", "remark != '退回'", "year >= 2023", "评价年度 = 2023", "year in (2022, 2024)", "subject.as_of <= 2023-12-31",
            "present(subject.department)", "present(paid)", "not present(累计走访)", "true", "present(coverage)", "1 <= times <= 3", "0 < coverage < 1",
        )  # fmt: skip

    def entry_leaf(self) -> str:
        return self.pick(
            "completion >= 1", "完成率 < 90%", "present(reason)", "present(偏差原因)", "not present(evidence)", "key", "核心指标 = false",
            "level = '达成'", "category = 'output.quantity'", "actual >= target", "actual / target > 1.3", "prior < actual", "present(counts)",
            "present(level)", "unit = '次'", "id = 'e1'",
            "part_of = 'e1'", "present(part_of)", "present(所属指标) and 所属指标 != this.id", "part_of != ''",
            "count(entries where part_of = this.id) > 0", "count(entries where part_of = this.id) > 0 and sum(actual of entries where part_of = this.id) != actual",
            "max(completion of entries where category = 本指标.指标类别) = this.completion", "count(entries where present(this.part_of) and id = this.part_of) = 1",
            "sum(weight of entries where this.key and part_of = this.id and weight < this.weight) > 0", "this.actual > prior", "weight > 5", "name = '指标1'", "90% <= completion < 1", "present(实际完成值)", "present(initial_target)",
        )  # fmt: skip

    def comparison(self) -> str:
        sort: Sort = self.rng.choice(("ratio", "ratio", "count", "money"))
        cut = self.rng.choice(CUTS[sort]) if chance(self.rng, 80) else self.number(sort, 0)
        return f"{self.number(sort, 1)} {self.pick('>=', '>', '<=', '<', '=', '!=', '≥', '≤', '＞')} {cut}"
