"""Nothing is deleted that somebody begins to use while the question waits: by gc, apply, destroy or rollback."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

import assistctl
from support.dashboard import Dashboard
from support.person import somebody_who
from support.project_snapshots import ProjectSnapshots
from support.projects import ProjectFolder
from support.server import RecordingServer
from support.stored_objects import StoredObjects

pytestmark = pytest.mark.from_snapshots

SEARCH = [{"type": "file_search"}]


@pytest.fixture
def dashboard(server: RecordingServer) -> Iterator[Dashboard]:
    seen = Dashboard(server.url)
    yield seen
    seen.close()


@pytest.fixture
def desks(snapshots: ProjectSnapshots, remote: ProjectFolder) -> ProjectFolder:
    """Two assistants, each with a vector store and an upload in it."""
    snapshots.restore("desks", lambda: apply_desks(remote))
    return remote


def apply_desks(project: ProjectFolder) -> None:
    """Bring that about."""
    for key in ("one", "two"):
        project.write(f"assistants/{key}.md", key)
        project.manifest(key, tools=SEARCH, files=[f"{key}.md"])
    assert project.run("apply", "--yes").code == 0


@pytest.fixture
def leftovers(desks: ProjectFolder, dashboard: Dashboard) -> ProjectFolder:
    """The same without the assistants: nothing refers to what they had."""
    dashboard.clear()
    return desks


def held(stored_objects: StoredObjects) -> dict[str, tuple[str, str]]:
    """The vector store of each file, and its upload, by the file's name."""
    uploads = stored_objects.uploads()
    return {
        uploads[file["id"]]: (store["id"], file["id"])
        for store in stored_objects.stores()
        for file in stored_objects.files_of(store["id"])
    }


def search_in(dashboard: Dashboard, *store_ids: str) -> list[str]:
    """Have somebody's assistants search these vector stores; the ids of the assistants."""
    return [
        dashboard.create(tools=SEARCH, tool_resources={"file_search": {"vector_store_ids": [store_id]}})["id"]
        for store_id in store_ids
    ]


def lists(server: RecordingServer) -> Counter[str]:
    """How often each list was asked for."""
    return Counter(asked.path.removeprefix("/v1") for asked in server.asked if asked.method == "GET")


