"""Raw JSON through the client of a vendor's SDK: what is sent, repeated and read, and what is known afterwards.

An SDK gives its authentication and addresses, not its models: those would hide what a server really said.
"""

from __future__ import annotations

import asyncio
import json
import math
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

from assistctl.errors import NotFoundError, PlatformError
from assistctl.json_value import Json
from assistctl.model.strict_json import is_deeper_than, parsed_json
from assistctl.platforms.connection import Connection, answer_budget
from assistctl.platforms.http.answer_budget import UnreadAnswerError
from assistctl.platforms.http.pager import Listing, listing_of
from assistctl.platforms.http.rate_limit import AskAgainError, RequestPacer
from assistctl.secrets.addresses import shown_address

MAX_DEPTH = 200
"""How deep an answer may be nested: twice as deep as a manifest, and far from where Python's stack would end."""

MAX_VALUES = 4_000_000
"""How many values an answer may hold; commas in its texts count as well."""

# For what is only advice, and not worth waiting for.
_TIMEOUT_ONCE_SECONDS = 5.0


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
    """An answer that is no refusal, read to its end; the names of ``headers`` are found in any case."""

    status: int
    content: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """The JSON in an answer, the headers that it came with, and how many bytes it was."""

    body: Json
    headers: Mapping[str, str]
    size: int = 0


class AnsweringAccount:
    """The ids of the account in the headers ``names`` of all answers so far, refusals included; each once."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        self._names = names
        self._ids: dict[str, None] = {}

    @property
    def ids(self) -> Sequence[str]:
        """The ids, the first that was answered first; empty as long as no answer had any."""
        return tuple(self._ids)

    def note(self, headers: Mapping[str, str]) -> None:
        """Take in the headers of an answer, whose names are found in any case."""
        for name in self._names:
            account_id = headers.get(name, "").strip()
            if account_id:
                self._ids[account_id] = None


def unsendable(error: ValueError | OSError) -> PlatformError:
    """What could not be written as a request, and so was not sent: half a character, a proxy's address."""
    return PlatformError(f"the request cannot be sent: {error}")


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
    """Raise ``UnreadAnswerError`` when the block, which asks ``address``, takes longer than so many seconds."""
    timer = asyncio.timeout(seconds if seconds < math.inf else None)
    try:
        async with timer:
            yield timer
    except TimeoutError as error:
        if not timer.expired():
            raise
        raise UnreadAnswerError(
            f"{shown_address(address)} did not finish its answer in the time it had",
            "Try again; --timeout allows more.",
        ) from error


class HttpWire(ABC):
    """One client of one API, at ``base_url``. Every failure is a ``PlatformError``."""

    def __init__(self, connection: Connection, base_url: str) -> None:
        self.base_url = base_url
        self.account = AnsweringAccount()
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
        from assistctl.platforms.http.sdk_errors import outcome_unknown

        answer = await self._received(sent, in_time or deadline(self._budget.seconds, self.base_url))
        says_nothing = answer.status == HTTPStatus.NO_CONTENT or sent.method == "delete"
        if says_nothing and not answer.content.strip():
            return Answer(None, answer.headers)  # 204, or a 200 that says nothing: it is done
        try:
            return Answer(parsed(answer.content, answer.status), answer.headers, len(answer.content))
        except PlatformError as error:
            raise error if sent.reads else outcome_unknown(error) from error

    async def _received(self, sent: Sent, in_time: AbstractAsyncContextManager[object]) -> RawAnswer:
        from assistctl.platforms.http.sdk_errors import outcome_unknown

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
        return answer
