"""The files and other things that migrated assistants use, as far as they can be had."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TypeVar

from assistctl.checkout.untrusted_files import NeverReadError, refuse_names, refuse_private_key
from assistctl.errors import PlatformError
from assistctl.migration.lost_resources import Content, ResourceNames, ids_in, library_of
from assistctl.migration.taken_along import file_name
from assistctl.model.assistant import Observed
from assistctl.model.kind import Kind
from assistctl.model.knowledge import ObservedStore, StoreFile, UploadedFile
from assistctl.platforms.base import Platform, SupportsContents, SupportsTexts, UploadPlatform, VectorStorePlatform
from assistctl.platforms.resource_platform import resources_of

Listed = TypeVar("Listed")

_LISTED_AT_ONCE = 8
MOST = 64 * 2**20
"""How many bytes are downloaded: they are kept in memory until the manifests are written."""


async def library_on(platform: Platform, assistants: Sequence[Observed]) -> tuple[ResourceNames, tuple[str, ...]]:
    """The names of all that the assistants read, and sentences on those that could not be found out.

    Raises ``PlatformError`` where that may be had another time.
    """
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
        doubts.append("vector stores could not be read: their settings may be lost without notice")
    read = [file_id for item in resources for file_id in ids_in(item, "code_interpreter")]
    in_stores = {store: [file.id for file in found] for store, found in held.items()}
    known = {item.id: item for item in files or ()}
    if files is not None:
        known |= await _unlisted(uploads, {*read, *chain(*in_stores.values())} - known.keys(), slots)
    names = {file_id: item.name for file_id, item in known.items()}
    downloads = _Downloads(uploads, stores_there, {file_id: item.size for file_id, item in known.items()}, slots)
    downloaded, keys = _without_keys(names, await downloads.all(read, in_stores))
    if keys:
        doubts.append(f"private keys are not taken along: {', '.join(keys)}")
    library = library_of(names, listed or (), held)
    return replace(library, downloaded=downloaded), (*doubts, *downloads.doubts)


async def beside_on(platform: Platform) -> tuple[dict[Kind, Sequence[Observed]], list[str]]:
    """The things kept beside assistants, and sentences on the kinds that could not be listed.

    Raises ``PlatformError`` where they may be listed another time.
    """
    found: dict[Kind, Sequence[Observed]] = {}
    doubts = []
    kinds = resources_of(platform)
    lists = await asyncio.gather(*(_told(things.list()) for things in kinds.values()))
    for kind, listed in zip(kinds, lists, strict=True):
        if listed is None:
            doubts.append(f"the {kind.noun}s could not be listed, so nothing is reported about them")
        else:
            found[kind] = listed
    return found, doubts


@dataclass(slots=True)
class _Downloads:
    """Downloads from a platform, ``slots`` at a time; ``sizes`` are the bytes of files by their ids."""

    uploads: UploadPlatform
    stores: VectorStorePlatform | None
    sizes: Mapping[str, int]
    slots: asyncio.Semaphore
    doubts: list[str] = field(default_factory=list)

    async def all(self, uploads: Iterable[str], stores: Mapping[str, Sequence[str]]) -> dict[str, Content]:
        """The contents of ``uploads`` and of the files in ``stores``, by id; of the latter the text will do."""
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
        except PlatformError as error:
            _require_refused(error)
            return None

    async def _text_of(self, store_id: str, file_id: str) -> Content | None:
        stores: object = self.stores
        if not isinstance(stores, SupportsTexts):
            return None
        try:
            return Content((await stores.text_in_store(store_id, file_id)).encode(), is_extracted=True)
        except PlatformError as error:
            _require_refused(error)
            return None


def _without_keys(
    names: Mapping[str, str], downloaded: Mapping[str, Content]
) -> tuple[dict[str, Content], Sequence[str]]:
    """The ``downloaded`` files that manifests may name, and the names of the private keys among them.

    No command would read these, and whoever writes them would put them into git.
    """
    named = {
        file_id: file_name(names.get(file_id, ""), file_id, content) for file_id, content in downloaded.items()
    }
    kept = {file_id: content for file_id, content in downloaded.items() if _is_readable(named[file_id], content)}
    return kept, sorted(named[file_id] for file_id in downloaded.keys() - kept.keys())


async def _unlisted(
    uploads: UploadPlatform, file_ids: Iterable[str], slots: asyncio.Semaphore
) -> dict[str, UploadedFile]:
    """Those of the files that can be found by their ids: lists have what was uploaded for assistants alone."""

    async def found(file_id: str) -> UploadedFile | None:
        async with slots:
            try:
                return await uploads.find_file(file_id)
            except PlatformError as error:
                _require_refused(error)
                return None

    listed = await asyncio.gather(*map(found, sorted(file_ids)))
    return {item.id: item for item in listed if item is not None}


def _is_readable(name: str, content: Content) -> bool:
    """Whether a manifest may name such a file."""
    try:
        refuse_names(name)
        refuse_private_key(content.data)
    except NeverReadError:
        return False
    return True


async def _told(listing: Awaitable[Sequence[Listed]]) -> Sequence[Listed] | None:
    try:
        return await listing
    except PlatformError as error:
        _require_refused(error)
        return None


def _require_refused(error: PlatformError) -> None:
    """Go on without what was refused. Raises ``PlatformError`` for what may be had another time.

    A manifest that is written without it declares the assistant, and the next migration leaves that alone.
    """
    if error.is_passing:
        summary = f"not all that belongs to the assistants could be read: {error.summary}"
        raise PlatformError(summary, "Nothing was written; try again.", status=error.status) from error


async def _stores(platform: VectorStorePlatform | None) -> Sequence[ObservedStore] | None:
    return await _told(platform.list_stores()) if platform is not None else None


async def _contents(
    platform: VectorStorePlatform | None, store_id: str, slots: asyncio.Semaphore
) -> tuple[str, Sequence[StoreFile] | None]:
    if platform is None:
        return store_id, None
    async with slots:
        return store_id, await _told(platform.list_store_files(store_id))
