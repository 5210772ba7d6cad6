"""A project in a git repository, with a protected branch and a branch of somebody else's."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def git(folder: Path, *arguments: str) -> str:
    """Run git in ``folder``, with nobody's settings; what it printed."""
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = {f"GIT_{role}_{part}": "someone" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    done = subprocess.run(
        ["git", *arguments],  # noqa: S607  # the git that is installed
        cwd=folder,
        env={**os.environ, **alone, **who},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def commit_all(folder: Path, message: str = "x") -> str:
    """Commit all there is in ``folder``; the commit's id."""
    git(folder, "add", "--all", "--force", ".")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", message)
    return head(folder)


def head(folder: Path, branch: str | None = None) -> str:
    """The commit of ``branch``, or of the one that is checked out: read from its file, without a process."""
    ref = f"refs/heads/{branch}" if branch else (folder / ".git/HEAD").read_text().removeprefix("ref: ").strip()
    return (folder / ".git" / ref).read_text().strip()


def begin(folder: Path) -> None:
    """Make ``folder`` a repository whose branch ``main`` has what is in it, and go on on ``theirs``."""
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit_all(folder)
    git(folder, "switch", "--quiet", "--create", "theirs")
