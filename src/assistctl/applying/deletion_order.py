"""The order in which assistants go: those that name others before those."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from assistctl.applying.operations import OperationLog
from assistctl.errors import PlatformError
from assistctl.model.plan import Change, Kind, Plan
from assistctl.planning.references import ids_named


def in_waves(deletes: Iterable[Change]) -> Iterator[list[Change]]:
    """``deletes`` in groups to be made one after the other. What names each other goes together."""
    waiting = list(deletes)
    while waiting:
        named = frozenset[str]().union(*(_names(change) for change in waiting))
        wave = [change for change in waiting if change.id not in named] or waiting
        yield wave
        waiting = [change for change in waiting if change not in wave]


def require_unnamed(change: Change, plan: Plan, log: OperationLog) -> None:
    """Raise ``PlatformError`` when something that was to stop naming the assistant has not been changed."""
    for other in plan.changes:
        if other is change or other.kind is not Kind.ASSISTANT or change.id not in _names(other):
            continue
        operation = log.change(other)
        if operation.is_over and not operation.is_done:
            raise PlatformError(
                f"it was left as it is, because {other.key}, which names it, was not changed", "Apply again."
            )


def _names(change: Change) -> frozenset[str]:
    before = change.before
    return ids_named(before.fields, before.metadata) - {before.id} if before is not None else frozenset()
