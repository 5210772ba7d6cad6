"""A journal on a clock that jumps over every wait but those for an answer of its store; or with short pauses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from assistctl.journal import Journal, lock
from assistctl.journal.storage import open_store
from assistctl.journal.storage.store import Store
from support.clock import run

Found = TypeVar("Found")

FRACTION = 0.1
"""How much of a pause is left when pauses are shortened."""


@dataclass
class Jumping:
    """Runs what waits for a lock without waiting; ``asked`` is how many answers of a store are under way."""

    asked: int = 0

    def run(self, work: Callable[[], Awaitable[Found]], journal: Journal | None = None) -> Found:
        """What ``work`` comes to, which uses ``journal``."""
        if journal is not None:
            journal._store = self.asked_of(journal._store)
        return run(work, lambda: self.asked > 0)

    def asked_of(self, store: Store) -> Store:
        """The store; while it is asked, the clock does not jump."""
        return cast("Store", _Counted(store, self))


def now() -> float:
    """The time of the loop that runs, which jumps."""
    return asyncio.get_running_loop().time()


def shorten_pauses(set_to: Callable[[object, str, object], None]) -> None:
    """Look for a lock that another one holds, and ask Google again, after ``FRACTION`` of the time.

    ``set_to`` is ``setattr``, or what can undo it.
    """
    set_to(lock, "_LONGEST_PAUSE", lock._LONGEST_PAUSE * FRACTION)
    for name in ("_GOOGLE_FIRST_PAUSE", "_GOOGLE_LONGEST_PAUSE"):
        set_to(open_store, name, getattr(open_store, name) * FRACTION)


class _Counted:
    def __init__(self, store: Store, jumping: Jumping) -> None:
        self._store, self._jumping = store, jumping

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if not callable(found):
            return found

        async def counted(*args: object) -> Any:
            self._jumping.asked += 1
            try:
                return await found(*args)
            finally:
                self._jumping.asked -= 1

        return counted
