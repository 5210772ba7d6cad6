"""An ASGI app in this process as the transport of an HTTP client (httpx2), whose answers stream.

The library's own ``ASGITransport`` collects an answer before it hands it over: of a run that is streamed, the
first word would come with the last one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import httpx2

Message: TypeAlias = MutableMapping[str, Any]
ASGIApp: TypeAlias = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]
_LEAVING_SECONDS = 1.0
"""How long an app may take to end once its reader has left."""


class InProcessTransport(httpx2.AsyncBaseTransport):
    """Carries requests to ``app``. What the app raises before it answers is raised here."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer, as soon as it begins; closing it tells the app that its reader is gone."""
        exchange = _Exchange(request)
        task = asyncio.create_task(self._run(exchange))
        try:
            await exchange.begun.wait()
        except asyncio.CancelledError:
            await _ended(task)
            raise
        if exchange.status is None:
            await task
            raise RuntimeError("the app ended without an answer")
        return httpx2.Response(exchange.status, headers=exchange.headers, stream=_Body(exchange, task))

    async def _run(self, exchange: _Exchange) -> None:
        try:
            await self._app(exchange.scope, exchange.receive, exchange.send)
        finally:
            exchange.begun.set()
            exchange.pieces.put_nowait(None)


@dataclass(slots=True)
class _Exchange:
    """One request and what the app has answered so far."""

    request: httpx2.Request
    status: int | None = None
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    reader_left: asyncio.Event = field(default_factory=asyncio.Event)
    pieces: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)
    _sent: AsyncIterator[bytes] | None = None
    _is_sent: bool = False

    @property
    def scope(self) -> Message:
        """The request as the app is told of it."""
        url = self.request.url
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self.request.method,
            "headers": [(name.lower(), value) for name, value in self.request.headers.raw],
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.partition(b"?")[0],
            "query_string": url.query,
            "server": (url.host, url.port),
            "client": ("127.0.0.1", 0),
            "root_path": "",
        }

    async def receive(self) -> Message:
        """The next piece of the request; behind its end, that the reader is gone, once it is."""
        if self._is_sent:
            await self.reader_left.wait()
            return {"type": "http.disconnect"}
        if self._sent is None:
            stream = self.request.stream
            if not isinstance(stream, httpx2.AsyncByteStream):
                raise TypeError("the request's body is not to be read asynchronously")
            self._sent = aiter(stream)
        piece = await anext(self._sent, None)
        self._is_sent = piece is None
        return {"type": "http.request", "body": piece or b"", "more_body": not self._is_sent}

    async def send(self, message: Message) -> None:
        """Take the next part of the answer; it is dropped when nobody reads any more."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], [*message.get("headers", ())]
            self.begun.set()
        elif (piece := message.get("body")) and self.request.method != "HEAD" and not self.reader_left.is_set():
            self.pieces.put_nowait(piece)


class _Body(httpx2.AsyncByteStream):
    """The body of an answer, in the pieces that the app sends."""

    def __init__(self, exchange: _Exchange, task: asyncio.Task[None]) -> None:
        self._exchange = exchange
        self._task = task

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await self._exchange.pieces.get()) is not None:
            yield piece
        await self._task

    async def aclose(self) -> None:
        """Leave. An app that listens ends at that, as when a connection is closed; another one is ended."""
        self._exchange.reader_left.set()
        if not self._task.done():
            await asyncio.wait({self._task}, timeout=_LEAVING_SECONDS)
        await _ended(self._task)


async def _ended(task: asyncio.Task[None]) -> None:
    """End ``task``, whatever comes of it; who is cancelled while waiting for that still is."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()
