"""One assistant for each key, whatever a list leaves out: who would make a second one looks before, and after.

A plan rests on one listing. Where that left something out (it changed while its pages were read, or the platform
was behind), the plan creates what is there already. So all there is is listed again before the first create and
after the last one; what any of these listings shows counts. Two applies at once may still both create what one key
declares: who finds one that was there first withdraws its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assistctl.errors import PlatformError
from assistctl.model import Action, Change, Observed, Plan, id_seen
from assistctl.planning.ownership import is_marked, read_mark
from assistctl.platforms.base import Platform, Rereads

WAIT = 10.0
"""How long, in seconds, another apply may take to withdraw what it created after this one did."""
POLL = 0.2
"""How often that is looked for, in seconds."""


@dataclass(frozen=True, slots=True)
class Twins:
    """What has the mark of ``id``, which this apply made: those that were there ``first``, and ``later`` ones.

    ``unowned`` have no mark and its name, and were not listed when it was planned.
    """

    id: str
    first: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    unowned: tuple[str, ...] = ()


@dataclass(slots=True)
class Uniqueness:
    """Looks for what is there already of what a plan creates or takes over."""

    platform: Platform
    plan: Plan
    _before: Sequence[Observed] | None = None
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _planned: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._planned = frozenset(id_seen(name) for name in self.plan.seen)

    async def check(self, change: Change) -> None:
        """Raise ``PlatformError``, before a change is made, when the plan did not know of something there."""
        if change.action not in {Action.CREATE, Action.ADOPT}:
            return
        for one in await self._listed_before():
            if one.id == change.id:
                continue
            if _same_owner(change, one):
                raise _unplanned(one, f"carries the mark of {change.key}")
            if self._is_newcomer(change, one):
                raise _unplanned(one, f"has the name of {change.key}, and no project owns it")

    async def twins(self, made: Mapping[str, Change], *, alone: bool) -> list[Twins]:
        """The twins of what has some, of the ids that were ``made`` by these changes.

        Where this apply is not ``alone``, those who came later get the time to withdraw their own. Raises
        ``PlatformError`` when that cannot be looked up.
        """
        found = await self._twins(made)
        waited = 0.0
        while not alone and waited < WAIT and any(one.later and not one.first for one in found):
            await asyncio.sleep(POLL)
            waited += POLL
            found = await self._twins(made)
        return found

    async def _twins(self, made: Mapping[str, Change]) -> list[Twins]:
        listed = await self.platform.list_assistants()
        found = [await self._twins_of(object_id, change, listed) for object_id, change in made.items()]
        return [one for one in found if one.first or one.later or one.unowned]

    async def _twins_of(self, object_id: str, change: Change, listed: Sequence[Observed]) -> Twins:
        same = [one.id for one in listed if _same_owner(change, one)]
        named = [one.id for one in listed if self._is_newcomer(change, one)]
        there = await self._still_there([one for one in (*same, *named) if one != object_id])
        # All who look see the same order, the oldest first, so that of two applies exactly one withdraws.
        place = same.index(object_id) if object_id in same else len(same)
        return Twins(
            object_id,
            tuple(one for one in same[:place] if one in there),
            tuple(one for one in same[place:] if one in there),
            tuple(one for one in named if one in there),
        )

    async def _still_there(self, ids: Iterable[str]) -> Collection[str]:
        """Those of ``ids`` that are there beyond doubt: a list may be behind, a single answer is less so."""
        if not isinstance(self.platform, Rereads):
            return list(ids)
        return [one for one in ids if await self.platform.find_assistant(one) is not None]

    async def _listed_before(self) -> Sequence[Observed]:
        async with self._looking:
            if self._before is None:
                self._before = await self.platform.list_assistants()
            return self._before

    def _is_newcomer(self, change: Change, one: Observed) -> bool:
        """Whether it would have been a candidate for adoption, had it been listed."""
        return (
            change.action is Action.CREATE
            and one.name is not None
            and one.name == change.name
            and not is_marked(one.metadata)
            and one.id not in self._planned
        )


def _same_owner(change: Change, one: Observed) -> bool:
    ours = change.request.metadata if change.request is not None else {}
    there, mark = read_mark(one.metadata), read_mark(ours)
    if there is None or mark is None:
        return False
    return there.key == mark.key and there.owned_by(mark.project, mark.target)


def _unplanned(one: Observed, what: str) -> PlatformError:
    return PlatformError(
        f"{one.id} {what}; the platform did not list it when this was planned",
        "Nothing was made of this change. Plan again.",
    )
