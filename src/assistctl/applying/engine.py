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
from assistctl.applying.outcome import done, failed
from assistctl.applying.reading_matter import ReadingMatter
from assistctl.applying.replanning import Replan, planned_again
from assistctl.applying.upload_record import UploadRecord
from assistctl.applying.uploading import Uploads, go_on
from assistctl.applying.watch import Watch
from assistctl.errors import ConflictError, PlatformError, RefusedError
from assistctl.model import Action, Change, Kind, Plan, Request, Result, Status
from assistctl.planning.requests import resolved
from assistctl.platforms.base import Platform

DEFAULT_PARALLELISM = 8
DEFAULT_WAIT = 600.0
"""How long files may take to be indexed, in seconds."""


async def carry_out(
    plan: Plan,
    platform: Platform,
    *,
    parallelism: int = DEFAULT_PARALLELISM,
    wait: float = DEFAULT_WAIT,
    watch: Watch | None = None,
    stop: asyncio.Event | None = None,
    record: UploadRecord | None = None,
    replan: Replan | None = None,
) -> tuple[Result, ...]:
    """Make the plan's changes, at most ``parallelism`` at a time; a result for each, in the plan's order.

    What fails does not keep the others from going through. Once ``stop`` is set nothing new begins, and what was
    not begun is reported as skipped. ``wait`` is how many seconds files may take to be indexed; ``record`` is
    where uploads are written down. A change that meets a newer version is planned again with ``replan``, once.

    Raises ``RefusedError`` before anything is touched when a rule refuses any of the changes.
    """
    if plan.blocked:
        raise RefusedError("the plan has changes that a safety rule refuses, so none of it is carried out")
    stop, watch = stop or asyncio.Event(), watch or Watch()
    reading = None
    if platform.knowledge is not None:
        record = record or UploadRecord(Path.cwd(), "")
        uploads = Uploads(platform.knowledge, plan.knowledge, record, watch, stop)
        reading = ReadingMatter(platform.knowledge, plan, uploads, watch, stop, wait)
    run = _Run(plan, platform, parallelism, watch, stop, asyncio.Semaphore(parallelism), reading, replan)
    await run.everything()
    return tuple(run.results[id(change)] for change in plan.changes)


@dataclass(slots=True)
class _Run:
    plan: Plan
    platform: Platform
    parallelism: int
    watch: Watch
    stop: asyncio.Event
    slots: asyncio.Semaphore
    reading: ReadingMatter | None
    replan: Replan | None
    results: dict[int, Result] = field(default_factory=dict)

    async def everything(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            if self.reading is not None:
                tasks.create_task(self.reading.uploads.upload_all(self.parallelism))
            for change in self._of_kind(Kind.VECTOR_STORE, deletes=False):
                tasks.create_task(self._store(change))
            for change in self._of_kind(Kind.ASSISTANT, deletes=False):
                tasks.create_task(self._assistant(change))
        await self._each(self._assistant, self._of_kind(Kind.ASSISTANT, deletes=True))
        await self._each(self._store, self._of_kind(Kind.VECTOR_STORE, deletes=True))
        if self.reading is not None:
            await self._files(self.reading)

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
                go_on(self.stop)
                result = done(change, await self._changed(change, request))
        except Exception as error:  # noqa: BLE001  # one change's defect must not cut the others off
            result = failed(change, error)
        if self.reading is not None and change.request is not None and result.status is Status.OK:
            self.reading.uploads.in_use(change.request.reads)
        self._finish(change, result)

    async def _changed(self, change: Change, request: Request | None) -> str:
        if request is None:
            return await delete_assistant(self.platform, change)
        try:
            return await change_assistant(self.platform, change, request)
        except ConflictError as conflict:
            if self.replan is None:
                raise
            again = await planned_again(change, conflict, self.replan)
        if again.request is None:
            raise PlatformError(f"there is nothing to send for {change.key}")
        return await change_assistant(self.platform, again, await self._filled_in(again.request))

    async def _filled_in(self, request: Request) -> Request:
        """The request with ids for its tokens, once what they stand for is there."""
        ids = await self.reading.ids_for(request) if self.reading is not None else {}
        return resolved(request, ids)

    async def _store(self, change: Change) -> None:
        if self.reading is None:
            self._finish(change, failed(change, PlatformError(f"{self.platform.name} has no vector stores")))
            return
        self._finish(change, await self.reading.change_store(change))

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
