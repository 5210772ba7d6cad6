"""Both ways to the embedded platform."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from assistctl.platforms.base import Connection
from assistctl.platforms.local import Local
from support.server import RecordingServer
from support.sources import Connect, over_http


@pytest.fixture(params=["in process", "over HTTP"])
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Connect:
    """A way to connect to the same platform, again and again."""
    if request.param == "in process":
        return partial(Local, Connection("local", tmp_path))
    server: RecordingServer = request.getfixturevalue("server")
    return partial(over_http, server.url, tmp_path)


@pytest.fixture
def connect_remote(server: RecordingServer, tmp_path: Path) -> Connect:
    """A way to connect to the server that keeps a record."""
    return partial(over_http, server.url, tmp_path)
