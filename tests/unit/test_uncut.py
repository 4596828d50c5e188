"""What a daemon thread reads is done to the end, or not begun."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from indicator_rules import uncut

ROOT = Path(__file__).parents[2]


def run(script: str) -> str:
    """What a program says whose daemon thread has begun by the time it ends."""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


BEGUN = """
import threading, time
from indicator_rules.uncut import uncut
begun = threading.Event()
def read():
    with uncut(), uncut():
        begun.set()
        time.sleep(0.3)
        print("done", flush=True)
    print("after the inner", flush=True)
    with uncut():
        print("begun after the end", flush=True)
threading.Thread(target=read, daemon=True).start()
begun.wait()
"""


def test_the_end_waits_for_what_was_begun_and_nothing_begins_then() -> None:
    assert run(BEGUN) in ("done\n", "done\nafter the inner\n")


def test_what_an_exit_handler_joins_goes_on() -> None:
    script = BEGUN.replace(
        "begun.wait()", "import atexit\nthread, = (one for one in threading.enumerate() if one.daemon)\nbegun.wait()"
    )
    handler = (
        "\nfrom indicator_rules.uncut import _end\natexit.unregister(_end)\n"
        "atexit.register(thread.join)\natexit.register(_end)  # the last one registered runs first\n"
    )
    assert run(script + handler) == "done\nafter the inner\nbegun after the end\n"


def test_other_threads_are_not_counted_and_nothing_is_left_behind() -> None:
    with uncut.uncut():
        assert threading.get_ident() not in uncut._inside
    seen = []

    def read() -> None:
        with uncut.uncut(), uncut.uncut():
            seen.append(uncut._inside[threading.get_ident()])
        seen.append(uncut._inside.get(threading.get_ident(), 0))
        with pytest.raises(ZeroDivisionError), uncut.uncut():
            raise ZeroDivisionError
        seen.append(uncut._inside.get(threading.get_ident(), 0))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join()
    assert seen == [2, 0, 0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_does_not_wait_for_threads_that_it_does_not_have() -> None:
    script = BEGUN.replace("time.sleep(0.3)", "time.sleep(2)") + (
        "import os, sys, warnings\nwarnings.simplefilter('ignore')\nbefore = time.monotonic()\nchild = os.fork()\n"
        "if not child:\n    sys.exit(0)\nos.waitpid(child, 0)\nprint(time.monotonic() - before < 1, flush=True)\n"
    )
    assert run(script).startswith("True\n")
