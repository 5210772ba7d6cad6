"""What is written as a manifest, the loader reads back as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assistctl.export.yaml_writer import written_document
from assistctl.json_value import Json
from assistctl.manifest import load_manifests, load_project
from assistctl.manifest.syntax.yaml_parser import compose
from assistctl.manifest.syntax.yaml_values import Positions, plain_value, unprintable_in
from support.manifest_folder import ManifestFolder

# Line breaks to some parsers and to others none, what YAML cannot hold as it is, and what it gives a meaning to.
HIDDEN = "\u202e\u2066\u2069\u200f\u200b\u200d\ufe0f\xad\U000e0041"
AWKWARD = (
    "\t\n\r \x01\x1b\x7f\x80\x85\x9f\xa0\u2028\u2029\ufeff\ufffe\uffff\U0001f600\U0010ffff:#-?|>'\"%@`&*!{}[],~\\"
    + HIDDEN
)
TEXT = st.text(st.sampled_from(AWKWARD) | st.characters(codec="utf-8", exclude_characters="\0"), max_size=300)
NAME = TEXT.filter(bool)


def read_back(folder: Path, document: dict[str, Json]) -> dict[str, Json]:
    """The fields that loading makes of ``document`` once it is written."""
    for name, text in written_document(document, "desk", schema="schema.json").files.items():
        path = folder / "assistants" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    project = load_project(folder, {})
    loaded = load_manifests(project, project.target("local", {}, ["local"]))
    assert [diagnostic for diagnostic in loaded.diagnostics if diagnostic.severity == "error"] == []
    (desired,) = loaded.desired
    return dict(desired.fields)


@settings(max_examples=75)
@given(instructions=TEXT, description=TEXT, value=TEXT, name=NAME)
@example(instructions="one\u2028two", description="\x85", value="a\u2029b", name="\u2028")
@example(
    instructions="one\n\u202etwo\n",
    description="a \u2066b\u2069 c",
    value="\U0001f468\u200d\U0001f469",
    name="\u200b",
)
@example(instructions="\u2028\n  indented", description="  \n\nx\n", value="\n\n", name="\n x")
def test_any_text_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, instructions: str, description: str, value: str, name: str
) -> None:
    function: Json = {
        "name": "f",
        "description": value,
        "parameters": {name: {"enum": [[[value], {name: value}]]}},
    }
    document: dict[str, Json] = {
        "name": "desk",
        "model": "m",
        "description": description,
        "instructions": instructions,
        "tools": [{"type": "function", "function": function}],
        "metadata": {"note": value},
    }
    assert read_back(tmp_path_factory.mktemp("written"), document) == document


VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60)
@given(value=VALUE, indent=st.none() | st.just(2), is_ascii=st.booleans())
@example(value="\U0001f600 and \U0001f600", indent=None, is_ascii=True)
def test_what_json_writes_is_read(value: Json, indent: int | None, *, is_ascii: bool) -> None:
    written = json.dumps({"value": value}, indent=indent, ensure_ascii=is_ascii)
    if unprintable_in(written):
        return  # without ensure_ascii, json leaves such characters to whoever writes the file
    (document,), problems = compose(written, "x.yaml")
    assert (problems, document.problems) == ([], ())
    assert document.root is not None
    assert plain_value(document.root) == {"value": value}


def test_only_in_double_quotes_is_a_pair_one_character() -> None:
    pair = r"\ud83d\ude00"
    (document,), problems = compose(f"a: {{b: \"{pair}{pair}\", c: '{pair}', d: {pair}}}\ne: |\n  {pair}\n", "x")
    assert problems == []
    root = document.root
    assert root is not None
    assert plain_value(root) == {"a": {"b": "\U0001f600" * 2, "c": pair, "d": pair}, "e": f"{pair}\n"}
    assert str(Positions(lambda: root)["a.c"]) == "x:1:39"


def test_half_a_pair_is_told_where_it_stands(manifests: ManifestFolder) -> None:
    manifests.write("assistants/desk.yaml", 'model: m\ninstructions: "\\ud83d is half"\n')
    (message,) = manifests.load().diagnostics
    assert (str(message.position), message.path) == ("assistants/desk.yaml:2:15", "instructions")
    assert "half of a surrogate pair" in message.summary
