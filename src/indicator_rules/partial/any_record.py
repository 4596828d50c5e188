"""What every field of a record can be, when nothing is known of the record: the side of lint that formulas read.

In: a plan. Out: an outlook in which a field can be anything of its type, or nothing; so what it gives of a formula holds for every record there can
be. What is the same for all records stays known: nothing is called not applicable.
"""

from __future__ import annotations

from copy import copy

from indicator_rules.completion import TOP_LEVEL, EntryFacts
from indicator_rules.expression import Ref
from indicator_rules.interval import NOT_NEGATIVE, Span
from indicator_rules.partial.outlook import ANY_NUMBER, ANY_TEXT, RecordOutlook
from indicator_rules.partial.possible import NOTHING, TRUTHS, Possible, either, possible
from indicator_rules.plan import EntryKind, Plan
from indicator_rules.record import EvaluationRecord
from indicator_rules.record_fields import CATEGORIES
from indicator_rules.scope import ENTRY_FIELDS, KINDS

_BLANK = {"subject": {"name": "—", "kind": "project", "year": 2000}}
_YEARS = Span(1990, 2200, whole=True)
_COMPLETION: dict[EntryKind, Possible] = {
    "quantitative": Possible((NOT_NEGATIVE,), absent=True),
    "qualitative": Possible((NOT_NEGATIVE,), absent=True),
    "dated": Possible((Span.point(0), Span.point(1)), absent=True),
}


class AnyRecord(RecordOutlook):
    """The outlook on all records at once."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan, EvaluationRecord.model_validate(_BLANK), lambda _: True)

    def inside(self, kind: EntryKind) -> AnyRecord:
        """The same, inside an entry of a kind."""
        other = copy(self)
        other.entry = AnyEntry(kind)
        return other

    def entries(self, categories: tuple[str, ...]) -> None:
        """Any, of any category: also those that no criterion takes."""

    def field(self, ref: Ref) -> Possible:
        """What a name outside entries can be."""
        return Possible((_YEARS,)) if ref.path == "year" else super().field(ref)

    def of_subject(self, path: str, name: str) -> Possible:
        """A field of the subject; every subject has a kind."""
        return Possible(words=frozenset(KINDS)) if path == "subject.kind" else super().of_subject(path, name)

    def parameter(self, path: str) -> Possible:
        """A parameter of a look-up, whichever row is chosen, or none."""
        table, _, name = path.partition(".")
        return either([NOTHING, *(possible(dict(row)[name], self) for row in self.lookups[table].values)])


class AnyEntry:
    """Some entry of a kind."""

    facts: EntryFacts  # of no entry in particular; nothing here asks for it

    def __init__(self, kind: EntryKind) -> None:
        self.kind = kind

    def typed(self, name: str) -> Possible:
        """Whether a value is typed."""
        return Possible(words=TRUTHS)

    def field(self, name: str) -> Possible:
        """What a field of the entry can be."""
        match name:
            case "completion":
                return _COMPLETION[self.kind]
            case "given_level":
                return Possible(words=frozenset({TOP_LEVEL}), any_text=True, absent=True)
            case "weight":
                return Possible((NOT_NEGATIVE,), absent=True)
            case "key":
                return Possible(words=TRUTHS)
            case "category":
                return Possible(words=frozenset(CATEGORIES))
        of_number = ENTRY_FIELDS[f"entry.{name}"][1].kind == "number"
        found = ANY_NUMBER if of_number else ANY_TEXT
        return Possible(found.spans, any_text=found.any_text, absent=True)
