"""Looking for what nothing refers to on a target, and taking it away: the I/O around ``planning.garbage``."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from assistctl.deployment import Deployment
from assistctl.errors import AssistctlError, ProjectError
from assistctl.knowledge import StoreFile
from assistctl.manifest import Loaded
from assistctl.model import Action, Kind, Result, Status
from assistctl.planning.garbage import Everything, Garbage, Ours, garbage
from assistctl.platforms.base import KnowledgePlatform, Platform

_SIDE_BY_SIDE = 8


async def find_garbage(deployment: Deployment, platform: Platform, loaded: Loaded) -> list[Garbage]:
    """What nothing refers to. Raises ``ProjectError`` on a platform without files."""
    knowledge = _knowledge_of(platform)
    assistants, stores, uploads = await asyncio.gather(
        platform.list_assistants(), knowledge.list_stores(), knowledge.list_files()
    )
    contents = await _contents(knowledge, [store.id for store in stores])
    return garbage(Everything(assistants, stores, contents, uploads), _ours(deployment, loaded))


async def take_away(deployment: Deployment, platform: Platform, those: Sequence[Garbage]) -> tuple[Result, ...]:
    """Delete it, vector stores before uploads; a result for each, in the order of ``those``."""
    knowledge, slots = _knowledge_of(platform), asyncio.Semaphore(_SIDE_BY_SIDE)

    async def delete(one: Garbage) -> Result:
        async with slots:
            return await _deleted(knowledge, one)

    stores = [one for one in those if one.kind is Kind.VECTOR_STORE]
    files = [one for one in those if one.kind is not Kind.VECTOR_STORE]
    results = [*await asyncio.gather(*map(delete, stores)), *await asyncio.gather(*map(delete, files))]
    if all(result.status is Status.OK for result in results):
        deployment.upload_record().forget_all()
    return tuple(results)


async def _deleted(knowledge: KnowledgePlatform, one: Garbage) -> Result:
    delete = knowledge.delete_store if one.kind is Kind.VECTOR_STORE else knowledge.delete_file
    try:
        await delete(one.id)
    except AssistctlError as error:
        return Result(one.kind, one.name, one.id, Action.DELETE, Status.FAILED, error.summary)
    return Result(one.kind, one.name, one.id, Action.DELETE, Status.OK, touched=True)


async def _contents(knowledge: KnowledgePlatform, ids: Iterable[str]) -> dict[str, Sequence[StoreFile]]:
    slots = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def listed(store_id: str) -> tuple[str, Sequence[StoreFile]]:
        async with slots:
            return store_id, await knowledge.list_store_files(store_id)

    return dict(await asyncio.gather(*(listed(store_id) for store_id in ids)))


def _ours(deployment: Deployment, loaded: Loaded) -> Ours:
    unfinished = deployment.upload_record().unfinished()
    declared = [entry.source for store in loaded.stores for entry in store.files]
    declared += [file for one in loaded.desired for file in one.interpreter_files]
    return Ours(
        deployment.owner,
        deployment.target.name,
        frozenset(store.key for store in loaded.stores if store.shared),
        frozenset(one.file_id for one in unfinished if one.file_id is not None),
        frozenset(
            {(one.identity.name, one.size) for one in unfinished if one.identity and one.file_id is None}
            | {(file.identity.name, file.size) for file in declared}
        ),
    )


def _knowledge_of(platform: Platform) -> KnowledgePlatform:
    if platform.knowledge is None:
        raise ProjectError(f"the platform {platform.name} has no uploads and no vector stores to look through")
    return platform.knowledge
