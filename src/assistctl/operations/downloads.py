"""The files that assistants read, downloaded from where they are, as far as that is allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assistctl.errors import PlatformError
from assistctl.migration.lost_resources import Content
from assistctl.platforms.base import KnowledgePlatform, SupportsContents

MOST = 64 * 2**20
"""How many bytes are downloaded: they are kept in memory until the manifests are written."""


@dataclass(slots=True)
class Downloads:
    """Downloads from ``knowledge``, ``slots`` at a time; ``sizes`` are the bytes of files by their ids."""

    knowledge: KnowledgePlatform
    sizes: Mapping[str, int]
    slots: asyncio.Semaphore
    doubts: list[str] = field(default_factory=list)

    async def all(self, uploads: Iterable[str], stores: Mapping[str, Sequence[str]]) -> dict[str, Content]:
        """What can be had of ``uploads`` and of the files in ``stores``, by id; for these their text will do."""
        if not isinstance(self.knowledge, SupportsContents):
            return {}
        wanted: dict[str, str | None] = dict.fromkeys(uploads)
        for store_id, files in stores.items():
            for file_id in files:
                wanted.setdefault(file_id, store_id)
        if sum(self.sizes.get(file_id, 0) for file_id in wanted) > MOST:
            self.doubts.append(f"the files are more than {MOST // 2**20} MiB, and were not downloaded")
            return {}
        found = await asyncio.gather(*(self._one(self.knowledge, *each) for each in wanted.items()))
        return {file_id: content for file_id, content in zip(wanted, found, strict=True) if content is not None}

    async def _one(self, knowledge: SupportsContents, file_id: str, store_id: str | None) -> Content | None:
        async with self.slots:
            try:
                return Content(await knowledge.file_content(file_id))
            except PlatformError:
                if store_id is None:
                    return None
            try:
                return Content((await knowledge.text_in_store(store_id, file_id)).encode(), is_extracted=True)
            except PlatformError:
                return None
