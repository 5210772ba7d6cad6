"""Messages about manifests in the formats that editors and code hosts read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from assistctl.cli.terminal import Terminal
from assistctl.diagnostics import Diagnostic
from assistctl.version import __version__

EDITOR_FORMATS = ("github", "sarif", "junit", "gitlab")
"""The formats that ``print_messages`` knows."""


def print_messages(
    terminal: Terminal,
    diagnostics: Sequence[Diagnostic],
    output_format: str,
    *,
    directory: Path,
    files: Iterable[str] = (),
) -> None:
    """Print the messages about the project in ``directory``; ``files`` are those that were read."""
    from assistctl.checkout.repository import folder_in_repository
    from assistctl.rendering.editors.placed import Places
    from assistctl.rendering.json import dumps_any

    places = Places(folder_in_repository(directory))
    if output_format == "github":
        from assistctl.rendering.editors.github import diagnostic_annotations

        terminal.write(diagnostic_annotations(diagnostics, places))
    elif output_format == "sarif":
        from assistctl.rendering.editors.code_scanning import sarif_document

        terminal.write(dumps_any(sarif_document(diagnostics, places, __version__)))
    elif output_format == "junit":
        from assistctl.rendering.junit import validation_junit

        terminal.write(validation_junit(files, diagnostics))
    else:
        from assistctl.rendering.editors.code_scanning import code_quality

        terminal.write(dumps_any(code_quality(diagnostics, places)))
