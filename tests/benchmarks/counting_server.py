"""The embedded platform over HTTP in a process of its own, which says how many requests it was asked.

``python tests/benchmarks/counting_server.py DATABASE [LATENCY]`` prints its address. For each line on its standard
input it then prints the numbers of reading and of changing requests since the last one, as JSON. ``LATENCY`` is
how long each request waits before it is carried out, in seconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from starlette.types import ASGIApp, Receive, Scope, Send

from assistctl.local.app import create_app
from support.server import MUTATING, RecordingServer, serving


class Late:
    """An app whose requests are carried out ``seconds`` later."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(self._seconds)
        await self._app(scope, receive, send)


def main(database: Path, latency: float) -> None:
    """Serve until standard input ends."""
    app: ASGIApp = create_app(database)
    with serving(Late(app, latency) if latency else app) as server:
        print(server.url, flush=True)
        for _ in sys.stdin:
            print(json.dumps(counted(server)), flush=True)


def counted(server: RecordingServer) -> dict[str, int]:
    """The numbers of requests, which are forgotten."""
    changing = sum(asked.method in MUTATING for asked in server.asked)
    counts = {"reading": len(server.asked) - changing, "changing": changing}
    server.clear()
    return counts


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]) if sys.argv[2:] else 0.0)
