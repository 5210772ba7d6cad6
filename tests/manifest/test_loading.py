"""What manifests come to: fields, positions, keys, secrets, and the files they name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assistctl.checkout.untrusted_files import MAX_BYTES
from assistctl.diagnostics import Severity
from assistctl.json_value import Json
from assistctl.manifest import Loaded, load_manifests, load_project
from assistctl.model.assistant import Desired, Lifecycle
from assistctl.secrets.redaction import mask

PROJECT = """\
project: acme
targets:
  local:
    variables: {model: gpt-4o-mini, warmth: 0.2, floor: 3, strict: true, word: "null", token: "${env:TOKEN}"}
  prod: {platform: openai-agents, variables: {model: gpt-4o}}
"""
ENVIRON = {"TOKEN": "s3cret", "EMPTY": "", "REFERENCE": "${env:TOKEN}"}

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file of the project."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    write("assistctl.yaml", PROJECT)
    return write


def load(
    folder: Path, target: str | None = "local", *, paths: list[Path] | None = None, lenient: bool = False
) -> Loaded:
    """The project's manifests, for a target or for none."""
    project = load_project(folder, ENVIRON)
    chosen = project.target(target, {}, ["local", "openai-agents"]) if target else None
    return load_manifests(project, chosen, paths=paths, lenient_variables=lenient)


def only(loaded: Loaded) -> Desired:
    """The one assistant that was loaded without a word."""
    assert loaded.diagnostics == ()
    (desired,) = loaded.desired
    return desired


def places(loaded: Loaded) -> list[str]:
    """Where the messages are."""
    return [str(message.position) for message in loaded.diagnostics]


def test_a_manifest_of_everything(write: Write, tmp_path: Path) -> None:
    write(
        "assistants/order-desk.yaml",
        """\
# yaml-language-server: $schema=../schemas/assistant.schema.json
model: ${var:model}
description: null
instructions: {file: prompts/order-desk.md}
tools:
  - type: file_search
    file_search: {max_num_results: 8}
  - type: function
    function: {file: tools/order_status.json}
temperature: ${var:warmth}
metadata: {team: support, "on": "off"}
lifecycle: {prevent_destroy: true, ignore_changes: [temperature]}
platforms: {openai-agents: {service_tier: flex}}
checks: [{ask: Where is order 1001?, expect: {contains: "1001"}}]
""",
    )
    write("assistants/prompts/order-desk.md", "Be brief.\r\n\n")
    write("assistants/tools/order_status.json", '{\n\t"name": "order_status", "description": "\\ud83d\\udce6"}')
    desired = only(load(tmp_path))
    assert desired.key == "order-desk"
    assert desired.fields == {
        "name": "order-desk",
        "model": "gpt-4o-mini",
        "description": None,
        "instructions": "Be brief.\r\n\n",
        "tools": [
            {"type": "file_search", "file_search": {"max_num_results": 8}},
            {"type": "function", "function": {"name": "order_status", "description": "\N{PACKAGE}"}},
        ],
        "temperature": 0.2,
        "metadata": {"team": "support", "on": "off"},
    }
    assert desired.lifecycle == Lifecycle(prevent_destroy=True, ignore_changes=("temperature",))
    assert desired.platform_fields == {"openai-agents": {"service_tier": "flex"}}
    assert str(desired.position) == "assistants/order-desk.yaml:2:1"
    assert str(desired.position_of("temperature")) == "assistants/order-desk.yaml:10:14"
    assert str(desired.position_of("tools[0].file_search.max_num_results")) == "assistants/order-desk.yaml:7:36"
    assert str(desired.position_of("tools[1].function.description")) == "assistants/tools/order_status.json:2:41"
    assert desired.secret_paths == frozenset()


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("2026-11-22", "2026-11-22"),
        ("12:30:00", "12:30:00"),
        ("1_000", "1_000"),
        ("0b1", "0b1"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("0o17", 15),
        ("0x1F", 31),
        ("010", 10),
        ("-7", -7),
        ("+.5e1", 5.0),
        ("1.", 1.0),
        ("'1'", "1"),
        ('"true"', "true"),
        ("!!str 1", "1"),
        ("!!float 1", 1),
        ("! 1", "1"),
        ("|-\n      1", "1"),
        ("[on, off, 1]", ["on", "off", 1]),
    ],
)
def test_scalars_are_those_of_yaml_1_2(write: Write, tmp_path: Path, written: str, value: Json) -> None:
    text = f"model: a\nplatforms:\n  local:\n    field: {written}\n"
    write("assistants/a.yaml", text)
    found = only(load(tmp_path)).platform_fields["local"]["field"]
    assert (found, type(found)) == (value, type(value))


