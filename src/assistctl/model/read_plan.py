"""A plan's JSON document, read back: ``plan_document`` the other way round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.json_value import Json
from assistctl.model.change import (
    Absence,
    Action,
    Blocked,
    Change,
    Drift,
    FieldDiff,
    LastApplied,
    Missing,
    Origin,
    QualifiedKey,
    Summary,
)
from assistctl.model.file_operations import FileTotals, FileUse
from assistctl.model.kind import Kind


class _LastApplied(msgspec.Struct):
    known: bool
    value: Any = None

    def read(self) -> LastApplied:
        return LastApplied(self.known, self.value)


class _Diff(msgspec.Struct):
    path: str
    old: Any
    new: Any
    origin: Origin
    secret: bool = False
    last_applied: _LastApplied | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None
    undeclared: bool = False

    def read(self) -> FieldDiff:
        return FieldDiff(
            self.path,
            self.old,
            self.new,
            self.origin,
            self.secret,
            self.last_applied.read() if self.last_applied else None,
            _position(self.file, self.line, self.column),
            self.undeclared,
        )


class _Holder(msgspec.Struct):
    kind: Kind
    key: str


class _Change(msgspec.Struct):
    kind: Kind
    key: str
    id: str | None
    action: Action
    reason: str
    diffs: list[_Diff]
    blocked: Blocked | None = None
    bytes: int | None = None
    upload: bool = False
    used_by: list[_Holder] = []
    depends_on: list[_Holder] = []
    file: str | None = None
    line: int | None = None
    column: int | None = None

    def read(self) -> Change:
        holders = tuple((str(holder.kind), holder.key) for holder in self.used_by)
        return Change(
            self.kind,
            self.key,
            self.id,
            self.action,
            self.reason,
            tuple(diff.read() for diff in self.diffs),
            self.blocked,
            file=FileUse(self.bytes, holders, upload=self.upload) if self.kind is Kind.FILE else None,
            position=_position(self.file, self.line, self.column),
            depends_on=tuple(QualifiedKey(dependency.kind, dependency.key) for dependency in self.depends_on),
        )


class _Drift(msgspec.Struct):
    kind: Kind
    key: str
    id: str
    path: str
    observed: Any
    desired: Any
    secret: bool = False
    origin: Origin = Origin.DRIFT
    last_applied: _LastApplied | None = None

    def read(self) -> Drift:
        return Drift(
            self.kind,
            self.key,
            self.id,
            self.path,
            self.observed,
            self.desired,
            self.secret,
            self.origin,
            self.last_applied.read() if self.last_applied else None,
        )


class _Missing(msgspec.Struct):
    kind: Kind
    key: str
    id: str | None
    reason: str

    def read(self) -> Missing:
        return Missing(self.kind, self.key, self.id, Absence(self.reason))


class _Diagnostic(msgspec.Struct):
    severity: Severity
    summary: str
    detail: str
    path: str
    key: str | None
    file: str | None
    line: int | None
    column: int | None

    def read(self) -> Diagnostic:
        at = _position(self.file, self.line, self.column)
        return Diagnostic(self.severity, self.summary, self.detail, self.key, self.path, at)


class _Summary(msgspec.Struct):
    create: int
    update: int
    delete: int
    adopt: int
    unchanged: int
    forget: int = 0

    def read(self) -> Summary:
        return Summary(self.create, self.update, self.delete, self.adopt, self.unchanged, self.forget)


class _Files(msgspec.Struct):
    upload: int
    remove: int
    bytes: int

    def read(self) -> FileTotals:
        return FileTotals(self.upload, self.remove, self.bytes)


class _Target(msgspec.Struct):
    name: str
    platform: str


class _Seen(msgspec.Struct):
    kind: Kind
    key: str
    id: str
    digest: str


class PlanDocument(msgspec.Struct):
    """A plan as its document has it; ``read`` of each part is that part in the model."""

    project: str
    target: _Target
    summary: _Summary
    changes: list[_Change]
    drift: list[_Drift]
    missing: list[_Missing]
    diagnostics: list[_Diagnostic]
    fingerprint: str
    observed: list[_Seen]
    files: _Files | None = None


def _position(file: str | None, line: int | None, column: int | None) -> Position | None:
    return None if file is None else Position(file, line or 1, column or 1)


def read_plan(document: Mapping[str, Json]) -> PlanDocument:
    """The plan in a document. What only an apply needs (requests, uploads) is not in it.

    What a later minor version of the format adds is left out. Raises ``ValueError``, naming the place, when the
    document is no plan.
    """
    try:
        return msgspec.convert(document, PlanDocument)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error
