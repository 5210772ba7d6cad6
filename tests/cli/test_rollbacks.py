"""Rollbacks of applies with files: a key of two kinds, what is gone, and what is somebody else's by now."""

from __future__ import annotations

from typing import Any

import pytest

from support.interruptions import Interruption, Mishap, killed_apply
from support.project_snapshots import ProjectSnapshots
from support.projects import Outcome, ProjectFolder
from support.server import RecordingServer
from support.stored_objects import StoredObjects

pytestmark = pytest.mark.from_snapshots

SEARCHING: dict[str, Any] = {"tools": [{"type": "file_search"}], "files": ["docs/*.md"]}
ONE = "assistants/docs/one.md"
TWO = "assistants/docs/two.md"


def applied(project: ProjectFolder) -> str:
    """Apply; the id of the apply in the journal."""
    outcome = project.run("apply", "--yes")
    assert outcome.code == 0, outcome.err
    return last(project)


def last(project: ProjectFolder) -> str:
    return str(project.run("history", "--format", "json").json["applies"][0]["id"])


def told_of(outcome: Outcome, text: str) -> list[str]:
    """The summaries of the diagnostics that say this."""
    return [diagnostic["summary"] for diagnostic in outcome.json["diagnostics"] if text in diagnostic["summary"]]


def documents(stored_objects: StoredObjects) -> dict[str, list[str]]:
    """The names of the documents in each vector store, by its name."""
    names = stored_objects.uploads()
    return {
        store["name"]: sorted(names[file["id"]] for file in stored_objects.files_of(store["id"]))
        for store in stored_objects.stores()
    }


@pytest.fixture
def grown(snapshots: ProjectSnapshots, remote: ProjectFolder) -> str:
    """``alpha`` with a document, and then another one; the id of the apply that added it."""
    snapshots.restore("grown", lambda: grow(remote))
    return last(remote)


def grow(project: ProjectFolder) -> None:
    """Make it so."""
    project.write(ONE, "one")
    project.manifest("alpha", **SEARCHING)
    applied(project)
    project.write(TWO, "two")
    applied(project)


def test_of_a_document_it_leaves_the_assistant(
    remote: ProjectFolder, stored_objects: StoredObjects, grown: str
) -> None:
    [before] = stored_objects.assistants()
    [entry, *_] = remote.run("history", grown, "--format", "json").json["entries"]
    (remote.path / TWO).unlink()
    back = remote.run("rollback", grown, "--yes", "--format", "json")
    assert back.code == 0, back.err
    assert {(result["kind"], result["action"]) for result in back.json["results"]} == {
        ("vector_store", "update"),
        ("file", "delete"),
    }
    assert stored_objects.assistants() == [before]
    assert documents(stored_objects) == {"alpha": ["one.md"]}
    assert remote.run("plan", "--format", "json").json["changes"] == []
    assert entry["key"] in {"alpha", TWO}


def test_without_the_manifest_a_document_is_told_to_be_lost(
    remote: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects, grown: str
) -> None:
    remote.remove("alpha")
    server.clear()
    back = remote.run("rollback", grown, "--yes")
    assert (back.code, server.mutations) == (1, [])
    assert "alpha (vector store) does not go back in full: no manifest declares its documents" in back.err
    assert "stays as it is" in back.err
    assert len(stored_objects.assistants()) == 1


def test_a_document_that_is_gone_from_the_checkout_is_named(
    remote: ProjectFolder, stored_objects: StoredObjects, grown: str
) -> None:
    (remote.path / ONE).unlink()
    shrunk = applied(remote)
    back = remote.run("rollback", shrunk, "--yes", "--format", "json")
    assert back.code == 0, back.err
    told = [diagnostic["summary"] for diagnostic in back.json["diagnostics"]]
    assert any("its documents are not those in the checkout" in summary for summary in told), told
    assert f"no manifest declares what the apply {shrunk} deleted: {ONE}" in told
    assert len(stored_objects.assistants()) == 1
    # The other way round the document is there again.
    remote.write(ONE, "one")
    back = remote.run("rollback", shrunk, "--yes", "--format", "json")
    assert (back.code, back.json["diagnostics"]) == (0, [])
    assert documents(stored_objects) == {"alpha": ["one.md", "two.md"]}
    assert grown != shrunk


