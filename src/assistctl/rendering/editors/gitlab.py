"""Messages about manifests as GitLab's code quality report.

The form: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.json_value import Json
from assistctl.ownership.canonical import sha256
from assistctl.rendering import phrases as wording
from assistctl.rendering.editors.placed import Places
from assistctl.secrets.escaping import visible

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}
# A report has no messages without a file: what is about none is about the project's settings.
_SETTINGS = Position("assistctl.yaml")


def code_quality(diagnostics: Iterable[Diagnostic], places: Places) -> list[Json]:
    """The report. A finding keeps its fingerprint when lines are added above it."""
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
