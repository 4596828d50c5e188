"""Sections 2 to 4 and 7 to 11 of docs/semantics.md: from a ruleset and a record to points, total, grade and findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from indicator_rules.record import Deduction, EvaluationRecord, Indicator
from indicator_rules.spec import (
    Adjustment,
    Bands,
    Completion,
    Criterion,
    Discretionary,
    Effect,
    FirstMatch,
    Levels,
    MoveTo,
    OwnScale,
    Shared,
    Spec,
)
from oracle.completion import at_equality, completion_of, direction_of, same_text
from oracle.rounding import round_known, rounded
from oracle.scales import ProblemError, Scored, apply, clamped
from oracle.values import AMOUNTS, MONEY, Place, Value, World, below, number_of, own_weight, truth_of, value_of

ZERO = Fraction(0)


@dataclass(frozen=True)
class Verdict:
    """What a record scores."""

    points: dict[str, Fraction]
    """Criterion id → points (of a penalty, negative); every criterion is here."""
    rows: dict[str, str]
    entries: dict[str, list[tuple[str, Fraction, str]]]
    """Criterion id → entry id, points, row."""
    groups: dict[str, Fraction]
    total: Fraction | None
    grade: str | None
    findings: set[str]
    """`code:subject` for the library's own, `id:entry` for a ruleset's."""


@dataclass(frozen=True)
class Refused:
    """Why the record cannot be scored: `criteria.<id>`, `indicators.<id>`, `adjustments.<id>`, `weight_sets`."""

    reasons: set[str]


def judge(spec: Spec, record: EvaluationRecord) -> Verdict | Refused:
    """The order of docs/semantics.md: applicability and weights, criteria, total, grade, findings."""
    return Judge(World(spec, record, completion_of)).judge()


@dataclass
class Judge:
    world: World
    reasons: set[str] = field(default_factory=set)
    weights: dict[str, Fraction] = field(default_factory=dict)
    applies: dict[str, bool] = field(default_factory=dict)
    points: dict[str, Fraction] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)
    entries: dict[str, list[tuple[str, Fraction, str]]] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)
    """Criteria that leave the sum by `rescale`."""

    @property
    def spec(self) -> Spec:
        return self.world.spec

    @property
    def record(self) -> EvaluationRecord:
        return self.world.record

    def judge(self) -> Verdict | Refused:
        self.weigh()
        if "weight_sets" in self.reasons:
            return Refused(self.reasons)
        self.find_applicable()
        self.move_weights()
        for name, criterion in self.spec.criteria.items():
            self.score(name, criterion)
        effects = self.effects()
        if self.reasons:
            return Refused(self.reasons)
        groups = self.groups()
        unrounded = self.total(groups, effects)
        total = rounded(unrounded, self.spec.ruleset.rounding.total)
        grade = self.grade(total if self.spec.ruleset.grade_on == "rounded" else unrounded, effects)
        self.find()
        return Verdict(self.points, self.rows, self.entries, groups, total, grade, self.world.findings)

    # ------------------------------------------------------------------------------------------------------- 2 weights

    def weigh(self) -> None:
        """2.2 and 2.3."""
        chosen = self.weight_set()
        for name, criterion in self.spec.criteria.items():
            if name in chosen:
                self.weights[name] = Fraction(chosen[name])
            elif criterion.weight.from_record:
                self.weights[name] = self.weight_from_record(name, criterion)
            else:
                self.weights[name] = Fraction(criterion.weight.default)

    def weight_set(self) -> dict[str, Decimal]:
        """2.2 "the first whose `when` is true (no `when` counts as true); an unknown one above the first true one is a problem of the
        record; none: the criteria's own weights." """
        for chosen in self.spec.weight_sets.values():
            held = True if chosen.when is None else truth_of(chosen.when, Place(self.world))
            if held is None:
                self.reasons.add("weight_sets")
                return {}
            if held:
                return chosen.weights
        return {}

    def weight_from_record(self, name: str, criterion: Criterion) -> Fraction:
        """2.3 "the sum of the weights of its entries (those not applicable too) if every one has a weight, else its `default`. Outside
        `min`…`max`: a finding." """
        own = [own_weight(entry) for entry in self.all_entries(criterion)]
        known = [weight for weight in own if weight is not None]
        weight = sum(known, ZERO) if own and len(known) == len(own) else Fraction(criterion.weight.default)
        low, high = criterion.weight.min, criterion.weight.max
        if (low is not None and weight < Fraction(low)) or (high is not None and weight > Fraction(high)):
            self.world.findings.add(f"weight-out-of-bounds:{name}")
        return weight

    # --------------------------------------------------------------------------------------------------- 2 applicability

    def find_applicable(self) -> None:
        """2.1, also where the weight is 0: 2.4 is about "a criterion that is not `not applicable`"."""
        for name, criterion in self.spec.criteria.items():
            self.applies[name] = self.is_applicable(name, criterion)

    def is_applicable(self, name: str, criterion: Criterion) -> bool:
        """2.1 "not applicable if the record says so or if its `applies_when` is false. Unknown: a problem of the record."
        4 "All not applicable: the criterion is not applicable." """
        if name in self.record.not_applicable.criteria:
            return False
        if self.all_entries(criterion) and not self.applicable_entries(criterion):
            return False
        held = True if criterion.applies_when is None else truth_of(criterion.applies_when, Place(self.world))
        if held is None:
            self.reasons.add(f"criteria.{name}")
        return held is not False

    def move_weights(self) -> None:
        """8 "`move_to = c`: its weight is added to that of c, before anything is scored (c itself not applicable: rescale)." """
        moves: list[tuple[str, str]] = []
        for name, criterion in self.spec.criteria.items():
            if not self.applies[name] and criterion.role == "score":
                if isinstance(criterion.not_applicable, MoveTo) and self.applies[criterion.not_applicable.move_to]:
                    moves.append((name, criterion.not_applicable.move_to))
                elif criterion.not_applicable == "rescale" or isinstance(criterion.not_applicable, MoveTo):
                    self.left_out.add(name)
        for name, to in moves:
            self.weights[to] += self.weights[name]
            self.weights[name] = ZERO

    # ------------------------------------------------------------------------------------------------ 3, 7, 8 a criterion

    def score(self, name: str, criterion: Criterion) -> None:
        """One criterion: its points and row, or what makes it a problem of the record."""
        if f"criteria.{name}" in self.reasons:
            return
        if not self.applies[name]:
            self.not_applicable(name, criterion)
            return
        if self.weights[name] == 0:
            self.give(name, "out_of_force", ZERO)  # 2.4 "A weight of 0 (after any `move_to`)"
            return
        try:
            outcome = self.over_entries(name, criterion) if criterion.indicators is not None else self.by_scale(name, criterion)
        except ProblemError as error:
            self.reasons.add(str(error))
            return
        if outcome is None:
            outcome = self.absent(name, criterion)
        if outcome is not None:
            row, points = outcome
            points = self.deducted(clamped(points, self.weights[name]), self.record.deductions.criteria.get(name))
            self.give(name, row, self.rounded_points(points))

    def give(self, name: str, row: str, points: Fraction) -> None:
        """7 "A `penalty` counts as its negative." """
        self.rows[name] = row
        self.points[name] = -points if self.spec.criteria[name].role == "penalty" else points

    def rounded_points(self, points: Fraction) -> Fraction:
        """7 "→ rounded at stage `points`" """
        return round_known(points, self.spec.ruleset.rounding.points)

    @staticmethod
    def deducted(points: Fraction, deduction: Deduction | None) -> Fraction:
        """7 "less the manual deduction (floor 0)" """
        return points if deduction is None else max(ZERO, points - Fraction(deduction.points))

    def absent(self, name: str, criterion: Criterion) -> tuple[str, Fraction] | None:
        """8 "`error`, a problem of the record that names what is missing" """
        if criterion.absent == "error":
            self.reasons.add(f"criteria.{name}")
            return None
        return "absent", treated(criterion.absent, self.weights[name])

    def not_applicable(self, name: str, criterion: Criterion) -> None:
        """8 "`not_applicable`, for role `score`: …; `full`; `zero`; a number; … Bonus and penalty: 0." """
        treatment, points = criterion.not_applicable, ZERO
        if criterion.role == "score" and not isinstance(treatment, MoveTo) and treatment != "rescale":
            points = treated(treatment, self.weights[name])
            points = self.rounded_points(self.deducted(points, self.record.deductions.criteria.get(name)))
        self.give(name, "not_applicable", points)

    def by_scale(self, name: str, criterion: Criterion) -> tuple[str, Fraction] | None:
        """3 "The value of `measure` is read, rounded at stage `measure`, and the scale applied." """
        place = Place(self.world)
        value: Value = None
        if criterion.measure is not None:
            value = value_of(criterion.measure, place)
            if isinstance(value, Fraction):
                value = rounded(value, self.spec.ruleset.rounding.measure)
        scale = self.scale(criterion.scale)
        assert scale is not None
        scored = Scored(
            place, self.weights[name], value, f"criteria.{name}", criterion.role == "penalty", criterion.measure is not None
        )
        outcome = apply(scale, scored)
        return None if outcome is None else (outcome.row, outcome.points)

    def scale(self, scale: OwnScale | Shared | None) -> OwnScale | None:
        if not isinstance(scale, Shared):
            return scale
        shared = self.spec.scales[scale.use]
        assert not isinstance(shared, Shared)
        return shared

    # -------------------------------------------------------------------------------------------- 4 a criterion over entries

    def all_entries(self, criterion: Criterion) -> list[Indicator]:
        """4 "those whose category is one of `indicators` or below it, in the record's order" """
        if criterion.indicators is None:
            return []
        paths = [criterion.indicators] if isinstance(criterion.indicators, str) else list(criterion.indicators)
        return [entry for entry in self.record.indicators if below(entry.category, paths)]

    def applicable_entries(self, criterion: Criterion) -> list[Indicator]:
        """4 "less those that the record calls not applicable" """
        return [entry for entry in self.all_entries(criterion) if entry.id not in self.record.not_applicable.indicators]

    def over_entries(self, name: str, criterion: Criterion) -> tuple[str, Fraction] | None:
        entries = self.applicable_entries(criterion)
        if not entries:
            return None  # 4 "No entry in the record: absent."
        weights = self.entry_weights(name, criterion, entries)
        results: list[tuple[Fraction, Fraction]] = []
        problem: ProblemError | None = None
        for entry, weight in zip(entries, weights, strict=True):
            try:
                results.append((self.entry(name, criterion, entry, weight), weight))
            except ProblemError as error:
                problem = error
                self.reasons.add(str(error))
        if problem is not None:
            raise problem
        share = combined(criterion.combine, results)
        return None if share is None else ("entries", share * self.weights[name])

    def entry_weights(self, name: str, criterion: Criterion, entries: list[Indicator]) -> list[Fraction]:
        """4 "Entry weights: …" """
        stage, whole = self.spec.ruleset.rounding.entry_weight, self.weights[name]
        equal = [round_known(whole / len(entries), stage)] * len(entries)
        if criterion.entry_weights == "equal":
            return equal
        own = [own_weight(entry) for entry in entries]
        weights = [round_known(weight, stage) for weight in own if weight is not None]
        if not weights and criterion.without_weights == "equal":
            self.world.findings.add(f"entry-weights-equal:{name}")
            return equal
        if len(weights) < len(entries):
            raise ProblemError(f"criteria.{name}")  # "some have and some have not: a problem"
        # "Σ of the record's weights of all its entries (before rounding, the not applicable ones too)"
        everyone = [own_weight(entry) for entry in self.all_entries(criterion)]
        if sum((weight for weight in everyone if weight is not None), ZERO) != whole:
            if self.spec.ruleset.entry_weights_must_sum:
                raise ProblemError(f"criteria.{name}")
            self.world.findings.add(f"entry-weights-sum:{name}")
        return weights

    def entry(self, name: str, criterion: Criterion, entry: Indicator, weight: Fraction) -> Fraction:
        """4 "Each entry is scored with the scale of its kind … clamped to [0, entry weight], less a manual deduction (floor 0), rounded at
        stage `entry_points`. An absent entry takes `entry_absent`." """
        table = criterion.completion or self.spec.completion
        scale = self.scale(getattr(criterion.entries, self.kind_of(criterion, entry)))
        outcome = None
        if scale is not None:
            place = Place(self.world, entry, table, weight)
            value = None if isinstance(scale, Levels) else completion_of(entry, table, weight, self.world)
            scored = Scored(place, weight, value, f"indicators.{entry.id}", criterion.role == "penalty", True)
            outcome = apply(scale, scored)
        if outcome is not None:
            row, points = outcome.row, outcome.points
        elif criterion.entry_absent == "error":
            raise ProblemError(f"indicators.{entry.id}")
        else:
            row, points = "absent", treated(criterion.entry_absent, weight)
        points = self.deducted(points, self.record.deductions.indicators.get(entry.id))
        points = round_known(points, self.spec.ruleset.rounding.entry_points)
        self.entries.setdefault(name, []).append((entry.id, points, row))
        return points

    def kind_of(self, criterion: Criterion, entry: Indicator) -> str:
        """4 "the scale of its kind (`by-date` → `dated`, `qualitative` → `qualitative`, else `quantitative`)" """
        direction = direction_of(entry, criterion.completion or self.spec.completion)
        return {"by-date": "dated", "qualitative": "qualitative"}.get(direction, "quantitative")

    # -------------------------------------------------------------------------------------------------------- 9 the total

    def groups(self) -> dict[str, Fraction]:
        """9.1 "Group subtotals: Σ of the groups and criteria (role score) directly below, rounded at stage `group`." """
        subtotals: dict[str, Fraction] = {}

        def subtotal(name: str) -> Fraction:
            if name not in subtotals:
                below_it = [subtotal(other) for other, group in self.spec.groups.items() if group.parent == name]
                subtotals[name] = round_known(sum(below_it, self.own_points(name)), self.spec.ruleset.rounding.group)
            return subtotals[name]

        for name in self.spec.groups:
            subtotal(name)
        return subtotals

    def own_points(self, group: str | None) -> Fraction:
        """Σ of the criteria of role score directly below a group, or below none."""
        return sum(
            (self.points[name] for name, item in self.spec.criteria.items() if item.role == "score" and item.group == group), ZERO
        )

    def total(self, groups: dict[str, Fraction], effects: list[Effect]) -> Fraction | None:
        """9.1 to 9.4, unrounded; None if everything was left out."""
        top = [groups[name] for name, group in self.spec.groups.items() if group.parent is None]
        s = sum(top, self.own_points(None))
        w = sum((self.weights[name] for name, item in self.spec.criteria.items() if item.role == "score"), ZERO)
        r = sum((self.weights[name] for name in self.left_out), ZERO)
        if w != Fraction(self.spec.ruleset.full_score):
            self.world.findings.add("weights-sum:")
        if w - r == 0:
            return None
        total = s * w / (w - r)
        # 9.3; the points of a penalty are negative already
        total += sum((self.points[name] for name, item in self.spec.criteria.items() if item.role != "score"), ZERO)
        total += self.amounts("bonus", effects) - self.amounts("deduct", effects)
        if self.record.deductions.total is not None:
            total -= Fraction(self.record.deductions.total.points)
        return self.bounded(total, effects)

    def amounts(self, effect: str, effects: list[Effect]) -> Fraction:
        return sum(self.limits(effect, effects), ZERO)

    def limits(self, effect: str, effects: list[Effect]) -> list[Fraction]:
        found = [number_of(getattr(one, effect), Place(self.world)) for one in effects if getattr(one, effect) is not None]
        return [amount for amount in found if amount is not None]

    def bounded(self, total: Fraction, effects: list[Effect]) -> Fraction:
        """9.4 "Not below any `total_at_least`, then not above any `total_at_most`, not below 0, not above the ruleset's `total_at_most`." """
        total = max([total, *self.limits("total_at_least", effects)])
        total = min([total, *self.limits("total_at_most", effects)])
        total = max(total, ZERO)
        ceiling = self.spec.ruleset.total_at_most
        return total if ceiling is None else min(total, Fraction(ceiling))

    # -------------------------------------------------------------------------------------------------------- 10 the grade

    def effects(self) -> list[Effect]:
        """10 "An adjustment whose `when` is unknown: `absent` = `error` (a problem), `skip` or `apply`." """
        return [item.then for name, item in self.spec.adjustments.items() if self.takes_effect(name, item)]

    def takes_effect(self, name: str, adjustment: Adjustment) -> bool:
        held = truth_of(adjustment.when, Place(self.world))
        if held is None and adjustment.absent == "error":
            self.reasons.add(f"adjustments.{name}")
        if not (adjustment.absent == "apply" if held is None else held):
            return False
        for effect in ("deduct", "bonus", "total_at_most", "total_at_least"):
            amount: str | None = getattr(adjustment.then, effect)
            if amount is not None and number_of(amount, Place(self.world)) is None:
                self.reasons.add(f"adjustments.{name}")
        return True

    def grade(self, total: Fraction | None, effects: list[Effect]) -> str | None:
        """10 "The first grade whose cut the total reaches. Then down by Σ `grade_down` places, not above any `grade_at_most`, and the lowest
        if there is a `veto`; never below the lowest." """
        if total is None:
            return None
        grades = self.spec.grades
        lowest = len(grades) - 1
        place = next(
            position
            for position, grade in enumerate(grades)
            if (grade.at_least is None and grade.above is None)
            or (grade.at_least is not None and total >= Fraction(grade.at_least))
            or (grade.above is not None and total > Fraction(grade.above))
        )
        labels = [grade.label.zh for grade in grades]
        place += sum(effect.grade_down or 0 for effect in effects)
        place = max([place, *(labels.index(effect.grade_at_most) for effect in effects if effect.grade_at_most is not None)])
        if any(effect.veto for effect in effects):
            place = lowest
        return labels[min(place, lowest)]

    # ------------------------------------------------------------------------------------------------------- 11 findings

    def find(self) -> None:
        """11 "A ruleset's finding is given when its `when` is true (for `indicators`: for each such entry)." """
        found = self.world.findings
        for entry in self.record.indicators:
            self.find_of_entry(entry, self.table_of(entry))
        for name, rule in self.spec.findings.items():
            if rule.for_ == "record" and truth_of(rule.when, Place(self.world)):
                found.add(f"{name}:")
            for entry in self.record.indicators if rule.for_ == "indicators" else ():
                if truth_of(rule.when, Place(self.world, entry, self.table_of(entry), own_weight(entry))):
                    found.add(f"{name}:{entry.id}")
        self.find_funds()
        self.find_unused()

    def table_of(self, entry: Indicator) -> Completion:
        """How 完成率 of the entry is worked out where no scale asks: as in the first criterion that scores it, else as in the ruleset."""
        for name, criterion in self.spec.criteria.items():
            if self.applies[name] and entry in self.applicable_entries(criterion):
                return criterion.completion or self.spec.completion
        return self.spec.completion

    def find_of_entry(self, entry: Indicator, table: Completion) -> None:
        """5 "and a finding" """
        if at_equality(entry, table):
            self.world.findings.add(f"strict-at-equality:{entry.id}")
        if same_text(entry, table):
            self.world.findings.add(f"same-text:{entry.id}")

    def find_unused(self) -> None:
        """11 "assessments that no rule read": no scale of a criterion in force, or of an entry scored in one, has a use for it."""
        used: set[str] = set()
        for name, criterion in self.spec.criteria.items():
            if self.rows[name] in ("not_applicable", "out_of_force"):
                continue
            if criterion.indicators is None and asks_a_person(self.scale(criterion.scale), leaf=criterion.measure is None):
                used.add(f"criteria.{name}")
            used |= {
                f"indicators.{entry.id}" for entry in self.applicable_entries(criterion) if self.asks_of_entry(criterion, entry)
            }
        for kind in ("criteria", "indicators"):
            for name in getattr(self.record.assessments, kind):
                if f"{kind}.{name}" not in used:
                    self.world.findings.add(f"assessment-unused:{name}")

    def asks_of_entry(self, criterion: Criterion, entry: Indicator) -> bool:
        kind = self.kind_of(criterion, entry)
        scale = self.scale(getattr(criterion.entries, kind))
        return scale is not None and (kind == "qualitative" or asks_a_person(scale, leaf=True))

    def find_funds(self) -> None:
        budget = self.record.budget
        for name in AMOUNTS if budget is not None else ():
            rows = [
                Fraction(getattr(row, name)) * MONEY[row.unit or "元"]
                for row in self.record.funds
                if getattr(row, name) is not None
            ]
            stated = getattr(budget, name)
            if rows and stated is not None and budget is not None and sum(rows) != Fraction(stated) * MONEY[budget.unit]:
                self.world.findings.add(f"funds-disagree:budget.{name}")


