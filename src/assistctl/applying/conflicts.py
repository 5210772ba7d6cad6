"""Changes that somebody else made since the plan: found right before they would be overwritten, and kept.

As late as possible, for most platforms let the last writer win. Where there are versions, those are better; a
server that cannot answer for one thing (some only list them) is believed. A change that meets a newer version is
planned once more, and made if it is still the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

from assistctl.applying.things import Things
from assistctl.errors import ConflictError, PlatformError
from assistctl.model.assistant import Observed
from assistctl.model.change import Change
from assistctl.model.counting import first_named
from assistctl.ownership.sensitive import digest_of
from assistctl.planning.vector_stores.inventory import as_observed
from assistctl.platforms.base import VectorStorePlatform

_PLAN_AGAIN = "Plan again: that shows what they did."
# So many fields are named; the next plan has them all.
_NAMED = 5

Found = TypeVar("Found")
Replan: TypeAlias = Callable[[Change], Awaitable[Change | None]]
"""Plans what a change is about again, and nothing else; ``None`` when nothing is to be done any more."""


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
        if error.is_about_route:
            return None
        raise


def _compare(before: Observed, now: Observed) -> None:
    if digest_of(now) != digest_of(before):
        raise PlatformError(f"somebody changed {before.id} since this was planned", _PLAN_AGAIN)


async def planned_again(change: Change, conflict: ConflictError, replan: Replan) -> Change:
    """The change that is due now, which is the one that was due before.

    Raises ``ConflictError`` when it is a different one.
    """
    again = await replan(change)
    if again is not None and not again.blocked and _is_same(change, again):
        return again
    raise ConflictError(
        f"somebody else changed it meanwhile, and {_now_due(change, again)}: {conflict.summary}",
        "Nothing of this change was made; plan again.",
        status=conflict.status,
    ) from conflict


def _is_same(before: Change, now: Change) -> bool:
    return (before.action, before.id, before.diffs) == (now.action, now.id, now.diffs)


def _now_due(before: Change, now: Change | None) -> str:
    if now is None:
        return "nothing is left to do"
    moved = [diff for diff in now.diffs if diff not in before.diffs] + [
        diff for diff in before.diffs if diff not in now.diffs
    ]
    differing = sorted({diff.path for diff in moved})
    named = f" ({first_named(differing, _NAMED)})" if differing else ""
    return f"the change is now a different one{named}"
