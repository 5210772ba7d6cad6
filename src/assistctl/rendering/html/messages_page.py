"""Why there is no report, as one HTML page that stands alone."""

from __future__ import annotations

from collections.abc import Sequence

from assistctl.model.plan import Diagnostic
from assistctl.rendering.grouping import group_similar
from assistctl.rendering.html.cards import diagnostic_card
from assistctl.rendering.html.page import html_page, joined
from assistctl.secrets.redaction import Masked


def messages_html(diagnostics: Sequence[Diagnostic]) -> Masked:
    """The messages as a whole page."""
    cards = [diagnostic_card(diagnostic) for diagnostic in group_similar(diagnostics)]
    return html_page("assistctl: no result", ["<header><h1>There is no result</h1></header>", joined(cards)])
