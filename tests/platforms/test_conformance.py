"""All our platforms through the suite that every platform must pass, each over HTTP with its vendor's SDK."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistctl.local.app import create_app
from assistctl.platforms.base import Connection, Platform
from assistctl.platforms.registry import open_platform
from assistctl.testing.platform_suite import PlatformSuite
from assistctl.testing.scripted_model import ScriptedModel
from support.foundry import PROJECT, Foundry
from support.live_sessions import AnthropicSessions, FoundryConversations, OpenAISessions, with_routes
from support.managed_agents import ManagedAgents
from support.server import RecordingServer, recording_server, serving


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    with recording_server(None) as running:
        yield running


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


class TestOpenAIAgents(PlatformSuite):
    model, other_model = "gpt-5", "gpt-5-mini"
    answers = True

    @pytest.fixture
    def platform(self, tmp_path: Path) -> Iterator[Platform]:
        with serving(with_routes(OpenAISessions().routes(), create_app(None))) as server:
            yield open_platform("openai-agents", Connection("prod", tmp_path, base_url=server.url))


class TestAnthropicAgents(PlatformSuite):
    model, other_model = "claude-opus-5-5", "claude-haiku-5-5"
    answers = True

    @pytest.fixture
    def platform(self, tmp_path: Path) -> Iterator[Platform]:
        with serving(with_routes(AnthropicSessions().routes(), ManagedAgents().app())) as server:
            address = server.url.removesuffix("/v1")
            yield open_platform("anthropic-agents", Connection("prod", tmp_path, base_url=address))


class TestAzureFoundry(PlatformSuite):
    answers = True

    @pytest.fixture(params=[True, False], ids=["fills in", "as it was sent"])
    def platform(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Platform]:
        conversations = FoundryConversations(prefix=f"{PROJECT}/openai/v1")
        with serving(with_routes(conversations.routes(), Foundry(fills_in=request.param).app())) as server:
            address = server.url.removesuffix("/v1") + PROJECT
            yield open_platform("azure-foundry", Connection("prod", tmp_path, base_url=address))
