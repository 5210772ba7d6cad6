"""Differences as lines of a ``diff`` block: ``-`` lines are lines of the old text, ``+`` lines of the new one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistctl.rendering import phrases as wording
from assistctl.rendering.diff.row import Row, Sign, escaped_marks, marked
from assistctl.rendering.diff.word_diff import Segment, Side, one_side
from assistctl.rendering.field_view import FieldView, Limits, Shape
from assistctl.rendering.markdown.document import ELSEWHERE, Part, shortened
from assistctl.rendering.markdown.escape import fence_for

LIMITS = Limits(rows=None, preview=None, longest=2_000)
"""A document leaves out lines only where there is no room for them (``document.py``)."""


def fenced(head: str, lines: Sequence[str], tail: str = "") -> Part:
    """The lines under ``head`` as a block of differences that nothing in them closes."""
    cut = tuple(shortened(line) for line in lines)
    fence = fence_for(list(cut))
    left_out = f"  … {{}} more lines ({ELSEWHERE})"
    return Part(f"{head}\n{fence}diff", cut, f"{fence}{tail}", left_out=left_out)


def field_lines(view: FieldView) -> Iterator[str]:
    """The lines of one view."""
    note = f"  ({view.note})" if view.note else ""
    if view.old is not None:
        yield f"- {view.path}: {_value(view, Side.OLD, view.old)}{'' if view.new is not None else note}"
    if view.new is not None:
        yield f"+ {view.path}: {_value(view, Side.NEW, view.new)}{note}"
    if view.size:
        yield f"  {view.path}: {view.size}{note}"
    for position, row in enumerate(view.rows):
        if gap := wording.gap_before(row, is_first=not position):
            yield f"        {gap}"
        yield from _row_lines(row, view.shape)
    for sentence in wording.left_out(view, ELSEWHERE):
        yield f"        {sentence}"


def _value(view: FieldView, side: Side, value: str) -> str:
    return _one_side(view.words, side, view.shape) if view.words else value


def _row_lines(row: Row, shape: Shape) -> Iterator[str]:
    """The line as it was, and as it will be."""
    if row.sign is not Sign.ADDED:
        yield f"- {str(row.old_number or '').rjust(5)} │ {_one_side(row.segments, Side.OLD, shape)}".rstrip()
    if row.sign is not Sign.REMOVED:
        yield f"+ {str(row.number or '').rjust(5)} │ {_one_side(row.segments, Side.NEW, shape)}".rstrip()


def _one_side(segments: Sequence[Segment], side: Side, shape: Shape) -> str:
    """The old or the new line: marked where the other has other words, and as it is where it has no other."""
    shown = one_side(segments, side)
    if len(shown) == 1:
        return escaped_marks(shown[0].text) if shape is Shape.CHANGED else shown[0].text
    return "".join(map(marked, shown))
