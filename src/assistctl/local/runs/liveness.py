"""The servers that are alive: each holds a lock on its own file, which its process cannot outlive."""

from __future__ import annotations

import secrets
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from assistctl.local.files.content import OWNER_PREFIX, ContentFolder

if TYPE_CHECKING:
    from filelock import BaseFileLock


class Liveness:
    """The name of this server among those that share a database, and whether another one lives.

    ``shared`` is false for a database in memory, which nobody else can have.
    """

    def __init__(self, folder: ContentFolder, *, shared: bool) -> None:
        self._folder = folder
        self._shared = shared
        self._mutex = Lock()
        self._name: str | None = None
        self._lock: BaseFileLock | None = None

    def is_named(self) -> bool:
        """Whether this server has taken a name, without which nothing can be its own."""
        return self._name is not None

    def name(self) -> str:
        """This server's name; from the first call on it is known to be alive."""
        with self._mutex:
            if self._name is None:
                self._name = secrets.token_hex(12)
                if self._shared:
                    self._folder.made()
                    self._lock = _lock(self._path(self._name))
                    self._lock.acquire()
            return self._name

    def is_alive(self, name: str) -> bool:
        """Whether the server of that name is alive."""
        from filelock import Timeout

        if name == self._name:
            return True
        path = self._path(name)
        if not self._shared or not path.exists():
            return False
        lock = _lock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        lock.release()
        path.unlink(missing_ok=True)
        return False

    def release(self) -> None:
        """Count as dead. The next call of ``name`` is another life."""
        with self._mutex:
            name, lock = self._name, self._lock
            self._name = self._lock = None
        if lock is not None and name is not None:
            lock.release()
            self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder.path / f"{OWNER_PREFIX}{name}"


def _lock(path: Path) -> BaseFileLock:
    from filelock import FileLock

    return FileLock(path, mode=0o600, thread_local=False)
