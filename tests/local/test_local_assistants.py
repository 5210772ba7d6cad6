"""Assistants through the SDK: defaults, updates, deletes, and what is refused in which words."""

from __future__ import annotations

import re
import time
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")]

SCHEMA = {"type": "object", "properties": {"id": {"type": "string"}}}
FUNCTION = {"name": "order_status", "description": "Where it is", "parameters": SCHEMA}
FILE_SEARCH_DEFAULT = {"ranking_options": {"ranker": "default_2024_08_21", "score_threshold": 0.0}}


async def created(http: httpx2.AsyncClient, **fields: object) -> dict[str, Any]:
    response = await http.post("/assistants", json={"model": "gpt-4o", **fields})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def test_only_a_model_is_needed(http: httpx2.AsyncClient) -> None:
    before = int(time.time())
    answer = await created(http)
    assert re.fullmatch(r"asst_[0-9a-zA-Z]{24}", answer.pop("id"))
    assert before <= answer.pop("created_at") <= time.time()
    assert answer == {
        "object": "assistant",
        "name": None,
        "description": None,
        "model": "gpt-4o",
        "instructions": None,
        "tools": [],
        "tool_resources": {},
        "metadata": {},
        "temperature": 1.0,
        "top_p": 1.0,
        "response_format": "auto",
        "reasoning_effort": None,
    }


async def test_the_sdk_creates_retrieves_and_deletes(sdk: AsyncOpenAI) -> None:
    assistants = sdk.beta.assistants
    created = await assistants.create(
        model="gpt-4o",
        name="Order desk",
        description="",
        instructions="Be brief.\n" * 1000,
        tools=[{"type": "code_interpreter"}, {"type": "function", "function": {"name": "f"}}],
        tool_resources={"code_interpreter": {"file_ids": ["file-1", "file-2"]}},
        metadata={"team": "support \u2603 \U0001f600"},
        temperature=0,
        top_p=0.5,
        response_format={"type": "json_schema", "json_schema": {"name": "answer", "schema": {}}},
        reasoning_effort="max",
    )
    assert created.description == ""
    assert created.temperature == 0
    assert created.metadata == {"team": "support \u2603 \U0001f600"}
    assert created.to_dict()["reasoning_effort"] == "max"
    assert await assistants.retrieve(created.id) == created
    deleted = await assistants.delete(created.id)
    assert (deleted.id, deleted.object, deleted.deleted) == (created.id, "assistant.deleted", True)
    with pytest.raises(openai.NotFoundError, match=f"No assistant found with id '{created.id}'."):
        await assistants.retrieve(created.id)
    with pytest.raises(openai.NotFoundError):
        await assistants.delete(created.id)
    with pytest.raises(openai.NotFoundError):
        await assistants.update(created.id, name="gone")


@pytest.mark.parametrize(
    ("field", "sent", "answered"),
    [
        ("tools", [{"type": "file_search"}], [{"type": "file_search", "file_search": FILE_SEARCH_DEFAULT}]),
        (
            "tools",
            [{"type": "file_search", "file_search": {"max_num_results": 7}}],
            [{"type": "file_search", "file_search": {"max_num_results": 7, **FILE_SEARCH_DEFAULT}}],
        ),
        (
            "tools",
            [
                {
                    "type": "file_search",
                    "file_search": {"ranking_options": {"ranker": "auto", "score_threshold": 1}},
                }
            ],
            [
                {
                    "type": "file_search",
                    "file_search": {"ranking_options": {"ranker": "auto", "score_threshold": 1}},
                }
            ],
        ),
        (
            "tools",
            [{"type": "function", "function": {**FUNCTION, "strict": None}}],
            [{"type": "function", "function": {**FUNCTION, "strict": False}}],
        ),
        (
            "tools",
            [{"type": "function", "function": {**FUNCTION, "strict": True}}],
            [{"type": "function", "function": {**FUNCTION, "strict": True}}],
        ),
        ("metadata", None, {}),
        ("tool_resources", None, {}),
        ("response_format", None, "auto"),
        ("response_format", {"type": "text"}, {"type": "text"}),
        ("temperature", None, 1.0),
        ("top_p", None, 1.0),
        ("name", "n" * 256, "n" * 256),
        ("instructions", "\U0001f600" * 256_000, "\U0001f600" * 256_000),
        ("model", "my-own/llama:8b", "my-own/llama:8b"),
    ],
)
async def test_what_is_sent_and_what_is_answered(
    http: httpx2.AsyncClient, field: str, sent: object, answered: object
) -> None:
    assert (await created(http, **{field: sent}))[field] == answered


