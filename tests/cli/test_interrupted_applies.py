"""Ctrl-C and SIGTERM: what is under way is finished, nothing new begins, and the truth is told."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from assistctl.cli import signals
from support.command_process import exit_code, started
from support.dashboard import Dashboard
from support.interruptions import wrong_after
from support.projects import Outcome, ProjectFolder
from support.server import Answer, Asked, RecordingServer, error_body
from support.stored_objects import StoredObjects

pytestmark = pytest.mark.from_snapshots


def interrupted(
    project: ProjectFolder, begun: threading.Event, number: signal.Signals, *command: str
) -> tuple[int, Any]:
    """A command that gets a signal once ``begun`` is set: its exit code and its results."""
    out = project.path / "results.json"
    process = started(project.path, *(command or ("apply",)), "--yes", "--format", "json", out=out)
    assert process.pid
    assert begun.wait(30)
    os.kill(process.pid, number)
    return exit_code(process, 30), json.loads(out.read_bytes())


def test_indexing_is_not_waited_for(
    remote: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    remote.write("assistants/docs/one.md", "hello")
    remote.manifest("desk", tools=[{"type": "file_search"}], files=["docs/*"])
    begun = threading.Event()

    def never_ready(asked: Asked, _: int, body: Any) -> Any:
        if "/file_batches/" not in asked.path:
            return body
        begun.set()
        return {**body, "status": "in_progress", "file_counts": {**body["file_counts"], "in_progress": 1}}

    server.tell = never_ready
    code, document = interrupted(remote, begun, signal.SIGINT)
    server.tell = None
    assert code == 4
    results = {(result["kind"], result["key"]): result for result in document["results"]}
    assert "interrupted while files of desk were being indexed" in results["vector_store", "desk"]["error"]
    assert results["assistant", "desk"]["status"] != "ok"
    assert stored_objects.assistants() == []
    assert list(wrong_after(remote.run, stored_objects, keys=1)) == []


def test_a_plan_that_is_interrupted_leaves_no_lock(remote: ProjectFolder, server: RecordingServer) -> None:
    config = (remote.path / "assistctl.yaml").read_text()
    remote.write("assistctl.yaml", f"{config}journal: file://{remote.path}/shared\n")
    remote.manifest("desk")
    begun, held = threading.Event(), threading.Event()

    def gate(_: Asked) -> threading.Event:
        begun.set()
        return held

    server.gate = gate
    code, document = interrupted(remote, begun, signal.SIGINT)
    held.set()
    assert (code, [diagnostic["summary"] for diagnostic in document["diagnostics"]]) == (130, ["interrupted"])
    server.gate = lambda _: None
    assert server.mutations == []
    assert remote.run("apply", "--yes", "--lock-timeout", "0s").code == 0


def test_the_second_signal_ends_it_at_once_and_the_truth_is_told(
    remote: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    for key in ("hangs", "made"):
        remote.manifest(key)
    begun, held = threading.Event(), threading.Event()

    def gate(asked: Asked) -> threading.Event | None:
        if asked.method != "POST" or asked.body["name"] != "hangs":
            return None
        begun.set()
        return held

    server.gate = gate
    out, err = remote.path / "results.json", remote.path / "told"
    os.mkfifo(err)
    process = started(remote.path, "apply", "--yes", "--format", "json", out=out, err=err)
    assert process.pid
    with err.open() as told:
        assert begun.wait(30)
        assert "create made: ok" in told.readline()
        os.kill(process.pid, signal.SIGTERM)
        assert "Stopping" in told.readline()
        os.kill(process.pid, signal.SIGINT)
        code = exit_code(process, 15)
    held.set()
    server.wait_until_idle()
    server.gate = lambda _: None
    assert code == 4
    results = {load["key"]: load for load in json.loads(out.read_bytes())["results"]}
    assert (results["made"]["status"], results["hangs"]["status"]) == ("ok", "failed")
    assert "whether it was done is not known" in results["hangs"]["error"]
    [past] = remote.run("history", "--format", "json").json["applies"]
    assert past["state"] == "partial"
    assert "unknown: it was cut off" in remote.run("history", past["id"]).out
    assert remote.run("apply", "--yes").code == 0
    assert sorted(assistant["name"] for assistant in stored_objects.assistants()) == ["hangs", "made"]


@pytest.fixture
def heard_twice(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set once a second signal was looked at, and what comes of that has come."""
    heard, times, is_another = threading.Event(), count(1), signals.Presses.is_another

    def counted(presses: signals.Presses, number: int) -> bool:
        if next(times) == 2:
            after_turns(100, asyncio.get_running_loop(), heard.set)
        return is_another(presses, number)

    def after_turns(turns: int, loop: asyncio.AbstractEventLoop, then: Callable[[], None]) -> None:
        loop.call_soon(after_turns, turns - 1, loop, then) if turns else then()

    monkeypatch.setattr(signals.Presses, "is_another", counted)
    return heard


