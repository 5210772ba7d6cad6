"""migrate: what only seemed to carry over is lost, and what manifests declare already is judged too."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import yaml

from support.dashboard import Dashboard
from support.managed_agents import ManagedAgents
from support.projects import Outcome, ProjectFolder
from support.server import Answer, RecordingServer, serving

TARGETS = """\
project: acme
targets:
  old: {{platform: openai-assistants, base_url: "{old}", api_key: test-key}}
  agents: {{platform: openai-agents, base_url: "{old}", api_key: test-key}}
  managed: {{platform: anthropic-agents, base_url: "{managed}", api_key: test-key, variables: {{model: MODEL}}}}
"""
EXPIRES = {"anchor": "last_active_at", "days": 30}
CHUNKING = {"type": "static", "static": {"max_chunk_size_tokens": 1200, "chunk_overlap_tokens": 200}}
AUTO = {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}
ASSISTANT = {"id": "asst_1", "object": "assistant", "created_at": 1, "name": "Librarian", "model": "gpt-6-luna"}


@pytest.fixture(autouse=True)
def a_day_in_november(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistctl.model.model_catalog.today", lambda: dt.date(2026, 11, 26))


@pytest.fixture
def clouds(project: ProjectFolder, server: RecordingServer) -> Iterator[ProjectFolder]:
    """A project with a target on each platform, each served over HTTP."""
    with serving(ManagedAgents().app()) as managed:
        targets = TARGETS.format(old=server.url, managed=managed.url.removesuffix("/v1"))
        project.write("assistctl.yaml", targets.replace("MODEL", "claude-sonnet-5-5"))
        yield project


def checked(project: ProjectFolder, *things: dict[str, Any], to: str = "old") -> Outcome:
    """The report on an export of these things."""
    project.write("export.json", json.dumps(things))
    return project.run("migrate", "--from", "export.json", "--to", to, "--check", "--format", "json")


def outcomes(document: Any, outcome: str = "lost", kind: str = "assistants") -> dict[str, Any]:
    """What became of the fields of the only one, by path."""
    (migrated,) = document[kind]
    return {field["path"]: field for field in migrated["fields"] if field["outcome"] == outcome}


def test_declared_assistants_are_judged_and_stay_as_they_are(clouds: ProjectFolder) -> None:
    clouds.write("assistants/data.csv", "a,b\n")
    clouds.manifest(
        "desk",
        model="gpt-6-luna",
        tools=[{"type": "file_search"}],
        files=["data.csv"],
        metadata={"team": "support"},
    )
    before = clouds.snapshot()
    shown = clouds.run("migrate", "--from", "old", "--to", "managed", "--check", "--format", "json")
    assert (shown.code, shown.json["assistants"]) == (2, [])
    assert shown.json["summary"] == {
        "assistants": 0,
        "manifests": 1,
        "with_losses": 1,
        "carried": 2,
        "mapped": 0,
        "lost": 3,
    }
    lost = outcomes(shown.json, kind="manifests")
    assert {(path, fate["file"], fate["line"]) for path, fate in lost.items()} == {
        ("model", "assistants/desk.yaml", 1),
        ("tools[file_search]", "assistants/desk.yaml", 1),
        ("files", "assistants/desk.yaml", 1),
    }
    assert lost["model"]["value"] == "gpt-6-luna"
    assert {*outcomes(shown.json, "carried", "manifests")} == {"name", "metadata"}
    text = clouds.run("migrate", "--from", "old", "--to", "managed", "--check")
    assert text.code == 2
    assert "Declared by manifests already, which stay as they are:" in text.out
    assert "tools[file_search] (assistants/desk.yaml:1:35)" in text.out
    assert text.out.endswith("1 assistant: 0 without loss, 1 with something lost.\n")
    done = clouds.run("migrate", "--from", "old", "--to", "managed")
    assert (done.code, clouds.snapshot()) == (0, before)


def test_what_the_report_calls_lost_is_what_a_plan_stops_at(clouds: ProjectFolder) -> None:
    clouds.write("assistants/page.md", "# Page\n")
    clouds.manifest("searcher", model="${var:model}", tools=[{"type": "file_search"}], files=["page.md"])
    clouds.manifest("sampler", model="${var:model}", temperature=0.5, response_format={"type": "json_object"})
    clouds.manifest("fits", model="${var:model}", instructions="Answer.", reasoning_effort="low")
    planned = clouds.run("plan", "--target", "managed", "--format", "json")
    stops = {
        (diagnostic["key"], diagnostic["line"], diagnostic["column"]) for diagnostic in planned.json["diagnostics"]
    }
    shown = clouds.run("migrate", "--from", "old", "--to", "managed", "--check", "--format", "json")
    lost = {
        (manifest["key"], field["line"], field["column"])
        for manifest in shown.json["manifests"]
        for field in manifest["fields"]
        if field["outcome"] == "lost"
    }
    assert (planned.code, shown.code, lost) == (1, 2, stops)
    for key in ("searcher", "sampler"):
        clouds.remove(key)
    assert clouds.run("plan", "--target", "managed").code == 0
    assert clouds.run("migrate", "--from", "old", "--to", "managed", "--check").code == 0


def test_what_only_the_old_platform_has_is_lost_and_what_others_have_is_not(clouds: ProjectFolder) -> None:
    own = {"openai-agents": {"service_tier": "flex"}, "azure-foundry": {"tool_choice": "required"}}
    clouds.manifest("desk", model="${var:model}", platforms=own)
    shown = clouds.run("migrate", "--from", "agents", "--to", "managed", "--check", "--format", "json")
    assert (shown.code, [*outcomes(shown.json, kind="manifests")]) == (2, ["platforms.openai-agents.service_tier"])


def test_manifests_that_are_wrong_cannot_be_judged(clouds: ProjectFolder) -> None:
    clouds.manifest("desk", model="gpt-6-luna", colour="red")
    shown = clouds.run("migrate", "--from", "old", "--to", "managed", "--check", "--format", "json")
    assert (shown.code, shown.json["diagnostics"][0]["path"]) == (1, "colour")


def test_a_secret_of_a_manifest_is_not_told(clouds: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "do-not-tell-4711")
    clouds.manifest("desk", model="gpt-6-luna", description="${env:SECRET}")
    for more in ((), ("--format", "json")):
        shown = clouds.run("migrate", "--from", "old", "--to", "agents", "--check", *more)
        assert shown.code == 2
        assert "description" in shown.out
        assert "do-not-tell-4711" not in shown.out + shown.err


@pytest.mark.parametrize(
    ("model", "to", "lost", "words"),
    [
        ("gpt-6-luna", "managed", True, "It is OpenAI's, and anthropic-agents takes those of Anthropic."),
        ("claude-sonnet-5-5", "agents", True, "It is Anthropic's, and openai-agents takes those of OpenAI."),
        ("gpt-4-turbo", "agents", True, "It was shut down on 2026-10-23. Name a current one, such as gpt-6-luna."),
        ("gpt-4-turbo", "old", True, "It was shut down on 2026-10-23."),
        ("gpt-4-turbo", "local", True, "It was shut down on 2026-10-23."),
        ("gpt-4o", "agents", False, "It will be shut down on 2027-01-14."),
        ("gpt-6-luna", "agents", False, "Not every platform has it"),
        ("gpt-6-luna", "old", False, ""),
        ("claude-sonnet-4-5", "managed", False, "It will be shut down on 2026-11-30."),
        ("llama-of-ours", "managed", False, "Not every platform has it"),
    ],
)
def test_models(clouds: ProjectFolder, model: str, to: str, lost: bool, words: str) -> None:  # parametrized
    shown = checked(clouds, {**ASSISTANT, "model": model}, to=to)
    found = outcomes(shown.json, "lost" if lost else "carried")["model"]
    assert (shown.code, words in found["note"]) == (2 if lost else 0, True)
    assert lost is False or found["value"] == model


def test_strict_is_lost_where_nothing_is_strict(clouds: ProjectFolder) -> None:
    function = {"name": "now", "description": "The time.", "parameters": {"type": "object", "properties": {}}}
    tools = [{"type": "function", "function": {**function, "strict": True}}]
    for to in ("agents", "managed"):
        shown = checked(clouds, {**ASSISTANT, "tools": tools}, to=to)
        assert (shown.code, outcomes(shown.json)["tools[now].function.strict"]["value"]) == (2, True)
        assert outcomes(shown.json, "mapped") == {}
    assert checked(clouds, {**ASSISTANT, "tools": tools}, to="old").code == 0
    assert clouds.run("migrate", "--from", "export.json", "--to", "agents").code == 0
    written = yaml.safe_load((clouds.path / "assistants/librarian.yaml").read_text())
    assert written["tools"] == [{"type": "function", "function": function}]


def test_an_export_of_version_one_gets_advice(clouds: ProjectFolder) -> None:
    old = {**ASSISTANT, "tools": [{"type": "retrieval"}], "file_ids": ["file-1", "file-2"]}
    shown = checked(clouds, old, {"object": "file", "id": "file-1", "filename": "handbook.pdf"})
    assert shown.code == 2
    assert (
        outcomes(shown.json, "mapped")["tools[file_search]"]["note"] == "Version 1 of the API called it retrieval."
    )
    lost = outcomes(shown.json)
    assert [*lost] == ["file_ids"]
    assert lost["file_ids"]["value"] == [{"id": "file-1", "name": "handbook.pdf"}, {"id": "file-2", "name": None}]
    assert "`files: [{path: PATH, tool: file_search}]`" in lost["file_ids"]["note"]
    assert clouds.run("migrate", "--from", "export.json", "--to", "old").code == 0
    written = yaml.safe_load((clouds.path / "assistants/librarian.yaml").read_text())
    assert written["tools"] == [{"type": "file_search"}]
    there = checked(clouds, {**old, "id": "asst_2", "name": "Other"}, to="managed")
    told = [field["path"] for assistant in there.json["assistants"] for field in assistant["fields"]]
    assert told.count("tools[file_search]") == 1
    assert "grep" in outcomes(there.json)["tools[file_search]"]["note"]


def test_file_ids_of_version_one_for_the_code_interpreter(clouds: ProjectFolder) -> None:
    old = {**ASSISTANT, "tools": [{"type": "code_interpreter"}], "file_ids": ["file-1"]}
    note = outcomes(checked(clouds, old).json)["file_ids"]["note"]
    assert "`files: [{path: PATH, tool: code_interpreter}]`" in note
    assert "file_search" not in note


SEARCHER: dict[str, Any] = {
    **ASSISTANT,
    "tools": [{"type": "file_search"}],
    "tool_resources": {"file_search": {"vector_store_ids": ["vs_1"]}},
}


def store(**fields: Any) -> dict[str, Any]:
    return {"id": "vs_1", "object": "vector_store", "name": "Handbook", "metadata": {}, **fields}


def store_file(**fields: Any) -> dict[str, Any]:
    return {"id": "file-1", "object": "vector_store.file", "vector_store_id": "vs_1", **fields}


def test_settings_of_exported_stores_are_lost_by_name(clouds: ProjectFolder) -> None:
    things = (
        store(expires_after=EXPIRES, metadata={"team": "support", "assistctl": "project=acme"}),
        store_file(attributes={"lang": "de", "assistctl_sha256": "0"}, chunking_strategy=CHUNKING),
    )
    lost = outcomes(checked(clouds, SEARCHER, *things).json)
    told = {path: fate["value"] for path, fate in lost.items() if path.startswith("vector_stores")}
    assert told == {
        "vector_stores[vs_1].expires_after": EXPIRES,
        "vector_stores[vs_1].metadata": {"team": "support"},
        "vector_stores[vs_1].chunking_strategy": [{"id": "file-1", "name": None, "chunking_strategy": CHUNKING}],
        "vector_stores[vs_1].attributes": [{"id": "file-1", "name": None, "attributes": {"lang": "de"}}],
    }
    assert "`vector_store: {expires_after:" in lost["vector_stores[vs_1].expires_after"]["note"]
    text = clouds.run("migrate", "--from", "export.json", "--to", "old", "--check").out
    assert '{"anchor": "last_active_at", "days": 30}' in text
    assert '{"lang": "de"}' in text
    elsewhere = outcomes(checked(clouds, SEARCHER, *things, to="managed").json)
    assert elsewhere["vector_stores[vs_1].expires_after"]["note"] == (
        "There are no vector stores: give files to code_interpreter, which greps in them, or declare an MCP "
        "server that searches."
    )


def test_what_nobody_set_on_a_store_is_no_loss(clouds: ProjectFolder) -> None:
    lost = outcomes(checked(clouds, SEARCHER, store(expires_after=None), store_file(chunking_strategy=AUTO)).json)
    assert [*lost] == ["tool_resources.file_search.vector_store_ids"]


@pytest.fixture
def live(clouds: ProjectFolder, server: RecordingServer) -> ProjectFolder:
    """A live assistant that searches a vector store on which everything is set."""
    headers = {"OpenAI-Beta": "assistants=v2"}
    upload = httpx2.post(
        f"{server.url}/files", data={"purpose": "assistants"}, files={"file": ("page.md", b"# Page\n")}
    ).json()["id"]
    made = httpx2.post(
        f"{server.url}/vector_stores",
        json={"name": "Handbook", "expires_after": EXPIRES, "metadata": {"team": "support"}},
        headers=headers,
    ).json()["id"]
    body = {"file_id": upload, "attributes": {"lang": "de"}, "chunking_strategy": CHUNKING}
    assert httpx2.post(f"{server.url}/vector_stores/{made}/files", json=body, headers=headers).status_code == 200
    person = Dashboard(server.url)
    person.create(
        name="Librarian",
        model="gpt-6-luna",
        tools=[{"type": "file_search"}],
        tool_resources={"file_search": {"vector_store_ids": [made]}},
    )
    person.close()
    return clouds


def test_settings_of_live_stores_are_lost_by_name(live: ProjectFolder, server: RecordingServer) -> None:
    server.fault = lambda asked: Answer(404) if asked.path.endswith("/content") else None
    shown = live.run("migrate", "--from", "old", "--to", "local", "--check", "--format", "json")
    settings = {
        path.rpartition(".")[2]: fate["value"] for path, fate in outcomes(shown.json).items() if "vs_" in path
    }
    assert (shown.code, {*settings}) == (2, {"expires_after", "metadata", "chunking_strategy", "attributes"})
    assert (settings["expires_after"], settings["metadata"]) == (EXPIRES, {"team": "support"})
    assert settings["attributes"][0]["attributes"] == {"lang": "de"}


def test_what_could_not_be_looked_into_is_said_in_the_report(live: ProjectFolder, server: RecordingServer) -> None:
    server.fault = lambda asked: Answer(404) if "/vector_stores" in asked.path else None
    command = ("migrate", "--from", "old", "--to", "local", "--check")
    words = "their settings may be lost without notice"
    shown = live.run(*command, "--format", "json")
    assert [words in diagnostic["summary"] for diagnostic in shown.json["diagnostics"]] == [True]
    assert words in live.run(*command).out


def test_only_the_pairs_that_there_is_no_room_for_are_lost(clouds: ProjectFolder) -> None:
    """Of 16 pairs 4 are ours, and a platform may take more."""
    pairs = {f"k{number:02}": "v" for number in range(14)}
    lost = outcomes(checked(clouds, {**ASSISTANT, "metadata": pairs}).json)
    assert {*lost} == {"metadata.k12", "metadata.k13"}
    clouds.use("azure-foundry", "http://127.0.0.1:9/api/projects/acme")
    told = checked(clouds, {**ASSISTANT, "metadata": pairs}, to="cloud").json
    lost = outcomes(told)
    assert {*lost} == {"metadata.k11", "metadata.k12", "metadata.k13"}
    assert "azure-foundry 1, which leaves 11" in lost["metadata.k11"]["note"]
    assert "metadata" in outcomes(told, "carried")
