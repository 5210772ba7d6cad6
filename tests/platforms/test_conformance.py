"""All our platforms through the suite that every platform must pass, each over HTTP with its vendor's SDK."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistctl.local.app import create_app
from assistctl.platforms.base import Connection, Platform
from assistctl.platforms.registry import open_platform
from assistctl.testing.platform_suite import BreakNext, PlatformSuite
from assistctl.testing.scripted_model import ScriptedModel
from support.foundry import PROJECT, Foundry, selector
from support.live_sessions import AnthropicSessions, FoundryConversations, OpenAISessions, with_routes
from support.managed_agents import ManagedAgents
from support.server import Answer, Asked, RecordingServer, recording_server, serving

JSON_NOW = ((b"content-type", b"application/json"), (b"retry-after", b"0"))


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    with recording_server(None) as running:
        yield running


def breaking(server: RecordingServer) -> BreakNext:
    """Faults of a server, one at a time."""

    def break_next(status: int, done: bool) -> None:
        waiting = [Answer(status, b"{}", after=done, headers=JSON_NOW)]

        def fault(asked: Asked) -> Answer | None:
            return waiting.pop() if asked.method == "POST" and waiting else None

        server.fault = fault

    return break_next


class TestLocal(PlatformSuite):
    answers = True

    @pytest.fixture
    def platform(self, tmp_path: Path) -> Iterator[Platform]:
        with ScriptedModel() as model:
            model.on(None, "Hello.")
            environment = {"ASSISTCTL_MODEL_URL": model.url}
            yield open_platform("local", Connection("local", tmp_path, environment))


class TestOpenAIAssistants(PlatformSuite):
    @pytest.fixture
    def platform(self, tmp_path: Path, server: RecordingServer) -> Platform:
        return open_platform("openai-assistants", Connection("prod", tmp_path, base_url=server.url))

    @pytest.fixture
    def break_next(self, server: RecordingServer) -> BreakNext:
        return breaking(server)


class TestOpenAIAgents(PlatformSuite):
    model, other_model = "gpt-5", "gpt-5-mini"
    answers = True
    own_samples = (
        {"service_tier": "flex", "verbosity": "low", "reasoning_summary": "concise"},
        {
            "multi_agent": {"enabled": True},
            "compaction": {"async": True},
            "experimental": {"time_awareness": True},
        },
        {"tools": [{"type": "web_search", "context_size": "low"}]},
    )

    @pytest.fixture
    def agents(self) -> Iterator[RecordingServer]:
        with serving(with_routes(OpenAISessions().routes(), create_app(None))) as server:
            yield server

    @pytest.fixture
    def platform(self, tmp_path: Path, agents: RecordingServer) -> Platform:
        return open_platform("openai-agents", Connection("prod", tmp_path, base_url=agents.url))

    @pytest.fixture
    def break_next(self, agents: RecordingServer) -> BreakNext:
        return breaking(agents)


class TestAnthropicAgents(PlatformSuite):
    model, other_model = "claude-opus-5-5", "claude-haiku-5-5"
    answers = True
    own_samples = (
        {"speed": "fast", "inference_geo": "us"},
        {
            "mcp_servers": [{"type": "url", "name": "orders", "url": "https://mcp.example.com"}],
            "tools": [{"type": "mcp_toolset", "mcp_server_name": "orders"}],
        },
        {"skills": [{"type": "anthropic", "skill_id": "xlsx"}]},
        {"multiagent": {"type": "coordinator", "agents": [{"type": "advisor", "model": "claude-opus-5-5"}]}},
        {"execution_identity": {"type": "aws_role", "role_arn": "arn:aws:iam::123456789012:role/desk"}},
    )

    @pytest.fixture
    def agents(self) -> Iterator[RecordingServer]:
        with serving(with_routes(AnthropicSessions().routes(), ManagedAgents().app())) as server:
            yield server

    @pytest.fixture
    def platform(self, tmp_path: Path, agents: RecordingServer) -> Platform:
        address = agents.url.removesuffix("/v1")
        return open_platform("anthropic-agents", Connection("prod", tmp_path, base_url=address))

    @pytest.fixture
    def break_next(self, agents: RecordingServer) -> BreakNext:
        return breaking(agents)


class TestAzureFoundry(PlatformSuite):
    answers = True
    own_samples = (
        {"tool_choice": "required", "reasoning_summary": "concise", "tools": [{"type": "web_search"}]},
        {"structured_inputs": {"shop": {"description": "Which shop", "default_value": "main"}}},
        {
            "rai_config": {"rai_policy_name": "strict"},
            "skills": [{"name": "search", "version": "1"}],
            "harness": {"type": "microsoft_copilot_preview"},
        },
        {
            "state": "disabled",
            "agent_endpoint": {"version_selector": selector(latest=100)},
            "agent_card": {"version": "1", "skills": [{"id": "s", "name": "S"}]},
        },
    )

    @pytest.fixture(params=[True, False], ids=["fills in", "as it was sent"])
    def foundry(self, request: pytest.FixtureRequest) -> Iterator[RecordingServer]:
        conversations = FoundryConversations(prefix=f"{PROJECT}/openai/v1")
        app = with_routes(conversations.routes(), Foundry(fills_in=request.param).app())
        with serving(app) as server:
            yield server

    @pytest.fixture
    def platform(self, tmp_path: Path, foundry: RecordingServer) -> Platform:
        address = foundry.url.removesuffix("/v1") + PROJECT
        return open_platform("azure-foundry", Connection("prod", tmp_path, base_url=address))

    @pytest.fixture
    def break_next(self, foundry: RecordingServer) -> BreakNext:
        return breaking(foundry)
