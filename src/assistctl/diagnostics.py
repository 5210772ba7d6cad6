"""Messages about manifests, projects and plans, and where in a file they point."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Severity(StrEnum):
    """The weight of a diagnostic: an error stops the command, a warning and an info do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file: the path as people know it (relative to the project), line and column from 1.

    A folder has neither: see ``of_whole``.
    """

    file: str
    line: int = 1
    column: int = 1

    @classmethod
    def of_whole(cls, file: str) -> Self:
        """The place of a folder, which has no lines; both numbers are 0 then."""
        return cls(file, 0, 0)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class Placed:
    """Something that a document declares: ``positions`` maps the paths in it to where they stand."""

    __slots__ = ()
    position: Position
    positions: Mapping[str, Position]

    def position_of(self, path: str) -> Position:
        """The position of ``path``, or of the nearest declared thing around it."""
        while path and path not in self.positions:
            cut = max(path.rfind("."), path.rfind("["))
            path = path[:cut] if cut > 0 else ""
        return self.positions.get(path) or self.position


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One message about a manifest, the project or a plan.

    ``summary`` is one sentence; ``detail`` says what is allowed or what to do next. ``path`` is the field's
    dotted path in the manifest (``tools[2].function.name``), empty for the whole document. ``is_mended_once``: it
    is not mended where it is found, but at one place for all of its kind.
    """

    severity: Severity
    summary: str
    detail: str = ""
    key: str | None = None
    path: str = ""
    position: Position | None = None
    is_mended_once: bool = False


def by_place(messages: Iterable[Diagnostic]) -> list[Diagnostic]:
    """``messages`` by file, line and column; first those that have no place, and each file's own about itself."""
    return sorted(messages, key=lambda message: _in_files(message.position))


def _in_files(position: Position | None) -> tuple[tuple[str, ...], int, int]:
    return (tuple(position.file.split("/")), position.line, position.column) if position else ((), 0, 0)
