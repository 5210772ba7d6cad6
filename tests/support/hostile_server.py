"""A server over real HTTP that writes its answers as it likes: too much, too slowly, without an end."""

from __future__ import annotations

import gzip
import json
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

from support.answering import POLL_SECONDS

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """What the server was asked."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: ``pieces`` of its body are written ``every`` so many seconds until they end or nobody listens.

    ``slow_head``: the same for each byte of a header without end.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pieces: Iterable[bytes] = ()
    every: float = 0.0
    slow_head: bool = False


Act: TypeAlias = Callable[[Request], Reply]


@dataclass(slots=True)
class HostileServer:
    """A server at ``url`` that answers as ``act`` says; ``over`` is set when the test is."""

    act: Act
    url: str = ""
    asked: list[Request] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def hostile_server(act: Act) -> Iterator[HostileServer]:
    """Serve on a free port of loopback until the block ends."""
    record = HostileServer(act)
    server = _Server(("127.0.0.1", 0), _handler(record))
    record.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        yield record
    finally:
        record.over.set()
        server.shutdown()
        thread.join(20)
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what is wanted here."""


def _handler(record: HostileServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, parts.path, parse_qs(parts.query), headers)
            record.asked.append(request)
            with suppress(OSError):
                self._write(record.act(request))
            self.close_connection = True

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815  # the names that http.server looks for

        def _write(self, reply: Reply) -> None:
            head = [f"HTTP/1.1 {reply.status} X", "content-type: application/json", "connection: close"]
            head += [f"{name}: {value}" for name, value in reply.headers.items()]
            self.wfile.write("\r\n".join(head).encode() + b"\r\n")
            if reply.slow_head:
                self._write_slowly((b"x-more: " for _ in iter(int, 1)), reply.every)
            self.wfile.write(b"\r\n")
            self._write_slowly(reply.pieces, reply.every)

        def _write_slowly(self, pieces: Iterable[bytes], every: float) -> None:
            for piece in pieces:
                self.wfile.write(piece)
                self.wfile.flush()
                if record.over.wait(every) if every else record.over.is_set():
                    return

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def as_json(value: Any, status: int = 200) -> Reply:
    """An answer as it should be."""
    return Reply(status, pieces=[json.dumps(value).encode()])


def empty_list(_: Request) -> Reply:
    """A platform that has nothing."""
    return as_json({"object": "list", "data": [], "has_more": False})


def bomb(mebibytes: int, encoding: str = "gzip", status: int = 200) -> Reply:
    """A small answer that unpacks to so many mebibytes of JSON's white space."""
    blank = b" " * MEBIBYTE
    packing = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    # What stands between two full flushes can be repeated, so that gibibytes are packed as fast as one mebibyte.
    block = packing.compress(blank) + packing.flush(zlib.Z_FULL_FLUSH)
    packed = block * mebibytes + packing.flush()
    if encoding == "gzip":
        checksum = _checksum(zlib.crc32, blank, mebibytes, 0)
        size = mebibytes * MEBIBYTE % 2**32
        packed = gzip.compress(b"")[:10] + packed + checksum.to_bytes(4, "little") + size.to_bytes(4, "little")
    elif encoding == "deflate":
        packed = b"\x78\xda" + packed + _checksum(zlib.adler32, blank, mebibytes, 1).to_bytes(4, "big")
    # Else deflate as some servers have it, without its header.
    return Reply(status, {"content-encoding": encoding.removeprefix("raw ")}, [packed])


def _checksum(of: Callable[[bytes, int], int], piece: bytes, times: int, found: int) -> int:
    for _ in range(times):
        found = of(piece, found)
    return found
