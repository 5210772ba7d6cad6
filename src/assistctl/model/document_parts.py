"""The parts of a plan's JSON document, in the format that scripts rely on (``format_version`` 1.0)."""

from __future__ import annotations

from assistctl.diagnostics import Diagnostic, Position
from assistctl.json_value import Json
from assistctl.model.change import Change, Drift, FieldDiff, Missing, Summary
from assistctl.model.file_operations import FileTotals

FORMAT_VERSION = "1.0"
"""The version of every document; minor versions only add."""


def counts_part(summary: Summary, files: FileTotals | None) -> dict[str, Json]:
    """Counts of things with a key and, apart from them, of files, where there are any to speak of."""
    if files is None:
        return {"summary": dict(_summary(summary))}
    totals: dict[str, Json] = {"upload": files.upload, "remove": files.remove, "bytes": files.bytes}
    return {"summary": {**_summary(summary), "files": totals}, "files": dict(totals)}


def _summary(summary: Summary) -> dict[str, int]:
    counts = {
        "create": summary.create,
        "update": summary.update,
        "delete": summary.delete,
        "adopt": summary.adopt,
        "unchanged": summary.unchanged,
    }
    return {**counts, "forget": summary.forget} if summary.forget else counts


def change_part(change: Change) -> dict[str, Json]:
    """A change as documents list it."""
    document: dict[str, Json] = {
        "kind": str(change.kind),
        "key": change.key,
        "id": change.id,
        "action": str(change.action),
        "reason": change.reason,
        "diffs": [_diff(diff) for diff in change.diffs],
        **_place(change.position),
    }
    if change.blocked is not None:
        document["blocked"] = str(change.blocked)
    if change.depends_on:
        document["depends_on"] = [{"kind": str(kind), "key": key} for kind, key in change.depends_on]
    if change.file is not None:
        document["bytes"] = change.file.size
        document["upload"] = change.file.upload
        document["used_by"] = [{"kind": kind, "key": key} for kind, key in change.file.holders]
    return document


def _diff(diff: FieldDiff) -> dict[str, Json]:
    return {
        "path": diff.path,
        "old": diff.old,
        "new": diff.new,
        "origin": str(diff.origin),
        **_last_applied(diff),
        **({"undeclared": True} if diff.undeclared else {}),
        **_secrecy(diff),
        **_place(diff.position),
    }


def drift_part(drift: Drift) -> dict[str, Json]:
    """A drifted field as documents list it."""
    return {
        "kind": str(drift.kind),
        "key": drift.key,
        "id": drift.id,
        "path": drift.path,
        "observed": drift.observed,
        "desired": drift.desired,
        "origin": str(drift.origin),
        **_last_applied(drift),
        **_secrecy(drift),
    }


def missing_part(missing: Missing) -> dict[str, Json]:
    """A missing thing as documents list it."""
    return {"kind": str(missing.kind), "key": missing.key, "id": missing.id, "reason": str(missing.reason)}


def _secrecy(about: FieldDiff | Drift) -> dict[str, Json]:
    return {"secret": True} if about.secret else {}


def _last_applied(about: FieldDiff | Drift) -> dict[str, Json]:
    if about.last_applied is None:
        return {}
    known = about.last_applied.known
    return {"last_applied": {"known": known, **({"value": about.last_applied.value} if known else {})}}


def _place(position: Position | None) -> dict[str, Json]:
    if position is None:
        return {}
    return {"file": position.file, "line": position.line, "column": position.column}


def diagnostic_part(diagnostic: Diagnostic) -> dict[str, Json]:
    """A diagnostic as documents list it."""
    position = diagnostic.position
    return {
        "severity": str(diagnostic.severity),
        "key": diagnostic.key,
        "file": position.file if position else None,
        "line": position.line or None if position else None,
        "column": position.column or None if position else None,
        "summary": diagnostic.summary,
        "detail": diagnostic.detail,
        "path": diagnostic.path,
    }
