"""Sections 2 to 4 and 7 to 11 of docs/semantics.md: from a ruleset and a record to points, total, grade and findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

from indicator_rules.record import EvaluationRecord
from indicator_rules.record_parts import Deduction, Indicator
from indicator_rules.spec import Adjustment, Completion, Criterion, Effect, Grade, Spec
from indicator_rules.spec_fields import MoveTo
from indicator_rules.spec_scales import Bands, Discretionary, FirstMatch, Levels, OwnScale, Shared
from oracle.combining import ZERO, clamped, combined, treated
from oracle.completion import at_equality, completion_of, direction_of, same_text
from oracle.rounding import round_known, rounded
from oracle.scales import ProblemError, Scored, apply, own_scale
from oracle.values import AMOUNTS, MONEY, Place, Value, World, below, number_of, own_weight, truth_of, value_of


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
    """Why the record cannot be scored: `criteria.<id>`, `indicators.<id>`, `adjustments.<id>`, `weight_sets`, `grade_by`."""

    reasons: set[str]


@dataclass(frozen=True)
class Standing:
    """9.1 "What is directly below a group has points, weights, and weights left out"; P, W, R of the group itself."""

    points: Fraction
    weight: Fraction
    left_out: Fraction

    @staticmethod
    def sum(standings: Iterable[Standing]) -> Standing:
        """ "P, W, R are their sums." """
        listed = list(standings)
        return Standing(*(sum((getattr(one, name) for one in listed), ZERO) for name in ("points", "weight", "left_out")))

    def times(self, factor: Fraction) -> Standing:
        return Standing(self.points * factor, self.weight * factor, self.left_out * factor)


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
        groups = {name: self.group(name) for name in self.spec.groups}
        unrounded = self.total(effects)
        total = rounded(unrounded, self.spec.ruleset.rounding.total)
        read = self.read_for_grade(total, unrounded)
        if self.reasons:
            return Refused(self.reasons)
        grade = self.grade(read, effects)
        self.find()
        subtotals = {name: standing.points for name, standing in groups.items()}
        return Verdict(self.points, self.rows, self.entries, subtotals, total, grade, self.world.findings)

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
        entries = self.all_entries(criterion)
        own = [self.recorded_weight(criterion, entry, entries, entries) for entry in entries]
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
        return None if scale is None else own_scale(scale, self.spec)

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
        """4 "No entry in the record: absent."; the blocks of `per = "goal"`, or all entries as one block."""
        every, entries, whole = self.all_entries(criterion), self.applicable_entries(criterion), self.weights[name]
        if not entries:
            return None
        if criterion.per == "goal" and self.record.goals:
            points = self.over_goals(name, criterion, every, entries)
        else:
            points = self.block(name, criterion, every, entries, whole)
        return None if points is None else ("entries", points)

    def over_goals(self, name: str, criterion: Criterion, every: list[Indicator], entries: list[Indicator]) -> Fraction | None:
        """4 "each goal that has an applicable entry of the criterion is a block; … Each block is scored as above with its part of the weight
        as the criterion's weight, and the points of the blocks are added. An applicable entry without `goal`: absent." """
        if any(entry.goal is None for entry in entries):
            return None
        goals = [goal for goal in self.record.goals if any(entry.goal == goal.id for entry in entries)]
        shares = goal_shares([None if goal.weight is None else Fraction(goal.weight) for goal in goals])
        if shares is None:
            return None
        found: list[Fraction | None] = []
        problem: ProblemError | None = None
        for goal, share in zip(goals, shares, strict=True):
            own_every = [entry for entry in every if entry.goal == goal.id]
            own = [entry for entry in entries if entry.goal == goal.id]
            try:
                found.append(self.block(name, criterion, own_every, own, self.weights[name] * share))
            except ProblemError as error:
                problem = error
                self.reasons.add(str(error))
        if problem is not None:
            raise problem
        known = [points for points in found if points is not None]
        return sum(known, ZERO) if len(known) == len(found) else None

    def block(
        self, name: str, criterion: Criterion, every: list[Indicator], entries: list[Indicator], whole: Fraction
    ) -> Fraction | None:
        """4 "Entries are combined so by `combine`, and the result is not above the criterion's weight." """
        weights = self.entry_weights(name, criterion, every, entries, whole)
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
        points = combined(criterion.combine, results, whole)
        return None if points is None else min(points, whole)

    def entry_weights(
        self, name: str, criterion: Criterion, every: list[Indicator], entries: list[Indicator], whole: Fraction
    ) -> list[Fraction]:
        """4 "Entry weights: …" """
        stage = self.spec.ruleset.rounding.entry_weight
        equal = [round_known(whole / len(entries), stage)] * len(entries)
        if criterion.entry_weights == "equal":
            return equal
        own = [self.recorded_weight(criterion, entry, every, entries) for entry in entries]
        weights = [round_known(weight, stage) for weight in own if weight is not None]
        if not weights and criterion.without_weights == "equal":
            self.world.findings.add(f"entry-weights-equal:{name}")
            return equal
        if len(weights) < len(entries):
            raise ProblemError(f"criteria.{name}")  # "some have and some have not: a problem"
        if criterion.per == "goal" and self.record.goals:
            return weights  # "The Σ of entry weights is not compared within blocks."
        # "Σ of the record's weights of all its entries (before rounding, the not applicable ones too)"
        everyone = [own_weight(entry) for entry in every]
        if sum((weight for weight in everyone if weight is not None), ZERO) != whole:
            if self.spec.ruleset.entry_weights_must_sum:
                raise ProblemError(f"criteria.{name}")
            self.world.findings.add(f"entry-weights-sum:{name}")
        return weights

    @staticmethod
    def recorded_weight(
        criterion: Criterion, entry: Indicator, every: list[Indicator], sharing: list[Indicator]
    ) -> Fraction | None:
        """4 "`shared`: as `record`, but an entry without weight whose `part_of` names an entry of the criterion shares that entry's weight
        with it, equally among the applicable ones that share it." `every`: of the criterion, or of the block; `sharing`: those that may."""
        if criterion.entry_weights != "shared":
            return own_weight(entry)
        holder = entry.id if entry.weight is not None else entry.part_of
        cell = next((own_weight(other) for other in every if other.id == holder), None)
        if cell is None:
            return None
        sharers = [other for other in sharing if other.id == holder or (other.weight is None and other.part_of == holder)]
        return cell / len(sharers)

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

    def below(self, group: str | None) -> list[Standing]:
        """9.1 "What is directly below a group (groups, and criteria of role score) has points, weights, and weights left out: of a criterion
        not applicable by `rescale` its weight, else 0." """
        criteria = [
            Standing(self.points[name], self.weights[name], self.weights[name] if name in self.left_out else ZERO)
            for name, item in self.spec.criteria.items()
            if item.role == "score" and item.group == group
        ]
        return [*criteria, *(self.group(name) for name, item in self.spec.groups.items() if item.parent == group)]

    def group(self, name: str) -> Standing:
        """9.1, clause by clause."""
        group, children = self.spec.groups[name], self.below(name)
        standing = Standing.sum(children)
        if group.combine != "sum":
            standing = replace(standing, points=self.combined_children(group.combine, children))
        if group.rescale and standing.left_out > 0:
            applicable = standing.weight - standing.left_out
            if applicable == 0:
                # "if W − R = 0, the group has points 0, weight W, left out W"
                standing = Standing(ZERO, standing.weight, standing.weight)
            else:
                # "else P becomes P × W ÷ (W − R), and R becomes 0"
                standing = Standing(standing.points * standing.weight / applicable, standing.weight, ZERO)
        if group.weight is not None:
            # "P, W and R are multiplied by G ÷ W (W = 0: … the group has points 0, weight 0, left out 0)"
            standing = (
                Standing(ZERO, ZERO, ZERO) if standing.weight == 0 else standing.times(Fraction(group.weight) / standing.weight)
            )
        return replace(standing, points=round_known(standing.points, self.spec.ruleset.rounding.group))

    @staticmethod
    def combined_children(how: str, children: list[Standing]) -> Fraction:
        """9.1 "A `combine` other than `sum` first combines (section 4) the children by their points and what is not left out of their
        weights (those with nothing left do not count), into the sum of those weights, in place of P (none such: 0)." """
        parts = [(child.points, child.weight - child.left_out) for child in children if child.left_out < child.weight]
        if not parts:
            return ZERO
        points = combined(how, parts, sum((weight for _, weight in parts), ZERO))
        assert points is not None
        return points

    def total(self, effects: list[Effect]) -> Fraction | None:
        """9.1 "S, W and R of the total are the sums over groups and criteria without parent" to 9.4, unrounded; None if all was left out."""
        top = Standing.sum(self.below(None))
        if top.weight != Fraction(self.spec.ruleset.full_score):
            self.world.findings.add("weights-sum:")
        if top.weight - top.left_out == 0:
            return None
        total = top.points * top.weight / (top.weight - top.left_out)
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

    def read_for_grade(self, total: Fraction | None, unrounded: Fraction | None) -> Fraction | None:
        """10 "With `grade_by`, what that formula gives is read in place of the total (absent: a problem of the record)."
        9.2 "no total and no grade" """
        header = self.spec.ruleset
        if total is None:
            return None
        if header.grade_by is None:
            return total if header.grade_on == "rounded" else unrounded
        read = number_of(header.grade_by, Place(self.world))
        if read is None:
            self.reasons.add("grade_by")
        return read

    def reaches(self, read: Fraction, grade: Grade) -> bool:
        """10 "whose cut the total reaches" """
        if grade.at_least is None and grade.above is None:
            return True
        cut = number_of(grade.at_least or grade.above or "", Place(self.world))
        assert cut is not None
        return read > cut or (grade.at_least is not None and read == cut)

    def grade(self, total: Fraction | None, effects: list[Effect]) -> str | None:
        """10 "The first grade whose cut the total reaches. Then down by Σ `grade_down` places, not above any `grade_at_most`, and the lowest
        if there is a `veto`; never below the lowest." """
        if total is None:
            return None
        grades = self.spec.grades
        lowest = len(grades) - 1
        place = next(position for position, grade in enumerate(grades) if self.reaches(total, grade))
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
            scored = {entry for entry, _, _ in self.entries.get(name, ())}
            used |= {
                f"indicators.{entry.id}"
                for entry in self.applicable_entries(criterion)
                if entry.id in scored and self.asks_of_entry(criterion, entry)
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


def goal_shares(weights: list[Fraction | None]) -> list[Fraction] | None:
    """4 "blocks share the criterion's weight in proportion to the goals' weights (all blocks have one; or none has: equally; else, or with a
    sum of 0: absent)" """
    known = [weight for weight in weights if weight is not None]
    if not known:
        return [Fraction(1, len(weights))] * len(weights)
    whole = sum(known, ZERO)
    return None if len(known) < len(weights) or whole == 0 else [weight / whole for weight in known]


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
