"""The platform's one file: an SQLite database that several threads and processes may use at once.

Reading changes nothing: without a file there is an empty database, and no file is made. The first write makes
the folder and the file, for its owner only. Transactions are short, and writers queue for the file.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistctl.errors import AssistctlError

BUSY_SECONDS = 30.0
"""How long a transaction waits for another process's, in seconds; each takes about a millisecond."""

_APPLICATION_ID = 0x61737374
"""``asst`` in ASCII: marks a file as ours (https://www.sqlite.org/pragma.html#pragma_application_id)."""

_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # seq is the order of insertion, also among objects of one second; a number is never used again.
        """CREATE TABLE objects (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL,
            id TEXT NOT NULL UNIQUE,
            created_at INTEGER NOT NULL,
            body TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX objects_in_order ON objects (kind, seq)",
    ),
)
"""What turns version n into n + 1 (``PRAGMA user_version``). Entries are added, never changed."""


class Database:
    """A database at ``path``, or in memory when that is ``None``. Opened by its first use.

    Everything raises ``AssistctlError`` when the file cannot be used.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._empty: sqlite3.Connection | None = None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one state of the database, and must not be written to."""
        with self._lock, self._explained():
            connection = self._connected(create=False)
            with _transaction(connection, "BEGIN"):
                yield connection

    @contextmanager
    def writing(self, *, create: bool = False) -> Iterator[sqlite3.Connection]:
        """A connection in a write transaction, committed at the end and rolled back on any exception.

        Only with ``create`` is a missing file made; without, there is nothing in it to update or delete.
        """
        with self._lock, self._explained():
            connection = self._connected(create=create)
            # Taking the write lock at the start: a read lock that wants to become one can only fail.
            with _transaction(connection, "BEGIN IMMEDIATE"):
                yield connection

    def close(self) -> None:
        """Close the file, so that nothing but the file itself stays behind.

        Using it again opens it again; a database in memory is empty then.
        """
        with self._lock:
            for connection in (self._connection, self._empty):
                if connection is not None:
                    connection.close()
            self._connection = self._empty = None

    def _connected(self, *, create: bool) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._memory() if self._path is None else self._file(self._path, create=create)
        if self._connection is not None:
            return self._connection
        if self._empty is None:
            self._empty = self._memory()
        return self._empty

    def _memory(self) -> sqlite3.Connection:
        connection = _connect(":memory:")
        _migrate(connection)
        return connection

    def _file(self, path: Path, *, create: bool) -> sqlite3.Connection | None:
        """A connection to the file, or ``None`` when nothing was ever written to it and nothing shall be."""
        if create:
            _make_private(path)
        elif not path.exists():
            return None
        # Also for reading in mode rw: only such a connection can tidy up the -wal and -shm files at its end.
        connection = _connect(f"{path.absolute().as_uri()}?mode=rw")
        try:
            version = _checked_version(connection, path)
            if version == 0 and not create:
                connection.close()
                return None
            if version < len(_MIGRATIONS):
                _use_wal(connection)
                _migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What went wrong with the file, as a sentence."""
        try:
            yield
        except sqlite3.Error as error:
            raise _explanation(error, self._path) from error
        except OSError as error:
            raise AssistctlError(
                f"The database {self._path} cannot be opened for writing ({error.strerror or error})",
                "Choose a place that can be written to.",
            ) from error


def _connect(uri: str) -> sqlite3.Connection:
    # The lock in Database sees to it that one thread at a time uses the connection.
    return sqlite3.connect(
        uri, uri=uri != ":memory:", timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _make_private(path: Path) -> None:
    """The folder and an empty file, when they are not there, readable by their owner only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # SQLite gives the -wal and -shm files the permissions of the file itself.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _checked_version(connection: sqlite3.Connection, path: Path) -> int:
    """The version of a database that is ours, 0 for an empty one. Raises ``AssistctlError`` for any other."""
    # In one transaction: another process may be making the database at this moment.
    with _transaction(connection, "BEGIN"):
        version = _number(connection, "PRAGMA user_version")
        application = _number(connection, "PRAGMA application_id")
        tables = _number(connection, "SELECT count(*) FROM sqlite_master")
    if application != _APPLICATION_ID and (application or version or tables):
        raise AssistctlError(
            f"The file {path} is a database of another program", "Choose another file, or move this one away."
        )
    if version > len(_MIGRATIONS):
        raise AssistctlError(
            f"The database {path} was written by a newer version of assistctl"
            f" (format {version}; this one knows up to {len(_MIGRATIONS)})",
            "Upgrade assistctl.",
        )
    return version


def _number(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])


def _use_wal(connection: sqlite3.Connection) -> None:
    """Write-ahead logging: readers and the writer do not wait for each other.

    SQLite does not queue for this one statement, so the waiting is done here.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.005)
        else:
            return


def _migrate(connection: sqlite3.Connection) -> None:
    with _transaction(connection, "BEGIN IMMEDIATE"):
        # Read again: another process may have done it while this one waited.
        version = _number(connection, "PRAGMA user_version")
        for statements in _MIGRATIONS[version:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")


def _explanation(error: sqlite3.Error, path: Path | None) -> AssistctlError:
    # The low byte is the primary result code (https://www.sqlite.org/rescode.html).
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
        return AssistctlError(
            f"The file {path} is not a usable SQLite database ({error})",
            "Choose another file, or move this one away.",
        )
    if code == sqlite3.SQLITE_BUSY:
        return AssistctlError(
            f"The database {path} stayed locked by another process for {BUSY_SECONDS:g} seconds", "Try again."
        )
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
        return AssistctlError(
            f"The database {path} cannot be opened for writing ({error})",
            "The file and its folder must be writable, also for reading: SQLite keeps its log beside the file.",
        )
    return AssistctlError(f"The database {path} cannot be used ({error})")
