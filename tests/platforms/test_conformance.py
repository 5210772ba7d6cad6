"""All our platforms through the suite that every platform must pass, each over HTTP with its vendor's SDK."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from assistctl.json_value import Json
from assistctl.local.app import create_app
from assistctl.platforms.base import Connection, Platform
from assistctl.platforms.registry import open_platform
from assistctl.testing.platform_suite import PlatformSuite
from assistctl.testing.scripted_model import ScriptedModel
from assistctl.testing.suite.base import BreakNext, PutTool
from assistctl.testing.suite.fields import ConvergenceTests, FieldTests
from assistctl.testing.suite.listing import ListingTests
from assistctl.testing.suite.metadata import MetadataTests
from assistctl.testing.suite.outcomes import VersionTests
from support.foundry import PROJECT, Foundry, selector
from support.live_sessions import AnthropicSessions, FoundryConversations, OpenAISessions, with_routes
from support.managed_agents import ManagedAgents
from support.managed_files import Files
from support.mistral_agents import MistralAgents
from support.mistral_conversations import MistralConversations
from support.sdk_requests import sdk_requests
from support.sdk_shapes import misfits_in_body
from support.server import Answer, Asked, RecordingServer, serving
from support.unknown_tools import WithUnknownTools

ONE_OR_ALL = r"/v1/(assistants|agents)(/(?!sessions|environments)[^/]+)?"
JSON_NOW = ((b"content-type", b"application/json"), (b"retry-after", b"0"))


SESSIONS = [route for route in AnthropicSessions().routes() if not route.path.startswith("/v1/files")]


class OverHttp(PlatformSuite):
    """Where a server cuts lists into pages: into small ones, so that a few objects are more than one."""

    page_size = 4


class OfAssistants(FieldTests, MetadataTests, VersionTests, ConvergenceTests):
    """Where a server answers assistants in another way, and all else as one that passes the whole suite.

    Which of them are listed has nothing to do with how each is answered, but for tools that nobody knows.
    """

    page_size = OverHttp.page_size
    test_a_tool_that_nobody_knows_is_kept_as_it_is = ListingTests.test_a_tool_that_nobody_knows_is_kept_as_it_is


@contextmanager
def serving_small_pages(app: ASGIApp) -> Iterator[RecordingServer]:
    """Serve an app; a page as large as it may be, for which clients ask, is of ``OverHttp.page_size`` objects."""
    small = rb"\g<1>=%d" % OverHttp.page_size

    async def cut(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["query_string"] = re.sub(rb"\b(limit|page_size)=100\b", small, scope["query_string"])
        await app(scope, receive, send)

    with serving(cut) as running:
        yield running


def breaking(server: RecordingServer) -> BreakNext:
    """Faults of a server, one at a time."""

    def break_next(status: int, done: bool) -> None:
        waiting = [Answer(status, b"{}", after=done, headers=JSON_NOW)]

        def fault(asked: Asked) -> Answer | None:
            return waiting.pop() if asked.method == "POST" and waiting else None

        server.fault = fault

    return break_next


def held_against_types(server: RecordingServer, platform: str) -> Iterator[RecordingServer]:
    """``server``; in the end, what was sent to make and change assistants is held against the SDK's own types."""
    yield server
    (request,) = (
        sdk_request
        for sdk_request in sdk_requests()
        if sdk_request.platform == platform and sdk_request.translation and sdk_request.create
    )
    for asked in server.asked:
        if asked.method == "POST" and isinstance(asked.body, dict) and re.fullmatch(ONE_OR_ALL, asked.path):
            makes = asked.path.endswith(("/assistants", "/agents"))
            kinds = request.create if makes else request.update or {}
            assert misfits_in_body(asked.body, kinds) == [], asked.path


class TestLocal(PlatformSuite):
    answers = True

    @pytest.fixture
    def platform(self, tmp_path: Path) -> Iterator[Platform]:
        with ScriptedModel() as model:
            model.on(None, "Hello.")
            environment = {"ASSISTCTL_MODEL_URL": model.url}
            yield open_platform("local", Connection("local", tmp_path, environment))


class TestOpenAIAssistants(OverHttp):
    @pytest.fixture
    def app(self, tmp_path: Path) -> WithUnknownTools:
        return WithUnknownTools(create_app(tmp_path / "server.db"))

    @pytest.fixture
    def server(self, app: WithUnknownTools) -> Iterator[RecordingServer]:
        with serving_small_pages(app) as running:
            yield from held_against_types(running, "openai-assistants")

    @pytest.fixture
    def platform(self, tmp_path: Path, server: RecordingServer) -> Platform:
        return open_platform("openai-assistants", Connection("prod", tmp_path, base_url=server.url))

    @pytest.fixture
    def put_tool(self, app: WithUnknownTools) -> PutTool:
        return app.put

    @pytest.fixture
    def break_next(self, server: RecordingServer) -> BreakNext:
        return breaking(server)


