"""A list as GitHub Flavored Markdown."""

from __future__ import annotations

from assistctl.rendering.listing import Column, Listing
from assistctl.rendering.markdown.document import Part, document, table_head
from assistctl.rendering.markdown.escape import code_cell, plain


def list_markdown(listing: Listing, project: str, target: str) -> str:
    """The rows under their headings; ids and other machine text are code."""
    columns = listing.columns
    lines = tuple(f"| {' | '.join(map(_cell, columns, row))} |" for row in listing.rows)
    head = table_head([column.heading.capitalize() for column in columns])
    parts = [Part(head, lines, left_out=f"| … {{}} more {'| ' * len(columns)}".rstrip())] if lines else []
    if listing.errors:
        failures = tuple(f"- {plain(error)}" for error in listing.errors)
        parts.append(Part("**Failed**\n", failures, left_out="- … {} more"))
    title = f"{listing.title}: {project} → {target}"
    return document(f"### {plain(title)}\n\n**{plain(listing.conclusion)}**", parts)


def _cell(column: Column, cell: str) -> str:
    if not cell:
        return ""
    return plain(cell) if column.free or column.right else code_cell(cell)
