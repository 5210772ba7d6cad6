"""The results of an apply, for people at a terminal or in a log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from assistctl.model.change import Result, Status
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan
from assistctl.rendering import phrases as wording
from assistctl.rendering.result_phrases import done, said, told_results, tried
from assistctl.rendering.shared_reasons import grouped_in_lines, told_once
from assistctl.rendering.text.plan_text import Line, emit, pad, widths
from assistctl.rendering.values import label
from assistctl.secrets.escaping import visible

_STATUS_SIGNS = {Status.OK: ("✓", "green"), Status.FAILED: ("✗", "bold red"), Status.SKIPPED: ("·", "yellow")}
_SCREENFUL = 10
"""Up to so many results, a failure is in sight where it stands; behind more, the reasons stand at the end."""
_FILES = 20
"""Up to so many files are listed one by one."""
_OUTCOME = 15
_BESIDE_NAME = len("  ✓ ") + len("  ") + _OUTCOME + len("  ")
"""Columns of a result beside its name and its id."""


def print_results(console: Console, results: Sequence[Result], *, plan: Plan, verbose: bool = False) -> None:
    """Prints what became of each change of ``plan``, and the true summary; ``verbose`` lists every file."""
    emit(console, [Line(Text(wording.heading(plan), "bold")), Line()])
    told, hidden = told_results(results, None if verbose else _FILES)
    names = _widths(console, told)
    reasons = told_once((wording.thing(result), _reason_beside(result, results)) for result in told)
    lines = [
        line
        for result, reason in zip(told, reasons, strict=True)
        for line in _result(result, names[result.kind], reason)
    ]
    if hidden:
        lines.append(Line(Text(wording.more_files(hidden, "-v lists all"), "dim"), prefix=Text("    ")))
    if lines:
        emit(console, [*lines, Line()])
    failed = any(result.status is Status.FAILED for result in results)
    emit(console, [Line(Text(done(plan, results), "bold red" if failed else "bold"))])


def _widths(console: Console, told: Sequence[Result]) -> dict[Kind, int]:
    """The widths of the names: all the same, so that ids line up, unless that pushes an id off the line."""
    names = widths(told)
    widest = max(names.values())
    ids = max((cell_len(label(result.id)) for result in told if result.id), default=0)
    fits = not console.is_terminal or widest + _BESIDE_NAME + ids <= console.width
    return dict.fromkeys(names, widest) if fits else names


def print_failures(console: Console, results: Sequence[Result]) -> None:
    """Prints what failed and why, behind more results than are in sight."""
    failed = [result for result in results if result.status is Status.FAILED]
    if not _is_long(results) or not failed:
        return
    emit(console, [Line(), Line(Text("Failed:", "bold red"))])
    for names, reason in grouped_in_lines(failed, _on_one_line, tried):
        told = f"{', '.join(names)}: {visible(reason)}"
        emit(console, [Line(Text(told), prefix=Text("  ✗ ", "bold red"), hang=2)])


def _is_long(results: Sequence[Result]) -> bool:
    return len(results) > _SCREENFUL


def _reason_beside(result: Result, results: Sequence[Result]) -> str | None:
    """The reason to tell where the result stands, unless it is told at the end."""
    return None if result.status is Status.FAILED and _is_long(results) else result.error


def _on_one_line(result: Result) -> str:
    return " ".join((result.error or "").split())


def _result(result: Result, width: int, reason: str | None) -> Iterator[Line]:
    sign, colour = _STATUS_SIGNS[result.status]
    body = Text(pad(wording.thing(result), width), "bold")
    body.append(f"  {said(result):<{_OUTCOME}}", colour)
    if result.id:
        body.append(f"  {label(result.id)}", "dim")
    yield Line(body, prefix=Text(f"  {sign} ", f"bold {colour}"), hang=width + 2)
    for paragraph in (reason or "").splitlines():
        yield Line(Text(visible(paragraph)), prefix=Text("      "))
