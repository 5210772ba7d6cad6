"""Messages about manifests, projects and plans, and where in a file they point."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a diagnostic matters: an error stops, a warning and an info do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


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
