"""The differences of one change on a console: paths in a column, values beside, changed words below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from assistctl.rendering.diff.rows import Row, marked
from assistctl.rendering.diff.word_diff import Side
from assistctl.rendering.field_view import FieldView, Shape
from assistctl.rendering.phrases import more_rows
from assistctl.rendering.text.lines import Line, pad

_INDENT = " " * 6
_WIDEST_PATH = 24
_STYLES = {Side.SAME: "", Side.OLD: "red", Side.NEW: "green"}
_IN_COLOUR = {Side.SAME: "", Side.OLD: "red strike", Side.NEW: "green underline"}


def field_lines(console: Console, views: Sequence[FieldView]) -> Iterator[Line]:
    """The lines for all differences of one thing.

    Changed words are struck through and underlined in colour where there is colour, else marked as
    ``[-old-]`` and ``{+new+}``.
    """
    in_colour = console.color_system is not None and not console.no_color
    widths = [cell_len(view.path) for view in views]
    width = max((width for width in widths if width <= _WIDEST_PATH), default=0)
    for view in views:
        yield _first_line(view, width)
        yield from _below(view, in_colour=in_colour)


def _first_line(view: FieldView, width: int) -> Line:
    if cell_len(view.path) > width:
        return Line(Text(f"{view.path}  ").append_text(_beside(view)), prefix=Text(_INDENT), hang=2)
    return Line(_beside(view), prefix=Text(f"{_INDENT}{pad(view.path, width)}  "))


def _beside(view: FieldView) -> Text:
    body = Text()
    if view.old is not None:
        body.append(view.old, _STYLES[Side.OLD]).append(" → ")
    if view.new is not None:
        body.append(view.new, _STYLES[Side.NEW])
    body.append(view.size, "dim")
    if view.note:
        body.append(f"  ({view.note})", "magenta")
    return body


def _below(view: FieldView, *, in_colour: bool) -> Iterator[Line]:
    digits = max((len(str(row.number)) for row in view.rows if row.number), default=1)
    bare = Text(f"{_INDENT}  {' ' * digits} │ ", "dim")
    previous: int | None = None
    for row in view.rows:
        number = "" if row.number in {None, previous} else str(row.number)
        previous = row.number or previous
        prefix = Text(f"{_INDENT}  {number:>{digits}} │ ", "dim")
        yield Line(_words(row, view.shape, in_colour=in_colour), prefix=prefix, next_prefix=bare)
    if view.more:
        yield Line(Text(more_rows(view, "-v shows all"), "dim"), prefix=bare)


def _words(row: Row, shape: Shape, *, in_colour: bool) -> Text:
    text = Text()
    for segment in row.segments:
        if shape is not Shape.CHANGED:
            text.append(segment.text, _STYLES[segment.side])
        elif in_colour:
            words = segment.text.lstrip()
            text.append(segment.text[: len(segment.text) - len(words)]).append(words, _IN_COLOUR[segment.side])
        else:
            text.append(marked(segment), _STYLES[segment.side])
    return text
