"""Equal tokens of two sequences, matched in bounded time.

Tokens that occur once on each side are anchors (Bram Cohen's patience diff); ``difflib`` fills the gaps between
them where its worst case fits a budget. In longer ones only a few edits are looked for; else the gap counts as
replaced.

Few edits are found by the greedy form of E. W. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986),
which is quick exactly where ``difflib`` is slow: long sequences that repeat themselves and differ in a few places.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher

Edit = tuple[str, str]
"""A stretch of the old text and what stands in its place in the new one; the same twice if nothing changed."""

_BUDGET = 6_000_000
"""Steps of ``difflib``, at worst, for everything one matcher is asked: about half a second."""
_DEPTH = 12
"""How often a gap between anchors is searched for anchors of its own."""

_FEW = 80
"""Up to so many added and removed tokens are looked for in a gap that is too long for ``difflib``."""

_Span = tuple[int, int, int, int]
"""Of old tokens from, to; of new tokens from, to."""
_Match = tuple[int, int, int]
"""Place in the old tokens, place in the new ones, how many."""


class Matcher:
    """Pairs up equal tokens, within one budget of steps for everything it is asked."""

    def __init__(self) -> None:
        self._budget = _BUDGET

    def edits(self, old: Sequence[str], new: Sequence[str]) -> Iterator[Edit]:
        """``(text, text)`` for what is equal and ``(old, new)`` for what is not, in order, side by side."""
        at_old = at_new = 0
        for start_old, start_new, length in _adjacent_joined(self._matches(old, new, depth=_DEPTH)):
            if start_old > at_old or start_new > at_new:
                yield "".join(old[at_old:start_old]), "".join(new[at_new:start_new])
            equal = "".join(old[start_old : start_old + length])
            yield equal, equal
            at_old, at_new = start_old + length, start_new + length
        if at_old < len(old) or at_new < len(new):
            yield "".join(old[at_old:]), "".join(new[at_new:])

    def _matches(
        self, old: Sequence[str], new: Sequence[str], span: _Span | None = None, *, depth: int
    ) -> Iterator[_Match]:
        span = span or (0, len(old), 0, len(new))
        old_from, old_to, new_from, new_to = span
        shorter = min(old_to - old_from, new_to - new_from)
        head = _run(lambda i: old[old_from + i] == new[new_from + i], shorter)
        if head:
            yield old_from, new_from, head
        old_from, new_from = old_from + head, new_from + head
        tail = _run(lambda i: old[old_to - 1 - i] == new[new_to - 1 - i], shorter - head)
        yield from self._inner(old, new, (old_from, old_to - tail, new_from, new_to - tail), depth)
        if tail:
            yield old_to - tail, new_to - tail, tail

    def _inner(self, old: Sequence[str], new: Sequence[str], span: _Span, depth: int) -> Iterator[_Match]:
        old_from, old_to, new_from, new_to = span
        if old_from == old_to or new_from == new_to:
            return
        anchors = _anchors(old, new, span) if depth else []
        if not anchors:
            yield from self._gap(old, new, span)
            return
        for anchor_old, anchor_new in anchors:
            yield from self._matches(old, new, (old_from, anchor_old, new_from, anchor_new), depth=depth - 1)
            yield anchor_old, anchor_new, 1
            old_from, new_from = anchor_old + 1, anchor_new + 1
        yield from self._matches(old, new, (old_from, old_to, new_from, new_to), depth=depth - 1)

    def _gap(self, old: Sequence[str], new: Sequence[str], span: _Span) -> Iterator[_Match]:
        part_old, part_new = old[span[0] : span[1]], new[span[2] : span[3]]
        occurrences = Counter(part_new)
        pairs = sum(occurrences[token] for token in part_old)
        steps = (pairs + len(part_old)) * min(len(part_old), len(part_new))  # difflib's worst case
        if not pairs:
            return
        if steps > self._budget:
            yield from self._few_edits(part_old, part_new, span)
            return
        self._budget -= steps
        matcher = SequenceMatcher(None, part_old, part_new, autojunk=False)
        for block in matcher.get_matching_blocks():
            if block.size:
                yield span[0] + block.a, span[2] + block.b, block.size

    def _few_edits(self, old: Sequence[str], new: Sequence[str], span: _Span) -> Iterator[_Match]:
        most = min(_FEW, self._budget // (2 * len(old)))
        self._budget -= most * len(old)
        for at_old, at_new, length in few_edit_matches(old, new, most) or []:
            yield span[0] + at_old, span[2] + at_new, length


def _adjacent_joined(matches: Iterable[_Match]) -> Iterator[_Match]:
    pending: _Match | None = None
    for match in matches:
        if pending and (pending[0] + pending[2], pending[1] + pending[2]) == match[:2]:
            pending = (pending[0], pending[1], pending[2] + match[2])
            continue
        if pending:
            yield pending
        pending = match
    if pending:
        yield pending


def _run(equal: Callable[[int], bool], limit: int) -> int:
    return next((i for i in range(limit) if not equal(i)), limit)


def _anchors(old: Sequence[str], new: Sequence[str], span: _Span) -> list[tuple[int, int]]:
    """Places of the tokens that occur exactly once on each side: the longest chain that is in order on both."""
    old_from, old_to, new_from, new_to = span
    in_old, in_new = Counter(old[old_from:old_to]), Counter(new[new_from:new_to])
    place = {new[j]: j for j in range(new_from, new_to) if in_new[new[j]] == 1 and in_old[new[j]] == 1}
    common = [(i, place[old[i]]) for i in range(old_from, old_to) if old[i] in place]
    return _longest_increasing(common)


def _longest_increasing(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest subsequence whose second parts increase, by patience sorting: O(n log n)."""
    tops: list[int] = []
    piles: list[int] = []
    previous: list[int | None] = []
    for index, (_, second) in enumerate(pairs):
        pile = bisect_left(tops, second)
        previous.append(piles[pile - 1] if pile else None)
        tops[pile : pile + 1] = [second]
        piles[pile : pile + 1] = [index]
    chain: list[tuple[int, int]] = []
    index_or_none = piles[-1] if piles else None
    while index_or_none is not None:
        chain.append(pairs[index_or_none])
        index_or_none = previous[index_or_none]
    return chain[::-1]


