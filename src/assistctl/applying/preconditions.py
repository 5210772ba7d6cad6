"""The look right before something is overwritten: what somebody else changed since it was planned stays.

As late as possible, for most platforms let the last writer win. Where there are versions, those are better; a
server that cannot answer for one thing (some only list them) is believed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeVar

from assistctl.applying.things import Things
from assistctl.errors import PlatformError
from assistctl.model.assistant import Observed
from assistctl.model.change import Change
from assistctl.ownership.sensitive import digest_of
from assistctl.planning.vector_stores.inventory import as_observed
from assistctl.platforms.base import VectorStorePlatform

_CANNOT_SAY = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})
_PLAN_AGAIN = "Plan again: that shows what they did."

Found = TypeVar("Found")


async def check_thing(things: Things, change: Change) -> None:
    """Raise ``PlatformError`` when somebody changed an assistant, or its like, since it was observed."""
    before = change.before
    if before is None or before.revision is not None or things.find is None:
        return
    now = await _found(things.find, before.id)
    if now is not None:
        _compare(before, now)


async def check_store(platform: VectorStorePlatform, change: Change, *, holding: int | None = None) -> None:
    """Raise ``PlatformError`` when somebody changed a vector store since it was observed.

    ``holding`` is how many files it must hold still; ``None`` when that does not matter.
    """
    before = change.before
    if before is None:
        return
    now = await _found(platform.find_store, before.id)
    if now is None:
        return
    _compare(before, as_observed(now))
    if holding is not None and now.total != holding:
        raise PlatformError(
            f"somebody changed which files {now.id} holds: {holding:,} when this was planned, {now.total:,} now",
            _PLAN_AGAIN,
        )


async def _found(find: Callable[[str], Awaitable[Found | None]], object_id: str) -> Found | None:
    try:
        return await find(object_id)
    except PlatformError as error:
        if error.status in _CANNOT_SAY:
            return None
        raise


def _compare(before: Observed, now: Observed) -> None:
    if digest_of(now) != digest_of(before):
        raise PlatformError(f"somebody changed {before.id} since this was planned", _PLAN_AGAIN)
