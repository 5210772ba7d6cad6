"""An error in the format that results were asked for in: what reads them learns of it from the same place."""

from __future__ import annotations

from collections.abc import Sequence

from assistctl.cli.terminal import Terminal
from assistctl.model.diagnostics import Diagnostic

# ``output`` and ``check`` have formats of the same names that hold something else.
_EDITED = frozenset({"validate", "plan"})


def print_failure(
    terminal: Terminal, diagnostics: Sequence[Diagnostic], output_format: str, *, command: str
) -> None:
    """Print why there are no results. Text, and what has no words for it, stays on stderr."""
    if output_format == "json":
        from assistctl.rendering.json import diagnostics_document, dumps

        terminal.write(dumps(diagnostics_document(diagnostics, **terminal.head)))
    elif output_format in {"github", "sarif", "junit", "gitlab"} and command in _EDITED:
        from assistctl.cli.editor_formats import print_messages

        print_messages(terminal, diagnostics, output_format, directory=terminal.invocation.directory)
    elif output_format == "markdown":
        from assistctl.rendering.markdown.messages_markdown import messages_markdown

        terminal.write(messages_markdown(diagnostics))
    elif output_format == "html":
        from assistctl.rendering.html.results_page import messages_html

        terminal.write(messages_html(diagnostics))