def few_edit_matches(old: Sequence[str], new: Sequence[str], most: int) -> list[tuple[int, int, int]] | None:
    """Places in ``old`` and in ``new`` that are equal, and for how long; ``None`` if it takes over ``most`` edits.

    An edit adds or removes one token. Takes at most about ``2 * most * len(old)`` steps.
    """
    reached = {1: 0}
    history: list[dict[int, int]] = []
    for edits in range(most + 1):
        history.append(dict(reached))
        for diagonal in range(-edits, edits + 1, 2):
            x = _step(reached, diagonal, edits)
            while x < len(old) and 0 <= x - diagonal < len(new) and old[x] == new[x - diagonal]:
                x += 1
            reached[diagonal] = x
            if x >= len(old) and x - diagonal >= len(new):
                return _matches(history, len(old), len(new))
    return None


def _step(reached: dict[int, int], diagonal: int, edits: int) -> int:
    """The furthest place in ``old`` on this diagonal, reached by an addition (down) or a removal (right)."""
    below, above = reached.get(diagonal - 1, -1), reached.get(diagonal + 1, -1)
    down = diagonal == -edits or (diagonal != edits and below < above)
    return above if down else below + 1


def _matches(history: Sequence[dict[int, int]], x: int, y: int) -> list[tuple[int, int, int]]:
    """The way walked back from the end, as stretches of equal tokens in order."""
    found: list[tuple[int, int, int]] = []
    for edits in range(len(history) - 1, -1, -1):
        reached, diagonal = history[edits], x - y
        start = _step(reached, diagonal, edits)
        if x > start:
            found.append((start, start - diagonal, x - start))
        down = start == reached.get(diagonal + 1, -1) and (
            diagonal == -edits or (diagonal != edits and reached.get(diagonal - 1, -1) < start)
        )
        x, y = (start, start - diagonal - 1) if down else (start - 1, start - diagonal)
    return found[::-1]
