"""Every item of a list whose pages name the next one with a token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from assistctl.errors import PlatformError
from assistctl.json_value import Json
from assistctl.platforms.http.pager import Item, Listing, as_page

FetchPage: TypeAlias = Callable[[str | None], Awaitable[Json]]


async def all_items_by_token(
    fetch: FetchPage, *, listing: Listing | None = None, next_field: str = "next_page"
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


def _id(item: Item) -> str:
    identity = item.get("id")
    if not isinstance(identity, str) or not identity:
        raise PlatformError("the platform listed something without an id")
    return identity
