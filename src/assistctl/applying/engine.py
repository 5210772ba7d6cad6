"""Carrying out a plan: bounded side by side, each change on its own, and nothing made up about the outcome."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from assistctl.applying.readback import not_kept
from assistctl.errors import (
    AssistctlError,
    NotFoundError,
    NotKeptError,
    OutcomeUnknownError,
    PlatformError,
    RefusedError,
)
from assistctl.model import Action, Change, Observed, Plan, Request, Result, Status
from assistctl.planning.ownership import MARK
from assistctl.platforms.base import Platform

DEFAULT_PARALLELISM = 8

Report = Callable[[Result], None]


async def carry_out(
    plan: Plan,
    platform: Platform,
    *,
    parallelism: int = DEFAULT_PARALLELISM,
    report: Report = lambda _: None,
    stop: asyncio.Event | None = None,
) -> tuple[Result, ...]:
    """Make the plan's changes, at most ``parallelism`` at a time; a result for each, in the plan's order.

    What fails does not keep the others from going through. Deletes come last. Once ``stop`` is set nothing new
    begins, and what was not begun is reported as skipped. ``report`` gets each result as it comes.

    Raises ``RefusedError`` before anything is touched when a rule refuses any of the changes.
    """
    if plan.blocked:
        raise RefusedError("the plan has changes that a safety rule refuses, so none of it is carried out")
    run = _Run(platform, asyncio.Semaphore(parallelism), report, stop or asyncio.Event())
    await run.all_of([change for change in plan.changes if change.action is not Action.DELETE])
    await run.all_of([change for change in plan.changes if change.action is Action.DELETE])
    return tuple(run.results[id(change)] for change in plan.changes)


@dataclass(slots=True)
class _Run:
    platform: Platform
    slots: asyncio.Semaphore
    report: Report
    stop: asyncio.Event
    results: dict[int, Result] = field(default_factory=dict)

    async def all_of(self, changes: Sequence[Change]) -> None:
        async with asyncio.TaskGroup() as tasks:
            for change in changes:
                tasks.create_task(self._one(change))

    async def _one(self, change: Change) -> None:
        async with self.slots:
            result = await self._outcome(change)
        self.results[id(change)] = result
        # Telling never stops doing: whoever listened may be gone.
        with contextlib.suppress(OSError):
            self.report(result)

    async def _outcome(self, change: Change) -> Result:
        if self.stop.is_set():
            return _result(change, change.id, Status.SKIPPED, "not begun: the apply was interrupted")
        try:
            done_to = await self._carried_out(change)
        except NotKeptError as error:
            return _result(change, error.object_id, Status.FAILED, _words(error), touched=True)
        except AssistctlError as error:
            return _result(change, change.id, Status.FAILED, _words(error))
        except Exception as error:  # noqa: BLE001  # one change's defect must not cut the others off
            words = f"something went wrong inside assistctl: {type(error).__name__}: {error}"
            return _result(change, change.id, Status.FAILED, words)
        return _result(change, done_to, Status.OK, None, touched=True)

    async def _carried_out(self, change: Change) -> str:
        """Make one change; the id of what it was made to."""
        if change.request is None:
            return await self._delete(change)
        request = change.request
        answer = await (self._create(request) if change.id is None else self._update(change.id, request))
        lost = not_kept(request, answer, self.platform.capabilities.unreported)
        if lost:
            raise NotKeptError(answer.id, lost)
        return answer.id

    async def _delete(self, change: Change) -> str:
        if change.id is None:
            raise PlatformError(f"{change.key} has no id to delete")
        await self.platform.delete_assistant(change.id)
        return change.id

    async def _create(self, request: Request) -> Observed:
        try:
            return await self.platform.create_assistant(request.fields, request.metadata)
        except OutcomeUnknownError as error:
            return await self._made_all_the_same(request, error)

    async def _made_all_the_same(self, request: Request, error: OutcomeUnknownError) -> Observed:
        """The assistant with our mark, if the create was carried out although its answer was lost."""
        mark = request.metadata[MARK]
        summary = f"whether it was created is not known: {error.summary}"
        try:
            listed = await self.platform.list_assistants()
        except PlatformError as failure:
            hint = f"Looking for it failed too ({failure.summary}); the next apply looks before it creates."
            raise PlatformError(summary, hint, status=error.status) from failure
        ours = [one for one in listed if one.metadata.get(MARK) == mark]
        if len(ours) == 1:
            return ours[0]
        found = f"{len(ours)} carry its mark" if ours else "Nothing with its mark is listed yet"
        hint = f"{found}; the next apply looks again before it creates."
        raise PlatformError(summary, hint, status=error.status) from error

    async def _update(self, assistant_id: str, request: Request) -> Observed:
        try:
            return await self.platform.update_assistant(
                assistant_id, request.fields, request.metadata, revision=request.revision
            )
        except NotFoundError as error:
            raise PlatformError(
                f"somebody deleted {assistant_id} meanwhile: {error.summary}",
                "The next apply creates it again.",
                status=error.status,
            ) from error


def _result(
    change: Change, done_to: str | None, status: Status, error: str | None, *, touched: bool = False
) -> Result:
    return Result(change.kind, change.key, done_to, change.action, status, error, touched)


def _words(error: AssistctlError) -> str:
    return f"{error.summary}. {error.hint}" if error.hint else error.summary
