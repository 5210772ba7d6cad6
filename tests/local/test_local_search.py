"""Search: what is found, in which order, with which score, and how filters narrow it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai import AsyncOpenAI
from starlette.applications import Starlette

from assistctl.local.app import create_app
from assistctl.local.vector_stores.filters import fits

pytestmark = pytest.mark.anyio

BASE_URL = "http://assistctl.local/v1"
ClientOf = Callable[[Starlette], httpx2.AsyncClient]

RETURNS = "You can return goods within thirty days. Returned goods must be unused."
SHIPPING = "We ship within two days. Shipping is free above fifty euros."
GARDEN = "Roses want sun and good soil. Water them in the morning."
CAFE = "Le caf\u00e9 est ouvert. Th\u00e9 et g\u00e2teaux."


class Description(Protocol):
    """OpenAI's OpenAPI description, as the fixture of that name has it."""

    def request_faults(self, method: str, path: str, value: object) -> list[str]: ...


async def store_of(
    sdk: AsyncOpenAI, texts: Sequence[str], attributes: Sequence[dict[str, str | float | bool]] = ()
) -> tuple[str, list[str]]:
    """A store with one indexed file for each text; its id and the files' ids."""
    store = await sdk.vector_stores.create()
    ids = []
    for number, text in enumerate(texts):
        file = await sdk.files.create(file=(f"{number}.txt", text.encode()), purpose="assistants")
        await sdk.vector_stores.files.create_and_poll(
            file.id,
            vector_store_id=store.id,
            attributes=attributes[number] if attributes else {},
            poll_interval_ms=1,
        )
        ids.append(file.id)
    return store.id, ids


QUERIES = [
    ("return policy", [0]),
    ("RETURNING", [0]),
    ("Can I return what you shipped?", [0, 1]),
    ("days", [1, 0]),
    ("cafe gateau", [3]),
    ("ROSES!", [2]),
    ("unicorn", []),
    ('"quoted" AND (NOT col:x* ^', [2]),
    ("\0 ' -- %", []),
    ("return good\0s OR", [0, 2]),
]


async def test_what_is_found_best_first(sdk: AsyncOpenAI) -> None:
    store_id, ids = await store_of(sdk, [RETURNS, SHIPPING, GARDEN, CAFE])
    for query, expected in QUERIES:
        found = await sdk.vector_stores.search(store_id, query=query)
        assert [result.file_id for result in found.data] == [ids[number] for number in expected], query
        scores = [result.score for result in found.data]
        assert scores == sorted(scores, reverse=True), query
        assert all(0 < score <= 1 for score in scores), query


TEXTS = [
    ("Die Verträge werden von den Mitarbeitern unterschrieben und nicht verschickt.", "vertrag mitarbeiter"),
    ("Les utilisateurs peuvent annuler leurs commandes dans les deux jours.", "annulation de la commande"),
    ("Las devoluciones se aceptan durante los primeros días.", "devolución"),
    ("Мы отправляем заказы в течение двух дней.", "заказ"),
    ("يمكنك إرجاع الكتاب خلال ثلاثين يوما", "كتاب"),
    ("주문한 상품을 반품하려면 고객센터에 연락하세요.", "상품 반품 방법"),
    ("어시스턴트를 삭제합니다", "어시스턴트"),
    ("返品は三十日以内に受け付けます。", "返品"),
    ("您可以在三十天内退货。", "退货"),
    ("คุณสามารถคืนสินค้าได้ภายในสามสิบวัน", "คืนสินค้า"),
    ("हम दो दिनों में पुस्तकें भेजते हैं", "पुस्तक"),
]


async def test_words_are_found_in_other_forms_and_scripts(sdk: AsyncOpenAI) -> None:
    store_id, ids = await store_of(sdk, [GARDEN, *(text for text, _ in TEXTS)])
    for file_id, (_, query) in zip(ids[1:], TEXTS, strict=True):
        found = (await sdk.vector_stores.search(store_id, query=query)).data
        assert [result.file_id for result in found] == [file_id], query


async def test_a_section_is_found_by_its_heading_and_a_file_by_its_name(sdk: AsyncOpenAI) -> None:
    text = "# Tariffs\n\n" + "Nothing here says it again. " * 400
    store_id, _ = await store_of(sdk, [text, GARDEN])
    found = (await sdk.vector_stores.search(store_id, query="tariff")).data
    assert len(found) > 1
    file = await sdk.files.create(file=("refund-policy.txt", b"Ask us."), purpose="assistants")
    await sdk.vector_stores.files.create_and_poll(file.id, vector_store_id=store_id, poll_interval_ms=1)
    assert [result.file_id for result in (await sdk.vector_stores.search(store_id, query="refunds")).data] == [
        file.id
    ]


async def test_a_result_says_all_about_its_file(sdk: AsyncOpenAI) -> None:
    store_id, (file_id, _) = await store_of(sdk, [RETURNS, GARDEN], [{"lang": "en"}, {}])
    page = await sdk.vector_stores.search(store_id, query="return")
    (result,) = page.data
    assert (result.file_id, result.filename, result.attributes) == (file_id, "0.txt", {"lang": "en"})
    assert [piece.text for piece in result.content] == [RETURNS]
    raw = page.to_dict()
    assert (raw["search_query"], raw["has_more"], raw["next_page"]) == (["return"], False, None)


