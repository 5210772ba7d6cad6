"""The changes of assistants, and of other things that a platform keeps, one request each."""

from __future__ import annotations

from dataclasses import dataclass

from assistctl.applying.things import Things
from assistctl.applying.unknown_outcome import create_once, lookup_outcome
from assistctl.applying.verification import rejected_fields
from assistctl.errors import NotFoundError, NotKeptError, OutcomeUnknownError, PlatformError
from assistctl.model.assistant import Observed
from assistctl.model.change import Change, Request
from assistctl.ownership.mark import MARK
from assistctl.ownership.sensitive import digest_of


@dataclass(frozen=True, slots=True)
class Done:
    """A thing after its change, as it was ``seen`` then.

    ``answered``: the platform's answer said that it made this one.
    """

    seen: Observed
    answered: bool = True

    @property
    def id(self) -> str:
        """Its id."""
        return self.seen.id

    @property
    def revision(self) -> str | None:
        """Its version, where the platform has versions."""
        return self.seen.revision


async def change_thing(things: Things, change: Change, request: Request, there: set[str]) -> Done:
    """Create or update one. Raises ``PlatformError`` when that fails or something was not kept.

    ``there`` are the ids of what was there before (see ``create_once``).
    """
    if change.id is None:
        answer, answered = await _create(things, request, there)
    else:
        answer, answered = await _update(things, change, request), False
    lost = _not_kept(things, request, answer)
    if lost:
        raise NotKeptError(answer.id, lost)
    return Done(answer, answered)


async def delete_thing(things: Things, change: Change) -> str:
    """Delete one; its id. Raises ``PlatformError``."""
    if change.id is None:
        raise PlatformError(f"{change.key} has no id to delete")
    try:
        await things.delete(change.id)
    except OutcomeUnknownError as unknown:
        if await lookup_outcome(things.find, change.id, unknown) is not None:
            raise unknown.refuted() from None
    return change.id


async def _create(things: Things, request: Request, there: set[str]) -> tuple[Observed, bool]:
    return await create_once(
        lambda: things.create(request),
        things.listed,
        request.metadata[MARK],
        there,
    )


async def _update(things: Things, change: Change, request: Request) -> Observed:
    object_id = change.id or ""
    try:
        return await things.update(object_id, request)
    except OutcomeUnknownError as unknown:
        now = await lookup_outcome(things.find, object_id, unknown)
        return _as_sent(things, change, request, now, unknown)
    except NotFoundError as error:
        raise PlatformError(
            f"somebody deleted {object_id} meanwhile: {error.summary}",
            "The next apply creates it again.",
            status=error.status,
        ) from error


def _as_sent(
    things: Things, change: Change, request: Request, now: Observed | None, unknown: OutcomeUnknownError
) -> Observed:
    """``now``, if it is what was sent. Raises ``unknown`` when it is neither that nor what was there before."""
    if now is not None and not _not_kept(things, request, now):
        return now
    if now is None or (change.before is not None and digest_of(now) == digest_of(change.before)):
        raise unknown.refuted() from None
    raise unknown


def _not_kept(things: Things, request: Request, answer: Observed) -> tuple[str, ...]:
    return rejected_fields(request, answer, things.capabilities)
