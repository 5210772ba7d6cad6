"""A service that answers every request alike, and keeps what it was shown as credentials."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

POLL_SECONDS = 0.01
"""How often a server of ``http.server`` looks whether it is to stop; by itself that is twice a second."""


@dataclass(frozen=True)
class Answering:
    """Its URL, and the ``Authorization`` of each request so far."""

    url: str
    authorizations: list[str] = field(default_factory=list)


@contextmanager
def answering(status: int) -> Iterator[Answering]:
    """A service on loopback that answers every request with ``status``."""
    shown: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            shown.append(self.headers.get("authorization", ""))
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        do_GET = do_PUT = do_HEAD = answer  # noqa: N815  # the names that http.server looks for

        def log_message(self, *_: object) -> None:
            """The test's output is no place for it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(POLL_SECONDS,))
    thread.start()
    try:
        yield Answering(f"http://127.0.0.1:{server.server_port}", shown)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
