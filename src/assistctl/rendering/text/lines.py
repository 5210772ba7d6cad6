"""Lines on a console: wrapped with a hanging indent on a terminal, whole elsewhere, never a trailing space.

The differences of a change are such lines: paths in a column, values beside, changed words below.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment as Written
from rich.segment import Segments
from rich.text import Text

from assistctl.rendering.diff.row import Row, Sign, escaped_marks, marked, numbers_shown
from assistctl.rendering.diff.word_diff import Segment, Side, one_side
from assistctl.rendering.field_view import FieldView, Shape
from assistctl.rendering.phrases import gap_before, left_out

_INDENT = " " * 6
_WIDEST_PATH = 24
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
    console.print(Segments([Written(whole)]), soft_wrap=True, end="")


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


@dataclass(frozen=True, slots=True)
class _Tones:
    """The colours of both sides, of the words that differ within a line, and of the signs before lines."""

    values: Mapping[Side, str]
    words: Mapping[Side, str]
    signs: Mapping[Sign, str]


_CHANGE = _Tones(
    values={Side.SAME: "", Side.OLD: "red", Side.NEW: "green"},
    words={Side.SAME: "", Side.OLD: "red strike", Side.NEW: "green underline"},
    signs={Sign.CHANGED: "yellow", Sign.REMOVED: "red", Sign.ADDED: "green"},
)
DRIFT = _Tones(
    values={Side.SAME: "", Side.OLD: "", Side.NEW: "magenta"},
    words={Side.SAME: "", Side.OLD: "bold", Side.NEW: "magenta underline"},
    signs={Sign.CHANGED: "magenta", Sign.REMOVED: "", Sign.ADDED: "magenta"},
)
"""What is declared is to stay, and must not look deleted; what somebody made of it stands out."""


@dataclass(frozen=True, slots=True)
class _Look:
    """How words are told apart: by these tones alone where there is colour, else by marks as well."""

    tones: _Tones
    in_colour: bool


def field_lines(console: Console, views: Sequence[FieldView], tones: _Tones = _CHANGE) -> Iterator[Line]:
    """The lines for all differences of one thing.

    A line that was removed has a ``-`` before it, one that was added a ``+``, one in which words changed a ``~``.
    Those words are in the ``tones`` where there is colour (of a change struck through and underlined), else marked
    as ``[-old-]`` and ``{+new+}``.
    """
    look = _Look(tones, in_colour=console.color_system is not None and not console.no_color)
    widths = [cell_len(view.path) for view in views]
    width = max((width for width in widths if width <= _WIDEST_PATH), default=0)
    for view in views:
        yield _first_line(view, width, look)
        yield from _below(view, look)


def _first_line(view: FieldView, width: int, look: _Look) -> Line:
    beside = _beside(view, look)
    if cell_len(view.path) > width:
        return Line(Text(f"{view.path}  ").append_text(beside), prefix=Text(_INDENT), hang=2)
    return Line(beside, prefix=Text(f"{_INDENT}{pad(view.path, width)}  "))


def _beside(view: FieldView, look: _Look) -> Text:
    body = Text()
    if view.old is not None:
        body.append_text(_value(view, Side.OLD, view.old, look))
    if view.old is not None and view.new is not None:
        body.append(" → ")
    if view.new is not None:
        body.append_text(_value(view, Side.NEW, view.new, look))
    body.append(view.size, "dim" if view.rows else "")
    if view.note:
        body.append(f"  ({view.note})", "magenta")
    return body


def _value(view: FieldView, side: Side, value: str, look: _Look) -> Text:
    """One of two short values: by itself, or with marks for the words that the other has not."""
    if not view.words:
        return Text(value, look.tones.values[side])
    return _words(one_side(view.words, side), look)


def _below(view: FieldView, look: _Look) -> Iterator[Line]:
    numbers = list(numbers_shown(view.rows)) if view.rows else []
    digits = max((len(number) for number in numbers if number), default=1)
    bare = Text(f"{_INDENT}  {' ' * digits}  │ ", "dim")
    for position, (row, number) in enumerate(zip(view.rows, numbers, strict=True)):
        if gap := gap_before(row, is_first=not position):
            yield Line(Text(gap, "dim"), prefix=Text(f"{_INDENT}  {' ' * digits}  ", "dim"))
        number_column = Text("").append(f"{_INDENT}  {number:>{digits}} ", "dim")
        prefix = number_column.append(row.sign, look.tones.signs[row.sign]).append("│ ", "dim")
        words = _line(row, look, marks=view.shape is Shape.CHANGED)
        yield Line(words, prefix=prefix, next_prefix=bare)
    for sentence in left_out(view, "-v shows all"):
        yield Line(Text(sentence, "dim"), prefix=bare)


def _line(row: Row, look: _Look, *, marks: bool) -> Text:
    """The words of a row: the sign says enough of a line that is all old, or all new.

    Where lines with marks may stand beside it, what only looks like one in it gets a backslash.
    """
    sides = {segment.side for segment in row.segments}
    if row.sign is Sign.CHANGED or len(sides) != 1:
        return _words(row.segments, look)
    text = "".join(segment.text for segment in row.segments)
    return Text("").append(
        escaped_marks(text) if marks and not look.in_colour else text, look.tones.signs[row.sign]
    )


def _words(segments: Sequence[Segment], look: _Look) -> Text:
    text = Text()
    for segment in segments:
        if look.in_colour:
            words = segment.text.lstrip()
            text.append(segment.text[: len(segment.text) - len(words)]).append(
                words, look.tones.words[segment.side]
            )
        else:
            text.append(marked(segment), look.tones.values[segment.side])
    return text
