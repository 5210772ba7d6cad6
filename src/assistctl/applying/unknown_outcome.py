"""Requests whose answers were lost: the platform is asked whether it carried them out.

A create is sent once, and what was there before was not made by it, whatever the platform says. An update and a
delete were repeated, and their answer lost each time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from assistctl.errors import OutcomeUnknownError, PlatformError
from assistctl.model.assistant import Observed
from assistctl.model.knowledge import ObservedStore
from assistctl.ownership.mark import MARK

Made = TypeVar("Made", Observed, ObservedStore)
Found = TypeVar("Found")


async def create_once(
    create: Callable[[], Awaitable[Made]],
    listed: Callable[[], Awaitable[Sequence[Made]]],
    mark: str,
    existing_ids: set[str],
) -> tuple[Made, bool]:
    """The thing that ``create`` makes, and whether its own answer told of it.

    Where that is not known it is the one that is listed with our ``mark``, which may be another one all the same.
    ``existing_ids`` are ids from before; the new one is added. Raises ``PlatformError`` when the answer
    has an old one, which is left alone.
    """
    answered = True
    try:
        made = await create()
    except OutcomeUnknownError as error:
        made, answered = await _made_all_the_same(create, listed, mark, existing_ids, error)
    if made.id in existing_ids:
        raise PlatformError(
            f"the platform answered the create with {made.id}, which was there before",
            "It may be somebody else's, so it was left alone. Nothing new is there, as far as the platform says.",
        )
    existing_ids.add(made.id)
    return made, answered


async def _made_all_the_same(
    create: Callable[[], Awaitable[Made]],
    listed: Callable[[], Awaitable[Sequence[Made]]],
    mark: str,
    before: set[str],
    error: OutcomeUnknownError,
) -> tuple[Made, bool]:
    summary = f"whether it was created is not known: {error.summary}"
    try:
        now_listed = await listed()
    except PlatformError as failure:
        hint = f"Looking for it failed too ({failure.summary}); the next apply looks before it creates."
        raise OutcomeUnknownError(summary, hint, status=error.status) from failure
    ours = [made for made in now_listed if made.metadata.get(MARK) == mark and made.id not in before]
    if len(ours) == 1:
        return ours[0], False
    if not ours and error.finished_by_repeating:
        # Once: the platform says that nothing is done twice by it.
        return await create(), True
    ids = ", ".join(made.id for made in ours)
    found = f"{len(ours)} carry its mark: {ids}" if ours else "Nothing with its mark is listed yet"
    hint = f"{found}; the next apply looks again before it creates."
    raise PlatformError(summary, hint, status=error.status) from error


async def lookup_outcome(
    find: Callable[[str], Awaitable[Found | None]] | None, object_id: str, unknown: OutcomeUnknownError
) -> Found | None:
    """``object_id`` as it is now, ``None`` when it is gone. Raises ``unknown`` when that cannot be told."""
    if find is None:
        raise unknown
    try:
        return await find(object_id)
    except PlatformError as failure:
        raise unknown from failure


async def delete_once(
    delete: Callable[[str], Awaitable[None]],
    find: Callable[[str], Awaitable[object | None]] | None,
    object_id: str,
) -> None:
    """Delete ``object_id``; where the answers were lost, it is done if it is gone.

    Raises ``PlatformError`` when it is still there, and ``OutcomeUnknownError`` when that cannot be told.
    """
    try:
        await delete(object_id)
    except OutcomeUnknownError as unknown:
        if await lookup_outcome(find, object_id, unknown) is not None:
            raise unknown.refuted() from None
