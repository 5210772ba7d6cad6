"""Files kept in step with the project, through the command and over HTTP; and how many requests that takes."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from support.project_snapshots import ProjectSnapshots
from support.projects import Outcome, ProjectFolder
from support.server import Answer, Asked, RecordingServer, error_body
from support.stored_objects import StoredObjects

pytestmark = pytest.mark.from_snapshots

DESK: dict[str, Any] = {
    "tools": [{"type": "file_search"}, {"type": "code_interpreter"}],
    "files": [{"path": "docs/**/*.md", "tool": "file_search"}, {"path": "data/*.csv", "tool": "code_interpreter"}],
}
LISTS = ["GET /v1/assistants", "GET /v1/files", "GET /v1/models", "GET /v1/vector_stores"]


@pytest.fixture
def desk(snapshots: ProjectSnapshots, remote: ProjectFolder) -> ProjectFolder:
    """One assistant that reads three documents and a table, applied."""
    snapshots.restore("desk", lambda: apply_desk(remote))
    return remote


def apply_desk(project: ProjectFolder) -> None:
    """Bring that about."""
    for name in ("one", "two", "three"):
        project.write(f"assistants/docs/{name}.md", f"What {name} says about tungsten{name}.")
    project.write("assistants/data/prices.csv", "sku,price\n1,2\n")
    project.manifest("desk", **DESK)
    applied = project.run("apply", "--yes")
    assert applied.code == 0, applied.err


def asked(server: RecordingServer) -> list[str]:
    """What was asked for, ids left out, polls once."""
    words = [f"{request.method} {_without_ids(request.path)}" for request in server.asked]
    server.clear()
    return sorted(word for word in words if "file_batches/ID" not in word)


def _without_ids(path: str) -> str:
    return re.sub(r"(vs|asst|vsfb)_\w+|file-\w+", "ID", path)


def planned(project: ProjectFolder) -> list[tuple[str, str, str]]:
    return changes(project.run("plan", "--format", "json"))


def applied(project: ProjectFolder) -> list[tuple[str, str, str]]:
    """Apply; the plan that was carried out."""
    outcome = project.run("apply", "--yes", "--format", "json")
    assert outcome.code == 0, outcome.err
    return changes(outcome)


def changes(outcome: Outcome) -> list[tuple[str, str, str]]:
    return [(change["action"], change["kind"], change["key"]) for change in outcome.json["changes"]]


@pytest.mark.usefixtures("desk")
def test_an_assistant_gets_its_files(stored_objects: StoredObjects) -> None:
    [store] = stored_objects.stores()
    [assistant] = stored_objects.assistants()
    resources = assistant["tool_resources"]
    assert resources["file_search"]["vector_store_ids"] == [store["id"]]
    assert [stored_objects.uploads()[resource] for resource in resources["code_interpreter"]["file_ids"]] == [
        "prices.csv"
    ]
    assert store["file_counts"]["completed"] == store["file_counts"]["total"] == 3
    assert stored_objects.found(store["id"], "tungstentwo") == ["two.md"]
    assert len(stored_objects.uploads()) == 4


def test_when_nothing_changed_four_lists_say_so(desk: ProjectFolder, server: RecordingServer) -> None:
    plan = desk.run("plan", "--format", "json").json
    assert (plan["changes"], plan["drift"]) == ([], [])
    assert plan["files"] == plan["summary"]["files"] == {"upload": 0, "remove": 0, "bytes": 0}
    assert plan["summary"]["unchanged"] == 2
    assert asked(server) == LISTS


def test_the_first_plan_shows_what_would_be_uploaded(remote: ProjectFolder) -> None:
    remote.write("assistants/docs/one.md", "12345")
    remote.manifest("desk", tools=[{"type": "file_search"}], files=["docs/*.md"])
    plan = remote.run("plan", "--format", "json").json
    assert plan["summary"]["create"] == 2
    assert plan["files"] == {"upload": 1, "remove": 0, "bytes": 5}
    file = plan["changes"][-1]
    assert (file["kind"], file["key"], file["action"], file["bytes"]) == (
        "file",
        "assistants/docs/one.md",
        "create",
        5,
    )
    assert file["used_by"] == [{"kind": "vector_store", "key": "desk"}]
    assert "+ assistants/docs/one.md (file)  create  new, 5 bytes" in remote.run("plan").out


def test_a_changed_document_is_one_upload(
    desk: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    [store] = stored_objects.stores()
    before = set(stored_objects.uploads())
    desk.write("assistants/docs/two.md", "Now of molybdenum.")
    server.clear()
    assert applied(desk) == [("update", "vector_store", "desk"), ("update", "file", "assistants/docs/two.md")]
    assert asked(server) == [
        "DELETE /v1/files/ID",
        "DELETE /v1/vector_stores/ID/files/ID",
        LISTS[0],
        "GET /v1/files",
        *LISTS[1:],
        "GET /v1/vector_stores/ID",
        "GET /v1/vector_stores/ID/files",
        "POST /v1/files",
        "POST /v1/vector_stores/ID",
        "POST /v1/vector_stores/ID/file_batches",
    ]
    assert len(set(stored_objects.uploads()) - before) == 1
    assert len(before - set(stored_objects.uploads())) == 1
    assert stored_objects.found(store["id"], "tungstentwo") == []
    assert stored_objects.found(store["id"], "molybdenum") == ["two.md"]
    assert planned(desk) == []


def test_a_document_that_is_moved_is_not_uploaded(desk: ProjectFolder, server: RecordingServer) -> None:
    (desk.path / "assistants/docs/sub").mkdir()
    (desk.path / "assistants/docs/two.md").rename(desk.path / "assistants/docs/sub/two.md")
    server.clear()
    assert applied(desk) == [("update", "vector_store", "desk"), ("update", "file", "assistants/docs/sub/two.md")]
    assert [word for word in asked(server) if not word.startswith("GET")] == [
        "POST /v1/vector_stores/ID",
        "POST /v1/vector_stores/ID/files/ID",
    ]
    assert planned(desk) == []


def test_a_document_that_is_renamed_is_one_upload(
    desk: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    (desk.path / "assistants/docs/two.md").rename(desk.path / "assistants/docs/zwei.md")
    server.clear()
    assert applied(desk)[1:] == [
        ("delete", "file", "assistants/docs/two.md"),
        ("create", "file", "assistants/docs/zwei.md"),
    ]
    counts = Counter(asked(server))
    assert counts["POST /v1/files"] == counts["DELETE /v1/files/ID"] == 1
    assert sorted(stored_objects.uploads().values()) == ["one.md", "prices.csv", "three.md", "zwei.md"]
    assert planned(desk) == []


def test_a_document_that_is_removed_goes_with_its_upload(
    desk: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    (desk.path / "assistants/docs/two.md").unlink()
    server.clear()
    assert applied(desk) == [("update", "vector_store", "desk"), ("delete", "file", "assistants/docs/two.md")]
    assert [word for word in asked(server) if not word.startswith("GET")] == [
        "DELETE /v1/files/ID",
        "DELETE /v1/vector_stores/ID/files/ID",
        "POST /v1/vector_stores/ID",
    ]
    assert sorted(stored_objects.uploads().values()) == ["one.md", "prices.csv", "three.md"]


def test_a_changed_table_is_put_in_the_others_place(
    desk: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    desk.write("assistants/data/prices.csv", "sku,price\n1,3\n")
    server.clear()
    outcome = desk.run("apply", "--yes", "--format", "json")
    assert outcome.code == 0, outcome.err
    assert changes(outcome) == [("update", "assistant", "desk"), ("update", "file", "assistants/data/prices.csv")]
    [diff] = outcome.json["changes"][0]["diffs"]
    assert (diff["path"], diff["origin"]) == ("files", "manifest")
    assert [word for word in asked(server) if not word.startswith("GET")] == [
        "DELETE /v1/files/ID",
        "POST /v1/assistants/ID",
        "POST /v1/files",
    ]
    assert len(stored_objects.uploads()) == 4
    assert planned(desk) == []


def test_without_the_manifest_all_of_it_goes(desk: ProjectFolder, stored_objects: StoredObjects) -> None:
    theirs = stored_objects.upload("theirs.md", b"not yours")
    desk.remove("desk")
    assert desk.run("apply", "--yes", "--allow-deletes").code == 0
    assert stored_objects.stores() == []
    assert list(stored_objects.uploads()) == [theirs]


def test_without_its_files_an_assistant_keeps_nothing(desk: ProjectFolder, stored_objects: StoredObjects) -> None:
    desk.manifest("desk", tools=DESK["tools"])
    assert desk.run("apply", "--yes").code == 0
    [assistant] = stored_objects.assistants()
    assert assistant["tool_resources"]["file_search"]["vector_store_ids"] == []
    assert assistant["tool_resources"]["code_interpreter"]["file_ids"] == []
    assert set(assistant["metadata"]) == {"assistctl", "assistctl_baseline"}
    assert (stored_objects.stores(), stored_objects.uploads()) == ([], {})
    assert planned(desk) == []


def test_uploads_that_are_declared_by_their_ids_from_now_on_stay(
    desk: ProjectFolder, stored_objects: StoredObjects
) -> None:
    [assistant] = stored_objects.assistants()
    resources = {"code_interpreter": assistant["tool_resources"]["code_interpreter"]}
    files = [DESK["files"][0]]
    for more in ({}, {"instructions": "Be brief."}):
        desk.manifest("desk", tools=DESK["tools"], files=files, tool_resources=resources, **more)
        assert desk.run("apply", "--yes").code == 0
        assert planned(desk) == []
        assert "prices.csv" in stored_objects.uploads().values()


def test_the_same_file_for_two_assistants_is_one_upload(
    desk: ProjectFolder, stored_objects: StoredObjects
) -> None:
    desk.manifest("other", **DESK)
    assert desk.run("apply", "--yes").code == 0
    assert len(stored_objects.uploads()) == 4
    assert len(stored_objects.stores()) == 2
    shared = set(stored_objects.uploads())
    desk.remove("desk")
    desk.write("assistants/docs/one.md", "new")
    assert desk.run("apply", "--yes").code == 0
    # All but the one that was changed are still the other one's.
    assert (len(stored_objects.uploads()), len(shared & stored_objects.uploads().keys())) == (4, 3)
    assert planned(desk) == []


def two_desks(project: ProjectFolder) -> None:
    """``one`` and ``two`` with a store each: both hold a table and a document, and ``three`` has its own."""
    project.write("assistants/docs/shared.md", "Of May.")
    project.write("assistants/docs/own.md", "Of three.")
    project.write("assistants/data/prices.csv", "sku,price\n1,2\n")
    tools = [{"type": "file_search"}, {"type": "code_interpreter"}]
    documents, table = {"path": "docs/shared.md", "tool": "file_search"}, {"path": "data/*.csv"}
    project.manifest("one", tools=tools, files=[documents, {**table, "tool": "code_interpreter"}])
    project.manifest("two", tools=tools[:1], files=[documents, {**table, "tool": "file_search"}])
    project.manifest("three", tools=tools[:1], files=["docs/own.md"])
    applied(project)


def held(stored_objects: StoredObjects, name: str) -> list[str]:
    """The names of the uploads in the vector store of that name; an upload that is gone has its id."""
    [store] = [store for store in stored_objects.stores() if store["name"] == name]
    uploads = stored_objects.uploads()
    return sorted(uploads.get(file["id"], file["id"]) for file in stored_objects.files_of(store["id"]))


@pytest.mark.parametrize("command", ["apply", "destroy", "rollback"])
def test_what_another_vector_store_holds_stays_when_one_assistant_no_longer_reads_it(
    remote: ProjectFolder, stored_objects: StoredObjects, command: str
) -> None:
    two_desks(remote)
    if command != "destroy":
        remote.write("assistants/docs/shared.md", "Of June.")
        remote.write("assistants/data/prices.csv", "sku,price\n1,3\n")
    arguments: tuple[str, ...] = ("one",)
    if command == "rollback":
        assert remote.run("apply", "one", "--yes").code == 0
        arguments = (remote.run("history", "--format", "json").json["applies"][0]["id"],)
        assert remote.run("apply", "two", "--yes").code == 0
        remote.write("assistants/docs/shared.md", "Of May.")
        remote.write("assistants/data/prices.csv", "sku,price\n1,2\n")
    done = remote.run(command, *arguments, "--yes")
    assert done.code == 0, done.out + done.err
    assert held(stored_objects, "two") == ["prices.csv", "shared.md"]
    if command != "destroy":
        applied(remote)
    assert sorted(stored_objects.uploads().values()) == ["own.md", "prices.csv", "shared.md"]


def test_a_vector_store_may_be_shared(remote: ProjectFolder, stored_objects: StoredObjects) -> None:
    remote.write("assistants/docs/one.md", "hello")
    remote.write(
        "assistants/handbook.yaml",
        """\
        kind: vector_store
        name: The handbook
        files: ["docs/*.md"]
        expires_after: {anchor: last_active_at, days: 30}
        metadata: {team: support}
        """,
    )
    for key in ("a", "b"):
        remote.manifest(key, tools=[{"type": "file_search"}], vector_store="handbook")
    assert remote.run("apply", "--yes").code == 0
    [store] = stored_objects.stores()
    assert (store["name"], store["expires_after"]["days"]) == ("The handbook", 30)
    assert store["metadata"]["team"] == "support"
    searched = [
        assistant["tool_resources"]["file_search"]["vector_store_ids"] for assistant in stored_objects.assistants()
    ]
    assert searched == [[store["id"]], [store["id"]]]
    assert planned(remote) == []

    for key in ("a", "b"):
        remote.manifest(key, tools=[{"type": "file_search"}])
    remote.remove("handbook")
    assert remote.run("apply", "--yes").code == 0
    assert (stored_objects.stores(), stored_objects.uploads()) == ([], {})


def test_what_somebody_changed_is_drift(desk: ProjectFolder, stored_objects: StoredObjects) -> None:
    [store] = stored_objects.stores()
    two = next(
        file
        for file in stored_objects.files_of(store["id"])
        if file["attributes"]["assistctl_path"].endswith("two.md")
    )
    stored_objects.detach(store["id"], two["id"])
    stored_objects.change(store["id"], name="Mine now")
    drift = desk.run("drift", "--format", "json")
    assert drift.code == 2
    assert [(difference["kind"], difference["path"]) for difference in drift.json["drift"]] == [
        ("vector_store", "files[assistants/docs/two.md]"),
        ("vector_store", "name"),
    ]
    assert desk.run("apply", "--yes").code == 0
    assert stored_objects.found(store["id"], "tungstentwo") == ["two.md"]
    assert desk.run("drift").code == 0


def test_a_file_that_somebody_put_there_stays(desk: ProjectFolder, stored_objects: StoredObjects) -> None:
    [store] = stored_objects.stores()
    theirs = stored_objects.upload("theirs.md", b"not yours")
    stored_objects.attach(store["id"], theirs)
    plan = desk.run("plan", "--detailed-exitcode")
    assert plan.code == 0
    assert "also holds 1 file that this project did not put there" in plan.out
    desk.write("assistants/docs/two.md", "Changed.")
    assert desk.run("apply", "--yes").code == 0
    assert theirs in [file["id"] for file in stored_objects.files_of(store["id"])]
    assert planned(desk) == []


def test_what_cannot_be_indexed_fails_its_assistant_and_leaves_the_rest(
    desk: ProjectFolder, stored_objects: StoredObjects
) -> None:
    [store] = stored_objects.stores()
    before = stored_objects.uploads()
    desk.manifest(
        "desk",
        **{**DESK, "files": ["docs/*.md", "docs/*.bin"], "instructions": "New."}
        | {"tools": [{"type": "file_search"}]},
    )
    desk.write("assistants/docs/two.md", "Changed, and fine.")
    desk.write("assistants/docs/broken.bin", b"\x00\x01\x02")
    applied = desk.run("apply", "--yes", "--format", "json")
    assert applied.code == 4
    results = {(result["kind"], result["key"]): result for result in applied.json["results"]}
    assert results["file", "assistants/docs/broken.bin"]["status"] == "failed"
    assert results["vector_store", "desk"]["status"] == "failed"
    assert results["assistant", "desk"]["status"] == "failed"
    assert "assistants/docs/broken.bin" in results["assistant", "desk"]["error"]
    [assistant] = stored_objects.assistants()
    assert assistant["instructions"] is None
    assert stored_objects.found(store["id"], "tungstenone") == ["one.md"]
    assert "broken.bin" not in stored_objects.uploads().values()
    assert set(before) <= set(stored_objects.uploads())

    (desk.path / "assistants/docs/broken.bin").unlink()
    desk.manifest("desk", **DESK)
    assert desk.run("apply", "--yes").code == 0
    assert planned(desk) == []
    assert desk.run("gc", "--format", "json").json["garbage"] == []
    assert len(stored_objects.uploads()) == 4


def test_a_predecessor_stays_when_its_successor_cannot_be_indexed(
    remote: ProjectFolder, stored_objects: StoredObjects
) -> None:
    remote.write("assistants/docs/one.json", '{"tungsten": 1}')
    remote.manifest("desk", tools=[{"type": "file_search"}], files=["docs/*.json"])
    assert remote.run("apply", "--yes").code == 0
    [store] = stored_objects.stores()
    uploads = stored_objects.uploads()
    remote.write("assistants/docs/one.json", b"\xff\xfe\x00\x00 no text at all \x00")
    failed = remote.run("apply", "--yes")
    if failed.code == 0:
        pytest.skip("the platform reads whatever bytes")
    assert failed.code == 4
    assert "assistants/docs/one.json" in failed.out
    assert stored_objects.uploads() == uploads
    assert stored_objects.found(store["id"], "tungsten") == ["one.json"]
    remote.write("assistants/docs/one.json", '{"tungsten": 1}')
    assert planned(remote) == []


def test_a_file_that_is_not_indexed_in_time_is_waited_for_by_the_next_apply(
    desk: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    desk.write("assistants/docs/two.md", "Slow.")

    def slow(asked: Asked, _: int, body: Any) -> Any:
        if "/file_batches/" in asked.path:
            body["status"] = "in_progress"
            body["file_counts"] |= {"in_progress": 1, "completed": 0}
        if asked.path.endswith("/files") and asked.method == "GET" and "vector_stores" in asked.path:
            for item in body["data"]:
                if item["id"] not in known:
                    item["status"] = "in_progress"
        return body

    known = {file["id"] for file in stored_objects.files_of(stored_objects.stores()[0]["id"])}
    server.tell = lambda asked, status, body: slow(asked, status, body) if asked.path != "/v1/files" else body
    late = desk.run("apply", "--yes", "--wait", "0.3", "--format", "json")
    assert late.code == 4
    assert "still being indexed" in str(late.json["results"])
    server.tell = None
    assert len(stored_objects.uploads()) == 5
    server.clear()
    assert desk.run("apply", "--yes").code == 0
    assert "POST /v1/files" not in asked(server)
    assert len(stored_objects.uploads()) == 4
    assert planned(desk) == []


def test_a_saved_plan_does_not_upload_other_bytes(desk: ProjectFolder, server: RecordingServer) -> None:
    desk.write("assistants/docs/two.md", "As reviewed.")
    assert desk.run("plan", "--out", "change.plan").code == 0
    desk.write("assistants/docs/two.md", "Something else.")
    server.clear()
    refused = desk.run("apply", "./change.plan", "--yes")
    assert (refused.code, server.mutations) == (3, [])
    assert "stale" in refused.err


def test_names_arrive_as_they_are(remote: ProjectFolder, stored_objects: StoredObjects) -> None:
    names = ['a "quoted" one.md', "müllers übersicht.md", "with space & ampersand.md", "数据.md"]
    for name in names:
        remote.write(f"assistants/docs/{name}", f"hello {name}")
    remote.manifest("desk", tools=[{"type": "file_search"}], files=["docs/*"])
    assert remote.run("apply", "--yes").code == 0
    assert sorted(stored_objects.uploads().values()) == names
    assert planned(remote) == []


STORE, BATCH = r"/v1/vector_stores", r"/v1/vector_stores/vs_\w+/file_batches"
SETTLING, ASSISTANT = r"/v1/vector_stores/vs_\w+", r"/v1/assistants"


# Of uploads, ``test_foreign_files.py`` tells. What was lost before and is not made again ends that apply.
@pytest.mark.parametrize(
    ("after", "applies"),
    [
        (False, [({STORE}, 4), ({BATCH, SETTLING, ASSISTANT}, 4)]),
        (True, [({STORE, BATCH, SETTLING, ASSISTANT}, 0)]),
    ],
    ids=["lost before", "lost after"],
)
def test_one_lost_answer_makes_no_twin_and_loses_nothing(
    remote: ProjectFolder,
    server: RecordingServer,
    stored_objects: StoredObjects,
    after: bool,
    applies: list[tuple[set[str], int]],
) -> None:
    remote.write("assistants/docs/one.md", "one")
    remote.write("assistants/data/prices.csv", "1,2\n")
    remote.manifest("desk", **DESK)
    for lost, code in applies:
        left = {*lost}

        def fault(asked: Asked, left: set[str] = left) -> Answer | None:
            hit = [path for path in left if asked.method != "GET" and re.fullmatch(path, asked.path)]
            left.difference_update(hit)
            return Answer(hangs_up=True, after=after) if hit else None

        server.fault = fault
        assert (remote.run("apply", "--yes").code, left) == (code, set())
    server.fault = lambda _: None
    assert_in_order(remote, stored_objects)


def test_a_platform_in_trouble_is_asked_again(
    desk: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    """Each request is throttled first, and then not available."""
    desk.write("assistants/docs/two.md", "Changed.")
    troubles: dict[str, list[int]] = {}

    def fault(asked: Asked) -> Answer | None:
        if asked.method == "GET" or not (left := troubles.setdefault(asked.path, [503, 429])):
            return None
        return Answer(left.pop(), error_body("busy"), headers=((b"retry-after-ms", b"1"),))

    server.fault = fault
    assert desk.run("apply", "--yes").code == 0
    server.fault = lambda _: None
    # The upload, the batch, the settling, and both deletes of the one before.
    assert [*troubles.values()] == [[]] * 5
    assert_in_order(desk, stored_objects)


def assert_in_order(project: ProjectFolder, stored_objects: StoredObjects) -> None:
    """The next apply converges, ``gc`` names every leftover, and then there is nothing that nobody reads."""
    again = project.run("apply", "--yes")
    assert again.code == 0, again.err + again.out
    assert planned(project) == []
    [assistant] = stored_objects.assistants()
    project.run("gc", "--yes", "--unproven")
    [store] = stored_objects.stores()
    assert assistant["tool_resources"]["file_search"]["vector_store_ids"] == [store["id"]]
    read = {file["id"] for file in stored_objects.files_of(store["id"])}
    read |= set(assistant["tool_resources"]["code_interpreter"]["file_ids"])
    assert set(stored_objects.uploads()) == read


def test_a_vector_store_whose_name_alone_changes_still_says_that_it_is_complete(
    desk: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    desk.manifest("desk", **DESK, vector_store={"name": "Two", "metadata": {"team": "x"}})
    assert desk.run("apply", "--yes").code == 0
    assert [asked.path for asked in server.mutations] == [f"/v1/vector_stores/{stored_objects.stores()[0]['id']}"]
    assert stored_objects.stores()[0]["name"] == "Two"
    assert desk.run("plan", "--detailed-exitcode").code == 0


def test_output_gives_no_id_for_a_name_that_two_uploads_have(
    remote: ProjectFolder, stored_objects: StoredObjects
) -> None:
    ids = [stored_objects.upload("prices.csv", content) for content in (b"a,1\n", b"a,2\n")]
    tools = [{"type": "code_interpreter"}]
    remote.manifest("desk", tools=tools, tool_resources={"code_interpreter": {"file_ids": ids}})
    assert remote.run("apply", "--yes").code == 0
    assert len(remote.run("output").json) == 1
    refused = remote.run("output", "--files")
    assert refused.code == 1
    assert "two ids come to the name desk/prices.csv here" in refused.err
