"""A row of a difference: a line of the old text, one of the new, or one of each; and its marks without colour."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from assistctl.rendering.diff.word_diff import Segment, Side


class Sign(StrEnum):
    """Which text the line of a row is in; a changed one is in both."""

    CHANGED = "~"
    REMOVED = "-"
    ADDED = "+"


@dataclass(frozen=True, slots=True)
class Row:
    """One line to show.

    ``number`` is its line in the new text, ``None`` for one that only the old text has; ``old_number`` the other
    way round. Unchanged words are ``SAME`` in removed and added lines, too, where a paragraph was re-wrapped.
    ``skipped`` is how many unchanged lines, or ``skipped_characters`` of the same line, stand between this row and
    the one before it. ``heading`` is the nearest one above, where that is another than the row before had;
    ``shortened`` says that characters of the line were left out of the row.
    """

    number: int | None
    segments: tuple[Segment, ...]
    sign: Sign = Sign.CHANGED
    old_number: int | None = None
    skipped: int = 0
    skipped_characters: int = 0
    heading: str = ""
    shortened: bool = False


def marked(segment: Segment) -> str:
    """``[-old-]`` or ``{+new+}``, for where there is no colour; marks in the text itself get a backslash more."""
    opening, closing = _MARKS[segment.side]
    return f"{opening}{escaped_marks(segment.text)}{closing}"


def escaped_marks(text: str) -> str:
    """``text`` with a backslash more in what looks like one of our marks; so the marks can be told for sure."""
    return _CLOSING.sub(r"\1\2\\\3", _OPENING.sub(r"\1\2\\\3", text))


_MARKS = {Side.SAME: ("", ""), Side.OLD: ("[-", "-]"), Side.NEW: ("{+", "+}")}
_OPENING = re.compile(r"(\[(?=\\*-)|\{(?=\\*\+))(\\*)([-+])")
_CLOSING = re.compile(r"(-(?=\\*\])|\+(?=\\*\}))(\\*)([\]}])")


def numbers_shown(rows: Iterable[Row]) -> Iterator[str]:
    """The number beside each row: that of the old line where there is no new one; empty where it was just said."""
    previous: tuple[int | None, Sign] | None = None
    for row in rows:
        number = row.number or row.old_number
        yield "" if number is None or (number, row.sign) == previous else str(number)
        previous = (number, row.sign)


def is_change(segment: Segment) -> bool:
    """Whether only one of the two texts has the segment."""
    return segment.side is not Side.SAME
