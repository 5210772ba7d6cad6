"""Raw JSON through the client of a vendor's SDK: what is sent, repeated and read, and what is known afterwards.

An SDK gives its authentication and addresses, not its models: those would hide what a server really said.

When to ask again, and when to wait, is for all requests of one connection together. A platform that throttles one
request throttles them all, so one 429 makes every request wait, and fewer of them go at once from then on; each
backing off by itself would keep it throttled.
"""

from __future__ import annotations

import asyncio
import json
import math
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeVar

from assistctl.errors import NotFoundError, OutcomeUnknownError, PlatformError
from assistctl.json_value import Json
from assistctl.model.strict_json import is_deeper_than, parsed_json
from assistctl.platforms.connection import AnsweringAccount, Connection, answer_budget, shown_server
from assistctl.platforms.http.answer_budget import UnreadAnswerError
from assistctl.platforms.http.pager import Listing, listing_of

AnswerT = TypeVar("AnswerT")

# For what is only advice, and not worth waiting for.
_TIMEOUT_ONCE_SECONDS = 5.0
# What the embedded platform answers with where no model answers its runs.
_MODEL_HEADER, _NO_MODEL = "assistctl-model", "none"


@dataclass(frozen=True, slots=True)
class Sent:
    """One request: ``method`` in lower case, ``options`` and ``payload`` as the SDK's client takes them.

    ``repeatable``: it does no harm when it is carried out twice.
    """

    method: str
    path: str
    params: Mapping[str, object] | None = None
    body: Mapping[str, Json] | None = None
    repeatable: bool = True
    options: Mapping[str, object] = field(default_factory=dict)
    payload: Mapping[str, object] = field(default_factory=dict)

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.method == "get"


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """A successful answer, read to its end; the names of ``headers`` are found in any case."""

    status: int
    content: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """The JSON in an answer, the headers that it came with, and how many bytes it was."""

    body: Json
    headers: Mapping[str, str]
    size: int = 0


class HttpWire(ABC):
    """One client of one API, at ``base_url``. Every failure is a ``PlatformError``."""

    def __init__(self, connection: Connection, base_url: str) -> None:
        self.base_url = base_url
        self.account = AnsweringAccount()
        self.lacks_model = False
        self._connection = connection
        self._budget = answer_budget(connection)
        self._pace = RequestPacer(connection.throttle_timeout, connection.stop or asyncio.Event())

    async def get(self, path: str, params: Mapping[str, object] | None = None) -> Json:
        """The JSON at ``path``."""
        return (await self.get_answer(path, params)).body

    async def get_answer(self, path: str, params: Mapping[str, object] | None = None) -> Answer:
        """The JSON at ``path``, and the headers it came with."""
        return await self._pace.keep(lambda: self._send(Sent("get", path, params or {})), repeatable=True)

    async def get_once(self, path: str, params: Mapping[str, object] | None = None) -> Json:
        """The JSON at ``path``, which is not asked for again, and given up after a few seconds."""
        sent = Sent("get", path, params or {}, options={"timeout": _TIMEOUT_ONCE_SECONDS})
        return (await self._send(sent, deadline(_TIMEOUT_ONCE_SECONDS, self.base_url))).body

    async def get_content(self, path: str) -> bytes:
        """The bytes at ``path``, whatever they are; no more than an answer may have."""
        # An API that answers JSON unless it is asked for something else still gives the file.
        sent = Sent("get", path, options={"headers": {"Accept": "application/binary, */*"}})

        async def send() -> RawAnswer:
            return await self._received(sent, deadline(self._budget.seconds, self.base_url))

        return (await self._pace.keep(send, repeatable=True)).content

    async def post(
        self, path: str, body: Mapping[str, Json] | None, *, repeatable: bool, appearing: bool = False
    ) -> Json:
        """The JSON in the answer to ``body``, ``None`` when it says nothing. See ``post_answer``."""
        return (await self.post_answer(path, body, repeatable=repeatable, appearing=appearing)).body

    async def post_answer(
        self, path: str, body: Mapping[str, Json] | None, *, repeatable: bool, appearing: bool = False
    ) -> Answer:
        """The answer to ``body``. One that is not ``repeatable`` is only repeated when it surely was not done.

        What it is about may still be ``appearing``, because it was made a moment ago: then a 404 is no last word,
        and a repeatable one is repeated. Raises ``OutcomeUnknownError`` when one that is not repeatable may have
        been carried out all the same.
        """
        return await self._changed(Sent("post", path, body=body, repeatable=repeatable), appearing=appearing)

    async def patch(
        self,
        path: str,
        body: Mapping[str, Json] | None = None,
        *,
        repeatable: bool,
        params: Mapping[str, object] | None = None,
    ) -> Json:
        """The answer to a PATCH of what is at ``path``; raises as ``post`` does."""
        return (await self._changed(Sent("patch", path, params, body, repeatable))).body

    async def put(self, path: str, params: Mapping[str, object] | None = None) -> Json:
        """The answer to a PUT, which does no harm when it is carried out twice; raises as ``post`` does."""
        return (await self._changed(Sent("put", path, params))).body

    async def delete(self, path: str, params: Mapping[str, object] | None = None) -> Json:
        """The answer to a DELETE of ``path``; ``None`` when it says nothing."""
        return (await self._pace.keep(lambda: self._send(Sent("delete", path, params)), repeatable=True)).body

    async def _changed(self, sent: Sent, *, appearing: bool = False) -> Answer:
        async def send() -> Answer:
            try:
                return await self._send(sent)
            except NotFoundError as error:
                if not appearing:
                    raise
                raise AskAgainError(error, wait=None, throttled=False) from error

        return await self._pace.keep(send, repeatable=sent.repeatable)

    def listing(self, path: str) -> Listing:
        """The bounds of a list at ``path``."""
        return listing_of(self._connection, path)

    @abstractmethod
    async def close(self) -> None:
        """Close the connections."""

    @abstractmethod
    async def _exchange(self, sent: Sent) -> RawAnswer:
        """Send it and read the answer. Raises what ``_errors`` has, and ``PlatformError`` for a refusal."""

    @abstractmethod
    def _errors(self) -> tuple[type[Exception], ...]:
        """The exceptions of the SDK and of its HTTP library."""

    @abstractmethod
    def _translated(self, error: Exception, sent: Sent) -> PlatformError:
        """One of those ``_errors`` in words for people, as what it means for the request."""

    async def _send(self, sent: Sent, in_time: AbstractAsyncContextManager[object] | None = None) -> Answer:
        answer = await self._received(sent, in_time or deadline(self._budget.seconds, self.base_url))
        says_nothing = answer.status == HTTPStatus.NO_CONTENT or sent.method == "delete"
        if says_nothing and not answer.content.strip():
            return Answer(None, answer.headers)  # 204, or a 200 that says nothing: it is done
        try:
            return Answer(parsed(answer.content, answer.status), answer.headers, len(answer.content))
        except PlatformError as error:
            raise error if sent.reads else outcome_unknown(error) from error

    async def _received(self, sent: Sent, in_time: AbstractAsyncContextManager[object]) -> RawAnswer:
        try:
            async with in_time:
                answer = await self._exchange(sent)
        except UnreadAnswerError as error:
            raise error if sent.reads else outcome_unknown(error) from error
        except self._errors() as error:
            raise self._translated(error, sent) from error
        except (ValueError, OSError) as error:
            raise unsendable(error) from error
        self.account.note(answer.headers)
        self.lacks_model = answer.headers.get(_MODEL_HEADER) == _NO_MODEL
        return answer


