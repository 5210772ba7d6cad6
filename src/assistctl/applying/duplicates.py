"""One thing for each key, whatever a list leaves out: who would make a second one looks before, and after.

A plan rests on one listing. Where that left something out (it changed while its pages were read, or the platform
was behind), the plan creates what is there already. So all there is is listed again before the first create and
after the last one; what any of these listings shows counts. Two applies at once may still both create what one key
declares: who finds one that was there first withdraws its own, and what has a twin all the same has failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import InitVar, dataclass, field

from assistctl.applying.files.files_run import FilesRun
from assistctl.applying.operations import OperationLog
from assistctl.applying.things import Things, things_on
from assistctl.applying.unknown_outcome import delete_once
from assistctl.errors import AssistctlError, PlatformError
from assistctl.model.assistant import Observed
from assistctl.model.change import Action, Change
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan, read_seen
from assistctl.ownership.mark import is_marked, read_mark
from assistctl.platforms.base import Platform

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
class _Listing:
    """One listing, in its order: things by the key in the marks of the plan's target, unmarked ones by name."""

    plan: Plan
    listed: InitVar[Sequence[Observed]]
    _owned: dict[str, list[Observed]] = field(default_factory=dict)
    _unmarked: dict[str, list[Observed]] = field(default_factory=dict)

    def __post_init__(self, listed: Sequence[Observed]) -> None:
        for assistant in listed:
            mark = read_mark(assistant.metadata)
            if mark is not None and mark.owned_by(self.plan.project, self.plan.target.name):
                self._owned.setdefault(mark.key, []).append(assistant)
            elif assistant.name is not None and not is_marked(assistant.metadata):
                self._unmarked.setdefault(assistant.name, []).append(assistant)

    def of_key(self, change: Change) -> Sequence[Observed]:
        """Those with the mark of what is changed."""
        return self._owned.get(change.key, ())

    def candidates(self, change: Change) -> Sequence[Observed]:
        """Those without a mark that have the name of what is created."""
        if change.action is not Action.CREATE or change.name is None:
            return ()
        return self._unmarked.get(change.name, ())


@dataclass(slots=True)
class Uniqueness:
    """Looks for what is there already of the ``things`` of a kind that a plan creates or takes over."""

    things: Things
    plan: Plan
    _before: _Listing | None = None
    _ahead: asyncio.Task[Sequence[Observed]] | None = None
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _planned: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._planned = frozenset(read_seen(name).id for name in self.plan.seen)

    @asynccontextmanager
    async def looking_ahead(self) -> AsyncIterator[None]:
        """List what there is while the block begins, so that the first create need not wait for it."""
        if not any(map(self._makes_one, self.plan.changes)):
            yield
            return
        self._ahead = ahead = asyncio.ensure_future(self.things.listed())
        try:
            yield
        finally:
            ahead.cancel()
            # Whoever needed it was told what became of it.
            await asyncio.gather(ahead, return_exceptions=True)

    async def check(self, change: Change) -> None:
        """Raise ``PlatformError``, before a change is made, when the plan did not know of something there."""
        if not self._makes_one(change):
            return
        before = await self._listed_before()
        for assistant in before.of_key(change):
            if assistant.id != change.id:
                raise _unplanned(assistant, f"carries the mark of {change.key}")
        for assistant in self._newcomers(before, change):
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
        listed = _Listing(self.plan, await self.things.listed())
        found = [await self._twins_of(object_id, change, listed) for object_id, change in made.items()]
        return [twin for twin in found if twin.first or twin.later or twin.unowned]

    async def _twins_of(self, object_id: str, change: Change, listed: _Listing) -> Twins:
        same = [assistant.id for assistant in listed.of_key(change)]
        named = [assistant.id for assistant in self._newcomers(listed, change)]
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
        find = self.things.find
        if find is None:
            return list(ids)
        return [object_id for object_id in ids if await find(object_id) is not None]

    async def _listed_before(self) -> _Listing:
        async with self._looking:
            if self._before is None:
                # What failed is looked at again by who comes next.
                ahead, self._ahead = self._ahead, None
                self._before = _Listing(self.plan, await (ahead or self.things.listed()))
            return self._before

    def _makes_one(self, change: Change) -> bool:
        """Whether there is to be one of its key afterwards that this project did not own before."""
        return change.kind is self.things.kind and change.action in {Action.CREATE, Action.ADOPT}

    def _newcomers(self, listed: _Listing, change: Change) -> Iterator[Observed]:
        """Things that would have been candidates for adoption, had they been listed when this was planned."""
        return (each for each in listed.candidates(change) if each.id not in self._planned)


