"""Sensitivity: would the grade be another one if a weight or a cut were a little different?

In: a linked ruleset, records that were read. Out: a `Sensitivity`. The ruleset's data is changed (weights in the plan, constants of cuts in the
linked formulas, which are compiled again), never its text, and each variant scores every record exactly; docs/compare.md says what is moved, and how
far. A record that cannot be scored as the ruleset stands is listed with its problems and takes no further part.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from random import Random
from typing import NamedTuple, Protocol, TypeAlias

from indicator_rules import engine as engines
from indicator_rules import spec_scales
from indicator_rules.comparison.comparison import Told
from indicator_rules.comparison.wording import both, key_name
from indicator_rules.compile import compile_ruleset
from indicator_rules.condition import constant
from indicator_rules.errors import KeyPath, Problem, RecordError
from indicator_rules.evaluate import Evaluator
from indicator_rules.exact import Exact, add_all, decimal_places, divide, exact, multiply
from indicator_rules.explaining.explain import is_ratio
from indicator_rules.expression import Call, Node, Number, Ref
from indicator_rules.lower import COMPLETION
from indicator_rules.plan import Criterion, Plan
from indicator_rules.record import EvaluationRecord
from indicator_rules.ruleset import Formula, Ruleset
from indicator_rules.sensitivity.result import Flip, Kind, RecordSensitivity, Sensitivity, Unmoved, Variant
from indicator_rules.spec_fields import Label

__all__ = ["Given", "sensitivity", "steps_of"]


class Sensible(Protocol):
    """What this needs of `Rules`."""

    @property
    def ruleset(self) -> Ruleset: ...
    @property
    def plan(self) -> Plan: ...
    @property
    def name(self) -> str: ...


class Given(NamedTuple):
    """A record, or what is wrong with it."""

    file: str
    record: EvaluationRecord | None
    problems: tuple[Problem, ...] = ()


def steps_of(**given: Decimal | str) -> dict[str, Exact]:
    """Steps as numbers, those of 0 left out; `5%` is 0.05. Raises ValueError."""
    steps: dict[str, Exact] = {}
    for name, step in given.items():
        try:
            text = str(step)
            number = Decimal(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or number < 0 or (number >= 1 and name != "grades"):
            raise ValueError(f"{name}: {step}")
        if number:
            steps[name] = exact(number)
    return steps


def sensitivity(
    rules: Sensible, given: Sequence[Given], steps: Mapping[str, Exact], samples: int = 0, seed: int = 0
) -> Sensitivity:
    """Every variant over every record. `steps`: how far `weights` (a share of itself), `thresholds` (a ratio) and `grades` (points of 100)
    are moved; what is missing stays.
    """
    cuts = _Cuts.of(rules.ruleset, steps)
    pools = _Pools.of(rules.plan)
    runs = _Runs(rules, given, pools)
    unmoved: list[Unmoved] = list(cuts.unmoved)
    variants: list[Variant] = []
    if "weights" in steps:
        for criterion in pools.criteria:
            for factor in (1 - steps["weights"], 1 + steps["weights"]):
                old, new = criterion.weight.default, multiply(criterion.weight.default, exact(Fraction(factor)))
                if pools.moved(_settled(rules.plan, ()), {criterion.id: factor}) is None:
                    unmoved.append(Unmoved(_told(criterion.label), key_name("", "weight"), "alone"))
                    break
                path: KeyPath = ("criteria", criterion.id, "weight")
                made = Variant("weight", criterion.id, path, _told(criterion.label), key_name("", "weight"), old, new, False)
                variants.append(runs.run(made, rules.plan, {criterion.id: factor}))
    for cut in cuts.cuts:
        for new in (exact(Fraction(cut.value) - cut.step), exact(Fraction(cut.value) + cut.step)):
            made = Variant(cut.kind, cut.criterion, cut.path, cut.label, cut.aspect, cut.value, new, cut.is_ratio)
            if cuts.in_order({cut.path: new}, cut.scale):
                variants.append(runs.run(made, cuts.moved(rules.ruleset, {cut.path: new})))
            else:
                unmoved.append(Unmoved(cut.label, Told(*(f"{one} → {made.number(new)}" for one in cut.aspect)), "order"))
    variants += _sampled(runs, rules, cuts, pools, steps, samples, seed)
    variants.sort(key=runs.place)
    return Sensitivity(rules.name, dict(steps), samples, seed, tuple(variants), runs.records(), tuple(unmoved))


_GRAIN = 1000
"""Steps of chance between standing still and the whole move."""


def _sampled(
    runs: _Runs, rules: Sensible, cuts: _Cuts, pools: _Pools, steps: Mapping[str, Exact], samples: int, seed: int
) -> Iterator[Variant]:
    """Everything moved at once, each by a random part of its step, the same for the same seed."""
    rng = Random(seed)  # noqa: S311  # chance that can be repeated, not a secret

    def part() -> Fraction:
        return Fraction(rng.randint(-_GRAIN, _GRAIN), _GRAIN)

    for serial in range(1, samples + 1):
        moved = {cut.path: exact(cut.value + part() * cut.step) for cut in cuts.cuts}
        for scale in {cut.scale for cut in cuts.cuts}:
            inside = {cut.path: moved[cut.path] for cut in cuts.cuts if cut.scale == scale}
            if not cuts.in_order(inside, scale):
                moved = {path: new for path, new in moved.items() if path not in inside}
        plan = cuts.moved(rules.ruleset, moved)
        factors = {one.id: exact(1 + part() * steps["weights"]) for one in pools.criteria} if "weights" in steps else {}
        made = Variant("sample", "", (), both("samples"), both("sample", serial=serial), serial, serial, False)
        yield runs.run(made, plan, factors)


# --------------------------------------------------------------------------------------------------------------------- runs


@dataclass(slots=True)
class _Runs:
    """The records, scored as the ruleset stands and then by each variant."""

    rules: Sensible
    given: Sequence[Given]
    pools: _Pools
    stated: dict[int, _Stated] = field(default_factory=dict)
    """Weights that a record states itself."""
    base: dict[int, tuple[EvaluationRecord, Exact, str]] = field(default_factory=dict)
    problems: dict[int, tuple[Problem, ...]] = field(default_factory=dict)
    totals: defaultdict[int, list[Exact]] = field(default_factory=lambda: defaultdict(list))
    grades: defaultdict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def __post_init__(self) -> None:
        evaluator = self.evaluator(self.rules.plan)
        for place, one in enumerate(self.given):
            try:
                found = None if one.record is None else self.score(evaluator, one.record)
                self.problems[place] = one.problems
            except RecordError as error:
                found, self.problems[place] = None, error.problems
            if found is not None and one.record is not None:
                self.base[place] = (one.record, *found)
                self.stated[place] = self.stated_by(evaluator, one.record)

    def stated_by(self, evaluator: Evaluator, record: EvaluationRecord) -> _Stated:
        members = evaluator.register.members(record, set())
        weights = [(one.id, members[one.id].recorded_weight) for one in self.pools.criteria if one.weight.from_record]
        return tuple((name, weight) for name, weight in weights if weight is not None)

    def evaluator(self, plan: Plan) -> Evaluator:
        # One plan a variant, used once: the plain matcher has nothing to set up.
        return Evaluator(plan, engines.engine("plain"), dict)

    def score(self, evaluator: Evaluator, record: EvaluationRecord) -> tuple[Exact, str] | None:
        """Total and grade; None if nothing applies. Raises `RecordError`."""
        result = evaluator.evaluate(record)
        return None if result.exact_total is None or result.grade is None else (result.exact_total, result.grade)

    def run(self, variant: Variant, plan: Plan, factors: Mapping[str, Exact] | None = None) -> Variant:
        """`variant`, which is `plan` with weights times `factors`, and what it did to the records. Entry weights that no longer sum to a weight
        that moved are no reason to refuse.
        """
        evaluators: dict[_Stated, Evaluator] = {}
        flips, refused, widest = [], [], Fraction(0)
        for place, (record, total, grade) in self.base.items():
            key = self.stated[place] if factors else ()
            if key not in evaluators:
                own = (self.pools.moved(_settled(plan, key), factors) if factors else None) or plan
                evaluators[key] = self.evaluator(replace(own, entry_weights_must_sum=False))
            try:
                found = self.score(evaluators[key], record)
            except RecordError:
                found = None
            if found is None:
                refused.append(place)
                continue
            self.totals[place].append(found[0])
            widest = max(widest, abs(Fraction(found[0]) - total))
            if found[1] != grade:
                flips.append(Flip(place, grade, found[1]))
                self.grades[place][found[1]] += 1
        return replace(variant, flips=tuple(flips), refused=tuple(refused), widest=exact(widest))

    def place(self, variant: Variant) -> tuple[int, int]:
        """Criteria in the order of the ruleset, then grades, then samples."""
        order = {criterion.id: place for place, criterion in enumerate(self.rules.plan.criteria)}
        kinds = ("weight", "threshold", "grade", "sample")
        return order.get(variant.criterion, len(order)), kinds.index(variant.kind)

    def records(self) -> tuple[RecordSensitivity, ...]:
        """Each record over all variants."""
        return tuple(self.record(place, one) for place, one in enumerate(self.given))

    def record(self, place: int, one: Given) -> RecordSensitivity:
        name = one.record.subject.name if one.record is not None else one.file
        if place not in self.base:
            return RecordSensitivity(name, one.file, None, None, problems=self.problems.get(place, ()))
        _, total, grade = self.base[place]
        totals = [total, *self.totals[place]]
        return RecordSensitivity(name, one.file, total, grade, min(totals), max(totals), dict(self.grades[place].most_common()))


# ------------------------------------------------------------------------------------------------------------------ weights

_Stated: TypeAlias = tuple[tuple[str, Exact], ...]
"""Criterion → weight that a record states."""


def _settled(plan: Plan, stated: _Stated) -> Plan:
    """The plan with the weights that a record states as the ruleset's own."""
    known = dict(stated)
    criteria = tuple(
        replace(one, weight=replace(one.weight, default=known.get(one.id, one.weight.default), from_record=False))
        for one in plan.criteria
    )
    return replace(plan, criteria=criteria)


