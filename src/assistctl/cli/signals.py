"""Ctrl-C and SIGTERM: they mean the same, and neither leaves a lock or half a report behind."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from assistctl.errors import ExitCode

if TYPE_CHECKING:
    import asyncio
    from types import FrameType

    from assistctl.applying.cancellation import CancellationToken

GRACE_SECONDS = 30.0
"""How long requests under way may take to end once the command was told to stop, in seconds."""

ENDING_SECONDS = 5.0
"""How long a command may take to end once it was told twice, in seconds."""

_SAME_PRESS_SECONDS = 0.1
"""A signal so soon behind another one is the same one: ``timeout`` sends it to the command and to its group."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
T = TypeVar("T")


def take_sigterm_as_ctrl_c() -> None:
    """Let SIGTERM do what Ctrl-C does at that moment: by itself it would end the process without a word."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        if signal.getsignal(signal.SIGINT) in {signal.SIG_IGN, None}:
            # A shell starts what goes to the background so; SIGTERM is meant all the same.
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    signal.signal(signal.SIGTERM, interrupt)


def run_until_interrupted(main: Coroutine[Any, Any, T]) -> T:
    """What ``main`` returns. Raises ``KeyboardInterrupt`` where Ctrl-C has ended it.

    The first Ctrl-C cancels ``main``, the second all that is left; what has not ended ``ENDING_SECONDS`` later
    ends with the process. ``asyncio.run`` has the second one raise ``KeyboardInterrupt`` wherever the event loop
    is just then: a step of a task that is lost by that is waited for without end.
    """
    import asyncio

    if threading.current_thread() is not threading.main_thread():
        return asyncio.run(main)
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:
        return asyncio.run(main)
    with asyncio.Runner() as runner:
        interruption = _Interruption(runner.get_loop())
        signal.signal(signal.SIGINT, interruption)
        try:
            return runner.run(interruption.watched(main))
        except asyncio.CancelledError:
            if not interruption.times:
                raise
            raise KeyboardInterrupt from None
        finally:
            # While the loop is closed another Ctrl-C is no reason to lose a step of that, either.
            runner.close()
            interruption.is_over()
            signal.signal(signal.SIGINT, before)


@dataclass(slots=True, eq=False)
class _Interruption:
    """A handler of SIGINT for what runs in ``loop``. ``times`` is how often it was called."""

    loop: asyncio.AbstractEventLoop
    times: int = 0
    _last: float = 0.0
    _task: asyncio.Task[Any] | None = None
    _forced: threading.Timer | None = None

    async def watched(self, main: Coroutine[Any, Any, T]) -> T:
        import asyncio

        self._task = asyncio.current_task()
        if self.times:
            main.close()
            raise asyncio.CancelledError
        return await main

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        now, last = time.monotonic(), self._last
        if self.times and now - last < _SAME_PRESS_SECONDS:
            return
        self.times, self._last = self.times + 1, now
        if self.times > 1 and self._forced is None:
            self._forced = threading.Timer(ENDING_SECONDS, os._exit, (ExitCode.INTERRUPTED,))
            self._forced.daemon = True
            self._forced.start()
        with contextlib.suppress(RuntimeError):  # closed
            self.loop.call_soon_threadsafe(self._cancel)

    def is_over(self) -> None:
        """Nothing is left that could take too long."""
        if self._forced is not None:
            self._forced.cancel()

    def _cancel(self) -> None:
        import asyncio

        for task in asyncio.all_tasks(self.loop) if self.times > 1 else {self._task} - {None}:
            if task is not None:
                task.cancel()


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
