"""A folder of a public repository as one commit has it, fetched with git and kept in the user's cache.

What is in it is somebody else's. git gets a repository of ours with nobody's configuration: no hook, filter,
credential or submodule of theirs is in it, nothing is checked out, and what is fetched is named by its contents,
which git computes itself. Only plain files are taken: a link, a submodule or a pointer of Git LFS is refused.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from assistctl.checkout.isolated_git import NotGivenError, fetch, run
from assistctl.checkout.pinned_folder import PinnedFolder
from assistctl.errors import ProjectError

LARGEST_FOLDER = 64 * 1024 * 1024
"""Bytes of all files in the folder."""
MOST_FILES = 1_000

_LFS = b"version https://git-lfs.github.com/spec/"
_REGULAR = {"100644", "100755", "100664"}
_HERE = {"127.0.0.1", "::1", "localhost"}


def refused_address(repository: str) -> str | None:
    """The reason why ``repository`` is not an address to fetch from; ``None`` where it is one."""
    try:
        parts = urlsplit(repository)
    except ValueError:
        return "it is not an https address"
    if parts.username is not None or parts.password is not None:
        return "it holds a user or a password, and only public repositories are fetched"
    if parts.scheme == "https" and parts.hostname:
        return None
    if parts.scheme == "http" and parts.hostname in _HERE:
        return None
    return "it is not an https address"


def fetched(folder: PinnedFolder, cache: Path) -> Path:
    """The folder as it is in ``cache``, fetched if it is not there yet.

    Raises ``ProjectError`` when there is no git, no such commit or folder, and for what is not taken.
    """
    place = cache / folder.name
    if place.is_dir():
        return place
    try:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="fetch-", dir=cache) as work:
            repository, made = Path(work) / "repository.git", Path(work) / "folder"
            _fetch(folder, repository)
            _extract(folder, repository, made)
            # Whoever is first wins: both have the same.
            if not place.is_dir():
                made.rename(place)
    except OSError as error:
        if place.is_dir():
            return place
        raise ProjectError(f"{folder.shown} cannot be kept in {cache}: {error.strerror or error}") from error
    return place


def _fetch(folder: PinnedFolder, repository: Path) -> None:
    run(repository.parent, "init", "--quiet", "--bare", "--template=", str(repository), about=folder)
    try:
        fetch(folder, repository, "--depth=1", "--end-of-options", folder.repository, folder.commit)
    except NotGivenError:
        # A plain web server gives neither a single commit nor less than all of its history.
        everything = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        fetch(folder, repository, "--end-of-options", folder.repository, *everything)
    found = run(
        repository, "rev-parse", "--verify", "--end-of-options", f"{folder.commit}^{{commit}}", about=folder
    )
    if found.decode("ascii", "replace").strip() != folder.commit:
        raise ProjectError(f"{folder.commit} is not a commit of {folder.repository}", "Name a commit, not a tag.")


@dataclass(frozen=True, slots=True)
class _Blob:
    path: str
    id: str
    size: int


def _extract(folder: PinnedFolder, repository: Path, made: Path) -> None:
    blobs = list(_blobs(folder, repository))
    if not blobs:
        raise ProjectError(f"there is no folder {folder.path} in {folder.repository} at {folder.commit}")
    total = sum(blob.size for blob in blobs)
    if total > LARGEST_FOLDER or len(blobs) > MOST_FILES:
        raise ProjectError(
            f"{folder.shown} has {len(blobs):,} files with {total:,} bytes; at most {MOST_FILES:,} with "
            f"{LARGEST_FOLDER:,} are taken"
        )
    for blob in blobs:
        content = run(repository, "cat-file", "blob", blob.id, about=folder)
        if content.startswith(_LFS):
            raise ProjectError(
                f"{blob.path} in {folder.shown} is kept with Git LFS, which is not fetched",
                "Only what is in the commit itself is taken.",
            )
        place = made.joinpath(*PurePosixPath(blob.path).parts)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def _blobs(folder: PinnedFolder, repository: Path) -> Iterator[_Blob]:
    """The files in the folder. Raises ``ProjectError`` for anything but plain files with plain names."""
    path = "" if folder.path in {"", "."} else folder.path.strip("/")
    tree = f"{folder.commit}:{path}" if path else folder.commit
    try:
        listed = run(
            repository, "ls-tree", "-r", "-z", "-l", "--full-tree", "--end-of-options", tree, about=folder
        )
    except ProjectError as error:
        raise ProjectError(f"there is no folder {path} in {folder.repository} at {folder.commit}") from error
    for line in filter(None, listed.split(b"\0")):
        about, _, raw = line.partition(b"\t")
        mode, _, blob_id, size = about.decode("ascii").split()
        name = raw.decode("utf-8", "backslashreplace")
        if mode not in _REGULAR:
            what = {"120000": "a link", "160000": "a submodule"}.get(mode, "no plain file")
            raise ProjectError(f"{name} in {folder.shown} is {what}, which is not taken")
        if not _is_plain(name):
            raise ProjectError(f"{name!r} in {folder.shown} is not a file name")
        yield _Blob(name, blob_id, int(size))


def _is_plain(name: str) -> bool:
    parts = name.split("/")
    return (
        "\\" not in name
        and ":" not in name
        and not any(part in {"", ".", ".."} or part == ".git" for part in parts)
    )
