"""What was deleted by hand and is still named: plan and drift see it, and apply puts it back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from support.dashboard import Dashboard
from support.project_snapshots import ProjectSnapshots
from support.projects import ProjectFolder
from support.server import Answer, Asked, RecordingServer, error_body
from support.stored_objects import StoredObjects

pytestmark = pytest.mark.from_snapshots

TOOLS = [{"type": "file_search"}, {"type": "code_interpreter"}]
DESK: dict[str, Any] = {
    "tools": TOOLS,
    "files": [{"path": "docs/*", "tool": "file_search"}, {"path": "data/*", "tool": "code_interpreter"}],
}
PRICES, DOCUMENT = "assistants/data/prices.csv", "assistants/docs/one.md"


@pytest.fixture
def dashboard(server: RecordingServer) -> Iterator[Dashboard]:
    """Somebody else on that server."""
    person = Dashboard(server.url)
    yield person
    person.close()


@pytest.fixture
def desk(snapshots: ProjectSnapshots, remote: ProjectFolder) -> ProjectFolder:
    """An assistant that reads a document and a table, applied."""
    snapshots.restore("desk", lambda: apply_desk(remote))
    return remote


def apply_desk(project: ProjectFolder) -> None:
    """Bring that about."""
    project.write("assistants/docs/one.md", "About tungsten.")
    project.write(PRICES, "sku,price\n1,2\n")
    project.manifest("desk", **DESK)
    assert project.run("apply", "--yes").code == 0


def id_of(stored_objects: StoredObjects, name: str) -> str:
    [found] = [file_id for file_id, each in stored_objects.uploads().items() if each == name]
    return found


def test_uploads_that_were_deleted_by_hand_are_uploaded_again(
    desk: ProjectFolder, stored_objects: StoredObjects
) -> None:
    """Of a code interpreter, and in a vector store."""
    names = {PRICES: "prices.csv", DOCUMENT: "one.md"}
    gone = {key: id_of(stored_objects, name) for key, name in names.items()}
    for file_id in gone.values():
        stored_objects.delete_upload(file_id)
    plan = desk.run("plan", "--format", "json").json
    changes = {(change["kind"], change["key"]): change for change in plan["changes"]}
    assert {about: change["action"] for about, change in changes.items()} == {
        ("assistant", "desk"): "update",
        ("vector_store", "desk"): "update",
        ("file", PRICES): "update",
        ("file", DOCUMENT): "update",
    }
    assert (changes["file", PRICES]["upload"], changes["file", PRICES]["reason"]) == (True, "deleted outside")
    missing_files = {absent["key"]: absent for absent in plan["missing"] if absent["kind"] == "file"}
    assert missing_files == {
        key: {"kind": "file", "key": key, "id": file_id, "reason": "deleted outside"}
        for key, file_id in gone.items()
    }
    drift = desk.run("drift", "--format", "json")
    assert (drift.code, drift.json["missing"]) == (2, plan["missing"])
    assert f"{PRICES} (file)" in desk.run("drift").out
    assert desk.run("apply", "--yes").code == 0
    [assistant], [store] = stored_objects.assistants(), stored_objects.stores()
    assert assistant["tool_resources"]["code_interpreter"]["file_ids"] == [id_of(stored_objects, "prices.csv")]
    assert stored_objects.found(store["id"], "tungsten") == ["one.md"]
    assert desk.run("plan", "--detailed-exitcode").code == 0
    assert desk.run("drift").code == 0


def test_any_other_change_of_that_assistant_goes_through(
    desk: ProjectFolder, stored_objects: StoredObjects
) -> None:
    stored_objects.delete_upload(id_of(stored_objects, "prices.csv"))
    desk.manifest("desk", **DESK, instructions="Be brief.")
    assert desk.run("apply", "--yes").code == 0
    assert [assistant["instructions"] for assistant in stored_objects.assistants()] == ["Be brief."]
    assert desk.run("plan", "--detailed-exitcode").code == 0


def test_an_upload_that_is_gone_and_declared_no_longer_is_only_let_go(
    desk: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    stored_objects.delete_upload(id_of(stored_objects, "prices.csv"))
    desk.manifest("desk", tools=TOOLS, files=DESK["files"][:1])
    server.clear()
    assert desk.run("apply", "--yes").code == 0
    assert [asked.path.rpartition("/")[0] for asked in server.mutations] == ["/v1/assistants"]
    assert desk.run("plan", "--detailed-exitcode").code == 0


def test_an_upload_that_a_vector_store_only_names_is_taken_out(
    desk: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    """Some platforms keep naming in a vector store what is deleted."""
    [store] = stored_objects.stores()
    [named] = stored_objects.files_of(store["id"])
    stored_objects.delete_upload(named["id"])

    def still_named(asked: Asked, _: int, body: Any) -> Any:
        if asked.method == "GET" and asked.path.endswith(f"{store['id']}/files") and named not in body["data"]:
            body["data"].append(named)
        return body

    server.tell = still_named
    assert desk.run("drift", "--format", "json").json["missing"][0]["id"] == named["id"]
    server.clear()
    desk.write("assistants/docs/two.md", "About molybdenum.")
    assert desk.run("apply", "--yes").code == 0
    server.tell = None
    assert ("DELETE", f"/v1/vector_stores/{store['id']}/files/{named['id']}") in [
        (asked.method, asked.path) for asked in server.mutations
    ]
    assert stored_objects.found(store["id"], "tungsten") == ["one.md"]


def test_a_list_that_leaves_something_out_is_no_proof(desk: ProjectFolder, server: RecordingServer) -> None:
    def empty(asked: Asked, _: int, body: Any) -> Any:
        return {**body, "data": [], "has_more": False} if asked.path == "/v1/files" else body

    server.tell = empty
    assert desk.run("plan", "--detailed-exitcode").code == 0


def test_a_server_without_a_list_of_uploads_is_believed_whatever_refers_to_them(
    desk: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    def no_look(asked: Asked) -> Answer | None:
        is_look = asked.method == "GET" and asked.path.startswith("/v1/files")
        return Answer(405, error_body("Method Not Allowed")) if is_look else None

    [store], detached = stored_objects.stores(), id_of(stored_objects, "one.md")
    server.fault = no_look
    # That of a code interpreter, one in a vector store that is looked into, and one that is only on record.
    assert desk.run("drift").code == 0
    stored_objects.detach(store["id"], detached)
    assert missing(desk) == {("file", DOCUMENT): (detached, "mark removed")}


def test_uploads_are_listed_when_something_refers_to_them(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.manifest("plain")
    assert remote.run("apply", "--yes").code == 0
    server.clear()
    assert remote.run("plan").code == 0
    assert "/v1/files" not in [asked.path for asked in server.asked]


def test_a_vector_store_that_was_deleted_by_hand_is_missing(
    desk: ProjectFolder, stored_objects: StoredObjects
) -> None:
    [store] = stored_objects.stores()
    stored_objects.delete_store(store["id"])
    drift = desk.run("drift", "--format", "json")
    expected = {"kind": "vector_store", "key": "desk", "id": store["id"], "reason": "deleted outside"}
    assert (drift.code, expected in drift.json["missing"]) == (2, True)
    assert desk.run("apply", "--yes").code == 0
    assert desk.run("drift").code == 0


def test_a_file_that_was_detached_is_told_from_one_that_was_deleted(
    desk: ProjectFolder, stored_objects: StoredObjects
) -> None:
    [store], detached = stored_objects.stores(), id_of(stored_objects, "one.md")
    stored_objects.detach(store["id"], detached)
    told = missing(desk)
    assert told == {("file", DOCUMENT): (detached, "mark removed")}
    for output_format in ("text", "markdown", "html"):
        shown = desk.run("drift", "--format", output_format)
        assert (shown.code, "uploaded, but no longer attached" in shown.out) == (2, True)
    [change] = [each for each in desk.run("plan", "--format", "json").json["changes"] if each["kind"] == "file"]
    assert (change["key"], change["action"], change["reason"]) == (DOCUMENT, "update", "removed outside")
    (desk.path / ".assistctl/journal").rename(desk.path / "elsewhere")
    assert missing(desk) == {("file", DOCUMENT): (None, "not there")}
    assert f"{DOCUMENT} (file)  no longer attached\n" in desk.run("drift").out, "all that is known"
    (desk.path / "elsewhere").rename(desk.path / ".assistctl/journal")
    stored_objects.delete_upload(detached)
    assert missing(desk) == {("file", DOCUMENT): (detached, "deleted outside")}
    assert desk.run("apply", "--yes").code == 0
    assert stored_objects.found(store["id"], "tungsten") == ["one.md"]
    assert desk.run("drift").code == 0


def test_a_file_that_was_taken_from_a_code_interpreter_is_not_new(
    desk: ProjectFolder, stored_objects: StoredObjects, dashboard: Dashboard
) -> None:
    [assistant] = stored_objects.assistants()
    dashboard.change(assistant, tool_resources={"code_interpreter": {"file_ids": []}})
    plan = desk.run("plan", "--format", "json").json
    [change] = [each for each in plan["changes"] if each["kind"] == "file"]
    assert (change["key"], change["action"], change["reason"]) == (PRICES, "update", "removed outside")
    assert [drift["path"] for drift in plan["drift"]] == ["files"]
    assert desk.run("apply", "--yes").code == 0
    assert desk.run("plan", "--detailed-exitcode").code == 0


def missing(project: ProjectFolder, *args: str) -> dict[tuple[str, str], tuple[str | None, str]]:
    """What is missing, by kind and key; plan and drift must say the same."""
    drift = project.run("drift", "--format", "json", *args)
    told = drift.json["missing"]
    assert told == project.run("plan", "--format", "json", *args).json["missing"]
    assert drift.code == (2 if told or drift.json["drift"] else 0)
    return {(absent["kind"], absent["key"]): (absent["id"], absent["reason"]) for absent in told}


def assert_in_text(project: ProjectFolder, told: dict[tuple[str, str], tuple[str | None, str]]) -> None:
    """The texts of plan and drift name what is missing, and drift's gives the reasons."""
    drift, plan = project.run("drift"), project.run("plan").out
    assert "Nothing was changed outside" not in drift.out
    for (_, key), (_, reason) in told.items():
        assert key in drift.out
        assert reason in drift.out
        assert key in plan