async def test_a_tool_that_could_have_files_is_answered_with_an_empty_list(http: httpx2.AsyncClient) -> None:
    answer = await created(http, tools=[{"type": "code_interpreter"}, {"type": "file_search"}])
    assert answer["tool_resources"] == {
        "code_interpreter": {"file_ids": []},
        "file_search": {"vector_store_ids": []},
    }


async def test_an_update_keeps_what_it_does_not_name_and_null_clears(http: httpx2.AsyncClient) -> None:
    first = await created(
        http, name="a", description="b", instructions="c", temperature=0.2, metadata={"k": "v", "l": "w"}
    )
    path = f"/assistants/{first['id']}"
    assert (await http.post(path)).json() == first
    renamed = (await http.post(path, json={"name": "z", "metadata": {"l": "x"}})).json()
    assert renamed == {**first, "name": "z", "metadata": {"l": "x"}}
    clear = dict.fromkeys(("name", "description", "instructions", "temperature", "metadata"))
    cleared = (await http.post(path, json=clear)).json()
    assert cleared == {**first, **clear, "temperature": 1.0, "metadata": {}}
    assert (await http.get(path)).json() == cleared


async def test_tool_resources_are_replaced_tool_by_tool(http: httpx2.AsyncClient) -> None:
    code, search = {"file_ids": ["file-1"]}, {"vector_store_ids": ["vs_1"]}
    first = await created(http, tool_resources={"code_interpreter": code, "file_search": search})
    path = f"/assistants/{first['id']}"
    update = {"tool_resources": {"code_interpreter": {"file_ids": ["file-2"]}}}
    second = (await http.post(path, json=update)).json()
    assert second["tool_resources"] == {"code_interpreter": {"file_ids": ["file-2"]}, "file_search": search}
    assert (await http.post(path, json={"tool_resources": None})).json()["tool_resources"] == {}


