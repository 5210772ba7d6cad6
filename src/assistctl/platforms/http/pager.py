"""Our own pager: every item a list has, each once, whatever the server thinks of cursors, or of such a list.

After the id of the last item: servers exist that ignore ``after`` (a client that trusts them asks for ever), that
always say ``has_more: false`` (a client that trusts them misses the rest), and that refuse ``after``. So: ask for
full pages, drop what was seen, stop when a page brings nothing new, and look once behind a full page. Where there
should be more and nothing comes, the item to go on from may be gone by now: go on from the one before it.
Other APIs name the next page by a token (``all_items_by_token``).
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import islice
from typing import TypeAlias, cast

from assistctl.errors import PlatformError
from assistctl.json_value import Json
from assistctl.platforms.base import NotListed
from assistctl.platforms.connection import Connection, answer_budget, nobody_listens, positive_number

PAGE_SIZE = 100
MAX_PAGES = 10_000
MAX_OBJECTS = 100_000
_MAX_CHARACTERS = 1024 * 1024 * 1024
# A list may take so many times as long as one answer.
_ANSWERS_LONG = 6
# Often enough to see that it goes on; a list of this many pages is rare.
_PAGES_BETWEEN_WORDS = 25


_NO_SUCH_CURSOR = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND})

Item: TypeAlias = "dict[str, Json]"


@dataclass(slots=True)
class Listing:
    """One list while it is read: ``what`` it is of, its bounds, and who is told how far it is.

    ``seconds`` is how long all of it may take.
    """

    what: str = "the list"
    objects: int = MAX_OBJECTS
    pages: int = MAX_PAGES
    characters: int = _MAX_CHARACTERS
    seconds: float = 3600.0
    told: Callable[[str], None] = nobody_listens
    _began: float = field(default_factory=time.monotonic)
    _pages: int = 0
    _characters: int = 0

    @property
    def has_begun(self) -> bool:
        """Whether a page of it came."""
        return self._pages > 0

    def took(self, page: Iterable[Json], objects: int, size: int | None = None) -> None:
        """Count a page, which makes ``objects`` in total. Raises ``PlatformError`` beyond a bound.

        Of one whose ``size`` in bytes is known the characters need not be counted: they are no more.
        """
        self._pages += 1
        self._characters += sum(map(_characters_in, page)) if size is None else size
        if objects > self.objects:
            raise self._endless(f"{self.objects:,} objects", "options.max_listed of the target allows more.")
        if self._pages >= self.pages:
            raise self._endless(f"{self.pages:,} pages")
        if self._characters > self.characters:
            raise self._endless(f"{self.characters:,} characters")
        if time.monotonic() - self._began > self.seconds:
            raise self._endless(f"{self.seconds:,.0f} seconds", "--timeout allows more.")
        if self._pages % _PAGES_BETWEEN_WORDS == 0:
            self.told(f"listing {self.what}: {objects:,} so far")

    def _endless(self, bound: str, way: str = "") -> PlatformError:
        hint = f"Is the base_url right? {way}".strip()
        return PlatformError(f"the platform's list of {self.what} does not end after {bound}", hint)


def listing_of(connection: Connection, path: str) -> Listing:
    """The bounds that a target sets to a list at ``path``: ``options.max_listed``, and six times ``--timeout``."""
    objects = int(positive_number(connection, "max_listed", MAX_OBJECTS, "objects"))
    seconds = _ANSWERS_LONG * answer_budget(connection).seconds
    return Listing(path.strip("/"), objects, seconds=seconds, told=connection.told)


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: its items and what it says about more (``None`` when it says nothing).

    ``size`` is that of the whole answer in bytes, where it is known.
    """

    items: list[Item]
    has_more: bool | None
    size: int | None = None


Fetch: TypeAlias = Callable[[str | None], Awaitable[Page]]
FetchByToken: TypeAlias = Callable[[str | None], Awaitable[Json]]
Get: TypeAlias = Callable[[str, Mapping[str, object]], Awaitable[Json]]


async def all_items(fetch: Fetch, page_size: int = PAGE_SIZE, *, listing: Listing | None = None) -> list[Item]:
    """Every item behind ``fetch``, which takes the id to start after and asks for ``page_size`` items.

    Raises ``PlatformError`` for an answer that cannot be paged, and for a list beyond the bounds of ``listing``,
    and whatever ``fetch`` raises.
    """
    seen: dict[str, Item] = {}
    bounds = listing or Listing()
    page = await fetch(None)
    full = len(page.items)
    while True:
        before = len(seen)
        seen.update((_id(item), item) for item in page.items)
        bounds.took(page.items, len(seen), page.size)
        if len(seen) == before or not (page.has_more or len(page.items) >= page_size):
            return list(seen.values())
        following = await _following(fetch, page, page_size, seen)
        if following is None:
            return list(seen.values())
        if page.has_more and not following.items and len(page.items) >= full and len(seen) > 1:
            # An answer to a cursor that is gone looks like the end.
            following = await fetch(_last_ids(seen)[0])
        page = following


