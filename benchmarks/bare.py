"""The bare loop: what durable-rules alone costs for one evaluation.

One evaluation is overheard: which engine rulesets are told which facts, in which order. The same rulesets are then made again and, for each
round, told the same texts, drained and emptied by calls to the C module and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import durable_rules_engine as library
from workloads import Workload

from indicator_rules import durable_engine


class _Overheard:
    """The C module, with notes of what it is told."""

    def __init__(self) -> None:
        self.definitions: dict[int, str] = {}
        self.told: list[tuple[int, str]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(library, name)

    def create_ruleset(self, name: str, definition: str) -> int:
        handle: int = library.create_ruleset(name, definition)
        self.definitions[handle] = definition
        return handle

    def assert_fact(self, handle: int, fact: str) -> tuple[int, int]:
        self.told.append((handle, fact))
        return library.assert_fact(handle, fact)


def overhear(make: Callable[[], Workload]) -> list[tuple[str, str]]:
    """Definition and fact of every assert in the evaluation of the workload's first record."""
    overheard = _Overheard()
    durable_engine._library = overheard
    try:
        workload = make()
        first, record = workload.records(1)[0], workload.records(1)[0]
        workload.rules.evaluate(first)  # opens sessions
        overheard.told.clear()
        workload.rules.evaluate(record)
        return [(overheard.definitions[handle], fact) for handle, fact in overheard.told]
    finally:
        durable_engine._library = library


def bare_loop(make: Callable[[], Workload]) -> tuple[Callable[[], None], int, int]:
    """A function that does the engine's part of one evaluation; how many asserts that takes, and how many rules fire."""
    sessions: dict[tuple[str, str], tuple[int, int]] = {}
    steps = []
    fired = 0
    for definition, fact in overhear(make):
        head = fact.partition(',"id":"f"')[0] + ',"id":"f"'
        if (definition, head) not in sessions:
            handle = library.create_ruleset("rules", definition)
            sessions[definition, head] = handle, _opened(handle, head)
        handle, state = sessions[definition, head]
        steps.append(
            (
                partial(library.assert_fact, handle, fact),
                partial(library.start_action_for_state, handle, state),
                partial(library.complete_and_start_action, handle, state),
                partial(library.retract_fact, handle, head + "}"),
            )
        )

    def loop() -> None:
        for tell, start, proceed, forget in steps:
            tell()
            start()
            while proceed() is not None:
                pass
            forget()

    for tell, start, proceed, forget in steps:
        tell()
        fired += start() is not None
        while proceed() is not None:
            fired += 1
        forget()
    return loop, len(steps), fired


def _opened(handle: int, head: str) -> int:
    """A state in which the last rule, which always holds, has fired once."""
    _, state = library.assert_fact(handle, head + durable_engine._END)
    library.start_action_for_state(handle, state)
    library.complete_and_start_action(handle, state)
    library.retract_fact(handle, head + "}")
    return int(state)
