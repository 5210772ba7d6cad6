"""The OpenAI Agents API, wherever it is served.

https://developers.openai.com/api/reference/resources/beta/subresources/agents; its fields are translated by
``agents_fields``. What the code interpreter comes to, in ``environments``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import TypeVar

from assistctl.errors import NotFoundError, OutcomeUnknownError, PlatformError
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.kind import Kind
from assistctl.model.knowledge import ObservedEnvironment
from assistctl.ownership.mark import MARK
from assistctl.platforms.connection import COMMON_OPTIONS, AnsweringPlatform, Connection
from assistctl.platforms.http.pager import Item, listed
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.openai.agent_link import Link, linked_fields, read_link, with_link, without_link
from assistctl.platforms.openai.agent_sessions import AgentSessions
from assistctl.platforms.openai.agent_uploads import AgentUploads
from assistctl.platforms.openai.agents_fields import CAPABILITIES, NAME, from_wire, to_wire
from assistctl.platforms.openai.environment_resources import EnvironmentTemplates
from assistctl.platforms.openai.environments import Bound, Environments
from assistctl.platforms.openai.skills import OpenAISkills
from assistctl.platforms.openai.templates import Templates
from assistctl.platforms.openai.wire import OpenAIWire, listed_models
from assistctl.platforms.openai.workload_identity import OPTION
from assistctl.platforms.resource_platform import ResourcePlatform
from assistctl.platforms.skill_store import SkillStore
from assistctl.platforms.translation import as_object, observed, texts

__all__ = ["CAPABILITIES", "OPTIONS", "OpenAIAgents", "connect"]

_AGENTS = "/agents"

Answer = TypeVar("Answer")

OPTIONS = COMMON_OPTIONS | {OPTION}


class OpenAIAgents(AnsweringPlatform[OpenAIWire]):
    """A connection to one server of the Agents API."""

    name = NAME
    capabilities = CAPABILITIES
    vector_stores = None

    def __init__(self, connection: Connection) -> None:
        self._wire = OpenAIWire(connection, beta="agents=v1")
        self.uploads = AgentUploads(self._wire)
        self._templates = Templates(self._wire)
        self._environments = Environments(self._templates, self.uploads)
        self.uploads.deleted = self._environments.upload_deleted
        self.resources: Mapping[Kind, ResourcePlatform] = {
            Kind.SKILL: SkillStore(OpenAISkills(self._wire)),
            Kind.ENVIRONMENT: EnvironmentTemplates(self._wire, self._templates),
        }
        self._bound: dict[str, Bound] = {}
        self._pairs: dict[str, str] = {}
        self._listing: asyncio.Future[list[Item]] | None = None
        self.conversations = AgentSessions(self._wire, self.uploads, self._bound_of, self._templates.found)

    async def list_assistants(self) -> Sequence[Observed]:
        """All agents, oldest first; the environment templates are listed too if any agent has one."""
        # Before the first request, so that what is listed at the same time is asked for once.
        self._templates.forget()
        items = await self._agents()
        self._pairs.clear()
        return [await self._observed(item) for item in items]

    async def find_assistant(self, assistant_id: str) -> Observed | None:
        """``GET /agents/{id}``."""
        try:
            return await self._observed(await self._wire.get(_path(assistant_id)))
        except NotFoundError:
            return None

    async def create_assistant(self, fields: Mapping[str, Json], metadata: Mapping[str, str]) -> Observed:
        """``POST /agents``, once, after its environment template is there."""
        body = to_wire(fields)
        link = await self._environments.provided(fields, metadata, Bound())
        body["metadata"] = dict(with_link(metadata, link).items())
        answer = await self._changed(self._wire.post(_AGENTS, body, repeatable=False))
        try:
            made = await self._observed(answer)
        except PlatformError as error:
            # It said yes, in words that are not understood: most likely the agent is there.
            raise OutcomeUnknownError(error.summary, error.hint) from error
        await self._environments.let_go(made.id, Bound(), link)
        return made

    async def update_assistant(
        self,
        assistant_id: str,
        fields: Mapping[str, Json],
        metadata: Mapping[str, str],
        *,
        revision: str | None = None,  # noqa: ARG002  # this API has none
    ) -> Observed:
        """``POST /agents/{id}``; it replaces what it is given, so that repeating it does no harm.

        Its environment template is changed before, or a new one made; what held the old files goes afterwards.
        """
        body = to_wire(fields)
        before = await self._bound_of(assistant_id)
        named = self._others_name(assistant_id, before)
        link = await self._environments.provided(fields, metadata, before, named=named)
        body["metadata"] = dict(with_link(metadata, link).items())
        try:
            answered = await self._changed(self._wire.post(_path(assistant_id), body, repeatable=True))
        except PlatformError as error:
            if error.status is not None and error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                with suppress(PlatformError):  # the next apply sees to it
                    await self._environments.put_back(before)
            raise
        answer = await self._observed(answered)
        await self._environments.let_go(assistant_id, before, link, named=named)
        return answer

    async def delete_assistant(self, assistant_id: str) -> None:
        """``DELETE /agents/{id}``, and then of its environment template."""
        try:
            before = await self._bound_of(assistant_id)
        except NotFoundError:
            return
        try:
            await self._changed(self._wire.remove(_path(assistant_id), assistant_id))
        except OutcomeUnknownError as error:
            # Its environment template is deleted with it, or nobody will see to that.
            if not await self._is_gone(assistant_id, error):
                raise error.refuted() from None
        await self._environments.let_go(
            assistant_id, before, Link(), named=self._others_name(assistant_id, before)
        )
        self._pairs.pop(assistant_id, None)

    async def _is_gone(self, assistant_id: str, unknown: OutcomeUnknownError) -> bool:
        """Whether an agent is not there any more. Raises ``unknown`` when that cannot be told."""
        try:
            return await self.find_assistant(assistant_id) is None
        except PlatformError as failure:
            raise unknown from failure

    async def list_environments(self) -> Sequence[ObservedEnvironment]:
        """All environment templates, oldest first."""
        # Before the first request, as for assistants: neither list is asked for twice at the same time.
        self._templates.forget()
        agents = await self._agents()
        links = {str(agent["id"]): read_link(texts(agent.get("metadata"))) for agent in agents}
        return await self._environments.observed(links)

    async def delete_environment(self, environment_id: str) -> None:
        """``DELETE /agents/environments/templates/{id}``."""
        await self._templates.remove(environment_id)

    async def list_models(self) -> Mapping[str, str | None] | None:
        """See ``listed_models``."""
        return await listed_models(self._wire)

    async def _changed(self, request: Awaitable[Answer]) -> Answer:
        """The answer to a request that changes agents; who asks for a list after it gets one that began later."""
        try:
            return await request
        finally:
            self._listing = None

    async def _agents(self) -> Sequence[Item]:
        """All agents as they are answered; who asks for them while they are listed gets the same list."""
        if self._listing is None:
            asked = listed(self._wire.get, _AGENTS, listing=self._wire.listing(_AGENTS))
            self._listing = asyncio.ensure_future(asked)
            self._listing.add_done_callback(self._is_listed)
        # Whoever gives up does not stop it for the others.
        return await asyncio.shield(self._listing)

    def _is_listed(self, listing: asyncio.Future[list[Item]]) -> None:
        if self._listing is listing:
            self._listing = None
        if not listing.cancelled():
            listing.exception()  # where all have given up, nobody else looks at it

    async def _bound_of(self, assistant_id: str) -> Bound:
        """The environment and files of an agent, as last seen. Raises ``NotFoundError``."""
        if assistant_id not in self._bound:
            await self._observed(await self._wire.get(_path(assistant_id)))
        return self._bound[assistant_id]

    def _others_name(self, assistant_id: str, before: Bound) -> bool:
        """Whether another agent has the same environment template, or names it in its metadata."""
        template_id = before.link.template_id
        return template_id is not None and any(
            template_id in pairs for agent_id, pairs in self._pairs.items() if agent_id != assistant_id
        )

    async def _observed(self, answer: Json) -> Observed:
        agent = observed(answer, from_wire(as_object(answer)))
        link = read_link(agent.metadata)
        bound = await self._environments.bound(link, agent.metadata.get(MARK, ""))
        self._bound[agent.id] = bound
        self._pairs[agent.id] = " ".join(agent.metadata.values())
        fields = linked_fields(agent.fields, link, bound.template)
        return replace(agent, fields=fields, metadata=without_link(agent.metadata))


def connect(connection: Connection) -> OpenAIAgents:
    """The platform at ``connection``. Raises ``ProjectError`` for settings that cannot be used."""
    return OpenAIAgents(connection)


def _path(assistant_id: str) -> str:
    return path_of(_AGENTS, assistant_id)
