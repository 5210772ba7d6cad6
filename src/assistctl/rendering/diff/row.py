"""A row of a difference: a line of the old text, one of the new, or one of each.

It is shown with its changes and a few words around them, every hidden character made visible; without colour, with
marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from assistctl.rendering.diff.word_diff import Segment, Side
from assistctl.rendering.values import look_alike, told_apart
from assistctl.secrets.escaping import visible

_CONTEXT = 48
"""How many characters of unchanged text, at most, are kept on either side of a change in a long line."""
_WHOLE = 160
"""A line with no more characters than this is shown whole."""
LONGEST = 320
"""How many characters of one changed stretch are shown before its middle is left out."""


class Sign(StrEnum):
    """The text that the line of a row is in; a changed one is in both."""

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
    """The number beside each row: the old line's where there is no new one; empty when it repeats."""
    previous: tuple[int | None, Sign] | None = None
    for row in rows:
        number = row.number or row.old_number
        yield "" if number is None or (number, row.sign) == previous else str(number)
        previous = (number, row.sign)


def is_change(segment: Segment) -> bool:
    """Whether only one of the two texts has the segment."""
    return segment.side is not Side.SAME


def excerpts(row: Row, longest: int | None) -> Iterator[Row]:
    """The row as it is shown: whole if it is short, else the changed words with some of the line around them."""
    whole = longest is None or sum(len(segment.text) for segment in row.segments) <= _WHOLE
    for part in [row] if whole else _split_far_apart(row):
        yield readable(part, longest)


def _split_far_apart(row: Row) -> Iterator[Row]:
    """One row for each group of changes that stand near each other, with its context."""
    if not any(map(is_change, row.segments)):
        yield row
        return
    collected: list[Segment] = []
    skipped = 0
    part = replace(row, shortened=True)
    for position, segment in enumerate(row.segments):
        if is_change(segment):
            collected.append(segment)
            continue
        head, tail = _around(segment.text)
        first, last = position == 0, position == len(row.segments) - 1
        if not first:
            collected.append(Segment(Side.SAME, segment.text if not tail else f"{head} …"))
        if not (first or last) and tail:
            yield replace(part, segments=tuple(collected), skipped_characters=skipped)
            part = replace(part, skipped=0, heading="")
            skipped, collected = len(segment.text) - len(head) - len(tail), []
        if not last and (first or tail):
            collected = [Segment(Side.SAME, f"… {tail}" if tail else segment.text)]
    yield replace(part, segments=tuple(collected), skipped_characters=skipped)


def _around(unchanged: str) -> tuple[str, str]:
    """The words to keep behind a change and before the next; the second is empty where nothing is left out."""
    if len(unchanged) <= 2 * _CONTEXT:
        return unchanged, ""
    head, tail = unchanged[:_CONTEXT], unchanged[-_CONTEXT:]
    head = head[: head.rstrip().rfind(" ") + 1].rstrip() or head
    tail = tail[tail.lstrip().find(" ") + len(tail) - len(tail.lstrip()) :].lstrip() or tail
    return head, tail


def readable(row: Row, longest: int | None) -> Row:
    """The row without hidden characters, the middle of a stretch with more than ``longest`` left out."""
    last = len(row.segments) - 1
    segments = tuple(
        Segment(s.side, _readable_text(s, longest, ends_row=i == last) if _is_long(row, s) else visible(s.text))
        for i, s in enumerate(_with_code_points(row.segments))
    )
    cut = longest is not None and any(_is_long(row, s) and len(s.text) > longest for s in row.segments)
    return replace(row, segments=segments, shortened=row.shortened or cut)


def _with_code_points(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    r"""The segments, with ``\u0430`` for the letters by which one that looks like another differs."""
    shown = list(segments)
    for at in range(len(shown) - 1):
        old, new = shown[at], shown[at + 1]
        if (old.side, new.side) == (Side.OLD, Side.NEW) and look_alike(old.text, new.text):
            pair = told_apart(old.text, new.text)
            shown[at], shown[at + 1] = Segment(Side.OLD, pair[0]), Segment(Side.NEW, pair[1])
    return tuple(shown)


def _is_long(row: Row, segment: Segment) -> bool:
    """Whether the segment may be cut: one that changed, or an unchanged line of a re-wrapped paragraph."""
    return is_change(segment) or len(row.segments) == 1


def _readable_text(segment: Segment, longest: int | None, *, ends_row: bool) -> str:
    text = segment.text
    if longest is not None and len(text) > longest:
        half = longest // 2
        text = f"{text[:half]} … {len(text) - 2 * half:,} more characters … {text[-half:]}"
    blank = r"^\s+$|\s+$" if ends_row else r"^\s+$"
    return visible(re.sub(blank, lambda match: _signs(match.group()), text))


def _signs(blank: str) -> str:
    """White space that can be seen: where it is all that changed, or ends a line."""
    return "".join("·" if char == " " else char.encode("unicode_escape").decode("ascii") for char in blank)
