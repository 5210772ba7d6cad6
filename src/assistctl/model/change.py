"""One change: what it is about, why it is due, what is sent for it, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from assistctl.diagnostics import Position
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.file_operations import FileUse
from assistctl.model.kind import Kind
from assistctl.model.resource import ResourceFile

DESTROYED = "destroy"
"""The reason to delete what is owned, whether it is declared or not."""


class QualifiedKey(NamedTuple):
    """The one identity of a thing in its project: a key says nothing without its kind.

    An assistant's own vector store has the assistant's key.
    """

    kind: Kind
    key: str

    def __str__(self) -> str:
        return self.key if self.kind is Kind.ASSISTANT else f"{self.key} ({self.kind.noun})"


class Action(StrEnum):
    """The action that apply would take on one thing."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    ADOPT = "adopt"
    FORGET = "forget"


class Origin(StrEnum):
    """The one who moved a field away from what this project last applied."""

    MANIFEST = "manifest"
    DRIFT = "drift"
    BOTH = "both"


class Blocked(StrEnum):
    """The safety rule that will refuse a change."""

    PROTECTED = "protected"
    THRESHOLD = "threshold"
    ADOPTION = "adoption"
    AMBIGUOUS = "ambiguous"


class Absence(StrEnum):
    """The reason why a declared thing is not there with this project's mark, as far as anything tells."""

    DELETED_OUTSIDE = "deleted outside"
    MARK_REMOVED = "mark removed"
    NEVER_APPLIED = "never applied"
    NOT_THERE = "not there"


class Status(StrEnum):
    """The status of a change."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class LastApplied:
    """The value that was last applied, where its digest tells: only then is it ``known``."""

    known: bool
    value: Json = None


@dataclass(frozen=True, slots=True)
class FieldDiff:
    """One difference inside a thing: ``path`` is dotted from the manifest's field.

    ``old`` is what is there and ``new`` what is declared; ``None`` stands for nothing (absent, or the
    platform's default). Of a ``secret`` one both are as they may be shown: ``(secret NAME)`` stands for each
    secret, and ``(secret)`` where nobody can tell what is one. ``last_applied`` is there where the manifest and
    somebody else changed it. ``position`` is where it is declared, or the nearest declared thing around it.
    ``undeclared``: it was applied once and is declared no longer, so it goes back to the platform's default.
    """

    path: str
    old: Json
    new: Json
    origin: Origin
    secret: bool = False
    last_applied: LastApplied | None = None
    position: Position | None = None
    undeclared: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """The request of a change: ``fields`` in the Assistants API's shapes, and the whole metadata map.

    The platform's own fields are among them as in ``Observed``; what is null goes back to the platform's default.
    ``removed`` are the metadata pairs that must be gone afterwards. In ``tool_resources`` tokens may stand for ids
    that are not known yet; ``reads`` maps those of the code interpreter's files to their paths. ``store`` is the
    key of the vector store that must be in order before this is sent. ``digested`` is what of the fields and the
    metadata goes into digests that others may read: the same without secrets. ``kept`` are the declared fields
    that are not sent, because they are there already, and must be there afterwards. ``sources`` are the files that
    a resource is made of, for one that is sent with its content. ``first`` is what is created at first where this
    names things that name it: it is completed once they are there.
    """

    fields: Mapping[str, Json]
    metadata: Mapping[str, str]
    revision: str | None = None
    removed: frozenset[str] = frozenset()
    reads: Mapping[str, str] = field(default_factory=dict)
    store: str | None = None
    digested: Json = field(default=None, compare=False, repr=False)
    kept: Mapping[str, Json] = field(default_factory=dict, compare=False, repr=False)
    sources: tuple[ResourceFile, ...] = field(default=(), compare=False, repr=False)
    first: Request | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing apply would do, why, and in what it differs.

    ``request`` is ``None`` for a delete, and for a file, whose ``key`` is its path and which has a ``file``.
    ``before`` is what was observed, ids and all. ``secret_paths`` are those of what is declared, ``position`` its
    place. The ``diffs`` of a delete are what is lost. ``depends_on`` are the other things of the project that it
    names by their keys, in the order of these: they are in order before it is.
    """

    kind: Kind
    key: str
    id: str | None
    action: Action
    reason: str
    diffs: tuple[FieldDiff, ...] = ()
    blocked: Blocked | None = None
    name: str | None = None
    request: Request | None = None
    file: FileUse | None = None
    before: Observed | None = None
    secret_paths: frozenset[str] = frozenset()
    position: Position | None = None
    depends_on: tuple[QualifiedKey, ...] = ()

    @property
    def qualified_key(self) -> QualifiedKey:
        """The key of the thing it is about, with its kind."""
        return QualifiedKey(self.kind, self.key)


@dataclass(frozen=True, slots=True)
class Drift:
    """A field somebody else changed: what is there against what is declared (or was last applied).

    Of a ``secret`` one both are as they may be shown, as in ``FieldDiff``. ``origin`` says whether the manifest
    was changed as well; then ``last_applied`` is the third value.
    """

    kind: Kind
    key: str
    id: str
    path: str
    observed: Json
    desired: Json
    secret: bool = False
    origin: Origin = Origin.DRIFT
    last_applied: LastApplied | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """Something declared that is not there with this project's mark.

    ``id`` is the last one it is known to have had, or that of what looks like it; a file's ``key`` is its path.
    """

    kind: Kind
    key: str
    id: str | None
    reason: Absence


@dataclass(frozen=True, slots=True)
class Summary:
    """The number of assistants (and other things with a key) that each action is about."""

    create: int = 0
    update: int = 0
    delete: int = 0
    adopt: int = 0
    unchanged: int = 0
    forget: int = 0

    @property
    def changes(self) -> int:
        """The number of changes."""
        return sum(self.by_action().values())

    def by_action(self) -> dict[Action, int]:
        """The number of changes of each action."""
        return {
            Action.CREATE: self.create,
            Action.UPDATE: self.update,
            Action.DELETE: self.delete,
            Action.ADOPT: self.adopt,
            Action.FORGET: self.forget,
        }


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one change. ``error`` is a sentence for people when it failed or was skipped.

    ``touched`` says whether the platform was changed, or may have been: it can be when the change as a whole
    failed. ``unknown``: whether it was carried out is not known. ``sent`` is how many bytes were uploaded for it,
    ``None`` when nothing was.
    """

    kind: Kind
    key: str
    id: str | None
    action: Action
    status: Status
    error: str | None = None
    touched: bool = False
    unknown: bool = False
    sent: int | None = None

    @property
    def qualified_key(self) -> QualifiedKey:
        """The key of the thing it is about, with its kind."""
        return QualifiedKey(self.kind, self.key)
