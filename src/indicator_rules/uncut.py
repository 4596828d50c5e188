"""Reading that the end of the program does not cut off.

In: a stretch of work that lets pydantic run validators of ours (`with uncut():`). Out: nothing. Guaranteed: the interpreter does not end while a daemon
thread is inside, as far as that takes less than `LONGEST` seconds and other handlers of the exit less than `PATIENCE`; all other threads are left alone.

pydantic calls Python from Rust. A daemon thread that is there when the interpreter ends is taken off the stack by force, which Rust does not bear: the process dies
of SIGABRT or SIGSEGV after its last line (Python before 3.14). So the end waits for what was begun, and what would begin then waits for the end (for `PATIENCE`).
"""

from __future__ import annotations

import atexit
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, get_ident

LONGEST = 5.0
"""Seconds that the end waits at most for what daemon threads are reading."""
PATIENCE = 1.0
"""Seconds that a daemon thread waits for the end. Somebody may be joining it in an exit handler of their own: then it goes on."""

# Thread → how deep inside. No lock: a process forked meanwhile would find it taken. Each thread touches its own key alone, and sets it before it looks at `_ending`.
_inside: dict[int, int] = {}
_ending: list[float] = []
_watched: list[bool] = []


@contextmanager
def uncut() -> Iterator[None]:
    """What is done inside is done to the end, or not begun."""
    if not _watched:  # by whichever thread comes first: what is registered while the program ends may come too late
        _watch()
    if not current_thread().daemon:  # the end waits for the others anyhow
        yield
        return
    thread = get_ident()
    _enter(thread)
    try:
        yield
    finally:
        depth = _inside.pop(thread, 1) - 1  # gone in a child that was forked inside
        if depth:
            _inside[thread] = depth


def _enter(thread: int) -> None:
    depth = _inside.get(thread, 0)
    while True:
        _inside[thread] = depth + 1
        if depth or not _ending or time.monotonic() >= _ending[0] + PATIENCE:
            return
        del _inside[thread]
        time.sleep(0.01)


def _watch() -> None:
    _watched.append(True)
    atexit.register(_end)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_inside.clear)  # other threads are not there in a child


def _end() -> None:
    """At the end of the program, while other threads still run."""
    _ending.append(time.monotonic())
    while _inside and time.monotonic() < _ending[0] + LONGEST:
        time.sleep(0.001)
