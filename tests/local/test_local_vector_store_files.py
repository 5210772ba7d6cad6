"""Files of vector stores: statuses that are true at any moment, batches, attributes, and the text read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai import AsyncOpenAI
from starlette.applications import Starlette

from assistctl.json_value import Json
from assistctl.local.app import create_app
from assistctl.local.vector_stores import exchange
from assistctl.local.vector_stores.indexer import held

pytestmark = pytest.mark.anyio

ClientOf = Callable[[Starlette], httpx2.AsyncClient]


@pytest.fixture
def nobody_indexes(app: Starlette) -> ExitStack:
    """Until it is closed, as if another process were indexing all the time."""
    with ExitStack() as stack:
        assert stack.enter_context(held(app.state.content.made() / "indexing.lock"))
        return stack.pop_all()


async def uploaded(sdk: AsyncOpenAI, *texts: str) -> list[str]:
    """The ids of text files."""
    return [
        (await sdk.files.create(file=(f"{n}.txt", text.encode()), purpose="assistants")).id
        for n, text in enumerate(texts)
    ]


async def indexed(sdk: AsyncOpenAI, *texts: str) -> tuple[str, list[str]]:
    """A store with text files, and their ids."""
    store = await sdk.vector_stores.create()
    ids = await uploaded(sdk, *texts)
    await sdk.vector_stores.file_batches.create_and_poll(store.id, file_ids=ids, poll_interval_ms=1)
    return store.id, ids


async def test_a_file_is_in_progress_first_and_completed_later(
    sdk: AsyncOpenAI, http: httpx2.AsyncClient, nobody_indexes: ExitStack
) -> None:
    (file_id,) = await uploaded(sdk, "hello there")
    store = await sdk.vector_stores.create()
    files = sdk.vector_stores.files
    attached = await files.create(store.id, file_id=file_id, attributes={"n": 1, "ok": True, "s": "x"})
    assert (attached.status, attached.usage_bytes, attached.last_error) == ("in_progress", 0, None)
    assert attached.attributes == {"n": 1, "ok": True, "s": "x"}
    assert await files.retrieve(file_id, vector_store_id=store.id) == attached
    waiting = await sdk.vector_stores.retrieve(store.id)
    assert (waiting.status, waiting.file_counts.in_progress, waiting.file_counts.total) == ("in_progress", 1, 1)
    assert (await sdk.vector_stores.search(store.id, query="hello")).data == []
    response = await http.get(f"/vector_stores/{store.id}/files/{file_id}")
    assert int(response.headers["openai-poll-after-ms"]) > 0
    nobody_indexes.close()
    done = await files.poll(file_id, vector_store_id=store.id, poll_interval_ms=1)
    assert (done.status, done.usage_bytes, done.attributes) == ("completed", 11, attached.attributes)
    response = await http.get(f"/vector_stores/{store.id}/files/{file_id}")
    assert "openai-poll-after-ms" not in response.headers
    assert len((await sdk.vector_stores.search(store.id, query="hello")).data) == 1


async def test_the_helpers_of_the_sdk_work_as_they_are(sdk: AsyncOpenAI) -> None:
    store = await sdk.vector_stores.create()
    files, batches = sdk.vector_stores.files, sdk.vector_stores.file_batches
    file = await files.upload_and_poll(vector_store_id=store.id, file=("a.md", b"# A"))
    assert file.status == "completed"
    (known,) = await uploaded(sdk, "b")
    two = await files.create_and_poll(known, vector_store_id=store.id)
    assert two.status == "completed"
    contents = [(f"{n}.py", b"print()") for n in range(3)]
    batch = await batches.upload_and_poll(store.id, files=contents, file_ids=[known])
    assert (batch.status, batch.file_counts.completed, batch.file_counts.total) == ("completed", 4, 4)
    assert (await sdk.vector_stores.retrieve(store.id)).file_counts.total == 5


async def test_files_are_listed_by_status_and_in_pages(sdk: AsyncOpenAI, nobody_indexes: ExitStack) -> None:
    ids = await uploaded(sdk, *"abcde")
    store = await sdk.vector_stores.create(file_ids=ids)
    files = sdk.vector_stores.files
    assert [file.id async for file in files.list(store.id, filter="in_progress", order="asc", limit=2)] == ids
    assert [file.id async for file in files.list(store.id)] == ids[::-1]
    assert [file.id async for file in files.list(store.id, filter="completed")] == []
    page = await files.list(store.id, order="asc", limit=2, after=ids[1])
    assert ([file.id for file in page.data], page.has_more) == (ids[2:4], True)
    with pytest.raises(openai.NotFoundError, match=f"No file found with id 'file-x' in vector store '{store.id}'"):
        await files.list(store.id, after="file-x")
    with pytest.raises(openai.BadRequestError, match="Supported values are"):
        await files.list(store.id, filter="done")  # type: ignore[arg-type]  # that is what is refused
    nobody_indexes.close()


async def test_detaching_keeps_the_file(sdk: AsyncOpenAI) -> None:
    store_id, ids = await indexed(sdk, "hello one", "hello two")
    files = sdk.vector_stores.files
    deleted = await files.delete(ids[0], vector_store_id=store_id)
    assert (deleted.id, deleted.object, deleted.deleted) == (ids[0], "vector_store.file.deleted", True)
    assert (await sdk.files.retrieve(ids[0])).id == ids[0]
    store = await sdk.vector_stores.retrieve(store_id)
    assert (store.file_counts.total, store.usage_bytes) == (1, 9)
    found = await sdk.vector_stores.search(store_id, query="hello")
    assert [result.file_id for result in found.data] == [ids[1]]
    missing = f"No file found with id '{ids[0]}' in vector store '{store_id}'."
    with pytest.raises(openai.NotFoundError, match=missing):
        await files.retrieve(ids[0], vector_store_id=store_id)
    with pytest.raises(openai.NotFoundError, match=missing):
        await files.delete(ids[0], vector_store_id=store_id)
    with pytest.raises(openai.NotFoundError, match=missing):
        await files.update(ids[0], vector_store_id=store_id, attributes={})


async def test_one_file_in_two_stores_is_detached_from_one(sdk: AsyncOpenAI) -> None:
    first, ids = await indexed(sdk, "hello")
    second = await sdk.vector_stores.create()
    await sdk.vector_stores.files.create_and_poll(ids[0], vector_store_id=second.id, poll_interval_ms=1)
    await sdk.vector_stores.delete(first)
    assert len((await sdk.vector_stores.search(second.id, query="hello")).data) == 1


async def test_attributes_are_replaced(sdk: AsyncOpenAI, http: httpx2.AsyncClient) -> None:
    store_id, ids = await indexed(sdk, "hello")
    changed = await sdk.vector_stores.files.update(ids[0], vector_store_id=store_id, attributes={"a": 1, "b": "x"})
    assert changed.attributes == {"a": 1, "b": "x"}
    path = f"/vector_stores/{store_id}/files/{ids[0]}"
    assert (await http.post(path, json={"attributes": None})).json()["attributes"] == {}
    assert (await http.post(path, json={})).status_code == 400


async def test_attaching_again_indexes_anew(sdk: AsyncOpenAI, nobody_indexes: ExitStack) -> None:
    (file_id,) = await uploaded(sdk, "word " * 300)
    store = await sdk.vector_stores.create()
    files = sdk.vector_stores.files
    for size in (400, 100):
        nobody = await files.create(
            store.id,
            file_id=file_id,
            attributes={"size": size},
            chunking_strategy={
                "type": "static",
                "static": {"max_chunk_size_tokens": size, "chunk_overlap_tokens": 0},
            },
        )
        assert nobody.status == "in_progress"
    assert (await sdk.vector_stores.retrieve(store.id)).file_counts.total == 1
    nobody_indexes.close()
    done = await files.poll(file_id, vector_store_id=store.id, poll_interval_ms=1)
    assert done.attributes == {"size": 100}
    assert len((await sdk.vector_stores.search(store.id, query="word")).data) == 3


async def test_the_text_of_a_file_is_answered_whole(sdk: AsyncOpenAI) -> None:
    text = "  A tale.\n\n" + " ".join(f"word{n}" for n in range(2000)) + "\n"
    store_id, ids = await indexed(sdk, text)
    content = await sdk.vector_stores.files.content(ids[0], vector_store_id=store_id)
    assert len(content.data) > 3
    assert "".join(piece.text or "" for piece in content.data) == text


async def test_a_batch_fails_file_by_file(sdk: AsyncOpenAI) -> None:
    (good,) = await uploaded(sdk, "hello")
    bad = await sdk.files.create(file=("photo.png", b"\x89PNG"), purpose="assistants")
    store = await sdk.vector_stores.create()
    batches = sdk.vector_stores.file_batches
    batch = await batches.create_and_poll(store.id, file_ids=[good, bad.id, good], poll_interval_ms=1)
    counts = batch.file_counts
    assert (batch.status, counts.completed, counts.failed, counts.total) == ("completed", 1, 1, 2)
    listed = batches.list_files(batch.id, vector_store_id=store.id, filter="failed")
    (failed,) = [file async for file in listed]
    assert failed.last_error is not None
    assert (failed.id, failed.last_error.code) == (bad.id, "unsupported_file")
    assert failed.last_error.message == "The file type is not supported."
    assert (await sdk.vector_stores.retrieve(store.id)).status == "completed"


async def test_each_file_of_a_batch_may_have_its_own_settings(sdk: AsyncOpenAI) -> None:
    ids = await uploaded(sdk, "a", "b")
    store = await sdk.vector_stores.create()
    batches = sdk.vector_stores.file_batches
    static = {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 50}
    batch = await batches.create(
        store.id,
        files=[
            {"file_id": ids[0], "attributes": {"n": 0}},
            {"file_id": ids[1], "chunking_strategy": {"type": "static", "static": static}},  # type: ignore[typeddict-item]  # the types of the SDK want a literal
        ],
        attributes={"ignored": True},
    )
    await batches.poll(batch.id, vector_store_id=store.id, poll_interval_ms=1)
    first, second = [file async for file in batches.list_files(batch.id, vector_store_id=store.id, order="asc")]
    assert (first.attributes, second.attributes) == ({"n": 0}, {})
    assert second.chunking_strategy is not None
    assert second.chunking_strategy.to_dict()["static"] == static


async def test_a_batch_can_be_given_up(sdk: AsyncOpenAI, nobody_indexes: ExitStack) -> None:
    ids = await uploaded(sdk, "a", "b", "c")
    store = await sdk.vector_stores.create()
    batches = sdk.vector_stores.file_batches
    batch = await batches.create(store.id, file_ids=ids)
    assert (batch.status, batch.file_counts.in_progress) == ("in_progress", 3)
    cancelled = await batches.cancel(batch.id, vector_store_id=store.id)
    assert (cancelled.status, cancelled.file_counts.cancelled, cancelled.file_counts.total) == ("cancelled", 3, 3)
    assert {file.status async for file in sdk.vector_stores.files.list(store.id)} == {"cancelled"}
    nobody_indexes.close()
    done = await batches.create_and_poll(store.id, file_ids=ids[:1], poll_interval_ms=1)
    assert await batches.cancel(done.id, vector_store_id=store.id) == done
    assert (await batches.retrieve(batch.id, vector_store_id=store.id)).file_counts.total == 2


async def test_a_batch_belongs_to_one_store(sdk: AsyncOpenAI) -> None:
    store_id, ids = await indexed(sdk, "a")
    other = await sdk.vector_stores.create()
    batches = sdk.vector_stores.file_batches
    batch = await batches.create(store_id, file_ids=ids)
    missing = f"No file batch found with id '{batch.id}'."
    with pytest.raises(openai.NotFoundError, match=missing):
        await batches.retrieve(batch.id, vector_store_id=other.id)
    with pytest.raises(openai.NotFoundError, match=missing):
        await batches.list_files(batch.id, vector_store_id=other.id)
    await sdk.vector_stores.delete(store_id)
    with pytest.raises(openai.NotFoundError, match="No vector store found"):
        await batches.cancel(batch.id, vector_store_id=store_id)


def static(size: int, overlap: int) -> dict[str, Any]:
    return {"type": "static", "static": {"max_chunk_size_tokens": size, "chunk_overlap_tokens": overlap}}


REFUSED: list[tuple[str, dict[str, Any], str, str | None]] = [
    ("files", {}, "Missing required parameter: 'file_id'.", "file_id"),
    ("files", {"file_id": ""}, "empty string", "file_id"),
    ("files", {"file_id": "x", "attributes": {"k": None}}, "a string, a number or a boolean", "attributes.k"),
    ("files", {"file_id": "x", "attributes": {"k": "v" * 513}}, "maximum length 512", "attributes.k"),
    ("files", {"file_id": "x", "attributes": {str(n): n for n in range(17)}}, "at most 16", "attributes"),
    (
        "files",
        {"file_id": "x", "chunking_strategy": static(800, 401)},
        "must not exceed half",
        "chunking_strategy.static.chunk_overlap_tokens",
    ),
    (
        "files",
        {"file_id": "x", "chunking_strategy": static(99, 0)},
        ">= 100",
        "chunking_strategy.static.max_chunk_size_tokens",
    ),
    ("file_batches", {}, "Exactly one of 'file_ids' and 'files'", "file_ids"),
    ("file_batches", {"file_ids": ["x"], "files": [{"file_id": "x"}]}, "Exactly one of", "file_ids"),
    ("file_batches", {"file_ids": []}, "empty array", "file_ids"),
    ("file_batches", {"file_ids": ["x"] * 2001}, "maximum length 2000", "file_ids"),
    ("file_batches", {"files": [{"file_id": "x", "n": 1}]}, "Unknown parameter", "files[0].n"),
]


@pytest.mark.parametrize(("kind", "fields", "message", "param"), REFUSED)
async def test_what_is_refused(
    http: httpx2.AsyncClient, kind: str, fields: dict[str, Any], message: str, param: str | None
) -> None:
    store = (await http.post("/vector_stores")).json()
    response = await http.post(f"/vector_stores/{store['id']}/{kind}", json=fields)
    assert response.status_code == 400
    assert message in response.json()["error"]["message"]
    assert response.json()["error"]["param"] == param


async def test_files_that_are_not_there_are_named_and_nothing_is_attached(sdk: AsyncOpenAI) -> None:
    (good,) = await uploaded(sdk, "a")
    store = await sdk.vector_stores.create()
    with pytest.raises(openai.NotFoundError, match=r"Files \[file-x, file-y\] were not found"):
        await sdk.vector_stores.file_batches.create(store.id, file_ids=[good, "file-x", "file-y"])
    with pytest.raises(openai.NotFoundError, match=r"Files \[file-x\] were not found"):
        await sdk.vector_stores.files.create(store.id, file_id="file-x")
    assert (await sdk.vector_stores.retrieve(store.id)).file_counts.total == 0


@pytest.mark.parametrize(("count", "milliseconds"), [(1, 25), (20, 120)])
async def test_when_to_ask_again_grows_with_what_waits(
    sdk: AsyncOpenAI, http: httpx2.AsyncClient, nobody_indexes: ExitStack, count: int, milliseconds: int
) -> None:
    ids = await uploaded(sdk, *(f"page {n}" for n in range(count)))
    store = await sdk.vector_stores.create()
    batch = await http.post(f"/vector_stores/{store.id}/file_batches", json={"file_ids": ids})
    assert batch.headers["openai-poll-after-ms"] == str(milliseconds)
    nobody_indexes.close()


def test_however_much_waits_is_asked_for_again_in_half_a_second() -> None:
    batch: dict[str, Json] = {"status": "in_progress", "file_counts": {"in_progress": 100}}
    assert exchange.answer(batch).headers["openai-poll-after-ms"] == "500"


async def test_more_files_than_a_page_has_in_one_batch(app: Starlette) -> None:
    # Without the check of each answer, which here would take most of the time.
    transport = httpx2.ASGITransport(app=app)
    async with AsyncOpenAI(
        base_url="http://assistctl.local/v1", api_key="any", http_client=httpx2.AsyncClient(transport=transport)
    ) as sdk:
        ids = await uploaded(sdk, *(f"page {n} speaks of number{n}" for n in range(120)))
        store = await sdk.vector_stores.create()
        batch = await sdk.vector_stores.file_batches.create_and_poll(store.id, file_ids=ids)
        assert (batch.file_counts.completed, batch.file_counts.total) == (120, 120)
        listed = [file.id async for file in sdk.vector_stores.files.list(store.id, limit=100, order="asc")]
        assert listed == ids
        found = await sdk.vector_stores.search(store.id, query="number107")
        assert [result.file_id for result in found.data] == [ids[107]]


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
attributes = st.dictionaries(
    text,
    text | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False),
    max_size=16,
)


@pytest.fixture
def memory() -> Iterator[Starlette]:
    """The platform without a file; one example after the other has it."""
    app = create_app(None)
    yield app
    app.state.database.close()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=attributes, second=st.none() | attributes)
def test_attributes_come_back_as_they_were_sent(
    memory: Starlette, client_of: ClientOf, first: dict[str, Any], second: dict[str, Any] | None
) -> None:
    async def exchange() -> None:
        async with client_of(memory) as http:
            form: dict[str, Any] = {"data": {"purpose": "assistants"}, "files": {"file": ("a.txt", b"x")}}
            file = (await http.post("/files", **form)).json()
            store = (await http.post("/vector_stores")).json()
            path = f"/vector_stores/{store['id']}/files"
            sent = await http.post(path, json={"file_id": file["id"], "attributes": first})
            assert sent.json()["attributes"] == first
            changed = await http.post(f"{path}/{file['id']}", json={"attributes": second})
            assert changed.json()["attributes"] == (second or {})
            assert (await http.get(f"{path}/{file['id']}")).json()["attributes"] == (second or {})

    asyncio.run(exchange())


def test_the_lock_is_for_one_at_a_time(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with held(lock) as first, held(lock) as second:
        assert (first, second) == (True, False)
    with held(lock) as third:
        assert third
