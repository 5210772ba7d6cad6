"""Peers that are slow, silent or many: each has its time, all together their number, and others are served."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from openai import OpenAI

from assistctl.errors import AssistctlError
from assistctl.local.http import listener
from assistctl.local.http.listener import connections_allowed
from assistctl.testing import Reply, ScriptedModel
from support.python_process import PythonProcess, started_code

SERVER = """
import json
import sys
from pathlib import Path
from assistctl.local import server
from assistctl.local.http import listener
from assistctl.local.http.connections import TimeLimits
from assistctl.local.runs.model_client import ModelSettings

listener.PAUSE_SECONDS = 0.1
given = json.loads(sys.argv[1])
spare = given.pop("spare_descriptors")

def announce(url, _):
    if spare is not None:
        import os
        import resource

        lowest = os.dup(0)
        os.close(lowest)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + spare, lowest + spare))
    print(url, flush=True)

server.GRACE_SECONDS = given.pop("grace")
limits = TimeLimits(**given.pop("limits"))
model = ModelSettings(given.pop("model_url"))
database = Path(given.pop("database"))
server.serve(
    host="127.0.0.1",
    port=0,
    database=database,
    api_key=None,
    announce=announce,
    time_limits=limits,
    model=model,
    **given,
)
print("stopped")
"""

PATIENT = {"head": 60.0, "head_when_full": 60.0, "body": 60.0, "answer": 60.0}
HEAD = b"POST /v1/assistants HTTP/1.1\r\nhost: localhost\r\nopenai-beta: assistants=v2\r\n"


@dataclass(frozen=True)
class Running:
    """A server in a process of its own."""

    url: str
    process: PythonProcess

    def connected(self) -> socket.socket:
        """A connection to it."""
        address = urlsplit(self.url)
        return socket.create_connection((str(address.hostname), address.port or 0), timeout=20)

    def sending(self, content: bytes) -> socket.socket:
        """A connection that sent this much."""
        connection = self.connected()
        connection.sendall(content)
        return connection

    def is_well(self) -> bool:
        """Whether it answers somebody else."""
        return httpx2.get(f"{self.url}/models", timeout=20).status_code == 200

    def cpu_seconds(self) -> float:
        """What it has computed so far (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100


@contextmanager
def server(
    database: Path,
    limits: dict[str, float],
    *,
    max_connections: int | None = None,
    spare_descriptors: int | None = None,
    model_url: str | None = None,
    grace: float = 0.5,
) -> Iterator[Running]:
    """A server whose limits are ``limits`` and otherwise out of reach; its end is checked to be a clean one."""
    given = {
        "limits": PATIENT | limits,
        "database": str(database),
        "max_connections": max_connections,
        "spare_descriptors": spare_descriptors,
        "model_url": model_url,
        "grace": grace,
    }
    process = started_code(SERVER, json.dumps(given))
    try:
        assert process.stdout is not None
        yield Running(process.stdout.readline().strip(), process)
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=30)
        assert (output, errors, process.returncode) == ("stopped\n", "", 0)
    finally:
        process.kill()
        process.communicate()