async def test_other_stores_do_not_change_a_score(sdk: AsyncOpenAI) -> None:
    store_id, _ = await store_of(sdk, [RETURNS, SHIPPING])
    before = (await sdk.vector_stores.search(store_id, query="return within days")).to_dict()
    await store_of(sdk, [RETURNS] * 4 + [GARDEN])
    assert (await sdk.vector_stores.search(store_id, query="return within days")).to_dict() == before


async def test_the_only_document_has_a_score_too(sdk: AsyncOpenAI) -> None:
    store_id, _ = await store_of(sdk, [RETURNS])
    (result,) = (await sdk.vector_stores.search(store_id, query="return goods")).data
    assert result.score > 0.4


async def test_thresholds_and_numbers_of_results(sdk: AsyncOpenAI) -> None:
    store_id, _ = await store_of(sdk, [f"apple {'pear ' * number}" for number in range(12)])
    search = sdk.vector_stores.search
    assert len((await search(store_id, query="apple")).data) == 10
    assert len((await search(store_id, query="apple", max_num_results=50)).data) == 12
    (best,) = (await search(store_id, query="apple", max_num_results=1)).data
    some = await search(store_id, query="apple", ranking_options={"score_threshold": best.score, "ranker": "none"})
    assert [result.file_id for result in some.data] == [best.file_id]
    assert (await search(store_id, query="apple", ranking_options={"score_threshold": 1})).data == []


async def test_several_queries_find_each_chunk_once_by_its_best(sdk: AsyncOpenAI) -> None:
    store_id, ids = await store_of(sdk, [RETURNS, SHIPPING, GARDEN])
    search = sdk.vector_stores.search
    page = await search(store_id, query=["return goods", "roses", "return"], rewrite_query=True)
    assert {result.file_id for result in page.data} >= {ids[0], ids[2]}
    assert len({result.file_id for result in page.data}) == len(page.data)
    alone = [(await search(store_id, query=query)).data[0].score for query in ("return goods", "return")]
    together = next(result.score for result in page.data if result.file_id == ids[0])
    assert together == max(alone)


async def test_long_texts_are_found_by_the_chunk(sdk: AsyncOpenAI) -> None:
    text = " ".join(f"word{n}" for n in range(5000))
    store_id, _ = await store_of(sdk, [text])
    found = (await sdk.vector_stores.search(store_id, query="word4321")).data
    assert found
    for result in found:
        (piece,) = result.content
        assert "word4321" in piece.text
        assert len(piece.text) < len(text) / 4


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({}, "Missing required parameter: 'query'.", "query"),
    ({"query": ""}, "empty string", "query"),
    ({"query": []}, "empty array", "query"),
    ({"query": 7}, "a string or an array of strings", "query"),
    ({"query": "x", "max_num_results": 51}, "<= 50", "max_num_results"),
    ({"query": "x", "ranking_options": {"score_threshold": 1.5}}, "<= 1", "ranking_options.score_threshold"),
    ({"query": "x", "ranking_options": {"ranker": "best"}}, "Supported values", "ranking_options.ranker"),
    ({"query": "x", "filters": {"type": "like", "key": "k", "value": "v"}}, "Supported values", "filters.type"),
    ({"query": "x", "filters": {"type": "eq", "key": "k"}}, "Missing required", "filters.value"),
    ({"query": "x", "filters": {"type": "in", "key": "k", "value": "v"}}, "an array", "filters.value"),
    ({"query": "x", "filters": {"type": "eq", "key": "k", "value": ["v"]}}, "'in' and 'nin'", "filters.value"),
    ({"query": "x", "filters": {"type": "and", "filters": [7]}}, "an object", "filters.filters[0]"),
]


@pytest.mark.parametrize(("fields", "message", "param"), REFUSED)
async def test_what_is_refused(http: httpx2.AsyncClient, fields: dict[str, Any], message: str, param: str) -> None:
    store = (await http.post("/vector_stores")).json()
    response = await http.post(f"/vector_stores/{store['id']}/search", json=fields)
    assert response.status_code == 400
    assert message in response.json()["error"]["message"]
    assert response.json()["error"]["param"] == param


def compare(kind: str, value: object, key: str = "k") -> dict[str, Any]:
    return {"type": kind, "key": key, "value": value}


