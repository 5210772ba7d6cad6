"""A server that tests start and stop all the time: it waits for nothing but for what is under way."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress

import uvicorn

_A_MOMENT = 0.005


class PromptServer(uvicorn.Server):
    """Is ``up`` once it listens, and ends when it is told to: uvicorn's own sleeps for up to 0.2 s first."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()
        self._over = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        self.up.set()

    def stop(self) -> None:
        """From another thread: end it."""
        self._loop.call_soon_threadsafe(self._over.set)

    async def main_loop(self) -> None:
        """Serve until it is stopped."""
        while not self._over.is_set():
            await self.on_tick(0)  # the time in its answers
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), 1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let what is under way end, for as long as the configuration says."""
        for listening in [*self.servers, *(sockets or ())]:
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)
        with suppress(TimeoutError):
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110  # sets of uvicorn's
                    await asyncio.sleep(_A_MOMENT)
        for task in self.server_state.tasks:
            task.cancel("it is stopped")
        await self.lifespan.shutdown()
