"""What this checkout uploaded and does not know to be in use, or was about to delete: written down beforehand.

An upload bears no mark, so one that nothing refers to yet could not be told from anybody else's. The record is no
state: without it everything still works, but for what a killed apply left behind.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assistctl.errors import AssistctlError
from assistctl.source_file import Identity, SourceFile

_FOLDER = Path(".assistctl", "uploads")


@dataclass(frozen=True, slots=True)
class Recorded:
    """An upload that was begun: ``file_id`` is ``None`` when it is not known to have ended.

    One that was to be deleted has an id and no ``identity``.
    """

    identity: Identity | None
    size: int
    file_id: str | None = None


@dataclass(slots=True)
class UploadRecord:
    """The record of one project's target at one address. Each apply writes a file of its own.

    Only the process's end is provided for, not the machine's: nothing is synced to the disk.
    """

    project: Path
    scope: str
    _path: Path | None = None
    _open: dict[Identity, SourceFile] = field(default_factory=dict)
    _going: set[str] = field(default_factory=set)

    def begins(self, source: SourceFile) -> None:
        """Write down that an upload begins. Raises ``AssistctlError`` when it cannot be written down."""
        self._open[source.identity] = source
        self._write({**_entry(source), "scope": self.scope})

    def ended(self, source: SourceFile, file_id: str) -> None:
        """Write down what came of it."""
        self._write({**_entry(source), "scope": self.scope, "id": file_id})

    def in_use(self, identity: Identity) -> None:
        """Note that an upload is referred to, or gone: it needs no record any more."""
        self._open.pop(identity, None)

    def will_go(self, file_ids: Collection[str]) -> None:
        """Write down which uploads nothing will read any more, before they are replaced."""
        self._going |= set(file_ids)
        self._write(*({"id": file_id, "scope": self.scope} for file_id in file_ids))

    def gone(self, file_id: str) -> None:
        """Note that an upload is deleted, or read after all."""
        self._going.discard(file_id)

    def close(self) -> None:
        """Take the record away when all that was uploaded is in use, and all that was to go is gone."""
        if self._path is not None and not self._open and not self._going:
            self._path.unlink(missing_ok=True)

    def unfinished(self) -> list[Recorded]:
        """What earlier applies wrote down, each identity once.

        Raises ``AssistctlError`` when it cannot be read.
        """
        found: dict[tuple[Identity | None, str | None], Recorded] = {}
        ended: set[Identity | None] = set()
        for recorded in self._entries():
            found[recorded.identity, recorded.file_id] = recorded
            if recorded.file_id is not None:
                ended.add(recorded.identity)
        return [one for one in found.values() if one.file_id is not None or one.identity not in ended]

    def uploads(self) -> Mapping[Identity, str]:
        """The ids of the uploads that earlier applies wrote down; none where that cannot be read."""
        try:
            unfinished = self.unfinished()
        except AssistctlError:
            # A plan needs no record: all that it saves is an upload.
            return {}
        return {one.identity: one.file_id for one in unfinished if one.file_id and one.identity}

    def forget_all(self) -> None:
        """Take all records of this scope away: what they named is gone, or in use."""
        for path in self._files():
            if all(entry.get("scope") == self.scope for entry in _lines(path)):
                path.unlink(missing_ok=True)

    def _entries(self) -> Iterator[Recorded]:
        for path in self._files():
            for entry in _lines(path):
                recorded = _recorded(entry)
                if entry.get("scope") == self.scope and recorded is not None:
                    yield recorded

    def _files(self) -> list[Path]:
        folder = self.project / _FOLDER
        try:
            return sorted(path for path in folder.iterdir() if path.suffix == ".jsonl")
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise AssistctlError(
                f"the record of uploads in {_FOLDER} cannot be read: {error.strerror}",
                "assistctl must be able to read and write this folder: is it another user's?",
            ) from error

    def _write(self, *entries: Mapping[str, object]) -> None:
        if not entries:
            return
        try:
            if self._path is None:
                self._path = _new_file(self.project / _FOLDER)
            with self._path.open("a", encoding="utf-8") as file:
                file.write("".join(json.dumps(entry) + "\n" for entry in entries))
        except OSError as error:
            raise AssistctlError(
                f"the upload cannot be written down in {_FOLDER}: {error.strerror}",
                "Without that, nobody could clean up after an interrupted apply.",
            ) from error


def _new_file(folder: Path) -> Path:
    for one in (folder.parent, folder):
        one.mkdir(exist_ok=True, mode=0o700)
    path = folder / f"{secrets.token_hex(8)}.jsonl"
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return path


def _entry(source: SourceFile) -> dict[str, object]:
    return {"sha256": source.identity.sha256, "name": source.identity.name, "size": source.size}


def _lines(path: Path) -> Iterator[dict[str, object]]:
    """The entries of a file; a line that was cut off is no entry."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry


def _recorded(entry: Mapping[str, object]) -> Recorded | None:
    sha256, name, size, file_id = (entry.get(field) for field in ("sha256", "name", "size", "id"))
    if sha256 is None and isinstance(file_id, str):
        return Recorded(None, 0, file_id)
    if not isinstance(sha256, str) or not isinstance(name, str) or not isinstance(size, int):
        return None
    return Recorded(Identity(sha256, name), size, file_id if isinstance(file_id, str) else None)
