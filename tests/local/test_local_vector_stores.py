"""Vector stores themselves: create, list, modify, expire and delete."""

from __future__ import annotations

import re
import time
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")]

DAY = 86_400
EMPTY = {"in_progress": 0, "completed": 0, "failed": 0, "cancelled": 0, "total": 0}


async def test_nothing_is_needed(http: httpx2.AsyncClient) -> None:
    before = int(time.time())
    answer = (await http.post("/vector_stores")).json()
    assert re.fullmatch(r"vs_[0-9a-zA-Z]{24}", answer.pop("id"))
    for key in ("created_at", "last_active_at"):
        assert before <= answer.pop(key) <= time.time()
    assert answer == {
        "object": "vector_store",
        "name": "",
        "usage_bytes": 0,
        "file_counts": EMPTY,
        "status": "completed",
        "expires_after": None,
        "expires_at": None,
        "metadata": {},
    }


async def test_the_sdk_creates_retrieves_updates_lists_and_deletes(sdk: AsyncOpenAI) -> None:
    stores = sdk.vector_stores
    store = await stores.create(
        name="docs \u2603",
        description="write-only",
        expires_after={"anchor": "last_active_at", "days": 7},
        metadata={"team": "support"},
    )
    assert (store.name, store.metadata) == ("docs \u2603", {"team": "support"})
    assert store.last_active_at is not None
    assert store.expires_at == store.last_active_at + 7 * DAY
    assert "description" not in (store.model_extra or {})
    assert await stores.retrieve(store.id) == store
    renamed = await stores.update(store.id, name="other", metadata={"k": "v"})
    assert (renamed.name, renamed.metadata, renamed.expires_after) == ("other", {"k": "v"}, store.expires_after)
    cleared = await stores.update(store.id, name=None, expires_after=None, metadata=None)
    assert (cleared.name, cleared.metadata, cleared.expires_after, cleared.expires_at) == ("", {}, None, None)
    second = await stores.create()
    assert [listed.id async for listed in stores.list()] == [second.id, store.id]
    assert [listed.id async for listed in stores.list(limit=1, order="asc")] == [store.id, second.id]
    deleted = await stores.delete(store.id)
    assert (deleted.id, deleted.object, deleted.deleted) == (store.id, "vector_store.deleted", True)
    missing = f"No vector store found with id '{store.id}'."
    with pytest.raises(openai.NotFoundError, match=missing):
        await stores.retrieve(store.id)
    with pytest.raises(openai.NotFoundError, match=missing):
        await stores.update(store.id, name="x")
    with pytest.raises(openai.NotFoundError, match=missing):
        await stores.search(store.id, query="x")
    with pytest.raises(openai.NotFoundError, match=missing):
        await stores.files.list(store.id)
    with pytest.raises(openai.NotFoundError, match=missing):
        await stores.delete(store.id)


async def test_an_expired_store_can_be_looked_at_and_not_used(
    sdk: AsyncOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await sdk.files.create(file=("a.txt", b"hello"), purpose="assistants")
    store = await sdk.vector_stores.create(expires_after={"anchor": "last_active_at", "days": 1})
    await sdk.vector_stores.files.create_and_poll(file.id, vector_store_id=store.id, poll_interval_ms=1)
    now = time.time()
    monkeypatch.setattr("assistctl.local.vector_stores.stores.time.time", lambda: now + DAY / 2)
    await sdk.vector_stores.search(store.id, query="hello")
    monkeypatch.setattr("assistctl.local.vector_stores.stores.time.time", lambda: now + DAY * 1.25)
    assert (await sdk.vector_stores.retrieve(store.id)).status == "completed"
    monkeypatch.setattr("assistctl.local.vector_stores.stores.time.time", lambda: now + DAY * 2)
    assert (await sdk.vector_stores.retrieve(store.id)).status == "expired"
    assert [attached.id async for attached in sdk.vector_stores.files.list(store.id)] == [file.id]
    with pytest.raises(openai.BadRequestError, match="is expired"):
        await sdk.vector_stores.search(store.id, query="hello")
    with pytest.raises(openai.BadRequestError, match="is expired"):
        await sdk.vector_stores.files.create(store.id, file_id=file.id)
    await sdk.vector_stores.delete(store.id)


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"nmae": "x"}, "Unknown parameter: 'nmae'.", "nmae"),
    ({"name": 1}, "expected a string", "name"),
    ({"metadata": {"k": 1}}, "expected a string", "metadata.k"),
    (
        {"expires_after": {"anchor": "created_at", "days": 1}},
        "Supported values are: 'last_active_at'",
        "expires_after.anchor",
    ),
    ({"expires_after": {"anchor": "last_active_at", "days": 366}}, "<= 365", "expires_after.days"),
    ({"expires_after": {"anchor": "last_active_at"}}, "Missing required", "expires_after.days"),
]


