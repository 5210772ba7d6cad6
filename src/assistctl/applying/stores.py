"""The changes of vector stores: made, filled, and only then said to be complete."""

from __future__ import annotations

from dataclasses import dataclass, replace

from assistctl.applying.creating import created
from assistctl.applying.filling import Filling, NotIndexedError
from assistctl.applying.gate import Gate
from assistctl.applying.operations import Operation
from assistctl.applying.readback import not_kept
from assistctl.applying.resolving import looked_up
from assistctl.applying.second_look import check_store
from assistctl.applying.uploading import Uploads
from assistctl.applying.watch import Watch
from assistctl.errors import NotKeptError, OutcomeUnknownError, PlatformError
from assistctl.file_work import StoreWork
from assistctl.knowledge import ObservedStore
from assistctl.model import Action, Change, Request
from assistctl.planning.file_marks import FILES
from assistctl.planning.ownership import MARK
from assistctl.planning.store_view import as_observed
from assistctl.planning.world import digest_of
from assistctl.platforms.base import KnowledgePlatform


@dataclass(slots=True)
class StoreChange:
    """One change of a vector store; ``operation`` is the account of it.

    ``there`` are the ids of what was there before (see ``created``).
    """

    platform: KnowledgePlatform
    uploads: Uploads
    watch: Watch
    gate: Gate
    deadline: float
    change: Change
    work: StoreWork
    operation: Operation
    there: set[str]

    async def carry_out(self) -> str:
        """Make it; the store's id. Raises ``AssistctlError``, ``NotIndexedError`` when files did not get in."""
        change = self.change
        if change.request is None:
            return await self._delete()
        if change.action is Action.FORGET:
            return (await self._update(change.request)).id
        if change.id is not None:
            return await self._fill(change.id, change.request)
        store = await self._create(change.request)
        # All but the files is as it should be.
        return await self._fill(store.id, replace(change.request, fields={}, removed=frozenset()))

    async def _fill(self, store_id: str, request: Request) -> str:
        filling = Filling(
            self.platform,
            self.uploads,
            self.watch,
            self.gate,
            self.change.key,
            store_id,
            self.work,
            self.deadline,
            self.operation,
        )
        await filling.put_in()
        if filling.failures:
            raise NotIndexedError(filling.failures, filling.told_apart)
        # First it is said that all is in, then the old is taken out: cut off in between, the count does not
        # fit what is said, and the next plan looks into the store.
        pairs = {**request.metadata, FILES: self.work.settled}
        await self._update(replace(request, metadata=pairs), store_id)
        await filling.take_out()
        return store_id

    async def _create(self, request: Request) -> ObservedStore:
        making = created(
            lambda: self.platform.create_store(request.fields, request.metadata),
            self.platform.list_stores,
            request.metadata[MARK],
            self.there,
        )
        store, self.operation.answered = await self.operation.sends(making)
        self.operation.id = store.id
        _check_kept(request, store)
        return store

    async def _update(self, request: Request, store_id: str | None = None) -> ObservedStore:
        await check_store(self.platform, self.change)
        answer = await self.operation.sends(self._updated(request, store_id or self.change.id or ""))
        _check_kept(request, answer)
        return answer

    async def _updated(self, request: Request, store_id: str) -> ObservedStore:
        try:
            return await self.platform.update_store(store_id, request.fields, request.metadata)
        except OutcomeUnknownError as unknown:
            return self._as_sent(request, await looked_up(self.platform.find_store, store_id, unknown), unknown)

    def _as_sent(self, request: Request, now: ObservedStore | None, unknown: OutcomeUnknownError) -> ObservedStore:
        """``now``, if it is what was sent. Raises ``unknown`` when it is neither that nor what was before."""
        if now is not None and not _not_kept(request, now):
            return now
        before = self.change.before
        if now is None or (before is not None and digest_of(as_observed(now)) == digest_of(before)):
            raise unknown.refuted() from None
        raise unknown

    async def _delete(self) -> str:
        if self.change.id is None:
            raise PlatformError(f"the vector store of {self.change.key} has no id to delete")
        await check_store(self.platform, self.change, holding=self.work.holding)
        await self.operation.sends(self._deleted(self.change.id))
        return self.change.id

    async def _deleted(self, store_id: str) -> None:
        try:
            await self.platform.delete_store(store_id)
        except OutcomeUnknownError as unknown:
            if await looked_up(self.platform.find_store, store_id, unknown) is not None:
                raise unknown.refuted() from None


def _check_kept(request: Request, store: ObservedStore) -> None:
    lost = _not_kept(request, store)
    if lost:
        raise NotKeptError(store.id, lost)


def _not_kept(request: Request, store: ObservedStore) -> tuple[str, ...]:
    return not_kept(request, as_observed(store), frozenset())
