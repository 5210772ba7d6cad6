"""The bytes of uploads: one file each in the folder beside the database, ``local.db.files/``, named by their id.

Not in SQLite: measured with 300 MB, a plain file takes 1.3 s where blobs take 3.3 s and twice the space on the
way. What the database says counts: bytes without a row are an orphan of a killed process, and are swept. An
upload under way is called ``upload-…`` and gets its id's name in the transaction that adds its row.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from assistctl.errors import AssistctlError
from assistctl.local.database.storage_errors import is_no_room, no_room

_UNDER_WAY = "upload-"
_ABANDONED_SECONDS = 3600.0
"""An upload that got no byte for so long, in seconds, belongs to no process any more."""

LOCK = "indexing.lock"
OWNER_PREFIX = "server-"
"""The names in the folder that are no upload's: the lock of who indexes, and one of each server that does runs."""


@dataclass(frozen=True, slots=True)
class Received:
    """An upload under way: ``file`` is open for writing at ``path``."""

    file: IO[bytes]
    path: Path


class ContentFolder:
    """The folder of the database at ``database``; a temporary one for a database in memory (``None``).

    Everything raises ``AssistctlError`` when the folder or a file in it cannot be used.
    """

    def __init__(self, database: Path | None) -> None:
        self._beside = database
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._swept = False

    @property
    def path(self) -> Path:
        """The folder, which may not exist yet."""
        if self._beside is not None:
            return self._beside.with_name(f"{self._beside.name}.files")
        if self._temporary is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="assistctl-")
        return Path(self._temporary.name)

    def made(self) -> Path:
        """The folder, made if it was not there, for its owner only."""
        with _explained(self.path):
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.path

    def path_of(self, file_id: str) -> Path:
        """The path of an upload's bytes."""
        return self.path / file_id

    @contextmanager
    def receiving(self) -> Iterator[Received]:
        """A file to receive an upload, readable by its owner alone; removed at the end unless it was kept."""
        with _explained(self.path):
            handle, name = tempfile.mkstemp(prefix=_UNDER_WAY, dir=self.made())
        try:
            with _explained(self.path), os.fdopen(handle, "wb") as file:
                yield Received(file, Path(name))
        finally:
            Path(name).unlink(missing_ok=True)

    def settle(self, received: Received) -> None:
        """Have the bytes on the disk, not only on their way, and close the file."""
        with _explained(self.path):
            received.file.flush()
            os.fsync(received.file.fileno())
            received.file.close()

    def keep(self, received: Received, file_id: str) -> None:
        """Give a settled upload its name. To be called in the transaction that adds its row."""
        with _explained(self.path):
            received.path.replace(self.path_of(file_id))

    def remove(self, file_ids: Iterable[str]) -> None:
        """Remove the bytes of files whose rows are gone."""
        with _explained(self.path):
            for file_id in file_ids:
                self.path_of(file_id).unlink(missing_ok=True)

    def sweep(self, is_known: Callable[[str], bool]) -> None:
        """Remove what killed processes left behind, the first time this is called.

        To be called in a write transaction: no other process adds a row meanwhile, so bytes without one are
        nobody's.
        """
        if self._swept or not self.path.is_dir():
            return
        self._swept = True
        with _explained(self.path):
            for path in self.path.iterdir():
                if _is_orphan(path, is_known):
                    path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove a temporary folder."""
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if is_no_room(error):
            raise no_room(f"The folder {folder}") from error
        raise AssistctlError(
            f"The folder {folder} cannot be written to ({error.strerror or error})",
            "It holds the files that were uploaded. Make room, or choose another place for the database.",
        ) from error


def _is_orphan(path: Path, is_known: Callable[[str], bool]) -> bool:
    if path.name.startswith(_UNDER_WAY):
        return time.time() - path.stat().st_mtime > _ABANDONED_SECONDS
    return path.name != LOCK and not path.name.startswith(OWNER_PREFIX) and not is_known(path.name)
