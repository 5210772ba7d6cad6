"""Properties: any file gives diagnostics and no exception; what is valid comes through unchanged."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from assistctl.errors import ManifestError
from assistctl.json_value import Json
from assistctl.manifest import Loaded, load_manifests, load_project
from assistctl.manifest.syntax.json_parser import compose_json
from assistctl.manifest.syntax.references import Scope, escape
from assistctl.manifest.syntax.yaml_parser import compose
from assistctl.manifest.syntax.yaml_values import Node, plain_value
from support.manifest_text import anything, fields, file_bytes, text

few = settings(max_examples=50)


@contextmanager
def folder_with(files: dict[str, bytes]) -> Iterator[Path]:
    """A folder with these files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        yield folder


def load(files: dict[str, bytes], *, lenient: bool = False) -> Loaded:
    """What these manifests come to."""
    with folder_with({f"assistants/{name}": content for name, content in files.items()}) as folder:
        found = load_project(folder, {"A": "s3cret"})
        return load_manifests(found, found.target("local", {"a": "1"}, ["local"]), lenient_variables=lenient)


@few
@given(file_bytes, st.booleans())
def test_any_manifest_gives_diagnostics(content: bytes, lenient: bool) -> None:
    loaded = load({"a.yaml": content}, lenient=lenient)
    assert loaded.desired or loaded.errors
    for message in loaded.diagnostics:
        assert message.summary
        assert message.position is not None
        assert "s3cret" not in repr(message)


@few
@given(file_bytes)
def test_any_function_file_gives_diagnostics(content: bytes) -> None:
    manifest = b"model: a\ntools: [{type: function, function: {file: a.json}}]\n"
    loaded = load({"a.yaml": manifest, "a.json": content})
    assert loaded.desired or loaded.errors


@few
@given(file_bytes, file_bytes)
def test_any_project_file_gives_diagnostics(content: bytes, environment: bytes) -> None:
    with folder_with({"assistctl.yaml": content, ".env": environment}) as folder:
        try:
            said = load_project(folder, {}).diagnostics
        except ManifestError as error:
            said = error.diagnostics
            assert said
    assert all(message.summary and message.position for message in said)


@few
@given(fields)
def test_a_valid_manifest_comes_through_unchanged(declared: dict[str, Json]) -> None:
    # JSON is YAML but for surrogate pairs, and is written by code that is not under test.
    content = json.dumps(escaped(declared), ensure_ascii=False)
    content = "".join(
        character if character in "\n\t" or character.isprintable() else json_escape(character)
        for character in content
    )
    loaded = load({"a.yaml": content.encode()})
    assert loaded.diagnostics == ()
    assert loaded.desired[0].fields == declared


@few
@given(fields)
def test_block_style_comes_through_unchanged(declared: dict[str, Json]) -> None:
    # Quoted and tagged throughout: by YAML 1.1, which is what PyYAML writes, a plain 0E0 would be text.
    content = yaml.safe_dump(escaped(declared), allow_unicode=False, default_style='"', default_flow_style=False)
    loaded = load({"a.yaml": content.encode()})
    assert loaded.diagnostics == ()
    assert loaded.desired[0].fields == declared


@few
@given(anything)
def test_json_is_read_as_json_reads_it(value: Json) -> None:
    content = json.dumps(value, indent="\t")
    root, problems = compose_json(content, "a.json")
    assert problems == []
    assert root is not None
    assert plain_value(root) == json.loads(content)


@few
@given(anything.filter(lambda value: isinstance(value, dict | list)), st.sampled_from([None, 0, 2]))
def test_positions_are_where_values_start(value: Json, indent: int | None) -> None:
    content = json.dumps(value, indent=indent)
    root, _ = compose_json(content, "a.json")
    assert root is not None
    lines = content.split("\n")
    for node in every_node(root):
        rest = "\n".join([lines[node.position.line - 1][node.position.column - 1 :], *lines[node.position.line :]])
        found, _ = json.JSONDecoder().raw_decode(rest)
        assert found == plain_value(node)


@given(text)
def test_what_is_escaped_comes_back(value: str) -> None:
    assert Scope({}, {}).fill(escape(value)).text == value


@given(
    st.lists(st.sampled_from(["${var:a}", "${env:A}", "$${", "{", "}", "$", "x", "${", "var:a}"])).map("".join),
    text,
)
def test_what_was_filled_in_is_not_filled_again(template: str, value: str) -> None:
    marker = "\ue000"
    filled = Scope({"A": marker}, {"a": marker}).fill(template)
    again = Scope({"A": value + "${env:A}"}, {"a": escape(value + "${env:A}")}).fill(template)
    assert again.text == filled.text.replace(marker, value + "${env:A}")


@pytest.mark.parametrize(
    "content",
    [
        "[" * 1_000_000,
        "a: " * 1_000_000,
        "- " * 1_000_000,
        "? " * 1_000_000,
        "".join(f"k{place}: 1\n" for place in range(100_000)),
        "".join("k: 1\n" for _ in range(100_000)),
        "".join("1: 1\n" for _ in range(100_000)),
        "---\n" * 300_000,
        "x: &a [" + "1," * 1000 + "]\ny:\n" + "- *a\n" * 10_000,
        "x: &a {"
        + "".join(f"k{place}: 1, " for place in range(1000))
        + "}\ny:\n  <<: ["
        + "*a, " * 10_000
        + "]\n",
        "x: &a1 [1]\n" + "".join(f"a{depth}: &a{depth} [*a{depth - 1}]\n" for depth in range(2, 300)),
    ],
    ids=lambda content: content[:10],
)
def test_hostile_text_is_refused(content: str) -> None:
    documents, problems = compose(content, "a.yaml")
    assert problems or any(document.problems or document.root is None for document in documents)


def escaped(value: Json) -> Json:
    """``value`` with its texts written so that no reference is seen in them."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, list):
        return [escaped(item) for item in value]
    if isinstance(value, dict):
        return {key: escaped(item) for key, item in value.items()}
    return value


def json_escape(character: str) -> str:
    """A character as double-quoted YAML writes it."""
    return f"\\U{ord(character):08x}"


def every_node(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    yield node
    if isinstance(node.value, dict):
        for child in node.value.values():
            yield from every_node(child)
    elif isinstance(node.value, list):
        for child in node.value:
            yield from every_node(child)