def received(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    content = bytearray()
    try:
        while piece := connection.recv(65536):
            content += piece
    except ConnectionResetError:
        pass
    return bytes(content)


def answered(connection: socket.socket) -> tuple[int, str]:
    """The status of the answer, and the message of its error."""
    head, _, body = received(connection).partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["error"]["message"]


LATE = (408, "The request took too long to arrive.")


def test_a_head_has_its_time(database: Path) -> None:
    with server(database, {"head": 0.5}) as running, ExitStack() as open_:
        begun = time.monotonic()
        silent = open_.enter_context(running.connected())
        half = open_.enter_context(running.sending(HEAD))
        dripping = open_.enter_context(running.sending(b"G"))
        second = open_.enter_context(running.connected())
        second.sendall(b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert second.recv(12) == b"HTTP/1.1 200"
        second.sendall(b"GET /v1/models HTTP/1.1\r\n")
        with suppress(OSError):
            for byte in b"ET /v1":
                dripping.sendall(bytes([byte]))
                assert running.is_well()
        assert answered(silent) == LATE
        assert answered(half) == LATE
        received(dripping)
        assert received(second).partition(b"HTTP/1.1 408")[1]
        assert 0.5 <= time.monotonic() - begun < 10


def test_a_body_has_its_time(database: Path) -> None:
    with server(database, {"body": 0.5}) as running, ExitStack() as open_:
        head = HEAD + b"content-length: 100\r\n\r\n"
        silent = open_.enter_context(running.sending(head))
        half = open_.enter_context(running.sending(head + b'{"model":'))
        chunked = open_.enter_context(running.sending(HEAD + b"transfer-encoding: chunked\r\n\r\n1\r\n{\r\n"))
        refused = HEAD.replace(b"openai-beta", b"x-other") + b"content-length: 100\r\n\r\n"
        unread = open_.enter_context(running.sending(refused + b"x"))
        assert answered(silent) == LATE
        assert answered(half) == LATE
        assert answered(chunked) == LATE
        assert received(unread).startswith(b"HTTP/1.1 400")
        assert running.is_well()


def test_a_large_body_has_more_time(database: Path) -> None:
    with server(database, {"body": 0.3, "bytes_a_second": 1000}) as running:
        body = json.dumps({"model": "gpt-4o", "instructions": "x" * 20_000}).encode()
        head = HEAD + f"content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode()
        late = running.sending(HEAD + b"content-length: 10\r\n\r\n")
        with late, running.sending(head + body[:-1]) as connection:
            # When the one with a small body is given up, this one is still waited for.
            assert answered(late) == LATE
            connection.sendall(body[-1:])
            assert received(connection).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("more", ["", "connection: close\r\n"])
def test_an_answer_that_nobody_takes_is_given_up(database: Path, more: str) -> None:
    size = 12 * 1024 * 1024
    with server(database, {"answer": 0.5}, max_connections=1) as running:
        form = {"data": {"purpose": "user_data"}, "files": {"file": ("a.bin", b"x" * size)}}
        with httpx2.Client() as client:
            file_id = client.post(f"{running.url}/files", **form).json()["id"]  # type: ignore[arg-type]  # keywords
        request = f"GET /v1/files/{file_id}/content HTTP/1.1\r\nhost: localhost\r\n{more}\r\n"
        with running.sending(request.encode()) as connection:
            # There is room for one connection only, so this one waits until the other is given up.
            assert running.is_well()
            assert len(received(connection)) < size


def test_more_than_may_be_open_wait_for_their_turn(database: Path) -> None:
    with server(database, {"head_when_full": 0.3}, max_connections=3) as running, ExitStack() as open_:
        holding = [open_.enter_context(running.sending(HEAD)) for _ in range(8)]
        assert running.is_well()
        assert [answered(connection) for connection in holding] == [LATE] * 8


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads what the server computed from /proc")
def test_without_descriptors_it_pauses(database: Path) -> None:
    few = server(database, {"head": 0.5}, max_connections=200, spare_descriptors=6)
    with few as running, ExitStack() as open_:
        before = running.cpu_seconds()
        holding = [open_.enter_context(running.sending(HEAD)) for _ in range(16)]
        # Some are held, and the others are refused by the system until those are given up.
        assert running.is_well()
        assert [answered(connection)[0] for connection in holding] == [408] * 16
        assert running.cpu_seconds() - before < 1


def test_a_stop_hangs_up_on_those_that_are_late(database: Path) -> None:
    with server(database, {}) as running, ExitStack() as open_:
        body = open_.enter_context(running.sending(HEAD + b"content-length: 100\r\n\r\n{"))
        head = open_.enter_context(running.sending(HEAD))
        assert running.is_well()
        begun = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        assert received(head) == b""
        assert received(body) == b""
        running.process.wait(20)
        assert time.monotonic() - begun < 5


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
@pytest.mark.parametrize(("signals", "grace"), [([signal.SIGTERM], 0.1), ([signal.SIGTERM, signal.SIGINT], 60.0)])
def test_a_run_that_a_stop_ends_tells_so(database: Path, signals: list[int], grace: float) -> None:
    with (
        ScriptedModel() as model,
        server(database, {}, model_url=model.url, grace=grace) as running,
        OpenAI(base_url=running.url, api_key="any") as client,
    ):
        model.on(None, Reply("never", delay=60))
        made = client.beta.assistants.create(model="gpt-4o")
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
        names = []
        with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=made.id) as stream:
            for event in stream:
                names.append(event.event)
                if names[-1] == "thread.run.in_progress":
                    for number in signals:
                        running.process.send_signal(number)
        assert names[-2:] == ["thread.run.in_progress", "thread.run.failed"]
        run = stream.current_run
        assert run is not None
        assert run.last_error is not None
        assert run.last_error.message == "The server stopped while the run was in progress."


def test_a_request_under_way_is_answered_before_a_stop(database: Path) -> None:
    body = b'{"model": "gpt-4o"}'
    begun = HEAD + f"content-length: {len(body)}\r\n\r\n".encode() + body[:5]
    with server(database, {}) as running, running.sending(begun) as connection:
        assert running.is_well()
        running.process.send_signal(signal.SIGTERM)
        connection.sendall(body[5:])
        assert received(connection).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("content", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"GET /\r\n\r\n"])
def test_what_is_no_http_is_a_400(database: Path, content: bytes) -> None:
    with server(database, {}) as running, running.sending(content) as connection:
        assert answered(connection) == (400, "Invalid HTTP request received.")


def test_how_many_connections_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    for descriptors, most in ((1_000_000, 1024), (1024, 480), (256, 96), (10, 1), (None, 256)):
        monkeypatch.setattr(listener, "_descriptors", lambda limit=descriptors: limit)
        assert connections_allowed() == most
    assert connections_allowed(5000) == 5000
    monkeypatch.setattr(listener, "_descriptors", lambda: 1024)
    assert connections_allowed(480) == 480
    with pytest.raises(AssistctlError, match="481 connections need 1026 file descriptors"):
        connections_allowed(481)
