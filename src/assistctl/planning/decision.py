"""The decision on one key, and the facts that a kind of thing provides for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from assistctl.diagnostics import Diagnostic
from assistctl.model.capabilities import Capabilities
from assistctl.model.change import Change, Drift, FieldDiff, Missing
from assistctl.model.file_operations import StoreOperations
from assistctl.model.kind import Kind
from assistctl.model.resource import ResourceFile
from assistctl.ownership.mark import Mark
from assistctl.ownership.sensitive import Declared
from assistctl.planning.identity.inventory import ListedT, Owned
from assistctl.planning.vector_stores.file_changes import HolderFiles

DeclaredT = TypeVar("DeclaredT", bound=Declared)


@dataclass(frozen=True, slots=True)
class Decision:
    """A part of what is decided about one key.

    ``seen`` has digests of what was looked at, ``files`` what the thing has to do with files, ``store_operations``
    what is to be done inside of vector stores, by their keys.
    """

    changes: Sequence[Change] = ()
    drift: Sequence[Drift] = ()
    diagnostics: Sequence[Diagnostic] = ()
    missing: Sequence[Missing] = ()
    seen: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[HolderFiles] = ()
    store_operations: Mapping[str, StoreOperations] = field(default_factory=dict)
    unchanged: int = 0


AS_DECLARED = Decision(unchanged=1)
"""That a thing is as it is declared."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents a thing is to have beside its fields, against those it has.

    ``decision`` holds in any case. ``reasons`` say what is to be changed inside of it, ``unfinished`` that an
    earlier apply was interrupted, if nothing else is to be changed; ``operations`` are for when anything is.
    ``reads`` has the paths, by token, of the uploads of ours that it names itself, and ``store`` the key of the
    vector store that it names. ``renewed`` are differences in the versions of what it names, and ``outdated`` the
    tokens of those: what holds them is sent again. ``sources`` are the files that it is made of.
    """

    decision: Decision = Decision()
    reasons: Sequence[str] = ()
    unfinished: str = ""
    operations: Mapping[str, StoreOperations] = field(default_factory=dict)
    reads: Mapping[str, str] = field(default_factory=dict)
    store: str | None = None
    renewed: Sequence[FieldDiff] = ()
    outdated: frozenset[str] = frozenset()
    sources: tuple[ResourceFile, ...] = ()


class KindFacts(ABC, Generic[ListedT, DeclaredT]):
    """All that is different from one kind of thing to another, for the deciding that is the same for each.

    ``capabilities`` are what the platform can express of it, ``rewritten`` our pairs that a request does not take
    over from what is there, and ``reason`` why its fields are changed, where that is not told by who changed them.
    """

    kind: Kind
    capabilities: Capabilities
    rewritten: Collection[str] = ()
    reason: str = ""

    def named_later(self, desired: DeclaredT) -> Collection[str]:  # noqa: ARG002 - for kinds that name each other
        """The fields of a new thing that name what is made together with it, and names it."""
        return ()

    @abstractmethod
    def read(self, listed: ListedT, mark: Mark | None) -> Owned:
        """A listed thing with what is written on it."""

    def read_otherwise(self, owned: Owned) -> Iterator[Owned]:  # noqa: ARG002 - for kinds that name others
        """The same thing as it may have been read when it was applied: what it names has other tokens then."""
        return iter(())

    @abstractmethod
    def digest(self, owned: Owned, desired: DeclaredT | None) -> str:
        """A digest of all that a change could overwrite, but for secrets."""

    @abstractmethod
    def expressed(self, desired: DeclaredT) -> tuple[DeclaredT, Iterable[Diagnostic]]:
        """``desired`` as the platform is given it, and what is to be said of that."""

    @abstractmethod
    def comparable(self, desired: DeclaredT, owned: Owned | None) -> tuple[DeclaredT, Mapping[str, str]]:
        """Its own fields, with tokens for all that may have another id tomorrow; and what people call those."""

    def in_words_of_manifest(self, diffs: Sequence[FieldDiff], _desired: DeclaredT | None) -> Sequence[FieldDiff]:
        """``diffs`` as the manifest has what they are about; ``None`` where there is no manifest any more."""
        return diffs

    @abstractmethod
    def contents(self, desired: DeclaredT, owned: Owned | None) -> Contents:
        """The contents it is to have beside its fields; ``owned`` is ``None`` for a new one."""

    @abstractmethod
    def staying(self, owned: Owned) -> Decision:
        """The decision to leave a thing alone."""

    @abstractmethod
    def ending(self, key: str, owned: Owned) -> Contents:
        """The contents lost when a thing is deleted; the reasons tell people what to know about it."""
