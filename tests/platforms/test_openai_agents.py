"""The Agents API through the command, over HTTP: what is sent, what has no place, and what is left alone."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from support.projects import ProjectFolder
from support.server import Answer, RecordingServer

HEADERS = {"OpenAI-Beta": "agents=v1"}


@pytest.fixture
def cloud(project: ProjectFolder, server: RecordingServer) -> ProjectFolder:
    """A project whose one target is the embedded server."""
    return project.use("openai-agents", server.url)


def only(server: RecordingServer) -> dict[str, Any]:
    (agent,) = httpx2.get(f"{server.url}/agents", headers=HEADERS).json()["data"]
    found: dict[str, Any] = agent
    return found


def own(**fields: Any) -> dict[str, Any]:
    return {"platforms": {"openai-agents": fields}}


def test_its_own_fields_have_paths_as_in_the_manifest(cloud: ProjectFolder, server: RecordingServer) -> None:
    cloud.manifest("desk", **own(service_tier="flex", tools=[{"type": "web_search"}]))
    assert cloud.run("apply", "--yes").code == 0
    assert {asked.headers["openai-beta"] for asked in server.asked if "/agents" in asked.path} == {"agents=v1"}
    agent = only(server)
    assert (agent["service_tier"], agent["tools"][0]["mode"]) == ("flex", "live")
    httpx2.post(f"{server.url}/agents/{agent['id']}", headers=HEADERS, json={"service_tier": "fast"})
    drifted = cloud.run("drift", "--format", "json")
    assert drifted.code == 2
    (drift,) = drifted.json["drift"]
    assert (drift["path"], drift["observed"], drift["desired"]) == (
        "platforms.openai-agents.service_tier",
        "fast",
        "flex",
    )
    cloud.manifest("desk")
    assert cloud.run("apply", "--yes").code == 0
    agent = only(server)
    assert (agent["service_tier"], agent["tools"]) == ("auto", [])
    assert cloud.run("plan", "--detailed-exitcode").code == 0


def test_what_is_not_declared_is_left_alone(cloud: ProjectFolder, server: RecordingServer) -> None:
    cloud.manifest("desk", response_format="auto", reasoning_effort="low")
    assert cloud.run("apply", "--yes").code == 0
    path = f"{server.url}/agents/{only(server)['id']}"
    theirs = {"text": {"verbosity": "high"}, "reasoning": {"effort": "low", "summary": "auto"}}
    httpx2.post(path, headers=HEADERS, json=theirs)
    assert cloud.run("plan", "--detailed-exitcode").code == 0
    schema = {"type": "json_schema", "json_schema": {"name": "v", "schema": {"type": "object"}}}
    cloud.manifest("desk", response_format=schema, reasoning_effort="high")
    assert cloud.run("apply", "--yes").code == 0
    agent = only(server)
    assert agent["text"] == {"format": {"type": "json_schema", "schema": {"type": "object"}}, "verbosity": "high"}
    assert agent["reasoning"] == {"effort": "high", "summary": "auto"}


@pytest.mark.parametrize(
    ("fields", "path", "words"),
    [
        ({"temperature": 0.2}, "temperature", "openai-agents cannot express temperature"),
        ({"description": "d"}, "description", "openai-agents cannot express description"),
        (
            {"tool_resources": {"file_search": {"vector_store_ids": ["vs_1"]}}},
            "tool_resources.file_search",
            "openai-agents cannot express tool_resources.file_search",
        ),
        (
            {"tools": [{"type": "file_search"}]},
            "tools[file_search]",
            "openai-agents cannot express tools[file_search]",
        ),
        (
            {"response_format": {"type": "json_object"}},
            "response_format",
            "openai-agents cannot express response_format",
        ),
        ({"name": "n" * 129}, "name", "the name has 129 characters, and openai-agents keeps 128"),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]},
            "tools[f].function.description",
            "openai-agents needs tools[f].function.description",
        ),
        (
            own(servicetier="flex"),
            "platforms.openai-agents.servicetier",
            "unknown field 'servicetier' in platforms.openai-agents",
        ),
    ],
)
def test_what_cannot_be_expressed_is_an_error_with_its_place(
    cloud: ProjectFolder, server: RecordingServer, fields: dict[str, Any], path: str, words: str
) -> None:
    cloud.manifest("desk", **fields)
    planned = cloud.run("plan", "--format", "json")
    (error,) = (diagnostic for diagnostic in planned.json["diagnostics"] if diagnostic["severity"] == "error")
    assert error["summary"] == words
    assert error["detail"], f"{path} has no way on"
    assert (error["file"], error["line"]) == ("assistants/desk.yaml", 1)
    assert error["column"] > 1
    assert cloud.run("apply", "--yes").code == 1
    assert server.mutations == []


def test_secrets_in_its_own_tools_are_not_shown(
    cloud: ProjectFolder, server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MCP_URL", "https://hidden.example.com/s3cr3t")
    tool = {
        "type": "mcp",
        "server_label": "orders",
        "transport": {"type": "http", "server_url": "${env:MCP_URL}"},
    }
    cloud.manifest("desk", **own(tools=[tool]))
    shown = [cloud.run("plan"), cloud.run("plan", "--format", "json"), cloud.run("apply", "--yes")]
    assert only(server)["tools"][0]["transport"]["server_url"].endswith("s3cr3t")
    monkeypatch.setenv("MCP_URL", "https://hidden.example.com/0th3r")
    shown += [cloud.run("plan"), cloud.run("plan", "--format", "markdown"), cloud.run("apply", "--yes")]
    text = "".join(outcome.out + outcome.err for outcome in shown)
    assert "(secret)" in text
    assert not {"s3cr3t", "0th3r", "hidden.example.com"} & {word for word in WORDS if word in text}


WORDS = ("s3cr3t", "0th3r", "hidden.example.com")


@pytest.mark.parametrize("after", [True, False])
def test_a_create_whose_answer_is_lost_makes_no_twin(
    cloud: ProjectFolder, server: RecordingServer, after: bool
) -> None:
    cloud.manifest("desk")
    server.fault = lambda asked: Answer(500, after=after) if asked.method == "POST" else None
    assert cloud.run("apply", "--yes").code == (0 if after else 1)
    server.fault = lambda _: None
    assert cloud.run("apply", "--yes").code == 0
    assert only(server)["name"] == "desk"
