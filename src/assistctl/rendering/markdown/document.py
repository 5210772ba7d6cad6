"""Markdown documents that fit into a comment, and what their parts have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assistctl.rendering.markdown.budget import COMMENT, Part, within
from assistctl.rendering.markdown.escape import plain
from assistctl.secrets.redaction import mask

# Room for what is put before it: the mark of its kind, or where a pipeline has it from.
LIMIT = COMMENT - 536
"""Bytes that a document may have."""
ELSEWHERE = "--format html and --format json have all of it"
"""Where to find what had to be left out."""
_NOTE = f"*Shortened to fit: {ELSEWHERE}.*"
_DROPPED = "*Not shown: {} more of these.*"
_LONGEST_LINE = 6_000


def document(first: str, parts: Iterable[Part], *, limit: int = LIMIT) -> str:
    """``first`` and the parts in at most ``limit`` bytes, with a count wherever something had to be left out."""
    return within(limit - 1, first, [*parts], _NOTE, _DROPPED) + "\n"


def table_head(headings: Sequence[str]) -> str:
    """The first two lines of a table."""
    return f"| {' | '.join(headings)} |\n|{'---|' * len(headings)}"


def paragraph(text: str | None) -> str:
    """Text of several lines for a place where only one can stand."""
    return "<br>".join(plain(shortened(line)) for line in (text or "").splitlines() if line.strip())


def shortened(line: str) -> str:
    """The line without secrets, its end left out where it is very long."""
    line = mask(line)
    rest = len(line) - _LONGEST_LINE
    return line if rest <= 0 else f"{line[:_LONGEST_LINE]} … {rest:,} more characters"
