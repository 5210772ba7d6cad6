"""dump: what exists becomes a manifest, and the plan after it has no field to change."""

from __future__ import annotations

import unicodedata
from typing import Any

import httpx2
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistctl.export.yaml_writer import key_for
from assistctl.model.assistant import Observed
from support.projects import ProjectFolder
from support.server import RecordingServer

FOREIGN: dict[str, Any] = {
    "name": "Order Desk: l'été",
    "description": "a: b # c",
    "model": "gpt-4.1",
    "instructions": "You are ${var:x}.\n\n  Indented {{braces}} and $${env:Y}\ttab\r\nend without newline",
    "tools": [
        {"type": "code_interpreter"},
        {"type": "file_search", "file_search": {"max_num_results": 9}},
        {
            "type": "function",
            "function": {
                "name": "pick",
                "description": "yes",
                "parameters": {
                    "type": "object",
                    "properties": {"on": {"enum": ["on", "off", "0o14", "1e3", "12:30", "~", ""]}},
                },
            },
        },
    ],
    "tool_resources": {"code_interpreter": {"file_ids": ["file-1"]}},
    "temperature": 0.3,
    "metadata": {"team": "no", "n": "007"},
    "response_format": {"type": "json_object"},
}


def create(server: RecordingServer, **fields: Any) -> str:
    headers = {"OpenAI-Beta": "assistants=v2"}
    answer = httpx2.post(f"{server.url}/assistants", json={"model": "gpt-4.1", **fields}, headers=headers)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def test_after_a_dump_and_an_adoption_nothing_is_changed(remote: ProjectFolder, server: RecordingServer) -> None:
    identifier = create(server, **FOREIGN)
    dumped = remote.run("dump", "--format", "json")
    assert (dumped.code, [assistant["key"] for assistant in dumped.json["assistants"]]) == (
        0,
        ["order-desk-l-ete"],
    )
    plan = remote.run("plan", "--adopt", "--format", "json").json
    assert [(change["action"], change["id"], change["diffs"]) for change in plan["changes"]] == [
        ("adopt", identifier, [])
    ]
    assert remote.run("apply", "--adopt", "--yes").code == 0
    assert remote.run("plan", "--detailed-exitcode").code == 0


def test_a_schema_is_written_as_it_is(remote: ProjectFolder, server: RecordingServer) -> None:
    # Strict schemas are refused without ``required`` and ``properties``, however empty.
    schema = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    function = {"name": "f", "strict": True, "parameters": schema}
    answer = {"type": "json_schema", "json_schema": {"name": "n", "strict": True, "schema": schema}}
    create(server, name="x", response_format=answer, tools=[{"type": "function", "function": function}])
    assert remote.run("dump").code == 0
    written = yaml.safe_load((remote.path / "assistants/x.yaml").read_text())
    assert (written["response_format"], written["tools"][0]["function"]["parameters"]) == (answer, schema)


def test_a_lost_manifest_comes_back_under_its_key(remote: ProjectFolder) -> None:
    remote.manifest("desk", name="Another name", lifecycle={"prevent_destroy": True}, temperature=0.4)
    remote.run("apply", "--yes")
    remote.remove("desk")
    assert [assistant["key"] for assistant in remote.run("dump", "--format", "json").json["assistants"]] == [
        "desk"
    ]
    assert remote.run("plan", "--detailed-exitcode").code == 0


def test_nothing_is_overwritten(remote: ProjectFolder, server: RecordingServer) -> None:
    create(server, name="desk", instructions="line one\nline two")
    mine = remote.write("assistants/prompts/desk.md", "mine")
    shown = remote.run("dump")
    assert (shown.code, mine.read_text()) == (1, "mine")
    assert not (remote.path / "assistants/desk.yaml").exists()
    assert remote.run("dump", "--to", "elsewhere").code == 0
    assert (remote.path / "elsewhere/prompts/desk.md").read_text() == "line one\nline two"


