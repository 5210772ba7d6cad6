"""The report of a migration: outcomes of assistants and their fields on another platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from assistctl.diagnostics import Diagnostic, Position
from assistctl.json_value import Json
from assistctl.migration.mcp_servers import ServerBook
from assistctl.model.plan import TargetName

Document: TypeAlias = Mapping[str, Json]
"""A manifest's fields, in the Assistants API's shapes."""


class Outcome(StrEnum):
    """Whether a field carries over, is expressed in another way, or is lost."""

    CARRIED = "carried"
    MAPPED = "mapped"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class FieldOutcome:
    """The outcome of the field at ``path``.

    ``about`` is the path without the names of functions and pairs (``tools.function.strict``, ``metadata``): what
    different assistants have in common. ``note`` says how it is mapped or, for what is lost, the nearest way on;
    for what carries over, what to know about it. ``value`` is what is lost, or what is to be looked at;
    ``position`` where it stands in a manifest, if it does.
    """

    path: str
    about: str
    outcome: Outcome
    note: str = ""
    value: Json = None
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Migrated:
    """The ``document`` that declares an assistant on another platform, and what became of each of its fields.

    ``file`` is the manifest that declares it already, and stays as it is; it then has no ``id``. ``contents`` are
    the files that are taken along, by their paths beside the manifest.
    """

    key: str
    id: str
    name: str | None
    document: Document
    outcomes: tuple[FieldOutcome, ...]
    file: str = ""
    contents: Mapping[str, bytes] = field(default_factory=dict)

    def with_outcome(self, outcome: Outcome) -> tuple[FieldOutcome, ...]:
        """The fields with that outcome."""
        return tuple(field_outcome for field_outcome in self.outcomes if field_outcome.outcome is outcome)


@dataclass(frozen=True, slots=True)
class Migration:
    """A move of assistants between platforms, as it is reported.

    ``assistants`` are those that no manifest declares yet; ``declared`` are the names (or ids) of those that one
    does, and ``manifests`` what becomes of all that manifests declare. ``others`` counts those that somebody else
    owns, which are left out. ``diagnostics`` say what the report may lack. ``servers`` are the MCP servers.
    """

    project: str
    source: TargetName
    target: TargetName
    assistants: tuple[Migrated, ...]
    declared: tuple[str, ...] = ()
    others: int = 0
    manifests: tuple[Migrated, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    servers: ServerBook = field(default_factory=ServerBook)

    @property
    def judged(self) -> tuple[Migrated, ...]:
        """All that the report is about."""
        return (*self.assistants, *self.manifests)

    @property
    def loses(self) -> bool:
        """Whether anything is lost."""
        return any(assistant.with_outcome(Outcome.LOST) for assistant in self.judged)
