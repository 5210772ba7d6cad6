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
from assistctl.model.plan import Action, Change, Observed, Plan, id_seen
from assistctl.ownership.mark import is_marked, read_mark
from assistctl.platforms.base import Platform, SupportsGet

WAIT = 10.0
"""How long, in seconds, another apply may take to withdraw what it created after this one did."""
POLL = 0.2
"""How often that is looked for, in seconds."""


@dataclass(frozen=True, slots=True)
class Twins:
    """The others with the mark of ``id``, which this apply made: those there ``first``, and ``later`` ones.

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
        for assistant in await self._listed_before():
            if assistant.id == change.id:
                continue
            if _same_owner(change, assistant):
                raise _unplanned(assistant, f"carries the mark of {change.key}")
            if self._is_newcomer(change, assistant):
                raise _unplanned(assistant, f"has the name of {change.key}, and no project owns it")

    async def duplicates(self, made: Mapping[str, Change], *, alone: bool) -> list[Twins]:
        """The twins of what has some, of the ids that were ``made`` by these changes.

        Where this apply is not ``alone``, those who came later get the time to withdraw their own. Raises
        ``PlatformError`` when that cannot be looked up.
        """
        found = await self._twins(made)
        waited = 0.0
        while not alone and waited < WAIT and any(twin.later and not twin.first for twin in found):
            await asyncio.sleep(POLL)
            waited += POLL
            found = await self._twins(made)
        return found

    async def _twins(self, made: Mapping[str, Change]) -> list[Twins]:
        listed = await self.platform.list_assistants()
        found = [await self._twins_of(object_id, change, listed) for object_id, change in made.items()]
        return [twin for twin in found if twin.first or twin.later or twin.unowned]

    async def _twins_of(self, object_id: str, change: Change, listed: Sequence[Observed]) -> Twins:
        same = [assistant.id for assistant in listed if _same_owner(change, assistant)]
        named = [assistant.id for assistant in listed if self._is_newcomer(change, assistant)]
        present = await self._still_there([assistant for assistant in (*same, *named) if assistant != object_id])
        # All who look see the same order, the oldest first, so that of two applies exactly one withdraws.
        place = same.index(object_id) if object_id in same else len(same)
        return Twins(
            object_id,
            tuple(assistant for assistant in same[:place] if assistant in present),
            tuple(assistant for assistant in same[place:] if assistant in present),
            tuple(assistant for assistant in named if assistant in present),
        )

    async def _still_there(self, ids: Iterable[str]) -> Collection[str]:
        """Those of ``ids`` that are there beyond doubt: a list may be behind, a single answer is less so."""
        if not isinstance(self.platform, SupportsGet):
            return list(ids)
        return [
            assistant_id for assistant_id in ids if await self.platform.find_assistant(assistant_id) is not None
        ]

    async def _listed_before(self) -> Sequence[Observed]:
        async with self._looking:
            if self._before is None:
                self._before = await self.platform.list_assistants()
            return self._before

    def _is_newcomer(self, change: Change, assistant: Observed) -> bool:
        """Whether it would have been a candidate for adoption, had it been listed."""
        return (
            change.action is Action.CREATE
            and assistant.name is not None
            and assistant.name == change.name
            and not is_marked(assistant.metadata)
            and assistant.id not in self._planned
        )


def _same_owner(change: Change, assistant: Observed) -> bool:
    ours = change.request.metadata if change.request is not None else {}
    found, mark = read_mark(assistant.metadata), read_mark(ours)
    if found is None or mark is None:
        return False
    return found.key == mark.key and found.owned_by(mark.project, mark.target)


def _unplanned(assistant: Observed, what: str) -> PlatformError:
    return PlatformError(
        f"{assistant.id} {what}; the platform did not list it when this was planned",
        "Nothing was made of this change. Plan again.",
    )
