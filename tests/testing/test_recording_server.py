"""The server that records what it is asked hears all that was sent before the next test begins."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

from support.server import recording_server

_REQUEST = b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n"
_OFTEN = 100


def test_what_was_sent_and_given_up_is_heard_before_it_is_idle(tmp_path: Path) -> None:
    with recording_server(tmp_path / "server.db") as server:
        address = urlsplit(server.url)
        heard = []
        for _ in range(_OFTEN):
            with socket.create_connection((address.hostname, address.port)) as connection:
                connection.sendall(_REQUEST)
            server.wait_until_idle()
            heard.append(len(server.asked))
            server.clear()
    assert heard == [1] * _OFTEN
