"""Files and vector stores over OpenAI's wire, wherever it is served.

https://platform.openai.com/docs/api-reference/files, .../vector-stores, .../vector-stores-files and
.../vector-stores-file-batches. What replaces or deletes may be repeated; what adds is sent once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from assistctl.errors import NotFoundError, PlatformError
from assistctl.json_value import Json
from assistctl.model.knowledge import Attachment, Indexing, ObservedStore, StoreFile, UploadedFile
from assistctl.model.source_file import SourceFile
from assistctl.platforms.file_upload import UploadRequests, upload_file
from assistctl.platforms.http.pager import PAGE_SIZE, Item, Page, all_items, as_page, none_if_absent
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.openai.knowledge_answers import (
    batch_id,
    indexing,
    observed_store,
    store_file,
    uploaded_file,
)
from assistctl.platforms.openai.wire import OpenAIWire
from assistctl.platforms.translation import as_object, made, objects_in

PURPOSE = "assistants"
"""For what assistants read; such a file cannot be downloaded."""

USER_DATA = "user_data"
"""For what environments get, as the SDK's own helper uploads it (``lib/beta/agents/_files.py``, openai 3.57.0)."""

FILES_PAGE_SIZE = 10_000
"""The largest page of ``GET /files``, unlike other lists (OpenAI's API description)."""

APPEARS_WITHIN = 30.0
"""How long a batch may answer 404 after it was made, in seconds: reads lag behind writes there."""

_STORES = "/vector_stores"
_APPEARING_POLL_SECONDS = 1.0


def _file_path(file_id: str) -> str:
    """Where an upload is."""
    return path_of("/files", file_id)


async def upload(
    wire: OpenAIWire,
    source: SourceFile,
    sent: Callable[[int], None],
    there: Collection[str] = (),
    purpose: str = PURPOSE,
) -> UploadedFile:
    """``POST /files``; see ``upload_file``."""
    requests = UploadRequests(
        lambda opened: wire.post_file("/files", {"purpose": purpose}, opened),
        lambda answer: made(uploaded_file, answer),
        "bytes",
        lambda file_id: wire.remove(_file_path(file_id), file_id),
    )
    return await upload_file(requests, source, sent, there)


@dataclass(frozen=True, slots=True)
class _NewBatch:
    """A batch that was made here: how many files it has, and when it must have appeared (the loop's clock).

    ``said`` is how far it was when it was made, until somebody has heard that.
    """

    size: int
    appears_by: float
    said: Indexing | None = None


