"""What came of records: each with its evaluation or its problems, and each point that was lost with its reason.

In: an evaluation, a language. Out: `Loss`es, whose points together are exactly those that the evaluation lost. Nothing is scored again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from indicator_rules import messages
from indicator_rules.errors import Problem, Where
from indicator_rules.evaluation import CriterionResult, EntryResult, Evaluation
from indicator_rules.exact import Exact
from indicator_rules.explaining.explain import Explainer
from indicator_rules.findings import ENTRY_UNSCORED
from indicator_rules.messages import Language
from indicator_rules.reading import Reading


class Scored(NamedTuple):
    """One record, its score, and what is wrong with it or was not understood."""

    reading: Reading
    evaluation: Evaluation | None
    problems: tuple[Problem, ...]


def not_scored(read: Reading, evaluation: Evaluation) -> tuple[Problem, ...]:
    """Warnings of entries that no criterion takes: whoever wrote them thinks that they count."""
    places = {entry.id: place for place, entry in enumerate(evaluation.record.indicators)}
    found = [
        Problem(ENTRY_UNSCORED, Where("", ("indicators", places[one.subject], "category")), {"text": one}, "warning")
        for one in evaluation.findings
        if one.code == ENTRY_UNSCORED
    ]
    return tuple(read.located(found)) if found else ()


class Loss(NamedTuple):
    """Points lost on one entry, or on a criterion beside its entries."""

    result: CriterionResult
    entry: EntryResult | None
    code: str
    exact_lost: Exact
    sentence: str
    clause: str
    """What the rule rests on; empty if the ruleset does not say."""


def losses(evaluation: Evaluation, lang: Language) -> Iterator[Loss]:
    """Every loss, in the order of the ruleset and of the record."""
    explainer = Explainer(evaluation, lang)
    for result in evaluation.losses:
        clause = _clause(evaluation, result)
        rest = result.exact_lost
        said: list[str] = []
        for entry in result.entries:
            lost = entry.exact_weight - entry.exact_points
            if lost > 0:
                rest -= lost
                said.append(explainer.entry(result, entry))
                yield Loss(result, entry, f"{result.id}.{entry.row}", lost, said[-1], clause)
        if rest or not said:
            reasons = explainer.reasons(result)
            if reasons and clause:
                reasons.pop()
            reasons = [reason for reason in reasons if reason not in said]
            sentence = "\n".join(reasons) or messages.text("results.summed", {}, lang)
            yield Loss(result, None, result.code, rest, sentence, clause)


def _clause(evaluation: Evaluation, result: CriterionResult) -> str:
    source = result.criterion.source
    return f"{evaluation.plan.source(source.ref)} {source.clause}" if source is not None and source.clause else ""
