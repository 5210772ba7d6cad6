"""Messages about manifests as reports for code scanning: SARIF 2.1.0, and GitLab's code quality report.

The forms: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html (3.14 runs, 3.27 results, 3.29 places)
and https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.json_value import Json
from assistctl.ownership.canonical import sha256
from assistctl.rendering import phrases as wording
from assistctl.rendering.editors.placed import Places
from assistctl.secrets.escaping import visible

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_RULES = {
    Severity.ERROR: "What stops a plan.",
    Severity.WARNING: "What stops nothing and is probably not meant.",
    Severity.INFO: "What is good to know.",
}
_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}
# A report has no messages without a file: what is about none is about the project's settings.
_SETTINGS = Position("assistctl.yaml")


def sarif_document(diagnostics: Sequence[Diagnostic], places: Places, version: str) -> dict[str, Json]:
    """The SARIF log of one run of this ``version`` of assistctl."""
    rules: list[Json] = [
        {
            "id": _rule(severity),
            "shortDescription": {"text": text},
            "defaultConfiguration": {"level": _LEVELS[severity]},
        }
        for severity, text in _RULES.items()
    ]
    driver: dict[str, Json] = {"name": "assistctl", "version": version, "rules": rules}
    run: dict[str, Json] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(diagnostic, places) for diagnostic in diagnostics],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(severity: Severity) -> str:
    return f"manifest-{severity}"


def _result(diagnostic: Diagnostic, places: Places) -> dict[str, Json]:
    text = "\n".join(filter(None, (wording.message(diagnostic), visible(diagnostic.detail, multiline=True))))
    result: dict[str, Json] = {
        "ruleId": _rule(diagnostic.severity),
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": text},
    }
    position = diagnostic.position
    if position is not None:
        region: dict[str, Json] = {"startLine": position.line, "startColumn": position.column}
        artifact: dict[str, Json] = {"uri": quote(places.path(position)), "uriBaseId": "%SRCROOT%"}
        result["locations"] = [{"physicalLocation": {"artifactLocation": artifact, "region": region}}]
    return result


def code_quality(diagnostics: Iterable[Diagnostic], places: Places) -> list[Json]:
    """The report of GitLab. A finding keeps its fingerprint when lines are added above it."""
    return list(_findings(diagnostics, places))


def _findings(diagnostics: Iterable[Diagnostic], places: Places) -> Iterator[dict[str, Json]]:
    met: Counter[tuple[str, str]] = Counter()
    for diagnostic in diagnostics:
        position = diagnostic.position or _SETTINGS
        path, text = places.path(position), wording.message(diagnostic)
        met[path, text] += 1
        detail = visible(diagnostic.detail, multiline=True)
        yield {
            "description": f"{text}. {detail}" if detail else text,
            "check_name": f"manifest-{diagnostic.severity}",
            "fingerprint": sha256([path, text, met[path, text]]),
            "severity": _SEVERITIES[diagnostic.severity],
            "location": {"path": path, "lines": {"begin": position.line}},
        }
