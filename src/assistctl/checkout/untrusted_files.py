"""Files and paths of a checkout that somebody else may have made: what is read of them, and where is written.

Regular files alone are read, up to a size, never waiting: opening a pipe would wait for somebody to write to it,
and a device may have no end. What assistctl writes down stays in the project, whatever links are there. Names may
differ in their form alone, for an é is one character or two: in what people type, what git keeps and what a folder
lists.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from pathlib import Path
from typing import BinaryIO

from assistctl.errors import ProjectError

READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
"""The flags to open a file with that may turn out to be a pipe: the call does not wait."""

OWN_FOLDER = ".assistctl"
"""The folder, in a project's, of all that is kept for it."""


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


def place_in(project: Path, path: Path | str) -> Path:
    """``path``, relative to ``project``, as an absolute one.

    Raises ``ProjectError`` when it looks like a place in the project and a link on the way leads out of it. What
    plainly lies elsewhere (``../shared.db``) was meant to.
    """
    place = Path(os.path.normpath(project / path))
    if not place.is_relative_to(project):
        return project / path
    try:
        real, root = place.resolve(), project.resolve()
    except (OSError, RuntimeError) as error:
        raise ProjectError(f"{path} is a link that leads back to itself") from error
    if not real.is_relative_to(root):
        raise ProjectError(
            f"{place.relative_to(project)} leaves the project, through a link",
            "A checkout may bring such a link along, and what is written would go to where it leads: remove it.",
        )
    return place


def composed(name: str) -> str:
    """A name or path in the form in which two that look the same are the same (NFC)."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def as_spelled(path: Path) -> Path:
    """``path`` as the folders it leads through spell it; itself when nothing there looks the same."""
    if str(path).isascii() or os.path.lexists(path) or path == path.parent:
        return path
    folder = as_spelled(path.parent)
    return folder / _listed_as(path.name, folder)


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


def _listed_as(name: str, folder: Path) -> str:
    if name.isascii() or os.path.lexists(folder / name):
        return name
    wanted = composed(name)
    try:
        return next((one.name for one in sorted(folder.iterdir()) if composed(one.name) == wanted), name)
    except OSError:
        return name