def test_merge_keys(write: Write, tmp_path: Path) -> None:
    write(
        "assistants/a.yaml",
        "model: a\nplatforms:\n  one: &one {a: 1, b: 1, c: 1}\n  two: &two {b: 2, d: 2}\n"
        "  all: {<<: [*one, *two], a: 3}\n  quoted: {'<<': text}\n",
    )
    platforms = only(load(tmp_path)).platform_fields
    assert platforms["all"] == {"a": 3, "b": 1, "c": 1, "d": 2}
    assert platforms["quoted"] == {"<<": "text"}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("${var:floor}", 3),
        ('"${var:floor}"', "3"),
        ("at ${var:floor}", "at 3"),
        ("${var:strict}", True),
        ("${var:word}", "null"),
        ("${env:EMPTY}", ""),
        ("${env:REFERENCE}", "${env:TOKEN}"),
        ("$${var:floor}", "${var:floor}"),
        ("$$${var:floor}", "$${var:floor}"),
        ("'{x} {{x}} $HOME ${other} ${var}'", "{x} {{x}} $HOME ${other} ${var}"),
    ],
)
def test_references(write: Write, tmp_path: Path, written: str, value: Json) -> None:
    write("assistants/a.yaml", f"model: a\nplatforms:\n  local:\n    field: {written}\n")
    assert only(load(tmp_path)).platform_fields["local"]["field"] == value


def test_a_reference_is_what_the_schema_wants(write: Write, tmp_path: Path) -> None:
    write(
        "assistants/a.yaml",
        'model: ${var:floor}\nmetadata: {floor: "${var:floor}"}\ntemperature: ${var:warmth}\n'
        'top_p: "${var:warmth}"\nname: ${var:strict}\ndescription: ${var:word}\n',
    )
    fields = only(load(tmp_path)).fields
    assert fields == {
        "model": "3",
        "metadata": {"floor": "3"},
        "temperature": 0.2,
        "top_p": 0.2,
        "name": "true",
        "description": "null",
    }


def test_secrets(write: Write, tmp_path: Path) -> None:
    write(
        "assistants/a.yaml",
        "model: a\ninstructions: Use ${env:TOKEN}.\nname: ${var:model}\n"
        "metadata: {a.b: '${var:token}', c: '${env:EMPTY}'}\n"
        "tools:\n  - {type: function, function: {name: f, description: '${env:TOKEN}'}}\n"
        "  - {type: function, function: {file: '${var:model}-${env:EMPTY}.json'}}\n"
        "checks: [{ask: '${env:TOKEN}'}]\nplatforms: {local: {x: ['${env:TOKEN}']}}\n",
    )
    write("assistants/gpt-4o-mini-.json", '{"name": "g"}')
    loaded = load(tmp_path)
    assert only(loaded).secret_paths == {
        "instructions",
        "metadata.a.b",
        "metadata.c",
        "tools[0].function.description",
        "platforms.local.x[0]",
    }
    assert mask("Use s3cret.") == "Use (secret TOKEN)."
    assert only(loaded).templates["instructions"].shown == "Use (secret TOKEN)."


def test_text_over_a_limit_after_filling_is_reported_where_it_is_written(write: Write, tmp_path: Path) -> None:
    variables = f"targets: {{local: {{variables: {{long: {'x' * 300}}}}}}}\n"
    write("assistctl.yaml", "project: acme\n" + variables)
    write("assistants/a.yaml", "model: a\ndescription: ${var:long}${var:long}\n")
    (message,) = load(tmp_path).diagnostics
    assert (str(message.position), message.path) == ("assistants/a.yaml:2:14", "description")
    assert "600 characters" in message.summary
    assert "${var:long}" in message.detail


def test_text_that_grows_without_bound(write: Write, tmp_path: Path) -> None:
    variables = f"targets: {{local: {{variables: {{long: {'x' * 100_000}}}}}}}\n"
    write("assistctl.yaml", "project: acme\n" + variables)
    write("assistants/a.yaml", "model: a\ninstructions: >\n" + "  ${var:long}\n" * 200_000)
    (message,) = load(tmp_path).diagnostics
    assert "too long when its references are filled" in message.summary


def test_long_instructions_in_a_file_name_the_file(write: Write, tmp_path: Path) -> None:
    write("assistants/a.yaml", "model: a\ninstructions: {file: a.md}\n")
    write("assistants/a.md", "é" * 256_001)
    (message,) = load(tmp_path).diagnostics
    assert (str(message.position), message.path) == ("assistants/a.yaml:2:15", "instructions")
    assert "256,001 characters" in message.summary
    assert "assistants/a.md" in message.detail
    write("assistants/a.md", "é" * 256_000)
    assert only(load(tmp_path)).fields["instructions"] == "é" * 256_000


