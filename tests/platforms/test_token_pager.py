"""Lists with tokens, from servers that keep to the protocol and servers that do not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from assistctl.errors import PlatformError
from assistctl.json_value import Json
from assistctl.platforms.http.token_pager import all_items_by_token

SIZE = 100


def ids(count: int) -> list[str]:
    return [f"a{number:05}" for number in range(count)]


def page(count: int, start: int) -> list[Json]:
    return [{"id": one} for one in ids(count)[start : start + SIZE]]


def faithful(count: int, token: str | None) -> Json:
    start = int(token or 0)
    following = start + SIZE
    return {"data": page(count, start), "next_page": str(following) if following < count else None}


def ignores_tokens(count: int, _: str | None) -> Json:
    return {"data": page(min(count, SIZE), 0), "next_page": "more"}


def always_more(count: int, token: str | None) -> Json:
    start = int(token or 0)
    return {"data": page(count, start), "next_page": str(start + SIZE)}


def overlapping(count: int, token: str | None) -> Json:
    start = int(token or 0)
    following = start + SIZE - 3
    return {"data": page(count, start), "next_page": str(following) if start + SIZE < count else ""}


@pytest.mark.parametrize("answer", [faithful, always_more, overlapping])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250, 1000])
def test_each_item_once(count: int, answer: Callable[[int, str | None], Json]) -> None:
    async def fetch(token: str | None) -> Json:
        return answer(count, token)

    assert [item["id"] for item in asyncio.run(all_items_by_token(fetch))] == ids(count)


def test_a_server_that_ignores_tokens_is_asked_twice() -> None:
    asked: list[str | None] = []

    async def fetch(token: str | None) -> Json:
        asked.append(token)
        return ignores_tokens(100, token)

    assert len(asyncio.run(all_items_by_token(fetch))) == 100
    assert asked == [None, "more"]


@pytest.mark.parametrize(
    "body", [None, [], {}, {"data": None}, {"data": [1]}, {"data": [{"id": ""}]}, {"data": [{}]}]
)
def test_what_is_no_list(body: Json) -> None:
    async def fetch(_: str | None) -> Json:
        return body

    with pytest.raises(PlatformError):
        asyncio.run(all_items_by_token(fetch))
