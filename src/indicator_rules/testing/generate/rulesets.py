"""Random rulesets: plain data, valid, of every construct."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from indicator_rules.testing.generate.formulas import CUTS, Formulas, Sort
from indicator_rules.testing.generate.scales import Scales
from indicator_rules.testing.generate.vocabulary import INPUTS, REGIONS, REMARKS, SHARINGS, Data, chance, some

MODES = ("half-up", "half-even", "down", "up")
STEPS = ("1", "0.1", "0.01", "0.001", "0.0001")


def random_ruleset(rng: Random) -> Data:
    """A valid ruleset as a file would hold it."""
    lookups, names = _lookups(rng)
    measures, write = _measures(rng, names)
    full_score = rng.choice((100, 100, 100, 20, 10, Decimal("12.5")))
    data: Data = {"schema": 1, "ruleset": _header(rng, full_score)}
    if chance(rng, 50):
        data["completion"] = _completion(rng)
    data["sources"] = {"method": _source(rng)}
    data["inputs"] = INPUTS
    data["measures"] = measures
    data["scales"] = _shared(rng, write)
    data["lookups"] = lookups
    data["groups"] = _groups(rng)
    data["criteria"] = _Criteria(rng, write, data["groups"], data["scales"]).all(Decimal(full_score))
    if chance(rng, 40):
        data["weight_sets"] = _weight_sets(rng, write, data["criteria"], data["groups"])
    by: Sort | None = rng.choice(("ratio", "ratio", "count", "money")) if chance(rng, 15) else None
    if by is not None:
        # What the grade is read from is there, mostly: without it the record is refused.
        data["ruleset"]["grade_by"] = f"first_of({write.number(by)}, {CUTS[by][1]})" if chance(rng, 80) else write.number(by)
    data["grades"] = _grades(rng, Decimal(full_score), by)
    data["adjustments"] = _adjustments(rng, write, data["grades"])
    data["findings"] = _findings(rng, write)
    if chance(rng, 10):
        data["waivers"] = {"continuity": "各档之间本来就有跳跃"}
    return {key: value for key, value in data.items() if value}


# ------------------------------------------------------------------------------------------------------------------ header


def _header(rng: Random, full_score: Any) -> Data:
    stages = some(rng, ("measure", "entry_weight", "entry_points", "points", "group", "total"), 6)
    header: Data = {
        "family": "random-rules",
        "edition": "2023",
        "title": rng.choice(("随机评分标准", {"zh": "随机评分标准", "en": "random rules"})),
        "applies": {"years": {"from": 2000, "to": 2099}, "subjects": ["project", "department", "transfer"]},
        "full_score": full_score,
        "status": "example",
    }
    if chance(rng, 30):
        header["applies"] = {
            "years": rng.choice(([2022, 2023, 2024], {"from": 2000})),
            "jurisdiction": "示例市",
            "subjects": ["project", "department", "transfer"],
            "evaluation": rng.choice(("self", "department", "fiscal", "ex-ante", "monitoring")),
        }
    if stages:
        header["rounding"] = {stage: f"{rng.choice(STEPS)} {rng.choice(MODES)}" for stage in stages}
    optional: Data = {
        "issued": date(2023, 2, 1),
        "coexists_with": ["other-rules@2023"],
        "total_at_most": rng.choice((full_score, 90, 105)),
        "notes": "随机生成",
        "grade_on": rng.choice(("rounded", "unrounded")),
        "entry_weights_must_sum": chance(rng, 15),
    }
    return header | {key: value for key, value in optional.items() if chance(rng, 30)}


def _source(rng: Random) -> Data:
    source: Data = {"title": "项目支出绩效评价管理办法"}
    optional = {
        "document": "财预〔2020〕10号",
        "issuer": "财政部",
        "issued": date(2020, 2, 25),
        "url": "https://example.org/10",
        "notes": "有效",
    }
    return source | {key: value for key, value in optional.items() if chance(rng, 50)}


def _completion(rng: Random) -> Data:
    options: Data = {
        "same_text": rng.choice(("met", "met", "absent")),
        "at_zero_target": rng.choice(("absent", "zero")),
        "at_equality": rng.choice(("absent", "zero")),
        "at_most": rng.choice(("ratio", "decay", "decay")),
        "decay_zero_at": rng.choice((2, "1.5", "150%", 3)),
        "equal": rng.choice(("absent", "zero", "ratio", "at-least")),
        "month_without_year": rng.choice(("refuse", "evaluation-year")),
        "directions": rng.choice(
            ({"cost": "<="}, {"output": "=", "output.cost": "<="}, {"output.quantity": ">=", "satisfaction": "="})
        ),
    }
    return {key: value for key, value in options.items() if chance(rng, 60)}


def _lookups(rng: Random) -> tuple[Data, dict[str, Sort]]:
    """Parameters by a text and by a number, and their names."""
    lookups: Data = {}
    names: dict[str, Sort] = {}
    for name, label in some(rng, (("standards", "分类标准"), ("tiers", "分段参数")), 2 if chance(rng, 50) else 0):
        columns: dict[str, Sort] = dict(some(rng, (("rate", "ratio"), ("most", "count"), ("amount", "money")), 3)) or {
            "rate": "ratio"
        }
        rows = _text_rows(rng) if name == "standards" else _cut_rows(rng)
        by = rows[0].pop("by")
        for row in rows:
            row["values"] = {column: _parameter(rng, sort) for column, sort in columns.items()}
        lookups[name] = {"label": label, "by": by, "rows": rows} | ({"source": {"ref": "method"}} if chance(rng, 20) else {})
        names |= {f"{name}.{column}": sort for column, sort in columns.items()}
    return lookups, names


def _parameter(rng: Random, sort: Sort) -> Any:
    """One cell of a look-up: mostly a constant."""
    if chance(rng, 15):
        return Formulas(rng, {}).number(sort, 1)
    return rng.choice([cut for cut in CUTS[sort] if sort != "money" or cut != "0"])


def _text_rows(rng: Random) -> list[Data]:
    """Classes by text, not all of them, and the rest or not; `by` stands in the first."""
    by, texts = rng.choice(
        (
            ("class", tuple(INPUTS["class"]["choices"])),
            ("项目类别", tuple(INPUTS["class"]["choices"])),
            ("subject.region", REGIONS),
            ("subject.project_type", ("new", "continuing", "recurring")),
            ("核查意见", REMARKS),
        )
    )
    chosen = some(rng, texts, len(texts)) or [texts[0]]
    rows: list[Data] = [{"is": text} for text in chosen]
    if len(rows) > 1 and chance(rng, 40):
        rows = [{"is": [str(row["is"]) for row in rows[:2]]}, *rows[2:]]
    return [{"by": by} | rows[0], *rows[1:], *([{}] if chance(rng, 60) else [])]


def _cut_rows(rng: Random) -> list[Data]:
    """Classes by cuts from the highest down, and the rest or not; `by` stands in the first."""
    sort: Sort = rng.choice(("ratio", "count", "count", "money"))
    by = Formulas(rng, {}).number(sort, 1)
    cuts = Scales(rng, Formulas(rng, {}), Decimal(0)).cuts(sort, 4)
    rows: list[Data] = [{rng.choice(("at_least", "above")): cut} for cut in cuts]
    return [{"by": by} | rows[0], *rows[1:], *([{}] if chance(rng, 60) else [])]


def _measures(rng: Random, names: dict[str, Sort]) -> tuple[Data, Formulas]:
    """Measures, each reading only `names` and those before it, and the writer that knows them."""
    measures: Data = {}
    names = dict(names)
    templates: tuple[tuple[str, str, Sort], ...] = (
        ("execution_rate", "预算执行率", "ratio"),
        ("late", "滞后月数", "count"),
        ("done", "目标完成比例", "ratio"),
        ("extra", "其他情况", rng.choice(("ratio", "count"))),
    )
    for name, label, sort in some(rng, templates, 4):
        write = Formulas(rng, dict(names))
        value = (
            "实际支出 / first_of(全年预算数, 年初预算)" if name == "execution_rate" and chance(rng, 70) else write.number(sort)
        )
        measures[name] = {"label": label, "value": value} | ({"notes": "见办法"} if chance(rng, 20) else {})
        names |= {rng.choice((name, label, f"measures.{name}")): sort}
    return measures, Formulas(rng, names)


def _shared(rng: Random, write: Formulas) -> Data:
    """Scales written once: one for ratios, one for levels of an entry, one that reads no measure."""
    scales = Scales(rng, write, Decimal(0))
    plain = replace(scales, ranges=False)
    return {
        "line": scales.of_number("ratio"),
        "three_levels": scales.levels(),
        "checks": rng.choice((scales.checklist, scales.first_match))(),
        # For parts, and one of parts.
        "plain_line": plain.of_number("ratio"),
        "plain_checks": rng.choice((plain.checklist, plain.first_match))(),
        "pair": replace(plain, shared=PLAIN).parts(1),
    }


PLAIN: tuple[tuple[str, str | None], ...] = (("plain_line", "coverage"), ("plain_checks", None))
"""Shared scales without ranges, and the measure that each wants."""


def _groups(rng: Random) -> Data:
    groups: Data = {"process": {"label": "过程"}, "results": {"label": {"zh": "结果", "en": "results"}}}
    if chance(rng, 60):
        groups["funds"] = {"label": "资金管理", "parent": "process"}
        if chance(rng, 50):
            groups["deep"] = {"label": "资金使用", "parent": "funds"}
    for group in groups.values():
        if chance(rng, 35):
            group["combine"] = rng.choice(("sum", "weighted", "mean", "max", "min"))
        if chance(rng, 35):
            group["rescale"] = chance(rng, 80)
    return {} if chance(rng, 20) else groups


# ---------------------------------------------------------------------------------------------------------------- criteria


def split(rng: Random, whole: Decimal, parts: int) -> list[Decimal]:
    """`whole` as a sum of halves above 0."""
    unit = Decimal("0.5")
    places = sorted(rng.sample(range(1, int(whole / unit)), parts - 1))
    return [(b - a) * unit for a, b in zip([0, *places], [*places, int(whole / unit)], strict=True)]


class _Criteria:
    def __init__(self, rng: Random, write: Formulas, groups: Data, shared: Data) -> None:
        self.rng, self.write, self.groups, self.shared = rng, write, groups, shared

    def all(self, full_score: Decimal) -> Data:
        paths = list(self.rng.choice(SHARINGS))
        count = self.rng.randint(1, 5)
        over_entries = min(len(paths), self.rng.randint(0, 2), count)
        homes = [self.rng.choice(list(self.groups)) if self.groups and chance(self.rng, 75) else None for _ in range(count)]
        weights = self.weights(homes, full_score)
        criteria: Data = {}
        for place, (weight, home) in enumerate(zip(weights, homes, strict=True), 1):
            criterion = self.common(place, weight) | ({} if home is None else {"group": home})
            if place <= over_entries:
                criteria[f"c{place}"] = criterion | self.of_entries(weight, paths[place - 1])
            else:
                criteria[f"c{place}"] = criterion | self.of_measure(weight)
        self.not_applicable(criteria)
        if chance(self.rng, 35):
            criteria["extra"] = self.common(8, Decimal(5)) | self.home() | {"role": "bonus"} | self.of_measure(Decimal(5))
        if chance(self.rng, 35):
            criteria["minus"] = self.common(9, Decimal(4)) | self.home() | {"role": "penalty"} | self.of_measure(Decimal(4))
        if chance(self.rng, 5):
            criteria["minus2"] = self.common(10, Decimal(4)) | {"role": "penalty"} | self.of_entries(Decimal(4), "output.cost")
        return criteria

    def weights(self, homes: list[str | None], whole: Decimal) -> list[Decimal]:
        """Weights of criteria in their groups, so that the total's is `whole`: what is below a group with a weight of its own has any sum."""
        weights = split(self.rng, whole, len(homes))

        def settle(group: str) -> None:
            """Give `group` a weight, or not, then those below it; what is below is drawn anew."""
            inside = [place for place, home in enumerate(homes) if home is not None and group in self.chain(home)]
            if inside and chance(self.rng, 40):
                own = sum((weights[place] for place in inside), Decimal(0))
                self.groups[group]["weight"] = own if own % 1 else int(own)
                below = max(self.rng.choice((own, Decimal(100), Decimal(10), own * 2)), Decimal(len(inside)) / 2)
                for place, weight in zip(inside, split(self.rng, below, len(inside)), strict=True):
                    weights[place] = weight
            for other, item in self.groups.items():
                if item.get("parent") == group:
                    settle(other)

        for name, item in self.groups.items():
            if "parent" not in item:
                settle(name)
        return weights

    def chain(self, group: str) -> list[str]:
        """The group and all above it."""
        return _chain(group, self.groups)

    def home(self) -> Data:
        """A group for a criterion that no group adds up."""
        return {"group": self.rng.choice(list(self.groups))} if self.groups and chance(self.rng, 75) else {}

    def common(self, place: int, weight: Decimal) -> Data:
        rng = self.rng
        criterion: Data = {"label": f"评分项{place}", "weight": weight if weight % 1 else int(weight)}
        optional: Data = {
            "definition": "考核情况",
            "points_to_check": "查阅资料",
            "text": "达到得满分",
            "evidence_required": "佐证",
        }
        criterion |= {key: value for key, value in optional.items() if chance(rng, 5)}
        if chance(rng, 10):
            criterion["source"] = {"ref": "method", "clause": "附件1"}
        if chance(rng, 5):
            criterion["role"] = "score"
        if chance(rng, 12):
            criterion["applies_when"] = self.write.truth()
        if chance(rng, 90):
            criterion["absent"] = rng.choice(("full", "full", "zero", "zero", "zero", Decimal("1.5"), Decimal("1.5"), "error"))
        return criterion

    def not_applicable(self, criteria: Data) -> None:
        """How each scored criterion is treated; weight moves only forward, so never in a circle."""
        names = list(criteria)
        for place, name in enumerate(names):
            later = names[place + 1 :]
            options: list[Any] = ["rescale", "full", "zero", Decimal("0.5"), 3]
            if later:
                options += [{"move_to": self.rng.choice(later)}] * 3
            if chance(self.rng, 65):
                criteria[name]["not_applicable"] = self.rng.choice(options)

    def of_measure(self, weight: Decimal) -> Data:
        """A criterion that is not over entries."""
        rng, scales = self.rng, Scales(self.rng, self.write, weight, shared=PLAIN)
        if chance(rng, 18):
            # A shared composite wants measures of its own in every part: outside entries there is no 完成率.
            scale: Data = {"use": "pair"} if chance(rng, 20) else scales.parts()
            return {"scale": scale}
        how = rng.randrange(100)
        if how < 12:
            shared = {"use": "line"} | ({"kind": self.shared["line"]["kind"]} if chance(rng, 50) else {})
            return {"measure": self.write.ratio(), "scale": shared}
        if how < 18:
            return {"scale": {"use": "checks"}}
        if how < 60:
            sort: Sort = rng.choice(("ratio", "ratio", "count", "money"))
            return {"measure": self.write.number(sort), "scale": scales.of_number(sort)}
        if how < 68:
            return {"measure": rng.choice(("quality", "质量等次")), "scale": scales.of_choice()}
        if how < 74:
            return {"scale": scales.levels()}
        return {
            "scale": rng.choice(
                (scales.miss, scales.checklist, scales.checklist, scales.first_match, scales.first_match, scales.discretionary)
            )()
        }

    def of_entries(self, weight: Decimal, path: str | list[str]) -> Data:
        """A criterion over entries."""
        rng, scales = self.rng, Scales(self.rng, self.write.at_entry(), Decimal(0), shared=PLAIN)
        entries: Data = {
            "quantitative": {"use": rng.choice(("line", "line", "pair"))} if chance(rng, 25) else scales.for_entries()
        }
        if chance(rng, 85):
            entries["qualitative"] = rng.choice(
                (
                    {"use": "three_levels", "kind": "levels"},
                    scales.levels(),
                    {"kind": "proportional"},
                    scales.discretionary(),
                    scales.for_entries(),
                )
            )
        if chance(rng, 85):
            entries["dated"] = rng.choice(({"kind": "proportional"}, scales.for_entries()))
        criterion: Data = {
            "indicators": path,
            "entries": entries,
            "entry_weights": rng.choice(("record", "record", "equal", "shared")),
        }
        if chance(rng, 30):
            criterion["per"] = "goal"
        if criterion["entry_weights"] != "equal" and chance(rng, 80):
            criterion["without_weights"] = rng.choice(("equal", "equal", "equal", "error"))
        if chance(rng, 60):
            criterion["combine"] = rng.choice(("weighted", "mean", "max", "min", "sum"))
        if chance(rng, 90):
            criterion["entry_absent"] = rng.choice(("zero",) * 4 + ("full", "full", Decimal("1.5"), 2, "error"))
        if chance(rng, 30):
            criterion["completion"] = _completion(rng)
        if chance(rng, 40):
            criterion["weight"] = {"default": weight, "from_record": True}
            if chance(rng, 60):
                criterion["weight"] |= {"min": weight - Decimal("0.5"), "max": weight + 2}
        return criterion