def test_by_name_or_id_and_nothing_else(remote: ProjectFolder, server: RecordingServer) -> None:
    create(server, name="one")
    two = create(server, name="two")
    create(server, name="three")
    dumped = remote.run("dump", "one", two, "--format", "json").json
    assert [assistant["key"] for assistant in dumped["assistants"]] == ["one", "two"]
    unknown = remote.run("dump", "thre")
    assert unknown.code == 1
    assert "did you mean 'three'?" in unknown.err.lower()


def test_what_others_own_is_left_out(remote: ProjectFolder, server: RecordingServer) -> None:
    create(server, name="theirs", metadata={"assistctl": "project=other target=prod key=theirs"})
    assert remote.run("dump", "--format", "json").json["assistants"] == []


# Beside the usual: line breaks to some parsers of YAML and to others none.
CHARACTERS = st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t\r\x85")
TEXT = st.text(CHARACTERS | st.sampled_from("\n \x85\u2028\u2029\ufeff#:$"), max_size=300)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(instructions=TEXT, description=TEXT, value=TEXT.filter(bool))
def test_any_text_survives(
    remote: ProjectFolder, server: RecordingServer, instructions: str, description: str, value: str
) -> None:
    function = {
        "name": "f",
        "description": description,
        "parameters": {"type": "object", "enum": [value], value: {}},
    }
    identifier = create(
        server, name="x", instructions=instructions, description=description,
        tools=[{"type": "function", "function": function}], metadata={"v": value},
    )  # fmt: skip
    assert remote.run("dump", "--to", "assistants").code == 0
    plan = remote.run("plan", "--adopt", "--format", "json").json
    assert [(change["id"], change["diffs"]) for change in plan["changes"]] == [(identifier, [])]
    for path in (remote.path / "assistants").rglob("*"):
        if path.is_file():
            path.unlink()
    headers = {"OpenAI-Beta": "assistants=v2"}
    httpx2.delete(f"{server.url}/assistants/{identifier}", headers=headers)


def test_what_would_not_be_seen_is_written_as_escapes(remote: ProjectFolder, server: RecordingServer) -> None:
    hidden = {
        "name": "The desk",
        "instructions": "Never pay.\n\u202eyap syawlA\u202c\n",
        "description": "zero\u200bwidth, אבג\u200f and \N{FAMILY}\u200d\N{WOMAN}",
        "metadata": {"no\u2066te\u2069": "a\xadb"},
    }
    create(server, **hidden)
    page = "אבג\u200f\nדה\n"
    create(server, name="right-to-left", instructions=page)
    assert remote.run("dump").code == 0
    written = (remote.path / "assistants/the-desk.yaml").read_text()
    assert [char for char in written if unicodedata.category(char) == "Cf"] == []
    for escape in (r"\u202e", r"\u202c", r"\u200b", r"\u200f", r"\u2066", r"\u2069", r"\xad"):
        assert escape in written
    assert "אבג" in written
    assert {name: yaml.safe_load(written)[name] for name in hidden} == hidden
    # Marks of direction reorder nothing but what is beside them: text of these scripts is a page like any other.
    assert (remote.path / "assistants/prompts/right-to-left.md").read_text() == page
    plan = remote.run("plan", "--format", "json").json
    assert [(change["action"], change["diffs"]) for change in plan["changes"]] == [("adopt", [])] * 2


@pytest.mark.parametrize(
    ("name", "taken", "key"),
    [
        ("Order desk", [], "order-desk"),
        ("Order desk", ["order-desk"], "order-desk-2"),
        ("Été & Co.", [], "ete-co"),
        ("日本", [], "riben"),
        ("…", [], "asst_1"),
        (None, [], "asst_1"),
        ("x" * 300, ["x" * 64], "x" * 62 + "-2"),
    ],
)
def test_keys_are_made_from_names(name: str | None, taken: list[str], key: str) -> None:
    assert key_for(Observed("asst_1", {"name": name}, {}), taken) == key
