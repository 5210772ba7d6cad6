"""The embedded platform over HTTP."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.concurrency import run_in_threadpool

from assistctl.errors import AssistctlError
from assistctl.local.app import create_app
from assistctl.local.code_interpreter.choice import DEFAULT, SandboxName
from assistctl.local.http.connections import DEFAULT_TIME_LIMITS, TimedConnection, TimeLimits
from assistctl.local.http.listener import Listener, connections_allowed
from assistctl.local.http.observation import Observer
from assistctl.local.runs.model_client import ModelSettings
from assistctl.local.vector_stores.embeddings import EmbeddingsAddress

GRACE_SECONDS = 5
"""How long requests under way may take to end once the server was told to stop, in seconds."""

_TELLING_SECONDS = 1.0
"""How long the streams of runs that are ended then may take to tell of that, in seconds."""

_QUEUE = 2048
"""How many connections may wait to be taken; the system may allow fewer."""


def serve(
    *,
    host: str,
    port: int,
    database: Path | None,
    api_key: str | None,
    announce: Callable[[str, bool], None],
    max_connections: int | None = None,
    model: ModelSettings | None = None,
    time_limits: TimeLimits = DEFAULT_TIME_LIMITS,
    code_sandbox: SandboxName = DEFAULT,
    embeddings: EmbeddingsAddress | None = None,
    observers: Sequence[Observer] = (),
    with_metrics: bool = False,
) -> None:
    """Serve until SIGINT or SIGTERM, and return then.

    ``port`` 0 takes a free one. ``announce`` gets the base URL for an SDK (``http://127.0.0.1:8080/v1``) once
    requests are answered, and whether other machines can reach it. On a loopback address only requests for this
    machine's loopback names and for ``host`` are answered. At most ``max_connections`` are open at once, by
    default what the process has descriptors for. Runs are answered by ``model``; code of the code interpreter
    runs in ``code_sandbox``. With ``embeddings``, vector
    stores are searched by meaning too. ``observers`` are told of each exchange, on the event loop: they must be
    quick. ``with_metrics`` there is ``/metrics``. Raises ``AssistctlError`` when the address or so many
    connections cannot be had.
    """
    most = connections_allowed(max_connections)
    with _listening(host, port) as listening:
        address = listening.getsockname()
        names = _host_names(host, address[0])
        app = create_app(
            database,
            api_key=api_key,
            allowed_hosts=names,
            for_strangers=True,
            model=model,
            code_sandbox=code_sandbox,
            embeddings=embeddings,
            observers=observers,
            with_metrics=with_metrics,
            says_account=True,
        )
        config = uvicorn.Config(
            app,
            http="h11",
            access_log=False,
            log_config=None,
            # What no HTTP is, a peer may send all day long; that is not worth a line each.
            log_level="error",
            lifespan="on",
            ws="none",
        )
        server = _Server(
            config,
            most=most,
            limits=time_limits,
            announce=lambda: announce(_base_url(host, address), names is None),
            end_runs=app.state.end_runs,
        )
        if app.state.metrics is not None:
            about = "Connections that are open."
            app.state.metrics.add_gauge("assistctl_open_connections", about, server.count_connections)
        with _signals_kept_from_us():
            server.run(sockets=[listening])


class _Server(uvicorn.Server):
    """uvicorn's server with limits on connections: it has none on how many there are and how long they take."""

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        most: int,
        limits: TimeLimits,
        announce: Callable[[], None],
        end_runs: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._most = most
        self._limits = limits
        self._announce = announce
        self._end_runs = end_runs
        self._hurry = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: list[Listener] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        # It need not listen itself: with its own listening socket it would take all that comes.
        self._loop = asyncio.get_running_loop()
        await super().startup([])
        if not self.started:
            return
        self._listeners = [Listener(listening, self._most, self._connection) for listening in sockets or []]
        work = [*(listener.take_all() for listener in self._listeners), self._check_all()]
        self._tasks = [asyncio.create_task(task) for task in work]
        self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        *listening, checking = self._tasks
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        ending = asyncio.create_task(self._end_late())
        await super().shutdown(sockets)
        ending.cancel()
        checking.cancel()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; told so again, without waiting. uvicorn would cancel what is left, which ends in a traceback."""
        if self.should_exit and self._loop is not None:
            self._loop.call_soon_threadsafe(self._hurry.set)
        else:
            super().handle_exit(sig, frame)

    async def _end_late(self) -> None:
        """End what has not ended within ``GRACE_SECONDS``: runs first, whose streams tell so."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), GRACE_SECONDS)
        try:
            await run_in_threadpool(self._end_runs)
            await asyncio.sleep(_TELLING_SECONDS)
        finally:
            # Hung up, a request that is still on its way in ends by itself; cancelled, it ends in a traceback.
            self._hang_up()

    def _connection(self, at_end: Callable[[], None]) -> TimedConnection:
        return TimedConnection(
            self.config,
            self.server_state,
            self.lifespan.state,
            limits=self._limits,
            at_end=at_end,
        )

    async def _check_all(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._limits.precision)
            is_full = any(listener.is_full for listener in self._listeners)
            for connection in self._connections():
                connection.check(loop.time(), is_full=is_full)

    def _hang_up(self) -> None:
        for connection in self._connections():
            connection.transport.abort()

    def count_connections(self) -> int:
        """The number of open connections. May be called from another thread."""
        return len(self.server_state.connections)

    def _connections(self) -> list[TimedConnection]:
        return [
            connection for connection in self.server_state.connections if isinstance(connection, TimedConnection)
        ]


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    # Bound here and not by uvicorn, which would end the process with a log line when it cannot.
    if port not in range(2**16):
        raise AssistctlError(f"The port {port} does not exist", "Choose one from 0 (any free one) to 65535.")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listening = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise AssistctlError(f"The host {host} is not an address of this machine: {_reason(error)}") from error
    with listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(address)
            listening.listen(_QUEUE)
        except OSError as error:
            hint = "Choose another port with --port; 0 takes a free one."
            raise AssistctlError(f"Cannot listen on {host}:{port}: {_reason(error)}", hint) from error
        yield listening


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _base_url(host: str, address: tuple[str, int]) -> str:
    """The URL to reach the server by: its own host name, or loopback when it listens on all addresses."""
    ip = ipaddress.ip_address(address[0].partition("%")[0])
    loopback = "::1" if isinstance(ip, ipaddress.IPv6Address) else "127.0.0.1"
    name = loopback if ip.is_unspecified else host
    return f"http://{f'[{name}]' if ':' in name else name}:{address[1]}/v1"


def _host_names(host: str, address: str) -> frozenset[str] | None:
    """The host names of a server on a loopback address; ``None`` (any) for other addresses."""
    if not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        return None
    return frozenset({"localhost", "127.0.0.1", "::1", host.lower()})


@contextmanager
def _signals_kept_from_us() -> Iterator[None]:
    """While uvicorn runs it handles SIGINT and SIGTERM; after its clean stop it raises them again.

    Raised again, they would end the process with a traceback or a signal's exit status.
    """

    def ignore(_number: int, _frame: FrameType | None) -> None:
        pass

    old = {number: signal.signal(number, ignore) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
