"""A folder as the place of journals and locks: plain files, for their owner only, on the disk when it says so."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from assistctl.checkout.untrusted_files import open_regular, place_in, read_regular
from assistctl.errors import JournalError
from assistctl.journal.storage.store import Log, Stored, Tag

GUARD_SECONDS = 10.0
"""How long a conditional put waits for another process's, in seconds; each takes milliseconds."""

LOG_SUFFIX = ".jsonl"

_THREADS = 4
_LARGEST = 1024 * 1024 * 1024
# How much of the end of a log is read to find its last line, in bytes; the end of an apply takes a few hundred.
_TAIL = 64 * 1024

Answer = TypeVar("Answer")


class FolderStore:
    """The files under ``folder``, which is made by the first write. A ``Store``.

    Nothing is read or written that a link leads out of ``within`` to, if that is given: see ``place_in``.
    """

    def __init__(self, folder: Path, *, shared: bool, within: Path | None = None) -> None:
        self.folder = folder
        self._within = within
        self.shared = shared
        self.place = str(folder)
        # Its own: the renewal of a lock must not wait behind other work of the process.
        self._threads = ThreadPoolExecutor(_THREADS, "journal")

    async def get(self, key: str) -> Stored | None:
        """See ``Store``."""
        return await self.in_thread(lambda: _read_object(self._path(key)))

    async def create(self, key: str, data: bytes) -> Tag | None:
        """See ``Store``."""
        return await self.in_thread(lambda: _put(self._path(key), data, None))

    async def replace(self, key: str, data: bytes, tag: Tag) -> Tag | None:
        """See ``Store``."""
        return await self.in_thread(lambda: _put(self._path(key), data, tag))

    async def create_log(self, key: str, data: bytes) -> Log | None:
        """See ``Store``."""
        descriptor = await self.in_thread(lambda: _created(self._log(key), data))
        return None if descriptor is None else _FileLog(self, descriptor, len(data))

    async def read_log(self, key: str) -> bytes | None:
        """See ``Store``."""
        return await self.in_thread(lambda: _read(self._log(key)))

    async def log_edges(self, key: str) -> tuple[bytes, bytes] | None:
        """See ``Store``."""
        return await self.in_thread(lambda: _edges(self._log(key)))

    async def delete_log(self, key: str) -> None:
        """See ``Store``."""
        await self.in_thread(lambda: self._log(key).unlink(missing_ok=True))

    async def names(self, key: str) -> Sequence[str]:
        """See ``Store``."""
        return await self.in_thread(lambda: _names(self._path(key)))

    def _path(self, key: str) -> Path:
        path = self.folder / key
        return path if self._within is None else place_in(self._within, path)

    def _log(self, key: str) -> Path:
        return self._path(f"{key}{LOG_SUFFIX}")

    async def in_thread(self, work: Callable[[], Answer]) -> Answer:
        """Do ``work`` aside; what the file system says against it becomes a sentence."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._explained, work)

    def _explained(self, work: Callable[[], Answer]) -> Answer:
        try:
            return work()
        except OSError as error:
            reason = error.strerror or str(error)
            raise JournalError(
                f"the journal in {self.place} cannot be used: {error.filename or 'a file'}: {reason}",
                "assistctl must be able to read and write this folder, and the disk must have room.",
            ) from error


class _FileLog:
    """A file that only grows. A ``Log``."""

    def __init__(self, store: FolderStore, descriptor: int, size: int) -> None:
        self._store = store
        self._descriptor = descriptor
        self._size = size
        self._is_clean = True

    async def append(self, data: bytes) -> None:
        await self._store.in_thread(lambda: self._append(data))

    async def close(self) -> None:
        await self._store.in_thread(lambda: os.close(self._descriptor))

    def _append(self, data: bytes) -> None:
        if not self._is_clean:
            # Half a line in the middle would make what comes after it unreadable.
            os.ftruncate(self._descriptor, self._size)
        self._is_clean = False
        _write_all(self._descriptor, data)
        os.fsync(self._descriptor)
        self._is_clean = True
        self._size += len(data)


def _read(path: Path) -> bytes | None:
    try:
        return read_regular(path, _LARGEST)
    except FileNotFoundError:
        return None


def _read_object(path: Path) -> Stored | None:
    data = _read(path)
    return None if data is None else Stored(data, Tag(hashlib.sha256(data).hexdigest()))


def _put(path: Path, data: bytes, expected: Tag | None) -> Tag | None:
    """Put ``data`` if what is there is what is ``expected``, in one step as others see it."""
    _make_private(path.parent)
    with _guarded(path):
        stored = _read_object(path)
        if (stored and stored.tag) != expected:
            return None
        # The name may be fixed: nobody else writes while the guard is held.
        fresh = path.with_name(f".{path.name}.new")
        # Where a link is in its place, somebody else put it there.
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(fresh, flags, 0o600)
        try:
            _write_all(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        fresh.replace(path)
        _sync_folder(path.parent)
    return Tag(hashlib.sha256(data).hexdigest())


@contextmanager
def _guarded(path: Path) -> Iterator[None]:
    """Holds off other processes for the time of one put; a process that dies lets go."""
    import filelock

    guard = filelock.FileLock(path.with_name(f".{path.name}.guard"), timeout=GUARD_SECONDS, mode=0o600)
    try:
        guard.acquire()
    except filelock.Timeout as error:
        raise TimeoutError(None, f"another process kept it for {GUARD_SECONDS:g} seconds", str(path)) from error
    try:
        yield
    finally:
        guard.release()


def _created(path: Path, data: bytes) -> int | None:
    """A file that was not there, begun with ``data``, open for appending; ``None`` when it was there."""
    _make_private(path.parent)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    except FileExistsError:
        return None
    try:
        _write_all(descriptor, data)
        os.fsync(descriptor)
        _sync_folder(path.parent)
    except OSError:
        os.close(descriptor)
        path.unlink(missing_ok=True)
        raise
    return descriptor


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _edges(path: Path) -> tuple[bytes, bytes] | None:
    try:
        file = open_regular(path)
    except FileNotFoundError:
        return None
    with file:
        first = file.readline()
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL))
        tail = file.read()
    if size > _TAIL:
        tail = tail.partition(b"\n")[2]
    return first, tail


def _names(folder: Path) -> list[str]:
    try:
        found = [
            entry.name.removesuffix(LOG_SUFFIX) for entry in folder.iterdir() if not entry.name.startswith(".")
        ]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(found)


def _make_private(folder: Path) -> None:
    """The folder and those above it that are not there, each for its owner only."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """See to it that a new name in ``folder`` survives a power cut; Windows has no way to, and no need."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
