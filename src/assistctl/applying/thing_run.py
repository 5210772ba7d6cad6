"""Everything of an apply that is about things with keys: each change waits for what it names, and is sent once.

Assistants, and other things that a platform keeps, are alike here (``things.py``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

from assistctl.applying.cancellation import CancellationToken, NotAttemptedError
from assistctl.applying.conflicts import Replan, check_thing, planned_again
from assistctl.applying.duplicates import Uniqueness
from assistctl.applying.files.files_run import FilesRun
from assistctl.applying.operations import Operation, OperationLog
from assistctl.applying.rosters import DeletionOrder, NamedThings, Version
from assistctl.applying.things import Things
from assistctl.applying.unknown_outcome import create_once, delete_once, lookup_outcome
from assistctl.applying.verification import rejected_fields
from assistctl.errors import ConflictError, NotFoundError, NotKeptError, OutcomeUnknownError, PlatformError
from assistctl.model.assistant import Observed
from assistctl.model.change import Change, Request
from assistctl.model.kind import Kind
from assistctl.ownership.mark import MARK
from assistctl.ownership.sensitive import digest_of
from assistctl.planning.requests import completing, resolved


@dataclass(slots=True)
class ThingRun:
    """Assistants, and what is kept beside them, of one plan on their way.

    ``slots`` are for requests, ``on_record`` for changes that are written down; ``existing_ids`` are ids of things
    from before (see ``create_once``). A change that meets a newer version is planned again with ``replan``, once.
    """

    platform: str
    things: Mapping[Kind, Things]
    files_run: FilesRun | None
    named: NamedThings
    deletion_order: DeletionOrder
    unique: Mapping[Kind, Uniqueness]
    cancellation: CancellationToken
    log: OperationLog
    slots: asyncio.Semaphore
    on_record: asyncio.Semaphore
    existing_ids: set[str]
    replan: Replan | None = None

    async def change(self, change: Change) -> None:
        """Make one change; the account says what became of it."""
        operation = self.log.change(change)
        try:
            things = self._things_of(change)
            if change.request is not None and change.request.first is not None:
                await self._in_two_steps(things, change, change.request, change.request.first)
            else:
                await self._in_one_step(things, change, operation)
        except Exception as error:  # noqa: BLE001  # one change's defect must not cut the others off
            operation.fails(error)
            self.named.ended(change, error)
        if self.files_run is not None and change.request is not None and operation.is_done:
            self.files_run.uploads.in_use(change.request.reads)

    async def _in_one_step(self, things: Things, change: Change, operation: Operation) -> None:
        request = await self._filled_in(change, change.request) if change.request else None
        async with self.on_record:
            self.cancellation.check()
            await self.unique[change.kind].check(change)
            async with operation.under_way(request), self.slots:
                # A request may have waited for its turn since it was put on record.
                self.cancellation.check()
                await self._send(things, change, request, operation)

    async def _in_two_steps(self, things: Things, change: Change, request: Request, first: Request) -> None:
        """Create something, and let it name those that name it once they are there: no slot is kept for that."""
        operation = self.log.change(change)
        part = await self._filled_in(change, first)
        self.cancellation.check()
        await self.unique[change.kind].check(change)
        async with operation.under_way(part):
            async with self.slots:
                self.cancellation.check()
                await check_thing(things, change)
                made = await operation.sends(_change_thing(things, change, part, self.existing_ids))
            operation.id, operation.answered = made.id, made.answered
            self.named.created(change, Version(made.id, made.revision))
            try:
                whole = await self._filled_in(change, request)
            except PlatformError as error:
                why = error.why if isinstance(error, NotAttemptedError) else error.summary
                raise PlatformError(f"it was created, and not completed: {why}", error.hint) from error
            async with self.slots:
                self.cancellation.check()
                more = completing(whole, part, made.revision)
                now = replace(change, id=made.id, before=made.seen)
                done = await operation.sends(_change_thing(things, now, more, self.existing_ids))
        self.named.ended(change, Version(done.id, done.revision))

    def _things_of(self, change: Change) -> Things:
        if change.kind not in self.things:
            raise PlatformError(f"{self.platform} has no {change.kind.noun}s")
        return self.things[change.kind]

    async def _send(self, things: Things, change: Change, request: Request | None, operation: Operation) -> None:
        await check_thing(things, change)
        if request is None:
            self.deletion_order.require_unnamed(change, self.log)
            await operation.sends(_delete_thing(things, change))
            return
        try:
            made = await operation.sends(_change_thing(things, change, request, self.existing_ids))
        except ConflictError as conflict:
            if self.replan is None:
                raise
            again = await planned_again(change, conflict, self.replan)
            if again.request is None:
                raise PlatformError(f"there is nothing to send for {change.key}") from conflict
            filled_in = await self._filled_in(again, again.request)
            made = await operation.sends(_change_thing(things, again, filled_in, self.existing_ids))
        operation.id, operation.answered = made.id, made.answered
        self.named.ended(change, Version(made.id, made.revision))

    async def _filled_in(self, change: Change, request: Request) -> Request:
        """The request with ids for its tokens, once what they stand for is there."""
        ids = await self.files_run.ids_for(request) if self.files_run is not None else {}
        as_one = self._things_of(change).capabilities.metadata_limits.file_pairs == 1
        return resolved(request, ids | await self.named.ids_for(change, request), as_one=as_one)


@dataclass(frozen=True, slots=True)
class _Done:
    """A thing after its change, as it was ``seen`` then.

    ``answered``: the platform's answer said that it made this one.
    """

    seen: Observed
    answered: bool = True

    @property
    def id(self) -> str:
        """Its id."""
        return self.seen.id

    @property
    def revision(self) -> str | None:
        """Its version, where the platform has versions."""
        return self.seen.revision


async def _change_thing(things: Things, change: Change, request: Request, existing_ids: set[str]) -> _Done:
    """Create or update one. Raises ``PlatformError`` when that fails or something was not kept.

    ``existing_ids`` are those of things from before (see ``create_once``).
    """
    if change.id is None:
        answer, answered = await _create(things, request, existing_ids)
    else:
        answer, answered = await _update(things, change, request), False
    lost = _not_kept(things, request, answer)
    if lost:
        raise NotKeptError(answer.id, lost)
    return _Done(answer, answered)


async def _delete_thing(things: Things, change: Change) -> str:
    """Delete one; its id. Raises ``PlatformError``."""
    if change.id is None:
        raise PlatformError(f"{change.key} has no id to delete")
    await delete_once(things.delete, things.find, change.id)
    return change.id


async def _create(things: Things, request: Request, existing_ids: set[str]) -> tuple[Observed, bool]:
    return await create_once(
        lambda: things.create(request),
        things.listed,
        request.metadata[MARK],
        existing_ids,
    )


async def _update(things: Things, change: Change, request: Request) -> Observed:
    object_id = change.id or ""
    try:
        return await things.update(object_id, request)
    except OutcomeUnknownError as unknown:
        now = await lookup_outcome(things.find, object_id, unknown)
        return _as_sent(things, change, request, now, unknown)
    except NotFoundError as error:
        raise PlatformError(
            f"somebody deleted {object_id} meanwhile: {error.summary}",
            "The next apply creates it again.",
            status=error.status,
        ) from error


def _as_sent(
    things: Things, change: Change, request: Request, now: Observed | None, unknown: OutcomeUnknownError
) -> Observed:
    """``now``, if it is what was sent. Raises ``unknown`` when it is neither that nor what was there before."""
    if now is not None and not _not_kept(things, request, now):
        return now
    if now is None or (change.before is not None and digest_of(now) == digest_of(change.before)):
        raise unknown.refuted() from None
    raise unknown


def _not_kept(things: Things, request: Request, answer: Observed) -> tuple[str, ...]:
    return rejected_fields(request, answer, things.capabilities)
