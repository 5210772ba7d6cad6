"""Reading files that somebody else may have put there: regular ones only, up to a size, never waiting.

Opening a pipe would wait for somebody to write to it, and a device may have no end.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
"""The flags to open a file with that may turn out to be a pipe: the call does not wait."""


class NotRegularError(OSError):
    """It is there and is no regular file; ``strerror`` says what it is."""


class TooLargeError(OSError):
    """It is larger than the caller wants to read."""


def read_regular(path: Path, limit: int) -> bytes:
    """What is in a regular file of at most ``limit`` bytes, links followed.

    Raises ``NotRegularError`` for anything else that is there, ``TooLargeError``, and ``OSError`` as ``open``
    does.
    """
    # Looked at before it is opened as well: opening alone can do something to a device.
    _require_regular(path.stat(), path)
    with os.fdopen(os.open(path, READING), "rb") as file:
        _require_regular(os.fstat(file.fileno()), path)
        data = file.read(limit + 1)
    if len(data) > limit:
        raise TooLargeError(None, f"it is larger than {limit:,} bytes", str(path))
    return data


def kind_of(mode: int) -> str:
    """What something is that is no regular file, by its ``st_mode``: ``a named pipe``."""
    kinds = (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    )
    return next((kind for is_one, kind in kinds if is_one(mode)), "something else")


def _require_regular(status: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise NotRegularError(None, f"this is {kind_of(status.st_mode)}, not a file", str(path))
