"""One apply at a time per target: a lock with a lease that its holder renews, and a dead holder loses.

No two clocks are compared. Whoever waits measures with its own clock how long the lock stays exactly as it is, and
takes it when that is longer than the lease; a holder counts from before it asked for the renewal that succeeded
last, and gives up a sixth of the lease early. So a holder has stopped before anybody else begins.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from assistctl.errors import JournalError, LockedError
from assistctl.journal.lock_record import Holder, decode_lock, encode_lock, new_holder
from assistctl.journal.records import Actor
from assistctl.journal.storage.store import Store, Tag

LEASE = 30.0
"""How long a lock counts without being renewed, in seconds."""

_LONGEST_PAUSE = 1.0
_RENEWALS_PER_LEASE = 3
_SAFE_PART = 5 / 6

# Time asleep counts as well. Linux leaves it out of its monotonic clock, macOS out of time.monotonic().
_CLOCK = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))


def clock() -> float:
    """Seconds of a clock that only goes forward, also while the machine sleeps."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)


@asynccontextmanager
async def holding(
    store: Store,
    key: str,
    who: Actor,
    *,
    timeout: float,  # noqa: ASYNC109  # part of what is asked for: past it, the holder is named
    lease: float = LEASE,
    waiting: Callable[[Holder], None] = lambda _: None,
) -> AsyncIterator[Lock]:
    """Hold the lock at ``key`` for the time of the block.

    Waits at most ``timeout`` seconds for another holder, and tells ``waiting`` of each one it waits for. Raises
    ``LockedError``, which names the holder, and ``JournalError``.
    """
    lock = await _Waiter(store, key, who, lease, waiting).acquired(timeout)
    renewal = asyncio.create_task(lock.keep())
    try:
        yield lock
    finally:
        renewal.cancel()
        await asyncio.wait([renewal])
        await lock.release()


async def current_holder(store: Store, key: str) -> Holder | None:
    """The holder of the lock, dead or alive; ``None`` when it is free. Raises ``JournalError``."""
    stored = await store.get(key)
    return decode_lock(stored.data, f"{store.place}/{key}").holder if stored else None


async def unlock(store: Store, key: str, lock_id: str) -> Holder:
    """Take the lock from the holder with this id, whether it is alive or not; who that was.

    Raises ``JournalError`` when the lock is free or somebody else's.
    """
    stored = await store.get(key)
    holder = decode_lock(stored.data, f"{store.place}/{key}").holder if stored else None
    if stored is None or holder is None:
        raise JournalError("nothing is locked", "There is nothing to unlock.")
    if holder.id != lock_id:
        raise JournalError(f"the lock is not {lock_id}: it is {holder.id}, held by {holder}")
    if await store.replace(key, encode_lock(None), stored.tag) is None:
        raise JournalError(
            f"the lock {lock_id} was renewed at this moment, so its holder is alive",
            "Let it finish; if that is not wanted, unlock again.",
        )
    return holder


