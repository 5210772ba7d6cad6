"""The embedded platform over real HTTP, with a record of what it was asked and faults on demand."""

from __future__ import annotations

import asyncio
import json
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistctl.local.app import create_app
from assistctl.local.database.storage import Database
from assistctl.local.runs.model_client import ModelSettings
from assistctl.testing.prompt_server import PromptServer

MUTATING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# More than it takes from a connection that waits to be accepted to the app.
_TURNS_OF_THE_LOOP = 16


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: Any
    given_up: threading.Event = field(default_factory=threading.Event, compare=False)
    """Set once whoever sent it has hung up, while a gate holds it."""


@dataclass(frozen=True)
class Answer:
    """A response to give instead of the real one.

    ``after`` the real one was worked out, and is lost. ``hangs_up`` closes the connection without a byte.
    """

    status: int = 500
    body: bytes = b""
    after: bool = False
    hangs_up: bool = False
    headers: tuple[tuple[bytes, bytes], ...] = ((b"content-type", b"application/json"),)


def error_body(message: str, **more: object) -> bytes:
    """An error as the API words it."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return json.dumps({"error": error | more}).encode()


Payload: TypeAlias = Any
"""JSON of whatever shape a server might answer."""
Fault = Callable[[Asked], Answer | None]
Hearing = Callable[[Asked], Asked]
Telling = Callable[[Asked, int, Payload], Payload]
CancellationToken = Callable[[Asked], threading.Event | None]


@dataclass
class RecordingServer:
    """A server at ``url``: what it was asked, and ``fault`` which may answer in its place.

    A dialect of the API is ``hear``, which rewrites a request before it is carried out, with ``tell``, which
    rewrites the JSON of the answer. ``gate`` may name an event that has to be set before a request goes on.
    """

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    fault: Fault = lambda _: None
    hear: Hearing | None = None
    tell: Telling | None = None
    gate: CancellationToken = lambda _: None
    loop: asyncio.AbstractEventLoop | None = None
    _under_way: int = 0
    _fewer: threading.Condition = field(default_factory=threading.Condition)

    @property
    def address(self) -> str:
        """Its ``url`` without the version."""
        return self.url.removesuffix("/v1")

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """A request that is carried out meanwhile, whether or not whoever sent it is still there."""
        with self._fewer:
            self._under_way += 1
        try:
            yield
        finally:
            with self._fewer:
                self._under_way -= 1
                self._fewer.notify_all()

    def wait_until_idle(self) -> None:
        """Wait until all that was sent is carried out.

        Whoever was killed, or gave up once another request was refused, may have left something under way, and
        something that the server has yet to read.
        """
        if self.loop is not None:
            asyncio.run_coroutine_threadsafe(_turns_of_the_loop(), self.loop).result(20)
        with self._fewer:
            assert self._fewer.wait_for(lambda: self._under_way == 0, 20)

    @property
    def mutations(self) -> list[Asked]:
        """The requests that change something."""
        return [asked for asked in self.asked if asked.method in MUTATING]

    def clear(self) -> None:
        """Forget what was asked so far."""
        self.asked.clear()

    def reset(self) -> None:
        """Be as new: no faults, no dialect, nothing asked yet."""
        self.fault = self.gate = lambda _: None
        self.hear = self.tell = None
        self.clear()


@contextmanager
def recording_server(
    database: Path | None, *, api_key: str | None = None, model: ModelSettings | None = None
) -> Iterator[RecordingServer]:
    """Serve the embedded platform on a free port of loopback until the block ends."""
    if database is not None and database.parent.is_dir() and not database.exists():
        database.write_bytes(new_database())
    # A model is spoken to over connections, which the end of the lifespan closes.
    with serving(create_app(database, api_key=api_key, model=model), lifespan=model is not None) as record:
        yield record


@cache
def new_database() -> bytes:
    """A database without objects, nor the account that a first change opens.

    To make its tables is longer than what most tests do with them.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "new.db")
        database = Database(path)
        with database.writing(create=True) as connection:
            connection.execute("DELETE FROM account")
        database.close()
        return path.read_bytes()


