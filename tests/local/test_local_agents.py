"""Agents through the SDK over HTTP: defaults that are resolved, updates, deletes, lists, and what is refused."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI, BaseModel

from support.server import RecordingServer, recording_server

pytestmark = pytest.mark.anyio

PARAMETERS = {"type": "object", "properties": {"id": {"type": "string"}}}
FUNCTION = {"type": "function", "name": "order_status", "description": "Where it is", "parameters": PARAMETERS}
HTTP = {"type": "http", "server_url": "https://mcp.example.com"}
STDIO = {"type": "stdio", "command": "mcp", "cwd": "/workspace"}
MCP = {"type": "mcp", "server_label": "orders"}
MCP_DEFAULTS: dict[str, object] = {
    "allowed_tools": None,
    "connection_origin": "service",
    "credential_id": None,
    "request_metadata": {},
    "required": False,
}


@pytest.fixture(scope="module")
def server() -> Iterator[RecordingServer]:
    """The embedded platform over HTTP, in memory, for all tests of this file."""
    with recording_server(None) as running:
        yield running


@pytest.fixture
async def sdk(server: RecordingServer) -> AsyncIterator[AsyncOpenAI]:
    """The SDK against the server, with every answer held against the SDK's own types."""
    async with AsyncOpenAI(base_url=server.url, api_key="any", _strict_response_validation=True) as client:
        yield client


@pytest.fixture
async def http(server: RecordingServer) -> AsyncIterator[httpx2.AsyncClient]:
    """Plain HTTP, for what no SDK would send."""
    headers = {"OpenAI-Beta": "agents=v1"}
    async with httpx2.AsyncClient(base_url=server.url, headers=headers) as client:
        yield client


def unknown_to_the_sdk(value: object) -> list[str]:
    """The names in an answer that its types do not have."""
    if isinstance(value, BaseModel):
        inside = [getattr(value, name) for name in type(value).model_fields]
        return [*(value.model_extra or {}), *(name for part in inside for name in unknown_to_the_sdk(part))]
    return [name for item in value for name in unknown_to_the_sdk(item)] if isinstance(value, list) else []


async def created(http: httpx2.AsyncClient, **fields: object) -> dict[str, Any]:
    response = await http.post("/agents", json={"model": "gpt-5", **fields})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def test_only_a_model_is_needed_and_all_defaults_are_answered(http: httpx2.AsyncClient) -> None:
    before = int(time.time())
    answer = await created(http)
    assert re.fullmatch(r"agent_[0-9a-zA-Z]{24}", answer.pop("id"))
    assert before <= answer.pop("created_at") <= answer.pop("updated_at") <= time.time()
    assert answer == {
        "object": "agent",
        "name": None,
        "model": "gpt-5",
        "instructions": None,
        "metadata": {},
        "tools": [],
        "reasoning": {"effort": "medium", "summary": None},
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "service_tier": "auto",
        "multi_agent": {"enabled": False, "max_concurrent_subagents": None},
        "compaction": {"async": False},
        "experimental": {"time_awareness": False},
    }


async def test_the_sdk_creates_updates_retrieves_and_deletes(sdk: AsyncOpenAI) -> None:
    agents = sdk.beta.agents
    agent = await agents.create(
        model="gpt-5",
        name="Order desk",
        instructions="Be brief.",
        metadata={"team": "support"},
        tools=[
            {"type": "function", "name": "f", "description": "d", "parameters": {}},
            {"type": "web_search", "location": {"city": "Bern"}},
            {"type": "mcp", "server_label": "a", "transport": {"type": "http", "server_url": "https://a.example"}},
            {
                "type": "mcp",
                "server_label": "b",
                "transport": {"type": "stdio", "command": "b", "cwd": "/workspace", "args": ["-v"]},
            },
            {"type": "computer_use"},
            {"type": "programmatic_tool_calling"},
            {"type": "tool_search"},
            {"type": "automations"},
        ],
        reasoning={"effort": "low"},
        text={"format": {"type": "json_schema", "schema": {"type": "object"}}},
        multi_agent={"enabled": True},
        experimental={"time_awareness": True},
    )
    assert unknown_to_the_sdk(agent) == []
    assert await agents.retrieve(agent.id) == agent
    changed = await agents.update(agent.id, name=None, tools=None, metadata={"a": "b"}, service_tier="flex")
    assert (changed.name, changed.tools, changed.metadata) == (None, [], {"a": "b"})
    assert changed.instructions == "Be brief."
    assert changed.reasoning.effort == "low"
    deleted = await agents.delete(agent.id)
    assert (deleted.id, deleted.object, deleted.deleted) == (agent.id, "agent.deleted", True)
    for request in (agents.retrieve(agent.id), agents.delete(agent.id), agents.update(agent.id, name="gone")):
        with pytest.raises(openai.NotFoundError, match=f"No agent found with id '{agent.id}'."):
            await request


