"""Schema violations -> diagnostics with positions."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.manifest.syntax.node import dotted, key_position_at, position_at

if TYPE_CHECKING:
    from jsonschema import ValidationError

    from assistctl.manifest.validation.violations import Finding, Subject

_MOST = 100


def explain(errors: Iterable[ValidationError], subject: Subject) -> list[Diagnostic]:
    """One diagnostic for each thing that is wrong (the first hundred), in the order of their positions."""
    from assistctl.manifest.validation.violations import findings

    judged = (error for error in errors if subject.judges(tuple(error.absolute_path)))
    found = (_diagnostic(finding, subject) for error in judged for finding in findings(error, subject))
    return sorted(dict.fromkeys(islice(found, _MOST)), key=_place)


def _diagnostic(finding: Finding, subject: Subject) -> Diagnostic:
    path, position = finding.path, position_at(subject.root, finding.path)
    if finding.key is not None:
        position = key_position_at(subject.root, path, finding.key)
        path = (*path, finding.key)
    return Diagnostic(
        Severity.ERROR,
        finding.summary,
        finding.detail,
        path=dotted((*subject.prefix, *path)),
        position=position,
    )


def _place(diagnostic: Diagnostic) -> tuple[int, int]:
    position = diagnostic.position or Position("")
    return position.line, position.column
