"""Files through the SDK: upload, list, download, expiry and deletion, and names of all kinds."""

from __future__ import annotations

import asyncio
import re
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import openai
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai import AsyncOpenAI
from starlette.applications import Starlette

from assistctl.local.app import create_app
from assistctl.local.database.collection import new_id
from assistctl.local.files import record

pytestmark = pytest.mark.anyio

ClientOf = Callable[[Starlette], httpx2.AsyncClient]


def fill(app: Starlette, count: int, purpose: str = "assistants") -> list[str]:
    """``count`` files without content in one transaction; their ids, oldest first."""
    ids = [new_id("file-") for _ in range(count)]
    with app.state.database.writing(create=True) as connection:
        for file_id in ids:
            record.add(connection, file_id, {"file": "a.txt", "purpose": purpose}, 1)
    return ids


async def test_an_upload_is_retrieved_listed_and_deleted(sdk: AsyncOpenAI, database: Path) -> None:
    before = int(time.time())
    file = await sdk.files.create(file=("prices.csv", b"a,b\n1,2\n"), purpose="assistants")
    assert re.fullmatch(r"file-[0-9a-zA-Z]{24}", file.id)
    assert (file.bytes, file.filename, file.purpose, file.status) == (8, "prices.csv", "assistants", "processed")
    assert before <= file.created_at <= time.time()
    assert {"expires_at", "status_details"} <= file.model_fields_set
    assert (file.expires_at, file.status_details) == (None, None)
    assert await sdk.files.retrieve(file.id) == file
    assert [listed async for listed in sdk.files.list()] == [file]
    kept = database.with_name("local.db.files") / file.id
    assert kept.read_bytes() == b"a,b\n1,2\n"
    deleted = await sdk.files.delete(file.id)
    assert (deleted.id, deleted.object, deleted.deleted) == (file.id, "file", True)
    assert not kept.exists()
    for gone in (sdk.files.retrieve, sdk.files.delete, sdk.files.content):
        with pytest.raises(openai.NotFoundError, match=f"No such File object: {file.id}"):
            await gone(file.id)


async def test_uploads_are_private(sdk: AsyncOpenAI, database: Path) -> None:
    await sdk.files.create(file=("a.txt", b"x"), purpose="assistants")
    folder = database.with_name("local.db.files")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


async def test_files_of_assistants_cannot_be_downloaded_and_others_can(sdk: AsyncOpenAI) -> None:
    content = bytes(range(256)) * 1000
    kept = await sdk.files.create(file=('r\u00e9sum\u00e9 "1".bin', content), purpose="user_data")
    response = await sdk.files.content(kept.id)
    assert response.content == content
    assert "r%C3%A9sum%C3%A9%20%221%22.bin" in response.response.headers["content-disposition"]
    secret = await sdk.files.create(file=("a.bin", content), purpose="assistants")
    with pytest.raises(openai.BadRequestError, match="Not allowed to download files of purpose: assistants"):
        await sdk.files.content(secret.id)


async def test_a_list_can_be_narrowed_to_one_purpose_and_pages(app: Starlette, sdk: AsyncOpenAI) -> None:
    mine = fill(app, 130)
    fill(app, 5, "user_data")
    more = fill(app, 1)
    everything = [*mine, *more]
    page = await sdk.files.list(purpose="assistants")
    assert ([file.id for file in page.data], page.has_more) == (everything[::-1], False)
    paged = sdk.files.list(purpose="assistants", limit=50, order="asc")
    assert [file.id async for file in paged] == everything
    first = await sdk.files.list(purpose="assistants", limit=50, order="asc")
    assert (len(first.data), first.has_more) == (50, True)
    assert len((await sdk.files.list()).data) == 136
    assert (await sdk.files.list(purpose="vision")).data == []


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("limit=10000", 200, ""),
        ("limit=10001", 400, "Expected a value <= 10000, but got 10001"),
        ("limit=0", 400, "Expected a value >= 1, but got 0"),
        ("order=up", 400, "Supported values are: 'asc' and 'desc'."),
        ("after=file-x", 404, "No such File object: file-x"),
    ],
)
async def test_what_a_list_may_be_asked(http: httpx2.AsyncClient, query: str, status: int, message: str) -> None:
    response = await http.get(f"/files?{query}")
    assert response.status_code == status
    if message:
        assert message in response.json()["error"]["message"]


