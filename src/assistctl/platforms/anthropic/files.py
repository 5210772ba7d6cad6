"""Uploads to Anthropic's Files API, which sessions of managed agents mount.

Names and shapes of the wire: ``file_upload_params.py``, ``file_list_params.py`` and ``beta_file_metadata.py`` of
anthropic 2.14.0 (``anthropic/types/beta``). A file has a name and no metadata, and is never changed; what a
session mounts is a copy, in the session's scope.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from assistctl.errors import NotFoundError, PlatformError
from assistctl.json_value import Json
from assistctl.model.knowledge import UploadedFile
from assistctl.model.source_file import SourceFile
from assistctl.platforms.anthropic.wire import AnthropicWire
from assistctl.platforms.file_upload import UploadRequests, upload_file
from assistctl.platforms.http.pager import all_items_by_token, none_if_absent
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.translation import Object, as_object, as_text, made

PATH = "/v1/files"

PAGE_SIZE = 1_000
"""The longest page of files (``FileListParams``)."""


@dataclass(slots=True)
class AnthropicFiles:
    """``UploadPlatform`` over ``wire``."""

    wire: AnthropicWire
    _names: dict[str, str] = field(default_factory=dict)
    _there: set[str] | None = None
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def upload(self, source: SourceFile, sent: Callable[[int], None]) -> UploadedFile:
        """``POST /v1/files``, after one look at what is there: what an upload made is not among that."""
        known_ids = await self._known()
        post = partial(self.wire.post_file, PATH, {})
        requests = UploadRequests(post, partial(made, self._read), "size_bytes", self.delete_file)
        uploaded = await upload_file(requests, source, sent, known_ids)
        known_ids.add(uploaded.id)
        return uploaded

    async def list_files(self) -> Sequence[UploadedFile]:
        """``GET /v1/files`` without those of sessions, the oldest first."""
        items = [item for item in await self._items() if item.get("scope") is None]
        # The API lists the newest first, and what has the same time in that order too.
        files = sorted(map(self._read, reversed(items)), key=lambda file: file.created_at)
        self._names |= {file.id: file.name for file in files}
        return files

    async def find_file(self, file_id: str) -> UploadedFile | None:
        """``GET /v1/files/{id}``."""
        try:
            return self._read(await self.wire.get(path_of(PATH, file_id)))
        except NotFoundError:
            return None

    async def file_content(self, file_id: str) -> bytes:
        """``GET /v1/files/{id}/content``, which the API refuses for what was uploaded."""
        return await self.wire.get_content(path_of(PATH, file_id, "content"))

    async def delete_file(self, file_id: str) -> None:
        """``DELETE /v1/files/{id}``."""
        await self.wire.remove(path_of(PATH, file_id))

    async def name_of(self, file_id: str) -> str:
        """The name of an upload, asked for if need be. Raises ``PlatformError`` when it is not there."""
        if file_id not in self._names:
            found = await self.find_file(file_id)
            if found is None:
                raise PlatformError(
                    f"there is no upload {file_id}",
                    "It is among the assistant's files: `assistctl plan` shows which, and apply uploads it again.",
                )
            self._names[file_id] = found.name
        return self._names[file_id]

    async def _known(self) -> set[str]:
        """The ids of all files there were before the first upload of this connection, and of its own."""
        async with self._looking:
            if self._there is None:
                self._there = {str(item.get("id")) for item in await self._items()}
            return self._there

    async def _items(self) -> Sequence[Object]:
        """All files of the workspace. A server without any such thing has none."""

        async def page(token: str | None) -> Json:
            return await self.wire.get(PATH, {"limit": PAGE_SIZE, **({} if token is None else {"page": token})})

        listing = self.wire.listing(PATH)
        return await none_if_absent(all_items_by_token(page, listing=listing), listing)

    def _read(self, answer: Json) -> UploadedFile:
        item = as_object(answer)
        file_id, size = as_text(item.get("id")), item.get("size_bytes")
        if not file_id:
            raise PlatformError("the platform's answer is not a file", "Is the base_url right?")
        name = as_text(item.get("filename"))
        self._names[file_id] = name
        return UploadedFile(file_id, name, size if isinstance(size, int) else 0, _seconds(item.get("created_at")))


def _seconds(moment: Json) -> int:
    """A date as seconds since 1970; 0 for anything else."""
    try:
        date = dt.datetime.fromisoformat(as_text(moment))
    except ValueError:
        return 0
    return int((date if date.tzinfo else date.replace(tzinfo=dt.UTC)).timestamp())
