"""The uploads of the Agents API: OpenAI's, without vector stores, and with their names remembered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from assistctl.errors import PlatformError
from assistctl.model.knowledge import UploadedFile
from assistctl.model.source_file import SourceFile
from assistctl.platforms.openai.wire import PURPOSE, USER_DATA, OpenAIKnowledge


async def _nobody_asked(_file_id: str) -> None:
    """Do nothing after an upload is deleted, the default."""


@dataclass
class AgentUploads(OpenAIKnowledge):
    """``UploadPlatform`` of a platform whose assistants search no vector stores.

    ``deleted`` is told of each upload that is deleted. Earlier ones of ours were made for assistants.
    """

    purposes: tuple[str, ...] = (USER_DATA, PURPOSE)
    deleted: Callable[[str], Awaitable[None]] = _nobody_asked
    _names: dict[str, str] = field(default_factory=dict)

    async def upload(self, source: SourceFile, sent: Callable[[int], None]) -> UploadedFile:
        """See ``OpenAIKnowledge``."""
        uploaded = await super().upload(source, sent)
        self._names[uploaded.id] = uploaded.name
        return uploaded

    async def find_file(self, file_id: str) -> UploadedFile | None:
        """See ``OpenAIKnowledge``."""
        found = await super().find_file(file_id)
        if found is not None:
            self._names[file_id] = found.name
        return found

    async def delete_file(self, file_id: str) -> None:
        """See ``OpenAIKnowledge``."""
        await super().delete_file(file_id)
        await self.deleted(file_id)

    async def name_of(self, file_id: str) -> str:
        """The name of an upload, asked for if need be. Raises ``PlatformError`` when it is not there."""
        if file_id not in self._names and await self.find_file(file_id) is None:
            raise PlatformError(f"there is no upload {file_id}", "It is among the files of the code interpreter.")
        return self._names[file_id]