@pytest.mark.parametrize(("fields", "message", "param"), REFUSED)
async def test_what_is_refused(http: httpx2.AsyncClient, fields: dict[str, Any], message: str, param: str) -> None:
    kept = (await http.post("/vector_stores", json={"name": "kept"})).json()
    for path in ("/vector_stores", f"/vector_stores/{kept['id']}"):
        response = await http.post(path, json=fields)
        assert response.status_code == 400
        assert message in response.json()["error"]["message"]
        assert response.json()["error"]["param"] == param
    assert (await http.get("/vector_stores")).json()["data"] == [kept]


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        ({"file_ids": ["file-x"] * 501}, 400, "maximum length 500"),
        ({"file_ids": ["file-x"]}, 404, "Files [file-x] were not found"),
        ({"chunking_strategy": {"type": "semantic"}}, 400, "Supported values are: 'auto' and 'static'."),
        ({"chunking_strategy": {"type": "static"}}, 400, "Missing required parameter"),
    ],
)
async def test_a_store_that_cannot_be_made_is_not(
    http: httpx2.AsyncClient, fields: dict[str, Any], status: int, message: str
) -> None:
    response = await http.post("/vector_stores", json=fields)
    assert response.status_code == status
    assert message in response.json()["error"]["message"]
    assert (await http.get("/vector_stores")).json()["data"] == []


async def test_a_store_may_be_made_with_files(sdk: AsyncOpenAI) -> None:
    files = [await sdk.files.create(file=(f"{n}.txt", b"hello"), purpose="assistants") for n in range(3)]
    store = await sdk.vector_stores.create(
        file_ids=[file.id for file in files],
        chunking_strategy={
            "type": "static",
            "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 100},
        },
    )
    assert (store.status, store.file_counts.in_progress, store.file_counts.total) == ("in_progress", 3, 3)
    for file in files:
        done = await sdk.vector_stores.files.poll(file.id, vector_store_id=store.id, poll_interval_ms=1)
        assert done.status == "completed"
        assert done.chunking_strategy is not None
        assert done.chunking_strategy.to_dict()["static"] == {
            "max_chunk_size_tokens": 200,
            "chunk_overlap_tokens": 100,
        }
    ready = await sdk.vector_stores.retrieve(store.id)
    assert (ready.status, ready.file_counts.completed, ready.usage_bytes) == ("completed", 3, 15)


async def test_an_assistant_may_be_made_with_a_store(sdk: AsyncOpenAI) -> None:
    file = await sdk.files.create(file=("a.txt", b"hello"), purpose="assistants")
    assistant = await sdk.beta.assistants.create(
        model="gpt-4o",
        tools=[{"type": "file_search"}],
        tool_resources={"file_search": {"vector_stores": [{"file_ids": [file.id], "metadata": {"k": "v"}}]}},
    )
    assert assistant.tool_resources is not None
    assert assistant.tool_resources.file_search is not None
    (store_id,) = assistant.tool_resources.file_search.vector_store_ids or []
    done = await sdk.vector_stores.files.poll(file.id, vector_store_id=store_id, poll_interval_ms=1)
    assert done.status == "completed"
    assert (await sdk.vector_stores.retrieve(store_id)).metadata == {"k": "v"}
    await sdk.beta.assistants.delete(assistant.id)
    await sdk.vector_stores.retrieve(store_id)


@pytest.mark.parametrize(
    ("search", "status", "param"),
    [
        ({"vector_stores": [{"file_ids": ["file-x"]}]}, 404, "file_ids"),
        ({"vector_stores": [{}, {}]}, 400, "tool_resources.file_search.vector_stores"),
        ({"vector_stores": [{"name": "x"}]}, 400, "tool_resources.file_search.vector_stores[0].name"),
        ({"vector_stores": [], "vector_store_ids": []}, 400, "tool_resources.file_search.vector_stores"),
    ],
)
async def test_an_assistant_whose_store_cannot_be_made_is_not_made_either(
    http: httpx2.AsyncClient, search: dict[str, Any], status: int, param: str
) -> None:
    sent = {"model": "gpt-4o", "tool_resources": {"file_search": search}}
    response = await http.post("/assistants", json=sent)
    assert (response.status_code, response.json()["error"]["param"]) == (status, param)
    assert (await http.get("/assistants")).json()["data"] == []
    assert (await http.get("/vector_stores")).json()["data"] == []


async def test_only_a_new_assistant_makes_a_store(http: httpx2.AsyncClient) -> None:
    assistant = (await http.post("/assistants", json={"model": "gpt-4o"})).json()
    sent: dict[str, Any] = {"tool_resources": {"file_search": {"vector_stores": [{}]}}}
    response = await http.post(f"/assistants/{assistant['id']}", json=sent)
    assert response.status_code == 400
    assert "Unknown parameter" in response.json()["error"]["message"]
