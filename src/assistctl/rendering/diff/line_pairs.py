"""Pairs of an old line and the new line that it became.

Lines that are equal are matched first. Between them, a line is paired with the one that has most words in common
with it, in order; a paragraph whose line breaks moved is kept together as re-wrapped. Whatever is found, the old
sides join to the old text, and the new sides to the new one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from assistctl.rendering.diff.token_matcher import Matcher
from assistctl.rendering.diff.word_diff import LINE, Segment, Side, compare_words, words_of

_ALIKE = 0.4
"""The share of words that two lines have in common, from which on one is told as a change of the other."""
_SHORT = 60
"""A short line alone between equal ones is a change of the one in its place, however little is alike."""
_MOST_PAIRS = 40_000
"""So many pairs of lines are compared for one text; where that is not enough, lines are removed and added."""
_REWRAPPED = 0.6
"""A paragraph is re-wrapped when joining its lines saves at least the rest of the changed words."""
_LONGEST_PARAGRAPH = 20_000


class Step(StrEnum):
    """One step from the old lines to the new ones."""

    SAME = "same"
    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"
    REWRAPPED = "re-wrapped"


@dataclass(frozen=True, slots=True)
class Lines:
    """One step: a line of each text (equal or changed), a line of one of them, or a re-wrapped paragraph of both.

    ``segments`` hold the old and the new side. In a re-wrapped paragraph a line break that only moved is no change
    of its words, so only there a ``SAME`` segment may differ in white space; ``old`` and ``new`` are as they are.
    """

    step: Step
    old: str
    new: str
    segments: tuple[Segment, ...] = ()


def pair_lines(old: str, new: str) -> Iterator[Lines]:
    """The steps from ``old`` to ``new``; their old sides join to ``old`` and their new sides to ``new``."""
    pairing = _Pairing()
    for before, after in Matcher().edits(LINE.findall(old), LINE.findall(new)):
        if before == after:
            yield from (Lines(Step.SAME, line, line) for line in LINE.findall(before))
        else:
            yield from pairing.changes(before, after)


class _Pairing:
    """Pairs changed lines, within one budget for a whole text."""

    def __init__(self) -> None:
        self._matcher = Matcher()
        self._pairs_left = _MOST_PAIRS

    def changes(self, before: str, after: str) -> Iterator[Lines]:
        old, new = LINE.findall(before), LINE.findall(after)
        paired = list(self._paired(old, new))
        rewrapped = self._rewrapped(before, after, paired) if max(len(old), len(new)) > 1 and old and new else None
        yield from [rewrapped] if rewrapped else paired

    def _paired(self, old: Sequence[str], new: Sequence[str]) -> Iterator[Lines]:
        at_old = at_new = 0
        for match_old, match_new in [*self._likeliest(old, new), (len(old), len(new))]:
            yield from (_one_sided(Step.REMOVED, line) for line in old[at_old:match_old])
            yield from (_one_sided(Step.ADDED, line) for line in new[at_new:match_new])
            if match_old < len(old):
                segments = tuple(compare_words(self._matcher, old[match_old], new[match_new]))
                yield Lines(Step.CHANGED, old[match_old], new[match_new], segments)
            at_old, at_new = match_old + 1, match_new + 1

    def _likeliest(self, old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
        """The pairs, in order on both sides, that have most in common altogether."""
        if len(old) == len(new) == 1 and max(len(old[0]), len(new[0])) <= _SHORT:
            return [(0, 0)]
        if len(old) == len(new) and all(
            _share(*pair) for pair in zip(_word_sets(old), _word_sets(new), strict=True)
        ):
            return [(place, place) for place in range(len(old))]
        self._pairs_left -= len(old) * len(new)
        if not old or not new or self._pairs_left < 0:
            return []
        likeness = _likeness(old, new)
        best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
        for i in reversed(range(len(old))):
            for j in reversed(range(len(new))):
                best[i][j] = max(best[i + 1][j], best[i][j + 1], likeness[i][j] + best[i + 1][j + 1])
        return list(_walk(best, likeness))

    def _rewrapped(self, before: str, after: str, paired: Sequence[Lines]) -> Lines | None:
        """Both as one paragraph, where that leaves markedly fewer words changed than line by line."""
        if len(before) + len(after) > _LONGEST_PARAGRAPH:
            return None
        flow_old, flow_new = _flow(before), _flow(after)
        if flow_old == before and flow_new == after:
            return None
        flowing = tuple(compare_words(self._matcher, flow_old, flow_new))
        by_line = sum(_changed_words(lines.segments) for lines in paired)
        in_flow = _changed_words(flowing)
        if in_flow > by_line * _REWRAPPED or in_flow >= _all_words(flowing) * _ALIKE:
            return None
        return Lines(Step.REWRAPPED, before, after, flowing)


def _one_sided(step: Step, line: str) -> Lines:
    if step is Step.REMOVED:
        return Lines(step, line, "", (Segment(Side.OLD, line),))
    return Lines(step, "", line, (Segment(Side.NEW, line),))


def _likeness(old: Sequence[str], new: Sequence[str]) -> list[list[float]]:
    """The share of words that two lines have in common; 0 where it is too little to speak of."""
    words_new = _word_sets(new)
    return [[_share(before, after) for after in words_new] for before in _word_sets(old)]


def _word_sets(lines: Iterable[str]) -> list[frozenset[str]]:
    return [frozenset(words_of(line)) for line in lines]


def _share(before: frozenset[str], after: frozenset[str]) -> float:
    if not (before or after):
        return 1.0
    share = 2 * len(before & after) / (len(before) + len(after))
    return share if share >= _ALIKE else 0.0


def _walk(best: Sequence[Sequence[float]], likeness: Sequence[Sequence[float]]) -> Iterator[tuple[int, int]]:
    i = j = 0
    while i < len(likeness) and j < len(likeness[0]):
        if likeness[i][j] and best[i][j] == likeness[i][j] + best[i + 1][j + 1]:
            yield i, j
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1


_SOFT_BREAK = re.compile(r"(?<=[^\s])\n(?=[^\s\-*+#>|`~=_<]|[*_`][^\s*_`])(?!\d+[.)])")
"""A line break that Markdown reads as a space (CommonMark 0.31, 6.8): no item, heading or fence begins after."""


def _flow(text: str) -> str:
    """``text`` with spaces for its soft line breaks: of the same length, character by character."""
    return _SOFT_BREAK.sub(" ", text)


def _changed_words(segments: Sequence[Segment]) -> int:
    return sum(len(words_of(segment.text)) for segment in segments if segment.side is not Side.SAME)


def _all_words(segments: Sequence[Segment]) -> int:
    """The words of both texts."""
    return sum(len(words_of(segment.text)) * (1 + (segment.side is Side.SAME)) for segment in segments)
