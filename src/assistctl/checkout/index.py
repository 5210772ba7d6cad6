"""The files that git tracks: the names in its index, read from the file.

The format, versions 2 to 4: https://git-scm.com/docs/index-format
"""

from __future__ import annotations

import struct
from collections.abc import Generator, Iterator
from pathlib import Path

from assistctl.checkout.repository import Repository, head_of
from assistctl.checkout.untrusted_files import read_regular

_LARGEST = 1024 * 1024 * 1024
_SIGNATURE = b"DIRC"
_VERSIONS = (2, 3, 4)
_COMPRESSED = 4
_HEADER = struct.Struct(">4sII")
# An entry: ten numbers of the file's status, the object's hash, then 16 flags and 16 more if one of them is set.
_STATUS_BYTES, _FLAGS_BYTES, _EXTENDED = 40, 2, 0x4000
_SHA1_BYTES, _SHA256_BYTES = 20, 32
_SHA256_DIGITS = 64


class UnreadableIndexError(Exception):
    """The index is there and is not in a format that is known here."""


def is_tracked(repository: Repository, path: Path) -> bool:
    """Whether git tracks ``path``, an absolute one, whatever its case: file systems differ in that.

    Raises ``UnreadableIndexError`` when that cannot be told.
    """
    try:
        wanted = path.relative_to(repository.root).as_posix().casefold()
    except ValueError:
        return False
    return any(name.decode("utf-8", "surrogateescape").casefold() == wanted for name in _names(repository))


def _names(repository: Repository) -> Iterator[bytes]:
    head = head_of(repository)
    is_sha256 = head is not None and head.commit is not None and len(head.commit) == _SHA256_DIGITS
    hash_bytes = _SHA256_BYTES if is_sha256 else _SHA1_BYTES
    try:
        data = _read(repository.own / "index")
        end = yield from _entries(data, hash_bytes)
        shared = _shared(data, end, hash_bytes)
        if shared is not None:
            yield from _entries(_read(repository.own / f"sharedindex.{shared}"), hash_bytes)
    except (OSError, ValueError, IndexError, struct.error) as error:
        raise UnreadableIndexError(str(error)) from error


def _read(path: Path) -> bytes:
    try:
        return read_regular(path, _LARGEST)
    except FileNotFoundError:
        return _HEADER.pack(_SIGNATURE, _VERSIONS[0], 0)


def _entries(data: bytes, hash_bytes: int) -> Generator[bytes, None, int]:
    """The names of an index; returns where its extensions begin."""
    signature, version, count = _HEADER.unpack_from(data)
    if signature != _SIGNATURE or version not in _VERSIONS:
        raise ValueError("its version is unknown")
    at, name = _HEADER.size, b""
    for _ in range(count):
        flags_at = at + _STATUS_BYTES + hash_bytes
        (flags,) = struct.unpack_from(">H", data, flags_at)
        name_at = flags_at + _FLAGS_BYTES * (2 if flags & _EXTENDED else 1)
        if version == _COMPRESSED:
            dropped, name_at = _offset(data, name_at)
            end = data.index(b"\0", name_at)
            name = name[: len(name) - dropped] + data[name_at:end]
            following = end + 1
        else:
            end = data.index(b"\0", name_at)
            name = data[name_at:end]
            following = at + (end - at + 8) // 8 * 8  # one to eight zero bytes, to a multiple of eight
        yield name
        at = following
    return at


def _offset(data: bytes, at: int) -> tuple[int, int]:
    """A number as version 4 and packs write it, and where it ends."""
    byte = data[at]
    value = byte & 0x7F
    while byte & 0x80:
        at += 1
        byte = data[at]
        value = ((value + 1) << 7) | (byte & 0x7F)
    return value, at + 1


def _shared(data: bytes, at: int, hash_bytes: int) -> str | None:
    """The index that this one is only a difference to (``core.splitIndex``), as its hash."""
    while at + 8 + hash_bytes <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8])
        if name == b"link":
            return data[at + 8 : at + 8 + hash_bytes].hex()
        at += 8 + size
    return None
