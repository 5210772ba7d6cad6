"""Patterns of paths -> files on the disk.

``*``, ``?`` and ``[abc]`` match within a name, ``**`` any number of folders; a pattern that ends in ``**`` means
all files below. Unlike the standard library's ``glob``, a folder that cannot be read is an error (or what stands
in it would look as if it were gone), and links are followed inside the project only, each folder once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import translate
from functools import cache
from pathlib import Path, PurePosixPath

from assistctl.checkout.untrusted_files import UnusableFileError, composed, reason_of, resolve_inside, shown_path

_ANY_FOLDERS = "**"
_WILD = re.compile(r"[*?\[]")
_BRACES = re.compile(r"\{[^{}]*,[^{}]*\}")


def is_pattern(text: str) -> bool:
    """Whether ``text`` has a wildcard in it."""
    return _WILD.search(text) is not None


def unmeant(pattern: str) -> str:
    """A sentence on why a pattern that matches nothing may be a mistake; else the empty string."""
    if "\\" in pattern:
        return f"Folders are divided by `/` on every system: {pattern.replace(chr(92), '/')}."
    if _BRACES.search(pattern):
        return "Braces are not wildcards here: write an entry for each alternative."
    return ""


def divided(pattern: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of a path up to the first with a wildcard, and the rest from there."""
    names = PurePosixPath(pattern).parts
    wild = next((place for place, name in enumerate(names) if is_pattern(name)), len(names))
    return names[:wild], names[wild:]


def matches_below(path: Sequence[str], names: Sequence[str]) -> bool:
    """Whether the pattern's ``names`` match a ``path`` (both name by name), as ``Folders.matches`` finds it."""
    if not names:
        return not path
    if names[0] == _ANY_FOLDERS:
        rest = names[1:] or ("*",)
        return matches_below(path, rest) or (
            len(path) > 1 and not path[0].startswith(".") and matches_below(path[1:], names)
        )
    if not path or (is_pattern(names[0]) and path[0].startswith(".")):
        return False
    return _form(names[0]).match(composed(path[0])) is not None and matches_below(path[1:], names[1:])


class Folders:
    """The folders of a disk, each listed once."""

    def __init__(self) -> None:
        self._listed: dict[Path, list[os.DirEntry[str]]] = {}
        self._resolved: dict[tuple[Path, Path], Path] = {}

    def real(self, folder: Path, root: Path) -> Path:
        """``resolve_inside`` of a folder, once for each."""
        if (folder, root) not in self._resolved:
            self._resolved[folder, root] = resolve_inside(folder, root)
        return self._resolved[folder, root]

    def matches(self, base: Path, names: tuple[str, ...], root: Path) -> Iterator[tuple[Path, str]]:
        """Each file below ``base``, a real path in ``root``, that the pattern's ``names`` match: folder and name.

        Hidden files and folders are matched only by a name without wildcards. What is neither a file nor a link
        is left out. Raises ``UnusableFileError`` for a folder that cannot be listed, and for a link to one
        outside ``root``.
        """
        if names[-1] == _ANY_FOLDERS:
            names = (*names, "*")
        waiting, entered, last = [(base, 0)], set(), len(names) - 1
        while waiting:
            folder, depth = waiting.pop()
            if (folder, depth) in entered:
                continue
            entered.add((folder, depth))
            name = names[depth]
            if name == _ANY_FOLDERS:
                waiting.append((folder, depth + 1))
                waiting += ((inner, depth) for inner in self._folders(folder, "*", root))
            elif depth < last:
                waiting += ((inner, depth + 1) for inner in self._folders(folder, name, root))
            else:
                yield from ((folder, file) for file in self._files(folder, name, root))

    def _folders(self, folder: Path, name: str, root: Path) -> Iterator[Path]:
        """The real paths of the folders in ``folder`` that ``name`` matches."""
        return (_real(folder, entry, root) for entry in self._matching(folder, name, root) if _is_folder(entry))

    def _files(self, folder: Path, name: str, root: Path) -> Iterator[str]:
        """The names of the files and of the links to no folder that ``name`` matches."""
        for entry in self._matching(folder, name, root):
            if not _is_folder(entry) and (entry.is_symlink() or entry.is_file()):
                yield entry.name

    def _matching(self, folder: Path, name: str, root: Path) -> Iterator[os.DirEntry[str]]:
        wild, form = is_pattern(name), _form(name)
        for entry in self._list(folder, root):
            if form.match(composed(entry.name)) and not (wild and entry.name.startswith(".")):
                yield entry

    def _list(self, folder: Path, root: Path) -> list[os.DirEntry[str]]:
        if folder not in self._listed:
            try:
                with os.scandir(folder) as entries:
                    self._listed[folder] = list(entries)
            except OSError as error:
                shown = shown_path(folder, root)
                advice = "Check its permissions." if isinstance(error, PermissionError) else ""
                raise UnusableFileError(f"{shown} cannot be listed: {reason_of(error)}", advice) from error
        return self._listed[folder]


@cache
def _form(name: str) -> re.Pattern[str]:
    return re.compile(translate(composed(name)))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link that leads back to itself


def _real(folder: Path, entry: os.DirEntry[str], root: Path) -> Path:
    if not entry.is_symlink():
        return folder / entry.name
    try:
        return resolve_inside(folder / entry.name, root)
    except UnusableFileError as error:
        raise UnusableFileError(
            f"{shown_path(folder / entry.name, root)}: {error.summary}", error.detail
        ) from error
