"""What real servers answer otherwise than OpenAI does: an empty list that is null, a delete that says nothing."""

from __future__ import annotations

import json

import pytest

from assistctl.platforms.http.wire import parsed
from support.projects import ProjectFolder
from support.server import Answer, Asked, Payload, RecordingServer
from support.stored_objects import StoredObjects


def test_an_empty_list_may_be_null(remote: ProjectFolder, server: RecordingServer) -> None:
    def told(_asked: Asked, _status: int, payload: Payload) -> Payload:
        is_empty = isinstance(payload, dict) and payload.get("data") == []
        return {"object": "list", "data": None} if is_empty else payload

    server.tell = told
    remote.write("assistants/guide.md", "# Guide\n")
    remote.manifest("desk", tools=[{"type": "file_search"}], files=["guide.md"])
    assert remote.run("list").code == 0
    assert remote.run("plan", "--format", "json").json["summary"]["create"] == 2
    applied = remote.run("apply", "--yes")
    assert applied.code == 0, applied.err
    assert remote.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("body", [{"object": "list"}, {"data": {}}, None, []], ids=json.dumps)
def test_what_is_no_list_stays_an_error(remote: ProjectFolder, server: RecordingServer, body: Payload) -> None:
    server.fault = lambda _: Answer(200, json.dumps(body).encode())
    outcome = remote.run("list")
    assert outcome.code == 1
    assert "is not a list" in outcome.err


@pytest.mark.parametrize(("status", "body"), [(204, b""), (200, b""), (200, b" \n")])
def test_a_delete_may_say_nothing(
    remote: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects, status: int, body: bytes
) -> None:
    remote.write("assistants/guide.md", "# Guide\n")
    remote.manifest("desk", tools=[{"type": "file_search"}], files=["guide.md"])
    assert remote.run("apply", "--yes").code == 0
    server.fault = lambda asked: Answer(status, body, after=True) if asked.method == "DELETE" else None
    destroyed = remote.run("destroy", "--yes", "--format", "json")
    assert destroyed.code == 0, destroyed.out + destroyed.err
    assert {result["status"] for result in destroyed.json["results"]} == {"ok"}
    assert (stored_objects.uploads(), stored_objects.stores()) == ({}, [])
    assert remote.run("list", "--format", "json").json["assistants"] == []


def test_only_a_delete_may_say_nothing(remote: ProjectFolder, server: RecordingServer) -> None:
    server.fault = lambda _: Answer(200, b"")
    assert remote.run("list").code == 1
    with pytest.raises(Exception, match="is not JSON"):
        parsed(b"", 200)
