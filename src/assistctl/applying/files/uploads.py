"""Uploads: a few side by side, each at most once, and every one written down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from assistctl.applying.cancellation import CancellationToken
from assistctl.applying.files.upload_lines import Filed
from assistctl.applying.files.upload_log import UploadLog
from assistctl.applying.operations import Operation, OperationLog
from assistctl.applying.progress import ProgressListener
from assistctl.applying.results import describe_error
from assistctl.applying.unknown_outcome import delete_once
from assistctl.errors import AssistctlError, OutcomeUnknownError, PlatformError
from assistctl.model.file_operations import FileOperations
from assistctl.model.knowledge import UploadedFile
from assistctl.model.source_file import SourceFile
from assistctl.platforms.base import UploadPlatform

_Needed: TypeAlias = tuple[str, SourceFile]


@dataclass(slots=True)
class Uploads:
    """The files that a plan needs on the platform: those that are there, and those that are uploaded now."""

    platform: UploadPlatform
    work: FileOperations
    record: UploadLog
    progress: ProgressListener
    cancellation: CancellationToken
    log: OperationLog
    _outcomes: dict[str, asyncio.Future[str | AssistctlError]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._outcomes = {token: loop.create_future() for token in self.work.uploads}
        for token, source in self.work.uploads.items():
            self.log.upload(token, source)

    @property
    def by_us(self) -> set[str]:
        """The ids of what this apply uploaded."""
        return self.log.uploaded()

    async def upload_all(self, side_by_side: int) -> None:
        """Upload all needed files that are missing, ``side_by_side`` at a time."""
        known = [upload for upload in self.work.uploads.items() if upload[0] in self.work.recorded]
        await self._each(self._found_or_not, known, side_by_side)
        missing = [upload for upload in self.work.uploads.items() if not self._outcomes[upload[0]].done()]
        if missing:
            self.progress.uploading(len(missing), sum(source.size for _, source in missing))
        await self._each(self._upload, missing, side_by_side)

    async def _each(
        self, do: Callable[[str, SourceFile], Awaitable[None]], needed: Iterable[_Needed], side_by_side: int
    ) -> None:
        waiting = iter(needed)

        async def one_by_one() -> None:
            for token, source in waiting:
                await do(token, source)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(side_by_side):
                tasks.create_task(one_by_one())

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

    async def withdraw(self, token: str, file_id: str, why: str) -> None:
        """Delete what this apply uploaded and cannot use, and say why."""
        if file_id in self.by_us:
            operation = self.log.upload(token, self.work.uploads[token])
            deleting = delete_once(self.platform.delete_file, self.platform.find_file, file_id)
            await operation.withdraw(deleting, PlatformError(why))
            self.in_use([token])

    async def _found_or_not(self, token: str, source: SourceFile) -> None:
        """Use the upload that an earlier apply wrote down, if it is still there."""
        operation = self.log.upload(token, source)
        try:
            self.cancellation.check()
            file_id = await self._recorded(token)
            if file_id is None:
                return
            operation.found(file_id)
        except Exception as error:  # noqa: BLE001  # one file's defect must not cut the others off
            operation.fails(error)
        self._settle(token, operation)

    async def _upload(self, token: str, source: SourceFile) -> None:
        operation = self.log.upload(token, source)
        try:
            self.cancellation.check()
            await self._uploaded(source, operation)
        except Exception as error:  # noqa: BLE001  # one file's defect must not cut the others off
            operation.fails(error)
        else:
            self.progress.uploaded()
        self._settle(token, operation)

    def _settle(self, token: str, operation: Operation) -> None:
        """Let those go on who wait for an upload."""
        error = operation.error
        if error is not None and not isinstance(error, AssistctlError):
            error = AssistctlError(describe_error(error))
        self._outcomes[token].set_result(error or operation.id or "")

    async def _recorded(self, token: str) -> str | None:
        """The upload that an earlier apply on this machine wrote down, if it is still there, and just that."""
        file_id = self.work.recorded.get(token)
        found = await self.platform.find_file(file_id) if file_id is not None else None
        if found is None or found.id != file_id or not self.record.vouches_for(found):
            return None
        return found.id

    async def _uploaded(self, source: SourceFile, operation: Operation) -> None:
        attempt = self.record.begins(source)
        async with operation.under_way():
            file = await operation.sends(self._sent(source, attempt))
            operation.id = file.id

    async def _sent(self, source: SourceFile, attempt: str) -> UploadedFile:
        """Upload it; once more when its answer was lost.

        No look at what is there can tell what came of the first: a file of that name and size may be anybody's.
        """
        try:
            return await self._sent_once(source, attempt)
        except OutcomeUnknownError:
            self.progress.sent(-source.size)
        return await self._sent_once(source, self.record.begins(source))

    async def _sent_once(self, source: SourceFile, attempt: str) -> UploadedFile:
        try:
            file = await self.platform.upload(source, self.progress.sent)
        except OutcomeUnknownError:
            self.record.lost(attempt)
            raise
        except PlatformError:
            self.record.refused(attempt)
            raise
        self.record.ended(attempt, file)
        return file
