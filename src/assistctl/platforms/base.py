"""The interface of a platform: one Protocol, and capabilities as data (``model.capabilities``).

A platform translates between the Assistants API's names and shapes and its own wire; it knows nothing of
plans, ownership or baselines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Never, Protocol, Self, overload, runtime_checkable

from assistctl.errors import PlatformError
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.capabilities import Capabilities, FieldDefaults, Finding, Level, MetadataLimits, Support
from assistctl.model.knowledge import (
    Attachment,
    Indexing,
    ObservedEnvironment,
    ObservedStore,
    StoreFile,
    UploadedFile,
)
from assistctl.model.source_file import SourceFile
from assistctl.model.tool_names import ToolNames
from assistctl.platforms.connection import ClosedAtEnd, Connection, nobody_listens

__all__ = [
    "BATCH_SIZE",
    "Attachment",
    "Capabilities",
    "ClosedAtEnd",
    "Connection",
    "FieldDefaults",
    "Finding",
    "Indexing",
    "Level",
    "MetadataLimits",
    "Observed",
    "ObservedEnvironment",
    "ObservedStore",
    "Platform",
    "SourceFile",
    "StoreFile",
    "Support",
    "SupportsAccounts",
    "SupportsContents",
    "SupportsEnvironments",
    "SupportsGet",
    "SupportsTexts",
    "ToolNames",
    "UploadPlatform",
    "UploadedFile",
    "VectorStorePlatform",
    "nobody_listens",
]


@dataclass(frozen=True, slots=True)
class NotListed(Sequence[Never]):
    """Nothing, in the place of a list that the server does not give: ``error`` is its refusal.

    So answers a server that has no such things at all, and one that is out of order for a moment: who acts upon it
    asks what else is known of them.
    """

    error: PlatformError

    @overload
    def __getitem__(self, index: int) -> Never: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Never]: ...

    def __getitem__(self, index: int | slice) -> Sequence[Never]:
        """Raises ``IndexError``, as there is nothing."""
        return ()[index]

    def __len__(self) -> int:
        """None."""
        return 0


class UploadPlatform(Protocol):
    """The uploads of a platform: files of the project that its assistants read, in vector stores or without any.

    All methods raise ``PlatformError`` (or a subclass) and nothing else on failure.
    """

    async def upload(self, source: SourceFile, sent: Callable[[int], None]) -> UploadedFile:
        """Upload a file of the project for the use of assistants, streamed from the disk.

        It is only repeated when the platform refused it for now. ``sent`` is called with the number of bytes of
        each piece that was sent, and before a repetition with the negative sum of those so far. Raises
        ``ChangedFileError`` when what was read is not what ``source`` says (nothing is left on the platform
        then), ``OutcomeUnknownError`` when it may be there all the same, and ``PlatformError`` when the answer has
        the id of a file that was there before, which is left alone.
        """

    async def list_files(self) -> Sequence[UploadedFile]:
        """All uploads for assistants, of all owners, each once."""

    async def find_file(self, file_id: str) -> UploadedFile | None:
        """One upload; ``None`` when it is not there."""

    async def delete_file(self, file_id: str) -> None:
        """Delete an upload; a missing one is not an error."""


class VectorStorePlatform(Protocol):
    """The vector stores of a platform, which hold its uploads.

    All methods raise ``PlatformError`` (or a subclass) and nothing else on failure.
    """

    async def list_stores(self) -> Sequence[ObservedStore]:
        """All vector stores of all owners, each once.

        ``NotListed`` where the server says that it has no such list.
        """

    async def find_store(self, store_id: str) -> ObservedStore | None:
        """One vector store as it is at this moment; ``None`` when it is not there."""

    async def create_store(self, fields: Mapping[str, Json], metadata: Mapping[str, str]) -> ObservedStore:
        """Create an empty vector store, in one request that is never repeated.

        Raises ``OutcomeUnknownError`` when it may have been created all the same.
        """

    async def update_store(
        self, store_id: str, fields: Mapping[str, Json], metadata: Mapping[str, str]
    ) -> ObservedStore:
        """Set ``fields`` (``None`` clears one) and replace the metadata."""

    async def delete_store(self, store_id: str) -> None:
        """Delete a vector store, not its uploads; a missing one is not an error."""

    async def list_store_files(self, store_id: str) -> Sequence[StoreFile]:
        """All files of a vector store, each once."""

    async def attach(self, store_id: str, files: Sequence[Attachment]) -> str:
        """Put at most ``BATCH_SIZE`` uploads into a vector store as one batch; the batch's id.

        Raises ``OutcomeUnknownError`` when it may have been done all the same.
        """

    async def indexing(self, store_id: str, batch_id: str) -> Indexing:
        """The progress of a batch; all of it counts as in progress until a new batch appears."""

    async def set_attributes(self, store_id: str, file_id: str, attributes: Mapping[str, Json]) -> None:
        """Replace all attributes of a file in a vector store."""

    async def detach(self, store_id: str, file_id: str) -> None:
        """Take a file out of a vector store; the upload stays. A file that is not in it is not an error."""


@runtime_checkable
class SupportsGet(Protocol):
    """A platform that can show one assistant as it is now: what an apply looks up when an answer was lost."""

    async def find_assistant(self, assistant_id: str) -> Observed | None:
        """One assistant; ``None`` when it is not there."""


BATCH_SIZE = 2_000
"""How many files one batch may hold (CreateVectorStoreFileBatchRequest in OpenAI's API description)."""


@runtime_checkable
class SupportsContents(Protocol):
    """Uploads that can be had back: an optional part of an ``UploadPlatform``. Raises ``PlatformError``."""

    async def file_content(self, file_id: str) -> bytes:
        """The bytes of an upload; many a platform refuses them."""


@runtime_checkable
class SupportsTexts(Protocol):
    """Vector stores that show what they search: an optional part of a ``VectorStorePlatform``."""

    async def text_in_store(self, store_id: str, file_id: str) -> str:
        """The text that was read from a file of a vector store. Raises ``PlatformError``."""


@runtime_checkable
class SupportsAccounts(Protocol):
    """A platform that says which account it answers as: an optional part of a ``Platform``."""

    @property
    def answered_as(self) -> Sequence[str]:
        """The ids that its answers so far have carried, its organization's first; nothing is asked."""

    async def account_ids(self) -> Sequence[str]:
        """The ids of the organization, project or workspace that it answers as; empty when it does not say.

        It is asked for what changes nothing if it has not answered yet. Raises ``PlatformError``.
        """


@runtime_checkable
class SupportsEnvironments(Protocol):
    """A platform that keeps what sessions start in apart from its assistants: an optional part of a ``Platform``.

    It makes and deletes them with the assistants that refer to them; ``gc`` asks for those that were left behind.
    The methods raise ``PlatformError`` (or a subclass) and nothing else on failure.
    """

    async def list_environments(self) -> Sequence[ObservedEnvironment]:
        """All environments of all owners, each once."""

    async def delete_environment(self, environment_id: str) -> None:
        """Delete one, not its uploads; a missing one is not an error."""


class Platform(Protocol):
    """One kind of API. All methods raise ``PlatformError`` (or a subclass) and nothing else on failure."""

    name: str
    capabilities: Capabilities

    @property
    def uploads(self) -> UploadPlatform | None:
        """Its uploads; ``None`` where no assistant of it reads files of a project."""

    @property
    def vector_stores(self) -> VectorStorePlatform | None:
        """Its vector stores; ``None`` where it has none. What has them has ``uploads``."""

    async def list_assistants(self) -> Sequence[Observed]:
        """All assistants of all owners, each once, the oldest first if the platform can say.

        Each is as a create or an update answers it (see ``Observed``): a field of the manifest, or one of the
        platform's own under ``platforms``, that the platform keeps and an ``Observed`` lacks counts as lost.
        Tools of types that nobody knows yet are kept as they are.
        """

    async def create_assistant(self, fields: Mapping[str, Json], metadata: Mapping[str, str]) -> Observed:
        """Create one, in one request that is only repeated where the platform refused it for now (429).

        Raises ``OutcomeUnknownError`` when it may have been created all the same: after a 5xx, a timeout, or an
        answer that is not understood. A ``PlatformError`` of another kind says that nothing was created.
        """

    async def update_assistant(
        self,
        assistant_id: str,
        fields: Mapping[str, Json],
        metadata: Mapping[str, str],
        *,
        revision: str | None = None,
    ) -> Observed:
        """Set ``fields`` (``None`` clears one) and replace the metadata, in one request."""

    async def delete_assistant(self, assistant_id: str) -> None:
        """Delete one; a missing one is not an error."""

    async def list_models(self) -> Mapping[str, str | None] | None:
        """Each model on offer and the date it will be shut down (YYYY-MM-DD), if one is announced.

        ``None`` when the platform does not say; only advice rests on this, so it never raises.
        """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
