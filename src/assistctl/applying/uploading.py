"""Uploads: a few side by side, each at most once, and every one written down."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from assistctl.applying.bookkeeping import Book
from assistctl.applying.gate import Gate
from assistctl.applying.upload_lines import Filed
from assistctl.applying.upload_record import UploadRecord
from assistctl.applying.watch import Watch
from assistctl.errors import AssistctlError, OutcomeUnknownError, PlatformError
from assistctl.file_work import KnowledgeWork
from assistctl.knowledge import UploadedFile
from assistctl.model import Action
from assistctl.platforms.base import KnowledgePlatform
from assistctl.source_file import SourceFile


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
        ids = {await self.id_of(token): self.work.uploads.get(token) for token in tokens}
        self.record.will_go(
            {
                file_id: Filed(source.identity.name, source.size)
                for file_id, source in ids.items()
                if file_id in self.by_us and source is not None
            }
        )

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
        self.watch.uploaded()
        return file_id

    async def _recorded(self, token: str) -> str | None:
        """The upload that an earlier apply on this machine wrote down, if it is still there, and just that."""
        file_id = self.work.recorded.get(token)
        found = await self.platform.find_file(file_id) if file_id is not None else None
        if found is None or found.id != file_id or not self.record.vouches_for(found):
            return None
        return found.id

    async def _uploaded(self, source: SourceFile) -> str:
        attempt = self.record.begins(source)
        number = await self.book.begins_file(source.path, Action.CREATE, None)
        try:
            file = await self._sent(source, attempt)
        except PlatformError as error:
            await self.book.ended(number, None, error)
            raise
        await self.book.ended(number, file.id, None)
        self.by_us.add(file.id)
        return file.id

    async def _sent(self, source: SourceFile, attempt: str) -> UploadedFile:
        """Upload it; once more when its answer was lost.

        No look at what is there can tell what came of the first: a file of that name and size may be anybody's.
        """
        try:
            return await self._sent_once(source, attempt)
        except OutcomeUnknownError:
            self.watch.sent(-source.size)
        return await self._sent_once(source, self.record.begins(source))

    async def _sent_once(self, source: SourceFile, attempt: str) -> UploadedFile:
        try:
            file = await self.platform.upload(source, self.watch.sent)
        except OutcomeUnknownError:
            self.record.lost(attempt)
            raise
        except PlatformError:
            self.record.refused(attempt)
            raise
        self.record.ended(attempt, file)
        return file
