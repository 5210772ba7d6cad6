"""The changes of vector stores: made, filled, and only then said to be complete."""

from __future__ import annotations

from dataclasses import dataclass, replace

from assistctl.applying.cancellation import CancellationToken
from assistctl.applying.conflicts import check_store
from assistctl.applying.files.indexing import Filling, NotIndexedError
from assistctl.applying.files.uploads import Uploads
from assistctl.applying.operations import Operation
from assistctl.applying.progress import ProgressListener
from assistctl.applying.unknown_outcome import create_once, delete_once, lookup_outcome
from assistctl.applying.verification import rejected_fields
from assistctl.errors import NotKeptError, OutcomeUnknownError, PlatformError
from assistctl.model.capabilities import Capabilities
from assistctl.model.change import Action, Change, Request
from assistctl.model.file_operations import StoreOperations
from assistctl.model.knowledge import ObservedStore
from assistctl.ownership.file_marks import FILES
from assistctl.ownership.mark import MARK
from assistctl.ownership.sensitive import digest_of
from assistctl.planning.vector_stores.inventory import as_observed
from assistctl.platforms.base import VectorStorePlatform

# A vector store has none of the fields that platforms differ in.
_CAPABILITIES = Capabilities(fields={})


@dataclass(slots=True)
class StoreChange:
    """One change of a vector store; ``operation`` is the account of it.

    ``existing_ids`` are those of things from before (see ``create_once``).
    """

    platform: VectorStorePlatform
    uploads: Uploads
    progress: ProgressListener
    cancellation: CancellationToken
    deadline: float
    change: Change
    work: StoreOperations
    operation: Operation
    existing_ids: set[str]

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
            self.progress,
            self.cancellation,
            self.change.key,
            store_id,
            self.work,
            self.deadline,
            self.operation,
        )
        await filling.put_in()
        if filling.failures:
            raise NotIndexedError(filling.failures, filling.told_apart, is_new=self.change.id is None)
        # First it is said that all is in, then the old is taken out: cut off in between, the count does not
        # fit what is said, and the next plan looks into the store.
        pairs = {**request.metadata, FILES: self.work.sync_marker}
        await self._update(replace(request, metadata=pairs), store_id)
        await filling.take_out()
        return store_id

    async def _create(self, request: Request) -> ObservedStore:
        making = create_once(
            lambda: self.platform.create_store(request.fields, request.metadata),
            self.platform.list_stores,
            request.metadata[MARK],
            self.existing_ids,
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
            return self._as_sent(
                request, await lookup_outcome(self.platform.find_store, store_id, unknown), unknown
            )

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
        deleting = delete_once(self.platform.delete_store, self.platform.find_store, self.change.id)
        await self.operation.sends(deleting)
        return self.change.id


def _check_kept(request: Request, store: ObservedStore) -> None:
    lost = _not_kept(request, store)
    if lost:
        raise NotKeptError(store.id, lost)


def _not_kept(request: Request, store: ObservedStore) -> tuple[str, ...]:
    return rejected_fields(request, as_observed(store), _CAPABILITIES)
