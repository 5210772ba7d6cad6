"""A file of the project that an assistant reads, and what makes two of them one upload."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """The identity of a file's upload: the SHA-256 of the bytes (64 hex digits) and the base name.

    The name belongs to it because no platform can rename an upload.
    """

    sha256: str
    name: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of the project as it was read: ``path`` is relative to the project, with ``/``; ``size`` in bytes.

    ``location`` is where to read it.
    """

    path: str
    location: Path
    size: int
    identity: Identity
