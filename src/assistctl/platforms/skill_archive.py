"""A skill's files as platforms give them back: a ZIP archive of one folder.

It is somebody else's: how much of it is unpacked is bounded, and nothing of it is written to the disk.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from assistctl.errors import PlatformError
from assistctl.model.resource import MAIN_FILE
from assistctl.ownership.canonical import content_digest

_MOST_BYTES = 64 * 1024 * 1024
_MOST_FILES = 10_000


class UnreadableArchiveError(PlatformError):
    """A platform's answer is not an archive, or holds more than is read."""


@dataclass(frozen=True, slots=True)
class SkillContents:
    """The files of a version by their paths inside the folder; ``folder`` is what that is called."""

    folder: str
    files: Mapping[str, bytes] = field(repr=False)

    def digest(self, leaving_out: Iterable[str] = ()) -> str:
        """The digest by which a manifest's ``folder`` is compared."""
        out = {*leaving_out}
        return content_digest(
            (path, hashlib.sha256(content).hexdigest()) for path, content in self.files.items() if path not in out
        )


def unpacked_skill(archive: bytes, about: str) -> SkillContents:
    """The files in ``archive``, which is that of ``about``. Raises ``UnreadableArchiveError``."""
    try:
        files = _files_in(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise UnreadableArchiveError(f"the archive of {about} cannot be read: {error}") from error
    main = min((path for path in files if path.rpartition("/")[2] == MAIN_FILE), key=len, default=MAIN_FILE)
    base = main.removesuffix(MAIN_FILE)
    inside = {path.removeprefix(base): content for path, content in files.items() if path.startswith(base)}
    return SkillContents(base.rstrip("/").rpartition("/")[2], inside)


def _files_in(archive: bytes) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    left = _MOST_BYTES
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        entries = [entry for entry in opened.infolist() if not entry.is_dir()]
        if len(entries) > _MOST_FILES:
            raise ValueError(f"it has {len(entries):,} files")
        for entry in entries:
            with opened.open(entry) as packed:
                content = packed.read(left + 1)
            left -= len(content)
            if left < 0:
                raise ValueError(f"it holds more than {_MOST_BYTES:,} bytes")
            files[_plain(entry.filename)] = content
    return files


def _plain(name: str) -> str:
    path = name.replace("\\", "/")
    if path.startswith("/") or ":" in path or any(part in {"", ".", ".."} for part in path.split("/")):
        raise ValueError(f"{name!r} is not a file name")
    return path
