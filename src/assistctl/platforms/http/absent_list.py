"""Lists of things that a server may not have at all."""

from __future__ import annotations

from collections.abc import Awaitable
from http import HTTPStatus

from assistctl.errors import PlatformError
from assistctl.platforms.http.pager import Item

NO_SUCH_ROUTE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})
"""What a server answers where it has no such thing."""


async def none_if_absent(items: Awaitable[list[Item]]) -> list[Item]:
    """``items``; none where the server has no such list. Raises ``PlatformError`` for any other refusal."""
    try:
        return await items
    except PlatformError as error:
        if error.status in NO_SUCH_ROUTE:
            return []
        raise