REFUSED: list[tuple[dict[str, Any], str, str | None, str | None]] = [
    ({"modle": "x"}, "Unknown parameter: 'modle'.", "modle", "unknown_parameter"),
    ({"model": None}, "Invalid type for 'model': expected a string, but got null", "model", "invalid_type"),
    ({"model": ""}, "Invalid 'model': empty string.", "model", "empty_string"),
    ({"name": 7}, "Invalid type for 'name': expected a string, but got an integer", "name", "invalid_type"),
    (
        {"name": "n" * 257},
        (
            "Invalid 'name': string too long. Expected a string with maximum length 256, but got a string with"
            " length 257 instead."
        ),
        "name",
        "string_above_max_length",
    ),
    ({"description": "d" * 513}, "maximum length 512", "description", "string_above_max_length"),
    ({"instructions": "i" * 256_001}, "maximum length 256000", "instructions", "string_above_max_length"),
    ({"tools": None}, "expected an array of objects, but got null", "tools", "invalid_type"),
    ({"tools": [{"type": "code_interpreter"}] * 129}, "maximum length 128", "tools", "array_above_max_length"),
    ({"tools": ["x"]}, "'tools[0]': expected an object, but got a string", "tools[0]", "invalid_type"),
    ({"tools": [{}]}, "Missing required parameter", "tools[0].type", "missing_required_parameter"),
    (
        {"tools": [{"type": "retrieval"}]},
        "Invalid value: 'retrieval'. Supported values are: 'code_interpreter', 'function', and 'file_search'.",
        "tools[0].type",
        "invalid_value",
    ),
    ({"tools": [{"type": "code_interpreter", "x": 1}]}, "Unknown", "tools[0].x", "unknown_parameter"),
    (
        {"tools": [{"type": "function"}]},
        "Missing required parameter: 'tools[0].function'.",
        "tools[0].function",
        "missing_required_parameter",
    ),
    (
        {"tools": [{"type": "function", "function": {}}]},
        "Missing required parameter",
        "tools[0].function.name",
        "missing_required_parameter",
    ),
    (
        {"tools": [{"type": "function", "function": {"name": "a b"}}]},
        (
            "Invalid 'tools[0].function.name': string does not match pattern. Expected a string that matches the"
            " pattern '^[a-zA-Z0-9_-]+$'."
        ),
        "tools[0].function.name",
        "invalid_value",
    ),
    (
        {"tools": [{"type": "function", "function": {"name": "a\n"}}]},
        "does not match pattern",
        "tools[0].function.name",
        "invalid_value",
    ),
    (
        {"tools": [{"type": "function", "function": {"name": "f" * 65}}]},
        "maximum length 64",
        "tools[0].function.name",
        "string_above_max_length",
    ),
    (
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": []}}]},
        "expected an object, but got an array",
        "tools[0].function.parameters",
        "invalid_type",
    ),
    (
        {"tools": [{"type": "file_search", "file_search": {"max_num_results": 51}}]},
        "integer above maximum value. Expected a value <= 50, but got 51 instead.",
        "tools[0].file_search.max_num_results",
        "integer_above_max_value",
    ),
    (
        {"tools": [{"type": "file_search", "file_search": {"max_num_results": 1.5}}]},
        "expected an integer, but got a decimal number",
        "tools[0].file_search.max_num_results",
        "invalid_type",
    ),
    (
        {"tools": [{"type": "file_search", "file_search": {"ranking_options": {}}}]},
        "Missing required parameter",
        "tools[0].file_search.ranking_options.score_threshold",
        "missing_required_parameter",
    ),
    (
        {"tools": [{"type": "file_search", "file_search": {"ranking_options": {"score_threshold": 1.1}}}]},
        "decimal above maximum value. Expected a value <= 1, but got 1.1 instead.",
        "tools[0].file_search.ranking_options.score_threshold",
        "decimal_above_max_value",
    ),
    (
        {"tool_resources": {"code_interpreter": {"file_ids": ["f"] * 21}}},
        "maximum length 20",
        "tool_resources.code_interpreter.file_ids",
        "array_above_max_length",
    ),
    (
        {"tool_resources": {"file_search": {"vector_store_ids": ["a", "b"]}}},
        "maximum length 1",
        "tool_resources.file_search.vector_store_ids",
        "array_above_max_length",
    ),
    ({"tool_resources": {"function": {}}}, "Unknown", "tool_resources.function", "unknown_parameter"),
    ({"metadata": []}, "expected an object, but got an array", "metadata", "invalid_type"),
    (
        {"metadata": {"k": 7}},
        "Invalid type for 'metadata.k': expected a string, but got an integer instead.",
        "metadata.k",
        "invalid_type",
    ),
    (
        {"metadata": {str(n): "v" for n in range(17)}},
        (
            "Invalid 'metadata': too many properties. Expected an object with at most 16 properties,"
            " but got an object with 17 properties instead."
        ),
        "metadata",
        "object_above_max_properties",
    ),
    (
        {"metadata": {"k" * 65: "v"}},
        "Invalid property name in 'metadata'",
        f"metadata.{'k' * 65}",
        "property_name_above_max_length",
    ),
    ({"metadata": {"k": "v" * 513}}, "maximum length 512", "metadata.k", "string_above_max_length"),
    (
        {"temperature": 2.1},
        "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 2.1 instead.",
        "temperature",
        "decimal_above_max_value",
    ),
    ({"temperature": -0.1}, "below minimum value", "temperature", "decimal_below_min_value"),
    ({"temperature": "1"}, "expected a decimal, but got a string", "temperature", "invalid_type"),
    ({"temperature": True}, "expected a decimal, but got a boolean", "temperature", "invalid_type"),
    ({"temperature": 10**400}, "above maximum value", "temperature", "decimal_above_max_value"),
    ({"top_p": 1.1}, "above maximum value", "top_p", "decimal_above_max_value"),
    ({"response_format": "json"}, "Supported values are: 'auto'.", "response_format", "invalid_value"),
    ({"response_format": 3}, "expected 'auto' or an object", "response_format", "invalid_type"),
    (
        {"response_format": {"type": "xml"}},
        "Supported values are: 'text', 'json_object', and 'json_schema'.",
        "response_format.type",
        "invalid_value",
    ),
    (
        {"response_format": {"type": "json_schema", "json_schema": {}}},
        "Missing required parameter",
        "response_format.json_schema.name",
        "missing_required_parameter",
    ),
    (
        {"reasoning_effort": "extreme"},
        "Supported values are: 'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and 'max'.",
        "reasoning_effort",
        "invalid_value",
    ),
]


