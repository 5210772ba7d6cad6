"""Vector stores: filled before anything is taken out of them, and waited for until they can be searched."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assistctl.applying.cancellation import CancellationToken, NotBegunError, UnfinishedError
from assistctl.applying.files.uploads import Uploads
from assistctl.applying.operations import Operation
from assistctl.applying.progress import ProgressListener
from assistctl.errors import AssistctlError, OutcomeUnknownError
from assistctl.model.counting import first_named
from assistctl.model.file_operations import PlannedAttachment, StoreOperations
from assistctl.model.knowledge import Attachment
from assistctl.platforms.base import BATCH_SIZE, VectorStorePlatform

# How long to wait before asking again how far the indexing is, when the platform does not say; in seconds.
_FIRST_POLL = 0.2
_LONGEST_POLL = 5.0
_BEING_INDEXED = "in_progress"
_INDEXED = "completed"
_NAMED = 5


class NotIndexedError(AssistctlError):
    """Files that did not get into a vector store, by path, and why; ``is_new``: a store that is created."""

    def __init__(
        self, failures: Mapping[str, str], told_apart: Collection[str] = (), *, is_new: bool = False
    ) -> None:
        self.failures = dict(failures)
        hint = "" if is_new else "What was there before is still in place."
        super().__init__(f"files that could not be added: {self._listed(told_apart)}", hint)

    def __str__(self) -> str:
        """With every reason, for places that do not list the files."""
        return f"files that could not be added: {self._listed(())}"

    @property
    def named(self) -> str:
        """The paths alone, for what waits for the store."""
        return self._listed(self.failures)

    def _listed(self, told_apart: Collection[str]) -> str:
        """The paths, with the reasons of those that have no result of their own."""
        named = [path if path in told_apart else f"{path} ({why})" for path, why in self.failures.items()]
        return first_named(named, _NAMED)


class InterruptedIndexingError(UnfinishedError):
    """The apply was interrupted while it waited for an index: what was attached stays."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.summary = f"interrupted while files of {key} were being indexed"
        self.hint = "The next apply waits for them."