def test_an_assistant_that_was_deleted_outside_or_whose_mark_is_gone_is_missing(
    remote: ProjectFolder, dashboard: Dashboard
) -> None:
    remote.manifest("desk")
    remote.manifest("vault", lifecycle={"prevent_destroy": True})
    remote.manifest("marked", name="The marked one")
    remote.manifest("other")
    assert remote.run("apply", "--yes").code == 0
    drift = remote.run("drift")
    assert (drift.code, "Nothing was changed outside" in drift.out) == (0, True)
    gone = [dashboard.named(key) for key in ("desk", "vault")]
    for assistant in gone:
        dashboard.delete(assistant)
    unmarked = dashboard.named("The marked one")
    dashboard.change(unmarked, metadata={"theirs": "1"})
    remote.manifest("new")
    found = missing(remote)
    assert found == {
        **{("assistant", assistant["name"]): (assistant["id"], "deleted outside") for assistant in gone},
        ("assistant", "marked"): (unmarked["id"], "mark removed"),
        ("assistant", "new"): (None, "never applied"),
    }
    assert_in_text(remote, found)
    assert missing(remote, "other") == {}


def test_without_a_journal_a_look_alike_gives_the_id(remote: ProjectFolder, dashboard: Dashboard) -> None:
    remote.manifest("desk", name="The desk")
    assert remote.run("apply", "--yes").code == 0
    shutil.rmtree(remote.path / ".assistctl")
    there = dashboard.named("The desk")
    dashboard.change(there, metadata={"theirs": "1"})
    assert missing(remote) == {("assistant", "desk"): (there["id"], "not there")}
    dashboard.delete(there)
    assert missing(remote) == {("assistant", "desk"): (None, "not there")}


