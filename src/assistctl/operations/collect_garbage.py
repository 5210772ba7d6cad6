"""Looking for what nothing refers to on a target, and taking it away: the I/O around ``planning.garbage``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from inspect import isawaitable
from typing import TypeAlias

from assistctl.applying.cancellation import CancellationToken
from assistctl.applying.files.upload_lines import Filed
from assistctl.applying.journaling import NullRecorder
from assistctl.applying.limits import DEFAULT_LOCK_TIMEOUT
from assistctl.applying.operations import Operation
from assistctl.applying.results import describe_error
from assistctl.applying.unknown_outcome import delete_once
from assistctl.diagnostics import Diagnostic, Severity
from assistctl.errors import AssistctlError, ExitCode
from assistctl.journal import Holder, current_actor
from assistctl.manifest import Loaded
from assistctl.model.change import Action, Result, Status
from assistctl.model.kind import Kind
from assistctl.operations.deployment import Deployment
from assistctl.operations.journal import left_locked, told_of_holder
from assistctl.operations.listed_garbage import list_garbage
from assistctl.operations.outcome import OperationStatus, status_of
from assistctl.planning.agreed_garbage import AgreedGarbage, agreed_garbage
from assistctl.planning.garbage import Garbage
from assistctl.platforms.base import Platform, SupportsEnvironments
from assistctl.platforms.resource_platform import resources_of

_SIDE_BY_SIDE = 8

Delete: TypeAlias = Callable[[str], Awaitable[None]]
"""Deletes what has this id, and finds out what became of that where no answer says."""


@dataclass(frozen=True, slots=True)
class GarbageCollection:
    """The things ``found`` that nothing refers to, those ``chosen`` to be deleted, and how that ended.

    ``results`` has one for each that was chosen, in its order; it is empty when nothing was begun. What was chosen
    and is in use by the time somebody has agreed stays: its result is skipped, and says what refers to it.
    ``warnings`` are sentences about what went wrong with the lock.
    """

    found: tuple[Garbage, ...]
    chosen: tuple[Garbage, ...]
    status: OperationStatus = OperationStatus.NO_CHANGES
    results: tuple[Result, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """The warnings as messages, for reports."""
        return tuple(Diagnostic(Severity.WARNING, warning) for warning in self.warnings)

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of ``assistctl gc`` for it."""
        return self.status.exit_code

    @property
    def left(self) -> tuple[Garbage, ...]:
        """The things that were found and not chosen."""
        chosen = {(item.kind, item.id) for item in self.chosen}
        return tuple(item for item in self.found if (item.kind, item.id) not in chosen)


ConfirmDeletion: TypeAlias = Callable[[GarbageCollection], "bool | Awaitable[bool]"]
"""Asked whether to delete what was chosen."""


async def collect_garbage(
    deployment: Deployment,
    *,
    unproven: bool = False,
    lock_timeout: float = DEFAULT_LOCK_TIMEOUT,
    confirm: ConfirmDeletion | None = None,
    cancellation: CancellationToken | None = None,
) -> GarbageCollection:
    """Delete what nothing refers to, with ``unproven`` also what only looks like this project's.

    Without ``confirm`` nobody is asked. After a yes it looks again, and what is in use by then stays. With a
    shared journal no apply runs meanwhile: that is waited for, at most ``lock_timeout`` seconds.

    Raises ``LockedError`` after that, ``ManifestError`` when the manifests are wrong, ``ProjectError`` on a
    platform that has nothing but assistants, and ``PlatformError`` when it cannot be listed.
    """
    loaded = deployment.manifests()
    actor = current_actor(deployment.project.directory, deployment.project.settings)
    journal, given = deployment.journal(), cancellation or CancellationToken()

    def waiting(holder: Holder) -> None:
        deployment.told(told_of_holder(holder))

    # An apply that is running has uploads that nothing refers to yet.
    async with journal.locked(deployment.target.name, actor, timeout=lock_timeout, waiting=waiting) as lock:
        token = replace(given, lock_lost=lambda: given.lock_lost() or (lock is not None and lock.lost))
        async with deployment.open(given.stop) as platform:
            collected = await _collected(deployment, platform, loaded, confirm, token, unproven=unproven)
    warning = left_locked(lock)
    return replace(collected, warnings=(warning,)) if warning else collected


async def _collected(
    deployment: Deployment,
    platform: Platform,
    loaded: Loaded,
    confirm: ConfirmDeletion | None,
    token: CancellationToken,
    *,
    unproven: bool,
) -> GarbageCollection:
    everything = (await list_garbage(deployment, platform, loaded)).garbage
    found = GarbageCollection(everything, tuple(item for item in everything if item.proven or unproven))
    if not found.chosen:
        return found
    agreed = AgreedGarbage(found.chosen)
    if confirm is not None:
        answer = confirm(found)
        if not (await answer if isawaitable(answer) else answer):
            return replace(found, status=OperationStatus.DECLINED)
        # However long the answer took, nothing is deleted that somebody has begun to use meanwhile.
        agreed = await _looked_at_again(deployment, platform, loaded, found, unproven=unproven)
    return await _deleted(deployment, platform, found, agreed, token)


