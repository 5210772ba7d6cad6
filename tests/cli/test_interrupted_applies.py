"""Ctrl-C and SIGTERM: what is under way is finished, nothing new begins, and the truth is told."""

from __future__ import annotations

import json
import os
import signal
import threading
from typing import Any

import pytest

from support.command_process import exit_code, started
from support.interruptions import wrong_after
from support.projects import ProjectFolder
from support.server import Answer, Asked, RecordingServer, error_body
from support.shelves import Shelves


def interrupted(project: ProjectFolder, begun: threading.Event, number: signal.Signals) -> tuple[int, Any]:
    """An apply that gets a signal once ``begun`` is set: its exit code and its results."""
    out = project.path / "results.json"
    process = started(project.path, "apply", "--yes", "--format", "json", out=out)
    assert process.pid
    assert begun.wait(30)
    os.kill(process.pid, number)
    return exit_code(process, 30), json.loads(out.read_bytes())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_indexing_is_not_waited_for(
    remote: ProjectFolder, server: RecordingServer, shelves: Shelves, number: signal.Signals
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
    code, document = interrupted(remote, begun, number)
    server.tell = None
    assert code == 4
    results = {(one["kind"], one["key"]): one for one in document["results"]}
    assert "interrupted while files of desk were being indexed" in results["vector_store", "desk"]["error"]
    assert results["assistant", "desk"]["status"] != "ok"
    assert shelves.assistants() == []
    assert list(wrong_after(remote.run, shelves, keys=1)) == []


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
    assert [one["status"] for one in document["results"]] == ["failed"]


def test_uploads_that_are_not_begun_are_skipped_and_the_next_apply_goes_on(
    remote: ProjectFolder, server: RecordingServer, shelves: Shelves
) -> None:
    for number in range(20):
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
    code, document = interrupted(remote, begun, signal.SIGINT)
    server.gate = lambda _: None
    statuses = {one["status"] for one in document["results"]}
    assert (code in {4, 130}, statuses <= {"ok", "skipped", "failed"}) == (True, True)
    assert 0 < len(shelves.uploads()) < 20
    uploaded = set(shelves.uploads())
    assert list(wrong_after(remote.run, shelves, keys=1)) == []
    assert uploaded <= set(shelves.uploads())
