"""JSON that commands print: results, drift and diagnostics; plans have their document in the model."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.json_value import Json
from assistctl.model.change import Result
from assistctl.model.check_gate import GateReport
from assistctl.model.document_parts import (
    FORMAT_VERSION,
    change_part,
    counts_part,
    diagnostic_part,
    drift_part,
    missing_part,
)
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan, document_head
from assistctl.rendering.checks.check_json import gate_part
from assistctl.rendering.tally import done_files, done_summary
from assistctl.secrets.escaping import escape_hidden, without_inner_commands
from assistctl.secrets.redaction import Masked, masked


def results_document(
    plan: Plan,
    results: Sequence[Result],
    diagnostics: Sequence[Diagnostic] = (),
    gate: GateReport | None = None,
) -> dict[str, Json]:
    """The outcome of an apply as printed by ``apply --format json``.

    ``summary`` counts what was done, not what was planned; ``diagnostics`` are those the apply adds to the
    plan's. ``gate`` is what the checks of what was changed came to, where they were asked.
    """
    checks = gate_part(gate) if gate is not None else {}
    return {
        **document_head(plan),
        **counts_part(done_summary(plan, results), done_files(plan, results)),
        "changes": [change_part(change) for change in plan.changes],
        "diagnostics": [diagnostic_part(diagnostic) for diagnostic in (*plan.diagnostics, *diagnostics)],
        "results": result_documents(results),
        **checks,
    }


def result_documents(results: Sequence[Result]) -> list[Json]:
    """Results as ``apply`` and ``gc`` list them."""
    return [_result(result) for result in results]


def drift_document(plan: Plan) -> dict[str, Json]:
    """Only the drift in a plan, and what is missing, as printed by ``drift --format json``."""
    return {
        **document_head(plan),
        "drift": [drift_part(drift) for drift in plan.drift],
        "missing": [missing_part(missing) for missing in plan.missing],
        "fingerprint": plan.fingerprint,
    }


def diagnostics_document(diagnostics: Sequence[Diagnostic], **head: Json) -> dict[str, Json]:
    """Diagnostics by themselves, as printed by ``validate`` and by a command that found errors before it began."""
    severities = [diagnostic.severity for diagnostic in diagnostics]
    return {
        "format_version": FORMAT_VERSION,
        **head,
        "summary": {f"{severity}s": severities.count(severity) for severity in (Severity.ERROR, Severity.WARNING)},
        "diagnostics": [diagnostic_part(diagnostic) for diagnostic in diagnostics],
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


def dumps_any(value: Json) -> Masked:
    """The same for other forms of document than ours, which may be a list."""
    shown = masked(value)
    return Masked(without_inner_commands(escape_hidden(_indented(_finite(shown)), _escape)) + "\n")


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


def _result(result: Result) -> dict[str, Json]:
    """A result, for a file with whether it was uploaded, and for a cut-off one with its unknown outcome."""
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