@pytest.mark.parametrize(
    ("field", "sent", "answered"),
    [
        ("tools", [FUNCTION], [{**FUNCTION, "defer_loading": False}]),
        ("tools", [{**FUNCTION, "defer_loading": True}], [{**FUNCTION, "defer_loading": True}]),
        ("tools", None, []),
        (
            "tools",
            [{**MCP, "transport": HTTP, "allowed_tools": None}],
            [{**MCP, **MCP_DEFAULTS, "transport": {**HTTP, "headers": {}}}],
        ),
        (
            "tools",
            [{**MCP, "transport": STDIO, "required": True}],
            [{**MCP, **MCP_DEFAULTS, "transport": {**STDIO, "args": [], "env_vars": []}, "required": True}],
        ),
        (
            "tools",
            [{"type": "web_search", "mode": "cached", "location": {"country": "CH"}}],
            [
                {
                    "type": "web_search",
                    "mode": "cached",
                    "context_size": "medium",
                    "allowed_domains": None,
                    "location": {"city": None, "country": "CH", "region": None, "timezone": None},
                }
            ],
        ),
        ("reasoning", {"summary": "auto"}, {"effort": "medium", "summary": "auto"}),
        ("text", {"verbosity": "low"}, {"format": {"type": "text"}, "verbosity": "low"}),
        ("text", None, {"format": {"type": "text"}, "verbosity": "medium"}),
        ("multi_agent", {"enabled": True}, {"enabled": True, "max_concurrent_subagents": 6}),
        (
            "multi_agent",
            {"enabled": False, "max_concurrent_subagents": 3},
            {"enabled": False, "max_concurrent_subagents": None},
        ),
        ("compaction", {"async": None}, {"async": False}),
        ("service_tier", None, "auto"),
        ("metadata", None, {}),
        ("name", "n" * 128, "n" * 128),
    ],
)
async def test_what_is_sent_is_answered_resolved(
    http: httpx2.AsyncClient, field: str, sent: object, answered: object
) -> None:
    assert (await created(http, **{field: sent}))[field] == answered


async def test_an_effort_nobody_chose_follows_the_model(http: httpx2.AsyncClient) -> None:
    agent = await created(http, model="gpt-4.1")
    assert agent["reasoning"]["effort"] is None
    changed = (await http.post(f"/agents/{agent['id']}", json={"model": "gpt-5"})).json()
    assert changed["reasoning"]["effort"] == "medium"