# -------------------------------------------------------------------------------------------------------------------- rest


def _weight_sets(rng: Random, write: Formulas, criteria: Data, groups: Data) -> Data:
    """Sets that move weight between two scored criteria, so that the sum stays; the last may have no condition."""
    own = {name: _default(item["weight"]) for name, item in criteria.items() if item.get("role", "score") == "score"}
    sets: Data = {}
    for place in range(1, rng.randint(1, 2) + 1):
        weights: dict[str, Decimal] = {}
        pairs = [
            (a, b) for a in own for b in own if a != b and _outermost(criteria[a], groups) == _outermost(criteria[b], groups)
        ]
        if pairs:
            one, other = rng.choice(pairs)
            moved = own[one] if chance(rng, 40) else own[one] / 2
            weights = {one: own[one] - moved, other: own[other] + moved}
        if "extra" in criteria and chance(rng, 40):
            weights["extra"] = Decimal(rng.choice((0, 3)))
        sets[f"set_{place}"] = {"label": f"权重方案{place}", "when": write.truth(1), "weights": weights}
    if chance(rng, 20):
        del sets[f"set_{len(sets)}"]["when"]
    return sets


def _chain(group: str, groups: Data) -> list[str]:
    """The group and all above it."""
    above = groups[group].get("parent")
    return [group, *(_chain(above, groups) if above else [])]


