"""Coroutines on a clock that jumps over every wait."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from typing import TypeVar

Found = TypeVar("Found")


class JumpingSelector(selectors.SelectSelector):
    """When there is nothing to do for a while, that while is over at once. ``ahead`` is the sum, in seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now; without a timeout, what will be."""
        if timeout is None:
            return super().select()
        self.ahead += max(0.0, timeout)
        return super().select(0)


class FastLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps over every wait."""

    def __init__(self) -> None:
        self._jumping = JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """The time, with all that was jumped over."""
        return super().time() + self._jumping.ahead


def run(work: Callable[[], Awaitable[Found]]) -> Found:
    """What ``work`` comes to, without waiting for it."""

    async def main() -> Found:
        return await work()

    with asyncio.Runner(loop_factory=FastLoop) as runner:
        return runner.run(main())