@pytest.mark.parametrize(
    ("first", "second", "field", "answered"),
    [
        ({"metadata": {"a": "1", "b": "2"}}, {"metadata": {"c": "3"}}, "metadata", {"c": "3"}),
        ({"metadata": {"a": "1"}}, {"metadata": None}, "metadata", {}),
        ({"metadata": {"a": "1"}}, {"name": "x"}, "metadata", {"a": "1"}),
        ({"name": "x"}, {"name": None}, "name", None),
        ({"instructions": "x"}, {"instructions": None}, "instructions", None),
        ({"tools": [FUNCTION]}, {"tools": None}, "tools", []),
        (
            {"reasoning": {"effort": "high"}},
            {"reasoning": None},
            "reasoning",
            {"effort": "medium", "summary": None},
        ),
        ({"compaction": {"async": True}}, {"compaction": {}}, "compaction", {"async": False}),
        (
            {"experimental": {"time_awareness": True}},
            {"experimental": {}},
            "experimental",
            {"time_awareness": True},
        ),
        ({"service_tier": "flex"}, {"service_tier": None}, "service_tier", "auto"),
    ],
)
async def test_updates(
    http: httpx2.AsyncClient, first: dict[str, Any], second: dict[str, Any], field: str, answered: object
) -> None:
    agent = await created(http, **first)
    changed = await http.post(f"/agents/{agent['id']}", json=second)
    assert changed.status_code == 200, changed.text
    assert changed.json()[field] == answered
    assert changed.json()["updated_at"] >= agent["updated_at"]


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"model": None}, "model", "invalid_type"),
        ({"model": ""}, "model", "empty_string"),
        ({"name": "n" * 129}, "name", "string_above_max_length"),
        ({"instructions": "i" * 1_048_577}, "instructions", "string_above_max_length"),
        ({"temperature": 1}, "temperature", "unknown_parameter"),
        ({"description": "d"}, "description", "unknown_parameter"),
        ({"metadata": {f"k{n}": "v" for n in range(17)}}, "metadata", "object_above_max_properties"),
        ({"metadata": {"k": 1}}, "metadata.k", "invalid_type"),
        (
            {"tools": [{"type": "function", "name": "f", "parameters": {}}]},
            "tools[0].description",
            "missing_required_parameter",
        ),
        (
            {"tools": [{"type": "function", "name": "f", "description": "d"}]},
            "tools[0].parameters",
            "missing_required_parameter",
        ),
        ({"tools": [{**FUNCTION, "strict": True}]}, "tools[0].strict", "unknown_parameter"),
        ({"tools": [{"type": "file_search"}]}, "tools[0].type", "invalid_value"),
        ({"tools": [{**MCP, "transport": {"type": "http"}}]}, "tools[0].transport.server_url", None),
        ({"tools": [{**FUNCTION, "description": "d" * 3_145_728}]}, "tools", "array_above_max_size"),
        ({"reasoning": {"effort": "huge"}}, "reasoning.effort", "invalid_value"),
        ({"text": {"format": {"type": "json_object"}}}, "text.format.type", "invalid_value"),
        ({"multi_agent": {}}, "multi_agent.enabled", "missing_required_parameter"),
        ({"experimental": None}, "experimental", "invalid_type"),
        ({"service_tier": "first"}, "service_tier", "invalid_value"),
    ],
)
async def test_what_is_refused(
    http: httpx2.AsyncClient, fields: dict[str, Any], param: str, code: str | None
) -> None:
    agent = await created(http)
    for path, body in (("/agents", {"model": "gpt-5", **fields}), (f"/agents/{agent['id']}", fields)):
        response = await http.post(path, json=body)
        assert response.status_code == 400
        error = response.json()["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert (error["type"], error["param"]) == ("invalid_request_error", param)
        assert code in (None, error["code"])
    assert (await http.get(f"/agents/{agent['id']}")).json() == agent


async def test_a_model_is_required(http: httpx2.AsyncClient) -> None:
    response = await http.post("/agents", json={})
    assert response.json()["error"]["code"] == "missing_required_parameter"


@pytest.mark.parametrize("path", ["/agents", "/agents/agent_x", "/agents/environments/templates"])
@pytest.mark.parametrize("beta", [None, "assistants=v2", "agents=v2"])
async def test_the_header_is_required(server: RecordingServer, path: str, beta: str | None) -> None:
    async with httpx2.AsyncClient(base_url=server.url) as client:
        response = await client.get(path, headers={"OpenAI-Beta": beta} if beta else {})
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_beta"
    assert "agents=v1" in response.json()["error"]["message"]


async def test_the_sdk_pages(sdk: AsyncOpenAI, http: httpx2.AsyncClient) -> None:
    for agent in (await http.get("/agents?limit=100")).json()["data"]:
        await http.delete(f"/agents/{agent['id']}")
    ids = [(await created(http, name=str(number)))["id"] for number in range(25)]
    assert [agent.id async for agent in sdk.beta.agents.list()] == ids[::-1]
    assert [agent.id async for agent in sdk.beta.agents.list(order="asc", limit=7)] == ids
    page = await sdk.beta.agents.list(after=ids[20], order="asc", limit=3)
    assert ([agent.id for agent in page.data], page.has_more) == (ids[21:24], True)
    for query in ("limit=0", "limit=101", "order=up", "limit=x"):
        assert (await http.get(f"/agents?{query}")).status_code == 400


async def test_agents_and_assistants_do_not_meet(sdk: AsyncOpenAI, http: httpx2.AsyncClient) -> None:
    agent = await created(http)
    with pytest.warns(DeprecationWarning, match="deprecated"), pytest.raises(openai.NotFoundError):
        await sdk.beta.assistants.retrieve(agent["id"])
