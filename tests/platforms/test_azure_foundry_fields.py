"""A Foundry agent's fields: there and back, and what has no place there."""

from __future__ import annotations

from typing import Any

import pytest

from assistctl.errors import PlatformError
from assistctl.model.capabilities import NOTHING_BESIDE, Level
from assistctl.platforms.azure.foundry_fields import CAPABILITIES, NAME, definition, findings, from_wire

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"id": {"type": "string"}}}
FUNCTION: dict[str, Any] = {"name": "f", "description": "d", "parameters": SCHEMA}
ON_WIRE: dict[str, Any] = {"type": "function", **FUNCTION, "strict": False}
EMPTY: dict[str, Any] = {"type": "object", "properties": {}}
MCP: dict[str, Any] = {"type": "mcp", "server_label": "orders", "server_url": "https://mcp.example.com"}
FORMAT: dict[str, Any] = {"name": "verdict", "schema": SCHEMA, "strict": True}


def own(**fields: Any) -> dict[str, Any]:
    return {"platforms": {NAME: fields}}


def function(**more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {**FUNCTION, **more}}


@pytest.mark.parametrize(
    ("fields", "made"),
    [
        ({"model": "m", "instructions": "i"}, {"model": "m", "instructions": "i"}),
        ({"name": "n", "description": "d", "instructions": None}, {}),
        ({"temperature": 0, "top_p": None}, {"temperature": 0}),
        ({"reasoning_effort": "low"}, {"reasoning": {"effort": "low"}}),
        (own(reasoning_summary="auto"), {"reasoning": {"summary": "auto"}}),
        ({"tools": [function()]}, {"tools": [ON_WIRE]}),
        ({"tools": [function(strict=True)]}, {"tools": [{**ON_WIRE, "strict": True}]}),
        ({"tools": [function(parameters=None)]}, {"tools": [{**ON_WIRE, "parameters": EMPTY}]}),
        ({"tools": [function(), MCP]}, {"tools": [ON_WIRE, MCP]}),
        ({"tools": []}, {"tools": []}),
        (
            {"tools": [{"type": "code_interpreter"}]},
            {"tools": [{"type": "code_interpreter", "container": {"type": "auto", "file_ids": []}}]},
        ),
        (
            {
                "tools": [{"type": "code_interpreter", "container": {"memory_limit": "4g"}}],
                "tool_resources": {"code_interpreter": {"file_ids": ["f1"]}},
            },
            {
                "tools": [
                    {
                        "type": "code_interpreter",
                        "container": {"type": "auto", "memory_limit": "4g", "file_ids": ["f1"]},
                    }
                ]
            },
        ),
        (
            {
                "tools": [
                    {
                        "type": "file_search",
                        "file_search": {
                            "max_num_results": 7,
                            "ranking_options": {"ranker": "default_2024_08_21", "score_threshold": 0.5},
                        },
                    }
                ],
                "tool_resources": {"file_search": {"vector_store_ids": ["v1"]}},
            },
            {
                "tools": [
                    {
                        "type": "file_search",
                        "max_num_results": 7,
                        "ranking_options": {"score_threshold": 0.5},
                        "vector_store_ids": ["v1"],
                    }
                ]
            },
        ),
        ({"response_format": "auto"}, {}),
        ({"response_format": {"type": "json_object"}}, {"text": {"format": {"type": "json_object"}}}),
        (
            {"response_format": {"type": "json_schema", "json_schema": FORMAT}},
            {"text": {"format": {"type": "json_schema", **FORMAT}}},
        ),
        (own(tool_choice="required", rai_config=None), {"tool_choice": "required"}),
    ],
)
def test_the_first_version(fields: dict[str, Any], made: dict[str, Any]) -> None:
    assert definition(fields, {}) == {"kind": "prompt", **made}


BEFORE: dict[str, Any] = {
    "kind": "prompt",
    "model": "m",
    "temperature": 0.5,
    "reasoning": {"effort": "low", "summary": "auto"},
    "tools": [
        ON_WIRE,
        {"type": "file_search", "vector_store_ids": ["v1"], "filters": {"type": "eq", "key": "a", "value": "b"}},
    ],
    "structured_inputs": {"ours": {"description": "o"}, "theirs": {"description": "t"}},
    "of_tomorrow": {"unknown": True},
}


