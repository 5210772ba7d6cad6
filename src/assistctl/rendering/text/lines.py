"""Lines on a console: wrapped with a hanging indent on a terminal, whole elsewhere, never a trailing space."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment, Segments
from rich.text import Text

_TAB_SIZE = 8
_NARROWEST = 20
"""A hanging indent gives way before less than this many columns are left for the text."""


@dataclass(frozen=True, slots=True)
class Line:
    """A body behind a prefix.

    When the body has to be wrapped, its later lines start ``hang`` columns behind the prefix, which is repeated as
    ``next_prefix`` (by default as spaces of the same width).
    """

    body: Text = field(default_factory=Text)
    prefix: Text = field(default_factory=Text)
    hang: int = 0
    next_prefix: Text | None = None


def emit(console: Console, lines: Iterable[Line]) -> None:
    """Prints the lines. Nothing in them is parsed: no markup, no emoji codes, no highlighting."""
    if not console.is_terminal and console.color_system is None:
        _write(console, lines)
        return
    for line in lines:
        for text in _wrapped(line, console) if console.is_terminal else [_together(line.prefix, line.body)]:
            text.rstrip()
            console.print(text, soft_wrap=True, markup=False, highlight=False, emoji=False)


def _write(console: Console, lines: Iterable[Line]) -> None:
    """Write the lines where nothing is wrapped or coloured: all at once, which is far faster."""
    texts = (f"{line.prefix.plain}{line.body.plain}".rstrip() for line in lines)
    whole = "".join([f"{text}\n" for text in map(_without_tabs, texts)])
    console.print(Segments([Segment(whole)]), soft_wrap=True, end="")


def _without_tabs(text: str) -> str:
    """``text`` with its tabs as spaces, as ``Console.print`` has them."""
    if "\t" not in text:
        return text
    expanded = Text(text)
    expanded.expand_tabs(_TAB_SIZE)
    return expanded.plain


def pad(text: str, width: int) -> str:
    """``text`` filled up with spaces to ``width`` columns, as a terminal counts them."""
    return text + " " * (width - cell_len(text))


def _wrapped(line: Line, console: Console) -> list[Text]:
    room = max(console.width - cell_len(line.prefix.plain), 1)
    if cell_len(line.body.plain) <= room:
        return [_together(line.prefix, line.body)]
    hang = min(line.hang, max(room - _NARROWEST, 0))
    first = line.body.wrap(console, room, overflow="fold")[0]
    left = line.body[len(first.plain) :]
    left = left[len(left.plain) - len(left.plain.lstrip()) :]
    later = left.wrap(console, room - hang, overflow="fold")
    indent = line.next_prefix or Text(" " * cell_len(line.prefix.plain))
    return [
        _together(line.prefix, first),
        *(_together(indent, Text(" " * hang), text) for text in later),
    ]


def _together(*parts: Text) -> Text:
    """The parts joined, each in its own style only (``+`` spreads the first one's over all)."""
    joined = Text()
    for part in parts:
        joined.append_text(part)
    return joined