async def test_files_expire_when_they_are_to(
    sdk: AsyncOpenAI, app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    hour = await sdk.files.create(
        file=("a.txt", b"x"), purpose="user_data", expires_after={"anchor": "created_at", "seconds": 3600}
    )
    batch = await sdk.files.create(file=("b.jsonl", b"{}"), purpose="batch")
    lasting = await sdk.files.create(file=("c.txt", b"x"), purpose="user_data")
    assert hour.expires_at is not None
    assert batch.expires_at is not None
    assert 3600 <= hour.expires_at - hour.created_at <= 3601
    assert 2_592_000 <= batch.expires_at - batch.created_at <= 2_592_001
    store = await sdk.vector_stores.create()
    later = time.time() + 3602
    monkeypatch.setattr("assistctl.local.files.record.time.time", lambda: later)
    assert [file.id async for file in sdk.files.list()] == [lasting.id, batch.id]
    with pytest.raises(openai.NotFoundError):
        await sdk.files.retrieve(hour.id)
    with pytest.raises(openai.NotFoundError, match="were not found"):
        await sdk.vector_stores.files.create(store.id, file_id=hour.id)
    bytes_of = app.state.content.path_of
    assert bytes_of(hour.id).exists()
    await sdk.files.create(file=("d.txt", b"x"), purpose="user_data")
    assert not bytes_of(hour.id).exists()
    assert bytes_of(batch.id).exists()


async def test_a_deleted_file_leaves_its_vector_stores(sdk: AsyncOpenAI) -> None:
    files = [await sdk.files.create(file=(f"{n}.txt", b"hello"), purpose="assistants") for n in range(2)]
    store = await sdk.vector_stores.create()
    await sdk.vector_stores.file_batches.create_and_poll(
        store.id, file_ids=[file.id for file in files], poll_interval_ms=1
    )
    await sdk.files.delete(files[0].id)
    counts = (await sdk.vector_stores.retrieve(store.id)).file_counts
    assert (counts.completed, counts.total) == (1, 1)
    assert [file.id async for file in sdk.vector_stores.files.list(store.id)] == [files[1].id]
    found = await sdk.vector_stores.search(store.id, query="hello")
    assert [result.file_id for result in found.data] == [files[1].id]


# A form cannot hold a slash (it is the base name that counts) nor, unambiguously, a percent sign before an escape.
names = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/%\x1b\x7f\x85\r\n\0"), min_size=1
).map(lambda name: f"a{name}")


@pytest.fixture
def memory() -> Iterator[Starlette]:
    """The platform without a file; one example after the other has it."""
    app = create_app(None)
    yield app
    app.state.database.close()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=names | st.sampled_from(['a "b" c.txt', "it's.md", "100%.txt", "a;b=c.txt", "\u5831\u544a.pdf", "a\tb"])
)
def test_a_name_is_kept_as_it_was_sent(memory: Starlette, client_of: ClientOf, name: str) -> None:
    async def exchange() -> str:
        async with client_of(memory) as http:
            sent = await http.post("/files", data={"purpose": "assistants"}, files={"file": (name, b"x")})
            assert sent.status_code == 200, sent.text
            kept = (await http.get(f"/files/{sent.json()['id']}")).json()
            [newest] = (await http.get("/files", params={"limit": 1})).json()["data"]
            assert newest == kept
            return str(kept["filename"])

    assert asyncio.run(exchange()) == name


@pytest.mark.parametrize(
    ("sent", "kept"), [("a/b/c.txt", "c.txt"), ("../../etc/passwd", "passwd"), ("C:\\x\\y.txt", "y.txt")]
)
async def test_only_the_base_name_is_kept(http: httpx2.AsyncClient, sent: str, kept: str) -> None:
    response = await http.post("/files", data={"purpose": "assistants"}, files={"file": (sent, b"x")})
    assert response.json()["filename"] == kept


async def test_files_in_memory_leave_nothing_behind(client_of: ClientOf) -> None:
    app = create_app(None)
    async with client_of(app) as http:
        sent = await http.post("/files", data={"purpose": "evals"}, files={"file": ("a.jsonl", b"{}")})
        assert sent.json()["purpose"] == "evals"
        folder = app.state.content.path
        assert [path.name for path in folder.iterdir()] == [sent.json()["id"]]
    app.state.database.close()
    assert not folder.exists()
