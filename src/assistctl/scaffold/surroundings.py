"""The surroundings of a new project: its repository, its deployed branch, and how pip gets this assistctl."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from assistctl.checkout.repository import Repository, find_repository, head_of
from assistctl.checkout.untrusted_files import read_regular
from assistctl.secrets.addresses import without_credentials
from assistctl.version import __version__

_USUAL = ("main", "master", "trunk")
_LONGEST = 4096
# No name for an index to fill, where somebody else may have it: what a runner cannot find, it does not install.
_WHEEL = f"./vendor/assistctl-{__version__}-py3-none-any.whl"


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


def installed_requirement(extras: Sequence[str] = ()) -> tuple[str, bool]:
    """The requirement of the assistctl that runs, with these ``extras``, and whether a runner can install it.

    It cannot install what came from a folder or file of this machine; then it is the path of a wheel that is still
    to be put into the project. Installers record where it came from in ``direct_url.json``, without which it came
    from an index:
    https://packaging.python.org/en/latest/specifications/direct-url/
    """
    more = f"[{','.join(extras)}]" if extras else ""
    name, wheel = f"assistctl{more}", f"{_WHEEL}{more}"
    try:
        recorded = metadata.distribution("assistctl").read_text("direct_url.json")
        origin = json.loads(recorded) if recorded else None
    except (metadata.PackageNotFoundError, OSError, ValueError):
        return wheel, False
    if origin is None:
        return f"{name}=={__version__}", True
    url = str(origin["url"])
    if url.startswith(("https://", "http://")):  # of ssh, the user is a part of the address
        url = without_credentials(url, keep_query=True)
    if "vcs_info" in origin and not url.startswith("file:"):
        version_control = origin["vcs_info"]
        return f"{name} @ {version_control['vcs']}+{url}@{version_control['commit_id']}", True
    if url.startswith(("https://", "http://")):
        hashes = origin.get("archive_info", {}).get("hashes", {})
        return f"{name} @ {url}" + (f"#sha256={hashes['sha256']}" if "sha256" in hashes else ""), True
    return wheel, False


def _text(path: Path) -> str:
    try:
        return read_regular(path, _LONGEST).decode("utf-8").strip()
    except (OSError, ValueError):
        return ""