MAX_DEPTH = 200
"""How deep an answer may be nested: twice as deep as a manifest, and far from where Python's stack would end."""

MAX_VALUES = 4_000_000
"""How many values an answer may hold; commas in its texts count as well."""


def parsed(content: bytes, status: int) -> Json:
    """The JSON in ``content``, which came with the HTTP ``status``.

    Raises ``PlatformError`` when it is none, or holds more than ``MAX_VALUES``, or goes deeper than ``MAX_DEPTH``.
    """
    # Each begins with one of these; counted before they are made, for in memory they are twenty times as large.
    if sum(map(content.count, (b"{", b"[", b","))) > MAX_VALUES:
        raise PlatformError(
            f"the platform's answer holds more than {MAX_VALUES:,} values", "Is the base_url right?"
        )
    try:
        value = parsed_json(content.decode(json.detect_encoding(content)))
    except ValueError as error:
        raise PlatformError(
            f"the platform's answer is not JSON (HTTP {status})", "Is the base_url right?"
        ) from error
    if is_deeper_than(value, MAX_DEPTH):
        raise PlatformError(f"the platform's answer is nested more than {MAX_DEPTH} levels deep")
    return value


@asynccontextmanager
async def deadline(seconds: float, address: str) -> AsyncIterator[asyncio.Timeout]:
    """Raise ``UnreadAnswerError`` when the block, which asks ``address``, takes longer than ``seconds``."""
    timer = asyncio.timeout(seconds if seconds < math.inf else None)
    try:
        async with timer:
            yield timer
    except TimeoutError as error:
        if not timer.expired():
            raise
        raise UnreadAnswerError(
            f"{shown_server(address)} did not finish its answer in the time it had",
            "Try again; --timeout allows more.",
        ) from error


def unsendable(error: ValueError | OSError) -> PlatformError:
    """The error for a request that could not be written or sent: half a character, a proxy's address."""
    return PlatformError(f"the request cannot be sent: {error}")


def outcome_unknown(error: PlatformError, *, finished_by_repeating: bool = False) -> OutcomeUnknownError:
    """The same message, as the error of a request that may have been carried out."""
    return OutcomeUnknownError(
        error.summary, error.hint, status=error.status, finished_by_repeating=finished_by_repeating
    )


TRIES = 3
"""How often something that may be repeated is tried when there is no answer, or a 5xx."""

# How long a platform may go without letting anything through, in seconds, if nothing else is said.
_PATIENCE = 600.0
# The first and the longest wait when it does not say how long, in seconds.
_FIRST_WAIT = 0.5
_LONGEST_OWN_WAIT = 30.0
# A platform that asks for less than this and refuses again does not mean it.
_NO_WAIT = 0.1


@dataclass(slots=True)
class Window:
    """The number of simultaneous requests: fewer once a platform throttles, more while it does not.

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

    throttle_timeout: float = _PATIENCE
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    resume_at: float = 0.0
    window: Window = field(default_factory=Window)
    _own_wait: float = field(default_factory=lambda: _FIRST_WAIT)
    _slowed_at: float = 0.0
    _refusal: AskAgainError | None = None
    _refused_since: float = 0.0
    _gate: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def keep(self, send: Callable[[], Awaitable[AnswerT]], *, repeatable: bool) -> AnswerT:
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

    async def _turn(self, send: Callable[[], Awaitable[AnswerT]], since: float) -> AnswerT:
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
                await (_first_of(self.stop, seconds=left) if left else _first_of(self.stop, self.window.freed))

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


async def _first_of(*events: asyncio.Event, seconds: float | None = None) -> None:
    """Wait until one of ``events`` is set, at most ``seconds``."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
