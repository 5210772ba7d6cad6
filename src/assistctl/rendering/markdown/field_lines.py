"""A field's difference as lines of a ``diff`` block: ``-`` lines hold the old text, ``+`` lines the new one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistctl.rendering import phrases as wording
from assistctl.rendering.diff.word_diff import Side
from assistctl.rendering.field_view import FieldView
from assistctl.rendering.markdown.escape import fence_for


def fenced(lines: Sequence[str]) -> str:
    """The lines as a block of differences that nothing in them closes."""
    fence = fence_for(list(lines))
    return "\n".join([f"{fence}diff", *lines, fence])


def field_lines(view: FieldView) -> Iterator[str]:
    """The lines of one view."""
    note = f"  ({view.note})" if view.note else ""
    if view.old is not None:
        yield f"- {view.path}: {view.old}{note if view.new is None else ''}"
    if view.new is not None:
        yield f"+ {view.path}: {view.new}{note}"
    if view.old is None and view.new is None:
        yield f"  {view.path}: {view.size}{note}".rstrip()
    for row in view.rows:
        sides = {segment.side for segment in row.segments} - {Side.SAME}
        for side, sign in ((Side.OLD, "-"), (Side.NEW, "+")):
            if side in sides:
                kept = (segment.text for segment in row.segments if segment.side in {side, Side.SAME})
                yield f"{sign} {str(row.number or '').rjust(5)} │ {''.join(kept)}".rstrip()
    if view.more:
        yield f"    {wording.more_rows(view)}"
