"""Vector stores as manifests declare them: of an assistant's own files, or shared."""

from __future__ import annotations

import pytest

from assistctl.errors import ManifestError
from assistctl.manifest import load_manifests, load_project
from assistctl.model.assistant import Lifecycle
from support.manifest_folder import ManifestFolder, paths

EXPIRES = {"anchor": "last_active_at", "days": 30}
STATIC = {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}


@pytest.fixture
def guides(manifests: ManifestFolder) -> ManifestFolder:
    """A project with two guides."""
    for name in "ab":
        manifests.write(f"assistants/guides/{name}.md", f"guide {name}")
    return manifests


def test_an_assistants_own(guides: ManifestFolder) -> None:
    guides.assistant("a", "guides/*", moved_from="old", lifecycle={"prevent_destroy": True})
    store = guides.store()
    assert (store.key, store.shared, store.moved_from, store.chunking) == ("a", False, "old", None)
    assert (store.fields, store.lifecycle) == ({"name": "a"}, Lifecycle())
    assert store.position == guides.one().positions["files"]
    assert guides.one().store == "a"


def test_more_about_an_assistants_own(guides: ManifestFolder) -> None:
    more = {
        "name": "Guides",
        "expires_after": EXPIRES,
        "chunking_strategy": STATIC,
        "metadata": {"a": "${env:TOKEN}"},
    }
    entry = {"path": "guides/a.md", "attributes": {"by": "${env:TOKEN}", "year": 2026}}
    guides.assistant("a", entry, vector_store=more, metadata={"b": "${env:TOKEN}"})
    store, assistant = guides.store(), guides.one()
    assert store.fields == {"name": "Guides", "expires_after": EXPIRES, "metadata": {"a": "s3cret"}}
    assert store.chunking == STATIC
    assert store.secret_paths == {"metadata.a", "files[0].attributes.by"}
    assert store.positions["expires_after.days"] == assistant.positions["vector_store.expires_after.days"]
    assert store.positions["files[0].path"] == assistant.positions["files[0].path"]
    assert assistant.secret_paths == {"metadata.b"}
    assert not {"vector_store", "files"} & set(assistant.fields)


def test_a_shared_one(guides: ManifestFolder) -> None:
    guides.write(
        "assistants/handbook.yaml",
        "kind: vector_store\nname: Handbook\nfiles: [guides/*, {path: guides/a.md}]\n"
        "metadata:\nmoved_from: manual\n"
        "expires_after: {anchor: last_active_at, days: '${var:days}'}\nchunking_strategy: {type: auto}\n"
        "lifecycle: {prevent_destroy: true}\n",
    )
    guides.write("assistctl.yaml", "project: acme\ntargets: {local: {variables: {days: 30}}}\n")
    guides.assistant("a", vector_store="handbook")
    guides.assistant("b", vector_store="handbook")
    store = guides.store()
    assert (store.key, store.shared, store.moved_from, store.chunking) == (
        *("handbook", True, "manual"),
        {"type": "auto"},
    )
    assert store.fields == {"name": "Handbook", "expires_after": EXPIRES, "metadata": {}}
    assert store.lifecycle == Lifecycle(prevent_destroy=True)
    assert paths(store) == ["assistants/guides/a.md", "assistants/guides/b.md"]
    assert (str(store.position), str(store.positions["files[0]"])) == (
        *("assistants/handbook.yaml:1:1", "assistants/handbook.yaml:3:9"),
    )
    assert [(desired.key, desired.store) for desired in guides.load().desired] == [
        ("a", "handbook"),
        ("b", "handbook"),
    ]


def test_a_shared_one_and_files_for_the_code_interpreter(guides: ManifestFolder) -> None:
    guides.write("assistants/stores.yaml", "kind: vector_store\nkey: handbook\nfiles: [guides/b.md]\n")
    guides.assistant(
        "a",
        {"path": "guides/a.md", "tool": "code_interpreter"},
        tools=[{"type": "code_interpreter"}, {"type": "file_search"}],
        vector_store="handbook",
    )
    assert [source.path for source in guides.one().interpreter_files] == ["assistants/guides/a.md"]
    assert paths(guides.store()) == ["assistants/guides/b.md"]


def test_a_target_overrides_a_shared_one(guides: ManifestFolder) -> None:
    guides.write("assistctl.yaml", "project: acme\ntargets: {local: {overrides: {handbook: {name: Local}}}}\n")
    guides.write("assistants/handbook.yaml", "kind: vector_store\nfiles: [guides/a.md]\n")
    guides.assistant("a", vector_store="handbook")
    assert guides.store().fields == {"name": "Local"}


def test_one_file_of_two_stores_is_one_identity(guides: ManifestFolder) -> None:
    guides.assistant("a", "guides/a.md")
    guides.assistant("b", "guides/a.md")
    loaded = guides.load()
    assert [store.key for store in loaded.stores] == ["a", "b"]
    assert len({store.files[0].source.identity for store in loaded.stores}) == 1


def test_one_manifest_alone_is_not_blamed_for_what_others_declare(guides: ManifestFolder) -> None:
    path = guides.assistant("a", vector_store="handbook")
    project = load_project(guides.path, {})
    alone = load_manifests(project, None, paths=[path], lenient_variables=True, check_files=True)
    assert alone.diagnostics == guides.load().errors
    assert len(alone.errors) == 1
    guides.write("assistants/handbook.yaml", "kind: vector_store\nfiles: [guides/a.md]\n")
    alone = load_manifests(project, None, paths=[path], lenient_variables=True, check_files=True)
    assert alone.diagnostics == ()


def test_an_override_does_not_change_the_kind(guides: ManifestFolder) -> None:
    guides.write("assistants/a.yaml", "kind: assistant\nmodel: m\n")
    assert "kind" not in guides.one().fields
    guides.write("assistctl.yaml", "project: acme\ntargets: {local: {overrides: {a: {kind: vector_store}}}}\n")
    with pytest.raises(ManifestError) as raised:
        guides.load()
    (message,) = raised.value.diagnostics
    assert (message.path, str(message.position)) == ("targets.local.overrides.a.kind", "assistctl.yaml:2:35")
