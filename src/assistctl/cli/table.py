"""Results as a table, for people or, with ``--format tsv``, for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistctl.cli.terminal import Terminal

if TYPE_CHECKING:
    from assistctl.rendering.text.table import Column

TABLE_FORMATS = ("text", "json", "tsv", "markdown", "html")
"""The formats of a list; ``json`` is each command's own."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that ``command`` prints: its title and conclusion, which text does without, and its rows."""

    command: str
    title: str
    conclusion: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    errors: Sequence[str] = ()


def print_listing(terminal: Terminal, listing: Listing, output_format: str) -> None:
    """Print the rows under their headings, in any format but JSON."""
    project, target = terminal.whose
    if output_format == "tsv":
        from assistctl.rendering.text.table import tsv

        terminal.write(tsv(listing.columns, listing.rows))
    elif output_format == "markdown":
        from assistctl.rendering.markdown.marker import marker
        from assistctl.rendering.markdown.table_markdown import table_markdown

        title = f"{listing.title}: {project} → {target}"
        text = table_markdown(title, listing.conclusion, listing.columns, listing.rows, listing.errors)
        terminal.write(f"{marker(listing.command, project, target)}{text}")
    elif output_format == "html":
        from assistctl.rendering.html.table_page import table_html

        page = table_html(
            listing.title,
            (project, target),
            listing.conclusion,
            columns=listing.columns,
            rows=listing.rows,
            errors=listing.errors,
        )
        terminal.write(page)
    else:
        from assistctl.rendering.text.table import print_table

        print_table(terminal.results(), listing.columns, listing.rows)