@dataclass(slots=True)
class _Pools:
    """Criteria whose weights make one sum: those below the same nearest group with a weight of its own, or below none."""

    criteria: list[Criterion]
    pools: dict[str, list[str]]

    @classmethod
    def of(cls, plan: Plan) -> _Pools:
        groups = {group.id: group for group in plan.groups}
        kept, pools = [], defaultdict[str, list[str]](list)
        for criterion in plan.criteria:
            if criterion.role != "score":
                continue
            group = groups.get(criterion.group or "")
            while group is not None and group.weight is None:
                group = groups.get(group.parent or "")
            kept.append(criterion)
            pools[group.id if group is not None else ""].append(criterion.id)
        return cls(kept, dict(pools))

    def moved(self, plan: Plan, factors: Mapping[str, Exact]) -> Plan | None:
        """The plan with weights times `factors`. One that is moved keeps its new weight and the others of its pool share the rest; if all
        are moved, all are scaled to the sum. None if there is no other to rescale.
        """
        own = self.rescaled({one.id: one.weight.default for one in plan.criteria}, factors)
        sets = [
            self.rescaled({one.id: one.weight.default for one in plan.criteria} | dict(some), factors) for some in plan.weights
        ]
        if own is None or any(one is None for one in sets):
            return None
        criteria = tuple(replace(one, weight=replace(one.weight, default=own[one.id])) for one in plan.criteria)
        known = {name for some in self.pools.values() for name in some}
        weights = tuple(
            tuple((name, weight) for name, weight in (one or {}).items() if name in known or name in dict(plan.weights[place]))
            for place, one in enumerate(sets)
        )
        return replace(plan, criteria=criteria, weights=weights)

    def rescaled(self, weights: dict[str, Exact], factors: Mapping[str, Exact]) -> dict[str, Exact] | None:
        for pool in self.pools.values():
            touched = [name for name in pool if name in factors and weights[name]]
            if not touched:
                continue
            whole = add_all(weights[name] for name in pool)
            moved = {name: multiply(weights[name], factors[name]) for name in touched}
            others = [name for name in pool if name not in moved] if len(touched) < len(pool) else []
            rest = add_all(weights[name] for name in others)
            if others and rest:
                factor = divide(exact(Fraction(whole) - add_all(moved.values())), rest)
                moved |= {name: multiply(weights[name], factor) for name in others}
            elif len(touched) == 1:
                return None
            else:
                factor = divide(whole, add_all(moved.values()))
                moved = {name: multiply(weight, factor) for name, weight in moved.items()}
            if any(weight < 0 for weight in moved.values()):
                return None
            weights = weights | moved
        return weights


