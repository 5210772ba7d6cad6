"""Who is at it: the user, the machine, the checkout and the CI run."""

from __future__ import annotations

import getpass
import platform
from collections.abc import Mapping
from pathlib import Path

from assistctl.checkout.changes import has_changes
from assistctl.checkout.repository import find_repository, head_of
from assistctl.journal.ci_runs import ci_run
from assistctl.journal.records import Actor, GitState

GIT_SECONDS = 5.0
"""How long git may take, in seconds; a checkout that is slower than that is not worth waiting for."""


def current_actor(directory: Path, environment: Mapping[str, str]) -> Actor:
    """Who runs this process for the project in ``directory``. Never fails: what cannot be told is left out."""
    return Actor(_user(), platform.node() or "unknown", git_state(directory), ci_run(environment))


def git_state(directory: Path) -> GitState | None:
    """The state of the checkout that ``directory`` is in; ``None`` where there is none.

    Only changes under ``directory`` make it dirty, new files included. Nothing that the checkout configures is
    run: see ``assistctl.checkout``.
    """
    repository = find_repository(directory)
    head = head_of(repository) if repository else None
    if repository is None or head is None:
        return None
    return GitState(head.commit, head.branch, has_changes(repository, head.commit, directory, GIT_SECONDS))


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        # A container may run under a number that has no name.
        return "unknown"
