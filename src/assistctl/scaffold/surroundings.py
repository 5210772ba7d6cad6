"""The repository that a new project lies in: where its root is, and which branch it deploys from."""

from __future__ import annotations

from pathlib import Path

from assistctl.checkout.repository import Repository, find_repository, head_of
from assistctl.checkout.untrusted_files import read_regular

_USUAL = ("main", "master", "trunk")
_LONGEST = 4096


def repository_of(directory: Path) -> Repository | None:
    """The repository that ``directory`` lies in or will, as it need not be there yet."""
    nearest = next((folder for folder in (directory, *directory.parents) if folder.is_dir()), None)
    return find_repository(nearest) if nearest else None


def default_branch(repository: Repository | None) -> str:
    """The branch that pull requests go to: the remote's default, else one with a usual name, else the first."""
    if repository is None:
        return _USUAL[0]
    remote = _text(repository.common / "refs/remotes/origin/HEAD").removeprefix("ref: refs/remotes/origin/")
    if remote:
        return remote
    head = head_of(repository)
    if head is not None and head.branch and (head.commit is None or head.branch in _USUAL):
        return head.branch
    return next((name for name in _USUAL if (repository.common / "refs/heads" / name).is_file()), _USUAL[0])


def _text(path: Path) -> str:
    try:
        return read_regular(path, _LONGEST).decode("utf-8").strip()
    except (OSError, ValueError):
        return ""
