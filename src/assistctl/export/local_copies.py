"""Uploads of ours -> the files of the project that they were made of, as far as those are still there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from assistctl.checkout.untrusted_files import UnusableFileError, composed, resolve_inside
from assistctl.manifest.files.found_file import FoundFile, find
from assistctl.manifest.files.glob import Folders
from assistctl.manifest.files.hash_cache import HashCache, place_for
from assistctl.manifest.files.hashing import hashes
from assistctl.model.source_file import Identity
from assistctl.ownership.file_marks import HeldFile, file_token

_EVERYTHING = ("**", "*")


@dataclass(frozen=True, slots=True)
class LocalCopies:
    """Local files with the same bytes and name: paths in the project by token, in order."""

    paths: Mapping[str, tuple[str, ...]]

    def of(self, held: HeldFile) -> str | None:
        """The file that an upload was made of, where it came from if it is there still."""
        copies = self.paths.get(held.token, ())
        return held.path if held.path in copies else copies[0] if copies else None


def local_copies(held: Iterable[HeldFile], names: Mapping[str, str], directory: Path) -> LocalCopies:
    """The files in the project ``directory`` that are what was uploaded.

    Each is looked for where it came from, and then under its name everywhere; ``names`` has the names of uploads
    whose path is not known, by id. What has other bytes by now is not there.
    """
    sought = [*held]
    found = _by_token(_at(directory, {file.path for file in sought if file.path}), directory)
    missing = {_name(file, names) for file in sought if file.token not in found} - {""}
    return LocalCopies({**_by_token(_named(directory, missing), directory), **found} if missing else found)


def _name(held: HeldFile, names: Mapping[str, str]) -> str:
    return composed(held.path.rpartition("/")[2] or names.get(held.file_id, ""))


def _by_token(files: Iterable[FoundFile], directory: Path) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for file, sha256 in hashes(files, HashCache(directory, place_for(directory))).items():
        if isinstance(sha256, str):
            token = file_token(Identity(sha256, file.path.rpartition("/")[2]))
            found[token] = (*found.get(token, ()), file.path)
    return found


def _at(directory: Path, paths: Collection[str]) -> Iterator[FoundFile]:
    for path in sorted(paths):
        try:
            place = directory / path
            yield find(resolve_inside(place.parent, directory), place.name, directory)
        except UnusableFileError:
            continue


def _named(directory: Path, names: Collection[str]) -> Iterator[FoundFile]:
    """The files of these names, in whatever folder that is not hidden; none where the folders cannot be listed."""
    try:
        matches = sorted(Folders().matches(directory, _EVERYTHING, directory))
    except UnusableFileError:
        return
    for folder, name in matches:
        if composed(name) in names:
            try:
                yield find(folder, name, directory)
            except UnusableFileError:
                continue
