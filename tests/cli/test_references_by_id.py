"""Nothing that an assistant names by its id is deleted: by apply, destroy, gc or rollback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.dashboard import Dashboard
from support.project_snapshots import ProjectSnapshots
from support.projects import Outcome, ProjectFolder
from support.server import RecordingServer
from support.stored_objects import StoredObjects

pytestmark = pytest.mark.from_snapshots

READS = [{"type": "file_search"}, {"type": "code_interpreter"}]


@pytest.fixture
def dashboard(server: RecordingServer) -> Iterator[Dashboard]:
    seen = Dashboard(server.url)
    yield seen
    seen.close()


@pytest.fixture
def desk(snapshots: ProjectSnapshots, remote: ProjectFolder) -> ProjectFolder:
    """An assistant with a vector store and an upload, beside one without."""
    snapshots.restore("desk", lambda: apply_desk(remote))
    return remote


def apply_desk(project: ProjectFolder) -> None:
    """Bring that about."""
    project.write("assistants/docs/one.md", "one")
    project.write("assistants/data/prices.csv", "a,1\n")
    files = [{"path": "docs/*", "tool": "file_search"}, {"path": "data/*", "tool": "code_interpreter"}]
    project.manifest("desk", tools=READS, files=files)
    project.manifest("other")
    assert project.run("apply", "--yes").code == 0


def known(stored_objects: StoredObjects) -> tuple[list[str], dict[str, str], list[str]]:
    """The vector stores, the uploads and the files of the former."""
    stores = [store["id"] for store in stored_objects.stores()]
    return (
        stores,
        stored_objects.uploads(),
        [file["id"] for store in stores for file in stored_objects.files_of(store)],
    )


def deleted(outcome: Outcome) -> set[tuple[str, str]]:
    return {(change["kind"], change["key"]) for change in outcome.json["changes"] if change["action"] == "delete"}


def name_by_id(who: str, desk: ProjectFolder, dashboard: Dashboard, stored_objects: StoredObjects) -> None:
    """Have somebody name all that ``desk`` reads."""
    store = stored_objects.stores()[0]["id"]
    upload = next(file_id for file_id, name in stored_objects.uploads().items() if name == "prices.csv")
    resources = {
        "file_search": {"vector_store_ids": [store]},
        "code_interpreter": {"file_ids": [upload]},
    }
    if who == "a manifest":
        desk.manifest("naming", tools=READS, tool_resources=resources)
    elif who == "a pair of metadata":
        dashboard.create(model="gpt-4.1", name="theirs", metadata={"reads": f"{store} {upload}"})
    elif who == "another project":
        pairs = {"assistctl": "project=other target=prod key=x"}
        dashboard.create(model="gpt-4.1", name="x", tools=READS, tool_resources=resources, metadata=pairs)
    else:
        dashboard.create(model="gpt-4.1", name="theirs", tools=READS, tool_resources=resources)


WHO = pytest.mark.parametrize("who", ["a manifest", "nobody's assistant", "another project", "a pair of metadata"])


@WHO
def test_apply_and_gc_keep_it(
    desk: ProjectFolder, dashboard: Dashboard, stored_objects: StoredObjects, who: str
) -> None:
    name_by_id(who, desk, dashboard, stored_objects)
    before = known(stored_objects)
    desk.remove("desk")
    planned = desk.run("plan", "--format", "json")
    assert deleted(planned) == {("assistant", "desk")}
    assert any("by its id" in diagnostic["summary"] for diagnostic in planned.json["diagnostics"])
    assert desk.run("apply", "--yes").code == 0
    assert known(stored_objects) == before
    assert desk.run("plan", "--detailed-exitcode").code == 0
    assert desk.run("gc", "--yes", "--unproven").code == 0
    assert known(stored_objects) == before


# Who names it is told as for an apply; a manifest's assistant goes as well.
@pytest.mark.parametrize("who", ["a manifest", "another project"])
def test_destroy_keeps_it(
    desk: ProjectFolder, dashboard: Dashboard, stored_objects: StoredObjects, who: str
) -> None:
    name_by_id(who, desk, dashboard, stored_objects)
    before = known(stored_objects)
    assert desk.run("destroy", "--yes").code == 0
    assert known(stored_objects) == before
    assert "desk" not in dashboard.names()


def test_once_nobody_names_it_any_more_it_goes(
    desk: ProjectFolder, dashboard: Dashboard, stored_objects: StoredObjects
) -> None:
    name_by_id("a manifest", desk, dashboard, stored_objects)
    desk.remove("desk")
    assert desk.run("apply", "--yes").code == 0
    desk.remove("naming")
    assert desk.run("apply", "--yes").code == 0
    assert stored_objects.stores() == []
    # The upload for the code interpreter is named by nothing of ours any more, not even by a mark.
    assert list(stored_objects.uploads().values()) in ([], ["prices.csv"])
    assert desk.run("plan", "--detailed-exitcode").code == 0


def test_a_changed_file_that_somebody_names_by_id_is_not_deleted(
    desk: ProjectFolder, dashboard: Dashboard, stored_objects: StoredObjects
) -> None:
    name_by_id("nobody's assistant", desk, dashboard, stored_objects)
    before = set(stored_objects.uploads())
    desk.write("assistants/data/prices.csv", "a,2\n")
    assert desk.run("apply", "--yes").code == 0
    assert before < set(stored_objects.uploads())
    assert desk.run("plan", "--detailed-exitcode").code == 0


def test_a_sub_agent_and_what_it_names_stay(
    desk: ProjectFolder, dashboard: Dashboard, stored_objects: StoredObjects
) -> None:
    before = known(stored_objects)
    identifier = desk.run("output").json["desk"]
    dashboard.create(model="gpt-4.1", name="coordinator", metadata={"delegates_to": identifier})
    desk.remove("desk")
    planned = desk.run("plan", "--format", "json", "--detailed-exitcode")
    assert (planned.code, planned.json["changes"]) == (0, [])
    assert any(diagnostic["summary"].startswith("desk stays: asst_") for diagnostic in planned.json["diagnostics"])
    assert desk.run("apply", "--yes").code == 0
    assert desk.run("destroy", "--yes").code == 0
    assert identifier in [assistant["id"] for assistant in stored_objects.assistants()]
    assert known(stored_objects) == before


def test_two_that_name_each_other_keep_nobody(desk: ProjectFolder, dashboard: Dashboard) -> None:
    ids = desk.run("output").json
    for key, another in (("desk", "other"), ("other", "desk")):
        there = dashboard.named(key)
        dashboard.change(there, metadata={**there["metadata"], "next": ids[another], "own": ids[key]})
    assert desk.run("destroy", "--yes").code == 0
    assert dashboard.names() == []


def test_a_rollback_keeps_it(desk: ProjectFolder, dashboard: Dashboard, stored_objects: StoredObjects) -> None:
    name_by_id("nobody's assistant", desk, dashboard, stored_objects)
    before = known(stored_objects)
    introduced = desk.run("history", "--format", "json").json["applies"][0]["id"]
    assert desk.run("rollback", introduced, "--yes", "--allow-deletes").code == 0
    assert "desk" not in dashboard.names()
    assert known(stored_objects) == before


def test_a_rollback_keeps_what_a_manifest_names_that_it_is_not_about(
    desk: ProjectFolder, dashboard: Dashboard, stored_objects: StoredObjects
) -> None:
    introduced = desk.run("history", "--format", "json").json["applies"][0]["id"]
    name_by_id("a manifest", desk, dashboard, stored_objects)
    before = known(stored_objects)
    assert desk.run("rollback", introduced, "--yes", "--allow-deletes").code == 0
    assert known(stored_objects) == before


def test_what_an_assistant_lets_go_in_the_same_apply_goes_at_once(
    desk: ProjectFolder, dashboard: Dashboard, stored_objects: StoredObjects
) -> None:
    name_by_id("a manifest", desk, dashboard, stored_objects)
    desk.remove("desk")
    assert desk.run("apply", "--yes").code == 0
    desk.manifest("naming", tools=READS)
    assert desk.run("apply", "--yes").code == 0
    assert stored_objects.stores() == []
    assert desk.run("plan", "--detailed-exitcode").code == 0


def test_what_is_let_go_keeps_what_it_reads(desk: ProjectFolder, stored_objects: StoredObjects) -> None:
    desk.write("assistants/handbook.yaml", "kind: vector_store\nfiles: [docs/*]\n")
    desk.manifest("desk", tools=[{"type": "file_search"}], vector_store="handbook")
    assert desk.run("apply", "--yes").code == 0
    before = known(stored_objects)
    desk.remove("desk")
    assert desk.run("forget", "desk", "--yes").code == 0
    desk.remove("handbook")
    assert desk.run("apply", "--yes").code == 0
    assert known(stored_objects) == before
