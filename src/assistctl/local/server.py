"""The embedded platform over HTTP."""

from __future__ import annotations

import ipaddress
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import uvicorn

from assistctl.errors import AssistctlError
from assistctl.local.app import create_app

GRACE_SECONDS = 5
"""How long requests under way may take to end once the server was told to stop, in seconds."""


def serve(
    *,
    host: str,
    port: int,
    database: Path | None,
    api_key: str | None,
    announce: Callable[[str, bool], None],
) -> None:
    """Serve until SIGINT or SIGTERM, and return then.

    ``port`` 0 takes a free one. ``announce`` gets the base URL for an SDK (``http://127.0.0.1:8080/v1``) once
    requests are answered, and whether other machines can reach it. On a loopback address only requests for this
    machine's loopback names and for ``host`` are answered. Raises ``AssistctlError`` when the address cannot be
    had.
    """
    with _listening(host, port) as listener:
        address = listener.getsockname()
        names = _host_names(host, address[0])
        app = create_app(database, api_key=api_key, allowed_hosts=names, for_strangers=True)
        config = uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            lifespan="on",
            ws="none",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        server = _AnnouncingServer(config, lambda: announce(_base_url(host, address), names is None))
        with _signals_kept_from_us():
            server.run(sockets=[listener])


class _AnnouncingServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    # Bound here and not by uvicorn, which would end the process with a log line when it cannot.
    if port not in range(2**16):
        raise AssistctlError(f"The port {port} does not exist", "Choose one from 0 (any free one) to 65535.")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise AssistctlError(f"The host {host} is no address of this machine: {_reason(error)}") from error
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen()
        except OSError as error:
            hint = "Choose another port with --port; 0 takes a free one."
            raise AssistctlError(f"Cannot listen on {host}:{port}: {_reason(error)}", hint) from error
        yield listener


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _base_url(host: str, address: tuple[str, int]) -> str:
    """The URL to reach the server by: its own host name, or loopback when it listens on all addresses."""
    ip = ipaddress.ip_address(address[0].partition("%")[0])
    loopback = "::1" if isinstance(ip, ipaddress.IPv6Address) else "127.0.0.1"
    name = loopback if ip.is_unspecified else host
    return f"http://{f'[{name}]' if ':' in name else name}:{address[1]}/v1"


def _host_names(host: str, address: str) -> frozenset[str] | None:
    """The names a server on a loopback address goes by, ``None`` (any) for one on other addresses."""
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
