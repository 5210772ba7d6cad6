"""Text to chunks of so many tokens, overlapping by so many.

Tokens are estimated: a run of letters or digits counts one for every six characters, every other sign one,
and so does every Chinese, Japanese or Korean character; white space counts with what follows it. On English
text that is close to OpenAI's tokenizers; those would have to be downloaded first.
"""

from __future__ import annotations

import math
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

_CJK = "\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_LETTERS_PER_TOKEN = 6
# A word without end (base64) is cut into pieces, so that a chunk is never much larger than it may be.
_WORD = re.compile(rf"\s*(?:(?P<single>[{_CJK}]|[^\w\s])|[^\W{_CJK}]{{1,60}}|\Z)")
_HEADING = re.compile(r"^(?P<level>#{1,6})[ \t]+(?P<text>.{1,200})", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the text; its first ``overlap`` characters repeat the end of the chunk before.

    ``headings`` are those of the sections it begins in, the outermost first, each in a line.
    """

    text: str
    overlap: int
    headings: str = ""


def chunks(text: str, size: int, overlap: int) -> Iterator[Chunk]:
    """Cut ``text`` between words into chunks of at most ``size`` tokens; ``overlap`` is at most half of that.

    Without their overlaps the chunks are the text again, white space included.
    """
    ends, counted = _words(text)
    headings = _Headings(text)
    start = covered = 0
    while covered < len(ends):
        before = counted[start - 1] if start else 0
        stop = max(bisect_right(counted, before + size), covered + 1)
        begin = ends[start - 1] if start else 0
        repeated = ends[covered - 1] - begin if covered else 0
        yield Chunk(text[begin : ends[stop - 1]], repeated, headings.at(begin))
        covered = stop
        start = min(bisect_left(counted, counted[stop - 1] - overlap) + 1, stop)


class _Headings:
    """The headings of a Markdown text, asked for places in rising order."""

    def __init__(self, text: str) -> None:
        self._coming = _HEADING.finditer(text)
        self._next = next(self._coming, None)
        self._open: dict[int, str] = {}

    def at(self, place: int) -> str:
        """The headings of the sections that ``place`` is in."""
        while self._next is not None and self._next.start() <= place:
            level = len(self._next["level"])
            self._open = {outer: text for outer, text in self._open.items() if outer < level}
            self._open[level] = self._next["text"]
            self._next = next(self._coming, None)
        return "\n".join(self._open.values())


def estimated_tokens(text: str, *, at_most: float = math.inf) -> int:
    """The approximate number of tokens in ``text``; counting stops beyond ``at_most``."""
    total = 0
    for _, total in _counted(text):
        if total > at_most:
            break
    return total


def _words(text: str) -> tuple[array[int], array[int]]:
    """The end of each word, and the number of tokens up to there."""
    ends, counted = array("Q"), array("Q")
    for end, total in _counted(text):
        ends.append(end)
        counted.append(total)
    return ends, counted


def _counted(text: str) -> Iterator[tuple[int, int]]:
    """The end of each word, and how many tokens there are up to there."""
    total = 0
    for word in _WORD.finditer(text):
        if word.end() == word.start():
            continue
        length = 1 if word["single"] else len(word[0].strip())
        total += -(-length // _LETTERS_PER_TOKEN)
        yield word.end(), total
