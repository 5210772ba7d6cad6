"""The repository a folder lies in, and the commit and branch that are checked out: plain files, read as such.

git itself is not asked: on its way to an answer it does what the repository's configuration says, and it takes any
folder for a repository that looks like one, such as a bare repository committed among the project's files. Here
only a ``.git`` counts, which no commit can bring along, and nothing of its configuration is read.

The layout: https://git-scm.com/docs/gitrepository-layout
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from assistctl.checkout.untrusted_files import read_regular

_LONGEST = 64 * 1024
_LARGEST_PACKED_REFS = 64 * 1024 * 1024
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_POINTER = "gitdir: "
_SYMBOLIC = "ref: "
_BRANCHES = "refs/heads/"
# A branch may point to another one; git gives up after five.
_DEEPEST = 5


@dataclass(frozen=True, slots=True)
class Repository:
    """A checkout: ``root`` is the folder with the ``.git``, ``own`` what is this checkout's alone (HEAD, index).

    ``common`` is what all worktrees share (objects, branches).
    """

    root: Path
    own: Path
    common: Path


@dataclass(frozen=True, slots=True)
class Head:
    """The commit that is checked out: ``commit`` is ``None`` before the first, ``branch`` on a detached head."""

    commit: str | None
    branch: str | None


def find_repository(directory: Path) -> Repository | None:
    """The repository whose checkout ``directory`` lies in, ``None`` where there is none. Never raises."""
    try:
        directory = directory.resolve(strict=True)
    except (OSError, RuntimeError):
        return None
    return next(filter(None, map(_at, (directory, *directory.parents))), None)


def folder_in_repository(directory: Path) -> str:
    """The path of ``directory`` from the root of its repository, empty where it is the root or in none."""
    repository = find_repository(directory)
    if repository is None:
        return ""
    path = directory.resolve().relative_to(repository.root).as_posix()
    return "" if path == "." else path


def head_of(repository: Repository) -> Head | None:
    """The commit and branch that are checked out; ``None`` where that is not kept in files (``reftable``)."""
    text = _text(repository.own / "HEAD")
    if text is None:
        return None
    if not text.startswith(_SYMBOLIC):
        return Head(text, None) if _COMMIT.fullmatch(text) else None
    name = text.removeprefix(_SYMBOLIC).strip()
    if not name.startswith(_BRANCHES) or ".." in name or (repository.common / "reftable").is_dir():
        return None
    return Head(_commit_of(repository, name), name.removeprefix(_BRANCHES))


def _at(root: Path) -> Repository | None:
    own = root / ".git"
    try:
        if own.is_file():
            pointer = _text(own) or ""
            if not pointer.startswith(_POINTER):
                return None
            own = (root / pointer.removeprefix(_POINTER)).resolve()
        if not (own / "HEAD").is_file():
            return None
        shared = _text(own / "commondir")
        common = (own / shared).resolve() if shared else own
        return Repository(root, own, common) if (common / "objects").is_dir() else None
    except (OSError, RuntimeError, ValueError):
        return None


def _commit_of(repository: Repository, name: str) -> str | None:
    for _ in range(_DEEPEST):
        text = _text(repository.common / name)
        if text is None:
            return _packed(repository.common, name)
        if not text.startswith(_SYMBOLIC):
            return text if _COMMIT.fullmatch(text) else None
        name = text.removeprefix(_SYMBOLIC).strip()
        if not name.startswith("refs/") or ".." in name:
            return None
    return None


def _packed(common: Path, name: str) -> str | None:
    text = _text(common / "packed-refs", _LARGEST_PACKED_REFS) or ""
    found = re.search(rf"^([0-9a-f]{{40,64}}) {re.escape(name)}$", text, re.MULTILINE)
    return found[1] if found else None


def _text(path: Path, limit: int = _LONGEST) -> str | None:
    try:
        return read_regular(path, limit).decode("utf-8").strip()
    except (OSError, ValueError):
        return None
