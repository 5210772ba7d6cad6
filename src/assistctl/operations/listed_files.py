"""The files on a platform: those that its vector stores hold, and which of its uploads are gone."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from http import HTTPStatus

from assistctl.errors import PlatformError
from assistctl.model.knowledge import StoreFile
from assistctl.platforms.base import UploadPlatform, VectorStorePlatform

# How many vector stores are listed, and how many uploads that were not listed are asked for, side by side.
_SIDE_BY_SIDE = 8
_CANNOT_LIST = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})


async def list_contents(platform: VectorStorePlatform, store_ids: Iterable[str]) -> dict[str, Sequence[StoreFile]]:
    """The files of each vector store, by its id. Raises ``PlatformError`` when one cannot be listed."""
    slots = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def listed(store_id: str) -> tuple[str, Sequence[StoreFile]]:
        async with slots:
            return store_id, await platform.list_store_files(store_id)

    return dict(await asyncio.gather(*map(listed, store_ids)))


class UploadReferences:
    """The uploads of a platform, listed once, and only when something refers to any.

    References are looked at, not trusted.
    """

    def __init__(self, platform: UploadPlatform) -> None:
        self._platform = platform
        self._listed: frozenset[str] | None = None

    async def gone(self, file_ids: Collection[str]) -> frozenset[str]:
        """Those of ``file_ids`` that are not there.

        One that is not listed is asked for by itself, for a list may leave out what is there. A server that has
        no list is believed.
        """
        if not file_ids:
            return frozenset()
        if self._listed is None:
            self._listed = await self._all(file_ids)
        suspected = sorted(set(file_ids) - self._listed)
        slots = asyncio.Semaphore(_SIDE_BY_SIDE)

        async def is_gone(file_id: str) -> bool:
            async with slots:
                return await self._platform.find_file(file_id) is None

        answers = await asyncio.gather(*map(is_gone, suspected))
        return frozenset(file_id for file_id, gone in zip(suspected, answers, strict=True) if gone)

    async def _all(self, file_ids: Collection[str]) -> frozenset[str]:
        try:
            return frozenset(file.id for file in await self._platform.list_files())
        except PlatformError as error:
            if error.status in _CANNOT_LIST:
                return frozenset(file_ids)
            raise
