"""Plans and results as JSON documents, in the format that scripts rely on (``format_version`` 1.0)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from assistctl.model.file_operations import FileTotals
from assistctl.model.plan import (
    Change,
    Diagnostic,
    Drift,
    FieldDiff,
    Json,
    Kind,
    Missing,
    Plan,
    Result,
    Severity,
    Summary,
)
from assistctl.rendering.tally import done_files, done_summary
from assistctl.secrets.escaping import escape_hidden, without_inner_commands
from assistctl.secrets.redaction import Masked, masked

FORMAT_VERSION = "1.0"


def plan_document(plan: Plan) -> dict[str, Json]:
    """The plan as printed by ``plan --format json`` and as saved, unchanged things only counted.

    ``observed`` lists the state the plan was decided upon: ``[{"kind", "key", "id", "digest"}]``.
    """
    return {
        **_head(plan),
        **_counts(plan.summary, plan.files),
        "changes": [_change(change) for change in plan.changes],
        "drift": [_drift(drift) for drift in plan.drift],
        "missing": [_missing(missing) for missing in plan.missing],
        "diagnostics": [_diagnostic(diagnostic) for diagnostic in plan.diagnostics],
        "fingerprint": plan.fingerprint,
        "observed": [_observed(name, digest) for name, digest in plan.seen.items()],
    }


def results_document(
    plan: Plan, results: Sequence[Result], diagnostics: Sequence[Diagnostic] = ()
) -> dict[str, Json]:
    """The outcome of an apply as printed by ``apply --format json``.

    ``summary`` counts what was done, not what was planned; ``diagnostics`` are those the apply adds to the
    plan's.
    """
    return {
        **_head(plan),
        **_counts(done_summary(plan, results), done_files(plan, results)),
        "changes": [_change(change) for change in plan.changes],
        "diagnostics": [_diagnostic(diagnostic) for diagnostic in (*plan.diagnostics, *diagnostics)],
        "results": result_documents(results),
    }


def result_documents(results: Sequence[Result]) -> list[Json]:
    """Results as ``apply`` and ``gc`` list them."""
    return [_result(result) for result in results]


def drift_document(plan: Plan) -> dict[str, Json]:
    """Only the drift in a plan, and what is missing, as printed by ``drift --format json``."""
    return {
        **_head(plan),
        "drift": [_drift(drift) for drift in plan.drift],
        "missing": [_missing(missing) for missing in plan.missing],
        "fingerprint": plan.fingerprint,
    }


def diagnostics_document(diagnostics: Sequence[Diagnostic], **head: Json) -> dict[str, Json]:
    """Diagnostics by themselves, as printed by ``validate`` and by a command that found errors before it began."""
    severities = [diagnostic.severity for diagnostic in diagnostics]
    return {
        "format_version": FORMAT_VERSION,
        **head,
        "summary": {f"{severity}s": severities.count(severity) for severity in (Severity.ERROR, Severity.WARNING)},
        "diagnostics": [_diagnostic(diagnostic) for diagnostic in diagnostics],
    }


def masked_document(document: Mapping[str, Json]) -> dict[str, Json]:
    """``document`` with the secrets in its texts masked."""
    return {name: masked(value) for name, value in document.items()}


def dumps(document: Mapping[str, Json]) -> Masked:
    r"""``document`` as indented JSON with a final newline, secrets in its texts masked.

    Text stays readable, but what a terminal could act upon or UTF-8 cannot hold (controls, bidi marks, lone
    surrogates) is written as ``\uXXXX``, which reads back the same. JSON has no NaN or infinity (RFC 8259,
    section 6): those are written as strings.
    """
    shown = masked(dict(document))
    try:
        text = _indented(shown)
    except ValueError:
        text = _indented(_finite(shown))
    return Masked(without_inner_commands(escape_hidden(text, _escape)) + "\n")


def _indented(value: Json) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)


def _escape(char: str) -> str:
    if char == "\n":  # a newline outside of strings: inside, it is escaped already
        return char
    code_units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{code_units[i : i + 4]}" for i in range(0, len(code_units), 4))


def _finite(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _head(plan: Plan) -> dict[str, Json]:
    return {
        "format_version": FORMAT_VERSION,
        "project": plan.project,
        "target": {"name": plan.target.name, "platform": plan.target.platform},
    }


def _counts(summary: Summary, files: FileTotals | None) -> dict[str, Json]:
    """What has a key and, apart from that, the files; those only where there are any to speak of."""
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


def _change(change: Change) -> dict[str, Json]:
    document: dict[str, Json] = {
        "kind": str(change.kind),
        "key": change.key,
        "id": change.id,
        "action": str(change.action),
        "reason": change.reason,
        "diffs": [_diff(diff) for diff in change.diffs],
    }
    if change.blocked is not None:
        document["blocked"] = str(change.blocked)
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
        **_secrecy(diff),
    }


def _drift(drift: Drift) -> dict[str, Json]:
    document: dict[str, Json] = {
        "kind": str(drift.kind),
        "key": drift.key,
        "id": drift.id,
        "path": drift.path,
        "observed": drift.observed,
        "desired": drift.desired,
        **_secrecy(drift),
    }
    return {**document, "secret": True} if drift.secret else document


def _missing(missing: Missing) -> dict[str, Json]:
    return {"kind": str(missing.kind), "key": missing.key, "id": missing.id, "reason": str(missing.reason)}


def _secrecy(about: FieldDiff | Drift) -> dict[str, Json]:
    return {"secret": True} if about.secret else {}


def _diagnostic(diagnostic: Diagnostic) -> dict[str, Json]:
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


def _observed(name: str, digest: str) -> dict[str, Json]:
    kind, key, identifier = name.split(":", 2)
    return {"kind": kind, "key": key, "id": identifier, "digest": digest}


def _result(result: Result) -> dict[str, Json]:
    """A result; of a file also whether it was uploaded, and of what was cut off that nobody knows the outcome."""
    document: dict[str, Json] = {
        "kind": str(result.kind),
        "key": result.key,
        "id": result.id,
        "action": str(result.action),
        "status": str(result.status),
        "error": result.error,
    }
    if result.kind is Kind.FILE:
        document["upload"] = result.sent is not None
    if result.unknown:
        document["unknown"] = True
    return document