def test_what_is_new_is_told_on_one_line(remote: ProjectFolder) -> None:
    keys = [f"k{number}" for number in range(5)]
    for key in keys:
        remote.manifest(key)
    named = ", ".join(keys)
    assert f"\nDeclared and missing:\n  ? not there: {named}\n\n" in remote.run("plan").out
    drift = remote.run("drift").out
    assert drift.endswith(
        f"""\
Declared and missing:
  ? not there: {named}

Drift: 5 things missing.
`assistctl plan` shows what apply will do about what is missing.
"""
    )
    comment = remote.run("plan", "--format", "markdown").out
    assert f"- {named.replace('k', '`k').replace(',', '`,')}`: not there\n" in comment


def test_what_was_never_applied_is_missing(remote: ProjectFolder) -> None:
    remote.manifest("desk")
    found = missing(remote)
    assert found == {("assistant", "desk"): (None, "not there")}
    assert_in_text(remote, found)
    assert remote.run("apply", "--yes").code == 0
    remote.manifest("new")
    assert missing(remote) == {("assistant", "new"): (None, "never applied")}
    assert remote.run("apply", "--yes").code == 0
    remote.remove("new")
    assert remote.run("apply", "--yes").code == 0
    remote.manifest("new")
    # It was applied, and deleted by this project: neither is it new, nor did anybody else delete it.
    assert missing(remote) == {("assistant", "new"): (None, "not there")}