@pytest.fixture
def applied_meanwhile(
    remote: ProjectFolder, server: RecordingServer, heard_twice: threading.Event
) -> Callable[[signal.Signals], Outcome]:
    """An apply that gets the same signal twice at once while a create is under way, and what came of it."""
    remote.manifest("desk")

    def applied(number: signal.Signals) -> Outcome:
        server.gate = lambda asked: signalled(number) if asked.method == "POST" else None
        done = remote.run("apply", "--yes", "--format", "json")
        assert done.err.count("Stopping") == 1
        return done

    def signalled(number: signal.Signals) -> threading.Event:
        signal.raise_signal(number)
        signal.raise_signal(number)
        return heard_twice

    return applied


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_is_sent_twice_at_once_is_no_second_one(
    applied_meanwhile: Callable[[signal.Signals], Outcome], monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """As ``timeout`` sends it: to the command, and to the group that the command is in."""
    monkeypatch.setattr(signals, "SAME_PRESS_SECONDS", 3600.0)
    done = applied_meanwhile(number)
    assert (done.code, [result["status"] for result in done.json["results"]]) == (0, ["ok"]), done.err


def test_the_same_signal_once_more_ends_it_at_once(
    applied_meanwhile: Callable[[signal.Signals], Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signals, "SAME_PRESS_SECONDS", 0.0)
    done = applied_meanwhile(signal.SIGINT)
    assert (done.code, [result["status"] for result in done.json["results"]]) == (4, ["failed"])


def test_a_wait_for_a_throttling_platform_ends(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.manifest("desk")
    begun = threading.Event()

    def throttled(asked: Asked) -> Answer | None:
        if asked.method == "GET":
            return None
        begun.set()
        headers = ((b"content-type", b"application/json"), (b"retry-after", b"60"))
        return Answer(429, error_body("slow down"), headers=headers)

    server.fault = throttled
    code, document = interrupted(remote, begun, signal.SIGINT)
    assert code == 130
    assert [result["status"] for result in document["results"]] == ["failed"]


def test_uploads_that_are_not_begun_are_skipped_and_the_next_apply_goes_on(
    remote: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    for number in range(4):
        remote.write(f"assistants/docs/{number}.md", str(number))
    remote.manifest("desk", tools=[{"type": "file_search"}], files=["docs/*"])
    begun, held = threading.Event(), threading.Event()

    def gate(asked: Asked) -> threading.Event | None:
        if (asked.method, asked.path) != ("POST", "/v1/files"):
            return None
        begun.set()
        return held

    server.gate = gate
    threading.Timer(0.5, held.set).start()
    code, document = interrupted(remote, begun, signal.SIGINT, "apply", "--parallelism", "2")
    server.gate = lambda _: None
    statuses = {result["status"] for result in document["results"]}
    assert (code in {4, 130}, statuses <= {"ok", "skipped", "failed"}) == (True, True)
    assert 0 < len(stored_objects.uploads()) < 4
    uploaded = set(stored_objects.uploads())
    assert list(wrong_after(remote.run, stored_objects, keys=1)) == []
    assert uploaded <= set(stored_objects.uploads())


def test_history_does_not_call_it_done_when_something_was_not_begun(
    remote: ProjectFolder, server: RecordingServer
) -> None:
    for key in ("a", "b"):
        remote.manifest(key)
    begun, held = threading.Event(), threading.Event()

    def gate(asked: Asked) -> threading.Event | None:
        if asked.method != "POST":
            return None
        begun.set()
        threading.Timer(0.5, held.set).start()
        return held

    server.gate = gate
    code, document = interrupted(remote, begun, signal.SIGTERM, "apply", "--parallelism", "1")
    assert (code, sorted(result["status"] for result in document["results"])) == (4, ["ok", "skipped"])
    [past] = remote.run("history", "--format", "json").json["applies"]
    assert past["state"] == "partial"


def test_gc_tells_what_it_had_deleted(
    remote: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    remote.write("assistants/docs/one.md", "hello")
    remote.manifest("desk", tools=[{"type": "file_search"}], files=["docs/*"])
    assert remote.run("apply", "--yes").code == 0
    dashboard = Dashboard(server.url)
    dashboard.clear()
    dashboard.close()
    remote.remove("desk")
    begun, held = threading.Event(), threading.Event()

    def gate(asked: Asked) -> threading.Event | None:
        if asked.method != "DELETE":
            return None
        begun.set()
        threading.Timer(0.5, held.set).start()
        return held

    server.gate = gate
    code, document = interrupted(remote, begun, signal.SIGTERM, "gc")
    server.gate = lambda _: None
    results = {result["kind"]: result["status"] for result in document["results"]}
    assert (code, results) == (4, {"vector_store": "ok", "file": "skipped"})
    assert (stored_objects.stores(), list(stored_objects.uploads().values())) == ([], ["one.md"])
    # The vector store that said whose it is has gone.
    [left] = remote.run("gc", "--format", "json", "--yes").json["garbage"]
    assert (left["name"], left["proven"]) == ("one.md", True)
    assert stored_objects.uploads() == {}
