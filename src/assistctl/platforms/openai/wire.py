"""Parts shared by OpenAI's APIs, wherever they are served: client, files, vector stores, list of models.

The SDK's models would hide what a server really said (an unknown tool type is parsed into the wrong class),
and merely touching ``client.beta`` takes as long as importing the rest of the SDK. Of files and vector stores
(https://platform.openai.com/docs/api-reference/files, .../vector-stores, .../vector-stores-files and
.../vector-stores-file-batches), what replaces or deletes may be repeated; what adds is sent once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from assistctl.errors import NotFoundError, PlatformError, ProjectError
from assistctl.json_value import Json
from assistctl.model.knowledge import Attachment, Indexing, ObservedStore, StoreFile, UploadedFile
from assistctl.model.source_file import SourceFile
from assistctl.platforms.base import NotListed
from assistctl.platforms.connection import Connection, header_text
from assistctl.platforms.file_upload import UploadRequests, upload_file
from assistctl.platforms.http.error_meanings import ErrorMeaning, ErrorTable
from assistctl.platforms.http.pager import PAGE_SIZE, Item, Listing, Page, all_items, as_page, none_if_absent
from assistctl.platforms.http.sdk_wire import SdkWire, VendorSdk
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.http.wire import Sent
from assistctl.platforms.openai.knowledge_answers import (
    batch_id,
    indexing,
    observed_store,
    store_file,
    uploaded_file,
)
from assistctl.platforms.openai.variables import ADDRESS_VARIABLE, KEY_VARIABLE
from assistctl.platforms.openai.workload_identity import (
    OPTION,
    WAYS_WITHOUT_KEY,
    identity_settings,
    without_token,
)
from assistctl.platforms.translation import as_object, made, objects_in

if TYPE_CHECKING:
    import openai

    from assistctl.platforms.http.sdk_errors import StatusError

ERRORS: ErrorTable = {
    "insufficient_quota": ErrorMeaning.SPENT,
    "rate_limit_exceeded": ErrorMeaning.AS_STATUS,
    "files_api_rate_limit_exceeded": ErrorMeaning.AS_STATUS,
    "server_error": ErrorMeaning.AS_STATUS,
}
"""The codes of a 429 and of a 5xx (https://platform.openai.com/docs/guides/error-codes, and the Agents API's)."""

SDK = VendorSdk(
    package="openai",
    client="AsyncOpenAI",
    base_error="OpenAIError",
    requirement="assistctl",
    default_base_url="https://api.openai.com/v1",
    example="https://api.example.com/v1",
    address_variable=ADDRESS_VARIABLE,
    key_variable=KEY_VARIABLE,
    account_headers=("openai-organization", "openai-project"),
    without_key=identity_settings,
    ways_without_key=WAYS_WITHOUT_KEY,
    errors=ERRORS,
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A client that another SDK made; ``key_hint`` says where its key comes from. Its own retries are off."""

    client: openai.AsyncOpenAI
    key_hint: str


class OpenAIWire(SdkWire):
    """One client, with the ``OpenAI-Beta`` header of one API. Every failure is a ``PlatformError``."""

    def __init__(self, connection: Connection, *, beta: str, signed_in: SignedIn | None = None) -> None:
        """A client is made for ``connection``, unless there is one that is ``signed_in``."""
        base_url = str(signed_in.client.base_url) if signed_in else SDK.base_url_of(connection)
        client = signed_in.client if signed_in else _client(connection, base_url)
        super().__init__(connection, base_url, SDK, client, {"OpenAI-Beta": beta})
        self._signed_in = signed_in

    async def remove(self, path: str, object_id: str) -> None:
        """Delete ``object_id`` at ``path``. A missing one is not an error; one that stays is."""
        try:
            answer = await self.delete(path)
        except NotFoundError:
            return
        if isinstance(answer, dict) and answer.get("deleted") is False:
            raise PlatformError(f"the platform did not delete {object_id}")

    def _translated(self, error: Exception, sent: Sent) -> PlatformError:
        if OPTION in self._connection.options:
            without = without_token(error, urlsplit(self.base_url).hostname)
            if without is not None:
                return without
        return super()._translated(error, sent)

    def _explained(self, error: StatusError) -> PlatformError:
        hint = self._signed_in.key_hint if self._signed_in else _key_hint(self._connection)
        return _explained_here(cast("openai.APIStatusError", error), self.base_url, hint)


async def listed_models(wire: OpenAIWire) -> Mapping[str, str | None] | None:
    """``GET /models``: each model and its ``shutdown_date``, ``None`` when the server has no such list.

    The date is in OpenAI's API description since 2026-08-14.
    """
    try:
        items = as_page(await wire.get_once("/models")).items
    except PlatformError:
        return None
    dates = {str(item["id"]): item.get("shutdown_date") for item in items if "id" in item}
    return {model: date if isinstance(date, str) else None for model, date in dates.items()}


_OPENAI_HOST = "api.openai.com"
_ASSISTANTS = "/assistants"
_SWITCHED_OFF = "2026-08-26"
_WAYS_ON = (
    "Move to openai-agents, azure-foundry or anthropic-agents with `assistctl migrate`, or point base_url at "
    "a server that speaks it: `assistctl serve`, one of your own, or Azure Foundry's classic Agent Service "
    "until 2027-03-31."
)


def _key_hint(connection: Connection) -> str:
    if OPTION in connection.options:
        return f"Target {connection.target!r} has no api_key, but options.{OPTION}, whose token was not accepted."
    return SDK.key_hint(connection)


def _client(connection: Connection, base_url: str) -> openai.AsyncOpenAI:
    environment = connection.environment
    if OPTION in connection.options:
        if connection.api_key:
            raise ProjectError(
                f"target {connection.target!r} has an api_key and options.{OPTION}", "Take one of them out."
            )
        # What a target says comes before what happens to be in the environment.
        others = {name: value for name, value in environment.items() if name != KEY_VARIABLE}
        connection = replace(connection, environment=others)
    client = SDK.connected(
        connection,
        base_url,
        organization=header_text(
            connection, "organization", connection.organization or environment.get("OPENAI_ORG_ID")
        ),
        project=header_text(connection, "project", connection.project or environment.get("OPENAI_PROJECT_ID")),
    )
    return cast("openai.AsyncOpenAI", client)


def _explained_here(error: openai.APIStatusError, base_url: str, key_hint: str) -> PlatformError:
    """The server's error, and for a 404 its meaning: an API that has ended, or was never there."""
    from assistctl.platforms.http.sdk_errors import explained

    found = explained(error, base_url, key_hint=key_hint)
    if error.status_code != HTTPStatus.NOT_FOUND:
        return found
    path = error.request.url.path
    if urlsplit(base_url).hostname == _OPENAI_HOST and _ASSISTANTS in path:
        # Files and vector stores are still there.
        summary = f"OpenAI switched its Assistants endpoint off on {_SWITCHED_OFF}: {_OPENAI_HOST} answers 404"
        return NotFoundError(summary, _WAYS_ON, status=HTTPStatus.NOT_FOUND)
    if error.request.method == "GET" and path.endswith(_ASSISTANTS):
        # A list may be empty, and is never missing: a gateway in front of OpenAI, or no such API at all.
        hint = f"Is the base_url right? OpenAI switched its own API off on {_SWITCHED_OFF}. {_WAYS_ON}"
        summary = f"there is no Assistants API: {found.summary}"
        return NotFoundError(summary, hint, status=HTTPStatus.NOT_FOUND)
    return found


PURPOSE = "assistants"
"""For what assistants read; such a file cannot be downloaded."""

USER_DATA = "user_data"
"""For what environments get, as the SDK's own helper uploads it (``lib/beta/agents/_files.py``, openai 3.57.0)."""

_STORES = "/vector_stores"
_FILES_PAGE_SIZE = 10_000
"""The largest page of ``GET /files``, unlike other lists (OpenAI's API description)."""
_APPEARS_WITHIN = 30.0
"""How long a batch may answer 404 after it was made, in seconds: reads lag behind writes there."""
_APPEARING_POLL_SECONDS = 1.0


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
        known_ids = await self._known_files()
        uploaded = await upload(self.wire, source, sent, known_ids, self.purposes[0])
        known_ids.add(uploaded.id)
        return uploaded

    async def list_files(self) -> Sequence[UploadedFile]:
        """``GET /files``, oldest first."""
        narrowed: dict[str, object] = {"purpose": self.purposes[0]} if len(self.purposes) == 1 else {}
        items = await self._items("/files", _FILES_PAGE_SIZE, narrowed)
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
        texts = [part.get("text") for part in objects_in(answer.get("data"))]
        if answer.get("has_more") or not texts or not all(isinstance(text, str) for text in texts):
            raise PlatformError(f"there is not the whole text of {file_id}")
        return "".join(map(str, texts))

    async def delete_file(self, file_id: str) -> None:
        """``DELETE /files/{id}``."""
        await self.wire.remove(_file_path(file_id), file_id)

    async def list_stores(self) -> Sequence[ObservedStore]:
        """``GET /vector_stores``, oldest first; ``NotListed`` from a server that does not know the route."""
        listing = self.wire.listing(_STORES)
        items = await none_if_absent(self._items(_STORES, listing=listing), listing)
        return items if isinstance(items, NotListed) else [observed_store(item) for item in items]

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
        self._new[batch] = _NewBatch(len(files), _now() + _APPEARS_WITHIN, said)
        return batch

    async def indexing(self, store_id: str, batch_id: str) -> Indexing:
        """``GET /vector_stores/{id}/file_batches/{id}``.

        A batch that was in progress when this connection attached it is so the first time, which asks nobody. A
        404 within ``_APPEARS_WITHIN`` seconds after that is answered as all of it in progress; after that, and for
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
        listing = self.wire.listing("/files")
        items = await none_if_absent(self._items("/files", _FILES_PAGE_SIZE, listing=listing), listing)
        return {str(item.get("id")) for item in items}

    async def _items(
        self,
        path: str,
        page_size: int = PAGE_SIZE,
        filters: Mapping[str, object] | None = None,
        *,
        listing: Listing | None = None,
    ) -> list[Item]:
        async def page(after: str | None) -> Page:
            # Oldest first: what others add meanwhile then comes last and is not missed.
            params = {"limit": page_size, "order": "asc", **(filters or {})}
            if after is not None:
                params["after"] = after
            return as_page(await self.wire.get(path, params))

        return await all_items(page, page_size, listing=listing or self.wire.listing(path))


async def upload(
    wire: OpenAIWire,
    source: SourceFile,
    sent: Callable[[int], None],
    known_ids: Collection[str] = (),
    purpose: str = PURPOSE,
) -> UploadedFile:
    """``POST /files``; see ``upload_file``."""
    requests = UploadRequests(
        lambda opened: wire.post_file("/files", {"purpose": purpose}, opened),
        lambda answer: made(uploaded_file, answer),
        "bytes",
        lambda file_id: wire.remove(_file_path(file_id), file_id),
    )
    return await upload_file(requests, source, sent, known_ids)


@dataclass(frozen=True, slots=True)
class _NewBatch:
    """A batch that was made here: how many files it has, and when it must have appeared (the loop's clock).

    ``said`` is how far it was when it was made, until somebody has heard that.
    """

    size: int
    appears_by: float
    said: Indexing | None = None


def _file_path(file_id: str) -> str:
    """The URL path of an upload."""
    return path_of("/files", file_id)


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