def test_the_old_key_of_what_was_moved_is_not_gone(remote: ProjectFolder) -> None:
    remote.manifest("old")
    assert remote.run("apply", "--yes").code == 0
    remote.remove("old")
    remote.manifest("new", moved_from="old")
    assert remote.run("apply", "--yes").code == 0
    remote.manifest("new")
    remote.manifest("old")
    assert missing(remote) == {("assistant", "old"): (None, "not there")}
    remote.remove("new")
    assert remote.run("apply", "--yes", "--allow-deletes").code == 0
    remote.manifest("new")
    assert missing(remote) == {("assistant", "new"): (None, "not there")}


def test_the_old_key_of_what_was_moved_at_the_second_attempt_is_not_gone_either(
    remote: ProjectFolder, server: RecordingServer
) -> None:
    remote.manifest("old")
    assert remote.run("apply", "--yes").code == 0
    remote.remove("old")
    remote.manifest("new", moved_from="old")
    server.fault = lambda asked: Answer(400, error_body("no")) if asked.method == "POST" else None
    assert remote.run("apply", "--yes").code == 1
    server.fault = lambda _: None
    assert remote.run("apply", "--yes").code == 0
    remote.manifest("new")
    remote.manifest("old")
    assert missing(remote) == {("assistant", "old"): (None, "not there")}


def test_of_two_under_one_key_the_one_that_stayed_is_known_when_it_is_gone(
    remote: ProjectFolder, dashboard: Dashboard
) -> None:
    remote.manifest("desk")
    assert remote.run("apply", "--yes").code == 0
    first = dashboard.named("desk")
    second = dashboard.create(model=first["model"], name="A copy", metadata=first["metadata"])
    remote.manifest("desk", instructions="Be brief.")
    remote.manifest("other", **{"import": first["id"]})
    assert remote.run("apply", "--yes").code == 0
    dashboard.delete(second)
    assert missing(remote) == {("assistant", "desk"): (second["id"], "deleted outside")}


def test_a_journal_that_does_not_know_all_that_is_there_says_nothing_of_what_it_does_not_know(
    remote: ProjectFolder,
) -> None:
    remote.manifest("desk")
    assert remote.run("apply", "--yes").code == 0
    shutil.rmtree(remote.path / ".assistctl")
    remote.manifest("here")
    assert remote.run("apply", "--yes").code == 0
    remote.manifest("new")
    assert missing(remote) == {("assistant", "new"): (None, "not there")}
