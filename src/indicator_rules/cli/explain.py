"""`evaluate --explain`: which derivations are wanted.

In: what was typed, ids or labels; an evaluation. Out: ids of criteria, `total` for total and grade.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from indicator_rules import messages
from indicator_rules.cli.terminal import say

if TYPE_CHECKING:
    from indicator_rules.evaluation import Evaluation

EVERY_LOSS = "*"
"""What `--explain` without a name stands for."""
TOTAL = "total"


def explained(evaluation: Evaluation, names: Sequence[str]) -> tuple[str, ...]:
    """The derivations that `names` ask for, each once, in the order asked. A name that the ruleset does not have is wrong usage."""
    known = [result.id for result in evaluation.criteria]
    labels: dict[str, list[str]] = {}
    for result in evaluation.criteria:
        for lang in messages.LANGUAGES:
            labels.setdefault(result.criterion.label.text(lang), []).append(result.id)
    wanted: list[str] = []
    for name in names:
        if name == EVERY_LOSS:
            wanted += [*(loss.id for loss in evaluation.losses), TOTAL]
        elif name in known or name == TOTAL:
            wanted.append(name)
        elif name in labels:
            wanted += labels[name]
        else:
            plan = evaluation.plan
            ruleset = f"{plan.family}@{plan.edition}"
            raise click.UsageError(say("no-criterion", text=name, ruleset=ruleset, known=", ".join([*known, TOTAL])))
    return tuple(dict.fromkeys(wanted))
