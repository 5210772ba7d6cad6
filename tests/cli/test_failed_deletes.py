"""Deletes that fail or are answered unreadably: what became of them is looked up, by gc as by apply."""

from __future__ import annotations

import pytest

from support.dashboard import Dashboard
from support.projects import ProjectFolder
from support.server import Answer, Asked, RecordingServer
from support.stored_objects import StoredObjects

UNREADABLE = Answer(200, b"<html>", after=True)
FAILED = Answer(503)
FAILED_AFTER = Answer(503, after=True)


@pytest.fixture
def leftovers(remote: ProjectFolder, server: RecordingServer) -> ProjectFolder:
    """A vector store with an upload in it, which nothing refers to any more."""
    remote.write("assistants/docs/one.md", "hello")
    remote.manifest("desk", tools=[{"type": "file_search"}], files=["docs/*"])
    assert remote.run("apply", "--yes").code == 0
    dashboard = Dashboard(server.url)
    dashboard.clear()
    dashboard.close()
    return remote


def fail_deletes(server: RecordingServer, path: str, answer: Answer) -> None:
    """Answer each delete below ``path`` like this."""

    def fault(asked: Asked) -> Answer | None:
        return answer if asked.method == "DELETE" and asked.path.startswith(path) else None

    server.fault = fault


@pytest.mark.parametrize("answer", [UNREADABLE, FAILED_AFTER])
@pytest.mark.parametrize("path", ["/v1/vector_stores/", "/v1/files/"])
def test_gc_calls_deleted_what_is_gone(
    leftovers: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects, path: str, answer: Answer
) -> None:
    fail_deletes(server, path, answer)
    outcome = leftovers.run("gc", "--yes", "--format", "json")
    assert outcome.code == 0, outcome
    assert {result["status"] for result in outcome.json["results"]} == {"ok"}
    assert (stored_objects.stores(), stored_objects.uploads()) == ([], {})


def test_gc_exits_with_1_where_nothing_was_deleted(
    leftovers: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    fail_deletes(server, "/v1/", FAILED)
    outcome = leftovers.run("gc", "--yes", "--format", "json")
    assert outcome.code == 1, outcome
    assert {result["status"] for result in outcome.json["results"]} == {"failed"}
    server.reset()
    assert (len(stored_objects.stores()), len(stored_objects.uploads())) == (1, 1)
    assert leftovers.run("gc", "--yes").code == 0
    assert (stored_objects.stores(), stored_objects.uploads()) == ([], {})


def test_gc_does_not_claim_to_know_what_it_could_not_look_up(
    leftovers: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    def fault(asked: Asked) -> Answer | None:
        if not asked.path.startswith("/v1/files/"):
            return None
        return FAILED_AFTER if asked.method == "DELETE" else FAILED

    server.fault = fault
    outcome = leftovers.run("gc", "--yes", "--format", "json")
    assert outcome.code == 4, outcome
    server.reset()
    assert (leftovers.run("gc", "--yes").code, stored_objects.uploads()) == (0, {})


def test_apply_calls_deleted_an_upload_that_is_gone(
    remote: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    remote.write("assistants/data/one.csv", "1,2")
    remote.manifest("desk", tools=[{"type": "code_interpreter"}], files=["data/*"])
    assert remote.run("apply", "--yes").code == 0
    remote.write("assistants/data/one.csv", "3,4")
    fail_deletes(server, "/v1/files/", UNREADABLE)
    outcome = remote.run("apply", "--yes", "--format", "json")
    assert outcome.code == 0, outcome
    assert {result["status"] for result in outcome.json["results"]} == {"ok"}
    assert len(stored_objects.uploads()) == 1
