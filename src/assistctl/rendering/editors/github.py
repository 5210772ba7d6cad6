"""Workflow commands with which a GitHub Actions job puts notes at lines of files.

The form and its escapes: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands and
``escapeData``, ``escapeProperty`` in https://github.com/actions/toolkit (packages/core/src/command.ts).
"""

from __future__ import annotations

from collections.abc import Iterable

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.model.change import Change, Origin
from assistctl.model.plan import Plan
from assistctl.rendering import phrases as wording
from assistctl.rendering.editors.placed import Places
from assistctl.rendering.field_view import Limits, viewed_diffs
from assistctl.rendering.phrases import by_importance
from assistctl.rendering.values import label
from assistctl.secrets.escaping import DeliberateCommands, visible, without_commands

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_LIMITS = Limits(rows=0, preview=0)
_SHORT = 200


def diagnostic_annotations(diagnostics: Iterable[Diagnostic], places: Places) -> DeliberateCommands:
    """A command for each message."""
    return DeliberateCommands("".join(_of_diagnostic(diagnostic, places) for diagnostic in diagnostics))


def _of_diagnostic(diagnostic: Diagnostic, places: Places) -> str:
    text = "\n".join(filter(None, (wording.message(diagnostic), diagnostic.detail)))
    return _command(_COMMANDS[diagnostic.severity], diagnostic.position, places, "assistctl", text)


def plan_annotations(plan: Plan, places: Places) -> DeliberateCommands:
    """A command for each field that changes and each message of the plan; the last one has the counts.

    The most important come first, because a runner shows a limited number.
    """
    told = [line for change in by_importance(plan.changes) for line in _of_change(change, places)]
    told += [_of_diagnostic(diagnostic, places) for diagnostic in plan.diagnostics]
    told.append(_command("notice", None, places, wording.heading(plan), wording.conclusion(plan)))
    return DeliberateCommands("".join(told))


def _of_change(change: Change, places: Places) -> Iterable[str]:
    title = f"{change.action} {wording.thing(change)}"
    whole = not change.diffs or change.blocked is not None or change.id is None
    if whole:
        reason = wording.reason(change)
        text = f"{change.blocked.upper()}: {reason}" if change.blocked else reason
        yield _command("error" if change.blocked else "notice", change.position, places, title, text)
        return
    for view, diff in viewed_diffs(change, _LIMITS):
        text = (view.values if len(view.values) <= _SHORT else "") or view.size or "changes"
        note = f" ({view.note})" if view.note else ""
        command = "notice" if diff.origin is Origin.MANIFEST else "warning"
        position = diff.position or change.position
        yield _command(command, position, places, title, f"{label(diff.path)}: {text}{note}")


def _command(command: str, position: Position | None, places: Places, title: str, text: str) -> str:
    properties = [f"title={_property(title)}"]
    if position is not None:
        place = (f"file={_property(places.path(position))}", f"line={position.line}", f"col={position.column}")
        properties = [*place, *properties]
    return f"::{command} {','.join(properties)}::{_data(text)}\n"


def _data(text: str) -> str:
    shown = without_commands(visible(text, multiline=True))
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
