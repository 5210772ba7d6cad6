"""Mistral's agents, wherever they are served.

https://docs.mistral.ai/agents/agents; fields are translated by ``agents_fields``. Every change makes a new
version, which is the one that answers from then on. A request cannot insist on the version it is based on: so it
is looked before, and afterwards what the new version came behind.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus

from assistctl.errors import ConflictError, LeftBehindError, NotFoundError, OutcomeUnknownError, PlatformError
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.platforms.connection import COMMON_OPTIONS, AnsweringPlatform, Connection
from assistctl.platforms.http.pager import PAGE_SIZE, all_items_by_token
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.mistral.agents_fields import CAPABILITIES, declared_aliases, from_wire, to_wire
from assistctl.platforms.mistral.aliases import Aliases
from assistctl.platforms.mistral.conversations import MistralConversations
from assistctl.platforms.mistral.counterparts import NAME
from assistctl.platforms.mistral.metadata import from_metadata, left_over, to_metadata
from assistctl.platforms.mistral.serving import PAIR, names_in, serving_of, with_names
from assistctl.platforms.mistral.wire import MistralWire
from assistctl.platforms.translation import Object, as_object, objects_in, observed, without_nulls

__all__ = ["CAPABILITIES", "OPTIONS", "MistralAgents", "connect"]

OPTIONS = COMMON_OPTIONS

_AGENTS = "/v1/agents"


class MistralAgents(AnsweringPlatform[MistralWire]):
    """A connection to one server of the agents API."""

    name = NAME
    capabilities = CAPABILITIES
    uploads = None
    vector_stores = None

    def __init__(self, connection: Connection) -> None:
        self._wire = MistralWire(connection)
        self._aliases = Aliases(self._wire)
        self.conversations = MistralConversations(self._wire)

    async def list_assistants(self) -> Sequence[Observed]:
        """``GET /v1/agents/pages``: all agents in their current version, oldest first."""
        listing = self._wire.listing(_AGENTS)
        items = await all_items_by_token(self._page, listing=listing, next_field="next_page_token")
        oldest_first = sorted(items, key=lambda item: str(item.get("created_at")))
        aliases = await asyncio.gather(*map(self._aliases.of, oldest_first))
        return [_observed(item, of_it) for item, of_it in zip(oldest_first, aliases, strict=True)]

    async def find_assistant(self, assistant_id: str) -> Observed | None:
        """``GET /v1/agents/{id}``: one in its current version."""
        try:
            agent = await self._agent(assistant_id)
        except NotFoundError:
            return None
        return _observed(agent, await self._aliases.of(agent))

    async def create_assistant(self, fields: Mapping[str, Json], metadata: Mapping[str, str]) -> Observed:
        """``POST /v1/agents``, once; then its aliases."""
        pairs = with_names(metadata, declared_aliases(fields) or ())
        body = without_nulls({**to_wire(fields), "metadata": to_metadata(pairs)})
        made = _understood(await self._wire.post(_AGENTS, body, repeatable=False))
        return _observed(made, await self._aliases.moved(made, ()))

    async def update_assistant(
        self,
        assistant_id: str,
        fields: Mapping[str, Json],
        metadata: Mapping[str, str],
        *,
        revision: str | None = None,
    ) -> Observed:
        """``PATCH /v1/agents/{id}``, and only on top of the version ``revision``; then its aliases.

        Raises ``ConflictError`` when that is not the current one any more.
        """
        before = await self._agent(assistant_id)
        now = _observed(before)
        if revision is not None and now.revision != revision:
            raise _conflict(assistant_id, now.revision, revision)
        named, declared = names_in(before.get("metadata")), declared_aliases(fields)
        names = named if declared is None else declared
        pairs = with_names(metadata, names)
        body = {
            **to_wire(fields, before.get("completion_args")),
            "metadata": to_metadata(pairs, before.get("metadata")),
        }
        try:
            changed = await self._changed(before, body, pairs)
        except OutcomeUnknownError as error:
            return await self._done_all_the_same(now, error)
        gone = [name for name in named if name not in names]
        return _observed(changed, await self._aliases.moved(changed, gone))

    async def delete_assistant(self, assistant_id: str) -> None:
        """``DELETE /v1/agents/{id}``, with all its versions."""
        await self._wire.remove(_path(assistant_id))

    async def list_models(self) -> Mapping[str, str | None] | None:
        """See ``_listed_models``; besides, what a target could be pinned to, which is as much of an advice."""
        models, _ = await asyncio.gather(_listed_models(self._wire), self._wire.learn_account())
        return models

    async def _page(self, token: str | None) -> Json:
        params: dict[str, object] = {"page_size": PAGE_SIZE}
        if token is not None:
            params["page_token"] = token
        return await self._wire.get(f"{_AGENTS}/pages", params)

    async def _agent(self, assistant_id: str) -> Object:
        return as_object(await self._wire.get(_path(assistant_id)))

    async def _changed(self, before: Object, body: Object, pairs: Mapping[str, str]) -> Object:
        """A new version behind the newest one of ``before``.

        One that turns out to be behind another is taken back, and raises ``ConflictError``.
        """
        path = _path(str(before["id"]))
        made = _understood(await self._wire.patch(path, body, repeatable=False))
        between = _versions_between(before, made)
        if between:
            await self._wire.patch(f"{path}/version", repeatable=True, params={"version": max(between)})
            raise _conflict(str(before["id"]), str(max(between)), str(before.get("version")))
        gone = left_over(pairs, made.get("metadata"))
        return await self._without_pairs(made, gone) if gone else made

    async def _without_pairs(self, agent: Object, gone: Object) -> Object:
        """The agent without pairs that an update left in its metadata. Raises ``LeftBehindError`` if they stay."""
        agent_id = str(agent["id"])
        try:
            return _understood(await self._wire.patch(_path(agent_id), {"metadata": gone}, repeatable=False))
        except OutcomeUnknownError:
            raise
        except PlatformError as error:
            summary = f"{agent_id} was changed, and still has {', '.join(gone)} in its metadata: {error.summary}"
            # What its mark no longer names is nothing that an apply would take out.
            way_on = f"{error.hint} Take that out there: no apply will.".lstrip()
            raise LeftBehindError(agent_id, summary, way_on, status=error.status) from error

    async def _done_all_the_same(self, before: Observed, error: OutcomeUnknownError) -> Observed:
        """The agent as it is now, if that is no longer the version of ``before``."""
        try:
            agent = await self._agent(before.id)
            now = _observed(agent, await self._aliases.of(agent))
        except PlatformError as failure:
            raise error from failure
        if now.revision == before.revision:
            raise error.refuted() from None
        return now


def connect(connection: Connection) -> MistralAgents:
    """The platform at ``connection``. Raises ``ProjectError`` for settings that cannot be used."""
    return MistralAgents(connection)


def _path(assistant_id: str) -> str:
    return path_of(_AGENTS, assistant_id)


def _versions_between(before: Object, after: Object) -> list[int]:
    """The versions that came after the newest one of ``before`` and ahead of that of ``after``."""
    made = after.get("version")
    newest = max(_versions_of(before), default=None)
    if not isinstance(made, int) or newest is None:
        return []
    return [version for version in _versions_of(after) if newest < version < made]


def _versions_of(agent: Object) -> list[int]:
    told = agent.get("versions")
    known = [*(told if isinstance(told, list) else ()), agent.get("version")]
    return [version for version in known if isinstance(version, int) and not isinstance(version, bool)]


def _conflict(agent: str, found: str | None, expected: str) -> ConflictError:
    return ConflictError(
        f"{agent} is at version {found}, and version {expected} was looked at",
        "Plan again.",
        status=HTTPStatus.CONFLICT,
    )


def _understood(answer: Json) -> Object:
    """An answer that is an agent."""
    agent = as_object(answer)
    try:
        _observed(agent)
    except PlatformError as error:
        # It said yes, in words that are not understood: most likely it is done.
        raise OutcomeUnknownError(error.summary, error.hint) from error
    return agent


def _observed(agent: Object, aliases: Mapping[str, str] | None = None) -> Observed:
    """``agent``; ``aliases`` are the versions that its aliases stand for, where that is known."""
    version = agent.get("version")
    revision = str(version) if isinstance(version, int) and not isinstance(version, bool) else None
    metadata = from_metadata(agent.get("metadata"))
    metadata.pop(PAIR, None)
    if aliases is None:
        return observed({**agent, "metadata": metadata}, from_wire(agent), revision)
    names = names_in(agent.get("metadata"))
    current = [name for name in names if aliases.get(name) == revision] if names else None
    found = observed({**agent, "metadata": metadata}, from_wire(agent, current), revision)
    return replace(found, serving=serving_of(agent, aliases))


async def _listed_models(wire: MistralWire) -> Mapping[str, str | None] | None:
    """``GET /v1/models``: each model, and each alias of one, with the date of its ``deprecation``.

    That is when it is taken away: the SDK says so of the same date in its warning (``deprecation_warning.py`` of
    mistralai 3.7.0). ``None`` when the server has no such list.
    """
    try:
        answer = await wire.get_once("/v1/models")
    except PlatformError:
        return None
    found: dict[str, str | None] = {}
    for model in objects_in(as_object(answer).get("data")):
        date = _date(model.get("deprecation"))
        aliases = model.get("aliases")
        for name in (model.get("id"), *(aliases if isinstance(aliases, list) else ())):
            if isinstance(name, str) and name:
                # Under its own name a model may be listed as well as among another one's aliases.
                found[name] = date if name == model.get("id") else found.get(name, date)
    return found or None


def _date(moment: Json) -> str | None:
    try:
        return dt.datetime.fromisoformat(str(moment)).date().isoformat()
    except ValueError:
        return None