async def _looked_at_again(
    deployment: Deployment, platform: Platform, loaded: Loaded, found: GarbageCollection, *, unproven: bool
) -> AgreedGarbage:
    uploads = any(item.kind is Kind.FILE for item in found.chosen)
    now = await list_garbage(deployment, platform, loaded, uploads=uploads)
    deletable = [item for item in now.garbage if item.proven or unproven]
    return agreed_garbage(found.chosen, deletable, now.everything)


async def _deleted(
    deployment: Deployment,
    platform: Platform,
    found: GarbageCollection,
    agreed: AgreedGarbage,
    token: CancellationToken,
) -> GarbageCollection:
    left = (*found.left, *(item for item in found.chosen if item.id in agreed.kept))
    with token.heeded():
        done = await delete_garbage(deployment, platform, agreed.deletable, token, left)
    results = {item.id: result for item, result in zip(agreed.deletable, done, strict=True)}
    ordered = tuple(results.get(item.id) or _untouched(item, agreed.kept.get(item.id)) for item in found.chosen)
    status = status_of(ordered, interrupted=token.stop.is_set())
    if (
        agreed.kept
        and status is not OperationStatus.PARTIAL
        and all(result.status is Status.OK for result in done)
    ):
        status = OperationStatus.BLOCKED
    return replace(found, status=status, results=ordered)


def _untouched(item: Garbage, kept: str | None) -> Result:
    """The result for what was left alone, or was gone by the time that its deletion was agreed to."""
    status = Status.OK if kept is None else Status.SKIPPED
    return Result(item.kind, item.name, item.id, Action.DELETE, status, kept)


async def delete_garbage(
    deployment: Deployment,
    platform: Platform,
    chosen: Sequence[Garbage],
    cancellation: CancellationToken,
    left: Sequence[Garbage] = (),
) -> tuple[Result, ...]:
    """Delete it, uploads after what reads them; a result for each, in the order of ``chosen``.

    ``left`` is what was found and stays: nothing that is written down of it is forgotten.

    Once ``cancellation`` is closed nothing new is deleted, and what was not begun is reported as skipped.
    """
    record = deployment.upload_log()
    # Once the vector store is gone that names an upload, only this says whose it is.
    record.will_go(dict(_filed(item for item in chosen if item.proven)))
    cleaning = _Cleaning(_deletes(platform), cancellation, {item.id: _deletion(item) for item in chosen})
    if not await cancellation.until_cut_off(cleaning.everything(chosen)):
        await cleaning.end()
    results = tuple(cleaning.result(item) for item in chosen)
    if all(result.status is Status.OK for result in results):
        filed = dict(_filed(left))
        record.forget(set(filed.values()), filed.keys())
    return results


@dataclass(slots=True)
class _Cleaning:
    deletes: Mapping[Kind, Delete]
    cancellation: CancellationToken
    operations: Mapping[str, Operation]
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_SIDE_BY_SIDE))

    async def everything(self, items: Sequence[Garbage]) -> None:
        readers = [item for item in items if item.kind is not Kind.FILE]
        files = [item for item in items if item.kind is Kind.FILE]
        await asyncio.gather(*map(self.delete, readers))
        await asyncio.gather(*map(self.delete, files))

    async def delete(self, item: Garbage) -> None:
        operation = self.operations[item.id]
        async with self.slots:
            try:
                self.cancellation.check()
                async with operation.under_way():
                    await operation.sends(self.deletes[item.kind](item.id))
            except AssistctlError as error:
                operation.fails(error)

    async def end(self) -> None:
        """Say of what was cut off how far it is known to have come."""
        for operation in self.operations.values():
            await operation.end()

    def result(self, item: Garbage) -> Result:
        """The result of its deletion."""
        operation = self.operations[item.id]
        return Result(
            item.kind,
            item.name,
            item.id,
            Action.DELETE,
            operation.status,
            None if operation.error is None else describe_error(operation.error),
            touched=operation.touched,
            unknown=operation.is_unknown,
        )


def _filed(items: Iterable[Garbage]) -> Iterator[tuple[str, Filed]]:
    return ((item.id, Filed(item.name, item.size or 0)) for item in items if item.kind is Kind.FILE)


def _deletion(item: Garbage) -> Operation:
    """The account of a deletion; no journal tells of those, for what they delete has no state to go back to."""
    recorder = NullRecorder()
    return Operation(
        item.kind,
        item.name,
        Action.DELETE,
        item.id,
        recorder,
        lambda _: recorder.begins_file(item.name, Action.DELETE, item.id),
    )


def _deletes(platform: Platform) -> dict[Kind, Delete]:
    deletes: dict[Kind, Delete] = {
        kind: partial(delete_once, requests.delete, requests.find)
        for kind, requests in resources_of(platform).items()
    }
    stores, uploads = platform.vector_stores, platform.uploads
    if stores is not None:
        deletes[Kind.VECTOR_STORE] = partial(delete_once, stores.delete_store, stores.find_store)
    if uploads is not None:
        deletes[Kind.FILE] = partial(delete_once, uploads.delete_file, uploads.find_file)
    if isinstance(platform, SupportsEnvironments):
        deletes.setdefault(Kind.ENVIRONMENT, platform.delete_environment)
    return deletes