async def _following(fetch: Fetch, page: Page, page_size: int, seen: dict[str, Item]) -> Page | None:
    """The page behind ``page``; ``None`` from a server without cursors that already gave all it has."""
    try:
        return await fetch(_id(page.items[-1]))
    except PlatformError as error:
        may_be_cut_off = page.has_more and len(page.items) == page_size
        if may_be_cut_off and error.status in _NO_SUCH_CURSOR and len(seen) > 1:
            return await _from_one_before(fetch, seen, error)
        if may_be_cut_off or error.status != HTTPStatus.BAD_REQUEST:
            raise
        return None


async def _from_one_before(fetch: Fetch, seen: dict[str, Item], refused: PlatformError) -> Page:
    """The page behind the last item but one, when the last one was ``refused`` as the item to go on from."""
    before, last = _last_ids(seen)
    try:
        page = await fetch(before)
    except PlatformError:
        raise refused from None
    if any(_id(item) == last for item in page.items):
        raise refused
    return page


def _last_ids(seen: dict[str, Item]) -> tuple[str, str]:
    """The last two, of two or more, in the order they came."""
    last, before = islice(reversed(seen), 2)
    return before, last


async def listed(get: Get, path: str, *, listing: Listing | None = None) -> list[Item]:
    """Every item of OpenAI's list endpoint at ``path``, oldest first. Raises as ``all_items`` does."""

    async def page(after: str | None) -> Page:
        # Oldest first: what others create meanwhile then comes last and is not missed.
        params: dict[str, object] = {"limit": PAGE_SIZE, "order": "asc"}
        if after is not None:
            params["after"] = after
        return as_page(await get(path, params))

    return await all_items(page, listing=listing)


async def all_items_by_token(
    fetch: FetchByToken, *, listing: Listing | None = None, next_field: str = "next_page"
) -> list[Item]:
    """Every item behind ``fetch``, which takes the token of a page, ``None`` for the first; each once.

    ``next_field`` is where a page has the token of the next one. It ends where there is none, or where a page
    brings nothing new: a server that ignores the token answers the same page for ever. Raises ``PlatformError``
    for what is no list, and for a list beyond the bounds of ``listing``, and whatever ``fetch`` raises.
    """
    seen: dict[str, Item] = {}
    token: str | None = None
    bounds = listing or Listing()
    while True:
        body = await fetch(token)
        before = len(seen)
        items = as_page(body).items
        for item in items:
            seen.setdefault(_id(item), item)
        bounds.took(items, len(seen))
        following = body.get(next_field) if isinstance(body, dict) else None
        if not isinstance(following, str) or not following or (token is not None and len(seen) == before):
            return list(seen.values())
        token = following


async def none_if_absent(items: Awaitable[list[Item]], listing: Listing) -> Sequence[Item]:
    """``items``; ``NotListed`` where the server has no such list. Raises ``PlatformError`` for any other refusal.

    ``listing`` is that of ``items``: a server that gave a page has such a list, whatever it answers to the next.
    """
    try:
        return await items
    except PlatformError as error:
        if error.is_about_route and not listing.has_begun:
            return NotListed(error)
        raise


def as_page(body: Json, size: int | None = None) -> Page:
    """The page in a list endpoint's answer of ``size`` bytes. Raises ``PlatformError`` when it has none."""
    data = body.get("data") if isinstance(body, dict) else None
    if isinstance(body, dict) and body.get("object") == "list" and body.get("data", False) is None:
        data = []  # what servers in Go answer where there is nothing yet
    if not isinstance(body, dict) or not isinstance(data, list):
        raise PlatformError("the platform's answer to a list request is not a list", "Is the base_url right?")
    if not all(isinstance(item, dict) for item in data):
        raise PlatformError("the platform listed something that is not an object")
    items = cast("list[Item]", data)
    has_more = body.get("has_more")
    return Page(items, has_more if isinstance(has_more, bool) else None, size)


def _id(item: Item) -> str:
    identity = item.get("id")
    if not isinstance(identity, str) or not identity:
        raise PlatformError("the platform listed something without an id")
    return identity


def _characters_in(value: Json) -> int:
    count, left = 0, [value]
    while left:
        part = left.pop()
        if isinstance(part, str):
            count += len(part)
        elif isinstance(part, dict):
            count += sum(map(len, part))
            left += part.values()
        elif isinstance(part, list):
            count += len(part)
            left += part
    return count
