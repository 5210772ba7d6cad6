"""Reading files that somebody else may have put there: regular ones only, up to a size, never waiting.

Opening a pipe would wait for somebody to write to it, and a device may have no end.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
"""The flags to open a file with that may turn out to be a pipe: the call does not wait."""


class NotRegularError(OSError):
    """It is there and is no regular file; ``strerror`` says so in a sentence."""


class TooLargeError(OSError):
    """It is larger than the caller wants to read."""


def read_regular(path: Path | str, limit: int) -> bytes:
    """What is in a regular file of at most ``limit`` bytes, links followed.

    Raises ``NotRegularError`` for anything else that is there, ``TooLargeError``, and ``OSError`` as ``open``
    does.
    """
    descriptor, size = _opened(path)
    try:
        data = os.read(descriptor, min(size, limit) + 1)
        # One that grows, or whose size nobody knows (in /proc), has more to give.
        while len(data) <= limit and (more := os.read(descriptor, limit + 1 - len(data))):
            data += more
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise TooLargeError(None, f"it is larger than {limit:,} bytes", str(path))
    return data


def open_regular(path: Path) -> BinaryIO:
    """A regular file, open for reading. Raises as ``read_regular`` does."""
    return os.fdopen(_opened(path)[0], "rb")


def _opened(path: Path | str) -> tuple[int, int]:
    """The descriptor of a regular file, and its size. Raises as ``read_regular`` does."""
    # Looked at before it is opened as well: opening alone can do something to a device.
    _require_regular(os.stat(path), path)  # noqa: PTH116  # a third of the time that Path.stat takes
    descriptor = os.open(path, READING)
    try:
        status = os.fstat(descriptor)
        _require_regular(status, path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor, status.st_size


def _require_regular(status: os.stat_result, path: Path | str) -> None:
    if not stat.S_ISREG(status.st_mode):
        what = "this is a folder, not a file" if stat.S_ISDIR(status.st_mode) else "this is no regular file"
        raise NotRegularError(None, what, str(path))
