"""Places in a text, in a reader's words: the nearest heading above, and the number of sentences."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property

from assistctl.rendering.diff.word_diff import Segment, Side

_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(\S.*?)(?:[ \t]+#+)?[ \t]*")
"""An ATX heading (CommonMark 0.31, 4.2)."""
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_LONGEST = 60
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"')\]]*\s+|(?<=[\u3002\uff01\uff1f])|\n+")


class Outline:
    """The headings of a Markdown text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def heading_above(self, number: int) -> str:
        """The nearest heading at or above line ``number``, which counts from 1; an empty string without one."""
        numbers, titles = self._headings
        at = bisect_right(numbers, number)
        return titles[at - 1] if at else ""

    @cached_property
    def _headings(self) -> tuple[list[int], list[str]]:
        numbers, titles = [], []
        fence = ""
        for number, line in enumerate(self._text.split("\n") if "#" in self._text else (), start=1):
            found = _FENCE.match(line)
            if fence or found:
                fence = _fence_behind(fence, found.group(1) if found else "")
            elif heading := _HEADING.fullmatch(line):
                numbers.append(number)
                titles.append(_short(heading.group(1)))
        return numbers, titles


def _fence_behind(fence: str, found: str) -> str:
    if not fence:
        return found
    return "" if found.startswith(fence) else fence


def _short(title: str) -> str:
    return title if len(title) <= _LONGEST else f"{title[:_LONGEST].rstrip()}…"


def counted_sentences(segments: Sequence[Segment]) -> int:
    """The number of sentences that are changed, added or removed in a line or a paragraph.

    Those of the new text count, and those of the old one where nothing new stands in their place.
    """
    touched_new = _touched(segments, Side.NEW)
    return max(touched_new, _touched(segments, Side.OLD))


def _touched(segments: Sequence[Segment], side: Side) -> int:
    """The sentences of one of the texts that hold a changed stretch of it."""
    text = "".join(segment.text for segment in segments if segment.side in {side, Side.SAME})
    ends = [match.end() for match in _SENTENCE_END.finditer(text) if match.end() < len(text)]
    touched: set[int] = set()
    at = 0
    for segment in segments:
        if segment.side is side and segment.text.strip():
            touched.update(range(bisect_right(ends, at), bisect_right(ends, at + len(segment.text) - 1) + 1))
        at += len(segment.text) if segment.side in {side, Side.SAME} else 0
    return len(touched)
