"""Gap analysis (差距分析): the smallest changes of a record that would reach a grade, criterion by criterion, and what is out of reach.

In: rules, a record, a grade. Out: a `Gap`, or `RecordError` for a record that no filling in can mend. Only empty fields may change or, `hypothetical`, every lever
(`levers`). Guaranteed: every proposal was read and scored anew and has the grade; for a single change one step less has not; `impossible` is what partial evaluation
proves. Not guaranteed: that no better set of several changes exists where criteria depend on one another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from indicator_rules import messages
from indicator_rules.comparison.comparison import Told
from indicator_rules.errors import RecordError
from indicator_rules.evaluate import Evaluator
from indicator_rules.evaluation import CriterionResult, Evaluation
from indicator_rules.exact import Exact, to_percent
from indicator_rules.explaining.explain import Explainer
from indicator_rules.gap.levers import Lever, levers
from indicator_rules.gap.one_change import Bench, Found, Pulled
from indicator_rules.gap.result import Blocker, Change, CriterionGap, Gap, Moved, Proposal, Verdict, Why
from indicator_rules.gap.several_changes import MOST_PAIRED, Gain, Together
from indicator_rules.inputs import InputField
from indicator_rules.partial.outlook import label_of
from indicator_rules.partial.partial import Partial
from indicator_rules.plan import Adjustment, Plan
from indicator_rules.record import EvaluationRecord
from indicator_rules.spec_fields import Label
from indicator_rules.time_limit import OutOfTime, limited
from indicator_rules.value import Absent


class Ruled(Protocol):
    """What gap analysis needs of `Rules`."""

    @property
    def evaluator(self) -> Evaluator: ...

    @property
    def looking_ahead(self) -> Partial: ...

    @property
    def provenance(self) -> Mapping[str, str]: ...

    def inputs(self) -> tuple[InputField, ...]: ...


def gap(rules: Ruled, record: EvaluationRecord, grade: str, *, hypothetical: bool = False, seconds: float | None = None) -> Gap:
    """How far `record` is from `grade`, and what would reach it; `out-of-time` where that is not found within `seconds` (None: no limit).

    Raises: RecordError, as `Rules.evaluate` does, for what is wrong rather than missing; ValueError for a grade that the ruleset does not have.
    """
    search = _Gap(rules, record, position_of(rules.evaluator.plan, grade), hypothetical)
    try:
        with limited(seconds):
            return search.result()
    except OutOfTime:
        return search.told("out-of-time", search.before)


def position_of(plan: Plan, grade: str) -> int:
    """The position of a grade, best 0, by its label in either language. Raises ValueError."""
    for position, label in enumerate(plan.grade_labels):
        if grade.strip() in (label.zh, label.en, str(label)):
            return position
    raise ValueError(grade)


class _Gap:
    def __init__(self, rules: Ruled, record: EvaluationRecord, wanted: int, hypothetical: bool) -> None:
        self.rules, self.plan, self.record = rules, rules.evaluator.plan, record
        self.wanted, self.hypothetical = wanted, hypothetical
        self.bench = Bench(rules.evaluator, record)
        self.all = levers(self.plan, rules.inputs(), record)
        self.free = tuple(one for one in self.all if hypothetical or one.now is None)
        self.together = Together(self.bench, self.free, self.fits, self.needed)
        self.before = self.evaluated()
        self.missing: dict[str, Told] = {}

    def evaluated(self) -> Evaluation | None:
        """The record as it is; None if values are missing. Raises `RecordError` for anything else."""
        try:
            return self.rules.evaluator.evaluate(self.record)
        except RecordError as error:
            wrong = [problem for problem in error.problems if "missing" not in problem.values]
            if wrong:
                raise RecordError(wrong) from None
            return None

    def reached(self, pulled: Pulled) -> bool:
        """Whether the record with `pulled` has the grade."""
        return self.bench.meets(pulled, self.fits)

    def fits(self, found: Evaluation) -> bool:
        return found.grade_position is not None and found.grade_position <= self.wanted

    # ---------------------------------------------------------------------------------------------------------------- result

    def result(self) -> Gap:
        """All of it, in the order in which it has to be found out."""
        if self.before is not None and self.fits(self.before):
            return self.told("reached", self.before)
        fills = {} if self.before is not None else self.filled()
        start = self.bench.score(fills)
        if isinstance(start, int):
            return self.told("incomplete", None)
        if start.exact_total is None:
            return self.told("nothing-applicable", start)
        blockers, cleared = self.cleared(start, fills)
        given = {**fills, **cleared}
        gains = self.together.gains(given)
        criteria = tuple(self.criteria(given, gains))
        singles, several = self.proposals(given, gains)
        found = bool(singles) or several is not None
        verdict: Verdict = "reachable" if found else "impossible" if self.impossible() else "not-found"
        return self.told(verdict, start, tuple(self.fillings(fills)), blockers, singles, several, criteria)

    def told(
        self,
        verdict: Verdict,
        start: Evaluation | None,
        fillings: tuple[Change, ...] = (),
        blockers: tuple[Blocker, ...] = (),
        singles: tuple[Proposal, ...] = (),
        several: Proposal | None = None,
        criteria: tuple[CriterionGap, ...] = (),
    ) -> Gap:
        before = self.before
        read = None if before is None else before.exact_total if self.plan.grade_on == "rounded" else before.unrounded_total
        return Gap(
            subject=self.record.subject.name,
            year=self.record.subject.year,
            wanted=_told(self.plan.grade_labels[self.wanted]),
            verdict=verdict,
            hypothetical=self.hypothetical,
            grade=None if before is None else before.grade,
            exact_total=read,
            exact_needed=None if start is None else self.needed(start),
            missing=tuple(self.missing.items()),
            fillings=fillings,
            blockers=blockers,
            singles=singles,
            several=several,
            criteria=criteria,
            provenance=self.rules.provenance,
        )

    def needed(self, found: Evaluation) -> Exact | None:
        """What the total has to reach, with the adjustments in force that move the grade down; None if it is not the total that decides."""
        if self.plan.grades.slots[0].name != "total":
            return None
        down = sum(one.adjustment.places for one in found.adjustments if one.adjustment.effect == "grade_down")
        row = self.plan.grades.table.rows[max(0, self.wanted - down)]
        return row.guards[0][0].cut if row.guards and row.guards[0] else 0

    def impossible(self) -> bool:
        """Whether partial evaluation proves that the grade is out of reach, all that may change being open."""
        empty = {
            lever.field[:3] if lever.field[0] == "assessments" else lever.field for lever in self.free if lever.now is not None
        }
        empty = {path[:-1] if path[0] == "deductions" else path for path in empty}
        try:
            partial = self.rules.looking_ahead.evaluate(self.bench.trial.record(dict.fromkeys(empty)), ["*"])
        except RecordError:
            return False
        return bool(partial.positions) and partial.positions[0] > self.wanted

    # --------------------------------------------------------------------------------------------------- what has to be filled

    def filled(self) -> dict[Lever, Any]:
        """Values for the empty fields without which nothing can be scored, as good as they can be had."""
        pulled: dict[Lever, Any] = {}
        for _ in range(8):
            new = [lever for path in self.lacking(pulled) for lever in self.free if _names(lever, path) and lever not in pulled]
            if not new:
                break
            for lever in dict.fromkeys(new):
                pulled[lever] = lever.guess
            for lever in dict.fromkeys(new):
                best = self.bench.best(lever, pulled)
                pulled |= {} if best is None else {lever: best}
        return self.together.ascended(pulled, tuple(pulled))

    def lacking(self, pulled: Pulled) -> list[str]:
        """Key paths of what is missing; a note of them is kept."""
        try:
            self.rules.evaluator.evaluate(self.bench.record(pulled))
        except RecordError as error:
            said = [str(problem.values.get("missing", "")) for problem in error.problems]
            paths = [path for one in said for path in one.split(", ") if path]
            for path in paths:
                self.missing.setdefault(path, self.label(path))
            return paths
        return []

    def label(self, path: str) -> Told:
        """What an empty field is called."""
        for lever in self.all:
            if lever.path == path:
                return lever.label
        if path == "indicators":
            return Told(messages.text("gap.entries", {}, "zh"), messages.text("gap.entries", {}, "en"))
        try:
            return Told(label_of(path, self.record, self.plan), path)
        except KeyError:
            return Told(path, path)

    def fillings(self, fills: Pulled) -> Iterator[Change]:
        """The least of each that will do, the others at their best; the best, where not even that does."""
        enough = self.reached(fills)
        for lever, value in fills.items():
            least = self.bench.least(lever, fills, self.reached) if enough else None
            found = least or Found(value, "this")
            yield _change(lever, found)

    # -------------------------------------------------------------------------------------------- adjustments in the way

    def cleared(self, start: Evaluation, fills: Pulled) -> tuple[tuple[Blocker, ...], dict[Lever, Any]]:
        """The adjustments with which no points lead to the grade, and the changes that end them."""
        needed = self.needed(start)
        pulled: dict[Lever, Any] = {}
        found: list[Blocker] = []
        for one in start.adjustments:
            adjustment = one.adjustment
            if not self.blocks(adjustment, one.exact_points, needed):
                continue
            change = None
            gone = lambda tried, name=adjustment.id: self.bench.meets(
                tried, lambda seen: all(other.id != name for other in seen.adjustments)
            )
            for lever in self.reading(adjustment):
                least = self.bench.least(lever, {**fills, **pulled}, gone)
                if least is not None:
                    pulled[lever], change = least.value, _change(lever, least)
                    break
            found.append(Blocker(adjustment.id, _told(adjustment.label), adjustment.effect, change))
        return tuple(found), pulled

    def blocks(self, adjustment: Adjustment, points: Exact | None, needed: Exact | None) -> bool:
        """Whether no points lead to the grade while `adjustment` applies."""
        match adjustment.effect:
            case "veto":
                return self.wanted < len(self.plan.grade_labels) - 1
            case "grade_at_most":
                return adjustment.places > self.wanted
            case "grade_down":
                return adjustment.places > self.wanted
            case "total_at_most":
                return points is not None and needed is not None and points < needed
        return False

    def reading(self, adjustment: Adjustment) -> list[Lever]:
        """The free levers that the condition of an adjustment reads."""
        trial = self.bench.trial
        paths = [field.path for slot in adjustment.leaf.slots if not slot.is_flag for field in trial.fields(slot.formula, None)]
        return [
            lever
            for lever in self.free
            if any(lever.field[: len(path)] == path or path[: len(lever.field)] == lever.field for path in paths)
        ]

    # ------------------------------------------------------------------------------------------------------------- proposals

    def proposals(self, given: Pulled, gains: Sequence[Gain]) -> tuple[tuple[Proposal, ...], Proposal | None]:
        """Every single change that does it; else several."""
        if self.reached(given):
            if len(given) == 1:
                ((lever, value),) = given.items()
                found = self.bench.least(lever, {}, self.reached) or Found(value, "this")
                return tuple(self.confirmed({lever: found})), None
            return (), next(self.confirmed(_as_found(given)), None)
        singles: list[Proposal] = []
        for lever in self.free:
            if lever not in given and (least := self.bench.least(lever, given, self.reached)) is not None:
                singles += self.confirmed({**_as_found(given), lever: least})
        if singles:
            return tuple(sorted(singles, key=lambda one: any(change.by_person for change in one.changes))), None
        several = self.together.several(given, gains)
        return (), None if several is None else next(self.confirmed(_as_found(several)), None)

    def confirmed(self, found: Mapping[Lever, Found]) -> Iterator[Proposal]:
        """The proposal, if the changed record, read anew, has the grade."""
        pulled = {lever: one.value for lever, one in found.items()}
        record = EvaluationRecord.model_validate(self.bench.record(pulled).model_dump(exclude_none=True))
        after = self.rules.evaluator.evaluate(record)
        if not self.fits(after) or after.exact_total is None:
            return
        changes = tuple(_change(lever, one) for lever, one in found.items())
        read = after.exact_total if self.plan.grade_on == "rounded" else after.unrounded_total
        yield Proposal(changes, tuple(self.moved(after, changes)), read or 0, str(after.grade), record)

    def moved(self, after: Evaluation, changes: Sequence[Change]) -> Iterator[Moved]:
        """The criteria whose points are others than before."""
        for place, result in enumerate(after.criteria):
            before = None if self.before is None else self.before.criteria[place]
            if before is None or before.exact_points != result.exact_points:
                points = None if before is None else before.exact_points
                yield Moved(
                    result.id, _told(result.criterion.label), points, result.exact_points, _reading(after, result, changes)
                )

    # -------------------------------------------------------------------------------------------------- criterion by criterion

    def criteria(self, given: Pulled, gains: Sequence[Gain]) -> Iterator[CriterionGap]:
        """What each criterion could still gain, by levers that it reads."""
        start = self.bench.score(given)
        if isinstance(start, int):
            return
        for place, result in enumerate(start.criteria):
            own = [lever for lever in self.free if result.id in lever.criteria]
            away = result.row in ("not_applicable", "out_of_force")
            full = not away and (
                result.exact_points == 0 if result.criterion.role == "penalty" else result.exact_points >= result.exact_weight
            )
            at_best = {lever: value for one in gains for lever, value in one.pulled.items() if lever in own}
            pulled = {**given, **({} if away or full else at_best)}
            if len(own) <= MOST_PAIRED and not (away or full):
                pulled = max(pulled, self.together.ascended(given, own), key=self.bench.rank)
            after = self.bench.score(pulled)
            best = result.exact_points if isinstance(after, int) else after.criteria[place].exact_points
            betters = best > result.exact_points
            for lever in [lever for lever in pulled if betters and lever not in given]:
                fewer = {one: value for one, value in pulled.items() if one is not lever}
                without = self.bench.score(fewer)
                pulled = fewer if not isinstance(without, int) and without.criteria[place].exact_points >= best else pulled
            changes = tuple(
                _change(lever, Found(value, "this")) for lever, value in pulled.items() if betters and given.get(lever) != value
            )
            why: Why = "can-gain" if betters else "not-applicable" if away else "full" if full else self.why(result, own)
            best = max(best, result.exact_points)
            yield CriterionGap(
                result.id, _told(result.criterion.label), result.exact_points, result.exact_weight, best, changes, why
            )

    def why(self, result: CriterionResult, own: Sequence[Lever]) -> Why:
        """Why a criterion that is not full has nothing to gain."""
        closed = [lever for lever in self.all if result.id in lever.criteria and lever not in own]
        if closed:
            return "person" if all(lever.by_person for lever in closed) else "closed"
        return "no-gain" if own else "fixed"


def _as_found(pulled: Pulled) -> dict[Lever, Found]:
    return {lever: Found(value, "this") for lever, value in pulled.items()}


def _told(label: Label) -> Told:
    return Told(label.text("zh"), label.text("en"))


def _names(lever: Lever, path: str) -> bool:
    """Whether a missing `path` is that of `lever`: its own, or that of the entry whose level a person may give."""
    entry = path.removeprefix("indicators.").removesuffix(".level")
    return lever.path == path or lever.path.startswith(path + ".") or lever.field[:3] == ("assessments", "indicators", entry)


def _change(lever: Lever, found: Found) -> Change:
    old = None if lever.now is None else lever.said(lever.now)
    held = lever.held(found.value)
    value = held["satisfied"] if isinstance(held, dict) else held
    is_number = lever.step and lever.now is not None and not isinstance(held, date)
    trend = (found.value > lever.now) - (found.value < lever.now) if is_number else 0
    return Change(lever.path, lever.label, old, lever.said(found.value), value, found.bound, lever.by_person, trend)


def _reading(after: Evaluation, result: CriterionResult, changes: Sequence[Change]) -> str:
    """The ratio that the criterion comes to read: its measure, or the completion of the one entry changed."""
    ids = {change.path.split(".")[1] for change in changes if change.path.startswith("indicators.")}
    entries = [entry for entry in result.entries if entry.id in ids]
    if len(entries) == 1 and entries[0].kind == "quantitative" and not isinstance(entries[0].completion, Absent | str):
        return to_percent(entries[0].completion) if isinstance(entries[0].completion, Exact) else ""
    slots = [slot for slot in result.criterion.scale.head.slots if not slot.is_flag]
    if len(slots) != 1 or result.entries or not Explainer(after, "zh").is_ratio(slots[0].formula):
        return ""
    value = after.detail(result.id).values.get(slots[0].name)
    return to_percent(value) if isinstance(value, Exact) and not isinstance(value, bool) else ""
