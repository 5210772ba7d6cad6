"""What is on a target, looked at as far as manifests of it need: the I/O around ``manifest.dumped``."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistctl.export.declare_files import HeldStore
from assistctl.export.dumped import Known, There
from assistctl.export.local_copies import local_copies
from assistctl.manifest import Loaded
from assistctl.model.knowledge import StoreFile
from assistctl.model.plan import Observed
from assistctl.operations.deployment import Deployment
from assistctl.ownership.file_marks import HeldFile
from assistctl.ownership.placeholders import uploads_read
from assistctl.planning.identity.inventory import Knowledge, ObservedKnowledge
from assistctl.planning.vector_stores.inventory import store_inventory
from assistctl.platforms.base import KnowledgePlatform, Platform

_SIDE_BY_SIDE = 8


def known_to(loaded: Loaded) -> Known:
    """What the manifests declare."""
    stores = {
        shared: frozenset(one.key for one in loaded.stores if one.shared is shared) for shared in (True, False)
    }
    return Known(loaded.desired, stores[False], stores[True])


def look_around(deployment: Deployment, known: Known, folder: Path) -> There:
    """What the target has, with the files that a manifest in ``folder`` can name."""
    seen = asyncio.run(_looked(deployment, known))
    directory, place = deployment.project.directory, folder.resolve()
    if not place.is_relative_to(directory):
        # A manifest there may not name what lies in the project.
        return There(seen.assistants, seen.stores)
    held = [*(one for store in seen.stores.values() for one in store.held), *uploads_read(seen.assistants)]
    copies = local_copies(held, seen.names, directory)

    def naming(one: HeldFile) -> str | None:
        path = copies.of(one)
        return None if path is None else Path(os.path.relpath(directory / path, place)).as_posix()

    return There(seen.assistants, seen.stores, naming)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the target has; ``names`` are those of uploads whose path nobody wrote down, by id."""

    assistants: Sequence[Observed]
    stores: Mapping[str, HeldStore]
    names: Mapping[str, str]


async def _looked(deployment: Deployment, known: Known) -> _Seen:
    async with deployment.open() as platform:
        assistants = await platform.list_assistants()
        stores = await _stores(deployment, platform, assistants, known)
        return _Seen(assistants, stores, await _names(platform, uploads_read(assistants)))


async def _stores(
    deployment: Deployment, platform: Platform, assistants: Sequence[Observed], known: Known
) -> dict[str, HeldStore]:
    """The vector stores of ours that count, by id; with their files, unless manifests declare them."""
    knowledge = platform.knowledge
    if knowledge is None:
        return {}
    observed = ObservedKnowledge(await knowledge.list_stores())
    live = store_inventory(Knowledge((), observed), (), assistants, deployment.plan_options()).live
    declared = known.own_stores | known.shared_stores
    contents = await _contents(knowledge, [one.id for key, one in live.items() if key not in declared])
    return {one.id: HeldStore(key, one, contents.get(one.id, ())) for key, one in live.items()}


async def _contents(knowledge: KnowledgePlatform, ids: Iterable[str]) -> Mapping[str, Sequence[StoreFile]]:
    slots = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def listed(store_id: str) -> tuple[str, Sequence[StoreFile]]:
        async with slots:
            return store_id, await knowledge.list_store_files(store_id)

    return dict(await asyncio.gather(*map(listed, ids)))


async def _names(platform: Platform, held: Iterable[HeldFile]) -> dict[str, str]:
    pathless = [one.file_id for one in held if not one.path]
    if platform.knowledge is None or not pathless:
        return {}
    return {file.id: file.name for file in await platform.knowledge.list_files() if file.id in pathless}
