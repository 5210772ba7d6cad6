"""A past apply for people at a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from assistctl.rendering.field_view import EVERYTHING, Limits
from assistctl.rendering.history.wording import PastApplyReport, PastChange, PastCheck
from assistctl.rendering.text.plan_text import Line, emit, field_lines
from assistctl.rendering.values import label
from assistctl.secrets.escaping import visible

_LIMITS = Limits(rows=8, preview=3, structures_in_words=True)


def print_apply(console: Console, report: PastApplyReport, *, verbose: bool = False) -> None:
    """Prints what was done and to which fields; ``verbose`` all of each."""
    place = f"{label(report.target)} ({label(report.platform)})"
    emit(
        console, [Line(Text(f"{label(report.id)}  {visible(report.command)}  {place}  {visible(report.ending)}"))]
    )
    emit(console, [Line(Text(visible(f"  {report.started:%Y-%m-%d %H:%M:%S} UTC, {report.by}"))), Line()])
    for change in report.changes:
        emit(console, _change_lines(console, change, EVERYTHING if verbose else _LIMITS))
    for check in report.checks:
        emit(console, _check_lines(check))


def _check_lines(check: PastCheck) -> Iterator[Line]:
    yield Line(Text(visible(f"  check   {check.question}  {check.course}")))
    for reason in check.reasons:
        yield Line(Text(visible(reason)), prefix=Text(" " * 6))


def _change_lines(console: Console, change: PastChange, limits: Limits) -> Iterator[Line]:
    told = f"  {change.action:<6}  {change.thing}  {change.outcome}  {change.id or ''}"
    yield Line(Text(visible(told.rstrip())))
    if change.error:
        yield Line(Text(visible(change.error)), prefix=Text(" " * 6))
    yield from field_lines(console, change.views(limits))
