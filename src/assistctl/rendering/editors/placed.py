"""Paths as a code host has them: from the repository's root, where ours begin at the project's folder."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from assistctl.diagnostics import Position


@dataclass(frozen=True, slots=True)
class Places:
    """The place of the project in its repository: ``folder`` from its root, empty where they are the same."""

    folder: str = ""

    def path(self, position: Position) -> str:
        """The path of the file from the repository's root, with slashes."""
        file = position.file.replace("\\", "/")
        return posixpath.normpath(posixpath.join(self.folder, file)) if self.folder else file
