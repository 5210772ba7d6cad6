"""A hidden first line by which a bot finds its comment again, to update it."""

from __future__ import annotations

from urllib.parse import quote


def marker(command: str, project: str, target: str) -> str:
    """``<!-- assistctl:plan project/target -->``, the same each time; nothing in it can end the comment."""
    return f"<!-- assistctl:{command} {quote(project, safe='')}/{quote(target, safe='')} -->\n"
