"""Plans and diagnostics for people at a terminal, or in a log.

On a terminal, lines are wrapped with a hanging indent; elsewhere a line stays one line, whatever its length.
Colour is only ever added to a sign or a word that says the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.model.change import Action, Change, Drift, Missing, Result
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan
from assistctl.rendering import phrases as wording
from assistctl.rendering.field_view import EVERYTHING, Limits, change_views, view_drift
from assistctl.rendering.phrases import group_similar
from assistctl.rendering.text.lines import DRIFT, Line, emit, field_lines, pad
from assistctl.rendering.values import label
from assistctl.secrets.escaping import visible

_COLOURS = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.DELETE: "red",
    Action.ADOPT: "cyan",
    Action.FORGET: "blue",
}
_SEVERITY_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold blue"}
_LIMITS = Limits(rows=8, preview=3, structures_in_words=True)
_WIDEST_KEY = 32
_WIDEST_PATH = 64
# How many files are listed one by one.
_FILES = 20


def print_plan(console: Console, plan: Plan, *, verbose: bool = False) -> None:
    """Prints what apply would do. ``verbose`` shows every row of every difference, and ids."""
    limits = EVERYTHING if verbose else _LIMITS
    sections = [
        _changes(console, plan, limits),
        _drift(console, plan, limits),
        _missing(plan.missing),
        _diagnostics(plan.diagnostics),
        _refusals(plan),
    ]
    emit(console, [Line(Text(wording.heading(plan), "bold")), Line()])
    for section in sections:
        lines = list(section)
        if lines:
            emit(console, [*lines, Line()])
    emit(console, [Line(Text(wording.conclusion(plan), "bold"))])


def print_drift(console: Console, plan: Plan, *, verbose: bool = False) -> None:
    """Prints only what was changed outside, and what is missing, all of it."""
    limits = EVERYTHING if verbose else _LIMITS
    emit(console, [Line(Text(wording.heading(plan), "bold")), Line()])
    if not plan.drift and not plan.missing:
        emit(console, [Line(Text(wording.NO_DRIFT, "bold"))])
        return
    emit(console, _missing(plan.missing))
    if plan.drift and plan.missing:
        emit(console, [Line()])
    emit(console, _drift_of(console, plan.drift, limits))
    if plan.drift:
        emit(console, [Line(), Line(Text(wording.DRIFT_ADVICE))])


def print_diagnostics(console: Console, diagnostics: Sequence[Diagnostic]) -> None:
    """Prints ``file:line:column: severity: summary`` for each, the detail indented below."""
    emit(console, _diagnostics(diagnostics))


def _changes(console: Console, plan: Plan, limits: Limits) -> Iterator[Line]:
    changes, hidden = wording.listed(plan.changes, None if limits is EVERYTHING else _FILES)
    names = widths(changes)
    for position, change in enumerate(changes):
        if position and (change.diffs or changes[position - 1].diffs):
            yield Line()
        yield _change_line(change, names[change.kind])
        views = list(change_views(change, limits))
        yield from field_lines(console, views)
    if hidden:
        yield Line(Text(wording.more_files(hidden, "-v lists all"), "dim"), prefix=Text("    "))


def _change_line(change: Change, width: int) -> Line:
    colour = _COLOURS[change.action]
    body = Text()
    body.append(pad(wording.thing(change), width), "bold")
    body.append(f"  {change.action:<6}  ", colour)
    body.append(visible(wording.reason(change)))
    if change.id and change.action in {Action.DELETE, Action.ADOPT, Action.FORGET}:
        body.append(f"  {label(change.id)}", "dim")
    if change.blocked:
        body.append("  ").append(change.blocked.upper(), "bold red")
    return Line(body, prefix=Text(f"  {wording.SIGNS[change.action]} ", f"bold {colour}"), hang=width + 10)


def _drift(console: Console, plan: Plan, limits: Limits) -> Iterator[Line]:
    yield from _drift_of(console, wording.unplanned_drift(plan), limits)


def _drift_of(console: Console, drifts: Sequence[Drift], limits: Limits) -> Iterator[Line]:
    if drifts:
        yield Line(Text(wording.DRIFT_TITLE, "magenta"))
    for name in dict.fromkeys(wording.thing(drift) for drift in drifts):
        yield Line(Text(name, "bold"), prefix=Text("  ! ", "bold magenta"))
        views = [view_drift(drift, limits) for drift in drifts if wording.thing(drift) == name]
        yield from field_lines(console, views, DRIFT)


def _missing(missing: Sequence[Missing]) -> Iterator[Line]:
    if missing:
        yield Line(Text(wording.MISSING_TITLE, "magenta"))
    width = max((min(cell_len(wording.thing(absent)), _WIDEST_PATH) for absent in missing), default=0)
    for absent in missing:
        body = Text(pad(wording.thing(absent), width), "bold").append(f"  {absent.reason}", "magenta")
        if absent.id:
            body.append(f"  {label(absent.id)}", "dim")
        yield Line(body, prefix=Text("  ? ", "bold magenta"), hang=width + 2)


def _diagnostics(diagnostics: Sequence[Diagnostic]) -> Iterator[Line]:
    for diagnostic in group_similar(diagnostics):
        place = wording.place(diagnostic)
        text = Text(f"{place}: " if place else "")
        text.append(f"{diagnostic.severity}: ", _SEVERITY_COLOURS[diagnostic.severity])
        text.append(wording.message(diagnostic))
        yield Line(text, hang=4)
        for paragraph in diagnostic.detail.splitlines():
            yield Line(Text(visible(paragraph)), prefix=Text("    "))


def _refusals(plan: Plan) -> Iterator[Line]:
    refused = list(wording.refusals(plan))
    if refused:
        yield Line(Text(wording.REFUSAL_TITLE, "bold red"))
    for refusal in refused:
        yield Line(Text(", ".join(refusal.things)), prefix=Text(f"  {refusal.rule.upper():<9}  ", "bold red"))
        yield Line(Text(refusal.permit), prefix=Text(" " * 13))


def widths(about: Sequence[Change] | Sequence[Result]) -> dict[Kind, int]:
    """How wide the names are, those of files (which are paths) by themselves."""
    widths = dict.fromkeys(Kind, 0)
    for item in about:
        widths[item.kind] = max(widths[item.kind], cell_len(wording.thing(item)))
    keys = min(max(width for kind, width in widths.items() if kind is not Kind.FILE), _WIDEST_KEY)
    return {**dict.fromkeys(Kind, keys), Kind.FILE: min(widths[Kind.FILE], _WIDEST_PATH)}
