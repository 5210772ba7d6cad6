"""Searching by meaning as well as by words, with a server of embeddings; and by words alone while it fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
from openai import AsyncOpenAI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from assistctl.errors import AssistctlError
from assistctl.local.app import create_app
from assistctl.local.vector_stores import embeddings
from assistctl.local.vector_stores.embeddings import EmbeddingsAddress
from assistctl.local.vector_stores.search import Library, search_stores
from support.server import serving

pytestmark = pytest.mark.anyio

MEANINGS = (("car", "automobile", "vehicle"), ("flower", "rose", "garden"), ("money", "price", "cost"))
"""Each a direction of the vectors; the words of one mean the same."""

CARS = "Every automobile is inspected in spring."
ROSES = "Water each rose in the morning."
PRICES = "The price is fixed for a year."


@dataclass
class Embeddings:
    """A server of embeddings: where it is, the texts it was asked about, and whether it fails."""

    url: str = ""
    texts: list[str] = field(default_factory=list)
    requests: int = 0
    status: int = 200
    refused: str | None = None
    keys: set[str] = field(default_factory=set)

    async def answer(self, request: Request) -> JSONResponse:
        self.requests += 1
        self.keys.add(request.headers["authorization"])
        if self.status != 200:
            return JSONResponse({"error": {"message": "out of order"}}, status_code=self.status)
        texts = (await request.json())["input"]
        if self.refused is not None and any(self.refused in text for text in texts):
            return JSONResponse({"error": {"message": "input too long"}}, status_code=400)
        self.texts += texts
        data = [{"object": "embedding", "index": n, "embedding": meaning(text)} for n, text in enumerate(texts)]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return JSONResponse({"object": "list", "model": "m", "data": data, "usage": usage})


def meaning(text: str) -> list[float]:
    lower = text.lower()
    return [*(float(any(word in lower for word in words)) for words in MEANINGS), 0.01]


@pytest.fixture
def model() -> Iterator[Embeddings]:
    running = Embeddings()
    app = Starlette(routes=[Route("/v1/embeddings", running.answer, methods=["POST"])])
    with serving(app) as server:
        running.url = server.url
        yield running


@pytest.fixture
def hybrid(database: Path, model: Embeddings) -> Iterator[Starlette]:
    app = create_app(database, embeddings=EmbeddingsAddress(model.url, "m", "sk-embeddings"))
    yield app
    app.state.database.close()


def sdk_of(app: Starlette) -> AsyncOpenAI:
    client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app))
    return AsyncOpenAI(base_url="http://assistctl.local/v1", api_key="any", http_client=client, max_retries=0)


async def filled(sdk: AsyncOpenAI, *texts: str) -> str:
    store = await sdk.vector_stores.create()
    for number, text in enumerate(texts):
        file = await sdk.files.create(file=(f"{number}.txt", text.encode()), purpose="assistants")
        await sdk.vector_stores.files.create_and_poll(file.id, vector_store_id=store.id, poll_interval_ms=1)
    return store.id


async def texts_found(sdk: AsyncOpenAI, store_id: str, query: str, **weights: float) -> list[str]:
    options = {"hybrid_search": weights} if weights else {}
    page = await sdk.vector_stores.search(store_id, query=query, extra_body={"ranking_options": options})
    assert all(0 < result.score <= 1 for result in page.data)
    return [result.content[0].text for result in page.data if result.score > 0.1]


async def until_vectors(app: Starlette, count: int) -> None:
    """Wait until the indexer has made so many."""
    deadline = time.monotonic() + 20
    while vectors_in(app) != count:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def vectors_in(app: Starlette) -> int:
    with app.state.database.reading() as connection:
        return int(connection.execute("SELECT count(*) FROM chunk_vectors").fetchone()[0])


async def test_what_means_the_same_is_found(hybrid: Starlette, model: Embeddings) -> None:
    async with sdk_of(hybrid) as sdk:
        store_id = await filled(sdk, CARS, ROSES, PRICES)
        await until_vectors(hybrid, 3)
        assert await texts_found(sdk, store_id, "vehicle check") == [CARS]
        assert await texts_found(sdk, store_id, "vehicle check", embedding_weight=0, text_weight=1) == []
        # By words the one, by meaning the other: the weights decide.
        by_words = await texts_found(sdk, store_id, "automobile cost", embedding_weight=0, text_weight=1)
        assert by_words == [CARS]
        both = await texts_found(sdk, store_id, "automobile cost", embedding_weight=1, text_weight=0)
        assert set(both) == {CARS, PRICES}
        assert model.keys == {"Bearer sk-embeddings"}
        await sdk.vector_stores.delete(store_id)
    assert vectors_in(hybrid) == 0


async def test_several_stores_are_one_library(hybrid: Starlette) -> None:
    async with sdk_of(hybrid) as sdk:
        first, second = await filled(sdk, CARS), await filled(sdk, ROSES, PRICES)
        files = [file.id async for file in await sdk.vector_stores.files.list(first)]
        await sdk.vector_stores.files.create_and_poll(files[0], vector_store_id=second, poll_interval_ms=1)
        await until_vectors(hybrid, 4)
        library = Library(hybrid.state.database, hybrid.state.indexer)
        found = await asyncio.to_thread(
            search_stores, library, [first, second], ["vehicle", "rose"], max_num_results=2
        )
    assert {result.texts for result in found} == {(CARS,), (ROSES,)}
    assert [result.filename for result in found if result.file_id == files[0]] == ["0.txt"]
    assert [result.score for result in found] == sorted((result.score for result in found), reverse=True)


async def test_a_server_that_fails_leaves_the_words(
    hybrid: Starlette, model: Embeddings, caplog: pytest.LogCaptureFixture
) -> None:
    model.status = 500
    async with sdk_of(hybrid) as sdk:
        store_id = await filled(sdk, CARS, ROSES)
        for _ in range(3):
            assert await texts_found(sdk, store_id, "automobile") == [CARS]
    assert "searches go by words alone" in caplog.text
    assert "sk-embeddings" not in caplog.text
    # It is left alone for a while: no search waits for it again and again.
    assert model.requests == 1


async def test_what_is_missing_is_made_later(
    hybrid: Starlette, model: Embeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "_PAUSE_SECONDS", 0.0)
    model.status = 503
    async with sdk_of(hybrid) as sdk:
        store_id = await filled(sdk, CARS, ROSES)
        assert await texts_found(sdk, store_id, "vehicle") == []
        model.status = 200
        await texts_found(sdk, store_id, "vehicle")
        await until_vectors(hybrid, 2)
        assert await texts_found(sdk, store_id, "vehicle") == [CARS]


async def test_a_passage_that_the_model_refuses_keeps_nobody_else_out(
    hybrid: Starlette, model: Embeddings
) -> None:
    model.refused = "rose"
    async with sdk_of(hybrid) as sdk:
        store_id = await filled(sdk, CARS, ROSES, PRICES)
        await until_vectors(hybrid, 2)
        assert await texts_found(sdk, store_id, "vehicle") == [CARS]
        assert await texts_found(sdk, store_id, "rose") == [ROSES]


@pytest.mark.parametrize("url", ["localhost:11434", "ftp://models/v1", "http://", "http://[::1/v1"])
def test_an_address_that_is_none_says_so(url: str) -> None:
    with pytest.raises(AssistctlError, match="is not an http:// or https:// URL"):
        create_app(None, embeddings=EmbeddingsAddress(url))
