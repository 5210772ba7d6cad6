"""Everything of an apply that is about files: uploads, vector stores, and what goes when it is read no more."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from assistctl.applying.bookkeeping import Book
from assistctl.applying.gate import Gate, NotBegunError
from assistctl.applying.outcome import done, failed, words
from assistctl.applying.stores import StoreChange
from assistctl.applying.uploading import Uploads
from assistctl.applying.watch import Watch
from assistctl.errors import AssistctlError, PlatformError
from assistctl.file_work import Discard, FileUse, StoreWork
from assistctl.model import Action, Change, Kind, Plan, Request, Result, Status
from assistctl.planning.file_marks import FILE_TOKEN, store_token
from assistctl.planning.symbols import tokens_in
from assistctl.platforms.base import KnowledgePlatform


@dataclass(slots=True)
class ReadingMatter:
    """The files and vector stores of one plan, on their way. ``wait`` is how many seconds indexing may take.

    ``there`` are the ids of what was there before (see ``created``).
    """

    platform: KnowledgePlatform
    plan: Plan
    uploads: Uploads
    watch: Watch
    gate: Gate
    book: Book
    wait: float
    there: set[str]
    _stores: dict[str, asyncio.Future[str | Exception]] = field(default_factory=dict)
    _failures: dict[tuple[str, str], str] = field(default_factory=dict)
    _gone: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._stores = {
            store_token(change.key): loop.create_future()
            for change in self.plan.changes
            if change.kind is Kind.VECTOR_STORE and change.action in {Action.CREATE, Action.UPDATE}
        }

    def write_down_what_goes(self) -> None:
        """Keep the ids of what nothing will read, in case the apply ends before it is deleted."""
        self.uploads.record.will_go({one.file_id: None for one in self.plan.knowledge.discards})

    async def ids_for(self, request: Request) -> dict[str, str]:
        """The ids for a request's tokens, once what they stand for is there. Raises why it is not."""
        needed = {*tokens_in(request.fields), *request.reads}
        # An assistant is not touched while its vector store is not in order, whatever the request is about.
        if request.store is not None:
            needed.add(store_token(request.store))
        return {token: await self._id_of(token) for token in sorted(needed)}

    async def change_store(self, change: Change) -> Result:
        """Make one change of a vector store."""
        work = self.plan.knowledge.stores.get(change.key, StoreWork())
        doing = StoreChange(
            self.platform, self.uploads, self.watch, self.gate, self.wait, change, work, self.there
        )
        outcome: str | Exception
        try:
            self.gate.check()
            outcome = await self._written_down(doing)
            result = done(change, outcome)
        except Exception as error:  # noqa: BLE001  # one change's defect must not cut the others off
            outcome = error
            result = failed(change, error, touched=doing.touched)
        self._failures.update({(change.key, path): why for path, why in doing.failures.items()})
        if store_token(change.key) in self._stores:
            self._stores[store_token(change.key)].set_result(outcome)
        return result

    async def _written_down(self, doing: StoreChange) -> str:
        number = await self.book.begins(doing.change, doing.change.request)
        try:
            store_id = await doing.carry_out()
        except Exception as error:
            await self.book.ended(number, doing.change.id, error)
            raise
        await self.book.ended(number, store_id, None)
        return store_id

    async def delete_unread(self, results: Iterable[Result], side_by_side: int) -> None:
        """Delete the uploads that nothing reads any more, where all that read them was changed."""
        made = {(str(result.kind), result.key) for result in results if result.status is Status.OK}
        waiting = iter([one for one in self.plan.knowledge.discards if one.holders <= made])

        async def delete_each() -> None:
            for one in waiting:
                self._gone[one.file_id] = await self._deleted(one)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(side_by_side):
                tasks.create_task(delete_each())

    async def file_result(self, change: Change, made: Mapping[tuple[str, str], Result]) -> Result:
        """What became of a file, from what became of all that reads it (``made``: by kind and key)."""
        use = change.file or FileUse(None)
        failure = next((why for _, key in use.holders if (why := self._failures.get((key, change.key)))), None)
        if failure is not None:
            return failed(change, PlatformError(failure))
        for holder in use.holders:
            result = made.get(holder)
            if result is not None and result.status is Status.SKIPPED:
                return failed(change, NotBegunError())
            if result is not None and result.status is Status.FAILED:
                return failed(change, PlatformError(f"{result.key} was not changed: {result.error}"))
        kept = next((why for one in use.discards if (why := self._gone.get(one)) is not None), None)
        if kept is not None:
            return failed(change, PlatformError(f"what it replaced is not all gone: {kept}"), touched=True)
        return done(change, await self._id_of(use.token) if use.token else change.id)

    async def _id_of(self, token: str) -> str:
        if token.startswith(FILE_TOKEN):
            return await self.uploads.id_of(token)
        if token not in self._stores:
            return self.plan.knowledge.known[token]
        outcome = await self._stores[token]
        if isinstance(outcome, NotBegunError):
            raise outcome
        if isinstance(outcome, Exception):
            raise PlatformError(f"it was left as it is, because of its vector store: {words(outcome)}")
        return outcome

    async def _deleted(self, one: Discard) -> str | None:
        """Delete an upload; why that failed, if it did."""
        try:
            self.gate.check()
            number = await self.book.begins_file(one.path, Action.DELETE, one.file_id)
            error = await self._delete_file(one.file_id)
            await self.book.ended(number, one.file_id, error)
        except AssistctlError as failure:
            return words(failure)
        return words(error) if error else None

    async def _delete_file(self, file_id: str) -> PlatformError | None:
        try:
            await self.platform.delete_file(file_id)
        except PlatformError as error:
            return error
        self.uploads.record.gone(file_id)
        return None