@pytest.mark.parametrize(
    ("content", "place", "said"),
    [
        (b"one\ntwo \xff", "assistants/a.md:2:5", "byte 0xFF at offset 8, on line 2"),
        (b"one\r\n\0", "assistants/a.md:2:1", "NUL"),
        (b"\xfe\xff\0a", "assistants/a.yaml:2:22", "UTF-16"),
        (b"x" * (MAX_BYTES + 1), "assistants/a.yaml:2:22", "larger than"),
    ],
)
def test_a_file_that_is_no_text(write: Write, tmp_path: Path, content: bytes, place: str, said: str) -> None:
    write("assistants/a.yaml", "model: a\ninstructions: {file: a.md}\n")
    write("assistants/a.md", content)
    loaded = load(tmp_path)
    assert places(loaded) == [place]
    assert said in loaded.diagnostics[0].summary


@pytest.mark.parametrize("name", ["../../outside.md", "link.md", "{outside}", "../folder/outside.md"])
def test_a_file_outside_the_project(
    write: Write, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    outside = tmp_path_factory.mktemp("elsewhere") / "outside.md"
    outside.write_text("secret plans")
    write("assistants/a.yaml", f'model: a\ninstructions: {{file: "{name.format(outside=outside)}"}}\n')
    (tmp_path / "assistants/link.md").symlink_to(outside)
    (tmp_path / "folder").symlink_to(outside.parent)
    (tmp_path.parent / "outside.md").write_text("secret plans")
    loaded = load(tmp_path)
    assert places(loaded) == ["assistants/a.yaml:2:22"]
    assert "project" in loaded.diagnostics[0].summary
    assert loaded.desired == ()


def test_a_link_inside_the_project_is_followed(write: Write, tmp_path: Path) -> None:
    write("assistants/a.yaml", "model: a\ninstructions: {file: prompts/a.md}\n")
    write("shared/a.md", "Be brief.")
    (tmp_path / "assistants/prompts").symlink_to(tmp_path / "shared")
    assert only(load(tmp_path)).fields["instructions"] == "Be brief."


def test_several_documents(write: Write, tmp_path: Path) -> None:
    write("assistants/a.yaml", "key: one\nmodel: a\n---\nkey: two\nmodel: b\n")
    loaded = load(tmp_path)
    assert [(desired.key, desired.fields["name"], str(desired.position)) for desired in loaded.desired] == [
        ("one", "one", "assistants/a.yaml:1:1"),
        ("two", "two", "assistants/a.yaml:4:1"),
    ]


def test_one_error_leaves_the_other_manifests(write: Write, tmp_path: Path) -> None:
    write("assistants/a.yaml", "key: one\nmodel: a\n---\nkey: two\nmodel: 1\n")
    write("assistants/b.yaml", "model: [")
    loaded = load(tmp_path)
    assert [desired.key for desired in loaded.desired] == ["one"]
    assert len(loaded.errors) == 2


@pytest.mark.parametrize(
    ("target", "name", "severities"),
    [
        (None, "model", []),
        (None, "floor", [Severity.WARNING]),
        (None, "other", [Severity.WARNING]),
        ("local", "floor", []),
        ("prod", "floor", [Severity.WARNING]),
    ],
)
def test_unset_variables_when_validating(
    write: Write, tmp_path: Path, target: str | None, name: str, severities: list[Severity]
) -> None:
    write("assistants/a.yaml", f"model: ${{var:{name}}}\n")
    loaded = load(tmp_path, target, lenient=True)
    assert [message.severity for message in loaded.diagnostics] == severities
    assert len(loaded.desired) == 1


def test_what_is_not_known_is_not_judged(write: Write, tmp_path: Path) -> None:
    write(
        "assistants/a.yaml",
        "model: ${env:A}\ntemperature: ${env:A}\nreasoning_effort: ${env:A}\ninstructions: {file: '${env:A}/x'}\n"
        "tools:\n  - {type: '${env:A}', function: {file: '${env:A}'}}\n"
        "  - {type: function, function: {name: 'x ${env:A}'}}\n"
        "response_format: {type: '${env:A}', json_schema: 3}\n",
    )
    loaded = load(tmp_path, lenient=True)
    assert {message.severity for message in loaded.diagnostics} == {Severity.WARNING}
    assert len(loaded.diagnostics) == 8
    assert all(message.severity is Severity.ERROR for message in load(tmp_path).diagnostics)


def test_control_characters_may_be_escaped(write: Write, tmp_path: Path) -> None:
    write("assistants/a.yaml", 'model: a\ninstructions: "\\e[1m \\L \\N"\n')
    assert only(load(tmp_path)).fields["instructions"] == "\x1b[1m \u2028 \x85"
    write("assistants/a.yaml", 'model: a\nname: "\\0"\nmetadata: {"\\0": a}\n')
    assert places(load(tmp_path)) == ["assistants/a.yaml:2:7", "assistants/a.yaml:3:11"]


def test_values_from_outside_that_are_no_text(write: Write, tmp_path: Path) -> None:
    write("assistants/a.yaml", "model: a\nname: ${env:BYTES}\n")
    project = load_project(tmp_path, {"BYTES": "\udcff"})
    (message,) = load_manifests(project, project.target("local", {}, ["local"])).diagnostics
    assert "surrogate" in message.summary
    assert "\udcff" not in repr(message)
