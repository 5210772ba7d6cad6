"""Lists in pages: the query's parameters, the rows of a page, and the answer around it.

Rules: OpenAI's OpenAPI description of ``GET /assistants`` (``limit`` 1-100, default 20; ``order`` by
``created_at``, default ``desc``; ``after`` and ``before`` are object ids).
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams

from assistctl.json_value import Json
from assistctl.local.http.errors import ApiError
from assistctl.local.http.shapes import Choice, Integer

Row = tuple[Any, ...]

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
_ORDER = Choice(("asc", "desc"))

_ASCENDING = "AND seq > :start AND seq < :end ORDER BY seq LIMIT :count"
_DESCENDING = "AND seq > :start AND seq < :end ORDER BY seq DESC LIMIT :count"
_AFTER_ALL = 2**62


@dataclass(frozen=True, slots=True)
class PageQuery:
    """The page asked for. ``after`` and ``before`` are ids in the order of the list, both exclusive."""

    limit: int = DEFAULT_LIMIT
    descending: bool = True
    after: str | None = None
    before: str | None = None

    @property
    def cursors(self) -> tuple[str, ...]:
        """The ids that it names."""
        return tuple(cursor for cursor in (self.after, self.before) if cursor is not None)


def page_of_rows(
    connection: sqlite3.Connection,
    select: str,
    parameters: Mapping[str, str | int | None],
    query: PageQuery,
    seq_of: Callable[[str], int],
) -> tuple[list[Row], bool]:
    """The rows of the page asked for, and whether there is more beyond it.

    ``select`` is a SELECT that ends in a condition, over a table whose ``seq`` grows with ``created_at``.
    ``seq_of`` turns an object's id into its ``seq``, or raises. With only ``before`` the page is the nearest
    rows before that, and there is more when more precede.
    """
    start = seq_of(query.after) if query.after else None
    end = seq_of(query.before) if query.before else None
    if query.descending:
        start, end = end, start
    backwards = query.before is not None and query.after is None
    order = _DESCENDING if query.descending != backwards else _ASCENDING
    bounds = {"start": start or 0, "end": end or _AFTER_ALL, "count": query.limit + 1}
    rows = connection.execute(f"{select} {order}", {**parameters, **bounds}).fetchall()
    found = rows[: query.limit]
    return found[::-1] if backwards else found, len(rows) > query.limit


def page_query(params: QueryParams, *, default: int = DEFAULT_LIMIT, maximum: int = MAX_LIMIT) -> PageQuery:
    """The query of a list request. Raises ``ApiError`` 400 for an invalid limit or order."""
    order = params.get("order", "desc")
    _ORDER.check(order, "order")
    return PageQuery(
        limit=_limit(params.get("limit"), default, maximum),
        descending=order == "desc",
        # The SDK of some languages sends an empty string for a cursor that is not set.
        after=params.get("after") or None,
        before=params.get("before") or None,
    )


def page_body(objects: Sequence[dict[str, Json]], *, has_more: bool) -> dict[str, Json]:
    """The list object around one page; ``first_id`` and ``last_id`` are null when it is empty.

    The null: a recorded answer in sashabaranov/go-openai issue 572.
    """
    return {
        "object": "list",
        "data": list(objects),
        "first_id": objects[0]["id"] if objects else None,
        "last_id": objects[-1]["id"] if objects else None,
        "has_more": has_more,
    }


def _limit(text: str | None, default: int, maximum: int) -> int:
    if text is None:
        return default
    # Nine digits: what int() takes is wider (underscores, other scripts' digits, numbers without end).
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        message = f"Invalid type for 'limit': expected an integer, but got '{text[:64]}' instead."
        raise ApiError(message, param="limit", code="invalid_type")
    limit = int(text)
    Integer(minimum=1, maximum=maximum).check(limit, "limit")
    return limit
