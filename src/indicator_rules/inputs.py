"""What a ruleset reads: every field of a record that a formula names, and which criteria read it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from indicator_rules.expression import Aggregate, Node, Ref
from indicator_rules.plan import Plan
from indicator_rules.ruleset import Ruleset
from indicator_rules.scope import RECORD_FIELDS


class InputField(NamedTuple):
    """Something that the ruleset reads from a record. `path` is its key path there."""

    path: str
    label: str
    type: str
    choices: tuple[str, ...]
    read_by: tuple[str, ...]
    """Ids of the criteria that read it; empty for one that only adjustments or findings read."""
    of: str = ""
    """What a series holds: `amount`, `number` or `count`."""


def inputs(ruleset: Ruleset, plan: Plan) -> tuple[InputField, ...]:
    """Every field that `ruleset` reads, in the order of first use."""
    readers: dict[str, list[str]] = {}
    for path, formula in ruleset.formulas.items():
        if path[0] in ("measures", "lookups"):
            continue
        for name in _fields(formula.node, ruleset, set()):
            users = readers.setdefault(name, [])
            if path[0] == "criteria" and path[1] not in users:
                users.append(str(path[1]))
    for criterion in plan.criteria:
        for category in criterion.entries.categories if criterion.entries is not None else ():
            readers.setdefault(f"indicators:{category}", []).append(criterion.id)
    asked = {question.id: question for question in plan.questions}
    return tuple(_field(name, tuple(users), asked) for name, users in readers.items())


def _field(name: str, users: tuple[str, ...], asked: dict) -> InputField:  # type: ignore[type-arg]
    section, _, rest = name.partition(".")
    if section == "inputs":
        question = asked[rest]
        return InputField(f"answers.{rest}", str(question.label), question.type, question.choices, users, question.of)
    if name.startswith("indicators"):
        _, _, category = name.partition(":")
        return InputField("indicators", category, "entries", (), users)
    labels, kind = RECORD_FIELDS[name]
    path = {"year": "subject.year", "total_weight": "indicators"}.get(name, name)
    words = {"number": "amount" if kind.unit == "money" else "number", "truth": "yes-no"}
    return InputField(path, labels[0], "choice" if kind.choices else words.get(kind.kind, kind.kind), kind.choices, users)


def _fields(node: Node, ruleset: Ruleset, seen: set[str]) -> Iterator[str]:
    """Record fields and inputs that a formula reads, through measures and look-ups; each of those is followed once."""
    for part in node.walk():
        if isinstance(part, Aggregate):
            yield from (f"indicators:{category}" for category in part.categories) if part.categories else ("indicators",)
        if not isinstance(part, Ref):
            continue
        section, _, name = part.path.partition(".")
        if section in ("measures", "lookups"):
            for formula in _behind(section, name, ruleset) if part.path not in seen else ():
                seen.add(part.path)
                yield from _fields(formula, ruleset, seen)
        elif part.path in RECORD_FIELDS or section == "inputs":
            yield part.path


def _behind(section: str, name: str, ruleset: Ruleset) -> Iterator[Node]:
    """The formulas that a measure or a look-up's parameter stands for."""
    if section == "measures":
        yield ruleset.node("measures", name, "value")
        return
    table, _, value = name.partition(".")
    for path, formula in ruleset.formulas.items():
        if path[:2] == ("lookups", table) and (path[2] == "by" or path[-1] == value):
            yield formula.node
