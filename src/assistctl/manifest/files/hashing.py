"""Files -> the SHA-256 of their bytes; only what was changed since the last time is read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

from assistctl.checkout.untrusted_files import READING, ReaderOfNoKey, UnusableFileError, reason_of
from assistctl.manifest.files.found_file import FileStat, FoundFile
from assistctl.manifest.files.hash_cache import HashCache, moment

_AT_ONCE = min(4, os.cpu_count() or 1)
# Measured: with threads, files of 1 MB are hashed a third faster, and files of 500 bytes in thrice the time.
_WORTH_A_THREAD = 512 * 1024
_FLAGS = READING | getattr(os, "O_NOFOLLOW", 0)

_Reading: TypeAlias = "tuple[str | UnusableFileError, int]"
"""A hash, or why there is none, and the moment before the file was read."""


def hashes(files: Iterable[FoundFile], cache: HashCache) -> Mapping[FoundFile, str | UnusableFileError]:
    """The SHA-256 (64 hex digits) of each file, or why it could not, or must not, be read.

    Files that ``cache`` knows are not read; what is new is added to it. Large ones are read side by side.
    """
    known: dict[FoundFile, str | UnusableFileError] = {}
    unknown = []
    for file in dict.fromkeys(files):
        sha256 = cache.find(file.path, file.stat)
        if sha256 is None:
            unknown.append(file)
        else:
            known[file] = sha256
    for file, (found, read_at) in _read_all(unknown):
        known[file] = found
        if isinstance(found, str):
            cache.add(file.path, file.stat, found, read_at)
    cache.save()
    return known


def _read_all(files: Sequence[FoundFile]) -> Iterator[tuple[FoundFile, _Reading]]:
    for file in files:
        if file.stat.size < _WORTH_A_THREAD:
            yield file, _hash(file)
    large = [file for file in files if file.stat.size >= _WORTH_A_THREAD]
    if large:
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            yield from zip(large, threads.map(_hash, large), strict=True)


def _hash(file: FoundFile) -> _Reading:
    read_at = moment()
    try:
        return _read(file), read_at
    except UnusableFileError as error:
        return error, read_at
    except FileNotFoundError:
        return UnusableFileError("it was there a moment ago and is gone", "Run the command again."), read_at
    except OSError as error:
        return UnusableFileError(f"it cannot be read: {reason_of(error)}"), read_at


def _read(file: FoundFile) -> str:
    handle = os.open(file.location, _FLAGS)
    with ReaderOfNoKey(handle) as opened:
        _refuse_change(file, handle)
        digest = hashlib.file_digest(opened, "sha256")
        _refuse_change(file, handle)
    return digest.hexdigest()


def _refuse_change(file: FoundFile, handle: int) -> None:
    if FileStat.of(os.fstat(handle)) != file.stat:
        raise UnusableFileError("it was changed while it was read", "Run the command again when it is finished.")
