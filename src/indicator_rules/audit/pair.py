"""Two sides of an audit compared, from the lines up, and each difference classified.

In: the rows of a form with both sides' values, and what is already known to be wrong with one side alone. Out: differences, parts before what
they are part of. A sum that differs only because its parts do follows them, and takes their code where they have but one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from indicator_rules.audit.checks import Checks
from indicator_rules.audit.form import Claimant, Form, mode_of
from indicator_rules.audit.result import Clause, Code, Difference, Kind, Row, Shown, Side
from indicator_rules.audit.run import Attempt
from indicator_rules.exact import Exact, RoundingMode, decimal_places
from indicator_rules.record import EvaluationRecord

_RANK: dict[Kind, int] = {"entry": 0, "criterion": 1, "group": 2, "total": 3, "grade": 4}


class Whole(Protocol):
    """What a pair needs of the audit that it is part of."""

    record: EvaluationRecord
    form: Form
    run: Attempt | None
    claimants: dict[Side, Claimant]
    checks: Checks
    found: list[Difference]

    def computed(self, kind: Kind, name: str, parent: str, *, unrounded: bool = False) -> Shown: ...


class Pair:
    """Two sides, the left one before the right one in the order computed, declared, reviewed."""

    def __init__(self, whole: Whole, rows: Sequence[Row], left: Side, right: Side) -> None:
        self.whole, self.left, self.right = whole, left, right
        parents = {row.id: row.parent for row in rows if row.kind == "group"}
        self.rows = sorted(rows, key=lambda row: (_RANK[row.kind], -_depth(row, parents)))
        self.alone = {(one.kind, one.id) for one in whole.found if one.sides in ((left,), (right,))}
        """Lines where one of the two is wrong by itself."""
        self.unweighed = {(one.kind, one.id) for one in whole.found if one.code == "weights"}
        self.claimants = [claimant for side, claimant in whole.claimants.items() if side in (left, right)]
        self.causes: dict[tuple[Kind, str], Difference] = {}

    def differences(self) -> Iterator[Difference]:
        """Every difference, each once."""
        for row in self.rows:
            left, right = row.values[self.left], row.values[self.right]
            found = self.of_grade(row, left, right) if row.kind == "grade" else self.of_points(row, left, right)
            if found is not None:
                self.causes[row.kind, row.id] = found
                yield found

    def of_points(self, row: Row, left: Shown, right: Shown) -> Difference | None:
        """A difference of points."""
        if row.kind == "entry" and any(row.id in claimant.cells for claimant in self.claimants):
            return None  # one number for several entries: their criterion is compared
        below = self.below(row)
        if left is None or right is None or isinstance(left, str) or isinstance(right, str):
            return self.missing(row, left, right, below)
        if not self.whole.checks.apart(left, right):
            return None
        here = (row.kind, row.id)
        if below:
            return self.following(row, below)
        if here in self.unweighed:
            return self.made(row, "weights", "weights-follow")
        if here in self.alone:
            return None
        return self.of_line(row, left, right)

    def of_line(self, row: Row, left: Exact, right: Exact) -> Difference | None:
        """A difference that begins on this line."""
        by_person = self.by_person(row)
        mode = None if by_person else self.mode(row, left, right)
        if mode is not None:
            return self.made(row, "rounding", f"rounding-{mode}")
        if by_person:
            return self.chosen(row, "chosen")
        if self.left == "computed":
            return self.made(row, "arithmetic", "arithmetic-with-reason" if self.reason(row) else "arithmetic")
        rule = self.whole.computed(row.kind, row.id, row.parent)
        if rule is None or isinstance(rule, str):
            return self.chosen(row, "chosen")
        return replace(self.made(row, "arithmetic", "arithmetic-of-two"), values={**_values(left, right), "rule": rule})

    def following(self, row: Row, below: Sequence[Difference]) -> Difference:
        """A difference that comes from those below."""
        codes: set[Code] = {cause.code for cause in below if cause.code != "missing"}
        if (row.kind, row.id) in self.unweighed:
            codes.add("weights")
        code: Code = codes.pop() if len(codes) == 1 else "arithmetic"
        return replace(
            self.made(row, code, "follows"),
            follows=tuple(cause.id for cause in below),
            follow_labels=tuple(cause.label for cause in below),
        )

    def missing(self, row: Row, left: Shown, right: Shown, below: Sequence[Difference]) -> Difference | None:
        """One side lacks the line, and should have it."""
        here = (row.kind, row.id)
        told = row.kind != "total" and (bool(below) or here in self.alone)
        if left is right or row.kind == "group" or told:
            return None
        if self.left == "computed" and left is None:
            if self.by_person(row):
                return self.chosen(row, "chosen-unassessed")
            return self.made(row, "missing", "missing-computed")
        absent = self.right if right is None else self.left
        return self.made(row, "missing", "missing") if self.expected(row, absent) else None

    def expected(self, row: Row, side: Side) -> bool:
        """Whether a side that claims what it claims would claim this line too."""
        claimant = self.whole.claimants[side]
        if row.kind == "total":
            return True
        name = row.parent if row.kind == "entry" else row.id
        line = next((one for one in self.whole.form.lines if one.id == name), None)
        if row.kind == "entry":
            siblings = self.whole.form.loose if line is None else line.entries
            return any(entry.id in claimant.entries for entry in siblings)
        return claimant.has_lines and line is not None and not line.optional

    def of_grade(self, row: Row, left: Shown, right: Shown) -> Difference | None:
        """Two grades."""
        if left == right or ("grade", "grade") in self.alone:
            return None
        if left is None or right is None:
            if left is None and self.left == "computed":  # the total says so already, or the ruleset has no grades to speak of
                return None
            return self.made(row, "missing", "missing-grade")
        cause = self.causes.get(("total", "total"))
        if cause is None:
            return self.made(row, "grade", "grade-differs")
        return replace(self.made(row, cause.code, "grade-follows"), follows=("total",), follow_labels=(cause.label,))

    # --------------------------------------------------------------------------------------------------------------- helpers

    def made(self, row: Row, code: Code, key: str) -> Difference:
        """A difference on a line."""
        left, right = row.values[self.left], row.values[self.right]
        values: dict[str, Shown] = _values(left, right)
        reason = self.reason(row)
        if reason is not None:
            values["reason"] = reason
        return Difference(code, row.kind, row.id, row.label, (self.left, self.right), key, values, self.clause(row))

    def chosen(self, row: Row, key: str) -> Difference:
        """A person's choice: with a reason it is for the reviewer to judge."""
        if self.reason(row) is None:
            return self.made(row, "discretionary-without-reason", f"{key}-without-reason")
        return self.made(row, "discretionary", key)

    def reason(self, row: Row) -> str | None:
        """Why the claimed points are what they are: of the right side, which comes later, else of the left, else of the rating."""
        for side in (self.right, self.left):
            claimant = self.whole.claimants.get(side)
            found = None if claimant is None else claimant.reason(row.kind, row.id)
            if found is not None:
                return found
        assessments = self.whole.record.assessments
        ratings = (assessments.indicators if row.kind == "entry" else assessments.criteria).get(row.id, ())
        return next((rating.reason for rating in ratings if rating.reason is not None), None)

    def below(self, row: Row) -> tuple[Difference, ...]:
        """The differences of the parts of a line."""
        form = self.whole.form
        parts: list[tuple[Kind, str]] = []
        if row.kind == "criterion":
            parts = [("entry", entry.id) for line in form.lines if line.id == row.id for entry in line.entries]
        elif row.kind == "group":
            parts = [("criterion", line.id) for line in form.below(row.id)]
        elif row.kind == "total":
            parts = [("criterion", line.id) for line in form.lines] + [("entry", entry.id) for entry in form.loose]
        return tuple(self.causes[part] for part in parts if part in self.causes)

    def clause(self, row: Row) -> Clause | None:
        name = row.parent if row.kind == "entry" else row.id if row.kind == "criterion" else ""
        return next((line.clause for line in self.whole.form.lines if line.id == name), None)

    def by_person(self, row: Row) -> bool:
        """Whether the rule leaves these points to a person."""
        criterion, entry = (row.parent, row.id) if row.kind == "entry" else (row.id, None)
        if self.whole.run is None or row.kind not in ("entry", "criterion") or criterion not in self.whole.run.criteria:
            return False
        return self.whole.run.span(criterion, entry) is not None

    def mode(self, row: Row, left: Exact, right: Exact) -> RoundingMode | None:
        """How one side's number came from the other's, if by rounding to the digits that its form uses."""
        to_right = (decimal_places(right) or 0) if row.kind == "total" else self.whole.claimants[self.right].digits
        if self.left == "computed":
            exactly = self.whole.computed(row.kind, row.id, row.parent, unrounded=True)
            tried = [value for value in (exactly, left) if value is not None and not isinstance(value, str)]
            return next((mode for value in tried if (mode := mode_of(value, right, to_right)) is not None), None)
        to_left = (decimal_places(left) or 0) if row.kind == "total" else self.whole.claimants[self.left].digits
        return mode_of(left, right, to_right) if to_right < to_left else mode_of(right, left, to_left)


def _values(left: Shown, right: Shown) -> dict[str, Shown]:
    return {"left": left, "right": right}


def _depth(row: Row, parents: Mapping[str, str]) -> int:
    """How deep a group stands."""
    depth, name = 0, row.parent
    while row.kind == "group" and name:
        depth, name = depth + 1, parents[name]
    return depth
