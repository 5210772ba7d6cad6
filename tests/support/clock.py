"""Coroutines on a clock that jumps over every wait, and the waits of a command made short."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from typing import TypeVar

Found = TypeVar("Found")


def nobody_is_asked() -> bool:
    """No answer from outside the loop is awaited."""
    return False


class JumpingSelector(selectors.SelectSelector):
    """When there is nothing to do for a while, that while is over at once. ``ahead`` is the sum, in seconds.

    While somebody outside the loop ``is_asked``, it takes its time: the answer comes by a clock that cannot jump.
    """

    def __init__(self, is_asked: Callable[[], bool] = nobody_is_asked) -> None:
        super().__init__()
        self.ahead = 0.0
        self._is_asked = is_asked

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now; without a timeout, what will be."""
        if timeout is None or self._is_asked():
            return super().select(timeout)
        self.ahead += max(0.0, timeout)
        return super().select(0)


class FastLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps over every wait."""

    def __init__(self, is_asked: Callable[[], bool] = nobody_is_asked) -> None:
        self._jumping = JumpingSelector(is_asked)
        super().__init__(self._jumping)

    def time(self) -> float:
        """The time, with all that was jumped over."""
        return super().time() + self._jumping.ahead


def run(work: Callable[[], Awaitable[Found]], is_asked: Callable[[], bool] = nobody_is_asked) -> Found:
    """What ``work`` comes to, without waiting for it but while somebody outside ``is_asked``."""

    async def main() -> Found:
        return await work()

    with asyncio.Runner(loop_factory=lambda: FastLoop(is_asked)) as runner:
        return runner.run(main())


def shorten_waits(set_to: Callable[[object, str, object], None]) -> None:
    """Let a command in this process wait for a moment where it waits for a second.

    That is before a retry, and while files are indexed. Each wait is still longer than the one before it, and a
    platform that asks for a wait gets it. ``set_to`` is ``setattr``, or what can undo it.
    """
    from assistctl.applying.files import indexing
    from assistctl.platforms.http import wire

    set_to(wire, "_FIRST_WAIT", 0.005)
    set_to(indexing, "_FIRST_POLL", 0.005)
