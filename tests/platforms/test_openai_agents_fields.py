"""The Agents API's fields: there and back, what has no place there, and what goes back to the default."""

from __future__ import annotations

from typing import Any

import pytest

from assistctl.errors import PlatformError
from assistctl.model.capabilities import Level
from assistctl.platforms.openai.agents_fields import CAPABILITIES, NAME, findings, from_wire, to_platform, to_wire

PARAMETERS: dict[str, Any] = {"type": "object", "properties": {"id": {"type": "string"}}}
FUNCTION: dict[str, Any] = {"name": "f", "description": "d", "parameters": PARAMETERS}
SCHEMA: dict[str, Any] = {"type": "object"}
FORMAT: dict[str, Any] = {"type": "json_schema", "json_schema": {"name": "response", "schema": SCHEMA}}


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({"name": None, "model": "m", "instructions": ""}, {"name": None, "model": "m", "instructions": ""}),
        ({"tools": [{"type": "function", "function": FUNCTION}]}, {"tools": [{"type": "function", **FUNCTION}]}),
        ({"tools": [{"type": "web_search"}]}, {"tools": [{"type": "web_search"}]}),
        ({"tools": []}, {"tools": []}),
        ({"reasoning_effort": "low"}, {"reasoning": {"effort": "low"}}),
        ({"reasoning_effort": None}, {"reasoning": None}),
        (
            {"reasoning_effort": "low", "platforms": {NAME: {"reasoning_summary": "auto"}}},
            {"reasoning": {"effort": "low", "summary": "auto"}},
        ),
        ({"response_format": "auto"}, {"text": {"format": {"type": "text"}}}),
        ({"response_format": {"type": "text"}}, {"text": {"format": {"type": "text"}}}),
        ({"response_format": None}, {"text": None}),
        ({"response_format": FORMAT}, {"text": {"format": {"type": "json_schema", "schema": SCHEMA}}}),
        (
            {"response_format": None, "platforms": {NAME: {"verbosity": "low"}}},
            {"text": {"verbosity": "low"}},
        ),
        ({"platforms": {NAME: {"service_tier": None}}}, {"service_tier": None}),
        (
            {"platforms": {NAME: {"multi_agent": {"enabled": True, "max_concurrent_subagents": None}}}},
            {"multi_agent": {"enabled": True}},
        ),
        ({"platforms": {NAME: {"compaction": {"async": None}}}}, {"compaction": None}),
        ({"platforms": {NAME: {"experimental": None}}}, {"experimental": {"time_awareness": False}}),
        (
            {"platforms": {NAME: {"experimental": {"time_awareness": None}}}},
            {"experimental": {"time_awareness": False}},
        ),
        ({"temperature": None, "top_p": None, "description": None, "tool_resources": None}, {}),
    ],
)
def test_what_is_sent(fields: dict[str, Any], body: dict[str, Any]) -> None:
    assert to_wire(fields) == body


@pytest.mark.parametrize("field", ["temperature", "top_p", "description", "tool_resources", "voice"])
def test_nothing_is_dropped_in_silence(field: str) -> None:
    with pytest.raises(PlatformError, match=f"openai-agents cannot express {field}"):
        to_wire({"model": "m", field: 1})


def test_an_answer_in_the_assistants_apis_shapes() -> None:
    deferred = {"type": "function", **FUNCTION, "defer_loading": True}
    answer: dict[str, Any] = {
        "id": "agent_1",
        "name": None,
        "model": "m",
        "tools": [{"type": "function", **FUNCTION, "defer_loading": False}, deferred, {"type": "tool_search"}],
        "reasoning": {"effort": "medium", "summary": None},
        "text": {"format": {"type": "json_schema", "schema": SCHEMA}, "verbosity": "medium"},
        "service_tier": "auto",
        "multi_agent": {"enabled": False},
        "new_setting": 1,
    }
    assert from_wire(answer) == {
        "name": None,
        "model": "m",
        "tools": [{"type": "function", "function": FUNCTION}, deferred, {"type": "tool_search"}],
        "reasoning_effort": "medium",
        "response_format": FORMAT,
        "platforms": {
            NAME: {
                "service_tier": "auto",
                "verbosity": "medium",
                "reasoning_summary": None,
                "multi_agent": {"enabled": False},
            }
        },
    }


def test_what_is_left_out_is_left_out_before_it_is_compared() -> None:
    declared: dict[str, Any] = {
        "tools": [{"type": "function", "function": {**FUNCTION, "strict": True}}],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "verdict", "description": "d", "strict": True, "schema": SCHEMA},
        },
    }
    kept: dict[str, Any] = {"tools": [{"type": "function", "function": FUNCTION}], "response_format": FORMAT}
    assert to_platform(declared) == kept
    assert to_platform(kept) == kept
    assert to_platform({"response_format": "auto"}) == {"response_format": "auto"}


@pytest.mark.parametrize(
    ("fields", "own", "path", "words", "level"),
    [
        ({"name": "n" * 129}, {}, "name", "129 characters", Level.UNSUPPORTED),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]},
            {},
            "tools[0].function.description",
            "openai-agents needs tools[0].function.description",
            Level.UNSUPPORTED,
        ),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "description": "d"}}]},
            {},
            "tools[0].function.parameters",
            "needs",
            Level.UNSUPPORTED,
        ),
        (
            {"tools": [{"type": "function", "function": {**FUNCTION, "strict": True}}]},
            {},
            "tools[0].function.strict",
            "left out",
            Level.MAPPED,
        ),
        ({}, {"tools": {}}, f"platforms.{NAME}.tools", "is not a list", Level.UNSUPPORTED),
        ({}, {"tools": [{}]}, f"platforms.{NAME}.tools[0]", "has no type", Level.UNSUPPORTED),
        (
            {},
            {"tools": [{"type": "function", "function": FUNCTION}]},
            f"platforms.{NAME}.tools[0]",
            "like any other",
            Level.UNSUPPORTED,
        ),
    ],
)
def test_findings(fields: dict[str, Any], own: dict[str, Any], path: str, words: str, level: Level) -> None:
    finding = next(iter(findings(fields, own)))
    assert finding.path == path
    assert words in finding.summary
    assert finding.note
    assert finding.level is level


def test_nothing_is_found_in_what_it_has() -> None:
    tools: Any = [{"type": "function", "function": {**FUNCTION, "strict": None}}]
    own: Any = {"tools": [{"type": "function", **FUNCTION, "defer_loading": True}, {"type": "web_search"}]}
    assert [*findings({"name": "n" * 128, "tools": tools}, own)] == []


def test_what_is_not_there_has_a_way_on() -> None:
    notes = {name: support.note for name, support in CAPABILITIES.fields.items() if support.level != Level.NATIVE}
    assert [name for name, note in notes.items() if not note] == []
