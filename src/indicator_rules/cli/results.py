"""`evaluate -o results.xlsx`: results as a workbook.

In: records as they are scored. Out: for one record its form with points, for many a workbook of all of them; a line that says so; problems on standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from indicator_rules.cli.terminal import DONE, PROBLEMS, not_written, say, show, tell, write
from indicator_rules.errors import Problem

if TYPE_CHECKING:
    from indicator_rules.results.results import Scored


def write_results(path: Path, found: Iterable[Scored], number: int, *, single: bool) -> int:
    """Write the workbook; the exit code. Problems are told at the end, each once: they would break a progress bar."""
    from indicator_rules.results.form import results_form
    from indicator_rules.results.workbook import ResultsWorkbook

    told: dict[str, Problem] = {}
    scored = refused = 0
    with _progress(_counted(found, told), number) as shown:
        if single and (only := next(iter(shown))).evaluation is not None:
            scored = 1
            content = results_form(only)
        else:
            try:
                with ResultsWorkbook() as results:
                    for one in [only] if single else shown:
                        results.add(one)
                    scored, refused = results.scored, results.refused
                    content = results.content()
            except OSError as error:  # no room for what is written meanwhile
                raise not_written(path, error) from None
    write(path, content)
    tell(told.values())
    show(say("summary", scored=scored, refused=refused) + say("results-written", file=path) + "\n")
    return PROBLEMS if refused else DONE


def _counted(found: Iterable[Scored], told: dict[str, Problem]) -> Iterator[Scored]:
    """`found`, with its problems put into `told`."""
    for one in found:
        told |= {str(problem): problem for problem in one.problems}
        yield one


@contextmanager
def _progress(found: Iterable[Scored], number: int) -> Iterator[Iterable[Scored]]:
    """`found` with a bar on standard error, where that is a terminal and there is more than one record."""
    if number == 1 or not sys.stderr.isatty():
        yield found
        return
    with click.progressbar(found, length=number, label=say("progress"), file=sys.stderr) as bar:
        yield bar
