"""Ctrl-C and SIGTERM: they mean the same, and neither leaves a lock or half a report behind."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from types import FrameType

    from assistctl.applying.cancellation import CancellationToken

GRACE_SECONDS = 30.0
"""How long requests under way may take to end once the command was told to stop, in seconds."""

SAME_PRESS_SECONDS = 0.1
"""A signal so soon behind the same one is no second one: ``timeout`` sends it to the command and to its group."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Presses:
    """The signals that came so far; one that is sent twice at once counts as one."""

    def __init__(self) -> None:
        self._last: dict[int, float] = {}

    def is_another(self, number: int) -> bool:
        """Whether the signal ``number``, which has just come, is not the last one of its kind once more."""
        now, last = time.monotonic(), self._last.get(number)
        if last is not None and now - last < SAME_PRESS_SECONDS:
            return False
        self._last[number] = now
        return True


def take_sigterm_as_ctrl_c() -> None:
    """Let SIGTERM do what Ctrl-C does at that moment: by itself it would end the process without a word."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        if signal.getsignal(signal.SIGINT) in {signal.SIG_IGN, None}:
            # A shell starts what goes to the background so; SIGTERM is meant all the same.
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    signal.signal(signal.SIGTERM, interrupt)


def cancelled_by_signals(tell: Callable[[str], None]) -> CancellationToken:
    """A token that Ctrl-C and SIGTERM close while changes are made; before and after, they end the command.

    ``tell`` is given the line that says so.
    """
    import asyncio

    from assistctl.applying.cancellation import CancellationToken

    stop, cut_off = asyncio.Event(), asyncio.Event()
    return CancellationToken(stop, cut_off=cut_off, heeded=lambda: stopping(tell, stop, cut_off))


@contextlib.contextmanager
def stopping(
    tell: Callable[[str], None], stop: asyncio.Event, cut_off: asyncio.Event, *, grace: float = GRACE_SECONDS
) -> Iterator[None]:
    """The first signal sets ``stop``: what is under way may finish. The second, or ``grace``, sets ``cut_off``."""
    import asyncio

    loop, presses = asyncio.get_running_loop(), Presses()

    def interrupted(number: int) -> None:
        if not presses.is_another(number):
            return
        if stop.is_set():
            cut_off.set()
            return
        stop.set()
        loop.call_later(grace, cut_off.set)
        tell("Stopping: what is under way is finished first. Ctrl-C again ends it at once.")

    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number in _SIGNALS:
        # Windows has no such handlers; there Ctrl-C ends the process at once.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, interrupted, number)
    try:
        yield
    finally:
        for number, handler in before.items():
            with contextlib.suppress(NotImplementedError):
                loop.remove_signal_handler(number)
            if handler is not None:
                signal.signal(number, handler)


@contextlib.contextmanager
def ctrl_c_ends_reading() -> Iterator[None]:
    """Have Ctrl-C raise ``KeyboardInterrupt`` at once.

    An event loop only takes note of it, which does not wake a read that waits for an answer.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