@contextmanager
def serving(app: ASGIApp, *, lifespan: bool = False) -> Iterator[RecordingServer]:
    """Serve any app in the same way; with ``lifespan`` it is told of its start and its end."""
    record = RecordingServer()
    config = uvicorn.Config(_Recorder(app, record), port=0, log_config=None, lifespan="on" if lifespan else "off")
    server = PromptServer(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert server.up.wait(20)
    listening = server.servers[0]
    port = listening.sockets[0].getsockname()[1]
    record.url = f"http://127.0.0.1:{port}/v1"
    record.loop = listening.get_loop()
    try:
        yield record
    finally:
        record.loop = None
        server.stop()
        thread.join(20)


async def _turns_of_the_loop() -> None:
    """Have the loop read, and begin to carry out, what was sent by now."""
    for _ in range(_TURNS_OF_THE_LOOP):
        await asyncio.sleep(0)


@dataclass
class _Recorder:
    app: ASGIApp
    record: RecordingServer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = await _whole(receive)
        if body is None:
            return
        with self.record.under_way():
            await self._carry_out(scope, body, receive, send)

    async def _carry_out(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        asked = _asked(scope, body)
        self.record.asked.append(asked)
        gate = self.record.gate(asked)
        if gate is not None:
            watching = asyncio.create_task(_note_end(receive, asked.given_up))
            await asyncio.to_thread(gate.wait, 20)
            watching.cancel()
        fault = self.record.fault(asked)
        if fault is None:
            await self._in_dialect(scope, asked, _replayed(body, receive), send)
            return
        if fault.after:
            await self.app(scope, _replayed(body, receive), _nowhere)
        if fault.hangs_up:
            _connection(send).close()
            return
        await send({"type": "http.response.start", "status": fault.status, "headers": list(fault.headers)})
        await send({"type": "http.response.body", "body": fault.body})

    async def _in_dialect(self, scope: Scope, asked: Asked, receive: Receive, send: Send) -> None:
        if self.record.hear is not None:
            heard = self.record.hear(asked)
            scope = {**scope, "query_string": heard.query.encode()}
            body = b"" if heard.body is None else json.dumps(heard.body).encode()
            receive = _replayed(body, receive)
            scope["headers"] = _with_length(scope["headers"], len(body))
        if self.record.tell is None:
            await self.app(scope, receive, send)
            return
        real = _Kept()
        await self.app(scope, receive, real)
        try:
            answer = json.loads(real.body)
        except ValueError:
            # There is no such route: nothing to tell otherwise.
            await send(real.start)
            await send({"type": "http.response.body", "body": real.body})
            return
        told = json.dumps(self.record.tell(asked, real.status, answer)).encode()
        await send({**real.start, "headers": _with_length(real.start["headers"], len(told))})
        await send({"type": "http.response.body", "body": told})


@dataclass
class _Kept:
    """A response that is kept instead of sent."""

    start: Message = field(default_factory=dict)
    body: bytes = b""

    @property
    def status(self) -> int:
        return int(self.start["status"])

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body += message.get("body", b"")


def _connection(send: Send) -> asyncio.Transport:
    """The connection a response would go to: uvicorn's ``send`` is a method of what holds it."""
    transport = send.__self__.transport  # type: ignore[attr-defined]  # ASGI has no way to hang up
    assert isinstance(transport, asyncio.Transport)
    return transport


def _with_length(headers: Iterable[tuple[bytes, bytes]], length: int) -> list[tuple[bytes, bytes]]:
    kept = [(name, value) for name, value in headers if name.lower() != b"content-length"]
    return [*kept, (b"content-length", str(length).encode())]


async def _nowhere(_: Message) -> None:
    """Where a lost response goes."""


async def _whole(receive: Receive) -> bytes | None:
    """The body of a request; ``None`` when whoever sent it is gone before its end."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


async def _note_end(receive: Receive, given_up: threading.Event) -> None:
    """After its body, all that can come of a request is that its connection is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
    given_up.set()


def _replayed(body: bytes, rest: Receive) -> Receive:
    """A request's body again, and then what else comes: that whoever sent it is gone."""
    whole = [body]

    async def receive() -> Message:
        if whole:
            return {"type": "http.request", "body": whole.pop(), "more_body": False}
        return await rest()

    return receive


def _asked(scope: Scope, body: bytes) -> Asked:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    try:
        parsed = json.loads(body) if body else None
    except ValueError:
        parsed = body
    return Asked(scope["method"], scope["path"], scope["query_string"].decode(), headers, parsed)
