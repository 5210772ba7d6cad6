"""Carrying out a plan: bounded side by side, each change on its own, and nothing made up about the outcome.

Everything waits for what it is made of: an assistant for its files, its vector store and what it names by key, a
vector store for its uploads. What goes, goes last: assistants, then what they may name, then vector stores, then
the uploads that nothing reads any more.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from assistctl.applying.cancellation import CancellationToken, NotBegunError
from assistctl.applying.conflicts import Replan
from assistctl.applying.duplicates import TwinCheck, Uniqueness, uniqueness
from assistctl.applying.files.files_run import FilesRun
from assistctl.applying.files.upload_log import UploadLog
from assistctl.applying.files.uploads import Uploads
from assistctl.applying.journaling import NullRecorder, Recorder
from assistctl.applying.limits import DEFAULT_PARALLELISM, DEFAULT_WAIT
from assistctl.applying.operations import OperationLog
from assistctl.applying.progress import ProgressListener
from assistctl.applying.results import result_of
from assistctl.applying.rosters import DeletionOrder, NamedThings
from assistctl.applying.thing_run import ThingRun
from assistctl.applying.things import things_on
from assistctl.errors import AssistctlError, PlatformError, RefusedError
from assistctl.model.change import Action, Change, QualifiedKey, Result
from assistctl.model.kind import RESOURCE_KINDS, Kind
from assistctl.model.plan import Plan
from assistctl.ownership.references_by_key import REFERABLE
from assistctl.platforms.base import Platform

# Of so many vector stores for each slot the changes are under way at once: most of the time they wait for their
# files. With no bound, thousands of them would ask for their state at once, and none be heard in time.
_STORES_PER_SLOT = 4
# So many changes for each slot are on record and have no outcome there yet: while some are made, those that come
# next are written down, and no request waits for the disk. Each is on record before its request goes out.
_ON_RECORD_PER_SLOT = 2


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Changes that do not stand after all, and why: what of them was replaced stays, and what is to go does not.

    ``uploads`` are the ids of those uploads that were deleted again with them.
    """

    changes: Mapping[QualifiedKey, AssistctlError] = field(default_factory=dict)
    uploads: frozenset[str] = frozenset()


Settled: TypeAlias = Callable[[Sequence[Result]], Awaitable[TakenBack]]
"""Called with the results so far when all creates and updates were made, and before anything is deleted."""


async def carry_out(
    plan: Plan,
    platform: Platform,
    *,
    parallelism: int = DEFAULT_PARALLELISM,
    wait: float = DEFAULT_WAIT,
    progress: ProgressListener | None = None,
    cancellation: CancellationToken | None = None,
    record: UploadLog | None = None,
    replan: Replan | None = None,
    recorder: Recorder | None = None,
    alone: bool = False,
    settled: Settled | None = None,
    unique: Mapping[Kind, Uniqueness] | None = None,
) -> tuple[Result, ...]:
    """Make the plan's changes, at most ``parallelism`` at a time; a result for each, in the plan's order.

    What fails does not keep the others from going through. Once ``cancellation`` is closed nothing new begins,
    and what was not begun is reported as skipped; once it is cut off, what is under way is reported as unknown.
    ``wait`` is how many seconds files may take to be indexed; ``record`` is where uploads are written down,
    ``recorder`` where everything is. A change that meets a newer version is planned again with ``replan``, once.
    What was created is withdrawn when another one with its mark was there first, and has failed while there is
    any other one; unless this apply is ``alone`` (it holds the lock), others get the time to withdraw theirs.
    ``settled`` has a say before anything is deleted; ``unique`` may be looking ahead.

    Raises ``RefusedError`` before anything is touched when a rule refuses any of the changes.
    """
    if plan.blocked:
        raise RefusedError("the plan has changes that a safety rule refuses, so none of it is carried out")
    cancellation, progress = cancellation or CancellationToken(), progress or ProgressListener()
    log, existing_ids = _log_of(plan, recorder), {*plan.existing_ids}
    uploads_there = platform.uploads
    files_run = None
    if uploads_there is not None:
        record = record or UploadLog(Path.cwd(), "")
        uploads = Uploads(uploads_there, plan.knowledge, record, progress, cancellation, log)
        files_run = FilesRun(
            platform.name,
            uploads_there,
            platform.vector_stores,
            plan,
            uploads,
            progress,
            cancellation,
            log,
            wait,
            existing_ids,
        )
    slots, on_record, store_slots = (
        asyncio.Semaphore(count * parallelism) for count in (1, _ON_RECORD_PER_SLOT, _STORES_PER_SLOT)
    )
    things = things_on(platform)
    thing_run = ThingRun(
        platform.name,
        things,
        files_run,
        NamedThings.of(plan),
        DeletionOrder(plan),
        unique or uniqueness(things, plan),
        cancellation,
        log,
        slots,
        on_record,
        existing_ids,
        replan,
    )
    run = _Run(plan, parallelism, progress, log, files_run, thing_run, store_slots, settled)
    if not await cancellation.until_cut_off(run.everything(alone=alone)):
        await log.end_all()
    return run.results()


