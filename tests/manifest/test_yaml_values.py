"""What is read into values at once and what is composed first come to the same: declared, said, and where."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assistctl.manifest import Loaded, Project, load_manifests, load_project
from assistctl.manifest.documents import manifest_file
from assistctl.manifest.syntax import yaml_parser
from assistctl.manifest.syntax.yaml_parser import compose
from assistctl.manifest.syntax.yaml_values import MAX_BYTES, Node, Nodes, plain_value, read_values
from support.manifest_folder import ManifestFolder
from support.manifest_text import file_bytes
from support.spoiled_manifests import FILES, PROJECT, SOUND, corpus, spoiled_case

CASES = 100
ENVIRONMENT = {"A": "s3cret"}
# Documents of the usual kind, and what comes close to one.
LINES = st.lists(
    st.sampled_from(
        [
            "model: m",
            "model: ${var:a}",
            "key: desk",
            "name: '${env:A} ${var:nope} ${ var:a }'",
            "temperature: 1",
            "temperature: ${var:a}",
            'temperature: "${var:a}"',
            "temperature: hot",
            "kind: vector_store",
            "kind: nothing",
            "kind: [a]",
            "instructions: docs/guide.md",
            "instructions: |\n  Say {{ x }} & !y ! z\n  &more *less* <<: ok",
            'instructions: "\\0\\ud83d"',
            "instructions: {file: docs/guide.md}",
            "tools: [{type: file_search}, {type: mcp, server: x}]",
            "files: ['docs/*.md']",
            "metadata: {a: b, 1: c}",
            "metadata: {a: ! 1, <<: {}}",
            "platforms: {openai-agents: {service_tier: flexi}}",
            "checks: [{ask: A, expect: {calls: f}}]",
            "---",
            "...",
            "- a",
            "x: &a [*a]",
            "modle: m",
        ]
    ),
    max_size=8,
).map("\n".join)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> ManifestFolder:
    made = ManifestFolder(tmp_path_factory.mktemp("project"), ENVIRONMENT)
    for name, text in FILES.items():
        made.write(name, text)
    made.write("assistctl.yaml", PROJECT)
    return made


def refused(_data: bytes) -> None:
    """Nothing is of the usual kind."""


@contextmanager
def composed_first() -> Iterator[None]:
    """While the block runs, every file is composed into nodes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_file, "read_values", refused)
        yield


def load(folder: ManifestFolder, manifest: bytes) -> Loaded:
    folder.write("assistants/a.yaml", manifest)
    return loaded(load_project(folder.path, ENVIRONMENT))


def loaded(project: Project) -> Loaded:
    target = project.target("prod", {}, ["openai-assistants"])
    return load_manifests(project, target, lenient_variables=True, check_files=True)


def same(folder: ManifestFolder, manifest: bytes) -> Loaded:
    """What a manifest comes to, read in both ways."""
    folder.write("assistants/a.yaml", manifest)
    project = load_project(folder.path, ENVIRONMENT)
    at_once = loaded(project)
    with composed_first():
        first = loaded(project)
    assert at_once == first
    return at_once


@settings(max_examples=40)
@given(file_bytes)
@example(b"'\\ud83d\\ude00': 1\nmodel: m")
@example(b"\xef\xbb\xbfmodel: m")
@example("model: é\u2028".encode())
@example(b"model: m\n--- \n...\n--- !x\n")
@example(b"{a: m, model: !<!> 1}")
@example(b"model: m\nmetadata: {<<: {a: b}}\n")
def test_any_bytes(folder: ManifestFolder, manifest: bytes) -> None:
    same(folder, manifest)


@settings(max_examples=40)
@given(LINES)
@example("model: m\nkey: desk\n---\nmodel: m\nkey: other\nmodle: x")
def test_what_looks_like_manifests(folder: ManifestFolder, manifest: str) -> None:
    same(folder, manifest.encode())


@settings(max_examples=40)
@given(LINES)
def test_what_nodes_are_made_of(manifest: str) -> None:
    nodes = Nodes(manifest.encode(), "a.yaml")
    read = [nodes.root(place) for place, _ in enumerate(read_values(manifest.encode()) or ())]
    composed = [document.root for document in compose(manifest, "a.yaml")[0] if document.root]
    assert not read or [*map(unweighed, read)] == [*map(unweighed, composed)]


def unweighed(node: Node) -> Node:
    """A node without what only counts while it is composed."""
    value = node.value
    if isinstance(value, dict):
        value = {key: unweighed(child) for key, child in value.items()}
    elif isinstance(value, list):
        value = [unweighed(item) for item in value]
    keys = {key: node.key_position(key) for key in node.keys}
    return replace(node, value=value, place=node.position, keys={**keys}, weight=1, height=0)


def test_what_was_in_order_once(folder: ManifestFolder) -> None:
    texts = corpus([Path(__file__).parent / "cases"])
    for text in (*(sound.encode() for sound in SOUND), *(spoiled_case(texts, n).manifest for n in range(CASES))):
        same(folder, text)


@pytest.mark.parametrize(
    "text", ["key: a\nmodel: m\n", "model: ${var:a}\n", "# é\nmodel: é\n", "model: m\n---\nkey: b"]
)
def test_what_is_read_at_once(text: str) -> None:
    values = read_values(text.encode())
    assert values is not None
    documents, problems = compose(text, "a.yaml")
    assert problems == []
    assert [value.value for value in values] == [
        plain_value(document.root) for document in documents if document.root
    ]


@pytest.mark.parametrize("opened", ["[", "- ", "? ", "{a: ", "[a: ", "a:\n"])
@pytest.mark.parametrize("length", [1_000, 4_096, MAX_BYTES])
def test_no_depth_is_too_deep(opened: str, length: int) -> None:
    assert read_values((opened * (length // len(opened))).encode()) is None


def test_too_many_documents_are_told(folder: ManifestFolder) -> None:
    assert "more than 1000 documents" in same(folder, b"---\nmodel: m\n" * 1_001).errors[-1].summary


def test_what_is_too_deep_is_told(folder: ManifestFolder) -> None:
    found = same(folder, b"model: m\nmetadata: " + b"[" * 100 + b"]" * 100)
    assert "nesting" in found.errors[0].summary


def test_nothing_is_composed_for_a_manifest_in_order(
    folder: ManifestFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_text: str, file: str) -> None:
        pytest.fail(f"{file} was composed")

    monkeypatch.setattr(yaml_parser, "compose", refuse)
    assert load(folder, b"model: ${var:model}\ntools: [{type: file_search}]\nfiles: [docs/guide.md]\n").desired


def test_overrides_are_on_top(folder: ManifestFolder) -> None:
    over = {"a": {"temperature": 3, "model": "n"}}
    target = {"platform": "openai-assistants", "overrides": over}
    folder.write("assistctl.yaml", json.dumps({"project": "p", "targets": {"prod": target}}))
    try:
        found = same(folder, b"model: m\ninstructions: Hi\n")
    finally:
        folder.write("assistctl.yaml", PROJECT)
    places = [(error.path, error.position.file) for error in found.errors if error.position]
    assert places == [("temperature", "assistctl.yaml")]
