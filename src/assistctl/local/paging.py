"""Lists in pages: the query's parameters, and the answer around a page.

Rules: OpenAI's OpenAPI description of ``GET /assistants`` (``limit`` 1-100, default 20; ``order`` by
``created_at``, default ``desc``; ``after`` and ``before`` are object ids).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import QueryParams

from assistctl.local.errors import ApiError
from assistctl.local.shapes import Choice, Integer
from assistctl.model import Json

DEFAULT_LIMIT = 20
_LIMIT = Integer(minimum=1, maximum=100)
_ORDER = Choice(("asc", "desc"))


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Which page is asked for. ``after`` and ``before`` are ids in the order of the list, both exclusive."""

    limit: int = DEFAULT_LIMIT
    descending: bool = True
    after: str | None = None
    before: str | None = None


def page_query(params: QueryParams) -> PageQuery:
    """The query of a list request. Raises ``ApiError`` 400 for a limit or an order that is none."""
    order = params.get("order", "desc")
    _ORDER.check(order, "order")
    return PageQuery(
        limit=_limit(params.get("limit")),
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


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    # Nine digits: what int() takes is wider (underscores, other scripts' digits, numbers without end).
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        message = f"Invalid type for 'limit': expected an integer, but got '{text[:64]}' instead."
        raise ApiError(message, param="limit", code="invalid_type")
    limit = int(text)
    _LIMIT.check(limit, "limit")
    return limit
