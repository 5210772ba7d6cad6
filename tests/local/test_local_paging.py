"""Lists: each assistant exactly once, in both directions, however many were created within one second."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import openai
import pytest
from openai import AsyncOpenAI
from starlette.applications import Starlette

from assistctl.local.app import create_app
from assistctl.local.assistants import record
from assistctl.local.database.collection import Collection, new_id

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")]


def fill(app: Starlette, count: int) -> list[str]:
    """``count`` assistants in one transaction, and so within very few seconds; their ids, oldest first."""
    ids = [new_id("asst_") for _ in range(count)]
    body = record.created({"model": "gpt-4o"})
    with app.state.database.writing(create=True) as connection:
        for assistant_id in ids:
            Collection("assistant").insert(connection, assistant_id, body)
    return ids


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Starlette, list[str]]]:
    """A platform with three thousand assistants, only to be read; and their ids, oldest first."""
    app = create_app(tmp_path_factory.mktemp("crowded") / "local.db")
    yield app, fill(app, 3_000)
    app.state.database.close()


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("cursor", ["after", "before"])
async def test_thousands_of_assistants_each_once(
    crowded: tuple[Starlette, list[str]], order: str, cursor: str
) -> None:
    app, ids = crowded
    # Without the check of each answer, which here would take most of the time.
    http = httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app),
        base_url="http://assistctl.local/v1",
        headers={"OpenAI-Beta": "assistants=v2"},
    )
    expected = ids if order == "asc" else ids[::-1]
    seen: list[str] = []
    params: dict[str, str | int] = {"limit": 100, "order": order}
    if cursor == "before":
        params["before"] = expected[-1]
        seen = [expected[-1]]
    for _ in range(31):
        page = (await http.get("/assistants", params=params)).json()
        ids = [assistant["id"] for assistant in page["data"]]
        assert (page["first_id"], page["last_id"]) == (ids[0], ids[-1])
        seen = seen + ids if cursor == "after" else ids + seen
        params[cursor] = page["last_id"] if cursor == "after" else page["first_id"]
        if not page["has_more"]:
            break
    await http.aclose()
    assert seen == expected


async def test_the_sdk_pages_by_itself_newest_first(app: Starlette, sdk: AsyncOpenAI) -> None:
    ids = fill(app, 101)
    assert [assistant.id async for assistant in sdk.beta.assistants.list()] == ids[::-1]
    first = await sdk.beta.assistants.list(limit=100)
    assert (len(first.data), first.has_more) == (100, True)
    last = await first.get_next_page()
    assert ([assistant.id for assistant in last.data], last.has_more) == (ids[:1], False)


async def test_no_assistants_is_an_empty_page(http: httpx2.AsyncClient) -> None:
    assert (await http.get("/assistants")).json() == {
        "object": "list",
        "data": [],
        "first_id": None,
        "last_id": None,
        "has_more": False,
    }


async def test_a_window_between_two_cursors(app: Starlette, http: httpx2.AsyncClient) -> None:
    ids = fill(app, 10)
    for order, after, before, expected in (
        ("asc", ids[2], ids[6], ids[3:6]),
        ("desc", ids[6], ids[2], ids[5:2:-1]),
        ("asc", ids[6], ids[2], []),
    ):
        params = {"order": order, "after": after, "before": before}
        page = (await http.get("/assistants", params=params)).json()
        assert [assistant["id"] for assistant in page["data"]] == expected
        assert page["has_more"] is False


async def test_deleting_and_creating_between_pages_loses_and_repeats_nothing(
    app: Starlette, http: httpx2.AsyncClient
) -> None:
    ids = fill(app, 60)
    doomed = ids[5:30:3]
    page = (await http.get("/assistants", params={"limit": 20})).json()
    seen = [assistant["id"] for assistant in page["data"]]
    for assistant_id in doomed:
        await http.delete(f"/assistants/{assistant_id}")
    fill(app, 5)
    page = (await http.get("/assistants", params={"limit": 100, "after": page["last_id"]})).json()
    seen += [assistant["id"] for assistant in page["data"]]
    assert seen == [assistant_id for assistant_id in reversed(ids) if assistant_id not in doomed]


async def test_created_at_never_goes_back(
    app: Starlette, http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = fill(app, 1)
    monkeypatch.setattr("assistctl.local.database.collection.time.time", lambda: 1.0)
    (second,) = fill(app, 1)
    page = (await http.get("/assistants")).json()
    assert [assistant["id"] for assistant in page["data"]] == [second, first]
    newer, older = (assistant["created_at"] for assistant in page["data"])
    assert newer == older


async def test_an_unknown_cursor_is_a_404(sdk: AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="No assistant found with id 'asst_x'"):
        await sdk.beta.assistants.list(after="asst_x")
    with pytest.raises(openai.NotFoundError, match="No assistant found with id 'asst_y'"):
        await sdk.beta.assistants.list(before="asst_y")


@pytest.mark.parametrize(
    ("query", "message", "param", "code"),
    [
        ("limit=0", "Expected a value >= 1, but got 0", "limit", "integer_below_min_value"),
        ("limit=-1", "Expected a value >= 1, but got -1", "limit", "integer_below_min_value"),
        ("limit=101", "Expected a value <= 100, but got 101", "limit", "integer_above_max_value"),
        ("limit=ten", "Invalid type for 'limit'", "limit", "invalid_type"),
        ("limit=1_0", "Invalid type for 'limit'", "limit", "invalid_type"),
        ("limit=", "Invalid type for 'limit'", "limit", "invalid_type"),
        ("limit=" + "9" * 5000, "Invalid type for 'limit'", "limit", "invalid_type"),
        ("order=up", "Supported values are: 'asc' and 'desc'.", "order", "invalid_value"),
    ],
)
async def test_a_query_that_is_none(
    http: httpx2.AsyncClient, query: str, message: str, param: str, code: str
) -> None:
    response = await http.get(f"/assistants?{query}")
    assert response.status_code == 400
    error = response.json()["error"]
    assert message in error["message"]
    assert (error["param"], error["code"]) == (param, code)