def test_gc_leaves_what_is_in_use_by_the_time_of_the_yes_and_deletes_the_rest(
    leftovers: ProjectFolder,
    dashboard: Dashboard,
    stored_objects: StoredObjects,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (store, upload), (other_store, other_upload) = (held(stored_objects)[name] for name in ("one.md", "two.md"))
    users: list[str] = []
    with monkeypatch.context() as at_the_terminal:
        somebody_who(at_the_terminal, lambda: users.extend(search_in(dashboard, store)))
        outcome = leftovers.run("gc", "--format", "json")
    assert outcome.code == 4, outcome
    assert held(stored_objects) == {"one.md": (store, upload)}
    assert other_upload not in stored_objects.uploads()
    assert {result["id"]: (result["status"], result["error"]) for result in outcome.json["results"]} == {
        store: ("skipped", f"{users[0]} refers to it by now"),
        upload: ("skipped", f"{store} refers to it by now"),
        other_store: ("ok", None),
        other_upload: ("ok", None),
    }
    assert store in outcome.err, "the question says what it is about, beside the JSON"
    assert leftovers.run("gc", "--format", "json").json["garbage"] == []
    dashboard.clear()
    assert leftovers.run("gc", "--yes").code == 0
    assert (stored_objects.stores(), stored_objects.uploads()) == ([], {})


@pytest.mark.parametrize("output", ["text", "markdown"])
def test_gc_says_who_refers_to_what_it_left(
    leftovers: ProjectFolder,
    dashboard: Dashboard,
    stored_objects: StoredObjects,
    monkeypatch: pytest.MonkeyPatch,
    output: str,
) -> None:
    store, upload = held(stored_objects)["one.md"]
    users: list[str] = []
    somebody_who(monkeypatch, lambda: users.extend(search_in(dashboard, store)))
    outcome = leftovers.run("gc", "--format", output)
    assert outcome.code == 4, outcome
    assert f"{store} was not deleted: {users[0]} refers to it by now" in outcome.err
    assert f"{upload} was not deleted: {store} refers to it by now" in outcome.err
    assert "Deleted 2 things." in outcome.out


def test_gc_is_refused_when_all_is_in_use_by_the_time_of_the_yes(
    leftovers: ProjectFolder,
    dashboard: Dashboard,
    stored_objects: StoredObjects,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = held(stored_objects)
    somebody_who(monkeypatch, lambda: search_in(dashboard, *(store for store, _ in before.values())))
    outcome = leftovers.run("gc", "--format", "json")
    assert outcome.code == 3, outcome
    assert {result["status"] for result in outcome.json["results"]} == {"skipped"}
    assert held(stored_objects) == before


def test_gc_leaves_an_upload_that_somebody_attached_elsewhere(
    leftovers: ProjectFolder, stored_objects: StoredObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, upload = held(stored_objects)["one.md"]
    theirs = stored_objects.make_store(name="theirs")
    somebody_who(monkeypatch, lambda: stored_objects.attach(theirs, upload))
    outcome = leftovers.run("gc")
    assert outcome.code == 4, outcome
    assert f"{upload} was not deleted: {theirs} refers to it by now" in outcome.err
    assert [store["id"] for store in stored_objects.stores()] == [theirs]
    assert {*stored_objects.uploads()} == {upload}


def test_gc_does_not_miss_what_was_gone_and_deletes_nothing_that_came_meanwhile(
    leftovers: ProjectFolder, stored_objects: StoredObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, upload = held(stored_objects)["one.md"]
    came: list[str] = []

    def meanwhile() -> None:
        stored_objects.delete_upload(upload)
        metadata = next(each["metadata"] for each in stored_objects.stores() if each["id"] == store)
        came.append(stored_objects.make_store(metadata=metadata))

    somebody_who(monkeypatch, meanwhile)
    outcome = leftovers.run("gc")
    assert outcome.code == 0, outcome
    assert "Deleted 3 things. 1 thing was gone already." in outcome.out
    assert [each["id"] for each in stored_objects.stores()] == came


def test_gc_looks_again_where_somebody_was_asked_and_only_there(
    leftovers: ProjectFolder,
    server: RecordingServer,
    dashboard: Dashboard,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Counter[str]] = []

    def meanwhile() -> None:
        seen.append(lists(server))
        server.clear()

    server.clear()
    with monkeypatch.context() as at_the_terminal:
        somebody_who(at_the_terminal, meanwhile)
        assert leftovers.run("gc").code == 0
    assert [lists(server)] == seen
    apply_desks(leftovers)
    dashboard.clear()
    server.clear()
    assert leftovers.run("gc", "--yes").code == 0
    assert set(lists(server).values()) == {1}


def test_gc_looks_at_no_uploads_again_when_none_is_to_be_deleted(
    leftovers: ProjectFolder,
    server: RecordingServer,
    stored_objects: StoredObjects,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for upload in stored_objects.uploads():
        stored_objects.delete_upload(upload)
    somebody_who(monkeypatch, server.clear)
    assert leftovers.run("gc").code == 0
    assert lists(server) == {"/assistants": 1, "/vector_stores": 1}


def test_programs_are_told_the_same(
    leftovers: ProjectFolder, dashboard: Dashboard, stored_objects: StoredObjects
) -> None:
    (store, _), (other_store, other_upload) = (held(stored_objects)[name] for name in ("one.md", "two.md"))
    opened = assistctl.open_project(leftovers.path)
    outcome = opened.collect_garbage(confirm=lambda _: bool(search_in(dashboard, store)))
    assert outcome.status is assistctl.OperationStatus.PARTIAL
    done = {result.id for result in outcome.results if result.status is assistctl.Status.OK}
    assert done == {other_store, other_upload}


def deleting(command: str, project: ProjectFolder) -> list[str]:
    """The command line of a ``command`` that deletes an assistant and its files."""
    if command == "apply":
        project.remove("one")
        return ["apply", "--allow-deletes"]
    if command == "rollback":
        (first,) = project.run("history", "--format", "json").json["applies"]
        return ["rollback", first["id"], "--allow-deletes"]
    return ["destroy"]


@pytest.mark.parametrize("command", ["apply", "destroy", "rollback"])
def test_what_plans_anew_is_refused_when_somebody_searches_a_vector_store_meanwhile(
    desks: ProjectFolder,
    dashboard: Dashboard,
    stored_objects: StoredObjects,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    before, args = held(stored_objects), deleting(command, desks)
    person = somebody_who(monkeypatch, lambda: search_in(dashboard, before["one.md"][0]))
    outcome = desks.run(*args)
    assert person.questions == 1, outcome
    assert outcome.code == 3, outcome
    assert held(stored_objects) == before
