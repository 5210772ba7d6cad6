"""Listing what many vector stores hold."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from assistctl.model.knowledge import StoreFile
from assistctl.platforms.base import VectorStorePlatform

# How many vector stores are listed side by side.
_SIDE_BY_SIDE = 8


async def list_contents(platform: VectorStorePlatform, store_ids: Iterable[str]) -> dict[str, Sequence[StoreFile]]:
    """The files of each vector store, by its id. Raises ``PlatformError`` when one cannot be listed."""
    slots = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def listed(store_id: str) -> tuple[str, Sequence[StoreFile]]:
        async with slots:
            return store_id, await platform.list_store_files(store_id)

    return dict(await asyncio.gather(*map(listed, store_ids)))
