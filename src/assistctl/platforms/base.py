"""What a platform is to the rest of assistctl: one Protocol, and capabilities as data.

A platform translates between the Assistants API's names and shapes and its own wire; it knows nothing of
plans, ownership or baselines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from assistctl.model import Json, Observed


class Level(StrEnum):
    """How well a platform expresses a field."""

    NATIVE = "native"
    MAPPED = "mapped"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Support:
    """How a platform expresses one field; ``note`` says how it is mapped, or the nearest way on."""

    level: Level = Level.NATIVE
    note: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a platform can express.

    ``fields`` is the support of each manifest field (``temperature``) or tool (``tools.file_search``); one that
    is not listed is unsupported. ``platform_fields`` are the names allowed under ``platforms.<name>``.
    ``unreported`` fields may be missing from answers, so a missing one cannot be compared. ``archives``: a
    delete only archives.
    """

    fields: Mapping[str, Support]
    platform_fields: frozenset[str] = frozenset()
    unreported: frozenset[str] = frozenset()
    archives: bool = False


@dataclass(frozen=True, slots=True)
class Connection:
    """Where and how to reach a platform, as the target says; strings are already resolved.

    ``directory`` is the project's folder, for a platform that keeps its data there. ``environment`` is the
    process's environment with the project's ``.env``, for what the target leaves unsaid. ``http_client`` is the
    SDK's HTTP client to use instead of its own.
    """

    target: str
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    base_url: str | None = None
    api_key: str | None = None
    organization: str | None = None
    project: str | None = None
    options: Mapping[str, Json] = field(default_factory=dict)
    http_client: object = None


class Platform(Protocol):
    """One kind of API. All methods raise ``PlatformError`` (or a subclass) and nothing else on failure."""

    name: str
    capabilities: Capabilities

    async def list_assistants(self) -> Sequence[Observed]:
        """All assistants there are, whoever owns them, each once."""

    async def create_assistant(self, fields: Mapping[str, Json], metadata: Mapping[str, str]) -> Observed:
        """Create one, in one request that is never repeated.

        Raises ``OutcomeUnknownError`` when it may have been created all the same.
        """

    async def update_assistant(
        self,
        assistant_id: str,
        fields: Mapping[str, Json],
        metadata: Mapping[str, str],
        *,
        revision: str | None = None,
    ) -> Observed:
        """Set ``fields`` (``None`` clears one) and replace the metadata, in one request."""

    async def delete_assistant(self, assistant_id: str) -> None:
        """Delete one; one that is already gone is no error."""

    async def list_models(self) -> Mapping[str, str | None] | None:
        """Each model on offer and the date it will be shut down (YYYY-MM-DD), if one is announced.

        ``None`` when the platform does not say; only advice rests on this, so it never raises.
        """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