class Lock:
    """A lock that is held, and renewed in the background by ``keep``.

    ``id`` is what ``unlock`` takes. ``left_behind`` is why it could not be released, once that failed; it then
    ends with its lease.
    """

    def __init__(self, store: Store, key: str, holder: Holder, tag: Tag, asked: float) -> None:
        self.holder = holder
        self.left_behind: JournalError | None = None
        self._store = store
        self._key = key
        self._tag = tag
        self._held_until = asked + holder.lease * _SAFE_PART
        self._is_taken = False

    @property
    def id(self) -> str:
        """The lock's id."""
        return self.holder.id

    @property
    def lost(self) -> bool:
        """Whether somebody else may hold it by now: nothing may be changed any more. Never false again."""
        # By the clock and not by the renewal's word: this process may just have been woken.
        self._is_taken = self._is_taken or clock() >= self._held_until
        return self._is_taken

    async def keep(self) -> None:
        """Renew the lease until it is lost."""
        pause = self.holder.lease / _RENEWALS_PER_LEASE
        while not self.lost:
            await asyncio.sleep(min(pause, max(0.0, self._held_until - clock())))
            is_renewed = await self._renewed_in_time()
            pause = self.holder.lease / (_RENEWALS_PER_LEASE if is_renewed else 4 * _RENEWALS_PER_LEASE)

    async def release(self) -> None:
        """Let go of it, if it is still ours."""
        try:
            async with asyncio.timeout(self.holder.lease):
                await self._put(None)
        except TimeoutError:
            self.left_behind = JournalError("the lock could not be released: the service does not answer")
        except JournalError as error:
            self.left_behind = error

    async def _renewed_in_time(self) -> bool:
        with suppress(JournalError, TimeoutError):
            async with asyncio.timeout(max(0.0, self._held_until - clock())):
                return await self._renewed()
        return False

    async def _renewed(self) -> bool:
        asked = clock()
        fresh = replace(self.holder, renewed=datetime.now(UTC))
        if self.lost or not await self._put(fresh):
            return False
        self._held_until = asked + self.holder.lease * _SAFE_PART
        return True

    async def _put(self, holder: Holder | None) -> bool:
        """Write ``holder`` while the lock is ours; when it is not, it is lost."""
        tag = await self._store.replace(self._key, encode_lock(holder), self._tag)
        if tag is None and await self._still_ours():
            tag = await self._store.replace(self._key, encode_lock(holder), self._tag)
        if tag is None:
            self._is_taken = True
            return False
        self._tag = tag
        return True

    async def _still_ours(self) -> bool:
        """Whether what is there is a write of our own whose answer was lost; then it is what to go on from."""
        stored = await self._store.get(self._key)
        if stored is None:
            return False
        holder = decode_lock(stored.data, f"{self._store.place}/{self._key}").holder
        if holder is None or holder.id != self.id:
            return False
        self._tag = stored.tag
        return True


@dataclass(slots=True)
class _Waiter:
    """Tries for a lock until it has it: free, or not renewed for its whole lease."""

    store: Store
    key: str
    who: Actor
    lease: float
    waiting: Callable[[Holder], None]
    seen: Tag | None = None
    seen_at: float = 0.0
    waited_for: str = ""

    async def acquired(self, seconds: float) -> Lock:
        deadline = clock() + seconds
        while True:
            stored = await self.store.get(self.key)
            holder = decode_lock(stored.data, f"{self.store.place}/{self.key}").holder if stored else None
            tag = stored.tag if stored else None
            if holder is None or self._is_abandoned(holder, tag):
                lock = await self._taken(tag)
                if lock is not None:
                    return lock
                if clock() < deadline:
                    continue
            await self._pause(holder, deadline)

    def _is_abandoned(self, holder: Holder, tag: Tag | None) -> bool:
        # After the answer: what it shows is older than this moment.
        now = clock()
        if tag != self.seen:
            self.seen, self.seen_at = tag, now
        return now - self.seen_at >= holder.lease

    async def _taken(self, tag: Tag | None) -> Lock | None:
        holder = new_holder(self.who, self.lease)
        data = encode_lock(holder)
        asked = clock()
        taken = await (self.store.replace(self.key, data, tag) if tag else self.store.create(self.key, data))
        return None if taken is None else Lock(self.store, self.key, holder, taken, asked)

    async def _pause(self, holder: Holder | None, deadline: float) -> None:
        left = deadline - clock()
        if left <= 0:
            raise _locked(holder)
        if holder is not None and holder.id != self.waited_for:
            self.waited_for = holder.id
            self.waiting(holder)
        # Not all at the same moment.
        pause = min(_LONGEST_PAUSE, self.lease / 10) * random.uniform(0.5, 1.0)  # noqa: S311  # no secret
        await asyncio.sleep(min(pause, left))


def _locked(holder: Holder | None) -> LockedError:
    if holder is None:
        return LockedError(
            "the lock was taken by others each time it came free",
            "Nothing was changed. Wait longer with --lock-timeout.",
        )
    return LockedError(
        f"another apply is running: {holder} (lock {holder.id},"
        f" until {holder.expires:%H:%M:%S} UTC unless it is renewed)",
        f"Nothing was changed. Wait longer with --lock-timeout; more than {holder.lease:g} s outlasts a holder"
        f" that died. If you are sure that it died: assistctl unlock {holder.id}",
    )