@dataclass(slots=True)
class OpenAIKnowledge:
    """``UploadPlatform`` and ``VectorStorePlatform`` over ``wire``.

    Uploads are made for the first of ``purposes``; the others are those that ours may have been made for.
    """

    wire: OpenAIWire
    purposes: tuple[str, ...] = (PURPOSE,)
    _new: dict[str, _NewBatch] = field(default_factory=dict)
    _files_there: set[str] | None = None
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def upload(self, source: SourceFile, sent: Callable[[int], None]) -> UploadedFile:
        """``POST /files``, again only after a 429; ``sent`` then first gets back what was counted, negative.

        ``GET /files`` goes before the first one: what is there already is not what an upload made.
        """
        there = await self._known_files()
        uploaded = await upload(self.wire, source, sent, there, self.purposes[0])
        there.add(uploaded.id)
        return uploaded

    async def list_files(self) -> Sequence[UploadedFile]:
        """``GET /files``, oldest first."""
        narrowed: dict[str, object] = {"purpose": self.purposes[0]} if len(self.purposes) == 1 else {}
        items = await self._items("/files", FILES_PAGE_SIZE, narrowed)
        # Not every server minds the filter.
        return [uploaded_file(item) for item in items if item.get("purpose", PURPOSE) in self.purposes]

    async def find_file(self, file_id: str) -> UploadedFile | None:
        """``GET /files/{id}``."""
        try:
            return uploaded_file(await self.wire.get(_file_path(file_id)))
        except NotFoundError:
            return None

    async def file_content(self, file_id: str) -> bytes:
        """``GET /files/{id}/content``."""
        return await self.wire.get_content(path_of("/files", file_id, "content"))

    async def text_in_store(self, store_id: str, file_id: str) -> str:
        """``GET /vector_stores/{id}/files/{id}/content``, all of it on one page."""
        answer = as_object(await self.wire.get(_store(store_id, "files", file_id, "content")))
        texts = [one.get("text") for one in objects_in(answer.get("data"))]
        if answer.get("has_more") or not texts or not all(isinstance(one, str) for one in texts):
            raise PlatformError(f"there is not the whole text of {file_id}")
        return "".join(map(str, texts))

    async def delete_file(self, file_id: str) -> None:
        """``DELETE /files/{id}``."""
        await self.wire.remove(_file_path(file_id), file_id)

    async def list_stores(self) -> Sequence[ObservedStore]:
        """``GET /vector_stores``, oldest first; a server that does not know the route has none."""
        return [observed_store(item) for item in await self._items(_STORES, optional=True)]

    async def find_store(self, store_id: str) -> ObservedStore | None:
        """``GET /vector_stores/{id}``."""
        try:
            return observed_store(await self.wire.get(_store(store_id)))
        except NotFoundError:
            return None

    async def create_store(self, fields: Mapping[str, Json], metadata: Mapping[str, str]) -> ObservedStore:
        """``POST /vector_stores``, once."""
        answer = await self.wire.post(_STORES, _body(fields, metadata), repeatable=False)
        return made(observed_store, answer)

    async def update_store(
        self, store_id: str, fields: Mapping[str, Json], metadata: Mapping[str, str]
    ) -> ObservedStore:
        """``POST /vector_stores/{id}``; it replaces what it is given, so that repeating it does no harm."""
        return observed_store(await self.wire.post(_store(store_id), _body(fields, metadata), repeatable=True))

    async def delete_store(self, store_id: str) -> None:
        """``DELETE /vector_stores/{id}``."""
        await self.wire.remove(_store(store_id), store_id)

    async def list_store_files(self, store_id: str) -> Sequence[StoreFile]:
        """``GET /vector_stores/{id}/files``, oldest first."""
        return [store_file(item) for item in await self._items(_store(store_id, "files"))]

    async def attach(self, store_id: str, files: Sequence[Attachment]) -> str:
        """``POST /vector_stores/{id}/file_batches``, once."""
        body: dict[str, Json] = {"files": [_wish(file) for file in files]}
        answer = await self.wire.post_answer(_store(store_id, "file_batches"), body, repeatable=False)
        batch, state = made(batch_id, answer.body), indexing(answer.body, answer.headers)
        # Not every server counts yet what it was given this moment.
        said = Indexing(len(files), 0, 0, state.poll_after) if state.in_progress else None
        self._new[batch] = _NewBatch(len(files), _now() + APPEARS_WITHIN, said)
        return batch

    async def indexing(self, store_id: str, batch_id: str) -> Indexing:
        """``GET /vector_stores/{id}/file_batches/{id}``.

        A batch that was in progress when this connection attached it is so the first time, which asks nobody. A
        404 within ``APPEARS_WITHIN`` seconds after that is answered as all of it in progress; after that, and for
        other batches, it raises ``NotFoundError``. Nobody else keeps count.
        """
        made_here = self._new.get(batch_id)
        if made_here is not None and made_here.said is not None:
            self._new[batch_id] = replace(made_here, said=None)
            return made_here.said
        try:
            answer = await self.wire.get_answer(_store(store_id, "file_batches", batch_id))
        except NotFoundError:
            if made_here is None or _now() > made_here.appears_by:
                raise
            return Indexing(made_here.size, 0, 0, _APPEARING_POLL_SECONDS)
        found = indexing(answer.body, answer.headers)
        if not found.in_progress:
            self._new.pop(batch_id, None)
        return found

    async def set_attributes(self, store_id: str, file_id: str, attributes: Mapping[str, Json]) -> None:
        """``POST /vector_stores/{id}/files/{id}``. A file just attached may need a moment to appear."""
        body: dict[str, Json] = {"attributes": dict(attributes)}
        await self.wire.post(_store(store_id, "files", file_id), body, repeatable=True, appearing=True)

    async def detach(self, store_id: str, file_id: str) -> None:
        """``DELETE /vector_stores/{id}/files/{id}``."""
        await self.wire.remove(_store(store_id, "files", file_id), file_id)

    async def _known_files(self) -> set[str]:
        """The ids of all uploads there were before the first of this connection, and of its own."""
        async with self._looking:
            if self._files_there is None:
                self._files_there = await self._file_ids()
            return self._files_there

    async def _file_ids(self) -> set[str]:
        items = await none_if_absent(self._items("/files", FILES_PAGE_SIZE))
        return {str(item.get("id")) for item in items}

    async def _items(
        self,
        path: str,
        page_size: int = PAGE_SIZE,
        filters: Mapping[str, object] | None = None,
        *,
        optional: bool = False,
    ) -> list[Item]:
        async def page(after: str | None) -> Page:
            # Oldest first: what others add meanwhile then comes last and is not missed.
            params = {"limit": page_size, "order": "asc", **(filters or {})}
            if after is not None:
                params["after"] = after
            try:
                return as_page(await self.wire.get(path, params))
            except NotFoundError:
                if optional and after is None:
                    return Page([], has_more=False)
                raise

        return await all_items(page, page_size, listing=self.wire.listing(path))


def _now() -> float:
    return asyncio.get_running_loop().time()


def _store(*parts: str) -> str:
    return path_of(_STORES, *parts)


def _body(fields: Mapping[str, Json], metadata: Mapping[str, str]) -> dict[str, Json]:
    return {**fields, "metadata": dict(metadata.items())}


def _wish(file: Attachment) -> dict[str, Json]:
    wish: dict[str, Json] = {"file_id": file.file_id}
    if file.attributes:
        wish["attributes"] = dict(file.attributes)
    if file.chunking is not None:
        wish["chunking_strategy"] = dict(file.chunking)
    return wish
