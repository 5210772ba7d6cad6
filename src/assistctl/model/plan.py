"""The words of the project as data: what is declared, what is there, what would change.

Frozen dataclasses without I/O. Everything else in the package takes these in or gives them out.
Field names and shapes are those of the Assistants API
(https://platform.openai.com/docs/api-reference/assistants), on every platform.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from assistctl.model import json_value
from assistctl.model.checks import Check
from assistctl.model.file_operations import FileOperations, FileTotals, FileUse
from assistctl.model.source_file import SourceFile
from assistctl.secrets.template import Template

Json: TypeAlias = json_value.Json


class Kind(StrEnum):
    """What a change is about."""

    ASSISTANT = "assistant"
    VECTOR_STORE = "vector_store"
    FILE = "file"
    ENVIRONMENT = "environment"


class QualifiedKey(NamedTuple):
    """The one identity of a thing in its project: a key says nothing without its kind.

    An assistant's own vector store has the assistant's key.
    """

    kind: Kind
    key: str

    def __str__(self) -> str:
        return self.key if self.kind is Kind.ASSISTANT else f"{self.key} ({self.kind.replace('_', ' ')})"


class Action(StrEnum):
    """What apply would do with one thing."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    ADOPT = "adopt"
    FORGET = "forget"


class Origin(StrEnum):
    """Who moved a field away from what this project last applied."""

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
    """Why something that is declared is not there with this project's mark, as far as anything tells."""

    DELETED_OUTSIDE = "deleted outside"
    MARK_REMOVED = "mark removed"
    NEVER_APPLIED = "never applied"
    NOT_THERE = "not there"


class Severity(StrEnum):
    """How much a diagnostic matters: an error stops, a warning and an info do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Status(StrEnum):
    """What became of a change."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file: the path as people know it (relative to the project), line and column from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One message about a manifest, the project or a plan.

    ``summary`` is one sentence; ``detail`` says what is allowed or what to do next. ``path`` is the field's
    dotted path in the manifest (``tools[2].function.name``), empty for the whole document.
    """

    severity: Severity
    summary: str
    detail: str = ""
    key: str | None = None
    path: str = ""
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The rules a manifest sets for its own assistant. ``None`` means the manifest does not say."""

    prevent_destroy: bool | None = None
    ignore_changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Desired:
    """One assistant as declared: variables filled, files read.

    ``fields`` holds only what the manifest declares (and ``name``, which defaults to the key), in the
    Assistants API's shapes; a declared ``null`` is kept. ``secret_paths`` are the paths (``instructions``,
    ``tools[0].function.description``) of the strings that contain an ``${env:}`` value, ``templates`` what those
    are made of. ``platform_fields`` is the manifest's ``platforms`` mapping. ``interpreter_files`` are those of
    ``files`` that are for the code interpreter; ``store`` is the key of the vector store it searches: its own key
    when ``files`` has any for file search, or that of a shared one. ``import_id`` is the id of an existing
    assistant to take over, and ``moved_from`` the key this one had before. ``positions`` maps a path to where it
    stands. ``file_places`` are the paths of the first of ``files`` for each tool that reads any, which are known
    before the files are read. ``checks`` are what it is asked once it is deployed; they are no part of it.
    """

    key: str
    fields: Mapping[str, Json]
    position: Position
    lifecycle: Lifecycle = Lifecycle()
    secret_paths: frozenset[str] = frozenset()
    platform_fields: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    import_id: str | None = None
    moved_from: str | None = None
    positions: Mapping[str, Position] = field(default_factory=dict)
    interpreter_files: tuple[SourceFile, ...] = ()
    store: str | None = None
    templates: Mapping[str, Template] = field(default_factory=dict, repr=False)
    file_places: Mapping[str, str] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()

    @property
    def name(self) -> str | None:
        """The display name, when it declares one."""
        return _name_in(self.fields)

    def position_of(self, path: str) -> Position:
        """Where ``path`` stands, or the nearest declared thing that encloses it."""
        while path and path not in self.positions:
            cut = max(path.rfind("."), path.rfind("["))
            path = path[:cut] if cut > 0 else ""
        return self.positions.get(path, self.position)


@dataclass(frozen=True, slots=True)
class Observed:
    """One assistant as the platform returned it, translated to the Assistants API's field names and shapes.

    ``fields`` holds what the answer contained, and nothing it did not; ``metadata`` is all of its pairs, ours
    too. ``revision`` is the platform's version token, where it has one. What only the platform has is under
    ``platforms`` and its name, as in a manifest: ``{"platforms": {"openai-agents": {"service_tier": "auto"}}}``;
    its own tools stand among ``tools``, in its own shapes.
    """

    id: str
    fields: Mapping[str, Json]
    metadata: Mapping[str, str]
    revision: str | None = None

    @property
    def name(self) -> str | None:
        """The display name, when there is one."""
        return _name_in(self.fields)


def _name_in(fields: Mapping[str, Json]) -> str | None:
    name = fields.get("name")
    return name if isinstance(name, str) else None


