"""Everything of an apply that is about files: uploads, vector stores, and what goes when it is read no more."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field

from assistctl.applying.cancellation import (
    CancellationToken,
    NotAttemptedError,
    NotBegunError,
    UnfinishedError,
)
from assistctl.applying.files.indexing import NotIndexedError
from assistctl.applying.files.uploads import Uploads
from assistctl.applying.files.vector_stores import StoreChange
from assistctl.applying.operations import Operation, OperationLog
from assistctl.applying.progress import ProgressListener
from assistctl.applying.unknown_outcome import delete_once
from assistctl.errors import AssistctlError, PlatformError
from assistctl.model.change import Action, Change, Request
from assistctl.model.file_operations import Discard, StoreOperations
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan
from assistctl.ownership.file_marks import FILE_TOKEN, store_token
from assistctl.ownership.placeholders import tokens_in
from assistctl.platforms.base import UploadPlatform, VectorStorePlatform


@dataclass(slots=True)
class FilesRun:
    """The files and vector stores of one plan for ``platform``, on their way.

    ``wait`` is how many seconds indexing may take;
    ``existing_ids`` are those of things from before (see ``create_once``).
    """

    platform: str
    files: UploadPlatform
    stores: VectorStorePlatform | None
    plan: Plan
    uploads: Uploads
    progress: ProgressListener
    cancellation: CancellationToken
    log: OperationLog
    wait: float
    existing_ids: set[str]
    _stores: dict[str, asyncio.Future[str | Exception]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._stores = {
            store_token(change.key): loop.create_future()
            for change in self.plan.changes
            if change.kind is Kind.VECTOR_STORE and change.action in {Action.CREATE, Action.UPDATE}
        }

    def write_down_what_goes(self) -> None:
        """Keep the ids of what nothing will read, in case the apply ends before it is deleted.

        Of what stays because others read it nothing else says any more whose it is.
        """
        self.uploads.record.will_go({discard.file_id: None for discard in self.plan.knowledge.discards})
        self.uploads.record.will_stay(self.plan.knowledge.left, self.plan.knowledge.held)

    def keep_for(self, holders: Collection[tuple[str, str]]) -> None:
        """Note that what these were to read no longer is read on."""
        for discard in self.plan.knowledge.discards:
            if not discard.holders.isdisjoint(holders):
                self.uploads.record.gone(discard.file_id)

    async def ids_for(self, request: Request) -> dict[str, str]:
        """The ids for a request's tokens, once what they stand for is there. Raises why it is not."""
        needed = {*tokens_in(request.fields), *request.reads}
        # An assistant is not touched while its vector store is not in order, whatever the request is about.
        if request.store is not None:
            needed.add(store_token(request.store))
        return {token: await self._id_of(token) for token in sorted(needed)}

    async def change_store(self, change: Change) -> None:
        """Make one change of a vector store."""
        operation = self.log.change(change)
        outcome: str | Exception
        try:
            self.cancellation.check()
            doing = self._doing(change, operation)
            async with operation.under_way(change.request):
                outcome = await doing.carry_out()
        except Exception as error:  # noqa: BLE001  # one change's defect must not cut the others off
            operation.fails(error)
            outcome = operation.error or error
        if store_token(change.key) in self._stores:
            self._stores[store_token(change.key)].set_result(outcome)

    async def delete_unread(self, side_by_side: int) -> None:
        """Delete the uploads that nothing reads any more, where all that read them was changed."""
        changed = self.log.done()
        waiting = iter([discard for discard in self.plan.knowledge.discards if discard.holders <= changed])

        async def delete_each() -> None:
            for discard in waiting:
                await self._delete(discard)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(side_by_side):
                tasks.create_task(delete_each())

    def _doing(self, change: Change, operation: Operation) -> StoreChange:
        if self.stores is None:
            raise PlatformError(f"{self.platform} has no vector stores")
        return StoreChange(
            self.stores,
            self.uploads,
            self.progress,
            self.cancellation,
            self.wait,
            change,
            self.plan.knowledge.stores.get(change.key, StoreOperations()),
            operation,
            self.existing_ids,
        )

    async def _id_of(self, token: str) -> str:
        if token.startswith(FILE_TOKEN):
            return await self._id_of_upload(token)
        if token not in self._stores:
            return self.plan.knowledge.known[token]
        outcome = await self._stores[token]
        if isinstance(outcome, NotBegunError | UnfinishedError):
            raise NotBegunError(outcome.why)
        if isinstance(outcome, Exception):
            raise NotAttemptedError(_in_short(outcome)) from outcome
        return outcome

    async def _id_of_upload(self, token: str) -> str:
        try:
            return await self.uploads.id_of(token)
        except NotBegunError:
            raise
        except AssistctlError as error:
            path = self.plan.knowledge.uploads[token].path
            raise NotAttemptedError(f"{path} was not uploaded") from error

    async def _delete(self, discard: Discard) -> None:
        """Delete an upload; the account says what became of it."""
        operation = self.log.removal(discard.file_id, discard.path)
        try:
            self.cancellation.check()
            async with operation.under_way():
                deleting = delete_once(self.files.delete_file, self.files.find_file, discard.file_id)
                await operation.sends(deleting)
        except AssistctlError as error:
            operation.fails(error)
            return
        self.uploads.record.gone(discard.file_id)


def _in_short(error: Exception) -> str:
    """A short form of a vector store's error, which that store's own result reports in full."""
    if isinstance(error, NotIndexedError):
        return f"its vector store lacks {error.named}"
    return "its vector store failed"
