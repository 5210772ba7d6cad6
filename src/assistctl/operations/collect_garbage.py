"""Looking for what nothing refers to on a target, and taking it away: the I/O around ``planning.garbage``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from inspect import isawaitable
from typing import Never, TypeAlias

from assistctl.applying.cancellation import CancellationToken
from assistctl.applying.files.upload_lines import Filed, Recorded
from assistctl.applying.journaling import NullRecorder
from assistctl.applying.limits import DEFAULT_LOCK_TIMEOUT
from assistctl.applying.operations import Operation
from assistctl.applying.results import describe_error
from assistctl.errors import AssistctlError, ExitCode, ProjectError
from assistctl.journal import current_actor
from assistctl.manifest import Loaded
from assistctl.model.change import Action, QualifiedKey, Result, Status
from assistctl.model.kind import Kind
from assistctl.model.knowledge import ObservedEnvironment
from assistctl.operations.deployment import Deployment
from assistctl.operations.listed_files import list_contents
from assistctl.operations.listed_resources import listed_resources
from assistctl.operations.outcome import OperationStatus, status_of
from assistctl.planning.garbage import Everything, Garbage, Ours, garbage
from assistctl.planning.named_ids import ids_declared
from assistctl.planning.rosters import Naming
from assistctl.platforms.base import Platform, SupportsEnvironments
from assistctl.platforms.resource_platform import resources_of

_SIDE_BY_SIDE = 8

Delete = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class GarbageCollection:
    """The things ``found`` that nothing refers to, those ``chosen`` to be deleted, and how that ended.

    ``results`` has one for each that was chosen, in its order; it is empty when nothing was begun.
    """

    found: tuple[Garbage, ...]
    chosen: tuple[Garbage, ...]
    status: OperationStatus = OperationStatus.NO_CHANGES
    results: tuple[Result, ...] = ()

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

    Without ``confirm`` nobody is asked. With a shared journal no apply runs meanwhile: that is waited for, at most
    ``lock_timeout`` seconds. Raises ``LockedError`` after that, ``ManifestError`` when the manifests are wrong and
    ``ProjectError`` on a platform that has nothing but assistants.
    """
    loaded = deployment.manifests()
    actor = current_actor(deployment.project.directory, deployment.project.settings)
    journal, given = deployment.journal(), cancellation or CancellationToken()
    # An apply that is running has uploads that nothing refers to yet.
    async with (
        journal.locked(deployment.target.name, actor, timeout=lock_timeout) as lock,
        deployment.open(given.stop) as platform,
    ):
        token = replace(given, lock_lost=lambda: given.lock_lost() or (lock is not None and lock.lost))
        everything = tuple(await find_garbage(deployment, platform, loaded))
        found = GarbageCollection(everything, tuple(item for item in everything if item.proven or unproven))
        if not found.chosen:
            return found
        if confirm is not None:
            answer = confirm(found)
            if not (await answer if isawaitable(answer) else answer):
                return replace(found, status=OperationStatus.DECLINED)
        with token.heeded():
            results = await delete_garbage(deployment, platform, found.chosen, token, found.left)
    return replace(found, status=status_of(results, interrupted=token.stop.is_set()), results=results)


async def find_garbage(deployment: Deployment, platform: Platform, loaded: Loaded) -> list[Garbage]:
    """The things that nothing refers to. Raises ``ProjectError`` on a platform that has nothing but assistants."""
    _require_garbage(platform)
    stores_there, uploads_there = platform.vector_stores, platform.uploads
    assistants, stores, uploads, environments, resources = await asyncio.gather(
        platform.list_assistants(),
        stores_there.list_stores() if stores_there is not None else _nothing(),
        uploads_there.list_files() if uploads_there is not None else _nothing(),
        _environments(platform),
        listed_resources(platform),
    )
    contents = (
        await list_contents(stores_there, [store.id for store in stores]) if stores_there is not None else {}
    )
    everything = Everything(assistants, stores, contents, uploads, environments, resources)
    return garbage(everything, _ours(deployment, loaded))


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
    deletes: dict[Kind, Delete] = {kind: requests.delete for kind, requests in resources_of(platform).items()}
    if platform.vector_stores is not None:
        deletes[Kind.VECTOR_STORE] = platform.vector_stores.delete_store
    if platform.uploads is not None:
        deletes[Kind.FILE] = platform.uploads.delete_file
    if isinstance(platform, SupportsEnvironments):
        deletes.setdefault(Kind.ENVIRONMENT, platform.delete_environment)
    return deletes


async def _nothing() -> Sequence[Never]:
    """The files and vector stores of a platform that has none."""
    return ()


async def _environments(platform: Platform) -> Sequence[ObservedEnvironment]:
    return await platform.list_environments() if isinstance(platform, SupportsEnvironments) else ()


def _ours(deployment: Deployment, loaded: Loaded) -> Ours:
    unfinished = deployment.upload_log().unfinished()
    named = [(upload.file_id, upload) for upload in unfinished if upload.file_id is not None]
    nameless = [upload.filed for upload in unfinished if upload.file_id is None and upload.filed]
    manifests: tuple[Naming, ...] = (*loaded.desired, *loaded.resources)
    declared = [entry.source for store in loaded.stores for entry in store.files]
    declared += [file for upload in loaded.desired for file in upload.interpreter_files]
    return Ours(
        deployment.owner,
        deployment.target.name,
        frozenset(store.key for store in loaded.stores if store.shared),
        {file_id: _look(upload) for file_id, upload in named if upload.proven},
        frozenset(
            {(upload.name, upload.size) for upload in nameless}
            | {(file.identity.name, file.size) for file in declared}
        ),
        frozenset(file_id for file_id, upload in named if not upload.proven),
        frozenset(deployment.named_by_targets()).union(
            *(ids_declared(manifest, deployment.target.platform) for manifest in manifests)
        ),
        frozenset(QualifiedKey(resource.kind, resource.key) for resource in loaded.resources),
    )


def _look(upload: Recorded) -> tuple[str, int] | None:
    return None if upload.filed is None else (upload.filed.name, upload.filed.size)


def _require_garbage(platform: Platform) -> None:
    """Raise ``ProjectError`` for a platform that has nothing but assistants."""
    if platform.uploads is None and platform.vector_stores is None and not resources_of(platform):
        raise ProjectError(f"the platform {platform.name} has no uploads and no vector stores to look through")
