"""A record of which nothing is known: what partial evaluation says of it holds for every record, of any year and kind, that says nothing about
deductions by hand, about what is not applicable, or about weights.
"""

from __future__ import annotations

from indicator_rules.expression import Ref
from indicator_rules.interval import ALL, NOT_NEGATIVE, Span
from indicator_rules.outlook import RecordOutlook, paths_matching
from indicator_rules.plan import Plan
from indicator_rules.possible import TRUTHS, Possible
from indicator_rules.record import EvaluationRecord
from indicator_rules.scope import ENTRY_FIELDS, RECORD_FIELDS

ANY_YEAR = Possible((Span(1, 9999, whole=True),))


def open_record(plan: Plan) -> EvaluationRecord:
    """A record of the first kind and year that the ruleset is for, without anything else."""
    applies = plan.applies.years
    year = next((year for year in (*applies.only, 2023) if year in applies), applies.from_ or applies.to or 2023)
    return EvaluationRecord.model_validate({"subject": {"name": "—", "kind": plan.applies.subjects[0], "year": year}})


class OpenOutlook(RecordOutlook):
    """All that can be, of every field."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan, open_record(plan), paths_matching(["*"]))

    def field(self, ref: Ref) -> Possible:
        """As of any record; the year and the kind that a record has to have are open, too."""
        match ref.path:
            case "year":
                return ANY_YEAR
            case "subject.kind":
                return Possible(words=frozenset(RECORD_FIELDS[ref.path][1].choices))
        return super().field(ref)


def open_outlook(plan: Plan) -> RecordOutlook:
    """All that can be, of every field, also inside an entry."""
    return OpenOutlook(plan).at(AnyEntry())


class AnyEntry:
    """An entry of which nothing is known."""

    def is_in(self, categories: tuple[str, ...]) -> bool:
        """Whether it can be below one of `categories`."""
        return bool(categories)

    def typed(self, _name: str) -> Possible:
        """Whether a value is typed."""
        return Possible(words=TRUTHS)

    def field(self, name: str) -> Possible:
        """Anything of the field's type, or nothing."""
        if name == "completion":
            return Possible((NOT_NEGATIVE,), absent=True)
        kind = ENTRY_FIELDS[f"entry.{name}"][1].kind if f"entry.{name}" in ENTRY_FIELDS else "text"
        if kind == "number":
            return Possible((NOT_NEGATIVE if name == "weight" else ALL,), absent=True)
        absent = kind != "truth"
        return Possible(words=TRUTHS, absent=absent) if kind in ("truth", "thing") else Possible(any_text=True, absent=True)
