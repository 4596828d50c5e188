"""Random records for a ruleset: values on its cuts, one step less, one step more, absent, zero, not applicable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from indicator_rules.quantity import QuantityError, parse
from indicator_rules.testing.generate.vocabulary import CATEGORIES, INPUTS, REGIONS, REMARKS, Data, chance, some

STEP = Decimal("0.01")
_NUMBER = re.compile(r"(?<![\w.-])(\d+(?:\.\d+)?)\s*(%|万元|千元|亿元|元)?(?![\w.-])")
_MONEY = {"元": 1, "千元": 10**3, "万元": 10**4, "亿元": 10**8}
_SCORED = ("measures", "lookups", "scales", "criteria", "weight_sets", "adjustments", "findings")
_DAYS = (
    date(2023, 1, 31), date(2023, 2, 28), date(2023, 3, 1), date(2023, 6, 30), date(2023, 7, 1), date(2024, 2, 29), date(2025, 7, 1),
)  # fmt: skip
"""In order."""
_DIRECTIONS = (">=", "<=", "=", ">", "<", "≥", "≤", "qualitative", "定性", "by-date")


def random_record(rng: Random, ruleset: Data) -> Data:
    """The plain data of a record that the ruleset can score, mostly."""
    return _Record(rng, ruleset).data()


def texts(value: Any) -> Iterator[str]:
    """Every text and number in a ruleset, as text."""
    if isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str | int | Decimal):
        yield str(value)


def _signed(target: Any) -> bool:
    """Whether a sign is typed with the target: a direction beside it would have to be the same."""
    try:
        typed = parse(target)
    except (QuantityError, AttributeError, TypeError):
        return True
    return typed.kind == "number" and typed.direction is not None


class _Record:
    def __init__(self, rng: Random, ruleset: Data) -> None:
        self.rng, self.ruleset = rng, ruleset
        self.unit = rng.choice(("元", "千元", "万元", "万元", "亿元"))
        self.criteria: Data = ruleset["criteria"]
        scored = {key: ruleset.get(key) for key in _SCORED}
        found = [match for text in texts(scored) for match in _NUMBER.finditer(text)]
        self.ratios = sorted({Decimal(match[1]) / (100 if match[2] == "%" else 1) for match in found if match[2] not in _MONEY})
        self.amounts = sorted({Decimal(match[1]) * _MONEY[match[2]] for match in found if match[2] in _MONEY})
        self.sparse = chance(rng, 15)
        """Whether much is left out of this record."""

    def data(self) -> Data:
        rng = self.rng
        data: Data = {"subject": self.subject()}
        if chance(rng, 95):
            data["budget"] = self.budget()
            if chance(rng, 20):
                data["funds"] = self.funds(data["budget"])
        data["goals"] = self.goals()
        data["indicators"] = self.indicators(data["goals"])
        data["answers"] = self.answers()
        data["assessments"] = self.assessments(data["indicators"])
        data["not_applicable"] = self.not_applicable(data["indicators"])
        data["deductions"] = self.deductions(data["indicators"])
        return {key: value for key, value in data.items() if value}

    def absent(self) -> bool:
        return chance(self.rng, 35 if self.sparse else 5)

    def near(self, cut: Decimal, step: Decimal = STEP) -> Decimal:
        """On the cut, or one step beside it."""
        return cut + self.rng.choice((Decimal(0), Decimal(0), step, -step, step / 100, -step / 100))

    def ratio(self) -> Decimal:
        """A number of the ruleset or one beside it."""
        return self.near(self.rng.choice(self.ratios or [Decimal(1)]))

    # ------------------------------------------------------------------------------------------------------- subject, money

    def subject(self) -> Data:
        rng = self.rng
        subject: Data = {
            "name": "示例项目",
            "kind": rng.choice(("project", "project", "department", "transfer", "项目")),
            "year": rng.choice((2022, 2023, 2023, 2024)),
        }
        optional = {
            "project_type": rng.choice(("new", "continuing", "one-off", "recurring", "新增")),
            "region": rng.choice(REGIONS),
            "department": "市财政局",
            "unit": "项目办",
            "as_of": rng.choice((date(2023, 12, 31), date(2024, 1, 1))),
        }
        return subject | {key: value for key, value in optional.items() if not self.absent()}

    def budget(self) -> Data:
        """Amounts that stand to one another as the cuts do."""
        rng = self.rng
        base = Decimal(rng.choice((100, 159, 1000, 27, 3, 1)))
        budget: Data = {"unit": self.unit}
        for name in ("expected", "initial", "added", "adjusted", "released", "received", "spent", "carried_in", "carried_out"):
            if self.absent():
                continue
            how = rng.randrange(20)
            amount = base
            if how < 11:
                small = [ratio for ratio in self.ratios if 0 <= ratio <= 3]
                amount = base * self.near(rng.choice(small or [Decimal(1)]))
            elif how < 13:
                amount = self.near(rng.choice(self.amounts or [Decimal(10000)]), Decimal(1)) / _MONEY[self.unit]
            elif how < 14:
                amount = Decimal(0)
            elif how < 16:
                amount = Decimal(rng.randint(0, 200)) / rng.choice((1, 3 + 1, 8))
            amount = amount.quantize(Decimal("0.00000001"))
            budget[name] = (amount if rng.randrange(2) else -amount) if name == "added" else abs(amount)
        return budget

    def funds(self, budget: Data) -> list[Data]:
        """Two sources whose sum is that of the budget, or not."""
        stated = {name: amount for name, amount in budget.items() if name != "unit" and chance(self.rng, 50)}
        off = Decimal(1) if chance(self.rng, 30) else Decimal(0)
        half = {name: (amount / 2).quantize(Decimal("0.000000001")) for name, amount in stated.items()}
        other = {
            name: abs(amount - half[name] + off) if name != "added" else amount - half[name] for name, amount in stated.items()
        }
        return [
            {"source": "central", **half},
            {"source": "市级", "name": "配套", **other} | ({"unit": self.unit} if chance(self.rng, 50) else {}),
        ]

    # ------------------------------------------------------------------------------------------------------------ entries

    def goals(self) -> list[Data]:
        """Goal blocks with weights, without, or with some."""
        rng = self.rng
        if not chance(rng, 60 if any("per" in item for item in self.criteria.values()) else 10):
            return []
        goals: list[Data] = [{"planned": f"目标{place}"} for place in range(1, rng.randint(1, 3) + 1)]
        how = rng.randrange(20)
        for goal in goals if how < 12 else ():
            goal["weight"] = rng.choice((0 if how == 1 else 30, 70, 50, Decimal("0.4"), 1))
        if how == 0:
            rng.choice(goals).pop("weight")
        for place, goal in enumerate(goals, 1):
            if chance(rng, 60):
                goal["id"] = f"goal_{place}"
        return goals

    def indicators(self, goals: list[Data]) -> list[Data]:
        rng = self.rng
        wanted = [path for item in self.criteria.values() for path in _paths(item)]
        inside = [
            category for category in CATEGORIES if any(category == path or category.startswith(path + ".") for path in wanted)
        ]
        rows: list[Data] = []
        homeless = chance(rng, 15)
        for place in range(1, rng.choice((0, 1, 2, 3, 4, 5, 6)) + 1):
            categories = inside if inside and chance(rng, 90) else list(CATEGORIES)
            row: Data = {"category": rng.choice(categories), "name": f"指标{place}"}
            if chance(rng, 70):
                row["id"] = f"e{place}"
            if goals and not (homeless and chance(rng, 30)):
                at = rng.randrange(len(goals))
                row["goal"] = goals[at].get("id", f"g{at + 1}")
            rows.append(row | self.values())
        self.weigh(rows)
        self.share_cells(rows)
        return rows

    def values(self) -> Data:
        """Target and actual of one of the kinds, and what stands beside them."""
        rng = self.rng
        how = rng.randrange(100)
        if how < 60:
            values = self.numbers()
        elif how < 68:
            values = self.spans()
        elif how < 80:
            values = self.days()
        elif how < 94:
            values = self.words()
        else:
            values = {**self.numbers(), "target": self.days()["target"]}
        if chance(rng, 12) and not _signed(values.get("target")):
            values["direction"] = rng.choice(_DIRECTIONS)
        optional: Data = {
            "level": rng.choice(("达成", "部分达成", "未达成")) if chance(rng, 98) else "不知",
            "key": True,
            "reason": "受天气影响",
            "evidence": "台账",
            "basis": "规划",
            "initial_target": rng.choice((1, 100, Decimal("0.5"))),
            "prior": rng.choice((1, 2, Decimal("99.5"))),
        }
        values |= {key: value for key, value in optional.items() if chance(rng, 30)}
        if chance(rng, 4):  # of whatever kind target and actual are
            values["counts"] = {"satisfied": rng.choice((0, 9, 10)), "surveyed": 10}
        return {key: value for key, value in values.items() if not (key in ("target", "actual") and self.absent())}

    def numbers(self) -> Data:
        rng = self.rng
        if chance(rng, 12):
            surveyed = rng.choice((0, 1, 3, 100))
            satisfied = min(surveyed, rng.choice((0, 1, 3, 95, 100)))
            return {
                "target": rng.choice(("≥95%", "95%", "100%", 1, "90分")),
                "counts": {"satisfied": satisfied, "surveyed": surveyed},
            }
        target = Decimal(rng.choice((0, 1, 3, 9, 27, 60, 95, 100, 100, 100, 159, Decimal("0.5"), -2)))
        small = [ratio for ratio in self.ratios if 0 <= ratio <= 3] or [Decimal(1)]
        choices = [
            target,
            target,
            self.near(target),
            target * rng.choice(small),
            self.near(target * rng.choice(small)),
            target * 2,
        ]
        actual = rng.choice([*choices, Decimal(0), Decimal(-3), Decimal(rng.randint(0, 12))]).quantize(Decimal("0.000001"))
        unit = rng.choice(("", "", "%", "%", "次", "份", "万元", "元", "天"))
        other = unit if chance(rng, 95) else rng.choice(("", "%", "次", "元"))
        values: Data = {
            "target": self.typed(target, unit, rng.choice(("", "", "≥", "≤", ">", "<", "=", "不低于", "不超过", "控制在"))),
            "actual": self.typed(actual, other, ""),
        }
        if chance(rng, 15):
            values["unit"] = rng.choice(("%", "次", "万元"))
        return values

    def typed(self, number: Decimal, unit: str, sign: str) -> Any:
        """A number as people type it: bare, or as text with its sign and unit."""
        plain = format(number.normalize(), "f")
        if not sign and not unit:
            return number if chance(self.rng, 70) else int(number) if number == int(number) else number
        return f"{sign}{plain}{unit}"

    def spans(self) -> Data:
        """A range as target."""
        rng = self.rng
        low, high = rng.choice(((9, 10), (0, 5), (3, 3), (95, 100)))
        unit = rng.choice(("次", "%", "万元"))
        actual = rng.choice((low, high, low - 1, high + 1, low + Decimal("0.5"), 0, high * 2))
        return {"target": f"{low}-{high}{unit}", "actual": f"{actual}{unit}"}

    def days(self) -> Data:
        rng = self.rng
        due = rng.choice((date(2023, 11, 30), date(2023, 6, 30), date(2024, 2, 29)))
        done = due + timedelta(days=rng.choice((0, 0, 1, -1, 31, -100)))
        targets: tuple[Any, ...] = (due, "2023年11月底前", "2023年12月前", "11月底前", "2023年6月30日前", "2月29日前", "2023年")
        actuals: tuple[Any, ...] = (done, done, done.isoformat(), "2023年11月", "2023年11月30日", "11月", "2月29日", "已完成")
        return {"target": rng.choice(targets), "actual": rng.choice(actuals)}

    def words(self) -> Data:
        rng = self.rng
        target = rng.choice(("有效提升", "长期", "制度健全"))
        actual = rng.choice((target, target, f" {target[:2]} {target[2:]}", "基本达成", "已落实"))
        return {"target": target, "actual": actual} | ({"direction": "qualitative"} if chance(rng, 20) else {})

    def weigh(self, rows: list[Data]) -> None:
        """Weights of entries: those of a criterion sum to its weight, or nearly, or some or none are there."""
        rng = self.rng
        for item in self.criteria.values():
            paths = _paths(item)
            own = [row for row in rows if any(f"{row['category']}.".startswith(path + ".") for path in paths)]
            how = rng.randrange(20)
            if not own or how < 4:
                continue
            weight = item["weight"]
            whole = Decimal(weight["default"] if isinstance(weight, dict) else weight) + (1 if how < 7 else 0)
            each = (whole / len(own)).quantize(Decimal("0.01"))
            for row in own:
                row["weight"] = each
            own[-1]["weight"] = max(Decimal(0), whole - each * (len(own) - 1))
            if how == 7:
                rng.choice(own).pop("weight")
            elif how == 8:
                rng.choice(own)["weight"] = Decimal(0)

    def share_cells(self, rows: list[Data]) -> None:
        """Entries that stand in the weight cell of another, mostly one before it; in some records only."""
        rng = self.rng
        shared = [path for item in self.criteria.values() if item.get("entry_weights") == "shared" for path in _paths(item)]
        if not rows or not chance(rng, 70 if shared else 5):
            return
        for place, row in enumerate(rows):
            inside = any(f"{row['category']}.".startswith(path + ".") for path in shared)
            if not chance(rng, 35 if inside else 5):
                continue
            alike = [
                other
                for other, one in enumerate(rows)
                if other != place and one.get("goal") == row.get("goal") and "part_of" not in one and inside
                and any(f"{one['category']}.".startswith(path + ".") for path in shared)
            ]  # fmt: skip
            others = alike if alike and chance(rng, 90) else [other for other in range(len(rows)) if other != place]
            if others:
                at = rng.choice(others)
                row["part_of"] = rows[at].get("id", f"i{at + 1}")
                if "weight" in row and "weight" in rows[at] and chance(rng, 90):
                    rows[at]["weight"] += row.pop("weight")

    # ------------------------------------------------------------------------------------------------- what people say of it

    def answers(self) -> Data:
        answers: Data = {}
        for name, question in INPUTS.items():
            if not self.absent():
                answers[name] = self.answer(question)
        return answers

    def answer(self, question: Data) -> Any:
        rng = self.rng
        match question["type"]:
            case "yes-no":
                return chance(rng, 60)
            case "choice":
                return rng.choice(question["choices"])
            case "count":
                return rng.choice((0, 0, 1, 2, 3, 4, 5, 8, 10))
            case "amount":
                amount = self.near(rng.choice(self.amounts or [Decimal(0)]), Decimal(1))
                return rng.choice((abs(amount) / _MONEY[self.unit], f"{abs(amount):f}元", 0, "20万元"))
            case "number":
                return self.ratio()
            case "date":
                return rng.choice(_DAYS)
            case "series":
                days = some(rng, _DAYS, 4) or [_DAYS[0]]
                return [{"date": self.day(day), "value": self.answer({"type": question["of"]})} for day in days]
        return rng.choice((*REMARKS, "其他"))

    def day(self, day: date) -> Any:
        return self.rng.choice((day, day, day.isoformat(), f"{day.year}年{day.month}月{day.day}日"))

    def assessments(self, rows: list[Data]) -> Data:
        """Picks for all that might want one, mostly inside the ranges."""
        rng = self.rng
        given: Data = {"criteria": {}, "indicators": {}}
        for name, item in self.criteria.items():
            if ("range" in _needs(item, self.ruleset) and not self.absent()) or chance(rng, 3):
                given["criteria"][name] = self.ratings(item)
        owners = [item for item in self.criteria.values() if _paths(item)]
        for place, row in enumerate(rows, 1):
            if owners and chance(rng, 45):
                given["indicators"][row.get("id", f"i{place}")] = self.ratings(rng.choice(owners), entry=True)
        return {key: value for key, value in given.items() if value}

    def ratings(self, item: Data, *, entry: bool = False) -> Any:
        rng = self.rng
        if "levels" in _needs(item, self.ruleset) and chance(rng, 30 if entry else 80):
            return {"level": rng.choice(("达成", "部分达成", "未达成")), "reason": "现场核查"}
        low, high = self.limits(item)
        share = rng.choice(
            (high, high, low, (low + high) / 2, (low + high) / 2, low + STEP, high - STEP, Decimal(1), high + STEP)
        )
        share = min(max(share, Decimal(0)), Decimal(1))
        weight = item["weight"]
        whole = Decimal(weight["default"] if isinstance(weight, dict) else weight)
        one: Data = {"points": (share * whole).quantize(STEP)} if not entry and chance(rng, 40) else {"share": share}
        if entry and chance(rng, 10):
            one = {"points": rng.choice((0, 1, Decimal("2.5")))}
        if chance(rng, 15):
            return [one | {"weight": 7, "by": "甲"}, {"share": min(share + STEP, Decimal(1)), "weight": 3}]
        return [one, dict(one)] if chance(rng, 10) else one

    def limits(self, item: Data) -> tuple[Decimal, Decimal]:
        """The ends of one of the ranges of the criterion, as shares."""
        weight = item["weight"]
        whole = Decimal(weight["default"] if isinstance(weight, dict) else weight)
        ranges = [found for scale in _scales_of(item, self.ruleset) for found in _ranges(scale)]
        if not ranges:
            return Decimal(0), Decimal(1)
        chosen = self.rng.choice(ranges)
        low, high = (
            _share(chosen.get(closed, chosen.get(opened)), whole)
            for closed, opened in (("at_least", "above"), ("at_most", "below"))
        )
        return low, high

    def not_applicable(self, rows: list[Data]) -> Data:
        rng = self.rng
        given: Data = {"criteria": {name: "本年不涉及" for name in self.criteria if chance(rng, 7)}}
        ids = [row.get("id", f"i{place}") for place, row in enumerate(rows, 1)]
        given["indicators"] = dict.fromkeys(ids if chance(rng, 5) else [name for name in ids if chance(rng, 6)], "不涉及")
        return {key: value for key, value in given.items() if value}

    def deductions(self, rows: list[Data]) -> Data:
        rng = self.rng
        points = (1, Decimal("0.5"), Decimal("0.333"), 100, 0)
        given: Data = {
            "criteria": {name: {"points": rng.choice(points), "reason": "资料不全"} for name in self.criteria if chance(rng, 6)}
        }
        ids = [row.get("id", f"i{place}") for place, row in enumerate(rows, 1)]
        given["indicators"] = {name: {"points": rng.choice(points)} for name in some(rng, ids, 1) if chance(rng, 20)}
        if chance(rng, 8):
            given["total"] = {"points": rng.choice(points), "reason": "迟报"}
        return {key: value for key, value in given.items() if value}


# ----------------------------------------------------------------------------------------------------- what a ruleset holds


def _paths(item: Data) -> list[str]:
    paths = item.get("indicators", [])
    return [paths] if isinstance(paths, str) else paths


def _scales_of(item: Data, ruleset: Data) -> list[Data]:
    scales = [item["scale"]] if "scale" in item else list(item.get("entries", {}).values())
    return [ruleset["scales"][scale["use"]] if "use" in scale else scale for scale in scales]


def _needs(item: Data, ruleset: Data) -> set[str]:
    """`range` if a person picks points, `levels` if the record may give a level."""
    needs = {"range" for scale in _scales_of(item, ruleset) if scale["kind"] == "discretionary" or any(_ranges(scale))}
    without_measure = [scale for scale in _scales_of(item, ruleset) if scale["kind"] == "levels" and "measure" not in item]
    return needs | ({"levels", "range"} if without_measure else set())


def _ranges(scale: Data) -> list[Data]:
    awards = [row.get("award") for key in ("bands", "levels", "rows") for row in scale.get(key, ())] + [scale.get("award")]
    return [award for award in awards if isinstance(award, dict) and ("at_least" in award or "above" in award)]


def _share(end: Any, whole: Decimal) -> Decimal:
    """An end of a range as a share of the weight."""
    return (
        Decimal(end.rstrip("%")) / 100
        if isinstance(end, str)
        else (Decimal(end) / whole if whole else Decimal(0)).quantize(Decimal("0.000001"))
    )
