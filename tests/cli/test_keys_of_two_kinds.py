"""A key of an assistant and of a vector store: two things, wherever one of them is meant."""

from __future__ import annotations

import json

import pytest

from support.dashboard import Dashboard
from support.projects import ProjectFolder
from support.server import RecordingServer
from support.stored_objects import StoredObjects


@pytest.fixture
def searching(remote: ProjectFolder) -> ProjectFolder:
    """``alpha`` with a document; nothing is applied yet."""
    remote.write("assistants/docs/one.md", "one")
    manifest(remote, "One.")
    return remote


def manifest(project: ProjectFolder, instructions: str) -> None:
    project.manifest("alpha", instructions=instructions, tools=[{"type": "file_search"}], files=["docs/*"])


def test_a_saved_plan_holds_what_both_are_created_with(
    searching: ProjectFolder, stored_objects: StoredObjects
) -> None:
    assert searching.run("plan", "--out", "change.plan").code == 0
    manifest(searching, "Not what was reviewed.")
    stale = searching.run("apply", "change.plan", "--yes")
    assert stale.code == 3
    assert "the manifests or variables of alpha are not what was planned" in stale.err
    assert stored_objects.assistants() == []
    manifest(searching, "One.")
    assert searching.run("apply", "change.plan", "--yes").code == 0


def test_a_saved_plan_says_which_of_the_two_moved(searching: ProjectFolder, stored_objects: StoredObjects) -> None:
    assert searching.run("apply", "--yes").code == 0
    manifest(searching, "Two.")
    assert searching.run("plan", "--out", "change.plan").code == 0
    seen = json.loads((searching.path / "change.plan").read_text())["observed"]
    assert sorted((observed["kind"], observed["key"]) for observed in seen) == [
        ("assistant", "alpha"),
        ("vector_store", "alpha"),
    ]
    [store] = stored_objects.stores()
    stored_objects.change(store["id"], name="theirs")
    stale = searching.run("apply", "change.plan", "--yes")
    assert stale.code == 3
    assert f"alpha (vector store) ({store['id']}) was changed" in stale.err


def test_a_plan_that_was_saved_without_kinds_is_to_be_saved_again(searching: ProjectFolder) -> None:
    assert searching.run("apply", "--yes").code == 0
    manifest(searching, "Two.")
    assert searching.run("plan", "--out", "change.plan").code == 0
    document = json.loads((searching.path / "change.plan").read_text())
    for observed in document["observed"]:
        del observed["kind"]
    searching.write("change.plan", json.dumps(document))
    old = searching.run("apply", "change.plan", "--yes")
    assert old.code == 1
    assert "Save the plan again" in old.err


def test_history_tells_them_apart(searching: ProjectFolder) -> None:
    assert searching.run("apply", "--yes").code == 0
    [past] = searching.run("history", "--format", "json").json["applies"]
    entries = searching.run("history", past["id"], "--format", "json").json["entries"]
    assert [(entry["kind"], entry["key"]) for entry in entries if entry["kind"] != "file"] == [
        ("vector_store", "alpha"),
        ("assistant", "alpha"),
    ]
    text = searching.run("history", past["id"]).out
    assert "create  alpha (vector store)  ok" in text
    assert "create  alpha  ok" in text


@pytest.mark.parametrize("command", [("apply", "--yes"), ("forget", "handbook", "--yes")])
def test_a_declared_vector_store_is_not_let_go(remote: ProjectFolder, command: tuple[str, ...]) -> None:
    remote.write("assistants/docs/one.md", "one")
    remote.write("assistants/handbook.yaml", "kind: vector_store\nfiles: [docs/*]\n")
    remote.manifest("desk", tools=[{"type": "file_search"}], vector_store="handbook")
    assert remote.run("apply", "--yes").code == 0
    config = (remote.path / "assistctl.yaml").read_text()
    if command[0] == "apply":
        remote.write("assistctl.yaml", f"{config}removed: [handbook]\n")
    outcome = remote.run(*command)
    assert outcome.code == 1
    told = outcome.out + outcome.err
    assert "'handbook' is to be let go and is declared as well" in told or "'handbook' is still declared" in told


def test_a_store_that_somebody_else_searches_is_not_destroyed(
    searching: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    assert searching.run("apply", "--yes").code == 0
    [store] = stored_objects.stores()
    dashboard = Dashboard(server.url)
    dashboard.create(
        name="theirs",
        tools=[{"type": "file_search"}],
        tool_resources={"file_search": {"vector_store_ids": [store["id"]]}},
    )
    dashboard.close()
    gone = searching.run("destroy", "--yes", "--format", "json")
    assert gone.code == 0, gone.err
    assert [assistant["name"] for assistant in stored_objects.assistants()] == ["theirs"]
    assert [vector_store["id"] for vector_store in stored_objects.stores()] == [store["id"]]
    assert list(stored_objects.uploads().values()) == ["one.md"]
    assert f" names {store['id']} by its id" in gone.json["diagnostics"][-1]["summary"]
