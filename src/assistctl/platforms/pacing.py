"""When to ask again, and when to wait: for all requests of one connection together.

A platform that throttles one request throttles them all, so one 429 makes every request wait; each backing off by
itself would keep it throttled.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import email.utils
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

from assistctl.errors import PlatformError

Answer = TypeVar("Answer")

# How often something that may be repeated is tried when there is no answer, or a 5xx.
TRIES = 3
# How long a platform may keep answering 429, and the longest single wait it may ask for, in seconds.
PATIENCE = 15.0
LONGEST_WAIT = 120.0
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


@dataclass(slots=True)
class Pace:
    """The waiting that all requests of one connection share."""

    resume_at: float = 0.0
    _own_wait: float = _FIRST_WAIT
    _slowed_at: float = 0.0

    async def keep(self, send: Callable[[], Awaitable[Answer]], *, repeatable: bool) -> Answer:
        """Call ``send``, again where that is right: after a 429 always, else only what is ``repeatable``.

        Raises the error behind the last ``AskAgainError`` when patience or tries are used up.
        """
        from tenacity import AsyncRetrying, retry_if_exception

        clock = asyncio.get_running_loop().time
        began, tries = clock(), 0

        def again(error: BaseException) -> bool:
            nonlocal tries
            tries += 1
            if not isinstance(error, AskAgainError) or (error.wait or 0) > LONGEST_WAIT:
                return False
            return error.throttled or (repeatable and tries < TRIES)

        retrying = AsyncRetrying(
            retry=retry_if_exception(again),
            stop=lambda _: clock() - began > PATIENCE,
            wait=lambda _: 0.0,  # the waiting is shared, and done before each turn
            reraise=True,
        )
        try:
            return await retrying(self._turn, send)
        except AskAgainError as error:
            raise error.error from error.__cause__

    async def _turn(self, send: Callable[[], Awaitable[Answer]]) -> Answer:
        clock = asyncio.get_running_loop().time
        while (left := self.resume_at - clock()) > 0:  # noqa: ASYNC110  # others may put it off meanwhile
            await asyncio.sleep(left)
        began = clock()
        try:
            answer = await send()
        except AskAgainError as error:
            self._slow_down(error, began, clock())
            raise
        self._own_wait = _FIRST_WAIT
        return answer

    def _slow_down(self, error: AskAgainError, began: float, now: float) -> None:
        self.resume_at = max(self.resume_at, now + (error.wait or 0.0))
        # Requests that were under way together are refused together, and count as one refusal.
        if began < self._slowed_at:
            return
        again = self._own_wait > _FIRST_WAIT
        if error.wait is None or (again and error.wait < _NO_WAIT):
            self.resume_at = max(self.resume_at, now + self._own_wait)
        self._own_wait = min(self._own_wait * 2, _LONGEST_OWN_WAIT)
        self._slowed_at = now


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
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds())
