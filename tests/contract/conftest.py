"""What the contract tests share: one server for all of them, empty and well behaved when a test begins."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.dashboard import Dashboard
from support.server import RecordingServer, recording_server


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordingServer]:
    """The embedded platform over HTTP, for all tests of a file."""
    with recording_server(tmp_path_factory.mktemp("server") / "server.db") as server:
        yield server


@pytest.fixture(scope="module")
def person(running: RecordingServer) -> Iterator[Dashboard]:
    """Somebody else on the account, with one connection for all tests of a file."""
    someone = Dashboard(running.url)
    yield someone
    someone.close()


@pytest.fixture
def server(running: RecordingServer, person: Dashboard) -> RecordingServer:
    """That server as new: no assistants, no vector stores, no faults, nothing asked yet."""
    running.fault = running.gate = lambda _: None
    running.hear = running.tell = None
    person.clear_everything()
    running.clear()
    return running


@pytest.fixture
def dashboard(request: pytest.FixtureRequest, person: Dashboard) -> Dashboard:
    """Somebody else on the account of the target ``prod``, which is empty when a test begins."""
    request.getfixturevalue("server")
    return person
