"""Generated bodies: what OpenAI's description allows is taken, what it forbids is a 4xx, and nothing is a 500."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from assistctl.local.app import create_app
from assistctl.model.model_catalog import takes_sampling

ClientOf = Callable[[Starlette], httpx2.AsyncClient]


class Description(Protocol):
    """OpenAI's OpenAPI description, as the fixture of that name has it."""

    def request_faults(self, method: str, path: str, value: object) -> list[str]: ...


# A surrogate is no character: no JSON text in UTF-8 can hold one.
characters = st.characters(exclude_categories=["Cs"])
text = st.text(characters, max_size=40)
names = st.from_regex(r"[a-zA-Z0-9_-]{1,64}", fullmatch=True)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3), max_leaves=8
)
objects = st.dictionaries(text, anything, max_size=3)


def optional(required: dict[str, Any], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=fields)


def decimals(maximum: int) -> st.SearchStrategy[Any]:
    return st.floats(0, maximum) | st.integers(0, maximum)


functions = optional({"name": names}, description=text, parameters=objects, strict=st.none() | st.booleans()).map(
    lambda function: {"type": "function", "function": function}
)
ranking = optional({"score_threshold": decimals(1)}, ranker=st.sampled_from(["auto", "default_2024_08_21"]))
searches = optional(
    {"type": st.just("file_search")},
    file_search=optional({}, max_num_results=st.integers(1, 50), ranking_options=ranking),
)
tools = st.lists(st.just({"type": "code_interpreter"}) | functions | searches, max_size=5)
resources = optional(
    {},
    code_interpreter=optional({}, file_ids=st.lists(text, max_size=20)),
    file_search=st.fixed_dictionaries({"vector_store_ids": st.lists(text, max_size=1)}),
)
json_schemas = optional({"name": names}, description=text, schema=objects, strict=st.none() | st.booleans()).map(
    lambda schema: {"type": "json_schema", "json_schema": schema}
)
formats = st.sampled_from(["auto", {"type": "text"}, {"type": "json_object"}]) | json_schemas
efforts = st.sampled_from(["none", "minimal", "low", "medium", "high", "xhigh", "max"])
models = st.sampled_from(["gpt-4o", "gpt-4.1-mini", "llama"]) | text.filter(bool).filter(takes_sampling)

FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "name": st.none() | text,
    "description": st.none() | text,
    "instructions": st.none() | text,
    "tools": tools,
    "tool_resources": st.none() | resources,
    "metadata": st.none() | st.dictionaries(text, text, max_size=16),
    "temperature": st.none() | decimals(2),
    "top_p": st.none() | decimals(1),
    "response_format": st.none() | formats,
    "reasoning_effort": st.none() | efforts,
}
creates = optional({"model": models}, **FIELDS)
updates = optional({}, model=models, **FIELDS)

spoiled = st.builds(
    lambda body, field, value: {**body, field: value},
    creates,
    st.sampled_from(["model", *FIELDS, "id", ""]),
    anything,
)

generous = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def memory() -> Iterator[Starlette]:
    app = create_app(None)
    yield app
    app.state.database.close()


@generous
@given(create=creates, update=updates)
def test_valid_bodies_are_taken_and_answered_as_described(
    memory: Starlette, client_of: ClientOf, create: dict[str, Any], update: dict[str, Any]
) -> None:
    async def exchange() -> None:
        async with client_of(memory) as http:
            created = await http.post("/assistants", json=create)
            assert created.status_code == 200, created.text
            path = f"/assistants/{created.json()['id']}"
            updated = await http.post(path, json=update)
            assert updated.status_code == 200, updated.text
            assert (await http.get(path)).json() == updated.json()
            for key in ("name", "description", "instructions"):
                assert updated.json()[key] == {**create, **update}.get(key)
            assert updated.json()["metadata"] == ({**create, **update}.get("metadata") or {})

    asyncio.run(exchange())


@generous
@given(body=spoiled)
def test_what_the_description_forbids_is_a_4xx(
    memory: Starlette, client_of: ClientOf, description: Description, body: dict[str, Any]
) -> None:
    faults = description.request_faults("POST", "/assistants", body)

    async def exchange() -> int:
        async with client_of(memory) as http:
            return (await http.post("/assistants", json=body)).status_code

    status = asyncio.run(exchange())
    assert status == 400 if faults else status in {200, 400}


@generous
@given(content=st.binary(max_size=60) | anything.map(repr).map(str.encode))
def test_no_bytes_are_a_500(memory: Starlette, client_of: ClientOf, content: bytes) -> None:
    async def exchange() -> int:
        async with client_of(memory) as http:
            return (await http.post("/assistants", content=content)).status_code

    assert asyncio.run(exchange()) == 400