def test_of_the_instructions_it_touches_no_document_even_without_the_manifest(
    remote: ProjectFolder, stored_objects: StoredObjects
) -> None:
    remote.write(ONE, "one")
    remote.write("assistants/data/prices.csv", "1,2")
    fields = {
        "tools": [{"type": "file_search"}, {"type": "code_interpreter"}],
        "files": [{"path": "docs/*", "tool": "file_search"}, {"path": "data/*", "tool": "code_interpreter"}],
    }
    remote.manifest("alpha", instructions="One.", **fields)
    applied(remote)
    [before], stores, uploads = stored_objects.assistants(), stored_objects.stores(), stored_objects.uploads()
    remote.manifest("alpha", instructions="Two.", **fields)
    changed = applied(remote)
    remote.remove("alpha")
    back = remote.run("rollback", changed, "--yes", "--format", "json")
    assert (back.code, told_of(back, "alpha does not")) == (0, [])
    assert [change["reason"] for change in back.json["changes"]] == ["put back as it was"]
    assert (stored_objects.assistants(), stored_objects.uploads()) == ([before], uploads)
    assert [store["id"] for store in stored_objects.stores()] == [store["id"] for store in stores]
    remote.manifest("alpha", instructions="One.", **fields)
    assert remote.run("plan", "--format", "json").json["changes"] == []


def test_what_a_later_apply_created_stays(remote: ProjectFolder, stored_objects: StoredObjects) -> None:
    remote.write(ONE, "one")
    remote.manifest("alpha", **SEARCHING)
    first = applied(remote)
    remote.remove("alpha")
    remote.manifest("other")
    assert remote.run("apply", "--yes", "--allow-deletes").code == 0
    remote.manifest("alpha", **SEARCHING)
    applied(remote)
    before = stored_objects.assistants(), documents(stored_objects)
    back = remote.run("rollback", first, "--yes", "--format", "json")
    assert back.code == 0, back.err
    assert (stored_objects.assistants(), documents(stored_objects)) == before
    told = [diagnostic["summary"] for diagnostic in back.json["diagnostics"]]
    assert [summary.split(":")[0] for summary in told] == ["alpha stays", "alpha (vector store) stays"]
    assert "alpha stays" in remote.run("rollback", first, "--yes").out


def test_what_a_rollback_created_again_goes_with_the_rollback_of_its_creation(
    remote: ProjectFolder, stored_objects: StoredObjects
) -> None:
    remote.write(ONE, "one")
    remote.manifest("other")
    applied(remote)
    remote.manifest("alpha", **SEARCHING)
    created = applied(remote)
    remote.remove("alpha")
    deleted = applied(remote)
    remote.manifest("alpha", **SEARCHING)
    for apply_id, names in ((deleted, ["alpha", "other"]), (created, ["other"])):
        back = remote.run("rollback", apply_id, "--yes")
        assert back.code == 0, back.err
        assert sorted(assistant["name"] for assistant in stored_objects.assistants()) == names
    assert (stored_objects.stores(), stored_objects.uploads()) == ([], {})


def test_a_shared_store_that_another_assistant_searches_by_now_stays(
    remote: ProjectFolder, stored_objects: StoredObjects
) -> None:
    remote.write(ONE, "one")
    remote.manifest("old")
    applied(remote)
    remote.write("assistants/handbook.yaml", "kind: vector_store\nfiles: [docs/*]\n")
    remote.manifest("desk", tools=[{"type": "file_search"}], vector_store="handbook")
    introduced = applied(remote)
    remote.manifest("late", tools=[{"type": "file_search"}], vector_store="handbook")
    applied(remote)
    back = remote.run("rollback", introduced, "--yes", "--format", "json")
    assert back.code == 0, back.err
    assert sorted(assistant["name"] for assistant in stored_objects.assistants()) == ["late", "old"]
    assert documents(stored_objects) == {"handbook": ["one.md"]}
    [told] = [diagnostic["summary"] for diagnostic in back.json["diagnostics"]]
    assert told.startswith("handbook (vector store) stays: late names ")


@pytest.mark.parametrize("mishap", [Mishap.KILLED, Mishap.KILLED_AFTER])
def test_of_an_apply_killed_at_its_create_it_leaves_what_the_next_one_made(
    remote: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects, mishap: Mishap
) -> None:
    remote.manifest("alpha")
    interruption = Interruption(mishap, 0)
    interruption.on(server)
    assert killed_apply(remote.path, interruption) == -9
    interruption.over(server)
    killed = last(remote)
    remote.manifest("alpha", instructions="Two.")
    applied(remote)
    was_created = mishap is Mishap.KILLED_AFTER
    assert remote.run("rollback", killed, "--yes").code == 0
    assert len(stored_objects.assistants()) == (0 if was_created else 1)
