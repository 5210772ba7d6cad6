"""Several applies at once, and edits in between: one assistant per key, and nobody's edit is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import Any

import pytest

from support.command_process import exit_code, started
from support.interruptions import wrong_after
from support.project_snapshots import ProjectSnapshots
from support.projects import ProjectFolder
from support.server import Asked, RecordingServer
from support.stored_objects import StoredObjects

pytestmark = pytest.mark.from_snapshots


def apply_at_once(project: ProjectFolder, number: int) -> list[int]:
    """So many applies in processes of their own; their exit codes."""
    processes = [started(project.path, "apply", "--yes") for _ in range(number)]
    return [exit_code(process, 120) for process in processes]


def hold_creates(
    server: RecordingServer, number: int, listed: Collection[str] = ("/v1/assistants", "/v1/vector_stores")
) -> None:
    """Let so many applies read ``listed`` before one changes anything, and ask for an assistant before it is made.

    So they really come at once, however long each takes to start.
    """
    planned, together = threading.Event(), threading.Event()
    read: list[str] = []
    waiting: list[Asked] = []

    def told(asked: Asked, _: int, body: Any) -> Any:
        read.append(asked.path)
        if min(read.count(path) for path in listed) >= number:
            planned.set()
        return body

    def gate(asked: Asked) -> threading.Event | None:
        if asked.method == "GET":
            return None
        if (asked.method, asked.path) != ("POST", "/v1/assistants"):
            return planned
        waiting.append(asked)
        if len(waiting) >= number:
            together.set()
        return together

    server.tell, server.gate = told, gate


def meanwhile(server: RecordingServer, method: str, path: str, edit: Callable[[], None]) -> None:
    """Let somebody ``edit`` while the first request is held back that has this method and part of a path."""

    def gate(asked: Asked) -> threading.Event | None:
        if asked.method != method or path not in asked.path:
            return None
        server.gate = lambda _: None
        edited = threading.Event()

        def edit_and_go_on() -> None:
            edit()
            edited.set()

        threading.Thread(target=edit_and_go_on).start()
        return edited

    server.gate = gate


def test_three_applies_at_once_make_one_assistant_per_key(
    remote: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    remote.write("assistants/docs/one.md", "hello")
    remote.manifest(
        "desk",
        tools=[{"type": "file_search"}, {"type": "code_interpreter"}],
        files=[{"path": "docs/*", "tool": "file_search"}],
    )
    hold_creates(server, 3)
    codes = apply_at_once(remote, 3)
    server.tell, server.gate = None, lambda _: None
    assert codes.count(0) == 1
    # One that planned when another had made the vector store finds it changed, and touches nothing.
    assert set(codes) <= {0, 1, 4}
    assert len(stored_objects.assistants()) == 1
    assert list(wrong_after(remote.run, stored_objects, keys=1)) == []


def test_who_comes_second_with_everything_has_changed_nothing(
    remote: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    remote.manifest("a")
    hold_creates(server, 2, listed=["/v1/assistants"])
    outputs = [remote.path.parent / f"out{number}.txt" for number in range(2)]
    processes = [started(remote.path, "apply", "--yes", out=out) for out in outputs]
    told = {exit_code(process, 120): out.read_text() for process, out in zip(processes, outputs, strict=True)}
    assert told.keys() == {0, 1}
    server.tell, server.gate = None, lambda _: None
    [assistant] = stored_objects.assistants()
    assert "Nothing was changed: 1 failed, 0 unchanged.\n" in told[1]
    assert f"it is there already, as {assistant['id']}, so the one created here was withdrawn" in told[1]
    states = [past["state"] for past in remote.run("history", "--format", "json").json["applies"]]
    assert sorted(states) == ["done", "failed"]
    assert remote.run("plan", "--detailed-exitcode").code == 0


def test_what_was_withdrawn_is_on_record_and_gc_can_prove_whose_its_uploads_are(
    remote: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    remote.write("assistants/data/one.csv", "a,b")
    remote.manifest("desk", tools=[{"type": "code_interpreter"}], files=["data/*"])
    # Who looks when the other one has uploaded it uses that; who looks when it is created leaves it at that.
    hold_creates(server, 2, listed=["/v1/files"])
    assert sorted(apply_at_once(remote, 2)) == [0, 4]
    server.gate = lambda _: None
    [stays] = stored_objects.assistants()
    past = {apply["state"]: apply["id"] for apply in remote.run("history", "--format", "json").json["applies"]}
    assert past.keys() == {"done", "partial"}
    entries = remote.run("history", past["partial"], "--format", "json").json["entries"]
    [entry] = [candidate for candidate in entries if candidate["key"] == "desk"]
    assert entry["outcome"] == "withdrawn"
    assert stays["id"] in entry["error"]
    assert "nothing that could be put back" in remote.run("rollback", past["partial"], "--yes").err
    assert stored_objects.assistants() == [stays]
    assert len(stored_objects.uploads()) == 2
    assert remote.run("gc", "--yes").code == 0
    [left] = stored_objects.uploads()
    assert stays["tool_resources"]["code_interpreter"]["file_ids"] == [left]


def test_gc_names_the_twin_of_a_vector_store_that_is_a_document_of_its_own(
    remote: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    remote.write("assistants/docs/one.md", "hello")
    remote.write("assistants/handbook.yaml", 'kind: vector_store\nkey: handbook\nfiles: ["docs/*"]\n')
    remote.manifest("desk", tools=[{"type": "file_search"}], vector_store="handbook")
    hold_creates(server, 2)
    apply_at_once(remote, 2)
    server.gate = lambda _: None
    assert len(stored_objects.stores()) == 2
    assert list(wrong_after(remote.run, stored_objects, keys=1)) == []
    assert list(stored_objects.uploads().values()) == ["one.md"]


def test_a_shared_journal_lets_one_apply_at_a_time(
    remote: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    config = (remote.path / "assistctl.yaml").read_text()
    remote.write("assistctl.yaml", f"{config}journal: file://{remote.path}/shared\n")
    for key in ("a", "b"):
        remote.manifest(key)
    assert apply_at_once(remote, 2) == [0, 0]
    assert sorted(assistant["name"] for assistant in stored_objects.assistants()) == ["a", "b"]
    creates = [asked for asked in server.mutations if asked.path == "/v1/assistants"]
    assert len(creates) == 2


def test_who_cannot_have_the_lock_is_told_who_has_it(remote: ProjectFolder, server: RecordingServer) -> None:
    config = (remote.path / "assistctl.yaml").read_text()
    remote.write("assistctl.yaml", f"{config}journal: file://{remote.path}/shared\n")
    remote.manifest("a")
    held = threading.Event()
    begun = threading.Event()

    def gate(asked: Asked) -> threading.Event | None:
        if asked.method != "POST":
            return None
        begun.set()
        return held

    server.gate = gate
    other = started(remote.path, "apply", "--yes")
    assert begun.wait(30)
    late = remote.run("apply", "--yes", "--lock-timeout", "0s")
    assert late.code == 1
    assert "another apply is running" in late.err
    assert "Nothing was changed." in late.err
    for command in ("apply", "gc"):
        waited = remote.run(command, "--yes", "--lock-timeout", "0.1s")
        assert (waited.code, waited.err.startswith("waiting for another apply to end: ")) == (1, True), waited
    lock_id = late.err.split("assistctl unlock ")[1].split()[0].rstrip(".")
    assert remote.run("unlock", "not-it").code == 1
    unlocked = remote.run("unlock", lock_id, "--format", "json")
    assert (unlocked.code, unlocked.json["target"]["name"], unlocked.json["unlocked"]["id"]) == (
        0,
        "prod",
        lock_id,
    )
    held.set()
    exit_code(other)
    server.gate = lambda _: None
    assert remote.run("apply", "--yes").code == 0


def test_a_lock_that_gc_could_not_release_is_told(
    remote: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    config = (remote.path / "assistctl.yaml").read_text()
    remote.write("assistctl.yaml", f"{config}journal: file://{remote.path}/shared\n")
    remote.write("assistants/docs/one.md", "hello")
    remote.manifest("desk", tools=[{"type": "file_search"}], files=["docs/*"])
    assert remote.run("apply", "--yes").code == 0
    stored_objects.delete_store(stored_objects.stores()[0]["id"])

    def fault(asked: Asked) -> None:
        if asked.method == "DELETE":
            next((remote.path / "shared").rglob("lock.json")).write_text("{")

    server.fault = fault
    outcome = remote.run("gc", "--yes", "--unproven", "--format", "json")
    assert (outcome.code, stored_objects.uploads()) == (0, {})
    [warning] = outcome.json["diagnostics"]
    assert (warning["severity"], f"warning: {warning['summary']}" in outcome.err) == ("warning", True)
    assert "warning: the lock" in outcome.err
    assert "was not released" in outcome.err


def test_an_edit_between_plan_and_change_stops_that_assistant(
    remote: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    for key in ("updated", "deleted", "other"):
        remote.manifest(key, instructions="One.")
    assert remote.run("apply", "--yes").code == 0
    ids = {f"/v1/assistants/{assistant['id']}": assistant["name"] for assistant in stored_objects.assistants()}
    for key in ("updated", "other"):
        remote.manifest(key, instructions="Two.")
    remote.remove("deleted")

    def edited_meanwhile(asked: Asked, _: int, body: Any) -> Any:
        # The answer to the last look shows what somebody did after the plan.
        if asked.method == "GET" and ids.get(asked.path, "other") != "other":
            return {**body, "instructions": "Somebody's."}
        return body

    server.tell = edited_meanwhile
    applied = remote.run("apply", "--yes", "--format", "json")
    server.tell = None
    assert applied.code == 4
    results = {result["key"]: result for result in applied.json["results"]}
    assert {key: result["status"] for key, result in results.items()} == {
        "updated": "failed",
        "deleted": "failed",
        "other": "ok",
    }
    for key in ("updated", "deleted"):
        assert "since this was planned" in results[key]["error"]
    assert {assistant["name"]: assistant["instructions"] for assistant in stored_objects.assistants()} == {
        "updated": "One.",
        "deleted": "One.",
        "other": "Two.",
    }


@pytest.fixture
def searching(snapshots: ProjectSnapshots, remote: ProjectFolder) -> ProjectFolder:
    """A desk with one document to search, applied."""
    snapshots.restore("searching", lambda: apply_searching(remote))
    return remote


def apply_searching(project: ProjectFolder) -> None:
    """Bring that about."""
    project.write("assistants/docs/one.md", "hello")
    project.manifest("desk", tools=[{"type": "file_search"}], files=["docs/*"])
    assert project.run("apply", "--yes").code == 0


def test_an_edit_of_a_vector_store_between_plan_and_change_stays(
    searching: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    [before] = stored_objects.stores()
    searching.write("assistants/docs/two.md", "goodbye")
    meanwhile(server, "POST", "/file_batches", lambda: stored_objects.change(before["id"], name="Somebody's"))
    applied = searching.run("apply", "--yes", "--format", "json")
    assert applied.code == 4
    [result] = [candidate for candidate in applied.json["results"] if candidate["kind"] == "vector_store"]
    assert "since this was planned" in result["error"]
    [now] = stored_objects.stores()
    assert (now["name"], now["metadata"]) == ("Somebody's", before["metadata"])
    again = searching.run("apply", "--yes")
    assert again.code == 0
    assert searching.run("plan", "--detailed-exitcode").code == 0
    assert sorted(stored_objects.uploads().values()) == ["one.md", "two.md"]


def test_a_vector_store_that_somebody_put_a_file_into_meanwhile_is_not_deleted(
    searching: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    searching.remove("desk")
    [store] = stored_objects.stores()
    theirs = stored_objects.upload("theirs.md", b"theirs")
    meanwhile(server, "DELETE", "/assistants/", lambda: stored_objects.attach(store["id"], theirs))
    applied = searching.run("apply", "--yes", "--allow-deletes")
    assert applied.code == 4
    assert "1 when this was planned, 2 now" in applied.out
    assert len(stored_objects.stores()) == 1
    assert searching.run("apply", "--yes", "--allow-deletes").code == 0
    assert stored_objects.stores() == []
    assert list(stored_objects.uploads().values()) == ["theirs.md"]
