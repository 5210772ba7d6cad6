"""Checks for people at a terminal, or in a log: a line for each, and the transcript of those that did not pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from assistctl.model.check_gate import GatedCheck, GateReport
from assistctl.model.check_report import Attempt, CheckOutcome, CheckReport, CheckStatus
from assistctl.rendering.checks import gate_wording, wording
from assistctl.rendering.text.plan_text import Line, emit, pad
from assistctl.secrets.escaping import visible

_COLOURS = {CheckStatus.PASSED: "green", CheckStatus.FAILED: "bold red", CheckStatus.ERROR: "bold yellow"}
_LABEL_WIDTH = max(map(len, ("asked", "called", "given", "answered", "cited", "made"))) + 2


def print_checks(console: Console, report: CheckReport, *, everything: bool = False) -> None:
    """Prints the report; with ``everything`` the transcripts of checks that passed as well."""
    emit(console, [Line(Text(visible(wording.heading(report)), "bold")), Line()])
    if report.against is not None:
        _beside(console, report, everything=everything)
        _end(console, report)
        return
    complaints = wording.complaints_once(report.checks)
    for key, outcomes in wording.by_assistant(report).items():
        emit(console, [Line(Text(visible(key), "bold"))])
        for outcome in outcomes:
            comparison = wording.comparison(report, outcome)
            emit(console, _check(outcome, comparison, complaints[key, outcome.index], everything=everything))
        if not wording.has_transcript(outcomes[-1], everything=everything):
            emit(console, [Line()])
    _end(console, report)


def _end(console: Console, report: CheckReport) -> None:
    bad = report.count(CheckStatus.FAILED) + report.count(CheckStatus.ERROR)
    emit(console, [Line(Text(wording.conclusion(report), "bold red" if bad else "bold"))])
    warnings = (*report.warnings, *(report.against.warnings if report.against else ()))
    emit(console, [Line(Text(visible(warning)), prefix=Text("warning: ", "yellow")) for warning in warnings])


def _beside(console: Console, report: CheckReport, *, everything: bool) -> None:
    """One table of both targets, and the answers of what did not come out alike."""
    other = report.against
    names = [visible(report.target), visible(other.target if other else "")]
    widths = [max(cell_len(name), 8) for name in names]
    head = "  ".join(pad(name, width) for name, width in zip(names, widths, strict=True))
    emit(console, [Line(Text(f"  {head}  check", "bold"))])
    for pair in wording.beside(report):
        emit(console, [_row(pair, widths)])
    emit(console, [Line()])
    for pair in wording.beside(report):
        if everything or wording.differs(*pair):
            for name, outcome in zip(names, pair, strict=True):
                emit(console, _answer(name, outcome))


def _row(pair: tuple[CheckOutcome | None, CheckOutcome | None], widths: list[int]) -> Line:
    prefix = Text("  ")
    for outcome, width in zip(pair, widths, strict=True):
        word = f"{wording.SIGNS[outcome.status]} {outcome.status}" if outcome else "-"
        prefix.append(pad(word, width), _COLOURS[outcome.status] if outcome else "dim").append("  ")
    either = pair[0] or pair[1]
    body = Text(visible(f"{either.key} {wording.title(either)}" if either else ""))
    if figures := wording.figures_beside(pair):
        body.append(f"  {figures}", "dim")
    return Line(body, prefix=prefix, hang=3)


def _answer(name: str, outcome: CheckOutcome | None) -> Iterator[Line]:
    if outcome is None:
        return
    title = f"{outcome.key} {wording.title(outcome)}"
    sign = f"  {wording.SIGNS[outcome.status]} "
    yield Line(Text(visible(f"{title}  on {name}")), prefix=Text(sign, _COLOURS[outcome.status]), hang=3)
    for complaint in wording.complaints(outcome):
        yield Line(Text(visible(complaint)), prefix=Text("           "), hang=2)
    if wording.has_transcript(outcome, everything=True):
        yield from _transcript(outcome.shown)


def _check(
    outcome: CheckOutcome, comparison: str, complaints: Sequence[str], *, everything: bool
) -> Iterator[Line]:
    colour = _COLOURS[outcome.status]
    body = Text(visible(wording.title(outcome)))
    figures = wording.figures(outcome)
    if figures:
        body.append(f"  {figures}", "dim")
    yield Line(body, prefix=Text(f"  {wording.SIGNS[outcome.status]} {outcome.status:<6} ", colour), hang=3)
    if comparison:
        yield Line(Text(comparison, "dim"), prefix=Text("           "), hang=2)
    for complaint in complaints:
        yield Line(Text(visible(complaint)), prefix=Text("           "), hang=2)
    if wording.has_transcript(outcome, everything=everything):
        yield from _transcript(outcome.shown)


def _transcript(attempt: Attempt) -> Iterator[Line]:
    """Questions and answers behind a rule; an empty line ends them."""
    for part in wording.transcript(attempt):
        label = part.label
        for line in visible(part.text, multiline=True).expandtabs().split("\n"):
            prefix = Text("           ").append("│ ", "dim").append(f"{label:<{_LABEL_WIDTH}}", "dim")
            under = Text("           ").append("│ ", "dim").append(" " * _LABEL_WIDTH)
            yield Line(Text(line), prefix=prefix, next_prefix=under)
            label = ""
    yield Line()


def print_gate(console: Console, report: GateReport, *, everything: bool = False) -> None:
    """Prints the checks that did not pass, with transcripts and consequences; with ``everything`` all checks."""
    emit(console, [Line(), Line(Text("Checks", "bold"))])
    for check in gate_wording.told(report, everything=everything):
        emit(console, _gated(check))
    bad = "bold red" if report.worse or report.in_doubt else "bold"
    emit(console, [Line(Text(visible(sentence), bad)) for sentence in gate_wording.conclusion(report)])


def _gated(check: GatedCheck) -> Iterator[Line]:
    after = check.after
    colour = _COLOURS[after.status] if after else "dim"
    sign = wording.SIGNS[after.status] if after else "-"
    body = Text(visible(f"{check.key} {check.index + 1}. {' '.join(check.ask.split())}"))
    body.append(f"  {gate_wording.course(check)}", "dim")
    yield Line(body, prefix=Text(f"  {sign} ", colour), hang=3)
    if after is None:
        return
    for complaint in wording.complaints(after):
        yield Line(Text(visible(complaint)), prefix=Text("    "), hang=2)
    if check.answer_before is not None and check.got_worse:
        yield Line(
            Text(visible(" ".join(check.answer_before.split()))), prefix=Text("    before it answered: ", "dim")
        )
    if wording.has_transcript(after, everything=False):
        yield from _transcript(after.shown)
