"""Who is at it: the user, the machine, the checkout and the CI run."""

from __future__ import annotations

import getpass
import os
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path

from assistctl.journal.ci_runs import ci_run
from assistctl.journal.words import GitState, Who

GIT_SECONDS = 5.0
"""How long git may take, in seconds; a checkout that is slower than that is not worth waiting for."""


def who_is_it(directory: Path, environment: Mapping[str, str]) -> Who:
    """Who runs this process for the project in ``directory``. Never fails: what cannot be told is left out."""
    return Who(_user(), platform.node() or "unknown", git_state(directory), ci_run(environment))


def git_state(directory: Path) -> GitState | None:
    """The state of the checkout that ``directory`` is in; ``None`` where there is none, or no git.

    Only changes under ``directory`` make it dirty, new files included.
    """
    # The format: https://git-scm.com/docs/git-status#_porcelain_format_version_2
    command = ["git", "-c", "core.fsmonitor=false", "--no-optional-locks", "status", "--porcelain=v2", "--branch"]
    try:
        done = subprocess.run(  # noqa: S603  # a fixed command
            [*command, "--", ".", ":(exclude,glob)**/.assistctl/**"],
            cwd=directory,
            # A variable of a hook that runs this would point git elsewhere.
            env={name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GIT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return _parsed(done.stdout.decode("utf-8", "replace"))


def _parsed(status: str) -> GitState:
    lines = status.splitlines()
    heads = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# branch."))
    commit, branch = heads.get("branch.oid"), heads.get("branch.head")
    return GitState(
        commit=None if commit == "(initial)" else commit,
        branch=None if branch == "(detached)" else branch,
        dirty=any(not line.startswith("#") for line in lines),
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        # A container may run under a number that has no name.
        return "unknown"
