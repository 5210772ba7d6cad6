"""Results as a table, for people or, with ``--format tsv``, for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistctl.cli.terminal import Terminal

if TYPE_CHECKING:
    from assistctl.rendering.listing import Listing

TABLE_FORMATS = ("text", "json", "tsv", "markdown", "html")
"""The formats of a list; ``json`` is each command's own."""


def print_listing(terminal: Terminal, listing: Listing, output_format: str, *, to_messages: bool = False) -> None:
    """Print the rows under their headings, in any format but JSON; text can go ``to_messages``."""
    project, target = terminal.whose
    if output_format == "tsv":
        from assistctl.rendering.text.table import tsv

        terminal.write(tsv(listing.columns, listing.rows))
    elif output_format == "markdown":
        from assistctl.rendering.markdown.document import marker
        from assistctl.rendering.markdown.list_markdown import list_markdown

        terminal.write(f"{marker(listing.command, project, target)}{list_markdown(listing, project, target)}")
    elif output_format == "html":
        from assistctl.rendering.html.list_page import list_html

        terminal.write(list_html(listing, project, target))
    else:
        from assistctl.rendering.text.table import print_table

        console = terminal.messages() if to_messages else terminal.results()
        print_table(console, listing.columns, listing.rows)
