"""A word-level difference of two texts of any length, in bounded time.

``compare`` gives segments that together hold both texts completely; nothing is cut or marked here
(``rows.py`` does that for display). Lines are compared first, then the words inside the lines that changed.
Numbers, code spans, names with dots or hyphens and addresses are one word each: half of one says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from assistctl.rendering.diff.token_matcher import Edit, Matcher


class Side(StrEnum):
    """The text that a segment belongs to."""

    SAME = "same"
    OLD = "old"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text that both have, or only one of them."""

    side: Side
    text: str


def compare(old: str, new: str) -> tuple[Segment, ...]:
    """The segments from ``old`` to ``new``, in order.

    The texts of those that are not ``NEW`` join to ``old``, of those that are not ``OLD`` to ``new``. Where
    text was replaced, the old segment stands directly before the new one.
    """
    lines = Matcher().edits(LINE.findall(old), LINE.findall(new))
    matcher = Matcher()
    segments: list[Segment] = []
    for before, after in lines:
        if before == after:
            segments.append(Segment(Side.SAME, before))
        else:
            segments += compare_words(matcher, before, after)
    return tuple(joined(segments))


LINE = re.compile(r"[^\n]*\n|[^\n]+")
"""A line with its end."""

_MARKS = "\u0300-\u036f\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff"
_NO_SPACES = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Vowel and tone signs of those scripts stay with the letter that they stand on.
_SIGNS = (
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece"
    "\u102b-\u103e\u1056-\u1059\u17b6-\u17d3\u3099\u309a"
)
_NUMBER = r"[-+\u2212]?\d+(?:[.,:/]\d+)+%?|\d+%"
_CODE = r"\(secret(?: [A-Za-z_][\w.-]{0,80})?\)|`[^`\n]{1,80}`|[A-Za-z][a-z+]{1,9}://[^\s<>()]{1,200}|\$\{\w[\w:.-]{0,80}\}|--?[A-Za-z]\w*(?:-\w+)*"
_NAME = r"[A-Za-z0-9_]+(?:[-._/@][A-Za-z0-9_]+)+(?:\(\))?"
_WORD = re.compile(
    rf"\n|[^\S\n]+|(?<!\w)(?:{_NUMBER}|{_CODE}|{_NAME})(?![\w{_MARKS}])|[{_NO_SPACES}][{_SIGNS}]*"
    rf"|(?:(?![{_NO_SPACES}])\w|[{_MARKS}])+|[^\w\s](?:\u200d[^\w\s]|[{_MARKS}])*"
)


def words_of(text: str) -> list[str]:
    """The words of a text, and its signs; no white space."""
    return [word for word in _WORD.findall(text) if not word.isspace()]


def compare_words(matcher: Matcher, old: str, new: str) -> list[Segment]:
    """The segments between two texts, word by word, within the budget of ``matcher``."""
    edits = list(matcher.edits(_WORD.findall(old), _WORD.findall(new)))
    return [segment for before, after in _merged(edits) for segment in _segments(before, after)]


def _segments(before: str, after: str) -> Iterator[Segment]:
    if before == after:
        yield Segment(Side.SAME, before)
        return
    if before:
        yield Segment(Side.OLD, before)
    if after:
        yield Segment(Side.NEW, after)


def _merged(edits: Sequence[Edit]) -> Iterator[Edit]:
    """Takes equal stretches that only chop up a change into that change, as people would read it."""
    before = after = ""
    for position, (old, new) in enumerate(edits):
        if old == new and not (before or after):
            yield old, new
        elif old == new and not _chops(old, before, after, edits[position + 1 : position + 2]):
            yield before, after
            yield old, new
            before = after = ""
        else:
            before, after = before + old, after + new
    if before or after:
        yield before, after


def _chops(equal: str, before: str, after: str, following: Sequence[Edit]) -> bool:
    """Whether an equal stretch between two edits is shorter than both (as in diff-match-patch's clean-up)."""
    if not following or "\n" in equal:
        return False
    old, new = following[0]
    if not equal.strip():
        return bool((before or old) and (after or new))
    return len(equal) <= max(len(before), len(after)) // 2 and len(equal) <= max(len(old), len(new)) // 2


def joined(segments: Iterable[Segment]) -> Iterator[Segment]:
    """The segments, those of the same side that stand side by side as one."""
    for side, group in groupby(segments, key=lambda segment: segment.side):
        yield Segment(side, "".join(segment.text for segment in group))


def one_side(segments: Iterable[Segment], side: Side) -> list[Segment]:
    """The segments of one of the two texts; what stands side by side in it is one segment."""
    return list(joined(segment for segment in segments if segment.side in {side, Side.SAME}))
