"""The budget of answers, and where requests may go, as event hooks of an SDK's HTTP client (httpx2).

Hooks see every answer before a byte of its body is read, redirects included, whatever transport or proxy it came
through; a transport of our own would have to do again what the client does about proxies.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeAlias, cast

import httpx2

from assistctl.platforms.http.answer_budget import ENCODINGS, AnswerBudget, deadline, unpacked
from assistctl.platforms.http.redirect_guard import only_to

Hook: TypeAlias = Callable[..., Coroutine[None, None, None]]

# Ours to undo, or nobody's: the client must not unpack it again, and without a bound.
_ABOUT_THE_PACKING = ("content-encoding", "content-length")
# https://www.encode.io/httpcore/extensions/#trace has it, after the name of the protocol.
_BODY_IS_SENT = ".send_request_body.complete"

_sent: ContextVar[Callable[[], None] | None] = ContextVar("_sent", default=None)


def hooks(base_url: str, budget: AnswerBudget) -> dict[str, list[Hook]]:
    """The event hooks of a client that keeps to ``base_url``'s place, and reads no more than ``budget`` allows.

    They raise ``PlatformError`` out of the client: what ``only_to`` and ``unpacked`` raise.
    """

    async def bound(response: httpx2.Response) -> None:
        encoding = ", ".join(response.headers.get_list("content-encoding"))
        stream = cast("httpx2.AsyncByteStream", response.stream)
        response.stream = _Bounded(stream, encoding, response.status_code, budget)
        for name in _ABOUT_THE_PACKING:
            response.headers.pop(name, None)

    return {"request": [*only_to(base_url)["request"], _prepare], "response": [bound]}


@asynccontextmanager
async def deadline_once_sent(seconds: float, address: str) -> AsyncIterator[None]:
    """``deadline`` for a request that may take as long as it has to; its answer gets so many seconds."""
    async with deadline(math.inf, address) as timer:
        clock = asyncio.get_running_loop().time
        token = _sent.set(lambda: timer.reschedule(clock() + seconds))
        try:
            yield
        finally:
            _sent.reset(token)


async def _prepare(request: httpx2.Request) -> None:
    request.headers["Accept-Encoding"] = ENCODINGS
    tell = _sent.get()
    if tell is None:
        return

    async def trace(event: str, _: Mapping[str, object]) -> None:
        if event.endswith(_BODY_IS_SENT):
            tell()

    request.extensions["trace"] = trace


@dataclass(slots=True)
class _Bounded(httpx2.AsyncByteStream):
    """An answer's body, unpacked and counted while it is read."""

    packed: httpx2.AsyncByteStream
    encoding: str
    status: int
    budget: AnswerBudget

    def __aiter__(self) -> AsyncIterator[bytes]:
        return unpacked(self.packed, self.encoding, self.status, self.budget)

    async def aclose(self) -> None:
        await self.packed.aclose()