@dataclass(slots=True)
class Filling:
    """The files of one vector store, put in and waited for at most ``deadline`` seconds.

    ``operation`` is the account of it, and says of each file that was put in, or not, what became of it.
    """

    platform: VectorStorePlatform
    uploads: Uploads
    progress: ProgressListener
    cancellation: CancellationToken
    key: str
    store_id: str
    work: StoreOperations
    deadline: float
    operation: Operation
    _attached: dict[str, PlannedAttachment] = field(default_factory=dict)
    _batches: list[tuple[str, int]] = field(default_factory=list)

    @property
    def failures(self) -> dict[str, str]:
        """The paths of the files that did not get in, and why."""
        return {path: why for path, why in self.operation.files.items() if why is not None}

    @property
    def told_apart(self) -> frozenset[str]:
        """The paths of the files that are changes of their own."""
        return frozenset(addition.path for addition in self.work.attach)

    async def put_in(self) -> None:
        """Attach all that is to be in it, and wait until it is indexed; ``failures`` says what was not.

        Raises ``NotBegunError`` when the apply was interrupted before all was attached.
        """
        for part in _cut(self.work.attach, BATCH_SIZE):
            ready = await self._uploaded(part)
            self.cancellation.check()
            if ready:
                await self._attach(ready)
        await self._wait()
        if self.failures:
            await self._withdraw()
            return
        for file_id, attributes in self.work.retag.items():
            await self.operation.sends(self.platform.set_attributes(self.store_id, file_id, attributes))
        self.uploads.in_use(addition.token for addition in self._attached.values())

    async def take_out(self) -> None:
        """Take out what was replaced, and what is to go. Only once all is in: nothing is lost for a failure."""
        replaced = [old for addition in self._attached.values() for old in addition.replaces]
        for file_id in (*replaced, *self.work.detach):
            await self.operation.sends(self.platform.detach(self.store_id, file_id))

    async def _uploaded(self, part: Sequence[PlannedAttachment]) -> dict[str, PlannedAttachment]:
        """Those of ``part`` that are uploaded, by their ids."""
        ready: dict[str, PlannedAttachment] = {}
        for addition in part:
            try:
                ready[await self.uploads.id_of(addition.token)] = addition
            except NotBegunError:
                raise
            except AssistctlError as error:
                self.operation.files[addition.path] = error.summary
        return ready

    async def _attach(self, ready: Mapping[str, PlannedAttachment]) -> None:
        for file_id, addition in ready.items():
            if addition.renew:
                await self.operation.sends(self.platform.detach(self.store_id, file_id))
        await self.operation.sends(self._attach_all(ready))
        self._attached.update(ready)

    async def _attach_all(self, ready: Mapping[str, PlannedAttachment]) -> None:
        try:
            self._batches.append((await self._batch(ready), len(ready)))
        except OutcomeUnknownError:
            await self._batch_again(ready)

    async def _batch(self, ready: Mapping[str, PlannedAttachment]) -> str:
        files = [
            Attachment(file_id, addition.attributes, addition.chunking) for file_id, addition in ready.items()
        ]
        return await self.platform.attach(self.store_id, files)

    async def _batch_again(self, ready: Mapping[str, PlannedAttachment]) -> None:
        """Attach what a request with a lost answer did not."""
        listed = {file.id for file in await self.platform.list_store_files(self.store_id)}
        missing = {file_id: addition for file_id, addition in ready.items() if file_id not in listed}
        if missing:
            self._batches.append((await self._batch(missing), len(missing)))

    async def _wait(self) -> None:
        """Wait until all is indexed, failed, or late; what failed or is late is in ``failures`` then."""
        expected = {
            **{file_id: addition.path for file_id, addition in self._attached.items()},
            **self.work.pending,
        }
        if not expected:
            return
        by_count = not self.work.pending and sum(size for _, size in self._batches) == len(expected)
        try:
            async with asyncio.timeout(self.deadline):
                failed = await (self._batches_end() if by_count else self._files_end(expected))
        except TimeoutError:
            failed = True
        if failed:
            await self._name_failures(expected)
        for path in expected.values():
            self.operation.files.setdefault(path, None)

    async def _batches_end(self) -> bool:
        """Wait for the batches; whether any file in them failed."""
        total, done, failed = sum(size for _, size in self._batches), 0, 0
        for batch, size in self._batches:
            for pause in _pauses():
                state = await self.platform.indexing(self.store_id, batch)
                lost = size - state.completed - state.in_progress
                self.progress.indexing(self.key, done + state.completed, total, failed + lost)
                if not state.in_progress:
                    break
                await self._pause(state.poll_after or pause)
            done, failed = done + state.completed, failed + lost
        return bool(failed)

    async def _files_end(self, expected: Collection[str]) -> bool:
        """Wait for files one by one: what an earlier apply attached has no batch that is known."""
        for pause in _pauses():
            listed = {file.id: file for file in await self.platform.list_store_files(self.store_id)}
            states = [listed[file_id].status if file_id in listed else "" for file_id in expected]
            waiting, done = states.count(_BEING_INDEXED), states.count(_INDEXED)
            failed = len(states) - waiting - done
            self.progress.indexing(self.key, done, len(states), failed)
            if not waiting:
                return bool(failed)
            await self._pause(pause)
        return True

    async def _pause(self, seconds: float) -> None:
        """Wait, unless the apply is to stop: an interrupted apply does not wait for an index."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.cancellation.stop.wait()
        if self.cancellation.stop.is_set():
            raise InterruptedIndexingError(self.key)

    async def _name_failures(self, expected: Mapping[str, str]) -> None:
        listed = {file.id: file for file in await self.platform.list_store_files(self.store_id)}
        for file_id, path in expected.items():
            file = listed.get(file_id)
            if file is None:
                self.operation.files[path] = "it is no longer in the vector store"
            elif file.status == _BEING_INDEXED:
                self.operation.files[path] = (
                    f"still being indexed after {self.deadline:g} s; the next apply waits for it"
                )
            elif file.status != _INDEXED:
                self.operation.files[path] = file.error or file.status

    async def _withdraw(self) -> None:
        """Take out and delete what failed for good; what is late stays, for the next apply to wait for."""
        statuses = {file.id: file.status for file in await self.platform.list_store_files(self.store_id)}
        for file_id, addition in self._attached.items():
            late = statuses.get(file_id) == _BEING_INDEXED
            if addition.path not in self.failures or late:
                self.uploads.in_use([addition.token])
            elif not addition.renew:
                await self.operation.sends(self.platform.detach(self.store_id, file_id))
                await self.uploads.withdraw(addition.token, file_id, self.failures[addition.path])


def _cut(items: Sequence[PlannedAttachment], length: int) -> Iterable[Sequence[PlannedAttachment]]:
    return (items[start : start + length] for start in range(0, len(items), length))


def _pauses() -> Iterator[float]:
    pause = _FIRST_POLL
    while True:
        yield pause
        pause = min(pause * 1.5, _LONGEST_POLL)
