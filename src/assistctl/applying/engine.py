"""Carrying out a plan: bounded side by side, each change on its own, and nothing made up about the outcome.

Everything waits for what it is made of: an assistant for its files, its vector store and what it names by key, a
vector store for its uploads. What goes, goes last: assistants, then what they may name, then vector stores, then
the uploads that nothing reads any more.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from assistctl.applying.cancellation import CancellationToken, NotBegunError
from assistctl.applying.deletion_order import DeletionOrder
from assistctl.applying.duplicates import Twins, Uniqueness, uniqueness
from assistctl.applying.files.files_run import FilesRun
from assistctl.applying.files.upload_log import UploadLog
from assistctl.applying.files.uploads import Uploads
from assistctl.applying.journaling import NullRecorder, Recorder
from assistctl.applying.limits import DEFAULT_PARALLELISM, DEFAULT_WAIT
from assistctl.applying.operations import Operation, OperationLog
from assistctl.applying.preconditions import check_thing
from assistctl.applying.progress import ProgressListener
from assistctl.applying.replanning import Replan, planned_again
from assistctl.applying.results import result_of
from assistctl.applying.rosters import NamedThings, Version
from assistctl.applying.thing_changes import change_thing, delete_thing
from assistctl.applying.things import Things, things_on
from assistctl.errors import AssistctlError, ConflictError, PlatformError, RefusedError
from assistctl.model.change import Action, Change, QualifiedKey, Request, Result
from assistctl.model.kind import RESOURCE_KINDS, Kind
from assistctl.model.plan import Plan
from assistctl.ownership.references_by_key import REFERABLE
from assistctl.planning.requests import completing, resolved
from assistctl.platforms.base import Platform

# Of so many vector stores for each slot the changes are under way at once: most of the time they wait for their
# files. With no bound, thousands of them would ask for their state at once, and none be heard in time.
_STORES_PER_SLOT = 4
# So many changes for each slot are on record and have no outcome there yet: while some are made, those that come
# next are written down, and no request waits for the disk. Each is on record before its request goes out.
_ON_RECORD_PER_SLOT = 2


Settled: TypeAlias = Callable[[Sequence[Result]], Awaitable[Mapping[QualifiedKey, AssistctlError]]]
"""Called with the results so far when all creates and updates were made, and before anything is deleted.

