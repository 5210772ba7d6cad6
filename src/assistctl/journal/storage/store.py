"""The storage of journals and locks as one Protocol: small objects with conditional puts, and growing logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Tag:
    """The name of one state of an object: its e-tag, with the generation on services that use one."""

    e_tag: str | None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as it was read."""

    data: bytes
    tag: Tag


class Log(Protocol):
    """A log that only this process writes."""

    async def append(self, data: bytes) -> None:
        """Add ``data``, which survives a power cut from here on.

        Raises ``JournalError`` when it may not be there. Later appends stay readable all the same.
        """

    async def close(self) -> None:
        """Let go of it; what was appended is there already."""


class Store(Protocol):
    """A place for objects and logs. Keys are names joined by ``/``. Everything raises ``JournalError`` on failure.

    ``shared`` says whether other machines may use it too, ``place`` where it is, for people.
    """

    shared: bool
    place: str

    async def get(self, key: str) -> Stored | None:
        """The object, ``None`` when there is none."""

    async def create(self, key: str, data: bytes) -> Tag | None:
        """Put an object where there is none; ``None`` when there is one already.

        ``data`` must be unlike anything another writer would put: so a lost answer is told from a lost race.
        """

    async def replace(self, key: str, data: bytes, tag: Tag) -> Tag | None:
        """Put an object in the place of the one that ``tag`` names; ``None`` when that is there no more.

        ``data`` must be unlike anything another writer would put.
        """

    async def create_log(self, key: str, data: bytes) -> Log | None:
        """Begin a log with ``data``; ``None`` when there is one with this key already."""

    async def read_log(self, key: str) -> bytes | None:
        """All of a log, ``None`` when there is none."""

    async def log_edges(self, key: str) -> tuple[bytes, bytes] | None:
        """The first line of a log, and a piece up to its end that begins with a line and holds the last one."""

    async def delete_log(self, key: str) -> None:
        """Delete a log; one that is already gone is no error."""

    async def names(self, key: str) -> Sequence[str]:
        """The names right under ``key`` (of logs, objects and what encloses them), sorted."""
