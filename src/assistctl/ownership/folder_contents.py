"""A folder of files, known by what is in it: what a manifest declares and what a platform gives back alike."""

from __future__ import annotations

from collections.abc import Iterable

from assistctl.ownership.canonical import digest


def content_digest(files: Iterable[tuple[str, str]]) -> str:
    """A digest of files by their paths inside of the folder and their SHA-256, in whatever order they come."""
    return digest([[path, sha256] for path, sha256 in sorted(files)])
