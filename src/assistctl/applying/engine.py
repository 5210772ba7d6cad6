"""Carrying out a plan: bounded side by side, each change on its own, and nothing made up about the outcome.

Everything waits for what it is made of: an assistant for its files and its vector store, a vector store for its
uploads. What goes, goes last: assistants, then vector stores, then the uploads that nothing reads any more.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from assistctl.applying.assistants import change_assistant, delete_assistant
from assistctl.applying.bookkeeping import Book, NoBook
from assistctl.applying.gate import CutOffError, Gate, NotBegunError
from assistctl.applying.outcome import done, failed
from assistctl.applying.reading_matter import ReadingMatter
from assistctl.applying.replanning import Replan, planned_again
from assistctl.applying.second_look import check_assistant
from assistctl.applying.twins import older_twins
from assistctl.applying.upload_record import UploadRecord
from assistctl.applying.uploading import Uploads
from assistctl.applying.watch import Watch
from assistctl.errors import AssistctlError, ConflictError, JournalError, PlatformError, RefusedError
from assistctl.model import Action, Change, Kind, Plan, Request, Result, Status
from assistctl.planning.requests import resolved
from assistctl.platforms.base import Platform

DEFAULT_PARALLELISM = 8
DEFAULT_WAIT = 600.0
"""How long files may take to be indexed, in seconds."""

# Of so many vector stores for each slot the changes are under way at once: most of the time they wait for their
# files. With no bound, thousands of them would ask for their state at once, and none be heard in time.
_STORES_PER_SLOT = 4


async def carry_out(
    plan: Plan,
    platform: Platform,
    *,
    parallelism: int = DEFAULT_PARALLELISM,
    wait: float = DEFAULT_WAIT,
    watch: Watch | None = None,
    gate: Gate | None = None,
    record: UploadRecord | None = None,
    replan: Replan | None = None,
    book: Book | None = None,
    alone: bool = False,
) -> tuple[Result, ...]:
    """Make the plan's changes, at most ``parallelism`` at a time; a result for each, in the plan's order.

    What fails does not keep the others from going through. Once ``gate`` is closed nothing new begins, and what
    was not begun is reported as skipped; once it is cut off, what is under way is reported as unknown. ``wait``
    is how many seconds files may take to be indexed; ``record`` is where uploads are written down, ``book`` where
    everything is. A change that meets a newer version is planned again with ``replan``, once. Unless this apply
    is ``alone`` (it holds the lock), what it created is withdrawn when another one was faster.

    Raises ``RefusedError`` before anything is touched when a rule refuses any of the changes.
    """
    if plan.blocked:
        raise RefusedError("the plan has changes that a safety rule refuses, so none of it is carried out")
    gate, watch, book = gate or Gate(), watch or Watch(), book or NoBook()
    there = {*plan.there}
    reading = None
    if platform.knowledge is not None:
        record = record or UploadRecord(Path.cwd(), "")
        uploads = Uploads(platform.knowledge, plan.knowledge, record, watch, gate, book)
        reading = ReadingMatter(platform.knowledge, plan, uploads, watch, gate, book, wait, there)
    slots, store_slots = (asyncio.Semaphore(count * parallelism) for count in (1, _STORES_PER_SLOT))
    run = _Run(plan, platform, parallelism, watch, gate, slots, store_slots, reading, replan, book, there)
    if not await gate.until_cut_off(run.everything(alone=alone)):
        run.end_unfinished()
    return tuple(run.results[id(change)] for change in plan.changes)


@dataclass(slots=True)
class _Run:
    plan: Plan
    platform: Platform
    parallelism: int
    watch: Watch
    gate: Gate
    slots: asyncio.Semaphore
    store_slots: asyncio.Semaphore
    reading: ReadingMatter | None
    replan: Replan | None
    book: Book
    there: set[str]
    results: dict[int, Result] = field(default_factory=dict)
    begun: set[int] = field(default_factory=set)
    made: set[int] = field(default_factory=set)
    entries: dict[int, int] = field(default_factory=dict)

    async def everything(self, *, alone: bool) -> None:
        if self.reading is not None:
            self.reading.write_down_what_goes()
        async with asyncio.TaskGroup() as tasks:
            if self.reading is not None:
                tasks.create_task(self.reading.uploads.upload_all(self.parallelism))
            for change in self._of_kind(Kind.VECTOR_STORE, deletes=False):
                tasks.create_task(self._store(change))
            for change in self._of_kind(Kind.ASSISTANT, deletes=False):
                tasks.create_task(self._assistant(change))
        if not alone:
            await self._withdraw_twins()
        await self._each(self._assistant, self._of_kind(Kind.ASSISTANT, deletes=True))
        await self._each(self._store, self._of_kind(Kind.VECTOR_STORE, deletes=True))
        if self.reading is not None:
            await self._files(self.reading)

    def end_unfinished(self) -> None:
        """Say of all that was cut off whether it had begun."""
        for change in self.plan.changes:
            if id(change) in self.results:
                continue
            if self._is_begun(change):
                self._finish(change, failed(change, CutOffError(), touched=True))
            else:
                self._finish(change, failed(change, NotBegunError()))

    def _is_begun(self, change: Change) -> bool:
        if change.kind is not Kind.FILE:
            return id(change) in self.begun
        token = change.file.token if change.file is not None else None
        return self.reading is not None and token in self.reading.uploads.begun

    async def _each(
        self, make: Callable[[Change], Coroutine[None, None, None]], changes: Iterator[Change]
    ) -> None:
        async with asyncio.TaskGroup() as tasks:
            for change in changes:
                tasks.create_task(make(change))

    async def _assistant(self, change: Change) -> None:
        try:
            request = await self._filled_in(change.request) if change.request else None
            async with self.slots:
                self.gate.check()
                self.begun.add(id(change))
                result = done(change, await self._written_down(change, request))
        except Exception as error:  # noqa: BLE001  # one change's defect must not cut the others off
            result = failed(change, error, touched=id(change) in self.made)
        if self.reading is not None and change.request is not None and result.status is Status.OK:
            self.reading.uploads.in_use(change.request.reads)
        self._finish(change, result)

    async def _written_down(self, change: Change, request: Request | None) -> str:
        number = self.entries[id(change)] = await self.book.begins(change, request)
        try:
            done_to = await self._changed(change, request)
        except Exception as error:
            await self.book.ended(number, change.id, error)
            raise
        self.made.add(id(change))
        try:
            await self.book.ended(number, done_to, None)
        except JournalError as error:
            raise JournalError(f"this was done, and is not on record: {error.summary}", error.hint) from error
        return done_to

    async def _changed(self, change: Change, request: Request | None) -> str:
        await check_assistant(self.platform, change)
        if request is None:
            return await delete_assistant(self.platform, change)
        try:
            return await change_assistant(self.platform, change, request, self.there)
        except ConflictError as conflict:
            if self.replan is None:
                raise
            again = await planned_again(change, conflict, self.replan)
        if again.request is None:
            raise PlatformError(f"there is nothing to send for {change.key}")
        return await change_assistant(self.platform, again, await self._filled_in(again.request), self.there)

    async def _withdraw_twins(self) -> None:
        """Delete what was just created where another apply was faster; it is told as not done."""
        made = {
            result.id: change
            for change in self.plan.changes
            if (change.kind, change.action) == (Kind.ASSISTANT, Action.CREATE)
            and (result := self.results[id(change)]).status is Status.OK
            and result.id is not None
        }
        if not made:
            return
        try:
            twins = await older_twins(self.platform, made.keys())
        except PlatformError:
            # The next apply looks again, and refuses to choose between two.
            return
        for ours, theirs in twins.items():
            await self._withdraw(made[ours], ours, theirs)

    async def _withdraw(self, change: Change, ours: str, theirs: str) -> None:
        error = AssistctlError(f"another apply created it at the same time, as {theirs}; this one was withdrawn")
        try:
            if self.reading is not None and change.request is not None:
                await self.reading.uploads.out_of_use(change.request.reads)
            await self.platform.delete_assistant(ours)
            await self.book.withdrawn(self.entries[id(change)], error)
        except PlatformError as failure:
            error = PlatformError(f"another apply created it as well, as {theirs}: {failure.summary}")
        except AssistctlError as failure:
            error = failure
        self._finish(change, failed(change, error, touched=True))

    async def _filled_in(self, request: Request) -> Request:
        """The request with ids for its tokens, once what they stand for is there."""
        ids = await self.reading.ids_for(request) if self.reading is not None else {}
        return resolved(request, ids)

    async def _store(self, change: Change) -> None:
        if self.reading is None:
            self._finish(change, failed(change, PlatformError(f"{self.platform.name} has no vector stores")))
            return
        async with self.store_slots:
            self.begun.add(id(change))
            result = await self.reading.change_store(change)
        self._finish(change, result)

    async def _files(self, reading: ReadingMatter) -> None:
        made = {(str(result.kind), result.key): result for result in self.results.values()}
        await reading.delete_unread(made.values(), self.parallelism)
        for change in self.plan.changes:
            if change.kind is Kind.FILE:
                self._finish(change, await reading.file_result(change, made))
        reading.uploads.record.close()

    def _of_kind(self, kind: Kind, *, deletes: bool) -> Iterator[Change]:
        return (
            change
            for change in self.plan.changes
            if change.kind is kind and (change.action is Action.DELETE) is deletes
        )

    def _finish(self, change: Change, result: Result) -> None:
        self.results[id(change)] = result
        # Telling never stops doing: whoever listened may be gone.
        with contextlib.suppress(OSError):
            self.watch.finished(result)
