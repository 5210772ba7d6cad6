"""What assistants that are migrated read, and what is kept beside them, as far as it can be had."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import TypeVar

from assistctl.errors import PlatformError
from assistctl.migration.lost_resources import ResourceNames, ids_in, library_of
from assistctl.model.assistant import Observed
from assistctl.model.kind import Kind
from assistctl.model.knowledge import ObservedStore, StoreFile
from assistctl.operations.downloads import Downloads
from assistctl.platforms.base import Platform, VectorStorePlatform
from assistctl.platforms.resource_platform import resources_of

Listed = TypeVar("Listed")

_LISTED_AT_ONCE = 8


async def library_on(platform: Platform, assistants: Sequence[Observed]) -> tuple[ResourceNames, tuple[str, ...]]:
    """The names of all that the assistants read, and sentences on those that could not be found out."""
    uploads, stores_there = platform.uploads, platform.vector_stores
    resources = [item.fields.get("tool_resources") for item in assistants]
    stores = {store_id for item in resources for store_id in ids_in(item, "file_search")}
    if uploads is None or not (stores or any(ids_in(item, "code_interpreter") for item in resources)):
        return ResourceNames(), ()
    slots = asyncio.Semaphore(_LISTED_AT_ONCE)
    reading = (_contents(stores_there, item, slots) for item in sorted(stores))
    files, listed, contents = await asyncio.gather(
        _told(uploads.list_files()), _stores(stores_there), asyncio.gather(*reading)
    )
    held = {store_id: found for store_id, found in contents if found is not None}
    doubts = []
    if files is None:
        doubts.append("the uploads could not be listed, so that their names are not told")
    if stores and (listed is None or len(held) < len(contents)):
        doubts.append("vector stores could not be looked into: what was set on them may be lost without a word")
    names = {item.id: item.name for item in files or ()}
    sizes = {item.id: item.size for item in files or ()}
    read = [file_id for item in resources for file_id in ids_in(item, "code_interpreter")]
    downloads = Downloads(uploads, stores_there, sizes, slots)
    downloaded = await downloads.all(read, {store: [one.id for one in found] for store, found in held.items()})
    doubts += downloads.doubts
    return replace(library_of(names, listed or (), held), downloaded=downloaded), tuple(doubts)


async def beside_on(platform: Platform) -> tuple[dict[Kind, Sequence[Observed]], list[str]]:
    """What is kept beside assistants, and sentences on the kinds that could not be listed."""
    found: dict[Kind, Sequence[Observed]] = {}
    doubts = []
    for kind, things in resources_of(platform).items():
        listed = await _told(things.list())
        if listed is None:
            doubts.append(f"the {kind.noun}s could not be listed, so that nothing is told of them")
        else:
            found[kind] = listed
    return found, doubts


async def _told(listing: Awaitable[Sequence[Listed]]) -> Sequence[Listed] | None:
    try:
        return await listing
    except PlatformError:
        return None


async def _stores(platform: VectorStorePlatform | None) -> Sequence[ObservedStore] | None:
    return await _told(platform.list_stores()) if platform is not None else None


async def _contents(
    platform: VectorStorePlatform | None, store_id: str, slots: asyncio.Semaphore
) -> tuple[str, Sequence[StoreFile] | None]:
    if platform is None:
        return store_id, None
    async with slots:
        return store_id, await _told(platform.list_store_files(store_id))
