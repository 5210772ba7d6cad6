"""The files that assistants read, downloaded from where they are, as far as that is allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assistctl.errors import PlatformError
from assistctl.migration.lost_resources import Content
from assistctl.platforms.base import SupportsContents, SupportsTexts, UploadPlatform, VectorStorePlatform

MOST = 64 * 2**20
"""How many bytes are downloaded: they are kept in memory until the manifests are written."""


@dataclass(slots=True)
class Downloads:
    """Downloads from a platform, ``slots`` at a time; ``sizes`` are the bytes of files by their ids."""

    uploads: UploadPlatform
    stores: VectorStorePlatform | None
    sizes: Mapping[str, int]
    slots: asyncio.Semaphore
    doubts: list[str] = field(default_factory=list)

    async def all(self, uploads: Iterable[str], stores: Mapping[str, Sequence[str]]) -> dict[str, Content]:
        """What can be had of ``uploads`` and of the files in ``stores``, by id; for these their text will do."""
        wanted: dict[str, str | None] = dict.fromkeys(uploads)
        for store_id, files in stores.items():
            for file_id in files:
                wanted.setdefault(file_id, store_id)
        if sum(self.sizes.get(file_id, 0) for file_id in wanted) > MOST:
            self.doubts.append(f"the files are more than {MOST // 2**20} MiB, and were not downloaded")
            return {}
        found = await asyncio.gather(*(self._one(*each) for each in wanted.items()))
        return {file_id: content for file_id, content in zip(wanted, found, strict=True) if content is not None}

    async def _one(self, file_id: str, store_id: str | None) -> Content | None:
        async with self.slots:
            content = await self._bytes_of(file_id)
            return content if content is not None or store_id is None else await self._text_of(store_id, file_id)

    async def _bytes_of(self, file_id: str) -> Content | None:
        if not isinstance(self.uploads, SupportsContents):
            return None
        try:
            return Content(await self.uploads.file_content(file_id))
        except PlatformError:
            return None

    async def _text_of(self, store_id: str, file_id: str) -> Content | None:
        stores: object = self.stores
        if not isinstance(stores, SupportsTexts):
            return None
        try:
            return Content((await stores.text_in_store(store_id, file_id)).encode(), is_extracted=True)
        except PlatformError:
            return None