def treated(treatment: str | Decimal, weight: Fraction) -> Fraction:
    """8 "`full`, the weight; `zero`, 0; a number, that many points, clamped to [0, w]" """
    if isinstance(treatment, str):
        return weight if treatment == "full" else ZERO
    return clamped(Fraction(treatment), weight)


def combined(how: str, results: list[tuple[Fraction, Fraction]]) -> Fraction | None:
    """4 "`combine`: `weighted`: Σ points ÷ Σ weight; `mean`, `max`, `min` of the shares. Σ weight 0: absent." """
    if how == "weighted":
        whole = sum((weight for _, weight in results), ZERO)
        return None if whole == 0 else sum((points for points, _ in results), ZERO) / whole
    if any(weight == 0 for _, weight in results):
        return None  # "0 ÷ 0: absent for `mean`, `max`, `min`"
    shares = [points / weight for points, weight in results]
    return sum(shares, ZERO) / len(shares) if how == "mean" else {"max": max, "min": min}[how](shares)


def asks_a_person(scale: OwnScale | None, *, leaf: bool) -> bool:
    """Whether a scale may read an assessment: it has a range or, where no measure gives it (`leaf`), reads a level."""
    awards = []
    match scale:
        case Levels():
            awards = [level.award for level in scale.levels]
        case Bands():
            awards = [band.award for band in scale.bands]
        case FirstMatch():
            awards = [row.award for row in scale.rows]
        case Discretionary():
            awards = [scale.award]
    return (leaf and isinstance(scale, Levels)) or any(award.is_range for award in awards)
