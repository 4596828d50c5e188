"""Criteria over entries: the indicators of a record → points of each, combined (docs/semantics.md, section 4).

In: a record's entries below some categories. Out: points of the criterion or `Absent`, and a result for each entry. Entries are matched one
by one: each runs through the stage of its kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import is_
from typing import NamedTuple, Protocol

from indicator_rules.completion import EntryFacts, Settings, categories_below
from indicator_rules.errors import Problem
from indicator_rules.evaluation import Detail, EntryResult
from indicator_rules.exact import Exact, add_all, divide, exact, multiply, smaller, to_text
from indicator_rules.facts import Facts
from indicator_rules.measure import Readers, reading, together
from indicator_rules.plan import Criterion, Leaf, Plan
from indicator_rules.record import EvaluationRecord
from indicator_rules.record_parts import Deduction, Indicator, Rating
from indicator_rules.refusals import absent_entry, entry_weights, out_of_range, unknown_level
from indicator_rules.score import MOST_REMEMBERED, OutOfRange, ScaleRunner, UnknownLevel, combined, treated
from indicator_rules.stage import NONE, Stage
from indicator_rules.value import Absent, Value


class Members(NamedTuple):
    """The entries of one criterion in one record."""

    every: Sequence[Indicator]
    applicable: Sequence[Indicator]
    shares_cells: bool = False
    """Whether an entry without weight shares that of the entry it is part of."""
    by_goal: bool = False
    """Whether they are scored goal block by goal block."""

    @property
    def recorded_weight(self) -> Exact | None:
        """Σ of the weights in the record, if every entry has one (or shares one)."""
        holders = {entry.id for entry in self.every if entry.weight is not None}
        if not holders or any(
            entry.weight is None and not (self.shares_cells and entry.part_of in holders) for entry in self.every
        ):
            return None
        return self.given_weight

    @property
    def given_weight(self) -> Exact:
        """Σ of the weights that the record gives."""
        return add_all(exact(entry.weight) for entry in self.every if entry.weight is not None)


class _Rule(NamedTuple):
    """A criterion over entries, as far as it decides which they are."""

    criterion: str
    categories: frozenset[str]
    only: str | None
    """The category, if there is one alone."""
    shares_cells: bool
    per_goal: bool

    def entries(self, record: EvaluationRecord, by_category: Mapping[str, Sequence[Indicator]]) -> Sequence[Indicator]:
        """The entries in its categories, in the order of the record."""
        if self.only is not None:
            return by_category.get(self.only, ())
        found = [entries for category, entries in by_category.items() if category in self.categories]
        if len(found) == 1:
            return found[0]
        return [entry for entry in record.indicators if entry.category in self.categories]


class Register:
    """Which criteria score the entries of which category."""

    def __init__(self, criteria: Iterable[Criterion]) -> None:
        self.rules: list[_Rule] = []
        for criterion in criteria:
            if (rules := criterion.entries) is not None:
                categories = categories_below(rules.categories)
                only = next(iter(categories)) if len(categories) == 1 else None
                self.rules.append(_Rule(criterion.id, categories, only, rules.weights == "shared", rules.per_goal))

    def members(self, record: EvaluationRecord, not_applicable: set[str]) -> dict[str, Members]:
        """The entries of each criterion; where the record has some and none applies, the criterion is not applicable."""
        left_out, has_goals = record.not_applicable.indicators, bool(record.goals)
        members, by_category = {}, record.by_category
        for rule in self.rules:
            every = rule.entries(record, by_category)
            applicable = [entry for entry in every if entry.id not in left_out] if left_out else every
            members[rule.criterion] = Members(every, applicable, rule.shares_cells, rule.per_goal and has_goals)
            if every and not applicable:
                not_applicable.add(rule.criterion)
        return members


class Run(Protocol):
    """What scoring entries needs of a record under evaluation."""

    facts: Facts
    record: EvaluationRecord
    year: int
    entry_ratings: Mapping[str, tuple[Rating, ...]]
    entry_deductions: Mapping[str, Deduction]
    split_equally: set[str]
    """Criteria whose entries, or a block of them, have no weights and share equally."""

    def refuse(self, problem: Problem, criterion: str) -> None:
        """Note what keeps a criterion from being scored."""


class _Kind(NamedTuple):
    scale: ScaleRunner
    stage: Stage


KINDS = {"by-date": "dated", "qualitative": "qualitative"}
"""Kind of entry by direction; `quantitative` otherwise."""
_NO_SCALE = {"quantitative": "no-scale-quantitative", "qualitative": "no-scale-qualitative", "dated": "no-scale-dated"}


class EntriesRunner:
    """Entries of one criterion, made ready to score."""

    def __init__(self, criterion: Criterion, plan: Plan, readers: Readers, stage: Callable[[Sequence[Leaf]], Stage]) -> None:
        if criterion.entries is None:
            raise AssertionError(criterion.id)
        self.criterion, self.rules, self.plan, self.readers = criterion, criterion.entries, plan, readers
        self.settings = Settings.of(criterion.entries.completion)
        rounding = plan.rounding
        self.measure_rounding, self.weights_rounding, self.points_rounding = (
            rounding.measure,
            rounding.entry_weight,
            rounding.entry_points,
        )
        self._equal: dict[tuple[Exact, int], Sequence[Exact]] = {}
        self.kinds: dict[str, _Kind] = {}
        for kind, scale in criterion.entries.scales:
            runner = ScaleRunner(scale, readers)
            self.kinds[kind] = _Kind(runner, stage(runner.leaves))

    def score(self, run: Run, members: Members, weight: Exact) -> tuple[Exact | Absent, tuple[EntryResult, ...]]:
        """Points of the criterion and of its entries."""
        if not members.applicable:
            return Absent("no-entries", ("indicators",)), ()
        if members.by_goal:
            return self.by_goal(run, members, weight)
        return self.block(run, members, weight)

    def by_goal(self, run: Run, members: Members, weight: Exact) -> tuple[Exact | Absent, tuple[EntryResult, ...]]:
        """Goal block by goal block; a goal without entries of this criterion is left out."""
        homeless = [f"indicators.{entry.id}.goal" for entry in members.applicable if entry.goal is None]
        if homeless:
            return Absent("no-goal", tuple(homeless)), ()
        blocks = []
        for goal in run.record.goals:
            every, applicable = ([e for e in part if e.goal == goal.id] for part in (members.every, members.applicable))
            if applicable:
                blocks.append((goal, Members(every, applicable, members.shares_cells)))
        given = [exact(goal.weight) for goal, _ in blocks if goal.weight is not None]
        whole = add_all(given) if given else len(blocks)
        if (given and len(given) < len(blocks)) or whole == 0:
            return Absent("goal-weights", ("goals",)), ()
        points: list[Exact] = []
        missing: list[Absent] = []
        results: list[EntryResult] = []
        for goal, part in blocks:
            share = divide(1 if goal.weight is None else exact(goal.weight), whole)
            found, entries = self.block(run, part, multiply(weight, share), check_sum=False)
            results += entries
            if isinstance(found, Absent):
                missing.append(found)
            else:
                points.append(found)
        return (together(missing) if missing else add_all(points)), tuple(results)

    def block(
        self, run: Run, members: Members, weight: Exact, *, check_sum: bool = True
    ) -> tuple[Exact | Absent, tuple[EntryResult, ...]]:
        """Entries that are combined with one another."""
        weights = self.weights(run, members, weight, check_sum=check_sum)
        if weights is None:
            return 0, ()
        results: list[EntryResult] = []
        points: list[Exact] = []
        for entry, own in zip(members.applicable, weights, strict=True):
            result = self.entry(run, entry, own)
            results.append(result)
            points.append(result.exact_points)
        run.facts.entry = None
        if self.rules.combine == "weighted" and all(map(is_, points, weights)) and any(weights):
            return weight, tuple(results)  # full marks for all, the common case
        found = combined(self.rules.combine, points, weights, weight)
        # Entries rounded up can sum to more than the weight.
        return (found if isinstance(found, Absent) else smaller(found, weight)), tuple(results)

    def weights(self, run: Run, members: Members, weight: Exact, *, check_sum: bool) -> Sequence[Exact] | None:
        """The weight of each applicable entry; None after a problem."""
        applicable = members.applicable
        if self.rules.weights == "equal":
            return self.equal(weight, len(applicable))
        known: list[Exact] = []
        for entry in applicable:
            own = self.recorded(entry, members) if members.shares_cells else entry.weight
            if own is not None:
                known.append(exact(own))
        if not known:
            if self.rules.without_weights == "error":
                run.refuse(entry_weights("entry-weights-missing", self.criterion, run.record, applicable), self.criterion.id)
                return None
            run.split_equally.add(self.criterion.id)
            return self.equal(weight, len(applicable))
        if len(known) < len(applicable):
            run.refuse(entry_weights("entry-weights-incomplete", self.criterion, run.record, applicable), self.criterion.id)
            return None
        if check_sum and self.plan.entry_weights_must_sum and (total := members.given_weight) != weight:
            values = {"sum": to_text(total), "weight": to_text(weight)}
            problem = entry_weights("entry-weights-sum", self.criterion, run.record, applicable, **values)
            run.refuse(problem, self.criterion.id)
            return None
        return self.rounded(known)

    def equal(self, weight: Exact, number: int) -> Sequence[Exact]:
        """`weight` in as many equal parts; worked out once."""
        known = self._equal.get((weight, number))
        if known is None:
            if len(self._equal) >= MOST_REMEMBERED:
                self._equal.clear()
            known = self._equal[weight, number] = self.rounded([divide(weight, number)] * number)
        return known

    def rounded(self, weights: Sequence[Exact]) -> Sequence[Exact]:
        rounding = self.weights_rounding
        return weights if rounding is None else [rounding(one) for one in weights]

    def recorded(self, entry: Indicator, members: Members) -> Exact | None:
        """The weight that the record gives an entry that may share a cell: its own, or its part of the cell."""
        leader = entry.id if entry.weight is not None else entry.part_of
        cell = next((one.weight for one in members.every if one.id == leader), None)
        if cell is None:
            return None
        sharing = [one for one in members.applicable if one.id == leader or (one.weight is None and one.part_of == leader)]
        return divide(exact(cell), len(sharing))

    def entry(self, run: Run, indicator: Indicator, weight: Exact) -> EntryResult:
        """Score one entry with the scale of its kind; what keeps it from being scored is a problem, and then 0."""
        facts, ratings, deductions = run.facts, run.entry_ratings, run.entry_deductions
        own_ratings = ratings.get(indicator.id, ()) if ratings else ()
        entry = EntryFacts(indicator, run.year, self.settings, own_ratings, self.measure_rounding, weight)
        facts.entry, facts.weight = entry, weight
        kind = KINDS.get(entry.direction, "quantitative")
        row: str = "absent"
        points: Exact | Absent
        if kind in self.kinds:
            scale, stage = self.kinds[kind]
            try:
                points, row, _ = scale.score(facts, stage.run(facts), own_ratings)
            except (OutOfRange, UnknownLevel) as error:
                self.refuse(run, indicator, error)
                points = 0
        else:
            points = Absent(_NO_SCALE[kind], (f"indicators.{indicator.id}.direction",))
        if isinstance(points, Absent):
            row, points = "absent", self.without(run, indicator, points, weight)
        if deductions and indicator.id in deductions:
            points = max(0, points - exact(deductions[indicator.id].points))
        if self.points_rounding is not None:
            points = self.points_rounding(points)
        return EntryResult(indicator, kind, points, weight, row, entry.completion)

    def refuse(self, run: Run, indicator: Indicator, error: OutOfRange | UnknownLevel) -> None:
        """Tell of a pick out of range or an unknown level."""
        if isinstance(error, OutOfRange):
            run.refuse(out_of_range(("assessments", "indicators", indicator.id), error), self.criterion.id)
            return
        position = next(place for place, one in enumerate(run.record.indicators) if one.id == indicator.id)
        run.refuse(unknown_level(error, ("indicators", position, "level")), self.criterion.id)

    def without(self, run: Run, indicator: Indicator, found: Absent, weight: Exact) -> Exact:
        """The points of an entry that has none of its own: those that the ruleset gives it, or 0 and a problem."""
        if found.reason == "not-assessed" and not found.paths:
            found = Absent("not-assessed", (f"assessments.indicators.{indicator.id}",))
        given = treated(self.rules.absent, weight)
        if given is None:
            run.refuse(absent_entry(self.criterion, indicator, found, run.record), self.criterion.id)
        return given or 0

    def detail(self, facts: Facts, members: Members, name: str, weight: Exact) -> Detail:
        """The formula of one entry and what it read. Raises KeyError for an entry that the criterion does not score."""
        indicator = next((entry for entry in members.applicable if entry.id == name), None)
        if indicator is None:
            raise KeyError(name)
        record = facts.record
        ratings = record.assessments.indicators.get(name, ())
        entry = EntryFacts(indicator, record.subject.year, self.settings, ratings, self.plan.rounding.measure, weight)
        ready = self.kinds.get(KINDS.get(entry.direction, "quantitative"))
        facts.entry = entry
        read = reading(self.readers, facts)
        if ready is None:
            return Detail(None, {}, read)
        row = ready.stage.run(facts)[0]
        award = None if row == NONE else ready.scale.scale.head.table.rows[row].award
        values: dict[str, Value] = {"completion": entry.completion, "actual": entry.actual, "target": entry.target}
        return Detail(None if award is None else str(award), values, read)
