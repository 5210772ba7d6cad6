"""Every operation in the journal: what is about to be done, with what was there before; and what became of it."""

from __future__ import annotations

from typing import Protocol

from assistctl.journal import BeforeImage, Operation, Outcome, Record
from assistctl.model.assistant import Observed
from assistctl.model.capabilities import Capabilities
from assistctl.model.change import Action, Change, Request
from assistctl.model.kind import Kind
from assistctl.ownership.canonical import canonical_units, dotted
from assistctl.ownership.mark import BASELINE, read_baseline, users_pairs


class Recorder(Protocol):
    """A place to record operations. Raises ``JournalError`` when that cannot be done."""

    async def begins(self, change: Change, request: Request | None) -> int:
        """A change is about to be made; the number of its entry."""

    async def begins_file(self, path: str, action: Action, file_id: str | None) -> int:
        """A file is about to be uploaded or deleted; the number of its entry."""

    async def ended(self, number: int, outcome: Outcome, object_id: str | None, error: str | None) -> None:
        """Record the outcome of an entry, the id of its thing, and why it failed, if it did."""

    async def withdrawn(self, number: int, error: str) -> None:
        """Record that the thing an entry created is gone again, and why."""


class NullRecorder:
    """Nothing is written down."""

    async def begins(self, change: Change, request: Request | None) -> int:  # noqa: ARG002  # see Recorder
        """See ``Recorder``."""
        return 0

    async def begins_file(self, path: str, action: Action, file_id: str | None) -> int:  # noqa: ARG002
        """See ``Recorder``."""
        return 0

    async def ended(self, number: int, outcome: Outcome, object_id: str | None, error: str | None) -> None:
        """See ``Recorder``."""

    async def withdrawn(self, number: int, error: str) -> None:
        """See ``Recorder``."""


class JournalRecorder:
    """Writes into an apply's record in the journal, on a platform with these ``capabilities``."""

    def __init__(self, record: Record, capabilities: Capabilities) -> None:
        self._record, self._capabilities = record, capabilities

    async def begins(self, change: Change, request: Request | None) -> int:
        """See ``Recorder``."""
        before, capabilities = change.before, self._capabilities
        table = capabilities if change.kind is Kind.ASSISTANT else capabilities.resources.get(change.kind)
        return await self._record.intend(
            Operation(
                change.kind,
                change.key,
                change.action,
                change.id,
                BeforeImage.of(before) if before is not None else None,
                request,
                change.secret_paths | (_were_secret(before) if before is not None else frozenset()),
                table.write_only if table is not None else frozenset(),
                capabilities.write_only_in_tools,
            )
        )

    async def begins_file(self, path: str, action: Action, file_id: str | None) -> int:
        """See ``Recorder``."""
        return await self._record.intend(Operation(Kind.FILE, path, action, file_id))

    async def ended(self, number: int, outcome: Outcome, object_id: str | None, error: str | None) -> None:
        """See ``Recorder``."""
        await self._record.outcome(number, outcome, object_id=object_id, error=error)

    async def withdrawn(self, number: int, error: str) -> None:
        """See ``Recorder``."""
        await self._record.withdrawn(number, error)


def _were_secret(before: Observed) -> frozenset[str]:
    """The fields that were given a secret once, whatever is declared now."""
    baseline = read_baseline(before.metadata.get(BASELINE))
    units = canonical_units(before.fields, users_pairs(before.metadata))
    return frozenset(dotted(unit) for unit in units if baseline.is_secret(unit))
