"""A list as GitHub Flavored Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assistctl.rendering.markdown.budget import Part
from assistctl.rendering.markdown.document import document, table_head
from assistctl.rendering.markdown.escape import code_cell, plain
from assistctl.rendering.text.table import Column


def table_markdown(
    title: str,
    conclusion: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[str]],
    errors: Sequence[str] = (),
) -> str:
    """The rows under their headings; what is no text for people is code. ``errors`` stand at the end."""
    lines = tuple(f"| {' | '.join(map(_cell, columns, row))} |" for row in rows)
    head = table_head([column.heading.capitalize() for column in columns])
    parts = [Part(head, lines, left_out=f"| … {{}} more {'| ' * len(columns)}".rstrip())] if lines else []
    if errors:
        parts.append(Part("**Failed**\n", tuple(f"- {plain(error)}" for error in errors), left_out="- … {} more"))
    return document(f"### {plain(title)}\n\n**{plain(conclusion)}**", parts)


def _cell(column: Column, cell: str) -> str:
    if not cell:
        return ""
    return plain(cell) if column.free or column.right else code_cell(cell)
