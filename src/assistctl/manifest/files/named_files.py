"""The files that manifests name: these are data and not manifests, whatever their suffix."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from glob import escape
from pathlib import Path

from assistctl.checkout.untrusted_files import as_spelled
from assistctl.diagnostics import Position
from assistctl.json_value import Json
from assistctl.manifest.contents import Contents
from assistctl.manifest.files.glob import divided, matches_below
from assistctl.manifest.project.discovery import MANIFEST_SUFFIXES, ManifestFile
from assistctl.manifest.project.markdown_manifests import MARKDOWN_SUFFIX
from assistctl.manifest.syntax.yaml_values import Path as FieldPath
from assistctl.manifest.syntax.yaml_values import dotted


@dataclass(frozen=True, slots=True)
class NamedFiles:
    """The files one entry names: ``place`` or, with a pattern, those below it that match ``names``.

    The entry stands at ``field``, of those that have ``positions``.
    """

    place: Path
    names: tuple[str, ...]
    field: FieldPath
    positions: Mapping[str, Position]

    @property
    def position(self) -> Position:
        """The position of the entry, rarely needed."""
        return self.positions[dotted(self.field)]

    def among(self, files: Candidates) -> Iterator[Path]:
        """Those of ``files`` that it names."""
        if not self.names:
            yield from files.at(self.place)
            return
        for path in files.below(self.place):
            if matches_below(path.relative_to(self.place).parts, self.names):
                yield path


class Candidates:
    """Files that may be manifests, found by where they are."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._sorted = sorted(str(path) for path in paths)
        self._folders: dict[str, str] = {}

    @cached_property
    def _real(self) -> dict[str, list[str]]:
        """The files by where they really are."""
        real: dict[str, list[str]] = {}
        for path in self._sorted:
            real.setdefault(self._really(path), []).append(path)
        return real

    def at(self, place: Path) -> Iterator[Path]:
        """The file at ``place``, and links to what is there."""
        path = str(place)
        if path.lower().endswith((*MANIFEST_SUFFIXES, MARKDOWN_SUFFIX)):
            yield from map(Path, self._real.get(self._really(path), ()))

    def _really(self, path: str) -> str:
        """The real path, links followed; each folder is resolved once."""
        if os.path.islink(path):  # noqa: PTH114  # paths as texts: a Path takes as long as looking at the disk
            return os.path.realpath(path)
        folder, name = os.path.split(path)
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        return os.path.join(self._folders[folder], name)  # noqa: PTH118  # as above

    def below(self, folder: Path) -> Iterator[Path]:
        """The files in ``folder`` and the folders in it."""
        prefix = f"{folder}{os.sep}"
        for path in self._sorted[bisect_left(self._sorted, prefix) :]:
            if not path.startswith(prefix):
                return
            yield Path(path)


def named_files(contents: Contents, manifest: ManifestFile) -> list[NamedFiles]:
    """The files a document names under ``files``, ``folder``, ``{file:}`` and its checks' ``attach``.

    A pattern that matches the manifest it stands in names none: it would take other manifests with it.
    """
    folder = os.path.dirname(manifest.place)  # noqa: PTH120  # as in ``Candidates``
    itself = Candidates([manifest.path])
    found = []
    for path, text in _written(contents.value):
        if not text or path in contents.unjudged or "\0" in text:
            continue
        fixed, names = divided(text)
        whole = _place(folder, text)
        is_literal = not names or os.path.lexists(whole)
        place = whole if is_literal else _place(folder, *fixed)
        named = NamedFiles(place, () if is_literal else names, path, contents.positions)
        if not any(named.among(itself)):
            found.append(named)
    return found


@dataclass(frozen=True, slots=True)
class Naming:
    """A file that may be a manifest, and what it names if it is one."""

    path: Path
    named: Sequence[NamedFiles]


def who_names(files: Sequence[Naming]) -> dict[Path, Position]:
    """Those of ``files`` that a manifest among them names, with the place where it does.

    What is named is no manifest, so what it names itself does not count; where two name each other, the first is
    the manifest.
    """
    namers = _namers(files)
    manifests: set[Path] = set()
    named: dict[Path, Position] = {}
    waiting = [file.path for file in files]
    while waiting:
        free = [path for path in waiting if all(namer in named for namer, _ in namers[path])] or waiting[:1]
        manifests.update(free)
        for path in waiting:
            place = next((place for namer, place in namers[path] if namer in manifests), None)
            if path not in manifests and place is not None:
                named[path] = place
        waiting = [path for path in waiting if path not in manifests and path not in named]
    return named


def _place(folder: str, *names: str) -> Path:
    return as_spelled(Path(os.path.normpath(os.path.join(folder, *names))))  # noqa: PTH118  # as above


def _namers(files: Sequence[Naming]) -> dict[Path, list[tuple[Path, Position]]]:
    """The manifests that name each of ``files``, with positions."""
    candidates = Candidates(file.path for file in files)
    namers: dict[Path, list[tuple[Path, Position]]] = {file.path: [] for file in files}
    for file in files:
        for named in file.named:
            for path in named.among(candidates):
                if path != file.path:
                    namers[path].append((file.path, named.position))
    return namers


def _written(value: Json) -> Iterator[tuple[FieldPath, str]]:
    """Every path and pattern in a document, with the field it stands in."""
    document = value if isinstance(value, dict) else {}
    yield from _paths_in(document.get("files"), ("files",))
    yield from _included(document.get("instructions"), ("instructions",))
    if isinstance(folder := document.get("folder"), str) and folder:
        # A folder is meant as it is named, whatever a pattern would make of that.
        yield ("folder",), f"{escape(folder.rstrip('/'))}/**"
    for place, tool in _numbered(document.get("tools")):
        if isinstance(tool, dict):
            yield from _included(tool.get("function"), ("tools", place, "function"))
    for place, check in _numbered(document.get("checks")):
        if isinstance(check, dict):
            yield from _paths_in(check.get("attach"), ("checks", place, "attach"))


def _paths_in(entries: Json, field: FieldPath) -> Iterator[tuple[FieldPath, str]]:
    for place, entry in _numbered(entries):
        if isinstance(entry, str):
            yield (*field, place), entry
        elif isinstance(entry, dict) and isinstance(path := entry.get("path"), str):
            yield (*field, place, "path"), path


def _included(declared: Json, field: FieldPath) -> Iterator[tuple[FieldPath, str]]:
    if isinstance(declared, Mapping) and isinstance(name := declared.get("file"), str):
        yield (*field, "file"), name


def _numbered(value: Json) -> Iterator[tuple[int, Json]]:
    return iter(enumerate(value if isinstance(value, list) else ()))
