"""The input of a rollback and its declarations, as data."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from assistctl.diagnostics import Diagnostic
from assistctl.json_value import Json
from assistctl.model.assistant import Desired
from assistctl.model.capabilities import RosterEntry
from assistctl.model.change import QualifiedKey
from assistctl.model.kind import Kind
from assistctl.model.knowledge import DesiredStore, StoreEntry
from assistctl.model.resource import DesiredResource


class Image(Protocol):
    """One thing as it was before an apply; ``withheld`` names the fields and pairs that held a secret."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def fields(self) -> Mapping[str, Json]:
        """Its fields."""

    @property
    def metadata(self) -> Mapping[str, str]:
        """Its pairs."""

    @property
    def withheld(self) -> Mapping[str, str]:
        """The parts left out, by path."""


@dataclass(frozen=True, slots=True)
class Undone:
    """The apply ``id`` that is undone: what it found, and what it let go and deleted of it.

    ``images`` has everything it began to change, ``None`` for what was not there. ``forgotten`` are the keys of
    what it let go and can be taken over by an id, ``deleted_files`` the paths of files whose uploads it deleted.
    """

    id: str
    images: Mapping[QualifiedKey, Image | None]
    forgotten: Collection[str] = ()
    deleted_files: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Documents:
    """The contents of a vector store: its files, and their chunking (``None``: the platform's choice)."""

    files: tuple[StoreEntry, ...]
    chunking: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Present:
    """The current declarations, and the things on the platform that the images name by id.

    ``stores`` maps the ids of all vector stores to their keys, ``None`` for one that is not this project's;
    ``uploads`` are the ids of those uploads that are still there, ``kept`` of those that were replaced and are
    kept to go back to. ``sent`` has the fields of what is ``declared`` as the platform is given them.
    ``documents`` maps the ids of vector stores to what they held then, where all of that is uploaded still.
    ``resources`` are the ids of all that is kept beside assistants, and ``loses`` says of each kind of it what
    goes for good with one, ``write_only`` which fields of it no answer shows. Things of the kinds in
    ``keep_contents`` go back to the files that they had without being given them. ``gone`` are the ids of
    the images that are not there any more, and ``entries`` is how the platform's lists name things. ``owned`` has
    by id what is this project's and may be named by key, with its newest version.
    """

    declared: Mapping[str, Desired] = field(default_factory=dict)
    declared_stores: Mapping[str, DesiredStore] = field(default_factory=dict)
    stores: Mapping[str, str | None] = field(default_factory=dict)
    uploads: Collection[str] = ()
    kept: Collection[str] = ()
    documents: Mapping[str, Documents] = field(default_factory=dict)
    declared_resources: Mapping[QualifiedKey, DesiredResource] = field(default_factory=dict)
    resources: Collection[str] = ()
    loses: Mapping[Kind, str] = field(default_factory=dict)
    keep_contents: Collection[Kind] = ()
    gone: Collection[str] = ()
    owned: Mapping[str, tuple[QualifiedKey, str | None]] = field(default_factory=dict)
    entries: Mapping[Kind, RosterEntry] = field(default_factory=dict)
    write_only: Mapping[Kind, frozenset[str]] = field(default_factory=dict)
    sent: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)


@dataclass(slots=True)
class RollbackDeclarations:
    """The declarations for a rollback: ``about`` is what it changes, ``diagnostics`` what it cannot do.

    ``release`` are the keys of assistants that nobody owned.
    """

    about: set[QualifiedKey] = field(default_factory=set)
    release: set[str] = field(default_factory=set)
    desired: list[Desired] = field(default_factory=list)
    stores: list[DesiredStore] = field(default_factory=list)
    resources: list[DesiredResource] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
