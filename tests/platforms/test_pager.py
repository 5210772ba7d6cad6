"""The pager against every kind of server that was met: each item once, and an end; what is absent is nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from assistctl.errors import PlatformError
from assistctl.json_value import Json
from assistctl.platforms.base import NotListed
from assistctl.platforms.http.pager import (
    PAGE_SIZE,
    Item,
    Listing,
    Page,
    all_items,
    all_items_by_token,
    as_page,
    none_if_absent,
)


@dataclass
class Server:
    """A list of ``count`` items; ``answer`` makes the page from what lies behind the cursor."""

    count: int
    answer: Callable[[list[str], str | None], tuple[list[str], bool | None]]
    asked: list[str | None] = field(default_factory=list)

    async def fetch(self, after: str | None) -> Page:
        self.asked.append(after)
        ids = [f"a{number:05}" for number in range(self.count)]
        shown, has_more = self.answer(ids, after)
        return Page([{"id": item_id} for item_id in shown], has_more)


def behind(ids: list[str], after: str | None) -> list[str]:
    return ids if after is None else ids[ids.index(after) + 1 :]


def faithful(ids: list[str], after: str | None) -> tuple[list[str], bool | None]:
    rest = behind(ids, after)
    return rest[:PAGE_SIZE], len(rest) > PAGE_SIZE


def never_more(ids: list[str], after: str | None) -> tuple[list[str], bool | None]:
    return behind(ids, after)[:PAGE_SIZE], False


def always_more(ids: list[str], after: str | None) -> tuple[list[str], bool | None]:
    return behind(ids, after)[:PAGE_SIZE], True


def all_at_once(ids: list[str], _: str | None) -> tuple[list[str], bool | None]:
    return ids, None


def overlapping(ids: list[str], after: str | None) -> tuple[list[str], bool | None]:
    start = 0 if after is None else max(0, ids.index(after) - 3)
    return ids[start : start + PAGE_SIZE], start + PAGE_SIZE < len(ids)


def no_cursors(ids: list[str], after: str | None) -> tuple[list[str], bool | None]:
    if after is not None:
        raise PlatformError("after is not supported", status=400)
    return ids, False


SERVERS = (faithful, never_more, always_more, all_at_once, overlapping, no_cursors)


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 200, 250, 1000])
@pytest.mark.parametrize("answer", SERVERS)
def test_each_item_once(
    count: int, answer: Callable[[list[str], str | None], tuple[list[str], bool | None]]
) -> None:
    server = Server(count, answer)
    found = [item["id"] for item in asyncio.run(all_items(server.fetch))]
    assert found == [f"a{number:05}" for number in range(count)]
    assert len(server.asked) <= count // 90 + 2


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (99, 1), (100, 2), (101, 2), (250, 3), (1000, 11)])
def test_what_a_faithful_server_is_asked(count: int, requests: int) -> None:
    server = Server(count, faithful)
    asyncio.run(all_items(server.fetch))
    assert len(server.asked) == requests


@pytest.mark.parametrize("status", [None, 400, 404])
@pytest.mark.parametrize("count", [101, 250])
def test_what_is_deleted_while_its_page_is_read_hides_nothing_behind_it(count: int, status: int | None) -> None:
    gone = f"a{PAGE_SIZE - 1:05}"

    def losing(ids: list[str], after: str | None) -> tuple[list[str], bool | None]:
        if after is None:
            return faithful(ids, None)
        if after != gone:
            return faithful([object_id for object_id in ids if object_id != gone], after)
        if status is not None:
            raise PlatformError("no such cursor", status=status)
        return [], False

    found = [item["id"] for item in asyncio.run(all_items(Server(count, losing).fetch))]
    assert found == [f"a{number:05}" for number in range(count)]


def test_a_refused_cursor_is_an_error_when_something_would_be_missed() -> None:
    def cut_off(ids: list[str], after: str | None) -> tuple[list[str], bool | None]:
        if after is not None:
            raise PlatformError("no", status=400)
        return ids[:PAGE_SIZE], True

    with pytest.raises(PlatformError):
        asyncio.run(all_items(Server(250, cut_off).fetch))


@pytest.mark.parametrize(("count", "requests"), [(499, 1), (500, 2), (1200, 3)])
def test_pages_of_another_size(count: int, requests: int) -> None:
    def large(ids: list[str], after: str | None) -> tuple[list[str], bool | None]:
        return behind(ids, after)[:500], False

    server = Server(count, large)
    assert len(asyncio.run(all_items(server.fetch, 500))) == count
    assert len(server.asked) == requests


@pytest.mark.parametrize("status", [None, 401, 500])
def test_other_errors_are_not_taken_for_the_end(status: int | None) -> None:
    def failing(ids: list[str], after: str | None) -> tuple[list[str], bool | None]:
        if after is not None:
            raise PlatformError("no", status=status)
        return ids[:PAGE_SIZE], False

    with pytest.raises(PlatformError):
        asyncio.run(all_items(Server(250, failing).fetch))


@pytest.mark.parametrize(
    "body", [None, [], "x", {}, {"data": None}, {"data": {"id": "x"}}, {"data": [1]}, {"data": [None]}]
)
def test_what_is_no_list(body: object) -> None:
    with pytest.raises(PlatformError):
        as_page(body)  # type: ignore[arg-type]  # whatever a server sends


@pytest.mark.parametrize("item", [{}, {"id": None}, {"id": 7}, {"id": ""}])
def test_items_need_an_id(item: dict[str, Json]) -> None:
    async def fetch(_: str | None) -> Page:
        return as_page({"data": [item]})

    with pytest.raises(PlatformError):
        asyncio.run(all_items(fetch))


SIZE = 100


def ids(count: int) -> list[str]:
    return [f"a{number:05}" for number in range(count)]


def page(count: int, start: int) -> list[Json]:
    return [{"id": item_id} for item_id in ids(count)[start : start + SIZE]]


def tokens_faithful(count: int, token: str | None) -> Json:
    start = int(token or 0)
    following = start + SIZE
    return {"data": page(count, start), "next_page": str(following) if following < count else None}


def ignores_tokens(count: int, _: str | None) -> Json:
    return {"data": page(min(count, SIZE), 0), "next_page": "more"}


def tokens_always_more(count: int, token: str | None) -> Json:
    start = int(token or 0)
    return {"data": page(count, start), "next_page": str(start + SIZE)}


def tokens_overlapping(count: int, token: str | None) -> Json:
    start = int(token or 0)
    following = start + SIZE - 3
    return {"data": page(count, start), "next_page": str(following) if start + SIZE < count else ""}


@pytest.mark.parametrize("answer", [tokens_faithful, tokens_always_more, tokens_overlapping])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250, 1000])
def test_each_item_once_by_token(count: int, answer: Callable[[int, str | None], Json]) -> None:
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
def test_what_is_no_list_by_token(body: Json) -> None:
    async def fetch(_: str | None) -> Json:
        return body

    with pytest.raises(PlatformError):
        asyncio.run(all_items_by_token(fetch))


async def answered(status: int | None) -> list[Item]:
    """One thing, or a refusal with that status."""
    if status is not None:
        raise PlatformError("no", status=status)
    return [{"id": "a"}]


@pytest.mark.parametrize(("status", "items"), [(None, [{"id": "a"}]), (404, []), (405, []), (501, [])])
def test_a_server_without_such_things_has_none(status: int | None, items: list[Item]) -> None:
    found = asyncio.run(none_if_absent(answered(status), Listing()))
    assert [*found] == items
    assert isinstance(found, NotListed) is (status is not None)


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_that_gave_a_page_has_such_things(status: int) -> None:
    listing = Listing()

    async def fetch(token: str | None) -> Json:
        if token is not None:
            raise PlatformError("not now", status=status)
        return {"data": [{"id": "a"}], "next_page": "2"}

    with pytest.raises(PlatformError, match="not now"):
        asyncio.run(none_if_absent(all_items_by_token(fetch, listing=listing), listing))


@pytest.mark.parametrize("status", [400, 401, 403, 500, 503])
def test_what_is_refused_is_told(status: int) -> None:
    with pytest.raises(PlatformError, match="no"):
        asyncio.run(none_if_absent(answered(status), Listing()))
