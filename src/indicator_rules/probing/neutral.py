"""The neutral record of a ruleset: complete, valid, everything applicable and, as far as can be had at once, everything in full.

In: a plan. Out: plain data of a record whose entries cover every scale over entries. It begins as all yes, all equal and all done, and
is then bettered field by field, by evaluating: fewer things missing first, then fewer points lost, then a higher total.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from indicator_rules import engine as engines
from indicator_rules.completion import categories_below
from indicator_rules.errors import RecordError
from indicator_rules.evaluate import Evaluator
from indicator_rules.evaluation import Evaluation
from indicator_rules.exact import Exact, decimal_places, exact, to_decimal
from indicator_rules.expression import Aggregate, Arithmetic, Date, Node, Number, Ref
from indicator_rules.plan import Criterion, EntryKind, Plan, Question, Scale
from indicator_rules.probing.pieces import ABSENT, Data, put
from indicator_rules.probing.sites import Site, sites
from indicator_rules.probing.trial import Field, Trial
from indicator_rules.record import EvaluationRecord
from indicator_rules.record_fields import CATEGORIES
from indicator_rules.record_parts import Amounts
from indicator_rules.time_limit import check_time

AMOUNT = 1_000_000
"""元; many ratios of it can be typed."""
TARGET = 100
PASSES = 2

Standing: TypeAlias = tuple[int, int, Exact, Exact]


def neutral(plan: Plan) -> Data:
    """A complete record on which everything applicable scores, in full where that can be; plain data, as a TOML file would hold it."""
    return _Neutral(plan).data()


class _Neutral:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.divisors = _divisors(plan)
        self.whole = 10 ** max(2, *(min(4, decimal_places(cut) or 0) for cut in _cuts(plan)))
        """A count to divide by: of which every cut is a whole number."""
        self.evaluator = Evaluator(plan, engines.engine("plain"), dict)
        self.trial = Trial(plan, self.first())
        self.numbers = _constants(plan)

    # --------------------------------------------------------------------------------------------------------- the first try

    def first(self) -> Data:
        plan = self.plan
        applies = plan.applies.years
        year = next((year for year in (*applies.only, 2023) if year in applies), applies.from_ or applies.to or 2023)
        data: Data = {
            "subject": {
                "name": "示例",
                "kind": plan.applies.subjects[0],
                "year": year,
                "project_type": "continuing",
                "department": "示例部门",
                "unit": "示例单位",
                "region": "示例地区",
                "as_of": date(year, 12, 31),
            },
            "budget": {"unit": "元"} | dict.fromkeys(Amounts.NAMES, AMOUNT) | {"added": 0, "carried_in": 0, "carried_out": 0},
        }
        data["answers"] = {question.id: self.answer(question, year) for question in plan.questions}
        if any(criterion.entries is not None and criterion.entries.per_goal for criterion in plan.criteria):
            data["goals"] = [{"id": "g1", "planned": "示例目标", "weight": 100}]
        assessments: Data = {"criteria": {}, "indicators": {}}
        rows: list[Data] = []
        for criterion in plan.criteria:
            if criterion.entries is None:
                pick = self.pick(criterion.scale, criterion.weight.default)
                if pick is not None:
                    assessments["criteria"][criterion.id] = pick
            rows += self.entries(criterion, len(rows), assessments["indicators"], year)
        rows += self.counted(rows, year)
        data["indicators"] = [{**row, "goal": "g1"} for row in rows] if "goals" in data else rows
        data["assessments"] = {key: value for key, value in assessments.items() if value}
        return {key: value for key, value in data.items() if value}

    def answer(self, question: Question, year: int) -> Any:
        if question.type == "count" and f"inputs.{question.id}" in self.divisors:
            return self.whole
        words: Data = {"yes-no": True, "count": 0, "amount": AMOUNT, "date": date(year, 6, 30), "text": "无"}
        if question.type == "series":  # all of it, long before
            return [{"date": date(year - 1, 1, 1), "value": words.get(question.of, 1)}]
        return question.choices[0] if question.choices else words.get(question.type, 1)

    def entries(self, criterion: Criterion, before: int, assessments: Data, year: int) -> list[Data]:
        """One entry for each kind that the criterion scores, with weights that make up its own."""
        rules = criterion.entries
        if rules is None:
            return []
        inside = categories_below(rules.categories)
        category = next((one for one in CATEGORIES if one in inside and "." in one), next(iter(inside), "output"))
        rows = []
        weights = _parts(criterion.weight.default, len(rules.scales))
        for place, ((kind, scale), weight) in enumerate(zip(rules.scales, weights, strict=True), 1):
            name = f"i{before + place}"
            row = self.entry(name, category, kind, scale, year)
            if weight is not None and rules.weights != "equal":
                row["weight"] = weight
            pick = self.pick(scale, weight or 0, entry=True)
            if pick is not None or kind == "qualitative":
                assessments[name] = pick or {"share": 1}
            rows.append(row)
        return rows

    def counted(self, rows: list[Data], year: int) -> list[Data]:
        """Entries for what formulas count and no criterion scores."""
        more: list[Data] = []
        for node in _formulas(self.plan):
            for part in node.walk():
                for path in (part.categories or ("output",)) if isinstance(part, Aggregate) else ():
                    inside = categories_below((path,))
                    if not any(row["category"] in inside for row in (*rows, *more)):
                        category = next((one for one in CATEGORIES if one in inside and "." in one), path)
                        row = self.entry(f"i{len(rows) + len(more) + 1}", category, "quantitative", None, year)
                        more.append(row | {"weight": 10})
        return more

    @staticmethod
    def entry(name: str, category: str, kind: EntryKind, scale: Scale | None, year: int) -> Data:
        row: Data = {"id": name, "category": category, "name": f"指标{name.removeprefix('i')}"}
        if kind == "dated":
            row |= {"target": date(year, 11, 30), "actual": date(year, 11, 30)}
        elif kind == "qualitative":
            row |= {"direction": "qualitative", "target": "示例目标", "actual": "已完成"}
        else:
            row |= {"direction": ">=", "target": TARGET, "actual": TARGET, "initial_target": TARGET, "prior": TARGET}
        level = _top_level(scale) if scale is not None else None
        return row | ({"level": level} if level is not None else {}) | {"reason": "示例原因", "evidence": "示例佐证"}

    def pick(self, scale: Scale, weight: Exact | Decimal, *, entry: bool = False) -> Data | None:
        """What a person gives at best: the top level, or all."""
        if not scale.by_person:
            return None
        level = _top_level(scale)
        if level is not None and not entry:
            return {"level": level}
        return {"share": 1}

    # ---------------------------------------------------------------------------------------------------------- made better

    def data(self) -> Data:
        best = self.standing(self.trial.base)
        for _ in range(PASSES):
            before = best
            for field in self.fields():
                for value in self.candidates(field):
                    data = put(self.trial.base, field.path, value)
                    found = self.standing(data)
                    if found < best:
                        best = found
                        self.trial.over(data)
                if best[:3] == (0, 0, 0):
                    break
            if best == before:
                break
        return self.trial.base

    def fields(self) -> list[Field]:
        """What tables read, and what people pick."""
        found: dict[Field, None] = {}
        for site in sites(self.plan):
            entry = entry_of(site, self.trial.base)
            for slot in site.leaf.slots:
                found |= dict.fromkeys(self.trial.fields(slot.formula, entry))
        for section, picks in self.trial.base.get("assessments", {}).items():
            for name in picks:
                found |= dict.fromkeys(Field(("assessments", section, name, key), "share") for key in ("share", "points"))
        for name in self.trial.rows:
            found[Field(("indicators", name, "weight"), "not-negative")] = None
        return [one for one in found if not one.is_entry]

    def candidates(self, field: Field) -> Iterator[Any]:
        """Values that the field might do better with."""
        now = self.trial.held(field.path)
        if field.path[0] == "assessments" and field.kind == "share":
            shares = [to_decimal(Fraction(part, 20)) for part in range(20, -1, -1)]
            yield from shares if field.path[-1] == "share" else (Decimal(part) for part in range(11))
            return
        if field.path[-1] == "weight":
            yield ABSENT
            return
        if field.kind == "choice":
            yield from (value for value in field.values if value != now)
            return
        number = Field.number(now)
        if number is None:
            return
        if field.kind == "date":
            offsets: list[Exact] = [number + days for days in (-400, -200, -100, -31, 31, 100, 200, 400)]
            numbers = [*self.numbers, *offsets]
        else:
            whole = {"money": AMOUNT, "number": 1}.get(field.kind, 1)
            scale = TARGET if field.path[0] == "indicators" else whole
            scales = (scale, 1, self.whole) if field.kind == "count" and self.divisors else (scale, 1)
            numbers = [0, *(part * factor for part in (*self.numbers, 1, 2) for factor in dict.fromkeys(scales))]
        for one in dict.fromkeys(numbers):
            value = field.typed(one)
            if value is not None and value != now:
                yield value

    def standing(self, data: Data) -> Standing:
        """How far a record is from full marks: problems, criteria out of play, points lost, and less the total."""
        check_time()
        try:
            found = self.evaluator.evaluate(EvaluationRecord.model_validate(data))
        except RecordError as error:
            missing = [str(problem.values.get("missing", "")).split(", ") for problem in error.problems]
            return sum(map(len, missing)), 0, 0, 0
        return standing(found)


def standing(found: Evaluation) -> Standing:
    """The same of an evaluation."""
    out = sum(one.row in ("not_applicable", "out_of_force", "absent") for one in found.criteria)
    out += sum(entry.row == "absent" for one in found.criteria for entry in one.entries)
    lost: Exact = sum((max(0, one.exact_lost) for one in found.criteria), Fraction(0))
    lost += sum(one.adjustment.effect != "bonus" for one in found.adjustments)
    return 0, out, exact(Fraction(lost)), -(found.exact_total or 0)


def entry_of(site: Site, data: Mapping[str, Any]) -> str | None:
    """The entry of the neutral record that the table of `site` scores."""
    if site.kind is None or site.criterion is None or site.criterion.entries is None:
        return None
    inside = categories_below(site.criterion.entries.categories)
    for row in data.get("indicators", ()):
        kind = (
            "dated"
            if isinstance(row["target"], date)
            else "qualitative"
            if row.get("direction") == "qualitative"
            else "quantitative"
        )
        if row["category"] in inside and kind == site.kind:
            return str(row["id"])
    return None


def _parts(whole: Exact, count: int) -> list[Any]:
    """`whole` in equal parts that can be typed, the last a little larger."""
    if not count:
        return []
    each = Fraction(int(Fraction(whole) * 100 / count), 100)
    parts = [exact(each)] * (count - 1) + [exact(Fraction(whole) - each * (count - 1))]
    return [to_decimal(part) for part in parts]


def _top_level(scale: Scale) -> str | None:
    """The best label of a scale that reads levels that a person gives, or of a part of it."""
    if scale.levels and scale.by_person:
        return next(slot.codes[0] for slot in scale.head.slots if slot.codes)
    return next((level for part in scale.parts if (level := _top_level(part.scale)) is not None), None)


def _formulas(plan: Plan) -> Iterator[Node]:
    for site in sites(plan):
        for slot in site.leaf.slots:
            yield slot.formula
    yield from (measure.formula for measure in plan.measures)
    yield from (node for lookup in plan.lookups for row in lookup.values for _, node in row)


def _divisors(plan: Plan) -> frozenset[str]:
    """Names that something is divided by."""
    quotients = (part for node in _formulas(plan) for part in node.walk() if isinstance(part, Arithmetic) and part.sign == "/")
    return frozenset(part.path for quotient in quotients for part in quotient.right.walk() if isinstance(part, Ref))


def _cuts(plan: Plan) -> Iterator[Exact]:
    for site in sites(plan):
        yield from (bound.cut for row in site.leaf.table.rows for guard in row.guards for bound in guard)


def _constants(plan: Plan) -> list[Exact]:
    """Numbers that tables compare with, or that stand in formulas."""
    found: dict[Exact, None] = dict.fromkeys(_cuts(plan))
    for node in _formulas(plan):
        found |= dict.fromkeys(part.value for part in node.walk() if isinstance(part, Number))
        found |= dict.fromkeys(part.value.toordinal() - days for part in node.walk() if isinstance(part, Date) for days in (0, 1))
    return list(found)[:60]
