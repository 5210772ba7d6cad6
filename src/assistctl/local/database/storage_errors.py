"""Errors of SQLite, in words for people."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from assistctl.errors import AssistctlError, NoRoomError

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def explanation(error: sqlite3.Error, path: Path | None, waited: float) -> AssistctlError:
    """The sentence for an ``error`` with the database at ``path``, after up to ``waited`` seconds for its lock."""
    # The low byte is the primary result code (https://www.sqlite.org/rescode.html).
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
        return AssistctlError(
            f"The file {path} is not a usable SQLite database ({error})",
            "Choose another file, or move this one away.",
        )
    if code == sqlite3.SQLITE_BUSY:
        return AssistctlError(
            f"The database {path} stayed locked by another process for {waited:g} seconds", "Try again."
        )
    if code == sqlite3.SQLITE_FULL:
        return no_room(f"The database {path}")
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
        return AssistctlError(
            f"The database {path} cannot be opened for writing ({error})",
            "The file and its folder must be writable, also for reading: SQLite keeps its log beside the file.",
        )
    return AssistctlError(f"The database {path} cannot be used ({error})")


def is_no_room(error: OSError) -> bool:
    """Whether the system refused to write for want of room."""
    return error.errno in _NO_ROOM


def no_room(place: str) -> NoRoomError:
    """The sentence for a full disk; ``place`` begins it."""
    return NoRoomError(f"{place} cannot grow: the disk is full", "Make room. What was stored before is unharmed.")
