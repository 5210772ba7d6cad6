"""A record of uploads of this checkout that are not known to be in use, or about to be deleted, kept beforehand.

An upload bears no mark, so one that nothing refers to yet could not be told from anybody else's. The record is no
state: without it everything still works, but for what a killed apply left behind.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from assistctl.applying.files.upload_lines import (
    HELD,
    Entry,
    Filed,
    Recorded,
    about,
    is_sealed,
    lines_in,
    recorded,
    sealed,
)
from assistctl.checkout.untrusted_files import OWN_FOLDER, place_in
from assistctl.errors import AssistctlError
from assistctl.model.knowledge import UploadedFile
from assistctl.model.source_file import Identity, SourceFile
from assistctl.secrets.machine_key import MachineKey, machine_key

_FOLDER = Path(OWN_FOLDER, "uploads")


class _UnreadableError(AssistctlError):
    """The folder of the record cannot be read."""


@dataclass(slots=True)
class UploadLog:
    """The record of one project's target at one address. Each apply writes a file of its own.

    Only the process's end is provided for, not the machine's: nothing is synced to the disk.
    """

    project: Path
    scope: str
    _path: Path | None = None
    _open: dict[str, SourceFile] = field(default_factory=dict)
    _lost: set[str] = field(default_factory=set)
    _going: set[str] = field(default_factory=set)
    _staying: set[str] = field(default_factory=set)
    _key: MachineKey | None = None
    _vouched: frozenset[tuple[str, Filed]] | None = None

    def begins(self, source: SourceFile) -> str:
        """Write down that an upload begins; what names this attempt at it.

        Raises ``AssistctlError`` when it cannot be written down.
        """
        attempt = secrets.token_hex(8)
        self._open[attempt] = source
        self._write({**about(source), "attempt": attempt})
        return attempt

    def ended(self, attempt: str, file: UploadedFile) -> None:
        """Write down what came of it."""
        entry = {**about(self._open[attempt]), "attempt": attempt, "id": file.id, "filed_as": file.name}
        self._write(entry)

    def lost(self, attempt: str) -> None:
        """Note that the outcome is lost: whatever it left behind can be recognised only by its file's name."""
        del self._open[attempt]
        self._lost.add(attempt)

    def refused(self, attempt: str) -> None:
        """Note that it left nothing."""
        del self._open[attempt]

    def in_use(self, identity: Identity) -> None:
        """Note that an upload is referred to, or gone: it needs no record any more."""
        for attempt in [begun for begun, source in self._open.items() if source.identity == identity]:
            del self._open[attempt]

    def will_go(self, uploads: Mapping[str, Filed | None]) -> None:
        """Write down which uploads nothing will read any more, by their ids, before they are replaced."""
        self._going |= uploads.keys()
        self._write(*(_going(file_id, filed) for file_id, filed in uploads.items()))

    def will_stay(self, uploads: Collection[str], held: Collection[str]) -> None:
        """Write down which uploads only others will go on reading, by their ids: vector stores those ``held``."""
        self._staying.update(uploads)
        self._write(
            *(
                {**_going(file_id, None), **({HELD: True} if file_id in held else {})}
                for file_id in sorted(uploads)
            )
        )

    def left_in_stores(self) -> frozenset[str]:
        """The uploads that earlier applies on this machine left to vector stores, by their ids."""
        return frozenset(upload.file_id for upload in self._proven() if upload.held and upload.file_id)

    def gone(self, file_id: str) -> None:
        """Note that an upload is deleted, or read after all."""
        self._going.discard(file_id)

    def close(self) -> None:
        """Take away what is settled, when all that was uploaded is in use.

        That is all but lost attempts, and what others go on reading.
        """

        def stays(entry: Entry) -> bool:
            return entry.get("attempt") in self._lost or entry.get("id") in self._staying

        if self._path is not None and not self._open and not self._going:
            _keep(self._path, list(filter(stays, lines_in(self._path))))

    def unfinished(self) -> list[Recorded]:
        """The uploads that earlier applies wrote down and did not see the end of, each once.

        Raises ``AssistctlError`` when it cannot be read.
        """
        found: dict[tuple[object, ...], Recorded] = {}
        for upload in self._entries():
            attempt = (upload.attempt, upload.proven, upload.identity)
            if upload.file_id is None:
                found.setdefault((*attempt, None), upload)
                continue
            found[upload.file_id, upload.proven, upload.identity] = upload
            found.pop((*attempt, None), None)
        return list(found.values())

    def uploads(self) -> Mapping[Identity, str]:
        """The ids of the uploads that earlier applies on this machine wrote down; none where it cannot be read."""
        return {upload.identity: upload.file_id for upload in self._proven() if upload.file_id and upload.identity}

    def vouches_for(self, file: UploadedFile) -> bool:
        """Whether an earlier apply on this machine wrote down that it uploaded just this."""
        if self._vouched is None:
            proven = self._proven()
            self._vouched = frozenset(
                (upload.file_id, upload.filed) for upload in proven if upload.file_id and upload.filed
            )
        return (file.id, Filed(file.name, file.size)) in self._vouched

    def _proven(self) -> list[Recorded]:
        try:
            return [upload for upload in self.unfinished() if upload.proven]
        except _UnreadableError:
            # A plan needs no record: all that it saves is an upload.
            return []

    def forget(self, left: Collection[Filed], left_ids: Collection[str] = ()) -> None:
        """Take all records of this scope away but for those of what was ``left``: the rest is gone, or in use."""

        def stays(entry: Entry) -> bool:
            if entry.get("scope") != self.scope:
                return True
            upload = recorded(entry, proven=False)
            return upload is not None and (upload.file_id in left_ids if upload.file_id else upload.filed in left)

        for path in self._files():
            _keep(path, list(filter(stays, lines_in(path))))

    def _entries(self) -> Iterator[Recorded]:
        lines = [entry for path in self._files() for entry in lines_in(path) if entry.get("scope") == self.scope]
        key = machine_key(self.project) if lines else None
        for entry in lines:
            upload = recorded(entry, proven=is_sealed(entry, key))
            if upload is not None:
                yield upload

    def _files(self) -> list[Path]:
        folder = place_in(self.project, _FOLDER)
        try:
            found = sorted(path for path in folder.iterdir() if path.suffix == ".jsonl")
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise _UnreadableError(
                f"the record of uploads in {_FOLDER} cannot be read: {error.strerror}",
                "assistctl must be able to read and write this folder: is it another user's?",
            ) from error
        return [place_in(self.project, path) for path in found]

    def _write(self, *entries: Entry) -> None:
        if not entries:
            return
        self._key = key = self._key or machine_key(self.project, create=True)
        try:
            if self._path is None:
                self._path = _new_file(place_in(self.project, _FOLDER))
            with self._path.open("a", encoding="utf-8") as file:
                file.write("".join(sealed({**entry, "scope": self.scope}, key) for entry in entries))
        except OSError as error:
            raise AssistctlError(
                f"the upload cannot be written down in {_FOLDER}: {error.strerror}",
                "Without that, nobody could clean up after an interrupted apply.",
            ) from error


def _going(file_id: str, filed: Filed | None) -> Entry:
    return {"id": file_id} if filed is None else {"id": file_id, "name": filed.name, "size": filed.size}


def _new_file(folder: Path) -> Path:
    for directory in (folder.parent, folder):
        directory.mkdir(exist_ok=True, mode=0o700)
    path = folder / f"{secrets.token_hex(8)}.jsonl"
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return path


def _keep(path: Path, entries: list[dict[str, object]]) -> None:
    """Leave only ``entries`` in a file, with their seals; remove the file if there are none."""
    if not entries:
        path.unlink(missing_ok=True)
        return
    if entries == list(lines_in(path)):
        return
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("".join(map(partial(sealed, key=None), entries)))
    Path(name).replace(path)