@asynccontextmanager
async def looking_ahead(platform: Platform, plan: Plan) -> AsyncIterator[Mapping[Kind, Uniqueness]]:
    """Yield a search for duplicates of each kind that ``platform`` keeps; its listings begin within the block."""
    unique = uniqueness(things_on(platform), plan)
    async with AsyncExitStack() as stack:
        for each in unique.values():
            await stack.enter_async_context(each.looking_ahead())
        yield unique


def uniqueness(things: Mapping[Kind, Things], plan: Plan) -> dict[Kind, Uniqueness]:
    """A search for duplicates of each kind of ``things``."""
    return {kind: Uniqueness(each, plan) for kind, each in things.items()}


def _unplanned(assistant: Observed, what: str) -> PlatformError:
    return PlatformError(
        f"{assistant.id} {what}; the platform did not list it when this was planned",
        "Nothing was made of this change. Plan again.",
    )


@dataclass(slots=True)
class TwinCheck:
    """The look at what ``changes`` created. ``tell`` is called with each of them that has failed after all."""

    changes: Sequence[Change]
    things: Mapping[Kind, Things]
    unique: Mapping[Kind, Uniqueness]
    files_run: FilesRun | None
    log: OperationLog
    tell: Callable[[Change], None]

    async def look(self, *, alone: bool) -> None:
        """Look whether what was just created, or taken over, is the only one of its key; else it has failed."""
        made = {kind: self._made(kind) for kind in self.unique}
        # Side by side: what two of the platform's lists need is then asked for once.
        await asyncio.gather(
            *(self._look_for(self.unique[kind], of_kind, alone=alone) for kind, of_kind in made.items() if of_kind)
        )

    def _made(self, kind: Kind) -> dict[str, Change]:
        """The changes of a kind that made something, by its id."""
        return {
            operation.id: change
            for change in self.changes
            if change.kind is kind
            and change.action in {Action.CREATE, Action.ADOPT}
            and (operation := self.log.change(change)).is_done
            and operation.id is not None
        }

    async def _look_for(self, unique: Uniqueness, made: Mapping[str, Change], *, alone: bool) -> None:
        try:
            duplicates = await unique.duplicates(made, alone=alone)
        except PlatformError as failure:
            error = f"whether it is the only one of its key could not be looked up: {failure.summary}"
            for change in made.values():
                self._end_failed(change, PlatformError(error))
            return
        for twin in duplicates:
            await self._end_twin(made[twin.id], twin)

    async def _end_twin(self, change: Change, duplicates: Twins) -> None:
        """Withdraw what surely is this apply's, if another one was there first; tell of what is left."""
        if duplicates.first and self.log.change(change).answered:
            await self._withdraw(change, duplicates.id, ", ".join(duplicates.first))
            return
        ids = (*duplicates.first, duplicates.id, *duplicates.later)
        error = PlatformError(
            f"{len(ids)} {change.kind.noun}s carry the mark of {change.key}: {', '.join(ids)}",
            "Delete those that are too many on the platform; until then apply refuses to choose.",
        )
        if len(ids) == 1:
            others = ", ".join(duplicates.unowned)
            error = PlatformError(
                f"it was created as {duplicates.id}, and there is {others} of its name, which no project owns",
                "The platform did not list that when this was planned. Delete one of them.",
            )
        self._end_failed(change, error)

    def _end_failed(self, change: Change, error: AssistctlError) -> None:
        self.log.change(change).error = error
        self.tell(change)

    async def _withdraw(self, change: Change, ours: str, theirs: str) -> None:
        operation = self.log.change(change)
        why = _second(change, theirs)
        try:
            if self.files_run is not None and change.request is not None:
                await self.files_run.uploads.out_of_use(change.request.reads)
            things = self.things[change.kind]
            await operation.withdraw(delete_once(things.delete, things.find, ours), why)
        except PlatformError as failure:
            operation.error = PlatformError(f"it is there as {theirs} and as {ours}: {failure.summary}")
        except AssistctlError as failure:
            operation.error = failure
        self.tell(change)


def _second(change: Change, theirs: str) -> AssistctlError:
    """The reason that the creation for ``change`` was withdrawn, and what may be left of it."""
    request = change.request
    has_files = request is not None and (request.reads or request.store is not None)
    left = " `assistctl gc` deletes what was made for it and is not used." if has_files else ""
    return AssistctlError(
        f"it is there already, as {theirs}, so the one created here was withdrawn",
        f"Another apply was probably at work: apply again.{left}",
    )
