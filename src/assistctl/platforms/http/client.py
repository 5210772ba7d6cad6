"""The HTTP client (httpx2) that vendors' SDKs speak through: its proxy, its certificates, its bounds.

An SDK's client takes all that from the environment while it is made, and raises whatever it thinks of it. The
bounds (where its requests may go, how much of an answer is read) are event hooks: they see every answer before a
byte of its body is read, redirects included, whatever transport or proxy it came through; a transport of our own
would have to do again what the client does about proxies.
"""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

import httpx2

from assistctl import certificates
from assistctl.errors import PlatformError, ProjectError
from assistctl.platforms.connection import AnswerBudget, Connection
from assistctl.platforms.http.answer_budget import ENCODINGS, unpacked
from assistctl.platforms.http.outside_text import excerpt
from assistctl.platforms.http.proxies import proxy_to
from assistctl.platforms.http.wire import deadline

if TYPE_CHECKING:
    import ssl

Hook: TypeAlias = Callable[..., Coroutine[None, None, None]]

_PORTS: Mapping[str, int] = {"http": 80, "https": 443}
# Ours to undo, or nobody's: the client must not unpack it again, and without a bound.
_ABOUT_THE_PACKING = ("content-encoding", "content-length")
# https://www.encode.io/httpcore/extensions/#trace has it, after the name of the protocol.
_BODY_IS_SENT = ".send_request_body.complete"

_sent: ContextVar[Callable[[], None] | None] = ContextVar("_sent", default=None)


def http_client(
    connection: Connection, make: Callable[..., httpx2.AsyncClient], base_url: str, budget: AnswerBudget
) -> httpx2.AsyncClient:
    """The client the connection was given, or one that ``make``, an SDK's own class, makes for ``base_url``.

    Raises ``ProjectError`` for a proxy, or certificates, of the environment that cannot be used.
    """
    if connection.http_client is not None:
        return cast("httpx2.AsyncClient", connection.http_client)
    proxy = proxy_to(base_url)
    return make(
        event_hooks=hooks(base_url, budget),
        proxy=proxy.url if proxy else None,
        verify=_certificates() if certificates.are_certain(base_url) else certificates.on_use(_certificates),
        # What there is to read in the environment was read: the client would set up every proxy it names.
        trust_env=False,
    )


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


def only_to(base_url: str) -> dict[str, list[Hook]]:
    """The event hooks of an HTTP client that refuses, before it is sent, what would go elsewhere.

    HTTP clients take ``Authorization`` off a request that is redirected to another host, and leave on it every
    other header that may hold a key, and its body: instructions, files of the project. Elsewhere is another host
    or port, but for going from plain HTTP to HTTPS. The hook raises ``PlatformError``.
    """
    home = httpx2.URL(base_url)

    async def refuse_elsewhere(request: httpx2.Request) -> None:
        if not _is_same_place(home, request.url):
            place = excerpt(f"{request.url.scheme}://{request.url.netloc.decode('ascii')}")
            raise PlatformError(
                f"{home.host} redirects to {place}, where neither the key nor the request is sent",
                "If that is where the platform is, make it the target's base_url.",
            )

    return {"request": [refuse_elsewhere]}


@asynccontextmanager
async def deadline_once_sent(seconds: float, address: str) -> AsyncIterator[None]:
    """``deadline`` for a request of any length; its answer gets ``seconds``."""
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


def _is_same_place(home: httpx2.URL, target: httpx2.URL) -> bool:
    if home.origin == target.origin:
        return True
    ports = home.port or _PORTS.get(home.scheme), target.port or _PORTS.get(target.scheme)
    return (home.host, home.scheme, target.scheme, *ports) == (target.host, "http", "https", 80, 443)


def _certificates() -> ssl.SSLContext:
    """The trusted authorities: those of ``SSL_CERT_FILE`` or ``SSL_CERT_DIR``, else the system's."""
    try:
        return httpx2.create_ssl_context()
    except OSError as error:
        name = next((name for name in certificates.VARIABLES if os.environ.get(name)), "the system")
        place = os.environ.get(name, "")
        raise ProjectError(
            f"the certificates of {name} cannot be read: {place}: {(error.strerror or str(error)).lower()}",
            "SSL_CERT_FILE is the path of a file of certificates in PEM, SSL_CERT_DIR that of a folder of them.",
        ) from error
