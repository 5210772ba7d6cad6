"""Anthropic's managed agents, wherever they are served.

https://platform.claude.com/docs/en/managed-agents; its fields are translated by ``agent_wire``, and what its files
come to in ``agent_files``. An agent cannot be deleted, only archived, and every change makes a new version of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus

from assistctl.errors import ConflictError, NotFoundError, OutcomeUnknownError, PlatformError, ProjectError
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.platforms.anthropic.agent_files import (
    files_declared,
    mounted,
    with_files,
    with_ids,
    without_files,
)
from assistctl.platforms.anthropic.agent_wire import NAME, from_wire, to_wire
from assistctl.platforms.anthropic.agents_fields import CAPABILITIES
from assistctl.platforms.anthropic.files import AnthropicFiles
from assistctl.platforms.anthropic.resources import resources_over
from assistctl.platforms.anthropic.sessions import AnthropicSessions
from assistctl.platforms.anthropic.wire import AnthropicWire, listed_models
from assistctl.platforms.connection import COMMON_OPTIONS, AnsweringPlatform, Connection
from assistctl.platforms.http.pager import PAGE_SIZE, all_items_by_token
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.translation import Object, as_object, as_text, made, observed

__all__ = ["CAPABILITIES", "OPTIONS", "AnthropicAgents", "connect"]


OPTIONS = COMMON_OPTIONS | {"environment_id"}


class AnthropicAgents(AnsweringPlatform[AnthropicWire]):
    """A connection to one server of the managed agents API."""

    name = NAME
    capabilities = CAPABILITIES
    vector_stores = None

    def __init__(self, connection: Connection) -> None:
        self._wire = AnthropicWire(connection)
        self.uploads = AnthropicFiles(self._wire)
        self.conversations = AnthropicSessions(self._wire, self._mounted, _environment_of(connection))
        self.resources = resources_over(self._wire)
        # The metadata of each version that was seen: an update is a patch, and has to name the pairs that go.
        self._pairs: dict[tuple[str, str | None], frozenset[str]] = {}
        self._files: dict[tuple[str, str | None], list[str]] = {}
        self._newest: dict[str, str | None] = {}

    async def list_assistants(self) -> Sequence[Observed]:
        """All agents that are not archived, oldest first."""
        items = await all_items_by_token(self._page, listing=self._wire.listing("/v1/agents"))
        return [self._observed(item) for item in _oldest_first(items) if item.get("archived_at") is None]

    async def find_assistant(self, assistant_id: str) -> Observed | None:
        """``GET /v1/agents/{id}``: one in its newest version; an archived one counts as gone."""
        try:
            answer = await self._wire.get(_path(assistant_id))
        except NotFoundError:
            return None
        return self._observed(answer) if as_object(answer).get("archived_at") is None else None

    async def create_assistant(self, fields: Mapping[str, Json], metadata: Mapping[str, str]) -> Observed:
        """``POST /v1/agents``, once."""
        body = {name: value for name, value in to_wire(fields).items() if value is not None}
        pairs = with_files(metadata, files_declared(fields) or ())
        answer = await self._wire.post("/v1/agents", {**body, "metadata": {**pairs}}, repeatable=False)
        return made(self._observed, answer)

    async def update_assistant(
        self,
        assistant_id: str,
        fields: Mapping[str, Json],
        metadata: Mapping[str, str],
        *,
        revision: str | None = None,
    ) -> Observed:
        """``POST /v1/agents/{id}``, and only on top of the version ``revision``.

        Raises ``ConflictError`` when that is not the newest one any more.
        """
        seen = (assistant_id, revision)
        if seen not in self._pairs:
            now = self._observed(await self._wire.get(_path(assistant_id)))
            _require_version(now, revision)
            seen = (now.id, now.revision)
        files = files_declared(fields)
        pairs = with_files(metadata, self._files[seen] if files is None else files)
        patch: Object = {**dict.fromkeys(sorted(self._pairs[seen] - pairs.keys())), **pairs}
        version: Object = {"version": int(revision)} if revision is not None else {}
        body = {**to_wire(fields), "metadata": patch, **version}
        try:
            return await self._changed(assistant_id, body, revision)
        except OutcomeUnknownError as error:
            done = await self._done_all_the_same(assistant_id, revision, error)
        return done if done is not None else await self._changed(assistant_id, body, revision)

    async def _changed(self, assistant_id: str, body: Object, revision: str | None) -> Observed:
        # Repeated with the version of before it was done, it would be taken for somebody else's conflict.
        return self._observed(await self._wire.post(_path(assistant_id), body, repeatable=revision is None))

    async def _done_all_the_same(
        self, assistant_id: str, revision: str | None, error: OutcomeUnknownError
    ) -> Observed | None:
        """The current agent, if it is past version ``revision``; ``None`` when the request is to be repeated."""
        try:
            now = self._observed(await self._wire.get(_path(assistant_id)))
        except PlatformError as failure:
            raise error from failure
        if now.revision != revision:
            return now
        if not error.finished_by_repeating:
            raise error.refuted() from None
        return None

    async def delete_assistant(self, assistant_id: str) -> None:
        """``POST /v1/agents/{id}/archive``."""
        try:
            await self._wire.post(f"{_path(assistant_id)}/archive", {}, repeatable=True)
        except NotFoundError:
            return
        except PlatformError as error:
            if error.status not in {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT}:
                raise
            if as_object(await self._wire.get(_path(assistant_id))).get("archived_at") is None:
                raise

    async def list_models(self) -> Mapping[str, str | None] | None:
        """See ``listed_models``."""
        return await listed_models(self._wire)

    async def _page(self, token: str | None) -> Json:
        params: dict[str, object] = {"limit": PAGE_SIZE}
        if token is not None:
            params["page"] = token
        return await self._wire.get("/v1/agents", params)

    def _observed(self, answer: Json) -> Observed:
        version = as_object(answer).get("version")
        is_number = isinstance(version, int) and not isinstance(version, bool)
        revision = str(version) if is_number else None
        agent = observed(answer, from_wire(as_object(answer)), revision)
        metadata, files = without_files(agent.metadata)
        self._pairs[agent.id, agent.revision] = frozenset(agent.metadata)
        self._files[agent.id, agent.revision] = files
        self._newest[agent.id] = agent.revision
        return replace(agent, fields=with_ids(dict(agent.fields), files), metadata=metadata)

    async def _mounted(self, assistant_id: str) -> Sequence[Json]:
        """The files that a session of an agent is to have, as it was last seen. Raises ``PlatformError``."""
        if assistant_id not in self._newest:
            self._observed(await self._wire.get(_path(assistant_id)))
        files = self._files[assistant_id, self._newest[assistant_id]]
        return mounted([(file, await self.uploads.name_of(file)) for file in files])


def _oldest_first(items: Sequence[Object]) -> list[Object]:
    """``items`` in the order of ``created_at``: the API lists the newest first, and cannot be asked otherwise."""
    newest_last = [*reversed(items)]
    try:
        return sorted(newest_last, key=lambda item: dt.datetime.fromisoformat(as_text(item.get("created_at"))))
    except (TypeError, ValueError):  # a time that is none, or of no zone among others that have one
        return newest_last


def connect(connection: Connection) -> AnthropicAgents:
    """The platform at ``connection``. Raises ``ProjectError`` for settings that cannot be used."""
    return AnthropicAgents(connection)


def _environment_of(connection: Connection) -> str | None:
    """``options.environment_id``, what conversations run in. Raises ``ProjectError``."""
    environment = connection.options.get("environment_id")
    if environment is None or (isinstance(environment, str) and environment):
        return environment
    raise ProjectError(f"options.environment_id of target {connection.target!r} must be a text")


def _path(assistant_id: str) -> str:
    return path_of("/v1/agents", assistant_id)


def _require_version(now: Observed, revision: str | None) -> None:
    if revision is not None and now.revision != revision:
        summary = f"{now.id} is at version {now.revision}, and version {revision} was looked at"
        raise ConflictError(summary, "Plan again.", status=HTTPStatus.CONFLICT)
