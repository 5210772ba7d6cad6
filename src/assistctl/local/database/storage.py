"""The platform's one file: an SQLite database that several threads and processes may use at once.

Reading changes nothing: without a file there is an empty database, and no file is made; a file of an older format
is read through a copy in memory. The first write makes the folder and the file, for its owner only, or brings an
older file up to date. Transactions are short, and writers queue for the file; readers never wait for a writer.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from assistctl.errors import AssistctlError
from assistctl.local.database.disk import CAN_BE_SHARED, Disk
from assistctl.local.database.migrations import ACCOUNT_FORMAT, MIGRATIONS
from assistctl.local.database.storage_errors import explanation, is_no_room, no_room

BUSY_SECONDS = 30.0
"""How long a transaction waits for another process's, in seconds; each takes about a millisecond."""

_APPLICATION_ID = 0x61737374
"""``asst`` in ASCII: marks a file as ours (https://www.sqlite.org/pragma.html#pragma_application_id)."""


_NAMED = "INSERT INTO account (id) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM account)"


class Database:
    """A database at ``path``, or in memory when that is ``None``. Opened by its first use.

    Everything raises ``AssistctlError`` when the file cannot be used.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._writer = _Link(path)
        # A connection of its own: a write may have to wait for another process's. In memory there is only the one.
        self._reader = self._writer if path is None else _Link(path)
        self._disk = Disk(path) if path is not None and CAN_BE_SHARED else None
        self._before_close: list[Callable[[], None]] = []
        self._account: str | None = None

    @property
    def path(self) -> Path | None:
        """The file, ``None`` for a database in memory."""
        return self._path

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one state of the database, and must not be written to."""
        reader = self._reader
        with reader.lock, self._explained(), self._readable() as connection, _transaction(connection, "BEGIN"):
            yield connection

    @contextmanager
    def writing(self, *, create: bool = False, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """A connection in a write transaction, committed at the end and rolled back on any exception.

        Only with ``create`` is a missing file made; without, there is nothing in it to update or delete. What is
        not ``durable`` outlives the process, and a loss of power only once something durable was written after it:
        it does not wait for the disk (https://www.sqlite.org/pragma.html#pragma_synchronous).
        """
        with self._explained():
            with self._writer.lock:
                connection = self._writable(create=create)
                is_waited_for = durable and self._disk is not None and _has_log(connection)
                waits_itself = durable and not is_waited_for
                connection.execute(f"PRAGMA synchronous = {'FULL' if waits_itself else 'NORMAL'}")
                # Taking the write lock at the start: a read lock that wants to become one can only fail.
                with _transaction(connection, "BEGIN IMMEDIATE"):
                    if _version(connection) >= ACCOUNT_FORMAT:
                        connection.execute(_NAMED, (f"org-{secrets.token_hex(12)}",))
                    before = connection.total_changes
                    yield connection
                    is_waited_for = is_waited_for and connection.total_changes > before
            if is_waited_for and self._disk is not None:
                self._disk.wait()

    @property
    def known_account(self) -> str | None:
        """The same as ``account`` if it was read before; never opens the file."""
        return self._account

    def account(self) -> str | None:
        """The id that tells this database from any other; ``None`` before the first change that reaches it."""
        if self._account is None:
            with self.reading() as connection:
                found = connection.execute("SELECT id FROM account").fetchone()
            self._account = str(found[0]) if found else None
        return self._account

    def close(self) -> None:
        """Close the file, so that nothing but the file itself stays behind.

        Using it again opens it again; a database in memory is empty then.
        """
        for action in self._before_close:
            action()
        self._reader.close()
        self._writer.close()
        self._account = None

    def before_close(self, action: Callable[[], None]) -> None:
        """Have ``action`` called at each ``close``, while the file can still be used."""
        self._before_close.append(action)

    @contextmanager
    def _readable(self) -> Iterator[sqlite3.Connection]:
        connection = self._reader.opened()
        if connection is None or _version(connection) == len(MIGRATIONS):
            yield connection or self._reader.nothing()
            return
        # Looked at again by every read: another process may bring the file up to date at any moment.
        with closing(_memory()) as copy:
            connection.backup(copy)
            _migrate(copy)
            yield copy

    def _writable(self, *, create: bool) -> sqlite3.Connection:
        connection = self._writer.opened(create=create)
        if connection is None:
            return self._writer.nothing()
        if _version(connection) < len(MIGRATIONS):
            _use_wal(connection)
            _migrate(connection)
        return connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """A sentence that says what is wrong with the file."""
        try:
            yield
        except sqlite3.Error as error:
            raise explanation(error, self._path, BUSY_SECONDS) from error
        except OSError as error:
            if is_no_room(error):
                raise no_room(f"The database {self._path}") from error
            raise AssistctlError(
                f"The database {self._path} cannot be opened for writing ({error.strerror or error})",
                "Choose a place that can be written to.",
            ) from error


class _Link:
    """One connection, opened by its first use. Its users hold ``lock``."""

    def __init__(self, path: Path | None) -> None:
        self.lock = threading.Lock()
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._empty: sqlite3.Connection | None = None

    def opened(self, *, create: bool = False) -> sqlite3.Connection | None:
        """The connection, kept for the next time; ``None`` when nothing was ever written and nothing shall be."""
        if self._connection is None and self._path is None:
            self._connection = _memory()
            _migrate(self._connection)
        elif self._connection is None and self._path is not None:
            self._connection = _file(self._path, create=create)
        return self._connection

    def nothing(self) -> sqlite3.Connection:
        """An empty database, for reading a file that is not there."""
        if self._empty is None:
            self._empty = _memory()
            _migrate(self._empty)
        return self._empty

    def close(self) -> None:
        """Close it; the next use opens it again."""
        with self.lock:
            for connection in (self._connection, self._empty):
                if connection is not None:
                    connection.close()
            self._connection = self._empty = None


def _memory() -> sqlite3.Connection:
    return _connect(":memory:")


def _file(path: Path, *, create: bool) -> sqlite3.Connection | None:
    """A connection to the file, whatever its format; ``None`` for an empty file unless it is to ``create``."""
    if create:
        _make_private(path)
    elif not path.exists():
        return None
    # Also for reading in mode rw: only such a connection can tidy up the -wal and -shm files at its end.
    connection = _connect(f"{path.absolute().as_uri()}?mode=rw")
    try:
        if _checked_version(connection, path) or create:
            return connection
    except BaseException:
        connection.close()
        raise
    connection.close()
    return None


def _connect(uri: str) -> sqlite3.Connection:
    # The lock of _Link sees to it that one thread at a time uses the connection.
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
        version = _version(connection)
        application = _number(connection, "PRAGMA application_id")
        tables = _number(connection, "SELECT count(*) FROM sqlite_master")
    if application != _APPLICATION_ID and (application or version or tables):
        raise AssistctlError(
            f"The file {path} is a database of another program", "Choose another file, or move this one away."
        )
    if version > len(MIGRATIONS):
        raise AssistctlError(
            f"The database {path} was written by a newer version of assistctl"
            f" (format {version}; this one knows up to {len(MIGRATIONS)})",
            "Upgrade assistctl.",
        )
    return version


def _version(connection: sqlite3.Connection) -> int:
    return _number(connection, "PRAGMA user_version")


def _has_log(connection: sqlite3.Connection) -> bool:
    """Whether it is written to a write-ahead log: not in memory, nor where the file system allows none."""
    return bool(connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal")


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
    connection.create_function("search_terms", 2, _search_terms, deterministic=True)
    with _transaction(connection, "BEGIN IMMEDIATE"):
        # Read again: another process may have done it while this one waited.
        version = _version(connection)
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def _search_terms(text: str, filename: str | None) -> str:
    """The search terms of a chunk that an older version indexed, as an SQL function for a migration."""
    from assistctl.local.vector_stores.words import index_terms

    return index_terms(text, filename or "")
