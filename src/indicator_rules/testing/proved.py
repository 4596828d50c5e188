"""Proofs as a test: `assert_proved(rules)` fails with the sentences of what is refuted, or undecided beyond what was allowed.

In: rules, and which questions. Out: nothing, or `NotProved` with the answers; their records show what is wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import get_args

from indicator_rules.comparing import equivalent
from indicator_rules.proving.proof import SECONDS, Answer, Question
from indicator_rules.rules import Rules


class NotProved(AssertionError):
    """Answers that are not what the test asks for."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        super().__init__("\n".join(f"{answer.verdict}: {answer}" for answer in answers))
        self.answers = tuple(answers)


def assert_proved(
    rules: Rules,
    *,
    questions: Collection[Question] | None = None,
    jump: Decimal | None = None,
    same_as: Rules | None = None,
    undecided: int = 0,
    seconds: float | None = SECONDS,
) -> None:
    """That everything asked of `rules` is proved.

    `questions`: only these (`bounds`, `grade-reachable`, `monotone`, `no-jump`); all, if not said. `jump`: the largest jump, in points, that a slope may end in; not asked if not
    said. `same_as`: asked instead is whether both score every record alike. `undecided`: how many answers may be undecided.

    Raises: NotProved; ValueError for a question that there is not.
    """
    unknown = set(questions or ()) - set(get_args(Question))
    if unknown:
        raise ValueError(f"no such question: {', '.join(sorted(unknown))}")
    if same_as is not None:
        found: Sequence[Answer] = [equivalent(rules, same_as, across=True, seconds=seconds)]
    else:
        found = [one for one in rules.prove(jump, seconds) if questions is None or one.question in questions]
    refuted = [one for one in found if one.verdict == "refuted"]
    open_ones = [one for one in found if one.verdict == "undecided"]
    if refuted or len(open_ones) > undecided:
        raise NotProved([*refuted, *open_ones])
