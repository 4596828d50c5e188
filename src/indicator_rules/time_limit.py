"""A limit of time for long searches: what is inside `limited` asks now and then, by `check_time`, whether it is over.

Searches through tables are cut short by numbers of steps wherever they can be; the limit is for what is left, rulesets made as large as they are accepted.
The limit holds for the thread or task that sets it, and an inner limit never outlasts the outer one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_end: ContextVar[float | None] = ContextVar("indicator_rules_time_limit", default=None)


class OutOfTime(Exception):
    """The limit is over."""


@contextmanager
def limited(seconds: float | None) -> Iterator[None]:
    """At most so many seconds for what is inside; None sets no limit."""
    outer = _end.get()
    ends = [end for end in (outer, None if seconds is None else time.monotonic() + seconds) if end is not None]
    token = _end.set(min(ends, default=None))
    try:
        yield
    finally:
        _end.reset(token)


def check_time() -> None:
    """Raises `OutOfTime` once the limit is over."""
    end = _end.get()
    if end is not None and time.monotonic() >= end:
        raise OutOfTime
