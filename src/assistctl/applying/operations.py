"""One account of what an apply does to the platform.

Each request that changes something is sent through an ``Operation``, which keeps whether it was carried out, and
on what. Results, counts, progress, the journal and the exit code are all read from here, also when the apply is
cut off in the middle.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeVar

from assistctl.applying.cancellation import CutOffError, NotBegunError, UnfinishedError
from assistctl.applying.journaling import Recorder
from assistctl.errors import AssistctlError, JournalError, LeftBehindError, NotKeptError, OutcomeUnknownError
from assistctl.journal import Outcome
from assistctl.model.change import Action, Change, Request, Status
from assistctl.model.kind import Kind
from assistctl.model.source_file import SourceFile

Answer = TypeVar("Answer")
Intent = Callable[[Request | None], Awaitable[int]]


@dataclass(slots=True, eq=False)
class Operation:
    """An operation on one thing: its requests, and what is known of each.

    ``id`` is that of the thing, once it is known, and ``answered`` says that the answer to its create gave it;
    ``error`` is why it was not done, or not all of it. ``files`` maps the paths of a vector store's files to why
    they did not get in, ``None`` for those that did.
    """

    kind: Kind
    key: str
    action: Action
    id: str | None
    recorder: Recorder
    intent: Intent
    error: Exception | None = None
    is_over: bool = False
    withdrawn: bool = False
    answered: bool = False
    files: dict[str, str | None] = field(default_factory=dict)
    _done: int = 0
    _under_way: int = 0
    _lost: int = 0
    _unseen: int = 0
    _number: asyncio.Future[int] | None = None
    _outcome: asyncio.Future[None] | None = None

    @property
    def is_begun(self) -> bool:
        """Whether it came as far as being put on record."""
        return self._number is not None

    @property
    def is_done(self) -> bool:
        """Whether all of it was carried out."""
        return self.is_over and self.error is None

    @property
    def touched(self) -> bool:
        """Whether the platform is other than before, or may be: not for what was not there, or was withdrawn."""
        return not self.withdrawn and bool(self._done or (not self.is_done and (self._under_way or self._lost)))

    @property
    def is_unknown(self) -> bool:
        """Whether it may have been carried out, and there is no way to know."""
        return not self.is_done and bool(self._under_way or self._lost or self._unseen)

    @property
    def status(self) -> Status:
        """Its status, as results have it."""
        if self.is_done:
            return Status.OK
        skipped = isinstance(self.error, NotBegunError) and not self.touched
        return Status.SKIPPED if skipped else Status.FAILED

    async def sends(self, request: Awaitable[Answer]) -> Answer:
        """Send a request that changes the platform, with whatever finds out what became of it; its answer.

        One that is cancelled stays under way: nobody will know.
        """
        self._under_way += 1
        try:
            answer = await request
        except (NotKeptError, LeftBehindError) as error:
            self._under_way, self._done, self.id = self._under_way - 1, self._done + 1, error.object_id
            raise
        except Exception as error:
            self._under_way -= 1
            self._lost += _may_be_done(error)
            self._unseen += isinstance(error.__cause__, OutcomeUnknownError)
            raise
        self._under_way, self._done = self._under_way - 1, self._done + 1
        return answer

    @asynccontextmanager
    async def under_way(self, request: Request | None = None) -> AsyncIterator[None]:
        """Put it on record for the time of the block, and then what became of it. Raises ``JournalError``."""
        self._number = asyncio.ensure_future(self.intent(request))
        # Whoever waits may be cut off in the middle of the writing, which goes on all the same.
        await asyncio.shield(self._number)
        try:
            yield
        except Exception as error:
            self.fails(error)
            with suppress(JournalError):
                await self._put_on_record()
            if self.error is not error and self.error is not None:
                raise self.error from error
            raise
        self.is_over = True
        try:
            await self._put_on_record()
        except JournalError as error:
            self.error = JournalError(f"this was done, and is not on record: {error.summary}", error.hint)
            raise self.error from error

    def found(self, object_id: str) -> None:
        """Note that nothing had to be done: it is there already."""
        self.id, self.is_over = object_id, True

    def fails(self, error: Exception) -> None:
        """Note why it is not done; the first reason counts."""
        if self.is_over:
            return
        if isinstance(error, NotBegunError) and self.touched:
            error = UnfinishedError(error.why)
        self.error, self.is_over = error, True

    async def withdraw(self, delete: Awaitable[None], why: AssistctlError) -> None:
        """Undo a create with ``delete``, and put that on record. Raises ``AssistctlError`` when that fails."""
        self.is_over, self.error = True, why
        try:
            await self.sends(delete)
        except AssistctlError as error:
            self.error = error
            raise
        self.withdrawn, self.id = True, None
        if self._number is not None:
            await self.recorder.withdrawn(await self._number, str(why))

    async def end(self) -> None:
        """Say of what was cut off how far it is known to have come, and put that on record.

        What nothing is known of has no outcome on record, as if the process had been killed.
        """
        if self._under_way:
            self.error, self.is_over = CutOffError(), True
        elif not self.is_over:
            self.fails(UnfinishedError() if self._done else NotBegunError())
        if self._done or not self._under_way:
            with suppress(JournalError):
                await self._put_on_record()

    async def _put_on_record(self) -> None:
        if self._number is None:
            return
        if self._outcome is None:
            error = None if self.error is None else str(self.error)
            writing = self.recorder.ended(await self._number, self._on_record(), self.id, error)
            self._outcome = asyncio.ensure_future(writing)
        await asyncio.shield(self._outcome)

    def _on_record(self) -> Outcome:
        if self.error is None:
            return Outcome.OK
        if self.is_unknown:
            return Outcome.UNKNOWN
        return Outcome.SKIPPED if self.status is Status.SKIPPED else Outcome.FAILED


class OperationLog:
    """All operations of one apply."""

    def __init__(self, recorder: Recorder) -> None:
        self._book = recorder
        self._changes: dict[tuple[Kind, str, str | None, Action], Operation] = {}
        self._by_key: dict[tuple[str, str], list[Operation]] = {}
        self._uploads: dict[str, Operation] = {}
        self._removals: dict[str, Operation] = {}

    def change(self, change: Change) -> Operation:
        """The operation for a change of an assistant or a vector store."""
        about = (change.kind, change.key, change.id, change.action)
        if about not in self._changes:
            operation = self._operation(*about, lambda sent: self._book.begins(change, sent))
            self._changes[about] = operation
            self._by_key.setdefault((str(change.kind), change.key), []).append(operation)
        return self._changes[about]

    def upload(self, token: str, source: SourceFile) -> Operation:
        """The upload that ``token`` stands for."""
        if token not in self._uploads:
            self._uploads[token] = self._file(source.path, Action.CREATE, None)
        return self._uploads[token]

    def upload_of(self, token: str) -> Operation | None:
        """That upload, if there is to be one."""
        return self._uploads.get(token)

    def removal(self, file_id: str, path: str) -> Operation:
        """The deletion of an upload that nothing reads any more."""
        if file_id not in self._removals:
            self._removals[file_id] = self._file(path, Action.DELETE, file_id)
        return self._removals[file_id]

    def removal_of(self, file_id: str) -> Operation | None:
        """That deletion, if it came to that."""
        return self._removals.get(file_id)

    def about(self, kind: str, key: str) -> Sequence[Operation]:
        """The operations on the assistants or vector stores of a key."""
        return self._by_key.get((kind, key), ())

    def done(self) -> set[tuple[str, str]]:
        """The kinds and keys of which all is done."""
        undone = {
            (str(operation.kind), operation.key) for operation in self._changes.values() if not operation.is_done
        }
        return {(str(operation.kind), operation.key) for operation in self._changes.values()} - undone

    def uploaded(self) -> set[str]:
        """The ids of what this apply uploaded, and did not withdraw."""
        return {upload.id for upload in self._uploads.values() if upload.is_begun and upload.id is not None}

    async def end_all(self) -> None:
        """End operations that were cut off, and claim nothing about them that is not known."""
        for operation in self._all():
            await operation.end()

    def _all(self) -> Iterator[Operation]:
        yield from self._uploads.values()
        yield from self._changes.values()
        yield from self._removals.values()

    def _file(self, path: str, action: Action, file_id: str | None) -> Operation:
        return self._operation(
            Kind.FILE, path, file_id, action, lambda _: self._book.begins_file(path, action, file_id)
        )

    def _operation(self, kind: Kind, key: str, object_id: str | None, action: Action, intent: Intent) -> Operation:
        return Operation(kind, key, action, object_id, self._book, intent)


def _may_be_done(error: Exception) -> bool:
    """Whether a request that ended so may have been carried out; so may any whose answer we choked on."""
    return isinstance(error, OutcomeUnknownError) or not isinstance(error, AssistctlError)
