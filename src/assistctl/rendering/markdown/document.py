"""Markdown documents of bounded size: what was listed first stays, and what had to be left out is counted.

GitHub refuses comments of more than 65,536 characters ("body is too long (maximum is 65536 characters)").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistctl.rendering.markdown.escape import plain

# Room for what a pipeline adds to it: where it came from.
LIMIT = 65_536 - 536
"""Characters that a document may have."""


@dataclass(frozen=True, slots=True)
class Block:
    """Lines under a head that belong together; ``left_out`` is said of those there is no room for."""

    head: str
    lines: Sequence[str]
    left_out: str = "- … {} more"

    def within(self, room: int) -> str:
        """The block with as many of its first lines as there is room for; empty when it is not even for one."""
        room -= len(self.head) + len(self.left_out) + 16
        kept: list[str] = []
        for line in self.lines:
            room -= len(line) + 1
            if room < 0:
                break
            kept.append(line)
        if self.lines and not kept:
            return ""
        missing = len(self.lines) - len(kept)
        return "\n".join([self.head, *kept, *([self.left_out.format(f"{missing:,}")] if missing else [])])


def document(first: str, blocks: Iterable[Block], *, limit: int = LIMIT) -> str:
    """``first`` and the blocks, the last of which give way."""
    parts, room, dropped = [first], limit - len(first) - 200, 0
    for block in blocks:
        text = block.within(room)
        dropped += not text
        if text:
            parts.append(text)
            room -= len(text) + 2
    if dropped:
        parts.append(
            f"*Shortened: {dropped:,} more {'part' if dropped == 1 else 'parts'}; `--format json` has all.*"
        )
    return "\n\n".join(parts) + "\n"


def table_head(headings: Sequence[str]) -> str:
    """The first two lines of a table."""
    return f"| {' | '.join(headings)} |\n|{'---|' * len(headings)}"


def paragraph(text: str | None) -> str:
    """Text of several lines for a place where only one can stand."""
    return "<br>".join(plain(line) for line in (text or "").splitlines() if line.strip())