class TestOpenAIAgents(OverHttp):
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
    def app(self, tmp_path: Path) -> WithUnknownTools:
        return WithUnknownTools(with_routes(OpenAISessions().routes(), create_app(tmp_path / "server.db")))

    @pytest.fixture
    def agents(self, app: WithUnknownTools, request: pytest.FixtureRequest) -> Iterator[RecordingServer]:
        with serving_small_pages(app) as running:
            if "kept_or_refused" in request.node.name:  # that sends what the API has no type for
                yield running
            else:
                yield from held_against_types(running, "openai-agents")

    @pytest.fixture
    def platform(self, tmp_path: Path, agents: RecordingServer) -> Platform:
        return open_platform("openai-agents", Connection("prod", tmp_path, base_url=agents.url))

    @pytest.fixture
    def put_tool(self, app: WithUnknownTools) -> PutTool:
        return app.put

    @pytest.fixture
    def break_next(self, agents: RecordingServer) -> BreakNext:
        return breaking(agents)


class TestAnthropicAgents(OverHttp):
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
    def app(self) -> WithUnknownTools:
        return WithUnknownTools(with_routes(SESSIONS, ManagedAgents().app(*Files().routes())))

    @pytest.fixture
    def agents(self, app: WithUnknownTools) -> Iterator[RecordingServer]:
        with serving_small_pages(app) as server:
            yield server

    @pytest.fixture
    def platform(self, tmp_path: Path, agents: RecordingServer) -> Platform:
        address = agents.url.removesuffix("/v1")
        return open_platform("anthropic-agents", Connection("prod", tmp_path, base_url=address))

    @pytest.fixture
    def put_tool(self, app: WithUnknownTools) -> PutTool:
        return app.put

    @pytest.fixture
    def break_next(self, agents: RecordingServer) -> BreakNext:
        return breaking(agents)


class FoundryProject:
    """``fills_in`` as the server does: nobody knows of the real one whether it does."""

    fills_in: ClassVar[bool]
    own_samples: ClassVar[tuple[Mapping[str, Json], ...]] = (
        {"tool_choice": "required", "reasoning_summary": "concise", "tools": [{"type": "web_search"}]},
        {"reasoning_mode": "pro", "reasoning_context": "all_turns"},
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

    @pytest.fixture
    def app(self, tmp_path: Path) -> WithUnknownTools:
        conversations = FoundryConversations(prefix=f"{PROJECT}/openai/v1")
        project = Foundry(fills_in=self.fills_in, shelf=tmp_path / "files.db")
        return WithUnknownTools(with_routes(conversations.routes(), project.app()))

    @pytest.fixture
    def foundry(self, app: WithUnknownTools) -> Iterator[RecordingServer]:
        with serving_small_pages(app) as server:
            yield server

    @pytest.fixture
    def platform(self, tmp_path: Path, foundry: RecordingServer) -> Platform:
        address = foundry.url.removesuffix("/v1") + PROJECT
        return open_platform("azure-foundry", Connection("prod", tmp_path, base_url=address))

    @pytest.fixture
    def put_tool(self, app: WithUnknownTools) -> PutTool:
        return app.put

    @pytest.fixture
    def break_next(self, foundry: RecordingServer) -> BreakNext:
        return breaking(foundry)


class TestAzureFoundry(FoundryProject, OverHttp):
    fills_in = True
    answers = True


class TestAzureFoundryAsItWasSent(FoundryProject, OfAssistants):
    fills_in = False


class MistralAccount:
    """``fills_in`` and ``merges`` as the server does: nobody knows of the real one whether it does either."""

    fills_in: ClassVar[bool]
    merges: ClassVar[bool]
    model: ClassVar[str] = "mistral-medium-latest"
    other_model: ClassVar[str] = "mistral-small-latest"
    own_samples: ClassVar[tuple[Mapping[str, Json], ...]] = (
        {"max_tokens": 500, "random_seed": 7, "stop": ["END"], "tool_choice": "any"},
        {"presence_penalty": 0.5, "frequency_penalty": -0.5, "prediction": {"type": "content", "content": "Yes."}},
        {"guardrails": [{"block_on_error": True, "moderation_llm_v2": {"action": "block"}}]},
        {"handoffs": ["ag_000000000000000000000000"], "tools": [{"type": "web_search"}]},
        {"aliases": ["production", "demo-1"]},
    )

    @pytest.fixture
    def agents(self) -> Iterator[RecordingServer]:
        agents = MistralAgents(fills_in=self.fills_in, merges=self.merges, knows_everybody=True)
        with serving_small_pages(with_routes(MistralConversations().routes(), agents.app())) as server:
            yield server

    @pytest.fixture
    def platform(self, tmp_path: Path, agents: RecordingServer) -> Platform:
        address = agents.url.removesuffix("/v1")
        return open_platform("mistral-agents", Connection("prod", tmp_path, base_url=address))

    @pytest.fixture
    def break_next(self, agents: RecordingServer) -> BreakNext:
        return breaking(agents)


class TestMistralAgents(MistralAccount, OverHttp):
    fills_in, merges = True, False
    answers = True


class TestMistralAgentsBareAndMerging(MistralAccount, OfAssistants):
    fills_in, merges = False, True
