"""How far checks are: a bar on a terminal, a line for each elsewhere."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from assistctl.cli.terminal import Terminal
from assistctl.model.check_report import CheckOutcome
from assistctl.operations.check import CheckProgress


@contextlib.contextmanager
def check_progress(terminal: Terminal) -> Iterator[CheckProgress]:
    """What tells the person at the terminal, or the log, how far the checks are."""
    if terminal.invocation.quiet or not sys.stderr.isatty():
        yield CheckProgress(ended=lambda outcome: _say(terminal, outcome))
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = TextColumn("Checking"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=terminal.messages(), transient=True) as bars:
        task = bars.add_task("", total=None)
        yield CheckProgress(
            begins=lambda total: bars.update(task, total=total), ended=lambda _: bars.advance(task)
        )


def _say(terminal: Terminal, outcome: CheckOutcome) -> None:
    terminal.say(f"{outcome.key} {outcome.index + 1}: {outcome.status}")
