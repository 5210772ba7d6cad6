"""An update or a delete whose answer was lost each time: the platform is asked whether it was carried out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from assistctl.errors import OutcomeUnknownError, PlatformError

Found = TypeVar("Found")


async def lookup_outcome(
    find: Callable[[str], Awaitable[Found | None]] | None, object_id: str, unknown: OutcomeUnknownError
) -> Found | None:
    """What ``object_id`` is now, ``None`` when it is not there. Raises ``unknown`` when that cannot be told."""
    if find is None:
        raise unknown
    try:
        return await find(object_id)
    except PlatformError as failure:
        raise unknown from failure