def _outermost(criterion: Data, groups: Data) -> str | None:
    """The outermost group with a weight of its own: it alone says what its criteria weigh in the total."""
    weighted = [name for name in _chain(criterion["group"], groups) if "weight" in groups[name]] if "group" in criterion else []
    return weighted[-1] if weighted else None


def _default(weight: Any) -> Decimal:
    return Decimal(weight["default"] if isinstance(weight, dict) else weight)


def _grades(rng: Random, full_score: Decimal, by: Sort | None) -> list[Data]:
    """Grades of the total, or of what `grade_by` reads; cuts as numbers, percentages or sums."""
    shares = rng.choice(((90, 80, 60), (90, 75, 60), (85,), (95, 90, 80, 60), ()))
    cuts: list[Any] = [full_score * share / 100 for share in shares]
    if by is None and chance(rng, 30):
        cuts = [f"{full_score} * {share}%" for share in shares]
    elif by is not None:
        cuts = [{"ratio": f"{share}%", "count": f"{share} / 20", "money": f"{share * 1000}元"}[by] for share in shares]
    labels = ("优", "良", "中", "差", "很差")
    grades: list[Data] = [
        {"label": labels[place], rng.choice(("at_least", "at_least", "above")): cut} for place, cut in enumerate(cuts)
    ]
    return [*grades, {"label": labels[len(shares)]}]


