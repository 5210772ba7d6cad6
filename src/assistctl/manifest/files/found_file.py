"""A file of the project that may be uploaded, as it was found: looked at, not read."""

from __future__ import annotations

import os
import stat
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Self

from assistctl.checkout.untrusted_files import (
    READING,
    UnusableFileError,
    as_spelled,
    composed,
    reason_of,
    refuse_names,
    refuse_private_key,
    resolve_inside,
)
from assistctl.manifest.syntax.phrases import shown

MAX_SIZE = 512 * 1024 * 1024
"""Bytes in one upload (https://platform.openai.com/docs/api-reference/files/create)."""
MAX_NAME = 255
"""Characters of a base name."""
MAX_PATH = 512
"""Characters of a path: it is kept as an attribute, and those are no longer
(https://platform.openai.com/docs/api-reference/vector-stores-files)."""

# Certificates have the same endings, and they may be read.
_KEY_ENDINGS = (".pem", ".key")
_LARGEST_KEY = 64 * 1024
_BY_EFFECTIVE_USER = os.access in os.supports_effective_ids
_LINE_BREAKS = frozenset("\u2028\u2029")


class FileStat(NamedTuple):
    """Facts that tell, without reading a file, that it is unchanged; times in nanoseconds since 1970."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """The part of a file's status that counts."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A regular file: ``path`` relative to the project with ``/``, ``location`` where it is, links followed."""

    path: str
    location: Path
    stat: FileStat


def find(folder: Path, name: str, root: Path, *, may_be_empty: bool = False) -> FoundFile:
    """The file ``name`` in ``folder``, a real path in ``root``.

    Raises ``UnusableFileError`` when it is missing, leaves ``root``, or is nothing that platforms take, and
    ``NeverReadError`` for what is never read, as far as that shows in its name or at the start of a ``.pem`` or
    ``.key``.
    """
    place = as_spelled(folder / name)
    # What differs in the form of its letters alone is the same file, here and on the platform.
    path = composed(_prefix(folder, root) + name)
    _refuse_name(name, path)
    refuse_names(*path.split("/"))
    location, status = _real(place, root)
    if location is not place:
        refuse_names(*location.relative_to(root).parts)
    _refuse_kind(status, location)
    if name.lower().endswith(_KEY_ENDINGS) or location.name.lower().endswith(_KEY_ENDINGS):
        refuse_private_key(_start(location))
    if status.st_size or not may_be_empty:
        _refuse_size(status.st_size)
    return FoundFile(path, location, FileStat.of(status))


@lru_cache(maxsize=1024)
def _prefix(folder: Path, root: Path) -> str:
    inside = folder.relative_to(root).as_posix()
    return "" if inside == "." else f"{inside}/"


def _real(place: Path, root: Path) -> tuple[Path, os.stat_result]:
    try:
        status = place.lstat()
        if not stat.S_ISLNK(status.st_mode):
            return place, status
        location = resolve_inside(place, root)
        return location, location.lstat()
    except FileNotFoundError as error:
        raise UnusableFileError("there is no such file", "A path is relative to the file it stands in.") from error
    except (OSError, ValueError) as error:
        raise UnusableFileError(f"it cannot be opened: {reason_of(error)}") from error


def _refuse_name(name: str, path: str) -> None:
    if not name.isascii():
        try:
            path.encode()
        except UnicodeEncodeError as error:
            raise UnusableFileError(
                "its name is not valid UTF-8", "Rename it: APIs take names as text."
            ) from error
    strange = next(
        (character for character in name if unicodedata.category(character) == "Cc" or character in _LINE_BREAKS),
        None,
    )
    if strange:
        raise UnusableFileError(f"its name holds the control character {shown(strange)}", "Rename it.")
    if len(name) > MAX_NAME:
        raise UnusableFileError(f"its name is {len(name)} characters long; at most {MAX_NAME} are allowed")
    if len(path) > MAX_PATH:
        raise UnusableFileError(
            f"its path in the project is {len(path)} characters long; at most {MAX_PATH} are allowed"
        )


def _start(location: Path) -> bytes:
    try:
        with os.fdopen(os.open(location, READING), "rb") as file:
            return file.read(_LARGEST_KEY)
    except OSError as error:
        raise UnusableFileError(f"it cannot be read: {reason_of(error)}") from error


def _refuse_kind(status: os.stat_result, location: Path) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise UnusableFileError("this is a folder, not a file")
    if not stat.S_ISREG(status.st_mode):
        raise UnusableFileError("this is not a regular file")
    if not os.access(location, os.R_OK, effective_ids=_BY_EFFECTIVE_USER):
        raise UnusableFileError("it cannot be read: permission denied", "Check its permissions.")


def _refuse_size(size: int) -> None:
    if size == 0:
        raise UnusableFileError("this file is empty", "Platforms refuse a file without a byte.")
    if size > MAX_SIZE:
        raise UnusableFileError(
            f"this file has {size:,} bytes; at most {MAX_SIZE:,} are allowed", "Divide it into several files."
        )