@pytest.mark.parametrize(("fields", "message", "param", "code"), REFUSED)
async def test_what_is_refused(
    http: httpx2.AsyncClient, fields: dict[str, Any], message: str, param: str | None, code: str | None
) -> None:
    kept = await created(http, name="kept")
    path = f"/assistants/{kept['id']}"
    for response in (
        await http.post("/assistants", json={"model": "gpt-4o", **fields}),
        await http.post(path, json=fields),
    ):
        assert response.status_code == 400
        error = response.json()["error"]
        assert message in error["message"]
        assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", param, code)
    assert (await http.get(path)).json() == kept
    assert len((await http.get("/assistants")).json()["data"]) == 1


async def test_a_missing_model_is_refused(http: httpx2.AsyncClient) -> None:
    response = await http.post("/assistants", json={})
    assert response.status_code == 400
    assert response.json()["error"] == {
        "message": "Missing required parameter: 'model'.",
        "type": "invalid_request_error",
        "param": "model",
        "code": "missing_required_parameter",
    }


REASONING = ["o1", "o3-mini", "o4-mini-2025-04-16", "gpt-5", "gpt-5-nano", "gpt-5.2", "ft:o4-mini:acme::x"]
SAMPLING = ["gpt-4o", "gpt-4.1-nano", "gpt-5-chat-latest", "gpt-oss-120b", "o1000", "my-o3-mini", "llama"]


@pytest.mark.parametrize("model", REASONING)
async def test_a_reasoning_model_takes_no_sampling_parameters(http: httpx2.AsyncClient, model: str) -> None:
    answer = await created(http, model=model, temperature=None)
    assert (answer["temperature"], answer["top_p"]) == (None, None)
    for name in ("temperature", "top_p"):
        response = await http.post("/assistants", json={"model": model, name: 1})
        assert response.status_code == 400
        error = response.json()["error"]
        assert error["message"] == f"Unsupported parameter: '{name}' is not supported with this model."
        assert (error["param"], error["code"]) == (name, "unsupported_parameter")


@pytest.mark.parametrize("model", SAMPLING)
async def test_any_other_model_takes_them(http: httpx2.AsyncClient, model: str) -> None:
    assert (await created(http, model=model, temperature=0.5))["temperature"] == 0.5


async def test_a_model_change_does_not_carry_sampling_parameters_over(sdk: AsyncOpenAI) -> None:
    assistants = sdk.beta.assistants
    assistant = await assistants.create(model="gpt-4o-mini")
    with pytest.raises(openai.BadRequestError, match="'temperature' is not supported") as caught:
        await assistants.update(assistant.id, model="o3-mini")
    assert caught.value.param == "model"
    assert (await assistants.retrieve(assistant.id)).model == "gpt-4o-mini"
    with pytest.raises(openai.BadRequestError, match="'top_p' is not supported"):
        await assistants.update(assistant.id, model="o3-mini", temperature=None)
    changed = await assistants.update(assistant.id, model="o3-mini", temperature=None, top_p=None)
    assert (changed.model, changed.temperature, changed.top_p) == ("o3-mini", None, None)
    back = await assistants.update(assistant.id, model="gpt-4o-mini")
    assert (back.temperature, back.top_p) == (1.0, 1.0)
