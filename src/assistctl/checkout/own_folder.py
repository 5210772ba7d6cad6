"""Where assistctl keeps what it writes down: in the project, whatever links the checkout brings along."""

from __future__ import annotations

import os
from pathlib import Path

from assistctl.errors import ProjectError

OWN_FOLDER = ".assistctl"
"""The folder, in a project's, of all that is kept for it."""


def place_in(project: Path, path: Path | str) -> Path:
    """``path``, relative to ``project``, as an absolute one.

    Raises ``ProjectError`` when it looks like a place in the project and a link on the way leads out of it. What
    plainly lies elsewhere (``../shared.db``) was meant to.
    """
    place = Path(os.path.normpath(project / path))
    if not place.is_relative_to(project):
        return project / path
    try:
        real, root = place.resolve(), project.resolve()
    except (OSError, RuntimeError) as error:
        raise ProjectError(f"{path} is a link that leads back to itself") from error
    if not real.is_relative_to(root):
        raise ProjectError(
            f"{place.relative_to(project)} leaves the project, through a link",
            "A checkout may bring such a link along, and what is written would go to where it leads: remove it.",
        )
    return place
