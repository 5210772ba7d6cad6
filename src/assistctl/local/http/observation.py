"""The outcome of each request, handed to observers: the access log, the metrics.

The access log has a line for each: what was asked, by whom, and what became of it; no query, header or body.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CLIENT_GONE = 499
"""The status of a request whose client went away before an answer began, as nginx has it."""

NO_ROUTE = "none"
"""The route of a path that is none of the platform's: such paths are made up by whoever asks."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what was answered; ``route`` is the path with names for ids. Of the query nothing is kept."""

    began: datetime
    method: str
    path: str
    route: str
    status: int
    seconds: float
    sent_bytes: int
    client: str
    request_id: str


Observer = Callable[[Exchange], None]


class Observation:
    """ASGI middleware around all others. An exchange ends with the last byte of its answer."""

    def __init__(self, app: ASGIApp, *, observers: Sequence[Observer]) -> None:
        self._app = app
        self._observers = observers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        began, since = datetime.now(UTC), time.monotonic()
        try:
            await self._app(scope, receive, answer)
        finally:
            exchange = Exchange(
                began=began,
                method=scope["method"],
                path=quote(scope["path"], safe="/:@!$&'()*+,;=-._~"),
                route=_route_of(scope),
                status=answer.status,
                seconds=time.monotonic() - since,
                sent_bytes=answer.size,
                client=(scope.get("client") or ("-",))[0],
                request_id=answer.request_id,
            )
            for observer in self._observers:
                observer(exchange)


class _Answer:
    """Passes an answer on, and notes what it is."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = CLIENT_GONE
        self.size = 0
        self.request_id = "-"

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = dict(message.get("headers", ()))
            self.request_id = headers.get(b"x-request-id", b"-").decode("latin-1")
        elif message["type"] == "http.response.body":
            self.size += len(message.get("body", b""))
        await self._send(message)


def _route_of(scope: Scope) -> str:
    route: BaseRoute | None = scope.get("route")
    return str(getattr(route, "path", NO_ROUTE))


def access_log(form: str, write: Callable[[str], None]) -> Observer:
    """An observer that hands ``write`` a line for each exchange, as ``json`` or ``text``."""
    line = {"json": _as_json, "text": _as_text}[form]
    return lambda exchange: write(line(exchange))


def _as_json(exchange: Exchange) -> str:
    return json.dumps(
        {
            "time": _time(exchange),
            "client": exchange.client,
            "method": exchange.method,
            "path": exchange.path,
            "route": exchange.route,
            "status": exchange.status,
            "seconds": round(exchange.seconds, 6),
            "bytes": exchange.sent_bytes,
            "request_id": exchange.request_id,
        }
    )


def _as_text(exchange: Exchange) -> str:
    return (
        f"{_time(exchange)} {exchange.client} {exchange.method} {exchange.path} {exchange.status}"
        f" {exchange.sent_bytes} B {exchange.seconds * 1000:.1f} ms {exchange.request_id}"
    )


def _time(exchange: Exchange) -> str:
    return exchange.began.isoformat(timespec="milliseconds").replace("+00:00", "Z")
