"""Whether anything new may begin: not once the apply is to stop, nor when its lock may be somebody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from assistctl.errors import AssistctlError


class NotBegunError(AssistctlError):
    """It was not begun; the summary says why."""

    def __init__(self, why: str = "the apply was interrupted") -> None:
        super().__init__(f"not begun: {why}")


@dataclass(frozen=True, slots=True)
class Gate:
    """``stop`` is set when nothing new is to begin; ``lock_lost`` says whether others may be at work by now."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    lock_lost: Callable[[], bool] = lambda: False

    def check(self) -> None:
        """Raise ``NotBegunError`` when nothing new may begin."""
        if self.stop.is_set():
            raise NotBegunError
        if self.lock_lost():
            raise NotBegunError("the lock could not be renewed in time, so another apply may be at work")
