"""Things that assistants read, as data: files of the project, their uploads, and the vector stores that hold them.

Frozen dataclasses without I/O, beside those of ``assistctl.model.plan``. Names and shapes are those of the API
(https://platform.openai.com/docs/api-reference/files and .../vector-stores).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from assistctl.diagnostics import Placed, Position
from assistctl.json_value import Json
from assistctl.model.assistant import Lifecycle
from assistctl.model.source_file import SourceFile
from assistctl.secrets.template import Template


@dataclass(frozen=True, slots=True)
class StoreEntry:
    """A file that a vector store is to hold, with the attributes that the manifest declares for it.

    ``place`` finds where that stands, which takes a while.
    """

    source: SourceFile
    place: Callable[[], Position] = field(compare=False)
    attributes: Mapping[str, Json] = field(default_factory=dict)

    @property
    def position(self) -> Position:
        """The position of the declaration."""
        return self.place()


@dataclass(frozen=True, slots=True)
class DesiredStore(Placed):
    """One vector store as declared: by an assistant's ``files``, or by a document of its own (``shared``).

    The ``key`` of an assistant's own store is the assistant's. ``fields`` holds what is declared of ``name``
    (which defaults to the key), ``expires_after`` and ``metadata``. ``chunking`` is the declared
    ``chunking_strategy`` of every file in it, ``None`` for the platform's choice. ``secret_paths`` are the paths
    (``metadata.team``) of strings that contain an ``${env:}`` value, ``templates`` what those are made of.
    ``moved_from`` is the key it had before.
    """

    key: str
    fields: Mapping[str, Json]
    files: tuple[StoreEntry, ...]
    position: Position
    chunking: Mapping[str, Json] | None = None
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    secret_paths: frozenset[str] = frozenset()
    positions: Mapping[str, Position] = field(default_factory=dict)
    moved_from: str | None = None
    shared: bool = False
    templates: Mapping[str, Template] = field(default_factory=dict, repr=False)

    @property
    def leaves_files(self) -> bool:
        """Whether what it holds is left as it is once it is there."""
        return "files" in self.lifecycle.ignore_changes


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file on the platform: ``size`` in bytes, ``created_at`` in seconds since 1970."""

    id: str
    name: str
    size: int
    created_at: int


@dataclass(frozen=True, slots=True)
class ObservedStore:
    """One vector store as the platform returned it.

    ``fields`` holds ``name`` and ``expires_after`` if the answer contained them; ``metadata`` all of its pairs.
    The counts are of its files, by status; ``cancelled`` ones are among ``failed``.
    """

    id: str
    fields: Mapping[str, Json]
    metadata: Mapping[str, str]
    expired: bool = False
    completed: int = 0
    in_progress: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """The number of files in it."""
        return self.completed + self.in_progress + self.failed


@dataclass(frozen=True, slots=True)
class StoreFile:
    """One file of a vector store: ``id`` is the upload's, ``error`` the reason when its ``status`` is ``failed``.

    ``chunking`` is its ``chunking_strategy`` as the platform resolved it, ``None`` if it does not say.
    """

    id: str
    status: str
    attributes: Mapping[str, Json]
    chunking: Mapping[str, Json] | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """An upload to put into a vector store."""

    file_id: str
    attributes: Mapping[str, Json] = field(default_factory=dict)
    chunking: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class ObservedEnvironment:
    """The environment that sessions of assistants start in, on a platform that keeps it apart from the assistants.

    ``metadata`` has the mark of whose it is, if it says so. ``in_use``: an assistant refers to it. ``file_ids``
    are the uploads in it; ``uploaded``: all of them were uploaded by the project that made it. ``used_by`` are the
    ids of the assistants whose sessions start in it, where the platform says.
    """

    id: str
    name: str
    metadata: Mapping[str, str]
    in_use: bool
    file_ids: frozenset[str] = frozenset()
    uploaded: bool = False
    used_by: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Indexing:
    """The progress of a batch of attachments.

    ``poll_after``: seconds until the next look, if the platform says.
    """

    in_progress: int
    completed: int
    failed: int
    poll_after: float | None = None