# --------------------------------------------------------------------------------------------------------------------- cuts


class _Cut(NamedTuple):
    """A constant cut of a scale, or of the grades."""

    kind: Kind
    criterion: str
    path: KeyPath
    scale: KeyPath
    """What it is a cut of: cuts of one scale keep their order."""
    label: Told
    aspect: Told
    value: Exact
    step: Exact
    is_ratio: bool


_KEYS = ("full_at", "zero_at", "pass_line", "at_least", "above", "at")


@dataclass(slots=True)
class _Cuts:
    """Every cut that is a number."""

    ruleset: Ruleset
    cuts: list[_Cut]
    unmoved: list[Unmoved]

    @classmethod
    def of(cls, ruleset: Ruleset, steps: Mapping[str, Exact]) -> _Cuts:
        made = cls(ruleset, [], [])
        for path, formula in ruleset.formulas.items():
            if path[-1] not in _KEYS:
                continue
            of_grades = path[0] == "grades" and "grades" in steps
            of_scale = path[0] == "criteria" and "thresholds" in steps and made.scale_of(path) in ruleset.scales
            if of_grades or of_scale:
                made.add(path, formula.node, steps)
        return made

    def scale_of(self, path: KeyPath) -> KeyPath:
        """The key path of the scale, or of the grades, that a cut is in."""
        return path[:-3] if len(path) > 3 and path[-3] == "bands" else path[:1] if path[0] == "grades" else path[:-1]

    def add(self, path: KeyPath, node: Node, steps: Mapping[str, Exact]) -> None:
        value, scale = constant(node), self.scale_of(path)
        label, aspect = self.told(path)
        if value is None:
            self.unmoved.append(Unmoved(label, aspect, "formula"))
            return
        of_total = path[0] == "grades" and self.ruleset.spec.ruleset.grade_by is None
        if of_total:
            step, ratio = divide(multiply(steps["grades"], exact(self.ruleset.spec.ruleset.full_score)), 100), False
        else:
            step, ratio = self.step(node, value, scale, steps.get("thresholds", divide(steps.get("grades", 1), 100)))
        criterion = str(path[1]) if path[0] == "criteria" else ""
        kind: Kind = "grade" if path[0] == "grades" else "threshold"
        self.cuts.append(_Cut(kind, criterion, path, scale, label, aspect, value, step, ratio))

    def step(self, node: Node, value: Exact, scale: KeyPath, ratio: Exact) -> tuple[Exact, bool]:
        """How far a cut moves, and whether it is a percentage: `ratio` for one, that share of itself for money, 1 for a whole number, else its
        last decimal place."""
        numbers = [part for part in node.walk() if isinstance(part, Number)]
        if any(part.unit == "money" for part in numbers):
            return multiply(max(value, -value), ratio), False
        if any(part.typed.endswith(("%", "％")) for part in numbers) or is_ratio(self.measured(scale)):
            return ratio, True
        places = decimal_places(value)
        return (1 if not places else Fraction(1, 10**places)), False

    def measured(self, scale: KeyPath) -> Node:
        """What the scale reads, measures and roundings looked through."""
        of_grades: KeyPath = ("ruleset", "grade_by")
        owner: KeyPath = of_grades if scale == ("grades",) else (*scale[:-1], "measure")
        formula = self.ruleset.formulas.get(owner)
        node = COMPLETION if formula is None else formula.node
        while True:
            if isinstance(node, Ref) and node.path.startswith("measures."):
                node = self.ruleset.node("measures", node.path.partition(".")[2], "value")
            elif isinstance(node, Call) and node.function == "rounded":
                node = node.arguments[0]
            else:
                return node

    def told(self, path: KeyPath) -> tuple[Told, Told]:
        spec = self.ruleset.spec
        key = key_name("", str(path[-1]))
        if path[0] == "grades":
            return key_name("", "grades"), _joined([_told(spec.grades[int(path[1])].label), key])
        trail: list[Told] = [key_name("", str(path[3]))] if path[2] == "entries" else []
        for end in range(3, len(path)):
            scale = self.ruleset.scales.get(path[:end])
            if isinstance(scale, spec_scales.Parts) and path[end] == "parts":
                trail.append(_told(scale.parts[int(path[end + 1])].label))
            elif isinstance(scale, spec_scales.Bands):
                label = scale.bands[int(path[end + 1])].label
                trail.append(_told(label) if label is not None else both("row", place=int(path[end + 1]) + 1))
        return _told(spec.criteria[str(path[1])].label), _joined([*trail, key])

    def in_order(self, moved: Mapping[KeyPath, Exact], scale: KeyPath) -> bool:
        """Whether the cuts of `scale` stand in the same order as before, none on another."""
        inside = [(cut.value, moved.get(cut.path, cut.value)) for cut in self.cuts if cut.scale == scale]
        own = self.ruleset.scales.get(scale)
        if isinstance(own, spec_scales.Proportional) and own.zero_at is None:
            inside.append((0, 0))
        return all(
            _sign(one[0] - other[0]) == _sign(one[1] - other[1]) for place, one in enumerate(inside) for other in inside[:place]
        )

    def moved(self, ruleset: Ruleset, moved: Mapping[KeyPath, Exact]) -> Plan:
        """The plan of the ruleset with other constants."""
        formulas = {
            **ruleset.formulas,
            **{path: Formula(Number(new), ruleset.formulas[path].type) for path, new in moved.items()},
        }
        return compile_ruleset(replace(ruleset, formulas=formulas))[0]


def _sign(value: Exact) -> int:
    return (value > 0) - (value < 0)


def _told(label: Label) -> Told:
    return Told(label.text("zh"), label.text("en"))


def _joined(parts: Iterable[Told]) -> Told:
    some = list(parts)
    return Told("：".join(one.zh for one in some), ": ".join(one.en for one in some))
