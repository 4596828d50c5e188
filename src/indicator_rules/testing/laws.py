"""The laws of scoring, as a table: each a name, a sentence in the message catalogue (`laws.<name>`), the examples it is about and a check.

In: `Rules`. Out: a `LawBroken` that says the law, the record as TOML and what was seen. Each law can be run alone; a ruleset waives one by
naming it under `[waivers]` with a reason. A check gives what it saw if the law does not hold, None if it does, and `REFUSED` where the
record cannot be scored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st

from indicator_rules import messages
from indicator_rules.rules import Rules
from indicator_rules.testing import record_laws as of_records
from indicator_rules.testing import scale_laws as of_scales
from indicator_rules.testing.material import RecordData
from indicator_rules.testing.seen import REFUSED, Narrowed, Seen
from indicator_rules.testing.strategies import changes

Examples: TypeAlias = Callable[[Rules], "st.SearchStrategy[Any] | None"]


@dataclass(frozen=True)
class Law:
    """One law. `examples` gives None for a ruleset that it has nothing to say about."""

    name: str
    examples: Examples
    check: Callable[[Rules, Any], Seen]

    def text(self, lang: messages.Language | None = None) -> str:
        """The law as a sentence."""
        return messages.text(f"laws.{self.name}", {}, lang)


class Broken(NamedTuple):
    """A law that does not hold: the smallest example found, and what was seen."""

    law: Law
    example: Any
    seen: str

    @property
    def records(self) -> list[RecordData]:
        """The records of the example."""
        return _records_in(self.example)

    def describe(self) -> str:
        """The law, its sentence, what was seen, what to do about it, and the records as TOML."""
        name = self.law.name
        lines = [messages.text("testing.broken", {"name": name}), self.law.text()]
        lines += [f"{messages.text('testing.seen')}: {self.seen}", messages.text("testing.waive", {"name": name})]
        for record in self.records:
            lines += ["", f"# {messages.text('testing.record')}", record.toml()]
        return "\n".join(lines)


class LawBroken(AssertionError):
    """One or more laws do not hold; the message says which, with a record for each."""

    def __init__(self, broken: Iterable[Broken]) -> None:
        self.broken = tuple(broken)
        # Without one: no record at all could be scored.
        super().__init__("\n\n".join(one.describe() for one in self.broken) or messages.text("testing.never"))


class Outcome(NamedTuple):
    """A law that held: on how many examples it could be tested, or why it was waived."""

    law: str
    examples: int
    waived: str | None = None


def assert_laws(rules: Rules, laws: Iterable[str] | None = None, *, max_examples: int = 40) -> tuple[Outcome, ...]:
    """Test every law that `rules` does not waive, or those named. Repeatable: the same ruleset gives the same examples.

    Raises: LawBroken with every law that does not hold, and where no record could be scored at all. KeyError for a law that there is not.
    """
    outcomes: list[Outcome] = []
    broken: list[Broken] = []
    waivers = dict(rules.spec.waivers)
    for name in LAWS if laws is None else laws:
        law = LAWS[name]
        if laws is None and name in waivers:
            outcomes.append(Outcome(name, 0, waivers[name]))
            continue
        found = run(law, rules, max_examples)
        if isinstance(found, Broken):
            broken.append(found)
        else:
            outcomes.append(found)
    if broken or not (laws is not None or any(one.examples for one in outcomes)):
        raise LawBroken(broken)
    return tuple(outcomes)


def run(law: Law, rules: Rules, max_examples: int = 40) -> Outcome | Broken:
    """One law on one ruleset."""
    strategy = law.examples(rules)
    if strategy is None:
        return Outcome(law.name, 0)
    tested = 0
    last: Broken | None = None

    def test(example: Any) -> None:
        nonlocal tested, last
        seen = law.check(rules, example)
        tested += seen is not REFUSED
        if isinstance(seen, str | Narrowed):
            last = Broken(law, example, seen) if isinstance(seen, str) else Broken(law, seen.records, seen.seen)
            raise LawBroken([last])

    how = settings(
        max_examples=max_examples,
        derandomize=True,
        database=None,
        deadline=None,
        verbosity=Verbosity.quiet,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    try:
        how(given(strategy)(test))()
    except LawBroken:
        if last is None:
            raise
        return last
    return Outcome(law.name, tested)


def _records_in(example: Any) -> list[RecordData]:
    if isinstance(example, dict):
        return [RecordData(example)]
    return [one for part in example if isinstance(part, dict | list | tuple) for one in _records_in(part)]


LAWS: dict[str, Law] = {
    law.name: law
    for law in (
        Law("bounds", of_records.any_record, of_records.bounds),
        Law("monotone", of_scales.swept, of_scales.monotone),
        Law("one-row", of_records.any_record, of_records.one_row),
        Law("locality", changes, of_scales.locality),
        Law("order", of_records.any_record, of_records.order),
        Law("scale", of_records.any_record, of_records.scale),
        Law("continuity", of_scales.edges, of_scales.continuity),
        Law("absence", of_scales.absences, of_scales.absence),
        Law("grade", of_records.any_record, of_records.grade),
        Law("many", lambda rules: st.lists(of_records.any_record(rules), min_size=1, max_size=4), of_records.many),
        Law("partial", of_records.thinned, of_records.partial),
        Law("json", of_records.any_record, of_records.json_again),
        Law("provenance", of_records.any_record, of_records.provenance),
    )
}
"""Name → law, in the order in which they are tested."""
