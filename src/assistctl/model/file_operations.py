"""The operations of a plan on files and vector stores, as data for whoever carries them out.

A *token* stands for something by what it is and not by its id, so that a plan can name what is not there yet:
``assistctl:file:<digest of the identity>`` or ``assistctl:vector_store:<key>``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assistctl.json_value import Json
from assistctl.model.source_file import SourceFile


@dataclass(frozen=True, slots=True)
class PlannedAttachment:
    """A file to put into a vector store; ``replaces`` are the uploads to take out once it is in.

    ``attributes`` are all of them, ours too. ``renew``: it is in there, and failed, so it is taken out first.
    """

    token: str
    path: str
    attributes: Mapping[str, Json]
    chunking: Mapping[str, Json] | None = None
    replaces: tuple[str, ...] = ()
    renew: bool = False


@dataclass(frozen=True, slots=True)
class StoreOperations:
    """The operations on the files of one vector store.

    ``pending`` maps uploads that are in it and being indexed to their paths, ``retag`` uploads to their new
    attributes; ``detach`` are the uploads to take out. ``sync_marker`` is the metadata pair that says it is done.
    ``holding`` is how many files one that is deleted may hold.
    """

    attach: tuple[PlannedAttachment, ...] = ()
    pending: Mapping[str, str] = field(default_factory=dict)
    retag: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    detach: tuple[str, ...] = ()
    sync_marker: str = ""
    holding: int | None = None

    def __bool__(self) -> bool:
        return bool(self.attach or self.pending or self.retag or self.detach)


@dataclass(frozen=True, slots=True)
class Discard:
    """An upload that nothing refers to once all of ``holders`` (kind and key) are changed."""

    file_id: str
    path: str
    holders: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class FileOperations:
    """All that a plan has to do with files.

    ``uploads`` maps tokens to what is to be uploaded for them, ``known`` tokens (of vector stores, too) to the ids
    that are there.
    ``recorded`` are tokens of ``uploads`` for which this checkout wrote down an upload that may still be there.
    ``stores`` maps the keys of vector stores to their work. ``left`` are the ids of the uploads that only others
    read once all is done, and that stay for them; ``held`` those among them that vector stores hold.
    """

    uploads: Mapping[str, SourceFile] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=dict)
    recorded: Mapping[str, str] = field(default_factory=dict)
    stores: Mapping[str, StoreOperations] = field(default_factory=dict)
    discards: tuple[Discard, ...] = ()
    left: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FileUse:
    """The file that a change is about: its size in bytes (``None``: not known), and who reads it.

    ``token`` is ``None`` for a file that goes. ``holders`` are the vector stores and assistants (kind and key)
    that must be changed for it. ``upload``: its bytes are sent; else ``upload_id`` is the upload that is there.
    ``discards`` are the uploads that go with it.
    """

    size: int | None
    holders: tuple[tuple[str, str], ...] = ()
    token: str | None = None
    upload: bool = False
    discards: tuple[str, ...] = ()
    upload_id: str | None = None


@dataclass(frozen=True, slots=True)
class FileTotals:
    """The number of files that a plan uploads and removes, and the bytes to upload."""

    upload: int = 0
    remove: int = 0
    bytes: int = 0
