"""When to ask again, and when to wait: for all requests of one connection together.

A platform that throttles one request throttles them all, so one 429 makes every request wait, and fewer of them
go at once from then on; each backing off by itself would keep it throttled.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import email.utils
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeVar

from assistctl.errors import PlatformError

Answer = TypeVar("Answer")

# How often something that may be repeated is tried when there is no answer, or a 5xx.
TRIES = 3
# How long a platform may go without letting anything through, in seconds, if nothing else is said.
PATIENCE = 600.0
# The first and the longest wait when it does not say how long, in seconds.
_FIRST_WAIT = 0.5
# A platform that asks for less than this and refuses again does not mean it.
_NO_WAIT = 0.1
_LONGEST_OWN_WAIT = 30.0


class AskAgainError(PlatformError):
    """A request that may go through when it is sent again: it was refused for now, or got no answer.

    ``wait`` is how many seconds the platform asks to wait, ``None`` when it does not say. ``throttled``: it was
    not carried out, so that even a create may be repeated.
    """

    def __init__(self, error: PlatformError, *, wait: float | None, throttled: bool) -> None:
        super().__init__(error.summary, error.hint, status=error.status)
        self.error = error
        self.wait = wait
        self.throttled = throttled


class InterruptedWaitError(PlatformError):
    """Somebody wants to stop while a request waits for its turn: it was not sent yet, or was refused."""

    def __init__(self) -> None:
        super().__init__(
            "interrupted while the platform asked to wait", "This was not done; run it again to go on."
        )


@dataclass(slots=True)
class Window:
    """How many requests may be under way together: fewer once a platform throttles, more again while it does not.

    Additive increase, multiplicative decrease, as TCP does it (RFC 5681, section 3.1). Until a platform first
    throttles there is no limit; how many requests a run makes at once is for others to say. ``freed`` is set
    whenever there may be room for one more.
    """

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


@dataclass(slots=True)
class RequestPacer:
    """The waiting that all requests of one connection share.

    ``throttle_timeout`` is how long, in seconds, the platform may refuse without letting anything through. Once
    ``stop`` is set nothing waits any more: who would have to raises ``InterruptedWaitError``.
    """

    throttle_timeout: float = PATIENCE
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    resume_at: float = 0.0
    window: Window = field(default_factory=Window)
    _own_wait: float = field(default_factory=lambda: _FIRST_WAIT)
    _slowed_at: float = 0.0
    _refusal: AskAgainError | None = None
    _refused_since: float = 0.0
    _gate: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def keep(self, send: Callable[[], Awaitable[Answer]], *, repeatable: bool) -> Answer:
        """Call ``send``, again where that is right: after a 429 always, else only what is ``repeatable``.

        Raises the error behind the last ``AskAgainError`` when patience or tries are used up, and
        ``InterruptedWaitError``.
        """
        began, tries = asyncio.get_running_loop().time(), 0
        last: AskAgainError | None = None
        while True:
            try:
                return await self._turn(send, began)
            except AskAgainError as error:
                last, tries = error, tries + 1
                may_be = error.throttled or (repeatable and tries < TRIES)
                if not may_be or (error.wait or 0.0) > self.throttle_timeout:
                    raise error.error from error.__cause__
            except InterruptedWaitError:
                if last is None or last.throttled:
                    raise
                # It was sent, and nobody knows what became of it.
                raise last.error from last.__cause__

    async def _turn(self, send: Callable[[], Awaitable[Answer]], since: float) -> Answer:
        await self._admission(since)
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            answer = await send()
        except AskAgainError as error:
            self._slow_down(error, began, clock())
            raise
        finally:
            self.window.leave()
        self._refusal = None
        self._own_wait = _FIRST_WAIT
        self.window.succeeded(began)
        return answer

    async def _admission(self, since: float) -> None:
        """Wait until it is time and there is room for one more request, of somebody who waits ``since`` then.

        One after another through the gate: whoever was refused goes behind those who have not been heard yet.
        """
        clock = asyncio.get_running_loop().time
        waits = self._gate.locked()
        async with self._gate:
            while True:
                if waits and self.stop.is_set():
                    raise InterruptedWaitError
                left = max(0.0, self.resume_at - clock())
                self._check_patience(since, clock() + left)
                if not left and not self.window.is_full:
                    self.window.enter()
                    return
                waits = True
                await (first_of(self.stop, seconds=left) if left else first_of(self.stop, self.window.freed))

    def _check_patience(self, since: float, next_try: float) -> None:
        """Raise what the platform said last when the next try would come too late.

        Time counts from the first refusal since anything went through, whoever met it: behind a narrow limit
        many wait for long, and not in vain, and when nothing goes through any more all of them give up at once.
        """
        said = self._refusal
        if said is not None and next_try - max(since, self._refused_since) > self.throttle_timeout:
            raise PlatformError(said.summary, said.hint, status=said.status)

    def _slow_down(self, error: AskAgainError, began: float, now: float) -> None:
        asked = error.wait or 0.0
        # Nobody waits for longer than there is patience; the others need not, to learn that for themselves.
        self.resume_at = max(self.resume_at, now + asked if asked <= self.throttle_timeout else 0.0)
        if error.throttled:
            self._refused_since = now if self._refusal is None else self._refused_since
            self._refusal = error
            self.window.throttled(began, now)
        # Requests that were under way together are refused together, and count as one refusal.
        if began < self._slowed_at:
            return
        again = self._own_wait > _FIRST_WAIT
        if error.wait is None or (again and error.wait < _NO_WAIT):
            self.resume_at = max(self.resume_at, now + self._own_wait)
        self._own_wait = min(self._own_wait * 2, _LONGEST_OWN_WAIT)
        self._slowed_at = now


async def first_of(*events: asyncio.Event, seconds: float | None = None) -> None:
    """Wait until one of ``events`` is set, for at most so many seconds."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def wait_asked_for(headers: Mapping[str, str]) -> float | None:
    """The seconds an answer asks to wait: ``retry-after-ms``, else ``Retry-After`` (seconds or an HTTP date)."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    seconds = _number(text)
    return seconds if seconds is not None or text is None else _until(text)


def is_transient(status: int, headers: Mapping[str, str]) -> bool:
    """Whether a status tells of a passing trouble; a server that says ``x-should-retry: false`` knows better."""
    if headers.get("x-should-retry") == "false":
        return False
    return status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _until(text: str) -> float | None:
    try:
        moment = email.utils.parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=dt.UTC)
        return max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None
