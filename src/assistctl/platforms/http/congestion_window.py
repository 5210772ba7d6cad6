"""How many requests may be under way together: fewer once a platform throttles, more again while it does not.

Additive increase, multiplicative decrease, as TCP does it (RFC 5681, section 3.1). Until a platform first
throttles there is no limit; how many requests a run makes at once is for others to say.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field


@dataclass(slots=True)
class Window:
    """The limit, and how many are under way. ``freed`` is set whenever there may be room for one more."""

    limit: float = math.inf
    under_way: int = 0
    freed: asyncio.Event = field(default_factory=asyncio.Event)
    _cut_at: float = -math.inf
    _successes: int = 0

    @property
    def is_full(self) -> bool:
        """Whether one more would be one too many."""
        return self.under_way >= self.limit

    def enter(self) -> None:
        """One more is under way."""
        self.under_way += 1

    def leave(self) -> None:
        """One less is."""
        self.under_way -= 1
        self._make_room()

    def throttled(self, began: float, now: float) -> bool:
        """Halve the limit because a request that ``began`` then was refused; the times are of one clock.

        Those that were under way together are refused together and count once: false for the others of them.
        To be called before the request leaves.
        """
        if began < self._cut_at:
            return False
        self.limit = max(1, min(self.limit, self.under_way) // 2)
        self._cut_at = now
        self._successes = 0
        return True

    def succeeded(self, began: float) -> None:
        """One more may go once as many went through as there may be; those from before the cut do not count."""
        if began < self._cut_at or self.limit == math.inf:
            return
        self._successes += 1
        if self._successes >= self.limit:
            self.limit += 1
            self._successes = 0
            self._make_room()

    def _make_room(self) -> None:
        if not self.is_full:
            self.freed.set()
            self.freed = asyncio.Event()
