"""What whoever runs a server for people needs: a log, numbers, a copy of the database, words for a full disk."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import openai
import pytest
from openai import OpenAI
from openai.types.beta import FunctionToolParam
from prometheus_client.parser import text_string_to_metric_families

from assistctl.cli.serve import command
from assistctl.local.app import create_app
from assistctl.local.metrics import Metrics
from assistctl.testing.scripted_model import ScriptedModel, ToolCall
from support.python_process import started_code

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")

COMMAND = "import sys; from assistctl.cli.main import run; sys.exit(run(sys.argv[1:]))"

# A server on a disk with room for so many pages of the database, and for files of at most so many bytes.
SMALL_DISK = """
import resource, sys
from pathlib import Path
from assistctl.local.database import storage
from assistctl.local.server import serve

connect = storage._connect

def small(uri):
    connection = connect(uri)
    connection.execute(f"PRAGMA max_page_count = {sys.argv[2]}")
    return connection

storage._connect = small
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)
serve(host="127.0.0.1", port=0, database=Path(sys.argv[1]), api_key=None,
      announce=lambda url, _: print(url, file=sys.stderr, flush=True))
"""

LABELS = ("method", "route", "status", "le")


@dataclass
class Serving:
    """A running server; ``output`` is what it wrote to stdout, once it has ended."""

    url: str
    output: str = ""

    def sdk(self, key: str = "any") -> OpenAI:
        return OpenAI(base_url=self.url, api_key=key, max_retries=0)


@contextmanager
def process(*arguments: str) -> Iterator[Serving]:
    """A Python process that serves, stopped by SIGTERM; its end is checked to be a clean one."""
    running = started_code(*arguments)
    try:
        assert running.stderr is not None
        serving = Serving(running.stderr.readline().strip())
        yield serving
    finally:
        running.send_signal(signal.SIGTERM)
        output, errors = running.communicate(timeout=30)
    serving.output = output
    assert running.returncode == 0, errors


def serve(database: Path, *options: str) -> str:
    return f"serve --port 0 --db {database} {' '.join(options)}"


def test_each_request_is_a_line_of_the_log(database: Path) -> None:
    options = serve(database, "--access-log", "json", "--api-key", "sk-mine").split()
    with process(COMMAND, *options) as server, server.sdk("sk-mine") as client:
        created = client.beta.assistants.create(model="gpt-4o", name="secret name")
        client.beta.assistants.list(extra_query={"after": created.id})
        with pytest.raises(openai.AuthenticationError):
            client.with_options(api_key="sk-wrong").models.list()
        odd = httpx2.get(f"{server.url}/nothing%0aforged", headers={"authorization": "Bearer sk-mine"})
    first, second, third, fourth = [json.loads(line) for line in server.output.splitlines()]
    assert (first["method"], first["path"], first["status"]) == ("POST", "/v1/assistants", 200)
    assert first["client"] == "127.0.0.1"
    assert first["time"].endswith("Z")
    assert 0 < first["seconds"] < 20
    assert first["bytes"] > 100
    assert (second["path"], third["status"]) == ("/v1/assistants", 401)
    assert (fourth["path"], fourth["route"], fourth["status"]) == ("/v1/nothing%0Aforged", "none", 404)
    assert fourth["request_id"] == odd.headers["x-request-id"]
    for secret in ("sk-mine", "sk-wrong", "secret name", created.id):
        assert secret not in server.output


def test_the_log_as_text(database: Path) -> None:
    with process(COMMAND, *serve(database, "--access-log", "text").split()) as server, server.sdk() as client:
        client.models.list()
    (line,) = server.output.splitlines()
    assert " 127.0.0.1 GET /v1/models 200 " in line
    assert " ms req_" in line


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_log_that_cannot_be_written_stops_nobody(database: Path) -> None:
    into_full = "import os; os.dup2(os.open('/dev/full', os.O_WRONLY), 1); "
    running = started_code(into_full + COMMAND, *serve(database, "--access-log", "text").split())
    assert running.stderr is not None
    url = running.stderr.readline().strip()
    for _ in range(3):
        assert httpx2.get(f"{url}/models").status_code == 200
    running.send_signal(signal.SIGTERM)
    _, errors = running.communicate(timeout=30)
    assert errors.count("the access log cannot be written (No space left on device)") == 1
    assert "Traceback" not in errors


def test_numbers_for_prometheus(database: Path) -> None:
    options = serve(database, "--metrics", "--api-key", "sk-mine").split()
    with process(COMMAND, *options) as server, server.sdk("sk-mine") as client:
        created = client.beta.assistants.create(model="gpt-4o")
        for _ in range(3):
            client.beta.assistants.retrieve(created.id)
        with pytest.raises(openai.NotFoundError):
            client.beta.assistants.retrieve("asst_none")
        address = server.url.replace("/v1", "/metrics")
        assert httpx2.get(address).status_code == 401
        found = httpx2.get(address, headers={"authorization": "Bearer sk-mine"})
    assert found.headers["content-type"].startswith("text/plain")
    samples = {
        (sample.name, *(sample.labels[name] for name in LABELS if name in sample.labels)): sample.value
        for family in text_string_to_metric_families(found.text)
        for sample in family.samples
    }
    route = "/v1/assistants/{assistant_id}"
    assert samples["assistctl_http_requests_total", "GET", route, "200"] == 3
    assert samples["assistctl_http_requests_total", "GET", route, "404"] == 1
    assert samples["assistctl_http_request_seconds_count", "GET", route] == 4
    assert samples["assistctl_http_request_seconds_bucket", "GET", route, "+Inf"] == 4
    assert samples["assistctl_http_requests_total", "GET", "none", "401"] == 1
    assert samples["assistctl_open_connections",] >= 1
    assert created.id not in found.text


def test_without_asking_no_numbers_are_served(database: Path) -> None:
    with process(COMMAND, *serve(database).split()) as server:
        assert httpx2.get(server.url.replace("/v1", "/metrics")).status_code == 404
    assert server.output == ""


def test_states_are_read_when_somebody_asks() -> None:
    app = create_app(None, with_metrics=True)
    metrics: Metrics = app.state.metrics
    states = {"queued": 1}
    metrics.add_states("assistctl_runs", "Runs.", "status", lambda: states)
    assert metrics.registry.get_sample_value("assistctl_runs", {"status": "queued"}) == 1
    states.clear()
    states["completed"] = 2
    assert metrics.registry.get_sample_value("assistctl_runs", {"status": "queued"}) is None
    assert metrics.registry.get_sample_value("assistctl_runs", {"status": "completed"}) == 2
    app.state.database.close()


def test_open_runs_are_counted_by_status(database: Path) -> None:
    function: FunctionToolParam = {"type": "function", "function": {"name": "look_up"}}
    with ScriptedModel() as model:
        model.on(None, ToolCall("look_up", {}), "Done.")
        options = serve(database, "--metrics", "--model-url", model.url).split()
        with process(COMMAND, *options) as server, server.sdk() as client:
            assistant = client.beta.assistants.create(model="m", tools=[function])
            runs = [
                client.beta.threads.create_and_run_poll(
                    assistant_id=assistant.id,
                    thread={"messages": [{"role": "user", "content": "Look it up."}]},
                    poll_interval_ms=10,
                )
                for _ in range(2)
            ]
            address = server.url.replace("/v1", "/metrics")
            assert 'assistctl_open_runs{status="requires_action"} 2.0' in httpx2.get(address).text
            for run in runs:
                client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
            assert "assistctl_open_runs{" not in httpx2.get(address).text


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such limits")
def test_a_full_disk_is_told_and_spoils_nothing(database: Path) -> None:
    with process(SMALL_DISK, str(database), "60", "2000000") as server, server.sdk() as client:
        kept: list[str] = []

        def fill() -> None:
            while len(kept) < 100:
                kept.append(client.beta.assistants.create(model="gpt-4o", instructions="x" * 20_000).id)

        with pytest.raises(openai.InternalServerError) as full:
            fill()
        assert full.value.status_code == 507
        assert "The server has no room left to store this" in full.value.message
        assert str(database) not in full.value.message
        assert full.value.response.headers["x-should-retry"] == "false"
        # What is there can be read and deleted, and makes room.
        assert kept
        assert {assistant.id for assistant in client.beta.assistants.list(limit=100)} == set(kept)
        with pytest.raises(openai.InternalServerError) as too_large:
            client.files.create(file=("large.txt", b"x" * 3_000_000), purpose="assistants")
        assert too_large.value.status_code == 507
        assert client.files.list().data == []
        for assistant_id in kept:
            client.beta.assistants.delete(assistant_id)
        assert client.beta.assistants.create(model="gpt-4o").id
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_copy_is_whole_although_somebody_writes(database: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    over = threading.Event()
    created: list[str] = []
    with process(COMMAND, *serve(database).split()) as server, server.sdk() as client:
        before = [client.beta.assistants.create(model="gpt-4o").id for _ in range(20)]

        def write() -> None:
            while not over.is_set():
                created.append(client.beta.assistants.create(model="gpt-4o").id)

        writer = threading.Thread(target=write)
        writer.start()
        # What `sqlite3 local.db ".backup copy.db"` does.
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target, pages=1)
        over.set()
        writer.join()
    with process(COMMAND, *serve(copy).split()) as server, server.sdk() as client:
        found = [assistant.id for assistant in client.beta.assistants.list(limit=100, order="asc")]
    assert found == (before + created)[: len(found)]
    assert len(found) >= len(before)


def test_the_manual_shows_options_that_there_are() -> None:
    manual = Path(__file__).parents[2] / "assistants/docs/serving.md"
    shown = [
        line for line in manual.read_text("utf-8").splitlines() if "assistctl serve " in line or 'CMD ["a' in line
    ]
    options = {option for line in shown for option in re.findall(r"--[a-z-]+", line)}
    known = {name for parameter in command.params for name in parameter.opts}
    assert len(options) > 6
    assert options <= known
