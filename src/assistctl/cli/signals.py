"""Ctrl-C and SIGTERM: they mean the same, and neither leaves a lock or half a report behind."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from types import FrameType

    from assistctl.applying.cancellation import CancellationToken

GRACE_SECONDS = 30.0
"""How long requests under way may take to end once the command was told to stop, in seconds."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


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

    loop = asyncio.get_running_loop()

    def interrupted() -> None:
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
            loop.add_signal_handler(number, interrupted)
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
