"""The names of a session's files under ``/mnt/data``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

_LONGEST_BYTES = 200
"""File systems take 255 bytes; the rest is left for what tells duplicates apart."""


def distinct_names(files: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The name of each file under ``/mnt/data`` -> its id, for pairs of id and file name, in their order.

    The first of several files of a name keeps it, ``prices.csv``; the next is ``prices (2).csv``. Capital letters
    make no difference, because on some machines they do not. A name that no file can have gives way to the id.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for file_id, filename in files:
        name = _free(_usable(filename) or file_id, taken)
        taken.add(name.casefold())
        names[name] = file_id
    return names


def _usable(filename: str) -> str:
    base = "".join(it for it in filename.replace("\\", "/").rpartition("/")[2] if it.isprintable() and it != ":")
    base = base.strip(" ").rstrip(".")
    if len(base.encode()) <= _LONGEST_BYTES:
        return base
    suffix = PurePosixPath(base).suffix[:20]
    return base.encode()[: _LONGEST_BYTES - len(suffix.encode())].decode(errors="ignore") + suffix


def _free(name: str, taken: set[str]) -> str:
    path = PurePosixPath(name)
    candidate, number = name, 1
    while candidate.casefold() in taken:
        number += 1
        candidate = f"{path.stem} ({number}){path.suffix}"
    return candidate
