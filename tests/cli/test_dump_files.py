"""dump of what reads files: the plan after it deletes nothing, and changes nothing where all can be named."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.project_snapshots import ProjectSnapshots
from support.projects import Outcome, ProjectFolder
from support.server import RecordingServer
from support.stored_objects import StoredObjects

pytestmark = pytest.mark.from_snapshots

READS = [{"type": "file_search"}, {"type": "code_interpreter"}]
SEARCHES = [{"type": "file_search"}]


@pytest.fixture
def rich(remote: ProjectFolder, snapshots: ProjectSnapshots) -> ProjectFolder:
    """A project with all kinds of reading, applied."""
    snapshots.restore("rich", lambda: apply_rich(remote))
    return remote


def apply_rich(remote: ProjectFolder) -> None:
    """Bring that about."""
    for name in ("one", "two"):
        remote.write(f"assistants/docs/{name}.md", f"What {name} says.")
    remote.write("handbook/leave ${x} [1].md", "Thirty days.")
    remote.write("handbook/sick.md", "Call by nine.")
    remote.write("assistants/data/form.yaml", "question: how\n")
    remote.write("assistants/data/prices.csv", "a,1\n")
    remote.write(
        "assistants/desk.yaml",
        """\
        model: gpt-4.1
        name: Order desk
        instructions: "Say $${var:x} and ${not-a-reference}."
        tools: [{type: file_search}, {type: code_interpreter}]
        files:
          - {path: docs/*.md, tool: file_search, attributes: {audience: staff, year: 2026, draft: false}}
          - {path: data/*, tool: code_interpreter}
        vector_store:
          expires_after: {anchor: last_active_at, days: 30}
          metadata: {team: support}
          chunking_strategy: {type: static, static: {max_chunk_size_tokens: 400, chunk_overlap_tokens: 100}}
        lifecycle: {prevent_destroy: true}
        """,
    )
    remote.write(
        "assistants/handbook.yaml",
        """\
        kind: vector_store
        name: The handbook
        files:
          - "../handbook/sick.md"
          - {path: "../handbook/leave $${x} [1].md", attributes: {kind: leave}}
        metadata: {owner: people}
        lifecycle: {prevent_destroy: true}
        """,
    )
    for key in ("people", "night"):
        remote.manifest(key, tools=SEARCHES, vector_store="handbook", temperature=0.2)
    remote.manifest("plain", instructions="one\ntwo\n", metadata={"a": "1"})
    assert remote.run("apply", "--yes").code == 0


def forget_manifests(project: ProjectFolder) -> None:
    """Move the manifests away; what they name stays where it is."""
    for path in (project.path / "assistants").glob("*.yaml"):
        path.unlink()
    shutil.rmtree(project.path / "assistants/prompts", ignore_errors=True)


def manifest(project: ProjectFolder, key: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((project.path / f"assistants/{key}.yaml").read_text())
    return loaded


def actions(planned: Outcome) -> list[tuple[str, str, str]]:
    return [(change["action"], change["kind"], change["key"]) for change in planned.json["changes"]]


def held(stored_objects: StoredObjects) -> tuple[list[Any], dict[str, str], list[Any]]:
    """All there is, times and counts of use left out."""
    stores = [
        {"id": store["id"], "name": store["name"], "metadata": store["metadata"]}
        for store in stored_objects.stores()
    ]
    files = [[file["id"] for file in stored_objects.files_of(store["id"])] for store in stores]
    return stores, stored_objects.uploads(), [*files, *stored_objects.assistants()]


def test_a_rich_project_comes_back_as_it_was(rich: ProjectFolder, stored_objects: StoredObjects) -> None:
    before = held(stored_objects)
    forget_manifests(rich)
    dumped = rich.run("dump", "--format", "json")
    assert (dumped.code, dumped.json["diagnostics"]) == (0, [])
    assert sorted(assistant["key"] for assistant in dumped.json["assistants"]) == [
        "desk",
        "night",
        "people",
        "plain",
    ]
    assert [vector_store["key"] for vector_store in dumped.json["vector_stores"]] == ["handbook"]
    assert manifest(rich, "people")["vector_store"] == "handbook"
    assert manifest(rich, "desk")["files"][0] == {"path": "data/form.yaml", "tool": "code_interpreter"}
    planned = rich.run("plan", "--format", "json", "--detailed-exitcode")
    assert (planned.code, actions(planned), planned.json["missing"]) == (0, [], [])
    assert planned.json["summary"]["unchanged"] == 6
    assert rich.run("drift").code == 0
    assert rich.run("gc", "--yes", "--unproven").code == 0
    assert held(stored_objects) == before


def test_the_dump_is_of_use(rich: ProjectFolder, stored_objects: StoredObjects) -> None:
    forget_manifests(rich)
    assert rich.run("dump").code == 0
    rich.write("assistants/docs/one.md", "Something else.")
    applied = rich.run("apply", "--yes", "--format", "json")
    assert applied.code == 0, applied.err
    assert actions(applied) == [("update", "vector_store", "desk"), ("update", "file", "assistants/docs/one.md")]
    assert rich.run("plan", "--detailed-exitcode").code == 0
    assert len(stored_objects.uploads()) == 6


def test_files_that_moved_are_found(rich: ProjectFolder, stored_objects: StoredObjects) -> None:
    before = held(stored_objects)[1]
    forget_manifests(rich)
    shutil.move(rich.path / "assistants/docs", rich.path / "texts")
    shutil.move(rich.path / "assistants/data/prices.csv", rich.path / "prices.csv")
    assert rich.run("dump").code == 0
    paths = [file["path"] for file in manifest(rich, "desk")["files"]]
    assert paths == ["../prices.csv", "data/form.yaml", "../texts/one.md", "../texts/two.md"]
    applied = rich.run("apply", "--yes", "--format", "json")
    assert applied.code == 0, applied.err
    assert not [action for action in actions(applied) if action[0] == "delete"]
    assert stored_objects.uploads() == before
    assert rich.run("plan", "--detailed-exitcode").code == 0


def test_what_is_not_in_the_project_is_named_by_id(rich: ProjectFolder, stored_objects: StoredObjects) -> None:
    before = held(stored_objects)
    forget_manifests(rich)
    # Nothing names it any more, so it would be read as a manifest.
    (rich.path / "assistants/data/form.yaml").unlink()
    (rich.path / "assistants/docs/two.md").unlink()
    for path in ("assistants/data/prices.csv", "handbook/sick.md"):
        rich.write(path, "Not what it was.")
    dumped = rich.run("dump", "--format", "json")
    assert dumped.code == 0
    told = [(diagnostic["key"], diagnostic["summary"]) for diagnostic in dumped.json["diagnostics"]]
    assert sorted(key for key, _ in told) == ["desk", "desk", "handbook"]
    assert manifest(rich, "night")["vector_store"] == "handbook"
    rules = {"ignore_changes": ["files"], "prevent_destroy": True}
    assert manifest(rich, "handbook")["lifecycle"] == rules
    words = "form.yaml, assistants/data/prices.csv are not in the project as uploaded; they are named by id"
    assert any(words in text for _, text in told)
    ids = {store["id"] for store in before[0]}
    assert set(manifest(rich, "desk")["tool_resources"]["file_search"]["vector_store_ids"]) < ids
    planned = rich.run("plan", "--format", "json", "--detailed-exitcode")
    assert planned.code == 0, planned.out
    assert actions(planned) == []
    assert rich.run("gc", "--yes", "--unproven").code == 0
    assert held(stored_objects) == before


def test_only_the_assistants_manifests_are_gone(rich: ProjectFolder) -> None:
    handbook = (rich.path / "assistants/handbook.yaml").read_text()
    forget_manifests(rich)
    rich.write("assistants/handbook.yaml", handbook)
    dumped = rich.run("dump", "--format", "json")
    assert dumped.json["vector_stores"] == []
    assert manifest(rich, "night")["vector_store"] == "handbook"
    assert rich.run("plan", "--detailed-exitcode").code == 0


def test_vector_stores_that_nothing_searches_get_documents(
    rich: ProjectFolder, stored_objects: StoredObjects
) -> None:
    for key in ("people", "night"):
        rich.remove(key)
    assert rich.run("apply", "--yes", "--allow-deletes").code == 0
    before = held(stored_objects)
    forget_manifests(rich)
    dumped = rich.run("dump", "--format", "json")
    assert [vector_store["key"] for vector_store in dumped.json["vector_stores"]] == ["handbook"]
    assert rich.run("plan", "--detailed-exitcode").code == 0
    assert held(stored_objects) == before


def test_a_store_that_its_assistant_does_not_search_any_more_keeps_its_files(
    rich: ProjectFolder, stored_objects: StoredObjects, server: RecordingServer
) -> None:
    import httpx2

    desk = next(assistant for assistant in stored_objects.assistants() if assistant["name"] == "Order desk")
    httpx2.post(
        f"{server.url}/assistants/{desk['id']}",
        json={"tool_resources": {"file_search": {"vector_store_ids": []}}},
        headers={"OpenAI-Beta": "assistants=v2"},
    ).raise_for_status()
    before = stored_objects.uploads()
    forget_manifests(rich)
    assert rich.run("dump").code == 0
    assert manifest(rich, "desk-store")["moved_from"] == "desk"
    applied = rich.run("apply", "--yes", "--format", "json")
    assert applied.code == 0, applied.err
    assert not [action for action in actions(applied) if action[0] == "delete"]
    assert stored_objects.uploads() == before
    assert rich.run("plan", "--detailed-exitcode").code == 0


def test_in_another_folder_files_are_named_from_there(rich: ProjectFolder, tmp_path: Any) -> None:
    forget_manifests(rich)
    assert rich.run("dump", "--to", "imported").code == 0
    text = (rich.path / "imported/desk.yaml").read_text()
    assert "path: ../assistants/docs/one.md" in text
    assert rich.run("validate", "imported").code == 0
    assert rich.run("dump", "--to", tmp_path / "outside").code == 0
    assert "vector_store_ids" in (tmp_path / "outside/desk.yaml").read_text()


def test_files_that_are_left_as_they_are(remote: ProjectFolder, stored_objects: StoredObjects) -> None:
    text = "kind: vector_store\nfiles: [docs/*]\nlifecycle: {ignore_changes: [files]}\n"
    remote.write("assistants/docs/one.md", "one")
    remote.write("assistants/handbook.yaml", text)
    remote.manifest("desk", tools=SEARCHES, vector_store="handbook")
    assert remote.run("apply", "--yes").code == 0
    before = held(stored_objects)
    assert list(before[1].values()) == ["one.md"]
    remote.write("assistants/docs/one.md", "changed")
    remote.write("assistants/docs/two.md", "two")
    assert remote.run("plan", "--detailed-exitcode").code == 0
    # What another one drops stays, because it is here as well.
    remote.write("assistants/docs/one.md", "one")
    remote.manifest("own", tools=SEARCHES, files=["docs/one.md"])
    assert remote.run("apply", "--yes").code == 0
    remote.manifest("own")
    remote.write("assistants/handbook.yaml", text + "name: The handbook\n")
    assert remote.run("apply", "--yes", "--allow-deletes").code == 0
    assert stored_objects.uploads() == before[1]
    assert [store["name"] for store in stored_objects.stores()] == ["The handbook"]
    assert remote.run("plan", "--detailed-exitcode").code == 0
    misspelt = text.replace("[files]", "[filse]")
    remote.write("assistants/handbook.yaml", misspelt)
    assert remote.run("validate").code == 1


def has_copies(lost: set[str], contents: dict[str, str]) -> bool:
    """Whether something in ``lost`` is still there, with its base name, in another folder."""
    left = {(path.rpartition("/")[2], content) for path, content in contents.items() if path not in lost}
    return any((path.rpartition("/")[2], contents[path]) in left for path in lost)


NAMES = st.sampled_from(["a.md", "b.md", "sub/a.md", "sub/c.txt", "d.csv"])


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_declared_and_whatever_is_left_nothing_is_deleted(
    remote: ProjectFolder, stored_objects: StoredObjects, data: st.DataObject
) -> None:
    shutil.rmtree(remote.path / "assistants")
    remote.write("assistants/keep.txt", "")
    paths = data.draw(st.sets(NAMES, min_size=1))
    contents = {path: data.draw(st.sampled_from(["same", f"of {path}"])) for path in sorted(paths)}
    for path, content in contents.items():
        remote.write(f"assistants/files/{path}", content)
    files = st.lists(st.sampled_from(sorted(paths)), min_size=1, unique=True)
    shared = data.draw(files)
    remote.manifest("shared", kind="vector_store", files=[f"files/{path}" for path in shared])
    text = (remote.path / "assistants/shared.yaml").read_text()
    remote.write("assistants/shared.yaml", text.replace('"model": "gpt-4.1", ', ""))
    for key in ("one", "two"):
        kind = data.draw(st.sampled_from(["own", "shared", "both", "none"]))
        entries = [{"path": f"files/{path}", "tool": "file_search"} for path in data.draw(files)]
        if kind == "both":
            entries.append({"path": f"files/{data.draw(files)[0]}", "tool": "code_interpreter"})
        fields: dict[str, Any] = {"files": entries} if kind in {"own", "both"} else {}
        remote.manifest(key, tools=READS, **({"vector_store": "shared"} if kind == "shared" else fields))
    applied = remote.run("apply", "--yes", "--allow-deletes")
    assert applied.code == 0, applied.out + applied.err
    before = held(stored_objects)
    forget_manifests(remote)
    lost = data.draw(st.sets(st.sampled_from(sorted(paths))))
    for path in lost:
        (remote.path / f"assistants/files/{path}").unlink()
    dumped = remote.run("dump", "--format", "json")
    assert dumped.code == 0, dumped.err
    # A lost file that is here under another path as well is named there: that path is then written on it.
    planned = actions(remote.run("plan", "--format", "json"))
    assert {action for action, *_ in planned} <= ({"update"} if has_copies(lost, contents) else set())
    if planned:
        assert remote.run("apply", "--yes").code == 0
    after = held(stored_objects)
    assert after[1] == before[1]
    assert [store["id"] for store in after[0]] == [store["id"] for store in before[0]]
    assert planned or after == before
