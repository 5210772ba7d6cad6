"""Results as a table: nothing is cut where the output is no terminal, and ids are never cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assistctl.cli.terminal import Terminal


def print_table(terminal: Terminal, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print the rows under their headings; what is in them cannot act on the terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from assistctl.secrets.escaping import visible

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=not terminal.is_interactive)
    for cells in rows:
        table.add_row(*(Text(visible(cell)) for cell in cells))
    terminal.results().print(table)
