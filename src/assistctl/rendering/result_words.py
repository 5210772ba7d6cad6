"""The words for what became of one change."""

from __future__ import annotations

from assistctl.model.plan import Action, Kind, Result, Status
from assistctl.rendering import phrases as wording

_PAST = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.DELETE: "deleted",
    Action.ADOPT: "adopted",
    Action.FORGET: "forgotten",
}


def said(result: Result) -> str:
    """What was done, or that it failed or was skipped."""
    if result.status is not Status.OK:
        made = result.action is Action.CREATE and result.id and result.kind is not Kind.FILE
        return f"created, {result.status}" if made else f"{result.status}: {result.action}"
    reused = result.kind is Kind.FILE and result.action is not Action.DELETE and result.sent is None
    return "reused" if reused else _PAST[result.action]


def tried(result: Result) -> str:
    """What was to be done, and to what."""
    return f"{result.action} {wording.thing(result)}"
