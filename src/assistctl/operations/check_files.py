"""The files that go with questions of checks, read as those of assistants are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from assistctl.errors import ProjectError
from assistctl.manifest.files.found_file import find
from assistctl.manifest.files.hash_cache import HashCache, place_for
from assistctl.manifest.files.hashing import hashes
from assistctl.manifest.files.readable_file import UnusableFileError, resolve_inside
from assistctl.model.checks import Check, CheckFile
from assistctl.model.conversation import MessageFile
from assistctl.model.source_file import Identity, SourceFile


def files_of_checks(checks: Sequence[Check], directory: Path) -> Mapping[int, Sequence[MessageFile]]:
    """The files of each check that has any, by its index, in the project in ``directory``.

    Raises ``ProjectError`` for one that cannot, or must not, be read.
    """
    return {
        check.index: tuple(_message_file(file, directory) for file in check.attach)
        for check in checks
        if check.attach
    }


def _message_file(file: CheckFile, directory: Path) -> MessageFile:
    folder, _, name = file.path.rpartition("/")
    try:
        found = find(resolve_inside(directory / folder, directory), name, directory)
        sha256 = hashes([found], HashCache(directory, place_for(directory)))[found]
        if isinstance(sha256, UnusableFileError):
            raise sha256
    except UnusableFileError as error:
        raise ProjectError(f"{file.path}: {error.summary}", error.detail) from error
    return MessageFile(SourceFile(found.path, found.location, found.stat.size, Identity(sha256, name)), file.tool)
