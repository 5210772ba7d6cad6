"""``/mnt/data`` seen from outside: files are put in, and what code made is taken out.

Code can make links there, and change all of it at any moment. No link is ever followed: what is taken out is
opened from its folder's own descriptor, and what is put in replaces whatever has its name.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assistctl.local.code_interpreter.sandbox import Folders, Limits

Snapshot = dict[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class ProducedFile:
    """A file that code made or changed."""

    name: str
    """Its path below ``/mnt/data``, or the name of a chart."""
    content: bytes
    is_chart: bool = False
    """Whether it is a figure that was shown, which lies nowhere that code would look."""


@dataclass(slots=True)
class DataFolder:
    """The files of one session."""

    folders: Folders
    limits: Limits
    _placed: dict[str, tuple[str, int, int]] = field(default_factory=dict)

    def place(self, files: Mapping[str, Path]) -> None:
        """Put copies of ``files`` in by name, each once: what code made of its copy stays."""
        for name, source in files.items():
            if not source.is_file():  # deleted since the run began
                continue
            status = source.stat()
            mark = (str(source), status.st_size, status.st_mtime_ns)
            if self._placed.get(name) == mark:
                continue
            copy = self.folders.private / "copy"
            shutil.copyfile(source, copy)
            _put(copy, self.folders.data / name)
            self._placed[name] = mark

    @property
    def placed_bytes(self) -> int:
        """The size of all that was put in."""
        return sum(size for _, size, _ in self._placed.values())

    def snapshot(self) -> Snapshot:
        """Each file there, with what changes when it is changed."""
        return {name: _identity(status) for name, status in _regular_files(self.folders.data)}

    def produced_since(self, before: Snapshot) -> tuple[tuple[ProducedFile, ...], str]:
        """The charts, then the files that are new or changed, oldest first; and a note on any left out."""
        changed = [
            (status.st_mtime_ns, name)
            for name, status in _regular_files(self.folders.data)
            if before.get(name) != _identity(status)
        ]
        charts = sorted((status.st_mtime_ns, name) for name, status in _regular_files(self.folders.charts))
        found = [(self.folders.charts, name) for _, name in charts]
        found += [(self.folders.data, name) for _, name in sorted(changed)]
        produced, left_out = self._read(found)
        for _, name in charts:
            (self.folders.charts / name).unlink(missing_ok=True)
        note = f"Not handed over, because it is too much: {', '.join(left_out[:10])}" if left_out else ""
        return tuple(produced), note

    def _read(self, found: list[tuple[Path, str]]) -> tuple[list[ProducedFile], list[str]]:
        produced: list[ProducedFile] = []
        left_out: list[str] = []
        room = self.limits.produced_bytes
        for folder, name in found:
            content = None
            if len(produced) < self.limits.produced_files:
                content = _content(folder, name, room)
            if content is None:
                left_out.append(name)
            elif content:  # the service takes no empty file either
                room -= len(content)
                produced.append(ProducedFile(name, content, folder == self.folders.charts))
        return produced, left_out


def usage(folders: Folders, most_files: int) -> tuple[int, int]:
    """The bytes and entries a session has on disk; counting stops at ``most_files``."""
    size = entries = 0
    for top in folders.written:
        for _, status in _entries(top):
            entries += 1
            size += min(status.st_size, status.st_blocks * 512) if hasattr(status, "st_blocks") else status.st_size
            if entries > most_files:
                return size, entries
    return size, entries


def remove(folder: Path) -> None:
    """Remove a session's folder, also where code took away the right to."""

    def allow(_function: object, path: str, _error: object) -> None:
        for place in (os.path.dirname(path), path):  # noqa: PTH120 - a path of bytes that are no text stays as it is
            if not os.path.islink(place):  # noqa: PTH114 - as above
                os.chmod(place, 0o700)  # noqa: PTH101 - as above

    for _ in range(3):
        if not folder.exists():
            return
        try:
            shutil.rmtree(folder, onerror=allow)
        except OSError:
            continue


def _put(copy: Path, destination: Path) -> None:
    if destination.is_dir() and not destination.is_symlink():
        remove(destination)
    copy.replace(destination)


def _entries(top: Path) -> Iterator[tuple[str, os.stat_result]]:
    """All that is below ``top``, by relative path; links are not followed."""
    for folder, folders, files in os.walk(top, followlinks=False):
        for name in [*folders, *files]:
            path = Path(folder, name)
            try:
                yield path.relative_to(top).as_posix(), path.lstat()
            except OSError:
                continue  # gone meanwhile


def _regular_files(top: Path) -> Iterator[tuple[str, os.stat_result]]:
    return ((name, status) for name, status in _entries(top) if stat.S_ISREG(status.st_mode))


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _content(top: Path, name: str, most: int) -> bytes | None:
    """The bytes of a regular file below ``top``; ``None`` when there are more than ``most``, or none."""
    try:
        descriptor = _open(top, name)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        content = file.read(most + 1)
    return content if len(content) <= most else None


def _open(top: Path, name: str) -> int:
    """Open a file below ``top`` without following a link on the way."""
    if os.open not in os.supports_dir_fd:  # Windows, where code in a sandbox can make no link
        return os.open(top / name, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    *parents, last = name.split("/")
    descriptor = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parents:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        return os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=descriptor)
    finally:
        os.close(descriptor)
