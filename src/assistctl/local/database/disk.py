"""Waiting for the disk, together: what several threads have committed reaches it with one wait.

SQLite's own way (``synchronous = FULL``) waits within each transaction, so that writers queue for the disk. Here a
transaction is committed without it, and the write-ahead log is waited for once the next writer may begin: then
all that was committed by then is durable (https://www.sqlite.org/wal.html#performance_considerations).
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

CAN_BE_SHARED = sys.platform == "linux"
"""Whether the system tells when a file's data is on the disk, whoever wrote it, as SQLite itself waits for it."""


class Disk:
    """The disk below the write-ahead log of the database at ``path``."""

    def __init__(self, path: Path) -> None:
        # SQLite locks the database and its -shm file, never this one: opening it here lets go of no lock.
        self._log = f"{path}-wal"
        self._waiting = threading.Lock()
        self._syncing = threading.Lock()
        self._asked = 0
        self._reached = 0

    def wait(self) -> None:
        """Return once all that was committed before is durable. Raises ``OSError`` when that cannot be."""
        with self._waiting:
            self._asked += 1
            mine = self._asked
        with self._syncing:
            if self._reached >= mine:
                return
            with self._waiting:
                upto = self._asked
            self._sync()
            self._reached = upto

    def _sync(self) -> None:
        log = os.open(self._log, os.O_RDWR | os.O_CLOEXEC)
        try:
            os.fdatasync(log)
        finally:
            os.close(log)
