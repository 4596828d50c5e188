"""Findings of lint, and the examples in words that they show as proof.

In: a code and what some formulas are taken to be. Out: a finding, with texts in either language and labels for names: `预算执行率 = 95%，立项程序规范 = 否`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from indicator_rules import messages
from indicator_rules.errors import KeyPath, Problem, Severity, Where
from indicator_rules.exact import Exact, add, divide, to_percent
from indicator_rules.explaining.explain import names, number_text
from indicator_rules.expression import Arithmetic, Call, Node, Ref, replaced
from indicator_rules.interval import Span
from indicator_rules.messages import Language
from indicator_rules.partial.possible import Possible
from indicator_rules.plan import Plan


def odd(code: str, path: KeyPath, severity: Severity = "warning", **values: object) -> Problem:
    """A finding of lint."""
    return Problem(code, Where(path=path), values, severity)


MOST = 6
"""Values told of one example."""


@dataclass(frozen=True, slots=True)
class _Said(Node):
    """A name as people read it."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula with labels for names."""

    plan: Plan
    node: Node

    def text(self, lang: Language) -> str:
        known = names(self.plan, lang)

        def change(part: Node) -> Node | None:
            if isinstance(part, Call) and part.function == "rounded":
                return replaced(part.arguments[0], change)
            if isinstance(part, Ref):
                return _Said(known.get(part.path) or known.get(str(part)) or str(part))
            return None

        return str(replaced(self.node, change))


@dataclass(frozen=True, slots=True)
class Example:
    """Values of some formulas."""

    plan: Plan
    given: Mapping[Node, Possible]

    def text(self, lang: Language) -> str:
        told = [
            f"{Formula(self.plan, node).text(lang)} = {self.value(node, found, lang)}"
            for node, found in self.given.items()
            if found.present
        ]
        more = ["…"] if len(told) > MOST else []
        return messages.text("explain.comma", {}, lang).join([*told[:MOST], *more])

    def value(self, node: Node, found: Possible, lang: Language) -> str:
        """One value of those that are possible."""
        if found.span is not None:
            number = found.spans[0].inside()
            return to_percent(number, 4) if is_ratio(node, self.plan) else number_text(number)
        words = sorted(found.words, key=str)
        if not words:
            return messages.text("lint.other-text", {}, lang)
        if isinstance(words[0], bool):
            return messages.text(f"explain.{'yes' if words[0] else 'no'}", {}, lang)
        return str(words[0])


def samples(region: Mapping[Node, Possible]) -> Iterator[Mapping[Node, Possible]]:
    """Values inside a region: near its ends, and far out where it has no end."""
    for number in range(4):
        given: dict[Node, Possible] = {}
        for node, found in region.items():
            given[node] = Possible((Span.point(_sample(found.spans[0], number)),)) if found.spans else found
        yield given


def _sample(span: Span, number: int) -> Exact:
    candidates = [span.inside()]
    if span.high is None:
        candidates += [add(candidates[0], more) for more in (1, 2, 1000)]
    elif span.low is None:
        candidates += [add(candidates[0], -more) for more in (1, 2, 1000)]
    else:
        candidates += [divide(add(span.low, span.high), 2) if not span.whole else span.high, span.high]
    candidate = candidates[min(number, len(candidates) - 1)]
    return candidate if candidate in span else candidates[0]


def is_ratio(node: Node, plan: Plan) -> bool:
    """Whether `node` is sure to be a share of something: 完成率, money over money, one of a target and an actual value over the other."""
    match node:
        case Ref():
            if node.path.startswith("measures."):
                return is_ratio(_measure(node, plan), plan)
            return node.path == "entry.completion"
        case Call():
            return node.function in ("first_of", "min", "max", "abs", "rounded") and all(
                is_ratio(part, plan) for part in node.arguments
            )
        case Arithmetic():
            if node.sign == "/":
                kinds = {_of(node.left, plan), _of(node.right, plan)}
                return len(kinds) == 1 and "" not in kinds
            return node.sign in "+-" and is_ratio(node.left, plan)
    return False


def _of(node: Node, plan: Plan) -> str:
    """What kind of amount a formula is made of: `money`, `entry` (values of an entry), or nothing in particular."""
    kinds = set[str]()
    for part in node.walk():
        if isinstance(part, Ref):
            if part.path.startswith("measures."):
                kinds.add(_of(_measure(part, plan), plan))
            elif part.path.startswith("budget.") or part.path in _amounts(plan):
                kinds.add("money")
            elif part.path in ("entry.actual", "entry.target", "entry.prior", "entry.initial_target"):
                kinds.add("entry")
            else:
                kinds.add("")
    return kinds.pop() if len(kinds) == 1 else ""


def _measure(ref: Ref, plan: Plan) -> Node:
    return next(measure.formula for measure in plan.measures if f"measures.{measure.id}" == ref.path)


def _amounts(plan: Plan) -> set[str]:
    return {f"inputs.{question.id}" for question in plan.questions if question.type == "amount"}
