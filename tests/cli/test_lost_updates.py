"""Changes whose answers are lost each time they are sent: told is what happened, or that it is not known."""

from __future__ import annotations

import pytest

from support.project_snapshots import ProjectSnapshots
from support.projects import ProjectFolder
from support.server import Answer, Asked, RecordingServer, error_body
from support.stored_objects import StoredObjects

pytestmark = pytest.mark.from_snapshots

SEARCHING = {"tools": [{"type": "file_search"}], "files": ["docs/*"]}
_NO_WAIT = ((b"content-type", b"application/json"), (b"retry-after-ms", b"1"))


def losing(server: RecordingServer, method: str, path: str, *, done: bool, blind: bool = False) -> None:
    """Answer each such request with a 500, ``done`` or not; ``blind``: each look after the first one, too."""
    lost: list[Asked] = []

    def fault(asked: Asked) -> Answer | None:
        if asked.method == method and asked.path.startswith(path):
            lost.append(asked)
            return Answer(500, error_body("oh"), after=done, headers=_NO_WAIT)
        if blind and lost and asked.method == "GET":
            return Answer(500, error_body("oh"), headers=_NO_WAIT)
        return None

    server.fault = fault


@pytest.fixture
def applied(remote: ProjectFolder, snapshots: ProjectSnapshots) -> ProjectFolder:
    """A project with an assistant, applied."""
    snapshots.restore("assistant", lambda: apply(remote, instructions="One."))
    return remote


@pytest.fixture
def with_store(remote: ProjectFolder, snapshots: ProjectSnapshots) -> ProjectFolder:
    """One whose assistant has a vector store, applied."""
    remote.write("assistants/docs/one.md", "hello")
    snapshots.restore("vector store", lambda: apply(remote, **SEARCHING, vector_store={"name": "One"}))
    return remote


def apply(project: ProjectFolder, **fields: object) -> None:
    """Apply the assistant."""
    project.manifest("a", **fields)
    assert project.run("apply", "--yes").code == 0


def outcome(project: ProjectFolder) -> tuple[int, str, str | None]:
    """What an apply of one change says: its exit code, what it reports, and what is on record."""
    applied = project.run("apply", "--yes", "--allow-deletes", "--format", "json")
    [result] = applied.json["results"]
    newest = project.run("history", "--format", "json").json["applies"][0]["id"]
    [entry] = project.run("history", newest, "--format", "json").json["entries"]
    return applied.code, result["status"], entry["outcome"]


@pytest.mark.parametrize(
    ("happened", "expected"),
    [
        ("done", (0, "ok", "ok")),
        ("not done", (1, "failed", "failed")),
        ("nobody can say", (4, "failed", "unknown")),
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_an_assistant(
    applied: ProjectFolder, server: RecordingServer, method: str, happened: str, expected: tuple[int, str, str]
) -> None:
    if method == "DELETE":
        applied.remove("a")
    else:
        applied.manifest("a", instructions="Two.")
    blind = happened == "nobody can say"
    losing(server, method, "/v1/assistants/", done=happened != "not done", blind=blind)
    assert outcome(applied) == expected
    server.fault = lambda _: None
    assert applied.run("apply", "--yes", "--allow-deletes").code == 0
    assert applied.run("plan", "--detailed-exitcode").code == 0


def test_a_create_that_cannot_be_looked_for_may_have_changed_something(
    remote: ProjectFolder, server: RecordingServer
) -> None:
    remote.manifest("a")
    losing(server, "POST", "/v1/assistants", done=True, blind=True)
    assert outcome(remote) == (4, "failed", "unknown")
    server.fault = lambda _: None
    assert remote.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(("done", "code"), [(True, 0), (False, 1)])
def test_a_vector_store(
    with_store: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects, done: bool, code: int
) -> None:
    [store] = stored_objects.stores()
    with_store.manifest("a", **SEARCHING, vector_store={"name": "Two"})
    losing(server, "POST", f"/v1/vector_stores/{store['id']}", done=done)
    assert with_store.run("apply", "--yes").code == code
    server.fault = lambda _: None
    assert stored_objects.stores()[0]["name"] == ("Two" if done else "One")
    assert with_store.run("apply", "--yes").code == 0
    assert with_store.run("plan", "--detailed-exitcode").code == 0
