"""Entries of ``files`` -> the files of the project that they stand for."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from assistctl.checkout.untrusted_files import (
    NeverReadError,
    UnusableFileError,
    as_spelled,
    is_folder,
    refuse_names,
    resolve_inside,
)
from assistctl.diagnostics import Position
from assistctl.json_value import Json
from assistctl.manifest.contents import Contents
from assistctl.manifest.files.entries import FileEntry, Reader
from assistctl.manifest.files.found_file import FoundFile, find
from assistctl.manifest.files.glob import Folders, divided, is_pattern, unmeant
from assistctl.manifest.project.discovery import ManifestFile
from assistctl.manifest.syntax.yaml_values import dotted
from assistctl.model.counting import counted

MAX_INTERPRETER_FILES = 20
"""Files one assistant may have for the code interpreter (``tool_resources`` in
https://platform.openai.com/docs/api-reference/assistants/createAssistant)."""

_MOST_SAID = 20


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file and what the entry that brought it says of it.

    ``place`` is the path of the entry in the manifest, ``field`` that of its pattern, and ``positions`` has where
    they stand. ``by_pattern`` says that the entry does not name this file but matches it.
    """

    file: FoundFile
    reader: Reader
    attributes: Mapping[str, Json]
    place: str
    field: str
    positions: Mapping[str, Position]
    by_pattern: bool = False

    def position(self) -> Position:
        """The position of the entry."""
        return self.positions[self.place]

    @property
    def field_position(self) -> Position:
        """The position of its pattern."""
        return self.positions[self.field]


def attached_files(
    contents: Contents, entries: Sequence[FileEntry], manifest: ManifestFile, folders: Folders
) -> tuple[AttachedFile, ...]:
    """The files that ``entries`` stand for, each once for each tool, sorted by path; reports what is wrong."""
    found: dict[tuple[Reader, str], AttachedFile] = {}
    folder = manifest.path.parent
    for entry in entries:
        search = _Search(contents, entry, manifest, folder, folders)
        by_pattern = search.is_pattern
        for file in search.files():
            _add(contents, found, entry, file, by_pattern=by_pattern)
    interpreted = sum(reader is Reader.INTERPRETER for reader, _ in found)
    if interpreted > MAX_INTERPRETER_FILES:
        contents.report(
            ("files",),
            f"{interpreted:,} files are for code_interpreter; at most {MAX_INTERPRETER_FILES} are allowed",
            "Put several into one archive, or give some to file_search.",
        )
    return tuple(sorted(found.values(), key=lambda attached: attached.file.path))


def one_file(contents: Contents, entry: FileEntry, manifest: ManifestFile, folders: Folders) -> FoundFile | None:
    """The file that ``entry`` names; ``None`` for none, or a pattern, which is reported."""
    search = _Search(contents, entry, manifest, manifest.path.parent, folders)
    if search.is_pattern:
        contents.report(entry.field, f"{entry.pattern} is a pattern, and this takes one file", "Name the file.")
        return None
    found = search.files()
    return found[0] if found else None


def _add(
    contents: Contents,
    found: dict[tuple[Reader, str], AttachedFile],
    entry: FileEntry,
    file: FoundFile,
    *,
    by_pattern: bool,
) -> None:
    attached = AttachedFile(
        file,
        entry.reader,
        entry.attributes,
        dotted(entry.place),
        dotted(entry.field),
        contents.positions,
        by_pattern,
    )
    first = found.setdefault((entry.reader, file.path), attached)
    if first.attributes != entry.attributes:
        contents.report(
            entry.field,
            f"{file.path} is in {first.field} too, with other attributes",
            "Leave it out of one of the two, or give both the same attributes.",
        )


class _Search:
    """The files of one entry."""

    def __init__(
        self, contents: Contents, entry: FileEntry, manifest: ManifestFile, folder: Path, folders: Folders
    ) -> None:
        self._contents = contents
        self._entry = entry
        self._root = manifest.root
        self._folder = folder
        self._manifest = manifest
        self._folders = folders
        self._refused = 0
        self._never_read: NeverReadError | None = None

    @property
    def _is_folder(self) -> bool:
        """Whether it names a folder, all of which is meant."""
        return self._entry.reader is Reader.CONTENT

    @property
    def is_pattern(self) -> bool:
        """Whether it is a pattern. A name may have brackets in it: one that is there is what is meant."""
        if self._is_folder:
            return True
        if not is_pattern(self._entry.pattern):
            return False
        return not os.path.lexists(as_spelled(self._folder / self._entry.pattern))

    def files(self) -> list[FoundFile]:
        """The files, without those that a pattern matches but are never read; reports the unusable ones."""
        try:
            return self._matches() if self.is_pattern else [self._literal()]
        except UnusableFileError as error:
            advice = unmeant(self._entry.pattern) or error.detail
            self._report(self._shown(), UnusableFileError(error.summary, advice))
            return []

    def _literal(self) -> FoundFile:
        place = as_spelled(self._folder / self._entry.pattern)
        refuse_names(*PurePosixPath(self._entry.pattern).parts)
        if is_folder(place):
            resolve_inside(place, self._root)
            pattern = self._entry.pattern.rstrip("/")
            raise UnusableFileError("this is a folder, not a file", f"Write `{pattern}/**` for all files in it.")
        return find(self._folders.real(place.parent, self._root), place.name, self._root)

    def _matches(self) -> list[FoundFile]:
        found: dict[str, FoundFile] = {}
        for file in self._usable():
            self._refuse_twin(file, found.setdefault(file.path, file))
        if not found and self._never_read and not self._refused:
            raise UnusableFileError("all that matches is never read", self._never_read.detail)
        if not found and not self._refused:
            summary = "there are no files in this folder" if self._is_folder else "no file matches"
            raise UnusableFileError(
                summary, "A path is relative to the file it stands in; hidden files and folders are left out."
            )
        more = self._refused - _MOST_SAID
        if more > 0:
            self._report(self._shown(), UnusableFileError(f"{counted(more, 'more file')} cannot be used"))
        return list(found.values())

    def _usable(self) -> Iterator[FoundFile]:
        fixed, names = self._divided()
        base = as_spelled(self._folder.joinpath(*fixed))
        if ".." in names:
            raise UnusableFileError("`..` cannot follow a wildcard", "Write it at the beginning of the path.")
        if self._is_folder:
            _require_folder(base)
        if not os.path.lexists(base):
            return
        for folder, name in sorted(self._folders.matches(resolve_inside(base, self._root), names, self._root)):
            try:
                yield find(folder, name, self._root, may_be_empty=self._is_folder)
            except NeverReadError as error:
                self._never_read = error
            except UnusableFileError as error:
                self._refused += 1
                if self._refused <= _MOST_SAID:
                    self._report((folder / name).relative_to(self._root).as_posix(), error)

    def _refuse_twin(self, file: FoundFile, first: FoundFile) -> None:
        if file.location.name != first.location.name:
            advice = "They differ in the Unicode form of their letters alone (NFC and NFD): rename or remove one."
            self._report(file.path, UnusableFileError("there are two files that look the same", advice))

    def _divided(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The names of its path that are meant as they stand, and those that are patterns."""
        if self._is_folder:
            return PurePosixPath(self._entry.pattern).parts, ("**", "*")
        return divided(self._entry.pattern)

    def _shown(self) -> str:
        fixed, names = self._divided()
        if self._is_folder:
            names = ()
        folder = posixpath.dirname(self._manifest.shown)
        return posixpath.join(posixpath.normpath(posixpath.join(folder, *fixed)), *names)

    def _report(self, shown: str, error: UnusableFileError) -> None:
        name = os.fsencode(shown).decode("utf-8", "backslashreplace")
        name = "".join(character if character.isprintable() else repr(character)[1:-1] for character in name)
        self._contents.report(self._entry.field, f"{name}: {error.summary}", error.detail)


def _require_folder(place: Path) -> None:
    if not os.path.lexists(place):
        raise UnusableFileError("there is no such folder", "A path is relative to the file it stands in.")
    if not is_folder(place):
        raise UnusableFileError("this is not a folder", "Name the folder, with all that is in it.")
