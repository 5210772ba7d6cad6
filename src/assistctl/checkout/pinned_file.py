"""A file as a commit of the repository has it, whatever the working tree says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from assistctl.errors import ProjectError

if TYPE_CHECKING:
    import subprocess

GIT_SECONDS = 30.0
"""How long git may take, in seconds."""

# Nothing that a checkout brings along is run, or taken for the repository
# (https://git-scm.com/docs/git-config#Documentation/git-config.txt-safebareRepository).
_HARDENED = (
    "--no-replace-objects",
    "--no-optional-locks",
    *("-c", "safe.bareRepository=explicit"),
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.warnAmbiguousRefs=true"),
)
_ALONE = {"GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
_LONGEST = 500


def file_at(directory: Path, ref: str, name: str) -> bytes:
    """The file ``name`` in ``directory`` as the commit has it that ``ref`` names.

    Neither filters nor hooks run, and nothing is fetched. Raises ``ProjectError`` when there is no git, no such
    commit, or no such file in it, and for a ``ref`` that names two things.
    """
    if not directory.is_dir():
        raise ProjectError(f"there is no folder {directory}")
    commit = _commit(directory, ref)
    found = _git(directory, "cat-file", "blob", f"{commit}:./{name}")
    if found.returncode != 0:
        raise ProjectError(
            f"there is no {name} in {ref}: {_said(found)}",
            f"What {name} says counts as {ref} has it, so it has to be merged there first.",
        )
    return found.stdout


def _commit(directory: Path, ref: str) -> str:
    found = _git(directory, "rev-parse", "--verify", "--end-of-options", f"{ref}^{{commit}}")
    if found.returncode != 0:
        raise ProjectError(
            f"there is no commit {ref!r} in the repository of {directory}: {_said(found)}",
            "Fetch it first; a CI checkout often has only the newest commit of one branch.",
        )
    if b"is ambiguous" in found.stderr:
        # Whoever may push a tag or a branch would decide which one is meant.
        raise ProjectError(f"{ref!r} names more than one thing", "Write it in full, such as refs/heads/main.")
    return found.stdout.decode("ascii", "replace").strip()


def _git(directory: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    import subprocess

    try:
        return subprocess.run(  # noqa: S603  # a fixed command; a ref is no option behind --end-of-options
            ["git", *_HARDENED, *arguments],  # noqa: S607  # the git that everything else here uses
            cwd=directory,
            env=_environment(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GIT_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise ProjectError("git is not installed, and --config-from needs it", "Install git.") from error
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise ProjectError(f"git could not be run in {directory}: {error}") from error


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` without what points git elsewhere (a hook that runs this has it); its settings stay."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("GIT_") or name.startswith("GIT_CONFIG_")
    }
    return kept | _ALONE


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    said = lines[-1] if lines else f"git ended with {done.returncode}"
    return said.removeprefix("fatal: ")[:_LONGEST]
