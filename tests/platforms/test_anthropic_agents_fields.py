"""The managed agents API's fields: there and back, and what has no place there."""

from __future__ import annotations

from typing import Any

import pytest

from assistctl.errors import PlatformError
from assistctl.model.capabilities import Level
from assistctl.platforms.anthropic.agent_findings import findings
from assistctl.platforms.anthropic.agent_wire import NAME, from_wire, to_wire
from assistctl.platforms.anthropic.agents_fields import CAPABILITIES, to_platform

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"id": {"type": "string"}}}
FUNCTION: dict[str, Any] = {"name": "f", "description": "d", "parameters": SCHEMA}
CUSTOM: dict[str, Any] = {"type": "custom", "name": "f", "description": "d", "input_schema": SCHEMA}
TOOLSET: dict[str, Any] = {"type": "agent_toolset_20260401"}
SERVER: dict[str, Any] = {"type": "url", "name": "orders", "url": "https://mcp.example.com"}
MCP: dict[str, Any] = {"type": "mcp_toolset", "mcp_server_name": "orders"}


def own(**fields: Any) -> dict[str, Any]:
    return {"platforms": {NAME: fields}}


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        (
            {"name": "n", "description": None, "instructions": "i"},
            {"name": "n", "description": None, "system": "i"},
        ),
        ({"instructions": None}, {"system": None}),
        ({"model": "m"}, {"model": {"id": "m"}}),
        ({"model": "m", "reasoning_effort": "low"}, {"model": {"id": "m", "effort": "low"}}),
        ({"model": "m", "reasoning_effort": None}, {"model": {"id": "m", "effort": None}}),
        (
            {"model": "m", **own(speed="fast", inference_geo=None)},
            {"model": {"id": "m", "speed": "fast"}},
        ),
        ({"tools": [{"type": "function", "function": FUNCTION}, TOOLSET]}, {"tools": [CUSTOM, TOOLSET]}),
        (
            {"tools": [{"type": "function", "function": {**FUNCTION, "parameters": {}}}]},
            {"tools": [{**CUSTOM, "input_schema": {"type": "object"}}]},
        ),
        ({"tools": []}, {"tools": []}),
        (own(mcp_servers=[SERVER], skills=None), {"mcp_servers": [SERVER], "skills": []}),
        (own(multiagent=None, execution_identity=None), {"multiagent": None, "execution_identity": None}),
        ({"response_format": "auto"}, {}),
        ({"response_format": {"type": "text"}}, {}),
        ({"temperature": None, "top_p": None, "tool_resources": None}, {}),
    ],
)
def test_what_is_sent(fields: dict[str, Any], body: dict[str, Any]) -> None:
    assert to_wire(fields) == body


@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": 0.5},
        {"tool_resources": {"file_search": {"vector_store_ids": ["vs_1"]}}},
        {"response_format": {"type": "json_object"}},
        {"reasoning_effort": "low"},
        own(speed="fast"),
    ],
)
def test_nothing_is_dropped_in_silence(fields: dict[str, Any]) -> None:
    with pytest.raises(PlatformError):
        to_wire(fields)


def test_an_answer_in_the_assistants_apis_shapes() -> None:
    answer: dict[str, Any] = {
        "id": "agent_1",
        "name": "n",
        "description": None,
        "system": "s",
        "model": {"id": "m", "effort": {"type": "high"}, "speed": "standard", "inference_geo": None},
        "tools": [CUSTOM, {**CUSTOM, "input_schema": {"type": "object", "properties": None}}, TOOLSET],
        "mcp_servers": [],
        "skills": [],
        "multiagent": None,
        "version": 3,
    }
    empty = {**FUNCTION, "parameters": {"type": "object", "properties": {}}}
    assert from_wire(answer) == {
        "name": "n",
        "description": None,
        "instructions": "s",
        "model": "m",
        "reasoning_effort": "high",
        "tools": [{"type": "function", "function": FUNCTION}, {"type": "function", "function": empty}, TOOLSET],
        "platforms": {
            NAME: {"mcp_servers": [], "skills": [], "multiagent": None, "speed": "standard", "inference_geo": None}
        },
    }


def test_parameters_are_objects() -> None:
    properties = {"id": {"type": "string"}}
    tool: dict[str, Any] = {"type": "function", "function": {**FUNCTION, "parameters": {"properties": properties}}}
    kept: dict[str, Any] = {"type": "function", "function": FUNCTION}
    assert to_platform({"tools": [tool, {"type": "function", "function": {**FUNCTION, "strict": True}}]}) == {
        "tools": [kept, kept]
    }
    assert to_platform({"model": "m"}) == {"model": "m"}


@pytest.mark.parametrize(
    ("fields", "own_fields", "path", "level"),
    [
        ({"name": None}, {}, "name", Level.UNSUPPORTED),
        ({"reasoning_effort": "minimal"}, {}, "reasoning_effort", Level.UNSUPPORTED),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]},
            {},
            "tools[0].function.description",
            Level.UNSUPPORTED,
        ),
        (
            {"tools": [{"type": "function", "function": {**FUNCTION, "parameters": {"type": "string"}}}]},
            {},
            "tools[0].function.parameters.type",
            Level.UNSUPPORTED,
        ),
        (
            {"tools": [{"type": "function", "function": {**FUNCTION, "strict": True}}]},
            {},
            "tools[0].function.strict",
            Level.MAPPED,
        ),
        ({}, {"mcp_servers": [SERVER]}, f"platforms.{NAME}.mcp_servers[0]", Level.UNSUPPORTED),
        ({}, {"tools": [TOOLSET, MCP]}, f"platforms.{NAME}.tools[1]", Level.UNSUPPORTED),
        (
            {},
            {"multiagent": {"type": "coordinator", "agents": ["agent_2"]}},
            f"platforms.{NAME}.multiagent.agents[0]",
            Level.UNSUPPORTED,
        ),
        ({}, {"tools": {}}, f"platforms.{NAME}.tools", Level.UNSUPPORTED),
    ],
)
def test_findings(fields: dict[str, Any], own_fields: dict[str, Any], path: str, level: Level) -> None:
    (finding,) = findings({"name": "n", **fields}, own_fields)
    assert (finding.path, finding.level) == (path, level)
    assert finding.summary
    assert finding.note


def test_nothing_is_found_in_what_it_has() -> None:
    fields: dict[str, Any] = {"name": "n", "reasoning_effort": "xhigh", "response_format": {"type": "text"}}
    own_fields: dict[str, Any] = {"tools": [TOOLSET, MCP], "mcp_servers": [SERVER]}
    assert [*findings(fields, own_fields)] == []


def test_what_is_not_there_has_a_way_on() -> None:
    notes = {name: support.note for name, support in CAPABILITIES.fields.items() if support.level != Level.NATIVE}
    assert [name for name, note in notes.items() if not note] == []
