"""What a list leaves out: nothing is deleted, or made a second time, because of that."""

from __future__ import annotations

import pytest

from support.projects import ProjectFolder, applied
from support.server import Answer, RecordingServer
from support.stored_objects import StoredObjects

NONE = Answer(200, b'{"object": "list", "data": [], "has_more": false}')


@pytest.fixture
def desk(remote: ProjectFolder) -> ProjectFolder:
    """The project with an assistant that searches a document, applied."""
    remote.write("assistants/docs/one.md", "hello")
    remote.manifest("desk", tools=[{"type": "file_search"}], files=["docs/*"])
    applied(remote)
    return remote


def test_what_a_vector_store_has_stays_where_the_list_leaves_that_store_out(
    desk: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    server.fault = lambda asked: NONE if asked.path == "/v1/vector_stores" else None
    outcome = desk.run("gc", "--yes", "--unproven", "--format", "json")
    assert (outcome.code, outcome.json["garbage"]) == (0, [])
    server.reset()
    assert (len(stored_objects.stores()), [*stored_objects.uploads().values()]) == (1, ["one.md"])
    assert desk.run("plan", "--detailed-exitcode").code == 0


def test_a_vector_store_that_is_gone_is_asked_for_and_keeps_nothing(
    desk: ProjectFolder, stored_objects: StoredObjects
) -> None:
    [store] = stored_objects.stores()
    stored_objects.delete_store(store["id"])
    assert desk.run("gc", "--yes", "--unproven").code == 0
    assert stored_objects.uploads() == {}


def test_a_vector_store_that_the_list_leaves_out_is_not_made_again(
    desk: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    server.clear()
    server.fault = lambda asked: NONE if (asked.method, asked.path) == ("GET", "/v1/vector_stores") else None
    for command in (("plan", "--detailed-exitcode"), ("drift",), ("apply", "--yes")):
        outcome = desk.run(*command, "--format", "json")
        assert (outcome.code, outcome.json.get("missing", [])) == (0, []), outcome
    assert server.mutations == []
    server.reset()
    assert (len(stored_objects.stores()), len(stored_objects.uploads())) == (1, 1)
