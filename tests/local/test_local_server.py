"""The platform over HTTP, as ``assistctl serve`` runs it: a process of its own, stopped by signals."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import openai
import pytest
from openai import OpenAI

from assistctl.errors import AssistctlError
from assistctl.local.server import serve
from support.python_process import started_code

pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")

SERVER = """
import sys
from pathlib import Path
from assistctl.local.server import serve

host, database, key = sys.argv[1:]

def announce(url, _):
    print(url, flush=True)

serve(host=host, port=0, database=Path(database), api_key=key or None, announce=announce)
print("stopped")
"""


@contextmanager
def server(
    database: Path, *, host: str = "127.0.0.1", key: str = "", stop: signal.Signals = signal.SIGTERM
) -> Iterator[str]:
    """A running server's base URL; its end is checked to be a clean and silent one."""
    process = started_code(SERVER, host, str(database), key)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.send_signal(stop)
        output, errors = process.communicate(timeout=30)
    assert (output, errors, process.returncode) == ("stopped\n", "", 0)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_sdk_over_http(database: Path, stop: signal.Signals) -> None:
    with server(database, key="sk-local", stop=stop) as url:
        assert url.startswith("http://127.0.0.1:")
        assert url.endswith("/v1")
        with OpenAI(base_url=url, api_key="sk-local", max_retries=0, _strict_response_validation=True) as client:
            created = client.beta.assistants.create(model="gpt-4o", name="Order desk")
            assert [assistant.id for assistant in client.beta.assistants.list()] == [created.id]
            assert client.beta.assistants.update(created.id, name=None).name is None
            assert client.models.retrieve("gpt-4o").id == "gpt-4o"
        with (
            OpenAI(base_url=url, api_key="sk-wrong", max_retries=0) as stranger,
            pytest.raises(openai.AuthenticationError, match="Incorrect API key provided"),
        ):
            stranger.models.list()
    assert [path.name for path in database.parent.iterdir()] == ["local.db"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_only_this_machines_names_are_answered_on_loopback(database: Path, host: str) -> None:
    with server(database, host=host) as url:
        assert url.startswith(f"http://{host}:")
        assert httpx2.get(f"{url}/models").status_code == 200
        refused = httpx2.get(f"{url}/models", headers={"Host": "evil.example"})
        assert refused.status_code == 400
        assert "Invalid Host header" in refused.json()["error"]["message"]


def test_on_all_addresses_any_name_is_answered(database: Path) -> None:
    with server(database, host="0.0.0.0") as url:  # noqa: S104 - that is the case under test
        assert url.startswith("http://127.0.0.1:")
        assert httpx2.get(f"{url}/models", headers={"Host": "box.lan"}).status_code == 200


def test_two_servers_on_one_file(database: Path) -> None:
    count = 10

    def work(url: str) -> set[str]:
        with OpenAI(base_url=url, api_key="any", max_retries=0) as client:
            created = [client.beta.assistants.create(model="gpt-4o", metadata={"n": "0"}) for _ in range(count)]
            for assistant in created:
                client.beta.assistants.update(assistant.id, metadata={"n": "1"})
            for assistant in created[::2]:
                client.beta.assistants.delete(assistant.id)
            return {assistant.id for assistant in created[1::2]}

    with server(database) as first, server(database) as second, ThreadPoolExecutor() as pool:
        kept = set().union(*pool.map(work, [first, second, first, second]))
        with OpenAI(base_url=second, api_key="any") as client:
            listed = list(client.beta.assistants.list(limit=100))
    assert len(kept) == count * 2
    assert {assistant.id for assistant in listed} == kept
    assert {tuple((assistant.metadata or {}).items()) for assistant in listed} == {(("n", "1"),)}


def test_an_address_in_use_says_so(database: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AssistctlError, match=f"Cannot listen on 127.0.0.1:{port}: Address already in use"):
            serve(host="127.0.0.1", port=port, database=database, api_key=None, announce=print)


@pytest.mark.parametrize(
    ("host", "port", "message"),
    [("a..b", 0, "The host a..b is not an address"), ("127.0.0.1", 65536, "The port 65536 does not exist")],
)
def test_an_address_that_is_none_says_so(database: Path, host: str, port: int, message: str) -> None:
    with pytest.raises(AssistctlError, match=message):
        serve(host=host, port=port, database=database, api_key=None, announce=print)


def test_a_body_that_says_it_is_too_large_is_not_waited_for(database: Path) -> None:
    with server(database) as url:
        address = urlsplit(url)
        head = f"POST /v1/assistants HTTP/1.1\r\nhost: {address.netloc}\r\nauthorization: Bearer any\r\n"
        with socket.create_connection((str(address.hostname), address.port or 0), timeout=20) as connection:
            connection.sendall(f"{head}openai-beta: assistants=v2\r\ncontent-length: 99999999\r\n\r\n".encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("key", ["", "sk-local"])
def test_whether_it_is_well_is_told_to_everybody(database: Path, key: str) -> None:
    with server(database, key=key) as url:
        found = httpx2.get(url.replace("/v1", "/healthz"))
        assert (found.status_code, found.json()) == (200, {"status": "ok"})


def test_what_is_wrong_with_this_machine_is_not_told_to_clients(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    path.write_text("project: acme\n" * 100)
    with server(path) as url:
        for where in ("/v1/files", "/v1/vector_stores", "/healthz"):
            refused = httpx2.get(url.replace("/v1", where), headers={"openai-beta": "assistants=v2"})
            assert refused.status_code == 500
            assert refused.json()["error"]["message"] == ("The server had an error while processing your request.")
            assert refused.headers["x-should-retry"] == "false"
            assert str(tmp_path) not in refused.text