What it returns is not done after all, and why: what of it was replaced stays, and what is to go does not.
"""


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
    log, there = _log_of(plan, recorder), {*plan.there}
    files_run = None
    if platform.knowledge is not None:
        record = record or UploadLog(Path.cwd(), "")
        uploads = Uploads(platform.knowledge, plan.knowledge, record, progress, cancellation, log)
        files_run = FilesRun(platform.knowledge, plan, uploads, progress, cancellation, log, wait, there)
    slots, on_record, store_slots = (
        asyncio.Semaphore(count * parallelism) for count in (1, _ON_RECORD_PER_SLOT, _STORES_PER_SLOT)
    )
    things = things_on(platform)
    run = _Run(
        plan,
        platform,
        parallelism,
        progress,
        cancellation,
        slots,
        on_record,
        store_slots,
        files_run,
        replan,
        log,
        unique or uniqueness(things, plan),
        there,
        NamedThings.of(plan),
        DeletionOrder(plan),
        settled,
        things,
    )
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
    platform: Platform
    parallelism: int
    progress: ProgressListener
    cancellation: CancellationToken
    slots: asyncio.Semaphore
    on_record: asyncio.Semaphore
    store_slots: asyncio.Semaphore
    files_run: FilesRun | None
    replan: Replan | None
    log: OperationLog
    unique: Mapping[Kind, Uniqueness]
    there: set[str]
    named: NamedThings
    deletion_order: DeletionOrder
    settled: Settled | None
    things: Mapping[Kind, Things]

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
        await self._look_for_twins(alone=alone)
        if self.settled is not None:
            self._take_back(await self.settled(self.results()))
        for kinds in ((Kind.ASSISTANT,), RESOURCE_KINDS):
            for wave in self.deletion_order.in_waves(self._of_kind(*kinds, deletes=True)):
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

    async def _thing(self, change: Change) -> None:
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
        self._tell(change)

    async def _in_one_step(self, things: Things, change: Change, operation: Operation) -> None:
        request = await self._filled_in(change, change.request) if change.request else None
        async with self.on_record:
            self.cancellation.check()
            await self.unique[change.kind].check(change)
            async with operation.under_way(request), self.slots:
                # A request may have waited for its turn since it was put on record.
                self.cancellation.check()
                await self._change(things, change, request, operation)

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
                made = await operation.sends(change_thing(things, change, part, self.there))
            operation.id, operation.answered = made.id, made.answered
            self.named.created(change, Version(made.id, made.revision))
            try:
                whole = await self._filled_in(change, request)
            except PlatformError as error:
                raise PlatformError(f"it was created, and not completed: {error.summary}", error.hint) from error
            async with self.slots:
                self.cancellation.check()
                more = completing(whole, part, made.revision)
                now = replace(change, id=made.id, before=made.seen)
                done = await operation.sends(change_thing(things, now, more, self.there))
        self.named.ended(change, Version(done.id, done.revision))

    def _things_of(self, change: Change) -> Things:
        if change.kind not in self.things:
            raise PlatformError(f"{self.platform.name} has no {change.kind.noun}s")
        return self.things[change.kind]

    async def _change(self, things: Things, change: Change, request: Request | None, operation: Operation) -> None:
        await check_thing(things, change)
        if request is None:
            self.deletion_order.require_unnamed(change, self.log)
            await operation.sends(delete_thing(things, change))
            return
        try:
            made = await operation.sends(change_thing(things, change, request, self.there))
        except ConflictError as conflict:
            if self.replan is None:
                raise
            again = await planned_again(change, conflict, self.replan)
            if again.request is None:
                raise PlatformError(f"there is nothing to send for {change.key}") from conflict
            filled_in = await self._filled_in(again, again.request)
            made = await operation.sends(change_thing(things, again, filled_in, self.there))
        operation.id, operation.answered = made.id, made.answered
        self.named.ended(change, Version(made.id, made.revision))

    def _take_back(self, undone: Mapping[QualifiedKey, AssistctlError]) -> None:
        """Count these as not done, and keep what they read before."""
        for change in self.plan.changes:
            why = undone.get(change.qualified_key)
            if why is not None and change.action is Action.DELETE:
                self.log.change(change).fails(NotBegunError(why.summary))
            elif why is not None and self.log.change(change).is_done:
                self._end_failed(change, why)
        if self.files_run is not None:
            self.files_run.keep_for({(str(about.kind), about.key) for about in undone})

    async def _look_for_twins(self, *, alone: bool) -> None:
        """Look whether what was just created, or taken over, is the only one of its key; else it has failed."""
        for kind, unique in self.unique.items():
            made = {
                operation.id: change
                for change in self.plan.changes
                if change.kind is kind
                and change.action in {Action.CREATE, Action.ADOPT}
                and (operation := self.log.change(change)).is_done
                and operation.id is not None
            }
            if made:
                await self._look_for_twins_of(unique, made, alone=alone)

    async def _look_for_twins_of(self, unique: Uniqueness, made: Mapping[str, Change], *, alone: bool) -> None:
        try:
            duplicates = await unique.duplicates(made, alone=alone)
        except PlatformError as failure:
            error = f"whether it is the only one of its key could not be looked up: {failure.summary}"
            for change in made.values():
                self._end_failed(change, PlatformError(error))
            return
        for twin in duplicates:
            await self._end_twin(made[twin.id], twin)

    async def _end_twin(self, change: Change, duplicates: Twins) -> None:
        """Withdraw what surely is this apply's, if another one was there first; tell of what is left."""
        if duplicates.first and self.log.change(change).answered:
            await self._withdraw(change, duplicates.id, ", ".join(duplicates.first))
            return
        ids = (*duplicates.first, duplicates.id, *duplicates.later)
        error = PlatformError(
            f"{len(ids)} {change.kind.noun}s carry the mark of {change.key}: {', '.join(ids)}",
            "Delete those that are too many on the platform; until then apply refuses to choose.",
        )
        if len(ids) == 1:
            others = ", ".join(duplicates.unowned)
            error = PlatformError(
                f"it was created as {duplicates.id}, and there is {others} of its name, which no project owns",
                "The platform did not list that when this was planned. Delete one of them.",
            )
        self._end_failed(change, error)

    def _end_failed(self, change: Change, error: AssistctlError) -> None:
        """Tell of a change that was carried out that all is not well with it."""
        self.log.change(change).error = error
        self._tell(change)

    async def _withdraw(self, change: Change, ours: str, theirs: str) -> None:
        operation = self.log.change(change)
        why = AssistctlError(f"it was there already, as {theirs}, when this one was created; this was withdrawn")
        try:
            if self.files_run is not None and change.request is not None:
                await self.files_run.uploads.out_of_use(change.request.reads)
            await operation.withdraw(self.things[change.kind].delete(ours), why)
        except PlatformError as failure:
            operation.error = PlatformError(f"it is there as {theirs} and as {ours}: {failure.summary}")
        except AssistctlError as failure:
            operation.error = failure
        self._tell(change)

    async def _filled_in(self, change: Change, request: Request) -> Request:
        """The request with ids for its tokens, once what they stand for is there."""
        ids = await self.files_run.ids_for(request) if self.files_run is not None else {}
        return resolved(request, ids | await self.named.ids_for(change, request))

    async def _store(self, change: Change) -> None:
        if self.files_run is None:
            self.log.change(change).fails(PlatformError(f"{self.platform.name} has no vector stores"))
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
