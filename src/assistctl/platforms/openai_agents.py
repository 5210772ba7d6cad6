"""The OpenAI Agents API, wherever it is served.

https://developers.openai.com/api/reference/resources/beta/subresources/agents; its fields are translated by
``openai_agents_fields``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self
from urllib.parse import quote

from assistctl.errors import NotFoundError, OutcomeUnknownError, PlatformError
from assistctl.model import Json, Observed
from assistctl.platforms.base import Connection
from assistctl.platforms.openai_agents_fields import CAPABILITIES, NAME, from_wire, to_wire
from assistctl.platforms.openai_models import listed_models
from assistctl.platforms.openai_wire import OpenAIWire
from assistctl.platforms.pager import PAGE_SIZE, Page, all_items, as_page
from assistctl.platforms.translation import Object, as_object, observed

__all__ = ["CAPABILITIES", "OpenAIAgents", "connect"]


class OpenAIAgents:
    """A connection to one server of the Agents API."""

    name = NAME
    capabilities = CAPABILITIES
    knowledge = None

    def __init__(self, connection: Connection) -> None:
        self._wire = OpenAIWire(connection, beta="agents=v1")

    async def list_assistants(self) -> Sequence[Observed]:
        """All agents, oldest first."""
        return [_observed(item) for item in await all_items(self._page)]

    async def create_assistant(self, fields: Mapping[str, Json], metadata: Mapping[str, str]) -> Observed:
        """``POST /agents``, once."""
        answer = await self._wire.post("/agents", _body(fields, metadata), repeatable=False)
        try:
            return _observed(answer)
        except PlatformError as error:
            # It said yes, in words that are not understood: most likely the agent is there.
            raise OutcomeUnknownError(error.summary, error.hint) from error

    async def update_assistant(
        self,
        assistant_id: str,
        fields: Mapping[str, Json],
        metadata: Mapping[str, str],
        *,
        revision: str | None = None,  # noqa: ARG002  # this API has none
    ) -> Observed:
        """``POST /agents/{id}``; it replaces what it is given, so that repeating it does no harm."""
        body = _body(fields, metadata)
        return _observed(await self._wire.post(_path(assistant_id), body, repeatable=True))

    async def delete_assistant(self, assistant_id: str) -> None:
        """``DELETE /agents/{id}``."""
        try:
            answer = await self._wire.delete(_path(assistant_id))
        except NotFoundError:
            return
        if as_object(answer).get("deleted") is False:
            raise PlatformError(f"the platform did not delete {assistant_id}")

    async def list_models(self) -> Mapping[str, str | None] | None:
        """See ``listed_models``."""
        return await listed_models(self._wire)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._wire.close()

    async def _page(self, after: str | None) -> Page:
        # Oldest first: what others create meanwhile then comes last and is not missed.
        params: dict[str, object] = {"limit": PAGE_SIZE, "order": "asc"}
        if after is not None:
            params["after"] = after
        return as_page(await self._wire.get("/agents", params))


def connect(connection: Connection) -> OpenAIAgents:
    """The platform at ``connection``. Raises ``ProjectError`` for settings that cannot be used."""
    return OpenAIAgents(connection)


def _path(assistant_id: str) -> str:
    return f"/agents/{quote(assistant_id, safe='')}"


def _body(fields: Mapping[str, Json], metadata: Mapping[str, str]) -> Object:
    return {**to_wire(fields), "metadata": dict(metadata.items())}


def _observed(answer: Json) -> Observed:
    return observed(answer, from_wire(as_object(answer)))