FITTING: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({"k": "a"}, compare("eq", "a"), True),
    ({"k": "a"}, compare("eq", "b"), False),
    ({}, compare("eq", "a"), False),
    ({"k": 1}, compare("eq", 1.0), True),
    ({"k": 1}, compare("eq", True), False),
    ({"k": 1}, compare("eq", "1"), False),
    ({"k": True}, compare("eq", True), True),
    ({"k": "a"}, compare("ne", "b"), True),
    ({}, compare("ne", "b"), True),
    ({"k": 2}, compare("gt", 1), True),
    ({"k": 1}, compare("gt", 1), False),
    ({"k": 1}, compare("gte", 1), True),
    ({"k": 1}, compare("lt", 1.5), True),
    ({"k": 1}, compare("lte", 0), False),
    ({}, compare("lt", 1), False),
    ({"k": "2026-11-22"}, compare("gte", "2026-01-01"), True),
    ({"k": "2"}, compare("gt", 1), False),
    ({"k": True}, compare("gte", False), False),
    ({"k": "a"}, compare("in", ["a", "b"]), True),
    ({"k": "a"}, compare("nin", ["a", "b"]), False),
    ({}, compare("in", ["a"]), False),
    ({}, compare("nin", ["a"]), True),
    ({"k": "a"}, {"type": "and", "filters": [compare("eq", "a"), compare("eq", 1, "n")]}, False),
    ({"k": "a", "n": 1}, {"type": "and", "filters": [compare("eq", "a"), compare("eq", 1, "n")]}, True),
    ({"k": "a"}, {"type": "or", "filters": [compare("eq", "a"), compare("eq", 1, "n")]}, True),
    ({}, {"type": "and", "filters": []}, True),
    ({}, {"type": "or", "filters": []}, False),
    ({"k": "a"}, {"type": "or", "filters": [{"type": "and", "filters": [compare("ne", "b")]}]}, True),
]


@pytest.mark.parametrize(("attributes", "condition", "expected"), FITTING)
def test_which_attributes_fit_a_filter(
    attributes: dict[str, Any], condition: dict[str, Any], expected: bool
) -> None:
    assert fits(attributes, condition) is expected


async def test_a_filter_narrows_a_search(sdk: AsyncOpenAI) -> None:
    store_id, ids = await store_of(
        sdk, [RETURNS] * 3, [{"lang": "en", "year": 2025}, {"lang": "en", "year": 2026}, {"lang": "fr"}]
    )
    found = await sdk.vector_stores.search(
        store_id,
        query="return",
        filters={
            "type": "and",
            "filters": [
                {"type": "eq", "key": "lang", "value": "en"},
                {"type": "gte", "key": "year", "value": 2026},
            ],
        },
    )
    assert [result.file_id for result in found.data] == [ids[1]]


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = text | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()
comparisons = st.builds(
    compare, st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte"]), scalars, text
) | st.builds(compare, st.sampled_from(["in", "nin"]), st.lists(text | st.integers(-99, 99), max_size=3), text)
filters = st.recursive(
    comparisons,
    lambda inner: st.fixed_dictionaries(
        {"type": st.sampled_from(["and", "or"]), "filters": st.lists(inner, max_size=3)}
    ),
    max_leaves=6,
)
anything = st.recursive(
    st.none() | scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "key", "value"]), inner),
    max_leaves=6,
)
searches = st.fixed_dictionaries(
    {"query": text.filter(bool) | st.lists(text.filter(bool), min_size=1, max_size=3)},
    optional={
        "rewrite_query": st.booleans(),
        "max_num_results": st.integers(1, 50),
        "filters": filters,
        "ranking_options": st.fixed_dictionaries(
            {},
            optional={
                "ranker": st.sampled_from(["none", "auto", "default-2024-11-15"]),
                "score_threshold": st.floats(0, 1) | st.integers(0, 1),
            },
        ),
    },
)
spoiled = st.builds(
    lambda body, field, value: {**body, field: value},
    searches,
    st.sampled_from(["query", "filters", "ranking_options", "max_num_results", "order"]),
    anything,
)
generous = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def searchable() -> Iterator[tuple[Starlette, str]]:
    """A platform in memory, and the path of the search in a store with a file."""
    app = create_app(None)

    async def fill() -> str:
        transport = httpx2.ASGITransport(app=app)
        http_client = httpx2.AsyncClient(transport=transport)
        async with AsyncOpenAI(base_url=BASE_URL, api_key="any", http_client=http_client) as sdk:
            store_id, _ = await store_of(sdk, ["a b c 0 1 2 -1"], [{"": "", "a": 0, "b": False, "0": "0"}])
            return f"/vector_stores/{store_id}/search"

    yield app, asyncio.run(fill())
    app.state.database.close()


@generous
@given(body=searches)
def test_any_search_that_is_described_is_carried_out(
    searchable: tuple[Starlette, str], client_of: ClientOf, body: dict[str, Any]
) -> None:
    assert asyncio.run(status_of(searchable, client_of, body)) == 200


@generous
@given(body=spoiled)
def test_what_the_description_forbids_is_a_400(
    searchable: tuple[Starlette, str], client_of: ClientOf, description: Description, body: dict[str, Any]
) -> None:
    faults = description.request_faults("POST", searchable[1], json.loads(json.dumps(body)))
    status = asyncio.run(status_of(searchable, client_of, body))
    assert status == 400 if faults else status in {200, 400}


async def status_of(searchable: tuple[Starlette, str], client_of: ClientOf, body: dict[str, Any]) -> int:
    app, path = searchable
    async with client_of(app) as http:
        return (await http.post(path, json=body)).status_code
