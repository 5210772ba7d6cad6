"""A rollback brings back what only one platform has: its fields, its tools, and rosters."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from assistctl.platforms.base import Connection
from assistctl.platforms.registry import open_platform
from support.managed_agents import ManagedAgents
from support.mistral_agents import MistralAgents
from support.projects import ProjectFolder
from support.server import RecordingServer, recording_server, serving

OPENAI, ANTHROPIC, MISTRAL = "openai-agents", "anthropic-agents", "mistral-agents"
MODELS = {OPENAI: "gpt-5", ANTHROPIC: "claude-opus-5-5", MISTRAL: "mistral-medium-latest"}
FUNCTION = {"type": "function", "function": {"name": "ping", "description": "Ping.", "parameters": {}}}

Object = dict[str, Any]


@pytest.fixture(params=MODELS)
def platform(request: pytest.FixtureRequest) -> str:
    """The platform to be on."""
    return str(request.param)


@pytest.fixture
def server(platform: str) -> Iterator[RecordingServer]:
    if platform == OPENAI:
        running = recording_server(None)
    else:
        running = serving((MistralAgents() if platform == MISTRAL else ManagedAgents()).app())
    with running as server:
        yield server


@pytest.fixture
def cloud(project: ProjectFolder, server: RecordingServer, platform: str) -> ProjectFolder:
    """A project whose one target is that platform."""
    address = server.url if platform == OPENAI else server.url.removesuffix("/v1")
    target = f"platform: {platform}, base_url: '{address}', api_key: test-key"
    project.write("assistctl.yaml", f"project: acme\ndefault_target: it\ntargets:\n  it: {{{target}}}\n")
    return project


OWN: dict[str, tuple[Object, Object]] = {
    OPENAI: (
        {"service_tier": "flex", "verbosity": "low", "tools": [{"type": "web_search", "context_size": "low"}]},
        {"service_tier": "default", "experimental": {"time_awareness": True}},
    ),
    ANTHROPIC: (
        {
            "speed": "fast",
            "mcp_servers": [{"type": "url", "name": "orders", "url": "https://mcp.example.com"}],
            "tools": [{"type": "mcp_toolset", "mcp_server_name": "orders"}],
        },
        {"multiagent": {"type": "coordinator", "agents": [{"type": "self"}]}},
    ),
    MISTRAL: (
        {"max_tokens": 500, "stop": ["END"], "tools": [{"type": "web_search"}]},
        {"tool_choice": "any", "guardrails": [{"block_on_error": True}]},
    ),
}


def declare(project: ProjectFolder, platform: str, own: Object, **fields: Any) -> None:
    """The manifest of the one assistant."""
    project.manifest("desk", model=MODELS[platform], platforms={platform: own}, **fields)


def there(project: ProjectFolder, platform: str, server: RecordingServer) -> Object:
    """The fields of the one assistant."""

    async def listed() -> Object:
        address = server.url if platform == OPENAI else server.url.removesuffix("/v1")
        connection = Connection("it", project.path, base_url=address, api_key="test-key")
        async with open_platform(platform, connection) as connected:
            (observed,) = await connected.list_assistants()
            return dict(observed.fields)

    return asyncio.run(listed())


@pytest.mark.parametrize("first", [0, 1])
def test_it_is_as_it_was(cloud: ProjectFolder, platform: str, server: RecordingServer, first: int) -> None:
    declare(cloud, platform, OWN[platform][first], tools=[FUNCTION], instructions="Before.")
    assert cloud.run("apply", "--yes").code == 0
    before = there(cloud, platform, server)
    declare(cloud, platform, OWN[platform][1 - first], instructions="After.")
    assert cloud.run("apply", "--yes").code == 0
    assert there(cloud, platform, server) != before
    last = cloud.run("history", "--format", "json").json["applies"][0]["id"]
    back = cloud.run("rollback", last, "--yes")
    assert back.code == 0, back.out + back.err
    assert there(cloud, platform, server) == before
    # What the platform had filled in is no part of what a rollback applies.
    declare(cloud, platform, OWN[platform][first], tools=[FUNCTION], instructions="Before.")
    planned = cloud.run("plan", "--detailed-exitcode", "--format", "json")
    assert (planned.code, planned.json["changes"]) == (0, [])