def _log_of(plan: Plan, recorder: Recorder | None) -> OperationLog:
    log = OperationLog(recorder or NullRecorder())
    for change in plan.changes:
        if change.kind is not Kind.FILE:
            log.change(change)
    return log


@dataclass(slots=True)
class _Run:
    plan: Plan
    parallelism: int
    progress: ProgressListener
    log: OperationLog
    files_run: FilesRun | None
    thing_run: ThingRun
    store_slots: asyncio.Semaphore
    settled: Settled | None

    def results(self) -> tuple[Result, ...]:
        """A result for each change, in the plan's order."""
        return tuple(result_of(change, self.log) for change in self.plan.changes)

    async def everything(self, *, alone: bool) -> None:
        if self.files_run is not None:
            self.files_run.write_down_what_goes()
        async with asyncio.TaskGroup() as tasks:
            if self.files_run is not None:
                tasks.create_task(self.files_run.uploads.upload_all(self.parallelism))
            for change in self._of_kind(Kind.VECTOR_STORE, deletes=False):
                tasks.create_task(self._store(change))
            for change in self._of_kind(*REFERABLE, deletes=False):
                tasks.create_task(self._thing(change))
        await self._twin_check.look(alone=alone)
        if self.settled is not None:
            self._take_back(await self.settled(self.results()))
        for kinds in ((Kind.ASSISTANT,), RESOURCE_KINDS):
            for wave in self.thing_run.deletion_order.in_waves(self._of_kind(*kinds, deletes=True)):
                await self._each(self._thing, iter(wave))
        await self._each(self._store, self._of_kind(Kind.VECTOR_STORE, deletes=True))
        if self.files_run is not None:
            await self._files(self.files_run)

    async def _each(
        self, make: Callable[[Change], Coroutine[None, None, None]], changes: Iterator[Change]
    ) -> None:
        async with asyncio.TaskGroup() as tasks:
            for change in changes:
                tasks.create_task(make(change))

    @property
    def _twin_check(self) -> TwinCheck:
        run = self.thing_run
        return TwinCheck(self.plan.changes, run.things, run.unique, self.files_run, self.log, self._tell)

    async def _thing(self, change: Change) -> None:
        await self.thing_run.change(change)
        self._tell(change)

    def _take_back(self, taken_back: TakenBack) -> None:
        """Count these as not done, and keep what they read before."""
        undone = taken_back.changes
        for change in self.plan.changes:
            why = undone.get(change.qualified_key)
            if why is not None and change.action is Action.DELETE:
                self.log.change(change).fails(NotBegunError(why.summary))
            elif why is not None and self.log.change(change).is_done:
                self.log.change(change).error = why
                self._tell(change)
        self._lose_uploads(taken_back)
        if self.files_run is not None:
            self.files_run.keep_for({(str(about.kind), about.key) for about in undone})

    def _lose_uploads(self, taken_back: TakenBack) -> None:
        """Note of the uploads that are gone again why they are."""
        reasons = {(str(about.kind), about.key): why for about, why in taken_back.changes.items()}
        for change in self.plan.changes:
            use = change.file
            upload = self.log.upload_of(use.token) if use is not None and use.token is not None else None
            if use is None or upload is None or upload.id not in taken_back.uploads:
                continue
            why = next((reasons[holder] for holder in use.holders if holder in reasons), None)
            upload.id, upload.withdrawn, upload.error = None, True, why

    async def _store(self, change: Change) -> None:
        if self.files_run is None:
            self.log.change(change).fails(PlatformError(f"{self.thing_run.platform} has no vector stores"))
        else:
            async with self.store_slots:
                await self.files_run.change_store(change)
        self._tell(change)

    async def _files(self, files_run: FilesRun) -> None:
        await files_run.delete_unread(self.parallelism)
        for change in self.plan.changes:
            if change.kind is Kind.FILE:
                self._tell(change)
        files_run.uploads.record.close()

    def _of_kind(self, *kinds: Kind, deletes: bool) -> Iterator[Change]:
        return (
            change
            for change in self.plan.changes
            if change.kind in kinds
            and (change.action is Action.DELETE) is deletes
            and not self.log.change(change).is_over
        )

    def _tell(self, change: Change) -> None:
        # Telling never stops doing: whoever listened may be gone.
        with contextlib.suppress(OSError):
            self.progress.finished(result_of(change, self.log))
