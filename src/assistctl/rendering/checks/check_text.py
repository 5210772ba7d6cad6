"""Checks for people at a terminal, or in a log: a line for each, and the transcript of those that did not pass."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from assistctl.model.check_report import CheckOutcome, CheckReport, CheckStatus
from assistctl.rendering.checks import wording
from assistctl.rendering.text.lines import Line, emit
from assistctl.secrets.escaping import visible

_COLOURS = {CheckStatus.PASSED: "green", CheckStatus.FAILED: "bold red", CheckStatus.ERROR: "bold yellow"}
_LABEL_WIDTH = max(map(len, ("asked", "called", "given", "answered", "cited", "made"))) + 2


def print_checks(console: Console, report: CheckReport, *, everything: bool = False) -> None:
    """Prints the report; with ``everything`` the transcripts of checks that passed as well."""
    emit(console, [Line(Text(visible(wording.heading(report)), "bold")), Line()])
    for key, outcomes in wording.by_assistant(report).items():
        emit(console, [Line(Text(visible(key), "bold"))])
        for outcome in outcomes:
            emit(console, _check(outcome, everything=everything))
        if not wording.has_transcript(outcomes[-1], everything=everything):
            emit(console, [Line()])
    bad = report.count(CheckStatus.FAILED) + report.count(CheckStatus.ERROR)
    emit(console, [Line(Text(wording.conclusion(report), "bold red" if bad else "bold"))])


def _check(outcome: CheckOutcome, *, everything: bool) -> Iterator[Line]:
    colour = _COLOURS[outcome.status]
    body = Text(visible(wording.title(outcome)))
    figures = wording.figures(outcome)
    if figures:
        body.append(f"  {figures}", "dim")
    yield Line(body, prefix=Text(f"  {wording.SIGNS[outcome.status]} {outcome.status:<6} ", colour), hang=3)
    for complaint in wording.complaints(outcome):
        yield Line(Text(visible(complaint)), prefix=Text("           "), hang=2)
    if wording.has_transcript(outcome, everything=everything):
        yield from _transcript(outcome)


def _transcript(outcome: CheckOutcome) -> Iterator[Line]:
    for part in wording.transcript(outcome.shown):
        label = part.label
        for line in visible(part.text, multiline=True).expandtabs().split("\n"):
            prefix = Text("           ").append("│ ", "dim").append(f"{label:<{_LABEL_WIDTH}}", "dim")
            under = Text("           ").append("│ ", "dim").append(" " * _LABEL_WIDTH)
            yield Line(Text(line), prefix=prefix, next_prefix=under)
            label = ""
    yield Line()
