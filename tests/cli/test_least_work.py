"""How much an apply asks, reads and writes down: what the wire and the disk allow, and nothing twice."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from openai._base_client import get_platform

from assistctl.applying.cancellation import CancellationToken
from assistctl.cli import apply_report
from support.projects import ProjectFolder
from support.server import MUTATING, Answer, Asked, RecordingServer

CREATES = 24
PARALLELISM = 5


def journal_of(project: ProjectFolder) -> list[dict[str, Any]]:
    """The lines of the newest apply's record that are whole."""
    newest = max((project.path / ".assistctl").rglob("applies/*.jsonl"))
    return [json.loads(line) for line in newest.read_text().splitlines(keepends=True) if line.endswith("\n")]


@pytest.fixture
def many(remote: ProjectFolder) -> ProjectFolder:
    """A project with assistants that are not there yet."""
    for number in range(CREATES):
        remote.manifest(f"a{number:03}")
    return remote


def test_creates_take_a_request_each_and_a_list_before_and_after(
    many: ProjectFolder, server: RecordingServer
) -> None:
    assert many.run("apply", "--yes", "--parallelism", str(PARALLELISM)).code == 0
    counts = Counter(f"{asked.method} {asked.path}" for asked in server.asked)
    assert counts == {
        "GET /v1/models": 1,
        "GET /v1/vector_stores": 1,
        # For the plan, before the first create, and after the last one.
        "GET /v1/assistants": 3,
        "POST /v1/assistants": CREATES,
    }


def test_each_request_is_on_record_before_it_goes_out_and_few_others_are(
    many: ProjectFolder, server: RecordingServer
) -> None:
    without_intent, unfinished = [], []

    def look(asked: Asked) -> Asked:
        if asked.method in MUTATING:
            lines = journal_of(many)
            intended = {line["number"]: line["key"] for line in lines if line["type"] == "intent"}
            ended = {line["number"] for line in lines if line["type"] == "outcome"}
            if asked.body["name"] not in intended.values():
                without_intent.append(asked.body["name"])
            unfinished.append(len(intended.keys() - ended))
        return asked

    server.hear = look
    assert many.run("apply", "--yes", "--parallelism", str(PARALLELISM)).code == 0
    assert len(unfinished) == CREATES
    assert without_intent == []
    assert max(unfinished) <= 2 * PARALLELISM
    # The next ones are written down while others are under way.
    assert max(unfinished) > PARALLELISM


def test_an_interrupted_apply_says_of_what_was_written_down_that_it_was_not_begun(
    many: ProjectFolder, server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token: list[CancellationToken] = []

    def cancelled(_: object) -> CancellationToken:
        token.append(CancellationToken(asyncio.Event()))
        return token[-1]

    monkeypatch.setattr(apply_report, "cancelled_by_signals", cancelled)
    heard: list[Asked] = []

    def stop_at_the_eighth(asked: Asked) -> Asked:
        heard.extend([asked] if asked.method in MUTATING else [])
        if len(heard) == 8:
            token[0].stop.set()
        return asked

    server.hear = stop_at_the_eighth
    outcome = many.run("apply", "--yes", "--parallelism", str(PARALLELISM), "--format", "json")
    assert outcome.code == 4
    made = sum(asked.method == "POST" for asked in server.asked)
    statuses = Counter(result["status"] for result in outcome.json["results"])
    assert statuses == {"ok": made, "skipped": CREATES - made}
    lines = journal_of(many)
    intended = {line["number"] for line in lines if line["type"] == "intent"}
    outcomes = {line["number"]: line["outcome"] for line in lines if line["type"] == "outcome"}
    assert outcomes.keys() == intended
    assert Counter(outcomes.values())["ok"] == made
    assert set(outcomes.values()) <= {"ok", "skipped"}
    assert lines[-1]["type"] == "end"
    server.hear = None
    assert many.run("apply", "--yes").code == 0
    assert many.run("plan", "--detailed-exitcode").code == 0


def test_no_byte_that_did_not_change_is_read_twice(
    remote: ProjectFolder, server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        remote.write(f"assistants/docs/{number:02}.txt", f"document {number}")
    remote.manifest("desk", tools=[{"type": "file_search"}], files=["docs/*.txt"])
    opened: Counter[str] = Counter()
    system_open = os.open

    def counted(path: Any, *args: Any, **more: Any) -> int:
        if isinstance(path, str | Path) and str(path).endswith(".txt"):
            opened[Path(path).name] += 1
        return system_open(path, *args, **more)

    monkeypatch.setattr(os, "open", counted)
    assert remote.run("apply", "--yes").code == 0
    # To hash it, and to upload it.
    assert set(opened.values()) == {2}
    remote.run("plan")
    remote.write("assistants/docs/07.txt", "changed")
    server.clear()
    opened.clear()
    assert remote.run("apply", "--yes").code == 0
    assert sum(asked.method == "POST" and asked.path == "/v1/files" for asked in server.asked) == 1
    assert opened.pop("07.txt") == 2
    assert max(opened.values(), default=0) <= 1


@pytest.mark.parametrize("platform", ["openai-assistants", "openai-agents", "anthropic-agents"])
def test_to_ask_a_platform_starts_neither_a_thread_nor_a_process(
    project: ProjectFolder, server: RecordingServer, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    project.use(platform, server.address if platform == "anthropic-agents" else server.url)
    project.manifest("one")
    server.fault = lambda _: Answer(200, b'{"object": "list", "data": [], "has_more": false}')
    system = get_platform()
    started: list[threading.Thread] = []
    start = threading.Thread.start

    def noted(thread: threading.Thread) -> None:
        if threading.current_thread() is threading.main_thread():
            started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", noted)
    monkeypatch.setattr(subprocess, "Popen", None)
    assert project.run("plan").code == 0
    # The folder of the journal is read in some on purpose: a disk may be slow.
    assert [thread.name for thread in started if not thread.name.startswith("journal_")] == []
    assert {asked.headers["x-stainless-os"] for asked in server.asked} == {system}
