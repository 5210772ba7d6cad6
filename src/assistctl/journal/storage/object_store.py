"""An object store as the place of journals and locks: S3, Azure Blob Storage or Google Cloud Storage.

A log is a row of segments: objects that are put again as a whole, under the condition that they are what was put
last, until they are large enough for the next one to begin. So a log has few objects, and a request that the
network delivers late cannot take back what was added since. Google Cloud Storage takes one write a second of an
object, and so there each write is a segment of its own.

Requests are made from threads and not with obstore's own coroutines: its threads hand results to Python, and one
that is still at that when the interpreter ends aborts the process (seen with obstore 0.12 on Python 3.11, in one
short process of twelve).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from assistctl.errors import JournalError
from assistctl.journal.storage.address import ObjectAddress
from assistctl.journal.storage.object_errors import ObjectGoneError, UnansweredError, explained
from assistctl.journal.storage.store import Log, Stored, Tag

if TYPE_CHECKING:
    from obstore import PutMode, UpdateVersion
    from obstore.store import AzureStore, GCSStore, S3Store

SEGMENT_BYTES = 64 * 1024
"""How large a segment may grow before the next one begins, in bytes. A longer line has one of its own."""

# https://cloud.google.com/storage/quotas#objects
_PUT_ONCE = {"gs"}

_THREADS = 16

Answer = TypeVar("Answer")


class ObjectStore:
    """The objects under an address. A ``Store``."""

    shared = True

    def __init__(self, remote: S3Store | AzureStore | GCSStore, address: ObjectAddress) -> None:
        self._remote = remote
        # Its own: the renewal of a lock must not wait behind other work of the process.
        self._threads = ThreadPoolExecutor(_THREADS, "journal")
        self._address = address
        self._segment_bytes = 0 if address.scheme in _PUT_ONCE else SEGMENT_BYTES
        self.place = str(address)

    async def get(self, key: str) -> Stored | None:
        """See ``Store``."""
        return await self._in_thread(lambda: self._get(key))

    async def create(self, key: str, data: bytes) -> Tag | None:
        """See ``Store``."""
        return await self._in_thread(lambda: self._put(key, data, "create"))

    async def replace(self, key: str, data: bytes, tag: Tag) -> Tag | None:
        """See ``Store``."""
        condition = self._condition(tag)
        return await self._in_thread(lambda: self._put(key, data, condition))

    async def create_log(self, key: str, data: bytes) -> Log | None:
        """See ``Store``."""
        log = _SegmentedLog(self, key, self._segment_bytes)
        return log if await log.begin(data) else None

    async def read_log(self, key: str) -> bytes | None:
        """See ``Store``."""
        segments = await self.names(key)
        pieces = await asyncio.gather(*(self.get(f"{key}/{name}") for name in segments))
        return b"".join(piece.data for piece in pieces if piece) if segments else None

    async def log_edges(self, key: str) -> tuple[bytes, bytes] | None:
        """See ``Store``."""
        segments = await self.names(key)
        if not segments:
            return None
        first, last = await asyncio.gather(*(self.get(f"{key}/{name}") for name in (segments[0], segments[-1])))
        head = first.data.partition(b"\n") if first else (b"", b"", b"")
        return head[0] + head[1], last.data if last else b""

    async def delete_log(self, key: str) -> None:
        """See ``Store``."""
        # From the end: what is left by a deletion that was cut off is still a log with its head.
        names = [*reversed(await self.names(key))]
        for begin in range(0, len(names), _THREADS):
            some = names[begin : begin + _THREADS]
            await asyncio.gather(*(self._in_thread(partial(self._delete, f"{key}/{name}")) for name in some))

    async def names(self, key: str) -> Sequence[str]:
        """See ``Store``."""
        return await self._in_thread(lambda: self._names(key))

    async def _in_thread(self, work: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _get(self, key: str) -> Stored | None:
        try:
            with explained(self._address, "read"):
                found = self._remote.get(key)
                data = bytes(found.bytes())
        except ObjectGoneError:
            return None
        return Stored(data, Tag(found.meta["e_tag"], found.meta["version"]))

    def _names(self, key: str) -> list[str]:
        with explained(self._address, "list"):
            found = self._remote.list_with_delimiter(f"{key}/")
        paths = [*found["common_prefixes"], *(entry["path"] for entry in found["objects"])]
        return sorted(path.rstrip("/").rpartition("/")[2] for path in paths)

    def _condition(self, tag: Tag) -> UpdateVersion:
        condition: UpdateVersion = {}
        if tag.e_tag is not None:
            condition["e_tag"] = tag.e_tag
        if tag.version is not None:
            condition["version"] = tag.version
        if not condition:
            raise JournalError(
                f"{self._address} gives its objects no e-tags, so it cannot keep a journal or a lock"
            )
        return condition

    def _put(self, key: str, data: bytes, mode: PutMode) -> Tag | None:
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        try:
            with explained(self._address, "write"):
                put = self._remote.put(key, data, mode=mode, use_multipart=False)
        except (AlreadyExistsError, PreconditionError):
            return _tag_of(data, self._get(key))
        except UnansweredError:
            # Whether it was done, or never can be, shows in what is there.
            stored = self._get(key)
            if self._may_be_done_yet(mode, stored):
                raise
            return _tag_of(data, stored)
        return Tag(put["e_tag"], put["version"])

    def _may_be_done_yet(self, mode: PutMode, stored: Stored | None) -> bool:
        """Whether the condition of a put holds with what is there."""
        if stored is None or isinstance(mode, str):
            return stored is None and mode == "create"
        found = self._condition(stored.tag)
        return all(found.get(name, wanted) == wanted for name, wanted in mode.items())

    def _delete(self, key: str) -> None:
        with suppress(ObjectGoneError), explained(self._address, "delete"):
            self._remote.delete(key)


def _tag_of(data: bytes, stored: Stored | None) -> Tag | None:
    """The tag of what is there, if it is ``data``: then a repeated request met its own work."""
    return stored.tag if stored and stored.data == data else None


class _SegmentedLog:
    """A log as a row of segments, each put again until it has ``segment_bytes``. A ``Log``."""

    def __init__(self, store: ObjectStore, key: str, segment_bytes: int) -> None:
        self._store = store
        self._key = key
        self._segment_bytes = segment_bytes
        self._number = 0
        self._content = b""
        self._tag: Tag | None = None

    async def begin(self, data: bytes) -> bool:
        """Put the first segment; whether there was none before."""
        self._number, self._content = 1, data
        self._tag = await self._store.create(self._segment(), data)
        return self._tag is not None

    async def append(self, data: bytes) -> None:
        tag, self._tag = self._tag, None
        if tag is None or len(self._content) + len(data) > self._segment_bytes:
            # After a failure too: what became of that segment is not known, so nothing rests on it.
            self._number, self._content = self._number + 1, data
            self._tag = await self._store.create(self._segment(), data)
        else:
            self._content += data
            self._tag = await self._store.replace(self._segment(), self._content, tag)
        if self._tag is None:
            raise JournalError(
                f"somebody else changed the journal of this apply at {self._store.place}/{self._key}",
                "Only the apply itself writes there; find out who did.",
            )

    async def close(self) -> None:
        """There is nothing to let go of."""

    def _segment(self) -> str:
        return f"{self._key}/{self._number:06}.jsonl"
