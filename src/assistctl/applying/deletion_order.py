"""The order in which things go: those that name others before those."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from assistctl.applying.operations import OperationLog
from assistctl.errors import PlatformError
from assistctl.model.change import Action, Change
from assistctl.model.plan import Plan
from assistctl.ownership.references_by_key import REFERABLE
from assistctl.planning.named_ids import ids_named


@dataclass(frozen=True)
class DeletionOrder:
    """Who has to go, or to stop naming it, before something of ``plan`` is deleted."""

    plan: Plan

    def in_waves(self, deletes: Iterable[Change]) -> Iterator[list[Change]]:
        """``deletes`` in groups to be made one after the other. What names each other goes together."""
        waiting = {change.id: change for change in deletes}
        while waiting:
            unnamed = [change for change in waiting.values() if not self._is_named_by(change, waiting)]
            wave = unnamed or [*waiting.values()]
            yield wave
            for change in wave:
                del waiting[change.id]

    def require_unnamed(self, change: Change, log: OperationLog) -> None:
        """Raise ``PlatformError`` when something that was to stop naming it has not been changed."""
        for other in self._naming.get(change.id, ()):
            operation = log.change(other)
            if operation.is_over and not operation.is_done:
                raise PlatformError(
                    f"it was left as it is, because {other.key}, which names it, was not changed", "Apply again."
                )

    def _is_named_by(self, change: Change, waiting: Mapping[str | None, Change]) -> bool:
        return any(other.id in waiting for other in self._naming.get(change.id, ()))

    @cached_property
    def _naming(self) -> Mapping[str | None, Sequence[Change]]:
        """The changes of what named things that are to be deleted, by the ids of those."""
        things = [change for change in self.plan.changes if change.kind in REFERABLE]
        naming: dict[str | None, list[Change]] = {
            change.id: [] for change in things if change.action is Action.DELETE
        }
        for change in things:
            for object_id in _names(change) & naming.keys():
                naming[object_id].append(change)
        return naming


def _names(change: Change) -> frozenset[str]:
    before = change.before
    return ids_named(before.fields, before.metadata) - {before.id} if before is not None else frozenset()
