"""Results as a table, for people or, with ``--format tsv``, for other programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from assistctl.cli.terminal import Terminal

if TYPE_CHECKING:
    from assistctl.rendering.text.table import Column


def print_table(
    terminal: Terminal, columns: Sequence[Column], rows: Iterable[Sequence[str]], output_format: str = "text"
) -> None:
    """Print the rows under their headings, as text or ``tsv``."""
    from assistctl.rendering.text import table

    if output_format == "tsv":
        terminal.write(table.tsv(columns, rows))
    else:
        table.print_table(terminal.results(), columns, rows)