def _adjustments(rng: Random, write: Formulas, grades: list[Data]) -> Data:
    effects: list[Data] = [
        {"deduct": rng.choice(("2", "first_of(times, 0) * 0.5", "1.25"))},
        {"bonus": rng.choice(("3", "min(2, first_of(times, 1))", "0.1"))},
        {"total_at_most": rng.choice(("60", "79.99", "95"))},
        {"total_at_least": rng.choice(("10", "60"))},
        {"grade_at_most": rng.choice(grades)["label"]},
        {"grade_down": rng.randint(1, 2)},
        {"veto": True},
    ]
    adjustments: Data = {}
    for place in range(rng.choice((0, 0, 1, 2, 3))):
        adjustment: Data = {"label": f"加减分{place}", "when": write.truth(1), "then": rng.choice(effects)}
        if chance(rng, 90):
            adjustment["absent"] = rng.choice(("skip", "apply", "skip", "apply", "skip", "error"))
        if chance(rng, 20):
            adjustment["source"] = {"ref": "method"}
        adjustments[f"a{place}"] = adjustment
    return adjustments


def _findings(rng: Random, write: Formulas) -> Data:
    findings: Data = {}
    if chance(rng, 40):
        findings["watch"] = {"when": write.truth(), "message": "核查次数{times}，执行率{实际支出 / 全年预算数:%}"}
    if chance(rng, 40):
        findings["explain"] = {
            "for": "indicators",
            "when": write.at_entry().truth(1),
            "message": {"zh": "{name}需说明（{完成率:%}）", "en": "{name}"},
        }
    if chance(rng, 15):
        findings["plain"] = {"for": "record", "when": "present(budget.spent)", "message": "已填报"}
    return findings