@dataclass(frozen=True, slots=True)
class FieldDiff:
    """One difference inside a thing: ``path`` is dotted from the manifest's field.

    ``old`` is what is there and ``new`` what is declared; ``None`` stands for nothing (absent, or the
    platform's default). Of a ``secret`` one both are as they may be shown: ``(secret NAME)`` stands for each
    secret, and ``(secret)`` where nobody can tell what is one.
    """

    path: str
    old: Json
    new: Json
    origin: Origin
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What apply sends for a change: ``fields`` in the Assistants API's shapes, and the whole metadata map.

    The platform's own fields are among them as in ``Observed``; what is null goes back to the platform's default.
    ``removed`` are the metadata pairs that must be gone afterwards. In ``tool_resources`` tokens may stand for ids
    that are not known yet; ``reads`` maps those of the code interpreter's files to their paths. ``store`` is the
    key of the vector store that must be in order before this is sent. ``digested`` is what of the fields and the
    metadata goes into digests that others may read: the same without secrets.
    """

    fields: Mapping[str, Json]
    metadata: Mapping[str, str]
    revision: str | None = None
    removed: frozenset[str] = frozenset()
    reads: Mapping[str, str] = field(default_factory=dict)
    store: str | None = None
    digested: Json = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing apply would do, why, and in what it differs.

    ``request`` is ``None`` for a delete, and for a file, whose ``key`` is its path and which has a ``file``.
    ``before`` is what was observed, ids and all. ``secret_paths`` are those of what is declared.
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

    @property
    def qualified_key(self) -> QualifiedKey:
        """Whom it is about."""
        return QualifiedKey(self.kind, self.key)


@dataclass(frozen=True, slots=True)
class Drift:
    """A field somebody else changed: what is there against what is declared (or was last applied).

    Of a ``secret`` one both are as they may be shown, as in ``FieldDiff``.
    """

    kind: Kind
    key: str
    id: str
    path: str
    observed: Json
    desired: Json
    secret: bool = False


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
class TargetName:
    """A target as plans name it."""

    name: str
    platform: str


@dataclass(frozen=True, slots=True)
class Summary:
    """How many assistants (and other things with a key) each action takes in."""

    create: int = 0
    update: int = 0
    delete: int = 0
    adopt: int = 0
    unchanged: int = 0
    forget: int = 0

    @property
    def changes(self) -> int:
        """How many changes there are altogether."""
        return sum(self.by_action().values())

    def by_action(self) -> dict[Action, int]:
        """How many each action takes in."""
        return {
            Action.CREATE: self.create,
            Action.UPDATE: self.update,
            Action.DELETE: self.delete,
            Action.ADOPT: self.adopt,
            Action.FORGET: self.forget,
        }


def seen_as(kind: Kind, key: str, object_id: str) -> str:
    """``kind:key:id``, by which a plan remembers what it looked at; only the id may hold a colon."""
    return f"{kind}:{key}:{object_id}"


def id_seen(name: str) -> str:
    """The id in what ``seen_as`` made."""
    return name.split(":", 2)[2]


@dataclass(frozen=True, slots=True)
class PlanScope:
    """The options a plan was made with, which its apply must share."""

    keys: tuple[str, ...] = ()
    destroy: bool = False
    adopt: bool | None = None
    allow_deletes: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What apply would do, and what that was decided upon.

    ``seen`` maps each thing the plan looked at, by ``seen_as``, to a digest of its observed state;
    ``fingerprint`` is the digest of all of them. ``files`` counts the changes of files, which ``summary`` leaves
    out (``None``: nobody declares or has any); ``knowledge`` is what they come to. ``missing`` is what is declared
    and not there; ``there`` are the ids of all assistants and vector stores that were listed, whoever owns them.
    ``scope`` are the options it was made with; ``None`` for one that was read from a document.
    """

    project: str
    target: TargetName
    changes: tuple[Change, ...]
    drift: tuple[Drift, ...]
    diagnostics: tuple[Diagnostic, ...]
    summary: Summary
    seen: Mapping[str, str]
    fingerprint: str
    files: FileTotals | None = None
    knowledge: FileOperations = field(default_factory=FileOperations)
    missing: tuple[Missing, ...] = ()
    there: frozenset[str] = frozenset()
    scope: PlanScope | None = field(default=None, compare=False)

    @classmethod
    def from_document(cls, document: Mapping[str, Json]) -> Plan:
        """The plan in its JSON document, saved or printed. Raises ``ValueError`` when that is none.

        It can be shown in every format. It cannot be carried out: what would be sent is not in a document.
        """
        from assistctl.rendering.from_json import plan_from_document

        return plan_from_document(document)

    def to_document(self) -> dict[str, Json]:
        """The plan as ``assistctl plan --format json`` prints it, secrets masked."""
        from assistctl.rendering.json import masked_document, plan_document

        return masked_document(plan_document(self))

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Why the plan cannot be applied: what in the manifests does not fit the platform."""
        return tuple(one for one in self.diagnostics if one.severity is Severity.ERROR)

    @property
    def blocked(self) -> tuple[Change, ...]:
        """The changes a safety rule refuses."""
        return tuple(change for change in self.changes if change.blocked)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one change. ``error`` is a sentence for people when it failed or was skipped.

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
        """Whom it is about."""
        return QualifiedKey(self.kind, self.key)
