"""What is wrong with one side by itself: weights that do not add up, parts that do not make the total, a grade of another total, points
beyond what can be given.

In: a form, a claimant, and the attempt at scoring, if there is a ruleset. Out: differences. No scoring is needed for the first three: they
hold for a record that no rule can score.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from indicator_rules.audit.form import Branch, Claimant, Form, Line, mode_of, weight_of, weights_of
from indicator_rules.audit.result import Clause, Difference, Kind, Shown
from indicator_rules.audit.run import Attempt, Following, Span
from indicator_rules.errors import Problem
from indicator_rules.exact import Exact, add_all, decimal_places, exact, from_text
from indicator_rules.messages import Phrase
from indicator_rules.record import EvaluationRecord
from indicator_rules.record_parts import Indicator
from indicator_rules.spec_fields import Label

TOTAL, GRADE = Phrase("audit.total"), Phrase("audit.grade-line")


class _Spot(NamedTuple):
    """Where points are given."""

    kind: Kind
    id: str
    label: Label
    clause: Clause | None


class Checks:
    """The checks of one record."""

    def __init__(self, record: EvaluationRecord, form: Form, run: Attempt | None, tolerance: Exact) -> None:
        self.record, self.form, self.run, self.tolerance = record, form, run, tolerance

    def apart(self, left: Exact, right: Exact) -> bool:
        """Whether two numbers differ beyond the tolerance."""
        return not -self.tolerance <= left - right <= self.tolerance

    # ------------------------------------------------------------------------------------------------------------- weights

    def weights(self) -> Iterator[Difference]:
        """Printed weights against their criterion, their goal, and the full score."""
        for line in self.form.lines:
            printed = _weights(line.entries)
            if printed is not None and line.weight is not None and not line.optional and self.apart(printed, line.weight):
                values: dict[str, Shown] = {"left": printed, "right": line.weight}
                yield Difference("weights", "criterion", line.id, line.label, (), "weights-of-line", values, line.clause)
        for goal in self.record.goals:
            printed = _weights([entry for entry in self.record.indicators if entry.goal == goal.id])
            if printed is not None and goal.weight is not None and self.apart(printed, exact(goal.weight)):
                values = {"left": printed, "right": exact(goal.weight)}
                yield Difference("weights", "goal", goal.id, Label(zh=goal.id), (), "weights-of-goal", values)
        known, unknown = self.printed()
        beyond = known > self.form.full_score + self.tolerance
        if beyond or (self.form.complete and not unknown and self.apart(known, self.form.full_score)):
            values = {"left": known, "right": self.form.full_score}
            yield Difference("weights", "total", "total", TOTAL, (), "weights-of-form", values)

    def printed(self) -> tuple[Exact, bool]:
        """Σ of the weights that the form prints, and whether some line has none."""
        parts: list[Exact | None] = []
        for line in self.form.lines:
            if line.role == "score":
                of_entries = _weights(line.entries)
                parts.append(line.weight if of_entries is None else of_entries)
        parts += [weight_of(entry) for entry in self.form.loose]
        return add_all([part for part in parts if part is not None]), None in parts or not parts

    # ----------------------------------------------------------------------------------------------------------------- sums

    def sums(self, claimant: Claimant) -> Iterator[Difference]:
        """Entries against their criterion, criteria against their group, everything against the total."""
        for line in self.form.lines:
            if line.adds_up and line.id in claimant.given:
                yield from self.sum_of(claimant, line, line.clause, claimant.added(line.entries))
        for branch in self.form.groups:
            yield from self.sum_of(claimant, branch, None, claimant.parts(branch.id))
        if claimant.total is not None:
            yield from self.total(claimant, claimant.total)

    def sum_of(self, claimant: Claimant, line: Line | Branch, clause: Clause | None, added: Exact | None) -> Iterator[Difference]:
        """One printed sum against its parts."""
        given = claimant.given.get(line.id) if isinstance(line, Line) else claimant.group_given(line.id)
        if given is None or added is None or not self.apart(given, added):
            return
        kind: Kind = "criterion" if isinstance(line, Line) else "group"
        mode = mode_of(added, given, decimal_places(given) or 0)
        key = f"rounded-sum-{mode}" if mode else "sum-of-line"
        values: dict[str, Shown] = {"left": given, "right": added}
        yield Difference("rounding" if mode else "sum", kind, line.id, line.label, (claimant.side,), key, values, clause)

    def total(self, claimant: Claimant, total: Exact) -> Iterator[Difference]:
        """The claimed total against what the claimed lines come to, or could come to with those not claimed."""
        low, high = self.reach(claimant)
        if low is None:
            return
        if high == low:
            if not self.apart(total, low):
                return
            mode = mode_of(low, total, decimal_places(total) or 0)
            key = f"rounded-sum-{mode}" if mode else "sum-of-line"
            values: dict[str, Shown] = {"left": total, "right": low}
            yield Difference("rounding" if mode else "sum", "total", "total", TOTAL, (claimant.side,), key, values)
        elif total < low - self.tolerance or (high is not None and total > high + self.tolerance):
            values = {"left": total, "low": low, "high": high}
            key = "sum-out-of-reach" if high is not None else "sum-below"
            yield Difference("sum", "total", "total", TOTAL, (claimant.side,), key, values)

    def reach(self, claimant: Claimant) -> tuple[Exact | None, Exact | None]:
        """The least and the most that the claimed lines come to; (None, …): nothing can be said; (…, None): no upper end."""
        if not claimant.has_lines:
            return None, None
        lines = {line.id: claimant.criterion(line) for line in self.form.lines}
        open_lines = [line for line in self.form.lines if lines[line.id] is None and not line.optional]
        if self.run is not None:
            if not open_lines:
                return self.following(claimant)
            if self.run.result.adjustments or any(line.role != "score" for line in self.form.lines):
                return None, None
        known = [points for points in lines.values() if points is not None]
        missing: list[Exact | None] = []
        for line in open_lines:
            own = [claimant.of_entry(entry.id) for entry in line.entries]
            parts = list(zip(own, weights_of(line.entries), strict=True))
            known += [points for points, _ in parts if points is not None]
            missing += [weight for points, weight in parts if points is None] or [line.weight]
        for entry in self.form.loose if self.run is None else ():
            points = claimant.entries.get(entry.id)
            if points is None:
                missing.append(weight_of(entry))
            else:
                known.append(points)
        low = add_all(known)
        if not self.form.complete:
            printed, unknown = self.printed()
            missing.append(None if unknown else max(self.form.full_score - printed, 0))
        more = [weight for weight in missing if weight is not None]
        return low, low + add_all(more) if len(more) == len(missing) else None

    def following(self, claimant: Claimant) -> tuple[Exact | None, Exact | None]:
        """The total that the rules make of the claimed points: rescaled, with bonuses, adjustments and bounds."""
        run = self.follow(claimant, None)
        if run is None or run.result.unrounded_total is None or run.found:
            return None, None
        exactly, rounded = run.result.unrounded_total, run.result.exact_total
        if claimant.total is not None and rounded is not None and not self.apart(rounded, claimant.total):
            exactly = rounded
        return exactly, exactly

    def follow(self, claimant: Claimant, total: Exact | None) -> Following | None:
        if self.run is None:
            return None
        lines = {line.id: claimant.criterion(line) for line in self.form.lines}
        claimed = {name: points for name, points in lines.items() if points is not None}
        return self.run.following(claimed, total)

    # ---------------------------------------------------------------------------------------------------------------- grade

    def grade(self, claimant: Claimant) -> Iterator[Difference]:
        """The claimed grade against that of the claimed total."""
        known = self.grade_labels()
        if claimant.grade is None or not known:
            return
        sides = (claimant.side,)
        if self.named(claimant.grade) is None:
            values: dict[str, Shown] = {"left": claimant.grade, "known": "、".join(known)}
            yield Difference("grade", "grade", "grade", GRADE, sides, "grade-unknown", values)
        elif claimant.total is not None:
            right = self.grade_of(claimant, claimant.total)
            if right is not None and self.named(claimant.grade) != right and not self.by_unrounded(claimant):
                values = {"left": claimant.grade, "right": right, "total": claimant.total}
                yield Difference("grade", "grade", "grade", GRADE, sides, "grade-of-total", values)

    def grade_labels(self) -> list[str]:
        return [str(label) for label in self.labels()]

    def labels(self) -> Sequence[Label]:
        return [label for label, _ in self.form.grades] if self.run is None else self.run.plan.grade_labels

    def named(self, grade: str) -> str | None:
        """The grade that a word, Chinese or English, names."""
        return next((str(label) for label in self.labels() if grade in (label.zh, label.en)), None)

    def grade_of(self, claimant: Claimant, total: Exact) -> str | None:
        """The grade of `total`, after what the adjustments do to it."""
        run = self.follow(claimant, total)
        if run is not None:
            return run.result.grade
        return next((str(label) for label, cut in self.form.grades if cut is None or total >= cut), None)

    def by_unrounded(self, claimant: Claimant) -> bool:
        """Whether the claimed grade is that of the computed total before rounding, where the ruleset grades by that one."""
        run = self.run
        if run is None or run.plan.grade_on == "rounded" or run.total is None or claimant.total is None:
            return False
        same = not self.apart(run.total, claimant.total)
        return same and claimant.grade is not None and self.named(claimant.grade) == run.grade_label

    # ------------------------------------------------------------------------------------------------- beyond what can be given

    def beyond(self, claimant: Claimant) -> Iterator[Difference]:
        """Points outside the range that the rule leaves to a person, or outside 0 and the weight."""
        for line in self.form.lines:
            scored = {} if self.run is None else {entry.id: entry for entry in self.run.criteria[line.id].entries}
            for entry in line.entries:
                weight = scored[entry.id].exact_weight if entry.id in scored else weight_of(entry)
                spot = _Spot("entry", entry.id, Label(zh=entry.name), line.clause)
                # One number for all that share the weight: no rule leaves that to a person.
                allowed = self.allowed(line, entry.id, weight) if entry.id not in claimant.cells else _up_to(weight_of(entry))
                yield from self.outside(claimant, spot, claimant.entries.get(entry.id), allowed)
            if not line.optional:
                spot = _Spot("criterion", line.id, line.label, line.clause)
                yield from self.outside(claimant, spot, claimant.given.get(line.id), self.allowed(line, None, line.weight))
        for entry in self.form.loose:
            spot = _Spot("entry", entry.id, Label(zh=entry.name), None)
            yield from self.outside(claimant, spot, claimant.entries.get(entry.id), _up_to(weight_of(entry)))

    def allowed(self, line: Line, entry: str | None, weight: Exact | None) -> tuple[Span | None, str]:
        """What can be given on a line, and the sentence for what is not."""
        span = None if self.run is None else self.run.span(line.id, entry)
        if span is not None:
            return span, "outside-span"
        if weight is None:
            return None, "outside-weight"
        low, high = (-weight, 0) if line.role == "penalty" else (0, weight)
        return Span(low, high, low_open=False, high_open=False), "outside-weight"

    def outside(
        self, claimant: Claimant, spot: _Spot, points: Exact | None, allowed: tuple[Span | None, str]
    ) -> Iterator[Difference]:
        """Points that are not among those allowed."""
        span, key = allowed
        if points is not None and span is not None and not span.holds(points, self.tolerance):
            values: dict[str, Shown] = {"left": points, "low": span.low, "high": span.high}
            yield Difference("outside-range", spot.kind, spot.id, spot.label, (claimant.side,), key, values, spot.clause)

    def assessed(self) -> Iterator[Difference]:
        """Picks in the record that scoring refused as out of their range."""
        for problem in () if self.run is None else self.run.found:
            if problem.code == "assessment-out-of-range":
                yield self._assessed(problem)

    def _assessed(self, problem: Problem) -> Difference:
        _, section, name = map(str, problem.where.path)
        left, low, high = (from_text(str(problem.values[key])) for key in ("text", "low", "high"))
        values: dict[str, Shown] = {"left": left, "low": low, "high": high}
        clauses = {line.id: line.clause for line in self.form.lines}
        if section == "criteria":
            label = next(line.label for line in self.form.lines if line.id == name)
            return Difference("outside-range", "criterion", name, label, ("computed",), "outside-assessed", values, clauses[name])
        line = next(line for line in self.form.lines if any(entry.id == name for entry in line.entries))
        label = Label(zh=self.record.indicator_by_id[name].name)
        return Difference("outside-range", "entry", name, label, ("computed",), "outside-assessed", values, line.clause)


def _up_to(weight: Exact | None) -> tuple[Span | None, str]:
    """Points from 0 to `weight`, and the sentence for what is beyond."""
    return None if weight is None else Span(0, weight, low_open=False, high_open=False), "outside-weight"


def _weights(entries: Sequence[Indicator]) -> Exact | None:
    """Σ of the weights, if there are entries and every one has a weight or shares one."""
    weights = weights_of(entries)
    known = [weight for weight in weights if weight is not None]
    return add_all(known) if known and len(known) == len(weights) else None
