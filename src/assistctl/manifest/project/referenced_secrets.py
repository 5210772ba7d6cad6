"""Secrets that manifests refer to, for commands that do not read what those declare."""

from __future__ import annotations

import contextlib

from assistctl.checkout.untrusted_files import UnusableFileError, read_text
from assistctl.manifest.project.discovery import discover
from assistctl.manifest.project.project import Project
from assistctl.manifest.syntax.references import register_referenced


def register_secrets_of(project: Project) -> None:
    """Mask the value of every ``${env:NAME}`` in the project's manifests.

    What a person typed into a field on the platform may be one, in a command that reads no manifest.
    """
    files, _ = discover(project, None)
    for file in files:
        # What cannot be read is told by what needs it.
        with contextlib.suppress(UnusableFileError):
            register_referenced(read_text(file.path), project.environment)
