"""Taking connections from a listening socket, no more of them at once than there is room for.

Those beyond that wait in the system's queue. The event loop's own servers take whatever comes, and without
descriptors left they try again many times a second, with a traceback each time
(https://github.com/python/cpython/issues/151615).
"""

from __future__ import annotations

import asyncio
import functools
import logging
import socket
from collections.abc import Callable

from assistctl.errors import AssistctlError

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 0.5
"""How long to leave it when the system refuses another connection, for want of descriptors or memory."""

_MOST = 1024
_WITHOUT_LIMIT = 256
"""How many connections there may be by default: at most, and where the system does not tell its limit."""

_OTHERS, _EACH = 64, 2
"""Descriptors for the database and the rest of the process, and for a connection with the file it uploads."""

_QUIET_SECONDS = 60.0


def connections_allowed(wanted: int | None = None) -> int:
    """The number of connections allowed at once: ``wanted``, or as many as there are descriptors for.

    Raises ``AssistctlError`` when it has too few for what is wanted.
    """
    descriptors = _descriptors()
    if descriptors is None:
        return wanted or _WITHOUT_LIMIT
    possible = max((descriptors - _OTHERS) // _EACH, 1)
    if wanted is not None and wanted > possible:
        raise AssistctlError(
            f"{wanted} connections need {_OTHERS + _EACH * wanted} file descriptors, and this process may open"
            f" {descriptors}",
            f"Raise its limit (ulimit -n), or pass --max-connections {possible}.",
        )
    return wanted or min(possible, _MOST)


def _descriptors() -> int | None:
    """The number of descriptors that this process may have open; ``None`` where there is no limit."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


class Listener:
    """Takes connections from ``listening``, at most ``most`` at once.

    ``protocol`` makes the protocol of one, and gets what that has to call at the connection's end.
    """

    def __init__(
        self,
        listening: socket.socket,
        most: int,
        protocol: Callable[[Callable[[], None]], asyncio.Protocol],
    ) -> None:
        self._listening = listening
        self._room = asyncio.Semaphore(most)
        self._protocol = protocol
        self._told = -_QUIET_SECONDS

    @property
    def is_full(self) -> bool:
        """Whether the limit is reached."""
        return self._room.locked()

    async def take_all(self) -> None:
        """Take connections until it is cancelled."""
        self._listening.setblocking(False)
        while True:
            if self.is_full:
                self._tell("all connections that may be open at once are; others wait")
            await self._room.acquire()
            connection = await self._next()
            if connection is None:
                self._room.release()
            else:
                protocol = functools.partial(self._protocol, self._room.release)
                await asyncio.get_running_loop().connect_accepted_socket(protocol, connection)

    async def _next(self) -> socket.socket | None:
        """The next connection; ``None`` when its peer is gone already, or when the system has no room for it."""
        try:
            connection, _ = await asyncio.get_running_loop().sock_accept(self._listening)
        except ConnectionError:
            return None
        except OSError as error:
            self._tell(f"no connection can be taken at the moment ({error.strerror or error})")
            await asyncio.sleep(PAUSE_SECONDS)
            return None
        return connection

    def _tell(self, what: str) -> None:
        """Log it, unless something was logged a short while ago."""
        now = asyncio.get_running_loop().time()
        if now - self._told > _QUIET_SECONDS:
            self._told = now
            logger.warning(what)
