"""Every item of a list whose pages name the next one with a token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from assistctl.errors import PlatformError
from assistctl.model import Json
from assistctl.platforms.pager import MAX_PAGES, Item, as_page

FetchPage: TypeAlias = Callable[[str | None], Awaitable[Json]]


async def all_items_by_token(fetch: FetchPage) -> list[Item]:
    """Every item behind ``fetch``, which takes the token of a page, ``None`` for the first; each once.

    It ends where there is no ``next_page``, or where a page brings nothing new: a server that ignores the token
    answers the same page for ever. Raises ``PlatformError`` for what is no list, and whatever ``fetch`` raises.
    """
    seen: dict[str, Item] = {}
    token: str | None = None
    for _ in range(MAX_PAGES):
        body = await fetch(token)
        before = len(seen)
        for item in as_page(body).items:
            seen.setdefault(_id(item), item)
        following = body.get("next_page") if isinstance(body, dict) else None
        if not isinstance(following, str) or not following or (token is not None and len(seen) == before):
            return list(seen.values())
        token = following
    raise PlatformError(f"the platform's list does not end after {MAX_PAGES:,} pages")


def _id(item: Item) -> str:
    identity = item.get("id")
    if not isinstance(identity, str) or not identity:
        raise PlatformError("the platform listed something without an id")
    return identity
