"""A cache of file hashes, so that untouched files are not read again.

It works as git's index does (https://git-scm.com/docs/racy-git): a hash counts only while size, times, inode and
device are all the same. It is nothing but a cache, in the user's cache folder: where it is missing, damaged or
cannot be written, files are read.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
import time
from pathlib import Path

from assistctl.json_value import Json
from assistctl.manifest.files.found_file import FileStat

# Up to 1, files were not looked through for private keys.
_HEAD = "assistctl hashes 2"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SECOND = 1_000_000_000
_COARSE_CLOCK = getattr(time, "CLOCK_REALTIME_COARSE", None)
_MARGIN = 0 if _COARSE_CLOCK is not None else 20_000_000


def moment() -> int:
    """Nanoseconds since 1970 by the clock that files get their times from: a later change has no earlier time."""
    if _COARSE_CLOCK is not None:
        return time.clock_gettime_ns(_COARSE_CLOCK)
    return time.time_ns()


def place_for(directory: Path) -> Path | None:
    """The cache file of the project in ``directory``; ``None`` for a user without a cache folder."""
    from platformdirs import user_cache_path

    try:
        folder = user_cache_path("assistctl", appauthor=False)
    except RuntimeError:  # neither HOME nor an entry in the user database: a container with a uid of its own
        return None
    # Elsewhere than at an absolute path it would be a folder in the project.
    name = hashlib.sha256(os.fsencode(directory)).hexdigest()[:32]
    return folder / "hashes" / name if folder.is_absolute() else None


class HashCache:
    """The hashes of one project's files, by their path in ``directory``, as kept in the file ``place``, if any."""

    def __init__(self, directory: Path, place: Path | None) -> None:
        self._directory = directory
        self._place = place
        self._kept = _read(place) if place else {}
        self._current: dict[str, Json] = {}
        self._has_news = False

    def find(self, path: str, stat: FileStat) -> str | None:
        """The SHA-256 of a file that was hashed before and not changed since, as 64 hex digits."""
        entry = self._kept.get(path)
        if not isinstance(entry, list) or entry[:-1] != list(stat):
            return None
        sha256 = entry[-1]
        if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
            return None
        self._current[path] = entry
        return sha256

    def add(self, path: str, stat: FileStat, sha256: str, read_at: int) -> None:
        """Remember a hash; ``read_at`` is the ``moment()`` before the file was read.

        One that may have been changed in that very moment is not remembered: a second change could leave all of
        ``stat`` as it is.
        """
        if is_settled(stat, read_at):
            self._current[path] = [*stat, sha256]
            self._has_news = True

    def save(self) -> None:
        """Write what is new, whole or not at all; that it cannot be written is no error."""
        if self._place is None or not self._has_news:
            return
        others = {path: entry for path, entry in self._kept.items() if path not in self._current}
        kept = {path: entry for path, entry in others.items() if os.path.lexists(self._directory / path)}
        with contextlib.suppress(OSError):
            _write(self._place, {**kept, **self._current})


def is_settled(stat: FileStat, read_at: int) -> bool:
    """Whether any change after ``read_at`` must show in the file's times."""
    # No nanoseconds at all: the file system counts in seconds, or in two of them.
    margin = 2 * _SECOND if stat.ctime_ns % _SECOND == 0 else _MARGIN
    return max(stat.mtime_ns, stat.ctime_ns) < read_at - margin


def _read(place: Path) -> dict[str, Json]:
    """The contents of ``place``; empty unless they are exactly as written."""
    try:
        head, _, body = place.read_text(encoding="utf-8").partition("\n")
        if head != _head(body):
            return {}
        entries: Json = json.loads(body)
    except (OSError, ValueError, RecursionError):
        return {}
    return entries if isinstance(entries, dict) else {}


def _write(place: Path, entries: dict[str, Json]) -> None:
    body = json.dumps(entries, ensure_ascii=False, separators=(",", ":"))
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Private from the start: a temporary file is readable by its owner alone.
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f"{place.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{_head(body)}\n{body}")
        Path(name).replace(place)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _head(body: str) -> str:
    return f"{_HEAD} {hashlib.sha256(body.encode()).hexdigest()}"
