"""The shortest way from one sequence to another, when it takes only few edits.

E. W. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), the greedy form. It is quick exactly where
``difflib`` is slow: long sequences that repeat themselves and differ in a few places.
"""

from __future__ import annotations

from collections.abc import Sequence


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
    """How far in ``old`` the best way onto this diagonal leads: down (an addition) or right (a removal)."""
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
