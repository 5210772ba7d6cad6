"""Whether anything new may begin, and whether what is under way may go on, when an apply is to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from assistctl.errors import AssistctlError, PlatformError


class NotBegunError(AssistctlError):
    """It was not begun; the summary says why."""

    def __init__(self, why: str = "the apply was interrupted") -> None:
        super().__init__(f"not begun: {why}")
        self.why = why


class NotAttemptedError(PlatformError):
    """Something that it needs failed, so nothing was sent; ``why`` says which, whose own result says why."""

    def __init__(self, why: str) -> None:
        super().__init__(f"not attempted: {why}")
        self.why = why


class UnfinishedError(AssistctlError):
    """Some of it was done, and the rest was not begun; ``why`` says why."""

    def __init__(self, why: str = "the apply was interrupted") -> None:
        super().__init__(f"begun, and not finished: {why}", "The next apply goes on with it.")
        self.why = why


class CutOffError(AssistctlError):
    """It was under way when the apply was ended: it may have been carried out."""

    def __init__(self) -> None:
        super().__init__(
            "cut off while it was under way: whether it was done is not known", "The next apply looks first."
        )


@dataclass(frozen=True, slots=True)
class CancellationToken:
    """``stop`` is set when nothing new is to begin, ``cut_off`` when nothing under way is waited for any longer.

    ``lock_lost`` says whether others may be at work by now. ``heeded`` is entered while changes are made: before
    and after, a command that is interrupted has nothing to finish and can simply end.
    """

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    lock_lost: Callable[[], bool] = lambda: False
    cut_off: asyncio.Event = field(default_factory=asyncio.Event)
    heeded: Callable[[], AbstractContextManager[None]] = nullcontext

    def check(self) -> None:
        """Raise ``NotBegunError`` when nothing new may begin."""
        if self.stop.is_set():
            raise NotBegunError
        if self.lock_lost():
            raise NotBegunError("the lock could not be renewed in time, so another apply may be at work")

    async def until_cut_off(self, work: Coroutine[None, None, None]) -> bool:
        """Do ``work``, and whether it came to its end: once ``cut_off`` is set it is cancelled."""
        doing, waiting = asyncio.create_task(work), asyncio.create_task(self.cut_off.wait())
        try:
            await asyncio.wait((doing, waiting), return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                return False
            await doing
            return True
        finally:
            for task in (doing, waiting):
                task.cancel()
            await asyncio.wait((doing, waiting))
