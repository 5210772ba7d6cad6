"""The plan: what apply would do, and what that was decided upon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.json_value import Json
from assistctl.model.change import (
    Change,
    Drift,
    Missing,
    Summary,
)
from assistctl.model.file_operations import FileOperations, FileTotals
from assistctl.model.kind import Kind
from assistctl.model.plan_document import plan_document
from assistctl.secrets.redaction import masked


@dataclass(frozen=True, slots=True)
class TargetName:
    """A target as plans name it."""

    name: str
    platform: str


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
    """The changes that apply would make, and the state they were decided upon.

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
        from assistctl.model.read_plan import read_plan

        read = read_plan(document)
        return cls(
            project=read.project,
            target=TargetName(read.target.name, read.target.platform),
            changes=tuple(change.read() for change in read.changes),
            drift=tuple(drift.read() for drift in read.drift),
            missing=tuple(missing.read() for missing in read.missing),
            diagnostics=tuple(diagnostic.read() for diagnostic in read.diagnostics),
            summary=read.summary.read(),
            seen={seen_as(seen.kind, seen.key, seen.id): seen.digest for seen in read.observed},
            fingerprint=read.fingerprint,
            files=read.files.read() if read.files else None,
        )

    def to_document(self) -> dict[str, Json]:
        """The plan as ``assistctl plan --format json`` prints it, secrets masked."""
        return {name: masked(value) for name, value in plan_document(self).items()}

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Why the plan cannot be applied: what in the manifests does not fit the platform."""
        return tuple(diagnostic for diagnostic in self.diagnostics if diagnostic.severity is Severity.ERROR)

    @property
    def blocked(self) -> tuple[Change, ...]:
        """The changes a safety rule refuses."""
        return tuple(change for change in self.changes if change.blocked)
