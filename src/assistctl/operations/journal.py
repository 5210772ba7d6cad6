"""Looking up past applies in the journal, and taking its lock from a holder that died."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from assistctl.operations.deployment import Deployment

if TYPE_CHECKING:
    from assistctl.journal import Apply, ApplySummary, Holder, Lock, State


@dataclass(frozen=True, slots=True)
class History:
    """Past applies, the latest first; ``place`` is where they are recorded."""

    place: str
    applies: tuple[ApplySummary, ...]


@dataclass(frozen=True, slots=True)
class PastApply:
    """One apply on record, for programs. ``state`` is ``done``, ``partial``, ``failed`` or ``interrupted``.

    ``command`` is what was run: ``apply``, ``rollback ID``. It is ``None``, as is when it ``started``, where the
    record cannot be read; ``problem`` then says why.
    """

    id: str
    target: str
    state: State
    command: str | None
    started: datetime | None
    problem: str | None

    @classmethod
    def of(cls, summary: ApplySummary) -> PastApply:
        """The same without its details."""
        header = summary.header
        command, started = (header.command, header.started) if header else (None, None)
        return cls(summary.id, summary.target, summary.state, command, started, summary.problem)


async def list_applies(deployment: Deployment, target: str | None = None) -> History:
    """The applies of the project to ``target``, or to every target. Raises ``JournalError``."""
    journal = deployment.journal()
    return History(journal.place, tuple(await journal.applies(target)))


async def read_apply(deployment: Deployment, apply_id: str) -> Apply:
    """The apply with this id, or the only one whose id begins or ends so. Raises ``JournalError``."""
    return await deployment.journal().read(apply_id)


async def read_apply_with_later(deployment: Deployment, apply_id: str) -> tuple[Apply, list[Apply]]:
    """That apply, and those to the same target after it, which tell what it left. Raises ``JournalError``."""
    journal = deployment.journal()
    apply = await journal.read(apply_id)
    return apply, await journal.since(apply)


def putting_back(apply_id: str) -> str:
    """The command on record of what puts back what answers worse after that apply."""
    return f"put back {apply_id}"


def put_back_by(apply: Apply, later: Sequence[Apply]) -> str | None:
    """The id of the apply among ``later`` ones that put back something of ``apply``."""
    from assistctl.journal import State

    ids = (
        later_apply.header.id
        for later_apply in later
        if later_apply.header.command == putting_back(apply.header.id) and later_apply.state is not State.FAILED
    )
    return next(ids, None)


def told_of_holder(holder: Holder) -> str:
    """What whoever waits for the lock is told."""
    return f"waiting for another apply to end: {holder}"


def left_locked(lock: Lock | None) -> str | None:
    """A sentence on a ``lock`` that could not be released, behind its block; ``None`` where all is well."""
    if lock is None or lock.left_behind is None:
        return None
    return f"the lock {lock.id} was not released: {lock.left_behind.summary}"


async def release_lock(deployment: Deployment, lock_id: str) -> Holder:
    """Take the lock on the target from the holder with this id, and say who that was.

    Raises ``JournalError`` when nobody holds that lock, or the journal has none.
    """
    return await deployment.journal().unlock(deployment.target.name, lock_id)
