"""A list as one HTML page that stands alone."""

from __future__ import annotations

from assistctl.rendering.html.cards import failure_text, table
from assistctl.rendering.html.page import header, html_page
from assistctl.rendering.listing import Listing
from assistctl.secrets.redaction import Masked


def list_html(listing: Listing, project: str, target: str) -> Masked:
    """The rows under their headings."""
    sections = [header(listing.title, project, target, listing.conclusion)]
    if listing.rows:
        headings = [column.heading.capitalize() for column in listing.columns]
        sections.append(f"<section>{table(headings, listing.rows, listing.title)}</section>")
    sections += [f'<div class="card error message">{failure_text(error)}</div>' for error in listing.errors]
    return html_page(f"{listing.title}: {project} → {target}", sections)
