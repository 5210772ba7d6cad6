"""Uploads: a few side by side, each at most once, and every one written down."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from assistctl.applying.bookkeeping import Book
from assistctl.applying.gate import Gate
from assistctl.applying.upload_record import UploadRecord
from assistctl.applying.watch import Watch
from assistctl.errors import AssistctlError, OutcomeUnknownError, PlatformError
from assistctl.file_work import KnowledgeWork
from assistctl.knowledge import UploadedFile
from assistctl.model import Action
from assistctl.platforms.base import KnowledgePlatform
from assistctl.source_file import SourceFile

# How far the platform's clock may be behind this machine's, in seconds.
_CLOCK_SKEW = 120


@dataclass(slots=True)
class Uploads:
    """The files that a plan needs on the platform: those that are there, and those that are uploaded now.

    ``by_us`` are the ids of what this apply uploaded, ``begun`` the tokens of what it began to.
    """

    platform: KnowledgePlatform
    work: KnowledgeWork
    record: UploadRecord
    watch: Watch
    gate: Gate
    book: Book
    by_us: set[str] = field(default_factory=set)
    begun: set[str] = field(default_factory=set)
    _outcomes: dict[str, asyncio.Future[str | AssistctlError]] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._outcomes = {token: loop.create_future() for token in self.work.uploads}

    async def upload_all(self, side_by_side: int) -> None:
        """Upload what is needed, at most so many at a time."""
        waiting = iter(self.work.uploads.items())
        sizes = [source.size for source in self.work.uploads.values()]
        if sizes:
            self.watch.uploading(len(sizes), sum(sizes))
        async with asyncio.TaskGroup() as tasks:
            for _ in range(min(side_by_side, len(sizes))):
                tasks.create_task(self._upload_each(waiting))

    async def id_of(self, token: str) -> str:
        """The id of the upload that ``token`` stands for, once it is there. Raises why it is not."""
        if token in self.work.known:
            return self.work.known[token]
        outcome = await self._outcomes[token]
        if isinstance(outcome, AssistctlError):
            raise outcome
        return outcome

    def in_use(self, tokens: Iterable[str]) -> None:
        """Note that uploads are referred to now."""
        for token in tokens:
            source = self.work.uploads.get(token)
            if source is not None:
                self.record.in_use(source.identity)

    async def out_of_use(self, tokens: Iterable[str]) -> None:
        """Write down that what read these is gone: whose those are that this apply uploaded, nothing else says."""
        ids = [await self.id_of(token) for token in tokens]
        self.record.will_go([file_id for file_id in ids if file_id in self.by_us])

    async def withdraw(self, token: str, file_id: str) -> None:
        """Delete what this apply uploaded and cannot use."""
        if file_id in self.by_us:
            await self.platform.delete_file(file_id)
            self.in_use([token])

    async def _upload_each(self, waiting: Iterator[tuple[str, SourceFile]]) -> None:
        for token, source in waiting:
            self._outcomes[token].set_result(await self._outcome(token, source))

    async def _outcome(self, token: str, source: SourceFile) -> str | AssistctlError:
        try:
            self.gate.check()
            self.begun.add(token)
            file_id = await self._recorded(token) or await self._uploaded(source)
        except AssistctlError as error:
            return error
        except Exception as error:  # noqa: BLE001  # one file's defect must not cut the others off
            return AssistctlError(f"something went wrong inside assistctl: {type(error).__name__}: {error}")
        self._taken.add(file_id)
        self.watch.uploaded()
        return file_id

    async def _recorded(self, token: str) -> str | None:
        """The upload that an earlier apply wrote down, if it is still there."""
        file_id = self.work.recorded.get(token)
        found = await self.platform.find_file(file_id) if file_id is not None else None
        return found.id if found else None

    async def _uploaded(self, source: SourceFile) -> str:
        self.record.begins(source)
        number = await self.book.begins_file(source.path, Action.CREATE, None)
        try:
            file = await self._sent(source)
        except PlatformError as error:
            if not isinstance(error, OutcomeUnknownError):
                self.record.in_use(source.identity)
            await self.book.ended(number, None, error)
            raise
        self.record.ended(source, file.id)
        await self.book.ended(number, file.id, None)
        self.by_us.add(file.id)
        return file.id

    async def _sent(self, source: SourceFile) -> UploadedFile:
        """Upload it; once more when its answer was lost and nothing like it has appeared."""
        began = time.time()
        try:
            return await self.platform.upload(source, self.watch.sent)
        except OutcomeUnknownError as error:
            found = await self._there_all_the_same(source, began, error)
        if found is not None:
            return found
        self.watch.sent(-source.size)
        return await self.platform.upload(source, self.watch.sent)

    async def _there_all_the_same(
        self, source: SourceFile, began: float, error: OutcomeUnknownError
    ) -> UploadedFile | None:
        """The one new upload of that name and size; ``None`` when the upload was not carried out."""
        taken = {*self._taken, *self.by_us, *self.work.known.values(), *self.work.recorded.values()}
        new = [
            file
            for file in await self.platform.list_files()
            if (file.name, file.size) == (source.identity.name, source.size)
            and file.created_at >= began - _CLOCK_SKEW
            and file.id not in taken
        ]
        if len(new) > 1:
            raise OutcomeUnknownError(
                f"whether {source.path} was uploaded is not known: {error.summary}",
                f"{len(new)} new files look like it; `assistctl gc` lists what nothing refers to.",
                status=error.status,
            ) from error
        return new[0] if new else None
