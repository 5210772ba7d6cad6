"""The difference of two long texts as rows to show: the changed words, with a few words around them.

A row never holds a hidden character and, unless asked to, never more than a bounded number of characters, so
it can stand behind a line number in any format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistctl.rendering.diff.word_diff import Segment, Side, compare
from assistctl.secrets.escaping import visible

CONTEXT = 48
"""How many characters of unchanged text, at most, are kept on either side of a change."""
LONGEST = 320
"""How many characters of one changed stretch are shown before its middle is left out."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line to show. ``number`` is its line in the new text, ``None`` for one that only the old text has."""

    number: int | None
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class TextDiff:
    """All rows with a change; ``changed`` of ``total`` lines (of both texts together) have one."""

    rows: tuple[Row, ...]
    changed: int
    total: int


def diff_rows(old: str, new: str, *, longest: int | None = LONGEST) -> TextDiff:
    """The rows in which ``old`` and ``new`` differ. ``longest=None`` shows changed stretches whole."""
    lines = list(_lines(compare(old, new)))
    changed = [line for line in lines if any(_is_change(segment) for segment in line.segments)]
    rows = [_readable(row, longest) for line in changed for row in _split_far_apart(_without_end(line))]
    return TextDiff(tuple(rows), len(changed), len(lines))


def preview_rows(text: str, side: Side, limit: int | None, *, longest: int | None = LONGEST) -> tuple[Row, ...]:
    """The first ``limit`` lines (all with ``None``) of a text that only one side has."""
    lines = text.removesuffix("\n").split("\n")
    return tuple(
        _readable(Row(number, (Segment(side, line),)), longest)
        for number, line in enumerate(lines[:limit], start=1)
    )


def marked(segment: Segment) -> str:
    """``[-old-]`` or ``{+new+}``, for where there is no colour; marks in the text itself get a backslash."""
    text = segment.text
    for sign in ("[-", "-]", "{+", "+}"):
        text = text.replace(sign, "\\".join(sign))
    opening, closing = _MARKS[segment.side]
    return f"{opening}{text}{closing}"


_MARKS = {Side.SAME: ("", ""), Side.OLD: ("[-", "-]"), Side.NEW: ("{+", "+}")}


def _is_change(segment: Segment) -> bool:
    return segment.side is not Side.SAME


def _lines(segments: Sequence[Segment]) -> Iterator[Row]:
    """The segments cut behind every newline, whichever text it is in."""
    number = 1
    collected: list[Segment] = []
    for segment in segments:
        for part in re.findall(r"[^\n]*\n|[^\n]+", segment.text):
            collected.append(Segment(segment.side, part))
            if part.endswith("\n"):
                yield _line(number, collected)
                number += segment.side is not Side.OLD
                collected = []
    if collected:
        yield _line(number, collected)


def _line(number: int, segments: Sequence[Segment]) -> Row:
    only_old = all(segment.side is Side.OLD for segment in segments)
    return Row(None if only_old else number, tuple(segments))


def _without_end(line: Row) -> Row:
    """The line without its newline; where just the newline was added or removed, a sign stands for it."""
    *before, last = line.segments
    text = last.text.removesuffix("\n")
    if text != last.text and _is_change(last) and (not text or any(s.side is not last.side for s in before)):
        text += "↵"
    return Row(line.number, (*before, Segment(last.side, text)) if text else tuple(before))


def _split_far_apart(row: Row) -> Iterator[Row]:
    """One row for each group of changes that stand near each other, with its context."""
    collected: list[Segment] = []
    for position, segment in enumerate(row.segments):
        if _is_change(segment):
            collected.append(segment)
            continue
        head, tail = _around(segment.text)
        first, last = position == 0, position == len(row.segments) - 1
        if not first:
            collected.append(Segment(Side.SAME, segment.text if not (last or tail) else head))
        if not (first or last) and tail:
            yield Row(row.number, tuple(collected))
            collected = []
        if not last and (first or tail):
            collected = [Segment(Side.SAME, tail or segment.text)]
    yield Row(row.number, tuple(collected))


def _around(unchanged: str) -> tuple[str, str]:
    """The words to keep behind a change and before the next; the second is empty where nothing is left out."""
    if len(unchanged) <= 2 * CONTEXT:
        return unchanged, ""
    head, tail = unchanged[:CONTEXT], unchanged[-CONTEXT:]
    head = head[: head.rstrip().rfind(" ") + 1].rstrip() or head
    tail = tail[tail.lstrip().find(" ") + len(tail) - len(tail.lstrip()) :].lstrip() or tail
    return head + " …", "… " + tail


def _readable(row: Row, longest: int | None) -> Row:
    last = len(row.segments) - 1
    segments = (
        Segment(s.side, _shown(s, longest, ends_row=i == last) if _is_change(s) else visible(s.text))
        for i, s in enumerate(row.segments)
    )
    return Row(row.number, tuple(segments))


def _shown(segment: Segment, longest: int | None, *, ends_row: bool) -> str:
    text = segment.text
    if longest is not None and len(text) > longest:
        half = longest // 2
        text = f"{text[:half]} … {len(text) - 2 * half:,} more characters … {text[-half:]}"
    blank = r"^\s+$|\s+$" if ends_row else r"^\s+$"
    return visible(re.sub(blank, lambda match: _signs(match.group()), text))


def _signs(blank: str) -> str:
    """White space that can be seen: where it is all that changed, or ends a line."""
    return "".join("·" if char == " " else char.encode("unicode_escape").decode("ascii") for char in blank)
