"""Checks of what an apply changed, for people at a terminal or in a log."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from assistctl.model.check_gate import GatedCheck, GateReport
from assistctl.rendering.checks import gate_wording, wording
from assistctl.rendering.checks.check_text import COLOURS, transcript_lines
from assistctl.rendering.text.lines import Line, emit
from assistctl.secrets.escaping import visible


def print_gate(console: Console, report: GateReport, *, everything: bool = False) -> None:
    """Prints what did not pass, with its transcript, and what it comes to; with ``everything`` all checks."""
    emit(console, [Line(), Line(Text("Checks", "bold"))])
    for one in gate_wording.told(report, everything=everything):
        emit(console, _check(one))
    bad = "bold red" if report.worse or report.in_doubt else "bold"
    emit(console, [Line(Text(visible(sentence), bad)) for sentence in gate_wording.conclusion(report)])


def _check(one: GatedCheck) -> Iterator[Line]:
    after = one.after
    colour = COLOURS[after.status] if after else "dim"
    sign = wording.SIGNS[after.status] if after else "-"
    body = Text(visible(f"{one.key} {one.index + 1}. {' '.join(one.ask.split())}"))
    body.append(f"  {gate_wording.course(one)}", "dim")
    yield Line(body, prefix=Text(f"  {sign} ", colour), hang=3)
    if after is None:
        return
    for complaint in wording.complaints(after):
        yield Line(Text(visible(complaint)), prefix=Text("    "), hang=2)
    if one.answer_before is not None and one.got_worse:
        yield Line(
            Text(visible(" ".join(one.answer_before.split()))), prefix=Text("    before it answered: ", "dim")
        )
    if wording.has_transcript(after, everything=False):
        yield from transcript_lines(after.shown)
