"""A list as one HTML page that stands alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assistctl.rendering.html.cards import failure_text, table
from assistctl.rendering.html.header import header
from assistctl.rendering.html.page import html_page
from assistctl.rendering.text.table import Column
from assistctl.secrets.redaction import Masked


def table_html(
    about: str,
    head: tuple[str, str],
    conclusion: str,
    *,
    columns: Sequence[Column],
    rows: Iterable[Sequence[str]],
    errors: Sequence[str] = (),
) -> Masked:
    """The rows under their headings, of the project and target in ``head``; ``errors`` stand at the end."""
    project, target = head
    shown = list(rows)
    sections = [header(about, project, target, conclusion)]
    if shown:
        sections.append(
            f"<section>{table([column.heading.capitalize() for column in columns], shown, about)}</section>"
        )
    sections += [f'<div class="card error message">{failure_text(error)}</div>' for error in errors]
    return html_page(f"{about}: {project} → {target}", sections)