@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        ({}, {}),
        ({"model": "n", "temperature": None}, {"model": "n", "temperature": ...}),
        ({"reasoning_effort": "high"}, {"reasoning": {"effort": "high", "summary": "auto"}}),
        ({"reasoning_effort": None, **own(reasoning_summary=None)}, {"reasoning": ...}),
        (
            {"tool_resources": {"file_search": {"vector_store_ids": ["v2"]}}},
            {"tools": [ON_WIRE, {**BEFORE["tools"][1], "vector_store_ids": ["v2"]}]},
        ),
        ({"tools": [{"type": "file_search"}]}, {"tools": [{"type": "file_search", "vector_store_ids": ["v1"]}]}),
        ({"tools": [function()]}, {"tools": [ON_WIRE]}),
        (
            own(structured_inputs={"ours": None, "new": {"description": "n"}}),
            {"structured_inputs": {"theirs": {"description": "t"}, "new": {"description": "n"}}},
        ),
        (own(structured_inputs=None), {"structured_inputs": ...}),
    ],
)
def test_the_next_version_has_all_that_is_not_changed(fields: dict[str, Any], changed: dict[str, Any]) -> None:
    expected = {name: value for name, value in {**BEFORE, **changed}.items() if value is not ...}
    assert definition(fields, BEFORE) == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"top_k": 3},
        {"tool_resources": {"code_interpreter": {"file_ids": ["f1"]}}},
        {
            "tools": [{"type": "code_interpreter", "container": "cntr_1"}],
            "tool_resources": {"code_interpreter": {"file_ids": ["f1"]}},
        },
    ],
)
def test_nothing_is_dropped_in_silence(fields: dict[str, Any]) -> None:
    with pytest.raises(PlatformError):
        definition(fields, {})


def test_a_version_in_the_assistants_apis_shapes() -> None:
    deferred = {**ON_WIRE, "name": "g", "defer_loading": True}
    version: dict[str, Any] = {
        "description": "d",
        "definition": {
            **BEFORE,
            "tools": [
                {**ON_WIRE, "defer_loading": None},
                deferred,
                MCP,
                {
                    "type": "code_interpreter",
                    "container": {"type": "auto", "file_ids": ["f1"], "memory_limit": "1g"},
                },
                {
                    "type": "file_search",
                    "vector_store_ids": ["v1"],
                    "max_num_results": 7,
                    "ranking_options": {"ranker": "default-2024-11-15", "score_threshold": 0.5},
                },
            ],
            "text": {"format": {"type": "json_schema", **FORMAT}},
        },
    }
    assert from_wire(version, {}) == {
        "description": "d",
        "model": "m",
        "temperature": 0.5,
        "reasoning_effort": "low",
        "response_format": {"type": "json_schema", "json_schema": FORMAT},
        "tools": [
            {"type": "function", "function": {**FUNCTION, "strict": False}},
            deferred,
            MCP,
            {"type": "code_interpreter"},
            {
                "type": "file_search",
                "file_search": {"max_num_results": 7, "ranking_options": {"score_threshold": 0.5}},
            },
        ],
        "tool_resources": {"code_interpreter": {"file_ids": ["f1"]}, "file_search": {"vector_store_ids": ["v1"]}},
        "platforms": {NAME: {"structured_inputs": BEFORE["structured_inputs"], "reasoning_summary": "auto"}},
    }


@pytest.mark.parametrize(
    ("fields", "own_fields", "path"),
    [
        ({"name": None}, {}, "name"),
        ({"tool_resources": {"file_search": {"vector_store_ids": ["v"]}}}, {}, "tool_resources.file_search"),
        ({}, {"tools": {}}, f"platforms.{NAME}.tools"),
        ({}, {"tools": [ON_WIRE]}, f"platforms.{NAME}.tools[0]"),
        (
            {},
            {"tools": [{"type": "code_interpreter", "container": {"memory_limit": "1g"}}]},
            f"platforms.{NAME}.tools[0].container.memory_limit",
        ),
        (
            {},
            {"tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]},
            f"platforms.{NAME}.tools[0].vector_store_ids",
        ),
        (
            {},
            {"tools": [{"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["file-1"]}}]},
            f"platforms.{NAME}.tools[0].container.file_ids",
        ),
    ],
)
def test_findings(fields: dict[str, Any], own_fields: dict[str, Any], path: str) -> None:
    (finding,) = findings({"name": "n", **fields}, own_fields)
    assert (finding.path, finding.level) == (path, Level.UNSUPPORTED)
    assert finding.summary
    assert finding.note


def test_nothing_is_found_in_what_it_has() -> None:
    fields: dict[str, Any] = {
        "name": "Order desk",
        "metadata": {str(number): "v" for number in range(11)},
        "tools": [function(strict=True), {"type": "file_search"}],
        "tool_resources": {
            "file_search": {"vector_store_ids": ["v"]},
            "code_interpreter": {"file_ids": ["f"]},
        },
    }
    own_fields: dict[str, Any] = {"tools": [MCP, {"type": "code_interpreter"}, {**ON_WIRE, "async": True}]}
    assert [*findings(fields, own_fields)] == []


def test_all_of_a_manifest_has_a_place_but_for_what_nothing_is_kept_of() -> None:
    levels = {support.level for name, support in CAPABILITIES.fields.items() if name not in NOTHING_BESIDE}
    assert levels == {Level.NATIVE}
