"""Failures at the end of a long report, where they are read without scrolling back."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from assistctl.model.plan import Result, Status
from assistctl.rendering.result_words import tried
from assistctl.rendering.text.lines import Line, emit
from assistctl.secrets.escaping import visible

_SCREENFUL = 10
"""Up to so many results, a failure is in sight where it stands."""


def print_failures(console: Console, results: Sequence[Result]) -> None:
    """Prints what failed once more and why, behind more results than are in sight."""
    failed = [result for result in results if result.status is Status.FAILED]
    if len(results) <= _SCREENFUL or not failed:
        return
    emit(console, [Line(), Line(Text("Failed:", "bold red"))])
    for result in failed:
        reason = visible(" ".join((result.error or "").split()))
        emit(console, [Line(Text(f"{tried(result)}: {reason}"), prefix=Text("  ✗ ", "bold red"), hang=2)])
