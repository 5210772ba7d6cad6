"""The reasons why there is no report, as GitHub Flavored Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from assistctl.diagnostics import Diagnostic
from assistctl.rendering import phrases as wording
from assistctl.rendering.markdown.document import Part, document, paragraph, shortened
from assistctl.rendering.markdown.escape import code, plain
from assistctl.rendering.phrases import group_similar


def messages_markdown(diagnostics: Sequence[Diagnostic]) -> str:
    """The messages as a list."""
    return document("**There is no result.**", [messages("", diagnostics)])


def messages(head: str, diagnostics: Sequence[Diagnostic]) -> Part:
    """The messages as a list under ``head``, similar ones as one."""
    lines = tuple(_line(diagnostic) for diagnostic in group_similar(diagnostics))
    return Part(head, lines, left_out="- … {} more")


def _line(diagnostic: Diagnostic) -> str:
    place = wording.place(diagnostic)
    said = f"{code(place)}: " if place else ""
    text = f"- {said}**{diagnostic.severity}:** {plain(shortened(wording.message(diagnostic)))}"
    return "<br>".join(filter(None, (text, paragraph(diagnostic.detail))))
