"""The OpenAI Assistants API v2, wherever it is served.

https://platform.openai.com/docs/api-reference/assistants. The manifest's names and shapes are this API's own,
so there is next to nothing to translate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from assistctl.errors import NotFoundError, PlatformError
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.platforms.connection import COMMON_OPTIONS, AnsweringPlatform, Connection
from assistctl.platforms.http.pager import PAGE_SIZE, Page, all_items, as_page
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.openai.assistants_fields import CAPABILITIES, FIELDS
from assistctl.platforms.openai.wire import OpenAIKnowledge, OpenAIWire, listed_models
from assistctl.platforms.openai.workload_identity import OPTION
from assistctl.platforms.translation import made

if TYPE_CHECKING:
    from assistctl.platforms.openai.conversations import OpenAIConversations

__all__ = ["CAPABILITIES", "OPTIONS", "OpenAIAssistants", "connect", "observed_assistant"]

OPTIONS = COMMON_OPTIONS | {OPTION}


class OpenAIAssistants(AnsweringPlatform[OpenAIWire]):
    """A connection to one server of the Assistants API."""

    name = "openai-assistants"
    capabilities = CAPABILITIES

    def __init__(self, connection: Connection) -> None:
        self._wire = OpenAIWire(connection, beta="assistants=v2")
        self.uploads = self.vector_stores = OpenAIKnowledge(self._wire)

    @cached_property
    def conversations(self) -> OpenAIConversations:
        """Over threads and runs; most commands ask nothing."""
        from assistctl.platforms.openai.conversations import OpenAIConversations

        return OpenAIConversations(self._wire, self.uploads)

    @property
    def lacks_model(self) -> bool:
        """See ``TellsOfModel``."""
        return self._wire.lacks_model

    async def list_assistants(self) -> Sequence[Observed]:
        """All assistants, oldest first."""
        items = await all_items(self._page, listing=self._wire.listing("/assistants"))
        return [observed_assistant(item) for item in items]

    async def find_assistant(self, assistant_id: str) -> Observed | None:
        """``GET /assistants/{id}``."""
        try:
            return observed_assistant(await self._wire.get(_path(assistant_id)))
        except NotFoundError:
            return None

    async def create_assistant(self, fields: Mapping[str, Json], metadata: Mapping[str, str]) -> Observed:
        """``POST /assistants``, once."""
        answer = await self._wire.post("/assistants", _body(fields, metadata), repeatable=False)
        return made(observed_assistant, answer)

    async def update_assistant(
        self,
        assistant_id: str,
        fields: Mapping[str, Json],
        metadata: Mapping[str, str],
        *,
        revision: str | None = None,  # noqa: ARG002  # this API has none
    ) -> Observed:
        """``POST /assistants/{id}``; it replaces what it is given, so that repeating it does no harm."""
        body = _body(fields, metadata)
        return observed_assistant(await self._wire.post(_path(assistant_id), body, repeatable=True))

    async def delete_assistant(self, assistant_id: str) -> None:
        """``DELETE /assistants/{id}``."""
        await self._wire.remove(_path(assistant_id), assistant_id)

    async def list_models(self) -> Mapping[str, str | None] | None:
        """See ``listed_models``."""
        return await listed_models(self._wire)

    async def _page(self, after: str | None) -> Page:
        # Oldest first: what others create meanwhile then comes last and is not missed, and one known server
        # only understands `after` in this direction.
        params: dict[str, object] = {"limit": PAGE_SIZE, "order": "asc"}
        if after is not None:
            params["after"] = after
        answer = await self._wire.get_answer("/assistants", params)
        return as_page(answer.body, answer.size)


def connect(connection: Connection) -> OpenAIAssistants:
    """The platform at ``connection``. Raises ``ProjectError`` for settings that cannot be used."""
    return OpenAIAssistants(connection)


def observed_assistant(answer: Json) -> Observed:
    """The assistant that ``answer`` describes. Raises ``PlatformError`` when it describes none."""
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), str):
        raise PlatformError("the platform's answer is not an assistant", "Is the base_url right?")
    pairs = answer.get("metadata")
    metadata = {key: _text(value) for key, value in pairs.items()} if isinstance(pairs, dict) else {}
    fields = {name: answer[name] for name in FIELDS if name in answer}
    return Observed(str(answer["id"]), fields, metadata)


def _path(assistant_id: str) -> str:
    return path_of("/assistants", assistant_id)


def _body(fields: Mapping[str, Json], metadata: Mapping[str, str]) -> dict[str, Json]:
    return {**fields, "metadata": dict(metadata.items())}


def _text(value: Json) -> str:
    return value if isinstance(value, str) else repr(value)
